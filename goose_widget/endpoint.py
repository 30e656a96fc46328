"""Where a goose server is: its address and key, and what to tell the user when no connection comes about."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

from . import errors

_SCHEMES: Final = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}
_TIMEOUT: Final = 5.0  # seconds for one answer
_MAX_HEAD: Final = 2**16
_MAX_BODY: Final = 2**12


@dataclass(frozen=True)
class Endpoint:
    """A server's ACP address, and its key ("" for none), which never shows in a repr.

    Raises:
        UsageError: the key holds a line break or another character that no HTTP header can carry.
    """

    url: str
    key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.key.isprintable():
            raise errors.UsageError(
                "The server's key holds a character that can't be sent, as a line break.",
                "If it was read from a file: `token=text.strip()`.",
            )


def acp_url(server: str) -> str:
    """The WebSocket address of the ACP endpoint of `server`.

    Args:
        server: "ws://host:port/acp", or with http, https or wss; "/acp" is added where it is missing.

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
        raise errors.UsageError(f"server= must be an address like {example}, not {server!r}.")
    path = parts.path.rstrip("/")
    return f"{_SCHEMES[parts.scheme]}://{parts.netloc}{path.removesuffix('/acp')}/acp"


async def probe(url: str, key: str) -> None:
    """Find out, after a failed WebSocket upgrade, what is wrong. Returns if nothing is found.

    Args:
        url: a result of `acp_url`.
        key: the server's key, "" for none.

    Raises:
        ConnectionRefused: nothing answers there.
        WrongKey: the server wants another key, or one at all.
        AccessDenied: the server, or something in front of it, turns this computer away.
        ServerTooOld: what answers has no ACP endpoint: an older goose, `goose web`, or no goose.
    """
    parts = urlsplit(url)
    try:
        status, body = await http_get(url, key=key, timeout=_TIMEOUT)
    except ssl.SSLError as error:
        raise errors.ConnectionRefused(url, f"No secure connection: {error.reason or error}.") from error
    except (OSError, asyncio.TimeoutError) as error:
        raise errors.ConnectionRefused(url, _reason(error)) from error
    except ValueError as error:
        raise errors.ServerTooOld(url, f"What answers there does not speak HTTP: {error}.") from error
    match status:
        case 401:
            raise errors.WrongKey(url, given=bool(key))
        case 404:
            raise errors.ServerTooOld(url, await _who_answers(parts))
        case 403 | 407 | 301 | 302 | 303 | 307 | 308:
            raise errors.AccessDenied(url, status, body)
        case _ if status >= 500:
            # goose has no such answer here: a proxy says it of a goose that does not run.
            raise errors.ConnectionRefused(url, f"HTTP {status}. {body}".strip())


async def _who_answers(parts: SplitResult) -> str:
    """What is at an address that has no /acp, in a sentence."""
    base = f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix('/acp')}"
    with contextlib.suppress(OSError, asyncio.TimeoutError, ValueError):
        _, body = await http_get(f"{base}/api/health", timeout=_TIMEOUT)
        health = json.loads(body)
        if isinstance(health, dict) and str(health.get("service", "")).startswith("goose"):
            return "It is a `goose web`, the server of older versions."
    with contextlib.suppress(OSError, asyncio.TimeoutError, ValueError):
        status, body = await http_get(f"{base}/status", timeout=_TIMEOUT)
        if status == 200 and body.strip() == "ok":
            return "It is a goose without an ACP endpoint."
    return "It answers like a web server, not like goose."


def _reason(error: BaseException) -> str:
    if isinstance(error, asyncio.TimeoutError):
        return f"No answer within {_TIMEOUT:g} s."
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return f"{os.strerror(error.errno)}."  # asyncio's own text only repeats the address
    return f"{error}."


async def http_get(url: str, *, key: str = "", timeout: float) -> tuple[int, str]:
    """A GET request without any library: the status and the beginning of the body (4 KiB at most).

    Args:
        url: its scheme says whether it is encrypted: wss and https, ws and http.
        key: sent as goose's secret key, unless empty.
        timeout: seconds.

    Raises:
        OSError, asyncio.TimeoutError: no connection, or no answer in time.
        ValueError: the answer is not HTTP.
    """
    parts = urlsplit(url)
    secure = parts.scheme in ("wss", "https")
    lines = [f"GET {parts.path or '/'} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close"]
    if key:
        lines.append(f"X-Secret-Key: {key}")
    return await asyncio.wait_for(
        _exchange(
            parts.hostname or "",
            parts.port or (443 if secure else 80),
            ssl.create_default_context() if secure else None,
            "\r\n".join([*lines, "", ""]).encode(),
        ),
        timeout,
    )


async def _exchange(host: str, port: int, tls: ssl.SSLContext | None, request: bytes) -> tuple[int, str]:
    reader, writer = await asyncio.open_connection(host, port, ssl=tls, limit=_MAX_HEAD)
    try:
        writer.write(request)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            raise ValueError("no HTTP response") from None
        version, _, rest = head.partition(b" ")
        if not version.startswith(b"HTTP/") or not rest[:3].isdigit():
            raise ValueError("no HTTP response")
        body = b"" if b"\r\ncontent-length: 0\r\n" in head.lower() else await reader.read(_MAX_BODY)
        return int(rest[:3]), body.decode(errors="replace")
    finally:
        writer.transport.abort()
