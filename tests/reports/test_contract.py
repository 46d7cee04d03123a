"""`--json` is a promise to scripts: these keys, these types, null where nothing is known."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection

from collector.catalog.api_versions import load_api_versions
from collector.domain.endings.offers import model_catalog
from collector.domain.periods import last_days
from collector.domain.room.fullness import NoDate, UntilFull
from collector.reports import contract
from collector.store.engine import open_engine
from collector.store.reads import cost, endings, overview, room
from collector.store.reads.api_use import api_use_rows
from collector.store.reads.coverage import period_coverage
from collector.store.reads.ending_stories import ending_stories
from collector.store.reads.quotas import quota_rows
from collector.store.reads.whose import whereabouts
from tests.dashboard.seed import NOW
from tests.dashboard.worlds import world_at

WEEK = last_days(NOW.date(), 7)
PROMISED = {
    "cost": {"period", "as_of", "coverage", "rows", "unpriced", "totals"},
    "cost.rows": {
        *(
            "currency",
            "subscription_id",
            "account",
            "deployment",
            "model",
            "version",
            "sku",
            "location",
            "kind",
            "tier",
        ),
        *("quantity", "unit", "unit_price", "cost", "low", "high", "basis", "step", "meter_id"),
    },
    "cost.unpriced": {"account", "deployment", "model", "version", "sku", "kind", "quantity", "why"},
    "cost.totals": {"currency", "cost", "low", "high"},
    "room": {"period", "as_of", "deployments", "quotas"},
    "room.deployments": {
        *(
            "subscription_id",
            "account",
            "deployment",
            "model",
            "version",
            "sku",
            "location",
            "limit_tpm",
            "limit_rpm",
        ),
        *("peak_tpm", "p99_tpm", "peak_rpm", "headroom_tpm", "headroom_rpm", "binding", "minutes_over_80"),
        *(
            "minutes_over_90",
            "minutes_over_100",
            "requests",
            "throttled",
            "throttled_at_limit",
            "throttled_below_limit",
        ),
        *(
            "throttled_unclassified",
            "spilled",
            "ptu_mean",
            "ptu_max",
            "quota_line",
            "coverage",
            "minute_coverage",
        ),
    },
    "room.quotas": {
        *("subscription_id", "location", "usage_name", "unit", "limit", "current", "free"),
        *("days_to_full", "days_to_full_low", "days_to_full_high"),
    },
    "endings": {"as_of", "deployments", "api_versions"},
    "endings.deployments": {
        *(
            "subscription_id",
            "account",
            "deployment",
            "model",
            "version",
            "sku",
            "location",
            "lifecycle",
            "ends_on",
        ),
        *("ends_on_source", "on_the_day", "replacement", "days_left", "requests_30d", "cost_30d"),
    },
    "endings.api_versions": {
        *(
            "account",
            "deployment",
            "api_version",
            "state",
            "ends_on",
            "days_left",
            "requests_30d",
            "last_seen",
        ),
    },
    "status": {"scopes", "gaps", "coverage_24h", "calls_24h", "throttles_24h", "call_cost_month"},
    "status.scopes": {"job", "scope", "through", "status", "error"},
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    engine = open_engine(
        world_at(tmp_path_factory.mktemp("contract") / "store.db", "troubled"), read_only=True
    )
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="module")
def objects(store: Connection) -> dict[str, Any]:
    month = last_days(NOW.date(), 30)
    rows = endings.deployed_rows(store, month)
    catalog = model_catalog(endings.offers_for(store, rows), endings.model_readings(store))
    return {
        "cost": contract.cost_object(
            WEEK,
            as_of=NOW,
            coverage=period_coverage(store, WEEK, NOW),
            rows=cost.cost_rows(store, WEEK),
            unpriced=cost.unpriced(store, WEEK),
            totals=cost.cost_totals(store, WEEK),
        ),
        "room": contract.room_object(
            WEEK, as_of=NOW, rows=room.room_rows(store, "7d"), quotas=quota_rows(store)
        ),
        "endings": contract.endings_object(
            NOW.date(),
            as_of=None,
            stories=ending_stories(
                store, rows, catalog, whereabouts(store), quota_rows(store), lambda _: None, NOW.date()
            ),
            api_uses=api_use_rows(store, month),
            api_versions=load_api_versions().versions,
        ),
        "status": contract.status_object(
            scopes=overview.scopes(store),
            gaps=overview.gaps(store),
            coverage_24h=period_coverage(store, last_days(NOW.date(), 1), NOW),
            calls_24h=120,
            throttles_24h=2,
            calls_month=2_500,
            call_price_per_1000="0.01",
        ),
    }


@pytest.mark.parametrize("path", PROMISED)
def test_no_promised_key_is_missing(objects: dict[str, Any], path: str) -> None:
    name, _, part = path.partition(".")
    found = objects[name][part][0] if part else objects[name]

    assert set() == PROMISED[path] - set(found)


@pytest.mark.parametrize("name", ["cost", "room", "endings", "status"])
def test_an_object_is_plain_json(objects: dict[str, Any], name: str) -> None:
    assert objects[name] == json.loads(json.dumps(objects[name]))


def test_amounts_are_strings_whose_rows_add_up_to_the_totals(objects: dict[str, Any]) -> None:
    rows, totals = objects["cost"]["rows"], objects["cost"]["totals"]

    for field in ("cost", "low", "high"):
        assert Decimal(totals[0][field]) == sum(Decimal(row[field]) for row in rows)
    assert not any("e" in row["cost"].lower() for row in rows)


def test_days_stand_only_where_they_were_asked_for(store: Connection, objects: dict[str, Any]) -> None:
    daily = contract.cost_object(
        WEEK, as_of=NOW, coverage=None, rows=cost.cost_rows(store, WEEK, by_day=True), unpriced=[], totals=[]
    )

    assert "day" not in objects["cost"]["rows"][0]
    assert "2026-11-16" == min(row["day"] for row in daily["rows"])


def test_the_end_of_a_period_is_exclusive(objects: dict[str, Any]) -> None:
    assert {"from": "2026-11-16", "to": "2026-11-23"} == objects["cost"]["period"]
    assert {"from": "2026-11-16T00:00:00Z", "to": "2026-11-23T00:00:00Z"} == objects["room"]["period"]


def test_instants_end_in_z_and_unknown_is_null(objects: dict[str, Any]) -> None:
    never = next(scope for scope in objects["status"]["scopes"] if scope["through"] is None)

    assert "2026-11-22T18:10:00Z" == objects["cost"]["as_of"]
    assert None is objects["endings"]["as_of"]
    assert "failed" == never["status"]


def test_a_limit_that_nobody_states_is_null_and_no_zero(objects: dict[str, Any]) -> None:
    batch = next(row for row in objects["room"]["deployments"] if row["deployment"] == "claims-batch")

    assert [None, None, None] == [batch["limit_tpm"], batch["headroom_tpm"], batch["binding"]]


def test_endings_come_soonest_first_and_undated_last(objects: dict[str, Any]) -> None:
    left = [row["days_left"] for row in objects["endings"]["deployments"]]
    dated = [days for days in left if days is not None]

    assert dated == sorted(dated)
    assert left == dated + [None] * (len(left) - len(dated))


def test_other_publishers_models_are_no_missing_prices() -> None:
    row = SimpleNamespace(**dict.fromkeys(contract.UNPRICED_ROW, "x"), out_of_scope=True)
    found = contract.cost_object(WEEK, as_of=None, coverage=None, rows=[], unpriced=[row], totals=[])

    assert ([], 1) == (found["unpriced"], len(found["out_of_scope"]))


def test_what_calls_cost_is_null_until_their_price_is_configured(objects: dict[str, Any]) -> None:
    unset = contract.status_object(
        scopes=[],
        gaps=[],
        coverage_24h=None,
        calls_24h=0,
        throttles_24h=0,
        calls_month=9,
        call_price_per_1000=None,
    )

    assert ("0.025", None) == (objects["status"]["call_cost_month"], unset["call_cost_month"])


def test_a_quota_line_says_when_it_fills_or_nothing(store: Connection) -> None:
    lines = quota_rows(store)[:2]
    keys = [(line.subscription_id, line.location, line.usage_name) for line in lines]
    full = {keys[0]: UntilFull(30, 20, None, 0.7, None, None), keys[1]: NoDate("it did not change")}
    found = contract.room_object(WEEK, as_of=None, rows=[], quotas=lines, days_to_full=full)["quotas"]

    assert (30, 20, None) == tuple(
        found[0][name] for name in ("days_to_full", "days_to_full_low", "days_to_full_high")
    )
    assert None is found[1]["days_to_full"]


def test_the_same_amount_is_the_same_text_from_every_database(store: Connection) -> None:
    line = replace(quota_rows(store)[0], limit=Decimal("350.00"), current=Decimal("3.5E+2"))
    found = contract.room_object(WEEK, as_of=NOW + timedelta(0), rows=[], quotas=[line])["quotas"][0]

    assert ("350", "350", "0") == (found["limit"], found["current"], found["free"])
