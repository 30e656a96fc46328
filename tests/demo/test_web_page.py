"""Another's client: a page written to the table of goose web's protocol has a conversation with the demo, in Chromium.

It comes from another port than the demo, as a page of one's own would.
"""

from __future__ import annotations

import functools
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from goose_widget.demo import DemoServer
from goose_widget.loop import Background
from support import browser as browsers
from support.goose import PATIENCE

HERE = Path(__file__).parent
TIMEOUT = 20_000 * PATIENCE


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Not for the session: while Playwright runs, no other event loop can run on this thread.
    with sync_playwright() as playwright:
        options = browsers.launch_options()
        options["args"] = [*options["args"], "--no-sandbox", "--disable-gpu"]
        with playwright.chromium.launch(**options) as browser:
            expect.set_options(timeout=TIMEOUT)
            yield browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the page comes from."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(HERE))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/page.html"
        server.shutdown()
        thread.join()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoServer]:
    """On a thread of its own, a little faster than in a notebook."""
    background = Background()
    server = DemoServer(tmp_path / "sessions", pace=0.2)
    background.submit(server.start()).result(10 * PATIENCE)
    yield server
    background.submit(server.stop()).result(10 * PATIENCE)
    background.end()


class Client:
    """The page in a tab."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(url)
        self.expect("ready")

    def expect(self, status: str) -> None:
        expect(self.page.locator("#status"), str(self.errors)).to_have_text(status)

    def send(self, text: str) -> None:
        self.page.locator("#prompt").fill(text)
        self.page.get_by_role("button", name="Send").click()

    def turn(self, text: str) -> None:
        status = self.page.locator("#status")
        ends = int(status.get_attribute("data-ends") or 0)
        self.send(text)
        expect(status, str(self.errors)).to_have_attribute("data-ends", str(ends + 1))
        self.expect("ready")

    def texts(self, kind: str) -> list[str]:
        return self.page.locator(f"#chat .{kind}").all_text_contents()


@pytest.fixture
def client(browser: Browser, demo: DemoServer, address: str) -> Iterator[Client]:
    context = browser.new_context()
    context.set_default_timeout(TIMEOUT)
    client = Client(context.new_page(), f"{address}?server={demo.web_url}")
    yield client
    context.close()
    assert client.errors == []


def test_a_conversation_with_everything(client: Client) -> None:
    client.turn("/tour")
    assert client.texts("user") == ["/tour"]
    said = "".join(client.texts("agent"))
    assert "a script, no model" in said
    assert "```python" in said
    assert "](data:image/png;base64," in said
    assert "This is a thought" in client.texts("thought")[0]
    pieces = [element.get_attribute("data-pieces") for element in client.page.locator("#chat .agent").all()]
    assert max(int(each or 0) for each in pieces) > 100
    tools = client.page.locator("#chat .tool")
    assert {tool.get_attribute("data-state") for tool in tools.all()} == {"done"}
    edits = [text for text in client.texts("tool") if text.startswith("developer__edit")]
    assert len(edits) == len(client.texts("confirmed")) == 1
    assert "\nEdited analysis.py" in edits[0]


def test_it_remembers_the_session_after_a_reload(client: Client) -> None:
    client.turn("My name is Ada.")
    session = client.page.locator("#session").text_content()
    assert re.fullmatch(r"20\d{6}_1", session or "")
    before = client.texts("agent")
    client.page.goto(f"{client.page.url}#{session}")
    client.page.reload()
    client.expect("ready")
    assert (client.texts("user"), client.texts("agent")) == (["My name is Ada."], before)
    client.turn("/remember")
    assert "My name is Ada." in client.texts("agent")[-1]


def test_a_turn_is_stopped(client: Client) -> None:
    client.send("/slow 3000")
    expect(client.page.locator("#chat .agent")).to_contain_text("… 2")
    client.page.locator("#stop").click()
    client.expect("cancelled")
    client.turn("/say on")
    assert client.texts("agent")[-1] == "on"


def test_a_dropped_socket_finds_the_reply_in_the_history(client: Client) -> None:
    client.send("/crash")
    expect(client.page.locator("#chat .agent")).to_contain_text("Now the connection breaks.")
    client.expect("ready")
    client.turn("/say still here")
    session = client.page.locator("#session").text_content()
    client.page.goto(f"{client.page.url}#{session}")
    client.page.reload()
    client.expect("ready")
    assert "the server went on without you" in client.texts("agent")[0]


def test_failures_are_shown(client: Client) -> None:
    client.turn("/fail tool")
    assert client.page.locator("#chat .tool").get_attribute("data-state") == "failed"
    client.turn("/fail")
    assert client.texts("error")[0].startswith("Agent error: ")


def test_the_demo_s_own_page_says_what_it_is(browser: Browser, demo: DemoServer) -> None:
    context = browser.new_context()
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.goto(demo.web_url)
    expect(page.get_by_role("heading")).to_have_text("Demo of goose-widget")
    assert re.fullmatch(rf"{demo.web_url}/session/20\d{{6}}_1", page.url)
    context.close()
    assert [each for each in problems if "favicon" not in each and "404" not in each] == []
