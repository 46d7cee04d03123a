"""A store moves to the other engine and back: every row or none, and nobody's work is overwritten."""

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, types

import collector.jobs
from collector.domain.periods import month_of
from collector.store import partitions, schema, tables
from collector.store.copying import CopyRefused, Sum, copy, summed
from collector.store.engine import open_engine
from collector.store.errors import LeaseHeld, SchemaMismatch, StoreError
from collector.store.lease import lease
from collector.store.lease_holders import STEPS
from collector.store.writes.prices import record_prices
from tests.migrations.rows import INSTANT, counts
from tests.store.conftest import when_nobody_holds
from tests.store.worlds import a_price, an_hour, hours_of, record


class Watching:
    """What somebody at a terminal would have seen."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int | None]] = []
        self.steps = 0

    def start(self, what: str, total: int | None) -> None:
        self.seen.append((what, total))

    def advance(self, steps: int = 1, note: str = "") -> None:
        self.steps += steps

    def done(self) -> None: ...


@pytest.fixture(params=["sqlite to postgresql", "postgresql to sqlite", "sqlite to sqlite"])
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """A migrated store and a database that was never touched."""
    kinds = request.param.split(" to ")
    urls = [
        f"sqlite:///{tmp_path / f'{side}.db'}"
        if kind == "sqlite"
        else request.getfixturevalue("postgres_database")
        for side, kind in zip(("source", "target"), kinds, strict=True)
    ]
    source, target = map(open_engine, urls)
    schema.upgrade(source)
    yield source, target
    source.dispose()
    target.dispose()


def filled(engine: Engine) -> None:
    """A row in every table, and some that two engines spell differently."""
    with engine.begin() as connection:
        partitions.ensure_months(connection, {month_of(INSTANT)})
        for table in tables.metadata.sorted_tables:
            connection.execute(
                table.insert().values({column.name: a_value(column) for column in table.columns})
            )
    record(
        engine,
        hours_of(50, deployment="café", by_version=[{"version": "2024", "requests": 1e3, "share": 0.1}]),
    )
    with engine.begin() as connection:
        prices = [a_price(unit_price=Decimal("0.0000125000"), meter_id=f"m{number}") for number in range(3)]
        record_prices(connection, prices, at=datetime(2026, 10, 3, tzinfo=UTC))


def a_value(column: Any) -> Any:
    """Any value that the column can hold; texts say their column, numbers have a fraction where one fits."""
    kind: Any = column.type
    if column.name == "status":
        return "ok"
    examples: list[tuple[Any, Any]] = [
        (tables.Instant, INSTANT),
        (tables.Money, Decimal("12345678901234567890.000012345")),
        (types.Uuid, UUID(int=2**100 + 7)),
        (types.JSON, {"a": "ä\u2028", "b": [1, 2.5, None]}),
        (types.Date, INSTANT.date()),
        (types.Boolean, True),
        (types.LargeBinary, bytes(range(256))),
        (types.SmallInteger, 2**14),
        (types.BigInteger, 2**40),
        (types.Integer, 2**30),
        (types.Float, 0.1),
        (types.Text, f"{column.name} 'é'"),
    ]
    return next(value for example, value in examples if isinstance(kind, example))


def everything(engine: Engine) -> dict[str, list[Any]]:
    with engine.connect() as connection:
        return {
            name: sorted(map(str, connection.execute(select(table))))
            for name, table in tables.metadata.tables.items()
        }


def sums(engine: Engine) -> dict[str, Sum]:
    with engine.connect() as connection:
        return {name: summed(connection, table) for name, table in tables.metadata.tables.items()}


def test_every_row_of_every_table_arrives_and_is_checked(two: tuple[Engine, Engine]) -> None:
    source, target = two
    filled(source)
    watching = Watching()

    done = copy(source, target, watching)

    assert sums(source) == sums(target) == {one.table: one.sum for one in done}
    assert min(one.sum.rows for one in done) >= 1
    assert [(one.table, one.sum.rows) for one in done] == watching.seen
    assert sum(one.sum.rows for one in done) == watching.steps
    assert "current" == schema.check(target).status


def test_there_and_back_again_is_the_same_store(
    sqlite: Engine, postgres_database: str, tmp_path: Path
) -> None:
    filled(sqlite)
    there, back = open_engine(postgres_database), open_engine(f"sqlite:///{tmp_path / 'back.db'}")
    copy(sqlite, there, Watching())
    copy(there, back, Watching())

    assert everything(sqlite) == everything(back)
    there.dispose()
    back.dispose()


def test_a_target_that_holds_a_row_is_refused_and_left_alone(two: tuple[Engine, Engine]) -> None:
    source, target = two
    filled(source)
    schema.upgrade(target)
    record(target, [an_hour()])
    before = counts(target)

    with pytest.raises(CopyRefused, match="already holds rows"):
        copy(source, target, Watching())

    assert before == counts(target)


def test_a_target_of_another_revision_and_an_unmigrated_source_are_refused(
    two: tuple[Engine, Engine], tmp_path: Path
) -> None:
    source, target = two
    schema.upgrade(target, "0001")
    with pytest.raises(CopyRefused, match="expected an empty database"):
        copy(source, target, Watching())
    with pytest.raises(SchemaMismatch):
        copy(open_engine(f"sqlite:///{tmp_path / 'empty.db'}"), target, Watching())


@pytest.mark.parametrize("side", [0, 1], ids=["source", "target"])
@pytest.mark.parametrize("step", STEPS)
def test_whoever_works_on_either_side_is_named_and_nothing_is_copied(
    sqlite: Engine, tmp_path: Path, side: int, step: str
) -> None:
    target = open_engine(f"sqlite:///{tmp_path / 'target.db'}")
    schema.upgrade(target)
    filled(sqlite)
    if side == 1 and step == schema.UPGRADE:
        return  # an upgrade of the target is waited for: it is what a copy begins with
    with lease((sqlite, target)[side], step), pytest.raises(LeaseHeld, match=f"process {os.getpid()}"):
        copy(sqlite, target, Watching())

    assert {0} == set(counts(target).values())


def test_every_step_that_holds_a_lease_is_kept_out_by_a_copy() -> None:
    steps = {
        getattr(import_module(f"collector.jobs.{module.name}"), "STEP", None)
        for module in iter_modules(collector.jobs.__path__)
    }

    assert set() == steps - {None} - set(STEPS)


def test_a_row_that_did_not_arrive_as_it_was_undoes_everything(two: tuple[Engine, Engine]) -> None:
    """A target whose trigger changes what is written stands for any loss on the way."""
    source, target = two
    filled(source)
    schema.upgrade(target)
    with target.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(
                "create trigger t after insert on price begin update price set product = 'x'; end"
            )
        else:
            connection.exec_driver_sql(
                "create function f() returns trigger language plpgsql as $$ begin new.product = 'x'; return new; end $$"
            )
            connection.exec_driver_sql(
                "create trigger t before insert on price for each row execute function f()"
            )

    with pytest.raises(StoreError, match="price did not arrive as it was"):
        copy(source, target, Watching())

    assert {0} == set(counts(target).values())


@pytest.mark.parametrize("moment", ["first", "middle", "last", "commit"])
def test_killed_at_any_moment_it_begins_anew(two: tuple[Engine, Engine], moment: str) -> None:
    source, target = two
    filled(source)
    names = list(tables.metadata.tables)
    urls = [engine.url.render_as_string(hide_password=False) for engine in two]
    source.dispose()
    target.dispose()
    child = os.fork()
    if child == 0:
        try:
            copy_and_die(
                urls[0],
                urls[1],
                {"first": names[0], "middle": names[len(names) // 2], "last": names[-1]}.get(moment),
            )
        finally:
            os._exit(3)
    assert (child, int(signal.SIGKILL)) == os.waitpid(child, 0)
    when_nobody_holds(target)

    if schema.check(target).status == "current":
        assert {0} == set(counts(target).values())
    copy(source, target, Watching())
    assert sums(source) == sums(target)


def copy_and_die(source: str, target: str, table: str | None) -> None:
    """Killed as the rows of a table were sent, or before the commit."""

    class Dying(Watching):
        def advance(self, steps: int = 1, note: str = "") -> None:
            if self.seen[-1][0] == table:
                os.kill(os.getpid(), signal.SIGKILL)

        def done(self) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

    copy(open_engine(source), open_engine(target), Dying())


def test_the_sum_of_a_table_does_not_depend_on_order_but_on_every_value() -> None:
    one, other = ("a", 1, None, Decimal("1.50")), ("b", 2, b"\x00", datetime(2026, 1, 1, tzinfo=UTC))

    assert Sum().plus(one).plus(other) == Sum().plus(other).plus(one)
    assert Sum().plus(one) == Sum().plus(("a", 1, None, Decimal("1.5")))
    for changed in (
        ("a", 1, "", Decimal("1.5")),
        ("a", "1", None, Decimal("1.5")),
        ("a", 1, None, Decimal("1.51")),
    ):
        assert Sum().plus(one) != Sum().plus(changed)
    assert Sum().plus(one).plus(one) != Sum().plus(one)
    assert Sum().plus(({"a": 1000.0},)) == Sum().plus(({"a": 1000},))
