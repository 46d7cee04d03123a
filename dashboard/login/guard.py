"""The one guard in front of the whole dashboard: pages, websocket, media, downloads, everything Streamlit serves.

With AOAI_OIDC_* nothing but `/healthz`, `/metrics` (counts only), the login pages and static code answers without
a session. Without, the dashboard answers to its own names only, and says on every page when strangers can reach it.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import streamlit
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from collector.domain.places import is_loopback
from collector.settings import Settings
from dashboard.headers import SecurityHeaders, app_policy
from dashboard.login.cookies import Session, Sessions
from dashboard.login.pages import LoginPages, cookie_name
from dashboard.login.provider import Provider
from dashboard.login.settings import LoginSettings, login_settings
from dashboard.login.visitors import OPEN_TO_ALL, PERSON

_OURS: Final = frozenset({PERSON.encode(), OPEN_TO_ALL.encode()})
_PROBES: Final = frozenset({"/healthz", "/metrics"})
_STATIC: Final = ("/static/js/", "/static/css/", "/static/media/")
_FIXED_CODE: Final = frozenset({"/favicon.png", "/manifest.json"})
_NO_PAGES: Final = ("/_stcore/", "/media/", "/component/", "/app/", "/static/")
# Streamlit's interface for programs: no part of this dashboard, with or without login.
_NOT_SERVED: Final = "/_stcore/agent"
_POLICY_VIOLATION: Final = 1008


def guard(
    app: ASGIApp,
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    clock: Callable[[], float] = time.time,
) -> ASGIApp:
    """`app` behind the door that the settings ask for; `host` is where it listens. Raises `BadSettings`."""
    login = login_settings(settings)
    https = (settings.public_url or "").startswith("https://")
    inner = _Login(app, login, clock) if login else _NoLogin(app, open_to_all=not is_loopback(host))
    index = Path(streamlit.__file__).with_name("static") / "index.html"
    return SecurityHeaders(
        _OwnNames(inner, _names(settings, host)),
        policy=app_policy(index.read_text(encoding="utf-8")),
        https=https,
    )


def _names(settings: Settings, host: str) -> frozenset[str] | None:
    """The host names that the dashboard answers to; None: any, since it listens to everybody and knows no name."""
    if settings.public_url:
        return frozenset({urlsplit(settings.public_url).hostname or ""})
    return frozenset() if is_loopback(host) else None


class _OwnNames:
    """Refuses requests for other names (DNS rebinding) and from other sites' pages (cross-site requests)."""

    def __init__(self, app: ASGIApp, names: frozenset[str] | None) -> None:
        self.app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or scope["path"] in _PROBES:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        name = urlsplit(f"//{host}").hostname or ""
        origin = headers.get("origin")
        if self._names is not None and name not in self._names and not is_loopback(name):
            await _refuse(scope, receive, send, 400, "this dashboard does not answer to that host name")
        elif origin is not None and _writes(scope) and urlsplit(origin).netloc != host:
            await _refuse(scope, receive, send, 403, "this request comes from another site's page")
        elif scope["path"].startswith(_NOT_SERVED) or _is_crooked(scope["path"]):
            await _refuse(scope, receive, send, 404, "there is nothing here")
        else:
            await self.app(scope, receive, send)


