"""The example notebooks run from top to bottom, on both generations of kernels, and print what they show."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support import lab
from support.goose import PATIENCE
from support.installed import ROOT
from support.model import ScriptedModel

NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.timeout(300 * PATIENCE)
@pytest.mark.parametrize("kernel", ["python3", "python3-ipykernel6"])
@pytest.mark.parametrize("name", NOTEBOOKS or ["quickstart.ipynb"])
def test_notebook_prints_what_it_shows(name: str, kernel: str, tmp_path: Path) -> None:
    """nbval runs it in the environment of `make lab` and compares its outputs with the saved ones."""
    shutil.copy(ROOT / "notebooks" / name, tmp_path)
    with ScriptedModel() as model:
        environment = lab.scripted(os.environ, model=model.url, folder=tmp_path / "lab")
        command = [sys.executable, "-m", "pytest", "-c", os.devnull, "-p", "no:cacheprovider", "--nbval", name]
        done = subprocess.run(
            [*command, f"--nbval-kernel-name={kernel}", "--nbval-cell-timeout=60"],
            cwd=tmp_path,
            env={**environment, "NO_COLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    if done.returncode != 0:
        pytest.fail(done.stdout, pytrace=False)
