"""The answers on a terminal or for a script: room, endings and where a price comes from."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click

from collector.cli.rooms import room
from collector.cli.shared import (
    DAY,
    LOOK,
    chosen_filters,
    filter_options,
    json_option,
    print_json,
    print_line,
    print_table,
    say,
    utc_now,
)

Json = Mapping[str, Any]


@click.command()
@click.option("--owner", help="Only what this person owns by tags; an empty text: what nobody does.")
@filter_options
@json_option
def endings(owner: str | None, as_json: bool, **filters: tuple[str, ...]) -> None:
    """What ends when: deployments whose model retires, and api-versions in use."""
    from collector import settings, wiring
    from collector.answers import basic as answers

    chosen = settings.load()
    with wiring.reading(chosen) as connection:
        found = answers.endings(
            connection,
            chosen_filters(filters),
            utc_now(),
            wiring.known_of_rules(chosen),
            (chosen.alerts.owner_keys, chosen.alerts.team_keys),
            owner,
        )
    if as_json:
        print_json(found)
        return
    print_line(f"Endings, known through {found['as_of'] or 'nothing yet'}")
    print_table(
        (
            "ends on",
            "days left",
            "deployment",
            "owner",
            "model",
            "sku",
            "on the day",
            "replacement",
            "requests in 30 days",
        ),
        (
            (
                row["ends_on"] or "no date",
                "" if row["days_left"] is None else str(row["days_left"]),
                f"{row['account_name']}/{row['deployment']}",
                row["owner"] or "",
                f"{row['model']} {row['version'] or ''}",
                row["sku"],
                row["on_the_day"],
                row["replacement"] or "",
                "unknown" if row["requests_30d"] is None else f"{row['requests_30d']:,}",
            )
            for row in found["deployments"]
        ),
        if_none=f"No deployment is known. {LOOK}",
    )
    print_table(
        (
            "api-version",
            "state",
            "ends on",
            "deployment",
            "requests in 30 days",
            "share",
            "30 days before",
            "last seen",
        ),
        (
            (
                row["api_version"],
                row["state"],
                row["ends_on"] or "no date",
                f"{row['account_name']}/{row['deployment']}",
                f"{row['requests_30d']:,}",
                f"{float(row['share']):.0%}",
                "" if row["share_before"] is None else f"{float(row['share_before']):.0%}",
                row["last_seen"],
            )
            for row in found["api_versions"]
        ),
    )


@click.group()
def prices() -> None:
    """Where prices come from."""


@prices.command()
@click.option("--model", help="Model name, such as gpt-4o.")
@click.option("--version", help="Model version, such as 2024-11-20.")
@click.option("--sku", help="Deployment SKU, such as GlobalStandard.")
@click.option("--location", help="Azure location, such as eastus2.")
@click.option("--kind", help="Kind of use, such as input (default: every kind that has a price).")
@click.option(
    "--tier",
    type=click.Choice(["standard", "batch", "priority", "flex"]),
    help="Service tier (default: standard, batch for batch SKUs).",
)
@click.option(
    "--context", type=click.Choice(["short", "long"]), help="Context length class (default: short)."
)
@click.option("--fine-tuned", is_flag=True, help="The model is fine-tuned from --model.")
@click.option("--on", type=DAY, help="UTC day of the price (default: today).")
@click.option("--currency", help="Three-letter code (default: AOAI_CURRENCY, else USD).")
@click.option(
    "--from",
    "questions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Answer JSON lines of questions with JSON lines.",
)
@json_option
@click.pass_context
def explain(ctx: click.Context, questions: Path | None, as_json: bool, **asked: Any) -> None:
    """Which price a use has, from which meter, by which step, and what else was considered."""
    from collector import settings, wiring
    from collector.answers import basic as answers

    chosen = settings.load()
    currency = asked.pop("currency") or chosen.currency or "USD"
    today = utc_now().date()
    book = answers.price_book(wiring.engine_if_there(chosen, say), wiring.money_rules(chosen))
    if questions is not None:
        with questions.open(encoding="utf-8") as lines:
            for found in answers.explain_lines(book, lines, today, currency):
                print_line(_line(found))
        return
    missing = [f"--{name}" for name in ("model", "sku", "location") if not asked[name]]
    if missing:
        raise click.UsageError(f"{', '.join(missing)}: expected, or --from FILE with one question a line")
    fields = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asked.items()
        if value
    }
    found = answers.explain(book, fields, today, currency)
    if as_json:
        print_json(found)
    else:
        for one in found.get("prices", [found]):
            _tell_price(one)
    worst = found.get("prices", [found])
    ctx.exit(0 if any(one["status"] == "priced" for one in worst) else 1)


@prices.command()
@json_option
def audit(as_json: bool) -> None:
    """Deployments without a price, and meters whose names could not be read."""
    from collector import settings, wiring
    from collector.answers import basic as answers

    chosen = settings.load()
    with wiring.reading(chosen) as connection:
        found = answers.audit(connection, wiring.money_rules(chosen), utc_now())
    if as_json:
        print_json(found)
        return
    print_line(
        f"{found['meters_understood']:,} meters understood, {len(found['meters_refused']):,} refused; snapshot of {found['snapshot_captured_on']}"
    )
    for one in found["meters_refused"]:
        print_line(f"Not read: {one['meter_name']}: {one['why']}")
    for one in found["unpriced"]:
        print_line(f"No price: {one['deployment']} {one['kind']}: {one['why']}")


def _tell_price(one: Json) -> None:
    what = f"{one['model']} {one['version'] or ''} {one['sku']} {one['location']} {one['kind']} {one['tier']}"
    if one["status"] == "priced":
        print_line(
            f"{what}: {one['unit_price']} {one['currency']} per {one['per']}, by {one['step']} ({one['meter_name'] or 'your own rate'}, since {(one['effective_from'] or 'unknown')[:10]})"
        )
    else:
        print_line(f"{what}: {one['status']}: {one['why']}")
    for other in one["considered"][:10]:
        print_line(f"    not {other['meter_name']}: {other['why_not']}")


def _line(found: Json) -> str:
    import orjson

    return orjson.dumps(found).decode()


COMMANDS = (room, endings, prices)
