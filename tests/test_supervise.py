"""goose, and whatever its tools have started, ends with the kernel, however that ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from jupyter_client.manager import start_new_kernel
from websockets.sync.client import connect

from goose_widget import supervise
from support.goose import PATIENCE, goose_environment
from support.model import ScriptedModel
from support.poll import until

ROOT = Path(__file__).resolve().parents[1]


def is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def with_sleeps(process: psutil.Process, count: int) -> list[psutil.Process]:
    """All processes below one, if that many `sleep`s are among them, else none."""
    below = process.children(recursive=True)
    with contextlib.suppress(psutil.NoSuchProcess):
        if sum(each.name() == "sleep" for each in below) == count:
            return below
    return []


def all_gone(processes: list[psutil.Process], seconds: float = 8.0) -> None:
    until(lambda: all(map(is_gone, processes)), seconds, why=f"still there: {processes}")


# -- the program alone ----------------------------------------------------------------------------------------------


@pytest.fixture
def run() -> Iterator[type[Supervised]]:
    yield Supervised
    for each in Supervised.all:
        each.close()
    Supervised.all.clear()


class Supervised:
    """supervise.py with a shell command in goose's place; this process is the kernel."""

    all: list[Supervised] = []  # noqa: RUF012 (emptied after each test)

    def __init__(self, command: str) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-I", "-S", supervise.__file__, str(os.getpid()), "/bin/sh", "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.process = psutil.Process(self.popen.pid)
        Supervised.all.append(self)

    def below(self, *, sleeps: int) -> list[psutil.Process]:
        """The processes below it, once that many `sleep`s are among them."""
        return until(lambda: with_sleeps(self.process, sleeps))

    def end(self) -> tuple[int, str, str]:
        """Its exit code, what it told its kernel, and what the command wrote."""
        assert self.popen.stdout is not None
        assert self.popen.stderr is not None
        told, log = self.popen.stdout.read().decode(), self.popen.stderr.read().decode()
        return self.popen.wait(10 * PATIENCE), told, log

    def close(self) -> None:
        if self.popen.poll() is None:
            os.killpg(self.popen.pid, signal.SIGKILL)
        with self.popen:
            pass


def test_it_ends_as_its_command_does(run: type[Supervised]) -> None:
    assert run("echo out; echo err >&2; exit 7").end() == (7, "7\n", "out\nerr\n")


def test_it_tells_of_a_signal(run: type[Supervised]) -> None:
    assert run("kill -9 $$").end() == (137, "-9\n", "")


