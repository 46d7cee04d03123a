"""Steps 2 to 4 of the ladder: list prices from captured rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Protocol

from collector.domain.pricing.market import Market, Offer
from collector.domain.pricing.matching import Wanted
from collector.domain.pricing.notes import PriceNotes
from collector.domain.pricing.questions import Ambiguous, Answer, Considered, Priced, PriceQuestion, Unpriced
from collector.domain.pricing.rows import PriceRow
from collector.domain.pricing.words import per

_SHOWN = 24
_TERM_PER = {"1 Month": "1 PTU month", "1 Year": "1 PTU year"}
_CACHED = {"cached_input": "input", "cached_audio_input": "audio_input", "cached_image_input": "image_input"}


class Book(Protocol):
    """What a listing needs of the price book."""

    feed: Market
    snapshot: Market
    notes: PriceNotes

    def meter_ids(self, asked: PriceQuestion) -> Sequence[str]: ...

    def list_price(self, asked: PriceQuestion, day: date) -> Decimal | None: ...

    def price_at(self, asked: PriceQuestion) -> Answer: ...


@dataclass(frozen=True, slots=True)
class _Candidate:
    offer: Offer
    against: tuple[str, ...]


class Listing:
    """The list prices of one question, whatever the day."""

    def __init__(self, book: Book, plan: Wanted) -> None:
        self._book = book
        self._plan = plan
        self._asked = plan.asked
        self._place = (plan.asked.location, plan.asked.currency)
        self._markets = [("", book.feed), ("snapshot", book.snapshot)]

    def turning_days(self) -> set[date]:
        days: set[date] = set()
        for _, market in self._markets:
            for candidate in (*self._by_id(market), *self._by_name(market)):
                days |= candidate.offer.turning_days()
        return days | {day for sibling in self._siblings for day in self._days_of(sibling)}

    def answer(self, day: date) -> Answer:
        """The plain answer, unless it cannot be true beside the prices of its siblings."""
        answer = self.plain_answer(day)
        if isinstance(answer, Priced):
            doubt = self._doubt(answer, day)
            return Ambiguous(doubt, answer.considered) if doubt else answer
        if isinstance(answer, Unpriced) and self._asked.kind in _CACHED and self._bills_cached_as_input:
            return self._as_input(answer, day)
        return answer

    def plain_answer(self, day: date) -> Answer:
        considered: list[Considered] = []
        for origin, market in self._markets:
            for step, candidates in (
                ("meter-id", self._by_id(market)),
                ("meter-name", self._by_name(market)),
            ):
                found = self._settle(candidates, day, origin or step, step == "meter-id", considered)
                if found is not None:
                    shown = tuple(dict.fromkeys(one for one in considered if one.meter_name != _name(found)))
                    return replace(found, considered=shown[:_SHOWN])
        shown = tuple(dict.fromkeys(considered))
        return Unpriced(self._nothing(shown), shown[:_SHOWN])

    def _settle(
        self,
        candidates: Sequence[_Candidate],
        day: date,
        step: str,
        by_id: bool,
        considered: list[Considered],
    ) -> Priced | Ambiguous | None:
        """The one price among the candidates of a step, or a contradiction, or nothing."""
        fitting: list[tuple[PriceRow, Offer]] = []
        contradicted: list[str] = []
        for candidate in candidates:
            row = candidate.offer.row_on(day)
            reasons = list(candidate.against)
            if row is None:
                reasons.append(f"not in force on {day}")
            elif not reasons:
                fitting.append((row, candidate.offer))
                continue
            elif by_id:
                contradicted.append(f"{candidate.offer.name} ({'; '.join(reasons)})")
            considered.append(Considered(candidate.offer.name, "; ".join(reasons)))
        if not fitting:
            if contradicted:
                return Ambiguous(f"the Models API names {' and '.join(contradicted)}")
            return None
        return self._agreed(fitting if by_id else _most_exact(fitting), day, step)

    def _agreed(self, fitting: Sequence[tuple[PriceRow, Offer]], day: date, step: str) -> Priced | Ambiguous:
        for row, offer in fitting:
            trouble = offer.trouble_on(day)
            if trouble:
                return Ambiguous(f"{row.meter_name}: {trouble}")
        prices = {self._unit_price(row, offer) for row, offer in fitting}
        if len(prices) > 1:
            names = "; ".join(
                sorted(f"{row.meter_name} at {row.unit_price}/{row.unit_of_measure}" for row, _ in fitting)
            )
            return Ambiguous(f"several meters fit at different prices: {names}")
        row, offer = min(fitting, key=_plainest)
        return Priced(
            unit_price=self._unit_price(row, offer),
            per=_TERM_PER.get(row.term, per(self._asked.kind)),
            currency=row.currency,
            step=step,
            meter_id=row.meter_id or None,
            meter_name=row.meter_name,
            effective_from=row.effective_from,
            captured_at=row.seen_until,
        )

    @staticmethod
    def _unit_price(row: PriceRow, offer: Offer) -> Decimal:
        return row.unit_price if offer.meaning is None else row.unit_price / offer.meaning.divisor

    def _by_id(self, market: Market) -> Sequence[_Candidate]:
        return self._candidates[market][0]

    def _by_name(self, market: Market) -> Sequence[_Candidate]:
        return self._candidates[market][1]

    @cached_property
    def _candidates(self) -> dict[Market, tuple[list[_Candidate], list[_Candidate]]]:
        return {market: (self._named_by_id(market), self._named_so(market)) for _, market in self._markets}

    def _named_by_id(self, market: Market) -> list[_Candidate]:
        """Meters that the Models API names. A name we cannot read cannot be checked, and so is not used."""
        found: list[_Candidate] = []
        for meter_id in self._book.meter_ids(self._asked):
            for offer in self._of_term(market.by_id(self._place, meter_id)):
                if offer.meaning is None:
                    continue
                reasons = self._plan.contradictions(offer.meaning)
                other_tier = (
                    self._plan.tier != self._plan.billed_tier or offer.meaning.tier != self._plan.billed_tier
                )
                if other_tier and any(reason.startswith("tier ") for reason in reasons):
                    continue  # the list names meters of every service tier under one cost name
                found.append(_Candidate(offer, (*reasons, *self._doubts(offer))))
        return found

    def _named_so(self, market: Market) -> list[_Candidate]:
        candidates = [
            _Candidate(offer, (*self._plan.against(offer.meaning), *self._doubts(offer)))
            for offer in self._of_term(market.by_stem(self._place, self._plan.stem))
            if offer.meaning is not None
        ]
        return sorted(candidates, key=lambda one: (len(one.against), one.offer.name))

    def _of_term(self, offers: Sequence[Offer]) -> list[Offer]:
        kind = "Reservation" if self._asked.term else "Consumption"
        return [one for one in offers if (one.rows[0].type, one.rows[0].term) == (kind, self._asked.term)]

    def _doubts(self, offer: Offer) -> list[str]:
        meaning = offer.meaning
        return [
            doubt.reason
            for doubt in self._book.notes.doubts
            if meaning is not None
            and doubt.stem == meaning.stem
            and doubt.tuning == meaning.tuning
            and set(doubt.kinds) & set(meaning.kinds)
        ]

    @cached_property
    def _siblings(self) -> list[tuple[PriceQuestion, str]]:
        """Questions whose price bounds this one: what the sibling is, and which of the two is not dearer."""
        asked, siblings = self._asked, list[tuple[PriceQuestion, str]]()
        if asked.term:
            return siblings
        if asked.kind in _CACHED:
            siblings.append((replace(asked, kind=_CACHED[asked.kind]), "below"))
        return siblings

    def _days_of(self, sibling: tuple[PriceQuestion, str]) -> set[date]:
        plan = replace(self._plan, asked=sibling[0])
        days: set[date] = set()
        for _, market in self._markets:
            for offer in market.by_stem(self._place, plan.stem):
                days |= offer.turning_days()
        return days

    def _doubt(self, answer: Priced, day: date) -> str | None:
        for sibling, _ in self._siblings:
            bound = self._book.list_price(sibling, day)
            if bound is not None and answer.unit_price > bound:
                return f"{answer.meter_name} is dearer than plain {sibling.kind}: its price does not fit its name"
        return None

    @property
    def _bills_cached_as_input(self) -> bool:
        return any(note.is_about(self._asked.model) for note in self._book.notes.cached_as_input)

    def _as_input(self, answer: Unpriced, day: date) -> Answer:
        kind = _CACHED[self._asked.kind]
        plain = self._book.price_at(replace(self._asked, kind=kind, on=day))
        return replace(plain, billed_as=kind) if isinstance(plain, Priced) else answer

    def _nothing(self, considered: Sequence[Considered]) -> str:
        asked = self._asked
        if considered:
            return f"no meter in {asked.location} fits {asked.model} {asked.version or ''} {asked.sku} {asked.kind}"
        if not any(place == self._place for _, market in self._markets for place in market.places()):
            return f"no prices are known for {asked.location} in {asked.currency}"
        return f"no meter in {asked.location} is named for model {asked.model}"


def _name(found: Priced | Ambiguous) -> str | None:
    return found.meter_name if isinstance(found, Priced) else None


def _plainest(pair: tuple[PriceRow, Offer]) -> tuple[bool, bool, str, str]:
    """Among meters of one price: the one without a variant, with an id, first by name."""
    row, offer = pair
    return (
        offer.meaning is not None and bool(offer.meaning.variant),
        not row.meter_id,
        row.meter_name,
        row.meter_id,
    )


def _most_exact(fitting: Sequence[tuple[PriceRow, Offer]]) -> list[tuple[PriceRow, Offer]]:
    """A meter that names the version, the context or no special variant goes before one that leaves it open."""

    def vague(offer: Offer) -> tuple[bool, bool]:
        meaning = offer.meaning
        return (meaning is None or meaning.version is None, meaning is None or meaning.context is None)

    best = min(vague(offer) for _, offer in fitting)
    return [(row, offer) for row, offer in fitting if vague(offer) == best]
