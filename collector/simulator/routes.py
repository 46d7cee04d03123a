"""Which path is answered by what; a path nobody knows is refused with 501 and its name."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from collector.simulator import arm, bills, metrics_wire, prices
from collector.simulator.asked import ARM_MINUTE_SPAN, Asked, Refused, asked, instant
from collector.simulator.bills import Bills
from collector.simulator.estate import Account, Subscription
from collector.simulator.faults import Fault
from collector.simulator.metrics import Metrics
from collector.simulator.traffic import Traffic
from collector.simulator.truth import Truth
from collector.simulator.world import World

if TYPE_CHECKING:
    from collector.simulator.server import Simulator

_SUB = r"/subscriptions/(?P<sub>[^/]+)"
_ACCOUNT = rf"(?P<account>{_SUB}/resourcegroups/[^/]+/providers/microsoft\.cognitiveservices/accounts/[^/]+)"
_RP = rf"{_SUB}/providers/microsoft\.cognitiveservices"
PAGES = {"subscriptions": 2, "accounts": 5, "deployments": 5, "usages": 60, "models": 60, "rows": 150}
ACCESS = ("reader", "monitoring_reader", "insights_registered", "usages_reader", "cost_reader")


@dataclass(slots=True)
class Call:
    method: str
    target: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    throttled_metrics: frozenset[str] = frozenset()

    def kind(self) -> str:
        """The route's shape, for counting: ids left out."""
        last = self.path.rstrip("/").rsplit("/", 1)[-1]
        return f"{self.method} {'accounts/{name}' if '/accounts/' in self.path and last.count('-') > 2 else last}"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content_type: str = "application/json; charset=utf-8"


def _default(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value)} has no JSON form")


def _json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, orjson.dumps(value, default=_default), headers or {})


def _error(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None, wrapped: bool = True
) -> Answer:
    inner = {"code": code, "message": message}
    return _json({"error": inner} if wrapped else inner, status, headers)


