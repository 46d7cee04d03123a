"""How a deployment's history grows from looks at ARM."""

from dataclasses import replace

import pytest

from collector.store.revision import Revision
from collector.store.writes.revisions import ASKABLE, Change, Known, ended, first_look, next_look
from tests.store.worlds import NOON, a_deployment, later

MADE = later(days=-50)


def a_revision(**said: object) -> Revision:
    (revision,) = first_look(a_deployment(), later(days=-60), NOON).revisions
    return replace(revision, **{"starts_at": MADE, **said})


def known(**said: object) -> Known:
    holds = Known(
        last_seen_at=later(hours=-1),
        created_at=MADE,
        deleted_at=None,
        account_deleted=False,
        newest=a_revision(),
    )
    return replace(holds, **said)


def spans(change: Change) -> list[tuple[object, object, object, bool]]:
    return [(one.starts_at, one.ends_at, one.capacity, one.assumed) for one in change.revisions]


def test_before_the_first_look_the_state_is_assumed_from_creation_on() -> None:
    change = first_look(a_deployment(), None, NOON)

    assert [(MADE, NOON, 100, True), (NOON, None, 100, False)] == spans(change)
    assert MADE == change.since


def test_without_a_creation_nothing_older_than_azure_answers_is_assumed() -> None:
    change = first_look(a_deployment(created_at=None), None, NOON)

    assert [(NOON - ASKABLE, NOON, 100, True), (NOON, None, 100, False)] == spans(change)


def test_a_deployment_made_between_two_looks_starts_at_its_creation() -> None:
    change = first_look(a_deployment(created_at=later(minutes=-7)), later(hours=-1), NOON)

    assert [(later(minutes=-7), None, 100, False)] == spans(change)


def test_a_look_that_finds_the_same_writes_nothing() -> None:
    assert Change() == next_look(known(), a_deployment(), NOON)


def test_a_resize_starts_when_arm_says_if_that_lies_between_the_looks() -> None:
    change = next_look(known(), a_deployment(capacity=200, modified_at=later(minutes=-20)), NOON)

    assert [(MADE, later(minutes=-20), 100, False), (later(minutes=-20), None, 200, False)] == spans(change)
    assert later(minutes=-20) == change.since


@pytest.mark.parametrize("modified_at", [None, later(days=-3), later(days=1), NOON, later(hours=-1)])
def test_a_resize_that_arm_dates_elsewhere_starts_at_the_look(modified_at: object) -> None:
    change = next_look(known(), a_deployment(capacity=200, modified_at=modified_at), NOON)

    assert [(MADE, NOON, 100, False), (NOON, None, 200, False)] == spans(change)


def test_made_anew_between_two_looks_is_a_change_at_its_creation() -> None:
    seen = a_deployment(capacity=200, created_at=later(minutes=-30), modified_at=later(minutes=-30))

    assert (later(minutes=-30), None, 200, False) == spans(next_look(known(), seen, NOON))[-1]


def test_an_ended_deployment_that_is_made_again_leaves_a_gap() -> None:
    gone = known(deleted_at=later(minutes=-40), newest=a_revision(ends_at=later(minutes=-40)))

    change = next_look(gone, a_deployment(created_at=later(minutes=-10)), NOON)

    assert [(later(minutes=-10), None, 100, False)] == spans(change)


def test_a_deployment_that_a_list_left_out_once_was_there_all_along() -> None:
    gone = known(deleted_at=later(minutes=-40), newest=a_revision(ends_at=later(minutes=-40)))

    change = next_look(gone, a_deployment(), NOON)

    assert [(MADE, None, 100, False)] == spans(change)
    assert later(minutes=-40) == change.since


def test_a_restored_account_brings_its_deployments_back_from_then_on() -> None:
    gone = known(
        deleted_at=later(minutes=-40), account_deleted=True, newest=a_revision(ends_at=later(minutes=-40))
    )

    assert [(NOON, None, 100, False)] == spans(next_look(gone, a_deployment(), NOON))


def test_a_clock_that_went_back_replaces_and_never_runs_backwards() -> None:
    ahead = known(last_seen_at=later(days=3), newest=a_revision(starts_at=later(days=2)))

    assert [(later(days=2), None, 200, False)] == spans(next_look(ahead, a_deployment(capacity=200), NOON))


def test_a_base_model_that_becomes_known_is_no_new_period() -> None:
    change = next_look(known(), a_deployment(base_model="gpt-4o"), NOON)

    assert [("gpt-4o", MADE)] == [(one.base_model, one.starts_at) for one in change.revisions]
    assert MADE == change.since


def test_a_state_in_passing_moves_no_figure() -> None:
    change = next_look(known(), a_deployment(state="Updating"), NOON)

    assert (["Updating"], None) == ([one.state for one in change.revisions], change.since)


def test_what_is_gone_ends_once() -> None:
    assert [(MADE, NOON, 100, False)] == spans(ended(a_revision(), NOON))
    assert Change() == ended(a_revision(ends_at=NOON), later(hours=1))
    assert Change() == ended(None, NOON)
