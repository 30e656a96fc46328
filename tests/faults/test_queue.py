"""The queue of prompts, whatever is killed or cut: none is lost or sent twice, and what was not answered says so."""

from __future__ import annotations

import contextlib
import itertools
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from goose_widget import GooseChat
from goose_widget import events as ev
from goose_widget.queue import Queue
from goose_widget.store import Store
from support.poll import eventually

from . import recorded
from .kills import STEPS, Kill, draw, slow, told, victims
from .page import Page
from .property import says_so, turns_of
from .proxy import Fault, Proxy, running
from .run import experiment, items_of, make

PROMPTS = ("which is the largest?", "and the smallest?", "and the rest?")
LAST = [Kill(operation=number, part=part) for number in range(15, 24) for part in (0.0, 0.5)]
FORGETFUL = (
    "lambda entry, write=__import__('goose_widget.lines', fromlist=['']).entry_line: "
    "b'' if type(entry.event).__name__ == 'Queued' else write(entry)"
)

clicks = itertools.count()


def click(chat: GooseChat, **action: Any) -> None:
    chat._handle_custom_msg({"aid": f"click {next(clicks)}", **action}, [])


async def empty_the_queue(chat: GooseChat) -> None:
    """What a user does: clicks on the first that waits, until none does."""
    while True:
        await eventually(lambda: chat.status == "ready", 20)
        if not (waiting := list(chat.queue)):
            return
        click(chat, type="send_queued", id=waiting[0]["id"])
        await eventually(lambda: list(chat.queue) != waiting, 20)


def faults_of(chat: GooseChat, ran: Counter[str], taken: list[str]) -> list[str]:
    """What is wrong with a conversation whose queue is empty; `taken`: the prompts of which the page was told so."""
    turns = turns_of(chat.items)
    texts = Counter(turn[0]["text"] for turn in turns)
    wrong = [f"{text!r} is lost" for text in taken if not texts[text]]
    wrong += [f"{text!r} is there {number} times" for text, number in texts.items() if number > 1]
    wrong += [f"{text!r} ran {number} times" for text, number in ran.items() if number > 1]
    for turn in turns:
        text, replied = turn[0]["text"], any(item["kind"] == "agent" for item in turn)
        if not (ran[text] and replied) and not says_so(turn):
            wrong.append(f"nothing says that {text!r} has no reply")
    return wrong


async def killed(kill: Kill, by: Any, folder: Path) -> list[str]:
    """Kill a process whose page sent all prompts at once; then open what it left. What is wrong then."""
    make(folder)
    async with slow("serve") as goose:
        assert isinstance(goose, recorded.RecordedGoose)
        address = {"server": f"ws://127.0.0.1:{goose.port}/acp", "token": "k"}
        store, report = folder / "sessions", folder / "report"
        job = {"report": str(report), "store": str(store), "cwd": str(folder), "prompts": PROMPTS, "queue": True}
        await by.kill({**job, **address}, kill)
        shown = [each["shown"] for each in told(report) if "shown" in each]
        taken = [each["aid"] for each in shown if each["type"] == "ack" and each["error"] is None]
        files = sorted(Store(store).files(), key=lambda file: file.header.created)
        if not files:
            return [f"{taken} are lost"] if taken else []
        queue = Queue()
        for entry in files[-1].read():
            queue.note(entry.event)
        there = [turn[0]["text"] for turn in turns_of(items_of(store, files[-1].header.session_id))]
        there += [waiting.text for waiting in queue]
        if there != list(PROMPTS[: len(there)]) or not set(taken) <= set(there):
            return [f"the file has {there}, acknowledged was {taken}"]
        chat = GooseChat(files[-1].header.session_id, store=store, cwd=folder, **address)
        try:
            await empty_the_queue(chat)
            return faults_of(chat, goose.ran, there)
        finally:
            chat.close()


@pytest.mark.parametrize("kills", [STEPS, LAST], ids=["while the file is made", "while the queue goes on"])
async def test_a_kernel_killed_at_any_step_keeps_the_queue(kills: list[Kill], tmp_path: Path) -> None:
    wrong: list[tuple[Kill, list[str]]] = []
    with experiment():
        async with victims() as by:
            for number, kill in enumerate(kills):
                if found := await killed(kill, by, tmp_path / str(number)):
                    wrong.append((kill, found))
    assert wrong == []


async def test_a_kernel_killed_at_any_moment_keeps_the_queue(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    given = request.config.getoption("--fault-seed")
    seed = given if given is not None else random.SystemRandom().randrange(2**32)
    print(f"to repeat it: --fault-seed={seed}")
    chance = random.Random(seed)
    wrong: list[tuple[Kill, list[str]]] = []
    with experiment():
        async with victims() as by:
            for number in range(request.config.getoption("--kills") // 4):
                kill = draw(chance)
                if found := await killed(kill, by, tmp_path / str(number)):
                    wrong.append((kill, found))
    assert wrong == []


async def test_a_session_that_forgets_what_waits_is_found_out(tmp_path: Path) -> None:
    """The experiment itself: a queue of which nothing is written."""
    with experiment():
        async with victims(f"goose_widget.session_file.entry_line={FORGETFUL}") as by:
            assert await killed(Kill(messages=8), by, tmp_path / "run")


@pytest.mark.parametrize("seed", range(12))
async def test_connections_that_drop_lose_and_double_nothing_that_waits(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    faults = [Fault("cut", chance.randint(4, 60), connection=number) for number in (1, 2, 3)]
    with experiment():
        async with recorded.running(recorded.RecordedGoose()) as goose, running(Proxy(goose.port, faults)) as proxy:
            address = f"ws://127.0.0.1:{proxy.port}/acp"
            chat = GooseChat(server=address, token="k", store=tmp_path / "s", cwd=tmp_path)
            try:
                page = Page(chat)
                await eventually(lambda: chat.status == "ready", 20)
                for text in PROMPTS:
                    page.say({"type": "prompt", "text": text, "attachments": []})
                await eventually(lambda: page.acks >= len(PROMPTS))
                refused = len(page.refused)  # the connection was already down
                await empty_the_queue(chat)
                assert faults_of(chat, goose.ran, list(PROMPTS[: len(PROMPTS) - refused])) == []
                file = items_of(tmp_path / "s", str(chat.session_id))
                with contextlib.suppress(AssertionError):
                    await eventually(lambda: page.items == file)
                assert page.items == file
            finally:
                chat.close()
    (written,) = Store(tmp_path / "s").files()
    queue = Queue()
    for entry in written.read():
        queue.note(entry.event)
    assert list(queue) == []
    assert any(isinstance(entry.event, ev.Queued) for entry in written.read())
