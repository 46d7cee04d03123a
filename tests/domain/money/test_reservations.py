"""Units paid ahead: used by the hour or lost, shared in proportion, never more than was needed or paid."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.money.reservation_settings import BadReservation, parse_reservations
from collector.domain.money.reservations import (
    MONTHLY,
    YEARLY,
    Holding,
    Reservation,
    ReservationUse,
    ReservedDay,
    billed_uses,
    covered,
    uses,
)
from collector.domain.money.reserved_charges import with_reserved
from collector.domain.periods import DAY, HOUR, Window
from tests.domain.money.builders import a_charge

START = datetime(2026, 10, 5, tzinfo=UTC)
TODAY = Window(START, START + DAY)
ACCOUNT, OTHER = UUID(int=1), UUID(int=2)
GLOBAL = "GlobalProvisionedManaged"


def a_reservation(**changes: object) -> Reservation:
    plain: dict[str, object] = {
        "name": "ptu",
        "sku": GLOBAL,
        "units": 40,
        "starts_on": date(2026, 1, 1),
        "price": Decimal(365),
        "currency": "USD",
    }
    return Reservation(**{**plain, **changes})  # pyright: ignore[reportArgumentType]  # fields by name


def a_holding(units: int = 50, span: Window = TODAY, **changes: object) -> Holding:
    plain: dict[str, object] = {
        "account_key": ACCOUNT,
        "deployment": "chat",
        "subscription_id": "s1",
        "location": "eastus2",
        "currency": "USD",
        "sku": GLOBAL,
        "units": units,
        "span": span,
    }
    return Holding(**{**plain, **changes})  # pyright: ignore[reportArgumentType]  # fields by name


def hours(
    reservations: list[Reservation], holdings: list[Holding], span: Window = TODAY
) -> dict[str, Decimal]:
    found = covered(reservations, holdings, span)
    return {name: sum(parts.values(), Decimal(0)) for (_, name), parts in found.items()}


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        pytest.param(50, 40 * 24, id="more needed than reserved"),
        pytest.param(40, 40 * 24, id="just enough"),
        pytest.param(10, 10 * 24, id="less needed"),
    ],
)
def test_a_reservation_covers_what_fits_it(units: int, expected: int) -> None:
    assert {"chat": Decimal(expected)} == hours([a_reservation()], [a_holding(units)])


def test_an_hour_that_is_not_used_is_lost() -> None:
    """80 units for half a day need as many hours as 40 for a day, and half of the reservation stands idle."""
    noon = Window(START, START + 12 * HOUR)

    assert {"chat": Decimal(40 * 12)} == hours([a_reservation()], [a_holding(80, noon)])


def test_minutes_count_in_the_hour_in_which_they_lie() -> None:
    quarter = Window(START + timedelta(minutes=30), START + timedelta(minutes=45))

    assert {"chat": Decimal(40) / 4} == hours([a_reservation()], [a_holding(40, quarter)])


def test_deployments_share_in_proportion_to_their_need() -> None:
    both = [a_holding(60), a_holding(20, deployment="batch", account_key=OTHER)]

    assert {"chat": Decimal(30 * 24), "batch": Decimal(10 * 24)} == hours([a_reservation()], both)


@pytest.mark.parametrize(
    "changes",
    [
        {"sku": "ProvisionedManaged"},
        {"currency": "EUR"},
        {"location": "westeurope"},
        {"subscription_id": "s2"},
    ],
    ids=str,
)
def test_what_it_was_not_bought_for_is_not_covered(changes: dict[str, Any]) -> None:
    bound = a_reservation(location="eastus2", subscription="s1")

    assert {} == hours([bound], [a_holding(**changes)])


@pytest.mark.parametrize(
    ("first", "last", "is_covered"),
    [
        (date(2026, 10, 5), date(2026, 10, 5), True),
        (date(2026, 10, 6), None, False),
        (date(2026, 9, 1), date(2026, 10, 4), False),
    ],
)
def test_it_covers_its_own_days_alone(first: date, last: date | None, is_covered: bool) -> None:
    found = hours([a_reservation(starts_on=first, ends_on=last)], [a_holding()])

    assert is_covered == bool(found)


def test_the_one_bought_for_a_place_is_used_before_the_one_for_all() -> None:
    both = [a_reservation(name="shared", units=30), a_reservation(name="own", units=30, location="eastus2")]

    (parts,) = covered(both, [a_holding(50)], TODAY).values()

    assert {"own": Decimal(30 * 24), "shared": Decimal(20 * 24)} == parts


@given(
    st.lists(
        st.tuples(st.integers(1, 90), st.integers(0, 1380), st.integers(1, 1440)), min_size=1, max_size=5
    ),
    st.lists(st.integers(1, 60), min_size=1, max_size=3),
)
def test_never_more_is_covered_than_was_needed_or_paid(
    held: list[tuple[int, int, int]], reserved: list[int]
) -> None:
    holdings = [
        a_holding(
            units,
            Window(
                START + timedelta(minutes=start), min(TODAY.end, START + timedelta(minutes=start + length))
            ),
            deployment=f"d{at}",
        )
        for at, (units, start, length) in enumerate(held)
    ]
    reservations = [a_reservation(name=f"r{at}", units=units) for at, units in enumerate(reserved)]

    found = covered(reservations, holdings, TODAY)

    for one in holdings:
        need = Decimal(one.units) * (one.span.length // timedelta(minutes=1)) / 60
        assert sum(found.get((ACCOUNT, one.deployment), {}).values(), Decimal(0)) <= need + Decimal("1e-6")
    for one in reservations:
        used = sum((parts.get(one.name, Decimal(0)) for parts in found.values()), Decimal(0))
        assert used <= one.units * 24


def test_use_tells_what_was_paid_used_needed_and_left() -> None:
    days = [TODAY, Window(TODAY.end, TODAY.end + DAY)]
    both_days = Window(START, START + 2 * DAY)

    (found,) = uses([a_reservation()], [a_holding(30, both_days)], days)

    expected = ReservationUse(
        "ptu", "configured", "USD", Decimal(40), Decimal(1920), Decimal(1440), Decimal(1440), Decimal(960)
    )
    assert expected == found
    assert (Decimal("0.75"), Decimal(1), Decimal(240)) == (
        found.utilisation,
        found.coverage,
        found.unused_cost,
    )


def test_a_reservation_that_nothing_uses_is_all_unused() -> None:
    (found,) = uses([a_reservation()], [], [TODAY])

    assert (Decimal(0), None, Decimal(480)) == (found.utilisation, found.coverage, found.unused_cost)


@pytest.mark.parametrize(
    ("term", "price", "hourly"),
    [(MONTHLY, "365", "0.5"), (YEARLY, "8760", "1"), (MONTHLY, "260", "0.356164384")],
)
def test_the_price_of_an_hour_is_the_terms_by_its_hours(term: str, price: str, hourly: str) -> None:
    assert Decimal(hourly) == a_reservation(term=term, price=Decimal(price)).hourly


def test_as_billed_units_are_hours_by_days() -> None:
    days = [
        ReservedDay("ptu", date(2026, 10, 5), "EUR", Decimal(700), Decimal(260), Decimal(90)),
        ReservedDay("ptu", date(2026, 10, 6), "EUR", Decimal(960), Decimal(0), Decimal(90)),
    ]

    (found,) = billed_uses(days, {("ptu", "EUR"): Decimal(2000)})

    assert (
        ReservationUse(
            "ptu", "bill", "EUR", Decimal(40), Decimal(1920), Decimal(1660), Decimal(2000), Decimal(180)
        )
        == found
    )


def test_covered_hours_are_charged_at_the_reservations_price_and_the_rest_by_the_hour() -> None:
    units = a_charge(kind="ptu_hour", quantity="1200", cost="1200")
    tokens = a_charge(kind="output", quantity="5")

    reserved, rest, other = with_reserved([units, tokens], {"ptu": Decimal(960)}, {"ptu": a_reservation()})

    assert ("reserved", Decimal(960), Decimal("0.5"), Decimal(480), "reservation", "ptu") == (
        reserved.tier,
        reserved.quantity,
        reserved.unit_price,
        reserved.cost,
        reserved.step,
        reserved.meter_name,
    )
    assert ("standard", Decimal(240), Decimal(240)) == (rest.tier, rest.quantity, rest.cost)
    assert tokens == other


def test_covered_units_have_a_cost_where_the_hour_has_no_price() -> None:
    unpriced = a_charge(kind="ptu_hour", quantity="10", cost=None, why="no meter")

    reserved, rest = with_reserved([unpriced], {"ptu": Decimal(4)}, {"ptu": a_reservation()})

    assert (Decimal(2), None) == (reserved.cost, reserved.why)
    assert (Decimal(6), None, "no meter") == (rest.quantity, rest.cost, rest.why)


TABLE = {
    "name": "ptu",
    "sku": GLOBAL,
    "units": 40,
    "term": "1 year",
    "price": "2652.00",
    "currency": "USD",
    "from": date(2026, 1, 1),
}


def test_a_table_of_the_configuration_is_a_reservation() -> None:
    (found,) = parse_reservations([TABLE | {"location": "East US 2", "until": date(2026, 12, 31)}])

    expected = a_reservation(
        term=YEARLY, price=Decimal("2652.00"), location="eastus2", ends_on=date(2026, 12, 31)
    )
    assert expected == found


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sku": "GlobalStandard"}, "sku='GlobalStandard': expected a provisioned SKU"),
        ({"units": 0}, "units=0: expected a whole number"),
        ({"units": "40"}, "units='40': expected a whole number"),
        ({"term": "3 years"}, "term='3 years': expected '1 month' or '1 year'"),
        ({"price": -1}, "price=-1: expected the price of a unit"),
        ({"price": None}, "price=None: expected the price of a unit"),
        ({"currency": "euro"}, "currency='euro': expected a three-letter code"),
        ({"from": None}, "from=None: expected its first day"),
        ({"from": "2026-01-01"}, "from='2026-01-01': expected a day such as 2026-01-01, without quotes"),
        ({"until": date(2025, 1, 1)}, "expected a day not before 2026-01-01"),
        ({"unit": 3}, "no key 'unit'; expected name, sku"),
        ({"location": 3}, "location=3: expected a text"),
    ],
    ids=str,
)
def test_a_table_that_cannot_be_is_named_with_its_key(changes: dict[str, object], why: str) -> None:
    with pytest.raises(BadReservation) as raised:
        parse_reservations([TABLE | changes])

    assert "[[reservations]] number 1: " in str(raised.value)
    assert why in str(raised.value)


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(BadReservation, match="number 2: name='ptu' stands twice"):
        parse_reservations([TABLE, TABLE])
