"""Optional detail from a Log Analytics workspace: requests by api-version, where diagnostic settings send them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collector.domain.periods import Window
from collector.sources.connection import Connection
from collector.sources.errors import Scope
from collector.sources.said import instant

# `properties_s` is JSON as text; failed calls carry no deployment; listing calls are the portal's own.
_REQUESTS = """
AzureDiagnostics
| where ResourceProvider == "MICROSOFT.COGNITIVESERVICES" and Category == "RequestResponse"
| where OperationName !has "_List"
| extend p = parse_json(properties_s)
| extend apiVersion = replace_string(tostring(p.apiName), 'Azure OpenAI API version ', '')
| summarize requests = count(), throttled = countif(tostring(ResultSignature) == "429")
    by account = tolower(ResourceId), deployment = tostring(p.modelDeploymentName), apiVersion, hour = bin(TimeGenerated, 1h)
"""


@dataclass(frozen=True, slots=True)
class LoggedRequests:
    account_arm_id: str
    deployment: str
    api_version: str
    hour: datetime
    requests: int
    throttled: int


def logged_requests(connection: Connection, workspace_id: str, window: Window) -> Sequence[LoggedRequests]:
    """What the workspace's RequestResponse logs count; a partial answer raises."""
    with connection.asking(Scope(f"logs of workspace {workspace_id}", service="logs")):
        answer: Any = connection.logs().query_workspace(
            workspace_id, _REQUESTS, timespan=(window.start, window.end)
        )
        if getattr(answer, "partial_error", None):
            raise ValueError(f"a partial answer: {answer.partial_error}")
        return tuple(
            LoggedRequests(
                account_arm_id=row["account"],
                deployment=row["deployment"],
                api_version=row["apiVersion"],
                hour=_hour(row["hour"]),
                requests=int(row["requests"]),
                throttled=int(row["throttled"]),
            )
            for row in answer.tables[0].rows
        )


def _hour(said: Any) -> datetime:
    found = instant(said)
    if found is None:
        raise ValueError("a row without its hour")
    return found
