"""Bills from exports: every day from the newest run that is whole, and what cannot be read named and left alone."""

import gzip
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import fsspec
import pytest
from pyarrow import ArrowException

from collector.domain.bills import Biller, BillLine, BillRead, ReservedLine
from collector.domain.types import Misconfigured, NeedsHuman, TryLater
from collector.folders import folder
from collector.sources.exports import ExportedBills
from tests.sources.exports import ACCOUNT, BILLING_ACCOUNT, RESERVATION, Row, a_row, write_part, write_run
from tests.sources.worlds import SUBSCRIPTION

SCOPE = f"/subscriptions/{SUBSCRIPTION}"
OTHER = "00000000-0000-0000-0000-000000000002"
FIRST, SECOND, THIRD = (date(2026, 11, day) for day in (1, 2, 3))
MONTH = (date(2026, 11, 1), date(2026, 11, 30))
LINE = BillLine(
    SCOPE,
    ACCOUNT,
    FIRST,
    "aaaa-bbbb",
    "gpt 4o Inp glbl Tokens",
    "Usage",
    Decimal(10),
    Decimal("1.5"),
    Decimal("1.5"),
    "EUR",
)


def read(place: Path | str, subscription: str = SUBSCRIPTION) -> list[BillRead]:
    return ExportedBills(folder(str(place))).read(subscription, *MONTH)


def lines(place: Path | str) -> list[BillLine]:
    return [line for span in read(place) for line in span.lines]


def costs(place: Path) -> dict[date, Decimal | None]:
    return {line.day: line.actual for line in lines(place)}


def fault(place: Path) -> TryLater | NeedsHuman | None:
    (found,) = ExportedBills(folder(str(place))).faults(*MONTH).values()
    return found


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
@pytest.mark.parametrize("version", ["1.0", "1.2-preview"])
def test_a_row_is_the_line_that_the_query_would_give(tmp_path: Path, form: str, version: str) -> None:
    write_run(
        tmp_path,
        "run",
        [a_row(FIRST, version=version)],
        (FIRST, SECOND),
        "2026-11-02T06:00:00.1234567Z",
        form=form,
    )

    (span,) = read(tmp_path)

    assert (FIRST, SECOND, (LINE,), ()) == (span.first, span.last, span.lines, span.reserved)
    assert span.source.startswith("focus of ")


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        pytest.param(
            {
                "ChargeCategory": "Purchase",
                "EffectiveCost": "0",
                "CommitmentDiscountId": RESERVATION,
                "ResourceId": RESERVATION.lower(),
                "ServiceName": "",
            },
            {
                "account_arm_id": None,
                "charge_type": "Purchase",
                "amortised": None,
                "commitment": RESERVATION.lower(),
            },
            id="a payment ahead is spread",
        ),
        pytest.param(
            {
                "BilledCost": "0",
                "CommitmentDiscountId": RESERVATION,
                "CommitmentDiscountStatus": "Unused",
                "ResourceId": "",
            },
            {
                "account_arm_id": None,
                "charge_type": "UnusedReservation",
                "actual": Decimal(0),
                "commitment": RESERVATION.lower(),
            },
            id="unused commitment",
        ),
        pytest.param(
            {"BilledCost": "0", "CommitmentDiscountId": RESERVATION, "CommitmentDiscountStatus": "Used"},
            {"actual": Decimal(0), "commitment": RESERVATION.lower()},
            id="covered use stays use",
        ),
        pytest.param(
            {
                "ChargeCategory": "Purchase",
                "ChargeClass": "Correction",
                "BilledCost": "-2",
                "EffectiveCost": "-2",
            },
            {"charge_type": "Refund", "actual": Decimal(-2), "amortised": Decimal(-2)},
            id="refund",
        ),
        pytest.param(
            {"ChargeCategory": "Credit", "ResourceId": "", "ServiceName": "", "x_SkuMeterCategory": "-2"},
            {"account_arm_id": None, "charge_type": "Credit"},
            id="credit known by its product",
        ),
        pytest.param(
            {"PricingQuantity": "", "ConsumedQuantity": "10000", "x_PricingBlockSize": "1000"},
            {},
            id="quantity by blocks",
        ),
    ],
)
def test_charges_are_told_in_the_words_of_the_query(
    tmp_path: Path, columns: Row, expected: dict[str, object]
) -> None:
    write_run(tmp_path, "run", [a_row(FIRST, **columns)], (FIRST, FIRST), "2026-11-02T06:00:00Z")

    assert [replace(LINE, **expected)] == lines(tmp_path)


