"""Attachments, the queue and steering with the real goose and a scripted model; and what a page gets of them."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from goose_widget import Chat, errors
from goose_widget import events as ev
from goose_widget.loop import background
from support.goose import GooseServe, goose_environment, goose_serve
from support.model import ScriptedModel, text_of
from support.poll import eventually, until

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNg+M/AAAADAQEAyf6S7wAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


@pytest.fixture(scope="module")
def goose(model: ScriptedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GooseServe]:
    # goose leaves images out for models of which it does not know that they can see.
    environment = goose_environment(tmp_path_factory.mktemp("goose"), model.url, GOOSE_MODEL="gpt-4o")
    with goose_serve(environment) as goose:
        yield goose


@pytest.fixture
def new_chat(goose: GooseServe, tmp_path: Path) -> Iterator[Any]:
    chats: list[Chat] = []

    def new(session_id: str | None = None, **more: Any) -> Chat:
        chat = Chat(
            session_id, **{"server": goose.url, "token": goose.key, "cwd": tmp_path, "store": tmp_path / "s", **more}
        )
        chats.append(chat)
        return chat

    yield new
    for chat in chats:
        chat.close()


def on_loop(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call something on the background thread, as a page's action is done."""

    async def call() -> Any:
        return function(*arguments)

    return background().submit(call()).result(10)


def users(chat: Chat) -> list[str]:
    return [item["text"] for item in chat.items if item["kind"] == "user"]


def submit(chat: Chat, *texts: str) -> None:
    for text in texts:
        on_loop(lambda text=text: chat._session.submit(f"q {text}", text))


# -- attachments ------------------------------------------------------------------------------------------------------


def test_an_image_and_a_file_reach_the_model_and_come_back(new_chat: Any, model: ScriptedModel, tmp_path: Path) -> None:
    (tmp_path / "plot.png").write_bytes(PNG)
    (tmp_path / "sales.csv").write_text("month,sales\nMay,7\n")
    chat = new_chat()
    chat.ask("say: I see", attachments=[tmp_path / "plot.png", str(tmp_path / "sales.csv")])
    assert chat.accepts == ["image", "file"]
    request = next(each for each in model.requests[::-1] if "I see" in str(each["messages"]) and each.get("tools"))
    (prompt,) = [message for message in request["messages"] if message["role"] == "user"]
    assert "month,sales\nMay,7" in text_of(prompt)
    images = [part["image_url"]["url"] for part in prompt["content"] if part["type"] == "image_url"]
    assert images == [f"data:image/png;base64,{base64.b64encode(PNG).decode()}"]
    content = chat.items[0]["content"]
    assert [(block["type"], block["mime"]) for block in content] == [("image", "image/png"), ("resource", "text/csv")]

    chat.close()
    again = new_chat(chat.session_id)
    until(lambda: again.status == "ready")
    assert users(again) == ["say: I see"]
    assert again.items[0]["content"] == content
    other = new_chat(chat.session_id, store=tmp_path / "without its file")
    until(lambda: other.status == "ready" and len(other.items) > 1)
    assert other.items[0]["text"] == "say: I see"
    assert [block["type"] for block in other.items[0]["content"]] == ["image", "resource"]
    assert other.items[0]["content"][1]["text"] == "month,sales\nMay,7\n"


