"""A month of a pretend estate: charges against the truth, estimate beside bill, allocation, closing."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from threading import Event

import pytest
from sqlalchemy import func, select

from collector.domain.money.allocation import UNALLOCATED
from collector.domain.money.charge_types import CALIBRATED, Charge
from collector.domain.money.reconciliation import Status
from collector.domain.money.teams import parse_team_rules
from collector.domain.periods import Month
from collector.domain.pricing import parse_rates
from collector.domain.types import NeedsHuman
from collector.jobs.charges import MoneyRules
from collector.jobs.closing import close_month, restate, tend_months
from collector.jobs.derive import derive
from collector.reports.finance.figures import ESTIMATE, FinanceReport, totals
from collector.simulator.truth import truth_of
from collector.store import tables
from collector.store.engine import retrying
from collector.store.reads import closings, finance
from collector.store.reads.finance_names import names
from collector.store.reads.finance_report import finance_report
from collector.store.writes.findings import replace_charge_months
from tests.money.conftest import NOVEMBER, NOW, OCTOBER, Estate

# What no metric counts.
UNTOLD = {"audio_hour", "image_output", "training_token"}
CENT = Decimal("0.01")


def report_of(estate: Estate, month: object = OCTOBER) -> FinanceReport:
    with estate.engine.connect() as connection:
        return finance_report(connection, month, NOW, estate.rules)  # pyright: ignore[reportArgumentType]  # a month


def rules_of(estate: Estate) -> MoneyRules:
    return MoneyRules(snapshot=estate.rules.snapshot, notes=estate.rules.notes)


def charges_of(estate: Estate) -> dict[tuple[str, str], list[Charge]]:
    with estate.engine.connect() as connection:
        known = names(connection)
        found: dict[tuple[str, str], list[Charge]] = {}
        for charge in finance.month_charges(connection, OCTOBER):
            arm_id = known.account(charge.account_key)[0]
            found.setdefault((arm_id.lower(), charge.deployment), []).append(charge)
    return found


def total(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def test_charges_equal_the_truth_where_metrics_suffice_and_bound_it_where_not(estate: Estate) -> None:
    truth: dict[tuple[str, str], Decimal] = {}
    until = OCTOBER.shifted(1).first_day
    for cost in truth_of(estate.world).costs(OCTOBER.first_day, until):
        key = (cost.account.lower(), cost.deployment.casefold())
        if cost.kind not in UNTOLD:
            truth[key] = truth.get(key, Decimal(0)) + (cost.list_cost_usd or Decimal(0))
    gone = {one.name.casefold() for one in estate.world.deployments if one.role == "deleted"}
    exact = 0
    for key, charges in charges_of(estate).items():
        if key[1] in gone:
            continue
        low, high = total(one.low for one in charges), total(one.high for one in charges)
        assert low - CENT <= truth.get(key, Decimal(0)) <= high + CENT, key
        if low == high:
            exact += 1
            assert abs(total(one.cost for one in charges) - truth.get(key, Decimal(0))) <= CENT, key

    assert exact >= 8


def test_every_status_occurs(estate: Estate) -> None:
    october = {row.line.status for row in report_of(estate).reconciliations}
    november = {row.line.status for row in report_of(estate, NOVEMBER).reconciliations}

    assert set(Status) == october | november
    assert {Status.NOT_CLOSED} == november


def test_statuses_are_right(estate: Estate) -> None:
    """By what the world is made of: the second subscription has 12 % off, and nothing was learned before October."""
    names = [one.name for one in estate.world.subscriptions]
    for row in report_of(estate).reconciliations:
        causes = {cause.name for cause in row.line.causes}
        if row.subscription == names[0]:
            assert Status.NO_BILL is row.line.status
        elif row.line.status is Status.UNEXPLAINED and row.line.difference:
            assert causes & {"negotiated rate", "cached share", "reservation", "long context"}, row
        if row.subscription == names[1] and row.line.status in (Status.RECONCILED, Status.TOLERATED):
            assert row.line.bill is not None
            assert row.line.bill < 1, "a discount of 12 % is no agreement but by the cent"
        if row.line.status is Status.NOT_COVERED:
            assert {"missing coverage", "unpriced"} == causes


def test_a_subscription_without_the_role_has_one_notice_that_names_the_grant(estate: Estate) -> None:
    (notice,) = report_of(estate).bill_notices

    assert estate.unread in notice
    assert "az role assignment create" in notice


def test_a_month_without_a_whole_bill_is_headed_by_its_estimate(estate: Estate) -> None:
    assert ESTIMATE == report_of(estate).basis


def test_november_is_calibrated_by_october_where_the_bill_was_read(estate: Estate) -> None:
    found = Counter(
        (row.subscription_id == estate.unread, row.basis)
        for row in report_of(estate, NOVEMBER).rows
        if row.kind in {"input", "cached_input"} and row.is_priced
    )

    assert 0 == found[True, CALIBRATED]
    assert found[False, CALIBRATED] > found[False, "estimated"]


def test_the_bill_is_allocated_to_the_cent_and_the_rest_is_named(estate: Estate) -> None:
    """Against the world's own bill: what it charged each account in the amortised view, less what is not ours."""
    report = report_of(estate)
    billed = total(row.billed for row in report.rows)
    expected = Decimal(0)
    for subscription in estate.world.subscriptions[1:]:
        for day in OCTOBER.days:
            expected += total(
                line.cost
                for line in estate.azure.routes.bills.lines(subscription, day, "AmortizedCost")
                if line.dimensions["ServiceName"] != "Storage"
            )

    assert abs(expected - billed) <= Decimal("0.5")  # Cost Management speaks in floating point
    residuals = [row for row in report.rows if row.is_residual]
    assert residuals
    assert all((row.why or "").startswith(UNALLOCATED) for row in residuals)
    assert {"Refund", "UnusedReservation", "Purchase"} & {
        word for row in residuals for word in (row.why or "").split()
    }


