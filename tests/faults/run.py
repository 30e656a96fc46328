"""One run of the experiment: a server, the proxy with its faults, a chat with a page, and a user who goes on."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from goose_widget import GooseChat, errors
from goose_widget.reply import with_text
from goose_widget.store import Store
from goose_widget.transcript import Transcript, reduce
from support.poll import eventually
from support.web_server import FULL_TURN, WebServer, play
from support.web_server import running as web_running

from . import delivered, patience, recorded
from .page import Page, PageComm
from .property import Asked, Evidence, Finding, Item, check
from .proxy import DAMAGING, Connection, Fault, Proxy, running

Server = Literal["serve", "serve ahead", "web early", "web late"]
"""Which double: a goose that is cancelled when its client goes, one that was quicker; the two generations of web."""

SERVERS: tuple[Server, ...] = ("serve", "serve ahead", "web early", "web late")

PROMPTS = ("which is the largest?", "and the smallest?")

HANGS = {"stall", "deaf", "mute", "silent"}
"""Faults that only a client that loses patience gets over."""


@dataclass
class Conversation:
    """What a chat has after a run."""

    file: list[Item]
    python: list[Item]
    page: list[Item]
    problems: list[str]


@dataclass(frozen=True)
class Outcome:
    """What came of a run."""

    faults: tuple[Fault, ...]  # those that happened
    messages: int  # that reached the client on its first connection
    evidence: Evidence
    findings: list[Finding] = field(default_factory=list)


@contextlib.contextmanager
def experiment(*, hangs: bool = False) -> Iterator[None]:
    """What every run needs: pages in place of browsers, and little patience; `hangs` as for `patience.little`."""
    with pytest.MonkeyPatch.context() as patch, patience.little(hangs=hangs):
        patch.setattr("comm.create_comm", PageComm)
        yield


@contextlib.asynccontextmanager
async def serving(kind: Server) -> AsyncIterator[recorded.RecordedGoose | WebServer]:
    """A double of this kind."""
    if kind in ("serve", "serve ahead"):
        async with recorded.running(recorded.RecordedGoose(in_step=kind == "serve")) as goose:
            yield goose
    else:
        async with web_running(
            WebServer(play(FULL_TURN), generation="early" if kind == "web early" else "late")
        ) as web:
            yield web


def undisturbed(kind: Server, prompt: str) -> list[Item]:
    """The items of a turn in which nothing goes wrong: what the server says of a prompt."""
    if kind.startswith("serve"):
        asked: Any = {"method": "session/prompt", "id": 3, "params": {"prompt": [{"text": prompt}]}}
        said: list[Any] = [{"params": {"update": update}} for update in recorded.updates_of("steps")]
    else:
        asked, said = {"type": "message", "content": prompt}, FULL_TURN
    log = [("out", json.dumps(asked)), *(("in", json.dumps(each)) for each in said)]
    oracle = delivered.of_acp if kind.startswith("serve") else delivered.of_web
    return oracle([Connection(1, log)])[prompt]


async def against(kind: Server, faults: Sequence[Fault], folder: Path, *, prompts: Sequence[str] = PROMPTS) -> Outcome:
    """A run against a double; the last prompt is asked when the faults are over."""
    async with serving(kind) as server, running(Proxy(server.port, faults)) as proxy:
        is_web = isinstance(server, WebServer)
        address = f"ws://127.0.0.1:{proxy.port}/{'ws' if is_web else 'acp'}"
        conversation = await converse(proxy, address, "" if is_web else "k", folder, prompts)
        received = [frame["content"] for frame in server.received if frame["type"] == "message"] if is_web else []
        ran = Counter(received) if is_web else server.ran
        heard = (delivered.of_web if is_web else delivered.of_acp)(proxy.connections)
        whole = {prompt: undisturbed(kind, prompt) for prompt in prompts}
        return judge(conversation, proxy, whole, heard, ran, finishes_alone=is_web)


def judge(
    conversation: Conversation,
    proxy: Proxy,
    whole: Mapping[str, list[Item]],
    heard: Mapping[str, list[Item]],
    ran: Mapping[str, int],
    *,
    finishes_alone: bool,
) -> Outcome:
    """Put the evidence together and check it.

    Args:
        conversation: what the chat has.
        proxy: what it went through.
        whole: by prompt, in the order of asking: the undisturbed turn.
        heard: by prompt: what reached the client of it.
        ran: by prompt: how often the server ran it.
        finishes_alone: whether the server goes on with a turn when the connection drops.
    """
    done = [fault.kind for fault in proxy.done]
    is_damaged, is_doubled = any(kind in DAMAGING for kind in done), "duplicate" in done
    is_quiet = not done and len(proxy.connections) == 1
    asked = [
        Asked(
            prompt,
            items,
            heard.get(prompt),
            must_be_whole=is_last or (not is_damaged and (is_quiet or (finishes_alone and ran.get(prompt) == 1))),
            is_damaged=is_damaged and not is_last,
            detectable=is_last or not is_doubled,
        )
        for prompt, items in whole.items()
        for is_last in [prompt == [*whole][-1]]
    ]
    c = conversation
    evidence = Evidence(asked, c.file, c.python, c.page, dict(ran), tuple(c.problems))
    messages = sum(direction == "in" for direction, _ in proxy.connections[0].log) if proxy.connections else 0
    return Outcome(tuple(proxy.done), messages, evidence, check(evidence))


async def converse(
    proxy: Proxy, address: str, key: str, folder: Path, prompts: Sequence[str], **more: Any
) -> Conversation:
    """Ask all prompts, the last one over a network that is whole again, and wait until all is quiet."""
    problems: list[str] = []
    make(folder)
    chat = GooseChat(server=address, token=key or None, store=folder / "sessions", cwd=folder, **more)
    try:
        chat.observe(lambda change: problems.append(change["new"]["title"]) if change["new"] else None, "problem")
        page = Page(chat)
        for prompt in prompts:
            if prompt is prompts[-1] and proxy.heal():
                before = len(proxy.connections)
                await eventually(lambda: len(proxy.connections) > before)  # noqa: B023
            await ask(chat, proxy, prompt)
            if prompt is prompts[0]:
                page.reload()
        await eventually(lambda: chat.status == "ready", 20)
        file = items_of(folder / "sessions", str(chat.session_id))
        with contextlib.suppress(AssertionError):  # then the property says what differs
            await eventually(lambda: page.items == file and chat.items == [with_text(item) for item in file], 3)
        return Conversation(file, list(chat.items), page.items, problems)
    finally:
        chat.close()


def make(folder: Path) -> None:
    """A folder for a run."""
    folder.mkdir(parents=True, exist_ok=True)


async def ask(chat: GooseChat, proxy: Proxy | None, prompt: str) -> None:
    """What a user does: sends a prompt once, presses the button when the chat can't go on, Stop when no end comes."""
    for _ in range(10):
        asking = asyncio.create_task(chat.ask_async(prompt))
        while not asking.done():
            await asyncio.wait({asking}, timeout=0.02)
            if proxy is not None and proxy.lost_answer and chat.status in ("running", "waiting"):
                chat.stop()
        try:
            await asking
            return
        except errors.TurnInterrupted:
            return
        except errors.GooseError:
            if any(item["kind"] == "user" and item["text"] == prompt for item in chat.items):
                return
            if chat.problem and any(offer["id"] == "new" for offer in chat.problem["offers"]):
                # Killed before the server had kept anything of the session, which was in the file already.
                await asyncio.to_thread(chat.new_session)
            else:
                chat.retry()
    raise AssertionError(f"ten times in vain: {chat.problem}")


def items_of(store: Path, session_id: str) -> list[Item]:
    """What the entries of a session's file add up to."""
    file = Store(store).find(session_id)
    transcript = Transcript()
    for entry in file.read() if file is not None else ():
        reduce(transcript, entry.event, seq=entry.seq, time=entry.time)
    return list(transcript)
