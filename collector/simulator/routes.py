"""Which path is answered by what; a path nobody knows is refused with 501 and its name."""

from __future__ import annotations

import re
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from collector.simulator import arm, cost_query, logs, metrics_wire, model_lists, prices, quota
from collector.simulator.access import Access
from collector.simulator.asked import ARM_MINUTE_SPAN, Refused, asked, start_and_end, timespan
from collector.simulator.estate import Account, Subscription
from collector.simulator.messages import (
    Answer,
    Call,
    error_answer,
    json_answer,
    json_object,
    next_link,
    page_answer,
    skipped,
)
from collector.simulator.metrics import Metrics
from collector.simulator.truth import truth_of
from collector.simulator.world import World

Found = Mapping[str, str]
_SUB = r"/subscriptions/(?P<sub>[^/]+)"
_RP = rf"{_SUB}/providers/microsoft\.cognitiveservices"
_HERE = rf"{_RP}/locations/(?P<location>[^/]+)"
_GROUP = rf"{_SUB}/resourcegroups/(?P<rg>[^/]+)/providers/microsoft\.cognitiveservices/accounts"
_ACCOUNT = rf"(?P<account>{_GROUP}/[^/]+)"
_INSIGHTS = rf"{_ACCOUNT}/providers/microsoft\.insights"
# Small pages, so that nobody gets by without following them.
PAGES = {"subscriptions": 2, "accounts": 5, "deployments": 5, "usages": 60, "models": 60, "rows": 150}


class Host(Protocol):
    """What answers need to know of the server that gives them."""

    log: deque[dict[str, Any]]

    @property
    def url(self) -> str: ...

    def now(self) -> datetime: ...


