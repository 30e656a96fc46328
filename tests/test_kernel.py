"""In real kernels: the goose of a kernel is gone when the kernel is, however it went; and code drives a chat there."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

from support.goose import PATIENCE, goose_settings
from support.model import ScriptedModel
from support.poll import until

START = "from goose_widget import GooseChat\nchat = GooseChat()\nprint(chat.ask('say: hi'))"


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Of a kernel whose GooseChat() starts the real goose with the scripted model."""
    with ScriptedModel() as model:
        yield {**os.environ, **goose_settings(tmp_path / "goose", model.url), "IPYTHONDIR": str(tmp_path / "ipython")}


class Kernel:
    """A kernel, run without a notebook."""

    def __init__(self, name: str, environment: dict[str, str], cwd: Path) -> None:
        self.manager = KernelManager(kernel_name=name)
        self.manager.start_kernel(env=environment, cwd=str(cwd))
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60 * PATIENCE)

    @property
    def pid(self) -> int:
        return int(self.manager.provisioner.process.pid)  # type: ignore[union-attr]

    def run(self, code: str) -> str:
        """What `code` prints."""
        printed: list[str] = []

        def hook(message: dict[str, Any]) -> None:
            content = message["content"]
            printed.append("\n".join(content.get("traceback", [])) or content.get("text", ""))

        self.client.execute_interactive(code, timeout=60 * PATIENCE, output_hook=hook)
        return "".join(printed)

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.pid).children(recursive=True)

    def shutdown(self) -> None:
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


@pytest.fixture(params=["python3", "python3-ipykernel6"])
def kernel(request: pytest.FixtureRequest, environment: dict[str, str], tmp_path: Path) -> Iterator[Kernel]:
    kernel = Kernel(request.param, environment, tmp_path)
    yield kernel
    kernel.shutdown()


def begin(kernel: Kernel, tmp_path: Path) -> list[psutil.Process]:
    """A chat with a turn that runs a command; the processes that must be gone at the end."""
    assert kernel.run(START) == "hi\n"
    assert (
        kernel.run("import asyncio; turn = asyncio.ensure_future(chat.ask_async('shell: touch here; sleep 1000'))")
        == ""
    )
    # The shell has made the file before it becomes, or begins, the command that stays.
    until(lambda: any("1000" in command(process) for process in kernel.descendants()), 20)
    assert (tmp_path / "here").exists()
    processes = kernel.descendants()
    assert any("serve" in command(process) for process in processes)
    return processes


def command(process: psutil.Process) -> list[str]:
    """What a process was called with; nothing for one that has ended just now, as the first of a shell's do."""
    try:
        return process.cmdline()
    except (psutil.ZombieProcess, psutil.NoSuchProcess):
        return []


def all_gone(processes: list[psutil.Process]) -> bool:
    return not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes if psutil.pid_exists(p.pid))


def test_goose_goes_with_a_kernel_that_is_shut_down(kernel: Kernel, tmp_path: Path) -> None:
    processes = begin(kernel, tmp_path)
    kernel.manager.shutdown_kernel()
    until(lambda: all_gone(processes), 10, why=str(processes))


def test_goose_goes_with_a_kernel_that_is_restarted(kernel: Kernel, tmp_path: Path) -> None:
    processes = begin(kernel, tmp_path)
    kernel.manager.restart_kernel()
    until(lambda: all_gone(processes), 10, why=str(processes))
    kernel.client.wait_for_ready(timeout=60 * PATIENCE)
    assert kernel.run(START) == "hi\n"


def test_goose_goes_with_a_kernel_that_is_killed(kernel: Kernel, tmp_path: Path) -> None:
    processes = begin(kernel, tmp_path)
    os.kill(kernel.pid, signal.SIGKILL)
    until(lambda: all_gone(processes), 10, why=str(processes))


def test_one_goose_serves_all_chats_of_a_kernel(kernel: Kernel) -> None:
    kernel.run(START)
    assert kernel.run("print(GooseChat().ask('say: second'))") == "second\n"
    serving = [p for p in kernel.descendants() if p.exe().endswith("goose")]
    assert len(serving) == 1


def test_interrupting_a_cell_stops_the_turn_and_not_goose(kernel: Kernel) -> None:
    kernel.run(START)
    before = {p.pid for p in kernel.descendants()}
    # Else a kernel drops what is asked of it right after the error.
    message = kernel.client.execute("chat.ask('slow: 10000 10')", stop_on_error=False)
    until(lambda: any(p.exe().endswith("goose") for p in kernel.descendants()))
    while kernel.client.get_iopub_msg(timeout=20 * PATIENCE)["msg_type"] != "comm_msg":
        pass  # the reply streams
    kernel.manager.interrupt_kernel()
    while (reply := kernel.client.get_shell_msg(timeout=20 * PATIENCE))["parent_header"].get("msg_id") != message:
        pass
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    assert kernel.run("print(chat.ask('say: still here'))") == "still here\n"
    assert {p.pid for p in kernel.descendants()} == before


def test_what_streams_is_no_answer_to_the_cell_that_ran_last(kernel: Kernel) -> None:
    kernel.run(START)
    message = kernel.client.execute("chat.ask('say: streamed')")
    custom, is_over = [], False
    while not is_over:
        sent = kernel.client.get_iopub_msg(timeout=20 * PATIENCE)
        content, of_cell = sent["content"], sent["parent_header"].get("msg_id") == message
        if sent["msg_type"] == "comm_msg" and content["data"]["method"] == "custom":
            custom.append(sent)
        is_over = of_cell and content.get("execution_state") == "idle"
    assert "streamed" in str([sent["content"] for sent in custom])
    assert [sent["parent_header"] for sent in custom] == [{}] * len(custom)


def test_cells_drive_a_chat_under_nbclient(environment: dict[str, str], tmp_path: Path) -> None:
    """No page, no session name: what CI runs."""
    sources = [
        "from goose_widget import GooseChat, errors\nchat = GooseChat(mode='approve')\nchat",
        "(await chat.ask_async('say: *hi*'))",
        "events = [event async for event in chat.stream('say: hi')]\ntype(events[-1]).__name__",
        "chat.ask('shell: touch yes', on_permission='allow').tools[0]['status']",
        "chat.close()\nquiet = GooseChat(chat.session_id)  # not displayed",
        "try:\n    quiet.ask('shell: touch no')\nexcept errors.PermissionUnanswered as e:\n    print(e.title[:26])",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        NotebookClient(
            notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
        ).execute()
    finally:
        os.environ.clear()
        os.environ.update(before)
    shown = [
        output.get("text") or output["data"].get("text/markdown") or output["data"]["text/plain"]
        for cell in notebook.cells
        for output in cell.outputs
    ]
    chat, saved, *others = shown
    assert chat == "GooseChat"
    assert "✓ shell · touch yes" in saved
    assert others == ["*hi*", "'TurnEnded'", "'completed'", "goose asked for permission\n"]
    assert (tmp_path / "yes").exists()
    assert not (tmp_path / "no").exists()
