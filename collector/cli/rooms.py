"""Room on a terminal or for a script: how much is left, why requests were refused, what to do, where a deployment fits."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import click

from collector.cli.shared import (
    chosen_filters,
    filter_options,
    json_option,
    print_json,
    print_line,
    print_table,
    utc_now,
)

Json = Mapping[str, Any]


@contextmanager
def _as_usage() -> Iterator[None]:
    """What a question names wrongly is an error of its arguments: exit status 2."""
    try:
        yield
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _asked(connection: Any, chosen: Any, filters: Mapping[str, tuple[str, ...]]) -> Any:
    from collector import wiring
    from collector.answers import room as answers_room

    return answers_room.Asked(connection, utc_now(), wiring.money_rules(chosen), chosen_filters(filters))


@click.group(invoke_without_command=True)
@click.option(
    "--period",
    default="7d",
    show_default=True,
    help="1d, 7d, 30d, 90d or a month such as 2026-10; all end now or with the month.",
)
@click.option(
    "--what-if",
    "what_if",
    help="Suppose more load or another model: growth=1.5 or model=gpt-4o->gpt-5-mini (on the last 30 days).",
)
@filter_options
@json_option
@click.pass_context
def room(
    ctx: click.Context, period: str, what_if: str | None, as_json: bool, **filters: tuple[str, ...]
) -> None:
    """How much room is left: busiest minutes against limits, throttling, and quota lines."""
    if ctx.invoked_subcommand is not None:
        return
    if what_if is not None:
        _suppose(what_if, as_json, filters)
        return
    from collector import settings, wiring
    from collector.answers import basic as answers
    from collector.answers import room as answers_room

    chosen = chosen_filters(filters)
    with wiring.reading(settings.load()) as connection:
        now = utc_now()
        found = answers.room(connection, period, chosen, now)
        found = answers_room.explained(connection, found, period, chosen, now)
    if as_json:
        print_json(found)
        return
    print_line(f"Room over {period}, known through {found['as_of'] or 'nothing yet'}")
    print_table(
        ("deployment", "model", "sku", "busiest minute", "limit", "left", "throttled", "full"),
        (
            (
                row["deployment"],
                row["model"],
                row["sku"],
                _number(row["peak_tpm"], "TPM"),
                _number(row["limit_tpm"], "TPM"),
                _number(row["headroom_tpm"], "TPM"),
                f"{row['throttled']:,} of {row['requests']:,}",
                row["full"] or "unknown",
            )
            for row in found["deployments"]
        ),
    )
    for row in (row for row in found["quotas"] if _share(row) >= Decimal("0.8")):
        print_line(
            f"Quota {row['usage_name']} in {row['location']}: {row['current']} of {row['limit']} allocated"
        )


@room.command()
@click.option("--deployment", help="Only this deployment (default: all that were throttled).")
@click.option("--period", default="7d", show_default=True, help="1d, 7d, 30d, 90d or a month.")
@filter_options
@json_option
def diagnose(deployment: str | None, period: str, as_json: bool, **filters: tuple[str, ...]) -> None:
    """Why requests were refused: the likely cause, its evidence and what usually helps."""
    from collector import settings, wiring
    from collector.answers import room as answers_room

    chosen = settings.load()
    with _as_usage(), wiring.reading(chosen) as connection:
        found = answers_room.diagnoses(_asked(connection, chosen, filters), period, deployment)
    if as_json:
        print_json(found)
        return
    for row in found["deployments"]:
        print_line(f"{row['deployment']} ({row['model']}, {row['sku']}, {row['location']}): {row['cause']}")
        print_line(f"    {row['diagnosis']}")
    if not found["deployments"]:
        print_line(f"No request was refused or spilled in {period}, as far as is known.")


@room.command()
@click.option(
    "--can-wait",
    multiple=True,
    help="A share of a deployment's load that may be answered within a day: chat-prod=0.3 (may be repeated).",
)
@click.option("--what-if", "what_if", help="As for room: growth=1.5 or model=gpt-4o->gpt-5-mini.")
@filter_options
@json_option
def advice(can_wait: tuple[str, ...], what_if: str | None, as_json: bool, **filters: tuple[str, ...]) -> None:
    """What to do about room, most urgent first, with the exact change; from the last 30 days."""
    found = _advised(what_if, filters, can_wait)
    if as_json:
        print_json(found)
        return
    _tell_advice(found)


@room.command()
@click.option("--model", required=True, help="Model name, such as gpt-5.4.")
@click.option("--tpm", required=True, type=int, help="Tokens a minute that are needed.")
@click.option("--sku", help="Only this SKU, such as DataZoneStandard.")
@click.option("--version", help="Only this model version.")
@click.option("--zone", type=click.Choice(["us", "eu"]), help="Prompts must stay in this data zone.")
@filter_options
@json_option
def fit(
    model: str, tpm: int, sku: str | None, version: str | None, zone: Any, as_json: bool, **filters: tuple[str, ...]
) -> None:  # fmt: skip
    """Where a new deployment fits: every subscription and location that offers it, best first."""
    from collector import settings, wiring
    from collector.answers import room as answers_room
    from collector.domain.advice.fit import FitQuestion

    subscriptions = filters["subscription"]
    chosen = settings.load()
    with _as_usage(), wiring.reading(chosen) as connection:
        question = FitQuestion(model, tpm, sku, version, zone, subscriptions[0].lower() if len(subscriptions) == 1 else None)  # fmt: skip
        found = answers_room.fit(_asked(connection, chosen, {**filters, "subscription": ()}), question)
        if len(subscriptions) > 1:
            wanted = {one.lower() for one in subscriptions}
            found["places"] = [one for one in found["places"] if one["subscription_id"] in wanted]
    if as_json:
        print_json(found)
        return
    print_line(f"{model} with {tpm:,} tokens a minute, known through {found['as_of'] or 'nothing yet'}")
    print_table(
        ("fits", "location", "sku", "version", "units", "free", "Azure has", "price", "ends", "processed", "subscription"),
        (
            (
                "yes" if one["fits"] else f"{one['short']:,} short",
                one["location"],
                one["sku"],
                one["version"],
                f"{one['units']:,}",
                f"{one['free_units']:,}",
                "unknown" if one["available"] is None else f"{one['available']:,}",
                "unknown" if one["price_ratio"] is None else f"× {one['price_ratio']:.2f}",
                one["ends_on"] or "no date",
                one["processed"],
                one["subscription_id"],
            )
            for one in found["places"]
        ),
    )  # fmt: skip
    if not any(one["fits"] for one in found["places"]):
        _tell_what_to_move(found["places"])
    for one in found["elsewhere"]:
        print_line(
            f"Azure also has {one['available']:,} units of {one['sku']} {one['version']} in {one['location']}; "
            "your quota there is unknown, since no account lies there"
        )


@room.command()
@filter_options
@json_option
def units(as_json: bool, **filters: tuple[str, ...]) -> None:
    """How well provisioned units are used, what spills, and which size would cost least; from the last 30 days."""
    from collector import settings, wiring
    from collector.answers import room as answers_room

    chosen = settings.load()
    with wiring.reading(chosen) as connection:
        found = answers_room.units(_asked(connection, chosen, filters))
    if as_json:
        print_json(found)
        return
    for one in found["deployments"]:
        use = one["use"]
        peak = "unknown" if use["peak"] is None else f"{use['peak']:.0f} %"
        print_line(
            f"{one['deployment']} ({one['model']}, {one['sku']}): {use['units']:,} units, highest use {peak}, "
            f"{use['minutes_full']:,} minutes full, {use['spilled']:,} requests spilled"
        )
        for term, curve in one["curves"].items():
            best = curve["cheapest"]
            print_line(
                f"    bought {term}: cheapest with {best['units']:,} units at {Decimal(best['unit_cost']) + Decimal(best['spilled_cost']):,.2f} "
                f"{curve['currency']}, all by the token {Decimal(curve['token_cost']):,.2f}; never full with "
                f"{curve['never_throttles']['units']:,}"
            )
        if one["why_no_curve"]:
            print_line(f"    no curve: {one['why_no_curve']}")
    if not found["deployments"]:
        print_line("No deployment with provisioned units whose minutes are known.")


def _suppose(text: str, as_json: bool, filters: Mapping[str, tuple[str, ...]]) -> None:
    found = _advised(text, filters)
    if as_json:
        print_json(found)
        return
    print_line(f"Supposing {text}: {found['changed']} deployments change")
    if found["not_offered"]:
        print_line(f"Not offered where they are: {', '.join(found['not_offered'])}")
    print_table(
        ("deployment", "model", "busiest minute", "limit", "left"),
        (
            (
                row["deployment"],
                row["model"],
                _number(row["peak_tpm"], "TPM"),
                _number(row["limit_tpm"], "TPM"),
                _number(row["headroom_tpm"], "TPM"),
            )
            for row in sorted(found["deployments"], key=lambda row: -(row["used_share"] or 0))
        ),
    )
    _tell_advice(found)


def _advised(
    what_if: str | None, filters: Mapping[str, tuple[str, ...]], can_wait: tuple[str, ...] = ()
) -> Json:
    from collector import settings, wiring
    from collector.answers import room as answers_room
    from collector.domain.advice.what_if import parse_what_if

    chosen = settings.load()
    with _as_usage():
        supposed = None if what_if is None else parse_what_if(what_if)
        waiting = dict(map(_waiting, can_wait))
        with wiring.reading(chosen) as connection:
            asked = _asked(connection, chosen, filters)
            found = answers_room.advice(asked, can_wait=waiting, what_if=supposed)
    return found if what_if is None else {"what_if": what_if, **found}


def _waiting(text: str) -> tuple[str, float]:
    name, _, share = text.rpartition("=")
    try:
        value = float(share)
    except ValueError:
        value = -1.0
    if not name or not 0 < value <= 1:
        raise ValueError(
            f"--can-wait {text!r}: expected a deployment and a share of it, such as chat-prod=0.3"
        )
    return name.casefold(), value


def _tell_advice(found: Json) -> None:
    if not found["recommendations"]:
        print_line("Nothing to do about room, as far as is known.")
    for number, one in enumerate(found["recommendations"], start=1):
        saves = one["saves"]
        money = (
            "" if saves is None else f" Saves {Decimal(saves['amount']):,.2f} {saves['currency']} a month."
        )
        print_line(f"{number}. {one['summary']}{money}")
        if one["residency"]:
            print_line(f"    {one['residency']}")
        for change in one["changes"]:
            if change["command"]:
                print_line(f"    {change['command']}")
        if one["request"]:
            asked = one["request"]
            print_line(
                f"    Request form: {asked['usage_name'] or asked['sku']} in {asked['location']}, from "
                f"{asked['current_limit_units']} to {asked['requested_limit_units']} units. {asked['justification']}"
            )
        print_line(f"    Supposes: {one['assumption']}")


def _tell_what_to_move(places: list[Json]) -> None:
    for one in places:
        if one["frees"]:
            spare = ", ".join(f"{free['units']:,} of {free['deployment']}" for free in one["frees"])
            print_line(f"It would fit in {one['location']} as {one['sku']} after lowering: {spare}")


def _number(value: int | None, unit: str) -> str:
    return "unknown" if value is None else f"{value:,} {unit}"


def _share(row: Json) -> Decimal:
    limit = Decimal(row["limit"])
    return Decimal(row["current"]) / limit if limit else Decimal(0)
