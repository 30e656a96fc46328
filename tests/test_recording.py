"""Which file is replayed, and what is read from it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from goose_widget import events as ev
from goose_widget.errors import UsageError
from goose_widget.recording import AT_ONCE, Recording, Wish, candidates, find, wish
from goose_widget.store import Entry, Header, SessionFile, Store


def entries(*said: ev.Event) -> list[Entry]:
    return [Entry(number, 100.0 + number, event) for number, event in enumerate(said, 1)]


def turn(prompt: str, reply: str, prompt_id: str = "") -> list[ev.Event]:
    prompt_id = prompt_id or f"id of {prompt}"
    return [
        ev.UserMessage(prompt, prompt_id),
        ev.TurnStarted(prompt_id),
        ev.Text(reply, "m"),
        ev.TurnEnded(prompt_id, "end_turn"),
    ]


def record(folder: Path, header: Header, *said: ev.Event) -> Path:
    file = Store(folder).create(header)
    file.append(entries(*(said or turn("hello", "hi"))))
    file.close()
    return file.path


def found(what: str, folder: Path, *, is_argument: bool = True, **more: Any) -> Recording:
    wanted = Wish(what, 1.0, is_argument)
    return find(wanted, folder=folder, store=Store(folder / "s"), **{"notebook": "", **more})


# What is wished for.


def test_nothing_is_replayed_unless_somebody_says_so() -> None:
    assert wish(None, None, {}) is None
    assert wish(None, None, {"GOOSE_WIDGET_REPLAY": "", "GOOSE_WIDGET_REPLAY_SPEED": "2"}) is None


@pytest.mark.parametrize(
    ("replay", "speed", "environ", "expected"),
    [
        ("a", None, {}, Wish("a", 1.0)),
        (Path("a"), 4, {}, Wish("a", 4.0)),
        ("a", float("inf"), {}, Wish("a", AT_ONCE)),
        (None, None, {"GOOSE_WIDGET_REPLAY": "b"}, Wish("b", AT_ONCE, is_argument=False)),
        (None, 3.0, {"GOOSE_WIDGET_REPLAY": "b"}, Wish("b", 3.0, is_argument=False)),
        ("a", None, {"GOOSE_WIDGET_REPLAY": "b"}, Wish("a", 1.0)),
        (None, None, {"GOOSE_WIDGET_REPLAY": "b", "GOOSE_WIDGET_REPLAY_SPEED": "0.5"}, Wish("b", 0.5, False)),
        ("a", None, {"GOOSE_WIDGET_REPLAY_SPEED": "inf"}, Wish("a", AT_ONCE)),
        ("a", 2, {"GOOSE_WIDGET_REPLAY_SPEED": "inf"}, Wish("a", 2.0)),
    ],
)
def test_arguments_come_before_the_environment(
    replay: Any, speed: Any, environ: dict[str, str], expected: Wish
) -> None:
    assert wish(replay, speed, environ) == expected


@pytest.mark.parametrize(
    ("replay", "speed", "environ", "text"),
    [
        ("", None, {}, "replay must be"),
        (3, None, {}, "replay must be"),
        ("a", 0, {}, "speed must be"),
        ("a", -1.0, {}, "speed must be"),
        ("a", math.nan, {}, "speed must be"),
        ("a", True, {}, "speed must be"),
        ("a", "fast", {}, "'fast'"),
        ("a", None, {"GOOSE_WIDGET_REPLAY_SPEED": "0"}, "GOOSE_WIDGET_REPLAY_SPEED must be"),
        (None, 2.0, {}, "pass replay="),
    ],
)
def test_what_can_not_be_meant_is_refused(replay: Any, speed: Any, environ: dict[str, str], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        wish(replay, speed, environ)


# Where it is found.


def test_a_recording_is_found_by_path_and_by_id(tmp_path: Path) -> None:
    path = record(tmp_path / "s", Header("20261122_7"))
    for what in ("20261122_7", str(path), f"s/{path.name}"):
        assert found(what, tmp_path).header.session_id == "20261122_7"


def test_the_newest_file_of_an_id_is_taken(tmp_path: Path) -> None:
    record(tmp_path / "s", Header("20261122_7", created=2.0), *turn("new", "n"))
    record(tmp_path / "s", Header("20261122_7", created=1.0), *turn("old", "o"))
    assert found("20261122_7", tmp_path).turns[0].text == "new"


def test_what_is_not_there_is_told_with_what_is(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"replay='20261122_1': there is no such file.* no sessions in"):
        found("20261122_1", tmp_path)
    record(tmp_path / "s", Header("20261122_7"))
    with pytest.raises(UsageError, match=r"GOOSE_WIDGET_REPLAY=x: .*20261122_7 \('hello'\)"):
        found("x", tmp_path, is_argument=False)
    with pytest.raises(UsageError, match="too long"):
        found("x" * 300, tmp_path)
    with pytest.raises(UsageError, match="no such file"):
        found("a\0b", tmp_path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no session file"),
        ("{}\n", "no session file"),
        ("[]\n", "no session file"),
        ('{"goose_widget_session":1}\n', "no session file"),
        ('{"goose_widget_session":1,"session_id":"x","created":"now"}\n', "no session file"),
        ('{"goose_widget_session":1,"session_id":"x","server":5}\n', "no session file"),
        ('{"goose_widget_session":2,"session":"x"}\n', "format 2; this version of goose-widget reads 1"),
        ('{"goose_widget_session":1,"session_id":"x"}\n', "no prompt was sent"),
        ('{"goose_widget_session":1,"session_id":"x"}\n{"e":"user","text":"old","seq":1,"time":1}\n', "no prompt"),
    ],
)
def test_a_file_that_holds_no_recording_says_why(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "file.jsonl").write_text(text)
    with pytest.raises(UsageError, match=why):
        found("file.jsonl", tmp_path)


def test_a_session_that_is_named_twice_must_be_the_same(tmp_path: Path) -> None:
    record(tmp_path / "s", Header("20261122_7"))
    assert found("20261122_7", tmp_path, session_id="20261122_7").turns
    with pytest.raises(UsageError, match="holds the session 20261122_7, not 20261122_8"):
        found("20261122_7", tmp_path, session_id="20261122_8")
    assert found("20261122_7", tmp_path, session_id="20261122_8", is_argument=False).turns  # no change to the notebook


def test_chats_take_the_sessions_of_a_folder_in_the_order_they_were_made(tmp_path: Path) -> None:
    folder = tmp_path / "recorded"
    record(folder, Header("20261122_2", created=2.0))
    record(folder, Header("20261122_1", created=1.0), ev.Notice("info", "nobody asked"))
    record(folder, Header("20261122_9", created=1.5))
    assert [found("recorded", tmp_path).header.session_id for _ in range(2)] == ["20261122_9", "20261122_2"]
    with pytest.raises(UsageError, match="one more than the 2 recorded there"):
        found("recorded", tmp_path)
    assert found("recorded", tmp_path, session_id="20261122_2").turns  # by its id, as often as one likes
    with pytest.raises(UsageError, match=r"no prompt of a session 20261122_1\. In .*20261122_9"):
        found("recorded", tmp_path, session_id="20261122_1")


def test_a_folder_without_a_session_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="it holds no session with a prompt"):
        found("empty", tmp_path)


def test_a_notebooks_own_sessions_are_taken_and_not_those_that_went_on_elsewhere(tmp_path: Path) -> None:
    def file(session_id: str, created: float, **more: str) -> SessionFile:
        return SessionFile(tmp_path / f"{session_id}.jsonl", Header(session_id, created=created, **more))

    files = [
        file("1", 1.0, notebook="/home/ada/one.ipynb"),
        file("2", 2.0, notebook="C:\\n\\two.ipynb"),
        file("3", 3.0, notebook="/home/ada/one.ipynb", continues="1"),
    ]

    def ids(notebook: str, session_id: str | None = None) -> list[str]:
        return [each.header.session_id for each in candidates(files, notebook, session_id)]

    assert ids("/ci/one.ipynb") == ["3"]
    assert ids("/ci/two.ipynb") == ["2"]
    assert ids("/ci/three.ipynb") == ids("") == ["2", "3"]
    assert ids("/ci/two.ipynb", "1") == ["1"]


# What is read.


def test_prompts_of_ours_begin_turns_and_all_else_belongs_to_them() -> None:
    said = [
        ev.Mode("auto"),
        ev.UserMessage("from elsewhere"),
        *turn("one", "1"),
        ev.Title("A title"),
        ev.UserMessage("from elsewhere"),
        *turn("two", "2"),
    ]
    recording = Recording.of(Header("x"), entries(*said))
    assert [entry.event for entry in recording.opening] == said[:2]
    assert [each.text for each in recording.turns] == ["one", "two"]
    assert [entry.event for entry in recording.turns[0].body] == said[3:6]
    assert [entry.event for entry in recording.turns[0].tail] == said[6:8]
    assert list(recording.entries()) == entries(*said)


def test_a_turn_without_an_end_ends_as_interrupted() -> None:
    said = [*turn("one", "1")[:-1], *turn("two", "2")[:-1]]
    recording = Recording.of(Header("x"), entries(*said))
    for each in recording.turns:
        (end,) = [entry.event for entry in each.body if isinstance(entry.event, ev.TurnEnded)]
        assert (end.prompt_id, end.stop_reason) == (each.prompt_id, "interrupted")
        assert "missing in the recording" in end.error
    assert [item["kind"] for item in recording.items()] == ["user", "agent", "notice"] * 2


def test_lines_that_can_not_be_read_are_left_out_and_told(tmp_path: Path) -> None:
    path = record(tmp_path / "s", Header("20261122_7"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"garbage\n", *lines[1:], b'{"e":"text","seq":9,"time":9}\n', b'{"torn":']))
    recording = found("20261122_7", tmp_path)
    assert len(recording.turns) == 1
    (entry,) = recording.opening
    assert isinstance(entry.event, ev.Notice)
    assert entry.event.text == f"2 lines of {path.name} could not be read and are left out."


def test_the_items_of_a_recording_are_those_of_its_transcript_and_always_the_same(tmp_path: Path) -> None:
    path = record(tmp_path / "s", Header("20261122_7"), *turn("one", "1"), *turn("two", "2"))
    first, second = (found(path.name, path.parent).items() for _ in range(2))
    assert json.dumps(first) == json.dumps(second)
    assert [(item["id"], item["kind"], item["text"], item["time"]) for item in first] == [
        ("i1", "user", "one", 101.0),
        ("i3", "agent", "1", 103.0),
        ("i5", "user", "two", 105.0),
        ("i7", "agent", "2", 107.0),
    ]