def test_spillover_costs_what_the_world_served_of_it_elsewhere(estate: Estate) -> None:
    """The world knows which requests came over and what the deployment that served them cost at list price."""
    truth, span = truth_of(estate.world), (OCTOBER.window.start, OCTOBER.window.end)
    source = estate.world.deployment("provisioned-spilling")
    (target,) = [
        one for one in estate.world.deployments_of(source.account) if one.name == source.spillover_to
    ]
    days = {one.start.date(): one for one in truth.usage(*span, "day", [target])}
    spilled = sum(one.spilled for one in truth.usage(*span, deployments=[source]))
    costs = [one for one in truth.costs(span[0].date(), span[1].date(), [target]) if days[one.day].ok]
    cost = total(
        (one.list_cost_usd or Decimal(0)) * days[one.day].spilled_in / days[one.day].ok for one in costs
    )
    share = cost / total(one.list_cost_usd for one in costs)

    (found,) = [one for one in report_of(estate).provisioned if one.deployment.endswith(f"/{source.name}")]

    assert found.spillover is not None
    assert (target.name, spilled) == (found.spillover.to, found.spillover.requests)
    assert found.spillover.share is not None
    assert abs(found.spillover.share - share) <= Decimal("0.02") * share


def test_teams_and_rows_sum_to_the_same(estate: Estate) -> None:
    report = report_of(estate)

    (line,) = totals(report)
    assert line.basis_amount == total(one.cost for one in report.teams)


def test_closing_keeps_a_month_and_dates_what_changes(own_estate: Estate) -> None:
    """In one test, since a closing is for good: closed, unchanged, restated, its teams kept."""
    with pytest.raises(NeedsHuman, match="2026-11 is not over"):
        close_month(own_estate.engine, NOVEMBER, NOW, own_estate.rules)
    before = report_of(own_estate)

    first = close_month(own_estate.engine, OCTOBER, NOW, own_estate.rules)
    again = close_month(own_estate.engine, OCTOBER, NOW + timedelta(days=1), own_estate.rules)
    closed = report_of(own_estate)

    assert first == again
    assert "closed" == closed.state
    assert Counter(before.rows) == Counter(closed.rows)
    assert before.reconciliations == closed.reconciliations
    assert 0 == restate(own_estate.engine, NOW, own_estate.rules)

    later = NOW + timedelta(days=2)
    row = next(row for row in before.rows if row.estimate and row.estimate > 100 and row.unit_price)
    with own_estate.engine.connect() as connection:
        charges = finance.month_charges(connection, OCTOBER)
        known = names(connection)
    account = next(one.account_key for one in charges if known.account(one.account_key)[0] == row.account_id)
    mine = [one for one in charges if one.account_key == account]
    dearer = [
        replace(one, cost=one.cost + 7 if at == 0 and one.cost is not None else one.cost)
        for at, one in enumerate(sorted(mine, key=lambda one: one.cost is None))
    ]
    retrying(
        own_estate.engine,
        lambda connection: replace_charge_months(connection, [account], OCTOBER.first_day, enumerate(dearer)),
    )

    assert 1 == restate(own_estate.engine, later, own_estate.rules)
    assert 0 == restate(own_estate.engine, later + timedelta(days=1), own_estate.rules)
    restated = report_of(own_estate)
    assert closed.rows == restated.rows
    (change,) = restated.restatements
    assert (Decimal(7), Decimal(0), later) == (change.estimate_change, change.billed_change, change.seen_at)


