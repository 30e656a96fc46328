"""Sessions are found again, go on after whatever cut them off, and are never mixed, lost or doubled."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from browser.chat import CHAT, ChatView, OpenChat, OpenNotebook, SharedChat
from browser.conftest import new_page
from goose_widget import events as ev
from goose_widget.log import load
from goose_widget.store import Entry, Header, Store, default_folder, session_file
from support.jupyter import Notebook, Server
from support.model import ScriptedModel
from support.poll import until

pytestmark = pytest.mark.one_page

KILL_GOOSE = (
    "import psutil\n"
    "[each.kill() for each in psutil.Process().children(recursive=True) if each.name().startswith('goose')]"
)


class Menu:
    """The menu of the sessions."""

    def __init__(self, chat: ChatView) -> None:
        self.chat = chat
        self.opener = chat.root.locator("header").get_by_role("button", name="Sessions")
        self.root = chat.root.get_by_role("dialog", name="Sessions")
        self.search = self.root.get_by_role("searchbox", name="Search sessions")
        self.rows = self.root.get_by_role("listitem")

    def open(self) -> Menu:
        self.opener.click()
        expect(self.search).to_be_focused()
        return self

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    def row(self, text: str) -> Locator:
        return self.rows.filter(has_text=text)


def sessions_folder(notebook: Notebook) -> Path:
    return default_folder(notebook.folder)


def files(notebook: Notebook) -> list[Path]:
    """The session files beside a notebook."""
    return sorted(sessions_folder(notebook).glob("*.jsonl"))


def label(chat: ChatView) -> Locator:
    """How the session came here, as the header says it."""
    return chat.root.locator("header .goose-tag")


def title(chat: ChatView) -> Locator:
    return chat.root.locator("header .goose-title")


def interruption(chat: ChatView) -> Locator:
    """The bar below a reply that was cut off."""
    return chat.root.get_by_role("region", name="Interrupted reply")


def test_the_menu_finds_a_session_opens_it_here_and_makes_new_ones(open_chat: OpenChat) -> None:
    notebook, chat = open_chat()
    menu, page = Menu(chat), notebook.page
    chat.ask("say: a heron stands in the reeds", "heron")
    first = chat.session_id()

    menu.opener.focus()
    page.keyboard.press("Enter")
    expect(menu.search).to_be_focused()
    expect(menu.rows).to_have_count(1)
    expect(menu.row("Current")).to_contain_text("2 messages")
    page.keyboard.press("Escape")
    expect(menu.root).to_have_count(0)
    expect(menu.opener).to_be_focused()

    menu.open().button("New").click()
    expect(menu.root).to_have_count(0)
    expect(chat.composer).to_be_focused()
    expect(chat.items("user")).to_have_count(0)
    chat.expect_status("Ready")
    chat.ask("say: nothing but ducks", "ducks")
    assert chat.session_id() != first
    expect(label(chat)).to_have_count(0)

    menu.open()
    expect(menu.rows).to_have_count(2)
    page.keyboard.type("stands in the reeds")
    expect(menu.rows).to_have_count(1)
    expect(menu.row("heron")).to_contain_text("stands in the reeds")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(menu.root).to_have_count(0)
    expect(chat.items("user")).to_have_text(["You:say: a heron stands in the reeds"])
    expect(chat.items("agent")).to_have_text(["a heron stands in the reeds"])
    chat.expect_status("Ready")
    expect(label(chat)).to_have_text("resumed")
    expect(chat.composer).to_be_focused()
    assert chat.session_id() == first
    chat.ask("say: and flies away", "flies")
    expect(chat.items("user")).to_have_count(2)


def test_the_menu_renames_exports_and_deletes(open_chat: OpenChat) -> None:
    notebook, chat = open_chat()
    notebook.save()
    menu, page = Menu(chat), notebook.page
    chat.ask("say: a heron stands in the reeds", "heron")

    menu.open().button("Rename").click()
    page.keyboard.type("Birds of the lake")
    page.keyboard.press("Enter")
    expect(title(chat)).to_have_text("Birds of the lake")
    expect(menu.row("Birds of the lake")).to_contain_text("Current")
    page.keyboard.press("Escape")
    notebook.reload()
    expect(title(chat)).to_have_text("Birds of the lake")
    chat.expect_status("Ready")

    menu.open().button("Markdown").click()
    expect(chat.root.get_by_role("status").filter(has_text="Exported to goose Birds of the lake.md")).to_be_visible()
    assert "a heron stands" in (notebook.folder / "goose Birds of the lake.md").read_text(encoding="utf-8")

    (birds,) = files(notebook)
    chat.start_new_session()
    chat.ask("say: nothing but ducks", "ducks")
    menu.open().button("Delete Birds of the lake").click()
    doubt = menu.root.get_by_role("alert").filter(has_text="Delete this session?")
    expect(doubt.get_by_role("button", name="Keep")).to_be_focused()
    page.keyboard.press("Enter")
    expect(doubt).to_have_count(0)
    expect(menu.button("Delete Birds of the lake")).to_be_focused()
    assert birds.exists()
    page.keyboard.press("Enter")
    doubt.get_by_role("button", name="Delete").click()
    expect(menu.row("Birds of the lake")).to_have_count(0)
    expect(menu.rows).to_have_count(1)
    until(lambda: not birds.exists(), 15)
    assert len(files(notebook)) == 1
    page.keyboard.press("Escape")
    chat.ask("say: and geese", "geese")


def test_a_fork_from_a_message_gives_it_back_to_be_asked_in_another_way(shared_chat: SharedChat) -> None:
    _, chat = shared_chat
    menu = Menu(chat)
    chat.start_new_session()
    chat.ask("remember: the boat is called Ada", "I will remember")
    chat.ask("say: the way not taken", "the way not taken")
    original = chat.session_id()

    chat.items("user").last.hover()
    chat.items("user").last.get_by_role("button", name="Fork from here").click()
    expect(chat.composer).to_have_value("say: the way not taken")
    chat.expect_status("Ready")
    expect(chat.items("user")).to_have_text(["You:remember: the boat is called Ada"])
    fork = chat.session_id()
    assert fork != original
    chat.composer.fill("")
    chat.ask("recall", "You told me: the boat is called Ada")

    menu.open()
    menu.rows.get_by_title(re.compile(f"^{re.escape(original)} ")).click()
    expect(chat.items("user")).to_have_text(["You:remember: the boat is called Ada", "You:say: the way not taken"])
    chat.expect_status("Ready")
    assert chat.session_id() == original
    expect(chat.composer).to_have_value("")


def test_an_interrupted_reply_is_continued_or_asked_for_again(open_chat: OpenChat, model: ScriptedModel) -> None:
    notebook, chat = open_chat(KILL_GOOSE)
    notebook.save()
    bar = interruption(chat)
    chat.send("slow: 1000 40")
    expect(chat.last("agent")).to_contain_text("word9 ")
    notebook.run(1)
    expect(bar).to_contain_text(re.compile(r"The reply was interrupted at \d\d?:\d\d"))
    expect(chat.last("notice")).to_contain_text("The connection dropped")
    chat.expect_status("Interrupted")
    notebook.reload()
    chat.expect_status("Interrupted")
    expect(bar).to_contain_text("The reply was interrupted")
    cut = chat.items("agent").first.inner_text()
    said = cut[: cut.index("\n")]
    assert "word9 " in said

    bar.get_by_role("button", name="Continue").click()
    expect(chat.last("agent")).to_contain_text("Your reply was cut off")
    chat.expect_status("Ready")
    expect(bar).to_have_count(0)
    expect(chat.items("agent")).to_have_count(2)
    expect(chat.items("agent").first).to_contain_text(said)
    assert "word9 " in str(model.conversations[-1])

    chat.send("slow: 999 40")
    expect(chat.last("agent")).to_contain_text("word9 ")
    notebook.run(1)
    expect(chat.items("agent").nth(2)).to_have_attribute("data-state", "interrupted")
    chat.expect_status("Interrupted")
    bar.get_by_role("button", name="Retry").click()
    expect(chat.items("user").filter(has_text="slow: 999 40")).to_have_count(2)
    expect(chat.last("agent")).to_contain_text("word9 ")
    expect(bar).to_have_count(0)
    chat.button("Stop").click()
    chat.expect_status("Ready")
    expect(bar).to_have_count(0)
    expect(chat.items("agent")).to_have_count(4)


def test_a_session_goes_on_at_a_goose_that_has_never_heard_of_it(open_chat: OpenChat, tmp_path: Path) -> None:
    notebook, chat = open_chat()
    chat.ask("remember: my name is Grace", "I will remember")
    chat.ask("shell: echo it ran", "Done: it ran")
    session = chat.session_id()
    notebook.restart()
    notebook.write(
        1, f"import os\nos.environ['GOOSE_PATH_ROOT'] = {str(tmp_path)!r}\n{CHAT.format(f'GooseChat({session!r})')}"
    )
    notebook.run(1)
    restored = ChatView(notebook.output(1))
    restored.expect_status("Ready")
    expect(label(restored)).to_have_text("restored")
    for kind in ("user", "agent", "tool"):
        expect(restored.items(kind)).to_have_text(chat.items(kind).all_text_contents())
    restored.ask("recall", "You told me: my name is Grace")
    menu = Menu(restored).open()
    expect(menu.rows).to_have_count(1)
    expect(menu.row("Current")).to_contain_text("6 messages")


def test_a_second_kernel_reads_a_session_until_it_takes_it_over(
    open_chat: OpenChat, server: Server, context: BrowserContext
) -> None:
    notebook, first = open_chat()
    first.ask("remember: the cat is called Ada", "I will remember")
    session = first.session_id()
    path = server.write(
        str(Path(notebook.path).with_name("second.ipynb")), [CHAT.format(f"GooseChat({session!r})"), ""]
    )
    with server.kernel(path), new_page(context) as page:
        other = Notebook(server, page, path)
        other.open()
        other.run(0)
        second = ChatView(other.output(0))
        second.expect_status("Read only")
        expect(second.root).to_contain_text("is open in another kernel")
        expect(second.items("user")).to_have_text(["You:remember: the cat is called Ada"])
        expect(second.button("Send")).to_be_disabled()

        first.ask("say: not yet", "not yet")
        second.button("Take over").click()
        second.expect_status("Ready")
        expect(label(second)).to_have_text("resumed")
        expect(second.items("user")).to_have_text(["You:remember: the cat is called Ada", "You:say: not yet"])
        expect(second.root).not_to_contain_text("is open in another kernel")
        expect(first.root).to_contain_text("goes on in another kernel, which took it over")
        expect(first.items("user")).to_have_count(2)
        expect(first.items("agent")).to_have_count(2)
        second.ask("recall", "You told me: the cat is called Ada")

        notebook.page.bring_to_front()
        first.button("Take it back").click()
        first.expect_status("Ready")
        expect(first.items("user")).to_have_count(3)
        expect(first.items("agent")).to_have_text(second.items("agent").all_text_contents())
        expect(second.root).to_contain_text("goes on in another kernel")
        first.ask("say: home again", "home again")


TURNS = 10_000


def write_long_session(folder: Path) -> str:
    """A session of the demo with 20,000 messages. Returns its id."""
    file = Store(default_folder(folder)).create(Header("long", "the demo", time.time(), cwd=str(folder)))
    events: list[ev.Event] = []
    for number in range(TURNS):
        events += [
            ev.UserMessage(f"question {number}", f"p{number}"),
            ev.TurnStarted(f"p{number}"),
            ev.Text(f"The answer to **question {number}**.", f"m{number}"),
            ev.TurnEnded(f"p{number}", "end_turn"),
        ]
    file.append([Entry(seq, 1.7e9 + seq, event) for seq, event in enumerate(events, 1)])
    file.close()
    return "long"


# The first item that is seen as a whole.
SEEN = """log => [...log.querySelectorAll("[data-kind]")].find(
    (it) => it.getBoundingClientRect().top >= log.getBoundingClientRect().top)"""


def shown(chat: ChatView) -> list[int]:
    """The numbers of the questions that are drawn."""
    # In one go: while the reader scrolls, items are let go of.
    texts = chat.log.evaluate("log => [...log.querySelectorAll('[data-kind=user]')].map((it) => it.textContent)")
    return [int(text.removeprefix("You:question ")) for text in texts]


def test_a_long_session_shows_its_newest_messages_and_the_earlier_ones_on_demand(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook("")
    session = write_long_session(notebook.folder)
    notebook.write(0, CHAT.format(f"GooseChat({session!r})"))
    notebook.run(0)
    chat = ChatView(notebook.output(0))
    chat.expect_status("Ready")
    items = chat.log.locator("[data-kind]")
    earlier = chat.log.get_by_role("button", name="Show earlier messages")
    expect(items.filter(has_text=f"question {TURNS - 1}")).to_have_count(2)
    expect(label(chat)).to_have_text("restored")
    expect(earlier).to_contain_text(f"({2 * TURNS - 200:,})")
    assert items.count() <= 201

    # To where it says so the reader only scrolls; what is before comes by itself, and what he sees stays where it is.
    chat.log.hover()
    while shown(chat)[0] > TURNS - 600:
        reached = shown(chat)[0]
        while shown(chat)[0] == reached:
            notebook.page.mouse.wheel(0, -1500)
            notebook.page.wait_for_function("() => new Promise(requestAnimationFrame)")
    top = chat.log.evaluate_handle(SEEN).as_element()
    assert top is not None
    before = top.bounding_box()
    count = earlier.text_content()
    earlier.evaluate("it => it.click()")
    expect(earlier).not_to_have_text(str(count))
    after = top.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) < 2
    numbers = shown(chat)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert items.count() <= 400

    chat.composer.fill("/say still here")
    chat.composer.press("Enter")
    expect(chat.last("agent")).to_contain_text("still here")
    chat.expect_status("Ready")
    assert items.count() <= 400
    expect(earlier).to_be_attached()


NO_SPACE = """
import goose_widget.private as private
write_all = private.write_all
def full(fd, data):
    raise OSError(28, "No space left on device")
