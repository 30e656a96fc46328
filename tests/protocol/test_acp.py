"""The codec's rules, with a server's frames written by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goose_widget import events as ev
from goose_widget.events import Event
from goose_widget.protocol import Choice, Choices, Configured, Greeted, Opened, Refused, Signal, Steerable, jsonrpc
from goose_widget.protocol.acp import Acp
from goose_widget.transcript import Transcript, reduce
from support import replay, strategies
from support.replica import problems

Json = dict[str, Any]

OPTIONS = [
    {"optionId": "yes", "name": "Allow once", "kind": "allow_once"},
    {"optionId": "no", "name": "Reject once", "kind": "reject_once"},
]


class Peer:
    """A codec with an open session, and a server that says what a test wants."""

    def __init__(self) -> None:
        self.acp = Acp("1.0")
        self.acp.greet()
        self.answers({"protocolVersion": 1, "agentInfo": {"name": "goose", "version": "1.52.0"}})
        self.acp.new_session("/work")
        self.answers({"sessionId": "s1"})

    def sent(self) -> list[Json]:
        return [json.loads(frame) for frame in self.acp.take_outbox()]

    def hears(self, frame: Any) -> list[Event | Signal]:
        return self.acp.receive(json.dumps({"jsonrpc": "2.0", **frame}))

    def answers(self, result: Any, *, to: int | None = None) -> list[Event | Signal]:
        """The server answers a request: the last one that was sent if `to` names none."""
        rpc_id = self.sent()[-1]["id"] if to is None else to
        return self.hears({"id": rpc_id, "result": result})

    def updates(self, kind: str, **fields: Any) -> list[Event | Signal]:
        update = {"sessionUpdate": kind, **fields}
        return self.hears({"method": "session/update", "params": {"sessionId": "s1", "update": update}})

    def asks(self, rpc_id: int | str = "r1", call_id: str = "c1", **params: Any) -> list[Event | Signal]:
        params = {"sessionId": "s1", "toolCall": {"toolCallId": call_id}, "options": OPTIONS, **params}
        return self.hears({"id": rpc_id, "method": "session/request_permission", "params": params})

    def question(self, rpc_id: int | str = "r1") -> str:
        asked = self.asks(rpc_id)[-1]
        assert isinstance(asked, ev.PermissionAsked)
        return asked.request_id

    def prompts(self, prompt_id: str = "p1") -> int:
        """Starts a turn; returns the id of its request."""
        self.acp.prompt(prompt_id, "Do it.")
        return int(self.sent()[-1]["id"])


@pytest.fixture
def peer() -> Peer:
    return Peer()


def outcome(option_id: str | None) -> Json:
    selected = {"outcome": "selected", "optionId": option_id}
    return {"outcome": {"outcome": "cancelled"} if option_id is None else selected}


def shown(events: Iterable[Event | Signal]) -> list[Json]:
    """The items that the events add up to; every one is fit for the page, every event for the file."""
    transcript = Transcript()
    for seq, event in enumerate(events, 1):
        if not isinstance(event, replay.SIGNALS):
            assert ev.from_json(json.loads(json.dumps(ev.to_json(event), allow_nan=False))) == event
            reduce(transcript, event, seq=seq, time=1.0)
    items = list(transcript)
    assert [problems(item) for item in items] == [[] for _ in items]
    return items


# -- connecting ------------------------------------------------------------------------------------------------------


def test_greeting_declares_no_files_and_no_terminal() -> None:
    acp = Acp("1.2.3")
    acp.greet()
    (frame,) = map(json.loads, acp.take_outbox())
    assert frame["params"]["clientCapabilities"] == {
        "fs": {"readTextFile": False, "writeTextFile": False},
        "terminal": False,
    }
    assert frame["params"]["clientInfo"]["version"] == "1.2.3"
    assert acp.take_outbox() == []


@pytest.mark.parametrize(
    ("result", "signal"),
    [
        ({"protocolVersion": 1}, Greeted("goose", "", False)),
        ({"protocolVersion": 1, "agentCapabilities": {"loadSession": True}}, Greeted("goose", "", True)),
        ({"protocolVersion": 1, "agentInfo": None, "agentCapabilities": None}, Greeted("goose", "", False)),
        ({"protocolVersion": 1, "agentInfo": "goose", "agentCapabilities": [1]}, Greeted("goose", "", False)),
        ({"protocolVersion": 1, "agentInfo": {"name": "other", "version": None}}, Greeted("other", "", False)),
        ({"protocolVersion": 2}, Refused("greet", 0, "it speaks version 2 of the protocol, not 1")),
        ({}, Refused("greet", 0, "it speaks version None of the protocol, not 1")),
        (None, Refused("greet", 0, "it speaks version None of the protocol, not 1")),
    ],
)
def test_every_answer_to_the_greeting_says_whether_we_can_go_on(result: Any, signal: Signal) -> None:
    acp = Acp("1.0")
    acp.greet()
    acp.take_outbox()
    assert acp.receive(json.dumps({"id": 1, "result": result})) == [signal]


@pytest.mark.parametrize("result", [None, {}, {"sessionId": None}, {"sessionId": ""}, {"sessionId": 7}, []])
def test_a_new_session_without_an_id_is_refused(peer: Peer, result: Any) -> None:
    peer.acp.new_session("/work")
    assert peer.answers(result) == [Refused("new", 0, "its answer names no session")]


@pytest.mark.parametrize("result", [None, {}, [], {"sessionId": "another"}])
def test_a_loaded_session_has_the_id_that_was_asked_for(peer: Peer, result: Any) -> None:
    peer.acp.load_session("s2", "/work")
    assert peer.answers(result) == [Opened("s2", loaded=True)]


@pytest.mark.parametrize(
    "settings",
    [
        {"modes": {"currentModeId": "auto"}},
        {"modes": {"currentModeId": "auto", "availableModes": [{"name": "no id"}]}},
        {"configOptions": ["mode"]},
        {"configOptions": [{"id": "mode", "options": []}]},
        {"configOptions": [{"id": "model", "currentValue": "m", "options": [None]}]},
        {"configOptions": 5},
    ],
)
def test_settings_that_cannot_be_read_do_not_keep_a_session_from_opening(peer: Peer, settings: Json) -> None:
    peer.acp.new_session("/work")
    said = peer.answers({"sessionId": "s2", **settings})
    assert said[-1] == Opened("s2", loaded=False)
    assert any(isinstance(each, ev.Raw) for each in said)


def test_the_good_part_of_the_settings_counts(peer: Peer) -> None:
    peer.acp.new_session("/work")
    modes = {"currentModeId": "auto", "availableModes": [{"id": "auto", "name": "Auto"}, {"id": "chat", "name": None}]}
    said = peer.answers({"sessionId": "s2", "modes": modes, "configOptions": [None]})
    assert Choices((Choice("auto", "Auto"), Choice("chat", "chat")), None) in said
    assert ev.Mode("auto") in said


def test_models_in_groups_are_one_list(peer: Peer) -> None:
    groups = [
        {"group": "a", "name": "A", "options": [{"value": "m1", "name": "M 1", "description": "one"}]},
        {"value": "m2", "name": "M 2"},
    ]
    said = peer.updates(
        "config_option_update", configOptions=[{"id": "model", "currentValue": "m2", "options": groups}]
    )
    assert said == [Choices(None, (Choice("m1", "M 1", "one"), Choice("m2", "M 2"))), ev.Model("m2")]


@pytest.mark.parametrize(
    ("setting", "value"),
    [("mode", "approve"), ("model", "a model with spaces"), ("model", " "), ("model", ""), ("model", "a:b/c d")],
)
def test_a_setting_is_confirmed_as_it_was_asked_for(peer: Peer, setting: str, value: str) -> None:
    peer.acp.set(setting, value)
    assert peer.answers({"configOptions": []}) == [Configured(setting, value)]
    peer.acp.set(setting, value)
    (frame,) = peer.sent()
    assert frame["params"] == {"sessionId": "s1", "configId": setting, "value": value}
    assert peer.hears({"id": frame["id"], "error": {"code": -32602, "message": "No"}}) == [
        Refused(setting, -32602, "No")
    ]


# -- a turn ----------------------------------------------------------------------------------------------------------


def test_what_the_server_says_keeps_its_order(peer: Peer) -> None:
    request = peer.prompts()
    said: list[Event | Signal] = []
    for n in range(100):
        said += peer.updates("agent_message_chunk", content={"type": "text", "text": f"{n} "}, messageId="m")
        said += peer.updates("tool_call", toolCallId=f"c{n}", title="t") if n % 10 == 0 else []
    said += peer.answers({"stopReason": "end_turn"}, to=request)
    texts = [each.text for each in said if isinstance(each, ev.Text)]
    assert texts == [f"{n} " for n in range(100)]
    assert said[-1] == ev.TurnEnded("p1", "end_turn")
    assert [type(each) for each in said[:3]] == [ev.Text, ev.ToolCall, ev.Text]


@pytest.mark.parametrize(
    ("answer", "ended"),
    [
        ({"result": {"stopReason": "max_tokens"}}, ev.TurnEnded("p1", "max_tokens")),
        ({"result": None}, ev.TurnEnded("p1", "end_turn")),
        ({"result": []}, ev.TurnEnded("p1", "end_turn")),
        ({"result": {"stopReason": None}}, ev.TurnEnded("p1", "end_turn")),
        (
            {
                "result": {
                    "stopReason": "end_turn",
                    "usage": {"totalTokens": 3, "inputTokens": None, "x": True, "y": 1.5},
                }
            },
            ev.TurnEnded("p1", "end_turn", {"total_tokens": 3}),
        ),
        ({"result": {"stopReason": "end_turn", "usage": [1]}}, ev.TurnEnded("p1", "end_turn")),
        (
            {"error": {"code": -32603, "message": "Internal error", "data": "boom"}},
            ev.TurnEnded("p1", "failed", error="goose refused the prompt: Internal error: boom"),
        ),
        ({"error": "boom"}, ev.TurnEnded("p1", "failed", error="goose refused the prompt: boom")),
        (
            {},
            ev.TurnEnded(
                "p1", "failed", error="goose refused the prompt: the answer holds neither a result nor an error"
            ),
        ),
    ],
)
def test_every_answer_to_a_prompt_ends_its_turn(peer: Peer, answer: Json, ended: Event) -> None:
    assert peer.hears({"id": peer.prompts(), **answer}) == [ended]


def test_an_answer_with_a_number_of_5000_digits_ends_the_turn(peer: Peer) -> None:
    request = peer.prompts()
    frame = f'{{"id":{request},"result":{{"stopReason":"end_turn","usage":{{"totalTokens":{"9" * 5000}}}}}}}'
    assert peer.acp.receive(frame) == [ev.TurnEnded("p1", "end_turn")]


def test_a_second_answer_to_a_prompt_is_shown_and_ends_nothing(peer: Peer) -> None:
    request = peer.prompts()
    peer.answers({"stopReason": "end_turn"}, to=request)
    assert peer.answers({"stopReason": "end_turn"}, to=request) == [
        ev.Raw("an answer to nothing that was asked", {"stopReason": "end_turn"})
    ]
    assert peer.hears({"id": 99, "error": {"code": 1, "message": "late"}}) == [
        ev.Raw("an error that belongs to no request", {"code": 1, "message": "late"})
    ]
    assert peer.hears({"id": str(request), "result": {}}) == [ev.Raw("an answer to nothing that was asked", {})]


def test_an_error_without_a_request_is_shown(peer: Peer) -> None:
    assert peer.hears({"id": None, "error": {"code": -32700, "message": "Parse error"}}) == [
        ev.Raw("an error that belongs to no request", {"code": -32700, "message": "Parse error"})
    ]


def test_goose_repeats_a_command_to_whoever_sent_it_and_it_is_said_once(peer: Peer) -> None:
    peer.acp.prompt("p1", "/status")
    request = int(peer.sent()[-1]["id"])
    echo = {"type": "text", "text": "/status"}
    assert peer.updates("user_message_chunk", content=echo, messageId="m") == []
    assert peer.updates("user_message_chunk", content=echo) == [ev.UserMessage("/status")]
    assert peer.updates("user_message_chunk", content={"type": "text", "text": "more"}) == [ev.UserMessage("more")]
    peer.answers({"stopReason": "end_turn"}, to=request)
    peer.prompts("p2")
    peer.answers({"stopReason": "end_turn"}, to=request + 1)
    assert peer.updates("user_message_chunk", content={"type": "text", "text": "Do it."}) == [ev.UserMessage("Do it.")]


# -- permissions -----------------------------------------------------------------------------------------------------


def test_a_question_shows_its_tool_and_is_answered_once(peer: Peer) -> None:
    peer.prompts()
    call, asked = peer.asks("r1", toolCall={"toolCallId": "c1", "title": "rm", "rawInput": {"command": "rm x"}})
    assert isinstance(asked, ev.PermissionAsked)
    assert call == ev.ToolCall("c1", title="rm", input={"command": "rm x"})
    assert (asked.call_id, asked.cwd) == ("c1", "/work")
    assert asked.options[0] == {"id": "yes", "name": "Allow once", "kind": "allow_once"}
    assert peer.acp.answer(asked.request_id, "yes")
    assert not peer.acp.answer(asked.request_id, "no")
    assert not peer.acp.answer(asked.request_id, None)
    assert peer.acp.cancel() == []
    assert [frame for frame in peer.sent() if "result" in frame] == [
        {"jsonrpc": "2.0", "id": "r1", "result": outcome("yes")}
    ]


@pytest.mark.parametrize("rpc_id", [0, 1, "r1", ""])
def test_an_answer_goes_to_the_id_that_the_server_gave(peer: Peer, rpc_id: int | str) -> None:
    peer.acp.answer(peer.question(rpc_id), "no")
    assert peer.sent() == [{"jsonrpc": "2.0", "id": rpc_id, "result": outcome("no")}]


def test_a_question_keeps_its_name_apart_from_those_of_other_connections() -> None:
    assert Peer().question(1) != Peer().question(1)


def test_cancel_comes_first_and_answers_every_open_question(peer: Peer) -> None:
    peer.prompts()
    questions = [peer.question("r1"), peer.question("r2")]
    assert peer.acp.cancel() == questions
    assert peer.sent() == [
        {"jsonrpc": "2.0", "method": "session/cancel", "params": {"sessionId": "s1"}},
        {"jsonrpc": "2.0", "id": "r1", "result": outcome(None)},
        {"jsonrpc": "2.0", "id": "r2", "result": outcome(None)},
    ]
    assert not peer.acp.answer(questions[0], "yes")
    assert peer.sent() == []


def test_the_end_of_a_turn_answers_what_is_still_open_and_says_so_first(peer: Peer) -> None:
    request = peer.prompts()
    question = peer.question("r1")
    answered, ended = peer.answers({"stopReason": "end_turn"}, to=request)
    assert isinstance(answered, ev.PermissionAnswered)
    assert (answered.request_id, answered.option_id) == (question, None)
    assert ended == ev.TurnEnded("p1", "end_turn")
    assert peer.sent() == [{"jsonrpc": "2.0", "id": "r1", "result": outcome(None)}]
    assert not peer.acp.answer(question, "yes")


@pytest.mark.parametrize(
    "params",
    [
        {"toolCall": None},
        {"toolCall": {}},
        {"toolCall": {"toolCallId": None}},
        {"toolCall": "c1"},
        {"options": None},
        {"options": [{}]},
        {"options": ["yes"]},
        {"sessionId": "another"},
    ],
)
def test_a_question_that_cannot_be_shown_is_cancelled_and_reported(peer: Peer, params: Json) -> None:
    peer.prompts()
    (raw,) = peer.asks("r1", **params)
    assert isinstance(raw, ev.Raw)
    assert peer.sent() == [{"jsonrpc": "2.0", "id": "r1", "result": outcome(None)}]
    assert peer.acp.cancel() == []


def test_a_question_without_parameters_is_cancelled(peer: Peer) -> None:
    for params in ({}, {"params": None}, {"params": [1]}):
        (raw,) = peer.hears({"id": "r1", "method": "session/request_permission", **params})
        assert isinstance(raw, ev.Raw)
        assert peer.sent() == [{"jsonrpc": "2.0", "id": "r1", "result": outcome(None)}]


def test_a_question_whose_tool_cannot_be_read_whole_is_still_asked(peer: Peer) -> None:
    call, asked = peer.asks(toolCall={"toolCallId": "c1", "content": 5, "locations": [5], "_meta": "x"})
    assert isinstance(asked, ev.PermissionAsked)
    assert isinstance(call, ev.ToolCall)
    assert len(call.content or ()) == 1


@pytest.mark.parametrize(
    "method", ["fs/read_text_file", "terminal/create", "elicitation/create", "_goose/unstable/x", ""]
)
def test_an_unknown_request_is_refused_and_shown(peer: Peer, method: str) -> None:
    assert peer.hears({"id": 5, "method": method, "params": {"path": "/etc/passwd"}}) == [
        ev.Raw(f"the request {method!r}, which was refused", {"path": "/etc/passwd"})
    ]
    (frame,) = peer.sent()
    assert (frame["id"], frame["error"]["code"]) == (5, jsonrpc.METHOD_NOT_FOUND)


# -- updates ---------------------------------------------------------------------------------------------------------

TEXT = {"type": "text", "text": "hi"}


@pytest.mark.parametrize(
    ("update", "said"),
    [
        ({"sessionUpdate": "agent_message_chunk", "content": TEXT}, [ev.Text("hi")]),
        ({"sessionUpdate": "agent_message_chunk", "content": TEXT, "messageId": "m"}, [ev.Text("hi", "m")]),
        ({"sessionUpdate": "agent_message_chunk", "content": TEXT, "messageId": None}, [ev.Text("hi")]),
        ({"sessionUpdate": "agent_message_chunk", "content": TEXT, "messageId": 5}, [ev.Text("hi")]),
        ({"sessionUpdate": "agent_thought_chunk", "content": TEXT, "messageId": "m"}, [ev.Thought("hi", "m")]),
        ({"sessionUpdate": "user_message_chunk", "content": TEXT}, [ev.UserMessage("hi")]),
        (
            {
                "sessionUpdate": "user_message_chunk",
                "content": {"type": "image", "mimeType": "image/png", "data": "AA"},
            },
            [ev.UserMessage("", None, ({"type": "image", "mime": "image/png", "data": "AA"},))],
        ),
        (
            {
                "sessionUpdate": "agent_message_chunk",
                "content": {"type": "audio", "mimeType": "audio/wav", "data": "AA"},
            },
            [ev.Content({"type": "audio", "mime": "audio/wav", "data": "AA"})],
        ),
        (
            {
                "sessionUpdate": "agent_message_chunk",
                "content": {"type": "resource", "resource": {"uri": "file:///x", "text": "t", "mimeType": None}},
            },
            [ev.Content({"type": "resource", "uri": "file:///x", "mime": "", "text": "t"})],
        ),
        (
            {
                "sessionUpdate": "agent_message_chunk",
                "content": {"type": "resource", "resource": {"uri": "file:///x", "blob": "AAAA"}},
            },
            [ev.Content({"type": "resource", "uri": "file:///x", "mime": "", "text": "(4 characters of base64)"})],
        ),
        (
            {
                "sessionUpdate": "agent_message_chunk",
                "content": {"type": "resource_link", "uri": "https://example.org", "name": "n", "title": None},
            },
            [ev.Content({"type": "link", "uri": "https://example.org", "name": "n"})],
        ),
        (
            {
                "sessionUpdate": "plan",
                "entries": [{"content": "a", "status": "completed", "priority": "high"}, {"content": "b"}],
            },
            [
                ev.Plan(
                    (
                        {"content": "a", "status": "completed", "priority": "high"},
                        {"content": "b", "status": "pending", "priority": "medium"},
                    )
                )
            ],
        ),
        ({"sessionUpdate": "usage_update", "used": 5, "size": 10}, [ev.Usage(5, 10)]),
        ({"sessionUpdate": "usage_update", "used": 5, "size": 10, "cost": None}, [ev.Usage(5, 10)]),
        (
            {"sessionUpdate": "usage_update", "used": 5, "size": 10, "cost": {"amount": 0.5, "currency": "USD"}},
            [ev.Usage(5, 10, "0.5000 USD")],
        ),
        (
            {"sessionUpdate": "usage_update", "used": 5, "size": 10, "cost": {"amount": 2, "currency": None}},
            [ev.Usage(5, 10, "2.0000")],
        ),
        ({"sessionUpdate": "current_mode_update", "currentModeId": "chat"}, [ev.Mode("chat")]),
        (
            {"sessionUpdate": "available_commands_update", "availableCommands": [{"name": "c", "description": "d"}]},
            [ev.Commands(({"name": "c", "description": "d", "hint": ""},))],
        ),
        ({"sessionUpdate": "session_info_update", "title": "T"}, [ev.Title("T")]),
        ({"sessionUpdate": "session_info_update", "title": None}, []),
        ({"sessionUpdate": "session_info_update", "_meta": {"goose": {"activeRunId": "r"}}}, [Steerable(True)]),
        ({"sessionUpdate": "session_info_update", "_meta": {"goose": {"activeRunId": None}}}, [Steerable(False)]),
        ({"sessionUpdate": "tool_call_update", "toolCallId": "c"}, [ev.ToolCall("c")]),
        (
            {"sessionUpdate": "tool_call", "toolCallId": "c", "title": "t", "kind": "edit", "status": "pending"},
            [ev.ToolCall("c", starts=True, title="t", tool_kind="edit", status="pending")],
        ),
    ],
    ids=lambda value: value.get("sessionUpdate", "") if isinstance(value, dict) else "",
)
def test_an_update_becomes_an_event(peer: Peer, update: Json, said: list[Event]) -> None:
    assert peer.hears({"method": "session/update", "params": {"sessionId": "s1", "update": update}}) == said
    shown(said)


@pytest.mark.parametrize(
    "update",
    [
        {"sessionUpdate": "plan_update", "plan": {"type": "markdown", "content": "# Plan"}},
        {"sessionUpdate": "of_tomorrow", "news": "everything"},
        {"sessionUpdate": None},
        {"sessionUpdate": ["plan"]},
        {},
        {"sessionUpdate": "agent_message_chunk"},
        {"sessionUpdate": "agent_message_chunk", "content": None},
        {"sessionUpdate": "agent_message_chunk", "content": "hi"},
        {"sessionUpdate": "agent_message_chunk", "content": {"type": "text"}},
        {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": None}},
        {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": 5}},
        {"sessionUpdate": "agent_message_chunk", "content": {"type": "smell", "note": "roses"}},
        {"sessionUpdate": "agent_message_chunk", "content": {"type": "image", "data": "AA"}},
        {"sessionUpdate": "agent_message_chunk", "content": {"type": "resource", "resource": "x"}},
        {"sessionUpdate": "agent_thought_chunk", "content": {"type": "image", "mimeType": "image/png", "data": "AA"}},
        {"sessionUpdate": "user_message_chunk", "content": {"type": "smell"}},
        {"sessionUpdate": "tool_call"},
        {"sessionUpdate": "tool_call", "toolCallId": None},
        {"sessionUpdate": "tool_call_update", "toolCallId": "c", "status": "melted"},
        {"sessionUpdate": "tool_call_update", "toolCallId": "c", "_meta": {"toolNotification": {"type": "x"}}},
        {"sessionUpdate": "tool_call_update", "toolCallId": "c", "_meta": {"toolNotification": "x"}},
        {
            "sessionUpdate": "tool_call_update",
            "toolCallId": "c",
            "_meta": {"toolNotification": {"type": "live_output"}},
        },
        {"sessionUpdate": "plan", "entries": None},
        {"sessionUpdate": "plan", "entries": [{}]},
        {"sessionUpdate": "usage_update", "used": None, "size": None},
        {"sessionUpdate": "usage_update", "used": 1, "size": 2, "cost": 5},
        {"sessionUpdate": "current_mode_update", "currentModeId": None},
        {"sessionUpdate": "available_commands_update", "availableCommands": [{}]},
        {"sessionUpdate": "session_info_update", "title": 5},
        {"sessionUpdate": "config_option_update", "configOptions": [5]},
    ],
    ids=json.dumps,
)
def test_what_is_not_understood_is_shown_with_all_that_it_said(peer: Peer, update: Json) -> None:
    items = shown(peer.hears({"method": "session/update", "params": {"sessionId": "s1", "update": update}}))
    text = json.dumps(items)
    assert items
    for path in strategies.places(update):
        leaf: Any = update
        for step in path:
            leaf = leaf[step]
        if isinstance(leaf, str) and path != ("sessionUpdate",):
            assert leaf in text


@pytest.mark.parametrize(
    "params", [None, [], {}, {"sessionId": "s1"}, {"sessionId": "s1", "update": 5}, {"update": {}}]
)
def test_an_update_without_its_parts_is_shown(peer: Peer, params: Any) -> None:
    (raw,) = peer.hears({"method": "session/update", "params": params})
    assert isinstance(raw, ev.Raw)


def test_an_update_of_another_session_is_shown_and_not_mixed_in(peer: Peer) -> None:
    params = {"sessionId": "s9", "update": {"sessionUpdate": "agent_message_chunk", "content": TEXT}}
    (raw,) = peer.hears({"method": "session/update", "params": params})
    assert raw == ev.Raw("an update of another session, 's9'", params)


def test_an_unknown_notification_is_shown(peer: Peer) -> None:
    assert peer.hears({"method": "_goose/news", "params": {"a": 1}}) == [
        ev.Raw("the notification '_goose/news'", {"a": 1})
    ]


# -- tools -----------------------------------------------------------------------------------------------------------


def live(text: str, *, truncated: bool = False) -> Json:
    params = {"sequence": 1, "chunks": [{"stream": "stdout", "output": text}], "truncated": truncated}
    return {"toolNotification": {"type": "live_output", "params": params}}


def test_a_bad_part_of_a_tool_update_does_not_take_its_status_away(peer: Peer) -> None:
    bad = {
        "content": [
            {"type": "content", "content": TEXT},
            {"type": "content", "content": {"type": "image"}},
            {"type": "content"},
            {"type": "diff", "path": "p"},
            {"type": "diff", "path": "p", "newText": "n", "oldText": 5},
            {"type": "hologram", "depth": 3},
            None,
            "text",
        ],
        "locations": [{"path": "a.py", "line": 3}, {"path": "b.py", "line": "x"}, {"line": 3}, None],
        "title": 5,
        "_meta": "none",
    }
    (call,) = peer.updates("tool_call_update", toolCallId="c", status="completed", **bad)
    assert isinstance(call, ev.ToolCall)
    assert call.status == "completed"
    assert len(call.content or ()) == 8
    assert (call.content or ())[0] == TEXT
    assert "hologram" in (call.content or ())[5]["text"]
    assert (call.locations or ())[:2] == ({"path": "a.py", "line": 3}, {"path": "b.py", "line": None})
    shown([call])


def test_a_diff_and_a_terminal_in_a_tool(peer: Peer) -> None:
    content = [
        {"type": "diff", "path": "p", "oldText": None, "newText": "n"},
        {"type": "diff", "path": "p", "newText": "n"},
        {"type": "diff", "path": "p", "oldText": "o", "newText": "n"},
        {"type": "terminal", "terminalId": "t1"},
    ]
    (call,) = peer.updates("tool_call_update", toolCallId="c", content=content)
    assert isinstance(call, ev.ToolCall)
    assert call.content == (
        {"type": "diff", "path": "p", "old": None, "new": "n"},
        {"type": "diff", "path": "p", "old": None, "new": "n"},
        {"type": "diff", "path": "p", "old": "o", "new": "n"},
        {"type": "text", "text": "(terminal t1)"},
    )


def test_live_output_stays_together_although_its_status_is_repeated(peer: Peer) -> None:
    said = [
        *peer.updates("tool_call", toolCallId="c", title="t"),
        *peer.updates("tool_call_update", toolCallId="c", status="in_progress", _meta=live("a")),
        *peer.updates("tool_call_update", toolCallId="c", status="in_progress", _meta=live("b")),
        *peer.updates("tool_call_update", toolCallId="c", status="in_progress", title="new", _meta=live("c")),
        *peer.updates("tool_call_update", toolCallId="c", status="completed"),
    ]
    assert said == [
        ev.ToolCall("c", starts=True, title="t"),
        ev.ToolCall("c", status="in_progress"),
        ev.LiveOutput("c", "a"),
        ev.LiveOutput("c", "b"),
        ev.ToolCall("c", title="new", status="in_progress"),
        ev.LiveOutput("c", "c"),
        ev.ToolCall("c", status="completed"),
    ]


def test_live_output_of_several_pieces_and_none(peer: Peer) -> None:
    chunks = [{"stream": "stdout", "output": "a"}, {"stream": "stderr", "output": "b"}]
    for params, output in [
        ({"chunks": chunks, "truncated": True}, ev.LiveOutput("c", "ab", truncated=True)),
        ({"chunks": None}, ev.LiveOutput("c", "")),
        ({}, ev.LiveOutput("c", "")),
    ]:
        meta = {"toolNotification": {"type": "live_output", "params": params}}
        assert peer.updates("tool_call_update", toolCallId="c", _meta=meta)[-1] == output


def test_updates_before_their_call_are_one_item(peer: Peer) -> None:
    items = shown(
        [
            *peer.updates("tool_call_update", toolCallId="c", status="in_progress", _meta=live("early ")),
            *peer.asks("r1", "c"),
            *peer.updates("tool_call", toolCallId="c", title="late", rawInput={"a": 1}),
            *peer.updates("tool_call_update", toolCallId="c", status="in_progress", _meta=live("and late")),
        ]
    )
    assert len(items) == 1
    assert items[0]["output"] == "early and late"
    assert (items[0]["title"], items[0]["input"]) == ("late", {"a": 1})
    assert items[0]["permission"]["state"] == "open"


def test_a_call_id_of_an_earlier_turn_is_another_call(peer: Peer) -> None:
    log: list[Event | Signal] = []
    for turn in ("p1", "p2"):
        log.append(ev.UserMessage("Do it.", turn))
        request = peer.prompts(turn)
        log += peer.updates("tool_call", toolCallId="call_0", title=turn, status="pending")
        log += peer.updates("tool_call_update", toolCallId="call_0", status="in_progress", _meta=live(turn))
        log += peer.updates("tool_call_update", toolCallId="call_0", status="completed")
        log += peer.answers({"stopReason": "end_turn"}, to=request)
    tools = [item for item in shown(log) if item["kind"] == "tool"]
    assert [(item["title"], item["output"], item["status"]) for item in tools] == [
        ("p1", "p1", "completed"),
        ("p2", "p2", "completed"),
    ]


# -- anything at all -------------------------------------------------------------------------------------------------


def test_a_frame_of_64_mib_is_a_frame(peer: Peer) -> None:
    text = "x" * (64 * 2**20)
    (event,) = peer.updates("agent_message_chunk", content={"type": "text", "text": text})
    assert isinstance(event, ev.Text)
    assert len(event.text) == len(text)
    (raw,) = peer.acp.receive(text)
    assert isinstance(raw, ev.Raw)
    assert len(shown([raw])[0]["detail"]) < 10_000


def test_a_binary_frame_is_read_as_text(peer: Peer) -> None:
    update = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "é"}}
    frame = json.dumps(
        {"method": "session/update", "params": {"sessionId": "s1", "update": update}}, ensure_ascii=False
    )
    assert peer.acp.receive(frame.encode()) == [ev.Text("é")]
    (raw,) = peer.acp.receive(b"\x00\xff")
    assert isinstance(raw, ev.Raw)


def test_half_a_surrogate_pair_is_fit_for_file_and_page(peer: Peer) -> None:
    (event,) = peer.acp.receive(
        r'{"method":"session/update","params":{"sessionId":"s1","update":'
        r'{"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"\ud83d"}}}}'
    )
    assert event == ev.Text("\ufffd")


def test_what_we_send_may_hold_anything(peer: Peer) -> None:
    peer.acp.prompt("p1", "half \ud83d and 😀 \u2028 \x00")
    (frame,) = peer.acp.take_outbox()
    assert frame.isascii()
    assert json.loads(frame)["params"]["prompt"] == [{"type": "text", "text": "half \ud83d and 😀 \u2028 \x00"}]


def answers_to_the_server(frames: list[Json]) -> list[str]:
    return [json.dumps(frame["id"]) for frame in frames if "method" not in frame]


def asked_by_the_server(frames: Iterable[str | bytes]) -> list[str]:
    """The ids of the requests among frames, as the JSON-RPC specification knows them."""
    calls = (jsonrpc.decode(frame) for frame in frames)
    return [json.dumps(call.id) for call in calls if isinstance(call, jsonrpc.Call) and call.id is not None]


@strategies.patient
@given(st.lists(strategies.frames, max_size=8))
def test_no_frame_raises_hangs_the_turn_or_leaves_a_request_unanswered(frames: list[str | bytes]) -> None:
    peer = Peer()
    request = peer.prompts()
    said = [each for frame in frames for each in peer.acp.receive(frame)]
    said += peer.answers({"stopReason": "end_turn"}, to=request)
    assert len([each for each in said if isinstance(each, ev.TurnEnded)]) == 1
    assert sorted(set(answers_to_the_server(peer.sent()))) == sorted(set(asked_by_the_server(frames)))
    shown(said)


RECORDED = {scenario: replay.record(scenario) for scenario in replay.SCENARIOS if scenario != "markdown"}


@st.composite
def broken(draw: st.DrawFn) -> list[Json]:
    """A recorded scenario with something wrong in one of goose's frames. An answer stays an answer to its request."""
    lines = list(RECORDED[draw(st.sampled_from(sorted(RECORDED)))])
    index = draw(st.sampled_from([index for index, line in enumerate(lines) if line["dir"] == "in"]))
    frame = lines[index]["frame"]
    if "method" in frame:
        mutated = draw(strategies.mutated(frame))
    else:
        mutated = draw(strategies.mutated({key: value for key, value in frame.items() if key != "id"}))
        mutated = {key: value for key, value in mutated.items() if key != "method"} | {"id": frame["id"]}
    lines[index] = {"dir": "in", "frame": mutated}
    return lines


