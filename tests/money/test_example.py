"""The worked example of docs/money.md, worked out again."""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collector.domain.money.calibration import BilledQuantity, Learned, lessons
from collector.domain.money.charge_prices import Pricing
from collector.domain.money.charge_types import Charge
from collector.domain.money.reconciliation import AccountMonth, BilledPart, EstimatedPart, reconcile
from collector.domain.money.reconciliation_meters import MeterBook
from collector.domain.money.reservations import MONTHLY, Holding, Reservation, covered, uses
from collector.domain.money.reserved_charges import RESERVED, with_reserved
from collector.domain.periods import DAY, Month, Window, midnight
from collector.domain.pricing import PriceBook
from tests.domain.money.builders import (
    ACCOUNT,
    CACHED,
    INPUT,
    OUTPUT,
    a_charge,
    a_deployment,
    an_hour,
    charged,
)
from tests.domain.pricing.builders import a_row

DOC = Path(__file__).resolve().parents[2] / "docs" / "money.md"
OCTOBER = Month(2026, 10)
METER = {"input": INPUT, "cached_input": CACHED, "output": OUTPUT}
UNITS = "GlobalProvisionedManaged"
MILLION = Decimal(1_000_000)
CENT = Decimal("0.01")


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    return tomllib.loads(DOC.read_text(encoding="utf-8").split("```toml")[1].split("```")[0])


@pytest.fixture(scope="module")
def meters(example: dict[str, Any]) -> MeterBook:
    return MeterBook(rows(example))


def rows(example: dict[str, Any]) -> list[Any]:
    return [a_row(METER[kind], price) for kind, price in example["list_price_per_million"].items()]


@pytest.fixture(scope="module")
def charges(example: dict[str, Any], meters: MeterBook) -> list[Charge]:
    billed = [
        BilledQuantity(ACCOUNT, "", METER[kind], Decimal(tokens) / MILLION)
        for kind, tokens in example["september_bill_tokens"].items()
    ]
    learned = Learned.of(lessons(OCTOBER, billed, meters))
    family = meters.family_of("gpt-5.4", "2026-03-05", "GlobalStandard")
    pricing = Pricing(
        PriceBook(rows(example)), lambda account, _, kind, day: learned.of_day(account, family, kind, day)
    )
    a_day = [example["october_tokens"][name] // len(OCTOBER.days) for name in ("prompt", "completion")]
    return [
        charge
        for day in OCTOBER.days
        for charge in charged(
            a_deployment(),
            [an_hour(*a_day, hour=midnight(day))],
            pricing,
            day=day,
            now=OCTOBER.window.end,
        )
    ]


def total(amounts: list[Decimal | None]) -> Decimal:
    return sum((amount or Decimal(0) for amount in amounts), Decimal(0))


def test_the_estimate(example: dict[str, Any], charges: list[Charge]) -> None:
    said = example["october_estimate"]

    for kind in METER:
        assert Decimal(said[kind]) == total([one.cost for one in charges if one.kind == kind])
    assert [Decimal(said[name]) for name in ("cost", "low", "high")] == [
        total([one.cost for one in charges]),
        total([one.low for one in charges]),
        total([one.high for one in charges]),
    ]


def test_the_reconciliation(example: dict[str, Any], charges: list[Charge], meters: MeterBook) -> None:
    family = meters.family_of("gpt-5.4", "2026-03-05", "GlobalStandard")
    assert family is not None
    off = Decimal(100 - example["october_bill"]["discount_percent"]) / 100
    bill = [
        BilledPart(
            ACCOUNT,
            "USD",
            family,
            str(family),
            kind,
            "standard",
            "short",
            Decimal(tokens),
            Decimal(tokens) / MILLION * Decimal(example["list_price_per_million"][kind]) * off,
        )
        for kind, tokens in example["october_bill_tokens"].items()
    ]
    estimate = [
        EstimatedPart(ACCOUNT, "USD", family, one.kind, one.tier, one.quantity, one.cost, calibrated=True)
        for one in charges
    ]

    (found,) = reconcile(estimate, bill, {ACCOUNT: AccountMonth(1.0, True)})

    said = example["october_reconciliation"]
    causes = {cause.name: (cause.amount or Decimal(0)).quantize(CENT) for cause in found.causes}
    assert found.bill is not None
    assert found.ratio is not None
    assert found.difference is not None
    assert Decimal(example["october_bill"]["bill"]) == found.bill.quantize(CENT)
    assert (Decimal(said["difference"]), said["status"]) == (found.difference.quantize(CENT), found.status)
    assert Decimal(said["ratio_percent"]) == (found.ratio * 100).quantize(Decimal("0.1"))
    assert {
        "negotiated rate": Decimal(said["negotiated_rate"]),
        "cached share": Decimal(said["cached_share"]),
    } == causes


def test_the_reservation_beside_it(example: dict[str, Any]) -> None:
    said = example["reservation"]
    ahead = Reservation(
        "ptu", UNITS, said["units"], OCTOBER.first_day, Decimal(said["price"]), "USD", MONTHLY
    )
    held = Holding(ACCOUNT, "units", "s", "eastus2", "USD", UNITS, said["needed_units"], OCTOBER.window)
    price = Decimal(said["list_price_per_hour"])
    paid, by_the_hour = Decimal(0), Decimal(0)
    days = [Window(midnight(day), midnight(day) + DAY) for day in OCTOBER.days]
    for day in days:
        hours = Decimal(said["needed_units"] * 24)
        plain = a_charge("ptu_hour", str(hours), str(hours * price), sku=UNITS)
        (parts,) = covered([ahead], [held], day).values()
        for charge in with_reserved([plain], parts, {"ptu": ahead}):
            cost = charge.cost or Decimal(0)
            paid, by_the_hour = (
                (paid + cost, by_the_hour) if charge.tier == RESERVED else (paid, by_the_hour + cost)
            )

    (use,) = uses([ahead], [held], days)

    assert Decimal(said["hourly"]) == ahead.hourly
    assert (said["paid_hours"], Decimal(said["unused"])) == (use.paid_hours, use.unused_cost)
    assert Decimal(said["coverage_percent"]) == (use.coverage or 0) * 100
    assert (Decimal(said["paid_ahead"]), Decimal(said["by_the_hour"])) == (paid.quantize(CENT), by_the_hour)
    assert use.cost == paid
