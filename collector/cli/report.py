"""What finance closes a month with: the report in its formats, and the closing itself."""

from typing import TYPE_CHECKING, cast

import click

from collector.cli.shared import LOOK, MONTH, print_line, say, utc_now
from collector.domain.periods import Month

if TYPE_CHECKING:
    from collector.jobs.report import ReportFormat

_FORMATS = ("xlsx", "csv", "html", "focus-csv", "focus-parquet")


@click.group()
def report() -> None:
    """A month's money: write its report, close it."""


@report.command()
@click.option("--month", type=MONTH, required=True, help="UTC month such as 2026-10.")
@click.option("--through", type=MONTH, help="Last month of a FOCUS export (default: the same month).")
@click.option(
    "--format",
    "format_",
    type=click.Choice(_FORMATS),
    default="xlsx",
    show_default=True,
    help="What to write.",
)
@click.option(
    "--out",
    required=True,
    help="File to write, a path or a URL that fsspec knows; for focus-parquet a folder of months.",
)
def finance(month: Month, through: Month | None, format_: str, out: str) -> None:
    """Write the month's report: workbook, CSV, page for mail, or FOCUS 1.2."""
    from collector import settings, wiring
    from collector.answers import basic as answers
    from collector.jobs.report import write_report

    chosen = settings.load()
    rules = wiring.finance_rules(chosen)
    engine = wiring.build_engine(chosen, read_only=True)
    try:
        book = answers.price_book(engine, wiring.money_rules(chosen))
        write_report(
            engine, rules, book, (month, through or month), cast("ReportFormat", format_), out, utc_now()
        )
    finally:
        engine.dispose()
    say(f"{month} written to {out}")


@report.command()
@click.option("--month", type=MONTH, required=True, help="UTC month such as 2026-10, which has to be over.")
def close(month: Month) -> None:
    """Close a month: its charges, allocation and teams stay as they are; later changes are dated restatements."""
    from collector import settings, wiring
    from collector.jobs.closing import close_month, restate

    chosen = settings.load()
    rules = wiring.finance_rules(chosen)
    engine = wiring.build_engine(chosen)
    try:
        now = utc_now()
        closed = close_month(engine, month, now, rules)
        changed = restate(engine, now, rules)
    finally:
        engine.dispose()
    print_line(
        f"{month} closed {closed.closed_at:%Y-%m-%d %H:%M} UTC by {closed.closed_by}, {closed.summary['basis']}"
    )
    for total in closed.summary["totals"]:
        print_line(f"{total['currency']}: estimate {total['estimate']}, bill {total['billed'] or 'not read'}")
    if changed:
        print_line(f"{changed} figures of closed months changed and were restated")


@report.command()
def months() -> None:
    """The months that have figures, oldest first."""
    from collector import settings, wiring
    from collector.store.reads.cost import cost_months

    with wiring.reading(settings.load()) as connection:
        known = sorted({one.month for one in cost_months(connection)})
    for month in known:
        print_line(f"{month:%Y-%m}")
    if not known:
        print_line(f"No month has figures yet. {LOOK}")


COMMANDS = (report,)
