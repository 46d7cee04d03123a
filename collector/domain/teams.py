"""Which team a deployment's cost belongs to: by the company's rules, else by tags, else nobody's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

TAG_KEYS: Final = ("team", "cost-center", "costcenter", "cost_center", "owner-team", "department")
_MATCHED: Final = ("subscription", "account", "deployment")


class BadTeamRule(ValueError):
    """A `[[teams]]` table that cannot be read."""


@dataclass(frozen=True, slots=True)
class TeamRule:
    """The first rule whose every condition fits names the team. Patterns may hold `*`; `tag` is `key=value`."""

    team: str
    subscription: str | None = None
    account: str | None = None
    deployment: str | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class TeamRules:
    """Rules in their order, then the tag keys that name a team."""

    rules: tuple[TeamRule, ...] = ()
    tag_keys: tuple[str, ...] = TAG_KEYS


def parse_team_rules(tables: Sequence[Mapping[str, Any]]) -> TeamRules:
    """The `[[teams]]` tables of the configuration; raises `BadTeamRule` naming the table and the key."""
    rules: list[TeamRule] = []
    for number, table in enumerate(tables, 1):
        unknown = set(table) - {"team", "tag", *_MATCHED}
        if unknown:
            raise BadTeamRule(
                f"[[teams]] number {number}: no key {min(unknown)!r}; expected team, tag, {', '.join(_MATCHED)}"
            )
        if not isinstance(table.get("team"), str) or not table["team"].strip():
            raise BadTeamRule(
                f"[[teams]] number {number}: team={table.get('team')!r}: expected a team's name"
            )
        for key, value in table.items():
            if not isinstance(value, str) or (key == "tag" and "=" not in value):
                wanted = "key=value" if key == "tag" else "a text, in which * stands for anything"
                raise BadTeamRule(f"[[teams]] number {number}: {key}={value!r}: expected {wanted}")
        rules.append(TeamRule(**table))
    return TeamRules(tuple(rules))


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
