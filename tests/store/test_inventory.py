"""The estate in the store: looks at ARM become history, and a failed look changes nothing."""

from datetime import date, timedelta

from sqlalchemy import Engine

from collector.domain.periods import Window, days
from collector.domain.types import DeletedAccount
from collector.domain.usage.hours import Existence
from collector.store import tables, writes
from collector.store.engine import retrying
from collector.store.reads import inventory
from collector.store.writes.revisions import ASKABLE
from tests.store.worlds import (
    ACCOUNT,
    NOON,
    SUBSCRIPTION,
    a_deployment,
    an_account,
    an_hour,
    everything,
    later,
    look,
    rows,
)

OTHER = an_account("aoai-two")


def revisions(engine: Engine) -> list[tuple[object, ...]]:
    return rows(
        engine, tables.deployment_revision, "deployment", "starts_at", "ends_at", "capacity", "assumed"
    )


def test_looking_again_changes_nothing_but_last_seen(engine: Engine) -> None:
    look(engine, NOON, a_deployment(tags={"team": "red"}), a_deployment("Embed"))
    before = dict(everything(engine))
    look(engine, NOON, a_deployment(tags={"team": "red"}), a_deployment("Embed"))
    assert before == dict(everything(engine))

    look(engine, later(minutes=5), a_deployment(tags={"team": "red"}), a_deployment("Embed"))

    after = dict(everything(engine))
    moved = {name for name in before if before[name] != after[name]}
    assert {"subscription", "account", "deployment"} == moved
    assert before["deployment_revision"] == after["deployment_revision"]


def test_the_first_look_assumes_and_the_next_ones_know(engine: Engine) -> None:
    look(engine, NOON, a_deployment())
    look(engine, later(hours=1), a_deployment(capacity=50, modified_at=later(minutes=20)))

    assert [
        ("chat", later(days=-50), NOON, 100, True),
        ("chat", NOON, later(minutes=20), 100, False),
        ("chat", later(minutes=20), None, 50, False),
    ] == revisions(engine)


def test_a_deployment_that_is_gone_is_marked_and_its_revision_ends(engine: Engine) -> None:
    look(engine, NOON, a_deployment(), a_deployment("Embed"))
    look(engine, later(hours=1), a_deployment())

    assert [("chat", None), ("embed", later(hours=1))] == rows(
        engine, tables.deployment, "deployment", "deleted_at"
    )
    with engine.connect() as connection:
        assert ["chat"] == [one.deployment for one in inventory.deployments(connection)]
        assert 2 == len(inventory.deployments(connection, alive=False))
        in_force = inventory.revisions(connection, Window(later(hours=2), later(hours=3)))
    assert ["chat"] == [one.deployment for one in in_force]


def test_an_account_that_could_not_be_read_loses_nothing(engine: Engine) -> None:
    look(engine, NOON, a_deployment(), a_deployment(account=OTHER), accounts=(ACCOUNT, OTHER))
    read = {ACCOUNT.key: [a_deployment()]}
    retrying(
        engine,
        lambda connection: writes.record_inventory(
            connection, SUBSCRIPTION, [ACCOUNT, OTHER], read, at=later(hours=1)
        ),
    )

    assert [(None,), (None,)] == rows(engine, tables.deployment, "deleted_at")
    read_at = dict(rows(engine, tables.account, "name", "deployments_read_at"))
    assert {"aoai-one": later(hours=1), "aoai-two": NOON} == read_at


def test_a_deleted_account_goes_with_all_it_holds_when_azure_says(engine: Engine) -> None:
    look(engine, NOON, a_deployment(), a_deployment(account=OTHER), accounts=(ACCOUNT, OTHER))
    deleted = [DeletedAccount(OTHER.arm_id.upper(), "eastus2", later(minutes=17))]
    retrying(
        engine,
        lambda connection: writes.record_inventory(
            connection, SUBSCRIPTION, [ACCOUNT], {ACCOUNT.key: [a_deployment()]}, deleted, at=later(hours=1)
        ),
    )

    assert {"aoai-one": None, "aoai-two": later(minutes=17)} == dict(
        rows(engine, tables.account, "name", "deleted_at")
    )
    with engine.connect() as connection:
        assert [ACCOUNT] == inventory.living_accounts(connection)
        assert [("chat", None)] == [
            (one.deployment, one.deleted_at) for one in inventory.deployments(connection)
        ]
        (ended,) = inventory.revisions(connection, Window(later(minutes=16), later(minutes=18)), [OTHER.key])
    assert later(minutes=17) == ended.ends_at


