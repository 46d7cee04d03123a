"""Numbers for people, chosen periods and downloads: plain functions, tested plainly."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.money.forecast import NoForecast
from collector.domain.periods import Month, Window, last_days, midnight
from collector.store.reads.cost import OTHERS, DailyCost
from dashboard import formats
from dashboard.charts import style as charts
from dashboard.periods import comparison, period_keys, period_of
from dashboard.tables import Column, safe_text, table, to_csv
from dashboard.views.cost_sums import LARGEST, label, slices_of, stack, sums_by_currency
from dashboard.words import cost as cost_words
from dashboard.words import overview as overview_words

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("shown", "amount", "currency"),
    [
        ("$1,234.56", "1234.561", "USD"),
        ("€0.05", "0.05", "EUR"),
        ("< $0.01", "0.0001", "USD"),
        ("$0.00", "0", "USD"),
        ("$123,457", "123456.7", "USD"),
        ("¥1,235", "1234.6", "JPY"),
        ("CHF 12.00", "12", "CHF"),
        ("−$5.00", "-5", "USD"),
    ],
)
def test_money_is_written_as_its_readers_write_it(shown: str, amount: str, currency: str) -> None:
    assert shown == formats.money(Decimal(amount), currency)


def test_what_is_not_known_is_called_unknown() -> None:
    assert ["unknown"] * 5 == [
        formats.money(None, "USD"),
        formats.quantity(None),
        formats.percent(None),
        formats.instant(None),
        formats.count(None),
    ]


@pytest.mark.parametrize(
    ("shown", "value"),
    [("1.24 M tokens", 1_240_000), ("982 k tokens", 982_000), ("640 tokens", 640), ("0 tokens", 0)],
)
def test_tokens_are_written_short(shown: str, value: int) -> None:
    assert shown == formats.quantity(value, "tokens")


@pytest.mark.parametrize(
    ("shown", "share"), [("100 %", 1), ("99.9 %", 0.9999), ("80 %", 0.8), ("104 %", 1.04), ("0 %", 0)]
)
def test_a_share_is_whole_only_where_it_is_whole(shown: str, share: float) -> None:
    assert shown == formats.percent(share)


def test_a_range_names_sign_and_thousands_once() -> None:
    assert "$17.7–22.3k" == formats.money_range(Decimal(17_700), Decimal(22_300), "USD")
    assert "$900–1.1k" == formats.money_range(Decimal(900), Decimal(1_100), "USD")
    assert "$195.6–196.1k" == formats.money_range(Decimal(195_583), Decimal(196_060), "USD")
    assert "$5.00" == formats.money_range(Decimal(5), Decimal(5), "USD")


def test_a_token_price_is_read_by_the_million() -> None:
    assert "$2.50 per 1M tokens" == formats.unit_price(Decimal("0.0000025"), "USD", "1 token")
    assert "$1.00 per 1 PTU hour" == formats.unit_price(Decimal(1), "USD", "1 PTU hour")


def test_month_to_date_is_the_whole_month_up_to_today() -> None:
    period = period_of("month", TODAY)

    assert (Month(2026, 11).window, TODAY, "2026-11", 22) == (
        period.window,
        period.last_day,
        period.room_key,
        period.days,
    )


@pytest.mark.parametrize("key", [None, "", "nonsense", "2026-13", "2031-01"])
def test_a_period_that_means_nothing_is_month_to_date(key: str | None) -> None:
    assert period_of("month", TODAY).window == period_of(key, TODAY).window


def test_months_of_the_store_may_be_chosen_but_not_the_current_one_twice() -> None:
    keys = period_keys([date(2026, 11, 1), date(2026, 10, 1)], TODAY)

    assert ["month", "1d", "7d", "30d", "90d", "2026-10"] == keys


def test_todays_unfinished_day_is_compared_with_nothing() -> None:
    beside = comparison(period_of("month", TODAY), TODAY)

    assert beside is not None
    assert (
        Window(midnight(date(2026, 11, 1)), midnight(TODAY)),
        Window(midnight(date(2026, 10, 1)), midnight(date(2026, 10, 22))),
    ) == (beside.current, beside.before)
    assert None is comparison(period_of("month", date(2026, 11, 1)), date(2026, 11, 1))


def test_a_past_month_is_compared_with_the_whole_month_before() -> None:
    beside = comparison(period_of("2026-09", TODAY), TODAY)

    assert (Month(2026, 9).window, Month(2026, 8).window) == (beside.current, beside.before)


@given(
    st.sampled_from(["1d", "7d", "30d", "90d", "month", "2026-02", "2024-02"]),
    st.dates(date(2026, 3, 1), date(2027, 3, 31)),
)
def test_both_sides_of_a_comparison_never_overlap(key: str, today: date) -> None:
    beside = comparison(period_of(key, today), today)

    assert beside is None or beside.before.end <= beside.current.start
    assert beside is None or beside.current.end <= midnight(today)


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n@x"])
def test_a_formula_is_text_again_in_a_download(name: str) -> None:
    assert safe_text(name).startswith("'")


def test_a_download_holds_every_digit_and_leaves_the_unknown_empty() -> None:
    found = to_csv(
        table(
            "x",
            (
                Column("name", "Name"),
                Column("cost", "Cost", "money"),
                Column("at", "At", "instant"),
                Column("t", "T", "trend"),
            ),
            [
                {
                    "name": "=evil",
                    "cost": Decimal("0.00000012345678901234"),
                    "at": datetime(2026, 11, 1, tzinfo=UTC),
                    "t": [1],
                },
                {"name": 'a,"b"\nc', "cost": None, "at": None, "t": None},
            ],
        )
    )

    assert [
        ["name", "cost", "at"],
        ["'=evil", "0.00000012345678901234", "2026-11-01T00:00:00Z"],
        ['a,"b"\nc', "", ""],
    ] == list(csv.reader(io.StringIO(found)))


def test_a_column_of_nothing_takes_no_room() -> None:
    found = table("x", (Column("a", "A"), Column("b", "B")), [{"a": None, "b": 0}])

    assert ["b"] == [column.key for column in found.shown]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 29), st.sampled_from([*"abcdefghijklmno", None, OTHERS]), st.integers(0, 10**9)
        )
    )
)
def test_a_stack_holds_every_cent_whatever_is_told_apart(parts: list[tuple[int, str | None, int]]) -> None:
    period = period_of("30d", TODAY)
    daily = [
        _part(period.first_day + timedelta(days=day), key, Decimal(cents) / 100) for day, key, cents in parts
    ]
    found = stack(daily, period, "USD", TODAY, {}, "model")

    assert sum((part.cost for part in daily), Decimal(0)) == found.total
    assert len(found.series) <= LARGEST + 2
    assert sum((one.cost for one in slices_of(daily)), Decimal(0)) == found.total


def test_currencies_stay_apart() -> None:
    daily = [_part(TODAY, "a", Decimal(1)), _part(TODAY, "a", Decimal(2), "EUR")]

    assert {"USD": Decimal(1), "EUR": Decimal(2)} == {
        key: sums[0] for key, sums in sums_by_currency(daily).items()
    }


def test_what_has_no_team_says_so() -> None:
    assert cost_words.NO_KEY["team"] == label(None, {}, "team")
    assert "acc / chat" == label("/subscriptions/s/x/acc/deployments/chat", {}, "deployment")


@pytest.mark.parametrize("name", ["<b>x</b>", "%{x}", "$a$", "<a href='x'>", "a & b"])
def test_plotly_gets_no_markup_and_no_template(name: str) -> None:
    shown = charts.text(name)

    assert "<" not in shown
    assert "%{" not in shown


def test_a_tile_without_forecast_says_why() -> None:
    assert "too short" in cost_words.no_forecast(NoForecast("the series is too short").reason)


def test_a_money_sign_in_a_sentence_is_no_formula() -> None:
    assert "\\$5.00" in overview_words.also_in(formats.money(Decimal(5), "USD"))


def test_the_last_seven_days_end_with_today() -> None:
    assert last_days(TODAY, 7) == period_of("7d", TODAY).window


def _part(day: date, key: str | None, cost: Decimal, currency: str = "USD") -> DailyCost:
    return DailyCost(day, key, currency, cost, cost, cost, 0)
