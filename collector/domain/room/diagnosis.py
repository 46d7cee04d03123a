"""What a deployment's 429s come from: a 429 below the limit tells it only by how throttling goes with load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from collector.domain.room.throttling import (
    PTU_FULL_PERCENT,
    Flags,
    Floats,
    Ints,
    ThrottleClasses,
    ThrottleSummary,
    served,
)
from collector.domain.usage.minutes import MinuteBlock

Cause = Literal[
    "token_limit",
    "request_limit",
    "ptu_full",
    "large_estimates",
    "bursts",
    "service_load",
    "spilled_only",
    "unknown",
]

_SMALL_SHARE: Final = 0.1
_LIFT: Final = 1.2
_REGULAR: Final = 0.2
_FEW_MINUTES: Final = 5
_LEAST_BUNCH: Final = 1 / 6  # ten seconds hold a sixth of a minute's requests, so fewer cannot overfill them
_BUNCH_SHARE: Final = 0.25
_LARGE_BUNCH_SHARE: Final = 0.35
_BUNCH_LIFT: Final = 3.0
_MOSTLY: Final = 0.5
_TOPPED: Final = 0.05
_FOLLOWS: Final = 0.7
_PLAIN: Final[frozenset[Cause]] = frozenset({"token_limit", "request_limit", "ptu_full", "spilled_only"})


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a deployment's 429s most likely come from, with the figures that speak for it.

    Shares are of the limit in force, as medians over the throttled minutes (`share_rpm` of
    answered requests); `lift` is how much more loaded throttled minutes are than busy minutes
    without a 429 (1 = no more), `regularity` the share of minutes as loaded that were throttled,
    `alone` the share of throttled minutes without a throttled neighbour, `topped` the share of busy
    minutes without a 429 that answered more requests than throttled ones, `follows` how far answers
    of throttled minutes rise with what arrived (correlation; a full limit answers no more whatever comes).
    """

    cause: Cause
    summary: ThrottleSummary
    share_tpm: float | None
    share_rpm: float | None
    lift: float | None
    regularity: float | None
    alone: float | None
    topped: float | None
    follows: float | None
    ptu_max: float | None
    certain: bool


def diagnose(summary: ThrottleSummary, block: MinuteBlock, classes: ThrottleClasses) -> Diagnosis | None:
    """The most likely cause; None where nothing was throttled or spilled."""
    if not summary.throttled and not summary.spilled:
        return None
    hit = block.covered & (block.throttled > 0)
    share_tpm, share_rpm = _median(classes.share_tpm[hit]), _median(classes.share_served[hit])
    lift, regularity, alone = _lift(block, hit), _regularity(block, hit), _alone(hit)
    topped, follows = _topped(block, hit), _follows(block, hit)
    own = (
        _bunched(lift, alone, share_rpm)
        or _own_doing(lift, regularity, share_tpm, share_rpm)
        or (topped is not None and topped <= _TOPPED)
    )
    ptu = block.ptu_max[hit & ~np.isnan(block.ptu_max)]
    cause = _cause(
        summary,
        share_tpm,
        share_rpm,
        own,
        follows,
        bool((ptu >= PTU_FULL_PERCENT).any()),
    )
    return Diagnosis(
        cause=cause,
        summary=summary,
        share_tpm=share_tpm,
        share_rpm=share_rpm,
        lift=lift,
        regularity=regularity,
        alone=alone,
        topped=topped,
        follows=follows,
        ptu_max=float(ptu.max()) if ptu.size else None,
        certain=cause in _PLAIN or (cause != "unknown" and summary.minutes_touched >= _FEW_MINUTES),
    )


def _median(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else None


def _load(block: MinuteBlock) -> Ints:
    return block.tokens if block.tokens.any() else served(block)


def _lift(block: MinuteBlock, hit: Flags) -> float | None:
    """How much more was served in throttled minutes than in busy minutes without a 429."""
    load = _load(block)
    calm = block.covered & ~hit & (block.requests > 0)
    if not hit.any() or calm.sum() < _FEW_MINUTES:
        return None
    usual = float(np.median(load[calm]))
    return float(np.median(load[hit])) / usual if usual > 0 else None


def _regularity(block: MinuteBlock, hit: Flags) -> float | None:
    """The share of throttled minutes among all that were as loaded.

    A limit of the deployment's own strikes whenever so much comes; the service's load strikes
    whatever comes.
    """
    if not hit.any():
        return None
    load = _load(block)
    as_loaded = block.covered & (block.requests > 0) & (load >= np.median(load[hit]))
    return float((hit & as_loaded).sum() / as_loaded.sum()) if as_loaded.any() else None


def _alone(hit: Flags) -> float | None:
    """How many throttled minutes stand alone: pressure on the service lasts for minutes, a bunch of requests does not."""
    flat = hit.reshape(-1)
    if not flat.any():
        return None
    around = np.zeros_like(flat)
    around[1:] |= flat[:-1]
    around[:-1] |= flat[1:]
    return float((flat & ~around).sum() / flat.sum())


def _topped(block: MinuteBlock, hit: Flags) -> float | None:
    """Nobody gets past a limit of the deployment's own; past minutes of service pressure most get."""
    calm = block.covered & ~hit & (block.requests > 0)
    if hit.sum() < 2 or calm.sum() < _FEW_MINUTES:
        return None
    answered = served(block)
    if np.ptp(answered[calm]) == 0:
        return None
    return float((answered[calm] > np.median(answered[hit])).mean())


def _follows(block: MinuteBlock, hit: Flags) -> float | None:
    arrived, answered = block.requests[hit], served(block)[hit]
    if hit.sum() < _FEW_MINUTES or np.ptp(arrived) == 0:
        return None
    return float(np.corrcoef(arrived, answered)[0, 1]) if np.ptp(answered) else 0.0


def _bunched(lift: float | None, alone: float | None, share_rpm: float | None) -> bool:
    """Whether requests came too close together: chance decides which busy minute it is, so it need not be regular."""
    share = share_rpm or 0.0
    enough = share >= _BUNCH_SHARE and ((lift or 0) >= _BUNCH_LIFT or share >= _LARGE_BUNCH_SHARE)
    return enough and (alone or 0) >= _MOSTLY


def _own_doing(
    lift: float | None, regularity: float | None, share_tpm: float | None, share_rpm: float | None
) -> bool:
    """Whether 429s come with the deployment's own load: minutes as loaded are throttled too, calm ones are not."""
    if lift is None or regularity is None:
        return max(share_tpm or 0.0, share_rpm or 0.0) >= _SMALL_SHARE
    return lift >= _LIFT and regularity >= _REGULAR


def _cause(
    summary: ThrottleSummary,
    share_tpm: float | None,
    share_rpm: float | None,
    own_doing: bool,
    follows: float | None,
    ptu_full: bool,
) -> Cause:
    if not summary.throttled:
        return "spilled_only"
    if summary.unclassified * 2 > summary.throttled:
        return "unknown"
    if summary.at_limit >= summary.below_limit:
        if ptu_full:
            return "ptu_full"
        return "request_limit" if (share_rpm or 0.0) > (share_tpm or 0.0) else "token_limit"
    if not own_doing:
        return "service_load"
    if follows is None:
        return "bursts" if (share_rpm or 0.0) >= (share_tpm or 0.0) else "large_estimates"
    return "bursts" if follows >= _FOLLOWS and (share_rpm or 0.0) >= _LEAST_BUNCH else "large_estimates"
