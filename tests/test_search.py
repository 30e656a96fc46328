"""Full-text search: whatever was said is found, however it was streamed, and little is held."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from goose_widget import events as ev
from goose_widget import search as module
from goose_widget.search import Hit, Hits, search, snippet_of
from goose_widget.store import Header, Store
from goose_widget.transcript import Transcript, reduce
from support.session_files import entries, said, written


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "sessions")


def found(store: Store, text: str) -> list[tuple[str, str, str]]:
    return [(hit.session_id, hit.kind, hit.item_id) for hit in search(store.files(), text)]


def one_session(store: Store, *events: ev.Event) -> None:
    written(store, Header("7"), entries(*events))


@pytest.mark.parametrize(
    ("text", "kind", "item_id"),
    [
        ("my prompt", "user", "i1"),
        ("MY PROMPT", "user", "i1"),
        ("split over lines", "agent", "i4"),
        ("a thought", "thought", "i2"),
        ("list the files", "tool", "i7"),
        ('echo "hi"', "tool", "i7"),
        ("printed while it ran", "tool", "i7"),
        ("the content", "tool", "i7"),
        ("the result", "tool", "i7"),
        ("12345", "tool", "i7"),
        ("straße", "agent", "i4"),
        ("STRASSE", "agent", "i4"),
        ("its name", "title", ""),
    ],
)
def test_all_that_was_said_is_found(store: Store, text: str, kind: str, item_id: str) -> None:
    one_session(
        store,
        ev.UserMessage("This is my prompt", "p"),
        ev.Thought("A tho"),
        ev.Thought("ught"),
        ev.Text("It is spl", "m"),
        ev.Usage(1, 2),
        ev.Text("it over lines. Straße", "m"),
        ev.ToolCall("c", title="List the files", input={"command": 'echo "hi"', "n": 12345}),
        ev.LiveOutput("c", "printed while "),
        ev.LiveOutput("c", "it ran"),
        ev.ToolCall("c", content=({"type": "text", "text": "the content"},), result={"x": ["the result"]}),
        ev.TurnEnded("p", "end_turn"),
        ev.Title("Its name"),
    )
    assert found(store, text) == [("7", kind, item_id)]


def test_what_was_not_said_is_not_found(store: Store) -> None:
    one_session(store, ev.UserMessage("hi"), ev.Content({"type": "image", "data": "findme"}), ev.Mode("findme"))
    assert found(store, "findme") == []
    for text in ("", " \n"):
        assert found(store, text) == []


def test_the_first_prompt_stands_for_a_title_and_is_found_once(store: Store) -> None:
    one_session(store, ev.UserMessage("hello"))
    (hit,) = search(store.files(), "hello")
    assert (hit.title, hit.kind, hit.count) == ("hello", "user", 1)


def test_a_hit_says_where_and_when(store: Store) -> None:
    path = written(store, Header("7"), said("hi", "look " * 100 + "HERE it is" + " there" * 100))
    assert search(store.files(), "here it") == [
        Hit(
            session_id="7",
            title="hi",
            when=datetime.fromtimestamp(3, timezone.utc),
            kind="agent",
            snippet="…" + "look " * 8 + "HERE it is" + " there" * 6 + "…",
            item_id="i3",
            path=path,
            count=1,
        )
    ]


def test_of_a_session_the_newest_hits_are_shown_and_all_are_counted(store: Store) -> None:
    one_session(store, *(ev.UserMessage(f"word {number}") for number in range(10)))
    hits = search(store.files(), "word")
    assert [(hit.item_id, hit.count) for hit in hits] == [("i8", 10), ("i9", 10), ("i10", 10)]
    assert len(search(store.files(), "word", limit=5)) == 5


def test_the_newest_session_comes_first(store: Store) -> None:
    for number in (2, 3, 1):
        written(store, Header(str(number)), entries(ev.UserMessage("word"), first=number))
    assert [session for session, _, _ in found(store, "word")] == ["3", "2", "1"]


def test_a_file_that_is_damaged_or_gone_hides_no_other(store: Store) -> None:
    path = written(store, Header("7"), said("word"))
    path.write_bytes(path.read_bytes() + b"\xff garbage\n" + b'{"e":"user","text":"another word","seq":9,"time":9}\n')
    gone = written(store, Header("8"), said("word"))
    files = list(store.files())
    gone.unlink()
    assert [hit.item_id for hit in search(files, "word")] == ["i1", "i9"]


def test_no_more_is_held_than_a_turn(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HELD", 1000)
    held: list[int] = []

    def counting(transcript: Transcript, event: ev.Event, *, seq: int, time: float) -> object:
        held.append(len(transcript))
        return reduce(transcript, event, seq=seq, time=time)

    monkeypatch.setattr(module, "reduce", counting)
    one_session(store, *(event for number in range(50) for event in (ev.UserMessage("hi"), ev.Text("word " * 50))))
    assert len(search(store.files(), "word", limit=100)) == 50
    assert max(held) <= 2


# What it looks like.


@pytest.mark.parametrize(
    ("text", "wanted", "snippet"),
    [
        ("hello", "ell", "hello"),
        ("hello", "x", ""),
        ("a\n\n  b\tc", "b", "a b c"),
        ("ß" * 50 + "Ünï" + "ﬃ" * 50, "ünï", "…" + "ß" * 40 + "Ünï" + "ﬃ" * 40 + "…"),
        ("İstanbul", "stan", "İstanbul"),
        ("groß", "ss", "groß"),
    ],
)
def test_a_snippet_is_the_place_and_what_is_around_it(text: str, wanted: str, snippet: str) -> None:
    assert snippet_of(text, wanted) == snippet


def test_hits_show_as_a_table(store: Store) -> None:
    one_session(store, ev.UserMessage("<b>word</b>"))
    hits = search(store.files(), "word")
    assert "&lt;b&gt;word&lt;/b&gt;" in hits._repr_html_()
    assert "<b>word" in repr(hits)
    assert repr(hits).splitlines()[0].split() == ["session", "title", "when", "in", "text", "found"]
    assert repr(Hits()) == Hits()._repr_html_() == "Nothing found."
