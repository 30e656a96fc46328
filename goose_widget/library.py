"""What a user does with whole sessions: list, search, rename, fork and export them.

On the background thread, but what may take long is done on threads of its own.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from . import errors, private
from . import events as ev
from .document import to_document, truncated
from .facts import WHY_NO_PROMPT
from .loop import in_thread, unbroken
from .protocol.requests import Declined, Export, Fork, Import, Kept, ListSessions, Rename
from .queue import Queue
from .room import Room
from .search import search
from .store import Entry, SessionFile, SessionInfo, Store, session_file
from .transcript import Item

_LISTED: Final = 50
_LONGEST_TITLE: Final = 200

_WHY_NOT_NOW: Final = WHY_NO_PROMPT | {
    "connecting": "goose is still connecting. Try again in a moment.",
    "reconnecting": "The connection to goose is down. Try again when it is back.",
}


def check_is_no_recording(room: Room) -> None:
    """Refuse what a chat that is replayed does not do.

    Raises:
        UsageError: it is one.
    """
    if room.recording is not None:
        raise errors.UsageError("This is a recording: it is replayed, and changes nothing.")


def check_may_change(room: Room) -> None:
    """Refuse what would change a conversation that can't be.

    Raises:
        UsageError: it is a recording, or closed.
    """
    check_is_no_recording(room)
    if room.session.facts.status == "closed":
        raise errors.UsageError("This chat is closed.", "GooseChat(session_id) opens its session again.")


# The open session.


async def rename(room: Room, title: str) -> str:
    """Give the session a title, in its file and at the server. Returns what to tell the user, "" for nothing.

    Raises:
        UsageError: the title is empty, or the conversation can't be changed here.
        GooseError: the first connection fails.
    """
    title = " ".join(title.split())[:_LONGEST_TITLE]
    if not title:
        raise errors.UsageError("The title is empty.")
    check_may_change(room)
    session = room.session
    if session.facts.read_only:
        raise errors.UsageError("This conversation can only be read here, so it keeps its title.")
    if session.facts.status == "connecting":
        await room.until_ready()  # the server makes titles too, and must know that this is the user's
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
        end: how many items belong to it.
        prompts: how many of their prompts the server got.
        dropped: how many it got after them.
        draft: what is to be written next: the prompt before which it was cut.
    """

    until: int | None
    end: int
    prompts: int
    dropped: int
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
    prompts = sum(map(_is_prompt, items[:end]))
    dropped = sum(map(_is_prompt, items[end:]))
    return ForkPoint(None if end == len(items) else _seq(items[end]) - 1, end, prompts, dropped, draft)


def _is_prompt(item: Item) -> bool:
    return bool(item["kind"] == "user" and item["state"] != "failed")


def _seq(item: Item) -> int:
    return int(str(item["id"])[1:])  # reduce() makes the id of the entry's number


async def fork(room: Room, item_id: str = "") -> tuple[SessionFile | None, str]:
    """Make a second session that begins as this one. Returns its file (None for an empty one), and the draft for it.

    Raises:
        UsageError: there is no such item, the chat is not ready, or the server can't do it.
        SessionFileError: its file can't be written.
    """
    check_may_change(room)
    session = room.session
    if session.facts.status != "ready":
        raise errors.UsageError(_WHY_NOT_NOW.get(session.facts.status, "The chat can't be forked now."))
    await room.whole()
    seq, items = session.log.snapshot()  # what is asked meanwhile is not in the fork
    point = fork_point(items, item_id)
    if point.prompts == 0:
        return None, point.draft
    old, cwd = str(session.facts.session_id), str(room.terms.directory)
    if point.until is None:
        answer = await room.request(Fork(old, cwd))
    else:
        answer = await room.request(Export(old))
        if not isinstance(answer, Declined):
            cut = partial(_cut, answer.value, items, point, old, cwd, session.facts.title)
            answer = await room.request(Import(await in_thread(cut, "goose-widget-fork"), cwd))
    if isinstance(answer, Declined):
        raise errors.UsageError(f"The session was not forked: {answer.message}.")
    header = session.new_header(str(answer.value))
    until = seq if point.until is None else point.until

    def create() -> Path:
        file = room.terms.store.create(header, begins_with=session.file, until=until)
        file.append(_closing(file, until))
        file.close()
        return file.path

    return session_file(await unbroken(in_thread(create, "goose-widget-fork"))), point.draft


def _closing(file: SessionFile, last: int) -> list[Entry]:
    """What a file that was cut needs: the end of the turn that the cut is in, and an empty queue."""
    queue, turn = Queue(), ""
    for entry in file.facts(("started", "ended", "queued", "unqueued")):
        queue.note(entry.event)
        match entry.event:
            case ev.TurnStarted(prompt_id):
                turn = prompt_id
            case ev.TurnEnded():
                turn = ""
    events: list[ev.Event] = [ev.TurnEnded(turn, "end_turn")] if turn else []
    events += [ev.Unqueued(waiting.id) for waiting in queue]
    now = round(time.time(), 3)
    return [Entry(seq, now, event) for seq, event in enumerate(events, last + 1)]


def _cut(
    document: dict[str, Any], items: list[Item], point: ForkPoint, session_id: str, cwd: str, title: str
) -> dict[str, Any]:
    """The fork as the server gets it: of its own document, else, if that begins after the cut, of what is here."""
    try:
        return truncated(document, drop=point.dropped)
    except ValueError:
        kept = items[: point.end]
        created = kept[0].get("time") or 0.0
        return to_document(kept, session_id=session_id, cwd=cwd, title=title, created=created)


async def export_to(room: Room, path: Path | None = None, format: str | None = None) -> Path:
    """Write the conversation to a file. Returns its path.

    Args:
        room: whose.
        path: where; its ending says the format. It is overwritten. None: a free name beside the notebook.
        format: `md`, `html`, `json` or `ipynb`, where there is no path.

    Raises:
        UsageError: there is no such format, or it can't be written there.
    """
    from .export import FORMATS, export, export_name  # here: a chat is shown sooner without

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
        _write(target, text().encode("utf-8", "replace"))
        return target

    try:
        return await in_thread(write, "goose-widget-export")
    except (OSError, RuntimeError) as error:  # links in a circle, before Python 3.13
        why = error.strerror if isinstance(error, OSError) else None
        raise errors.UsageError(f"The chat was not exported: {why or error}.") from error


def _write(path: Path, data: bytes) -> None:
    """Write a file whole, or not at all. A new one is its owner's only; a link stays one."""
    path = path.resolve()
    temporary = path.with_name(f".goose-export-{secrets.token_hex(8)}.tmp")
    fd = private.create(temporary)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
        with contextlib.suppress(FileNotFoundError):
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _free(path: Path) -> Path:
    """The path, or the same with the first number that is free."""
    number, candidate = 1, path
    while candidate.exists() or candidate.is_symlink():
        number += 1
        candidate = path.with_stem(f"{path.stem} {number}")
    return candidate


# Any session.


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
    known = {(file.header.session_id, file.header.server) for file in store.files()}
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
        if (each.session_id, place) not in known and each.messages
    ]
    return sorted([*store.sessions(), *others], key=lambda info: info.updated, reverse=True)


def listing(store: Store, query: str, current: Path | None) -> list[dict[str, Any]]:
    """The sessions of a folder as the page lists them: the newest, or those in which `query` is found."""
    if query.strip():
        found: dict[Path, str] = {}
        for hit in search(store.heads(), query, limit=2):
            if hit.kind == "title":
                found.setdefault(hit.path, "")  # it is shown anyway
            elif not found.get(hit.path):
                found[hit.path] = hit.snippet
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
