"""The pages for operators hold the code's own tables, and every claim of security names a test that exists."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.domain.access import (
    NEEDS,
    Host,
    Role,
    assignment_line,
    custom_role,
    hosts,
    subscription_scope,
)
from collector.store.prune import KEPT
from collector.store.tables import metadata
from dashboard import health
from tests.dashboard.worlds import world_at

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
Golden = Callable[[Path, str], None]


def with_block(page: Path, name: str, block: str) -> str:
    """The page with the table or the code after a marker replaced."""
    text = page.read_text(encoding="utf-8")
    mark = f"<!-- {name} -->\n"
    assert mark in text, f"{page.name} has no {mark.strip()}"
    before, _, after = text.partition(mark)
    rest = re.sub(r"\A\n?((?:\|[^\n]*\n)+|```[a-z]*\n.*?\n```\n)?", "", after, count=1, flags=re.DOTALL)
    return f"{before}{mark}\n{block}\n{rest.lstrip()}"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in lines)


def test_the_roles_of_every_figure_are_the_code_s(golden: Golden) -> None:
    rows = [
        (
            need.figure,
            f"{need.role.value.name} (`{need.role.value.id}`)" if need.role else "none",
            need.smallest_scope if need.role else "",
            f"`{need.provider}`" if need.provider else "",
            need.without,
        )
        for need in NEEDS
    ]
    head = ("figure", "role", "smallest scope", "provider", "without it")

    golden(DOCS / "azure.md", with_block(DOCS / "azure.md", "needs", table(head, rows)))


def test_the_lines_that_grant_are_the_code_s(golden: Golden) -> None:
    scope = subscription_scope("00000000-0000-0000-0000-000000000001")
    lines = "\n".join(assignment_line(role, scope, "11111111-1111-1111-1111-111111111111") for role in Role)

    golden(DOCS / "azure.md", with_block(DOCS / "azure.md", "assignments", f"```sh\n{lines}\n```\n"))


def test_the_custom_role_is_the_code_s(golden: Golden) -> None:
    role = custom_role([subscription_scope("00000000-0000-0000-0000-000000000001")])

    golden(DOCS / "azure.md", with_block(DOCS / "azure.md", "custom-role", f"```json\n{role}\n```\n"))


def test_the_hosts_are_the_code_s(golden: Golden) -> None:
    rows = []
    for host in Host:
        users = [need for need in NEEDS if host in need.hosts]
        names = [hosts(users[0], cloud)[users[0].hosts.index(host)] for cloud in ("public", "usgov")]
        jobs = ", ".join(dict.fromkeys(need.job for need in users))
        rows.append((host.value, *(f"`{name}`" for name in names), jobs))

    golden(
        DOCS / "azure.md",
        with_block(DOCS / "azure.md", "hosts", table(("what", "public", "US Government", "for"), rows)),
    )


def test_every_provider_to_register_is_named() -> None:
    text = (DOCS / "azure.md").read_text(encoding="utf-8").split("## Provider registration")[1].split("##")[0]

    assert {need.provider for need in NEEDS if need.provider} <= set(re.findall(r"`(Microsoft\.\w+)`", text))


def test_the_retention_of_every_table_is_the_code_s(golden: Golden) -> None:
    rows = [(f"`{name}`", KEPT.get(name, "for good")) for name in metadata.tables]

    golden(DOCS / "operate.md", with_block(DOCS / "operate.md", "retention", table(("table", "kept"), rows)))


def test_the_metrics_are_the_code_s(golden: Golden, tmp_path: Path) -> None:
    readings = health.gauges(
        world_at(tmp_path / "demo.db", "demo"), datetime(2026, 11, 22, 18, 10, tzinfo=UTC)
    )
    rows = {
        one.name: (f"`{one.name}`", ", ".join(f"`{label}`" for label in one.labels), one.about)
        for one in readings
    }
    block = table(("metric", "labels", "meaning"), list(rows.values()))

    golden(DOCS / "operate.md", with_block(DOCS / "operate.md", "metrics", block))


def test_every_claim_of_security_names_a_test_that_exists() -> None:
    claimed = set(re.findall(r"`(test_\w+)`", (DOCS / "security.md").read_text(encoding="utf-8")))
    written = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert len(claimed) >= 30
    assert set() == claimed - written


@pytest.mark.parametrize(
    "variable", ["AOAI_OIDC_ISSUER", "AOAI_OIDC_CLIENT_ID", "AOAI_OIDC_ALLOW", "AOAI_PUBLIC_URL"]
)
def test_what_login_needs_is_told_to_the_operator(variable: str) -> None:
    assert f"`{variable}`" in (DOCS / "operate.md").read_text(encoding="utf-8")