def test_accounts_read_back_as_arm_stated_them(engine: Engine) -> None:
    stated = an_account(
        "Aoai-Three",
        tags={"team": "blau/rot", "=1+1": "<b>"},
        public_network_access=False,
        local_auth_disabled=True,
        private_endpoints=2,
        identity="SystemAssigned",
    )
    look(engine, NOON, accounts=(stated,))

    with engine.connect() as connection:
        (known,) = inventory.accounts(connection)
    assert stated == known.account
    assert None is known.published_metrics


def test_tags_are_kept_as_dated_history(engine: Engine) -> None:
    for hour, team in enumerate(["red", "red", "blue"]):
        look(engine, later(hours=hour), a_deployment(tags={"team": team}))

    with engine.connect() as connection:
        history = inventory.tag_history(connection)
    periods = history[f"{ACCOUNT.arm_id.lower()}/deployments/chat"]
    assert [(NOON, later(hours=2), {"team": "red"}), (later(hours=2), None, {"team": "blue"})] == [
        (period.starts_at, period.ends_at, period.tags) for period in periods
    ]


def test_a_deployment_that_only_metrics_know_is_kept_until_inventory_finds_it(engine: Engine) -> None:
    look(engine, NOON)
    hours = [an_hour(deployment="ghost"), an_hour(deployment="chat")]
    retrying(
        engine,
        lambda connection: writes.record_usage_hours(connection, hours, {(ACCOUNT.key, "chat")}, at=NOON),
    )
    assert [("ghost", "Ghost", True)] == rows(
        engine, tables.deployment, "deployment", "name", "known_by_metrics_only"
    )
    with engine.connect() as connection:
        assert () == inventory.deployments(connection)
        assert {(ACCOUNT.key, "ghost"): Existence("Ghost")} == inventory.existences(connection)

    look(engine, later(hours=1), a_deployment("Ghost", created_at=later(minutes=-5)))

    assert [("ghost", False)] == rows(engine, tables.deployment, "deployment", "known_by_metrics_only")


def test_metrics_do_not_touch_what_inventory_knows(engine: Engine) -> None:
    look(engine, NOON, a_deployment(tags={"team": "red"}))
    before = dict(everything(engine))

    retrying(
        engine,
        lambda connection: writes.record_metric_only_deployments(
            connection, [(ACCOUNT.key, "Chat")], at=later(days=1)
        ),
    )

    assert before == dict(everything(engine))


def test_a_change_marks_the_days_from_then_on(engine: Engine) -> None:
    look(engine, NOON, a_deployment())
    reached = NOON - ASKABLE
    first = {day for (day,) in rows(engine, tables.dirty_day, "day")}
    assert set(days(Window(max(later(days=-50), reached), later(seconds=1)))) == first
    with engine.begin() as connection:
        connection.execute(tables.dirty_day.delete())

    look(engine, later(days=2), a_deployment(capacity=7, modified_at=later(days=1)))

    assert [(date(2026, 10, 4),), (date(2026, 10, 5),)] == rows(engine, tables.dirty_day, "day")


def test_existence_spans_what_was_known_before_it_was_made_anew(engine: Engine) -> None:
    look(engine, NOON, a_deployment())
    look(engine, later(hours=1))
    look(engine, later(hours=2), a_deployment(created_at=later(hours=1, minutes=30)))

    with engine.connect() as connection:
        assert {(ACCOUNT.key, "chat"): Existence("Chat", later(days=-50), None)} == inventory.existences(
            connection
        )


def test_what_metrics_are_published_is_kept_beside_the_account(engine: Engine) -> None:
    look(engine, NOON, a_deployment(sku="GlobalProvisionedManaged"))
    retrying(
        engine,
        lambda connection: writes.record_published_metrics(
            connection, {ACCOUNT.key: ["modelrequests", "inputtokens"]}, at=NOON
        ),
    )
    look(engine, NOON + timedelta(hours=1), a_deployment(sku="GlobalProvisionedManaged"))

    with engine.connect() as connection:
        assert {
            ACCOUNT.key: (frozenset({"modelrequests", "inputtokens"}), NOON)
        } == inventory.published_metrics(connection)
        assert frozenset({ACCOUNT.key}) == inventory.provisioned_accounts(connection)
        assert [(SUBSCRIPTION.subscription_id, "eastus2")] == inventory.places(connection)
        assert [] == inventory.places(connection, ("another",))


def test_a_billing_currency_survives_the_next_look(engine: Engine) -> None:
    look(engine, NOON)
    retrying(
        engine,
        lambda connection: writes.record_currencies(connection, {SUBSCRIPTION.subscription_id: "EUR"}),
    )
    look(engine, later(hours=1))

    with engine.connect() as connection:
        assert {SUBSCRIPTION.subscription_id: "EUR"} == inventory.subscription_currencies(connection)
