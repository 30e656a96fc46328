"""What a turn came to."""

from __future__ import annotations

from goose_widget.reply import Reply, tool_text, with_text
from goose_widget.transcript import Item, new_tool


def tool(**values: object) -> Item:
    return new_tool("i1", "c1", 1.0, dict(values))


def agent(text: str) -> Item:
    return {"id": "i2", "kind": "agent", "text": text}


def test_text_is_what_the_agent_said() -> None:
    reply = Reply(
        [{"id": "i0", "kind": "user", "text": "q"}, agent("one"), with_text(tool()), agent("two")], "end_turn"
    )
    assert reply.text == str(reply) == reply._repr_markdown_() == "one\n\ntwo"
    assert [item["kind"] for item in reply.tools] == ["tool"]


def test_a_reply_tells_how_long_it_took() -> None:
    took = {**agent("two"), "turn": {"duration": 1.5, "first": 0.5, "rate": None, "cost": None}}
    assert Reply([agent("one"), took], "end_turn").duration == 1.5
    assert [Reply(items, "end_turn").duration for items in ([agent("one")], [with_text(tool())])] == [None, None]


def test_a_reply_without_text_says_so() -> None:
    assert "1 tool calls, cancelled" in Reply([with_text(tool())], "cancelled")._repr_markdown_()


def test_a_repr_fits_in_a_line() -> None:
    assert len(repr(Reply([agent("x" * 10_000)], "end_turn"))) < 150


def test_a_tools_text_is_what_it_returned_else_what_it_printed() -> None:
    returned = [{"type": "text", "text": "a"}, {"type": "image", "mime": "image/png", "data": ""}]
    assert tool_text(tool(content=returned, output="noise")) == "a"
    assert tool_text(tool(output="so far")) == "so far"
    assert tool_text(tool(result={"exit_code": 1})) == '{"exit_code": 1}'
    assert tool_text(tool(result="plain")) == "plain"
    assert tool_text(tool()) == ""


def test_a_plan_reads_as_a_list() -> None:
    entries = [{"content": c, "status": s, "priority": ""} for c, s in [("a", "completed"), ("b", "pending")]]
    assert with_text({"kind": "plan", "entries": entries})["text"] == "- [x] a\n- [ ] b"
