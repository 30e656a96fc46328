"""A page in Python: what a browser has of a chat, made of nothing but the messages that the widget sends to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from comm.base_comm import BaseComm

from support.replica import apply

Json = dict[str, Any]


class PageComm(BaseComm):  # type: ignore[misc]
    """A comm that hands over every message; set `comm.create_comm` to this."""

    def __init__(self, *args: Any, **keys: Any) -> None:
        self.sent: list[Json] = []
        self.told: Callable[[Json], None] = self.sent.append
        super().__init__(*args, **keys)

    def publish_msg(self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any) -> None:
        """What ipywidgets sends with."""
        if msg_type == "comm_msg" and data["method"] == "custom":
            self.told(data["content"])


class Replica:
    """The items of one page, kept as `js/src/transcript.ts` does; `ask` says what it does about a gap."""

    def __init__(self) -> None:
        self.items: list[Json] = []
        self.seq = 0
        self.log = ""
        self.earlier = 0

    def hear(self, message: Json) -> bool:
        """Take a message of the widget. False: something is missing before it, so the page asks for all of it."""
        match message["type"]:
            case "changes" if message.get("log", self.log) != self.log and self.log:
                return False
            case "changes" if message["from"] != self.seq:
                return bool(message["seq"] <= self.seq)
            case "changes":
                self.items = apply(self.items, message["changes"])
                self.seq = message["seq"]
            case "snapshot":
                self.items, self.seq, self.earlier = list(message["items"]), message["seq"], message.get("earlier", 0)
            case "earlier":
                known = {item["id"] for item in self.items}
                self.items = [item for item in message["items"] if item["id"] not in known] + self.items
                self.earlier = message["earlier"]
            case _:
                return True
        self.log = message.get("log", self.log)
        return True


class Page:
    """A page that shows a chat, and catches up by saying hello."""

    def __init__(self, chat: Any) -> None:
        self._chat, self._count = chat, 0
        self.replica = Replica()
        self.refused: list[str] = []
        self.acks = 0
        early = list(chat.comm.sent)
        chat.comm.told = self._hear
        for message in early:
            self._hear(message)

    def _hear(self, message: Json) -> None:
        self.acks += message["type"] == "ack"
        if message["type"] == "ack" and message["error"]:
            self.refused.append(message["error"])
        if not self.replica.hear(message):
            self.say({"type": "hello", "have": self.replica.seq, "log": self.replica.log})
        if self.replica.earlier and message["type"] in ("snapshot", "earlier"):
            self.say({"type": "earlier", "before": self.replica.items[0]["id"]})

    def say(self, action: Json) -> None:
        """Send an action."""
        self._count += 1
        self._chat._handle_custom_msg({"aid": f"p{self._count}", **action}, [])

    def reload(self) -> None:
        """Load anew, from the keyframe."""
        self.replica = Replica()
        self._hear({"type": "snapshot", **self._chat.get_state()["transcript"]})
        self.say({"type": "hello", "have": self.replica.seq, "log": self.replica.log})

    @property
    def items(self) -> list[Json]:
        """What it shows."""
        return self.replica.items
