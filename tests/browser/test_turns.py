"""What happens in a turn, as the page shows it."""

from __future__ import annotations

import struct
import zlib

from playwright.sync_api import expect

from browser.chat import OpenChat, SharedChat, says


def test_a_rejected_command_does_not_run(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    chat.choose_mode("approve")
    chat.send("shell: touch made.txt")
    for name in ("Allow once", "Allow always", "Reject once", "Reject always"):
        expect(chat.button(name)).to_be_visible()
    chat.button("Reject once").click()
    chat.expect_status("Ready")
    expect(chat.unfold(chat.last("tool"))).to_contain_text("Rejected once by you")
    expect(chat.button("Allow once")).to_have_count(0)
    assert not (notebook.folder / "made.txt").exists()


def test_two_commands_are_asked_for_and_answered_one_by_one(shared_chat: SharedChat) -> None:
    _, chat = shared_chat
    chat.choose_mode("approve")
    chat.send("two-shells: echo alpha | echo beta")
    first, second = (chat.items("tool").filter(has_text=text) for text in ("echo alpha", "echo beta"))
    for card, answer in ((first, "Allow once"), (second, "Reject once")):
        card.get_by_role("button", name=answer).click()
        expect(card.get_by_role("button", name=answer)).to_have_count(0)
    chat.expect_status("Ready")
    expect(first).to_have_attribute("data-status", "completed")
    expect(chat.unfold(first)).to_contain_text("Allowed once by you")
    expect(chat.unfold(second)).to_contain_text("Rejected once by you")
    expect(second).not_to_have_attribute("data-status", "completed")


def test_a_command_shows_its_output_while_it_runs_and_stop_ends_it(shared_chat: SharedChat) -> None:
    _, chat = shared_chat
    chat.send("shell: echo started; sleep 600")
    expect(chat.last("tool")).to_contain_text("started")
    expect(chat.last("tool")).to_have_attribute("data-status", "in_progress")
    chat.expect_status("Working…")
    chat.button("Stop").click()
    expect(chat.last("tool")).to_have_attribute("data-status", "cancelled")
    chat.expect_status("Ready")
    chat.ask("say: next", "next")


def test_stop_takes_an_open_question_back(shared_chat: SharedChat) -> None:
    _, chat = shared_chat
    chat.choose_mode("approve")
    chat.send("shell: echo never")
    expect(chat.button("Allow once")).to_be_visible()
    chat.button("Stop").click()
    chat.expect_status("Ready")
    expect(chat.button("Allow once")).to_have_count(0)
    expect(chat.last("tool")).to_have_attribute("data-status", "cancelled")


def test_a_tool_that_fails_says_why(shared_chat: SharedChat) -> None:
    _, chat = shared_chat
    chat.ask("fail-tool", "Done")
    expect(chat.last("tool")).to_have_attribute("data-status", "failed")
    expect(chat.last("tool")).to_contain_text("Failed")
    expect(chat.last("tool")).to_contain_text("no-such-file.txt")


def test_a_command_that_fails_shows_its_output_and_its_exit_code_once(shared_chat: SharedChat) -> None:
    _, chat = shared_chat
    chat.ask("shell: echo oh no >&2; exit 3", "Done")
    card = chat.unfold(chat.last("tool"))
    expect(card).to_contain_text("oh no")
    expect(card).to_contain_text("Command exited with code 3")
    expect(card).not_to_contain_text("Exit code 3")  # said already


def test_an_edit_is_asked_for_as_a_difference_and_made(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    chat.choose_mode("approve")
    notes = notebook.folder / "notes.txt"
    notes.write_text("one\ntwo\nthree\n")
    chat.send(f"edit: {notes} | two | zwei")
    question = chat.last("tool").get_by_role("region", name="Permission")
    change = question.get_by_role("figure")
    expect(change).to_contain_text("notes.txt")
    expect(change.locator(".goose-removed", has_text="two")).to_be_visible()
    expect(change.locator(".goose-added", has_text="zwei")).to_be_visible()
    assert notes.read_text() == "one\ntwo\nthree\n"
    question.get_by_role("button", name="Allow once").click()
    chat.expect_status("Ready")
    assert notes.read_text() == "one\nzwei\nthree\n"
    expect(chat.unfold(chat.last("tool")).get_by_role("figure").first).to_contain_text("zwei")


def test_thinking_is_folded_and_opens(shared_chat: SharedChat) -> None:
    _, chat = shared_chat
    chat.send("ponder")
    expect(chat.last("thought")).to_contain_text("goose is thinking…")
    expect(chat.last("agent")).to_have_text("It is so.")
    expect(chat.last("thought")).to_contain_text("Thought for")
    expect(chat.last("thought").get_by_text("thought39")).to_be_hidden()
    chat.last("thought").get_by_text("Thought for").click()
    expect(chat.last("thought").get_by_text("thought39")).to_be_visible()


def test_an_image_that_a_tool_returns_is_shown(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    (notebook.folder / "red.png").write_bytes(png(40, 20, b"\xd0\x20\x20"))
    chat.ask(f"image: {notebook.folder / 'red.png'}", "Done")
    image = chat.last("tool").get_by_role("img", name="From goose")
    expect(image).to_be_visible()
    expect(image).to_have_js_property("naturalWidth", 40)


def png(width: int, height: int, colour: bytes) -> bytes:
    """A picture of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + colour * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_a_failing_model_is_told_in_the_chat(shared_chat: SharedChat) -> None:
    _, chat = shared_chat
    chat.ask("error", "error")
    chat.ask("say: still here", "still here")


def test_what_code_asks_and_a_person_allows_appears_on_both_sides(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    chat.choose_mode("approve")
    notebook.write(1, "reply = chat.ask('shell: echo hello from code')\nprint(reply.tools)")
    notebook.start(1)
    chat.button("Allow once").click()
    expect(notebook.output(1)).to_contain_text("hello from code")
    expect(chat.items("user").last).to_have_text("You:shell: echo hello from code")
    expect(chat.last("agent")).to_contain_text("Done: hello from code")


def test_the_mode_is_chosen_in_the_header_and_known_to_code(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    chat.choose_mode("approve")
    chat.send("shell: echo hello")
    expect(chat.button("Allow once")).to_be_visible()
    assert notebook.evaluate(1, "print(chat.mode, chat.status)") == "approve waiting"
    chat.button("Reject once").click()
    chat.expect_status("Ready")


def test_the_header_tells_title_tokens_and_a_session_id_that_can_be_copied(open_chat: OpenChat) -> None:
    notebook, chat = open_chat()
    chat.ask("say: what a fine day it is", "fine day")
    header = chat.root.locator("header")
    expect(header).to_contain_text("say: what a fine")
    expect(header).to_contain_text("/ 128k")
    with says(chat.root.locator("div.goose-sr"), "Copied"):
        chat.button("Copy session id").click()
    assert notebook.clipboard() == chat.session_id()
