"""The rules that let the very same tables run on Citus, kept without a Citus."""

import ast
import itertools
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import (
    CheckConstraint,
    Engine,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    UniqueConstraint,
    event,
)

from collector import cli
from collector.doctor.own import database_checks
from collector.store import distribute, schema, tables
from collector.store.engine import open_engine
from collector.store.errors import CitusAbsent, LeaseHeld, StoreError
from collector.store.lease import lease
from tests.store.conftest import when_nobody_holds

STORE = Path(schema.__file__).parent
GROWING = [tables.metadata.tables[name] for name in tables.GROWING]

# What Citus refuses, or takes and answers differently (docs/architecture.md).
FORBIDDEN = {
    r"\bnow\(\)|\bcurrent_timestamp\b|\bclock_timestamp\b": "the clock of the database: pass the instant as a value",
    r"\bmerge\s+into\b": "MERGE is not supported from a local table",
    r"\b(rollup|cube|grouping sets)\s*\(": "not supported over shards",
    r"\bwith\s+recursive\b": "needs a filter on the distribution column",
    r"\bctid\b": "not supported in distributed statements",
    r"\bcreate\s+(constraint\s+)?trigger\b": "triggers are not supported",
    r"\bset null\b(?! on)|\bon delete set\b": "not with the key of a distributed table",
    r"\bserializable\b": "does not protect over shards",
    r"\bfor\s+(no key\s+)?(update|share)\b": "not over all shards",
    r"\breltuples\b|\bpg_total_relation_size\b": "shows the coordinator's empty shell",
}
# Alerts and letters are few and stay on the coordinator, where a count of rows is one.
ON_THE_COORDINATOR = {"writes/alerts.py"}
FORBIDDEN_CALLS = {"rowcount", "with_for_update", "on_conflict_do_update", "on_conflict_do_nothing", "insert"}


@pytest.mark.parametrize("table", GROWING, ids=lambda table: table.name)
def test_every_key_of_a_growing_table_begins_with_the_account(table) -> None:
    assert "account_key" == next(iter(table.primary_key.columns)).name
    assert not table.c.account_key.nullable
    for constraint in table.constraints:
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint):
            assert "account_key" == next(iter(constraint.columns)).name
        elif isinstance(constraint, ForeignKeyConstraint):
            assert "account_key" in constraint.column_keys
        else:
            assert isinstance(constraint, CheckConstraint)
    for index in table.indexes:
        assert not index.unique or "account_key" == next(iter(index.columns)).name


@pytest.mark.parametrize("table", GROWING, ids=lambda table: table.name)
def test_no_growing_table_has_a_surrogate_key_or_a_default_of_the_database(table) -> None:
    for column in table.columns:
        assert column.identity is None
        assert column.server_default is None
        assert column.autoincrement is False or not column.primary_key


def test_the_account_key_has_one_type_everywhere() -> None:
    kinds = {
        repr(table.c.account_key.type)
        for table in tables.metadata.tables.values()
        if "account_key" in table.c
    }

    assert {"Uuid()"} == kinds


def test_nothing_local_or_copied_points_at_a_growing_table() -> None:
    for table in tables.metadata.tables.values():
        for constraint in table.foreign_key_constraints:
            target = constraint.referred_table.name
            assert target not in tables.GROWING or table.name in tables.GROWING
            assert table.name not in (*tables.GROWING, *tables.REFERENCE) or target in (
                *tables.GROWING,
                *tables.REFERENCE,
            )


def test_every_name_in_the_layout_is_a_table() -> None:
    assert [] == [name for name, _ in distribute.layout() if name not in tables.metadata.tables]
    assert set(tables.GROWING) | set(tables.REFERENCE) == {name for name, _ in distribute.layout()}


def sql_texts(path: Path) -> list[str]:
    """Every text constant of a file that is no docstring."""
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    ]


def test_no_store_code_uses_what_citus_refuses() -> None:
    found = [
        f"{path.name}: {text.strip()!r}: {why}"
        for path in sorted(STORE.rglob("*.py"))
        for text in sql_texts(path)
        for pattern, why in FORBIDDEN.items()
        if re.search(pattern, text, re.IGNORECASE)
    ]

    assert [] == found


