"""What was learned about places: where the batch is refused, and who lacks a metric. Forgotten after a day."""

import threading
from collections.abc import Callable

from collector.domain.types import Account
from collector.sources.metrics.call import Call

_LONE_WITNESSES = 2
_PASSING_SECONDS = 600.0


class Memory:
    def __init__(self, now: Callable[[], float], lasts_seconds: float) -> None:
        self._now = now
        self._lasts = lasts_seconds
        self._lock = threading.Lock()
        self._refused: dict[tuple[str, str], float] = {}
        self._lacking: dict[tuple[str, str], float] = {}
        self._witnesses: dict[tuple[str, str, str], int] = {}
        self._seen: set[tuple[str, str, str]] = set()

    def batch_is_refused(self, call: Call) -> bool:
        with self._lock:
            until = self._refused.get((call.subscription_id, call.location), 0.0)
            everywhere = self._refused.get(("", call.location), 0.0)
            return self._now() < max(until, everywhere)

    def refuse_batch(self, call: Call, *, unreachable: bool) -> None:
        """A missing role concerns one subscription, a host that cannot be reached all of them.

        One silence may be a passing one: only the second in a row is believed for as long as a refusal.
        """
        place = ("" if unreachable else call.subscription_id, call.location)
        with self._lock:
            passing = unreachable and place not in self._refused
            self._refused[place] = self._now() + (
                min(self._lasts, _PASSING_SECONDS) if passing else self._lasts
            )

    def batch_answered(self, call: Call) -> None:
        with self._lock:
            self._refused.pop((call.subscription_id, call.location), None)
            self._refused.pop(("", call.location), None)

    def lacks(self, account: Account, metric: str) -> bool:
        with self._lock:
            place = f"{account.subscription_id} {account.location}"
            until = max(
                self._lacking.get((account.arm_id, metric), 0.0), self._lacking.get((place, metric), 0.0)
            )
            return self._now() < until

    def lacking(self, account: Account, metric: str) -> None:
        """An account was refused a metric when it stood alone. Where two were and none was answered, the region lacks
        it: the others need not be tried one by one."""
        with self._lock:
            place = (account.subscription_id, account.location, metric)
            until = self._now() + self._lasts
            self._lacking[account.arm_id, metric] = until
            self._witnesses[place] = self._witnesses.get(place, 0) + 1
            if self._witnesses[place] >= _LONE_WITNESSES and place not in self._seen:
                self._lacking[f"{account.subscription_id} {account.location}", metric] = until

    def answered(self, call: Call) -> None:
        with self._lock:
            self._seen.update((call.subscription_id, call.location, metric) for metric in call.metrics)
