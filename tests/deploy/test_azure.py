"""The Bicep templates hold together and grant what the figures need.

A Bicep compiler is on none of the registries that these tests may use, so this checks grammar,
names and values; where one is installed, it compiles them.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from lark.exceptions import LarkError

from collector.cli import main as cli
from collector.domain.access import Role
from collector.settings.documented import documented_variables
from tests.deploy.bicep import body, names_declared, names_used, template, texts

AZURE = Path(__file__).resolve().parents[2] / "deploy" / "azure"
FILES = sorted(AZURE.glob("*.bicep"))
TEXT = {path.name: path.read_text(encoding="utf-8") for path in AZURE.iterdir()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_name_that_is_used_is_declared_and_every_parameter_is_used(path: Path) -> None:
    read = template(path)
    used = names_used(TEXT[path.name])

    assert set() == used - names_declared(read)
    assert set() == {*read["parameters"], *read["variables"]} - used


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_module_gets_exactly_the_parameters_that_it_asks_for(path: Path) -> None:
    for name, module in template(path)["modules"].items():
        asked = template(AZURE / module["detail"]["path"])["parameters"]
        given = set(body(module)["params"])

        assert given <= set(asked), name
        assert {one for one, parameter in asked.items() if parameter["default"] is None} <= given, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_resource_says_its_name_and_a_version_of_its_interface_that_is_no_preview(path: Path) -> None:
    for name, resource in template(path)["resources"].items():
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", resource["api_version"]), name
        assert body(resource)["name"], name


def test_the_example_gives_every_parameter_that_has_no_default_and_no_secret() -> None:
    asked = template(AZURE / "main.bicep")["parameters"]
    given = dict(re.findall(r"^param (\w+) = (.+)$", TEXT["main.bicepparam"], re.MULTILINE))

    assert set(given) <= set(asked)
    assert {name for name, one in asked.items() if one["default"] is None} <= set(given)
    assert {"oidcClientSecret", "cookieSecret", "smtpUrl", "settings"} == {
        name for name, one in asked.items() if "secure" in {said["type"] for said in one["decorators"]}
    }
    for name in ("oidcClientSecret", "cookieSecret"):
        assert given[name].startswith("readEnvironmentVariable(")


def test_the_collector_gets_the_roles_that_the_figures_need_and_no_more() -> None:
    read = template(AZURE / "roles.bicep")
    ids = [one for one in texts(read["variables"]) if re.fullmatch(r"[0-9a-f]{8}-[0-9a-f-]{27}", one)]

    assert sorted(role.value.id for role in Role) == sorted(ids)
    assert "subscription" == read["globals"]["scope"]["value"]
    assert [] == [name for name, text in TEXT.items() if name != "roles.bicep" and "roleAssignments" in text]


@pytest.mark.parametrize("app", ["collector", "dashboard"])
def test_every_app_reads_the_settings_file_where_it_is_mounted(app: str) -> None:
    """Rates, teams and budgets have no variables: without the file nobody could set them."""
    read = template(AZURE / "main.bicep")
    value = {name: one["value"] for name, one in read["variables"].items()}
    properties = body(read["resources"][app])["properties"]
    (container,) = properties["template"]["containers"]

    assert ["settingsVolume"] == properties["template"]["volumes"]
    assert ["settingsMount"] == container["volumeMounts"]
    assert "settingsVariable" in set(texts(container["env"]))
    assert "settingsSecret" in set(texts(properties["configuration"]["secrets"]))
    (file,) = value["settingsVolume"]["secrets"]
    assert value["settingsSecret"]["name"] == file["secretRef"]
    assert f"{value['settingsMount']['mountPath']}/{file['path']}" == value["settingsVariable"]["value"]
    assert value["settingsVolume"]["name"] == value["settingsMount"]["volumeName"]


def test_no_store_that_is_away_restarts_the_dashboard() -> None:
    (container,) = body(template(AZURE / "main.bicep")["resources"]["dashboard"])["properties"]["template"][
        "containers"
    ]

    assert {"Liveness", "Startup"} == {probe["type"] for probe in container["probes"]}
    assert [] == [probe for probe in container["probes"] if "/healthz" in set(texts(probe))]


def test_every_app_is_told_the_cloud_that_it_is_in() -> None:
    """Its tokens for the database are of one cloud only; the database's private name is of one, too."""
    read = template(AZURE / "main.bicep")
    told = [read["variables"]["collectorVariables"]["value"]]
    told += [
        container["env"]
        for container in body(read["resources"]["dashboard"])["properties"]["template"]["containers"]
    ]

    for variables in told:
        assert {"name": "AOAI_CLOUD", "value": "cloud"} in variables
    for name in ("main.bicep", "network.bicep"):
        assert "az.environment().name == 'AzureUSGovernment'" in TEXT[name]


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
    "broken",
    ["param a string = {", "var a = ']'\n}", "var a = \u201cx\u201d", "var a = (1]", "resource a 'b@c' {\n}"],
    ids=repr,
)
def test_what_is_no_bicep_is_refused(broken: str, tmp_path: Path) -> None:
    (tmp_path / "broken.bicep").write_text(broken, encoding="utf-8")

    with pytest.raises(LarkError):
        template(tmp_path / "broken.bicep")


def test_a_name_that_nobody_declared_is_seen() -> None:
    text = "param a string\nvar b = [for one in c: '${d}-${one}']\noutput e string = f(b.g, h)"

    assert {"b", "c", "d", "h"} == names_used(text)
