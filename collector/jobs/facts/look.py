"""All rules over all that the store knows: facts in, findings out. Nothing here remembers what was told."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from collector.domain.alerts.rules import Finding, NotKnown
from collector.domain.alerts.settings import AlertRules
from collector.domain.alerts.types import AlertState
from collector.domain.endings.replacement import PricesOn
from collector.domain.money.budgets import Budget
from collector.domain.periods import last_days
from collector.jobs.charges import MoneyRules
from collector.jobs.facts.endings import DatedKnowledge, api_findings, model_findings
from collector.jobs.facts.health import age_findings, health_findings
from collector.jobs.facts.money import (
    anomaly_findings,
    budget_findings,
    reconciliation_findings,
    unpriced_findings,
)
from collector.jobs.facts.place import estate
from collector.jobs.facts.room import quota_findings, room_findings
from collector.store.engine import Connection
from collector.store.reads import endings
from collector.store.reads.prices import price_stamp, prices_on
from collector.store.reads.quotas import quota_rows
from collector.store.reads.usage import watermarks

BLIND_AFTER: Final = timedelta(days=2)
"""After so long without a reading, an alert that no fact mentions any more is kept, not closed."""

_RESTS_ON: Final = {
    "api_version_ending": "api_use",
    "api_version_superseded": "api_use",
    "feature_ending": "api_use",
    "quota_line": "quotas",
    "time_until_full": "quotas",
    "model_ending": "inventory",
    "auto_upgrade_coming": "inventory",
    "deployment_at_limit": "metrics",
    "throttling_begun": "metrics",
    "ptu_saturated": "metrics",
    "ptu_idle": "metrics",
    "cost_anomaly": "metrics",
    "unpriced_usage": "metrics",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What rules need that no database holds: dated facts that ship with us, and the configuration's."""

    dated: DatedKnowledge
    snapshot_on: date
    budgets: tuple[Budget, ...] = ()
    money: MoneyRules = field(default_factory=MoneyRules)


Look = Callable[[Connection, Sequence[AlertState], datetime], list[Finding | NotKnown]]
"""What is so now, given the alerts there are."""


def looking(known: Known, rules: AlertRules) -> Look:
    shelf = PriceShelf(known.money)
    return lambda connection, states, now: findings(connection, known, rules, states, now, shelf)


class PriceShelf:
    """Prices of replacements, read anew when a price changed or a day began: a pass comes every few minutes."""

    def __init__(self, money: MoneyRules) -> None:
        self._money = money
        self._held: tuple[Hashable, PricesOn] | None = None

    def at(self, connection: Connection, locations: frozenset[str], on: date) -> PricesOn:
        key = (price_stamp(connection), locations, on)
        if self._held is None or self._held[0] != key:
            money = self._money
            prices = prices_on(
                connection,
                locations,
                on,
                snapshot=money.snapshot,
                rates=money.rates,
                notes=money.notes,
                currency=money.currency or "USD",
            )
            self._held = (key, prices)
        return self._held[1]


def findings(
    connection: Connection,
    known: Known,
    rules: AlertRules,
    states: Sequence[AlertState],
    now: datetime,
    shelf: PriceShelf | None = None,
) -> list[Finding | NotKnown]:
    """Every rule, each alert that stands on facts which were not read kept as `NotKnown`."""
    there = estate(connection, rules)
    rows = endings.deployed_rows(connection, last_days(now.date(), 30))
    quotas = quota_rows(connection)
    read = watermarks(connection, "quotas")
    held = shelf or PriceShelf(known.money)

    def prices_at(locations: frozenset[str]) -> PricesOn:
        return held.at(connection, locations, now.date())

    parts: tuple[Callable[[], list[Finding | NotKnown | None]], ...] = (
        lambda: model_findings(connection, known.dated, rows, there, quotas, prices_at, rules, now),
        lambda: api_findings(connection, known.dated, there, rules, now),
        lambda: quota_findings(connection, quotas, rows, read, rules, now),
        lambda: room_findings(connection, rows, there, rules, now),
        lambda: budget_findings(connection, known.budgets, there, rules, now),
        lambda: anomaly_findings(connection, there, rules, now),
        lambda: reconciliation_findings(connection, there, rules, now),
        lambda: unpriced_findings(connection, there, rules, now),
        lambda: health_findings(connection, there, rules, now),
        lambda: age_findings(
            connection, known.dated.api_versions.as_of, known.snapshot_on, there, rules, now
        ),
    )
    found = [one for part in parts for one in part() if one is not None]
    return [*found, *_kept(connection, states, found, now)]


def _kept(
    connection: Connection,
    states: Sequence[AlertState],
    found: Sequence[Finding | NotKnown],
    now: datetime,
) -> list[NotKnown]:
    """Alerts that nobody mentions while the job that would mention them has not read for days."""
    mentioned = {one.key for one in found}
    blind: dict[str, bool] = {}
    for job in set(_RESTS_ON.values()):
        known = [through for through in watermarks(connection, job).values() if through is not None]
        blind[job] = not known or now - max(known) > BLIND_AFTER
    return [
        NotKnown(state.rule, state.subject)
        for state in states
        if state.key not in mentioned and blind.get(_RESTS_ON.get(state.rule, ""), False)
    ]
