"""`make lab`: what it gives to the kernels, and what it leaves alone."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import installed, lab

URL = re.compile(r"http://(?P<host>[^:/]+):\d+/\S*\?token=\w+")


def test_environment_has_nothing_of_the_users_goose() -> None:
    base = {"HOME": "/home/a", "GOOSE_SERVER_URL": "http://example.org", "GOOSE_MODE": "auto", "OPENAI_BASE_PATH": "v2"}
    environment = lab.scripted(base, goose="/g/goose", model="http://127.0.0.1:1", folder=Path("/f"))
    assert environment["HOME"] == "/home/a"
    assert environment["GOOSE_BIN"] == "/g/goose"
    assert environment["GOOSE_PATH_ROOT"] == "/f"
    assert not {"GOOSE_SERVER_URL", "GOOSE_MODE", "OPENAI_BASE_PATH"} & environment.keys()


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_environment_keeps_loopback_away_from_a_proxy(name: str) -> None:
    environment = lab.scripted({name: "example.org"}, goose="g", model="m", folder=Path("f"))
    assert environment["NO_PROXY"] == environment["no_proxy"] == "example.org,127.0.0.1,localhost"


@pytest.mark.skipif(installed.goose() is None, reason="goose is not published for this platform")
def test_lab_says_that_its_model_is_scripted_and_serves_on_loopback_with_a_token(tmp_path: Path) -> None:
    with running_lab("--goose=pinned", f"--ServerApp.root_dir={tmp_path}") as said:
        assert "model: SCRIPTED. No language model is behind this goose" in said
        check_url(said)


def test_lab_with_your_own_goose_starts_no_model(tmp_path: Path) -> None:
    with running_lab("--goose=mine", f"--ServerApp.root_dir={tmp_path}") as said:
        assert "SCRIPTED" not in said
        assert "goose: yours" in said
        check_url(said)


def check_url(said: str) -> None:
    found = URL.search(said)
    assert found, said
    assert found["host"] == "127.0.0.1"
    with urllib.request.urlopen(found[0], timeout=30) as answer:
        assert "jupyter-config-data" in answer.read().decode()
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        urllib.request.urlopen(found[0].split("/lab")[0] + "/api/sessions", timeout=30)
    refused.value.close()


@contextlib.contextmanager
def running_lab(*arguments: str) -> Iterator[str]:
    """What `make lab` prints until JupyterLab has said its address; it serves until the end of the block."""
    command = [sys.executable, "-m", "support.lab", *arguments, "--no-browser", "--ServerApp.port=0"]
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
