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
from support.goose import goose_settings
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
            environment = scripted(os.environ, model=model.url, folder=installed.VENV / "lab")
            print(PINNED.format(goose=goose), flush=True)
        return run([*jupyter(), *arguments], environment)


def scripted(base: Mapping[str, str], *, model: str, folder: Path) -> dict[str, str]:
    """`base` for kernels whose GooseChat() starts the pinned goose with the model at `model`, its files in `folder`."""
    environment = {name: value for name, value in base.items() if not name.startswith(("GOOSE_", "OPENAI_"))}
    # It asks before it runs a command: that is what a demo should show, and what nobody has to be afraid of.
    environment |= goose_settings(folder / "goose", model, mode="approve")
    return environment | {"JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces")}


def jupyter() -> list[str]:
    """JupyterLab as it is safe by default: on loopback only, with its token. It prints its address and little else."""
    command = [sys.executable, "-m", "jupyterlab", f"--LabApp.default_url=/lab/tree/{NOTEBOOK}"]
    command.append("--ServerApp.log_level=WARN")
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
