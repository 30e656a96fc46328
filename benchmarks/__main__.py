"""Measures how fast it is, in a real JupyterLab, beside other ways to show the same; prints tables of it.

make benchmark                          a quarter of an hour; everything else on the machine should be quiet
make benchmark ARGS=--quick             less than a minute, and less of everything
make benchmark ARGS="--only latency"    a part: streams, latency, kernel, opening or crowd
make benchmark ARGS=--write             also puts the tables into the README

What is compared is measured in turn in one run: its ratios hold, whatever else slows the machine. Figures of two runs
are not comparable.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from . import crowd, kernel, latency, opening, report
from .lab import Lab, open_lab
from .report import Goal, Streams, milliseconds
from .variants import PLAIN, WIDGET, Alone, Plain, Variant, Widget, run

README: Final = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- benchmark: made by `make benchmark ARGS=--write` -->", "<!-- /benchmark -->"

FAST: Final = 14_000
"""Chunks in a second: as fast as goose ever sent them."""

USUAL: Final = 150
"""Chunks in a second: as fast as models write."""


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        streams: kinds, and numbers of chunks with how often each is measured.
        slow: numbers of chunks for the page that re-renders, by kind.
        limit: seconds after which that is given up.
        marks: of each stream whose latency is measured.
        tries: of each of these.
        chunks: that a kernel takes in.
        items: of the long session.
        patience: seconds to read that to its beginning.
        chats: in one notebook.
        rounds: of whatever is repeated.
        quiet: seconds that may be waited in all for others to leave the machine alone.
    """

    streams: dict[str, dict[int, int]]
    slow: dict[str, tuple[int, ...]]
    limit: float
    marks: int
    tries: int
    chunks: int
    items: int
    patience: float
    chats: int
    rounds: int
    quiet: float


KINDS: Final = ("prose", "code", "table", "list")

WHOLE: Final = Size(
    streams={kind: {1_000: 5, 4_000: 5, 16_000: 3, 64_000: 5} for kind in KINDS},
    slow={"prose": (1_000, 4_000, 16_000), **dict.fromkeys(KINDS[1:], (1000, 4000))},
    limit=40,
    marks=300,
    tries=3,
    chunks=64_000,
    items=10_000,
    patience=60,
    chats=10,
    rounds=5,
    quiet=300,
)

QUICK: Final = Size(
    streams={"prose": {1_000: 1, 4_000: 1}},
    slow={"prose": (1_000,)},
    limit=20,
    marks=60,
    tries=1,
    chunks=8_000,
    items=1_500,
    patience=10,
    chats=3,
    rounds=2,
    quiet=10,
)

SMALLEST: Final = Size(
    streams={"prose": {200: 1}, "table": {200: 1}},
    slow={"prose": (200,)},
    limit=60,
    marks=20,
    tries=1,
    chunks=2_000,
    items=60,
    patience=30,
    chats=2,
    rounds=1,
    quiet=0,
)


def streams(lab: Lab, size: Size) -> Streams:
    """The same streams through every variant, in turn.

    Each kind has pages of its own: what others leave there is collected while it streams, and the last would pay.
    """
    found = Streams()
    for kind, counts in size.streams.items():
        with lab.notebook(WIDGET) as chat, lab.notebook(PLAIN) as plain:
            for count, rounds in counts.items():
                for number in range(rounds):
                    lab.machine.settle()
                    slow = number == 0 and count in size.slow.get(kind, ())
                    found.add("widget", kind, count, run(Widget(chat, lab.feed), kind, count, FAST))
                    found.add("plain", kind, count, run(Plain(plain), kind, count, FAST))
                    found.add("floor", kind, count, alone(lab, "floor", kind, count, 120))
                    if slow:
                        found.add("re-renders", kind, count, alone(lab, "rerender", kind, count, size.limit))
                say(f"{count:,} chunks of {kind}")
    return found


def alone(lab: Lab, name: str, kind: str, count: int, limit: float) -> report.Cost | None:
    """A stream through a page of its own."""
    with lab.page() as page:
        variant: Variant = Alone(page, lab.feed.port, f"{name}.html", kind, count, FAST)
        return run(variant, kind, count, FAST, limit=limit)


def latencies(lab: Lab, size: Size) -> list[Goal]:
    """From the socket to the screen, and what that costs the kernel and the wire."""
    goals = []
    with lab.notebook(*latency.CELLS) as notebook:
        for pace, every in ((USUAL, 4), (FAST, 100)):
            for busy in (False, True):
                count = size.marks * every
                found = []
                for _ in range(size.tries):
                    lab.machine.settle()
                    found.append(latency.measure(notebook, lab.feed, count=count, pace=pace, every=every, busy=busy))
                where = f"{pace:,} chunks/s{', while the kernel computes' if busy else ''}"
                for part, wanted in ((50, report.MEDIAN), (99, report.WORST)):
                    took = statistics.median(each.percentile(part) for each in found)
                    what = f"socket to paint, p{part}, {where}"
                    goals.append(Goal(what, milliseconds(took), f"under {milliseconds(wanted)}", took < wanted))
                if not busy:
                    received = statistics.median(each.received for each in found)
                    cpu = statistics.median(each.cpu or 0 for each in found)
                    is_goal = pace == FAST
                    limit = f"under {report.BYTES}" if is_goal else ""
                    is_met = received < report.BYTES if is_goal else None
                    goals.append(
                        Goal(f"bytes over the comm for one of text, {where}", f"{received:.2f}", limit, is_met)
                    )
                    goals.append(Goal(f"CPU of the kernel for a chunk, {where}", f"{cpu * 1e6:.0f} µs", ""))
                say(where)
    return goals


