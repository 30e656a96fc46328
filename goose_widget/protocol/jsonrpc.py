"""JSON-RPC 2.0 in text frames, one message each (https://www.jsonrpc.org/specification). No I/O.

`decode` never raises: what is no message becomes `Malformed`. Values that no browser or file could hold (lone
surrogates, NaN, numbers beyond a double, nesting without end) are replaced on the way in, so that nothing above has to
think of them.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

_SURROGATE = re.compile("[\ud800-\udfff]")
_MOST_DIGITS = 300  # a double ends at 309, Python's int() refuses 4,300
_MOST_LEVELS = 100  # of nesting; json and everybody who walks a value recursively give up before 1,000

METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
SESSION_NOT_FOUND = -32002  # ACP's own


@dataclass(frozen=True, slots=True)
class Call:
    """A request (`id` set) or a notification (`id` None)."""

    method: str
    params: dict[str, Any]
    id: str | int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a request of ours."""

    id: str | int
    result: Any


@dataclass(frozen=True, slots=True)
class Error:
    """The refusal of a request of ours; `id` None where the server could not tell which."""

    id: str | int | None
    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """Not a JSON-RPC message."""

    reason: str
    frame: str


Message: TypeAlias = Call | Result | Error | Malformed


def decode(frame: str | bytes) -> Message:
    """The message in a frame; `Malformed` where there is none."""
    if isinstance(frame, bytes):
        frame = frame.decode("utf-8", "replace")
    try:
        data = json.loads(frame, parse_int=_int, parse_float=_float, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        return Malformed(f"it is not JSON ({error})", frame)
    if frame.count("[") + frame.count("{") > _MOST_LEVELS:
        _cut_depth(data)
    if "\\ud" in frame or "\\uD" in frame:
        data = _without_surrogates(data)
    if not isinstance(data, dict):
        return Malformed("it is not a JSON object", frame)
    has_id = isinstance(data.get("id"), str | int) and not isinstance(data.get("id"), bool)
    if isinstance(data.get("method"), str):
        if has_id or "id" not in data:
            return Call(data["method"], _named(data.get("params")), data.get("id"))
    elif isinstance(data.get("error"), dict) and (has_id or data.get("id") is None):
        return _error(data.get("id"), data["error"])
    elif "result" in data and has_id:
        return Result(data["id"], data["result"])
    elif has_id:  # whoever asked waits for an answer, and this is one
        return _error(data["id"], {"data": data.get("error") or "the answer holds neither a result nor an error"})
    return Malformed("it is neither a call nor an answer", frame)


def _error(id: str | int | None, error: dict[str, Any]) -> Error:
    code, message, data = error.get("code"), str(error.get("message") or ""), error.get("data")
    if data and isinstance(data, dict):
        data = data.get("message") or data.get("details") or json.dumps(data, ensure_ascii=False)
    if data:  # the generic message is of no use to anybody: "Invalid params: Invalid mode: nonsense"
        message = f"{message}: {data}" if message else str(data)
    return Error(id, code if isinstance(code, int) else INTERNAL_ERROR, message)


def _named(params: Any) -> dict[str, Any]:
    """ACP has no positional parameters; a request that comes with some must be refused, so it is still a request."""
    if isinstance(params, dict):
        return params
    return {} if params is None else {"params": params}


def _int(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


def _float(digits: str) -> float | str:
    value = float(digits)
    return value if math.isfinite(value) else digits


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


def request(id: int, method: str, params: dict[str, Any]) -> str:
    """The frame of a request."""
    return _encode({"id": id, "method": method, "params": params})


def notification(method: str, params: dict[str, Any]) -> str:
    """The frame of a notification."""
    return _encode({"method": method, "params": params})


def result(id: str | int, value: Any) -> str:
    """The frame that answers a request of the server."""
    return _encode({"id": id, "result": value})


def error(id: str | int, code: int, message: str) -> str:
    """The frame that refuses a request of the server."""
    return _encode({"id": id, "error": {"code": code, "message": message}})


def _encode(message: dict[str, Any]) -> str:
    # A cell can send a lone surrogate as well; ASCII escapes keep the frame valid UTF-8.
    return json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":"))
