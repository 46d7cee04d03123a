"""One window of some accounts, asked group by group; an account that fails in any is left out of all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from collector.domain.periods import DAY, HOUR, PlannedWindow, Window, floor_hour, midnight
from collector.domain.types import Account, MetricGroup, MetricSeries, NeedsHuman, TryLater
from collector.domain.usage import metric_groups
from collector.domain.usage.families import DeploymentDay, FamilyTotals
from collector.domain.usage.hours import request_totals
from collector.jobs.collecting.usage_plan import GRAIN_MINUTES, Batch
from collector.ports import Clock, MetricQuestion, MetricSource

_MINUTE_GROUPS: Final = (metric_groups.REQUESTS, metric_groups.TOKENS)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one window of a batch gave: series of the accounts that answered whole, and why the others did not."""

    batch: Batch
    planned: PlannedWindow
    accounts: tuple[Account, ...]
    series: tuple[MetricSeries, ...]
    hourly: tuple[MetricSeries, ...]
    day_totals: Mapping[DeploymentDay, FamilyTotals] | None
    failed: Mapping[UUID, BaseException | str]


@dataclass(frozen=True, slots=True)
class Fetcher:
    metrics: MetricSource
    clock: Clock
    published: Mapping[UUID, frozenset[str]]
    provisioned: frozenset[UUID]

    def fetch(self, batch: Batch, planned: PlannedWindow, accounts: tuple[Account, ...]) -> Fetched:
        failed: dict[UUID, BaseException | str] = {}
        series: list[MetricSeries] = []
        hourly: list[MetricSeries] = []
        grain = GRAIN_MINUTES[planned.grain]
        for group in self._groups(accounts):
            by_hour = group not in (*_MINUTE_GROUPS, metric_groups.PTU)
            asked = [account for account in accounts if account.key not in failed]
            answered = self._ask(asked, group, planned.window, 60 if by_hour else grain, failed)
            (hourly if by_hour else series).extend(answered)
        totals = self._day_totals(
            planned, [account for account in accounts if account.key not in failed], series, failed
        )
        whole = tuple(account for account in accounts if account.key not in failed)
        keys = {account.key for account in whole}
        return Fetched(
            batch,
            planned,
            whole,
            tuple(one for one in series if one.account_key in keys),
            tuple(one for one in hourly if one.account_key in keys),
            totals,
            failed,
        )

    def _groups(self, accounts: Sequence[Account]) -> list[MetricGroup]:
        groups = list(_MINUTE_GROUPS)
        if any(account.key in self.provisioned for account in accounts):
            groups.append(metric_groups.PTU)
        return [*groups, *metric_groups.HOURLY]

    def _ask(
        self,
        accounts: Sequence[Account],
        group: MetricGroup,
        window: Window,
        grain: int,
        failed: dict[UUID, BaseException | str],
    ) -> list[MetricSeries]:
        """One group for the accounts that publish any of it, asked once for each set of published names."""
        alike: dict[MetricGroup, list[Account]] = {}
        for account in accounts:
            if group is metric_groups.PTU and account.key not in self.provisioned:
                continue
            if narrowed := metric_groups.narrowed(group, self.published[account.key]):
                alike.setdefault(narrowed, []).append(account)
        found: list[MetricSeries] = []
        for narrowed, members in alike.items():
            found.extend(self._answers(members, narrowed, window, grain, failed))
        return found

    def _answers(
        self,
        members: Sequence[Account],
        group: MetricGroup,
        window: Window,
        grain: int,
        failed: dict[UUID, BaseException | str],
    ) -> Iterator[MetricSeries]:
        question = MetricQuestion(
            members[0].subscription_id,
            members[0].location,
            tuple(members),
            group,
            _whole(window, grain),
            grain,
        )
        answered: set[UUID] = set()
        try:
            for answer in self.metrics.read(question):
                answered.update(answer.accounts)
                failed.update(answer.failed)
                yield from answer.series
        except (TryLater, NeedsHuman) as error:
            failed.update({account.key: error for account in members if account.key not in answered})
            return
        for account in members:
            if account.key not in answered and account.key not in failed:
                failed[account.key] = f"{group.name}: the answer did not mention this account"

    def _day_totals(
        self,
        planned: PlannedWindow,
        accounts: Sequence[Account],
        series: Iterable[MetricSeries],
        failed: dict[UUID, BaseException | str],
    ) -> Mapping[DeploymentDay, FamilyTotals] | None:
        """What the rest of a day counts, where a backfill stores the day in parts; None where the store knows it."""
        window = planned.window
        day = Window(midnight(window.start.date()), midnight(window.start.date()) + DAY)
        if planned.grain != "PT1M" or window.end >= day.end or self.clock() < day.end:
            return None
        whole = self._ask(accounts, metric_groups.REQUESTS, day, 60, failed)
        totals = request_totals(day, 60, whole)
        for key, inside in request_totals(window, 1, series).items():
            total = totals.get(key, FamilyTotals())
            totals[key] = FamilyTotals(total.models - inside.models, total.azure_openai - inside.azure_openai)
        return totals


def _whole(window: Window, grain: int) -> Window:
    """The window with its end moved up to a whole grain: the last hour of a day that is not over."""
    if grain == 1 or window.end == floor_hour(window.end):
        return window
    return replace(window, end=floor_hour(window.end) + HOUR)
