"""A text that was removed is nowhere, and nothing else is changed."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goose_widget import events as ev
from goose_widget.errors import UsageError
from goose_widget.journal import redact_file
from goose_widget.lines import Entry, Header
from goose_widget.redact import redact, redact_header
from goose_widget.store import Store, session_file
from goose_widget.transcript import Transcript, reduce
from support import strategies
from support.session_files import HEADER, entries

SECRET = 'sk-"ä😀/\\7'


def redacted(text: str, *events: ev.Event) -> tuple[list[ev.Event], int]:
    cleaned, count = redact(entries(*events), text)
    return [entry.event for entry in cleaned], count


def strings(value: Any) -> list[str]:
    """All strings in a JSON value, keys too."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [*value, *(each for child in value.values() for each in strings(child))]
    return [each for child in value for each in strings(child)] if isinstance(value, list | tuple) else []


def items(log: list[Entry]) -> list[dict[str, Any]]:
    transcript = Transcript()
    for entry in log:
        reduce(transcript, entry.event, seq=entry.seq, time=entry.time)
    return list(transcript)


def test_every_place_of_it_is_marked_and_counted() -> None:
    events, count = redacted(
        "key",
        ev.UserMessage("key and key", "p", ({"type": "text", "text": "a key"},)),
        ev.ToolCall("c", title="use key", input={"key": ["x", {"y": "the key"}], "n": 1}, result=None),
        ev.Title("nothing"),
    )
    assert events == [
        ev.UserMessage("[redacted] and [redacted]", "p", ({"type": "text", "text": "a [redacted]"},)),
        ev.ToolCall("c", title="use [redacted]", input={"[redacted]": ["x", {"y": "the [redacted]"}], "n": 1}),
        ev.Title("nothing"),
    ]
    assert count == 6


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(SECRET))[3:-3],
        json.dumps(json.dumps(SECRET, ensure_ascii=False), ensure_ascii=False)[3:-3],
        "".join(f"\\u{ord(letter):04X}" for letter in SECRET.replace("😀", "")).replace("\\u002F", "\\ud83D\\uDE00\\/"),
    ],
)
def test_its_escaped_forms_go_too(form: str) -> None:
    assert redacted(SECRET, ev.LiveOutput("c", f'{{"key":"{form}"}}')) == (
        [ev.LiveOutput("c", '{"key":"[redacted]"}')],
        1,
    )


def test_what_only_looks_like_an_escape_does_not_take_long() -> None:
    text = "\\" * 20_000 + "x"
    assert redacted("\\\n\\y", ev.Text(text)) == ([ev.Text(text)], 0)


def test_pieces_in_which_it_is_split_are_joined_into_the_first() -> None:
    log = entries(
        ev.UserMessage("hi"),
        ev.Text("the se", "m"),
        ev.Usage(1, 2),
        ev.Text("cr", "m"),
        ev.Text("et is", "m"),
        ev.Thought("sec"),
        ev.Text("ret", "m"),  # another message
        ev.LiveOutput("c", "se"),
        ev.LiveOutput("d", "whole secret"),
        ev.LiveOutput("c", "cret", True),
        ev.LiveOutput("d", ", more"),
    )
    cleaned, count = redact(log, "secret")
    assert [(entry.seq, entry.event) for entry in cleaned] == [
        (1, ev.UserMessage("hi")),
        (2, ev.Text("the [redacted] is", "m")),
        (3, ev.Usage(1, 2)),
        (6, ev.Thought("sec")),
        (7, ev.Text("ret", "m")),
        (8, ev.LiveOutput("c", "[redacted]", True)),
        (9, ev.LiveOutput("d", "whole [redacted]")),
        (11, ev.LiveOutput("d", ", more")),
    ]
    assert count == 3


@pytest.mark.parametrize("text", ["red", "[redacted]", "x[redacted]x", "]x", "x[", "a][b", "█", "[red█"])
def test_the_mark_does_not_bring_it_back(text: str) -> None:
    for said in (text, text * 3, f"{text[0]}{text}{text[1:]}", f"[{text}]{text}x[", f"]{text}{text[-1]}"):
        (event,), count = redacted(text, ev.Title(said))
        assert isinstance(event, ev.Title)
        assert text not in event.title
        assert count > 0


def test_keys_that_become_one_stay_two() -> None:
    events, _ = redacted("secret", ev.Raw("x", {"secret": 1, "[redacted]": 2, "[redacted]2": 3}))
    (event,) = events
    assert isinstance(event, ev.Raw)
    assert sorted(event.payload.values()) == [1, 2, 3]


def test_a_number_goes_from_what_tools_got_and_counts_stay() -> None:
    events, count = redacted("1234", ev.ToolCall("c", input={"pin": 1234, "ok": True}), ev.Usage(1234, 12345))
    assert events == [ev.ToolCall("c", input={"pin": "[redacted]", "ok": True}), ev.Usage(1234, 12345)]
    assert count == 1


