from __future__ import annotations

import contextlib
import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given

from goose_widget import events as ev
from goose_widget.events import LiveOutput, Text, Thought, ToolCall
from support import strategies


def stored(event: ev.Event) -> ev.Event:
    """`event` as it comes out of a session file."""
    return ev.from_json(json.loads(json.dumps(ev.to_json(event), allow_nan=False)))


# -- records ---------------------------------------------------------------------------------------------------------


def test_every_kind_of_event_has_a_name_and_a_strategy() -> None:
    assert set(ev.KINDS.values()) == set(ev.Event.__args__) == set(strategies.EVENTS)
    assert len(set(ev.KINDS)) == len(ev.Event.__args__)


@strategies.patient
@given(strategies.events)
def test_a_record_gives_back_its_event(event: ev.Event) -> None:
    assert stored(event) == event


@strategies.patient
@given(strategies.events)
def test_the_number_and_time_of_a_line_are_no_fields_of_its_event(event: ev.Event) -> None:
    assert ev.from_json(json.loads(json.dumps({**ev.to_json(event), "seq": 7, "time": 1.5}))) == event


@pytest.mark.parametrize(
    ("event", "record"),
    [
        (Text("hi"), {"e": "text", "text": "hi"}),
        (Text("hi", "m"), {"e": "text", "text": "hi", "message_id": "m"}),
        (ToolCall("c"), {"e": "tool", "call_id": "c"}),
        (ToolCall("c", input=0, result=False), {"e": "tool", "call_id": "c", "input": 0, "result": False}),
        (ToolCall("c", content=()), {"e": "tool", "call_id": "c", "content": ()}),
        (ev.TurnEnded("p", "end_turn"), {"e": "ended", "prompt_id": "p", "stop_reason": "end_turn"}),
        (ev.PermissionAnswered("r", None), {"e": "answered", "request_id": "r", "option_id": None}),
        (ev.Raw("x"), {"e": "raw", "what": "x"}),
    ],
)
def test_a_record_leaves_out_what_holds_its_default(event: ev.Event, record: dict[str, Any]) -> None:
    assert ev.to_json(event) == record


@pytest.mark.parametrize(
    "record",
    [
        {"e": "hologram", "depth": 3},
        {"e": "text", "text": "hi", "colour": "red"},
        {"e": None, "text": "hi"},
        {"e": ["text"], "text": "hi"},
        {"text": "hi"},
    ],
    ids=json.dumps,
)
def test_a_kind_or_a_field_of_a_newer_version_is_kept_as_it_came(record: dict[str, Any]) -> None:
    raw = ev.from_json({**record, "seq": 1, "time": 1.0})
    assert isinstance(raw, ev.Raw)
    assert raw.payload == {key: value for key, value in record.items() if key != "e"}
    assert stored(raw) == raw


@pytest.mark.parametrize(
    "record",
    [
        {"e": "text"},
        {"e": "text", "text": 5},
        {"e": "text", "text": None},
        {"e": "text", "text": ["hi"]},
        {"e": "text", "text": "hi", "message_id": 5},
        {"e": "output", "call_id": "c", "text": "t", "truncated": 1},
        {"e": "usage", "used": "5", "size": 10},
        {"e": "usage", "used": True, "size": 10},
        {"e": "ended", "prompt_id": "p", "stop_reason": "x", "usage": None},
        {"e": "content", "block": "text"},
        {"e": "plan", "entries": "none"},
        {"e": "plan", "entries": ["none"]},
        {"e": "tool", "call_id": "c", "content": {}},
        {"e": "tool", "call_id": "c", "content": [None]},
    ],
    ids=json.dumps,
)
def test_a_damaged_record_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a record of the kind"):
        ev.from_json(record)


@strategies.patient
@given(strategies.values)
def test_whatever_a_file_holds_it_is_an_event_or_refused(value: Any) -> None:
    for record in (value, {"e": "tool", "call_id": value}, {"e": "text", "text": value}, {"e": value}):
        if isinstance(record, dict):
            with contextlib.suppress(ValueError):
                ev.to_json(ev.from_json(record))


def test_events_are_facts() -> None:
    for cls in ev.KINDS.values():
        assert not hasattr(cls, "__dict__") or "__slots__" in vars(cls)
    with pytest.raises(FrozenInstanceError):
        Text("hi").text = "ho"  # type: ignore[misc]


# -- coalesce --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "joined"),
    [
        ([], []),
        ([Text("a")], [Text("a")]),
        ([Text("a"), Text("b"), Text("c")], [Text("abc")]),
        ([Text("a", "m"), Text("b", "m")], [Text("ab", "m")]),
        ([Text("a", "m"), Text("b", "n")], [Text("a", "m"), Text("b", "n")]),
        ([Text("a"), Text("b", "n")], [Text("a"), Text("b", "n")]),
        ([Text("a"), Thought("b"), Text("c")], [Text("a"), Thought("b"), Text("c")]),
        ([Thought("a"), Thought("b"), Text("c"), Text("d")], [Thought("ab"), Text("cd")]),
        ([LiveOutput("c", "a"), LiveOutput("c", "b")], [LiveOutput("c", "ab")]),
        ([LiveOutput("c", "a"), LiveOutput("d", "b")], [LiveOutput("c", "a"), LiveOutput("d", "b")]),
        ([LiveOutput("c", "a"), LiveOutput("c", "b", True)], [LiveOutput("c", "a"), LiveOutput("c", "b", True)]),
        ([ToolCall("c"), ToolCall("c")], [ToolCall("c"), ToolCall("c")]),
        ([ev.UserMessage("a"), ev.UserMessage("b")], [ev.UserMessage("a"), ev.UserMessage("b")]),
        ([Text(""), Text("")], [Text("")]),
    ],
)
def test_pieces_of_one_stream_are_joined(events: list[ev.Event], joined: list[ev.Event]) -> None:
    assert ev.coalesce(events) == joined


@strategies.patient
@given(strategies.logs)
def test_joining_keeps_every_character_and_the_order(log: list[ev.Event]) -> None:
    joined = ev.coalesce(log)
    assert ev.coalesce(joined) == joined
    assert pieces(joined) == pieces(log)


def pieces(log: list[ev.Event]) -> list[Any]:
    """The log with streamed text taken apart into characters, each with its stream; empty pieces left out."""
    result: list[Any] = []
    for event in log:
        match event:
            case Text(text, message_id) | Thought(text, message_id):
                result += [(type(event), message_id, letter) for letter in text]
            case LiveOutput(call_id, text, truncated):
                result += [(call_id, truncated, letter) for letter in text]
            case _:
                result.append(event)
    return result


def test_joining_takes_no_longer_for_each_piece_the_more_there_are() -> None:
    joined = ev.coalesce([Text("x" * 100)] * 100_000)
    assert [len(event.text) for event in joined if isinstance(event, Text)] == [10_000_000]
