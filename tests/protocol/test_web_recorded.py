"""The codec on recorded conversations with a `goose web` of either generation, and on the history that they left."""

from __future__ import annotations

import json

import pytest

from goose_widget import events as ev
from goose_widget import history
from goose_widget.events import Event
from goose_widget.protocol import Got, Signal, web, web_saved
from goose_widget.transcript import Transcript
from support import golden, replay
from support.replica import problems
from support.web_chats import told
from support.web_peer import HISTORY, NOON, Json, Peer, items
from support.web_server import FIXTURES

PROMPTS = [
    index for index, each in enumerate(HISTORY) if (each["role"], each["content"][0]["type"]) == ("user", "text")
]


def until_prompt(number: int) -> list[Json]:
    """The history when the turn of that prompt, counted from 1, is over."""
    return HISTORY[: [*PROMPTS, len(HISTORY)][number]]


def run(generation: str) -> replay.Replayed:
    """The recorded conversation again: the client's side is done, the server's is heard."""
    peer, done = Peer(), replay.Replayed()
    turns = 0

    def heard(said: list[Event | Signal]) -> None:
        for each in said:
            (done.log if type(each) in ev.KINDS.values() else done.signals).append(each)  # type: ignore[attr-defined]

    def fetched() -> None:
        peer.take()
        while due := [get for get in peer.gets if "silence" not in get.why]:
            peer.gets.remove(due[0])
            body = {"metadata": {"description": "Files"}, "messages": until_prompt(turns)}
            heard(peer.hears(Got(due[0], 200, json.dumps(body))))

    lines = (FIXTURES / f"{generation}.jsonl").read_text(encoding="utf-8").splitlines()
    peer.web.greet()
    heard(peer.answers({"status": "ok"}))
    peer.web.new_session("/work")
    if generation == "late":
        heard(peer.answers(status=303, location="/session/20251009_1"))
    else:
        heard(peer.answers("<!DOCTYPE html>"))
        heard(peer.answers({"error": "Session not found"}))
    for line in map(json.loads, lines):
        match line:
            case {"from": "client", "frame": {"type": "message", "content": text}}:
                fetched()
                turns += 1
                done.log += [ev.UserMessage(text, f"p{turns}"), ev.TurnStarted(f"p{turns}")]
                peer.web.prompt(f"p{turns}", text)
            case {"from": "client"}:
                peer.web.cancel()
            case {"frame": frame}:
                heard(peer.hears(frame))
    fetched()
    done.sent = peer.sent
    return done


@pytest.mark.parametrize("generation", ["early", "late"])
def test_the_recorded_conversation_ends_as_in_its_golden_file(generation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_made_ids", set())
    done = run(generation)
    golden.check(FIXTURES / f"{generation}.txt", replay.render(done))
    assert [(item["id"], problems(item)) for item in done.items()] == [(item["id"], []) for item in done.items()]
    ended = [event.prompt_id for event in done.log if isinstance(event, ev.TurnEnded)]
    assert ended == ["p1", "p2", "p3"]


def test_both_generations_and_the_history_tell_the_same() -> None:
    """But for how turns ended, which no history tells."""
    early, late = told(run("early").items()), told(run("late").items())
    assert early == late
    replayed = [*web_saved.events(HISTORY), ev.TurnEnded("", "end_turn")]
    saved = told(items(history.missing(Transcript(), replayed)))
    assert [{**item, "state": ""} for item in saved] == [{**item, "state": ""} for item in late]


@pytest.mark.parametrize("generation", ["early", "late"])
def test_what_we_send_is_what_the_server_takes(generation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_made_ids", set())
    session_id = "20251009_120000" if generation == "early" else "20251009_1"
    moment = {"session_id": session_id, "timestamp": round(NOON.timestamp() * 1000)}
    sent = run(generation).sent
    assert [frame for frame in sent if frame["type"] == "message"] == [
        {"type": "message", "content": text, **moment}
        for text in ("which file is the largest?", "count to a thousand", "once more")
    ]
    assert [{"type": frame["type"], "session_id": frame["session_id"]} for frame in sent[2:3]] == [
        {"type": "cancel", "session_id": session_id}
    ]
