"""Removing for good: a text from a conversation, or a session.

On the background thread, but the files are read and written on threads of their own.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from . import errors, history
from .document import entries_of
from .journal import is_open_here, redact_file
from .library import check_may_change
from .log import Loaded, load
from .loop import in_thread
from .protocol.requests import Declined, Delete, Export
from .room import Room
from .session import Session
from .store import SessionFile, Store


async def redact_in(room: Room, text: str) -> int:
    """Remove a text from the session's file, and from those that it goes on from, for good. Show what is left.

    What comes meanwhile is written afterwards. Returns how often it was there.

    Raises:
        UsageError: the text is empty, a turn is running, or the chat has no file to write.
        SessionFileError: a file can't be written.
    """
    if not text.strip():
        raise errors.UsageError("Name the text to remove.")
    check_may_change(room)
    await room.whole()
    session = room.session
    if session.turn is not None:
        raise errors.UsageError("goose is still working. Wait until it is done, or stop it first.")
    if session.file is None:
        raise errors.UsageError(_why_no_file(room))
    session.commit()
    session.log.hold()
    try:
        count, loaded = await in_thread(partial(_redacted, room.terms.store, session, text), "goose-widget-redact")
        session.commit()
        session.reload(session.log.caught_up(loaded))
    except OSError as error:
        raise errors.SessionFileError(f"The text was not removed: {error.strerror or error}.") from error
    finally:
        session.log.release()
    return count


def _why_no_file(room: Room) -> str:
    if room.session.facts.read_only:
        return "This conversation can only be read here: another kernel has its file. Take it over first."
    if room.session.log.seq:
        return "This conversation can't be changed now: its file is not open. Try again once goose is connected."
    return "This conversation has no file yet, so there is nothing to remove."


def _redacted(store: Store, session: Session, text: str) -> tuple[int, Loaded]:
    """Remove a text from the files of a conversation whose log is held. How often it was there, and what is left."""
    assert session.file is not None
    earlier = store.lineage(session.file)
    try:
        for each in earlier:
            if not each.acquire():
                raise errors.SessionFileError(
                    f"{_in_use(each)} This conversation goes on from it; nothing was removed."
                )
        for each in earlier:
            redact_file(each, text)
        count = session.redact(text)
    finally:
        for each in earlier:
            each.close()
    return count, load(session.file)


def _in_use(file: SessionFile) -> str:
    where = "this notebook" if is_open_here(file.path) else "another kernel"
    return f"The session {file.header.session_id} is open in {where}."


async def delete(room: Room | None, file: SessionFile) -> None:
    """Remove a session's file and those that it goes on from, and the server's copies of the same conversation.

    Args:
        room: a connection to the server; None to leave its copies alone.
        file: which; not open in this kernel.

    Raises:
        UsageError: the server has it and does not delete it. Nothing is removed here then.
        SessionInUse: it is open, here or in another kernel.
        SessionFileError: a file can't be removed.
    """
    files = await in_thread(partial(_own_files, file), "goose-widget-delete")
    try:
        for each in files:
            if not each.acquire():
                raise _session_in_use(each)
        if room is not None:
            for each in files:
                if each is file or each.header.server == room.target.place:
                    await _delete_at_server(room, each)
        for each in reversed(files):  # the newest last: what names the others stays until they are gone
            each.discard()
            if each.path.exists():
                raise errors.SessionFileError(f"{each.path} can't be removed.")
    finally:
        for each in files:
            each.close()


def _own_files(file: SessionFile) -> list[SessionFile]:
    """A file and those that it goes on from, the newest first, but those from which another one goes on too."""
    store = Store(file.path.parent)
    others = {each.path: each for each in store.files()}
    own = [file]
    for each in store.lineage(file):
        kept = others.keys() - {mine.path for mine in own}
        if not any(others[path].header.after == each.header.uid for path in kept):
            own.append(each)
    return own


def _session_in_use(file: SessionFile) -> errors.SessionInUse:
    error = errors.SessionInUse(file.header.session_id)
    if is_open_here(file.path):
        error.title, error.text = _in_use(file), "Close its chat first: chat.close()."
    return error


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
        ours = load(file).transcript
        history.missing(ours, theirs)
    except (history.OtherConversation, errors.GooseError):
        return False
    return history.share_a_turn(ours, theirs)
