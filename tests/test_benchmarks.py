"""The benchmark works, at its smallest size. How fast anything is, no test says."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from benchmarks import report, streams
from benchmarks.meter import Cost
from support import installed
from support.goose import PATIENCE


@pytest.mark.timeout(300 * PATIENCE)
def test_every_figure_is_there_and_all_text_arrives_in_every_page() -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed.ROOT / "tests")}
    command = [sys.executable, "-m", "benchmarks", "--smallest"]
    done = subprocess.run(command, cwd=installed.ROOT, env=environment, capture_output=True, text=True)
    assert "Traceback" not in done.stderr, done.stderr  # it raises if a page lacks any of the text
    streamed, goals = done.stdout.strip().split("\n\n")[1:]
    prose, table = (re.sub(r"[\d.,]+", "1", line) for line in streamed.splitlines()[2:])
    assert prose == "| prose | 1 | 1 ms | 1 ms | 1 ms | 1 ms | 1x | 1x |"
    assert table == "| table | 1 | 1 ms | | 1 ms | 1 ms | | 1x |"
    lines = goals.splitlines()[2:]
    assert all(re.search(r"\d|none", line.split("|")[2]) for line in lines)
    for what in (
        "socket to paint",
        "bytes over the comm",
        "chunks a kernel",
        "import",
        "first paint",
        "items",
        "chats",
    ):
        assert any(what in line for line in lines), what


@pytest.mark.parametrize("kind", streams.KINDS)
def test_a_stream_has_its_marks_each_in_one_chunk(kind: str) -> None:
    chunks = streams.chunks(kind, 1000, every=10)
    assert len(chunks) == 1000
    found = [int(number) for chunk in chunks for number in streams.MARK.findall(chunk)]
    assert found == list(range(streams.marks(1000, every=10)))
    assert streams.chunks(kind, 1000, every=10) == chunks


def test_growth_is_told_from_any_size_to_a_larger_one() -> None:
    found = report.Streams()
    for count, seconds in ((1000, 1.0), (4000, 2.0), (16000, 16.0)):
        found.add("widget", "prose", count, Cost(1, seconds, 0))
    assert found.growth("prose") == pytest.approx(2.0)  # from 4,000 to 16,000


def test_what_did_not_end_is_not_a_number() -> None:
    found = report.Streams()
    found.add("widget", "prose", 4000, Cost(1, 0.1, 0, (51.0,)))
    found.add("re-renders", "prose", 4000, None)
    found.add("floor", "prose", 4000, Cost(1, 0.1, 0, (79.0,)))
    assert "| did not end |" in found.table()
    assert "| more |" in found.table()
    assert [goal.is_met for goal in found.goals()] == [True, True, True, False, None]
    assert [goal.found for goal in found.goals()][-2:] == ["51 ms", "79 ms"]
