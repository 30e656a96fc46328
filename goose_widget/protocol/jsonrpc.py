"""JSON-RPC 2.0 in text frames, one message each (https://www.jsonrpc.org/specification). No I/O.

`decode` never raises: what is no message becomes `Malformed`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from .frames import as_text, parse

METHOD_NOT_FOUND = -32601
INTERNAL_ERROR = -32603


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
    text = as_text(frame)
    try:
        data = parse(text)
    except ValueError as error:
        return Malformed(str(error), text)
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
    return Malformed("it is neither a call nor an answer", text)


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