class Routes:
    def __init__(self, world: World, host: Host, page_size: int | None) -> None:
        self.world, self._host = world, host
        self.truth = truth_of(world)
        self.metrics = Metrics(world, self.truth.traffic)
        self.bills = self.truth.bills
        self.access = Access()
        self._pages = dict.fromkeys(PAGES, page_size) if page_size else PAGES
        routes: Sequence[tuple[str, str, Callable[[Call, Found], Answer]]] = (
            ("GET", r"/subscriptions", self._subscriptions),
            ("GET", rf"{_SUB}/resourcegroups", self._groups),
            ("GET", rf"{_RP}/accounts", self._accounts),
            ("GET", _GROUP, self._accounts),
            ("GET", _ACCOUNT, self._account),
            ("GET", rf"{_ACCOUNT}/deployments", self._deployments),
            ("GET", rf"{_ACCOUNT}/models", self._account_models),
            ("GET", rf"{_HERE}/usages", self._usages),
            ("GET", rf"{_HERE}/models", self._models),
            ("GET", rf"{_RP}/modelcapacities", self._capacities),
            ("GET", rf"{_RP}/deletedaccounts", self._deleted),
            ("GET", rf"{_INSIGHTS}/metricdefinitions", self._definitions),
            ("GET", rf"{_INSIGHTS}/metrics", self._single),
            ("POST", rf"(?:/(?P<region>[a-z0-9]+))?{_SUB}/metrics:getbatch", self._batch),
            ("POST", rf"{_SUB}/providers/microsoft\.costmanagement/query", self._costs),
            ("GET", r"/api/retail/prices", self._prices),
            ("GET", r"/msi/token", self._token),
            ("POST", r"(?:/v1)?/workspaces/[^/]+/query", self._logs),
        )
        self._routes = [(method, re.compile(p + "/?", re.IGNORECASE), to) for method, p, to in routes]

    def answer(self, call: Call) -> Answer:
        for method, pattern, to in self._routes:
            match = pattern.fullmatch(call.path)
            if match is None or method != call.method:
                continue
            found = {name: text for name, text in match.groupdict().items() if text is not None}
            try:
                return self._unauthorised(call, found) or to(call, found)
            except Refused as refusal:
                return _refused(call, refusal)
        return error_answer(501, "NotImplemented", f"The simulator does not know {call.method} {call.path}")

    def subscription(self, text: str) -> Subscription:
        for subscription in self.world.subscriptions:
            if subscription.id == text.lower():
                return subscription
        raise Refused(404, "SubscriptionNotFound", f"The subscription '{text}' could not be found.")

    def _unauthorised(self, call: Call, found: Found) -> Answer | None:
        if call.path.lower().startswith(("/api/retail", "/msi/")):
            return None
        if "authorization" not in call.headers:
            text = "Authentication failed. The 'Authorization' header is missing."
            return error_answer(401, "AuthenticationFailed", text)
        if not call.query.get("api-version") and "/workspaces/" not in call.path:
            text = "The api-version query parameter (?api-version=) is required for all requests."
            raise Refused(400, "MissingApiVersionParameter", text)
        return self.access.refusal(call, self.subscription(found["sub"])) if "sub" in found else None

    def _existing(self, resource_id: str) -> Account:
        account = self.world.account(resource_id)
        if account is None or not account.exists(self._now()):
            name = resource_id.rstrip("/").rsplit("/", 1)[-1]
            raise Refused(
                404,
                "ResourceNotFound",
                f"The Resource 'Microsoft.CognitiveServices/accounts/{name}' was not found. "
                "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
            )
        return account

    def _now(self) -> datetime:
        return self._host.now()

    def _page(self, call: Call, rows: Sequence[Any], kind: str) -> Answer:
        left = max(0, 249 - len(self._host.log) % 50)
        headers = {"x-ms-ratelimit-remaining-subscription-reads": str(left)}
        return page_answer(self._host.url, call, rows, self._pages[kind], headers)

    def _subscriptions(self, call: Call, found: Found) -> Answer:
        return self._page(call, arm.subscriptions(self.world), "subscriptions")

    def _groups(self, call: Call, found: Found) -> Answer:
        rows = arm.resource_groups(self.world, self.subscription(found["sub"]), self._now())
        return self._page(call, rows, "accounts")

    def _accounts(self, call: Call, found: Found) -> Answer:
        rows = arm.accounts(self.world, self.subscription(found["sub"]), self._now())
        if "rg" in found:
            rows = [row for row in rows if f"/resourcegroups/{found['rg'].lower()}/" in row["id"].lower()]
        return self._page(call, rows, "accounts")

    def _account(self, call: Call, found: Found) -> Answer:
        return json_answer(arm.account(self.world, self._existing(found["account"])))

    def _deployments(self, call: Call, found: Found) -> Answer:
        rows = arm.deployments(self.world, self._existing(found["account"]), self._now())
        return self._page(call, rows, "deployments")

    def _account_models(self, call: Call, found: Found) -> Answer:
        account = self._existing(found["account"])
        return self._page(call, model_lists.account_models(self.world, account, self._now()), "models")

    def _usages(self, call: Call, found: Found) -> Answer:
        german = call.headers.get("accept-language", "").lower().startswith("de")
        subscription, location = self.subscription(found["sub"]), _location(found)
        return self._page(
            call, quota.usages(self.world, subscription, location, self._now(), german), "usages"
        )

    def _models(self, call: Call, found: Found) -> Answer:
        subscription, location = self.subscription(found["sub"]), _location(found)
        return self._page(
            call, model_lists.models(self.world, subscription.id, location, self._now()), "models"
        )

    def _capacities(self, call: Call, found: Found) -> Answer:
        rows = model_lists.model_capacities(
            self.world, self.subscription(found["sub"]), call.query, self._now()
        )
        return self._page(call, rows, "usages")

    def _deleted(self, call: Call, found: Found) -> Answer:
        rows = arm.deleted_accounts(self.world, self.subscription(found["sub"]), self._now())
        return self._page(call, rows, "accounts")

    def _definitions(self, call: Call, found: Found) -> Answer:
        return json_answer({"value": metrics_wire.definitions(self._existing(found["account"]).id)})

    def _single(self, call: Call, found: Found) -> Answer:
        account, now = self._existing(found["account"]), self._now()
        start, end = timespan(call.query.get("timespan", ""), now)
        if call.query.get("interval", "PT1M").upper() == "PT1M" and end - start > ARM_MINUTE_SPAN:
            start = end - ARM_MINUTE_SPAN
        wanted = asked(call.query, start, end, now, call.query.get("$filter", ""))
        return Answer(
            200, metrics_wire.single_body(self.metrics, account, wanted, now, call.throttled_metrics)
        )

    def _batch(self, call: Call, found: Found) -> Answer:
        now, query = self._now(), call.query
        if "timespan" in query:
            text = "The timespan parameter is not supported: use starttime and endtime."
            raise Refused(400, "BadRequest", text)
        if not query.get("metricnamespace"):
            raise Refused(400, "BadRequest", "The metricnamespace parameter is required.")
        accounts = self._batch_accounts(call, found)
        wanted = asked(query, *start_and_end(query, now), now, query.get("filter", ""))
        return Answer(
            200, metrics_wire.batch_body(self.metrics, accounts, wanted, now, call.throttled_metrics)
        )

    def _batch_accounts(self, call: Call, found: Found) -> list[tuple[str, Account]]:
        """The accounts asked for with the ids as they were asked: one subscription, one region, fifty at most."""
        ids = json_object(call.body).get("resourceids")
        if not isinstance(ids, list) or not ids:
            raise Refused(400, "BadRequest", "The request body needs a non-empty list 'resourceids'.")
        if len(ids) > 50:
            text = f"Requested resources count: {len(ids)} bigger than allowed max: 50"
            raise Refused(400, "BadRequest", text)
        pairs = [(str(text), self._existing(str(text))) for text in ids]
        region = found.get("region", pairs[0][1].location).lower()
        for text, account in pairs:
            if account.subscription.id != found["sub"].lower():
                raise Refused(400, "BadRequest", f"Resource {text} is not in subscription {found['sub']}.")
            if account.location != region:
                words = f"All resources should be from the same region: {region}; {text} is not in it."
                raise Refused(400, "BadRequest", words)
        return pairs

    def _costs(self, call: Call, found: Found) -> Answer:
        subscription, skip, size = self.subscription(found["sub"]), skipped(call), self._pages["rows"]
        columns, rows, more = cost_query.answer(
            self.bills, subscription, json_object(call.body), self._now(), skip, size
        )
        headers = {
            "x-ms-ratelimit-microsoft.costmanagement-qpu-consumed": "3",
            "x-ms-ratelimit-microsoft.costmanagement-qpu-remaining": "QueriesPerHour:795",
        }
        if not rows and not skip:
            return Answer(204, b"", headers)
        following = next_link(self._host.url, call, skip + size, "$") if more else None
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, call.target))
        body = {
            "id": f"subscriptions/{subscription.id}/providers/Microsoft.CostManagement/query/{name}",
            "name": name,
            "type": "Microsoft.CostManagement/query",
            "properties": {"nextLink": following, "columns": columns, "rows": rows},
        }
        return json_answer(body, 200, headers)

    def _prices(self, call: Call, found: Found) -> Answer:
        url = self._host.url + call.target
        return json_answer(prices.answer(self.world, call.query, self._now(), url, self._pages["rows"]))

    def _logs(self, call: Call, found: Found) -> Answer:
        return json_answer(
            logs.answer(self.world, self.metrics.readings, json_object(call.body), self._now())
        )

    def _token(self, call: Call, found: Found) -> Answer:
        """The managed identity endpoint of an app service."""
        if "x-identity-header" not in call.headers and "metadata" not in call.headers:
            return error_answer(400, "invalid_request", "The X-IDENTITY-HEADER header is missing.")
        resource = call.query.get("resource")
        if not resource:
            return error_answer(400, "invalid_request", "The resource parameter is missing.")
        return json_answer(
            {
                "access_token": "simulated." + uuid.uuid5(uuid.NAMESPACE_URL, resource).hex,
                "expires_on": str(int(datetime.now(UTC).timestamp()) + 86000),
                "resource": resource,
                "token_type": "Bearer",
                "client_id": str(uuid.uuid5(uuid.NAMESPACE_URL, "client")),
            }
        )


def _refused(call: Call, refusal: Refused) -> Answer:
    """ARM's metrics wrap their errors in nothing, everybody else in `error`."""
    path = call.path.lower()
    if "getbatch" in path:
        headers = {"x-ms-error-code": refusal.code}
        return error_answer(refusal.status, refusal.code, refusal.message, headers)
    bare = "microsoft.insights" in path and refusal.status == 400
    return error_answer(refusal.status, refusal.code, refusal.message, wrapped=not bare)


def _location(found: Found) -> str:
    return found["location"].lower().replace(" ", "")