def test_store_code_writes_rows_by_the_one_way_only() -> None:
    """Upserts elsewhere would be one row a round trip on Citus, and `rowcount` counts rows sent there."""
    found = [
        f"{path.relative_to(STORE)}: {name}"
        for path in sorted(STORE.rglob("*.py"))
        if str(path.relative_to(STORE)) not in ON_THE_COORDINATOR
        for node in ast.walk(ast.parse(path.read_text()))
        for name in [
            node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        ]
        if name in FORBIDDEN_CALLS
    ]

    assert [] == found


@pytest.mark.parametrize("name", sorted(ON_THE_COORDINATOR))
def test_what_writes_otherwise_touches_tables_of_the_coordinator_only(name: str) -> None:
    tree = ast.parse((STORE / name).read_text())
    touched = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "tables"
    }

    assert touched
    assert set() == touched & {*tables.GROWING, *tables.REFERENCE}


def test_the_layout_is_spread_by_these_statements() -> None:
    assert [
        ("subscription", "reference"),
        ("account", "reference"),
        ("deployment", "reference"),
        ("deployment_revision", "reference"),
        ("tag_revision", "reference"),
        ("price", "reference"),
        ("catalog_model", "reference"),
        ("usage_hour", "distributed"),
        ("usage_day", "distributed"),
        ("usage_month", "distributed"),
        ("quality_hour", "distributed"),
        ("api_use_day", "distributed"),
        ("charge_day", "distributed"),
        ("charge_month", "distributed"),
        ("bill_day", "distributed"),
        ("reservation_day", "distributed"),
        ("billed_share", "distributed"),
        ("month_close_charge", "distributed"),
        ("restatement", "distributed"),
        ("dirty_day", "distributed"),
    ] == distribute.layout()
    assert "select create_reference_table(%s)" == distribute.AS_REFERENCE
    assert (
        "select create_distributed_table(%s, %s, colocate_with => 'none', shard_count => %s)"
        == distribute.FIRST
    )
    assert "select create_distributed_table(%s, %s, colocate_with => %s)" == distribute.BESIDE
    assert "set local citus.multi_shard_modify_mode to 'sequential'" == distribute.SEQUENTIAL


def test_a_database_without_citus_is_told_so(engine: Engine) -> None:
    with pytest.raises(CitusAbsent, match="has no citus extension"):
        distribute.distribute(engine)


# Citus's own functions and catalog with the signatures and columns of its version 12; they remember what was asked of
# them. Its extension is found by name in pg_extension, which a view before it on the search path adds a row to.
PRETEND_CITUS = """
create schema citus;
create type citus.distribution_type as enum ('hash', 'range', 'append');
create view citus.pg_extension as select extname from pg_catalog.pg_extension union all select 'citus';
create table pg_dist_partition (
  logicalrelid regclass primary key, partmethod "char" not null, partkey text, colocationid int not null default 0,
  repmodel "char" not null default 'c', autoconverted boolean not null default false);
create table pg_dist_node (nodeid serial, groupid int not null, nodename text not null, nodeport int not null);
insert into pg_dist_node (groupid, nodename, nodeport) values (0, 'coordinator', 5432), (1, 'worker', 5432);
create table asked (number serial, statement text);
create function column_to_column_name(table_name regclass, column_var_text text) returns text
language sql strict as 'select $2';
create function create_reference_table(table_name regclass) returns void language plpgsql as $$ begin
  if current_setting('citus.multi_shard_modify_mode') <> 'sequential' then raise exception 'parallel'; end if;
  insert into asked (statement) values ('reference ' || table_name);
  delete from pg_dist_partition where logicalrelid = table_name;
  insert into pg_dist_partition values (table_name, 'n', null, 7, 't'); end $$;
create function create_distributed_table(table_name regclass, distribution_column text,
  distribution_type citus.distribution_type default 'hash', colocate_with text default 'default',
  shard_count int default null) returns void language plpgsql as $$ begin
  if exists (select from pg_dist_partition where logicalrelid = table_name and colocationid > 0)
  then raise exception 'table "%%" is already distributed', table_name; end if;
  insert into asked (statement) values (concat_ws(' ', table_name, 'by', distribution_column, 'with', colocate_with, shard_count));
  delete from pg_dist_partition where logicalrelid = table_name;
  insert into pg_dist_partition values (table_name, 'h', distribution_column, 8, 's'); end $$;
create function truncate_local_data_after_distributing_table(function_name regclass) returns void
language plpgsql as $$ begin
  if not exists (select from pg_dist_partition where logicalrelid = function_name)
  then raise exception 'supplied parameter is not a distributed relation'; end if; end $$;
"""


