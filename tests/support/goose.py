"""The real goose for tests: its binary, settings that keep the user's own goose out of it, a server to attach to.

Like this:

    with ScriptedModel() as model:
        settings = goose_settings(tmp_path, model.url)          # for monkeypatch.setenv, or a kernel's environment
        with goose_serve(goose_environment(tmp_path, model.url)) as goose:
            goose.url, goose.key                                # ws://127.0.0.1:PORT/acp and the key for it
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support import installed

# Every time-out of the tests is multiplied by this: slow machines set TEST_PATIENCE=3.
PATIENCE = float(os.environ.get("TEST_PATIENCE", "1"))


def goose_binary() -> str:
    """Path of the goose to test with: GOOSE_TEST_BIN, else the one that npm puts into tests/goose.

    Raises:
        FileNotFoundError: with the command to run; a test must not be skipped because goose is missing.
    """
    path = installed.goose()
    if path is None or not os.access(path, os.X_OK):
        raise FileNotFoundError(
            f"No goose at {path or 'tests/goose/node_modules'}. "
            "Run `npm ci --prefix tests/goose` in the repository, or set GOOSE_TEST_BIN to the path of one."
        )
    return path


def goose_settings(root: Path, model_url: str, *, mode: str = "auto", **more: str) -> dict[str, str]:
    """The environment variables that make the `goose` of this process's children the one under test.

    Args:
        root: folder for its configuration, sessions and logs; made if it does not exist. Two servers with the same
            `root` share their sessions.
        model_url: the `url` of a ScriptedModel.
        mode: auto, approve, smart_approve or chat.
        more: further variables.
    """
    root.mkdir(parents=True, exist_ok=True)
    return {
        "GOOSE_BIN": goose_binary(),
        "GOOSE_PATH_ROOT": str(root),
        "GOOSE_PROVIDER": "openai",
        "GOOSE_MODEL": "scripted",
        "OPENAI_HOST": model_url,
        "OPENAI_API_KEY": "x",
        "GOOSE_MODE": mode,
        "GOOSE_DISABLE_KEYRING": "1",
        "GOOSE_TELEMETRY_ENABLED": "false",
        # Where a proxy is set, the model on loopback is not behind it.
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        # A failing model is asked again at once, not after 6 seconds of waiting.
        "GOOSE_PROVIDER_SKIP_BACKOFF": "true",
        **more,
    }


def goose_environment(root: Path, model_url: str, *, mode: str = "auto", **more: str) -> dict[str, str]:
    """A whole environment for a process: `goose_settings` and only what any program needs besides.

    HOME is an empty folder in `root`, so no hints, shell profiles or skills of the user's get in.
    """
    home = root / "home"
    home.mkdir(parents=True, exist_ok=True)
    wanted = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH")
    inherited = {name: os.environ[name] for name in wanted if name in os.environ}
    return {**inherited, "HOME": str(home), **goose_settings(root, model_url, mode=mode, **more)}


@dataclass(frozen=True)
class GooseServe:
    """A `goose serve` that the package did not start."""

    url: str
    port: int
    key: str = field(repr=False)
    log: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    def kill(self) -> None:
        """Ends it as a crash would; what its tools started too, as those stay in its process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10 * PATIENCE)


@contextlib.contextmanager
def goose_serve(
    environment: Mapping[str, str], *, port: int | None = None, key: str | None = None, cwd: Path | None = None
) -> Iterator[GooseServe]:
    """Runs `goose serve` on loopback and yields it when it is ready.

    Args:
        environment: of `goose_environment`.
        port: to listen on, for a server that comes back where another one was; else a free one.
        key: its secret key; else a random one.
        cwd: its working folder; else `environment["HOME"]`.
    """
    port = port or free_port()
    key = key or secrets.token_urlsafe(16)
    home = Path(environment["HOME"])
    log = home / f"goose-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [goose_binary(), "serve", "--host", "127.0.0.1", "--port", str(port)],
            env={**environment, "GOOSE_SERVER__SECRET_KEY": key},
            cwd=cwd or home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    goose = GooseServe(url=f"ws://127.0.0.1:{port}/acp", port=port, key=key, log=log, process=process)
    try:
        wait_until_ready(goose)
        yield goose
    finally:
        goose.kill()


def wait_until_ready(goose: GooseServe) -> None:
    deadline = time.monotonic() + 20 * PATIENCE
    while time.monotonic() < deadline:
        if goose.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{goose.port}/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise RuntimeError(f"goose serve did not start:\n{goose.log.read_text(errors='replace')}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
