"""Terminal output and changes as plain lines: what is dropped, shown and left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goose_widget.plain import changed_lines, clean, revealed, shortened, terminal_text


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        ("plain\n", "plain\n"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;http://x\x07link\x1b]8;;\x07", "link"),
        ("10%\r50%\r100%\ndone", "100%\ndone"),
        ("dos\r\nlines\r\n", "dos\nlines\n"),
        ("bell\x07 null\x00 half \ud800", "bell null half \ufffd"),
        ("\x1b", ""),
    ],
)
def test_terminal_output_is_what_a_terminal_shows_at_the_end(printed: str, text: str) -> None:
    assert terminal_text(printed) == text


def test_hidden_characters_are_shown() -> None:
    assert revealed("rm \u202egpj.exe\u200b") == "rm ⟦U+202E⟧gpj.exe⟦U+200B⟧"
    assert revealed("a\tb\nc") == "a\tb\nc"


@given(st.text())
def test_clean_text_can_be_written_anywhere(text: str) -> None:
    kept = clean(text)
    kept.encode()
    assert clean(kept) == kept
    assert not any(ord(each) < 32 and each not in "\t\n" for each in kept)


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    text = shortened("\n".join(f"line {number}" for number in range(1000)), lines=10)
    assert text.split("\n") == [
        *(f"line {number}" for number in range(5)),
        "… 990 lines are left out here …",
        *(f"line {number}" for number in range(995, 1000)),
    ]
    assert shortened("x" * 50_000, characters=10) == "xxxxx\n… 49,990 characters are left out here …\nxxxxx"
    assert shortened("short") == "short"


@given(st.text(), st.integers(2, 20), st.integers(2, 50))
def test_what_is_shortened_is_short(text: str, lines: int, characters: int) -> None:
    short = shortened(text, lines=lines, characters=characters)
    assert len(short) <= characters + 60
    assert short.count("\n") <= lines + 2


def test_a_change_is_a_diff() -> None:
    assert changed_lines("a\nb\nc\n", "a\nB\nc\n") == "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c"
    assert changed_lines("", "new\n") == "@@ -0,0 +1 @@\n+new"
    assert changed_lines("same", "same") == ""


def test_a_change_too_large_to_compare_is_all_removed_and_all_added() -> None:
    changes = changed_lines("".join(f"a{n}\n" for n in range(2000)), "".join(f"b{n}\n" for n in range(2000))).split(
        "\n"
    )
    assert changes[0] == "-a0"
    assert changes[-1] == "+b1999"
    assert len(changes) == 4000
