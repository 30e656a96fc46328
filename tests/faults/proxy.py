"""A proxy between client and server that does to a WebSocket what networks and other proxies do.

HTTP passes through with its headers and status codes, WebSockets at any path are forwarded message by message. A fault
is at the n-th message from the server on the n-th WebSocket connection, both counted from 1. Messages are never
reordered. What reached the client, and what the server, is logged.

    async with running(Proxy(server.port, [Fault("cut", frame=7)])) as proxy:
        chat = Chat(server=f"ws://127.0.0.1:{proxy.port}/acp", …)
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from goose_widget.client import MAX_FRAME
from support.sockets import abort_left, stop_accepting

from . import frames
from .frames import Message

KINDS: Final = {
    "cut": "the connection is cut in place of the message",
    "tear": "the connection is cut in the middle of the message's bytes",
    "close": "the connection is closed in good form in place of the message, code 1011",
    "stall": "nothing comes any more from this message on, and the connection stays open",
    "deaf": "nothing that the client sends arrives after this message, and the connection stays open",
    "mute": "the connection is accepted and never answered",
    "silent": "the upgrade is answered, and nothing else ever",
    "refuse": "cut in place of the message, and for a while no connection is accepted",
    "delay": "the message comes late",
    "drip": "the message comes byte by byte",
    "duplicate": "the message comes twice",
    "truncate": "half of the message's text is missing",
    "oversize": "a message of more than 64 MiB is announced in place of it",
    "garbage": "something that is no JSON comes before the message",
    "binary": "bytes that are no text come before the message",
    "wrong": "JSON that says nothing known comes before the message",
}
"""Every kind of fault, and what happens."""

DAMAGING: Final = ("truncate", "duplicate")
"""Faults after which what was delivered is not what the server said, on a connection that goes on."""

_JUNK: Final = {
    "garbage": (b"<html>502 Bad Gateway</html>", frames.TEXT),
    "binary": (b"\xff\xfe\x00 no text", frames.BINARY),
    "wrong": (b'{"jsonrpc": "2.0", "hello": [1, 2, 3]}', frames.TEXT),
}


@dataclass(frozen=True)
class Fault:
    """What goes wrong, once; `seconds` is for how long (delay, refuse)."""

    kind: str
    frame: int = 1
    connection: int = 1
    seconds: float = 0.1


@dataclass
class Connection:
    """One WebSocket, and what went through it: (direction "in" or "out", message), in its order."""

    number: int
    log: list[tuple[str, str | bytes]] = field(default_factory=list)
    count: int = 0  # messages that the server sent
    lost_answer: bool = False  # the answer to a request was damaged: it will never come


class Proxy:
    """Forwards to a server on this computer.

    Args:
        target: the server's port.
        faults: what goes wrong.
    """

    def __init__(self, target: int, faults: Iterable[Fault] = ()) -> None:
        self.target = target
        self.faults = list(faults)
        self.done: list[Fault] = []  # those that happened
        self.connections: list[Connection] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._hanging: dict[int, asyncio.StreamWriter] = {}  # the client's side, by the connection's number
        self._clients: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Listen; after a `stop` on the same port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut everything."""
        await self._refuse()
        while tasks := list(self._tasks):
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await abort_left(self.port)

    def heal(self) -> int:
        """Nothing goes wrong from now on; what hangs is cut. Returns how many connections that were."""
        self.faults.clear()
        hanging, self._hanging = self._hanging, {}
        for writer in hanging.values():
            writer.transport.abort()
        return len(hanging)

    def cut(self) -> None:
        """Cut every connection, now."""
        for writer in self._clients:
            writer.transport.abort()

    @property
    def lost_answer(self) -> bool:
        """Whether an answer on the newest connection was damaged, so that the client waits for it in vain."""
        return bool(self.connections) and self.connections[-1].lost_answer

    async def _refuse(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await stop_accepting(server.sockets)
            server.close()

    def _spawn(self, work: Awaitable[None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def leave(_: object) -> None:
            self._clients.discard(writer)
            writer.transport.abort()

        self._clients.add(writer)
        self._spawn(self._serve(reader, writer)).add_done_callback(leave)  # also where it never began

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up: asyncio.StreamWriter | None = None
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            is_socket = b"upgrade: websocket" in head.lower()
            connection = Connection(len(self.connections) + 1)
            if is_socket:
                self.connections.append(connection)
                if self._take(connection, "mute"):
                    self._hanging[connection.number] = writer
                    await _swallow(reader)
                    return
            up_reader, up = await asyncio.open_connection("127.0.0.1", self.target, limit=2**20)
            up.write(_uncompressed(head))
            answer = await up_reader.readuntil(b"\r\n\r\n")
            await _flushed(writer, answer)
            if is_socket and b" 101 " not in answer.partition(b"\r\n")[0]:
                self.connections.remove(connection)
                is_socket = False
            if is_socket:
                pumps = [
                    self._from_server(connection, up_reader, writer),
                    self._to_server(connection, reader, up, writer),
                ]
            else:
                pumps = [_pipe(up_reader, writer), _pipe(reader, up)]
            await self._first(pumps)
        except (EOFError, OSError):
            pass
        finally:
            self._hanging = {number: each for number, each in self._hanging.items() if each is not writer}
            if up is not None:
                up.transport.abort()

    async def _first(self, pumps: list[Any]) -> None:
        """Until one of them is over: then the connection is."""
        tasks = [self._spawn(pump) for pump in pumps]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # The faults.

    async def _hang(self, connection: Connection, writer: asyncio.StreamWriter) -> None:
        """Until the client has had enough."""
        self._hanging[connection.number] = writer
        await asyncio.Event().wait()

    def _take(self, connection: Connection, *kinds: str) -> Fault | None:
        """The fault of one of these kinds that happens now; each happens once."""
        for fault in self.faults:
            if fault.connection == connection.number and fault.kind in kinds and _is_now(fault, connection.count):
                self.faults.remove(fault)
                self.done.append(fault)
                return fault
        return None

    async def _from_server(
        self, connection: Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        parts: list[frames.Frame] = []
        if self._take(connection, "silent"):
            await self._hang(connection, writer)
        while True:
            message = await frames.read_message(reader, parts)
            if message.is_control:
                await _flushed(writer, message.raw)
                continue
            connection.count += 1
            while (fault := self._take(connection, *(set(KINDS) - {"deaf", "silent"}))) is not None:
                message, ends = await self._happen(fault, connection, message, writer)
                if fault.kind == "oversize":
                    await _swallow(reader)  # the client says goodbye
                if ends:
                    return
            await self._deliver(connection, message, writer)

    async def _happen(
        self, fault: Fault, connection: Connection, message: Message, writer: asyncio.StreamWriter
    ) -> tuple[Message, bool]:
        """The message to deliver after the fault, and whether the connection ends."""
        match fault.kind:
            case "cut":
                return message, True
            case "tear":
                await _flushed(writer, message.raw[: len(message.raw) // 2])
                return message, True
            case "close":
                await _flushed(writer, frames.build((1011).to_bytes(2, "big") + b"going away", frames.CLOSE))
                return message, True
            case "stall":
                await self._hang(connection, writer)
            case "refuse":
                await self._refuse()
                self._spawn(self._listen_again(fault.seconds))
                return message, True
            case "delay":
                await asyncio.sleep(fault.seconds)
            case "drip":
                for each in message.raw[:-1][:200]:
                    await _flushed(writer, bytes([each]))
                    await asyncio.sleep(0)
                connection.log.append(("in", message.text))
                await _flushed(writer, message.raw[:-1][200:] + message.raw[-1:])
                return Message(frames.TEXT, b"", b""), False
            case "duplicate":
                await self._deliver(connection, message, writer)
            case "truncate":
                connection.lost_answer |= _is_answer(message)
                half = message.payload[: len(message.payload) // 2].decode("utf-8", "ignore").encode()
                return Message(frames.TEXT, half, frames.build(half)), False
            case "oversize":
                await _flushed(writer, frames.announce(MAX_FRAME + 1) + message.payload[:1000])
                return message, True
            case junk:
                payload, opcode = _JUNK[junk]
                await self._deliver(connection, Message(opcode, payload, frames.build(payload, opcode)), writer)
        return message, False

    async def _deliver(self, connection: Connection, message: Message, writer: asyncio.StreamWriter) -> None:
        if message.raw:
            if writer.transport.is_closing():
                raise ConnectionResetError
            connection.log.append(("in", message.payload if message.opcode == frames.BINARY else message.text))
            await _flushed(writer, message.raw)

    async def _to_server(
        self,
        connection: Connection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
    ) -> None:
        parts: list[frames.Frame] = []
        while True:
            message = await frames.read_message(reader, parts)
            if self._take(connection, "deaf") is not None:
                self._hanging[connection.number] = client
                await _swallow(reader)
                return
            if not message.is_control:
                connection.log.append(("out", message.text))
            await _flushed(writer, message.raw)

    async def _listen_again(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.start()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(2**16):
        await _flushed(writer, data)


async def _swallow(reader: asyncio.StreamReader) -> None:
    while await reader.read(2**16):
        pass


async def _flushed(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Write, until the system has all of it: what is logged must not be lost with the connection."""
    writer.write(data)
    await writer.drain()
    while writer.transport.get_write_buffer_size() and not writer.transport.is_closing():  # noqa: ASYNC110
        await asyncio.sleep(0.001)  # a transport tells nobody when it is through
    if writer.transport.is_closing():
        raise ConnectionResetError


def _uncompressed(head: bytes) -> bytes:
    """The request without its offer to compress: messages must be readable here."""
    lines = head.split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.lower().startswith(b"sec-websocket-extensions:"))


def _is_now(fault: Fault, count: int) -> bool:
    match fault.kind:
        case "mute" | "silent":
            return True
        case "deaf":
            return count >= fault.frame
        case _:
            return count == fault.frame


def _is_answer(message: Message) -> bool:
    """Whether it is what a request, or a turn, waits for."""
    with contextlib.suppress(ValueError):
        said = json.loads(message.payload)
        return isinstance(said, dict) and (
            ("jsonrpc" in said and "method" not in said) or said.get("type") in ("complete", "cancelled", "error")
        )
    return False


@contextlib.asynccontextmanager
async def running(proxy: Proxy) -> AsyncIterator[Proxy]:
    """Start `proxy`, and stop it at the end."""
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
