"""What goose is asked about its sessions: each request is answered once, and its detours stay out of the chat."""

from __future__ import annotations

import json
from typing import Any

import pytest

from goose_widget.protocol.acp import Acp
from goose_widget.protocol.requests import (
    Answered,
    Archive,
    Declined,
    Delete,
    Export,
    Fork,
    Import,
    Kept,
    ListSessions,
    Rename,
    Request,
)


class Wire:
    """An `Acp` whose server is the test."""

    def __init__(self) -> None:
        self.acp = Acp("1")
        self.sent: list[dict[str, Any]] = []

    def ask(self, request: Request, ticket: str = "t") -> None:
        self.acp.request(ticket, request)
        self.flush()

    def flush(self) -> None:
        self.sent += [json.loads(str(frame)) for frame in self.acp.take_outbox()]

    def receive(self, **message: Any) -> list[Any]:
        said = self.acp.receive(json.dumps({"jsonrpc": "2.0", **message}))
        self.flush()
        return said

    def answer(self, **result: Any) -> list[Any]:
        """Answer the newest request."""
        return self.receive(id=self.sent[-1]["id"], result=result)

    def refuse(self, code: int = -32603, message: str = "no") -> list[Any]:
        return self.receive(id=self.sent[-1]["id"], error={"code": code, "message": message})

    def update(self, session_id: str) -> list[Any]:
        update = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "hi"}}
        return self.receive(method="session/update", params={"sessionId": session_id, "update": update})

    def methods(self) -> list[str]:
        return [message["method"].rpartition("session/")[2] for message in self.sent]


@pytest.fixture
def wire() -> Wire:
    wire = Wire()
    wire.acp.load_session("s1", "/n")
    wire.flush()
    wire.answer()
    wire.sent.clear()
    return wire


@pytest.mark.parametrize(
    ("request_", "method", "params"),
    [
        (Rename("s1", "T"), "_goose/unstable/session/rename", {"sessionId": "s1", "title": "T"}),
        (Archive("s1"), "_goose/unstable/session/archive", {"sessionId": "s1"}),
        (Delete("s1"), "session/delete", {"sessionId": "s1"}),
    ],
)
def test_what_has_no_answer_is_answered_when_it_is_done(
    wire: Wire, request_: Request, method: str, params: dict[str, Any]
) -> None:
    wire.ask(request_)
    assert (wire.sent[-1]["method"], wire.sent[-1]["params"]) == (method, params)
    assert wire.answer() == [Answered("t", None)]


def test_sessions_are_listed_page_by_page(wire: Wire) -> None:
    wire.ask(ListSessions())
    meta = {"messageCount": 4}
    assert (
        wire.answer(
            sessions=[
                {"sessionId": "a", "cwd": "/a", "title": "A", "updatedAt": "2026-11-23T03:50:08+00:00", "_meta": meta},
                {"title": "no id"},
            ],
            nextCursor="more",
        )
        == []
    )
    assert wire.sent[-1]["params"] == {"cursor": "more"}
    assert wire.answer(sessions=[{"sessionId": "b", "updatedAt": "some day"}]) == [
        Answered("t", (Kept("a", "A", 1795405808.0, 4, "/a"), Kept("b", "", 0.0, 0, "")))
    ]


def test_an_export_is_the_document(wire: Wire) -> None:
    wire.ask(Export("s1"))
    assert wire.answer(data='{"id": "s1"}') == [Answered("t", {"id": "s1"})]


