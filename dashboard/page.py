"""The one page of the app, told where its server is.

Left alone, a page opened at `/cost` first looks for its server under `/cost` and leaves two 404 in the browser's
console; Streamlit's own switch for hosts that know better is `window.__streamlit`.
"""

from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.headers import app_policy

_SCRIPT: Final = b"<script>window.__streamlit = { BACKEND_BASE_URL: window.location.origin }</script>"
_HEAD: Final = b"<head>"


class KnowsItsServer:
    """ASGI middleware that writes the switch into the page, with a policy that lets just this script run."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        held: dict[str, Any] = {}

        async def rewrite(message: Message) -> None:
            if message["type"] == "http.response.start":
                if not _is_page(message):
                    await send(message)
                else:
                    held["start"], held["body"] = message, b""
            elif "start" not in held:
                await send(message)
            else:
                held["body"] += message.get("body", b"")
                if not message.get("more_body", False):
                    await _send_page(held["start"], held["body"], send)

        await self.app(_plain(scope), receive, rewrite)


async def _send_page(start: Message, body: bytes, send: Send) -> None:
    page = body.replace(_HEAD, _HEAD + _SCRIPT, 1)
    headers = MutableHeaders(scope=start)
    headers["Content-Length"] = str(len(page))
    headers["Content-Security-Policy"] = app_policy(page.decode("utf-8"))
    for name in ("etag", "last-modified"):
        if name in headers:
            del headers[name]
    await send(start)
    await send({"type": "http.response.body", "body": page})


def _is_page(start: Message) -> bool:
    headers = MutableHeaders(scope=start)
    return start["status"] == 200 and headers.get("content-type", "").startswith("text/html")


def _plain(scope: Scope) -> Scope:
    """The page is read here, so what is inside may neither compress it nor answer that it did not change."""
    if scope["path"].startswith("/static/"):
        return scope
    unwanted = (b"if-none-match", b"if-modified-since", b"accept-encoding")
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name not in unwanted]}
