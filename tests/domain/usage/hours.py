"""Hours written minute by minute, as tests say them, and the blocks of the code that they stand for."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from collector.domain.usage.minutes import COUNTS, MINUTES, MinuteBlock, pack_many, unpack_many


@dataclass(frozen=True, slots=True)
class HourMinutes:
    """One deployment-hour, minute by minute.

    A minute that is not covered was never read whole: its counts are placeholders.
    `ptu_max` is the highest PTU utilisation in percent, None where none was published.
    """

    prompt: tuple[int, ...] = (0,) * MINUTES
    completion: tuple[int, ...] = (0,) * MINUTES
    requests: tuple[int, ...] = (0,) * MINUTES
    throttled: tuple[int, ...] = (0,) * MINUTES
    spilled: tuple[int, ...] = (0,) * MINUTES
    ptu_max: tuple[float | None, ...] = (None,) * MINUTES
    covered: tuple[bool, ...] = (True,) * MINUTES

    def __post_init__(self) -> None:
        for field in fields(self):
            length = len(getattr(self, field.name))
            if length != MINUTES:
                raise ValueError(f"HourMinutes.{field.name} has {length} values: expected {MINUTES}")


def block_of(hours: Sequence[HourMinutes]) -> MinuteBlock:
    shape = (len(hours), MINUTES)
    counts = [
        np.array([getattr(hour, name) for hour in hours], dtype=np.int64).reshape(shape) for name in COUNTS
    ]
    ptu = np.array([hour.ptu_max for hour in hours], dtype=np.float64).reshape(shape)
    covered = np.array([hour.covered for hour in hours], dtype=np.bool_).reshape(shape)
    return MinuteBlock(*counts, ptu_max=ptu, covered=covered)


def hour_of(block: MinuteBlock, index: int) -> HourMinutes:
    counts = (tuple(getattr(block, name)[index].tolist()) for name in COUNTS)
    return HourMinutes(
        *counts,
        ptu_max=tuple(None if value != value else value for value in block.ptu_max[index].tolist()),
        covered=tuple(block.covered[index].tolist()),
    )


def packed(hour: HourMinutes) -> bytes:
    return pack_many(block_of([hour]))[0]


def unpacked(column: bytes) -> HourMinutes:
    return hour_of(unpack_many([column]), 0)
