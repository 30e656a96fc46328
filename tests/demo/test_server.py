from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from demo.wire import connected
from goose_widget.demo import DemoServer, demo_endpoint, stop_demos
from support.goose import PATIENCE

KEY = "a secret key"
TOKEN = "a secret token"


@dataclass(frozen=True)
class Response:
    status: int
    headers: dict[str, str]
    body: str


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


async def get(url: str, **headers: str) -> Response:
    """GET `url`; redirects are not followed."""

    def fetch() -> Response:
        opener = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))
        try:
            with opener.open(urllib.request.Request(url, headers=headers), timeout=10 * PATIENCE) as response:
                return Response(response.status, dict(response.headers), response.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Response(error.code, dict(error.headers), error.read().decode())

    return await asyncio.to_thread(fetch)


async def upgraded(url: str, **headers: str) -> int:
    """The status of an upgrade: 101 if it was done."""
    try:
        async with connect(url, additional_headers=headers, proxy=None):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


@pytest.fixture
async def locked(tmp_path: Path) -> AsyncIterator[DemoServer]:
    """A server with a key and a token."""
    server = DemoServer(tmp_path / "sessions", key=KEY, token=TOKEN)
    await server.start()
    yield server
    await server.stop()


def ws(server: DemoServer) -> str:
    return f"ws://127.0.0.1:{server.port}/ws"


async def test_its_addresses_are_of_this_computer(server: DemoServer) -> None:
    assert server.acp_url == f"ws://127.0.0.1:{server.port}/acp"
    assert server.web_url == f"http://127.0.0.1:{server.port}"


async def test_it_listens_on_loopback_only(server: DemoServer) -> None:
    assert server._server is not None
    assert [each.getsockname()[0] for each in server._server.sockets] == ["127.0.0.1"]


@pytest.mark.parametrize("path", ["/health", "/status"])
async def test_it_is_healthy_for_everybody(locked: DemoServer, path: str) -> None:
    answer = await get(locked.web_url + path)
    assert (answer.status, answer.body) == (200, "ok")


async def test_the_health_of_goose_web_needs_no_token(locked: DemoServer) -> None:
    answer = await get(f"{locked.web_url}/api/health")
    assert (answer.status, json.loads(answer.body)) == (200, {"status": "ok", "service": "goose-web"})
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-Secret-Key": "wrong"}, 401),
        ({"X-Secret-Key": KEY + "x"}, 401),
        ({"Authorization": f"Bearer {KEY}"}, 401),
        ({"X-Secret-Key": TOKEN}, 401),
        ({"X-Secret-Key": KEY}, 101),
        ({"X-Secret-Key": KEY, "Origin": "https://evil.example"}, 403),
        ({"X-Secret-Key": KEY, "Origin": "http://localhost:8888"}, 101),
    ],
)
async def test_acp_wants_its_key(locked: DemoServer, headers: dict[str, str], status: int) -> None:
    assert await upgraded(locked.acp_url, **headers) == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": TOKEN}, 401),
        ({"X-Secret-Key": TOKEN}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 101),
    ],
)
async def test_goose_web_wants_its_token(locked: DemoServer, headers: dict[str, str], status: int) -> None:
    assert await upgraded(ws(locked), **headers) == status
    for path in ("/api/sessions", "/api/sessions/x", "/session/x"):
        assert (await get(locked.web_url + path, **headers)).status == (200 if status == 101 else 401)


async def test_without_a_key_it_is_open_to_this_computer(server: DemoServer) -> None:
    assert await upgraded(server.acp_url) == await upgraded(ws(server)) == 101


@pytest.mark.parametrize(
    ("origin", "acp", "web"),
    [
        ("http://127.0.0.1:9999", 101, 101),
        ("http://localhost", 101, 101),
        ("http://[::1]:8888", 101, 101),
        ("null", 403, 101),  # a page that was opened from a file
        ("https://evil.example", 403, 403),
        ("http://127.0.0.1.evil.example", 403, 403),
        ("http://localhost@evil.example", 403, 403),
        ("http://[", 403, 403),
        ("", 403, 403),
    ],
)
async def test_a_page_of_another_computer_gets_nothing(server: DemoServer, origin: str, acp: int, web: int) -> None:
    assert await upgraded(server.acp_url, Origin=origin) == acp
    assert await upgraded(ws(server), Origin=origin) == web
    answer = await get(f"{server.web_url}/api/sessions", Origin=origin)
    if acp == 101:
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, origin)
    else:
        assert answer.status == 403
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-User": "?1"}, 303),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8888"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({}, 303),
    ],
)
async def test_a_page_of_another_computer_makes_no_sessions(
    server: DemoServer, headers: dict[str, str], status: int
) -> None:
    assert (await get(f"{server.web_url}/", **headers)).status == status


