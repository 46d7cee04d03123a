from datetime import UTC, datetime
from decimal import Decimal

import pytest

from collector.domain.room.accounts import accounts_free, needs_account
from collector.domain.room.quotas import LineUse, line_use

ALL, OPENAI, SERVICES = "accountcount", "openai.s0.accountcount", "aiservices.s0.accountcount"


def lines(**free: int | None) -> dict[str, LineUse]:
    names = {"everyone": ALL, "openai": OPENAI, "services": SERVICES}
    return {
        names[key]: line_use(
            names[key], "eastus2", "Maximum Resources per Region", Decimal(30), Decimal(30 - left), (),
            now=datetime(2026, 11, 1, tzinfo=UTC),
        )
        for key, left in free.items()
        if left is not None
    }  # fmt: skip


@pytest.mark.parametrize(
    ("told", "model_format", "left"),
    [
        pytest.param(lines(everyone=9, openai=2, services=5), "OpenAI", 5, id="either kind takes OpenAI's models"),
        pytest.param(lines(everyone=9, openai=7, services=0), "OpenAI", 7, id="one kind full, the other not"),
        pytest.param(lines(everyone=9, openai=7, services=0), "Mistral AI", 0, id="others' models need AIServices"),
        pytest.param(lines(everyone=0, openai=7, services=5), "OpenAI", 0, id="the region is full"),
        pytest.param(lines(everyone=3, openai=7, services=5), "OpenAI", 3, id="the region is nearly full"),
        pytest.param(lines(everyone=-2, openai=7, services=5), "OpenAI", 0, id="more than the limit"),
        pytest.param(lines(openai=7, services=5), "OpenAI", None, id="the region was not told"),
        pytest.param(lines(everyone=9, openai=0), "OpenAI", None, id="a full kind beside an unknown one"),
        pytest.param(lines(everyone=0), "OpenAI", 0, id="a full region settles it"),
        pytest.param(lines(), "OpenAI", None, id="nothing was told"),
    ],
)  # fmt: skip
def test_accounts_that_may_still_be_made_count_on_the_region_and_on_their_kind(
    told: dict[str, LineUse], model_format: str, left: int | None
) -> None:
    assert left == accounts_free(told, model_format)


def test_an_account_of_kind_openai_takes_no_other_publishers_models():
    assert (False, True) == (needs_account({"OpenAI"}, "OpenAI"), needs_account({"OpenAI"}, "Meta"))
    assert (False, True) == (needs_account({"AIServices"}, "Meta"), needs_account(set(), "OpenAI"))
