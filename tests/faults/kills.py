"""Processes that are killed in the middle of a conversation, and what must be there afterwards.

Half of them are killed from outside, at a random moment or after a random number of messages to the page; the others
at a random operation on the store's folder, in the middle of a write too, so that no moment is too short to be hit.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from goose_widget import GooseChat
from goose_widget.reply import with_text
from goose_widget.store import SessionFile, Store
from goose_widget.transcript import Transcript, reduce
from support.goose import PATIENCE
from support.poll import eventually
from support.web_server import FULL_TURN, WebServer, play
from support.web_server import running as web_running

from . import recorded
from .page import Page, Replica
from .property import Asked, Evidence, Finding, check, turns_of
from .run import Server, ask, items_of, make, undisturbed

Json = dict[str, Any]

TESTS: Final = Path(__file__).resolve().parents[1]
ASKED: Final = ("which is the largest?", "and the smallest?")
AGAIN: Final = "are you still there?"
_LONGEST: Final = 0.6  # seconds; about what a conversation takes
_OPERATIONS: Final = 24  # on the store's folder in a conversation, about
_MESSAGES: Final = 16  # to the page in a conversation, about


@dataclass(frozen=True)
class Kill:
    """When a process is killed: after `seconds`, after `messages` to the page, or at an `operation` on its folder."""

    seconds: float = 0.0
    messages: int = 0
    operation: int = 0
    part: float = 0.0


STEPS: Final = [Kill(operation=number, part=part) for number in range(1, 15) for part in (0.0, 0.5)]
"""Before and in the middle of each operation by which a session's file comes into being."""


def draw(chance: random.Random) -> Kill:
    """A moment to kill."""
    match chance.randrange(4):
        case 0:
            return Kill(seconds=chance.uniform(0, _LONGEST))
        case 1:
            return Kill(messages=chance.randint(1, _MESSAGES))
        case _:
            return Kill(operation=chance.randint(1, _OPERATIONS), part=chance.choice([0.0, 0.5, 1.0]))


@dataclass(frozen=True)
class Killed:
    """What came of a kill: `shown` messages had reached the page."""

    kill: Kill
    shown: int
    findings: list[Finding]


