"""What the rules of endings look at: every deployment with its date, every api-version and feature in use."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from collector.catalog.api_versions import ApiVersionCatalog
from collector.domain.alerts.api_rules import (
    ApiVersionUse,
    FeatureUse,
    api_version_ending,
    api_version_superseded,
    feature_ending,
)
from collector.domain.alerts.ending_rules import (
    DeploymentEnding,
    MovedDate,
    Use,
    auto_upgrade_coming,
    date_moved,
    model_ending,
)
from collector.domain.alerts.rules import Finding, NotKnown
from collector.domain.alerts.settings import AlertRules
from collector.domain.alerts.words import count
from collector.domain.endings.api_versions import api_ending
from collector.domain.endings.api_versions import feature_ending as feature_of
from collector.domain.endings.catalog_events import CatalogEvent, own_move
from collector.domain.endings.models import (
    BundledModel,
    Ending,
    OwnDeadline,
    base_of,
    ending_of,
    model_catalog,
)
from collector.domain.periods import last_days
from collector.jobs.facts.place import Estate, subject_of
from collector.store.engine import Connection
from collector.store.reads import endings, rule_facts
from collector.store.reads.endings import DeployedRow
from collector.store.reads.room import QuotaRow
from collector.store.reads.rule_facts import OfferedQuota

USED_WITHIN_DAYS: Final = 90

UNIT_WORDS: Final = {"ptu": "PTU"}

Found = list[Finding | NotKnown | None]
Line = tuple[str, str, str]
"""Subscription, location and usage name of a quota line."""


@dataclass(frozen=True, slots=True)
class DatedKnowledge:
    """What ships with us or was configured: api-versions, models, and a company's own deadlines."""

    api_versions: ApiVersionCatalog
    models: tuple[BundledModel, ...]
    deadlines: tuple[OwnDeadline, ...] = ()


def model_findings(
    connection: Connection,
    known: DatedKnowledge,
    rows: Sequence[DeployedRow],
    there: Estate,
    quotas: Sequence[QuotaRow],
    rules: AlertRules,
    now: datetime,
) -> Found:
    """Deadlines, upgrades by Azure and moved dates of every deployment in force."""
    today = now.date()
    catalog = model_catalog(
        endings.offers_for(connection, rows, known.models),
        endings.model_readings(connection),
        known.models,
        known.deadlines,
    )
    used = rule_facts.last_used(connection, today - timedelta(days=USED_WITHIN_DAYS))
    since = now - timedelta(days=rules.thresholds.moved_news_days)
    moves = _by_place(rule_facts.catalog_moves(connection, since))
    stated = [(row, ending_of(row.what, catalog, today)) for row in rows]
    free = _FreeQuota.of(connection, (ending for _, ending in stated), quotas)
    found: Found = []
    for row, ending in stated:
        fact = DeploymentEnding(
            subject=subject_of(row.account_key, row.key),
            name=row.deployment,
            account=row.account_name,
            model=row.what.model,
            version=row.what.version,
            sku=row.what.sku,
            ending=ending,
            where=there.where(row.account_key, row.key),
            use=Use(row.requests_30d, row.costs_30d, used.get((row.account_key, row.key))),
            replacement_free_quota=free.for_replacement(row, ending),
        )
        found += _of_deployment(fact, _own_move(row, ending, moves), now, rules)
    return found


def api_findings(
    connection: Connection, known: DatedKnowledge, there: Estate, rules: AlertRules, now: datetime
) -> Found:
    """Api-versions and features in use that end, and superseded versions as advice."""
    today, month = now.date(), last_days(now.date(), 30)
    uses = endings.api_use_rows(connection, month)
    all_requests: dict[tuple[object, str], int] = {}
    for use in uses:
        place = (use.account_key, use.key)
        all_requests[place] = all_requests.get(place, 0) + use.requests
    found: Found = []
    for use in uses:
        if not there.is_there(use.account_key, use.key):
            continue
        fact = ApiVersionUse(
            subject=f"{subject_of(use.account_key, use.key)}/{use.api_version}",
            account=use.account_name,
            deployment=use.deployment,
            ending=api_ending(use.api_version, known.api_versions.versions, today),
            where=there.where(use.account_key, use.key),
            requests_30d=use.requests,
            last_seen_on=use.last_seen,
            share=Decimal(use.requests) / all_requests[use.account_key, use.key],
            read_at=there.metrics_through.get(use.account_key),
        )
        found += [api_version_ending(fact, today, rules.thresholds), api_version_superseded(fact)]
    return found + _features(connection, known, there, rules, now)


