from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given

from goose_widget import events as ev
from goose_widget.events import Event
from goose_widget.transcript import Add, Append, Change, Patch, Transcript, merge, reduce
from support import replay, strategies
from support.replica import apply, problems

Json = dict[str, Any]

OPTIONS = (
    {"id": "yes", "name": "Allow once", "kind": "allow_once"},
    {"id": "no", "name": "Reject", "kind": "reject_once"},
)
ASKED = ev.PermissionAsked("r", "c", OPTIONS, "/work")
DONE = ev.ToolCall("c", status="completed")


def played(log: Iterable[Event], transcript: Transcript | None = None) -> tuple[Transcript, list[list[Change]]]:
    """The transcript after `log`, and what each event changed. The n-th event has number and time n."""
    transcript = transcript or Transcript()
    return transcript, [reduce(transcript, event, seq=seq, time=float(seq)) for seq, event in enumerate(log, 1)]


def wire(changes: Iterable[Change]) -> list[Json]:
    return [change.to_wire() for change in changes]


def items(*log: Event) -> list[Json]:
    return list(played(log)[0])


def last_changes(*log: Event) -> list[Json]:
    """What the last event changed; a new item is shown by its id, kind and what is not empty."""
    changes = wire(played(log)[1][-1])
    for change in changes:
        if change["op"] == "add":
            change["item"] = {key: value for key, value in change["item"].items() if value not in ("", None, False, [])}
    return changes


def patch(item_id: str, **values: Any) -> Json:
    return {"op": "patch", "id": item_id, "set": values}


def append(item_id: str, field: str, text: str) -> Json:
    return {"op": "append", "id": item_id, "field": field, "text": text}


def add(item_id: str, kind: str, **values: Any) -> Json:
    return {"op": "add", "item": {"id": item_id, "kind": kind, **values}}


def test_a_new_item_has_every_field() -> None:
    block = {"type": "image", "mime": "image/png", "data": "AA"}
    log: list[Event] = [
        ev.UserMessage("u", "p"),
        ev.Text("t"),
        ev.Content(block),
        ev.Thought("h"),
        ev.ToolCall("c"),
        ev.Plan(({"content": "x", "status": "pending", "priority": "low"},)),
        ev.Notice("info", "n"),
        ev.Raw("a riddle", {"a": 1}),
    ]
    assert [(item["kind"], problems(item)) for item in items(*log)] == [
        ("user", []),
        ("agent", []),
        ("agent", []),
        ("thought", []),
        ("tool", []),
        ("plan", []),
        ("notice", []),
        ("notice", []),
    ]
    assert [item["id"] for item in items(*log)] == [f"i{n}" for n in range(1, 9)]


USER = ev.UserMessage("u", "p")
NEW_TOOL = {"title": "c", "status": "pending"}


