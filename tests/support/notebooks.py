"""The example notebooks: where they are, what they run in, and how they are saved with their outputs.

cd tests && python -m support.notebooks [NAME …]     runs them and saves their outputs; by default all
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from support import lab
from support.installed import ROOT

FOLDER = ROOT / "notebooks"
HOME = "/home/ada/notebooks"  # what they say in place of the folder they ran in
NAMES = sorted(path.name for path in FOLDER.glob("*.ipynb"))


def copy_to(folder: Path) -> Path:
    """A copy of the notebooks and of what lies beside them: what they write stays in there."""
    return Path(shutil.copytree(FOLDER, folder / "notebooks", ignore=shutil.ignore_patterns(".*", "screenshots")))


def environment(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Of a computer without goose, an account and a network."""
    nowhere = {
        "HTTP_PROXY": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    return lab.without_goose(base) | nowhere | {"GOOSE_WIDGET_DEMO_PACE": "0.1", "NO_COLOR": "1"}


def run(path: Path) -> Any:
    """The notebook at `path`, run in its folder, as it should be saved: without what differs from run to run."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=60,
        store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": path.parent}},
    )
    client.execute(env=environment())
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    return nbformat.reads(nbformat.writes(notebook).replace(str(path.parent), HOME), as_version=4)


def main() -> None:
    for name in sys.argv[1:] or NAMES:
        with tempfile.TemporaryDirectory() as folder:
            nbformat.write(run(copy_to(Path(folder)) / name), FOLDER / name)
        print(f"notebooks/{name}")


if __name__ == "__main__":
    main()
