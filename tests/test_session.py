"""The log: every event is written before it is shown, once, in order; and what follows from it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from goose_widget import errors
from goose_widget import events as ev
from goose_widget.conversation import Found
from goose_widget.facts import Facts, status_of
from goose_widget.log import load
from goose_widget.protocol.acp import Acp
from goose_widget.session import Session
from goose_widget.store import Entry, Store
from goose_widget.transcript import Change


class Wire:
    """A session with the other end of its connection in the test's hands, and a watcher that checks the file."""

    def __init__(self, folder: Path, **arguments: Any) -> None:
        self.store = Store(folder)
        self.session = Session(cwd="/n", store=self.store, place="here", **arguments)
        self.session.watcher = self
        self.sent: list[dict[str, Any]] = []
        self.batches: list[tuple[int, int, list[Change]]] = []
        self.entries: list[Entry] = []
        self.facts: list[Facts] = []

    # Watcher.

    def changed(self, before: int, seq: int, changes: list[Change]) -> None:
        self.batches.append((before, seq, changes))
        if changes and self.session.facts.session_id is not None:
            assert self.in_file()[-1].seq == seq, "shown before it was written"

    def facts_changed(self, old: Facts, new: Facts) -> None:
        self.facts.append(new)

    def logged(self, entries: list[Entry]) -> None:
        self.entries += entries

    # The other end.

    def in_file(self) -> list[Entry]:
        file = self.store.find(str(self.session.facts.session_id))
        return [] if file is None else list(file.read())

    def connect(self) -> None:
        self.session.connecting()
        self.session.connected(Acp("1"), lambda frames: self.sent.extend(json.loads(frame) for frame in frames))
        capabilities = {"agentCapabilities": {"loadSession": True}, "agentInfo": {"name": "goose", "version": "1"}}
        self.reply(protocolVersion=1, **capabilities)

    def open(self, session_id: str = "20261122_7", mode: str = "auto") -> None:
        self.connect()
        modes = [{"id": "auto", "name": "auto"}, {"id": "approve", "name": "approve"}]
        self.reply(sessionId=session_id, modes={"currentModeId": mode, "availableModes": modes})

    def reply(self, **result: Any) -> None:
        self.receive(id=self.sent[-1]["id"], result=result)

    def update(self, kind: str, **fields: Any) -> None:
        session_id = self.session.facts.session_id
        self.receive(
            method="session/update", params={"sessionId": session_id, "update": {"sessionUpdate": kind, **fields}}
        )

    def text(self, text: str) -> None:
        self.update("agent_message_chunk", content={"type": "text", "text": text}, messageId="m")

    def receive(self, **message: Any) -> None:
        self.session.feed(json.dumps({"jsonrpc": "2.0", **message}))
        self.session.commit()

    def ask(self, call_id: str = "c1") -> str:
        options = [{"optionId": kind, "name": kind, "kind": kind} for kind in ("allow_once", "reject_once")]
        call = {"toolCallId": call_id, "title": "shell", "rawInput": {"command": "ls"}}
        params = {"sessionId": self.session.facts.session_id, "toolCall": call, "options": options}
        self.receive(id=f"rpc-{call_id}", method="session/request_permission", params=params)
        return str(next(e.event.request_id for e in self.entries[::-1] if isinstance(e.event, ev.PermissionAsked)))

    def items(self) -> list[dict[str, Any]]:
        return self.session.log.snapshot()[1]


@pytest.fixture
def wire(tmp_path: Path) -> Wire:
    wire = Wire(tmp_path / "sessions")
    wire.open()
    return wire


def turn(wire: Wire, prompt: str = "hello", reply: str = "hi") -> None:
    wire.session.prompt(f"p-{prompt}", prompt)
    wire.text(reply)
    wire.receive(
        id=next(m["id"] for m in wire.sent[::-1] if m["method"] == "session/prompt"), result={"stopReason": "end_turn"}
    )


def test_a_session_opens_and_takes_a_prompt(wire: Wire) -> None:
    assert wire.session.facts.status == "ready"
    assert [m["method"] for m in wire.sent] == ["initialize", "session/new"]
    assert wire.sent[1]["params"] == {"cwd": "/n", "mcpServers": []}
    turn(wire)
    assert [(i["kind"], i["text"], i["state"]) for i in wire.items()] == [
        ("user", "hello", "sent"),
        ("agent", "hi", "done"),
    ]
    assert wire.session.facts.status == "ready"


