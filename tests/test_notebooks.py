"""The example notebooks, on a computer without goose: they run from top to bottom and print what they show."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from support import notebooks
from support.goose import PATIENCE

NBVAL = ("pytest", "-c", os.devnull, "-p", "no:cacheprovider", "--nbval", "--nbval-cell-timeout=60")


def run(*command: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the notebooks' environment."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd,
        env={**notebooks.environment(), **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(*command: str, cwd: Path, **more: str) -> None:
    """Run a command, and fail with what it printed if it fails."""
    done = run(*command, cwd=cwd, **more)
    if done.returncode != 0:
        pytest.fail(done.stdout, pytrace=False)


@pytest.mark.timeout(300 * PATIENCE)
@pytest.mark.parametrize(
    ("name", "kernel"), [*((name, "python3") for name in notebooks.NAMES), ("quickstart.ipynb", "python3-ipykernel6")]
)
def test_notebook_prints_what_it_shows(name: str, kernel: str, tmp_path: Path) -> None:
    """nbval runs it and compares its outputs with the saved ones."""
    folder = notebooks.copy_to(tmp_path)
    finish(*NBVAL, f"--nbval-kernel-name={kernel}", name, cwd=folder)


@pytest.mark.timeout(300 * PATIENCE)
def test_nbconvert_runs_them_all_and_shows_their_conversations(tmp_path: Path) -> None:
    folder = notebooks.copy_to(tmp_path)
    finish("nbconvert", "--execute", "--to=html", "--output-dir=html", *notebooks.NAMES, cwd=folder)
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (folder / "html").iterdir()}
    conversations = {name: page.partition('<div class="goose-static">')[2] for name, page in pages.items()}
    assert "Invented numbers, but a real table" in conversations["quickstart"]
    assert "My name is Ada." in conversations["resume"]
    assert "Drew a chart of 12 months." in conversations["tour"]
    assert "Revenue grows through the year" in conversations["replay"]


@pytest.mark.timeout(300 * PATIENCE)
def test_a_notebook_that_names_no_recording_is_replayed_by_the_environment(tmp_path: Path) -> None:
    """What the README's workflow does: the notebook is as it was recorded, and CI finds a prompt that was changed."""
    folder = notebooks.copy_to(tmp_path)
    cells = ["from goose_widget import GooseChat\nchat = GooseChat()\nchat", "chat.ask('What is in sales.csv?')"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, folder / "mine.ipynb")
    replay = {"GOOSE_WIDGET_REPLAY": "recording.jsonl"}
    finish("nbconvert", "--execute", "--to=notebook", "--inplace", "mine.ipynb", cwd=folder, **replay)
    saved = (folder / "mine.ipynb").read_text(encoding="utf-8")
    assert "holds **96 sales** of one year" in saved
    finish(*NBVAL, "mine.ipynb", cwd=folder, **replay)
    (folder / "mine.ipynb").write_text(
        saved.replace("What is in sales.csv?'", "What is in costs.csv?'"), encoding="utf-8"
    )
    changed = run(*NBVAL, "mine.ipynb", cwd=folder, **replay)
    assert changed.returncode == 1
    assert "'What is in sales.csv?', sent was 'What is in costs.csv?'" in changed.stdout


def code_cells(name: str) -> Iterator[dict[str, Any]]:
    notebook = json.loads((notebooks.FOLDER / name).read_text(encoding="utf-8"))
    assert "widgets" not in notebook["metadata"], "the widgets' state is large, and of no use without a kernel"
    yield from (cell for cell in notebook["cells"] if cell["cell_type"] == "code")


@pytest.mark.parametrize("name", notebooks.NAMES)
def test_a_notebook_is_saved_with_its_outputs_and_says_why_one_is_not_compared(name: str) -> None:
    cells = list(code_cells(name))
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        assert not any(output["output_type"] == "error" for output in cell["outputs"])
        if cell["metadata"].get("tags"):
            assert cell["metadata"]["tags"] == ["nbval-ignore-output"]
            assert cell["metadata"]["reason"]
    compared = [cell for cell in cells if cell["outputs"] and not cell["metadata"].get("tags")]
    assert len(compared) >= len(cells) / 2


@pytest.mark.parametrize("name", notebooks.NAMES)
def test_a_saved_chat_is_readable_where_no_widget_runs(name: str) -> None:
    outputs = [output for cell in code_cells(name) for output in cell["outputs"] if "data" in output]
    shown = [output for output in outputs if "application/vnd.jupyter.widget-view+json" in output["data"]]
    static = ["".join(output["data"].get("text/html", "")) for output in outputs]
    static = [text for text in static if "goose-static" in text]
    assert len(shown) == len(static) >= 1
    assert all("<strong>You:</strong>" in text for text in static)
