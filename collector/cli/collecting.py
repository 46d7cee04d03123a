"""Commands that read Azure, work out what follows, and keep doing so."""

import os
import sys
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from collector.cli.logs import set_up_logging
from collector.cli.shared import DAY, DONE, FAILED, TerminalProgress, clock, say, span, utc_now

if TYPE_CHECKING:
    from collector.jobs.context import RunResult

JOBS = ("inventory", "models", "quotas", "metrics", "prices", "bills")


@click.command()
@click.option("--job", type=click.Choice(JOBS), help="Only this part (default: all, in order).")
@click.option("--from", "since", type=DAY, help="Read metrics again from this UTC day.")
@click.option("--to", "until", type=DAY, help="Up to this UTC day, which is not read (default: now).")
@click.option(
    "--no-wait", is_flag=True, help="Exit with 1 when another process collects, instead of waiting."
)
@click.pass_context
def collect(
    ctx: click.Context, job: str | None, since: date | None, until: date | None, no_wait: bool
) -> None:
    """Read Azure once: all of it, or one job, or a span of metrics again."""
    from collector import settings, wiring
    from collector.jobs.collect import collect as run

    if until and not since:
        raise click.UsageError(
            "--to without --from: expected --from as well, such as --from 2026-10-01 --to 2026-10-08"
        )
    window = span(since, until, since, utc_now()) if since else None
    chosen = settings.load()
    set_up_logging(chosen, watched=sys.stderr.isatty())
    context = wiring.build_context(chosen, wiring.build_engine(chosen), progress=_progress(), clock=clock())
    ctx.exit(
        _tell(run(context, only="metrics" if window and job is None else job, span=window, wait=not no_wait))
    )


@click.command()
@click.option("--all", "everything", is_flag=True, help="Work out every day again, not only what changed.")
@click.option("--no-wait", is_flag=True, help="Exit with 1 when another process derives, instead of waiting.")
def derive(everything: bool, no_wait: bool) -> None:
    """Work out charges, room and roll-ups from what was collected."""
    from collector import settings, wiring
    from collector.jobs.derive import derive as run

    chosen = settings.load()
    set_up_logging(chosen, watched=sys.stderr.isatty())
    result = run(
        wiring.build_engine(chosen),
        wiring.money_rules(chosen),
        utc_now(),
        everything=everything,
        wait=not no_wait,
        progress=_progress(),
    )
    for why in result.why:
        say(f"worked out again, since {why}")
    say(str(result))


@click.command()
def serve() -> None:
    """Collect, derive and prune on a schedule until asked to end (SIGTERM, SIGINT)."""
    from collector import settings, wiring
    from collector.jobs import schedule

    chosen = settings.load()
    set_up_logging(chosen)
    schedule.serve(wiring.build_context(chosen, wiring.build_engine(chosen)), wiring.build_steps(chosen))
    # Python would wait for threads whose call still hangs; nothing of them is stored, and the next start reads it again.
    sys.stderr.flush()
    os._exit(DONE)


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True}, add_help_option=False
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def simulate(arguments: tuple[str, ...]) -> None:
    """A pretend Azure on loopback, for trying things out: --port --seed --subscriptions --accounts --deployments --days."""
    from collector import simulator

    simulator.main(list(arguments))


def _progress() -> TerminalProgress | None:
    return TerminalProgress() if sys.stderr.isatty() else None


def _tell(results: "Sequence[RunResult]") -> int:
    for result in results:
        asked = result.windows or result.rows or not result.ok
        say(
            f"{result.job}: {result.status}, {result.rows} rows" if asked else f"{result.job}: nothing to ask"
        )
        for failure in result.failures[:20]:
            say(f"  {failure}")
        if len(result.failures) > 20:
            say(f"  and {len(result.failures) - 20} more; `aoai-monitor status` lists them")
    return DONE if all(result.ok for result in results) else FAILED


COMMANDS = (collect, derive, serve, simulate)
