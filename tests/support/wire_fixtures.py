"""Makes the fixtures that both reducers read: `tests/fixtures/wire/*.json`.

In `{"changes": [[change, …], …], "items": […]}`, `changes` are the messages that a page gets and `items` what it shows
after them. They come from the recorded scenarios and from cases written by hand. `actions.json` is a list of what a
page sends, `problems.json` of what the `problem` trait holds. `tests/test_wire_fixtures.py` keeps the files in step,
`js/test/wire.test.ts` applies them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from goose_widget import errors
from goose_widget import events as ev
from goose_widget.events import Event
from goose_widget.transcript import Transcript, reduce
from support import replay
from support.replica import apply

Json = dict[str, Any]

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "wire"

# From the recorded scenarios: how many events make a message.
RECORDED = {
    "cancelled": 3,
    "edit": 4,
    "failing_shell": 2,
    "image": 8,
    "loaded": 5,
    "permission_allowed": 2,
    "permission_cancelled": 1,
    "shell": 1,
    "steps": 4,
    "thinking": 1,
    "two_tools": 2,
}

OPTIONS = (
    {"id": "allow_once", "name": "Allow once", "kind": "allow_once"},
    {"id": "reject_once", "name": "Reject once", "kind": "reject_once"},
)
TOKENS = {"output_tokens": 120, "total_tokens": 130}
PLAN = {"content": "Look", "status": "completed", "priority": "high"}

# By hand: events of a session, one or more to a message.
HANDWRITTEN: dict[str, list[list[Event]]] = {
    "updates_before_their_call": [
        [ev.LiveOutput("c", "early\n")],
        [ev.ToolCall("c", status="in_progress")],
        [ev.PermissionAsked("r", "c", OPTIONS, "/home/ada/analysis")],
        [ev.ToolCall("c", starts=True, title="shell · ls", input={"command": "ls"}), ev.LiveOutput("c", "late\n")],
        [ev.PermissionAnswered("r", "allow_once", "policy", "on_permission said so.")],
        [ev.ToolCall("c", status="completed", content=({"type": "text", "text": "done"},))],
    ],
    "call_id_of_an_earlier_turn": [
        [
            ev.UserMessage("one", "p1"),
            ev.ToolCall("call_0", starts=True, title="first"),
            ev.TurnEnded("p1", "end_turn"),
        ],
        [ev.UserMessage("two", "p2"), ev.ToolCall("call_0", starts=True, title="second")],
        [ev.LiveOutput("call_0", "of the second", True), ev.TurnEnded("p2", "end_turn")],
    ],
    "interrupted": [
        [ev.UserMessage("go", "p1"), ev.Thought("Hm", "m1"), ev.Text("Let me ", "m1"), ev.Text("see", "m1")],
        [ev.ToolCall("c", starts=True, title="shell · sleep"), ev.PermissionAsked("r", "c", OPTIONS)],
        [ev.TurnEnded("p1", "interrupted", {}, "The connection dropped.")],
        [ev.UserMessage("again", "p2"), ev.TurnEnded("p2", "unsure", {}, "Perhaps goose has it.")],
        [ev.UserMessage("refused", "p3"), ev.TurnEnded("p3", "failed", {}, "goose refused the prompt.")],
    ],
    "every_block": [
        [ev.UserMessage("look", "p1", ({"type": "image", "mime": "image/png", "data": "AA=="},))],
        [ev.Content({"type": "image", "mime": "image/png", "data": "AA=="}, "m1")],
        [ev.Content({"type": "audio", "mime": "audio/wav", "data": "AA=="}, "m1"), ev.Text("between", "m1")],
        [ev.Content({"type": "resource", "uri": "file:///x", "mime": "text/plain", "text": "t"}, "m1")],
        [ev.Content({"type": "link", "uri": "https://example.org", "name": "Example"}, "m1")],
        [
            ev.ToolCall(
                "c",
                content=(
                    {"type": "diff", "path": "a.py", "old": None, "new": "new\n"},
                    {"type": "diff", "path": "b.py", "old": "old\n", "new": "new\n"},
                    {"type": "text", "text": "t"},
                ),
                locations=({"path": "a.py", "line": 3}, {"path": "b.py", "line": None}),
                result=[None, {"a": 1.5}],
            )
        ],
    ],
    "plan": [
        [ev.Plan((PLAN, {**PLAN, "content": "Leap", "status": "pending"}))],
        [ev.Plan(({**PLAN, "content": "Leap"},)), ev.TurnEnded("p1", "end_turn")],
        [ev.Plan(())],
    ],
    "text": [
        [ev.Text("emoji 👩‍👩‍👧 ", "m1"), ev.Text("", "m1")],
        [ev.Text("e\u0301 \u202eright to left\u202c \u0000 \ufffd", "m1")],
        [ev.Text("\n```py\nx = '</script>'\n```\n", "m1"), ev.Text("another message", "m2")],
        [ev.Text("without an id"), ev.Text(" and more")],
    ],
    "turns": [
        [ev.Usage(0, 128000), ev.UserMessage("one", "p1"), ev.TurnStarted("p1"), ev.Thought("hm", "m1")],
        [ev.Text("first", "m1"), ev.Usage(10, 128000, "0.002950 USD"), ev.TurnEnded("p1", "end_turn", TOKENS)],
        [ev.UserMessage("two", "p2"), ev.TurnStarted("p2"), ev.Text("look", "m2")],
        [ev.ToolCall("c", starts=True, status="completed"), ev.Usage(12, 128000, "0.006080 USD")],
        [ev.Text("second", "m3"), ev.TurnEnded("p2", "end_turn", {**TOKENS, "total_tokens": 12})],
        [ev.UserMessage("three", "p3"), ev.TurnStarted("p3"), ev.Text("cut"), ev.TurnEnded("p3", "interrupted")],
    ],
    "notices": [
        [ev.Notice("info", "Something.", "detail"), ev.Raw("an update of the kind 'x'", {"sessionUpdate": "x"})],
        [ev.TurnEnded("p", "max_tokens"), ev.TurnEnded("p", "refusal"), ev.TurnEnded("p", "cancelled")],
    ],
}

_AGENT = {"id": "i1", "kind": "agent", "text": "a", "content": [], "time": 1.0, "state": "streaming", "turn": None}

# By hand: changes that no session sends today, and what a page must do with them.
CHANGES: dict[str, list[list[Json]]] = {
    "remove": [
        [{"op": "add", "item": _AGENT}, {"op": "add", "item": {**_AGENT, "id": "i2"}}],
        [{"op": "remove", "id": "i1"}, {"op": "append", "id": "i2", "field": "text", "text": "b"}],
        [{"op": "add", "item": {**_AGENT, "id": "i1", "text": "again"}}],
    ],
    "add_again": [
        [{"op": "add", "item": _AGENT}, {"op": "add", "item": {**_AGENT, "id": "i2"}}],
        [{"op": "add", "item": {**_AGENT, "text": "now last"}}],
    ],
    "patch_keeps_id_and_kind": [
        [{"op": "add", "item": _AGENT}],
        [{"op": "patch", "id": "i1", "set": {"id": "i7", "kind": "user", "text": "new", "state": "done"}}],
        [{"op": "append", "id": "i1", "field": "text", "text": " and more"}],
    ],
}

# By hand: one of each action.
ACTIONS: list[Json] = [
    {"aid": "a1", "type": "hello", "have": 7, "log": "l1"},
    {
        "aid": "a2",
        "type": "prompt",
        "text": "Grüße 👩‍👩‍👧\n",
        "attachments": [{"name": "a.csv", "mime": "text/csv", "data": "YSxi"}],
    },
    {"aid": "a19", "type": "edit_queued", "id": "q1", "text": "more"},
    {"aid": "a20", "type": "remove_queued", "id": "q1"},
    {"aid": "a21", "type": "send_queued", "id": "q1"},
    {"aid": "a22", "type": "steer", "text": "less"},
    {"aid": "a23", "type": "files", "query": "no"},
    {"aid": "a24", "type": "part", "name": "maths"},
    {"aid": "a3", "type": "stop"},
    {"aid": "a4", "type": "answer", "request": "r", "option": "allow_once"},
    {"aid": "a5", "type": "set_mode", "value": "auto"},
    {"aid": "a6", "type": "set_model", "value": "gpt-5.2"},
    {"aid": "a7", "type": "retry"},
    {"aid": "a8", "type": "accept", "offer": "demo"},
    {"aid": "a9", "type": "earlier", "before": "i300"},
    {"aid": "a9a", "type": "find", "query": "join"},
    {"aid": "a9b", "type": "around", "item": "i7"},
    {"aid": "a10", "type": "continue"},
    {"aid": "a11", "type": "again"},
    {"aid": "a12", "type": "sessions", "query": "join"},
    {"aid": "a13", "type": "open", "key": "k1"},
    {"aid": "a14", "type": "new_session"},
    {"aid": "a15", "type": "rename", "title": "Sales by region"},
    {"aid": "a16", "type": "fork", "item": "i7"},
    {"aid": "a17", "type": "delete", "key": "k1"},
    {"aid": "a18", "type": "export", "format": "ipynb"},
]

# With an offer, with a log, without anything to click.
PROBLEMS = (
    errors.GooseNotFound(),
    errors.UnknownSession("20261122_7"),
    errors.ServerCrashed("it ended with exit code 1", "last line"),
    errors.ContinuedElsewhere(),
)


def lists() -> dict[str, list[Json]]:
    """The fixtures that are lists, by their names."""
    return {"actions": ACTIONS, "problems": [problem.to_wire() for problem in PROBLEMS]}


def fixtures() -> dict[str, Json]:
    """Every fixture of a transcript by its name."""
    made: dict[str, Json] = {}
    for scenario, batch in RECORDED.items():
        log = replay.replay(scenario).log
        made[f"recorded_{scenario}"] = of_events([log[start : start + batch] for start in range(0, len(log), batch)])
    made |= {name: of_events(messages) for name, messages in HANDWRITTEN.items()}
    for name, changes in CHANGES.items():
        made[name] = {"changes": changes, "items": apply([], [change for each in changes for change in each])}
    return made


def of_events(messages: list[list[Event]]) -> Json:
    """The fixture of a session's events, those of a message together. `items` are the transcript's own."""
    changes = [[change.to_wire() for change in each] for each in replay.changes_of(messages)]
    transcript = Transcript()
    for seq, event in enumerate((event for each in messages for event in ev.coalesce(each)), 1):
        reduce(transcript, event, seq=seq, time=replay.START + seq)
    return {"changes": changes, "items": list(transcript)}


def text(fixture: Json) -> str:
    """A fixture as it is in its file: a change or an item per line."""
    messages = [_lines(message, "    ") for message in fixture["changes"]]
    changes = ",\n".join(f"  [\n{message}\n  ]" for message in messages)
    return f'{{\n"changes": [\n{changes}\n],\n"items": [\n{_lines(fixture["items"], "  ")}\n]\n}}\n'


def list_text(values: list[Json]) -> str:
    """A list as it is in its file: a value per line."""
    return f"[\n{_lines(values, '  ')}\n]\n"


def _lines(values: list[Json], indent: str) -> str:
    return ",\n".join(indent + json.dumps(value, allow_nan=False) for value in values)