def test_what_a_reservation_covered_and_left_is_told_beside_the_lines(tmp_path: Path) -> None:
    covered = {"BilledCost": "0", "CommitmentDiscountId": RESERVATION, "CommitmentDiscountName": "ptu"}
    rows = [a_row(FIRST, CommitmentDiscountStatus="Used", **covered)] * 2
    rows += [a_row(FIRST, CommitmentDiscountStatus="Unused", ResourceId="", **covered)]
    write_run(tmp_path, "run", rows, (FIRST, FIRST), "2026-11-02T06:00:00Z")

    (span,) = read(tmp_path)

    used = ReservedLine(
        SCOPE,
        RESERVATION.lower(),
        "ptu",
        FIRST,
        "aaaa-bbbb",
        LINE.meter,
        "Usage",
        Decimal(20),
        Decimal(0),
        Decimal("3.0"),
        "EUR",
    )
    unused = replace(used, charge_type="UnusedReservation", quantity=Decimal(10), amortised=Decimal("1.5"))
    assert {used, unused} == set(span.reserved)


def test_lines_of_two_invoices_and_of_a_commitment_stand_apart(tmp_path: Path) -> None:
    covered = {"BilledCost": "0", "CommitmentDiscountId": RESERVATION, "CommitmentDiscountStatus": "Used"}
    rows = [
        a_row(FIRST, "1", InvoiceId="G1"),
        a_row(FIRST, "2", InvoiceId="G2"),
        a_row(FIRST, "4", InvoiceId="G2"),
        a_row(FIRST, "8", InvoiceId="", x_InvoiceId="G3"),  # as 1.0 calls it
        a_row(FIRST, "16", InvoiceId="-2"),
        a_row(FIRST, "32", InvoiceId="G1", **covered),
    ]
    write_run(tmp_path, "run", rows, (FIRST, FIRST), "2026-11-02T06:00:00Z")

    assert {
        ("G1", "", Decimal(1)),
        ("G2", "", Decimal(6)),
        ("G3", "", Decimal(8)),
        ("", "", Decimal(16)),
        ("G1", RESERVATION.lower(), Decimal(0)),
    } == {(one.invoice, one.commitment, one.actual) for one in lines(tmp_path)}


def test_who_bills_an_invoice_is_told_where_its_rows_agree(tmp_path: Path) -> None:
    billed = {
        "BillingAccountId": BILLING_ACCOUNT,
        "BillingAccountName": "Contoso",
        "BillingAccountType": "Billing Profile",
        "InvoiceIssuerName": "Microsoft",
    }
    rows = [
        a_row(FIRST, InvoiceId="G1", **billed),
        a_row(SECOND, InvoiceId="G1", **billed | {"BillingAccountName": "Contoso Ltd"}),
        a_row(SECOND, InvoiceId="G2", **billed | {"InvoiceIssuerName": "A partner"}),
        a_row(SECOND, InvoiceId="G2", ResourceId="/subscriptions/x/machine", **billed),
    ]
    write_run(tmp_path, "run", rows, (FIRST, SECOND), "2026-11-03T06:00:00Z")

    (span,) = read(tmp_path)

    assert {
        Biller(FIRST, "G1", BILLING_ACCOUNT, None, "Billing Profile", "Microsoft"),
        Biller(FIRST, "G2", BILLING_ACCOUNT, "Contoso", "Billing Profile", "A partner"),
    } == set(span.billers)


def test_other_services_and_other_resources_are_left_out(tmp_path: Path) -> None:
    elsewhere = ACCOUNT.replace("cognitiveservices/accounts", "search/searchservices")
    rows = [
        a_row(FIRST),
        a_row(FIRST, ResourceId=elsewhere),
        a_row(FIRST, ResourceId="", ServiceName="Virtual Machines", x_SkuMeterCategory="Virtual Machines")
        | {"x_SkuMeterSubcategory": "Dsv5"},
    ]
    write_run(tmp_path, "run", rows, (FIRST, FIRST), "2026-11-02T06:00:00Z")

    assert [LINE] == lines(tmp_path)


