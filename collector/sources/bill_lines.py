"""What is common to both ways a bill comes in: whose lines are ours, and how lines of one key are one."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Final

from collector.domain.bills import BillLine, ReservedLine

# Old and new names: lines that belong to no account (reservations, credits) are known by these alone.
SERVICES: Final = (
    "Cognitive Services",
    "Azure OpenAI",
    "Azure OpenAI Service",
    "Foundry Models",
    "Foundry Tools",
    "Azure AI services",
    "Azure AI Foundry",
    "Microsoft Foundry",
)
_ACCOUNT: Final = re.compile(
    r"^/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.cognitiveservices/accounts/[^/]+",
    re.IGNORECASE,
)
_RESERVATION: Final = re.compile(r"^/?providers/microsoft\.capacity/", re.IGNORECASE)


def account_of(resource: str) -> str | None:
    """The account that a billed resource is or lies in, lower-cased."""
    found = _ACCOUNT.match(resource)
    return found[0].lower() if found else None


def is_elsewhere(resource: str) -> bool:
    """Something that goes by one of the services' names and is neither an account nor a reservation."""
    return bool(resource) and account_of(resource) is None and not _RESERVATION.match(resource)


def added(one: BillLine, other: BillLine) -> BillLine:
    return replace(
        one,
        quantity=_sum(one.quantity, other.quantity),
        actual=_sum(one.actual, other.actual),
        amortised=_sum(one.amortised, other.amortised),
    )


def reserved_added(one: ReservedLine, other: ReservedLine) -> ReservedLine:
    return replace(
        one,
        quantity=_sum(one.quantity, other.quantity),
        actual=_sum(one.actual, other.actual),
        amortised=_sum(one.amortised, other.amortised),
    )


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return one if other is None else other if one is None else one + other
