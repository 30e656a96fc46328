"""The kernel's goose: found, started once, watched, started again. How it ends with the kernel: test_supervise.py."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from goose_widget import errors, server
from goose_widget.server import LocalServer, child_environment, crashes_in_a_row, find_goose, restart_pause
from support import fake_goose
from support.goose import PATIENCE, goose_environment
from support.poll import until

Start = Callable[[str], LocalServer]


@pytest_asyncio.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Makes a LocalServer whose goose is a fake that follows a plan."""
    servers: list[LocalServer] = []

    def make(plan: str) -> LocalServer:
        servers.append(LocalServer(fake_goose.install(tmp_path, plan)))
        return servers[-1]

    yield make
    for each in servers:
        await each.stop()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_PAUSES", (0.0, 0.01, 0.02))


async def crash(local: LocalServer, process_id: int) -> None:
    os.kill(process_id, signal.SIGKILL)
    await asyncio.wait_for(local.gone(), 5 * PATIENCE)


# -- policies -------------------------------------------------------------------------------------------------------


def test_goose_bin_goes_before_the_path(tmp_path: Path) -> None:
    (mine, other) = [tmp_path / "mine" / "goose", tmp_path / "other" / "goose"]
    for program in (mine, other):
        program.parent.mkdir()
        program.touch(mode=0o755)
    assert find_goose({"PATH": str(other.parent)}) == str(other)
    assert find_goose({"PATH": str(other.parent), "GOOSE_BIN": ""}) == str(other)
    assert find_goose({"PATH": str(other.parent), "GOOSE_BIN": str(mine)}) == str(mine)


def test_goose_bin_may_begin_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    tmp_path.joinpath("goose").touch(mode=0o755)
    assert find_goose({"PATH": "", "GOOSE_BIN": "~/goose"}) == str(tmp_path / "goose")


def test_without_goose_the_error_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(errors.GooseNotFound, match="not found on this computer") as missing:
        find_goose({"PATH": str(tmp_path)})
    assert "GOOSE_BIN" in missing.value.text


@pytest.mark.parametrize("mode", [None, 0o644])
def test_a_goose_bin_that_can_not_be_run_is_named(tmp_path: Path, mode: int | None) -> None:
    if mode is not None:
        tmp_path.joinpath("my-goose").touch(mode=mode)
    with pytest.raises(errors.GooseNotFound, match="my-goose"):
        find_goose({"PATH": os.environ["PATH"], "GOOSE_BIN": str(tmp_path / "my-goose")})


def test_pauses_grow_and_end() -> None:
    pauses = [restart_pause(crashes) for crashes in range(5)]
    assert pauses[0] == 0.0
    assert pauses[:3] == sorted(pause for pause in pauses[:3] if pause is not None)
    assert pauses[3:] == [None, None]


def test_only_quick_crashes_in_a_row_count() -> None:
    assert crashes_in_a_row(0, 1.0) == 1
    assert crashes_in_a_row(2, server.QUICK - 0.1) == 3
    assert crashes_in_a_row(2, server.QUICK) == 0


