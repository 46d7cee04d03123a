"""The example rules speak of figures that /metrics has, and say what to do."""

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.cli import main as cli
from dashboard import health
from tests.conftest import lacking
from tests.dashboard.worlds import world_at

FILE = Path(__file__).resolve().parents[2] / "deploy" / "prometheus-rules.yml"
CASES = Path(__file__).with_name("prometheus-rules.test.yml")
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(FILE.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]
]


@pytest.mark.parametrize("asked", [("check", FILE), ("test", CASES)], ids=lambda asked: asked[0])
def test_prometheus_takes_every_rule_and_fires_it_when_it_should(asked: tuple[str, Path]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        lacking("no promtool on this machine")

    done = subprocess.run(
        [promtool, asked[0], "rules", asked[1]], capture_output=True, text=True, check=False
    )

    assert 0 == done.returncode, done.stdout + done.stderr


def test_every_rule_is_tried_in_bad_weather_and_in_good() -> None:
    cases = yaml.safe_load(CASES.read_text(encoding="utf-8"))["tests"]
    quiet = [{one["alertname"] for one in case.get("alert_rule_test", [])} for case in cases[:-1]]
    fires = {
        name
        for one in cases[-1]["promql_expr_test"][0]["exp_samples"]
        for name in re.findall(r'alertname="(\w+)"', one["labels"])
    }
    rules = {rule["alert"] for rule in RULES}

    assert [rules] * len(quiet) == quiet
    assert rules == fires


def test_every_figure_and_label_of_a_rule_is_one_that_metrics_has(tmp_path: Path) -> None:
    readings = health.gauges(
        world_at(tmp_path / "demo.db", "demo"), datetime(2026, 11, 22, 18, 10, tzinfo=UTC)
    )
    labels = {reading.name: set(reading.labels) for reading in readings}

    for rule in RULES:
        for name, selected in re.findall(r"\b(aoai_\w+)(?:\{([^}]*)\})?", rule["expr"]):
            assert name in labels, rule["alert"]
            assert set(re.findall(r"(\w+)!?=", selected)) <= labels[name], rule["alert"]


def test_every_rule_names_the_matter_and_an_action_whose_command_exists() -> None:
    for rule in RULES:
        assert {"alert", "expr", "labels", "annotations"} <= set(rule)
        assert {"summary", "action"} <= set(rule["annotations"])
        for words in re.findall(r"`aoai-monitor ([a-z ]+?)(?: --[a-z -]+)?`", rule["annotations"]["action"]):
            first, *rest = words.split()
            assert first in cli.commands
            assert not rest or rest[0] in getattr(cli.commands[first], "commands", {})
