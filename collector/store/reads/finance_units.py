"""What a month's units of use cost: by model, and of provisioned deployments."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, select

from collector.domain.money.spillover import Spill, Spillover, spillovers
from collector.domain.money.unit_costs import ProvisionedUse, UnitCost, UsedAmount, unit_costs
from collector.domain.periods import Month
from collector.reports.finance.figures import BILL, FinanceRow, one_a_deployment
from collector.store import tables
from collector.store.reads import inventory
from collector.store.reads.finance_names import names

_HOURLY: Final = frozenset({"ptu_hour", "hosting_hour"})


@dataclass(frozen=True, slots=True)
class _Counted:
    """A deployment's month; `served` are requests that were not refused."""

    served: int
    ptu_mean: float | None
    prompt: Decimal
    completion: Decimal
    spilled: int


def _requests(connection: Connection, month: Month) -> dict[tuple[UUID, str], _Counted]:
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
        (row.account_key, row.deployment): _Counted(
            row.requests - row.throttled,
            row.ptu_mean,
            Decimal(row.prompt_tokens or 0),
            Decimal(row.completion_tokens or 0),
            int(row.spilled),
        )
        for row in connection.execute(asked)
    }


def month_unit_costs(
    connection: Connection, month: Month, rows: Sequence[FinanceRow], basis: str
) -> list[UnitCost]:
    """By model; provisioned ones aside, whose units serve tokens that no price is for."""
    by_token = [row for row in rows if _has_cost(row, basis) and row.kind not in _HOURLY]
    used = [
        UsedAmount(row.model, row.currency, row.kind, row.quantity, row.amount(basis)) for row in by_token
    ]
    counts = _requests(connection, month)
    places = names(connection).places
    model_of = {
        (row.account_id.lower(), row.deployment.casefold()): row.model for row in by_token if row.deployment
    }
    requests: dict[str, int] = defaultdict(int)
    for (account, deployment), told in counts.items():
        place = places.get(account)
        model = model_of.get((place.arm_id.lower(), deployment)) if place else None
        if model:
            requests[model] += told.served
    return unit_costs(used, requests)


def _has_cost(row: FinanceRow, basis: str) -> bool:
    """What a bill charged has a cost without a price of ours; what it does not name and nothing prices has none."""
    return not row.is_residual and (row.is_priced or (basis == BILL and bool(row.billed)))


def provisioned_uses(
    connection: Connection, month: Month, rows: Sequence[FinanceRow], basis: str
) -> list[ProvisionedUse]:
    counts, places = _requests(connection, month), names(connection).places
    by_name = {
        (places[account].arm_id.lower(), deployment): told
        for (account, deployment), told in counts.items()
        if account in places
    }
    units = [row for row in rows if row.kind == "ptu_hour" and _has_cost(row, basis)]
    units = one_a_deployment(units)
    spilled = _spilled(connection, month, [row for row in rows if not row.is_residual], units, by_name, basis)
    found: list[ProvisionedUse] = []
    for row in units:
        told = by_name.get(_key(row))
        found.append(
            ProvisionedUse(
                f"{row.account}/{row.deployment}",
                row.model,
                row.currency,
                row.amount(basis),
                told.prompt if told else Decimal(0),
                told.completion if told else Decimal(0),
                told.ptu_mean / 100 if told and told.ptu_mean is not None else None,
                spilled=told.spilled if told else None,
                spillover=spilled.get(_name((*_key(row), row.currency))),
            )
        )
    return found


def _key(row: FinanceRow) -> tuple[str, str]:
    return row.account_id.lower(), row.deployment.casefold()


def _name(key: tuple[str, str, str]) -> str:
    """A deployment and the currency that it is charged in, as one word."""
    return " ".join(key)


def _spilled(
    connection: Connection,
    month: Month,
    rows: Sequence[FinanceRow],
    units: Sequence[FinanceRow],
    counts: Mapping[tuple[str, str], _Counted],
    basis: str,
) -> dict[str, Spillover]:
    """What spilled from units in the month, by the settings that were in force."""
    targets: dict[tuple[str, str], set[str]] = defaultdict(set)
    arm_ids = {key: place.arm_id.lower() for key, place in names(connection).places.items()}
    for one in inventory.revisions(connection, month.window):
        if one.account_key in arm_ids and one.spillover_to:
            targets[arm_ids[one.account_key], one.deployment].add(one.spillover_to.casefold())
    spills: list[Spill] = []
    for row in units:
        account, deployment = _key(row)
        to = targets.get((account, deployment), set())
        only = _name((account, next(iter(to)), row.currency)) if len(to) == 1 else None
        told = counts.get((account, deployment))
        spills.append(Spill(_name((account, deployment, row.currency)), only, told.spilled if told else 0))
    costs: dict[str, Decimal | None] = {}
    for row in rows:
        if row.kind in _HOURLY:
            continue
        name = _name((*_key(row), row.currency))
        known = row.billed is not None if basis == BILL else row.is_priced
        before = costs.get(name, Decimal(0))
        costs[name] = before + row.amount(basis) if known and before is not None else None
    served = {
        _name((*key, currency)): told.served
        for key, told in counts.items()
        for currency in {row.currency for row in rows}
    }
    found = spillovers(spills, served, costs)
    called = {_name((*_key(row), row.currency)): row.deployment for row in rows}
    return {source: replace(one, to=called.get(one.to or "")) for source, one in found.items()}
