"""The chat attached to a goose web server, in the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from browser.chat import ChatView, OpenChat
from support.elsewhere import Elsewhere
from support.web_server import FULL_TURN, WebServer, WebTurn, play

pytestmark = pytest.mark.one_page


@pytest.fixture
def web() -> Iterator[Elsewhere[WebServer]]:
    with Elsewhere(WebServer(play(FULL_TURN), generation="late")) as web:
        yield web


def expect_full_turn(chat: ChatView) -> None:
    """All of FULL_TURN, once."""
    chat.expect_status("Ready")
    expect(chat.items("thought")).to_have_count(2)
    expect(chat.items("tool")).to_have_count(3)
    expect(chat.items("tool").nth(0)).to_have_attribute("data-status", "completed")
    expect(chat.items("tool").nth(1)).to_have_attribute("data-status", "failed")
    expect(chat.items("agent")).to_have_count(2)
    expect(chat.items("agent").first.get_by_role("listitem")).to_have_count(2)
    expect(chat.items("agent").last.get_by_role("table")).to_have_count(1)
    expect(chat.items("agent").last.locator("pre")).to_contain_text("print(1 < 2)")


def test_a_whole_turn_is_shown_and_says_once_who_approves(web: Elsewhere[WebServer], open_chat: OpenChat) -> None:
    _, chat = open_chat(chat=f"GooseChat(server={web.server.url!r})")
    expect(chat.root).not_to_contain_text("It works in")  # this server decides that, and has not told
    chat.send("which file is the largest?")
    expect_full_turn(chat)
    approves = chat.items("notice").filter(has_text="approves every tool by itself")
    expect(approves).to_have_count(1)
    expect(chat.unfold(chat.items("tool").first)).to_contain_text("ls -S")
    chat.send("again")
    chat.expect_status("Ready")
    expect(chat.items("tool")).to_have_count(6)
    expect(approves).to_have_count(1)


def test_a_reply_that_was_cut_is_completed_and_nothing_is_doubled(
    web: Elsewhere[WebServer], open_chat: OpenChat
) -> None:
    _, chat = open_chat(chat=f"GooseChat(server={web.server.url!r})")
    web.server.cut_after = 4
    chat.send("which file is the largest?")
    expect(chat.items("notice").last).to_contain_text("what was missing was fetched")
    expect_full_turn(chat)
    assert web.server.connections == 2


def test_a_session_is_resumed_with_its_whole_history(web: Elsewhere[WebServer], open_chat: OpenChat) -> None:
    notebook, chat = open_chat("", chat=f"GooseChat(server={web.server.url!r})")
    chat.send("which file is the largest?")
    expect_full_turn(chat)
    session = chat.session_id()
    notebook.write(1, f"chat = GooseChat({session!r}, server={web.server.url!r}, store='elsewhere')\nchat")
    notebook.run(1)
    resumed = ChatView(notebook.output(1))
    expect(resumed.items("user")).to_contain_text(["which file is the largest?"])
    expect_full_turn(resumed)


def test_a_session_that_the_server_has_lost_goes_on_in_a_new_one(open_chat: OpenChat) -> None:
    async def remember(server: WebServer, turn: WebTurn) -> None:
        await turn.text(f"You said: {turn.prompt}")

    with Elsewhere(WebServer(remember, generation="late")) as web:
        _, chat = open_chat(chat=f"GooseChat(server={web.server.url!r})")
        chat.ask("one", "You said: one")
        web.call(web.server.sessions.clear)
        chat.send("two")
        chat.expect_status("Read only")
        expect(chat.root).to_contain_text("goose does not know the session")
        chat.button("Go on in a new session").click()
        chat.expect_status("Ready")
        chat.ask("three", "You said: three")
        expect(chat.items("user")).to_contain_text(["one", "two", "three"])
        expect(chat.items("notice").filter(has_text="goes on here in the new session")).to_have_count(1)
