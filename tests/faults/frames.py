"""WebSocket frames as they are on the wire (RFC 6455), as much as a proxy needs that forwards and damages them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

TEXT: Final = 1
BINARY: Final = 2
CLOSE: Final = 8


@dataclass(frozen=True)
class Frame:
    """One frame: `raw` as it came, `payload` without its mask."""

    opcode: int
    is_last: bool
    payload: bytes
    raw: bytes

    @property
    def is_control(self) -> bool:
        """Whether it is a ping, a pong or a close."""
        return self.opcode >= CLOSE


@dataclass(frozen=True)
class Message:
    """What an application sent: text, or bytes; or a control frame."""

    opcode: int
    payload: bytes
    raw: bytes

    @property
    def is_control(self) -> bool:
        """Whether it is a ping, a pong or a close."""
        return self.opcode >= CLOSE

    @property
    def text(self) -> str:
        """The payload as text."""
        return self.payload.decode("utf-8", "replace")


async def read_frame(reader: asyncio.StreamReader) -> Frame:
    """The next frame.

    Raises:
        EOFError, OSError: the connection ended.
    """
    raw = await reader.readexactly(2)
    length = raw[1] & 0x7F
    if length >= 126:
        extended = await reader.readexactly(2 if length == 126 else 8)
        raw, length = raw + extended, int.from_bytes(extended, "big")
    mask = await reader.readexactly(4) if raw[1] & 0x80 else b""
    data = await reader.readexactly(length)
    return Frame(raw[0] & 0x0F, bool(raw[0] & 0x80), _masked(data, mask), raw + mask + data)


async def read_message(reader: asyncio.StreamReader, parts: list[Frame]) -> Message:
    """The next message, or a control frame between its parts.

    Args:
        reader: where it comes from.
        parts: the parts so far of a message in several frames; belongs to the connection.

    Raises:
        EOFError, OSError: the connection ended.
    """
    while True:
        frame = await read_frame(reader)
        if frame.is_control:
            return Message(frame.opcode, frame.payload, frame.raw)
        parts.append(frame)
        if frame.is_last:
            whole = Message(
                parts[0].opcode, b"".join(part.payload for part in parts), b"".join(part.raw for part in parts)
            )
            parts.clear()
            return whole


def build(payload: bytes, opcode: int = TEXT) -> bytes:
    """A server's frame."""
    return announce(len(payload), opcode) + payload


def announce(length: int, opcode: int = TEXT) -> bytes:
    """The head of a server's frame of this length in bytes."""
    if length < 126:
        return bytes([0x80 | opcode, length])
    if length < 2**16:
        return bytes([0x80 | opcode, 126]) + length.to_bytes(2, "big")
    return bytes([0x80 | opcode, 127]) + length.to_bytes(8, "big")


def _masked(data: bytes, mask: bytes) -> bytes:
    if not mask or not data:
        return data
    key = (mask * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(len(data), "big")
