"""The demo server: both protocols of a goose server on one port of this computer.

Rules of this module:

- It listens on 127.0.0.1 only, and answers only who asks for a loopback host: a page that was led here by a name of its
  own (DNS rebinding) gets nothing.
- A page of another computer gets nothing either: its `Origin` is not loopback. Nor can it make sessions with what has
  no `Origin`, as images. Only `/ws` takes "null", which is what a page opened from a file has (and a sandboxed frame of
  any page: what it could read is what was written to the demo).
- Keys are compared in constant time, and are in no log: websockets' own log has the headers, so it is off.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import os
import secrets
from collections.abc import Coroutine
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit
from weakref import WeakKeyDictionary

from . import page, web
from .acp import Acp
from .sessions import Sessions

if TYPE_CHECKING:
    from websockets.asyncio.server import Server, ServerConnection
    from websockets.datastructures import Headers
    from websockets.http11 import Request, Response

log = logging.getLogger(__name__)

_wire_log = logging.getLogger(f"{__name__}.wire")
_wire_log.setLevel(logging.CRITICAL)

_HOST: Final = "127.0.0.1"
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_LARGEST: Final = 64 * 2**20  # bytes of a frame
_CLOSE: Final = 1.0  # seconds for a client to say goodbye


class DemoServer:
    """A goose server with a scripted agent in place of a model.

    Args:
        folder: where its sessions persist; made with the first one.
        key: what `/acp` wants in the header X-Secret-Key; "" for nothing.
        token: what the side of goose web wants as `Authorization: Bearer`; "" for nothing.
        pace: scales the pauses of the script; 0 for none.

    Attributes:
        port: where it listens; 0 while it does not.
    """

    def __init__(self, folder: Path, *, key: str = "", token: str = "", pace: float = 1.0) -> None:
        self.port = 0
        self._sessions = Sessions(folder)
        self._key = key
        self._token = token
        self._pace = pace
        self._server: Server | None = None
        self._web_turns: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def acp_url(self) -> str:
        """Of the side of `goose serve`."""
        return f"ws://{_HOST}:{self.port}/acp"

    @property
    def web_url(self) -> str:
        """Of the side of `goose web`."""
        return f"http://{_HOST}:{self.port}"

    async def start(self, port: int = 0) -> None:
        """Listen.

        Args:
            port: 0 for any that is free.

        Raises:
            OSError: the port is taken.
        """
        from websockets.asyncio.server import serve

        self._server = await serve(
            self._serve,
            _HOST,
            port,
            process_request=self._check,
            max_size=_LARGEST,
            compression=None,
            ping_interval=None,  # a page that sleeps is not gone
            close_timeout=_CLOSE,
            logger=_wire_log,
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Close every connection, and give up every turn."""
        if self._server is None:
            return
        server, self._server = self._server, None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        server.close()
        await server.wait_closed()
        self.port = 0

    # HTTP.

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        """The answer to a request; None to go on with the upgrade."""
        try:
            parts = urlsplit(request.path)
            headers = request.headers
            if not _is_loopback(f"//{headers.get('Host', '')}"):
                return connection.respond(HTTPStatus.FORBIDDEN, "Only for this computer.\n")
            if parts.path == "/acp":
                return self._check_acp(connection, headers)
            response = self._check_web(connection, parts.path, headers)
            if response is not None and (origin := headers.get("Origin")) and _is_loopback(origin):
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers["Vary"] = "Origin"
        except OSError as error:
            text = f"The demo can't save sessions in {self._sessions.folder}: {error}\n"
            return connection.respond(HTTPStatus.INTERNAL_SERVER_ERROR, text)
        except Exception:  # as of a request that has two hosts
            log.debug("a request that can't be answered", exc_info=True)
            return connection.respond(HTTPStatus.BAD_REQUEST, "bad request\n")
        return response

    def _check_acp(self, connection: ServerConnection, headers: Headers) -> Response | None:
        if self._key and not _same(headers.get("X-Secret-Key", ""), self._key):
            return connection.respond(HTTPStatus.UNAUTHORIZED, "")
        if (origin := headers.get("Origin")) is not None and not _is_loopback(origin):
            return connection.respond(HTTPStatus.FORBIDDEN, "")
        if headers.get("Upgrade", "").lower() != "websocket":
            return connection.respond(HTTPStatus.NOT_ACCEPTABLE, "the demo speaks ACP by WebSocket only")
        return None

    def _check_web(self, connection: ServerConnection, path: str, headers: Headers) -> Response | None:
        match path.split("/")[1:]:
            case ["health"] | ["status"]:
                return connection.respond(HTTPStatus.OK, "ok")
            case ["api", "health"]:
                return _json(connection, {"status": "ok", "service": "goose-web"})
        if self._token and not _same(headers.get("Authorization", ""), f"Bearer {self._token}"):
            return connection.respond(HTTPStatus.UNAUTHORIZED, "unauthorized\n")
        origin = headers.get("Origin")
        is_foreign = origin is not None and not _is_loopback(origin) and (origin, path) != ("null", "/ws")
        if is_foreign or (path == "/" and _is_embedded(headers)):
            return connection.respond(HTTPStatus.FORBIDDEN, "Only for pages of this computer.\n")
        match path.split("/")[1:]:
            case ["ws"]:
                return None
            case [""]:
                session = self._sessions.new(str(Path.cwd()))
                response = connection.respond(HTTPStatus.SEE_OTHER, "")
                response.headers["Location"] = f"/session/{session.id}"
                return response
            case ["session", _]:
                response = _typed(connection.respond(HTTPStatus.OK, page.HTML), "text/html; charset=utf-8")
                response.headers["Content-Security-Policy"] = page.POLICY
                return response
            case ["api", "sessions"]:
                return _json(connection, web.listed(self._sessions))
            case ["api", "sessions", session_id]:
                return _json(connection, web.saved(self._sessions, unquote(session_id)))
        return connection.respond(HTTPStatus.NOT_FOUND, "not found\n")

    # WebSockets.

    async def _serve(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        if urlsplit(socket.request.path).path == "/acp":
            await Acp(socket, self._sessions, pace=self._pace).run()
        else:
            await web.Web(socket, self._sessions, turns=self._web_turns, spawn=self._spawn, pace=self._pace).run()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the demo failed", exc_info=error)


def _is_loopback(address: str) -> bool:
    try:
        return urlsplit(address).hostname in _LOOPBACK
    except ValueError:
        return False


def _is_embedded(headers: Headers) -> bool:
    """Whether a page of another site asks without a click, as for an image: browsers send no `Origin` with that."""
    is_foreign = headers.get("Origin") is None and headers.get("Sec-Fetch-Site") == "cross-site"
    return is_foreign and headers.get("Sec-Fetch-User") != "?1"


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted.encode())


