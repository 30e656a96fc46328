"""Where a goose server is and what it speaks, and what to tell the user when no connection comes about."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias, overload
from urllib.parse import urlsplit, urlunsplit

from . import certificates, errors, http
from .cookies import Cookies
from .proxies import is_loopback, proxy_for

Language: TypeAlias = Literal["acp", "web", "unknown"]
"""What a server speaks: ACP, as `goose serve` does; the older protocol of `goose web`; to be found out."""

_SCHEMES: Final = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}
_PATHS: Final[dict[Language, str]] = {"acp": "/acp", "web": "/ws", "unknown": ""}
_TIMEOUT: Final = 5.0  # seconds for one answer
_MAX_BODY: Final = 2**12
_MAX_PAGE: Final = 2**20
_SECRET_LENGTH: Final = 8
_MASK: Final = "[the key of the goose server]"
_HEADER_NAME: Final = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_OWNED: Final = re.compile(
    r"host|upgrade|connection|sec-websocket-.*|content-length|transfer-encoding|te|trailer|x-secret-key|proxy-.*",
    re.IGNORECASE,
)
_OPEN: Final = {"accept", "accept-language", "origin", "referer", "user-agent"}
"""Headers whose values are no secrets, and may be words of a conversation."""
_WS_TOKEN: Final = re.compile(r"GOOSE_WS_TOKEN\s*=\s*['\"]([\w-]+)['\"]")


class Mask:
    """Takes a server's keys out of what it sends: goose hands its environment to its tools, and `env` would print them.

    Args:
        secrets: the keys; a short one is maybe a word, and stays.
    """

    def __init__(self, *secrets: str) -> None:
        told = {secret for secret in secrets if len(secret) >= _SECRET_LENGTH}
        forms = sorted(told | {json.dumps(secret)[1:-1] for secret in told}, key=len, reverse=True)
        self._texts, self._bytes = forms, [form.encode() for form in forms]

    @overload
    def __call__(self, frame: str) -> str: ...
    @overload
    def __call__(self, frame: bytes) -> bytes: ...
    def __call__(self, frame: str | bytes) -> str | bytes:
        """A frame without them."""
        if isinstance(frame, str):
            for text in self._texts:
                frame = frame.replace(text, _MASK)
        else:
            for data in self._bytes:
                frame = frame.replace(data, _MASK.encode())
        return frame


@dataclass(frozen=True)
class Endpoint:
    """A server's WebSocket address (its base address while `language` is unknown), and its key ("" for none).

    Neither the key nor the headers show in a repr.

    Attributes:
        more: further headers, as what is in front of the server wants them.
        ca: a file of authorities besides the system's, "" for none.
        cookies: what the server has set; the same for every endpoint that `replace` makes of this one.

    Raises:
        UsageError: the key holds a line break or another character that no HTTP header can carry, or it and `more`
            want the same header.
    """

    url: str
    key: str = field(default="", repr=False)
    language: Language = "acp"
    more: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    ca: str = ""
    cookies: Cookies = field(default_factory=Cookies, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.key.isprintable() or not self.key.isascii():
            raise errors.UsageError(
                "The server's key holds a character that can't be sent, as a line break or an umlaut.",
                "If it was read from a file: `token=text.strip()`.",
            )
        if self.key and self.language == "web" and "Authorization" in dict(self.more):
            raise errors.UsageError(
                "A `goose web` wants its token in the header Authorization, which headers= holds too.",
                "Pass one of them: `token=` for the server itself, `headers=` for what is in front of it.",
            )

    @property
    def base(self) -> str:
        """The address without the protocol's own path."""
        return self.url.removesuffix(_PATHS[self.language])

    @property
    def headers(self) -> dict[str, str]:
        """What shows the key to the server, and what is in front of it the rest."""
        headers = dict(self.more)
        if self.key and self.language != "unknown":
            is_acp = self.language == "acp"
            headers["X-Secret-Key" if is_acp else "Authorization"] = self.key if is_acp else f"Bearer {self.key}"
        return headers

    @property
    def secrets(self) -> list[str]:
        """What no frame, answer or message may show."""
        found = [self.key]
        for name, value in self.more:
            if name.lower() not in _OPEN:
                found.append(value)
            if name == "Authorization":  # `token SECRET`
                found.append(value.partition(" ")[2])
            if name == "Cookie":  # `name=SECRET; name=SECRET`
                found += [pair.partition("=")[2].strip() for pair in value.split(";")]
        return found

    @property
    def is_local(self) -> bool:
        """Whether it is on this computer."""
        return is_loopback(urlsplit(self.url).hostname)

    async def get(self, path: str, *, timeout: float, limit: int = _MAX_BODY) -> http.Answer:
        """GET a path of the server, with the key. Raises what `http.get` does."""
        url = self.base + path
        answer = await http.get(
            url, headers=self.headers, cookies=self.cookies, ca=self.ca, timeout=timeout, limit=limit
        )
        # A proxy may repeat what it was sent, and errors show what it answers.
        return replace(answer, body=Mask(*self.secrets)(answer.body))

    def failure(self, error: BaseException, *, url: str = "") -> errors.SetupError:
        """The error for a connection that did not come about, at `url` if that is not the WebSocket's address."""
        url = url or self.url
        proxy = proxy_for(url)
        match error:
            case ssl.SSLCertVerificationError():
                return errors.CertificateRefused(url, certificates.fault(error), error.verify_message)
            case http.TunnelRefused(status=407):
                return errors.BadProxy(str(proxy), "wants a user name and a password, or other ones (HTTP 407)")
            case http.TunnelRefused(status=status) if status < 500:
                return errors.BadProxy(str(proxy), f"refuses to connect to {urlsplit(url).netloc} (HTTP {status})")
        return errors.ConnectionRefused(url, _reason(error), proxy="" if proxy is None else str(proxy))


