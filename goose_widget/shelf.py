"""The sessions of a notebook, from code: those beside it, and the one of a chat as a whole."""

from __future__ import annotations

import concurrent.futures
import functools
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from . import errors, imported, library, removal
from .loop import background, in_thread, unbroken
from .notebook import here
from .permission import check
from .room import Room
from .search import Hits, search
from .shown import Shown
from .store import SessionFile, Sessions, Store, default_folder, session_file
from .terms import Terms
from .visit import visit

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")

_OF_A_SERVER: Final = ("server", "token", "ca", "headers")
_OF_AN_IMPORT: Final = (*_OF_A_SERVER, "cwd", "mode", "model", "store", "on_permission")

_ONLY_HERE: Final = "To remove only its files, without asking the server: delete_session(…, only_here=True)."


class Shelf(Shown):
    """What a chat does with whole sessions.

    Args:
        room: the session in which it begins.
    """

    _of_an_import: ClassVar[tuple[str, ...]] = _OF_AN_IMPORT

    def __init__(self, room: Room, **traits: Any) -> None:
        self._pid = os.getpid()
        super().__init__(room, **traits)

    # The session of this chat.

    def rename(self, title: str) -> None:
        """Give the session another title, in its file and at the server, if that is connected.

        Raises:
            UsageError: the title is empty, the chat is closed or can only be read, or the call comes from an observer.
        """
        self._check_may_wait("rename")
        _check_text("title", title)
        self._wait(library.rename(self._room, title))

    def fork(self, item_id: str = "") -> Self:
        """A second session that begins as this one, as a new chat; both go on alone. Waits until the chat is ready.

        Args:
            item_id: `id` of one of the `items`: a prompt, before which the fork ends, or another, with whose turn it
                ends. Default: all of the conversation.

        Raises:
            UsageError: there is no such item, the chat is closed, or the server can't do it.
            SessionFileError: its file can't be written.
            GooseError: the chat can't go on (no goose, no provider, …).
        """
        self._check_may_wait("fork")
        file = self._wait(self._fork(item_id))
        return type(self)(path=None if file is None else file.path, **self._arguments())

    async def _fork(self, item_id: str) -> SessionFile | None:
        library.check_may_change(self._room)
        await self._room.until_ready()
        return (await library.fork(self._room, item_id))[0]

    def export(self, path: str | os.PathLike[str]) -> Path:
        """Write the conversation to a file, and return its path.

        Args:
            path: where; relative to the notebook's folder. The ending says what: `.md` and `.html` to be read, `.json`
                for `goose session import`, `.ipynb` with the code blocks as cells. What is there is replaced, once
                all of it is written. A new file is only its owner's.

        Raises:
            UsageError: another ending, or it can't be written there.
        """
        self._check_may_wait("export")
        target = self._room.terms.folder / path_of("path", path)
        return self._wait(library.export_to(self._room, target))

    def redact(self, text: str) -> int:
        """Remove a text from the session's file for good: `[redacted]` takes its place. Returns how often it was there.

        The file is written anew, and what is shown too. Not changed are the server's copy of the conversation,
        exports, forks, and notebooks that were saved before. Once it began, it is done to its end, whatever interrupts
        the wait for it.

        Raises:
            UsageError: the text is empty, a turn is running, the chat is closed, or it has no file to write.
            SessionFileError: the file can't be written.
        """
        self._check_may_wait("redact")
        _check_text("text", text)
        return self._wait(self._redact(text))

    async def _redact(self, text: str) -> int:
        return await unbroken(self._redact_and_show(text))

    async def _redact_and_show(self, text: str) -> int:
        count = await removal.redact_in(self._room, text)
        self.restored()
        return count

    # Sessions beside the notebook.

    @classmethod
    def sessions(
        cls,
        *,
        all: bool = False,
        store: str | os.PathLike[str] | None = None,
        **server: Any,
    ) -> Sessions:
        """The sessions beside the notebook, newest first; a table in a notebook.

        Args:
            all: also those that the server knows and this folder does not.
            store: the folder of the session files. Default: `.goose/sessions` beside the notebook.
            server: `server`, `token`, `ca` and `headers`, as for `Chat`.

        Raises:
            GooseError: the server can't be reached (`all` only).
        """
        _check_names(server, _OF_A_SERVER)
        terms = terms_of(store=store, **server)
        if not all:
            return Sessions(terms.store.sessions())

        async def work() -> Sessions:
            async with visit(terms) as room:
                kept = await library.kept_at_server(room)
                place = room.target.place
            listed = functools.partial(library.all_sessions, terms.store, kept, place)
            return Sessions(await in_thread(listed, "goose-widget-list"))

        return _run("sessions", work())

    @classmethod
    def search(cls, text: str, *, store: str | os.PathLike[str] | None = None) -> Hits:
        """Where a text occurs in the sessions beside the notebook, whatever its case; a table in a notebook.

        Args:
            text: what to find in prompts, replies, thoughts, tools and titles.
            store: as for `sessions`.

        Raises:
            UsageError: the text is empty.
        """
        _check_text("text", text)
        return search(terms_of(store=store).store.heads(), text)

    @classmethod
    def delete_session(
        cls,
        session_id: str | None = None,
        *,
        path: str | os.PathLike[str] | None = None,
        store: str | os.PathLike[str] | None = None,
        only_here: bool = False,
        **server: Any,
    ) -> None:
        """Remove a session for good: its files, and the server's copy if that is the same conversation.

        Once it began, it is done to its end, whatever interrupts the wait for it.

        Args:
            session_id, path, store: as for `Chat`.
            only_here: remove the files only, without asking the server.
            server: `server`, `token`, `ca` and `headers`, as for `Chat`.

        Raises:
            UsageError: there is no such session beside the notebook, or the server does not delete it.
            SessionInUse: it is open, here or in another kernel.
            GooseError: the server can't be reached. Nothing is removed then.
        """
        _check_names(server, _OF_A_SERVER)
        if session_id is None and path is None:
            raise errors.UsageError("Name the session to delete, by its id or by path=.")
        check_id(session_id)
        terms = terms_of(store=store, **server)
        file = file_of(terms, session_id, path)
        if file is None:
            raise errors.UsageError(f"There is no session {session_id} in {terms.store.folder}.")
        _run("delete_session", delete(terms, file, only_here=only_here))

    @classmethod
    def import_session(cls, path: str | os.PathLike[str], **arguments: Any) -> Self:
        """A chat that goes on with an exported session: put beside the notebook, and brought into the server.

        Where the session itself is beside the notebook, this is a copy of it with an id of its own.

        Args:
            path: a session file of ours, a `.json` that `export` or `goose session export` wrote.
            arguments: as for the class, but those that name a session or a replay.

        Raises:
            UsageError: it is no such file, or an argument is not valid. Nothing is written then.
            SessionFileError: it can't be written beside the notebook.
        """
        _check_names(arguments, cls._of_an_import)
        terms = terms_of(**{name: value for name, value in arguments.items() if name in _OF_AN_IMPORT})
        check(terms.on_permission)
        terms.target()
        header, entries = imported.read(terms.folder / path_of("path", path))
        file = imported.write(terms.store, header, entries)
        try:
            return cls(path=file.path, **arguments)
        except Exception:  # before anything started
            if file.acquire():
                file.discard()
            raise

    # On the background thread.

    def _check_may_wait(self, name: str) -> None:
        if background().is_current:
            raise errors.UsageError(f"{name}() waits for the server, so it can't be called from an observer.")

    def _arguments(self) -> dict[str, Any]:
        """What another chat of the same server is made with, to go on as this one is now."""
        terms, facts = self._room.terms, self._session.facts
        return {
            "server": terms.server,
            "token": terms.token,
            "ca": terms.ca,
            "headers": terms.headers,
            "cwd": terms.directory,
            "mode": facts.mode or terms.mode,
            "model": facts.model or terms.model,
            "store": terms.store.folder,
            "on_permission": terms.on_permission,
        }

    def _submit(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        self._check_process(work)
        return background().submit(work)

    def _wait(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Do it on the background thread. Ctrl-C cancels it."""
        self._check_process(work)
        return background().wait(work, timeout)

    def _check_process(self, work: Coroutine[Any, Any, T]) -> None:
        if os.getpid() != self._pid:
            work.close()
            raise errors.UsageError("This chat belongs to the process that made it; this one is a fork of it.")


async def delete(terms: Terms, file: SessionFile, *, only_here: bool = False) -> None:
    """Remove a session for good, as `Shelf.delete_session` does.

    Raises:
        GooseError: as there.
    """
    if only_here:
        await unbroken(removal.delete(None, file))
        return
    try:
        async with visit(terms, file) as room:
            await unbroken(removal.delete(room, file))
    except errors.SessionError:
        raise
    except errors.GooseError as error:
        error.text = f"{error.text} {_ONLY_HERE}".strip()
        raise


def terms_of(
    *,
    store: str | os.PathLike[str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    **terms: Any,
) -> Terms:
    """What a chat is made with, from its arguments.

    Raises:
        UsageError: one that should be a path is none.
    """
    folder, notebook = here()
    # Absolute: cells change the working folder.
    sessions = (path_of("store", store) if store is not None else default_folder(folder)).absolute()
    directory = path_of("cwd", cwd).absolute() if cwd is not None else folder.absolute()
    return Terms(folder, notebook, Store(sessions), directory, **terms)


def file_of(terms: Terms, session_id: str | None, path: str | os.PathLike[str] | None) -> SessionFile | None:
    """The file of the session to resume; None if there is none.

    Raises:
        UsageError: the path names none, or both are given.
        AmbiguousSession: there are several of this id.
    """
    if path is not None:
        if session_id is not None:
            raise errors.UsageError("Name the session by its id or by its file, not by both.")
        try:
            return session_file(terms.folder / path_of("path", path))
        except errors.SessionFileError as error:
            raise errors.UsageError(f"path= names no session: {error}") from error
    if session_id is None:
        return None
    return terms.store.find(session_id, server=terms.target().place if terms.server is not None else "")


def check_id(session_id: str | None) -> None:
    """Refuse what is no id.

    Raises:
        UsageError: it is none.
    """
    if session_id is not None and (not isinstance(session_id, str) or not session_id.strip()):
        raise errors.UsageError(f"session_id must be the id of a session, like '20261122_7', not {session_id!r}.")


def path_of(name: str, value: str | os.PathLike[str]) -> Path:
    """The path that an argument of this name is.

    Raises:
        UsageError: it is none.
    """
    try:
        path = Path(value).expanduser()
    except (TypeError, RuntimeError) as error:  # a home folder of nobody
        raise errors.UsageError(f"{name} must be a path, not {value!r}: {error}") from error
    if "\0" in str(path):
        raise errors.UsageError(f"{name} must be a path, not {value!r}: no path holds a NUL.")
    return path


def _check_text(name: str, value: str) -> None:
    if not isinstance(value, str) or not value.strip():
        why = "is empty" if isinstance(value, str) else f"must be a text, not {value!r}"
        raise errors.UsageError(f"The {name} {why}.")


def _check_names(arguments: dict[str, Any], names: tuple[str, ...]) -> None:
    unknown = arguments.keys() - set(names)
    if unknown:
        raise errors.UsageError(
            f"There is no argument {', '.join(sorted(unknown))} here. There is: {', '.join(names)}."
        )


def _run(name: str, work: Coroutine[Any, Any, T]) -> T:
    if background().is_current:
        work.close()
        raise errors.UsageError(f"{name}() waits for the server, so it can't be called from an observer.")
    return background().wait(work)
