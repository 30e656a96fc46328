"""The background thread."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

from goose_widget.loop import Background, TooLate, background, within


@pytest.fixture
def loop() -> Background:
    return Background()


async def where() -> str:
    return threading.current_thread().name


def test_there_is_one_for_the_process_and_it_is_a_daemon() -> None:
    assert background() is background()
    (thread,) = [t for t in threading.enumerate() if t.name == "goose-widget"]
    assert thread.daemon


def test_work_runs_there(loop: Background) -> None:
    assert loop.submit(where()).result(5) == "goose-widget"
    called = threading.Event()
    loop.call(called.set)
    assert called.wait(5)
    assert not loop.is_current
    loop.end()


def test_a_task_that_fails_is_logged(loop: Background, caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise RuntimeError("oh")

    async def spawn() -> None:
        await asyncio.wait([loop.spawn(fail())])

    loop.submit(spawn()).result(5)
    loop.end()
    assert "a background task failed" in caplog.text


def test_everybody_says_goodbye_at_the_end(loop: Background) -> None:
    said: list[str] = []
    loop.at_exit.add(lambda: said.append("bye"))
    loop.submit(where()).result(5)
    assert loop.is_alive
    loop.end()
    assert said == ["bye"]
    assert not loop.is_alive


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_gets_a_thread_of_its_own() -> None:
    background().submit(where()).result(5)
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if background().submit(where()).result(5) == "goose-widget" else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


class Work:
    """What the thread is asked to do, and what became of it."""

    def __init__(self) -> None:
        self.began, self.cancelled = threading.Event(), threading.Event()

    async def run(self) -> None:
        self.began.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


def test_who_waits_gets_the_result_or_the_error(loop: Background) -> None:
    async def fail() -> None:
        raise KeyError("oh")

    assert loop.wait(where()) == "goose-widget"
    with pytest.raises(KeyError, match="oh"):
        loop.wait(fail())
    loop.end()


def test_what_takes_too_long_is_cancelled(loop: Background) -> None:
    work = Work()
    with pytest.raises(TooLate):
        loop.wait(work.run(), 0.01)
    assert not work.began.is_set() or work.cancelled.wait(5)
    loop.end()


@pytest.mark.parametrize("step", ["before it is asked for", "after it is asked for", "while it runs"])
def test_ctrl_c_cancels_what_is_waited_for(loop: Background, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    work, submit = Work(), loop.submit

    def interrupted(asked: Coroutine[Any, Any, Any]) -> object:
        if step == "before it is asked for":
            asked.close()
        else:
            submit(asked)
        if step == "while it runs":
            assert work.began.wait(5)
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "submit", interrupted)
    coroutine = work.run()
    with pytest.raises(KeyboardInterrupt):
        loop.wait(coroutine)
    monkeypatch.undo()
    loop.wait(asyncio.sleep(0))
    assert work.began.is_set() == work.cancelled.wait(5 if work.began.is_set() else 0)
    coroutine.close()
    loop.end()


@pytest.mark.parametrize("ends", [True, False], ids=["as it ends", "while it runs"])
async def test_a_cancellation_is_never_swallowed(ends: bool) -> None:
    work = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(within(5, work))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    if ends:
        work.set_result(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.done()


async def test_within_its_time_or_not() -> None:
    assert await within(5, asyncio.sleep(0, "done")) == "done"
    slow = asyncio.create_task(asyncio.sleep(60))
    with pytest.raises(asyncio.TimeoutError):
        await within(0.01, slow)
    with pytest.raises(asyncio.CancelledError):
        await slow
