"""The chat as a user finds it on the page."""

from __future__ import annotations

from typing import Protocol

from playwright.sync_api import Locator, expect

from support.jupyter import Notebook

CHAT = "from goose_widget import GooseChat\nchat = {}\nchat"


class ChatView:
    """One view of a chat.

    Args:
        place: an element that has no other view in it.
    """

    def __init__(self, place: Locator) -> None:
        self.root = place.get_by_role("region", name="Chat with goose")
        self.composer = self.root.get_by_role("textbox", name="Message goose")
        self.log = self.root.get_by_role("log")
        self.status = self.root.locator("header [data-status]")

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    def items(self, kind: str) -> Locator:
        """All items of a kind: user, agent, thought, tool, plan, notice."""
        return self.log.locator(f"[data-kind={kind}]")

    def last(self, kind: str) -> Locator:
        return self.items(kind).last

    def send(self, text: str) -> None:
        """Writes a message and sends it with Enter."""
        self.composer.fill(text)
        self.composer.press("Enter")

    def ask(self, text: str, answer: str) -> None:
        """Sends a message and waits for `answer` and the end of the turn."""
        self.send(text)
        expect(self.last("agent")).to_contain_text(answer)
        self.expect_status("Ready")

    def session_id(self) -> str:
        """The id in the header."""
        return self.root.locator("header code").inner_text()

    def beat(self) -> None:
        """Lets the page ask now whether the kernel is there, as it does every 20 s."""
        self.root.page.evaluate("dispatchEvent(new Event('online'))")

    def expect_status(self, word: str) -> None:
        """Waits for a status: Ready, Working…, Waiting for you, Reconnecting…, Not connected, Closed."""
        expect(self.status).to_have_text(word)


class OpenChat(Protocol):
    """The fixture `open_chat`.

    Args:
        more: sources of further cells; an empty one always comes last.
        chat: the expression that makes the chat.
        kernel: name of the kernel.
        front: lab or notebook.
    """

    def __call__(
        self, *more: str, chat: str = ..., kernel: str = ..., front: str = ...
    ) -> tuple[Notebook, ChatView]: ...
