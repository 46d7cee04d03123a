"""What the rules are told is what the store knows: exact where it was read, not known where it was not."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from collector import wiring
from collector.domain.alerts.rules import Finding, NotKnown
from collector.domain.endings.catalog_events import catalog_events
from collector.domain.endings.offers import offer_of
from collector.domain.money.charge_types import Charge
from collector.domain.money.month_parts import month_parts
from collector.domain.periods import DAY, Window, midnight
from collector.domain.types import ApiUse
from collector.settings import Settings
from collector.store import tables, writes
from collector.store.engine import Connection, retrying
from collector.store.writes.findings import replace_charge_months, replace_charges
from tests.domain.usage.hours import HourMinutes, packed
from tests.store.worlds import (
    ACCOUNT,
    NOON,
    SUBSCRIPTION,
    a_deployment,
    a_model,
    a_quota_line,
    an_hour,
    later,
    look,
)

CHAT = f"{ACCOUNT.key}/chat"
PTU = a_deployment("ptu", sku="ProvisionedManaged", capacity=50, limit_tpm=None, limit_rpm=None)


class World:
    """An account with what a test puts there, read a moment ago."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        look(engine, NOON, a_deployment(), PTU)
        self.read("inventory", SUBSCRIPTION.subscription_id)
        for job in ("metrics", "api_use"):
            self.read(job, ACCOUNT.arm_id.lower())

    def do(self, work: Callable[[Connection], Any]) -> None:
        retrying(self.engine, work)

    def read(self, job: str, scope: str, through: datetime = NOON) -> None:
        self.do(lambda connection: writes.advance_watermarks(connection, job, {scope: through}, at=through))

    def found(self, now: datetime = NOON, **settings: Any) -> Mapping[str, Finding | NotKnown]:
        said = {"mail": {"to": ["ops@contoso.com"]}, **settings}
        how = wiring.telling(Settings.model_validate(said))
        with self.engine.connect() as connection:
            return {one.key: one for one in how.look(connection, [], now)}

    def finding(self, key: str, now: datetime = NOON, **settings: Any) -> Finding:
        one = self.found(now, **settings)[key]
        assert isinstance(one, Finding), one
        return one


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


def minutes_of(**values: list[Any]) -> bytes:
    zeros: dict[str, list[Any]] = {
        name: [0] * 60 for name in ("prompt", "completion", "requests", "throttled", "spilled")
    }
    zeros |= {"ptu_max": [None] * 60, "covered": [True] * 60, **values}
    hour = HourMinutes(**{name: tuple(found) for name, found in zeros.items()})
    return packed(hour)


def hours(world: World, *found: Any) -> None:
    world.do(lambda connection: writes.record_usage_hours(connection, found, at=NOON))


def test_throttling_is_counted_over_the_last_24_hours(world: World) -> None:
    hours(
        world,
        an_hour(later(hours=-1), requests=900, throttled=90, minutes=None),
        an_hour(later(hours=-23), requests=100, throttled=10, minutes=None),
        an_hour(later(hours=-30), requests=5_000, throttled=5_000, minutes=None),
    )

    found = world.finding(f"throttling_begun|{CHAT}")

    assert 2 == found.level
    assert "100 of 1,000 requests" in found.evidence.headline


def test_an_account_that_was_read_and_answered_nothing_was_not_throttled(world: World) -> None:
    assert 0 == world.finding(f"throttling_begun|{CHAT}").level


def test_an_account_that_was_not_read_for_hours_says_nothing_of_its_room(world: World) -> None:
    hours(world, an_hour(later(hours=-1), requests=900, throttled=90, minutes=None))

    found = world.found(later(hours=7))

    for rule in ("throttling_begun", "deployment_at_limit"):
        assert isinstance(found[f"{rule}|{CHAT}"], NotKnown)
    assert isinstance(found[f"ptu_saturated|{ACCOUNT.key}/ptu"], NotKnown)


def test_minutes_at_the_limit_are_counted_one_by_one(world: World) -> None:
    tokens = [95_000] * 7 + [89_000] * 53
    hours(world, an_hour(later(hours=-2), peak_tpm=95_000, peak_rpm=10, minutes=minutes_of(prompt=tokens)))

    found = world.finding(f"deployment_at_limit|{CHAT}")

    assert 1 == found.level
    assert "7 minutes" in found.evidence.title
    assert ("Busiest minute", "95,000 of 100,000 TPM") in found.evidence.facts


