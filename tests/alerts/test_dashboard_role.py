"""On PostgreSQL the dashboard's role may ask for something, and can neither do it nor unsay it."""

import pytest
from sqlalchemy import Engine

from collector.domain.alerts.types import Action
from collector.store.engine import retrying
from collector.store.grants import grant
from collector.store.reads import alerts as reads
from collector.store.writes.alerts import Handled, ask_for, settle_actions
from tests.alerts.stage import START
from tests.store.test_grants import as_role, role

__all__ = ["as_role", "role"]


def test_a_person_s_wish_is_inserted_and_nothing_else(postgres: Engine, role: str, as_role: Engine) -> None:
    grant(postgres, role)
    action = Action("quota_line|one", "resolve", START, "ann@contoso.com", "asked for more")

    action_id = retrying(as_role, lambda connection: ask_for(connection, action))

    with as_role.connect() as connection:
        assert [action] == [one.action for one in reads.waiting_actions(connection)]
    with pytest.raises(Exception, match=r"(?i)permission denied|not permitted|may not"):
        retrying(as_role, lambda connection: settle_actions(connection, [Handled(action_id, None)], at=START))