def test_a_command_that_can_not_be_run_is_named_in_the_log(run: type[Supervised], tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", supervise.__file__, str(os.getpid()), str(tmp_path / "nothing")]
    done = subprocess.run(command, stdin=subprocess.PIPE, capture_output=True, text=True, check=False)
    assert done.returncode == 127
    assert "nothing can't be run" in done.stderr


def test_the_command_has_no_input_and_ordinary_signals(run: type[Supervised]) -> None:
    code, _, log = run("cat; exec grep SigIgn /proc/self/status").end()
    assert code == 0
    ignored = int(log.removeprefix("SigIgn:"), 16)
    assert ignored & (2**31 - 1) == 0  # of the 31 ordinary signals none; the others are the C library's own


def test_an_interrupt_of_the_kernel_is_not_meant_for_it(run: type[Supervised]) -> None:
    supervised = run("sleep 1000")
    supervised.below(sleeps=1)
    supervised.process.send_signal(signal.SIGINT)
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.end() == (143, "-15\n", "")


def test_the_end_of_its_input_ends_everything(run: type[Supervised]) -> None:
    supervised = run("setsid sleep 1000 & (sleep 1000 &); sleep 1000")
    processes = supervised.below(sleeps=3)
    assert supervised.popen.stdin is not None
    supervised.popen.stdin.close()
    all_gone([*processes, supervised.process])


def test_what_ignores_sigterm_is_killed(run: type[Supervised]) -> None:
    supervised = run("(trap '' TERM; while :; do sleep 1000; done) & sleep 1000")
    processes = supervised.below(sleeps=2)
    began = time.monotonic()
    supervised.process.terminate()
    all_gone([*processes, supervised.process])
    assert time.monotonic() - began >= supervise.GRACE


def test_what_a_command_leaves_behind_ends_with_it(run: type[Supervised]) -> None:
    supervised = run("trap 'exit 5' USR1; setsid sleep 1000 & sleep 1000 & wait")
    processes = supervised.below(sleeps=2)
    (command,) = supervised.process.children()
    command.send_signal(signal.SIGUSR1)
    assert supervised.end()[:2] == (5, "5\n")
    all_gone(processes)


def test_it_collects_what_ends_below_it(run: type[Supervised]) -> None:
    supervised = run("for i in 1 2 3 4 5; do (true &); done; exec sleep 1000")

    def names() -> list[str]:
        with contextlib.suppress(psutil.NoSuchProcess):  # it was collected while we looked
            return [child.name() for child in supervised.process.children(recursive=True)]
        return []

    until(lambda: names() == ["sleep"])


# -- behind a kernel, with the real goose -----------------------------------------------------------------------------

KERNEL = """
import asyncio, os, sys, threading, time
from goose_widget.server import local_server

loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()

def ensure():
    return asyncio.run_coroutine_threadsafe(local_server().ensure(), loop).result(60)

def gone():
    asyncio.run_coroutine_threadsafe(local_server().gone(), loop).result(60)

for cell in sys.stdin:
    exec(cell)
    print("done", flush=True)
"""


class Kernel:
    """A Python that has a local goose and runs lines of code. Like Jupyter's, it leads its process group."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-c", KERNEL],
            env={**environment, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.url, self.key = self.run("endpoint = ensure(); print(endpoint.url, endpoint.key)").split()
        self.supervisor, self.goose = psutil.Process(self.popen.pid).children(recursive=True)
        self.sockets = contextlib.ExitStack()

    def run(self, cell: str) -> str:
        """Runs a line of code to its end. Returns what it prints."""
        assert self.popen.stdin is not None
        assert self.popen.stdout is not None
        print(cell, file=self.popen.stdin, flush=True)
        return "".join(iter(self.popen.stdout.readline, "done\n"))

    def let_goose_run(self, command: str, sleeps: int) -> list[psutil.Process]:
        """Starts a command with goose's shell tool. Returns it and what it started, once that many `sleep`s run."""
        headers = {"X-Secret-Key": self.key}
        socket = self.sockets.enter_context(connect(self.url, additional_headers=headers, proxy=None))
        numbers = iter(range(1, 100))

        def ask(method: str, **params: object) -> int:
            socket.send(
                json.dumps({"jsonrpc": "2.0", "id": (number := next(numbers)), "method": method, "params": params})
            )
            return number

        ask("initialize", protocolVersion=1, clientCapabilities={})
        number = ask("session/new", cwd=str(ROOT), mcpServers=[])
        while (message := json.loads(socket.recv(20 * PATIENCE))).get("id") != number:
            pass
        session_id = message["result"]["sessionId"]
        ask("session/prompt", sessionId=session_id, prompt=[{"type": "text", "text": f"shell: {command}"}])

        return until(lambda: [each for each in with_sleeps(self.supervisor, sleeps) if each != self.goose], 20)

    def close(self) -> None:
        self.sockets.close()
        if self.popen.poll() is None:
            os.killpg(self.popen.pid, signal.SIGKILL)
        with self.popen:
            pass


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    with ScriptedModel() as model:
        kernel = Kernel(goose_environment(tmp_path, model.url))
        try:
            yield kernel
        finally:
            kernel.close()
            all_gone([kernel.supervisor, kernel.goose])


# One in the background, one in a session of its own, and one that goose waits for.
TOOLS = "sleep 1000 & setsid sleep 1000 & sleep 1000"


def test_goose_and_its_tools_end_when_the_kernel_exits(kernel: Kernel) -> None:
    tools = kernel.let_goose_run(TOOLS, 3)
    assert kernel.popen.stdin is not None
    kernel.popen.stdin.close()
    assert kernel.popen.wait(10 * PATIENCE) == 0
    # Not some time later: the kernel's exit waits for it.
    all_gone([kernel.supervisor, kernel.goose, *tools], 0.2)


def test_goose_and_its_tools_end_when_the_kernel_is_killed(kernel: Kernel) -> None:
    tools = kernel.let_goose_run(TOOLS, 3)
    kernel.popen.kill()
    all_gone([kernel.supervisor, kernel.goose, *tools])


def test_goose_and_its_tools_end_when_jupyter_restarts_the_kernel(kernel: Kernel) -> None:
    tools = kernel.let_goose_run(TOOLS, 3)
    os.killpg(kernel.popen.pid, signal.SIGKILL)
    all_gone([kernel.supervisor, kernel.goose, *tools])


def test_goose_ends_when_the_killed_kernel_has_left_a_fork_that_lives_on(kernel: Kernel) -> None:
    child = psutil.Process(int(kernel.run("child = os.fork(); child or time.sleep(1000); print(child)")))
    try:
        kernel.popen.kill()
        all_gone([kernel.supervisor, kernel.goose])
        assert not is_gone(child)
    finally:
        child.kill()


def test_a_fork_of_the_kernel_leaves_goose_alone_when_it_exits(kernel: Kernel) -> None:
    kernel.run("child = os.fork(); child or sys.exit(0); os.waitpid(child, 0)")
    kernel.run("child = os.fork(); child or (local_server().kill(), os._exit(0)); os.waitpid(child, 0)")
    assert kernel.run("print(ensure().url)").strip() == kernel.url
    assert not is_gone(kernel.goose)


def test_an_interrupt_of_the_kernel_leaves_goose_alone(kernel: Kernel) -> None:
    tools = kernel.let_goose_run("sleep 1000", 1)
    kernel.run("import signal; signal.signal(signal.SIGINT, lambda *_: None)")
    os.killpg(kernel.popen.pid, signal.SIGINT)
    assert kernel.run("print(ensure().url)").strip() == kernel.url
    assert not any(map(is_gone, [kernel.supervisor, kernel.goose, *tools]))


def test_goose_ends_with_a_supervisor_that_is_killed_and_is_started_again(kernel: Kernel) -> None:
    tools = kernel.let_goose_run("sleep 1000 & sleep 1000", 2)
    kernel.supervisor.kill()
    kernel.run("gone()")
    all_gone([kernel.goose, *tools])
    assert kernel.run("print(ensure().url)").strip()


def test_the_tools_of_a_goose_that_crashes_end_too(kernel: Kernel) -> None:
    tools = kernel.let_goose_run(TOOLS, 3)
    kernel.goose.kill()
    kernel.run("gone()")
    all_gone([kernel.supervisor, *tools])
    assert kernel.run("print(ensure().url)").strip()


def test_goose_starts_in_a_kernel_whose_debugger_is_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in goose_environment(tmp_path, "http://127.0.0.1:1").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        for command, arguments in (("initialize", {"adapterID": ""}), ("attach", {})):
            content = {"seq": 1, "type": "request", "command": command, "arguments": arguments}
            client.control_channel.send(client.session.msg("debug_request", content))
            assert client.get_control_msg(timeout=20 * PATIENCE)["content"]["success"]
        cell = "from goose_widget.server import LocalServer; await LocalServer().ensure()"
        reply = client.execute_interactive(cell, timeout=30 * PATIENCE, output_hook=lambda _: None)
        assert reply["content"]["status"] == "ok"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
