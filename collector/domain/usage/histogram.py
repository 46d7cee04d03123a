"""A mergeable histogram of minute values, from which percentiles of any period are read.

Values fall into logarithmic buckets wide enough for a relative error of at most 1 %; zeros
(idle minutes) are counted exactly, and so are the number of values and the highest of them.
A day of minutes is a few hundred bytes, and a month is the merge of its days.
"""

from __future__ import annotations

import itertools
import math
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

RELATIVE_ERROR: Final = 0.01
_ACCURACY: Final = 0.0099  # a hair below the promise, for the rounding of logarithms
_GAMMA: Final = (1 + _ACCURACY) / (1 - _ACCURACY)
_LOG_GAMMA: Final = math.log(_GAMMA)
_VERSION: Final = 1
_COMPRESSED: Final = 0x80
_HEAD: Final = struct.Struct("<Bd")

_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many values fell into which bucket: bucket i holds γ^(i-1) < value ≤ γ^i."""

    buckets: tuple[tuple[int, int], ...] = ()
    zeros: int = 0
    max: float | None = None

    @classmethod
    def from_values(cls, values: NDArray[np.generic]) -> Histogram:
        """The histogram of values of 0 and more; NaN is no value and is not counted."""
        known = np.asarray(values, dtype=np.float64).reshape(-1)
        known = known[~np.isnan(known)]
        if not known.size:
            return cls()
        if known.min() < 0 or not np.isfinite(known.max()):
            raise ValueError(
                f"values from {known.min()} to {known.max()}: expected finite ones of 0 and more"
            )
        positive = known[known > 0]
        index = np.ceil(np.log(positive) / _LOG_GAMMA).astype(np.int64)
        buckets = _summed([index], [np.ones(index.size, dtype=np.int64)])
        return cls(buckets, known.size - positive.size, float(known.max()))

    @classmethod
    def from_bytes(cls, packed: bytes) -> Histogram:
        return merge((packed,))

    @property
    def count(self) -> int:
        return self.zeros + sum(count for _, count in self.buckets)

    def quantile(self, q: float) -> float | None:
        """The nearest-rank quantile over all counted values, within 1 %; None where nothing was counted."""
        return self.quantiles((q,))[0]

    def quantiles(self, qs: Iterable[float]) -> tuple[float | None, ...]:
        wanted = tuple(qs)
        if any(not 0 <= q <= 1 for q in wanted):
            raise ValueError(f"quantiles {wanted}: expected shares between 0 and 1")
        highest, count = self.max, self.count
        if highest is None:
            return (None,) * len(wanted)
        upto = self.zeros + np.cumsum(np.array([count for _, count in self.buckets], dtype=np.int64))
        return tuple(self._value(q, count, upto, highest) for q in wanted)

    def share_of_top(self, part: float) -> float | None:
        """The share of the sum that the highest `part` of all values holds, within 1 %; None where the sum is 0."""
        left, top, whole = part * self.count, 0.0, 0.0
        for index, count in reversed(self.buckets):
            value = _middle(index)
            whole += count * value
            taken = min(left, count)
            top, left = top + taken * value, left - taken
        return top / whole if whole else None

    def to_bytes(self) -> bytes:
        """Version, highest value, then variable-length integers: zeros, buckets, steps, counts."""
        index = np.array([index for index, _ in self.buckets], dtype=np.int64)
        steps = np.diff(index, prepend=0)
        head = -1.0 if self.max is None else self.max
        numbers = [self.zeros, len(index), *_zigzag(steps[:1]).tolist(), *steps[1:].tolist()]
        numbers += [count for _, count in self.buckets]
        if max(numbers) < 0x80:
            body = bytes(numbers)
        else:
            body = b"".join([_TWO[n] if n < 0x4000 else _varint(n) for n in numbers])
        return _sealed(head, body)

    def _value(self, q: float, count: int, upto: _Ints, highest: float) -> float:
        rank = _nearest_rank(q, count)
        if rank <= self.zeros:
            return 0.0
        if rank == count:
            return highest
        index = self.buckets[int(np.searchsorted(upto, rank))][0]
        return min(_middle(index), highest)


def packed_by_group(
    values: NDArray[np.generic], counted: NDArray[np.bool_], groups: _Ints, number: int
) -> list[bytes | None]:
    """The packed histogram of the counted values of each group of rows; None for a group that has none.

    `groups` names each row's group, in rising order. All groups at once, in few steps of numpy.
    """
    known = np.asarray(values[counted], dtype=np.float64)
    if known.size and (known.min() < 0 or not np.isfinite(known.max())):
        raise ValueError(f"values from {known.min()} to {known.max()}: expected finite ones of 0 and more")
    member = np.repeat(groups, counted.sum(axis=1))
    positive = known > 0
    index = np.ceil(np.log(known[positive]) / _LOG_GAMMA).astype(np.int64)
    lowest = int(index.min()) if index.size else 0
    width = int(index.max()) - lowest + 1 if index.size else 1
    counts = np.bincount(member[positive] * width + (index - lowest), minlength=number * width)
    filled = np.flatnonzero(counts)
    owner = filled // width
    bodies = _bodies(
        filled % width + lowest,
        counts[filled],
        np.bincount(owner, minlength=number),
        np.bincount(member[~positive], minlength=number),
    )
    highest = np.full(number, -1.0)
    np.maximum.at(highest, groups, np.where(counted, values, -1.0).max(axis=1, initial=-1.0))
    return [
        None if top < 0 else _sealed(top, body) for top, body in zip(highest.tolist(), bodies, strict=True)
    ]


def _bodies(buckets: _Ints, counts: _Ints, sizes: _Ints, zeros: _Ints) -> list[bytes]:
    """Each group's numbers as `Histogram.to_bytes` writes them: zeros, buckets, steps, counts."""
    firsts = np.cumsum(sizes) - sizes
    steps = np.diff(buckets, prepend=0)
    heads = firsts[sizes > 0]
    steps[heads] = _zigzag(buckets[heads])
    starts = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(2 + 2 * sizes)))
    numbers = np.empty(int(starts[-1]), dtype=np.int64)
    numbers[starts[:-1]], numbers[starts[:-1] + 1] = zeros, sizes
    owner = np.repeat(np.arange(sizes.size), sizes)
    place = starts[:-1][owner] + 2 + np.arange(buckets.size) - firsts[owner]
    numbers[place], numbers[place + sizes[owner]] = steps, counts
    return _varints(numbers, starts)


