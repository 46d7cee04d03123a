"""Rules about models that end: deadlines, upgrades that Azure makes by itself, dates that moved."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import quote

from collector.domain.alerts.rules import (
    Evidence,
    Finding,
    NextStep,
    NotKnown,
    Severity,
    Where,
    alert_key,
    deadline_level,
    ending_level,
)
from collector.domain.alerts.table import DEFAULT_THRESHOLDS, Thresholds, deadline_severity
from collector.domain.alerts.words import count, day, names, span, sums
from collector.domain.endings.ending_types import Ending

RETIREMENTS_PAGE = "https://learn.microsoft.com/azure/foundry/openai/concepts/model-retirements"

FIRMNESS_WORDS = {
    "planned": "confirmed by Microsoft",
    "tentative": "tentative",
    "not_sooner_than": "not sooner than this day",
    "listed": "listed by Azure, may still move",
    "own": "your own deadline",
    "no_date": "no date",
}
SOURCE_WORDS = {
    "sku": "Azure's models list, the date of this SKU",
    "inference": "Azure's models list, the date of the model",
    "bundled": "the catalog shipped with aoai-monitor",
    "configured": "your configuration",
}


@dataclass(frozen=True, slots=True)
class Use:
    """How much something was used in the last 30 days; None is not known."""

    requests_30d: int | None = None
    cost_30d: tuple[tuple[str, Decimal], ...] = ()
    last_used_on: date | None = None
    read_through: date | None = None


@dataclass(frozen=True, slots=True)
class DeploymentEnding:
    """A deployment with its ending. `subject` is its stable key: account key and deployment key."""

    subject: str
    name: str
    account: str
    model: str
    version: str | None
    sku: str | None
    ending: Ending
    where: Where
    use: Use = Use()
    replacement_free_quota: str | None = None
    replacement_price: str | None = None
    moved_from: date | None = None
    """The day it had before, while the move is news: a move nearer is told at once, also where it opens the alert."""


@dataclass(frozen=True, slots=True)
class MovedDate:
    deployment: DeploymentEnding
    before: date | None
    after: date | None
    seen_at: datetime


def model_ending(
    fact: DeploymentEnding, today: date, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> Finding | NotKnown:
    """A deadline from the first step on. Beyond it, or without a date, the finding stands at level 0, so that
    a move is noticed. Where the list is silent nothing is known, and an alert already there stays.
    """
    ending = fact.ending
    due_on = ending.due_on
    if due_on is None and ending.standing != "listed":
        return NotKnown("model_ending", fact.subject)
    days = (due_on - today).days if due_on else None
    severity: Severity = "info" if days is None else deadline_severity(days, thresholds)
    if ending.on_the_day == "upgraded" and severity == "critical":
        severity = "warning"
    return Finding(
        rule="model_ending",
        subject=fact.subject,
        severity=severity,
        fact=due_on.isoformat() if due_on else "no date",
        evidence=_model_evidence(fact, due_on, days),
        where=fact.where,
        level=0 if days is None else ending_level(days, thresholds.deadline_steps),
        tell="at_once" if fact.moved_from and due_on and due_on < fact.moved_from else "digest",
        last_level=len(thresholds.deadline_steps),
        due_on=due_on,
        about=_model(fact),
    )


def auto_upgrade_coming(
    fact: DeploymentEnding, today: date, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> Finding | None:
    """The day from which Azure may swap the model under a deployment: answers change without a deployment of ours."""
    upgrade = fact.ending.upgrade
    if upgrade is None or upgrade.starts_on is None or fact.ending.lifecycle == "retired":
        return None
    days = (upgrade.starts_on - today).days
    target = names((upgrade.to_model, upgrade.to_version))
    return Finding(
        rule="auto_upgrade_coming",
        subject=fact.subject,
        severity="warning" if days <= 14 else "info",
        fact=f"{upgrade.starts_on.isoformat()} {target}",
        evidence=Evidence(
            title=(
                f"{fact.name} will be upgraded to {target} from {day(upgrade.starts_on)}"
                if days > 0
                else f"{fact.name} may be upgraded to {target} any day now"
            ),
            headline=(
                f"{'From' if days > 0 else 'Since'} {day(upgrade.starts_on)} ({span(days)}) Azure may move "
                f"{fact.account}/{fact.name} from {_model(fact)} to {target}, "
                f"because its upgrade option is {upgrade.option}."
            ),
            facts=(*_which(fact), *_use(fact.use)),
            if_nothing="The deployment keeps its name and answers with the new model: prompts, costs and limits may change.",
            next_steps=(
                NextStep(
                    f"Try your prompts against {target}{' before that day' if days > 0 else ''}.",
                    RETIREMENTS_PAGE,
                ),
                NextStep(
                    "Or set the upgrade option to NoAutoUpgrade and choose your own day.", _screen(fact)
                ),
            ),
            read_at=fact.ending.read_at,
            source=SOURCE_WORDS["sku"],
        ),
        where=fact.where,
        level=deadline_level(days, thresholds.upgrade_steps),
        last_level=len(thresholds.upgrade_steps),
        due_on=upgrade.starts_on,
    )


def date_moved(fact: MovedDate, now: datetime, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Finding | None:
    """News of a move, told at once; silent where the deployment's own ending alert tells it already."""
    if fact.before == fact.after or (now - fact.seen_at).days >= thresholds.moved_news_days:
        return None
    of = fact.deployment
    if fact.before is None:
        moved = f"now has a date: {day(fact.after)}"
    elif fact.after is None:
        moved = f"no longer has a date (it was {day(fact.before)})"
    else:
        moved = f"moved {_direction(fact.before, fact.after)}, from {day(fact.before)} to {day(fact.after)}"
    severity: Severity = "warning" if _is_earlier(fact.before, fact.after) else "info"
    evidence = _model_evidence(of, fact.after, None)
    return Finding(
        rule="date_moved",
        subject=f"{of.subject}|{fact.after.isoformat() if fact.after else 'none'}",
        severity=severity,
        fact=fact.after.isoformat() if fact.after else "none",
        evidence=replace(
            evidence,
            title=f"The end of {_model(of)} ({of.name}) {moved}",
            headline=f"The retirement of {_model(of)}, which {of.account}/{of.name} runs on, {moved}.",
        ),
        where=of.where,
        tell="at_once",
        tells_end=False,
        yields_to=alert_key("model_ending", of.subject),
    )