def test_a_session_that_nobody_used_leaves_no_file(wire: Wire) -> None:
    wire.update("session_info_update", title="A title")
    wire.session.close()
    assert not wire.store.folder.exists()


def test_the_file_holds_the_log_with_nothing_left_out(wire: Wire) -> None:
    wire.update("session_info_update", title="A title")
    turn(wire)
    assert wire.in_file() == wire.entries
    assert [entry.seq for entry in wire.entries] == list(range(1, len(wire.entries) + 1))


def test_the_prompt_is_in_the_file_before_it_is_sent(wire: Wire) -> None:
    at_send: list[list[Entry]] = []
    wire.session._transmit = lambda frames: at_send.append(wire.in_file())
    wire.session.prompt("p", "hello")
    assert ev.UserMessage("hello", "p") in [entry.event for entry in at_send[0]]


@pytest.mark.parametrize("status", ["connecting", "running", "closed"])
def test_a_prompt_that_can_not_be_taken_is_refused_with_a_reason_and_leaves_no_trace(wire: Wire, status: str) -> None:
    if status == "connecting":
        wire = Wire(wire.store.folder)
    elif status == "running":
        wire.session.prompt("p", "first")
    else:
        wire.session.close()
    before = wire.items()
    with pytest.raises(errors.UsageError, match=r"connecting|still working|closed"):
        wire.session.prompt("p2", "second")
    assert wire.items() == before


def test_an_empty_prompt_is_refused(wire: Wire) -> None:
    with pytest.raises(errors.UsageError, match="empty"):
        wire.session.prompt("p", "  \n")


def test_half_a_surrogate_pair_in_a_prompt_breaks_nothing(wire: Wire) -> None:
    wire.session.prompt("p", "a\ud800b")
    assert wire.items()[0]["text"] == "a\ufffdb"
    assert wire.in_file()[-2].event == ev.UserMessage("a\ufffdb", "p")


def test_repeated_facts_are_logged_once(wire: Wire) -> None:
    for _ in range(3):
        wire.update("usage_update", used=10, size=100)
        wire.update("session_info_update", title="T")
    assert [type(e.event).__name__ for e in wire.entries].count("Usage") == 1
    assert wire.session.facts.usage == {"used": 10, "size": 100}
    assert wire.session.facts.title == "T"


def test_a_permission_is_answered_once(wire: Wire) -> None:
    wire.session.prompt("p", "list")
    request = wire.ask()
    assert wire.session.facts.status == "waiting"
    with pytest.raises(errors.UsageError, match="no option"):
        wire.session.answer(request, "sudo")
    wire.session.answer(request, "allow_once")
    with pytest.raises(errors.UsageError, match="no longer open"):
        wire.session.answer(request, "reject_once")
    answers = [m for m in wire.sent if m.get("id") == "rpc-c1"]
    assert [m["result"] for m in answers] == [{"outcome": {"outcome": "selected", "optionId": "allow_once"}}]
    assert wire.session.facts.status == "running"
    permission = wire.items()[-1]["permission"]
    assert (permission["state"], permission["option"], permission["by"]) == ("answered", "allow_once", "user")


def test_stopping_answers_every_open_question_with_cancelled(wire: Wire) -> None:
    wire.session.prompt("p", "list")
    requests = {wire.ask("c1"), wire.ask("c2")}
    wire.session.stop()
    outcomes = {m["id"]: m["result"]["outcome"] for m in wire.sent if "result" in m}
    assert outcomes == {"rpc-c1": {"outcome": "cancelled"}, "rpc-c2": {"outcome": "cancelled"}}
    assert [m["method"] for m in wire.sent if "method" in m][-1] == "session/cancel"
    assert len(requests) == 2
    assert {i["permission"]["state"] for i in wire.items() if i["kind"] == "tool"} == {"void"}


def test_a_refused_prompt_is_marked_and_told(wire: Wire) -> None:
    wire.session.prompt("p", "hello")
    wire.receive(id=wire.sent[-1]["id"], error={"code": -32603, "message": "out of credit"})
    assert [(i["kind"], i.get("state")) for i in wire.items()] == [("user", "failed"), ("notice", None)]
    assert "out of credit" in wire.items()[1]["text"]
    assert wire.session.facts.status == "ready"


