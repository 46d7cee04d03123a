"""What the program ships with is listed, licensed, and asked after in CI."""

import ast
import importlib.util
import json
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def sbom() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sbom", ROOT / ".ci" / "sbom.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def packages(lock: str) -> set[str]:
    return set(
        re.findall(r"^([a-z0-9][a-z0-9._-]*)==", (ROOT / "requirements" / lock).read_text(), re.MULTILINE)
    )


def test_every_package_that_is_installed_to_run_is_on_the_page_of_licences(sbom: ModuleType) -> None:
    page = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| ([a-z0-9][\w.-]*) \| ", page, re.MULTILINE)) - {"package"}

    # Some are locked for other systems only, and so not installed where the page was written.
    assert {name for name, _ in sbom.locked()} <= listed <= packages("run.txt"), (
        "run `make sbom` and read the difference"
    )


def test_every_licence_is_known_and_none_binds_what_uses_the_package() -> None:
    page = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    licences = dict(re.findall(r"^\| ([a-z0-9][\w.-]*) \| (.*) \|$", page, re.MULTILINE))

    assert {} == {
        name: said
        for name, said in licences.items()
        if re.search(r"unknown|not installed|(?<!L)GPL|SSPL|BUSL|Commons Clause", said)
    }


def test_the_bill_of_materials_names_every_package_once(sbom: ModuleType) -> None:
    bill = json.loads(json.dumps(sbom.bill_of_materials()))
    addresses = [one["purl"] for one in bill["components"]]

    assert ("CycloneDX", "1.6", "aoai-monitor") == (
        bill["bomFormat"],
        bill["specVersion"],
        bill["metadata"]["component"]["name"],
    )
    assert len(addresses) == len(set(addresses)) >= 60
    assert all(re.fullmatch(r"pkg:pypi/[a-z0-9._-]+@[\w.+!-]+", address) for address in addresses)


def test_ci_asks_after_known_weaknesses_and_a_weakness_fails_it() -> None:
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert "make audit || audit=$?" in run
    assert '[ "$audit" = 0 ]' in run.splitlines()[-1]


def imported() -> set[str]:
    """The distributions whose modules the program imports."""
    providers = packages_distributions()
    azure = {name.replace("-", "."): name for name in declared() if name.startswith("azure-")}
    found: set[str] = set()
    for path in (
        path for room in ("collector", "dashboard", "migrations") for path in (ROOT / room).rglob("*.py")
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            for name in names:
                top = name.partition(".")[0]
                if top in sys.stdlib_module_names or top in {"collector", "dashboard", "migrations"}:
                    continue
                # Many distributions share the name azure; each is called as the module that it brings.
                own = next((of for module, of in azure.items() if f"{name}.".startswith(f"{module}.")), None)
                found.add(own or canonical(providers.get(top, [name])[0]))
    return found


def declared() -> set[str]:
    said = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    return {canonical(Requirement(one).name) for one in said}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    """Else an update of somebody else's could take it away, or it is carried for nothing."""
    assert declared() == imported()
