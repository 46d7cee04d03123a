"""Small estates to store: builders with one thing said and the rest filled in."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Table, select

from collector.domain.bills import BillLine
from collector.domain.pricing.rows import PriceRow
from collector.domain.types import Account, CatalogModel, Deployment, QuotaLine, Subscription, UsageHour
from collector.store import tables, writes
from collector.store.engine import retrying

NOON = datetime(2026, 10, 3, 12, tzinfo=UTC)
SUBSCRIPTION = Subscription("11111111-1111-1111-1111-111111111111", "Team one")
MINUTES = bytes(range(250)) * 2


def later(**time: float) -> datetime:
    return NOON + timedelta(**time)


def an_account(name: str = "aoai-one", **said: Any) -> Account:
    arm_id = (
        f"/subscriptions/{SUBSCRIPTION.subscription_id}/resourceGroups/rg/providers/"
        f"Microsoft.CognitiveServices/accounts/{name}"
    )
    account = Account(arm_id, SUBSCRIPTION.subscription_id, "rg", name, "eastus2", "OpenAI")
    return replace(account, created_at=later(days=-200), **said)


ACCOUNT = an_account()


def a_deployment(name: str = "Chat", account: Account = ACCOUNT, **said: Any) -> Deployment:
    deployment = Deployment(
        account.key,
        name,
        "OpenAI",
        "gpt-4o",
        "2024-11-20",
        "GlobalStandard",
        100,
        limit_tpm=100_000,
        limit_rpm=600,
        created_at=later(days=-50),
        modified_at=later(days=-50),
    )
    return replace(deployment, **said)


def an_hour(
    hour: datetime = NOON, deployment: str = "chat", account: Account = ACCOUNT, **said: Any
) -> UsageHour:
    usage = UsageHour(
        account.key,
        deployment,
        hour,
        deployment.title(),
        "gpt-4o",
        "2024-11-20",
        "Models",
        grain_minutes=1,
        minutes_covered=60,
        requests=120,
        other_family_requests=119,
        throttled=3,
        client_errors=2,
        server_errors=1,
        spilled=0,
        prompt_tokens=9_000,
        completion_tokens=1_000,
        minutes=MINUTES,
    )
    return replace(usage, **said)


def hours_of(count: int, **said: Any) -> list[UsageHour]:
    return [an_hour(later(hours=number), **said) for number in range(count)]


def a_quota_line(
    limit: int = 1_000, current: int = 100, name: str = "OpenAI.GlobalStandard.gpt-4o"
) -> QuotaLine:
    label = "Tokens Per Minute (thousands) - gpt-4o - GlobalStandard"
    return QuotaLine(SUBSCRIPTION.subscription_id, "eastus2", name, label, Decimal(limit), Decimal(current))


def a_model(version: str = "2024-11-20", **said: Any) -> CatalogModel:
    model = CatalogModel(
        "eastus2",
        "OpenAI",
        "gpt-4o",
        version,
        "GlobalStandard",
        fine_tuned=False,
        usage_name="OpenAI.GlobalStandard.gpt-4o",
        kinds=frozenset({"chatCompletion"}),
        lifecycle_status="GenerallyAvailable",
        deprecation_status=None,
        inference_retires_at=datetime(2027, 3, 1, tzinfo=UTC),
        fine_tune_retires_at=None,
        sku_retires_at=None,
        capabilities={"chatCompletion": "true"},
    )
    return replace(model, **said)


def a_price(**said: Any) -> PriceRow:
    price = PriceRow(
        meter_id="meter-1",
        region="eastus2",
        currency="USD",
        type="Consumption",
        term="",
        tier_minimum_units=Decimal(0),
        effective_from=datetime(2026, 1, 1, tzinfo=UTC),
        captured_at=NOON,
        unit_price=Decimal("0.0025"),
        unit_of_measure="1K",
        product="Azure OpenAI",
        meter_name="gpt 4o 1120 Inp glbl Tokens",
        sku_name="gpt 4o 1120 Inp glbl",
        service="Cognitive Services",
    )
    return replace(price, **said)


def a_bill_line(**said: Any) -> BillLine:
    line = BillLine(
        scope=f"/subscriptions/{SUBSCRIPTION.subscription_id}",
        account_arm_id=ACCOUNT.arm_id,
        day=NOON.date(),
        meter_id="meter-1",
        meter="gpt 4o 1120 Inp glbl Tokens",
        charge_type="Usage",
        quantity=Decimal("12.5"),
        actual=Decimal("0.03125"),
        amortised=None,
        currency="USD",
    )
    return replace(line, **said)


def look(
    engine: Engine, at: datetime, *deployments: Deployment, accounts: tuple[Account, ...] = (ACCOUNT,)
) -> None:
    """One whole look at the subscription in which the account holds exactly these deployments."""
    by_account = {
        account.key: [one for one in deployments if one.account_key == account.key] for account in accounts
    }
    retrying(
        engine,
        lambda connection: writes.record_inventory(connection, SUBSCRIPTION, accounts, by_account, at=at),
    )


def record(engine: Engine, hours: list[UsageHour], at: datetime = NOON) -> None:
    retrying(engine, lambda connection: writes.record_usage_hours(connection, hours, at=at))


def rows(engine: Engine, table: Table, *columns: str) -> list[tuple[Any, ...]]:
    """The table's rows in the order of their key."""
    wanted = [table.c[name] for name in columns] or list(table.c)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*wanted).order_by(*table.primary_key))]


def everything(engine: Engine) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """All that the store holds, save the marks of changed days, which are new each time."""
    for name, table in tables.metadata.tables.items():
        shown = ("account_key", "day") if name == "dirty_day" else ()
        yield name, rows(engine, table, *shown)


def key_of(name: str = "aoai-one") -> UUID:
    return an_account(name).key
