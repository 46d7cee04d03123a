"""The ladder: the first step that has a price answers, and what contradicts itself is not guessed at."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.pricing import (
    Ambiguous,
    Answer,
    Doubt,
    ModelAlias,
    ModelNote,
    PriceBook,
    Priced,
    PriceNotes,
    PriceRow,
    Rate,
    Unpriced,
)
from collector.domain.pricing.listing import Listing
from tests.domain.pricing.builders import a_model, a_row, asked

INPUT = "5.4 inp Gl 1M Tokens"
CACHED = "5.4 cd inp Gl 1M Tokens"
TERA = Decimal("0.000001")


def told(answer: Answer) -> tuple[Decimal, str] | str:
    """Price and step, or which of the two refusals."""
    return (answer.unit_price, answer.step) if isinstance(answer, Priced) else type(answer).__name__


def test_steps_come_in_their_order() -> None:
    rows, shipped = [a_row(INPUT, "2.5")], [a_row(INPUT, "2.4", captured="2026-05-01")]
    rate = Rate(starts_on=date(2026, 1, 1), unit_price=TERA, currency="EUR", kind="input")
    named = a_model([("ContextToken", f"id-{INPUT.lower()}")])

    assert (TERA, "rate") == told(PriceBook(rows, shipped, [named], [rate]).price_at(asked()))
    assert (Decimal("2.5") * TERA, "meter-id") == told(PriceBook(rows, shipped, [named]).price_at(asked()))
    assert (Decimal("2.5") * TERA, "meter-name") == told(PriceBook(rows, shipped).price_at(asked()))
    assert (Decimal("2.4") * TERA, "snapshot") == told(PriceBook([], shipped).price_at(asked()))
    assert "Unpriced" == told(PriceBook().price_at(asked()))


def test_an_answer_tells_meter_days_and_what_else_was_considered() -> None:
    rows = [a_row(INPUT, "2.5", start="2026-03-01"), a_row("5.4 inp Dz 1M Tokens", "2.75")]

    answer = PriceBook(rows).price_at(asked())

    assert isinstance(answer, Priced)
    assert (INPUT, f"id-{INPUT.lower()}", "1 token", "USD") == (
        answer.meter_name,
        answer.meter_id,
        answer.per,
        answer.currency,
    )
    assert rows[0].effective_from == answer.effective_from
    assert rows[0].captured_at == answer.captured_at
    assert [("5.4 inp Dz 1M Tokens", "for datazone deployments")] == [
        (one.meter_name, one.why_not) for one in answer.considered
    ]


OTHER_QUESTIONS = {
    "another SKU": {"sku": "Standard"},
    "another region": {"location": "westeurope"},
    "another kind": {"kind": "output"},
    "another tier": {"tier": "priority"},
    "long context": {"context": "long"},
    "another model": {"model": "gpt-5.4-mini"},
    "a model that begins alike": {"model": "gpt-5"},
    "fine-tuned": {"fine_tuned": True},
    "another currency": {"currency": "EUR"},
    "a day before the price": {"on": "2025-12-31"},
    "a reservation": {"kind": "ptu_hour", "term": "1 Month"},
    "a SKU nobody knows": {"sku": "MoonStandard"},
    "a kind nobody knows": {"kind": "smell"},
}


@pytest.mark.parametrize("changes", OTHER_QUESTIONS.values(), ids=OTHER_QUESTIONS)
def test_a_price_answers_its_own_question_only(changes: dict[str, object]) -> None:
    assert "Unpriced" == told(PriceBook([a_row(INPUT, "2.5")]).price_at(asked(**changes)))


CONTRADICTIONS = {
    "another model": a_row("5.4 mini inp Gl 1M Tokens", "0.5"),
    "another version": a_row("5.4 0101 inp Gl 1M Tokens", "2"),
    "another SKU": a_row("5.4 inp Dz 1M Tokens", "2.75"),
    "another kind": a_row("5.4 opt Gl 1M Tokens", "15"),
    "another tier": a_row("5.4 Batch inp Gl 1M Tokens", "1.25"),
    "long context": a_row("5.4 longco inp Gl 1M Tokens", "5"),
    "fine-tuned": a_row("5.4 ft inp Gl 1M Tokens", "3"),
}


@pytest.mark.parametrize("row", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_named_meter_whose_name_says_otherwise_is_ambiguous(row: PriceRow) -> None:
    named = a_model([("NoCachedContextToken", row.meter_id)])

    answer = PriceBook([row, a_row(INPUT, "2.5")], models=[named]).price_at(asked())

    assert isinstance(answer, Ambiguous)
    assert row.meter_name in answer.why


def test_an_id_that_joins_nothing_or_is_empty_falls_to_the_name() -> None:
    named = a_model([("ContextToken", ""), ("ContextToken", "absent from the feed")])

    assert "meter-name" == told(PriceBook([a_row(INPUT, "2.5")], models=[named]).price_at(asked()))[1]


def test_an_id_whose_name_cannot_be_read_is_not_used() -> None:
    odd = a_row("5.4 inp hyper Gl 1M Tokens", "9")
    named = a_model([("ContextToken", odd.meter_id)])

    answer = PriceBook([odd], models=[named]).price_at(asked())

    assert isinstance(answer, Unpriced)
    assert "cannot be checked" in answer.considered[0].why_not


def test_ids_of_the_standard_tier_say_nothing_of_priority() -> None:
    rows = [a_row(INPUT, "2.5"), a_row("5.4 pp inp Gl 1M Tokens", "5")]
    named = a_model([("ContextToken", rows[0].meter_id)])

    answer = PriceBook(rows, models=[named]).price_at(asked(tier="priority"))

    assert (5 * TERA, "meter-name") == told(answer)


def test_a_versioned_meter_goes_before_a_versionless_one() -> None:
    rows = [a_row("5.2 chat inp Gl 1M Tokens", "1"), a_row("5.2 chat 0210 inp Gl 1M Tokens", "2")]
    book = PriceBook(rows)

    assert 2 * TERA == told(book.price_at(asked(model="gpt-5.2-chat", version="2026-02-10")))[0]
    assert 1 * TERA == told(book.price_at(asked(model="gpt-5.2-chat", version="2025-12-11")))[0]


def test_a_versionless_meter_serves_no_version_that_another_meter_claims() -> None:
    rows = [
        a_row("5.2 chat inp Gl 1M Tokens", "1"),
        a_row("5.2 chat 0210 opt Dz 1M Tokens", "2", region="westeurope"),
    ]
    book = PriceBook(rows)

    assert "Unpriced" == told(book.price_at(asked(model="gpt-5.2-chat", version="2026-02-10")))
    assert "Unpriced" == told(book.price_at(asked(model="gpt-5.2-chat", version=None)))


def test_two_meters_that_fit_at_two_prices_are_ambiguous_and_at_one_price_are_one() -> None:
    def book(second: str) -> PriceBook:
        return PriceBook([a_row(INPUT, "2.5"), a_row("GPT 5.4 Inpt Glbl 1M Tokens", second)])

    assert "Ambiguous" == told(book("2.6").price_at(asked()))
    assert Decimal("2.5") * TERA == told(book("2.5").price_at(asked()))[0]


def test_two_prices_for_one_key_are_ambiguous() -> None:
    disputed = [a_row(INPUT, "2.5"), a_row(INPUT, "2.6")]

    assert "Ambiguous" == told(PriceBook(disputed).price_at(asked()))
    assert "Ambiguous" == told(PriceBook(disputed=disputed[:1]).price_at(asked()))


def test_a_price_change_splits_the_month_and_a_late_row_mends_the_past() -> None:
    before = [a_row(INPUT, "1.00", captured="2026-08-14")]
    after = [
        *before,
        a_row(INPUT, "1.00", captured="2026-09-01", end="2026-07-31"),
        a_row(INPUT, "0.20", captured="2026-09-01", start="2026-08-01"),
    ]
    july, august = daily(date(2026, 7, 1), 31), daily(date(2026, 8, 1), 31)

    assert [TERA] * 62 == prices(PriceBook(before), [*july, *august])
    assert [TERA] * 31 == prices(PriceBook(after), july)
    assert [Decimal("0.2") * TERA] * 31 == prices(PriceBook(after), august)


def daily(start: date, count: int) -> list[date]:
    return [start + timedelta(days=day) for day in range(count)]


def prices(book: PriceBook, days: list[date]) -> list[Decimal | str]:
    return [told(book.price_at(asked(on=str(day))))[0] for day in days]


def test_a_price_that_ended_is_no_price() -> None:
    book = PriceBook([a_row(INPUT, "2.5", end="2026-06-30")])

    assert [Decimal("2.5") * TERA] == prices(book, [date(2026, 6, 30)])
    assert "Unpriced" == told(book.price_at(asked(on="2026-07-01")))


def test_a_recycled_id_means_what_it_meant_up_to_its_last_capture() -> None:
    old = a_row(INPUT, "2.5", captured="2026-05-01", seen="2026-05-20", meter_id="recycled")
    new = a_row(
        "5.4 nano opt Gl 1M Tokens", "9", captured="2026-08-01", start="2026-07-15", meter_id="recycled"
    )
    book = PriceBook([old, new])
    nano = {"model": "gpt-5.4-nano", "kind": "output"}

    assert Decimal("2.5") * TERA == told(book.price_at(asked(on="2026-05-20")))[0]
    assert "Unpriced" == told(book.price_at(asked(on="2026-05-21")))
    assert "Unpriced" == told(book.price_at(asked(on="2026-07-14", **nano)))
    assert 9 * TERA == told(book.price_at(asked(on="2026-07-15", **nano)))[0]


def test_a_recycled_id_that_kept_its_old_price_is_ambiguous() -> None:
    old = a_row(INPUT, "2.5", captured="2026-05-01", meter_id="recycled")
    new = a_row("5.4 nano opt Gl 1M Tokens", "2.5", captured="2026-08-01", meter_id="recycled")

    answer = PriceBook([old, new]).price_at(asked(on="2026-08-02", model="gpt-5.4-nano", kind="output"))

    assert isinstance(answer, Ambiguous)
    assert "recycled" in answer.why


def test_a_recycling_is_seen_across_feed_and_snapshot() -> None:
    shipped = a_row(INPUT, "2.5", captured="2026-05-01", meter_id="recycled")
    fresh = a_row("5.4 nano opt Gl 1M Tokens", "2.5", captured="2026-08-01", meter_id="recycled")

    book = PriceBook([fresh], [shipped])

    assert "Ambiguous" == told(book.price_at(asked(on="2026-08-02", model="gpt-5.4-nano", kind="output")))
    assert "Unpriced" == told(book.price_at(asked(on="2026-08-02")))


def test_a_new_spelling_of_the_same_meter_changes_nothing() -> None:
    old = a_row(
        "GPT 5 Rsng Inpt Glbl 1M Tokens", "1.25", captured="2025-08-25", meter_id="same", start="2025-08-01"
    )
    new = a_row(
        "GPT 5 Inpt Glbl 1M Tokens", "1.25", captured="2026-08-01", meter_id="same", start="2025-08-01"
    )

    answer = PriceBook([old, new]).price_at(asked(model="gpt-5", version="2025-08-07"))

    assert (Decimal("1.25") * TERA, "meter-name") == told(answer)


def test_a_meter_that_moves_to_another_unit_keeps_its_price() -> None:
    old = a_row("5.4 inp Gl Tokens", "0.0025", meter_id="same", unit_of_measure="1K")
    new = a_row("5.4 inp Gl 1M Tokens", "2.5", meter_id="same", start="2026-06-15", captured="2026-06-20")

    prices = {told(PriceBook([old, new]).price_at(asked(on=day))) for day in ("2026-06-01", "2026-07-01")}

    assert {(Decimal("2.5") * TERA, "meter-name")} == prices


IMPOSSIBLE = {
    "cached dearer than input": (CACHED, {"kind": "cached_input"}),
    "flex dearer than standard": ("54 inp Flex Gl 1M Tokens", {"tier": "flex"}),
    "batch dearer than standard": ("5.4 Batch inp Gl 1M Tokens", {"sku": "GlobalBatch", "tier": "batch"}),
}


@pytest.mark.parametrize(("name", "changes"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_price_that_cannot_be_true_beside_its_siblings_is_ambiguous(
    name: str, changes: dict[str, object]
) -> None:
    def answer(price: str) -> Answer:
        return PriceBook([a_row(INPUT, "2.5"), a_row(name, price)]).price_at(asked(**changes))

    assert "Ambiguous" == told(answer("2.6"))
    assert (Decimal("2.5") * TERA, "meter-name") == told(answer("2.5"))


def test_priority_and_long_context_are_never_cheaper_than_plain() -> None:
    rows = [
        a_row(INPUT, "2.5"),
        a_row("5.4 pp inp Gl 1M Tokens", "2"),
        a_row("5.4 longco inp Gl 1M Tokens", "2"),
    ]
    book = PriceBook(rows)

    assert "Ambiguous" == told(book.price_at(asked(tier="priority")))
    assert "Ambiguous" == told(book.price_at(asked(context="long")))


def test_long_context_is_never_priced_by_a_plain_meter_unless_the_model_is_noted() -> None:
    rows = [a_row(INPUT, "2.5")]
    noted = PriceNotes(one_context_price=(ModelNote("gpt-5.4", "test"),))

    assert "Unpriced" == told(PriceBook(rows).price_at(asked(context="long")))
    assert Decimal("2.5") * TERA == told(PriceBook(rows, notes=noted).price_at(asked(context="long")))[0]


def test_cached_input_is_billed_as_input_only_where_that_is_noted() -> None:
    rows = [a_row(INPUT, "2.5")]
    noted = PriceNotes(cached_as_input=(ModelNote("gpt-5.4", "test"),))

    assert "Unpriced" == told(PriceBook(rows).price_at(asked(kind="cached_input")))
    answer = PriceBook(rows, notes=noted).price_at(asked(kind="cached_input"))
    assert isinstance(answer, Priced)
    assert (Decimal("2.5") * TERA, "input") == (answer.unit_price, answer.billed_as)


def test_an_alias_names_the_meters_of_a_model_that_azure_calls_otherwise() -> None:
    notes = PriceNotes(
        aliases=(ModelAlias("gpt-4", "gpt-4-8k", "test", versions=("0613",), versioned=False),)
    )
    rows = [a_row("gpt-4-8K-Inp-glbl Tokens", "0.03")]
    four = {"model": "gpt-4", "version": "0613"}

    assert "Unpriced" == told(PriceBook(rows).price_at(asked(**four)))
    assert Decimal("0.00003") == told(PriceBook(rows, notes=notes).price_at(asked(**four)))[0]
    assert "Unpriced" == told(PriceBook(rows, notes=notes).price_at(asked(model="gpt-4", version="0314")))


def test_doubted_meters_price_nothing() -> None:
    notes = PriceNotes(doubts=(Doubt("gpt-5.4", None, ("input",), "recycled", "test"),))
    rows = [a_row(INPUT, "2.5")]
    named = a_model([("ContextToken", rows[0].meter_id)])

    assert "Unpriced" == told(PriceBook(rows, notes=notes).price_at(asked()))
    assert "Ambiguous" == told(PriceBook(rows, models=[named], notes=notes).price_at(asked()))


UNIT = "Provisioned Managed Global Unit"
PTU = {"kind": "ptu_hour", "sku": "GlobalProvisionedManaged"}


def test_reservation_rows_price_reservations_only() -> None:
    hour = a_row(UNIT, "1.0", unit_of_measure="1/Hour", meter_id="ptu")
    month = a_row(UNIT, "260", unit_of_measure="1/Hour", meter_id="ptu", type="Reservation", term="1 Month")
    named = a_model([("Hosting", "ptu")], sku="GlobalProvisionedManaged")
    book = PriceBook([hour, month], models=[named])

    hourly = book.price_at(asked(**PTU))
    monthly = book.price_at(asked(term="1 Month", **PTU))

    assert (Decimal(1), "meter-id") == told(hourly)
    assert (Decimal(260), "meter-id") == told(monthly)
    assert ("1 PTU hour", "1 PTU month") == (
        hourly.per if isinstance(hourly, Priced) else None,
        monthly.per if isinstance(monthly, Priced) else None,
    )
    assert "Unpriced" == told(book.price_at(asked(term="1 Year", **PTU)))
    assert "Unpriced" == told(book.price_at(asked(kind="input", sku="GlobalProvisionedManaged")))


def test_a_batch_sku_bills_at_the_batch_tier_whatever_the_question_says() -> None:
    book = PriceBook([a_row(INPUT, "2.5"), a_row("5.4 Batch inp Gl 1M Tokens", "1.25")])

    assert Decimal("1.25") * TERA == told(book.price_at(asked(sku="GlobalBatch")))[0]
    assert "Unpriced" == told(book.price_at(asked(sku="GlobalBatch", tier="priority")))
    assert "Unpriced" == told(book.price_at(asked(tier="batch")))


def test_government_meters_never_price_a_public_deployment() -> None:
    rows = [
        a_row("Az-GPT 5.4 Inp Glbl 1M Tokens", "9", region=region) for region in ("eastus2", "usgovvirginia")
    ]
    book = PriceBook(rows)

    assert "Unpriced" == told(book.price_at(asked()))
    assert 9 * TERA == told(book.price_at(asked(location="usgovvirginia")))[0]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 300), st.integers(0, 300), st.integers(1, 9), st.sampled_from([INPUT, CACHED])
        ),
        max_size=8,
    ),
    st.integers(0, 300),
)
def test_between_two_turning_days_the_price_stays_what_it_is(
    facts: list[tuple[int, int, int, str]], offset: int
) -> None:
    origin = date(2026, 1, 1)
    rows = [
        a_row(
            name,
            str(price),
            meter_id="one",
            start=str(origin + timedelta(days=start)),
            captured=str(origin + timedelta(days=captured)),
        )
        for start, captured, price, name in facts
    ]
    book = PriceBook(rows)
    listing = PriceBook(rows).listing(asked())
    assert isinstance(listing, Listing)
    for day in daily(origin + timedelta(days=offset), 40):
        assert told(listing.answer(day)) == told(book.price_at(asked(on=str(day))))


@given(
    st.lists(st.integers(0, 10**12), max_size=20),
    st.decimals(min_value="0.0001", max_value="600", places=6),
)
def test_the_cost_of_a_sum_is_the_sum_of_the_costs(parts: list[int], price: Decimal) -> None:
    answer = PriceBook([a_row(INPUT, str(price))]).price_at(asked())

    assert isinstance(answer, Priced)
    assert sum(parts) * answer.unit_price == sum((part * answer.unit_price for part in parts), Decimal(0))