@settings(deadline=None, max_examples=200)
@given(broken())
def test_one_broken_frame_never_raises_and_takes_nothing_else_with_it(lines: list[Json]) -> None:
    done = replay.Replay().run(lines)
    started = [each.prompt_id for each in done.log if isinstance(each, ev.TurnStarted)]
    ended = [each.prompt_id for each in done.log if isinstance(each, ev.TurnEnded) and each.prompt_id]
    assert sorted(started) == sorted(ended)
    heard = [json.dumps(line["frame"]) for line in lines if line["dir"] == "in"]
    assert sorted(answers_to_the_server(done.sent)) == sorted(asked_by_the_server(heard))
    shown(done.log)


# -- attachments and steering ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capabilities", "accepts"),
    [
        ({"image": True, "audio": False, "embeddedContext": True}, ("image", "file")),
        ({"image": True}, ("image",)),
        ({"image": False, "embeddedContext": "yes"}, ()),
        (None, ()),
    ],
)
def test_the_greeting_says_what_a_prompt_may_carry(capabilities: Any, accepts: tuple[str, ...]) -> None:
    acp = Acp("1.0")
    acp.greet()
    agent = {"loadSession": True, "promptCapabilities": capabilities}
    result = {"protocolVersion": 1, "agentCapabilities": agent, "agentInfo": {"name": "goose", "version": "1"}}
    said = acp.receive(json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}))
    assert said == [Greeted("goose", "1", True, accepts)]


