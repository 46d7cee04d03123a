"""What a letter of a rule looks like, before it ever has to be sent."""

from dataclasses import replace

from collector.domain.alerts.examples import NOW, example
from collector.domain.alerts.routing import Routing
from collector.domain.alerts.states import evaluate
from collector.domain.alerts.times import next_at
from collector.domain.alerts.types import AlertConfig
from collector.reports.letters.compose import Letter, Writing, compose


def preview(rule: str, writing: Writing, to: str) -> Letter:
    """The letter of a rule's made-up example; KeyError for a rule that does not exist."""
    finding = example(rule)
    if finding.tell == "weekly":
        finding = replace(finding, tell="digest")
    config = AlertConfig()
    dues = evaluate({}, [finding], [], config, NOW).dues
    (letter,) = compose(dues, Routing((to,)), writing, next_at(config.digest_at, NOW, config.zone))
    return letter
