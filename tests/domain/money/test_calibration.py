"""What the bill of the days before a month teaches about the tokens of that month."""

from datetime import date
from decimal import Decimal

import pytest

from collector.domain.money.calibration import BilledQuantity, Learned, Lesson, learning_days, lessons
from collector.domain.money.reconciliation_meters import MeterBook, key_of_nameless
from collector.domain.periods import Month
from tests.domain.money.builders import ACCOUNT, CACHED, INPUT, OUTPUT
from tests.domain.pricing.builders import a_row

OCTOBER = Month(2026, 10)
METERS = MeterBook([a_row(name, "1", meter_id=f"id-{name}") for name in (INPUT, CACHED, OUTPUT)])
FAMILY = METERS.family_of("gpt-5.4", "2026-03-05", "GlobalStandard")


def billed(name: str, quantity: str) -> BilledQuantity:
    return BilledQuantity(ACCOUNT, f"id-{name}", name, Decimal(quantity))


def test_a_month_learns_from_28_days_that_were_closed_when_it_began() -> None:
    window = learning_days(OCTOBER)

    assert (date(2026, 8, 30), date(2026, 9, 27)) == (window.start.date(), window.end.date())


def test_the_share_is_cached_of_cached_and_uncached_and_output_has_no_part_in_it() -> None:
    found = lessons(OCTOBER, [billed(INPUT, "3"), billed(CACHED, "1"), billed(OUTPUT, "9")], METERS)

    assert {
        Lesson(
            ACCOUNT,
            OCTOBER.first_day,
            str(FAMILY),
            "input",
            "cached_input",
            Decimal("0.25"),
            Decimal(4_000_000),
        ),
        Lesson(
            ACCOUNT, OCTOBER.first_day, str(FAMILY), "input", "input", Decimal("0.75"), Decimal(4_000_000)
        ),
    } == set(found)


def test_charging_asks_by_family_kind_and_day() -> None:
    learned = Learned.of(lessons(OCTOBER, [billed(INPUT, "3"), billed(CACHED, "1")], METERS))

    assert {"cached_input": Decimal("0.25")} == learned.of_day(ACCOUNT, FAMILY, "input", date(2026, 10, 31))
    assert None is learned.of_day(ACCOUNT, FAMILY, "input", date(2026, 11, 1))
    assert None is learned.of_day(ACCOUNT, FAMILY, "output", date(2026, 10, 31))


def test_a_bill_without_cached_tokens_teaches_that_there_were_none() -> None:
    learned = Learned.of(lessons(OCTOBER, [billed(INPUT, "3")], METERS))

    assert {} == learned.of_day(ACCOUNT, FAMILY, "input", date(2026, 10, 5))


@pytest.mark.parametrize("quantities", [("0.0001", "0.0001"), ("3", "-1")])
def test_next_to_nothing_and_refunds_teach_nothing(quantities: tuple[str, str]) -> None:
    uncached, cached = quantities
    assert [] == lessons(OCTOBER, [billed(INPUT, uncached), billed(CACHED, cached)], METERS)


def test_a_line_without_a_meter_id_is_known_by_its_name() -> None:
    line = BilledQuantity(ACCOUNT, key_of_nameless(CACHED), CACHED, Decimal(2))

    (found,) = lessons(OCTOBER, [line], METERS)

    assert ("cached_input", Decimal(1)) == (found.kind, found.share)


def test_a_partners_meter_is_of_no_family() -> None:
    meter = METERS.billed("x", "DeepSeek-V3 Inp glbl Tokens")

    assert (None, "Other: DeepSeek-V3 Inp glbl Tokens") == (meter.family, meter.label)


@pytest.mark.parametrize(
    ("model", "sku", "base", "label"),
    [
        ("gpt-5.4", "GlobalStandard", None, "gpt-5.4 Global"),
        ("gpt-5.4", "DataZoneBatch", None, "gpt-5.4 Data Zone, batch"),
        ("claims.ft-1", "GlobalStandard", "gpt-4.1-mini", "gpt-4.1-mini Global, fine-tuned"),
        ("gpt-4o", "ProvisionedManaged", None, "Provisioned Standard"),
    ],
)
def test_estimate_and_bill_speak_of_one_family(model: str, sku: str, base: str | None, label: str) -> None:
    assert label == str(METERS.family_of(model, None, sku, base_model=base))
