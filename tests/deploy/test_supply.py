"""What the program ships with is listed, licensed, and asked after in CI."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

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


def test_every_direct_dependency_is_imported_somewhere() -> None:
    """What nobody imports is not shipped; what is called by its name only is named here with its reason."""
    by_another = {"pyarrow": "Streamlit, and FOCUS as Parquet", "xlsxwriter": "the finance workbook"}
    modules = {
        "alembic": "alembic", "apscheduler": "apscheduler", "authlib": "authlib", "azure-core": "azure.core",
        "azure-identity": "azure.identity", "azure-mgmt-cognitiveservices": "azure.mgmt.cognitiveservices",
        "azure-monitor-query": "azure.monitor.query", "azure-monitor-querymetrics": "azure.monitor.querymetrics",
        "click": "click", "fsspec": "fsspec", "httpx2": "httpx2", "itsdangerous": "itsdangerous", "jinja2": "jinja2", "numpy": "numpy",
        "orjson": "orjson", "plotly": "plotly", "prometheus-client": "prometheus_client", "psycopg": "psycopg",
        "pyarrow": "pyarrow", "pydantic-settings": "pydantic_settings", "rich": "rich", "sqlalchemy": "sqlalchemy",
        "starlette": "starlette", "streamlit": "streamlit", "structlog": "structlog", "uvicorn": "uvicorn",
        "xlsxwriter": "xlsxwriter",
    }  # fmt: skip
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = project.split("dependencies = [")[1].split("\n]")[0]
    direct = set(re.findall(r'^\s*"([a-z0-9-]+)', block, re.MULTILINE))
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for package in ("collector", "dashboard", "migrations")
        for path in (ROOT / package).rglob("*.py")
    )

    assert direct == set(modules)
    assert [] == [
        name
        for name in sorted(direct)
        if name not in by_another
        and not re.search(rf"^\s*(from|import) {re.escape(modules[name])}\b", code, re.MULTILINE)
    ]


def test_ci_asks_after_known_weaknesses_and_a_weakness_fails_it() -> None:
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert "make audit || audit=$?" in run
    assert '[ "$audit" = 0 ]' in run.splitlines()[-1]
