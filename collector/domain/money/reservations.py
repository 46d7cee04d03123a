"""Provisioned units paid ahead: which hours of which deployments a reservation covers, and what of it stands unused.

A reservation is used by the hour or lost. Where deployments need more than it holds, each gets its part in
proportion to what it needs, since Azure does not tell whose units it covers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Final
from uuid import UUID

from collector.domain.periods import HOUR, Window

MONTHLY: Final = "1 Month"
YEARLY: Final = "1 Year"
HOURS_OF_TERM: Final[Mapping[str, Decimal]] = {MONTHLY: Decimal(730), YEARLY: Decimal(8760)}
"""Azure spreads a price over the hours of a year, or over a twelfth of them."""

CONFIGURED: Final = "configured"
BILLED: Final = "bill"
_ZERO: Final = Decimal(0)
_EXACT: Final = Decimal("1e-9")
_DAY_HOURS: Final = 24
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Reservation:
    """Units of one deployment type, paid ahead for a term. `price` is that of a unit for the term.

    Without `location` or `subscription` it serves all of them. `ends_on` is its last day; None: it is renewed.
    """

    name: str
    sku: str
    units: int
    starts_on: date
    price: Decimal
    currency: str
    term: str = MONTHLY
    ends_on: date | None = None
    location: str | None = None
    subscription: str | None = None

    @property
    def hourly(self) -> Decimal:
        """What a unit costs an hour."""
        return (self.price / HOURS_OF_TERM[self.term]).quantize(_EXACT)

    def holds(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)

    def serves(self, holding: Holding) -> bool:
        return (
            holding.sku.casefold() == self.sku.casefold()
            and holding.currency == self.currency
            and self.location in (None, holding.location)
            and self.subscription in (None, holding.subscription_id)
        )

    @property
    def precision(self) -> int:
        return (self.location is not None) + (self.subscription is not None)


@dataclass(frozen=True, slots=True)
class Holding:
    """Provisioned units of a deployment over a span of time, and the currency that it is charged in."""

    account_key: UUID
    deployment: str
    subscription_id: str
    location: str
    currency: str
    sku: str
    units: int
    span: Window


@dataclass(frozen=True, slots=True)
class ReservationUse:
    """A reservation over some days: unit-hours paid for and used, and what they cost.

    `needed_hours` are all unit-hours of what it may serve.
    """

    name: str
    source: str
    currency: str
    units: Decimal
    paid_hours: Decimal
    used_hours: Decimal
    needed_hours: Decimal
    cost: Decimal

    @property
    def unused_hours(self) -> Decimal:
        return self.paid_hours - self.used_hours

    @property
    def unused_cost(self) -> Decimal:
        return self.cost * self.unused_hours / self.paid_hours if self.paid_hours else _ZERO

    @property
    def utilisation(self) -> Decimal | None:
        """The part of what was paid for that was used."""
        return self.used_hours / self.paid_hours if self.paid_hours else None

    @property
    def coverage(self) -> Decimal | None:
        """The part of what was needed that it paid for."""
        return self.used_hours / self.needed_hours if self.needed_hours else None


DeploymentKey = tuple[UUID, str]
Covered = Mapping[DeploymentKey, Mapping[str, Decimal]]


def covered(reservations: Sequence[Reservation], holdings: Sequence[Holding], span: Window) -> Covered:
    """Unit-hours of every deployment that each reservation covers in the span, which lies within one UTC day."""
    there = [one for one in holdings if one.span.overlap(span)]
    found: dict[DeploymentKey, dict[str, Decimal]] = {}
    ours = sorted(
        (one for one in reservations if one.holds(span.start.date())), key=lambda one: -one.precision
    )
    for hour, times in _hours(span, there):
        left = {at: _need(one, hour) for at, one in enumerate(there)}
        for reservation in ours:
            for at, hours in _shared(reservation, there, left, hour).items():
                left[at] -= hours
                mine = found.setdefault((there[at].account_key, there[at].deployment), {})
                mine[reservation.name] = mine.get(reservation.name, _ZERO) + hours * times
    return found


def _hours(span: Window, holdings: Iterable[Holding]) -> list[tuple[Window, int]]:
    """The hours of the span; where nothing changes in a whole day, one hour of it, that many times."""
    count = -(-span.length // HOUR)
    if all(one.span.start <= span.start and span.end <= one.span.end for one in holdings):
        whole, rest = divmod(span.length, HOUR)
        found = [(Window(span.start, span.start + HOUR), whole)] if whole else []
        return found + ([(Window(span.end - rest, span.end), 1)] if rest else [])
    return [
        (Window(span.start + HOUR * at, min(span.end, span.start + HOUR * (at + 1))), 1)
        for at in range(count)
    ]


def _need(holding: Holding, hour: Window) -> Decimal:
    inside = holding.span.overlap(hour)
    return Decimal(holding.units * (inside.length // _MINUTE)) / 60 if inside else _ZERO


def _shared(
    reservation: Reservation, holdings: Sequence[Holding], left: Mapping[int, Decimal], hour: Window
) -> dict[int, Decimal]:
    needs = {at: left[at] for at, one in enumerate(holdings) if left[at] > 0 and reservation.serves(one)}
    pool = Decimal(reservation.units * (hour.length // _MINUTE)) / 60
    whole = sum(needs.values(), _ZERO)
    if whole <= pool:
        return needs
    found = {at: (pool * need / whole).quantize(_EXACT, rounding=ROUND_DOWN) for at, need in needs.items()}
    last = max(found)
    found[last] = pool - sum((hours for at, hours in found.items() if at != last), _ZERO)
    return found


@dataclass(frozen=True, slots=True)
class ReservedDay:
    """What the bill says of a reservation on a day: unit-hours used and unused, and their amortised cost."""

    name: str
    day: date
    currency: str
    used_hours: Decimal
    unused_hours: Decimal
    cost: Decimal


def uses(
    reservations: Sequence[Reservation], holdings: Sequence[Holding], days: Iterable[Window]
) -> list[ReservationUse]:
    """Configured reservations over spans of one day each."""
    paid, used, needed = ({one.name: _ZERO for one in reservations} for _ in range(3))
    for day in days:
        there = [one for one in holdings if one.span.overlap(day)]
        for parts in covered(reservations, there, day).values():
            for name, hours in parts.items():
                used[name] += hours
        for one in reservations:
            if one.holds(day.start.date()):
                paid[one.name] += Decimal(one.units * (day.length // _MINUTE)) / 60
                needed[one.name] += sum((_need(held, day) for held in there if one.serves(held)), _ZERO)
    return [
        ReservationUse(
            name=one.name,
            source=CONFIGURED,
            currency=one.currency,
            units=Decimal(one.units),
            paid_hours=paid[one.name],
            used_hours=used[one.name],
            needed_hours=needed[one.name],
            cost=one.hourly * paid[one.name],
        )
        for one in reservations
        if paid[one.name]
    ]


def billed_uses(
    lines: Iterable[ReservedDay], needed: Mapping[tuple[str, str], Decimal]
) -> list[ReservationUse]:
    """Reservations as billed; `needed` are all billed unit-hours of the meters they cover, by name and currency."""
    sums: dict[tuple[str, str], list[ReservedDay]] = {}
    for line in lines:
        sums.setdefault((line.name, line.currency), []).append(line)
    return [
        _billed_use(parts, needed.get(key, _ZERO))
        for key, parts in sorted(sums.items(), key=lambda one: one[0])
    ]


def _billed_use(days: Sequence[ReservedDay], needed: Decimal) -> ReservationUse:
    used = sum((one.used_hours for one in days), _ZERO)
    paid = used + sum((one.unused_hours for one in days), _ZERO)
    return ReservationUse(
        name=days[0].name,
        source=BILLED,
        currency=days[0].currency,
        units=paid / (_DAY_HOURS * len({one.day for one in days})),
        paid_hours=paid,
        used_hours=used,
        needed_hours=max(needed, used),
        cost=sum((one.cost for one in days), _ZERO),
    )
