"""What tests of metrics ask with, and what they look at in the answers."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from collector.domain.types import Account
from collector.ports import MetricAnswer
from tests.sources.worlds import an_account

BATCH = "POST .*metrics:getBatch"
SINGLE = "GET .*/providers/Microsoft.Insights/metrics$"
MISSING_ROLE = {"error": {"code": "AuthorizationFailed", "message": "The client does not have authorization"}}


def accounts(count: int) -> list[Account]:
    return [an_account(f"aoai-{number:03d}") for number in range(count)]


def failures(answers: Iterable[MetricAnswer]) -> dict[Any, str]:
    return {key: why for answer in answers for key, why in answer.failed.items()}


def sums(answers: Iterable[MetricAnswer]) -> dict[tuple[str, ...], float]:
    return {
        (one.metric, *one.dimensions.values()): float(np.nansum(one.values))
        for answer in answers
        for one in answer.series
    }