@pytest.fixture
def pretend_citus(postgres_database: str) -> Iterator[Engine]:
    engine = open_engine(postgres_database)
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(PRETEND_CITUS)
        connection.exec_driver_sql(
            f'alter database "{engine.url.database}" set search_path = citus, pg_catalog, public'
        )
    # Creating goes to the first schema of the path: nothing is created from here on but Citus's own.
    engine.dispose()
    again = open_engine(postgres_database)
    yield again
    again.dispose()


def test_every_connection_to_citus_keeps_its_ways_to_the_nodes(pretend_citus: Engine) -> None:
    """One cached connection for each node makes small writes five times slower."""
    with pretend_citus.connect() as connection:
        kept = connection.exec_driver_sql("show citus.max_cached_conns_per_worker").scalar()

    assert "16" == kept


def test_a_local_table_that_citus_only_manages_is_still_to_be_spread(pretend_citus: Engine) -> None:
    """Citus lists it with the letter of reference tables, and by itself makes such ones of local tables."""
    with pretend_citus.begin() as connection:
        connection.exec_driver_sql(
            "insert into pg_dist_partition values ('deployment'::regclass, 'n', null, 0, 's', true),"
            " ('usage_day'::regclass, 'n', null, 0, 's', true)"
        )

    placed = {one.table: one for one in distribute.distribute(pretend_citus)}

    assert [("reference", False), ("distributed", False)] == [
        (placed[name].kind, placed[name].was_there) for name in ("deployment", "usage_day")
    ]


def test_what_citus_refuses_is_said_in_its_words_and_nothing_is_spread(pretend_citus: Engine) -> None:
    with pretend_citus.begin() as connection:
        connection.exec_driver_sql(
            "create or replace function citus.refuse() returns trigger language plpgsql as"
            " $$ begin raise exception 'could not connect to any active placements'; end $$"
        )
        connection.exec_driver_sql(
            "create trigger refuse before insert on pg_dist_partition for each row"
            " when (new.logicalrelid = 'bill_day'::regclass) execute function citus.refuse()"
        )

    with pytest.raises(
        StoreError, match="could not be distributed: could not connect to any active placements"
    ):
        distribute.distribute(pretend_citus)

    with pretend_citus.connect() as connection:
        assert 0 == connection.exec_driver_sql("select count(*) from asked").scalar()


def test_distributing_asks_citus_for_each_table_once(pretend_citus: Engine) -> None:
    first = distribute.distribute(pretend_citus, shard_count=8)
    second = distribute.distribute(pretend_citus, shard_count=8)

    with pretend_citus.connect() as connection:
        asked = [
            text for (text,) in connection.exec_driver_sql("select statement from asked order by number")
        ]
    assert [
        *(f"reference {name}" for name in tables.REFERENCE),
        "usage_hour by account_key with none 8",
        *(f"{name} by account_key with usage_hour" for name in tables.GROWING if name != "usage_hour"),
    ] == asked
    assert "usage_hour: distributed by account_key already" in map(str, second)
    assert ([False] * len(asked), [True] * len(asked)) == (
        [placed.was_there for placed in first],
        [placed.was_there for placed in second],
    )


def test_a_coordinator_that_does_not_know_itself_is_told_how(pretend_citus: Engine) -> None:
    url = pretend_citus.url.render_as_string(hide_password=False)
    assert distribute.advice(pretend_citus) is None
    with pretend_citus.begin() as connection:
        connection.exec_driver_sql("delete from pg_dist_node where groupid = 0")

    done = CliRunner().invoke(cli.main, ["db", "distribute"], env={"AOAI_DATABASE_URL": url})

    assert 0 == done.exit_code, done.output
    assert "select citus_set_coordinator_host('HOST', 5432)" in done.stderr
    assert [] == distribute.yet_to_be_spread(pretend_citus)
    told = [one for one in database_checks(lambda: open_engine(url), dashboard=False) if one.what == "layout"]
    assert [("second way", distribute.advice(pretend_citus))] == [(one.state, one.found) for one in told]


