"""A collector to be killed: a process that has imported everything, and forks a child for each life.

`python -m tests.crash.driver DATABASE_URL AZURE_URL` reads a line of JSON for each life and forks a child that works
until it is killed from outside, or kills itself at the moment that the line names:

`{"work": "cycle" | "unleased" | "backfill" | "upgrade", "cycles": 3 | null, "die": null | {"moment": …, "number": 3}}`

The line's answer is the child's process id, and another line when it is dead.
"""

import itertools
import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any
from urllib.request import urlopen

import structlog

from collector.domain.periods import DAY, Window, midnight
from collector.jobs.collect import collect
from collector.jobs.collecting.inventory import collect_inventory
from collector.jobs.collecting.metrics import collect_usage
from collector.jobs.collecting.quality import collect_api_use, collect_quality
from collector.jobs.context import Context
from collector.jobs.derive import derive
from collector.sources import open_sources
from collector.store import schema
from collector.store.engine import open_engine
from tests.crash.deaths import die_at
from tests.end_to_end.stage import LONG_BACKFILL, RULES, azure_settings


def main() -> None:
    database_url, azure_url = sys.argv[1:]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                live(database_url, azure_url, **json.loads(line))
            finally:
                sys.stderr.flush()
                os._exit(0)
        print(child, flush=True)
        os.waitpid(child, 0)
        print("dead", flush=True)


def live(
    database_url: str, azure_url: str, work: str, cycles: int | None, die: dict[str, Any] | None
) -> None:
    engine = open_engine(database_url)
    if die is not None:
        die_at(engine, **die)
    if work == "upgrade":
        schema.upgrade(engine)
        return
    with open_sources(azure_settings(azure_url)) as sources:
        context = Context(engine, sources, lambda: world_now(azure_url), LONG_BACKFILL)
        for number in itertools.count() if cycles is None else range(cycles):
            if work == "unleased":
                for part in (collect_inventory, collect_usage, collect_api_use, collect_quality):
                    part(context)
            elif work == "backfill":
                today = midnight(context.clock().date())
                collect(context, only="metrics", span=Window(today - 2 * DAY, today + DAY))
            else:
                for job in ("inventory", "metrics", *(("prices", "quotas") if number % 3 == 1 else ())):
                    collect(context, only=job)
            derive(engine, RULES, context.clock())


def world_now(azure_url: str) -> datetime:
    with urlopen(f"{azure_url}/_sim/clock", timeout=5) as answer:
        return datetime.fromisoformat(json.load(answer)["now"]).astimezone(UTC)


if __name__ == "__main__":
    main()
