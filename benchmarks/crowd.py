"""Several chats in one notebook, scrolled in and out of its window: what that leaves behind, and what is drawn anew."""

from __future__ import annotations

import itertools
import json
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .lab import Lab
from .meter import Meter
from .variants import PAGES

CELL: Final = """from goose_widget import GooseChat
chat = GooseChat(server="ws://{feed}/acp")
chat.ask("prose 400 1000000000 50")
chat"""

EMPTY: Final = """import anywidget
class Box(anywidget.AnyWidget):
    _esm = "export default { render: ({ el }) => { el.style.height = '520px'; } }"
box = Box()
box"""

SETTINGS: Final = Path("@jupyterlab", "notebook-extension", "tracker.jupyterlab-settings")

SCROLL: Final = """async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const box = document.querySelector(".jp-WindowedPanel-outer");
  const to = async (end) => {
    while (Math.abs(box.scrollTop - end()) > 2) {
      const before = box.scrollTop;
      box.scrollTop += Math.sign(end() - before) * 400;
      await frame();
      if (box.scrollTop === before) break;
    }
  };
  await to(() => box.scrollHeight - box.clientHeight);
  await to(() => 0);
}"""

CHANGES: Final = (PAGES / "changes.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Crowd:
    """What the rounds left.

    Attributes:
        changes: of the document inside of chats, while they were scrolled.
        growth: of the page's heap (bytes), nodes, listeners and documents in a round, as it usually is: now and then
            JupyterLab makes something for itself.
    """

    changes: int
    growth: dict[str, float]


@contextmanager
def windowed(lab: Lab) -> Iterator[None]:
    """JupyterLab takes cells that are out of sight out of the document, as it does where the user wants it."""
    path = lab.settings / SETTINGS
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"windowingMode": "full"}), encoding="utf-8")
    try:
        yield
    finally:
        path.unlink()


def crowd(lab: Lab, chats: int, rounds: int) -> tuple[Crowd, Crowd]:
    """Scroll through a notebook of so many chats so many times; and through one of widgets that are empty boxes."""
    with windowed(lab):
        return _crowd(lab, [CELL] * chats, rounds), _crowd(lab, [EMPTY] * chats, rounds)


def _crowd(lab: Lab, cells: list[str], rounds: int) -> Crowd:
    with lab.notebook(*cells) as notebook:
        for index in range(len(cells)):
            notebook.run(index)
        meter, page = Meter(notebook.page), notebook.page
        for _ in range(3):  # what JupyterLab makes once
            page.evaluate(SCROLL)
        page.evaluate(CHANGES)
        heaps = [meter.heap()]
        for _ in range(rounds):
            page.evaluate(SCROLL)
            heaps.append(meter.heap())
        grown = {
            name: statistics.median(after[name] - before[name] for before, after in itertools.pairwise(heaps))
            for name in heaps[0]
        }
        return Crowd(page.evaluate("changes"), grown)
