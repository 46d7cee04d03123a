"""Charges beside what the world truly charges: equal to the cent where metrics can tell, bounded where they cannot."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

import pytest

from collector.domain.periods import DAY, midnight
from tests.end_to_end.stage import NOW, Stage, a_stage, a_world, everything_stored

TODAY = midnight(NOW.date())
FIRST, LAST = (TODAY - 2 * DAY).date(), TODAY.date()
CENT = Decimal("0.01")
UNPRICED = {
    "image": "metrics count images, the meter counts tokens",
    "transcription": "no metric counts hours of audio",
    "deleted": "deleted before it was first seen",
    "partner": "another publisher's",
    "mistral": "another publisher's",
}
"""Roles whose cost only a bill can tell, and why."""


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Every kind of deployment, charged by list prices; no bill, so that nothing is calibrated."""
    folder = tmp_path_factory.mktemp("money")
    with a_stage(
        f"sqlite:///{folder / 'store.db'}", a_world(subscriptions=3, accounts=8, deployments=33)
    ) as stage:
        for job in ("inventory", "models", "prices", "metrics"):
            stage.collect(job)
        stage.derive()
        yield stage


@pytest.fixture(scope="module")
def charges(priced: Stage) -> list[Mapping[str, object]]:
    return [row for row in everything_stored(priced.engine)["charge_day"] if FIRST <= row["day"] < LAST]


def true_costs(stage: Stage, role: str) -> list[tuple[str, Decimal, Decimal]]:
    """Kind, quantity and cost of everything that the role's deployment was charged for."""
    rows = stage.azure.truth.costs(FIRST, LAST, [stage.world.deployment(role)])
    return [(row.kind, row.quantity, row.list_cost_usd or Decimal(0)) for row in rows]


def total(charges: list[Mapping[str, object]], stage: Stage, role: str, column: str) -> Decimal:
    name = stage.world.deployment(role).name.casefold()
    amounts = [row[column] for row in charges if row["deployment"] == name]
    return sum((amount for amount in amounts if isinstance(amount, Decimal)), Decimal(0))


def test_every_true_cost_lies_between_low_and_high(
    priced: Stage, charges: list[Mapping[str, object]]
) -> None:
    compared = 0
    for deployment in priced.world.deployments:
        if deployment.role in UNPRICED:
            continue
        true = sum((cost for _, _, cost in true_costs(priced, deployment.role)), Decimal(0))
        low, high = (total(charges, priced, deployment.role, column) for column in ("low", "high"))
        assert low - CENT <= true <= high + CENT, deployment.role
        compared += true > 0
    assert compared >= 25


@pytest.mark.parametrize(
    "role",
    [
        "provisioned-spilling",
        "full",
        "datazone-provisioned",
        "embedding",
        "small-embedding",
        "ada",
        "batch",
        "audio",
    ],
)
def test_where_metrics_can_tell_the_charge_is_the_true_cost_to_the_cent(
    priced: Stage, charges: list[Mapping[str, object]], role: str
) -> None:
    true = sum((cost for _, _, cost in true_costs(priced, role)), Decimal(0))
    assert true > 1
    assert (true.quantize(CENT),) * 3 == tuple(
        total(charges, priced, role, column).quantize(CENT) for column in ("low", "cost", "high")
    )


def test_quantities_are_the_worlds_own_whatever_they_cost(
    priced: Stage, charges: list[Mapping[str, object]]
) -> None:
    of_output = {"output"}
    for deployment in priced.world.deployments:
        true = sum(
            (quantity for kind, quantity, _ in true_costs(priced, deployment.role) if kind in of_output),
            Decimal(0),
        )
        ours = [
            row["quantity"]
            for row in charges
            if row["deployment"] == deployment.name.casefold() and row["kind"] in of_output
        ]
        assert true == sum(ours, Decimal(0)), deployment.role  # pyright: ignore[reportArgumentType, reportCallIssue]  # quantities are Decimal


def test_an_idle_provisioned_deployment_is_charged_by_the_hour(
    priced: Stage, charges: list[Mapping[str, object]]
) -> None:
    deployment = priced.world.deployment("full")
    hours = {
        row["day"]: row["quantity"]
        for row in charges
        if row["deployment"] == deployment.name and row["kind"] == "ptu_hour"
    }
    assert {FIRST: Decimal(1200), (TODAY - DAY).date(): Decimal(1200)} == hours


@pytest.mark.parametrize("role", UNPRICED)
def test_what_only_a_bill_can_tell_is_never_guessed(
    priced: Stage, charges: list[Mapping[str, object]], role: str
) -> None:
    name = priced.world.deployment(role).name.casefold()
    without = [row for row in charges if row["deployment"] == name and row["cost"] is None]
    assert role == "transcription" or without
    assert all(row["why"] and row["low"] is None and row["high"] is None for row in without)
