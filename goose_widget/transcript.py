"""The transcript: what the events add up to, as items, and the changes that each event makes.

`reduce` is pure but for the transcript it is given: the same events lead to the same items, here, from the file, and
(by the changes) in the browser. The cost of an event depends neither on the length of its item nor on that of the chat:
streamed text is kept in pieces and joined when somebody reads the item. The shapes of items and changes are those of
`js/src/wire.ts`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from . import events as ev
from .turn import Turn

Item: TypeAlias = dict[str, Any]

_CALL_FIELDS = ("title", "name", "extension", "tool_kind", "status", "input", "result", "content", "locations")

# Facts around the transcript, of which it shows nothing.
_SHOWN_ELSEWHERE = frozenset({ev.Mode, ev.Model, ev.Title, ev.Commands, ev.Queued, ev.QueueEdited, ev.Unqueued})

# What a turn that ended leaves its unfinished items as, by stop reason; anything else left them done.
_CUT = {"cancelled": "cancelled", "interrupted": "interrupted", "failed": "interrupted", "error": "interrupted"}


@dataclass(frozen=True, slots=True)
class Add:
    """A new item at the end."""

    item: Item

    def to_wire(self) -> dict[str, Any]:
        """As JSON for the browser."""
        return {"op": "add", "item": self.item}


@dataclass(frozen=True, slots=True)
class Append:
    """More text at the end of a string field, `text` or `output`."""

    id: str
    field: str
    text: str

    def to_wire(self) -> dict[str, Any]:
        """As JSON for the browser."""
        return {"op": "append", "id": self.id, "field": self.field, "text": self.text}


@dataclass(frozen=True, slots=True)
class Patch:
    """New values for the named fields."""

    id: str
    set: dict[str, Any]

    def to_wire(self) -> dict[str, Any]:
        """As JSON for the browser."""
        return {"op": "patch", "id": self.id, "set": self.set}


Change: TypeAlias = Add | Append | Patch


class Transcript:
    """Items in their order, and where the next piece of each stream goes."""

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}
        self._pieces: dict[tuple[str, str], list[str]] = {}
        self._last: Item | None = None
        self._stream: str | None = None  # message id of the last item, if that is a message that still grows
        self._open: dict[str, None] = {}  # ids of items that the end of the turn closes
        self._calls: dict[str, str] = {}  # call id -> item id
        self._finished: set[str] = set()  # items of calls whose end the server told
        self._turn_calls: set[str] = set()  # those of this turn
        self._started: set[str] = set()  # of these, the ones that the server announced
        self._requests: dict[str, str] = {}  # permission request -> item id
        self._waiting: dict[str, None] = {}  # those that wait for an answer
        self._prompts: dict[str, str] = {}  # prompt id -> item id
        self._messages: dict[str, str | None] = {}  # item id -> message id, of this turn's messages and thoughts
        self._plan: str | None = None
        self._turn = Turn()

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return (self.item(item_id) for item_id in list(self._items))

    def ids(self) -> list[str]:
        """The ids of all items, in their order."""
        return list(self._items)

    def item(self, item_id: str) -> Item:
        """A copy of the item as it is now, its streamed text joined."""
        item = self._items[item_id]
        for field in ("text", "output"):
            pieces = self._pieces.get((item_id, field))
            if pieces:
                item[field] += "".join(pieces)
                pieces.clear()
        return dict(item)

    def last(self, kind: str) -> Item | None:
        """The newest item of a kind."""
        for item_id in reversed(self._items):
            if self._items[item_id]["kind"] == kind:
                return self.item(item_id)
        return None

    def since(self, item_id: str) -> list[Item]:
        """The item and all after it."""
        found: list[str] = []
        for candidate in reversed(self._items):
            found.append(candidate)
            if candidate == item_id:
                break
        return [self.item(each) for each in reversed(found)]

    def newest(self, prompts: int) -> list[Item]:
        """The items from the newest so many prompts on; all, if there are fewer."""
        found: list[str] = []
        for candidate in reversed(self._items):
            found.append(candidate)
            prompts -= self._items[candidate]["kind"] == "user"
            if prompts == 0:
                break
        return [self.item(each) for each in reversed(found)]

    def answered(self, text: str) -> int:
        """How many prompts with this text were answered by anything, the newest prompt left out."""
        replies: dict[str, bool] = {}  # by prompt
        prompt = ""
        for item_id, item in self._items.items():
            if item["kind"] == "user":
                prompt = item_id
                if item["text"].strip() == text.strip():
                    replies[prompt] = False
            elif item["kind"] in ("agent", "thought", "tool") and prompt in replies:
                replies[prompt] = True
        replies.pop(prompt, None)
        return sum(replies.values())

    def prompt_item(self, prompt_id: str) -> str | None:
        """The id of the item that shows a prompt."""
        return self._prompts.get(prompt_id)

    def open_requests(self) -> list[str]:
        """Permission requests that wait for an answer, oldest first."""
        return list(self._waiting)

    def tool_of(self, request_id: str) -> Item | None:
        """The tool item in which a permission request is shown."""
        item_id = self._requests.get(request_id)
        return None if item_id is None else self.item(item_id)

    def tool(self, call_id: str) -> Item | None:
        """The item of a tool call."""
        item_id = self._calls.get(call_id)
        return None if item_id is None else self.item(item_id)

    def in_turn(self, call_id: str) -> bool:
        """Whether a tool call belongs to the newest turn."""
        return call_id in self._turn_calls

    def turn_messages(self) -> dict[tuple[type, str | None], str]:
        """The text so far of the newest turn's messages and thoughts, by event type and message id."""
        texts: dict[tuple[type, str | None], str] = {}
        for item_id, message_id in self._messages.items():
            item = self.item(item_id)
            key = (ev.Text if item["kind"] == "agent" else ev.Thought, message_id)
            texts[key] = texts.get(key, "") + item["text"]
        return texts

    def turn_blocks(self) -> list[ev.Block]:
        """The images and other blocks of the newest turn's reply."""
        blocks: list[ev.Block] = []
        for item_id in reversed(self._items):
            item = self._items[item_id]
            if item["kind"] == "user":
                break
            blocks += item["content"] if item["kind"] == "agent" else []
        return blocks

    # The steps of reduce. Each keeps self._items and returns what it changed.

    def _add(self, item: Item, *, stream: str | None = None, is_open: bool = False) -> list[Change]:
        changes = self._close_stream(item)
        self._items[item["id"]] = self._last = item
        self._stream = stream
        if item["kind"] in ("agent", "thought", "tool"):
            self._turn.added(item, item["started"] if "started" in item else item["time"])
        if is_open:
            self._open[item["id"]] = None
        return [*changes, Add(dict(item))]

    def _patch(self, item_id: str, values: dict[str, Any]) -> list[Change]:
        item = self._items[item_id]
        values = {key: value for key, value in values.items() if item.get(key) != value}
        if not values:
            return []
        item.update(values)
        return [Patch(item_id, values)]

    def _append(self, item_id: str, field: str, text: str) -> list[Change]:
        self._pieces.setdefault((item_id, field), []).append(text)
        return [Append(item_id, field, text)]

    def _close_stream(self, following: Item) -> list[Change]:
        """Another item begins: a thought or a message before it grows no more."""
        last, self._stream = self._last, None
        if last is None or last["id"] not in self._open or last["kind"] not in ("agent", "thought"):
            return []
        del self._open[last["id"]]
        when = following.get("time") or following.get("started")
        return self._patch(last["id"], {"state": "done"} if last["kind"] == "agent" else {"ended": when})

    def _say(self, kind: str, text: str, message_id: str | None, item: Item) -> list[Change]:
        last = self._last
        grows = last is not None and last["kind"] == kind and last["id"] in self._open
        if last is not None and grows and self._stream == (message_id or ""):
            return self._append(last["id"], "text", text)
        self._messages[item["id"]] = message_id
        return self._add(item, stream=message_id or "", is_open=True)

    def _known(self, call_id: str) -> str | None:
        """The item of a call; None too if that was done in an earlier turn: some models count their calls anew."""
        known = self._calls.get(call_id)
        return None if known in self._finished and call_id not in self._turn_calls else known

    def _tool(self, call: ev.ToolCall, item_id: str, time: float) -> list[Change]:
        known = self._known(call.call_id)
        again = call.call_id in self._started and known is not None and self._items[known]["ended"] is not None
        if call.starts and (again or call.call_id not in self._turn_calls):
            known = None
        if call.starts:
            self._started.add(call.call_id)
        self._turn_calls.add(call.call_id)
        values: dict[str, Any] = {}
        for key in _CALL_FIELDS:
            value = getattr(call, key)
            if value is not None:
                values[key] = list(value) if type(value) is tuple else value
        changes: list[Change] = []
        if known is None:
            known = self._calls[call.call_id] = item_id
            changes += self._add(new_tool(item_id, call.call_id, time, values), is_open=True)
            values = {}
        status = values.get("status", self._items[known]["status"])
        if status in ("completed", "failed") and self._items[known]["ended"] is None:
            permission = self._items[known]["permission"]
            if permission is None or permission["state"] != "open":  # else the end of the turn makes the question void
                self._open.pop(known, None)
            self._finished.add(known)
            self._turn.tool_ended(time)
            values["ended"] = time
        return changes + self._patch(known, values)

    def _answer(self, event: ev.PermissionAnswered) -> list[Change]:
        if event.request_id not in self._waiting:
            return []
        del self._waiting[event.request_id]
        item_id = self._requests[event.request_id]
        if self._items[item_id]["permission"]["request"] != event.request_id:
            return []  # the call was asked about again
        state = "void" if event.option_id is None else "answered"
        answer = {"state": state, "option": event.option_id, "by": event.by, "note": event.note}
        return self._patch(item_id, {"permission": {**self._items[item_id]["permission"], **answer}})

    def _end_turn(self, event: ev.TurnEnded, time: float) -> list[Change]:
        changes: list[Change] = []
        cut = _CUT.get(event.stop_reason)
        for item_id in self._open:
            item = self._items[item_id]
            if item["kind"] == "agent":
                changes += self._patch(item_id, {"state": cut or "done"})
            elif item["kind"] == "thought":
                changes += self._patch(item_id, {"ended": time})
            else:
                permission = item["permission"]
                if permission is not None and permission["state"] == "open":
                    permission = {**permission, "state": "void", "note": "The turn ended before it was answered."}
                values = {"permission": permission}
                if item["ended"] is None:
                    values |= {"status": cut or "completed", "ended": time}
                changes += self._patch(item_id, values)
        self._open.clear()
        self._waiting.clear()
        self._stream = self._plan = None
        took = self._turn.end(event, time)
        return changes + (self._patch(took[0], {"turn": took[1]}) if took else [])