def test_saturated_minutes_of_provisioned_capacity_are_counted(world: World) -> None:
    full = minutes_of(ptu_max=[99.0] * 60)
    for back in (1, 2):
        hours(world, an_hour(later(hours=-back), "ptu", ptu_max=99.0, peak_tpm=None, minutes=full))

    found = world.finding(f"ptu_saturated|{ACCOUNT.key}/ptu")

    assert 1 == found.level
    assert "120 minutes" in found.evidence.title


def test_idle_provisioned_capacity_is_a_mean_of_a_week(world: World) -> None:
    columns = {
        "account_key": ACCOUNT.key, "deployment": "ptu", "period": "7d", "starts_at": later(days=-7), "ends_at": NOON,
        "requests": 1, "throttled": 0, "throttled_at_limit": 0, "throttled_below_limit": 0,
        "throttled_unclassified": 0, "throttled_minutes": 0, "spilled": 0, "ptu_mean": 6.0, "computed_at": NOON,
    }  # fmt: skip
    world.do(lambda connection: connection.execute(tables.room_period.insert().values(**columns)))

    found = world.finding(f"ptu_idle|{ACCOUNT.key}/ptu")

    assert 1 == found.level
    assert "50 PTU used to 6 %" in found.evidence.title


def test_a_date_that_moves_nearer_is_told_at_once_with_the_day_it_had(world: World) -> None:
    before, after = (
        a_model(sku_retires_at=datetime(2027, 4, 14, tzinfo=UTC)),
        a_model(sku_retires_at=datetime(2027, 1, 14, tzinfo=UTC)),
    )
    world.do(lambda connection: writes.record_catalog(connection, "eastus2", [before], at=later(days=-3)))
    events = catalog_events([offer_of(before)], [offer_of(after)])
    world.do(
        lambda connection: writes.record_catalog(connection, "eastus2", [after], events, at=later(days=-1))
    )

    ending = world.finding(f"model_ending|{CHAT}")
    moved = world.finding(f"date_moved|{CHAT}|2027-01-14")

    assert ("at_once", date(2027, 1, 14)) == (ending.tell, ending.due_on)
    assert "(was 14 April 2027)" in ending.evidence.title
    assert f"model_ending|{CHAT}" == moved.yields_to
    assert f"date_moved|{CHAT}|2027-01-14" not in world.found(later(days=7))


def test_a_models_list_that_was_never_read_gives_no_deadline_and_no_all_clear(world: World) -> None:
    look(world.engine, NOON, a_deployment(model="gpt-nobody-knows", version="1"))

    found = world.found()

    assert isinstance(found[f"model_ending|{CHAT}"], NotKnown)
    assert isinstance(found[f"auto_upgrade_coming|{CHAT}"], NotKnown)


def test_owners_come_from_the_nearest_tag(world: World) -> None:
    account = replace(ACCOUNT, tags={"Owner": "ann@contoso.com", "team": "assistants"})
    look(world.engine, NOON, a_deployment(tags={"owner": "bob@contoso.com"}), PTU, accounts=(account,))

    found = world.found()

    owners = {key: one.where.owner for key, one in found.items() if isinstance(one, Finding)}
    assert "bob@contoso.com" == owners[f"throttling_begun|{CHAT}"]
    whole = world.finding(f"throttling_begun|{ACCOUNT.key}/ptu").where
    assert ("ann@contoso.com", "assistants", "ptu") == (whole.owner, whole.team, whole.deployment)


def test_a_quota_line_names_its_holders_and_is_unknown_once_it_was_not_read_for_a_day(world: World) -> None:
    world.do(lambda connection: writes.record_catalog(connection, "eastus2", [a_model()], at=NOON))
    line = [a_quota_line(1_000, 950)]
    world.do(
        lambda connection: writes.record_quotas(
            connection, SUBSCRIPTION.subscription_id, "eastus2", line, at=NOON
        )
    )
    world.read("quotas", f"{SUBSCRIPTION.subscription_id}/eastus2")
    key = f"quota_line|{SUBSCRIPTION.subscription_id}/eastus2/OpenAI.GlobalStandard.gpt-4o"

    found = world.finding(key)

    assert (2, "warning") == (found.level, found.severity)
    assert ("Held by", "aoai-one/Chat") in found.evidence.facts
    assert ("Limit", "1,000,000 tokens per minute") in found.evidence.facts
    assert isinstance(world.found(later(hours=25))[key], NotKnown)


