"""What `make lab` runs: JupyterLab on the quickstart notebook, with a goose that works without an account.

By default that is the pinned goose with a scripted model (model.py): the agent, its tools, its permissions and its
sessions are real, the model is not, and this says so. It keeps to a folder of its own and leaves your goose alone.

    cd tests && python -m support.lab [--goose pinned|mine] [arguments for JupyterLab]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from support import installed
from support.model import ScriptedModel

NOTEBOOK = "notebooks/quickstart.ipynb"

PINNED = """
  goose: {goose}
  model: SCRIPTED. No language model is behind this goose; it plays back fixed replies, so you can try everything
         without an account and offline. The notebook lists what to write to it.
         With your own goose and model: make lab GOOSE=mine
  Ctrl-C, twice, stops it all.
"""
MINE = """
  goose: yours, with your configuration (GOOSE_SERVER_URL, GOOSE_BIN, or `goose` on the PATH)
  Ctrl-C, twice, stops it all.
"""


def main() -> int:
    parser = argparse.ArgumentParser(description="Open JupyterLab on the quickstart notebook.")
    parser.add_argument("--goose", choices=["pinned", "mine"], default="pinned")
    chosen, arguments = parser.parse_known_args()
    with contextlib.ExitStack() as stack:
        if chosen.goose == "mine":
            environment = dict(os.environ)
            print(MINE, flush=True)
        else:
            goose = installed.goose()
            if goose is None:
                sys.exit("There is no pinned goose for this platform. Install goose, then: make lab GOOSE=mine")
            model = stack.enter_context(ScriptedModel())
            environment = scripted(os.environ, goose=goose, model=model.url, folder=installed.VENV / "lab")
            print(PINNED.format(goose=goose), flush=True)
        return run([*jupyter(), *arguments], environment)


def scripted(base: Mapping[str, str], *, goose: str, model: str, folder: Path) -> dict[str, str]:
    """`base` for kernels whose GooseChat() is to start `goose` with the model at `model`, its files in `folder`."""
    environment = {name: value for name, value in base.items() if not name.startswith(("GOOSE_", "OPENAI_"))}
    loopback = ",".join(filter(None, [base.get("NO_PROXY") or base.get("no_proxy"), "127.0.0.1,localhost"]))
    return environment | {
        "GOOSE_BIN": goose,
        "GOOSE_PATH_ROOT": str(folder),
        "GOOSE_PROVIDER": "openai",
        "GOOSE_MODEL": "scripted",
        "OPENAI_HOST": model,
        "OPENAI_API_KEY": "no-key-needed",
        "GOOSE_DISABLE_KEYRING": "1",
        "GOOSE_TELEMETRY_ENABLED": "false",
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "NO_PROXY": loopback,
        "no_proxy": loopback,
    }


def jupyter() -> list[str]:
    """JupyterLab as it is safe by default: on loopback only, with its token. It prints its address and little else."""
    command = [sys.executable, "-m", "jupyterlab", f"--LabApp.default_url=/lab/tree/{NOTEBOOK}"]
    command += [f"--ServerApp.root_dir={installed.ROOT}", "--ServerApp.ip=127.0.0.1", "--ServerApp.log_level=WARN"]
    # In a container everyone is root; Jupyter then wants to be told that this is meant.
    return [*command, "--allow-root"] if os.geteuid() == 0 else command


def run(command: list[str], environment: Mapping[str, str]) -> int:
    with subprocess.Popen(command, env=environment, cwd=installed.ROOT) as process:
        # Ctrl-C is JupyterLab's: it asks before it stops. The model has to outlive it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        return process.wait()


if __name__ == "__main__":
    sys.exit(main())