@pytest.mark.parametrize("step", ["collect", "derive", "outbox", schema.UPGRADE])
def test_while_somebody_works_nothing_is_spread(pretend_citus: Engine, step: str) -> None:
    with lease(pretend_citus, step), pytest.raises(LeaseHeld, match=f"{step} is being done by process"):
        distribute.distribute(pretend_citus)

    with pretend_citus.connect() as connection:
        assert 0 == connection.exec_driver_sql("select count(*) from asked").scalar()


def test_behind_a_long_read_distributing_gives_up_and_nothing_is_spread(
    pretend_citus: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every later read would queue behind it."""
    monkeypatch.setattr(distribute, "LOCK_TIMEOUT", "50ms")
    with pretend_citus.begin() as connection:
        connection.exec_driver_sql(
            "create or replace function citus.take() returns trigger language plpgsql as"
            " $$ begin execute 'lock table ' || new.logicalrelid || ' in exclusive mode'; return new; end $$"
        )
        connection.exec_driver_sql(
            "create trigger take before insert on pg_dist_partition for each row execute function citus.take()"
        )
        # Without our limit this one is met, instead of a test that never ends.
        connection.exec_driver_sql(
            f"alter database \"{pretend_citus.url.database}\" set statement_timeout = '20s'"
        )
    pretend_citus.dispose()

    with pretend_citus.connect() as reading:
        reading.exec_driver_sql("lock table charge_day in share mode")
        with pytest.raises(StoreError, match=r"does not answer .*lock timeout"):
            distribute.distribute(pretend_citus)

    with pretend_citus.connect() as connection:
        assert 0 == connection.exec_driver_sql("select count(*) from asked").scalar()


def test_a_table_that_an_upgrade_added_is_named_until_it_is_spread(pretend_citus: Engine) -> None:
    assert [] == distribute.yet_to_be_spread(pretend_citus)  # nothing is distributed yet

    distribute.distribute(pretend_citus)
    assert [] == distribute.yet_to_be_spread(pretend_citus)
    with pretend_citus.begin() as connection:
        connection.exec_driver_sql(
            "delete from pg_dist_partition where logicalrelid = 'restatement'::regclass"
        )

    assert ["restatement"] == distribute.yet_to_be_spread(pretend_citus)
    url = pretend_citus.url.render_as_string(hide_password=False)
    said = CliRunner().invoke(cli.main, ["db", "upgrade"], env={"AOAI_DATABASE_URL": url}).stderr
    assert "on the coordinator alone: restatement; run `aoai-monitor db distribute`" in said
    checks = database_checks(lambda: open_engine(url), dashboard=False)
    assert [("second way", ("aoai-monitor db distribute",))] == [
        (one.state, one.remedies) for one in checks if one.what == "layout"
    ]


def test_a_table_that_is_spread_otherwise_is_refused_and_nothing_is_changed(pretend_citus: Engine) -> None:
    with pretend_citus.begin() as connection:
        connection.exec_driver_sql(
            "insert into pg_dist_partition values ('usage_day'::regclass, 'h', 'deployment', 5, 's')"
        )

    with pytest.raises(StoreError, match=r"usage_day is distributed by deployment: expected by account_key"):
        distribute.distribute(pretend_citus)

    with pretend_citus.connect() as connection:
        assert 0 == connection.exec_driver_sql("select count(*) from asked").scalar()


@pytest.mark.parametrize("number", [1, 9, 18])
def test_killed_in_the_middle_nothing_is_spread_and_the_next_run_spreads_all(
    pretend_citus: Engine, number: int
) -> None:
    url = pretend_citus.url.render_as_string(hide_password=False)
    pretend_citus.dispose()
    child = os.fork()
    if child == 0:
        try:
            engine, seen = open_engine(url), itertools.count(1)

            @event.listens_for(engine, "after_cursor_execute")
            def _(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
                if statement.startswith("select create_") and next(seen) == number:
                    os.kill(os.getpid(), signal.SIGKILL)

            distribute.distribute(engine)
        finally:
            os._exit(3)
    assert (child, int(signal.SIGKILL)) == os.waitpid(child, 0)
    when_nobody_holds(pretend_citus)

    placed = distribute.distribute(pretend_citus)

    assert [False] * len(distribute.layout()) == [one.was_there for one in placed]
