"""The chat from code, with the real goose and a scripted model."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from goose_widget import Chat, errors
from goose_widget import events as ev
from support.goose import GooseServe, goose_environment, goose_serve
from support.model import ScriptedModel
from support.poll import eventually, until


@pytest.fixture(scope="module")
def goose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GooseServe]:
    root = tmp_path_factory.mktemp("goose")
    with ScriptedModel() as model, goose_serve(goose_environment(root, model.url)) as goose:
        yield goose


@pytest.fixture
def new_chat(goose: GooseServe, tmp_path: Path) -> Iterator[Any]:
    chats: list[Chat] = []

    def new(session_id: str | None = None, **more: Any) -> Chat:
        chat = Chat(
            session_id, **{"server": goose.url, "token": goose.key, "cwd": tmp_path, "store": tmp_path / "s", **more}
        )
        chats.append(chat)
        return chat

    yield new
    for chat in chats:
        chat.close()


@pytest.fixture
async def chat(new_chat: Any) -> Chat:
    return new_chat()


def test_ask_returns_the_reply(new_chat: Any) -> None:
    chat = new_chat()
    reply = chat.ask("say: hello there")
    assert reply.text == "hello there"
    assert reply.stop_reason == "end_turn"
    assert [item["kind"] for item in reply.items] == ["user", "agent"]
    assert reply.usage["output_tokens"] > 0
    assert reply.duration is not None
    assert chat.status == "ready"
    assert chat.session_id
    assert chat.usage["size"] > chat.usage["used"] > 0
    assert (chat.mode, chat.model) == ("auto", "scripted")
    until(lambda: chat.title, why="goose makes a title")


def test_thinking_is_an_item_of_its_own(new_chat: Any) -> None:
    items = new_chat().ask("think: it depends | 42").items
    assert [(item["kind"], item["text"]) for item in items[1:]] == [("thought", "it depends"), ("agent", "42")]
    assert items[1]["ended"] is not None


def test_a_command_runs_with_live_output_and_result(new_chat: Any) -> None:
    chat = new_chat()
    outputs: list[str] = []
    chat.observe(lambda change: outputs.extend(i["output"] for i in change["new"] if i["kind"] == "tool"), "items")
    (tool,) = chat.ask("shell: echo one; sleep 0.3; echo two >&2").tools
    assert (tool["status"], tool["name"]) == ("completed", "shell")
    assert tool["input"] == {"command": "echo one; sleep 0.3; echo two >&2"}
    assert tool["text"] == "one\ntwo"
    assert tool["output"].startswith("one\n")  # goose leaves out what comes with the end
    assert tool["result"]["exit_code"] == 0
    assert tool["ended"] - tool["started"] > 0.2
    assert outputs


def test_files_are_written_and_edited_in_the_folder(new_chat: Any, tmp_path: Path) -> None:
    chat = new_chat()
    (tool,) = chat.ask("write: a.txt | hello").tools
    assert (tmp_path / "a.txt").read_text().strip() == "hello"
    assert tool["locations"] == [{"path": "a.txt", "line": 1}]
    (tool,) = chat.ask("edit: a.txt | hello | goodbye").tools
    assert tool["status"] == "completed"
    assert (tmp_path / "a.txt").read_text().strip() == "goodbye"


@pytest.mark.parametrize("prompt", ["fail-tool", "unknown-tool"])
def test_a_tool_that_fails_says_why(new_chat: Any, prompt: str) -> None:
    (tool,) = new_chat().ask(prompt).tools
    assert tool["status"] == "failed"
    assert tool["text"]


def test_a_model_that_fails_is_told(new_chat: Any) -> None:
    assert "error" in new_chat().ask("error").text.lower()


def test_permissions_are_decided_by_code(new_chat: Any, tmp_path: Path) -> None:
    chat = new_chat(mode="approve")
    questions = []

    def decide(question: Any) -> bool:
        questions.append(question)
        return "yes" in question.input["command"]

    (tool,) = chat.ask("shell: touch yes", on_permission=decide).tools
    assert tool["permission"]["option"] == "allow_once"
    assert tool["permission"]["by"] == "code"
    (tool,) = chat.ask("shell: touch no", on_permission=decide).tools
    assert tool["status"] == "failed"
    assert tool["permission"]["option"] == "reject_once"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s", "yes"]
    assert [question.cwd for question in questions] == [str(tmp_path)] * 2


@pytest.mark.parametrize("answer", ["allow", "reject"])
def test_permissions_are_decided_by_policy(new_chat: Any, tmp_path: Path, answer: str) -> None:
    chat = new_chat(mode="approve", on_permission=answer)
    chat.ask("shell: touch done")
    assert (tmp_path / "done").exists() == (answer == "allow")


def test_a_question_that_nobody_can_answer_is_rejected_and_raised(new_chat: Any, tmp_path: Path) -> None:
    chat = new_chat(mode="approve")
    with pytest.raises(errors.PermissionUnanswered, match="on_permission") as caught:
        chat.ask("shell: touch done")
    assert not (tmp_path / "done").exists()
    assert caught.value.reply.tools[0]["permission"]["option"] == "reject_once"
    assert [item["level"] for item in chat.items if item["kind"] == "notice"] == ["error"]


def test_on_permission_that_fails_rejects(new_chat: Any, tmp_path: Path) -> None:
    chat = new_chat(mode="approve")
    for answer in (lambda question: 1 / 0, lambda question: "perhaps"):
        (tool,) = chat.ask("shell: touch done", on_permission=answer).tools
        assert tool["permission"]["option"] == "reject_once"
        assert "on_permission" in tool["permission"]["note"]
    assert not (tmp_path / "done").exists()


def test_mode_is_changed_and_checked(new_chat: Any) -> None:
    chat = new_chat()
    chat.ask("say: hi")
    chat.set_mode("approve")
    assert chat.mode == "approve"
    with pytest.raises(errors.UsageError, match="smart_approve"):
        chat.set_mode("sloppy")
    with pytest.raises(Exception, match="read-only"):
        chat.mode = "auto"


def test_stop_ends_the_turn_and_keeps_what_came(new_chat: Any) -> None:
    chat = new_chat()
    chat.observe(lambda change: chat.stop() if "word3" in change["new"][-1]["text"] else None, "items")
    reply = chat.ask("slow: 1000 20")
    assert reply.stop_reason == "cancelled"
    assert reply.text.startswith("word0 word1 word2 word3")
    assert chat.items[1]["state"] == "cancelled"
    assert chat.ask("say: next").text == "next"


def test_stop_kills_the_command_that_runs(new_chat: Any, tmp_path: Path) -> None:
    chat = new_chat()
    threading.Thread(target=lambda: (until(lambda: (tmp_path / "pid").exists()), chat.stop()), daemon=True).start()
    reply = chat.ask("shell: echo $$ > pid; sleep 1000")
    assert reply.stop_reason == "cancelled"
    assert reply.tools[0]["status"] in ("cancelled", "failed")
    pid = int((tmp_path / "pid").read_text())
    until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text(), why="it runs on")


def test_a_timeout_cancels_the_turn(new_chat: Any) -> None:
    chat = new_chat()
    with pytest.raises(TimeoutError, match="not done within"):
        chat.ask("slow: 1000 20", timeout=0.5)
    until(lambda: chat.status == "ready")
    assert chat.items[1]["state"] == "cancelled"


def test_interrupting_cancels_the_turn(new_chat: Any) -> None:
    chat = new_chat()

    def interrupt() -> None:
        until(lambda: chat.status == "running")
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        chat.ask("slow: 1000 20")
    until(lambda: chat.status == "ready")
    assert chat.ask("say: still here").text == "still here"


async def test_ask_async_and_its_cancellation(chat: Chat) -> None:
    assert (await chat.ask_async("say: hi")).text == "hi"
    task = asyncio.create_task(chat.ask_async("slow: 1000 20"))
    await eventually(lambda: chat.status == "running")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(lambda: chat.status == "ready")


async def test_stream_gives_every_event_and_ends_with_the_turn(chat: Chat) -> None:
    events = [event async for event in chat.stream("slow: 30 5")]
    assert "".join(e.text for e in events if isinstance(e, ev.Text)) == " ".join(f"word{n}" for n in range(30)) + " "
    assert isinstance(events[-1], ev.TurnEnded)
    assert chat.items[-1]["text"] == "".join(e.text for e in events if isinstance(e, ev.Text))


async def test_asks_wait_for_each_other_in_order(chat: Chat) -> None:
    replies = await asyncio.gather(*(chat.ask_async(f"say: {number}") for number in range(4)))
    assert [reply.text for reply in replies] == ["0", "1", "2", "3"]
    assert [item["text"] for item in chat.items if item["kind"] == "user"] == [f"say: {number}" for number in range(4)]


def test_observers_that_fail_or_wait_do_no_harm(new_chat: Any) -> None:
    chat = new_chat()
    caught: list[BaseException] = []

    def wait(change: object) -> None:
        try:
            chat.ask("say: no")
        except errors.UsageError as error:
            caught.append(error)
            raise

    chat.observe(wait, "status")
    assert chat.ask("say: hi").text == "hi"
    assert caught


def test_a_session_is_resumed_by_its_id(new_chat: Any) -> None:
    first = new_chat()
    first.ask("remember: the cat is called Ada")
    first.ask("shell: echo hi")
    items = list(first.items)
    again = new_chat(first.session_id)  # the cell runs again: this chat takes the session over
    assert again.items == items
    assert first.status == "closed"
    assert first.problem["code"] == "continued-elsewhere"
    assert "Ada" in again.ask("recall").text
    assert again.items[: len(items)] == items


def test_sessions_are_listed_as_a_table(new_chat: Any, tmp_path: Path) -> None:
    chats = [new_chat() for _ in range(2)]
    for chat in chats:
        chat.ask("say: hi")
    sessions = Chat.sessions(store=tmp_path / "s")
    assert [info.session_id for info in sessions] == [chat.session_id for chat in reversed(chats)]
    assert f"{chats[0].session_id}" in sessions._repr_html_()


@pytest.mark.parametrize(
    "arguments",
    [
        {"session_id": 3},
        {"session_id": " "},
        {"server": "ftp://x"},
        {"server": None, "token": "k"},
        {"on_permission": "maybe"},
        {"server": None, "token": None, "cwd": "/no/such/folder"},
    ],
)
def test_arguments_are_checked_before_anything_starts(new_chat: Any, arguments: dict[str, Any]) -> None:
    with pytest.raises(errors.UsageError):
        new_chat(**arguments)


def test_the_environment_names_a_server(goose: GooseServe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOSE_SERVER_URL", goose.url)
    monkeypatch.setenv("GOOSE_SERVER__SECRET_KEY", goose.key)
    monkeypatch.chdir(tmp_path)
    chat = Chat()
    try:
        assert chat.ask("say: hi").text == "hi"
    finally:
        chat.close()
    (file,) = (tmp_path / ".goose" / "sessions").glob("*.jsonl")
    assert goose.key not in file.read_text()


def test_a_script_with_a_chat_ends_by_itself_and_at_once(goose: GooseServe, tmp_path: Path) -> None:
    code = (
        "import sys; from goose_widget import GooseChat\n"
        "chat = GooseChat(server=sys.argv[1], token=sys.argv[2])\n"
        "print(chat.ask('say: hi'))\n"
        "future = chat.ask_async('slow: 1000 20')"
    )
    before = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, goose.url, goose.key],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("hi\n", "", 0)
    assert time.monotonic() - before < 30
