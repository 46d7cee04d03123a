"""What the rules of endings look at: every deployment with its date, every api-version and feature in use."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from collector.catalog.api_versions import ApiVersionCatalog
from collector.domain.alerts.api_rules import (
    ApiVersionUse,
    FeatureUse,
    api_version_ending,
    api_version_superseded,
    feature_ending,
)
from collector.domain.alerts.ending_rules import (
    DeploymentEnding,
    MovedDate,
    Use,
    auto_upgrade_coming,
    date_moved,
    model_ending,
)
from collector.domain.alerts.rules import Finding, NotKnown
from collector.domain.alerts.settings import AlertRules
from collector.domain.alerts.words import count
from collector.domain.endings.api_versions import api_ending
from collector.domain.endings.api_versions import feature_ending as feature_of
from collector.domain.endings.catalog_events import CatalogEvent, own_move
from collector.domain.endings.ending_types import Ending, base_of
from collector.domain.endings.offers import BundledModel, OwnDeadline, model_catalog
from collector.domain.endings.replacement import Free, price_in_words
from collector.domain.periods import last_days
from collector.jobs.facts.place import Estate, subject_of
from collector.store.engine import Connection
from collector.store.reads import endings, rule_facts
from collector.store.reads.api_use import api_use_rows
from collector.store.reads.callers import callers
from collector.store.reads.ending_stories import PricesAt, ending_stories
from collector.store.reads.endings import DeployedRow
from collector.store.reads.quotas import QuotaRow

UNIT_WORDS: Final = {"ptu": "PTU"}

Found = list[Finding | NotKnown | None]


@dataclass(frozen=True, slots=True)
class DatedKnowledge:
    """What ships with us or was configured: api-versions, models, and a company's own deadlines."""

    api_versions: ApiVersionCatalog
    models: tuple[BundledModel, ...]
    deadlines: tuple[OwnDeadline, ...] = ()


def model_findings(
    connection: Connection,
    known: DatedKnowledge,
    rows: Sequence[DeployedRow],
    there: Estate,
    quotas: Sequence[QuotaRow],
    prices_at: PricesAt,
    rules: AlertRules,
    now: datetime,
) -> Found:
    """Deadlines, upgrades by Azure and moved dates of every deployment in force."""
    today = now.date()
    catalog = model_catalog(
        endings.offers_for(connection, rows, known.models),
        endings.model_readings(connection),
        known.models,
        known.deadlines,
    )
    since = now - timedelta(days=rules.thresholds.moved_news_days)
    moves = _by_place(rule_facts.catalog_moves(connection, since))
    found: Found = []
    for one in ending_stories(connection, rows, catalog, there.places, quotas, prices_at, today):
        row, ending = one.row, one.ending
        fact = DeploymentEnding(
            subject=subject_of(row.account_key, row.key),
            name=row.deployment,
            account=row.account_name,
            model=row.what.model,
            version=row.what.version,
            sku=row.what.sku,
            ending=ending,
            where=one.where,
            use=Use(
                row.requests_30d,
                row.costs_30d,
                one.last_used_on,
                _day_of(there.metrics_through.get(row.account_key)),
            ),
            replacement_free_quota=_free_in_words(one.replacement_free),
            replacement_price=price_in_words(one.price, one.replacement_price),
        )
        found += _of_deployment(fact, _own_move(row, ending, moves), now, rules)
    return found


def api_findings(
    connection: Connection, known: DatedKnowledge, there: Estate, rules: AlertRules, now: datetime
) -> Found:
    """Api-versions and features in use that end, and superseded versions as advice."""
    today, month = now.date(), last_days(now.date(), 30)
    uses, who = api_use_rows(connection, month), callers(connection)
    found: Found = []
    for use in uses:
        if not there.is_there(use.account_key, use.key):
            continue
        fact = ApiVersionUse(
            subject=f"{subject_of(use.account_key, use.key)}/{use.api_version}",
            account=use.account_name,
            deployment=use.deployment,
            ending=api_ending(use.api_version, known.api_versions.versions, today),
            where=there.where(use.account_key, use.key),
            requests_30d=use.requests,
            last_seen_on=use.last_seen,
            share=use.share,
            share_before=use.share_before,
            callers=who.get((use.account_key, use.key, use.api_version)),
            read_at=there.metrics_through.get(use.account_key),
        )
        found += [api_version_ending(fact, today, rules.thresholds), api_version_superseded(fact)]
    return found + _features(connection, known, there, rules, now)


def _features(
    connection: Connection, known: DatedKnowledge, there: Estate, rules: AlertRules, now: datetime
) -> Found:
    """One finding a feature and deployment: the operation that is called most speaks for it."""
    today = now.date()
    uses: dict[str, FeatureUse] = {}
    rows = rule_facts.operations(connection, last_days(today, 30))
    for row in sorted(rows, key=lambda row: -row.requests):
        ending = feature_of(row.operation, known.api_versions.features, today)
        account = there.accounts.get(row.account_key)
        if ending is None or account is None or not there.is_there(row.account_key, row.deployment):
            continue
        subject = f"{subject_of(row.account_key, row.deployment)}/{ending.feature}"
        before = uses.get(subject)
        uses[subject] = (
            FeatureUse(
                subject,
                account.name,
                there.name(row.account_key, row.deployment),
                row.operation,
                ending,
                there.where(row.account_key, row.deployment),
                row.requests,
                row.last_seen,
                there.metrics_through.get(row.account_key),
            )
            if before is None
            else replace(
                before,
                requests_30d=before.requests_30d + row.requests,
                last_seen_on=max(before.last_seen_on or row.last_seen, row.last_seen),
            )
        )
    return [feature_ending(use, today, rules.thresholds) for use in uses.values()]


def _of_deployment(
    fact: DeploymentEnding, move: tuple[datetime, CatalogEvent] | None, now: datetime, rules: AlertRules
) -> Found:
    today, thresholds = now.date(), rules.thresholds
    found: Found = []
    if move is not None:
        seen_at, event = move
        before, after = _day(event.before), _day(event.after)
        found.append(date_moved(MovedDate(fact, before, after, seen_at), now, thresholds))
        fact = replace(fact, moved_from=before)
    found.append(model_ending(fact, today, thresholds))
    if fact.ending.standing == "not_read":
        found.append(NotKnown("auto_upgrade_coming", fact.subject))
    else:
        found.append(auto_upgrade_coming(fact, today, thresholds))
    return found


def _day_of(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _own_move(
    row: DeployedRow, ending: Ending, moves: Mapping[tuple[str, str], list[tuple[datetime, CatalogEvent]]]
) -> tuple[datetime, CatalogEvent] | None:
    """The newest move of the date that this deployment now ends on; another date's move is not its news."""
    model, _ = base_of(row.what)
    there = moves.get((row.location, model.casefold()), [])
    event = own_move(row.what, (event for _, event in there))
    if event is None or _day(event.after) != ending.due_on:
        return None
    return next((seen_at, one) for seen_at, one in there if one is event)


def _by_place(
    moves: Iterable[tuple[datetime, CatalogEvent]],
) -> dict[tuple[str, str], list[tuple[datetime, CatalogEvent]]]:
    found: dict[tuple[str, str], list[tuple[datetime, CatalogEvent]]] = {}
    for seen_at, event in moves:
        found.setdefault((event.location, event.model.casefold()), []).append((seen_at, event))
    return found


def _free_in_words(free: Free | None) -> str | None:
    if free is None:
        return None
    unit = UNIT_WORDS.get(free.unit or "", (free.unit or "").replace("_", " "))
    return f"{count(free.amount)} {unit}".strip()


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
