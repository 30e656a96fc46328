"""Which proxy is between this kernel and a server: what the environment says, never one on the way to this computer.

One rule for the WebSocket and for requests, so that what a request finds out is true of the WebSocket: `https_proxy`
for `https` and `wss`, `http_proxy` for `http` and `ws`, else `all_proxy`; `no_proxy` excepts hosts. Names in upper case
mean the same. Where the environment is silent, macOS and Windows have settings of their own.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from . import errors

_VARIABLES: Final = {"http": "http", "ws": "http", "https": "https", "wss": "https"}
_PORT: Final = 80


@dataclass(frozen=True)
class Proxy:
    """An HTTP proxy. Its text is its address without user name and password.

    Attributes:
        address: with them, and always with a port.
    """

    address: str = field(repr=False)

    def __str__(self) -> str:
        scheme, _, rest = self.address.rpartition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"


def is_loopback(host: str | None) -> bool:
    """Whether `host`, as `urlsplit` gives it, is this computer."""
    if not host:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def proxy_for(url: str) -> Proxy | None:
    """The proxy on the way to `url`, None for none.

    Raises:
        BadProxy: it is no HTTP proxy, or no address at all.
    """
    import urllib.request

    parts = urlsplit(url)
    if is_loopback(parts.hostname) or urllib.request.proxy_bypass(parts.netloc):
        return None
    known = urllib.request.getproxies()
    for name in (_VARIABLES[parts.scheme], "all", "socks"):
        if address := known.get(name):
            return _checked(address, is_socks=name == "socks")
    return None


def _checked(address: str, *, is_socks: bool) -> Proxy:
    parts = urlsplit(address if "://" in address else f"http://{address}")
    scheme = "socks5" if is_socks and parts.scheme == "http" else parts.scheme
    shown = str(Proxy(f"{scheme}://{parts.netloc}"))
    try:
        host, port = parts.hostname, parts.port or _PORT
    except ValueError:
        host, port = None, 0
    if not host or not address.isascii() or not address.isprintable() or " " in address:
        raise errors.BadProxy(shown, "has no valid address")
    if scheme != "http":
        raise errors.BadProxy(shown, f"can't be used: goose-widget speaks to HTTP proxies (`http://…`), not {scheme}")
    user, at, _ = parts.netloc.rpartition("@")
    if at and ":" not in user:
        user += ":"
    return Proxy(f"http://{user}{at}{f'[{host}]' if ':' in host else host}:{port}")