def kernels(size: Size) -> list[Goal]:
    """Without any page."""
    say("kernel")
    goals = []
    for what, found in (
        ("chunks a kernel takes in, from a socket", kernel.received(size.chunks)),
        (f"of these parsed, logged and batched, {kernel.BATCH} in a batch", kernel.ingested(size.chunks)),
        ("the same, each chunk in a batch of its own", kernel.ingested(size.chunks // 4, 1)),
    ):
        goals.append(Goal(what, f"{found:,.0f}/s", f"at least {report.TAKEN:,}/s", found >= report.TAKEN))
    times = kernel.imports(2 * size.rounds + 1)
    took = times["goose_widget"]
    goals += [
        Goal(
            f"`import goose_widget`, beside the {milliseconds(times['anywidget'])} of anywidget",
            milliseconds(took),
            f"under {milliseconds(report.IMPORT)}",
            took < report.IMPORT,
        ),
        Goal("`from goose_widget import GooseChat`, likewise", milliseconds(times["GooseChat"]), ""),
    ]
    for name, found in kernel.bundle().items():
        is_script = name.endswith(".js")
        limit = f"under {report.BUNDLE / 1024:.0f} KB" if is_script else ""
        goals.append(Goal(f"`{name}`", f"{found / 1024:.1f} KB", limit, found < report.BUNDLE if is_script else None))
    return goals


def openings(lab: Lab, size: Size) -> list[Goal]:
    """New chats, and one with a long past."""
    first, again = (statistics.median(each.shown for each in found) for found in opening.new(lab, size.rounds))
    say("new chats")
    wanted = f"under {milliseconds(report.PAINT)}"
    goals = [
        Goal("first paint after running the cell", milliseconds(again), wanted, again < report.PAINT),
        Goal("the same, with the import in the cell", milliseconds(first), wanted, first < report.PAINT),
    ]
    long = opening.long(lab, size.items, size.rounds, size.patience)
    say("a long chat")
    usable = statistics.median(each.usable for each in long.again)
    what = f"a session of {size.items:,} items"
    wanted = f"under {milliseconds(report.OPEN)}"
    reading = f"not within {size.patience:.0f} s" if long.reading is None else f"{long.reading:.1f} s"
    return [
        *goals,
        Goal(f"{what}: opened, to usable", milliseconds(usable), wanted, usable < report.OPEN),
        Goal(f"{what}: scrolled", f"{long.fps:.0f} frames/s", "60 frames/s", long.fps > report.FPS),
        Goal(f"{what}: the longest frame of these", milliseconds(long.worst), ""),
        Goal(f"{what}: what it adds to the page's heap", f"{long.newest / 1e6:.1f} MB", ""),
        Goal(f"{what}: read to its beginning, in {reading}", f"{long.whole / 1e6:.1f} MB", ""),
    ]


def crowds(lab: Lab, size: Size) -> list[Goal]:
    """Many chats in one notebook."""
    chats, empty = crowd.crowd(lab, size.chats, 2 * size.rounds)
    say("many chats")
    where = f"{size.chats} chats scrolled in and out of sight"
    grown = {name: chats.growth[name] - empty.growth[name] for name in chats.growth}
    left = f"{grown['Nodes']:.0f} nodes, {grown['JSHeapUsedSize'] / 1e3:.0f} KB"
    return [
        Goal(f"{where}: changes of their documents", f"{chats.changes}", "0", chats.changes == 0),
        Goal(
            f"{where}: left by each time, beyond what empty boxes leave",
            left,
            "0 nodes",
            grown["Nodes"] < 1,
        ),
    ]


def say(text: str) -> None:
    """On the way; the tables alone are the output."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def measured(size: Size, parts: list[str]) -> tuple[str, list[Goal]]:
    """The tables, and the goals."""
    tables, goals = [], []
    if "kernel" in parts:
        goals += kernels(size)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder, open_lab(Path(folder), size.quiet) as lab:
        browser = lab.context.browser
        tables.append(machine(browser.version if browser else "?"))
        others: dict[str, Callable[[Lab, Size], list[Goal]]] = {
            "latency": latencies,
            "opening": openings,
            "crowd": crowds,
        }
        for name in parts:
            if name in others:
                goals += others[name](lab, size)
        # At the end: of so much text this process, which also is the agent, is slower for a while.
        if "streams" in parts:
            found = streams(lab, size)
            tables.append(found.table())
            goals = found.goals() + goals
    return "\n\n".join([*tables, report.goals_table(goals)]), goals


def machine(browser: str) -> str:
    """Where it was measured."""
    return (
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, "
        f"JupyterLab {version('jupyterlab')}, Chromium {browser.split('.')[0]}. "
        "Milliseconds of the page's main thread, without what the idle page takes:"
    )


PARTS: Final = ("streams", "latency", "kernel", "opening", "crowd")


def main() -> int:
    """Measure it all. Returns 1 if a goal is not met."""
    parser = argparse.ArgumentParser(prog="make benchmark", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="less of everything, in less than a minute")
    parser.add_argument("--smallest", action="store_true", help="only to see that it works")
    parser.add_argument("--only", choices=PARTS, action="append", help="a part of it; may be given several times")
    parser.add_argument("--write", action="store_true", help="put the tables into the README")
    options = parser.parse_args()
    size = SMALLEST if options.smallest else QUICK if options.quick else WHOLE
    text, goals = measured(size, options.only or list(PARTS))
    print(text)
    if options.write:
        head, rest = README.read_text(encoding="utf-8").split(BEGIN)
        README.write_text(f"{head}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", encoding="utf-8")
    return 1 if any(goal.is_met is False for goal in goals) else 0


if __name__ == "__main__":
    sys.exit(main())
