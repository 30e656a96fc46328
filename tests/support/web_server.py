"""A `goose web` server of either generation for tests, on a real port and in the test's hands.

Written from the protocol's page, not from our client. What it does with a message is a function of the test's:
`async def turn(server, turn): await turn.text("…")`. `complete` follows by itself when the turn ended nothing.

Its clock only counts what was said, so that two equal conversations are equal to the last timestamp.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from http import HTTPStatus
from itertools import count
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from support.sockets import close

Json = dict[str, Any]
Turn = Callable[["WebServer", "WebTurn"], Awaitable[None]]

DAY = "20251009"
NOW = 1_760_000_000  # seconds; a moment on DAY


FIXTURES = Path(__file__).parents[1] / "fixtures" / "web"


def frames_of(name: str) -> list[Json]:
    """The frames of a file in fixtures/web/turns, for `play`."""
    lines = (FIXTURES / "turns" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


# With a cancelled turn, these have every type that the server sends.
FULL_TURN = frames_of("full")
FAILED_TURN = frames_of("failed")


class Asked(NamedTuple):
    """One HTTP request, upgrades included."""

    path: str
    authorized: bool  # it had the server's token, or the server has none


async def say_hello(server: WebServer, turn: WebTurn) -> None:
    """The turn of a server that was given none."""
    await turn.text(f"You said: {turn.prompt}")


def play(frames: Iterable[Json]) -> Turn:
    """A turn that sends these frames, and keeps what they say in the history as if it had said it."""

    async def turn(server: WebServer, turn: WebTurn) -> None:
        for frame in frames:
            await turn.say(frame["type"], **{name: value for name, value in frame.items() if name != "type"})

    return turn


class WebServer:
    """One server with any number of sessions; `async with running(WebServer(...)) as server`.

    Every option is an attribute too, and may be changed while the server runs.

    Args:
        turn: what to do with a message.
        generation: "early" takes any session id; "late" knows only those that `GET /` made, and `known`.
        token: what `Authorization: Bearer` must say; "" asks for nothing.
        page_token: what `/ws?token=` must say, as in the last versions: only their pages tell it; "" asks for nothing.
        known: messages of sessions from before, by session id.
        never: types of frames that are never sent; the history has what they would have said.
        double: types of frames that are sent twice.
        delay: seconds before every frame.
        inject: text to send before the n-th frame of a reply, counted from 1; each once.
        cut_after: cut the socket when this many frames of a reply are sent; once.
        save_when: a message is in the history when the next one begins ("each"), or when the turn is over ("end").
        finish_after: a turn whose socket is gone goes on when this is set.
        hide_until: everything under /api answers 503 until this is set.
    """

    def __init__(
        self,
        turn: Turn = say_hello,
        *,
        generation: Literal["early", "late"] = "late",
        token: str = "",
        page_token: str = "",
        known: dict[str, list[Json]] | None = None,
        never: Collection[str] = (),
        double: Collection[str] = (),
        delay: float = 0.0,
        inject: dict[int, str] | None = None,
        cut_after: int | None = None,
        save_when: Literal["each", "end"] = "each",
        finish_after: asyncio.Event | None = None,
        hide_until: asyncio.Event | None = None,
    ):
        self.turn = turn
        self.generation = generation
        self.token = token
        self.page_token = page_token
        self.sessions: dict[str, list[Json]] = dict(known or {})  # id -> messages
        self.never = never
        self.double = double
        self.delay = delay
        self.inject = dict(inject or {})
        self.cut_after = cut_after
        self.save_when = save_when
        self.finish_after = finish_after
        self.hide_until = hide_until
        self.requests: list[Asked] = []
        self.received: list[Json] = []  # frames of clients
        self.refused: list[Any] = []  # those that no goose would have understood
        self.connections = 0
        self.turns: list[WebTurn] = []  # that began and are not over
        self.port = 0
        self.socket: ServerConnection | None = None
        self._ticks = 0
        self._server: Server | None = None
        self._sockets: list[ServerConnection] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures: list[BaseException] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    async def start(self) -> None:
        """Listen; after a `stop` on the same port, with the sessions it had."""
        self._server = await serve(
            self._serve, "127.0.0.1", self.port, process_request=self._check, max_size=None, ping_interval=None
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut every connection, give up every turn, and raise what a turn of the test's raised."""
        assert self._server is not None
        for socket in self._sockets:
            socket.transport.abort()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await close(self._server, self._sockets, self.port)
        if self._failures:
            raise self._failures.pop()

    def drop(self) -> None:
        """Cut the connection without a goodbye."""
        if self.socket is not None:
            self.socket.transport.abort()

    def new_session(self) -> str:
        """What `GET /` of a late server does."""
        session_id = next(new for n in count(1) if (new := f"{DAY}_{n}") not in self.sessions)
        self.sessions[session_id] = []
        return session_id

    def tick(self) -> int:
        """The time in seconds: one more than at the last look."""
        self._ticks += 1
        return NOW + self._ticks

    # HTTP.

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        path, query = urlsplit(request.path).path, urlsplit(request.path).query
        authorized = not self.token or request.headers.get("Authorization") == f"Bearer {self.token}"
        self.requests.append(Asked(path, authorized))
        if path.startswith("/api/") and self.hide_until is not None and not self.hide_until.is_set():
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "hidden\n")
        if path == "/api/health":
            return _json(connection, {"status": "ok", "service": "goose-web"})
        if not authorized:
            return connection.respond(HTTPStatus.UNAUTHORIZED, "unauthorized\n")
        match path.split("/")[1:]:
            case ["ws"] if self.page_token and query != f"token={self.page_token}":
                return connection.respond(HTTPStatus.FORBIDDEN, "")
            case ["ws"]:
                return None
            case [""] if self.generation == "late":
                response = connection.respond(HTTPStatus.SEE_OTHER, "")
                response.headers["Location"] = f"/session/{self.new_session()}"
                return response
            case [""] | ["session", _]:
                script = f"<script>window.GOOSE_WS_TOKEN = '{self.page_token}';</script>" if self.page_token else ""
                page = f"<!DOCTYPE html><title>goose</title>{script}"
                return _typed(connection.respond(HTTPStatus.OK, page), "text/html")
            case ["api", "sessions"]:
                return _json(connection, {"sessions": [self._listed(each) for each in self.sessions]})
            case ["api", "sessions", session_id] if session_id in self.sessions:
                return _json(
                    connection, {"metadata": self._metadata(session_id), "messages": self.sessions[session_id]}
                )
            case ["api", "sessions", _]:
                return _json(connection, {"error": "Session not found"})
        return connection.respond(HTTPStatus.NOT_FOUND, "not found\n")

    def _metadata(self, session_id: str) -> Json:
        messages = self.sessions[session_id]
        return {
            "description": messages[0]["content"][0].get("text", "") if messages else "",
            "message_count": len(messages),
            "working_dir": "/home/ada/analysis",
        }

    def _listed(self, session_id: str) -> Json:
        path = f"/home/ada/.local/share/goose/sessions/{session_id}.jsonl"
        return {"name": session_id, "path": path, **self._metadata(session_id)}

    # The WebSocket.

    async def _serve(self, socket: ServerConnection) -> None:
        self.socket = socket
        self._sockets.append(socket)
        self.connections += 1
        one_at_a_time = asyncio.Lock()
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                frame = json.loads(text)
                self.received.append(frame)
                match frame:
                    case {"type": "message", "content": str(), "session_id": str(), "timestamp": int()}:
                        self._accept(socket, frame, one_at_a_time)
                    case {"type": "cancel", "session_id": str(session_id)}:
                        await self._cancel(socket, session_id)
                    case _:
                        self.refused.append(frame)

    def _accept(self, socket: ServerConnection, frame: Json, one_at_a_time: asyncio.Lock) -> None:
        session_id = frame["session_id"]
        if session_id not in self.sessions:
            if self.generation == "late":
                return  # no answer, ever
            self.sessions[session_id] = []
        task = asyncio.create_task(self._run(WebTurn(self, socket, session_id, frame["content"]), one_at_a_time))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failures.append(failure)

    async def _run(self, turn: WebTurn, one_at_a_time: asyncio.Lock) -> None:
        async with one_at_a_time:
            turn.task = asyncio.current_task()
            self.turns.append(turn)
            turn.keep("user", {"type": "text", "text": turn.prompt})
            turn.save()
            try:
                await self.turn(self, turn)
                if not turn.over:
                    await turn.complete()
                await turn.may_go_on()
            except asyncio.CancelledError:
                if not turn.over:  # the server stops: it saves nothing more
                    raise
            finally:
                self.turns.remove(turn)
            turn.save(over=True)

    async def _cancel(self, socket: ServerConnection, session_id: str) -> None:
        """The answer goes to the socket that asked for it; a turn that ignores it speaks on after it."""
        for turn in [each for each in self.turns if each.session_id == session_id and not each.over]:
            await turn.cancelled(socket)
            assert turn.task is not None
            turn.task.cancel()


