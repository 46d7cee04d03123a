"""Making one account's answer whole out of smaller calls: by time, by deployments, and by time again.

Azure cuts a long list of series off at `top` and a long span at its retention, without a word about either.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from uuid import UUID

import numpy as np

from collector.domain.types import MetricSeries
from collector.domain.usage.metric_groups import DEPLOYMENT
from collector.sources.metrics.call import Call, Failed, Outcome, Outcomes, Trouble, Whole

# A span of seven days in eighths is below a day: what is still clamped there lies outside of what Azure keeps.
_CLAMP_HALVINGS = 3
_NAMES_PER_CALL = 20

_Key = tuple[UUID, str, str, frozenset[tuple[str, str]]]


class Splitter:
    """`asked` sends one call of one account and gives its outcome; what it raises goes through."""

    def __init__(self, asked: Callable[[Call], Outcomes]) -> None:
        self._asked = asked

    def outcome(self, call: Call, first: Outcome) -> Outcome:
        """The whole answer to a call whose first answer was truncated or clamped."""
        if not isinstance(first, Failed):
            return first
        if first.trouble is Trouble.CLAMPED:
            return self._by_time(call, first, _CLAMP_HALVINGS, self._clamped_again)
        if first.trouble is Trouble.TRUNCATED:
            return self._by_time(call, first, 1, self._by_deployment)
        return first

    def _again(self, call: Call) -> Outcome:
        (account,) = call.accounts
        return self._asked(call)[account.key]

    def _by_time(
        self, call: Call, failed: Failed, halvings: int, otherwise: Callable[[Call, Failed], Outcome]
    ) -> Outcome:
        """The two halves of the window, halved again up to `halvings` times; then `otherwise`."""
        halves = call.halved_by_time() if halvings else None
        if halves is None:
            return otherwise(call, failed)
        parts: list[tuple[Call, Whole]] = []
        for half in halves:
            found = self._again(half)
            if isinstance(found, Failed) and found.trouble is failed.trouble:
                found = self._by_time(half, found, halvings - 1, otherwise)
            elif isinstance(found, Failed) and found.trouble in {Trouble.TRUNCATED, Trouble.CLAMPED}:
                found = self.outcome(half, found)
            if isinstance(found, Failed):
                return found
            parts.append((half, found))
        return joined_in_time(call, parts)

    def _clamped_again(self, _: Call, failed: Failed) -> Outcome:
        return failed

    def _by_deployment(self, call: Call, failed: Failed) -> Outcome:
        """First which deployments there are, which is one series each; then their series, a few names at a time."""
        if DEPLOYMENT not in call.dimensions:
            return failed
        named = self._again(replace(call, dimensions=(DEPLOYMENT,)))
        if isinstance(named, Failed):
            return named
        dimension = DEPLOYMENT.casefold()
        # Azure compares names without case: two spellings of one name would bring its series twice.
        spelt = [series.dimensions[dimension] for series in named.series]
        names = {name.casefold(): name for name in spelt}
        return self._of_names(call, sorted(names.values()))

    def _of_names(self, call: Call, names: Sequence[str]) -> Outcome:
        series: list[MetricSeries] = []
        absent: frozenset[str] = frozenset()
        for start in range(0, len(names), _NAMES_PER_CALL):
            chunk = names[start : start + _NAMES_PER_CALL]
            found = self._again(replace(call, deployments=tuple(chunk)))
            if isinstance(found, Failed) and found.trouble is Trouble.TRUNCATED:
                if len(chunk) > 1:
                    middle = len(chunk) // 2
                    found = _together(self._of_names(call, part) for part in (chunk[:middle], chunk[middle:]))
                else:
                    alone = replace(call, deployments=tuple(chunk))
                    found = self._by_time(alone, found, 64, self._clamped_again)
            if isinstance(found, Failed):
                return found
            series.extend(found.series)
            absent |= found.absent
        return Whole(tuple(series), absent)


def joined_in_time(call: Call, parts: Sequence[tuple[Call, Whole]]) -> Whole:
    """One series over the whole window; where a part has none, there is no value."""
    length = -(-call.window.length // call.grain)
    rows: dict[_Key, MetricSeries] = {}
    for part, whole in parts:
        offset = (part.window.start - call.window.start) // call.grain
        for one in whole.series:
            key = (one.account_key, one.metric, one.aggregation, frozenset(one.dimensions.items()))
            if key not in rows:
                rows[key] = replace(one, values=np.full(length, np.nan))
            rows[key].values[offset : offset + len(one.values)] = one.values
    return Whole(tuple(rows.values()), frozenset().union(*(whole.absent for _, whole in parts)))


def _together(outcomes: Iterable[Outcome]) -> Outcome:
    series: list[MetricSeries] = []
    absent: frozenset[str] = frozenset()
    for one in outcomes:
        if isinstance(one, Failed):
            return one
        series.extend(one.series)
        absent |= one.absent
    return Whole(tuple(series), absent)
