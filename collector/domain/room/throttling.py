"""Why requests were answered with 429: at the deployment's own limit, below it, or served elsewhere.

The limiter counts estimated tokens (prompt + max_tokens) when a request arrives, the metrics
count billed tokens of requests that succeeded; so a 429 below the limit is normal, and what
causes it can only be read from how throttling goes with load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from collector.domain.periods import HOUR
from collector.domain.room.headroom import MinuteLimits, share_of_limit
from collector.domain.room.spans import by_day
from collector.domain.usage.minutes import MINUTES, MinuteBlock

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

AT_LIMIT_SHARE: Final = 0.9
PTU_FULL_PERCENT: Final = 100.0
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

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ThrottleClasses:
    """The 429s of every minute by class; each array has a row per hour and 60 columns.

    `share_served` is answered requests ÷ request limit: 429s and their retries left out, so
    that a storm of rejections does not look like a request limit.
    """

    at_limit: Ints
    below_limit: Ints
    unclassified: Ints
    spilled: Ints
    share_tpm: Floats
    share_served: Floats


@dataclass(frozen=True, slots=True)
class ThrottleSummary:
    """A deployment's 429s over a period. `rate` is throttled ÷ all requests, None without requests."""

    requests: int
    throttled: int
    at_limit: int
    below_limit: int
    unclassified: int
    spilled: int
    minutes_touched: int
    worst_minute_at: datetime | None
    worst_minute_throttled: int | None

    @property
    def rate(self) -> float | None:
        return self.throttled / self.requests if self.requests else None


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


def classify(hours: Sequence[datetime], block: MinuteBlock, limits: MinuteLimits) -> ThrottleClasses:
    """Every covered minute's 429s by class. Rows must be in order of time; they may have gaps.

    At the limit: at least 90 % of the token or request limit in that minute or the one before
    (a limiter looks back), or a PTU utilisation of 100 % or more.
    """
    share_tpm = share_of_limit(block.tokens, limits.tpm)
    share_rpm = share_of_limit(block.requests, limits.rpm)
    share = np.where(block.covered, np.fmax(share_tpm, share_rpm), np.nan)
    nearest = np.fmax(share, _minute_before(hours, share))
    ptu = np.where(block.covered, block.ptu_max, np.nan)
    full = (nearest >= AT_LIMIT_SHARE) | (ptu >= PTU_FULL_PERCENT)
    judged = ~np.isnan(share) | ~np.isnan(ptu) | full
    throttled = np.where(block.covered, block.throttled, 0)
    return ThrottleClasses(
        at_limit=np.where(full, throttled, 0),
        below_limit=np.where(judged & ~full, throttled, 0),
        unclassified=np.where(judged, 0, throttled),
        spilled=np.where(block.covered, block.spilled, 0),
        share_tpm=share_tpm,
        share_served=share_of_limit(_served(block), limits.rpm),
    )


def summaries(
    hours: Sequence[datetime],
    block: MinuteBlock,
    classes: ThrottleClasses,
    days: Sequence[slice],
    *,
    hour_throttled: Sequence[int] | None = None,
    hour_requests: Sequence[int] | None = None,
    hour_spilled: Sequence[int] | None = None,
) -> list[ThrottleSummary]:
    """Each day's figures, all in one pass. Hour totals that exceed their covered minutes are unclassified."""
    minutes = np.where(block.covered, block.throttled, 0)
    by_hour = minutes.sum(axis=1)
    throttled = _at_least(by_hour, hour_throttled)
    answered = np.where(block.covered, block.requests, 0).sum(axis=1)
    told = [
        by_day(one, days)
        for one in (
            _at_least(answered, hour_requests),
            throttled,
            classes.at_limit.sum(axis=1),
            classes.below_limit.sum(axis=1),
            classes.unclassified.sum(axis=1) + throttled - by_hour,
            _at_least(classes.spilled.sum(axis=1), hour_spilled),
            (minutes > 0).sum(axis=1),
        )
    ]
    found: list[ThrottleSummary] = []
    for at, rows in enumerate(days):
        requests, throttles, full, below, unknown, spilled, touched = (one[at] for one in told)
        worst = rows.start * MINUTES + int(minutes[rows].argmax()) if touched else None
        found.append(
            ThrottleSummary(
                requests,
                throttles,
                full,
                below,
                unknown,
                spilled,
                touched,
                None if worst is None else _minute_at(hours, worst),
                None if worst is None else int(minutes.flat[worst]),
            )
        )
    return found


def summarise(
    hours: Sequence[datetime],
    block: MinuteBlock,
    classes: ThrottleClasses,
    *,
    hour_throttled: Sequence[int] | None = None,
    hour_requests: Sequence[int] | None = None,
    hour_spilled: Sequence[int] | None = None,
) -> ThrottleSummary:
    """The figures of all the rows."""
    [found] = summaries(
        hours,
        block,
        classes,
        [slice(0, len(hours))],
        hour_throttled=hour_throttled,
        hour_requests=hour_requests,
        hour_spilled=hour_spilled,
    )
    return found


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


def _minute_before(hours: Sequence[datetime], share: Floats) -> Floats:
    """The share one minute earlier; NaN where the hour before is not in the rows."""
    before = np.full(share.shape, np.nan)
    before[:, 1:] = share[:, :-1]
    for row in range(1, len(hours)):
        if hours[row] - hours[row - 1] == HOUR:
            before[row, 0] = share[row - 1, MINUTES - 1]
    return before


def _at_least(found: NDArray[np.integer], totals: Sequence[int] | None) -> NDArray[np.integer]:
    return found if totals is None else np.maximum(found, np.array(totals, dtype=np.int64))


def _minute_at(hours: Sequence[datetime], flat: int) -> datetime:
    row, minute = divmod(flat, MINUTES)
    return hours[row] + timedelta(minutes=minute)


def _median(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else None


def _served(block: MinuteBlock) -> Ints:
    return np.maximum(block.requests - block.throttled - block.spilled, 0)


def _load(block: MinuteBlock) -> Ints:
    return block.tokens if block.tokens.any() else _served(block)


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
    served = _served(block)
    if np.ptp(served[calm]) == 0:
        return None
    return float((served[calm] > np.median(served[hit])).mean())


def _follows(block: MinuteBlock, hit: Flags) -> float | None:
    arrived, served = block.requests[hit], _served(block)[hit]
    if hit.sum() < _FEW_MINUTES or np.ptp(arrived) == 0:
        return None
    return float(np.corrcoef(arrived, served)[0, 1]) if np.ptp(served) else 0.0


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
