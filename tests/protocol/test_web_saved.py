"""Saved sessions of `goose web`: every shape that they have had, and a turn that is followed in them."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goose_widget import events as ev
from goose_widget import history
from goose_widget.events import Event
from goose_widget.protocol import Get, Got, Saved, web_saved
from goose_widget.transcript import Transcript, reduce
from support import strategies
from support.replica import problems
from support.web_chats import told
from support.web_peer import HISTORY, Json, Peer, agent, items, request, response, user

# A turn that goes on without us.


def test_a_reply_is_over_when_it_has_not_changed_for_a_while() -> None:
    peer, saved = Peer().following(), [user("hello"), agent("a word")]
    (first,) = peer.looks([user("hello")])
    assert (first.history, first.over) == ((ev.UserMessage("hello"),), False)
    looks = [first]
    while not looks[-1].over:
        looks += peer.looks(saved)
    assert looks[-1] == Saved((ev.UserMessage("hello"), ev.Text("a word")), over=True)
    assert peer.waiting() == [f"/api/sessions/20251009_1 {after:g}" for after in (5, 15, 40)]


def test_a_reply_that_went_on_after_all_is_completed_until_the_next_prompt() -> None:
    peer, saved = Peer().following(), [user("hello"), agent("a word")]
    while not any(look.over for look in peer.looks(saved)):
        pass
    (later,) = peer.looks([*saved, agent("and another")])
    assert later.over
    peer.web.prompt("p2", "next")
    assert peer.looks([*saved, user("next")]) == []


@pytest.mark.parametrize(
    ("tail", "heard", "seconds", "said"),
    [
        (None, False, 30, "never arrived"),
        (None, True, 120, "no reply"),
        ([], False, 120, "no reply"),
        ([agent(request())], False, 600, "did not go on"),
        ([agent(request()), response()], False, 600, "did not go on"),
        ([agent("done")], False, 1.5, ""),
    ],
)
def test_how_long_a_turn_that_stands_still_is_waited_for(
    tail: list[Json] | None, heard: bool, seconds: float, said: str
) -> None:
    peer = Peer().following(heard=heard)
    messages = [user("before"), *([] if tail is None else [user("hello"), *tail])]
    peer.looks(messages)
    waited = 0.0
    while True:
        waited += peer.gets[0].after
        if (looks := peer.looks(messages)) and looks[-1].over:
            break
    assert seconds <= waited < seconds + 6
    assert said in looks[-1].error
    assert bool(said) == bool(looks[-1].error)


def test_the_same_prompt_is_counted() -> None:
    peer = Peer().following(nth=2)
    assert peer.looks([user("hello"), agent("the first")]) == []
    (look,) = peer.looks([user("hello"), agent("the first"), user(" hello\n"), agent("the second")])
    assert look.history[-1] == ev.Text("the second")


def test_a_prompt_that_others_followed_is_not_ours() -> None:
    """An earlier one with the same text got no reply here, so it was not counted."""
    peer = Peer().following()
    messages = [user("hello"), agent("to another page"), user("other"), agent("x")]
    assert peer.looks(messages) == []
    (look,) = peer.looks([*messages, user("hello"), agent("to us")])
    assert look.history[-1] == ev.Text("to us")


WORDS = st.text("ab ", min_size=1, max_size=4)
PIECES = st.one_of(
    st.builds(ev.Text, WORDS),
    st.builds(ev.Thought, WORDS),
    st.just(ev.Content({"type": "image", "mime": "image/png", "data": "AAAA"})),
    st.just(None),  # a tool call
)


@strategies.patient
@given(st.lists(PIECES, max_size=8), st.lists(st.integers(0, 60), max_size=3))
def test_a_reply_is_completed_in_its_order_wherever_it_was_cut(pieces: list[Event | None], cuts: list[int]) -> None:
    whole: list[Event] = []
    for number, piece in enumerate(pieces):
        call = [
            ev.ToolCall(f"c{number}", True, title="t", status="in_progress"),
            ev.ToolCall(f"c{number}", status="completed"),
        ]
        whole += [piece] if piece is not None else call
    single = [
        replace(event, text=char) if isinstance(event, ev.Text | ev.Thought) else event
        for event in whole
        for char in (event.text if isinstance(event, ev.Text | ev.Thought) else "x")
    ]
    transcript, numbers = Transcript(), count(1)
    log: list[Event] = [ev.UserMessage("hello", "p"), ev.TurnStarted("p"), *single[: min(cuts, default=0)]]
    for seen in [*sorted(cuts)[1:], len(single)]:  # each look sees more
        for event in log:
            reduce(transcript, event, seq=next(numbers), time=1.0)
        log = history.missing(transcript, [ev.UserMessage("hello"), *single[:seen]])
    for event in log:
        reduce(transcript, event, seq=next(numbers), time=1.0)
    assert told(list(transcript)) == told(items([ev.UserMessage("hello", "p"), *whole]))


@pytest.mark.parametrize(("status", "body"), [(0, "timed out"), (503, "hidden"), (200, "<html>"), (200, {})])
def test_no_answer_tells_nothing_of_the_turn(status: int, body: Any) -> None:
    peer = Peer().following()
    peer.looks([user("hello")])
    for _ in range(200):
        assert peer.answers(body, status) == []
    assert len(peer.waiting()) == 1


def test_frames_of_a_turn_that_goes_on_count_too() -> None:
    peer = Peer().following()
    peer.looks([user("hello")])
    peer.web.cancel()
    peer.hears({"type": "cancelled"})
    assert peer.hears({"type": "complete"})[0] == ev.TurnEnded("p1", "cancelled")
    assert peer.looks([user("hello"), agent("x")]) == []


BODIES = st.sampled_from([[user("hello")], [user("hello"), agent("x")], HISTORY]).map(lambda m: {"messages": m})


@strategies.patient
@given(
    st.lists(strategies.values | BODIES | BODIES.flatmap(strategies.mutated), max_size=6), st.sampled_from([200, 503])
)
def test_whatever_is_saved_a_turn_is_followed_to_its_end(bodies: list[Any], status: int) -> None:
    peer = Peer().following()
    peer.answers({"messages": [user("hello")]})
    over = False
    for body in bodies:
        said = peer.answers(body, status)
        over = over or any(isinstance(each, Saved) and each.over for each in said)
        assert over or peer.waiting(), "nothing will ever end this turn"
        if over:
            break


WHYS = ["greet", "new", "free", "load", "set\nmode", "title", "end\n0", "silence\n1", "follow", "afterwards"]


@strategies.patient
@given(
    st.sampled_from(WHYS),
    (strategies.values | BODIES.flatmap(strategies.mutated)).map(json.dumps) | st.text(max_size=20),
    st.sampled_from([0, 200, 303, 404, 500]),
)
def test_no_answer_is_a_crash(why: str, body: str, status: int) -> None:
    for number, peer in enumerate((Peer().opened(), Peer().prompted())):
        heard = peer.hears(Got(Get("/", 0.0, f"{number}\n{why}"), status, body))
        assert [problem for item in items(heard) for problem in problems(item)] == []


# What is saved.


def saved(*messages: Json) -> list[Event]:
    return list(web_saved.events(messages))


@pytest.mark.parametrize(
    ("result", "status", "texts"),
    [
        ({"status": "success", "value": [{"type": "text", "text": "a"}]}, "completed", ["a"]),
        ({"status": "success", "value": {"content": [{"type": "text", "text": "a"}]}}, "completed", ["a"]),
        (
            {"status": "success", "value": {"content": [{"type": "text", "text": "a"}], "isError": True}},
            "failed",
            ["a"],
        ),
        ({"status": "error", "error": "broken"}, "failed", ["broken"]),
        ([{"type": "text", "text": "a"}], "completed", ["a"]),
        ({"status": "success", "value": []}, "completed", []),
        ("plain", "completed", ["plain"]),
        (None, "completed", []),
    ],
)
def test_a_saved_result_in_every_shape_that_it_has_had(result: Any, status: str, texts: list[str]) -> None:
    (call,) = saved(response("c", result))
    assert isinstance(call, ev.ToolCall)
    assert call.status == status
    assert [block["text"] for block in call.content or ()] == texts


def test_a_saved_call_is_shown_as_the_frame_of_it() -> None:
    frame = {"type": "tool_request", "id": "c", "tool_name": "developer__shell", "arguments": {"command": "ls"}}
    assert saved(agent(request(command="ls"))) == Peer().prompted().hears(frame)
    broken = {"type": "toolRequest", "id": "c", "toolCall": {"status": "error", "error": "no such tool"}}
    (call,) = saved(agent(broken))
    assert isinstance(call, ev.ToolCall)
    assert (call.status, call.title) == ("failed", "error")


@pytest.mark.parametrize(
    ("name", "arguments", "shown"),
    [
        ("developer__shell", {"command": "ls -la\ncd"}, ("shell · ls -la", "shell", "developer", "execute")),
        ("developer__text_editor", {"command": "view", "path": "/a"}, ("text_editor · view /a", None, None, "read")),
        ("developer__text_editor", {"command": "write", "path": "/a"}, (None, "text_editor", None, "edit")),
        ("my__own__tool", {"x": 1}, ("tool", "tool", "my__own", "other")),
        (None, None, ("tool", "tool", None, "other")),
        ("shell", {"command": "x" * 200}, (f"shell · {'x' * 119}…", "shell", None, "execute")),
    ],
)
def test_a_call_is_titled_by_its_tool_and_what_it_is_about(name: Any, arguments: Any, shown: tuple[Any, ...]) -> None:
    call = web_saved.tool_call("c", name, arguments)
    for value, wanted in zip((call.title, call.name, call.extension, call.tool_kind), shown, strict=True):
        assert wanted is None or value == wanted


def test_thoughts_pictures_and_what_is_unknown_are_shown_and_what_is_hidden_is_not() -> None:
    picture = {"type": "image", "data": "AAAA", "mimeType": "image/png"}
    block = {"type": "image", "mime": "image/png", "data": "AAAA"}
    hidden = {**user("a summary for the model"), "metadata": {"userVisible": False, "agentVisible": True}}
    asked = {"role": "user", "created": 1, "content": [{"type": "text", "text": "look"}, picture]}
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}
    strange = {"type": "of_tomorrow", "value": 1}
    events = saved(hidden, asked, agent(thought, {"type": "toolConfirmationRequest", "id": "c"}, picture, strange))
    assert events[:3] == [ev.UserMessage("look", None, (block,)), ev.Thought("hm"), ev.Content(block)]
    (unknown,) = events[3:]
    assert isinstance(unknown, ev.Content)
    assert "of_tomorrow" in unknown.block["text"]


@pytest.mark.parametrize("content", [None, 5, "a text", {"type": "text", "text": "a text"}, [None, 5]])
def test_a_message_of_another_shape_takes_no_other_with_it(content: Any) -> None:
    message = {"role": "assistant", "created": 1, "content": content}
    events = saved(user("before"), message, agent("after"))
    assert (events[0], events[-1]) == (ev.UserMessage("before"), ev.Text("after"))
    assert content is None or len(events) > 2
