"""What a reader of the report has to know beside its figures: sources, gaps of the bill, and what grants it."""

from collections.abc import Mapping, Sequence
from datetime import date

from collector.domain.money.teams import TeamRules
from collector.domain.pricing import PriceRow
from collector.reports.finance.figures import FinanceRow
from collector.store.reads import bills
from collector.store.reads.finance_names import Names


def notes(rows: Sequence[FinanceRow], snapshot: Sequence[PriceRow], teams: TeamRules) -> list[str]:
    steps = {row.step for row in rows if row.step}
    told = ["Days and months are UTC. Amounts of different currencies are never added or converted."]
    if steps & {"meter-id", "meter-name", "snapshot"}:
        told.append("Estimates are at list price unless a rate of yours is named as the price's source.")
    if "snapshot" in steps and snapshot:
        newest = max(row.captured_at for row in snapshot)
        told.append(f"Some prices come from the shipped snapshot of {newest:%Y-%m-%d}.")
    if any(row.basis == "calibrated" for row in rows):
        told.append(
            "Calibrated: input was parted into cached and uncached as the account's own bill of 28 days before the month told."
        )
    named = {row.team for row in rows}
    told += [
        f"[[teams]] number {number} ({rule.team}) fits nothing in this month."
        for number, rule in enumerate(teams.rules, 1)
        if rule.team not in named
    ]
    if any(row.low != row.high for row in rows):
        told.append("Low and high bound what metrics cannot tell: cached input, long context, service tier.")
    return told


def ways_in(states: Mapping[str, bills.BillState], known: Names) -> list[str]:
    """Whose bill came in by an export: it has that one way in, so nothing counts twice."""
    return [
        f"The bill of {known.subscriptions.get(one, one)} is read from the export {state.export}, not by query."
        for scope, state in sorted(states.items())
        for one in [scope.rpartition("/")[2]]
        if state.export
    ]


def unbilled(states: Mapping[str, bills.BillState], known: Names) -> list[str]:
    names = [scope.rpartition("/")[2] for scope, state in sorted(states.items()) if not state.is_read]
    return [known.subscriptions.get(one, one) for one in names]


def hole_notices(holes: Mapping[str, Sequence[date]], known: Names) -> list[str]:
    return [
        f"The bill of {known.subscriptions.get(one, one)} {bills.hole_words(days)}: the month stands on its estimate. "
        "Is a partition of its export missing?"
        for scope, days in sorted(holes.items())
        for one in [scope.rpartition("/")[2]]
    ]


def bill_notices(states: Mapping[str, bills.BillState]) -> list[str]:
    """One notice a subscription whose bill cannot be read, with the grant that mends it."""
    return [
        f"{scope.rpartition('/')[2]}: no bill: {state.error}{'; ' + state.remedy if state.remedy else ''}"
        for scope, state in sorted(states.items())
        if state.error
    ]
