"""Rules about ourselves: a monitor that has gone blind has to say so before anyone trusts its silence."""

from dataclasses import dataclass, field
from datetime import date, datetime

from collector.domain.alerts.rules import Evidence, Finding, NextStep, Where, by_level
from collector.domain.alerts.table import DEFAULT_THRESHOLDS, Thresholds
from collector.domain.alerts.words import count, day, names


@dataclass(frozen=True, slots=True)
class ScopeHealth:
    """How far one scope of one job is known. `failures` counts its failed runs in a row."""

    job: str
    scope: str
    through: datetime | None
    due_every_hours: float
    failures: int = 0
    error: str | None = None
    missing_role: str | None = None
    grant: str | None = None
    where: Where = field(default_factory=Where)


@dataclass(frozen=True, slots=True)
class Age:
    """Something dated that we rest on: a location's models list, the api-version catalog, the price snapshot."""

    subject: str
    what: str
    as_of: date | None
    in_use: bool = True


def collector_stale(fact: ScopeHealth, now: datetime, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Finding:
    """Hours beyond the scope's own rhythm, so that a daily job is not late after three hours.

    A scope that was never read is as stale as can be.
    """
    behind = (
        None if fact.through is None else (now - fact.through).total_seconds() / 3600 - fact.due_every_hours
    )
    steps = thresholds.stale_hours
    level = len(steps) if behind is None else sum(behind >= hours for hours in steps)
    since = "was never read" if fact.through is None else f"was last read {fact.through:%Y-%m-%d %H:%M} UTC"
    return Finding(
        rule="collector_stale",
        subject=_subject(fact),
        severity=by_level(level, ("warning", "critical")),
        fact=f"level {level}",
        evidence=Evidence(
            title=f"No fresh {fact.job} for {fact.scope}: it {since}",
            headline=f"The {fact.job} job is behind for {fact.scope}: it {since}.",
            facts=_health_facts(fact),
            if_nothing="Figures of this scope stand still, and limits or endings in it go unseen.",
            next_steps=(
                NextStep(
                    "Run `aoai-monitor status`, then `aoai-monitor doctor`: it names what is missing.",
                    "/collection",
                ),
            ),
            read_at=now,
            source="aoai-monitor's own runs",
        ),
        where=fact.where,
        level=level,
        holds=level,
        tell="at_once",
    )


def collector_partial(fact: ScopeHealth, now: datetime) -> Finding:
    """Two failures in a row: one is weather."""
    return Finding(
        rule="collector_partial",
        subject=_subject(fact),
        severity="warning",
        fact="failed",
        evidence=Evidence(
            title=f"{fact.job} failed {_times(fact.failures)} for {fact.scope}",
            headline=f"The last {count(fact.failures)} runs of {fact.job} could not read {fact.scope}; the rest went on.",
            facts=_health_facts(fact),
            if_nothing="Figures of this scope are shown as not collected.",
            next_steps=(NextStep("Run `aoai-monitor doctor`.", "/collection"),),
            read_at=now,
            source="aoai-monitor's own runs",
        ),
        where=fact.where,
        level=int(fact.failures >= 2 and fact.missing_role is None),
        holds=int(fact.failures >= 1 and fact.missing_role is None),
    )


def role_missing(fact: ScopeHealth, now: datetime) -> Finding:
    return Finding(
        rule="role_missing",
        subject=_subject(fact),
        severity="warning",
        fact=fact.missing_role or "none",
        evidence=Evidence(
            title=f"The role {fact.missing_role or 'needed'} is missing on {fact.scope}",
            headline=f"Azure refuses {fact.job} on {fact.scope} for want of the role {fact.missing_role or 'it needs'}.",
            facts=_health_facts(fact),
            if_nothing="What this role lets us read is shown as not collected.",
            next_steps=(
                NextStep(
                    f"Grant it: {fact.grant}" if fact.grant else "Run `aoai-monitor doctor` for the command.",
                    "/collection",
                ),
            ),
            read_at=now,
            source="Azure's answer",
        ),
        where=fact.where,
        level=int(fact.missing_role is not None),
        holds=int(fact.missing_role is not None),
    )


def catalog_old(fact: Age, today: date, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Finding:
    return _old(
        "catalog_old", fact, today, thresholds.catalog_days, "Dates that moved since then are not seen."
    )


def price_snapshot_old(fact: Age, today: date, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Finding:
    return _old(
        "price_snapshot_old",
        fact,
        today,
        thresholds.price_snapshot_days,
        "Costs that rest on it may use prices that changed since.",
    )


def _old(rule: str, fact: Age, today: date, limit: int, consequence: str) -> Finding:
    days = None if fact.as_of is None else (today - fact.as_of).days
    level = int(fact.in_use and (days is None or days > limit))
    age = "was never read" if days is None else f"is {count(days)} days old ({day(fact.as_of)})"
    return Finding(
        rule=rule,
        subject=fact.subject,
        severity="info",
        fact="old",
        evidence=Evidence(
            title=f"{fact.what} {age}",
            headline=f"{fact.what} {age}; we expect it to be at most {count(limit)} days old.",
            if_nothing=consequence,
            next_steps=(
                NextStep("Update aoai-monitor, or let it reach Azure: `aoai-monitor doctor`.", "/collection"),
            ),
            source="aoai-monitor's own dates",
        ),
        where=Where(),
        level=level,
        holds=level,
        tell="weekly",
    )


def _subject(fact: ScopeHealth) -> str:
    return f"{fact.job}|{fact.scope}"


def _health_facts(fact: ScopeHealth) -> tuple[tuple[str, str], ...]:
    rows = (
        ("Job", fact.job),
        ("Scope", fact.scope),
        ("Known through", f"{fact.through:%Y-%m-%d %H:%M} UTC" if fact.through else "never read"),
        ("Last error", fact.error),
        ("Missing role", fact.missing_role),
        ("Subscription", names((fact.where.subscription_id,))),
    )
    return tuple((label, value) for label, value in rows if value)


def _times(failures: int) -> str:
    return "once" if failures == 1 else f"{count(failures)} times in a row"
