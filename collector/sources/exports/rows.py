"""Reading FOCUS rows in bounded memory: batches of text columns, of which only Azure OpenAI's are kept.

Columns go by name, those of FOCUS 1.0 and of 1.2 as Azure writes them:
https://learn.microsoft.com/azure/cost-management-billing/dataset-schema/cost-usage-details-focus
"""

import csv
import gzip
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from collector.domain.types import NeedsHuman, TryLater
from collector.folders import Folder
from collector.sources.bill_lines import SERVICES
from collector.sources.exports.runs import Part

NEEDED: Final = (
    "BilledCost",
    "EffectiveCost",
    "BillingCurrency",
    "ChargeCategory",
    "ChargePeriodStart",
    "ResourceId",
    "SubAccountId",
)
# Names of one thing, the newest first; one of each has to be there.
EITHER: Final[Mapping[str, tuple[str, ...]]] = {
    "Meter": ("SkuMeter", "x_SkuMeterName"),
    "MeterId": ("x_SkuMeterId", "SkuMeter", "x_SkuMeterName"),
    "Quantity": ("PricingQuantity", "ConsumedQuantity"),
}
HELPFUL: Final = (
    "BillingAccountId",
    "BillingAccountName",
    "BillingAccountType",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeClass",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "ConsumedQuantity",
    "InvoiceId",
    "InvoiceIssuerName",
    "ServiceName",
    "x_AmortizationClass",
    "x_InvoiceId",
    "x_PricingBlockSize",
    "x_SkuMeterCategory",
    "x_SkuMeterId",
    "x_SkuMeterSubcategory",
)
EMPTY: Final = frozenset({"", "-2", "unassigned"})
"""What Cost Management writes where there is no value (FinOps toolkit, FOCUS conformance summary)."""

pc: Final[Any] = pyarrow.compute  # its functions are made at import, so no type checker knows them
_ACCOUNT: Final = "/providers/microsoft.cognitiveservices/accounts/"
_RESERVATION: Final = "/providers/microsoft.capacity/"
_BLOCK: Final = 1 << 20
_ROWS: Final = 20_000
_BROKEN: Final = (pa.ArrowException, OSError, EOFError, ValueError, zlib.error)

Row = Mapping[str, Any]


class Batch:
    """Some rows of a part: how many, what they span, and those that are ours."""

    __slots__ = ("table",)

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    @property
    def rows(self) -> int:
        return self.table.num_rows

    def texts(self, column: str) -> list[str]:
        """The different values of a column, of all rows."""
        if column not in self.table.column_names:
            return []
        return [one for one in pc.unique(self.table[column]).to_pylist() if one]

    def ours(self) -> list[Row]:
        """Rows of Cognitive Services accounts, and those of its services that belong to no resource."""
        return self.table.filter(_is_ours(self.table)).to_pylist()


def batches(folder: Folder, part: Part) -> Iterator[Batch]:
    """All of a part, some rows at a time. Raises `TryLater` for one that is cut off, `NeedsHuman` for one that is no FOCUS export."""
    path, count = part.file.path, 0
    try:
        for table in _tables(folder, path):
            count += table.num_rows
            yield Batch(table)
    except _BROKEN as error:
        raise TryLater(
            f"{path}: cannot be read to its end ({type(error).__name__}: {str(error)[:200]})"
        ) from error
    if part.rows is not None and count != part.rows:
        raise TryLater(f"{path}: {count:,} rows where the manifest says {part.rows:,}: half-written")


def _tables(folder: Folder, path: str) -> Iterator[pa.Table]:
    with folder.on_disk(path) as here:
        if path.lower().endswith(".parquet"):
            yield from _of_parquet(path, here)
        else:
            yield from _of_csv(path, here)


def _of_parquet(path: str, here: str) -> Iterator[pa.Table]:
    with pq.ParquetFile(here) as whole:
        names = _columns(path, whole.schema_arrow.names)
        for batch in whole.iter_batches(_ROWS, columns=list(names)):
            yield _as_text(pa.Table.from_batches([batch]), names)


def _of_csv(path: str, here: str) -> Iterator[pa.Table]:
    unzip = gzip.open if path.lower().endswith(".gz") else open
    with unzip(here, "rt", encoding="utf-8-sig", newline="") as file:
        names = _columns(path, next(csv.reader(file), []))
    texts = pacsv.ConvertOptions(
        include_columns=list(names), column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
    )
    options, parsing = pacsv.ReadOptions(block_size=_BLOCK), pacsv.ParseOptions(newlines_in_values=True)
    with pacsv.open_csv(here, options, parsing, texts) as reader:  # by its name it knows what is zipped
        for batch in reader:
            yield _as_text(pa.Table.from_batches([batch]), names)


def _columns(path: str, there: list[str]) -> dict[str, str]:
    """The file's names of the columns that are read, and ours for them. A file that lacks one is named with it."""
    known = {name.casefold(): name for name in there}
    missing = [name for name in NEEDED if name.casefold() not in known]
    missing += [
        " or ".join(names) for names in EITHER.values() if not any(name.casefold() in known for name in names)
    ]
    if missing:
        raise NeedsHuman(
            f"{path}: no column {', '.join(missing)}; expected an export of cost and usage details (FOCUS) 1.0 or 1.2"
        )
    wanted = {*NEEDED, *HELPFUL, *(name for names in EITHER.values() for name in names)}
    return {known[name.casefold()]: name for name in sorted(wanted) if name.casefold() in known}


def _as_text(table: pa.Table, names: Mapping[str, str]) -> pa.Table:
    """Every value as it is written; instants in ISO 8601. Text keeps a decimal exact."""
    columns = [pc.fill_null(_text(table[there]), "") for there in names]
    return pa.table(columns, names=list(names.values()))


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
    return column.cast(pa.string())


def _is_ours(table: pa.Table) -> pa.ChunkedArray:
    resource = pc.utf8_lower(table["ResourceId"])
    of_none = pc.or_(pc.is_in(resource, pa.array(sorted(EMPTY))), pc.match_substring(resource, _RESERVATION))
    return pc.or_(pc.match_substring(resource, _ACCOUNT), pc.and_(of_none, _is_our_service(table)))


def _is_our_service(table: pa.Table) -> Any:
    """By service, category or product; a purchase may leave the service out and name its product alone."""
    names = pa.array([name.casefold() for name in SERVICES])
    found: Any = pa.scalar(False)
    for column in ("ServiceName", "x_SkuMeterCategory", "x_SkuMeterSubcategory"):
        if column in table.column_names:
            said = pc.utf8_lower(table[column])
            found = pc.or_(found, pc.is_in(said, names))
            found = pc.or_(found, pc.starts_with(said, "azure openai"))
            found = pc.or_(found, pc.match_substring(said, "provisioned throughput"))
    return found