@pytest.mark.parametrize("path", ["/acp", "/ws", "/", "/api/sessions", "/api/health", "/health"])
@pytest.mark.parametrize(
    "head",
    [
        [],
        ["Host: evil.example"],
        ["Host: evil.example:80"],
        ["Host: 127.0.0.1.evil.example"],
        ["Host: 127.0.0.1", "Host: x"],
    ],
)
async def test_a_name_that_leads_here_gets_nothing(server: DemoServer, path: str, head: list[str]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    lines = [f"GET {path} HTTP/1.1", *head, *upgrade, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
    writer.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
    answer = await asyncio.wait_for(reader.read(), 10 * PATIENCE)
    writer.close()
    await writer.wait_closed()
    assert answer.startswith((b"HTTP/1.1 403", b"HTTP/1.1 400"))


async def test_acp_is_a_websocket_only(server: DemoServer) -> None:
    assert (await get(f"{server.web_url}/acp")).status == 406
    assert (await get(f"{server.web_url}/nope")).status == 404
    assert (await get(f"{server.web_url}/ws")).status == 426


async def test_the_front_page_makes_a_session_and_leads_to_it(server: DemoServer) -> None:
    answer = await get(f"{server.web_url}/")
    assert answer.status in (303, 307)
    made = re.fullmatch(r"/session/(20\d{6}_1)", answer.headers["Location"])
    assert made is not None
    page = await get(server.web_url + answer.headers["Location"])
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "scripted agent: no model" in " ".join(page.body.split())
    saved = json.loads((await get(f"{server.web_url}/api/sessions/{made[1]}")).body)
    assert saved["messages"] == []
    assert saved["metadata"]["message_count"] == 0


async def test_what_is_no_http_is_let_go(server: DemoServer) -> None:
    for rude in (b"", b"\0\1\2\r\n\r\n", b"POST /acp HTTP/1.1\r\n\r\n", b"GET " + b"x" * 20_000):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(rude)
        if not rude:
            writer.write_eof()
        await asyncio.wait_for(reader.read(), 20 * PATIENCE)
        writer.close()
    assert (await get(f"{server.web_url}/health")).status == 200


async def test_the_key_is_in_no_log(locked: DemoServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("goose_widget.demo").setLevel(logging.DEBUG)
    try:
        async with connected(locked, **{"X-Secret-Key": KEY}):
            pass
        await get(f"{locked.web_url}/api/sessions", Authorization=f"Bearer {TOKEN}")
    finally:
        logging.getLogger("goose_widget.demo").setLevel(logging.NOTSET)
    ours = "".join(record.getMessage() for record in caplog.records if record.name.startswith("goose_widget"))
    assert KEY not in ours
    assert TOKEN not in ours


async def test_a_taken_port_is_an_error(server: DemoServer, tmp_path: Path) -> None:
    other = DemoServer(tmp_path)
    with pytest.raises(OSError, match="in use"):
        await other.start(server.port)
    await other.stop()


async def test_it_stops_and_starts_again(tmp_path: Path) -> None:
    server = DemoServer(tmp_path)
    await server.stop()
    await server.start()
    port = server.port
    await server.stop()
    await server.stop()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    await server.start(port)
    assert server.port == port
    await server.stop()


async def test_a_folder_has_one_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        (url, key), again = await asyncio.gather(demo_endpoint(tmp_path / "a"), demo_endpoint(Path("a")))
        assert again == (url, key)
        other_url, other_key = await demo_endpoint(tmp_path / "b")
        assert other_url != url
        assert other_key != key
        assert len(key) > 30
        assert await upgraded(url) == 401
        assert await upgraded(url, **{"X-Secret-Key": other_key}) == 401
        assert await upgraded(url, **{"X-Secret-Key": key}) == 101
        assert await upgraded(url.replace("/acp", "/ws"), **{"X-Secret-Key": key}) == 401
    finally:
        await stop_demos()
    with pytest.raises(ConnectionRefusedError):
        await upgraded(url)


async def test_nothing_is_written_before_a_session_is_made(tmp_path: Path) -> None:
    try:
        await demo_endpoint(tmp_path / "a")
        assert not (tmp_path / "a").exists()
    finally:
        await stop_demos()


async def test_a_demo_that_could_not_start_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(self: DemoServer, port: int = 0) -> None:
        raise OSError("no port")

    with monkeypatch.context() as broken:
        broken.setattr(DemoServer, "start", fails)
        with pytest.raises(OSError, match="no port"):
            await demo_endpoint(tmp_path)
    try:
        url, key = await demo_endpoint(tmp_path)
        assert await upgraded(url, **{"X-Secret-Key": key}) == 101
    finally:
        await stop_demos()


def test_every_loop_has_its_own(tmp_path: Path) -> None:
    async def life() -> int:
        url, key = await demo_endpoint(tmp_path)
        assert await upgraded(url, **{"X-Secret-Key": key}) == 101
        await stop_demos()
        return int(url.rpartition(":")[2].removesuffix("/acp"))

    for _ in range(2):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", asyncio.run(life()))) != 0