@pytest.mark.parametrize(
    ("log", "changes"),
    [
        # Messages.
        ([USER], [add("i1", "user", text="u", time=1.0, state="sent")]),
        ([ev.Text("a", "m")], [add("i1", "agent", text="a", time=1.0, state="streaming")]),
        ([ev.Text("a", "m"), ev.Text("b", "m")], [append("i1", "text", "b")]),
        ([ev.Text("a"), ev.Text("b")], [append("i1", "text", "b")]),
        (
            [ev.Text("a", "m"), ev.Text("b", "n")],
            [patch("i1", state="done"), add("i2", "agent", text="b", time=2.0, state="streaming")],
        ),
        ([ev.Thought("a", "m")], [add("i1", "thought", text="a", started=1.0)]),
        ([ev.Thought("a", "m"), ev.Thought("b", "m")], [append("i1", "text", "b")]),
        (
            [ev.Thought("a", "m"), ev.Text("b", "m")],
            [patch("i1", ended=2.0), add("i2", "agent", text="b", time=2.0, state="streaming")],
        ),
        (
            [ev.Text("a", "m"), ev.ToolCall("c")],
            [patch("i1", state="done"), add("i2", "tool", **NEW_TOOL, started=2.0)],
        ),
        (
            [ev.Text("a", "m"), ev.ToolCall("c"), ev.Text("b", "m")],
            [add("i3", "agent", text="b", time=3.0, state="streaming")],
        ),
        (
            [ev.Content({"type": "text", "text": "x"}), ev.Text("b")],
            [add("i2", "agent", text="b", time=2.0, state="streaming")],
        ),
        # Text goes on where a tool only said more of itself.
        ([ev.ToolCall("c"), ev.Text("a"), ev.LiveOutput("c", "o"), ev.Text("b")], [append("i2", "text", "b")]),
        # Tools.
        (
            [ev.ToolCall("c", starts=True, title="t", name="n", input={"a": 1}, status="in_progress")],
            [add("i1", "tool", title="t", name="n", input={"a": 1}, status="in_progress", started=1.0)],
        ),
        ([ev.ToolCall("c"), ev.ToolCall("c")], []),
        ([ev.ToolCall("c", title="t"), ev.ToolCall("c", title="t")], []),
        ([ev.ToolCall("c"), ev.ToolCall("c", title="t", result=0)], [patch("i1", title="t", result=0)]),
        ([ev.ToolCall("c"), ev.LiveOutput("c", "o")], [append("i1", "output", "o")]),
        ([ev.ToolCall("c"), ev.LiveOutput("c", "o", True)], [append("i1", "output", "o"), patch("i1", truncated=True)]),
        ([ev.ToolCall("c"), DONE], [patch("i1", status="completed", ended=2.0)]),
        ([ev.ToolCall("c"), DONE, DONE], []),
        ([ev.ToolCall("c"), DONE, ev.ToolCall("c", result=1)], [patch("i1", result=1)]),
        (
            [ev.ToolCall("c", title="t", status="failed")],
            [add("i1", "tool", title="t", status="failed", started=1.0), patch("i1", ended=1.0)],
        ),
        # In any order.
        ([ev.LiveOutput("c", "o")], [add("i1", "tool", **NEW_TOOL, started=1.0), append("i1", "output", "o")]),
        ([ev.LiveOutput("c", "o"), ev.ToolCall("c", starts=True, title="t")], [patch("i1", title="t")]),
        ([DONE, ev.ToolCall("c", starts=True, title="t")], [patch("i1", title="t")]),
        # An id that comes again.
        ([ev.ToolCall("c"), ev.ToolCall("c", starts=True, title="t")], [patch("i1", title="t")]),
        (
            [USER, ev.ToolCall("c"), DONE, USER, ev.ToolCall("c", starts=True)],
            [add("i5", "tool", **NEW_TOOL, started=5.0)],
        ),
        ([USER, ev.ToolCall("c"), USER, ev.ToolCall("c", title="late")], [patch("i2", title="late")]),
        # The same, where its beginning did not arrive.
        (
            [USER, ev.ToolCall("c"), DONE, USER, ev.ToolCall("c", title="t")],
            [add("i5", "tool", **NEW_TOOL | {"title": "t"}, started=5.0)],
        ),
        (
            [USER, ev.ToolCall("c"), DONE, USER, ev.LiveOutput("c", "o")],
            [add("i5", "tool", **NEW_TOOL, started=5.0), append("i5", "output", "o")],
        ),
        # What the end of the turn closed may still be told.
        (
            [USER, ev.ToolCall("c"), ev.TurnEnded("", "end_turn"), USER, ev.ToolCall("c", title="late")],
            [patch("i2", title="late")],
        ),
        # Permissions.
        (
            [ev.ToolCall("c"), ASKED, ev.PermissionAnswered("r", "yes", "user", "n")],
            [
                patch(
                    "i1",
                    permission={
                        "request": "r",
                        "cwd": "/work",
                        "options": list(OPTIONS),
                        "state": "answered",
                        "option": "yes",
                        "by": "user",
                        "note": "n",
                    },
                )
            ],
        ),
        ([ASKED, ev.PermissionAnswered("r", "yes"), ev.PermissionAnswered("r", "no")], []),
        ([ASKED, ev.PermissionAnswered("another", "yes")], []),
        # Plans.
        ([ev.Plan(())], [add("i1", "plan", time=1.0)]),
        ([ev.Plan(()), ev.Plan(({"content": "x"},))], [patch("i1", entries=[{"content": "x"}])]),
        ([ev.Plan(()), ev.TurnEnded("", "end_turn"), ev.Plan(())], [add("i3", "plan", time=3.0)]),
        # The end of a turn.
        ([USER, ev.TurnEnded("p", "end_turn")], []),
        ([ev.Text("a"), ev.TurnEnded("p", "end_turn")], [patch("i1", state="done")]),
        ([ev.Thought("a"), ev.TurnEnded("p", "end_turn")], [patch("i1", ended=2.0)]),
        ([ev.ToolCall("c"), ev.TurnEnded("p", "end_turn")], [patch("i1", status="completed", ended=2.0)]),
        ([ev.ToolCall("c"), DONE, ev.TurnEnded("p", "end_turn")], []),
        (
            [ev.Text("a"), ev.TurnEnded("p", "cancelled")],
            [patch("i1", state="cancelled"), add("i2", "notice", level="info", text="Stopped.", time=2.0)],
        ),
        (
            [ev.ToolCall("c"), ev.TurnEnded("p", "interrupted", {}, "Gone.")],
            [
                patch("i1", status="interrupted", ended=2.0),
                add("i2", "notice", level="error", text="Gone.", time=2.0),
            ],
        ),
        (
            [USER, ev.TurnEnded("p", "failed", {}, "No.")],
            [patch("i1", state="failed"), add("i2", "notice", level="error", text="No.", time=2.0)],
        ),
        (
            [USER, ev.TurnEnded("p", "unsure", {}, "Perhaps.")],
            [patch("i1", state="unsure"), add("i2", "notice", level="error", text="Perhaps.", time=2.0)],
        ),
        ([ev.Text("a"), ev.TurnEnded("p", "end_turn"), ev.TurnEnded("p", "end_turn")], []),
        # What no item shows.
        ([ev.Usage(1, 2)], []),
        ([ev.Mode("m")], []),
        ([ev.Model("m")], []),
        ([ev.Title("t")], []),
        ([ev.Commands(())], []),
        ([ev.TurnStarted("p")], []),
    ],
)
def test_an_event_changes(log: list[Event], changes: list[Json]) -> None:
    assert last_changes(*log) == changes


