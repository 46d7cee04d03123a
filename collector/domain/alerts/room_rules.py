"""Rules about room: quota lines, deployments at their limit, throttling, provisioned capacity."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import quote

from collector.domain.alerts.rules import Evidence, Finding, NextStep, NotKnown, Where, by_level, levels_of
from collector.domain.alerts.table import DEFAULT_THRESHOLDS, Thresholds
from collector.domain.alerts.words import count, day, percent, span

QUOTA_PAGE = "https://learn.microsoft.com/azure/foundry/openai/how-to/quota"


@dataclass(frozen=True, slots=True)
class QuotaFact:
    """A usages line; a limit or current value that was not read is None. `subject`: subscription/location/line."""

    subject: str
    usage_name: str
    label: str
    limit: Decimal | None
    current: Decimal | None
    unit: str | None
    where: Where
    read_at: datetime | None
    holders: tuple[str, ...] = ()
    days_to_full: int | None = None
    days_to_full_low: int | None = None
    days_to_full_high: int | None = None


@dataclass(frozen=True, slots=True)
class RoomFact:
    """A deployment over the last 24 hours. None is not known, which is never 0."""

    subject: str
    name: str
    account: str
    where: Where
    read_at: datetime | None
    requests: int | None = None
    throttled: int | None = None
    minutes_at_limit: int | None = None
    binding: str | None = None
    peak: int | None = None
    limit: int | None = None
    ptu_minutes_saturated: int | None = None
    ptu_max: Decimal | None = None
    ptu_mean_7d: Decimal | None = None
    ptu_units: int | None = None
    idle_cost_7d: str | None = None


def quota_line(fact: QuotaFact, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Finding | NotKnown:
    """Allocated ÷ limit. A line with limit 0 has nothing to fill: it is full only if something is allocated."""
    if fact.limit is None or fact.current is None:
        return NotKnown("quota_line", fact.subject)
    share = fact.current / fact.limit if fact.limit > 0 else Decimal(1 if fact.current > 0 else 0)
    level, holds = levels_of(share, thresholds.quota_shares, thresholds.quota_margin)
    last = level >= len(thresholds.quota_shares)
    return Finding(
        rule="quota_line",
        subject=fact.subject,
        severity=by_level(level, ("info", "warning", "critical")),
        fact=f"level {level}",
        evidence=_quota_evidence(fact, share),
        where=fact.where,
        level=level,
        holds=holds,
        tell="at_once" if last else "digest",
    )


def time_until_full(
    fact: QuotaFact, today: date, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> Finding | NotKnown | None:
    """Weeks left at the growth of the last weeks; a full line is `quota_line`'s story, not this one's."""
    if fact.limit is None or fact.current is None:
        return NotKnown("time_until_full", fact.subject)
    if fact.days_to_full is None or fact.current >= fact.limit:
        return None
    days = fact.days_to_full
    level = sum(days <= weeks * 7 for weeks in thresholds.full_in_weeks)
    holds = sum(days - thresholds.full_margin_days <= weeks * 7 for weeks in thresholds.full_in_weeks)
    full_on = date.fromordinal(today.toordinal() + days)
    between = (
        f" (between {fact.days_to_full_low} and {fact.days_to_full_high} days)"
        if fact.days_to_full_low is not None and fact.days_to_full_high is not None
        else ""
    )
    base = _quota_evidence(fact, fact.current / fact.limit)
    return Finding(
        rule="time_until_full",
        subject=fact.subject,
        severity=by_level(level, ("info", "warning", "critical")),
        fact=f"level {level}",
        evidence=Evidence(
            title=f"Quota {fact.label} in {fact.where.location} will be full {span(days)}",
            headline=(
                f"At the growth of the last weeks, {fact.label} in {fact.where.location} is full about "
                f"{day(full_on)}, {span(days)}{between}. This is a forecast, not a date."
            ),
            facts=base.facts,
            if_nothing="From then on no deployment of this model and SKU can be made or raised there.",
            next_steps=base.next_steps,
            read_at=fact.read_at,
            source="Azure's usages list and its history here",
        ),
        where=fact.where,
        level=level,
        holds=holds,
    )


def deployment_at_limit(fact: RoomFact, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Finding | NotKnown:
    if fact.minutes_at_limit is None:
        return NotKnown("deployment_at_limit", fact.subject)
    level, holds = levels_of(
        fact.minutes_at_limit, thresholds.minutes_at_limit, thresholds.minutes_at_limit_margin
    )
    kind = (fact.binding or "rate").upper()
    return Finding(
        rule="deployment_at_limit",
        subject=fact.subject,
        severity=by_level(level, ("warning", "critical")),
        fact=f"level {level}",
        evidence=Evidence(
            title=f"{_name(fact)} stood at its {kind} limit for {count(fact.minutes_at_limit)} minutes",
            headline=(
                f"In the last 24 hours {_name(fact)} used 90 % or more of its {kind} limit in "
                f"{count(fact.minutes_at_limit)} minutes."
            ),
            facts=_room_facts(fact),
            if_nothing="Bursts on top of this are refused with 429, and users wait or see errors.",
            next_steps=(
                NextStep("Raise the deployment's capacity if its quota line has room.", _screen(fact)),
                NextStep(
                    "Or move load: another location, a Global SKU, batch for what can wait.", QUOTA_PAGE
                ),
            ),
            read_at=fact.read_at,
            source="Azure Monitor metrics by minute and the deployment's own limits",
        ),
        where=fact.where,
        level=level,
        holds=holds,
        tell="at_once",
    )


def throttling_begun(fact: RoomFact, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Finding | NotKnown:
    """Share of requests refused with 429; a handful of refused calls is no throttling."""
    if fact.requests is None or fact.throttled is None:
        return NotKnown("throttling_begun", fact.subject)
    share = Decimal(fact.throttled) / fact.requests if fact.requests > 0 else Decimal(0)
    level, holds = levels_of(share, thresholds.throttled_shares, thresholds.throttled_margin)
    if fact.throttled < thresholds.throttled_requests:
        level, holds = 0, 0
    return Finding(
        rule="throttling_begun",
        subject=fact.subject,
        severity=by_level(level, ("warning", "critical")),
        fact=f"level {level}",
        evidence=Evidence(
            title=f"{_name(fact)} is throttled: {percent(share)} of its requests answered 429",
            headline=(
                f"In the last 24 hours {count(fact.throttled)} of {count(fact.requests)} requests to {_name(fact)} "
                f"({percent(share)}) were refused with 429. Spilled requests, served elsewhere, are not counted."
            ),
            facts=_room_facts(fact),
            if_nothing="Callers keep being refused whenever load is as it was.",
            next_steps=(
                NextStep(
                    "See in which minutes, and whether it was the limit or a burst below it.", _screen(fact)
                ),
                NextStep("Lower max_tokens, spread retries, or raise the limit.", QUOTA_PAGE),
            ),
            read_at=fact.read_at,
            source="Azure Monitor requests metric by status code",
        ),
        where=fact.where,
        level=level,
        holds=holds,
        tell="at_once",
    )


def ptu_saturated(fact: RoomFact, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Finding | NotKnown | None:
    if fact.ptu_units is None:
        return None
    if fact.ptu_minutes_saturated is None:
        return NotKnown("ptu_saturated", fact.subject)
    level, holds = levels_of(
        fact.ptu_minutes_saturated, (thresholds.ptu_saturated_minutes,), thresholds.ptu_saturated_margin
    )
    return Finding(
        rule="ptu_saturated",
        subject=fact.subject,
        severity="critical",
        fact=f"level {level}",
        evidence=Evidence(
            title=f"{_name(fact)}: {count(fact.ptu_units)} PTU saturated for {count(fact.ptu_minutes_saturated)} minutes",
            headline=(
                f"In the last 24 hours the {count(fact.ptu_units)} PTU of {_name(fact)} were used to "
                f"{percent(thresholds.ptu_saturated)} or more in {count(fact.ptu_minutes_saturated)} minutes."
            ),
            facts=_room_facts(fact),
            if_nothing="At 100 % calls are refused with 429, or spilled where spillover is set up.",
            next_steps=(NextStep("Add PTU, or set up spillover to a standard deployment.", _screen(fact)),),
            read_at=fact.read_at,
            source="Azure Monitor provisioned utilisation by minute",
        ),
        where=fact.where,
        level=level,
        holds=holds,
        tell="at_once",
    )


def ptu_idle(fact: RoomFact, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Finding | NotKnown | None:
    """Provisioned capacity is paid idle or not, so a mean near nothing is money."""
    if fact.ptu_units is None:
        return None
    if fact.ptu_mean_7d is None:
        return NotKnown("ptu_idle", fact.subject)
    idle = fact.ptu_mean_7d <= thresholds.ptu_idle
    held = fact.ptu_mean_7d <= thresholds.ptu_idle + thresholds.ptu_margin
    cost = f" They cost {fact.idle_cost_7d} in that week." if fact.idle_cost_7d else ""
    return Finding(
        rule="ptu_idle",
        subject=fact.subject,
        severity="warning",
        fact="idle",
        evidence=Evidence(
            title=f"{_name(fact)}: {count(fact.ptu_units)} PTU used to {percent(fact.ptu_mean_7d)}",
            headline=(
                f"Over 7 days the {count(fact.ptu_units)} PTU of {_name(fact)} were used to "
                f"{percent(fact.ptu_mean_7d)} on average.{cost}"
            ),
            facts=_room_facts(fact),
            if_nothing="Provisioned capacity is paid by the hour whether it is used or not.",
            next_steps=(
                NextStep(
                    "Reduce the PTU, move more load onto them, or go back to pay per token.", _screen(fact)
                ),
            ),
            read_at=fact.read_at,
            source="Azure Monitor provisioned utilisation",
        ),
        where=fact.where,
        level=int(idle),
        holds=int(held),
    )


def _quota_evidence(fact: QuotaFact, share: Decimal) -> Evidence:
    unit = f" {fact.unit}" if fact.unit else ""
    free = (fact.limit or Decimal(0)) - (fact.current or Decimal(0))
    left = f"{count(free)}{unit} are free" if free >= 0 else f"that is {count(-free)}{unit} above the limit"
    taken = "are taken" if fact.unit == "accounts" else "are allocated to deployments"
    rows = [
        ("Quota line", fact.usage_name),
        ("Limit", f"{count(fact.limit)}{unit}"),
        ("Allocated", f"{count(fact.current)}{unit} ({percent(share)})"),
        ("Free", f"{count(max(free, Decimal(0)))}{unit}"),
        ("Subscription", fact.where.subscription or fact.where.subscription_id or "unknown"),
    ]
    if fact.holders:
        rows.append(("Held by", ", ".join(fact.holders[:6]) + (" and more" if len(fact.holders) > 6 else "")))
    return Evidence(
        title=f"Quota {fact.label} in {fact.where.location} is {percent(share)} allocated",
        headline=(
            f"{count(fact.current)} of {count(fact.limit)}{unit} of {fact.label} in {fact.where.location} "
            f"{taken} ({percent(share)}); {left}."
        ),
        facts=tuple(rows),
        if_nothing="Running deployments go on; new ones, and raising one, are refused once the line is full.",
        next_steps=(
            NextStep("See which deployments hold it and which of them are idle.", _quota_screen(fact)),
            NextStep("Ask for more quota, or free what is not used.", QUOTA_PAGE),
        ),
        read_at=fact.read_at,
        source="Azure's usages list of the location",
    )


def _room_facts(fact: RoomFact) -> tuple[tuple[str, str], ...]:
    kind = (fact.binding or "").upper()
    rows: list[tuple[str, str | None]] = [
        ("Deployment", _name(fact)),
        (
            "Busiest minute",
            f"{count(fact.peak)} of {count(fact.limit)} {kind}".strip() if fact.peak is not None else None,
        ),
        ("Requests, 24 hours", count(fact.requests) if fact.requests is not None else None),
        ("Refused with 429", count(fact.throttled) if fact.throttled is not None else None),
        ("PTU", count(fact.ptu_units) if fact.ptu_units is not None else None),
        ("Highest utilisation", percent(fact.ptu_max) if fact.ptu_max is not None else None),
        ("Location", fact.where.location),
        ("Owner", fact.where.owner),
    ]
    return tuple((label, value) for label, value in rows if value)


def _name(fact: RoomFact) -> str:
    return f"{fact.account}/{fact.name}"


def _screen(fact: RoomFact) -> str:
    return f"/room?account={quote(fact.account, safe='')}&deployment={quote(fact.name, safe='')}"


def _quota_screen(fact: QuotaFact) -> str:
    return (
        f"/room?quota={quote(fact.usage_name, safe='')}&location={quote(fact.where.location or '', safe='')}"
    )
