from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from collector.domain.advice.ranking import recommend
from collector.domain.advice.types import Money, Seat
from collector.domain.advice.what_if import Growth, ModelChange, parse_what_if, supposed
from collector.domain.room.fullness import UntilFull, time_until_full
from collector.domain.types import CatalogModel

SEAT = Seat(
    UUID(int=1), "acc", "chat", "s", "eastus2", "gpt-4o", "2024-11-20", "GlobalStandard", usage_name="OpenAI.x", units=100,
    limit_tpm=100_000, limit_rpm=600, tpm_per_unit=Decimal(1000), days=30, minute_coverage=1.0, peak_tpm=70_000,
    demand_tpm=70_000, peak_rpm=100, requests=1000, cost_per_month=Money(Decimal(100), "EUR"),
)  # fmt: skip


def an_offer(
    version: str = "2025-08-07", *, default: bool = True, location: str = "eastus2", tpm: int = 1000
) -> CatalogModel:
    return CatalogModel(
        location, "OpenAI", "gpt-5-mini", version, "GlobalStandard", False, f"OpenAI.GlobalStandard.{version}",
        frozenset({"OpenAI"}), None, None, None, None, None, is_default=default, tpm_per_unit=Decimal(tpm),
        rpm_per_unit=Decimal(1), capacity_step=10, capacity_minimum=10,
    )  # fmt: skip


def test_a_what_if_is_read_from_its_words():
    assert Growth(Decimal("1.5")) == parse_what_if("growth=1.5")
    assert ModelChange("gpt-4o", "gpt-5-mini") == parse_what_if("model=gpt-4o->gpt-5-mini")
    assert ModelChange("gpt-4o", "gpt-5-mini") == parse_what_if(" model = gpt-4o -> gpt-5-mini ")


@pytest.mark.parametrize(
    "text",
    ["", "growth", "growth=", "growth=-1", "growth=0", "growth=nan", "growth=1e9", "growth=fast", "model=gpt-4o",
     "model=a->a", "model=->b", "speed=2"],
)  # fmt: skip
def test_a_what_if_that_says_nothing_is_refused(text: str):
    with pytest.raises(ValueError, match="what-if"):
        parse_what_if(text)


def test_growth_fills_limits_that_had_room():
    assert () == recommend([SEAT])
    grown = supposed([SEAT], Growth(Decimal("1.5")))
    [seat] = grown.seats
    assert (105_000, 150, Money(Decimal("150.00"), "EUR"), 1) == (
        seat.peak_tpm, seat.peak_rpm, seat.cost_per_month, grown.changed
    )  # fmt: skip
    assert {"ask_for_more"} == {one.kind for one in recommend(grown.seats)}


def test_a_provisioned_deployment_costs_the_same_however_much_it_is_used():
    [seat] = supposed([replace(SEAT, sku="ProvisionedManaged")], Growth(Decimal(2))).seats
    assert SEAT.cost_per_month == seat.cost_per_month


def test_growth_brings_the_day_at_the_limit_nearer():
    rising = tuple(0.3 * 1.005**day for day in range(84))
    seat = replace(SEAT, daily_shares=rising, until_full=time_until_full(rising, 1.0))
    [grown] = supposed([seat], Growth(Decimal("1.5"))).seats
    [full] = supposed([seat], Growth(Decimal(3))).seats
    assert isinstance(seat.until_full, UntilFull)
    assert isinstance(grown.until_full, UntilFull)
    assert (grown.until_full.days or 999) < (seat.until_full.days or 999)
    assert UntilFull(0, 0, 0, 1.0, None, None) == full.until_full


def test_a_model_with_half_the_limit_is_full_twice_as_soon():
    rising = tuple(0.3 * 1.005**day for day in range(84))
    seat = replace(SEAT, daily_shares=rising)
    [changed] = supposed([seat], ModelChange("gpt-4o", "gpt-5-mini"), [an_offer(tpm=500)]).seats
    [unknown] = supposed([seat], ModelChange("gpt-4o", "gpt-5-mini"), [an_offer(location="westus")]).seats
    assert pytest.approx(2 * rising[-1]) == changed.daily_shares[-1]
    assert isinstance(changed.until_full, UntilFull)
    assert ((), None) == (unknown.daily_shares, unknown.until_full)


def test_another_model_has_its_own_limits_line_and_steps():
    offers = [an_offer("2024-01-01", default=False), an_offer(), an_offer("2026-01-01", default=False)]
    change = supposed(
        [SEAT], ModelChange("GPT-4o", "gpt-5-mini"), offers, {("eastus2", "GlobalStandard"): 0.2}
    )
    [seat] = change.seats
    assert ("gpt-5-mini", "2025-08-07", "OpenAI.GlobalStandard.2025-08-07") == (
        seat.model,
        seat.version,
        seat.usage_name,
    )
    assert (100_000, 100, 10, Money(Decimal("20.00"), "EUR")) == (
        seat.limit_tpm, seat.limit_rpm, seat.steps.step, seat.cost_per_month
    )  # fmt: skip
    assert {"ask_for_more"} == {one.kind for one in recommend(change.seats)}, "the request limit binds now"


def test_a_model_that_is_not_offered_there_leaves_its_limits_unknown():
    change = supposed([SEAT], ModelChange("gpt-4o", "gpt-5-mini"), [an_offer(location="swedencentral")])
    assert ("chat",) == change.not_offered
    assert (None, None, None) == (
        change.seats[0].limit_tpm,
        change.seats[0].usage_name,
        change.seats[0].cost_per_month,
    )
    assert () == recommend(change.seats)


def test_a_model_that_nobody_deployed_or_offers_is_named():
    with pytest.raises(ValueError, match=r"no deployment of it; deployed: gpt-4o"):
        supposed([SEAT], ModelChange("gpt-4", "gpt-5-mini"), [an_offer()])
    with pytest.raises(ValueError, match=r"gpt-9.*does not know it"):
        supposed([SEAT], ModelChange("gpt-4o", "gpt-9"), [an_offer()])
