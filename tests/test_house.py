"""The house keeps its shape: floors, pure ground, locks and what goes into the wheel."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import grimp
import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("collector", "dashboard", "migrations")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {contract["id"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}

# One mistake for each contract: the import that it exists to stop.
MISTAKES = [
    ("floors", "collector.domain", "import collector.store"),
    ("floors", "collector.sources", "import collector.simulator"),
    ("floors", "collector.jobs", "import collector.wiring"),
    ("figures", "collector.domain.room", "import collector.domain.money.charges"),
    ("pure", "collector.reports", "import smtplib"),
    ("pure", "collector.catalog", "from azure.core import exceptions"),
    ("dashboard", "dashboard.views", "import collector.jobs"),
    ("dashboard", "dashboard.screens", "from azure.identity import DefaultAzureCredential"),
    ("plain-views", "dashboard.charts", "import streamlit"),
    ("jobs-use-ports", "collector.jobs", "import collector.sources"),
    ("simulator", "collector.simulator", "import collector.domain"),
    ("simulator-floors", "collector.simulator.world", "import collector.simulator.truth"),
    ("simulator-floors", "collector.simulator.control", "from collector.simulator.server import Simulator"),
    ("settings", "collector.settings", "import collector.catalog"),
    ("scheduler", "collector.cli", "from apscheduler.schedulers import background"),
    ("sql", "collector.jobs", "import sqlalchemy"),
    ("azure", "collector.wiring", "from azure.identity import DefaultAzureCredential"),
    ("migrations", "migrations", "import collector.settings"),
]


def lint_imports(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-logo", "--no-cache", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def plant(folder: Path, module: str, line: str) -> None:
    """Copy the packages to a folder and add a line to one module of the copy."""
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "data")
        )
    shutil.copy(ROOT / "pyproject.toml", folder)
    place = folder.joinpath(*module.split("."))
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    with file.open("a", encoding="utf-8") as planted:
        planted.write(f"\n{line}\n")


def test_imports_go_only_where_the_contracts_let_them() -> None:
    checked = lint_imports(ROOT)

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(("contract", "module", "line"), MISTAKES)
def test_a_planted_mistake_turns_its_contract_red(
    tmp_path: Path, contract: str, module: str, line: str
) -> None:
    plant(tmp_path, module, line)

    checked = lint_imports(tmp_path, "--contract", contract)

    assert checked.returncode == 1, checked.stdout + checked.stderr
    assert "0 kept, 1 broken" in checked.stdout
    assert module in checked.stdout


def test_every_contract_has_a_mistake_that_it_stops() -> None:
    assert set(CONTRACTS) == {contract for contract, _, _ in MISTAKES}


def test_every_room_stands_under_the_contracts() -> None:
    """A new room or door must find its floor: what no layer names, no layer guards."""
    floors = {room for floor in CONTRACTS["floors"]["layers"] for room in floor.split(" | ")}
    rooms = {
        f"collector.{path.stem}"
        for path in (ROOT / "collector").iterdir()
        if (path.suffix == ".py" and path.stem not in {"__init__", "__main__"})
        or (path / "__init__.py").exists()
    }

    assert rooms == floors


@pytest.mark.parametrize(
    ("room", "may_import"),
    [("domain", {"numpy"}), ("settings", {"pydantic", "pydantic_settings"})],
    ids=["domain", "settings"],
)
def test_the_ground_needs_little_beside_the_standard_library(room: str, may_import: set[str]) -> None:
    graph = grimp.build_graph("collector", include_external_packages=True)
    modules = {f"collector.{room}", *graph.find_descendants(f"collector.{room}")}
    imported = {name for module in modules for name in graph.find_modules_directly_imported_by(module)}

    foreign = {name for name in imported if not name.startswith("collector.")} - sys.stdlib_module_names

    assert foreign <= may_import


def test_the_domain_has_no_clock_and_opens_nothing() -> None:
    impure = {"now", "utcnow", "today", "monotonic", "perf_counter", "sleep", "getenv"}
    names = {"open", "print", "input"}
    found = []
    for path in sorted((ROOT / "collector" / "domain").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func
            if (isinstance(called, ast.Attribute) and called.attr in impure) or (
                isinstance(called, ast.Name) and called.id in names
            ):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}")

    assert [] == found


def test_every_ignore_gives_its_reason_on_its_line() -> None:
    ignore = re.compile(
        r"#\s*(?:noqa(?::\s*[A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*)?"
        r"|(?:type|pyright):\s*ignore(?:\[[^\]]*\])?|pragma: no cover)(.*)$"
    )
    bare = []
    for package in (*PACKAGES, "tests"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                found = ignore.search(line)
                if found and path != Path(__file__) and len(re.findall(r"\w+", found[1])) < 2:
                    bare.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")

    assert [] == bare


def pins(lock: str) -> dict[str, set[str]]:
    """The versions that a lock names for each package; several where they depend on the Python."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)",
        (ROOT / "requirements" / lock).read_text(),
        re.MULTILINE,
    ):
        found.setdefault(name.lower().replace("_", "-"), set()).add(version)
    return found


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("run.txt", PROJECT["project"]["dependencies"]),
        (
            "dev.txt",
            [
                *PROJECT["project"]["dependencies"],
                *PROJECT["dependency-groups"]["dev"],
                *PROJECT["dependency-groups"]["build"],
            ],
        ),
        ("build.txt", PROJECT["dependency-groups"]["build"]),
        ("uv.txt", PROJECT["dependency-groups"]["uv"]),
    ],
    ids=["run", "dev", "build", "uv"],
)
def test_locks_hold_what_the_project_asks_for(lock: str, wanted: list[str]) -> None:
    """If this fails, pyproject.toml was changed without `make lock`."""
    pinned = pins(lock)
    missing = [
        text
        for text in wanted
        for asked in [Requirement(text)]
        if not any(asked.specifier.contains(version) for version in pinned.get(asked.name.lower(), ()))
    ]

    assert [] == missing


@pytest.mark.parametrize("lock", sorted(path.name for path in (ROOT / "requirements").glob("*.txt")))
def test_locks_hash_everything_and_name_no_address(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", text)[1:]

    assert len(entries) == sum(len(versions) for versions in pins(lock).values())
    assert [] == [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry]
    assert not re.search(r"://|--(extra-)?index|--find-links|@ file", text)


def test_the_runtime_lock_is_part_of_the_development_lock() -> None:
    """What is tested is what is shipped."""
    assert {} == {
        name: versions for name, versions in pins("run.txt").items() if pins("dev.txt").get(name) != versions
    }


def test_the_wheel_carries_every_file_of_the_packages(tmp_path: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    committed = {name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()}
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        carried = set(archive.namelist())

    assert set() == committed - carried
    assert any(name.endswith("licenses/LICENSE") for name in carried)
