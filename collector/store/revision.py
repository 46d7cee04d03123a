"""What a deployment was over a period: written by looks at ARM, read by whatever asks of its past."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Revision:
    """A period of one deployment in which all that defines it stayed the same; `ends_at` None is in force.

    `assumed` holds before the first look: nobody saw that it was so.
    """

    starts_at: datetime
    ends_at: datetime | None
    format: str
    model: str
    version: str | None
    sku: str
    capacity: int | None
    limit_tpm: int | None
    limit_rpm: int | None
    upgrade_option: str | None
    spillover_to: str | None
    content_filter: str | None
    service_tier: str | None
    state: str | None
    base_model: str | None
    base_version: str | None
    assumed: bool
