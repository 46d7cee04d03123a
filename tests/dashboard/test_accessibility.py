"""Every page of the navigation, in light and in dark, as axe-core sees it and as the keyboard finds it."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.dashboard.browsing import new_page, serving, settled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ASKED = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "rules": {
        name: {"enabled": True}
        for name in ("heading-order", "page-has-heading-one", "landmark-one-main", "region")
    },
}
NOT_OURS = {
    # The navigation wraps every entry of its list in a <div>: Streamlit's markup, which no setting reaches.
    ("list", "[data-testid=stSidebarNavItems]"),
    ("listitem", "[data-testid=stSidebarNavItems]"),
    # WCAG asks no contrast of what cannot be used; axe does not see that the label belongs to it.
    ("color-contrast", "[data-testid=stSelectbox]:has(input:disabled)"),
    ("color-contrast", "[data-testid=stMultiSelect]:has(input:disabled)"),
}
LEAST_CONTRAST = 4.5


@pytest.fixture(scope="module")
def address(world: Callable[[str], str]) -> Iterator[str]:
    with serving(world("demo")) as url:
        yield url


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_that_is_ours_to_mend(
    browser: "Browser", address: str, scheme: Literal["light", "dark"]
) -> None:
    page, _ = new_page(browser, scheme)
    found: list[str] = []
    for path in paths(page, address):
        settled(page, f"{address}{path}")
        found += [f"{path}: {said}" for said in _violations(page)]
        found += [f"{path}: hard to read: {said}" for said in page.evaluate(_CHART_TEXT, LEAST_CONTRAST)]
        found += [f"{path}: a chart without words: {said}" for said in page.evaluate(_MUTE_CHARTS)]

    assert "" == "\n".join(found)


def test_the_keyboard_reaches_every_control_of_cost_and_each_shows_that_it_is_reached(
    browser: "Browser", address: str
) -> None:
    page, _ = new_page(browser)
    settled(page, f"{address}/cost")
    before = page.url
    reached: set[str] = set()
    unseen: list[str] = []
    for _ in range(150):
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        if stop is None:
            break
        reached.add(stop["name"])
        if not stop["seen"] and stop["tag"] not in _DRAW_THEIR_OWN:
            unseen.append(stop["name"])

    wanted = set(page.evaluate(_CONTROLS))
    assert before == page.url, "reaching a control must change nothing"
    assert {"Period", "Download CSV"} <= {name.removeprefix("download ") for name in wanted}
    assert (set(), []) == (wanted - reached, unseen)


def paths(page: "Page", address: str) -> list[str]:
    """What the navigation leads to."""
    settled(page, address)
    links = page.get_by_test_id("stSidebarNavLink").evaluate_all("all => all.map(one => one.pathname)")
    assert len(links) >= 17
    return links


def _violations(page: "Page") -> list[str]:
    return [
        f"{rule['id']}: {node['html'][:160]} {_why(node)}"
        for rule in Axe().run(page, options=ASKED).response["violations"]
        for node in rule["nodes"]
        if not _is_not_ours(page, rule["id"], node)
    ]


def _is_not_ours(page: "Page", rule: str, node: dict[str, Any]) -> bool:
    places = [place for name, place in NOT_OURS if name == rule]
    within = "(one, place) => !!one.closest(place)"
    return any(page.locator(node["target"][0]).first.evaluate(within, place) for place in places)


def _why(node: dict[str, Any]) -> str:
    return re.sub(r"\s+", " ", node.get("failureSummary") or "")


_DRAW_THEIR_OWN = {"CANVAS", "TD", "MAIN"}
"""A table rings the cell inside its canvas and lends it the focus; the page itself takes the focus to be scrolled."""

_MUTE_CHARTS = """() => [...document.querySelectorAll('[data-testid="stPlotlyChart"]')]
    .filter(one => !one.closest('[aria-label]') && !one.querySelector('[role="img"][aria-label], [aria-label]:not(a)'))
    .map(one => one.outerHTML.slice(0, 200))"""

_CHART_TEXT = """least => {
    const parts = colour => colour.match(/[\\d.]+/g).map(Number)
    const light = ([r, g, b]) => [r, g, b].map(one => one / 255)
        .map(one => one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
        .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0)
    const paper = parts(getComputedStyle(document.querySelector('[data-testid="stApp"]')).backgroundColor)
    const found = {}
    for (const one of document.querySelectorAll(
        '.xtick text, .ytick text, .g-xtitle text, .g-ytitle text, .legendtext, .cbaxis text, .annotation-text')) {
        const style = getComputedStyle(one), ink = parts(style.fill)
        const opacity = (ink[3] ?? 1) * Number(style.opacity) * Number(style.fillOpacity)
        const mixed = paper.slice(0, 3).map((one, at) => opacity * ink[at] + (1 - opacity) * one)
        const [dark, bright] = [light(mixed), light(paper)].sort((a, b) => a - b)
        const contrast = (bright + 0.05) / (dark + 0.05)
        if (contrast < least) found[`${style.fill} on ${paper}: ${contrast.toFixed(2)}`] = one.textContent
    }
    return Object.entries(found).map(([why, text]) => `${text}: ${why}`)
}"""

_NAME = """const name = one => (one.getAttribute('aria-label') || one.innerText || one.value || '')
    .trim().replace(/\\s+/g, ' ')"""

_CONTROLS = f"""() => {{ {_NAME}
    return [...document.querySelectorAll('a[href], button, input, select, textarea')]
        .filter(one => one.offsetParent && one.getAttribute('role') !== 'radio' && !one.disabled && one.tabIndex >= 0)
        .filter(one => getComputedStyle(one).visibility === 'visible').map(name) }}"""

_STOP = f"""() => {{ {_NAME}
    const stop = document.activeElement
    if (!stop || stop === document.body) return null
    const look = one => {{
        const s = getComputedStyle(one)
        return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, s.borderColor, s.backgroundColor, s.color]
            .join('|')
    }}
    const around = [stop]
    while (around.length < 5 && around.at(-1).parentElement) around.push(around.at(-1).parentElement)
    const held = around.map(look), told = {{ tag: stop.tagName, name: name(stop) }}
    stop.blur()
    return new Promise(done => setTimeout(() => {{
        const seen = around.map(look).some((one, at) => one !== held[at])
        stop.focus({{ preventScroll: true }})
        done({{ ...told, seen }})
    }}, 150))
}}"""
