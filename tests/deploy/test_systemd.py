"""The systemd units start what exists, as nobody in particular, and are shut in."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from collector.cli import main as cli
from tests.conftest import lacking

UNITS = sorted((Path(__file__).resolve().parents[2] / "deploy" / "systemd").glob("*.service"))


def settings(unit: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_there_is_a_unit_for_the_collector_and_one_for_the_dashboard() -> None:
    assert ["aoai-monitor-dashboard.service", "aoai-monitor.service"] == [unit.name for unit in UNITS]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_what_is_started_is_a_command_of_the_program(unit: Path) -> None:
    lines = [line for key in ("ExecStartPre", "ExecStart") for line in settings(unit).get(key, [])]

    for line in lines:
        program, *words = line.split()
        command = cli.commands[words[0]]
        assert "/opt/aoai-monitor/.venv/bin/aoai-monitor" == program
        assert len(words) == 1 or words[1] in getattr(command, "commands", {})


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_no_secret_is_in_a_unit_and_no_two_share_their_environment(unit: Path) -> None:
    said = settings(unit)

    assert "Environment" not in said
    assert [
        "/etc/aoai-monitor/dashboard.env" if "dashboard" in unit.name else "/etc/aoai-monitor/collector.env"
    ] == (said["EnvironmentFile"])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_every_line_and_calls_the_unit_shut_in(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on this machine")
    # The program is not under /opt here: any program in its place will do for reading the unit.
    here = tmp_path / unit.name
    here.write_text(
        re.sub(r"/opt/aoai-monitor/\.venv/bin/aoai-monitor", "/bin/true", unit.read_text(encoding="utf-8"))
    )
    verified = subprocess.run(
        ["systemd-analyze", "verify", here], capture_output=True, text=True, check=False
    )
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", here], capture_output=True, text=True, check=False
    )
    score = re.search(r"Overall exposure level for \S+: ([\d.]+)", rated.stdout)
    if score is None:
        lacking(f"systemd-analyze does not rate units here: {rated.stderr[:200]}")

    assert (0, "") == (verified.returncode, verified.stderr)
    assert float(score[1]) <= 2.0
