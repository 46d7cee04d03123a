"""The customer's own prices, as the configuration states them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from collector.domain.pricing.questions import Ambiguous, Answer, Priced, PriceQuestion
from collector.domain.pricing.skus import sku_terms
from collector.domain.pricing.words import KINDS, TIERS, per
from collector.domain.types import location_key

_KEYS = (
    "model", "version", "sku", "location", "kind", "tier", "context", "fine_tuned",
    "price", "per", "currency", "percent_off", "from", "until", "note",
)  # fmt: skip
_PER = re.compile(r"(\d+)\s*([KM])?\s+([A-Za-z][A-Za-z _-]*)", re.IGNORECASE)
_NOUNS = {
    "1 token": {"token", "tokens"},
    "1 image": {"image", "images"},
    "1 second": {"second", "seconds"},
    "1 hour": {"hour", "hours"},
    "1 PTU hour": {"ptu hour", "ptu hours"},
    "1 session": {"session", "sessions"},
    "1 GB day": {"gb day", "gb days"},
    "1 call": {"call", "calls"},
}


@dataclass(frozen=True, slots=True)
class Rate:
    """A negotiated price of one unit, or a percentage off the list; None in a field is any.

    Holds from the day `starts_on` to the day `ends_on`, both included.
    """

    starts_on: date
    ends_on: date | None = None
    unit_price: Decimal | None = None
    percent_off: Decimal | None = None
    currency: str | None = None
    model: str | None = None
    version: str | None = None
    sku: str | None = None
    location: str | None = None
    kind: str | None = None
    tier: str | None = None
    context: str | None = None
    fine_tuned: bool | None = None
    note: str = ""

    def covers(self, asked: PriceQuestion) -> bool:
        """Whether the rate is about this question; its days are looked at apart."""
        pairs = (
            (self.model, asked.model),
            (self.version, asked.version or ""),
            (self.sku, asked.sku),
            (self.location, location_key(asked.location)),
            (self.kind, asked.kind),
            (self.tier, asked.tier),
            (self.context, asked.context),
        )
        return (
            not asked.term
            and all(want is None or want.casefold() == have.casefold() for want, have in pairs)
            and self.fine_tuned in (None, asked.fine_tuned)
        )

    def holds(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)

    @property
    def precision(self) -> int:
        """How many fields the rate names; the most precise one wins."""
        named = (self.model, self.version, self.sku, self.location, self.kind, self.tier, self.context)
        return sum(one is not None for one in (*named, self.fine_tuned))


def parse_rates(tables: Sequence[Mapping[str, object]]) -> tuple[Rate, ...]:
    """The `[[rates]]` of the configuration; a bad one raises ValueError that names its key."""
    return tuple(_Table(f"rates[{index}]", table).rate() for index, table in enumerate(tables))


@dataclass(frozen=True, slots=True)
class _Table:
    path: str
    table: Mapping[str, object]

    def rate(self) -> Rate:
        unknown = sorted(set(self.table) - set(_KEYS))
        if unknown:
            raise self._bad(unknown[0], self.table[unknown[0]], f"one of the keys {', '.join(_KEYS)}")
        kind, starts_on, ends_on = self._one_of("kind", KINDS), self._day("from"), self._day("until")
        if starts_on is None:
            raise self._bad("from", None, "a day such as 2026-01-01")
        if ends_on is not None and ends_on < starts_on:
            raise self._bad("until", ends_on, f"a day not before {starts_on}")
        price, percent = self._number("price"), self._number("percent_off")
        if (price is None) == (percent is None):
            raise self._bad("price", price, "either price or percent_off")
        if percent is not None and not 0 < percent < 100:
            raise self._bad("percent_off", percent, "a percentage between 0 and 100")
        if price is not None and price <= 0:
            raise self._bad("price", price, "a price above 0")
        return Rate(
            starts_on=starts_on,
            ends_on=ends_on,
            unit_price=None if price is None else price / self._divisor(kind),
            percent_off=percent,
            currency=self._currency(price is not None),
            model=self._text("model"),
            version=self._text("version"),
            sku=self._sku(),
            location=location_key(self._text("location") or "") or None,
            kind=kind,
            tier=self._one_of("tier", TIERS),
            context=self._one_of("context", ("short", "long")),
            fine_tuned=self._flag("fine_tuned"),
            note=self._text("note") or "",
        )

    def _bad(self, key: str, value: object, right: str) -> ValueError:
        return ValueError(f"{self.path}.{key}={value!r}: expected {right}")

    def _text(self, key: str) -> str | None:
        value = self.table.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            raise self._bad(key, value, "a text")
        return value.strip()

    def _one_of(self, key: str, words: Sequence[str]) -> str | None:
        value = self._text(key)
        if value is not None and value not in words:
            raise self._bad(key, value, f"one of {', '.join(words)}")
        return value

    def _flag(self, key: str) -> bool | None:
        value = self.table.get(key)
        if value is not None and not isinstance(value, bool):
            raise self._bad(key, value, "true or false")
        return value

    def _sku(self) -> str | None:
        sku = self._text("sku")
        if sku is not None and sku_terms(sku) is None:
            raise self._bad("sku", sku, "a SKU such as 'GlobalStandard'")
        return sku

    def _day(self, key: str) -> date | None:
        value = self.table.get(key)
        if value is None:
            return None
        if isinstance(value, datetime):
            raise self._bad(key, value, "a day such as 2026-01-01, without a time")
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError as error:
            raise self._bad(key, value, "a day such as 2026-01-01") from error

    def _number(self, key: str) -> Decimal | None:
        value = self.table.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
            raise self._bad(key, value, "a number")
        try:
            number = Decimal(str(value))
        except InvalidOperation as error:
            raise self._bad(key, value, "a number") from error
        if not number.is_finite():
            raise self._bad(key, value, "a finite number")
        return number

    def _currency(self, needed: bool) -> str | None:
        value = self._text("currency")
        if value is None and not needed:
            return None
        if value is None or not re.fullmatch(r"[A-Z]{3}", value):
            raise self._bad("currency", value, "a three-letter code such as 'EUR'")
        return value

    def _divisor(self, kind: str | None) -> Decimal:
        """How many units `per` names; the unit must be the kind's, so that a price per hour is never one per token."""
        text, right = self._text("per"), "such as '1M tokens', '1K tokens' or '1 PTU hour'"
        if kind is None:
            raise self._bad(
                "kind", None, "a kind, since a price holds for one kind (percent_off may leave it out)"
            )
        match = _PER.fullmatch(text) if text else None
        if match is None or match[3].strip().lower() not in _NOUNS[per(kind)]:
            raise self._bad("per", text, f"a number of {per(kind)[2:]}s for kind {kind}, {right}")
        count = Decimal(match[1]) * {"": 1, "K": 1000, "M": 1_000_000}[(match[2] or "").upper()]
        if count == 0:
            raise self._bad("per", text, right)
        return count


