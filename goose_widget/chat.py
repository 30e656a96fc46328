"""`Chat`: a chat with goose, driven from code, with or without a page that shows it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import time
import uuid
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import traitlets as t

from . import errors
from . import events as ev
from .answers import UNANSWERABLE, Answers, is_deciding
from .client import Client
from .endpoint import Endpoint
from .facts import Facts
from .loop import background
from .mirror import Mirror
from .notebook import here
from .permission import OnPermission, check
from .recording import find, wish
from .replay import Player
from .reply import Reply, to_public
from .session import Session
from .store import Entry, Sessions, Store, default_folder
from .target import Target
from .transcript import Change, Item

log = logging.getLogger(__name__)

T = TypeVar("T")

# Long enough to read an ordinary session's file, so that its history is there when the constructor returns.
_RESUME_PATIENCE: Final = 2.0

# Changing the model can make goose start another provider.
_SET_PATIENCE: Final = 30.0

_open_chats: weakref.WeakSet[Chat] = weakref.WeakSet()


class Chat(t.HasTraits):
    """A chat with goose.

    The traits can be observed; observers are called on the background thread that also receives the reply, so keep
    them short.

    Args:
        session_id: the session to resume: from its file beside the notebook and from the server; None for a new one.
        server: `"http://…"` of a goose that runs (`"ws://…/acp"` of a `goose serve`, `"ws://…/ws"` of a `goose web`),
            or `"demo"`: replies from a script, without any goose. Default: `$GOOSE_SERVER_URL` with its key in
            `$GOOSE_SERVER__SECRET_KEY` if set, else this kernel's own goose, from `$GOOSE_BIN` or the path.
        token: the key of `server`: the secret key of `goose serve`, the token of `goose web`.
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

    status = t.Enum(
        ["connecting", "ready", "running", "waiting", "reconnecting", "failed", "closed"],
        default_value="connecting",
        read_only=True,
        help="what the chat is doing; waiting: for your answer to a permission question",
    ).tag(sync=True)
    session_id = t.Unicode(None, allow_none=True, read_only=True, help="None until the server made the session").tag(
        sync=True
    )
    title = t.Unicode("", read_only=True).tag(sync=True)
    mode = t.Unicode("", read_only=True, help="change it with set_mode").tag(sync=True)
    model = t.Unicode("", read_only=True, help="change it with set_model").tag(sync=True)
    usage = t.Dict(
        read_only=True,
        help="tokens: `used` of `size` in the context; `input_tokens`, `output_tokens`, … of the last turn",
    ).tag(sync=True)
    server = t.Unicode("", read_only=True, help="name, version and place of the server").tag(sync=True)
    problem = t.Dict(
        default_value=None, allow_none=True, read_only=True, help="why the chat can't go on: `code`, `title`, `text`"
    ).tag(sync=True)
    reconnect = t.Dict(default_value=None, allow_none=True, read_only=True, help="`attempt`, `retry_at`, `reason`").tag(
        sync=True
    )
    read_only = t.Bool(False, read_only=True).tag(sync=True)
    cwd = t.Unicode("", read_only=True).tag(sync=True)
    modes: t.List[dict[str, str]] = t.List(read_only=True, help="dicts with `id`, `name`, `description`").tag(sync=True)
    models: t.List[dict[str, str]] = t.List(read_only=True, help="dicts with `id`, `name`, `description`").tag(
        sync=True
    )
    items: t.List[Item] = t.List(
        read_only=True,
        help="the transcript as dicts with `id`, `kind`, `text` and more; one list that grows, observable",
    )

    def __init__(
        self,
        session_id: str | None = None,
        *,
        server: str | None = None,
        token: str | None = None,
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
        if replay is not None and (server is not None or token is not None):
            raise errors.UsageError("replay= takes the place of a server: pass it without server= and token=.")
        folder, notebook = here()
        sessions = Store(_store_folder(store, folder))
        recording = None
        if wanted is not None:
            recording = find(wanted, folder=folder, notebook=notebook, store=sessions, session_id=session_id)
            session_id = None
        self._recording = recording
        resumed = sessions.find(session_id) if session_id is not None else None
        self._target = Target(
            server if recording is None else None,
            token if recording is None else None,
            demo=sessions.folder / "demo",
            home=resumed.header.server if resumed is not None else "",
        )
        directory = Path(cwd).expanduser().absolute() if cwd is not None else folder.absolute()
        if recording is None and not self._target.is_elsewhere and not directory.is_dir():
            raise errors.UsageError(f"cwd must be a folder; {directory} is none.")
        works_in = str(directory) if recording is None else recording.header.cwd or str(directory)
        self._turns: dict[str, asyncio.Future[tuple[ev.TurnEnded, list[Item]]]] = {}
        self._listeners: dict[str, Callable[[ev.Event], None]] = {}
        self._heard = ""  # the turn of the entry that is handed out
        self._session = Session(
            cwd=works_in,
            store=sessions,
            place=self._target.place,
            notebook=notebook,
            session_id=session_id,
            mode=mode,
            model=model,
            saved=recording is None,
        )
        self._answers = Answers(self._session, on_permission, self._has_view, self._patience)
        super().__init__(**traits)
        self.set_trait("cwd", works_in)
        self.set_trait("session_id", session_id if recording is None else recording.header.session_id)
        self._pid = os.getpid()
        self._mirror = Mirror(self.items, self._session.log.item, self._tell_items)
        self._queue = asyncio.Lock()  # asks wait for each other in order
        self._news = asyncio.Event()

        self._client: Client | Player = Client(self._session, self._locate)
        if recording is not None and wanted is not None:
            self._session.place = recording.header.server or "an unknown server"
            self._client = Player(self._session, recording, wanted.speed)
        self._run: asyncio.Task[None] | None = None
        started = background().submit(self._start())
        if session_id is not None:
            # A very long history comes when it is read.
            with contextlib.suppress(concurrent.futures.TimeoutError):
                started.result(_RESUME_PATIENCE)

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
        if background().is_current or is_deciding():
            raise errors.UsageError(
                "ask() waits for the reply, so it can't be called from an observer or on_permission."
            )
        future = self._submit(self._ask(text, on_permission))
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
        return await asyncio.wrap_future(self._submit(self._ask(text, on_permission)))

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

        future = asyncio.wrap_future(self._submit(self._ask(text, on_permission, listen)))
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
        background().call(self._client.stop_turn)

    def retry(self) -> None:
        """Connect again now, as the Retry button does."""
        background().call(self._retry)

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

    def _accept_and_wait(self, offer: str) -> None:
        async def accept() -> None:
            self._accept(offer)

        if background().is_current:
            self._accept(offer)
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
        self._submit(self._set(setting, value)).result()

    def close(self) -> None:
        """End the chat: disconnect from the server.

        The session and its file stay; `GooseChat(session_id)` resumes it.
        """
        if os.getpid() != self._pid:
            return  # a fork: the chat goes on in the process that made it
        if background().is_current:
            self._end()
        elif background().is_alive:
            background().submit(self._close()).result(5)

    @classmethod
    def sessions(cls, *, store: str | os.PathLike[str] | None = None) -> Sessions:
        """The sessions beside the notebook, newest first; a table in a notebook.

        Args:
            store: the folder of the session files. Default: `.goose/sessions` beside the notebook.
        """
        return Sessions(Store(_store_folder(store, here()[0])).sessions())

    # On the background thread.

    async def _start(self) -> None:
        background().at_exit.add(self._end)
        _open_chats.add(self)
        self._session.watcher = self
        if self._resume():
            self._run = background().spawn(self._client.run())

    def _resume(self) -> bool:
        """Show the session's file; False if the chat can't go on from it."""
        if self._session.facts.session_id is None:
            return True
        self._give_way()
        try:
            self._session.resume()
        except Exception as error:
            if not isinstance(error, errors.GooseError):
                log.exception("a session file could not be read")
            self._session.show_only(error if isinstance(error, errors.GooseError) else errors.InternalError(error))
            return False
        finally:
            self._restored()
        self._session.commit()
        return True

    def _give_way(self) -> None:
        """The cell was run again: the chat that had the session in this kernel gives it up."""
        for other in list(_open_chats):
            same = (other._session.facts.session_id, other._session.store.folder) == (
                self._session.facts.session_id,
                self._session.store.folder,
            )
            if same and other is not self and other._recording is None:
                other._end(errors.ContinuedElsewhere())

    def _restored(self) -> None:
        self._mirror.reset(self._session.log.snapshot()[1])
        self.facts_changed(Facts(), self._session.facts)

    def _retry(self) -> None:
        if self._run is not None:
            self._client.retry()
        elif self._session.facts.status != "closed" and self._resume():
            self._run = background().spawn(self._client.run())

    async def _locate(self, by_user: bool) -> Endpoint:
        try:
            return await self._target.locate(by_user=by_user)
        except errors.GooseNotFound as error:
            if self._session.facts.session_id is not None:
                error.offers = ()  # the demo knows nothing of this conversation
            raise
        finally:
            self._session.place = self._target.place

    def _accept(self, offer: str) -> None:
        """Do what a problem's `offers` name.

        Raises:
            UsageError: it is not offered now.
        """
        problem = self._session.facts.problem
        if problem is None or offer not in dict(problem.offers):
            raise errors.UsageError("That is not on offer any more.")
        if offer == "demo":
            self._target.try_demo()
        else:
            self._session.renew()
        self._retry()

    async def _close(self) -> None:
        self._end()

    def _end(self, why: errors.GooseError | None = None) -> None:
        background().at_exit.discard(self._end)
        _open_chats.discard(self)
        if self._run is not None:
            self._run.cancel()
            self._run = None
        self._session.close()
        if why is not None:
            self._session.fail(why)

    async def _set(self, setting: str, value: str) -> None:
        answered: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

        def settle(refusal: str | None) -> None:
            if not answered.done():
                answered.set_result(refusal)

        self._session.set(setting, value, settle)
        try:
            refusal = await asyncio.wait_for(answered, _SET_PATIENCE)
        except asyncio.TimeoutError:
            refusal = (
                f"goose did not change the {setting} within {_SET_PATIENCE:g} s. Stop the turn, or try again later."
            )
        if refusal is not None:
            raise errors.UsageError(refusal)

    def _submit(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        if os.getpid() != self._pid:
            work.close()
            raise errors.UsageError("This chat belongs to the process that made it; this one is a fork of it.")
        return background().submit(work)

    async def _ask(
        self, text: str, on_permission: OnPermission, listen: Callable[[ev.Event], None] | None = None
    ) -> Reply:
        check(on_permission)
        prompt_id = uuid.uuid4().hex
        async with self._queue:
            await self._until_ready()
            ended = self._turns[prompt_id] = asyncio.get_running_loop().create_future()
            if on_permission is not None:
                self._answers.by_turn[prompt_id] = on_permission
            if listen is not None:
                self._listeners[prompt_id] = listen
            try:
                self._session.prompt(prompt_id, text)
                end, items = await ended
            except asyncio.CancelledError:
                if self._session.turn == prompt_id:
                    self._client.stop_turn()
                raise
            finally:
                for table in (self._turns, self._answers.by_turn, self._listeners):
                    table.pop(prompt_id, None)
        reply = Reply(to_public(items), end.stop_reason, end.usage)
        if isinstance(self._client, Player) and self._client.has_refused(prompt_id):
            raise errors.ReplayMismatch(end.error, reply=reply)
        if end.stop_reason in ("interrupted", "failed", "error"):
            raise errors.TurnInterrupted(end.error, reply=reply)
        if prompt_id in self._answers.unanswered:
            self._answers.unanswered.discard(prompt_id)
            raise errors.PermissionUnanswered(UNANSWERABLE, reply=reply)
        return reply

    async def _until_ready(self) -> None:
        while (status := self._session.facts.status) != "ready":
            problem = self._session.facts.problem
            if problem is not None:
                raise problem
            if status == "closed":
                raise errors.UsageError("This chat is closed.")
            self._news.clear()
            await self._news.wait()

    # Told by the session, on the background thread.

    def changed(self, before: int, seq: int, changes: list[Change]) -> None:
        """Keep `items` up with the transcript."""
        self._mirror.apply(changes)

    def _tell_items(self) -> None:
        # Assigning a list would compare and copy all of it; observers get the list that grows.
        with _observed():
            self.notify_change(t.Bunch(name="items", old=self.items, new=self.items, owner=self, type="change"))

    def facts_changed(self, old: Facts, new: Facts) -> None:
        """Set the traits that changed."""
        for name in Facts.__dataclass_fields__:
            value = getattr(new, name)
            if value != getattr(old, name):
                with _observed():
                    self.set_trait(name, _to_trait(value))
        self._news.set()

    def logged(self, entries: list[Entry]) -> None:
        """Answer questions, feed streams, end asks."""
        for entry in entries:
            event = entry.event
            if isinstance(event, ev.TurnStarted):
                self._heard = event.prompt_id  # the session is at the end of these entries, and maybe of the turn
            if self._heard in self._listeners:
                self._listeners[self._heard](event)
            match event:
                case ev.PermissionAsked(request_id):
                    # Soon, not now: an answer is an entry too, and listeners get the entries in order.
                    background().loop.call_soon(self._answers.decide, request_id)
                case ev.PermissionAnswered(note=note) if note == UNANSWERABLE:
                    self._answers.unanswered.add(self._heard)  # a recording has it too
                case ev.TurnEnded(prompt_id):
                    self._heard = ""
                    future = self._turns.get(prompt_id)
                    if future is not None and not future.done():
                        future.set_result((event, self._session.log.turn(prompt_id)))

    # A person at a page.

    def _has_view(self) -> bool:
        """Whether somebody could click."""
        return False

    def _patience(self) -> float:
        """Seconds to wait for a view that may be on its way."""
        return 0.0


def _store_folder(store: str | os.PathLike[str] | None, notebook_folder: Path) -> Path:
    # Absolute: cells change the working folder.
    return (Path(store).expanduser() if store is not None else default_folder(notebook_folder)).absolute()


@contextlib.contextmanager
def _observed() -> Iterator[None]:
    """A user's observer that fails must not take the chat with it."""
    try:
        yield
    except (Exception, SystemExit, KeyboardInterrupt, asyncio.CancelledError):
        log.exception("an observer of the chat failed")


def _to_trait(value: Any) -> Any:
    if isinstance(value, errors.GooseError):
        return value.to_wire()
    if isinstance(value, tuple):
        return [choice.to_wire() for choice in value]
    return value
