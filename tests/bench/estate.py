"""An estate of a thousand deployments written straight into the tables: every screen's rows without collecting them.

A dozen patterns are worked out minute by minute; every deployment bears the rows of one of them.
"""

import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Table, func, insert, literal, select, text

from collector.domain.periods import Month, Window, midnight, months
from collector.jobs.derive_full import derive_until_full
from collector.store import partitions, tables
from collector.store.engine import Connection
from collector.store.expressions import money_sum
from collector.store.writes.bulk import json_text
from collector.store.writes.cost_sums import roll_up
from tests.bench.stores import Store, settled
from tests.dashboard.seed import FIRST_SEEN, NOW, SUBSCRIPTIONS, Account, Seed
from tests.dashboard.worlds import DEPLOYMENTS as PATTERNS

LOCATIONS = ("eastus2", "swedencentral", "westeurope", "westus3", "japaneast")
DEPLOYMENTS_PER_ACCOUNT = 20
_FILLING_MODELS = 400
_QUOTA_LINES = 60
_SUMMED_DAYS = 31


@dataclass(frozen=True, slots=True)
class Size:
    deployments: int = 1_000
    days: int = 396
    hour_days: int = 0

    @property
    def accounts(self) -> int:
        return -(-self.deployments // DEPLOYMENTS_PER_ACCOUNT)


def write_estate(store: Store, size: Size, now: datetime = NOW) -> None:
    """Everything but hours for `days`, and hours with their minutes for the last `hour_days`."""
    accounts = [
        Account(f"acc-{number:03}", number % len(SUBSCRIPTIONS), LOCATIONS[number % len(LOCATIONS)])
        for number in range(size.accounts)
    ]
    with store.engine.begin() as connection:
        span = Window(min(FIRST_SEEN, now - timedelta(days=size.days)), now + timedelta(days=1))
        partitions.ensure_months(connection, months(span))
        for name, rows in _inventory(accounts, size, now).rows.items():
            _insert(connection, tables.metadata.tables[name], rows)
    members = _members(accounts, size)
    for table in _tables(size):
        with store.engine.begin() as connection:
            _spread(connection, table, members, size, now)
    first = now.date() - timedelta(days=size.days)
    for step in range(0, size.days + 1, _SUMMED_DAYS):
        with store.engine.begin() as connection:
            start = first + timedelta(days=step)
            roll_up(
                connection, start, min(start + timedelta(days=_SUMMED_DAYS), now.date() + timedelta(days=1))
            )
    with store.engine.begin() as connection:
        _bill(connection, now)
    derive_until_full(store.engine, now)
    settled(store)
    # A large heap of ours would make every collection of garbage, and so every figure, slower than it is.
    _pattern.cache_clear()
    gc.collect()
    gc.freeze()


def _tables(size: Size) -> Iterator[Table]:
    found = set(_pattern(0, size.days, NOW)) | ({"usage_hour"} if size.hour_days else set())
    for name in tables.metadata.tables:
        if name in found:
            yield tables.metadata.tables[name]


def _inventory(accounts: Sequence[Account], size: Size, now: datetime) -> Seed:
    seed = Seed(now, size.days)
    seed.subscriptions()
    for account in accounts:
        seed.account(account)
        for job in ("api_use", "quality"):
            seed.watermark(job, account.arm_id.lower(), now - timedelta(minutes=5))
        for _, what in PATTERNS:
            seed.offer(account, what)
    for location in LOCATIONS:
        for number in range(_FILLING_MODELS):
            seed.offer(
                Account("filling", 0, location),
                replace(PATTERNS[0][1], model=f"filling-{number}", replacement=None),
            )
    _quotas(seed, size, now)
    for minutes in range(4, min(size.days, 90) * 1440, 15):
        seed.run("metrics", minutes)
        seed.run("inventory", minutes)
    seed.watermark("prices", "USD", now - timedelta(hours=5))
    return seed


def _quotas(seed: Seed, size: Size, now: datetime) -> None:
    """Lines whose use moved every fifth day."""
    for number in range(_QUOTA_LINES):
        for step in range(0, size.days, 5):
            seed.add(
                "quota_reading",
                subscription_id=SUBSCRIPTIONS[number % 3][0],
                location=LOCATIONS[number % 5],
                usage_name=f"OpenAI.GlobalStandard.model-{number}",
                read_at=now - timedelta(days=size.days - step),
                label="Tokens Per Minute (thousands)",
                limit=Decimal(10_000),
                current=Decimal(4_000 + 10 * step),
                unit="tokens_per_minute",
                per_unit=Decimal(1000),
                last_read_at=min(now, now - timedelta(days=size.days - step - 5)) - timedelta(minutes=40),
            )


def _bill(connection: Connection, now: datetime) -> None:
    """Every account's meter on every day, at an eighth less than its list price."""
    charge, account = tables.charge_day, tables.account
    paid = money_sum(charge.c.cost) * Decimal("0.875")
    lines = {
        "account_key": charge.c.account_key,
        "day": charge.c.day,
        "meter_id": charge.c.meter_id,
        "charge_type": literal("Usage"),
        "currency": charge.c.currency,
        "invoice": literal(""),
        "commitment": literal(""),
        "scope": literal("/subscriptions/") + account.c.subscription_id,
        "account_arm_id": account.c.arm_id,
        "meter": func.min(charge.c.meter_name),
        "quantity": money_sum(charge.c.quantity),
        "actual": paid,
        "amortised": paid,
        "read_at": literal(now, tables.Instant),
    }
    asked = (
        select(*(one.label(name) for name, one in lines.items()))
        .join(account, account.c.account_key == charge.c.account_key)
        .where(charge.c.meter_id.is_not(None), charge.c.cost.is_not(None))
        .group_by(
            charge.c.account_key, charge.c.day, charge.c.meter_id, charge.c.currency,
            account.c.subscription_id, account.c.arm_id,
        )
    )  # fmt: skip
    connection.execute(insert(tables.bill_day).from_select(list(lines), asked))


@lru_cache(maxsize=len(PATTERNS) * 4)
def _pattern(
    number: int, days: int, now: datetime, *, hours: bool = False
) -> dict[str, list[dict[str, Any]]]:
    account, what = PATTERNS[number]
    seed = Seed(now, days)
    seed.deployment(account, what, hours=hours, number=number)
    if not hours:
        _earlier_months(seed.rows["room_period"], days, now)
    return {name: rows for name, rows in seed.rows.items() if hours == (name == "usage_hour")}


def _earlier_months(rows: list[dict[str, Any]], days: int, now: datetime) -> None:
    known = {row["period"] for row in rows}
    last = next((row for row in rows if row["period"] == str(Month(now.year, now.month).shifted(-1))), None)
    month = Month(now.year, now.month).shifted(-2)
    while last and month.window.start >= midnight(now.date()) - timedelta(days=days):
        if str(month) not in known:
            span = {"starts_at": month.window.start, "ends_at": month.window.end}
            rows.append({**last, "period": str(month), **span})
        month = month.shifted(-1)


def _members(accounts: Sequence[Account], size: Size) -> list[tuple[Account, int, str]]:
    """Every deployment with its account and the pattern that it bears, in the order of the tables' keys."""
    found: list[tuple[Account, int, str]] = []
    for number, account in enumerate(accounts):
        count = min(DEPLOYMENTS_PER_ACCOUNT, size.deployments - number * DEPLOYMENTS_PER_ACCOUNT)
        kinds = [(one, one % len(PATTERNS)) for one in range(count)]
        found += [(account, kind, f"{PATTERNS[kind][1].name}-{one:02}") for one, kind in kinds]
    return sorted(found, key=lambda member: (member[0].key, member[2]))


def _spread(
    connection: Connection,
    table: Table,
    members: Sequence[tuple[Account, int, str]],
    size: Size,
    now: datetime,
) -> None:
    """The rows of each pattern once into a table beside, and from there to every deployment by the database itself."""
    names = [column.name for column in table.columns]
    connection.exec_driver_sql(f"create temporary table pattern as select * from {table.name} limit 0")
    hours = table.name == "usage_hour"
    for kind in range(len(PATTERNS)):
        rows = _pattern(kind, size.hour_days if hours else size.days, now, hours=hours).get(table.name, [])
        _insert(connection, table, [{**row, "deployment": str(kind)} for row in rows], into="pattern")
    connection.exec_driver_sql("create index pattern_deployment on pattern (deployment)")
    columns = ", ".join(f'"{name}"' for name in names)
    for account, kind, name in members:
        own = {"account_key": account.key, "deployment": name, "name": name, "location": account.location}
        given = [(one, own[one]) for one in names if one in own]
        told = ", ".join(
            f"cast(:{one} as {_type(table, one, connection)})" if one in own else f'"{one}"' for one in names
        )
        values = {one: tables.to_database(value, connection.dialect.name) for one, value in given}
        connection.execute(
            text(f"insert into {table.name} ({columns}) select {told} from pattern where deployment = :kind"),
            {**values, "kind": str(kind)},
        )
    connection.exec_driver_sql("drop table pattern")


def _type(table: Table, column: str, connection: Connection) -> str:
    return (
        table.c[column].type.compile(connection.dialect)
        if connection.dialect.name == "postgresql"
        else "text"
    )


def _insert(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], into: str | None = None
) -> None:
    """The driver's own way in: no upsert, since every row is new."""
    target = into or table.name
    if not rows:
        return
    columns = sorted({name for row in rows for name in row})
    texts = {name for name in columns if isinstance(table.c[name].type, JSON)}
    dialect = connection.dialect.name

    def value(row: dict[str, Any], name: str) -> Any:
        found = row.get(name)
        if name in texts and found is not None:
            return json_text(found)
        return tables.to_database(found, dialect)

    ready = [tuple([value(row, name) for name in columns]) for row in rows]
    names = ", ".join(f'"{name}"' for name in columns)
    if dialect == "sqlite":
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"insert into {target} ({names}) values ({marks})", ready)
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"copy {target} ({names}) from stdin") as copy:
        for row in ready:
            copy.write_row(row)
