"""The Bicep templates hold together and grant what the figures need.

A Bicep compiler is on none of the registries that these tests may use, so this checks structure, names and values;
where one is installed, it compiles them.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from collector.cli import main as cli
from collector.domain.access import Role
from collector.settings.documented import documented_variables
from tests.deploy.bicep import names_used, template, tokens

AZURE = Path(__file__).resolve().parents[2] / "deploy" / "azure"
FILES = sorted(AZURE.glob("*.bicep"))
KNOWN = {
    "true",
    "false",
    "null",
    "for",
    "in",
    "if",
    "string",
    "int",
    "bool",
    "array",
    "object",
    "az",
    "existing",
}
TEXT = {path.name: path.read_text(encoding="utf-8") for path in AZURE.iterdir()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_name_that_is_used_is_declared_and_every_parameter_is_used(path: Path) -> None:
    read = template(path)
    declared = {one.name for one in read.declarations}
    used = {name for one in read.declarations for name in names_used(one)}
    loops = set(re.findall(r"\[for (\w+) in", TEXT[path.name]))

    assert set() == used - declared - loops - KNOWN
    assert set() == set(read.named("param")) - used


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_module_gets_exactly_the_parameters_that_it_asks_for(path: Path) -> None:
    for name, module in template(path).named("module").items():
        file = module.tokens[0].strip("'")
        asked = template(AZURE / file).named("param")
        body = TEXT[path.name].split(f"module {name} ")[1].split("params: {")[1].split("\n  }")[0]
        given = set(re.findall(r"^\s+(\w+):", body, re.MULTILINE))

        assert given <= set(asked), name
        assert {one for one, parameter in asked.items() if not parameter.has_default} <= given, name


def test_the_example_gives_every_parameter_that_has_no_default_and_no_secret() -> None:
    asked = template(AZURE / "main.bicep").named("param")
    given = template(AZURE / "main.bicepparam").named("param")

    assert set(given) <= set(asked)
    assert {name for name, one in asked.items() if not one.has_default} <= set(given)
    assert {"oidcClientSecret", "cookieSecret", "smtpUrl"} == {
        name for name, one in asked.items() if "secure" in one.decorators
    }
    for name in ("oidcClientSecret", "cookieSecret"):
        assert "readEnvironmentVariable" in given[name].tokens


def test_the_collector_gets_the_roles_that_the_figures_need_and_no_more() -> None:
    granted = set(re.findall(r"'([0-9a-f]{8}-[0-9a-f-]{27})'", TEXT["roles.bicep"]))

    assert {role.value.id for role in Role} == granted
    assert "subscription" == template(AZURE / "roles.bicep").target_scope
    assert [] == [name for name, text in TEXT.items() if name != "roles.bicep" and "roleAssignments" in text]


def test_every_variable_is_a_setting_and_every_command_one_of_the_program() -> None:
    known = {name for name, _, _ in documented_variables()}
    arguments = re.findall(r"args: \[([^\]]*)\]", TEXT["main.bicep"])
    groups = [re.findall(r"'([a-z-]+)'", one) for one in arguments]

    assert set() == set(re.findall(r"AOAI_\w+", TEXT["main.bicep"])) - known
    assert [["db", "upgrade"], ["db", "grant"], ["serve"], ["dashboard"]] == [
        [word for word in words if not word.startswith("-")][:2] for words in groups
    ]
    grant = getattr(cli.commands["db"], "commands", {})["grant"]
    options = {option for parameter in grant.params for option in parameter.opts}
    assert {word for words in groups for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize("path", [*FILES, AZURE / "main.bicepparam"], ids=lambda path: path.name)
def test_a_compiler_that_is_there_compiles_them_without_a_word(path: Path) -> None:
    if shutil.which("bicep") is None:
        pytest.skip("no bicep on this machine")
    build = "build-params" if path.suffix == ".bicepparam" else "build"
    environment = {**os.environ, "OIDC_CLIENT_SECRET": "x", "COOKIE_SECRET": "x" * 32}

    done = subprocess.run(
        ["bicep", build, path, "--stdout"], capture_output=True, text=True, env=environment, check=False
    )

    assert (0, "") == (done.returncode, done.stderr)


def test_the_database_has_no_password_and_no_public_address() -> None:
    text = TEXT["database.bicep"]

    assert "passwordAuth: 'Disabled'" in text
    assert "activeDirectoryAuth: 'Enabled'" in text
    assert "delegatedSubnetResourceId: subnetId" in text
    assert not re.search(r"administratorLogin|firewallRules|publicNetworkAccess: 'Enabled'", text)


def test_secrets_reach_the_apps_as_secrets_only() -> None:
    text = TEXT["main.bicep"]

    for name in ("AOAI_OIDC_CLIENT_SECRET", "AOAI_COOKIE_SECRET", "AOAI_SMTP_URL"):
        assert re.findall(rf"name: '{name}', (\w+)", text) == ["secretRef"]
    assert not re.search(r"output .*[sS]ecret", "".join(TEXT.values()))


@pytest.mark.parametrize(
    "broken", ["param a string = {", "var a = ']'\n}", "var a = \u201cx\u201d", "var a = (1]"], ids=repr
)
def test_the_reader_refuses_what_does_not_close(broken: str) -> None:
    with pytest.raises(ValueError, match=r"closed|closes|no Bicep"):
        tokens(broken)