def test_the_newest_run_of_a_day_has_the_word_and_older_ones_the_days_it_lacks(tmp_path: Path) -> None:
    older = [a_row(day, "1") for day in (FIRST, SECOND, THIRD)]
    write_run(tmp_path, "older", older, (FIRST, THIRD), "2026-11-03T06:00:00Z", parts=3)
    write_run(
        tmp_path, "newer", [a_row(FIRST, "7"), a_row(SECOND, "7")], (FIRST, SECOND), "2026-11-04T06:00:00Z"
    )

    assert {FIRST: Decimal(7), SECOND: Decimal(7), THIRD: Decimal(1)} == costs(tmp_path)
    assert [(FIRST, SECOND), (THIRD, THIRD)] == [(one.first, one.last) for one in read(tmp_path)]


def test_the_first_of_a_month_is_never_billed_on_the_last_of_the_one_before(tmp_path: Path) -> None:
    """An export of chosen days ends on its last day, one of a month on the first of the next; both say it alike."""
    last, first = date(2026, 11, 30), date(2026, 12, 1)
    november, december = (
        {"BillingPeriodEnd": "2026-12-01T00:00:00Z"},
        {"BillingPeriodEnd": "2027-01-01T00:00:00Z"},
    )
    rows = [a_row(last, "1", **november), a_row(first, "2", **december), a_row(first, "4", **november)]
    write_run(tmp_path, "run", rows, (SECOND, first), "2026-12-02T06:00:00Z")

    assert {last: Decimal(5)} == costs_added(tmp_path)


def costs_added(place: Path) -> dict[date, Decimal]:
    """Charges of one day added up: what December's first day was billed ahead stands on November's bill."""
    found: dict[date, Decimal] = {}
    for line in lines(place):
        found[line.day] = found.get(line.day, Decimal(0)) + (line.actual or Decimal(0))
    return found


def test_days_that_no_run_holds_are_not_known(tmp_path: Path) -> None:
    write_run(tmp_path, "run", [a_row(SECOND)], (SECOND, SECOND), "2026-11-03T06:00:00Z")

    assert [(SECOND, SECOND)] == [(one.first, one.last) for one in read(tmp_path)]


def lose_a_part(place: Path) -> None:
    (place / "part_1_0001.csv").unlink()


def cut_a_part(place: Path) -> None:
    path = place / "part_0_0001.csv"
    path.write_bytes(path.read_bytes()[:-40])


def cut_a_part_unseen(place: Path) -> None:
    """With a manifest that counts rows and no bytes."""
    manifest = json.loads((place / "manifest.json").read_text())
    for blob in manifest["blobs"]:
        del blob["byteCount"]
        blob["dataRowCount"] += 1
    (place / "manifest.json").write_text(json.dumps(manifest))


def cut_the_manifest(place: Path) -> None:
    path = place / "manifest.json"
    path.write_text(path.read_text()[:-30])


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        pytest.param(
            lose_a_part, "part_1_0001.csv is in the manifest and not in the folder", id="a part is missing"
        ),
        pytest.param(cut_a_part, r"part_0_0001.csv: .* bytes where the manifest says", id="a part is cut"),
        pytest.param(cut_a_part_unseen, "rows where the manifest says", id="rows are missing"),
        pytest.param(cut_the_manifest, "manifest.json: no manifest of an export", id="the manifest is cut"),
    ],
)
def test_a_half_written_run_is_named_and_the_run_before_it_stands(
    tmp_path: Path, spoil: Callable[[Path], None], why: str
) -> None:
    days = (FIRST, SECOND)
    write_run(tmp_path, "older", [a_row(FIRST, "1"), a_row(SECOND, "1")], days, "2026-11-03T06:00:00Z")
    newer = write_run(
        tmp_path, "newer", [a_row(FIRST, "7"), a_row(SECOND, "7")], days, "2026-11-04T06:00:00Z", parts=2
    )
    spoil(newer)

    exports = ExportedBills(folder(str(tmp_path)))
    told = [error for error in exports.faults(*MONTH).values() if error is not None]
    assert {FIRST: Decimal(1), SECOND: Decimal(1)} == costs(tmp_path)
    assert 1 == len(told)
    assert isinstance(told[0], TryLater)
    with pytest.raises(TryLater, match=why):
        raise told[0]


