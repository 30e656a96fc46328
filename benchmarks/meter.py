"""What a page costs, as its browser counts it (the DevTools protocol's Performance domain)."""

from __future__ import annotations

import base64
import re
import time
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from weakref import WeakKeyDictionary

from playwright.sync_api import Page

IDLE: Final = 1.0
"""Seconds for which an idle page is watched, once, so that what it does anyway is not counted."""

SETTLE: Final = 1.5
"""Seconds until it is idle: JupyterLab looks for headings and saves when a cell has run."""

KIND: Final = re.compile(rb'"msg_type": "(\w+)"')

LONG_FRAMES: Final = """() => {
  if (window.longFrames) return;
  window.longFrames = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) longFrames.push(entry.duration);
  }).observe({ type: "long-animation-frame" });
}"""


@dataclass(frozen=True)
class Cost:
    """What something cost the page.

    Attributes:
        wall: seconds that it took.
        main: seconds of the main thread, without what the idle page takes.
        script: of these JavaScript.
        long_frames: milliseconds of each frame that took over 50.
    """

    wall: float
    main: float
    script: float
    long_frames: tuple[float, ...] = ()


class Meter:
    """Measures a page.

    Args:
        page: which.
        settle: seconds until it is idle.
    """

    _rests: ClassVar[WeakKeyDictionary[Page, dict[str, float]]] = WeakKeyDictionary()

    def __init__(self, page: Page, *, settle: float = SETTLE) -> None:
        self.page = page
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.send("Performance.enable")
        page.evaluate(LONG_FRAMES)
        self.received = 0
        if page not in self._rests:
            self._rests[page] = self._rest(settle)
        self._began = 0.0
        self._before: dict[str, float] = {}

    def _metrics(self) -> dict[str, float]:
        return {each["name"]: each["value"] for each in self.cdp.send("Performance.getMetrics")["metrics"]}

    def _rest(self, settle: float) -> dict[str, float]:
        self.page.wait_for_timeout(settle * 1000)
        before, began = self._metrics(), time.perf_counter()
        self.page.wait_for_timeout(IDLE * 1000)
        after, took = self._metrics(), time.perf_counter() - began
        return {name: (after[name] - before[name]) / took for name in ("TaskDuration", "ScriptDuration")}

    def start(self) -> None:
        """What comes from here on counts."""
        self.page.evaluate("longFrames.length = 0")
        self._before, self._began = self._metrics(), time.perf_counter()

    def stop(self) -> Cost:
        """What came since `start`."""
        after, wall = self._metrics(), time.perf_counter() - self._began
        idle = self._rests[self.page]
        main, script = (
            max(0.0, after[name] - self._before[name] - idle[name] * wall)
            for name in ("TaskDuration", "ScriptDuration")
        )
        return Cost(wall, main, script, tuple(self.page.evaluate("longFrames")))

    def count_bytes(self) -> None:
        """Count in `received` the bytes of comm messages that come from now on. It costs the page some time."""
        self.cdp.send("Network.enable")
        self.cdp.on("Network.webSocketFrameReceived", self._count)

    def _count(self, event: dict[str, Any]) -> None:
        response = event["response"]
        data = response["payloadData"]
        message = base64.b64decode(data) if response["opcode"] == 2 else data.encode()
        found = KIND.search(message[:1000])  # the first one is its own, the second one that of what it answers
        if found and found[1] == b"comm_msg":
            self.received += len(message)

    def close(self) -> None:
        """Measure nothing any more."""
        self.cdp.detach()

    def heap(self) -> dict[str, float]:
        """Bytes of the JavaScript heap, nodes, listeners and documents, after a collection."""
        self.cdp.send("HeapProfiler.enable")
        for _ in range(2):
            self.cdp.send("HeapProfiler.collectGarbage")
        names = ("JSHeapUsedSize", "Nodes", "JSEventListeners", "Documents")
        metrics = self._metrics()
        return {name: metrics[name] for name in names}