def test_an_image_is_not_damaged_by_chance() -> None:
    data = "abcd" * 100
    image = ev.Content({"type": "image", "mime": "image/png", "data": data})
    assert redacted("abcd", image) == ([image], 0)
    assert redacted("abcdabcd", image)[1] == 50
    assert redacted("abcd", ev.Content({"type": "image", "data": "my abcd"}))[1] == 1


def test_the_header_loses_it_too() -> None:
    header = Header("secret 1", "secret 2", 1.0, "/secret/3", "/4", "5", "6", uid="secret", after="secret")
    cleaned = redact_header(header, "secret")
    assert cleaned == Header("[redacted] 1", "[redacted] 2", 1.0, "/[redacted]/3", "/4", "5", "6", "secret", "secret")


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_nothing_is_no_text(text: str) -> None:
    for refused in (lambda: redact([], text), lambda: redact_header(HEADER, text)):
        with pytest.raises(UsageError, match="is empty"):
            refused()


pieces = st.sampled_from(
    ["", "s", "se", "cret", "secret", "[", "]", "redacted", "\\", "\\u0073", "x", '"', "\n", "ecre"]
)
texts = st.lists(pieces, max_size=4).map("".join)
streams = st.one_of(
    st.builds(ev.Text, texts, st.sampled_from([None, "a"])),
    st.builds(ev.Thought, texts),
    st.builds(ev.LiveOutput, st.sampled_from("ab"), texts, st.booleans()),
    st.builds(
        ev.ToolCall, st.sampled_from("ab"), starts=st.booleans(), title=texts, input=st.dictionaries(texts, texts)
    ),
    st.builds(ev.UserMessage, texts),
)


@strategies.patient
@given(
    st.lists(streams | strategies.events, max_size=12), texts.filter(str.strip) | st.text(min_size=1).filter(str.strip)
)
def test_it_is_in_no_string_and_no_item(log: list[ev.Event], text: str) -> None:
    before = entries(*log)
    cleaned, count = redact(before, text)
    for entry in cleaned:
        values = [getattr(entry.event, spec.name) for spec in fields(entry.event)]
        assert not [each for each in strings(values) if text in each]
    for old, item in zip(items(before), items(cleaned), strict=False):
        assert old["id"] == item["id"] or count
        for field in ("text", "output", "title", "input") if item["kind"] != "notice" else ():  # our own words
            assert not [each for each in strings(item.get(field)) if text in each]
    if not count:
        assert cleaned == before


@strategies.patient
@given(st.lists(streams | strategies.events, max_size=12), texts.filter(lambda text: "x" in text) | st.just("secret"))
def test_other_texts_are_unchanged(log: list[ev.Event], text: str) -> None:
    cleaned, _ = redact(entries(*log), text)
    by_seq = {entry.seq: entry.event for entry in cleaned}
    for seq, event in enumerate(log, 1):
        if isinstance(event, ev.UserMessage) and text not in event.text and "\\" not in event.text:
            now = by_seq[seq]
            assert isinstance(now, ev.UserMessage)
            assert now.text == event.text


@strategies.patient
@given(st.lists(strategies.events | streams, max_size=8), st.integers(0, 10**6), st.booleans())
def test_its_bytes_are_nowhere_in_the_file(
    tmp_path_factory: pytest.TempPathFactory, log: list[ev.Event], number: int, is_ascii: bool
) -> None:
    text = f"K§y😀-{number:07}" if not is_ascii else f"Key_{number:07}"
    hidden = [
        ev.UserMessage(f"my {text}", text, ({"type": "text", text: text},)),
        *(ev.Text(letter, "m") for letter in text),
        ev.LiveOutput("z", json.dumps({"k": text})),
        ev.ToolCall("z", input={"k": [text, {text: 1}]}, result=json.dumps(json.dumps(text))),
    ]
    store = Store(tmp_path_factory.mktemp("sessions"))
    file = store.create(Header(f"id {text}", cwd=text))
    file.append(entries(*log, *hidden, *log))
    assert redact_file(file, text) > 4
    file.close()
    content = file.path.read_bytes().decode()
    for form in (text, json.dumps(text)[1:-1], json.dumps(json.dumps(text))[3:-3]):
        assert form.casefold() not in content.casefold()
    again = session_file(file.path)
    assert [each.event for each in again.read()][: len(log)] == log
    assert again.damaged == 0


def test_a_file_is_redacted_where_it_is(tmp_path: Path) -> None:
    store = Store(tmp_path)
    file = store.create(HEADER)
    file.append(entries(ev.Text("secret")))
    redact_file(file, "secret")
    file.append(entries(ev.Text("more"), first=2))
    assert [each.event for each in session_file(file.path).read()] == [ev.Text("[redacted]"), ev.Text("more")]
    file.close()
