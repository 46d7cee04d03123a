"""Rows of the feed are taken whole or refused by name."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.pricing import (
    PriceBook,
    Priced,
    audit_meters,
    cost_kind,
    parse_retail_rows,
)
from tests.domain.pricing.builders import asked, instant

CAPTURED = instant("2026-08-14")
ITEM: dict[str, Any] = {
    "currencyCode": "USD",
    "tierMinimumUnits": 0.0,
    "retailPrice": 2.5,
    "unitPrice": 2.5,
    "armRegionName": "eastus2",
    "effectiveStartDate": "2026-03-01T00:00:00Z",
    "meterId": "ABC",
    "meterName": "5.4 inp Gl 1M Tokens",
    "productName": "Azure OpenAI GPT5",
    "skuName": "5.4 inp Gl",
    "serviceName": "Foundry Models",
    "unitOfMeasure": "1M",
    "type": "Consumption",
}


def test_a_row_is_kept_in_our_words() -> None:
    rows, rejected = parse_retail_rows([{**ITEM, "effectiveEndDate": "2026-08-31T23:59:00Z"}], CAPTURED)

    assert [] == rejected
    (row,) = rows
    assert ("abc", "eastus2", "USD", "Consumption", "", Decimal("2.5")) == (
        row.meter_id,
        row.region,
        row.currency,
        row.type,
        row.term,
        row.unit_price,
    )
    assert (CAPTURED, CAPTURED, "2026-08-31") == (row.captured_at, row.last_captured_at, str(row.ends_on))


UNFIT = {
    "negative": ({"retailPrice": -1}, "retailPrice -1 is negative"),
    "zero": ({"retailPrice": 0.0}, "is no price"),
    "absurd": ({"retailPrice": 10**6}, "is absurd"),
    "not a number": ({"retailPrice": float("nan")}, "expected a finite number"),
    "infinite": ({"retailPrice": float("inf")}, "expected a finite number"),
    "words": ({"retailPrice": "free"}, "retailPrice is 'free': expected a number"),
    "true": ({"retailPrice": True}, "retailPrice is True: expected a number"),
    "missing price": ({"retailPrice": None}, "retailPrice is None: expected a number"),
    "no currency": ({"currencyCode": ""}, "currencyCode is '': expected a text"),
    "no such currency": ({"currencyCode": "Dollars"}, "currencyCode 'DOLLARS': expected three letters"),
    "no region": ({"armRegionName": None}, "armRegionName is None: expected a text"),
    "no id": ({"meterId": ""}, "meterId is '': expected a text"),
    "no start": ({"effectiveStartDate": "soon"}, "effectiveStartDate is 'soon'"),
    "a reservation without a term": ({"type": "Reservation"}, "type 'Reservation' with reservationTerm ''"),
}


@pytest.mark.parametrize(("changes", "reason"), UNFIT.values(), ids=UNFIT)
def test_an_unfit_row_is_refused_by_name(changes: dict[str, Any], reason: str) -> None:
    rows, rejected = parse_retail_rows([{**ITEM, **changes}], CAPTURED)

    assert [] == rows
    assert [(ITEM["meterName"], False)] == [(one.meter_name, one.out_of_scope) for one in rejected]
    assert reason in rejected[0].reason


def test_an_item_without_any_key_is_refused_too() -> None:
    rows, rejected = parse_retail_rows([{}], CAPTURED)

    assert ([], 1) == (rows, len(rejected))


def test_rows_of_partners_are_out_of_scope_and_no_failure() -> None:
    rows, rejected = parse_retail_rows([{**ITEM, "productName": "Azure Grok Models"}], CAPTURED)

    assert ([], [True]) == (rows, [one.out_of_scope for one in rejected])


def test_an_unread_meter_is_kept_as_a_fact_and_audited() -> None:
    odd = {**ITEM, "meterId": "odd", "meterName": "5.4 inp hyper Gl 1M Tokens"}
    rows, rejected = parse_retail_rows([odd, ITEM], CAPTURED)
    audit = audit_meters(rows, rejected)

    assert (2, 1, 0.5) == (len(rows), audit.understood, audit.share)
    assert "unknown word 'hyper'" == audit.refused[0][2]


def test_prices_are_exact_from_the_first_figure() -> None:
    rows, _ = parse_retail_rows(
        [{**ITEM, "retailPrice": 0.1}, {**ITEM, "meterId": "b", "retailPrice": 8.3e-05}], CAPTURED
    )

    assert [Decimal("0.1"), Decimal("0.000083")] == [row.unit_price for row in rows]


def test_a_row_sent_twice_is_one_and_two_prices_for_one_key_are_none() -> None:
    once, none_rejected = parse_retail_rows([ITEM, ITEM], CAPTURED)
    none, rejected = parse_retail_rows([ITEM, {**ITEM, "retailPrice": 2.6}], CAPTURED)

    assert (1, []) == (len(once), none_rejected)
    assert [] == none
    assert all("two rows for one key" in one.reason for one in rejected)
    book = PriceBook(none, disputed=[one.row for one in rejected if one.row])
    assert not isinstance(book.price_at(asked()), Priced)


@given(st.permutations([{**ITEM, "meterId": str(index), "retailPrice": index + 1} for index in range(5)]))
def test_the_order_of_a_feed_changes_no_price(items: list[dict[str, Any]]) -> None:
    rows, _ = parse_retail_rows(items, CAPTURED)

    assert {(str(index), Decimal(index + 1)) for index in range(5)} == {
        (row.meter_id, row.unit_price) for row in rows
    }


@pytest.mark.parametrize(
    ("name", "sku", "expected"),
    [
        ("ContextToken", "Standard", ("input", "short")),
        ("NoCachedContextToken", "GlobalStandard", ("input", "short")),
        ("CachedContextToken", "GlobalStandard", ("cached_input", "short")),
        ("GeneratedToken", "GlobalStandard", ("output", "short")),
        ("TotalToken", "Standard", ("input", "short")),
        ("AudioContextToken", "GlobalStandard", ("audio_input", "short")),
        ("NoCachedAudioContextToken", "GlobalStandard", ("audio_input", "short")),
        ("CachedAudioContextToken", "GlobalStandard", ("cached_audio_input", "short")),
        ("AudioGeneratedToken", "GlobalStandard", ("audio_output", "short")),
        ("CachedImageContextToken", "GlobalStandard", ("cached_image_input", "short")),
        ("ImageGeneratedToken", "GlobalStandard", ("image_output", "short")),
        ("CachedLongContextContextToken", "GlobalStandard", ("cached_input", "long")),
        ("NoCachedLongContextContextToken", "GlobalStandard", ("input", "long")),
        ("LongContextContextToken", "GlobalBatch", ("input", "long")),
        ("LongContextGeneratedToken", "GlobalStandard", ("output", "long")),
        ("Hosting", "ProvisionedManaged", ("ptu_hour", "short")),
        ("Hosting", "GlobalStandard", ("hosting_hour", "short")),
        ("R1280x720D10", "GlobalStandard", None),
        ("SomethingToken", "GlobalStandard", None),
    ],
)
def test_cost_names_of_the_models_list_name_kinds(
    name: str, sku: str, expected: tuple[str, str] | None
) -> None:
    assert expected == cost_kind(name, sku)