def _varints(numbers: _Ints, starts: _Ints) -> list[bytes]:
    """The numbers between one start and the next, of variable length, as bytes."""
    size, limit = np.ones(numbers.size, dtype=np.int64), 0x80
    while limit <= int(numbers.max(initial=0)):
        size += numbers >= limit
        limit <<= 7
    ends = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(size)))
    out = np.zeros(int(ends[-1]), dtype=np.uint8)
    todo, place = np.arange(numbers.size), 0
    while todo.size:
        more = size[todo] > place + 1
        out[ends[todo] + place] = (numbers[todo] >> (7 * place)) & 0x7F | (more << 7)
        todo, place = todo[more], place + 1
    whole, cuts = out.tobytes(), ends[starts].tolist()
    return [whole[start:end] for start, end in itertools.pairwise(cuts)]


def _sealed(highest: float, body: bytes) -> bytes:
    smaller = zlib.compress(body, 6)
    if len(smaller) < len(body):
        return _HEAD.pack(_VERSION | _COMPRESSED, highest) + smaller
    return _HEAD.pack(_VERSION, highest) + body


def merge(packed: Iterable[bytes]) -> Histogram:
    """The histogram of all values that the packed histograms counted together."""
    indices: list[_Ints] = []
    counts: list[_Ints] = []
    zeros, highest = 0, -1.0
    bodies: list[bytes] = []
    for one in packed:
        if len(one) < _HEAD.size or one[0] & ~_COMPRESSED != _VERSION:
            raise ValueError(
                f"a histogram starts with {one[:1].hex() or 'nothing'}: expected version {_VERSION}"
            )
        highest = max(highest, _HEAD.unpack_from(one)[1])
        bodies.append(_body(one))
    numbers, at = _numbers(b"".join(bodies)), 0
    for _ in bodies:
        if at + 2 > len(numbers) or at + 2 + 2 * int(numbers[at + 1]) > len(numbers):
            raise ValueError("a histogram ends before its last bucket: the column is damaged")
        size = int(numbers[at + 1])
        zeros += int(numbers[at])
        steps = numbers[at + 2 : at + 2 + size].copy()
        steps[:1] = _unzigzag(steps[:1])
        indices.append(np.cumsum(steps))
        counts.append(numbers[at + 2 + size : at + 2 + 2 * size])
        at += 2 + 2 * size
    return Histogram(_summed(indices, counts), zeros, None if highest < 0 else highest)


def _body(packed: bytes) -> bytes:
    if not packed[0] & _COMPRESSED:
        return packed[_HEAD.size :]
    try:
        return zlib.decompress(packed[_HEAD.size :])
    except zlib.error as error:
        raise ValueError(f"a histogram cannot be decompressed: the column is damaged ({error})") from error


def _summed(indices: list[_Ints], counts: list[_Ints]) -> tuple[tuple[int, int], ...]:
    if not indices:
        return ()
    index, count = np.concatenate(indices), np.concatenate(counts)
    if not index.size:
        return ()
    lowest = int(index.min())
    totals = np.bincount(index - lowest, weights=count)
    filled = np.flatnonzero(totals)
    return tuple(zip((filled + lowest).tolist(), totals[filled].astype(np.int64).tolist(), strict=True))


def _middle(index: int) -> float:
    """The value whose relative distance to both ends of its bucket is the same."""
    return 2 * math.exp(index * _LOG_GAMMA) / (_GAMMA + 1)


def _nearest_rank(q: float, count: int) -> int:
    return max(1, min(count, math.ceil(q * count)))


def _zigzag(values: _Ints) -> _Ints:
    return (values << 1) ^ (values >> 63)


def _unzigzag(values: _Ints) -> _Ints:
    return (values >> 1) ^ -(values & 1)


def _varint(number: int) -> bytes:
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


# Nearly every count of a day or a month fits two bytes: those are looked up.
_TWO: Final = tuple(_varint(number) for number in range(0x4000))


def _numbers(packed: bytes) -> _Ints:
    """Every variable-length integer of the bytes, read in one numpy step."""
    raw = np.frombuffer(packed, dtype=np.uint8)
    if not raw.size:
        return np.zeros(0, dtype=np.int64)
    ends = np.flatnonzero(raw < 0x80)
    if not ends.size or ends[-1] != raw.size - 1:
        raise ValueError("a histogram ends inside a number: the column is damaged")
    starts = np.concatenate((np.zeros(1, dtype=np.int64), ends[:-1] + 1))
    place = np.arange(raw.size) - np.repeat(starts, ends - starts + 1)
    parts = (raw & 0x7F).astype(np.int64) << (7 * place)
    return np.add.reduceat(parts, starts)
