"""Optional detail from a Log Analytics workspace: who calls with which api-version, where diagnostic settings send
the RequestResponse logs.

No text of anybody's goes into a query: it is one of three constants, the workspace is part of the address, and the
span a parameter of its own.
"""

from collections.abc import Sequence
from typing import Any, Final

from collector.domain.endings.api_versions import api_version_of
from collector.domain.endings.callers import CallerDetail, LoggedUse
from collector.domain.periods import Window
from collector.sources.connection import Connection
from collector.sources.errors import Role, Scope
from collector.sources.said import instant

# `properties` is JSON as text, in text again, or an object. A call writes up to two rows, one of them near-empty:
# of equal calls the fuller text wins. Failed calls carry no deployment; listing calls are the portal's own.
_CALLS: Final = """
AzureDiagnostics
| where ResourceProvider == "MICROSOFT.COGNITIVESERVICES" and Category == "RequestResponse"
| where OperationName !has "_List"
| extend said = coalesce(tostring(column_ifexists("properties_s", "")), tostring(column_ifexists("properties", dynamic(null))))
| extend p = parse_json(said)
| extend p = iff(gettype(p) == "string", parse_json(tostring(p)), p)
| summarize apiName = max(tostring(p.apiName)), deployment = max(tostring(p.modelDeploymentName)), caller = max(CALLER), account = max(tolower(ResourceId)), at = min(TimeGenerated) by CorrelationId
| where isnotempty(deployment)
"""
_COUNTED: Final = """| summarize requests = count(), callers = count_distinctif(caller, isnotempty(caller)), first = min(at), last = max(at) by account, deployment, apiName"""
_NAMED: Final = """| summarize requests = count(), first = min(at), last = max(at) by account, deployment, apiName, caller"""
_IDENTITY: Final = "coalesce(tostring(p.callerObjectId), tostring(p.objectId), tostring(CallerIPAddress))"
_ADDRESS: Final = "tostring(CallerIPAddress)"

QUERIES: Final[dict[CallerDetail, str]] = {
    "count": _CALLS.replace("CALLER", _IDENTITY, 1) + _COUNTED,
    "address": _CALLS.replace("CALLER", _ADDRESS, 1) + _NAMED,
    "identity": _CALLS.replace("CALLER", _IDENTITY, 1) + _NAMED,
}
"""What is asked where that much may be known: a count never carries a caller out of the workspace."""


class AzureCallers:
    def __init__(self, connection: Connection) -> None:
        self._azure = connection

    def callers(self, workspace_id: str, window: Window, detail: CallerDetail) -> Sequence[LoggedUse]:
        """Requests by api-version and caller; a partial answer raises."""
        scope = Scope(f"logs of workspace {workspace_id}", service="logs", role=Role.LOG_READER)
        with self._azure.asking(scope):
            answer: Any = self._azure.logs().query_workspace(
                workspace_id, QUERIES[detail], timespan=(window.start, window.end)
            )
            if getattr(answer, "partial_error", None):
                raise ValueError(f"a partial answer: {answer.partial_error}")
            return tuple(_use(row, detail) for row in answer.tables[0].rows)


def _use(row: Any, detail: CallerDetail) -> LoggedUse:
    first, last = instant(row["first"]), instant(row["last"])
    if first is None or last is None:
        raise ValueError("a row without its instants")
    counted = detail == "count"
    return LoggedUse(
        account_arm_id=str(row["account"]).lower(),
        deployment=str(row["deployment"]),
        api_version=api_version_of(row["apiName"]),
        caller="" if counted else str(row["caller"] or ""),
        callers=int(row["callers"]) if counted else None,
        requests=int(row["requests"]),
        first_seen_at=first,
        last_seen_at=last,
    )