def test_an_import_takes_over_the_tools_of_a_new_session_which_is_removed(wire: Wire) -> None:
    wire.ask(Import({"id": "old", "extension_data": {}, "conversation": []}, "/n"))
    assert wire.answer(sessionId="fresh") == []
    assert wire.update("fresh") == []
    template = {"id": "fresh", "extension_data": {"x": 1}, "provider_name": "p", "conversation": ["not this"]}
    assert wire.answer(data=json.dumps(template)) == []
    assert wire.methods() == ["new", "export", "import", "delete"]
    sent = wire.sent[2]["params"]
    assert json.loads(sent["input"]) == {
        "id": "old",
        "extension_data": {"x": 1},
        "provider_name": "p",
        "conversation": [],
    }
    assert wire.sent[3]["params"] == {"sessionId": "fresh"}
    assert wire.receive(id=wire.sent[2]["id"], result={"sessionId": "new"}) == [Answered("t", "new")]
    assert wire.receive(id=wire.sent[3]["id"], result={}) == []


def test_an_import_that_has_its_tools_is_sent_as_it_is(wire: Wire) -> None:
    wire.ask(Import({"extension_data": {"x": 1}}, "/n"))
    assert wire.methods() == ["import"]


def test_a_fork_says_nothing_in_the_chat(wire: Wire) -> None:
    wire.ask(Fork("s1", "/n"))
    assert wire.update("f") == []  # before its id is known
    assert wire.answer(sessionId="f") == [Answered("t", "f")]
    assert wire.update("f") == []
    assert len(wire.update("s1")) == 1


def test_the_chat_goes_on_while_a_session_is_made(wire: Wire) -> None:
    wire.ask(Fork("s1", "/n"))
    assert len(wire.update("s1")) == 1


def test_a_session_that_was_made_is_heard_once_the_chat_is_in_it(wire: Wire) -> None:
    wire.ask(Fork("s1", "/n"))
    wire.answer(sessionId="f")
    wire.acp.load_session("f", "/n")
    assert len(wire.update("f")) == 1


@pytest.mark.parametrize("request_", [ListSessions(), Export("s"), Import({}, "/n"), Fork("s", "/n"), Rename("s", "T")])
def test_a_refusal_declines_and_tells_whether_there_is_such_a_thing(wire: Wire, request_: Request) -> None:
    wire.ask(request_)
    assert wire.refuse(-32603, "disk full") == [Declined("t", "disk full")]
    wire.ask(request_)
    assert wire.refuse(-32601, "Method not found") == [Declined("t", "Method not found", offered=False)]


def test_a_refused_import_leaves_no_session_behind(wire: Wire) -> None:
    wire.ask(Import({}, "/n"))
    wire.answer(sessionId="fresh")
    assert wire.refuse(-32601, "Method not found") == [Declined("t", "Method not found", offered=False)]
    assert wire.sent[-1]["method"] == "session/delete"
    assert wire.sent[-1]["params"] == {"sessionId": "fresh"}
    assert wire.refuse() == []
    assert len(wire.update("elsewhere")) == 1  # nothing is being made any more


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (ListSessions(), {}),
        (ListSessions(), {"sessions": 3}),
        (Export("s"), {}),
        (Export("s"), {"data": "{"}),
        (Export("s"), {"data": "[]"}),
        (Fork("s", "/n"), {"sessionId": 3}),
        (Import({}, "/n"), {}),
    ],
)
def test_an_answer_that_can_not_be_read_declines(wire: Wire, request_: Request, answer: dict[str, Any]) -> None:
    wire.ask(request_)
    (said,) = wire.answer(**answer)
    assert isinstance(said, Declined)
    assert "can't be read" in said.message


def test_only_the_end_of_the_history_is_asked_for(wire: Wire) -> None:
    wire.acp.load_session("s1", "/n", tail=30)
    wire.flush()
    assert wire.sent[-1]["params"]["_meta"] == {"replayTail": 30}
    (opened,) = wire.answer(_meta={"replaySkipped": 7})
    assert (opened.loaded, opened.skipped) == (True, 7)
    wire.acp.load_session("s1", "/n")
    wire.flush()
    assert "_meta" not in wire.sent[-1]["params"]
    assert wire.answer(_meta={"replaySkipped": "many"})[0].skipped == 0
