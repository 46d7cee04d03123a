"""Which lines of which run are the bill of a subscription: of every day those of the newest run that holds it whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import structlog

from collector.domain.bills import BillRead
from collector.domain.periods import DAY
from collector.domain.types import NeedsHuman, TryLater
from collector.folders import Folder, StoredFile
from collector.sources.exports.lines import Ledger, day_of
from collector.sources.exports.rows import batches
from collector.sources.exports.runs import Run, find_runs

log = structlog.get_logger(__name__)

Fault = TryLater | NeedsHuman


@dataclass(frozen=True, slots=True)
class _Known:
    """What the folder held of some days: runs with their lines, newest first, and what is wrong by export."""

    files: Sequence[StoredFile]
    first: date
    last: date
    runs: tuple[tuple[Run, Ledger], ...]
    faults: Mapping[str, Fault | None]


class ExportedBills:
    """Runs are read once for all subscriptions, and again when a file changed or other days are asked for."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._known: _Known | None = None

    def subscriptions(self, first: date, last: date) -> set[str]:
        """Those whose bill the folder holds."""
        known = self._read(first, last)
        return {one for run, ledger in known.runs for one in _subscriptions(run, ledger)}

    def faults(self, first: date, last: date) -> Mapping[str, Fault | None]:
        """Every export of these days, with what keeps its newest run from being read."""
        return self._read(first, last).faults

    def read(self, subscription: str, first: date, last: date) -> list[BillRead]:
        """The days that some run holds, in runs of days; of a day the newest run has the word."""
        mine = self._runs_of(subscription, self._read(first, last))
        taken: dict[date, int] = {}
        for at, (_, ledger) in enumerate(mine):
            if ledger.first is None or ledger.last is None:
                continue
            day = max(first, ledger.first)
            while day <= min(last, ledger.last):
                taken.setdefault(day, at)
                day += DAY
        found: list[BillRead] = []
        for start, end, at in _spans(taken):
            run, ledger = mine[at]
            lines, reserved = ledger.of(subscription, start, end)
            billers = ledger.billers_of(subscription, start, end)
            found.append(BillRead(start, end, tuple(lines), tuple(reserved), run.export, billers))
        return found

    def currency(self, subscription: str) -> str | None:
        """What the newest run that holds the subscription bills it in."""
        scope = f"/subscriptions/{subscription}"
        for run in find_runs(self._folder, self._folder.listed()):
            if run.fault is None and run.subscription in (None, subscription):
                lines = [line for line in self._ledger(run).lines.values() if line.scope == scope]
                if lines:
                    return max(lines, key=lambda line: line.day).currency
        return None

    def _runs_of(self, subscription: str, known: _Known) -> list[tuple[Run, Ledger]]:
        """Of one export only: the subscription's own goes before one of its billing account, else the newest."""
        holding = [(run, ledger) for run, ledger in known.runs if subscription in _subscriptions(run, ledger)]
        own = [one for one in holding if one[0].subscription == subscription] or holding
        return [one for one in holding if one[0].export == own[0][0].export] if own else []

    def _read(self, first: date, last: date) -> _Known:
        files = self._folder.listed()
        known = self._known
        if known is None or known.files != files or not known.first <= first <= last <= known.last:
            known = self._known = self._read_anew(files, first, last)
        return known

    def _read_anew(self, files: Sequence[StoredFile], first: date, last: date) -> _Known:
        """Runs newest first, as long as they hold days that no newer run of their export held whole."""
        read: list[tuple[Run, Ledger]] = []
        faults: dict[str, Fault | None] = {}
        held: dict[str, set[date]] = {}
        for run in find_runs(self._folder, files):
            days = _days(run, first, last)
            if days is not None and days <= held.get(run.export, set()):
                continue
            faults.setdefault(run.export, None)
            try:
                ledger = self._ledger(run)
            except (TryLater, NeedsHuman) as error:
                faults[run.export] = faults[run.export] or error
                log.warning("a run of an export is left out", export=run.export, why=str(error))
                continue
            read.append((run, ledger))
            held.setdefault(run.export, set()).update(days or ())
        return _Known(files, first, last, tuple(read), faults)

    def _ledger(self, run: Run) -> Ledger:
        if run.fault is not None:
            raise run.fault
        ledger = Ledger(run.first, run.last, is_dated=run.first is not None)
        for part in run.parts:
            for batch in batches(self._folder, part):
                path = part.file.path
                days = [day_of(path, said) for said in batch.texts("ChargePeriodStart")]
                days += [day_of(path, said) for said in batch.texts("BillingPeriodStart")]
                ledger.saw(batch.texts("SubAccountId"), days)
                for row in batch.ours():
                    ledger.book(path, row)
        for currency, amount in ledger.nobodys.items():
            log.warning(
                "billed to no subscription, left out", export=run.export, amount=f"{amount} {currency}"
            )
        return ledger


def _subscriptions(run: Run, ledger: Ledger) -> set[str]:
    return {run.subscription} if run.subscription else ledger.subscriptions


def _days(run: Run, first: date, last: date) -> set[date] | None:
    """The asked days that a run holds, as far as its manifest tells; None where it has none."""
    if run.first is None or run.last is None:
        return None
    start, end = max(first, run.first), min(last, run.last)
    return {start + DAY * step for step in range((end - start).days + 1)}


def _spans(taken: Mapping[date, int]) -> list[tuple[date, date, int]]:
    """Days as runs of days that follow each other in one run of an export."""
    found: list[tuple[date, date, int]] = []
    for day in sorted(taken):
        if found and found[-1][1] + DAY == day and found[-1][2] == taken[day]:
            found[-1] = (found[-1][0], day, taken[day])
        else:
            found.append((day, day, taken[day]))
    return found
