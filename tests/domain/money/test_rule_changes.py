"""What charges rest on differs when, and only when, charges might."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from collector.domain.money.reservations import Reservation
from collector.domain.money.rule_changes import (
    NOT_KEPT,
    Reach,
    RuleChange,
    changed_rules,
    rates_told,
    reservations_told,
    set_told,
    teams_told,
    whole,
)
from collector.domain.money.teams import parse_team_rules
from collector.domain.pricing import parse_rates

JANUARY, MARCH, MAY = date(2026, 1, 1), date(2026, 3, 31), date(2026, 5, 1)
EARLY = {"percent_off": 5, "from": "2026-01-01", "until": "2026-03-31"}
LATE = {"percent_off": "7.50", "from": "2026-05-01"}
PAID = Reservation("one", "GlobalProvisionedManaged", 100, JANUARY, Decimal(260), "USD")


@pytest.mark.parametrize(
    ("before", "now", "why", "reach"),
    [
        pytest.param([], [EARLY], "rates changed (1 new)", Reach(JANUARY, MARCH), id="one added"),
        pytest.param([EARLY, LATE], [EARLY], "rates changed (1 gone)", Reach(MAY), id="one taken back"),
        pytest.param([EARLY], [LATE], "rates changed (1 new, 1 gone)", Reach(JANUARY), id="one for another"),
        pytest.param(
            [EARLY],
            [{**EARLY, "until": "2026-05-01"}],
            "rates changed (1 new, 1 gone)",
            Reach(JANUARY, MAY),
            id="one that holds longer",
        ),
    ],
)
def test_a_changed_rate_concerns_its_days(
    before: list[dict[str, Any]], now: list[dict[str, Any]], why: str, reach: Reach
) -> None:
    told = [{"rates": rates_told(parse_rates(one))} for one in (before, now)]

    assert [RuleChange("rates", why, reach)] == changed_rules(*told)


def test_rates_in_another_order_are_the_same_rates() -> None:
    assert rates_told(parse_rates([EARLY, LATE])) == rates_told(
        parse_rates([{**LATE, "percent_off": 7.5}, EARLY])
    )


def test_of_teams_the_order_counts_and_how_reports_split_does_not() -> None:
    one, two = {"team": "a", "deployment": "a*"}, {"team": "b", "deployment": "*b"}
    told = teams_told(parse_team_rules([one, two]))

    assert told == teams_told(parse_team_rules([one, {**two, "split": "tokens"}]))
    assert told != teams_told(parse_team_rules([two, one]))
    assert told != teams_told(parse_team_rules([one]))


def test_of_reservations_alike_the_order_counts() -> None:
    cheaper = replace(PAID, name="two", price=Decimal(200), starts_on=MAY)
    elsewhere = replace(cheaper, location="westeurope")

    assert reservations_told([PAID, cheaper]) != reservations_told([cheaper, PAID])
    assert reservations_told([PAID, elsewhere]) == reservations_told([elsewhere, PAID])
    assert {Reach(JANUARY), Reach(MAY)} == set(reservations_told([PAID, cheaper]).values())


def test_a_reservation_that_is_added_last_concerns_its_own_days() -> None:
    later = replace(PAID, name="two", starts_on=MAY)
    before, now = ({"reservations": reservations_told(one)} for one in ([PAID], [PAID, later]))

    assert [RuleChange("reservations", "reservations changed (1 new)", Reach(MAY))] == changed_rules(
        before, now
    )


def test_what_was_never_told_concerns_everything() -> None:
    assert [RuleChange("currency", NOT_KEPT, Reach())] == changed_rules({}, {"currency": whole("EUR")})


def test_equal_things_differ_in_nothing() -> None:
    rules = {"currency": whole("EUR"), "price snapshot": set_told([PAID, 1])}

    assert [] == changed_rules(rules, {**rules, "price snapshot": set_told([1, PAID])})
    assert ["currency changed"] == [
        one.why for one in changed_rules(rules, {**rules, "currency": whole("USD")})
    ]
