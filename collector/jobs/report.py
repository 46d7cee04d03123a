"""A month's report in the format that somebody asked for."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from collector.catalog.models import load_models
from collector.domain.periods import Month
from collector.domain.pricing import PriceBook
from collector.domain.types import Misconfigured
from collector.jobs.placing import write_file, write_partitions
from collector.reports.finance.csv_files import write_csv
from collector.reports.finance.figures import FinanceReport
from collector.reports.finance.focus import months_between, write_focus_csv, write_focus_parquet
from collector.reports.finance.html_page import finance_html
from collector.reports.finance.otherwise import with_prices
from collector.reports.finance.workbook import write_workbook
from collector.store.engine import Engine
from collector.store.reads.finance_report import FinanceRules, finance_report
from collector.store.reads.habits import month_habits

ReportFormat = Literal["xlsx", "csv", "html", "focus-csv", "focus-parquet"]
ONE_MONTH: Final = ("xlsx", "csv", "html")
SUFFIXES: Final = MappingProxyType(
    {"xlsx": ".xlsx", "csv": ".csv", "html": ".html", "focus-csv": ".csv", "focus-parquet": ""}
)


def write_report(
    engine: Engine,
    rules: FinanceRules,
    book: PriceBook,
    months: tuple[Month, Month],
    format: ReportFormat,
    out: str,
    now: datetime,
) -> None:
    """Write the months' report to `out`, a path or any URL that fsspec knows. Raises `Misconfigured` for months that cannot be, `NeedsHuman` for a path that cannot be written."""
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
            write_file(out, lambda place: write_focus_csv(reports, place))
        else:
            write_partitions(out, lambda place: write_focus_parquet(reports, place))
        return
    report = whole_report(engine, rules, book, first, now)
    writers: dict[str, Callable[[Path], object]] = {
        "xlsx": lambda place: write_workbook(report, place),
        "csv": lambda place: write_csv(report, place),
        "html": lambda place: place.write_text(finance_html(report), encoding="utf-8"),
    }
    write_file(out, writers[format])


def whole_report(
    engine: Engine, rules: FinanceRules, book: PriceBook, month: Month, now: datetime
) -> FinanceReport:
    """The month's report with what needs prices beside it: savings, and provisioned units against tokens."""
    with engine.connect() as connection:
        report = finance_report(connection, month, now, rules)
        habits = month_habits(connection, month, now.date(), load_models().models)
    return with_prices(report, book, habits)


def _each(
    engine: Engine, rules: FinanceRules, months: Iterable[Month], now: datetime
) -> Iterator[FinanceReport]:
    for month in months:
        with engine.connect() as connection:
            yield finance_report(connection, month, now, rules, outlook=False)