class WebTurn:
    """One message and its reply: what a turn of the test's speaks with.

    Attributes:
        prompt: the message.
        session_id: its session.
        socket: where it came from, the only place its frames go to.
        sent: how many frames went out.
        over: `complete` or `cancelled` was said.
    """

    def __init__(self, server: WebServer, socket: ServerConnection, session_id: str, prompt: str):
        self.server = server
        self.socket = socket
        self.session_id = session_id
        self.prompt = prompt
        self.sent = 0
        self.over = False
        self.task: asyncio.Task[Any] | None = None
        self._messages: list[Json] = []  # not saved yet

    async def text(self, content: str) -> None:
        await self.say("response", content=content)

    async def thinking(self, message: str) -> None:
        await self.say("thinking", message=message)

    async def tool_request(self, call_id: str, tool_name: str, **arguments: Any) -> None:
        await self.say("tool_request", id=call_id, tool_name=tool_name, arguments=arguments)

    async def tool_response(self, call_id: str, result: str | list[Json], *, is_error: bool = False) -> None:
        contents = [{"type": "text", "text": result}] if isinstance(result, str) else result
        await self.say("tool_response", id=call_id, result=contents, is_error=is_error)

    async def tool_confirmation(self, call_id: str, tool_name: str, **arguments: Any) -> None:
        await self.say(
            "tool_confirmation", id=call_id, tool_name=tool_name, arguments=arguments, needs_confirmation=True
        )

    async def context_exceeded(self, message: str = "Context length exceeded. Summarizing...") -> None:
        await self.say("context_exceeded", message=message)

    async def error(self, message: str) -> None:
        await self.say("error", message=message)

    async def cancelled(self, socket: ServerConnection | None = None) -> None:
        self.over = True
        await self._send(socket or self.socket, {"type": "cancelled", "message": "Operation cancelled by user"})

    async def complete(self) -> None:
        await self.say("complete", message="Response complete")

    async def say(self, kind: str, **fields: Any) -> None:
        """Send a frame, known or not, and keep in the history what it says."""
        if kind == "cancelled":
            await self.cancelled()
            return
        await self.may_go_on()
        if kind == "complete":
            self.over = True
        now = self.server.tick()
        if kind == "response":
            fields.setdefault("role", "assistant")
            fields.setdefault("timestamp", now * 1000)
        frame = {"type": kind, **fields}
        for role, content in _as_history(frame):
            self.keep(role, content)
        await self._send(self.socket, frame)

    async def raw(self, frame: str | bytes) -> None:
        """Send this as it is; it is not counted, and the history has nothing of it."""
        with contextlib.suppress(ConnectionClosed):
            await self.socket.send(frame)

    async def may_go_on(self) -> None:
        """Wait for `finish_after`, if the socket is gone."""
        if _gone(self.socket) and self.server.finish_after is not None:
            await self.server.finish_after.wait()

    def keep(self, role: str, content: Json) -> None:
        """Add to the history: to the last message while its role stays, to the last text while texts come."""
        if not self._messages or self._messages[-1]["role"] != role:
            if self.server.save_when == "each":
                self.save()
            self._messages.append({"role": role, "created": self.server.tick(), "content": [content]})
            return
        contents = self._messages[-1]["content"]
        kind = content["type"]
        if kind in ("text", "thinking") and contents[-1]["type"] == kind:
            contents[-1][kind] += content[kind]
        else:
            contents.append(content)

    def save(self, *, over: bool = False) -> None:
        """Move what was said into the session, if it is time for that."""
        if over or self.server.save_when == "each":
            self.server.sessions[self.session_id] += self._messages
            self._messages = []

    async def _send(self, socket: ServerConnection, frame: Json) -> None:
        server = self.server
        if frame["type"] in server.never:
            return
        for _ in range(2 if frame["type"] in server.double else 1):
            if server.delay:
                await asyncio.sleep(server.delay)
            if _gone(socket):
                return
            if (rude := server.inject.pop(self.sent + 1, None)) is not None:
                await self.raw(rude)
            with contextlib.suppress(ConnectionClosed):
                await socket.send(json.dumps(frame))
            self.sent += 1
            if self.sent == server.cut_after:
                server.cut_after = None
                socket.transport.abort()


