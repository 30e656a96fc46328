"""Real kernels with a real goose of their own: killed, they leave everything that was shown, and no process."""

from __future__ import annotations

import json
import os
import signal
import uuid
from pathlib import Path

import psutil
import pytest
from jupyter_client.manager import KernelManager

from goose_widget import GooseChat
from support.goose import PATIENCE, goose_environment, goose_serve, goose_settings
from support.model import ScriptedModel
from support.poll import until

from .kills import TESTS, left_behind, told
from .property import is_beginning, outline, turns_of
from .run import experiment, items_of

PROMPTS = ("steps: echo one | sleep 0.2; echo two", "slow: 100 10")

RUN = "import json\nfrom faults.victim import converse\nconverse(json.loads({job!r}))"


def with_mark(mark: str) -> list[psutil.Process]:
    """The processes that run with this in their environment, or have it from their parents."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and mark in process.environ().values():
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.parametrize("messages", [1, 8, 20])
def test_a_kernel_that_is_killed_in_a_conversation(messages: int, tmp_path: Path) -> None:
    """`messages` that show something of the conversation are what it is killed after; before, there may be no file."""
    mark, report, store = uuid.uuid4().hex, tmp_path / "report", tmp_path / "sessions"
    with ScriptedModel() as model:
        environment = {
            **os.environ,
            **goose_settings(tmp_path / "goose", model.url),
            "IPYTHONDIR": str(tmp_path / "ipython"),
            "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)]),
            "FAULTS_MARK": mark,
        }
        job = {"report": str(report), "store": str(store), "cwd": str(tmp_path), "prompts": PROMPTS}
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel(env=environment, cwd=str(tmp_path))
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60 * PATIENCE)
            client.execute(RUN.format(job=json.dumps(job)))
            until(lambda: sum(bool(each.get("shown", {}).get("changes")) for each in told(report)) >= messages, 30)
            assert len(with_mark(mark)) >= 2
            os.kill(manager.provisioner.process.pid, signal.SIGKILL)  # type: ignore[union-attr]
            until(lambda: not with_mark(mark), 20, why=f"still there: {with_mark(mark)}")
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            manager.cleanup_resources()

        shown = [each["shown"] for each in told(report) if "shown" in each]
        findings, file = left_behind(store, shown)
        assert findings == []
        assert file is not None
        before = turns_of(items_of(store, file.header.session_id))
        with experiment(), goose_serve(goose_environment(tmp_path / "goose", model.url)) as goose:
            chat = GooseChat(file.header.session_id, server=goose.url, token=goose.key, store=store, cwd=tmp_path)
            try:
                assert chat.ask("say: still here", timeout=60).text
                after = turns_of(items_of(store, str(chat.session_id)))
            finally:
                chat.close()
        assert len(after) == len(before) + 1
        for one, other in zip(before, after, strict=False):
            assert is_beginning(outline(one), outline(other))
