"""The answers as scripts get them, through the command: the contract's keys and types, and the world's figures."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from collector.cli import main
from collector.domain.periods import DAY, Window, floor_minute, midnight
from collector.simulator.truth import Usage
from tests.end_to_end.stage import NOW, Stage, a_stage, a_world
from tests.end_to_end.truths import true_minutes

TODAY = midnight(NOW.date())
Ask = Callable[..., Any]

TEXT, NUMBER, AMOUNT, DAYS, INSTANT = "text", "number", "amount", "day", "instant"
COST_ROW = {
    **dict.fromkeys(("currency", "subscription_id", "account", "deployment", "model", "version"), TEXT),
    **dict.fromkeys(("sku", "location", "kind", "tier", "unit", "basis", "step", "meter_id"), TEXT),
    **dict.fromkeys(("quantity", "unit_price", "cost", "low", "high"), AMOUNT),
}
UNPRICED_ROW = {
    **dict.fromkeys(("account", "deployment", "model", "version", "sku", "kind", "why"), TEXT),
    "quantity": AMOUNT,
}
ROOM_ROW = {
    **dict.fromkeys(
        ("subscription_id", "account", "deployment", "model", "version", "sku", "location"), TEXT
    ),
    **dict.fromkeys(("limit_tpm", "limit_rpm", "peak_tpm", "p99_tpm", "peak_rpm", "headroom_tpm"), NUMBER),
    **dict.fromkeys(("headroom_rpm", "minutes_over_80", "minutes_over_90", "minutes_over_100"), NUMBER),
    **dict.fromkeys(("requests", "throttled", "throttled_at_limit", "throttled_below_limit"), NUMBER),
    **dict.fromkeys(("throttled_unclassified", "spilled", "ptu_mean", "ptu_max", "coverage"), NUMBER),
    "minute_coverage": NUMBER,
    "binding": TEXT,
    "quota_line": TEXT,
}
QUOTA_ROW = {
    **dict.fromkeys(("subscription_id", "location", "usage_name", "unit"), TEXT),
    **dict.fromkeys(("limit", "current", "free"), AMOUNT),
    **dict.fromkeys(("days_to_full", "days_to_full_low", "days_to_full_high"), NUMBER),
}
ENDING_ROW = {
    **dict.fromkeys(
        ("subscription_id", "account", "deployment", "model", "version", "sku", "location"), TEXT
    ),
    **dict.fromkeys(("lifecycle", "ends_on_source", "on_the_day", "replacement"), TEXT),
    "ends_on": DAYS,
    "days_left": NUMBER,
    "requests_30d": NUMBER,
}
API_ROW = {
    **dict.fromkeys(("account", "deployment", "api_version", "state"), TEXT),
    "ends_on": DAYS,
    "days_left": NUMBER,
    "requests_30d": NUMBER,
    "last_seen": DAYS,
}
SCOPE_ROW = {**dict.fromkeys(("job", "scope", "status", "error"), TEXT), "through": INSTANT}
UNKNOWN = {
    *(
        "ends_on",
        "days_left",
        "replacement",
        "ends_on_source",
        "error",
        "unit",
        "binding",
        "quota_line",
        "meter_id",
    ),
    *(
        "limit_tpm",
        "limit_rpm",
        "headroom_tpm",
        "headroom_rpm",
        "ptu_mean",
        "ptu_max",
        "requests_30d",
        "step",
    ),
    *(
        "days_to_full",
        "days_to_full_low",
        "days_to_full_high",
        "version",
        "model",
        "sku",
        "through",
        "last_seen",
    ),
    *("minutes_over_80", "minutes_over_90", "minutes_over_100", "coverage", "minute_coverage"),
}
"""What may be null."""


def fits(value: object, kind: str) -> bool:
    if kind == NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == AMOUNT:
        return isinstance(value, int) or (
            isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value) is not None
        )
    if kind == DAYS:
        return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None
    if kind == INSTANT:
        return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value) is not None
    return isinstance(value, str)


def assert_rows(rows: list[dict[str, Any]], contract: dict[str, str]) -> None:
    assert rows
    for row in rows:
        for key, kind in contract.items():
            assert key in row, key
            value = row[key]
            assert (value is None and key in UNKNOWN) or fits(value, kind), (
                f"{key}={value!r}: expected {kind}"
            )


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Ask]]:
    url = f"sqlite:///{tmp_path_factory.mktemp('answers') / 'store.db'}"
    with a_stage(url, a_world(subscriptions=3, accounts=8, deployments=33)) as stage:
        stage.azure.set_clock(NOW - timedelta(minutes=61))
        stage.collect()
        stage.azure.set_clock(NOW)
        stage.collect()
        stage.derive()
        runner = CliRunner()

        def ask(*arguments: str) -> Any:
            found = runner.invoke(
                main, [*arguments, "--json"], obj=stage.azure.now, env={"AOAI_DATABASE_URL": url}
            )
            assert 0 == found.exit_code, found.output
            return orjson.loads(found.stdout)

        yield stage, ask


def totals(stage: Stage, window: Window) -> dict[tuple[str, str], list[Usage]]:
    found: dict[tuple[str, str], list[Usage]] = {}
    for row in stage.azure.truth.usage(window.start, window.end):
        found.setdefault((row.account, row.deployment), []).append(row)
    return found


def test_cost_keeps_the_contract_and_adds_up(answered: tuple[Stage, Ask]) -> None:
    _, ask = answered
    first, last = (TODAY - 2 * DAY).date(), TODAY.date()
    found = ask("cost", "--from", str(first), "--to", str(last))
    assert {"from": str(first), "to": str(last)} == found["period"]
    assert fits(found["as_of"], INSTANT)
    assert 0.99 <= found["coverage"] <= 1
    assert_rows(found["rows"], COST_ROW)
    assert_rows(found["unpriced"], UNPRICED_ROW)
    for total in found["totals"]:
        for name in ("cost", "low", "high"):
            summed = sum(Decimal(row[name]) for row in found["rows"] if row["currency"] == total["currency"])
            assert Decimal(total[name]) == summed
    assert all(Decimal(row["low"]) <= Decimal(row["cost"]) <= Decimal(row["high"]) for row in found["rows"])


def test_cost_by_day_is_the_same_cost_with_a_day_in_each_row(answered: tuple[Stage, Ask]) -> None:
    _, ask = answered
    span = ("--from", str((TODAY - 2 * DAY).date()), "--to", str(TODAY.date()))
    whole, daily = ask("cost", *span), ask("cost", *span, "--by", "day")
    assert whole["totals"] == daily["totals"]
    assert {str((TODAY - step * DAY).date()) for step in (1, 2)} == {row["day"] for row in daily["rows"]}


def test_cost_quantities_of_output_are_the_worlds_own(answered: tuple[Stage, Ask]) -> None:
    stage, ask = answered
    first, last = (TODAY - 2 * DAY).date(), TODAY.date()
    found = ask("cost", "--from", str(first), "--to", str(last))
    ours: dict[tuple[str, str], Decimal] = {}
    for row in [*found["rows"], *found["unpriced"]]:
        if row["kind"] == "output":
            key = (row["account"], row["deployment"])
            ours[key] = ours.get(key, Decimal(0)) + Decimal(row["quantity"])
    true: dict[tuple[str, str], Decimal] = {}
    for cost in stage.azure.truth.costs(first, last):
        if cost.kind == "output" and cost.account in {key[0] for key in ours}:
            key = (cost.account, cost.deployment)
            true[key] = true.get(key, Decimal(0)) + cost.quantity
    publishers = {row["deployment"] for row in found["out_of_scope"]}
    assert {key: value for key, value in true.items() if key[1] not in publishers} == ours


def test_room_keeps_the_contract_and_tells_the_worlds_own_figures(answered: tuple[Stage, Ask]) -> None:
    stage, ask = answered
    found = ask("room", "--period", "1d")
    assert_rows(found["deployments"], ROOM_ROW)
    assert_rows(found["quotas"], QUOTA_ROW)
    window = Window(TODAY, floor_minute(stage.now) - timedelta(minutes=61))
    true, known = (
        totals(stage, Window(TODAY, floor_minute(stage.now))),
        true_minutes(stage.azure.truth, window),
    )
    peaks: dict[str, int] = {}
    for (_, name, _), minutes in known.items():
        busiest = max(p + c for p, c in zip(minutes["prompt"], minutes["completion"], strict=True))
        peaks[name] = max(peaks.get(name, 0), busiest)
    compared = 0
    for row in found["deployments"]:
        mine = true[row["account"], row["deployment"]]
        # The newest minutes are partial in Azure too: never more than happened, and nearly all of it.
        requests = sum(one.requests for one in mine)
        assert 0.8 * requests <= row["requests"] <= requests
        assert (
            row["throttled"]
            == row["throttled_at_limit"] + row["throttled_below_limit"] + row["throttled_unclassified"]
        )
        assert row["throttled"] <= sum(one.throttled for one in mine)
        assert row["spilled"] <= sum(one.spilled for one in mine)
        if row["limit_tpm"] is not None and row["peak_tpm"] is not None:
            assert row["headroom_tpm"] == row["limit_tpm"] - row["peak_tpm"]
            assert row["peak_tpm"] >= peaks.get(row["deployment"].casefold(), 0)
            compared += 1
    assert compared > 15


def test_room_counts_no_less_than_the_worlds_settled_days(answered: tuple[Stage, Ask]) -> None:
    stage, ask = answered
    found = {
        (row["account"], row["deployment"]): row for row in ask("room", "--period", "30d")["deployments"]
    }
    settled = Window(TODAY - 3 * DAY, TODAY)
    for key, mine in totals(stage, settled).items():
        if key in found and stage.world.account(key[0]):
            assert found[key]["requests"] >= sum(one.requests for one in mine)
            assert found[key]["throttled"] >= sum(one.throttled for one in mine)
            assert found[key]["spilled"] >= sum(one.spilled for one in mine)


def test_endings_keep_the_contract_and_name_every_living_deployment(answered: tuple[Stage, Ask]) -> None:
    stage, ask = answered
    found = ask("endings")
    assert_rows(found["deployments"], ENDING_ROW)
    assert_rows(found["api_versions"], API_ROW)
    living = {(d.account.id, d.name) for d in stage.world.deployments if d.exists(stage.now)}
    assert living == {(row["account"], row["deployment"]) for row in found["deployments"]}
    for row in found["deployments"]:
        assert all(fits(cost["cost"], AMOUNT) and fits(cost["currency"], TEXT) for cost in row["cost_30d"])
    assert {"preview", "ga", "legacy", "deprecated", "retired", "unknown"} >= {
        r["lifecycle"] for r in found["deployments"]
    }
    assert {"upgraded", "stops", "unknown"} >= {row["on_the_day"] for row in found["deployments"]}


def test_status_keeps_the_contract(answered: tuple[Stage, Ask]) -> None:
    _, ask = answered
    found = ask("status")
    assert_rows(found["scopes"], SCOPE_ROW)
    assert {"ok"} == {scope["status"] for scope in found["scopes"]}
    assert [] == found["gaps"]
    assert 0.9 <= found["coverage_24h"] <= 1
    assert found["calls_24h"] > 100
    assert 0 == found["throttles_24h"]
    assert found["call_cost_month"] is None


def test_filters_leave_only_what_they_name(answered: tuple[Stage, Ask]) -> None:
    stage, ask = answered
    one = stage.world.subscriptions[0].id
    for command, rows in (("cost", "rows"), ("room", "deployments"), ("endings", "deployments")):
        found = ask(command, "--subscription", one)
        assert {one} == {row["subscription_id"] for row in found[rows]}
