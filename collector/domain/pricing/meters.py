"""What a retail meter means, read from its name: every word has a role, or the name is refused.

A name is never guessed at: an unknown word, two words for one role or a unit that contradicts the name refuse
the whole meter, with the reason.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from collector.domain.pricing.charges_by_name import Roles, kinds_of
from collector.domain.pricing.lexing import words_of
from collector.domain.pricing.stems import Stem, Unreadable, is_code_name, make_stem, stem_number
from collector.domain.pricing.units import Unit, unit_of
from collector.domain.pricing.versions import version_of, with_joined_dates
from collector.domain.pricing.words import WORDS, Word, per

RESERVATIONS = "Azure AI Foundry Provisioned Throughput Reservation"

_OURS = re.compile(r"azure openai(?:\s+(?P<family>.*))?", re.IGNORECASE)
_GENERATION = re.compile(r"GPT\s*(\d)", re.IGNORECASE)
_RESOLUTION = re.compile(r"\d{3,4}p|\d+to\d+s")


@dataclass(frozen=True, slots=True)
class MeterMeaning:
    """What one meter prices. None in `version`, `scope` or `context`: the name does not say.

    `kinds` has two entries only where a model of before the chat era bills prompt and completion by one meter.
    `variant` holds what a question cannot ask for: resolution, duration, quality.
    """

    stem: Stem
    version: str | None
    scope: str | None
    kinds: tuple[str, ...]
    tier: str
    context: str | None
    tuning: str | None
    divisor: Decimal
    cloud: str = "public"
    variant: tuple[str, ...] = ()

    @property
    def model_stem(self) -> str:
        return "-".join(self.stem)

    @property
    def per(self) -> str:
        return per(self.kinds[0])

    def contradicts(self, other: "MeterMeaning") -> bool:
        """Whether the two cannot be one meter; what only one of them says contradicts nothing."""
        open_either = ("version", "scope", "context")
        return any(
            None not in (getattr(self, name), getattr(other, name))
            and getattr(self, name) != getattr(other, name)
            for name in open_either
        ) or (self.stem, self.kinds, self.tier, self.tuning, self.cloud, self.variant) != (
            other.stem,
            other.kinds,
            other.tier,
            other.tuning,
            other.cloud,
            other.variant,
        )


@dataclass(frozen=True, slots=True)
class Refused:
    """One of ours whose name we cannot read whole."""

    reason: str


@dataclass(frozen=True, slots=True)
class OutOfScope:
    """Not a meter of Azure OpenAI's."""

    reason: str


Reading = MeterMeaning | Refused | OutOfScope


@lru_cache(maxsize=20_000)
def parse_meter(product: str, name: str, unit_of_measure: str, type: str = "Consumption") -> Reading:
    """The meaning of a meter, or why it has none for us.

    >>> parse_meter("Azure OpenAI GPT5", "56luna ShCo Opt Fl Gl 1M Tokens", "1M").model_stem
    'gpt-5.6-luna'
    """
    family = _family(product)
    if family is None:
        return OutOfScope(f"a partner product: {product}")
    if "free meter" in family.lower():
        return OutOfScope("a free meter bills nothing")
    if type not in {"Consumption", "Reservation"}:
        return OutOfScope(f"price type {type}")
    unit = unit_of(unit_of_measure)
    if unit is None:
        return Refused(f"unit {unit_of_measure!r} is not one we know")
    roles = _roles(name, family)
    return roles if isinstance(roles, Refused) else _meaning(roles, unit, family, type)


def _family(product: str) -> str | None:
    """What follows `Azure OpenAI` in the product's name, empty for the plain product; None for others."""
    if product.strip().casefold() == RESERVATIONS.casefold():
        return "Reservation"
    match = _OURS.fullmatch(product.strip())
    return None if match is None else (match["family"] or "")


def _roles(name: str, family: str) -> Roles | Refused:
    """Every word of the name under its role."""
    generation = _GENERATION.match(family)
    roles: Roles = defaultdict(list)
    before: str | None = None
    for position, raw in enumerate(with_joined_dates(words_of(name))):
        word = _classified(raw, before, generation[1] if generation else None, roles)
        if word is None:
            return Refused(f"unknown word {raw!r}")
        if word.role == "cloud" and position > 0:
            return Refused(f"{raw!r} stands elsewhere than in front")
        roles[word.role].append(word.says)
        before = word.says if word.role == "stem" else (raw if raw in WORDS else "")
    return roles


def _classified(raw: str, before: str | None, generation: str | None, roles: Roles) -> Word | None:
    known = WORDS.get(raw)
    if known is not None:
        return known
    if _RESOLUTION.fullmatch(raw):
        return Word("variant", raw)
    number = stem_number(raw, generation, before)
    if number is not None:
        return Word("stem", number)
    version = version_of(raw, "3.5" in roles["stem"])
    if version is not None:
        return Word("version", version)
    return Word("stem", raw) if before and is_code_name(raw, before) else None


def _meaning(roles: Roles, unit: Unit, family: str, type: str) -> MeterMeaning | Refused:
    for role in ("scope", "tier", "context", "direction", "version", "cached", "write", "cloud", "standard"):
        if len(roles[role]) > 1:
            return Refused(f"{' and '.join(roles[role])}: the name says its {role} twice")
    charge = kinds_of(roles, unit)
    if isinstance(charge, str):
        return Refused(charge)
    stem = make_stem(charge.model_words, product_is_oss=family.lower().startswith("oss"))
    if isinstance(stem, Unreadable):
        return Refused(stem.reason)
    if not stem and charge.needs_model:
        return Refused("the name holds no model")
    if type == "Reservation" and charge.kinds != ("ptu_hour",):
        return Refused("a reservation of something else than provisioned throughput")
    if roles["standard"] and roles["tier"] and "dalle" not in stem:
        return Refused(f"standard and {roles['tier'][0]}: the name says its tier twice")
    variant = [*roles["variant"], *(roles["standard"] if "dalle" in stem else [])]
    return MeterMeaning(
        stem=stem,
        version=roles["version"][0] if roles["version"] else None,
        scope=charge.scope or (roles["scope"][0] if roles["scope"] else None),
        kinds=charge.kinds,
        tier=roles["tier"][0] if roles["tier"] else "standard",
        context=roles["context"][0] if roles["context"] else None,
        tuning=charge.tuning,
        divisor=unit.count,
        cloud=roles["cloud"][0] if roles["cloud"] else "public",
        variant=tuple(sorted(variant)),
    )
