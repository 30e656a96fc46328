"""What a server's history has and our transcript has not.

A server replays a session whole when it is loaded. Ours is the truth for what was seen (goose forgets a reply that was
cut), the server's for what was said elsewhere. Rules:

- The two are aligned turn by turn, by their prompts; of turns with the same prompt those are taken whose replies are
  alike. What only one side has (a prompt that never arrived, a history that was cleared) is passed over.
- A log only grows at its end. So what comes after the last turn that both have is added, and the rest of that turn if
  it is our newest; older turns stay as they were seen.
- If both go on differently after it, or have nothing in common but prompts with other replies, it is another
  conversation under the same id.
- Adding what is missing a second time adds nothing.
- Of a history that is here already only the end is asked for. Where that does not tell for certain what is missing, all
  of it is needed.
- What was redacted here is still there at the server: it does not come back, and a turn with it is the same one.
- A server that lacks turns of ours which ended as they should does not remember them: for the agent it is another
  conversation, as much as one with other turns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from . import events as ev
from .redact import MARKS
from .transcript import Item, Transcript

# Turns of each side that are compared with each other: the time for that grows with its square.
_CAREFUL: Final = 500

# Turns of ours at the end that the server may lack, because they were cut off, where only its end is compared.
_CUT_TURNS: Final = 20

# How alike two turns are.
_DIFFERENT: Final = 0
_CONTRARY: Final = 1  # the same prompt with another reply: doubtful, alone
_POSSIBLE: Final = 2
_ALIKE: Final = 4


DIFFERS: Final = (
    "goose's own record of this conversation differs from what is shown here: a message was damaged on its way."
)


class OtherConversation(Exception):
    """The server's session of this id is another conversation (ids come back after a delete)."""


class TooShort(Exception):
    """The end of the server's history is not enough to say what is missing."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """A prompt (None: what is before the first), and the beginning of what was said after it, by kind of item.

    `events` are theirs; of ours nobody needs any. `refused`: the server never had it; `whole`: it had a reply, which
    ended as it should.
    """

    prompt: str | None
    said: dict[str, str]
    events: tuple[ev.Event, ...] = ()
    refused: bool = False
    whole: bool = False


def missing(
    transcript: Transcript,
    replayed: list[ev.Event],
    *,
    is_tail: bool = False,
    must_remember: bool = False,
    is_ours: bool = False,
) -> list[ev.Event]:
    """The events to log so that `transcript` holds all of the history.

    Args:
        transcript: what we have.
        replayed: the server's history, oldest first.
        is_tail: that is only the end of the server's.
        must_remember: it is another conversation if the server lacks a whole turn of ours at the end.
        is_ours: we were in this session before, so it is ours if any prompt is, whatever became of the replies on the
            way.

    Raises:
        OtherConversation: both have something, and no way to align them.
        TooShort: the end is not enough to say it.
    """
    theirs = _theirs(replayed)
    if is_tail:
        return _missing_of_tail(transcript, theirs)
    ours = _ours(transcript)
    if all(turn.refused for turn in ours):
        return _events(theirs)
    pairs = _align(ours, theirs)
    if not any(_likeness(ours[i], theirs[j]) > _CONTRARY for i, j in pairs):
        if is_ours and pairs:
            return [ev.Notice("warning", DIFFERS, once=True), *_events(theirs[pairs[-1][1] + 1 :])]
        if any(turn.prompt is not None for turn in theirs) or (not theirs and any(turn.said for turn in ours)):
            raise OtherConversation
        if must_remember and any(turn.whole for turn in ours):
            raise OtherConversation
        return []  # our prompts never arrived; or theirs were compacted away
    i, j = pairs[-1]
    following = theirs[j + 1 :]
    if following and any(turn.said for turn in ours[i + 1 :]):
        raise OtherConversation
    if must_remember and any(turn.whole for turn in ours[i + 1 :]):
        raise OtherConversation
    return _after(transcript, ours, theirs, (i, j))


def _missing_of_tail(transcript: Transcript, theirs: list[_Turn]) -> list[ev.Event]:
    if theirs and theirs[0].prompt is None:
        theirs = theirs[1:]  # the end of a turn that began before
    ours = _ours(transcript, prompts=2 * len(theirs) + _CUT_TURNS)
    pairs = [(i, j) for i, j in _align(ours, theirs) if _likeness(ours[i], theirs[j]) > _CONTRARY]
    prompts = [turn.prompt for turn in theirs]
    if not pairs or len(set(prompts)) < len(prompts):
        raise TooShort
    i, j = pairs[-1]
    if any(turn.whole or (turn.said and j < len(theirs) - 1) for turn in ours[i + 1 :]):
        raise TooShort
    return _after(transcript, ours, theirs, (i, j))


def _after(transcript: Transcript, ours: list[_Turn], theirs: list[_Turn], pair: tuple[int, int]) -> list[ev.Event]:
    """What follows the last turn that both have, and the rest of that if it is our newest."""
    i, j = pair
    is_newest = i == len(ours) - 1 and _likeness(ours[i], theirs[j]) > _CONTRARY
    rest = _rest_of_turn(transcript, theirs[j].events) if is_newest else []
    return rest + _events(theirs[j + 1 :])


def share_a_turn(transcript: Transcript, replayed: list[ev.Event]) -> bool:
    """Whether both have a prompt with the same reply."""
    ours, theirs = _ours(transcript), _theirs(replayed)
    return any(_likeness(ours[i], theirs[j]) == _ALIKE for i, j in _align(ours, theirs))


def is_lost(transcript: Transcript, replayed: list[ev.Event]) -> bool:
    """Whether the server's history, whole or its end, ends without our newest prompt, which is not marked so yet."""
    ours, theirs = _ours(transcript, prompts=1), _theirs(replayed)
    return bool(ours) and not ours[-1].refused and (not theirs or ours[-1].prompt != theirs[-1].prompt)


