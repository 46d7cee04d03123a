"""What exists: subscriptions, accounts, deployments and their tags, as ARM states them now."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from collector.domain.types import DeletedAccount, Deployment, Subscription, Tags
from collector.jobs.context import Context, RunResult, Tally, run_job
from collector.jobs.parallel import in_parallel
from collector.store import writes

JOB: Final = "inventory"


def collect_inventory(context: Context) -> RunResult:
    return run_job(context, JOB, _collect)


def _collect(tally: Tally) -> None:
    context = tally.context
    wanted = set(context.limits.subscriptions)
    with tally.scope("subscriptions"):
        seen = [
            one
            for one in context.sources.inventory.subscriptions()
            if not wanted or one.subscription_id in wanted
        ]
        for missing in wanted - {one.subscription_id for one in seen}:
            tally.fail(
                missing,
                "AOAI_SUBSCRIPTIONS names it, but this identity cannot read it: expected the Reader role on it",
            )
        context.progress.start("inventory", len(seen))
        for subscription in seen:
            if context.stopping.is_set():
                return
            _subscription(tally, subscription)
            context.progress.advance(note=subscription.name)


def _subscription(tally: Tally, subscription: Subscription) -> None:
    context, inventory = tally.context, tally.context.sources.inventory
    with tally.scope(subscription.subscription_id):
        accounts = inventory.accounts(subscription.subscription_id)
        deleted: Sequence[DeletedAccount] = ()
        with tally.scope(f"{subscription.subscription_id}/deleted accounts"):
            deleted = inventory.deleted_accounts(subscription.subscription_id)
        group_tags: Mapping[str, Tags] | None = None
        with tally.scope(f"{subscription.subscription_id}/resource groups"):
            # They only name owners: who may not list groups still gets the inventory.
            group_tags = inventory.group_tags(subscription.subscription_id)
        read: dict[UUID, Sequence[Deployment]] = {}
        for account, answer in in_parallel(context, accounts, inventory.deployments):
            if isinstance(answer, BaseException):
                tally.fail(account.arm_id.lower(), answer)
            else:
                read[account.key] = answer
                tally.forgive(account.arm_id.lower())
        now = context.clock()
        writes.retrying(
            context.engine,
            lambda connection: writes.record_inventory(
                connection, subscription, accounts, read, deleted, at=now, group_tags=group_tags
            ),
        )
        tally.succeed(subscription.subscription_id, rows=1 + len(accounts) + sum(map(len, read.values())))
