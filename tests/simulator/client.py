"""The plainest client for the pretend Azure, and how to add up what it says."""

import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import orjson

from collector.simulator.estate import Account
from collector.simulator.server import Simulator

# A Friday noon: offices in Europe and America are at work.
NOW = datetime(2026, 11, 20, 12, 0, 20, tzinfo=UTC)
NAMESPACE = "Microsoft.CognitiveServices/accounts"


@dataclass(frozen=True, slots=True)
class Said:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Client:
    """Sends one call and returns what came back, whatever its status."""

    def __init__(self, azure: Simulator) -> None:
        self.azure = azure
        self.headers = {"Authorization": "Bearer test"}

    def send(
        self,
        path: str,
        body: Any = None,
        method: Any = None,
        headers: Any = None,
        **query: Any,
    ) -> Said:
        if not path.startswith(("http", "/_sim", "/api", "/msi")):
            query = {"api-version": "2024-02-01", **query}
        url = path if path.startswith("http") else self.azure.url + path
        if query:
            url += ("&" if "?" in url else "?") + urlencode(query)
        request = urllib.request.Request(
            url,
            None if body is None else orjson.dumps(body),
            {**self.headers, **(headers or {})},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return Said(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Said(error.code, dict(error.headers), error.read())

    def pages(self, path: str, **query: Any) -> list[Any]:
        said = self.send(path, **query)
        assert said.status == 200, said.body
        rows = list(said.json["value"])
        while said.json.get("nextLink"):
            said = self.send(said.json["nextLink"])
            rows += said.json["value"]
        return rows

    def batch(
        self,
        accounts: Sequence[Account | str],
        names: str,
        start: datetime,
        end: datetime,
        filter: str | None = None,
        **more: Any,
    ) -> Said:
        ids = [a if isinstance(a, str) else a.id for a in accounts]
        query = {
            "metricnamespace": NAMESPACE,
            "metricnames": names,
            "starttime": zulu(start),
            "endtime": zulu(end),
            "interval": "PT1M",
            "aggregation": "Total",
            **more,
        }
        if filter is not None:
            query = {"filter": filter, "top": 100000, **query}
            query = {name: value for name, value in query.items() if value is not None}
        return self.send(
            f"/subscriptions/{ids[0].split('/')[2]}/metrics:getBatch", {"resourceids": ids}, **query
        )

    def single(
        self,
        account: Account,
        names: str,
        start: datetime,
        end: datetime,
        filter: str | None = None,
        **more: Any,
    ) -> Said:
        query = {
            "metricnamespace": NAMESPACE,
            "metricnames": names,
            "timespan": f"{zulu(start)}/{zulu(end)}",
            "interval": "PT1M",
            "aggregation": "Total",
            **more,
        }
        if filter is not None:
            query = {"$filter": filter, "top": 100000, **query}
            query = {name: value for name, value in query.items() if value is not None}
        return self.send(f"{account.id}/providers/Microsoft.Insights/metrics", **query)


def zulu(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def dimension(series: Mapping[str, Any], name: str) -> str:
    return next(m["value"] for m in series["metadatavalues"] if m["name"]["value"] == name)


def total(series: Mapping[str, Any]) -> float:
    return sum(point.get("total", 0) for point in series["data"])


def sums(metric: Mapping[str, Any], *dims: str) -> dict[Any, float]:
    """Totals of a metric by the named dimensions; one name gives plain keys."""
    out: dict[Any, float] = {}
    for series in metric["timeseries"]:
        values = tuple(dimension(series, d) for d in dims)
        key = values if len(values) > 1 else "".join(values)
        out[key] = out.get(key, 0) + total(series)
    return out
