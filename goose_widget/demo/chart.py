"""A small bar chart as PNG, from nothing but the standard library: the demo's picture."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from typing import Final

WIDTH: Final = 420
HEIGHT: Final = 200
MONTHS: Final = (31, 28, 40, 47, 52, 61, 58, 64, 55, 49, 66, 78)
"""What the demo's chart shows: invented revenues of twelve months."""

_MARGIN: Final = 16
_PALETTE: Final = ((255, 255, 255), (226, 230, 236), (70, 82, 99), (56, 121, 217), (238, 134, 52))
_PAPER, _GRID, _AXIS, _BAR, _BEST = range(5)


def bar_chart(values: Sequence[int]) -> bytes:
    """A PNG file, `WIDTH` by `HEIGHT`, with one bar per value (each above 0). The same values give the same pixels."""
    rows = [bytearray([_PAPER]) * WIDTH for _ in range(HEIGHT)]
    bottom, top = HEIGHT - _MARGIN, _MARGIN

    def fill(left: int, right: int, upper: int, lower: int, colour: int) -> None:
        for row in rows[upper:lower]:
            row[left:right] = bytes([colour]) * (right - left)

    for quarter in range(5):
        line = top + (bottom - top) * quarter // 4
        fill(_MARGIN, WIDTH - _MARGIN, line, line + 1, _GRID)
    slot = (WIDTH - 2 * _MARGIN) / len(values)
    for index, value in enumerate(values):
        left = _MARGIN + round(index * slot + slot * 0.15)
        height = (bottom - top) * value // max(values)
        fill(left, left + round(slot * 0.7), bottom - height, bottom, _BEST if value == max(values) else _BAR)
    fill(_MARGIN, WIDTH - _MARGIN, bottom, bottom + 2, _AXIS)
    return _png(rows)


def chart() -> str:
    """The demo's chart in base64."""
    return base64.b64encode(bar_chart(MONTHS)).decode("ascii")


def _png(rows: Sequence[bytearray]) -> bytes:
    """Rows of palette indices as a file."""
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 3, 0, 0, 0)
    pixels = b"".join(b"\0" + row for row in rows)
    palette = bytes(value for colour in _PALETTE for value in colour)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
