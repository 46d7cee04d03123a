"""The real dashboard in a real browser: who is not signed in sees nothing, and nothing hostile is carried out."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from collector.settings import Settings
from dashboard.login.guard import guard
from dashboard.login.visitors import visitor
from tests.dashboard.doors import (
    CLIENT,
    CLIENT_SECRET,
    FIGURE,
    SECRET,
    a_provider,
    a_server,
    an_app,
    sign_in,
    some_settings,
)
from tests.dashboard.worlds import world_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request

pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config")

SCREENS = ["/", "/cost", "/room", "/endings", "/collection"]
PASSWORD = "the-database-password"


@dataclass
class Running:
    url: str
    log: Path
    variables: dict[str, str] = field(default_factory=dict)


@contextmanager
def a_dashboard(folder: Path, database: str, **variables: str) -> Iterator[Running]:
    """`aoai-monitor dashboard` as a process of its own, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AOAI_")}
    environment |= {"AOAI_DATABASE_URL": database, "AOAI_PUBLIC_URL": url} | variables
    log = folder / f"dashboard-{port}.log"
    listen = variables.get("AOAI_DASHBOARD_LISTEN", "127.0.0.1:0").rpartition(":")[0]
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "collector", "dashboard", "--listen", f"{listen}:{port}"],
            env=environment,
            stdout=written,
            stderr=written,
        )
    try:
        wait_for(url, process, log)
        yield Running(url, log, environment)
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            httpx.get(f"{url}/healthz", timeout=5)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the dashboard did not answer in a minute: {log.read_text()}")


