"""What a meter charges for: direction, modality, hosting, training, tools, from the words of its name."""

from dataclasses import dataclass

from collector.domain.pricing.units import Unit
from collector.domain.pricing.words import MODAL, ONE_PRICE

Roles = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class NamedCharge:
    kinds: tuple[str, ...]
    model_words: tuple[str, ...] = ()
    tuning: str | None = None
    scope: str | None = None
    needs_model: bool = True


def kinds_of(roles: Roles, unit: Unit) -> NamedCharge | str:
    """What the name charges for, or why it cannot be told."""
    problem = _odd_words(roles, unit)
    if problem:
        return problem
    if roles["ptu"]:
        return _throughput(roles, unit)
    if roles["tool"]:
        return _tool(roles, unit)
    tuning = _tuning(roles)
    if isinstance(tuning, _Problem):
        return tuning.text
    if {"hosting", "training"} & set(roles["tuning"]):
        return _tuned(roles, unit, tuning)
    return _used(roles, unit, tuning)


@dataclass(frozen=True, slots=True)
class _Problem:
    text: str


def _odd_words(roles: Roles, unit: Unit) -> str | None:
    million = "million" in roles["unit"]
    if million and unit.count != 1_000_000:
        return f"the name says 1M, the unit is {unit.count}"
    if roles["grading"] and "grader" not in roles["tuning"]:
        return "'model' stands without 'grader'"
    if len(set(roles["unit"]) - {"million"}) > 1 and set(roles["unit"]) - {"million"} != {"token", "unit"}:
        return f"{' and '.join(roles['unit'])}: the name says its unit twice"
    if roles["filler"].count("overage") and "legacy" not in roles["ptu"]:
        return "'overage' stands without provisioned throughput"
    if "available" in roles["variant"] and "legacy" not in roles["ptu"]:
        return "'available' stands without provisioned throughput"
    return None


def _throughput(roles: Roles, unit: Unit) -> NamedCharge | str:
    if len(roles["ptu"]) > 1 or roles["stem"] or roles["direction"] or roles["tuning"] or roles["tier"]:
        return "provisioned throughput with words of another meter"
    if unit.count != 1 or unit.time not in {"hour", "month"}:
        return "provisioned throughput is not priced by the hour or month"
    if roles["ptu"][0] == "managed" and (not roles["scope"] or unit.time != "hour"):
        return "provisioned throughput without a deployment type"
    legacy = roles["ptu"][0] == "legacy"
    return NamedCharge(
        kinds=("ptu_month",) if unit.time == "month" else ("ptu_hour",),
        scope="legacy" if legacy else None,
        needs_model=False,
    )


def _tool(roles: Roles, unit: Unit) -> NamedCharge | str:
    kind = roles["tool"][0]
    fits = {
        "session": unit.time is None,
        "storage_gb_day": unit.time == "day",
        "tool_call": unit.time is None,
    }
    if len(roles["tool"]) > 1 or roles["stem"] or roles["direction"] or roles["tuning"] or roles["tier"]:
        return "a tool's meter with words of another meter"
    if not fits[kind]:
        return f"a {kind} is not priced by this unit"
    return NamedCharge(kinds=(kind,), needs_model=False)


def _tuning(roles: Roles) -> str | _Problem | None:
    words = roles["tuning"]
    if not words:
        return None
    if len(set(words)) != len(words) or {"ft", "rft"} <= set(words) or {"hosting", "training"} <= set(words):
        return _Problem(f"{' and '.join(words)}: the name says its fine-tuning twice")
    if "grader" in words:
        return "grader"
    if "developer" in words:
        return "developer" if {"ft", "rft"} & set(words) else _Problem("'dev' stands without fine-tuning")
    if "hosting" in words:
        return "hosting"
    return "training" if "training" in words else "inference"


def _tuned(roles: Roles, unit: Unit, tuning: str | None) -> NamedCharge | str:
    """Hosting by the hour, training by the hour or by its tokens."""
    if roles["direction"] or roles["cached"] or roles["modality"] or roles["tier"] or roles["context"]:
        return "hosting or training with words of another meter"
    if "hosting" in roles["tuning"]:
        if unit.time != "hour" or unit.count != 1:
            return "hosting that is not priced by the hour"
        return NamedCharge(("hosting_hour",), tuple(roles["stem"]), tuning)
    if unit.time == "hour" and unit.count == 1 and "token" not in roles["unit"]:
        return NamedCharge(("training_hour",), tuple(roles["stem"]), tuning)
    if unit.time is None and "token" in roles["unit"]:
        return NamedCharge(("training_token",), tuple(roles["stem"]), tuning)
    return "training that is priced neither by the hour nor by tokens"


def _used(roles: Roles, unit: Unit, tuning: str | None) -> NamedCharge | str:
    stem, units = roles["stem"], set(roles["unit"]) - {"million"}
    if unit.time == "hour":
        if units == {"unit"} and {"whisper", "translate"} & set(stem) and not roles["modality"]:
            return NamedCharge(("audio_hour",), tuple(stem), tuning)
        return "priced by the hour, and the name does not say what runs"
    if "second" in units and unit.time in {None, "second"} and "sora" in stem and not roles["direction"]:
        return NamedCharge(("video_second",), tuple(stem), tuning)
    if unit.time is not None:
        return f"priced by the {unit.time}, and the name does not say of what"
    if units == {"image"}:
        return NamedCharge(("image",), (*stem, *roles["modality"]), tuning)
    if units == {"character"}:
        return NamedCharge(("character",), tuple(stem), tuning)
    if units != {"token"}:
        return f"unit {' '.join(roles['unit']) or 'unnamed'} of nothing we know"
    return _tokens(roles, tuning)


def _tokens(roles: Roles, tuning: str | None) -> NamedCharge | str:
    modality = _modality(roles)
    if isinstance(modality, _Problem):
        return modality.text
    words, counted = modality
    direction = roles["direction"][0] if roles["direction"] else None
    if roles["write"]:
        if not roles["cached"] or direction == "output" or counted != "text":
            return "a cache write of something else than input text"
        return NamedCharge(("cache_write",), words, tuning)
    if direction is None:
        return _without_direction(roles, words, tuning)
    if roles["cached"] and direction == "output":
        return "cached output does not exist"
    prefix = "" if counted == "text" else f"{counted}_"
    cached = "cached_" if roles["cached"] else ""
    return NamedCharge((f"{cached}{prefix}{direction}",), words, tuning)


def _without_direction(roles: Roles, words: tuple[str, ...], tuning: str | None) -> NamedCharge | str:
    """Embeddings only read; models of before the chat era bill both directions by one meter."""
    if roles["cached"]:
        return "the name says neither input nor output"
    if "embedding" in words:
        return NamedCharge(("input",), words, tuning)
    old_chat = roles["cloud"] and "3.5" in words
    if tuning is None and (set(words) & ONE_PRICE or old_chat):
        return NamedCharge(("input", "output"), words, tuning)
    return "the name says neither input nor output"


def _modality(roles: Roles) -> tuple[tuple[str, ...], str] | _Problem:
    """The model's words and what is counted: `gpt img 1 mini inp txt` is an image model's text."""
    said = list(roles["modality"])
    words = tuple(roles["stem"])
    if not set(words) & MODAL:
        family = next((one for one in ("image", "audio") if one in said), None)
        if family is not None:
            said.remove(family)
            words = (*words, family)
            said = said or (["audio"] if family == "audio" else [])
        elif not said:
            return words, "text"
    if len(said) != 1:
        return _Problem(f"the name says {' and '.join(said) or 'nothing'} of what it counts")
    return words, said[0]
