"""Figures that a document quotes and a test measures: one place in the text, compared or written anew."""

import re
from collections.abc import Callable
from pathlib import Path


def measured(golden: Callable[[Path, str], None], page: Path, name: str, text: str) -> None:
    """The part of a page between `<!-- measured: name -->` and `<!-- end -->` is this text."""
    start, end = f"<!-- measured: {name} -->", "<!-- end -->"
    told = page.read_text(encoding="utf-8")
    assert start in told, f"{page.name}: expected the line {start}"
    golden(page, re.sub(f"{re.escape(start)}.*?{re.escape(end)}", lambda _: f"{start}\n{text}\n{end}", told, count=1, flags=re.DOTALL))  # fmt: skip