def a_client(url: str) -> httpx.Client:
    """A connection for each request: on a busy machine the server may drop one that waits too long."""
    return httpx.Client(base_url=url, limits=httpx.Limits(max_keepalive_connections=0), timeout=30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("security")


@pytest.fixture(scope="module")
def hostile(folder: Path) -> str:
    """A store in which accounts, deployments and tags are named to do harm."""
    return world_at(folder / "hostile.db", "hostile")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with a_provider(
        ann={"email": "ann@example.com", "email_verified": True},
        eve={"email": "eve@evil.example", "email_verified": True},
    ) as url:
        yield url


@pytest.fixture(scope="module")
def locked(folder: Path, hostile: str, issuer: str) -> Iterator[Running]:
    with a_dashboard(
        folder,
        hostile,
        AOAI_OIDC_ISSUER=issuer,
        AOAI_OIDC_CLIENT_ID=CLIENT,
        AOAI_OIDC_CLIENT_SECRET=CLIENT_SECRET,
        AOAI_OIDC_ALLOW="example.com",
        AOAI_COOKIE_SECRET=SECRET,
    ) as running:
        yield running


@dataclass
class Watched:
    """A page, and what it did that it should not."""

    page: "Page"
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def said(self, message: "ConsoleMessage") -> None:
        ours = self.page.url.startswith("http://127.0.0.1")
        if ours and (message.type == "error" or "Content Security Policy" in message.text):
            self.complaints.append(f"{self.page.url}: {message.text} {message.location}")

    def opened(self, dialog: "Dialog") -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def requested(self, request: "Request") -> None:
        """What our own pages ask for; the provider's page may fetch what it likes."""
        if request.frame.url.startswith("http://127.0.0.1"):
            self.asked.append(request.url)


@contextmanager
def watched(browser: "Browser") -> Iterator[Watched]:
    context = browser.new_context()
    page = context.new_page()
    watch = Watched(page)
    page.on("console", watch.said)
    page.on("pageerror", lambda error: watch.complaints.append(str(error)))
    page.on("dialog", watch.opened)
    page.on("request", watch.requested)
    yield watch
    context.close()


def enter(page: "Page", url: str, person: str) -> None:
    page.goto(url)
    page.wait_for_url(re.compile("/oauth2/authorize"))
    page.locator("input[name=sub]").fill(person)
    page.get_by_role("button", name="Authorize", exact=True).click()


def drawn(page: "Page") -> None:
    page.wait_for_selector("h1", timeout=60_000)
    page.wait_for_selector("[data-testid=stStatusWidget]", state="detached", timeout=60_000)


def test_a_browser_signs_in_sees_every_screen_and_signs_out(locked: Running, browser: "Browser") -> None:
    with watched(browser) as watch:
        enter(watch.page, locked.url + "/cost", "ann")
        drawn(watch.page)
        assert "/cost" in watch.page.url
        for screen in SCREENS:
            watch.page.goto(locked.url + screen)
            drawn(watch.page)
        watch.page.goto(locked.url + "/logout")
        watch.page.get_by_role("button", name="Sign out").click()
        watch.page.get_by_text("You are signed out").wait_for()
        watch.page.goto(locked.url + "/cost")
        watch.page.wait_for_url(re.compile("/oauth2/authorize"))

    foreign = {
        url for url in watch.asked if not url.startswith((locked.url, "data:", "blob:", "http://localhost"))
    }
    assert set() == foreign
    assert [] == watch.complaints


def test_a_browser_of_somebody_else_sees_a_refusal(locked: Running, browser: "Browser") -> None:
    with watched(browser) as watch:
        enter(watch.page, locked.url, "eve")
        watch.page.get_by_role("heading", name="Not on the list").wait_for()

        assert "eve@evil.example may not look" in watch.page.inner_text("body")


def test_the_real_app_answers_nothing_to_strangers(locked: Running) -> None:
    """Every route that Streamlit itself serves, asked directly."""
    import streamlit as st
    from starlette.routing import Route, WebSocketRoute

    from dashboard.server import SCRIPT

    inner = st.App(SCRIPT)._build_starlette_app()
    paths = {
        re.sub(r"\{[^}]*\}", "x", route.path)
        for route in inner.routes
        if isinstance(route, Route | WebSocketRoute)
    }
    assert {"/_stcore/stream", "/_stcore/health"} <= paths

    answers = {
        (method, path): httpx.request(method, locked.url + path).status_code
        for path in sorted({*paths, "/index.html", "/static/index.html", *SCREENS})
        for method in ("GET", "POST", "PUT", "DELETE")
    }

    assert {} == {asked: status for asked, status in answers.items() if status not in {401, 404}}


def test_every_answer_carries_the_security_headers(locked: Running) -> None:
    with a_client(locked.url) as client:
        sign_in(client, "ann")
        answers = [
            client.get(path)
            for path in ("/", "/healthz", "/metrics", "/login", "/nothing", "/_stcore/health")
        ]
        answers += [httpx.get(locked.url), httpx.get(f"{locked.url}/login")]

    for answer in answers:
        assert "nosniff" == answer.headers["x-content-type-options"]
        assert "DENY" == answer.headers["x-frame-options"]
        assert "same-origin" == answer.headers["referrer-policy"]
        assert "no-store" == answer.headers["cache-control"]
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert not re.search(r"https?:|\*|unsafe-eval|script-src[^;]*unsafe-inline", policy)
        assert "server" not in answer.headers


def test_over_https_the_browser_is_told_to_stay_there_and_the_cookie_is_bound_to_the_host() -> None:
    settings = some_settings("https://monitor.example.com", "https://login.example.com")
    with a_server(guard(an_app(), settings)) as url:
        answer = httpx.post(f"{url}/logout", headers={"Host": "monitor.example.com"})

    assert "max-age=31536000" == answer.headers["strict-transport-security"]
    assert answer.headers["set-cookie"].startswith("__Host-aoai-session=")
    assert {"Secure", "HttpOnly", "Path=/"} <= {
        part.strip() for part in answer.headers["set-cookie"].split(";")
    }


def test_metrics_hold_counts_and_no_names(locked: Running) -> None:
    text = httpx.get(f"{locked.url}/metrics").text

    labels = set(re.findall(r'(\w+)="', text))
    assert labels <= {"task", "status", "holder"}
    assert not re.search(r"<script|/subscriptions/|[0-9a-f]{8}-[0-9a-f]{4}-|@|=cmd", text)


def test_no_secret_is_in_a_page_a_log_or_an_error(folder: Path, issuer: str, locked: Running) -> None:
    unreachable = f"postgresql://monitor:{PASSWORD}@127.0.0.1:9/aoai"
    with a_client(locked.url) as client:
        back = sign_in(client, "ann")
        client.get("/cost")
        client.get("/login/callback?code=the-code-of-a-sign-in&state=x")
        cookie = client.cookies["aoai-session"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AOAI_")}
    refused, failed = (
        subprocess.run(
            [sys.executable, "-m", "collector", "dashboard"],
            env=environment | {"AOAI_DATABASE_URL": unreachable} | more,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        for more in ({"AOAI_COOKIE_SECRET": "short-secret"}, {})
    )

    assert (2, 1) == (refused.returncode, failed.returncode)
    told = f"{locked.log.read_text()} {back.text} {refused.stdout} {refused.stderr} {failed.stdout} {failed.stderr}"
    for secret in (SECRET, CLIENT_SECRET, PASSWORD, "short-secret", cookie, "the-code-of-a-sign-in"):
        assert secret not in told


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil.example:8501"]
)
def test_without_login_the_dashboard_answers_to_this_machine_s_names_only(host: str) -> None:
    """A page of evil.example whose name is pointed at 127.0.0.1 while it is open (DNS rebinding)."""
    with a_server(guard(an_app(), Settings())) as url:  # pyright: ignore[reportCallIssue]  # pydantic fills the defaults
        assert FIGURE in httpx.get(url).text
        answer = httpx.get(url, headers={"Host": host})

    assert (400, False) == (answer.status_code, FIGURE in answer.text)


def test_without_login_but_reachable_every_page_says_so_and_signed_in_or_local_none_does() -> None:
    with a_server(guard(an_app(), some_settings(), host="0.0.0.0")) as url:
        assert '"x-aoai-open-to-all": "1"' in httpx.get(url).text
    with a_server(guard(an_app(), some_settings(), host="127.0.0.1")) as url:
        assert "open-to-all" not in httpx.get(url, headers={"X-AOAI-Open-To-All": "1"}).text
    assert visitor({"x-aoai-open-to-all": "1"}).open_to_all
    assert visitor({"x-aoai-person": "ann@example.com"}).person == "ann@example.com"


def test_a_reachable_dashboard_without_login_warns_on_every_page(
    folder: Path, hostile: str, browser: "Browser"
) -> None:
    with (
        a_dashboard(folder, hostile, AOAI_DASHBOARD_LISTEN="0.0.0.0:0") as open_to_all,
        watched(browser) as watch,
    ):
        for screen in SCREENS:
            watch.page.goto(open_to_all.url + screen)
            drawn(watch.page)
            watch.page.get_by_text("without login").first.wait_for()


def test_streamlit_s_interface_for_programs_is_not_served(
    locked: Running, folder: Path, hostile: str
) -> None:
    with a_client(locked.url) as client:
        sign_in(client, "ann")
        paths = ["/_stcore/agent/interact", "/_stcore/agent/mcp", "/_stcore/agent/openapi.json"]

        assert [404] * 6 == [
            client.request(method, path).status_code for path in paths for method in ("GET", "POST")
        ]
