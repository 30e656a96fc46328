from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo.test_server import upgraded
from goose_widget.demo import DemoServer
from support.goose import PATIENCE
from support.installed import ROOT

KEY = "a-key-of-the-test"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "goose_widget.demo", *arguments]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


@contextmanager
def running(folder: Path, *arguments: str, **more: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """The process, what it printed, and its address."""
    process = subprocess.Popen(
        command(*arguments),
        cwd=folder,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = ""
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, process.communicate()
            said += line
        address = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert address is not None, said
        yield process, said, address[0]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_until_it_is_told_to_end(tmp_path: Path, number: int) -> None:
    with running(tmp_path, "--port", "0") as (process, said, address):
        assert "a script, no model" in said
        assert f'GooseChat(server="{address}")' in said
        assert f'GooseChat(server="{address.replace("http", "ws")}/acp")' in said
        with urllib.request.urlopen(f"{address}/health", timeout=10 * PATIENCE) as answer:
            assert answer.read() == b"ok"
        with urllib.request.urlopen(f"{address}/", timeout=10 * PATIENCE):
            pass
        assert len(list((tmp_path / ".goose" / "demo").glob("*.json"))) == 1
        process.send_signal(number)
        assert process.wait(10 * PATIENCE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


async def test_the_key_comes_from_the_environment_and_is_not_printed(tmp_path: Path) -> None:
    keys = {"GOOSE_SERVER__SECRET_KEY": KEY, "GOOSE_WEB_AUTH_TOKEN": "a-token-of-the-test"}
    with running(tmp_path, "--port", "0", "--folder", "here", **keys) as (_, said, address):
        assert KEY not in said
        assert "a-token-of-the-test" not in said
        assert "GOOSE_SERVER__SECRET_KEY" in said
        url = f"{address.replace('http', 'ws')}/acp"
        assert await upgraded(url) == 401
        assert await upgraded(url, **{"X-Secret-Key": KEY}) == 101
        assert await upgraded(url.replace("/acp", "/ws")) == 401
        assert await upgraded(url.replace("/acp", "/ws"), Authorization="Bearer a-token-of-the-test") == 101


async def test_a_taken_port_is_said(tmp_path: Path, server: DemoServer) -> None:
    run = subprocess.run(  # noqa: ASYNC221
        command("--port", str(server.port)), cwd=tmp_path, env=environment(), capture_output=True, text=True
    )
    assert run.returncode == 1
    assert f"can't listen on port {server.port}" in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert run.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--port"),
        (["--port", "x"], "a port is a number from 0 to 65535, not 'x'"),
        (["--port", "65536"], "a port is a number"),
        (["--port", "-1"], "a port is a number"),
        (["--port", "0", "--pace", "-1"], "a pace is a number from 0 to 1000"),
        (["--port", "0", "--pace", "nan"], "a pace is a number from 0 to 1000"),
        (["--port", "0", "--key", "x"], "unrecognized arguments"),
    ],
)
def test_what_can_t_be_is_refused(tmp_path: Path, arguments: list[str], said: str) -> None:
    run = subprocess.run(command(*arguments), cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert run.returncode == 2
    assert said in run.stderr
