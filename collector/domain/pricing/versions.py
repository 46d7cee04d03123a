"""Versions of models: a month and a day in a meter's name, a date in Azure's."""

import re
from collections.abc import Sequence

_DATE = re.compile(r"(20\d\d)-?(\d\d)-?(\d\d)")
_MONTH_DAY = re.compile(r"(\d\d)(\d\d)")


def _is_day(month: str, day: str) -> bool:
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31


def version_of(word: str, is_gpt_35: bool = False) -> str | None:
    """A meter's version: `0806` as month and day, `05052026` as 2026-05-05; None where it is no date."""
    if is_gpt_35 and re.fullmatch(r"[1-9]\d\d", word):
        word = f"0{word}"  # gpt-35-trb16K-Batch-125
    match = _MONTH_DAY.fullmatch(word)
    if match:
        return word if _is_day(match[1], match[2]) else None
    if re.fullmatch(r"\d{8}", word):
        for month, day, year in ((word[:2], word[2:4], word[4:]), (word[4:6], word[6:], word[:4])):
            if _is_day(month, day) and year.startswith("20"):
                return f"{year}-{month}-{day}"
    return None


def with_joined_dates(words: Sequence[str]) -> list[str]:
    """`2026 05 05` as one word."""
    joined = list(words)
    for position in range(len(joined) - 2):
        three = "-".join(joined[position : position + 3])
        if _DATE.fullmatch(three):
            return [*joined[:position], three.replace("-", ""), *with_joined_dates(joined[position + 3 :])]
    return joined


def is_version(asked: str | None, meter: str) -> bool:
    """Whether a model version as ARM spells it is the version that a meter's name says.

    >>> is_version("2024-08-06", "0806"), is_version("0125-Preview", "0125"), is_version("2", "0806")
    (True, True, False)
    """
    if asked is None:
        return False
    date = _DATE.search(asked)
    if date:
        return meter in {f"{date[2]}{date[3]}", f"{date[1]}-{date[2]}-{date[3]}"}
    short = re.match(r"\d{4}(?!\d)", asked)
    return short is not None and meter == short[0]