@pytest.mark.parametrize(
    ("stop_reason", "level"),
    [
        ("end_turn", None),
        ("cancelled", "info"),
        ("refusal", "warning"),
        ("max_tokens", "warning"),
        ("max_turn_requests", "warning"),
        ("interrupted", "error"),
        ("failed", "error"),
        ("unsure", "error"),
        ("of tomorrow", "error"),
    ],
)
def test_the_end_of_a_turn_says_what_a_user_should_know(stop_reason: str, level: str | None) -> None:
    notices = items(ev.TurnEnded("p", stop_reason))
    assert [notice["level"] for notice in notices] == ([level] if level else [])
    (notice,) = items(ev.TurnEnded("p", stop_reason, {}, "Because."))
    assert notice["text"] == "Because."


@pytest.mark.parametrize("stop_reason", ["end_turn", "cancelled", "interrupted", "failed"])
def test_a_question_is_void_once_its_turn_has_ended(stop_reason: str) -> None:
    (tool, *_) = items(ev.ToolCall("c"), ASKED, ev.TurnEnded("p", stop_reason))
    assert tool["permission"]["state"] == "void"
    assert tool["permission"]["note"]


def test_a_question_about_a_tool_that_is_done_is_void_too() -> None:
    for log in ([ev.ToolCall("c"), DONE, ASKED], [ASKED, DONE]):
        (tool,) = items(*log, ev.TurnEnded("p", "end_turn"))
        assert (tool["status"], tool["permission"]["state"]) == ("completed", "void")


def test_open_questions_are_known_by_their_request() -> None:
    other = ev.PermissionAsked("r2", "d", OPTIONS)
    transcript, _ = played([ASKED, other, ev.PermissionAnswered("r", "yes")])
    assert transcript.open_requests() == ["r2"]
    assert (transcript.tool_of("r2") or {})["permission"]["request"] == "r2"
    assert transcript.tool_of("r9") is None
    answered = (transcript.tool_of("r") or {})["permission"]
    assert (answered["state"], answered["option"]) == ("answered", "yes")


