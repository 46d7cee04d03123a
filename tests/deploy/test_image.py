"""The image holds what is committed and locked, runs as nobody, and its steps work where no engine is."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import lacking, on_ci
from tests.deploy.image import ROOT, copied, in_context, instructions


def committed(*folders: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_every_copied_file_exists_and_reaches_the_build() -> None:
    sources = [source for taken, _ in copied(instructions()[0]) for source in taken]
    files = [name for source in sources for name in committed(source)]

    assert [] == [source for source in sources if not (ROOT / source).exists()]
    assert [] == [name for name in files if not in_context(name)]


def test_nothing_else_reaches_the_build() -> None:
    """No key, no database, no history: what the context leaves out cannot be in a layer."""
    strays = [
        ".env",
        ".git/config",
        "aoai-monitor.db",
        "tests/conftest.py",
        "docs/azure.md",
        ".venv/bin/python",
    ]
    strays += ["collector/__pycache__/cli.pyc", "deploy/demo.env", "requirements/dev.txt"]

    assert [] == [name for name in strays if in_context(name)]


def test_everything_is_installed_by_hash_and_from_wheels() -> None:
    steps = [one.rest for one in instructions()[0] if one.word == "RUN"]
    installs = [part for step in steps for part in step.split("&&") if "pip install" in part]

    assert len(installs) == 3
    assert [] == [
        part
        for part in installs
        if not ("--require-hashes" in part and "--only-binary :all:" in part) and "--no-index" not in part
    ]


def test_the_image_runs_as_nobody_and_writes_only_where_it_is_told() -> None:
    last = instructions()[-1]
    users = [one.rest for one in last if one.word == "USER"]

    assert ["10001:10001"] == users
    assert not any(one.word == "RUN" for one in last[[one.word for one in last].index("USER") :])
    assert "PYTHONDONTWRITEBYTECODE=1" in " ".join(one.rest for one in last if one.word == "ENV")


def test_no_secret_is_baked_in() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert not re.search(r"AOAI_|PASSWORD|SECRET|TOKEN", text)


def test_the_command_and_the_health_check_are_commands_of_the_program() -> None:
    from collector.cli import main as cli

    last = {one.word: one for one in instructions()[-1]}
    assert ["aoai-monitor"] == last["ENTRYPOINT"].listed
    assert last["CMD"].listed[0] in cli.commands
    program, group, command = last["HEALTHCHECK"].listed
    assert (program, command in getattr(cli.commands[group], "commands", {})) == ("aoai-monitor", True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the build stage leaves behind, made by the Dockerfile's own RUN lines in a folder instead of a container."""
    root = tmp_path_factory.mktemp("image")
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    if not Path(uv).exists():
        lacking("no uv to install the image's packages with: run `make install`")
    for sources, target in copied(instructions()[0]):
        for source in sources:
            for name in committed(source):
                place = (
                    root
                    / "src"
                    / target
                    / (Path(name).relative_to(source) if (ROOT / source).is_dir() else source)
                )
                if (ROOT / source).is_file():
                    place = (
                        root / "src" / target / Path(source).name
                        if target.endswith("/")
                        else root / "src" / name
                    )
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, place)
    offline = [] if on_ci() else ["--offline"]
    for step in (one.rest for one in instructions()[0] if one.word == "RUN"):
        line = re.sub(r"(?<![\w.])/(app|build|dist|src)\b", rf"{root}/\1", step)
        line = line.replace("python -m venv", f"{sys.executable} -m venv --without-pip")
        # uv in pip's place: the same locks and the same checks, from its cache.
        line = re.sub(
            rf"({root}/\w+/bin/python) -m pip (install|uninstall --yes pip)",
            lambda found: (
                f"{uv} pip install --quiet {' '.join(offline)} --python {found[1]}"
                if found[2] == "install"
                else "true"
            ),
            line,
        )
        line = re.sub(r"-j 0", "-j 1", line)
        done = subprocess.run(
            ["/bin/sh", "-ec", line], cwd=root / "src", capture_output=True, text=True, check=False
        )
        if done.returncode and offline and "offline" in done.stderr + done.stdout:
            lacking(
                "the packages of requirements/run.txt are not in uv's cache, and outside CI nothing is fetched"
            )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return root


def test_the_program_of_the_image_runs_on_an_empty_folder_and_is_healthy(built: Path, tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AOAI_", "PYTHON"))
    }
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "HOME": str(tmp_path)}
    health = next(one for one in instructions()[-1] if one.word == "HEALTHCHECK").listed

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [built / "app" / "bin" / words[0], *words[1:]]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    assert run(*health).returncode == 1  # no database yet
    for words in (
        ["aoai-monitor", "db", "upgrade"],
        health,
        ["aoai-monitor", "--version"],
        ["aoai-monitor", "simulate", "--help"],
    ):
        done = run(*words)
        assert done.returncode == 0, done.stderr
    assert ["aoai-monitor.db"] == sorted(
        path.name for path in tmp_path.iterdir() if not path.name.endswith((".lock", "-wal", "-shm"))
    )


def test_the_image_brings_no_tools_to_install_or_build_with(built: Path) -> None:
    brought = {path.name for path in (built / "app" / "lib").glob("python*/site-packages/*")}

    assert not brought & {"pip", "hatchling", "pytest", "playwright", "uv"}
    assert {"collector", "dashboard", "migrations"} <= brought
