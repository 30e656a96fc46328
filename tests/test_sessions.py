"""The list of sessions: what it says of each, and how it looks."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime, timezone
from pathlib import Path

import pytest

from goose_widget import events as ev
from goose_widget import sessions
from goose_widget.sessions import SessionInfo, describe
from goose_widget.store import Entry, Header, Sessions, Store, session_file
from support.session_files import HEADER, entries, said, written


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "sessions")


def info(path: Path) -> SessionInfo:
    return describe(session_file(path))


def test_sessions_are_listed_newest_first_with_all_that_their_files_say(store: Store) -> None:
    old = written(store, Header("20261122_1", "here", notebook="/n/a.ipynb", continues="0"), said("hi"))
    titled = [*said("hi"), *entries(ev.Title("A title"), ev.UserMessage("again", "p2"), first=5)]
    new = written(store, Header("20261122_2"), titled)
    written(store, Header("20261122_3"), [])  # nothing was said in it
    assert store.sessions() == [
        SessionInfo("20261122_2", "A title", datetime.fromtimestamp(6, timezone.utc), 3, path=new),
        SessionInfo("20261122_1", "hi", datetime.fromtimestamp(4, timezone.utc), 2, "here", "/n/a.ipynb", old, "0"),
    ]


def test_the_date_is_that_of_the_last_entry_wherever_the_file_was_copied(store: Store) -> None:
    path = written(store, log=said("hi"))
    os.utime(path, (1e9, 1e9))
    assert info(path).updated.timestamp() == 4
    path.write_bytes(path.read_bytes() + b"garbage\n")
    os.utime(path, (1e9, 1e9))
    assert info(path).updated.timestamp() == 1e9


def test_a_run_of_text_is_one_reply(store: Store) -> None:
    pieces = [ev.UserMessage("hi"), ev.Thought("hm"), ev.Text("a"), ev.Usage(1, 2), ev.Text("b"), ev.ToolCall("c")]
    pieces += [ev.LiveOutput("c", "out"), ev.Text("d"), ev.TurnEnded("p", "end_turn"), ev.UserMessage("more")]
    assert info(written(store, log=entries(*pieces))).messages == 4


def test_a_change_of_the_file_is_seen(store: Store) -> None:
    path = written(store, log=said("hi"))
    assert info(path).messages == 2
    with path.open("ab") as file:
        file.write(b'{"e":"user","text":"more","seq":9,"time":9.0}\n')
    assert info(path).messages == 3


@pytest.mark.parametrize("block", [7, 64, 1000])
def test_of_a_long_line_only_the_head_is_held(store: Store, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(sessions, "BLOCK", block)
    monkeypatch.setattr(sessions, "_HEAD", 500)
    prompt = 'say "hé😀"\n' * 100
    log = [Entry(1, 1.0, ev.UserMessage(prompt)), Entry(2, 2.0, ev.Text("x" * 5000)), Entry(3, 3.0, ev.Usage(1, 2))]
    found = info(written(store, log=log))
    assert prompt.startswith(found.title)
    assert 20 < len(found.title) <= 80
    assert found.messages == 2
    assert found.updated.timestamp() == 3


@pytest.mark.parametrize(
    "line",
    [
        b'{"e":"user"',
        b'{"e":"user"}',
        b'{"e":"user","text":5}',
        b'{"e":"title","title":["x"]}',
        b'{"e":"user","text":"' + b"[" * 100_000,
        b'{"e":"user","text":' + b"[" * 100_000,
        b'{"e":"user","text":"\xff","time":1e999}',
    ],
)
def test_a_damaged_line_hides_no_session(store: Store, line: bytes) -> None:
    path = written(store, log=said("hi"))
    path.write_bytes(path.read_bytes() + line + b"\n")
    assert info(path).title == "hi"
    assert len(store.sessions()) == 1


# As a table.


def test_the_table_shows_titles_as_text(store: Store) -> None:
    written(store, log=said("<script>alert(1)</script>"))
    table = Sessions(store.sessions())._repr_html_()
    assert "&lt;script&gt;" in table
    assert "<script>" not in table


def test_the_tables_have_all_columns(store: Store) -> None:
    written(store, HEADER, said("hi"))
    head, row = repr(Sessions(store.sessions())).splitlines()
    assert re.split("  +", head) == ["session", "title", "updated", "messages", "server", "notebook"]
    when = f"{datetime.fromtimestamp(4):%Y-%m-%d %H:%M}"  # noqa: DTZ006 - as this computer's clock shows it
    assert re.split("  +", row) == [HEADER.session_id, "hi", when, "2", "this computer", "a.ipynb"]
    for text in (*re.split("  +", head), *re.split("  +", row)):
        assert f">{text}<" in Sessions(store.sessions())._repr_html_()


def test_an_empty_table_says_so() -> None:
    assert repr(Sessions([])) == Sessions([])._repr_html_() == "No sessions here yet."


def test_what_is_in_a_cell_stays_in_it_and_hides_nothing() -> None:
    when = datetime.fromtimestamp(0, timezone.utc)
    text = repr(Sessions([SessionInfo("a\nb", "x\u202e\x1b[2J" + "y" * 500, when, 1, notebook="C:\\n\\a.ipynb")]))
    assert len(text.splitlines()) == 2
    assert "⟦U+202E⟧" in text
    assert "\x1b" not in text
    assert "a.ipynb" in text
    assert "C:" not in text
    assert max(map(len, text.splitlines())) < 250


def test_a_line_of_another_writer_is_counted_by_what_it_begins_with(store: Store) -> None:
    """`to_json` writes the kind first; the list relies on it."""
    for event in (ev.UserMessage("hi"), ev.Text("x"), ev.Title("t"), ev.ToolCall("c"), ev.Thought("t")):
        assert next(iter(json.loads(json.dumps(ev.to_json(event))))) == "e"
