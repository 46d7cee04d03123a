"""A setting that cannot be right ends every command with 2 and is named; nothing of a secret is said."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from collector import cli
from collector.settings import load

COMMANDS = [
    ["collect"],
    ["derive"],
    ["serve"],
    ["cost"],
    ["room"],
    ["endings"],
    ["status"],
    ["doctor"],
    ["alert", "--dry-run"],
    ["db", "upgrade"],
    ["db", "check"],
    ["db", "distribute"],
    ["db", "copy", "--to", "sqlite:///other.db"],
    ["db", "grant", "--role", "reader", "--run"],
]

URLS = [
    "nonsense",
    "mysql://me:hunter2@host/db",
    "sqlite://",
    "sqlite:////no/such/folder/x.db",
    "postgresql://host",
]


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_database_url_that_cannot_be_right_is_named_and_ends_with_2(
    words: list[str], url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AOAI_DATABASE_URL", url)
    monkeypatch.setenv("AOAI_AUTH", "none")
    for name in ("ARM", "METRICS", "PRICES"):
        monkeypatch.setenv(f"AOAI_{name}_ENDPOINT", "http://127.0.0.1:9")

    result = CliRunner().invoke(cli.main, words)

    assert (2, True) == (result.exit_code, "AOAI_DATABASE_URL" in result.output), result.output
    assert "hunter2" not in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AOAI_CURRENCY", "euro"),
        ("AOAI_CLOUD", "moon"),
        ("AOAI_ARM_ENDPOINT", "http://example.com"),
        ("AOAI_ARM_ENDPOINT", "https://{region}.example.com"),
        ("AOAI_CONFIG", "no-such-file.toml"),
        ("AOAI_SMTP_URL", "http://mail"),
        ("AOAI_ALERTS_DIGEST_AT", "25:99"),
    ],
)
def test_other_settings_that_cannot_be_right_end_with_2_too(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert 0 == CliRunner().invoke(cli.main, ["db", "upgrade"]).exit_code
    monkeypatch.setenv(name, value)

    result = CliRunner().invoke(cli.main, ["serve"])

    assert 2 == result.exit_code, result.output
    assert name in result.output


@pytest.mark.parametrize("words", [["serve"], ["collect"], ["status"], ["dashboard"]], ids=" ".join)
def test_a_misspelt_variable_is_told_by_every_command(
    words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It does nothing, and one that should have named two subscriptions would let all be read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AOAI_SUBSCRIPTION", "11111111-1111-1111-1111-111111111111")

    result = CliRunner().invoke(cli.main, words)

    assert (
        "AOAI_SUBSCRIPTION: no setting has this name, so it does nothing: did you mean AOAI_SUBSCRIPTIONS?"
        in (result.stderr.splitlines())
    )
    assert "11111111" not in result.output


def test_the_target_of_a_copy_is_named_by_its_option(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert 0 == CliRunner().invoke(cli.main, ["db", "upgrade"]).exit_code

    result = CliRunner().invoke(cli.main, ["db", "copy", "--to", "oracle://x"])

    assert (2, True, False) == (
        result.exit_code,
        "--to" in result.output,
        "AOAI_DATABASE_URL" in result.output,
    )


def test_a_store_is_copied_by_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert 0 == CliRunner().invoke(cli.main, ["db", "upgrade"]).exit_code

    result = CliRunner().invoke(cli.main, ["db", "copy", "--to", f"sqlite:///{tmp_path / 'other.db'}"])

    assert (0, True) == (result.exit_code, "usage_hour: 0 rows, checksum" in result.output), result.output


def test_a_setting_may_be_the_path_of_a_file_that_holds_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef0123456789abcdef\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AOAI_COOKIE_SECRET_FILE", str(secret))

    assert "0123456789abcdef0123456789abcdef" == load().cookie_secret
