"""Who calls, from a workspace's request logs: whole or not at all, and never more than was asked for."""

from datetime import UTC, datetime
from typing import Any

import pytest

from collector.domain.endings.callers import CallerDetail, LoggedUse
from collector.domain.types import NeedsHuman, TryLater
from collector.sources import AzureSources
from collector.sources.logs import QUERIES
from tests.sources.loopback import Loopback, Reply
from tests.sources.worlds import HOUR

WORKSPACE = "00000000-0000-0000-0000-00000000000a"
AT = "2026-11-20T10:00:00Z"
COUNTED = {
    "account": "string",
    "deployment": "string",
    "apiName": "string",
    "requests": "long",
    "callers": "long",
}
NAMED = {
    "account": "string",
    "deployment": "string",
    "apiName": "string",
    "caller": "string",
    "requests": "long",
}


def a_table(columns: dict[str, str], *rows: list[Any]) -> dict[str, Any]:
    spans = {"first": "datetime", "last": "datetime"}
    said = [{"name": name, "type": kind} for name, kind in (columns | spans).items()]
    return {"tables": [{"name": "PrimaryResult", "columns": said, "rows": [[*row, AT, AT] for row in rows]}]}


def test_a_count_is_of_everybody_and_names_nobody(azure: Loopback, sources: AzureSources) -> None:
    row = ["/subscriptions/S/a", "chat", "Azure OpenAI API version 2024-10-21", 12, 3]
    azure.on(f"/v1/workspaces/{WORKSPACE}/query$", Reply(a_table(COUNTED, row)))
    (found,) = sources.callers.callers(WORKSPACE, HOUR, "count")
    at = datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert LoggedUse("/subscriptions/s/a", "chat", "2024-10-21", "", 3, 12, at, at) == found


def test_a_named_caller_is_a_row_of_its_own_and_v1_names_no_version(
    azure: Loopback, sources: AzureSources
) -> None:
    rows = [["/s/a", "chat", "", "81.2.69.***", 7], ["/s/a", "chat", "", "", 1]]
    azure.on("/query$", Reply(a_table(NAMED, *rows)))
    found = sources.callers.callers(WORKSPACE, HOUR, "address")
    assert [("unversioned", "81.2.69.***", 7), ("unversioned", "", 1)] == [
        (one.api_version, one.caller, one.requests) for one in found
    ]


def test_a_partial_answer_is_no_answer(azure: Loopback, sources: AzureSources) -> None:
    azure.on("/query$", Reply(a_table(COUNTED) | {"error": {"code": "PartialError", "message": "limits"}}))
    with pytest.raises(TryLater, match="partial answer"):
        sources.callers.callers(WORKSPACE, HOUR, "count")


def test_a_refusal_names_the_role_and_the_line_that_grants_it(azure: Loopback, sources: AzureSources) -> None:
    refusal = {"error": {"code": "InsufficientAccessError", "message": "no access"}}
    azure.on("/query$", Reply(refusal, 403))
    with pytest.raises(NeedsHuman, match="missing role: Log Analytics Reader") as refused:
        sources.callers.callers(WORKSPACE, HOUR, "count")
    assert '--role "Log Analytics Reader"' in (refused.value.grant or "")


@pytest.mark.parametrize("detail", ["count", "address", "identity"])
def test_a_query_is_a_constant_and_takes_no_more_out_than_it_may(
    azure: Loopback, sources: AzureSources, detail: CallerDetail
) -> None:
    azure.on("/query$", Reply(a_table(COUNTED if detail == "count" else NAMED)))
    sources.callers.callers(WORKSPACE, HOUR, detail)
    (call,) = azure.asked
    said = call.body
    assert QUERIES[detail] == said["query"]
    taken = said["query"].rpartition(" by ")[2]
    assert ("caller" in taken) == (detail != "count")
    assert ("ObjectId" in said["query"]) == (detail != "address")


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_every_shape_of_properties_and_both_rows_of_a_call_are_reckoned_with(query: str) -> None:
    assert 'column_ifexists("properties_s", "")' in query
    assert 'column_ifexists("properties", dynamic(null))' in query
    assert 'iff(gettype(p) == "string", parse_json(tostring(p)), p)' in query
    assert "by CorrelationId" in query
