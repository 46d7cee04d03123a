"""What a month's units of use cost: by model, and of provisioned deployments."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Connection, select

from collector.domain.money.unit_costs import ProvisionedUse, UnitCost, UsedAmount, unit_costs
from collector.domain.periods import Month
from collector.reports.finance.figures import FinanceRow, one_a_deployment
from collector.store import tables
from collector.store.reads.finance_names import names


def _requests(
    connection: Connection, month: Month
) -> dict[tuple[object, str], tuple[int, float | None, Decimal, Decimal, int]]:
    table = tables.usage_month
    asked = select(
        table.c.account_key,
        table.c.deployment,
        table.c.requests,
        table.c.throttled,
        table.c.ptu_mean,
        table.c.prompt_tokens,
        table.c.completion_tokens,
        table.c.spilled,
    ).where(table.c.month == month.first_day)
    return {
        (row[0], row[1]): (
            row[2] - row[3],
            row[4],
            Decimal(row[5] or 0),
            Decimal(row[6] or 0),
            int(row[7]),
        )
        for row in connection.execute(asked)
    }


def month_unit_costs(
    connection: Connection, month: Month, rows: Sequence[FinanceRow], basis: str
) -> list[UnitCost]:
    """By model; provisioned ones aside, whose units serve tokens that no price is for."""
    by_token = [row for row in rows if row.is_priced and row.kind not in {"ptu_hour", "hosting_hour"}]
    used = [
        UsedAmount(row.model, row.currency, row.kind, row.quantity, row.amount(basis)) for row in by_token
    ]
    counts = _requests(connection, month)
    places = names(connection).places
    model_of = {
        (row.account_id.lower(), row.deployment.casefold()): row.model for row in by_token if row.deployment
    }
    requests: dict[str, int] = defaultdict(int)
    for (account, deployment), (count, *_) in counts.items():
        place = places.get(account)  # pyright: ignore[reportArgumentType]  # the key's first part is the account
        model = model_of.get((place.arm_id.lower(), deployment)) if place else None
        if model:
            requests[model] += count
    return unit_costs(used, requests)


def provisioned_uses(
    connection: Connection, month: Month, rows: Sequence[FinanceRow], basis: str
) -> list[ProvisionedUse]:
    counts, places = _requests(connection, month), names(connection).places
    by_name = {
        (places[account].arm_id.lower(), deployment): told  # pyright: ignore[reportArgumentType]  # as above
        for (account, deployment), told in counts.items()
        if account in places
    }
    found: list[ProvisionedUse] = []
    units = [row for row in rows if row.kind == "ptu_hour" and row.is_priced and not row.is_residual]
    for row in one_a_deployment(units):
        told = by_name.get((row.account_id.lower(), row.deployment.casefold()))
        found.append(
            ProvisionedUse(
                f"{row.account}/{row.deployment}",
                row.model,
                row.currency,
                row.amount(basis),
                told[2] if told else Decimal(0),
                told[3] if told else Decimal(0),
                told[1] / 100 if told and told[1] is not None else None,
                spilled=told[4] if told else None,
            )
        )
    return found
