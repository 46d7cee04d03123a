"""A guarded dashboard and OpenID providers on loopback, for the tests of login."""

import base64
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from oidc_provider_mock import User, run_server_in_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from collector.settings import Settings

CLIENT: Final = "dashboard"
SECRET: Final = "0123456789abcdef0123456789abcdef"
CLIENT_SECRET: Final = "the-client-secret-of-the-dashboard"
FIGURE: Final = "4,711.00 EUR"


def some_settings(public_url: str | None = None, issuer: str | None = None, **oidc: Any) -> Settings:
    """Settings with login at `issuer`, or without any."""
    given: dict[str, Any] = {"public_url": public_url}
    if issuer is not None:
        login = {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "allow": ["example.com"]}
        given |= {"cookie_secret": SECRET, "oidc": {"issuer": issuer, **login, **oidc}}
    return Settings.model_validate(given)


def an_app() -> Starlette:
    """An app that shows a figure on every path and streams it, and repeats what the guard says of the visitor."""

    async def figure(request: Request) -> Response:
        if request.url.path == "/metrics":
            return PlainTextResponse("aoai_accounts 3\n")
        said = {name: value for name, value in request.headers.items() if name.startswith("x-aoai-")}
        return PlainTextResponse(f"{FIGURE} {json.dumps(said)}")

    async def stream(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(FIGURE)
        try:
            while True:
                await websocket.receive_text()
                await websocket.send_text(FIGURE)
        except WebSocketDisconnect:
            pass

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    return Starlette(
        routes=[
            WebSocketRoute("/{path:path}", stream),
            Route("/{path:path}", figure, methods=methods),
        ]
    )


@contextmanager
def a_server(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """The app on a loopback port, by uvicorn as in production."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", ws="websockets-sansio")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server ended before it started"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@contextmanager
def a_provider(**people: dict[str, object]) -> Iterator[str]:
    """The issuer URL of a real provider; a person's name is what they type to sign in."""
    users = [User(sub=name, claims=claims) for name, claims in people.items()]
    with run_server_in_thread(user_claims=users) as server:
        yield f"http://localhost:{server.server_port}"


def sign_in(client: httpx.Client, person: str, start: str = "/login") -> httpx.Response:
    """Follow the way of a browser: to the provider, through its form, and back. The last answer of ours."""
    sent = client.get(start)
    assert sent.status_code in {302, 303}, sent.text
    with httpx.Client() as elsewhere:
        back = elsewhere.post(sent.headers["location"], data={"sub": person})
    assert back.status_code == 302, back.text
    return client.get(back.headers["location"])


@dataclass
class LyingProvider:
    """A provider that signs everybody in at once, and lies as it is told to."""

    claims: dict[str, Any] = field(default_factory=dict)
    calls_itself: str | None = None
    signs_with: str = "its key"
    skew_seconds: int = 0
    down: bool = False
    url: str = ""
    _nonces: dict[str, str] = field(default_factory=dict)
    _key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    _other: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/jwks", self._jwks),
            ]
        )

    async def _metadata(self, _: Request) -> Response:
        if self.down:
            return PlainTextResponse("<html>502 Bad Gateway</html>", status_code=502)
        return JSONResponse(
            {
                "issuer": self.calls_itself or self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            }
        )

    async def _authorize(self, request: Request) -> Response:
        asked = request.query_params
        code = secrets.token_hex(8)
        self._nonces[code] = asked["nonce"]
        assert asked["code_challenge_method"] == "S256"
        return RedirectResponse(
            f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", status_code=302
        )

    async def _token(self, request: Request) -> Response:
        async with request.form() as form:
            code = str(form["code"])
        now = int(time.time()) + self.skew_seconds
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "ann",
            "email": "ann@example.com",
            "iat": now,
            "exp": now + 300,
            "nonce": self._nonces.pop(code),
        } | self.claims
        token = {"access_token": "a", "token_type": "Bearer", "expires_in": 60}
        return JSONResponse(
            token | {"id_token": self._signed({k: v for k, v in claims.items() if v is not None})}
        )

    async def _jwks(self, _: Request) -> Response:
        return JSONResponse({"keys": [self._key.as_dict(private=False)]})

    def _signed(self, claims: dict[str, Any]) -> str:
        # No library makes these two any more, which stops nobody who writes them by hand.
        if self.signs_with == "nothing":
            return by_hand({"alg": "none"}, claims, None)
        if self.signs_with == "its public key as a shared secret":
            return by_hand({"alg": "HS256", "kid": "one"}, claims, self._key.as_pem(private=False))
        key = self._other if self.signs_with == "another key" else self._key
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)


def by_hand(header: dict[str, str], claims: dict[str, Any], secret: bytes | None) -> str:
    def piece(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).decode().rstrip("=")

    signed = f"{piece(json.dumps(header).encode())}.{piece(json.dumps(claims).encode())}"
    signature = hmac.digest(secret, signed.encode(), "sha256") if secret else b""
    return f"{signed}.{piece(signature)}"
