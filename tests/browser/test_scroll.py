"""The log stays at its end while text streams, and never pulls a reader down."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.chat import ChatView, SharedChat


def from_end(chat: ChatView) -> int:
    """Pixels below what is seen of the log."""
    return int(chat.log.evaluate("log => Math.round(log.scrollHeight - log.scrollTop - log.clientHeight)"))


def top(chat: ChatView) -> int:
    return int(chat.log.evaluate("log => Math.round(log.scrollTop)"))


def test_it_follows_the_text_until_the_reader_scrolls_up_and_a_button_leads_back(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    jump = chat.root.get_by_role("button", name="Jump to latest")
    chat.send("slow: 4000 3")
    expect(chat.last("agent")).to_contain_text("word800 ")
    assert top(chat) > 0
    assert from_end(chat) <= 2
    expect(jump).to_be_hidden()

    chat.log.hover()
    notebook.page.mouse.wheel(0, -250)
    expect(jump).to_be_visible()
    place = top(chat)
    words = chat.last("agent").inner_text().count("word")
    expect(chat.last("agent")).to_contain_text(f"word{words + 400} ")
    assert top(chat) == place

    jump.click()
    expect(jump).to_be_hidden()
    assert from_end(chat) <= 2
    words = chat.last("agent").inner_text().count("word")
    expect(chat.last("agent")).to_contain_text(f"word{words + 200} ")
    assert from_end(chat) <= 2
    chat.button("Stop").click()
    chat.expect_status("Ready")
    assert from_end(chat) <= 2


def test_what_is_read_stays_where_it_is_while_tools_run_and_become_one_line(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    chat.ask("big: 4", "line 00063")
    (notebook.folder / "go").unlink(missing_ok=True)
    wait = "until test -e go; do sleep 0.05; done"
    chat.send(f"shells: {wait}; echo one | {wait}; echo two | {wait}; echo three")
    read = chat.items("agent").filter(has_text="line 00063").last
    chat.log.hover()
    notebook.page.mouse.wheel(0, -600)
    expect(chat.root.get_by_role("button", name="Jump to latest")).to_be_visible()
    before = read.bounding_box()
    (notebook.folder / "go").touch()
    expect(chat.last("agent")).to_contain_text("three")
    chat.expect_status("Ready")
    turn = chat.items("user").last.locator("xpath=following-sibling::*")
    expect(turn.get_by_role("button", name="Ran 3 commands")).to_be_visible()
    assert read.bounding_box() == before


def test_a_message_of_ones_own_leads_to_the_end(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    chat.ask("big: 4", "line 00063")
    chat.log.hover()
    notebook.page.mouse.wheel(0, -2000)
    expect(chat.root.get_by_role("button", name="Jump to latest")).to_be_visible()
    chat.ask("say: here", "here")
    assert from_end(chat) <= 2
