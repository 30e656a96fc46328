"""The proxy does to a connection what each fault says, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus

from .proxy import Fault, Proxy, running

SENT = ["one", "two", "three", "x" * 70_000]


async def talk(socket: ServerConnection) -> None:
    """Says everything, then repeats what it hears."""
    with contextlib.suppress(ConnectionClosed):
        for text in SENT:
            await socket.send(text)
        async for text in socket:
            await socket.send(f"heard {text!r}")


@contextlib.asynccontextmanager
async def proxied(*faults: Fault) -> AsyncIterator[Proxy]:
    def check(connection: ServerConnection, request: object) -> object:
        is_ws = getattr(request, "path", "") == "/acp"
        return None if is_ws else connection.respond(HTTPStatus.UNAUTHORIZED, "no key\n")  # type: ignore[arg-type]

    async with (
        serve(talk, "127.0.0.1", 0, process_request=check, ping_interval=None) as server,  # type: ignore[arg-type]
        running(Proxy(server.sockets[0].getsockname()[1], faults)) as proxy,
    ):
        yield proxy


def client(proxy: Proxy, path: str = "/acp", *, patience: float | None = None) -> connect:
    return connect(
        f"ws://127.0.0.1:{proxy.port}{path}", proxy=None, max_size=2**26, ping_interval=patience, ping_timeout=patience,
        open_timeout=patience or 10, close_timeout=0.1,
    )  # fmt: skip


async def received(socket: ClientConnection, count: int = len(SENT)) -> list[str | bytes]:
    got: list[str | bytes] = []
    with contextlib.suppress(ConnectionClosed):
        while len(got) < count:
            got.append(await asyncio.wait_for(socket.recv(), 10))
    return got


async def test_without_a_fault_everything_passes_and_is_logged() -> None:
    async with proxied() as proxy, client(proxy) as socket:
        assert await received(socket) == SENT
        await socket.send("hello")
        assert await socket.recv() == "heard 'hello'"
        assert proxy.connections[0].log == [*(("in", text) for text in SENT), ("out", "hello"), ("in", "heard 'hello'")]
        await (await socket.ping())


async def test_status_codes_pass() -> None:
    async with proxied() as proxy:
        with pytest.raises(InvalidStatus) as caught:
            await client(proxy, "/other").__aenter__()
        assert caught.value.response.status_code == 401


@pytest.mark.parametrize("kind", ["cut", "tear", "close", "refuse", "oversize"])
async def test_what_came_before_a_cut_arrives_and_nothing_else(kind: str) -> None:
    async with proxied(Fault(kind, 3)) as proxy:
        async with client(proxy) as socket:
            assert await received(socket) == SENT[:2]
            if kind == "close":
                assert socket.close_code == 1011
            if kind == "oversize":
                assert socket.protocol.close_code in (1006, 1009)
        assert [text for _, text in proxy.connections[0].log] == SENT[:2]
        if kind == "refuse":
            with pytest.raises(ConnectionRefusedError):
                await client(proxy).__aenter__()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("duplicate", ["one", "two", "two", "three"]),
        ("truncate", ["one", "t", "three"]),
        ("garbage", ["one", "<html>502 Bad Gateway</html>", "two", "three"]),
        ("binary", ["one", b"\xff\xfe\x00 no text", "two", "three"]),
        ("delay", ["one", "two", "three"]),
        ("drip", ["one", "two", "three"]),
    ],
)
async def test_the_connection_goes_on_after_what_damages_a_message(kind: str, expected: list[str | bytes]) -> None:
    async with proxied(Fault(kind, 2)) as proxy, client(proxy) as socket:
        assert await received(socket, len(expected)) == expected
        assert [text for _, text in proxy.connections[0].log][: len(expected)] == expected


@pytest.mark.parametrize("kind", ["stall", "silent"])
async def test_nothing_comes_of_a_connection_that_stalls_and_it_stays_open(kind: str) -> None:
    async with proxied(Fault(kind, 3)) as proxy, client(proxy, patience=0.2) as socket:
        assert await received(socket) == (SENT[:2] if kind == "stall" else [])
        assert socket.protocol.close_sent.code == 1011  # it was the client who ended it


async def test_nothing_arrives_of_what_is_sent_on_a_deaf_connection() -> None:
    async with proxied(Fault("deaf", 4)) as proxy, client(proxy, patience=0.2) as socket:
        assert await received(socket) == SENT
        await socket.send("hello")
        assert await received(socket, 1) == []
        assert "hello" not in str(proxy.connections[0].log)


async def test_a_mute_proxy_accepts_and_answers_nothing_and_the_next_connection_is_good() -> None:
    async with proxied(Fault("mute")) as proxy:
        with pytest.raises(TimeoutError):
            await client(proxy, patience=0.2).__aenter__()
        async with client(proxy) as socket:
            assert await received(socket) == SENT


async def test_faults_belong_to_their_connection() -> None:
    async with proxied(Fault("cut", 2, connection=2)) as proxy:
        for expected in (SENT, SENT[:1], SENT):
            async with client(proxy) as socket:
                assert await received(socket) == expected
        assert [fault.kind for fault in proxy.done] == ["cut"]


async def test_healing_cuts_what_hangs() -> None:
    async with proxied(Fault("stall", 2)) as proxy, client(proxy) as socket:
        assert await received(socket, 1) == SENT[:1]
        assert [proxy.heal(), await received(socket)] == [1, []]
