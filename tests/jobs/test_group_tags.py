"""Tags of resource groups name owners where nothing nearer does; who may not list groups still has an inventory."""

from collector.store.reads.collection import watermarks
from collector.store.reads.whose import whereabouts
from tests.end_to_end.stage import Stage, a_stage, a_world


def owners(stage: Stage) -> dict[str, str | None]:
    """Owner of each account, by its place in the world."""
    index = {account.name: account.index for account in stage.world.accounts}
    with stage.engine.connect() as connection:
        places = whereabouts(connection)
    return {str(index[where.account or ""]): where.owner for (_, name), where in places.items() if not name}


def test_the_owner_is_the_account_s_own_then_its_group_s(sqlite_database: str) -> None:
    with a_stage(sqlite_database, a_world(accounts=5)) as stage:
        assert [True] == [result.ok for result in stage.collect("inventory")]
        found = owners(stage)

    # The last one was deleted, account 2 has a team and no owner, as its group has.
    assert ["payments.lead@contoso.example", "support.group@contoso.example"] == [found["0"], found["2"]]


def test_a_missing_right_to_list_groups_takes_no_account_away(sqlite_database: str) -> None:
    with a_stage(sqlite_database, a_world(accounts=5)) as stage:
        stage.collect("inventory")
        before = owners(stage)
        for subscription in stage.world.subscriptions:
            stage.azure.routes.access.set(subscription, groups_reader=False)
        stage.pass_time(hours=1)
        (result,) = stage.collect("inventory")
        with stage.engine.connect() as connection:
            failed = {scope for (_, scope), mark in watermarks(connection, "inventory").items() if mark.error}

        assert before == owners(stage), "what was read stays known"
    assert "partial" == result.status
    assert all(scope.endswith("/resource groups") for scope in failed)
    assert any("missing role: Reader" in failure for failure in result.failures)
