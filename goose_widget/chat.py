"""`Chat`: a chat with goose, driven from code, with or without a page that shows it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from . import errors, imported, library
from . import events as ev
from .answers import is_deciding
from .client import Client
from .loop import background, in_thread
from .notebook import here
from .permission import OnPermission, check
from .recording import find, wish
from .replay import Player
from .reply import Reply
from .room import Room, Terms
from .search import Hits, search
from .shown import Shown
from .store import SessionFile, Sessions, Store, default_folder, session_file

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")

# Long enough to read an ordinary session's file, so that its history is there when the constructor returns.
_RESUME_PATIENCE: Final = 1.0


class Chat(Shown):
    """A chat with goose.

    The traits can be observed; observers are called on the background thread that also receives the reply, so keep
    them short.

    Args:
        session_id: the session to resume: from its file beside the notebook and from the server; None for a new one.
            A server that does not have it gets it from the file, if it takes that; else it can be read.
        path: the file of the session to resume, where its id alone is not enough.
        server: `"http://…"` of a goose that runs (`"ws://…/acp"` of a `goose serve`, `"ws://…/ws"` of a `goose web`),
            or `"demo"`: replies from a script, without any goose. Default: `$GOOSE_SERVER_URL` with its key in
            `$GOOSE_SERVER__SECRET_KEY` if set, else this kernel's own goose, from `$GOOSE_BIN` or the path.
        token: the key of `server`: the secret key of `goose serve`, the token of `goose web`.
        ca: a file of certificate authorities (PEM) that the certificate of `server` may come from, besides the system's
            and `$SSL_CERT_FILE`'s.
        headers: more headers for every request to `server`, as what is in front of it wants them; kept as secret as
            `token`: `{"Authorization": "token …"}` for a JupyterHub.
        cwd: the folder goose works in. Default: the notebook's.
        mode: auto, approve, smart_approve or chat; what goose may do without asking. Default: as goose is configured.
        model: the model's name. Default: as goose is configured.
        store: the folder of the session files. Default: `.goose/sessions` beside the notebook.
        on_permission: answers the agent's questions: `"allow"`, `"reject"`, or a function of a `Question` that returns
            one of these, a bool, an option's id, or None to leave it to the person at the page. It is called on a
            thread of its own.
        replay: a session file, a folder of them, or the id of a session: answers come from there in place of goose, to
            the same prompts in the same order. A path is relative to the notebook's folder; the chats of a notebook
            take the files of a folder in the order in which they were made. Default: `$GOOSE_WIDGET_REPLAY`, which
            also overrides `server`, so that a notebook needs no change.
        speed: of the replay: 1 as it was recorded, 2 twice as fast, `float("inf")` at once. Default:
            `$GOOSE_WIDGET_REPLAY_SPEED`, else 1 with `replay=`, and at once by the environment.

    Raises:
        UsageError: an argument is not valid.

    Everything else that goes wrong is in `problem`, is shown by the widget with a Retry button, and raised by `ask`.
    """

    def __init__(
        self,
        session_id: str | None = None,
        *,
        path: str | os.PathLike[str] | None = None,
        server: str | None = None,
        token: str | None = None,
        ca: str | os.PathLike[str] | None = None,
        headers: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        mode: str | None = None,
        model: str | None = None,
        store: str | os.PathLike[str] | None = None,
        on_permission: OnPermission = None,
        replay: str | os.PathLike[str] | None = None,
        speed: float | None = None,
        **traits: Any,
    ) -> None:
        check(on_permission)
        if session_id is not None and (not isinstance(session_id, str) or not session_id.strip()):
            raise errors.UsageError(f"session_id must be the id of a session, like '20261122_7', not {session_id!r}.")
        wanted = wish(replay, speed, os.environ)
        if replay is not None and any(each is not None for each in (server, token, ca, headers)):
            what = "server= and token=, ca= and headers="
            raise errors.UsageError(f"replay= takes the place of a server: pass it without {what}.")
        terms = _terms(
            store=store,
            cwd=cwd,
            server=server,
            token=token,
            ca=ca,
            headers=headers,
            mode=mode,
            model=model,
            on_permission=on_permission,
        )
        if wanted is not None:
            recording = find(
                wanted, folder=terms.folder, notebook=terms.notebook, store=terms.store, session_id=session_id
            )
            room = Room(terms, self, recording=recording, speed=wanted.speed)
        else:
            file = _file(terms, session_id, path)
            room = Room(terms, self, session_id=session_id, file=file)
        self._pid = os.getpid()
        super().__init__(room, **traits)
        started = background().submit(self._begin())
        if room.file is not None:
            # A very long history comes when it is read.
            with contextlib.suppress(concurrent.futures.TimeoutError):
                started.result(_RESUME_PATIENCE)

    @property
    def _client(self) -> Client | Player:
        return self._room.client

    async def _begin(self) -> None:
        await self._room.start()
        await self._room.whole()

    # Driving the chat.

    def ask(self, text: str, *, timeout: float | None = None, on_permission: OnPermission = None) -> Reply:
        """Send a prompt and wait for the end of the turn. Interrupting the cell (Ctrl-C) cancels the turn.

        Args:
            text: the prompt. It waits its turn while another one runs, and while the chat connects.
            timeout: seconds for all of it; then the turn is cancelled. None: no limit.
            on_permission: who answers the agent's questions in this turn; default: the chat's own.

        Raises:
            UsageError: the prompt is empty, or the call comes from an observer of this chat.
            TurnTimeout: the time is over.
            TurnInterrupted: the connection dropped, or the server refused the prompt; `reply` has what came.
            ReplayMismatch: the prompt is not the one that was recorded.
            PermissionUnanswered: goose asked for permission and nobody could answer; `reply` has the turn.
            GooseError: the chat can't go on (no goose, no provider, …).
        """
        return self._wait_for_reply("ask", self._ask(self._prompt(text), on_permission), timeout)

    def continue_turn(self, *, timeout: float | None = None, on_permission: OnPermission = None) -> Reply:
        """Have goose go on with the reply that was cut off, as the Continue button does, and wait for the end.

        Args:
            timeout, on_permission: as for `ask`.

        Raises:
            UsageError: no reply was interrupted, or nothing of it had come.
            GooseError: as for `ask`.
        """
        begin = lambda prompt_id: self._session.continue_turn(prompt_id)  # noqa: E731 - of the room that it is then
        return self._wait_for_reply("continue_turn", self._ask(begin, on_permission), timeout)

    def retry_turn(self, *, timeout: float | None = None, on_permission: OnPermission = None) -> Reply:
        """Ask again what was asked when the reply was cut off, as the Retry button below it does.

        Args:
            timeout, on_permission: as for `ask`.

        Raises:
            UsageError: no reply was interrupted.
            GooseError: as for `ask`.
        """
        begin = lambda prompt_id: self._session.retry_turn(prompt_id)  # noqa: E731 - of the room that it is then
        return self._wait_for_reply("retry_turn", self._ask(begin, on_permission), timeout)

    def _prompt(self, text: str) -> Callable[[str], None]:
        return lambda prompt_id: self._session.prompt(prompt_id, text)

    def _wait_for_reply(self, name: str, work: Coroutine[Any, Any, Reply], timeout: float | None) -> Reply:
        if background().is_current or is_deciding():
            work.close()
            raise errors.UsageError(
                f"{name}() waits for the reply, so it can't be called from an observer or on_permission."
            )
        future = self._submit(work)
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            while True:
                # In short waits: a lock without a time-out does not see Ctrl-C on Windows.
                left = 0.5 if deadline is None else min(0.5, deadline - time.monotonic())
                try:
                    return future.result(max(0.0, left))
                except concurrent.futures.TimeoutError:
                    if deadline is not None and time.monotonic() >= deadline:
                        raise errors.TurnTimeout(timeout) from None
        except BaseException:
            future.cancel()  # cancels the turn, if it still runs
            raise

    async def ask_async(self, text: str, *, on_permission: OnPermission = None) -> Reply:
        """`ask` for `await`. Cancelling the task cancels the turn."""
        return await asyncio.wrap_future(self._submit(self._ask(self._prompt(text), on_permission)))

    async def stream(self, text: str, *, on_permission: OnPermission = None) -> AsyncIterator[ev.Event]:
        """`async for event in chat.stream("…")`: the turn's events, as `goose_widget.events` has them; the last is
        `TurnEnded`.

        Cancelling the task cancels the turn, and so does closing the generator before its end (`aclosing`); after a
        plain `break` Python closes it some time later.
        """
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[ev.Event | None]()

        def listen(event: ev.Event | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed: nobody listens any more
                loop.call_soon_threadsafe(queue.put_nowait, event)

        future = asyncio.wrap_future(self._submit(self._ask(self._prompt(text), on_permission, listen)))
        future.add_done_callback(lambda _: queue.put_nowait(None))
        try:
            while (event := await queue.get()) is not None:
                yield event
            await future
        except (asyncio.CancelledError, GeneratorExit):
            future.cancel()
            raise

    def stop(self) -> None:
        """Cancel the running turn. What came of the reply stays."""
        background().call(lambda: self._client.stop_turn())

    def retry(self) -> None:
        """Connect again now, as the Retry button does."""
        background().call(lambda: self._room.retry())

    def try_demo(self) -> None:
        """Go on with the demo, which needs no goose, as the button does that is offered where none was found.

        Raises:
            UsageError: it is not offered now.
        """
        self._accept_and_wait("demo")

    def new_session(self) -> None:
        """Go on in a new session of the server, where it does not know this one any more. What is shown stays.

        Raises:
            UsageError: it is not offered now.
        """
        self._accept_and_wait("new")

    def restore(self) -> None:
        """Bring the conversation into the server, which does not have it (any more), where that is offered.

        Raises:
            UsageError: it is not offered now.
        """
        self._accept_and_wait("restore")

    def take_over(self) -> None:
        """Go on here with a session that is open in another kernel, which then can only read it.

        Raises:
            UsageError: it is not offered now.
        """
        self._accept_and_wait("take-over")

    def _accept_and_wait(self, offer: str) -> None:
        async def accept() -> None:
            self._room.accept(offer)

        if background().is_current:
            self._room.accept(offer)
        else:
            self._submit(accept()).result()

    def set_mode(self, mode: str) -> None:
        """Change what goose may do without asking: auto, approve, smart_approve or chat.

        Raises:
            UsageError: not connected yet, or the server does not offer it.
        """
        self._set_and_wait("mode", mode)

    def set_model(self, model: str) -> None:
        """Change the model.

        Raises:
            UsageError: not connected yet, or the server does not offer it.
        """
        self._set_and_wait("model", model)

    def _set_and_wait(self, setting: str, value: str) -> None:
        if background().is_current:
            raise errors.UsageError(f"set_{setting}() waits for goose, so it can't be called from an observer.")
        self._submit(self._room.set(setting, value)).result()

    def close(self) -> None:
        """End the chat: disconnect from the server.

        The session and its file stay; `GooseChat(session_id)` resumes it.
        """
        if os.getpid() != self._pid:
            return  # a fork: the chat goes on in the process that made it
        if background().is_current:
            self._room.end()
        elif background().is_alive:
            background().submit(self._close()).result(5)

    # The session as a whole.

    def rename(self, title: str) -> None:
        """Give the session another title, in its file and at the server.

        Raises:
            UsageError: the title is empty.
        """
        self._submit(library.rename(self._room, title)).result()

    def fork(self, item_id: str = "") -> Self:
        """A second session that begins as this one, as a new chat; both go on alone.

        Args:
            item_id: `id` of one of the `items`: a prompt, before which the fork ends, or another, with whose turn it
                ends. Default: all of the conversation.

        Raises:
            UsageError: there is no such item, the chat is not ready, or the server can't do it.
            SessionFileError: its file can't be written.
        """
        self._check_may_wait("fork")
        file, _ = self._submit(library.fork(self._room, item_id)).result()
        return type(self)(path=None if file is None else file.path, **self._arguments())

    def export(self, path: str | os.PathLike[str]) -> Path:
        """Write the conversation to a file, and return its path.

        Args:
            path: where; relative to the notebook's folder. The ending says what: `.md` and `.html` to be read, `.json`
                for `goose session import`, `.ipynb` with the code blocks as cells. What is there is replaced.

        Raises:
            UsageError: another ending, or it can't be written there.
        """
        self._check_may_wait("export")
        target = self._room.terms.folder / Path(path).expanduser()
        return self._submit(library.export_to(self._room, target)).result()

    def redact(self, text: str) -> int:
        """Remove a text from the session's file for good: `[redacted]` takes its place. Returns how often it was there.

        The file is written anew, and what is shown too. Not changed are the server's copy of the conversation,
        exports, forks, and notebooks that were saved before.

        Raises:
            UsageError: the text is empty, a turn is running, or there is no file.
            SessionFileError: the file can't be written.
        """
        self._check_may_wait("redact")
        return self._submit(self._redact(text)).result()

    async def _redact(self, text: str) -> int:
        count = await library.redact_in(self._room, text)
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
        terms = _terms(store=store, **_server(server))
        if not all:
            return Sessions(terms.store.sessions())

        async def work() -> Sessions:
            async with library.visit(terms) as room:
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
        return search(_terms(store=store).store.heads(), text)

    @classmethod
    def delete_session(
        cls,
        session_id: str | None = None,
        *,
        path: str | os.PathLike[str] | None = None,
        store: str | os.PathLike[str] | None = None,
        **server: Any,
    ) -> None:
        """Remove a session for good: its file, and the server's copy if that is the same conversation.

        Args:
            session_id, path, store: as for `Chat`.
            server: `server`, `token`, `ca` and `headers`, as for `Chat`.

        Raises:
            UsageError: there is no such session beside the notebook, or the server does not delete it.
            SessionInUse: it is open, here or in another kernel.
            GooseError: the server can't be reached. Nothing is removed then.
        """
        terms = _terms(store=store, **_server(server))
        file = _file(terms, session_id, path)
        if file is None:
            raise errors.UsageError(f"There is no session {session_id} in {terms.store.folder}.")

        async def work() -> None:
            async with library.visit(terms, file) as room:
                await library.delete(room, file)

        _run("delete_session", work())

    @classmethod
    def import_session(cls, path: str | os.PathLike[str], **arguments: Any) -> Self:
        """A chat that goes on with an exported session: put beside the notebook, and brought into the server.

        Args:
            path: a session file of ours, a `.json` that `export` or `goose session export` wrote.
            arguments: as for the class.

        Raises:
            UsageError: it is no such file.
            SessionFileError: it can't be written beside the notebook.
        """
        terms = _terms(store=arguments.get("store"))
        header, entries = imported.read(terms.folder / Path(path).expanduser())
        file = library.write_import(terms.store, header, entries)
        return cls(path=file.path, **arguments)

    # On the background thread.

    def _check_may_wait(self, name: str) -> None:
        if background().is_current:
            raise errors.UsageError(f"{name}() waits for the server, so it can't be called from an observer.")

    def _arguments(self) -> dict[str, Any]:
        """What another chat of the same server is made with."""
        terms = self._room.terms
        return {
            "server": terms.server,
            "token": terms.token,
            "ca": terms.ca,
            "headers": terms.headers,
            "cwd": terms.directory,
            "mode": terms.mode,
            "model": terms.model,
            "store": terms.store.folder,
            "on_permission": terms.on_permission,
        }

    async def _close(self) -> None:
        self._room.end()

    def _submit(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        if os.getpid() != self._pid:
            work.close()
            raise errors.UsageError("This chat belongs to the process that made it; this one is a fork of it.")
        return background().submit(work)

    async def _ask(
        self,
        begin: Callable[[str], None],
        on_permission: OnPermission,
        listen: Callable[[ev.Event], None] | None = None,
    ) -> Reply:
        return await self._room.ask(begin, on_permission, listen)


def _terms(
    *,
    store: str | os.PathLike[str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    **terms: Any,
) -> Terms:
    folder, notebook = here()
    # Absolute: cells change the working folder.
    sessions = (Path(store).expanduser() if store is not None else default_folder(folder)).absolute()
    directory = Path(cwd).expanduser().absolute() if cwd is not None else folder.absolute()
    return Terms(folder, notebook, Store(sessions), directory, **terms)


def _server(arguments: dict[str, Any]) -> dict[str, Any]:
    """Which server is meant.

    Raises:
        UsageError: another argument is among these.
    """
    unknown = arguments.keys() - {"server", "token", "ca", "headers"}
    if unknown:
        raise errors.UsageError(f"There is no argument {', '.join(sorted(unknown))} here.")
    return arguments


def _file(terms: Terms, session_id: str | None, path: str | os.PathLike[str] | None) -> SessionFile | None:
    """The file of the session to resume; None if there is none."""
    if path is not None:
        if session_id is not None:
            raise errors.UsageError("Name the session by its id or by its file, not by both.")
        try:
            return session_file(terms.folder / Path(path).expanduser())
        except errors.SessionFileError as error:
            raise errors.UsageError(f"path= names no session: {error}") from error
    if session_id is None:
        return None
    return terms.store.find(session_id, server=terms.target().place if terms.server is not None else "")


def _run(name: str, work: Coroutine[Any, Any, T]) -> T:
    if background().is_current:
        work.close()
        raise errors.UsageError(f"{name}() waits for the server, so it can't be called from an observer.")
    return background().submit(work).result()
