"""The address of a server, and what is said when no connection to it comes about."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from goose_widget import endpoint, errors
from goose_widget.endpoint import Endpoint, Mask, parse, probe, recognise
from support.goose import GooseServe, free_port, goose_environment, goose_serve
from support.tls import Authority


@pytest.mark.parametrize(
    ("server", "url", "language"),
    [
        ("http://127.0.0.1:3284", "ws://127.0.0.1:3284", "unknown"),
        ("http://127.0.0.1:3284/", "ws://127.0.0.1:3284", "unknown"),
        ("https://goose.example.org", "wss://goose.example.org", "unknown"),
        ("ws://127.0.0.1:3284/acp", "ws://127.0.0.1:3284/acp", "acp"),
        ("wss://[::1]:3284/acp/", "wss://[::1]:3284/acp", "acp"),
        ("ws://127.0.0.1:8000/ws", "ws://127.0.0.1:8000/ws", "web"),
        ("https://goose.example.org/ws", "wss://goose.example.org/ws", "web"),
        ("http://hub.example.org/user/me/proxy/3284", "ws://hub.example.org/user/me/proxy/3284", "unknown"),
        ("  HTTP://localhost:1 ", "ws://localhost:1", "unknown"),
    ],
)
def test_an_address_tells_what_is_there(server: str, url: str, language: str) -> None:
    assert parse(server, "k") == Endpoint(url, "k", language)


@pytest.mark.parametrize(
    "server", ["", "localhost:3284", "127.0.0.1", "ftp://h/acp", "ws://", "ws://h:port", "ws://h:99999", "ws://[", 3284]
)
def test_what_is_no_address_is_refused(server: str) -> None:
    with pytest.raises(errors.UsageError, match="address"):
        parse(server)


@pytest.mark.parametrize(
    "server",
    ["http://me:secret@h", "http://secret@h", "ws://h/acp?key=secret", "ws://h/acp#secret", "ws://a:secret@h:x"],
)
def test_an_address_with_a_secret_is_refused_without_repeating_it(server: str) -> None:
    with pytest.raises(errors.UsageError) as refused:
        parse(server)
    assert "secret" not in str(refused.value)


def test_the_key_does_not_show_in_a_repr() -> None:
    assert "s3cret" not in repr(Endpoint("ws://h/acp", "s3cret"))


@pytest.mark.parametrize("key", ["s3cret\n", "s3cr\u00e9t", "s3cret\u20ac"])
def test_a_key_that_no_header_can_carry_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(errors.UsageError, match="line break") as refused:
        Endpoint("ws://h/acp", key)
    assert "s3cr" not in str(refused.value)


# -- headers and authorities ----------------------------------------------------------------------------------------


def test_headers_go_along_with_the_key() -> None:
    given = {"Authorization": "token a-long-secret", "X-Team": "us"}
    assert parse("ws://h/acp", "k", headers=given).headers == {**given, "X-Secret-Key": "k"}
    assert parse("ws://h", "k", headers=given).headers == given  # whose header the key belongs in is not known yet


@pytest.mark.parametrize(
    "name",
    ["Host", "upgrade", "Connection", "Sec-WebSocket-Key", "Content-Length", "Proxy-Authorization", "X-Secret-Key"],
)
def test_a_header_of_the_connection_is_refused(name: str) -> None:
    with pytest.raises(errors.UsageError, match=f"can't hold {name}") as refused:
        parse("ws://h/acp", headers={name: "s3cret"})
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "headers",
    [
        {"X": "s3cret\r\nY: 1"},
        {"X": "s3cret "},
        {"X": "s3cr\u00e9t"},
        {"X": None},
        {"X": b"s3cret"},
        {"X Y": "s3cret"},
        {"X\n": "s3cret"},
        {"": "s3cret"},
        {3: "s3cret"},
        {"X-A": "1", "x-a": "s3cret"},
        ["s3cret"],
    ],
)
def test_a_header_that_can_not_be_sent_is_refused_without_repeating_it(headers: Any) -> None:
    with pytest.raises(errors.UsageError, match="headers=") as refused:
        parse("ws://h/acp", headers=headers)
    assert "s3c" not in str(refused.value)


def test_the_values_of_headers_are_secrets() -> None:
    given = {
        "authorization": "Basic c2VjcmV0OnNlY3JldA==",
        "cookie": "a=1; session=a-long-cookie",
        "X-Key": "a-long-key",
    }
    far = parse("ws://h/acp", "the-server's-key", headers={**given, "Origin": "https://hub.example.org"})
    said = "c2VjcmV0OnNlY3JldA== a-long-cookie a-long-key the-server's-key"
    assert Mask(*far.secrets)(said) == " ".join(["[the key of the goose server]"] * 4)
    assert Mask(*far.secrets)("Basic, 1, https://hub.example.org") == "Basic, 1, https://hub.example.org"
    assert "a-long" not in repr(far)


def test_of_two_secrets_one_in_the_other_nothing_remains() -> None:
    assert Mask("12345678", "12345678-abc")("12345678-abc") == "[the key of the goose server]"


def test_a_goose_web_and_a_gateway_can_not_both_have_the_header() -> None:
    with pytest.raises(errors.UsageError, match="Authorization"):
        parse("ws://h/ws", "k", headers={"authorization": "token x"})
    assert parse("ws://h/ws", headers={"authorization": "token x"}).headers == {"Authorization": "token x"}


def test_an_authority_is_for_an_encrypted_address_only(tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match="use https://"):
        parse("http://h", ca=Authority(tmp_path).file)
    with pytest.raises(errors.UsageError, match=r"missing\.pem' can't be read"):
        parse("https://h", ca=tmp_path / "missing.pem")


def test_one_jar_of_cookies_goes_with_an_endpoint_and_no_other_has_it() -> None:
    far = parse("http://h")
    assert replace(far, language="web").cookies is far.cookies
    assert parse("http://h").cookies is not far.cookies


async def test_a_page_that_repeats_a_cookie_does_not_bring_it_into_an_error() -> None:
    async with answering({"/acp": http(403, "your session: a-long-secret")}) as url:
        far = Endpoint(url, "k")
        far.cookies.keep(url, ["session=a-long-secret"])
        with pytest.raises(errors.AccessDenied) as denied:
            await probe(far)
    assert denied.value.detail == "your session: [the key of the goose server]"


async def test_a_proxy_that_repeats_the_key_does_not_bring_it_into_an_error() -> None:
    async with answering({"/acp": http(403, "X-Secret-Key: a-long-secret")}) as url:
        with pytest.raises(errors.AccessDenied) as denied:
            await probe(Endpoint(url, "a-long-secret"))
    assert denied.value.detail == "X-Secret-Key: [the key of the goose server]"


# -- a server that answers as told ----------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def answering(answers: dict[str, bytes], *, otherwise: bytes = b"") -> AsyncIterator[str]:
    """A server with an answer for each path. Yields its ACP address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.read(65536)
        path = request.split()[1].decode(errors="replace")
        writer.write(answers.get(path, otherwise))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/acp"
    finally:
        server.close()


