"""Time to first token on provisioned units beside that of the same model paid by the token: an argument for or against units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from collector.domain.types import PROVISIONED_SKUS


@dataclass(frozen=True, slots=True)
class AnswerTimes:
    """A deployment's mean time to first token, and that of its worst hour, in milliseconds."""

    deployment: str
    model: str
    sku: str
    mean_ms: float
    worst_ms: float | None = None


@dataclass(frozen=True, slots=True)
class LatencyBeside:
    """How soon the units answer, and how soon deployments of the same model do that are paid by the token."""

    units_ms: float
    units_worst_ms: float | None
    token_ms: float
    token_worst_ms: float | None
    token_deployments: int

    def in_words(self) -> str:
        count = f"{self.token_deployments} deployment{'' if self.token_deployments == 1 else 's'}"
        return (
            f"{self.units_ms:,.0f} ms on units{_worst(self.units_worst_ms)}, "
            f"{self.token_ms:,.0f} ms by the token{_worst(self.token_worst_ms)}, {count}"
        )


def latency_beside(deployment: str, times: Iterable[AnswerTimes]) -> LatencyBeside | None:
    """None where Azure publishes no time for the units, or nobody runs the model by the token."""
    known = list(times)
    own = next((one for one in known if one.deployment == deployment and one.sku in PROVISIONED_SKUS), None)
    if own is None or own.mean_ms <= 0:
        return None
    others = [
        one
        for one in known
        if one.sku not in PROVISIONED_SKUS
        and one.model.casefold() == own.model.casefold()
        and one.mean_ms > 0
    ]
    if not others:
        return None
    return LatencyBeside(
        units_ms=own.mean_ms,
        units_worst_ms=own.worst_ms,
        token_ms=fmean(one.mean_ms for one in others),
        token_worst_ms=max((one.worst_ms for one in others if one.worst_ms is not None), default=None),
        token_deployments=len(others),
    )


def _worst(milliseconds: float | None) -> str:
    return "" if milliseconds is None else f" (worst hour {milliseconds:,.0f})"
