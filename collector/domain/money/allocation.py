"""A bill knows accounts and meters; finance asks for deployments and teams. Each billed amount goes to the deployments
that used its meter, by their share of its tokens; what nobody used stays a named residual, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from typing import Final
from uuid import UUID

from collector.domain.money.charge_types import Charge
from collector.domain.money.invoices import USAGE, Invoiced
from collector.domain.money.reconciliation_meters import BilledMeter, Family, direction
from collector.domain.money.teams import TeamRules

UNALLOCATED: Final = "Unallocated"
BILL_ALONE: Final = frozenset(
    {"training_token", "image_input", "image_output", "cached_image_input", "video_second", "audio_hour"}
    | {"session", "storage_gb_day", "tool_call"}
)
"""Kinds that Azure bills and no metric counts."""
_ZERO: Final = Decimal(0)
_EXACT: Final = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class BilledAmount:
    """A billed amount of a meter. `account_key` is its scope's where it belongs to no account; `why` names it then.

    `cost` is amortised: a reservation's price spread over its use. `actual` is what stands on the bill, None where unknown.
    """

    account_key: UUID
    currency: str
    meter: BilledMeter
    cost: Decimal
    quantity: Decimal
    meter_id: str
    charge_type: str = "Usage"
    has_account: bool = True
    remark: str = ""
    actual: Decimal | None = None
    invoice: str = ""
    commitment: str = ""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A charge with the family it is billed under: what it may be given is in proportion to its quantity."""

    charge: Charge
    family: Family | None


@dataclass(frozen=True, slots=True)
class Allocated:
    """A part of the bill for the charge at `index` of those given; None is a residual, named by `why`."""

    index: int | None
    account_key: UUID
    currency: str
    cost: Decimal
    quantity: Decimal
    kind: str
    tier: str
    meter_name: str
    meter_id: str
    why: str | None = None
    actual: Decimal | None = None
    charge_type: str = USAGE
    invoice: str = ""
    commitment: str = ""

    @property
    def invoiced(self) -> Invoiced:
        return Invoiced(
            self.invoice, self.commitment, self.charge_type, self.quantity, self.cost, self.actual
        )


def allocated(amounts: Iterable[BilledAmount], weighed: Sequence[Weighed]) -> list[Allocated]:
    """Every amount, parted among charges; the parts sum to the amounts exactly."""
    by_account: dict[UUID, list[int]] = {}
    for index, one in enumerate(weighed):
        by_account.setdefault(one.charge.account_key, []).append(index)
    found: list[Allocated] = []
    for amount in amounts:
        weights = _weights(amount, weighed, by_account.get(amount.account_key, ()))
        found.extend(_parted(amount, weights) if weights else [_residual(amount)])
    return found


def _weights(amount: BilledAmount, weighed: Sequence[Weighed], indexes: Sequence[int]) -> dict[int, Decimal]:
    """Who used the meter: charges that it prices, else of its model and direction, else of its model."""
    if not amount.has_account or amount.charge_type != "Usage":
        return {}
    meter = amount.meter
    by_id = amount.meter_id and [at for at in indexes if weighed[at].charge.meter_id == amount.meter_id]
    if by_id:
        return _quantities(weighed, by_id)
    if meter.family is None:
        named = f"{meter.name.casefold()} "
        ours = [
            at
            for at in indexes
            if (model := weighed[at].charge.model) and named.startswith(f"{model.casefold()} ")
        ]
        return _quantities(weighed, ours)  # another publisher's meters begin with the model's whole name
    same = [at for at in indexes if _fits(weighed[at].family, meter.family)]
    alike = [
        at for at in same if weighed[at].charge.kind == meter.kind and weighed[at].charge.tier == meter.tier
    ]
    near = [at for at in same if direction(weighed[at].charge.kind) == meter.group]
    return _quantities(weighed, alike) or _quantities(weighed, near) or _costs(weighed, same)


def _fits(ours: Family | None, meter: Family) -> bool:
    if ours is None:
        return False
    return (ours.stem, ours.batch, ours.tuned) == (meter.stem, meter.batch, meter.tuned) and meter.scope in (
        "",
        ours.scope,
    )


def _quantities(weighed: Sequence[Weighed], indexes: Iterable[int]) -> dict[int, Decimal]:
    return {at: weighed[at].charge.quantity for at in indexes if weighed[at].charge.quantity > 0}


