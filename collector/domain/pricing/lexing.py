"""Names into words: separators, glued words, version numbers, nothing dropped."""

import re
from difflib import SequenceMatcher
from functools import cache

from collector.domain.pricing.words import CLASS_ROLES, CONTRACTED, GLUED, PHRASES, WORDS

_SEPARATORS = re.compile(r"[\s\-_/(),:]+")
_DURATION = re.compile(r"(?<![\w.])(\d{1,2})-(\d{1,2})s(?![\w.])", re.IGNORECASE)
_PIECE = re.compile(r"\d+(?:\.\d+)*|[a-z]+")
_SIZED = frozenset("kbmps")
_VOWELS = str.maketrans("", "", "aeiouy")


def words_of(name: str) -> list[str]:
    """The words of a name in lower case, phrases joined; a word nobody knows stays as it is."""
    held = _DURATION.sub(r"\1to\2s", name)
    words: list[str] = []
    for chunk in _SEPARATORS.split(held.strip().lower()):
        if chunk:
            words.extend([chunk] if chunk in WORDS or re.fullmatch(r"\d+to\d+s", chunk) else _pieces(chunk))
    return _join_phrases(words)


def looks_like_grammar(word: str) -> bool:
    """Whether an unknown word is probably a misspelt word of the grammar (`cachd`, `globl`)."""
    bones = _bones(word)
    return any(
        (len(bones) >= 3 and bones == _bones(known)) or SequenceMatcher(None, word, known).ratio() >= 0.8
        for known, meaning in WORDS.items()
        if meaning.role in CLASS_ROLES and len(known) >= 3
    )


def _bones(word: str) -> str:
    return re.sub(r"(.)\1+", r"\1", word[:1] + word[1:].translate(_VOWELS))


def _pieces(chunk: str) -> list[str]:
    """One chunk between separators: runs of digits and of letters, letters cut into known words if they can be."""
    runs = _PIECE.findall(chunk)
    if "".join(runs) != chunk:
        return [chunk]
    pieces: list[str] = []
    position = 0
    while position < len(runs):
        run, after = runs[position], runs[position + 1] if position + 1 < len(runs) else ""
        position += 1
        if run == "o" and re.fullmatch(r"\d", after):
            pieces.append(f"o{after}")
            position += 1
        elif not run[0].isdigit():
            pieces.extend(_cut(run) or [run])
        elif after in _SIZED:
            pieces.append(run + after)
            position += 1
        elif after[:1] == "o" and len(run.replace(".", "")) <= 2 and (after == "o" or _cut(after[1:])):
            pieces.append(f"{run}o")
            pieces.extend(_cut(after[1:]) or [])
            position += 1
        else:
            pieces.append(run)
    return pieces


@cache
def _cut(letters: str) -> tuple[str, ...] | None:
    """`batchoutp` as batch, outp; None where it cannot be cut, or in two ways of equally few words."""
    if letters in WORDS:
        return (letters,)
    if letters in CONTRACTED:
        return CONTRACTED[letters]
    ways = sorted(_ways(letters), key=len)
    if not ways or (len(ways) > 1 and len(ways[0]) == len(ways[1])):
        return None
    return ways[0]


def _ways(letters: str) -> list[tuple[str, ...]]:
    if not letters:
        return [()]
    return [
        (letters[:end], *rest)
        for end in range(3, len(letters) + 1)
        if letters[:end] in GLUED
        for rest in _ways(letters[end:])
    ]


def _join_phrases(words: list[str]) -> list[str]:
    joined: list[str] = []
    position = 0
    while position < len(words):
        for phrase, word in PHRASES:
            if tuple(words[position : position + len(phrase)]) == phrase:
                joined.append(word)
                position += len(phrase)
                break
        else:
            joined.append(words[position])
            position += 1
    return joined
