"""What the program ships with: a bill of materials (CycloneDX) and a page of licences, from lock and installation."""

import json
import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
LICENCES = ROOT / "docs" / "licences.md"
HEAD = """# Licences

What the program runs on, as locked in `requirements/run.txt`, each with the licence that it declares.
`make sbom` writes this page and a bill of materials (CycloneDX) to `out/sbom.cdx.json`.

| package | licence |
| --- | --- |
"""


def locked() -> list[tuple[str, str]]:
    """Name and version of each package that the lock gives this Python on this system."""
    text = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8")
    wanted = (Requirement(line) for line in re.findall(r"^([a-z0-9][^\\\n]*?)\s*\\$", text, re.MULTILINE))
    fitting = (one for one in wanted if one.marker is None or one.marker.evaluate())
    return [(one.name, str(one.specifier).removeprefix("==")) for one in fitting]


def licence(name: str) -> str:
    """The licence that a package declares: its expression, else its classifiers, else the first line of its text."""
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return "not installed here"
    if expression := said.get("License-Expression"):
        return expression
    classified = [
        one.rpartition(" :: ")[2]
        for one in said.get_all("Classifier", [])
        if one.startswith("License :: ") and one != "License :: OSI Approved"
    ]
    return ", ".join(classified) or (said.get("License") or "unknown").strip().splitlines()[0][:60]


def page() -> str:
    return HEAD + "".join(f"| {name} | {licence(name)} |\n" for name, _ in locked())


def bill_of_materials() -> dict[str, object]:
    project = re.search(
        r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert project is not None
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "aoai-monitor", "version": project[1]}},
        "components": [
            {
                "type": "library",
                "bom-ref": f"pkg:pypi/{name}@{version}",
                "purl": f"pkg:pypi/{name}@{version}",
                "name": name,
                "version": version,
                "licenses": [{"license": {"name": licence(name)}}],
            }
            for name, version in locked()
        ],
    }


def main() -> int:
    LICENCES.write_text(page(), encoding="utf-8")
    out = ROOT / "out"
    out.mkdir(exist_ok=True)
    (out / "sbom.cdx.json").write_text(json.dumps(bill_of_materials(), indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
