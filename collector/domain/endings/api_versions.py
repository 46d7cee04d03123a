"""Which api-version a call used, and whether Microsoft has said that it ends.

Since 2025 Microsoft announces no date for dated api-versions. "Superseded, no date" is therefore advice,
never an alarm, and only a date (Microsoft's or the company's own) makes a deadline.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

ApiState = Literal["current", "superseded", "announced", "retired", "unversioned", "unknown"]
UNVERSIONED = "unversioned"
UNKNOWN = "unknown"

_DATED = re.compile(r"(?<!\d)(20\d\d-\d\d-\d\d)(-preview)?(?![\w-])", re.IGNORECASE)
_V1 = re.compile(r"(?:^|[\s/=])v1(?:$|[\s/])|^(?:.*\bversion\s+)?preview$", re.IGNORECASE)
_NOTHING_STATED = frozenset({"", "-", "none", "null", "n/a", "na"})


@dataclass(frozen=True, slots=True)
class ApiVersionFact:
    version: str
    stage: Literal["ga", "preview"]
    released: str
    retires_on: date | None
    successor: str | None
    newest_of_stage: bool = False
    announced_on: date | None = None
    brings: str = ""
    note: str = ""
    sources: tuple[str, ...] = ()
    configured: bool = False


@dataclass(frozen=True, slots=True)
class FeatureRetirement:
    """A feature that ends in every api-version, recognised by words inside the operation's name."""

    feature: str
    operations: tuple[str, ...]
    retires_on: date
    replacement: str
    source: str
    configured: bool = False


@dataclass(frozen=True, slots=True)
class ApiEnding:
    api_version: str
    state: ApiState
    ends_on: date | None
    ends_on_source: Literal["bundled", "configured"] | None
    days_left: int | None
    target: str | None
    advice: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeatureEnding:
    feature: str
    ends_on: date
    days_left: int
    retired: bool
    replacement: str
    source: str


def api_version_of(text: str | None) -> str:
    """The version inside an `ApiName` text, `unversioned` for v1 traffic, `unknown` for words we can not read.

    An empty text is taken for v1, which sends no api-version; a missing dimension says nothing.
    """
    if text is None:
        return UNKNOWN
    stated = text.strip()
    dated = _DATED.search(stated)
    if dated:
        return (dated[1] + (dated[2] or "")).lower()
    if stated.casefold() in _NOTHING_STATED or _V1.search(stated):
        return UNVERSIONED
    return UNKNOWN


def api_ending(version: str, facts: Mapping[str, ApiVersionFact], today: date) -> ApiEnding:
    """The state of an api-version as of today, with the version to move to and what changes on the way."""
    if version in (UNVERSIONED, "v1"):
        return _bare(version, "unversioned", "Calls to /openai/v1/ carry no api-version: nothing to migrate.")
    fact = facts.get(version)
    if fact is None:
        return _bare(version, "unknown", _unknown_advice(version))
    target = fact.successor
    if fact.retires_on is not None:
        state: ApiState = "retired" if fact.retires_on < today else "announced"
        return ApiEnding(
            version,
            state,
            fact.retires_on,
            "configured" if fact.configured else "bundled",
            (fact.retires_on - today).days,
            target,
            _advice(fact, facts),
            fact.sources,
        )
    state = "current" if fact.newest_of_stage or target is None else "superseded"
    return ApiEnding(version, state, None, None, None, target, _advice(fact, facts), fact.sources)


def feature_ending(
    operation: str, features: Sequence[FeatureRetirement], today: date
) -> FeatureEnding | None:
    """Whether an operation belongs to a feature that ends, whatever its api-version."""
    name = operation.casefold()
    for feature in features:
        if any(word.casefold() in name for word in feature.operations):
            return FeatureEnding(
                feature.feature,
                feature.retires_on,
                (feature.retires_on - today).days,
                feature.retires_on < today,
                feature.replacement,
                feature.source,
            )
    return None


def _bare(version: str, state: ApiState, advice: str) -> ApiEnding:
    return ApiEnding(version, state, None, None, None, None, advice)


def _unknown_advice(version: str) -> str:
    if version == UNKNOWN:
        return "Azure did not state an api-version that we can read."
    return f"{version} is not in our catalog: if it is real, enter what you know of it in the configuration."


def _advice(fact: ApiVersionFact, facts: Mapping[str, ApiVersionFact]) -> str:
    target = fact.successor
    if target is None:
        return "Nothing to do."
    changes = _changes(fact, target, facts.values())
    said = f"Move to {target}" + ("" if target == "v1" else " (or straight to v1)") + "."
    if fact.stage == "preview" and target != "v1" and target in facts:
        said += f" Preview features may be missing from {target}: try it in a test deployment first."
    if fact.newest_of_stage and fact.retires_on is None:
        said = f"No date announced; it is the newest dated {_STAGE[fact.stage]}. New code is better written for {target}."
    if not changes:
        return said
    return (
        f"{said} What changes: {changes}." if target == "v1" else f"{said} What came in between: {changes}."
    )


_STAGE = {"ga": "GA version", "preview": "preview"}


def _changes(fact: ApiVersionFact, target: str, facts: Iterable[ApiVersionFact]) -> str:
    """What the versions between the two brought, in order of their names, which are their dates."""
    if target == "v1":
        between = [other for other in facts if other.version == "v1"]
    else:
        between = [other for other in facts if fact.version < other.version <= target]
    return "; ".join(
        f"{other.version}: {other.brings}" if other.version != "v1" else other.brings
        for other in sorted(between, key=lambda other: other.version)
        if other.brings
    )
