"""Pages come and go; the chat stays."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.chat import CHAT, ChatView, OpenChat


def words(count: int) -> str:
    """What `slow: COUNT MS` says."""
    return " ".join(f"word{n}" for n in range(count))


def test_a_reload_in_the_middle_of_a_turn_shows_everything_and_goes_on(open_chat: OpenChat) -> None:
    notebook, chat = open_chat()
    notebook.save()
    chat.ask("shell: echo it ran", "it ran")
    chat.send("slow: 200 40")
    expect(chat.last("agent")).to_contain_text("word9 ")
    notebook.reload()
    expect(chat.items("user")).to_have_text(["You:shell: echo it ran", "You:slow: 200 40"])
    expect(chat.items("tool")).to_have_attribute("data-status", "completed")
    expect(chat.last("agent")).to_have_attribute("data-state", "streaming")
    expect(chat.last("agent")).to_contain_text("word199")
    expect(chat.last("agent")).to_have_text(words(200))
    chat.ask("say: and on", "and on")


def test_a_question_can_be_answered_after_a_reload(open_chat: OpenChat) -> None:
    notebook, chat = open_chat(chat="GooseChat(mode='approve')")
    notebook.save()
    chat.send("shell: echo allowed after a reload")
    expect(chat.button("Allow once")).to_be_visible()
    notebook.reload()
    chat.button("Allow once").click()
    expect(chat.last("agent")).to_contain_text("Done: allowed after a reload")


def test_a_reload_while_a_cell_runs_shows_everything_when_the_cell_has_ended(open_chat: OpenChat) -> None:
    notebook, chat = open_chat("import time; time.sleep(600)")
    notebook.save()
    chat.send("slow: 60 50")
    notebook.start(1)
    notebook.reload(busy=True)
    notebook.interrupt()
    expect(chat.last("agent")).to_have_text(words(60))
    chat.ask("say: and on", "and on")


def test_two_views_show_the_same(open_chat: OpenChat) -> None:
    notebook, first = open_chat("chat")
    first.ask("say: before", "before")
    notebook.run(1)
    second = ChatView(notebook.output(1))
    expect(second.last("agent")).to_have_text("before")
    second.ask("shell: echo meanwhile", "meanwhile")
    first.expect_status("Ready")
    expect(first.items("user")).to_have_count(2)
    for kind in ("user", "agent", "tool"):
        expect(first.items(kind)).to_have_text(second.items(kind).all_text_contents())


def test_a_notebook_that_is_closed_and_opened_again_shows_what_happened_meanwhile(open_chat: OpenChat) -> None:
    notebook, chat = open_chat()
    notebook.save()
    chat.ask("say: before", "before")
    chat.send("slow: 60 40")
    expect(chat.last("agent")).to_contain_text("word3 ")
    notebook.save()
    notebook.close_and_reopen()
    expect(chat.items("agent").first).to_have_text("before")
    expect(chat.last("agent")).to_have_text(words(60))
    chat.ask("say: after", "after")


def test_after_a_restart_of_the_kernel_the_old_view_says_so_and_the_id_brings_all_of_it_back(
    open_chat: OpenChat,
) -> None:
    notebook, chat = open_chat(chat="GooseChat(mode='approve')")
    chat.ask("remember: the cat is called Ada", "I will remember")
    chat.send("shell: echo it ran")
    chat.button("Allow once").click()
    expect(chat.last("agent")).to_contain_text("Done: it ran")
    chat.expect_status("Ready")
    session = chat.session_id()
    notebook.restart()

    chat.composer.fill("is anyone there?")
    chat.beat()
    expect(chat.root).to_contain_text(f'The kernel was restarted. Run the cell again; GooseChat("{session}")')
    chat.expect_status("Kernel not answering")
    expect(chat.button("Send")).to_be_disabled()
    chat.composer.press("Enter")
    expect(chat.composer).to_have_value("is anyone there?")
    expect(chat.items("user")).to_have_count(2)

    notebook.write(1, CHAT.format(f"GooseChat({session!r})"))
    notebook.run(1)
    resumed = ChatView(notebook.output(1))
    resumed.expect_status("Ready")
    assert resumed.session_id() == session
    for kind in ("user", "agent", "tool"):
        expect(resumed.items(kind)).to_have_text(chat.items(kind).all_text_contents())
    expect(resumed.mode).to_have_value("approve")
    resumed.ask("recall", "You told me: the cat is called Ada")


def test_the_sessions_beside_the_notebook_are_a_table(open_chat: OpenChat) -> None:
    notebook, chat = open_chat("GooseChat.sessions()")
    chat.ask("say: hello", "hello")
    notebook.run(1)
    row = notebook.output(1).get_by_role("row").filter(has_text=chat.session_id())
    expect(row).to_contain_text("notebook.ipynb")
