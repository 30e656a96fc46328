"""What a server's history has and our transcript has not.

A server replays a session whole when it is loaded. Ours is the truth for what was seen (goose forgets a reply that was
cut), the server's for what was said elsewhere. The two are aligned by their prompts; messages and tool calls have ids.
"""

from __future__ import annotations

from dataclasses import replace

from . import events as ev
from .transcript import Transcript


class OtherConversation(Exception):
    """The server's session of this id is another conversation (ids come back after a delete)."""


def missing(transcript: Transcript, replayed: list[ev.Event]) -> list[ev.Event]:
    """The events to log so that `transcript` holds all of the history.

    Args:
        transcript: what we have.
        replayed: the server's history, oldest first.

    Raises:
        OtherConversation: both have prompts, and no way to align them.
    """
    replayed = _whole_prompts(replayed)
    ours = [item["text"] for item in transcript if item["kind"] == "user" and item["state"] != "failed"]
    theirs = [(index, event.text) for index, event in enumerate(replayed) if isinstance(event, ev.UserMessage)]
    if not ours:
        return replayed
    if not theirs:
        if replayed:
            return []
        raise OtherConversation
    anchor = _anchor(ours, [text for _, text in theirs])
    if anchor is None:
        raise OtherConversation
    turn = theirs[anchor][0] + 1
    end = theirs[anchor + 1][0] if anchor + 1 < len(theirs) else len(replayed)
    return _rest_of_turn(transcript, replayed[turn:end]) + replayed[end:]


def _anchor(ours: list[str], theirs: list[str]) -> int | None:
    """The index in `theirs` of our last prompt."""
    if len(theirs) >= len(ours) and theirs[: len(ours)] == ours:
        return len(ours) - 1
    # Shorter or changed at the front (compacted, cleared), or our last prompts never arrived: go by the last that did.
    for text in reversed(ours):
        for index in range(len(theirs) - 1, -1, -1):
            if theirs[index] == text:
                return index
    return None


def _whole_prompts(replayed: list[ev.Event]) -> list[ev.Event]:
    """A prompt of several blocks is replayed in as many chunks: join them."""
    result: list[ev.Event] = []
    for event in replayed:
        last = result[-1] if result else None
        if isinstance(event, ev.UserMessage) and isinstance(last, ev.UserMessage) and (event.content or last.content):
            result[-1] = replace(last, text=last.text + event.text, content=last.content + event.content)
        else:
            result.append(event)
    return result


def _rest_of_turn(transcript: Transcript, replayed: list[ev.Event]) -> list[ev.Event]:
    """Of the turn of our last prompt, what was not streamed to us."""
    known = transcript.turn_messages()
    rest: list[ev.Event] = []
    for event in ev.coalesce(replayed):
        match event:
            case ev.Text(text, message_id) | ev.Thought(text, message_id):
                seen = known.get((type(event), message_id), "")
                if seen.startswith(text):
                    known[(type(event), message_id)] = seen[len(text) :]
                elif text.startswith(seen):
                    rest.append(replace(event, text=text[len(seen) :]))
            case ev.Content(block, _):
                if block not in transcript.turn_blocks():
                    rest.append(event)
            case ev.ToolCall(call_id):
                rest.append(replace(event, starts=event.starts and not transcript.in_turn(call_id)))
            case _:
                rest.append(event)
    return [event for event in rest if not _is_no_news(transcript, event)]


def _is_no_news(transcript: Transcript, event: ev.Event) -> bool:
    """Whether a tool's event tells what its card shows already."""
    if not isinstance(event, ev.ToolCall):
        return False
    item = transcript.tool(event.call_id) if transcript.in_turn(event.call_id) else None
    return item is not None and item["status"] in ("completed", "failed")
