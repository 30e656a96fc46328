"""The kernel's own goose: found, started when it is needed, watched, started again after a crash, ended with the kernel.

One process for all chats of a kernel, behind supervise.py, which ends it with the kernel whatever happens to the kernel. Nothing here
needs the main thread: the process is started and waited for without signals and without asyncio's child watchers.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Final

from . import errors
from .endpoint import Endpoint, acp_url, http_get, probe

__all__ = ["Endpoint", "LocalServer", "acp_url", "find_goose", "local_server", "probe"]

log = logging.getLogger(__name__)

KEY_VARIABLE: Final = "GOOSE_SERVER__SECRET_KEY"

LOG_LINES: Final = 50
"""How many of goose's last lines an error shows."""

QUICK: Final = 10.0
"""Seconds after its start within which an end counts as one of several quick crashes in a row."""

STOP_PATIENCE: Final = 2.0
"""Seconds that goose and its tools have to end; supervise.py kills them after that."""

_START_PATIENCE: Final = 60.0  # the first start reads 300 MB from what may be a network disk
_LONGEST_LINE: Final = 2000
_PORT_TRIES: Final = 5
_PAUSES: Final = (0.0, 0.25, 1.0)
_SUPERVISOR: Final = Path(__file__).with_name("supervise.py")


def find_goose(environment: Mapping[str, str]) -> str:
    """The path of the goose program: `GOOSE_BIN` of the environment, else `goose` on its PATH.

    Raises:
        GooseNotFound: there is none, or GOOSE_BIN names no program.
    """
    configured = environment.get("GOOSE_BIN") or None
    program = "goose" if configured is None else str(Path(configured).expanduser())
    found = shutil.which(program, path=environment.get("PATH"))
    if found is None:
        raise errors.GooseNotFound(configured)
    return str(Path(found).absolute())


def restart_pause(crashes: int) -> float | None:
    """Seconds to wait before the next start, after so many quick crashes in a row; None to give up."""
    return _PAUSES[crashes] if crashes < len(_PAUSES) else None


def crashes_in_a_row(before: int, uptime: float) -> int:
    """How many quick crashes in a row it is, after one that came `uptime` seconds after the start."""
    return before + 1 if uptime < QUICK else 0


def child_environment(environment: Mapping[str, str], key: str) -> dict[str, str]:
    """The kernel's environment, as goose and the commands that it runs should have it."""
    child = {**environment, KEY_VARIABLE: key}
    # Someone's goose may serve TLS; this one is on loopback.
    for name in ("GOOSE_TLS", "GOOSE_TLS_CERT_PATH", "GOOSE_TLS_KEY_PATH"):
        child.pop(name, None)
    # Figures of a script that goose runs have no notebook to appear in.
    if child.get("MPLBACKEND", "").startswith("module://"):
        del child["MPLBACKEND"]
    return child


def free_port() -> int:
    """A TCP port of loopback that is free now. Another program may take it before goose does."""
    with socket.socket() as probe_socket:
        probe_socket.bind(("127.0.0.1", 0))
        return int(probe_socket.getsockname()[1])


class LocalServer:
    """The kernel's goose process. All but `kill` is for one asyncio loop, on whatever thread that runs.

    Args:
        environment: of the process. Default: the kernel's own at each start, so that a changed `GOOSE_BIN` counts.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = environment
        self._process: _Process | None = None
        self._starting: asyncio.Task[Endpoint] | None = None
        self._crashes = 0
        self._last_crash = errors.ServerCrashed("it was not started")
        self._owner = os.getpid()

    async def ensure(self, *, retry: bool = False) -> Endpoint:
        """The address of the running goose, started if it does not run. Callers at the same time share one start.

        Args:
            retry: the user asks for another attempt: forget earlier crashes.

        Raises:
            GooseNotFound: there is no goose to start.
            GooseTooOld: it can't serve.
            ServerCrashed: it ended within 10 s of its start, several times in a row; its last lines are in `detail`.
        """
        if self._starting is None:
            if self._process is not None and self._process.is_running:
                return self._process.endpoint
            if retry:
                self._crashes = 0
            self._starting = asyncio.create_task(self._start())
            self._starting.add_done_callback(self._started)
        return await asyncio.shield(self._starting)

    def _started(self, task: asyncio.Task[Endpoint]) -> None:
        self._starting = None
        if not task.cancelled():
            task.exception()  # has been looked at, even if every caller has gone away

    async def gone(self) -> None:
        """Return when the process that runs now has ended, at once if none does."""
        if self._process is not None:
            await self._process.ended.wait()

    async def stop(self) -> None:
        """End goose and everything that its tools have started: politely, after 2 s by force."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait([self._starting])
        process, self._process = self._process, None
        if process is not None:
            await asyncio.get_running_loop().run_in_executor(None, process.end)

    def kill(self) -> None:
        """`stop` for `atexit` and any thread: blocks until goose has ended. Does nothing in a fork of the kernel."""
        process = self._process
        if process is not None and self._owner == os.getpid():
            process.end()

    async def _start(self) -> Endpoint:
        while (pause := restart_pause(self._crashes)) is not None:
            await asyncio.sleep(pause)
            try:
                return await self._start_once()
            except errors.ServerCrashed as crash:
                self._count_crash(0.0, crash)
        raise errors.ServerCrashed(self._last_crash.reason, self._last_crash.detail)

    async def _start_once(self) -> Endpoint:
        environment = os.environ if self._environment is None else self._environment
        goose = find_goose(environment)
        for _ in range(_PORT_TRIES):
            self._process = process = _Process(goose, environment, free_port(), self._crashed)
            atexit.register(process.end)
            try:
                if await process.is_ready():
                    return process.endpoint
            except BaseException:
                await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, process.end))
                raise
            log.info("the port %s was taken; trying another", process.port)
        raise errors.ServerCrashed("no port was free")


_local: LocalServer | None = None
