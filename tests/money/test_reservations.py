"""A pretend estate whose bill shows a reservation, and the same one configured: the two tell the same month."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from collector.answers import basic as answers
from collector.domain.money.reservations import BILLED, CONFIGURED, Reservation, ReservationUse
from collector.jobs.charges import MoneyRules
from collector.jobs.closing import close_month
from collector.jobs.derive import derive
from collector.simulator.bills import RESERVED_UNITS
from collector.simulator.prices import RESERVATION_PRICES
from collector.simulator.truth import truth_of
from collector.store import tables
from collector.store.reads.finance_report import finance_report
from collector.store.reads.scope import Filters
from tests.money.conftest import NOW, OCTOBER, Estate

PRICE = Decimal(RESERVATION_PRICES["global"][0])
CENT = Decimal("0.01")


def a_reservation(name: str = "as configured", **changes: Any) -> Reservation:
    return Reservation(
        **{
            "name": name,
            "sku": "GlobalProvisionedManaged",
            "units": RESERVED_UNITS,
            "starts_on": date(2026, 1, 1),
            "price": PRICE,
            "currency": "USD",
            **changes,
        }
    )


def rules(estate: Estate, *reservations: Reservation) -> MoneyRules:
    return MoneyRules(snapshot=estate.rules.snapshot, notes=estate.rules.notes, reservations=reservations)


def units(estate: Estate) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """Quantity and cost of October's Global units, by deployment and tier."""
    charge = tables.charge_day
    asked = select(charge.c.deployment, charge.c.tier, charge.c.quantity, charge.c.cost).where(
        charge.c.kind == "ptu_hour",
        charge.c.sku == "GlobalProvisionedManaged",
        charge.c.day.between(OCTOBER.first_day, OCTOBER.days[-1]),
    )
    found: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    with estate.engine.connect() as connection:
        for deployment, tier, quantity, cost in connection.execute(asked):
            hours, money = found.get((deployment, tier), (Decimal(0), Decimal(0)))
            found[deployment, tier] = (hours + quantity, money + cost)
    return found


def used(estate: Estate, *reservations: Reservation) -> list[ReservationUse]:
    with estate.engine.connect() as connection:
        return answers.reserved(connection, OCTOBER.window, Filters(), rules(estate, *reservations), NOW)


def test_a_reservation_configured_tells_what_the_bill_tells_of_it(own_estate: Estate) -> None:
    """Bought for the subscription that the pretend bill has it in, whose discount does not touch it."""
    subscription = own_estate.world.subscriptions[1].id
    billed, configured = used(own_estate, a_reservation(subscription=subscription))

    assert (BILLED, CONFIGURED) == (billed.source, configured.source)
    names = ("paid_hours", "used_hours", "unused_hours", "needed_hours")
    assert {name: getattr(billed, name) for name in names} == {
        name: getattr(configured, name) for name in names
    }
    assert abs(billed.cost - configured.cost) < CENT


def test_where_the_bill_tells_of_a_reservation_it_is_believed(own_estate: Estate) -> None:
    (found,) = used(own_estate, a_reservation("PTU-Global", units=7))

    assert ("ptu-global", BILLED, Decimal(RESERVED_UNITS)) == (found.name, found.source, found.units)


def test_covered_hours_cost_the_reservations_price_and_all_hours_stay(own_estate: Estate) -> None:
    before = units(own_estate)
    assert {"standard"} == {tier for _, tier in before}

    one = a_reservation()
    derive(own_estate.engine, rules(own_estate, one), NOW, everything=True)

    after = units(own_estate)
    for deployment, tier in before:
        parts = [
            after.get((deployment, kind), (Decimal(0), Decimal(0)))[0] for kind in ("standard", "reserved")
        ]
        assert abs(before[deployment, tier][0] - sum(parts)) < Decimal("0.000001"), deployment
    reserved = [found for (_, tier), found in after.items() if tier == "reserved"]
    hours, cost = (sum((one[at] for one in reserved), Decimal(0)) for at in (0, 1))
    (told,) = [found for found in used(own_estate, one) if found.source == CONFIGURED]
    assert abs(told.used_hours - hours) < Decimal("0.000001")
    assert abs(cost - hours * one.hourly) < CENT
    assert abs(told.cost - told.unused_cost - cost) < CENT