private.write_all = full
"""


def test_a_full_disk_is_told_loudly_and_all_is_saved_once_there_is_room(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    banner = chat.root.get_by_role("alert").filter(has_text="not being saved")
    chat.start_new_session()
    chat.ask("say: on the disk", "on the disk")
    (path,) = (path for path in files(notebook) if "on the disk" in path.read_text(encoding="utf-8"))
    expect(banner).to_have_count(0)
    notebook.evaluate(1, NO_SPACE)
    try:
        chat.ask("say: in memory only", "in memory only")
        expect(banner).to_contain_text("No space left on device")
        assert banner.inner_text().count("not being saved") == 1
        chat.ask("say: and more of it", "and more of it")
        assert "in memory" not in path.read_text(encoding="utf-8")
    finally:
        notebook.evaluate(1, "private.write_all = write_all")
    expect(banner).to_have_count(0)
    expect(chat.last("notice")).to_contain_text("saved again, all of it")
    chat.expect_status("Ready")
    saved = [item for item in load(session_file(path)).transcript if item["kind"] in ("user", "agent")]
    replies = ["on the disk", "in memory only", "and more of it"]
    assert [item["text"].strip() for item in saved] == [text for reply in replies for text in (f"say: {reply}", reply)]
    expect(chat.items("agent")).to_have_text(replies)
