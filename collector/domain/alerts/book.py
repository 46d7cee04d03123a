"""The states of alerts during one pass, and what the pass has written so far: events, letters due, refusals."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from collector.domain.alerts.rules import Finding
from collector.domain.alerts.times import send_after
from collector.domain.alerts.types import (
    AlertConfig,
    AlertEvent,
    AlertState,
    Due,
    DueKind,
    EventKind,
    Outcome,
    Refused,
)


class Book:
    """What one pass writes, and how soon a letter may go."""

    def __init__(
        self, states: Mapping[str, AlertState], config: AlertConfig, now: datetime, baseline: bool
    ) -> None:
        self.states = dict(states)
        self.config = config
        self.now = now
        self.baseline = baseline
        self.events: list[AlertEvent] = []
        self.dues: list[Due] = []
        self.refused: list[Refused] = []

    def outcome(self, before: Mapping[str, AlertState]) -> Outcome:
        changed = frozenset(key for key, state in self.states.items() if before.get(key) != state)
        return Outcome(self.states, tuple(self.events), tuple(self.dues), changed, tuple(self.refused))

    def is_active(self, key: str) -> bool:
        state = self.states.get(key)
        return state is not None and state.active

    def put(self, state: AlertState) -> None:
        if self.states.get(state.key) != state:
            self.states[state.key] = replace(state, changed_at=self.now)

    def event(self, key: str, kind: EventKind, detail: str, by: str | None = None) -> None:
        self.events.append(AlertEvent(key, kind, self.now, detail, by))

    def due(
        self, key: str, kind: DueKind, before: date | None = None, finding: Finding | None = None
    ) -> None:
        state = self.states[key]
        finding = finding or state.finding
        if finding.tell == "weekly" and not self.baseline:
            return
        tell = (
            "baseline"
            if self.baseline
            else "at_once"
            if kind == "date_moved"
            else "digest"
            if kind in ("closed", "reminder") or finding.tell != "at_once"
            else "at_once"
        )
        number = state.dues + 1
        self.states[key] = replace(state, dues=number)
        self.dues.append(
            Due(
                id=f"{key}#{number}",
                key=key,
                kind=kind,
                tell=tell,
                finding=finding,
                at=self.now,
                not_before=send_after(tell, finding.severity, self.now, self.config),
                episode=state.episode,
                level=state.level,
                number=number,
                moves=state.moves,
                before=before,
            )
        )
