"""The process between a kernel and its goose: it ends goose, and whatever goose's tools have started, with the kernel.

    python -I -S supervise.py KERNEL_PID COMMAND ARGUMENT…

A program of its own, started by server.py: the standard library only, nothing of the package. Why it exists:

- A kernel that is killed with SIGKILL cleans nothing up. Its end is noticed here twice: standard input ends, and the
  parent changes (a child that user code forked from the kernel holds the other end of the pipe, so the first alone is
  not enough).
- goose ends at once on SIGTERM and leaves behind what its shell tool runs, some of it in other process groups. On Linux
  this process is the subreaper of all that: they become its children, and it ends when it has none left.
- When this process itself is killed, goose goes with it on Linux (PDEATHSIG); the kernel then ends the process group,
  which goose and its tools share with this process.

Standard input: nothing comes; its end says that the kernel is gone. Standard output: goose's exit code in a line,
negative for a signal, as soon as goose has ended and before its tools are ended. Standard error: what goose writes.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable

GRACE = 2.0
"""Seconds between the request to end and SIGKILL."""

LAST_WAIT = 3.0
"""Seconds to wait for processes after SIGKILL; one that hangs in the kernel of the operating system takes longer."""

POLL = 1.0
"""Seconds between two looks at the parent."""

IS_LINUX = sys.platform.startswith("linux")
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def main(arguments: list[str]) -> int:
    kernel, command = int(arguments[0]), arguments[1:]
    if sys.platform == "win32":
        return supervise_windows(command)
    return supervise(kernel, command)


def supervise(kernel: int, command: list[str]) -> int:
    """Runs the command until it or the kernel has ended. Returns the code to exit with."""
    parent = os.getppid()
    prctl = linux_prctl()
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    wake = wake_on_signals()
    goose = start(command, prctl)
    # goose's standard error is its own from here on: the kernel sees its end even while this process ends tools.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    code = None
    while code is None and not stop_requested and not is_kernel_gone(kernel, parent):
        ready, _, _ = select.select([0, wake], [], [], POLL)
        if wake in ready:
            os.read(wake, 4096)
        if 0 in ready and not os.read(0, 4096):
            break
        code, _ = reap(goose)
    if code is not None:
        tell(code)
    return exit_status(end_all(goose, code, wake))


# -- signals ----------------------------------------------------------------------------------------------------

stop_requested = False


def wake_on_signals() -> int:
    """Lets signals end a `select`: returns the descriptor that becomes readable with each of them."""
    readable, writable = os.pipe()
    os.set_blocking(readable, False)
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    # Whoever interrupts the kernel does not mean goose.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, request_stop)
    signal.signal(signal.SIGHUP, request_stop)
    return readable


def request_stop(*_: object) -> None:
    global stop_requested
    stop_requested = True


def linux_prctl() -> Callable[[int, int], object]:
    """The prctl of Linux; elsewhere a function that does nothing."""
    if not IS_LINUX:
        return lambda option, value: None
    import ctypes

    libc = ctypes.CDLL(None)
    return lambda option, value: libc.prctl(option, value, 0, 0, 0)


# -- goose --------------------------------------------------------------------------------------------------------


def start(command: list[str], prctl: Callable[[int, int], object]) -> int:
    """Starts goose in this process group. Returns its process id."""
    me = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        # PDEATHSIG is the end of the thread that forked: the main one here, which lives as long as the process.
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == me:
            execute(command)
    finally:
        os._exit(127)


def execute(command: list[str]) -> None:
    signal.set_wakeup_fd(-1)
    # What is ignored stays ignored in every program that goose starts.
    for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    try:
        os.execv(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]} can't be run: {error}\n".encode(errors="replace"))


def reap(goose: int) -> tuple[int | None, bool]:
    """Collects every child that has ended, those inherited from goose too.

    Returns goose's exit code if it is among them, and whether any child is left.
    """
    code = None
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code, False
        if not child:
            return code, True
        if child == goose:
            code = os.waitstatus_to_exitcode(status)


def tell(code: int) -> None:
    # The kernel may be gone already.
    with contextlib.suppress(OSError):
        os.write(1, b"%d\n" % code)


def exit_status(code: int | None) -> int:
    """What a shell would say of a process that ended with `code`."""
    if code is None:
        return 128 + signal.SIGKILL
    return code if code >= 0 else 128 - code


# -- the end --------------------------------------------------------------------------------------------------------


def is_kernel_gone(kernel: int, parent: int) -> bool:
    """Whether the kernel has ended. `parent`: this process's parent at its start, the kernel or a wrapper of Python."""
    if os.getppid() != parent:
        return True
    try:
        os.kill(kernel, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


def end_all(goose: int, code: int | None, wake: int) -> int | None:
    """Ends goose and everything it has started: SIGTERM, after GRACE seconds SIGKILL. Returns goose's exit code."""
    started = time.monotonic()
    send(signal.SIGTERM)
    while True:
        ended, any_left = reap(goose)
        if ended is not None:
            code = ended
            tell(code)
        elapsed = time.monotonic() - started
        if not any_left or elapsed > GRACE + LAST_WAIT:
            break
        if elapsed > GRACE:
            send(signal.SIGKILL)
        select.select([wake], [], [], 0.05)
        with contextlib.suppress(BlockingIOError):
            os.read(wake, 4096)
    if not IS_LINUX:
        # What goose has left is no child of this process, but of its group; this process is too, so it is the last act.
        os.killpg(0, signal.SIGKILL)
    return code


def send(number: int) -> None:
    """Sends a signal to all below this process."""
    if not IS_LINUX:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, number)
        return
    for process in descendants():
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def descendants() -> list[int]:
    """The process ids of all below this process, from /proc."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 (pathlib takes as long to import as all the rest)
        if name.isdigit() and (parent := parent_of(name)) is not None:
            children.setdefault(parent, []).append(int(name))
    found = list(children.get(os.getpid(), []))
    for process in found:  # grows while it is walked
        found += children.get(process, [])
    return found


def parent_of(process: str) -> int | None:
    try:
        with open(f"/proc/{process}/stat", "rb") as file:  # noqa: PTH123 (as above)
            # The name, in parentheses, may hold anything; after it come the state and the parent.
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError):
        return None


# -- Windows ----------------------------------------------------------------------------------------------------------


def supervise_windows(command: list[str]) -> int:
    import subprocess
    import threading

    goose = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=2)

    def end_with_kernel() -> None:
        while os.read(0, 4096):
            pass
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(goose.pid)], stdout=subprocess.DEVNULL, check=False)

    threading.Thread(target=end_with_kernel, daemon=True).start()
    code = goose.wait()
    tell(code)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
