"""What ends when: deployments in force now beside what the models list states of them, and the api-versions they hear."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, and_, func, select

from collector.domain.endings.ending_types import Deployed
from collector.domain.endings.offers import BundledModel, Offer, Reading, offer_of
from collector.domain.periods import Window
from collector.store import tables
from collector.store.expressions import count_known, money_sum, plus
from collector.store.reads.cost_sums import pieces
from collector.store.reads.scope import EVERYTHING, Filters, Pair, within

MONTH_OF_USE = "30d"


@dataclass(frozen=True, slots=True)
class DeployedRow:
    """A deployment that exists now, and how much it was used: who would feel its end.

    `requests_30d` and `costs_30d` are None and empty where nothing is known of them.
    """

    account_key: UUID
    subscription_id: str
    account: str
    account_name: str
    key: str
    deployment: str
    location: str
    what: Deployed
    state: str | None
    requests_30d: int | None
    costs_30d: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class CatalogChange:
    """A move that the models list made, as it was seen."""

    seen_at: datetime
    location: str
    model: str
    version: str
    sku: str
    change: str
    before: str | None
    after: str | None


def deployed_rows(
    connection: Connection, window: Window | None, filters: Filters = EVERYTHING
) -> list[DeployedRow]:
    """Every deployment in force, with its requests of the last 30 days and, where a window is given, its cost in it."""
    account, deployment, revision, room = (
        tables.account,
        tables.deployment,
        tables.deployment_revision,
        tables.room_period,
    )
    joined = (
        revision.join(account, account.c.account_key == revision.c.account_key)
        .join(
            deployment,
            and_(
                deployment.c.account_key == revision.c.account_key,
                deployment.c.deployment == revision.c.deployment,
            ),
        )
        .outerjoin(
            room,
            and_(
                room.c.account_key == revision.c.account_key,
                room.c.deployment == revision.c.deployment,
                room.c.period == MONTH_OF_USE,
            ),
        )
    )
    asked = (
        select(revision, account.c.subscription_id, account.c.arm_id, account.c.location)
        .add_columns(account.c.name.label("account_name"), deployment.c.name, count_known(room, "requests"))
        .select_from(joined)
        .where(
            revision.c.ends_at.is_(None),
            deployment.c.deleted_at.is_(None),
            account.c.deleted_at.is_(None),
            *within(connection, filters, revision),
        )
        .order_by(revision.c.account_key, revision.c.deployment)
    )
    costs = {} if window is None else _costs(connection, window, filters)
    publishers = _publishers(connection)
    return [
        DeployedRow(
            account_key=row["account_key"],
            subscription_id=row["subscription_id"],
            account=row["arm_id"],
            account_name=row["account_name"],
            key=row["deployment"],
            deployment=row["name"],
            location=row["location"],
            what=Deployed(
                model=row["model"],
                version=row["version"],
                sku=row["sku"] or None,
                location=row["location"],
                upgrade_option=row["upgrade_option"],
                fine_tuned=row["base_model"] is not None,
                base_model=row["base_model"],
                base_version=row["base_version"],
                publisher=publishers.get((row["format"], row["model"])) or row["format"],
            ),
            state=row["state"],
            requests_30d=row["requests"],
            costs_30d=tuple(sorted(costs.get((row["account_key"], row["deployment"]), ()))),
        )
        for row in connection.execute(asked).mappings()
    ]


def offers_for(
    connection: Connection, rows: Iterable[DeployedRow], bundled: Iterable[BundledModel] = ()
) -> list[Offer]:
    """What the models lists state of the models deployed, where they are deployed, and of their replacements.

    A replacement may be named by the list itself or by what ships with us.
    """
    deployed = [row.what for row in rows]
    locations = sorted({what.location for what in deployed})
    names = {name for what in deployed for name in (what.model, what.base_model) if name}
    found = _offers(connection, locations, names)
    stated = {offer.replacement_model for offer in found}
    stated |= {note.replacement_model for note in bundled if note.model in names}
    replacements = {name for name in stated if name} - names
    return found + _offers(connection, locations, replacements)


def model_readings(connection: Connection) -> list[Reading]:
    """When each location's models list was last read well, and whether a later attempt failed."""
    catalog, watermark = tables.catalog_model, tables.watermark
    asked = select(catalog.c.location, func.max(catalog.c.last_seen_at)).group_by(catalog.c.location)
    known = {row[0]: row[1] for row in connection.execute(asked)}
    failed = connection.execute(
        select(watermark.c.scope, watermark.c.attempted_at).where(
            watermark.c.job == "models", watermark.c.status == "failed"
        )
    ).all()
    failed_at: dict[str, datetime] = {}
    for scope, attempted_at in sorted(failed, key=lambda row: row[1]):
        for word in _words(scope):
            failed_at[word] = attempted_at
    return [
        Reading(location, read_at, failed_at.get(location)) for location, read_at in sorted(known.items())
    ]