class Routes:
    def __init__(self, world: World, simulator: Simulator, page_size: int | None) -> None:
        self.world, self._simulator = world, simulator
        self.traffic = Traffic(world)
        self.metrics = Metrics(world, self.traffic)
        self.bills = Bills(world, self.traffic)
        self.truth = Truth(world, self.traffic, self.bills)
        self.access: dict[str, dict[str, bool]] = {}
        self._page_size = page_size
        self._routes = [
            (re.compile(pattern + "/?", re.IGNORECASE), method, answer)
            for pattern, method, answer in (
                (r"/subscriptions", "GET", self._subscriptions),
                (rf"{_RP}/accounts", "GET", self._accounts),
                (
                    rf"{_SUB}/resourcegroups/(?P<rg>[^/]+)/providers/microsoft\.cognitiveservices/accounts",
                    "GET",
                    self._accounts,
                ),
                (_ACCOUNT, "GET", self._account),
                (rf"{_ACCOUNT}/deployments", "GET", self._deployments),
                (rf"{_ACCOUNT}/models", "GET", self._account_models),
                (rf"{_RP}/locations/(?P<location>[^/]+)/usages", "GET", self._usages),
                (rf"{_RP}/locations/(?P<location>[^/]+)/models", "GET", self._models),
                (rf"{_RP}/modelcapacities", "GET", self._capacities),
                (rf"{_RP}/deletedaccounts", "GET", self._deleted),
                (rf"{_ACCOUNT}/providers/microsoft\.insights/metricdefinitions", "GET", self._definitions),
                (rf"{_ACCOUNT}/providers/microsoft\.insights/metrics", "GET", self._single),
                (rf"(?:/(?P<region>[a-z0-9]+))?{_SUB}/metrics:getbatch", "POST", self._batch),
                (rf"{_SUB}/providers/microsoft\.costmanagement/query", "POST", self._costs),
                (r"/api/retail/prices", "GET", self._prices),
                (r"/msi/token", "GET", self._token),
            )
        ]

    def answer(self, call: Call) -> Answer:
        for pattern, method, handler in self._routes:
            match = pattern.fullmatch(call.path)
            if match is not None and method == call.method:
                try:
                    refused = self._unauthorised(call, match.groupdict())
                    return refused or handler(call, match.groupdict())
                except Refused as refusal:
                    wrapped = "getbatch" in call.path.lower() or "microsoft.insights" not in call.path.lower()
                    headers = {"x-ms-error-code": refusal.code} if "getbatch" in call.path.lower() else {}
                    return _error(refusal.status, refusal.code, refusal.message, headers, wrapped)
        return _error(501, "NotImplemented", f"The simulator does not know {call.method} {call.path}")

    def _unauthorised(self, call: Call, found: Mapping[str, str | None]) -> Answer | None:
        path = call.path.lower()
        if path.startswith(("/api/retail", "/msi/")):
            return None
        if "authorization" not in call.headers:
            return _error(
                401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
            )
        sub = found.get("sub")
        if sub is None:
            return None
        subscription = self._subscription(sub)
        may = dict.fromkeys(ACCESS, True) | self.access.get(subscription.id, {})
        denied = (
            "The client does not have authorization to perform action over scope /subscriptions/"
            + subscription.id
        )
        if "getbatch" in path:
            if not may["insights_registered"]:
                text = "Microsoft.Insights is not registered in the subscription."
                return _error(403, "MissingSubscriptionRegistration", text)
            if not may["monitoring_reader"]:
                return _error(
                    401, "Unauthorized", "Monitoring Reader on the subscription is needed: " + denied
                )
        if "costmanagement" in path and not may["cost_reader"]:
            return _error(403, "RBACAccessDenied", denied)
        if path.endswith("/usages") and not may["usages_reader"]:
            return _error(403, "AuthorizationFailed", denied)
        if "cognitiveservices" in path and not may["reader"] and "microsoft.insights" not in path:
            return _error(403, "AuthorizationFailed", denied)
        return None

    def _subscription(self, text: str) -> Subscription:
        for subscription in self.world.subscriptions:
            if subscription.id == text.lower():
                return subscription
        raise Refused(404, "SubscriptionNotFound", f"The subscription '{text}' could not be found.")

    def _account_of(self, found: Mapping[str, str | None]) -> Account:
        resource_id = found["account"] or ""
        account = self.world.account(resource_id)
        if account is None or not account.exists(self._simulator.now()):
            name = resource_id.rsplit("/", 1)[-1]
            raise Refused(
                404,
                "ResourceNotFound",
                f"The Resource 'Microsoft.CognitiveServices/accounts/{name}' was not found. "
                "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
            )
        return account

    def _page(self, call: Call, rows: Sequence[Any], kind: str) -> Answer:
        """A page and the way to the next; the last page sometimes says so with an absent key."""
        size = self._page_size or PAGES[kind]
        skip = int(call.query.get("$skiptoken", "0") or 0)
        body: dict[str, Any] = {"value": rows[skip : skip + size]}
        if skip + size < len(rows):
            target = re.sub(r"[?&]\$skiptoken=\d+|[?&]%24skiptoken=\d+", "", call.target)
            joint = "&" if "?" in target else "?"
            body["nextLink"] = f"{self._simulator.url}{target}{joint}%24skiptoken={skip + size}"
        left = max(0, 249 - len(self._simulator.log) % 50)
        return _json(body, 200, {"x-ms-ratelimit-remaining-subscription-reads": str(left)})

    def _subscriptions(self, call: Call, found: Mapping[str, str | None]) -> Answer:
        return self._page(call, arm.subscriptions(self.world), "subscriptions")

    def _accounts(self, call: Call, found: Mapping[str, str | None]) -> Answer:
        rows = arm.accounts(self.world, self._subscription(found["sub"] or ""), self._simulator.now())
        group = found.get("rg")
        if group:
            rows = [r for r in rows if f"/resourcegroups/{group.lower()}/" in r["id"].lower()]
        return self._page(call, rows, "accounts")

    def _account(self, call: Call, found: Mapping[str, str | None]) -> Answer:
        return _json(arm.account(self.world, self._account_of(found)))

    def _deployments(self, call: Call, found: Mapping[str, str | None]) -> Answer:
        rows = arm.deployments(self.world, self._account_of(found), self._simulator.now())
        return self._page(call, rows, "deployments")

    def _account_models(self, call: Call, found: Mapping[str, str | None]) -> Answer:
        return self._page(
            call, arm.account_models(self.world, self._account_of(found), self._simulator.now()), "models"
        )

    def _usages(self, call: Call, found: Mapping[str, str | None]) -> Answer:
        sub, location = self._subscription(found["sub"] or ""), _location(found)
        return self._page(call, arm.usages(self.world, sub, location, self._simulator.now()), "usages")

    def _models(self, call: Call, found: Mapping[str, str | None]) -> Answer:
        sub, location = self._subscription(found["sub"] or ""), _location(found)
        return self._page(call, arm.models(self.world, sub.id, location, self._simulator.now()), "models")

    def _capacities(self, call: Call, found: Mapping[str, str | None]) -> Answer:
        sub = self._subscription(found["sub"] or "")
        return self._page(
            call, arm.model_capacities(self.world, sub, call.query, self._simulator.now()), "usages"
        )

    def _deleted(self, call: Call, found: Mapping[str, str | None]) -> Answer:
        sub = self._subscription(found["sub"] or "")
        return self._page(call, arm.deleted_accounts(self.world, sub, self._simulator.now()), "accounts")

    def _definitions(self, call: Call, found: Mapping[str, str | None]) -> Answer:
        return _json({"value": metrics_wire.definitions(self._account_of(found).id)})

    def _single(self, call: Call, found: Mapping[str, str | None]) -> Answer:
        account, now = self._account_of(found), self._simulator.now()
        start, end = _timespan(call.query.get("timespan", ""), now)
        minutes = call.query.get("interval", "PT1M").upper() == "PT1M"
        if minutes and end - start > ARM_MINUTE_SPAN:
            start = end - ARM_MINUTE_SPAN
        wanted = asked(call.query, start, end, now, call.query.get("$filter", ""))
        body = metrics_wire.single_body(
            self.metrics, account, account.id, wanted, now, call.throttled_metrics
        )
        return Answer(200, body)

    def _batch(self, call: Call, found: Mapping[str, str | None]) -> Answer:
        now, query = self._simulator.now(), call.query
        if "timespan" in query:
            raise Refused(
                400, "BadRequest", "The timespan parameter is not supported: use starttime and endtime."
            )
        if not query.get("metricnamespace"):
            raise Refused(400, "BadRequest", "The metricnamespace parameter is required.")
        accounts = self._batch_accounts(call, found)
        start, end = _start_and_end(query, now)
        wanted: Asked = asked(query, start, end, now, query.get("filter", ""))
        return Answer(
            200, metrics_wire.batch_body(self.metrics, accounts, wanted, now, call.throttled_metrics)
        )

    def _batch_accounts(self, call: Call, found: Mapping[str, str | None]) -> list[tuple[str, Account]]:
        body = _object(call.body)
        ids = body.get("resourceids")
        if not isinstance(ids, list) or not ids:
            raise Refused(400, "BadRequest", "The request body needs a non-empty list 'resourceids'.")
        texts = [str(i) for i in ids]
        if len(texts) > 50:
            raise Refused(
                400, "BadRequest", f"Requested resources count: {len(texts)} bigger than allowed max: 50"
            )
        pairs = [(text, self._account_of({"account": text})) for text in texts]
        region = found.get("region") or pairs[0][1].location
        for text, account in pairs:
            if account.subscription.id != (found["sub"] or "").lower():
                raise Refused(400, "BadRequest", f"Resource {text} is not in subscription {found['sub']}.")
            if account.location != region.lower():
                raise Refused(
                    400,
                    "BadRequest",
                    f"All resources should be from the same region: {region}; {text} is not in it.",
                )
        return pairs

    def _costs(self, call: Call, found: Mapping[str, str | None]) -> Answer:
        subscription, now = self._subscription(found["sub"] or ""), self._simulator.now()
        skip = int(call.query.get("$skiptoken", "0") or 0)
        size = self._page_size or PAGES["rows"]
        columns, rows, more = bills.answer(self.bills, subscription, _object(call.body), now, skip, size)
        headers = {
            "x-ms-ratelimit-microsoft.costmanagement-qpu-consumed": "3",
            "x-ms-ratelimit-microsoft.costmanagement-qpu-remaining": "QueriesPerHour:795",
        }
        if not rows and not skip:
            return Answer(204, b"", headers)
        following = None
        if more:
            target = re.sub(r"[?&](?:\$|%24)skiptoken=\d+", "", call.target)
            joint = "&" if "?" in target else "?"
            following = f"{self._simulator.url}{target}{joint}$skiptoken={skip + size}"
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, call.target))
        return _json(
            {
                "id": f"subscriptions/{subscription.id}/providers/Microsoft.CostManagement/query/{name}",
                "name": name,
                "type": "Microsoft.CostManagement/query",
                "properties": {"nextLink": following, "columns": columns, "rows": rows},
            },
            200,
            headers,
        )

    def _prices(self, call: Call, found: Mapping[str, str | None]) -> Answer:
        size = self._page_size or PAGES["rows"]
        url = self._simulator.url + call.target
        return _json(prices.answer(self.world, call.query, self._simulator.now(), url, size))

    def _token(self, call: Call, found: Mapping[str, str | None]) -> Answer:
        if "x-identity-header" not in call.headers and "metadata" not in call.headers:
            return _error(400, "invalid_request", "The X-IDENTITY-HEADER header is missing.")
        if not call.query.get("resource"):
            return _error(400, "invalid_request", "The resource parameter is missing.")
        expires = int(datetime.now(UTC).timestamp()) + 86000
        return _json(
            {
                "access_token": "simulated." + uuid.uuid5(uuid.NAMESPACE_URL, call.query["resource"]).hex,
                "expires_on": str(expires),
                "resource": call.query["resource"],
                "token_type": "Bearer",
                "client_id": str(uuid.uuid5(uuid.NAMESPACE_URL, "client")),
            }
        )

    def control(self, call: Call) -> Answer:
        """/_sim/: clock, faults, access, log, stats, truth, world."""
        what, given = call.path.removeprefix("/_sim/").strip("/"), _object(call.body) if call.body else {}
        try:
            return self._controlled(what, call, given)
        except (KeyError, ValueError, TypeError) as error:
            return _error(400, "BadRequest", f"{what}: {error}")

    def _controlled(self, what: str, call: Call, given: Any) -> Answer:
        simulator = self._simulator
        if what == "clock":
            if call.method == "POST":
                simulator.set_clock(instant(given["now"]), bool(given.get("running", False)))
            return _json({"now": simulator.now().isoformat()})
        if what == "faults":
            if call.method == "POST":
                rows = given if isinstance(given, list) else given.get("faults", [given])
                simulator.weather.set([Fault.read(row) for row in rows])
            if call.method == "DELETE":
                simulator.weather.set([])
            return _json([asdict(f) for f in simulator.weather.left()])
        if what == "access":
            if call.method == "POST":
                self.set_access(
                    given["subscription"], **{k: v for k, v in given.items() if k != "subscription"}
                )
            return _json(self.access)
        if what == "log":
            if call.method == "DELETE":
                simulator.log.clear()
            return _json(list(simulator.log))
        if what == "stats":
            return _json(
                {"calls": simulator.counts, "bytes": simulator.bytes_sent, "now": simulator.now().isoformat()}
            )
        if what == "truth":
            return _json(self._truth(call.query))
        if what == "world":
            return _json(self._world())
        return _error(501, "NotImplemented", f"The simulator has no control path /_sim/{what}")

    def set_access(self, subscription: str, **may: bool) -> None:
        strange = sorted(set(may) - set(ACCESS))
        if strange:
            raise ValueError(f"access {strange[0]!r}: expected one of {', '.join(ACCESS)}")
        self.access.setdefault(self._subscription(subscription).id, {}).update(may)

    def _truth(self, query: Mapping[str, str]) -> Any:
        now = self._simulator.now()
        start = instant(query["from"]) if "from" in query else self.world.start
        end = instant(query["to"]) if "to" in query else now
        chosen = [
            d
            for d in self.world.deployments
            if query.get("deployment", d.name).casefold() == d.name.casefold()
            and query.get("account", d.account.id).casefold()
            in (d.account.id.casefold(), d.account.name.casefold())
        ]
        if query.get("what", "usage") == "cost":
            return [asdict(c) for c in self.truth.costs(_day(start), _day(end, up=True), chosen)]
        return [asdict(u) for u in self.truth.usage(start, end, query.get("by", "total"), chosen)]

    def _world(self) -> Any:
        return {
            "size": asdict(self.world.size),
            "start": self.world.start,
            "now": self.world.now,
            "subscriptions": [asdict(s) for s in self.world.subscriptions],
            "accounts": [
                {
                    "id": a.id,
                    "location": a.location,
                    "kind": a.kind,
                    "families": a.families,
                    "deleted_at": a.deleted_at,
                }
                for a in self.world.accounts
            ],
            "deployments": [
                {
                    "id": d.id,
                    "role": d.role,
                    "created_at": d.created_at,
                    "ended_at": d.ended_at,
                    "spillover_to": d.spillover_to,
                    "base_model": d.base_model,
                    "revisions": [asdict(r) for r in d.revisions],
                }
                for d in self.world.deployments
            ],
        }


