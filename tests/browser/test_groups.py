"""Tool calls of one kind in a row are one line, which opens."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.chat import SharedChat
from browser.conftest import picture


def test_three_commands_in_a_row_are_one_line_which_the_keyboard_opens_and_closes(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    page = notebook.page
    chat.ask("shells: echo one | echo two | echo three", "three")
    turn = chat.items("user").last.locator("xpath=following-sibling::*")
    group = turn.get_by_role("button", name="Ran 3 commands")
    cards = turn.and_(chat.items("tool"))
    heads = cards.get_by_role("button", name="echo")
    expect(group).to_have_attribute("aria-expanded", "false")
    expect(cards).to_have_count(3)
    expect(heads).to_have_count(0)

    chat.items("user").last.get_by_role("button").last.focus()
    page.keyboard.press("Tab")
    expect(group).to_be_focused()
    place = group.bounding_box()
    page.keyboard.press("Enter")
    expect(group).to_have_attribute("aria-expanded", "true")
    expect(heads).to_have_count(3)
    assert group.bounding_box() == place
    chat.root.screenshot(path=picture("group"))

    page.keyboard.press("Tab")
    expect(heads.first).to_be_focused()
    page.keyboard.press("Enter")
    expect(cards.first.locator("pre", has_text="one").first).to_be_visible()

    group.focus()
    page.keyboard.press("Space")
    expect(group).to_have_attribute("aria-expanded", "false")
    expect(group).to_be_focused()
    expect(heads).to_have_count(0)
