"""Where a goose server is and what it speaks, and what to tell the user when no connection comes about."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import ssl
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from . import errors, http

Language: TypeAlias = Literal["acp", "web", "unknown"]
"""What a server speaks: ACP, as `goose serve` does; the older protocol of `goose web`; to be found out."""

_SCHEMES: Final = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}
_PATHS: Final[dict[Language, str]] = {"acp": "/acp", "web": "/ws", "unknown": ""}
_TIMEOUT: Final = 5.0  # seconds for one answer
_MAX_BODY: Final = 2**12
_MAX_PAGE: Final = 2**20
_SECRET_LENGTH: Final = 8
_MASK: Final = "[the key of the goose server]"
_WS_TOKEN: Final = re.compile(r"GOOSE_WS_TOKEN\s*=\s*['\"]([\w-]+)['\"]")


def mask(frame: str | bytes, key: str) -> str | bytes:
    """`frame` without the server's key: goose hands its environment to its tools, and `env` would print the key."""
    if len(key) < _SECRET_LENGTH:
        return frame  # no secret, and maybe a word
    escaped = json.dumps(key)[1:-1]
    if isinstance(frame, str):
        return frame.replace(escaped, _MASK) if escaped in frame else frame
    return frame.replace(escaped.encode(), _MASK.encode())


@dataclass(frozen=True)
class Endpoint:
    """A server's WebSocket address (its base address while `language` is unknown), and its key ("" for none).

    The key never shows in a repr.

    Raises:
        UsageError: the key holds a line break or another character that no HTTP header can carry.
    """

    url: str
    key: str = field(default="", repr=False)
    language: Language = "acp"

    def __post_init__(self) -> None:
        if not self.key.isprintable() or not self.key.isascii():
            raise errors.UsageError(
                "The server's key holds a character that can't be sent, as a line break or an umlaut.",
                "If it was read from a file: `token=text.strip()`.",
            )

    @property
    def base(self) -> str:
        """The address without the protocol's own path."""
        return self.url.removesuffix(_PATHS[self.language])

    @property
    def headers(self) -> dict[str, str]:
        """What shows the key to the server."""
        if not self.key:
            return {}
        return {"X-Secret-Key": self.key} if self.language == "acp" else {"Authorization": f"Bearer {self.key}"}

    @property
    def is_local(self) -> bool:
        """Whether it is on this computer."""
        return urlsplit(self.url).hostname in http.LOOPBACK

    async def get(self, path: str, *, timeout: float, limit: int = _MAX_BODY) -> http.Answer:
        """GET a path of the server, with the key. Raises what `http.get` does."""
        answer = await http.get(self.base + path, headers=self.headers, timeout=timeout, limit=limit)
        # A proxy may repeat what it was sent, and errors show what it answers.
        return replace(answer, body=str(mask(answer.body, self.key)))


def parse(server: str, key: str = "") -> Endpoint:
    """The endpoint at an address.

    Args:
        server: "ws://host:port/acp" of a `goose serve`, "ws://host:port/ws" of a `goose web`, or "http://host:port" of
            either; also wss and https. A host may be followed by a path, as behind a proxy.
        key: the server's key.

    Raises:
        UsageError: it is no such address, or holds a user name, a password or a query: session files name the server,
            so a secret in its address would end up in them.
    """
    example = '"http://127.0.0.1:3284" or "wss://example.org/acp"'
    if not isinstance(server, str):
        raise errors.UsageError(f"server= must be an address like {example}, not {server!r}.")
    try:
        parts = urlsplit(server.strip())
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        # Without the address: what can't be taken apart may hold a secret anywhere.
        raise errors.UsageError(f"server= is no valid address: {error}.", f"It must look like {example}.") from None
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise errors.UsageError(
            "server= must not hold a user name, a password, or anything after a ? or #.",
            "Session files name the server, so a key in its address would be saved in them. Pass it as `token=`.",
        )
    if parts.scheme not in _SCHEMES or not host:
        raise errors.UsageError(f'server= must be "demo" or an address like {example}, not {server!r}.')
    url = f"{_SCHEMES[parts.scheme]}://{parts.netloc}{parts.path.rstrip('/')}"
    for language in ("acp", "web"):
        if url.endswith(_PATHS[language]):
            return Endpoint(url, key, language)
    return Endpoint(url, key, "unknown")


