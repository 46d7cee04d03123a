"""The deeper questions about room, each answered as a JSON object: causes, advice, what if, and where a deployment fits."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from collector.answers.asked import JOBS, Asked, Json, plain, prices_of
from collector.answers.units import seat_key, times_of
from collector.domain.advice.latency import latency_beside
from collector.domain.advice.need import urgency_of
from collector.domain.advice.prices import RoomPrices, with_price_ratios
from collector.domain.advice.ranking import recommend
from collector.domain.advice.types import Line, Recommendation, Seat
from collector.domain.advice.what_if import Growth, ModelChange, WhatIf, supposed
from collector.domain.periods import Window
from collector.domain.room.fullness import NoDate, UntilFull, in_words
from collector.domain.room.quotas import line_changes
from collector.domain.room.throttling_words import describe
from collector.domain.types import account_key
from collector.store.engine import Connection
from collector.store.reads import overview
from collector.store.reads import room as rooms
from collector.store.reads.evidence import deployment_evidence, load_shapes
from collector.store.reads.evidence_units import unit_story
from collector.store.reads.quotas import quota_rows
from collector.store.reads.scope import Filters
from collector.store.reads.seats import DAYS
from collector.store.reads.seats_lines import RoomEstate, Spelling, room_estate
from collector.store.reads.until_full import deployments_until_full

_SIGNS: Final = ("share_tpm", "share_rpm", "lift", "regularity", "alone", "topped", "follows", "ptu_max")


def explained(connection: Connection, found: Json, period: str, filters: Filters, now: datetime) -> Json:
    """The object of `room` with when each deployment and line is full, and who holds a line; keys are only added."""
    full = deployments_until_full(connection)
    shapes = load_shapes(connection, period)
    for row in found["deployments"]:
        key = (account_key(row["account"]), row["deployment"].casefold())
        row |= {**_until(full.get(key), now.date()), **plain(shapes.get(key) or {})}
    estate = room_estate(connection, now, causes=False)
    lines = {(one.subscription_id, one.location, one.usage_name): one for one in estate.lines}
    spelling = Spelling(lines)
    holders = _holders(estate.seats, spelling)
    told = {
        (row.subscription_id, row.location, row.usage_name): row for row in quota_rows(connection, filters)
    }
    for row in found["quotas"]:
        key = (row["subscription_id"], row["location"], row["usage_name"])
        line, reading = lines.get(key), told.get(key)
        if line is None or reading is None:
            continue
        readings = [(one.read_at, one.limit, one.current) for one in reading.history]
        row |= {
            **line_object(line),
            "holders": holders.get(key, []),
            "changes": plain(line_changes(readings)),
        }
    return found


def diagnoses(asked: Asked, period: str, deployment: str | None = None) -> Json:
    """Why requests were refused, for every deployment that had any in the period or for the one that is named."""
    rows = rooms.room_rows(asked.connection, period, asked.filters)
    names = {row.key for row in rows}
    if deployment is not None and deployment.casefold() not in names:
        raise ValueError(f"--deployment {deployment!r}: expected one of {', '.join(sorted(names)) or 'none'}")
    wanted = [
        row
        for row in rows
        if (row.throttled or row.spilled) and (deployment is None or row.key == deployment.casefold())
    ]
    found = [_diagnosed(asked.connection, row) for row in wanted]
    return {
        "period": period,
        "as_of": plain(overview.freshness(asked.connection, JOBS, asked.filters).as_of),
        "deployments": sorted(
            (one for one in found if one is not None), key=lambda one: (-one["throttled"], one["deployment"])
        ),
    }


def advice(
    asked: Asked, *, can_wait: Mapping[str, float] | None = None, what_if: WhatIf | None = None
) -> Json:
    """Everything worth doing about room, most urgent first, on the last 30 days or on supposed ones."""
    estate = room_estate(asked.connection, asked.now, asked.filters)
    prices = prices_of(asked, estate)
    _check_waiting(estate.seats, can_wait or {})
    seats = [
        replace(seat, batchable_share=(can_wait or {}).get(seat.deployment.casefold()))
        for seat in estate.seats
    ]
    growth = float(what_if.factor) if isinstance(what_if, Growth) else 1.0
    head: Json = {
        "as_of": plain(overview.freshness(asked.connection, JOBS, asked.filters).as_of),
        "days": DAYS,
    }
    if what_if is not None:
        ratios = _model_ratios(seats, what_if, prices)
        changed = supposed(seats, what_if, estate.models, ratios)
        other = {
            (new.account_key, new.deployment)
            for old, new in zip(seats, changed.seats, strict=True)
            if new.model != old.model
        }
        seats = _with_units(asked, changed.seats, prices, growth=growth, but=other)
        estate = replace(estate, seats=tuple(seats))
        head |= {"changed": changed.changed, "not_offered": list(changed.not_offered)}
        head["deployments"] = [_supposed_object(seat, asked.now.date()) for seat in seats]
    else:
        seats = _with_units(asked, seats, prices)
    places = _priced_places(estate, seats, prices)
    found = recommend(seats, estate.lines, places)
    return {**head, "recommendations": [recommendation_object(one) for one in found]}


def recommendation_object(one: Recommendation) -> Json:
    return plain(one)


def line_object(line: Line) -> Json:
    use = line.use
    return {
        "reach": use.scope.reach,
        "pool": use.scope.pool,
        "may_share_pool": use.scope.may_share_pool,
        "visible": plain(use.visible),
        "unexplained": plain(use.unexplained),
        "held_by_deleted": plain(use.held_by_deleted),
        "over_allocated": plain(use.over_allocated),
        "stranded": plain(use.stranded),
    }


def _diagnosed(connection: Connection, row: rooms.RoomRow) -> Json | None:
    window = Window(row.starts_at, row.ends_at)
    found = deployment_evidence(connection, row.account_key, row.key, window).diagnosis()
    if found is None:
        return None
    summary = plain(found.summary)
    return {
        "subscription_id": row.subscription_id,
        "account": row.account,
        "deployment": row.deployment,
        "model": row.model,
        "sku": row.sku,
        "location": row.location,
        "cause": found.cause,
        "certain": found.certain,
        "diagnosis": describe(found),
        **{("throttled_" + name if name in _CLASSES else name): count for name, count in summary.items()},
        "rate": found.summary.rate,
        **{name: getattr(found, name) for name in _SIGNS},
        "minute_coverage": row.minute_coverage,
    }


_CLASSES: Final = ("at_limit", "below_limit", "unclassified")


def _until(full: UntilFull | NoDate | None, today: date) -> Json:
    known = full if isinstance(full, UntilFull) else None
    return {
        "days_to_full": known.days if known else None,
        "days_to_full_low": known.low if known else None,
        "days_to_full_high": known.high if known else None,
        "full": None if full is None else in_words(full, today),
    }


def _holders(seats: Iterable[Seat], spelling: Spelling) -> dict[tuple[str, str, str], list[Json]]:
    found: dict[tuple[str, str, str], list[Json]] = defaultdict(list)
    for seat in seats:
        if seat.usage_name is not None:
            held = {"account": seat.account, "deployment": seat.deployment, "units": seat.units}
            found[spelling.of(seat.subscription_id, seat.location, seat.usage_name)].append(held)
    return found


def _check_waiting(seats: Sequence[Seat], can_wait: Mapping[str, float]) -> None:
    names = {seat.deployment.casefold() for seat in seats}
    for name in can_wait.keys() - names:
        raise ValueError(f"--can-wait {name!r}: expected one of {', '.join(sorted(names)) or 'none'}")


def _with_units(
    asked: Asked,
    seats: Iterable[Seat],
    prices: RoomPrices,
    *,
    growth: float = 1.0,
    but: Container[tuple[UUID, str]] = (),
) -> list[Seat]:
    """Provisioned seats with their use and curve; `but` those that are supposed to run another model, of which no minute tells."""
    found: list[Seat] = []
    seats = list(seats)
    times = times_of(asked) if any(seat.provisioned for seat in seats) else []
    for seat in seats:
        known = seat.provisioned and (seat.account_key, seat.deployment) not in but
        story = unit_story(asked.connection, seat, prices, asked.now, growth=growth) if known else None
        told = seat if story is None else story.seat_with_units
        found.append(replace(told, latency=latency_beside(seat_key(seat), times)) if known else told)
    return found


def _priced_places(estate: RoomEstate, seats: Iterable[Seat], prices: RoomPrices) -> list[Any]:
    """Prices are asked only of what somebody who is short of room could move to."""
    tight = {seat.model.casefold() for seat in seats if urgency_of(seat) is not None}
    places: list[Any] = []
    for model in sorted(tight):
        offered = [place for place in estate.places({model}) if place.tpm_per_unit]
        places += with_price_ratios(offered, prices)
    return places


def _model_ratios(seats: Iterable[Seat], what_if: WhatIf, prices: RoomPrices) -> dict[tuple[str, str], float]:
    if not isinstance(what_if, ModelChange):
        return {}
    found: dict[tuple[str, str], float] = {}
    for seat in seats:
        if seat.model.casefold() != what_if.before.casefold():
            continue
        old = prices.tokens(seat.model, seat.version, seat.sku, seat.location)
        new = prices.tokens(what_if.after, None, seat.sku, seat.location)
        if old is not None and new is not None and old.input:
            found[seat.location, seat.sku] = float(
                (new.input * 4 + new.output) / (old.input * 4 + old.output)
            )
    return found


def _supposed_object(seat: Seat, today: date) -> Json:
    names = ("subscription_id", "account", "deployment", "model", "version", "sku", "location", "units")
    return {
        **{name: getattr(seat, name) for name in names},
        **{name: getattr(seat, name) for name in ("limit_tpm", "limit_rpm", "peak_tpm", "peak_rpm")},
        "used_share": seat.used_share,
        "binding": seat.binding,
        "ptu_max": None if seat.unit_use is None else seat.unit_use.peak,
        "headroom_tpm": _left(seat.limit_tpm, seat.peak_tpm),
        "headroom_rpm": _left(seat.limit_rpm, seat.peak_rpm),
        **_until(seat.until_full, today),
        "urgency": urgency_of(seat),
        "cost_per_month": plain(seat.cost_per_month),
    }


def _left(limit: int | None, peak: int | None) -> int | None:
    return None if limit is None or peak is None else limit - peak
