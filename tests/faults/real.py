"""Runs against the real goose: a turn with a tool that leaves a mark, in a session and a folder of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from support.goose import GooseServe

from . import delivered
from .campaign import Case
from .property import Item
from .proxy import Proxy, running
from .run import Conversation, Outcome, converse, judge

PROMPT: Final = "steps: echo mark >> ran.txt; cat ran.txt"
"""A turn with a text, a tool and a text; each time it runs adds a line to ran.txt."""

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
    outcome = judge(
        chat, proxy, {PROMPT: whole[PROMPT], AFTERWARDS: afterwards}, heard, ran, finishes_alone=False
    )
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
