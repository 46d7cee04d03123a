"""The one place that builds things; everybody else receives them. Nothing is built before it is asked for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from collector.domain.money.reservation_settings import parse_reservations
from collector.domain.money.teams import parse_team_rules
from collector.domain.pricing import parse_rates
from collector.domain.types import NeedsHuman, TryLater
from collector.jobs.charges import MoneyRules
from collector.jobs.context import Context, Limits, NoProgress
from collector.ports import Progress, Sources
from collector.settings import BadSettings, Settings
from collector.store import schema
from collector.store.engine import SETTING, Connection, Engine, open_engine
from collector.store.errors import BadDatabaseUrl
from collector.store.prune import Retention

if TYPE_CHECKING:
    from collector.delivery.post import Post
    from collector.domain.alerts.settings import AlertRules
    from collector.jobs.facts.look import Known
    from collector.jobs.schedule import Step
    from collector.jobs.steps import Telling
    from collector.reports.letters.compose import Writing
    from collector.sources import AzureSettings
    from collector.store.reads.finance_report import FinanceRules


UNNAMED_SENDER = "aoai-monitor@localhost"
"""Signs letters that wait for a mail server to be configured."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def build_engine(settings: Settings, *, read_only: bool = False, any_revision: bool = False) -> Engine:
    """The store; refuses a revision that this program does not know unless a migration is what is wanted."""
    engine = open_engine(settings.database.url, read_only=read_only, password=database_password(settings))
    if not any_revision:
        schema.require(engine)
    return engine


def other_engine(settings: Settings, url: str, option: str, *, entra: bool) -> Engine:
    """A database beside the configured one, named by an option of a command."""
    from collector.sources.database_login import database_password as entra_token

    try:
        return open_engine(url, password=entra_token(settings.cloud) if entra else None)
    except BadDatabaseUrl as error:
        raise BadDatabaseUrl(str(error).replace(SETTING, option)) from error


def database_password(settings: Settings) -> Callable[[], str] | None:
    """What PostgreSQL is logged into with, asked for every connection; None: the URL says it."""
    if settings.database.auth == "url":
        return None
    from collector.sources.database_login import database_password as entra_token

    return entra_token(settings.cloud)


def build_sources(settings: Settings) -> Sources:
    # Azure's packages take a second to import: only what speaks to Azure pays for it.
    from collector.sources import build_sources as build

    return build(azure_settings(settings))


def azure_settings(settings: Settings) -> "AzureSettings":
    from collector.sources import AzureSettings

    return AzureSettings(
        cloud=settings.cloud,
        auth=settings.auth,
        arm_endpoint=settings.arm_endpoint,
        metrics_endpoint=settings.metrics_endpoint,
        logs_endpoint=settings.logs_endpoint,
        prices_endpoint=settings.prices_endpoint,
        subscriptions=tuple(settings.subscriptions),
        bill_exports=settings.bills.exports,
        top=settings.collect.top,
    )


def limits_of(settings: Settings) -> Limits:
    return Limits(
        backfill_days=settings.collect.backfill_days,
        minute_backfill_days=settings.collect.minute_backfill_days,
        trailing_minutes=settings.collect.trailing_minutes,
        nightly_hours=settings.collect.nightly_hours,
        threads=settings.collect.threads,
        subscriptions=tuple(settings.subscriptions),
        currency=settings.currency,
        workspaces=tuple(settings.callers.workspaces),
        caller_detail=settings.callers.detail,
    )


