"""Money on a terminal or for a script: what it cost, what it will, what units came to, what need not be spent, why it changed."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import click

from collector.cli.shared import (
    DAY,
    LOOK,
    MONTH,
    chosen_filters,
    filter_options,
    json_option,
    print_json,
    print_line,
    print_table,
    span,
    utc_now,
)
from collector.domain.periods import Month, month_of

Json = Mapping[str, Any]
_LEVELS: Final = ("everything", "subscription", "account", "deployment", "model", "team")
_MONTH: Final = click.option(
    "--month",
    type=MONTH,
    help="UTC month such as 2026-10 (default: the last one that is over, else this one).",
)


@click.group(invoke_without_command=True)
@click.option("--from", "since", type=DAY, help="First UTC day (default: the first of this month).")
@click.option("--to", "until", type=DAY, help="First UTC day that is not counted (default: tomorrow).")
@click.option("--by", type=click.Choice(["day"]), help="Split every row by day.")
@click.option(
    "--basis",
    type=click.Choice(["estimate", "bill"]),
    default="estimate",
    show_default=True,
    help="bill: closed months as billed, allocated to deployments; the open month as estimated.",
)
@filter_options
@json_option
@click.pass_context
def cost(
    ctx: click.Context,
    since: date | None,
    until: date | None,
    by: str | None,
    basis: str,
    as_json: bool,
    **filters: tuple[str, ...],
) -> None:
    """What it cost, by deployment and kind of use, and what has no price."""
    if ctx.invoked_subcommand is not None:
        return
    from collector import settings, wiring
    from collector.answers import basic as answers

    if by and basis == "bill":
        raise click.UsageError(
            "--by day and --basis bill: a bill is allocated by the month; expected one of them"
        )
    now = utc_now()
    window = span(since, until, now.date().replace(day=1), now)
    chosen, chosen_part = settings.load(), chosen_filters(filters)
    rules = wiring.money_rules(chosen)
    with wiring.reading(chosen) as connection:
        reserved = answers.reserved(connection, window, chosen_part, rules, now)
        found = answers.cost(
            connection, window, chosen_part, now=now, by_day=by == "day", basis=basis, reserved=reserved
        )
    if as_json:
        print_json(found)
        return
    print_line(
        f"Cost {found['period']['from']} to {found['period']['to']} (UTC), known through {found['as_of'] or 'nothing yet'}"
    )
    print_table(
        ("deployment", "model", "sku", "kind", "quantity", "cost", "how"),
        (
            (
                row["deployment"],
                row["model"],
                row["sku"],
                row["kind"],
                f"{Decimal(row['quantity']):,.0f} × {row['unit']}",
                f"{Decimal(row['cost']):,.2f} {row['currency']}",
                row["step"] or row["basis"],
            )
            for row in found["rows"]
        ),
        if_none=f"No use has a price in these days. {LOOK}",
    )
    for total in found["totals"]:
        print_line(
            f"Total {Decimal(total['cost']):,.2f} {total['currency']}, {_basis_words(found['rows'])} (between {Decimal(total['low']):,.2f} and {Decimal(total['high']):,.2f})"
        )
    for one in found["reservations"]:
        print_line(_reserved_words(one))
    for row in found["unpriced"]:
        print_line(
            f"Unpriced: {row['deployment']} {row['kind']} {Decimal(row['quantity']):,.0f}: {row['why']}"
        )


@cost.command()
@click.option(
    "--by",
    type=click.Choice(_LEVELS),
    default="everything",
    show_default=True,
    help="Forecast every one of these.",
)
@filter_options
@json_option
def forecast(by: str, as_json: bool, **filters: tuple[str, ...]) -> None:
    """What the month will come to, with its interval and past error; how budgets burn; strange days and their cause."""
    from collector import settings, wiring
    from collector.answers import money

    chosen = settings.load()
    with wiring.reading(chosen) as connection:
        asked = money.Asked(connection, utc_now(), wiring.finance_rules(chosen), chosen_filters(filters))
        found = money.forecast(asked, by)
    if as_json:
        print_json(found)
        return
    print_line(
        f"{found['month']}, estimated through {found['through']} (UTC); intervals hold four times in five"
    )
    print_table(
        (by, "so far", "month end", "between", "past error", "last week's", "month before"),
        [_part_words(one, by) for one in found["parts"]],
    )
    for one in found["budgets"]:
        print_line(_budget_words(one))
    for one in found["strange_days"]:
        name = "" if by == "everything" else f" {(one['key'] or '').rpartition('/')[2] or 'no ' + by}"
        print_line(
            f"Strange day {one['day']}{name}: {_money(one['cost'])} {one['currency']}, expected {_money(one['expected'])}; {one['cause']}"
        )


@cost.command()
@_MONTH
@click.option(
    "--by",
    type=click.Choice(("model", "team", "deployment", "sku", "account")),
    default="model",
    show_default=True,
    help="One line for every one of these.",
)
@filter_options
@json_option
def units(month: Month | None, by: str, as_json: bool, **filters: tuple[str, ...]) -> None:
    """What a million tokens and a request came to, and provisioned units beside the same by the token."""
    found = _asked_of_month("units", month, filters, by)
    if as_json:
        print_json(found)
        return
    print_table(
        (by, "cost", "per 1M", "input", "cached", "output", "per request"),
        [
            (
                one["key"].rpartition("/")[2] or f"no {by}",
                f"{_money(one['cost'])} {one['currency']}",
                *(_price(one[name]) for name in ("per_million", "per_million_input", "per_million_cached")),
                _price(one["per_million_output"]),
                _price(one["per_request"]),
            )
            for one in found["rows"]
        ],
    )
    print_table(
        ("provisioned", "cost", "mean use", "per 1M", "by the token", "pays from"),
        [
            (
                one["deployment"],
                f"{_money(one['cost'])} {one['currency']}",
                _share(one["utilisation"]),
                _price(one["per_million"]),
                _price(one["by_token_per_million"]),
                _share(one["pays_from"]),
            )
            for one in found["provisioned"]
        ],
    )
    for one in found["provisioned"]:
        if one["spillover"] is not None:
            print_line(_spilled(one))


def _spilled(one: Mapping[str, Any]) -> str:
    told = one["spillover"]
    what = f"{one['deployment']}: {told['requests']:,} requests spilled"
    if told["cost"] is None:
        return f"{what}, at an unknown cost: {told['assumes']}."
    return (
        f"{what} to {told['to']} and cost {_money(told['cost'])} {one['currency']} there "
        f"({told['sure']}: {told['assumes']})."
    )


@cost.command()
@_MONTH
@filter_options
@json_option
def savings(month: Month | None, as_json: bool, **filters: tuple[str, ...]) -> None:
    """Money that need not be spent, each with what it assumes and what speaks for it; the largest first."""
    found = _asked_of_month("savings", month, filters)
    if as_json:
        print_json(found)
        return
    print_table(
        ("deployment", "what", "a month", "of", "sure", "assumes that", "evidence"),
        [
            (
                one["deployment"],
                one["kind"],
                f"{_money(one['monthly'])} {one['currency']}",
                _money(one["cost"]),
                one["sure"],
                one["assumes"],
                one["evidence"],
            )
            for one in found["savings"]
        ],
    )
    for one in found["worth"]:
        print_line(
            f"{found['month']}: likely {_money(one['likely'])} {one['currency']}, possible on top {_money(one['possible'])}; of each deployment the largest only"
        )
    if not found["savings"]:
        print_line(f"{found['month']}: nothing was found that would save a unit of money or more")


@cost.command()
@_MONTH
@filter_options
@json_option
def changes(month: Month | None, as_json: bool, **filters: tuple[str, ...]) -> None:
    """Why a month cost other than the one before, by volume, price and mix; of the running month as many days."""
    found = _asked_of_month("changes", month, filters)
    if as_json:
        print_json(found)
        return
    before, after = (f"{found[name]['from']} to {found[name]['to']}" for name in ("before", "after"))
    for one in found["changes"]:
        print_line(
            f"{one['currency']}: {_money(one['before'])} ({before}), then {_money(one['after'])} ({after}): volume {_money(one['volume'])}, price {_money(one['price'])}, mix {_money(one['mix'])}"
        )
        print_table(
            ("model, SKU, kind and tier", "before", "after"),
            [(part["key"], _money(part["before"]), _money(part["after"])) for part in one["parts"][:20]],
        )


def _asked_of_month(
    what: str, month: Month | None, filters: Mapping[str, tuple[str, ...]], *more: str
) -> Json:
    """The answer of a whole month; one that has not begun is refused."""
    from collector import settings, wiring
    from collector.answers import money

    now = utc_now()
    if month is not None and month.first_day > now.date():
        raise click.UsageError(f"--month {month}: expected a month that has begun, now is {month_of(now)}")
    chosen = settings.load()
    with wiring.reading(chosen) as connection:
        asked = money.Asked(connection, now, wiring.finance_rules(chosen), chosen_filters(filters))
        answer = {"units": money.units, "savings": money.savings, "changes": money.changes}[what]
        return answer(asked, wiring.money_rules(chosen), month or money.usual_month(asked), *more)


def _part_words(one: Json, by: str) -> tuple[str, ...]:
    name = (one["key"] or "").rpartition("/")[2] or ("everything" if by == "everything" else f"no {by}")
    so_far = f"{_money(one['spent'])} {one['currency']}"
    if one["forecast"] is None:
        return name, so_far, f"no forecast: {one['why_none']}", "", "", "", _money(one["before"])
    between = f"{_money(one['low'])} to {_money(one['high'])}"
    errors = (_share(one["error"]), _share(one["last_week_error"]))
    return name, so_far, _money(one["forecast"]), between, *errors, _money(one["before"])


def _budget_words(one: Json) -> str:
    spent = f"Budget {one['name']}: {_money(one['spent'])} of {_money(one['amount'])} {one['currency']} ({_share(one['share'])}), {one['standing']}"
    when = (
        f"; used up on {one['spent_on']}, in {one['days_left']} days at the present pace"
        if one["spent_on"]
        else ""
    )
    coming = f"; month end {_money(one['low'])} to {_money(one['high'])}" if one["forecast"] else ""
    return spent + when + coming


def _money(amount: str | None) -> str:
    return "unknown" if amount is None else f"{Decimal(amount):,.2f}"


def _price(amount: str | None) -> str:
    return "" if amount is None else f"{Decimal(amount):,.4f}"


def _share(share: float | str | None) -> str:
    return "" if share is None else f"{float(share):.1%}"


def _reserved_words(one: Json) -> str:
    used, covered = (
        "unknown" if one[name] is None else f"{Decimal(one[name]):.1%}"
        for name in ("utilisation", "coverage")
    )
    return (
        f"Reservation {one['name']} ({one['source']}): {Decimal(one['units']):,.0f} units, {used} of "
        f"{Decimal(one['paid_hours']):,.0f} paid unit-hours used, {covered} of the need covered; unused commitment "
        f"{Decimal(one['unused_cost']):,.2f} {one['currency']}, beside the total"
    )


def _basis_words(rows: Sequence[Json]) -> str:
    billed = {row["basis"] == "billed" for row in rows}
    if billed == {True, False}:
        return "billed where a month is closed, else estimated"
    return "as billed" if billed == {True} else "estimated"


COMMANDS = (cost,)
