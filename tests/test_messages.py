"""Items as the messages in which goose stores a session: what goose and its providers take."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from test_document import IMAGE, calls, contents, document, items_of, result, thought
from test_printout import agent, tool, user


def test_a_conversation_is_messages_as_goose_has_them() -> None:
    made = document(user("List"), thought("Hm"), agent("Sure:"), tool(output="a\n"), agent("Done."))
    assert contents(made) == [
        ("user", ["List"]),
        ("assistant", ["thinking", "Sure:", "toolRequest"]),
        ("user", ["toolResponse"]),
        ("assistant", ["Done."]),
    ]
    assert made["message_count"] == 4
    assert result(made) == {"content": [{"type": "text", "text": "a\n"}], "isError": False}
    assert calls(made)[0][1] == calls(made)[1][1]


@pytest.mark.parametrize("status", ["pending", "in_progress", "cancelled", "interrupted"])
def test_a_call_that_was_cut_says_so_and_what_it_had_printed(status: str) -> None:
    value = result(document(user("x"), tool(status=status, output="half")))
    assert value["isError"]
    assert "interrupted" in value["content"][0]["text"]
    assert value["content"][1]["text"] == "half"


def test_pictures_of_the_user_are_for_the_agent_and_those_of_the_agent_for_people() -> None:
    made = document(user("", content=[IMAGE]), agent("Look:", content=[IMAGE]))
    assert [m["metadata"]["agentVisible"] for m in made["conversation"]] == [True, True, False]
    assert [item["content"] for item in items_of(made)] == [[IMAGE], [], [IMAGE]]


def test_a_thought_alone_is_for_people() -> None:
    assert document(user("x"), thought("Hm"))["conversation"][-1]["metadata"]["agentVisible"] is False


def test_what_goose_can_not_read_is_replaced() -> None:
    deep: Any = "x"
    for _ in range(300):
        deep = [deep]
    arguments = {"n": math.nan, "i": 10**500, "s": "\ud800", "deep": deep}
    text = json.dumps(document(user("\udc00"), tool(input=arguments)), allow_nan=False)
    assert "\\ud" not in text.lower().replace("\\ufffd", "")
    assert len(text) < 5000
