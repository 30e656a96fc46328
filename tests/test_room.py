"""One open session of a chat: who leaves it, leaves nothing behind and nobody waiting."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from goose_widget import Chat, errors
from goose_widget.loop import background
from support.goose import GooseServe, goose_environment, goose_serve
from support.model import ScriptedModel
from support.poll import eventually


@pytest.fixture
async def chat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Chat]:
    monkeypatch.setenv("GOOSE_WIDGET_DEMO_PACE", "0")
    chat = Chat(server="demo", cwd=tmp_path, store=tmp_path / "s")
    await chat.ask_async("first")
    yield chat
    chat.close()


async def on_loop(function: object, *arguments: object) -> None:
    """Call something on the background thread, and wait for it."""

    async def call() -> None:
        function(*arguments)  # type: ignore[operator]

    await asyncio.wrap_future(background().submit(call()))


async def test_rooms_that_are_left_before_they_began_connect_nowhere(chat: Chat) -> None:
    rooms = [chat._room]
    told: list[str] = []
    chat.observe(lambda change: told.append(change["new"]), "status")

    def hurry() -> None:
        for _ in range(3):
            chat.go_to()
            rooms.append(chat._room)

    await on_loop(hurry)
    await eventually(lambda: chat.status == "ready")
    assert [room._run is not None for room in rooms] == [False, False, False, True]
    assert [room.session.facts.session_id for room in rooms[1:3]] == [None, None]
    assert "closed" not in told
    assert (await chat.ask_async("second")).stop_reason == "end_turn"


async def test_who_waits_in_a_room_that_is_left_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}/acp"
        chat = Chat(server=url, cwd=tmp_path, store=tmp_path / "s")
        waiting = asyncio.ensure_future(chat.ask_async("too late"))
        await asyncio.sleep(0)  # it is on its way
        await on_loop(chat.go_to)
        with pytest.raises(errors.UsageError, match="went to another session"):
            await waiting
        waiting = asyncio.ensure_future(chat.ask_async("too late too"))
        await asyncio.sleep(0)
        await on_loop(chat._room.end)
        with pytest.raises(errors.UsageError, match="closed"):
            await waiting


async def test_a_retry_pressed_twice_opens_the_file_once(chat: Chat) -> None:
    chat.close()
    (file,) = chat._room.terms.store.files()
    assert file.acquire()
    second = Chat(path=file.path, server="demo", cwd=chat.cwd, store=file.path.parent)
    await eventually(lambda: second.problem is not None)
    assert second.problem["code"] == "in-use"
    file.close()
    second.retry()
    second.retry()
    await eventually(lambda: second.status == "ready")
    assert (await second.ask_async("second")).stop_reason == "end_turn"
    second.close()


@pytest.fixture(scope="module")
def goose(tmp_path_factory: pytest.TempPathFactory) -> object:
    root = tmp_path_factory.mktemp("goose")
    with ScriptedModel() as model, goose_serve(goose_environment(root, model.url)) as goose:
        yield goose


async def test_a_session_keeps_its_mode_wherever_the_chat_was_in_between(goose: GooseServe, tmp_path: Path) -> None:
    """What was to be asked about must not run because a chat came back to it."""
    chat = Chat(server=goose.url, token=goose.key, cwd=tmp_path, store=tmp_path / "s", mode="auto")
    await chat.ask_async("say: hello")
    await asyncio.to_thread(chat.set_mode, "approve")
    await chat.ask_async("say: careful")
    file = chat._session.file
    assert file is not None
    await on_loop(chat.go_to)
    await eventually(lambda: chat.status == "ready")
    assert chat.mode == "approve"  # a new session goes on so
    await asyncio.to_thread(chat.set_mode, "auto")
    await on_loop(chat.go_to, file)
    await eventually(lambda: chat.status == "ready" and chat.resumed == "attached")
    assert chat.mode == "approve"
    with pytest.raises(errors.PermissionUnanswered):
        await chat.ask_async("shell: echo no > ran.txt")
    assert "ran.txt" not in [each.name for each in listed(tmp_path)]
    chat.close()


async def test_a_running_turn_is_not_left(goose: GooseServe, tmp_path: Path) -> None:
    chat = Chat(server=goose.url, token=goose.key, cwd=tmp_path, store=tmp_path / "s")
    turn = asyncio.ensure_future(chat.ask_async("slow: 400 20"))
    await eventually(lambda: chat.status == "running")
    with pytest.raises(errors.UsageError, match="still working"):
        await on_loop(chat.go_to)
    chat.stop()
    assert (await turn).stop_reason == "cancelled"
    chat.close()


def listed(folder: Path) -> list[Path]:
    return list(folder.iterdir())
