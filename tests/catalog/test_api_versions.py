"""Api-versions: a deadline needs a date that somebody announced; a company's own date is one."""

from datetime import date
from pathlib import Path

import orjson
import pytest

from collector.catalog.api_versions import load_api_versions
from collector.catalog.models import own_deadlines
from collector.catalog.overrides import BadOverride
from collector.domain.endings.api_versions import api_ending, api_version_of, feature_ending
from collector.domain.endings.offers import OwnDeadline

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Azure OpenAI API version 2024-02-15-preview", "2024-02-15-preview"),
        ("Azure OpenAI API version 2023-05-15", "2023-05-15"),
        ("2025-04-01-Preview", "2025-04-01-preview"),
        ("Azure OpenAI API version v1", "unversioned"),
        ("v1", "unversioned"),
        ("preview", "unversioned"),
        ("Azure OpenAI API version preview", "unversioned"),
        ("Azure OpenAI preview features", "unknown"),
        ("2024-02-15-preview-2", "unknown"),
        ("", "unversioned"),
        ("N/A", "unversioned"),
        (None, "unknown"),
        ("Unknown", "unknown"),
        ("Speech v2", "unknown"),
        ("12024-02-15", "unknown"),
    ],
)
def test_api_name_texts_are_classified(text: str | None, version: str) -> None:
    assert version == api_version_of(text)


@pytest.mark.parametrize(
    ("version", "state", "ends_on", "target"),
    [
        ("2023-07-01-preview", "retired", date(2024, 7, 1), "2024-10-21"),
        ("2023-06-01-preview", "superseded", None, "2024-10-21"),
        ("2024-02-15-preview", "superseded", None, "2024-10-21"),
        ("2024-06-01", "superseded", None, "2024-10-21"),
        ("2025-01-01-preview", "superseded", None, "v1"),
        ("2024-10-21", "current", None, "v1"),
        ("2025-04-01-preview", "current", None, "v1"),
        ("unversioned", "unversioned", None, None),
        ("unknown", "unknown", None, None),
        ("2026-13-13", "unknown", None, None),
    ],
)
def test_states_as_of_the_catalog(version: str, state: str, ends_on: date | None, target: str | None) -> None:
    found = api_ending(version, load_api_versions().versions, TODAY)
    assert (state, ends_on, target) == (found.state, found.ends_on, found.target)


def test_advice_names_the_target_and_what_changes() -> None:
    advice = api_ending("2025-01-01-preview", load_api_versions().versions, TODAY).advice
    assert "Move to v1" in advice
    assert "/openai/v1/" in advice


def test_a_company_deadline_makes_a_superseded_version_announced() -> None:
    catalog = load_api_versions(
        [{"api_version": "2024-02-15-preview", "retires_on": "2027-01-31", "source": "platform policy"}]
    )
    found = api_ending("2024-02-15-preview", catalog.versions, TODAY)
    assert ("announced", date(2027, 1, 31), "configured", 70, ("platform policy",)) == (
        found.state,
        found.ends_on,
        found.ends_on_source,
        found.days_left,
        found.sources,
    )


def test_a_company_may_enter_a_version_that_we_do_not_know() -> None:
    catalog = load_api_versions(
        [{"api_version": "2027-01-01", "retires_on": date(2028, 1, 1), "successor": "v1"}]
    )
    assert "announced" == api_ending("2027-01-01", catalog.versions, TODAY).state


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"api_version": "2024-02-15-preview"},
            "[[api_versions]] row 1: retires_on=None: expected a date such as '2027-03-31'",
        ),
        (
            {"api_version": "2024-02-15-preview", "retires_on": "soon"},
            "[[api_versions]] row 1: retires_on='soon': expected a date such as '2027-03-31'",
        ),
        (
            {"api_version": "latest", "retires_on": "2027-01-01"},
            (
                "[[api_versions]] row 1: api_version='latest': "
                "expected a version such as '2024-10-21' or '2025-04-01-preview'"
            ),
        ),
        (
            {"api_version": "2024-10-21", "retire_on": "2027-01-01"},
            (
                "[[api_versions]] row 1: unknown key 'retire_on', "
                "expected one of api_version, retires_on, successor, note, source"
            ),
        ),
        ("2024-10-21", "[[api_versions]] row 1: expected a table of keys, found '2024-10-21'"),
    ],
)
def test_a_bad_row_names_its_place_and_what_would_be_right(row: object, message: str) -> None:
    with pytest.raises(BadOverride) as caught:
        load_api_versions([row])
    assert message == str(caught.value)


def test_model_deadlines_are_read_with_their_location_normalised() -> None:
    assert (OwnDeadline("gpt-4o", date(2027, 1, 31), location="eastus2"),) == own_deadlines(
        [{"model": "gpt-4o", "ends_on": "2027-01-31", "location": "East US 2"}]
    )
    with pytest.raises(BadOverride, match=r"\[\[model_deadlines\]\] row 1: model is missing"):
        own_deadlines([{"ends_on": "2027-01-31"}])


def test_the_assistants_api_ends_in_every_version() -> None:
    features = load_api_versions().features
    assert "Assistants API" == feature_ending("Create_Thread", features, TODAY).feature
    assert feature_ending("Create_Thread", features, TODAY).retired
    assert feature_ending("ChatCompletions_Create", features, TODAY) is None


def test_own_features_are_added() -> None:
    features = load_api_versions(
        own_features=[{"feature": "DALL-E", "operations": ["images"], "retires_on": "2027-01-01"}]
    ).features
    assert {"Assistants API", "DALL-E"} == {feature.feature for feature in features}
    with pytest.raises(BadOverride, match="expected a list of texts"):
        load_api_versions(own_features=[{"feature": "x", "operations": "images", "retires_on": "2027-01-01"}])


def test_every_announced_date_of_the_gathered_facts_is_in_the_bundle(recorded: Path) -> None:
    gathered = orjson.loads((recorded / "catalog/api_versions.json").read_bytes())
    bundled = load_api_versions().versions
    for row in gathered["api_versions"]:
        if row["api_version"] == "preview":
            continue
        fact = bundled[row["api_version"]]
        assert row["retirement_date"] == (fact.retires_on.isoformat() if fact.retires_on else None)
        assert fact.sources
