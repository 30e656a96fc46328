"""The frames of the Agent Client Protocol, as goose 1.52 builds them. No I/O, no state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, Final

from .agent import MODES
from .commands import COMMANDS
from .sessions import MODELS, Session
from .steps import OPTIONS, Attach, Call, Done, Fail, Heard, Kept, Message, Output, Plan, Say, Show, Step, Think

Json = dict[str, Any]

VERSION: Final = 1
CONTEXT: Final = 128_000
"""Tokens of the context that the demo pretends to have."""

_GENERATION: Final = "1.52.0"  # the goose that this is made after


class Refusal(Exception):
    """A request is answered with an error.

    Args:
        code: of JSON-RPC.
        message: its usual text.
        data: what it is about.
    """

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message} | ({} if data is None else {"data": data})


def invalid(data: str) -> Refusal:
    return Refusal(-32602, "Invalid params", data)


def unknown_session(session_id: str) -> Refusal:
    return Refusal(-32002, "Resource not found", f"Session not found: {session_id}")


def initialized(version: int) -> Json:
    """The answer to `initialize`, for a client of the protocol's version `version`."""
    return {
        "protocolVersion": VERSION,
        "agentCapabilities": {
            "loadSession": True,
            "promptCapabilities": {"image": True, "audio": False, "embeddedContext": True},
            "mcpCapabilities": {"http": True, "sse": False},
            "sessionCapabilities": {"list": {}, "delete": {}, "close": {}},
            "auth": {},
            "_meta": {"goose": {"demo": True}},
        },
        "authMethods": [],
        "agentInfo": {"name": "goose", "title": "Demo of goose-widget, no model", "version": f"{_GENERATION}-demo"},
    }


def settings(session: Session) -> Json:
    """What can be chosen, and what is."""
    modes = [{"id": mode, "name": mode, "description": text} for mode, text in MODES.items()]
    return {
        "modes": {"currentModeId": session.mode, "availableModes": modes},
        "configOptions": config_options(session),
    }


def config_options(session: Session) -> list[Json]:
    models = {session.model: session.model} | MODELS
    return [
        _option("provider", "Provider", "demo", [{"value": "demo", "name": "Demo"}]),
        _option(
            "mode",
            "Mode",
            session.mode,
            [{"value": mode, "name": mode, "description": text} for mode, text in MODES.items()],
            category="mode",
        ),
        _option(
            "model",
            "Model",
            session.model,
            [{"value": value, "name": name} for value, name in models.items()],
            category="model",
        ),
        _option(
            "thinking_effort",
            "Thinking effort",
            "off",
            [{"value": "off", "name": "off"}],
            category="thought_level",
            description="Controls reasoning effort for models that support extended thinking.",
        ),
    ]


def _option(name: str, title: str, value: str, options: list[Json], **more: str) -> Json:
    return {"id": name, "name": title, **more, "type": "select", "currentValue": value, "options": options}


def listed(session: Session) -> Json:
    """A session in `session/list`."""
    return {
        "sessionId": session.id,
        "cwd": session.cwd,
        "title": session.title,
        "updatedAt": moment(session.updated),
        "_meta": {
            "messageCount": len(session.messages),
            "createdAt": moment(session.created),
            "lastMessageAt": moment(session.messages[-1].created if session.messages else session.created),
            "userSetName": session.named_by_user,
            "sessionType": "acp",
            "hasRecipe": False,
            "providerId": "demo",
            "modelId": session.model,
        },
    }


def moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()


