"""What one alert pass writes into the outbox, and what it takes back from there.

A letter that waits while what it tells stops being so is taken back, as long as no server can have it, and everything
it told is told anew to the same person together with the news: once, with what is so now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from collector.domain.alerts.routing import recipients
from collector.domain.alerts.settings import AlertRules
from collector.domain.alerts.times import weekly_at
from collector.domain.alerts.types import Due, Outcome
from collector.reports.letters.compose import Letter, Writing, compose, settled, weekly_summary
from collector.store.engine import Connection
from collector.store.reads import alerts as reads

WEEK: Final = timedelta(days=7)
NO_LONGER_SO: Final = frozenset({"date_moved", "closed"})
"""What makes a waiting letter wrong at once; other news makes it old when their own hour has come."""
SUPERSEDED: Final = "what it tells changed before it could be sent; newer letters tell what is so now"


@dataclass(frozen=True, slots=True)
class Post:
    """`told`: what each letter tells, by its id. `untold` waits on; `done` are ids that need not.

    `taken_back` are letters that are superseded, `first` those that keep their words and go before these.
    """

    letters: tuple[Letter, ...] = ()
    told: tuple[tuple[str, Due], ...] = ()
    untold: tuple[Due, ...] = ()
    done: frozenset[str] = frozenset()
    taken_back: frozenset[str] = frozenset()
    first: frozenset[str] = frozenset()

    def and_summaries(self, weekly: "Post") -> "Post":
        letters, back = (*self.letters, *weekly.letters), self.taken_back | weekly.taken_back
        return replace(self, letters=letters, taken_back=back)


def post_of(
    connection: Connection, dues: Sequence[Due], rules: AlertRules, writing: Writing, now: datetime
) -> Post:
    """Letters for what is ripe. What nobody is configured to hear of waits: it goes out once somebody is."""
    stale = {due.key for due in dues if due.not_before <= now or due.kind in NO_LONGER_SO}
    unsent = reads.unsent(connection) if stale else []
    back = frozenset(one.message_id for one in unsent if one.key in stale and not one.in_hand)
    every = [*dues, *_carried(connection, back, dues)]
    homeless = _homeless(every, rules)
    tellable = [due for due in every if due.key not in homeless]
    letters, done = compose(tellable, rules.routing, writing, now), settled(tellable, now)
    told = tuple(_told(letters, tellable))
    news = {(due.only, due.key) for _, due in told}
    return Post(
        letters=tuple(letters),
        told=told,
        untold=tuple(due for due in every if due.id not in done),
        done=done,
        taken_back=back,
        first=frozenset(one.message_id for one in unsent if one.in_hand and (one.recipient, one.key) in news),
    )


def mended_summaries(
    connection: Connection, outcome: Outcome, rules: AlertRules, writing: Writing, now: datetime
) -> Post:
    """Summaries in place of those that wait and are wrong by now."""
    wrong = {event.key for event in outcome.events if event.kind in NO_LONGER_SO}
    old = [
        letter
        for letter in (reads.unsent_summaries(connection) if wrong else ())
        if any(item.key in wrong for item in letter.items)
    ]
    people = {letter.to for letter in old}
    fresh = weekly_summary(outcome.states.values(), rules.routing, writing, now, anew=True) if old else []
    return Post(
        letters=tuple(letter for letter in fresh if letter.to in people),
        taken_back=frozenset(letter.message_id for letter in old),
    )


def week_summaries(
    connection: Connection,
    outcome: Outcome,
    told_at: datetime | None,
    rules: AlertRules,
    writing: Writing,
    now: datetime,
) -> Post | None:
    """The summary of the week, once, in place of any that waits; None where its hour has not come.

    The first week begins with the baseline.
    """
    if told_at is None:
        return Post()
    hour = weekly_at(now - WEEK + timedelta(seconds=1), rules.config)
    if told_at >= hour:
        return None
    # Named after its hour, so that a late one is not taken for the next week's.
    found = weekly_summary(outcome.states.values(), rules.routing, writing, hour)
    return Post(
        letters=tuple(replace(letter, written_at=now) for letter in found),
        taken_back=frozenset(letter.message_id for letter in reads.unsent_summaries(connection)),
    )


def _carried(connection: Connection, back: frozenset[str], dues: Sequence[Due]) -> list[Due]:
    """What the letters taken back told; it waits for the hour of the news that made it old."""
    hours: dict[str, datetime] = {}
    for due in dues:
        hours[due.key] = min(due.not_before, hours.get(due.key, due.not_before))
    return [
        replace(due, not_before=max(due.not_before, hours.get(due.key, due.not_before)))
        for due in (reads.told_by(connection, back) if back else ())
    ]


def _homeless(dues: Iterable[Due], rules: AlertRules) -> set[str]:
    last: dict[str, Due] = {}
    carried: set[str] = set()
    for due in sorted(dues, key=lambda due: due.number):
        if due.only:
            carried.add(due.key)
        else:
            last[due.key] = due
    return {key for key, due in last.items() if not _heard(due, rules)} - carried


def _heard(due: Due, rules: AlertRules) -> bool:
    if due.tell == "baseline":
        return bool(rules.routing.mail_to)
    return bool(recipients(due.finding, rules.routing))


def _told(letters: Iterable[Letter], dues: Iterable[Due]) -> Iterable[tuple[str, Due]]:
    by_key: dict[str, list[Due]] = {}
    key_of: dict[str, str] = {}
    for due in dues:
        by_key.setdefault(due.key, []).append(due)
        key_of[due.id] = due.key
    for letter in letters:
        (to,) = letter.to
        for key in {key_of[due_id] for due_id in letter.due_ids}:
            for due in by_key[key]:
                if due.only is None or due.only == to:
                    yield letter.message_id, due.only_for(to)
