"""What may stand between a chat and its server, on loopback: TLS, a load balancer, a proxy, a line that goes dead.

Like this:

    async with Between(server.port, tls=tls) as gateway:
        gateway.port, gateway.heads     # where it listens, and the head of every request that came
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Any


class Between:
    """Passes connections on to a server, whatever they carry.

    Args:
        ports: of the servers behind it; `route` says which.
        tls: it is the encrypted end.
        idle: seconds after which it drops a connection that carries nothing.
    """

    def __init__(self, *ports: int, tls: ssl.SSLContext | None = None, idle: float | None = None) -> None:
        self.ports = ports
        self.port = 0
        self.heads: list[str] = []
        self.dropped = 0
        self._tls, self._idle = tls, idle
        self._flowing: list[asyncio.Event] = []
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Any:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._tls, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0.02)  # the loop closes aborted transports in its next rounds

    def freeze(self) -> None:
        """The connections of now carry nothing any more, and nobody hears of it."""
        for flowing in self._flowing:
            flowing.clear()

    def drop(self) -> None:
        """Cut the connections of now."""
        for writer in self._writers:
            writer.transport.abort()

    def answer(self, head: str) -> bytes | None:
        """What it answers to a request by itself, None to pass it on."""
        return None

    def route(self, head: str) -> tuple[int, bytes, bytes]:
        """Where a request goes, what is sent there, and headers to add to the answer."""
        return self.ports[0], head.encode("latin-1"), b""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._writers.append(writer)
        # Cancelled only at the end of everything; not every Python lets such a task end as cancelled in silence.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heads.append(head)
            if (answer := self.answer(head)) is not None:
                writer.write(answer)
                await writer.drain()
            else:
                await self._pass_on(head, reader, writer)
        writer.close()

    async def _pass_on(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port, request, more = self.route(head)
        there, to_there = await asyncio.open_connection("127.0.0.1", port)
        self._writers.append(to_there)
        flowing = asyncio.Event()
        flowing.set()
        self._flowing.append(flowing)
        if request:
            to_there.write(request)
            answer = await there.readuntil(b"\r\n\r\n")
            writer.write(answer.removesuffix(b"\r\n") + more + b"\r\n")
        else:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        clock = _Clock(self._idle, lambda: self._expire(writer, to_there))
        try:
            await asyncio.gather(
                self._pipe(reader, to_there, flowing, clock), self._pipe(there, writer, flowing, clock)
            )
        finally:
            clock.stop()
            to_there.close()

    def _expire(self, *writers: asyncio.StreamWriter) -> None:
        self.dropped += 1
        for writer in writers:
            writer.transport.abort()

    @staticmethod
    async def _pipe(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flowing: asyncio.Event, clock: _Clock
    ) -> None:
        while data := await reader.read(2**16):
            await flowing.wait()
            clock.wind()
            writer.write(data)
            await writer.drain()
        writer.close()


class _Clock:
    """Calls `expire` when it was not wound for `seconds`."""

    def __init__(self, seconds: float | None, expire: Any) -> None:
        self._seconds, self._expire = seconds, expire
        self._timer: asyncio.TimerHandle | None = None
        self.wind()

    def wind(self) -> None:
        self.stop()
        if self._seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._expire)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


class Balancer(Between):
    """Sends who brings its cookie to the server of before, and everybody else to the next one."""

    turn = 0

    def route(self, head: str) -> tuple[int, bytes, bytes]:
        for number, port in enumerate(self.ports):
            if f"backend={number}" in head:
                return port, head.encode("latin-1"), b""
        chosen, self.turn = self.turn % len(self.ports), self.turn + 1
        return self.ports[chosen], head.encode("latin-1"), b"Set-Cookie: backend=%d; Path=/; HttpOnly\r\n" % chosen


class HttpProxy(Between):
    """An HTTP proxy which takes every name for the server behind it. `refuse`: its answer to everything."""

    refuse: bytes | None = None

    def answer(self, head: str) -> bytes | None:
        return self.refuse

    def route(self, head: str) -> tuple[int, bytes, bytes]:
        if head.startswith("CONNECT "):
            return self.ports[0], b"", b""
        verb, address, rest = head.split(" ", 2)
        assert address.startswith("http://"), address
        path = "/" + address.removeprefix("http://").partition("/")[2]
        return self.ports[0], f"{verb} {path} {rest}".encode("latin-1"), b""
