"""The workspace answers the one question it knows, and says so of all others."""

from datetime import datetime
from typing import Any

from collector.simulator.world import World
from tests.simulator.client import Client

Stretch = tuple[datetime, datetime]
QUERY = """
AzureDiagnostics
| where ResourceProvider == "MICROSOFT.COGNITIVESERVICES" and Category == "RequestResponse"
| extend p = parse_json(properties_s)
| extend apiVersion = replace_string(tostring(p.apiName), 'Azure OpenAI API version ', '')
| summarize requests = count(), throttled = countif(tostring(ResultSignature) == "429")
    by account = tolower(ResourceId), deployment = tostring(p.modelDeploymentName), apiVersion,
       hour = bin(TimeGenerated, 1h)
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
    assert ["account", "deployment", "apiVersion", "hour", "requests", "throttled"] == names
    hot = world.deployment("hot")
    rows = [row for row in table["rows"] if row[:2] == [hot.account.id.lower(), hot.name]]
    [usage] = world.truth(*settled, "total", [hot])
    assert (usage.requests, usage.throttled) == (sum(r[4] for r in rows), sum(r[5] for r in rows))
    assert {caller.api_version for caller in hot.callers} == {r[2] for r in rows}


def test_another_question_is_refused(client: Client, settled: Stretch) -> None:
    assert [501, 501] == [
        _ask(client, query, settled).status
        for query in ("Heartbeat | count", QUERY.replace("apiVersion,", "color,"))
    ]
