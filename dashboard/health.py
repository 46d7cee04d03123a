"""What a probe may know without login: counts and ages. No money, no names, no addresses."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from collector.store import schema
from collector.store.errors import SchemaMismatch, clear_errors
from collector.store.lease_holders import STEPS, Held, held_leases
from collector.store.reads import overview
from collector.store.reads.alerts import letter_counts, oldest_waiting
from collector.store.reads.collection import last_runs, workers
from dashboard.store import open_store


@dataclass(frozen=True, slots=True)
class Reading:
    """One gauge; labels are words of ours (a task, a status), never names from Azure.

    Not `job`: Prometheus gives every figure that label, for the target that it came from.
    """

    name: str
    about: str
    labels: Mapping[str, str]
    value: float


def check(url: str) -> None:
    """Raises where the store does not answer or is of another revision."""
    found = schema.check(_engine(url))
    if found.status != "current":
        raise SchemaMismatch(f"The store is {found}.")


def gauges(url: str, now: datetime | None = None) -> list[Reading]:
    at = now or datetime.now(UTC)
    check(url)
    with clear_errors("the store"), _engine(url).connect() as connection:
        scopes = overview.scopes(connection)
        estate = overview.estate(connection)
        gaps = overview.gaps(connection)
        calls = overview.calls(connection, at - timedelta(days=1))
        runs = last_runs(connection)
        letters = letter_counts(connection)
        written_at = oldest_waiting(connection)
        processes = workers(connection, at - timedelta(hours=1))
    leases = {one.step: one for one in held_leases(_engine(url))}
    found = [
        Reading("aoai_store_up", "Whether the store answers at this program's revision", {}, 1),
        Reading("aoai_subscriptions", "Subscriptions with living accounts", {}, estate.subscriptions),
        Reading("aoai_accounts", "Living accounts", {}, estate.accounts),
        Reading("aoai_deployments", "Living deployments", {}, estate.deployments),
        Reading("aoai_gaps", "Spans that stay unknown", {}, len(gaps)),
        Reading("aoai_calls_24h", "Calls of Azure in the last 24 hours", {}, calls.calls),
        Reading("aoai_collectors_1h", "Processes that began a run in the last hour", {}, processes),
        Reading("aoai_throttles_24h", "Calls that Azure throttled in the last 24 hours", {}, calls.throttles),
    ]
    for status, count in sorted({"waiting": 0, "given up": 0, **letters}.items()):
        found.append(Reading("aoai_letters", "Letters by what became of them", {"status": status}, count))
    found.append(
        Reading(
            "aoai_oldest_waiting_letter_age_seconds",
            "How long the oldest letter has waited to be sent; 0: none waits",
            {},
            0.0 if written_at is None else max(0.0, (at - written_at).total_seconds()),
        )
    )
    found += [_lease(step, leases.get(step), at) for step in STEPS]
    for job, run in sorted(runs.items()):
        age = (at - (run.finished_at or run.started_at)).total_seconds()
        about = "Seconds since the newest run of a task ended, or began if it still runs, by its outcome"
        found.append(
            Reading("aoai_last_run_age_seconds", about, {"task": job, "status": run.status}, max(0.0, age))
        )
    for (job, status), count in sorted(Counter((row.job, row.status) for row in scopes).items()):
        found.append(
            Reading(
                "aoai_scopes",
                "Scopes by task and outcome of the last attempt",
                {"task": job, "status": status},
                count,
            )
        )
    for job in sorted({row.job for row in scopes}):
        known = [row.through for row in scopes if row.job == job and row.through is not None]
        if known:
            age = (at - min(known)).total_seconds()
            found.append(
                Reading(
                    "aoai_oldest_scope_age_seconds",
                    "Age of the scope furthest behind",
                    {"task": job},
                    max(0.0, age),
                )
            )
    return found


def _lease(step: str, held: Held | None, at: datetime) -> Reading:
    """No name of a host: `aoai-monitor status` says whose mark it is."""
    since = None if held is None else held.since
    return Reading(
        "aoai_lease_held_seconds",
        "How long the holder has held the lease of a task; 0 and no holder: nobody does it now",
        {"task": step, "holder": "" if held is None else held.mark},
        0.0 if since is None else max(0.0, (at - since).total_seconds()),
    )


@lru_cache(maxsize=4)
def _engine(url: str) -> Any:
    return open_store(url)
