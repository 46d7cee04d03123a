"""Every statement that a day's work sends to PostgreSQL is one that Citus takes (docs/architecture.md).

A pretend Azure is collected, worked out, told, pruned and shown on every screen, and each statement that touches a
distributed table is held to what was found to work on a cluster.
"""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, Engine, event
from streamlit.testing.v1 import AppTest

from collector import cli
from collector.store.prune import Retention, prune
from collector.store.tables import GROWING, REFERENCE
from dashboard import state
from tests.conftest import an_empty_database
from tests.dashboard.conftest import APP, shown
from tests.end_to_end.stage import LIMITS, NOW, a_stage, a_world

REFUSED = {
    r"\bnow\(\)|\bcurrent_timestamp\b|\bclock_timestamp\b": "the clock of the database",
    r"\bmerge\s+into\b": "MERGE",
    r"\b(rollup|cube)\s*\(|\bgrouping sets\b": "grouping sets",
    r"\bwith\s+recursive\b": "a recursive query",
    r"\bctid\b": "ctid",
    r"\bfor\s+(no key\s+)?(update|share)\b": "locks of rows over all shards",
    r"\bset\s+(\w+\.)?\"?account_key\"?\s*=|,\s*\"?account_key\"?\s*=\s*excluded": "a change of the distribution column",
    r"^insert into (?!.*\bselect\b.*\bpg_temp\.)": "rows inserted otherwise than from a stage",
    r"do update set .*\(\s*select": "a subquery in an upsert",
    r"\blateral\b": "a lateral join",
}
TABLES = re.compile(rf"\b({'|'.join(GROWING)})\b(?!_)")
SOURCES = re.compile(
    rf"\b(?:from|join|,)\s+(?:only\s+)?\"?({'|'.join(GROWING)})\"?(?:\s+as\s+(\w+))?(?=[\s,)]|$)",
    re.IGNORECASE,
)
SCREENS = (
    *("cost", "room", "endings", "alerts", "collection", "finance", "advice", "fit", "quota"),
    *("throttling", "units", "quality", "posture"),
)
COMMANDS = (
    *("cost --json", "cost --by day --json", "cost --basis bill --json", "room --json", "endings --json"),
    *("status --json", "alert run", "alert list --all", "room diagnose", "room advice", "room units"),
    *("room fit --model gpt-4o --tpm 1000", "prices audit", "report months", "derive --all"),
    "report finance --month 2026-11 --format csv --out month.csv",
)


@pytest.fixture(scope="module")
def statements(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> list[str]:
    """What touched a distributed table, each once, its white space made one."""
    seen: dict[str, None] = {}

    engines: set[Engine] = set()

    def note(connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        engines.add(connection.engine)
        if TABLES.search(statement):
            seen[re.sub(r"\s+", " ", statement).strip().lower()] = None

    folder = tmp_path_factory.mktemp("citus")
    event.listen(Engine, "before_cursor_execute", note)
    with pytest.MonkeyPatch.context() as patched, an_empty_database(postgres_url) as url:
        patched.chdir(folder)
        limits = replace(LIMITS, backfill_days=2, minute_backfill_days=1)
        with a_stage(url, a_world(deployments=4, days=2), limits) as stage:
            begun = len(seen)
            stage.collect()
            stage.derive()
            patched.setenv("AOAI_DATABASE_URL", url)
            patched.setenv(state.CLOCK, NOW.isoformat())
            for words in COMMANDS:
                done = CliRunner().invoke(cli.main, words.split(), obj=lambda: NOW)
                assert done.exit_code in {0, 1}, f"{words}: {done.output}"
                assert "Traceback" not in done.output
            app = _opened()
            for screen in SCREENS:
                shown(app, screen)
                assert [] == [error.message for error in app.exception], screen
            stage.pass_time(minutes=30)
            stage.collect()
            prune(
                stage.engine,
                Retention(minute_days=1, hour_days=1, run_days=1),
                stage.now + timedelta(days=70),
            )
            for engine in engines:
                engine.dispose()
    event.remove(Engine, "before_cursor_execute", note)
    return [one for one in list(seen)[begun:] if not one.startswith(("create ", "copy ", "drop "))]


def _opened() -> AppTest:
    return AppTest.from_file(str(APP), default_timeout=120).run()


def test_a_day_s_work_touches_every_distributed_table(statements: list[str]) -> None:
    """Else the tests below would hold nothing to anything."""
    touched = {name for one in statements for name in TABLES.findall(one)}

    assert len(statements) > 60
    assert set(GROWING) - touched <= {"reservation_day", "month_close_charge", "restatement", "billed_share"}


@pytest.mark.parametrize("pattern", REFUSED, ids=REFUSED.get)
def test_no_statement_asks_for_what_citus_refuses(statements: list[str], pattern: str) -> None:
    assert [] == [one for one in statements if re.search(pattern, one)]


def moves_rows(one: str) -> bool:
    """Whether two distributed tables meet otherwise than by the account: one's rows would travel between the nodes."""
    names = [alias or name for name, alias in SOURCES.findall(one)]
    joined = {name for pair in re.findall(r"(\w+)\.account_key = (\w+)\.account_key", one) for name in pair}
    return len(set(names)) > 1 and " join " in one and not set(names) <= joined


def test_distributed_tables_are_joined_by_the_account(statements: list[str]) -> None:
    assert [] == [one for one in statements if moves_rows(one) and not one.startswith(("insert", "delete"))]


@pytest.mark.parametrize(
    "planted",
    [
        "select 1 from usage_hour join usage_day on usage_day.deployment = usage_hour.deployment",
        "select 1 from usage_hour as h left outer join quality_hour as q on h.hour = q.hour",
    ],
)
def test_a_join_by_something_else_would_be_seen(planted: str) -> None:
    assert moves_rows(planted)
    assert not moves_rows(
        f"{planted} and usage_hour.account_key = usage_day.account_key and h.account_key = q.account_key"
    )


@pytest.mark.parametrize(
    "planted",
    [
        "insert into bill_day (account_key) values (%s) on conflict do nothing",
        "insert into bill_day as t select * from pg_temp.stage_bill_day on conflict (day) do update set read_at = now()",
        "insert into bill_day select * from pg_temp.s on conflict (day) do update set account_key = excluded.account_key",
        "select sum(cost) from charge_day group by rollup (day)",
        "select * from usage_hour for update",
        "delete from usage_hour where ctid in (select ctid from usage_hour)",
        "with recursive d as (select 1) select * from usage_day",
    ],
)
def test_each_thing_that_citus_refuses_would_be_seen(planted: str) -> None:
    assert [pattern for pattern in REFUSED if re.search(pattern, planted)]


def test_writes_to_distributed_tables_name_a_key_or_a_span(statements: list[str]) -> None:
    """Updates and deletes are by rows of a stage that carry the whole key, or by a condition on columns alone."""
    changes = [one for one in statements if one.startswith(("update", "delete"))]
    staged = [one for one in changes if "pg_temp." in one]

    assert changes
    assert [] == [one for one in staged if 't."account_key" = s."account_key"' not in one]
    assert [] == [one for one in changes if one not in staged and " select " in one]


def test_no_statement_moves_rows_between_a_reference_and_a_distributed_table(statements: list[str]) -> None:
    assert [] == [
        one
        for one in statements
        if one.startswith("insert into") and any(f" from {name}" in one for name in REFERENCE)
    ]