def test_attachments_survive_a_move_to_another_goose(
    new_chat: Any, model: ScriptedModel, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chat = new_chat()
    chat.ask("say: I saw", attachments=[PNG, b"secret word: heron"])
    chat.close()
    environment = goose_environment(tmp_path_factory.mktemp("other"), model.url, GOOSE_MODEL="gpt-4o")
    with goose_serve(environment) as other:
        moved = new_chat(chat.session_id, server=other.url, token=other.key)
        until(lambda: moved.status == "ready")
        assert moved.resumed == "restored"
        moved.ask("say: after the move")
        messages = str(next(each for each in model.requests[::-1] if "after the move" in str(each))["messages"])
        assert "secret word: heron" in messages
        assert base64.b64encode(PNG).decode() in messages
        before = [(item["kind"], item["text"]) for item in moved.items]
        moved.close()
        again = new_chat(moved.session_id, server=other.url, token=other.key)
        until(lambda: again.status == "ready")
        assert [(item["kind"], item["text"]) for item in again.items] == before


def test_a_prompt_of_an_image_alone_is_taken(new_chat: Any) -> None:
    chat = new_chat()
    assert chat.ask("", attachments=[PNG]).stop_reason == "end_turn"
    chat.close()
    again = new_chat(chat.session_id)
    until(lambda: again.status == "ready")
    assert users(again) == [""]


def test_what_can_not_be_attached_is_refused_before_anything_is_sent(new_chat: Any, tmp_path: Path) -> None:
    chat = new_chat()
    with pytest.raises(errors.UsageError, match="No such file"):
        chat.ask("look", attachments=["missing.png"])
    with pytest.raises(errors.UsageError, match="can't be attached"):
        chat.ask("look", attachments=[b"\0\1"])
    with pytest.raises(errors.UsageError, match="a list"):
        chat.ask("look", attachments="plot.png")
    assert chat.items == []


# -- the queue --------------------------------------------------------------------------------------------------------


def test_the_queue_runs_on_by_itself(new_chat: Any, model: ScriptedModel) -> None:
    chat = new_chat()
    until(lambda: chat.status == "ready")
    submit(chat, "slow: 10 30", "say: two", "say: three")
    assert [waiting["text"] for waiting in chat.queue] == ["say: two", "say: three"]
    until(lambda: chat.status == "ready")
    assert users(chat) == ["slow: 10 30", "say: two", "say: three"]
    assert [item["text"] for item in chat.items if item["kind"] == "agent"][1:] == ["two", "three"]
    assert chat.queue == []


def test_after_a_stop_the_queue_waits_for_a_click(new_chat: Any) -> None:
    chat = new_chat()
    until(lambda: chat.status == "ready")
    submit(chat, "slow: 600 100", "say: two")
    until(lambda: len(chat.items) > 1)
    chat.stop()
    until(lambda: chat.status == "ready")
    assert chat.queue_paused == "The turn was stopped."
    assert chat.ask("say: from code").text == "from code"  # which does not wait for a click
    assert [waiting["id"] for waiting in chat.queue] == ["q say: two"]
    on_loop(chat._session.send_queued, "q say: two")
    until(lambda: chat.status == "ready" and not chat.queue)
    assert users(chat) == ["slow: 600 100", "say: from code", "say: two"]


def test_the_queue_is_there_again_when_the_session_is_opened(new_chat: Any) -> None:
    chat = new_chat()
    until(lambda: chat.status == "ready")
    submit(chat, "slow: 600 100", "say: two")
    until(lambda: len(chat.items) > 1)
    chat.close()
    again = new_chat(chat.session_id)
    until(lambda: again.status == "ready")
    assert [waiting["text"] for waiting in again.queue] == ["say: two"]
    assert "closed" in again.queue_paused
    on_loop(again._session.send_queued, "q say: two")
    until(lambda: again.status == "ready" and not again.queue)
    assert users(again) == ["slow: 600 100", "say: two"]


def test_the_page_can_leave_a_session_whose_queue_waits_and_come_back(new_chat: Any) -> None:
    chat = new_chat()
    until(lambda: chat.status == "ready")
    submit(chat, "slow: 600 100", "say: two")
    until(lambda: len(chat.items) > 1)
    chat.stop()
    until(lambda: chat.status == "ready")
    (file,) = chat._room.terms.store.files()
    on_loop(chat.go_to)
    assert (chat.queue, chat.queue_paused) == ([], "")
    on_loop(chat.go_to, file)
    until(lambda: chat.status == "ready" and chat.queue)
    assert chat.queue_paused


def test_what_is_redacted_is_gone_from_the_queue_too(new_chat: Any) -> None:
    chat = new_chat()
    until(lambda: chat.status == "ready")
    submit(chat, "slow: 600 100", "say: the secret heron")
    until(lambda: len(chat.items) > 1)
    chat.stop()
    until(lambda: chat.status == "ready")
    chat.redact("heron")
    (waiting,) = chat.queue
    assert waiting["text"].startswith("say: the secret ")
    assert "heron" not in waiting["text"]
    assert chat.queue_paused == "The turn was stopped."


def test_a_fork_has_no_queue(new_chat: Any) -> None:
    chat = new_chat()
    chat.ask("say: one")
    submit(chat, "slow: 600 100", "say: two")
    until(lambda: chat.items[-1]["kind"] == "agent" and "word" in chat.items[-1]["text"])
    chat.stop()
    until(lambda: chat.status == "ready")
    fork = chat.fork()
    until(lambda: fork.status == "ready")
    assert (len(chat.queue), fork.queue) == (1, [])
    fork.close()


async def test_an_ask_waits_for_the_queue_that_was_there_and_not_for_what_comes_later(new_chat: Any) -> None:
    chat = new_chat()
    await eventually(lambda: chat.status == "ready")
    submit(chat, "slow: 20 30", "say: before")
    asked = asyncio.ensure_future(chat.ask_async("say: asked"))
    await eventually(lambda: chat._room.asks._before)
    submit(chat, "say: after")
    assert (await asked).text == "asked"
    assert [item["text"] for item in (await asked).items] == ["say: asked", "asked"]
    await eventually(lambda: chat.status == "ready" and not chat.queue)
    assert users(chat) == ["slow: 20 30", "say: before", "say: asked", "say: after"]


async def test_an_ask_that_is_given_up_holds_nothing(new_chat: Any) -> None:
    chat = new_chat()
    await eventually(lambda: chat.status == "ready")
    submit(chat, "slow: 20 30")
    asked = asyncio.ensure_future(chat.ask_async("say: asked"))
    await eventually(lambda: chat._room.asks._before)
    submit(chat, "say: after")
    asked.cancel()
    await eventually(lambda: chat.status == "ready" and not chat.queue)
    assert users(chat) == ["slow: 20 30", "say: after"]


# -- steering ---------------------------------------------------------------------------------------------------------


def test_a_turn_is_steered_and_its_history_is_the_same(new_chat: Any, model: ScriptedModel) -> None:
    chat = new_chat()
    until(lambda: chat.status == "ready")
    submit(chat, "steps: sleep 1; echo one | echo two")
    until(lambda: any(item["kind"] == "tool" for item in chat.items))
    assert chat.can_steer
    on_loop(chat._session.steer, "s1", "say: turned")
    assert [waiting["steers"] for waiting in chat.queue] == [True]
    until(lambda: chat.status == "ready")
    assert (chat.queue, chat.can_steer) == ([], False)
    shown = [(item["kind"], item["text"]) for item in chat.items]
    assert [text for _, text in shown] == [
        "steps: sleep 1; echo one | echo two",
        "step 1 of 2",
        "one",
        "say: turned",
        "turned",
    ]
    assert [item["status"] for item in chat.items if item["kind"] == "tool"] == ["completed"]
    chat.ask("say: next")
    chat.close()
    again = new_chat(chat.session_id)
    until(lambda: again.status == "ready")
    assert [(item["kind"], item["text"]) for item in again.items][: len(shown)] == shown
    assert [item["text"] for item in again.items][len(shown) :] == ["say: next", "next"]


def test_what_steers_a_turn_that_is_stopped_waits(new_chat: Any) -> None:
    chat = new_chat()
    until(lambda: chat.status == "ready")
    submit(chat, "slow: 600 100")
    until(lambda: len(chat.items) > 1)
    on_loop(chat._session.steer, "s1", "say: turned")
    until(lambda: chat._session._unanswered == set())
    chat.stop()
    until(lambda: chat.status == "ready")
    assert [(waiting["text"], waiting["steers"]) for waiting in chat.queue] == [("say: turned", False)]
    on_loop(chat._session.send_queued, "s1")
    until(lambda: chat.status == "ready" and not chat.queue)
    assert users(chat) == ["slow: 600 100", "say: turned"]
    assert chat.items[-1]["text"] == "turned"


def test_a_fork_before_what_steered_ends_there(new_chat: Any) -> None:
    chat = new_chat()
    until(lambda: chat.status == "ready")
    submit(chat, "steps: sleep 1; echo one | echo two")
    until(lambda: any(item["kind"] == "tool" for item in chat.items))
    on_loop(chat._session.steer, "s1", "say: turned")
    until(lambda: chat.status == "ready")
    (steer,) = [item for item in chat.items if item["text"] == "say: turned"]
    fork = chat.fork(steer["id"])
    until(lambda: fork.status == "ready")
    assert [item["kind"] for item in fork.items] == ["user", "agent", "tool"]
    assert fork.interrupted is None
    fork.close()


# -- a recording ------------------------------------------------------------------------------------------------------


def test_a_recording_of_a_steered_and_queued_conversation_is_replayed(new_chat: Any, tmp_path: Path) -> None:
    chat = new_chat()
    until(lambda: chat.status == "ready")
    submit(chat, "steps: sleep 1; echo one | echo two", "say: queued")
    until(lambda: any(item["kind"] == "tool" for item in chat.items))
    on_loop(chat._session.steer, "s1", "say: turned")
    until(lambda: chat.status == "ready" and not chat.queue)
    chat.close()
    (file,) = chat._room.terms.store.files()
    replayed = Chat(replay=file.path, speed=float("inf"), store=tmp_path / "r")
    assert [item["text"] for item in replayed.ask("steps: sleep 1; echo one | echo two").items][-2:] == [
        "say: turned",
        "turned",
    ]
    assert replayed.ask("say: queued", attachments=[b"not compared"]).text == "queued"
    assert replayed.queue == []
    replayed.close()


def test_the_kinds_of_the_queue_are_in_the_file_and_nothing_is_shown_of_them(new_chat: Any) -> None:
    chat = new_chat()
    until(lambda: chat.status == "ready")
    submit(chat, "slow: 10 20", "say: two")
    until(lambda: chat.status == "ready" and not chat.queue)
    chat.close()
    (file,) = chat._room.terms.store.files()
    kinds = [type(entry.event) for entry in file.read()]
    assert kinds.count(ev.Queued) == kinds.count(ev.Unqueued) == 1
    assert {item["kind"] for item in chat.items} == {"user", "agent"}