class _NoLogin:
    """Lets everybody in whom the network lets in, and says so when that is more than this machine."""

    def __init__(self, app: ASGIApp, *, open_to_all: bool) -> None:
        self.app = app
        self._says = {OPEN_TO_ALL: "1"} if open_to_all else {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(_saying(scope, self._says), receive, send)


class _Login:
    """Lets in whoever has a session; the login pages are the only ones that open one."""

    def __init__(self, app: ASGIApp, login: LoginSettings, clock: Callable[[], float]) -> None:
        self.app = app
        self._cookie = cookie_name(login.public_url)
        self._sessions = Sessions(
            login.cookie_secret,
            f"{login.issuer} {login.client_id}",
            login.lifetime,
            frozenset(login.allow),
            clock,
        )
        self._watchers: dict[str, set[asyncio.Event]] = {}
        self._pages = LoginPages(
            Provider(login.issuer, login.client_id, login.client_secret),
            self._sessions,
            public_url=login.public_url,
            secret=login.cookie_secret,
            allow=login.allow,
            on_end=self._hang_up,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        if scope["type"] == "http" and self._pages.serves(scope["path"]):
            await self._pages(scope, receive, send)
            return
        session = self._sessions.read(HTTPConnection(scope).cookies.get(self._cookie))
        if session is None:
            if scope["type"] == "http" and _is_public(scope):
                await self.app(_saying(scope, {}), receive, send)
            else:
                await self._turn_away(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._stream(session, _saying(scope, {PERSON: session.person}), receive, send)
        else:
            await self.app(_saying(scope, {PERSON: session.person}), receive, send)

    async def _turn_away(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _is_page(scope):
            query = scope["query_string"].decode("latin-1")
            wanted = quote(scope["path"] + (f"?{query}" if query else ""), safe="")
            await RedirectResponse(f"/login?next={wanted}", status_code=303)(scope, receive, send)
        else:
            await _refuse(scope, receive, send, 401, "sign in first")

    async def _stream(self, session: Session, scope: Scope, receive: Receive, send: Send) -> None:
        """The websocket of a page, cut when its session is over."""
        over = asyncio.Event()
        self._watchers.setdefault(session.id, set()).add(over)
        ending = asyncio.ensure_future(over.wait())
        cut = False

        async def receive_in_time() -> Message:
            nonlocal cut
            asked = asyncio.ensure_future(receive())
            left = self._sessions.seconds_left(session)
            await asyncio.wait({asked, ending}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if asked.done() and not over.is_set() and self._sessions.seconds_left(session) > 0:
                return asked.result()
            asked.cancel()
            if not cut:
                cut = True
                await send(
                    {"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": "the session is over"}
                )
            return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}

        async def send_in_time(message: Message) -> None:
            if not cut:
                await send(message)

        try:
            await self.app(scope, receive_in_time, send_in_time)
        finally:
            ending.cancel()
            watchers = self._watchers[session.id]
            watchers.discard(over)
            if not watchers:
                del self._watchers[session.id]

    def _hang_up(self, session: Session) -> None:
        for over in self._watchers.get(session.id, ()):
            over.set()


def _saying(scope: Scope, says: Mapping[str, str]) -> Scope:
    """The scope with our own words about the visitor, and never a visitor's own under these names."""
    headers = [(name, value) for name, value in scope["headers"] if name.lower() not in _OURS]
    headers += [(name.encode(), value.encode("latin-1", "replace")) for name, value in says.items()]
    return {**scope, "headers": headers} if "headers" in scope else scope


def _is_public(scope: Scope) -> bool:
    path: str = scope["path"]
    return scope["method"] in {"GET", "HEAD"} and (
        path in _PROBES or path in _FIXED_CODE or path.startswith(_STATIC)
    )


def _is_page(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and not scope["path"].startswith(_NO_PAGES)
        and "text/html" in Headers(scope=scope).get("accept", "")
    )


def _is_crooked(path: str) -> bool:
    """A path that two programs may read differently."""
    return "//" in path or "\\" in path or "\0" in path or ".." in path.split("/") or "." in path.split("/")


def _writes(scope: Scope) -> bool:
    return scope["type"] == "websocket" or scope["method"] not in {"GET", "HEAD", "OPTIONS"}


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, why: str) -> None:
    if scope["type"] == "http":
        await JSONResponse({"error": why}, status_code=status)(scope, receive, send)
        return
    if "websocket.http.response" in scope.get("extensions", {}):
        await send({"type": "websocket.http.response.start", "status": status, "headers": []})
        await send({"type": "websocket.http.response.body", "body": why.encode()})
    else:
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": why})
