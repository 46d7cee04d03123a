"""Text of others as text: nothing in it steers a terminal or turns what stands beside it."""

import re
from typing import Final

_STEERS: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]"
)
"""Control characters but tab and line feed, and the marks that turn the direction of writing."""


def harmless(text: str) -> str:
    """A name from Azure, an error from anywhere: what cannot be seen is shown as a replacement mark."""
    return _STEERS.sub("\ufffd", text.replace("\r\n", "\n"))