def test_api_versions_and_features_in_use_are_found_by_deployment(world: World) -> None:
    def use(version: str, operation: str, requests: int) -> ApiUse:
        return ApiUse(ACCOUNT.key, "chat", NOON.date() - DAY, version, operation, "standard", "", requests)

    uses = [
        use("2024-02-01", "ChatCompletions_Create", 300),
        use("2024-05-01-preview", "Assistants_CreateThread", 100),
    ]
    window = Window(midnight(NOON.date() - DAY), midnight(NOON.date()))
    world.do(lambda connection: writes.record_api_use(connection, uses, [ACCOUNT.key], window, at=NOON))
    own: dict[str, Any] = {
        "api_versions": [{"api_version": "2024-02-01", "retires_on": NOON.date() + timedelta(days=20)}]
    }

    ending = world.finding(f"api_version_ending|{CHAT}/2024-02-01", **own)
    feature = world.finding(f"feature_ending|{CHAT}/Assistants API", **own)

    assert ("critical", NOON.date() + timedelta(days=20)) == (ending.severity, ending.due_on)
    assert ("Share of its requests", "75 %") in ending.evidence.facts
    assert "called 100 times" in feature.evidence.headline


def charges(world: World, costs: Mapping[date, Decimal | None]) -> None:
    found: list[Charge] = []
    for day, cost in costs.items():
        charge = Charge(
            ACCOUNT.key, "chat", day, "gpt-4o", "2024-11-20", "GlobalStandard", "input", "standard", "USD", "eastus2",
            None, Decimal(1_000_000), "1 token", None, cost, None, None, "estimated", "snapshot" if cost else None,
            None, None, None, None, None if cost else "no meter of this name",
        )  # fmt: skip
        found.append(charge)
    window = Window(midnight(min(costs)), midnight(max(costs) + DAY))
    world.do(lambda connection: replace_charges(connection, [ACCOUNT.key], window, found))
    for month in {day.replace(day=1) for day in costs}:
        parts = month_parts(one for one in found if one.day.replace(day=1) == month)
        world.do(
            lambda connection, month=month, parts=parts: replace_charge_months(
                connection, [ACCOUNT.key], month, parts
            )
        )


def test_yesterday_is_odd_beside_the_same_weekday_of_four_weeks(world: World) -> None:
    yesterday = NOON.date() - DAY
    usual = {yesterday - timedelta(days=back): Decimal(100 + back) for back in (7, 14, 21, 28)}
    charges(world, {**usual, yesterday: Decimal(900)})

    found = world.finding(f"cost_anomaly|{ACCOUNT.key}/USD|{yesterday}")

    assert 1 == found.level
    assert "117.50 USD" in found.evidence.headline
    assert (("chat, input", "900.00 USD"),) == found.evidence.facts


def test_a_day_with_too_few_like_it_is_not_judged(world: World) -> None:
    yesterday = NOON.date() - DAY
    charges(world, {yesterday: Decimal(900), yesterday - timedelta(days=7): Decimal(1)})

    assert isinstance(world.found()[f"cost_anomaly|{ACCOUNT.key}/USD|{yesterday}"], NotKnown)


def test_usage_without_a_price_is_a_share_of_all_tokens(world: World) -> None:
    today = NOON.date()
    charges(world, {today: None, today - DAY: Decimal(3)})

    found = world.finding("unpriced_usage|gpt-4o/2024-11-20/GlobalStandard/eastus2|2026-10")

    assert 1 == found.level
    assert "(50 % of all)" in found.evidence.headline


def test_a_snapshot_is_old_only_while_charges_rest_on_it(world: World) -> None:
    soon = NOON + timedelta(days=400)
    assert 0 == world.finding("price_snapshot_old|snapshot", soon).level
    charges(world, {soon.date() - DAY: Decimal(3)})

    assert 1 == world.finding("price_snapshot_old|snapshot", soon).level


def test_a_budget_counts_what_it_is_for(world: World) -> None:
    charges(world, {NOON.date() - timedelta(days=back): Decimal(40) for back in range(1, 3)})
    budgets = [
        {"name": "all", "amount": 100, "currency": "USD"},
        {"name": "other", "amount": 100, "currency": "USD", "model": "gpt-5"},
        {"name": "euros", "amount": 100, "currency": "EUR"},
        {"name": "by account", "amount": 100, "currency": "USD", "account": "AOAI-one", "deployment": "Chat"},
    ]

    levels = {
        name: world.finding(f"budget_burn|{name}|2026-10", budgets=budgets).level
        for name in ("all", "other", "euros", "by account")
    }

    assert {"all": 1, "other": 0, "euros": 0, "by account": 1} == levels


