"""Runs against the real goose: a turn with a tool that leaves a mark, in a session and a folder of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from goose_widget import GooseChat, errors
from support.goose import GooseServe, free_port, goose_serve
from support.poll import eventually

from . import delivered
from .campaign import Case
from .page import Page
from .property import Asked, Evidence, Finding, Item, check
from .proxy import Proxy, running
from .run import Conversation, Outcome, converse, items_of, judge, make

PROMPT: Final = "steps: echo mark >> ran.txt; cat ran.txt"
"""A turn with a text, a tool and a text; each time it runs adds a line to ran.txt."""

ENDLESS: Final = "slow: 2000 10"
"""A turn of which there always is more to come."""

AFTERWARDS: Final = "say: I am still here."

PROMPTS: Final = (PROMPT, AFTERWARDS)


async def against(goose: GooseServe, case: Case, folder: Path, whole: Mapping[str, list[Item]]) -> Outcome:
    """A run through the proxy; `whole` as for `judge`, of an undisturbed run."""
    async with running(Proxy(goose.port, case)) as proxy:
        chat = await converse(proxy, f"ws://127.0.0.1:{proxy.port}/acp", goose.key, folder, PROMPTS)
        return evidence(chat, proxy, folder, whole)


def evidence(chat: Conversation, proxy: Proxy, folder: Path, whole: Mapping[str, list[Item]]) -> Outcome:
    """Check a run; how often the tool ran is in the folder."""
    marks = folder / "ran.txt"
    ran = {PROMPT: marks.read_text().count("mark") if marks.exists() else 0}
    heard = delivered.of_acp(proxy.connections)
    # goose joins a prompt that came to no reply with the next one, so the model may answer both then.
    afterwards = heard.get(AFTERWARDS, whole[AFTERWARDS])
    outcome = judge(chat, proxy, {PROMPT: whole[PROMPT], AFTERWARDS: afterwards}, heard, ran, finishes_alone=False)
    assert any(item["kind"] == "agent" for item in afterwards), "the last prompt was not answered"
    return outcome


async def undisturbed(goose: GooseServe, folder: Path) -> tuple[dict[str, list[Item]], int]:
    """The turns when nothing goes wrong, as they reach the client; and the number of messages of the first."""
    async with running(Proxy(goose.port)) as proxy:
        await converse(proxy, f"ws://127.0.0.1:{proxy.port}/acp", goose.key, folder, PROMPTS)
        log = proxy.connections[0].log
        second = next(number for number, (_, text) in enumerate(log) if AFTERWARDS in str(text))
        turns = delivered.of_acp(proxy.connections)
    assert (folder / "ran.txt").read_text() == "mark\n"
    assert len(turns[PROMPT]) > 3
    return turns, sum(direction == "in" for direction, _ in log[:second])


async def killed(environment: Mapping[str, str], folder: Path, *, words: int) -> list[Finding]:
    """What is wrong after goose was killed in mid-turn, when so many words had come, and came back."""
    make(folder)
    port, key = free_port(), "the key of both"
    whole = "".join(f"word{number} " for number in range(2000))
    async with running(Proxy(port)) as proxy:
        with goose_serve(environment, port=port, key=key) as goose:
            address = f"ws://127.0.0.1:{proxy.port}/acp"
            chat = GooseChat(server=address, token=key, store=folder / "sessions", cwd=folder)
            page = Page(chat)
            asking = asyncio.create_task(chat.ask_async(ENDLESS))
            await eventually(lambda: len(chat.items) > 1 and f"word{words} " in page.items[1]["text"], 20)
            goose.kill()
            await asyncio.wait({asking})
        assert isinstance(asking.exception(), errors.TurnInterrupted)
        with goose_serve(environment, port=port, key=key):
            try:
                await chat.ask_async(AFTERWARDS)
                await eventually(lambda: chat.status == "ready")
                file = items_of(folder / "sessions", str(chat.session_id))
                with contextlib.suppress(AssertionError):
                    await eventually(lambda: page.items == file and len(chat.items) == len(file), 3)
            finally:
                chat.close()
    heard = delivered.of_acp(proxy.connections)
    endless = [heard[ENDLESS][0], {"kind": "agent", "text": whole}]
    asked = [
        Asked(ENDLESS, endless, heard[ENDLESS]),
        Asked(AFTERWARDS, heard[AFTERWARDS], heard[AFTERWARDS], must_be_whole=True),
    ]
    return check(Evidence(asked, file, list(chat.items), page.items))
