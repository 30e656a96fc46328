"""Chats with the tests' `goose web`, quick to lose patience; and what is compared of them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from goose_widget import Chat
from goose_widget.protocol import web, web_saved
from goose_widget.transcript import Item, Transcript, reduce
from support.poll import eventually
from support.web_server import WebServer, running

_COUNTED = {"id", "time", "started", "ended", "turn"}


class Chats:
    """Makes servers, and chats with them, each with a folder of its own for its sessions.

    Args:
        folder: where all of it is.
        monkeypatch: makes everything that takes patience take little.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(web, "AFTER_END", 0.05)
        monkeypatch.setattr(web, "SILENCE", 0.1)
        monkeypatch.setattr(web, "_COMPLETIONS", (0.0, 0.02, 0.05))
        monkeypatch.setattr(web, "_LOOKS", (0.02, 0.05))
        monkeypatch.setattr(web, "_AFTERWARDS", ())
        monkeypatch.setattr(web_saved, "SETTLED", 0.1)
        monkeypatch.setattr("goose_widget.client.backoff", lambda attempt, chance: 0.01)
        self._folder = folder
        self._chats: list[tuple[WebServer, Chat]] = []

    @contextlib.asynccontextmanager
    async def serving(self, server: WebServer) -> AsyncIterator[WebServer]:
        """Run `server`; at the end its chats are closed before it, as none may knock while it closes."""
        async with running(server):
            try:
                yield server
            finally:
                for chat in [chat for its, chat in self._chats if its is server]:
                    chat.close()
                await eventually(lambda: not any(each.name == "goose-widget-http" for each in threading.enumerate()))

    def chat(self, server: WebServer, session_id: str | None = None, *, at: str = "ws_url", **more: Any) -> Chat:
        """A chat with `server`, at its address of this name."""
        folder = self._folder / f"sessions{len(self._chats)}"
        chat = Chat(session_id, server=getattr(server, at), **{"store": folder, "cwd": self._folder, **more})
        self._chats.append((server, chat))
        return chat


def told(items: list[Item]) -> list[Item]:
    """The items without what differs between two equal runs: ids, times, and notices."""
    return [{k: v for k, v in item.items() if k not in _COUNTED} for item in items if item["kind"] != "notice"]


def shown(chat: Chat) -> list[Item]:
    """The transcript, as the page has it."""
    return chat._session.log.snapshot()[1]


def saved(chat: Chat) -> list[Item]:
    """What the chat's file adds up to."""
    file = chat._session.store.find(str(chat.session_id))
    assert file is not None
    transcript = Transcript()
    for entry in file.read():
        reduce(transcript, entry.event, seq=entry.seq, time=entry.time)
    return list(transcript)


def notices(chat: Chat) -> list[str]:
    """The texts of the notices."""
    return [item["text"] for item in shown(chat) if item["kind"] == "notice"]


def outline(chat: Chat) -> list[tuple[str, str]]:
    """Kind and text (of a tool: its title) of every item but notices."""
    return [(item["kind"], item.get("title") or item["text"]) for item in shown(chat) if item["kind"] != "notice"]
