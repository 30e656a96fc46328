"""What a `goose web` saves of a session, as events; and the tool calls in it, which its frames have in the same way.

Its messages are `{role, created, content: [{type: text | toolRequest | toolResponse | thinking | image, …}]}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

from .. import events as ev
from ..attachments import split
from ..events import Event
from .content import as_object, to_block

Message: TypeAlias = dict[str, Any]

SETTLED: Final = 1.5
"""Seconds for which a saved reply must not change to count as whole."""

_ARRIVAL: Final = 30.0  # seconds without change after which a prompt that is not saved counts as never arrived
_NO_REPLY: Final = 120.0  # … and a turn of which nothing but the prompt is saved as dead
_NO_END: Final = 600.0  # … and any other turn: a tool may take its time


def said(message: Message) -> str | None:
    """The text of a user's message without its attachments; None for what only carries a tool's result."""
    if message.get("role") != "user" or not _is_visible(message):
        return None
    contents = [as_object(content) for content in contents_of(message)]
    texts = [str(content.get("text") or "") for content in contents if content.get("type") == "text"]
    return split("".join(texts))[0] if texts else None


def contents_of(message: Message) -> list[Any]:
    """What a message holds; a text alone as the contents that it stands for."""
    contents = message.get("content") or []
    if isinstance(contents, str):
        return [{"type": "text", "text": contents}]
    return contents if isinstance(contents, list) else [contents]


def _is_visible(message: Message) -> bool:
    return as_object(message.get("metadata")).get("userVisible") is not False


def events(messages: Iterable[Message]) -> Iterator[Event]:
    """What saved messages say, oldest first."""
    for message in messages:
        if not _is_visible(message):
            continue
        text = said(message)
        attached: list[ev.Block] = []
        others: list[Event] = []
        for content in contents_of(message):
            for event in _content_events(content, is_user=message.get("role") == "user"):
                if isinstance(event, ev.UserMessage):
                    attached += event.content
                elif isinstance(event, ev.Content) and message.get("role") == "user":
                    attached.append(event.block)
                else:
                    others.append(event)
        if text is not None or attached:
            yield ev.UserMessage(text or "", None, tuple(attached))
        yield from others


def _content_events(content: Any, *, is_user: bool) -> Iterator[Event]:
    match content:
        case {"type": "text", "text": str(text)}:
            if is_user:
                said, files = split(text)
                yield ev.UserMessage(said, None, files)
            elif text:
                yield ev.Text(text)
        case {"type": "thinking", "thinking": str(text)}:
            yield ev.Thought(text)
        case {"type": "toolRequest" | "frontendToolRequest", "id": str(call_id), "toolCall": call}:
            request = as_object(as_object(call).get("value", call))
            if isinstance(failure := as_object(call).get("error"), str):
                yield ev.ToolCall(call_id, True, title="error", status="failed", content=blocks(failure))
            else:
                yield tool_call(call_id, request.get("name"), request.get("arguments"))
        case {"type": "toolResponse", "id": str(call_id), "toolResult": result}:
            failure, value = as_object(result).get("error"), as_object(result).get("value", result)
            # Later versions nest the contents once more: {content: […], isError}.
            is_error = failure is not None or as_object(value).get("isError") is True
            result = failure if failure is not None else as_object(value).get("content", value)
            yield ev.ToolCall(call_id, status="failed" if is_error else "completed", content=blocks(result))
        case {"type": "toolConfirmationRequest"}:
            pass  # the request that it confirms says the same
        case _:
            yield ev.Content(to_block(content))


def tool_call(call_id: str, name: Any, arguments: Any) -> ev.ToolCall:
    extension, _, short = str(name or "tool").rpartition("__")
    return ev.ToolCall(
        call_id,
        starts=True,
        title=_call_title(short, arguments),
        name=short,
        extension=extension or None,
        tool_kind=_kind(short, arguments),
        status="in_progress",
        input=arguments,
    )


def _call_title(name: str, arguments: Any) -> str:
    """As goose titles its calls today: the tool, and what it is about."""
    values = as_object(arguments)
    about = " ".join(values[key] for key in ("command", "path", "url", "query") if isinstance(values.get(key), str))
    line = about.strip().partition("\n")[0]
    return f"{name} · {line if len(line) <= 120 else f'{line[:119]}…'}" if line else name


def _kind(name: str, arguments: Any) -> str:
    match name:
        case "shell":
            return "execute"
        case "text_editor":
            return "read" if as_object(arguments).get("command") == "view" else "edit"
        case _:
            return "other"


def blocks(result: Any) -> tuple[ev.Block, ...]:
    """A tool's result as blocks; what is meant for the model alone is left out where people get something too."""
    all_of_it = result if isinstance(result, list) else [] if result is None else [result]
    for_people = [each for each in all_of_it if "user" in _audience(each)]
    return tuple(
        {"type": "text", "text": each} if isinstance(each, str) else to_block(each) for each in for_people or all_of_it
    )


def _audience(content: Any) -> list[Any]:
    audience = as_object(as_object(content).get("annotations")).get("audience")
    return audience if isinstance(audience, list) else ["user"]


def is_over(tail: list[Message] | None, unchanged: float, *, heard: bool = False) -> tuple[bool, str]:
    """Whether a turn that goes on without us has ended, and with which error.

    Args:
        tail: what is saved after its prompt; None if that is not.
        unchanged: seconds for which it has been so.
        heard: something of the reply had come, so the prompt had arrived: it may be saved with the whole reply.
    """
    if tail is None and not heard:
        lost = "The connection dropped, and goose has not saved this prompt: it probably never arrived. Send it again."
        return unchanged >= _ARRIVAL, lost
    if not tail:
        return unchanged >= _NO_REPLY, "The connection dropped, and goose has saved no reply to this prompt. Ask again."
    open_calls: set[str] = set()
    for message in tail:
        for content in contents_of(message):
            match as_object(content):
                case {"type": "toolRequest", "id": str(call_id)}:
                    open_calls.add(call_id)
                case {"type": "toolResponse", "id": str(call_id)}:
                    open_calls.discard(call_id)
    if tail[-1].get("role") == "assistant" and not open_calls:
        return unchanged >= SETTLED, ""
    return unchanged >= _NO_END, "The connection dropped, and goose did not go on with the reply. Ask it to continue."
