"""Reads as much of Bicep as our templates use: declarations, names, strings and the nesting of brackets.

It is no compiler: types, API versions and what Azure accepts it does not know.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

_TOKEN = re.compile(
    r"(?P<space>\s+|//[^\n]*)"
    r"|(?P<string>'(?:\\.|\$\{[^}]*\}|[^'\\])*')"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<number>\d+)"
    r"|(?P<sign>\?\?|\|\||&&|==|!=|[{}()\[\]:,.=@?!<>+*/-])"
)
_PAIRS = {"}": "{", ")": "(", "]": "["}
_WORDS = {"param", "var", "resource", "module", "output", "targetScope", "using"}


@dataclass(frozen=True)
class Declaration:
    word: str
    name: str
    decorators: tuple[str, ...]
    tokens: tuple[str, ...]

    @property
    def has_default(self) -> bool:
        return "=" in self.tokens


@dataclass
class Template:
    declarations: list[Declaration] = field(default_factory=list)
    target_scope: str = "resourceGroup"

    def named(self, word: str) -> dict[str, Declaration]:
        return {one.name: one for one in self.declarations if one.word == word}


def tokens(text: str) -> list[str]:
    """The tokens of a template; raises on anything that is none, and on brackets that do not close."""
    found: list[str] = []
    open_brackets: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        line = text.count("\n", 0, at) + 1
        if match is None:
            raise ValueError(f"line {line}: {text[at : at + 20]!r} is no Bicep")
        at = match.end()
        if match["space"]:
            found += ["\n"] if "\n" in match["space"] and not open_brackets else []
            continue
        token = match[0]
        if token in "{([":
            open_brackets.append(token)
        elif token in _PAIRS and (not open_brackets or open_brackets.pop() != _PAIRS[token]):
            raise ValueError(f"line {line}: {token!r} closes nothing")
        found.append(token)
    if open_brackets:
        raise ValueError(f"{open_brackets[-1]!r} is never closed")
    return found


def template(path: Path) -> Template:
    """The declarations of a file, each with its decorators."""
    read = Template()
    decorators: list[str] = []
    for statement in _statements(tokens(path.read_text(encoding="utf-8"))):
        if statement[0] == "@":
            decorators.append(statement[1])
        elif statement[0] == "targetScope":
            read.target_scope = statement[2].strip("'")
        elif statement[0] in _WORDS:
            read.declarations.append(
                Declaration(statement[0], statement[1], tuple(decorators), tuple(statement[2:]))
            )
            decorators = []
        else:
            raise ValueError(f"{path.name}: a statement cannot begin with {statement[0]!r}")
    return read


def names_used(declaration: Declaration) -> set[str]:
    """Names that an expression refers to, also inside strings; keys and members of others are none."""
    used: set[str] = set()
    found = declaration.tokens
    for index, token in enumerate(found):
        inner = re.findall(r"\$\{([A-Za-z_]\w*)\b(?!\()", token) if token.startswith("'") else []
        used |= set(inner)
        if re.fullmatch(r"[A-Za-z_]\w*", token):
            before = found[index - 1] if index else ""
            after = found[index + 1] if index + 1 < len(found) else ""
            if before != "." and after != ":" and after != "(":
                used.add(token)
    return used


def _statements(found: list[str]) -> list[list[str]]:
    statements: list[list[str]] = [[]]
    for token in found:
        if token == "\n":
            if statements[-1]:
                statements.append([])
        else:
            statements[-1].append(token)
    return [one for one in statements if one]
