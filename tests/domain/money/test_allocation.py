"""A bill's amounts go to who used their meters, and nothing of them is lost."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.money.allocation import BilledAmount, TeamCost, Weighed, allocated, split_shared
from collector.domain.money.reconciliation_meters import BilledMeter, Family
from collector.domain.money.teams import parse_team_rules
from tests.domain.money.builders import ACCOUNT, a_charge

GPT = Family(("gpt", "5.4"), "global")


def a_meter(kind: str = "input", **changes: Any) -> BilledMeter:
    meter = BilledMeter(str(GPT), GPT, kind, "standard", "short", Decimal(1_000_000), "5.4 inp Gl 1M Tokens")
    return replace(meter, **changes)


def an_amount(cost: str, meter: BilledMeter | None = None, **changes: Any) -> BilledAmount:
    amount = BilledAmount(ACCOUNT, "USD", meter or a_meter(), Decimal(cost), Decimal(1), "")
    return replace(amount, **changes)


def used(deployment: str, quantity: str, kind: str = "input", **changes: Any) -> Weighed:
    return Weighed(a_charge(kind, quantity, "1", deployment=deployment, **changes), GPT)


def given_to(amounts: list[BilledAmount], weighed: list[Weighed]) -> dict[str | None, Decimal]:
    return {
        one.why if one.index is None else weighed[one.index].charge.deployment: one.cost
        for one in allocated(amounts, weighed)
    }


def test_a_meter_is_parted_by_tokens() -> None:
    weighed = [used("a", "300"), used("b", "100"), used("a", "999", "output")]

    assert {"a": Decimal(75), "b": Decimal(25)} == given_to([an_amount("100")], weighed)


def test_a_meter_that_cannot_be_read_goes_to_the_model_of_its_whole_name() -> None:
    """gpt-4 is the beginning of gpt-4o-mini-transcribe, and none of its deployments used it."""
    weighed = [used("four", "300", model="gpt-4"), used("other", "100", model="Mistral-large-2411")]
    unread = a_meter(family=None, name="gpt-4o-mini-transcribe aud Tokens")
    partner = a_meter(family=None, name="Mistral-large-2411 Inp glbl Tokens")

    found = given_to([an_amount("5", unread), an_amount("7", partner)], weighed)

    assert Decimal(7) == found.pop("other")
    assert [Decimal(5)] == list(found.values())
    assert "no deployment is known to have used it" in str(*found)


def test_cached_tokens_go_with_the_input_that_metrics_count_them_in() -> None:
    weighed = [used("a", "300"), used("b", "100")]

    assert {"a": Decimal(75), "b": Decimal(25)} == given_to(
        [an_amount("100", a_meter("cached_input"))], weighed
    )


def test_the_meter_that_priced_a_charge_goes_before_its_model() -> None:
    weighed = [used("a", "300", meter_id="m1"), used("b", "100", meter_id="m2")]

    assert {"b": Decimal(100)} == given_to([an_amount("100", meter_id="m2")], weighed)


@pytest.mark.parametrize(
    ("amount", "why"),
    [
        (an_amount("5", charge_type="Refund"), "Unallocated: Refund of 5.4 inp Gl 1M Tokens"),
        (an_amount("5", has_account=False), "Unallocated: 5.4 inp Gl 1M Tokens of the whole subscription"),
        (
            an_amount("5", a_meter(family=Family(("o3",), "global"), name="o3 0416 Inp glbl Tokens")),
            "Unallocated: o3 0416 Inp glbl Tokens: no deployment is known to have used it",
        ),
    ],
)
def test_what_nobody_used_stays_a_named_residual(amount: BilledAmount, why: str) -> None:
    assert {why: Decimal(5)} == given_to([amount], [used("a", "300")])


def test_another_publishers_meter_goes_to_the_deployment_of_that_model() -> None:
    partner = a_meter(family=None, name="DeepSeek-V3.1 Inp glbl Tokens")
    weighed = [used("a", "300"), replace(used("ds", "5", model="DeepSeek-V3.1"), family=None)]

    assert {"ds": Decimal(7)} == given_to([an_amount("7", partner)], weighed)


@given(
    st.lists(st.decimals("-1000000", "1000000", places=6), min_size=1, max_size=5),
    st.lists(st.integers(1, 10**12), min_size=1, max_size=7),
)
def test_nothing_is_lost(costs: list[Decimal], quantities: list[int]) -> None:
    weighed = [used(f"d{at}", str(quantity)) for at, quantity in enumerate(quantities)]

    parts = allocated([an_amount(str(cost)) for cost in costs], weighed)

    assert sum(costs) == sum(part.cost for part in parts)


COSTS = [
    TeamCost("platform", "USD", Decimal(90), Decimal(0)),
    TeamCost("a", "USD", Decimal(10), Decimal(100)),
    TeamCost("b", "USD", Decimal(20), Decimal(200)),
    TeamCost(None, "USD", Decimal(1), Decimal(50)),
]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"split": "evenly"}, {"a": 55, "b": 65, None: 1}),
        ({"split": "tokens"}, {"a": 40, "b": 80, None: 1}),
        ({"split": "evenly", "among": ["a"]}, {"a": 100, "b": 20, None: 1}),
        ({"split": "fixed", "shares": {"a": 1, "c": 2}}, {"a": 40, "b": 20, "c": 60, None: 1}),
    ],
)
def test_what_teams_share_is_split(rule: dict[str, Any], expected: dict[str | None, int]) -> None:
    rules = parse_team_rules([{"team": "platform", **rule}])

    assert expected == {one.team: one.cost for one in split_shared(rules, COSTS)}


@given(st.decimals("0", "100000", places=5), st.lists(st.integers(0, 10**9), min_size=1, max_size=5))
def test_a_split_keeps_the_sum(pot: Decimal, tokens: list[int]) -> None:
    rules = parse_team_rules([{"team": "platform", "split": "tokens"}])
    costs = [TeamCost(f"t{at}", "USD", Decimal(at), Decimal(count)) for at, count in enumerate(tokens)]

    split = split_shared(rules, [*costs, TeamCost("platform", "USD", pot, Decimal(0))])

    assert pot + sum(range(len(tokens))) == sum(one.cost for one in split)
