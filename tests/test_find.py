"""Find in the chat: every item in which a text is, in order, in bounded time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from goose_widget import events as ev
from goose_widget.find import find
from goose_widget.journal import Journal
from goose_widget.log import Log
from goose_widget.transcript import Item


def log_of(*events: ev.Event) -> Log:
    log = Log(Journal(None, lambda: None, lambda notice: None))
    for event in events:
        log.append([event])
    return log


EVERYTHING = log_of(
    ev.UserMessage(
        "This is my prompt, my own", "p", ({"type": "resource", "uri": "a", "mime": "b", "text": "attached"},)
    ),
    ev.Thought("A thought"),
    ev.Text("It is **very bold** and\nspans `two lines`, see [the guide](https://example.org). Straße", "m"),
    ev.ToolCall("c", title="List the files", input={"command": 'echo "hi"', "n": 12345}),
    ev.LiveOutput("c", "printed\n"),
    ev.ToolCall(
        "c", status="completed", content=({"type": "text", "text": "printed"},), result={"stdout": "printed", "key": 1}
    ),
    ev.ToolCall("d", content=({"type": "diff", "path": "a.py", "old": None, "new": "import os"},)),
    ev.ToolCall("e", content=({"type": "image", "mime": "image/png", "data": "AAAA"},)),
    ev.Plan(({"content": "Look around", "status": "pending", "priority": "high"},)),
    ev.Notice("info", "Be careful.", "a detail"),
)


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("MY", [("i1", 2)]),
        ("attached", [("i1", 1)]),
        ("a thought", [("i2", 1)]),
        ("very bold and spans two lines", [("i3", 1)]),
        ("see the guide.", [("i3", 1)]),
        ("**very", [("i3", 1)]),
        ("strasse", [("i3", 1)]),
        ("list the", [("i4", 1)]),
        ("echo", [("i4", 1)]),
        ("12345", [("i4", 1)]),
        ("printed", [("i4", 1)]),  # though it was sent three times, it is shown once
        ("import os", [("i7", 1)]),
        ("AAAA", []),
        ("around", [("i9", 1)]),
        ("careful", [("i10", 1)]),
        ("detail", [("i10", 1)]),
        (" is ", [("i1", 2), ("i3", 1), ("i4", 1)]),
        ("nowhere", []),
        ("  ", []),
    ],
)
def test_all_that_is_shown_is_found_in_its_order(query: str, hits: list[tuple[str, int]]) -> None:
    found = find(EVERYTHING.pages(), query)
    assert [(hit["id"], hit["count"]) for hit in found.hits] == hits
    assert found.is_whole


def test_a_hit_says_what_is_around_it() -> None:
    log = log_of(ev.UserMessage(f"{'x' * 50} a needle\nin {'y' * 50}"), ev.Text("a **needle** in hay", "m"))
    snippets = [hit["snippet"] for hit in find(log.pages(), "needle in").hits]
    assert snippets[1] == "a **needle** in hay"
    [hit, _] = find(log.pages(), "needle").hits
    assert "x a needle in y" in hit["snippet"]
    assert len(hit["snippet"]) < 100


def test_only_a_result_that_says_more_than_what_is_shown_counts() -> None:
    log = log_of(
        ev.ToolCall(
            "c", status="completed", content=({"type": "text", "text": "a"},), result={"deep": ["secret", "secret"]}
        )
    )
    assert [hit["count"] for hit in find(log.pages(), "secret").hits] == [1]


def test_of_very_many_the_newest_are_told_and_that_there_are_more() -> None:
    log = log_of(*(ev.UserMessage(f"needle {number}") for number in range(1000)))
    found = find(log.pages(), "needle")
    assert (len(found.hits), found.is_whole) == (1000, True)
    log.append([ev.UserMessage("needle 1000")])
    found = find(log.pages(), "needle")
    assert (len(found.hits), found.is_whole) == (1000, False)
    assert [found.hits[0]["id"], found.hits[-1]["id"]] == ["i2", "i1001"]


def test_a_search_that_takes_too_long_tells_what_it_found() -> None:
    read: list[int] = []

    def pages() -> Iterator[list[Item]]:
        for number in range(3):
            read.append(number)
            yield log_of(ev.UserMessage("needle")).snapshot()[1]

    assert not find(pages(), "needle", patience=-1.0).is_whole
    assert read == [0]


def test_others_use_the_log_while_it_is_looked_through() -> None:
    log = log_of(*(ev.UserMessage(str(number)) for number in range(450)))
    pages = log.pages()
    sizes = [len(next(pages))]
    appending = threading.Thread(target=lambda: log.append([ev.UserMessage("new")]))
    appending.start()
    appending.join(10)
    assert not appending.is_alive()
    assert [*sizes, *map(len, pages)] == [200, 200, 50]


def test_it_ends_when_another_conversation_takes_the_place() -> None:
    log = log_of(*(ev.UserMessage(str(number)) for number in range(450)))
    pages = log.pages()
    next(pages)
    log.restore([])
    assert list(pages) == []
