"""The Dockerfile as data, and its build steps as they would run without an engine."""

import fnmatch
import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Instruction:
    word: str
    rest: str

    @property
    def listed(self) -> list[str]:
        """The words of an instruction in its JSON form."""
        return json.loads(self.rest[self.rest.index("[") :])


def instructions(path: Path = ROOT / "Dockerfile") -> list[list[Instruction]]:
    """The instructions of each stage, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = re.sub(r"\\\n\s*", "", text)
    stages: list[list[Instruction]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages.append([])
        if stages:
            stages[-1].append(Instruction(word, rest.strip()))
    return stages


def copied(stage: list[Instruction]) -> list[tuple[list[str], str]]:
    """Sources and target of each COPY from the build context."""
    found = []
    for one in stage:
        if one.word == "COPY" and not one.rest.startswith("--from"):
            *sources, target = shlex.split(one.rest)
            found.append((sources, target))
    return found


def in_context(name: str) -> bool:
    """Whether .dockerignore lets a file of the repository into the build context."""
    taken = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        rule = line.strip()
        if not rule or rule.startswith("#"):
            continue
        wanted = rule.startswith("!")
        if _matches(name, rule.lstrip("!")):
            taken = wanted
    return taken


def _matches(name: str, pattern: str) -> bool:
    path = PurePosixPath(name)
    anywhere = pattern.removeprefix("**/")
    for candidate in (path, *path.parents):
        if fnmatch.fnmatch(str(candidate), pattern) or (
            anywhere != pattern and fnmatch.fnmatch(candidate.name, anywhere)
        ):
            return str(candidate) != "."
    return False
