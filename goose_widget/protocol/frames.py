"""JSON objects in text frames, made harmless.

Values that no browser or file could hold (lone surrogates, NaN, numbers beyond a double, nesting without end) are
replaced on the way in, so that nothing above has to think of them.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")
_MOST_DIGITS = 300  # a double ends at 309, Python's int() refuses 4,300
_MOST_LEVELS = 100  # of nesting; json and everybody who walks a value recursively give up before 1,000


def as_text(frame: str | bytes) -> str:
    """A frame as text; what is not UTF-8 is replaced."""
    return frame if isinstance(frame, str) else frame.decode("utf-8", "replace")


def parse(text: str) -> dict[str, Any]:
    """The object in a frame.

    Raises:
        ValueError: there is none; the message says what is there instead.
    """
    try:
        data = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON ({error})") from None
    if text.count("[") + text.count("{") > _MOST_LEVELS:
        _cut_depth(data)
    if "\\ud" in text or "\\uD" in text:
        data = _without_surrogates(data)
    if not isinstance(data, dict):
        raise ValueError("it is not a JSON object")
    return data


def _int(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


def _float(digits: str) -> float | str:
    value = float(digits)
    return value if math.isfinite(value) else digits


_DECODER = json.JSONDecoder(parse_int=_int, parse_float=_float, parse_constant=lambda _: None)
"""Made once: a fast server sends thousands of frames a second."""


def _cut_depth(data: Any) -> None:
    """Replace what is nested too deeply, in place and without recursion."""
    level = [data]
    for _ in range(_MOST_LEVELS):
        level = [
            child
            for each in level
            for child in (each.values() if isinstance(each, dict) else each)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    for each in level:
        each.clear()
        if isinstance(each, dict):
            each["…"] = "nested too deeply"
        else:
            each.append("… nested too deeply")


def _without_surrogates(data: Any) -> Any:
    match data:
        case str():
            return _SURROGATE.sub("\ufffd", data)
        case list():
            return [_without_surrogates(each) for each in data]
        case dict():
            return {_without_surrogates(key): _without_surrogates(value) for key, value in data.items()}
        case _:
            return data
