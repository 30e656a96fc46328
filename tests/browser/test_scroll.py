"""The log stays at its end while text streams, and never pulls a reader down."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.chat import ChatView, OpenChat, SharedChat
from support.poll import until

pytestmark = pytest.mark.one_page

# What is called is called when the next frame is laid out, and not painted yet.
LAID_OUT = """const laidOut = (log, look) => requestAnimationFrame(() => {
  new ResizeObserver((_, observer) => {
    observer.disconnect();
    look();
  }).observe(log);
});
"""

FROM_END = (
    "log => {"
    + LAID_OUT
    + """return new Promise((resolve) => laidOut(log, () => {
  resolve(Math.round(log.scrollHeight - log.scrollTop - log.clientHeight));
}));}"""
)


# Until a box holds 100 pixels more.
UNTIL_GROWN = """async (box) => {
  const before = box.scrollHeight;
  while (box.scrollHeight < before + 100) await new Promise(requestAnimationFrame);
}"""


def from_end(chat: ChatView) -> int:
    """Pixels below what is seen of the log."""
    return int(chat.log.evaluate(FROM_END))


def jump(chat: ChatView) -> Locator:
    """Jump to latest. By its role a button is found only in seconds where there are thousands of rows."""
    return chat.root.locator(".goose-jump")


def top(chat: ChatView) -> int:
    return int(chat.log.evaluate("log => Math.round(log.scrollTop)"))


def test_it_follows_the_text_until_the_reader_scrolls_up_and_a_button_leads_back(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    chat.send("slow: 4000 3")
    expect(chat.last("agent")).to_contain_text("word800 ")
    assert top(chat) > 0
    assert from_end(chat) <= 2
    expect(jump(chat)).to_be_hidden()

    chat.log.hover()
    notebook.page.mouse.wheel(0, -250)
    expect(jump(chat)).to_be_visible()
    place = top(chat)
    words = chat.last("agent").inner_text().count("word")
    expect(chat.last("agent")).to_contain_text(f"word{words + 400} ")
    assert top(chat) == place

    jump(chat).click()
    expect(jump(chat)).to_be_hidden()
    assert from_end(chat) <= 2
    words = chat.last("agent").inner_text().count("word")
    expect(chat.last("agent")).to_contain_text(f"word{words + 200} ")
    assert from_end(chat) <= 2
    chat.button("Stop").click()
    chat.expect_status("Ready")
    assert from_end(chat) <= 2


def test_a_few_pixels_are_enough_to_leave_the_end(shared_chat: SharedChat) -> None:
    # So much is what the wheel of a mouse moves in its first frame, and a slow finger in each.
    notebook, chat = shared_chat
    chat.send("slow: 4000 3")
    expect(chat.last("agent")).to_contain_text("word400 ")
    chat.log.hover()
    notebook.page.mouse.wheel(0, -5)
    chat.log.evaluate(UNTIL_GROWN)
    place = top(chat)
    chat.log.evaluate(UNTIL_GROWN)
    assert top(chat) == place
    notebook.page.mouse.wheel(0, 100_000)
    chat.log.evaluate(UNTIL_GROWN)
    assert from_end(chat) <= 2
    chat.button("Stop").click()
    chat.expect_status("Ready")


def test_a_few_pixels_are_enough_to_leave_the_end_of_an_output(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    chat.send("shell: for n in $(seq 1 3000); do echo line $n; sleep 0.01; done")
    expect(chat.last("tool")).to_contain_text("line 60")
    output = chat.last("tool").locator(".goose-text")
    output.hover()
    notebook.page.mouse.wheel(0, -5)
    output.evaluate(UNTIL_GROWN)
    place = output.evaluate("it => it.scrollTop")
    output.evaluate(UNTIL_GROWN)
    assert output.evaluate("it => it.scrollTop") == place
    notebook.page.mouse.wheel(0, 100_000)
    output.evaluate(UNTIL_GROWN)
    assert output.evaluate(FROM_END) <= 2
    chat.button("Stop").click()
    chat.expect_status("Ready")


def laid_out(page: Page) -> int:
    """How many objects the browser holds for what is laid out."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")
    cdp.send("HeapProfiler.enable")
    for _ in range(2):
        cdp.send("HeapProfiler.collectGarbage")
    metrics = {each["name"]: each["value"] for each in cdp.send("Performance.getMetrics")["metrics"]}
    cdp.detach()
    return int(metrics["LayoutObjects"])


# In each frame: how far the log is from its end, and what is in sight and is not painted.
WATCH = (
    "log => {"
    + LAID_OUT
    + """window.frames_seen = 0;
  window.flaws = [];
  const look = () => {
    frames_seen += 1;
    const { top, bottom } = log.getBoundingClientRect();
    const left = log.scrollHeight - log.scrollTop - log.clientHeight;
    if (left > 2) flaws.push(`${left} pixels from the end`);
    for (const box of log.querySelectorAll(".goose-item, .goose-more")) {
      const rect = box.getBoundingClientRect();
      if (rect.bottom <= top || rect.top >= bottom) continue;
      const isPainted = box.firstElementChild?.checkVisibility({ contentVisibilityAuto: true }) ?? true;
      if (!isPainted) flaws.push(`${box.className} is not painted`);
    }
    laidOut(log, look);
  };
  laidOut(log, look);
}"""
)


