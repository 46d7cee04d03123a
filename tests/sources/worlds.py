"""Accounts, questions and metric answers as the tests need them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from collector.domain.periods import Window
from collector.domain.types import Account, MetricGroup
from collector.domain.usage.metric_groups import TOKENS
from collector.ports import MetricQuestion
from tests.sources.loopback import Asked, Reply

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
HOUR = Window(datetime(2026, 11, 20, 10, tzinfo=UTC), datetime(2026, 11, 20, 11, tzinfo=UTC))

Values = Callable[[str, str, int], Any]


def an_account(name: str = "aoai-1", subscription: str = SUBSCRIPTION, location: str = "eastus2") -> Account:
    arm_id = f"/subscriptions/{subscription}/resourceGroups/rg-AI/providers/Microsoft.CognitiveServices/accounts/{name}"
    return Account(arm_id, subscription, "rg-AI", name, location, "OpenAI")


def a_question(
    *accounts: Account, group: MetricGroup = TOKENS, window: Window = HOUR, grain_minutes: int = 1
) -> MetricQuestion:
    asked = accounts or (an_account(),)
    return MetricQuestion(asked[0].subscription_id, asked[0].location, asked, group, window, grain_minutes)


def a_series(dimensions: Mapping[str, str], points: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "metadatavalues": [
            {"name": {"value": name.lower(), "localizedValue": name.lower()}, "value": value}
            for name, value in dimensions.items()
        ],
        "data": list(points),
    }


def a_metric(name: str, series: Sequence[Any], code: str = "Success", resource: str = "") -> dict[str, Any]:
    return {
        "id": f"{resource}/providers/Microsoft.Insights/metrics/{name}",
        "type": "Microsoft.Insights/metrics",
        "name": {"value": name, "localizedValue": name},
        "unit": "Count",
        "timeseries": list(series),
        "errorCode": code,
    }


def stamps(window: Window, minutes: int = 1) -> list[str]:
    count = window.length // timedelta(minutes=minutes)
    return [
        f"{window.start + index * timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}" for index in range(count)
    ]


class Monitor:
    """An Azure Monitor that answers both calls: each deployment of each account counts `value(account, metric, place)`,
    where place is the grain after the first of HOUR.

    `spoil` may change an account's part of an answer, or raise a Reply for the whole call.
    """

    def __init__(
        self,
        deployments: Mapping[str, Sequence[str]] | Sequence[str] = ("chat",),
        value: Values = lambda account, metric, place: float(max(place, 0)),
        spoil: Callable[[str, dict[str, Any]], None] = lambda account, part: None,
    ) -> None:
        self.deployments = deployments
        self.value = value
        self.spoil = spoil
        self.calls: list[tuple[str, ...]] = []

    def batch(self, asked: Asked) -> Reply:
        ids: list[str] = asked.body["resourceids"]
        self.calls.append(tuple(one.rpartition("/")[2] for one in ids))
        window = Window(_instant(asked.query["starttime"]), _instant(asked.query["endtime"]))
        parts: list[Any] = []
        for arm_id in ids:
            part = self._part(arm_id, asked.query, window, asked.query["filter"]) | {
                "starttime": f"{window.start:%Y-%m-%dT%H:%M:%S.000Z}",
                "endtime": f"{window.end:%Y-%m-%dT%H:%M:%S.000Z}",
                "resourceid": arm_id.upper(),
            }
            self.spoil(arm_id.rpartition("/")[2], part)
            if part:
                parts.append(part)
        return Reply({"values": parts})

    def single(self, asked: Asked) -> Reply:
        arm_id = asked.path.partition("/providers/Microsoft.Insights")[0]
        self.calls.append((arm_id.rpartition("/")[2],))
        start, _, end = asked.query["timespan"].partition("/")
        window = Window(_instant(start), _instant(end))
        part = self._part(arm_id, asked.query, window, asked.query["$filter"]) | {
            "timespan": f"{start}/{end}"
        }
        self.spoil(arm_id.rpartition("/")[2], part)
        return Reply(part)

    def _part(self, arm_id: str, query: Mapping[str, str], window: Window, filter_: str) -> dict[str, Any]:
        account = arm_id.rpartition("/")[2]
        minutes = {"PT1M": 1, "PT1H": 60, "P1D": 1440}[query["interval"]]
        words = [word.lower() for word in query["aggregation"].split(",")]
        first = (window.start - HOUR.start) // timedelta(minutes=minutes)
        top = int(query["top"])
        clauses = [clause.split(" or ") for clause in filter_.split(" and ")]
        dimensions = [clause[0].split(" eq ")[0] for clause in clauses]
        wanted = {part.split(" eq ")[1].strip("'").replace("''", "'").casefold() for part in clauses[0]}
        named = self.deployments[account] if isinstance(self.deployments, Mapping) else self.deployments
        names = [name for name in named if "*" in wanted or name.casefold() in wanted]
        versions = ("1", "2") if len(dimensions) > 1 and len(named) > 1 else ("1",)
        metrics: list[Any] = []
        for metric in query["metricnames"].split(","):
            series = [
                a_series(
                    {dimensions[0]: name} | dict.fromkeys(dimensions[1:], version),
                    [
                        {"timeStamp": stamp}
                        | {word: self.value(account, metric, first + index) for word in words}
                        for index, stamp in enumerate(stamps(window, minutes))
                    ],
                )
                for name in names
                for version in versions
            ]
            metrics.append(a_metric(metric, series[:top], resource=arm_id))
        return {
            "interval": query["interval"],
            "value": metrics,
            "namespace": "x",
            "resourceregion": "eastus2",
        }


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