def test_goose_gets_the_kernels_environment_but_for_what_is_only_the_kernels() -> None:
    kernel = {"PATH": "/bin", "GOOSE_TLS": "true", "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    assert child_environment(kernel, "k") == {"PATH": "/bin", "GOOSE_SERVER__SECRET_KEY": "k"}
    assert child_environment({"MPLBACKEND": "Agg"}, "k")["MPLBACKEND"] == "Agg"


# -- a goose that misbehaves ----------------------------------------------------------------------------------------


async def test_callers_at_the_same_time_share_one_start(start: Start, tmp_path: Path) -> None:
    local = start("serve")
    endpoints = await asyncio.gather(*(local.ensure() for _ in range(10)))
    assert set(endpoints) == {await local.ensure()}
    assert len(fake_goose.starts(tmp_path)) == 1


async def test_a_caller_that_gives_up_does_not_stop_the_start(start: Start, tmp_path: Path) -> None:
    local = start("serve")
    caller = asyncio.create_task(local.ensure())
    await asyncio.sleep(0)
    caller.cancel()
    await local.ensure()
    assert caller.cancelled()
    assert len(fake_goose.starts(tmp_path)) == 1


async def test_a_taken_port_is_replaced_by_another(start: Start, tmp_path: Path) -> None:
    await start("lost lost serve").ensure()
    assert len(fake_goose.starts(tmp_path)) == 3


async def test_a_port_that_another_goose_answers_on_is_replaced(start: Start, tmp_path: Path) -> None:
    await start("foreign serve").ensure()
    foreign, _ = fake_goose.starts(tmp_path)
    assert not psutil.pid_exists(foreign)


async def test_it_gives_up_when_every_port_is_taken(start: Start) -> None:
    with pytest.raises(errors.ServerCrashed, match="every port"):
        await start("lost").ensure()


async def test_a_crash_at_the_start_is_tried_again(start: Start, tmp_path: Path) -> None:
    await start("crash crash serve").ensure()
    assert len(fake_goose.starts(tmp_path)) == 3


async def test_crashes_in_a_row_end_in_an_error_with_the_last_lines(start: Start, tmp_path: Path) -> None:
    local = start("crash crash crash serve")
    for _ in range(3):
        with pytest.raises(errors.ServerCrashed, match="exit code 3") as crashed:
            await local.ensure()
        assert crashed.value.detail.splitlines() == ["ERROR no luck", "key [key]", "\ufffd\ufffd bytes"]
    assert len(fake_goose.starts(tmp_path)) == 3


async def test_retry_tries_again_after_it_has_given_up(start: Start) -> None:
    local = start("crash crash crash serve")
    with pytest.raises(errors.ServerCrashed):
        await local.ensure()
    await local.ensure(retry=True)


async def test_a_goose_that_ends_is_noticed_and_started_again(start: Start, tmp_path: Path) -> None:
    local = start("serve")
    before = await local.ensure()
    await crash(local, fake_goose.starts(tmp_path)[0])
    after = await local.ensure()
    assert after.key != before.key
    assert len(fake_goose.starts(tmp_path)) == 2


async def test_quick_crashes_after_good_starts_count_too(start: Start, tmp_path: Path) -> None:
    local = start("serve")
    for number in range(3):
        await local.ensure()
        await crash(local, fake_goose.starts(tmp_path)[number])
    with pytest.raises(errors.ServerCrashed, match="SIGKILL"):
        await local.ensure()
    await local.ensure(retry=True)


async def test_a_crash_after_a_long_time_does_not_count(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "QUICK", 0.0)
    local = start("serve")
    for number in range(5):
        await local.ensure()
        await crash(local, fake_goose.starts(tmp_path)[number])


async def test_an_old_goose_is_told_from_a_crash(start: Start, tmp_path: Path) -> None:
    with pytest.raises(errors.GooseTooOld, match="goose update"):
        await start("old").ensure()
    assert len(fake_goose.starts(tmp_path)) == 1


async def test_a_goose_that_never_answers_is_ended(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_START_PATIENCE", 0.3)
    with pytest.raises(errors.ServerCrashed, match=r"did not answer within 0\.3 s"):
        await start("mute").ensure()
    assert not any(psutil.pid_exists(process_id) for process_id in fake_goose.starts(tmp_path))


async def test_a_flood_in_the_log_stops_nothing_and_is_forgotten(start: Start, tmp_path: Path) -> None:
    local = start("flood crash crash")
    await local.ensure()
    await crash(local, fake_goose.starts(tmp_path)[0])
    with pytest.raises(errors.ServerCrashed) as crashed:
        await local.ensure()
    assert len(crashed.value.detail.splitlines()) <= server.LOG_LINES


async def test_stop_ends_a_goose_that_ignores_being_asked(start: Start, tmp_path: Path) -> None:
    local = start("stubborn")
    await local.ensure()
    began = time.monotonic()
    await local.stop()
    assert not psutil.pid_exists(fake_goose.starts(tmp_path)[0])
    assert time.monotonic() - began < 8 * PATIENCE


async def test_stop_in_the_middle_of_a_start_leaves_nothing(start: Start, tmp_path: Path) -> None:
    local = start("mute")
    caller = asyncio.create_task(local.ensure())
    await asyncio.to_thread(until, lambda: fake_goose.starts(tmp_path))
    await local.stop()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert not psutil.pid_exists(fake_goose.starts(tmp_path)[0])


async def test_after_stop_it_can_be_started_again(start: Start, tmp_path: Path) -> None:
    local = start("serve")
    await local.ensure()
    await local.stop()
    await local.stop()
    await local.ensure()
    assert len(fake_goose.starts(tmp_path)) == 2


async def test_without_a_python_to_watch_goose_the_error_says_so(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    with pytest.raises(errors.ServerCrashed, match="no-python' can't be run"):
        await start("serve").ensure()


async def test_a_changed_goose_bin_counts_at_the_next_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOSE_BIN", str(tmp_path / "nothing"))
    local = LocalServer()
    with pytest.raises(errors.GooseNotFound):
        await local.ensure()
    for name, value in fake_goose.install(tmp_path, "serve").items():
        monkeypatch.setenv(name, value)
    await local.ensure()
    await local.stop()


def test_it_works_on_a_thread_that_is_not_the_main_one(tmp_path: Path) -> None:
    local = LocalServer(fake_goose.install(tmp_path, "serve"))

    async def use() -> None:
        await local.ensure()
        await local.stop()

    failures: list[BaseException] = []
    on_thread(use(), failures)
    assert not failures
    assert len(fake_goose.starts(tmp_path)) == 1


def on_thread(work: Coroutine[Any, Any, None], failures: list[BaseException]) -> None:
    def run() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20 * PATIENCE)


# -- the real goose -------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def real(tmp_path: Path) -> AsyncIterator[LocalServer]:
    # The model is never asked.
    local = LocalServer(goose_environment(tmp_path, "http://127.0.0.1:1"))
    yield local
    await local.stop()


def processes(local: LocalServer) -> list[psutil.Process]:
    """The supervisor and goose."""
    mine = [child for child in psutil.Process().children() if "supervise.py" in " ".join(child.cmdline())]
    return [process for parent in mine for process in (parent, *parent.children())]


async def test_the_real_goose_starts_and_takes_connections(real: LocalServer) -> None:
    endpoint = await real.ensure()
    async with connect(endpoint.url, additional_headers={"X-Secret-Key": endpoint.key}, proxy=None):
        assert await real.ensure() == endpoint
    assert [Path(process.cmdline()[-6]).name for process in processes(real)] == ["goose", "goose"]
    await real.stop()
    assert processes(real) == []


async def test_the_real_goose_is_started_again_after_a_crash(real: LocalServer) -> None:
    await real.ensure()
    _, goose = processes(real)
    await crash(real, goose.pid)
    endpoint = await real.ensure()
    async with connect(endpoint.url, additional_headers={"X-Secret-Key": endpoint.key}, proxy=None):
        pass


async def test_the_key_is_in_no_command_line_log_or_repr(real: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint = await real.ensure()
    assert len(endpoint.key) >= 32
    for process in processes(real):
        assert endpoint.key not in " ".join(process.cmdline())
    assert endpoint.key not in repr(endpoint)
    assert endpoint.key not in caplog.text
