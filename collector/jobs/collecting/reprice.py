"""Days to be worked out again because what prices them became known or changed."""

from collections.abc import Callable, Mapping
from datetime import datetime

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


def _mark(
    connection: Connection, concerns: Callable[[Payer], bool], since: Callable[[Payer], datetime | None]
) -> None:
    # Units are charged without any use: the days of charges reach further than those of hours.
    spans = [span for span in (known_days(connection), charged_days(connection)) if span is not None]
    if not spans:
        return
    first, end = midnight(min(one for one, _ in spans)), midnight(max(one for _, one in spans)) + DAY
    for key, payer in sorted(payers(connection).items()):
        if concerns(payer) and (start := since(payer) or first) < end:
            writes.mark_window(connection, [key], Window(max(start, first), end), charges_only=True)
