import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from collector.domain.room.quotas import (
    DeletedHold,
    Holding,
    LineChange,
    QuotaScope,
    QuotaUnit,
    line_changes,
    line_use,
    scope_of,
    unit_of,
    zone_of,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KEY = UUID(int=1)
UNITS = {
    "Tokens Per Minute (thousands) - GPT-4o - finetune - GlobalStandard": QuotaUnit(
        "tokens_per_minute", 1000
    ),
    "One Thousand Tokens Per Minute - o3 - GlobalStandard": QuotaUnit("tokens_per_minute", 1000),
    "Thousand Tokens Per Minute - o4-mini - Standard": QuotaUnit("tokens_per_minute", 1000),
    "Six Thousand Tokens Per Minute - o1": QuotaUnit("tokens_per_minute", 6000),
    "Ten Thousand Tokens Per Minute - o3-mini - GlobalStandard": QuotaUnit("tokens_per_minute", 10_000),
    "Tokens Per Minute - x": QuotaUnit("tokens_per_minute", 1),
    "Requests Per Minute - whisper": QuotaUnit("requests_per_minute", 1),
    "Enqueued tokens (thousands) - GPT-4": QuotaUnit("enqueued_tokens", 1000),
    "Enqueued prompt tokens (thousands) - gpt-4o - DataZoneBatch": QuotaUnit("enqueued_tokens", 1000),
    "Enqueued prompt Ten Thousand Tokens Per Minute - o3": QuotaUnit("enqueued_tokens", 10_000),
    "Global Provisioned Managed Throughput Unit": QuotaUnit("ptu", 1),
    "Provisioned Throughput Unit - Dalle": QuotaUnit("ptu", 1),
    "Maximum resources for AIServices S0 sku.": QuotaUnit("accounts", 1),
    "Maximum Resources per Region": QuotaUnit("accounts", 1),
    "Standard Fine-Tuned Deployments": QuotaUnit("deployments", 1),
    "GlobalStandard - GPT-5.1 Codex Max": None,
    "Default Quota for Model-as-a-Service Models": None,
    "Default DataZone Quota for gpt-oss-120b": None,
    "Seven Dozen Tokens Per Minute - x": None,
    "Dozen Tokens Per Minute - x": None,
    "Tokens": None,
    "Jetons par minute (milliers) - GPT-4o": None,
    "": None,
}


@pytest.mark.parametrize(("text", "unit"), UNITS.items(), ids=UNITS.keys())
def test_a_unit_is_read_from_the_text_or_not_at_all(text: str, unit: QuotaUnit | None):
    assert unit == unit_of(text)


def test_every_recorded_line_has_its_unit_but_those_whose_text_names_none(recorded: Path):
    lines = [
        line
        for file in ("arm-usages-list-eastus2.json", "arm-usages-list-canadacentral.json")
        for line in json.loads((recorded / "azure" / "examples" / file).read_text())["value"]
    ]
    units = Counter(getattr(unit_of(line["name"]["localizedValue"]), "name", None) for line in lines)
    without = {
        line["name"]["localizedValue"] for line in lines if unit_of(line["name"]["localizedValue"]) is None
    }
    assert units.total() == len(lines)
    assert all(text.startswith(("Default ", "GlobalStandard - ")) for text in without)
    assert set(units) == {
        "tokens_per_minute", "requests_per_minute", "enqueued_tokens", "ptu", "accounts", "deployments", None
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "location", "scope"),
    [
        ("OpenAI.Standard.gpt-4o", "eastus2", QuotaScope("location", None)),
        ("OpenAI.GlobalStandard.gpt4.1", "eastus2", QuotaScope("global", "global")),
        ("AIServices.GlobalBatch.x", "eastus2", QuotaScope("global", "global")),
        ("OpenAI.DatazoneStandard.gpt-4.1", "East US 2", QuotaScope("data_zone", "data zone us")),
        ("OpenAI.DataZoneProvisionedManaged", "swedencentral", QuotaScope("data_zone", "data zone eu")),
        ("OpenAI.DataZoneStandard.x", "uksouth", QuotaScope("data_zone", "data zone unknown")),
        ("AccountCount", "eastus2", QuotaScope("location", None)),
    ],
)
def test_global_and_data_zone_lines_may_share_a_pool(name: str, location: str, scope: QuotaScope):
    assert scope == scope_of(name, location)
    assert (scope.pool is not None) == scope.may_share_pool


def test_a_location_is_in_its_data_zone_in_every_spelling():
    assert ("eu", "us", None) == (zone_of("West Europe"), zone_of("westus3"), zone_of("switzerlandnorth"))


def a_line(limit: int, current: int, *holdings: Holding, deleted: tuple[DeletedHold, ...] = ()):
    return line_use(
        "OpenAI.GlobalStandard.gpt4.1",
        "eastus2",
        "Tokens Per Minute (thousands) - gpt-4.1",
        Decimal(limit),
        Decimal(current),
        holdings,
        deleted=deleted,
        now=NOW,
    )


def a_holding(units: int, needed: int | None = None, *, idle: bool = False) -> Holding:
    return Holding(KEY, "chat", Decimal(units), None if needed is None else Decimal(needed), idle)


def test_allocated_above_the_limit_is_free_below_zero():
    found = a_line(100, 400, a_holding(400))
    assert (-300, 4.0, 0) == (found.free, found.used_share, found.unexplained)
    assert Decimal(-300_000) == found.in_unit(found.free)
    assert a_line(0, 150).used_share is None


def test_what_no_visible_deployment_holds_is_unexplained():
    fresh = DeletedHold("old-account", Decimal(30), NOW - timedelta(hours=20))
    too_large = DeletedHold("larger", Decimal(90), NOW - timedelta(hours=2))
    purged = DeletedHold("purged", Decimal(10), NOW - timedelta(hours=49))
    found = a_line(500, 140, a_holding(100), deleted=(fresh, too_large, purged))
    assert (40, (fresh,)) == (found.unexplained, found.held_by_deleted)


def test_over_allocated_is_what_was_never_needed_and_unknown_where_nothing_is_known():
    assert 70 == a_line(500, 150, a_holding(100, 30), a_holding(50)).over_allocated
    assert 0 == a_line(500, 150, a_holding(100, 130)).over_allocated
    assert a_line(500, 150, a_holding(100)).over_allocated is None


def test_free_quota_is_stranded_where_no_demand_is():
    assert 500 == a_line(500, 0).stranded
    assert 400 == a_line(500, 100, a_holding(100, idle=True)).stranded
    assert 0 == a_line(500, 100, a_holding(100)).stranded
    assert 0 == a_line(100, 400).stranded


def test_every_move_of_a_line_is_a_change():
    readings = [(NOW + timedelta(days=day), Decimal(limit), Decimal(current))
                for day, limit, current in ((2, 200, 60), (0, 100, 50), (1, 100, 60))]  # fmt: skip
    assert (
        LineChange(NOW + timedelta(days=1), "allocated", Decimal(50), Decimal(60)),
        LineChange(NOW + timedelta(days=2), "limit", Decimal(100), Decimal(200)),
    ) == line_changes(readings)
