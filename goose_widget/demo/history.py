"""Messages as goose saves and exports them, `{role, created, content: [...]}`, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from .steps import Attach, Call, Done, Kept, Message, Plan, Role, Say, Show, Think

Json = dict[str, Any]


def to_goose(messages: Iterable[Message]) -> list[Json]:
    """The messages of a session. A tool's results are the user's message there, as models want it."""
    found = []
    for message in messages:
        if contents := [content for step in message.steps for content in _contents(step)]:
            role = "assistant" if message.role == "agent" else "user"
            found.append({"id": message.id, "role": role, "created": message.created, "content": contents})
        if results := [each for step in message.steps if isinstance(step, Plan) for each in _written(step)]:
            found.append({"id": f"{message.id}_plan", "role": "user", "created": message.created, "content": results})
    return found


def tool_name(call: Call) -> str:
    """As `goose web` says it: the extension's name first."""
    return f"{call.extension}__{call.tool}"


def plan_as_call(plan: Plan) -> tuple[Call, str]:
    """A plan as goose makes one, with a tool of its extension "todo", and that tool's result."""
    mark = {"completed": "x", "in_progress": "~"}
    content = "\n".join(f"- [{mark.get(entry['status'], ' ')}] {entry['content']}" for entry in plan.entries)
    call = Call(plan.id, "todo_write", "todo", "todo: todo write", "other", {"content": content})
    return call, f"Updated ({len(content)} chars)"


def result_contents(done: Done) -> list[Json]:
    """A tool's result as a list of contents."""
    contents: list[Json] = [{"type": "text", "text": done.text}]
    if done.picture is not None:
        contents.append({"type": "image", "data": done.picture["data"], "mimeType": done.picture["mime"]})
    return contents


def _contents(step: Kept) -> Iterator[Json]:
    match step:
        case Say(text):
            yield {"type": "text", "text": text}
        case Think(text):
            yield {"type": "thinking", "thinking": text, "signature": ""}
        case Show(mime, data):
            yield {"type": "image", "data": data, "mimeType": mime}
        case Attach(text=str(text)) if text:
            yield {"type": "text", "text": step.inlined}
        case Attach(uri, name):
            link = json.dumps({"name": name, "uri": uri}, ensure_ascii=False)
            yield {"type": "text", "text": f"\n\n--- Resource link (not inlined) ---\n{link}\n---"}
        case Call():
            yield _request(step)
        case Plan():
            yield _request(plan_as_call(step)[0])
        case Done(id=call_id, text=text, failed=True):
            yield {"type": "toolResponse", "id": call_id, "toolResult": {"status": "error", "error": text}}
        case Done(id=call_id):
            result = {"status": "success", "value": result_contents(step)}
            yield {"type": "toolResponse", "id": call_id, "toolResult": result}


def _request(call: Call) -> Json:
    value = {"name": tool_name(call), "arguments": call.input}
    return {"type": "toolRequest", "id": call.id, "toolCall": {"status": "success", "value": value}}


def _written(plan: Plan) -> Iterator[Json]:
    value = [{"type": "text", "text": plan_as_call(plan)[1]}]
    yield {"type": "toolResponse", "id": plan.id, "toolResult": {"status": "success", "value": value}}


def from_goose(conversation: Iterable[Json], prefix: str) -> list[Message]:
    """Messages of an exported session. Raises KeyError, TypeError or ValueError if they are none.

    Args:
        conversation: what `to_goose` gives, or goose itself.
        prefix: what the new messages' ids begin with.
    """
    messages: list[Message] = []
    for number, each in enumerate(conversation):
        if each.get("metadata", {}).get("userVisible") is False:
            continue
        steps = [step for content in each["content"] for step in _steps(content)]
        results = [step for step in steps if isinstance(step, Done)]
        roles: dict[str, Role] = {"user": "tool" if results else "user", "assistant": "agent"}
        role = roles[each["role"]]
        if steps:
            message = Message(f"{prefix}_{number}", role, int(each["created"]))
            for step in steps:
                message.add(step)
            messages.append(message)
    return messages


def _steps(content: Json) -> Iterator[Kept]:
    match content:
        case {"type": "text", "text": str(text)}:
            yield Say(text)
        case {"type": "thinking", "thinking": str(text)}:
            yield Think(text)
        case {"type": "image", "data": str(data), "mimeType": str(mime)}:
            yield Show(mime, data)
        case {"type": "toolRequest", "id": str(call_id), "toolCall": {"value": {"name": str(name)} as value}}:
            extension, _, tool = name.rpartition("__")
            given = dict(value.get("arguments") or {})
            yield Call(call_id, tool, extension or "developer", tool, "other", given)
        case {"type": "toolResponse", "id": str(call_id), "toolResult": {"error": error}}:
            yield Done(call_id, str(error), failed=True)
        case {"type": "toolResponse", "id": str(call_id), "toolResult": {"value": value}}:
            contents = value.get("content", []) if isinstance(value, dict) else value
            texts = [each["text"] for each in contents if each.get("type") == "text"]
            yield Done(call_id, "\n".join(texts))