def _ours(transcript: Transcript, prompts: int | None = None) -> list[_Turn]:
    """All turns, or those of the newest prompts."""
    turns: list[list[Item]] = [[]]
    for item in transcript if prompts is None else transcript.newest(prompts):
        if item["kind"] == "user":
            turns.append([])
        turns[-1].append(item)
    return [_our_turn(items) for items in turns if any(item["kind"] in _TELLING for item in items)]


def _our_turn(items: list[Item]) -> _Turn:
    prompt = items[0] if items[0]["kind"] == "user" else None
    said: list[tuple[str, str]] = []
    for item in items:
        match item["kind"]:
            case "agent" | "thought" as kind:
                said.append((kind, item["text"]))
            case "tool":
                said.append(("tool", item["title"]))
    has_reply = any(item["kind"] == "agent" for item in items)
    return _Turn(
        None if prompt is None else prompt["text"].strip(),
        _beginnings(said),
        refused=prompt is not None and prompt["state"] == "failed",
        whole=has_reply and not any(_is_cut(item) for item in items),
    )


_TELLING: Final = ("user", "agent", "thought", "tool")


def _is_cut(item: Item) -> bool:
    return (
        item.get("state") in ("streaming", "cancelled", "interrupted")
        or item.get("status") in ("pending", "in_progress", "cancelled", "interrupted")
        or item.get("level") == "error"
    )


def _theirs(replayed: list[ev.Event]) -> list[_Turn]:
    turns: list[list[ev.Event]] = [[]]
    for event in ev.coalesce(_whole_prompts(replayed)):
        if isinstance(event, ev.UserMessage):
            turns.append([])
        turns[-1].append(event)
    return [_their_turn(turn) for turn in turns if turn]


def _their_turn(events: list[ev.Event]) -> _Turn:
    prompt = events[0].text.strip() if isinstance(events[0], ev.UserMessage) else None
    said: list[tuple[str, str]] = []
    for event in events:
        match event:
            case ev.Text(text):
                said.append(("agent", text))
            case ev.Thought(text):
                said.append(("thought", text))
            case ev.ToolCall(title=str(title)):
                said.append(("tool", title))
    return _Turn(prompt, _beginnings(said), tuple(events))


