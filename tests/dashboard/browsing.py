"""A dashboard of its own process over the demo world, and a real browser's page on it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from dashboard import show, state
from tests.dashboard.seed import NOW

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DRAWN = """() => !document.querySelector('[data-testid="stStatusWidget"], [data-testid="stSkeleton"]')
    && [...document.querySelectorAll('[data-testid="stPlotlyChart"]')].every(one => one.querySelector('.main-svg'))"""


@dataclass
class Complaints:
    """What a page asked of others, and what its console said."""

    hosts: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    def listen(self, page: "Page") -> None:
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))


@contextmanager
def serving(store: str) -> Iterator[str]:
    """The address of a dashboard over a store, at the instant of the seeded worlds."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", f"from dashboard.server import run; run(port={port})"],
        env={**os.environ, "AOAI_DATABASE_URL": store, state.CLOCK: NOW.isoformat()},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/healthz", process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def new_page(
    browser: "Browser", scheme: Literal["light", "dark"] = "light", width: int = 1_300
) -> "tuple[Page, Complaints]":
    page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
    found = Complaints()
    found.listen(page)
    return page, found


def opened(page: "Page", url: str, title: str) -> None:
    """Every screen of the demo ends its run with a table in it."""
    page.goto(url)
    drawn(page, title)


def drawn(page: "Page", title: str) -> None:
    page.get_by_role("heading", name=title, level=1).wait_for()
    page.get_by_test_id("stDataFrame").first.wait_for()
    page.wait_for_function(DRAWN)


def open_row(page: "Page", row: int, table: int = 0) -> None:
    """Click a row's button: a table is a canvas, so the button is where the pointer says so."""
    grid = page.get_by_test_id("stDataFrame").nth(table)
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    assert box is not None
    down = box["y"] + show.HEADER + (row + 0.5) * show.ROW
    for right in range(20, int(box["width"]), 15):
        page.mouse.move(box["x"] + right, down)
        if grid.locator("canvas").first.evaluate("one => one.style.cursor") == "pointer":
            page.mouse.click(box["x"] + right, down)
            return
    raise AssertionError(f"row {row} of table {table} has no button")


def settled(page: "Page", url: str) -> None:
    """A page whose app ran to its end and whose charts are drawn."""
    page.goto(url)
    page.get_by_role("heading", level=1).wait_for()
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    page.wait_for_function(DRAWN)


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            read(url)
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer: the dashboard ended with {process.poll()}")
