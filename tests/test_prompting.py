"""The queue of prompts, and what steers a running turn: in the file before anybody is told, sent once, never lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from goose_widget import errors
from goose_widget import events as ev
from goose_widget.conversation import Found
from goose_widget.log import load, load_newest
from goose_widget.protocol.acp import Acp
from goose_widget.queue import KEPT
from goose_widget.store import session_file
from test_session import Wire

IMAGE = {"type": "image", "mime": "image/png", "data": "AA==", "name": "plot.png"}
FILE = {"type": "resource", "uri": "attachment:a%20b.csv", "mime": "text/csv", "text": "a,b"}
CAN = {"image": True, "embeddedContext": True}


class Peer(Wire):
    """A session with a goose that takes attachments and steers."""

    def connect(self) -> None:
        self.session.connecting()
        self.session.connected(Acp("1"), lambda frames: self.sent.extend(json.loads(frame) for frame in frames))
        capabilities = {"loadSession": True, "promptCapabilities": CAN}
        self.reply(protocolVersion=1, agentCapabilities=capabilities, agentInfo={"name": "goose", "version": "1"})

    def begin(self, text: str = "first", prompt_id: str = "p1") -> None:
        self.session.submit(prompt_id, text)
        self.run("run_1")

    def run(self, run_id: str | None) -> None:
        self.update("session_info_update", _meta={"goose": {"activeRunId": run_id}})

    def end(self, stop_reason: str = "end_turn") -> None:
        self.run(None)
        asked = next(m for m in self.sent[::-1] if m.get("method") == "session/prompt")
        self.receive(id=asked["id"], result={"stopReason": stop_reason})

    def prompts(self) -> list[str]:
        return [m["params"]["prompt"][0]["text"] for m in self.sent if m.get("method") == "session/prompt"]

    def steered(self) -> dict[str, Any]:
        return next(m for m in self.sent[::-1] if str(m.get("method")).endswith("/steer"))

    def takes_up(self, text: str, message_id: str = "steer_1") -> None:
        meta = {"goose": {"messageId": message_id, "steer": True}}
        block = {"type": "text", "text": text}
        self.update("user_message_chunk", content=block, messageId=message_id, _meta=meta)

    def queue(self) -> list[str]:
        return [waiting.text for waiting in self.session.facts.queue]

    def said(self) -> list[tuple[str, str]]:
        return [(item["kind"], item["text"]) for item in self.items()]

    def resumed(self, size: int | None = None) -> Peer:
        """Another kernel that opens the file, of which `size` bytes were written when this one was killed."""
        (path,) = [file.path for file in self.store.files()]
        folder = path.parent.with_name("again")
        folder.mkdir(exist_ok=True)
        copy = folder / path.name
        copy.write_bytes(path.read_bytes()[:size])
        file = session_file(copy)
        other = Peer(folder, session_id=file.header.session_id)
        file.acquire()
        other.session.resume(Found(file, load(file)))
        other.session.commit()
        return other


@pytest.fixture
def peer(tmp_path: Path) -> Peer:
    peer = Peer(tmp_path / "sessions")
    peer.open()
    return peer


# -- the queue --------------------------------------------------------------------------------------------------------


def test_prompts_sent_while_a_turn_runs_go_one_by_one_in_their_order(peer: Peer) -> None:
    peer.begin()
    peer.session.submit("p2", "second")
    peer.session.submit("p3", "third")
    assert (peer.queue(), peer.prompts()) == (["second", "third"], ["first"])
    peer.end()
    assert (peer.queue(), peer.prompts()) == (["third"], ["first", "second"])
    peer.end()
    peer.end()
    assert (peer.queue(), peer.prompts()) == ([], ["first", "second", "third"])
    assert [item["state"] for item in peer.items() if item["kind"] == "user"] == ["sent"] * 3
    assert peer.session.facts.status == "ready"


def test_the_status_runs_on_between_two_prompts_of_the_queue(peer: Peer) -> None:
    peer.begin()
    peer.session.submit("p2", "second")
    peer.facts.clear()
    peer.end()
    assert {facts.status for facts in peer.facts} == {"running"}
    peer.end()
    assert peer.facts[-1].status == "ready"


def test_what_waits_is_in_the_file_before_the_page_is_told(peer: Peer) -> None:
    peer.begin()
    peer.session.submit("p2", "second", (FILE,))
    assert peer.in_file()[-1].event == ev.Queued("p2", "second", (FILE,))


def test_a_prompt_leaves_the_queue_in_the_write_in_which_it_becomes_the_users(peer: Peer) -> None:
    peer.begin()
    peer.session.submit("p2", "second", (IMAGE,))
    peer.end()
    sent = [ev.UserMessage("second", "p2", (IMAGE,)), ev.TurnStarted("p2"), ev.Unqueued("p2")]
    assert [entry.event for entry in peer.in_file()][-3:] == sent


def test_a_waiting_prompt_can_be_edited_and_removed(peer: Peer) -> None:
    peer.begin()
    peer.session.submit("p2", "second", (FILE,))
    peer.session.submit("p3", "third")
    peer.session.edit_queued("p2", "other")
    peer.session.remove_queued("p3")
    assert peer.queue() == ["other"]
    assert peer.session.facts.queue[0].to_wire() == {
        "id": "p2",
        "text": "other",
        "attachments": [{"name": "a b.csv", "mime": "text/csv", "size": 3}],
        "steers": False,
    }
    peer.end()
    assert peer.prompts() == ["first", "other"]
    for act in (peer.session.remove_queued, peer.session.send_queued, lambda id: peer.session.edit_queued(id, "x")):
        for prompt_id in ("p2", "p3"):
            with pytest.raises(errors.UsageError, match="does not wait any more"):
                act(prompt_id)


def test_a_waiting_prompt_does_not_become_empty(peer: Peer) -> None:
    peer.begin()
    peer.session.submit("p2", "second")
    with pytest.raises(errors.UsageError, match="empty"):
        peer.session.edit_queued("p2", " ")
    assert peer.queue() == ["second"]


@pytest.mark.parametrize(
    ("stop_reason", "why"),
    [
        ("cancelled", "stopped"),
        ("refusal", "refused"),
        ("max_tokens", "limit of tokens"),
        ("max_turn_requests", "limit of steps"),
        ("tired", "tired"),
    ],
)
def test_after_any_other_end_the_queue_waits_and_says_why(peer: Peer, stop_reason: str, why: str) -> None:
    peer.begin()
    peer.session.submit("p2", "second")
    peer.end(stop_reason)
    assert (peer.queue(), peer.prompts()) == (["second"], ["first"])
    assert why in peer.session.facts.queue_paused
    assert peer.session.facts.status == "ready"
    peer.session.submit("p3", "third")  # what the user says now is not kept waiting
    assert (peer.queue(), peer.prompts()) == (["second"], ["first", "third"])
    peer.end()
    assert why in peer.session.facts.queue_paused
    peer.session.send_queued("p2")
    assert (peer.queue(), peer.prompts()) == ([], ["first", "third", "second"])


def test_a_turn_that_was_stopped_and_ended_all_the_same_lets_nothing_follow(peer: Peer) -> None:
    peer.begin()
    peer.session.submit("p2", "second")
    peer.session.stop()
    peer.end("end_turn")
    assert peer.prompts() == ["first"]
    assert "stopped" in peer.session.facts.queue_paused


def test_a_refused_prompt_holds_the_queue(peer: Peer) -> None:
    peer.begin()
    peer.session.submit("p2", "second")
    peer.session.submit("p3", "third")
    peer.end()
    asked = next(m for m in peer.sent[::-1] if m.get("method") == "session/prompt")
    peer.receive(id=asked["id"], error={"code": -32602, "message": "no"})
    assert [item["state"] for item in peer.items() if item["kind"] == "user"] == ["sent", "failed"]
    assert (peer.queue(), peer.prompts()) == (["third"], ["first", "second"])
    assert "did not take" in peer.session.facts.queue_paused


def test_a_dropped_connection_holds_the_queue(peer: Peer) -> None:
    peer.begin()
    peer.session.submit("p2", "second")
    peer.session.disconnected("gone")
    assert (peer.queue(), peer.session.facts.queue_paused) == (["second"], "The reply was interrupted.")
    peer.session.send_queued("p2")  # as soon as that is possible
    assert peer.prompts() == ["first"]
    peer.connect()
    peer.update("user_message_chunk", content={"type": "text", "text": "first"}, messageId="u")
    peer.reply()
    assert peer.prompts() == ["first", "second"]


def test_sending_the_last_one_now_puts_it_before_the_others(peer: Peer) -> None:
    peer.begin()
    for prompt_id in ("p2", "p3"):
        peer.session.submit(prompt_id, prompt_id)
    peer.session.send_queued("p3")
    assert (peer.queue(), peer.prompts()) == (["p3", "p2"], ["first"])
    peer.end()
    assert peer.prompts() == ["first", "p3"]


def test_the_queue_is_there_again_in_another_kernel_and_waits(peer: Peer) -> None:
    peer.begin()
    peer.session.submit("p2", "second", (IMAGE,))
    peer.session.submit("p3", "third")
    peer.session.edit_queued("p3", "other")
    peer.session.submit("p4", "fourth")
    peer.session.remove_queued("p4")
    other = peer.resumed()
    assert (other.queue(), other.session.facts.queue_paused) == (["second", "other"], KEPT)
    assert other.session.facts.queue[0].content == (IMAGE,)
    other.connect()
    other.update("user_message_chunk", content={"type": "text", "text": "first"}, messageId="u")
    other.reply()
    assert (other.session.facts.status, other.prompts()) == ("ready", [])
    other.session.send_queued("p2")
    assert other.sent[-1]["params"]["prompt"] == [
        {"type": "text", "text": "second"},
        {"type": "image", "mimeType": "image/png", "data": "AA=="},
    ]
    assert other.queue() == ["other"]


def test_the_queue_of_a_long_file_is_in_what_is_read_first(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    peer.begin()
    for prompt_id in ("p2", "p3", "p4"):
        peer.session.submit(prompt_id, prompt_id)
    peer.session.remove_queued("p3")
    peer.end("cancelled")
    for number in range(20):
        peer.session.prompt(f"x{number}", "more")  # as code does it
        peer.text("word " * 100)
        peer.end()
    monkeypatch.setattr("goose_widget.log._LONG", 1000)
    monkeypatch.setattr("goose_widget.log._NEWEST", 2000)
    (file,) = peer.store.files()
    loaded = load_newest(file)
    assert not loaded.is_whole
    other = Peer(peer.store.folder, session_id=file.header.session_id)
    peer.session.close()
    file.acquire()
    other.session.resume(Found(file, loaded))
    assert other.queue() == ["p2", "p4"]
    other.session.complete(load(file))
    assert other.queue() == ["p2", "p4"]


def test_a_kernel_that_is_killed_at_any_byte_of_the_file_loses_and_doubles_nothing(peer: Peer) -> None:
    peer.begin()
    peer.session.submit("p2", "second")
    peer.session.submit("p3", "third")
    (path,) = [file.path for file in peer.store.files()]
    safe = path.stat().st_size
    peer.end()
    peer.end()
    whole = path.read_bytes()
    seen: set[str] = set()
    for size in range(safe, len(whole) + 1, 7):
        other = peer.resumed(size)
        shown = [item["text"] for item in other.items() if item["kind"] == "user"]
        assert sorted([*shown, *other.queue()]) == ["first", "second", "third"]
        gone = [entry.event.prompt_id for entry in other.in_file() if isinstance(entry.event, ev.Unqueued)]
        assert sorted(gone) == sorted({"first": "p1", "second": "p2", "third": "p3"}[text] for text in shown[1:])
        last = [entry.event for entry in other.in_file() if isinstance(entry.event, ev.TurnStarted | ev.UserMessage)][
            -1
        ]
        if isinstance(last, ev.UserMessage):  # it was not sent, and that is said
            assert [item["state"] for item in other.items() if item["kind"] == "user"][-1] == "failed"
            seen.add(last.text)
        other.session.close()
    assert seen == {"second", "third"}


def test_attachments_wait_only_where_the_server_takes_them(tmp_path: Path) -> None:
    wire = Wire(tmp_path / "s")
    wire.open()
    with pytest.raises(errors.UsageError, match="no images"):
        wire.session.submit("p1", "look", (IMAGE,))
    wire.session.submit("p1", "look")
    with pytest.raises(errors.UsageError, match="no files"):
        wire.session.submit("p2", "look", (FILE,))
    assert wire.session.facts.queue == ()


def test_a_prompt_of_attachments_alone_is_one(peer: Peer) -> None:
    peer.session.submit("p1", "", (FILE,))
    resource = {"uri": "attachment:a%20b.csv", "mimeType": "text/csv", "text": "a,b"}
    assert peer.sent[-1]["params"]["prompt"] == [{"type": "resource", "resource": resource}]
    with pytest.raises(errors.UsageError, match="empty"):
        peer.session.submit("p2", "")


def test_an_interrupted_prompt_is_asked_again_with_its_attachments(peer: Peer) -> None:
    peer.session.submit("p1", "look", (IMAGE, FILE))
    sent = peer.sent[-1]["params"]["prompt"]
    peer.text("I s")
    peer.session.disconnected("gone")
    peer.connect()
    peer.update("user_message_chunk", content=sent[0], messageId="u")
    peer.update("user_message_chunk", content=sent[1], messageId="u")
    resource = "--- Resource: attachment:a%20b.csv ---\na,b\n---\n"
    peer.update("user_message_chunk", content={"type": "text", "text": resource}, messageId="u")
    peer.reply()
    assert [item["kind"] for item in peer.items()] == ["user", "agent", "notice"]
    peer.session.retry_turn("p2")
    assert peer.sent[-1]["params"]["prompt"] == sent
    assert peer.items()[-1]["content"] == [IMAGE, FILE]


# -- steering ---------------------------------------------------------------------------------------------------------


def test_a_turn_can_be_steered_while_goose_says_that_it_runs(peer: Peer) -> None:
    assert not peer.session.facts.can_steer
    with pytest.raises(errors.UsageError, match="not at work"):
        peer.session.steer("s1", "more")
    peer.session.submit("p1", "first")
    with pytest.raises(errors.UsageError, match="takes nothing"):
        peer.session.steer("s1", "more")
    peer.run("run_1")
    assert peer.session.facts.can_steer
    peer.end()
    assert not peer.session.facts.can_steer
    assert peer.queue() == []


def test_what_steers_is_shown_once_where_goose_takes_it_up(peer: Peer) -> None:
    peer.begin()
    peer.text("one ")
    peer.session.steer("s1", "more")
    assert peer.in_file()[-1].event == ev.Queued("s1", "more", steers=True)
    assert peer.steered()["params"] == {
        "sessionId": "20261122_7",
        "expectedRunId": "run_1",
        "prompt": [{"type": "text", "text": "more"}],
    }
    assert [waiting.steers for waiting in peer.session.facts.queue] == [True]
    peer.receive(id=peer.steered()["id"], result={"runId": "run_1", "messageId": "steer_1"})
    peer.text("two")
    peer.takes_up("more")
    assert peer.queue() == []
    peer.text("three")
    peer.end()
    assert peer.said() == [("user", "first"), ("agent", "one two"), ("user", "more"), ("agent", "three")]
    assert peer.prompts() == ["first"]
    assert [item["text"] for item in peer.session.log.turn("p1")] == ["first", "one two", "more", "three"]


def test_it_may_be_taken_up_before_its_request_is_answered(peer: Peer) -> None:
    peer.begin()
    peer.session.steer("s1", "more")
    peer.update("session_info_update", _meta={"goose": {"queuedSteer": {"messageId": "steer_1", "runId": "run_1"}}})
    peer.takes_up("more")
    assert peer.queue() == []
    peer.receive(id=peer.steered()["id"], result={"runId": "run_1", "messageId": "steer_1"})
    peer.end()
    assert peer.said() == [("user", "first"), ("user", "more")]
    assert peer.prompts() == ["first"]


def test_what_goose_refuses_is_the_next_prompt(peer: Peer) -> None:
    peer.begin()
    peer.session.steer("s1", "more")
    with pytest.raises(errors.UsageError, match="has this message already"):
        peer.session.edit_queued("s1", "less")
    peer.receive(id=peer.steered()["id"], error={"code": -32602, "message": "Invalid params"})
    assert "next prompt" in peer.items()[-1]["text"]
    peer.session.edit_queued("s1", "less")
    peer.end()
    assert peer.prompts() == ["first", "less"]


def test_an_older_goose_is_not_asked_again(peer: Peer) -> None:
    peer.begin()
    peer.session.steer("s1", "more")
    peer.receive(id=peer.steered()["id"], error={"code": -32601, "message": "Method not found"})
    assert not peer.session.facts.can_steer
    peer.end()
    peer.run("run_2")
    assert not peer.session.facts.can_steer
    assert peer.prompts() == ["first", "more"]


def test_what_the_turn_never_took_up_is_the_next_prompt(peer: Peer) -> None:
    peer.begin()
    peer.session.steer("s1", "more")
    peer.receive(id=peer.steered()["id"], result={"runId": "run_1", "messageId": "steer_1"})
    peer.end()
    assert peer.prompts() == ["first", "more"]
    assert peer.queue() == []


def test_nothing_is_sent_before_goose_said_whether_it_steers(peer: Peer) -> None:
    peer.begin()
    peer.session.steer("s1", "more")
    asked = peer.steered()["id"]
    peer.end()
    assert peer.prompts() == ["first"]
    peer.receive(id=asked, error={"code": -32602, "message": "no active run to steer"})
    assert peer.prompts() == ["first", "more"]
    assert [item["kind"] for item in peer.items()] == ["user", "user"]


def test_after_a_stop_it_waits_with_the_others(peer: Peer) -> None:
    peer.begin()
    peer.session.steer("s1", "more")
    peer.receive(id=peer.steered()["id"], result={"runId": "run_1", "messageId": "steer_1"})
    peer.session.stop()
    with pytest.raises(errors.UsageError, match="takes nothing"):
        peer.session.steer("s2", "too late")
    peer.end("cancelled")
    assert peer.queue() == ["more"]
    peer.session.remove_queued("s1")
    assert peer.queue() == []


@pytest.mark.parametrize("killed", [False, True], ids=["the connection dropped", "the kernel was killed"])
@pytest.mark.parametrize("taken_up", [False, True])
def test_after_a_cut_gooses_history_says_whether_it_was_taken_up(peer: Peer, killed: bool, taken_up: bool) -> None:
    peer.begin()
    peer.text("one")
    peer.session.steer("s1", "more")
    peer.receive(id=peer.steered()["id"], result={"runId": "run_1", "messageId": "steer_1"})
    peer.session.disconnected("gone")
    peer = peer.resumed() if killed else peer
    assert peer.queue() == ["more"]
    peer.connect()
    peer.update("user_message_chunk", content={"type": "text", "text": "first"}, messageId="u1")
    peer.update("agent_message_chunk", content={"type": "text", "text": "one"}, messageId="m")
    if taken_up:
        peer.takes_up("more")
    peer.reply()
    assert peer.queue() == ([] if taken_up else ["more"])
    assert [text for kind, text in peer.said() if kind == "user"] == ["first", "more"][: 1 + taken_up]
    assert isinstance(peer.in_file()[-1].event, ev.TurnEnded) or not taken_up
    assert [ev.Unqueued("s1")] * taken_up == [
        each.event for each in peer.in_file() if isinstance(each.event, ev.Unqueued)
    ]
    if not taken_up:
        peer.session.send_queued("s1")
        assert peer.prompts()[-1] == "more"


def test_gooses_history_of_a_steered_turn_is_ours(peer: Peer) -> None:
    peer.begin()
    peer.text("one")
    peer.session.steer("s1", "more")
    peer.receive(id=peer.steered()["id"], result={"runId": "run_1", "messageId": "steer_1"})
    peer.takes_up("more")
    peer.update("agent_message_chunk", content={"type": "text", "text": "two"}, messageId="m2")
    peer.end()
    before = peer.said()
    assert peer.resumed().said() == before
    peer.session.disconnected("gone")
    peer.connect()
    peer.update("user_message_chunk", content={"type": "text", "text": "first"}, messageId="u1")
    peer.update("agent_message_chunk", content={"type": "text", "text": "one"}, messageId="m")
    peer.takes_up("more")
    peer.update("agent_message_chunk", content={"type": "text", "text": "two"}, messageId="m2")
    peer.reply()
    assert peer.said() == before
    assert peer.session.facts.status == "ready"


# -- facts of the server ----------------------------------------------------------------------------------------------


def test_the_servers_commands_are_a_fact_and_no_entry(peer: Peer) -> None:
    command = {"name": "compact", "description": "Short", "input": {"hint": "how"}}
    peer.update("available_commands_update", availableCommands=[command])
    assert peer.session.facts.commands == ({"name": "compact", "description": "Short", "hint": "how"},)
    peer.session.disconnected("gone")
    assert len(peer.session.facts.commands) == 1
    peer.session.close()
    assert not list(peer.store.files())


def test_what_the_server_takes_is_a_fact(peer: Peer, tmp_path: Path) -> None:
    assert peer.session.facts.accepts == ("image", "file")
    other = Wire(tmp_path / "other")
    other.open()
    assert other.session.facts.accepts == ()
