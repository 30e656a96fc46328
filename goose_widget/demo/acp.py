"""One connection of the Agent Client Protocol, as `goose serve` has it: JSON-RPC 2.0, one message per text frame.

Rules of this module:

- Everything of a turn is sent before the answer to its prompt.
- A connection knows the sessions that it made or loaded, no others.
- A second prompt is refused while a session's turn runs. A connection that ends cancels its turns.
- Every request is answered, be it with an error.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from . import frames
from .frames import Refusal, invalid, unknown_session
from .history import from_goose
from .requests import Params, choice, choose, ended, exported, folder, prompt_steps, skipped
from .sessions import Session, Sessions
from .steps import Call, Drop, Message, Step
from .turns import Play, prompted

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

Json = dict[str, Any]

log = logging.getLogger(__name__)

_UNSTABLE: Final = "_goose/unstable/session/"


class Acp:
    """The server's side of one connection."""

    def __init__(self, socket: ServerConnection, sessions: Sessions, *, pace: float) -> None:
        self._socket = socket
        self._sessions = sessions
        self._pace = pace
        self._is_initialized = False
        self._known: dict[str, Session] = {}
        self._turns: dict[str, asyncio.Task[None]] = {}  # session id -> the turn, without its frame around it
        self._tasks: set[asyncio.Task[None]] = set()
        self._questions: dict[str, asyncio.Future[str]] = {}
        self._asked = 0

    async def run(self) -> None:
        """Until the client is gone."""
        from websockets.exceptions import ConnectionClosed

        try:
            with suppress(ConnectionClosed):
                async for frame in self._socket:
                    await self._receive(frame)
        finally:
            tasks = [*self._turns.values(), *self._tasks]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # JSON-RPC.

    async def _receive(self, frame: str | bytes) -> None:
        try:
            message = json.loads(frame)
        except (ValueError, RecursionError):
            line = frame if isinstance(frame, str) else frame.decode("utf-8", "replace")
            await self._send(id=None, error=Refusal(-32700, "Parse error", {"line": line}).error)
            return
        match message:
            case {"jsonrpc": "2.0", "method": str(method), "id": int() | str() as rpc_id}:
                await self._answer(rpc_id, method, message.get("params"))
            case {"jsonrpc": "2.0", "method": str(method)} if "id" not in message:
                if method == "session/cancel" and isinstance(params := message.get("params"), dict):
                    self._cancel(params.get("sessionId"))
            case {"jsonrpc": "2.0", "id": str(rpc_id)} if "result" in message or "error" in message:
                if (question := self._questions.get(rpc_id)) is not None and not question.done():
                    question.set_result(choice(message.get("result")))
            case {"jsonrpc": "2.0", "id": _} if "result" in message or "error" in message:
                pass  # the answer to nothing that was asked
            case _:
                await self._send(id=None, error=Refusal(-32600, "Invalid request").error)

    async def _answer(self, rpc_id: int | str, method: str, params: Any) -> None:
        from websockets.exceptions import ConnectionClosed

        afterwards: list[Json] = []
        try:
            result = await self._do(method, Params({} if params is None else params), rpc_id, afterwards)
        except Refusal as refusal:
            await self._send(id=rpc_id, error=refusal.error)
        except ConnectionClosed:
            raise
        except OSError as error:
            data = f"The demo can't save sessions in {self._sessions.folder}: {error}"
            await self._send(id=rpc_id, error=Refusal(-32603, "Internal error", data).error)
        except Exception as error:
            log.exception("%s failed", method)
            await self._send(id=rpc_id, error=Refusal(-32603, "Internal error", f"{error}").error)
        else:
            if result is not None:
                await self._send(id=rpc_id, result=result)
            for params in afterwards:
                await self._send(method="session/update", params=params)

    async def _send(self, **message: Any) -> None:
        await self._socket.send(json.dumps({"jsonrpc": "2.0", **message}))

    async def _update(self, session: Session, update: Json) -> None:
        await self._send(method="session/update", params={"sessionId": session.id, "update": update})

    # Methods.

    async def _do(self, method: str, given: Params, rpc_id: int | str, afterwards: list[Json]) -> Json | None:
        """The result of a request, None if it comes later. What is put into `afterwards` is sent after it."""
        if method == "initialize":
            self._is_initialized = True
            return frames.initialized(given.integer("protocolVersion"))
        if not self._is_initialized:
            raise Refusal(-32600, "Invalid request", "initialize must be the first request")
        match method:
            case "authenticate":
                return {}
            case "session/new":
                session = self._sessions.new(folder(given))
                return {"sessionId": session.id, **self._open(session, afterwards)}
            case "session/load":
                return await self._load(given, afterwards)
            case "session/fork":
                session = self._fork(given)
                return {"sessionId": session.id, **self._open(session, afterwards)}
            case "session/prompt":
                self._prompt(rpc_id, given)
                return None
            case "session/set_mode":
                session = self._session(given)
                choose(self._sessions, session, "mode", given.text("modeId"))
                await self._update(session, {"sessionUpdate": "current_mode_update", "currentModeId": session.mode})
                return {}
            case "session/set_config_option":
                session = self._session(given)
                choose(self._sessions, session, given.text("configId"), given.text("value"))
                options = frames.config_options(session)
                await self._update(session, {"sessionUpdate": "config_option_update", "configOptions": options})
                return {"configOptions": options}
            case "session/list":
                cwd = given.get("cwd")
                found = [each for each in self._sessions.all() if each.messages and cwd in (None, each.cwd)]
                return {"sessions": [frames.listed(each) for each in found]}
            case "session/delete":
                if (deleted := self._sessions.get(given.text("sessionId"))) is None:
                    raise Refusal(-32603, "Internal error", "Session not found")
                self._forget(deleted.id)
                self._sessions.delete(deleted)
                return {}
            case "session/close":
                self._forget(given.text("sessionId"))
                return {}
            case _ if method == _UNSTABLE + "steer":
                return await self._steer(given)
            case _ if method.startswith(_UNSTABLE):
                return self._unstable(method.removeprefix(_UNSTABLE), given)
        raise Refusal(-32601, "Method not found")

    def _unstable(self, method: str, given: Params) -> Json:
        match method:
            case "rename":
                session = self._saved(given)
                session.title, session.named_by_user = given.text("title"), True
                self._sessions.save(session)
                return {}
            case "export":
                return {"data": json.dumps(exported(self._saved(given)), indent=2)}
            case "import":
                session = self._import(given)
                return {
                    "sessionId": session.id,
                    "title": session.title,
                    "updatedAt": frames.moment(session.updated),
                    "messageCount": len(session.messages),
                }
        raise Refusal(-32601, "Method not found")

    def _session(self, given: Params) -> Session:
        """The session of a request; only those that this connection made or loaded."""
        session_id = given.text("sessionId")
        session = self._known.get(session_id)
        if session is None or session.is_deleted:
            raise unknown_session(session_id)
        return session

    def _saved(self, given: Params) -> Session:
        session_id = given.text("sessionId")
        if (session := self._sessions.get(session_id)) is None:
            raise unknown_session(session_id)
        return session

    def _open(self, session: Session, afterwards: list[Json]) -> Json:
        self._known[session.id] = session
        afterwards += [
            {"sessionId": session.id, "update": update} for update in (frames.usage(session), frames.commands())
        ]
        return frames.settings(session)

    def _forget(self, session_id: str) -> None:
        self._known.pop(session_id, None)
        self._cancel(session_id)

    async def _load(self, given: Params, afterwards: list[Json]) -> Json:
        cwd = folder(given)
        session = self._saved(given)
        session.cwd = cwd
        left_out = skipped([message.role for message in session.messages], given.meta("replayTail"))
        for message in session.messages[left_out:]:
            for update in frames.replay(message):
                await self._update(session, update)
        meta: Json = {"workingDir": cwd} | ({"replaySkipped": left_out} if left_out else {})
        return {**self._open(session, afterwards), "_meta": meta}

    def _fork(self, given: Params) -> Session:
        original = self._saved(given)
        session = self._sessions.new(folder(given))
        session.title, session.named_by_user = f"{original.title} (copy)", original.named_by_user
        session.mode, session.model = original.mode, original.model
        session.messages = list(original.messages)
        self._sessions.save(session)
        return session

    def _import(self, given: Params) -> Session:
        try:
            value = json.loads(given.text("input"))
            messages = from_goose(value["conversation"], "imported")
            title, cwd = str(value.get("name") or "Imported session"), str(value["working_dir"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise invalid(f"no exported session: {error!r}") from None
        session = self._sessions.new(cwd)
        session.title, session.messages = title, messages
        self._sessions.save(session)
        return session

    # A turn.

    def _prompt(self, rpc_id: int | str, given: Params) -> None:
        session = self._session(given)
        prompt = prompt_steps(given)
        if session.run is not None:
            raise invalid(f"session already has active run `{session.run}`; use {_UNSTABLE}steer")
        run_id = session.begin()
        has_title = prompted(self._sessions, session, prompt)
        play = Play(
            self._sessions,
            session,
            lambda step, message_id: self._step(session, step, message_id),
            lambda call: self._ask(session, call),
            pace=self._pace,
            keep_partial=False,
        )
        opening = [frames.active_run(run_id), *([frames.title(session)] if has_title else [])]
        turn = self._turns[session.id] = asyncio.create_task(self._play(session, play, opening))

        def over(_: object) -> None:  # also of a turn that was cancelled before it ran
            del self._turns[session.id]
            session.end()

        turn.add_done_callback(over)
        task = asyncio.create_task(self._conclude(rpc_id, session, play, turn))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _steer(self, given: Params) -> Json:
        session, expected = self._session(given), given.text("expectedRunId")
        if session.run is None:
            raise invalid("no active run to steer")
        if session.run != expected:
            raise invalid(f"expected active run id `{expected}` but found `{session.run}`")
        number = len(session.prompts) + len(session.steers) + 1
        message = Message(f"steer_{session.id}_{number}", "user", self._sessions.now())
        for step in prompt_steps(given):
            message.add(step)
        session.steers.append(message)
        await self._update(session, frames.queued_steer(expected, message.id))
        return {"runId": expected, "messageId": message.id}

    async def _play(self, session: Session, play: Play, opening: list[Json]) -> None:
        for update in opening:
            await self._update(session, update)
        await play.run()

    async def _conclude(self, rpc_id: int | str, session: Session, play: Play, turn: asyncio.Task[None]) -> None:
        """Wait for the end of a turn, and answer its prompt."""
        from websockets.exceptions import ConnectionClosed

        await asyncio.wait({turn})
        error = None if turn.cancelled() else turn.exception()
        if isinstance(error, ConnectionClosed):
            return
        if error is not None:
            log.error("the demo's turn failed", exc_info=error)
        with suppress(ConnectionClosed):
            for update in (frames.active_run(None), frames.usage(session)):
                await self._update(session, update)
            if error is not None:
                await self._send(id=rpc_id, error=Refusal(-32603, "Internal error", f"{error}").error)
            else:
                await self._send(id=rpc_id, result=ended(session, play, cancelled=turn.cancelled()))

    def _cancel(self, session_id: Any) -> None:
        if isinstance(session_id, str) and (turn := self._turns.get(session_id)) is not None:
            turn.cancel()

    async def _step(self, session: Session, step: Step, message_id: str) -> None:
        if isinstance(step, Drop):
            self._socket.transport.abort()
            await self._socket.wait_closed()
            return
        for update in frames.updates(step, message_id, self._sessions.now()):
            await self._update(session, update)

    async def _ask(self, session: Session, call: Call) -> str:
        self._asked += 1
        rpc_id = f"permission_{self._asked}"
        question: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._questions[rpc_id] = question
        try:
            params = {"sessionId": session.id, **frames.permission(call)}
            await self._send(id=rpc_id, method="session/request_permission", params=params)
            return await question
        finally:
            del self._questions[rpc_id]
