"""The sums that screens add up are those of the charges, whatever was charged, priced anew, taken away or given to a team."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Context, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select

from collector.domain.money.charge_types import Charge
from collector.domain.periods import Window, midnight
from collector.store import tables, writes
from collector.store.engine import open_engine, retrying
from collector.store.reads import cost
from collector.store.schema import upgrade
from collector.store.writes.findings import replace_charges
from tests.store.worlds import ACCOUNT, NOON, SUBSCRIPTION, an_account

FIRST = date(2026, 10, 30)
DAYS = [FIRST + timedelta(days=step) for step in range(4)]
WHOLE = Window(midnight(FIRST), midnight(DAYS[-1] + timedelta(days=1)))
OTHER = an_account("aoai-two")
ALIKE = ("currency", "location", "model", "sku", "kind", "tier", "unit", "basis")

amounts = st.decimals(0, 10**9, places=12) | st.sampled_from([Decimal(1) / 3, Decimal(7) / 60, Decimal(0)])


def a_charge(**said: Any) -> Charge:
    plain: dict[str, Any] = dict.fromkeys(Charge.__dataclass_fields__)
    plain |= {
        "account_key": ACCOUNT.key, "deployment": "chat", "day": FIRST, "model": "gpt-4o", "version": "1",
        "sku": "GlobalStandard", "kind": "input", "tier": "standard", "currency": "USD", "location": "eastus2",
        "quantity": Decimal(10), "unit": "1 token", "cost": Decimal(1), "basis": "estimated", "step": "rate",
    }  # fmt: skip
    return Charge(**{**plain, **said})


charges = st.builds(
    a_charge,
    account_key=st.sampled_from([ACCOUNT.key, OTHER.key]),
    deployment=st.sampled_from(["chat", "mail"]),
    day=st.sampled_from(DAYS),
    model=st.sampled_from(["gpt-4o", "o3"]),
    kind=st.sampled_from(["input", "output", "ptu_hour"]),
    currency=st.sampled_from(["USD", "EUR"]),
    team=st.sampled_from([None, "Red", "Blue"]),
    step=st.sampled_from(["rate", "meter-id"]),
    quantity=st.integers(0, 10**12).map(Decimal),
    cost=st.none() | amounts,
    low=st.none() | amounts,
    high=st.none() | amounts,
)
changes = st.lists(
    st.tuples(
        st.sampled_from([(ACCOUNT.key,), (OTHER.key,), (ACCOUNT.key, OTHER.key)]),
        st.integers(0, 3),
        st.integers(1, 4),
        st.lists(charges, max_size=12),
    ),
    min_size=1,
    max_size=4,
)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url)
    upgrade(opened)
    writing(opened, lambda on: writes.record_inventory(on, SUBSCRIPTION, [ACCOUNT, OTHER], {}, at=NOON))
    yield opened
    opened.dispose()


def writing(engine: Engine, work: Callable[[Connection], object]) -> None:
    retrying(engine, work)


@given(changes)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sums_are_those_of_the_charges_after_every_replacement(engine: Engine, told: Any) -> None:
    """Of one store: what an example leaves is there when the next one begins."""
    for accounts, first, length, found in told:
        window = Window(midnight(DAYS[first]), min(WHOLE.end, midnight(DAYS[first] + timedelta(days=length))))
        inside = [
            one
            for one in found
            if one.account_key in accounts and window.start.date() <= one.day < window.end.date()
        ]
        writing(engine, lambda on, a=accounts, w=window, i=inside: replace_charges(on, a, w, i))
        assert_summed(engine)


def test_a_team_takes_its_costs_along(engine: Engine) -> None:
    put(engine, a_charge(team=None))
    put(engine, a_charge(team="Red"))

    with engine.connect() as connection:
        slices = cost.cost_by(connection, "team", WHOLE)
    assert [("Red", Decimal(1))] == [(one.key, one.cost) for one in slices]
    assert_summed(engine)


def test_charges_that_go_leave_no_sum_behind(engine: Engine) -> None:
    put(engine, a_charge(), a_charge(kind="output"))
    put(engine)

    with engine.connect() as connection:
        assert [] == connection.execute(select(tables.cost_day)).all()
        assert [] == connection.execute(select(tables.cost_month)).all()


def test_a_price_that_comes_late_moves_the_days_and_their_month(engine: Engine) -> None:
    put(engine, a_charge(cost=None))
    put(engine, a_charge(cost=Decimal("0.30")), a_charge(day=DAYS[2], cost=Decimal(7)))

    with engine.connect() as connection:
        months = [(one.month, one.cost) for one in cost.cost_months(connection)]
    assert [(date(2026, 10, 1), Decimal("0.3")), (date(2026, 11, 1), Decimal(7))] == months


def test_a_day_without_its_largest_is_what_the_others_cost(engine: Engine) -> None:
    put(
        engine, *(a_charge(deployment=name, cost=Decimal(n) / 7) for n, name in enumerate(("a", "b", "c"), 1))
    )

    with engine.connect() as connection:
        daily = cost.cost_daily(
            connection, WHOLE, dimension="deployment", only=[f"{ACCOUNT.arm_id}/deployments/c"]
        )
    assert {"c": Decimal(3) / 7, cost.OTHERS: Decimal(1) / 7 + Decimal(2) / 7} == {
        one.key.rpartition("/")[2]: one.cost for one in daily if one.key
    }


@pytest.mark.parametrize("dimension", cost.DIMENSIONS)
def test_a_period_of_months_and_edge_days_is_the_sum_of_its_days(
    engine: Engine, dimension: cost.Dimension
) -> None:
    days = [date(2026, 8, 20) + timedelta(days=step) for step in range(70)]
    window = Window(midnight(days[0]), midnight(days[-1]) + timedelta(days=1))
    found = [a_charge(day=day, cost=Decimal(n) / 3) for n, day in enumerate(days)]
    writing(engine, lambda on: replace_charges(on, [ACCOUNT.key], window, found))
    writing(engine, lambda on: months_of(on, found))

    for first, last in ((0, 69), (12, 69), (12, 42), (5, 30), (69, 69), (0, 11)):
        period = Window(midnight(days[first]), midnight(days[last]) + timedelta(days=1))
        with localcontext(Context(prec=60)), engine.connect() as connection:
            [part] = cost.cost_by(connection, dimension, period)
            assert sum((one.cost or 0 for one in found[first : last + 1]), Decimal(0)) == part.cost


def months_of(connection: Connection, found: list[Charge]) -> None:
    from collector.domain.money.month_parts import month_parts
    from collector.store.writes.findings import replace_charge_months

    for month in {one.day.replace(day=1) for one in found}:
        inside = [one for one in found if one.day.replace(day=1) == month]
        replace_charge_months(connection, [ACCOUNT.key], month, month_parts(inside))


def put(engine: Engine, *found: Charge) -> None:
    writing(engine, lambda on: replace_charges(on, [ACCOUNT.key, OTHER.key], WHOLE, found))


def assert_summed(engine: Engine) -> None:
    """The sums against single charges added here, digit by digit."""
    with engine.connect() as connection:
        single = [dict(row) for row in connection.execute(select(tables.charge_day)).mappings()]
        for table, when in ((tables.cost_day, "day"), (tables.cost_month, "month")):
            stored = {
                (row[when], row["team"], row["step"], *(row[name] for name in ALIKE)): (
                    row["quantity"], row["cost"], row["low"], row["high"], row["tokens"],
                )
                for row in connection.execute(select(table)).mappings()
            }  # fmt: skip
            assert stored == added(single, when)


def added(single: list[dict[str, Any]], when: str) -> dict[Any, Any]:
    sums: dict[Any, Any] = {}
    with localcontext(Context(prec=80)):
        for row in single:
            if row["cost"] is None:
                continue
            day = row["day"] if when == "day" else row["day"].replace(day=1)
            key = (day, row["team"] or "", row["step"] or "", *(row[name] for name in ALIKE))
            bounds = [row["cost"] if row[name] is None else row[name] for name in ("low", "high")]
            tokens = 0 if row["kind"] == "ptu_hour" else int(row["quantity"])
            before = sums.get(key, (Decimal(0),) * 4 + (0,))
            sums[key] = tuple(
                one + other
                for one, other in zip(before, (row["quantity"], row["cost"], *bounds, tokens), strict=True)
            )
    return sums
