"""The workspace answers the one question it knows, and says so of all others."""

from datetime import datetime
from typing import Any

from collector.simulator.truth import truth_of
from collector.simulator.world import World
from tests.simulator.client import Client

Stretch = tuple[datetime, datetime]
QUERY = """
AzureDiagnostics
| where Category == "RequestResponse"
| summarize apiName = max(tostring(p.apiName)), deployment = max(tostring(p.modelDeploymentName)), caller = max(tostring(CallerIPAddress)), account = max(tolower(ResourceId)), at = min(TimeGenerated) by CorrelationId
| summarize requests = count(), first = min(at), last = max(at) by account, deployment, apiName, caller
"""


def _ask(client: Client, query: str, stretch: Stretch) -> Any:
    start, end = (at.isoformat() for at in stretch)
    return client.send(
        "/v1/workspaces/00000000-0000-0000-0000-000000000000/query",
        {"query": query, "timespan": f"{start}/{end}"},
    )


def test_logged_requests_are_the_true_ones(client: Client, world: World, settled: Stretch) -> None:
    table = _ask(client, QUERY, settled).json["tables"][0]
    names = [column["name"] for column in table["columns"]]
    assert ["account", "deployment", "apiName", "caller", "requests", "first", "last"] == names
    hot = world.deployment("hot")
    rows = [row for row in table["rows"] if row[:2] == [hot.account.id.lower(), hot.name]]
    [usage] = truth_of(world).usage(*settled, "total", [hot])
    assert usage.requests == sum(row[4] for row in rows)
    assert {caller.api_version for caller in hot.callers} == {row[2].rpartition(" ")[2] for row in rows}
    assert all(row[3].endswith(".***") for row in rows)


def test_another_question_is_refused(client: Client, settled: Stretch) -> None:
    assert [501, 501, 501] == [
        _ask(client, query, settled).status
        for query in (
            "Heartbeat | count",
            QUERY.replace("apiName, caller", "color"),
            QUERY.replace("count()", "avg(DurationMs)"),
        )
    ]