def test_a_page_gets_what_it_missed_or_everything(wire: Wire) -> None:
    turn(wire)
    have = wire.batches[0][1]
    seq, changes = wire.session.log.since(have) or (0, [])
    assert seq == wire.session.log.snapshot()[0]
    assert [c.to_wire() for c in changes] == [c.to_wire() for batch in wire.batches[1:] for c in batch[2]]
    assert wire.session.log.since(seq) == (seq, [])
    assert wire.session.log.since(10**6) is None
    for number in range(600):
        wire.session.say(ev.Notice("info", str(number)))
    assert wire.session.log.since(have) is None


# Resuming.


def resumed(folder: Path, **arguments: Any) -> Wire:
    wire = Wire(folder, session_id="20261122_7", **arguments)
    resume(wire)
    wire.session.commit()
    return wire


def resume(wire: Wire) -> None:
    file = wire.store.find("20261122_7")
    if file is not None:
        file.acquire()
        wire.session.resume(Found(file, load(file)))


def replay(wire: Wire, *history: tuple[str, str], mode: str = "auto") -> None:
    """The server loads the session: its history, then its answer."""
    wire.connect()
    assert wire.sent[-1]["method"] == "session/load"
    load = wire.sent[-1]["id"]
    for kind, text in history:
        wire.update(f"{kind}_message_chunk", content={"type": "text", "text": text}, messageId="m")
    modes = [{"id": "auto", "name": "auto"}, {"id": "approve", "name": "approve"}]
    wire.receive(id=load, result={"modes": {"currentModeId": mode, "availableModes": modes}})


def test_a_resumed_session_has_its_history_before_any_server(wire: Wire) -> None:
    turn(wire)
    shown = wire.items()
    wire.session.close()
    again = resumed(wire.store.folder)
    assert again.items() == shown
    replay(again, ("user", "hello"), ("agent", "hi"))
    assert again.items() == shown
    assert again.session.facts.status == "ready"
    turn(again, "more", "sure")
    assert len(list(wire.store.folder.glob("*.jsonl"))) == 1


def test_a_session_without_a_file_is_taken_from_the_server(tmp_path: Path) -> None:
    wire = resumed(tmp_path / "sessions")
    replay(wire, ("user", "hello"), ("agent", "hi"))
    assert [(i["kind"], i["text"]) for i in wire.items()] == [("user", "hello"), ("agent", "hi")]
    assert [type(e.event).__name__ for e in wire.in_file()] == ["Mode", "UserMessage", "Text", "TurnEnded"]


def test_what_was_said_elsewhere_is_added(wire: Wire) -> None:
    turn(wire)
    wire.session.close()
    again = resumed(wire.store.folder)
    replay(again, ("user", "hello"), ("agent", "hi"), ("user", "elsewhere"), ("agent", "yes"))
    assert [i["text"] for i in again.items()] == ["hello", "hi", "elsewhere", "yes"]


def test_a_turn_that_the_kernel_left_open_is_marked_when_it_is_resumed(wire: Wire) -> None:
    wire.session.prompt("p", "hello")
    wire.text("part")
    wire.session._journal.close()  # as a killed kernel would leave it
    again = resumed(wire.store.folder)
    items = again.items()
    assert [(i["kind"], i.get("state")) for i in items] == [
        ("user", "sent"),
        ("agent", "interrupted"),
        ("notice", None),
    ]
    assert "kernel stopped" in items[2]["text"]
    again.session.close()
    assert len(resumed(wire.store.folder).items()) == 3


def test_the_mode_of_a_session_comes_back_with_it(wire: Wire) -> None:
    wire.session.set("mode", "approve")
    wire.reply(configOptions=[])
    turn(wire)
    wire.session.close()
    again = resumed(wire.store.folder)
    replay(again, ("user", "hello"), ("agent", "hi"), mode="auto")
    assert again.session.facts.status == "connecting"  # no prompt before it is set
    assert again.sent[-1]["params"]["value"] == "approve"
    again.reply(configOptions=[])
    assert again.session.facts.status == "ready"
    assert again.session.facts.mode == "approve"


