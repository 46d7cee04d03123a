"""A finished letter to send."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from collector.domain.alerts.examples import NOW, example
from collector.domain.alerts.routing import Routing
from collector.domain.alerts.states import evaluate
from collector.domain.alerts.types import AlertConfig
from collector.reports.letters.compose import Letter, Writing, compose

WRITING = Writing(
    "AOAI monitor <aoai-monitor@contoso.com>", "https://aoai.contoso.com", "https://aoai.contoso.com/stop"
)


def a_letter(**changes: Any) -> Letter:
    outcome = evaluate({}, [example("model_ending")], [], AlertConfig(), NOW)
    (letter,) = compose(outcome.dues, Routing(("ann@contoso.com",)), WRITING, NOW + timedelta(hours=2))
    return replace(letter, **changes)
