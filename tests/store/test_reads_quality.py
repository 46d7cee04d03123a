"""Rows of how well deployments answer, told apart by streaming and told once."""

from uuid import UUID

from collector.store.reads.quality import QualityRow, answer_times, told_apart


def a_row(key: str, stream: str, first: float | None, *, availability: float | None = None) -> QualityRow:
    return QualityRow(
        UUID(int=1), key, "/subscriptions/s/accounts/a", "a", key, "gpt-4o", "GlobalStandard", "eastus2", stream, 24,
        first, None if first is None else 2 * first, None, None, None, None, availability, availability, None, None,
    )  # fmt: skip


def test_answers_that_are_told_apart_are_not_told_again_untold_and_keep_the_availability_of_the_whole() -> (
    None
):
    rows = [
        a_row("chat", "", 500, availability=99.5),
        a_row("chat", "streaming", 500),
        a_row("chat", "non-streaming", 900),
    ]
    found = told_apart(rows)

    assert [("streaming", 99.5), ("non-streaming", 99.5)] == [(row.stream, row.availability) for row in found]


def test_what_is_told_only_as_a_whole_stays() -> None:
    whole, filtered = a_row("old", "", 700, availability=98), a_row("new", "", None, availability=97)
    assert [whole, filtered] == told_apart([whole, filtered])
    assert [whole, a_row("old", "streaming", None, availability=98)] == told_apart(
        [whole, a_row("old", "streaming", None)]
    )


def test_a_deployment_has_one_time_and_the_worst_hour_of_all_its_answers() -> None:
    [together] = answer_times(
        [a_row("chat", "", 500), a_row("chat", "streaming", 450), a_row("chat", "non-streaming", 900)]
    )
    [apart] = answer_times(
        [a_row("chat", "streaming", 400), a_row("chat", "non-streaming", 800), a_row("none", "", None)]
    )

    assert (500, 1800) == (together.mean_ms, together.worst_ms)
    assert (600, 1600) == (apart.mean_ms, apart.worst_ms)
