"""The real goose behind the proxy: cut at every message, killed in mid-turn, cut while it asks for permission."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from goose_widget import GooseChat, errors
from support.goose import goose_environment, goose_serve
from support.model import ScriptedModel
from support.poll import eventually

from . import campaign, real
from .campaign import Case
from .page import Page
from .proxy import Fault, Proxy, running
from .run import experiment


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    with experiment():
        yield


async def test_a_cut_at_any_message_of_a_turn_with_a_tool(model: ScriptedModel, tmp_path: Path) -> None:
    with goose_serve(goose_environment(tmp_path / "goose", model.url)) as goose:
        whole, messages = await real.undisturbed(goose, tmp_path / "whole")
        cases: list[Case] = [(Fault("cut", number),) for number in range(1, messages + 1)]
        outcomes = await campaign.play(
            cases, lambda case, folder: real.against(goose, case, folder, whole), tmp_path / "runs", together=4
        )
    # goose says some facts once more or once less.
    assert [outcome.faults for outcome in outcomes][:-3] == cases[:-3]
    assert campaign.report(outcomes) == ""


async def test_a_goose_that_is_killed_in_mid_turn(model: ScriptedModel, tmp_path: Path) -> None:
    """What was streamed stays; the goose that comes back in its place goes on with the session."""
    environment = goose_environment(tmp_path / "goose", model.url)
    assert await real.killed(environment, tmp_path, words=7) == []
    assert model.prompts.count(real.ENDLESS) == 1


async def test_a_question_that_is_open_when_the_socket_drops_is_void_and_nothing_runs(
    model: ScriptedModel, tmp_path: Path
) -> None:
    with goose_serve(goose_environment(tmp_path / "goose", model.url, mode="approve")) as goose:
        async with running(Proxy(goose.port)) as proxy:
            address = f"ws://127.0.0.1:{proxy.port}/acp"
            with contextlib.closing(
                GooseChat(server=address, token=goose.key, store=tmp_path / "sessions", cwd=tmp_path)
            ) as chat:
                page = Page(chat)
                page.say({"type": "hello", "have": 0, "log": ""})
                asking = asyncio.create_task(chat.ask_async("shell: touch ran.txt"))
                await eventually(lambda: chat.status == "waiting", 20)
                question = page.items[-1]["permission"]
                proxy.cut()
                with pytest.raises(errors.TurnInterrupted):
                    await asking
                await eventually(lambda: chat.status == "ready")
                page.say({"type": "answer", "request": question["request"], "option": "allow_once"})
                await eventually(lambda: page.refused)
                assert (await chat.ask_async("say: and now?")).text == "and now?"
                tool = next(item for item in page.items if item["kind"] == "tool")
                assert tool["permission"]["state"] == "void"
                assert "dropped" in tool["permission"]["note"]
                assert not (tmp_path / "ran.txt").exists()
                answers = [text for each in proxy.connections for way, text in each.log if way == "out"]
                assert "allow_once" not in str(answers)
