"""The 60 minute values of an hour, packed into one compact bytes column.

A packed hour is: one byte of format version and flags, three bytes naming the width of each
series in bytes (a nibble each), then the body: a mask of the covered minutes unless all are
covered, and each series as planes of bytes, low bytes first. Planes let a compressor see that
high bytes repeat, and let thousands of hours of equal widths be read in one numpy step.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_Bytes = NDArray[np.uint8]

MINUTES: Final = 60
COUNTS: Final = ("prompt", "completion", "requests", "throttled", "spilled")
_VERSION: Final = 1
_COMPRESSED: Final = 0x80
_PARTLY_COVERED: Final = 0x40
_HEADER: Final = 4
_MASK_BYTES: Final = 8
_PTU: Final = len(COUNTS)
_HUNDREDTHS: Final = 2  # width of a percentage kept in hundredths; eight bytes keep it as a float
_NO_HUNDREDTHS: Final = 0xFFFF
_WORTH_COMPRESSING: Final = 60


@dataclass(frozen=True, slots=True, eq=False)
class MinuteBlock:
    """Many hours at once: every array has one row per hour and 60 columns.

    `ptu_max` is NaN where nothing was published.
    """

    prompt: Ints
    completion: Ints
    requests: Ints
    throttled: Ints
    spilled: Ints
    ptu_max: Floats
    covered: Flags

    def __post_init__(self) -> None:
        shape = (self.prompt.shape[0], MINUTES)
        for field in fields(self):
            found = getattr(self, field.name).shape
            if found != shape:
                raise ValueError(f"MinuteBlock.{field.name} has shape {found}: expected {shape}")

    def __len__(self) -> int:
        return int(self.prompt.shape[0])

    @property
    def tokens(self) -> Ints:
        """Prompt and completion tokens together, as the token limit counts them."""
        return self.prompt + self.completion

    @classmethod
    def empty(cls, count: int) -> MinuteBlock:
        """`count` hours of which nothing is known yet."""
        counts = [np.zeros((count, MINUTES), dtype=np.int64) for _ in COUNTS]
        ptu = np.full((count, MINUTES), np.nan)
        return cls(*counts, ptu_max=ptu, covered=np.zeros((count, MINUTES), dtype=np.bool_))


def pack_many(block: MinuteBlock) -> list[bytes]:
    """Every hour of the block as its bytes, in order."""
    widths, planes = _planes(block)
    headers = np.full((len(block), _HEADER), _VERSION, dtype=np.uint8)
    headers[:, 0] |= np.where(block.covered.all(axis=1), 0, _PARTLY_COVERED).astype(np.uint8)
    headers[:, 1:] = (widths[:, 0::2] << 4) | widths[:, 1::2]
    masks = np.packbits(block.covered, axis=1, bitorder="little")
    packed: list[bytes] = [b""] * len(block)
    for header, members in _alike(headers):
        parts = [masks[members]] if header[0] & _PARTLY_COVERED else []
        parts += [plane[members, :width] for plane, width in zip(planes, widths[members[0]], strict=True)]
        rows = np.concatenate([part.reshape(len(members), -1) for part in parts], axis=1)
        for member, row in zip(members.tolist(), rows, strict=True):
            packed[member] = _sealed(header, row.tobytes())
    return packed


def unpack_many(packed: Sequence[bytes]) -> MinuteBlock:
    """What `pack_many` was given: an hour per element, in order."""
    opened = [_opened(one) for one in packed]
    block = MinuteBlock.empty(len(opened))
    if not opened:
        return block
    headers = np.frombuffer(b"".join(header for header, _ in opened), dtype=np.uint8).reshape(-1, _HEADER)
    for header, members in _alike(headers):
        bodies = [opened[int(member)][1] for member in members]
        body = np.frombuffer(b"".join(bodies), dtype=np.uint8)
        _fill(block, header, members, body)
    return block


def _planes(block: MinuteBlock) -> tuple[NDArray[np.uint8], list[_Bytes]]:
    """Per hour the width of each series, and per series its bytes as (hour, plane, minute)."""
    widths = np.zeros((len(block), _PTU + 1), dtype=np.uint8)
    planes: list[_Bytes] = []
    for series, name in enumerate(COUNTS):
        values: Ints = getattr(block, name)
        if values.size and values.min() < 0:
            raise ValueError(f"{name} holds {values.min()}: expected counts of 0 and more")
        highest = values.max(axis=1, initial=0)
        for byte in range(8):
            widths[:, series] += (highest >> (8 * byte)) > 0
        planes.append(_split(values))
    widths[:, _PTU], ptu = _ptu_planes(block.ptu_max)
    return widths, [*planes, ptu]


def _ptu_planes(percent: Floats) -> tuple[NDArray[np.uint8], _Bytes]:
    """Percentages in hundredths where that loses nothing, else as they are."""
    unknown = np.isnan(percent)
    hundredths = np.where(unknown, 0.0, np.rint(percent * 100))
    exact = unknown | ((hundredths / 100 == percent) & (hundredths >= 0) & (hundredths < _NO_HUNDREDTHS))
    exact &= ~np.signbit(np.where(unknown, 0.0, percent))  # minus zero is not zero to a round trip
    narrow = exact.all(axis=1)
    widths = np.where(unknown.all(axis=1), 0, np.where(narrow, _HUNDREDTHS, 8)).astype(np.uint8)
    small = np.where(unknown, _NO_HUNDREDTHS, np.where(narrow[:, None], hundredths, 0)).astype(np.int64)
    return widths, _split(np.where(narrow[:, None], small, percent.view(np.int64)))


def _split(values: Ints) -> _Bytes:
    as_bytes = np.ascontiguousarray(values, dtype="<i8").view(np.uint8)
    return as_bytes.reshape(len(values), MINUTES, 8).transpose(0, 2, 1)


def _joined(planes: _Bytes) -> Ints:
    whole = np.zeros((planes.shape[0], MINUTES, 8), dtype=np.uint8)
    whole[:, :, : planes.shape[1]] = planes.transpose(0, 2, 1)
    return whole.view("<i8").reshape(planes.shape[0], MINUTES).astype(np.int64, copy=False)


def _alike(headers: _Bytes) -> list[tuple[bytes, NDArray[np.intp]]]:
    """The distinct headers and which hours bear each."""
    keys = np.ascontiguousarray(headers).view(">u4").reshape(-1)
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order])) + 1
    groups = np.split(order, starts) if len(order) else []
    return [(headers[group[0]].tobytes(), group) for group in groups]


def _fill(block: MinuteBlock, header: bytes, members: NDArray[np.intp], body: _Bytes) -> None:
    widths = [nibble for byte in header[1:] for nibble in (byte >> 4, byte & 0x0F)]
    mask = _MASK_BYTES if header[0] & _PARTLY_COVERED else 0
    if max(widths) > 8 or body.size != len(members) * (mask + MINUTES * sum(widths)):
        raise ValueError(
            f"a packed hour with header {header.hex()} holds {body.size} bytes for {len(members)} hours: "
            f"expected {mask + MINUTES * sum(widths)} bytes each; the column is damaged"
        )
    rows = body.reshape(len(members), -1)
    block.covered[members] = (
        np.unpackbits(rows[:, :mask], axis=1, count=MINUTES, bitorder="little").astype(np.bool_)
        if mask
        else True
    )
    at = mask
    for name, width in zip((*COUNTS, "ptu_max"), widths, strict=True):
        if not width:
            continue
        planes = rows[:, at : at + width * MINUTES].reshape(len(members), width, MINUTES)
        at += width * MINUTES
        values = _joined(planes)
        getattr(block, name)[members] = _percent(values, width) if name == "ptu_max" else values


def _percent(values: Ints, width: int) -> Floats:
    if width == _HUNDREDTHS:
        return np.where(values == _NO_HUNDREDTHS, np.nan, values / 100)
    return values.view(np.float64)


def _sealed(header: bytes, body: bytes) -> bytes:
    if len(body) >= _WORTH_COMPRESSING:
        smaller = zlib.compress(body, 6)
        if len(smaller) < len(body):
            return bytes((header[0] | _COMPRESSED, *header[1:])) + smaller
    return header + body


def _opened(packed: bytes) -> tuple[bytes, bytes]:
    if len(packed) < _HEADER or packed[0] & 0x0F != _VERSION:
        raise ValueError(
            f"a packed hour starts with {packed[:1].hex() or 'nothing'}: expected format version {_VERSION}"
        )
    header, body = packed[:_HEADER], packed[_HEADER:]
    if not header[0] & _COMPRESSED:
        return header, body
    try:
        return bytes((header[0] & ~_COMPRESSED, *header[1:])), zlib.decompress(body)
    except zlib.error as error:
        raise ValueError(f"a packed hour cannot be decompressed: the column is damaged ({error})") from error
