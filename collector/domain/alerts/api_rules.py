"""Rules about api-versions and features that end while somebody still calls them."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import quote

from collector.domain.alerts.rules import Evidence, Finding, NextStep, Where, ending_level
from collector.domain.alerts.table import DEFAULT_THRESHOLDS, Thresholds, deadline_severity
from collector.domain.alerts.words import count, day, span
from collector.domain.endings.api_versions import ApiEnding, FeatureEnding
from collector.domain.endings.callers import Callers

API_LIFECYCLE_PAGE = "https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle"


@dataclass(frozen=True, slots=True)
class ApiVersionUse:
    subject: str
    account: str
    deployment: str
    ending: ApiEnding
    where: Where
    requests_30d: int
    last_seen_on: date | None
    share: Decimal | None = None
    share_before: Decimal | None = None
    callers: Callers | None = None
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FeatureUse:
    subject: str
    account: str
    deployment: str
    operation: str
    ending: FeatureEnding
    where: Where
    requests_30d: int
    last_seen_on: date | None
    read_at: datetime | None = None


def api_version_ending(
    fact: ApiVersionUse, today: date, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> Finding | None:
    """A deadline only where somebody announced a date; a superseded version without one is advice."""
    ending = fact.ending
    if ending.ends_on is None or fact.requests_30d <= 0:
        return None
    days = (ending.ends_on - today).days
    when = "ended" if days < 0 else "ends"
    return Finding(
        rule="api_version_ending",
        subject=fact.subject,
        severity=deadline_severity(days, thresholds),
        fact=ending.ends_on.isoformat(),
        evidence=Evidence(
            title=f"api-version {ending.api_version} {when} on {day(ending.ends_on)}; {_on(fact)} still calls it",
            headline=(
                f"{_on(fact)} was called {count(fact.requests_30d)} times in 30 days with api-version "
                f"{ending.api_version}, which {when} on {day(ending.ends_on)} ({span(days)})."
            ),
            facts=_api_facts(fact),
            if_nothing="Calls with this api-version are refused from that day on, whatever the model.",
            next_steps=(
                NextStep(ending.advice, API_LIFECYCLE_PAGE),
                NextStep("See which operations use it and when.", _api_screen(fact)),
            ),
            read_at=fact.read_at,
            source=f"the requests metric (api-version in use) and {_api_source(ending)}",
        ),
        where=fact.where,
        level=ending_level(days, thresholds.deadline_steps),
        last_level=len(thresholds.deadline_steps),
        due_on=ending.ends_on,
    )


def api_version_superseded(fact: ApiVersionUse) -> Finding | None:
    ending = fact.ending
    if ending.state != "superseded" or fact.requests_30d <= 0:
        return None
    return Finding(
        rule="api_version_superseded",
        subject=fact.subject,
        severity="info",
        fact=f"{ending.api_version} superseded",
        evidence=Evidence(
            title=f"{_on(fact)} uses the superseded api-version {ending.api_version}",
            headline=f"api-version {ending.api_version} has a successor. Microsoft has announced no end date.",
            facts=_api_facts(fact),
            if_nothing="Nothing today: this is advice, not a deadline.",
            next_steps=(NextStep(ending.advice, API_LIFECYCLE_PAGE),),
            read_at=fact.read_at,
            source=f"the requests metric and {_api_source(ending)}",
        ),
        where=fact.where,
        tell="weekly",
    )


def feature_ending(
    fact: FeatureUse, today: date, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> Finding | None:
    if fact.requests_30d <= 0:
        return None
    days = (fact.ending.ends_on - today).days
    when = "ended" if days < 0 else "ends"
    return Finding(
        rule="feature_ending",
        subject=fact.subject,
        severity=deadline_severity(days, thresholds),
        fact=fact.ending.ends_on.isoformat(),
        evidence=Evidence(
            title=f"{fact.ending.feature} {when} on {day(fact.ending.ends_on)}; {fact.account} still uses it",
            headline=(
                f"{fact.account}/{fact.deployment} was called {count(fact.requests_30d)} times in 30 days through "
                f"{fact.operation}, part of the {fact.ending.feature}, which {when} on {day(fact.ending.ends_on)}."
            ),
            facts=(
                ("Deployment", f"{fact.account}/{fact.deployment}"),
                ("Operation", fact.operation),
                ("Requests, 30 days", count(fact.requests_30d)),
                ("Last used", day(fact.last_seen_on)),
            ),
            if_nothing="Its calls are refused in every api-version from that day on.",
            next_steps=(
                NextStep(
                    f"Move to {fact.ending.replacement}."
                    if fact.ending.replacement
                    else "Plan a replacement.",
                    API_LIFECYCLE_PAGE,
                ),
            ),
            read_at=fact.read_at,
            source=f"the requests metric (operation names) and {fact.ending.source}",
        ),
        where=fact.where,
        level=ending_level(days, thresholds.deadline_steps),
        last_level=len(thresholds.deadline_steps),
        due_on=fact.ending.ends_on,
    )


def _api_screen(fact: ApiVersionUse) -> str:
    return f"/endings?account={quote(fact.account, safe='')}&api_version={quote(fact.ending.api_version, safe='')}"


def _on(fact: ApiVersionUse) -> str:
    return f"{fact.account}/{fact.deployment}"


def _api_facts(fact: ApiVersionUse) -> tuple[tuple[str, str], ...]:
    rows: list[tuple[str, str]] = [
        ("Deployment", _on(fact)),
        ("api-version", fact.ending.api_version),
        ("Requests, 30 days", count(fact.requests_30d)),
        ("Last seen", day(fact.last_seen_on)),
    ]
    if fact.share is not None:
        before = (
            "" if fact.share_before is None else f" ({fact.share_before * 100:.0f} % in the 30 days before)"
        )
        rows.insert(3, ("Share of its requests", f"{fact.share * 100:.0f} %{before}"))
    if fact.callers is not None:
        rows.append(("Callers, by the request logs", str(fact.callers)))
    if fact.where.owner:
        rows.append(("Owner", fact.where.owner))
    return tuple(rows)


def _api_source(ending: ApiEnding) -> str:
    return (
        "your configuration" if ending.ends_on_source == "configured" else "the shipped api-version catalog"
    )
