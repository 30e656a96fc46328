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
    """Messages, a thought, a plan, tools that went well and not, rich replies, a notice, and a question that waits.

    Below it prompts that wait, one of them being edited, and a draft with attachments.
    """
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
    add_to_queue(chat, "Then plot the regions side by side", "Use the colours of the attached picture " * 8, "three")
    chat.root.get_by_role("button", name="Edit: three").click()
    chat.attach("sales.csv", f"{'a-very-long-name-' * 8}.csv")
    return notebook, chat


def add_to_queue(chat: ChatView, *texts: str) -> None:
    rows = chat.root.get_by_role("region", name="Queue").get_by_role("listitem")
    for number, text in enumerate(texts, 1):
        chat.composer.fill(text)
        # The one before is shown before it is acknowledged.
        expect(chat.button("Queue")).to_have_attribute("aria-disabled", "false")
        chat.composer.press("Enter")
        expect(rows).to_have_count(number)
        expect(chat.composer).to_have_value("")