def parse(
    server: str, key: str = "", *, headers: Mapping[str, str] | None = None, ca: str | os.PathLike[str] | None = None
) -> Endpoint:
    """The endpoint at an address.

    Args:
        server: "ws://host:port/acp" of a `goose serve`, "ws://host:port/ws" of a `goose web`, or "http://host:port" of
            either; also wss and https. A host may be followed by a path, as behind a proxy.
        key: the server's key.
        headers: more headers for every request, as a gateway in front of the server wants them.
        ca: a file of authorities to trust besides the system's.

    Raises:
        UsageError: it is no such address, or holds a user name, a password or a query: session files name the server,
            so a secret in its address would end up in them. Or `headers` or `ca` can't be used.
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
    if ca is not None and not url.startswith("wss:"):
        raise errors.UsageError("ca= is for an encrypted connection, which this address does not make: use https://.")
    authorities = certificates.check_file(ca) if ca is not None else ""
    languages: tuple[Language, ...] = ("acp", "web")
    language: Language = next((each for each in languages if url.endswith(_PATHS[each])), "unknown")
    return Endpoint(url, key, language, checked(headers or {}), authorities)


def checked(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Headers to send with every request.

    Raises:
        UsageError: a name or a value that HTTP can't carry, or a name that belongs to the connection. The message
            never holds a value.
    """
    if not isinstance(headers, Mapping):
        raise errors.UsageError("headers= must be a dict of names and values.")
    found: dict[str, tuple[str, str]] = {}
    for name, value in headers.items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise errors.UsageError("headers= holds a name that is no name of a header.")
        if not isinstance(value, str) or not value.isascii() or not value.isprintable() or value != value.strip():
            raise errors.UsageError(
                f"The value of {name} in headers= can't be sent: it must be a text of ASCII characters without line "
                "breaks, and without spaces at its ends.",
                "If it was read from a file: `text.strip()`.",
            )
        if _OWNED.fullmatch(name):
            hint = {"x-secret-key": "Pass the server's key as `token=`."}.get(name.lower(), "")
            raise errors.UsageError(f"headers= can't hold {name}: the connection sets it.", hint)
        if name.lower() in found:
            raise errors.UsageError(f"headers= holds {name} twice.")
        # Two that are looked for by name.
        plain = name.capitalize() if name.lower() in ("authorization", "cookie") else name
        found[name.lower()] = (plain, value)
    return tuple(found.values())