def _beginnings(said: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The first text of each kind; a reply that came in two parts is one."""
    first: dict[str, str] = {}
    for kind, pieces in groupby(said, key=lambda piece: piece[0]):
        texts = [text for _, text in pieces]
        text = (texts[0] if kind == "tool" else "".join(texts)).strip()
        if text:
            first.setdefault(kind, text)
    return first


def _events(turns: Iterable[_Turn]) -> list[ev.Event]:
    return [event for turn in turns for event in turn.events]


def _likeness(ours: _Turn, theirs: _Turn) -> int:
    if ours.refused or not is_same(ours.prompt, theirs.prompt):
        return _DIFFERENT
    for kind in ("agent", "tool", "thought"):
        one, other = ours.said.get(kind), theirs.said.get(kind)
        if one and other:
            return _ALIKE if _begin_alike(one, other) else _CONTRARY
    return _POSSIBLE


def is_same(ours: str | None, theirs: str | None) -> bool:
    """Whether a text of ours is the server's, maybe with something redacted."""
    if ours is None or theirs is None or not _is_redacted(ours):
        return ours == theirs
    return _unredacted(ours).fullmatch(theirs) is not None


def _begin_alike(ours: str, theirs: str) -> bool:
    if _is_redacted(ours):
        return _unredacted(ours[: ours.rindex(_marks(ours)[-1])]).match(theirs) is not None
    return ours.startswith(theirs) or theirs.startswith(ours)


def _marks(text: str) -> list[str]:
    return re.findall("|".join(map(re.escape, MARKS)), text)


def _is_redacted(text: str) -> bool:
    return any(mark in text for mark in MARKS)


def _unredacted(text: str) -> re.Pattern[str]:
    """What a text may have been."""
    marks = "|".join(map(re.escape, MARKS))
    return re.compile(".*?".join(map(re.escape, re.split(marks, text))), re.DOTALL)


def _align(ours: list[_Turn], theirs: list[_Turn]) -> list[tuple[int, int]]:
    """The pairs of turns that are the same one, in order, as many and as alike as possible."""
    start = 0
    while start < min(len(ours), len(theirs)) and _likeness(ours[start], theirs[start]) == _ALIKE:
        start += 1
    end = 0  # turns at the end that are alike too: what is between is all that takes thought
    shorter = min(len(ours), len(theirs)) - start
    if len(ours) == len(theirs) or shorter > _CAREFUL:
        while end < shorter and _likeness(ours[-1 - end], theirs[-1 - end]) == _ALIKE:
            end += 1
    pairs = [(index, index) for index in range(start)]
    tail = [(len(ours) - back, len(theirs) - back) for back in range(end, 0, -1)]
    # What is left of a very long history: its newest turns.
    row, column = max(start, len(ours) - end - _CAREFUL), max(start, len(theirs) - end - _CAREFUL)
    rows, columns = ours[row : len(ours) - end], theirs[column : len(theirs) - end]
    # best[i][j]: the likeness that can be had from rows[i:] and columns[j:].
    best = [[0] * (len(columns) + 1) for _ in range(len(rows) + 1)]
    for i in range(len(rows) - 1, -1, -1):
        for j in range(len(columns) - 1, -1, -1):
            alike = _likeness(rows[i], columns[j])
            matched = best[i + 1][j + 1] + alike if alike else 0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], matched)
    i = j = 0
    while best[i][j]:
        if best[i + 1][j] == best[i][j]:  # of equal prompts the newest of ours and the oldest of theirs: all is shown
            i += 1
        elif best[i][j + 1] == best[i][j] and not _is_match(best, rows, columns, i, j):
            j += 1
        else:
            pairs.append((row + i, column + j))
            i, j = i + 1, j + 1
    return pairs + tail


def _is_match(best: list[list[int]], rows: list[_Turn], columns: list[_Turn], i: int, j: int) -> bool:
    alike = _likeness(rows[i], columns[j])
    return bool(alike) and best[i + 1][j + 1] + alike == best[i][j]


def _whole_prompts(replayed: list[ev.Event]) -> list[ev.Event]:
    """A prompt of several blocks is replayed in as many chunks: join them."""
    result: list[ev.Event] = []
    for event in replayed:
        last = result[-1] if result else None
        if isinstance(event, ev.UserMessage) and isinstance(last, ev.UserMessage) and event.more:
            result[-1] = replace(last, text=last.text + event.text, content=last.content + event.content)
        else:
            result.append(event)
    return result


def _rest_of_turn(transcript: Transcript, replayed: tuple[ev.Event, ...]) -> list[ev.Event]:
    """Of our newest turn, what was not streamed to us."""
    if _is_redacted(json.dumps(transcript.newest(1), ensure_ascii=False, default=str)):
        return []  # it was whole when it was redacted
    known, blocks = transcript.turn_messages(), transcript.turn_blocks()
    plan = transcript.last("plan")
    rest: list[ev.Event] = []
    for event in replayed:
        match event:
            case ev.UserMessage():
                pass
            case ev.Text(text, message_id) | ev.Thought(text, message_id):
                seen = known.get((type(event), message_id), "")
                if seen.startswith(text):
                    known[(type(event), message_id)] = seen[len(text) :]
                elif text.startswith(seen):
                    known[(type(event), message_id)] = ""
                    rest.append(replace(event, text=text[len(seen) :]))
                elif message_id is None and text not in seen:
                    rest.append(event)
            case ev.Content(block):
                if block in blocks:
                    blocks.remove(block)
                else:
                    rest.append(event)
            case ev.ToolCall(call_id):
                if not transcript.in_turn(call_id):
                    rest.append(event)
                elif event.status in ("completed", "failed") and not _is_done(transcript, call_id):
                    rest.append(replace(event, starts=False))
            case ev.LiveOutput(call_id):
                if not transcript.in_turn(call_id):
                    rest.append(event)
            case ev.Plan(entries):
                if plan is None or plan["entries"] != list(entries):
                    rest.append(event)
            case _:
                rest.append(event)
    return rest


def _is_done(transcript: Transcript, call_id: str) -> bool:
    item = transcript.tool(call_id)
    return item is not None and item["status"] in ("completed", "failed")