def rated(rates: Sequence[Rate], asked: PriceQuestion, day: date, listed: Answer) -> Answer:
    """The customer's own price on a day where one holds, else the list's answer."""
    holding = [rate for rate in rates if rate.holds(day)]
    if not holding:
        return listed
    precision = max(rate.precision for rate in holding)
    answers = [_applied(rate, asked, listed) for rate in holding if rate.precision == precision]
    if len({(one.unit_price, one.currency) if isinstance(one, Priced) else None for one in answers}) > 1:
        return Ambiguous(f"{len(answers)} rates of equal precision hold on {day} and differ")
    return answers[0]


def _applied(rate: Rate, asked: PriceQuestion, listed: Answer) -> Answer:
    if rate.unit_price is not None and rate.currency is not None:
        return Priced(
            unit_price=rate.unit_price,
            per=per(asked.kind),
            currency=rate.currency,
            step="rate",
            meter_id=None,
            meter_name=rate.note or None,
            effective_from=datetime(
                rate.starts_on.year, rate.starts_on.month, rate.starts_on.day, tzinfo=UTC
            ),
            captured_at=None,
        )
    if (
        rate.percent_off is None
        or not isinstance(listed, Priced)
        or rate.currency not in (None, listed.currency)
    ):
        return listed
    return replace(listed, unit_price=listed.unit_price * (100 - rate.percent_off) / 100, step="rate")