def chunk(message_id: str | None, **block: Any) -> Json:
    update = {"sessionUpdate": "user_message_chunk", "content": block}
    update |= {} if message_id is None else {"messageId": message_id}
    return {"method": "session/update", "params": {"sessionId": "s1", "update": update}}


def test_the_chunks_of_a_users_message_go_together_and_files_are_found_in_its_text(peer: Peer) -> None:
    said = [
        *peer.hears(chunk("u1", type="text", text="one--- Resource: attachment:a.csv ---\na,b\n---\n")),
        *peer.hears(chunk("u2", type="text", text="two")),
        *peer.hears(chunk("u2", type="image", data="AA==", mimeType="image/png")),
        *peer.hears(chunk("u3", type="text", text="three")),
        *peer.hears(chunk(None, type="text", text="four")),
        *peer.hears(chunk(None, type="image", data="AA==", mimeType="image/png")),
    ]
    image = {"type": "image", "mime": "image/png", "data": "AA=="}
    file = {"type": "resource", "uri": "attachment:a.csv", "mime": "text/plain", "text": "a,b"}
    assert said == [
        ev.UserMessage("one", None, (file,)),
        ev.UserMessage("two"),
        ev.UserMessage("", None, (image,), more=True),
        ev.UserMessage("three"),
        ev.UserMessage("four"),
        ev.UserMessage("", None, (image,), more=True),
    ]
    items = shown(said)
    assert [(item["text"], item["content"]) for item in items] == [
        ("one", [file]),
        ("two", [image]),
        ("three", []),
        ("four", [image]),
    ]


def test_a_message_that_steered_in_an_earlier_turn_is_nobodys(peer: Peer) -> None:
    update = {
        "sessionUpdate": "user_message_chunk",
        "content": {"type": "text", "text": "more"},
        "messageId": "steer_1",
        "_meta": {"goose": {"steer": True}},
    }
    said = peer.hears({"method": "session/update", "params": {"sessionId": "s1", "update": update}})
    assert said == [ev.UserMessage("more")]