def test_a_half_written_run_that_a_newer_one_replaced_is_no_worry(tmp_path: Path) -> None:
    days = (FIRST, FIRST)
    lose_a_part(write_run(tmp_path, "half", [a_row(FIRST)] * 2, days, "2026-11-03T06:00:00Z", parts=2))
    write_run(tmp_path, "whole", [a_row(FIRST, "7")], days, "2026-11-04T06:00:00Z")

    assert fault(tmp_path) is None
    assert {FIRST: Decimal(7)} == costs(tmp_path)


@pytest.mark.parametrize("column", ["BilledCost", "SubAccountId", "ChargePeriodStart", "BillingCurrency"])
def test_a_file_that_lacks_a_column_is_named_with_it(tmp_path: Path, column: str) -> None:
    row = a_row(FIRST)
    del row[column]
    write_run(tmp_path, "run", [row], (FIRST, FIRST), "2026-11-03T06:00:00Z")

    error = fault(tmp_path)
    assert isinstance(error, NeedsHuman)
    assert "part_0_0001.csv" in str(error)
    assert f"no column {column}; expected an export of cost and usage details (FOCUS)" in str(error)


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("BilledCost", "1,5", "BilledCost='1,5': expected a number"),
        ("EffectiveCost", "", "a row without BilledCost or EffectiveCost"),
        ("EffectiveCost", "NaN", "expected a finite number"),
        ("BillingCurrency", "", "a row without BillingCurrency"),
        ("ChargePeriodStart", "yesterday", "expected an instant"),
    ],
)
def test_a_row_that_cannot_be_read_names_the_file_and_the_value(
    tmp_path: Path, column: str, value: str, why: str
) -> None:
    write_run(tmp_path, "run", [a_row(FIRST, **{column: value})], (FIRST, FIRST), "2026-11-03T06:00:00Z")

    error = fault(tmp_path)
    assert isinstance(error, NeedsHuman)
    assert "part_0_0001.csv: " in str(error)
    assert why in str(error)


def test_a_correction_of_an_earlier_month_counts_on_the_first_day_of_its_run(tmp_path: Path) -> None:
    rows = [a_row(FIRST, "5"), a_row(date(2026, 10, 20), "-1")]
    write_run(tmp_path, "run", rows, (FIRST, SECOND), "2026-11-03T06:00:00Z")

    assert {FIRST} == {line.day for line in lines(tmp_path)}
    assert Decimal(4) == sum(line.actual or 0 for line in lines(tmp_path))


def test_two_exports_of_one_subscription_are_not_added(tmp_path: Path) -> None:
    """Its own goes before that of its billing account, however new."""
    days = (FIRST, FIRST)
    write_run(tmp_path, "own", [a_row(FIRST, "2")], days, "2026-11-03T06:00:00Z", scope=SCOPE)
    write_run(tmp_path, "all", [a_row(FIRST, "9")], days, "2026-11-04T06:00:00Z")

    assert {FIRST: Decimal(2)} == costs(tmp_path)


def test_a_subscription_without_use_of_ours_has_an_empty_bill(tmp_path: Path) -> None:
    machine = a_row(FIRST, SubAccountId=f"/subscriptions/{OTHER}", ResourceId="/subscriptions/x/vm1")
    write_run(tmp_path, "run", [a_row(FIRST), machine], (FIRST, FIRST), "2026-11-03T06:00:00Z")
    exports = ExportedBills(folder(str(tmp_path)))

    assert {SUBSCRIPTION, OTHER} == exports.subscriptions(*MONTH)
    assert [()] == [span.lines for span in exports.read(OTHER, *MONTH)]


def test_an_export_of_a_resource_group_is_no_bill(tmp_path: Path) -> None:
    write_run(
        tmp_path,
        "run",
        [a_row(FIRST)],
        (FIRST, FIRST),
        "2026-11-03T06:00:00Z",
        scope=f"{SCOPE}/resourceGroups/rg",
    )

    with pytest.raises(NeedsHuman, match="a part of a subscription; expected one of a subscription"):
        raise fault(tmp_path) or AssertionError
    assert [] == read(tmp_path)


def test_another_dataset_in_the_folder_is_left_alone(tmp_path: Path) -> None:
    days = (FIRST, FIRST)
    write_run(tmp_path, "actual", [a_row(FIRST, "9")], days, "2026-11-04T06:00:00Z", dataset="ActualCost")
    write_run(tmp_path, "focus", [a_row(FIRST)], days, "2026-11-03T06:00:00Z")

    assert [LINE] == lines(tmp_path)
    assert fault(tmp_path) is None


