"""What ACP requests hold and what their answers say, one function each. No I/O but a look whether a folder exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote

from . import frames
from .agent import MODES
from .frames import Json, invalid
from .history import to_goose
from .sessions import Session, Sessions
from .steps import Attach, Kept, Say, Show
from .turns import Play


class Params:
    """What came with a request. What is missing or of the wrong kind is refused by name."""

    def __init__(self, values: Any) -> None:
        if not isinstance(values, dict):
            raise invalid("params must be an object")
        self._values: Json = values

    def get(self, name: str) -> Any:
        return self._values.get(name)

    def _required(self, name: str, kind: type, expected: str) -> Any:
        if name not in self._values:
            raise invalid(f"missing field `{name}`")
        value = self._values[name]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise invalid(f"`{name}` must be {expected}")
        return value

    def text(self, name: str) -> str:
        return str(self._required(name, str, "a string"))

    def integer(self, name: str) -> int:
        return int(self._required(name, int, "an integer"))

    def list(self, name: str) -> list[Any]:
        return list(self._required(name, list, "a sequence"))

    def meta(self, name: str) -> Any:
        """A field of `_meta`, None if it is not there."""
        meta = self._values.get("_meta")
        return meta.get(name) if isinstance(meta, dict) else None


def folder(given: Params) -> str:
    cwd = given.text("cwd")
    given.list("mcpServers")
    if not Path(cwd).is_absolute():
        raise invalid("cwd must be an absolute path")
    if not Path(cwd).is_dir():
        raise invalid("invalid directory path")
    return cwd


def choose(sessions: Sessions, session: Session, setting: str, value: str) -> None:
    """Choose a mode or a model. As goose does, take any model; the provider and the effort have one value each."""
    match setting:
        case "mode" if value not in MODES:
            raise invalid(f"Invalid mode: {value}")
        case "mode":
            session.mode = value
            session.rules.clear()
        case "model" if value:
            session.model = value
        case "provider" | "thinking_effort":
            if value != {"provider": "demo", "thinking_effort": "off"}[setting]:
                raise invalid(f"Invalid {setting}: {value}")
        case _:
            raise invalid(f"Unsupported config option: {setting}")
    sessions.save(session)


def prompt_steps(given: Params) -> list[Kept]:
    """A prompt's content blocks."""
    return [_prompt_step(block) for block in given.list("prompt")]


def _prompt_step(block: Any) -> Kept:
    match block:
        case {"type": "text", "text": str(text)}:
            return Say(text)
        case {"type": "image", "data": str(data), "mimeType": str(mime)}:
            return Show(mime, data)
        case {"type": "resource_link", "uri": str(uri), "name": str(name)}:
            return Attach(uri, name)
        case {"type": "resource", "resource": {"uri": str(uri)} as resource}:
            name = unquote(uri.rpartition("/")[2].removeprefix("attachment:")) or uri
            return Attach(uri, name, resource["text"] if isinstance(resource.get("text"), str) else "")
        case {"type": "audio"}:
            raise invalid("audio is not supported")
        case _:
            raise invalid("a content block that is none")


def choice(result: Any) -> str:
    """The option that an answer chose. What chose none, an error too, is a no."""
    match result:
        case {"outcome": {"outcome": "selected", "optionId": str(option)}}:
            return option
        case _:
            return "reject_once"


def skipped(roles: list[str], tail: Any) -> int:
    """How many messages a load leaves out: those before the last `tail`, and before the prompt that these answer."""
    if not isinstance(tail, int) or isinstance(tail, bool) or not 0 < tail < len(roles):
        return 0
    start = len(roles) - tail
    while start and roles[start] != "user":
        start -= 1
    return start


def ended(session: Session, play: Play, *, cancelled: bool) -> Json:
    if cancelled:
        return {"stopReason": "cancelled"}
    if play.failed:
        return {"stopReason": "end_turn"}
    output = frames.tokens(play.said)
    context = frames.tokens(frames.size(session))
    counts = {"totalTokens": context, "inputTokens": max(0, context - output), "outputTokens": output}
    return {"stopReason": "end_turn", "usage": counts}


def exported(session: Session) -> Json:
    visible = {"userVisible": True, "agentVisible": True}
    return {
        "id": session.id,
        "working_dir": session.cwd,
        "name": session.title,
        "user_set_name": session.named_by_user,
        "session_type": "acp",
        "created_at": frames.moment(session.created),
        "updated_at": frames.moment(session.updated),
        "extension_data": {},
        "message_count": len(session.messages),
        "conversation": [{**each, "metadata": visible} for each in to_goose(session.messages)],
    }
