"""The optional detail from a workspace's logs."""

from datetime import UTC, datetime
from typing import Any

import pytest

from collector.domain.types import TryLater
from collector.sources import AzureSources
from collector.sources.logs import LoggedRequests, logged_requests
from tests.sources.loopback import Loopback, Reply
from tests.sources.worlds import HOUR

COLUMNS = {
    "account": "string",
    "deployment": "string",
    "apiVersion": "string",
    "hour": "datetime",
    "requests": "long",
    "throttled": "long",
}


def a_table(*rows: list[Any]) -> dict[str, Any]:
    columns = [{"name": name, "type": kind} for name, kind in COLUMNS.items()]
    return {"tables": [{"name": "PrimaryResult", "columns": columns, "rows": list(rows)}]}


def test_requests_are_counted_by_deployment_and_api_version(azure: Loopback, sources: AzureSources) -> None:
    row = ["/subscriptions/s/a", "chat", "2024-10-21", "2026-11-20T10:00:00Z", 12, 3]
    azure.on("/v1/workspaces/w/query$", Reply(a_table(row)))
    (found,) = logged_requests(sources.connection, "w", HOUR)
    at = datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert LoggedRequests("/subscriptions/s/a", "chat", "2024-10-21", at, 12, 3) == found


def test_a_partial_answer_is_no_answer(azure: Loopback, sources: AzureSources) -> None:
    azure.on("/query$", Reply(a_table() | {"error": {"code": "PartialError", "message": "limits"}}))
    with pytest.raises(TryLater, match="partial answer"):
        logged_requests(sources.connection, "w", HOUR)
