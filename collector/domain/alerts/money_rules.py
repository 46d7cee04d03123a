"""Rules about money: budgets, forecasts, odd days, months that do not match their bill, unpriced use."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from collector.domain.alerts.rules import Evidence, Finding, NextStep, NotKnown, Where, by_level, levels_of
from collector.domain.alerts.table import DEFAULT_THRESHOLDS, Thresholds
from collector.domain.alerts.words import count, day, money, percent


@dataclass(frozen=True, slots=True)
class BudgetFact:
    """A month's budget in one currency; the forecast is None while there is too little to go by."""

    subject: str
    name: str
    month: date
    currency: str
    budget: Decimal
    spent: Decimal | None
    through: date | None
    where: Where
    forecast: Decimal | None = None
    forecast_low: Decimal | None = None
    forecast_high: Decimal | None = None
    basis: str = "estimated at list price"
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CostDay:
    """A day's cost beside what such a day usually costs (the caller says how it is worked out)."""

    subject: str
    name: str
    on: date
    currency: str
    cost: Decimal | None
    usual: Decimal | None
    where: Where
    drivers: tuple[tuple[str, str], ...] = ()
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MonthBill:
    subject: str
    account: str
    month: date
    currency: str
    estimate: Decimal | None
    bill: Decimal | None
    status: str
    where: Where
    drivers: tuple[tuple[str, str], ...] = ()
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnpricedUse:
    subject: str
    what: str
    month: date
    tokens: int
    all_tokens: int
    why: str
    where: Where
    read_at: datetime | None = None