def catalog_changes(
    connection: Connection, since: datetime, filters: Filters = EVERYTHING
) -> list[CatalogChange]:
    """Moves of the models lists since an instant, newest first."""
    event = tables.catalog_event
    asked = select(
        event.c.seen_at,
        event.c.location,
        event.c.model,
        event.c.version,
        event.c.sku,
        event.c.change,
        event.c.before,
        event.c.after,
    ).where(event.c.seen_at >= since)
    if filters.locations:
        asked = asked.where(event.c.location.in_(filters.locations))
    if filters.models:
        asked = asked.where(event.c.model.in_(filters.models))
    return [CatalogChange(*row) for row in connection.execute(asked.order_by(event.c.seen_at.desc()))]


def _offers(connection: Connection, locations: list[str], models: Iterable[str]) -> list[Offer]:
    catalog = tables.catalog_model
    wanted = sorted({model.casefold() for model in models})
    if not wanted or not locations:
        return []
    asked = select(
        catalog.c.model,
        catalog.c.version,
        catalog.c.sku,
        catalog.c.location,
        catalog.c.format,
        catalog.c.fine_tuned,
        catalog.c.lifecycle_status,
        catalog.c.inference_retires_at,
        catalog.c.sku_retires_at,
        catalog.c.fine_tune_retires_at,
        catalog.c.deprecation_status,
        catalog.c.replacement_model,
        catalog.c.replacement_version,
        catalog.c.auto_upgrade_at,
        catalog.c.upgrade_lead_days,
    ).where(
        catalog.c.location.in_(locations),
        func.lower(catalog.c.model).in_(wanted),
        catalog.c.gone_at.is_(None),
    )
    return [offer_of(row) for row in connection.execute(asked)]


def _costs(connection: Connection, window: Window, filters: Filters) -> dict[Pair, list[tuple[str, Decimal]]]:
    sums: dict[tuple[UUID, str, str], Decimal] = defaultdict(Decimal)
    for piece in pieces(connection, window, filters, "deployment"):
        alike = [piece.table.c[name] for name in ("account_key", "deployment", "currency")]
        for key, name, currency, cost in connection.execute(
            piece.sums(*alike, amounts=[money_sum(piece.table.c.cost)])
        ):
            sums[key, name, currency] = plus(sums[key, name, currency], cost)
    found: dict[Pair, list[tuple[str, Decimal]]] = defaultdict(list)
    for (account_key, deployment, currency), cost in sums.items():
        found[account_key, deployment].append((currency, cost))
    return found


def _publishers(connection: Connection) -> dict[tuple[str, str], str]:
    catalog = tables.catalog_model
    asked = select(catalog.c.format, catalog.c.model, catalog.c.publisher).distinct()
    return {(row.format, row.model): row.publisher for row in connection.execute(asked) if row.publisher}


def _words(scope: str) -> list[str]:
    return [word for word in scope.casefold().replace("/", " ").split(" ") if word]
