"""A day's charges: every way of paying that metrics can tell, and how sure each is."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.money.charge_prices import Pricing
from collector.domain.money.charge_types import CALIBRATED, Charge
from collector.domain.money.charges import UNSEEN
from collector.domain.money.month_parts import month_parts
from collector.domain.money.quantities import revision_at
from collector.domain.periods import midnight
from collector.domain.pricing import PriceBook
from tests.domain.money.builders import (
    ACCOUNT,
    CACHED,
    DAY_ON,
    INPUT,
    LONG_AGO,
    OUTPUT,
    PTU,
    WRITTEN,
    a_charge,
    a_deployment,
    a_revision,
    an_hour,
    charged,
)
from tests.domain.pricing.builders import a_row

MILLION = 1_000_000
LIST = Pricing(PriceBook([a_row(INPUT, "2.5"), a_row(CACHED, "0.25"), a_row(OUTPUT, "15")]))


def told(
    charges: list[Charge],
) -> dict[tuple[str, str], tuple[Decimal | None, Decimal | None, Decimal | None]]:
    return {(one.kind, one.tier): (one.low, one.cost, one.high) for one in charges}


def test_tokens_are_charged_by_direction_and_input_may_all_have_been_cached() -> None:
    found = charged(a_deployment(), [an_hour(2 * MILLION, MILLION)], LIST)

    assert {
        ("input", "standard"): (Decimal("0.5"), Decimal(5), Decimal(5)),
        ("output", "standard"): (Decimal(15), Decimal(15), Decimal(15)),
    } == told(found)
    assert {("payments", "meter-name", "estimated")} == {(one.team, one.step, one.basis) for one in found}


def test_a_model_that_writes_to_its_cache_may_have_written_all_of_its_input() -> None:
    book = PriceBook([a_row(INPUT, "2"), a_row(WRITTEN, "2.5"), a_row(CACHED, "0.2")])

    (found,) = charged(a_deployment(), [an_hour(MILLION)], Pricing(book))

    assert (Decimal("0.2"), Decimal(2), Decimal("2.5")) == (found.low, found.cost, found.high)


def test_long_context_is_the_upper_bound() -> None:
    book = PriceBook([a_row(OUTPUT, "15"), a_row("5.4 longco opt Gl 1M Tokens", "22.5")])

    (found,) = charged(a_deployment(), [an_hour(0, MILLION)], Pricing(book))

    assert (Decimal(15), Decimal(15), Decimal("22.5")) == (found.low, found.cost, found.high)


def test_what_the_bill_taught_parts_the_input() -> None:
    shares = {"cached_input": Decimal("0.4")}
    pricing = replace(LIST, learned=lambda account, revision, kind, day: shares if kind == "input" else None)

    found = charged(a_deployment(), [an_hour(MILLION, MILLION)], pricing)

    assert {("input", "standard"), ("cached_input", "standard"), ("output", "standard")} == told(found).keys()
    parted = {one.kind: one for one in found}
    assert Decimal("1.5") == parted["input"].cost
    assert Decimal("0.1") == parted["cached_input"].cost
    assert (CALIBRATED, CALIBRATED, "estimated") == (
        parted["input"].basis,
        parted["cached_input"].basis,
        parted["output"].basis,
    )
    both = [parted["input"], parted["cached_input"]]
    assert (Decimal("0.25"), Decimal("2.5")) == (
        sum(one.low or 0 for one in both),
        sum(one.high or 0 for one in both),
    )


def test_a_bill_that_knew_no_cached_tokens_calibrates_too() -> None:
    pricing = replace(LIST, learned=lambda account, revision, kind, day: {})

    (found,) = charged(a_deployment(), [an_hour(MILLION)], pricing)

    assert (CALIBRATED, Decimal("2.5")) == (found.basis, found.cost)


def test_cached_tokens_come_on_top_where_the_prompt_does_not_hold_them() -> None:
    shares = {"cached_input": Decimal("0.5")}
    pricing = replace(LIST, learned=lambda *_: shares, prompt_includes_cached=False)

    found = {one.kind: one.quantity for one in charged(a_deployment(), [an_hour(MILLION)], pricing)}

    assert {"input": MILLION, "cached_input": MILLION} == found


def test_tiers_part_the_tokens_as_they_part_the_requests_and_bound_each_other() -> None:
    priority = [a_row("5.4 pp inp Gl 1M Tokens", "5"), a_row("5.4 pp opt Gl 1M Tokens", "30")]
    book = PriceBook([a_row(INPUT, "2.5"), a_row(OUTPUT, "15"), *priority])

    found = charged(a_deployment(), [an_hour(0, MILLION)], Pricing(book), {"default": 70, "priority": 30})

    assert {
        ("output", "priority"): (Decimal("4.5"), Decimal(9), Decimal(9)),
        ("output", "standard"): (Decimal("10.5"), Decimal("10.5"), Decimal(21)),
    } == told(found)


def test_batch_has_no_other_tier() -> None:
    book = PriceBook([a_row("5.4 Batch inp Gl 1M Tokens", "1.25")])

    (found,) = charged(
        a_deployment(a_revision(sku="GlobalBatch")), [an_hour(MILLION)], Pricing(book), {"priority": 5}
    )

    assert ("batch", Decimal("1.25")) == (found.tier, found.cost)


UNITS = Pricing(PriceBook([a_row(PTU, "1", unit_of_measure="1/Hour", product="Azure OpenAI")]))


def test_provisioned_units_are_paid_by_the_minute_whether_used_or_not_and_their_tokens_are_not() -> None:
    noon = midnight(DAY_ON) + timedelta(hours=12, minutes=30)
    small = a_revision(sku="GlobalProvisionedManaged", capacity=50, ends_at=noon)
    large = replace(small, capacity=100, starts_at=noon, ends_at=None)

    (found,) = charged(a_deployment(small, large), [an_hour(MILLION, MILLION)], UNITS)

    assert "ptu_hour" == found.kind
    assert Decimal("12.5") * 50 + Decimal("11.5") * 100 == found.cost


def test_units_are_paid_from_creation_to_deletion_and_not_into_the_future() -> None:
    start = midnight(DAY_ON)
    deployment = a_deployment(
        a_revision(sku="GlobalProvisionedManaged", capacity=10),
        created_at=start + timedelta(hours=2),
        deleted_at=start + timedelta(hours=20),
    )

    (whole,) = charged(deployment, [], UNITS)
    (so_far,) = charged(deployment, [], UNITS, now=start + timedelta(hours=5))

    assert (180, 30) == (whole.quantity, so_far.quantity)


def test_a_fine_tuned_model_pays_for_its_hosting_and_is_priced_by_its_base() -> None:
    rows = [
        a_row("gpt 4.1 mini ft inp glbl Tokens", "0.0004", product="Azure OpenAI"),
        a_row("gpt-4.1-mini-ft hosting global Unit", "1.7", unit_of_measure="1 Hour", product="Azure OpenAI"),
    ]
    tuned = a_revision(model="claims.ft-1", version="1", base_model="gpt-4.1-mini", base_version="2025-04-14")
    hour = an_hour(MILLION, model="claims.ft-1", version="1")

    found = {one.kind: one.cost for one in charged(a_deployment(tuned), [hour], Pricing(PriceBook(rows)))}

    assert {"input": Decimal("0.4"), "hosting_hour": 24 * Decimal("1.7")} == found


def test_audio_is_told_apart_from_the_text_that_azure_counts_it_with() -> None:
    hour = an_hour(1000, 800, audio_prompt_tokens=700, audio_completion_tokens=600)

    found = {one.kind: one.quantity for one in charged(a_deployment(), [hour], LIST)}

    assert {"input": 300, "audio_input": 700, "output": 200, "audio_output": 600} == found


def test_a_version_change_within_an_hour_parts_its_tokens() -> None:
    parts = [
        {"model": "gpt-5.4", "version": "2026-03-05", "prompt_tokens": 600, "completion_tokens": 0},
        {"model": "gpt-5.4", "version": "2026-06-01", "prompt_tokens": 400, "completion_tokens": 0},
    ]

    found = charged(a_deployment(), [an_hour(1000, by_version=parts)], LIST)

    assert {"2026-03-05": 600, "2026-06-01": 400} == {one.version: one.quantity for one in found}


def test_without_a_price_the_tokens_stay_visible() -> None:
    (found,) = charged(a_deployment(), [an_hour(MILLION)], Pricing(PriceBook()))

    assert (MILLION, None, None, None) == (found.quantity, found.cost, found.low, found.high)
    assert found.why


def test_a_deployment_that_only_metrics_know_is_unpriced() -> None:
    (found,) = charged(replace(a_deployment(), revisions=()), [an_hour(MILLION)], LIST)

    assert (None, UNSEEN) == (found.cost, found.why)


def test_another_publishers_model_is_out_of_scope() -> None:
    (found,) = charged(a_deployment(a_revision(format="Mistral AI")), [an_hour(MILLION)], LIST)

    assert "out of scope: publisher Mistral AI" == found.why


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=6))
def test_the_cost_of_a_sum_is_the_sum_of_costs(prompts: list[int]) -> None:
    hours = [
        an_hour(prompt, hour=midnight(DAY_ON) + timedelta(hours=at)) for at, prompt in enumerate(prompts)
    ]

    apart = [one.cost or 0 for hour in hours for one in charged(a_deployment(), [hour], LIST)]
    together = [one.cost or 0 for one in charged(a_deployment(), hours, LIST)]

    assert sum(apart) == sum(together)


@given(
    st.integers(1, 10**12),
    st.decimals("0", "0.7", places=6),
    st.decimals("0", "0.3", places=6),
)
def test_parting_tokens_loses_none(prompt: int, cached: Decimal, written: Decimal) -> None:
    book = PriceBook([a_row(INPUT, "2"), a_row(CACHED, "0.2"), a_row(WRITTEN, "2.5")])
    shares = {"cached_input": cached, "cache_write": written}

    found = charged(a_deployment(), [an_hour(prompt)], Pricing(book, lambda *_: shares))

    assert prompt == sum(one.quantity for one in found)
    assert all((one.low or 0) <= (one.cost or 0) <= (one.high or 0) for one in found)


def test_a_month_has_a_row_for_each_price() -> None:
    days = [
        a_charge(cost="2", day=DAY_ON),
        a_charge(cost="2", day=DAY_ON.replace(day=2)),
        a_charge(cost="1", day=DAY_ON.replace(day=3)),
    ]

    parts = month_parts(days)

    assert [(0, Decimal(4)), (1, Decimal(1))] == [(part, one.cost) for part, one in parts]
    assert all(one.unit_price and one.quantity * one.unit_price == one.cost for _, one in parts)


@pytest.mark.parametrize(("hours", "capacity"), [(-1000, 1), (0, 1), (24, 2)])
def test_before_the_oldest_revision_the_oldest_holds(hours: int, capacity: int) -> None:
    start = midnight(DAY_ON)
    revisions = [
        a_revision(starts_at=start, capacity=1),
        a_revision(starts_at=start + timedelta(hours=24), capacity=2),
    ]

    found = revision_at(revisions, start + timedelta(hours=hours))

    assert found is not None
    assert capacity == found.capacity


def test_no_account_pays_for_another() -> None:
    assert {ACCOUNT} == {one.account_key for one in charged(a_deployment(), [an_hour(5)], LIST)}
    assert LONG_AGO == a_deployment().created_at
