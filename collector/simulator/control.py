"""The control path /_sim/: clock, faults, access, log, stats, truth and the world itself. Azure has no such thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from collector.simulator.asked import Refused, instant
from collector.simulator.estate import Deployment
from collector.simulator.faults import Fault, Weather
from collector.simulator.messages import Answer, Call, error_answer, json_answer, json_object
from collector.simulator.routes import Host, Routes
from collector.simulator.world import World


class Served(Host, Protocol):
    """What the control path steers: the server with its clock, weather and counts."""

    world: World
    weather: Weather
    routes: Routes
    counts: dict[str, int]
    bytes_sent: int

    def set_clock(self, at: datetime, running: bool = False) -> None: ...


class Control:
    def __init__(self, simulator: Served) -> None:
        self._simulator = simulator
        self._subjects: dict[str, Callable[[Call], Any]] = {
            "clock": self._clock,
            "faults": self._faults,
            "access": self._access,
            "log": self._log,
            "stats": self._stats,
            "truth": self._truth,
            "world": self._world,
        }

    def answer(self, call: Call) -> Answer:
        what = call.path.removeprefix("/_sim/").strip("/")
        if what not in self._subjects:
            return error_answer(501, "NotImplemented", f"The simulator has no control path /_sim/{what}")
        try:
            return json_answer(self._subjects[what](call))
        except (Refused, KeyError, ValueError, TypeError) as error:
            return error_answer(400, "BadRequest", f"{what}: {error}")

    def _clock(self, call: Call) -> Any:
        if call.method == "POST":
            given = json_object(call.body)
            self._simulator.set_clock(instant(given["now"]), bool(given.get("running", False)))
        return {"now": self._simulator.now().isoformat()}

    def _faults(self, call: Call) -> Any:
        weather = self._simulator.weather
        if call.method == "POST":
            given = json_object(call.body)
            rows = given if isinstance(given, list) else given.get("faults", [given])
            weather.set([Fault.read(row) for row in rows])
        if call.method == "DELETE":
            weather.set([])
        return [asdict(f) for f in weather.left()]

    def _access(self, call: Call) -> Any:
        routes = self._simulator.routes
        if call.method == "POST":
            given = json_object(call.body)
            roles = {name: bool(value) for name, value in given.items() if name != "subscription"}
            routes.access.set(routes.subscription(given["subscription"]), **roles)
        return routes.access.told()

    def _log(self, call: Call) -> Any:
        if call.method == "DELETE":
            self._simulator.log.clear()
        return list(self._simulator.log)

    def _stats(self, call: Call) -> Any:
        return {
            "calls": self._simulator.counts,
            "bytes": self._simulator.bytes_sent,
            "now": self._simulator.now().isoformat(),
        }

    def _truth(self, call: Call) -> Any:
        query, truth = call.query, self._simulator.routes.truth
        start = instant(query["from"]) if "from" in query else self._simulator.world.start
        end = instant(query["to"]) if "to" in query else self._simulator.now()
        chosen = [d for d in self._simulator.world.deployments if _wanted(d, query)]
        if query.get("what", "usage") == "cost":
            return [asdict(cost) for cost in truth.costs(start.date(), _day_after(end), chosen)]
        return [asdict(usage) for usage in truth.usage(start, end, query.get("by", "total"), chosen)]

    def _world(self, call: Call) -> Any:
        world = self._simulator.world
        return {
            "size": asdict(world.size),
            "start": world.start,
            "now": world.now,
            "subscriptions": [asdict(s) for s in world.subscriptions],
            "accounts": [
                {
                    "id": a.id,
                    "location": a.location,
                    "kind": a.kind,
                    "families": a.families,
                    "created_at": a.created_at,
                    "deleted_at": a.deleted_at,
                }
                for a in world.accounts
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
                for d in world.deployments
            ],
        }


def _wanted(deployment: Deployment, query: Mapping[str, str]) -> bool:
    account = query.get("account", deployment.account.id).casefold()
    return query.get("deployment", deployment.name).casefold() == deployment.name.casefold() and account in (
        deployment.account.id.casefold(),
        deployment.account.name.casefold(),
    )


def _day_after(end: datetime) -> date:
    """The first day not asked for: a stretch that ends at midnight does not touch the day it ends on."""
    return (end - timedelta(microseconds=1)).date() + timedelta(days=1)