def _json(connection: ServerConnection, value: Any) -> Response:
    return _typed(connection.respond(HTTPStatus.OK, json.dumps(value)), "application/json")


def _typed(response: Response, content_type: str) -> Response:
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = content_type
    return response


# One server for each folder, for as long as the loop runs.

_demos: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Path, asyncio.Task[tuple[DemoServer, str]]]] = (
    WeakKeyDictionary()
)


async def demo_endpoint(folder: Path) -> tuple[str, str]:
    """The ACP address and key of the demo in the running loop, which is started with the first call for a folder.

    Args:
        folder: where its sessions persist.

    `$GOOSE_WIDGET_DEMO_PACE` scales the pauses of its script (0 for none), so that nobody waits for them in CI.

    Raises:
        OSError: no port to listen on.
        ValueError: the pace is no number.
    """
    demos = _demos.setdefault(asyncio.get_running_loop(), {})
    folder = _absolute(folder)
    task = demos.get(folder)
    if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
        task = demos[folder] = asyncio.ensure_future(_start(folder))
    server, key = await asyncio.shield(task)
    return server.acp_url, key


async def stop_demos() -> None:
    """Stop what `demo_endpoint` started in the running loop."""
    for task in _demos.pop(asyncio.get_running_loop(), {}).values():
        server, _ = await task
        await server.stop()


def _absolute(folder: Path) -> Path:
    return folder.absolute()


async def _start(folder: Path) -> tuple[DemoServer, str]:
    key = secrets.token_urlsafe()
    # The side of goose web is nobody's here, so its token is told to nobody.
    pace = float(os.environ.get("GOOSE_WIDGET_DEMO_PACE") or 1)
    server = DemoServer(folder, key=key, token=secrets.token_urlsafe(), pace=pace)
    await server.start()
    return server, key