def test_a_change_of_one_deployment_reaches_all_that_share_a_reservation(own_estate: Estate) -> None:
    """Deriving what changed gives what deriving everything gives."""
    shared = rules(own_estate, a_reservation(units=20))
    derive(own_estate.engine, shared, NOW, everything=True)
    whole = units(own_estate)
    deployment = tables.deployment_revision
    with own_estate.engine.begin() as connection:
        connection.execute(
            deployment.update()
            .where(deployment.c.sku == "GlobalProvisionedManaged")
            .values(capacity=deployment.c.capacity * 2)
        )
        account = connection.execute(
            select(deployment.c.account_key).where(deployment.c.sku == "GlobalProvisionedManaged")
        ).scalars()
        one = next(iter(sorted(account)))
        connection.execute(
            tables.dirty_day.insert(),
            [{"account_key": one, "day": day, "mark": 1} for day in OCTOBER.days],
        )

    derive(own_estate.engine, shared, NOW)
    changed = units(own_estate)
    derive(own_estate.engine, shared, NOW, everything=True)

    assert whole != changed
    assert changed == units(own_estate)


def test_the_report_tells_reservations_and_a_closed_month_keeps_them(own_estate: Estate) -> None:
    configured = replace(own_estate.rules, reservations=(a_reservation("other", units=5),))
    with own_estate.engine.connect() as connection:
        before = finance_report(connection, OCTOBER, NOW, configured)
    assert {"ptu-global", "other"} == {one.name for one in before.reservations}

    close_month(own_estate.engine, OCTOBER, NOW, configured)

    with own_estate.engine.connect() as connection:
        after = finance_report(connection, OCTOBER, NOW, own_estate.rules)
    assert before.reservations == after.reservations
    assert before.billed_alone == after.billed_alone


def test_what_only_the_bill_tells_is_listed_with_its_quantity(estate: Estate) -> None:
    """Against the pretend bill's own lines, where the deployment is known and where it is not."""
    with estate.engine.connect() as connection:
        report = finance_report(connection, OCTOBER, NOW, estate.rules)
    truth: dict[str, Decimal] = {}
    for cost in truth_of(estate.world).costs(OCTOBER.first_day, OCTOBER.shifted(1).first_day):
        if cost.kind in {"audio_hour", "image_output", "training_token"} and cost.billed_cost:
            truth[cost.kind] = truth.get(cost.kind, Decimal(0)) + cost.billed_cost

    told: dict[str, Decimal] = {}
    for one in report.billed_alone:
        told[one.kind] = told.get(one.kind, Decimal(0)) + one.cost
    readable: Mapping[str, Decimal] = {kind: cost for kind, cost in truth.items() if kind in told}
    assert readable
    for kind, cost in readable.items():
        assert abs(cost - told[kind]) < Decimal("0.05"), kind
    assert all(one.quantity > 0 for one in report.billed_alone)


def test_a_deployment_partly_paid_ahead_is_one_provisioned_deployment(own_estate: Estate) -> None:
    """Its tokens are served once, whatever its hours cost."""
    with own_estate.engine.connect() as connection:
        before = finance_report(connection, OCTOBER, NOW, own_estate.rules)
    derive(own_estate.engine, rules(own_estate, a_reservation(units=20)), NOW, everything=True)

    with own_estate.engine.connect() as connection:
        after = finance_report(connection, OCTOBER, NOW, own_estate.rules)

    assert {"standard", "reserved"} <= {row.tier for row in after.rows if row.kind == "ptu_hour"}
    told = {one.deployment: (one.tokens, one.spilled) for one in after.provisioned}
    assert len(told) == len(after.provisioned)
    assert {one.deployment: (one.tokens, one.spilled) for one in before.provisioned} == told
    assert any(one.spilled for one in after.provisioned)


def test_subscriptions_without_a_bill_are_named_beside_it(estate: Estate) -> None:
    with estate.engine.connect() as connection:
        report = finance_report(connection, OCTOBER, NOW, estate.rules)

    assert (estate.world.subscriptions[0].name,) == report.unbilled


def test_a_tuned_models_training_lies_in_its_models_family(estate: Estate) -> None:
    """No family is made of a name that a customer chose."""
    with estate.engine.connect() as connection:
        report = finance_report(connection, OCTOBER, NOW, estate.rules)
    own = {one.base_model and one.name for one in estate.world.deployments} - {None}
    assert own

    read = [row.line.family for row in report.reconciliations if row.subscription not in report.unbilled]
    assert [] == [family for family in read if "claims-sorter" in family]
