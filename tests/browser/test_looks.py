"""Narrow and zoomed, with forced colours, without motion, from right to left. Pictures are left in test-results/."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from browser.chat import ChatView, OpenChat, SharedChat
from browser.conftest import picture
from browser.everything import show_everything

# What is cut off or sticks out: what is not within the chat, or a text that is not within its button.
CUT = """root => {
    const {left, right} = root.getBoundingClientRect();
    const scrolled = it => it.closest('pre, .goose-table, .goose-md table, .goose-menu');
    return [...root.querySelectorAll('button, select, input, textarea, code, img, p, li, .goose-status, .goose-usage')]
        .filter(it => it.checkVisibility() && !it.closest('.goose-sr') && !(scrolled(it) && it.tagName !== 'PRE'))
        .filter(it => {
            const box = it.getBoundingClientRect();
            return box.left < left - 1 || box.right > right + 1 ||
                (it.tagName === 'BUTTON' && it.scrollWidth > it.clientWidth + 1);
        })
        .map(it => it.outerHTML.slice(0, 200));
}"""


MARK = "rgb(255, 255, 0)"  # CSS's "Mark", what is found in a text


def expect_nothing_cut(chat: ChatView) -> None:
    for place in (chat.root, chat.log, chat.root.locator("header")):
        assert place.evaluate("it => it.scrollWidth <= it.clientWidth"), place
    assert chat.root.evaluate(CUT) == []


@pytest.fixture
def emulating(page: Page) -> Iterator[Page]:
    yield page
    page.emulate_media(forced_colors="none", reduced_motion="no-preference")


def test_nothing_is_cut_off_at_any_width_or_zoom(open_chat: OpenChat, page: Page) -> None:
    _, chat = show_everything(open_chat, height=700)
    # A chat in a side panel is as narrow as this; zoom leaves as little room as a narrow window, and larger letters.
    for width, zoom in ((320, 1), (360, 1), (640, 2), (420, 1), (480, 1), (640, 1), (850, 1), (1200, 1)):
        chat.root.evaluate(
            "(it, [width, zoom]) => Object.assign(it.style, {width: `${width / zoom}px`, maxWidth: 'none', zoom})",
            [width, zoom],
        )
        chat.root.screenshot(path=picture("looks", str(width), str(zoom)))
        expect_nothing_cut(chat)
        header = chat.root.locator("header")
        # With a badge, one row where there is some room for it, else two.
        assert header.evaluate("it => it.offsetHeight") < (45 if width / zoom >= 480 else 75), width
        chat.button("Sessions").click()
        menu = chat.root.get_by_role("dialog")
        expect(menu.get_by_role("listitem")).to_have_count(1)
        chat.root.screenshot(path=picture("looks", "menu", str(width), str(zoom)))
        assert menu.evaluate(
            "it => it.scrollWidth <= it.clientWidth && it.getBoundingClientRect().left >="
            " it.closest('.goose-widget').getBoundingClientRect().left"
        )
        page.keyboard.press("Escape")


def test_forced_colours_leave_buttons_status_and_focus_visible(open_chat: OpenChat, emulating: Page) -> None:
    _, chat = open_chat(chat="GooseChat(mode='approve')")
    chat.send("shell: echo one")
    emulating.emulate_media(forced_colors="active")
    answer = chat.button("Allow once")
    chat.button("Reject once").focus()
    emulating.keyboard.press("Shift+Tab")
    emulating.keyboard.press("Shift+Tab")
    expect(answer).to_be_focused()
    chat.root.screenshot(path=picture("looks", "forced colours"))
    behind = "it => getComputedStyle(it).backgroundColor"
    assert answer.evaluate("it => getComputedStyle(it).outlineStyle") == "solid"
    assert answer.evaluate("it => getComputedStyle(it).borderTopWidth") == "1px"
    dot = chat.root.locator("header .goose-dot")
    assert dot.evaluate(behind) != chat.root.evaluate(behind)
    for place in (".goose-meter", ".goose-bubble"):
        assert chat.root.locator(place).evaluate("it => getComputedStyle(it).borderTopStyle") == "solid", place
    chat.open_find()
    colours = "(it, colour) => getComputedStyle(it, '::highlight(goose-found)').backgroundColor === colour"
    assert chat.root.locator(".goose-bubble").evaluate(colours, MARK)


def test_nothing_moves_where_less_motion_is_wanted(open_chat: OpenChat, emulating: Page) -> None:
    _, chat = open_chat()
    moving = "it => it.getAnimations({subtree: true}).filter(each => each.playState === 'running').length"
    chat.send("shell: sleep 60")
    expect(chat.root.locator(".goose-spinner").first).to_be_visible()
    assert chat.root.evaluate(moving) > 0
    emulating.emulate_media(reduced_motion="reduce")
    assert chat.root.evaluate(moving) == 0
    chat.button("Stop").click()
    chat.expect_status("Ready")


@pytest.mark.parametrize("text", ["שלום עולם, זה data.csv", "مرحبا بالعالم، هذا data.csv"])
def test_text_from_right_to_left(shared_chat: SharedChat, text: str) -> None:
    _, chat = shared_chat
    chat.composer.fill(text)
    expect(chat.composer).to_have_css("direction", "rtl")
    chat.composer.press("Enter")
    message = chat.items("user").last.get_by_text(text)
    expect(message).to_have_css("direction", "rtl")
    expect(chat.last("agent")).to_contain_text(text)
    chat.expect_status("Ready")
    expect(chat.composer).to_have_css("direction", "ltr")
    chat.root.screenshot(path=picture("looks", "right to left"))
