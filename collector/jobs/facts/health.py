"""What the rules about ourselves look at: how far each scope is known, and how old what we rest on is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from collector.domain.alerts.health_rules import (
    Age,
    ScopeHealth,
    catalog_old,
    collector_partial,
    collector_stale,
    price_snapshot_old,
    role_missing,
)
from collector.domain.alerts.rules import Finding, NotKnown, Where
from collector.domain.alerts.settings import AlertRules
from collector.domain.types import account_key
from collector.jobs.facts.place import Estate
from collector.store.engine import Connection
from collector.store.reads import endings, overview, rule_facts
from collector.store.reads.overview import ScopeRow

DUE_EVERY_HOURS: Final[Mapping[str, float]] = {
    "inventory": 0.25,
    "quotas": 0.25,
    "metrics": 0.25,
    "quality": 1,
    "api_use": 24,
    "models": 6,
    "callers": 6,
    "prices": 24,
    "bills": 24,
}
"""How often each job reads a scope; staleness counts from there."""

GIVEN_UP_AFTER: Final = timedelta(days=2)
_ROLE: Final = re.compile(r"--role\s+(?:'([^']+)'|\"([^\"]+)\"|(\S+))")
_SUBSCRIPTION: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Found = list[Finding | NotKnown | None]


def health_findings(connection: Connection, there: Estate, rules: AlertRules, now: datetime) -> Found:
    """Every scope that is still asked for: late, failing again and again, or refused for want of a role."""
    rows = [row for row in overview.scopes(connection) if row.job in DUE_EVERY_HOURS]
    newest: dict[str, datetime] = {}
    for row in rows:
        # While subscriptions cannot even be listed, none of them is asked for, and each of them is late.
        if not _is_part(row):
            newest[row.job] = max(newest.get(row.job, row.attempted_at), row.attempted_at)
    errors = rule_facts.run_errors(connection, list(DUE_EVERY_HOURS), now - timedelta(days=3))
    found: Found = []
    for row in rows:
        if newest.get(row.job, row.attempted_at) - row.attempted_at > GIVEN_UP_AFTER:
            continue  # a subscription or location that nobody asks for any more
        fact = ScopeHealth(
            job=row.job,
            scope=_shown(row.scope, there),
            through=row.through,
            due_every_hours=DUE_EVERY_HOURS[row.job],
            failures=_failures(row, errors.get(row.job, [])),
            error=row.error,
            missing_role=_role(row.remedy) if row.status == "failed" else None,
            grant=row.remedy,
            where=_where(row.scope, there),
        )
        refused = role_missing(fact, now)
        # What was never read for want of a right is one story, and often a right that nobody means to give.
        late = collector_stale(fact, now, rules.thresholds)
        found.append(refused)
        if not _is_part(row):
            found.append(replace(late, yields_to=refused.key))
        # A scope that is late tells already that its runs fail.
        found.append(replace(collector_partial(fact, now), yields_to=late.key))
    return found


def _is_part(row: ScopeRow) -> bool:
    """A part of the inventory is told of only while it fails; how late it is the subscription says."""
    return row.job == "inventory" and (
        row.scope == "subscriptions" or row.scope.endswith(("/deleted accounts", "/resource groups"))
    )


def age_findings(
    connection: Connection,
    api_versions_on: date,
    snapshot_on: date,
    there: Estate,
    rules: AlertRules,
    now: datetime,
) -> Found:
    """The models list of every location with an account, the api-version catalog, the price snapshot in use."""
    today = now.date()
    read = {one.location: one.read_at for one in endings.model_readings(connection)}
    found: Found = []
    for location in sorted({account.location for account in there.accounts.values()}):
        read_at = read.get(location)
        as_of = read_at.date() if read_at else None
        age = Age(f"models/{location}", f"The models list of {location}", as_of)
        found.append(catalog_old(age, today, rules.thresholds))
    shipped = Age("api-versions", "The api-version catalog", api_versions_on)
    found.append(catalog_old(shipped, today, rules.thresholds))
    in_use = "snapshot" in rule_facts.steps_used(connection, today - timedelta(days=7))
    snapshot = Age("snapshot", "The price snapshot in use", snapshot_on, in_use)
    return [*found, price_snapshot_old(snapshot, today, rules.thresholds)]


def _failures(row: ScopeRow, runs: Sequence[tuple[str, str]]) -> int:
    """Runs in a row, the newest first, whose error names the scope."""
    if row.status != "failed":
        return 0
    count = 0
    for _, error in runs:
        if f"{row.scope}: " not in error:
            break
        count += 1
    return max(count, 1)


def _role(remedy: str | None) -> str | None:
    """The role that the command of the remedy would grant."""
    if remedy is None:
        return None
    named = _ROLE.search(remedy)
    return (
        next((name for name in named.groups() if name), None) if named else "that `aoai-monitor doctor` names"
    )


def _shown(scope: str, there: Estate) -> str:
    """An account by its name: ARM ids are too long to read."""
    account = there.accounts.get(account_key(scope)) if scope.startswith("/") else None
    return account.name if account else scope


def _where(scope: str, there: Estate) -> Where:
    """Where it is, and nobody's: that we can not read an account is no matter of its owner."""
    key = account_key(scope)
    if key in there.accounts:
        return replace(there.where_account(key), owner=None, team=None)
    named = _SUBSCRIPTION.search(scope.casefold())
    return Where(subscription_id=named[0] if named else None)
