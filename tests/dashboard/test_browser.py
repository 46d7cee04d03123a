"""The dashboard in a real browser: nothing foreign is asked for, nothing complains, and links keep their filters."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, urlsplit

import pytest

from collector.store.engine import open_engine
from collector.store.reads.room import quota_rows, room_rows
from dashboard import show, state, words
from dashboard.words import endings as endings_words
from dashboard.words import limits as limits_words
from dashboard.words import outlook as outlook_words
from dashboard.words import room as room_words
from tests.dashboard.seed import NOW

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SCREENS = {
    "/": words.OVERVIEW_TITLE,
    "/cost": words.COST_TITLE,
    "/forecast": outlook_words.FORECAST_TITLE,
    "/unit_costs": outlook_words.UNITS_TITLE,
    "/savings": outlook_words.SAVINGS_TITLE,
    "/room": words.ROOM_TITLE,
    "/endings": words.ENDINGS_TITLE,
    "/collection": words.COLLECTION_TITLE,
}
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


@pytest.fixture(scope="module")
def address(world: Callable[[str], str]) -> Iterator[str]:
    """A dashboard of its own process, over the demo world."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serving = subprocess.Popen(
        [sys.executable, "-c", f"from dashboard.server import run; run(port={port})"],
        env={**os.environ, "AOAI_DATABASE_URL": world("demo"), state.CLOCK: NOW.isoformat()},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/healthz", serving)
        yield url
    finally:
        serving.terminate()
        serving.wait(timeout=20)


def test_every_screen_opens_without_a_complaint_or_a_foreign_request(
    browser: "Browser", address: str
) -> None:
    page, found = _page(browser)
    for path, title in SCREENS.items():
        _open(page, f"{address}{path}", title)
        if path == "/endings":
            assert 1 <= page.get_by_label(re.compile("Timeline of")).count()
            assert 1 <= page.get_by_label(endings_words.ENDINGS_TABLE).count()

    assert [] == found.errors
    assert {urlsplit(address).netloc} == found.hosts


def test_filters_survive_navigation_and_come_back_by_link(browser: "Browser", address: str) -> None:
    page, found = _page(browser)
    _open(page, f"{address}/cost?period=Last+7+days&tag=team%3DAssist", words.COST_TITLE)
    shown = page.get_by_test_id("stMetricValue").first.inner_text()
    for path, title in SCREENS.items():
        if path in ("/room", "/endings"):
            page.get_by_role("link", name=title, exact=True).first.click()
            _drawn(page, title)
            assert {"period": ["Last 7 days"], "tag": ["team=Assist"]} == _filters(page)
    page.get_by_role("link", name=words.COST_TITLE, exact=True).first.click()
    _drawn(page, words.COST_TITLE)

    assert shown == page.get_by_test_id("stMetricValue").first.inner_text()
    assert [] == found.errors


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_in_dark(
    browser: "Browser", address: str, scheme: Literal["light", "dark"]
) -> None:
    page, _ = _page(browser, scheme)
    _open(page, address, words.OVERVIEW_TITLE)

    ink, paper = (_luminance(page.evaluate(question)) for question in (_INK, _PAPER))
    assert (ink < paper) == (scheme == "light")
    assert 7 <= (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05)


def test_the_keyboard_alone_reaches_the_next_screen(browser: "Browser", address: str) -> None:
    page, _ = _page(browser)
    _open(page, address, words.OVERVIEW_TITLE)
    for _ in range(12):
        page.keyboard.press("Tab")
        if words.COST_TITLE in page.evaluate("document.activeElement.innerText").split():
            break
    page.keyboard.press("Enter")

    page.get_by_role("heading", name=words.COST_TITLE, level=1).wait_for()


def test_a_click_leads_from_a_team_into_its_deployments_and_the_address_keeps_the_way(
    browser: "Browser", address: str
) -> None:
    page, found = _page(browser)
    _open(page, f"{address}/cost?by=Team", words.COST_TITLE)
    whole = page.get_by_test_id("stMetricValue").first.inner_text()

    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 60, box["y"] + show.HEADER + 0.5 * show.ROW)
    page.wait_for_url(re.compile("within=team"))
    page.get_by_text(re.compile("^Team ")).wait_for()
    _drawn(page, words.COST_TITLE)
    address_inside, inside = page.url, page.get_by_test_id("stMetricValue").first.inner_text()

    assert {"by": ["Deployment"]}.items() <= parse_qs(urlsplit(address_inside).query).items()
    assert whole != inside
    again, _ = _page(browser)
    _open(again, address_inside, words.COST_TITLE)
    assert inside == again.get_by_test_id("stMetricValue").first.inner_text()
    assert [] == found.errors


