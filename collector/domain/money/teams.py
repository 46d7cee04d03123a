"""Which team a deployment's cost belongs to: by the company's rules, else by tags, else nobody's.

What several teams share is a team of its own until a report splits it among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import Any, Final, cast

TAG_KEYS: Final = ("team", "cost-center", "costcenter", "cost_center", "owner-team", "department")
SPLITS: Final = ("evenly", "tokens", "fixed")
_MATCHED: Final = ("subscription", "account", "deployment")


class BadTeamRule(ValueError):
    """A `[[teams]]` table that cannot be read."""


@dataclass(frozen=True, slots=True)
class TeamRule:
    """The first rule whose every condition fits names the team. Patterns may hold `*`; `tag` is `key=value`.

    With `split` the team is one that others share: `evenly` or by `tokens` among those named (or all others), or
    `fixed` by `shares`.
    """

    team: str
    subscription: str | None = None
    account: str | None = None
    deployment: str | None = None
    tag: str | None = None
    split: str | None = None
    among: tuple[str, ...] = ()
    shares: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class TeamRules:
    """Rules in their order, then the tag keys that name a team."""

    rules: tuple[TeamRule, ...] = ()
    tag_keys: tuple[str, ...] = TAG_KEYS


def parse_team_rules(tables: Sequence[Mapping[str, Any]]) -> TeamRules:
    """The `[[teams]]` tables of the configuration; raises `BadTeamRule` naming the table and the key."""
    return TeamRules(tuple(_rule(f"[[teams]] number {n}", table) for n, table in enumerate(tables, 1)))


def _rule(place: str, table: Mapping[str, Any]) -> TeamRule:
    unknown = set(table) - {"team", "tag", "split", "among", "shares", *_MATCHED}
    if unknown:
        right = ", ".join(("team", "tag", *_MATCHED, "split", "among", "shares"))
        raise BadTeamRule(f"{place}: no key {min(unknown)!r}; expected {right}")
    if not isinstance(table.get("team"), str) or not table["team"].strip():
        raise BadTeamRule(f"{place}: team={table.get('team')!r}: expected a team's name")
    for key in ("tag", *_MATCHED):
        value = table.get(key)
        if key in table and (not isinstance(value, str) or (key == "tag" and "=" not in value)):
            wanted = "key=value" if key == "tag" else "a text, in which * stands for anything"
            raise BadTeamRule(f"{place}: {key}={value!r}: expected {wanted}")
    plain = {key: table[key] for key in ("team", "tag", *_MATCHED) if key in table}
    return TeamRule(**plain, **_split(place, table))


def _split(place: str, table: Mapping[str, Any]) -> dict[str, Any]:
    split, among, shares = table.get("split"), table.get("among"), table.get("shares")
    if split is None:
        for key in ("among", "shares"):
            if key in table:
                raise BadTeamRule(f"{place}: {key}: expected split beside it")
        return {}
    if split not in SPLITS:
        raise BadTeamRule(f"{place}: split={split!r}: expected evenly, tokens or fixed")
    if split == "fixed":
        return {"split": split, "shares": _shares(place, shares)}
    if among is not None and not (
        isinstance(among, list) and all(isinstance(one, str) for one in cast("list[Any]", among))
    ):
        raise BadTeamRule(f"{place}: among={among!r}: expected a list of teams")
    return {"split": split, "among": tuple(cast("list[str]", among or []))}


def _shares(place: str, shares: Any) -> tuple[tuple[str, Decimal], ...]:
    found: list[tuple[str, Decimal]] = []
    told = cast("dict[str, Any]", shares) if isinstance(shares, dict) else {}
    for team, value in told.items():
        try:
            share = Decimal(str(value))
        except InvalidOperation:
            share = Decimal(-1)
        if not share.is_finite() or share <= 0:
            break
        found.append((str(team), share))
    if not found or len(found) != len(told):
        raise BadTeamRule(f"{place}: shares={shares!r}: expected shares above 0, such as {{ payments = 60 }}")
    return tuple(found)


def team_of(
    rules: TeamRules,
    tags: Sequence[Mapping[str, str]],
    subscription: str,
    account_arm_id: str,
    deployment: str,
) -> str | None:
    """The team by rule, else by the first tag of the nearest thing that has one; None is unallocated.

    `tags` are those of the deployment, its account and its subscription, nearest first.
    """
    named = {
        "subscription": subscription,
        "account": account_arm_id.rpartition("/")[2],
        "deployment": deployment,
    }
    folded = [{key.casefold(): value for key, value in one.items()} for one in tags]
    for rule in rules.rules:
        if _fits(rule, named, folded):
            return rule.team
    for one in folded:
        for key in rules.tag_keys:
            if value := one.get(key, "").strip():
                return value
    return None


def _fits(rule: TeamRule, named: Mapping[str, str], tags: Sequence[Mapping[str, str]]) -> bool:
    for key in _MATCHED:
        pattern = getattr(rule, key)
        if pattern is not None and not fnmatchcase(named[key].casefold(), pattern.casefold()):
            return False
    if rule.tag is None:
        return True
    key, _, value = rule.tag.partition("=")
    return any(fnmatchcase(one.get(key.casefold(), "\0").casefold(), value.casefold()) for one in tags)
