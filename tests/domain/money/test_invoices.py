"""A billed amount parted by invoice and commitment is the same amount."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from collector.domain.money.invoices import (
    BilledTo,
    Invoiced,
    Invoicing,
    as_kept,
    by_number,
    kept,
    shares,
    together,
)

amounts = st.decimals(Decimal(-1000), Decimal(100_000), places=9)
parts = st.builds(
    Invoiced,
    invoice=st.sampled_from(["", "G1", "P1"]),
    commitment=st.sampled_from(["", "reservation"]),
    charge_type=st.sampled_from(["Usage", "Refund"]),
    quantity=amounts,
    billed=amounts,
    actual=st.none() | amounts,
)


def a_part(invoice: str = "G1", quantity: str = "1", billed: str = "1", commitment: str = "") -> Invoiced:
    return Invoiced(invoice, commitment, "Usage", Decimal(quantity), Decimal(billed), Decimal(billed))


@given(st.lists(parts, max_size=8))
def test_what_is_put_together_is_what_was_there(given: list[Invoiced]) -> None:
    found = together(given)

    if any(one.is_told for one in given):
        for name in ("quantity", "billed"):
            assert sum(getattr(one, name) for one in given) == sum(getattr(one, name) for one in found)
        told = [one.actual for one in given if one.actual is not None]
        assert sum(told) == sum(one.actual for one in found if one.actual is not None)
        assert len({(one.invoice, one.commitment, one.charge_type) for one in found}) == len(found)
    else:
        assert () == found


@given(amounts, st.lists(parts, min_size=1, max_size=8))
def test_shares_sum_to_the_whole(amount: Decimal, given: list[Invoiced]) -> None:
    assert amount == sum(shares(amount, given))


rows = st.tuples(
    st.sampled_from(["USD", "EUR"]), amounts, amounts, st.just(()) | st.lists(parts, max_size=4).map(together)
)


@given(st.lists(rows, max_size=6))
def test_invoices_sum_to_what_stands_on_them(
    given: list[tuple[str, Decimal, Decimal, tuple[Invoiced, ...]]],
) -> None:
    found = by_number(given)

    for currency in ("USD", "EUR"):
        mine = [one for one in given if one[0] == currency]
        paid = sum(
            sum((part.actual or 0 for part in one[3]), Decimal(0)) if one[3] else one[2] for one in mine
        )
        spread = sum(sum((part.billed for part in one[3]), Decimal(0)) if one[3] else one[1] for one in mine)
        ours = [sums for (named, _), sums in found.items() if named == currency]
        assert (paid, spread) == (sum(one[0] for one in ours), sum(one[1] for one in ours))


def test_shares_go_by_the_quantities_of_the_bill() -> None:
    assert [Decimal(75), Decimal(25)] == shares(Decimal(100), [a_part(quantity="3"), a_part(quantity="1")])


def test_without_quantities_shares_go_by_amounts() -> None:
    refunded = [a_part(quantity="-1", billed="-3"), a_part(quantity="4", billed="1")]

    assert [Decimal(75), Decimal(25)] == shares(Decimal(100), refunded)


@given(st.lists(parts, max_size=5))
def test_a_closing_keeps_parts_as_they_were(given: list[Invoiced]) -> None:
    found = together(given)

    assert found == as_kept(kept(found))


def test_plain_use_without_an_invoice_keeps_nothing() -> None:
    assert kept(together([a_part("")])) is None


def test_what_has_no_invoice_is_billed_where_all_others_of_its_subscription_are() -> None:
    contoso, other = BilledTo("1", "Contoso"), BilledTo("2", "Fabrikam")

    one = Invoicing({("s", "G1"): contoso, ("s", "P1"): contoso, ("t", "G9"): other})
    two = Invoicing({("s", "G1"): contoso, ("s", "P1"): other})

    assert contoso == one.billed_to("s", "")
    assert BilledTo() == two.billed_to("s", "")
    assert other == two.billed_to("s", "P1")
