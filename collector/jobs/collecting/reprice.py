"""Days to be worked out again because what prices them became known or changed."""

from collections.abc import Callable, Mapping
from datetime import datetime

from collector.domain.money.rule_changes import Reach
from collector.domain.periods import DAY, Window, midnight
from collector.store import writes
from collector.store.engine import Connection
from collector.store.reads.charges import Payer, charged_days, payers
from collector.store.reads.usage import known_days


def mark_locations(connection: Connection, since: Mapping[str, datetime | None]) -> None:
    """The known days of every account in these locations, deleted ones too; from an instant on, or all (None)."""
    _mark(connection, lambda payer: payer.location in since, lambda payer: since[payer.location])


def mark_subscriptions(connection: Connection, subscriptions: Mapping[str, object]) -> None:
    """All known days of every account of these subscriptions."""
    _mark(connection, lambda payer: payer.subscription_id in subscriptions, lambda payer: None)


def mark_reach(connection: Connection, reach: Reach) -> int:
    """The known days of every account that a rule concerns; gives back how many."""
    known = known_span(connection)
    if known is None:
        return 0
    start = max(known.start, midnight(reach.starts_on)) if reach.starts_on else known.start
    end = min(known.end, midnight(reach.ends_on) + DAY) if reach.ends_on else known.end
    if start >= end:
        return 0
    return writes.mark_window(connection, sorted(payers(connection)), Window(start, end), charges_only=True)


def known_span(connection: Connection) -> Window | None:
    """The days that may bear charges. Units are charged without any use: charges reach further than hours."""
    spans = [span for span in (known_days(connection), charged_days(connection)) if span is not None]
    if not spans:
        return None
    return Window(midnight(min(one for one, _ in spans)), midnight(max(one for _, one in spans)) + DAY)


def _mark(
    connection: Connection, concerns: Callable[[Payer], bool], since: Callable[[Payer], datetime | None]
) -> None:
    known = known_span(connection)
    if known is None:
        return
    first, end = known.start, known.end
    for key, payer in sorted(payers(connection).items()):
        if concerns(payer) and (start := since(payer) or first) < end:
            writes.mark_window(connection, [key], Window(max(start, first), end), charges_only=True)