def _as_history(frame: Json) -> Iterable[tuple[str, Json]]:
    """What goose saves of a frame: role and content."""
    match frame:
        case {"type": "response", "content": text}:
            yield "assistant", {"type": "text", "text": text}
        case {"type": "thinking", "message": text}:
            yield "assistant", {"type": "thinking", "thinking": text, "signature": ""}
        case {"type": "tool_request", "id": call_id, "tool_name": name, "arguments": arguments}:
            call = {"status": "success", "value": {"name": name, "arguments": arguments}}
            yield "assistant", {"type": "toolRequest", "id": call_id, "toolCall": call}
        case {"type": "tool_response", "id": call_id, "result": contents, "is_error": is_error}:
            error = "\n".join(content.get("text", "") for content in contents)
            result = {"status": "error", "error": error} if is_error else {"status": "success", "value": contents}
            yield "user", {"type": "toolResponse", "id": call_id, "toolResult": result}


def _gone(socket: ServerConnection) -> bool:
    return socket.state is not State.OPEN or socket.transport.is_closing()


def _json(connection: ServerConnection, value: Any) -> Response:
    return _typed(connection.respond(HTTPStatus.OK, json.dumps(value)), "application/json")


def _typed(response: Response, content_type: str) -> Response:
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = content_type
    return response


@contextlib.asynccontextmanager
async def running(server: WebServer) -> AsyncIterator[WebServer]:
    """Start `server`, and stop it at the end."""
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