def _model_evidence(fact: DeploymentEnding, due_on: date | None, days: int | None) -> Evidence:
    ending = fact.ending
    if due_on is None:
        when = "has no end date"
    else:
        over = ending.lifecycle == "retired" or (days is not None and days < 0)
        when = f"{'ended' if over else 'ends'} on {day(due_on)}"
    left = f" ({span(days)})" if days is not None else ""
    was = f" (was {day(fact.moved_from)})" if fact.moved_from else ""
    return Evidence(
        title=f"{_model(fact)} {when}{was}: {fact.account}/{fact.name}",
        headline=f"{fact.account}/{fact.name} runs on {_model(fact)}, which {when}{left}.{_became(fact, due_on, days)}",
        facts=(*_which(fact), *_dates(fact), *_use(fact.use)),
        if_nothing=_if_nothing(fact),
        next_steps=_model_steps(fact),
        read_at=ending.read_at,
        source=_source(ending),
    )


def _became(fact: DeploymentEnding, due_on: date | None, days: int | None) -> str:
    """What is known of a day that is over: Azure's inventory and the metrics tell it, and nothing is taken for granted."""
    if due_on is None or days is None or days >= 0:
        return ""
    ending, used = fact.ending, fact.use.last_used_on
    upgrade = ending.upgrade if ending.on_the_day == "upgraded" else None
    target = names((upgrade.to_model, upgrade.to_version)) if upgrade else ""
    still = f" Azure has not moved it to {target} yet." if target else ""
    if used is not None and used > due_on:
        return f"{still} It was called on {day(used)}, after that day."
    through = fact.use.read_through
    if fact.use.requests_30d is None or through is None or through <= due_on:
        return f"{still} Whether it still answers is not verified: its use was not read since."
    return f"{still} No call was counted after that day: it has stopped, or nobody calls it."


