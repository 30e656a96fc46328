"""What a server asked to be told again, as the load balancer in front of several that must find the same one."""

from __future__ import annotations

from collections.abc import Iterable
from email.message import Message
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from urllib.request import Request


class Cookies:
    """The cookies of one chat, in memory only; they may be used from several threads.

    The standard library's jar keeps and sends them by the rules of browsers: domain, path, expiry, `Secure`.
    """

    def __init__(self) -> None:
        from http.cookiejar import CookieJar  # here: importing it takes a while, in which the chat is shown

        self._jar = CookieJar()

    def keep(self, url: str, set_cookies: Iterable[str]) -> None:
        """Keep what the server at `url` answered in its `Set-Cookie` headers."""
        self._jar.extract_cookies(cast("Any", _Answer(set_cookies)), _request(url))

    def header(self, url: str, given: str = "") -> str:
        """The `Cookie` header for `url`, "" for none.

        Args:
            url: http, https, or ws and wss, which mean the same here.
            given: a `Cookie` header of the user's; what the server has set since comes in place of it.
        """
        request = _request(url)
        self._jar.add_cookie_header(request)
        kept = str(request.get_header("Cookie") or "")
        names = {_name(pair) for pair in kept.split(";")}
        pairs = [pair.strip() for pair in given.split(";") if _name(pair) not in names]
        return "; ".join(filter(None, [*pairs, kept]))

    def values(self) -> list[str]:
        """The values of all of them, to keep them out of what people see."""
        return [cookie.value for cookie in self._jar if cookie.value]


class _Answer:
    """As much of an answer as the jar looks at."""

    def __init__(self, set_cookies: Iterable[str]) -> None:
        self._headers = Message()
        for each in set_cookies:
            self._headers["Set-Cookie"] = each

    def info(self) -> Message:
        return self._headers


def _request(url: str) -> Request:
    from urllib.request import Request

    parts = urlsplit(url)
    return Request(urlunsplit(parts._replace(scheme={"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme))))


def _name(pair: str) -> str:
    return pair.partition("=")[0].strip()
