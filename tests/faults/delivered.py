"""What the messages that reached a client add up to, by prompt: the oracle, which shares no code with the package.

Of `goose web`, whose messages name nothing, the codec is taken all the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from support import web_peer

from .proxy import Connection

Json = dict[str, Any]
Items = list[Json]


def of_acp(connections: Iterable[Connection]) -> dict[str, Items]:
    """By prompt: the items of what was streamed after it; the history that was replayed is left out."""
    turns: dict[str, Items] = {}
    for connection in connections:
        items: Items | None = None  # of the running turn
        prompt_id: Any = None
        loading: Any = None
        for direction, text in connection.log:
            message = _object(text)
            if direction == "out":
                match message:
                    case {"method": "session/prompt", "id": prompt_id, "params": {"prompt": [{"text": str(prompt)}]}}:
                        items = turns.setdefault(prompt, [_user(prompt)])
                    case {"method": "session/load", "id": loading}:
                        pass
            elif "id" in message and "method" not in message:
                items = None if message["id"] == prompt_id else items
                loading = None if message["id"] == loading else loading
            elif loading is None and items is not None:
                try:
                    _apply(items, message["params"]["update"])
                except (KeyError, TypeError, AttributeError):
                    continue  # a damaged one
    return turns


def of_web(connections: Iterable[Connection]) -> dict[str, Items]:
    """By prompt: the items of what came on the connection on which it was sent."""
    turns: dict[str, Items] = {}
    for connection in connections:
        peer, said, prompt = web_peer.Peer().opened(), [], ""
        for direction, text in connection.log:
            message = _object(text)
            if direction == "out" and message.get("type") == "message":
                prompt, said = message["content"], []
                peer = web_peer.Peer().prompted(prompt)
                turns.setdefault(prompt, [_user(prompt)])
            elif direction == "in" and prompt:
                said += peer.hears(text)
                turns[prompt] = [_user(prompt), *(item for item in web_peer.items(said) if item["kind"] != "user")]
    return turns


def _object(text: str | bytes) -> Json:
    try:
        message = json.loads(text)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _user(prompt: str) -> Json:
    return {"kind": "user", "text": prompt, "content": []}


def _apply(items: Items, update: Json) -> None:
    match update:
        case {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": str(text)}}:
            items.append({"kind": "agent", "text": text})
        case {"sessionUpdate": "agent_thought_chunk", "content": {"type": "text", "text": str(text)}}:
            items.append({"kind": "thought", "text": text})
        case {"sessionUpdate": "tool_call" | "tool_call_update", "toolCallId": str(call_id)}:
            known = next((item for item in reversed(items) if item.get("call") == call_id), None)
            if known is None:
                known = {"kind": "tool", "call": call_id, "title": call_id, "status": "pending", "content": []}
                items.append(known)
            known["title"] = update.get("title") or known["title"]
            known["status"] = update.get("status") or known["status"]
            if isinstance(update.get("content"), list):
                known["content"] = [each["content"] for each in update["content"] if each.get("type") == "content"]
