"""What a deployment would pay for what replaces it, beside what it pays now: the same SKU in the same place."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from collector.domain.endings.ending_types import Deployed, Ending
from collector.domain.pricing import PriceBook, Priced, PriceQuestion

MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class UsePrice:
    """List prices of a token each way, or of a provisioned unit an hour; None is not known."""

    currency: str
    input: Decimal | None = None
    output: Decimal | None = None
    unit_hour: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Free:
    """What is free of the quota line that the replacement draws from, in `unit`."""

    amount: Decimal
    unit: str | None


@dataclass(frozen=True, slots=True)
class PricesOn:
    """The ladder of prices, asked for one day in one currency."""

    book: PriceBook
    on: date
    currency: str = "USD"

    def of(self, model: str, version: str | None, sku: str | None, location: str) -> UsePrice | None:
        if not sku:
            return None
        if "provisioned" in sku.casefold():
            hour = self._priced(model, version, sku, location, "ptu_hour")
            return None if hour is None else UsePrice(hour.currency, unit_hour=hour.unit_price)
        told = self._priced(model, version, sku, location, "input")
        if told is None:
            return None
        answer = self._priced(model, version, sku, location, "output")
        return UsePrice(told.currency, told.unit_price, answer.unit_price if answer else None)

    def _priced(self, model: str, version: str | None, sku: str, location: str, kind: str) -> Priced | None:
        asked = PriceQuestion(model, version, sku, location, kind, self.on, currency=self.currency)
        found = self.book.price_at(asked)
        return found if isinstance(found, Priced) else None


def prices_beside(
    what: Deployed, ending: Ending, prices: PricesOn
) -> tuple[UsePrice | None, UsePrice | None]:
    """The price of what runs now and of its replacement; nothing where no replacement is named or none fits."""
    if not ending.replacement_model or ending.replacement_offered is False:
        return None, None
    then = prices.of(ending.replacement_model, ending.replacement_version, what.sku, what.location)
    return prices.of(what.model, what.version, what.sku, what.location), then


def price_in_words(now: UsePrice | None, then: UsePrice | None) -> str | None:
    """Such as "1.25 USD in and 10.00 USD out for a million tokens, now 2.50 and 10.00"; None where unknown."""
    if then is None:
        return None
    if then.unit_hour is not None:
        beside = f", now {_amount(now.unit_hour)}" if now and now.unit_hour is not None else ""
        return f"{_amount(then.unit_hour)} {then.currency} an hour for each unit{beside}"
    if then.input is None:
        return None
    told = f"{_million(then.input)} {then.currency} in"
    if then.output:
        told += f" and {_million(then.output)} {then.currency} out"
    if now is None or now.input is None or now.currency != then.currency:
        return f"{told} for a million tokens"
    before = f"{_million(now.input)} and {_million(now.output)}" if now.output else _million(now.input)
    return f"{told} for a million tokens, now {before}"


def _amount(amount: Decimal) -> str:
    return f"{amount:,.2f}" if amount == round(amount, 2) else f"{amount.normalize():,f}"


def _million(price: Decimal) -> str:
    return _amount(price * MILLION)
