"""The example rules speak of figures that /metrics has, and say what to do."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from collector.cli import main as cli
from dashboard import health
from tests.dashboard.worlds import world_at

RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load(
        (Path(__file__).resolve().parents[2] / "deploy" / "prometheus-rules.yml").read_text(encoding="utf-8")
    )["groups"]
    for rule in group["rules"]
]


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