def _day(at: datetime, up: bool = False) -> date:
    whole = at.hour == at.minute == at.second == 0
    return at.date() if whole or not up else at.date() + timedelta(days=1)


def _location(found: Mapping[str, str | None]) -> str:
    return (found["location"] or "").lower().replace(" ", "")


def _object(body: bytes) -> Any:
    try:
        return orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise Refused(400, "BadRequest", f"The request body is not JSON: {error}") from error


def _timespan(text: str, now: datetime) -> tuple[datetime, datetime]:
    if not text:
        return now - timedelta(hours=1), now
    first, slash, second = text.partition("/")
    if not slash:
        match = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?", text.upper())
        if match is None:
            raise Refused(400, "BadRequest", f"Invalid timespan: {text}")
        days, hours, minutes = (int(part or 0) for part in match.groups())
        return now - timedelta(days=days, hours=hours, minutes=minutes), now
    return instant(first), instant(second)


def _start_and_end(query: Mapping[str, str], now: datetime) -> tuple[datetime, datetime]:
    first, second = query.get("starttime"), query.get("endtime")
    if second and not first:
        raise Refused(400, "BadRequest", "endtime without starttime is not valid.")
    end = instant(second) if second else now
    if first is None:
        return end - timedelta(hours=1), end
    if re.fullmatch(r"P.*", first):
        return _timespan(first, now)[0], end
    return instant(first), end
