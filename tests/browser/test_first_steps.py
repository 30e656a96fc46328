"""The two lines of the README."""

from __future__ import annotations

from playwright.sync_api import ConsoleMessage, expect

from browser.chat import OpenChat


def test_two_lines_show_a_chat_that_answers(open_chat: OpenChat, page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    notebook, chat = open_chat()
    chat.send("slow: 20 50")
    expect(chat.last("agent")).to_contain_text("word0")
    expect(chat.last("agent")).to_have_attribute("data-state", "streaming")
    expect(chat.last("agent")).to_contain_text("word19")
    chat.expect_status("Ready")
    session = notebook.evaluate(1, "print(chat.session_id)")
    expect(chat.root.locator("header code")).to_have_text(session)
    print(said)
