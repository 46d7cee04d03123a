"""The facts that Azure states, in the words of the field; nothing here decides anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np
from numpy.typing import NDArray

Tags = Mapping[str, str]

PROVISIONED_SKUS = frozenset({"ProvisionedManaged", "GlobalProvisionedManaged", "DataZoneProvisionedManaged"})
BATCH_SKUS = frozenset({"GlobalBatch", "DataZoneBatch", "Batch"})


def account_key(arm_id: str) -> UUID:
    """The key of an account: the same for every spelling of its ARM id, made without a database."""
    return uuid5(NAMESPACE_URL, arm_id.lower())


def location_key(location: str) -> str:
    """`East US 2`, `EastUS2` and `eastus2` are one place."""
    return location.replace(" ", "").lower()


@dataclass(frozen=True, slots=True)
class Subscription:
    subscription_id: str
    name: str
    tenant_id: str | None = None
    state: str | None = None
    tags: Tags = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Account:
    """A Cognitive Services account of kind OpenAI or AIServices; None is what ARM did not say."""

    arm_id: str
    subscription_id: str
    resource_group: str
    name: str
    location: str
    kind: str
    sku: str | None = None
    tags: Tags = field(default_factory=dict[str, str])
    public_network_access: bool | None = None
    local_auth_disabled: bool | None = None
    customer_managed_key: bool | None = None
    private_endpoints: int | None = None
    identity: str | None = None
    created_at: datetime | None = None

    @property
    def key(self) -> UUID:
        return account_key(self.arm_id)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment as ARM states it now. Limits are per minute, read from `properties.rateLimits`."""

    account_key: UUID
    name: str
    format: str
    model: str
    version: str | None
    sku: str
    capacity: int | None
    limit_tpm: int | None = None
    limit_rpm: int | None = None
    upgrade_option: str | None = None
    spillover_to: str | None = None
    content_filter: str | None = None
    service_tier: str | None = None
    state: str | None = None
    base_model: str | None = None
    base_version: str | None = None
    tags: Tags = field(default_factory=dict[str, str])
    created_at: datetime | None = None
    modified_at: datetime | None = None

    @property
    def key(self) -> str:
        return self.name.casefold()


@dataclass(frozen=True, slots=True)
class DeletedAccount:
    arm_id: str
    location: str
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """One usages line; `unit` and `per_unit` come from its localised text, None where no unit is named."""

    subscription_id: str
    location: str
    usage_name: str
    label: str
    limit: Decimal
    current: Decimal


@dataclass(frozen=True, slots=True)
class CostEntry:
    """What the Models API names as the meter of a kind of use; `meter_id` may be empty."""

    name: str
    meter_id: str
    unit: str


@dataclass(frozen=True, slots=True)
class CatalogModel:
    """A model version under one SKU in one location, as the Models API states it.

    `lifecycle_status` keeps ARM's word, which differs from Microsoft's documents.
    """

    location: str
    format: str
    model: str
    version: str
    sku: str
    fine_tuned: bool
    usage_name: str | None
    kinds: frozenset[str]
    lifecycle_status: str | None
    deprecation_status: str | None
    inference_retires_at: datetime | None
    fine_tune_retires_at: datetime | None
    sku_retires_at: datetime | None
    replacement_model: str | None = None
    replacement_version: str | None = None
    auto_upgrade_at: datetime | None = None
    upgrade_lead_days: int | None = None
    is_default: bool | None = None
    publisher: str | None = None
    capacity_minimum: int | None = None
    capacity_maximum: int | None = None
    capacity_step: int | None = None
    capacity_default: int | None = None
    tpm_per_unit: Decimal | None = None
    rpm_per_unit: Decimal | None = None
    costs: tuple[CostEntry, ...] = ()
    capabilities: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class ModelCapacity:
    """What Azure says could be deployed now, in capacity units."""

    location: str
    format: str
    model: str
    version: str
    sku: str
    available: Decimal


@dataclass(frozen=True, slots=True)
class MetricGroup:
    """Metrics with one set of dimensions, so that one call may ask for all of them."""

    name: str
    metrics: tuple[str, ...]
    dimensions: tuple[str, ...]
    aggregations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MetricSeries:
    """One time series of an answer. `values` has one number per grain from the window's start; NaN is no value.

    Dimension names are casefolded (`modeldeploymentname`), their values as Azure sent them.
    """

    account_key: UUID
    metric: str
    aggregation: str
    dimensions: Mapping[str, str]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class UsageHour:
    """A deployment's hour, read and replaced whole.

    `requests` counts every answer, throttled and failed ones too; `throttled` are the 429 that nobody served,
    `spilled` those that another deployment served. Null is a metric that is not published. `minutes` is the
    packed hour of `domain.minutes`, absent where Azure was asked by the hour. `by_version` holds the parts of
    an hour in which the model or its version changed.
    """

    account_key: UUID
    deployment: str
    hour: datetime
    name: str
    model: str | None
    version: str | None
    family: str
    grain_minutes: int
    minutes_covered: int
    requests: int
    other_family_requests: int
    throttled: int
    client_errors: int
    server_errors: int
    spilled: int
    prompt_tokens: int | None
    completion_tokens: int | None
    audio_prompt_tokens: int | None = None
    audio_completion_tokens: int | None = None
    images: int | None = None
    realtime_seconds: Decimal | None = None
    training_hours: Decimal | None = None
    active_tokens: int | None = None
    ptu_mean: float | None = None
    ptu_max: float | None = None
    peak_tpm: int | None = None
    peak_rpm: int | None = None
    by_version: tuple[Mapping[str, object], ...] | None = None
    minutes: bytes | None = None


@dataclass(frozen=True, slots=True)
class ApiUse:
    """Requests of a deployment on a UTC day by api-version, operation, service tier and streaming."""

    account_key: UUID
    deployment: str
    day: date
    api_version: str
    operation: str
    tier: str
    stream: str
    requests: int
    throttled: int = 0


@dataclass(frozen=True, slots=True)
class QualityHour:
    """How well a deployment answered in an hour; milliseconds and percent, None where not published."""

    account_key: UUID
    deployment: str
    hour: datetime
    stream: str
    first_token_ms_mean: float | None = None
    first_token_ms_max: float | None = None
    between_tokens_ms_mean: float | None = None
    between_tokens_ms_max: float | None = None
    last_byte_ms_mean: float | None = None
    last_byte_ms_max: float | None = None
    availability_mean: float | None = None
    availability_min: float | None = None
    filtered_requests: int | None = None
    filter_rejections: int | None = None


class TryLater(Exception):
    """Azure is busy or out of reach; the same call may work later."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NeedsHuman(Exception):
    """A right, a setting or an answer that no retry mends; `grant` says what would."""

    def __init__(self, message: str, grant: str | None = None) -> None:
        super().__init__(message)
        self.grant = grant


class Misconfigured(NeedsHuman):
    """A setting that cannot be right; the message names it."""
