"""goose's own session JSON: what `goose session export` writes and `goose session import` reads.

A document is `{id, working_dir, name, created_at, updated_at, extension_data, message_count, conversation}`; its
messages are made in `messages.py`. goose sorts them by `created`: so the times that we write never fall, and never run
ahead of the clock, by which goose dates what comes next.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from itertools import zip_longest
from typing import Any, Final, TypeAlias

from . import events as ev
from .errors import UsageError
from .messages import arguments_of, messages_of, response_to, sound
from .protocol import web_saved
from .protocol.content import as_object
from .protocol.web_saved import Message
from .store import Entry, Header
from .transcript import Item

Document: TypeAlias = dict[str, Any]

EXPECTED: Final = (
    "a JSON object with a list of messages, `conversation`, as `goose session export --format json` writes it"
)

_LATEST: Final = 1e11  # a time beyond this is in milliseconds


def to_document(items: Iterable[Item], *, session_id: str, cwd: str, title: str, created: float) -> Document:
    """The conversation as goose stores it. Prompts that goose never had, notices and plans are left out.

    Args:
        items: of the transcript, with the shapes of `js/src/wire.ts`.
        session_id: only for people: whoever imports it gives it a new one.
        cwd: the folder in which the tools worked.
        title: "" for none.
        created: when the session began, in seconds since the epoch; 0 if unknown.
    """
    conversation = list(messages_of(_arrived(list(items)), first=0))
    latest = math.inf
    for message in reversed(conversation):
        latest = message["created"] = int(min(message["created"], latest))
    created = created or (conversation[0]["created"] if conversation else 0.0)
    return {
        "id": sound(session_id),
        "working_dir": sound(cwd),
        "name": sound(title),
        "user_set_name": bool(title),
        "created_at": _stamp(created),
        "updated_at": _stamp(_latest_time(conversation) or created),
        "extension_data": {},
        "message_count": len(conversation),
        "conversation": conversation,
    }


def continued(document: Document, turn_items: list[Item]) -> Document:
    """The server's document after an interrupted turn, and after its messages what only we have of that turn.

    Args:
        document: as the server exports it.
        turn_items: the turn as the transcript has it; the prompt first. What steered it is a prompt for the server.

    Raises:
        ValueError: the document does not end with the turn of that prompt.
    """
    conversation = list(document.get("conversation") or [])
    prompts = _prompts(conversation)
    if not turn_items or turn_items[0].get("kind") != "user":
        raise ValueError("the turn does not begin with its prompt")
    turn_items = turn_items[max(place for place, item in enumerate(turn_items) if item["kind"] == "user") :]
    prompt = web_saved.said(conversation[prompts[-1]]) if prompts else None
    if not prompts or (prompt or "").strip() != sound(turn_items[0]["text"]).strip():
        raise ValueError("the server's session does not end with this prompt")
    turn = conversation[prompts[-1] + 1 :]
    missing, unanswered = _missing(turn, turn_items[1:])
    latest = _latest_time(conversation)
    for call_id, item in unanswered.items():
        conversation.append(response_to(call_id, item))
    conversation += messages_of(missing, first=len(conversation))
    for message in conversation[len(document["conversation"]) :]:
        latest = message["created"] = max(int(message["created"]), int(latest))
    return {**document, "message_count": len(conversation), "conversation": conversation}


def truncated(document: Document, *, drop: int) -> Document:
    """The document without its last `drop` visible prompts, and without what followed each.

    Counted from the end: the beginning of a conversation may be missing at the server.

    Raises:
        ValueError: nothing would be left of it.
    """
    conversation = list(document.get("conversation") or [])
    starts = _prompts(conversation)
    if drop >= len(starts):
        raise ValueError(f"the server's session has {len(starts)} prompts")
    end = starts[-drop] if drop else len(conversation)
    kept, dropped = conversation[:end], conversation[end:]
    if any(map(_is_summary, dropped)) and not any(map(_is_summary, kept)):
        # What was summed up later is hidden from the agent; without the summary it needs the whole again.
        kept = [
            {**message, "metadata": {**as_object(message.get("metadata")), "agentVisible": True}} for message in kept
        ]
    return {**document, "message_count": len(kept), "conversation": kept}


def entries_of(document: Any) -> tuple[Header, list[Entry]]:
    """What a document says, as a session file has it: each turn ended, so that it reads as a finished conversation.

    Args:
        document: of any version of goose, as `json.loads` gives it.

    Raises:
        UsageError: it is none.
    """
    record = as_object(document)
    about = {**as_object(record.get("metadata")), **record}  # `goose web` says of a session under `metadata`
    messages = next((about[key] for key in ("conversation", "messages") if isinstance(about.get(key), list)), None)
    if messages is None:
        raise UsageError("This is no session of goose.", f"Expected: {EXPECTED}.")
    header = Header(
        session_id=_text(about, "id"), created=_moment(about.get("created_at")), cwd=_text(about, "working_dir")
    )
    try:
        timed = list(_timed_events(messages, header.created))
    except RecursionError:
        raise UsageError("This session is nested too deeply to be read.", f"Expected: {EXPECTED}.") from None
    title = _text(about, "name") or _text(about, "description")
    if title:
        timed.insert(0, (timed[0][0] if timed else header.created, ev.Title(title)))
    return header, [Entry(seq, time, event) for seq, (time, event) in enumerate(timed, 1)]


def _arrived(items: list[Item]) -> Iterator[Item]:
    """The items without the prompts that goose does not have, and without what is no message."""
    told = [item for item in items if item["kind"] in ("user", "agent", "thought", "tool")]
    for item, following in zip_longest(told, told[1:]):
        state = item["state"] if item["kind"] == "user" else ""
        replied = following is not None and following["kind"] != "user"
        if state != "failed" and (state != "unsure" or replied):
            yield item


# What of a turn the server has.


def _prompts(conversation: list[Message]) -> list[int]:
    """The places of the visible prompts."""
    return [
        place
        for place, message in enumerate(conversation)
        if any(isinstance(event, ev.UserMessage) for event in web_saved.events([message]))
    ]


def _is_summary(message: Message) -> bool:
    """Whether it is for the agent alone, in place of what came before it."""
    metadata = as_object(message.get("metadata"))
    hidden = metadata.get("userVisible") is False and metadata.get("agentVisible") is True
    return hidden and not metadata.get("turnContext") and "<turn-context>" not in json.dumps(message.get("content"))


def _missing(turn: list[Message], items: list[Item]) -> tuple[list[Item], dict[str, Item]]:
    """The items that the server's messages of the turn lack, and by call id those of which only the result is missing.

    goose keeps the finished steps of a turn, in their order: the two are compared from the beginning. What we have
    between things that the server has, it left out itself; but a call is never left out.
    """
    parts = [part for message in turn for part in web_saved.contents_of(message) if isinstance(part, dict)]
    answered = {part.get("id") for part in parts if part.get("type") == "toolResponse"}
    place = 0
    missing: list[Item] = []
    unanswered: dict[str, Item] = {}
    for item in items:
        found = next((at for at in range(place, len(parts)) if _is_same(parts[at], item)), None)
        if found is not None:
            place = found + (item["kind"] == "tool")  # one text of theirs may be several of ours
            missing = [each for each in missing if each["kind"] == "tool"]
            if item["kind"] == "tool" and parts[found].get("id") not in answered:
                unanswered[str(parts[found]["id"])] = item
        elif item["kind"] == "agent" and (rest := _rest(parts[place:], item["text"])) is not None:
            place = len(parts)
            missing.append({**item, "text": rest})
        elif item["kind"] in ("agent", "thought", "tool"):
            missing.append(item)
    return missing, unanswered


def _is_same(part: dict[str, Any], item: Item) -> bool:
    text = str(sound(item.get("text") or "")).strip()
    match item["kind"], part.get("type"):
        case "agent", "text":
            return bool(text) and text in str(part.get("text"))
        case "agent", "image":
            return any(block.get("data") == part.get("data") for block in item["content"])
        case "thought", "thinking":
            return bool(text) and text in str(part.get("thinking"))
        case "tool", "toolRequest":
            call = as_object(as_object(part.get("toolCall")).get("value"))
            return (call.get("arguments") or {}) == arguments_of(item) and call.get("name") in (
                item["name"],
                f"{item['extension']}__{item['name']}",
                "" if item["name"] else "unparseable_tool_call",
            )
        case _:
            return False


def _rest(parts: list[dict[str, Any]], text: str) -> str | None:
    """What follows in our text after all that the server has of it; None if it has nothing."""
    texts = [str(part.get("text") or "") for part in parts if part.get("type") == "text"]
    if texts and texts[-1].strip() and text.startswith(texts[-1]):
        return text[len(texts[-1]) :]
    return None


def _latest_time(conversation: list[Message]) -> float:
    return max((_moment(message.get("created")) for message in conversation), default=0.0)


# From messages to entries.


def _timed_events(messages: list[Any], begun: float) -> Iterator[tuple[float, ev.Event]]:
    time, number, turn = begun, 0, ""
    unread = 0
    open_calls: set[str] = set()
    said = False

    def end() -> tuple[float, ev.Event]:
        if open_calls:
            return time, ev.TurnEnded(turn, "interrupted", error="What was saved of this turn ends in a tool call.")
        return time, ev.TurnEnded(turn, "end_turn")

    for place, message in enumerate(messages):
        if not isinstance(message, dict):
            unread += 1
            continue
        moment = _moment(message.get("created"))
        for event in web_saved.events([message]):
            if isinstance(event, ev.UserMessage):
                if said:
                    yield end()
                open_calls.clear()
                number += 1
                turn = f"import-{number}"
                event = replace(event, prompt_id=turn)
            said, time = True, moment or time
            match event:
                case ev.Text() | ev.Thought() | ev.Content():
                    event = replace(event, message_id=f"import-{place}")
                case ev.ToolCall(call_id, True, status="in_progress"):
                    open_calls.add(call_id)
                    event = _named(event, message)
                case ev.ToolCall(call_id, False):
                    open_calls.discard(call_id)
            yield time, event
    if said:
        yield end()
    if unread:
        yield time, ev.Notice("warning", f"{unread} of its messages could not be read and are left out.")


def _named(call: ev.ToolCall, message: Message) -> ev.ToolCall:
    """The call with its tool's whole name and its extension, as goose says them while it runs."""
    for part in web_saved.contents_of(message):
        if as_object(part).get("id") == call.call_id:
            name = as_object(as_object(part.get("toolCall")).get("value")).get("name")
            extension = as_object(part.get("_meta")).get("goose_extension")
            return replace(
                call,
                name=name if isinstance(name, str) else call.name,
                extension=extension if isinstance(extension, str) else call.extension,
            )
    return call


def _text(record: dict[str, Any], name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""


def _moment(value: Any) -> float:
    """A time, in seconds since the epoch; 0 if it can't be read."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
            return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
        if isinstance(value, bool) or not math.isfinite(value):
            return 0.0
        return float(value) / 1000 if abs(value) > _LATEST else float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0


def _stamp(time: float) -> str:
    """A time as goose writes it."""
    try:
        return datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return "1970-01-01T00:00:00Z"
