"""Sessions that move: to another goose, another folder, another kernel; with the real goose and a scripted model."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from goose_widget import Chat, errors
from goose_widget.store import Store
from support.goose import GooseServe, goose_binary, goose_environment, goose_serve
from support.model import ScriptedModel
from support.poll import until


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


@pytest.fixture(scope="module")
def homes(model: ScriptedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GooseServe, GooseServe]]:
    """Two gooses that know nothing of each other."""
    with ExitStack() as stack:
        one, two = (
            stack.enter_context(goose_serve(goose_environment(tmp_path_factory.mktemp("goose"), model.url)))
            for _ in range(2)
        )
        yield one, two


@pytest.fixture
def new_chat(homes: tuple[GooseServe, GooseServe], tmp_path: Path) -> Iterator[Callable[..., Chat]]:
    """Makes a chat at the first goose, or at the one of that number; all are closed in the end."""
    with ExitStack() as stack:

        def new(session_id: str | None = None, *, goose: int = 0, **more: Any) -> Chat:
            there = {"server": homes[goose].url, "token": homes[goose].key}
            chat = Chat(session_id, **{**there, "cwd": tmp_path, "store": tmp_path / "s", **more})
            stack.callback(chat.close)
            return chat

        yield new


def ready(chat: Chat) -> Chat:
    until(lambda: chat.status in ("ready", "failed"), why="the chat connects")
    assert chat.status == "ready", chat.problem
    return chat


def texts(chat: Chat, *kinds: str) -> list[str]:
    return [item["text"] for item in chat.items if item["kind"] in (kinds or ("user", "agent"))]


def begun(new_chat: Callable[..., Chat], **more: Any) -> Chat:
    chat = new_chat(**more)
    chat.ask("remember: Ada")
    chat.ask("shell: echo one")
    chat.close()
    return chat


def test_the_session_of_the_same_goose_is_attached(new_chat: Callable[..., Chat]) -> None:
    old = begun(new_chat)
    chat = ready(new_chat(old.session_id))
    assert (chat.resumed, chat.session_id) == ("attached", old.session_id)
    assert "Ada" in chat.ask("recall").text
    assert len(list(Store(chat._session.store.folder).files())) == 1


def test_a_session_goes_on_by_its_file_at_an_empty_goose_and_still_knows_the_name(
    new_chat: Callable[..., Chat], tmp_path: Path
) -> None:
    old = begun(new_chat)
    new_chat(goose=1, store=tmp_path / "others").ask("say: hello")  # its ids are taken
    shutil.copytree(tmp_path / "s", tmp_path / "there")
    chat = ready(new_chat(old.session_id, goose=1, store=tmp_path / "there"))
    assert chat.resumed == "restored"
    assert texts(chat)[:2] == ["remember: Ada", "I will remember that."]
    assert "Ada" in chat.ask("recall").text
    assert chat.ask("shell: echo it has its tools").tools[0]["text"] == "it has its tools"
    new_id = chat.session_id
    chat.close()
    # The id in the cell stays the old one: it leads to where the conversation went on.
    again = ready(new_chat(old.session_id, goose=1, store=tmp_path / "there"))
    assert (again.resumed, again.session_id) == ("attached", new_id)
    assert "recall" in texts(again)
    assert [info.session_id for info in Chat.sessions(store=tmp_path / "there")] == [new_id]


def test_the_same_id_with_another_conversation_is_restored_under_a_new_one(
    new_chat: Callable[..., Chat], tmp_path: Path
) -> None:
    ids = ["", " "]
    while ids[0] != ids[1]:  # each goose counts alone
        behind = int(number(ids[0]) > number(ids[1]))
        other = new_chat(goose=behind, store=tmp_path / f"of {behind}")
        other.ask("say: something else" if behind else "remember: Ada")
        ids[behind] = str(other.session_id)
        other.close()
    chat = ready(new_chat(ids[0], goose=1, store=tmp_path / "of 0"))
    assert chat.resumed == "restored"
    assert "something else" not in str(texts(chat))
    assert "Ada" in chat.ask("recall").text


def number(session_id: str) -> int:
    return int(session_id.rpartition("_")[2].strip() or 0)


def test_a_session_whose_folder_is_gone_opens(new_chat: Callable[..., Chat], tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    old = begun(new_chat, cwd=tmp_path / "gone")
    shutil.rmtree(tmp_path / "gone")
    chat = ready(new_chat(old.session_id))
    assert "Ada" in chat.ask("recall").text
    assert chat.ask("shell: pwd").tools[0]["text"] == str(tmp_path)


def test_a_moved_folder_keeps_its_sessions(new_chat: Callable[..., Chat], tmp_path: Path) -> None:
    old = begun(new_chat)
    (tmp_path / "s").rename(tmp_path / "moved")
    chat = ready(new_chat(old.session_id, store=tmp_path / "moved"))
    assert chat.resumed == "attached"
    assert "Ada" in chat.ask("recall").text


def test_an_ambiguous_id_lists_the_files_and_each_opens_by_its_path(
    new_chat: Callable[..., Chat], tmp_path: Path
) -> None:
    old = begun(new_chat)
    path = next((tmp_path / "s").glob("*.jsonl"))
    lines = path.read_text().splitlines()
    header = {**json.loads(lines[0]), "uid": "another", "server": "wss://elsewhere/acp"}
    other = path.with_name("other.jsonl")
    other.write_text("\n".join([json.dumps(header), *lines[1:]]).replace("Ada", "Bea") + "\n")
    with pytest.raises(errors.AmbiguousSession) as caught:
        new_chat(old.session_id, server=None, token=None)
    assert str(path) in str(caught.value)
    assert str(other) in str(caught.value)
    assert texts(new_chat(old.session_id))[0] == "remember: Ada"  # the server is named, and only one was there
    assert "Ada" in ready(new_chat(path=path)).ask("recall").text
    assert texts(new_chat(path=other))[0] == "remember: Bea"
    with pytest.raises(errors.UsageError, match="not by both"):
        new_chat(old.session_id, path=path)


# A reply that was cut off.


def test_continue_gives_goose_its_own_partial_reply_back(new_chat: Callable[..., Chat], model: ScriptedModel) -> None:
    chat = new_chat()
    chat.ask("remember: Ada")
    before = chat.session_id
    cut_off(chat, "slow: 400 20")
    partial = texts(chat)[-1]
    assert chat.interrupted is not None
    assert chat.interrupted["partial"]
    reply = chat.continue_turn()
    assert reply.stop_reason == "end_turn"
    assert chat.session_id != before
    asked = [each for each in model.conversations[-1] if each["role"] != "system"]
    said = [each["content"] for each in asked if each["role"] == "assistant"]
    assert partial.strip() in str(said[-1])
    assert asked[-1]["content"].startswith("Your reply was cut off")
    assert "Ada" in chat.ask("recall").text
    assert chat.interrupted is None
    assert [info.session_id for info in Chat.sessions(store=chat._session.store.folder)] == [chat.session_id]


def test_retry_asks_again(new_chat: Callable[..., Chat]) -> None:
    chat = new_chat()
    cut_off(ready(chat), "slow: 20 20")
    assert chat.retry_turn().text == "".join(f"word{n} " for n in range(20))
    assert texts(chat, "user") == ["slow: 20 20", "slow: 20 20"]


def cut_off(chat: Chat, prompt: str) -> None:
    """Send a prompt, drop the connection in the middle of the reply, and wait for the next connection."""
    ready(chat)
    session, loop = chat._session, chat._room
    from goose_widget.loop import background

    background().call(session.prompt, "cut", prompt)
    until(lambda: "word3" in str(session.log.snapshot()[1]), why="the reply streams")
    background().call(lambda: loop.client._socket.transport.abort())  # type: ignore[union-attr]
    until(lambda: chat.interrupted is not None and chat.status == "ready", why="it comes back")


# Whole sessions.


def test_a_session_is_renamed_here_and_at_goose(new_chat: Callable[..., Chat], homes: tuple[GooseServe, ...]) -> None:
    chat = new_chat()
    chat.ask("say: hello")
    chat.rename("  My\nchat ")
    assert chat.title == "My chat"
    listed = Chat.sessions(all=True, store=chat._session.store.folder, server=homes[0].url, token=homes[0].key)
    assert {info.session_id: info.title for info in listed}[chat.session_id or ""] == "My chat"
    elsewhere = Chat.sessions(all=True, store="/nowhere", server=homes[0].url, token=homes[0].key)
    assert {info.session_id: info.title for info in elsewhere}[chat.session_id or ""] == "My chat"
    with pytest.raises(errors.UsageError, match="empty"):
        chat.rename(" ")


@pytest.mark.parametrize("at", ["the end", "a reply", "a prompt"])
def test_a_fork_goes_on_alone(new_chat: Callable[..., Chat], at: str) -> None:
    chat = new_chat()
    chat.ask("remember: Ada")
    chat.ask("remember: Bea")
    items = {"the end": "", "a reply": chat.items[1]["id"], "a prompt": chat.items[2]["id"]}
    fork = ready(chat.fork(items[at]))
    try:
        assert fork.session_id != chat.session_id
        known = ["Ada", "Bea"] if at == "the end" else ["Ada"]
        assert texts(fork, "user") == [f"remember: {name}" for name in known]
        fork.ask("remember: Cid")
        assert fork.ask("recall").text == f"You told me: {', '.join([*known, 'Cid'])}"
        assert chat.ask("recall").text == "You told me: Ada, Bea"
    finally:
        fork.close()


def test_a_fork_asks_where_this_chat_asks(new_chat: Callable[..., Chat], tmp_path: Path) -> None:
    chat = new_chat(mode="auto")
    chat.ask("say: hi")
    chat.set_mode("approve")
    fork = chat.fork()
    try:
        with pytest.raises(errors.PermissionUnanswered):
            fork.ask(f"shell: touch {tmp_path / 'done'}")
        assert fork.mode == "approve"
        assert not (tmp_path / "done").exists()
    finally:
        fork.close()


def test_a_session_that_was_continued_is_deleted_with_what_it_was_before(
    new_chat: Callable[..., Chat], homes: tuple[GooseServe, ...], tmp_path: Path
) -> None:
    chat = new_chat()
    chat.ask("remember: Ada")
    before = chat.session_id
    cut_off(chat, "slow: 400 20")
    chat.continue_turn()
    chat.close()
    there = {"store": tmp_path / "s", "server": homes[0].url, "token": homes[0].key}
    Chat.delete_session(chat.session_id, **there)
    assert list((tmp_path / "s").glob("*.jsonl*")) == []
    assert not {before, chat.session_id} & {info.session_id for info in Chat.sessions(all=True, **there)}


def test_a_deleted_session_is_gone_here_and_at_goose(
    new_chat: Callable[..., Chat], homes: tuple[GooseServe, ...], tmp_path: Path
) -> None:
    old = begun(new_chat)
    there = {"store": tmp_path / "s", "server": homes[0].url, "token": homes[0].key}
    chat = ready(new_chat(old.session_id))
    with pytest.raises(errors.SessionInUse):
        Chat.delete_session(old.session_id, **there)
    chat.close()
    Chat.delete_session(old.session_id, **there)
    assert list((tmp_path / "s").glob("*.jsonl*")) == []
    assert old.session_id not in [info.session_id for info in Chat.sessions(all=True, **there)]
    with pytest.raises(errors.UsageError, match="no session"):
        Chat.delete_session(old.session_id, **there)


def test_deleting_an_old_file_leaves_another_conversation_of_its_id_alone(
    new_chat: Callable[..., Chat], homes: tuple[GooseServe, ...], tmp_path: Path
) -> None:
    theirs = begun(new_chat, store=tmp_path / "theirs")
    path = next((tmp_path / "theirs").glob("*.jsonl"))
    (tmp_path / "s").mkdir()
    other = tmp_path / "s" / path.name
    other.write_text(path.read_text().replace("Ada", "Bea").replace("remember that", "certainly not"))
    there = {"server": homes[0].url, "token": homes[0].key}
    Chat.delete_session(theirs.session_id, store=tmp_path / "s", **there)
    assert not other.exists()
    assert "Ada" in ready(new_chat(theirs.session_id, store=tmp_path / "theirs")).ask("recall").text


def test_goose_imports_what_is_exported(new_chat: Callable[..., Chat], model: ScriptedModel, tmp_path: Path) -> None:
    chat = new_chat()
    chat.ask("remember: Ada")
    chat.ask("shell: echo one")
    path = chat.export("chat.json") if Path.cwd() == tmp_path else chat.export(tmp_path / "chat.json")
    done = subprocess.run(
        [goose_binary(), "session", "import", str(path)],
        env=goose_environment(tmp_path / "third", model.url),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "imported" in done.stdout
    for ending, part in ((".md", "remember: Ada"), (".html", "<html"), (".ipynb", '"nbformat"')):
        assert part in chat.export(tmp_path / f"chat{ending}").read_text()
    with pytest.raises(errors.UsageError, match=r"\.md"):
        chat.export(tmp_path / "chat.docx")


@pytest.mark.parametrize("what", ["ours", "exported", "goose's"])
def test_an_imported_session_goes_on(
    new_chat: Callable[..., Chat], homes: tuple[GooseServe, ...], tmp_path: Path, what: str, model: ScriptedModel
) -> None:
    chat = new_chat()
    chat.ask("remember: Ada")
    path = next((tmp_path / "s").glob("*.jsonl"))
    if what == "exported":
        path = chat.export(tmp_path / "chat.json")
    elif what == "goose's":
        path = tmp_path / "goose.json"
        command = [goose_binary(), "session", "export", "--format", "json", "--session-id", str(chat.session_id)]
        root = homes[0].log.parent.parent
        done = subprocess.run(
            command, env=goose_environment(root, model.url), capture_output=True, text=True, check=True
        )
        path.write_text(done.stdout)
    there = {"server": homes[1].url, "token": homes[1].key, "cwd": tmp_path, "store": tmp_path / "new"}
    imported = Chat.import_session(path, **there)
    try:
        assert texts(ready(imported))[:2] == ["remember: Ada", "I will remember that."]
        assert imported.resumed == "restored"
        assert "Ada" in imported.ask("recall").text
    finally:
        imported.close()


@pytest.mark.parametrize("when", ["at once", "later"])
def test_a_redacted_text_is_nowhere_in_the_file_and_does_not_come_back(
    new_chat: Callable[..., Chat], tmp_path: Path, when: str
) -> None:
    chat = new_chat()
    chat.ask("say: the key is sk-12345 you see")
    assert chat.redact("sk-12345") >= 2
    assert "sk-12345" not in str(chat.items)
    assert "[redacted]" in texts(chat)[-1]
    if when == "later":
        chat.ask("say: more")
    chat.close()
    again = ready(new_chat(chat.session_id))
    again.ask("say: and more")
    assert again.resumed == "attached"
    assert all(b"sk-12345" not in path.read_bytes() for path in (tmp_path / "s").iterdir())
    assert texts(again, "user")[1:] == ["say: more"] * (when == "later") + ["say: and more"]


def test_what_was_said_is_found(new_chat: Callable[..., Chat], tmp_path: Path) -> None:
    chat = new_chat()
    chat.ask("say: a needle in the hay")
    hits = Chat.search("NEEDLE in", store=tmp_path / "s")
    assert {"user", "agent"} <= {hit.kind for hit in hits}
    assert Chat.search("nothing of it", store=tmp_path / "s") == []


# Two kernels.

OTHER_KERNEL = """
import sys, time
from goose_widget import Chat
url, key, folder, session_id = sys.argv[1:]
chat = Chat(session_id, server=url, token=key, cwd=folder, store=f"{folder}/s")
while chat.status not in ("ready", "failed"):
    time.sleep(0.01)
