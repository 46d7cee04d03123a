"""A deployment as its end sees it, and the end that it has."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from collector.domain.endings.offers import Firmness, Lifecycle

OnTheDay = Literal["upgraded", "stops", "unknown"]
Standing = Literal["listed", "not_listed", "not_read"]
DateSource = Literal["sku", "inference", "bundled", "configured"]


@dataclass(frozen=True, slots=True)
class Deployed:
    """What of a deployment decides its end. The base of a fine-tuned model is stated, never parsed."""

    model: str
    version: str | None
    sku: str | None
    location: str
    upgrade_option: str | None = None
    fine_tuned: bool = False
    base_model: str | None = None
    base_version: str | None = None
    publisher: str = "OpenAI"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Where Azure moves a deployment by itself, by which option, and from which day it may."""

    to_model: str
    to_version: str | None
    option: str
    starts_on: date | None


@dataclass(frozen=True, slots=True)
class Ending:
    """`ends_on` is the date of the deployment's own SKU; `due_on` is what opens the alert (the earlier one)."""

    lifecycle: Lifecycle
    ends_on: date | None
    ends_on_source: DateSource | None
    firmness: Firmness
    due_on: date | None
    inference_retires_on: date | None
    on_the_day: OnTheDay
    why: str
    upgrade: Upgrade | None
    replacement_model: str | None
    replacement_version: str | None
    replacement_offered: bool | None
    days_left: int | None
    standing: Standing
    read_at: datetime | None
    read_failed_at: datetime | None
    source_note: str = ""
    azure_ends_on: date | None = None
    """Azure's own date, where a company's earlier deadline stands in `ends_on`."""

    @property
    def replacement(self) -> str | None:
        return " ".join(part for part in (self.replacement_model, self.replacement_version) if part) or None


def base_of(deployed: Deployed) -> tuple[str, str | None]:
    """The model and version that the catalog knows it by."""
    if deployed.fine_tuned and deployed.base_model:
        return deployed.base_model, deployed.base_version
    return deployed.model, deployed.version