def budget_burn(fact: BudgetFact, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Finding | NotKnown | None:
    """Spent ÷ budget of one month. Spending only rises within a month, so nothing hovers here."""
    if fact.budget <= 0:
        return None
    if fact.spent is None:
        return NotKnown("budget_burn", _of_month(fact.subject, fact.month))
    share = fact.spent / fact.budget
    level, _ = levels_of(share, thresholds.budget_shares, Decimal(0))
    last = level >= len(thresholds.budget_shares)
    return Finding(
        rule="budget_burn",
        subject=_of_month(fact.subject, fact.month),
        severity=by_level(level, ("warning", "critical")),
        fact=f"level {level}",
        evidence=Evidence(
            title=f"Budget {fact.name}: {percent(share)} of {_month(fact.month)} is spent",
            headline=(
                f"{money(fact.spent, fact.currency)} of the {money(fact.budget, fact.currency)} for "
                f"{_month(fact.month)} are spent ({percent(share)}), counted through {day(fact.through)}."
            ),
            facts=_budget_facts(fact),
            if_nothing="Azure does not stop at a budget: usage and cost go on.",
            next_steps=(NextStep("See what the money went to.", _cost_screen(fact.month)),),
            read_at=fact.read_at,
            source=f"aoai-monitor's cost of the month, {fact.basis}",
        ),
        where=fact.where,
        level=level,
        holds=level,
        tell="at_once" if last else "digest",
        tells_end=False,
    )


def forecast_above_budget(
    fact: BudgetFact, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> Finding | NotKnown | None:
    if fact.budget <= 0:
        return None
    if fact.forecast is None:
        return NotKnown("forecast_above_budget", _of_month(fact.subject, fact.month))
    share = fact.forecast / fact.budget
    level, holds = levels_of(share, thresholds.forecast_shares, thresholds.forecast_margin)
    over = fact.forecast - fact.budget
    return Finding(
        rule="forecast_above_budget",
        subject=_of_month(fact.subject, fact.month),
        severity=by_level(level, ("warning", "critical")),
        fact=f"level {level}",
        evidence=Evidence(
            title=f"Budget {fact.name}: {_month(fact.month)} will end about {money(over, fact.currency)} above it",
            headline=(
                f"At the present pace {_month(fact.month)} ends at about {money(fact.forecast, fact.currency)}, "
                f"{percent(share)} of the budget of {money(fact.budget, fact.currency)}. This is a forecast."
            ),
            facts=_budget_facts(fact),
            if_nothing="The month ends above its budget.",
            next_steps=(NextStep("See what grows, and who owns it.", _cost_screen(fact.month)),),
            read_at=fact.read_at,
            source=f"aoai-monitor's forecast from the month so far, {fact.basis}",
        ),
        where=fact.where,
        level=level,
        holds=holds,
        tells_end=False,
    )


def cost_anomaly(fact: CostDay, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Finding | NotKnown:
    """Many times the usual, and enough money to matter; the day itself is in the subject, so it is told once."""
    subject = f"{fact.subject}|{fact.on.isoformat()}"
    if fact.cost is None or fact.usual is None:
        return NotKnown("cost_anomaly", subject)
    above = fact.cost - fact.usual
    odd = above >= thresholds.anomaly_least and fact.cost >= fact.usual * thresholds.anomaly_times
    times = f"{fact.cost / fact.usual:.1f} times" if fact.usual > 0 else "far more than"
    return Finding(
        rule="cost_anomaly",
        subject=subject,
        severity="warning",
        fact=fact.on.isoformat(),
        evidence=Evidence(
            title=f"{fact.name} cost {money(fact.cost, fact.currency)} on {day(fact.on)}, {times} the usual",
            headline=(
                f"On {day(fact.on)} {fact.name} cost {money(fact.cost, fact.currency)}, where such a day usually "
                f"costs {money(fact.usual, fact.currency)}: {money(above, fact.currency)} more."
            ),
            facts=fact.drivers,
            if_nothing="If this is a loop or a leaked key, it goes on costing this much a day.",
            next_steps=(
                NextStep(
                    "See which deployment, model and hour it was.", _cost_screen(fact.on.replace(day=1))
                ),
            ),
            read_at=fact.read_at,
            source="aoai-monitor's cost by day, estimated at list price",
        ),
        where=fact.where,
        level=int(odd),
        holds=int(odd),
        tells_end=False,
    )


def reconciliation_unexplained(
    fact: MonthBill, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> Finding | NotKnown | None:
    """Only a month that can be judged is judged: no bill, an open month or missing cover is not a difference."""
    if fact.status not in {"Unexplained", "Within tolerance", "Reconciled"}:
        return NotKnown("reconciliation_unexplained", _of_month(fact.subject, fact.month))
    if fact.estimate is None or not fact.bill:
        return NotKnown("reconciliation_unexplained", _of_month(fact.subject, fact.month))
    difference = fact.estimate - fact.bill
    share = difference / fact.bill
    level = int(abs(share) > thresholds.unexplained_share)
    return Finding(
        rule="reconciliation_unexplained",
        subject=_of_month(fact.subject, fact.month),
        severity="warning",
        fact=f"{share:.4f}",
        evidence=Evidence(
            title=f"{fact.account}, {_month(fact.month)}: estimate and bill differ by {percent(abs(share))}",
            headline=(
                f"For {_month(fact.month)} we estimate {money(fact.estimate, fact.currency)} for {fact.account}; "
                f"the bill says {money(fact.bill, fact.currency)}, {money(abs(difference), fact.currency)} "
                f"{'less' if difference > 0 else 'more'}."
            ),
            facts=(
                ("Estimate", money(fact.estimate, fact.currency)),
                ("Bill", money(fact.bill, fact.currency)),
                *fact.drivers,
            ),
            if_nothing="The report of the month carries the difference as unexplained.",
            next_steps=(
                NextStep("See it by meter family.", f"/finance?month={fact.month:%Y-%m}"),
                NextStep("Enter negotiated prices under [[rates]] if list prices do not apply."),
            ),
            read_at=fact.read_at,
            source="aoai-monitor's estimate and Cost Management",
        ),
        where=fact.where,
        level=level,
        holds=level,
    )


def unpriced_usage(fact: UnpricedUse, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Finding | None:
    if fact.all_tokens <= 0:
        return None
    share = Decimal(fact.tokens) / fact.all_tokens
    level = int(share > thresholds.unpriced_share)
    return Finding(
        rule="unpriced_usage",
        subject=_of_month(fact.subject, fact.month),
        severity="warning" if share >= Decimal("0.05") else "info",
        fact="unpriced",
        evidence=Evidence(
            title=f"No price for {fact.what}: {count(fact.tokens)} tokens are unpriced",
            headline=(
                f"{count(fact.tokens)} tokens of {_month(fact.month)} ({percent(share)} of all) have no price, "
                f"so every total of that month is too low by what they cost."
            ),
            facts=(("What", fact.what), ("Why", fact.why)),
            if_nothing="They stay in a line of their own and out of the total.",
            next_steps=(
                NextStep("Ask `aoai-monitor prices explain` what was considered."),
                NextStep(
                    "Enter its price under [[rates]] until Azure publishes one.",
                    f"/cost?month={fact.month:%Y-%m}",
                ),
            ),
            read_at=fact.read_at,
            source="aoai-monitor's price search",
        ),
        where=fact.where,
        level=level,
        holds=int(share > thresholds.unpriced_share / 2),
        tells_end=False,
    )


def _budget_facts(fact: BudgetFact) -> tuple[tuple[str, str], ...]:
    rows = [
        ("Budget", f"{fact.name}, {money(fact.budget, fact.currency)}"),
        ("Spent", money(fact.spent, fact.currency)),
        ("Counted through", day(fact.through)),
    ]
    if fact.forecast is not None:
        between = (
            f" (between {money(fact.forecast_low, fact.currency)} and {money(fact.forecast_high, fact.currency)})"
            if fact.forecast_low is not None and fact.forecast_high is not None
            else ""
        )
        rows.append(("Forecast of the month", money(fact.forecast, fact.currency) + between))
    return tuple(rows)


def _of_month(subject: str, month: date) -> str:
    """Each month is an alert of its own: the next one starts fresh, and the last one ends without a word."""
    return f"{subject}|{month:%Y-%m}"


def _month(month: date) -> str:
    return f"{month:%B %Y}"


def _cost_screen(month: date) -> str:
    return f"/cost?month={month:%Y-%m}"
