"""The customer's own prices go first, and a bad one names its key."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from collector.domain.pricing import (
    Ambiguous,
    ModelNote,
    PriceBook,
    Priced,
    PriceNotes,
    Unpriced,
    parse_rates,
)
from tests.domain.pricing.builders import a_row, asked

GOOD = {"kind": "input", "price": "2.00", "per": "1M tokens", "currency": "EUR", "from": date(2026, 1, 1)}
INPUT = "5.4 inp Gl 1M Tokens"

BAD = {
    "unknown key": ({"modle": "gpt-5.4"}, "rates[0].modle='gpt-5.4': expected one of the keys"),
    "no day": ({"from": None}, "rates[0].from=None: expected a day such as 2026-01-01"),
    "no such day": ({"from": "2026-02-30"}, "rates[0].from='2026-02-30': expected a day"),
    "ends before it starts": ({"until": "2025-12-31"}, "rates[0].until="),
    "no price": ({"price": None}, "rates[0].price=None: expected either price or percent_off"),
    "both": ({"percent_off": 10}, "expected either price or percent_off"),
    "a price that is no number": ({"price": "two"}, "rates[0].price='two': expected a number"),
    "not a number": ({"price": "NaN"}, "rates[0].price='NaN': expected a finite number"),
    "negative": ({"price": -1}, "rates[0].price=Decimal('-1'): expected a price above 0"),
    "everything off": ({"price": None, "percent_off": 100}, "expected a percentage between 0 and 100"),
    "no currency": ({"currency": None}, "rates[0].currency=None: expected a three-letter code such as 'EUR'"),
    "a currency's name": ({"currency": "euro"}, "rates[0].currency='euro': expected a three-letter code"),
    "no kind": ({"kind": None}, "rates[0].kind=None: expected a kind"),
    "unknown kind": ({"kind": "tokens"}, "rates[0].kind='tokens': expected one of input,"),
    "unknown tier": ({"tier": "gold"}, "rates[0].tier='gold': expected one of standard"),
    "unknown SKU": ({"sku": "Moon"}, "rates[0].sku='Moon': expected a SKU such as"),
    "a unit of another kind": ({"per": "1 hour"}, "rates[0].per='1 hour': expected a number of tokens"),
    "no unit": ({"per": None}, "rates[0].per=None: expected a number of tokens"),
    "zero units": ({"per": "0 tokens"}, "rates[0].per='0 tokens'"),
    "a flag that is none": ({"fine_tuned": "yes"}, "rates[0].fine_tuned='yes': expected true or false"),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_a_bad_rate_names_its_key_and_what_would_be_right(changes: dict[str, object], message: str) -> None:
    table = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}

    with pytest.raises(ValueError, match="rates") as raised:
        parse_rates([table])

    assert message in str(raised.value)


def price_on(tables: list[dict[str, object]], day: str = "2026-07-01", **changes: object) -> Any:
    answer = PriceBook([a_row(INPUT, "2.5")], rates=parse_rates(tables)).price_at(asked(on=day, **changes))
    return (
        (answer.unit_price * 1_000_000, answer.currency, answer.step)
        if isinstance(answer, Priced)
        else answer
    )


def test_a_rate_is_of_one_unit_in_its_own_currency() -> None:
    assert (Decimal("2.00"), "EUR", "rate") == price_on([GOOD])
    assert (Decimal("2.00"), "EUR", "rate") == price_on([{**GOOD, "price": 0.002, "per": "1K tokens"}])


def test_a_rate_holds_from_its_first_day_to_its_last() -> None:
    rate = {**GOOD, "from": "2026-07-02", "until": "2026-07-03"}

    steps = [price_on([rate], f"2026-07-0{day}")[2] for day in (1, 2, 3, 4)]

    assert ["meter-name", "rate", "rate", "meter-name"] == steps


def test_the_most_precise_rate_wins_and_two_of_a_kind_are_ambiguous() -> None:
    precise = {**GOOD, "model": "gpt-5.4", "price": "1.50"}

    assert (Decimal("1.50"), "EUR", "rate") == price_on([GOOD, precise])
    assert isinstance(price_on([GOOD, {**GOOD, "price": "3"}]), Ambiguous)
    assert (Decimal("2.00"), "EUR", "rate") == price_on([GOOD, GOOD])


@pytest.mark.parametrize(
    "field", [{"model": "gpt-5"}, {"sku": "Standard"}, {"location": "westeurope"}, {"tier": "flex"}]
)
def test_a_rate_covers_only_what_it_names(field: dict[str, object]) -> None:
    assert "meter-name" == price_on([{**GOOD, **field}])[2]


def test_a_location_may_be_written_as_people_write_it() -> None:
    assert "rate" == price_on([{**GOOD, "location": "East US 2"}])[2]


def test_a_percentage_off_takes_the_list_price_and_keeps_its_meter() -> None:
    off = {"percent_off": 20, "from": "2026-01-01"}
    answer = PriceBook([a_row(INPUT, "2.5")], rates=parse_rates([off])).price_at(asked())

    assert isinstance(answer, Priced)
    assert (Decimal("0.000002"), "rate", INPUT) == (answer.unit_price, answer.step, answer.meter_name)
    assert isinstance(PriceBook(rates=parse_rates([off])).price_at(asked()), Unpriced)


def test_a_percentage_off_in_one_currency_leaves_the_others_alone() -> None:
    off = {"percent_off": 20, "currency": "EUR", "from": "2026-01-01"}

    assert (Decimal("2.5"), "USD", "meter-name") == price_on([off])


def test_what_is_billed_as_input_takes_the_input_rate_once() -> None:
    notes = PriceNotes(cached_as_input=(ModelNote("gpt-5.4", "test"),))

    def cached(table: dict[str, object]) -> Decimal:
        book = PriceBook([a_row(INPUT, "2.5")], rates=parse_rates([table]), notes=notes)
        answer = book.price_at(asked(kind="cached_input"))
        assert isinstance(answer, Priced)
        return answer.unit_price * 1_000_000

    assert Decimal(2) == cached(GOOD)
    assert Decimal(2) == cached({"percent_off": 20, "from": "2026-01-01"})
    assert Decimal(2) == cached({"percent_off": 20, "kind": "input", "from": "2026-01-01"})


def test_the_order_of_rates_does_not_matter() -> None:
    other = {**GOOD, "kind": "output", "price": "7"}

    assert price_on([GOOD, other]) == price_on([other, GOOD])


def test_an_hour_of_provisioned_throughput_has_its_own_unit() -> None:
    table = {**GOOD, "kind": "ptu_hour", "price": "0.7", "per": "1 PTU hour"}
    answer = PriceBook(rates=parse_rates([table])).price_at(
        asked(kind="ptu_hour", sku="GlobalProvisionedManaged")
    )

    assert isinstance(answer, Priced)
    assert (Decimal("0.7"), "1 PTU hour") == (answer.unit_price, answer.per)
