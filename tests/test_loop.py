"""The background thread."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest

from goose_widget.loop import Background, background


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
