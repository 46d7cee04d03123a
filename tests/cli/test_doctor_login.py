"""`doctor --dashboard` tries the login as the dashboard would, and signs nobody in."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from collector import cli
from collector.store import schema
from collector.store.engine import open_engine
from tests.dashboard.doors import CLIENT, CLIENT_SECRET, SECRET, LyingProvider, a_provider, a_server

Told = Callable[..., tuple[int, list[tuple[str, str, str]]]]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    """Exit status and, of each check of the login, what it is about, how it stands and what was found."""
    monkeypatch.chdir(tmp_path)
    engine = open_engine("sqlite:///aoai-monitor.db")
    schema.upgrade(engine)
    engine.dispose()

    def tell(issuer: str | None, **changes: str) -> tuple[int, list[tuple[str, str, str]]]:
        login = {
            "AOAI_OIDC_ISSUER": issuer,
            "AOAI_OIDC_CLIENT_ID": CLIENT,
            "AOAI_OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "AOAI_OIDC_ALLOW": "example.com",
            "AOAI_PUBLIC_URL": "https://monitor.example.com",
            "AOAI_COOKIE_SECRET": SECRET,
        }
        environment = {**login, **changes} if issuer else {}
        result = CliRunner().invoke(cli.main, ["doctor", "--dashboard", "--json"], env=environment)
        checks: list[dict[str, Any]] = json.loads(result.stdout)["checks"]
        assert SECRET not in result.output
        assert CLIENT_SECRET not in result.output
        found = [(one["what"], one["state"], one["found"]) for one in checks if one["group"] == "login"]
        return result.exit_code, found

    return tell


def test_a_provider_that_answers_is_well_and_the_address_to_register_is_named(told: Told) -> None:
    with a_provider() as issuer:
        status, found = told(issuer)

    text = f"{issuer} answers; it must know the redirect address https://monitor.example.com/login/callback"
    assert (0, [("OpenID provider", "works", text)]) == (status, found)


def test_a_provider_that_calls_itself_otherwise_is_told_with_both_names(told: Told) -> None:
    """As Entra ID does where the address says `common` instead of a tenant."""
    lying = LyingProvider(calls_itself="https://login.example.com/{tenantid}/v2.0")
    with a_server(lying.app()) as lying.url:
        status, found = told(lying.url)

    ((_, state, text),) = found
    assert (1, "missing") == (status, state)
    assert f"the provider at {lying.url} calls itself 'https://login.example.com/{{tenantid}}/v2.0'" in text


def test_a_provider_that_is_not_there_is_told(told: Told) -> None:
    status, found = told("http://127.0.0.1:9")

    ((_, state, text),) = found
    assert (1, "missing") == (status, state)
    assert "the provider at http://127.0.0.1:9 did not answer as one: ConnectError" in text


def test_half_a_login_is_a_bad_setting(told: Told) -> None:
    status, found = told("https://login.example.com", AOAI_COOKIE_SECRET="")

    assert (2, [("login", "bad setting")]) == (status, [one[:2] for one in found])
    assert found[0][2].startswith("AOAI_COOKIE_SECRET is not set")


def test_without_login_it_is_said_who_sees_the_figures(told: Told) -> None:
    status, found = told(None)

    assert (0, [("login", "not set up")]) == (status, [one[:2] for one in found])
