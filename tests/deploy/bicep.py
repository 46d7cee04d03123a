"""Bicep as pycep reads it, a grammar and no compiler: types, and what Azure accepts, it does not know.

It tells names and texts not apart, so which names an expression uses is found in the text.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pycep import BicepParser

DECLARING = ("param", "var", "resource", "module", "output", "targetScope")
_TOKEN = re.compile(r"//[^\n]*|(?P<string>'(?:\\.|\$\{[^}]*\}|[^'\\])*')|(?P<name>[A-Za-z_]\w*)|(?P<sign>\S)")
_KEYWORDS = {
    *DECLARING,
    "true",
    "false",
    "null",
    "for",
    "in",
    "if",
    "existing",
    "string",
    "int",
    "bool",
    "array",
    "object",
}
_KEYWORDS |= {"az"}  # by which functions of Azure may be called


def template(path: Path) -> dict[str, Any]:
    """`parameters`, `variables`, `resources`, `modules` and `outputs` by name; raises on what is no Bicep."""
    return {
        part: {} for part in ("parameters", "variables", "resources", "modules", "outputs")
    } | BicepParser().parse(file_path=path)


def body(declared: dict[str, Any]) -> dict[str, Any]:
    """What stands between the braces of a resource or module, also of one in a loop."""
    config: dict[str, Any] = declared["config"]
    return config["config"] if "loop_type" in config else config


def names_declared(read: dict[str, Any]) -> set[str]:
    parts = (read[part] for part in ("parameters", "variables", "resources", "modules", "outputs"))
    return {name for part in parts for name in part}


def names_used(text: str) -> set[str]:
    """Names that expressions refer to, also inside strings; keys, functions and members of others are none."""
    found = [match for match in _TOKEN.finditer(text) if match["string"] or match["name"] or match["sign"]]
    used: set[str] = set()
    for index, match in enumerate(found):
        used |= set(re.findall(r"\$\{([A-Za-z_]\w*)\b(?!\()", match["string"] or ""))
        before = found[index - 1][0] if index else ""
        after = found[index + 1][0] if index + 1 < len(found) else ""
        is_key = after == ":" and before != "in"
        refers = before not in {".", "@", *DECLARING} and after != "(" and not is_key
        if match["name"] and refers:
            used.add(match["name"])
    return used - _KEYWORDS - set(re.findall(r"\[for (\w+) in", text))


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
