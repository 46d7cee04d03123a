"""docker-compose.yml names nothing that does not exist, and opens nothing that should be closed."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.cli import main as cli
from collector.settings import Settings, load
from collector.settings.documented import documented_variables

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if service["image"] == "aoai-monitor:local"}
# What a service may hold, by the Compose specification; a key that is misspelt is a setting that is lost.
KEYS = {
    *(
        "build",
        "cap_drop",
        "command",
        "depends_on",
        "entrypoint",
        "environment",
        "healthcheck",
        "image",
        "init",
    ),
    *("mem_limit", "network_mode", "networks", "ports", "profiles", "read_only", "restart", "security_opt"),
    *("shm_size", "stop_grace_period", "tmpfs", "volumes"),
}


def env_file(name: str) -> dict[str, str]:
    lines = (ROOT / "deploy" / name).read_text(encoding="utf-8").splitlines()
    pairs = (line.split("=", 1) for line in lines if line.strip() and not line.startswith("#"))
    return dict(pairs)


def test_it_has_the_services_that_the_docs_promise() -> None:
    assert {"postgres", "migrate", "collector", "dashboard", "simulator", "mail"} == set(SERVICES)
    assert {"simulator", "mail"} == {
        name for name, service in SERVICES.items() if service.get("profiles") == ["demo"]
    }


def test_every_key_is_one_of_compose() -> None:
    assert {} == {name: set(service) - KEYS for name, service in SERVICES.items() if set(service) - KEYS}
    assert {"services", "networks", "volumes"} == {key for key in COMPOSE if not key.startswith("x-")}


def test_every_service_network_and_volume_that_is_named_exists() -> None:
    for name, service in SERVICES.items():
        assert set(service.get("depends_on", {})) <= set(SERVICES), name
        assert set(service.get("networks", [])) <= set(COMPOSE["networks"]), name
        for volume in service.get("volumes", []):
            source = re.sub(r"^\$\{\w+:-(.*?)\}", r"\1", volume).split(":")[0]
            assert (ROOT / source).is_file() if source.startswith("./") else source in COMPOSE["volumes"], (
                volume
            )
    assert "service:collector" == SERVICES["simulator"]["network_mode"]


def test_every_aoai_variable_is_a_setting() -> None:
    known = {name for name, _, _ in documented_variables()}
    named = {
        variable
        for service in SERVICES.values()
        for variable in service.get("environment", {})
        if variable.startswith("AOAI_")
    }
    named |= {
        name
        for file in ("demo.env", "compose.env.example")
        for name in env_file(file)
        if name.startswith("AOAI_")
    }

    assert set() == named - known


def test_every_variable_that_must_be_set_is_in_the_example_and_in_the_demo() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    needed = set(re.findall(r"\$\{(\w+):\?", text))

    assert {"MONITOR_DB_PASSWORD", "DASHBOARD_DB_PASSWORD"} == needed
    for file in ("demo.env", "compose.env.example"):
        assert needed <= set(env_file(file))


def test_what_the_example_and_the_demo_set_reaches_a_service() -> None:
    reached = {name for service in SERVICES.values() for name in service.get("environment", {})}
    reached |= {"MONITOR_DB_PASSWORD", "COMPOSE_PROJECT_NAME", "SETTINGS_FILE"}

    for file in ("demo.env", "compose.env.example"):
        assert set() == set(env_file(file)) - reached, file


def test_the_example_holds_no_secret() -> None:
    filled = {name for name, value in env_file("compose.env.example").items() if value}

    assert {"AOAI_TIMEZONE", "AOAI_PUBLIC_URL", "SETTINGS_FILE"} == filled


def test_every_program_reads_the_settings_file_that_the_operator_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rates, teams and budgets have no variables: without the file nobody in a container could set them."""
    named = env_file("compose.env.example")["SETTINGS_FILE"]
    monkeypatch.setenv("AOAI_CONFIG", str(ROOT / named))

    for name in OURS - {"simulator"}:
        service = SERVICES[name]
        assert [f"${{SETTINGS_FILE:-{named}}}:{service['environment']['AOAI_CONFIG']}:ro"] == service[
            "volumes"
        ]
    assert load() == Settings.model_validate({})


def test_every_command_is_one_of_the_program() -> None:
    for name in OURS:
        words = SERVICES[name]["command"]
        if name == "migrate":
            assert "aoai-monitor db upgrade && aoai-monitor db grant --role aoai_dashboard --run" == words[0]
        else:
            assert words[0] in cli.commands, name
    assert {"upgrade", "grant"} <= set(getattr(cli.commands["db"], "commands", {}))


def test_the_dashboard_s_role_is_the_one_that_is_made_and_granted() -> None:
    script = (ROOT / "deploy" / "postgres" / "roles.sh").read_text(encoding="utf-8")
    url = SERVICES["dashboard"]["environment"]["AOAI_DATABASE_URL"]

    assert "create role aoai_dashboard login" in script
    assert "//aoai_dashboard:" in url
    assert "//aoai:" in SERVICES["collector"]["environment"]["AOAI_DATABASE_URL"]


def test_every_port_is_published_to_this_machine_only_and_listened_on() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert {"dashboard": ["127.0.0.1:8501:8501"], "mail": ["127.0.0.1:8025:8025"]} == published
    assert "0.0.0.0:8501" == SERVICES["dashboard"]["environment"]["AOAI_DASHBOARD_LISTEN"]
    assert "127.0.0.1:8501/healthz" in SERVICES["dashboard"]["healthcheck"]["test"][-1]
    assert ["simulate", "--port", "8790"] == SERVICES["simulator"]["command"]
    assert "http://127.0.0.1:8790" == env_file("demo.env")["AOAI_ARM_ENDPOINT"]


def test_the_database_is_on_a_network_without_a_way_out() -> None:
    assert COMPOSE["networks"]["database"] == {"internal": True}
    assert ["database"] == SERVICES["postgres"]["networks"]


@pytest.mark.parametrize("name", sorted(OURS | {"mail"}))
def test_our_containers_may_write_nothing_and_gain_nothing(name: str) -> None:
    service = SERVICES[name]

    assert (True, ["ALL"], ["no-new-privileges:true"], ["/tmp"]) == (
        service["read_only"],
        service["cap_drop"],
        service["security_opt"],
        service["tmpfs"],
    )


def test_images_of_others_are_pinned_to_a_version() -> None:
    others = [service["image"] for name, service in SERVICES.items() if name not in OURS]

    assert [] == [image for image in others if not re.search(r":v?\d", image)]


def test_the_demo_s_variables_are_good_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in env_file("demo.env").items():
        if name.startswith("AOAI_"):
            monkeypatch.setenv(name, value)

    assert "none" == Settings().auth  # pyright: ignore[reportCallIssue]  # pydantic fills the rest
