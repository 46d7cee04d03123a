from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from collector.domain.advice.fit import FitQuestion, fits
from collector.domain.advice.types import Place, Seat, Steps


def a_place(location: str, sku: str = "DataZoneStandard", free: int = 500, **changes) -> Place:
    usage = f"OpenAI.{sku}.gpt-5.4"
    return replace(Place("s", location, sku, "gpt-5.4", "2026-03-05", usage, free, Decimal(1000)), **changes)


ASKED = FitQuestion("gpt-5.4", 300_000)


def test_places_that_fit_come_first_and_the_cheapest_of_them_first_of_all():
    found = fits(ASKED, [
        a_place("eastus2", free=100), a_place("westus3", price_ratio=1.1), a_place("swedencentral", price_ratio=1.0)
    ])  # fmt: skip
    assert ["swedencentral", "westus3", "eastus2"] == [fit.place.location for fit in found]
    assert [(300, 0), (300, 0), (300, 200)] == [(fit.units, fit.short) for fit in found]
    assert [True, True, False] == [fit.fits for fit in found]


def test_a_place_whose_quota_was_never_told_is_unknown_and_stands_between_what_fits_and_what_does_not():
    found = fits(
        ASKED, [a_place("eastus2", free=0), replace(a_place("westus3"), free_units=None), a_place("uksouth")]
    )
    assert [("uksouth", 0, True), ("westus3", None, False), ("eastus2", 300, False)] == [
        (one.place.location, one.short, one.fits) for one in found
    ]


def test_what_azure_could_deploy_now_binds_as_the_quota_does():
    [found] = fits(ASKED, [a_place("eastus2", available=120)])
    assert 180 == found.short


def test_units_are_whole_steps():
    [found] = fits(replace(ASKED, tpm=301_000), [a_place("eastus2", steps=Steps(50, 50))])
    assert 350 == found.units


def test_a_zone_leaves_out_global_skus_and_other_zones():
    places = [a_place("westeurope"), a_place("westeurope", "GlobalStandard"), a_place("eastus2")]
    [found] = fits(replace(ASKED, zone="eu"), places)
    assert ("westeurope", "DataZoneStandard", True) == (
        found.place.location,
        found.place.sku,
        found.may_share_pool,
    )


def test_where_nothing_fits_it_says_what_could_be_moved():
    idle = Seat(
        UUID(int=1), "acc", "idle", "s", "eastus2", "gpt-5.4", "2026-03-05", "DataZoneStandard",
        usage_name="OpenAI.DatazoneStandard.gpt-5.4", units=400, limit_tpm=400_000, days=30, minute_coverage=1.0,
        peak_tpm=7_000, tpm_per_unit=Decimal(1000),
    )  # fmt: skip
    [found] = fits(ASKED, [a_place("eastus2", free=0)], [idle])
    assert (300, (("idle", 390),)) == (found.short, found.frees)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (FitQuestion("gpt-5.5", 1), "no location offers it; did you mean gpt-5.4"),
        (FitQuestion("llama", 1), "no location offers it$"),
        (FitQuestion("gpt-5.4", 1, sku="Standrad"), "sku='Standrad': gpt-5.4 is offered as DataZoneStandard"),
        (FitQuestion("gpt-5.4", 1, version="1"), "version='1': gpt-5.4 is offered as 2026-03-05"),
    ],
)
def test_a_misspelt_question_is_an_error_and_not_an_empty_answer(question: FitQuestion, said: str):
    with pytest.raises(ValueError, match=said):
        fits(question, [a_place("eastus2")])


@pytest.mark.parametrize("tpm", [0, -5])
def test_nothing_fits_nowhere(tpm: int):
    with pytest.raises(ValueError, match="expected more than 0 tokens per minute"):
        FitQuestion("gpt-5.4", tpm)


def test_a_place_that_lets_no_account_be_made_fits_nothing_whatever_quota_is_free():
    places = [
        a_place("eastus2", needs_account=True, accounts_free=0),
        a_place("westus3", needs_account=True, accounts_free=3),
        a_place("swedencentral", needs_account=True, accounts_free=None),
        a_place("uksouth", needs_account=False, accounts_free=0),
    ]
    found = {one.place.location: (one.fits, one.short, one.place.room) for one in fits(ASKED, places)}

    assert {"eastus2": (False, 0, 0), "westus3": (True, 0, 500), "swedencentral": (True, 0, 500), "uksouth": (True, 0, 500)} == found  # fmt: skip
    assert "eastus2" == fits(ASKED, places)[-1].place.location


def test_a_version_whose_day_is_over_fits_nowhere_and_stands_last():
    places = [a_place("eastus2", ended=True, price_ratio=0.1), a_place("uksouth", free=0)]
    assert [("uksouth", False, 0), ("eastus2", False, 0)] == [
        (one.place.location, one.fits, one.place.room) for one in fits(ASKED, places)
    ]
