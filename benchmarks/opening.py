"""How soon a chat is there, also one with a long past, and what it then costs to read that."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Page

from browser.chat import ChatView
from goose_widget.store import Store
from support.jupyter import Notebook

from . import resume
from .lab import Lab
from .meter import Meter
from .variants import PAGES

NEW: Final = """from goose_widget import GooseChat
chat = GooseChat(server="ws://{feed}/acp")
chat"""

LONG: Final = """from goose_widget import GooseChat
chat = GooseChat("{id}", server="ws://{feed}/acp", store="long")
chat"""

PER_TURN: Final = 3
"""Items: a prompt, a tool and a reply."""

TO_TOP: Final = """(log, first) => {
  log.scrollTop = 0;
  log.querySelector(".goose-earlier:not([hidden])")?.click();
  return log.querySelector("[data-kind=user]")?.textContent.includes(first);
}"""

SPEED: Final = 3000
"""Pixels in a second: a quick hand at the wheel."""

OPENING: Final = (PAGES / "opening.js").read_text(encoding="utf-8")
FRAMES: Final = (PAGES / "frames.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Opened:
    """Seconds from Ctrl+Enter to the first frame with a chat, and to one with its newest text and a ready composer."""

    shown: float
    usable: float


@dataclass(frozen=True)
class Long:
    """A chat with a long past.

    Attributes:
        first: opened in a kernel that had to import the package.
        again: in one that has.
        fps: frames in a second while it is scrolled.
        worst: seconds of the longest of them.
        newest: bytes that it adds to the page's heap.
        whole: bytes when all of it was read.
        reading: seconds that it took to get to its beginning; None: it was given up.
    """

    first: Opened
    again: list[Opened]
    fps: float
    worst: float
    newest: float
    whole: float
    reading: float | None


def opening(notebook: Notebook, wanted: str = "") -> Opened:
    """Run the first cell, and wait for its chat with the text `wanted` in it."""
    notebook.page.evaluate(OPENING, wanted)
    notebook.start(0)
    at = notebook.page.evaluate("() => opened")
    return Opened(at["shown"] / 1000, at["usable"] / 1000)


def new(lab: Lab, rounds: int) -> tuple[list[Opened], list[Opened]]:
    """New chats in kernels that have not imported the package, and in the same ones again."""
    first, again = [], []
    for _ in range(rounds):
        with lab.notebook(NEW) as notebook:
            lab.machine.settle()
            first.append(opening(notebook))
            again.append(opening(notebook))
    return first, again


def long(lab: Lab, items: int, rounds: int, patience: float) -> Long:
    """A session of so many items, opened, scrolled and read to its beginning, for `patience` seconds at most."""
    turns = items // PER_TURN
    newest = f"column {turns - 1}?"
    with lab.notebook(LONG.replace("{id}", resume.SESSION)) as notebook:
        resume.write(Store(notebook.folder / "long"), 2 * turns)
        lab.feed.histories[resume.SESSION] = [resume.said(number) for number in range(turns - 15, turns)]
        meter = Meter(notebook.page)
        before = meter.heap()["JSHeapUsedSize"]
        first = opening(notebook, newest)
        added = meter.heap()["JSHeapUsedSize"] - before
        again = [opening(notebook, newest) for _ in range(rounds)]
        chat = ChatView(notebook.output(0))
        gaps = scroll(meter, chat)
        reading = read_all(notebook.page, chat, "column 0?", patience)
        whole = meter.heap()["JSHeapUsedSize"] - before
        return Long(first, again, len(gaps) / sum(gaps), max(gaps), added, whole, reading)


def scroll(meter: Meter, chat: ChatView) -> list[float]:
    """Scroll up and down again. Returns the seconds between the frames."""
    box = chat.log.bounding_box()
    assert box is not None
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    meter.page.evaluate(FRAMES)
    for way in (1, -1):
        gesture = {**place, "yDistance": way * 6000, "speed": SPEED, "gestureSourceType": "mouse"}
        meter.cdp.send("Input.synthesizeScrollGesture", gesture)
    return [gap / 1000 for gap in meter.page.evaluate("stopFrames()")]


def read_all(page: Page, chat: ChatView, first: str, patience: float) -> float | None:
    """Go up to the beginning, which has the text `first`. Returns the seconds; None if that was too long."""
    began = time.monotonic()
    while not chat.log.evaluate(TO_TOP, first):
        if time.monotonic() > began + patience:
            return None
        page.wait_for_timeout(20)
    return time.monotonic() - began
