"""A question of goose: all that would run is seen, it can't be overlooked, and what its answers mean is said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.chat import ChatView, OpenChat
from browser.conftest import picture

pytestmark = pytest.mark.one_page

MARK = "● goose asks — "


def test_all_that_would_run_is_seen(open_chat: OpenChat) -> None:
    _, chat = open_chat(chat="GooseChat(mode='approve', height=700)")
    lines = [f"echo line {number}" for number in range(60)]
    chat.send("shell: " + "\n".join([*lines, "echo safe \u202e# \u2066evil\u200b", "echo \x1b[8mlast " + "x" * 300]))
    question = chat.log.get_by_role("region", name="Permission")
    code = question.locator("pre").first
    shown = code.inner_text()
    assert shown.split("\n")[:60] == lines
    assert "echo safe ⟦U+202E⟧# ⟦U+2066⟧evil⟦U+200B⟧\necho ⟦U+001B⟧[8mlast xxx" in shown
    assert not re.search("[\u200b\u202e\u2066\x1b]", shown)
    # Nothing of it is cut off, folded or to be scrolled to sideways.
    chat.root.screenshot(path=picture("permission", "long"))
    for place in (code, question):
        assert place.evaluate("it => it.scrollHeight <= it.clientHeight + 1 && it.scrollWidth <= it.clientWidth + 1")
    expect(chat.button("Allow always")).to_have_accessible_description(
        "“Always” holds for every use of shell, whatever its arguments, in all sessions of this goose, "
        "until you change it with goose configure."
    )
    chat.button("Reject once").click()
    chat.expect_status("Ready")


def test_the_header_and_the_tabs_title_say_that_goose_asks(open_chat: OpenChat, page: Page) -> None:
    notebook, chat = open_chat("GooseChat(mode='approve')", chat="GooseChat(mode='approve', height=420)")
    notebook.run(1)
    other = ChatView(notebook.output(1))
    other.expect_status("Ready")
    plain = page.title()
    chat.ask("big: 8", "line 00127")
    chat.send("shell: echo one")
    expect(page).to_have_title(MARK + plain)
    other.send("shell: echo two")
    expect(other.button("1 question")).to_be_visible()

    # JupyterLab changes the title itself.
    name = Path(notebook.path).name
    page.locator(".lm-DockPanel .lm-TabBar-addButton").click()
    expect(page).to_have_title(re.compile(f"^{MARK}(?!.*{re.escape(name)})"))
    page.get_by_role("tab", name=name).click()
    expect(page).to_have_title(MARK + plain)

    chat.log.evaluate("it => it.scrollTo(0, 0)")
    chat.button("1 question").click()
    expect(chat.button("Allow once")).to_be_focused()
    expect(chat.button("Allow once")).to_be_in_viewport()
    page.keyboard.press("Enter")
    chat.expect_status("Ready")
    expect(chat.button("1 question")).to_have_count(0)
    expect(page).to_have_title(MARK + plain)
    other.button("Reject once").click()
    expect(page).to_have_title(plain)


def test_the_title_is_as_before_when_the_view_or_the_kernel_goes(open_chat: OpenChat, page: Page) -> None:
    notebook, chat = open_chat(chat="GooseChat(mode='approve')")
    plain = page.title()
    chat.send("shell: echo one")
    expect(page).to_have_title(MARK + plain)
    notebook.save()
    notebook.close_and_reopen()
    expect(page).to_have_title(MARK + plain)
    notebook.restart()
    chat.beat()
    chat.expect_status("Kernel not answering")
    expect(page).to_have_title(plain)