def http(status: int, body: str = "") -> bytes:
    return f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


async def test_401_is_a_wrong_key() -> None:
    async with answering({"/acp": http(401)}) as url:
        with pytest.raises(errors.WrongKey, match="refused the key"):
            await probe(Endpoint(url, "k"))
        with pytest.raises(errors.WrongKey, match="none was given"):
            await probe(Endpoint(url, ""))


@pytest.mark.parametrize("status", [302, 403])
async def test_a_proxy_that_wants_a_login_is_told_from_a_wrong_key(status: int) -> None:
    async with answering({"/acp": http(status, "go away")}) as url:
        with pytest.raises(errors.AccessDenied, match=f"HTTP {status}") as denied:
            await probe(Endpoint(url, "k"))
    assert denied.value.detail.endswith("go away")


async def test_a_proxy_without_a_goose_behind_it_counts_as_refused() -> None:
    async with answering({"/acp": http(502, "Bad Gateway")}) as url:
        with pytest.raises(errors.ConnectionRefused, match="HTTP 502"):
            await probe(Endpoint(url, "k"))


@pytest.mark.parametrize(
    ("answers", "what"),
    [
        ({"/api/health": http(200, '{"status": "ok", "service": "goose-web"}')}, "goose web"),
        ({"/health": http(200, "ok")}, "It is a goose, which may speak another protocol"),
        ({"/api/health": http(200, "[]"), "/health": http(200, "<html>")}, "not like goose"),
        ({}, "not like goose"),
    ],
)
async def test_a_server_without_acp_is_too_old_or_no_goose(answers: dict[str, bytes], what: str) -> None:
    async with answering(answers, otherwise=http(404)) as url:
        with pytest.raises(errors.ServerTooOld, match=what):
            await probe(Endpoint(url, "k"))


