"""Recorded models lists as offers: the fields an ending needs, read straight from ARM's JSON."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from collector.domain.endings.offers import Offer


def offers_of(path: Path, location: str) -> list[Offer]:
    entries: list[dict[str, Any]] = json.loads(path.read_text())["value"]
    return [offer for entry in entries for offer in _of_model(entry["model"], location)]


def _of_model(model: dict[str, Any], location: str) -> list[Offer]:
    ends: dict[str, str] = model.get("deprecation") or {}
    target: dict[str, Any] = model.get("replacementConfig") or {}
    return [
        Offer(
            model=model["name"],
            version=model["version"],
            sku=sku["name"],
            location=location,
            format=model["format"],
            fine_tuned=sku["usageName"].casefold().endswith("-finetune"),
            lifecycle_status=model.get("lifecycleStatus"),
            inference_retires_on=_day(ends.get("inference")),
            sku_deprecation_on=_day(sku.get("deprecationDate")),
            fine_tune_retires_on=_day(ends.get("fineTune")),
            deprecation_status=ends.get("deprecationStatus"),
            replacement_model=target.get("targetModelName"),
            replacement_version=target.get("targetModelVersion"),
            auto_upgrade_start=_day(target.get("autoUpgradeStartDate")),
            upgrade_lead_days=target.get("upgradeOnExpiryLeadTimeDays"),
        )
        for sku in model["skus"]
    ]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text[:10]) if text else None