print(chat.status, flush=True)
for line in sys.stdin:
    word, _, text = line.strip().partition(" ")
    if word == "ask":
        print(chat.ask(text).text, flush=True)
    elif word == "start":
        chat._submit(chat._ask(chat._prompt(text), None))
        print("started", flush=True)
    elif word == "wait":
        while not chat.problem:
            time.sleep(0.01)
        print(chat.problem["code"], chat.status, flush=True)
"""


class OtherKernel:
    """A process that has a session open, as another notebook's kernel has."""

    def __init__(self, goose: GooseServe, folder: Path, session_id: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OTHER_KERNEL, goose.url, goose.key, str(folder), session_id],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.hear() == "ready"

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def say(self, line: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.hear()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def other_kernel(
    homes: tuple[GooseServe, GooseServe], new_chat: Callable[..., Chat], tmp_path: Path
) -> Iterator[OtherKernel]:
    kernel = OtherKernel(homes[0], tmp_path, str(begun(new_chat).session_id))
    yield kernel
    kernel.kill()


def opened_twice(new_chat: Callable[..., Chat], tmp_path: Path) -> Chat:
    (info,) = Chat.sessions(store=tmp_path / "s")
    chat = new_chat(info.session_id)
    until(lambda: chat.status == "failed", why="the other kernel has it")
    return chat


def test_a_session_of_another_kernel_can_be_read_and_taken_over(
    new_chat: Callable[..., Chat], other_kernel: OtherKernel, tmp_path: Path
) -> None:
    other_kernel.say("ask remember: Bea")
    chat = opened_twice(new_chat, tmp_path)
    assert (chat.problem["code"], chat.read_only, chat.resumed) == ("in-use", True, "read-only")
    assert texts(chat, "user")[-1] == "remember: Bea"
    with pytest.raises(errors.SessionInUse):
        chat.ask("recall")
    chat.take_over()
    assert chat.ask("recall", timeout=30).text == "You told me: Ada, Bea"
    assert other_kernel.say("wait") == "taken-over closed"


def test_what_runs_in_the_other_kernel_is_stopped_and_kept(
    new_chat: Callable[..., Chat], other_kernel: OtherKernel, tmp_path: Path
) -> None:
    other_kernel.say("start slow: 400 20")
    path = next((tmp_path / "s").glob("*.jsonl"))
    until(lambda: b"word3" in path.read_bytes(), why="it streams")
    chat = opened_twice(new_chat, tmp_path)
    chat.take_over()
    ready_after_take_over(chat)
    assert "word3" in texts(chat, "agent")[-1]
    assert chat.interrupted is not None
    assert chat.interrupted["partial"]
    chat.ask("recall", timeout=30)


def ready_after_take_over(chat: Chat) -> None:
    until(lambda: chat.status == "ready", why="it was taken over")


def test_the_session_of_a_killed_kernel_is_nobodys(
    new_chat: Callable[..., Chat], other_kernel: OtherKernel, tmp_path: Path
) -> None:
    other_kernel.kill()
    (info,) = Chat.sessions(store=tmp_path / "s")
    assert "Ada" in ready(new_chat(info.session_id)).ask("recall").text


def test_a_kernel_that_does_not_let_go_keeps_it(
    new_chat: Callable[..., Chat], other_kernel: OtherKernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("goose_widget.room._TAKE_OVER_PATIENCE", 0.3)
    chat = opened_twice(new_chat, tmp_path)
    os.kill(other_kernel.process.pid, signal.SIGSTOP)
    try:
        chat.take_over()
        until(lambda: chat.status == "failed", why="it was not given")
        assert chat.problem["code"] == "in-use"
        assert "did not let go" in chat.problem["detail"]
    finally:
        os.kill(other_kernel.process.pid, signal.SIGCONT)
