from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from goose_widget.demo.sessions import Session, Sessions
from goose_widget.demo.steps import Call, Done, Say, Show, Step
from goose_widget.demo.turns import Play, prompted
from support.poll import eventually


class Heard:
    """What a turn emits and asks."""

    def __init__(self, tmp_path: Path, prompt: str, *, pace: float = 0.0, keep_partial: bool = False) -> None:
        self.sessions = Sessions(tmp_path)
        self.session = self.sessions.new("/work")
        self.steps: list[tuple[Step, str]] = []
        self.answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.is_new = prompted(self.sessions, self.session, [Say(prompt)])
        self.play = Play(self.sessions, self.session, self.emit, self.ask, pace=pace, keep_partial=keep_partial)

    async def emit(self, step: Step, message_id: str) -> None:
        self.steps.append((step, message_id))

    async def ask(self, call: Call) -> str:
        return await self.answer

    def saved(self) -> Session:
        session = Sessions(self.sessions.folder).get(self.session.id)
        assert session is not None
        return session

    def roles(self) -> list[str]:
        return [message.role for message in self.saved().messages]


async def test_a_turn_is_saved_message_by_message(tmp_path: Path) -> None:
    heard = Heard(tmp_path, "/tool")
    await heard.play.run()
    assert heard.roles() == ["user", "agent", "tool", "agent"]
    said = "".join(step.text for step, _ in heard.steps if isinstance(step, Say))
    assert "".join(message.text for message in heard.saved().messages[1:]) == said
    assert heard.play.said == len(said)
    assert not heard.play.failed
    kept = {message.id for message in heard.saved().messages[1:]}
    assert {message_id for _, message_id in heard.steps if message_id} == kept


async def test_the_prompt_is_saved_before_the_turn_begins(tmp_path: Path) -> None:
    heard = Heard(tmp_path, "How many rows are in it, please?")
    assert heard.is_new
    assert heard.roles() == ["user"]
    assert heard.saved().title == "How many rows are"
    assert not prompted(heard.sessions, heard.session, [Say("Something else")])
    assert heard.saved().title == "How many rows are"


async def test_a_picture_alone_makes_a_title_too(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    session = sessions.new("/work")
    assert prompted(sessions, session, [Show("image/png", "")])
    assert session.title == "New session"


@pytest.mark.parametrize(("keep", "roles"), [(False, ["user"]), (True, ["user", "agent"])])
async def test_what_a_cancelled_turn_leaves(tmp_path: Path, keep: bool, roles: list[str]) -> None:
    heard = Heard(tmp_path, "/slow 600", pace=1, keep_partial=keep)
    task = asyncio.create_task(heard.play.run())
    await eventually(lambda: len(heard.steps) > 3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert heard.roles() == roles


@pytest.mark.parametrize("keep", [False, True])
async def test_no_saved_tool_call_stays_open(tmp_path: Path, keep: bool) -> None:
    heard = Heard(tmp_path, "/ask", keep_partial=keep)
    task = asyncio.create_task(heard.play.run())
    await eventually(lambda: any(isinstance(step, Call) for step, _ in heard.steps))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not any(isinstance(step, Call) for message in heard.saved().messages for step in message.steps)


async def test_a_completed_tool_outlives_a_cancel(tmp_path: Path) -> None:
    heard = Heard(tmp_path, "/tool", pace=1)
    heard.session.model = "demo"
    task = asyncio.create_task(heard.play.run())
    await eventually(lambda: any(isinstance(step, Done) for step, _ in heard.steps))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert heard.roles() == ["user", "agent", "tool"]


async def test_an_answer_that_is_for_always_is_remembered(tmp_path: Path) -> None:
    heard = Heard(tmp_path, "/ask")
    heard.answer.set_result("allow_always")
    await heard.play.run()
    assert heard.session.rules == {"shell": "allow_always"}


async def test_a_failing_turn_says_so(tmp_path: Path) -> None:
    heard = Heard(tmp_path, "/fail")
    await heard.play.run()
    assert heard.play.failed
