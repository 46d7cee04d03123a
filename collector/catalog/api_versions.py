"""The dated list of api-versions that ships with us, and a company's own deadlines on top of it.

Microsoft publishes no machine-readable list, so every fact here names where it was read.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib import resources

import orjson

from collector.catalog.overrides import BadOverride, rows
from collector.domain.endings.api_versions import ApiVersionFact, FeatureRetirement

VERSION_KEYS = ("api_version", "retires_on", "successor", "note", "source")
FEATURE_KEYS = ("feature", "operations", "retires_on", "replacement", "source")
_WELL_FORMED = re.compile(r"20\d\d-\d\d-\d\d(-preview)?|v1")


@dataclass(frozen=True, slots=True)
class ApiVersionCatalog:
    as_of: date
    versions: Mapping[str, ApiVersionFact]
    features: tuple[FeatureRetirement, ...]


def load_api_versions(
    own_versions: Sequence[object] = (), own_features: Sequence[object] = ()
) -> ApiVersionCatalog:
    """The bundled facts with the configuration's `[[api_versions]]` and `[[features]]` laid over them."""
    raw = orjson.loads(resources.files("collector.catalog").joinpath("data/api_versions.json").read_bytes())
    sources: dict[str, str] = raw["sources"]
    versions = {row["version"]: _fact(row, sources) for row in raw["versions"]}
    features = {row["feature"]: _feature(row, sources) for row in raw["features"]}
    for fact in _own_versions(own_versions, versions):
        versions[fact.version] = fact
    for feature in _own_features(own_features):
        features[feature.feature] = feature
    return ApiVersionCatalog(date.fromisoformat(raw["as_of"]), versions, tuple(features.values()))


def _fact(row: Mapping[str, object], sources: Mapping[str, str]) -> ApiVersionFact:
    ids = row["sources"]
    assert isinstance(ids, list)
    return ApiVersionFact(
        version=str(row["version"]),
        stage="ga" if row["stage"] == "ga" else "preview",
        released=str(row["released"]),
        retires_on=_maybe_day(row["retires_on"]),
        successor=str(row["successor"]) if row["successor"] else None,
        newest_of_stage=bool(row["newest_of_stage"]),
        announced_on=_maybe_day(row["announced_on"]),
        brings=str(row.get("brings", "")),
        note=str(row.get("note", "")),
        sources=tuple(sources[str(source)] for source in ids),
    )


def _feature(row: Mapping[str, object], sources: Mapping[str, str]) -> FeatureRetirement:
    words = row["operations"]
    assert isinstance(words, list)
    return FeatureRetirement(
        str(row["feature"]),
        tuple(str(word) for word in words),
        date.fromisoformat(str(row["retires_on"])),
        str(row["replacement"]),
        sources[str(row["source"])],
    )


def _own_versions(values: Sequence[object], known: Mapping[str, ApiVersionFact]) -> list[ApiVersionFact]:
    facts: list[ApiVersionFact] = []
    for row in rows("api_versions", values, VERSION_KEYS):
        version = row.text("api_version").casefold()
        if not _WELL_FORMED.fullmatch(version):
            raise BadOverride(
                f"{row.place}: api_version={version!r}: expected a version such as '2024-10-21' or '2025-04-01-preview'"
            )
        base = known.get(version) or ApiVersionFact(
            version, "preview" if version.endswith("-preview") else "ga", "", None, None
        )
        facts.append(
            replace(
                base,
                retires_on=row.day("retires_on"),
                successor=row.maybe_text("successor") or base.successor,
                note=row.maybe_text("note") or base.note,
                sources=(row.maybe_text("source") or "configuration",),
                configured=True,
            )
        )
    return facts


def _own_features(values: Sequence[object]) -> list[FeatureRetirement]:
    return [
        FeatureRetirement(
            row.text("feature"),
            row.texts("operations"),
            row.day("retires_on"),
            row.maybe_text("replacement") or "",
            row.maybe_text("source") or "configuration",
            configured=True,
        )
        for row in rows("features", values, FEATURE_KEYS)
    ]


def _maybe_day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None