class Victims:
    """Forks processes to be killed, one at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._pid = 0

    def end(self) -> None:
        """Kill the process that is still there, if a test was given up."""
        if self._pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    async def kill(self, job: Json, kill: Kill) -> None:
        """Start a process, and end it as `kill` says."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {**job, "die": kill.operation, "part": kill.part}
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        pid = self._pid = int(await self._process.stdout.readline())
        end = asyncio.ensure_future(self._process.stdout.readline())
        started = asyncio.get_running_loop().time()
        while not end.done():
            said = told(Path(job["report"]))
            late = asyncio.get_running_loop().time() - started > (20 * PATIENCE)
            is_time = kill.seconds and asyncio.get_running_loop().time() - started >= kill.seconds
            enough = kill.messages and sum("shown" in each for each in said) >= kill.messages
            if is_time or enough or late or "done" in (said[-1] if said else ()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                break
            await asyncio.wait({end}, timeout=0.003)
        status, self._pid = int(await end), 0
        assert status == -signal.SIGKILL


@contextlib.asynccontextmanager
async def victims(*patches: str) -> AsyncIterator[Victims]:
    """A process that forks others; `patches` break the package in it."""
    path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "faults.victim", *patches, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        cwd=TESTS, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    try:
        yield (forks := Victims(process))
    finally:
        forks.end()
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


def told(report: Path) -> list[Json]:
    """What a process has reported, all of it: a report is a whole line."""
    if not report.exists():
        return []
    return [json.loads(line) for line in report.read_bytes().split(b"\n")[:-1]]


async def once(kind: Server, kill: Kill, by: Victims, folder: Path) -> Killed:
    """Kill a process in its conversation with a double; then open what it left, and go on."""
    make(folder)
    async with slow(kind) as server:
        is_web = isinstance(server, WebServer)
        address = {
            "server": f"ws://127.0.0.1:{server.port}/{'ws' if is_web else 'acp'}",
            "token": None if is_web else "k",
        }
        store, report = folder / "sessions", folder / "report"
        job = {"report": str(report), "store": str(store), "cwd": str(folder), "prompts": ASKED, **address}
        await by.kill(job, kill)
        said = told(report)
        asked = [each["asks"] for each in said if "asks" in each]
        shown = [each["shown"] for each in said if "shown" in each]
        findings, left = left_behind(store, shown)
        session_id = left.header.session_id if left is not None else None
        kept = [turn[0]["text"] for turn in turns_of(items_of(store, session_id))] if session_id else []
        ran = _ran(server)
        findings += [Finding("loss", f"{prompt!r} ran and is not in the file") for prompt in ran if prompt not in kept]
        chat = GooseChat(session_id, store=store, cwd=folder, **address)
        try:
            page = Page(chat)
            await ask(chat, None, AGAIN)
            await eventually(lambda: chat.status == "ready", 20)
            file = items_of(store, str(chat.session_id))
            with contextlib.suppress(AssertionError):
                await eventually(lambda: page.items == file and chat.items == [with_text(item) for item in file], 3)
            was_shown = {turn[0]["text"]: turn for turn in turns_of(_replica(shown).items)}
            turns = [
                Asked(
                    prompt,
                    undisturbed(kind, prompt),
                    was_shown.get(prompt),
                    must_be_whole=prompt == AGAIN or (is_web and ran[prompt] == 1) or "done" in said[-1],
                )
                for prompt in [*kept, AGAIN]
            ]
            findings += check(Evidence(turns, file, list(chat.items), page.items, _ran(server)))
        finally:
            chat.close()
    return Killed(kill, len(shown), [*findings, *_unasked(kept, asked)])


def left_behind(store: Path, shown: list[Json]) -> tuple[list[Finding], SessionFile | None]:
    """What is wrong with the files of a killed process by themselves, and the newest of them."""
    page = _replica(shown)
    files = sorted(Store(store).files(), key=lambda file: file.header.created)
    if not files:
        return ([Finding("loss", f"there is no file, and shown was {page.items}")] if page.items else []), None
    file = files[-1]
    findings = []
    if not file.acquire():
        findings.append(Finding("loss", "the lock of a dead process is held"))
    else:
        file.close()
    transcript, entries = Transcript(), list(file.read())
    for entry in entries:
        if entry.seq <= page.seq:
            reduce(transcript, entry.event, seq=entry.seq, time=entry.time)
    numbers = [entry.seq for entry in entries]
    if numbers != [*range(1, len(numbers) + 1)]:
        findings.append(Finding("loss", f"the file's entries are numbered {numbers}"))
    if list(transcript) != page.items:
        findings.append(Finding("loss", f"up to {page.seq} the file has {list(transcript)}, shown was {page.items}"))
    if page.items and len(numbers) < page.seq:
        findings.append(Finding("loss", f"{page.seq} entries were shown, the file has {len(numbers)}"))
    return findings, file


def _replica(shown: list[Json]) -> Replica:
    replica = Replica()
    for message in shown:
        assert replica.hear(message), "no page sees a gap here"
    return replica


def _unasked(kept: list[str], asked: list[str]) -> list[Finding]:
    return [Finding("double", f"in the file is {kept}, asked was {asked}")] if kept != asked[: len(kept)] else []


def _ran(server: recorded.RecordedGoose | WebServer) -> Counter[str]:
    if isinstance(server, WebServer):
        return Counter(frame["content"] for frame in server.received if frame["type"] == "message")
    return Counter(server.ran)


@contextlib.asynccontextmanager
async def slow(kind: Server) -> AsyncIterator[recorded.RecordedGoose | WebServer]:
    """A double that takes some time for a reply, so that there is a middle of it."""
    if kind.startswith("serve"):
        async with recorded.running(recorded.RecordedGoose(pause=0.008)) as goose:
            yield goose
    else:
        generation: Any = kind.removeprefix("web ")
        async with web_running(WebServer(play(FULL_TURN), generation=generation, delay=0.012)) as web:
            yield web


async def many(kills: Sequence[Kill], folder: Path, *, kinds: Sequence[Server], together: int = 2) -> list[Killed]:
    """Kill a process for each, the servers in turn, two at a time."""
    waiting = [(number, kinds[number % len(kinds)], kill) for number, kill in enumerate(kills)]
    done: list[Killed] = []

    async def some() -> None:
        async with victims() as by:
            while waiting:
                number, kind, kill = waiting.pop()
                done.append(await once(kind, kill, by, folder / str(number)))

    await asyncio.gather(*(some() for _ in range(together)))
    return done
