"""Every deployment that is there with its room over the last weeks, as advice takes it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, and_, func, select

from collector.domain.advice.need import unthrottled_peak
from collector.domain.advice.types import Money, Seat, Steps
from collector.domain.periods import DAY, last_days, midnight
from collector.domain.room.fullness import NoDate, UntilFull
from collector.domain.types import CatalogModel, location_key
from collector.reports.fullness import TREND, daily_shares
from collector.store import tables
from collector.store.expressions import money_sum
from collector.store.reads.catalog import all_models
from collector.store.reads.evidence import deployment_evidence
from collector.store.reads.scope import EVERYTHING, Filters, within
from collector.store.reads.until_full import deployments_until_full

PERIOD: Final = "30d"
DAYS: Final = 30

DeploymentKey = tuple[UUID, str]


def seats(
    connection: Connection,
    now: datetime,
    filters: Filters = EVERYTHING,
    *,
    models: Iterable[CatalogModel] | None = None,
    causes: bool = True,
) -> tuple[Seat, ...]:
    """Every deployment that is there, with its room over the last 30 days.

    With `causes`, the minutes of those that were throttled are read for why, and for what they would have used, and
    the days until each is full are told; without, both stay unknown, and no time is spent on them.
    """
    offers = {offer_key(one): one for one in (all_models(connection) if models is None else models)}
    costs = _costs(connection, now.date(), filters)
    full = deployments_until_full(connection) if causes else {}
    found = [_seat(row, offers, costs, full, now) for row in _deployed(connection, filters)]
    return tuple(_with_cause(connection, seat, now) if causes and seat.throttled else seat for seat in found)


def peak_course(
    connection: Connection, account_key: UUID, deployment: str, now: datetime
) -> tuple[tuple[float | None, ...], datetime | None]:
    """One deployment's busiest minutes by whole days, and when the last of them ended."""
    room = tables.room_period
    row = connection.execute(
        select(room.c.trend, room.c.ends_at).where(
            room.c.period == TREND, room.c.account_key == account_key, room.c.deployment == deployment
        )
    ).first()
    if row is None:
        return (), None
    return daily_shares(row.trend, row.ends_at, now), min(row.ends_at, midnight(now.date()))


def deployed_models(
    connection: Connection, subscriptions: Collection[str] = ()
) -> list[tuple[str, str, str, str]]:
    """Subscription, format, model and version of everything that is deployed; fine-tuned ones by their base."""
    revision, account = tables.deployment_revision, tables.account
    model = func.coalesce(revision.c.base_model, revision.c.model)
    version = func.coalesce(revision.c.base_version, revision.c.version)
    asked = (
        select(account.c.subscription_id, revision.c.format, model, version)
        .join_from(revision, account, account.c.account_key == revision.c.account_key)
        .where(revision.c.ends_at.is_(None), account.c.deleted_at.is_(None), version.is_not(None))
        .distinct()
    )
    found = [(row[0], row[1], row[2], row[3]) for row in connection.execute(asked)]
    return sorted(one for one in found if not subscriptions or one[0] in subscriptions)


def _deployed(connection: Connection, filters: Filters) -> list[Mapping[str, Any]]:
    revision, account, deployment = tables.deployment_revision, tables.account, tables.deployment
    room, long = tables.room_period.alias("room"), tables.room_period.alias("long")

    def of(period: Any, key: str) -> Any:
        return and_(
            period.c.account_key == revision.c.account_key,
            period.c.deployment == revision.c.deployment,
            period.c.period == key,
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
        .outerjoin(room, of(room, PERIOD))
        .outerjoin(long, of(long, TREND))
    )
    told = (
        "peak_tpm",
        "peak_rpm",
        "p99_tpm",
        "requests",
        "throttled",
        "throttled_at_limit",
        "minute_coverage",
    )
    asked = (
        select(
            revision,
            account.c.subscription_id,
            account.c.arm_id,
            account.c.location,
            deployment.c.name,
            func.coalesce(deployment.c.created_at, deployment.c.first_seen_at).label("since"),
            *(room.c[name] for name in told),
            long.c.trend,
            long.c.ends_at.label("trend_ends_at"),
        )
        .select_from(joined)
        .where(
            revision.c.ends_at.is_(None),
            deployment.c.deleted_at.is_(None),
            account.c.deleted_at.is_(None),
            *within(connection, filters, revision),
        )
        .order_by(revision.c.account_key, revision.c.deployment)
    )
    return [dict(row) for row in connection.execute(asked).mappings()]


