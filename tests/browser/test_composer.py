"""Writing to goose: queue, steering, attachments, completion and the history of prompts."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from browser.chat import ChatView, OpenChat, SharedChat
from browser.test_turns import png
from support.model import ScriptedModel

pytestmark = pytest.mark.one_page

CARET = "it => it.selectionStart"


def row(chat: ChatView, text: str) -> Locator:
    return queue(chat).get_by_role("listitem").filter(has_text=text)


def queue(chat: ChatView) -> Locator:
    return chat.root.get_by_role("region", name="Queue")


def field(chat: ChatView) -> Locator:
    """The composer, also while it completes something and is a combobox."""
    return chat.root.locator(".goose-field textarea")


def remark(chat: ChatView) -> Locator:
    return chat.root.locator(".goose-remark")


def put(chat: ChatView, text: str) -> None:
    """Puts a message into the queue."""
    chat.composer.fill(text)
    chat.composer.press("Enter")
    # The next one can go when this one has arrived.
    expect(row(chat, "Sending…")).to_have_count(0)
    expect(row(chat, text)).to_be_visible()
    expect(chat.composer).to_have_value("")


def test_what_is_sent_while_goose_works_waits_and_can_be_changed(shared_chat: SharedChat, model: ScriptedModel) -> None:
    _, chat = shared_chat
    before = chat.items("user").count()
    chat.send("slow: 1000 40")
    for text in ("say: first", "say: second", "say: third"):
        put(chat, text)
    expect(chat.items("user")).to_have_count(before + 1)

    chat.button("Edit: say: first").click()
    editor = queue(chat).get_by_role("textbox")
    expect(editor).to_be_focused()
    editor.fill("say: first, changed")
    editor.press("Enter")
    expect(row(chat, "first, changed")).to_be_visible()
    expect(chat.composer).to_be_focused()

    chat.button("Remove from the queue: say: second").click()
    expect(row(chat, "second")).to_have_count(0)
    chat.button("Undo").click()
    expect(chat.composer).to_have_value("say: second")
    chat.composer.fill("")

    chat.button("Stop").click()
    chat.expect_status("Ready")
    expect(queue(chat)).to_contain_text("Paused: The turn was stopped.")
    chat.button("Send now").click()
    expect(queue(chat)).to_have_count(0)
    expect(chat.last("agent")).to_have_text("third")
    chat.expect_status("Ready")
    assert model.prompts[-2:] == ["say: first, changed", "say: third"]


def test_a_changed_text_is_not_lost_when_its_message_is_sent(shared_chat: SharedChat) -> None:
    _, chat = shared_chat
    chat.send("slow: 1000 40")
    put(chat, "say: soon")
    chat.button("Stop").click()
    chat.button("Edit: say: soon").click()
    queue(chat).get_by_role("textbox").fill("say: too late")
    chat.button("Send now").click()
    expect(chat.last("agent")).to_have_text("soon")
    expect(chat.composer).to_have_value("say: too late")
    expect(remark(chat)).to_contain_text("has left the queue")
    chat.composer.fill("")


def test_control_and_enter_steers_the_running_turn(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    before = chat.items("user").count()
    chat.send("steps: while [ ! -e go ]; do sleep 0.1; done | echo second step")
    expect(chat.last("tool")).to_be_visible()
    chat.composer.fill("say: steered")
    chat.composer.press("Control+Enter")
    expect(row(chat, "say: steered")).to_contain_text("goes into the turn")
    (notebook.folder / "go").touch()
    expect(chat.items("user")).to_have_count(before + 2)
    expect(queue(chat)).to_have_count(0)
    chat.expect_status("Ready")


def test_a_queue_outlives_a_reload_of_the_page(open_chat: OpenChat) -> None:
    notebook, chat = open_chat()
    notebook.save()
    chat.send("slow: 1000 40")
    put(chat, "say: later")
    notebook.reload()
    expect(row(chat, "say: later")).to_be_visible()
    chat.button("Stop").click()
    chat.button("Send now").click()
    expect(chat.last("agent")).to_have_text("later")


def test_up_and_down_walk_the_prompts(shared_chat: SharedChat) -> None:
    _, chat = shared_chat
    chat.ask("say: the older one", "the older one")
    chat.ask("say: line one\nsay: line two", "line two")
    wrapped = "a wrapped line " * 30
    chat.composer.fill(wrapped)
    chat.composer.press("ArrowUp")
    expect(chat.composer).to_have_value(wrapped)
    assert 0 < chat.composer.evaluate(CARET) < len(wrapped)
    while chat.composer.evaluate(CARET) > 0:  # where it stops in the first line is the system's matter
        at = chat.composer.evaluate(CARET)
        chat.composer.press("ArrowUp")
        if chat.composer.input_value() != wrapped or chat.composer.evaluate(CARET) == at:
            break
    if chat.composer.input_value() == wrapped:
        chat.composer.press("ArrowUp")
    expect(chat.composer).to_have_value("say: line one\nsay: line two")
    chat.composer.press("ArrowDown")  # within the text
    expect(chat.composer).to_have_value("say: line one\nsay: line two")
    chat.composer.press("ArrowUp")
    chat.composer.press("ArrowUp")
    expect(chat.composer).to_have_value("say: the older one")
    chat.composer.press("ArrowDown")
    expect(chat.composer).to_have_value("say: line one\nsay: line two")
    chat.composer.press("ArrowDown")
    expect(chat.composer).to_have_value(wrapped)
    chat.composer.fill("")


def test_attachments_reach_the_model_and_stand_in_the_message(
    shared_chat: SharedChat, model: ScriptedModel, tmp_path: Path
) -> None:
    _, chat = shared_chat
    (tmp_path / "blue.png").write_bytes(png(40, 20, b"\x20\x20\xd0"))
    (tmp_path / "my table.csv").write_text("a,b\n1,2\n")
    with chat.root.page.expect_file_chooser() as chooser:
        chat.button("Attach files").click()
    chooser.value.set_files([tmp_path / "blue.png", tmp_path / "my table.csv"])
    expect(chat.root.get_by_role("list", name="Attachments").get_by_role("listitem")).to_have_count(2)
    chat.ask("say: I see", "I see")
    sent = json.dumps(model.conversations[-1][-1])
    assert "[image omitted: model does not support vision]" in sent  # goose says so of the scripted one
    assert "a,b\\n1,2" in sent
    message = chat.items("user").last
    expect(message.get_by_role("img")).to_have_js_property("naturalWidth", 40)
    expect(message.get_by_text("1,2")).to_be_hidden()
    message.get_by_text("my table.csv").click()
    expect(message.get_by_text("1,2")).to_be_visible()


def bring(chat: ChatView, where: Locator, kind: str, name: str, data: bytes, mime: str) -> bool:
    """Drops or pastes a file; whether the chat took it over from everybody else."""
    return bool(
        where.evaluate(
            """(target, [kind, name, data, mime]) => {
                const transfer = new DataTransfer();
                const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
                transfer.items.add(new File([bytes], name, { type: mime }));
                const options = { bubbles: true, cancelable: true, composed: true };
                const make = (type) => type === "paste"
                    ? new ClipboardEvent(type, { ...options, clipboardData: transfer })
                    : new DragEvent(type, { ...options, dataTransfer: transfer });
                const types = kind === "drop" ? ["dragenter", "dragover", "drop"] : [kind];
                return types.map((type) => !target.dispatchEvent(make(type))).every(Boolean);
            }""",
            [kind, name, base64.b64encode(data).decode(), mime],
        )
    )


def test_files_are_dropped_and_pasted(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    assert bring(chat, chat.log, "drop", "notes.txt", b"hello", "text/plain")
    assert bring(chat, chat.composer, "paste", "image.png", png(4, 4, b"\x20\x20\xd0"), "image/png")
    for name in ("notes.txt", "image.png"):
        expect(chat.button(f"Remove {name}")).to_be_visible()
    expect(chat.root.locator(".goose-drop")).to_have_count(0)
    assert bring(chat, chat.log, "drop", "big.png", bytes(5 * 2**20 + 1), "image/png")
    expect(remark(chat)).to_contain_text("big.png is 5.2 MB, and 5 MB can be sent.")
    chat.button("Dismiss").click()
    chat.button("Remove notes.txt").press("Enter")
    expect(chat.button("Remove notes.txt")).to_have_count(0)
    chat.button("Remove image.png").press("Enter")
    expect(chat.composer).to_be_focused()
    expect(notebook.page.locator(".jp-Dialog")).to_have_count(0)


def test_a_reload_says_which_attachments_it_took_away(open_chat: OpenChat) -> None:
    notebook, chat = open_chat()
    notebook.save()
    chat.composer.fill("kept")
    bring(chat, chat.log, "drop", "plot.png", png(4, 4, b"\x20\x20\xd0"), "image/png")
    expect(chat.button("Remove plot.png")).to_be_visible()
    notebook.reload()
    expect(chat.composer).to_have_value("kept")
    expect(remark(chat)).to_contain_text("plot.png was attached to your draft and is no longer here: attach it again.")


def test_files_and_commands_are_completed(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    (notebook.folder / "data").mkdir()
    (notebook.folder / "data" / "my sales.csv").write_text("")
    text = field(chat)
    text.press_sequentially("say: see @dat")
    options = chat.root.get_by_role("listbox", name="Files").get_by_role("option")
    expect(options.first).to_have_text("data/")
    expect(text).to_have_attribute("aria-expanded", "true")
    text.press("Enter")
    expect(text).to_have_value("say: see @data/")
    text.press_sequentially("my")
    expect(options.first).to_have_text("data/my sales.csv")
    text.press("Escape")
    expect(options).to_have_count(0)
    expect(text).to_be_focused()
    text.press_sequentially(" s")
    expect(options).to_have_count(0)
    text.press("Backspace")
    text.press("Backspace")
    expect(options.first).to_have_text("data/my sales.csv")
    options.first.click()
    expect(text).to_have_value('say: see @"data/my sales.csv" ')
    expect(text).to_be_focused()
    text.fill("")
    text.press_sequentially("/comp")
    commands = chat.root.get_by_role("listbox", name="Commands").get_by_role("option")
    expect(commands.first).to_contain_text("/compact")
    text.press("Tab")
    expect(text).to_have_value("/compact ")
    text.fill("")


def test_the_field_grows_with_its_text_and_then_scrolls(shared_chat: SharedChat) -> None:
    _, chat = shared_chat
    heights = []
    for lines in (1, 4, 40, 80):
        chat.composer.fill("\n".join("line" for _ in range(lines)))
        heights.append(chat.composer.evaluate("it => it.offsetHeight"))
    assert heights[0] < heights[1] < heights[2] == heights[3]
    assert chat.composer.evaluate("it => it.scrollHeight > it.clientHeight")
    chat.composer.fill("")


def test_a_narrow_chat_shows_all_of_the_composer(shared_chat: SharedChat) -> None:
    _, chat = shared_chat
    chat.root.evaluate("it => { it.style.width = '320px' }")
    chat.send("slow: 1000 40")
    put(chat, "say: something that is too long to be shown in a chat as narrow as this one is")
    bring(chat, chat.log, "drop", "a file with quite a long name of its own.txt", b"hello", "text/plain")
    remove = chat.root.get_by_role("button", name="Remove a file with")
    expect(remove).to_be_visible()
    chat.composer.fill("a draft")
    inside = """it => {
        const box = it.getBoundingClientRect();
        const all = [...it.querySelectorAll('.goose-composer button, .goose-composer textarea')];
        return all.filter((each) => each.getClientRects().length).map((each) => each.getBoundingClientRect())
            .map((it) => [it.left >= box.left && it.right <= box.right, it.width >= 24, it.height >= 24])
    }"""
    sizes = chat.root.evaluate(inside)
    assert len(sizes) == 7
    assert all(all(each) for each in sizes)
    remove.click()
    chat.root.evaluate("it => { it.style.width = '' }")
    chat.button("Stop").click()
    queue(chat).get_by_role("button", name="Remove from the queue").click()
    expect(queue(chat)).to_have_count(0)
    chat.button("Dismiss").click()
    chat.composer.fill("")