def _costs(weighed: Sequence[Weighed], indexes: Iterable[int]) -> dict[int, Decimal]:
    return {at: cost for at in indexes if (cost := weighed[at].charge.cost or _ZERO) > 0}


def _parted(amount: BilledAmount, weights: Mapping[int, Decimal]) -> list[Allocated]:
    whole = sum(weights.values(), _ZERO)
    costs = _shares(amount.cost, weights, whole)
    quantities = _shares(amount.quantity, weights, whole)
    actual = {} if amount.actual is None else _shares(amount.actual, weights, whole)
    return [
        replace(_part(amount, index, costs[index], quantities[index]), actual=actual.get(index))
        for index in weights
    ]


def _shares(amount: Decimal, weights: Mapping[int, Decimal], whole: Decimal) -> dict[int, Decimal]:
    """The last one takes what rounding leaves, so that nothing is lost."""
    found = {
        index: (amount * weight / whole).quantize(_EXACT, rounding=ROUND_DOWN)
        for index, weight in weights.items()
    }
    last = max(found)
    found[last] = amount - sum((part for index, part in found.items() if index != last), _ZERO)
    return found


def _part(
    amount: BilledAmount, index: int | None, cost: Decimal, quantity: Decimal, why: str | None = None
) -> Allocated:
    meter = amount.meter
    return Allocated(
        index,
        amount.account_key,
        amount.currency,
        cost,
        quantity,
        meter.kind,
        meter.tier,
        meter.name,
        amount.meter_id,
        why,
        charge_type=amount.charge_type,
        invoice=amount.invoice,
        commitment=amount.commitment,
    )


def _residual(amount: BilledAmount) -> Allocated:
    if amount.charge_type != "Usage":
        why = f"{amount.charge_type} of {amount.meter.name or 'the subscription'}"
    elif not amount.has_account:
        why = f"{amount.meter.name or 'a line without a meter'} of the whole subscription"
    else:
        why = f"{amount.meter.name or 'a line without a meter'}: no deployment is known to have used it"
    remark = f" ({amount.remark})" if amount.remark else ""
    part = _part(amount, None, amount.cost, amount.quantity, f"{UNALLOCATED}: {why}{remark}")
    return replace(part, actual=amount.actual)


@dataclass(frozen=True, slots=True)
class TeamCost:
    """A team's cost in one currency; `shared` is the part that came to it from what several teams share."""

    team: str | None
    currency: str
    cost: Decimal
    tokens: Decimal
    shared: Decimal = _ZERO


def split_shared(rules: TeamRules, costs: Iterable[TeamCost]) -> list[TeamCost]:
    """Give what several teams share to them, evenly, by their tokens or by fixed shares; sums stay the same."""
    found = {(one.team, one.currency): one for one in costs}
    for rule in rules.rules:
        if rule.split is None:
            continue
        for currency in sorted({currency for team, currency in found if team == rule.team}):
            pot = found[rule.team, currency]
            others = [
                one
                for (team, own), one in found.items()
                if own == currency
                and team not in (None, rule.team)
                and (not rule.among or team in rule.among)
            ]
            weights = _team_weights(rule.split, others, dict(rule.shares), rule.among)
            if not weights:
                continue
            del found[rule.team, currency]
            for team, part in _team_shares(pot.cost, weights).items():
                one = found.get((team, currency), TeamCost(team, currency, _ZERO, _ZERO))
                found[team, currency] = TeamCost(
                    team, currency, one.cost + part, one.tokens, one.shared + part
                )
    return sorted(found.values(), key=lambda one: (one.currency, -one.cost, one.team or ""))


def _team_weights(
    split: str, others: Sequence[TeamCost], shares: Mapping[str, Decimal], among: Sequence[str]
) -> dict[str, Decimal]:
    if split == "fixed":
        return dict(shares)
    named = {team: Decimal(1) for team in among} or {one.team: Decimal(1) for one in others if one.team}
    if split == "evenly":
        return named
    return {one.team: one.tokens for one in others if one.team and one.tokens > 0} or named


def _team_shares(amount: Decimal, weights: Mapping[str, Decimal]) -> dict[str, Decimal]:
    whole = sum(weights.values(), _ZERO)
    names = sorted(weights)
    found = {name: (amount * weights[name] / whole).quantize(_EXACT, rounding=ROUND_DOWN) for name in names}
    found[names[-1]] = amount - sum((found[name] for name in names[:-1]), _ZERO)
    return found
