"""Writing a month's report where somebody asked for it: aside first and renamed, so that nothing half-written is left."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from collector.domain.money.savings import Saving, Spent, savings
from collector.domain.money.unit_costs import ProvisionedUse
from collector.domain.periods import Month
from collector.domain.pricing import PriceBook, Priced, PriceQuestion
from collector.domain.types import Misconfigured, NeedsHuman
from collector.reports.finance.csv_files import write_csv
from collector.reports.finance.figures import TOKEN_KINDS, FinanceReport, FinanceRow
from collector.reports.finance.focus import months_between, write_focus_csv, write_focus_parquet
from collector.reports.finance.html_page import finance_html
from collector.reports.finance.workbook import write_workbook
from collector.store.engine import Engine
from collector.store.reads.finance_report import FinanceRules, finance_report

ReportFormat = Literal["xlsx", "csv", "html", "focus-csv", "focus-parquet"]
ONE_MONTH: Final = ("xlsx", "csv", "html")
SUFFIXES: Final = MappingProxyType(
    {"xlsx": ".xlsx", "csv": ".csv", "html": ".html", "focus-csv": ".csv", "focus-parquet": ""}
)
# Data stays where it was: no Global deployment is offered instead of one that keeps it in its zone.
_SAME_RESIDENCY: Final = MappingProxyType({"Standard": "DataZoneStandard"})
_BATCH: Final = MappingProxyType({"GlobalStandard": "GlobalBatch", "DataZoneStandard": "DataZoneBatch"})
_PAID_BY_TOKEN: Final = MappingProxyType(
    {
        "ProvisionedManaged": "Standard",
        "GlobalProvisionedManaged": "GlobalStandard",
        "DataZoneProvisionedManaged": "DataZoneStandard",
    }
)
_TEXT_KINDS: Final = frozenset({"input", "cached_input", "output"})


def write_report(
    engine: Engine,
    rules: FinanceRules,
    book: PriceBook,
    months: tuple[Month, Month],
    format: ReportFormat,
    out: Path,
    now: datetime,
) -> None:
    """Write the months' report to `out`. Raises `Misconfigured` for months that cannot be, `NeedsHuman` for a path that cannot be written."""
    first, last = months
    for month in (first, last):
        if month.window.start > now:
            raise Misconfigured(
                f"--month {month}: expected a month that has begun, now is {now:%Y-%m-%d} (UTC)"
            )
    if last.first_day < first.first_day:
        raise Misconfigured(f"--through {last}: expected a month not before --month {first}")
    if format in ONE_MONTH and first != last:
        raise Misconfigured(
            f"--format {format} holds one month; expected --format focus-csv or focus-parquet"
        )
    if format.startswith("focus"):
        reports = _each(engine, rules, months_between(first, last), now)
        if format == "focus-csv":
            _write_aside(out, lambda place: write_focus_csv(reports, place))
        else:
            _write_aside(out, lambda place: write_focus_parquet(reports, place), folder=True)
        return
    report = whole_report(engine, rules, book, first, now)
    writers: dict[str, Callable[[Path], object]] = {
        "xlsx": lambda place: write_workbook(report, place),
        "csv": lambda place: write_csv(report, place),
        "html": lambda place: place.write_text(finance_html(report), encoding="utf-8"),
    }
    _write_aside(out, writers[format])


def whole_report(
    engine: Engine, rules: FinanceRules, book: PriceBook, month: Month, now: datetime
) -> FinanceReport:
    """The month's report with what needs prices beside it: savings, and provisioned units against tokens."""
    with engine.connect() as connection:
        report = finance_report(connection, month, now, rules)
    return replace(
        report,
        savings=tuple(month_savings(report, book, month)),
        provisioned=tuple(
            replace(one, by_token=_by_token(one, report, book, month)) for one in report.provisioned
        ),
    )


def _each(
    engine: Engine, rules: FinanceRules, months: Iterable[Month], now: datetime
) -> Iterator[FinanceReport]:
    for month in months:
        with engine.connect() as connection:
            yield finance_report(connection, month, now, rules, outlook=False)


