"""A server of three lines a route: what the tests say Azure answered, and a list of what was asked."""

import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from collector.sources import AzureSettings


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass(slots=True)
class Reply:
    """`kind` is how it goes wrong below HTTP: reset, cut, or a delay of `seconds`."""

    body: Any = field(default_factory=dict[str, Any])
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    kind: str = "whole"
    seconds: float = 0.0

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Answer = Callable[[Asked], Reply]


class Loopback:
    """Routes are tried newest first; a path that none matches is answered 501."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._routes: list[tuple[re.Pattern[str], Answer]] = []
        self._lock = threading.Lock()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.owner = self
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def settings(self, **changes: Any) -> AzureSettings:
        given: dict[str, Any] = {
            "auth": "none",
            "arm_endpoint": self.url,
            "metrics_endpoint": self.url,
            "logs_endpoint": f"{self.url}/v1",
            "prices_endpoint": self.url,
            "backoff_seconds": 0.001,
            "longest_wait_seconds": 0.01,
            "retries": 2,
            "read_timeout_seconds": 2.0,
        }
        return AzureSettings(**given | changes)

    def on(self, path: str, *replies: Reply | Answer) -> None:
        """Each call takes the next reply; the last one stays."""
        left = list(replies)

        def answer(asked: Asked) -> Reply:
            with self._lock:
                reply = left.pop(0) if len(left) > 1 else left[0]
            return reply if isinstance(reply, Reply) else reply(asked)

        self._routes.insert(0, (re.compile(path, re.IGNORECASE), answer))

    def answer(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
        for pattern, answer in self._routes:
            if pattern.search(f"{asked.method} {asked.path}"):
                return answer(asked)
        return Reply({"error": {"code": "NotKnown", "message": asked.path}}, 501)

    def paths(self, containing: str = "") -> Sequence[str]:
        return [asked.path for asked in self.asked if containing.lower() in asked.path.lower()]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: Loopback

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]  # ours, with an owner

    def log_message(self, format: str, *args: Any) -> None:
        """Calls are kept in Loopback.asked."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        sent = self.rfile.read(length)
        parts = urlsplit(self.path)
        query = {name.lower(): value for name, value in parse_qsl(parts.query)}
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.loads(sent) if sent else None
        reply = self.server.owner.answer(Asked(self.command, parts.path, query, headers, body))
        if reply.kind == "delay":
            time.sleep(reply.seconds)
        if reply.kind == "reset":
            self.close_connection = True
            with suppress(OSError):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            return
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        content = reply.content
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/html" if content[:1] == b"<" else "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(content[: len(content) // 2] if reply.kind == "cut" else content)
            self.wfile.flush()
        if reply.kind == "cut":
            self.close_connection = True
