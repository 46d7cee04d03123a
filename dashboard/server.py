"""The dashboard as a web server: Streamlit's app with `/healthz`, `/metrics`, compression and the guard in front."""

import os
from collections.abc import Callable
from pathlib import Path

import streamlit as st
import uvicorn
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from collector.settings import Settings, load
from collector.store.errors import StoreError
from dashboard import health
from dashboard.listening import take
from dashboard.login.guard import guard
from dashboard.page import KnowsItsServer

SCRIPT = Path(__file__).with_name("app.py")
LOOPBACK, PORT = "127.0.0.1", 8501
_GRACE_SECONDS = 5


def run(
    host: str = LOOPBACK,
    port: int = PORT,
    *,
    database_url: str | None = None,
    ready: Callable[[], None] | None = None,
) -> None:
    """Serve until a signal ends it. `database_url` stands for AOAI_DATABASE_URL; `ready` is called when it listens."""
    if database_url is not None:
        os.environ["AOAI_DATABASE_URL"] = database_url
    settings = load()
    served = application(settings, host)
    listening = take(host, port)
    config = uvicorn.Config(
        served,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # our own address is AOAI_PUBLIC_URL, whatever a proxy says
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    with listening:
        _Server(config, ready).run(sockets=[listening])


def application(settings: Settings, host: str = LOOPBACK) -> ASGIApp:
    """Everything that answers, behind the door that the settings ask for."""
    app = st.App(
        SCRIPT,
        routes=[Route("/healthz", _healthz(settings)), Route("/metrics", _metrics(settings))],
        middleware=[Middleware(GZipMiddleware, minimum_size=1_000), Middleware(KnowsItsServer)],
        on_script_error=_log_script_error,
    )
    return guard(app, settings, host=host)


class _Server(uvicorn.Server):
    """Tells when it listens, so that a caller may say where."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: object = None) -> None:
        await super().startup(sockets)  # pyright: ignore[reportArgumentType]  # as uvicorn hands them over
        if self.started and self._ready is not None:
            self._ready()


def _healthz(settings: Settings) -> Callable[[Request], object]:
    """200 while the store answers at this program's revision, else 503 with the store's own word and no more."""

    async def answer(_: Request) -> Response:
        try:
            await run_in_threadpool(health.check, settings.database.url)
        except StoreError as error:
            return JSONResponse({"status": "failed", "store": type(error).__name__}, status_code=503)
        return JSONResponse({"status": "ok"})

    return answer


def _metrics(settings: Settings) -> Callable[[Request], object]:
    async def answer(_: Request) -> Response:
        registry = CollectorRegistry()
        try:
            found = await run_in_threadpool(health.gauges, settings.database.url)
        except StoreError:
            found = [
                health.Reading("aoai_store_up", "Whether the store answers at this program's revision", {}, 0)
            ]
        known: dict[str, Gauge] = {}
        for reading in found:
            if reading.name not in known:
                known[reading.name] = Gauge(
                    reading.name, reading.about, list(reading.labels), registry=registry
                )
            gauge = known[reading.name]
            (gauge.labels(**reading.labels) if reading.labels else gauge).set(reading.value)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return answer


def _log_script_error(error: Exception) -> bool:
    """A screen that fails says so in a sentence; the cause goes to the log, once, and never to the browser."""
    import structlog

    from dashboard import words

    structlog.get_logger(__name__).error("a screen failed", exc_info=error)
    st.error(words.SCREEN_FAILED, icon=":material/error:")
    return True
