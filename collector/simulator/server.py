"""The pretend Azure over HTTP: one host for ARM, metrics, prices, costs and tokens, and a control path for tests."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote_plus, urlsplit

from collector.simulator.control import Control
from collector.simulator.faults import Fault, Weather, with_garbage
from collector.simulator.messages import Answer, Call, error_answer
from collector.simulator.routes import Routes
from collector.simulator.truth import Truth
from collector.simulator.world import World

Clock = Callable[[], datetime]


class Simulator:
    """`with Simulator(World(now=...)) as azure: azure.url`. Without a clock the world stands at its own now."""

    def __init__(
        self, world: World, port: int = 0, clock: Clock | None = None, page_size: int | None = None
    ) -> None:
        self.world = world
        self._clock: Clock = clock or (lambda: world.now)
        self._settable = threading.Lock()
        self.weather = Weather()
        self.log: deque[dict[str, Any]] = deque(maxlen=20_000)
        self.counts: dict[str, int] = {}
        self.bytes_sent = 0
        self._http = _Server(("127.0.0.1", port), _Handler)
        self._http.owner = self
        self._thread: threading.Thread | None = None
        self.routes = Routes(world, self, page_size)
        self._control = Control(self)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def truth(self) -> Truth:
        return self.routes.truth

    def control(self, call: Call) -> Answer:
        return self._control.answer(call)

    def now(self) -> datetime:
        return self._clock().astimezone(UTC)

    def set_clock(self, at: datetime, running: bool = False) -> None:
        """From now on it is `at`, standing still unless `running`."""
        if at.tzinfo is None:
            raise ValueError(f"at={at!r}: expected an aware datetime")
        began, base = time.monotonic(), at.astimezone(UTC)
        if not running:
            self._clock = lambda: base
            return

        def ticking() -> datetime:
            return datetime.fromtimestamp(base.timestamp() + time.monotonic() - began, UTC)

        self._clock = ticking

    def start(self) -> Self:
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join()
            self._thread = None
        self._http.server_close()

    def serve_forever(self) -> None:
        self._http.serve_forever(poll_interval=0.2)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def note(self, call: Call, status: int, size: int, seconds: float) -> None:
        with self._settable:
            self.counts[call.kind()] = self.counts.get(call.kind(), 0) + 1
            self.bytes_sent += size
        self.log.append(
            {
                "method": call.method,
                "target": call.target,
                "status": status,
                "bytes": size,
                "ms": round(seconds * 1000, 2),
                "at": self.now().isoformat(),
                "user_agent": call.headers.get("user-agent", ""),
                "authorization": "authorization" in call.headers,
                "accept_language": call.headers.get("accept-language", ""),
            }
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    owner: Simulator

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is not worth a traceback; the log of calls tells what was asked."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]  # this handler serves no other server
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def log_message(self, format: str, *args: Any) -> None:
        """Calls are kept in Simulator.log instead of stderr."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        began = time.perf_counter()
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else b""
        parts = urlsplit(self.path)
        call = Call(
            self.command,
            self.path,
            unquote_plus(parts.path.replace("+", "%2B")),
            _query(parts.query),
            {k.lower(): v for k, v in self.headers.items()},
            body,
        )
        owner = self.server.owner
        if call.path.startswith("/_sim/"):
            self._send(owner.control(call), call, began, logged=False)
            return
        hit = owner.weather.strike(
            call.method, unquote_plus(self.path.replace("+", "%2B")), body.decode(errors="replace")
        )
        for fault in hit:
            if fault.kind == "delay":
                time.sleep(fault.seconds)
        fault = next((f for f in hit if f.kind != "delay"), None)
        if fault is not None and fault.kind == "reset":
            owner.note(call, 0, 0, time.perf_counter() - began)
            self._reset()
            return
        try:
            answer = _struck(owner, call, fault)
        except Exception as error:  # noqa: BLE001  # the top of a call: a fault of ours is told, not hung up on
            answer = error_answer(500, "SimulatorFailed", f"{call.method} {call.path}: {error!r}")
        self._send(answer, call, began, cut=fault is not None and fault.kind == "cut")

    def _send(self, answer: Answer, call: Call, began: float, cut: bool = False, logged: bool = True) -> None:
        if logged:
            self.server.owner.note(call, answer.status, len(answer.body), time.perf_counter() - began)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        body = answer.body[: len(answer.body) // 2] if cut else answer.body
        if answer.status != 204:
            self.wfile.write(body)
        self.wfile.flush()
        if cut:
            self.close_connection = True

    def _reset(self) -> None:
        """The connection dies without a word."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()


def _query(text: str) -> dict[str, str]:
    """Names in lower case (Azure does not mind), `$` kept; a plus is a plus as ARM clients send %20."""
    out: dict[str, str] = {}
    for part in text.split("&"):
        name, _, value = part.partition("=")
        if name:
            key = unquote_plus(name)
            out[key if key.startswith("$") else key.lower()] = unquote_plus(value)
    return out


_CODES = {
    401: "InvalidAuthenticationToken",
    403: "AuthorizationFailed",
    404: "ResourceNotFound",
    429: "TooManyRequests",
}


def _told_to_wait(call: Call, fault: Fault) -> dict[str, str]:
    """Retry-After, which Cost Management spells in a way of its own."""
    if fault.retry_after is None:
        return dict(fault.headers)
    costs = "costmanagement" in call.path.lower()
    name = "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after" if costs else "Retry-After"
    return {name: fault.retry_after, **fault.headers}


def _struck(owner: Simulator, call: Call, fault: Fault | None) -> Answer:
    if fault is None or fault.kind == "cut":
        return owner.routes.answer(call)
    headers = _told_to_wait(call, fault)
    if fault.kind in ("status", "throttle"):
        if fault.body is not None:
            return Answer(fault.status, fault.body.encode(), headers)
        text = f"The simulator was told to answer {fault.status}."
        return error_answer(fault.status, _CODES.get(fault.status, "ServiceUnavailable"), text, headers)
    if fault.kind == "html":
        return Answer(200, b"<html><body><h1>Proxy login</h1></body></html>", headers, "text/html")
    if fault.kind == "empty":
        return Answer(200, b"", headers)
    if fault.kind == "null":
        return Answer(200, b"null", headers)
    call.throttled_metrics = frozenset(fault.metrics) if fault.kind == "metric_throttled" else frozenset()
    whole = owner.routes.answer(call)
    if fault.kind == "malformed":
        return Answer(
            whole.status, whole.body[: max(1, len(whole.body) * 2 // 3)], {**headers, **whole.headers}
        )
    if fault.kind == "garbage":
        return Answer(whole.status, with_garbage(whole.body), {**headers, **whole.headers})
    return whole
