"""The tables: what was measured, and which goals that meets."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from .meter import Cost

VARIANTS: Final = ("widget", "re-renders", "plain", "floor")

FLAT: Final = 1.3
FLOOR: Final = 4.0
LESS: Final = 30.0
FRAME: Final = 0.050
MEDIAN: Final = 0.040
WORST: Final = 0.100
BYTES: Final = 1.6
TAKEN: Final = 20_000
OPEN: Final = 1.0
FPS: Final = 55.0
IMPORT: Final = 0.030
PAINT: Final = 0.300
BUNDLE: Final = 150 * 1024


@dataclass(frozen=True)
class Goal:
    """A line of the second table."""

    what: str
    found: str
    wanted: str
    is_met: bool | None = None


@dataclass
class Streams:
    """What streams cost, by variant, kind and number of chunks. None: it did not end in time."""

    costs: dict[tuple[str, str, int], list[Cost | None]] = field(default_factory=lambda: defaultdict(list))

    def add(self, variant: str, kind: str, count: int, cost: Cost | None) -> None:
        """One more run."""
        self.costs[variant, kind, count].append(cost)

    def main(self, variant: str, kind: str, count: int) -> float | None:
        """The median of the seconds of main thread; infinite if it did not end, None if it was not tried."""
        runs = self.costs.get((variant, kind, count))
        return statistics.median(cost.main if cost else float("inf") for cost in runs) if runs else None

    def ratio(self, over: str, under: str, kind: str, count: int) -> float | None:
        """How many times one variant costs what another one does."""
        above, below = self.main(over, kind, count), self.main(under, kind, count)
        return None if above is None or below is None else above / max(below, 1e-9)

    def sizes(self, kind: str) -> list[int]:
        """The numbers of chunks that were tried, least first."""
        return sorted(count for variant, each, count in self.costs if (variant, each) == ("widget", kind))

    @property
    def kinds(self) -> list[str]:
        """The kinds of text that were tried."""
        return list(dict.fromkeys(kind for _, kind, _ in self.costs))

    def growth(self, kind: str) -> float:
        """By how much a chunk gets dearer, at most, from any number of them to a larger one."""
        each = [(self.main("widget", kind, count) or 0.0) / count for count in self.sizes(kind)]
        return max((large / small for at, small in enumerate(each) for large in each[at + 1 :]), default=1.0)

    def longest(self, variant: str, kind: str) -> float:
        """Seconds of the longest frame over 50 ms; 0 if there was none. The best run of each size counts."""
        best = [
            min(max(cost.long_frames, default=0.0) if cost else float("inf") for cost in runs)
            for (one, each, _), runs in self.costs.items()
            if (one, each) == (variant, kind)
        ]
        return max(best, default=0.0) / 1000

    def table(self) -> str:
        """The first table."""
        head = ["stream", "chunks", "this widget", "page that re-renders", "plain anywidget", "floor"]
        rows = [
            [
                kind,
                f"{count:,}",
                *(milliseconds(self.main(variant, kind, count)) for variant in VARIANTS),
                times(self.ratio("re-renders", "widget", kind, count)),
                times(self.ratio("widget", "floor", kind, count)),
            ]
            for kind in self.kinds
            for count in self.sizes(kind)
        ]
        return table([*head, "re-renders : widget", "widget : floor"], rows, left=1)

    def goals(self) -> list[Goal]:
        """What is wanted of streams."""
        goals = []
        for kind in self.kinds:
            grown = self.growth(kind)
            what = f"{kind}: a chunk gets dearer, from {self.sizes(kind)[0]:,} to {self.sizes(kind)[-1]:,}"
            goals.append(Goal(what, times(grown), f"under {times(FLAT)}", grown < FLAT))
            floors = [ratio for n in self.sizes(kind) if (ratio := self.ratio("widget", "floor", kind, n)) is not None]
            most = max(floors, default=0.0)
            goals.append(Goal(f"{kind}: of the floor, at most", times(most), f"under {times(FLOOR)}", most < FLOOR))
            less = self.ratio("re-renders", "widget", kind, 4000)
            if less is not None:
                what = f"{kind}: less than the page that re-renders, 4,000 chunks"
                goals.append(Goal(what, times(less), f"at least {times(LESS)}", less >= LESS))
            frame = self.longest("widget", kind)
            what = f"{kind}: frames over {milliseconds(FRAME)}"
            goals.append(Goal(what, _longest(frame), "none", frame == 0))
            # All of its text node is laid out in each frame: the longer it is, the fewer frames there are.
            goals.append(Goal(f"{what}, of the floor", _longest(self.longest("floor", kind)), ""))
        return goals


def _longest(frame: float) -> str:
    return milliseconds(frame) if frame else "none"


def milliseconds(seconds: float | None) -> str:
    """Seconds as text, in milliseconds."""
    if seconds is None:
        return ""
    return "did not end" if seconds == float("inf") else f"{seconds * 1000:,.0f} ms"


def times(ratio: float | None) -> str:
    """A ratio as text."""
    if ratio is None:
        return ""
    return "more" if ratio == float("inf") else f"{ratio:.0f}x" if ratio >= 20 else f"{ratio:.1f}x"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, left: int) -> str:
    """A table in Markdown.

    Args:
        left: columns that are aligned to the left; the others are numbers.
    """
    lines = [head, ["---"] * left + ["--:"] * (len(head) - left), *rows]
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines)


def goals_table(goals: Iterable[Goal]) -> str:
    """The second table."""
    said = {None: "", True: "yes", False: "**no**"}
    rows = [[goal.what, goal.found, goal.wanted, said[goal.is_met]] for goal in goals]
    return table(["what", "measured", "wanted", "met"], rows, left=1)
