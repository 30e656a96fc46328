"""The kernel's own goose: found, started when needed, watched, started again after a crash, ended with the kernel.

One process for all chats of a kernel, behind supervise.py, which ends it with the kernel whatever happens to that.
Nothing here needs the main thread: neither signals nor asyncio's child watchers, but two threads that block on pipes.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import os
import re
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
from typing import Final

from . import errors
from .endpoint import Endpoint
from .loop import within

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
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
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
        self._crashes = 0  # quick ones in a row
        self._last = errors.ServerCrashed("it was never started")

    async def ensure(self, *, retry: bool = False) -> Endpoint:
        """The address of the running goose, started if it does not run. Callers at the same time share one start.

        Args:
            retry: the user asks for another attempt: earlier crashes no longer count.

        Raises:
            GooseNotFound: there is no goose to start.
            GooseTooOld: it can't serve.
            ServerCrashed: it ended soon after its start, several times in a row; its last lines are in `detail`.
        """
        if self._starting is None:
            if self._process is not None and self._process.is_running:
                return self._process.endpoint
            self._starting = asyncio.create_task(self._start(retry))
            self._starting.add_done_callback(self._started)
        return await asyncio.shield(self._starting)

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
            await _in_executor(process.end)

    def kill(self) -> None:
        """`stop` for any thread: blocks until goose has ended. It runs at the exit of the kernel by itself."""
        process, self._process = self._process, None
        if process is not None:
            process.end()

    def _started(self, task: asyncio.Task[Endpoint]) -> None:
        self._starting = None
        if not task.cancelled():
            task.exception()  # counts as seen, even if every caller has gone away

    async def _start(self, retry: bool) -> Endpoint:
        if self._process is not None:
            await self._process.ended.wait()
            self._note(self._process.crash, crashes_in_a_row(self._crashes, self._process.uptime))
            self._process = None
        if retry:
            self._crashes = 0
        while (pause := restart_pause(self._crashes)) is not None:
            await asyncio.sleep(pause)
            try:
                return await self._start_once()
            except errors.ServerCrashed as crash:
                self._note(crash, self._crashes + 1)
        raise errors.ServerCrashed(self._last.reason, self._last.detail)

    def _note(self, crash: errors.ServerCrashed, crashes: int) -> None:
        self._last, self._crashes = crash, crashes

    async def _start_once(self) -> Endpoint:
        environment = os.environ if self._environment is None else self._environment
        goose = find_goose(environment)
        for _ in range(_PORT_TRIES):
            process = _Process(goose, environment, free_port())
            try:
                if await process.is_ready():
                    self._process = process
                    return process.endpoint
            except BaseException:
                await asyncio.shield(_in_executor(process.end))
                raise
            await _in_executor(process.end)
        raise errors.ServerCrashed("other programs took every port it was given")


class _Process:
    """One goose behind its supervisor, and the two threads that read its log and wait for its end."""

    def __init__(self, goose: str, environment: Mapping[str, str], port: int) -> None:
        key = secrets.token_urlsafe(32)
        self.endpoint = Endpoint(f"ws://127.0.0.1:{port}/acp", key)
        self.ended = asyncio.Event()
        self.is_running = True
        self._goose = goose
        self._reason = ""  # why it ended
        self._ready_at = self._ended_at = time.monotonic()
        self._key = key.encode()
        self._lines: deque[str] = deque(maxlen=LOG_LINES)
        self._owner = os.getpid()
        self._loop = asyncio.get_running_loop()
        self._all_gone = threading.Event()
        self._popen = _spawn([goose, "serve", "--host", "127.0.0.1", "--port", str(port)], environment, key)
        self._log_thread = threading.Thread(target=self._read_log, name="goose-widget-log", daemon=True)
        self._log_thread.start()
        threading.Thread(target=self._wait, name="goose-widget-wait", daemon=True).start()
        atexit.register(self.end)
        log.info("goose serve started on port %s", port)

    @property
    def uptime(self) -> float:
        """Seconds that it was of use."""
        return self._ended_at - self._ready_at

    @property
    def crash(self) -> errors.ServerCrashed:
        """Its end as an error, with the last lines of its log."""
        reason = self._reason or f"it did not answer within {_START_PATIENCE:g} s"
        return errors.ServerCrashed(reason, "\n".join(self._lines))

    async def is_ready(self) -> bool:
        """Wait until it answers. False if another program got the port first.

        Raises:
            GooseTooOld: it has no `serve`.
            ServerCrashed: it ended, or does not answer.
        """
        deadline = time.monotonic() + _START_PATIENCE
        while not self.ended.is_set() and time.monotonic() < deadline:
            with contextlib.suppress(OSError, asyncio.TimeoutError, ValueError):
                answer = await self.endpoint.get("/health", timeout=1.0)
                if answer.status == 200:
                    # With this key the answer can only be our own goose's.
                    answer = await self.endpoint.get("/acp", timeout=1.0)
                    self._ready_at = time.monotonic()
                    return answer.status != 401
            with contextlib.suppress(asyncio.TimeoutError):
                await within(0.03, self.ended.wait())
        crash = self.crash
        if "Address already in use" in crash.detail:
            return False
        if "unrecognized subcommand" in crash.detail:
            raise errors.GooseTooOld(self._goose, crash.detail)
        raise crash

    def end(self) -> None:
        """End it and everything it has started; blocks until that is done. Does nothing in a fork of the kernel."""
        if self._owner != os.getpid() or self._all_gone.is_set():
            return
        self.is_running = False
        with contextlib.suppress(OSError):
            self._popen.terminate()
        if self._all_gone.wait(STOP_PATIENCE + 1.0):
            return
        self._kill_group()
        self._all_gone.wait(1.0)

    def _kill_group(self) -> None:
        with contextlib.suppress(OSError):
            if sys.platform == "win32":
                self._popen.kill()
            else:
                os.killpg(self._popen.pid, signal.SIGKILL)

    def _wait(self) -> None:
        """On a thread: see goose's end, then that of its supervisor."""
        assert self._popen.stdout is not None
        told = self._popen.stdout.read(64)
        expected, self.is_running = not self.is_running, False
        if told:
            self._reason = _how_it_ended(int(told.split()[0]))
        else:
            # Someone killed the supervisor. It is not waited for yet, so the number of its group is still its own.
            self._kill_group()
            self._reason = "the process that watches over it was killed"
        # goose's last words say why it ended; a tool that keeps its standard error open must not delay them.
        self._log_thread.join(0.5)
        self._ended_at = time.monotonic()
        if not expected:
            log.info("goose ended: %s", self._reason)  # the chats tell it
        with contextlib.suppress(RuntimeError):  # the loop may be closed
            self._loop.call_soon_threadsafe(self.ended.set)
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                pipe.close()
        atexit.unregister(self.end)
        self._all_gone.set()

    def _read_log(self) -> None:
        """On a thread: keep the last lines. Reads on whatever happens, as a full pipe would stop goose."""
        assert self._popen.stderr is not None
        rest = b""
        with self._popen.stderr as pipe:
            while data := pipe.read(65536):
                *lines, rest = (rest + data).replace(self._key, b"[key]").split(b"\n")
                rest = rest[-_LONGEST_LINE:]
                self._lines.extend(_readable(line) for line in lines[-LOG_LINES:])
        if rest:
            self._lines.append(_readable(rest))


