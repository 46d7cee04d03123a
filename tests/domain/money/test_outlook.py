"""Every part of the estate by itself: its days, its month's end, its strange days."""

from datetime import date, timedelta
from decimal import Decimal

from collector.domain.money.forecast import MonthForecast, NoForecast, month_end
from collector.domain.money.outlook import Part, outlooks, parts_of, strange_days, told_apart
from collector.domain.periods import Month

OCTOBER = Month(2026, 10)
FIRST, THROUGH = date(2026, 8, 1), date(2026, 10, 14)
DAYS = [FIRST + timedelta(days=at) for at in range((THROUGH - FIRST).days + 1)]


def daily(
    key: str | None, cost: int, *, weekends: bool = True
) -> list[tuple[str | None, str, date, Decimal]]:
    return [
        (key, "USD", day, Decimal(cost + day.toordinal() % 3))
        for day in DAYS
        if weekends or day.weekday() < 5
    ]


def test_a_day_without_a_charge_cost_nothing_where_the_estate_is_known() -> None:
    parts = parts_of([*daily("a", 10), *daily("office", 5, weekends=False)], DAYS, THROUGH)

    (office,) = [part for part in parts if part.key == "office"]
    assert set(DAYS[2:]) == set(office.costs)  # from its first charge, a Monday, on
    assert Decimal(0) == office.costs[date(2026, 10, 11)]


def test_a_day_that_nothing_is_known_of_is_no_free_day() -> None:
    known = [day for day in DAYS if day != date(2026, 10, 5)]
    parts = parts_of([row for row in daily("a", 10) if row[2] in known], known, THROUGH)

    (found,) = outlooks(parts, OCTOBER, THROUGH)
    assert NoForecast("1 of the month's days so far are unknown") == found.forecast


def test_every_part_has_the_forecast_it_would_have_alone() -> None:
    parts = parts_of([*daily("a", 10), *daily("b", 700), *daily(None, 5, weekends=False)], DAYS, THROUGH)
    found = outlooks(parts, OCTOBER, THROUGH)

    assert ["b", "a", None] == [one.key for one in found]
    for one, part in zip(found, parts, strict=True):
        assert month_end(part.costs, OCTOBER, THROUGH) == one.forecast
        assert isinstance(one.forecast, MonthForecast)
        assert one.spent == one.forecast.known
        assert one.before == sum(cost for day, cost in part.costs.items() if day.month == 9)


def test_what_is_not_told_apart_is_summed_by_currency_and_nothing_is_lost() -> None:
    parts = [
        Part(key, currency, {THROUGH: Decimal(cost)})
        for key, currency, cost in (("a", "USD", 9), ("b", "USD", 4), ("c", "USD", 2), ("d", "EUR", 1))
    ]

    assert [
        ("a", "USD", Decimal(9)),
        ("d", "EUR", Decimal(1)),
        ("others", "USD", Decimal(6)),
    ] == [(part.key, part.currency, part.costs[THROUGH]) for part in told_apart(parts, 1, "others")]


def test_a_strange_day_is_found_in_its_part_though_the_whole_hides_it() -> None:
    rows = [*daily("large", 10_000), *daily("small", 50)]
    rows = [
        (key, currency, day, cost * 9 if (key, day) == ("small", date(2026, 10, 12)) else cost)
        for key, currency, day, cost in rows
    ]
    parts = parts_of(rows, DAYS, THROUGH)
    whole = parts_of(((None, currency, day, cost) for _, currency, day, cost in rows), DAYS, THROUGH)

    assert [("small", date(2026, 10, 12))] == [
        (one.key, one.anomaly.day) for one in strange_days(parts, OCTOBER.first_day)
    ]
    assert [] == strange_days(whole, OCTOBER.first_day)
