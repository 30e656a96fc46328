"""Removing a text for good from what was said: a key that was pasted, a name that should not be there.

- It goes wherever it is in a string: in keys, in JSON within JSON (escaped, `\\uXXXX` too), and where it is split over
  the pieces of one streamed text, which are then joined into the first. As a number it goes from what tools got and
  gave; the counts and times of the file itself stay.
- An image in base64 is left alone by a text that can be in it by chance, which is one shorter than `NO_CHANCE`.
- Where it was there is `[redacted]` then, or another mark if that would bring the text back.
"""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import asdict, fields, replace
from typing import Any, Final

from . import events as ev
from .errors import UsageError
from .lines import Entry, Header
from .transcript import Add, Append, Transcript, reduce

MARKS: Final = ("[redacted]", "█████")

NO_CHANCE: Final = 8
"""Characters of base64 that no image has by chance."""

_BASE64: Final = re.compile(r"[A-Za-z0-9+/\s]{64,}={0,2}\s*")
_NAMED: Final = {'"': '"', "/": "/", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}  # after a backslash

_TOOL_VALUES: Final = frozenset({"input", "result", "payload"})


def redact(entries: list[Entry], text: str) -> tuple[list[Entry], int]:
    """`entries` without a text, and how often it was there.

    Raises:
        UsageError: the text is empty or only white space.
    """
    pen = _Pen(text)
    cleaned = [replace(entry, event=pen.event(entry.event)) for entry in _joined(entries, pen)]
    return cleaned, pen.count


def redact_header(header: Header, text: str) -> Header:
    """A header without a text; the random names in it stay.

    Raises:
        UsageError: the text is empty or only white space.
    """
    pen = _Pen(text)
    values: dict[str, Any] = asdict(header)
    for name in values.keys() - {"created", "uid", "after"}:
        values[name] = pen.string(values[name])
    return Header(**values)


class _Pen:
    """Strikes a text out, and counts."""

    def __init__(self, text: str) -> None:
        if not text.strip():
            raise UsageError("The text to be removed is empty.", "Pass the text itself, as it is in the chat.")
        self.count = 0
        self._text = text
        self._pattern = re.compile(_pattern(text))
        self.spares_base64 = len(text) < NO_CHANCE
        self.mark = next((mark for mark in MARKS if not _meets(mark, text)), "")

    def find(self, text: str) -> list[tuple[int, int]]:
        """Where it is: the places of each beginning and end."""
        if self._text not in text and "\\" not in text:  # by far the most, and ten times as fast
            return []
        return [match.span() for match in self._pattern.finditer(text)]

    def string(self, text: str) -> str:
        while self.find(text):
            text, count = self._pattern.subn(lambda _: self.mark, text)
            self.count += count
            if self.mark:
                break  # without one, what was around it may make it anew
        return text

    def value(self, value: Any, *, numbers: bool) -> Any:
        """JSON, whatever it is; with its numbers or without."""
        if isinstance(value, str):
            return self.string(value)
        if isinstance(value, dict):
            return self._object(value, numbers)
        if isinstance(value, list | tuple):
            return type(value)(self.value(each, numbers=numbers) for each in value)
        if numbers and isinstance(value, int | float) and not isinstance(value, bool) and self.find(json.dumps(value)):
            return self.string(json.dumps(value))
        return value

    def _object(self, value: dict[str, Any], numbers: bool) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, each in value.items():
            name = clean = self.string(key)
            count = itertools.count(2)
            while name in result or (name != clean and self.find(name)):
                name = f"{clean}{next(count)}"
            is_image = key == "data" and value.get("type") in ("image", "audio") and isinstance(each, str)
            spared = is_image and self.spares_base64 and _BASE64.fullmatch(each)
            result[name] = each if spared else self.value(each, numbers=numbers)
        return result

    def event(self, event: ev.Event) -> ev.Event:
        """An event; its own numbers stay."""
        values = {spec.name: getattr(event, spec.name) for spec in fields(event)}
        return replace(event, **{name: self.value(each, numbers=name in _TOOL_VALUES) for name, each in values.items()})


def _pattern(text: str) -> str:
    """`text` as it is, or as JSON has it in a string, or JSON in JSON.

    What begins with backslashes is looked for only where a run of them begins: their number then does not multiply.
    """
    parts = []
    first = r"(?<!\\)"
    for letter, run in itertools.groupby(text):
        count = len(list(run))
        units = letter.encode("utf-16-be", "surrogatepass")
        codes = (units[at : at + 2].hex() for at in range(0, len(units), 2))
        escape = first + "".join(rf"\\+u(?i:{code})" for code in codes)
        if letter == "\\":
            parts.append(rf"(?:(?:{escape}){{{count}}}|{first}\\{{{count},}})")
        else:
            named = rf"|{first}\\+{re.escape(_NAMED[letter])}" if letter in _NAMED else ""
            parts.append(rf"(?:{re.escape(letter)}{named}|{escape})" * count)
        first = "" if letter == "\\" else r"(?<!\\)"
    return "".join(parts)


def _meets(mark: str, text: str) -> bool:
    """Whether `text` could be made, or found, with a part of `mark` in it."""
    inner = range(1, len(mark))
    overlaps = any(text.startswith(mark[at:]) or text.endswith(mark[:at]) for at in inner)
    return overlaps or text in mark or mark in text


def _joined(entries: list[Entry], pen: _Pen) -> list[Entry]:
    """`entries` with the pieces of a streamed text joined in which the text is split."""
    streams: dict[tuple[str, str], list[int]] = {}  # item and field -> places in entries
    transcript = Transcript()
    for place, entry in enumerate(entries):
        for change in reduce(transcript, entry.event, seq=place + 1, time=entry.time):
            if isinstance(change, Append):
                streams.setdefault((change.id, change.field), []).append(place)
            elif isinstance(change, Add) and isinstance(entry.event, ev.Text | ev.Thought):
                streams[change.item["id"], "text"] = [place]
    result: list[Entry | None] = list(entries)
    for places in streams.values():
        if len(places) > 1 and _is_split([_said(entries[place].event).text for place in places], pen):
            result[places[0]] = _join([entries[place] for place in places])
            for place in places[1:]:
                result[place] = None
    return [entry for entry in result if entry is not None]


def _said(event: ev.Event) -> ev.Text | ev.Thought | ev.LiveOutput:
    assert isinstance(event, ev.Text | ev.Thought | ev.LiveOutput)
    return event


def _is_split(pieces: list[str], pen: _Pen) -> bool:
    whole = "".join(pieces)
    found = pen.find(whole)
    if not pen.mark:
        return bool(found)
    ends = set(itertools.accumulate(map(len, pieces)))
    return any(not ends.isdisjoint(range(start + 1, end)) for start, end in found)


def _join(entries: list[Entry]) -> Entry:
    events = [_said(entry.event) for entry in entries]
    first = replace(events[0], text="".join(event.text for event in events))
    if isinstance(first, ev.LiveOutput):
        is_cut = any(isinstance(event, ev.LiveOutput) and event.truncated for event in events)
        first = replace(first, truncated=is_cut)
    return replace(entries[0], event=first)