def build_context(
    settings: Settings,
    engine: Engine,
    *,
    progress: Progress | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Context:
    return Context(engine, build_sources(settings), clock, limits_of(settings), progress or NoProgress())


@contextmanager
def reading(settings: Settings) -> Iterator[Connection]:
    """One look into the store, which writes nothing."""
    engine = build_engine(settings, read_only=True)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def engine_if_there(settings: Settings, tell: Callable[[str], None]) -> Engine | None:
    """The store, or None: prices can be explained without one, but not without saying so and why."""
    from collector.catalog.prices import load_snapshot

    try:
        return build_engine(settings, read_only=True)
    except (NeedsHuman, TryLater) as error:
        tell(f"{error}. Answered from the prices shipped with this program, of {load_snapshot().captured_on}")
        return None


def money_rules(settings: Settings) -> MoneyRules:
    """What configuration and catalog say of money; a rule that cannot be read is named."""
    from collector.catalog.prices import load_price_notes, load_snapshot

    try:
        rates, teams = parse_rates(settings.rates), parse_team_rules(settings.teams)
        reservations = parse_reservations(settings.reservations)
    except ValueError as error:
        raise BadSettings([str(error)]) from error
    return MoneyRules(
        rates,
        settings.currency,
        load_snapshot().rows,
        load_price_notes(),
        teams,
        settings.costs.prompt_includes_cached,
        reservations,
    )


def finance_rules(settings: Settings) -> "FinanceRules":
    """What a month's report and its closing need beside the store."""
    from collector.domain.money.budgets import BadBudget, parse_budgets
    from collector.store.reads.finance_report import FinanceRules

    money = money_rules(settings)
    try:
        budgets = parse_budgets(settings.budgets)
    except BadBudget as error:
        raise BadSettings([str(error)]) from error
    return FinanceRules(money.snapshot, money.notes, money.teams, budgets, money.reservations, money.currency)


def alert_rules(settings: Settings) -> "AlertRules":
    """Who is told what and when, as configured; a rule, route or webhook that cannot be is named."""
    from collector.domain.alerts import settings as read
    from collector.domain.alerts.routing import Routing
    from collector.domain.alerts.types import AlertConfig

    said = settings.alerts
    try:
        config = AlertConfig(
            zone=settings.zone,
            digest_at=read.parse_clock("AOAI_ALERTS_DIGEST_AT", said.digest_at) or time(8),
            weekly_on=read.WEEKDAYS.index(said.weekly_on),
            quiet_from=read.parse_clock("AOAI_ALERTS_QUIET_FROM", said.quiet_from),
            quiet_until=read.parse_clock("AOAI_ALERTS_QUIET_UNTIL", said.quiet_until),
            quiet_spares=read.parse_spares(said.quiet_spares),
            clear_after=timedelta(hours=said.clear_after_hours),
            same_episode=timedelta(hours=said.same_episode_hours),
            rules_off=frozenset(said.rules_off),
            severities=read.parse_severities(said.severities),
            tells=read.parse_tells(said.tells),
        )
        routing = Routing(
            tuple(settings.mail.to),
            frozenset(settings.mail.domains),
            owners=said.route,
            routes=read.parse_routes(settings.routes, {str(one.get("name")) for one in settings.webhooks}),
        )
        return read.AlertRules(
            config,
            read.parse_thresholds(said.thresholds),
            routing,
            tuple(said.owner_keys),
            tuple(said.team_keys),
        )
    except ValueError as error:
        raise BadSettings([str(error)]) from error


def known_of_rules(settings: Settings) -> "Known":
    """The dated facts that rules rest on: shipped catalogs, and the company's own deadlines and budgets."""
    from collector.catalog.api_versions import load_api_versions
    from collector.catalog.models import load_models, own_deadlines
    from collector.catalog.prices import load_snapshot
    from collector.domain.money.budgets import parse_budgets
    from collector.jobs.facts.endings import DatedKnowledge
    from collector.jobs.facts.look import Known

    try:
        dated = DatedKnowledge(
            load_api_versions(settings.api_versions, settings.features),
            load_models().models,
            own_deadlines(settings.model_deadlines),
        )
        return Known(
            dated, load_snapshot().captured_on, parse_budgets(settings.budgets), money_rules(settings)
        )
    except ValueError as error:
        raise BadSettings([str(error)]) from error


def writing_of(settings: Settings) -> "Writing":
    from collector.reports.letters.compose import Writing

    return Writing(
        settings.mail.sender or UNNAMED_SENDER,
        settings.public_url,
        settings.alerts.unsubscribe,
        settings.zone,
    )


def build_post(settings: Settings) -> "Post":
    """Every way out for letters that is configured; none is needed."""
    from collector.delivery.mail import Mail, smtp_server
    from collector.delivery.post import Post, parse_webhooks
    from collector.delivery.webhook import WebhookSender

    try:
        mail = Mail(smtp_server(settings.smtp.url)) if settings.smtp.url else None
        hooks = parse_webhooks(settings.webhooks)
    except ValueError as error:
        raise BadSettings([str(error).replace("the SMTP URL", "AOAI_SMTP_URL")]) from error
    return Post(mail, {name: WebhookSender(hook, utc_now) for name, hook in hooks.items()})


def telling(settings: Settings) -> "Telling":
    """All that the alert step and the outbox need, checked before anything starts."""
    from collector.jobs.facts.look import looking
    from collector.jobs.steps import Telling

    rules = alert_rules(settings)
    look = looking(known_of_rules(settings), rules)
    return Telling(
        look,
        rules,
        writing_of(settings),
        build_post(settings),
        finance_rules(settings),
        _finance_to(settings),
    )


def _finance_to(settings: Settings) -> tuple[str, ...]:
    from collector.domain.alerts.routing import bad_address

    to = tuple(settings.alerts.finance_to or settings.mail.to)
    for address in to:
        problem = bad_address(address, frozenset(settings.mail.domains))
        if problem:
            raise BadSettings([f"AOAI_ALERTS_FINANCE_TO: {problem}"])
    return to


def build_steps(settings: Settings) -> "list[Step]":
    """What `serve` runs and when; times are UTC."""
    from collector.jobs import steps

    return steps.steps(
        money_rules(settings), retention_of(settings), settings.collect.every_minutes, telling(settings)
    )


def look_at_alerts(settings: Settings) -> None:
    """One pass over the rules and one round of the outbox, as `serve` does after each cycle."""
    from collector.jobs.steps import tell

    engine = build_engine(settings)
    tell(engine, utc_now, telling(settings))
    engine.dispose()


def retention_of(settings: Settings) -> Retention:
    kept = settings.retention
    return Retention(minute_days=kept.minute_days, hour_days=kept.hour_days, run_days=kept.run_days)


def prepare(settings: Settings) -> None:
    """Bring the database to this program's revision."""
    engine = build_engine(settings, any_revision=True)
    schema.upgrade(engine)
    engine.dispose()


def collect_once(settings: Settings, progress: Progress | None, *, first: bool = False) -> None:
    """Every job once; at `first` what a first screen shows, and no more."""
    from collector.jobs.collect import LATER, collect

    engine = build_engine(settings)
    collect(build_context(settings, engine, progress=progress), without=LATER if first else ())
    engine.dispose()


def derive_once(settings: Settings, progress: Progress | None) -> None:
    """What follows from what was collected."""
    from collector.jobs.derive import derive

    engine = build_engine(settings)
    derive(engine, money_rules(settings), utc_now(), progress=progress)
    engine.dispose()
