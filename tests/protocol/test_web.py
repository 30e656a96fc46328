"""The codec of `goose web`: frames written by hand, recorded, cut to pieces and broken."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goose_widget import events as ev
from goose_widget.events import Event
from goose_widget.protocol import (
    SESSION_NOT_FOUND,
    Configured,
    Got,
    Greeted,
    Opened,
    OpenTurn,
    Refused,
    Signal,
    web,
)
from support import strategies
from support.replica import problems
from support.web_peer import NOON, Peer, agent, items, request, response, user
from support.web_server import FULL_TURN


def pieces(text: str, how: str) -> list[str]:
    match how:
        case "whole":
            return [text]
        case "by character":
            return list(text)
        case _:
            chance = random.Random(how)
            cuts = sorted({0, len(text), *(chance.randrange(len(text)) for _ in range(9))})
            return [text[start:end] for start, end in pairwise(cuts)]


@pytest.mark.parametrize("how", ["whole", "by character", "random 1", "random 2", "random 3"])
def test_the_pieces_of_a_reply_join_however_it_is_cut(how: str) -> None:
    peer, heard = Peer().prompted(), list[Event | Signal]()
    for kind, field, text in [
        ("thinking", "message", "They ask. "),
        ("response", "content", "Hello,\n\n```py\nx = 1\n```\n🪿 &amp;\n"),
        ("thinking", "message", "What now?"),
        ("response", "content", "Bye."),
    ]:
        for piece in pieces(text, how):
            heard += peer.hears({"type": kind, field: piece})
    heard += peer.hears({"type": "complete", "message": ""})
    assert [(item["kind"], item["text"]) for item in items(heard)] == [
        ("thought", "They ask. "),
        ("agent", "Hello,\n\n```py\nx = 1\n```\n🪿 &amp;\n"),
        ("thought", "What now?"),
        ("agent", "Bye."),
    ]


# Frames that no server should send.


def says_nothing(frame: Any) -> bool:
    """Whether it is no loss that nothing is shown of a frame."""
    try:
        said = json.loads(frame)
    except ValueError:
        return False
    kind = said.get("type") if isinstance(said, dict) else None
    text = said.get("content" if kind == "response" else "message", None) if kind else None
    return kind in ("complete", "cancelled") or (kind in ("response", "thinking") and text == "")


FRAMES = [
    *FULL_TURN,
    {"type": "error", "message": "no"},
    {"type": "cancelled", "message": "yes"},
    {"type": "of_tomorrow", "value": 1},
]


@strategies.patient
@given(st.lists(strategies.frames | st.sampled_from(FRAMES).flatmap(strategies.mutated).map(json.dumps), max_size=8))
def test_no_frame_is_a_crash_and_none_vanishes(frames: list[str | bytes]) -> None:
    for peer in (Peer().opened(), Peer().prompted()):
        heard: list[Event | Signal] = []
        for frame in frames:
            before = len(peer.gets)
            said = peer.hears(frame)
            assert said or says_nothing(frame) or len(peer.gets) > before or ends_again(frame)
            heard += said
        assert [problem for item in items(heard) for problem in problems(item)] == []
        assert sum(isinstance(each, ev.TurnEnded) for each in heard) <= 1


def ends_again(frame: str | bytes) -> bool:
    """Whether it is the same error once more."""
    return json.loads(frame).get("type") == "error"


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("hello", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"type":"response"}', "content"),
        ('{"type":"response","content":["a"]}', "text expected"),
        ('{"type":"tool_request","tool_name":"shell"}', "id"),
        ('{"type":"error"}', "message"),
    ],
)
def test_a_malformed_frame_is_shown_as_it_came(frame: str | bytes, reason: str) -> None:
    (raw,) = Peer().prompted().hears(frame)
    assert isinstance(raw, ev.Raw)
    assert reason in raw.what
    assert "malformed" in raw.what


def test_an_unknown_type_is_shown_with_all_that_it_holds() -> None:
    frame = {"type": "of_tomorrow", "value": [1, {"a": None}]}
    assert Peer().prompted().hears(frame) == [ev.Raw("a message of the type 'of_tomorrow'", frame)]


def test_what_is_said_outside_a_turn_is_shown_and_ends_nothing() -> None:
    peer = Peer().opened()
    assert peer.hears({"type": "response", "content": "by the way"}) == [ev.Text("by the way")]
    assert peer.hears({"type": "error", "message": "oh"}) == [ev.Notice("error", "oh")]
    assert peer.hears({"type": "complete"}) == []
    assert peer.hears({"type": "cancelled"}) == []


# The end of a turn.


def test_an_error_waits_for_the_complete_that_may_follow() -> None:
    peer = Peer().prompted()
    assert peer.hears({"type": "error", "message": "no"}) == []
    assert peer.hears({"type": "error", "message": "no"}) == []
    assert peer.hears({"type": "complete"}) == [ev.TurnEnded("p1", "error", {}, "no")]
    peer.web.prompt("p2", "again")
    peer.take()
    late = [get for get in peer.gets if "end" in get.why]
    assert [peer.hears(Got(get, 200, "{}")) for get in late] == [[]], "it belonged to the turn before"


def test_an_error_without_complete_ends_the_turn_too() -> None:
    peer = Peer().prompted()
    peer.gets.clear()
    peer.hears({"type": "error", "message": "no"})
    assert peer.waiting() == ["/api/sessions/20251009_1 0.5"]
    assert peer.ends() == [("error", "no")]


def test_a_second_error_with_another_text_is_shown() -> None:
    peer = Peer().prompted()
    peer.hears({"type": "error", "message": "no"})
    assert peer.hears({"type": "error", "message": "worse"}) == [ev.Notice("error", "worse")]


@pytest.mark.parametrize("late", [0, 1])
@pytest.mark.parametrize("heard", [0, 1])
def test_the_second_cancelled_of_one_cancel_ends_no_other_turn(late: int, heard: int) -> None:
    peer = Peer().prompted()
    assert peer.web.cancel() == []
    for _ in range(2 - late):
        assert peer.hears({"type": "cancelled"}) == []
    assert peer.ends() == [("cancelled", "")]
    peer.web.prompt("p2", "again")
    for _ in range(heard):
        peer.hears({"type": "response", "content": "a word"})
    for _ in range(late):
        assert peer.hears({"type": "cancelled"}) == []
    assert peer.hears({"type": "complete"})[0] == ev.TurnEnded("p2", "end_turn")


def test_what_we_send_is_what_the_server_knows() -> None:
    peer = Peer().greeted().opened()
    peer.web.prompt("p1", "which file is the largest?")
    peer.web.cancel()
    peer.take()
    session = {"session_id": "20251009_1"}
    message = {"type": "message", "content": "which file is the largest?", "timestamp": int(NOON.timestamp() * 1000)}
    assert peer.sent == [{**message, **session}, {"type": "cancel", **session}]


def test_a_cancel_of_the_next_turn_counts() -> None:
    peer = Peer().prompted()
    peer.web.cancel()
    peer.hears({"type": "cancelled"})
    peer.ends()
    peer.web.prompt("p2", "again")
    peer.web.cancel()
    peer.hears({"type": "cancelled"})
    assert peer.hears({"type": "complete"})[0] == ev.TurnEnded("p2", "cancelled")


def test_open_calls_are_completed_from_what_is_saved_after_the_prompt() -> None:
    peer = Peer().prompted()
    peer.gets.clear()
    peer.hears({"type": "tool_request", "id": "c", "tool_name": "shell", "arguments": {"command": "ls"}})
    assert peer.hears({"type": "complete"}) == []
    old = [user("before"), agent(request()), response("c", {"status": "success", "value": ["old"]}), agent("x")]
    assert peer.answers({"messages": old}) == []
    assert peer.answers({"messages": [*old, user("hello"), agent(request())]}) == []
    new = [*old, user("hello"), agent(request()), response("c", {"status": "success", "value": ["new"]})]
    assert peer.answers({"messages": new}) == [
        ev.ToolCall("c", status="completed", content=({"type": "text", "text": "new"},)),
        ev.TurnEnded("p1", "end_turn"),
    ]


def test_the_same_prompt_again_is_not_taken_for_the_one_before() -> None:
    peer = Peer().prompted()
    peer.hears({"type": "complete"})
    peer.gets.clear()
    peer.web.prompt("p2", "hello")
    peer.hears({"type": "tool_request", "id": "c", "tool_name": "shell"})
    peer.hears({"type": "complete"})
    peer.take()
    peer.gets = [get for get in peer.gets if "end" in get.why]
    old = [user("hello"), agent(request()), response("c", {"status": "success", "value": ["old"]}), agent("x")]
    assert peer.answers({"messages": old}) == []


def test_calls_that_stay_open_do_not_hold_the_turn() -> None:
    peer = Peer().prompted()
    peer.hears({"type": "tool_request", "id": "c", "tool_name": "shell"})
    peer.hears({"type": "complete"})
    assert peer.ends() == [("end_turn", "")]


@pytest.mark.parametrize(
    ("frames", "end"),
    [
        ([], []),
        (["complete"], []),
        (["error"], [("error", "no")]),
        (["cancelled"], [("cancelled", "")]),
        (["error", "complete"], []),
    ],
)
def test_an_end_that_was_said_is_known_when_the_connection_is_gone(
    frames: list[str], end: list[tuple[str, str]]
) -> None:
    peer = Peer().prompted()
    for kind in frames:
        peer.hears({"type": kind, "message": "no"})
    said = peer.web.hang_up()
    assert [(event.stop_reason, event.error) for event in said if isinstance(event, ev.TurnEnded)] == end


# Opening a session.


def test_ids_have_the_form_of_the_servers_own_and_none_is_made_twice() -> None:
    taken: set[str] = set()
    for _ in range(62):
        taken.add(web.make_id(NOON, taken.__contains__))
    assert len(taken) == 62
    assert min(taken) == "20251009_120000"
    assert max(taken) == "20251009_120101"


@pytest.mark.parametrize(("status", "location"), [(303, "/session/a_1"), (307, "http://h/x/session/a_1?y=1")])
def test_a_late_server_tells_the_new_session(status: int, location: str) -> None:
    peer = Peer().greeted()
    peer.web.new_session("/work")
    assert peer.answers(status=status, location=location)[-1] == Opened("a_1", loaded=False)


@pytest.mark.parametrize("status", [200, 404])
def test_for_an_early_server_the_client_makes_the_first_free_id(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_made_ids", {"20251009_120000"})
    peer = Peer().greeted()
    peer.web.new_session("/work")
    peer.answers("<html>", status=status)
    assert peer.waiting() == ["/api/sessions/20251009_120001 0"]
    peer.answers({"messages": [user("taken")]})
    assert peer.answers({"error": "Session not found"})[-1] == Opened("20251009_120002", loaded=False)


@pytest.mark.parametrize(("status", "body"), [(0, "timed out"), (502, "Bad gateway"), (302, "")])
def test_a_server_that_makes_no_session_is_asked_again_and_then_refused(status: int, body: str) -> None:
    peer = Peer().greeted()
    peer.web.new_session("/work")
    waits = []
    while True:
        said = peer.answers(body, status, location="/login")
        if not peer.waiting():
            break
        waits += peer.waiting()
    assert waits == ["/ 0.5", "/ 1", "/ 1.5", "/ 2"]
    (refused,) = said
    assert isinstance(refused, Refused)
    assert (body or "302") in refused.message


def test_loading_tells_the_history_first_then_that_the_session_is_open() -> None:
    peer = Peer().greeted()
    peer.web.load_session("20251009_1", "/work")
    said = peer.answers({"metadata": {"description": "Files"}, "messages": [user("hi"), agent("hello")]})
    assert said[:2] == [ev.UserMessage("hi"), ev.Text("hello")]
    assert ev.Title("Files") in said
    assert said[-1] == Opened("20251009_1", loaded=True)


@pytest.mark.parametrize(("status", "body"), [(200, {"error": "Session not found"}), (404, "")])
def test_an_unknown_session_is_refused(status: int, body: Any) -> None:
    peer = Peer().greeted()
    peer.web.load_session("20251009_1", "/work")
    assert peer.answers(body, status) == [Refused("load", SESSION_NOT_FOUND, "session not found")]


def test_an_id_is_one_segment_of_a_path_whatever_it_holds() -> None:
    peer = Peer().greeted()
    peer.web.load_session("../ä?x=1#", "/work")
    assert peer.waiting() == ["/api/sessions/..%2F%C3%A4%3Fx%3D1%23 0"]


def test_it_says_who_it_is_and_takes_no_other_mode() -> None:
    peer = Peer()
    peer.web.greet()
    assert peer.waiting() == ["/api/health 0"]
    assert peer.answers({"status": "ok"})[0] == Greeted("goose web", "", can_load=True)
    for setting, value in [("mode", "auto"), ("mode", "chat"), ("model", "gpt")]:
        peer.web.set(setting, value)
    assert peer.answers() == [Configured("mode", "auto")]
    assert [(each.request, each.code) for each in peer.answers() + peer.answers() if isinstance(each, Refused)] == [
        ("mode", 0),
        ("model", 0),
    ]
    assert peer.web.answer("q", "yes") is False


# Silence.


def test_silence_for_a_session_that_the_server_does_not_know_ends_the_turn() -> None:
    peer = Peer().prompted()
    assert peer.waiting() == [f"/api/sessions/20251009_1 {web.SILENCE:g}"]
    ended, refused = peer.answers({"error": "Session not found"})
    assert isinstance(ended, ev.TurnEnded)
    assert (ended.stop_reason, "does not know" in ended.error) == ("failed", True)
    assert refused == Refused("prompt", SESSION_NOT_FOUND, "session not found")


@pytest.mark.parametrize("body", [{"messages": []}, {"messages": [user("hello")]}, "<html>"])
def test_silence_of_a_server_that_is_at_work_is_waited_out(body: Any) -> None:
    peer = Peer().prompted()
    for _ in range(5):
        assert peer.answers(body) == []
        assert len(peer.waiting()) == 1
    assert peer.hears({"type": "response", "content": "at last"}) == [ev.Text("at last")]
    assert peer.answers(body) == []
    assert peer.waiting() == []


def test_an_early_server_that_was_left_in_its_first_turn_is_waited_for_as_well() -> None:
    first = Peer().greeted()
    first.web.new_session("/work")
    first.answers("<html>")
    (opened,) = [said for said in first.answers({"error": "Session not found"}) if isinstance(said, Opened)]
    second = Peer().greeted()
    second.web.load_session(opened.session_id, "/work", OpenTurn("p1", "hello"))
    while not any(look.over for look in second.looks(None)):
        pass
    second.gets.clear()
    second.web.prompt("p2", "again")
    second.take()
    second.gets = [get for get in second.gets if "silence" in get.why]
    assert second.answers({"error": "Session not found"}) == []
    assert second.hears({"type": "response", "content": "at last"}) == [ev.Text("at last")]


def test_an_early_server_may_know_a_session_only_with_its_first_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    peer = Peer().greeted()
    peer.web.new_session("/work")
    peer.answers("<html>")
    peer.answers({"error": "Session not found"})
    peer.web.prompt("p1", "hello")
    waited = 0.0
    while not (said := peer.answers({"error": "Session not found"})):
        (get,) = peer.gets
        waited += get.after
    assert isinstance(said[0], ev.TurnEnded)
    assert 110 < waited < 200