def test_another_conversation_under_the_same_id_is_not_mixed_in(wire: Wire) -> None:
    turn(wire)
    shown = wire.items()
    wire.session.close()
    again = resumed(wire.store.folder)
    replay(again, ("user", "something else"), ("agent", "quite"))
    assert again.items() == shown
    decline(again)
    assert isinstance(again.session.facts.problem, errors.OtherConversation)
    assert (again.session.facts.read_only, again.session.facts.resumed) == (True, "read-only")
    assert again.items() == shown


def test_a_session_that_the_server_forgot_and_does_not_take_back_is_shown_and_read_only(wire: Wire) -> None:
    turn(wire)
    wire.session.close()
    again = resumed(wire.store.folder)
    forget(again)
    decline(again)
    assert isinstance(again.session.facts.problem, errors.UnknownSession)
    assert (again.session.facts.read_only, again.session.facts.resumed) == (True, "read-only")
    assert len(again.items()) == 2


def forget(wire: Wire) -> None:
    """The server does not know the session that is loaded."""
    wire.connect()
    wire.receive(id=wire.sent[-1]["id"], error={"code": -32002, "message": "Session not found"})


def decline(wire: Wire) -> None:
    """The server takes no sessions that others had: the first step of an import is a session of its own."""
    assert wire.sent[-1]["method"] == "session/new"
    wire.receive(id=wire.sent[-1]["id"], error={"code": -32601, "message": "Method not found"})


def take(wire: Wire, session_id: str = "20261123_1") -> dict[str, Any]:
    """The server takes the session under another id. Returns the document that it got."""
    assert wire.sent[-1]["method"] == "session/new"
    wire.reply(sessionId="fresh")
    wire.reply(data=json.dumps({"extension_data": {"tools": 1}}))
    imported = next(message for message in wire.sent[::-1] if message["method"].endswith("session/import"))
    wire.receive(id=imported["id"], result={"sessionId": session_id})
    loaded = wire.sent[-1]
    assert (loaded["method"], loaded["params"]["sessionId"]) == ("session/load", session_id)
    return dict(json.loads(imported["params"]["input"]))


def opened(wire: Wire, *history: tuple[str, str], skipped: int = 0) -> None:
    """The server answers the load."""
    load = wire.sent[-1]["id"]
    for kind, text in history:
        wire.update(f"{kind}_message_chunk", content={"type": "text", "text": text}, messageId="m")
    modes = {"currentModeId": "auto", "availableModes": [{"id": "auto", "name": "auto"}]}
    wire.receive(id=load, result={"modes": modes, "_meta": {"replaySkipped": skipped}})


@pytest.mark.parametrize("why", ["unknown", "other", "forgot a turn"])
def test_a_session_that_the_server_does_not_have_is_brought_there_from_its_file(wire: Wire, why: str) -> None:
    turn(wire)
    turn(wire, "more", "sure")
    shown = wire.items()
    wire.session.close()
    again = resumed(wire.store.folder)
    if why == "unknown":
        forget(again)
    elif why == "other":
        replay(again, ("user", "something else"), ("agent", "quite"))
    else:
        replay(again, ("user", "hello"), ("agent", "hi"))
    document = take(again)
    texts = [message["content"][0]["text"] for message in document["conversation"]]
    assert texts == ["hello", "hi", "more", "sure"]
    opened(again, ("user", "more"), ("agent", "sure"), skipped=2)
    facts = again.session.facts
    assert (facts.status, facts.session_id, facts.resumed) == ("ready", "20261123_1", "restored")
    assert again.items()[:-1] == shown
    assert "20261122_7" in again.items()[-1]["text"]
    again.session.close()

    old, new = sorted(wire.store.files(), key=lambda file: file.header.created)
    assert (new.header.session_id, new.header.continues) == ("20261123_1", "20261122_7")
    assert new.header.after == old.header.uid
    for session_id in ("20261122_7", "20261123_1"):
        found = wire.store.find(session_id)
        assert found is not None
        assert found.path == new.path


def test_a_connection_that_drops_while_a_session_is_restored_does_it_with_the_next_one(wire: Wire) -> None:
    turn(wire)
    wire.session.close()
    again = resumed(wire.store.folder)
    forget(again)
    again.session.disconnected("cut")
    assert again.session.facts.problem is None
    forget(again)
    take(again)
    opened(again, ("user", "hello"), ("agent", "hi"))
    assert again.session.facts.status == "ready"


