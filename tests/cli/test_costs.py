"""The deeper questions about money on the command line: their objects keep their keys and agree with the store."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from collector import cli
from collector.domain.periods import Month
from collector.store.engine import open_engine
from collector.store.reads import cost
from collector.store.reads.scope import Filters
from tests.dashboard.seed import NOW
from tests.dashboard.worlds import SWEDEN, world_at

OCTOBER = Month(2026, 10)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "json.md"
BUDGETS = """
[[budgets]]
name = "Assist"
amount = 100
currency = "USD"
team = "Assist"
"""

Ask = Callable[..., Result]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return world_at(tmp_path_factory.mktemp("costs") / "store.db", "demo")


@pytest.fixture
def ask(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """`ask("cost", "forecast", ...)` of an estate whose every figure is known."""
    config = tmp_path / "aoai-monitor.toml"
    config.write_text(BUDGETS, encoding="utf-8")
    monkeypatch.setenv("AOAI_DATABASE_URL", url)
    monkeypatch.setenv("AOAI_CONFIG", str(config))
    return lambda *words: CliRunner().invoke(cli.main, list(words), obj=lambda: NOW)


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("by", ["everything", "subscription", "account", "deployment", "model", "team"])
def test_every_part_has_a_forecast_between_its_ends_or_a_reason(ask: Ask, by: str) -> None:
    found = told(ask("cost", "forecast", "--by", by, "--json"))

    assert ("2026-11", "2026-11-21", by) == (found["month"], found["through"], found["by"])
    assert found["parts"]
    for part in found["parts"]:
        if part["forecast"] is None:
            assert part["why_none"]
        else:
            assert Decimal(part["low"]) <= Decimal(part["forecast"]) <= Decimal(part["high"])
            assert part["error"] <= 1.05 * min(part["last_week_error"], part["last_day_error"]) + 0.002


def test_the_parts_of_the_month_are_the_months_cost_through_yesterday(ask: Ask) -> None:
    (whole,) = told(ask("cost", "forecast", "--json"))["parts"]
    teams = told(ask("cost", "forecast", "--by", "team", "--json"))["parts"]

    assert None is whole["key"]
    for name in ("spent", "before"):
        assert Decimal(whole[name]) == sum(Decimal(one[name]) for one in teams)


def test_a_budget_stands_with_its_days_until_spent(ask: Ask) -> None:
    (budget,) = told(ask("cost", "forecast", "--json"))["budgets"]

    assert ("Assist", "spent", 0) == (budget["name"], budget["standing"], budget["days_left"])
    assert "2026-11-01" == budget["spent_on"]
    assert "Budget Assist:" in ask("cost", "forecast").stdout


def test_units_hold_the_cost_of_what_is_paid_by_use(ask: Ask, url: str) -> None:
    with open_engine(url, read_only=True).connect() as connection:
        by_kind = {part.key: part.cost for part in cost.cost_by(connection, "kind", OCTOBER.window)}
    by_use = sum(
        (amount for kind, amount in by_kind.items() if kind not in ("ptu_hour", "hosting_hour")), Decimal(0)
    )

    for by in ("model", "team", "deployment", "sku", "account"):
        found = told(ask("cost", "units", "--month", "2026-10", "--by", by, "--json"))
        assert by_use == sum(Decimal(row["cost"]) for row in found["rows"])


def test_savings_are_narrowed_like_every_answer(ask: Ask) -> None:
    everything = told(ask("cost", "savings", "--json"))
    narrow = told(ask("cost", "savings", "--account", SWEDEN.arm_id, "--json"))

    assert "2026-10" == everything["month"]  # the last month that is over
    assert len(everything["savings"]) > len(narrow["savings"]) > 0
    assert {SWEDEN.name} == {one["deployment"].partition("/")[0] for one in narrow["savings"]}
    for one in everything["savings"]:
        assert 0 < Decimal(one["monthly"]) <= Decimal(one["cost"])
        assert one["assumes"]
        assert one["evidence"]


def test_changes_split_into_volume_price_and_mix_exactly(ask: Ask, url: str) -> None:
    found = told(ask("cost", "changes", "--month", "2026-11", "--json"))

    assert {"from": "2026-11-01", "to": "2026-11-22"} == found["after"]
    assert {"from": "2026-10-01", "to": "2026-10-22"} == found["before"]
    for change in found["changes"]:
        moved = sum(Decimal(change[part]) for part in ("volume", "price", "mix"))
        assert Decimal(change["after"]) - Decimal(change["before"]) == moved
    whole = told(ask("cost", "changes", "--month", "2026-10", "--json"))
    with open_engine(url, read_only=True).connect() as connection:
        (total,) = cost.cost_totals(connection, OCTOBER.window, Filters())
    assert [total.cost] == [Decimal(one["after"]) for one in whole["changes"]]


@pytest.mark.parametrize("command", ["units", "savings", "changes"])
def test_a_month_that_has_not_begun_is_refused(ask: Ask, command: str) -> None:
    result = ask("cost", command, "--month", "2027-03")

    assert 2 == result.exit_code
    assert "--month 2027-03: expected a month that has begun, now is 2026-11" in result.output


@pytest.mark.parametrize("command", ["forecast", "units", "savings", "changes"])
def test_every_key_stands_in_the_contract(ask: Ask, command: str) -> None:
    (line,) = [
        line
        for line in DOCS.read_text(encoding="utf-8").splitlines()
        if line.startswith(f"`aoai-monitor cost {command} --json`")
    ]

    def keys(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set(value) | {key for one in value.values() for key in keys(one)}
        return {key for one in value for key in keys(one)} if isinstance(value, list) else set()

    found = keys(told(ask("cost", command, "--json")))
    assert set() == {key for key in found if key not in line}


def test_the_tables_of_a_terminal_say_what_the_objects_say(ask: Ask) -> None:
    for words, said in (
        (("cost", "forecast", "--by", "team"), "no team"),
        (("cost", "units"), "per 1M"),
        (("cost", "savings"), "of each deployment the largest only"),
        (("cost", "changes"), "volume"),
    ):
        result = ask(*words)
        assert 0 == result.exit_code, result.output
        assert said in result.stdout
