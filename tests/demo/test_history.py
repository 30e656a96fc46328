from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from goose_widget.demo.history import from_goose, plan_as_call, to_goose
from goose_widget.demo.steps import Attach, Call, Done, Fail, Message, Plan, Say, Show, Think

CALL = Call("c1", "shell", "developer", "shell · ls", "execute", {"command": "ls"})
MESSAGES = [
    Message("m1", "user", 1, [Say("Look"), Show("image/png", "QUJD"), Attach("file:///x", "x")]),
    Message("m2", "agent", 2, [Think("hm"), Say("I look."), CALL]),
    Message("m3", "tool", 3, [Done("c1", "a b", picture={"mime": "image/png", "data": "QUJD"})]),
    Message("m4", "agent", 4, [Say("Done."), Fail("no")]),
]


def test_messages_are_as_goose_saves_them() -> None:
    link = '\n\n--- Resource link (not inlined) ---\n{"name": "x", "uri": "file:///x"}\n---'
    image = {"type": "image", "data": "QUJD", "mimeType": "image/png"}
    call = {"name": "developer__shell", "arguments": {"command": "ls"}}
    assert to_goose(MESSAGES) == [
        {"id": "m1", "role": "user", "created": 1, "content": [text("Look"), image, text(link)]},
        {
            "id": "m2",
            "role": "assistant",
            "created": 2,
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": ""},
                text("I look."),
                {"type": "toolRequest", "id": "c1", "toolCall": {"status": "success", "value": call}},
            ],
        },
        {
            "id": "m3",
            "role": "user",
            "created": 3,
            "content": [
                {
                    "type": "toolResponse",
                    "id": "c1",
                    "toolResult": {"status": "success", "value": [text("a b"), image]},
                }
            ],
        },
        {"id": "m4", "role": "assistant", "created": 4, "content": [text("Done.")]},
    ]


def text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": value}


def test_a_failed_tool_is_an_error() -> None:
    (message,) = to_goose([Message("m", "tool", 1, [Done("c1", "no", failed=True)])])
    assert message["content"][0]["toolResult"] == {"status": "error", "error": "no"}


def test_a_plan_is_a_tool_s_doing_with_its_result() -> None:
    plan = Plan("p1", [{"content": "a", "status": "completed"}, {"content": "b", "status": "pending"}])
    call, result = plan_as_call(plan)
    assert (call.input, result) == ({"content": "- [x] a\n- [ ] b"}, "Updated (15 chars)")
    request, response = to_goose([Message("m", "agent", 1, [Say("x"), plan])])
    assert request["content"][1]["toolCall"]["value"] == {"name": "todo__todo_write", "arguments": call.input}
    assert (response["role"], response["content"][0]["id"]) == ("user", "p1")


def test_a_saved_conversation_is_read_back() -> None:
    again = from_goose(to_goose(MESSAGES), "n")
    assert [message.role for message in again] == ["user", "agent", "tool", "agent"]
    assert [message.id for message in again] == ["n_0", "n_1", "n_2", "n_3"]
    assert to_goose(again)[1]["content"][2] == to_goose(MESSAGES)[1]["content"][2]
    assert again[1].steps[:2] == MESSAGES[1].steps[:2]
    assert again[2].steps == [Done("c1", "a b")]


def test_what_the_user_does_not_see_is_left_out() -> None:
    hidden = {"role": "user", "created": 1, "content": [text("hidden")], "metadata": {"userVisible": False}}
    assert from_goose([hidden], "n") == []


def test_a_conversation_of_the_real_kind_is_read() -> None:
    path = Path(__file__).parents[1] / "fixtures" / "web" / "history.json"
    messages = from_goose(json.loads(path.read_text(encoding="utf-8"))["messages"], "n")
    calls = [step.id for message in messages for step in message.steps if isinstance(step, Call)]
    assert calls == [step.id for message in messages for step in message.steps if isinstance(step, Done)]
    assert messages[0].text == "which file is the largest?"


@pytest.mark.parametrize("conversation", [[{}], [{"role": "x", "created": 1, "content": [text("x")]}], [7], 7])
def test_what_is_no_conversation_is_refused(conversation: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        from_goose(conversation, "n")
