"""The lines of a session file, whatever is in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goose_widget import client, lines
from goose_widget import events as ev
from goose_widget.errors import SessionFileError
from goose_widget.lines import Entry, Header, Reader, entry_line, header_line, parse_header, whole_end, whole_lines
from support import strategies
from support.session_files import entries


def read(*texts: str | None) -> tuple[list[Entry], int]:
    reader = Reader()
    found = [reader.entry(text) for text in texts]
    return [entry for entry in found if entry is not None], reader.damaged


def line(seq: Any = 1, time: Any = 1.0, **record: Any) -> str:
    return json.dumps({"e": "text", "text": "hi", **record, "seq": seq, "time": time})


def in_file(path: Path, content: bytes, start: int = 0) -> list[str | None]:
    path.write_bytes(content)
    fd = os.open(path, os.O_RDONLY)
    try:
        return [each for batch in whole_lines(fd, start) for each in batch]
    finally:
        os.close(fd)


# Headers.


@strategies.patient
@given(st.builds(Header, *[st.text(st.characters(exclude_categories=["Cs"]))] * 2))
def test_a_header_is_read_as_it_was_written(header: Header) -> None:
    assert parse_header(header_line(header)) == header


def test_a_header_without_the_names_of_conversations_is_one_of_an_older_version() -> None:
    header = parse_header(b'{"goose_widget_session":1,"session_id":"x"}\n')
    assert (header.uid, header.after) == ("", "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0\0\0",
        "[]",
        "null",
        "{}",
        '{"goose_widget_session":1}',
        '{"goose_widget_session":1,"session_id":7}',
        '{"goose_widget_session":1,"session_id":"x","uid":null}',
        '{"goose_widget_session":1,"session_id":"x","created":"now"}',
        '{"goose_widget_session":1,"session_id":"x","created":true}',
        '{"goose_widget_session":1,"session_id":"x","created":NaN}',
        '{"goose_widget_session":1,"session_id":"x","created":1e999}',
        "[" * 100_000,
    ],
)
def test_what_is_no_header_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, `session_file` says it better
        parse_header(text.encode())


def test_a_header_of_another_version_is_named() -> None:
    with pytest.raises(SessionFileError, match="format 2; this version of goose-widget reads 1"):
        parse_header(b'{"goose_widget_session":2,"whatever":[]}')


def test_a_header_that_could_not_be_read_again_is_not_written() -> None:
    with pytest.raises(OSError, match="too long"):
        header_line(Header("x" * lines.MAX_HEADER))


# Entries.


@strategies.patient
@given(strategies.events)
def test_an_entry_is_read_as_it_was_written(event: ev.Event) -> None:
    entry = Entry(3, 1.5, event)
    assert read(entry_line(entry).decode().removesuffix("\n")) == ([entry], 0)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "garbage",
        "\0",
        "[]",
        "7",
        '"text"',
        "{}",
        line(seq=None),
        line(seq="1"),
        line(seq=True),
        line(seq=1.0),
        line(time=None),
        line(time="now"),
        line(time=float("nan")),
        line(time=1e300),
        line(time=-1e300),
        line(text=5),
        line() + line(),
        line()[:-1],
        "[" * 100_000,
        '{"e":"tool","call_id":"c","input":' + "[" * 300 + "]" * 300 + ',"seq":1,"time":1}',
        '{"e":"tool","call_id":"c","input":' + "9" * 10_000 + ',"seq":1,"time":1}',
    ],
)
def test_a_damaged_line_is_left_out_and_counted(text: str | None) -> None:
    assert read(line(1, text="before"), text, line(2, 2.0, text="after")) == (
        entries(ev.Text("before"), ev.Text("after")),
        1,
    )


def test_white_space_around_a_line_is_none_of_it() -> None:
    assert read(f"  {line()}\r") == (entries(ev.Text("hi")), 0)


@pytest.mark.parametrize(
    ("numbers", "read_as"),
    [
        ([1, 2, 3], [1, 2, 3]),
        ([1, 5, 9], [1, 5, 9]),
        ([1, 2, 2, 3], [1, 2, 3, 4]),
        ([1, 2, 3, 2, 3, 4], [1, 2, 3, 4, 5, 6]),
        ([5, 1, 9], [5, 6, 9]),
        ([0, -3, 2], [1, 2, 3]),
        ([2**70, 2], [1, 2]),
    ],
)
def test_numbers_only_go_up(numbers: list[int], read_as: list[int]) -> None:
    found, damaged = read(*map(line, numbers))
    assert [entry.seq for entry in found] == read_as
    assert damaged == 0


def test_halves_of_surrogate_pairs_are_replaced() -> None:
    text = '{"e":"tool","call_id":"c","input":{"\\ud800":["\\uDC00 \\ud83d\\ude00"]},"seq":1,"time":1}'
    assert read(text)[0][0].event == ev.ToolCall("c", input={"\ufffd": ["\ufffd 😀"]})


def test_numbers_that_are_none_become_null() -> None:
    text = '{"e":"tool","call_id":"c","input":[NaN,Infinity,-Infinity],"seq":1,"time":1}'
    assert read(text)[0][0].event == ev.ToolCall("c", input=[None, None, None])


def test_an_event_that_could_not_be_read_again_is_said_to_have_been(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE", 200)
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    for event in (ev.Text("x" * 200), ev.ToolCall("c", input=deep)):
        (entry,), damaged = read(entry_line(Entry(7, 1.0, event)).decode().strip())
        assert entry == Entry(7, 1.0, ev.Raw("something too large to be saved"))
        assert damaged == 0


def test_whatever_the_client_takes_in_one_message_fits_in_a_line() -> None:
    assert lines.MAX_LINE >= 6 * client.MAX_FRAME


# Files.


@strategies.patient
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    found = in_file(tmp_path_factory.getbasetemp() / "any", content)
    assert len(found) in (content.count(b"\n"), content.count(b"\n") + 1)
    read(*found)


def test_lines_are_the_same_wherever_the_blocks_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = "one\nä😀\n\nfour\u2028\nlonger than a block\n".encode() + b"\xff\n" + b'"last"'
    for block in range(1, 60):
        monkeypatch.setattr(lines, "BLOCK", block)
        expected = ["one", "ä😀", "", "four\u2028", "longer than a block", None, '"last"']
        assert in_file(tmp_path / "file", content) == expected
        assert in_file(tmp_path / "file", content, start=4) == expected[1:]
        fd = os.open(tmp_path / "file", os.O_RDONLY)
        assert whole_end(fd) == len(content) - len(b'"last"')
        os.close(fd)


def test_a_torn_last_line_is_passed_over(tmp_path: Path) -> None:
    assert in_file(tmp_path / "file", b'"one"\n{"tor') == ['"one"']
    assert in_file(tmp_path / "file", b"") == []


def test_a_line_that_is_too_long_is_damage_and_never_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "BLOCK", 10)
    monkeypatch.setattr(lines, "MAX_LINE", 100)
    asked: list[int] = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, size, at: asked.append(size) or pread(fd, size, at))
    content = b"short\n" + b"x" * 99 + b"\n" + b"y" * 5000 + b"\nshort\n" + b"z" * 5000
    assert in_file(tmp_path / "file", content) == ["short", "x" * 99, None, "short"]
    assert max(asked) <= 100
