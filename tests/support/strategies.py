"""What hypothesis draws: JSON, broken JSON-RPC, events."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from goose_widget import events as ev

Json = Any

patient = settings(deadline=None)
"""For every test with hypothesis: a slow machine is no failure."""

names = st.sampled_from(["id", "type", "text", "status", "content", "title", "_meta", "update", "x"]) | st.text(
    max_size=5
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values: st.SearchStrategy[Json] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=8
)
finite = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)

_methods = st.sampled_from(["session/update", "session/request_permission", "fs/read_text_file", "x"])
_rpc = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0")},
    optional={
        "id": st.integers(0, 5) | st.text(max_size=3) | scalars,
        "method": _methods | scalars,
        "params": values,
        "result": values,
        "error": values,
    },
)
frames: st.SearchStrategy[str | bytes] = (
    st.text(max_size=50) | st.binary(max_size=50) | values.map(json.dumps) | _rpc.map(json.dumps)
)
"""Frames that no server should send."""


def places(value: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything in `value`."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from places(child, (*path, key))


@st.composite
def mutated(draw: st.DrawFn, value: Json) -> Json:
    """`value` with one thing in it taken away or replaced."""
    value = copy.deepcopy(value)
    *path, key = draw(st.sampled_from(list(places(value))))
    parent = value
    for step in path:
        parent = parent[step]
    if isinstance(parent, dict) and draw(st.booleans()):
        del parent[key]
    else:
        parent[key] = draw(st.none() | values)
    return value


_text = st.text(max_size=8)
_ids = st.sampled_from(["a", "b"])
_some = st.none() | _text
_blocks = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, _text),
    st.builds(lambda data: {"type": "image", "mime": "image/png", "data": data}, _text),
    st.builds(lambda old, new: {"type": "diff", "path": "p", "old": old, "new": new}, _some, _text),
)
_statuses = st.none() | st.sampled_from(["pending", "in_progress", "completed", "failed"])
_message_ids = st.none() | _ids
_options = st.just(
    ({"id": "yes", "name": "Yes", "kind": "allow_once"}, {"id": "no", "name": "No", "kind": "reject_once"})
)
_counts = st.integers(0, 10**6)
_stops = st.sampled_from(
    ["end_turn", "cancelled", "refusal", "max_tokens", "max_turn_requests", "interrupted", "failed", "unsure", "new"]
)

EVENTS: dict[type, st.SearchStrategy[ev.Event]] = {
    ev.UserMessage: st.builds(
        ev.UserMessage, _text, _message_ids, st.lists(_blocks, max_size=2).map(tuple), st.booleans(), st.booleans()
    ),
    ev.Queued: st.builds(ev.Queued, _ids, _text, st.lists(_blocks, max_size=2).map(tuple), st.booleans()),
    ev.QueueEdited: st.builds(ev.QueueEdited, _ids, _text),
    ev.Unqueued: st.builds(ev.Unqueued, _ids),
    ev.Text: st.builds(ev.Text, _text, _message_ids),
    ev.Thought: st.builds(ev.Thought, _text, _message_ids),
    ev.Content: st.builds(ev.Content, _blocks, _message_ids),
    ev.ToolCall: st.builds(
        ev.ToolCall,
        call_id=_ids,
        starts=st.booleans(),
        title=_some,
        name=_some,
        extension=_some,
        tool_kind=_some,
        status=_statuses,
        input=finite,
        content=st.none() | st.lists(_blocks, max_size=2).map(tuple),
        locations=st.none() | st.just(({"path": "p", "line": 1}, {"path": "q", "line": None})),
        result=finite,
    ),
    ev.LiveOutput: st.builds(ev.LiveOutput, _ids, _text, st.booleans()),
    ev.PermissionAsked: st.builds(ev.PermissionAsked, _ids, _ids, _options, _text),
    ev.PermissionAnswered: st.builds(
        ev.PermissionAnswered,
        _ids,
        st.none() | st.sampled_from(["yes", "no"]),
        st.sampled_from(["", "user", "code", "policy"]),
        _text,
    ),
    ev.Plan: st.builds(ev.Plan, st.just(({"content": "c", "status": "pending", "priority": "low"},)) | st.just(())),
    ev.Usage: st.builds(ev.Usage, _counts, _counts, _some),
    ev.Mode: st.builds(ev.Mode, _text),
    ev.Model: st.builds(ev.Model, _text),
    ev.Title: st.builds(ev.Title, _text),
    ev.Commands: st.builds(ev.Commands, st.just(({"name": "n", "description": "d", "hint": "h"},)) | st.just(())),
    ev.TurnStarted: st.builds(ev.TurnStarted, _ids),
    ev.TurnEnded: st.builds(ev.TurnEnded, _ids, _stops, st.dictionaries(_text, _counts, max_size=2), _text),
    ev.Notice: st.builds(ev.Notice, st.sampled_from(["info", "warning", "error"]), _text, _text),
    ev.Raw: st.builds(ev.Raw, _text, finite),
}
"""A strategy for every kind of event, with few different ids so that events meet."""

events: st.SearchStrategy[ev.Event] = st.one_of(*EVENTS.values())
logs: st.SearchStrategy[list[ev.Event]] = st.lists(events, max_size=30)
