"""The one background thread of the process, with its asyncio loop.

User code holds the main thread for hours; sockets, timers, appends and messages to the browser live here instead. The
thread is a daemon: it never keeps a process alive. After a fork the child has no such thread, and gets a new one when
it first asks.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import functools
import logging
import os
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, ParamSpec, TypeVar

log = logging.getLogger(__name__)

_GOODBYE: Final = 1.0  # seconds
_LOOK: Final = 0.5  # seconds

T = TypeVar("T")
P = ParamSpec("P")


class TooLate(Exception):
    """What was waited for did not come in the time that it had."""


class Background:
    """A daemon thread that runs an asyncio loop."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.at_exit: set[Callable[[], object]] = set()
        """Called on the thread when the process exits in the ordinary way."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thread = threading.Thread(target=self._run, name="goose-widget", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    @property
    def is_alive(self) -> bool:
        """False once the process is exiting: the thread runs nothing any more."""
        return self.loop.is_running()

    def end(self) -> None:
        """Let everybody say goodbye, for a moment, and stop."""

        async def leave() -> None:
            for goodbye in list(self.at_exit):
                goodbye()
            if others := asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.wait(others, timeout=_GOODBYE / 2)  # the cancelled ones close their sockets

        try:
            self.submit(leave()).result(_GOODBYE)
        except Exception:
            log.exception("goose-widget did not end in order")
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(_GOODBYE)
        if not self._thread.is_alive():
            self.loop.close()

    @property
    def is_current(self) -> bool:
        """Whether the caller runs on this thread."""
        return threading.current_thread() is self._thread

    def submit(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run a coroutine on the thread; its result as a future that any thread can wait for."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def wait(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Run a coroutine on the thread, and wait for it on another one.

        Whatever ends the waiting, also Ctrl-C at any moment of it, cancels the coroutine.

        Raises:
            TooLate: `timeout` seconds were not enough.
        """
        task: asyncio.Task[Any] | None = None
        is_given_up = False

        async def run() -> T:
            nonlocal task
            task = asyncio.current_task()
            if is_given_up:
                work.close()
                raise asyncio.CancelledError
            return await work

        def give_up() -> None:
            nonlocal is_given_up
            is_given_up = True
            if task is not None:
                task.cancel()

        try:
            # Ctrl-C may come before there is a future to cancel.
            future = self.submit(run())
            deadline = None if timeout is None else time.monotonic() + timeout
            while not future.done():
                # In short waits: a lock without a time-out does not see Ctrl-C on Windows.
                left = _LOOK if deadline is None else min(_LOOK, deadline - time.monotonic())
                if left <= 0:
                    raise TooLate
                concurrent.futures.wait([future], left)
            return future.result()
        except BaseException:
            with contextlib.suppress(RuntimeError):  # the thread has ended
                self.call(give_up)
            raise

    def call(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call a function on the thread, soon, without waiting."""
        self.loop.call_soon_threadsafe(lambda: function(*args, **kwargs))

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a task; only from the thread itself. It is kept until it is done."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a background task failed", exc_info=error)


async def within(timeout: float, work: Awaitable[T]) -> T:
    """`asyncio.wait_for`, which before Python 3.12 swallows a cancellation that comes at the moment when `work` ends.

    Raises:
        asyncio.TimeoutError: `timeout` seconds were not enough; `work` is cancelled.
    """
    task = asyncio.ensure_future(work)
    # What fails after nobody waits any more counts as seen.
    task.add_done_callback(lambda task: task.cancelled() or task.exception())
    try:
        done, _ = await asyncio.wait({task}, timeout=timeout)
        if not done:
            raise asyncio.TimeoutError
        return task.result()
    finally:
        task.cancel()


async def unbroken(work: Coroutine[Any, Any, T]) -> T:
    """Do `work` to its end, and be cancelled only then."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("what nobody waited for any more failed", exc_info=error)
        raise


async def in_thread(function: Callable[[], T], name: str) -> T:
    """Call a function on a daemon thread of its own: it may take its time, and never holds the exit of the process.

    What it raises is raised here; what no future can carry, as a RuntimeError.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        work: Callable[[], object]
        try:
            work = functools.partial(future.set_result, function())
        except BaseException as raised:
            # On the loop's thread these would end it.
            is_plain = isinstance(raised, Exception) and not isinstance(raised, StopIteration)
            error = raised if is_plain else RuntimeError(f"{type(raised).__name__}: {raised}")
            work = functools.partial(future.set_exception, error)
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(lambda: None if future.done() else work())

    threading.Thread(target=run, name=name, daemon=True).start()
    return await future


_background: Background | None = None
_lock = threading.Lock()


def background() -> Background:
    """The process's background thread, started with the first call."""
    global _background
    with _lock:
        if _background is None:
            _background = Background()
            atexit.register(_background.end)
        return _background


def _forget() -> None:
    global _background, _lock
    if _background is not None:
        atexit.unregister(_background.end)
    _background, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
