"""The browser's replica of the transcript in Python, to compare with: `js/src/transcript.ts` and `guard.ts`.

items = apply([], changes)        # what the page shows after these changes
problems(item)                    # why the page would refuse an item; nothing if it would not
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from goose_widget.transcript import Change

Json = dict[str, Any]
Check = Callable[[Any], bool]


def apply(items: list[Json], changes: Iterable[Change | Json]) -> list[Json]:
    """The items after `changes`, in their order. A change that the page would refuse does nothing."""
    known = {item["id"]: item for item in items}
    for change in changes:
        wire = change if isinstance(change, dict) else change.to_wire()
        match wire:
            case {"op": "add", "item": item}:
                known.pop(item["id"], None)
                known[item["id"]] = item
            case {"id": item_id} if item_id not in known:
                pass
            case {"op": "remove", "id": item_id}:
                del known[item_id]
            case {"op": "append", "id": item_id, "field": field, "text": text}:
                item = known[item_id]
                if field in item and (field == "text" or item["kind"] == "tool"):
                    known[item_id] = {**item, field: item[field] + text}
            case {"op": "patch", "id": item_id, "set": values}:
                patched = {**known[item_id], **values, "id": item_id, "kind": known[item_id]["kind"]}
                if not problems(patched):
                    known[item_id] = patched
            case _:
                raise AssertionError(f"no change: {wire!r}")
    return list(known.values())


# The shapes of js/src/wire.ts, as js/src/guard.ts checks them.


def _is(*types: type) -> Check:
    return lambda value: type(value) in types


def _one_of(*values: str) -> Check:
    return lambda value: value in values


def _list(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(check(each) for each in value)


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _shape(**fields: Check) -> Check:
    return lambda value: (
        isinstance(value, dict) and all(name in value and check(value[name]) for name, check in fields.items())
    )


def _any(value: Any) -> bool:
    return True


_text = _is(str)


def _number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


_BLOCKS: dict[str, Check] = {
    "text": _shape(text=_text),
    "image": _shape(mime=_text, data=_text),
    "audio": _shape(mime=_text, data=_text),
    "diff": _shape(path=_text, old=_or_null(_text), new=_text),
    "resource": _shape(uri=_text, mime=_text, text=_text),
    "link": _shape(uri=_text, name=_text),
}
_blocks = _list(lambda value: isinstance(value, dict) and _BLOCKS.get(value.get("type", ""), lambda _: False)(value))

_permission = _shape(
    request=_text,
    cwd=_text,
    options=_list(_shape(id=_text, name=_text, kind=_text)),
    state=_one_of("open", "answered", "void"),
    option=_or_null(_text),
    by=_one_of("", "user", "code", "policy"),
    note=_text,
)

_ITEMS: dict[str, dict[str, Check]] = {
    "user": {"text": _text, "content": _blocks, "time": _number, "state": _one_of("sent", "failed", "unsure")},
    "agent": {
        "text": _text,
        "content": _blocks,
        "time": _number,
        "state": _one_of("streaming", "done", "cancelled", "interrupted"),
        "turn": _or_null(
            _shape(duration=_number, first=_or_null(_number), rate=_or_null(_number), cost=_or_null(_text))
        ),
    },
    "thought": {"text": _text, "started": _number, "ended": _or_null(_number)},
    "tool": {
        "title": _text,
        "name": _text,
        "extension": _text,
        "tool_kind": _text,
        "status": _one_of("pending", "in_progress", "completed", "failed", "cancelled", "interrupted"),
        "input": _any,
        "output": _text,
        "truncated": _is(bool),
        "content": _blocks,
        "result": _any,
        "locations": _list(_shape(path=_text, line=_or_null(_number))),
        "started": _number,
        "ended": _or_null(_number),
        "permission": _or_null(_permission),
    },
    "plan": {"entries": _list(_shape(content=_text, status=_text, priority=_text)), "time": _number},
    "notice": {"level": _one_of("info", "warning", "error"), "text": _text, "detail": _text, "time": _number},
}


def problems(item: Json) -> list[str]:
    """The fields of `item` that `guard.ts` would refuse, and those that `wire.ts` does not have."""
    fields = _ITEMS.get(item.get("kind", ""))
    if fields is None:
        return ["kind"]
    fields = {"id": _text, "kind": _text, **fields}
    unfit = [name for name, check in fields.items() if name not in item or not check(item[name])]
    return unfit + sorted(item.keys() - fields.keys())