def new_tool(item_id: str, call_id: str, time: float, values: dict[str, Any]) -> Item:
    """A tool item of which only `values` are known."""
    item: Item = {
        "id": item_id,
        "kind": "tool",
        "title": "",
        "name": "",
        "extension": "",
        "tool_kind": "",
        "status": "pending",
        "input": None,
        "output": "",
        "truncated": False,
        "content": [],
        "result": None,
        "locations": [],
        "started": time,
        "ended": None,
        "permission": None,
    } | values
    item["title"] = item["title"] or item["name"] or call_id
    return item


def _message(item_id: str, time: float, text: str, content: list[ev.Block], state: str) -> Item:
    head = {"id": item_id, "kind": "agent", "text": text, "content": content}
    return {**head, "time": time, "state": state, "turn": None}


def _notice(item_id: str, time: float, level: str, text: str, detail: str = "") -> Item:
    return {"id": item_id, "kind": "notice", "level": level, "text": text, "detail": detail, "time": time}


def reduce(transcript: Transcript, event: ev.Event, *, seq: int, time: float) -> list[Change]:
    """Apply `event` to `transcript` and return what changed.

    Args:
        transcript: the transcript to change.
        event: the event; events of a tool call or a turn are accepted in any order.
        seq: the event's number in the log, from 1; a new item takes its id from it.
        time: seconds since the epoch.
    """
    if type(event) in _SHOWN_ELSEWHERE:
        return []
    t, item_id = transcript, f"i{seq}"
    match event:  # the most frequent first: a long session is reduced in a second
        case ev.Text(text, message_id):
            return t._say("agent", text, message_id, _message(item_id, time, text, [], "streaming"))
        case ev.ToolCall():
            return t._tool(event, item_id, time)
        case ev.LiveOutput(call_id, text, truncated):
            changes = [] if t._known(call_id) else t._tool(ev.ToolCall(call_id), item_id, time)
            changes += t._append(t._calls[call_id], "output", text)
            return changes + (t._patch(t._calls[call_id], {"truncated": True}) if truncated else [])
        case ev.UserMessage(text, _, content, more=True) if t._last is not None and t._last["kind"] == "user":
            known = t._last
            return t._patch(known["id"], {"text": known["text"] + text, "content": [*known["content"], *content]})
        case ev.UserMessage(text, prompt_id, content):
            if prompt_id is not None:
                t._prompts[prompt_id] = item_id
            t._turn_calls.clear()
            t._started.clear()
            t._messages.clear()
            item = {
                "id": item_id,
                "kind": "user",
                "text": text,
                "content": list(content),
                "time": time,
                "state": "sent",
            }
            return t._add(item)
        case ev.TurnEnded(prompt_id, stop_reason, _, error):
            changes = t._end_turn(event, time)
            prompt = t._prompts.get(prompt_id)
            if stop_reason in ("failed", "unsure") and prompt is not None:
                changes += t._patch(prompt, {"state": stop_reason})
            note = _turn_note(stop_reason, error)
            return changes + (t._add(_notice(item_id, time, *note)) if note else [])
        case ev.Thought(text, message_id):
            item = {"id": item_id, "kind": "thought", "text": text, "started": time, "ended": None}
            return t._say("thought", text, message_id, item)
        case ev.Content(block, message_id):
            return t._add(_message(item_id, time, "", [block], "done"))
        case ev.PermissionAsked(request_id, call_id, options, cwd):
            changes = [] if t._known(call_id) else t._tool(ev.ToolCall(call_id), item_id, time)
            t._requests[request_id] = t._calls[call_id]
            t._waiting[request_id] = None
            asked = {"request": request_id, "cwd": cwd, "options": list(options), "state": "open"}
            t._open[t._calls[call_id]] = None
            return changes + t._patch(
                t._calls[call_id], {"permission": {**asked, "option": None, "by": "", "note": ""}}
            )
        case ev.PermissionAnswered():
            return t._answer(event)
        case ev.Plan(entries):
            if t._plan is not None:
                return t._patch(t._plan, {"entries": list(entries)})
            t._plan = item_id
            return t._add({"id": item_id, "kind": "plan", "entries": list(entries), "time": time})
        case ev.Notice(level, text, detail):
            return t._add(_notice(item_id, time, level, text, detail))
        case ev.Raw(what, payload):
            text = f"goose sent {what}, which this version of goose-widget does not understand."
            return t._add(_notice(item_id, time, "warning", text, _short(payload)))
        case ev.Usage():
            t._turn.note(event)
            return []
        case ev.TurnStarted(prompt_id):
            t._turn.start(prompt_id, time)
            return []
        case _:
            return []


def _turn_note(stop_reason: str, error: str) -> tuple[str, str] | None:
    match stop_reason:
        case "cancelled":
            return "info", error or "Stopped."
        case "end_turn":
            return ("warning", error) if error else None
        case "refusal":
            return "warning", error or "The model refused to go on. Ask in another way."
        case "max_tokens":
            return "warning", error or "The reply reached the model's limit of tokens. Ask goose to continue."
        case "max_turn_requests":
            return "warning", error or "goose reached its limit of steps in one turn. Ask it to continue."
        case _:
            return "error", error or f"The turn ended: {stop_reason}."


def _short(payload: Any, limit: int = 4000) -> str:
    text = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False, default=str)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)"


def merge(changes: Iterable[Change]) -> list[Change]:
    """`changes` with neighbouring appends to one field joined, for a message to the browser."""
    result: list[Change] = []
    for change in changes:
        last = result[-1] if result else None
        if (
            isinstance(change, Append)
            and isinstance(last, Append)
            and (last.id, last.field) == (change.id, change.field)
        ):
            result[-1] = Append(last.id, last.field, last.text + change.text)
        else:
            result.append(change)
    return result
