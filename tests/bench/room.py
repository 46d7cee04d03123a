"""Room's lists over a thousand deployments, one deployment's week of minutes, and the whole run of recommendations."""

from collector.domain.advice.ranking import recommend
from collector.domain.periods import last_days
from collector.store.reads import room
from collector.store.reads.evidence import deployment_evidence
from collector.store.reads.seats_lines import room_estate
from collector.store.reads.until_full import deployments_until_full
from tests.bench.estate import Size, write_estate
from tests.bench.measure import Table, take
from tests.bench.stores import empty_store
from tests.dashboard.seed import NOW

DAYS, HOUR_DAYS = 90, 7
LIST_MS, MINUTES_MS, ADVICE_SECONDS = 150, 100, 10


def bench(engine: str, *, quick: bool = False) -> Table:
    deployments, times = (100, 3) if quick else (1_000, 5)
    table = Table(f"Room at {deployments:,} deployments, {engine}")
    with empty_store(engine) as store:
        write_estate(store, Size(deployments, DAYS, HOUR_DAYS))
        with store.engine.connect() as connection:
            lists = take(lambda: room.room_rows(connection, "30d"), times * 2)
            rows = lists.result
            key, name = rows[0].account_key, rows[0].key
            week = last_days(NOW.date(), 7)
            minutes = take(lambda: deployment_evidence(connection, key, name, week).diagnosis(), times * 2)
            full = take(lambda: deployments_until_full(connection), times)

            def advise() -> int:
                estate = room_estate(connection, NOW)
                return len(recommend(estate.seats, estate.lines, estate.places()))

            advice = take(advise, 1 if quick else 2)
    for what, taken, budget in (
        ("the list of deployments", lists, LIST_MS),
        ("a week of minutes with its diagnosis", minutes, MINUTES_MS),
    ):
        table.add(what, f"{taken.seconds * 1000:.0f} ms", f"≤ {budget} ms", taken.seconds * 1000 <= budget)
    table.add("days until full, every deployment", f"{full.seconds * 1000:.0f} ms", "", None)
    table.add(
        "every recommendation",
        f"{advice.seconds:.1f} s, {advice.result:,} found",
        f"≤ {ADVICE_SECONDS} s",
        advice.seconds <= ADVICE_SECONDS,
    )
    return table
