"""The chat as a user finds it on the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from playwright.sync_api import FilePayload, Locator, expect

from support.jupyter import Front, Notebook

CHAT = "from goose_widget import GooseChat\nchat = {}\nchat"

LISTEN = """(where, text) => {
  const heard = { text: false };
  const says = (it) => it.title === text || it.textContent.includes(text);
  const observer = new MutationObserver((changes) => { heard.text ||= changes.some(({ target }) => says(target)); });
  observer.observe(where, { subtree: true, childList: true, characterData: true, attributeFilter: ["title"] });
  return heard;
}"""


class ChatView:
    """One view of a chat.

    Args:
        place: an element that has no other view in it.
    """

    def __init__(self, place: Locator) -> None:
        self.root = place.get_by_role("region", name="Chat with goose")
        self.composer = self.root.get_by_label("Message goose", exact=True)
        self.log = self.root.get_by_role("log")
        self.mode = self.root.get_by_role("combobox", name="Mode", exact=True)
        self.announcements = self.root.locator("[aria-live=polite]:not([role]) > p, [aria-live=assertive] > p")
        self.status = self.root.locator("header [data-status]")

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    def items(self, kind: str) -> Locator:
        """All items of a kind: user, agent, thought, tool, plan, notice."""
        return self.log.locator(f"[data-kind={kind}]")

    def last(self, kind: str) -> Locator:
        """The last item of a kind since the user's last message."""
        return self.items("user").last.locator(f"xpath=following-sibling::*[@data-kind='{kind}']").last

    def send(self, text: str) -> None:
        """Writes a message, sends it with Enter once the chat takes it, and waits until it is in the log."""
        before = self.items("user").count()
        self.composer.fill(text)
        expect(self.button("Send")).to_have_attribute("aria-disabled", "false")
        self.composer.press("Enter")
        expect(self.items("user")).to_have_count(before + 1)

    def ask(self, text: str, answer: str) -> None:
        """Sends a message and waits for `answer` and the end of the turn."""
        self.send(text)
        expect(self.last("agent")).to_contain_text(answer)
        self.expect_status("Ready")

    def start_new_session(self) -> None:
        """Has the menu of the sessions start one, here."""
        self.root.locator("header").get_by_role("button", name="Sessions").click()
        self.root.get_by_role("dialog", name="Sessions").get_by_role("button", name="New", exact=True).click()
        expect(self.items("user")).to_have_count(0)
        self.expect_status("Ready")

    def open_find(self) -> Locator:
        """Opens the search in the chat, and returns its field."""
        self.composer.focus()
        self.root.page.keyboard.press("Control+f")
        field = self.root.get_by_role("searchbox", name="Find in the chat")
        expect(field).to_be_focused()
        return field

    def choose_mode(self, mode: str) -> None:
        self.mode.select_option(mode)
        expect(self.mode).to_have_value(mode)

    def unfold(self, card: Locator) -> Locator:
        """Opens a tool's card, unless it is open, and returns it."""
        head = card.get_by_role("button").first
        if head.get_attribute("aria-expanded") == "false":
            head.click()
        expect(head).to_have_attribute("aria-expanded", "true")
        return card

    def attach(self, *names: str, text: str = "a,b\n1,2\n") -> None:
        """Attaches text files to the draft, which has none."""
        with self.root.page.expect_file_chooser() as chooser:
            self.button("Attach files").click()
        files: list[FilePayload] = [{"name": name, "mimeType": "text/plain", "buffer": text.encode()} for name in names]
        chooser.value.set_files(files)
        expect(self.root.get_by_role("list", name="Attachments").get_by_role("listitem")).to_have_count(len(names))

    def session_id(self) -> str:
        """The id in the header."""
        return self.root.locator("header code").inner_text()

    def beat(self) -> None:
        """Lets the page ask now whether the kernel is there, as it does every 20 s."""
        self.root.page.evaluate("dispatchEvent(new Event('online'))")

    def expect_status(self, word: str | re.Pattern[str]) -> None:
        """Waits for a status: Ready, Working…, Waiting for you, Interrupted, Reconnecting in 2 s, Offline, …"""
        expect(self.status).to_have_text(word)


@contextmanager
def says(where: Locator, text: str) -> Iterator[None]:
    """Waits until something in `where` has said it since, as its text or its title: "Copied" is soon gone again.

    A locator looks now and then, and on a busy machine only when that was said and is over.
    """
    heard = where.evaluate_handle(LISTEN, text)
    yield
    where.page.wait_for_function("heard => heard.text", arg=heard)


class OpenNotebook(Protocol):
    """The fixture `open_notebook`.

    Args:
        cells: their sources; an empty cell always comes last.
        kernel: its name.
        front: the program that shows the notebook.
    """

    def __call__(self, *cells: str, kernel: str = ..., front: Front = ...) -> Notebook: ...


class OpenChat(Protocol):
    """The fixture `open_chat`: a notebook whose first cell shows a chat, and the chat.

    Args:
        more: sources of further cells; an empty one always comes last.
        chat: the expression that makes the chat.
        kernel, front: as for `OpenNotebook`.
    """

    def __call__(
        self, *more: str, chat: str = ..., kernel: str = ..., front: Front = ...
    ) -> tuple[Notebook, ChatView]: ...


SharedChat = tuple[Notebook, ChatView]
"""The fixture `shared_chat`."""
