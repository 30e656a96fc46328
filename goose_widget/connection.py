"""One WebSocket to a goose server, with what a server far away needs: checked certificates, cookies, proxies, patience.

Nothing here knows what the frames mean.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterator
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidProxyStatus, InvalidStatus

from . import certificates, http
from .endpoint import Endpoint
from .proxies import proxy_for

log = logging.getLogger(__name__)

MAX_FRAME: Final = 64 * 2**20
"""Bytes of the largest frame that is accepted."""

# websockets logs the headers of the upgrade, the key among them, at level DEBUG.
_wire_log = logging.getLogger(f"{__name__}.wire")
_wire_log.setLevel(logging.INFO)

_OPEN_TIMEOUT: Final = 10.0
_CLOSE_TIMEOUT: Final = 2.0
# What is dead is noticed within 30 s, and nothing is idle for the minute that proxies allow.
_PING_EVERY: Final = 10.0
_PING_TIMEOUT: Final = 15.0
# goose ends a connection that brings a frame over 16 MiB. Small ones also let pings in between on a slow line.
_FRAGMENT: Final = 2**18  # characters, of at most four bytes


class Connection(ClientConnection):
    """Knows when it last heard of the server, and why it was cut from here.

    Attributes:
        heard: when anything came, in seconds of the loop's clock.
        cut_because: "" if it was not cut.
    """

    heard = 0.0
    cut_because = ""

    def data_received(self, data: bytes) -> None:
        self.heard = self.loop.time()
        super().data_received(data)

    def cut(self, why: str) -> None:
        """End it at once: nobody may be there to say goodbye to. `why` is for people, as "the server …"."""
        self.cut_because = why
        self.transport.abort()


class _Connect(connect):
    """Follows no redirect: the key is for this server."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def open_connection(url: str, endpoint: Endpoint) -> Connection:
    """Connect to `url`, an address of `endpoint`.

    Raises:
        CertificateRefused, BadProxy: what their names say.
        OSError, asyncio.TimeoutError, InvalidHandshake, EOFError: whatever else keeps it from being made.
    """
    proxy = proxy_for(url)
    headers = endpoint.headers
    if sent := endpoint.cookies.header(url, headers.pop("Cookie", "")):
        headers["Cookie"] = sent
    try:
        connection = await _Connect(
            url,
            additional_headers=headers,
            max_size=MAX_FRAME,
            proxy=None if proxy is None else proxy.address,
            compression=None if endpoint.is_local else "deflate",
            open_timeout=_OPEN_TIMEOUT,
            ping_interval=None,  # `watch` pings
            close_timeout=_CLOSE_TIMEOUT,
            logger=_wire_log,
            create_connection=Connection,
            ssl=certificates.context(endpoint.ca) if url.startswith("wss:") else None,
        )
    except InvalidStatus as refused:
        endpoint.cookies.keep(url, refused.response.headers.get_all("Set-Cookie"))
        raise
    except InvalidProxyStatus as refused:
        raise endpoint.failure(http.TunnelRefused(refused.response.status_code)) from None
    except ssl.SSLCertVerificationError as error:
        raise endpoint.failure(error) from None
    assert isinstance(connection, Connection)
    if connection.response is not None:
        endpoint.cookies.keep(url, connection.response.headers.get_all("Set-Cookie"))
    return connection


async def send(connection: Connection, text: str) -> None:
    """Send `text` as one message, in fragments if it is long.

    Raises:
        ConnectionClosed: it is not sure to have arrived.
    """
    await connection.send(text if len(text) <= _FRAGMENT else _fragments(text))


def _fragments(text: str) -> Iterator[str]:
    for start in range(0, len(text), _FRAGMENT):
        yield text[start : start + _FRAGMENT]


async def answers(connection: Connection, patience: float) -> bool:
    """Whether anything comes from the server within `patience` seconds of a ping; False as well if it is closed.

    Not only the pong counts: on a slow line it waits behind a long answer. And the ping itself may have to wait.
    """
    asked = connection.loop.time()
    pinging = asyncio.create_task(_ping(connection))
    try:
        done, _ = await asyncio.wait({pinging}, timeout=patience)
        return pinging.result() if done else connection.heard > asked
    finally:
        pinging.cancel()


async def _ping(connection: Connection) -> bool:
    try:
        await asyncio.shield(await connection.ping())
    except ConnectionClosed:
        return False
    return True


async def watch(connection: Connection) -> None:
    """Ping until nothing comes any more, then cut the connection."""
    took, is_there = 0.0, True
    while is_there:
        await asyncio.sleep(max(0.0, _PING_EVERY - took))
        asked = connection.loop.time()
        is_there = await answers(connection, _PING_TIMEOUT)
        took = connection.loop.time() - asked
    log.info("the server did not answer for %g s; closing the connection", _PING_TIMEOUT)
    connection.cut(f"the server did not answer for {_PING_TIMEOUT:g} s")


def close_reason(connection: Connection) -> str:
    """Why a connection is closed, for people."""
    if connection.cut_because:
        return connection.cut_because
    sent = connection.protocol.close_sent
    code = connection.close_code
    if code == 1009 or (sent is not None and sent.code == 1009):
        return f"goose sent more than {MAX_FRAME // 2**20} MiB in one message"
    if code in (None, 1000, 1001, 1005, 1006):
        return "the server closed it"
    return f"{connection.close_reason or 'protocol error'}, code {code}"
