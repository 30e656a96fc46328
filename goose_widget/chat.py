"""`Chat`: a chat with goose, driven from code, with or without a page that shows it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import mimetypes
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from . import errors
from . import events as ev
from .answers import is_deciding
from .attachments import LARGEST, checked
from .loop import TooLate, background
from .permission import OnPermission, check
from .recording import find, wish
from .reply import Reply
from .room import Room
from .shelf import Shelf, check_id, file_of, path_of, terms_of

# Long enough to read an ordinary session's file, so that its history is there when the constructor returns.
_RESUME_PATIENCE: Final = 1.0


Attachable: TypeAlias = str | os.PathLike[str] | bytes
"""What can go with a prompt: the path of a file, or its bytes."""


class Chat(Shelf):
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
        check_id(session_id)
        wanted = wish(replay, speed, os.environ)
        if replay is not None and any(each is not None for each in (server, token, ca, headers)):
            what = "server= and token=, ca= and headers="
            raise errors.UsageError(f"replay= takes the place of a server: pass it without {what}.")
        terms = terms_of(
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
            file = file_of(terms, session_id, path)
            room = Room(terms, self, session_id=session_id, file=file)
        super().__init__(room, **traits)
        started = background().submit(self._begin())
        if room.file is not None:
            # A very long history comes when it is read.
            with contextlib.suppress(concurrent.futures.TimeoutError):
                started.result(_RESUME_PATIENCE)

    async def _begin(self) -> None:
        await self._room.start()
        await self._room.whole()

    # Driving the chat.

    def ask(
        self,
        text: str,
        *,
        attachments: Iterable[Attachable] = (),
        timeout: float | None = None,
        on_permission: OnPermission = None,
    ) -> Reply:
        """Send a prompt and wait for the end of the turn. Interrupting the cell (Ctrl-C) cancels the turn.

        Args:
            text: the prompt. It waits while another turn runs or prompts are queued, and while the chat connects.
            attachments: images (PNG, JPEG, GIF, WebP) and UTF-8 text files that go with it, at most 5 MB each and 6 MB
                together: paths, relative to the notebook's folder, or their bytes.
            timeout: seconds for all of it; then the turn is cancelled. None: no limit.
            on_permission: who answers the agent's questions in this turn; default: the chat's own.

        Raises:
            UsageError: the prompt is empty, something can't be attached, or the call comes from an observer of this
                chat.
            TurnTimeout: the time is over.
            TurnInterrupted: the connection dropped, or the server refused the prompt; `reply` has what came.
            ReplayMismatch: the prompt is not the one that was recorded.
            PermissionUnanswered: goose asked for permission and nobody could answer; `reply` has the turn.
            GooseError: the chat can't go on (no goose, no provider, …).
        """
        return self._wait_for_reply("ask", self._ask(self._prompt(text, attachments), on_permission), timeout)

    def continue_turn(self, *, timeout: float | None = None, on_permission: OnPermission = None) -> Reply:
        """Have goose go on with the reply that was cut off, as the Continue button does, and wait for the end.

        Args:
            timeout, on_permission: as for `ask`.

        Raises:
            UsageError: no reply was interrupted, or nothing of it had come.
            GooseError: as for `ask`.
        """

        def begin(prompt_id: str) -> None:
            self._session.continue_turn(prompt_id)

        return self._wait_for_reply("continue_turn", self._ask(begin, on_permission), timeout)

    def retry_turn(self, *, timeout: float | None = None, on_permission: OnPermission = None) -> Reply:
        """Ask again what was asked when the reply was cut off, as the Retry button below it does.

        Args:
            timeout, on_permission: as for `ask`.

        Raises:
            UsageError: no reply was interrupted.
            GooseError: as for `ask`.
        """

        def begin(prompt_id: str) -> None:
            self._session.retry_turn(prompt_id)

        return self._wait_for_reply("retry_turn", self._ask(begin, on_permission), timeout)

    def _prompt(self, text: str, attachments: Iterable[Attachable] = ()) -> Callable[[str], None]:
        if not isinstance(text, str):
            raise errors.UsageError(f"A prompt must be a text, not {text!r}.")
        if isinstance(attachments, str | bytes | os.PathLike):
            raise errors.UsageError("attachments must be a list, also of a single one.")
        folder = self._room.terms.folder
        content = checked([_read(folder, each) for each in attachments])
        return lambda prompt_id: self._session.prompt(prompt_id, text, content)

    def _wait_for_reply(self, name: str, work: Coroutine[Any, Any, Reply], timeout: float | None) -> Reply:
        if background().is_current or is_deciding():
            work.close()
            raise errors.UsageError(
                f"{name}() waits for the reply, so it can't be called from an observer or on_permission."
            )
        try:
            return self._wait(work, timeout)  # ending the wait cancels the turn
        except TooLate:
            raise errors.TurnTimeout(timeout) from None

    async def ask_async(
        self, text: str, *, attachments: Iterable[Attachable] = (), on_permission: OnPermission = None
    ) -> Reply:
        """`ask` for `await`. Cancelling the task cancels the turn."""
        return await asyncio.wrap_future(self._submit(self._ask(self._prompt(text, attachments), on_permission)))

    async def stream(
        self, text: str, *, attachments: Iterable[Attachable] = (), on_permission: OnPermission = None
    ) -> AsyncIterator[ev.Event]:
        """`async for event in chat.stream("…")`: the turn's events, as `goose_widget.events` has them; the last is
        `TurnEnded`.

        Cancelling the task cancels the turn, and so does closing the generator before its end (`aclosing`); after a
        plain `break` Python closes it some time later.
        """
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[ev.Event | None]()

        def listen(event: ev.Event | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed: nobody listens any more
                loop.call_soon_threadsafe(queue.put_nowait, event)

        future = asyncio.wrap_future(self._submit(self._ask(self._prompt(text, attachments), on_permission, listen)))
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
        background().call(lambda: self._room.client.stop_turn())

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
            self._wait(accept())

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
        self._check_may_wait(f"set_{setting}")
        self._wait(self._room.set(setting, value))

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

    async def _close(self) -> None:
        self._room.end()

    async def _ask(
        self,
        begin: Callable[[str], None],
        on_permission: OnPermission,
        listen: Callable[[ev.Event], None] | None = None,
    ) -> Reply:
        return await self._room.asks.ask(begin, on_permission, listen)


def _read(folder: Path, attachment: Attachable) -> tuple[str, str, bytes]:
    """The name, the type and the bytes of what is attached."""
    if isinstance(attachment, bytes):
        return "attachment", "", attachment
    path = folder / path_of("attachments", attachment)
    try:
        with path.open("rb") as file:
            return path.name, mimetypes.guess_type(path.name)[0] or "", file.read(LARGEST + 1)
    except OSError as error:
        raise errors.UsageError(f"{path} can't be attached: {error.strerror or error}.") from error
