"""The log in this process: what a file adds up to, and what a page gets of it."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from goose_widget import events as ev
from goose_widget.journal import Journal
from goose_widget.log import Loaded, Log, load
from goose_widget.store import Entry, Header, Store, session_file
from goose_widget.transcript import Item
from support.session_files import entries, said, written


def new_log() -> Log:
    return Log(Journal(None, lambda: None, lambda notice: None))


def loaded(folder: Path, log: list[Entry]) -> Loaded:
    return load(session_file(written(Store(folder), log=log)))


def prompts(items: list[Item]) -> list[str]:
    return [item["text"] for item in items]


# A file.


def test_what_a_file_adds_up_to_can_be_read_on_any_thread_and_adopted(tmp_path: Path) -> None:
    log = [*said("hi"), *said("more", first=5)]
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(loaded, tmp_path, log).result()
    ours, other = new_log(), new_log()
    ours.append([ev.Text("of another conversation")])
    ours.adopt(found)
    other.restore(log)
    assert ours.snapshot() == other.snapshot()
    assert ours.seq == 8
    assert ours.since(1) is None  # a page that had the other conversation gets all of this one
    assert [entry.seq for entry in ours.append([ev.Text("more")])[2]] == [9]


def test_the_facts_can_be_told_from_some_of_the_entries(tmp_path: Path) -> None:
    facts = [
        ev.Mode("auto"),
        ev.Model("m"),
        ev.TurnStarted("p"),
        ev.Usage(1, 2),
        ev.Title("t"),
        ev.TurnEnded("p", "end_turn"),
        ev.Notice("info", "only once", once=True),
    ]
    others = [ev.UserMessage("hi"), ev.Text("x"), ev.Notice("info", "again"), ev.ToolCall("c")]
    found = loaded(tmp_path, entries(*facts, *others))
    assert list(found.facts) == entries(*facts)


def test_damage_is_told(tmp_path: Path) -> None:
    path = written(Store(tmp_path), log=said("hi"))
    assert load(session_file(path)).damage is None
    path.write_bytes(path.read_bytes() + b"garbage\n")
    damage = load(session_file(path)).damage
    assert damage is not None
    assert "1 line of" in damage.text


def test_two_writers_leave_no_two_items_of_one_name(tmp_path: Path) -> None:
    found = loaded(tmp_path, [*said("one"), *said("two"), *said("three", first=3)])
    ids = [item["id"] for item in found.transcript]
    assert len(set(ids)) == len(ids) == 6
    assert found.seq == 12


def test_an_empty_file_adds_up_to_nothing(tmp_path: Path) -> None:
    found = loaded(tmp_path, [])
    assert (len(found.transcript), found.seq, found.facts, found.damage) == (0, 0, (), None)


@pytest.mark.parametrize("was_on", [True, False])
def test_reading_leaves_the_search_for_garbage_as_it_was(tmp_path: Path, was_on: bool) -> None:
    path = written(Store(tmp_path), Header("x"))
    try:
        if not was_on:
            gc.disable()
        load(session_file(path))
        file = session_file(path)
        path.unlink()
        with pytest.raises(OSError, match="No such file"):
            load(file)
        assert gc.isenabled() == was_on
    finally:
        gc.enable()


def test_another_conversation_is_another_log(tmp_path: Path) -> None:
    log = new_log()
    before = log.id
    log.adopt(loaded(tmp_path, said("hi")))
    assert log.id.partition("/")[0] != before.partition("/")[0]


def test_a_log_that_is_completed_is_another_one_of_the_same_conversation(tmp_path: Path) -> None:
    log = new_log()
    ids = [log.id]
    for folder in ("a", "b"):
        log.complete(loaded(tmp_path / folder, said("hi")))
        ids.append(log.id)
    assert len(set(ids)) == 3
    assert len({log_id.partition("/")[0] for log_id in ids}) == 1


def test_what_came_while_the_file_was_written_anew_follows_it(tmp_path: Path) -> None:
    log = new_log()
    log.append([ev.UserMessage("a"), ev.Text("b"), ev.Text("c")])
    log.hold()
    log.append([ev.UserMessage("d"), ev.Title("t")])
    found = log.caught_up(loaded(tmp_path, said("a")[:1]))
    log.adopt(found)
    log.release()
    assert prompts(log.snapshot()[1]) == ["a", "d"]
    assert log.seq == 5  # no number comes twice
    assert [entry.event for entry in found.facts] == [ev.Title("t")]
    assert log.is_whole


# A page.


def test_every_log_has_a_name_of_its_own() -> None:
    assert len({new_log().id for _ in range(100)}) == 100


def test_a_short_conversation_is_one_window() -> None:
    log = new_log()
    assert log.window() == (0, [], 0)
    log.append([ev.UserMessage("hi"), ev.Text("yes")])
    assert log.window() == (*log.snapshot(), 0)


def test_a_long_conversation_is_windows_that_join_without_a_gap() -> None:
    log = new_log()
    log.append([ev.UserMessage(str(number)) for number in range(1000)])
    seq, items, earlier = log.window()
    assert (seq, len(items), earlier) == (1000, 300, 700)
    sizes = []
    while earlier:
        older, earlier = log.before(items[0]["id"])
        sizes.append((len(older), earlier))
        items = older + items
    assert sizes == [(300, 400), (300, 100), (100, 0)]
    assert prompts(items) == [str(number) for number in range(1000)]


def test_a_window_holds_no_more_than_a_page_takes_at_once_but_one_item() -> None:
    log = new_log()
    log.append([ev.UserMessage("x" * 900_000), ev.UserMessage("y" * 900_000), ev.UserMessage("z" * 900_000)])
    assert [len(log.window()[1]), log.window()[2]] == [2, 1]
    log.append([ev.UserMessage("w" * 5_000_000)])
    _, items, earlier = log.window()
    assert ([len(item["text"]) for item in items], earlier) == ([5_000_000], 3)
    assert log.before(items[0]["id"]) == (log.snapshot()[1][1:3], 1)


def test_before_the_first_item_and_before_none_is_nothing() -> None:
    log = new_log()
    log.append([ev.UserMessage("hi")])
    assert log.before("i1") == ([], 0)
    assert log.before("i7") == ([], 0)


def test_a_window_around_an_item_has_it_in_its_middle() -> None:
    log = new_log()
    log.append([ev.UserMessage(str(number)) for number in range(1000)])
    items, earlier, later = log.around("i501")
    assert (prompts(items), earlier, later) == ([str(number) for number in range(351, 651)], 351, 349)
    items, earlier, later = log.around("i1")
    assert (prompts(items), earlier, later) == ([str(number) for number in range(151)], 0, 849)
    items, earlier, later = log.around("i1000")
    assert (prompts(items), earlier, later) == ([str(number) for number in range(850, 1000)], 850, 0)
    assert log.around("i1001") == ([], 0, 0)
