"""All rules over a thousand deployments from stored rows, and the pass that writes what they found."""

from tests.bench.estate import Size, write_estate
from tests.bench.measure import Table, take
from tests.bench.stores import empty_store
from tests.dashboard.seed import NOW

MONTH, HOUR_DAYS = 31, 2
LIMIT_SECONDS = 2.0


def bench(engine: str, *, quick: bool = False) -> Table:
    from collector import wiring
    from collector.jobs.alert import alert
    from collector.settings import Settings

    deployments, times = (200, 3) if quick else (1_000, 5)
    table = Table(f"All rules at {deployments:,} deployments, {engine}")
    with empty_store(engine) as store:
        write_estate(store, Size(deployments, MONTH, HOUR_DAYS))
        settings = Settings.model_validate(
            {
                "mail": {"to": ["ops@contoso.com"]},
                "budgets": [{"name": "all", "amount": 1, "currency": "USD"}],
            }
        )
        how = wiring.telling(settings)

        def look() -> int:
            with store.engine.connect() as connection:
                return len(how.look(connection, [], NOW))

        found = look()
        rules = take(look, times)
        alert(store.engine, how.look, how.rules, how.writing, NOW)
        whole = take(lambda: alert(store.engine, how.look, how.rules, how.writing, NOW), times)
        table.add(
            "gathering facts, every rule",
            f"{rules.seconds:.2f} s ({rules.processor_seconds:.2f} s of our processor), {found:,} findings",
            f"≤ {LIMIT_SECONDS:.0f} s",
            rules.seconds <= LIMIT_SECONDS,
        )
        table.add("a whole pass in which nothing is new", f"{whole.seconds:.2f} s", "", None)
    return table
