"""The questions about room, asked of a collected world by the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

from collector import cli
from collector.answers import room as answers_room
from collector.answers import units as answers_units
from collector.answers.asked import Asked
from collector.catalog.price_notes import load_price_notes
from collector.catalog.prices import load_snapshot
from collector.domain.advice.what_if import parse_what_if
from collector.jobs.charges import MoneyRules
from collector.store import schema
from collector.store.engine import open_engine
from tests.end_to_end.stage import NOW, a_stage, a_world

ROOM_KEYS = {"subscription_id", "account", "deployment", "model", "version", "sku", "location", "limit_tpm", "limit_rpm", "peak_tpm", "p99_tpm", "peak_rpm", "headroom_tpm", "headroom_rpm", "binding", "minutes_over_80", "minutes_over_90", "minutes_over_100", "requests", "throttled", "throttled_at_limit", "throttled_below_limit", "throttled_unclassified", "spilled", "ptu_mean", "ptu_max", "quota_line", "coverage", "minute_coverage"}  # fmt: skip
QUOTA_KEYS = {"subscription_id", "location", "usage_name", "unit", "limit", "current", "free", "days_to_full", "days_to_full_low", "days_to_full_high"}  # fmt: skip

Ask = Callable[..., Result]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Three days of a small estate, collected and derived."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    url = f"sqlite:///{tmp_path_factory.mktemp('room') / 'store.db'}"
    with a_stage(url, a_world(deployments=14, accounts=3)) as stage:
        stage.collect()
        stage.derive()
    return url


@pytest.fixture
def ask(store: str, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """`ask("room", "fit", ...)` of the collected store."""
    monkeypatch.setenv("AOAI_DATABASE_URL", store)
    return lambda *words: CliRunner().invoke(cli.main, list(words))


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_room_keeps_every_key_of_its_contract_and_adds_when_it_is_full(ask: Ask) -> None:
    found = told(ask("room", "--json"))

    assert all(
        row.keys() >= ROOM_KEYS | {"days_to_full", "full", "burst_ratio"} for row in found["deployments"]
    )
    assert all(row.keys() >= QUOTA_KEYS | {"unexplained", "holders", "changes"} for row in found["quotas"])
    held = [row for row in found["quotas"] if row["holders"]]
    assert held
    assert all(row["visible"] == row["current"] for row in held if not float(row["unexplained"]))


def test_one_day_of_data_carries_no_date(ask: Ask) -> None:
    found = told(ask("room", "--json"))

    said = {row["full"] for row in found["deployments"]}
    assert all(one == "full now" or one.startswith("no date: ") for one in said)
    assert any(one.startswith("no date: only") for one in said)


def test_every_throttled_deployment_has_its_paragraph(ask: Ask) -> None:
    room = told(ask("room", "--json"))
    found = told(ask("room", "diagnose", "--json"))

    throttled = {(row["account"], row["deployment"]) for row in room["deployments"] if row["throttled"] or row["spilled"]}  # fmt: skip
    assert throttled == {(row["account"], row["deployment"]) for row in found["deployments"]}
    causes = {row["deployment"]: row["cause"] for row in found["deployments"]}
    assert ("token_limit", "large_estimates") == (causes["chat-prod"], causes["assistant-mini"])
    assert all(len(row["diagnosis"]) > 100 for row in found["deployments"])


def test_fit_names_places_best_first(ask: Ask) -> None:
    found = told(ask("room", "fit", "--model", "gpt-4o", "--tpm", "20000", "--json"))

    fits = [one["fits"] for one in found["places"]]
    assert fits == sorted(fits, reverse=True)
    assert fits[0]
    assert all(one["available"] is not None for one in found["places"] if one["version"] == "2024-11-20")


def test_advice_names_the_exact_change(store: str) -> None:
    found = advised(store, can_wait={"chat-prod": 0.3})

    assert {"raise", "batch"} & {one["kind"] for one in found["recommendations"]}
    commands = [change["command"] for one in found["recommendations"] for change in one["changes"]]
    assert commands
    assert all(command.startswith("az cognitiveservices account deployment create") for command in commands)


def test_a_what_if_runs_the_advice_on_what_is_supposed(store: str) -> None:
    found, plain = advised(store, what_if=parse_what_if("growth=2")), advised(store)

    assert len(found["deployments"]) == found["changed"]
    urgent = [sum(one["urgency"] < 2 for one in said["recommendations"]) for said in (found, plain)]
    assert urgent[0] > urgent[1]


def test_growth_runs_units_and_days_until_full_again(store: str) -> None:
    found, same = (advised(store, what_if=parse_what_if(f"growth={factor}")) for factor in ("2", "1"))

    (now,), (then,) = (
        [one for one in said["deployments"] if one["deployment"] == "copilot-ptu"] for said in (same, found)
    )
    assert "ptu" == now["binding"] == then["binding"]
    assert then["ptu_max"] == pytest.approx(2 * now["ptu_max"])
    assert then["cost_per_month"] == now["cost_per_month"]
    assert all(one["full"] for one in found["deployments"] if one["limit_tpm"])


def test_the_terminal_tells_the_measure_that_binds(ask: Ask) -> None:
    rows = {row["deployment"]: row for row in told(ask("room", "--json"))["deployments"]}
    text = ask("room").stdout

    [ptu] = [line for line in text.splitlines() if line.startswith("copilot-ptu ")]
    assert f"{rows['copilot-ptu']['ptu_max']:.0f} % of its units" in ptu
    for line in text.splitlines():
        name = line.split(" ")[0]
        if name in rows and rows[name]["binding"] == "rpm":
            assert f"{rows[name]['peak_rpm']:,} RPM" in line


def test_the_same_text_asks_for_a_what_if_on_the_command_line(ask: Ask) -> None:
    assert "growth=2" == told(ask("room", "--what-if", "growth=2", "--json"))["what_if"]


def advised(store: str, **asked: Any) -> Any:
    rules = MoneyRules(snapshot=load_snapshot().rows, notes=load_price_notes())
    engine = open_engine(store, read_only=True)
    with engine.connect() as connection:
        found = answers_room.advice(Asked(connection, NOW, rules), **asked)
    engine.dispose()
    return found


def test_units_tell_use_and_a_curve_or_why_there_is_none(store: str) -> None:
    rules = MoneyRules(snapshot=load_snapshot().rows, notes=load_price_notes())
    engine = open_engine(store, read_only=True)
    with engine.connect() as connection:
        found = answers_units.units(Asked(connection, NOW, rules))
    engine.dispose()

    assert "copilot-ptu" in {one["deployment"] for one in found["deployments"]}
    for one in found["deployments"]:
        assert bool(one["curves"]) != bool(one["why_no_curve"])
        for curve in one["curves"].values():
            least = min(float(point["unit_cost"]) + float(point["spilled_cost"]) for point in curve["points"])
            best = curve["cheapest"]
            assert least == pytest.approx(float(best["unit_cost"]) + float(best["spilled_cost"]))
            assert 0 == curve["never_throttles"]["minutes_full"]


def test_how_soon_units_answer_is_evidence_for_their_size(store: str, ask: Ask) -> None:
    found = {one["deployment"]: one for one in told(ask("room", "units", "--json"))["deployments"]}
    known = {name: one for name, one in found.items() if one["latency"] is not None}
    text = ask("room", "units").stdout

    assert known
    for one in known.values():
        assert one["latency"]["units_ms"] > 0 < one["latency"]["token_ms"]
        assert f"time to first token: {one['latency_in_words']}" in text
    advice = [one for one in advised(store)["recommendations"] if one["kind"] == "resize_units"]
    for one in advice:
        evidence = {item["name"]: item["value"] for item in one["evidence"]}
        assert evidence.get("time to first token") == found[one["deployment"]]["latency_in_words"]


def test_units_that_are_given_and_not_deployed_are_told_as_the_quota_lines_tell_them(ask: Ask) -> None:
    lines = told(ask("room", "units", "--json"))["lines"]
    quotas = {
        (row["location"], row["usage_name"]): row
        for row in told(ask("room", "--json"))["quotas"]
        if row["unit"] == "ptu" and (float(row["limit"]) or float(row["current"]))
    }

    assert quotas
    assert quotas.keys() == {(row["location"], row["usage_name"]) for row in lines}
    for row in lines:
        assert quotas[row["location"], row["usage_name"]]["free"] == row["free"]
        assert f"{row['free']} of {row['limit']} units not allocated" in ask("room", "units").stdout


BAD = {
    "unknown model": (("fit", "--model", "gpt-9", "--tpm", "1000"), "no location offers it"),
    "unknown SKU": (("fit", "--model", "gpt-4o", "--tpm", "1000", "--sku", "Globl"), "is offered as"),
    "a SKU without tokens a minute": (("fit", "--model", "gpt-4o", "--tpm", "1000", "--sku", "GlobalBatch"), "no tokens a minute"),
    "no tokens": (("fit", "--model", "gpt-4o", "--tpm", "0"), "more than 0"),
    "negative tokens": (("fit", "--model", "gpt-4o", "--tpm=-5"), "more than 0"),
    "a what-if that is none": (("--what-if", "hello"), "expected growth=1.5 or model="),
    "a what-if naming nothing deployed": (("--what-if", "model=gpt-2->gpt-4o"), "no deployment of it"),
    "a what-if to nothing": (("--what-if", "model=gpt-4o->gpt-99"), "does not know it"),
    "a deployment that is not there": (("diagnose", "--deployment", "nope"), "expected one of"),
    "a share of nothing": (("advice", "--can-wait", "nope=0.2"), "expected one of"),
    "a share above 1": (("advice", "--can-wait", "chat-prod=2"), "expected a deployment and a share"),
    "a version that is not offered": (("fit", "--model", "gpt-4o", "--tpm", "1", "--version", "x"), "is offered as"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "said"), BAD.values(), ids=BAD.keys())
def test_a_bad_question_is_named_and_ends_with_2(ask: Ask, words: tuple[str, ...], said: str) -> None:
    result = ask("room", *words)

    assert (2, True) == (result.exit_code, said in result.stderr), result.output


def test_an_empty_store_knows_nothing_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    schema.upgrade(open_engine(url))
    monkeypatch.setenv("AOAI_DATABASE_URL", url)

    diagnosed = CliRunner().invoke(cli.main, ["room", "diagnose"])
    assert (0, True) == (diagnosed.exit_code, "No request was refused" in diagnosed.stdout)
    assert [] == told(CliRunner().invoke(cli.main, ["room", "advice", "--json"]))["recommendations"]
    assert [] == told(CliRunner().invoke(cli.main, ["room", "--json"]))["deployments"]