def tokens(characters: int) -> int:
    """About how many tokens a text of this length has."""
    return -(-characters // 4)


def size(session: Session) -> int:
    """Characters of the conversation."""
    return sum(len(message.text) for message in session.messages)


# Updates.


def commands() -> Json:
    found = [
        {"name": name, "description": command.description, "input": {"hint": command.hint}}
        if command.hint
        else {"name": name, "description": command.description}
        for name, command in COMMANDS.items()
    ]
    return {"sessionUpdate": "available_commands_update", "availableCommands": found}


def usage(session: Session) -> Json:
    return {"sessionUpdate": "usage_update", "used": tokens(size(session)), "size": CONTEXT}


def active_run(run_id: str | None) -> Json:
    return {"sessionUpdate": "session_info_update", "_meta": {"goose": {"activeRunId": run_id}}}


def queued_steer(run_id: str, message_id: str) -> Json:
    queued = {"messageId": message_id, "runId": run_id}
    return {"sessionUpdate": "session_info_update", "_meta": {"goose": {"queuedSteer": queued}}}


def title(session: Session) -> Json:
    return {
        "sessionUpdate": "session_info_update",
        "title": session.title,
        "updatedAt": moment(session.updated),
        "_meta": {"messageCount": len(session.messages), "userSetName": session.named_by_user},
    }


def replay(message: Message) -> Iterator[Json]:
    """The updates of a saved message."""
    for step in message.steps:
        if message.role == "user":
            content = _attached(step) if isinstance(step, Attach) else _block(step)
            yield _chunk("user_message_chunk", content, message.id, message.created)
        else:
            yield from updates(step, message.id, message.created)


def updates(step: Step, message_id: str, created: int) -> Iterator[Json]:
    """The updates of one step of the agent's."""
    meta = {"created": created, "messageId": message_id}
    match step:
        case Say() | Show() | Fail():
            yield _chunk("agent_message_chunk", _block(step), message_id, created)
        case Heard(text):
            told = _chunk("user_message_chunk", {"type": "text", "text": text}, message_id, created)
            yield {**told, "_meta": {"goose": {**meta, "steer": True}}}
        case Think(text):
            yield _chunk("agent_thought_chunk", {"type": "text", "text": text}, message_id, created)
        case Call():
            yield {
                "sessionUpdate": "tool_call",
                "toolCallId": step.id,
                "title": step.title,
                "kind": step.kind,
                "status": "pending",
                "rawInput": step.input,
                "_meta": {"goose": {"toolCall": {"toolName": step.tool, "extensionName": step.extension}, **meta}},
            }
        case Output():
            params = {
                "sequence": step.number,
                "chunks": [{"stream": step.stream, "output": step.text}],
                "truncated": False,
            }
            yield {
                "sessionUpdate": "tool_call_update",
                "toolCallId": step.id,
                "status": "in_progress",
                "_meta": {"toolNotification": {"type": "live_output", "params": params}},
            }
        case Done():
            yield _done(step) | {"_meta": {"goose": meta}}
        case Plan():
            entries = [{**entry, "priority": "medium"} for entry in step.entries]
            yield {"sessionUpdate": "plan", "entries": entries}


def permission(call: Call) -> Json:
    """What `session/request_permission` asks, but for the session."""
    return {
        "toolCall": {
            "toolCallId": call.id,
            "kind": "other",
            "status": "pending",
            "title": call.title,
            "rawInput": call.input,
        },
        "options": [{"optionId": kind, "name": kind, "kind": kind} for kind in OPTIONS],
    }


def _chunk(kind: str, content: Json, message_id: str, created: int) -> Json:
    meta = {"created": created, "messageId": message_id}
    return {"sessionUpdate": kind, "content": content, "messageId": message_id, "_meta": {"goose": meta}}


def _block(step: Kept) -> Json:
    match step:
        case Say(text):
            return {"type": "text", "text": text}
        case Show(mime, data):
            return {"type": "image", "data": data, "mimeType": mime}
        case Fail(message):
            hint = "Please retry if you think this is a transient or recoverable error."
            return {"type": "text", "text": f"Ran into this error: {message}.\n\n{hint}"}
        case _:
            raise TypeError(f"no content block: {step!r}")


def _attached(step: Attach) -> Json:
    if step.text:
        return {"type": "text", "text": step.inlined}
    return {"type": "resource_link", "uri": step.uri, "name": step.name}


def _done(step: Done) -> Json:
    contents: list[Json] = [{"type": "content", "content": {"type": "text", "text": step.text}}]
    if step.picture is not None:
        picture = {"type": "image", "data": step.picture["data"], "mimeType": step.picture["mime"]}
        contents.append({"type": "content", "content": picture})
    update: Json = {
        "sessionUpdate": "tool_call_update",
        "toolCallId": step.id,
        "status": "failed" if step.failed else "completed",
        "content": contents,
    }
    if step.diff is not None:
        path = step.diff["path"]
        contents.append({"type": "diff", "path": path, "oldText": step.diff["old"], "newText": step.diff["new"]})
        update["locations"] = [{"path": path, "line": step.diff["line"]}]
    if step.raw is not None:
        update["rawOutput"] = step.raw
    return update
