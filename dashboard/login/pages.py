"""`/login`, its way back from the provider, and `/logout`: the only pages that open or end a session."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from dashboard.headers import PLAIN_PAGE
from dashboard.login.access import entry_for, groups_left_out, mail_of
from dashboard.login.cookies import Session, Sessions
from dashboard.login.provider import Provider, ProviderDown, SignInRefused, SignInStale

LOGIN: Final = "/login"
CALLBACK: Final = "/login/callback"
LOGOUT: Final = "/logout"
_SIGN_IN_SECONDS: Final = 600
_NEXT: Final = "next"

log = structlog.get_logger()


def cookie_name(public_url: str) -> str:
    """Over https the browser itself then refuses the cookie from other hosts and over plain http."""
    return "__Host-aoai-session" if public_url.startswith("https://") else "aoai-session"


class LoginPages:
    """ASGI app of the login pages. `on_end` is told a session that somebody signed out of."""

    def __init__(
        self,
        provider: Provider,
        sessions: Sessions,
        *,
        public_url: str,
        secret: str,
        allow: Sequence[str],
        on_end: Callable[[Session], None],
    ) -> None:
        self._provider = provider
        self._sessions = sessions
        self._public_url = public_url.rstrip("/")
        self._allow = tuple(allow)
        self._on_end = on_end
        self._cookie = cookie_name(public_url)
        self._https = public_url.startswith("https://")
        self._app = Starlette(
            routes=[
                Route(LOGIN, self._login, methods=["GET"]),
                Route(CALLBACK, self._callback, methods=["GET"]),
                Route(LOGOUT, self._logout, methods=["GET", "POST"]),
            ],
            # Holds state, nonce and PKCE verifier while the browser is at the provider.
            middleware=[
                Middleware(
                    SessionMiddleware,
                    secret_key=f"aoai-monitor sign-in {secret}",
                    session_cookie="aoai-sign-in",
                    max_age=_SIGN_IN_SECONDS,
                    path=LOGIN,
                    same_site="lax",
                    https_only=self._https,
                )
            ],
        )

    def serves(self, path: str) -> bool:
        return path in {LOGIN, CALLBACK, LOGOUT}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    async def _login(self, request: Request) -> Response:
        wanted = _own_path(request.query_params.get(_NEXT))
        if self._session(request) is not None:
            return RedirectResponse(wanted, status_code=303)
        try:
            answer = await self._provider.sign_in(request, f"{self._public_url}{CALLBACK}")
        except ProviderDown as error:
            return _unavailable(error)
        request.session[_NEXT] = wanted
        return answer

    async def _callback(self, request: Request) -> Response:
        try:
            claims = await self._provider.claims(request)
        except ProviderDown as error:
            return _unavailable(error)
        except SignInStale:
            log.info("sign-in", outcome="stale")
            return _page("Please sign in again", "This sign-in was begun elsewhere or took too long.", 400)
        except SignInRefused as error:
            log.warning("sign-in", outcome="refused", why=str(error))
            return _page(
                "Not signed in", "The sign-in could not be confirmed. The log of the dashboard says why.", 403
            )
        wanted = _own_path(request.session.pop(_NEXT, None))
        person = mail_of(claims) or str(claims["sub"])
        entry = entry_for(claims, self._allow)
        if entry is None:
            log.warning(
                "sign-in", outcome="not on the list", person=person, groups_left_out=groups_left_out(claims)
            )
            return _page("Not on the list", _not_on_the_list(person, groups_left_out(claims)), 403)
        _, cookie = self._sessions.open(person, entry)
        log.info("sign-in", outcome="in", person=person, entry=entry)
        answer = RedirectResponse(wanted, status_code=303)
        answer.set_cookie(self._cookie, cookie, path="/", httponly=True, secure=self._https, samesite="lax")
        return answer

    async def _logout(self, request: Request) -> Response:
        session = self._session(request)
        if session is not None and request.method == "GET":
            return _page("Sign out?", f"You are signed in as {session.person}.", 200, _SIGN_OUT_BUTTON)
        if session is not None:
            self._sessions.end(session)
            self._on_end(session)
            log.info("sign-out", person=session.person)
        answer = _page(
            "Signed out", "You are signed out of aoai-monitor.", 200, _SIGN_IN_LINK, self._elsewhere()
        )
        answer.delete_cookie(self._cookie, path="/", httponly=True, secure=self._https, samesite="lax")
        return answer

    def _session(self, request: Request) -> Session | None:
        return self._sessions.read(request.cookies.get(self._cookie))

    def _elsewhere(self) -> str:
        """The provider still knows the browser: signing in again may ask for nothing."""
        address = self._provider.sign_out_address
        if address is None:
            return ""
        host = escape(urlsplit(address).hostname or "the provider")
        return f'<p><a href="{escape(address)}" rel="noreferrer">Sign out at {host} too</a></p>'


_SIGN_OUT_BUTTON: Final = f'<form method="post" action="{LOGOUT}"><button>Sign out</button></form>'
_SIGN_IN_LINK: Final = f'<p><a href="{LOGIN}">Sign in again</a></p>'


def _own_path(said: Any) -> str:
    """A path of ours to go on to; anything that could lead elsewhere becomes the first page."""
    if not isinstance(said, str) or not said.startswith("/") or len(said) > 2000:
        return "/"
    if (
        said.startswith(("//", "/\\"))
        or not said.isprintable()
        or said.split("?")[0] in {LOGIN, CALLBACK, LOGOUT}
    ):
        return "/"
    return said


def _not_on_the_list(person: str, groups_left_out: bool) -> str:
    hint = " Your provider sent too many groups to list them; ask for an app role or a mail address instead."
    asks = f"{person} may not look at this dashboard. Whoever runs it can add you to AOAI_OIDC_ALLOW."
    return asks + (hint if groups_left_out else "")


def _unavailable(error: ProviderDown) -> Response:
    log.error("sign-in", outcome="provider down", why=str(error))
    text = (
        "The sign-in service does not answer as it should. Who is signed in stays so; try again in a while."
    )
    answer = _page("Signing in is not possible now", text, 503)
    answer.headers["Retry-After"] = "60"
    return answer


def _page(title: str, text: str, status: int, *parts: str) -> HTMLResponse:
    """A page without script; `parts` are our own HTML, everything else is escaped."""
    more = "".join(parts) or _SIGN_IN_LINK
    return HTMLResponse(
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(title)} · aoai-monitor</title>"
        "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem}</style>"
        f"<h1>{escape(title)}</h1><p>{escape(text)}</p>{more}",
        status_code=status,
        headers={"Content-Security-Policy": PLAIN_PAGE},
    )
