"""What the jobs need from outside, each port with the one or two methods that a job calls.

Every method may raise `TryLater` or `NeedsHuman` for the scope it was asked about; pages, retries, SDK types
and the shapes of Azure's answers stay behind the port.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from collector.domain.bills import BillRead
from collector.domain.endings.callers import CallerDetail, LoggedUse
from collector.domain.periods import Window
from collector.domain.types import (
    Account,
    CatalogModel,
    DeletedAccount,
    Deployment,
    MetricGroup,
    MetricSeries,
    ModelCapacity,
    NeedsHuman,
    QuotaLine,
    Subscription,
    Tags,
    TryLater,
)


class InventorySource(Protocol):
    def subscriptions(self) -> Sequence[Subscription]: ...

    def accounts(self, subscription_id: str) -> Sequence[Account]:
        """Accounts of kind OpenAI and AIServices."""
        ...

    def deployments(self, account: Account) -> Sequence[Deployment]:
        """With the base model of fine-tuned ones filled from the account's models list."""
        ...

    def deleted_accounts(self, subscription_id: str) -> Sequence[DeletedAccount]: ...

    def group_tags(self, subscription_id: str) -> Mapping[str, Tags]:
        """Tags of the subscription's resource groups, by their names."""
        ...


class QuotaSource(Protocol):
    def quotas(self, subscription_id: str, location: str) -> Sequence[QuotaLine]: ...


class ModelSource(Protocol):
    def models(self, subscription_id: str, location: str) -> Sequence[CatalogModel]:
        """Each model version × SKU once, fine-tuned twins apart."""
        ...

    def capacities(
        self, subscription_id: str, format: str, model: str, version: str
    ) -> Sequence[ModelCapacity]: ...


@dataclass(frozen=True, slots=True)
class MetricQuestion:
    """All accounts lie in one subscription and location; any number of them."""

    subscription_id: str
    location: str
    accounts: tuple[Account, ...]
    group: MetricGroup
    window: Window
    grain_minutes: int


@dataclass(frozen=True, slots=True)
class MetricAnswer:
    """What is known whole for `accounts`; an account that failed is in `failed` with the reason and in nothing else.

    `window` is exactly what was asked. Accounts are answered in parts: one question gives several answers.
    `absent` names the metrics of the group that an answered account turned out to lack, though its definitions may
    list them: no series of theirs is unknown, where no series of any other metric is zero.
    """

    accounts: tuple[UUID, ...]
    window: Window
    series: tuple[MetricSeries, ...]
    failed: Mapping[UUID, str]
    absent: Mapping[UUID, frozenset[str]] = field(default_factory=dict[UUID, frozenset[str]])


class MetricSource(Protocol):
    def published(self, account: Account) -> frozenset[str]:
        """Names of the metrics that the account's definitions list, in Azure's spelling."""
        ...

    def read(self, question: MetricQuestion) -> Iterator[MetricAnswer]:
        """Batch first, single resources where the batch is refused; truncated or clamped answers are asked again."""
        ...


class PriceSource(Protocol):
    def prices(self, currency: str) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Pages of retail rows in the feed's own shape; raises when a page is missing."""
        ...


class BillSource(Protocol):
    def read(self, subscription_id: str, first: date, last: date) -> Sequence[BillRead]:
        """The bill of `first`..`last`, both included, in spans of days that are known whole; a day in none is not known."""
        ...

    def exports(self, first: date, last: date) -> Mapping[str, TryLater | NeedsHuman | None]:
        """The exports that bills are read from, each with what keeps its newest run from being read."""
        ...

    def billing_currency(self, subscription_id: str) -> str | None: ...


class CallerSource(Protocol):
    def callers(self, workspace_id: str, window: Window, detail: CallerDetail) -> Sequence[LoggedUse]:
        """Who called with which api-version, as far as `detail` allows; whole, or it raises."""
        ...


@dataclass(frozen=True, slots=True)
class CallCounts:
    """Calls that left for Azure since the source was built, and how many of them were throttled."""

    calls: int
    throttles: int


class CallMeter(Protocol):
    def counts(self) -> CallCounts: ...


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything of Azure's, wired once."""

    inventory: InventorySource
    quotas: QuotaSource
    models: ModelSource
    metrics: MetricSource
    prices: PriceSource
    bills: BillSource
    callers: CallerSource
    calls: CallMeter


class Clock(Protocol):
    def __call__(self) -> datetime:
        """Now, aware, UTC."""
        ...


class Progress(Protocol):
    def start(self, what: str, total: int | None) -> None: ...

    def advance(self, steps: int = 1, note: str = "") -> None: ...

    def done(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Handover:
    """What became of one letter: taken, to be tried later, or refused however often it is sent.

    `maybe`: it is to be tried later, but may have been taken all the same, since the answer got lost.
    """

    outcome: Literal["taken", "later", "never"]
    why: str = ""
    retry_after: float | None = None
    maybe: bool = False


class LetterSender(Protocol):
    """Mail and webhooks. Sending the same letter twice does no harm: its id stays the same."""

    def closed(self, *, webhooks: bool) -> str | None:
        """Why this way out does not exist at all (nothing is configured), or None."""
        ...

    def send(self, letter: Any) -> Handover: ...


__all__ = [
    "BillSource",
    "CallCounts",
    "CallMeter",
    "Clock",
    "Handover",
    "InventorySource",
    "Iterable",
    "LetterSender",
    "MetricAnswer",
    "MetricQuestion",
    "MetricSource",
    "ModelSource",
    "PriceSource",
    "Progress",
    "QuotaSource",
    "Sources",
]
