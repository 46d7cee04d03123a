"""What an account's own bill teaches about tokens that metrics cannot tell apart: cached, written to the cache, neither.

The lesson for a month is taken from the 28 days before it that were closed when it began, so that no month is ever
judged by its own bill.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from collector.domain.money.reconciliation_meters import Family, MeterBook, direction
from collector.domain.periods import Month, Window, midnight

LEARNING_DAYS: Final = 28
LATEST_LINES: Final = 4
"""Days until the last line of a day's bill has come: Azure tells it for up to 72 hours."""

_ENOUGH_TOKENS: Final = 1_000
_TEACHING: Final = frozenset({"input", "audio_input"})


@dataclass(frozen=True, slots=True)
class BilledQuantity:
    """What a meter counted for an account over some days, in the meter's own unit."""

    account_key: UUID
    meter_id: str
    meter: str | None
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Lesson:
    """How the tokens of a kind were parted: `tokens` were billed in all, `share` of them as `kind`."""

    account_key: UUID
    month: date
    family: str
    group: str
    kind: str
    share: Decimal
    tokens: Decimal


def learning_days(month: Month) -> Window:
    """The days whose bill teaches the shares of a month."""
    end = month.first_day - timedelta(days=LATEST_LINES)
    return Window(midnight(end - timedelta(days=LEARNING_DAYS)), midnight(end))


def lessons(month: Month, billed: Iterable[BilledQuantity], meters: MeterBook) -> list[Lesson]:
    """What the billed quantities of `learning_days(month)` teach, for every account and family."""
    tokens: dict[tuple[UUID, Family, str], dict[str, Decimal]] = {}
    for line in billed:
        meter = meters.billed(line.meter_id, line.meter)
        if meter.family is None or meter.group not in _TEACHING:
            continue
        kinds = tokens.setdefault((line.account_key, meter.family, meter.group), {})
        kinds[meter.kind] = kinds.get(meter.kind, Decimal(0)) + line.quantity * meter.divisor
    return [
        lesson
        for (account, family, group), kinds in tokens.items()
        for lesson in _shares(account, month, family, group, kinds)
    ]


def _shares(
    account: UUID, month: Month, family: Family, group: str, kinds: Mapping[str, Decimal]
) -> Iterable[Lesson]:
    whole = sum(kinds.values(), Decimal(0))
    if whole < _ENOUGH_TOKENS or any(quantity < 0 for quantity in kinds.values()):
        return  # a refund or next to nothing teaches no habit
    for kind, quantity in sorted(kinds.items()):
        share = (quantity / whole).quantize(Decimal("0.000001"))
        yield Lesson(account, month.first_day, str(family), group, kind, share, whole)


@dataclass(frozen=True, slots=True)
class Learned:
    """Lessons by account, family, kind and month, as charging asks for them."""

    shares: Mapping[tuple[UUID, str, str, date], Mapping[str, Decimal]]

    @classmethod
    def of(cls, found: Iterable[Lesson]) -> Learned:
        shares: dict[tuple[UUID, str, str, date], dict[str, Decimal]] = {}
        for one in found:
            known = shares.setdefault((one.account_key, one.family, one.group, one.month), {})
            if direction(one.kind) == one.group and one.kind != one.group:
                known[one.kind] = one.share
        return cls(shares)

    def of_day(
        self, account: UUID, family: Family | None, kind: str, day: date
    ) -> Mapping[str, Decimal] | None:
        """Shares of the other kinds in `kind`; empty where the bill knew only `kind`, None where nothing was learned."""
        return self.shares.get((account, str(family), kind, day.replace(day=1)))
