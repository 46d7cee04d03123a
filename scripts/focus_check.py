# ruff: noqa: S603  # every command run here is our own, Python's or the validator's
"""Check a FOCUS export with the public validator and read its report: it exits 0 whatever it finds.

The validator needs Python 3.12 and parts that do not fit beside ours, so it has an environment of its own,
`.focus-venv`. Without `--data` a small pretend estate is collected and exported first, twice: with its bill by Cost
Management's query, and with its bill from exports, which name invoices.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / ".focus-venv"
# 2.2.1 fails to import with newer pyarrow: it pins numpy below 2.
PACKAGES = ("focus-validator==2.2.1", "pyarrow<22")
MODEL = "1.2.0.1"
PATIENCE_SECONDS = 600
INVOICED = timedelta(days=35)  # Use is invoiced on the fifth of the next month.
# The model drops the condition of two rules that exclude each other, an invoice's id in every row or in none, so that one
# of them fails whatever is told; the rule that joins them, InvoiceId-C-003-C, has to pass.
WAYS = {
    "query": {
        "InvoiceId-C-005-C": "wants an invoice's id on every row, which Cost Management's query does not tell"
    },
    "exports": {
        "InvoiceId-C-004-C": "wants no invoice's id at all, and every row of an invoiced month has its own"
    },
}
ACCEPTED = {rule: why for rules in WAYS.values() for rule, why in rules.items()}


# A month is headed by its bill where that tells of all its days: what is invoiced has to lie inside the world.
DAYS = "70"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a FOCUS CSV (default: one of a pretend estate)")
    given = parser.parse_args()
    python = python_312()
    if python is None:
        say("focus-check: no Python 3.12 here (set AOAI_PYTHON312 to one); nothing was checked")
        return 3
    validator = installed(python)
    if given.data:
        return checked(validator, given.data.resolve(), str(given.data), ACCEPTED)
    failed = 0
    for way, accepted in WAYS.items():
        with tempfile.TemporaryDirectory(prefix="focus-check-") as scratch:
            data = exported(Path(scratch), way)
            failed |= checked(validator, data, f"bill by {way}", accepted)
    return failed


def checked(validator: Path, data: Path, what: str, accepted: Mapping[str, str]) -> int:
    """1 where a rule failed that is not accepted."""
    failures = failed_rules(validator, data)
    left = [line for line in failures if not any(line.startswith(f"- {rule}:") for rule in accepted)]
    for line in failures:
        say(line)
    for rule, why in accepted.items():
        say(f"  accepted: {rule} {why}")
    beside = len(failures) - len(left)
    say(f"focus-check: {what}: {len(left)} failed rules of FOCUS {MODEL} beside {beside} accepted")
    return 1 if left else 0


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def python_312() -> str | None:
    """A Python 3.12 that runs; a shim of pyenv needs to be told the version."""
    for named in (os.environ.get("AOAI_PYTHON312"), "python3.12"):
        found = shutil.which(named) if named else None
        if not found:
            continue
        for environment in (dict(os.environ), os.environ | {"PYENV_VERSION": "3.12.1"}):
            asked = [found, "-c", "import sys, venv; print(sys.executable)"]
            told = subprocess.run(asked, capture_output=True, text=True, check=False, env=environment)
            if told.returncode == 0:
                return told.stdout.strip()
    return None


def installed(python: str) -> Path:
    validator = PLACE / "bin" / "focus-validator"
    if not validator.exists():
        subprocess.run([python, "-m", "venv", "--clear", str(PLACE)], check=True)
        pip = [
            str(PLACE / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        subprocess.run([*pip, *PACKAGES], check=True)
    return validator


def exported(scratch: Path, way: str) -> Path:
    """The last months of a pretend estate, by our own commands; by exports the newest that is invoiced."""
    ours = [sys.executable, "-m", "collector"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AOAI_")}
    small = [
        "--once",
        "--directory",
        str(scratch),
        "--days",
        DAYS,
        "--accounts",
        "6",
        "--deployments",
        "20",
    ]
    small += ["--exports"] if way == "exports" else []
    subprocess.run([*ours, "demo", *small], check=True, env=clean, timeout=PATIENCE_SECONDS)
    path = scratch / "focus.csv"
    database = clean | {"AOAI_DATABASE_URL": f"sqlite:///{scratch / 'demo.db'}"}
    months = subprocess.run(
        [*ours, "report", "months"], check=True, env=database, capture_output=True, text=True
    ).stdout.split()
    span = ["--month", months[0], "--through", months[-1]]
    if way == "exports":
        span = ["--month", f"{datetime.now(UTC) - INVOICED:%Y-%m}"]
    export = [*ours, "report", "finance", *span, "--format", "focus-csv", "--out", str(path)]
    subprocess.run(export, check=True, env=database)
    return path


def failed_rules(validator: Path, data: Path) -> list[str]:
    """The validator looks for its own files in the working directory, so it runs where they are."""
    (site,) = PLACE.glob("lib/python3.12/site-packages")
    asked = [str(validator), "--data-file", str(data), "--validate-version", MODEL]
    asked += ["--focus-dataset", "CostAndUsage", "--block-download"]
    told = subprocess.run(
        asked, cwd=site, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )
    report = told.stdout + told.stderr
    if told.returncode or "Traceback" in report:
        raise SystemExit(f"focus-check: the validator did not run:\n{report[-2000:]}")
    failures = report.partition("--- Failures ---")[2]
    return sorted(set(re.findall(r"^- .*$", failures, re.MULTILINE)))


if __name__ == "__main__":
    sys.exit(main())
