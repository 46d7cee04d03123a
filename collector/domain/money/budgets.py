"""Budgets of the configuration: so much a month, for a part of the estate or all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

_SCOPES: Final = ("subscription", "account", "deployment", "model", "team", "tag")
_KEYS: Final = ("name", "amount", "currency", *_SCOPES)


class BadBudget(ValueError):
    """A `[[budgets]]` table that cannot be read."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Every scope that is stated has to fit; `tag` is `key=value`, `account` an ARM id or a name."""

    name: str
    amount: Decimal
    currency: str
    subscription: str | None = None
    account: str | None = None
    deployment: str | None = None
    model: str | None = None
    team: str | None = None
    tag: str | None = None


def parse_budgets(tables: Sequence[Mapping[str, Any]]) -> tuple[Budget, ...]:
    """The `[[budgets]]` tables; raises `BadBudget` naming the table and the key."""
    found: dict[str, Budget] = {}
    for number, table in enumerate(tables, 1):
        budget = _budget(f"[[budgets]] number {number}", table)
        if budget.name in found:
            raise BadBudget(f"[[budgets]] number {number}: name={budget.name!r} stands twice")
        found[budget.name] = budget
    return tuple(found.values())


def _budget(place: str, table: Mapping[str, Any]) -> Budget:
    stray = sorted(set(table) - set(_KEYS))
    if stray:
        raise BadBudget(f"{place}: no key {stray[0]!r}; expected {', '.join(_KEYS)}")
    values = {key: table[key] for key in ("name", "currency", *_SCOPES) if key in table}
    for key, value in values.items():
        if not isinstance(value, str) or not value.strip():
            raise BadBudget(f"{place}: {key}={value!r}: expected a text")
    for key in ("name", "currency"):
        if key not in values:
            raise BadBudget(f"{place}: {key} is missing, expected a text")
    if "=" not in values.get("tag", "="):
        raise BadBudget(f"{place}: tag={values['tag']!r}: expected key=value")
    return Budget(amount=_amount(place, table.get("amount")), **values)


def _amount(place: str, value: Any) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if isinstance(value, bool) or not amount.is_finite() or amount <= 0:
        raise BadBudget(f"{place}: amount={value!r}: expected money above 0, such as 2500")
    return amount
