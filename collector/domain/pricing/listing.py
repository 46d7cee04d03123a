"""Steps 2 to 4 of the ladder: list prices from captured rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Protocol

from collector.domain.pricing.bounds import Bound, bounds_of, plain_kind
from collector.domain.pricing.market import Market, Offer
from collector.domain.pricing.matching import Wanted
from collector.domain.pricing.notes import PriceNotes
from collector.domain.pricing.questions import (
    Ambiguous,
    Answer,
    Considered,
    Priced,
    PriceQuestion,
    Unpriced,
)
from collector.domain.pricing.rows import PriceRow
from collector.domain.pricing.units import unit_of
from collector.domain.pricing.words import per

_SHOWN = 24
_TERM_PER = {"1 Month": "1 PTU month", "1 Year": "1 PTU year"}


class Book(Protocol):
    """What a listing needs of the price book."""

    feed: Market
    snapshot: Market
    notes: PriceNotes

    def meter_ids(self, asked: PriceQuestion) -> Sequence[str]: ...

    def listing(self, asked: PriceQuestion) -> "Listing | str": ...


@dataclass(frozen=True, slots=True)
class _Rung:
    """One step of the ladder in one market: meters that fit, and meters that Azure names and that do not."""

    step: str
    by_id: bool
    fitting: tuple[Offer, ...]
    contradicted: tuple[tuple[Offer, str], ...]


class Listing:
    """The list prices of one question, whatever the day."""

    def __init__(self, book: Book, plan: Wanted) -> None:
        self._book = book
        self._plan = plan
        self._asked = plan.asked
        self._place = (plan.asked.location, plan.asked.currency)
        self._others: dict[str, tuple[int, str]] = {}
        self._rungs = (*self._rungs_of(book.feed, ""), *self._rungs_of(book.snapshot, "snapshot"))
        self._bounds = tuple(bounds_of(plan.asked))

    def turning_days(self) -> set[date]:
        """Days on which the answer may change: its own and those of the prices that bound it."""
        days = self._own_days()
        for bound in self._bounds:
            sibling = self._book.listing(bound.asked)
            if isinstance(sibling, Listing):
                days |= sibling._own_days()
        return days

    def _own_days(self) -> set[date]:
        offers = [offer for rung in self._rungs for offer in rung.fitting]
        offers += [offer for rung in self._rungs for offer, _ in rung.contradicted]
        return {day for offer in offers for day in offer.turning_days()}

    def answer(self, day: date) -> Answer:
        """The plain answer, unless it cannot be true beside the prices of its siblings."""
        answer = self.plain_answer(day)
        if isinstance(answer, Priced):
            doubt = self._doubt(answer, day)
            return Ambiguous(doubt, answer.considered) if doubt else answer
        plain = plain_kind(self._asked.kind)
        if isinstance(answer, Unpriced) and plain and self._bills_cached_as_input:
            sibling = self._book.listing(replace(self._asked, kind=plain))
            billed = sibling.answer(day) if isinstance(sibling, Listing) else None
            return replace(billed, billed_as=plain) if isinstance(billed, Priced) else answer
        return answer

    def plain_answer(self, day: date) -> Answer:
        asleep: list[str] = []
        for rung in self._rungs:
            found = self._settle(rung, day, asleep)
            if found is not None:
                return replace(found, considered=self._considered(day, asleep, _name(found)))
        return Unpriced(self._nothing(), self._considered(day, asleep, None))

    def _settle(self, rung: _Rung, day: date, asleep: list[str]) -> Priced | Ambiguous | None:
        """The one price of a step, or a contradiction, or nothing."""
        fitting = [(row, offer) for offer in rung.fitting if (row := offer.row_on(day)) is not None]
        asleep.extend(offer.name for offer in rung.fitting if offer.row_on(day) is None)
        if fitting:
            return self._agreed(fitting if rung.by_id else _most_exact(fitting), day, rung.step)
        against = [
            f"{offer.name} ({why})" for offer, why in rung.contradicted if offer.row_on(day) is not None
        ]
        return Ambiguous(f"the Models API names {' and '.join(against)}") if against else None

    def _agreed(self, fitting: Sequence[tuple[PriceRow, Offer]], day: date, step: str) -> Priced | Ambiguous:
        for row, offer in fitting:
            trouble = offer.trouble_on(day)
            if trouble:
                return Ambiguous(f"{row.meter_name}: {trouble}")
        if len({_unit_price(row) for row, _ in fitting}) > 1:
            names = sorted(
                f"{row.meter_name} at {row.unit_price}/{row.unit_of_measure}" for row, _ in fitting
            )
            return Ambiguous(f"several meters fit at different prices: {'; '.join(names)}")
        row, _ = min(fitting, key=_plainest)
        return Priced(
            unit_price=_unit_price(row),
            per=_TERM_PER.get(row.term, per(self._asked.kind)),
            currency=row.currency,
            step=step,
            meter_id=row.meter_id or None,
            meter_name=row.meter_name,
            effective_from=row.effective_from,
            captured_at=row.captured_at,
        )

    def _rungs_of(self, market: Market, origin: str) -> Sequence[_Rung]:
        named = [
            offer
            for meter_id in self._book.meter_ids(self._asked)
            for offer in self._of_term(market.by_id(self._place, meter_id))
        ]
        by_id = self._rung(origin or "meter-id", True, named)
        by_name = self._rung(
            origin or "meter-name", False, self._of_term(market.by_stem(self._place, self._plan.stem))
        )
        return by_id, by_name

    def _rung(self, step: str, by_id: bool, offers: Sequence[Offer]) -> _Rung:
        fitting: list[Offer] = []
        contradicted: list[tuple[Offer, str]] = []
        for offer in offers:
            reasons = self._against(offer, by_id)
            if not reasons:
                fitting.append(offer)
                continue
            self._others.setdefault(offer.name, (len(reasons), "; ".join(reasons)))
            if by_id and not self._is_of_another_tier(offer) and offer.meaning is not None:
                contradicted.append((offer, "; ".join(reasons)))
        return _Rung(step, by_id, tuple(fitting), tuple(contradicted))

    def _against(self, offer: Offer, by_id: bool) -> list[str]:
        """A name we cannot read cannot be checked: the meter is not used, even where Azure names it."""
        meaning = offer.meaning
        if meaning is None:
            return [f"its name cannot be checked: {offer.unread}"]
        said = self._plan.contradictions(meaning) if by_id else self._plan.against(meaning)
        return [*said, *(doubt.reason for doubt in self._book.notes.doubts if doubt.is_about(meaning))]

    def _is_of_another_tier(self, offer: Offer) -> bool:
        """The models list names no service tiers: a standard meter contradicts no question about priority or flex."""
        meaning, plan = offer.meaning, self._plan
        return meaning is not None and plan.tier != plan.billed_tier and meaning.tier != plan.tier

    def _of_term(self, offers: Sequence[Offer]) -> list[Offer]:
        kind = "Reservation" if self._asked.term else "Consumption"
        return [one for one in offers if (one.rows[0].type, one.rows[0].term) == (kind, self._asked.term)]

    def _doubt(self, answer: Priced, day: date) -> str | None:
        for bound in self._bounds:
            other = self._bounding_price(bound, day)
            if other is not None and bound.is_broken(answer.unit_price, other):
                return f"{answer.meter_name} is {bound.words}: its price does not fit its name"
        return None

    def _bounding_price(self, bound: Bound, day: date) -> Decimal | None:
        sibling = self._book.listing(bound.asked)
        found = sibling.plain_answer(day) if isinstance(sibling, Listing) else None
        return found.unit_price if isinstance(found, Priced) else None

    @property
    def _bills_cached_as_input(self) -> bool:
        return any(note.is_about(self._asked.model) for note in self._book.notes.cached_as_input)

    def _considered(self, day: date, asleep: Sequence[str], chosen: str | None) -> tuple[Considered, ...]:
        """The nearest misses first."""
        near = dict.fromkeys(asleep, (0, f"not in force on {day}"))
        ranked = sorted((rank, name, why) for name, (rank, why) in {**self._others, **near}.items())
        return tuple(Considered(name, why) for _, name, why in ranked if name != chosen)[:_SHOWN]

    def _nothing(self) -> str:
        asked = self._asked
        what = " ".join(filter(None, (asked.model, asked.version, asked.sku, asked.kind, asked.term)))
        if self._others or any(rung.fitting for rung in self._rungs):
            return f"no meter in {asked.location} prices {what}"
        if not (self._book.feed.knows(self._place) or self._book.snapshot.knows(self._place)):
            return f"no prices are known for {asked.location} in {asked.currency}"
        return f"no meter in {asked.location} is named for model {asked.model}"


def _unit_price(row: PriceRow) -> Decimal:
    """By the row's own unit: a meter may move from 1K to 1M and stay the same meter."""
    unit = unit_of(row.unit_of_measure)
    return row.unit_price / unit.count if unit else row.unit_price


def _name(found: Priced | Ambiguous) -> str | None:
    return found.meter_name if isinstance(found, Priced) else None


def _plainest(pair: tuple[PriceRow, Offer]) -> tuple[bool, bool, str, str]:
    """Among meters of one price: the one without a variant, with an id, first by name."""
    row, offer = pair
    has_variant = offer.meaning is not None and bool(offer.meaning.variant)
    return has_variant, not row.meter_id, row.meter_name, row.meter_id


def _most_exact(fitting: Sequence[tuple[PriceRow, Offer]]) -> list[tuple[PriceRow, Offer]]:
    """A meter that names the version or the context goes before one that leaves it open."""

    def vague(offer: Offer) -> tuple[bool, bool]:
        meaning = offer.meaning
        return (meaning is None or meaning.version is None, meaning is None or meaning.context is None)

    best = min(vague(offer) for _, offer in fitting)
    return [(row, offer) for row, offer in fitting if vague(offer) == best]