def test_a_second_question_about_a_tool_takes_the_place_of_the_first() -> None:
    again = ev.PermissionAsked("r2", "c", OPTIONS)
    transcript, _ = played([ASKED, ev.PermissionAnswered("r", "yes"), again])
    assert transcript.open_requests() == ["r2"]


def test_a_riddle_is_shown_short_and_a_long_one_is_cut() -> None:
    (notice,) = items(ev.Raw("a riddle", {"a": "é"}))
    assert notice["level"] == "warning"
    assert "a riddle" in notice["text"]
    assert notice["detail"] == '{"a": "é"}'
    (notice,) = items(ev.Raw("a riddle", "x" * 100_000))
    assert len(notice["detail"]) < 5000
    assert "100,000 characters" in notice["detail"]


def test_reading_does_not_change_what_is_read() -> None:
    transcript, _ = played([USER, ev.Text("a"), ev.Text("b"), ev.ToolCall("c"), ev.LiveOutput("c", "o")])
    first = json.dumps(list(transcript))
    for item in transcript:
        item["text"] = item["kind"] = "spoiled"
    assert json.dumps(list(transcript)) == first
    assert len(transcript) == 3


def test_items_are_found() -> None:
    transcript, _ = played([USER, ev.Text("a"), ev.ToolCall("c", title="t"), ev.UserMessage("v", "q"), ev.Text("b")])
    assert transcript.prompt_item("q") == "i4"
    assert transcript.prompt_item("x") is None
    assert [item["id"] for item in transcript.since("i4")] == ["i4", "i5"]
    assert (transcript.last("agent") or {})["text"] == "b"
    assert transcript.last("plan") is None
    assert (transcript.tool("c") or {})["title"] == "t"
    assert not transcript.in_turn("c")
    assert transcript.turn_messages() == {(ev.Text, None): "b"}


# -- replicas --------------------------------------------------------------------------------------------------------


@strategies.patient
@given(strategies.logs)
def test_whoever_applies_the_changes_has_the_same_items(log: list[Event]) -> None:
    transcript, changes = played(log)
    shown: list[Json] = []
    for each in changes:
        shown = apply(shown, json.loads(json.dumps(wire(each), allow_nan=False)))
    assert shown == list(transcript)
    assert [problems(item) for item in shown] == [[] for _ in shown]


@strategies.patient
@given(strategies.logs)
def test_merged_changes_lead_to_the_same_items(log: list[Event]) -> None:
    transcript, changes = played(log)
    merged = merge(change for each in changes for change in each)
    assert apply([], merged) == list(transcript)
    assert not any(
        isinstance(one, Append) and isinstance(two, Append) and (one.id, one.field) == (two.id, two.field)
        for one, two in pairwise(merged)
    )


@strategies.patient
@given(strategies.logs)
def test_what_is_read_from_the_file_is_what_was_seen_live(log: list[Event]) -> None:
    live, _ = played(log)
    stored = [ev.from_json(json.loads(json.dumps(ev.to_json(event)))) for event in log]
    assert list(played(stored)[0]) == list(live)


@strategies.patient
@given(strategies.logs)
def test_joined_events_say_the_same_as_their_pieces(log: list[Event]) -> None:
    """But for the ids and times: a joined event is one line of the file."""
    joined = [without_numbers(item) for item in played(ev.coalesce(log))[0]]
    assert joined == [without_numbers(item) for item in played(log)[0]]


def without_numbers(item: Json) -> Json:
    times = ("id", "time", "started", "ended")
    return {key: value is None if key == "ended" else value for key, value in item.items() if key not in times[:3]}


@strategies.patient
@given(strategies.logs)
def test_a_reader_in_the_middle_changes_nothing(log: list[Event]) -> None:
    transcript = Transcript()
    for seq, event in enumerate(log, 1):
        reduce(transcript, event, seq=seq, time=float(seq))
        list(transcript)
    assert list(transcript) == list(played(log)[0])