def _features(
    connection: Connection, known: DatedKnowledge, there: Estate, rules: AlertRules, now: datetime
) -> Found:
    """One finding a feature and deployment: the operation that is called most speaks for it."""
    today = now.date()
    uses: dict[str, FeatureUse] = {}
    rows = rule_facts.operations(connection, last_days(today, 30))
    for row in sorted(rows, key=lambda row: -row.requests):
        ending = feature_of(row.operation, known.api_versions.features, today)
        account = there.accounts.get(row.account_key)
        if ending is None or account is None or not there.is_there(row.account_key, row.deployment):
            continue
        subject = f"{subject_of(row.account_key, row.deployment)}/{ending.feature}"
        before = uses.get(subject)
        uses[subject] = (
            FeatureUse(
                subject,
                account.name,
                there.name(row.account_key, row.deployment),
                row.operation,
                ending,
                there.where(row.account_key, row.deployment),
                row.requests,
                row.last_seen,
                there.metrics_through.get(row.account_key),
            )
            if before is None
            else replace(
                before,
                requests_30d=before.requests_30d + row.requests,
                last_seen_on=max(before.last_seen_on or row.last_seen, row.last_seen),
            )
        )
    return [feature_ending(use, today, rules.thresholds) for use in uses.values()]


def _of_deployment(
    fact: DeploymentEnding, move: tuple[datetime, CatalogEvent] | None, now: datetime, rules: AlertRules
) -> Found:
    today, thresholds = now.date(), rules.thresholds
    found: Found = []
    if move is not None:
        seen_at, event = move
        before, after = _day(event.before), _day(event.after)
        found.append(date_moved(MovedDate(fact, before, after, seen_at), now, thresholds))
        fact = replace(fact, moved_from=before)
    found.append(model_ending(fact, today, thresholds))
    if fact.ending.standing == "not_read":
        found.append(NotKnown("auto_upgrade_coming", fact.subject))
    else:
        found.append(auto_upgrade_coming(fact, today, thresholds))
    return found


def _own_move(
    row: DeployedRow, ending: Ending, moves: Mapping[tuple[str, str], list[tuple[datetime, CatalogEvent]]]
) -> tuple[datetime, CatalogEvent] | None:
    """The newest move of the date that this deployment now ends on; another date's move is not its news."""
    model, _ = base_of(row.what)
    there = moves.get((row.location, model.casefold()), [])
    event = own_move(row.what, (event for _, event in there))
    if event is None or _day(event.after) != ending.due_on:
        return None
    return next((seen_at, one) for seen_at, one in there if one is event)


def _by_place(
    moves: Iterable[tuple[datetime, CatalogEvent]],
) -> dict[tuple[str, str], list[tuple[datetime, CatalogEvent]]]:
    found: dict[tuple[str, str], list[tuple[datetime, CatalogEvent]]] = {}
    for seen_at, event in moves:
        found.setdefault((event.location, event.model.casefold()), []).append((seen_at, event))
    return found


@dataclass(frozen=True, slots=True)
class _FreeQuota:
    """What is free of the quota line that a replacement would draw from."""

    names: Mapping[tuple[str, str, str | None, str], str]
    lines: Mapping[Line, QuotaRow]

    @classmethod
    def of(cls, connection: Connection, stated: Iterable[Ending], quotas: Sequence[QuotaRow]) -> "_FreeQuota":
        models = {ending.replacement_model for ending in stated if ending.replacement_model}
        names: dict[tuple[str, str, str | None, str], str] = {}
        for offer in rule_facts.offered_quotas(connection, models):
            if not offer.fine_tuned:
                for version in (offer.version.casefold(), None):
                    names.setdefault(_offer_key(offer, version), offer.usage_name)
        return cls(names, {(row.subscription_id, row.location, row.usage_name): row for row in quotas})

    def for_replacement(self, row: DeployedRow, ending: Ending) -> str | None:
        if not ending.replacement_model or not row.what.sku:
            return None
        version = ending.replacement_version.casefold() if ending.replacement_version else None
        name = self.names.get(
            (row.location, ending.replacement_model.casefold(), version, row.what.sku.casefold())
        )
        line = self.lines.get((row.subscription_id, row.location, name)) if name else None
        if line is None:
            return None
        unit = UNIT_WORDS.get(line.unit or "", (line.unit or "").replace("_", " "))
        return f"{count((line.limit - line.current) * (line.per_unit or 1))} {unit}".strip()


def _offer_key(offer: OfferedQuota, version: str | None) -> tuple[str, str, str | None, str]:
    return offer.location, offer.model.casefold(), version, offer.sku.casefold()


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
