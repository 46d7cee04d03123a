"""A breaker per subscription and service: one that is down or throttled does not slow the rest of a cycle."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from collector.domain.types import TryLater


@dataclass(slots=True)
class _State:
    failures: int = 0
    open_until: float = 0.0
    probing: bool = False


class Circuits:
    """After `threshold` failures in a row a circuit opens: calls fail at once until it has rested.

    Then one call goes through; its success closes the circuit, its failure opens it again.
    """

    def __init__(self, now: Callable[[], float], *, threshold: int = 5, rest_seconds: float = 60.0) -> None:
        self._now = now
        self._threshold = threshold
        self._rest = rest_seconds
        self._states: dict[tuple[str, str], _State] = {}
        self._lock = threading.Lock()

    def enter(self, subscription: str, service: str, what: str) -> None:
        """Raise TryLater where the circuit is open."""
        with self._lock:
            state = self._state(subscription, service)
            left = state.open_until - self._now()
            if state.failures < self._threshold or (left <= 0 and not state.probing):
                state.probing = state.failures >= self._threshold
                return
        raise TryLater(
            f"{what}: not asked, since {state.failures} calls in a row to {service} of subscription {subscription} failed",
            retry_after=max(left, 0.0) or None,
        )

    def succeeded(self, subscription: str, service: str) -> None:
        with self._lock:
            self._states[(subscription, service)] = _State()

    def failed(self, subscription: str, service: str, retry_after: float | None) -> None:
        with self._lock:
            state = self._state(subscription, service)
            state.failures += 1
            state.probing = False
            if state.failures >= self._threshold:
                state.open_until = self._now() + max(self._rest, retry_after or 0.0)

    def _state(self, subscription: str, service: str) -> _State:
        return self._states.setdefault((subscription, service), _State())