async def recognise(endpoint: Endpoint) -> Endpoint:
    """Ask a server of an unknown language which it is. What answers like neither is taken for a `goose serve`.

    Raises:
        ConnectionRefused: nothing answers there.
    """
    if endpoint.language != "unknown":
        return endpoint
    language: Language = "web" if await _is_goose_web(endpoint.url) else "acp"
    return replace(endpoint, url=endpoint.url + _PATHS[language], language=language)


async def _is_goose_web(base: str) -> bool:
    """`/api/health` never wants a token; a `goose serve` has its own at `/health`, whose absence `probe` will tell."""
    try:
        answer = await http.get(f"{base}/api/health", timeout=_TIMEOUT, limit=_MAX_BODY)
        if answer.status >= 500:
            raise errors.ConnectionRefused(_plain(base), f"HTTP {answer.status}. {answer.body}".strip())
        health = json.loads(answer.body)
    except (OSError, asyncio.TimeoutError) as error:
        raise errors.ConnectionRefused(_plain(base), _reason(error)) from error
    except (ValueError, RecursionError):
        return False
    return isinstance(health, dict) and str(health.get("service", "")).startswith("goose")


async def ws_token(endpoint: Endpoint) -> str:
    """What the last versions of `goose web` want with the upgrade if they have no token: their page holds it.

    "" if there is none.
    """
    with contextlib.suppress(OSError, asyncio.TimeoutError, ValueError):
        answer = await endpoint.get("/session/goose-widget", timeout=_TIMEOUT, limit=_MAX_PAGE)
        if found := _WS_TOKEN.search(answer.body):
            return found[1]
    return ""


async def probe(endpoint: Endpoint) -> None:
    """Find out, after a failed WebSocket upgrade, what is wrong. Returns if nothing is found.

    Raises:
        ConnectionRefused: nothing answers there.
        WrongKey: the server wants another key, or one at all.
        AccessDenied: the server, or something in front of it, turns this computer away.
        ServerTooOld: what answers has no such endpoint: another goose, or no goose.
    """
    url = endpoint.url
    try:
        answer = await endpoint.get(_PATHS[endpoint.language], timeout=_TIMEOUT)
    except (OSError, asyncio.TimeoutError) as error:
        raise errors.ConnectionRefused(url, _reason(error)) from error
    except ValueError as error:
        raise errors.ServerTooOld(url, f"What answers there does not speak HTTP: {error}.") from error
    match answer.status:
        case 401:
            raise errors.WrongKey(url, given=bool(endpoint.key), is_web=endpoint.language == "web")
        case 404:
            raise errors.ServerTooOld(url, await _who_answers(endpoint))
        case 403 | 407 | 301 | 302 | 303 | 307 | 308:
            raise errors.AccessDenied(url, answer.status, answer.body)
        case status if status >= 500:
            # goose has no such answer here: a proxy says it of a goose that does not run.
            raise errors.ConnectionRefused(url, f"HTTP {status}. {answer.body}".strip())


async def _who_answers(endpoint: Endpoint) -> str:
    """What is at an address that has no such path, in a sentence."""
    with contextlib.suppress(errors.ConnectionRefused):
        if await _is_goose_web(endpoint.base):
            return f"It is a `goose web`, the server of older versions: pass `server='{_plain(endpoint.base)}'`."
    with contextlib.suppress(OSError, asyncio.TimeoutError, ValueError):
        answer = await http.get(f"{endpoint.base}/health", timeout=_TIMEOUT, limit=_MAX_BODY)
        if answer.status == 200 and answer.body.strip() == "ok":
            return f"It is a goose, which may speak another protocol: pass `server='{_plain(endpoint.base)}'`."
    return "It answers like a web server, not like goose."


def _plain(url: str) -> str:
    return f"http{url.removeprefix('ws')}"


def _reason(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError):
        return f"No secure connection: {error.reason or error}."
    if isinstance(error, asyncio.TimeoutError | TimeoutError):
        return f"No answer within {_TIMEOUT:g} s."
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return f"{os.strerror(error.errno)}."  # the text of some errors only repeats the address
    return f"{error}."
