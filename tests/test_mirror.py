"""`Chat.items`: the transcript for observers, at a cost that does not grow with it."""

from __future__ import annotations

import asyncio

import pytest

from goose_widget import events as ev
from goose_widget import mirror
from goose_widget.mirror import Mirror
from goose_widget.transcript import Item, Transcript, reduce
from support.poll import eventually


class Kept:
    """A transcript, its mirror, and how often which item was read."""

    def __init__(self) -> None:
        self.transcript, self.items, self.told, self.read = Transcript(), [], 0, []  # type: ignore[var-annotated]
        self.mirror = Mirror(self.items, self._current, self._tell)
        self.seq = 0

    def _current(self, item_id: str) -> Item:
        self.read.append(item_id)
        return self.transcript.item(item_id)

    def _tell(self) -> None:
        self.told += 1

    def say(self, event: ev.Event) -> None:
        self.seq += 1
        self.mirror.apply(reduce(self.transcript, event, seq=self.seq, time=float(self.seq)))


async def test_item_boundaries_show_at_once() -> None:
    kept = Kept()
    kept.say(ev.UserMessage("hi", "p"))
    kept.say(ev.Text("he", "m"))
    assert [(item["kind"], item["text"]) for item in kept.items] == [("user", "hi"), ("agent", "he")]
    kept.say(ev.Text("llo", "m"))
    kept.say(ev.TurnEnded("p", "end_turn"))
    assert (kept.items[-1]["text"], kept.items[-1]["state"]) == ("hello", "done")


async def test_streaming_text_shows_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "REFRESH_EVERY", 0.02)
    kept = Kept()
    kept.say(ev.Text("a", "m"))
    for _ in range(1000):
        kept.say(ev.Text("b", "m"))
    assert kept.items[-1]["text"] == "a"
    told = kept.told
    await eventually(lambda: kept.items[-1]["text"] == "a" + "b" * 1000)
    await asyncio.sleep(0)
    assert kept.told == told + 1


async def test_only_what_changed_is_read_again() -> None:
    kept = Kept()
    for number in range(100):
        kept.say(ev.UserMessage(str(number), f"p{number}"))
    kept.read.clear()
    kept.say(ev.Text("new", "m"))
    assert set(kept.read) == {"i101"}


async def test_it_is_one_list_that_grows() -> None:
    kept = Kept()
    kept.say(ev.UserMessage("hi", "p"))
    kept.mirror.reset([{"id": "i9", "kind": "agent", "text": "anew"}])
    assert kept.items == [{"id": "i9", "kind": "agent", "text": "anew"}]
