"""GET requests with the standard library, on a thread of their own: with the WebSocket's checks, cookies and proxy."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from . import certificates
from .cookies import Cookies
from .loop import in_thread, within
from .proxies import Proxy, proxy_for

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

_LONGEST_WAIT: Final = 60.0  # seconds, for a thread that nobody waits for any more
_NO_TUNNEL: Final = re.compile(r"Tunnel connection failed: (\d+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, whatever its status; redirects are not followed."""

    status: int
    body: str
    location: str = ""


class TunnelRefused(OSError):
    """The proxy does not connect to the server: `status` is its answer."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"the proxy answers HTTP {status}")


async def get(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    cookies: Cookies | None = None,
    ca: str = "",
    timeout: float,
    limit: int,
) -> Answer:
    """GET `url`.

    Args:
        url: http, https, or ws and wss, which mean the same here.
        headers: more headers.
        cookies: sent with it, and kept of the answer.
        ca: a file of authorities besides the system's, "" for none.
        timeout: seconds for all of it.
        limit: bytes of the body that are read; what is longer is cut off.

    Raises:
        OSError, asyncio.TimeoutError: no connection, or no answer in time. `ssl.SSLCertVerificationError`: the
            certificate is not to be trusted; `TunnelRefused`: the proxy refused.
        ValueError: the answer is not HTTP.
        BadProxy: the environment names a proxy that can't be used.
    """
    jar = Cookies() if cookies is None else cookies
    request = functools.partial(_get, url, dict(headers or {}), jar, ca, min(timeout, _LONGEST_WAIT), limit)
    return await within(timeout, in_thread(request, "goose-widget-http"))


def _get(url: str, headers: dict[str, str], cookies: Cookies, ca: str, timeout: float, limit: int) -> Answer:
    import http.client
    import urllib.error
    import urllib.request

    parts = urlsplit(url)
    address = parts._replace(scheme={"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)).geturl()
    proxy = proxy_for(address)
    if sent := cookies.header(address, headers.pop("Cookie", "")):
        headers["Cookie"] = sent
    opener = _opener(proxy, ca if address.startswith("https:") else None)
    try:
        try:
            response = opener.open(urllib.request.Request(address, headers=headers), timeout=timeout)
        except urllib.error.HTTPError as answered:
            response = answered
        with response:
            if proxy is not None and response.status == 407:
                raise TunnelRefused(407)
            cookies.keep(address, response.headers.get_all("Set-Cookie") or [])
            body = response.read(limit).decode(errors="replace")
            return Answer(response.status or 0, body, response.headers.get("Location") or "")
    except urllib.error.URLError as error:
        if refused := _NO_TUNNEL.match(str(error.reason)):
            raise TunnelRefused(int(refused[1])) from None
        if isinstance(error.reason, OSError):
            raise error.reason from None
        raise OSError(str(error.reason)) from None
    except http.client.HTTPException as error:
        raise ValueError(str(error) or type(error).__name__) from None


def _opener(proxy: Proxy | None, ca: str | None) -> OpenerDirector:
    import urllib.request

    class _NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            """A key is for this server alone."""

    address = proxy.address if proxy is not None else ""
    proxies = urllib.request.ProxyHandler({"http": address, "https": address} if address else {})
    handlers: list[urllib.request.BaseHandler] = [proxies, _NoRedirect()]
    if ca is not None:
        handlers.append(urllib.request.HTTPSHandler(context=certificates.context(ca)))
    return urllib.request.build_opener(*handlers)
