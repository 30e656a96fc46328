"""One connection of `goose web`, the older server: JSON objects with a `type`; and its sessions by HTTP.

Rules of this module, all of them goose web's:

- Any id starts a session. Frames name neither session nor message.
- A socket runs one turn at a time, and replies go to the socket that asked. The turn of a socket that is gone goes on,
  and is saved.
- It approves every tool by itself, and says so with `tool_confirmation` first.
- Where the protocol has no word for something: a picture is Markdown, a plan is a tool's doing, live output
  is not sent.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .history import plan_as_call, result_contents, to_goose, tool_name
from .sessions import Session, Sessions
from .steps import Call, Done, Drop, Fail, Plan, Say, Show, Step, Think
from .turns import Play, prompted

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

Json = dict[str, Any]

Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]
"""Starts a task that outlives its connection."""

log = logging.getLogger(__name__)

_LONGEST_ID: Final = 200


class Web:
    """The server's side of one connection.

    Args:
        turns: those that run, by session id; shared by all connections.
        spawn: starts one.
    """

    def __init__(
        self,
        socket: ServerConnection,
        sessions: Sessions,
        *,
        turns: dict[str, asyncio.Task[None]],
        spawn: Spawn,
        pace: float,
    ) -> None:
        self._socket = socket
        self._sessions = sessions
        self._turns = turns
        self._spawn = spawn
        self._pace = pace
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> None:
        """Until the client is gone."""
        from websockets.exceptions import ConnectionClosed

        with suppress(ConnectionClosed):
            async for frame in self._socket:
                await self._receive(frame)

    async def _receive(self, frame: str | bytes) -> None:
        try:
            message = json.loads(frame)
        except (ValueError, RecursionError):
            message = None
        match message:
            case {"type": "message", "content": str(content), "session_id": str(session_id)} if (
                0 < len(session_id) <= _LONGEST_ID
            ):
                self._spawn(self._turn(session_id, content))
            case {"type": "cancel", "session_id": str(session_id)}:
                if (turn := self._turns.pop(session_id, None)) is not None:
                    turn.cancel()
                    await self._send(type="cancelled", message="Operation cancelled by user")
            case _:
                log.info("the demo heard what is no message of goose web")  # and says as little as goose web does

    async def _turn(self, session_id: str, content: str) -> None:
        try:
            async with self._one_at_a_time:
                session = self._sessions.get(session_id) or self._sessions.new(str(Path.cwd()), session_id)
                while session.run is not None:  # the turn of a socket that is gone
                    await session.free.wait()
                session.begin()
                try:
                    await self._reply(session, content)
                finally:
                    session.end()
        except OSError as error:
            await self._send(type="error", message=f"The demo can't save sessions in {self._sessions.folder}: {error}")
            await self._send(type="complete", message="Response complete")

    async def _reply(self, session: Session, content: str) -> None:
        prompted(self._sessions, session, [Say(content)])
        play = Play(self._sessions, session, self._emit, _approve, pace=self._pace, keep_partial=True)
        turn = self._turns[session.id] = asyncio.ensure_future(play.run())
        try:
            await asyncio.wait({turn})
        except asyncio.CancelledError:  # the server stops
            turn.cancel()
            await asyncio.wait({turn})
            raise
        finally:
            if self._turns.get(session.id) is turn:
                del self._turns[session.id]
        if turn.cancelled():
            return  # the client knows
        if (failure := turn.exception()) is not None:
            log.error("the demo's turn failed", exc_info=failure)
            await self._send(type="error", message=f"The demo failed: {failure}")
        await self._send(type="complete", message="Response complete")

    async def _emit(self, step: Step, message_id: str) -> None:
        if isinstance(step, Drop):
            self._socket.transport.abort()
        for frame in frames_of(step):
            await self._send(**frame)

    async def _send(self, **frame: Any) -> None:
        from websockets.exceptions import ConnectionClosed

        if frame["type"] == "response":
            frame |= {"role": "assistant", "timestamp": self._sessions.now() * 1000}
        with suppress(ConnectionClosed):
            await self._socket.send(json.dumps(frame))


async def _approve(call: Call) -> str:
    return "allow_once"


def frames_of(step: Step) -> list[Json]:
    """A step of the agent's in the words of the protocol."""
    match step:
        case Say(text):
            return [{"type": "response", "content": text}]
        case Think(text):
            return [{"type": "thinking", "message": text}]
        case Show(mime, data, alt):
            return [{"type": "response", "content": f"![{alt}](data:{mime};base64,{data})"}]
        case Call():
            call = {"id": step.id, "tool_name": tool_name(step), "arguments": step.input}
            asked = [{"type": "tool_confirmation", **call, "needs_confirmation": True}] if step.asks else []
            return [*asked, {"type": "tool_request", **call}]
        case Done():
            return [_response(step.id, result_contents(step), is_error=step.failed)]
        case Plan():
            written, result = plan_as_call(step)
            return [*frames_of(written), _response(step.id, [{"type": "text", "text": result}], is_error=False)]
        case Fail(message):
            return [{"type": "error", "message": f"Agent error: {message}"}]
        case _:
            return []


def _response(call_id: str, contents: list[Json], *, is_error: bool) -> Json:
    return {"type": "tool_response", "id": call_id, "result": contents, "is_error": is_error}


# By HTTP.


def listed(sessions: Sessions) -> Json:
    """The answer to `/api/sessions`."""
    found = [{"name": each.id, "path": str(sessions.path(each.id)), **_metadata(each)} for each in sessions.all()]
    return {"sessions": found}


def saved(sessions: Sessions, session_id: str) -> Json:
    """The answer to `/api/sessions/{id}`, which has the status 200 in any case."""
    if (session := sessions.get(session_id)) is None:
        return {"error": "Session not found"}
    return {"metadata": _metadata(session), "messages": to_goose(session.messages)}


def _metadata(session: Session) -> Json:
    return {
        "description": session.title,
        "message_count": len(to_goose(session.messages)),
        "working_dir": session.cwd,
    }