@strategies.patient
@given(strategies.logs)
def test_after_the_end_of_a_turn_nothing_is_open(log: list[Event]) -> None:
    transcript, _ = played([*log, ev.TurnEnded("p", "end_turn")])
    assert transcript.open_requests() == []
    for item in transcript:
        assert item.get("state") != "streaming"
        assert item.get("ended", 1.0) is not None
        assert (item.get("permission") or {}).get("state") != "open"


@pytest.mark.parametrize("scenario", replay.SCENARIOS)
def test_a_recorded_scenario_is_the_same_from_its_file(scenario: str) -> None:
    done = replay.replay(scenario)
    stored = [ev.from_json(json.loads(json.dumps(ev.to_json(event)))) for event in ev.coalesce(done.log)]
    transcript = Transcript()
    for seq, event in enumerate(stored, 1):
        reduce(transcript, event, seq=seq, time=replay.START + seq)
    assert list(transcript) == done.items()


# -- cost ------------------------------------------------------------------------------------------------------------


class Counted(str):
    """A text that counts how often it is joined to another."""

    joined = 0

    def __add__(self, other: str) -> str:
        Counted.joined += 1
        return Counted(str(self) + other)

    __radd__ = __add__


@pytest.mark.parametrize("first", [ev.Text(Counted("x")), ev.Thought(Counted("x"))])
def test_a_piece_costs_the_same_however_long_the_message_is(first: ev.Text | ev.Thought) -> None:
    Counted.joined = 0
    transcript, _ = played([first])
    for seq in range(2, 100_001):
        (change,) = reduce(transcript, type(first)("y"), seq=seq, time=1.0)
        assert isinstance(change, Append)
    assert Counted.joined == 0  # nobody has read it yet
    assert transcript.item("i1")["text"] == "x" + "y" * 99_999
    assert Counted.joined == 1


def test_output_costs_the_same_however_much_there_is() -> None:
    transcript, _ = played([ev.ToolCall("c")])
    for seq in range(2, 10_001):
        assert reduce(transcript, ev.LiveOutput("c", "y"), seq=seq, time=1.0) == [Append("i1", "output", "y")]
    assert transcript.item("i1")["output"] == "y" * 9_999


def test_an_event_touches_no_item_but_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    log = [event for n in range(500) for event in (ev.UserMessage("u"), ev.Text("a", f"m{n}"), ev.ToolCall(f"c{n}"))]
    transcript, _ = played(log)
    monkeypatch.setattr(Transcript, "item", lambda *_: pytest.fail("the whole item was read"))
    assert reduce(transcript, ev.ToolCall("c0", title="t"), seq=9001, time=1.0) == [Patch("i3", {"title": "t"})]
    (added,) = reduce(transcript, ev.Text("b", "m"), seq=9002, time=1.0)
    assert isinstance(added, Add)


# -- merge -----------------------------------------------------------------------------------------------------------


def test_neighbouring_appends_to_one_field_are_joined() -> None:
    changes = [
        Append("i1", "text", "a"),
        Append("i1", "text", "b"),
        Append("i1", "output", "c"),
        Append("i1", "text", "d"),
        Patch("i1", {}),
        Append("i1", "text", "e"),
        Append("i2", "text", "f"),
        Append("i2", "text", "g"),
    ]
    assert merge(changes) == [
        Append("i1", "text", "ab"),
        Append("i1", "output", "c"),
        Append("i1", "text", "d"),
        Patch("i1", {}),
        Append("i1", "text", "e"),
        Append("i2", "text", "fg"),
    ]


def test_the_operations_are_those_that_the_page_knows() -> None:
    source = (replay.FOLDER.parents[2] / "js" / "src" / "wire.ts").read_text(encoding="utf-8")
    known = set(re.findall(r'op: "(\w+)"', source.split("export type Change")[1].split(";\n\n")[0]))
    assert known == {"add", "append", "patch", "remove"}
    sent = {change.to_wire()["op"] for change in (Add({}), Append("i", "text", ""), Patch("i", {}))}
    assert sent == known - {"remove"}
