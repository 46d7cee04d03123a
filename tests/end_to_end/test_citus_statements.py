"""Every statement that a day's work sends to PostgreSQL is one that Citus takes (docs/architecture.md).

A pretend Azure is collected, worked out, told, closed, pruned, asked by every command and shown on every screen, and
each statement that touches a table spread over the nodes is held to what was found to work on a cluster.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, Engine, event
from streamlit.testing.v1 import AppTest

from collector import cli, settings, wiring
from collector.store.prune import Retention, prune
from collector.store.tables import GROWING, REFERENCE
from dashboard import health, state
from dashboard.pages import SCREENS as SCREENS_DIR
from tests.conftest import an_empty_database
from tests.dashboard.conftest import APP, shown
from tests.end_to_end.stage import LIMITS, a_stage, a_world

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
TABLES = re.compile(rf"\b({'|'.join((*GROWING, *REFERENCE))})\b(?!_)")
SOURCES = re.compile(
    rf"\b(?:from|join|,)\s+(?:only\s+)?\"?({'|'.join(GROWING)})\"?(?:\s+as\s+(\w+))?(?=[\s,)]|$)",
    re.IGNORECASE,
)
NOW = datetime(2026, 12, 2, 12, 3, 20, tzinfo=UTC)
"""Early in a month, so that a few days of use make a month that can be closed."""
SCREENS = tuple(sorted(page.stem for page in SCREENS_DIR.glob("[!_]*.py")))
WAYS: dict[str, dict[str, str | list[str]]] = {
    "cost": {"by": "Deployment", "within": ["subscription:00000000", "model:gpt-4o"], "charges": "true"},
    "forecast": {"by": "Team"},
    "overview": {"period": "Last 30 days", "model": "gpt-4o"},
}
"""What a link adds to a screen's address: the way down, the splits, the filters."""
COMMANDS = (
    "alert --dry-run",
    "alert letters",
    "alert list --all",
    "alert run",
    "cost --json",
    "cost --by day --json",
    "cost --basis bill --json",
    "cost --by day --tag team=search --json",
    "cost changes --json",
    "cost forecast --json",
    "cost savings --json",
    "cost units --json",
    "cost units --by team --json",
    "db check",
    "db upgrade",
    "derive --all",
    "endings --json",
    "prices audit",
    "prices explain --model gpt-4o --version 2024-11-20 --sku GlobalStandard --location swedencentral",
    "report close --month 2026-11",
    "report finance --month 2026-12 --format csv --out month.csv",
    "report finance --month 2026-12 --format xlsx --out month.xlsx",
    "report finance --month 2026-12 --format html --out month.html",
    "report finance --month 2026-12 --format focus-csv --out focus.csv",
    "report finance --month 2026-12 --format focus-parquet --out focus.parquet",
    "report months",
    "room --json",
    "room --period 30d --what-if growth=1.5 --json",
    "room --period 2026-11 --what-if model=gpt-4o->gpt-4.1 --json",
    "room advice",
    "room diagnose",
    "room fit --model gpt-4o --tpm 1000",
    "room units",
    "status --all --json",
)
ELSEWHERE = {
    "alert acknowledge": "writes a row of alert_action and reads alerts, which stay on the coordinator",
    "alert preview": "renders a made-up example",
    "alert reopen": "as alert acknowledge",
    "alert resend": "reads and writes letters, which stay on the coordinator",
    "alert resolve": "as alert acknowledge",
    "alert show": "reads alerts and their events",
    "alert snooze": "as alert acknowledge",
    "collect": "a step of serve",
    "dashboard": "its screens are opened below",
    "db copy": "selects whole tables and merges stages; tests/store/test_copying.py",
    "db distribute": "tests/store/test_distribution.py",
    "db grant": "rights, no rows; tests/store/test_grants.py",
    "demo": "what is collected, derived and shown below",
    "doctor": "asks for the revision, partitions and rights",
    "serve": "its steps are taken below",
    "simulate": "has no store",
}


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
        limits = replace(LIMITS, backfill_days=4, minute_backfill_days=1)
        with a_stage(url, a_world(deployments=4, days=4, now=NOW), limits) as stage:
            begun = len(seen)
            stage.collect()
            stage.derive()
            patched.setenv("AOAI_DATABASE_URL", url)
            patched.setenv(state.CLOCK, NOW.isoformat())
            patched.setenv("AOAI_RETENTION_MINUTE_DAYS", "1")
            patched.setenv("AOAI_RETENTION_HOUR_DAYS", "93")
            for words in COMMANDS:
                done = CliRunner().invoke(cli.main, words.split(), obj=lambda: NOW)
                assert done.exit_code in {0, 1}, f"{words}: {done.output}"
                assert "Traceback" not in done.output
            app = _opened()
            for screen in SCREENS:
                _look_at(app, screen, {})
            for screen, link in WAYS.items():
                _look_at(_opened(), screen, link)
            health.gauges(url, NOW)
            stage.pass_time(minutes=30)
            for step in wiring.build_steps(settings.load()):
                step.run(stage.context)
            stage.pass_time(days=70)
            prune(stage.engine, Retention(minute_days=1, hour_days=1, run_days=1), stage.now)
            for engine in engines:
                engine.dispose()
    event.remove(Engine, "before_cursor_execute", note)
    return [one for one in list(seen)[begun:] if not one.startswith(("create ", "copy ", "drop "))]


def _opened() -> AppTest:
    return AppTest.from_file(str(APP), default_timeout=120).run()


def _look_at(app: AppTest, screen: str, link: Mapping[str, str | list[str]]) -> None:
    for key, value in link.items():
        app.query_params[key] = value
    shown(app, screen)
    assert [] == [error.message for error in app.exception], screen


def leaves(group: click.Group, *path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, *path, name)
            if not command.invoke_without_command:
                continue
        yield " ".join((*path, name))


def test_every_command_is_held_to_it_or_is_known_to_ask_nothing_of_these_tables() -> None:
    taken = [leaf for leaf in leaves(cli.main) if any(f"{line} ".startswith(f"{leaf} ") for line in COMMANDS)]

    assert sorted(leaves(cli.main)) == sorted({*taken, *ELSEWHERE})
    assert set() == set(taken) & set(ELSEWHERE)


def test_a_day_s_work_touches_every_table_that_leaves_the_coordinator(statements: list[str]) -> None:
    """Else the tests below would hold nothing to anything."""
    touched = {name for one in statements for name in TABLES.findall(one)}

    assert len(statements) > 150
    assert set() == {*GROWING, *REFERENCE} - touched


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
