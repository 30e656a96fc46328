"""The four ways to show a streamed answer that are compared."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

from playwright.sync_api import ElementHandle, Page

from browser.chat import ChatView
from support.jupyter import Notebook

from . import streams
from .feed import Feed
from .meter import Cost, Meter

PAGES: Final = Path(__file__).parent / "pages"

WIDGET: Final = """from goose_widget import GooseChat
if "chat" in globals(): chat.close()
chat = GooseChat(server="ws://{feed}/acp")
chat"""

PLAIN: Final = f"""import json, pathlib, threading, time, anywidget, traitlets
from websockets.sync.client import connect
class Plain(anywidget.AnyWidget):
    _esm = pathlib.Path({str(PAGES / "plain.js")!r})
    messages = traitlets.List().tag(sync=True)
    done = traitlets.Bool().tag(sync=True)
    def __init__(self):
        super().__init__()
        self.on_msg(lambda _, query, __: threading.Thread(target=self.read, args=(query,), daemon=True).start())
    def read(self, query):
        text, shown = "", 0.0
        with connect("ws://{{feed}}/chunks?" + query, proxy=None) as socket:
            socket.send("go")
            while (message := json.loads(socket.recv()))["type"] != "complete":
                text += message["content"]
                if time.monotonic() - shown > 0.04:
                    self.messages, shown = [text], time.monotonic()
        self.messages, self.done = [text], True
plain = Plain()
plain"""

MARKS: Final = "(root) => [...root.textContent.matchAll(/m(\\d+)x/g)].map(([, mark]) => Number(mark))"

ENDS: Final = """(status) => {
  window.ended = new Promise((resolve) => {
    let began = false;
    new MutationObserver((_, observer) => {
      began ||= status.textContent === "Working…";
      if (!began || status.textContent !== "Ready") return;
      observer.disconnect();
      resolve(true);
    }).observe(status, { childList: true, characterData: true, subtree: true });
  });
}"""

WAIT: Final = "(most) => Promise.race([ended, new Promise((resolve) => setTimeout(resolve, most, false))])"


class Lost(Exception):
    """Not all of the text arrived in the page."""


class Variant(Protocol):
    """A page that is ready for one stream.

    Attributes:
        meter: of its page.
        root: the element in which the text appears.
    """

    meter: Meter
    root: ElementHandle

    def prepare(self, kind: str, count: int, pace: float, every: int) -> None:
        """Ask for a stream, the cost of which is not that of the asking."""

    def begin(self) -> None:
        """Have it stream; the page's promise `ended` tells the end."""


def run(variant: Variant, kind: str, count: int, pace: float, *, every: int = 50, limit: float = 120) -> Cost | None:
    """What a stream costs; None if it did not end within `limit` seconds.

    Raises:
        Lost: not all of it is in the page.
    """
    page = variant.meter.page
    variant.prepare(kind, count, pace, every)
    variant.meter.start()
    variant.begin()
    if not page.evaluate(WAIT, limit * 1000):
        return None
    page.wait_for_timeout(300)  # what comes after the end belongs to it
    cost = variant.meter.stop()
    variant.meter.close()
    check(variant, count, every)
    return cost


def check(variant: Variant, count: int, every: int) -> None:
    """Raise Lost unless every mark is in the page, in its place."""
    found, sent = variant.root.evaluate(MARKS), streams.marks(count, every)
    if found != list(range(sent)):
        raise Lost(f"{len(found)} of {sent} marks are in the page, or they are not in order")


class Widget:
    """This widget.

    Args:
        notebook: its first cell is `WIDGET`.
        feed: what its agent says.
    """

    def __init__(self, notebook: Notebook, feed: Feed) -> None:
        self.feed = feed
        notebook.page.bring_to_front()
        notebook.run(0)
        self.chat = ChatView(notebook.output(0))
        self.chat.expect_status("Ready")
        self.meter, self.root = Meter(notebook.page), handle(notebook.page, ".goose-items")

    def prepare(self, kind: str, count: int, pace: float, every: int) -> None:
        self.chat.status.evaluate(ENDS)
        self.chat.composer.fill(f"{kind} {count} {pace:g} {every} wait")
        self.chat.composer.press("Enter")
        self.chat.expect_status("Working…")
        self.feed.waits.wait(30)
        self.meter.page.wait_for_timeout(300)

    def begin(self) -> None:
        self.feed.go()


class Plain:
    """An anywidget whose trait is a list of messages.

    Args:
        notebook: its first cell is `PLAIN`.
    """

    def __init__(self, notebook: Notebook) -> None:
        notebook.page.bring_to_front()
        notebook.run(0)
        notebook.page.locator(".plain").wait_for()
        self.meter, self.root = Meter(notebook.page), handle(notebook.page, ".plain")

    def prepare(self, kind: str, count: int, pace: float, every: int) -> None:
        self.query = query(kind, count, pace, every)

    def begin(self) -> None:
        self.meter.page.evaluate("(query) => go(query)", self.query)


class Alone:
    """A page of its own, `rerender.html` or `floor.html`."""

    def __init__(self, page: Page, port: int, name: str, kind: str, count: int, pace: float, every: int = 50) -> None:
        page.goto(f"http://127.0.0.1:{port}/{name}?{query(kind, count, pace, every)}")
        page.evaluate("() => ready")
        self.meter, self.root = Meter(page, settle=0), handle(page, "#log")

    def prepare(self, *_: object) -> None:
        """It was asked for by its address."""

    def begin(self) -> None:
        self.meter.page.evaluate("go()")


def query(kind: str, count: int, pace: float, every: int) -> str:
    return f"kind={kind}&count={count}&pace={pace:g}&every={every}"


def handle(page: Page, selector: str) -> ElementHandle:
    return page.wait_for_selector(selector, state="attached")
