"""What the page may ask for."""

from __future__ import annotations

from typing import Any

import pytest

from goose_widget import actions
from goose_widget.errors import UsageError


@pytest.mark.parametrize(
    ("message", "action"),
    [
        ({"type": "hello", "have": 3, "log": "l"}, actions.Hello(3, "l")),
        ({"type": "earlier", "before": "i1"}, actions.Earlier("i1")),
        ({"type": "find", "query": "q"}, actions.Find("q")),
        ({"type": "around", "item": "i1"}, actions.Around("i1")),
        ({"type": "continue"}, actions.Continue()),
        ({"type": "again"}, actions.Again()),
        ({"type": "sessions", "query": "q"}, actions.Sessions("q")),
        ({"type": "open", "key": "k"}, actions.Open("k")),
        ({"type": "new_session"}, actions.NewSession()),
        ({"type": "rename", "title": "T"}, actions.Rename("T")),
        ({"type": "fork", "item": ""}, actions.Fork("")),
        ({"type": "delete", "key": "k"}, actions.Delete("k")),
        ({"type": "export", "format": "md"}, actions.Export("md")),
        ({"type": "prompt", "text": "hi", "attachments": []}, actions.Prompt("hi", [])),
        ({"type": "edit_queued", "id": "q", "text": "t"}, actions.EditQueued("q", "t")),
        ({"type": "remove_queued", "id": "q"}, actions.RemoveQueued("q")),
        ({"type": "send_queued", "id": "q"}, actions.SendQueued("q")),
        ({"type": "steer", "text": "t"}, actions.Steer("t")),
        ({"type": "files", "query": "q"}, actions.Files("q")),
        ({"type": "stop"}, actions.Stop()),
        ({"type": "answer", "request": "r", "option": "o"}, actions.Answer("r", "o")),
        ({"type": "set_mode", "value": "auto"}, actions.SetMode("auto")),
        ({"type": "set_model", "value": "m"}, actions.SetModel("m")),
        ({"type": "retry"}, actions.Retry()),
        ({"type": "part", "name": "maths"}, actions.Part("maths")),
    ],
)
def test_every_action_is_decoded(message: dict[str, Any], action: actions.Action) -> None:
    assert actions.decode({"aid": "a", **message}) == ("a", action)


@pytest.mark.parametrize(
    "message",
    [
        None,
        "stop",
        {},
        {"type": "stop"},
        {"aid": 1, "type": "stop"},
        {"aid": "a", "type": "format_disk"},
        {"aid": "a", "type": "prompt"},
        {"aid": "a", "type": "prompt", "text": 3},
        {"aid": "a", "type": "prompt", "text": "hi", "attachments": {}},
        {"aid": "a", "type": "hello", "have": True},
        {"aid": "a", "type": ["stop"]},
    ],
)
def test_anything_else_is_refused_with_a_sentence(message: Any) -> None:
    with pytest.raises(UsageError, match="The page sent"):
        actions.decode(message)
