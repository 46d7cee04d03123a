"""Room on a terminal or for a script: how much is left, why requests were refused, what to do, where a deployment fits."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from collector.cli.room_texts import (
    tell_advice,
    tell_diagnoses,
    tell_fit,
    tell_room,
    tell_supposed,
    tell_units,
)
from collector.cli.shared import (
    chosen_filters,
    filter_options,
    json_option,
    print_json,
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
    from collector.answers.asked import Asked

    return Asked(connection, utc_now(), wiring.money_rules(chosen), chosen_filters(filters))


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
    tell_room(found, period)


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
    tell_diagnoses(found)


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
    tell_advice(found)


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
    from collector.answers import fit as answers_fit
    from collector.domain.advice.fit import FitQuestion

    subscriptions = filters["subscription"]
    chosen = settings.load()
    with _as_usage(), wiring.reading(chosen) as connection:
        question = FitQuestion(model, tpm, sku, version, zone, subscriptions[0].lower() if len(subscriptions) == 1 else None)  # fmt: skip
        found = answers_fit.fit(_asked(connection, chosen, {**filters, "subscription": ()}), question)
        if len(subscriptions) > 1:
            wanted = {one.lower() for one in subscriptions}
            found["places"] = [one for one in found["places"] if one["subscription_id"] in wanted]
    if as_json:
        print_json(found)
        return
    tell_fit(found)


@room.command()
@filter_options
@json_option
def units(as_json: bool, **filters: tuple[str, ...]) -> None:
    """How well provisioned units are used, what spills, and which size would cost least; from the last 30 days."""
    from collector import settings, wiring
    from collector.answers import units as answers_units

    chosen = settings.load()
    with wiring.reading(chosen) as connection:
        found = answers_units.units(_asked(connection, chosen, filters))
    if as_json:
        print_json(found)
        return
    tell_units(found)


def _suppose(text: str, as_json: bool, filters: Mapping[str, tuple[str, ...]]) -> None:
    found = _advised(text, filters)
    if as_json:
        print_json(found)
        return
    tell_supposed(found, text)


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
