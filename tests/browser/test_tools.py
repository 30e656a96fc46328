"""What tools return, as the page shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.chat import OpenChat, SharedChat, says
from browser.conftest import picture
from browser.test_theme import choose_theme
from browser.test_turns import png
from support.jupyter import Front

pytestmark = pytest.mark.one_page

COLOURS = (Path(__file__).parent / "colours.js").read_text()

PALETTE = r"""
import sys
out = []
for code in range(256):
    out.append(f"\x1b[38;5;{code}mfore\x1b[0m \x1b[48;5;{code}mback\x1b[0m \x1b[7;38;5;{code}mswap\x1b[0m")
    out.append(f" \x1b[38;5;{code};48;5;{255 - code}mboth\x1b[0m" + ("\n" if code % 4 == 3 else "  "))
sys.stdout.write("".join(out) + "\x1b[1mbold\x1b[0m \x1b[2mdim\x1b[0m \x1b[7mturned\x1b[0m\n")
"""

PROGRESS = r"""
import sys
for n in range(0, 101, 5):
    sys.stdout.write(f"\r{n:3d}%|{'#' * (n // 5):20s}| \x1b[32m{n}\x1b[0m/100")
print("\none   0 %\ntwo   0 %")
for n in range(0, 101, 10):
    sys.stdout.write(f"\x1b[2A\rone {n:3d} %\x1b[K\n\rtwo {n // 2:3d} %\x1b[K\n")
