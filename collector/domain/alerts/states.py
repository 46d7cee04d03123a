"""The life of an alert: what facts and people do to it, and what is due to be told, once.

Pure: the states before, what is so now and what people asked for go in; the states after, the events and the
letters due come out. Running it again on its own answer changes nothing, so a crash between any two steps of
the job can be mended by running the job again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from collector.domain.alerts.book import Book
from collector.domain.alerts.rules import Finding, NotKnown
from collector.domain.alerts.types import Action, AlertConfig, AlertState, Outcome, Refused


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


class _Board(Book):
    """What facts and people do to the states."""

    def act(self, action: Action) -> None:
        state = self.states.get(action.key)
        refusal = action.refusal(state, self.now)
        if refusal or state is None:
            self.refused.append(Refused(action, refusal or "there is no such alert"))
        elif action.kind == "acknowledge":
            self.put(
                replace(
                    state,
                    status="acknowledged",
                    acknowledged_until=action.until,
                    acknowledged_by=action.by,
                    why=action.why,
                )
            )
            until = f"until {action.until:%Y-%m-%d %H:%M} UTC" if action.until else "until the fact changes"
            self.event(state.key, "acknowledged", _said(until, action.why), action.by)
        elif action.kind == "resolve":
            self.put(
                replace(
                    state,
                    status="closed",
                    by_hand=True,
                    closed_at=self.now,
                    clear_since=None,
                    why=action.why,
                )
            )
            self.event(state.key, "closed", _said("resolved by hand", action.why), action.by)
        else:
            self.put(state.awake())
            self.event(state.key, "reopened", _said("taken up again", action.why), action.by)

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
        since = state.clear_since or self.now
        if self.now - since < self.config.clear_after:
            self.put(replace(state, clear_since=since))
            return
        if state.by_hand:
            # The resolved fact is gone: should it come again, it is news.
            self.put(replace(state, by_hand=False, clear_since=None))
            return
        self._close(state, "no longer so")
        if state.finding.tells_end:
            self.due(state.key, "closed")

    def wake(self, key: str) -> None:
        """An acknowledgement ends on its day, even while the facts can not be read."""
        state = self.states.get(key)
        if state is None or not state.expired(self.now):
            return
        self.put(replace(state.awake(), told_level=state.level))
        self.event(key, "reopened", "the acknowledgement ended")
        self.due(key, "reminder")

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
            opened_at=self.now,
            changed_at=self.now,
        )
        self.event(finding.key, "opened", finding.evidence.title)
        self.due(finding.key, "opened")

    def _reopen(self, state: AlertState, finding: Finding) -> None:
        """Soon after it closed it is the same episode, and only what is worse than told then is told again."""
        closed_at = state.closed_at or state.changed_at
        same = self.now - closed_at < self.config.same_episode
        moved = finding.due_on != state.due_on and not _replaced(state, finding)
        same = same and not _replaced(state, finding)
        told = max(state.told_level, finding.level) if same and not moved else finding.level
        self.put(
            replace(
                state.awake(),
                finding=finding,
                level=finding.level,
                told_level=told,
                episode=state.episode if same else state.episode + 1,
                opened_at=state.opened_at if same else self.now,
                closed_at=None,
                moves=state.moves + moved,
            )
        )
        self.event(state.key, "reopened", finding.evidence.title)
        if moved and same:
            self.due(state.key, "date_moved", before=state.due_on)
        elif not same or finding.level > state.told_level:
            self.due(state.key, "reopened")

    def _watch_resolved(self, state: AlertState, finding: Finding) -> None:
        """Resolved by hand holds until the fact changes: another day, or a level above the one resolved."""
        if finding.level == 0 and not state.held(finding):
            self.clear(state.key)
            return
        moved = finding.due_on != state.due_on
        worse = finding.due_on is None and finding.level > state.level
        if not moved and not worse:
            self.put(replace(state, finding=finding, clear_since=None))
            return
        before = state.due_on
        self.put(
            replace(
                state.awake(),
                finding=finding,
                level=finding.level,
                told_level=finding.level,
                closed_at=None,
                moves=state.moves + moved,
            )
        )
        self.event(state.key, "reopened", "the resolved fact changed: " + finding.evidence.title)
        moved = moved and not _replaced(state, finding)
        self.due(state.key, "date_moved" if moved else "reopened", before=before if moved else None)

    def _follow(self, state: AlertState, finding: Finding) -> None:
        if _replaced(state, finding):
            self._succeed(state, finding)
            return
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
        elif state.expired(self.now):
            self.put(now_at)
            self.wake(state.key)
        else:
            self.put(now_at)

    def _succeed(self, state: AlertState, finding: Finding) -> None:
        """What ended is no longer what runs: the old story closes, and that is told with what may come next."""
        said = f"{state.finding.about} → {finding.about}"
        if finding.level == 0:
            self._close(state, said)
            if state.finding.tells_end:
                self.due(state.key, "closed", finding=_now_on(state.finding, finding))
            self.put(replace(self.states[state.key], finding=finding, level=0, told_level=0))
            return
        episode = state.episode + 1
        self.put(
            replace(
                state.awake(),
                finding=finding,
                level=finding.level,
                told_level=finding.level,
                episode=episode,
                opened_at=self.now,
            )
        )
        self.event(state.key, "reopened", said)
        headline = (
            f"It runs on {finding.about} now, before on {state.finding.about}. {finding.evidence.headline}"
        )
        told = replace(finding, evidence=replace(finding.evidence, headline=headline))
        self.due(state.key, "opened", finding=told)

    def _move(self, state: AlertState, finding: Finding) -> None:
        """A moved date is told at once, acknowledged or not; the step it lands on is told with it."""
        self.put(
            replace(
                state.awake(),
                finding=finding,
                level=finding.level,
                told_level=finding.level,
                moves=state.moves + 1,
            )
        )
        self.event(state.key, "date_moved", f"{_day(state.due_on)} → {_day(finding.due_on)}")
        self.due(state.key, "date_moved", before=state.due_on)
        if finding.level == 0:
            self._close(self.states[state.key], "the date moved beyond the first step")

    def _escalate(self, state: AlertState) -> None:
        self.event(state.key, "escalated", state.finding.evidence.title)
        if state.status == "acknowledged" and not self._breaks_through(state):
            if state.expired(self.now):
                self.put(state)
                self.wake(state.key)
            else:
                self.put(state)
            return
        self.put(state.awake())
        self.due(state.key, "escalated")

    def _breaks_through(self, state: AlertState) -> bool:
        """A worse level is a new fact. A deadline's next step is not, save the last ones where no end was set."""
        if state.due_on is None:
            return True
        last = state.finding.last_level - self.config.last_steps
        return state.acknowledged_until is None and state.level > last

    def _close(self, state: AlertState, why: str) -> None:
        self.put(
            replace(
                state,
                status="closed",
                closed_at=self.now,
                clear_since=None,
                acknowledged_until=None,
                why=why,
            )
        )
        self.event(state.key, "closed", why)


def _said(what: str, why: str) -> str:
    return f"{what}: {why}" if why else what


def _replaced(state: AlertState, finding: Finding) -> bool:
    return bool(state.finding.about and finding.about) and state.finding.about != finding.about


def _now_on(old: Finding, new: Finding) -> Finding:
    title = f"{old.evidence.title}; it runs on {new.about} now"
    return replace(old, evidence=replace(old.evidence, title=title))


def _day(on: date | None) -> str:
    return on.isoformat() if on else "no date"
