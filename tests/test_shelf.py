"""Whole sessions from code, at the demo: what is refused, what is removed, and what must not be lost."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from goose_widget import Chat, GooseChat, errors, removal
from goose_widget import events as ev
from goose_widget.protocol.requests import Declined, Fork
from goose_widget.room import Room
from goose_widget.store import Header, Store, session_file
from support.poll import until
from support.session_files import entries, said, written


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / ".goose" / "sessions")


@pytest.fixture
def new_chat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Chat]]:
    monkeypatch.setenv("GOOSE_WIDGET_DEMO_PACE", "0")
    monkeypatch.chdir(tmp_path)
    chats: list[Chat] = []

    def new(*arguments: Any, **more: Any) -> Chat:
        chats.append(Chat(*arguments, **{"server": "demo", **more}))
        return chats[-1]

    yield new
    for chat in chats:
        chat.close()


@pytest.fixture
def chat(new_chat: Callable[..., Chat]) -> Chat:
    chat = new_chat()
    chat.ask("first")
    return chat


def prompts(chat: Chat) -> list[str]:
    return [item["text"] for item in chat.items if item["kind"] == "user"]


def in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """A text is removed only once the second is set; the first: that began."""
    began, goes_on = threading.Event(), threading.Event()
    load = removal.load

    def wait(file: Any) -> Any:
        loaded = load(file)
        began.set()
        goes_on.wait(30)
        return loaded

    monkeypatch.setattr(removal, "load", wait)
    yield began, goes_on
    goes_on.set()


# Arguments.

WRONG: list[Callable[[Chat], object]] = [
    lambda chat: chat.rename(None),  # type: ignore[arg-type]
    lambda chat: chat.redact(5),  # type: ignore[arg-type]
    lambda chat: chat.search(None),  # type: ignore[arg-type]
    lambda chat: chat.search(""),
    lambda chat: chat.ask(5),  # type: ignore[arg-type]
    lambda chat: chat.export(5),  # type: ignore[arg-type]
    lambda chat: chat.export("a\0.md"),
    lambda chat: chat.export("~nobody of this name/x.md"),
    lambda chat: Chat.import_session(5),  # type: ignore[arg-type]
    lambda chat: Chat(path=5),  # type: ignore[arg-type]
    lambda chat: Chat(path="~nobody of this name/x"),
    lambda chat: Chat(store=5),  # type: ignore[arg-type]
    lambda chat: Chat.delete_session(),
    lambda chat: Chat.delete_session(5),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("call", WRONG)
def test_wrong_arguments_are_refused_with_a_sentence(chat: Chat, call: Callable[[Chat], object]) -> None:
    with pytest.raises(errors.UsageError):
        call(chat)


@pytest.mark.parametrize("name", ["rename", "fork", "export", "redact"])
def test_what_waits_is_refused_in_an_observer(chat: Chat, name: str) -> None:
    refused: list[str] = []

    def call(change: object) -> None:
        try:
            getattr(chat, name)("x.md")
        except errors.UsageError as error:
            refused.append(str(error))

    chat.observe(call, "status")
    chat.ask("more")
    assert refused
    assert all("observer" in each for each in refused)


@pytest.mark.parametrize("name", ["rename", "fork", "redact"])
def test_a_closed_chat_says_that_it_is_closed(chat: Chat, name: str) -> None:
    chat.close()
    with pytest.raises(errors.UsageError, match="is closed"):
        getattr(chat, name)("first")


def test_a_fork_and_a_title_wait_for_the_connection(new_chat: Callable[..., Chat], chat: Chat) -> None:
    chat.close()
    again = new_chat(chat.session_id)
    fork = again.fork()
    assert prompts(fork) == ["first"]
    fork.close()
    new = new_chat()
    new.rename("Mine")
    new.ask("hello")
    assert new.title == "Mine"


def test_what_is_shown_of_another_kernel_keeps_its_title_and_its_text(chat: Chat) -> None:
    chat._session.show_only(errors.SessionInUse("x"))
    with pytest.raises(errors.UsageError, match="only be read"):
        chat.rename("Mine")


def test_a_recording_is_not_changed(chat: Chat, new_chat: Callable[..., Chat], store: Store) -> None:
    chat.close()
    (file,) = store.files()
    before = file.path.read_bytes()
    replayed = new_chat(server=None, replay=file.path)
    for call in (replayed.fork, lambda: replayed.rename("x"), lambda: replayed.redact("first")):
        with pytest.raises(errors.UsageError, match="recording"):
            call()
    assert file.path.read_bytes() == before


# Removing a text.


def test_what_is_asked_while_a_text_is_removed_is_not_lost(chat: Chat, slow: tuple[threading.Event, ...]) -> None:
    began, goes_on = slow
    thread = in_thread(lambda: chat.redact("first"))
    assert began.wait(30)
    reply = chat.ask("second")
    with pytest.raises(errors.UsageError, match="being removed"):
        chat.redact("x")
    chat.rename("Mine")
    goes_on.set()
    thread.join(30)
    assert prompts(chat) == ["[redacted]", "second"]
    assert reply.text in [item.get("text") for item in chat.items]
    assert chat.title == "Mine"
    path = chat._session.file.path
    chat.ask("third")
    chat.close()
    written = list(session_file(path).read())
    assert [entry.event.text for entry in written if isinstance(entry.event, ev.UserMessage)] == [*prompts(chat)]
    assert b"first" not in path.read_bytes()
    numbers = [line.partition(b'"seq":')[2].partition(b",")[0] for line in path.read_bytes().splitlines()[1:]]
    assert len(set(numbers)) == len(numbers)


def test_a_chat_that_is_closed_while_a_text_is_removed_has_all_in_its_file(
    chat: Chat, slow: tuple[threading.Event, ...]
) -> None:
    began, goes_on = slow
    thread = in_thread(lambda: chat.redact("first"))
    assert began.wait(30)
    chat.ask("second")
    path = chat._session.file.path
    chat.close()
    goes_on.set()
    thread.join(30)
    assert b"second" in path.read_bytes()
    assert b"first" not in path.read_bytes()
    file = session_file(path)
    assert file.acquire()
    file.close()


def test_an_interrupt_does_not_leave_a_text_half_removed(chat: Chat, slow: tuple[threading.Event, ...]) -> None:
    began, goes_on = slow
    in_thread(lambda: (began.wait(30), os.kill(os.getpid(), signal.SIGINT)))
    with pytest.raises(KeyboardInterrupt):
        chat.redact("first")
    goes_on.set()
    until(lambda: prompts(chat) == ["[redacted]"], why="it is done to its end")
    assert chat.ask("second").stop_reason == "end_turn"


# Exports.


def test_an_export_is_its_owners_and_leaves_what_was_there_if_it_fails(
    chat: Chat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = chat.export("a.md")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    chat.export("a.md")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    (tmp_path / "link.md").symlink_to(path)
    chat.export("link.md")
    assert (tmp_path / "link.md").is_symlink()
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(errors.UsageError, match="No space left"):
        chat.export("a.md")
    assert path.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == [".goose", "a.md", "link.md"]


# Imports.


@pytest.mark.parametrize(
    "arguments",
    [{"sever": "demo"}, {"server": "ftp://x"}, {"session_id": "x"}, {"on_permission": "maybe"}, {"cwd": "/no/such"}],
)
def test_an_import_with_a_wrong_argument_writes_nothing(chat: Chat, store: Store, arguments: dict[str, Any]) -> None:
    chat.export("chat.json")
    with pytest.raises(errors.UsageError):
        GooseChat.import_session("chat.json", **{"server": "demo", **arguments})
    assert len(list(store.files())) == 1


def test_a_copy_of_a_session_that_is_here_goes_on_apart_from_it(chat: Chat, new_chat: Callable[..., Chat]) -> None:
    chat.export("chat.json")
    copy = Chat.import_session("chat.json", server="demo")
    copy.ask("second")
    assert (copy.resumed, prompts(copy), prompts(chat)) == ("restored", ["first", "second"], ["first"])
    assert copy.session_id != chat.session_id
    assert chat.status == "ready"
    copy.close()
    chat.close()
    assert prompts(new_chat(chat.session_id)) == ["first"]


# What a server has.


def test_a_session_of_another_server_hides_none_of_this_one(chat: Chat, store: Store, tmp_path: Path) -> None:
    session_id = str(chat.session_id)
    chat.close()
    (own,) = store.files()
    own.acquire()
    own.discard()
    written(store, Header(session_id, "ws://elsewhere:1/acp", 1.0), said("another"))
    found = Chat.sessions(all=True, server="demo")
    assert sorted((info.session_id, info.server) for info in found) == [
        (session_id, "the demo"),
        (session_id, "ws://elsewhere:1/acp"),
    ]


def test_what_has_no_turn_in_common_is_left_at_the_server(chat: Chat, store: Store) -> None:
    session_id = str(chat.session_id)
    chat.close()
    never_sent = (ev.UserMessage("never sent", "p"), ev.TurnStarted("p"), ev.TurnEnded("p", "failed"))
    other = written(store, Header(session_id, "the demo", 1.0), entries(*never_sent))
    Chat.delete_session(path=other, server="demo")
    assert not other.exists()
    assert [info.title for info in Chat.sessions(all=True, server="demo", store="elsewhere")] == []
    (own,) = store.files()
    own.acquire()
    own.discard()
    assert session_id in [info.session_id for info in Chat.sessions(all=True, server="demo")]


def test_what_is_asked_while_a_fork_is_made_is_not_in_it(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    request = Room.request

    async def slow_request(room: Room, what: Any) -> Any:
        answer = await request(room, what)
        if isinstance(what, Fork):
            await room.asks.ask(lambda prompt_id: room.session.prompt(prompt_id, "second"), None)
        return answer

    monkeypatch.setattr(Room, "request", slow_request)
    fork = chat.fork()
    assert (prompts(chat), prompts(fork)) == (["first", "second"], ["first"])
    fork.close()


def test_a_fork_of_what_the_server_has_only_the_end_of_is_cut_where_it_should_be(
    chat: Chat, new_chat: Callable[..., Chat], monkeypatch: pytest.MonkeyPatch
) -> None:
    chat._submit(_renewed(chat)).result()
    until(lambda: chat.status == "ready", why="it goes on in a new session")
    for prompt in ("second", "third"):
        chat.ask(prompt)
    sent: list[Any] = []
    request = Room.request

    async def note(room: Room, what: Any) -> Any:
        sent.append(what)
        return await request(room, what)

    monkeypatch.setattr(Room, "request", note)
    ids = {item["text"]: item["id"] for item in chat.items if item["kind"] == "user"}
    for before, known in (("third", ["second"]), ("second", ["first"])):
        fork = chat.fork(ids[before])
        said = [
            part["text"]
            for message in sent[-1].document["conversation"]
            if message["role"] == "user"
            for part in message["content"]
            if part.get("text") in ids
        ]
        assert said == known
        fork.close()


async def _renewed(chat: Chat) -> None:
    chat._session.renew()
    chat._room.client._socket.transport.abort()


# Deleting.


def continued(store: Store) -> list[Path]:
    """A session that went on in a second and a third file."""
    paths = [written(store, Header("one", "the demo", 1.0), said("first"))]
    for number in ("two", "three"):
        before = session_file(paths[-1])
        file = store.create(Header(number, "the demo", 2.0, after=before.header.uid), begins_with=before)
        file.close()
        paths.append(file.path)
    return paths


def test_the_files_that_a_deleted_session_went_on_from_are_deleted_too(store: Store) -> None:
    continued(store)
    Chat.delete_session("one", store=store.folder, only_here=True)
    assert [path.name for path in store.folder.glob("*.jsonl*")] == []


def test_a_file_from_which_another_session_goes_on_stays(store: Store) -> None:
    one, two, three = continued(store)
    other = store.create(Header("other", "x", 3.0, after=session_file(one).header.uid), begins_with=session_file(one))
    other.close()
    Chat.delete_session("three", store=store.folder, only_here=True)
    assert sorted(file.path for file in store.files()) == sorted([one, other.path])
    assert not two.exists()
    assert not three.exists()


def test_nothing_is_deleted_while_an_earlier_file_is_open(store: Store) -> None:
    paths = continued(store)
    held = session_file(paths[0])
    assert held.acquire()
    with pytest.raises(errors.SessionInUse, match="one is open"):
        Chat.delete_session("three", store=store.folder, only_here=True)
    held.close()
    assert all(path.exists() for path in paths)


def test_what_is_open_in_this_notebook_is_said_to_be(chat: Chat) -> None:
    with pytest.raises(errors.SessionInUse, match="open in this notebook"):
        Chat.delete_session(chat.session_id, server="demo")


def test_the_files_of_a_server_that_is_gone_can_be_deleted(store: Store, tmp_path: Path) -> None:
    path = written(store, Header("gone", "http://127.0.0.1:9", 1.0), said("first"))
    gone: dict[str, Any] = {"store": store.folder, "server": "http://127.0.0.1:9", "token": "k"}
    with pytest.raises(errors.GooseError, match="only_here=True"):
        Chat.delete_session("gone", **gone)
    assert path.exists()
    Chat.delete_session("gone", only_here=True, **gone)
    assert not path.exists()


def test_a_delete_that_is_interrupted_is_done_to_its_end(
    chat: Chat, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat.close()
    (file,) = store.files()
    began, goes_on = threading.Event(), threading.Event()
    is_same = removal._is_same

    def wait(*arguments: Any) -> bool:
        began.set()
        goes_on.wait(30)
        return is_same(*arguments)

    monkeypatch.setattr(removal, "_is_same", wait)
    in_thread(lambda: (began.wait(30), os.kill(os.getpid(), signal.SIGINT)))
    with pytest.raises(KeyboardInterrupt):
        Chat.delete_session(chat.session_id, server="demo")
    goes_on.set()
    until(lambda: not file.path.exists(), why="it is done to its end")
    assert Chat.sessions(all=True, server="demo") == []


@pytest.mark.parametrize("name", ["fork", "sessions"])
def test_an_interrupt_ends_the_work_that_nobody_waits_for(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    began, waits, ended = (threading.Event() for _ in range(3))
    wait = concurrent.futures.wait

    def noted_wait(*arguments: Any) -> Any:
        waits.set()
        return wait(*arguments)

    async def never(room: Room, what: Any) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    monkeypatch.setattr(Room, "request", never)
    monkeypatch.setattr(concurrent.futures, "wait", noted_wait)
    in_thread(lambda: (began.wait(30), waits.wait(30), os.kill(os.getpid(), signal.SIGINT)))
    with pytest.raises(KeyboardInterrupt):
        chat.fork() if name == "fork" else Chat.sessions(all=True, server="demo")
    assert ended.wait(30)


def test_a_declined_fork_says_why(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    async def decline(room: Room, what: Any) -> Declined:
        return Declined("", "no room left")

    monkeypatch.setattr(Room, "request", decline)
    with pytest.raises(errors.UsageError, match="not forked: no room left"):
        chat.fork()
