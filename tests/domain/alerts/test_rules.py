"""Each rule says what is so, how bad, and from where it is known; what was not read is not known."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.alerts.api_rules import ApiVersionUse, api_version_ending, api_version_superseded
from collector.domain.alerts.ending_rules import MovedDate, Use, auto_upgrade_coming, date_moved, model_ending
from collector.domain.alerts.examples import NOW, TODAY, WHERE, deployment_ending, examples
from collector.domain.alerts.health_rules import (
    Age,
    ScopeHealth,
    catalog_old,
    collector_partial,
    collector_stale,
)
from collector.domain.alerts.money_rules import (
    BudgetFact,
    CostDay,
    MonthBill,
    UnpricedUse,
    budget_burn,
    cost_anomaly,
    forecast_above_budget,
    reconciliation_unexplained,
    unpriced_usage,
)
from collector.domain.alerts.room_rules import (
    QuotaFact,
    RoomFact,
    deployment_at_limit,
    ptu_idle,
    ptu_saturated,
    quota_line,
    throttling_begun,
    time_until_full,
)
from collector.domain.alerts.routing import where_of
from collector.domain.alerts.rules import Finding, NotKnown, Where, deadline_level, levels_of, named_in_tags
from collector.domain.alerts.table import DEFAULT_THRESHOLDS, RULES, Thresholds
from collector.domain.alerts.words import count, day, money, percent, span, sums
from collector.domain.endings.api_versions import ApiEnding


def an_ending(**changes: Any) -> Finding:
    fact = deployment_ending(ending=replace(deployment_ending().ending, **changes))
    found = model_ending(fact, TODAY)
    assert isinstance(found, Finding)
    return found


def a_quota(limit: Any, current: Any, **more: Any) -> QuotaFact:
    def exact(value: Any) -> Decimal | None:
        return None if value is None else Decimal(value)

    return QuotaFact("s/l/u", "u", "gpt-4o", exact(limit), exact(current), "tokens", WHERE, NOW, **more)


def a_room(**more: Any) -> RoomFact:
    return RoomFact("contoso-prod/chat", "chat", "contoso-prod", WHERE, NOW, **more)


def level(found: Finding | NotKnown | None) -> int | None:
    return found.level if isinstance(found, Finding) else None


def test_every_rule_has_an_example_and_every_example_a_rule() -> None:
    assert set(RULES) == set(examples())


def test_every_threshold_belongs_to_a_rule() -> None:
    named = {name for info in RULES.values() for name in info.thresholds}
    assert {*Thresholds.__dataclass_fields__} == named


@pytest.mark.parametrize("finding", examples().values(), ids=lambda finding: finding.rule)
def test_every_finding_is_told_as_its_rule_says_unless_it_is_at_its_worst(finding: Finding) -> None:
    assert finding.tell in {RULES[finding.rule].tell, "at_once"}
    assert finding.evidence.headline.endswith(".")
    assert finding.evidence.next_steps


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (181, 0),
        (180, 1),
        (91, 1),
        (90, 2),
        (60, 3),
        (30, 4),
        (14, 5),
        (7, 6),
        (2, 6),
        (1, 7),
        (0, 7),
        (-9, 7),
    ],
)
def test_deadline_levels_count_the_steps_passed(days: int, expected: int) -> None:
    assert expected == deadline_level(days, DEFAULT_THRESHOLDS.deadline_steps)


@given(st.decimals(0, 2, places=3), st.decimals(0, "0.2", places=3))
def test_what_is_reached_is_held(figure: Decimal, margin: Decimal) -> None:
    reached, held = levels_of(figure, DEFAULT_THRESHOLDS.quota_shares, margin)
    assert reached <= held


@pytest.mark.parametrize(
    ("days", "on_the_day", "severity"),
    [
        (120, "stops", "info"),
        (60, "stops", "warning"),
        (20, "stops", "critical"),
        (20, "upgraded", "warning"),
    ],
)
def test_what_azure_upgrades_by_itself_is_never_critical(days: int, on_the_day: Any, severity: str) -> None:
    due_on = TODAY + timedelta(days=days)
    assert severity == an_ending(ends_on=due_on, due_on=due_on, on_the_day=on_the_day).severity


def test_a_deployment_that_stops_says_so_and_why() -> None:
    found = an_ending(
        on_the_day="stops", why="provisioned deployments are never upgraded by Azure", upgrade=None
    )
    assert "It stops: calls are answered with 410 Gone (provisioned" in found.evidence.if_nothing


def test_both_dates_are_named_where_the_model_ends_before_its_sku() -> None:
    earlier = date(2026, 12, 20)
    found = an_ending(inference_retires_on=earlier, due_on=earlier)
    assert found.due_on == earlier
    assert ("Model's inference date", "20 December 2026") in found.evidence.facts
    assert ("Ends on", "14 January 2027 (listed by Azure, may still move)") in found.evidence.facts


def test_without_a_date_it_stands_at_level_0_and_without_a_list_it_is_not_known() -> None:
    assert 0 == an_ending(ends_on=None, due_on=None, firmness="no_date").level
    silent = replace(deployment_ending().ending, ends_on=None, due_on=None, standing="not_read")
    assert NotKnown("model_ending", "contoso-prod/chat") == model_ending(
        deployment_ending(ending=silent), TODAY
    )


def test_a_list_that_was_not_read_is_said_in_the_source() -> None:
    found = an_ending(
        standing="not_read", ends_on_source="bundled", read_at=datetime(2026, 10, 1, tzinfo=UTC)
    )
    assert "was not read since 1 October 2026" in found.evidence.source


def test_a_replacement_that_is_not_offered_there_is_said() -> None:
    found = an_ending(replacement_offered=False)
    assert "not offered as GlobalStandard in eastus2" in found.evidence.next_steps[0].text


def test_an_unused_deployment_may_simply_be_deleted() -> None:
    fact = deployment_ending(use=Use(0))
    found = model_ending(fact, TODAY)
    assert isinstance(found, Finding)
    assert "can simply be deleted" in found.evidence.next_steps[0].text


def test_a_date_that_moved_nearer_is_told_at_once_where_it_opens_the_alert() -> None:
    nearer = model_ending(deployment_ending(moved_from=date(2027, 10, 14)), TODAY)
    assert isinstance(nearer, Finding)
    assert ("at_once", True) == (nearer.tell, "(was 14 October 2027)" in nearer.evidence.title)
    later = model_ending(deployment_ending(moved_from=date(2026, 12, 1)), TODAY)
    assert isinstance(later, Finding)
    assert "digest" == later.tell


ENDED_ON = date(2026, 11, 20)
AFTER = {
    "called": (Use(9, (), date(2026, 11, 21), TODAY), "It was called on 21 November 2026, after that day."),
    "silent": (Use(9, (), ENDED_ON, TODAY), "No call was counted after that day"),
    "not read since": (Use(9, (), ENDED_ON, ENDED_ON), "is not verified"),
    "never read": (Use(), "is not verified"),
}


@pytest.mark.parametrize(("use", "said"), AFTER.values(), ids=AFTER)
def test_the_day_after_says_what_became_of_it_as_far_as_it_is_known(use: Use, said: str) -> None:
    ending = replace(deployment_ending().ending, ends_on=ENDED_ON, due_on=ENDED_ON)
    found = model_ending(deployment_ending(ending=ending, use=use), TODAY)
    assert isinstance(found, Finding)
    assert (8, True, True) == (found.level, found.day_passed, said in found.evidence.headline)
    assert "Azure has not moved it to gpt-5.1 2025-11-13 yet." in found.evidence.headline
    assert "ended on 20 November 2026" in found.evidence.title


def test_unknown_use_is_called_unknown() -> None:
    found = model_ending(deployment_ending(use=Use()), TODAY)
    assert isinstance(found, Finding)
    assert {
        "Requests, 30 days": "unknown",
        "Cost, 30 days": "unknown",
        "Last used": "unknown",
    }.items() <= dict(found.evidence.facts).items()


def test_an_upgrade_is_told_with_its_first_day() -> None:
    found = auto_upgrade_coming(deployment_ending(), TODAY)
    assert (date(2026, 12, 15), 1) == (found.due_on, found.level)
    none = replace(deployment_ending().ending, upgrade=None)
    assert auto_upgrade_coming(deployment_ending(ending=none), TODAY) is None


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (date(2027, 4, 14), date(2027, 1, 14), "moved 90 days earlier"),
        (date(2027, 1, 14), date(2027, 4, 14), "moved 90 days later"),
        (None, date(2027, 1, 14), "now has a date"),
        (date(2027, 1, 14), None, "no longer has a date (it was 14 January 2027)"),
    ],
)
def test_moves_are_told_in_words(before: date | None, after: date | None, words: str) -> None:
    found = date_moved(MovedDate(deployment_ending(), before, after, NOW), NOW)
    assert words in found.evidence.title
    assert "model_ending|contoso-prod/chat" == found.yields_to


def test_news_of_a_move_grows_old() -> None:
    moved = MovedDate(deployment_ending(), None, date(2027, 1, 14), NOW - timedelta(days=7))
    assert date_moved(moved, NOW) is None


def an_api_use(state: Any, ends_on: date | None, requests: int = 5) -> ApiVersionUse:
    ending = ApiEnding(
        "2024-02-15-preview", state, ends_on, "bundled" if ends_on else None, None, "v1", "Move."
    )
    return ApiVersionUse("a/d/v", "a", "d", ending, WHERE, requests, TODAY)


def test_an_api_version_without_a_date_is_advice_and_with_one_a_deadline() -> None:
    superseded = an_api_use("superseded", None)
    assert api_version_ending(superseded, TODAY) is None
    assert "weekly" == api_version_superseded(superseded).tell
    retired = an_api_use("retired", date(2024, 7, 1))
    assert ("critical", 7) == (
        api_version_ending(retired, TODAY).severity,
        api_version_ending(retired, TODAY).level,
    )
    assert api_version_ending(an_api_use("retired", date(2024, 7, 1), requests=0), TODAY) is None


@pytest.mark.parametrize(
    ("limit", "current", "expected"),
    [
        (100, 79, 0),
        (100, 80, 1),
        (100, 90, 2),
        (100, 100, 3),
        (100, 130, 3),
        (0, 0, 0),
        (0, 5, 3),
        (None, 5, None),
    ],
)
def test_quota_levels(limit: int | None, current: int, expected: int | None) -> None:
    assert expected == level(quota_line(a_quota(limit, current)))


def test_a_full_quota_line_is_told_at_once() -> None:
    assert ["digest", "at_once"] == [
        found.tell
        for found in (quota_line(a_quota(100, 95)), quota_line(a_quota(100, 100)))
        if isinstance(found, Finding)
    ]


@pytest.mark.parametrize(("days", "expected"), [(57, 0), (56, 1), (28, 2), (14, 3), (None, None)])
def test_weeks_until_full(days: int | None, expected: int | None) -> None:
    assert expected == level(time_until_full(a_quota(100, 50, days_to_full=days), TODAY))


def test_a_full_line_has_no_time_until_full() -> None:
    assert time_until_full(a_quota(100, 100, days_to_full=0), TODAY) is None


@pytest.mark.parametrize(
    ("requests", "throttled", "expected"),
    [
        (1000, 19, 0),
        (1000, 20, 1),
        (100_000, 900, 0),
        (100_000, 5_000, 2),
        (100, 100, 3),
        (0, 0, 0),
        (None, None, None),
    ],
)
def test_throttling_needs_a_share_and_a_number(
    requests: int | None, throttled: int | None, expected: int | None
) -> None:
    assert expected == level(throttling_begun(a_room(requests=requests, throttled=throttled)))


@pytest.mark.parametrize(("minutes", "expected"), [(4, 0), (5, 1), (30, 2), (120, 3), (None, None)])
def test_minutes_at_the_limit(minutes: int | None, expected: int | None) -> None:
    assert expected == level(deployment_at_limit(a_room(minutes_at_limit=minutes)))


def test_provisioned_rules_speak_of_provisioned_deployments_only() -> None:
    assert ptu_idle(a_room(ptu_mean_7d=Decimal(0))) is None
    assert ptu_saturated(a_room(ptu_minutes_saturated=999)) is None
    assert 1 == level(ptu_idle(a_room(ptu_units=50, ptu_mean_7d=Decimal("0.15"))))
    assert 0 == level(ptu_idle(a_room(ptu_units=50, ptu_mean_7d=Decimal("0.16"))))
    assert level(ptu_idle(a_room(ptu_units=50))) is None


def a_budget(**more: Any) -> BudgetFact:
    values: dict[str, Any] = {
        "subject": "b",
        "name": "B",
        "month": date(2026, 11, 1),
        "currency": "USD",
        "budget": Decimal(1000),
        "spent": Decimal(0),
        "through": TODAY,
        "where": Where(),
    }
    return BudgetFact(**{**values, **more})


@pytest.mark.parametrize(("spent", "expected"), [("799.99", 0), ("800", 1), ("999.99", 1), ("1000", 2)])
def test_budget_levels(spent: str, expected: int) -> None:
    assert expected == level(budget_burn(a_budget(spent=Decimal(spent))))


def test_each_month_of_a_budget_is_an_alert_of_its_own() -> None:
    november = budget_burn(a_budget(spent=Decimal(900)))
    december = budget_burn(a_budget(spent=Decimal(900), month=date(2026, 12, 1)))
    assert isinstance(november, Finding)
    assert isinstance(december, Finding)
    assert november.key != december.key


def test_money_that_is_not_known_is_not_judged() -> None:
    assert isinstance(budget_burn(a_budget(spent=None)), NotKnown)
    assert isinstance(forecast_above_budget(a_budget()), NotKnown)
    assert budget_burn(a_budget(budget=Decimal(0))) is None
    unread = MonthBill("a", "a", date(2026, 10, 1), "USD", Decimal(1), None, "No bill read", Where())
    assert isinstance(reconciliation_unexplained(unread), NotKnown)


@pytest.mark.parametrize(
    ("cost", "usual", "expected"),
    [("300", "100", 1), ("199", "100", 0), ("60", "20", 0), ("80", "0", 1), (None, "1", None)],
)
def test_an_odd_day_is_many_times_the_usual_and_enough_money(
    cost: str | None, usual: str, expected: int | None
) -> None:
    spent = Decimal(cost) if cost else None
    fact = CostDay("a", "a", date(2026, 11, 21), "USD", spent, Decimal(usual), Where())
    assert expected == level(cost_anomaly(fact))


@pytest.mark.parametrize(("estimate", "expected"), [("105", 0), ("105.01", 1), ("94.99", 1)])
def test_a_closed_month_is_unexplained_beyond_the_tolerance(estimate: str, expected: int) -> None:
    fact = MonthBill(
        "a", "a", date(2026, 10, 1), "USD", Decimal(estimate), Decimal(100), "Unexplained", Where()
    )
    assert expected == level(reconciliation_unexplained(fact))


def test_unpriced_tokens_are_told_by_their_share() -> None:
    def fact(tokens: int) -> UnpricedUse:
        return UnpricedUse("a", "a", date(2026, 11, 1), tokens, 1_000_000, "no meter", Where())

    assert [0, 1] == [level(unpriced_usage(fact(tokens))) for tokens in (1_000, 1_001)]


def a_scope(hours: float | None, **more: Any) -> ScopeHealth:
    through = None if hours is None else NOW - timedelta(hours=hours)
    return ScopeHealth("metrics", "s", through, due_every_hours=24, **more)


@pytest.mark.parametrize(("hours", "expected"), [(26, 0), (27, 1), (36, 2), (72, 3), (None, 3)])
def test_a_scope_is_stale_beyond_its_own_rhythm(hours: float | None, expected: int) -> None:
    assert expected == collector_stale(a_scope(hours), NOW).level


def test_one_failed_run_is_weather_and_two_are_a_finding() -> None:
    assert [0, 0, 1] == [collector_partial(a_scope(1, failures=count), NOW).level for count in (0, 1, 2)]


def test_an_old_catalog_matters_only_while_it_is_in_use() -> None:
    old = Age("c", "The catalog", TODAY - timedelta(days=46))
    assert [1, 0] == [catalog_old(fact, TODAY).level for fact in (old, replace(old, in_use=False))]


def test_the_owner_is_the_first_of_deployment_account_group_and_subscription() -> None:
    levels = [{"env": "prod"}, {"Owner": " ann@contoso.com "}, {"owner": "bob@contoso.com"}, {}]
    assert "ann@contoso.com" == named_in_tags(levels, ("owner",))
    where = where_of([{"owner": ""}, *levels], account="a")
    assert ("ann@contoso.com", "prod", None) == (where.owner, where.tags["env"], where.team)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (percent(Decimal("0.9999")), "99.9 %"),
        (percent(Decimal("0.0004")), "under 0.1 %"),
        (percent(Decimal("0.07")), "7 %"),
        (percent(Decimal("1.2")), "120 %"),
        (percent(None), "unknown"),
        (money(Decimal("0.004"), "EUR"), "under 0.01 EUR"),
        (money(Decimal("1234.5"), "USD"), "1,234.50 USD"),
        (sums([("USD", Decimal(1)), ("EUR", Decimal(2))]), "1.00 USD and 2.00 EUR"),
        (sums([]), "unknown"),
        (count(None), "unknown"),
        (count(1_284_000), "1,284,000"),
        (day(date(2027, 1, 4)), "4 January 2027"),
        (day(None), "unknown"),
        (span(0), "today"),
        (span(1), "in 1 day"),
        (span(-12), "12 days ago"),
    ],
)
def test_words(shown: str, expected: str) -> None:
    assert expected == shown


def test_the_nearer_tag_takes_the_place_of_one_that_differs_in_capitals_only() -> None:
    where = where_of([{"env": "test"}, {"Env": "prod", "cost-center": "7"}])
    assert {"env": "test", "cost-center": "7"} == where.tags


def test_a_line_above_its_limit_has_nothing_free_and_accounts_are_not_held_by_deployments() -> None:
    over = quota_line(a_quota(240, 300))
    full = quota_line(replace(a_quota(30, 30), unit="accounts"))
    assert isinstance(over, Finding)
    assert isinstance(full, Finding)
    assert over.evidence.headline.endswith("(125 %); that is 60 tokens above the limit.")
    assert ("Free", "0 tokens") in over.evidence.facts
    assert full.evidence.headline.endswith("are taken (100 %); 0 accounts are free.")
