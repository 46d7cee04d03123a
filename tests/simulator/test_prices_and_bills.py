"""The price feed and the bill, made from the same labels, late and recycled as Azure's are."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from collector.simulator import facts
from collector.simulator.prices import MISSING_FROM_FEED, RECYCLED, changes, predicate, recycled_on
from collector.simulator.server import Simulator
from collector.simulator.truth import truth_of
from collector.simulator.world import World
from tests.simulator.client import NOW, Client

EASTUS2 = "armRegionName eq 'eastus2'"
OURS = "(startswith(productName, 'Azure OpenAI') or contains(productName, 'Reservation'))"


def _feed(client: Client, wanted: str, **query: str) -> list[dict[str, Any]]:
    said = client.send("/api/retail/prices", **{"$filter": wanted, **query}).json
    rows = list(said["Items"])
    while said["NextPageLink"]:
        said = client.send(said["NextPageLink"]).json
        rows += said["Items"]
    return rows


def _query(
    groups: tuple[str, ...], first: str, last: str, kind: Any = "ActualCost", **dataset: Any
) -> dict[str, Any]:
    return {
        "type": kind,
        "timeframe": "Custom",
        "timePeriod": {"from": f"{first}T00:00:00Z", "to": f"{last}T23:59:59Z"},
        "dataset": {
            "granularity": "Daily",
            "aggregation": {
                "cost": {"name": "Cost", "function": "Sum"},
                "quantity": {"name": "UsageQuantity", "function": "Sum"},
            },
            "grouping": [{"type": "Dimension", "name": g} for g in groups],
            **dataset,
        },
    }


def _bill(client: Client, subscription: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    path = f"/subscriptions/{subscription}/providers/Microsoft.CostManagement/query"
    said = client.send(path, body)
    rows: list[dict[str, Any]] = []
    while said.status == 200:
        names = [column["name"] for column in said.json["properties"]["columns"]]
        rows += [dict(zip(names, row, strict=True)) for row in said.json["properties"]["rows"]]
        if not said.json["properties"]["nextLink"]:
            break
        said = client.send(said.json["properties"]["nextLink"], body)
    return rows


def test_the_feed_is_paged_and_every_row_has_its_own_price(client: Client) -> None:
    rows = _feed(client, EASTUS2)
    assert len(rows) > 150
    assert all(row["armRegionName"] == "eastus2" for row in rows)
    keys = [(r["meterId"], r["type"], r.get("reservationTerm"), r["effectiveStartDate"]) for r in rows]
    assert len(keys) == len(set(keys))


def test_other_publishers_share_the_feed(client: Client) -> None:
    products = {row["productName"] for row in _feed(client, EASTUS2)}
    assert {"Azure OpenAI", "Azure OpenAI GPT5"} <= products
    assert any("Grok" in p or "Llama" in p or "Mistral" in p for p in products)


def test_filters_are_case_sensitive(client: Client) -> None:
    assert _feed(client, "serviceName eq 'Foundry Models' and armRegionName eq 'uksouth'")
    assert [] == _feed(client, "serviceName eq 'foundry models'")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a eq 'x' and (b eq 'y' or b eq 'z')", True),
        ("a eq 'x' and b eq 'y'", False),
        ("startswith(b, 'z') and contains(a, 'x')", True),
        ("a ne 'x' or b eq 'z'", True),
        ("c eq 'it''s'", True),
    ],
)
def test_filter_grammar(text: str, expected: bool) -> None:
    assert expected is predicate(text)({"a": "x", "b": "z", "c": "it's"})


def test_an_odd_filter_is_refused(client: Client) -> None:
    assert 400 == client.send("/api/retail/prices", **{"$filter": "a like 'x'"}).status


def test_a_price_cut_is_told_late_and_back_dated(azure: Simulator, client: Client, world: World) -> None:
    cut = changes(world)[0]
    wanted = f"{EASTUS2} and meterName eq '5.6 luna ShortCo Inp Std Gl 1M Tokens'"
    told = []
    for day in (cut.on, cut.told_on):
        azure.set_clock(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
        told.append([(r["effectiveStartDate"][:10], "effectiveEndDate" in r) for r in _feed(client, wanted)])
    assert cut.on < cut.told_on
    assert [("2026-07-01", False)] == told[0]
    assert [("2026-07-01", True), (cut.on.isoformat(), False)] == told[1]


def test_a_meter_id_gets_another_meaning(azure: Simulator, client: Client, world: World) -> None:
    meter = next(m for m in facts.meters() if m.name == RECYCLED[0])
    names = []
    for day in (recycled_on(world) - timedelta(days=1), recycled_on(world)):
        azure.set_clock(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
        names += [r["meterName"] for r in _feed(client, EASTUS2) if r["meterId"] == meter.meter_id("eastus2")]
    assert [RECYCLED[0], RECYCLED[1]] == names


def test_a_reservation_shares_the_meter_id_of_its_hours(client: Client) -> None:
    rows = _feed(client, f"{EASTUS2} and meterName eq 'Provisioned Managed Global Unit' and {OURS}")
    assert ["Consumption", "Reservation", "Reservation"] == [r["type"] for r in rows]
    assert 1 == len({r["meterId"] for r in rows})


def test_prices_in_another_currency_are_converted(client: Client) -> None:
    wanted = f"{EASTUS2} and meterName eq 'gpt 4.1 Inp glbl Tokens'"
    rows = _feed(client, wanted, currencyCode="'EUR'")
    assert [("EUR", 0.001722)] == [(r["currencyCode"], r["retailPrice"]) for r in rows]


def test_one_billed_meter_is_missing_from_the_feed(client: Client, world: World) -> None:
    ada = world.deployment("ada")
    day = (NOW - timedelta(days=6)).date().isoformat()
    billed = {
        row["Meter"] for row in _bill(client, ada.account.subscription.id, _query(("Meter",), day, day))
    }
    assert MISSING_FROM_FEED in billed
    assert [] == _feed(client, f"meterName eq '{MISSING_FROM_FEED}'")


def _true_costs(
    world: World, subscription: str, first: date, last: date
) -> Iterator[tuple[str, str, Decimal, Decimal]]:
    for cost in truth_of(world).costs(first, last):
        account = world.account(cost.account)
        if account is not None and account.subscription.id == subscription and cost.billed_cost is not None:
            yield cost.account.lower(), cost.meter or "", cost.quantity, cost.billed_cost


@pytest.mark.parametrize("which", range(3))
def test_the_bill_is_the_truth_after_discount(client: Client, world: World, which: int) -> None:
    subscription = world.subscriptions[which]
    first = (NOW - timedelta(days=12)).date()
    body = _query(("ResourceId", "Meter"), first.isoformat(), (first + timedelta(days=2)).isoformat())
    billed: dict[tuple[str, str], float] = defaultdict(float)
    for row in _bill(client, subscription.id, body):
        billed[row["ResourceId"], row["Meter"]] += row["Cost"]
    expected: dict[tuple[str, str], float] = defaultdict(float)
    for account, meter, _, cost in _true_costs(world, subscription.id, first, first + timedelta(days=3)):
        expected[account, meter] += float(cost)
    for key, cost in expected.items():
        if not key[1].startswith("Provisioned"):
            assert cost == pytest.approx(billed[key])


def test_one_subscription_pays_less_than_the_list(world: World) -> None:
    first = (NOW - timedelta(days=5)).date()
    shares = {
        round(cost.billed_cost / cost.list_cost_usd, 4)
        for cost in truth_of(world).costs(first, first + timedelta(days=1))
        if cost.billed_cost and cost.list_cost_usd
    }
    assert {Decimal("1.0000"), Decimal("0.8800")} == shares


def test_a_days_bill_rises_for_three_days(azure: Simulator, client: Client, world: World) -> None:
    day = (NOW - timedelta(days=6)).date()
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    subscription = world.deployment("hot").account.subscription
    seen = []
    for hours in (5, 20, 30, 50, 80, 200):
        azure.set_clock(midnight + timedelta(hours=hours))
        rows = _bill(client, subscription.id, _query(("ServiceName",), day.isoformat(), day.isoformat()))
        seen.append(sum(row["Cost"] for row in rows if row["ServiceName"] == "Foundry Models"))
    assert 0 == seen[0]
    assert seen == sorted(seen)
    assert len(set(seen[:5])) == 5
    assert seen[4] == seen[5]


def test_nothing_billed_is_204(azure: Simulator, client: Client, world: World) -> None:
    day = NOW.date().isoformat()
    azure.set_clock(NOW.replace(hour=3))
    path = f"/subscriptions/{world.subscriptions[0].id}/providers/Microsoft.CostManagement/query"
    said = client.send(path, _query(("Meter",), day, day))
    assert (204, b"") == (said.status, said.body)


def test_three_groupings_are_refused(client: Client, world: World) -> None:
    path = f"/subscriptions/{world.subscriptions[0].id}/providers/Microsoft.CostManagement/query"
    said = client.send(path, _query(("ResourceId", "Meter", "ChargeType"), "2026-11-01", "2026-11-02"))
    assert 400 == said.status
    assert "at most 2 grouping" in said.json["error"]["message"]


def test_columns_have_no_fixed_order_and_days_are_numbers(client: Client, world: World) -> None:
    path = f"/subscriptions/{world.subscriptions[0].id}/providers/Microsoft.CostManagement/query"
    orders = set()
    for groups in (
        ("ResourceId", "Meter"),
        ("ResourceGuid", "ChargeType"),
        ("Meter",),
        ("ServiceName", "ResourceGroup"),
    ):
        columns = client.send(path, _query(groups, "2026-11-10", "2026-11-10")).json["properties"]["columns"]
        orders.add([c["name"] for c in columns].index("UsageDate"))
        assert {"name": "UsageDate", "type": "Number"} in columns
    assert len(orders) > 1


def test_some_meters_of_newer_models_have_no_id_in_the_bill(client: Client, world: World) -> None:
    empty, named = set(), set()
    for subscription in world.subscriptions:
        for row in _bill(
            client, subscription.id, _query(("Meter", "ResourceGuid"), "2026-11-10", "2026-11-10")
        ):
            (named if row["ResourceGuid"] else empty).add(row["Meter"])
    assert any(name.startswith(("GPT 5", "5.4")) for name in empty)
    assert named


def test_a_reservation_is_bought_once_in_actual_and_spread_in_amortised_cost(
    client: Client, world: World
) -> None:
    subscription = world.deployment("provisioned-spilling").account.subscription
    told = {}
    for kind in ("ActualCost", "AmortizedCost"):
        rows = _bill(
            client, subscription.id, _query(("ChargeType", "PricingModel"), "2026-10-31", "2026-11-02", kind)
        )
        told[kind] = {
            (row["UsageDate"], row["ChargeType"]): round(row["Cost"], 2)
            for row in rows
            if row["PricingModel"] == "Reservation"
        }
    assert (10400.0, 0.0) == (told["ActualCost"][20261101, "Purchase"], told["ActualCost"][20261031, "Usage"])
    assert round(40 * 24 * 260 * 12 / 8760, 2) == told["AmortizedCost"][20261031, "Usage"]
    assert "Purchase" not in {charge for _, charge in told["AmortizedCost"]}


def test_a_refund_is_a_negative_line(client: Client, world: World) -> None:
    only_refunds = {"filter": {"dimensions": {"name": "ChargeType", "operator": "In", "values": ["Refund"]}}}
    rows = _bill(
        client, world.subscriptions[0].id, _query(("ChargeType",), "2026-10-11", "2026-11-19", **only_refunds)
    )
    assert [-12.34] == [row["Cost"] for row in rows]


def test_a_subscription_can_be_billed_in_euro() -> None:
    world = World(seed=7, accounts=6, deployments=12, days=5, now=NOW, euro=True)
    with Simulator(world) as azure:
        rows = _bill(
            Client(azure), world.subscriptions[-1].id, _query(("Meter",), "2026-11-16", "2026-11-16")
        )
    assert {"EUR"} == {row["Currency"] for row in rows}


def test_without_the_role_costs_are_forbidden(client: Client, world: World) -> None:
    subscription = world.subscriptions[0].id
    client.send("/_sim/access", {"subscription": subscription, "cost_reader": False})
    path = f"/subscriptions/{subscription}/providers/Microsoft.CostManagement/query"
    assert 403 == client.send(path, _query((), "2026-11-01", "2026-11-02")).status


def test_tokens_that_are_charged_are_the_tokens_that_were_used(world: World) -> None:
    day = (NOW - timedelta(days=9)).date()
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    for role in ("hot", "priority", "created", "luna", "audio", "realtime", "batch"):
        deployment = world.deployment(role)
        usage = list(truth_of(world).usage(midnight, midnight + timedelta(days=1), "total", [deployment]))
        charged = list(truth_of(world).costs(day, day + timedelta(days=1), [deployment]))
        inputs = sum(c.quantity for c in charged if c.kind.endswith("input") or c.kind == "cache_write")
        outputs = sum(c.quantity for c in charged if c.kind in ("output", "audio_output"))
        assert (sum(u.prompt for u in usage), sum(u.completion for u in usage)) == (inputs, outputs)
