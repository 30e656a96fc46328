from __future__ import annotations

import base64
import struct
import zlib

from goose_widget.demo.chart import HEIGHT, MONTHS, WIDTH, bar_chart, chart


def chunks(png: bytes) -> dict[bytes, bytes]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = {}, 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", png, at + 8 + length) == (zlib.crc32(kind + data),)
        found[kind] = data
        at += 12 + length
    return found


def test_it_is_a_png_with_a_bar_for_every_value() -> None:
    found = chunks(bar_chart([1, 2, 4]))
    assert list(found) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert struct.unpack(">IIBBBBB", found[b"IHDR"]) == (WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    pixels = zlib.decompress(found[b"IDAT"])
    rows = [pixels[start + 1 : start + 1 + WIDTH] for start in range(0, len(pixels), WIDTH + 1)]
    assert len(rows) == HEIGHT
    assert max(max(row) for row in rows) < len(found[b"PLTE"]) // 3
    bars = "".join("#" if value >= 3 else " " for value in rows[-20]).split()
    assert len(bars) == 3


def test_the_demos_chart_is_small_and_always_the_same() -> None:
    assert chart() == chart()
    assert base64.b64decode(chart()) == bar_chart(MONTHS)
    assert len(chart()) < 4096
