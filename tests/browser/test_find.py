"""Find in the chat: any place of a long session, also one that the page does not hold, with the keyboard alone."""

from __future__ import annotations

import time
from pathlib import Path

from playwright.sync_api import Page, expect

from browser.chat import CHAT, ChatView, OpenNotebook
from goose_widget import events as ev
from goose_widget.store import Entry, Header, Store, default_folder


def write_session(folder: Path) -> None:
    """A thousand turns; in the tenth and in the last but one there is a needle."""
    file = Store(default_folder(folder)).create(Header("long", "the demo", time.time(), cwd=str(folder)))
    events: list[ev.Event] = []
    for turn in range(1000):
        prompt = f"p{turn}"
        text = "a **silver** needle" if turn in (9, 998) else "hay"
        events += [ev.UserMessage(f"Prompt {turn}", prompt), ev.TurnStarted(prompt), ev.Text(text, f"m{turn}")]
        events.append(ev.TurnEnded(prompt, "end_turn"))
    file.append([Entry(seq, 1.7e9 + seq, event) for seq, event in enumerate(events, 1)])
    file.close()


def marked(page: Page) -> list[str]:
    """What has the colour of the place where the reader is."""
    return list(page.evaluate("[...(CSS.highlights.get('goose-found-here') ?? [])].map(String)"))


def test_every_place_of_a_long_session_is_found_with_the_keyboard(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(CHAT.format("GooseChat('long', server='demo')"))
    write_session(notebook.folder)
    notebook.run(0)
    chat, page = ChatView(notebook.output(0)), notebook.page
    expect(chat.items("user").last).to_contain_text("Prompt 999")
    status = chat.root.get_by_role("search").get_by_role("status")

    field = chat.open_find()
    page.keyboard.type("silver needle")
    expect(status).to_have_text("2 of 2")
    assert marked(page) == ["silver needle"]
    expect(chat.items("user").filter(has_text="Prompt 998")).to_be_in_viewport()

    page.keyboard.press("Enter")
    expect(status).to_have_text("1 of 2")
    expect(chat.items("agent").filter(has_text="silver")).to_be_in_viewport()
    expect(chat.items("user").filter(has_text="Prompt 999")).to_have_count(0)
    assert marked(page) == ["silver needle"]

    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    expect(chat.composer).to_be_focused()
    assert marked(page) == []
    chat.button("Jump to latest").click()
    expect(chat.items("user").last).to_contain_text("Prompt 999")
