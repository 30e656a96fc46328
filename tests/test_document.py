"""goose's session JSON, from items and to entries: whole, never doubled, accepted by goose, harmless to read."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from websockets.sync.client import ClientConnection, connect

from goose_widget import Chat
from goose_widget import events as ev
from goose_widget.document import continued, entries_of, to_document, truncated
from goose_widget.errors import UsageError
from goose_widget.imported import read
from goose_widget.protocol import web_saved
from goose_widget.transcript import Item, Transcript, reduce
from support import strategies, wire_fixtures
from support.goose import PATIENCE, GooseServe, goose_binary, goose_environment, goose_serve
from support.model import ScriptedModel
from test_printout import agent, tool, user

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
IMAGE = {"type": "image", "mime": "image/png", "data": PNG}


def thought(text: str) -> Item:
    return {"id": "i4", "kind": "thought", "text": text, "started": 1.0, "ended": 2.0}


def document(*items: Item, **more: Any) -> Any:
    return to_document(items, **{"session_id": "s", "cwd": "/w", "title": "T", "created": 0.0, **more})


def transcript(events: list[ev.Event]) -> list[Item]:
    made = Transcript()
    for seq, event in enumerate(events, 1):
        reduce(made, event, seq=seq, time=1e9 + seq)
    return list(made)


def items_of(made: Any) -> list[Item]:
    _, entries = entries_of(json.loads(json.dumps(made)))
    transcript = Transcript()
    for entry in entries:
        reduce(transcript, entry.event, seq=entry.seq, time=entry.time)
    return list(transcript)


def contents(made: Any) -> list[tuple[str, Any]]:
    """Role, and what is in each message in short."""
    return [(m["role"], [part.get("text", part["type"]) for part in m["content"]]) for m in made["conversation"]]


def calls(made: Any) -> list[tuple[str, str]]:
    parts = [part for message in made["conversation"] for part in message["content"]]
    return [(part["type"], part["id"]) for part in parts if "tool" in part["type"]]


def texts(made: Any) -> str:
    """All that the agent said."""
    said = [part for message in made["conversation"] if message["role"] == "assistant" for part in message["content"]]
    return "".join(part.get("text", "") for part in said)


def result(made: Any) -> Any:
    parts = [part for message in made["conversation"] for part in message["content"]]
    return next(part["toolResult"]["value"] for part in parts if part["type"] == "toolResponse")


def test_what_goose_never_had_is_left_out() -> None:
    notice = {"id": "n", "kind": "notice", "level": "info", "text": "x", "detail": "", "time": 1.0}
    plan = {"id": "p", "kind": "plan", "entries": [], "time": 1.0}
    failed, unsure = user("failed", state="failed"), user("unsure", state="unsure")
    made = document(failed, notice, unsure, notice, plan, user("sent"), unsure, agent("it had arrived"))
    assert contents(made) == [("user", ["sent"]), ("user", ["unsure"]), ("assistant", ["it had arrived"])]


def test_times_never_fall_and_never_run_ahead() -> None:
    times = [5.0, 9.9, 3.2, 4.0, 4.0]
    made = document(*(user(str(n), time=time) for n, time in enumerate(times)))
    assert [message["created"] for message in made["conversation"]] == [3, 3, 3, 4, 4]


@pytest.mark.parametrize("name", wire_fixtures.fixtures())
def test_what_was_said_and_done_is_there_again(name: str) -> None:
    items = wire_fixtures.fixtures()[name]["items"]
    sent = [item for item in items if item.get("state") not in ("failed", "unsure")]
    again = items_of(document(*items))
    for kind in ("user", "agent", "thought"):
        said = [item["text"] for item in sent if item["kind"] == kind and item["text"]]
        # What an agent shows besides text and images is there as text.
        assert [item["text"] for item in again if item["kind"] == kind and item["text"] in said] == said
    tools, tools_again = ([each for each in some if each["kind"] == "tool"] for some in (sent, again))
    assert [each["input"] or {} for each in tools_again] == [each["input"] or {} for each in tools]
    for one, other in zip(tools, tools_again, strict=True):
        assert other["status"] == ("completed" if one["status"] == "completed" else "failed")


@strategies.patient
@given(strategies.logs)
def test_whatever_was_logged_makes_a_document_that_reads_back(events: list[ev.Event]) -> None:
    items = transcript(events)
    made = document(*items)
    json.dumps(made, allow_nan=False).encode()
    requests = [call_id for kind, call_id in calls(made) if kind == "toolRequest"]
    assert len(set(requests)) == len(requests)
    assert requests == [call_id for kind, call_id in calls(made) if kind == "toolResponse"]
    again = items_of(made)
    assert [kind for kind, _ in calls(document(*again))] == [kind for kind, _ in calls(made)]
    assert sum(item["kind"] == "tool" for item in again) == len(requests)
    replies = {item["text"] for item in again if item["kind"] == "agent"} | {""}
    assert all(item["text"] in replies for item in items if item["kind"] == "agent" and not item["content"])


# Reading.


def message(role: str, *content: Any, **more: Any) -> Any:
    return {"role": role, "created": 5, "content": list(content), **more}


def text(said: str) -> Any:
    return {"type": "text", "text": said}


def test_hidden_messages_are_left_out_and_messages_stay_apart() -> None:
    hidden = message("user", text("<turn-context>"), metadata={"userVisible": False})
    items = items_of({"messages": [message("user", text("a")), hidden, *[message("assistant", text("b"))] * 2]})
    assert [(item["kind"], item["text"]) for item in items] == [("user", "a"), ("agent", "b"), ("agent", "b")]
    assert [item["time"] for item in items] == [5, 5, 5]
    assert items[-1]["state"] == "done"


def test_title_folder_and_time_are_read_from_any_version() -> None:
    new = {"id": "1", "name": "N", "working_dir": "/w", "created_at": "2026-11-23T03:50:07Z", "conversation": []}
    header, entries = entries_of(new)
    assert (header.session_id, header.cwd, header.created) == ("1", "/w", 1795405807)
    assert [entry.event for entry in entries] == [ev.Title("N")]
    header, entries = entries_of({"metadata": {"description": "D", "working_dir": "/v"}, "messages": []})
    assert (header.cwd, entries[0].event) == ("/v", ev.Title("D"))


def test_milliseconds_are_known_as_such() -> None:
    assert entries_of({"messages": [message("user", text("a"), created=1795405807000)]})[1][0].time == 1795405807


def test_a_call_without_a_result_was_interrupted() -> None:
    value = {"name": "todo__write", "arguments": {}}
    call = {"type": "toolRequest", "id": "c", "toolCall": {"status": "success", "value": value}}
    (_, item, note) = items_of({"conversation": [message("user", text("a")), message("assistant", call)]})
    assert (item["status"], item["name"], item["extension"]) == ("interrupted", "todo__write", "todo")
    assert note["kind"] == "notice"


@pytest.mark.parametrize("hostile", [None, [], "x", 5, {}, {"conversation": {}}, {"conversation": None, "messages": 1}])
def test_what_is_no_session_is_refused_with_what_was_expected(hostile: Any) -> None:
    with pytest.raises(UsageError, match="goose session export"):
        entries_of(hostile)


EXAMPLE = document(user("x", content=[IMAGE]), thought("t"), agent("a"), tool(content=[IMAGE, text("r")]), agent("b"))


@strategies.patient
@given(strategies.mutated(json.loads(json.dumps(EXAMPLE))))
def test_a_damaged_session_is_read_as_far_as_it_goes(damaged: Any) -> None:
    try:
        _, entries = entries_of(damaged)
    except UsageError:
        return
    transcript = Transcript()
    for entry in entries:
        assert isinstance(entry.time, float)
        ev.from_json(json.loads(json.dumps(ev.to_json(entry.event))))
        reduce(transcript, entry.event, seq=entry.seq, time=entry.time)


def test_messages_that_are_none_are_counted() -> None:
    items = items_of({"messages": [1, message("user", text("a")), None]})
    assert [item["text"] for item in items] == ["a", "2 of its messages could not be read and are left out."]


def test_a_nest_without_end_is_refused() -> None:
    nest: Any = "x"
    for _ in range(100_000):
        nest = [nest]
    with pytest.raises(UsageError, match="nested"):
        entries_of({"messages": [message("user", nest)]})


# What the server has, and what only we have.


STEP = (agent("step 1"), tool(input={"command": "a"}, content=[{"type": "text", "text": "a"}]))


def test_what_streamed_after_the_last_finished_step_is_added() -> None:
    server = document(user("go"), *STEP)
    server["conversation"][-1]["created"] = 5
    running = tool(input={"command": "b"}, status="interrupted", output="hal")
    made = continued(server, [user("go"), *STEP, agent("step 2"), running])
    assert contents(made)[:3] == contents(server)
    assert contents(made)[3:] == [("assistant", ["step 2", "toolRequest"]), ("user", ["toolResponse"])]
    assert len({call_id for _, call_id in calls(made)}) == 2
    assert made["message_count"] == 5
    assert [each["created"] for each in made["conversation"][3:]] == [5, 5]


@pytest.mark.parametrize("turn", [[], [agent("whole answer")], [thought("t"), *STEP, agent("whole answer")]])
def test_what_the_server_has_is_not_doubled(turn: list[Item]) -> None:
    server = document(user("before"), agent("x"), user("go"), *turn)
    assert continued(server, [user("go"), *turn]) == server
    if turn:
        assert continued(server, [user("go"), *turn[:-1], agent("whole")]) == server
        assert continued(continued(document(user("go")), [user("go"), *turn]), [user("go"), *turn])["message_count"] > 1


def test_the_rest_of_a_text_is_added() -> None:
    made = continued(document(user("go"), agent("The answer")), [user("go"), agent("The answer is 42")])
    assert contents(made)[1:] == [("assistant", ["The answer"]), ("assistant", [" is 42"])]


def test_a_request_that_the_server_left_unanswered_is_answered() -> None:
    server = document(user("go"), tool(input={"command": "a"}))
    server["conversation"].pop()
    made = continued(server, [user("go"), tool(input={"command": "a"}, status="interrupted")])
    assert [kind for kind, _ in calls(made)] == ["toolRequest", "toolResponse"]
    assert "interrupted" in result(made)["content"][0]["text"]


def test_the_same_command_twice_is_two_calls() -> None:
    server = document(user("go"), *STEP)
    assert len(calls(continued(server, [user("go"), *STEP, *STEP]))) == 4


@pytest.mark.parametrize("server", [document(), document(user("other")), document(user("go"), agent("x"), user("b"))])
def test_another_turn_at_the_end_is_no_turn_to_continue(server: Any) -> None:
    with pytest.raises(ValueError, match="prompt"):
        continued(server, [user("go"), agent("x")])


def test_prompts_are_cut_with_what_came_of_them() -> None:
    whole = document(user("a"), *STEP, user("b"), *STEP, user("c"))
    cut = truncated(whole, drop=1)
    assert contents(cut) == contents(whole)[:-1]
    assert cut["message_count"] == 6
    assert truncated(whole, drop=0) == whole
    for drop in (3, 9):
        with pytest.raises(ValueError, match="3 prompts"):
            truncated(whole, drop=drop)
    pictures = document(user("", content=[IMAGE]), agent("a"), user("", content=[IMAGE]), agent("b"))
    assert contents(truncated(pictures, drop=1)) == contents(pictures)[:2]
    assert continued(pictures, [user("", content=[IMAGE]), agent("b")]) == pictures


def test_what_was_summed_up_after_the_cut_is_whole_for_the_agent() -> None:
    whole = document(user("a"), agent("b"), user("c"))
    for each in whole["conversation"]:
        each["metadata"]["agentVisible"] = False
    whole["conversation"].append(
        message("user", text("Summary"), metadata={"userVisible": False, "agentVisible": True})
    )
    assert [each["metadata"]["agentVisible"] for each in truncated(whole, drop=1)["conversation"]] == [True, True]


# The real goose.


class Acp:
    """Just enough of a client."""

    def __init__(self, goose: GooseServe, socket: ClientConnection) -> None:
        self.goose, self._socket, self._number = goose, socket, 0
        self.call("initialize", protocolVersion=1, clientCapabilities={}, clientInfo={"name": "test", "version": "1"})

    def call(self, method: str, **params: Any) -> Any:
        """The answer; `updates` are what came before it."""
        self._number += 1
        self.updates: list[Any] = []
        self._socket.send(json.dumps({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}))
        while True:
            frame = json.loads(self._socket.recv(30 * PATIENCE))
            if frame.get("id") == self._number and "method" not in frame:
                assert "error" not in frame, frame
                return frame["result"]
            self.updates.append(frame["params"].get("update", {}))

    def said(self, kind: str) -> str:
        chunks = [each["content"] for each in self.updates if each.get("sessionUpdate") == kind]
        return "|".join(chunk.get("text", chunk["type"]) for chunk in chunks)

    def imported(self, made: Any, **meta: Any) -> str:
        session_id = self.call("_goose/unstable/session/import", input=json.dumps(made), source="json")["sessionId"]
        self.load(session_id, **meta)
        return str(session_id)

    def load(self, session_id: str, **meta: Any) -> None:
        self.call("session/load", sessionId=session_id, cwd="/tmp", mcpServers=[], _meta=meta)

    def prompt(self, session_id: str, said: str) -> str:
        self.call("session/prompt", sessionId=session_id, prompt=[text(said)])
        return self.said("agent_message_chunk").replace("|", "")

    def exported(self, session_id: str) -> Any:
        return json.loads(self.call("_goose/unstable/session/export", sessionId=session_id)["data"])


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with ScriptedModel() as model:
        yield goose_environment(tmp_path_factory.mktemp("goose"), model.url)


@pytest.fixture(scope="module")
def acp(environment: dict[str, str]) -> Iterator[Acp]:
    with (
        goose_serve(environment) as goose,
        connect(goose.url, additional_headers={"X-Secret-Key": goose.key}, proxy=None) as socket,
    ):
        yield Acp(goose, socket)


EVERYTHING = [
    user("remember: Ada\x00\ud800", content=[IMAGE]),
    thought("Hm"),
    agent("I will.", content=[IMAGE, {"type": "diff", "path": "p", "old": "a", "new": "b"}]),
    tool(content=[IMAGE, {"type": "resource", "uri": "file:///x", "mime": "", "text": "r"}], result={"exit_code": 1}),
    tool(name="", title="error", input=[math.nan], status="failed", result="no"),
    tool(status="interrupted", input={"command": "rm", "n": 10**500}),
    user("again"),
    thought("alone"),
    agent("ok"),
]


def test_goose_takes_all_that_a_transcript_can_hold_and_remembers(acp: Acp) -> None:
    session_id = acp.imported(document(*EVERYTHING))
    assert acp.said("user_message_chunk").startswith("remember: Ada")
    assert "Ada" in acp.prompt(session_id, "recall")


def test_goose_cuts_a_replay_where_it_should(acp: Acp) -> None:
    turns = [item for n in range(6) for item in (user(f"q{n}", time=9.0), agent(f"a{n}", time=9.0))]
    acp.imported(document(*turns), replayTail=3)
    assert (acp.said("user_message_chunk"), acp.said("agent_message_chunk")) == ("q4|q5", "a4|a5")


def test_goose_goes_on_from_a_turn_that_was_continued(acp: Acp) -> None:
    session_id = acp.imported(document(user("hello"), agent("hi")))
    acp.prompt(session_id, "remember: Bea")
    server = acp.exported(session_id)
    items = [user("remember: Bea"), agent("I will remember that."), agent("And so"), tool(status="interrupted")]
    made = continued(server, items)
    assert made["message_count"] == len(server["conversation"]) + 2
    session_id = acp.imported(made)
    assert acp.said("agent_message_chunk") == "hi|I will remember that.|And so"
    assert "Bea" in acp.prompt(session_id, "recall")
    session_id = acp.imported(truncated(acp.exported(session_id), drop=2))
    assert acp.said("user_message_chunk") == "hello"
    assert "nothing" in acp.prompt(session_id, "recall")


@pytest.mark.parametrize(
    "prompt",
    ["steps: echo a | echo b", "two-shells: echo a | echo b", "think: hm | yes", "fail-tool", "unknown-tool", "big: 1"],
)
def test_all_that_goose_has_of_a_turn_is_found_in_our_transcript(acp: Acp, tmp_path: Path, prompt: str) -> None:
    with closing(Chat(server=acp.goose.url, token=acp.goose.key, cwd=tmp_path, store=tmp_path / "s")) as chat:
        items = chat.ask(prompt).items
        session_id = str(chat.session_id)
    server = acp.exported(session_id)
    assert continued(server, items)["conversation"] == server["conversation"]
    for cut in range(1, len(server["conversation"])):  # what goose keeps of a turn that was cut, step by step
        made = continued({**server, "conversation": server["conversation"][:cut]}, items)
        assert [kind for kind, _ in calls(made)] == [kind for kind, _ in calls(server)]
        assert texts(made) == texts(server)


def test_the_command_line_imports_ours_and_its_export_is_read(environment: dict[str, str], tmp_path: Path) -> None:
    def goose(*arguments: str) -> str:
        run = subprocess.run(
            [goose_binary(), "session", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60 * PATIENCE,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    ours = tmp_path / "ours.json"
    ours.write_text(json.dumps(document(*EVERYTHING, title="A title of its own")), encoding="utf-8")
    goose("import", str(ours))
    (session,) = [
        each for each in json.loads(goose("list", "--format", "json")) if each["name"] == "A title of its own"
    ]
    theirs = tmp_path / "theirs"
    theirs.write_text(goose("export", "--session-id", session["id"], "--format", "json"), encoding="utf-8")
    header, entries = read(theirs)
    assert (header.session_id, header.cwd) == (session["id"], "/w")
    again, expected = items_of(json.loads(theirs.read_text())), items_of(document(*EVERYTHING))
    assert [{**item, "id": ""} for item in again] == [{**item, "id": ""} for item in expected]
    assert len(entries) > len(expected)
    assert web_saved.said(json.loads(theirs.read_text())["conversation"][0]) == "remember: Ada\x00\ufffd"


def test_a_steered_turn_that_was_cut_goes_on_after_what_steered_it() -> None:
    turn = [user("go"), agent("one"), user("more"), agent("two and a ha")]
    server = [
        {"role": "user", "created": 1, "content": [{"type": "text", "text": "go"}]},
        {"role": "assistant", "created": 2, "content": [{"type": "text", "text": "one"}]},
        {"role": "user", "created": 3, "content": [{"type": "text", "text": "more"}]},
    ]
    made = continued({"conversation": server}, turn)
    assert [message["content"][0]["text"] for message in made["conversation"]] == ["go", "one", "more", "two and a ha"]


def test_attachments_are_kept_there_and_back() -> None:
    file = {"type": "resource", "uri": "attachment:a%20b.csv", "mime": "text/plain", "text": "a,b\n---\n1,2"}
    made = document(user("look", content=[IMAGE, file]), agent("I see."))
    assert contents(made)[0] == (
        "user",
        ["look", "image", "--- Resource: attachment:a%20b.csv ---\na,b\n---\n1,2\n---\n"],
    )
    asked = next(entry.event for entry in entries_of(made)[1] if isinstance(entry.event, ev.UserMessage))
    assert (asked.text, asked.content) == ("look", (IMAGE, file))
    # And what goose has of such a turn is the turn with that prompt.
    cut = [user("look", content=[IMAGE, file]), agent("I s")]
    assert len(continued({"conversation": made["conversation"][:1]}, cut)["conversation"]) == 2
