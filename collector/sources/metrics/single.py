"""Metrics of one account through ARM: slower, but it needs no more than management.azure.com and the account's role."""

import threading
from datetime import datetime

import isodate

from collector.domain.types import Account
from collector.sources.connection import Connection, body_of
from collector.sources.errors import Role, Scope
from collector.sources.metrics.answer import single_answer
from collector.sources.metrics.call import API_VERSION, NAMESPACE, Call, Outcomes
from collector.sources.metrics.decode import decoded_single


class Single:
    def __init__(self, connection: Connection, top: int, decoding: threading.Lock) -> None:
        self._azure = connection
        self._top = top
        self._decoding = decoding

    def outcomes(self, call: Call) -> Outcomes:
        """The outcome of a call for one account."""
        (account,) = call.accounts
        with self._azure.asking(_scope(account)):
            response = self._azure.arm(
                "GET",
                f"{account.arm_id}/providers/Microsoft.Insights/metrics",
                params={
                    "api-version": API_VERSION,
                    "metricnamespace": NAMESPACE,
                    "metricnames": ",".join(call.metrics),
                    "aggregation": ",".join(call.aggregations),
                    "timespan": f"{_text(call.window.start)}/{_text(call.window.end)}",
                    "interval": isodate.duration_isoformat(call.grain),
                    "$filter": call.filter,
                    "top": self._top,
                },
            )
            with self._decoding:
                return {account.key: decoded_single(single_answer(response.read()), account, call, self._top)}


def published(connection: Connection, account: Account) -> frozenset[str]:
    """The names of the account's metric definitions."""
    with connection.asking(_scope(account)):
        names: set[str] = set()
        link: str | None = f"{account.arm_id}/providers/Microsoft.Insights/metricDefinitions"
        params: dict[str, str] | None = {"api-version": API_VERSION, "metricnamespace": NAMESPACE}
        while link:
            page = body_of(connection.arm("GET", link, params=params))
            names.update(str(one["name"]["value"]) for one in page["value"])
            link, params = page.get("nextLink"), None
        return frozenset(names)


def _scope(account: Account) -> Scope:
    return Scope(
        f"metrics of {account.arm_id}",
        account.subscription_id,
        service="single metrics",
        role=Role.MONITORING_READER,
    )


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
