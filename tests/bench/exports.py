"""An export of the bill, read beside parsing the same bytes and nothing else, each in a process of its own."""

import csv
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import pyarrow.csv as pacsv

from collector.folders import folder
from collector.sources.exports import ExportedBills
from tests.bench.measure import Table, memory, peak_memory, processor_seconds, ratio
from tests.sources.exports import a_row
from tests.sources.worlds import SUBSCRIPTION

_ROWS = 600_000
_OURS_EVERY = 10
_NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))
_SPENT = "spent"


def bench(*, quick: bool = False) -> Table:
    part = 10 if quick else 1
    table = Table("Reading an export of the bill")
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        small, large = _export(place / "small", _ROWS // 100 // part), _export(place / "large", _ROWS // part)
        floor, _ = _apart("floor", large)
        read, grown = _apart("read", large)
        _, least = _apart("read", small)
        table.add(
            f"an export of {large.stat().st_size / 2**20:,.0f} MiB, a tenth of it ours",
            f"{read:.1f} s of processor, {ratio(read, floor):.1f} × parsing it",
        )
        table.add("memory above that of an export a hundred times smaller", f"{grown - least:,.0f} MiB")
    return table


def _apart(what: str, path: Path) -> tuple[float, float]:
    """Processor seconds, and MiB above what the process had at its start."""
    command = [sys.executable, "-m", "tests.bench.exports", what, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    _, seconds, grown = done.stdout.splitlines()[-1].split()
    return float(seconds), float(grown)


def _export(place: Path, rows: int) -> Path:
    place.mkdir()
    ours = [a_row(date(2026, 11, day)) for day in range(1, 29)]
    machine = (
        f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg/providers/microsoft.compute/virtualmachines/vm"
    )
    other = {"ServiceName": "Virtual Machines", "x_SkuMeterCategory": "Virtual Machines"}
    others = [
        {
            **row,
            **other,
            "ResourceId": machine,
            "x_SkuMeterSubcategory": "Dsv5",
            "Tags": f'{{"o":"{"x" * 600}"}}',
        }
        for row in ours
    ]
    path = place / "november.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(ours[0]))
        writer.writeheader()
        for at in range(rows):
            writer.writerow(others[at % 28] if at % _OURS_EVERY else ours[at % 28])
    return path


def _floor(path: Path) -> None:
    options, parsing = pacsv.ReadOptions(block_size=1 << 20), pacsv.ParseOptions(newlines_in_values=True)
    with pacsv.open_csv(str(path), options, parsing) as reader:
        for _ in reader:
            pass


def _alone(what: str, path: Path) -> None:
    start, before = processor_seconds(), memory()
    if what == "floor":
        _floor(path)
    else:
        ExportedBills(folder(str(path.parent))).read(SUBSCRIPTION, *_NOVEMBER)
    print(_SPENT, processor_seconds() - start, peak_memory() - before)


if __name__ == "__main__":
    _alone(sys.argv[1], Path(sys.argv[2]))
