"""Commands of a page, run by a shell as they are written."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import lacking

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = str(Path(sys.executable).parent)


def block(page: Path, heading: str) -> list[str]:
    """The lines of the first shell block below a heading, comments left out."""
    text = page.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = re.search(r"```sh\n(.*?)```", text, re.DOTALL)
    assert found, f"{page.name}: no shell block below {heading}"
    lines = [re.sub(r"\s+# .*$", "", line) for line in found[1].splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def environment(**given: str) -> dict[str, str]:
    """Nobody's configuration but what is given, and this environment's programs first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AOAI_")}
    return {**kept, "PATH": f"{PROGRAMS}:{os.environ['PATH']}", **given}


def shell(line: str, folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def needs(*programs: str, path: str | None = None) -> None:
    for name in programs:
        if shutil.which(name, path=path) is None:
            lacking(f"no {name} on this machine")