print("\x1b]8;;https://example.org/\x1b\\a link\x1b]8;;\x1b\\")
"""


def test_every_colour_is_readable_in_both_themes(open_chat: OpenChat) -> None:
    notebook, chat = open_chat(chat="GooseChat(height=760)")
    (notebook.folder / "palette.py").write_text(PALETTE)
    chat.ask("shell: python3 palette.py", "Done")
    card = chat.unfold(chat.last("tool"))
    card.get_by_role("button", name="Show all").click()
    for name in ("JupyterLab Light", "JupyterLab Dark"):
        choose_theme(notebook, name)
        expect(chat.root).to_have_attribute("data-theme", name.split()[-1].lower())
        card.screenshot(path=picture("palette", name))
        spans = card.locator(".goose-text span[class*=ansi]")
        expect(spans.nth(900)).to_be_attached()
        contrasts = spans.evaluate_all(f"spans => spans.map(span => [span.outerHTML, ({COLOURS})(span).contrast])")
        poor = [(html, round(contrast, 2)) for html, contrast in contrasts if contrast < 4.5]
        assert poor == [], name
        colours = spans.evaluate_all("spans => spans.map(span => getComputedStyle(span).color)")
        assert len(set(colours)) > 100
    choose_theme(notebook, "JupyterLab Light")


def test_progress_bars_end_as_in_a_terminal(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    (notebook.folder / "progress.py").write_text(PROGRESS)
    chat.ask("shell: python3 progress.py", "Done")
    text = chat.unfold(chat.last("tool")).locator(".goose-text")
    expect(text).to_have_count(1)  # the result says nothing else
    assert text.inner_text().splitlines() == [
        "100%|####################| 100/100",
        "one 100 %",
        "two  50 %",
        "a link",
    ]
    expect(text.locator("span[class*=ansi-fg]")).to_have_text("100")


def test_a_long_output_is_folded_opened_and_copied_whole(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    chat.ask("shell: seq 1 1240", "Done")
    card = chat.unfold(chat.last("tool"))
    expect(card).to_contain_text("1,240 lines, 5 KB")
    expect(card.get_by_text("⋯ 1,226 more lines")).to_be_visible()
    card.screenshot(path=picture("folded"))
    with says(card, "Copied"):
        card.get_by_role("button", name="Copy output").click()
    assert notebook.clipboard().split() == [str(n) for n in range(1, 1241)]
    card.get_by_role("button", name="⋯ 1,226 more lines").press("Enter")
    expect(card.locator(".goose-text")).to_contain_text("\n600\n")
    expect(card.get_by_role("button", name="Fold")).to_be_focused()


def test_data_is_a_table_or_a_tree(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    (notebook.folder / "sales.csv").write_text("region,sales\n" + "".join(f"r{n},{n * 10}\n" for n in range(30)))
    chat.ask("shell: cat sales.csv", "Done")
    card = chat.unfold(chat.last("tool"))
    card.get_by_role("button", name="Table").click()
    expect(card.get_by_role("cell", name="190")).to_be_visible()
    card.get_by_role("button", name="Show all (30 rows)").click()
    expect(card.get_by_role("row")).to_have_count(31)
    card.screenshot(path=picture("table"))
    chat.ask("""shell: echo '{"id": 12345678901234567890, "list": [{"a": [1, 2]}, {"b": null}]}'""", "Done")
    card = chat.unfold(chat.last("tool"))
    card.get_by_role("button", name="Tree").click()
    expect(card.locator(".goose-data")).to_contain_text("12345678901234567890")
    card.get_by_text("[ 2 items ]").click()
    expect(card.locator(".goose-data").get_by_text('{"b": null}')).to_be_hidden()
    card.screenshot(path=picture("tree"))


def test_a_change_side_by_side(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    path = notebook.folder / "notes.py"
    before = "\n".join(f"line_{n} = {n}" for n in range(20))
    path.write_text(before)
    chat.ask(f"edit: {path} | {before} | {before.replace('_7 = 7', '_7 = seven')}", "Done")
    figure = chat.last("tool").get_by_role("figure")
    expect(figure.locator("mark")).to_have_text(["7", "seven"])
    figure.screenshot(path=picture("diff-inline"))
    figure.get_by_role("button", name="Show side by side").press("Enter")
    expect(figure.locator(".goose-pair")).to_have_count(7)
    figure.screenshot(path=picture("diff-split"))
    figure.get_by_role("button", name="⋯ 4 unchanged lines").press("Enter")
    expect(figure.locator(".goose-pair")).to_have_count(11)
    figure.get_by_role("button", name="Show in one column").click()
    expect(figure.locator(".goose-pair")).to_have_count(0)


@pytest.mark.parametrize("front", ["lab", "notebook"])
def test_an_image_opens_large_and_the_keys_stay_in_it(open_chat: OpenChat, front: Front) -> None:
    notebook, chat = open_chat(front=front)
    (notebook.folder / "red.png").write_bytes(png(640, 400, b"\xd0\x20\x20"))
    chat.ask(f"image: {notebook.folder / 'red.png'}", "Done")
    cells = notebook.cells.count()
    opener = chat.last("tool").get_by_role("button", name="Enlarge: From goose")
    opener.press("Enter")
    dialog = notebook.page.get_by_role("dialog", name="From goose")
    expect(dialog).to_be_visible()
    notebook.page.screenshot(path=picture("zoom", front))
    box = dialog.bounding_box()
    assert box is not None
    assert box["width"] >= 640
    for key in ("a", "b", "d", "d", "Shift+Enter"):
        notebook.page.keyboard.press(key)
    expect(dialog).to_have_count(0)  # Shift+Enter has pressed Close
    opener.press("Enter")
    notebook.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()
    expect(notebook.cells).to_have_count(cells)
    expect(notebook.prompt(1)).to_have_text("[ ]:")
    opener.click()
    dialog.click(position={"x": 5, "y": 5})
    expect(dialog).to_have_count(0)


@pytest.mark.parametrize("front", ["lab", "notebook"])
def test_code_goes_to_the_next_cell_and_can_be_undone(open_chat: OpenChat, front: Front) -> None:
    notebook, chat = open_chat("first = 1", front=front)
    chat.ask("markdown", "The end.")
    cells = notebook.cells.count()
    button = chat.last("agent").get_by_role("button", name="Insert into a new cell")
    expect(button).to_have_count(1)  # not for the shell's code
    button.click()
    expect(notebook.cells).to_have_count(cells + 1)
    expect(notebook.cell(1).locator(".cm-content")).to_contain_text("def area(radius: float) -> float:")
    expect(notebook.cell(2).locator(".cm-content")).to_have_text("first = 1")
    expect(chat.root.get_by_text("The code is in a new cell below.")).to_be_visible()
    expect(notebook.cell(1)).to_be_in_viewport()
    chat.root.screenshot(path=picture("to-cell", front))
    notebook.page.get_by_role("menuitem", name="Edit").click()
    notebook.page.get_by_role("menuitem", name=re.compile("Undo Cell Operation")).click()
    expect(notebook.cells).to_have_count(cells)


def test_the_code_of_tools_goes_to_no_cell(shared_chat: SharedChat) -> None:
    _, chat = shared_chat
    chat.ask("shell: echo hello", "hello")
    card = chat.unfold(chat.last("tool"))
    expect(card.get_by_role("button", name="Copy code")).to_be_visible()
    expect(card.get_by_role("button", name="Insert into a new cell")).to_have_count(0)