async def recognise(endpoint: Endpoint) -> Endpoint:
    """Ask a server of an unknown language which it is. What answers like neither is taken for a `goose serve`.

    Raises:
        ConnectionRefused: nothing answers there.
    """
    if endpoint.language != "unknown":
        return endpoint
    language: Language = "web" if await _is_goose_web(endpoint) else "acp"
    return replace(endpoint, url=endpoint.url + _PATHS[language], language=language)


async def _is_goose_web(endpoint: Endpoint) -> bool:
    """`/api/health` never wants a token; a `goose serve` has its own at `/health`, whose absence `probe` will tell."""
    try:
        answer = await _keyless(endpoint).get("/api/health", timeout=_TIMEOUT)
        if answer.status >= 500:
            raise errors.ConnectionRefused(_plain(endpoint.base), f"HTTP {answer.status}. {answer.body}".strip())
        health = json.loads(answer.body)
    except (OSError, asyncio.TimeoutError) as error:
        raise endpoint.failure(error, url=_plain(endpoint.base)) from error
    except (ValueError, RecursionError):
        return False
    return isinstance(health, dict) and str(health.get("service", "")).startswith("goose")


def _keyless(endpoint: Endpoint) -> Endpoint:
    return replace(endpoint, key="")


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
        CertificateRefused: its certificate is not to be trusted.
        BadProxy: the proxy on the way there can't be used.
        WrongKey: the server wants another key, or one at all.
        AccessDenied: the server, or something in front of it, turns this computer away.
        ServerTooOld: what answers has no such endpoint: another goose, or no goose.
    """
    url = endpoint.url
    try:
        answer = await endpoint.get(_PATHS[endpoint.language], timeout=_TIMEOUT)
    except (OSError, asyncio.TimeoutError) as error:
        raise endpoint.failure(error) from error
    except ValueError as error:
        raise errors.ServerTooOld(url, f"What answers there does not speak HTTP: {error}.") from error
    said = Mask(*endpoint.cookies.values())(answer.body)
    match answer.status:
        case 401:
            raise errors.WrongKey(url, given=bool(endpoint.key), is_web=endpoint.language == "web")
        case 404:
            raise errors.ServerTooOld(url, await _who_answers(endpoint))
        case 301 | 302 | 303 | 307 | 308:
            elsewhere = urlunsplit(urlsplit(answer.location)._replace(query="", fragment=""))  # these may hold secrets
            raise errors.AccessDenied(url, answer.status, f"It sends to {elsewhere or 'nowhere'}.\n{said}".rstrip())
        case 403 | 407:
            raise errors.AccessDenied(url, answer.status, said)
        case status if status >= 500:
            # goose has no such answer here: a proxy says it of a goose that does not run.
            raise errors.ConnectionRefused(url, f"HTTP {status}. {said}".strip())


async def _who_answers(endpoint: Endpoint) -> str:
    """What is at an address that has no such path, in a sentence."""
    with contextlib.suppress(errors.ConnectionRefused):
        if await _is_goose_web(endpoint):
            return f"It is a `goose web`, the server of older versions: pass `server='{_plain(endpoint.base)}'`."
    with contextlib.suppress(OSError, asyncio.TimeoutError, ValueError):
        answer = await _keyless(endpoint).get("/health", timeout=_TIMEOUT)
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
    return f"{str(error) or type(error).__name__}."
