"""Colours, maths and diagrams: what the page gets from the kernel when it first needs it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.chat import ChatView, OpenChat, SharedChat
from browser.conftest import picture
from support.jupyter import Front

HOLD = """
import asyncio, threading
from goose_widget import GooseChat
from goose_widget.page import Page
tell, come = Page._tell_part, threading.Event()
async def later(self, name):
    while not come.is_set():
        await asyncio.sleep(0.05)
    await tell(self, name)
Page._tell_part = later
"""

COLOURED = r"for n in $(seq 1 60); do printf '\033[32mline %s\033[0m\n' $n; done"
UNTIL_GO = "until [ -e go ]; do sleep 0.1; done"

DIAGRAM = "graph TD; A[Read sales.csv] --> B{Clean?}; B -->|yes| C[Plot]; B -->|no| D[Mend]"


def fence(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```\n"


def say(chat: ChatView, text: str) -> Locator:
    """Has the agent say it, whole, and returns its message."""
    chat.ask(f"say: {text}\n\nThe end.", "The end.")
    return chat.last("agent")


def is_drawn(image: Locator) -> bool:
    return bool(image.evaluate("img => img.decode().then(() => img.naturalWidth > 50 && img.naturalHeight > 50)"))


@pytest.mark.parametrize("front", ["lab", "notebook"])
def test_each_comes_when_it_is_first_met_and_once(page: Page, open_chat: OpenChat, front: Front) -> None:
    received: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))))
    _, chat = open_chat(front=front)
    chat.ask("say: nothing special", "nothing special")
    assert sum(received) < 300_000  # the bundle among them
    received.clear()
    message = say(chat, f"Euler: $e^{{i\\pi}} + 1 = 0$\n\n$$\n\\int_0^1 x^2\\,dx\n$$\n\n{fence('rust', 'let x = 1;')}")
    expect(message.locator(".katex math")).to_have_count(2)
    expect(message.locator(".katex-display")).to_have_count(1)
    expect(message.locator(".hljs-keyword")).to_have_text("let")
    assert 500_000 < sum(received) < 1_500_000
    before = sum(received)
    say(chat, f"Again $a^2$ and\n\n{fence('python', 'if x: pass')}")
    expect(chat.last("agent").locator(".hljs-keyword").first).to_have_text("if")
    assert sum(received) - before < 100_000


@pytest.mark.parametrize("front", ["lab", "notebook"])
def test_long_code_is_coloured_beside_the_page_where_it_is_looked_at(
    page: Page, open_chat: OpenChat, front: Front
) -> None:
    workers: list[str] = []
    page.on("worker", lambda worker: workers.append(worker.url))
    _, chat = open_chat(front=front)
    code = "if x: needle()\n" + "value = 12\n" * 600 + '"""\n' + "all of it is text\n" * 200 + '"""'
    message = say(chat, fence("python", code))
    first, last = message.locator(".goose-box").first, message.locator(".goose-box").last
    expect(last.locator(".hljs-string")).to_have_count(1)
    expect(first.locator("span")).to_have_count(0)
    assert workers[-1].startswith("blob:")

    chat.open_find().fill("needle")
    expect(first.locator(".hljs-keyword")).to_have_text("if")
    page.wait_for_function("[...CSS.highlights.get('goose-found-here')].map(String).join() === 'needle'")
    assert first.evaluate("box => [...CSS.highlights.get('goose-found-here')][0].intersectsNode(box)")
    assert message.locator("code").evaluate("code => code.innerText.trimEnd()") == code


def test_a_formula_has_its_own_fonts(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    message = say(chat, "So $\\mathbb{R}^n \\to \\mathcal{L}$ holds.")
    expect(message.locator(".katex .mathbb")).to_have_text("R")
    assert notebook.page.evaluate("document.fonts.ready.then(() => document.fonts.check('12px KaTeX_AMS'))")


def test_a_diagram_is_drawn_for_light_and_dark_pages(shared_chat: SharedChat) -> None:
    _, chat = shared_chat
    message = say(chat, fence("mermaid", DIAGRAM))
    image = message.get_by_role("img", name="Diagram")
    expect(image).to_have_count(1)
    assert is_drawn(image)
    message.get_by_text("Source").click()
    expect(message.locator("code", has_text="graph TD")).to_be_visible()
    chat.root.evaluate("root => root.dataset.theme = 'dark'")
    expect(image).to_have_class(re.compile("goose-in-dark"))
    assert is_drawn(image)
    chat.root.evaluate("root => root.dataset.theme = 'light'")


def test_a_diagram_that_cannot_be_drawn_stays_as_text(shared_chat: SharedChat) -> None:
    _, chat = shared_chat
    message = say(chat, fence("mermaid", "graph TD; A -->"))
    expect(message.get_by_text("This diagram can't be drawn")).to_be_visible()
    expect(message.locator("code", has_text="graph TD")).to_be_visible()


@pytest.mark.parametrize(
    "source",
    [
        'graph TD; A["<img src=x onerror=parent.postMessage(1)>"] --> B',
        'graph TD; A["<img src=https://example.org/a.png>"] --> B',
        'graph TD; A --> B; click A "javascript:alert(1)"; click B "https://example.org" _blank',
        "%%{init: {'securityLevel': 'loose', 'themeCSS': '@import url(//example.org/a.css);'}}%%\ngraph TD; A --> B",
        "graph TD; A@{ img: 'https://example.org/a.png', label: 'x' } --> B",
    ],
)
def test_a_diagram_runs_nothing_and_loads_nothing(shared_chat: SharedChat, source: str) -> None:
    notebook, chat = shared_chat
    dialogs: list[str] = []  # what leaves the page is watched by its fixture
    notebook.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    message = say(chat, fence("mermaid", source))
    expect(message.get_by_role("img", name="Diagram").or_(message.get_by_text("can't be drawn")).first).to_be_visible()
    expect(notebook.page.locator("body > iframe[sandbox]")).to_have_count(0)
    assert message.locator("a").count() == 0
    assert dialogs == []


def test_output_and_queue_are_text_until_what_shows_them_comes(open_chat: OpenChat) -> None:
    notebook, chat = open_chat(HOLD, "come.set()")
    notebook.run(1)
    chat.send(f"shell: {COLOURED}; {UNTIL_GO}; echo $((400+20))")
    card = chat.last("tool")
    text = card.locator(".goose-text")
    expect(text).to_contain_text("line 60")
    expect(card.locator("span[class*=ansi]")).to_have_count(0)
    expect(card).to_contain_text("60 lines")
    assert text.evaluate("it => it.scrollTop > 0 && it.scrollHeight - it.scrollTop - it.clientHeight < 2")
    chat.composer.fill("say: later")
    chat.composer.press("Enter")
    queue = chat.root.get_by_role("region", name="Queue")
    expect(queue.get_by_role("listitem")).to_have_text("say: later")
    expect(queue.get_by_role("button")).to_have_count(0)
    chat.root.screenshot(path=picture("before-its-part"))
    text.evaluate("it => { it.scrollTop = 200; }")
    size = "it => [it.clientWidth, it.clientHeight, it.scrollTop]"
    before = text.evaluate(size)

    notebook.run(2)
    expect(card.locator("span[class*=ansi-fg]")).to_have_count(60)
    remove = queue.get_by_role("button", name="Remove from the queue: say: later")
    expect(remove).to_be_visible()
    chat.root.screenshot(path=picture("with-its-part"))
    assert text.evaluate(size) == before
    remove.click()
    expect(queue).to_have_count(0)
    (notebook.folder / "go").touch()
    chat.expect_status("Ready")
    expect(chat.unfold(card)).to_contain_text("420")