def _spawn(command: list[str], environment: Mapping[str, str], key: str) -> subprocess.Popen[bytes]:
    """Start the supervisor with a command. In a session of its own: Jupyter interrupts the kernel's whole group.

    Raises:
        ServerCrashed: it can't be started.
    """
    python = shutil.which(sys.executable or "python3")
    if python is None:
        raise errors.ServerCrashed(f"there is no Python to watch over it, {sys.executable!r} can't be run")
    # -I -S: neither the user's site-packages nor PYTHON* variables get in; it starts in 20 ms.
    supervised = [python, "-I", "-S", str(_SUPERVISOR), str(os.getpid()), *command]
    if os.name == "posix":
        # Through a shell, as a debugger in the kernel takes over every Python that is started under its own name, and
        # that Python then waits for a client of the debugger which never comes.
        supervised = ["/bin/sh", "-c", 'exec "$@"', "goose-widget", *supervised]
    home = Path.home()
    try:
        return subprocess.Popen(
            supervised,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=child_environment(environment, key),
            # Not the notebook's folder: that may be renamed or unmounted. Each session has its own.
            cwd=home if home.is_dir() else home.anchor,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise errors.ServerCrashed(f"no process can be started ({error})") from error


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"it ended with exit code {code}"
    try:
        return f"it was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was ended by signal {-code}"


def _readable(line: bytes) -> str:
    return _COLOUR.sub("", line.decode(errors="replace")).rstrip()[:_LONGEST_LINE]


async def _in_executor(function: Callable[[], None]) -> None:
    await asyncio.get_running_loop().run_in_executor(None, function)


_local: LocalServer | None = None


def local_server() -> LocalServer:
    """The process's own goose, for all its chats; only for the background thread. It starts with the first `ensure`."""
    global _local
    if _local is None:
        _local = LocalServer()
    return _local


def _forget() -> None:
    """A fork of the kernel has no part in the kernel's goose."""
    global _local
    _local = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
