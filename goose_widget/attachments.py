"""Files that go with a prompt: checked, and as blocks of ours (`js/src/wire.ts`). No I/O.

- What a file is, its content says: an image by its first bytes, else UTF-8 text. A name and a type are only data.
- A text goes as an embedded resource at `attachment:NAME`. goose shows it to the model, and keeps it, as a part of the
  prompt's text; `split` finds it there again.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote, unquote

from . import events as ev
from .errors import UsageError

LARGEST: Final = 5 * 2**20
"""Bytes of one attachment."""

LARGEST_TOGETHER: Final = 6 * 2**20
"""Bytes of all attachments of a prompt: a Jupyter server takes messages of 10 MiB, and these are base64."""

_SCHEME: Final = "attachment:"
_LONGEST_NAME: Final = 100
_MIME: Final = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_TOO_LARGE: Final = f"{{name}} is too large. An attachment may have {LARGEST >> 20} MB."
_EXPECTED: Final = "Attach PNG, JPEG, GIF or WebP images, or text files in UTF-8."


def blocks_of(attachments: Sequence[Any], accepts: Collection[str]) -> tuple[ev.Block, ...]:
    """The blocks of what a page attached: `{name, mime, data}` each, `data` in base64.

    Args:
        attachments: any JSON values.
        accepts: of "image" and "file", what the server takes.

    Raises:
        UsageError: one can't be attached; the message says why.
    """
    blocks = checked([_decoded(each) for each in attachments])
    check_accepted(blocks, accepts)
    return blocks


def checked(files: Iterable[tuple[str, str, bytes]]) -> tuple[ev.Block, ...]:
    """The blocks of files, of each its name, its type as far as known, and its bytes.

    Raises:
        UsageError: one can't be attached; the message says why.
    """
    blocks: list[ev.Block] = []
    names: set[str] = set()
    total = 0
    for name, mime, data in files:
        name = _free(clean_name(name), names)
        total += len(data)
        if len(data) > LARGEST:
            raise UsageError(_TOO_LARGE.format(name=name))
        blocks.append(_block(name, mime, data))
    if total > LARGEST_TOGETHER:
        raise UsageError(f"The attachments are too large together. A prompt may have {LARGEST_TOGETHER >> 20} MB.")
    return tuple(blocks)


def check_accepted(blocks: Iterable[ev.Block], accepts: Collection[str]) -> None:
    """Refuse what the server does not take.

    Raises:
        UsageError: there is such a block.
    """
    for block in blocks:
        if ("image" if block["type"] == "image" else "file") not in accepts:
            what = "images" if block["type"] == "image" else "files"
            raise UsageError(f"This goose takes no {what} with a prompt. Remove {described(block)['name']}.")


def _decoded(attachment: Any) -> tuple[str, str, bytes]:
    match attachment:
        case {"name": str(name), "mime": str(mime), "data": str(data)}:
            if len(data) > LARGEST // 3 * 4 + 8:
                raise UsageError(_TOO_LARGE.format(name=clean_name(name)))
            try:
                return name, mime, base64.b64decode(data, validate=True)
            except (binascii.Error, ValueError):
                raise UsageError(f"{clean_name(name)} did not arrive whole. Attach it again.") from None
        case _:
            raise UsageError("The page sent an attachment that is none. Reload it.")


def _block(name: str, mime: str, data: bytes) -> ev.Block:
    if (image := image_type(data)) is not None:
        return {"type": "image", "mime": image, "data": base64.b64encode(data).decode("ascii"), "name": name}
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{name} can't be attached: it is no text in UTF-8. {_EXPECTED}") from None
    if "\0" in text:
        raise UsageError(f"{name} can't be attached: it is no text. {_EXPECTED}")
    known = len(mime) <= _LONGEST_NAME and _MIME.fullmatch(mime) is not None
    uri = _SCHEME + quote(name, safe="")
    return {"type": "resource", "uri": uri, "mime": mime if known else "text/plain", "text": text}


def image_type(data: bytes) -> str | None:
    """The type of an image that can be attached, by its first bytes; None for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def clean_name(name: str) -> str:
    """A file's name without its folders, and without what can't be seen."""
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(each for each in name if unicodedata.category(each) not in ("Cc", "Cf", "Cs", "Zl", "Zp")).strip()
    if len(name) > _LONGEST_NAME:
        ending = PurePosixPath(name).suffix[:20]
        name = name[: _LONGEST_NAME - len(ending)] + ending
    return name if name.strip(".") else "attachment"


def _free(name: str, taken: set[str]) -> str:
    path, number = PurePosixPath(name), 1
    while name in taken:
        number += 1
        name = f"{path.stem} {number}{path.suffix}"
    taken.add(name)
    return name


def described(block: ev.Block) -> dict[str, Any]:
    """What an attachment is: `name`, `mime` and `size` in bytes."""
    mime = str(block.get("mime") or "")
    if block["type"] == "image":
        data = str(block["data"])
        size = len(data) * 3 // 4 - data.count("=", -2)
        return {"name": str(block.get("name") or "image"), "mime": mime, "size": size}
    uri, text = str(block.get("uri") or ""), str(block.get("text") or "")
    return {"name": name_of(uri), "mime": mime, "size": len(text.encode("utf-8", "replace"))}


def name_of(uri: str) -> str:
    """The name of the file that a resource is."""
    return clean_name(unquote(uri.removeprefix(_SCHEME))) if uri.startswith(_SCHEME) else uri


_HEADING: Final = re.compile(rf"--- Resource: ({_SCHEME}\S+) ---\n")


def as_text(block: ev.Block) -> str:
    """A resource in a prompt, as goose writes it into the text."""
    return f"--- Resource: {block['uri']} ---\n{block['text']}\n---\n"


def split(text: str) -> tuple[str, tuple[ev.Block, ...]]:
    """A prompt as goose keeps it: the text, and the attached texts that it holds."""
    said, *rest = _HEADING.split(text)
    if not rest:
        return text, ()
    blocks = tuple(
        {"type": "resource", "uri": uri, "mime": "text/plain", "text": body.removesuffix("---\n").removesuffix("\n")}
        for uri, body in zip(rest[::2], rest[1::2], strict=True)
    )
    return said, blocks
