"""Whose cost it is: the first rule that fits, then tags from near to far, else nobody's."""

from typing import Any

import pytest

from collector.domain.money.teams import BadTeamRule, TeamRules, parse_team_rules, team_of

ARM_ID = "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/oai-Payments-01"


def named(rules: TeamRules, *tags: dict[str, str]) -> str | None:
    return team_of(rules, tags, "s1", ARM_ID, "chat-prod")


def test_the_first_rule_that_fits_names_the_team() -> None:
    rules = parse_team_rules(
        [
            {"team": "other", "subscription": "s2"},
            {"team": "payments", "account": "OAI-pay*", "deployment": "*-prod"},
            {"team": "late", "account": "*"},
        ]
    )

    assert "payments" == named(rules, {"team": "tagged"})


def test_a_rule_may_ask_for_a_tag_of_any_of_the_three() -> None:
    rules = parse_team_rules([{"team": "fraud", "tag": "CostCenter=47*"}])

    assert "fraud" == named(rules, {}, {"costcenter": "4711"})
    assert None is named(rules, {}, {"env": "prod"})


def test_the_nearest_tag_names_the_team() -> None:
    assert "own" == named(TeamRules(), {"Team": "own"}, {"team": "account"}, {"team": "subscription"})
    assert "account" == named(TeamRules(), {"Team": " "}, {"team": "account"})


def test_without_rule_and_tag_it_is_nobodys() -> None:
    assert None is named(TeamRules(), {}, {}, {})


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"account": "x"}, "team=None: expected a team's name"),
        ({"team": "a", "model": "x"}, "no key 'model'"),
        ({"team": "a", "tag": "x"}, "tag='x': expected key=value"),
        ({"team": "a", "account": 5}, "account=5: expected a text"),
        ({"team": "a", "split": "by weight"}, "split='by weight': expected evenly, tokens or fixed"),
        ({"team": "a", "split": "fixed"}, "shares=None: expected shares above 0"),
        ({"team": "a", "split": "fixed", "shares": {"b": -1}}, "expected shares above 0"),
        ({"team": "a", "split": "evenly", "among": "b"}, "among='b': expected a list of teams"),
        ({"team": "a", "among": ["b"]}, "among: expected split beside it"),
    ],
)
def test_a_bad_rule_names_its_place_and_what_is_right(table: dict[str, Any], said: str) -> None:
    with pytest.raises(BadTeamRule, match=r"\[\[teams\]\] number 1: ") as raised:
        parse_team_rules([table])
    assert said in str(raised.value)
