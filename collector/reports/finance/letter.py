"""The month's letter to finance: the totals, where they went, how they stand beside the bill, how sure they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from collector.domain.alerts.words import day, money, percent
from collector.reports.letters.items import one_line
from collector.reports.letters.render import Attachment, Letter, Writing, finished

BASIS_WORDS = {
    "estimate": "estimated at list price",
    "bill": "as billed, allocated to deployments",
}


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """One currency's month. Amounts of different currencies are never added, so each has its own line."""

    currency: str
    cost: Decimal
    low: Decimal | None = None
    high: Decimal | None = None
    before: Decimal | None = None
    budget: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Spender:
    name: str
    currency: str
    cost: Decimal
    share: Decimal | None
    before: Decimal | None = None


@dataclass(frozen=True, slots=True)
class BillBeside:
    account: str
    currency: str
    estimate: Decimal | None
    bill: Decimal | None
    status: str


@dataclass(frozen=True, slots=True)
class FinanceMonth:
    month: date
    closed: bool
    basis: str
    as_of: datetime
    totals: tuple[CurrencyTotal, ...]
    top: tuple[Spender, ...] = ()
    bills: tuple[BillBeside, ...] = ()
    coverage: Decimal | None = None
    unpriced: str | None = None
    restated: str | None = None
    paid: str | None = None


def finance_letters(
    month: FinanceMonth,
    to: Sequence[str],
    writing: Writing,
    now: datetime,
    attachments: tuple[Attachment, ...] = (),
) -> list[Letter]:
    """One letter a person; sent once a month and state, so closing the month after an open report is a new letter."""
    state = "closed" if month.closed else "open"
    sums = " and ".join(money(total.cost, total.currency) for total in month.totals) or "nothing"
    values = {
        "intro": (
            f"Azure OpenAI cost {sums} in {month.month:%B %Y}, {BASIS_WORDS[month.basis]}. "
            f"The month is {state if month.closed else 'not closed yet'}."
        ),
        "totals": [_total(total) for total in month.totals],
        "top": [_spender(row) for row in month.top],
        "bills": [_bill(row) for row in month.bills],
        "notes": _notes(month),
    }
    return [
        finished(
            "finance",
            address,
            f"Azure OpenAI, {month.month:%B %Y}: {sums}",
            values,
            writing,
            now,
            salt=f"{month.month:%Y-%m} {state} {month.restated or ''}",
            attachments=attachments,
        )
        for address in to
    ]


def _total(total: CurrencyTotal) -> tuple[str, ...]:
    used = f" ({percent(total.cost / total.budget)} used)" if total.budget else ""
    return (
        f"Total {total.currency}",
        money(total.cost, total.currency),
        money(total.before, total.currency) if total.before is not None else "no figure",
        money(total.budget, total.currency) + used if total.budget is not None else "none set",
    )


def _spender(row: Spender) -> tuple[str, ...]:
    if row.before is None:
        change = "new"
    else:
        difference = row.cost - row.before
        change = f"{'+' if difference >= 0 else '−'}{money(abs(difference), row.currency)}"
    return one_line(row.name), money(row.cost, row.currency), percent(row.share), change


def _bill(row: BillBeside) -> tuple[str, ...]:
    return (
        one_line(row.account),
        money(row.estimate, row.currency),
        money(row.bill, row.currency) if row.bill is not None else "not read",
        row.status,
    )


def _notes(month: FinanceMonth) -> list[str]:
    notes = [f"Counted through {day(month.as_of.date())}, {month.as_of:%H:%M} UTC. Days and months are UTC."]
    if month.coverage is not None:
        notes.append(f"Metrics cover {percent(month.coverage)} of the month.")
    notes += [
        f"The {total.currency} total lies between {money(total.low, total.currency)} "
        f"and {money(total.high, total.currency)}: metrics can not tell cached from other input."
        for total in month.totals
        if total.low is not None and total.high is not None and total.low != total.high
    ]
    if month.paid:
        notes.append(
            f"To be paid by the bill as it is invoiced: {month.paid}; the total spreads what was paid ahead."
        )
    if month.unpriced:
        notes.append(f"Without a price, and so not in the total: {one_line(month.unpriced)}.")
    if month.restated:
        notes.append(one_line(month.restated))
    return notes
