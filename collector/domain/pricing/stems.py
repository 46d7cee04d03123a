"""What a model is called, so that a meter's name and Azure's model name meet.

A stem is the set of words of a model's name without its version: `gpt-4o-mini`, `gpt4omini` and
`gpt 4o mini` are one stem. Words are compared as a set, so their order does not matter.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from collector.domain.pricing.lexing import looks_like_grammar, words_of
from collector.domain.pricing.words import PHRASES, SILENT_PREVIEW, WORDS

Stem = tuple[str, ...]

_GENERATION = re.compile(r"\d(?:\.\d+)?")
_OMNI = re.compile(r"\d(?:\.\d)?o")
_REASONING = re.compile(r"o\d")
_SIZE = re.compile(r"\d+[kb]")
_HEADLESS = frozenset(
    {"embedding", "sora", "dalle", "davinci", "babbage", "curie", "ada", "cushman"}
    | {"whisper", "computer", "router", "speech", "tts"}
)
_PHRASE_WORDS = frozenset(word for phrase, _ in PHRASES for word in phrase)
_GPT_FAMILIES = frozenset({"image", "audio", "realtime", "chat", "oss", "transcribe", "live"})


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A name that was refused, and why."""

    reason: str


def stem_number(word: str, generation: str | None, before: str | None) -> str | None:
    """What a number in a name says of the model; None where it says nothing that we know.

    Flex meters drop the dot (`54 mini`); only the product's own generation tells that 5.4 is meant.
    """
    if (
        _GENERATION.fullmatch(word)
        or _OMNI.fullmatch(word)
        or _REASONING.fullmatch(word)
        or _SIZE.fullmatch(word)
    ):
        return word
    if word == "35" and before == "gpt":
        return "3.5"
    if re.fullmatch(r"[1-9][1-9]", word) and word[0] == generation:
        return f"{word[0]}.{word[1]}"
    if word in {"001", "002", "003"}:
        return word
    return None


def is_code_name(word: str, before: str | None) -> bool:
    """Whether an unknown word may be a model's code name: right behind `gpt`, a generation or another such word."""
    return (
        before is not None
        and re.fullmatch(r"[a-z]{3,12}", word) is not None
        and word not in _PHRASE_WORDS
        and not looks_like_grammar(word)
        and (before == "gpt" or _GENERATION.fullmatch(before) is not None or before.isalpha())
        and (before == "gpt" or before not in WORDS)
    )


def make_stem(words: Sequence[str], product_is_oss: bool = False) -> Stem | Unreadable:
    """The stem of these model words; what Azure leaves out (`5.4 mini`, `20b`, `Image 2`) is put back."""
    found = set(words)
    if len(found) != len(words):
        return Unreadable(f"a model word stands twice in {' '.join(words)!r}")
    if product_is_oss:
        found.add("oss")
    if "dalle" in found:
        found.discard("image")
    reasoning = any(_REASONING.fullmatch(word) for word in found)
    omni = any(_OMNI.fullmatch(word) for word in found)
    numbered = any(_GENERATION.fullmatch(word) for word in found)
    if omni or (not reasoning and not found & _HEADLESS and (numbered or found & _GPT_FAMILIES)):
        found.add("gpt")
    if found & SILENT_PREVIEW:
        found.discard("preview")
    return tuple(sorted(found, key=_rank))


def _rank(word: str) -> tuple[int, str]:
    if word == "gpt" or _REASONING.fullmatch(word):
        return 0, word
    return (1 if word[0].isdigit() else 2), word


@cache
def model_stem(model: str) -> Stem:
    """The stem of a model's name as ARM spells it. A name we cannot read is a stem of its own raw words."""
    words: list[str] = []
    before: str | None = None
    for word in words_of(model):
        meaning = WORDS.get(word)
        number = stem_number(word, None, before)
        if number is not None:
            word = number
        elif meaning is not None and meaning.role in {"stem", "modality", "variant"}:
            word = meaning.says
        words.append(word)
        before = word
    stem = make_stem(words)
    return (model.casefold(),) if isinstance(stem, Unreadable) else stem