HEALTHY = http(200, '{"status": "ok", "service": "goose-web"}')


@pytest.mark.parametrize(
    ("answers", "language"),
    [
        ({"/api/health": HEALTHY}, "web"),
        ({"/health": http(200, "ok")}, "acp"),
        ({"/api/health": http(200, "<html>"), "/health": http(200, "ok")}, "acp"),
        ({"/api/health": http(200, '{"service": "something"}')}, "acp"),
        ({}, "acp"),  # what `probe` then says of it
    ],
)
async def test_a_server_is_asked_which_goose_it_is(answers: dict[str, bytes], language: str) -> None:
    async with answering(answers, otherwise=http(404)) as url:
        base = url.removesuffix("/acp")
        found = await recognise(Endpoint(base, "k", "unknown"))
        assert found == Endpoint(f"{base}/ws" if language == "web" else url, "k", found.language)
        assert found.language == language
        assert found.base == base


async def test_a_server_whose_address_tells_it_is_not_asked() -> None:
    known = Endpoint(f"ws://127.0.0.1:{free_port()}/ws", "k", "web")
    assert await recognise(known) is known


@pytest.mark.parametrize("answer", [None, http(503, "no goose behind this proxy")])
async def test_a_server_that_is_not_there_is_refused_before_anything_is_guessed(answer: bytes | None) -> None:
    async with answering({}, otherwise=answer or b"") as url:
        base = url.removesuffix("/acp") if answer else f"ws://127.0.0.1:{free_port()}"
        with pytest.raises(errors.ConnectionRefused, match=base.replace("ws:", "http:")):
            await recognise(Endpoint(base, language="unknown"))


@pytest.mark.parametrize(
    ("language", "header"), [("acp", {"X-Secret-Key": "k"}), ("web", {"Authorization": "Bearer k"})]
)
def test_each_goose_wants_its_key_in_its_own_header(language: endpoint.Language, header: dict[str, str]) -> None:
    assert Endpoint("ws://h", "k", language).headers == header
    assert Endpoint("ws://h", "", language).headers == {}


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.6\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"x" * 100_000])
async def test_what_does_not_speak_http_is_no_goose(answer: bytes) -> None:
    async with answering({}, otherwise=answer) as url:
        with pytest.raises(errors.ServerTooOld, match="does not speak HTTP"):
            await probe(Endpoint(url, "k"))


async def test_a_plain_server_at_an_encrypted_address_is_told() -> None:
    async with answering({}, otherwise=http(200)) as url:
        with pytest.raises(errors.ConnectionRefused, match="No secure connection"):
            await probe(Endpoint(url.replace("ws:", "wss:"), "k"))


async def test_nothing_listening_is_refused() -> None:
    with pytest.raises(errors.ConnectionRefused, match="Connection refused"):
        await probe(Endpoint(f"ws://127.0.0.1:{free_port()}/acp", "k"))


async def test_an_unknown_host_is_refused() -> None:
    with pytest.raises(errors.ConnectionRefused, match=r"no-such-host\.invalid") as refused:
        await probe(Endpoint("ws://no-such-host.invalid/acp", "k"))
    assert refused.value.detail


async def test_a_server_that_says_nothing_is_refused_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "_TIMEOUT", 0.1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(errors.ConnectionRefused, match="No answer within"):
            await probe(Endpoint(f"ws://127.0.0.1:{silent.getsockname()[1]}/acp", "k"))


# -- the real goose -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def goose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GooseServe]:
    root: Path = tmp_path_factory.mktemp("goose")
    with goose_serve(goose_environment(root, "http://127.0.0.1:1"), key="right") as running:
        yield running


async def test_nothing_is_wrong_with_the_real_goose_and_the_right_key(goose: GooseServe) -> None:
    await probe(Endpoint(goose.url, "right"))


@pytest.mark.parametrize("key", ["", "wrong"])
async def test_the_real_goose_wants_its_key(goose: GooseServe, key: str) -> None:
    with pytest.raises(errors.WrongKey):
        await probe(Endpoint(goose.url, key))