def test_a_closed_months_team_stays(own_estate: Estate) -> None:
    """Rules that came later name other teams from the next month on."""
    close_month(own_estate.engine, OCTOBER, NOW, own_estate.rules)
    rules = replace(rules_of(own_estate), teams=parse_team_rules([{"team": "everyone", "deployment": "*"}]))
    with own_estate.engine.connect() as connection:
        teams = closings.closed_teams(connection)
    derive(own_estate.engine, rules, NOW, everything=True)

    with own_estate.engine.connect() as connection:
        october = finance.month_charges(connection, OCTOBER)
        november = finance.month_charges(connection, NOVEMBER)
    assert {"everyone"} == {one.team for one in november}
    assert all(teams[one.account_key, one.deployment, OCTOBER.first_day] == one.team for one in october)


def test_the_schedule_closes_what_stands_still(own_estate: Estate) -> None:
    tend_months(own_estate.engine, NOW, own_estate.rules)

    with own_estate.engine.connect() as connection:
        assert NOVEMBER.first_day not in closings.closings(connection)


def test_months_of_which_nothing_is_known_keep_no_later_month_open(own_estate: Estate) -> None:
    june, august = Month(2026, 6), Month(2026, 8)
    with own_estate.engine.connect() as connection:
        charge = finance.month_charges(connection, OCTOBER)[0]
    retrying(
        own_estate.engine,
        lambda connection: replace_charge_months(
            connection, [charge.account_key], june.first_day, enumerate([replace(charge, day=june.first_day)])
        ),
    )

    closed = tend_months(own_estate.engine, NOW, own_estate.rules)

    assert [june, august] == closed
    with own_estate.engine.connect() as connection:
        assert {june.first_day, august.first_day} == closings.closings(connection).keys()


def test_families_are_called_as_their_models_are(estate: Estate) -> None:
    families = {row.line.family for row in report_of(estate).reconciliations}

    assert {"text-embedding-3-large Standard", "gpt-image-1-mini Global", "gpt-4o Global"} <= families


def test_a_new_rate_reaches_a_closed_month_as_a_restatement(own_estate: Estate) -> None:
    close_month(own_estate.engine, OCTOBER, NOW, own_estate.rules)
    closed, rates = report_of(own_estate), parse_rates([{"percent_off": 50, "from": "2026-10-01"}])
    rules = replace(rules_of(own_estate), rates=rates)

    told = derive(own_estate.engine, rules, NOW)
    dated = restate(own_estate.engine, NOW, own_estate.rules)

    assert ("rates changed (1 new): charges from 2026-10-01 on",) == told.why
    assert closed.rows == report_of(own_estate).rows
    assert dated == len(report_of(own_estate).restatements) > 0


class StopsAfterNovember:
    """Asks for the end as soon as no day of November waits."""

    def __init__(self, estate: Estate) -> None:
        self.estate, self.stop = estate, Event()

    def start(self, what: str, total: int | None) -> None: ...

    def advance(self, steps: int = 1, note: str = "") -> None:
        if min_waiting(self.estate, NOVEMBER) is None:
            self.stop.set()

    def done(self) -> None: ...


def min_waiting(estate: Estate, month: Month) -> date | None:
    day = tables.dirty_day.c.day
    until = month.shifted(1).first_day
    with estate.engine.connect() as connection:
        return connection.scalar(select(func.min(day)).where(day >= month.first_day, day < until))


def test_charging_again_goes_on_with_the_months_that_are_left(own_estate: Estate) -> None:
    """The newest month first: what was done before the stop is not done again."""
    rules = replace(rules_of(own_estate), teams=parse_team_rules([{"team": "everyone", "deployment": "*"}]))
    progress = StopsAfterNovember(own_estate)

    derive(own_estate.engine, rules, NOW, progress=progress, stopping=progress.stop)

    def teams(month: Month) -> set[str | None]:
        with own_estate.engine.connect() as connection:
            return {one.team for one in finance.month_charges(connection, month)}

    assert {"everyone"} == teams(NOVEMBER)
    assert {"everyone"} != teams(OCTOBER)
    assert OCTOBER.first_day == min_waiting(own_estate, OCTOBER)
    assert () == derive(own_estate.engine, rules, NOW).why
    assert {"everyone"} == teams(OCTOBER)
    assert None is min_waiting(own_estate, OCTOBER)