def test_files_without_a_manifest_are_runs_by_themselves(tmp_path: Path) -> None:
    import os

    older = write_part(tmp_path / "november.csv", [a_row(FIRST, "1"), a_row(SECOND, "1")])
    newer = write_part(tmp_path / "november again.csv", [a_row(FIRST, "7"), a_row(THIRD, "7")])
    os.utime(older, (1_800_000_000, 1_800_000_000))
    os.utime(newer, (1_800_000_100, 1_800_000_100))

    assert {FIRST: Decimal(7), THIRD: Decimal(7)} == costs(tmp_path)


def test_partitions_without_a_manifest_are_parts_of_one_run(tmp_path: Path) -> None:
    for month, day in (("2026-10", date(2026, 10, 31)), ("2026-11", FIRST)):
        for part in range(2):
            write_part(tmp_path / f"BillingPeriod={month}" / f"part-{part}.parquet", [a_row(day, "2")])

    assert {FIRST: Decimal(4)} == costs(tmp_path)


def test_any_folder_that_fsspec_reaches_is_read() -> None:
    memory = fsspec.filesystem("memory")
    place = "/billing/focus"
    content = ",".join(a_row(FIRST)) + "\n" + ",".join(_quoted(a_row(FIRST).values())) + "\n"
    with memory.open(f"{place}/november.csv", "wb") as file:
        file.write(content.encode())

    assert [LINE] == lines(f"memory://{place}")


def _quoted(values: Iterable[object]) -> list[str]:
    return ['"' + str(value).replace('"', '""') + '"' for value in values]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("nowhere://bucket/focus", "nowhere://bucket/focus: .*expected a path, or a URL that fsspec knows"),
        ("/no/such/folder", "/no/such/folder: no such folder"),
        ("abfss://", "abfss://: .*expected a path, or a URL"),
    ],
)
def test_a_folder_that_cannot_be_is_named(said: str, why: str) -> None:
    with pytest.raises(Misconfigured, match=why):
        read(said)


class NobodySignsIn(fsspec.AbstractFileSystem):
    """Arrow's client of Azure storage, where there is no identity: neither an OSError nor a ValueError."""

    protocol = "shut"

    def exists(self, path: str, **kwargs: object) -> bool:
        raise ArrowException("Unknown error: Failed to get token from DefaultAzureCredential.")


@pytest.fixture
def shut() -> str:
    fsspec.register_implementation("shut", NobodySignsIn, clobber=True)
    return "shut://billing/focus"


def test_storage_that_nobody_is_signed_in_to_is_a_matter_of_time(shut: str) -> None:
    with pytest.raises(TryLater, match=f"{shut}: cannot be listed .*Failed to get token"):
        read(shut)


def test_the_currency_is_that_of_the_newest_run(tmp_path: Path) -> None:
    write_run(tmp_path, "older", [a_row(FIRST)], (FIRST, FIRST), "2026-11-03T06:00:00Z")
    write_run(
        tmp_path, "newer", [a_row(FIRST, BillingCurrency="SEK")], (FIRST, FIRST), "2026-11-04T06:00:00Z"
    )
    exports = ExportedBills(folder(str(tmp_path)))

    assert "SEK" == exports.currency(SUBSCRIPTION)
    assert exports.currency(OTHER) is None


@pytest.mark.parametrize("form", ["csv", "csv.gz"])
def test_a_large_file_that_breaks_off_in_its_middle_is_named_and_reading_ends(
    tmp_path: Path, form: str
) -> None:
    long = a_row(FIRST, Tags="x" * 5_000)
    place = write_run(tmp_path, "run", [long] * 2_000, (FIRST, FIRST), "2026-11-03T06:00:00Z", form=form)
    path = place / f"part_0_0001.{form}"
    packed = form.endswith("gz")
    content = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
    middle = content.index(b"\n", len(content) // 2) + 1
    broken = content[:middle] + b"one,too,few\r\n" + content[middle:]
    path.write_bytes(gzip.compress(broken) if packed else broken)
    manifest = json.loads((place / "manifest.json").read_text())
    manifest["blobs"][0]["byteCount"] = path.stat().st_size
    (place / "manifest.json").write_text(json.dumps(manifest))

    error = fault(tmp_path)
    assert isinstance(error, TryLater)
    assert f"part_0_0001.{form}: cannot be read to its end" in str(error)