def _seat(
    row: Mapping[str, Any],
    offers: Mapping[tuple[str, ...], CatalogModel],
    costs: Mapping[DeploymentKey, Money],
    full: Mapping[DeploymentKey, UntilFull | NoDate],
    now: datetime,
) -> Seat:
    model, version = row["base_model"] or row["model"], row["base_version"] or row["version"]
    tuned = row["base_model"] is not None
    offer = offers.get(
        (row["location"], row["format"].casefold(), model.casefold(), (version or "").casefold(), row["sku"].casefold(), str(tuned))
    )  # fmt: skip
    since: datetime | None = row["since"]
    return Seat(
        account_key=row["account_key"],
        account=row["arm_id"],
        deployment=row["name"],
        subscription_id=row["subscription_id"],
        location=row["location"],
        model=model,
        version=version,
        sku=row["sku"],
        format=row["format"],
        usage_name=None if offer is None else offer.usage_name,
        units=row["capacity"],
        limit_tpm=row["limit_tpm"],
        limit_rpm=row["limit_rpm"],
        tpm_per_unit=None if offer is None else offer.tpm_per_unit,
        rpm_per_unit=None if offer is None else offer.rpm_per_unit,
        steps=Steps() if offer is None else steps_of(offer),
        days=DAYS if since is None else max(0, min(DAYS, (now - since) // DAY)),
        minute_coverage=row["minute_coverage"],
        peak_tpm=row["peak_tpm"] if row["limit_tpm"] is not None else None,
        peak_rpm=row["peak_rpm"],
        p99_tpm=row["p99_tpm"],
        requests=row["requests"] or 0,
        throttled=row["throttled"] or 0,
        throttled_at_limit=row["throttled_at_limit"] or 0,
        until_full=full.get((row["account_key"], row["deployment"])),
        daily_shares=daily_shares(row["trend"], row["trend_ends_at"], now),
        cost_per_month=costs.get((row["account_key"], row["deployment"])),
    )


def _with_cause(connection: Connection, seat: Seat, now: datetime) -> Seat:
    evidence = deployment_evidence(
        connection, seat.account_key, seat.deployment.casefold(), last_days(now.date(), DAYS)
    )
    diagnosis = evidence.diagnosis()
    return replace(
        seat,
        cause=None if diagnosis is None else diagnosis.cause,
        demand_tpm=None if seat.limit_tpm is None else unthrottled_peak(evidence.block),
    )


def _costs(connection: Connection, today: date, filters: Filters) -> dict[DeploymentKey, Money]:
    """What each deployment cost over the last 30 whole days, in the currency of most of it."""
    charge = tables.charge_day
    asked = (
        select(charge.c.account_key, charge.c.deployment, charge.c.currency, money_sum(charge.c.cost))
        .where(charge.c.day >= today - timedelta(days=DAYS), charge.c.day < today, charge.c.cost.is_not(None))
        .where(*within(connection, filters, charge))
        .group_by(charge.c.account_key, charge.c.deployment, charge.c.currency)
    )
    found: dict[DeploymentKey, Money] = {}
    for key, deployment, currency, cost in connection.execute(asked):
        before = found.get((key, deployment))
        if cost is not None and (before is None or cost > before.amount):
            found[key, deployment] = Money(cost, currency)
    return found


def offer_key(model: CatalogModel) -> tuple[str, str, str, str, str, str]:
    """Location, format, model, version, SKU, and whether it is fine-tuned, in one spelling."""
    return (
        location_key(model.location),
        model.format.casefold(),
        model.model.casefold(),
        model.version.casefold(),
        model.sku.casefold(),
        str(model.fine_tuned),
    )


def steps_of(model: CatalogModel) -> Steps:
    return Steps(model.capacity_minimum or 1, model.capacity_step or 1, model.capacity_maximum)
