"""A changed rate, team, reservation or shipped price takes effect by itself: what it concerns is charged again."""

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from typing import Final

import structlog

from collector.domain.money.rule_changes import Reach, RuleChange, changed_rules
from collector.jobs.charges import MoneyRules, learn_shares
from collector.jobs.collecting.reprice import mark_reach
from collector.store.engine import Connection, Engine, retrying
from collector.store.reads.charges import charged_days
from collector.store.reads.money_rules import told_rules
from collector.store.writes.money import record_rules

log = structlog.get_logger(__name__)

_TEACHING: Final = frozenset({"price snapshot", "price notes", "arithmetic"})
"""What lessons from bills are read by."""


def take_up(engine: Engine, rules: MoneyRules, now: datetime, *, everything: bool = False) -> tuple[str, ...]:
    """Mark what changed rules concern, under the lease of deriving; gives back what changed, in words.

    Marks and fingerprints are one transaction: after a kill either both are there and the marks are worked out, or
    neither is and the change is seen again. Another process with other rules sees a change in its turn.
    """
    with engine.connect() as connection:
        before = told_rules(connection)
        changes = changed_rules(before, rules.told)
        fresh = not before and charged_days(connection) is None
    learn_shares(engine, rules, now, everything=everything or any(one.part in _TEACHING for one in changes))
    if not changes:
        return ()
    why = () if fresh else _in_words(changes)

    def mark(connection: Connection) -> int:
        told = ((one.part, rules.told[one.part], None if fresh else one.why) for one in changes)
        record_rules(connection, told, now)
        return 0 if fresh else mark_reach(connection, reduce(Reach.joined, (one.reach for one in changes)))

    days = retrying(engine, mark)
    if why:
        log.info("charges are worked out again", why="; ".join(why), account_days=days)
    return why


def _in_words(changes: Iterable[RuleChange]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{one.why}: {_reach(one.reach)}" for one in changes))


def _reach(reach: Reach) -> str:
    if reach.starts_on and reach.ends_on:
        return f"charges from {reach.starts_on} to {reach.ends_on}"
    if reach.starts_on:
        return f"charges from {reach.starts_on} on"
    return f"charges up to {reach.ends_on}" if reach.ends_on else "every charge"
