"""One picture of an example letter for each rule, as `aoai-monitor alert preview` writes it, for docs/alerts.md.

python scripts/letter_pictures.py [RULE ...]
"""

import argparse
import io
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from collector.domain.alerts.table import RULES
from collector.reports.letters.compose import Writing
from collector.reports.letters.preview import preview

OUT = Path("docs/pictures/letters")
WIDTH = 620
COLOURS = 48
"""A letter is text on three greys and one severity: so many colours keep it sharp at a third of the bytes."""
WRITING = Writing("aoai-monitor@example.com", "https://aoai.example.com")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rules", nargs="*", default=list(RULES), help="rules to draw; default: all")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for the pictures")
    parser.add_argument(
        "--chromium", default=os.environ.get("AOAI_TEST_CHROMIUM") or shutil.which("chromium")
    )
    asked = parser.parse_args()
    unknown = sorted(set(asked.rules) - set(RULES))
    if unknown:
        sys.exit(f"rule {unknown[0]!r}: expected one of {', '.join(RULES)}")
    asked.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=asked.chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 100})
        for rule in asked.rules:
            draw(page, rule, asked.out / f"{rule}.png")
        browser.close()


def draw(page: Any, rule: str, path: Path) -> None:
    page.set_content(preview(rule, WRITING, "somebody@example.com").html)
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    sys.stdout.write(f"{path}  {path.stat().st_size // 1024} kB\n")


if __name__ == "__main__":
    main()
