"""What the commands share: options, words on stderr, JSON on stdout, a bar on a terminal."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import click
import orjson

from collector.domain.periods import Month, Window, midnight
from collector.domain.plain_text import harmless

DONE: Final = 0
FAILED: Final = 1
BAD: Final = 2
LOOK: Final = "`aoai-monitor status` says what was collected."


def say(text: str) -> None:
    """A line for the person at the terminal; stdout is for answers."""
    click.echo(harmless(text), err=True)


def print_json(answer: Any) -> None:
    sys.stdout.write(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode() + "\n")


def print_line(text: str) -> None:
    click.echo(harmless(text))


def print_table(titles: Sequence[str], rows: Iterable[Sequence[str]], *, if_none: str = "") -> None:
    """Columns as wide as a terminal allows; nothing is read as markup. `if_none` is said where there is no row."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(Text(harmless(str(cell))) for cell in row))
    if table.row_count:
        Console(width=None if sys.stdout.isatty() else 200).print(table)
    elif if_none:
        print_line(if_none)


def clock() -> Callable[[], datetime]:
    """The clock that the command was given as its object, else the machine's."""
    context = click.get_current_context(silent=True)
    given: Callable[[], datetime] | None = None if context is None else context.obj
    return given or (lambda: datetime.now(UTC))


def utc_now() -> datetime:
    return clock()()


class Day(click.ParamType[date]):
    """A UTC day, written 2026-10-01."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r}: expected a day such as 2026-10-01", param, ctx)


class MonthType(click.ParamType[Month]):
    """A UTC month, written 2026-10."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Month:
        if isinstance(value, Month):
            return value
        try:
            return Month.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


DAY: Final = Day()
MONTH: Final = MonthType()


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, for scripts.")(
        command
    )


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, help_text in (
        ("--subscription", "Only this subscription id (may be repeated)."),
        ("--account", "Only this account's ARM id (may be repeated)."),
        ("--tag", "Only what carries this tag, key=value (may be repeated)."),
    ):
        command = click.option(name, multiple=True, help=help_text)(command)
    return command


def chosen_filters(filters: Mapping[str, Sequence[str]]) -> Any:
    from collector.store.reads.scope import Filters

    return Filters(
        subscriptions=tuple(one.lower() for one in filters["subscription"]),
        accounts=tuple(filters["account"]),
        tags=tuple(filters["tag"]),
    )


def span(since: date | None, until: date | None, default_since: date, now: datetime) -> Window:
    """The window of whole days that the options name; the default ends with today."""
    first = since or default_since
    end = until or now.date() + timedelta(days=1)
    if first >= end:
        raise click.UsageError(f"--from {first} --to {end}: expected --from before --to, which is exclusive")
    return Window(midnight(first), midnight(end))


class TerminalProgress:
    """A progress bar where somebody watches."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=Console(stderr=True),
            transient=True,
        )
        self._task: Any = None

    def start(self, what: str, total: int | None) -> None:
        self.done()
        self._progress.start()
        self._task = self._progress.add_task(what, total=total, note="")

    def advance(self, steps: int = 1, note: str = "") -> None:
        if self._task is not None:
            self._progress.update(self._task, advance=steps, note=harmless(note))

    def done(self) -> None:
        if self._task is not None:
            self._progress.stop()
            self._progress.remove_task(self._task)
            self._task = None
