"""What the page's menu of sessions does, at the demo, over a comm that records."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from goose_widget import GooseChat
from goose_widget.store import Store
from support.poll import eventually
from test_widget import Page, comms

__all__ = ["comms"]


@pytest.fixture
async def chat(comms: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GooseChat]:
    """A chat in which one thing was said, in a folder of its own."""
    monkeypatch.setenv("GOOSE_WIDGET_DEMO_PACE", "0")
    monkeypatch.chdir(tmp_path)
    chat = GooseChat(server="demo")
    await chat.ask_async("first")
    yield chat
    chat.close()


def newest(chat: GooseChat, kind: str) -> dict[str, Any]:
    return next((m for m in reversed(chat.comm.custom) if m["type"] == kind), {})


async def do(chat: GooseChat, action: dict[str, Any]) -> str | None:
    """Do it on the page; why it was refused."""
    return await Page(chat).do(action, secrets.token_hex(4))


async def told(chat: GooseChat, kind: str, action: dict[str, Any]) -> dict[str, Any]:
    """Do it on the page, and wait for a message of this kind."""
    before = len(chat.comm.custom)
    assert await do(chat, action) is None
    await eventually(lambda: [m for m in chat.comm.custom[before:] if m["type"] == kind])
    return newest(chat, kind)


async def listed(chat: GooseChat, query: str = "") -> list[dict[str, Any]]:
    answer = await told(chat, "sessions", {"type": "sessions", "query": query})
    assert answer["query"] == query
    return list(answer["sessions"])


async def is_ready(chat: GooseChat) -> None:
    await eventually(lambda: chat.status == "ready")


def prompts(chat: GooseChat) -> list[str]:
    return [item["text"] for item in chat.items if item["kind"] == "user"]


async def test_sessions_are_listed_and_found(chat: GooseChat) -> None:
    (entry,) = await listed(chat)
    assert (entry["id"], entry["messages"], entry["current"]) == (chat.session_id, 2, True)
    assert entry["snippet"] == ""
    assert "/" not in entry["key"]
    (found,) = await listed(chat, "FIRS")
    assert "first" in found["snippet"]
    assert await listed(chat, "nothing of it") == []


async def test_a_new_session_begins_in_the_same_widget_and_the_old_one_is_gone_back_to(chat: GooseChat) -> None:
    old, (entry,) = chat.session_id, await listed(chat)
    log = chat._keyframe()["log"]
    await told(chat, "snapshot", {"type": "new_session"})
    await is_ready(chat)
    assert (chat.session_id != old, chat.items, chat.title) == (True, [], "")
    assert newest(chat, "snapshot")["log"] != log
    await chat.ask_async("second")
    assert [each["current"] for each in await listed(chat)] == [True, False]
    await told(chat, "snapshot", {"type": "open", "key": entry["key"]})
    await is_ready(chat)
    assert (chat.session_id, chat.resumed, prompts(chat)) == (old, "attached", ["first"])
    assert len(list(Store(chat._room.terms.store.folder).files())) == 2
    reply = await chat.ask_async("third")
    assert reply.stop_reason == "end_turn"
    assert prompts(chat) == ["first", "third"]


@pytest.mark.parametrize("key", ["nothing.jsonl", "../../etc/passwd", "", "\0"])
async def test_only_what_is_listed_is_opened_and_deleted(chat: GooseChat, key: str) -> None:
    assert "no longer beside" in str(await do(chat, {"type": "open", "key": key}))
    assert "no longer beside" in (await told(chat, "remark", {"type": "delete", "key": key}))["text"]
    assert prompts(chat) == ["first"]


async def test_a_running_turn_keeps_its_session(chat: GooseChat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOSE_WIDGET_DEMO_PACE", "1")
    slow = GooseChat(server="demo")
    await is_ready(slow)
    await do(slow, {"type": "prompt", "text": "/slow", "attachments": []})
    await eventually(lambda: slow.status == "running")
    assert "still working" in str(await do(slow, {"type": "new_session"}))
    slow.close()


async def test_a_session_is_renamed(chat: GooseChat) -> None:
    await do(chat, {"type": "rename", "title": " Sales  by region"})
    await eventually(lambda: chat.title == "Sales by region")
    assert (await listed(chat))[0]["title"] == "Sales by region"
    assert "empty" in (await told(chat, "remark", {"type": "rename", "title": " "}))["text"]


async def test_a_fork_before_a_prompt_has_its_text_as_the_draft(chat: GooseChat) -> None:
    await chat.ask_async("second")
    old, item = chat.session_id, next(item["id"] for item in chat.items if item["text"] == "second")
    assert (await told(chat, "draft", {"type": "fork", "item": item}))["text"] == "second"
    await is_ready(chat)
    assert (chat.session_id != old, prompts(chat)) == (True, ["first"])
    assert "There is no such message" in (await told(chat, "remark", {"type": "fork", "item": "i999"}))["text"]


async def test_a_fork_before_the_first_prompt_is_a_new_session(chat: GooseChat) -> None:
    old = chat.session_id
    assert (await told(chat, "draft", {"type": "fork", "item": chat.items[0]["id"]}))["text"] == "first"
    await is_ready(chat)
    assert (chat.session_id != old, chat.items) == (True, [])


@pytest.mark.parametrize("which", ["shown", "another"])
async def test_a_deleted_session_is_gone_from_the_list_and_the_disk(chat: GooseChat, which: str) -> None:
    (entry,) = await listed(chat)
    if which == "another":
        await told(chat, "snapshot", {"type": "new_session"})
        await is_ready(chat)
        await chat.ask_async("second")
    answer = await told(chat, "sessions", {"type": "delete", "key": entry["key"]})
    assert [each["title"] for each in answer["sessions"]] == ([] if which == "shown" else ["second"])
    await eventually(lambda: newest(chat, "remark").get("text") == "The session was deleted.")
    assert not (chat._room.terms.store.folder / entry["key"]).exists()
    await is_ready(chat)
    assert prompts(chat) == ([] if which == "shown" else ["second"])


@pytest.mark.parametrize("format", ["md", "html", "json", "ipynb"])
async def test_an_export_is_written_beside_the_notebook_and_replaces_nothing(
    chat: GooseChat, tmp_path: Path, format: str
) -> None:
    for _ in range(2):
        remark = await told(chat, "remark", {"type": "export", "format": format})
        assert (remark["level"], str(tmp_path) in remark["text"]) == ("info", True)
    assert ["first" in text for text in exported(tmp_path, format)] == [True, True]


def exported(folder: Path, format: str) -> list[str]:
    return [path.read_text() for path in folder.glob(f"*.{format}")]


async def test_an_unknown_format_is_refused(chat: GooseChat) -> None:
    assert ".md" in (await told(chat, "remark", {"type": "export", "format": "exe"}))["text"]


async def test_earlier_items_come_when_they_are_asked_for(chat: GooseChat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goose_widget.log._WINDOW_ITEMS", 2)
    await chat.ask_async("second")
    state = chat._keyframe()
    assert (len(state["items"]), state["earlier"]) == (2, len(chat.items) - 2)
    answer = await told(chat, "earlier", {"type": "earlier", "before": state["items"][0]["id"]})
    assert answer["log"] == state["log"]
    assert answer["earlier"] + len(answer["items"]) == state["earlier"]
    assert (await told(chat, "earlier", {"type": "earlier", "before": "i999"}))["items"] == []


async def test_a_page_that_knew_what_was_redacted_gets_all_anew(chat: GooseChat) -> None:
    known = chat._keyframe()
    version = chat._saved._version()
    submitted = chat._redact("first")
    assert await asyncio.wrap_future(chat._submit(submitted)) > 0
    await chat.ask_async("second")
    assert chat._saved._version()[0] != version[0]  # what was printed is another conversation
    answer = await told(chat, "snapshot", {"type": "hello", "have": known["seq"], "log": known["log"]})
    assert answer["log"] != known["log"]
    assert [item["text"] for item in answer["items"] if item["kind"] == "user"] == ["[redacted]", "second"]


async def test_a_recording_is_neither_deleted_nor_forked_nor_renamed(chat: GooseChat) -> None:
    chat.close()
    (file,) = Store(chat._room.terms.store.folder).files()
    replayed = GooseChat(replay=file.path)
    actions = [
        {"type": "delete", "key": file.path.name},
        {"type": "fork", "item": ""},
        {"type": "rename", "title": "x"},
    ]
    for action in actions:
        assert "recording" in (await told(replayed, "remark", action))["text"]
    assert file.path.exists()
    replayed.close()
