"""The keyboard in the chat is the chat's, and everything can be reached with it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browser.chat import OpenChat
from support.jupyter import Front

pytestmark = pytest.mark.one_page

MARKER = "raise SystemExit('this cell must not run')"
ANSWERS = ["Allow once", "Allow always", "Reject once", "Reject always"]
ORDER = ["Copy session id", "Mode", "Model", "Conversation", *ANSWERS, "Message goose", "Stop"]
FOCUSED = """() => {
    const it = document.activeElement;
    return it.getAttribute('aria-label') || it.labels?.[0]?.firstElementChild?.textContent || it.textContent;
}"""


@pytest.mark.parametrize("front", ["lab", "notebook"])
def test_notebook_shortcuts_do_nothing_in_the_chat(open_chat: OpenChat, front: Front) -> None:
    notebook, chat = open_chat(MARKER, front=front)
    chat.ask("shell: echo hello", "hello")
    cells = notebook.cells.count()

    chat.composer.click()
    for key in ("a", "b", "d", "d", "Shift+Enter", "x", "Escape", "z", "y", "m"):
        chat.composer.press(key)
    expect(chat.composer).to_have_value("abdd\nxzym")
    chat.composer.press("Control+Enter")
    expect(chat.items("user")).to_have_count(2)
    expect(chat.items("user").last).to_contain_text("xzym")
    chat.expect_status("Ready")

    for place in (chat.button("Copy session id"), chat.mode, chat.log, chat.items("tool").get_by_role("button").first):
        place.focus()
        for key in ("Escape", "a", "b", "d", "d", "x", "Shift+Enter", "Control+Enter", "Alt+Enter"):
            place.press(key)
        expect(place).to_be_focused()
    expect(notebook.cells).to_have_count(cells)
    expect(notebook.prompt(0)).to_have_text("[1]:")
    expect(notebook.prompt(1)).to_have_text("[ ]:")


def test_shortcuts_do_nothing_while_a_question_is_answered_with_the_keyboard(open_chat: OpenChat, page: Page) -> None:
    notebook, chat = open_chat(MARKER, chat="GooseChat(mode='approve')")
    chat.send("shell: echo allowed with Enter")
    chat.button("Allow once").focus()
    page.keyboard.press("Enter")
    expect(chat.last("agent")).to_contain_text("allowed with Enter")
    for key in ("d", "d", "a", "b", "x", "Shift+Enter"):
        page.keyboard.press(key)
    expect(notebook.cells).to_have_count(3)
    expect(notebook.prompt(1)).to_have_text("[ ]:")


def test_save_and_undo_stay_the_notebooks_and_the_text_fields(open_chat: OpenChat, page: Page) -> None:
    notebook, chat = open_chat()
    chat.composer.focus()
    page.keyboard.type("abc")
    page.keyboard.press("Control+s")
    notebook.expect_saved()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(chat.composer).to_have_value("")
    expect(notebook.cells).to_have_count(2)


def test_tab_reaches_everything_in_order(open_chat: OpenChat, page: Page) -> None:
    _, chat = open_chat(chat="GooseChat(mode='approve')")
    chat.ask("say: hello", "hello")
    chat.send("shell: echo hello")
    expect(chat.button("Allow once")).to_be_visible()
    chat.button("Copy session id").focus()
    reached = [page.evaluate(FOCUSED)]
    while "Stop" not in reached and len(reached) < 30:
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
    assert [name for name in reached if name in ORDER] == ORDER


def test_a_screen_reader_is_told_of_replies_and_questions_once(open_chat: OpenChat) -> None:
    _, chat = open_chat(chat="GooseChat(mode='approve')")
    expect(chat.log).to_have_accessible_name("Conversation")
    chat.ask("say: hello there", "hello there")
    expect(chat.announcements.filter(has_text="goose replied: hello there")).to_have_count(1)
    chat.send("shell: echo hello")
    expect(chat.announcements.filter(has_text="goose asks for permission")).to_have_count(1)
    expect(chat.announcements.filter(has_text="hello there")).to_have_count(1)
