"""Every variable that a setting has: for the page of settings, and to tell what is misspelt."""

import difflib
from collections.abc import Mapping
from typing import Any, Final, cast

from collector.settings import Settings
from collector.settings.sections import Section
from collector.settings.sources import PREFIX, UNSET_FILE

_ELSEWHERE: Final = frozenset({"AOAI_CI", "AOAI_RECORDED_DIR"})
"""What steers the tests."""


def unknown_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables that look like ours and that nothing reads, each with what was perhaps meant."""
    known = {name for name, _, _ in documented_variables()} | _ELSEWHERE
    known |= {f"{name}_FILE" for name in known}
    found: dict[str, str] = {}
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known and not name.startswith(f"{PREFIX}TEST_"):
            near = difflib.get_close_matches(name, known, n=1)
            meant = f"did you mean {near[0]}?" if near else "docs/settings.md lists them all"
            found[name] = f"no setting has this name, so it does nothing: {meant}"
    return found


def documented_variables() -> list[tuple[str, str, str]]:
    """Every variable with its default and its meaning, for the documentation and its test."""
    found = [("AOAI_CONFIG", UNSET_FILE, "path of the configuration file")]
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            for key, inner in section.model_fields.items():
                if "in the file only" in (inner.description or ""):
                    continue
                found.append(
                    (
                        f"{PREFIX}{name}_{inner.alias or key}".upper(),
                        _shown(inner.default),
                        inner.description or "",
                    )
                )
        elif "in the file only" not in (field.description or ""):
            found.append((f"{PREFIX}{name}".upper(), _shown(field.default), field.description or ""))
    return found


def _shown(default: Any) -> str:
    if default is None or default == []:
        return ""
    if isinstance(default, list):
        return ",".join(str(one) for one in cast("list[Any]", default))
    return str(default).lower() if isinstance(default, bool) else str(default)
