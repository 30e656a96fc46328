"""A chat that shows one of everything, made by the demo."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.chat import ChatView, OpenChat
from support.jupyter import Notebook

EVERYTHING = (
    "__import__('os').environ.update(GOOSE_WIDGET_DEMO_PACE='0') or "
    "GooseChat(server='demo', mode='smart_approve', height={height})"
)


def show_everything(open_chat: OpenChat, *, height: int = 1200) -> tuple[Notebook, ChatView]:
    """Messages, a thought, a plan, tools that went well and not, rich replies, a notice, and a question that waits."""
    notebook, chat = open_chat(chat=EVERYTHING.format(height=height))
    for prompt in ("/markdown", "/fail tool", "/fail", "/edit"):
        chat.send(prompt)
        if prompt == "/edit":
            chat.button("Allow once").click()
        chat.expect_status("Ready")
    chat.send("/tour")
    expect(chat.button("Allow once")).to_be_visible()
    for card in chat.items("tool").all():
        chat.unfold(card)
    thought = chat.items("thought").locator("summary").last
    thought.click()
    return notebook, chat
