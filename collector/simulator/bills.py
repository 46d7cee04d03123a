"""Cost Management of the pretend Azure: the bill made from its own prices, late for three days, paged, throttled."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from collector.simulator.estate import Subscription
from collector.simulator.facts import Meter
from collector.simulator.prices import RATES, RESERVATION_PRICES, price_on
from collector.simulator.traffic import Traffic
from collector.simulator.usage import Charge, charges
from collector.simulator.world import World

RESERVED_UNITS = 40
# Hours after a day began -> which part of it is billed.
_BILLED = (
    (10, Decimal(0)),
    (24, Decimal("0.3")),
    (32, Decimal("0.6")),
    (48, Decimal("0.85")),
    (72, Decimal("0.97")),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One billed line of a day; `list_cost` in USD, `cost` after discount in the subscription's currency."""

    day: date
    dimensions: Mapping[str, str]
    quantity: Decimal
    cost: Decimal
    whole: bool = False


def billed_share(day: date, now: datetime) -> Decimal:
    hours = (now - datetime(day.year, day.month, day.day, tzinfo=UTC)) / timedelta(hours=1)
    return next((share for limit, share in _BILLED if hours < limit), Decimal(1))


class Bills:
    def __init__(self, world: World, traffic: Traffic) -> None:
        self.world, self.traffic = world, traffic
        self._lock = threading.Lock()
        self._days: dict[tuple[str, date, str], list[Line]] = {}
        spilling = [d for d in world.deployments if d.role == "provisioned-spilling"]
        self.reserved = spilling[0] if spilling else None

    def lines(self, subscription: Subscription, day: date, kind: str) -> list[Line]:
        key = (subscription.id, day, kind)
        with self._lock:
            found = self._days.get(key)
        if found is None:
            found = list(self._of_day(subscription, day, kind))
            with self._lock:
                self._days[key] = found
        return found

    def _of_day(self, subscription: Subscription, day: date, kind: str) -> Iterator[Line]:
        for deployment in self.world.deployments:
            if deployment.account.subscription != subscription:
                continue
            for charge in charges(self.traffic, deployment, day):
                yield from self._charged(charge, kind)
        yield from self._reservation(subscription, day, kind)
        if day == self.world.start.date() + timedelta(days=self.world.size.days * 6 // 10):
            yield self._refund(subscription, day)
        yield _storage(subscription, day)

    def _charged(self, charge: Charge, kind: str) -> Iterator[Line]:
        account = charge.deployment.account
        if charge.meter is None:
            yield from _partner(charge)
            return
        price = price_on(self.world, charge.meter, account.location, charge.day)
        if price is None:
            return
        reserved = Decimal(0)
        if (
            charge.kind == "ptu_hour"
            and self.reserved is not None
            and charge.deployment.index == self.reserved.index
        ):
            reserved = min(charge.quantity, Decimal(RESERVED_UNITS * 24))
        dims = _dimensions(charge.meter, charge)
        rest = charge.quantity - reserved
        if rest:
            yield Line(charge.day, dims, rest / charge.meter.units_per_price, self.cost(charge, price, rest))
        if reserved:
            rate = _reserved_hour(charge.meter) if kind == "AmortizedCost" else Decimal(0)
            cost = reserved * rate * RATES[account.subscription.currency]
            yield Line(
                charge.day,
                dims | {"PricingModel": "Reservation", "ReservationName": "ptu-global"},
                reserved,
                cost,
            )

    def cost(self, charge: Charge, price: Decimal, quantity: Decimal) -> Decimal:
        """List price less the negotiated discount, in the subscription's currency."""
        assert charge.meter is not None
        subscription = charge.deployment.account.subscription
        share = Decimal(100 - subscription.discount_percent) / 100
        return quantity * price / charge.meter.units_per_price * share * RATES[subscription.currency]

    def _reservation(self, subscription: Subscription, day: date, kind: str) -> Iterator[Line]:
        """The purchase (actual) or the unused rest (amortized): lines that belong to no account."""
        if self.reserved is None or self.reserved.account.subscription != subscription:
            return
        hour = next(
            c for c in charges(self.traffic, self.reserved, self.world.start.date() + timedelta(days=1))
        )
        assert hour.meter is not None
        dims = _dimensions(hour.meter, hour) | {
            "ResourceId": "",
            "ResourceGroup": "",
            "ResourceGroupName": "",
            "ReservationName": "ptu-global",
            "PricingModel": "Reservation",
            "ResourceType": "",
        }
        rate = RATES[subscription.currency]
        if kind == "ActualCost" and day.day == 1:
            price = Decimal(RESERVATION_PRICES[hour.meter.sku_class][0]) * RESERVED_UNITS * rate
            yield Line(day, dims | {"ChargeType": "Purchase"}, Decimal(RESERVED_UNITS), price, whole=True)
        used = sum(
            (c.quantity for c in charges(self.traffic, self.reserved, day) if c.kind == "ptu_hour"),
            Decimal(0),
        )
        unused = max(Decimal(0), Decimal(RESERVED_UNITS * 24) - used)
        if kind == "AmortizedCost" and unused:
            cost = unused * _reserved_hour(hour.meter) * rate
            yield Line(day, dims | {"ChargeType": "UnusedReservation"}, unused, cost)

    def _refund(self, subscription: Subscription, day: date) -> Line:
        accounts = [a for a in self.world.accounts if a.subscription == subscription]
        resource = accounts[0].id.lower() if accounts else ""
        dims = _plain(subscription, resource, "Azure OpenAI", "Service credit", "Foundry Models") | {
            "ChargeType": "Refund"
        }
        return Line(day, dims, Decimal(1), Decimal("-12.34"), whole=True)


def _reserved_hour(meter: Meter) -> Decimal:
    return Decimal(RESERVATION_PRICES[meter.sku_class][0]) * 12 / 8760


def _plain(
    subscription: Subscription, resource: str, product: str, meter: str, service: str
) -> dict[str, str]:
    group = resource.split("/")[4] if resource else ""
    return {
        "ResourceId": resource,
        "ResourceGuid": "",
        "Meter": meter,
        "MeterCategory": service,
        "MeterSubCategory": product,
        "MeterSubcategory": product,
        "Product": f"{product} - {meter}",
        "ServiceName": service,
        "ServiceFamily": "AI + Machine Learning",
        "ChargeType": "Usage",
        "PricingModel": "OnDemand",
        "ResourceLocation": "",
        "ResourceType": "microsoft.cognitiveservices/accounts" if resource else "",
        "ResourceGroup": group,
        "ResourceGroupName": group,
        "SubscriptionId": subscription.id,
        "SubscriptionName": subscription.name,
        "PublisherType": "Microsoft",
        "UnitOfMeasure": "",
        "ReservationName": "",
    }


def _dimensions(meter: Meter, charge: Charge) -> dict[str, str]:
    """Newer models are billed without a meter id in some accounts."""
    account = charge.deployment.account
    nameless = meter.product.endswith("GPT5") and account.index % 3 == 0
    row = _plain(account.subscription, account.id.lower(), meter.product, meter.name, "Foundry Models")
    return row | {
        "ResourceGuid": "" if nameless else meter.meter_id(account.location),
        "ResourceLocation": account.location,
        "UnitOfMeasure": meter.unit,
    }


def _partner(charge: Charge) -> Iterator[Line]:
    account = charge.deployment.account
    if charge.deployment.format == "OpenAI":
        return
    product = f"Azure {charge.deployment.format.replace(' AI', '').capitalize()} Models"
    price = Decimal("0.00057") if charge.kind == "input" else Decimal("0.00168")
    word = "Inp" if charge.kind == "input" else "Outp"
    row = _plain(
        account.subscription,
        account.id.lower(),
        product,
        f"{charge.model} {word} glbl Tokens",
        "Foundry Models",
    )
    yield Line(
        charge.day,
        row | {"PublisherType": "Marketplace"},
        charge.quantity / 1000,
        charge.quantity / 1000 * price,
    )


def _storage(subscription: Subscription, day: date) -> Line:
    resource = f"/subscriptions/{subscription.id}/resourcegroups/rg-data/providers/microsoft.storage/storageaccounts/data"
    row = _plain(subscription, resource, "Standard HDD Managed Disks", "Hot LRS Data Stored", "Storage")
    return Line(
        day,
        row | {"ResourceType": "microsoft.storage/storageaccounts"},
        Decimal(3),
        Decimal("1.27"),
        whole=True,
    )
