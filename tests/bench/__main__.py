"""`make bench`: every budget of docs/performance.md as figures and ratios of this run. `--only NAME`, `--quick`."""

import argparse
import importlib
import logging
import sys

import structlog

from tests.bench.measure import Table, machine
from tests.bench.stores import engines

# Those that do the same on both engines are asked on each.
ON_EACH = ("collect", "screens", "derive", "alerts", "room", "reports", "growth")
ONCE = ("cycle", "demo", "exports")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=[*ON_EACH, *ONCE], help="may be given several times"
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the size: to see that it runs")
    parser.add_argument("--engine", choices=engines(), help="one engine instead of all that are here")
    parser.add_argument("--strict", action="store_true", help="exit 1 where a budget is not met")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    print(f"Machine: {machine()}\n", flush=True)
    tables: list[Table] = []
    for name in given.only or [*ON_EACH, *ONCE]:
        bench = importlib.import_module(f"tests.bench.{name}").bench
        runs = (
            [[engine] for engine in ([given.engine] if given.engine else engines())]
            if name in ON_EACH
            else [[]]
        )
        for arguments in runs:
            tables.append(bench(*arguments, quick=given.quick))
            print(tables[-1], end="\n\n", flush=True)
    missed = [line.what for table in tables for line in table.lines if line.met is False]
    print(f"Budgets not met: {', '.join(missed) or 'none'}")
    return 1 if missed and given.strict else 0


if __name__ == "__main__":
    sys.exit(main())
