"""Where settings come from, and the sentence that a wrong one gets."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic_settings import EnvSettingsSource

PREFIX = "AOAI_"
UNSET_FILE = "aoai-monitor.toml"


class BadSettings(Exception):
    """Settings that cannot be used; `problems` holds one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class FileOrEnvironment(EnvSettingsSource):
    """Environment variables, and for each `X` also `X_FILE`."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        variables = dict(super()._load_env_vars())
        for name, path in list(variables.items()):
            base = name.lower().removesuffix("_file")
            if not name.lower().startswith(PREFIX.lower()) or base == name.lower() or path is None:
                continue
            if base in variables:
                raise BadSettings([f"{base.upper()} and {name.upper()} are both set: expected one of them"])
            del variables[name]
            try:
                variables[base] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                reason = error.strerror or error
                raise BadSettings([f"{name.upper()}={path!r}: {reason}; expected a readable file"]) from error
        return variables


def configuration_file() -> Path | None:
    named = os.environ.get(f"{PREFIX}CONFIG")
    if named:
        path = Path(named)
        if not path.is_file():
            raise BadSettings([f"{PREFIX}CONFIG={named!r}: no such file; expected the path of a TOML file"])
        return path
    here = Path(UNSET_FILE)
    return here if here.is_file() else None


def sentence(problem: Mapping[str, Any]) -> str:
    """What was wrong with which setting, and what would be right; a secret is not shown."""
    path = [str(part) for part in problem["loc"]]
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not path:
        return message
    name = PREFIX + "_".join(path[:2]).upper()
    secret: Callable[[str], bool] = lambda key: any(word in key for word in ("SECRET", "URL"))  # noqa: E731  # one use, named for the reader
    if problem["type"] == "extra_forbidden":
        return f"{'.'.join(path)}: no such setting; docs/settings.md lists them all"
    shown = "(not shown)" if secret(name) else repr(problem.get("input"))
    expected = re.sub(r"^Input should be (a valid )?", "expected ", message)
    return f"{name}={shown}: {expected}"
