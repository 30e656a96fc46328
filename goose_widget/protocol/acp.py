"""The Agent Client Protocol as `goose serve` speaks it (https://agentclientprotocol.com, schema version 1). No I/O.

Rules of this module:

- One `Acp` is one connection. Methods that say something put frames in the outbox (`take_outbox`); `receive` turns a
  frame into events and signals, in the order in which the server said them.
- Everything of a turn comes before its `TurnEnded`, because the server answers the prompt last.
- Nothing vanishes: a malformed frame or an unknown update becomes a visible event, an unknown request is refused and
  shown. What of a frame can be read counts, whatever the rest of it is.
- Every answer to a prompt ends its turn.
- No `fs` or `terminal` capability is declared: goose works on its own machine's files.
- Every permission request is answered exactly once.
- What steers a turn is the user's message where goose says that it took it up, and not before.
- Sessions that are made on the way to another one (imports, forks) say nothing in the chat.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, Final

from .. import events as ev
from ..attachments import split
from ..events import Event
from . import (
    Configured,
    Got,
    Greeted,
    Incoming,
    Opened,
    OpenTurn,
    Outgoing,
    Refused,
    Signal,
    Steerable,
    SteerAnswered,
    jsonrpc,
)
from .acp_requests import AcpRequests
from .acp_values import is_count, maybe_text, settings, tool_call
from .content import as_object, from_block, malformed, text_of, to_block
from .frames import as_text
from .requests import Request

PROTOCOL_VERSION: Final = 1


class Acp:
    """The client's side of one ACP connection.

    Args:
        client_version: our version, told to the server.
    """

    finishes_alone = False  # goose cancels the turn and keeps nothing of the reply
    decides_itself = False

    def __init__(self, client_version: str) -> None:
        self._client_version = client_version
        self._outbox: list[Outgoing] = []
        self._next_id = 0
        self._asked: dict[int, tuple[str, str]] = {}  # our request's id -> what it was, and of what
        self._questions: dict[str, str | int] = {}  # open permission: our name for it -> the server's request id
        self._prefix = uuid.uuid4().hex[:8]  # the server's request ids begin again with every connection
        self._in_progress: set[str] = set()
        self._echo: str | None = None  # what goose may repeat to us: our prompt
        self._user_chunk: tuple[str | None] | None = None  # the message id of the user's chunk that came last
        self._run: str | None = None  # goose's name for the running turn
        self._can_steer = True  # as far as is known
        self._steers: dict[str, str] = {}  # what steers the turn: its prompt id -> goose's message id, "" until known
        self._session_id: str | None = None
        self._cwd = ""
        self._asking = AcpRequests(self._request)

    # What we say.

    def take_outbox(self) -> list[Outgoing]:
        """The frames to send now, oldest first."""
        frames, self._outbox = self._outbox, []
        return frames

    def greet(self) -> None:
        """Begin; answered by `Greeted`."""
        self._request(
            "greet",
            "",
            "initialize",
            {
                "protocolVersion": PROTOCOL_VERSION,
                "clientCapabilities": {"fs": {"readTextFile": False, "writeTextFile": False}, "terminal": False},
                "clientInfo": {"name": "goose-widget", "title": "goose-widget", "version": self._client_version},
            },
        )

    def new_session(self, cwd: str) -> None:
        """Make a session that works in `cwd` (absolute); answered by `Opened` and `Choices`."""
        self._cwd = cwd
        self._request("new", "", "session/new", {"cwd": cwd, "mcpServers": []})

    def load_session(self, session_id: str, cwd: str, turn: OpenTurn | None = None, *, tail: int = 0) -> None:
        """Load a session; its history comes first, then `Opened`."""
        self._cwd, self._session_id = cwd, session_id
        self._asking.enter(session_id)
        meta = {"_meta": {"replayTail": tail}} if tail else {}
        self._request(
            "load", session_id, "session/load", {"sessionId": session_id, "cwd": cwd, "mcpServers": [], **meta}
        )

    def prompt(self, prompt_id: str, text: str, content: tuple[ev.Block, ...] = ()) -> None:
        """Start a turn; it ends with `TurnEnded(prompt_id)`."""
        self._echo = text
        blocks = [*([{"type": "text", "text": text}] if text or not content else []), *map(from_block, content)]
        self._request("prompt", prompt_id, "session/prompt", self._of_session(prompt=blocks))

    def steer(self, prompt_id: str, text: str) -> None:
        """Tell something to the running turn; answered by `SteerAnswered`."""
        self._steers[prompt_id] = ""
        params = self._of_session(expectedRunId=self._run, prompt=[{"type": "text", "text": text}])
        self._request("steer", prompt_id, "_goose/unstable/session/steer", params)

    def cancel(self) -> list[str]:
        """Stop the running turn: every open question is answered `cancelled`. Returns those questions' ids."""
        questions = list(self._questions)
        self._outbox.append(jsonrpc.notification("session/cancel", self._of_session()))
        for question in questions:
            self.answer(question, None)
        return questions

    def hang_up(self) -> list[Event]:
        """Nothing: what an ACP server said was told when it came."""
        return []

    def answer(self, request_id: str, option_id: str | None) -> bool:
        """Answer a permission request, with None for `cancelled`; False if it is not open (any more)."""
        rpc_id = self._questions.pop(request_id, None)
        if rpc_id is None:
            return False
        selected = {"outcome": "selected", "optionId": option_id}
        outcome = {"outcome": "cancelled"} if option_id is None else selected
        self._outbox.append(jsonrpc.result(rpc_id, {"outcome": outcome}))
        return True

    def set(self, setting: str, value: str) -> None:
        """Change `mode` or `model`; answered by `Configured` or `Refused`."""
        self._request(
            "set", f"{setting} {value}", "session/set_config_option", self._of_session(configId=setting, value=value)
        )

    def request(self, ticket: str, request: Request) -> None:
        """Ask something about goose's sessions; answered by `Answered` or `Declined`."""
        self._asking.ask(ticket, request)

    def _of_session(self, **params: Any) -> dict[str, Any]:
        return {"sessionId": self._session_id, **params}

    def _request(self, what: str, of: str, method: str, params: dict[str, Any]) -> None:
        self._next_id += 1
        self._asked[self._next_id] = (what, of)
        self._outbox.append(jsonrpc.request(self._next_id, method, params))

    # What we hear.

    def receive(self, frame: Incoming) -> list[Event | Signal]:
        """What a frame says. Never raises for what a server sent."""
        assert not isinstance(frame, Got), "nothing was asked by HTTP"
        said: list[Event | Signal] = []
        try:
            for each in self._heard(jsonrpc.decode(frame)):
                said.append(each)  # noqa: PERF402 - what came before an error counts
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            said.append(malformed(f"a field is missing or of the wrong kind: {error!r}", as_text(frame)))
        return said

    def _heard(self, message: jsonrpc.Message) -> Iterator[Event | Signal]:
        match message:
            case jsonrpc.Call(method, params, None):
                yield from self._notified(method, params)
            case jsonrpc.Call(method, params, rpc_id) if rpc_id is not None:
                yield from self._requested(method, params, rpc_id)
            case jsonrpc.Result(rpc_id, result):
                yield from self._answered(*self._take(rpc_id), result)
            case jsonrpc.Error(rpc_id, code, text):
                yield from self._refused(*self._take(rpc_id), code, text)
            case jsonrpc.Malformed(reason, text):
                yield malformed(reason, text)

    def _take(self, rpc_id: str | int | None) -> tuple[str, str]:
        return self._asked.pop(rpc_id, ("", "")) if isinstance(rpc_id, int) else ("", "")

    def _notified(self, method: str, params: dict[str, Any]) -> Iterator[Event | Signal]:
        if method != "session/update":
            yield ev.Raw(f"the notification {method!r}", params)
        elif self._asking.is_aside(params["sessionId"]):
            pass
        elif self._session_id not in (None, params["sessionId"]):
            yield ev.Raw(f"an update of another session, {params['sessionId']!r}", params)
        else:
            yield from self._update(params["update"])

    def _requested(self, method: str, params: dict[str, Any], rpc_id: str | int) -> Iterator[Event | Signal]:
        if method != "session/request_permission":
            self._outbox.append(
                jsonrpc.error(rpc_id, jsonrpc.METHOD_NOT_FOUND, f"goose-widget does not offer {method}")
            )
            yield ev.Raw(f"the request {method!r}, which was refused", params)
            return
        try:
            if self._session_id not in (None, params["sessionId"]):
                raise ValueError(f"a question of another session, {params['sessionId']!r}")
            call = tool_call(params["toolCall"])
            asked = ev.PermissionAsked(
                f"{self._prefix}-{rpc_id}",
                call.call_id,
                tuple(
                    {"id": str(o["optionId"]), "name": str(o.get("name") or ""), "kind": str(o.get("kind") or "")}
                    for o in params["options"]
                ),
                self._cwd,
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            # A question that can't be shown can't be allowed.
            self._outbox.append(jsonrpc.result(rpc_id, {"outcome": {"outcome": "cancelled"}}))
            raise
        self._questions[asked.request_id] = rpc_id
        yield call
        yield asked

    def _answered(self, what: str, of: str, result: Any) -> Iterator[Event | Signal]:
        result = as_object(result)
        match what:
            case "greet":
                yield from self._greeted(result)
            case "new" | "load":
                session_id = of if what == "load" else result.get("sessionId")
                if not isinstance(session_id, str) or not session_id:
                    yield Refused(what, 0, "its answer names no session")
                    return
                self._session_id = session_id
                self._asking.enter(session_id)
                yield from settings(result)
                skipped = as_object(result.get("_meta")).get("replaySkipped")
                yield Opened(session_id, what == "load", skipped if isinstance(skipped, int) and skipped > 0 else 0)
            case "set":
                setting, _, value = of.partition(" ")
                yield Configured(setting, value)
                yield from settings(result)
            case "steer":
                if of in self._steers:
                    self._steers[of] = str(result.get("messageId") or "")
                yield SteerAnswered(of)
            case "prompt":
                usage = as_object(result.get("usage"))
                counts = {_snake(key): value for key, value in usage.items() if is_count(value)}
                yield from self._end_of_turn(of, str(result.get("stopReason") or "end_turn"), usage=counts)
            case "":
                yield ev.Raw("an answer to nothing that was asked", result)
            case _:
                yield from self._asking.answered(what, of, result)

    def _greeted(self, result: dict[str, Any]) -> Iterator[Event | Signal]:
        info = as_object(result.get("agentInfo"))
        version = result.get("protocolVersion")
        if version == PROTOCOL_VERSION:
            capabilities = as_object(result.get("agentCapabilities"))
            takes = as_object(capabilities.get("promptCapabilities"))
            names = {"image": "image", "embeddedContext": "file"}
            accepts = tuple(name for capability, name in names.items() if takes.get(capability) is True)
            can_load = capabilities.get("loadSession") is True
            yield Greeted(str(info.get("name") or "goose"), str(info.get("version") or ""), can_load, accepts)
        else:
            yield Refused("greet", 0, f"it speaks version {version!r} of the protocol, not {PROTOCOL_VERSION}")

    def _refused(self, what: str, of: str, code: int, text: str) -> Iterator[Event | Signal]:
        match what:
            case "prompt":
                yield from self._end_of_turn(of, "failed", error=f"goose refused the prompt: {text}")
            case "steer":
                self._steers.pop(of, None)
                if code == jsonrpc.METHOD_NOT_FOUND:
                    self._can_steer = False
                    yield Steerable(False)
                yield SteerAnswered(of, text)
            case "set":
                yield Refused(of.partition(" ")[0], code, text)
            case "":
                yield ev.Raw("an error that belongs to no request", {"code": code, "message": text})
            case "greet" | "new" | "load":
                yield Refused(what, code, text)
            case _:
                yield from self._asking.refused(what, of, code, text)

    def _end_of_turn(
        self, prompt_id: str, stop_reason: str, *, usage: dict[str, int] | None = None, error: str = ""
    ) -> Iterator[Event | Signal]:
        for question in list(self._questions):
            self.answer(question, None)
            yield ev.PermissionAnswered(question, None, by="", note="The turn ended before it was answered.")
        self._echo = None
        self._steers.clear()
        if self._run is not None:
            self._run = None
            yield Steerable(False)
        yield ev.TurnEnded(prompt_id, stop_reason, usage or {}, error)

    def _update(self, update: dict[str, Any]) -> Iterator[Event | Signal]:
        kind = update["sessionUpdate"]
        message_id = update.get("messageId")
        message_id = message_id if isinstance(message_id, str) else None
        last_user_chunk, self._user_chunk = self._user_chunk, None
        match kind:
            case "agent_message_chunk":
                block = update["content"]
                if block.get("type") == "text":
                    yield ev.Text(text_of(block["text"]), message_id)
                else:
                    yield ev.Content(to_block(block), message_id)
            case "agent_thought_chunk":
                yield ev.Thought(text_of(update["content"]["text"]), message_id)
            case "user_message_chunk":
                block = update["content"]
                self._user_chunk = (message_id,)
                if self._echo is not None and (block.get("type"), block.get("text")) == ("text", self._echo):
                    self._echo = None  # goose repeats its own commands (/status) to whoever sent them
                    return
                is_text = block.get("type") == "text"
                text, content = split(text_of(block["text"])) if is_text else ("", (to_block(block),))
                # A chunk for each block of a message.
                more = last_user_chunk == (message_id,) if message_id else last_user_chunk is not None and not text
                prompt_id = None if more else self._steered_by(message_id)
                yield ev.UserMessage(text, prompt_id, content, steered=prompt_id is not None, more=more)
            case "tool_call" | "tool_call_update":
                yield from self._tool(update, starts=kind == "tool_call")
            case "plan":
                yield ev.Plan(
                    tuple(
                        {
                            "content": text_of(entry["content"]),
                            "status": str(entry.get("status", "pending")),
                            "priority": str(entry.get("priority", "medium")),
                        }
                        for entry in update["entries"]
                    )
                )
            case "usage_update":
                cost = update.get("cost") or {}
                price = f"{cost['amount']:.4f} {cost.get('currency') or ''}".strip() if "amount" in cost else None
                yield ev.Usage(int(update["used"]), int(update["size"]), price)
            case "current_mode_update":
                yield ev.Mode(text_of(update["currentModeId"]))
            case "config_option_update":
                yield from settings(update)
            case "available_commands_update":
                yield ev.Commands(
                    tuple(
                        {
                            "name": str(each["name"]),
                            "description": str(each.get("description") or ""),
                            "hint": str(as_object(each.get("input")).get("hint") or ""),
                        }
                        for each in update["availableCommands"]
                    )
                )
            case "session_info_update":
                if update.get("title") is not None:
                    yield ev.Title(text_of(update["title"]))
                goose = as_object(as_object(update.get("_meta")).get("goose"))
                if "activeRunId" in goose:
                    self._run = maybe_text(goose["activeRunId"])
                    yield Steerable(self._run is not None and self._can_steer)
                # The turn may take it up before its request is answered; requests are answered in their order.
                queued = as_object(goose.get("queuedSteer")).get("messageId")
                if queued and (waiting := next((each for each, of in self._steers.items() if not of), None)):
                    self._steers[waiting] = str(queued)
            case _:
                yield ev.Raw(f"an update of the kind {kind!r}", update)

    def _steered_by(self, message_id: str | None) -> str | None:
        """The prompt id of what steered the turn, where goose says that it took it up."""
        known = [each for each, of in self._steers.items() if message_id and of == message_id]
        for prompt_id in known:
            del self._steers[prompt_id]
        return known[0] if known else None

    def _tool(self, update: dict[str, Any], *, starts: bool) -> Iterator[Event]:
        call = tool_call(update, starts=starts)
        # goose repeats "in progress" with every piece of live output; said once, the pieces stay neighbours.
        if call != ev.ToolCall(call.call_id, status="in_progress") or call.call_id not in self._in_progress:
            yield call
        if call.status == "in_progress":
            self._in_progress.add(call.call_id)
        elif call.status is not None or starts:
            self._in_progress.discard(call.call_id)
        if call.status is None and update.get("status") is not None:
            yield ev.Raw(f"a tool call of the status {update['status']!r}", update)
        match as_object(update.get("_meta")).get("toolNotification"):
            case None:
                pass
            case {"type": "live_output", "params": params}:
                text = "".join(text_of(chunk["output"]) for chunk in params.get("chunks") or ())
                yield ev.LiveOutput(call.call_id, text, truncated=params.get("truncated") is True)
            case unknown:
                yield ev.Raw(f"a tool's notification of the kind {as_object(unknown).get('type')!r}", unknown)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
