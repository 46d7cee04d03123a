"""What to do about room, ranked: who is throttled or soon will be gets quota from where it lies unused.

Free units are spent once: what one recommendation takes, a later one does not promise again.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from collector.domain.advice.desk import Desk, line_key, place_key
from collector.domain.advice.need import (
    TARGET_SHARE,
    evidence_of,
    part_of_cost,
    spare_units,
    units_wanted,
    urgency_of,
)
from collector.domain.advice.savings import batched, resized
from collector.domain.advice.types import (
    AdviceKind,
    Evidence,
    Line,
    Money,
    Place,
    QuotaRequest,
    Recommendation,
    Seat,
    UnitChange,
    residency_change,
    unit_change,
)
from collector.domain.room.quotas import scope_of

_WAYS: Final[tuple[AdviceKind, ...]] = (
    "resize_units",
    "raise",
    "move_quota",
    "move_load",
    "ask_for_more",
    "batch",
    "lower",
)


def recommend(
    seats: Iterable[Seat], lines: Iterable[Line] = (), places: Iterable[Place] = ()
) -> tuple[Recommendation, ...]:
    """Everything worth doing, most urgent first.

    What is to be done for one deployment stands together, what is free before what has to be asked for; savings and
    tidying go by their effect.
    """
    seats = list(seats)
    desk = Desk.of(seats, lines, places)
    found: list[Recommendation] = []
    worst = sorted(seats, key=_need)
    for seat in worst:
        if urgency_of(seat) is not None and not seat.provisioned:
            found += _more_room(seat, desk)
    for seat in seats:
        found += [one for one in (resized(seat), batched(seat), desk.lowered(seat)) if one is not None]
    place = {(seat.account_key, seat.deployment): at for at, seat in enumerate(worst)}
    return tuple(sorted(found, key=lambda one: _rank(one, place[one.account_key, one.deployment])))


def _more_room(seat: Seat, desk: Desk) -> list[Recommendation]:
    """Free quota first, then quota that lies unused beside it, then another place, then asking for more."""
    wanted = units_wanted(seat)
    if seat.units is None or wanted is None or wanted <= seat.units:
        return []
    found: list[Recommendation] = []
    reached = seat.units
    for way in (_raised, _moved_quota):
        better = way(seat, reached, wanted, desk)
        if better is not None:
            found.append(better)
            reached = better.changes[-1].after
    short = wanted - reached
    if short > 0:
        moved = _moved_load(seat, short, desk)
        found += [moved] if moved is not None else []
        found.append(_asked(seat, wanted, short, desk, after_others=reached > seat.units))
    return found


def _raised(seat: Seat, reached: int, wanted: int, desk: Desk) -> Recommendation | None:
    key = line_key(seat)
    free = desk.free(key) if key is not None else 0
    after = seat.steps.down(min(wanted, reached + free))
    if key is None or after <= reached:
        return None
    desk.take(key, after - reached)
    return _gain(
        seat,
        "raise",
        f"Raise {seat.deployment} from {reached:,} to {after:,} units: the line has {free:,} free.",
        reached,
        after,
        (Evidence("free on the quota line", f"{free:,} units"),),
    )


def _moved_quota(seat: Seat, reached: int, wanted: int, desk: Desk) -> Recommendation | None:
    """Take from the neighbour on the line that has most to spare."""
    key = line_key(seat)
    for donor in desk.donors.get(key, []) if key is not None else []:
        given = desk.given.get((donor.account_key, donor.deployment), 0)
        donor_units = (donor.units or 0) - given
        spare = spare_units(donor) - given
        after = seat.steps.down(min(wanted, reached + spare))
        left = donor.steps.up(donor_units - (after - reached)) if after > reached else donor_units
        if after <= reached or donor_units - left < after - reached or donor is seat:
            continue
        desk.given[donor.account_key, donor.deployment] = given + donor_units - left
        return _gain(
            seat,
            "move_quota",
            f"Move {after - reached:,} units from {donor.deployment} ({donor_units:,} to {left:,}) to "
            f"{seat.deployment} ({reached:,} to {after:,}): both draw from {seat.usage_name}.",
            reached,
            after,
            (Evidence(f"busiest minute of {donor.deployment}", f"{donor.peak_tpm or 0:,} tokens"),),
            donor=unit_change(donor, left, before=donor_units),
        )
    return None


def _moved_load(seat: Seat, short: int, desk: Desk) -> Recommendation | None:
    """Another location or SKU of the same model version that can take what is missing, or most of it."""
    per_unit = seat.tokens_per_unit
    if per_unit is None:
        return None
    missing = per_unit * short
    best: tuple[Decimal, int, Place] | None = None
    for place in desk.places.get((seat.model, seat.version or ""), []):
        if not place.tpm_per_unit or place_key(place) == line_key(seat):
            continue
        units = min(place.steps.up(missing / place.tpm_per_unit), desk.room(place))
        gained = min(missing, units * place.tpm_per_unit)
        if units > 0 and (best is None or _better_place(seat, gained, place, best)):
            best = (gained, units, place)
    if best is None:
        return None
    gained, units, place = best
    free = desk.room(place)
    desk.take(place_key(place), units)
    return Recommendation(
        kind="move_load",
        account_key=seat.account_key,
        deployment=seat.deployment,
        summary=f"Deploy {seat.model} {seat.version} as {place.sku} in {place.location}{_elsewhere(seat, place)} with "
        f"{units:,} units and send it what {seat.deployment} cannot serve.",
        effect_tpm=int(gained),
        saves=_dearer(seat, place, gained),
        evidence=(
            *evidence_of(seat),
            Evidence(f"free in {place.location}", f"{free:,} units"),
        ),
        assumption="Callers can be pointed at a second endpoint." + _shared_pool(place),
        urgency=urgency_of(seat) or 0,
        residency=residency_change(seat.sku, seat.location, place.sku, place.location),
        place=place,
    )


def _elsewhere(seat: Seat, place: Place) -> str:
    return "" if place.subscription_id == seat.subscription_id else f" (subscription {place.subscription_id})"


def _asked(seat: Seat, wanted: int, short: int, desk: Desk, *, after_others: bool) -> Recommendation:
    key = line_key(seat)
    line = desk.lines.get(key) if key is not None else None
    limit = None if line is None else int(line.use.limit)
    per_unit = seat.tokens_per_unit
    asked = (limit if limit is not None else seat.units or 0) + short
    rate = f"{seat.throttled_at_limit / seat.requests:.1%}" if seat.requests else "an unknown share"
    return Recommendation(
        kind="ask_for_more",
        account_key=seat.account_key,
        deployment=seat.deployment,
        summary=f"Ask for {short:,} units more of {seat.usage_name or seat.sku} in {seat.location} for {seat.deployment}"
        + (": so many are missing after the quota above." if after_others else "."),
        effect_tpm=None if per_unit is None else int(per_unit * short),
        saves=None,
        evidence=evidence_of(seat),
        assumption="Azure grants it; until then nothing changes.",
        urgency=urgency_of(seat) or 0,
        request=QuotaRequest(
            subscription_id=seat.subscription_id,
            location=seat.location,
            model=seat.model,
            version=seat.version,
            sku=seat.sku,
            usage_name=seat.usage_name,
            current_limit_units=limit,
            requested_limit_units=asked,
            requested_tpm=None if per_unit is None else int(per_unit * asked),
            justification=f"Over the last {seat.days} days the busiest minute used {seat.peak_tpm or 0:,} of "
            f"{seat.limit_tpm or 0:,} tokens per minute and {rate} of {seat.requests:,} requests were refused at the limit; "
            f"{wanted:,} units keep the busiest minute at {int(TARGET_SHARE * 100)} %.",
        ),
    )


def _gain(
    seat: Seat,
    kind: str,
    summary: str,
    before: int,
    after: int,
    more: tuple[Evidence, ...],
    donor: UnitChange | None = None,
) -> Recommendation:
    per_unit = seat.tokens_per_unit
    # The giver comes first: a full line refuses the raise until something is free.
    changes = (() if donor is None else (donor,)) + (unit_change(seat, after, before=before),)
    return Recommendation(
        kind="raise" if kind == "raise" else "move_quota",
        account_key=seat.account_key,
        deployment=seat.deployment,
        summary=summary,
        effect_tpm=None if per_unit is None else int(per_unit * (after - before)),
        saves=None,
        evidence=(*evidence_of(seat), *more),
        assumption="Refused requests would have been as large as the served ones." + _shared_pool(seat),
        urgency=urgency_of(seat) or 0,
        changes=changes,
    )


def _better_place(seat: Seat, gained: Decimal, place: Place, best: tuple[Decimal, int, Place]) -> bool:
    def key(gained: Decimal, place: Place) -> tuple[Decimal, bool, bool, float]:
        return gained, place.sku == seat.sku, place.location == seat.location, -(place.price_ratio or 1.0)

    return key(gained, place) > key(best[0], best[2])


def _dearer(seat: Seat, place: Place, gained: Decimal) -> Money | None:
    if seat.cost_per_month is None or place.price_ratio is None or not seat.limit_tpm:
        return None
    moved = min(Decimal(1), gained / (seat.limit_tpm + gained))
    return part_of_cost(seat, moved * (1 - Decimal(str(place.price_ratio))))


def _shared_pool(at: Seat | Place) -> str:
    if at.usage_name is None or not scope_of(at.usage_name, at.location).may_share_pool:
        return ""
    return " The free quota is not taken from another location, behind which the same pool may stand."


def _need(seat: Seat) -> tuple[int, int, float]:
    urgency = urgency_of(seat)
    return 2 if urgency is None else urgency, -seat.throttled_at_limit, -(seat.used_share or 0)


def _rank(one: Recommendation, need: int) -> tuple[int, int, int, Decimal, int, str]:
    """What is urgent goes by who needs it most, then by how it is had; the rest by money and tokens."""
    if one.urgency < 2:
        return one.urgency, need, _WAYS.index(one.kind), Decimal(0), 0, one.deployment
    money = one.saves.amount if one.saves is not None else Decimal(0)
    return one.urgency, 0, 0, -money, -(one.effect_tpm or 0), one.deployment
