"""What stands behind a number: a line's past and holders, the days of a peak, a deployment in figures."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from collector.domain.advice.types import Line, Seat
from collector.domain.periods import Window
from collector.domain.room.fullness import NoDate, UntilFull
from collector.domain.room.quotas import Holding, line_use
from collector.store.engine import open_engine
from collector.store.reads.close_up import LimitStep
from collector.store.reads.evidence import deployment_evidence
from collector.store.reads.quotas import QuotaReading, QuotaRow
from collector.store.reads.room import room_rows
from dashboard import formats
from dashboard.charts import room as charts
from dashboard.views import evidence
from dashboard.views.quota_map import quota_view
from dashboard.views.throttling import minute_day
from dashboard.words import room as words
from tests.dashboard.conftest import Opened

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TODAY = NOW.date()
TEXT = "Tokens Per Minute (thousands) - gpt-4o"
NAME = "OpenAI.GlobalStandard.gpt-4o"


def a_reading(limit: int, current: int, *, name: str = NAME, location: str = "eastus2") -> QuotaRow:
    past = [(NOW - timedelta(days=20), 100, 60), (NOW - timedelta(days=3), limit, current)]
    return QuotaRow(
        "s", location, name, TEXT, "tokens_per_minute", Decimal(1000), Decimal(limit), Decimal(current), NOW,
        tuple(QuotaReading(at, Decimal(most), Decimal(used)) for at, most, used in past),
    )  # fmt: skip


def a_line(limit: int, current: int, *held: int, name: str = NAME, location: str = "eastus2") -> Line:
    holdings = [Holding(UUID(int=at + 1), "chat", Decimal(units)) for at, units in enumerate(held)]
    return Line(
        "s",
        location,
        name,
        line_use(name, location, TEXT, Decimal(limit), Decimal(current), holdings, now=NOW),
    )


def a_seat(name: str, units: int, usage: str = NAME) -> Seat:
    account = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a"
    return Seat(
        UUID(int=1),
        account,
        name,
        "s",
        "eastus2",
        "gpt-4o",
        "1",
        "GlobalStandard",
        usage_name=usage,
        units=units,
    )


def test_a_line_tells_who_holds_it_and_every_move_of_its_limit_and_allocation() -> None:
    seats = [
        a_seat("small", 20),
        a_seat("large", 50, NAME.upper()),
        a_seat("other", 70, "OpenAI.Standard.gpt-4o"),
    ]
    found = evidence.line_evidence(
        a_line(200, 90, 20, 50), a_reading(200, 90), seats, NoDate("it did not change"), TODAY
    )

    assert ["large", "small"] == [row["deployment"] for row in found.holders.rows]
    assert [("limit", 100, 200), ("allocated", 60, 90)] == [
        (row["what"], row["before"], row["after"]) for row in found.changes.rows[::-1]
    ]
    assert (NOW, Decimal(200), Decimal(90)) == found.history[-1]
    for part in (
        "90 of 200 allocated, 110 free",
        "20 are held by no deployment",
        "no date: it did not change",
        "One pool (global)",
    ):
        assert part in found.sentence


def test_the_last_reading_reaches_to_when_the_line_was_last_read() -> None:
    found = evidence.line_evidence(a_line(200, 90), a_reading(200, 90), (), None, TODAY)
    drawn = charts.line_history(found).to_dict()["data"]

    assert 3 == len(found.history)
    assert [60, 90, 90] == list(drawn[0]["y"])
    assert [100, 200, 200] == list(drawn[1]["y"])


def test_the_days_at_the_limit_are_counted_from_the_last_known_day() -> None:
    ends_on = TODAY - timedelta(days=1)
    found = evidence.filling([0.5, None, 0.7], ends_on, UntilFull(20, 10, None, 0.6, 0.04, 0.09), TODAY)

    assert (ends_on - timedelta(days=2), ends_on) == (found.days[0], found.days[-1])
    assert (ends_on + timedelta(days=10), None) == (found.earliest, found.latest)
    assert "4% of the limit off, supposing no change 9%" in found.sentence
    assert 1 == sum(shape.x0 == found.earliest for shape in charts.filling(found).layout.shapes)


def test_a_line_without_quota_is_grey_and_one_beyond_its_limit_is_red() -> None:
    lines = [
        a_line(100, 100, 100), a_line(0, 0, location="westus"), a_line(0, 150, location="uksouth"), a_line(50, 0, location="japaneast"),
    ]  # fmt: skip
    view = quota_view(lines, [a_seat("chat", 100)], [], {})
    at = {location: place for place, location in enumerate(view.map.locations)}

    assert {"eastus2": 0.0, "westus": None, "uksouth": 0.0, "japaneast": 1.0} == {
        location: view.map.share[0][place] for location, place in at.items()
    }
    assert {"westus"} == {location for location, place in at.items() if view.map.nothing[0][place]}
    assert "s/uksouth/" + NAME == view.map.lines[0][at["uksouth"]]


def test_lines_that_lie_stranded_are_in_the_table_behind_the_map() -> None:
    lines = [
        a_line(100, 40, 40),
        a_line(50, 0, location="japaneast"),
        a_line(50, 0, name="OpenAI.Standard.unused"),
    ]
    view = quota_view(lines, [a_seat("chat", 40)], [], {})

    assert [("eastus2", 0), ("japaneast", 50)] == [
        (row["location"], row["stranded"]) for row in view.lines.rows
    ]
    assert {row["key"] for row in view.lines.rows} <= {key for key, _ in view.choices}


def test_the_close_up_draws_the_measure_that_binds(world: Callable[[str], str]) -> None:
    with open_engine(world("demo"), read_only=True).connect() as connection:
        row = next(row for row in room_rows(connection, "2026-11") if row.peak_tpm_at and row.limit_rpm)
        window = Window(row.starts_at, row.ends_at)
        minutes = deployment_evidence(connection, row.account_key, row.key, window)
    assert row.peak_tpm_at is not None
    tokens, requests = (minute_day(minutes, row.peak_tpm_at.date(), measure) for measure in ("tpm", "rpm"))

    assert tokens is not None
    assert requests is not None
    assert row.peak_tpm == max(used for used in tokens.used if used is not None)
    assert ("tokens per minute", "answered requests per minute") == (tokens.unit, requests.unit)


def test_a_name_in_a_link_is_shown_and_does_nothing() -> None:
    assert r"\*a\*\[b\]\(c\)\:\<i\>\$x\$ d-e".replace("d-", r"d\-") == formats.plain("*a*[b](c):<i>$x$ d-e")


def test_every_line_can_be_reached_by_link(opened: Opened) -> None:
    app = opened("overview", "demo")
    app = opened("quota", "demo")
    [box] = [one for one in app.selectbox if one.label == words.CHOOSE_LINE]

    again = opened("quota", "demo", line=box.options[-1])
    [chosen] = [one for one in again.selectbox if one.label == words.CHOOSE_LINE]
    assert box.options[-1] == chosen.value != box.value


def test_a_day_far_ahead_is_drawn_to_the_horizon_where_the_end_is_open() -> None:
    found = evidence.filling(
        [0.2] * 30, date(2026, 11, 21), UntilFull(None, 100, None, 0.2, None, None), TODAY
    )
    [span] = [shape for shape in charts.filling(found).layout.shapes if shape.x0 == found.earliest]
    assert date(2026, 11, 21) + timedelta(days=180) == span.x1


def test_every_change_of_a_deployment_is_an_event_newest_first() -> None:
    steps = [
        LimitStep(NOW - timedelta(days=at), None, units * 1000, units * 6, "Standard", units, "gpt-4o", "1")
        for at, units in ((30, 100), (3, 240))
    ]
    rows = evidence.revisions(steps).rows

    assert [(240, 240_000), (100, 100_000)] == [(row["capacity"], row["limit_tpm"]) for row in rows]
    assert NOW - timedelta(days=3) == rows[0]["starts_at"]


def test_a_revision_that_shows_nothing_new_is_no_row() -> None:
    steps = [
        LimitStep(NOW - timedelta(days=at), None, 240_000, 1_440, "Standard", 240, "gpt-4o", "1")
        for at in (30, 3)
    ]

    assert [NOW - timedelta(days=30)] == [row["starts_at"] for row in evidence.revisions(steps).rows]


def test_readings_of_minutes_are_drawn_on_a_day_and_without_seconds() -> None:
    past = tuple(
        QuotaReading(NOW - timedelta(minutes=30 - at), Decimal(100), Decimal(50 + at)) for at in (0, 15, 30)
    )
    reading = replace(a_reading(100, 80), history=past)
    line = evidence.line_evidence(a_line(100, 80), reading, [], NoDate("too short"), TODAY)

    axis = charts.line_history(line).layout.xaxis

    start, end = axis.range
    assert timedelta(days=1) <= end - start
    assert start < NOW - timedelta(minutes=30) < NOW < end
    assert [] == [stop.value for stop in axis.tickformatstops if "%S" in stop.value]
