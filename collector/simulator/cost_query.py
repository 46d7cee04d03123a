"""The Cost Management query: two groupings at most, columns in an order of their own, pages."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from collector.simulator.asked import Refused, instant
from collector.simulator.bills import Bills, billed_share
from collector.simulator.estate import Subscription
from collector.simulator.prices import RATES

_COLUMNS = {
    "ResourceId",
    "ResourceGuid",
    "Meter",
    "MeterCategory",
    "MeterSubCategory",
    "MeterSubcategory",
    "ServiceName",
    "ServiceFamily",
    "ChargeType",
    "PricingModel",
    "ResourceLocation",
    "ResourceType",
    "ResourceGroup",
    "ResourceGroupName",
    "SubscriptionId",
    "SubscriptionName",
    "PublisherType",
    "UnitOfMeasure",
    "ReservationName",
    "BillingMonth",
    "Product",
}


def answer(
    bills: Bills, subscription: Subscription, body: Mapping[str, Any], now: datetime, skip: int, page: int
) -> tuple[list[dict[str, str]], list[list[Any]], bool]:
    """(columns, rows of this page, whether there are more)."""
    kind = str(body.get("type", ""))
    if kind not in ("ActualCost", "AmortizedCost", "Usage"):
        raise Refused(400, "BadRequest", f"Invalid query definition: type '{kind}' is not supported.")
    dataset: Mapping[str, Any] = body.get("dataset") or {}
    groups = [str(g["name"]) for g in dataset.get("grouping", ())]
    if len(groups) > 2:
        raise Refused(400, "BadRequest", "Invalid query definition: Query can have at most 2 grouping(s).")
    unknown = [g for g in groups if g not in _COLUMNS]
    if unknown:
        raise Refused(
            400, "BadRequest", f"Invalid query definition: Dimension '{unknown[0]}' is not supported."
        )
    measures = [str(m["name"]) for m in (dataset.get("aggregation") or {}).values()] or ["Cost"]
    if len(measures) > 2:
        raise Refused(
            400, "BadRequest", "Invalid query definition: Dataset can have at most 2 aggregation(s)."
        )
    first, last = _period(body, now)
    daily = str(dataset.get("granularity", "None")).lower() == "daily"
    keep = _keeper(dataset.get("filter"))
    sums: dict[tuple[Any, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    day = first
    while day <= last:
        share = billed_share(day, now)
        for line in bills.lines(subscription, day, kind if kind != "Usage" else "ActualCost"):
            part = (Decimal(1) if share else Decimal(0)) if line.whole else share
            if part and keep(line.dimensions):
                key = (
                    *(line.dimensions.get(g, "") for g in groups),
                    *((int(day.strftime("%Y%m%d")),) if daily else ()),
                )
                sums[key][0] += line.quantity * part
                sums[key][1] += line.cost * part
        day += timedelta(days=1)
    columns, order = _columns(measures, groups, daily)
    rows = [_arranged(order, measures, key, value, subscription) for key, value in sums.items()]
    return columns, rows[skip : skip + page], skip + page < len(rows)


def _columns(
    measures: Sequence[str], groups: Sequence[str], daily: bool
) -> tuple[list[dict[str, str]], list[int]]:
    """Columns come in an order of their own: turned by what was asked, so that only names can be trusted."""
    columns = [{"name": m, "type": "Number"} for m in measures]
    columns += [{"name": g, "type": "String"} for g in groups]
    columns += [{"name": "UsageDate", "type": "Number"}] if daily else []
    columns += [{"name": "Currency", "type": "String"}]
    turn = int(hashlib.sha256("|".join([*measures, *groups]).encode()).hexdigest()[:4], 16) % len(columns)
    order = [*range(turn, len(columns)), *range(turn)]
    return [columns[i] for i in order], order


def _arranged(
    order: Sequence[int],
    measures: Sequence[str],
    key: tuple[Any, ...],
    value: Sequence[Decimal],
    subscription: Subscription,
) -> list[Any]:
    in_usd = value[1] / RATES[subscription.currency]
    known = {"UsageQuantity": value[0], "Quantity": value[0], "CostUSD": in_usd, "PreTaxCostUSD": in_usd}
    row = [*(float(known.get(m, value[1])) for m in measures), *key, subscription.currency]
    return [row[i] for i in order]


def _period(body: Mapping[str, Any], now: datetime) -> tuple[date, date]:
    timeframe = str(body.get("timeframe", "MonthToDate"))
    today = now.date()
    if timeframe == "Custom":
        period = body.get("timePeriod") or {}
        if not period:
            raise Refused(400, "BadRequest", "Invalid query definition: timePeriod is missing.")
        first, last = instant(str(period["from"])).date(), instant(str(period["to"])).date()
        if (last - first).days > 366:
            raise Refused(
                400, "BadRequest", "Invalid query definition: the time period may span one year at most."
            )
        return first, min(last, today)
    if timeframe in ("MonthToDate", "BillingMonthToDate"):
        return today.replace(day=1), today
    if timeframe in ("TheLastMonth", "TheLastBillingMonth"):
        end = today.replace(day=1) - timedelta(days=1)
        return end.replace(day=1), end
    raise Refused(400, "BadRequest", f"Invalid query definition: timeframe '{timeframe}' is not supported.")


def _keeper(filter_: Mapping[str, Any] | None) -> Any:
    if not filter_:
        return lambda dims: True
    for word, how in (("and", all), ("or", any)):
        if word in filter_:
            inner = [_keeper(part) for part in filter_[word]]
            return lambda dims: how(test(dims) for test in inner)
    if "not" in filter_:
        refused = _keeper(filter_["not"])
        return lambda dims: not refused(dims)
    test = filter_.get("dimensions") or filter_.get("dimension")
    if not test or test.get("name") not in _COLUMNS:
        raise Refused(
            400, "BadRequest", f"Invalid query definition: filter {dict(filter_)} is not supported."
        )
    name, values = test["name"], {str(v).casefold() for v in test["values"]}
    return lambda dims: dims.get(name, "").casefold() in values
