"""Everything that advice and fit are asked of: deployments, quota lines with who holds them, and places to deploy in."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal

from sqlalchemy import Connection, and_, func, select

from collector.domain.advice.need import well_known
from collector.domain.advice.types import Line, Place, Seat
from collector.domain.room.accounts import accounts_free, needs_account
from collector.domain.room.quotas import PURGED_AFTER, DeletedHold, Holding, LineUse, line_use
from collector.domain.types import CatalogModel, location_key
from collector.store import tables
from collector.store.reads.catalog import all_models
from collector.store.reads.quotas import QuotaRow, quota_rows
from collector.store.reads.scope import EVERYTHING, Filters
from collector.store.reads.seats import offer_key, seats, steps_of

LineKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class RoomEstate:
    """Everything that advice and fit are asked of; `homes` are the kinds of the accounts that lie in a subscription and location."""

    seats: tuple[Seat, ...]
    lines: tuple[Line, ...]
    models: tuple[CatalogModel, ...]
    homes: Mapping[tuple[str, str], frozenset[str]]
    capacities: Mapping[tuple[str, str, str, str, str, str], Decimal]
    today: date

    def places(self, models: Collection[str] | None = None) -> tuple[Place, ...]:
        """Where the named models (casefolded; None is all that are deployed) could be deployed, with what is free."""
        wanted = {seat.model.casefold() for seat in self.seats} if models is None else set(models)
        return tuple(_places(self, wanted))


def room_estate(
    connection: Connection, now: datetime, filters: Filters = EVERYTHING, *, causes: bool = True
) -> RoomEstate:
    """The seats that the filters leave, and all lines and models: free quota is where it is."""
    models = tuple(all_models(connection))
    everyone = seats(connection, now, models=models, causes=causes)
    return RoomEstate(
        seats=everyone
        if filters == EVERYTHING
        else seats(connection, now, filters, models=models, causes=causes),
        lines=tuple(lines(connection, now, everyone)),
        models=models,
        homes=_homes(connection),
        capacities=_capacities(connection),
        today=now.date(),
    )


def lines(connection: Connection, now: datetime, known: Iterable[Seat]) -> list[Line]:
    """Every quota line that Azure tells, against what the deployments we see hold of it."""
    told = quota_rows(connection)
    spelling = Spelling((row.subscription_id, row.location, row.usage_name) for row in told)
    held: dict[LineKey, list[Holding]] = defaultdict(list)
    for seat in known:
        if seat.usage_name is not None and seat.units is not None:
            held[spelling.of(seat.subscription_id, seat.location, seat.usage_name)].append(_holding(seat))
    deleted = {spelling.of(*key): holds for key, holds in _deleted(connection, now).items()}
    return [_line(row, held, deleted, now) for row in told]


class Spelling:
    """Which line a model's usage name means: the one spelled so, else the one that differs in capitals only.

    Azure tells some lines twice, as `DatazoneStandard` and `DataZoneStandard`, with limits of their own.
    """

    def __init__(self, told: Iterable[LineKey]) -> None:
        self._exact = set(told)
        self._any = {
            (subscription, location, name.casefold()): name for subscription, location, name in self._exact
        }

    def of(self, subscription_id: str, location: str, usage_name: str) -> LineKey:
        key = (subscription_id, location, usage_name)
        if key in self._exact:
            return key
        return (subscription_id, location, self._any.get((*key[:2], usage_name.casefold()), usage_name))


def _holding(seat: Seat) -> Holding:
    pairs = ((seat.peak_tpm, seat.tokens_per_unit), (seat.peak_rpm, seat.requests_per_unit))
    needs = [Decimal(peak) / per for peak, per in pairs if peak is not None and per]
    needed = max(needs).to_integral_value(ROUND_CEILING) if needs and well_known(seat) else None
    # What nobody read may be in use: only minutes that are known show that it is not.
    idle = seat.requests == 0 and bool(seat.minute_coverage)
    return Holding(seat.account_key, seat.deployment, Decimal(seat.units or 0), needed, idle=idle)


def _line(
    row: QuotaRow,
    held: Mapping[LineKey, list[Holding]],
    deleted: Mapping[LineKey, list[DeletedHold]],
    now: datetime,
) -> Line:
    key = (row.subscription_id, row.location, row.usage_name)
    use = line_use(
        row.usage_name,
        row.location,
        row.label,
        row.limit,
        row.current,
        held.get(key, ()),
        deleted=deleted.get(key, ()),
        now=now,
    )
    return Line(row.subscription_id, row.location, row.usage_name, use)


def _deleted(connection: Connection, now: datetime) -> dict[LineKey, list[DeletedHold]]:
    """What freshly deleted accounts held by their last revisions: ARM keeps it from others for two days."""
    account, revision, catalog = tables.account, tables.deployment_revision, tables.catalog_model
    joined = revision.join(account, account.c.account_key == revision.c.account_key).join(
        catalog,
        and_(
            catalog.c.location == account.c.location,
            catalog.c.format == revision.c.format,
            catalog.c.model == func.coalesce(revision.c.base_model, revision.c.model),
            catalog.c.version == func.coalesce(revision.c.base_version, revision.c.version),
            catalog.c.sku == revision.c.sku,
            catalog.c.fine_tuned == revision.c.base_model.is_not(None),
        ),
    )
    asked = (
        select(
            account.c.subscription_id,
            account.c.location,
            catalog.c.usage_name,
            account.c.name,
            account.c.deleted_at,
            func.sum(revision.c.capacity).label("units"),
        )
        .select_from(joined)
        .where(
            account.c.deleted_at > now - PURGED_AFTER,
            catalog.c.usage_name.is_not(None),
            revision.c.capacity.is_not(None),
            revision.c.ends_at.is_(None) | (revision.c.ends_at >= account.c.deleted_at),
        )
        .group_by(
            account.c.subscription_id,
            account.c.location,
            catalog.c.usage_name,
            account.c.name,
            account.c.deleted_at,
        )
    )
    found: dict[LineKey, list[DeletedHold]] = defaultdict(list)
    for row in connection.execute(asked):
        hold = DeletedHold(row.name, Decimal(row.units), row.deleted_at)
        found[row.subscription_id, row.location, row.usage_name].append(hold)
    return found


def _capacities(connection: Connection) -> dict[tuple[str, str, str, str, str, str], Decimal]:
    table = tables.model_capacity
    return {
        (
            row.subscription_id,
            row.location,
            row.format.casefold(),
            row.model.casefold(),
            row.version.casefold(),
            row.sku.casefold(),
        ): row.available
        for row in connection.execute(select(table))
    }


def _homes(connection: Connection) -> dict[tuple[str, str], frozenset[str]]:
    account = tables.account
    columns = (account.c.subscription_id, account.c.location, account.c.kind)
    found: dict[tuple[str, str], frozenset[str]] = {}
    for subscription_id, location, kind in connection.execute(
        select(*columns).where(account.c.deleted_at.is_(None)).distinct()
    ):
        place = (subscription_id, location)
        found[place] = found.get(place, frozenset()) | {kind}
    return found


def _places(estate: RoomEstate, wanted: Collection[str]) -> Iterable[Place]:
    """One place for each subscription and location that the models list offers, with the line that it names.

    Where Azure told no such line, what is free there is unknown.
    """
    spelling = Spelling((line.subscription_id, line.location, line.usage_name) for line in estate.lines)
    known = {(line.subscription_id, line.location, line.usage_name): line for line in estate.lines}
    counted: dict[tuple[str, str], dict[str, LineUse]] = defaultdict(dict)
    for line in estate.lines:
        counted[line.subscription_id, line.location][line.usage_name.casefold()] = line.use
    subscriptions: dict[str, set[str]] = defaultdict(set)
    for subscription_id, location in (
        *estate.homes,
        *((line.subscription_id, line.location) for line in estate.lines),
    ):
        subscriptions[location].add(subscription_id)
    for model in estate.models:
        if model.model.casefold() not in wanted or model.fine_tuned or not model.usage_name or not model.sku:
            continue
        key = offer_key(model)
        for subscription in sorted(subscriptions.get(key[0], ())):
            line = known.get(spelling.of(subscription, key[0], model.usage_name))
            available = estate.capacities.get((subscription, *key[:5]))
            place = _place(model, subscription, line, None if available is None else int(available))
            home = (subscription, key[0])
            yield replace(
                place,
                needs_account=needs_account(estate.homes.get(home, frozenset()), model.format),
                accounts_free=accounts_free(counted[home], model.format),
                ended=place.ends_on is not None and place.ends_on < estate.today.isoformat(),
            )


def _place(model: CatalogModel, subscription_id: str, line: Line | None, available: int | None) -> Place:
    ends = model.sku_retires_at or model.inference_retires_at
    return Place(
        subscription_id=subscription_id,
        location=location_key(model.location),
        sku=model.sku,
        model=model.model,
        version=model.version,
        usage_name=line.usage_name if line else model.usage_name or "",
        free_units=None if line is None else max(0, int(line.use.free)),
        tpm_per_unit=tokens_of_unit(model, line),
        steps=steps_of(model),
        available=available,
        ends_on=None if ends is None or ends.year >= 2099 else ends.date().isoformat(),
    )


def tokens_of_unit(model: CatalogModel, line: Line | None) -> Decimal | None:
    """Tokens a minute of one unit: the model's own figure, else what the text of its line says."""
    unit = None if line is None else line.use.unit
    told = Decimal(unit.per_unit) if unit is not None and unit.name == "tokens_per_minute" else None
    return model.tpm_per_unit or told
