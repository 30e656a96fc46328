"""An ACP server for tests, on a real WebSocket and in the test's hands: slow, silent, rude, or gone.

It knows as much of the protocol as a test of our client needs, written from the protocol's page, not from our codec.
What it does with a prompt is a function of the test's: `async def turn(server, prompt): …`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from support.sockets import close

KINDS = ("allow_always", "allow_once", "reject_once", "reject_always")

Turn = Callable[["AcpServer", str], Awaitable[str | None]]


async def say_hello(server: AcpServer, prompt: str) -> str:
    """The turn of a server that was given none."""
    await server.text(f"You said: {prompt}")
    return "end_turn"


class AcpServer:
    """One server with one session per `session/new`; `async with running(AcpServer(...)) as server`."""

    def __init__(self, turn: Turn = say_hello, *, key: str = "k", known: dict[str, list[dict[str, Any]]] | None = None):
        self.turn = turn
        self.key = key
        self.sessions: dict[str, list[dict[str, Any]]] = dict(known or {})  # id -> updates to replay
        self.received: list[dict[str, Any]] = []
        self.answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()  # to our permission requests
        self.cancelled = asyncio.Event()
        self.connections = 0
        self.refuse_new = ""
        self.port = 0
        self.socket: ServerConnection | None = None
        self._server: Server | None = None
        self._sockets: list[ServerConnection] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._session = ""

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/acp"

    async def start(self) -> None:
        self._server = await serve(
            self._serve, "127.0.0.1", self.port, process_request=self._check, max_size=None, ping_interval=None
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        for task in self._tasks:
            task.cancel()
        await close(self._server, self._sockets, self.port)

    def drop(self) -> None:
        """Cut the connection without a goodbye."""
        if self.socket is not None:
            self.socket.transport.abort()

    # What a turn can do.

    async def update(self, kind: str, /, **fields: Any) -> None:
        await self.send(
            method="session/update", params={"sessionId": self._session, "update": {"sessionUpdate": kind, **fields}}
        )

    async def text(self, text: str, message_id: str = "m1") -> None:
        await self.update("agent_message_chunk", content={"type": "text", "text": text}, messageId=message_id)

    async def ask(self, call_id: str, command: str) -> dict[str, Any]:
        """Ask for permission and return the outcome."""
        options = [{"optionId": kind, "name": kind, "kind": kind} for kind in KINDS]
        call = {"toolCallId": call_id, "title": f"shell · {command}", "rawInput": {"command": command}}
        await self.send(
            id=f"ask-{call_id}",
            method="session/request_permission",
            params={"sessionId": self._session, "toolCall": call, "options": options},
        )
        answer = await self.answers.get()
        return dict(answer["result"]["outcome"])

    async def send(self, **message: Any) -> None:
        assert self.socket is not None
        await self.socket.send(json.dumps({"jsonrpc": "2.0", **message}))

    async def raw(self, frame: str) -> None:
        assert self.socket is not None
        await self.socket.send(frame)

    # The protocol.

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.path != "/acp":
            return connection.respond(HTTPStatus.NOT_FOUND, "not found\n")
        if self.key and request.headers.get("X-Secret-Key") != self.key:
            return connection.respond(HTTPStatus.UNAUTHORIZED, "unauthorized\n")
        return None

    async def _serve(self, socket: ServerConnection) -> None:
        self.socket = socket
        self._sockets.append(socket)
        self.connections += 1
        with contextlib.suppress(ConnectionClosed):
            async for frame in socket:
                message = json.loads(frame)
                self.received.append(message)
                if "method" not in message:
                    self.answers.put_nowait(message)
                elif message["method"] == "session/prompt":
                    task = asyncio.create_task(self._prompt(message))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
                else:
                    await self._answer(message)

    async def _answer(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        match message["method"]:
            case "initialize":
                result: Any = {
                    "protocolVersion": 1,
                    "agentCapabilities": {"loadSession": True},
                    "agentInfo": {"name": "goose", "version": "0-test"},
                }
            case "session/new" if self.refuse_new:
                await self.send(id=message["id"], error={"code": -32603, "message": self.refuse_new})
                return
            case "session/new":
                self._session = f"20261122_{len(self.sessions) + 1}"
                self.sessions[self._session] = []
                result = {"sessionId": self._session, **_modes("auto")}
            case "session/load" if params["sessionId"] not in self.sessions:
                await self.send(id=message["id"], error={"code": -32002, "message": "Session not found"})
                return
            case "session/load":
                self._session = params["sessionId"]
                for update in self.sessions[self._session]:
                    await self.send(method="session/update", params={"sessionId": self._session, "update": update})
                result = _modes("auto")
            case "session/set_config_option":
                result = {"configOptions": []}
            case "session/cancel":
                self.cancelled.set()
                return
            case other:
                raise AssertionError(other)
        await self.send(id=message["id"], result=result)

    async def _prompt(self, message: dict[str, Any]) -> None:
        prompt = message["params"]["prompt"][0]["text"]
        history = self.sessions[self._session]
        history.append({"sessionUpdate": "user_message_chunk", "content": {"type": "text", "text": prompt}})
        with contextlib.suppress(ConnectionClosed):
            stop_reason = await self.turn(self, prompt)
            if stop_reason is not None:
                await self.send(id=message["id"], result={"stopReason": stop_reason})


def _modes(current: str) -> dict[str, Any]:
    modes = [{"id": mode, "name": mode} for mode in ("auto", "approve", "chat")]
    return {"modes": {"currentModeId": current, "availableModes": modes}}


@contextlib.asynccontextmanager
async def running(server: AcpServer) -> AsyncIterator[AcpServer]:
    """Start `server`, and stop it at the end."""
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
