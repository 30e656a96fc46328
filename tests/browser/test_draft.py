"""What was typed and not sent is never lost."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from browser.chat import CHAT, ChatView, OpenChat
from support.goose import goose_environment, goose_serve
from support.model import ScriptedModel

DRAFT = "First line,\nsecond line."


def test_a_draft_survives_a_reload(open_chat: OpenChat) -> None:
    notebook, chat = open_chat()
    notebook.save()
    chat.composer.fill(DRAFT)
    notebook.reload()
    expect(chat.composer).to_have_value(DRAFT)


def test_a_draft_survives_that_its_cell_runs_again(open_chat: OpenChat) -> None:
    notebook, _ = open_chat("chat")
    notebook.run(1)
    view = ChatView(notebook.output(1))
    view.composer.fill(DRAFT)
    notebook.run(1)
    expect(view.composer).to_have_value(DRAFT)


def test_a_draft_survives_that_its_session_is_resumed(open_chat: OpenChat) -> None:
    notebook, chat = open_chat("")
    chat.ask("say: hello", "hello")
    chat.composer.fill(DRAFT)
    notebook.write(1, CHAT.format(f"GooseChat({chat.session_id()!r})"))
    notebook.run(1)
    expect(ChatView(notebook.output(1)).composer).to_have_value(DRAFT)


def test_a_draft_survives_a_dropped_connection_and_the_chat_comes_back_by_itself(
    open_chat: OpenChat, model: ScriptedModel, tmp_path: Path
) -> None:
    environment = goose_environment(tmp_path, model.url)
    with goose_serve(environment) as goose:
        _, chat = open_chat(chat=f"GooseChat(server={goose.url!r}, token={goose.key!r})")
        chat.ask("remember: blue", "I will remember")
        chat.composer.fill(DRAFT)
        goose.kill()
        chat.expect_status(re.compile("^Reconnecting"))
        expect(chat.button("Reconnect now")).to_be_visible()
        chat.composer.press("Enter")
        expect(chat.composer).to_have_value(DRAFT)
        with goose_serve(environment, port=goose.port, key=goose.key):
            chat.expect_status("Ready")
            expect(chat.composer).to_have_value(DRAFT)
            expect(chat.items("user")).to_have_count(1)
            expect(chat.items("agent")).to_have_count(1)
            chat.ask("recall", "You told me: blue")


def test_a_goose_that_crashes_in_a_turn_is_started_again_and_the_partial_reply_stays(open_chat: OpenChat) -> None:
    notebook, chat = open_chat(
        "import psutil\n"
        "[each.kill() for each in psutil.Process().children(recursive=True) if each.name().startswith('goose')]"
    )
    chat.send("slow: 1000 40")
    expect(chat.last("agent")).to_contain_text("word9 ")
    notebook.run(1)
    expect(chat.last("agent")).to_have_attribute("data-state", "interrupted")
    expect(chat.last("agent")).to_contain_text("word9 ")
    expect(chat.last("notice")).to_contain_text("The connection dropped")
    chat.expect_status("Interrupted")
    chat.ask("say: again", "again")
