"""The things of the pretend estate: subscriptions, accounts, deployments and the people who call them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from collector.simulator import facts

PROVIDER = "Microsoft.CognitiveServices"


@dataclass(frozen=True, slots=True)
class Subscription:
    id: str
    name: str
    currency: str
    discount_percent: int
    tags: dict[str, str]
    tenant_id: str


@dataclass(frozen=True, slots=True)
class Account:
    index: int
    name: str
    resource_group: str
    subscription: Subscription
    location: str
    spelled_location: str
    kind: str
    tags: dict[str, str]
    created_at: datetime
    deleted_at: datetime | None
    families: tuple[str, ...]
    unpublished: str
    quiet: str
    floats: bool
    local_auth_disabled: bool
    public_network: bool
    private_endpoint: bool
    customer_key: bool

    @property
    def id(self) -> str:
        return (
            f"/subscriptions/{self.subscription.id}/resourceGroups/{self.resource_group}"
            f"/providers/{PROVIDER}/accounts/{self.name}"
        )

    def exists(self, at: datetime) -> bool:
        return self.created_at <= at and (self.deleted_at is None or at < self.deleted_at)


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that calls a deployment in one way; share is its part of the requests."""

    api_version: str
    operation: str
    stream: str
    share: float
    tier_request: str = "default"
    tier_response: str = "default"
    since: date | None = None
    until: date | None = None

    def share_on(self, day: date) -> float:
        """Nothing before its first day and from its last on: the others take the requests over."""
        there = (self.since is None or self.since <= day) and (self.until is None or day < self.until)
        return self.share if there else 0.0


def growing(callers: Sequence[Caller | None], day: date) -> tuple[float, ...]:
    """Shares of a day added up, the last one 1; `None` stands for all callers together."""
    parts = [1.0 if caller is None else caller.share_on(day) for caller in callers]
    whole = sum(parts)
    if not whole:
        raise ValueError(f"nobody calls on {day}: expected a caller for every day of a deployment")
    return (*(sum(parts[: i + 1]) / whole for i in range(len(parts) - 1)), 1.0)


@dataclass(frozen=True, slots=True)
class Revision:
    from_at: datetime
    model: str
    version: str
    sku: str
    capacity: int


@dataclass(frozen=True, slots=True)
class Profile:
    """How a deployment is used. `load` is the busy hour's estimated tokens (or requests) against the limit."""

    kind: str
    shape: str
    load: float
    prompt: float
    completion: float
    max_tokens: float
    cached: float = 0.0
    growth: float = 0.01
    bad_requests: float = 0.004
    server_errors: float = 0.0003
    service_load: bool = False
    bursts: bool = False
    long_share: float = 0.0
    priority_share: float = 0.0
    audio_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Deployment:
    index: int
    role: str
    name: str
    account: Account
    format: str
    publisher: str | None
    revisions: tuple[Revision, ...]
    created_at: datetime
    deleted_at: datetime | None
    profile: Profile
    callers: tuple[Caller, ...]
    upgrade_option: str
    spillover_to: str | None = None
    base_model: tuple[str, str] | None = None
    trained_on: date | None = None
    peak_rpm: float = 0.0
    owner: str = field(default="")

    @property
    def id(self) -> str:
        return f"{self.account.id}/deployments/{self.name}"

    @property
    def provisioned(self) -> bool:
        return "Provisioned" in self.revisions[-1].sku

    def exists(self, at: datetime) -> bool:
        ended = min(filter(None, (self.deleted_at, self.account.deleted_at)), default=None)
        return self.created_at <= at and (ended is None or at < ended)

    @property
    def ended_at(self) -> datetime | None:
        return min(filter(None, (self.deleted_at, self.account.deleted_at)), default=None)

    def revision_at(self, at: datetime) -> Revision:
        held = [r for r in self.revisions if r.from_at <= at]
        return held[-1] if held else self.revisions[0]

    def sku_fact(self, revision: Revision) -> facts.SkuFact:
        name, version = self.base_model or (revision.model, revision.version)
        return facts.model(name, version).sku(revision.sku, self.base_model is not None)

    def limits(self, revision: Revision) -> tuple[int | None, int | None]:
        """Requests and tokens a minute, None where the SKU states no such limit."""
        sku = self.sku_fact(revision)
        return sku.rpm(revision.capacity), sku.tpm(revision.capacity)
