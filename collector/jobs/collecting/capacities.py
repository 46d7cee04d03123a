"""What Azure says could be deployed now of the models that are in use, in every location: quota alone is no capacity."""

from typing import Final

from collector.jobs.context import Context, RunResult, Tally, run_job
from collector.jobs.parallel import in_parallel
from collector.store import writes
from collector.store.reads.seats import deployed_models

JOB: Final = "capacities"


def collect_capacities(context: Context) -> RunResult:
    """One call for each model version that a subscription has deployed."""
    return run_job(context, JOB, _collect)


def _collect(tally: Tally) -> None:
    context = tally.context
    with context.engine.connect() as connection:
        wanted = deployed_models(connection, context.limits.subscriptions)
    context.progress.start("capacities", len(wanted))
    failed: dict[str, BaseException] = {}
    rows: dict[str, int] = {}
    for (subscription, *model), answer in in_parallel(
        context, wanted, lambda one: context.sources.models.capacities(*one)
    ):
        if isinstance(answer, BaseException):
            failed.setdefault(subscription, answer)
        else:
            now = context.clock()
            writes.retrying(
                context.engine,
                lambda connection, subscription=subscription, answer=answer, now=now: (
                    writes.record_capacities(connection, subscription, answer, at=now)
                ),
            )
            rows[subscription] = rows.get(subscription, 0) + len(answer)
        context.progress.advance(note=" ".join(model))
    for subscription, error in failed.items():
        tally.fail(subscription, error)
    for subscription in rows.keys() - failed.keys():
        tally.succeed(subscription, rows=rows[subscription])
