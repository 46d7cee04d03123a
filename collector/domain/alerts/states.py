"""The life of an alert: what facts and people do to it, and what is due to be told, once.

Pure: the states before, what is so now and what people asked for go in; the states after, the events and the
letters due come out. Running it again on its own answer changes nothing, so a crash between any two steps of
the job can be mended by running the job again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from collector.domain.alerts.rules import Finding, NotKnown
from collector.domain.alerts.times import send_after
from collector.domain.alerts.types import (
    Action,
    AlertConfig,
    AlertEvent,
    AlertState,
    Due,
    DueKind,
    EventKind,
    Outcome,
    Refused,
)


def evaluate(
    states: Mapping[str, AlertState],
    findings: Iterable[Finding | NotKnown | None],
    actions: Iterable[Action],
    config: AlertConfig,
    now: datetime,
    *,
    baseline: bool = False,
) -> Outcome:
    """One pass. A subject that no rule mentioned any more is clear; one that is `NotKnown` keeps its state.

    `states` holds the closed alerts too: their counts keep the ids of what is due unique.
    """
    board = _Board(states, config, now, baseline)
    for action in sorted(actions, key=lambda action: action.at):
        board.act(action)
    known, not_known = _sorted_out(findings, config)
    # What yields to another alert is looked at last, when that one's state is settled.
    for finding in sorted(known.values(), key=lambda finding: finding.yields_to is not None):
        if finding.yields_to and board.is_active(finding.yields_to):
            board.clear(finding.key)
        else:
            board.see(finding)
    for key in list(board.states):
        if key not in known and key not in not_known:
            board.clear(key)
    for key in not_known:
        board.wake(key)
    return board.outcome(states)


def _sorted_out(
    findings: Iterable[Finding | NotKnown | None], config: AlertConfig
) -> tuple[dict[str, Finding], set[str]]:
    """One finding per key, the worst of several; what is known beats what is not."""
    known: dict[str, Finding] = {}
    not_known: set[str] = set()
    for finding in findings:
        if finding is None or finding.rule in config.rules_off:
            continue
        if isinstance(finding, NotKnown):
            not_known.add(finding.key)
            continue
        finding = replace(
            finding,
            severity=config.severities.get(finding.rule, finding.severity),
            tell=config.tells.get(finding.rule, finding.tell),
        )
        before = known.get(finding.key)
        if before is None or finding.level > before.level:
            known[finding.key] = finding
    return known, not_known - known.keys()


class _Board:
    """The states during one pass, with the events and dues that the pass has made so far."""

    def __init__(
        self, states: Mapping[str, AlertState], config: AlertConfig, now: datetime, baseline: bool
    ) -> None:
        self.states = dict(states)
        self._config = config
        self._now = now
        self._baseline = baseline
        self._events: list[AlertEvent] = []
        self._dues: list[Due] = []
        self._refused: list[Refused] = []

    def outcome(self, before: Mapping[str, AlertState]) -> Outcome:
        changed = frozenset(key for key, state in self.states.items() if before.get(key) != state)
        return Outcome(self.states, tuple(self._events), tuple(self._dues), changed, tuple(self._refused))

    def is_active(self, key: str) -> bool:
        state = self.states.get(key)
        return state is not None and state.active

    def act(self, action: Action) -> None:
        state = self.states.get(action.key)
        refusal = action.refusal(state, self._now)
        if refusal or state is None:
            self._refused.append(Refused(action, refusal or "there is no such alert"))
        elif action.kind == "acknowledge":
            self._put(
                replace(
                    state,
                    status="acknowledged",
                    acknowledged_until=action.until,
                    acknowledged_by=action.by,
                    why=action.why,
                )
            )
            until = f"until {action.until:%Y-%m-%d %H:%M} UTC" if action.until else "until the fact changes"
            self._event(state.key, "acknowledged", _said(until, action.why), action.by)
        elif action.kind == "resolve":
            self._put(
                replace(
                    state,
                    status="closed",
                    by_hand=True,
                    closed_at=self._now,
                    clear_since=None,
                    why=action.why,
                )
            )
            self._event(state.key, "closed", _said("resolved by hand", action.why), action.by)
        else:
            self._put(state.awake())
            self._event(state.key, "reopened", _said("taken up again", action.why), action.by)

    def see(self, finding: Finding) -> None:
        state = self.states.get(finding.key)
        if state is None:
            if finding.level > 0:
                self._open(finding)
        elif state.active:
            self._follow(state, finding)
        elif state.by_hand:
            self._watch_resolved(state, finding)
        elif finding.level > 0:
            self._reopen(state, finding)

    def clear(self, key: str) -> None:
        """Nothing found: close once it has been so for a while, since the next reading may find it again."""
        state = self.states.get(key)
        if state is None or (not state.active and not state.by_hand):
            return
        since = state.clear_since or self._now
        if self._now - since < self._config.clear_after:
            self._put(replace(state, clear_since=since))
            return
        if state.by_hand:
            # The resolved fact is gone: should it come again, it is news.
            self._put(replace(state, by_hand=False, clear_since=None))
            return
        self._close(state, "no longer so")
        if state.finding.tells_end:
            self._due(state.key, "closed")

    def wake(self, key: str) -> None:
        """An acknowledgement ends on its day, even while the facts can not be read."""
        state = self.states.get(key)
        if state is None or not state.expired(self._now):
            return
        self._put(replace(state.awake(), told_level=state.level))
        self._event(key, "reopened", "the acknowledgement ended")
        self._due(key, "reminder")

    def _open(self, finding: Finding) -> None:
        self.states[finding.key] = AlertState(
            key=finding.key,
            rule=finding.rule,
            subject=finding.subject,
            status="open",
            finding=finding,
            level=finding.level,
            told_level=finding.level,
            episode=1,
            opened_at=self._now,
            changed_at=self._now,
        )
        self._event(finding.key, "opened", finding.evidence.title)
        self._due(finding.key, "opened")

    def _reopen(self, state: AlertState, finding: Finding) -> None:
        """Soon after it closed it is the same episode, and only what is worse than told then is told again."""
        closed_at = state.closed_at or state.changed_at
        same = self._now - closed_at < self._config.same_episode
        moved = finding.due_on != state.due_on
        told = max(state.told_level, finding.level) if same and not moved else finding.level
        self._put(
            replace(
                state.awake(),
                finding=finding,
                level=finding.level,
                told_level=told,
                episode=state.episode if same else state.episode + 1,
                opened_at=state.opened_at if same else self._now,
                closed_at=None,
                moves=state.moves + moved,
            )
        )
        self._event(state.key, "reopened", finding.evidence.title)
        if moved and same:
            self._due(state.key, "date_moved", before=state.due_on)
        elif not same or finding.level > state.told_level:
            self._due(state.key, "reopened")

    def _watch_resolved(self, state: AlertState, finding: Finding) -> None:
        """Resolved by hand holds until the fact changes: another day, or a level above the one resolved."""
        if finding.level == 0 and not state.held(finding):
            self.clear(state.key)
            return
        moved = finding.due_on != state.due_on
        worse = finding.due_on is None and finding.level > state.level
        if not moved and not worse:
            self._put(replace(state, finding=finding, clear_since=None))
            return
        before = state.due_on
        self._put(
            replace(
                state.awake(),
                finding=finding,
                level=finding.level,
                told_level=finding.level,
                closed_at=None,
                moves=state.moves + moved,
            )
        )
        self._event(state.key, "reopened", "the resolved fact changed: " + finding.evidence.title)
        self._due(state.key, "date_moved" if moved else "reopened", before=before if moved else None)

    def _follow(self, state: AlertState, finding: Finding) -> None:
        if finding.due_on != state.due_on:
            self._move(state, finding)
            return
        level = max(finding.level, state.held(finding))
        if level == 0:
            # The last finding stays: whoever was told of it will be told that it is over.
            self.clear(state.key)
            return
        now_at = replace(state, finding=finding, level=level, clear_since=None)
        if level > state.told_level:
            self._escalate(replace(now_at, told_level=level))
        elif state.expired(self._now):
            self._put(now_at)
            self.wake(state.key)
        else:
            self._put(now_at)

    def _move(self, state: AlertState, finding: Finding) -> None:
        """A moved date is told at once, acknowledged or not; the step it lands on is told with it."""
        self._put(
            replace(
                state.awake(),
                finding=finding,
                level=finding.level,
                told_level=finding.level,
                moves=state.moves + 1,
            )
        )
        self._event(state.key, "date_moved", f"{_day(state.due_on)} → {_day(finding.due_on)}")
        self._due(state.key, "date_moved", before=state.due_on)
        if finding.level == 0:
            self._close(self.states[state.key], "the date moved beyond the first step")

    def _escalate(self, state: AlertState) -> None:
        self._event(state.key, "escalated", state.finding.evidence.title)
        if state.status == "acknowledged" and not self._breaks_through(state):
            if state.expired(self._now):
                self._put(state)
                self.wake(state.key)
            else:
                self._put(state)
            return
        self._put(state.awake())
        self._due(state.key, "escalated")

    def _breaks_through(self, state: AlertState) -> bool:
        """A worse level is a new fact. A deadline's next step is not, save the last ones where no end was set."""
        if state.due_on is None:
            return True
        last = state.finding.last_level - self._config.last_steps
        return state.acknowledged_until is None and state.level > last

    def _close(self, state: AlertState, why: str) -> None:
        self._put(
            replace(
                state,
                status="closed",
                closed_at=self._now,
                clear_since=None,
                acknowledged_until=None,
                why=why,
            )
        )
        self._event(state.key, "closed", why)

    def _put(self, state: AlertState) -> None:
        if self.states.get(state.key) != state:
            self.states[state.key] = replace(state, changed_at=self._now)

    def _event(self, key: str, kind: EventKind, detail: str, by: str | None = None) -> None:
        self._events.append(AlertEvent(key, kind, self._now, detail, by))

    def _due(self, key: str, kind: DueKind, before: date | None = None) -> None:
        state = self.states[key]
        finding = state.finding
        if finding.tell == "weekly" and not self._baseline:
            return
        tell = (
            "baseline"
            if self._baseline
            else "at_once"
            if kind == "date_moved"
            else "digest"
            if kind in ("closed", "reminder") or finding.tell != "at_once"
            else "at_once"
        )
        number = state.dues + 1
        self.states[key] = replace(state, dues=number)
        self._dues.append(
            Due(
                id=f"{key}#{number}",
                key=key,
                kind=kind,
                tell=tell,
                finding=finding,
                at=self._now,
                not_before=send_after(tell, finding.severity, self._now, self._config),
                episode=state.episode,
                level=state.level,
                number=number,
                moves=state.moves,
                before=before,
            )
        )


def _said(what: str, why: str) -> str:
    return f"{what}: {why}" if why else what


def _day(on: date | None) -> str:
    return on.isoformat() if on else "no date"
