"""What every examination gives back."""

from dataclasses import dataclass
from typing import Literal

from collector.domain.access import Need

State = Literal["works", "second way", "not set up", "not asked", "missing", "bad setting"]
"""`second way`: the figure is had, in a slower or poorer way. `bad setting` is the only one that ends with 2."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried: how it stands, what was found, and the lines that mend it."""

    group: Literal["settings", "database", "login", "mail", "Azure", "figures"]
    what: str
    state: State
    found: str
    remedies: tuple[str, ...] = ()
    scope: str | None = None
    need: Need | None = None
    hosts: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return self.state in {"works", "second way", "not set up"}

    def as_json(self) -> dict[str, object]:
        need = self.need
        return {
            "group": self.group,
            "what": self.what,
            "ok": self.ok,
            "state": self.state,
            "found": self.found,
            "scope": self.scope,
            "remedy": self.remedies[0] if self.remedies else None,
            "remedies": list(self.remedies),
            "role": need.role.value.name if need and need.role else None,
            "provider": need.provider if need else None,
            "hosts": list(self.hosts),
            "without": need.without if need else None,
        }