def test_a_missing_role_is_named_and_nothing_else_is_said_of_its_failures(world: World) -> None:
    scope = f"{SUBSCRIPTION.subscription_id}/eastus2"
    remedy = "az role assignment create --role 'Cognitive Services Usages Reader' --scope /subscriptions/x"
    world.do(lambda connection: writes.fail_watermark(connection, "quotas", scope, "403", remedy, at=NOON))

    found = world.finding(f"role_missing|quotas|{scope}")

    assert (1, "Cognitive Services Usages Reader") == (found.level, found.fact)
    assert 0 == world.finding(f"collector_partial|quotas|{scope}").level
    assert f"role_missing|quotas|{scope}" == world.finding(f"collector_stale|quotas|{scope}").yields_to


def test_failing_twice_in_a_row_is_told_and_once_is_weather(world: World) -> None:
    scope = f"{SUBSCRIPTION.subscription_id}/eastus2"

    def run(connection: Connection, number: int) -> None:
        at = later(minutes=-15 * (3 - number))
        writes.start_run(connection, f"run-{number}", "quotas", at=at, holder="a test")
        writes.finish_run(
            connection, f"run-{number}", at=at, status="failed", error=f"{scope}: 500 from Azure"
        )
        writes.fail_watermark(connection, "quotas", scope, "500 from Azure", at=at)

    world.do(lambda connection: run(connection, 1))
    assert 0 == world.finding(f"collector_partial|quotas|{scope}").level
    world.do(lambda connection: run(connection, 2))

    assert 1 == world.finding(f"collector_partial|quotas|{scope}").level


def test_a_scope_that_nobody_asks_for_any_more_is_not_late(world: World) -> None:
    world.read("quotas", "sub-gone/eastus2", later(days=-30))
    world.read("quotas", "sub-here/eastus2")

    found = world.found()

    assert "collector_stale|quotas|sub-gone/eastus2" not in found
    assert 0 == world.finding("collector_stale|quotas|sub-here/eastus2").level


def test_while_subscriptions_cannot_be_listed_each_of_them_is_late(world: World) -> None:
    here = SUBSCRIPTION.subscription_id
    world.read("inventory", here, later(days=-5))
    world.do(
        lambda connection: writes.fail_watermark(connection, "inventory", "subscriptions", "503", at=NOON)
    )

    assert 3 == world.finding(f"collector_stale|inventory|{here}").level
    assert "collector_stale|inventory|subscriptions" not in world.found()


def test_every_rule_has_facts(world: World) -> None:
    """A rule that no gathering mentions would be documented and silent."""
    from pathlib import Path

    from collector.domain.alerts.table import RULES

    root = Path(__file__).resolve().parents[2]
    told = "".join(path.read_text() for path in (root / "collector/jobs/facts").glob("*.py"))
    assert set() == {rule for rule in RULES if f"{rule}(" not in told}


def test_what_is_deleted_is_called_by_nobody(world: World) -> None:
    use = ApiUse(ACCOUNT.key, "chat", NOON.date() - DAY, "2023-05-15", "x", "standard", "", 9)
    window = Window(midnight(NOON.date() - DAY), midnight(NOON.date()))
    world.do(lambda connection: writes.record_api_use(connection, [use], [ACCOUNT.key], window, at=NOON))
    assert 1 == world.finding(f"api_version_superseded|{CHAT}/2023-05-15").level

    look(world.engine, later(minutes=15), PTU)

    assert f"api_version_superseded|{CHAT}/2023-05-15" not in world.found(later(minutes=15))


def test_owner_and_team_come_from_the_first_level_that_names_them(world: World) -> None:
    account = replace(ACCOUNT, tags={"note": "nobody's"})
    subscription = replace(SUBSCRIPTION, tags={"owner": "cio@contoso.com", "team": "company"})
    groups = {
        ACCOUNT.resource_group.upper(): {"team": "assistants"},
        "elsewhere": {"owner": "eve@contoso.com"},
    }
    world.do(
        lambda connection: writes.record_inventory(
            connection, subscription, [account], {account.key: [a_deployment()]}, at=NOON, group_tags=groups
        )
    )

    where = world.finding(f"throttling_begun|{CHAT}").where

    assert ("cio@contoso.com", "assistants") == (where.owner, where.team)
    assert SUBSCRIPTION.name == where.subscription
