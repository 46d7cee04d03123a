"""The documentation of alerts lists every rule with the thresholds that the code uses."""

from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

from collector.domain.alerts.table import DEFAULT_THRESHOLDS, RULES, RuleInfo
from collector.domain.alerts.types import AlertConfig

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "alerts.md"
BEGINS, ENDS = "<!-- rules -->", "<!-- /rules -->"
TOLD = {"at_once": "at once", "digest": "digest", "weekly": "weekly"}


def row(info: RuleInfo) -> str:
    defaults = ", ".join(f"`{name}` {shown(getattr(DEFAULT_THRESHOLDS, name))}" for name in info.thresholds)
    return f"| `{info.rule}` | {info.title}: {info.opens} | {defaults or 'none'} | {TOLD[info.tell]} |"


def shown(value: object) -> str:
    if isinstance(value, tuple):
        return " / ".join(str(part) for part in value)
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def table() -> str:
    head = ["| rule | opens when | defaults | told |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *(row(info) for info in RULES.values())])


def test_every_rule_stands_there_with_its_defaults(golden: Callable[[Path, str], None]) -> None:
    written = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = written.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    golden(DOCUMENT, f"{before}{BEGINS}\n{table()}\n{ENDS}{after}")


def test_every_rule_has_the_picture_of_its_letter(golden: Callable[[Path, str], None]) -> None:
    written = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = written.partition("<!-- letters -->")
    _, _, after = rest.partition("<!-- /letters -->")
    shown = "\n".join(
        f"### {info.title}\n\n![The letter of the rule {info.rule}](pictures/letters/{info.rule}.png)\n"
        for info in RULES.values()
    )
    golden(DOCUMENT, f"{before}<!-- letters -->\n\n{shown}\n<!-- /letters -->{after}")
    pictures = DOCUMENT.parent / "pictures" / "letters"
    assert {f"{rule}.png" for rule in RULES} == {path.name for path in pictures.iterdir()}
    sizes = {path.name: path.stat().st_size for path in pictures.iterdir()}
    assert [] == [name for name, size in sizes.items() if not 4_000 < size < 60_000]


def test_the_times_it_names_are_the_defaults() -> None:
    written = DOCUMENT.read_text(encoding="utf-8")
    config = AlertConfig()
    assert (6, 24) == (config.clear_after.total_seconds() / 3600, config.same_episode.total_seconds() / 3600)
    assert "for six hours" in written
    assert "within a day of closing" in written
    last = DEFAULT_THRESHOLDS.deadline_steps[-config.last_steps :]
    assert f"({last[0]} days, {last[1]} day)" in written


def test_every_threshold_is_documented() -> None:
    written = DOCUMENT.read_text(encoding="utf-8")
    assert [] == [field.name for field in fields(DEFAULT_THRESHOLDS) if f"`{field.name}`" not in written]
