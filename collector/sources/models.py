"""The catalogue of a location: each model version and SKU once, and what could be deployed of it now."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from collector.domain.endings.offers import merged
from collector.domain.types import CatalogModel, CostEntry, ModelCapacity, location_key
from collector.sources.connection import Connection
from collector.sources.errors import Role, Scope
from collector.sources.said import exact, instant, per_minute, texts, unknown, whole

_FINE_TUNED = "-finetune"
_Key = tuple[str, str, str, str, bool]


class AzureModels:
    def __init__(self, connection: Connection) -> None:
        self._azure = connection

    def models(self, subscription_id: str, location: str) -> Sequence[CatalogModel]:
        """Azure lists each model once per account kind; the kinds are merged. A model that is offered under no SKU
        is listed under the SKU "" so that its dates are known."""
        scope = Scope(
            f"models of {location} in subscription {subscription_id}", subscription_id, role=Role.READER
        )
        with self._azure.asking(scope):
            found: dict[_Key, CatalogModel] = {}
            for one in self._azure.cognitive(subscription_id).models.list(location):
                for entry in _entries(location, one):
                    key = (entry.format, entry.model, entry.version, entry.sku, entry.fine_tuned)
                    twin = found.get(key)
                    found[key] = merged(twin, entry) if twin else entry
            return tuple(found.values())

    def capacities(
        self, subscription_id: str, format: str, model: str, version: str
    ) -> Sequence[ModelCapacity]:
        """What could be deployed now in every location, in capacity units."""
        scope = Scope(
            f"capacities of {model} {version} in subscription {subscription_id}",
            subscription_id,
            role=Role.READER,
        )
        with self._azure.asking(scope):
            listed = self._azure.cognitive(subscription_id).model_capacities.list(
                model_format=format, model_name=model, model_version=version
            )
            return tuple(
                ModelCapacity(
                    location=location_key(one.location),
                    format=format,
                    model=model,
                    version=version,
                    sku=said.sku_name,
                    available=available,
                )
                for one in listed
                if one.location
                and (said := one.properties)
                and said.sku_name
                and (available := exact(said.available_capacity)) is not None
            )


def _entries(location: str, one: Any) -> Iterator[CatalogModel]:
    model = one.model
    ends, next_one = model.deprecation, model.replacement_config
    base = CatalogModel(
        location=location_key(location),
        format=str(model.format or ""),
        model=str(model.name or ""),
        version=str(model.version or ""),
        sku="",
        fine_tuned=False,
        usage_name=None,
        kinds=frozenset({one.kind} if one.kind else set()),
        lifecycle_status=model.lifecycle_status,
        deprecation_status=ends.deprecation_status if ends else None,
        inference_retires_at=instant(ends.inference) if ends else None,
        fine_tune_retires_at=instant(ends.fine_tune) if ends else None,
        sku_retires_at=None,
        replacement_model=next_one.target_model_name if next_one else None,
        replacement_version=next_one.target_model_version if next_one else None,
        auto_upgrade_at=instant(next_one.auto_upgrade_start_date) if next_one else None,
        upgrade_lead_days=whole(next_one.upgrade_on_expiry_lead_time_days) if next_one else None,
        is_default=model.is_default_version,
        publisher=model.publisher,
        capabilities=texts(model.capabilities),
    )
    if not model.skus:
        yield base
    for sku in model.skus or ():
        yield _offered(base, sku)


def _offered(base: CatalogModel, sku: Any) -> CatalogModel:
    capacity = sku.capacity
    return replace(
        base,
        sku=str(sku.name or ""),
        fine_tuned=(sku.usage_name or "").casefold().endswith(_FINE_TUNED),
        usage_name=sku.usage_name,
        sku_retires_at=instant(sku.deprecation_date),
        capacity_minimum=whole(capacity.minimum) if capacity else None,
        capacity_maximum=whole(capacity.maximum) if capacity else None,
        capacity_step=whole(capacity.step) if capacity else None,
        capacity_default=whole(capacity.default) if capacity else None,
        tpm_per_unit=per_minute(sku.rate_limits, "token"),
        rpm_per_unit=per_minute(sku.rate_limits, "request"),
        costs=_costs(sku),
    )


def _costs(sku: Any) -> tuple[CostEntry, ...]:
    """The service writes `costs`, the SDK's model reads `cost`: whichever of the two came."""
    raw = unknown(sku).get("costs")
    if raw is not None:
        return tuple(
            CostEntry(str(one.get("name") or ""), str(one.get("meterId") or ""), str(one.get("unit") or ""))
            for one in raw
        )
    return tuple(
        CostEntry(str(one.name or ""), str(one.meter_id or ""), str(one.unit or "")) for one in sku.cost or ()
    )
