"""The bill as Azure states it, by Cost Management's query or by an export; nothing here decides anything."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class BillLine:
    """A billed line of Cost Management; `account_arm_id` is None where the line belongs to its scope.

    `invoice` and `commitment` (a reservation's or savings plan's id) are '' where there is none yet, and where the
    way in tells none: Cost Management's query.
    """

    scope: str
    account_arm_id: str | None
    day: date
    meter_id: str
    meter: str | None
    charge_type: str
    quantity: Decimal | None
    actual: Decimal | None
    amortised: Decimal | None
    currency: str
    invoice: str = ""
    commitment: str = ""


@dataclass(frozen=True, slots=True)
class ReservedLine:
    """What a day's bill says of a reservation and a meter: use that it covered, what stood unused, or its purchase."""

    scope: str
    reservation: str
    name: str
    day: date
    meter_id: str
    meter: str | None
    charge_type: str
    quantity: Decimal | None
    actual: Decimal | None
    amortised: Decimal | None
    currency: str
    category: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Biller:
    """To whom a month's lines of an invoice are billed and by whom, as an export tells it; '' has no invoice yet."""

    month: date
    invoice: str
    account_id: str | None
    account_name: str | None
    account_type: str | None
    issuer: str | None


BY_QUERY = "query"


@dataclass(frozen=True, slots=True)
class BillRead:
    """The bill of a scope on the days `first`..`last`, whole; `source` is `BY_QUERY`, or the export it came in by."""

    first: date
    last: date
    lines: tuple[BillLine, ...]
    reserved: tuple[ReservedLine, ...] = ()
    source: str = BY_QUERY
    billers: tuple[Biller, ...] = ()
