"""The property itself: it holds where it should, and finds every way in which a conversation can be damaged."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from goose_widget.reply import with_text

from .property import Asked, Evidence, Item, check, is_beginning, outline
from .proxy import Fault
from .run import against, experiment, undisturbed

Damage = Callable[[list[Item]], Any]


def user(text: str) -> Item:
    return {"id": f"i {text}", "kind": "user", "text": text, "content": [], "state": "sent"}


def agent(text: str, state: str = "done") -> Item:
    return {"id": f"i {text}", "kind": "agent", "text": text, "content": [], "state": state}


def tool(status: str = "completed", result: str = "one") -> Item:
    content = [{"type": "text", "text": result}] if result else []
    return {
        "id": "t", "kind": "tool", "title": "shell", "status": status, "content": content, "output": "", "result": None
    }  # fmt: skip


CUT: Item = {"id": "n", "kind": "notice", "level": "error", "text": "The connection dropped.", "detail": ""}
WHOLE = [user("a"), agent("step 1 of 2"), tool(), agent("Done: one two")]
NEXT = [user("b"), agent("You said b.")]
HEARD = [user("a"), agent("step 1 of 2"), tool("in_progress", ""), agent("Done: o")]
INTERRUPTED = [user("a"), agent("step 1 of 2"), tool(), agent("Done: o", "interrupted"), CUT]


def evidence(turn: list[Item], asked: Asked, **more: Any) -> Evidence:
    """Of a chat whose three replicas agree, with a second prompt that was answered."""
    items = [*turn, *NEXT]
    python = [with_text(item) for item in items]
    all_asked = [asked, Asked("b", NEXT, NEXT, must_be_whole=True)]
    return replace(Evidence(all_asked, items, python, list(items), {"a": 1, "b": 1}), **more)


def kinds(found: Evidence) -> set[str]:
    return {finding.kind for finding in check(found)}


def test_it_holds_for_a_whole_reply() -> None:
    assert check(evidence(WHOLE, Asked("a", WHOLE, WHOLE, must_be_whole=True))) == []


def test_it_holds_for_a_reply_that_was_cut_and_says_so() -> None:
    assert check(evidence(INTERRUPTED, Asked("a", WHOLE, HEARD))) == []


def test_it_holds_for_a_reply_that_the_servers_history_completed() -> None:
    completed = [*INTERRUPTED, agent("ne two")]
    assert check(evidence(completed, Asked("a", WHOLE, HEARD))) == []


def test_it_holds_for_a_reply_that_goes_on_in_what_was_cut() -> None:
    assert is_beginning(outline(HEARD), outline(WHOLE))
    assert not is_beginning(outline([*WHOLE, agent("more")]), outline(WHOLE))


BROKEN: dict[str, tuple[str, Damage]] = {
    "a lost token": ("loss", lambda items: items[3].update(text="Done: ")),
    "a token lost in the middle": ("loss", lambda items: items[1].update(text="step of 2")),
    "a lost tool": ("loss", lambda items: items.pop(2)),
    "a lost message": ("loss", lambda items: items.pop(1)),
    "a doubled token": ("double", lambda items: items[3].update(text="Done: oo")),
    "a doubled message": ("double", lambda items: items.insert(1, agent("step 1 of 2"))),
    "a doubled tool": ("double", lambda items: items.insert(3, tool())),
    "a reply told twice": ("double", lambda items: items.extend([agent("step 1 of 2"), tool(), agent("Done: one")])),
    "a silent loss": ("untold", lambda items: (items.pop(4), items[3].update(state="done"))),
}


@pytest.mark.parametrize("name", BROKEN)
def test_it_finds(name: str) -> None:
    kind, damage = BROKEN[name]
    items = copy.deepcopy(INTERRUPTED)
    damage(items)
    assert kind in kinds(evidence(items, Asked("a", WHOLE, HEARD)))


@pytest.mark.parametrize("must_be_whole", [True, False])
def test_it_finds_a_reply_that_stops_short_where_it_had_to_be_whole(must_be_whole: bool) -> None:
    found = kinds(evidence(INTERRUPTED, Asked("a", WHOLE, HEARD, must_be_whole=must_be_whole)))
    assert found == ({"loss"} if must_be_whole else set())


def test_it_finds_a_prompt_that_ran_twice() -> None:
    whole = Asked("a", WHOLE, WHOLE)
    assert kinds(evidence(WHOLE, whole, ran={"a": 2, "b": 1})) == {"double"}


def test_it_finds_a_prompt_that_is_lost_or_there_twice() -> None:
    assert kinds(evidence([], Asked("a", WHOLE, HEARD))) == {"loss"}
    assert kinds(evidence([*INTERRUPTED, *WHOLE], Asked("a", WHOLE, HEARD))) == {"double"}


@pytest.mark.parametrize("replica", ["python", "page"])
def test_it_finds_replicas_that_differ(replica: str) -> None:
    good = evidence(WHOLE, Asked("a", WHOLE, WHOLE))
    for damage in BROKEN.values():
        items = copy.deepcopy(getattr(good, replica))
        items.append(dict(CUT))
        damage[1](items)
        assert "loss" in kinds(replace(good, **{replica: items}))


def test_a_problem_that_was_shown_tells_the_user() -> None:
    quiet = [user("a"), agent("step 1 of 2")]
    asked = Asked("a", WHOLE, quiet)
    assert kinds(evidence(quiet, asked)) == {"untold"}
    assert kinds(evidence(quiet, asked, problems=("goose can't be reached",))) == set()


@pytest.mark.parametrize("kind", ["serve", "web late"])
async def test_the_oracle_of_what_was_delivered_says_what_an_undisturbed_chat_shows(kind: Any, tmp_path: Path) -> None:
    with experiment():
        outcome = await against(kind, [], tmp_path)
    assert outcome.findings == []
    for asked in outcome.evidence.asked:
        assert asked.delivered is not None
        assert outline(asked.delivered) == outline(undisturbed(kind, asked.prompt)) == outline(asked.whole)
        assert len(asked.whole) > 5


async def test_a_client_that_loses_what_it_got_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole way, with a client that drops a word."""
    from goose_widget.session import Session

    feed = Session.feed

    def forgetful(self: Session, frame: Any) -> None:
        if '"text": "1 "' not in str(frame):
            feed(self, frame)

    with experiment(), monkeypatch.context() as patch:
        patch.setattr(Session, "feed", forgetful)
        outcome = await against("serve", [Fault("delay", 20)], tmp_path)
    assert "loss" in {finding.kind for finding in outcome.findings}


async def test_a_client_that_sends_a_prompt_again_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from goose_widget.protocol.acp import Acp

    prompt = Acp.prompt

    def twice(self: Acp, *arguments: Any) -> None:
        prompt(self, *arguments)
        prompt(self, *arguments)

    with experiment(), monkeypatch.context() as patch:
        patch.setattr(Acp, "prompt", twice)
        outcome = await against("serve", [], tmp_path)
    assert "double" in {finding.kind for finding in outcome.findings}
