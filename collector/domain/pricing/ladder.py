"""The price ladder: own rate, the meter Azure names, the meter whose name says so, the shipped snapshot, unpriced."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from collector.domain.pricing.listing import Listing
from collector.domain.pricing.market import Market
from collector.domain.pricing.matching import TUNED_KINDS, Wanted, wanted
from collector.domain.pricing.notes import PriceNotes
from collector.domain.pricing.questions import Answer, Priced, PriceQuestion, Unpriced
from collector.domain.pricing.rates import Rate, rated
from collector.domain.pricing.rows import PriceRow
from collector.domain.pricing.skus import cost_kind, sku_terms
from collector.domain.types import CatalogModel, location_key

_NEVER = date(1970, 1, 1)

CostKey = tuple[str, str, str, str, bool, str, str]
_Turns = tuple[Sequence[date], Sequence[Answer]]


class PriceBook:
    """All that is known of prices, indexed; the same question is worked out once.

    `rows` are the captures of the feed, `snapshot` the one that ships with us (USD only), `models` what the
    Models API lists (its cost entries name meter ids), `rates` the customer's own prices. `disputed` are rows
    that two rows of one capture contradicted: a meter that has one is ambiguous on those days.
    """

    def __init__(
        self,
        rows: Iterable[PriceRow] = (),
        snapshot: Iterable[PriceRow] = (),
        models: Iterable[CatalogModel] = (),
        rates: Sequence[Rate] = (),
        notes: PriceNotes = PriceNotes(),
        disputed: Iterable[PriceRow] = (),
    ) -> None:
        captured, shipped, contested = list(rows), list(snapshot), list(disputed)
        self.feed = Market(captured, contested, history=shipped)
        self.snapshot = Market(shipped, history=captured)
        self.notes = notes
        self._rates = tuple(rates)
        self._costs: defaultdict[CostKey, list[str]] = defaultdict(list)
        for model in models:
            self._add_costs(model)
        self._named = self.feed.named_versions | self.snapshot.named_versions
        self._turns: dict[PriceQuestion, _Turns] = {}
        self._listings: dict[PriceQuestion, Listing | str] = {}

    def _add_costs(self, model: CatalogModel) -> None:
        for cost in model.costs:
            told = cost_kind(cost.name, model.sku)
            meter_id = cost.meter_id.strip().lower()
            if told is None or not meter_id:
                continue
            place = (location_key(model.location), model.model.casefold(), model.version.casefold())
            ids = self._costs[(*place, model.sku.casefold(), model.fine_tuned, *told)]
            if meter_id not in ids:
                ids.append(meter_id)

    def meter_ids(self, asked: PriceQuestion) -> Sequence[str]:
        """The meters that the Models API names for this SKU, kind and context."""
        place = (location_key(asked.location), asked.model.casefold(), (asked.version or "").casefold())
        return self._costs.get(
            (*place, asked.sku.casefold(), asked.fine_tuned, asked.kind, asked.context), ()
        )

    def price_at(self, asked: PriceQuestion) -> Answer:
        """The price on the question's day, by the first step that has one."""
        starts, answers = self._turning_points(asked)
        return answers[bisect_right(starts, asked.on) - 1]

    def _turning_points(self, asked: PriceQuestion) -> _Turns:
        key = _without_its_day(asked)
        known = self._turns.get(key)
        if known is None:
            known = self._turns[key] = self._work_out(key)
        return known

    def listing(self, asked: PriceQuestion) -> Listing | str:
        """The list prices of a question without its day, or why it has none."""
        known = self._listings.get(asked)
        if known is None:
            plan = wanted(asked, self.notes, self._named)
            known = self._listings[asked] = Listing(self, plan) if isinstance(plan, Wanted) else plan
        return known

    def _work_out(self, asked: PriceQuestion) -> _Turns:
        listing = self.listing(asked)
        days = {_NEVER} | {rate.starts_on for rate in self._rates}
        days |= {rate.ends_on + timedelta(days=1) for rate in self._rates if rate.ends_on}
        if isinstance(listing, str):
            starts = sorted(days)
            return starts, [self._rated(asked, day, Unpriced(listing)) for day in starts]
        starts = sorted(days | listing.turning_days())
        return starts, [self._rated(asked, day, listing.answer(day)) for day in starts]

    def _rated(self, asked: PriceQuestion, day: date, listed: Answer) -> Answer:
        """What is billed as another kind also takes that kind's rate, unless it has one of its own."""
        own = [rate for rate in self._rates if rate.covers(asked)]
        if not own and isinstance(listed, Priced) and listed.billed_as:
            asked = replace(asked, kind=listed.billed_as)
            own = [rate for rate in self._rates if rate.covers(asked)]
        return rated(own, asked, day, listed)


def _without_its_day(asked: PriceQuestion) -> PriceQuestion:
    """The question in one spelling, so that it is worked out once."""
    terms = sku_terms(asked.sku)
    is_batch, is_developer = (terms.tier == "batch", terms.developer) if terms else (False, False)
    return replace(
        asked,
        on=_NEVER,
        location=location_key(asked.location),
        tier="batch" if is_batch and asked.tier == "standard" else asked.tier,
        fine_tuned=asked.fine_tuned or asked.kind in TUNED_KINDS or is_developer,
    )
