import pytest

from collector.domain.advice.latency import AnswerTimes, LatencyBeside, latency_beside

UNITS = AnswerTimes("a/ptu", "gpt-4.1", "GlobalProvisionedManaged", 640, 893)
TOKENS = (
    AnswerTimes("a/legal", "GPT-4.1", "DataZoneStandard", 800, 1253),
    AnswerTimes("b/spill", "gpt-4.1", "GlobalStandard", 1000, 5974),
)


def test_units_stand_beside_every_deployment_of_their_model_that_is_paid_by_the_token():
    other = AnswerTimes("b/chat", "gpt-4o", "GlobalStandard", 10, 20)
    more_units = AnswerTimes("b/ptu", "gpt-4.1", "ProvisionedManaged", 10, 20)
    found = latency_beside("a/ptu", [UNITS, *TOKENS, other, more_units])
    assert LatencyBeside(640, 893, 900, 5974, 2) == found
    assert (
        "640 ms on units (worst hour 893), 900 ms by the token (worst hour 5,974), 2 deployments"
        == found.in_words()
    )


@pytest.mark.parametrize(
    "times",
    [
        pytest.param([UNITS], id="nobody runs it by the token"),
        pytest.param(TOKENS, id="nothing published of the units"),
        pytest.param([UNITS, AnswerTimes("b/chat", "gpt-4o", "Standard", 10)], id="only another model"),
        pytest.param([AnswerTimes("a/ptu", "gpt-4.1", "GlobalStandard", 640), *TOKENS], id="no units"),
    ],
)
def test_where_one_side_is_unknown_nothing_is_said(times: list[AnswerTimes]):
    assert latency_beside("a/ptu", times) is None


def test_an_unknown_worst_hour_is_left_out():
    found = latency_beside("a/ptu", [AnswerTimes("a/ptu", "m", "ProvisionedManaged", 5), AnswerTimes("b/x", "m", "Standard", 10)])  # fmt: skip
    assert found is not None
    assert "5 ms on units, 10 ms by the token, 1 deployment" == found.in_words()
