"""Every charge with the price it came from, and what was used without a price."""

from collections.abc import Iterable, Sequence

from collector.store.reads.cost import CostRow, UnpricedRow
from dashboard import formats
from dashboard.tables import Column, Table, table
from dashboard.words import cost as words


def charges(rows: Iterable[CostRow], currency: str) -> Table:
    """Every charge with the price it came from: a figure that explains itself."""
    return table(
        "charges",
        (
            Column("deployment", "Deployment"),
            Column("kind_name", "Kind", download=False),
            Column("kind", "Kind", screen=False),
            Column("tier", "Tier"),
            Column("quantity", "Quantity", "number"),
            Column("unit", "Unit"),
            Column("unit_price", "Unit price", "number", words.UNIT_PRICE_COLUMN, screen=False),
            Column("price", "Price", download=False, help=words.UNIT_PRICE_COLUMN),
            Column("cost", words.in_currency("Cost", currency), "money"),
            Column("low", words.in_currency("Low", currency), "money", words.LOW_COLUMN),
            Column("high", words.in_currency("High", currency), "money", words.HIGH_COLUMN),
            Column("how", "How matched", download=False, help=words.STEP_COLUMN),
            Column("step", "Step", screen=False),
            Column("meter_name", "Meter"),
            Column("basis", "Basis", help=words.BASIS_COLUMN),
            Column("meter_id", "Meter id", screen=False),
            Column("account_name", "Account"),
            Column("account", "Account id", screen=False),
            Column("subscription_id", "Subscription", screen=False),
            Column("team", "Team"),
            Column("model", "Model"),
            Column("version", "Version"),
            Column("sku", "SKU"),
            Column("location", "Location"),
            Column("currency", "Currency", screen=False),
        ),
        [
            {
                **{name: getattr(row, name) for name in _CHARGE_FIELDS},
                "account_name": row.account.rpartition("/")[2],
                "kind_name": words.KINDS.get(row.kind, row.kind),
                "price": formats.unit_price(row.unit_price, row.currency, row.unit),
                "how": words.STEPS.get(row.step or "", row.step),
            }
            for row in sorted(rows, key=lambda row: -row.cost)
            if row.currency == currency
        ],
    )


_CHARGE_FIELDS = (
    *(
        "deployment",
        "account",
        "subscription_id",
        "team",
        "model",
        "version",
        "sku",
        "location",
        "kind",
        "tier",
    ),
    *(
        "quantity",
        "unit",
        "unit_price",
        "cost",
        "low",
        "high",
        "basis",
        "step",
        "meter_name",
        "meter_id",
        "currency",
    ),
)


def unpriced_uses(name: str, rows: Sequence[UnpricedRow]) -> Table:
    fields = (
        "deployment",
        "account",
        "subscription_id",
        "model",
        "version",
        "sku",
        "location",
        "quantity",
        "unit",
        "why",
    )
    return table(
        name,
        (
            Column("deployment", "Deployment"),
            Column("account_name", "Account"),
            Column("account", "Account id", screen=False),
            Column("subscription_id", "Subscription", screen=False),
            Column("model", "Model"),
            Column("version", "Version"),
            Column("sku", "SKU"),
            Column("location", "Location"),
            Column("kind", "Kind"),
            Column("quantity", "Quantity", "number"),
            Column("unit", "Unit"),
            Column("why", "Why", width="large"),
        ),
        [
            {
                **{field: getattr(row, field) for field in fields},
                "account_name": row.account.rpartition("/")[2],
                "kind": words.KINDS.get(row.kind, row.kind),
            }
            for row in rows
        ],
    )