def test_a_reconnection_restores_nothing_unasked(wire: Wire) -> None:
    turn(wire)
    wire.session.disconnected("cut")
    forget(wire)
    problem = wire.session.facts.problem
    assert isinstance(problem, errors.UnknownSession)
    assert [offer for offer, _ in problem.offers] == ["restore", "new"]
    wire.session.disconnected("asked to")
    wire.session.restore()
    forget(wire)
    take(wire)
    opened(wire, ("user", "hello"), ("agent", "hi"))
    assert wire.session.facts.resumed == "restored"


def test_a_reconnection_to_another_conversation_goes_no_further(wire: Wire) -> None:
    turn(wire)
    shown = wire.items()
    wire.session.disconnected("cut")
    replay(wire, ("user", "something else"), ("agent", "quite"))
    assert isinstance(wire.session.facts.problem, errors.OtherConversation)
    assert wire.items() == shown


# What is loaded.


def test_a_reconnection_asks_for_the_end_of_the_history_only(wire: Wire) -> None:
    turn(wire)
    turn(wire, "more", "sure")
    wire.session.disconnected("cut")
    wire.connect()
    assert wire.sent[-1]["params"]["_meta"] == {"replayTail": 30}
    opened(wire, ("user", "more"), ("agent", "sure"), ("user", "elsewhere"), ("agent", "yes"), skipped=2)
    assert wire.session.facts.status == "ready"
    assert [item["text"] for item in wire.items()] == ["hello", "hi", "more", "sure", "elsewhere", "yes"]


def test_where_the_end_does_not_tell_all_of_it_is_loaded(wire: Wire) -> None:
    turn(wire)
    wire.session.disconnected("cut")
    wire.connect()
    opened(wire, ("user", "three"), ("agent", "3"), skipped=4)
    assert wire.session.facts.status == "reconnecting"
    assert "_meta" not in wire.sent[-1]["params"]
    opened(
        wire, *[("user", "hello"), ("agent", "hi"), ("user", "two"), ("agent", "2"), ("user", "three"), ("agent", "3")]
    )
    assert [item["text"] for item in wire.items()] == ["hello", "hi", "two", "2", "three", "3"]


def test_a_prompt_that_never_arrived_is_marked_and_can_be_sent_again(wire: Wire) -> None:
    turn(wire)
    wire.session.prompt("p", "lost")
    wire.session.disconnected("cut")
    wire.connect()
    opened(wire, ("user", "hello"), ("agent", "hi"))
    assert [item["state"] for item in wire.items() if item["kind"] == "user"] == ["sent", "failed"]
    assert "never got this message" in wire.items()[-1]["text"]
    wire.session.disconnected("cut")
    wire.connect()
    opened(wire, ("user", "hello"), ("agent", "hi"))
    assert str(wire.items()).count("never got this message") == 1
    wire.session.retry_turn("again")
    assert wire.sent[-1]["params"]["prompt"][0]["text"] == "lost"


# A reply that was cut off.


def cut_off(wire: Wire, *pieces: str) -> None:
    """A turn that the connection left open, and the next connection."""
    wire.session.prompt("p", "tell")
    for piece in pieces:
        wire.text(piece)
    wire.session.disconnected("cut")
    wire.connect()
    opened(wire, ("user", "tell"))
    assert wire.session.facts.status == "ready"


def test_a_reply_that_was_cut_off_is_told_with_its_cause_and_time(wire: Wire) -> None:
    cut_off(wire, "one ", "two")
    told = wire.session.facts.interrupted
    assert told is not None
    assert (told["prompt_id"], told["partial"]) == ("p", True)
    assert "dropped (cut)" in told["cause"]
    assert told["time"] == wire.items()[-1]["time"]
    wire.session.close()
    again = resumed(wire.store.folder)
    assert again.session.facts.interrupted == told
    replay(again, ("user", "tell"))
    turn(again)
    assert again.session.facts.interrupted is None


