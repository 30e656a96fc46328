"""The property of the experiment: what must hold once all is quiet, whatever went wrong before.

`check` is a pure function of the evidence of a run. What it finds is

- a loss: the file, the Python transcript and the page differ; or something is missing that reached the client, or that
  a server which finishes alone has;
- a double: something is there more often than it was said; or a prompt ran twice;
- untold: the conversation is not that of the undisturbed run, and nothing says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from goose_widget.reply import with_text

Item = dict[str, Any]


@dataclass(frozen=True)
class Finding:
    """What is wrong, for people."""

    kind: Literal["loss", "double", "untold"]
    text: str


@dataclass(frozen=True)
class Asked:
    """A prompt, and what is known of its reply from outside the client. All items begin with the prompt's.

    Attributes:
        prompt: its text.
        whole: the items of the undisturbed run.
        delivered: what the frames add up to that reached the client; None if that is not known.
        must_be_whole: nothing went wrong after it was asked, or the server finishes alone and has all of it.
        is_damaged: messages of it came that were not as the server said them.
        detectable: False if it was damaged in a way that the protocol can't show (a piece that came twice).
    """

    prompt: str
    whole: list[Item]
    delivered: list[Item] | None = None
    must_be_whole: bool = False
    is_damaged: bool = False
    detectable: bool = True


@dataclass(frozen=True)
class Evidence:
    """What a run left behind.

    Attributes:
        asked: the prompts that a user sent, in their order.
        file: the items that the entries of the session's file add up to.
        python: `Chat.items`.
        page: the items that the page shows.
        ran: how often the server ran each prompt.
        problems: the problems that the widget showed in the run.
    """

    asked: list[Asked]
    file: list[Item]
    python: list[Item]
    page: list[Item]
    ran: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def check(evidence: Evidence) -> list[Finding]:
    """What is wrong; nothing if the property holds."""
    findings: list[Finding] = []
    for name, replica in (("the page", evidence.page), ("the Python transcript", evidence.python)):
        expected = [with_text(item) for item in evidence.file] if name != "the page" else evidence.file
        if replica != expected:
            findings.append(Finding("loss", f"{name} differs from the file: {_difference(expected, replica)}"))
    for prompt, times in evidence.ran.items():
        if times > 1:
            findings.append(Finding("double", f"the prompt {prompt!r} ran {times} times"))
    turns = turns_of(evidence.file)
    prompts, expected = [turn[0]["text"] for turn in turns], [asked.prompt for asked in evidence.asked]
    if prompts != expected:
        kind: Literal["loss", "double"] = "double" if len(prompts) > len(expected) else "loss"
        return [*findings, Finding(kind, f"the prompts in the file are {prompts}, asked was {expected}")]
    for asked, turn in zip(evidence.asked, turns, strict=True):
        findings += _check_turn(asked, turn, evidence.problems)
    return findings


def _check_turn(asked: Asked, turn: list[Item], problems: tuple[str, ...]) -> list[Finding]:
    is_, whole = outline(turn), outline(asked.whole)
    findings: list[Finding] = []
    if asked.delivered is not None:
        delivered = outline(asked.delivered)
        if not is_beginning(delivered, is_):
            findings.append(Finding("loss", f"delivered, and not there: {_difference(delivered, is_)}"))
        # What came beyond it, from the server's history, must go on where it ended.
        if is_ != delivered and not asked.is_damaged and not is_beginning(is_, whole):
            kind: Literal["loss", "double"] = "double" if _size(is_) > _size(delivered) else "loss"
            findings.append(Finding(kind, f"said by nobody: {_difference(whole, is_)}"))
    if asked.must_be_whole and is_ != whole:
        kind = "double" if _size(is_) > _size(whole) else "loss"
        findings.append(Finding(kind, f"not as in the undisturbed run: {_difference(whole, is_)}"))
    if is_ != whole and asked.detectable and not (says_so(turn) or problems):
        findings.append(Finding("untold", f"nothing says that this is another reply: {_difference(whole, is_)}"))
    return findings


def turns_of(items: Iterable[Item]) -> list[list[Item]]:
    """The items by prompt, each turn beginning with it."""
    turns: list[list[Item]] = []
    for item in items:
        if item["kind"] == "user":
            turns.append([])
        if turns:
            turns[-1].append(item)
    return turns


def says_so(turn: Iterable[Item]) -> bool:
    """Whether something in a turn tells its reader that it did not go as it should."""
    marks = ("interrupted", "cancelled", "failed", "unsure")
    return any(
        (item["kind"] == "notice" and item["level"] in ("warning", "error"))
        or item.get("state") in marks
        or item.get("status") in ("interrupted", "cancelled")
        for item in turn
    )


Line = tuple[str, str, str]


def outline(turn: Iterable[Item]) -> list[Line]:
    """What was said in a turn: (kind, text or title, what a tool came to), neighbouring texts joined."""
    lines: list[Line] = []
    for item in turn:
        match item["kind"]:
            case "notice":
                continue
            case "tool":
                # What an interruption left open is no end: the server's history may know how it ended.
                status = item["status"] if item["status"] in ("completed", "failed") else ""
                lines.append(("tool", item["title"], f"{status} {_contents(item)}".strip()))
            case "plan":
                lines.append(("plan", str(item["entries"]), ""))
            case kind:
                text = item["text"] + _contents(item)
                if lines and lines[-1][0] == kind != "user":
                    text = lines.pop()[1] + text
                lines.append((kind, text, ""))
    return lines


def _contents(item: Item) -> str:
    return "".join(str(block.get("text", block.get("data", ""))) for block in item.get("content") or ())


def is_beginning(part: list[Line], whole: list[Line]) -> bool:
    """Whether `part` is said in `whole`, in the same order and from its start: each line of it or a beginning of it."""
    if len(part) > len(whole):
        return False
    for index, (one, other) in enumerate(zip(part, whole, strict=False)):
        may_grow = index == len(part) - 1 or one[0] == "tool"
        if one == other:
            continue
        if one[0] != other[0] or not may_grow or not other[1].startswith(one[1]) or not other[2].startswith(one[2]):
            return False
    return True


def _size(lines: list[Line]) -> int:
    return sum(len(text) + len(outcome) for _, text, outcome in lines)


def _difference(expected: list[Any], found: list[Any]) -> str:
    for index, (one, other) in enumerate(zip(expected, found, strict=False)):
        if one != other:
            return f"at {index}, expected {one!r}, found {other!r}"
    return f"expected {len(expected)}, found {len(found)}: {(expected if len(expected) > len(found) else found)[-1:]!r}"
