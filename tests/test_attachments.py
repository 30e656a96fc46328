"""Files that go with a prompt: what they are, their content says; names and types are only data."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from goose_widget.attachments import (
    LARGEST,
    LARGEST_TOGETHER,
    as_text,
    blocks_of,
    check_accepted,
    checked,
    clean_name,
    described,
    name_of,
    split,
)
from goose_widget.errors import UsageError

ALL = ("image", "file")
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 20


def attachment(data: bytes, name: str = "a.csv", mime: str = "text/csv") -> dict[str, str]:
    return {"name": name, "mime": mime, "data": base64.b64encode(data).decode()}


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"GIF89a\0\0", "image/gif"),
        (b"GIF87a\0\0", "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
def test_an_image_is_one_by_its_content(data: bytes, mime: str) -> None:
    (block,) = blocks_of([attachment(data, "notes.txt", "text/plain")], ALL)
    assert block == {"type": "image", "mime": mime, "data": base64.b64encode(data).decode(), "name": "notes.txt"}
    assert described(block) == {"name": "notes.txt", "mime": mime, "size": len(data)}


def test_a_text_is_one_whatever_it_is_said_to_be() -> None:
    (block,) = blocks_of([attachment("größe,€\n".encode(), "Größe €.csv", "image/png")], ALL)
    assert (block["type"], block["mime"], block["text"]) == ("resource", "image/png", "größe,€\n")
    assert block["uri"] == "attachment:Gr%C3%B6%C3%9Fe%20%E2%82%AC.csv"
    assert name_of(block["uri"]) == "Größe €.csv"
    assert described(block)["size"] == len("größe,€\n".encode())


@pytest.mark.parametrize("mime", ["", "nonsense", "text/plain; charset=utf-8", "a/" + "b" * 200, "text/x\n"])
def test_a_type_that_is_none_is_plain_text(mime: str) -> None:
    assert blocks_of([attachment(b"a", mime=mime)], ALL)[0]["mime"] == "text/plain"


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\0a", b"a\0b", b"RIFF\x10\0\0\0WAVEfmt \0", b"\x89PNG", "grün".encode("latin-1")]
)
def test_what_is_neither_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(UsageError, match=r"a\.csv can't be attached"):
        blocks_of([attachment(data)], ALL)


@pytest.mark.parametrize(
    "given",
    [
        None,
        "a",
        {},
        {"name": "a", "mime": "b"},
        {"name": "a", "mime": "b", "data": 3},
        {"name": None, "mime": "", "data": ""},
    ],
)
def test_what_is_no_attachment_is_refused(given: Any) -> None:
    with pytest.raises(UsageError, match="is none"):
        blocks_of([given], ALL)


@pytest.mark.parametrize("data", ["?", "YQ", "YQ==\n", "YQ==YQ==", "ä"])
def test_broken_base64_is_refused(data: str) -> None:
    with pytest.raises(UsageError, match="did not arrive whole"):
        blocks_of([{"name": "a", "mime": "", "data": data}], ALL)


def test_an_attachment_has_its_limit_and_so_have_all_together() -> None:
    assert blocks_of([attachment(b"a" * LARGEST)], ALL)
    for size in (LARGEST + 1, LARGEST + 100):
        with pytest.raises(UsageError, match=r"a\.csv is too large"):
            blocks_of([attachment(b"a" * size)], ALL)
    half = b"a" * (LARGEST_TOGETHER // 2)
    assert len(checked([("a", "", half)] * 2)) == 2
    with pytest.raises(UsageError, match="together"):
        checked([("a", "", half), ("b", "", half + b"a")])


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\plot.png", "plot.png"),
        ("a\nb\x1b[31m\u202ec.txt", "ab[31mc.txt"),
        ("  a b  ", "a b"),
        ("", "attachment"),
        ("..", "attachment"),
        ("a/", "attachment"),
        ("x" * 300 + ".csv", "x" * 96 + ".csv"),
        (".env", ".env"),
    ],
)
def test_a_name_is_no_path_and_can_be_seen(name: str, clean: str) -> None:
    assert clean_name(name) == clean


def test_two_files_of_one_name_get_two_names() -> None:
    names = [
        described(block)["name"] for block in checked([("a.csv", "", b"1"), ("x/a.csv", "", b"2"), ("a", "", PNG)])
    ]
    assert names == ["a.csv", "a 2.csv", "a"]


def test_what_the_server_does_not_take_is_refused() -> None:
    blocks = checked([("a.csv", "", b"1"), ("p.png", "", PNG)])
    check_accepted(blocks, ALL)
    with pytest.raises(UsageError, match=r"no images .* p\.png"):
        check_accepted(blocks, ("file",))
    with pytest.raises(UsageError, match=r"no files .* a\.csv"):
        check_accepted(blocks, ())


@pytest.mark.parametrize(
    "text", ["a,b\n1,2\n", "", "\n", "---\n", "a\n---\nb", "--- Resource: file:///x ---\n", "end\n---\n"]
)
def test_a_file_is_found_again_in_what_goose_made_of_it(text: str) -> None:
    blocks = checked([("a b.md", "text/plain", text.encode()), ("c.txt", "text/plain", b"other")])
    assert split("look" + "".join(map(as_text, blocks))) == ("look", blocks)


def test_a_prompt_without_files_is_itself() -> None:
    for text in ("", "--- Resource: file:///x ---\na\n---\n", "--- Resource:"):
        assert split(text) == (text, ())
