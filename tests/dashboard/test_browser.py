"""The dashboard in a real browser: nothing foreign is asked for, nothing complains, and links keep their filters."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, urlsplit

import pytest

from collector.store.engine import open_engine
from collector.store.reads.quotas import quota_rows
from collector.store.reads.room import room_rows
from dashboard import words
from dashboard.words import endings as endings_words
from dashboard.words import limits as limits_words
from dashboard.words import outlook as outlook_words
from dashboard.words import room as room_words
from tests.dashboard.browsing import drawn, new_page, open_row, opened, read, serving

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


@pytest.fixture(scope="module")
def address(world: Callable[[str], str]) -> Iterator[str]:
    with serving(world("demo")) as url:
        yield url


def test_every_screen_opens_without_a_complaint_or_a_foreign_request(
    browser: "Browser", address: str
) -> None:
    page, found = new_page(browser)
    for path, title in SCREENS.items():
        opened(page, f"{address}{path}", title)
        if path == "/endings":
            assert 1 <= page.get_by_label(re.compile("Timeline of")).count()
            assert 1 <= page.get_by_label(endings_words.ENDINGS_TABLE).count()

    assert [] == found.errors
    assert {urlsplit(address).netloc} == found.hosts


def test_filters_survive_navigation_and_come_back_by_link(browser: "Browser", address: str) -> None:
    page, found = new_page(browser)
    opened(page, f"{address}/cost?period=Last+7+days&tag=team%3DAssist", words.COST_TITLE)
    shown = page.get_by_test_id("stMetricValue").first.inner_text()
    for path, title in SCREENS.items():
        if path in ("/room", "/endings"):
            page.get_by_role("link", name=title, exact=True).first.click()
            drawn(page, title)
            assert {"period": ["Last 7 days"], "tag": ["team=Assist"]} == _filters(page)
    page.get_by_role("link", name=words.COST_TITLE, exact=True).first.click()
    drawn(page, words.COST_TITLE)

    assert shown == page.get_by_test_id("stMetricValue").first.inner_text()
    assert [] == found.errors


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_in_dark(
    browser: "Browser", address: str, scheme: Literal["light", "dark"]
) -> None:
    page, _ = new_page(browser, scheme)
    opened(page, address, words.OVERVIEW_TITLE)

    ink, paper = (_luminance(page.evaluate(question)) for question in (_INK, _PAPER))
    assert (ink < paper) == (scheme == "light")
    assert 7 <= (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05)


def test_the_keyboard_alone_reaches_the_next_screen(browser: "Browser", address: str) -> None:
    page, _ = new_page(browser)
    opened(page, address, words.OVERVIEW_TITLE)
    for _ in range(12):
        page.keyboard.press("Tab")
        if words.COST_TITLE in page.evaluate("document.activeElement.innerText").split():
            break
    page.keyboard.press("Enter")

    page.get_by_role("heading", name=words.COST_TITLE, level=1).wait_for()


def test_a_click_leads_from_a_team_into_its_deployments_and_the_address_keeps_the_way(
    browser: "Browser", address: str
) -> None:
    page, found = new_page(browser)
    opened(page, f"{address}/cost?by=Team", words.COST_TITLE)
    whole = page.get_by_test_id("stMetricValue").first.inner_text()

    open_row(page, 0)
    page.wait_for_url(re.compile("within=team"))
    page.get_by_text(re.compile("^Team ")).wait_for()
    drawn(page, words.COST_TITLE)
    address_inside, inside = page.url, page.get_by_test_id("stMetricValue").first.inner_text()

    assert {"by": ["Deployment"]}.items() <= parse_qs(urlsplit(address_inside).query).items()
    assert whole != inside
    again, _ = new_page(browser)
    opened(again, address_inside, words.COST_TITLE)
    assert inside == again.get_by_test_id("stMetricValue").first.inner_text()
    assert [] == found.errors


def test_a_clicked_row_of_room_leads_to_that_deployments_minutes(
    browser: "Browser", address: str, world: Callable[[str], str]
) -> None:
    page, found = new_page(browser)
    opened(page, f"{address}/room", words.ROOM_TITLE)
    before = _chosen(page, limits_words.CLOSEUP_CHOOSE)

    open_row(page, 3)
    page.wait_for_function(_OTHER_CHOICE, arg=[limits_words.CLOSEUP_CHOOSE, before])
    drawn(page, words.ROOM_TITLE)

    with open_engine(world("demo"), read_only=True).connect() as connection:
        fourth = room_rows(connection, "2026-11")[3]
    assert f"{fourth.deployment} · {fourth.account_name}" == _chosen(page, limits_words.CLOSEUP_CHOOSE)
    assert [] == found.errors


def test_a_clicked_cell_of_the_map_leads_to_the_line_behind_it(
    browser: "Browser", address: str, world: Callable[[str], str]
) -> None:
    page, found = new_page(browser)
    opened(page, f"{address}/quota", room_words.MAP_TITLE)
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
    drawn(page, room_words.MAP_TITLE)

    label = _chosen(page, room_words.CHOOSE_LINE)
    assert (name.split(" · ")[0] in label, location in label) == (True, True), label
    assert [] == found.errors


def test_probes_tell_counts_and_ages_and_no_names_or_money(address: str) -> None:
    health = read(f"{address}/healthz")
    metrics = read(f"{address}/metrics")

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
