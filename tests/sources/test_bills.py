"""The bill: columns by name, two groupings at most, both views in one line, meters that have no id."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from collector.domain.bills import BY_QUERY, BillLine
from collector.domain.types import NeedsHuman, TryLater
from collector.sources import AzureSources
from tests.sources.loopback import Asked, Loopback, Reply
from tests.sources.worlds import SUBSCRIPTION, an_account

QUERY = "POST .*/providers/Microsoft.CostManagement/query$"
DAY = date(2026, 11, 2)
ACCOUNT = an_account().arm_id.lower()

# kind, resource, guid, meter, charge type, quantity, cost
Row = tuple[str, str, str, str, str, float, float]
ROWS: tuple[Row, ...] = (
    ("ActualCost", ACCOUNT, "AAA", "gpt 4o inp", "Usage", 10.0, 1.5),
    ("AmortizedCost", ACCOUNT, "AAA", "gpt 4o inp", "Usage", 10.0, 1.5),
    ("ActualCost", ACCOUNT, "", "5 mini inp", "Usage", 4.0, 0.25),
    ("AmortizedCost", ACCOUNT, "", "5 mini inp", "Usage", 4.0, 0.25),
    ("ActualCost", ACCOUNT, "", "5 mini opt", "Usage", 2.0, 0.5),
    ("AmortizedCost", ACCOUNT, "", "5 mini opt", "Usage", 2.0, 0.5),
    ("ActualCost", ACCOUNT, "PTU", "PTU global", "Usage", 24.0, 0.0),
    ("AmortizedCost", ACCOUNT, "PTU", "PTU global", "Usage", 24.0, 8.0),
    ("ActualCost", "", "RES", "PTU reservation", "Purchase", 60.0, 5000.0),
    ("AmortizedCost", "", "PTU", "PTU global", "UnusedReservation", 6.0, 2.0),
    ("ActualCost", ACCOUNT, "AAA", "gpt 4o inp", "Refund", 1.0, -0.75),
    (
        "ActualCost",
        ACCOUNT.replace("cognitiveservices/accounts", "search/searchservices"),
        "S",
        "S1",
        "Usage",
        1,
        9.0,
    ),
)
_NAMES = {"ResourceId": 1, "ResourceGuid": 2, "Meter": 3, "ChargeType": 4}


def _group(row: Row, name: str) -> str:
    if name == "ReservationName":
        return "ptu-global" if row[_NAMES["ResourceGuid"]] in ("PTU", "RES") else ""
    return str(row[_NAMES[name]])


def cost_management(rows: Sequence[Row], page: int = 1000, currency: str = "EUR") -> Any:
    """Groups as asked, columns in an order of its own, `page` rows at a time."""

    def answer(asked: Asked) -> Reply:
        dataset = asked.body["dataset"]
        groups = [group["name"] for group in dataset.get("grouping", ())]
        assert len(groups) <= 2
        wanted = [
            inner["dimensions"]["values"]
            for inner in dataset.get("filter", {}).get("and", ())
            if inner.get("dimensions", {}).get("name") == "ChargeType"
        ]
        sums: dict[tuple[Any, ...], list[float]] = {}
        for row in rows:
            if row[0] == asked.body["type"] and (not wanted or row[4] in wanted[0]):
                key = tuple(_group(row, name) for name in groups)
                total = sums.setdefault(key, [0.0, 0.0])
                total[0] += row[5]
                total[1] += row[6]
        daily = dataset["granularity"] == "Daily"
        columns = ["Currency", *groups, *(["UsageDate"] if daily else []), "UsageQuantity", "Cost"]
        listed = [[currency, *key, *([20261102] if daily else []), *total] for key, total in sums.items()]
        skip = int(asked.query.get("$skiptoken", 0))
        link = f"{asked.path}?api-version=2025-03-01&$skiptoken={skip + page}"
        return Reply(
            {
                "properties": {
                    "columns": [{"name": name, "type": "String"} for name in columns],
                    "rows": listed[skip : skip + page],
                    "nextLink": f"http://{asked.headers['host']}{link}"
                    if skip + page < len(listed)
                    else None,
                }
            }
        )

    return answer


def a_line(**changes: Any) -> BillLine:
    given: dict[str, Any] = {
        "scope": f"/subscriptions/{SUBSCRIPTION}",
        "account_arm_id": ACCOUNT,
        "day": DAY,
        "charge_type": "Usage",
        "currency": "EUR",
    }
    return BillLine(**given | changes)


EXPECTED = {
    a_line(
        meter_id="aaa",
        meter="gpt 4o inp",
        quantity=Decimal(10),
        actual=Decimal("1.5"),
        amortised=Decimal("1.5"),
    ),
    a_line(
        meter_id="",
        meter="5 mini inp",
        quantity=Decimal(4),
        actual=Decimal("0.25"),
        amortised=Decimal("0.25"),
    ),
    a_line(
        meter_id="", meter="5 mini opt", quantity=Decimal(2), actual=Decimal("0.5"), amortised=Decimal("0.5")
    ),
    a_line(meter_id="ptu", meter="PTU global", quantity=Decimal(24), actual=Decimal(0), amortised=Decimal(8)),
    a_line(
        account_arm_id=None,
        meter_id="res",
        meter="PTU reservation",
        charge_type="Purchase",
        quantity=Decimal(60),
        actual=Decimal(5000),
        amortised=None,
    ),
    a_line(
        account_arm_id=None,
        meter_id="ptu",
        meter="PTU global",
        charge_type="UnusedReservation",
        quantity=Decimal(6),
        actual=None,
        amortised=Decimal(2),
    ),
    a_line(
        meter_id="aaa",
        meter="gpt 4o inp",
        charge_type="Refund",
        quantity=Decimal(1),
        actual=Decimal("-0.75"),
        amortised=None,
    ),
}


def bill(sources: AzureSources, first: date, last: date) -> list[BillLine]:
    (read,) = sources.bills.read(SUBSCRIPTION, first, last)
    assert (first, last, BY_QUERY) == (read.first, read.last, read.source)
    return list(read.lines)


@pytest.mark.parametrize("page", [1, 2, 1000])
def test_lines_have_both_views_their_meter_and_their_charge_type(
    azure: Loopback, sources: AzureSources, page: int
) -> None:
    azure.on(QUERY, cost_management(ROWS, page))
    found = bill(sources, DAY, DAY)
    assert len(EXPECTED) == len(found)
    assert EXPECTED == set(found)


def test_what_reservations_covered_and_left_is_told_by_their_name(
    azure: Loopback, sources: AzureSources
) -> None:
    azure.on(QUERY, cost_management(ROWS))

    (read,) = sources.bills.read(SUBSCRIPTION, DAY, DAY)

    assert {
        ("ptu-global", "ptu", "PTU global", "Usage", Decimal(24), Decimal(8)),
        ("ptu-global", "ptu", "PTU global", "UnusedReservation", Decimal(6), Decimal(2)),
    } == {
        (one.name, one.meter_id, one.meter, one.charge_type, one.quantity, one.amortised)
        for one in read.reserved
    }


def test_a_bill_stands_where_reservations_cannot_be_told_apart(
    azure: Loopback, sources: AzureSources
) -> None:
    whole = cost_management(ROWS)

    def refusing(asked: Asked) -> Reply:
        groups = {group["name"] for group in asked.body["dataset"].get("grouping", ())}
        if "ReservationName" in groups:
            return Reply({"error": {"code": "BadRequest", "message": "Invalid dimension"}}, 400)
        return whole(asked)

    azure.on(QUERY, refusing)

    assert EXPECTED == set(bill(sources, DAY, DAY))


def test_the_period_holds_both_days(azure: Loopback, sources: AzureSources) -> None:
    azure.on(QUERY, cost_management(()))
    bill(sources, date(2026, 10, 1), date(2026, 10, 31))
    assert {"from": "2026-10-01T00:00:00+00:00", "to": "2026-10-31T23:59:59+00:00"} == azure.asked[0].body[
        "timePeriod"
    ]


def test_no_bill_is_an_empty_list(azure: Loopback, sources: AzureSources) -> None:
    azure.on(QUERY, Reply(b"", 204))
    assert [] == bill(sources, DAY, DAY)
    assert sources.bills.billing_currency(SUBSCRIPTION) is None


def test_the_billing_currency_is_read_from_the_bill(azure: Loopback, sources: AzureSources) -> None:
    azure.on(QUERY, cost_management(ROWS))
    assert "EUR" == sources.bills.billing_currency(SUBSCRIPTION)


def test_a_bill_without_a_currency_is_no_bill(azure: Loopback, sources: AzureSources) -> None:
    azure.on(QUERY, cost_management(ROWS, currency=""))
    with pytest.raises(TryLater, match="a bill row without a currency"):
        bill(sources, DAY, DAY)


def test_a_refused_bill_names_its_role(azure: Loopback, sources: AzureSources) -> None:
    azure.on(QUERY, Reply({"error": {"code": "RBACAccessDenied", "message": "no"}}, 401))
    with pytest.raises(NeedsHuman, match="401 RBACAccessDenied") as raised:
        bill(sources, DAY, DAY)
    assert '--role "Cost Management Reader"' in (raised.value.grant or "")


def test_the_documents_own_answer_is_read(azure: Loopback, sources: AzureSources, recorded: Any) -> None:
    import json

    said = json.loads((recorded / "azure/examples/cost-query-daily-by-resourcegroup.json").read_text())
    body = said["responses"]["200"]["body"]
    body["properties"]["nextLink"] = None
    azure.on(QUERY, Reply(body))
    assert "USD" == sources.bills.billing_currency(SUBSCRIPTION)