def test_goose_goes_on_with_its_own_partial_reply(wire: Wire) -> None:
    cut_off(wire, "one ", "two")
    wire.session.continue_turn("p2")
    assert wire.session.facts.status == "running"  # no prompt slips in between
    assert wire.sent[-1]["params"] == {"sessionId": "20261122_7"}
    theirs = {"conversation": [{"role": "user", "created": 1, "content": [{"type": "text", "text": "tell"}]}]}
    wire.reply(data=json.dumps({**theirs, "extension_data": {"tools": 1}}))
    imported = wire.sent[-1]
    document = json.loads(imported["params"]["input"])
    assert [message["content"][0]["text"] for message in document["conversation"]] == ["tell", "one two"]
    wire.receive(id=imported["id"], result={"sessionId": "20261122_8"})
    assert [message["method"] for message in wire.sent[-2:]] == ["_goose/unstable/session/archive", "session/load"]
    opened(wire, ("user", "tell"), ("agent", "one two"))
    assert wire.sent[-1]["method"] == "session/prompt"
    assert wire.sent[-1]["params"]["sessionId"] == "20261122_8"
    assert wire.session.turn == "p2"
    assert wire.session.facts.interrupted is None
    found = wire.store.find("20261122_7")
    assert found is not None
    assert found.header.session_id == "20261122_8"


def test_where_nothing_can_be_imported_the_reply_is_quoted(wire: Wire) -> None:
    cut_off(wire, "one ", "two")
    wire.session.continue_turn("p2")
    wire.receive(id=wire.sent[-1]["id"], error={"code": -32601, "message": "Method not found"})
    assert wire.sent[-1]["method"] == "session/prompt"
    assert "> one two" in wire.sent[-1]["params"]["prompt"][0]["text"]
    assert wire.session.facts.session_id == "20261122_7"


def test_a_drop_before_goose_could_continue_is_told_and_nothing_was_sent(wire: Wire) -> None:
    cut_off(wire, "one ")
    wire.session.continue_turn("p2")
    wire.session.disconnected("cut again")
    ends = [entry.event for entry in wire.entries if isinstance(entry.event, ev.TurnEnded)]
    assert (ends[-1].prompt_id, ends[-1].stop_reason) == ("p2", "failed")
    assert wire.session.facts.interrupted is not None
    wire.connect()
    opened(wire, ("user", "tell"))
    assert [m["method"] for m in wire.sent].count("session/prompt") == 1


@pytest.mark.parametrize("when", ["exported", "imported", "loaded"])
@pytest.mark.parametrize("how", ["stopped", "closed", "failed"])
def test_a_continuation_that_is_given_up_sends_nothing_and_ends(wire: Wire, when: str, how: str) -> None:
    cut_off(wire, "one ")
    wire.session.continue_turn("p2")
    if when != "exported":
        theirs = {"conversation": [{"role": "user", "created": 1, "content": [{"type": "text", "text": "tell"}]}]}
        wire.reply(data=json.dumps({**theirs, "extension_data": {"tools": 1}}))
    if when == "loaded":
        wire.reply(sessionId="20261122_8")
    if how == "stopped":
        wire.session.stop()
    elif how == "closed":
        wire.session.close()
    else:
        wire.session.fail(errors.RequestRefused("load", "no"))
    ends = [entry.event for entry in wire.entries if isinstance(entry.event, ev.TurnEnded)]
    assert (ends[-1].prompt_id, "Nothing was sent" in ends[-1].error) == ("p2", True)
    assert wire.session.facts.status == {"stopped": "ready", "closed": "closed", "failed": "failed"}[how] or (
        when == "loaded" and how == "stopped"
    )
    if how == "stopped":
        if when == "loaded":
            opened(wire, ("user", "tell"), ("agent", "one"))
        else:
            wire.reply(sessionId="20261122_8", data="{}")
        assert wire.session.facts.status == "ready"
        turn(wire, "else", "sure")
    assert "cut off when" not in str(wire.sent)


def test_a_restore_in_which_the_connection_drops_each_time_is_left_to_the_user(wire: Wire) -> None:
    turn(wire)
    wire.session.close()
    again = resumed(wire.store.folder)
    for _ in range(2):
        forget(again)
        again.session.disconnected("cut")
        assert again.session.facts.problem is None
    forget(again)
    problem = again.session.facts.problem
    assert isinstance(problem, errors.UnknownSession)
    assert "dropped each time" in problem.detail
    assert [offer for offer, _ in problem.offers] == ["restore", "new"]


def test_a_redacted_title_does_not_come_back(wire: Wire) -> None:
    turn(wire)
    wire.session.rename("the key is [redacted]")
    wire.update("session_info_update", title="the key is sk-1")
    assert wire.session.facts.title == "the key is [redacted]"
    wire.update("session_info_update", title="Another title")
    assert wire.session.facts.title == "Another title"


