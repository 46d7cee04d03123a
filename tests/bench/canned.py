"""One recorded batch answer served again and again by a process of its own: every way of reading gets the same bytes."""

import http.server
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from collector.domain.periods import Window
from collector.domain.types import Account
from collector.domain.usage.metric_groups import REQUESTS, TOKENS
from collector.simulator.server import Simulator
from collector.simulator.world import World
from collector.sources import AzureSettings, open_sources

GROUPS = (REQUESTS, TOKENS)
_MINUTE = timedelta(minutes=1)
# By set of metrics, then by resource id: the bytes that Azure would say of it.
Parts = dict[str, dict[str, bytes]]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The accounts of one subscription and region, an hour of their minutes, and how many values Azure says of them."""

    accounts: tuple[Account, ...]
    window: Window
    parts: Parts
    values: int

    def body(self, metrics: tuple[str, ...]) -> bytes:
        return _whole(list(self.parts[_key(metrics)].values()))


def record(now: datetime, deployments: int, accounts: int) -> Recorded:
    """Asks the pretend Azure once, through the same client as the collector."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    world = World(3, 1, accounts, deployments, 10, now=now)
    simulator = Simulator(world, 0)
    simulator.set_clock(now, running=False)
    simulator.start()
    try:
        with open_sources(settings(simulator.url)) as sources:
            subscription = sources.inventory.subscriptions()[0].subscription_id
            by_place: dict[str, list[Account]] = {}
            for account in sources.inventory.accounts(subscription):
                by_place.setdefault(account.location, []).append(account)
            chosen = max(by_place.values(), key=len)[:50]
            window = Window(hour.replace(hour=hour.hour - 2), hour.replace(hour=hour.hour - 1))
            parts = {_key(group.metrics): _asked(sources, chosen, group, window) for group in GROUPS}
    finally:
        simulator.stop()
    values = sum(_count(body) for by_id in parts.values() for body in by_id.values())
    return Recorded(tuple(chosen), window, parts, values)


def settings(url: str) -> AzureSettings:
    return AzureSettings(
        cloud="public",
        auth="none",
        arm_endpoint=url,
        metrics_endpoint=url,
        logs_endpoint=url,
        prices_endpoint=url,
    )


def _asked(sources: Any, accounts: list[Account], group: Any, window: Window) -> dict[str, bytes]:
    bodies: list[bytes] = []

    def take(answer: Any, _body: Any, _headers: Any) -> Any:
        bodies.append(answer.http_response.read())
        return {"values": ()}

    sources.connection.metrics(accounts[0].location).query_resources(
        resource_ids=[account.arm_id for account in accounts],
        metric_namespace="microsoft.cognitiveservices/accounts",
        metric_names=group.metrics,
        timespan=(window.start, window.end),
        granularity=_MINUTE,
        aggregations=group.aggregations,
        max_results=100_000,
        filter=" and ".join(f"{name} eq '*'" for name in group.dimensions),
        stream=True,
        cls=take,
    )
    values = orjson.loads(bodies[0])["values"]
    return {value["resourceid"].lower(): orjson.dumps(value) for value in values}


def _count(body: bytes) -> int:
    return sum(
        len(series["data"]) for metric in orjson.loads(body)["value"] for series in metric["timeseries"]
    )


def _key(metrics: tuple[str, ...]) -> str:
    return ",".join(sorted(metric.casefold() for metric in metrics))


def _whole(parts: list[bytes]) -> bytes:
    return b'{"values":[' + b",".join(parts) + b"]}"


@contextmanager
def served(recorded: Recorded) -> Iterator[str]:
    """The address at which the answer can be asked for, whole or resource by resource."""
    with TemporaryDirectory() as place:
        path = Path(place) / "parts"
        path.write_bytes(pickle.dumps(recorded.parts))
        process = Popen([sys.executable, "-m", "tests.bench.canned", str(path)], stdout=PIPE, text=True)
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()
            process.wait(timeout=10)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    parts: Parts

    def do_POST(self) -> None:
        asked = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
        metrics = parse_qs(urlsplit(self.path).query)["metricnames"][0].split(",")
        known = self.parts[_key(tuple(metrics))]
        body = _whole([known[one.lower()] for one in asked["resourceids"]])
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None: ...


def _serve(path: str) -> None:
    _Handler.parts = pickle.loads(Path(path).read_bytes())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve(sys.argv[1])
