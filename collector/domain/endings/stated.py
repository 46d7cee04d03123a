"""What Azure's list, our bundled notes and a company's own deadlines state of an end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from collector.domain.endings.ending_types import DateSource, Deployed, base_of
from collector.domain.endings.offers import (
    BundledModel,
    Firmness,
    Lifecycle,
    Offer,
    OwnDeadline,
    lifecycle_of,
    real_date,
    same_name,
)


@dataclass(frozen=True, slots=True)
class Stated:
    lifecycle: Lifecycle
    ends_on: date | None
    source: DateSource | None
    firmness: Firmness
    inference_on: date | None
    replacement: tuple[str | None, str | None] = (None, None)
    note: str = ""
    azure_ends_on: date | None = None


_NOTHING = Stated("unknown", None, None, "no_date", None)


def as_listed(offer: Offer, deployed: Deployed, today: date) -> Stated:
    own = real_date(offer.sku_deprecation_on)
    inference = real_date(offer.inference_retires_on)
    if deployed.fine_tuned and offer.fine_tuned and own is not None:
        # The base's inference date is not the end of a fine-tuned model whose twin has its own.
        inference = None
    ends_on = own or inference
    source: DateSource | None = "sku" if own else "inference" if inference else None
    status = lifecycle_of(offer.lifecycle_status)
    gone = earliest(ends_on, inference)
    if gone is not None and gone < today:
        lifecycle: Lifecycle = "retired"
    elif status == "retired" and deployed.fine_tuned and ends_on is not None:
        lifecycle = "deprecated"
    else:
        lifecycle = status
    return Stated(lifecycle, ends_on, source, _firmness(offer, ends_on), inference)


def _firmness(offer: Offer, ends_on: date | None) -> Firmness:
    if ends_on is None:
        return "no_date"
    said = (offer.deprecation_status or "").casefold()
    if said == "planned":
        return "planned"
    if said == "tentative":
        return "tentative"
    return "not_sooner_than" if lifecycle_of(offer.lifecycle_status) == "preview" else "listed"


def as_bundled(note: BundledModel | None, deployed: Deployed, today: date) -> Stated:
    if note is None:
        return _NOTHING
    ends_on = note.sku_dates.get(_sku_key(deployed)) or (
        (note.fine_tuned_ends_on or note.retires_on) if deployed.fine_tuned else note.retires_on
    )
    lifecycle = note.lifecycle
    if ends_on is not None and ends_on < today:
        lifecycle = "retired"
    elif lifecycle == "retired" and deployed.fine_tuned and ends_on is not None:
        lifecycle = "deprecated"
    firmness: Firmness = "no_date" if ends_on is None else note.firmness
    return Stated(lifecycle, ends_on, "bundled" if ends_on else None, firmness, None, note=note.source)


def _sku_key(deployed: Deployed) -> str:
    return f"{deployed.sku}-finetune" if deployed.fine_tuned else deployed.sku or ""


def with_own_deadline(stated: Stated, deployed: Deployed, deadlines: Sequence[OwnDeadline]) -> Stated:
    """A company's own deadline counts where it is the earlier one: ours can not move Azure's."""
    fitting = [row for row in deadlines if _fits(row, deployed)]
    if not fitting:
        return stated
    own = min(fitting, key=lambda row: row.ends_on)
    if stated.ends_on is not None and stated.ends_on <= own.ends_on:
        return stated
    return Stated(
        stated.lifecycle,
        own.ends_on,
        "configured",
        "own",
        stated.inference_on,
        (own.replacement_model, own.replacement_version),
        own.note,
        azure_ends_on=stated.ends_on,
    )


def _fits(deadline: OwnDeadline, deployed: Deployed) -> bool:
    model, version = base_of(deployed)
    return (
        same_name(deadline.model, model)
        and (deadline.version is None or same_name(deadline.version, version))
        and (deadline.sku is None or same_name(deadline.sku, deployed.sku))
        and (deadline.location is None or deadline.location == deployed.location)
    )


def earliest(*days: date | None) -> date | None:
    return min((day for day in days if day is not None), default=None)