def _which(fact: DeploymentEnding) -> tuple[tuple[str, str], ...]:
    where = fact.where
    rows = (
        ("Deployment", f"{fact.account}/{fact.name}"),
        ("Model", _model(fact)),
        ("SKU and location", names((fact.sku or "SKU unknown", where.location), ", ")),
        ("Subscription", where.subscription or where.subscription_id),
        ("Owner", where.owner),
    )
    return tuple((label, value) for label, value in rows if value)


def _dates(fact: DeploymentEnding) -> tuple[tuple[str, str], ...]:
    ending = fact.ending
    rows: list[tuple[str, str]] = [("Stage", ending.lifecycle)]
    if ending.ends_on:
        rows.append(("Ends on", f"{day(ending.ends_on)} ({FIRMNESS_WORDS[ending.firmness]})"))
    if ending.inference_retires_on and ending.inference_retires_on != ending.ends_on:
        rows.append(("Model's inference date", day(ending.inference_retires_on)))
    if ending.azure_ends_on and ending.azure_ends_on != ending.ends_on:
        rows.append(("Azure's own date", day(ending.azure_ends_on)))
    if fact.moved_from:
        rows.append(("Was", day(fact.moved_from)))
    return tuple(rows)


def _use(use: Use) -> tuple[tuple[str, str], ...]:
    return (
        ("Requests, 30 days", count(use.requests_30d)),
        ("Cost, 30 days", sums(use.cost_30d)),
        ("Last used", day(use.last_used_on)),
    )


def _if_nothing(fact: DeploymentEnding) -> str:
    ending = fact.ending
    if ending.lifecycle == "retired":
        used = fact.use.last_used_on
        if used is not None and ending.due_on is not None and used > ending.due_on:
            return (
                f"It was still called on {day(used)}, after its date. Retirement rolls from region to region: "
                "calls that are answered today may get 410 Gone tomorrow."
            )
        return "Azure answers calls to a retired model with 410 Gone."
    if ending.on_the_day == "upgraded":
        since = (
            f", from {day(ending.upgrade.starts_on)}" if ending.upgrade and ending.upgrade.starts_on else ""
        )
        return f"It goes on under the same name with another model: {ending.why}{since}."
    if ending.on_the_day == "stops":
        return f"It stops: calls are answered with 410 Gone ({ending.why})."
    return f"We can not tell ({ending.why}). Plan as if it stops."


def _model_steps(fact: DeploymentEnding) -> tuple[NextStep, ...]:
    ending = fact.ending
    if ending.replacement is None:
        first = NextStep("Choose a replacement: Azure has named none yet.", RETIREMENTS_PAGE)
    else:
        there = {
            True: f", offered there as {fact.sku}",
            False: f", which is not offered as {fact.sku} in {fact.where.location}: plan another SKU or location",
            None: "",
        }[ending.replacement_offered]
        known = names(
            (
                fact.replacement_free_quota and f"free quota: {fact.replacement_free_quota}",
                fact.replacement_price and f"price: {fact.replacement_price}",
            ),
            "; ",
        )
        about = f" ({known})" if known else ""
        first = NextStep(f"Deploy and test {ending.replacement}{there}{about}.", RETIREMENTS_PAGE)
    steps = [first, NextStep("See the deployment, its traffic and its dates.", _screen(fact))]
    if fact.use.requests_30d == 0:
        steps.insert(0, NextStep("Nobody called it for 30 days: perhaps it can simply be deleted."))
    return tuple(steps)


def _source(ending: Ending) -> str:
    known = SOURCE_WORDS.get(ending.ends_on_source or "", "unknown source")
    if ending.standing == "not_read":
        known += "; the models list of this location was not read" + (
            f" since {day(ending.read_at.date())}" if ending.read_at else " yet"
        )
    return f"{known} ({ending.source_note})" if ending.source_note else known


def _model(fact: DeploymentEnding) -> str:
    return names((fact.model, fact.version))


def _screen(fact: DeploymentEnding) -> str:
    return f"/endings?account={quote(fact.account, safe='')}&deployment={quote(fact.name, safe='')}"


def _direction(before: date, after: date) -> str:
    days = abs((after - before).days)
    return f"{days} {'day' if days == 1 else 'days'} {'earlier' if after < before else 'later'}"


def _is_earlier(before: date | None, after: date | None) -> bool:
    return after is not None and (before is None or after < before)
