"""GET requests with the standard library, on a thread of their own: proxies and certificates as the system has them."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from .loop import in_thread

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")

_LONGEST_WAIT: Final = 60.0  # seconds, for a thread that nobody waits for any more


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, whatever its status; redirects are not followed."""

    status: int
    body: str
    location: str = ""


async def get(url: str, *, headers: Mapping[str, str] | None = None, timeout: float, limit: int) -> Answer:
    """GET `url`.

    Args:
        url: http, https, or ws and wss, which mean the same here.
        headers: more headers.
        timeout: seconds for all of it.
        limit: bytes of the body that are read; what is longer is cut off.

    Raises:
        OSError, asyncio.TimeoutError: no connection, or no answer in time.
        ValueError: the answer is not HTTP.
    """
    request = functools.partial(_get, url, dict(headers or {}), min(timeout, _LONGEST_WAIT), limit)
    return await asyncio.wait_for(in_thread(request, "goose-widget-http"), timeout)


def _get(url: str, headers: dict[str, str], timeout: float, limit: int) -> Answer:
    import http.client
    import urllib.error
    import urllib.request

    parts = urlsplit(url)
    address = parts._replace(scheme={"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)).geturl()
    opener = _opener(direct=parts.hostname in LOOPBACK)
    try:
        try:
            response = opener.open(urllib.request.Request(address, headers=headers), timeout=timeout)
        except urllib.error.HTTPError as answered:
            response = answered
        with response:
            body = response.read(limit).decode(errors="replace")
            return Answer(response.status or 0, body, response.headers.get("Location") or "")
    except urllib.error.URLError as error:
        if isinstance(error.reason, OSError):
            raise error.reason from None
        raise OSError(str(error.reason)) from None
    except http.client.HTTPException as error:
        raise ValueError(str(error) or type(error).__name__) from None


def _opener(*, direct: bool) -> OpenerDirector:
    import urllib.request

    class _NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            """A key is for this server alone."""

    proxies = urllib.request.ProxyHandler({}) if direct else urllib.request.ProxyHandler()
    return urllib.request.build_opener(proxies, _NoRedirect)
