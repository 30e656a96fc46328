"""A whole conversation without a mouse: from the notebook's cell into the chat, and out of it again."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from browser.chat import CHAT, ChatView, OpenNotebook, says
from browser.test_keyboard import FOCUSED


def go(page: Page, name: str, *, back: bool = False) -> None:
    """Presses Tab until what has this name has the focus."""
    passed: list[str] = []
    while len(passed) < 60:
        page.keyboard.press("Shift+Tab" if back else "Tab")
        passed.append(page.evaluate(FOCUSED))
        if passed[-1] == name:
            return
    raise AssertionError(f"no {name!r} among {passed}")


def test_a_whole_conversation_with_the_keyboard_alone(open_notebook: OpenNotebook, page: Page) -> None:
    notebook = open_notebook(CHAT.format("GooseChat(mode='approve')"), "'the next cell'")
    keys = page.keyboard
    notebook.cell(0).locator(".cm-content").focus()
    keys.press("Control+Enter")
    chat = ChatView(notebook.output(0))
    chat.expect_status("Ready")

    # In, write, send.
    go(page, "Message goose")
    keys.type("shell: echo first; echo second")
    keys.press("Shift+Enter")
    keys.press("Backspace")
    keys.press("Enter")

    # Answer, by way of the header.
    expect(chat.button("1 question")).to_be_visible()
    go(page, "1 question", back=True)
    keys.press("Enter")
    expect(chat.button("Allow once")).to_be_focused()
    go(page, "Reject once")
    go(page, "Allow once", back=True)
    keys.press("Enter")
    expect(chat.last("agent")).to_contain_text("second")
    chat.expect_status("Ready")

    # Open the tool's card and copy its command.
    card = chat.last("tool").get_by_role("button").first
    expect(card).to_be_focused()
    expect(card).to_have_attribute("aria-expanded", "false")
    keys.press("Enter")
    expect(card).to_have_attribute("aria-expanded", "true")
    go(page, "Copy code")
    with says(chat.root.locator(":focus"), "Copied"):
        keys.press("Enter")
    assert notebook.clipboard() == "echo first; echo second"

    # Copy the reply; how long it took shows with the focus.
    go(page, "Copy this reply, as Markdown")
    expect(chat.last("agent").locator(".goose-foot")).to_have_css("opacity", "1")
    with says(chat.root.locator(":focus"), "Copied"):
        keys.press("Enter")
    assert notebook.clipboard().split() == chat.last("agent").locator(".goose-md").inner_text().split()

    # Scroll.
    chat.log.evaluate("it => it.scrollTo(0, it.scrollHeight)")
    go(page, "Conversation", back=True)
    keys.press("Home")
    chat.log.evaluate("it => new Promise(done => it.scrollTop === 0 ? done() : it.addEventListener('scrollend', done))")
    assert chat.log.evaluate("it => it.scrollTop") == 0

    # Choose another mode.
    go(page, "Mode", back=True)
    keys.type("auto")
    expect(chat.mode).to_have_value("auto")

    # Sessions: begin another one, and come back to this one.
    session = chat.session_id()
    go(page, "Sessions")
    keys.press("Enter")
    expect(chat.root.get_by_role("searchbox")).to_be_focused()
    keys.press("Escape")
    expect(chat.button("Sessions")).to_be_focused()
    keys.press("Enter")
    go(page, "New", back=True)
    keys.press("Enter")
    expect(chat.items("user")).to_have_count(0)
    expect(chat.composer).to_be_focused()
    keys.type("slow: 400 100")
    chat.expect_status("Ready")
    keys.press("Enter")
    expect(chat.last("agent")).to_contain_text("word3")
    go(page, "Stop")
    keys.press("Enter")
    chat.expect_status("Ready")
    expect(chat.root.locator(":focus")).to_have_count(1)
    go(page, "Sessions", back=True)
    keys.press("Enter")
    expect(chat.root.get_by_role("searchbox")).to_be_focused()
    keys.type("second")
    expect(chat.root.get_by_role("list", name="Sessions found").get_by_role("listitem")).to_have_count(1)
    keys.press("Tab")
    keys.press("Enter")
    expect(chat.root.locator("header code")).to_have_text(session)

    # Out again, backwards, to the cell; the next one is run.
    while chat.root.locator(":focus").count():
        keys.press("Shift+Tab")
    keys.press("Escape")
    keys.press("ArrowDown")
    keys.press("Control+Enter")
    expect(notebook.output(1)).to_contain_text("the next cell")
