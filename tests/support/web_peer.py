"""The codec of `goose web` with an open connection, and a server that says what a test wants."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from goose_widget import events as ev
from goose_widget.events import Event
from goose_widget.protocol import Get, Got, Incoming, OpenTurn, Saved, Signal
from goose_widget.protocol.web import Web
from goose_widget.transcript import Item, Transcript, reduce
from support.web_server import FIXTURES

Json = dict[str, Any]

NOON = datetime(2025, 10, 9, 12, 0, 0, tzinfo=timezone.utc)
HISTORY: list[Json] = json.loads((FIXTURES / "history.json").read_text(encoding="utf-8"))["messages"]


class Peer:
    """A codec, and a server that says what a test wants."""

    def __init__(self) -> None:
        self.web = Web(lambda: NOON)
        self.gets: list[Get] = []  # that were asked for and not answered
        self.sent: list[Json] = []

    def take(self) -> None:
        for said in self.web.take_outbox():
            if isinstance(said, Get):
                self.gets.append(said)
            else:
                self.sent.append(json.loads(said))

    def hears(self, said: Incoming | Json) -> list[Event | Signal]:
        heard = self.web.receive(json.dumps(said) if isinstance(said, dict) else said)
        self.take()
        return heard

    def waiting(self) -> list[str]:
        """What is to be fetched, and in how many seconds."""
        self.take()
        return [f"{get.path} {get.after:g}" for get in self.gets]

    def answers(self, body: Any = None, status: int = 200, location: str = "") -> list[Event | Signal]:
        """The answer to the oldest thing that is to be fetched."""
        self.take()
        text = body if isinstance(body, str) else json.dumps({} if body is None else body)
        return self.hears(Got(self.gets.pop(0), status, text, location))

    def greeted(self) -> Peer:
        self.web.greet()
        self.answers({"status": "ok"})
        return self

    def opened(self, session_id: str = "20251009_1") -> Peer:
        """With a session that the server made."""
        self.greeted().web.new_session("/work")
        self.answers(status=303, location=f"/session/{session_id}")
        return self

    def prompted(self, text: str = "hello") -> Peer:
        self.opened().web.prompt("p1", text)
        self.take()
        return self

    def following(self, text: str = "hello", *, nth: int = 1, heard: bool = False) -> Peer:
        """After a reconnection in mid-turn."""
        self.greeted().web.load_session("20251009_1", "/work", OpenTurn("p1", text, nth, heard))
        return self

    def looks(self, messages: list[Json] | None) -> list[Saved]:
        """The next look at the saved session."""
        body = {"error": "Session not found"} if messages is None else {"messages": messages}
        return [said for said in self.answers(body) if isinstance(said, Saved)]

    def ends(self) -> list[tuple[str, str]]:
        """How the open turn ends when all that is waited for stays away."""
        found: list[Event | Signal] = []
        while self.waiting():
            found += self.answers("", status=0)
        return [(event.stop_reason, event.error) for event in found if isinstance(event, ev.TurnEnded)]


def user(text: str) -> Json:
    return {"role": "user", "created": 1, "content": [{"type": "text", "text": text}]}


def agent(*content: Json | str) -> Json:
    contents = [{"type": "text", "text": each} if isinstance(each, str) else each for each in content]
    return {"role": "assistant", "created": 1, "content": contents}


def request(call_id: str = "c", name: str = "developer__shell", **arguments: Any) -> Json:
    value = {"name": name, "arguments": arguments}
    return {"type": "toolRequest", "id": call_id, "toolCall": {"status": "success", "value": value}}


def response(call_id: str = "c", result: Any = ()) -> Json:
    return {"role": "user", "created": 1, "content": [{"type": "toolResponse", "id": call_id, "toolResult": result}]}


def items(events: Iterable[Event | Signal]) -> list[Item]:
    transcript = Transcript()
    log = [event for event in events if type(event) in ev.KINDS.values()]
    for seq, event in enumerate(ev.coalesce(log), 1):  # type: ignore[arg-type]
        reduce(transcript, event, seq=seq, time=float(seq))
    return list(transcript)
