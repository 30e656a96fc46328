"""How long a piece of an answer takes from the server's socket to the screen."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Final

import psutil
from playwright.sync_api import expect

from support.jupyter import Notebook

from .feed import Feed
from .meter import Meter
from .variants import PAGES, WAIT, WIDGET, Widget, check

BUSY: Final = "while True: sum(number * number for number in range(100))"
PID: Final = "import os; print(os.getpid())"

CELLS: Final = (WIDGET, PID, BUSY)

WATCH: Final = (PAGES / "latency.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Latency:
    """What one stream took.

    Attributes:
        times: seconds from socket to paint of each mark, sorted.
        received: bytes that came to the page over the comm, for each byte of text.
        cpu: seconds of the kernel's process for each chunk; None while it computes other things too.
    """

    times: tuple[float, ...]
    received: float
    cpu: float | None

    def percentile(self, part: int) -> float:
        """The time that so many of a hundred marks did not exceed."""
        return statistics.quantiles(self.times, n=100, method="inclusive")[part - 1]


def measure(notebook: Notebook, feed: Feed, *, count: int, pace: float, every: int, busy: bool) -> Latency:
    """Stream prose, and watch its marks.

    Args:
        notebook: with the cells `CELLS`.
        count: of the chunks.
        pace: chunks in a second.
        every: which chunks are marks.
        busy: whether a cell computes meanwhile.
    """
    widget = Widget(notebook, feed)
    notebook.run(1)
    kernel = psutil.Process(int((notebook.output(1).text_content() or "").strip()))
    if busy:
        notebook.start(2)
        notebook.expect_running(2)
    meter = Meter(notebook.page)
    meter.count_bytes()
    widget.root.evaluate(WATCH)
    widget.prepare("prose", count, pace, every)
    before, received = cpu_seconds(kernel), meter.received
    widget.begin()
    notebook.page.evaluate(WAIT, 120_000)
    notebook.page.wait_for_timeout(300)
    cpu = cpu_seconds(kernel) - before
    received = meter.received - received
    meter.close()
    if busy:
        notebook.interrupt()
        expect(notebook.prompt(2)).not_to_have_text("[*]:")
    check(widget, count, every)
    painted = notebook.page.evaluate("painted")
    times = sorted(painted[str(mark)] / 1000 - sent for mark, sent in enumerate(feed.sent))
    return Latency(tuple(times), received / feed.size, None if busy else cpu / count)


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time of a process so far."""
    times = process.cpu_times()
    return float(times.user + times.system)
