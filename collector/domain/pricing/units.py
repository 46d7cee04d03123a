"""What one unit of a retail price is."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

_UNIT = re.compile(r"(\d+)\s*([KM])?\s*/?\s*(Hour|Day|Month|Second|Year)?s?", re.IGNORECASE)
_SCALE = {"": Decimal(1), "K": Decimal(1000), "M": Decimal(1_000_000)}


@dataclass(frozen=True, slots=True)
class Unit:
    """A row's unit: the price counts `count` things, each lasting `time` where one is named."""

    count: Decimal
    time: str | None


@cache
def unit_of(text: str) -> Unit | None:
    """`1K`, `1M`, `100`, `1 Hour`, `1/Hour`, `1/Day`; None where it is none of these."""
    match = _UNIT.fullmatch(text.strip())
    if match is None:
        return None
    count = Decimal(match[1]) * _SCALE[(match[2] or "").upper()]
    return Unit(count, match[3].lower() if match[3] else None) if count else None
