"""What a user does with whole sessions: list, search, rename, fork, export, redact and delete them.

On the background thread, but what may take long is done on threads of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from . import errors, history
from .document import entries_of, truncated
from .export import FORMATS, export, export_name
from .facts import WHY_NO_PROMPT, Facts
from .journal import redact_file
from .log import load
from .loop import in_thread
from .protocol.requests import Declined, Delete, Export, Fork, Import, Kept, ListSessions, Rename
from .room import Room, Terms
from .search import search
from .store import Entry, Header, SessionFile, SessionInfo, Store, session_file
from .transcript import Change, Item

_LISTED: Final = 50
_LONGEST_TITLE: Final = 200
_VISIT_PATIENCE: Final = 60.0


# The open session.


async def rename(room: Room, title: str) -> str:
    """Give the session a title, in its file and at the server. Returns what to tell the user, "" for nothing.

    Raises:
        UsageError: the title is empty.
    """
    title = " ".join(title.split())[:_LONGEST_TITLE]
    if not title:
        raise errors.UsageError("The title is empty.")
    session = room.session
    session.rename(title)
    if not session.is_ready or session.facts.session_id is None:
        return "The title is kept here; goose was not told, as it is not connected."
    answer = await room.request(Rename(session.facts.session_id, title))
    if isinstance(answer, Declined) and answer.offered:
        return f"The title is kept here; goose did not take it: {answer.message}."
    return ""


@dataclass(frozen=True, slots=True)
class ForkPoint:
    """Where a conversation is cut for a fork.

    Attributes:
        until: the seq of the last entry that belongs to it; None for all of them.
        prompts: how many of the server's prompts that are.
        draft: what is to be written next: the prompt before which it was cut.
    """

    until: int | None
    prompts: int
    draft: str = ""


def fork_point(items: Sequence[Item], item_id: str = "") -> ForkPoint:
    """Where to cut: before a prompt, or after the turn that another item belongs to; "" is after everything.

    Raises:
        UsageError: there is no such item.
    """
    at = next((index for index, item in enumerate(items) if item["id"] == item_id), None)
    if at is None and item_id:
        raise errors.UsageError("There is no such message in this conversation.")
    draft = ""
    end = len(items)
    if at is not None and items[at]["kind"] == "user":
        end, draft = at, str(items[at]["text"])
    elif at is not None:
        end = next((n for n in range(at, len(items)) if items[n]["kind"] == "user"), len(items))
    prompts = sum(item["kind"] == "user" and item["state"] != "failed" for item in items[:end])
    return ForkPoint(None if end == len(items) else _seq(items[end]) - 1, prompts, draft)


def _seq(item: Item) -> int:
    return int(str(item["id"])[1:])  # reduce() makes the id of the entry's number


async def fork(room: Room, item_id: str = "") -> tuple[SessionFile | None, str]:
    """Make a second session that begins as this one. Returns its file (None for an empty one), and the draft for it.

    Raises:
        UsageError: there is no such item, the chat is not ready, or the server can't do it.
        SessionFileError: its file can't be written.
    """
    session = room.session
    if session.facts.status != "ready":
        raise errors.UsageError(WHY_NO_PROMPT.get(session.facts.status, "The chat can't be forked now."))
    await room.whole()
    point = fork_point(session.log.snapshot()[1], item_id)
    if point.prompts == 0:
        return None, point.draft
    old, cwd = str(session.facts.session_id), str(room.terms.directory)
    if point.until is None:
        answer = await room.request(Fork(old, cwd))
    else:
        answer = await room.request(Export(old))
        if not isinstance(answer, Declined):
            document = await in_thread(partial(truncated, answer.value, point.prompts), "goose-widget-fork")
            answer = await room.request(Import(document, cwd))
    if isinstance(answer, Declined):
        raise errors.UsageError(f"The session was not forked: {answer.message}.")
    header = session.new_header(str(answer.value))
    create = partial(room.terms.store.create, header, begins_with=session.file, until=point.until)
    file = await in_thread(create, "goose-widget-fork")
    file.close()
    return session_file(file.path), point.draft


async def export_to(room: Room, path: Path | None = None, format: str | None = None) -> Path:
    """Write the conversation to a file. Returns its path.

    Args:
        room: whose.
        path: where; its ending says the format. It is overwritten. None: a free name beside the notebook.
        format: `md`, `html`, `json` or `ipynb`, where there is no path.

    Raises:
        UsageError: there is no such format, or it can't be written there.
    """
    format = path.suffix.lstrip(".").lower() if path is not None else str(format)
    if format not in FORMATS:
        raise errors.UsageError(
            f"A chat is exported as {', '.join(f'.{each}' for each in FORMATS)}, not as {format!r}."
        )
    await room.whole()
    items = room.session.log.snapshot()[1] if room.recording is None else room.recording.items()
    facts = room.session.facts
    text = partial(
        export,
        items,
        format=format,
        title=facts.title,
        session_id=facts.session_id or "",
        server=facts.server,
        when=items[0].get("time") or 0.0 if items else 0.0,
        cwd=facts.cwd,
    )
    folder, name = room.terms.folder, export_name(facts.title, format)

    def write() -> Path:
        target = path if path is not None else _free(folder / name)
        target.write_text(text(), encoding="utf-8")
        return target

    try:
        return await in_thread(write, "goose-widget-export")
    except OSError as error:
        raise errors.UsageError(f"The chat was not exported: {error.strerror or error}.") from error


def _free(path: Path) -> Path:
    """The path, or the same with the first number that is free."""
    number, candidate = 1, path
    while candidate.exists() or candidate.is_symlink():
        number += 1
        candidate = path.with_stem(f"{path.stem} {number}")
    return candidate


async def redact_in(room: Room, text: str) -> int:
    """Remove a text from the session's file, and from those that it goes on from, for good.

    Returns how often it was there.

    Raises:
        UsageError: the text is empty, a turn is running, or the chat has no file.
        SessionFileError: a file can't be written.
    """
    if not text.strip():
        raise errors.UsageError("Name the text to remove.")
    await room.whole()
    session = room.session
    if session.turn is not None:
        raise errors.UsageError("goose is still working. Wait until it is done, or stop it first.")
    if session.file is None:
        raise errors.UsageError("This conversation has no file yet, so there is nothing to remove.")
    file = session.file
    earlier = room.terms.store.lineage(file)
    try:
        if not all(each.acquire() for each in earlier):
            raise errors.SessionFileError("A file that this conversation goes on from is open in another kernel.")
        count = session.redact(text)
        for each in earlier:
            await in_thread(partial(redact_file, each, text), "goose-widget-redact")
    except OSError as error:
        raise errors.SessionFileError(f"The text was not removed: {error.strerror or error}.") from error
    finally:
        for each in earlier:
            each.close()
    session.reload(await in_thread(partial(load, file), "goose-widget-redact"))
    return count


# Any session.


@contextlib.asynccontextmanager
async def visit(terms: Terms, file: SessionFile | None = None) -> AsyncIterator[Room]:
    """A connection to the server without a session.

    Raises:
        GooseError: the server can't be reached.
    """
    room = Room(terms, _Nobody(), home=file, visits=True)
    await room.start()
    try:
        try:
            await asyncio.wait_for(room.until_ready(), _VISIT_PATIENCE)
        except asyncio.TimeoutError:
            raise errors.ConnectionRefused(room.target.place, f"It did not answer in {_VISIT_PATIENCE:g} s.") from None
        yield room
    finally:
        room.leave()


async def kept_at_server(room: Room) -> tuple[Kept, ...]:
    """The sessions that the server keeps.

    Raises:
        UsageError: it does not tell.
    """
    answer = await room.request(ListSessions())
    if isinstance(answer, Declined):
        raise errors.UsageError(f"The server does not list its sessions: {answer.message}.")
    return tuple(answer.value)


def all_sessions(store: Store, kept: Sequence[Kept], place: str) -> list[SessionInfo]:
    """The sessions of a folder, and those of the server that the folder does not have, newest first."""
    known = {file.header.session_id for file in store.files()}
    others = [
        SessionInfo(
            session_id=each.session_id,
            title=each.title,
            updated=datetime.fromtimestamp(each.updated).astimezone(),
            messages=each.messages,
            notebook="",
            server=place,
            path=None,
        )
        for each in kept
        if each.session_id not in known and each.messages
    ]
    return sorted([*store.sessions(), *others], key=lambda info: info.updated, reverse=True)


async def delete(room: Room, file: SessionFile) -> None:
    """Remove a session's file, and the server's copy if it is the same conversation.

    Args:
        room: a connection to the server.
        file: which; not open in this kernel.

    Raises:
        UsageError: the server has it and does not delete it. Nothing is removed then.
        SessionInUse: another kernel has it open.
        SessionFileError: the file can't be removed.
    """
    if not file.acquire():
        raise errors.SessionInUse(file.header.session_id)
    try:
        await _delete_at_server(room, file)
    except BaseException:
        file.close()
        raise
    try:
        file.discard()
    except OSError as error:
        raise errors.SessionFileError(f"{file.path} can't be removed: {error.strerror or error}.") from error


async def _delete_at_server(room: Room, file: SessionFile) -> None:
    """Ids come back after a delete and repeat elsewhere: only what is the same conversation is deleted."""
    session_id = file.header.session_id
    exported = await room.request(Export(session_id))
    if isinstance(exported, Declined):
        return  # it does not have it, or keeps no sessions that anybody could delete
    if not await in_thread(partial(_is_same, file, exported.value), "goose-widget-delete"):
        return
    answer = await room.request(Delete(session_id))
    if isinstance(answer, Declined) and answer.offered:
        raise errors.UsageError(f"goose did not delete the session {session_id}: {answer.message}.")


def _is_same(file: SessionFile, document: dict[str, Any]) -> bool:
    try:
        theirs = [entry.event for entry in entries_of(document)[1]]
        history.missing(load(file).transcript, theirs)
    except (history.OtherConversation, errors.GooseError):
        return False
    return True


def listing(store: Store, query: str, current: Path | None) -> list[dict[str, Any]]:
    """The sessions of a folder as the page lists them: the newest, or those in which `query` is found."""
    if query.strip():
        found: dict[Path, str] = {}
        for hit in search(store.heads(), query, limit=1):
            found.setdefault(hit.path, hit.snippet)
        infos = [info for info in store.sessions() if info.path in found]
    else:
        found, infos = {}, store.sessions()
    return [
        {
            "key": info.path.name,
            "id": info.session_id,
            "title": info.title,
            "updated": info.updated.timestamp(),
            "messages": info.messages,
            "server": info.server,
            "notebook": Path(info.notebook).name,
            "current": info.path == current,
            "snippet": found.get(info.path, ""),
        }
        for info in infos[:_LISTED]
        if info.path is not None
    ]


def by_key(store: Store, key: str) -> SessionFile:
    """The session's file that the page names.

    Raises:
        UsageError: there is none; a page may name anything.
    """
    for file in store.files():
        if file.path.name == key:
            return file
    raise errors.UsageError("This session is no longer beside the notebook.")


class _Nobody:
    """The host of a visit."""

    def changed(self, before: int, seq: int, changes: list[Change]) -> None:
        """Nothing is shown."""

    def facts_changed(self, old: Facts, new: Facts) -> None:
        """Nothing is shown."""

    def logged(self, entries: list[Entry]) -> None:
        """Nobody waits."""

    def restored(self) -> None:
        """Nothing is shown."""

    def go_to(self, file: SessionFile, *, take_over: bool) -> None:
        """Nobody asks for it."""

    def has_view(self) -> bool:
        """No."""
        return False

    def patience(self) -> float:
        """None."""
        return 0.0


def write_import(store: Store, header: Header, entries: Sequence[Entry]) -> SessionFile:
    """Put an imported conversation into a folder. Returns its file.

    Raises:
        SessionFileError: it can't be written.
    """
    file = store.create(Header(header.session_id, header.server, time.time(), cwd=header.cwd, agent=header.agent))
    try:
        file.append(list(entries))
        file.sync()
    except OSError as error:
        file.discard()
        raise errors.SessionFileError(f"{file.path} can't be written: {error.strerror or error}.") from error
    file.close()
    return session_file(file.path)
