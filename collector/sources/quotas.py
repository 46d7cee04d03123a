"""Quota lines of a subscription in a location."""

from collections.abc import Sequence
from typing import Any

import structlog

from collector.domain.types import QuotaLine, location_key
from collector.sources.connection import Connection
from collector.sources.errors import Role, Scope
from collector.sources.said import exact

log = structlog.get_logger(__name__)


class AzureQuotas:
    def __init__(self, connection: Connection) -> None:
        self._azure = connection

    def quotas(self, subscription_id: str, location: str) -> Sequence[QuotaLine]:
        """The usages lines as Azure states them. No line at all is "unknown" (free subscriptions), not "no limit"."""
        scope = Scope(
            f"quotas of {location} in subscription {subscription_id}",
            subscription_id,
            role=Role.USAGES_READER,
        )
        with self._azure.asking(scope):
            listed = list(self._azure.cognitive(subscription_id).usages.list(location))
            lines = [_line(subscription_id, location, one) for one in listed]
        return tuple(line for line in lines if line is not None)


def _line(subscription_id: str, location: str, one: Any) -> QuotaLine | None:
    limit, current = exact(one.limit), exact(one.current_value)
    name = one.name.value if one.name else None
    if not name or limit is None or current is None:
        log.warning("a quota line without name or numbers", location=location, usage_name=name)
        return None
    return QuotaLine(
        subscription_id=subscription_id,
        location=location_key(location),
        usage_name=name,
        label=one.name.localized_value or "",
        limit=limit,
        current=current,
    )
