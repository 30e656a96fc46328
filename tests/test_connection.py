"""A connection to a server far away: certificates, cookies, proxies, a line that goes dead. All on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import serve
from websockets.utils import accept_key

from goose_widget import Chat, errors
from goose_widget.client import Client
from goose_widget.connection import answers, close_reason, open_connection, send
from goose_widget.endpoint import Endpoint, parse, probe, recognise
from support.acp_server import AcpServer, running
from support.between import Balancer, Between, HttpProxy
from support.goose import PATIENCE, GooseServe, free_port, goose_environment, goose_serve
from support.poll import eventually
from support.tls import Authority

pytestmark = [pytest.mark.usefixtures("no_proxies")]
if sys.version_info < (3, 11):  # its asyncio and its http.client leave what a refusal cut short to the collector
    pytestmark.append(pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"))

FAR = "goose.example.org"  # no test asks who that is: only a proxy knows


@pytest.fixture
async def server() -> AsyncIterator[AcpServer]:
    async with running(AcpServer()) as server:
        yield server


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def new_chat(tmp_path: Path) -> Any:
    chats: list[Chat] = []

    def new(url: str, **more: Any) -> Chat:
        chats.append(Chat(server=url, token="k", store=tmp_path / "sessions", cwd=tmp_path, **more))
        return chats[-1]

    yield new
    for chat in chats:
        chat.close()


async def failure(connecting: Callable[[Endpoint], Awaitable[Any]], endpoint: Endpoint) -> errors.GooseError:
    with pytest.raises(errors.GooseError) as caught:
        await connecting(endpoint)
    return caught.value


async def connect(endpoint: Endpoint) -> None:
    """As a chat does it."""
    async with Client(None, None)._connect(endpoint):  # type: ignore[arg-type]
        pass


# -- certificates ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/acp"])
async def test_a_server_with_a_certificate_of_an_own_authority(
    path: str, server: AcpServer, authority: Authority, new_chat: Any
) -> None:
    async with Between(server.port, tls=authority.server()) as gateway:
        chat = new_chat(f"https://localhost:{gateway.port}{path}", ca=authority.file)
        assert (await chat.ask_async("hello")).text == "You said: hello"
        assert chat.server == f"goose 0-test, wss://localhost:{gateway.port}/acp"


async def test_the_systems_authorities_may_be_named_by_the_environment(
    server: AcpServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    async with Between(server.port, tls=authority.server()) as gateway:
        far = parse(f"wss://localhost:{gateway.port}", "k")
        await connect(await recognise(far))


@pytest.mark.parametrize("asking", [connect, probe, recognise])
@pytest.mark.parametrize(
    ("names", "is_known", "is_over", "what"),
    [
        ((), False, False, "an authority that this computer does not know"),
        ((), True, True, "it has expired"),
        (("other.example.org",), True, False, "it belongs to another name"),
    ],
)
async def test_a_certificate_that_is_not_to_be_trusted_is_told(
    names: tuple[str, ...], is_known: bool, is_over: bool, what: str, asking: Any, authority: Authority
) -> None:
    until = datetime.now(timezone.utc) - timedelta(days=1) if is_over else None
    async with Between(free_port(), tls=authority.server(*names, until=until)) as gateway:
        url = f"wss://localhost:{gateway.port}" + ("" if asking is recognise else "/acp")
        problem = await failure(asking, parse(url, "k", ca=authority.file if is_known else None))
        assert (problem.code, problem.retry) == ("certificate", True)
        assert what in problem.title
        assert 'ca="' in problem.text
        assert not gateway.heads  # nothing was said to it, the key least of all


async def test_a_bad_certificate_does_not_pass_for_a_server_that_is_away(authority: Authority, new_chat: Any) -> None:
    async with Between(free_port(), tls=authority.server()) as gateway:
        chat = new_chat(f"wss://localhost:{gateway.port}/acp")
        with pytest.raises(errors.CertificateRefused):
            await chat.ask_async("hello")
        assert (chat.status, chat.problem["code"]) == ("failed", "certificate")


# -- cookies and headers --------------------------------------------------------------------------------------------


async def test_a_load_balancer_finds_the_same_server_again(new_chat: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with contextlib.AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(running(AcpServer())) for _ in range(2)]
        balancer = await stack.enter_async_context(Balancer(first.port, second.port))
        chat = new_chat(f"ws://127.0.0.1:{balancer.port}/acp")
        await chat.ask_async("hello")
        for connections in (2, 3):
            balancer.drop()
            await eventually(lambda count=connections: first.connections == count and chat.status == "ready")
        assert (await chat.ask_async("again")).text == "You said: again"
        assert (second.connections, chat.problem) == (0, None)
        other = new_chat(f"ws://127.0.0.1:{balancer.port}/acp")
        await other.ask_async("hello")
        assert second.connections == 1  # a jar of its own
    ours = "".join(record.getMessage() for record in caplog.records if record.name.startswith("goose_widget"))
    assert "backend=" not in ours + repr(chat._room.target._what)
    assert "backend=" not in "".join(path.read_text() for path in (Path(chat.cwd) / "sessions").glob("*.jsonl"))


async def test_the_cookie_of_a_refused_upgrade_and_of_a_request_goes_with_the_next() -> None:
    class Refusing(Between):
        def answer(self, head: str) -> bytes:
            return b"HTTP/1.1 503 Later\r\nSet-Cookie: n=%d\r\nContent-Length: 0\r\n\r\n" % len(self.heads)

    async with Refusing(0) as gateway:
        far = parse(f"ws://127.0.0.1:{gateway.port}/acp", "k")
        assert (await failure(connect, far)).code == "refused"
        assert (await failure(connect, far)).code == "refused"
    sent = [
        line.partition("n=")[2] for head in gateway.heads for line in head.splitlines() if line.startswith("Cookie")
    ]
    assert sent == ["1", "2", "3"]  # upgrade, request, upgrade, request


class Hub(Between):
    """Lets in who shows its token, and sends everybody else to a page."""

    def answer(self, head: str) -> bytes | None:
        if "authorization: token a-long-secret" in head.lower():
            return None
        return b"HTTP/1.1 302 Found\r\nLocation: /hub/login?next=s3cret\r\nContent-Length: 0\r\n\r\n"


async def test_a_hub_gets_the_header_it_wants(server: AcpServer, new_chat: Any, tmp_path: Path) -> None:
    async def turn(server: AcpServer, prompt: str) -> str:
        await server.text("JUPYTERHUB_API_TOKEN=a-long-secret")
        return "end_turn"

    server.turn = turn
    async with Hub(server.port) as hub:
        chat = new_chat(f"http://127.0.0.1:{hub.port}", headers={"Authorization": "token a-long-secret"})
        assert (await chat.ask_async("env")).text == "JUPYTERHUB_API_TOKEN=[the key of the goose server]"
        assert "x-secret-key: k" in hub.heads[-1].lower()
        chat.close()
    saved = "".join(path.read_text() for path in (tmp_path / "sessions").rglob("*") if path.is_file())
    assert "a-long-secret" not in saved + repr(chat._room.target._what)


async def test_a_login_page_says_what_to_pass(server: AcpServer) -> None:
    async with Hub(server.port) as hub:
        problem = await failure(connect, parse(f"ws://127.0.0.1:{hub.port}/acp", "k"))
    assert (problem.code, problem.detail) == ("forbidden", "It sends to /hub/login.")
    assert 'headers={"Authorization": "token …"}' in problem.text


# -- proxies --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["ws", "wss"])
@pytest.mark.parametrize("path", ["", "/acp"])
async def test_a_proxy_of_the_environment_is_used_for_everything(
    scheme: str, path: str, server: AcpServer, authority: Authority, new_chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        port = server.port
        if scheme == "wss":
            port = (await stack.enter_async_context(Between(port, tls=authority.server(FAR)))).port
        proxy = await stack.enter_async_context(HttpProxy(port))
        monkeypatch.setenv(
            "HTTPS_PROXY" if scheme == "wss" else "http_proxy", f"http://me:s3cret@127.0.0.1:{proxy.port}"
        )
        chat = new_chat(f"{scheme}://{FAR}:3284{path}", **({"ca": authority.file} if scheme == "wss" else {}))
        assert (await chat.ask_async("hello")).text == "You said: hello"
        assert all(FAR in head and "proxy-authorization: basic" in head.lower() for head in proxy.heads)
        assert proxy.heads[-1].startswith(f"CONNECT {FAR}:3284 ")


async def test_no_proxy_is_asked_for_a_server_on_this_computer(
    server: AcpServer, new_chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    chat = new_chat(f"http://localhost:{server.port}")
    assert (await chat.ask_async("hello")).text == "You said: hello"


@pytest.mark.parametrize("asking", [connect, probe, recognise])
@pytest.mark.parametrize(
    ("status", "code", "what"),
    [
        (407, "proxy", "wants a user name"),
        (403, "proxy", "refuses to connect to"),
        (502, "refused", "through the proxy"),
    ],
)
async def test_a_proxy_that_refuses_is_named_without_its_password(
    status: int, code: str, what: str, asking: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with HttpProxy(0) as proxy:
        proxy.refuse = b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:s3cret@127.0.0.1:{proxy.port}")
        problem = await failure(asking, parse(f"wss://{FAR}" + ("" if asking is recognise else "/acp"), "k"))
    assert problem.code == code
    assert what in problem.title
    assert f"http://127.0.0.1:{proxy.port}" in problem.title
    assert "NO_PROXY" in problem.text
    assert "s3cret" not in str(problem)


@pytest.mark.parametrize("asking", [connect, probe, recognise])
async def test_a_proxy_that_is_not_there_is_named(asking: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("ALL_PROXY", address)
    problem = await failure(asking, parse(f"ws://{FAR}" + ("" if asking is recognise else "/acp"), "k"))
    assert problem.code == "refused"
    assert address in problem.title


async def test_a_socks_proxy_is_told_of(new_chat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://me:s3cret@127.0.0.1:1080")
    chat = new_chat(f"wss://{FAR}")
    with pytest.raises(errors.BadProxy, match="not socks5"):
        await chat.ask_async("hello")


# -- big texts ------------------------------------------------------------------------------------------------------


async def test_a_long_text_arrives_whole_though_no_frame_may_be_long() -> None:
    received: asyncio.Queue[str] = asyncio.Queue()

    async def take(socket: Any) -> None:
        async for message in socket:
            received.put_nowait(message)

    text = "äx\N{GRINNING FACE}" * 2**20
    async with serve(take, "127.0.0.1", 0, max_size=(None, 2**20)) as server:
        far = Endpoint(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/acp")
        connection = await open_connection(far.url, far)
        await asyncio.gather(send(connection, text), send(connection, "short"))
        assert {len(await received.get()), len(await received.get())} == {len(text), 5}
        await connection.close()


@pytest.fixture
def goose(tmp_path: Path) -> Any:
    with goose_serve(goose_environment(tmp_path / "goose", "http://127.0.0.1:1")) as running:
        yield running


async def test_the_real_goose_takes_a_request_of_twenty_megabytes(goose: GooseServe, tmp_path: Path) -> None:
    far = Endpoint(goose.url, goose.key)
    connection = await open_connection(far.url, far)
    requests: list[tuple[str, dict[str, Any]]] = [
        ("initialize", {"protocolVersion": 1, "clientCapabilities": {}}),
        ("_goose/unstable/session/import", {"source": "json", "input": _document("x" * 20_000_000, tmp_path)}),
    ]
    for number, (method, params) in enumerate(requests):
        await send(connection, json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
        async for frame in connection:
            answer = json.loads(frame)
            if answer.get("id") == number:
                break
        assert "result" in answer, str(answer)[:500]
    assert answer["result"]["sessionId"]
    await connection.close()


def _document(text: str, cwd: Path) -> str:
    """A session with one message."""
    visible = {"userVisible": True, "agentVisible": True}
    message = {"role": "user", "created": 1, "content": [{"type": "text", "text": text}], "metadata": visible}
    made = "2026-01-01T00:00:00Z"
    document = {"id": "x", "working_dir": str(cwd), "name": "big", "created_at": made, "updated_at": made}
    return json.dumps({**document, "extension_data": {}, "message_count": 1, "conversation": [message]})


# -- a line that goes dead ------------------------------------------------------------------------------------------


def hasten(monkeypatch: pytest.MonkeyPatch, every: float, patience: float) -> None:
    monkeypatch.setattr("goose_widget.connection._PING_EVERY", every)
    monkeypatch.setattr("goose_widget.connection._PING_TIMEOUT", patience)


async def test_a_connection_that_goes_silent_is_noticed_told_truly_and_made_again(
    new_chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience = 2 * PATIENCE
    hasten(monkeypatch, 0.1, patience)

    async def turn(server: AcpServer, prompt: str) -> str | None:
        if prompt == "again":
            await server.text("Here.", "m2")
            return "end_turn"
        await server.text("half")
        await eventually(lambda: chat.items[-1]["text"] == "half")
        line.freeze()
        return None

    async with running(AcpServer(turn)) as server, Between(server.port) as line:
        chat = new_chat(f"ws://127.0.0.1:{line.port}/acp")
        reasons: list[str] = []
        chat.observe(lambda change: change["new"] and reasons.append(change["new"]["reason"]), "reconnect")
        with pytest.raises(errors.TurnInterrupted, match=f"the server did not answer for {patience:g} s"):
            await chat.ask_async("begin")
        assert (await chat.ask_async("again")).text == "Here."
        assert reasons == [f"the server did not answer for {patience:g} s"]
        assert not any("closed it" in item["text"] for item in chat.items)
        assert server.connections == 2


async def test_a_stalled_upload_is_noticed_too(
    server: AcpServer, new_chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ping can't even be sent: what is before it fills every buffer."""
    hasten(monkeypatch, 0.1, 2 * PATIENCE)
    async with Between(server.port) as line:
        chat = new_chat(f"ws://127.0.0.1:{line.port}/acp")
        await chat.ask_async("hello")
        line.freeze()
        with pytest.raises(errors.TurnInterrupted, match="did not answer for"):
            await chat.ask_async("x" * 30_000_000)


