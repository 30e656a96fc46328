"""What `make lab` runs: JupyterLab on the quickstart notebook, which needs no goose, as the demo answers it.

A `GooseChat()` finds the goose that you have. With `--goose pinned` it finds the tests' goose with a scripted model
(model.py): the agent, its tools, permissions and sessions are real, the model is not, and this says so. It keeps to a
folder of its own and leaves your goose alone.

    cd tests && python -m support.lab [--goose mine|pinned] [arguments for JupyterLab]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from goose_widget import errors
from goose_widget.server import find_goose
from support import installed
from support.goose import goose_settings
from support.model import ScriptedModel

NOTEBOOK = "notebooks/quickstart.ipynb"

PINNED = """
  GooseChat() is {goose}
  model: SCRIPTED. No language model is behind this goose; it plays back fixed replies. tests/support/model.py lists
         what to write to it.
  Ctrl-C, twice, stops it all.
"""
MINE = """
  GooseChat(server="demo"), as in the notebooks, needs no goose, no account and no network.
  GooseChat() is your own goose, with your configuration: {goose}
  Ctrl-C, twice, stops it all.
"""


def main() -> int:
    parser = argparse.ArgumentParser(description="Open JupyterLab on the quickstart notebook.")
    parser.add_argument("--goose", choices=["pinned", "mine"], default="mine")
    chosen, arguments = parser.parse_known_args()
    with contextlib.ExitStack() as stack:
        if chosen.goose == "mine":
            environment = dict(os.environ)
            print(MINE.format(goose=mine(environment)), flush=True)
        else:
            goose = installed.goose()
            if goose is None:
                sys.exit("There is no pinned goose for this platform. Install goose, then: make lab GOOSE=mine")
            model = stack.enter_context(ScriptedModel())
            environment = scripted(os.environ, model=model.url, folder=installed.VENV / "lab")
            print(PINNED.format(goose=goose), flush=True)
        return run([*jupyter(), *arguments], environment)


def mine(environment: Mapping[str, str]) -> str:
    """What GooseChat() will find."""
    if server := environment.get("GOOSE_SERVER_URL"):
        return server
    try:
        return find_goose(environment)
    except errors.GooseNotFound:
        return "none found here; the chat says how to get it"


def without_goose(base: Mapping[str, str]) -> dict[str, str]:
    """`base` for kernels that find no goose at all, whatever is installed here."""
    environment = {name: value for name, value in base.items() if not name.startswith("GOOSE_")}
    folders = [each for each in environment["PATH"].split(os.pathsep) if not shutil.which("goose", path=each)]
    return environment | {"PATH": os.pathsep.join(folders)}


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
