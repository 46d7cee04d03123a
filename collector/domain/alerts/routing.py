"""Who hears of a finding: configured routes, the owner that tags name, and those who hear of the rest.

Whoever can tag could address mail, so tag owners hear nothing unless routing is on and their mail domain is
one of ours.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from collector.domain.alerts.rules import SEVERITIES, Finding, Severity, TagLevels, Where, named_in_tags
from collector.domain.alerts.table import RULES

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")

_CHANNEL = re.compile(r"webhook:[a-z0-9][a-z0-9-]*")
"""A configured webhook stands among the recipients by its name."""

OWNER_KEYS = ("owner", "contact", "owner-email")
TEAM_KEYS = ("team", "cost-center", "costcenter")


class BadRouting(ValueError):
    """A route or an address that can not be used; the message names it and what would be right."""


@dataclass(frozen=True, slots=True)
class Route:
    """Everything that is stated has to fit; `severity` is the least that goes this way."""

    to: tuple[str, ...]
    subscription: str | None = None
    account: str | None = None
    rule: str | None = None
    severity: Severity | None = None
    team: str | None = None
    tag: tuple[str, str] | None = None

    def fits(self, finding: Finding) -> bool:
        where = finding.where
        return (
            _matches(self.subscription, where.subscription_id)
            and _matches(self.account, where.account)
            and _matches(self.rule, finding.rule)
            and _matches(self.team, where.team)
            and (self.severity is None or SEVERITIES[finding.severity] >= SEVERITIES[self.severity])
            and (self.tag is None or _tagged(where.tags, *self.tag))
        )


@dataclass(frozen=True, slots=True)
class Routing:
    mail_to: tuple[str, ...]
    domains: frozenset[str] = frozenset()
    owners: bool = False
    routes: tuple[Route, ...] = field(default=())

    def __post_init__(self) -> None:
        for address in (*self.mail_to, *(to for route in self.routes for to in route.to)):
            problem = None if _CHANNEL.fullmatch(address) else bad_address(address, self.domains)
            if problem:
                raise BadRouting(problem)
        for route in self.routes:
            if not route.to:
                raise BadRouting("a route names nobody: expected to = ['somebody@example.com']")
            if route.rule is not None and route.rule not in RULES:
                raise BadRouting(f"route rule {route.rule!r} is unknown: expected one of {', '.join(RULES)}")
            if route.severity is not None and route.severity not in SEVERITIES:
                raise BadRouting(f"route severity {route.severity!r}: expected info, warning or critical")


def recipients(finding: Finding, routing: Routing) -> tuple[str, ...]:
    """Every fitting route and the owner, each address once; where nobody is named, those of `mail_to`."""
    found = [address for route in routing.routes if route.fits(finding) for address in route.to]
    owner = finding.where.owner
    if routing.owners and owner and routing.domains and bad_address(owner, routing.domains) is None:
        found.append(owner)
    return _once(found or routing.mail_to)


def where_of(
    tag_levels: TagLevels,
    owner_keys: Sequence[str] = OWNER_KEYS,
    team_keys: Sequence[str] = TEAM_KEYS,
    *,
    subscription_id: str | None = None,
    subscription: str | None = None,
    resource_group: str | None = None,
    account: str | None = None,
    location: str | None = None,
    deployment: str | None = None,
) -> Where:
    """The place of a finding, with owner and team from the first of deployment, account, group, subscription."""
    merged: dict[str, str] = {}
    for tags in reversed(tag_levels):
        # Azure compares names of tags without case: `env` on a deployment takes the place of its account's `Env`.
        nearer = {name.casefold() for name in tags}
        merged = {name: value for name, value in merged.items() if name.casefold() not in nearer} | dict(tags)
    return Where(
        subscription_id=subscription_id,
        subscription=subscription,
        resource_group=resource_group,
        account=account,
        location=location,
        deployment=deployment,
        owner=named_in_tags(tag_levels, owner_keys),
        team=named_in_tags(tag_levels, team_keys),
        tags=merged,
    )


def bad_address(address: str, domains: frozenset[str]) -> str | None:
    """Why an address can not be written to, or None."""
    if not _ADDRESS.fullmatch(address) or len(address) > 254 or ".." in address:
        return f"mail address {address!r}: expected one plain address such as 'ann@example.com'"
    domain = address.rpartition("@")[2].casefold()
    if domains and domain not in {allowed.casefold() for allowed in domains}:
        return f"mail address {address!r}: its domain is not one of {', '.join(sorted(domains))}"
    return None


def _matches(wanted: str | None, found: str | None) -> bool:
    return wanted is None or (found is not None and wanted.casefold() == found.casefold())


def _tagged(tags: Mapping[str, str], key: str, value: str) -> bool:
    return any(
        name.casefold() == key.casefold() and found.strip().casefold() == value.casefold()
        for name, found in tags.items()
    )


def _once(addresses: Sequence[str]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for address in addresses:
        seen.setdefault(address.casefold(), address)
    return tuple(seen.values())
