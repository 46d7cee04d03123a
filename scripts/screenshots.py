"""Pictures of every screen of a running dashboard, in light and dark, as a real browser draws them.

python scripts/screenshots.py --url http://127.0.0.1:8501 --out docs/pictures
"""

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

SCREENS = {
    "overview": "/",
    "cost": "/cost",
    "forecast": "/forecast",
    "unit-costs": "/unit_costs",
    "savings": "/savings",
    "finance": "/finance",
    "room": "/room",
    "throttling": "/throttling",
    "advice": "/advice",
    "fit": "/fit",
    "quota": "/quota",
    "units": "/units",
    "quality": "/quality",
    "endings": "/endings",
    "alerts": "/alerts",
    "posture": "/posture",
    "collection": "/collection",
}
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb"),
]
TALLEST = 6_000
SETTLED = """() => !document.querySelector('[data-testid="stStatusWidget"], [data-testid="stSkeleton"]')
    && [...document.querySelectorAll('[data-testid="stPlotlyChart"]')].every(one => one.querySelector('.main-svg'))
    && !!document.querySelector('h1')"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8501", help="address of the running dashboard")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"), help="folder for the pictures")
    parser.add_argument("--themes", default="light,dark", help="comma separated")
    parser.add_argument("--screens", default=",".join(SCREENS), help="comma separated")
    parser.add_argument("--query", default="", help="filters, as in the address: period=Last+7+days")
    parser.add_argument("--width", type=int, default=1440)
    parser.add_argument("--full", action="store_true", help="the whole screen, however long")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.stderr.write("no browser found: install chromium\n")
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for theme in given.themes.split(","):
            for name in given.screens.split(","):
                path = given.out / (f"{name}.png" if theme == "light" else f"{name}-{theme}.png")
                problems = picture(browser, given.url, SCREENS[name], path, theme, given)
                sys.stdout.write(f"{path}{'  ' + '; '.join(problems) if problems else ''}\n")
        browser.close()
    return 0


def picture(
    browser: Browser, url: str, screen: str, path: Path, theme: str, given: argparse.Namespace
) -> list[str]:
    """One screen as a file; returns what the browser complained of."""
    scheme = "dark" if theme == "dark" else "light"
    context = browser.new_context(
        viewport={"width": given.width, "height": 1_000}, color_scheme=scheme, device_scale_factor=1.5
    )
    page = context.new_page()
    problems: list[str] = []
    page.on(
        "console", lambda message: problems.append(message.text[:200]) if message.type == "error" else None
    )
    page.on("requestfailed", lambda request: problems.append(f"failed: {request.url[:120]}"))
    query = f"?{given.query}" if given.query else ""
    page.goto(f"{url}{screen}{query}")
    settle(page)
    if given.full:
        height = page.evaluate(
            """() => document.querySelector('[data-testid="stMainBlockContainer"]').scrollHeight + 40"""
        )
        page.set_viewport_size({"width": given.width, "height": min(TALLEST, max(1_000, height))})
        settle(page)
    page.screenshot(path=path)
    context.close()
    return problems


def settle(page: Page) -> None:
    """Until the app stopped running and every chart is drawn; then a moment for its fonts and transitions."""
    page.wait_for_selector("h1", timeout=60_000)
    page.wait_for_function(SETTLED, timeout=60_000)
    page.wait_for_timeout(900)


if __name__ == "__main__":
    raise SystemExit(main())
