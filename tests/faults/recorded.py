"""A `goose serve` that answers every prompt with a turn that the real goose was recorded in (fixtures/acp).

As the real one it forgets what was streamed when the connection drops in mid-turn, but for the steps that were
finished, and replays a session when it is loaded.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from support.replay import heard
from support.sockets import close

Json = dict[str, Any]


def updates_of(scenario: str) -> list[Json]:
    """The updates of the only turn of a recorded scenario."""
    return [frame["params"]["update"] for frame in heard(scenario) if frame.get("method") == "session/update"]


class RecordedGoose:
    """One server with any number of sessions and connections.

    Args:
        scenario: the recording to play.
        in_step: each frame waits until the client has the one before; else the server runs ahead, and a turn that is
            cut is finished at the server.
        pause: seconds before each frame.
    """

    def __init__(self, scenario: str = "steps", *, in_step: bool = True, pause: float = 0.0) -> None:
        self.ran: Counter[str] = Counter()
        self.sessions: dict[str, list[Json]] = {}  # the updates that replay it
        self.port = 0
        self._turn = updates_of(scenario)
        self.in_step, self.pause = in_step, pause
        self._server: Server | None = None
        self._sockets: list[ServerConnection] = []

    async def start(self) -> None:
        """Listen."""
        self._server = await serve(
            self._serve, "127.0.0.1", self.port, process_request=_check, max_size=None, ping_interval=None
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut every connection."""
        assert self._server is not None
        await close(self._server, self._sockets, self.port)

    async def _serve(self, socket: ServerConnection) -> None:
        self._sockets.append(socket)
        connection, turns = _Connection(self, socket), set()
        try:
            with contextlib.suppress(ConnectionClosed):
                async for text in socket:
                    message = json.loads(text)
                    if message.get("method") == "session/prompt":
                        turns.add(asyncio.create_task(connection.prompt(message)))
                    elif "method" in message:
                        await connection.answer(message)
        finally:
            for turn in turns:
                turn.cancel()  # what goose does when the connection drops
            await asyncio.gather(*turns, return_exceptions=True)

    def updates(self, prompt: str) -> list[Json]:
        """What is said of a prompt; no two turns have a message in common."""
        number = sum(self.ran.values())
        return [
            {**update, "messageId": f"{update['messageId']}-{number}"} if "messageId" in update else update
            for update in self._turn
        ]


class _Connection:
    def __init__(self, goose: RecordedGoose, socket: ServerConnection) -> None:
        self._goose, self._socket, self._session = goose, socket, ""
        self._cancelled = asyncio.Event()

    async def _send(self, **message: Any) -> None:
        await self._socket.send(json.dumps({"jsonrpc": "2.0", **message}))

    async def _update(self, update: Json) -> None:
        await self._send(method="session/update", params={"sessionId": self._session, "update": update})

    async def answer(self, message: Json) -> None:
        params, sessions = message["params"], self._goose.sessions
        match message["method"]:
            case "initialize":
                result: Json = {
                    "protocolVersion": 1,
                    "agentCapabilities": {"loadSession": True},
                    "agentInfo": {"name": "goose", "version": "1.52.0"},
                }
            case "session/new":
                self._session = f"20261122_{len(sessions) + 1}"
                sessions[self._session] = []
                result = {"sessionId": self._session, **_MODES}
            case "session/load" if params["sessionId"] in sessions:
                self._session = params["sessionId"]
                updates = sessions[self._session]
                tail = (params.get("_meta") or {}).get("replayTail", len(updates))
                skipped = max(0, len(updates) - tail)
                for update in updates[skipped:]:
                    await self._update(update)
                result = {**_MODES, "_meta": {"replaySkipped": skipped}}
            case "session/load":
                await self._send(id=message["id"], error={"code": -32002, "message": "Session not found"})
                return
            case "session/cancel":
                self._cancelled.set()
                return
            case other:
                if "id" in message:
                    await self._send(id=message["id"], error={"code": -32601, "message": f"no method {other}"})
                return
        await self._send(id=message["id"], result=result)

    async def prompt(self, message: Json) -> None:
        """Play the turn; in the session's history is what goose would keep of it, cut or not."""
        text = message["params"]["prompt"][0]["text"]
        self._goose.ran[text] += 1
        self._cancelled.clear()
        history = self._goose.sessions[self._session]
        history.append({"sessionUpdate": "user_message_chunk", "content": {"type": "text", "text": text}})
        step: dict[str, Json] = {}  # of the newest step, by message or call
        with contextlib.suppress(ConnectionClosed):
            for update in self._goose.updates(text):
                if self._cancelled.is_set():
                    await self._send(id=message["id"], result={"stopReason": "cancelled"})
                    return
                await asyncio.sleep(self._goose.pause)
                await self._update(update)
                if self._goose.in_step:
                    await (await self._socket.ping())
                if _keep(step, update):
                    history += step.values()
                    step = {}
            history += step.values()
            await self._send(id=message["id"], result={"stopReason": "end_turn", "usage": {"totalTokens": 7}})


def _keep(step: dict[str, Json], update: Json) -> bool:
    """Add an update to the step as the history has it; whether the step is finished."""
    match update["sessionUpdate"]:
        case "agent_message_chunk" | "agent_thought_chunk" as kind:
            key = f"{kind} {update['messageId']}"
            known = step.get(key, {"content": {"text": ""}})["content"]["text"]
            step[key] = {**update, "content": {"type": "text", "text": known + update["content"]["text"]}}
        case "tool_call":
            step[update["toolCallId"]] = update
        case "tool_call_update" if update.get("status") in ("completed", "failed"):
            step[f"{update['toolCallId']} ended"] = update
            return True
    return False


_MODES: Json = {"modes": {"currentModeId": "auto", "availableModes": [{"id": "auto", "name": "auto"}]}}


def _check(connection: ServerConnection, request: Request) -> Response | None:
    if request.path != "/acp":
        return connection.respond(HTTPStatus.NOT_FOUND, "not found\n")
    if request.headers.get("X-Secret-Key") != "k":
        return connection.respond(HTTPStatus.UNAUTHORIZED, "unauthorized\n")
    return None


@contextlib.asynccontextmanager
async def running(goose: RecordedGoose) -> AsyncIterator[RecordedGoose]:
    """Start `goose`, and stop it at the end."""
    await goose.start()
    try:
        yield goose
    finally:
        await goose.stop()
