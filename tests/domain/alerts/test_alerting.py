"""The life of an alert: told once for each state, never lost, never flapping."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from collector.domain.alerts.examples import examples
from collector.domain.alerts.rules import Evidence, Finding, NotKnown, Where, deadline_level, ending_level
from collector.domain.alerts.states import evaluate
from collector.domain.alerts.times import after_quiet, next_at, next_attempt, send_after, weekly_at
from collector.domain.alerts.types import Action, AlertConfig, AlertState, Due, Outcome

STEPS = (180, 90, 60, 30, 14, 7, 1)
START = datetime(2026, 11, 22, 6, tzinfo=UTC)
CONFIG = AlertConfig()
KEY = "model_ending|contoso/chat"


def an_ending(due_on: date, now: datetime, **changes: Any) -> Finding:
    days = (due_on - now.date()).days
    finding = Finding(
        rule="model_ending",
        subject="contoso/chat",
        severity="warning",
        fact=due_on.isoformat(),
        evidence=Evidence(f"gpt-4o ends on {due_on}", "..."),
        where=Where(),
        level=ending_level(days, STEPS),
        last_level=len(STEPS),
        due_on=due_on,
    )
    return replace(finding, **changes)


def a_quota(level: int, holds: int | None = None, **changes: Any) -> Finding:
    finding = Finding(
        rule="quota_line",
        subject="sub/eastus2/line",
        severity="warning",
        fact=f"level {level}",
        evidence=Evidence("quota", "..."),
        where=Where(),
        level=level,
        holds=level if holds is None else holds,
        tell="at_once" if level >= 3 else "digest",
    )
    return replace(finding, **changes)


QUOTA = "quota_line|sub/eastus2/line"


class Story:
    """Passes one after the other, the way the job runs them."""

    def __init__(self, config: AlertConfig = CONFIG) -> None:
        self.config = config
        self.states: dict[str, AlertState] = {}
        self.dues: list[Due] = []
        self.events: list[tuple[str, str]] = []

    def at(
        self,
        now: datetime,
        *findings: Finding | NotKnown,
        actions: Sequence[Action] = (),
        baseline: bool = False,
    ) -> Outcome:
        outcome = evaluate(self.states, findings, actions, self.config, now, baseline=baseline)
        self.states = dict(outcome.states)
        self.dues += outcome.dues
        self.events += [(event.kind, event.key) for event in outcome.events]
        return outcome

    def told(self) -> list[str]:
        return [due.kind for due in self.dues]

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]


def days(count: float) -> timedelta:
    return timedelta(days=count)


def test_every_step_is_told_once_and_daily_passes_tell_nothing_else() -> None:
    story, due_on = Story(), date(2027, 7, 1)
    now, told = START, []
    while now.date() <= due_on:
        outcome = story.at(now, an_ending(due_on, now))
        told += [((due_on - now.date()).days, due.kind) for due in outcome.dues]
        now += days(1)
    assert [(step, "opened" if step == 180 else "escalated") for step in STEPS] == told


def test_the_day_after_an_end_is_told_once_and_no_day_after_that() -> None:
    story, due_on = Story(), date(2026, 11, 30)
    told = []
    for step in range(40):
        now = START + days(step)
        outcome = story.at(now, an_ending(due_on, now))
        told += [((due_on - now.date()).days, due.kind, due.finding.day_passed) for due in outcome.dues]
    assert [
        (8, "opened", False),
        (7, "escalated", False),
        (1, "escalated", False),
        (-1, "escalated", True),
    ] == told


def test_an_upgrade_closes_the_ending_and_is_no_moved_date() -> None:
    story, due_on = Story(), date(2026, 12, 1)
    story.at(START, an_ending(due_on, START, about="gpt-4o"))
    later = START + days(11)
    outcome = story.at(later, an_ending(date(2028, 3, 1), later, about="gpt-5.1", level=0))
    [due] = outcome.dues
    assert ("closed", due_on, "gpt-4o ends on 2026-12-01; it runs on gpt-5.1 now") == (
        due.kind, due.finding.due_on, due.finding.evidence.title,
    )  # fmt: skip
    assert [] == story.told()[2:]
    again = story.at(later + days(1), an_ending(date(2028, 3, 1), later, about="gpt-5.1", level=0))
    assert (("opened", "closed"), ()) == (tuple(story.told()), again.dues)


def test_an_upgrade_to_what_ends_soon_as_well_opens_a_story_of_its_own() -> None:
    story = Story()
    story.at(START, an_ending(date(2026, 12, 1), START, about="gpt-4o"))
    later, due_on = START + days(11), date(2027, 2, 1)
    outcome = story.at(later, an_ending(due_on, later, about="gpt-5"))
    [due] = outcome.dues
    assert ("opened", due_on, 0, None) == (due.kind, due.finding.due_on, due.moves, due.before)
    assert due.finding.evidence.headline.startswith("It runs on gpt-5 now, before on gpt-4o.")
    assert () == story.at(later + days(1), an_ending(due_on, later, about="gpt-5")).dues


def test_what_is_first_seen_between_two_steps_sends_the_one_already_passed_once() -> None:
    story = Story()
    for hours in range(0, 72, 6):
        now = START + timedelta(hours=hours)
        story.at(now, an_ending(date(2027, 1, 6), now))
    assert [("opened", deadline_level(45, STEPS))] == [(due.kind, due.level) for due in story.dues]


def test_a_week_without_passes_sends_only_the_latest_step() -> None:
    story, due_on = Story(), date(2027, 1, 21)
    story.at(START, an_ending(due_on, START))
    later = START + days(55)
    story.at(later, an_ending(due_on, later))
    assert ["opened", "escalated"] == story.told()
    assert deadline_level(5, STEPS) == story.dues[-1].level


def test_a_moved_date_is_told_at_once_with_the_day_it_had_and_the_step_is_told_with_it() -> None:
    story = Story()
    story.at(START, an_ending(date(2027, 4, 14), START))
    later = START + days(1)
    outcome = story.at(later, an_ending(date(2026, 12, 20), later))
    assert [("date_moved", "at_once", date(2027, 4, 14), 1)] == [
        (due.kind, due.tell, due.before, due.moves) for due in outcome.dues
    ]
    assert () == story.at(later + days(0.1), an_ending(date(2026, 12, 20), later)).dues


def test_a_date_moved_beyond_the_first_step_is_told_and_closes() -> None:
    story = Story()
    story.at(START, an_ending(date(2027, 1, 14), START))
    story.at(START + days(1), an_ending(date(2028, 1, 14), START + days(1)))
    assert (["opened", "date_moved"], "closed") == (story.told(), story.states[KEY].status)
    assert ["opened", "date_moved", "closed"] == story.kinds()
    back = START + days(300)
    story.at(back, an_ending(date(2028, 1, 14), back))
    assert ["opened", "date_moved", "reopened"] == story.told()


def test_a_figure_that_hovers_within_the_margin_opens_once() -> None:
    story = Story()
    for hour in range(48):
        level = hour % 2
        story.at(START + timedelta(hours=hour), a_quota(level, holds=1))
    assert (["opened"], ["opened"]) == (story.told(), story.kinds())


def test_a_higher_level_escalates_and_the_last_one_is_told_at_once() -> None:
    story = Story()
    for hour, level in enumerate((1, 2, 1, 2, 3)):
        story.at(START + timedelta(hours=hour), a_quota(level))
    assert [("opened", "digest"), ("escalated", "digest"), ("escalated", "at_once")] == [
        (due.kind, due.tell) for due in story.dues
    ]


def test_it_closes_only_after_it_has_been_clear_for_a_while() -> None:
    story = Story()
    story.at(START, a_quota(1))
    story.at(START + timedelta(hours=1), a_quota(0))
    assert story.states[QUOTA].status == "open"
    story.at(START + timedelta(hours=8), a_quota(0))
    assert ("closed", ["opened", "closed"]) == (story.states[QUOTA].status, story.told())


def test_back_within_a_day_of_closing_is_the_same_episode_and_not_told_again() -> None:
    story = Story()
    story.at(START, a_quota(2))
    for hour in (1, 8):
        story.at(START + timedelta(hours=hour), a_quota(0))
    story.at(START + timedelta(hours=12), a_quota(2))
    assert (["opened", "closed"], 1) == (story.told(), story.states[QUOTA].episode)
    story.at(START + timedelta(hours=13), a_quota(3))
    assert ["opened", "closed", "escalated"] == story.told()


def test_back_after_days_is_news() -> None:
    story = Story()
    story.at(START, a_quota(2))
    for hour in (1, 8):
        story.at(START + timedelta(hours=hour), a_quota(0))
    story.at(START + days(5), a_quota(2))
    assert (["opened", "closed", "reopened"], 2) == (story.told(), story.states[QUOTA].episode)


def test_facts_that_were_not_read_change_nothing() -> None:
    story = Story()
    story.at(START, a_quota(2))
    before = story.states
    for day in range(1, 30):
        outcome = story.at(START + days(day), NotKnown("quota_line", "sub/eastus2/line"))
        assert (before, (), ()) == (outcome.states, outcome.events, outcome.dues)


def test_a_deployment_that_is_gone_closes_its_alert() -> None:
    story = Story()
    story.at(START, an_ending(date(2027, 1, 14), START))
    story.at(START + days(1))
    story.at(START + days(2))
    assert "closed" == story.states[KEY].status


def acknowledge(until: datetime | None = None, at: datetime = START) -> Action:
    return Action(KEY, "acknowledge", at, "ann@contoso.com", "migration planned", until)


def test_an_acknowledged_deadline_is_silent_until_its_day_and_then_reminds_once() -> None:
    story, due_on = Story(), date(2027, 2, 20)
    story.at(START, an_ending(due_on, START))
    story.at(START + days(0.1), an_ending(due_on, START), actions=[acknowledge(START + days(80.5))])
    for day in range(1, 81):
        story.at(START + days(day), an_ending(due_on, START + days(day)))
    assert ["opened"] == story.told()
    for day in (81, 82):
        story.at(START + days(day), an_ending(due_on, START + days(day)))
    assert ["opened", "reminder"] == story.told()
    assert "open" == story.states[KEY].status


def test_an_acknowledgement_without_an_end_still_hears_the_last_two_steps() -> None:
    story, due_on = Story(), date(2027, 2, 20)
    story.at(START, an_ending(due_on, START))
    story.at(START + days(0.1), an_ending(due_on, START), actions=[acknowledge()])
    for day in range(1, 90):
        story.at(START + days(day), an_ending(due_on, START + days(day)))
    assert [("opened", 2), ("escalated", 6), ("escalated", 7)] == [
        (due.kind, due.level) for due in story.dues
    ]


def test_a_worse_level_breaks_through_an_acknowledgement() -> None:
    story = Story()
    story.at(START, a_quota(1))
    story.at(
        START + days(0.1),
        a_quota(1),
        actions=[Action(QUOTA, "acknowledge", START, "ann", until=START + days(30))],
    )
    story.at(START + days(1), a_quota(2))
    assert (["opened", "escalated"], "open") == (story.told(), story.states[QUOTA].status)


def test_a_moved_date_breaks_through_an_acknowledgement() -> None:
    story = Story()
    story.at(START, an_ending(date(2027, 4, 14), START))
    story.at(START, an_ending(date(2027, 4, 14), START), actions=[acknowledge(START + days(100))])
    story.at(START + days(1), an_ending(date(2027, 1, 14), START + days(1)))
    assert (["opened", "date_moved"], "open") == (story.told(), story.states[KEY].status)


def test_an_acknowledgement_ends_on_its_day_even_while_facts_can_not_be_read() -> None:
    story = Story()
    story.at(START, an_ending(date(2027, 4, 14), START))
    story.at(START, an_ending(date(2027, 4, 14), START), actions=[acknowledge(START + days(2))])
    story.at(START + days(3), NotKnown("model_ending", "contoso/chat"))
    assert ["opened", "reminder"] == story.told()


def test_resolved_by_hand_stays_closed_until_the_fact_changes() -> None:
    story, due_on = Story(), date(2027, 2, 20)
    story.at(START, an_ending(due_on, START))
    story.at(
        START, an_ending(due_on, START), actions=[Action(KEY, "resolve", START, "ann", "will be deleted")]
    )
    for day in range(1, 60):
        story.at(START + days(day), an_ending(due_on, START + days(day)))
    assert (["opened"], "closed") == (story.told(), story.states[KEY].status)
    story.at(START + days(60), an_ending(date(2027, 2, 1), START + days(60)))
    assert (["opened", "date_moved"], "open") == (story.told(), story.states[KEY].status)


def test_a_resolved_level_opens_again_only_when_it_is_worse() -> None:
    story = Story()
    story.at(START, a_quota(2))
    story.at(START, a_quota(2), actions=[Action(QUOTA, "resolve", START, "ann")])
    for hour, level in enumerate((1, 2, 1, 2), start=1):
        story.at(START + timedelta(hours=hour), a_quota(level))
    assert ["opened"] == story.told()
    story.at(START + timedelta(hours=6), a_quota(3))
    assert ["opened", "reopened"] == story.told()


def test_taken_up_again_by_hand_is_open() -> None:
    story = Story()
    story.at(START, an_ending(date(2027, 4, 14), START))
    story.at(START, an_ending(date(2027, 4, 14), START), actions=[acknowledge()])
    story.at(
        START, an_ending(date(2027, 4, 14), START), actions=[Action(KEY, "reopen", START + days(0.1), "ann")]
    )
    assert "open" == story.states[KEY].status


@pytest.mark.parametrize(
    ("action", "why"),
    [
        (Action("nothing|here", "resolve", START, "ann"), "there is no such alert"),
        (Action(KEY, "reopen", START, "ann"), "it is not set aside"),
        (
            Action(KEY, "acknowledge", START, "ann", until=START - days(1)),
            "until 2026-11-21 06:00 UTC has passed already",
        ),
    ],
)
def test_an_action_that_can_not_be_done_is_refused_with_its_reason(action: Action, why: str) -> None:
    story = Story()
    story.at(START, an_ending(date(2027, 4, 14), START))
    outcome = story.at(START, an_ending(date(2027, 4, 14), START), actions=[action])
    assert [why] == [refused.why for refused in outcome.refused]


def test_the_baseline_opens_without_letters_and_later_passes_do_not_catch_up() -> None:
    story, due_on = Story(), date(2027, 1, 14)
    first = story.at(START, an_ending(due_on, START), a_quota(3), baseline=True)
    assert {("opened", "baseline")} == {(due.kind, due.tell) for due in first.dues}
    assert () == story.at(START + days(0.1), an_ending(due_on, START), a_quota(3)).dues
    later = START + days(30)
    assert ["escalated"] == [due.kind for due in story.at(later, an_ending(due_on, later), a_quota(3)).dues]


def test_news_of_a_move_yields_to_an_open_alert_of_the_same_deployment() -> None:
    news = a_quota(1, rule="date_moved", subject="contoso/chat|2027-04-14", yields_to=KEY, tells_end=False)
    with_alert = Story()
    with_alert.at(START, news, an_ending(date(2027, 4, 14), START))
    assert ["model_ending"] == [due.finding.rule for due in with_alert.dues]
    alone = Story()
    alone.at(START, news)
    assert ["date_moved"] == [due.finding.rule for due in alone.dues]


def test_advice_for_the_weekly_summary_opens_without_a_letter() -> None:
    story = Story()
    story.at(START, a_quota(1, rule="api_version_superseded", tell="weekly"))
    assert (["opened"], []) == (story.kinds(), story.told())


def test_configuration_may_silence_a_rule_and_move_its_severity() -> None:
    silent = Story(AlertConfig(rules_off=frozenset({"quota_line"})))
    silent.at(START, a_quota(3))
    assert {} == silent.states
    loud = Story(AlertConfig(severities={"quota_line": "critical"}, tells={"quota_line": "at_once"}))
    loud.at(START, a_quota(1))
    assert ("critical", "at_once") == (loud.dues[0].finding.severity, loud.dues[0].tell)


def test_an_unknown_rule_in_the_configuration_is_named() -> None:
    with pytest.raises(ValueError, match="alert rule 'quota_lines' is unknown: expected one of model_ending"):
        AlertConfig(rules_off=frozenset({"quota_lines"}))


VIENNA = ZoneInfo("Europe/Vienna")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(
            datetime(2026, 11, 22, 6, tzinfo=UTC),
            datetime(2026, 11, 22, 7, tzinfo=UTC),
            id="winter, before eight",
        ),
        pytest.param(
            datetime(2026, 11, 22, 7, tzinfo=UTC), datetime(2026, 11, 22, 7, tzinfo=UTC), id="at eight"
        ),
        pytest.param(
            datetime(2026, 11, 22, 7, 1, tzinfo=UTC), datetime(2026, 11, 23, 7, tzinfo=UTC), id="after eight"
        ),
        pytest.param(
            datetime(2027, 3, 27, 12, tzinfo=UTC),
            datetime(2027, 3, 28, 6, tzinfo=UTC),
            id="over the change to summer time",
        ),
        pytest.param(
            datetime(2026, 10, 24, 12, tzinfo=UTC),
            datetime(2026, 10, 25, 7, tzinfo=UTC),
            id="over the change back",
        ),
    ],
)
def test_the_digest_hour_is_local(now: datetime, expected: datetime) -> None:
    assert expected == next_at(time(8), now, VIENNA)


def test_a_wall_time_that_the_clock_skips_is_found_an_hour_later() -> None:
    assert datetime(2027, 3, 28, 1, 30, tzinfo=UTC) == next_at(
        time(2, 30), datetime(2027, 3, 28, 0, 0, tzinfo=UTC), VIENNA
    )


def test_quiet_hours_over_midnight_hold_what_is_at_once_until_morning() -> None:
    config = AlertConfig(zone=VIENNA, quiet_from=time(20), quiet_until=time(7))
    night = datetime(2026, 11, 22, 22, tzinfo=UTC)
    assert datetime(2026, 11, 23, 6, tzinfo=UTC) == after_quiet(night, config)
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert noon == after_quiet(noon, config)
    spared = replace(config, quiet_spares=frozenset({"critical"}))
    assert night == send_after("at_once", "critical", night, spared)


def test_the_weekly_summary_has_its_day() -> None:
    assert datetime(2026, 11, 23, 7, tzinfo=UTC) == weekly_at(
        datetime(2026, 11, 22, 12, tzinfo=UTC), AlertConfig(zone=VIENNA)
    )


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"quiet_from": time(20)}, "both a beginning and an end"),
        ({"weekly_on": 7}, r"expected 0 \(Monday\) to 6"),
    ],
)
def test_bad_times_are_refused(bad: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AlertConfig(**bad)


# What may be so on a pass: the deadline's day (or nothing read, or gone), the quota's figure in hundredths.
DEADLINES = st.one_of(
    st.sampled_from(["gone", "not read"]), st.dates(date(2026, 11, 1), date(2027, 12, 31)), st.just("same")
)
ACTS = st.sampled_from(["none", "none", "none", "ack", "snooze", "resolve", "reopen"])
PASSES = st.lists(st.tuples(st.integers(0, 500), DEADLINES, st.integers(70, 110), ACTS), max_size=25)


def quota_at(figure: int) -> Finding:
    level = sum(figure >= step for step in (80, 90, 100))
    holds = sum(figure >= step - 2 for step in (80, 90, 100))
    return a_quota(level, holds)


def play(
    passes: list[tuple[int, Any, int, str]], config: AlertConfig = CONFIG
) -> list[tuple[datetime, Outcome, list[Any]]]:
    story, now, due_on, told = Story(config), START, date(2027, 4, 14), []
    for hours, deadline, figure, act in passes:
        now += timedelta(hours=hours)
        findings: list[Any] = [quota_at(figure)]
        if isinstance(deadline, date):
            due_on = deadline
        if deadline == "not read":
            findings.append(NotKnown("model_ending", "contoso/chat"))
        elif deadline != "gone":
            findings.append(an_ending(due_on, now))
        told.append((now, story.at(now, *findings, actions=_actions(act, now)), findings))
    return told


def _actions(act: str, now: datetime) -> list[Action]:
    made = {
        "ack": ("acknowledge", None),
        "snooze": ("acknowledge", now + days(10)),
        "resolve": ("resolve", None),
        "reopen": ("reopen", None),
    }.get(act)
    return [] if made is None else [Action(key, made[0], now, "ann", until=made[1]) for key in (KEY, QUOTA)]


@given(PASSES)
def test_the_same_pass_again_changes_nothing(passes: list[tuple[int, Any, int, str]]) -> None:
    for now, outcome, findings in play(passes):
        again = evaluate(outcome.states, findings, [], CONFIG, now)
        assert ((), (), frozenset(), outcome.states) == (
            again.dues,
            again.events,
            again.changed,
            again.states,
        )


@given(PASSES)
def test_no_due_is_made_twice_and_at_most_one_per_alert_and_pass(
    passes: list[tuple[int, Any, int, str]],
) -> None:
    outcomes = [outcome for _, outcome, _ in play(passes)]
    ids = [due.id for outcome in outcomes for due in outcome.dues]
    assert len(ids) == len(set(ids))
    for outcome in outcomes:
        assert all(number == 1 for number in Counter(due.key for due in outcome.dues).values())


@given(PASSES)
def test_nothing_is_told_twice_for_one_state(passes: list[tuple[int, Any, int, str]]) -> None:
    last: dict[str, Due] = {}
    for _, outcome, _ in play(passes):
        for due in outcome.dues:
            before = last.get(due.key)
            if before is not None and due.kind not in ("closed", "reminder", "date_moved"):
                same = (before.episode, before.finding.due_on) == (due.episode, due.finding.due_on)
                assert (
                    not same or due.level > before.level or before.kind == "closed" or due.kind == "reopened"
                )
            if due.kind == "date_moved":
                assert due.before != due.finding.due_on
            last[due.key] = due


@given(PASSES)
def test_no_state_is_lost(passes: list[tuple[int, Any, int, str]]) -> None:
    """Whatever stands at a level is open, acknowledged, or was resolved by a person."""
    for now, outcome, findings in play(passes):
        for finding in findings:
            if isinstance(finding, NotKnown) or finding.level == 0:
                continue
            state = outcome.states[finding.key]
            assert state.active or state.by_hand, (now, finding)
            assert state.due_on == finding.due_on
            assert state.level >= finding.level or state.by_hand


@given(PASSES)
def test_a_deadline_that_is_open_has_always_been_told(passes: list[tuple[int, Any, int, str]]) -> None:
    told: set[str] = set()
    for _, outcome, _ in play(passes):
        told |= {due.key for due in outcome.dues}
        assert {key for key, state in outcome.states.items() if state.active} <= told


@given(st.lists(st.integers(79, 89), min_size=2, max_size=60))
def test_a_figure_within_the_margin_never_flaps(figures: list[int]) -> None:
    story = Story()
    for hour, figure in enumerate([80, *figures]):
        story.at(START + timedelta(hours=hour), quota_at(max(figure, 78)))
    assert ["opened"] == story.told()


@given(PASSES)
def test_two_opposite_events_of_one_alert_never_come_in_one_pass(
    passes: list[tuple[int, Any, int, str]],
) -> None:
    for _, outcome, _ in play(passes):
        opened = {event.key for event in outcome.events if event.kind == "opened"}
        closed = {event.key for event in outcome.events if event.kind == "closed" and event.by is None}
        assert opened.isdisjoint(closed)


def test_alerts_and_dues_survive_being_stored_as_json() -> None:
    outcome = evaluate({}, examples().values(), [], CONFIG, START)
    states, dues = TypeAdapter(dict[str, AlertState]), TypeAdapter(tuple[Due, ...])
    assert outcome.states == states.validate_json(states.dump_json(dict(outcome.states)))
    assert outcome.dues == dues.validate_json(dues.dump_json(outcome.dues))


def test_a_letter_is_tried_for_three_days_and_then_given_up() -> None:
    attempts, now = 0, START
    while now is not None and attempts < 100:
        attempts += 1
        now = next_attempt("<a@b>", attempts, START, now)
    assert 20 <= attempts <= 40


@given(st.integers(1, 60), st.text(max_size=10), st.none() | st.floats(0, 1e9))
def test_waits_grow_but_never_beyond_four_hours(attempts: int, message_id: str, asked: float | None) -> None:
    at = next_attempt(message_id, attempts, START, START, asked)
    assert at is not None
    assert timedelta(seconds=48) <= at - START <= timedelta(hours=4)


def test_a_server_that_names_its_own_wait_is_heard() -> None:
    assert START + timedelta(minutes=10) == next_attempt("<a@b>", 1, START, START, retry_after=600)
