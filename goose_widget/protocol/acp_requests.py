"""What a `goose serve` is asked about its sessions, outside of the chat's own turn. No I/O.

Sessions that are made on the way (a fork, an import, the new one whose tools an import takes over) are not the chat's:
what goose says of them is not for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from . import jsonrpc
from .content import as_object, text_of
from .requests import (
    Answered,
    Archive,
    Declined,
    Delete,
    Export,
    Fork,
    Import,
    Kept,
    ListSessions,
    Rename,
    Request,
)

_UNSTABLE: Final = "_goose/unstable/session"

# What an imported session takes over from a new one: without its extensions it has no tools at all.
_INHERITED: Final = ("extension_data", "provider_name", "model_config", "goose_mode")

_MOST_SESSIONS: Final = 10_000


class AcpRequests:
    """The requests of one connection and their answers.

    Args:
        send: sends a request: what it is and of which ticket (both come back with the answer), its method and params.
    """

    def __init__(self, send: Callable[[str, str, str, dict[str, Any]], None]) -> None:
        self._send = send
        self._making: dict[str, str] = {}  # tickets by which a session is made whose id is not known yet -> step
        self._imports: dict[str, Import] = {}
        self._fresh: dict[str, str] = {}  # ticket -> the new session whose tools an import takes over
        self._entered = ""  # the chat's own session
        self._aside: set[str] = set()
        self._pages: dict[str, list[Kept]] = {}

    def is_aside(self, session_id: Any) -> bool:
        """Whether what is said of a session is not for the chat."""
        return session_id in self._aside or (bool(self._making) and session_id != self._entered)

    def enter(self, session_id: str) -> None:
        """The chat is in this session now."""
        self._entered = session_id
        self._aside.discard(session_id)

    def ask(self, ticket: str, request: Request) -> None:
        """Send a request; its answer is `Answered` or `Declined`."""
        match request:
            case ListSessions():
                self._send("list", ticket, "session/list", {})
            case Export(session_id):
                self._send("export", ticket, f"{_UNSTABLE}/export", {"sessionId": session_id})
            case Import(document):
                self._imports[ticket] = request
                if document.get("extension_data"):
                    self._import(ticket, document)
                else:
                    self._make("fresh", ticket, "session/new", {"cwd": request.cwd, "mcpServers": []})
            case Fork(session_id, cwd):
                self._make("fork", ticket, "session/fork", {"sessionId": session_id, "cwd": cwd, "mcpServers": []})
            case Rename(session_id, title):
                self._send("done", ticket, f"{_UNSTABLE}/rename", {"sessionId": session_id, "title": title})
            case Archive(session_id):
                self._send("done", ticket, f"{_UNSTABLE}/archive", {"sessionId": session_id})
            case Delete(session_id):
                self._send("done", ticket, "session/delete", {"sessionId": session_id})

    def _make(self, step: str, ticket: str, method: str, params: dict[str, Any]) -> None:
        self._making[ticket] = step
        self._send(step, ticket, method, params)

    def _import(self, ticket: str, document: dict[str, Any]) -> None:
        text = json.dumps(document, ensure_ascii=False)
        self._make("import", ticket, f"{_UNSTABLE}/import", {"input": text, "source": "json"})

    def answered(self, step: str, ticket: str, result: dict[str, Any]) -> Iterator[Answered | Declined]:
        """What the answer to a step of a request leads to."""
        try:
            yield from self._answered(step, ticket, result)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            yield from self._end(ticket, f"its answer can't be read ({error!r})")

    def _answered(self, step: str, ticket: str, result: dict[str, Any]) -> Iterator[Answered]:
        match step:
            case "list":
                page = [kept for each in result["sessions"] if (kept := _kept(as_object(each))) is not None]
                known = self._pages[ticket] = self._pages.get(ticket, []) + page
                cursor = result.get("nextCursor")
                if isinstance(cursor, str) and cursor and page and len(known) < _MOST_SESSIONS:
                    self._send("list", ticket, "session/list", {"cursor": cursor})
                else:
                    yield Answered(ticket, tuple(self._pages.pop(ticket)))
            case "export":
                yield Answered(ticket, _document(result))
            case "fresh":
                fresh = self._fresh[ticket] = text_of(result["sessionId"])
                self._aside.add(fresh)
                self._send("template", ticket, f"{_UNSTABLE}/export", {"sessionId": fresh})
            case "template":
                template = _document(result)
                inherited = {key: template[key] for key in _INHERITED if template.get(key) is not None}
                self._import(ticket, {**self._imports[ticket].document, **inherited})
                self._discard(ticket)
            case "import" | "fork":
                session_id = text_of(result["sessionId"])
                self._aside.add(session_id)
                self._forget(ticket)
                yield Answered(ticket, session_id)
            case "done":
                yield Answered(ticket, None)

    def refused(self, step: str, ticket: str, code: int, message: str) -> Iterator[Declined]:
        """A step of a request was refused, and the request with it."""
        if step != "discarded":
            yield from self._end(ticket, message, offered=code != jsonrpc.METHOD_NOT_FOUND)

    def _end(self, ticket: str, message: str, *, offered: bool = True) -> Iterator[Declined]:
        self._discard(ticket)
        self._forget(ticket)
        yield Declined(ticket, message, offered)

    def _discard(self, ticket: str) -> None:
        """The new session was only made for its tools."""
        if (fresh := self._fresh.pop(ticket, None)) is not None:
            self._send("discarded", "", "session/delete", {"sessionId": fresh})

    def _forget(self, ticket: str) -> None:
        for table in (self._making, self._imports, self._pages):
            table.pop(ticket, None)


def _document(result: dict[str, Any]) -> dict[str, Any]:
    document = json.loads(text_of(result["data"]))
    if not isinstance(document, dict):
        raise TypeError("the document is no object")
    return document


def _kept(session: dict[str, Any]) -> Kept | None:
    session_id = session.get("sessionId")
    if not isinstance(session_id, str):
        return None
    meta = as_object(session.get("_meta"))
    count = meta.get("messageCount")
    title, cwd = session.get("title"), session.get("cwd")
    return Kept(
        session_id,
        title if isinstance(title, str) else "",
        _seconds(session.get("updatedAt")),
        count if isinstance(count, int) else 0,
        cwd if isinstance(cwd, str) else "",
    )


def _seconds(moment: Any) -> float:
    try:
        return datetime.fromisoformat(str(moment).replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError):
        return 0.0
