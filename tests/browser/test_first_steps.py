"""The two lines of the README."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from browser.chat import OpenChat


def test_two_lines_show_a_chat_that_answers(open_chat: OpenChat, page: Page) -> None:
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type in ("warning", "error") else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    notebook, chat = open_chat()
    chat.send("slow: 40 50")
    expect(chat.last("agent")).to_contain_text("word0")
    expect(chat.last("agent")).to_have_attribute("data-state", "streaming")
    expect(chat.last("agent")).to_contain_text("word39")
    expect(chat.last("agent")).to_have_attribute("data-state", "done")
    chat.expect_status("Ready")
    assert notebook.evaluate(1, "print(chat.session_id)") == chat.session_id()
    assert errors == []
