"""Builders of deployments, hours and charges for tests of money."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from collector.domain.money.charge_prices import Pricing
from collector.domain.money.charge_types import Charge, ChargedDeployment, Revision
from collector.domain.money.charges import charges_of_day
from collector.domain.periods import DAY, Window, midnight
from collector.domain.room.rollup import StoredHour

ACCOUNT = UUID(int=1)
DAY_ON = date(2026, 7, 1)
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 8, 1, tzinfo=UTC)
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)

INPUT, CACHED, WRITTEN = "5.4 inp Gl 1M Tokens", "5.4 cd inp Gl 1M Tokens", "5.4 cd wr Gl 1M Tokens"
OUTPUT = "5.4 opt Gl 1M Tokens"
PTU = "Provisioned Managed Global Unit"


def a_revision(**changes: Any) -> Revision:
    revision = Revision(LONG_AGO, None, "OpenAI", "gpt-5.4", "2026-03-05", "GlobalStandard", 100)
    return replace(revision, **changes)


def a_deployment(*revisions: Revision, **changes: Any) -> ChargedDeployment:
    deployment = ChargedDeployment(
        ACCOUNT, "chat", "eastus2", "USD", "payments", LONG_AGO, None, revisions or (a_revision(),)
    )
    return replace(deployment, **changes)


def an_hour(prompt: int | None = None, completion: int | None = None, **changes: Any) -> StoredHour:
    hour = StoredHour(
        ACCOUNT, "chat", NOON, "gpt-5.4", "2026-03-05", "Models", 1, 60, 10, 10, 0, 0, 0, 0, prompt, completion, None, None, None,
    )  # fmt: skip
    return replace(hour, **changes)


def charged(
    deployment: ChargedDeployment,
    hours: Sequence[StoredHour],
    pricing: Pricing,
    tiers: Mapping[str, int] | None = None,
    *,
    day: date = DAY_ON,
    now: datetime = LATER,
) -> list[Charge]:
    return charges_of_day(
        deployment, Window(midnight(day), midnight(day) + DAY), hours, tiers or {}, pricing, now
    )


def a_charge(
    kind: str = "input", quantity: str = "1000000", cost: str | None = "2.5", **changes: Any
) -> Charge:
    """A priced charge; `cost` None leaves it without a price."""
    amount = None if cost is None else Decimal(cost)
    each = None if amount is None else amount / Decimal(quantity)
    charge = Charge(
        ACCOUNT, "chat", DAY_ON, "gpt-5.4", "2026-03-05", "GlobalStandard", kind, "standard", "USD", "eastus2", "payments",
        Decimal(quantity), "1 token", each, amount, amount, amount, "estimated", "meter-name", None,
        {"input": INPUT, "output": OUTPUT, "cached_input": CACHED}.get(kind), LONG_AGO, LONG_AGO, None,
    )  # fmt: skip
    return replace(charge, **changes)


def hours_of(day: date, count: int, prompt: int) -> list[StoredHour]:
    return [an_hour(prompt, hour=midnight(day) + timedelta(hours=index)) for index in range(count)]