async def test_a_proxy_that_drops_what_is_idle_never_does(
    server: AcpServer, new_chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasten(monkeypatch, 0.1, 20)
    async with Between(server.port, idle=2.0) as line:
        chat = new_chat(f"ws://127.0.0.1:{line.port}/acp")
        await chat.ask_async("hello")
        loop = asyncio.get_running_loop()
        since = loop.time()
        await eventually(lambda: loop.time() - since > 4.0 or line.dropped)
        assert (line.dropped, server.connections) == (0, 1)
        assert (await chat.ask_async("again")).text == "You said: again"


async def test_what_arrives_is_a_sign_of_life_though_the_pong_waits_behind_it() -> None:
    """A long answer on a slow line."""
    stop = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        key = next(line for line in (await reader.readuntil(b"\r\n\r\n")).decode().splitlines() if "Key" in line)
        accept = accept_key(key.partition(": ")[2])
        head = f"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}"
        writer.write(head.encode() + b"\r\n\r\n")
        writer.write(b"\x81\x7f" + (2**24).to_bytes(8, "big"))  # a frame of 16 MiB, of which little comes
        with contextlib.suppress(OSError):
            while not stop.is_set():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.transport.abort()

    async with await asyncio.start_server(trickle, "127.0.0.1", 0) as slow:
        far = Endpoint(f"ws://127.0.0.1:{slow.sockets[0].getsockname()[1]}/acp")
        connection = await open_connection(far.url, far)
        assert await answers(connection, 0.5)
        stop.set()
        await connection.wait_closed()
        assert not await answers(connection, 0.5)
        assert close_reason(connection) == "the server closed it"


async def test_a_frame_that_is_too_long_is_told_whoever_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goose_widget.connection.MAX_FRAME", 2**20)
    async with serve(lambda socket: socket.send("x" * 2**21), "127.0.0.1", 0, compression=None) as server:
        far = Endpoint(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/acp")
        connection = await open_connection(far.url, far)
        await connection.wait_closed()
        assert close_reason(connection) == "goose sent more than 1 MiB in one message"
