"""How the collection stands: a line for each kind of work, then only what is not well."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from collector.cli.shared import json_option, print_json, print_line, print_table, utc_now

Json = Mapping[str, Any]

_SHOWN: Final = 20


@click.command()
@click.option("--all", "everything", is_flag=True, help="Every scope and every gap, not only the first 20.")
@json_option
def status(everything: bool, as_json: bool) -> None:
    """How far everything is known, what failed and why, who works now, and what knowing it cost."""
    from collector import settings, wiring
    from collector.answers import basic as answers

    chosen = settings.load()
    with wiring.reading(chosen) as connection:
        found = answers.status(connection, utc_now(), chosen.costs.call_price_per_1000)
    if as_json:
        print_json(found)
        return
    if not found["scopes"]:
        print_line(
            "Nothing was collected yet: `aoai-monitor serve` or `aoai-monitor collect` reads your Azure."
        )
    _tell_scopes(found["scopes"], everything=everything)
    _tell_gaps(found["gaps"], None if everything else _SHOWN)
    _tell_work(found)


def _tell_scopes(scopes: Sequence[Json], *, everything: bool) -> None:
    if everything:
        _show_each(scopes)
        return
    print_table(
        ("job", "scopes", "not well", "known through, the one furthest behind"),
        (
            _of_job(job, [one for one in scopes if one["job"] == job])
            for job in sorted({one["job"] for one in scopes})
        ),
    )
    ill = [one for one in scopes if one["status"] != "ok"]
    _show_each(ill[:_SHOWN])
    if len(ill) > _SHOWN:
        print_line(f"and {len(ill) - _SHOWN} more; `aoai-monitor status --all` lists every scope")


def _of_job(job: str, scopes: Sequence[Json]) -> tuple[str, ...]:
    known = [one["through"] for one in scopes if one["through"]]
    kinds = Counter(one["status"] for one in scopes if one["status"] != "ok")
    ill = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) or "0"
    return job, str(len(scopes)), ill, min(known) if len(known) == len(scopes) else "nothing yet"


def _show_each(scopes: Sequence[Json]) -> None:
    print_table(
        ("job", "scope", "known through", "status", "why not, and what mends it"),
        (
            (
                one["job"],
                one["scope"],
                one["through"] or "nothing yet",
                one["status"],
                "\n".join(filter(None, (one["error"], one["remedy"]))),
            )
            for one in scopes
        ),
    )


def _tell_gaps(gaps: Sequence[Json], most: int | None) -> None:
    for gap in gaps[:most]:
        print_line(
            f"Gap: {gap['job']} {gap['scope']} from {gap['starts_at']} to {gap['ends_at']}: {gap['why']}"
        )
    if most is not None and len(gaps) > most:
        print_line(f"and {len(gaps) - most} more gaps; `aoai-monitor status --all` lists them")


def _tell_work(found: Json) -> None:
    for at, why in dict.fromkeys(
        (one["changed_at"], one["why"]) for one in found["charged_by"] if one["why"]
    ):
        print_line(f"Charges are worked out anew, since {at}: {why}")
    waits = found["waiting"]
    if waits["days"]:
        print_line(
            f"Waiting to be worked out: {waits['days']:,} days of accounts from {waits['first']} on, "
            f"{waits['charges_only']:,} of them for their charges alone"
        )
    for lease in found["leases"]:
        who = (
            f"process {lease['pid']} on {lease['host']}" if lease["host"] else "a process that cannot be seen"
        )
        print_line(f"Now: {lease['step']} by {who}, since {lease['since'] or 'unknown'} ({lease['mark']})")
    covered = (
        "how many minutes are known is unknown"
        if found["coverage_24h"] is None
        else f"{found['coverage_24h']:.1%} of the minutes known"
    )
    print_line(
        f"Last 24 hours: {covered}, {found['calls_24h']:,} calls, {found['throttles_24h']:,} throttled"
    )


COMMANDS = (status,)
