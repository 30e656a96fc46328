"""The items of a transcript as the messages in which goose stores a session.

A message is `{role, created (whole s), content, metadata: {userVisible, agentVisible}}`. Measured with goose 1.52:

- A provider refuses a tool request without a response. A call that was cut gets one that says so.
- Thoughts go without a signature; goose gives them back only to models that want them so.
- A reply with nothing but an image or a thought is refused by some providers: such a message is for people only.
- Halves of surrogate pairs, numbers beyond a double, and nesting beyond 128 levels are refused by goose's reader.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from . import events as ev
from .attachments import as_text
from .plain import changed_lines, terminal_text
from .protocol.web_saved import Message
from .transcript import Item

_INTERRUPTED: Final = "This call was interrupted: whether it ran to its end, and with which outcome, is unknown."
_DEEPEST: Final = 64  # levels of a call's arguments


def messages_of(items: Iterable[Item], *, first: int) -> Iterator[Message]:
    """The messages of items.

    Args:
        items: of the transcript, with the shapes of `js/src/wire.ts`; plans and notices are passed over.
        first: how many messages there are before these: a call's id is made of the place of its request.
    """
    place, since = first, 0.0
    content: list[dict[str, Any]] = []  # of the assistant's message that grows

    def flush() -> Iterator[Message]:
        nonlocal place
        if content:
            place += 1
            for_agent = any(part["type"] in ("text", "toolRequest") for part in content)
            yield _message("assistant", since, list(content), for_agent=for_agent)
            content.clear()

    for item in items:
        # As goose has it: a thought, what was said after it, and the tool that was called then are one message.
        if item["kind"] in ("user", "thought") or (
            item["kind"] == "agent" and content[-1:] and content[-1]["type"] != "thinking"
        ):
            yield from flush()
        if not content:
            since = _time(item)
        match item["kind"]:
            case "user":
                place += 1
                said = [_said(item["text"]), *map(_attached, item["content"])]
                said = [part for part in said if part.get("text") != ""]
                yield _message("user", since, said or [_said("")])
            case "thought":
                content.append({"type": "thinking", "thinking": sound(item["text"]), "signature": ""})
            case "agent":
                content += [_said(item["text"])] if item["text"] else []
                for part in map(_shown, item["content"]):
                    if part.get("text") == "":
                        continue
                    if part["type"] == "image":
                        yield from flush()
                        content.append(part)
                        yield from flush()
                    else:
                        content.append(part)
            case "tool":
                call_id = f"call_w{place}"
                content.append(_request(call_id, item))
                yield from flush()
                place += 1
                yield response_to(call_id, item)
    yield from flush()


def _time(item: Item) -> float:
    return float(item.get("time") or item.get("started") or 0.0)


def _message(role: str, created: float, content: list[dict[str, Any]], *, for_agent: bool = True) -> Message:
    metadata = {"userVisible": True, "agentVisible": for_agent}
    return {"role": role, "created": int(created), "content": content, "metadata": metadata}


def _request(call_id: str, item: Item) -> dict[str, Any]:
    request: dict[str, Any] = {"type": "toolRequest", "id": call_id}
    name = item["name"] or item["title"].partition(" · ")[0] or "tool"
    request["toolCall"] = {"status": "success", "value": {"name": sound(name), "arguments": arguments_of(item)}}
    if item["extension"]:
        request["_meta"] = {"goose_extension": sound(item["extension"])}
    return request


def arguments_of(item: Item) -> dict[str, Any]:
    """A call's arguments as goose takes them."""
    value = sound(item["input"])
    return value if isinstance(value, dict) else {} if value is None else {"input": value}


def response_to(call_id: str, item: Item) -> Message:
    """The message with a call's result; of a call that was cut it says so."""
    done = item["status"] in ("completed", "failed")
    content = [_returned(block) for block in item["content"]]
    if not content and (said := _result_text(item)):
        content = [_said(said)]
    if not done:
        content.insert(0, _said(_INTERRUPTED))
    value: dict[str, Any] = {"content": content, "isError": item["status"] != "completed"}
    if isinstance(item["result"], dict):
        value["structuredContent"] = sound(item["result"])
    result = {"status": "success", "value": value}
    return _message(
        "user", float(item.get("ended") or _time(item)), [{"type": "toolResponse", "id": call_id, "toolResult": result}]
    )


def _result_text(item: Item) -> str:
    """What a call without content came to: what it printed, else what it returned."""
    if item["output"]:
        return terminal_text(item["output"])
    match item["result"]:
        case None:
            return ""
        case str(text):
            return text
        case {"stdout": str(out), "stderr": str(err)}:
            return "\n".join(filter(None, (out, err)))
        case value:
            return json.dumps(sound(value), ensure_ascii=False)


def _said(text: str) -> dict[str, Any]:
    return {"type": "text", "text": sound(text)}


def _attached(block: ev.Block) -> dict[str, Any]:
    """A block of a prompt: goose has files in its text."""
    return _said(as_text(block)) if block["type"] == "resource" else _shown(block)


def _shown(block: ev.Block) -> dict[str, Any]:
    """A block of a message: goose has text and images there."""
    match block:
        case {"type": "image", "mime": str(mime), "data": str(data)}:
            return {"type": "image", "data": sound(data), "mimeType": sound(mime)}
        case {"type": "text", "text": str(text)}:
            return _said(text)
        case {"type": "diff", "path": str(path)}:
            changes = changed_lines(str(block.get("old") or ""), str(block.get("new") or ""))
            return _said(f"{path}\n{changes}")
        case {"type": "resource", "uri": str(uri), "text": str(text)}:
            return _said(f"{uri}\n{text}")
        case {"type": "link", "uri": str(uri), "name": str(name)}:
            return _said(uri if name == uri else f"{name}: {uri}")
        case _:
            return _said(f"({block.get('mime') or block.get('type') or 'unknown'} content)")


def _returned(block: ev.Block) -> dict[str, Any]:
    """A block of a tool's result: as in a message, and what the Model Context Protocol has besides."""
    match block:
        case {"type": "resource", "uri": str(uri), "mime": str(mime), "text": str(text)}:
            resource = {"uri": sound(uri), "mimeType": sound(mime) or "text/plain", "text": sound(text)}
            return {"type": "resource", "resource": resource}
        case {"type": "link", "uri": str(uri), "name": str(name)}:
            return {"type": "resource_link", "uri": sound(uri), "name": sound(name)}
        case _:
            return _shown(block)


_HALVES: Final = re.compile(r"[\ud800-\udfff]")


def sound(value: Any, depth: int = 0) -> Any:
    """A JSON value with what goose's reader refuses replaced."""
    match value:
        case str():
            return _HALVES.sub("\ufffd", value)
        case float() if not math.isfinite(value):
            return str(value)
        case int() if abs(value) >= 1 << 64:
            return hex(value)
        case dict() | list() | tuple() if depth >= _DEEPEST:
            return "…"
        case dict():
            return {sound(str(key)): sound(each, depth + 1) for key, each in value.items()}
        case list() | tuple():
            return [sound(each, depth + 1) for each in value]
        case _:
            return value