def _write_aside(out: Path, write: Callable[[Path], object], *, folder: bool = False) -> None:
    try:
        with _aside(out, folder=folder) as place:
            write(place)
    except OSError as error:
        raise NeedsHuman(
            f"--out {out}: {error.strerror or error}; expected a path that can be written"
        ) from error


@contextmanager
def _aside(out: Path, *, folder: bool) -> Iterator[Path]:
    """A place beside `out` that takes its name when all is written, and is gone where something failed."""
    if out.is_dir() and not folder:
        raise IsADirectoryError(21, "is a folder", str(out))
    aside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        place = aside / out.name
        if folder:
            place.mkdir()
        yield place
        if folder:
            _replace_partitions(place, out)
        else:
            place.replace(out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _replace_partitions(written: Path, out: Path) -> None:
    """Whole months replace themselves; those of other runs stay."""
    out.mkdir(exist_ok=True)
    for partition in sorted(written.iterdir()):
        target = out / partition.name
        if target.exists():
            shutil.rmtree(target)
        partition.replace(target)


def month_savings(report: FinanceReport, book: PriceBook, month: Month) -> list[Saving]:
    units = {one.deployment: one for one in report.provisioned}
    busy = {_name(row) for row in report.rows if row.kind in TOKEN_KINDS and row.quantity}
    busy |= {one.deployment for one in report.provisioned if one.tokens}
    priced = [row for row in report.rows if row.is_priced and not row.is_residual]
    return savings(_spent(row, book, month, units.get(_name(row)), _name(row) in busy) for row in priced)


def _name(row: FinanceRow) -> str:
    return f"{row.account}/{row.deployment}"


def _spent(
    row: FinanceRow, book: PriceBook, month: Month, units: ProvisionedUse | None, is_used: bool
) -> Spent:
    plain = row.kind in _TEXT_KINDS and row.tier == "standard"
    # A price exists for each kind or the comparison is not made: half of a bill is no saving.
    batch, cheaper = _BATCH.get(row.sku), _SAME_RESIDENCY.get(row.sku)
    return Spent(
        deployment=_name(row),
        model=row.model,
        sku=row.sku,
        currency=row.currency,
        kind=row.kind,
        tier=row.tier,
        quantity=row.quantity,
        cost=row.estimate or Decimal(0),
        is_used=is_used,
        as_batch=_cost_as(row, book, month, sku=batch) if plain and batch else None,
        as_cheaper_sku=_cost_as(row, book, month, sku=cheaper) if plain and cheaper else None,
        cheaper_sku=cheaper or "",
        if_cached=_cost_as(row, book, month, kind="cached_input") if row.kind == "input" and plain else None,
        utilisation=units.utilisation if units else None,
    )


def _cost_as(
    row: FinanceRow, book: PriceBook, month: Month, *, sku: str | None = None, kind: str | None = None
) -> Decimal | None:
    asked = PriceQuestion(
        row.model,
        row.version or None,
        sku or row.sku,
        row.location,
        kind or row.kind,
        month.days[-1],
        currency=row.currency,
    )
    found = book.price_at(asked)
    if not isinstance(found, Priced) and row.kind == "cached_input" and sku:
        found = book.price_at(replace(asked, kind="input"))  # batch has no cached price for most models
    return (
        row.quantity * found.unit_price
        if isinstance(found, Priced) and found.currency == row.currency
        else None
    )


def _by_token(one: ProvisionedUse, report: FinanceReport, book: PriceBook, month: Month) -> Decimal | None:
    """What the tokens that the units served would have cost by the token, uncached; None where either has no price."""
    row = next((row for row in report.rows if f"{row.account}/{row.deployment}" == one.deployment), None)
    sku = _PAID_BY_TOKEN.get(row.sku) if row else None
    if row is None or sku is None:
        return None
    costs = [
        _cost_as(replace(row, kind=kind, quantity=tokens), book, month, sku=sku)
        for kind, tokens in (("input", one.input_tokens), ("output", one.output_tokens))
    ]
    return None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0))
