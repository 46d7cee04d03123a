"""What the rules of room look at: quota lines with their history, and each deployment's last 24 hours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import numpy as np

from collector.domain.alerts.room_rules import (
    QuotaFact,
    RoomFact,
    deployment_at_limit,
    ptu_idle,
    ptu_saturated,
    quota_line,
    throttling_begun,
    time_until_full,
)
from collector.domain.alerts.rules import Finding, NotKnown, Where
from collector.domain.alerts.settings import AlertRules
from collector.domain.alerts.words import sums
from collector.domain.periods import HOUR, floor_hour
from collector.domain.room.fullness import UntilFull
from collector.domain.types import PROVISIONED_SKUS
from collector.domain.usage.minutes import unpack_many
from collector.jobs.facts.endings import UNIT_WORDS
from collector.jobs.facts.place import Estate, subject_of
from collector.store.engine import Connection
from collector.store.reads import rule_facts
from collector.store.reads.endings import DeployedRow
from collector.store.reads.quotas import QuotaRow
from collector.store.reads.rule_facts import DayRow
from collector.store.reads.until_full import lines_until_full

AT_LIMIT: Final = 0.9
LAST_DAY: Final = timedelta(hours=24)
WEEK: Final = timedelta(days=7)
QUOTAS_TOO_OLD: Final = timedelta(hours=24)

Found = list[Finding | NotKnown | None]
Key = tuple[UUID, str]


def quota_findings(
    connection: Connection,
    quotas: Sequence[QuotaRow],
    rows: Sequence[DeployedRow],
    read_through: Mapping[str, datetime | None],
    rules: AlertRules,
    now: datetime,
) -> Found:
    """Every line that anything is allocated of; a line that nobody uses can not fill."""
    holders = _holders(connection, rows)
    until_full = lines_until_full(connection)
    found: Found = []
    for row in quotas:
        line = (row.subscription_id, row.location, row.usage_name)
        through = read_through.get(f"{row.subscription_id}/{row.location}") or row.last_read_at
        known = now - through <= QUOTAS_TOO_OLD
        full = until_full.get(line)
        dated = full if isinstance(full, UntilFull) else None
        per_unit = row.per_unit or Decimal(1)
        fact = QuotaFact(
            subject="/".join(line),
            usage_name=row.usage_name,
            label=row.usage_name.removeprefix("OpenAI."),
            limit=row.limit * per_unit if known else None,
            current=row.current * per_unit if known else None,
            unit=None if row.unit is None else UNIT_WORDS.get(row.unit, row.unit.replace("_", " ")),
            where=Where(subscription_id=row.subscription_id, location=row.location),
            read_at=through,
            holders=tuple(sorted(holders.get(line, ()))),
            days_to_full=dated.days if dated else None,
            days_to_full_low=dated.low if dated else None,
            days_to_full_high=dated.high if dated else None,
        )
        found += [
            quota_line(fact, rules.thresholds),
            time_until_full(fact, now.date(), rules.thresholds),
        ]
    return found


def room_findings(
    connection: Connection, rows: Sequence[DeployedRow], there: Estate, rules: AlertRules, now: datetime
) -> Found:
    """Each deployment over the last 24 hours, and provisioned ones over a week."""
    since = floor_hour(now - LAST_DAY) + HOUR
    limits = rule_facts.revisions_in_force(connection)
    days = rule_facts.day_rows(connection, since)
    busy = _busy_minutes(connection, since, limits, rules)
    means = rule_facts.ptu_means(connection, "7d")
    week_ago = now - WEEK
    costs = rule_facts.costs_of_kind(connection, "ptu_hour", week_ago.date(), now.date()) if means else {}
    found: Found = []
    for row in rows:
        key = (row.account_key, row.key)
        fact = _room_fact(row, there, days.get(key), limits.get(key, (None, None, None)), busy.get(key), now)
        mean = means.get(key)
        # A week's mean of what was made yesterday is no week's mean.
        if mean is not None and fact.requests is not None and there.created(*key, now) <= week_ago:
            cost = sums(costs[key]) if key in costs else None
            fact = replace(fact, ptu_mean_7d=Decimal(str(mean)) / 100, idle_cost_7d=cost)
        found += _rules_of(fact, rules)
    return found


@dataclass(frozen=True, slots=True)
class _Busy:
    """Minutes of the last day at the limit, and with provisioned capacity used up."""

    at_limit: int = 0
    saturated: int = 0


def _rules_of(fact: RoomFact, rules: AlertRules) -> Found:
    limits = rules.thresholds
    return [
        deployment_at_limit(fact, limits),
        throttling_begun(fact, limits),
        ptu_saturated(fact, limits),
        ptu_idle(fact, limits),
    ]


def _room_fact(
    row: DeployedRow,
    there: Estate,
    day: DayRow | None,
    limits: tuple[int | None, int | None, int | None],
    busy: _Busy | None,
    now: datetime,
) -> RoomFact:
    """An hour without a row was read and empty, if its account was read; otherwise nothing is known."""
    capacity, tpm, rpm = limits
    provisioned = row.what.sku in PROVISIONED_SKUS
    known = there.metrics_known(row.account_key, now)
    peaks = {"tpm": (day.peak_tpm if day else None, tpm), "rpm": (day.peak_rpm if day else None, rpm)}
    shares = {kind: peak / limit for kind, (peak, limit) in peaks.items() if peak is not None and limit}
    binding = max(shares, key=lambda kind: shares[kind]) if shares else None
    peak, limit = peaks[binding] if binding else (None, None)
    highest = day.ptu_max if day else None
    return RoomFact(
        subject=subject_of(row.account_key, row.key),
        name=row.deployment,
        account=row.account_name,
        where=there.where(row.account_key, row.key),
        read_at=there.metrics_through.get(row.account_key),
        requests=(day.requests if day else 0) if known else None,
        throttled=(day.throttled if day else 0) if known else None,
        minutes_at_limit=(busy.at_limit if busy else 0) if known and (tpm or rpm) else None,
        binding=binding,
        peak=peak,
        limit=limit,
        ptu_units=capacity if provisioned else None,
        ptu_max=None if highest is None else Decimal(str(highest)) / 100,
        ptu_minutes_saturated=(busy.saturated if busy else 0) if known and highest is not None else None,
    )


def _busy_minutes(
    connection: Connection,
    since: datetime,
    limits: Mapping[Key, tuple[int | None, int | None, int | None]],
    rules: AlertRules,
) -> dict[Key, _Busy]:
    """Only hours whose own peak stands at the limit are opened: a quiet estate opens none."""
    saturated = float(rules.thresholds.ptu_saturated) * 100
    hot = rule_facts.hot_hours(connection, since, AT_LIMIT, saturated)
    block = unpack_many([hour.minutes for hour in hot])
    tokens = block.tokens
    full = (block.ptu_max >= saturated).sum(axis=1)
    found: dict[Key, _Busy] = {}
    for index, hour in enumerate(hot):
        key = (hour.account_key, hour.deployment)
        _, tpm, rpm = limits.get(key, (None, None, None))
        at_limit = np.zeros(tokens.shape[1], dtype=bool)
        if tpm:
            at_limit |= tokens[index] >= AT_LIMIT * tpm
        if rpm:
            at_limit |= block.requests[index] >= AT_LIMIT * rpm
        before = found.get(key, _Busy())
        found[key] = _Busy(before.at_limit + int(at_limit.sum()), before.saturated + int(full[index]))
    return found


def _holders(connection: Connection, rows: Sequence[DeployedRow]) -> dict[tuple[str, str, str], set[str]]:
    """Which deployments draw from which quota line, as the models list says."""
    models = {row.what.base_model or row.what.model for row in rows}
    lines = {
        (
            offer.location,
            offer.model.casefold(),
            offer.version.casefold(),
            offer.sku.casefold(),
        ): offer.usage_name
        for offer in rule_facts.offered_quotas(connection, models)
    }
    found: dict[tuple[str, str, str], set[str]] = {}
    for row in rows:
        what = row.what
        model, version = (
            (what.base_model, what.base_version) if what.base_model else (what.model, what.version)
        )
        name = lines.get(
            (row.location, model.casefold(), (version or "").casefold(), (what.sku or "").casefold())
        )
        if name is not None:
            line = (row.subscription_id, row.location, name)
            found.setdefault(line, set()).add(f"{row.account_name}/{row.deployment}")
    return found
