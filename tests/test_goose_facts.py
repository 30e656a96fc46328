"""What the real goose does, as texts and figures on the page say it does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from goose_widget import Chat
from support.goose import goose_environment, goose_serve
from support.model import ScriptedModel


@pytest.fixture
def new_chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Makes a chat with a goose of its own, which thinks that its model is one with a known price."""
    folder = tmp_path_factory.mktemp("goose")
    with ScriptedModel() as model, goose_serve(goose_environment(folder, model.url, GOOSE_MODEL="gpt-4o")) as goose:
        made: list[Chat] = []

        def new_chat(**options: Any) -> Chat:
            made.append(Chat(server=goose.url, token=goose.key, cwd=folder, store=folder / "sessions", **options))
            return made[-1]

        yield new_chat
        for chat in made:
            chat.close()


def turn_of(chat: Chat, prompt: str) -> dict[str, Any]:
    turn: dict[str, Any] = chat.ask(prompt).items[-1]["turn"]
    return turn


def test_a_turn_has_a_price_of_its_own(new_chat: Any) -> None:
    chat = new_chat()
    session = 0.0
    for prompt in ("say: hello", "steps: echo one | echo two", "say: again"):
        turn = turn_of(chat, prompt)
        cost, total = turn["cost"].split(), chat.usage["cost"].split()
        assert cost[1] == total[1] == "USD"
        assert float(cost[0]) > 0
        session += float(cost[0])
        assert session == pytest.approx(float(total[0]), abs=1e-5)
        assert 0 <= turn["first"] <= turn["duration"]
    assert turn_of(chat, "slow: 30 40")["rate"] == pytest.approx(25, rel=0.6)


@pytest.mark.parametrize(("answer", "runs"), [("allow_always", True), ("reject_always", False)])
def test_always_holds_for_the_tool_with_any_arguments_in_every_session(new_chat: Any, answer: str, runs: bool) -> None:
    asked: list[str] = []
    chat = new_chat(mode="approve", on_permission=lambda request: asked.append(request.title) or answer)
    chat.ask("shell: echo one")
    assert asked == ["shell · echo one"]
    other = new_chat(mode="approve", on_permission=lambda request: asked.append(request.title) or answer)
    assert ("two" in other.ask("shell: echo two").text) == runs
    assert len(asked) == 1
    other.ask("write: a.txt | text")
    assert asked[1:] == ["write · a.txt"]
