"""`make lab`: what it gives to the kernels, and what it leaves alone."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import installed, lab
from support.goose import PATIENCE, free_port

URL = re.compile(r"http://(?P<host>[^:/]+):\d+/\S*\?token=\w+")


def test_environment_has_nothing_of_the_users_goose(tmp_path: Path) -> None:
    base = {"HOME": "/home/a", "GOOSE_SERVER_URL": "http://example.org", "GOOSE_MODE": "auto", "OPENAI_BASE_PATH": "v2"}
    environment = lab.scripted(base, model="http://127.0.0.1:1", folder=tmp_path)
    assert environment["HOME"] == "/home/a"
    assert environment["OPENAI_HOST"] == "http://127.0.0.1:1"
    assert environment["GOOSE_PATH_ROOT"].startswith(str(tmp_path))
    assert environment["GOOSE_MODE"] == "approve"
    assert not {"GOOSE_SERVER_URL", "OPENAI_BASE_PATH"} & environment.keys()


@pytest.mark.skipif(installed.goose() is None, reason="goose is not published for this platform")
def test_lab_says_that_its_model_is_scripted_and_serves_on_loopback_with_a_token() -> None:
    with running_lab("--goose=pinned") as said:
        assert "model: SCRIPTED. No language model is behind this goose" in said
        check_url(said)


def test_lab_with_your_own_goose_starts_no_model() -> None:
    with running_lab() as said:
        assert "SCRIPTED" not in said
        assert "GooseChat() is your own goose" in said
        check_url(said)


def test_lab_says_which_goose_is_yours(tmp_path: Path) -> None:
    goose = tmp_path / "goose"
    goose.write_text("#!/bin/sh\n")
    goose.chmod(0o700)
    assert lab.mine({"PATH": str(tmp_path)}) == str(goose)
    assert lab.mine({"GOOSE_SERVER_URL": "http://h"}) == "http://h"
    assert "none found" in lab.mine(lab.without_goose({"PATH": f"{tmp_path}:/bin", "GOOSE_BIN": str(goose)}))


def check_url(said: str) -> None:
    found = URL.search(said)
    assert found, said
    assert found["host"] in ("localhost", "127.0.0.1")
    assert "jupyter-config-data" in page(found[0])
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        urllib.request.urlopen(found[0].split("/lab")[0] + "/api/sessions", timeout=30)
    refused.value.close()


def page(url: str) -> str:
    """What is at `url`; JupyterLab tells its address a moment before it listens there."""
    deadline = time.monotonic() + 20 * PATIENCE
    while True:
        try:
            with urllib.request.urlopen(url, timeout=20 * PATIENCE) as answer:
                return str(answer.read().decode())
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@contextlib.contextmanager
def running_lab(*arguments: str) -> Iterator[str]:
    """What `make lab` prints until JupyterLab has said its address; it serves until the end of the block."""
    command = [sys.executable, "-m", "support.lab", *arguments, "--no-browser", f"--ServerApp.port={free_port()}"]
    with subprocess.Popen(
        command,
        cwd=installed.ROOT / "tests",
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        try:
            said = ""
            for line in process.stdout:
                said += line
                if URL.search(line):
                    break
            yield said
        finally:
            process.terminate()
            process.stdout.read()
