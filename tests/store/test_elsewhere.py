"""Where Azure could deploy a model and none of our accounts lies."""

from datetime import date
from decimal import Decimal

import pytest

from collector.domain.advice.fit import FitQuestion
from collector.store.reads.elsewhere import Elsewhere, elsewhere
from collector.store.reads.seats_lines import RoomEstate

CAPACITIES = {
    ("s1", "uksouth", "openai", "gpt-5", "1", "standard"): Decimal(40),
    ("s2", "uksouth", "openai", "gpt-5", "1", "standard"): Decimal(70),
    ("s1", "francecentral", "openai", "gpt-5", "1", "datazonestandard"): Decimal(9),
    ("s1", "francecentral", "openai", "gpt-5", "1", "globalstandard"): Decimal(9),
    ("s1", "westus", "openai", "gpt-5", "1", "standard"): Decimal(0),
    ("s1", "westus", "openai", "o3", "1", "standard"): Decimal(5),
}
ESTATE = RoomEstate((), (), (), {}, CAPACITIES, date(2026, 11, 27))


@pytest.mark.parametrize(
    ("question", "subscriptions", "expected"),
    [
        pytest.param(FitQuestion("GPT-5", 1, "Standard"), (), [("uksouth", 70)], id="the most of any subscription"),
        pytest.param(FitQuestion("gpt-5", 1, "Standard"), ("s1",), [("uksouth", 40)], id="of one subscription"),
        pytest.param(FitQuestion("gpt-5", 1, zone="eu"), (), [("francecentral", 9)], id="stays in the zone"),
        pytest.param(FitQuestion("o3", 1), ("s2",), [], id="not of others"),
    ],
)  # fmt: skip
def test_capacity_without_an_account_is_told_by_place(
    question: FitQuestion, subscriptions: tuple[str, ...], expected: list[tuple[str, int]]
) -> None:
    found = elsewhere(ESTATE, question, subscriptions)

    assert expected == [(one.location, one.available) for one in found]
    assert all(isinstance(one, Elsewhere) and one.version == "1" for one in found)