def test_a_long_list_is_in_sight_in_every_frame_and_the_browser_holds_little_of_it(open_chat: OpenChat) -> None:
    notebook, chat = open_chat()
    page = notebook.page
    chat.ask("say: at first", "at first")
    before = laid_out(page)
    chat.log.evaluate(WATCH)
    chat.send("list: 1500")
    # Locators would have all of it laid out.
    page.wait_for_function("document.querySelector('.goose-log').textContent.includes('item 1499')")
    assert page.evaluate("flaws") == []
    assert page.evaluate("frames_seen") > 5
    assert laid_out(page) - before < 3000  # there are four for each item
    assert from_end(chat) <= 2

    chat.expect_status("Ready")
    chat.log.hover()
    page.mouse.wheel(0, -100_000)
    items = chat.last("agent").get_by_role("listitem")
    expect(items.first).to_be_in_viewport()
    expect(items).to_have_text([f"item {number}" for number in range(1500)])


# In each frame: how many items are left out; how far the log is from its end, and which of them would be in sight. With
# `leave`, the reader scrolls up when the first ones are.
PASSING = (
    "(log, leave) => {"
    + LAID_OUT
    + """window.passed = 0;
  window.flaws = [];
  const look = () => {
    const items = [...log.querySelectorAll(".goose-passed")];
    passed += items.length;
    const { top, bottom } = log.getBoundingClientRect();
    const isHidden = (item) => !item.firstElementChild.checkVisibility();
    if (leave && items.length > 0) {
      if (!items.every(isHidden)) flaws.push("what passes is laid out");
      leave = false;
      log.scrollTop -= 300;
    } else if (log.matches(".goose-at-end")) {
      const left = log.scrollHeight - log.scrollTop - log.clientHeight;
      if (left > 2) flaws.push(`${left} pixels from the end`);
      const inSight = ({ top: above, bottom: below }) => below > top && above < bottom;
      const seen = items.map((item) => item.getBoundingClientRect()).filter(inSight).map((rect) => rect.top);
      if (seen.length > 0) flaws.push(`left out, from ${top} to ${bottom}: ${seen}`);
    } else if (items.some(isHidden)) flaws.push("a reader misses something");
    laidOut(log, look);
  };
  laidOut(log, look);
}"""
)


@pytest.mark.parametrize(("kind", "item", "name"), [("table", "td:first-child", "row"), ("list", "li", "item")])
@pytest.mark.parametrize("leave", [False, True])
def test_what_passes_unseen_is_left_out_only_as_long_as_nobody_can_see_it(
    shared_chat: SharedChat, kind: str, item: str, name: str, leave: bool
) -> None:
    notebook, chat = shared_chat
    page = notebook.page
    chat.log.evaluate(PASSING, leave)
    chat.send(f"{kind}: 2000")
    page.wait_for_function(f"document.querySelector('.goose-log').textContent.includes('{name} 1999')")
    chat.expect_status("Ready")
    page.wait_for_function("!document.querySelector('.goose-passed')")
    assert page.evaluate("passed") > 100
    assert page.evaluate("flaws") == []
    assert (from_end(chat) <= 2) != leave
    assert chat.last("agent").locator(item).all_text_contents() == [f"{name} {number}" for number in range(2000)]
    chat.start_new_session()  # the tests after this one need not search in all of that


def test_what_is_read_stays_where_it_is_while_tools_run_and_become_one_line(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    chat.ask("big: 4", "line 00063")
    (notebook.folder / "go").unlink(missing_ok=True)
    wait = "until test -e go; do sleep 0.05; done"
    chat.send(f"shells: {wait}; echo one | {wait}; echo two | {wait}; echo three")
    read = chat.items("agent").filter(has_text="line 00063").last
    chat.log.hover()
    notebook.page.mouse.wheel(0, -600)
    expect(jump(chat)).to_be_visible()
    before = read.bounding_box()
    (notebook.folder / "go").touch()
    expect(chat.last("agent")).to_contain_text("three")
    chat.expect_status("Ready")
    turn = chat.items("user").last.locator("xpath=following-sibling::*")
    expect(turn.get_by_role("button", name="Ran 3 commands")).to_be_visible()
    assert read.bounding_box() == before


def test_a_message_of_ones_own_leads_to_the_end(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    chat.ask("big: 4", "line 00063")
    chat.log.hover()
    notebook.page.mouse.wheel(0, -2000)
    expect(jump(chat)).to_be_visible()
    chat.ask("say: here", "here")
    assert from_end(chat) <= 2


def has_layer(page: Page, selector: str) -> bool:
    """Whether the only such element has a layer of its own. Without one, scrolling it paints it anew."""
    cdp = page.context.new_cdp_session(page)
    trees: list[list[dict[str, Any]]] = []
    cdp.on("LayerTree.layerTreeDidChange", lambda event: trees.append(event.get("layers", [])))
    cdp.send("DOM.enable")
    root = cdp.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    node = cdp.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
    element = cdp.send("DOM.describeNode", {"nodeId": node})["node"]["backendNodeId"]
    cdp.send("LayerTree.enable")
    # Events come while the page is asked something.
    until(lambda: page.evaluate("true") and any(trees))
    cdp.detach()
    return any(layer.get("backendNodeId") == element for layers in trees for layer in layers)


def test_it_is_scrolled_without_being_painted_again(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    chat.send("list: 100")
    chat.expect_status("Ready")
    assert has_layer(notebook.page, ".goose-log")
