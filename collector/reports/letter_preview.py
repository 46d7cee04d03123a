"""What a letter of a rule looks like, before it ever has to be sent."""

from dataclasses import replace

from collector.domain.alerting import evaluate
from collector.domain.alerting_times import next_at
from collector.domain.alerting_types import AlertConfig
from collector.domain.rules_examples import NOW, example
from collector.domain.rules_routing import Routing
from collector.reports.letters import Letter, Writing, compose


def preview(rule: str, writing: Writing, to: str) -> Letter:
    """The letter of a rule's made-up example; KeyError for a rule that does not exist."""
    finding = example(rule)
    if finding.tell == "weekly":
        finding = replace(finding, tell="digest")
    config = AlertConfig()
    dues = evaluate({}, [finding], [], config, NOW).dues
    (letter,) = compose(dues, Routing((to,)), writing, next_at(config.digest_at, NOW, config.zone))
    return letter