def test_only_what_was_cut_off_can_be_continued(wire: Wire) -> None:
    with pytest.raises(errors.UsageError, match="No reply was interrupted"):
        wire.session.continue_turn("p")
    cut_off(wire)
    with pytest.raises(errors.UsageError, match="nothing to continue"):
        wire.session.continue_turn("p2")
    wire.session.retry_turn("p3")
    assert wire.sent[-1]["params"]["prompt"][0]["text"] == "tell"


def test_a_session_of_another_kernel_is_shown_and_read_only(wire: Wire) -> None:
    turn(wire)
    second = Wire(wire.store.folder, session_id="20261122_7")
    with pytest.raises(errors.SessionInUse):
        resume(second)
    assert second.items() == wire.items()
    wire.session.close()
    resume(second)
    assert second.items() == wire.items()


def test_damaged_lines_are_told(wire: Wire) -> None:
    turn(wire)
    wire.session.close()
    path = next(wire.store.folder.glob("*.jsonl"))
    path.write_bytes(path.read_bytes() + b"garbage\n")
    again = resumed(wire.store.folder)
    assert "1 line of" in again.items()[-1]["text"]


def test_a_question_that_comes_after_stop_is_answered_with_cancelled(wire: Wire) -> None:
    wire.session.prompt("p", "list")
    wire.session.stop()
    wire.ask()
    assert [m["result"]["outcome"] for m in wire.sent if m.get("id") == "rpc-c1"] == [{"outcome": "cancelled"}]
    assert wire.items()[-1]["permission"]["state"] == "void"


def test_a_question_of_a_lost_connection_can_not_be_answered(wire: Wire) -> None:
    for prompt in (True, False):  # in a turn, and outside of any
        if prompt:
            wire.session.prompt("p", "list")
        request = wire.ask(f"c{prompt}")
        wire.session.disconnected("gone")
        with pytest.raises(errors.UsageError, match="no longer open"):
            wire.session.answer(request, "allow_once")
        tool = wire.session.log.tool_of(request)
        assert tool is not None
        assert tool["permission"]["state"] == "void"
        wire.connect()
        wire.receive(id=wire.sent[-1]["id"], result={})


def test_a_call_id_that_comes_again_in_one_turn_is_another_call(wire: Wire) -> None:
    wire.session.prompt("p", "twice")
    for title in ("one", "two"):
        wire.update("tool_call", toolCallId="call_0", title=title)
        wire.update("tool_call_update", toolCallId="call_0", status="completed")
    assert [item["title"] for item in wire.items() if item["kind"] == "tool"] == ["one", "two"]


# Saving that fails.


def test_a_file_that_was_deleted_is_written_anew_and_it_is_told(wire: Wire) -> None:
    turn(wire)
    shutil.rmtree(wire.store.folder)
    turn(wire, "again", "yes")
    wire.session.close()
    assert [e.event for e in wire.in_file()] == [e.event for e in wire.entries]
    assert "written anew" in next(i["text"] for i in wire.items() if i["kind"] == "notice")


def test_a_conversation_that_can_not_be_saved_goes_on_says_so_and_is_saved_later(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    wire = Wire(blocked / "sessions")
    wire.changed = lambda before, seq, changes: None  # type: ignore[method-assign]
    wire.open()
    turn(wire)
    notices = [i for i in wire.items() if i["kind"] == "notice"]
    assert [n["level"] for n in notices] == ["error"]
    assert "not being saved" in notices[0]["text"]
    blocked.unlink()
    turn(wire, "again", "yes")
    assert "saved again" in [i for i in wire.items() if i["kind"] == "notice"][1]["text"]
    wire.session.close()
    assert [e.event for e in wire.in_file()] == [e.event for e in wire.entries]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ({"closed": True, "failed": True}, "closed"),
        ({"failed": True, "ready": True}, "failed"),
        ({}, "connecting"),
        ({"reconnecting": True}, "reconnecting"),
        ({"ready": True, "turn": True, "waiting": True}, "waiting"),
        ({"ready": True, "turn": True}, "running"),
        ({"ready": True, "reconnecting": True}, "ready"),
    ],
)
def test_the_status_is_the_strongest_reason(state: dict[str, bool], status: str) -> None:
    nothing = dict.fromkeys(("closed", "failed", "ready", "reconnecting", "turn", "waiting"), False)
    assert status_of(**{**nothing, **state}) == status