def test_a_clicked_row_of_room_leads_to_that_deployments_minutes(
    browser: "Browser", address: str, world: Callable[[str], str]
) -> None:
    page, found = _page(browser)
    _open(page, f"{address}/room", words.ROOM_TITLE)
    before = _chosen(page, limits_words.CLOSEUP_CHOOSE)

    table = page.get_by_test_id("stDataFrame").first.bounding_box()
    assert table is not None
    page.mouse.click(table["x"] + 60, table["y"] + show.HEADER + 3.5 * show.ROW)
    page.wait_for_function(_OTHER_CHOICE, arg=[limits_words.CLOSEUP_CHOOSE, before])
    _drawn(page, words.ROOM_TITLE)

    with open_engine(world("demo"), read_only=True).connect() as connection:
        fourth = room_rows(connection, "2026-11")[3]
    assert f"{fourth.deployment} · {fourth.account_name}" == _chosen(page, limits_words.CLOSEUP_CHOOSE)
    assert [] == found.errors


def test_a_clicked_cell_of_the_map_leads_to_the_line_behind_it(
    browser: "Browser", address: str, world: Callable[[str], str]
) -> None:
    page, found = _page(browser)
    _open(page, f"{address}/quota", room_words.MAP_TITLE)
    before = _chosen(page, room_words.CHOOSE_LINE)
    plot = page.get_by_test_id("stPlotlyChart").first
    columns, rows = (plot.locator(f".{axis}tick text").all_text_contents() for axis in "xy")
    with open_engine(world("demo"), read_only=True).connect() as connection:
        lines = [(*line.usage_name.split(".", 2), line.location) for line in quota_rows(connection)]
    on_map = [
        (f"{model} · {sku}", location)
        for _, sku, model, location in (line for line in lines if len(line) == 4)
        if f"{model} · {sku}" in rows and location in columns and model not in before
    ]
    name, location = on_map[0]
    across, down = (
        plot.locator(f".{axis}tick text").nth(ticks.index(tick)).bounding_box()
        for axis, ticks, tick in (("x", columns, location), ("y", rows, name))
    )
    assert across is not None
    assert down is not None
    page.mouse.click(across["x"] + across["width"] / 2, down["y"] + down["height"] / 2)
    page.wait_for_function(_OTHER_CHOICE, arg=[room_words.CHOOSE_LINE, before])
    _drawn(page, room_words.MAP_TITLE)

    label = _chosen(page, room_words.CHOOSE_LINE)
    assert (name.split(" · ")[0] in label, location in label) == (True, True), label
    assert [] == found.errors


def test_probes_tell_counts_and_ages_and_no_names_or_money(address: str) -> None:
    health = _read(f"{address}/healthz")
    metrics = _read(f"{address}/metrics")

    assert '{"status":"ok"}' == health
    assert "aoai_deployments 13.0" in metrics
    assert "aoai_oldest_scope_age_seconds" in metrics
    assert [] == [
        word for word in ("contoso", "chat-prod", "gpt-", "USD", "team", "11111111") if word in metrics
    ]


_OTHER_CHOICE = """([label, before]) => [...document.querySelectorAll('[data-testid="stSelectbox"]')]
    .some(one => one.innerText.includes(label) && one.querySelector('input').value !== before)"""
_INK = "() => getComputedStyle(document.querySelector('h1')).color"
_PAPER = """() => getComputedStyle(document.querySelector('[data-testid="stApp"]')).backgroundColor"""


def _page(browser: "Browser", scheme: Literal["light", "dark"] = "light") -> "tuple[Page, Complaints]":
    page = browser.new_context(viewport={"width": 1_300, "height": 900}, color_scheme=scheme).new_page()
    found = Complaints()
    found.listen(page)
    return page, found


def _open(page: "Page", url: str, title: str) -> None:
    page.goto(url)
    _drawn(page, title)


def _drawn(page: "Page", title: str) -> None:
    """Every screen of the demo ends its run with a table in it."""
    page.get_by_role("heading", name=title, level=1).wait_for()
    page.get_by_test_id("stDataFrame").first.wait_for()
    page.wait_for_function(DRAWN)


def _chosen(page: "Page", label: str) -> str:
    """What a selectbox shows."""
    return page.get_by_test_id("stSelectbox").filter(has_text=label).locator("input").first.input_value()


def _filters(page: "Page") -> dict[str, list[str]]:
    return {
        key: value for key, value in parse_qs(urlsplit(page.url).query).items() if key in ("period", "tag")
    }


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG works it out."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _wait_for(url: str, serving: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and serving.poll() is None:
        try:
            _read(url)
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer: the dashboard ended with {serving.poll()}")


def _read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()
