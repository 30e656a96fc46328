"""What the recorded frames do to a codec: the client's side is done again, goose's side is fed to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from goose_widget import events as ev
from goose_widget import history
from goose_widget.events import Event
from goose_widget.protocol import Choices, Configured, Greeted, Opened, Refused, Signal, Steerable, SteerAnswered
from goose_widget.protocol.acp import Acp
from goose_widget.transcript import Change, Item, Transcript, merge, reduce

Json = dict[str, Any]

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "acp"
SCENARIOS = sorted(path.stem for path in FOLDER.glob("*.jsonl"))
CLIENT_VERSION = "1.0"
START = 1767225600.0  # the time of every recorded scenario's first event

SIGNALS = (Greeted, Opened, Choices, Configured, Refused, Steerable, SteerAnswered)


def record(scenario: str) -> list[Json]:
    """The lines of a recorded scenario, `{"dir", "frame"}` each."""
    text = (FOLDER / f"{scenario}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def heard(scenario: str) -> list[Json]:
    """The frames that goose sent."""
    return [line["frame"] for line in record(scenario) if line["dir"] == "in"]


@dataclass
class Replayed:
    """A scenario, done again. `log` is what a session would log: what the codec said and what the user did."""

    log: list[Event] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    sent: list[Json] = field(default_factory=list)

    def transcript(self) -> Transcript:
        transcript = Transcript()
        for seq, event in enumerate(ev.coalesce(self.log), 1):
            reduce(transcript, event, seq=seq, time=START + seq)
        return transcript

    def items(self) -> list[Item]:
        return list(self.transcript())


class Replay:
    """Drives a codec as a session does, with the recorded frames in place of a socket and a user."""

    def __init__(self) -> None:
        self.acp = Acp(CLIENT_VERSION)
        self.done = Replayed()
        self._prompts = 0
        self._questions: dict[str, str] = {}  # the codec's name for it, random -> ours
        self._history: list[Event] | None = None

    def run(self, lines: list[Json]) -> Replayed:
        for line in lines:
            if line["dir"] == "out":
                self.act(line["frame"])
            else:
                self.hear(json.dumps(line["frame"]))
        return self.done

    def hear(self, frame: str | bytes) -> list[Event | Signal]:
        said = self.acp.receive(frame)
        for each in said:
            if isinstance(each, SIGNALS):
                self._signal(each)
            elif self._history is not None:
                self._history.append(each)
            else:
                self.done.log.append(self._renamed(each))
        self._flush()
        return said

    def _signal(self, signal: Signal) -> None:
        self.done.signals.append(signal)
        if isinstance(signal, Opened) and self._history is not None:
            self.done.log += [*history.missing(Transcript(), self._history), ev.TurnEnded("", "end_turn")]
        if isinstance(signal, Opened | Refused):
            self._history = None

    def _renamed(self, event: Event) -> Event:
        if isinstance(event, ev.PermissionAsked):
            self._questions[event.request_id] = f"q{len(self._questions) + 1}"
        if isinstance(event, ev.PermissionAsked | ev.PermissionAnswered):
            return replace(event, request_id=self._questions[event.request_id])
        return event

    def act(self, frame: Json) -> None:
        """Do what made the client send this frame."""
        params = frame.get("params", {})
        match frame.get("method"):
            case "initialize":
                self.acp.greet()
            case "session/new":
                self.acp.new_session(params["cwd"])
            case "session/load":
                self._history = []
                self.acp.load_session(params["sessionId"], params["cwd"])
            case "session/prompt":
                self._prompts += 1
                prompt_id, text = f"p{self._prompts}", params["prompt"][0]["text"]
                self.done.log += [ev.UserMessage(text, prompt_id), ev.TurnStarted(prompt_id)]
                self.acp.prompt(prompt_id, text)
            case "session/cancel":
                for question in self.acp.cancel():
                    self._answered(question, None)
            case "session/set_config_option":
                self.acp.set(params["configId"], params["value"])
            case None:
                question = next((each for each in self._questions if each.endswith(str(frame["id"]))), "")
                option = frame["result"]["outcome"].get("optionId")
                if self.acp.answer(question, option):
                    self._answered(question, option)
            case method:
                raise AssertionError(f"no such thing to do: {method}")
        self._flush()

    def _answered(self, question: str, option: str | None) -> None:
        note = "You stopped the turn." if option is None else ""
        self.done.log.append(self._renamed(ev.PermissionAnswered(question, option, "user", note)))

    def _flush(self) -> None:
        self.done.sent += [json.loads(frame) for frame in self.acp.take_outbox()]


def replay(scenario: str) -> Replayed:
    return Replay().run(record(scenario))


# -- rendering -------------------------------------------------------------------------------------------------------


def render(done: Replayed) -> str:
    """Everything that came of a scenario, as text for people: signals, facts, items."""
    lines = ["# signals", *map(_signal, done.signals), "", "# facts"]
    facts = (ev.Usage, ev.Mode, ev.Model, ev.Title, ev.Commands, ev.TurnStarted, ev.TurnEnded)
    lines += [_fact(event) for event in done.log if isinstance(event, facts)]
    lines += ["", "# items"]
    for item in done.items():
        lines += _item(item)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _signal(signal: Signal) -> str:
    match signal:
        case Choices(modes, models):
            names = [f"modes {_ids(modes)}" if modes else "", f"models {_ids(models)}" if models else ""]
            return f"Choices: {', '.join(filter(None, names))}"
        case _:
            return repr(signal)


def _ids(choices: tuple[Any, ...]) -> str:
    return "/".join(choice.id for choice in choices)


def _fact(event: Event) -> str:
    record = ev.to_json(event)
    kind = record.pop("e")
    if isinstance(event, ev.Commands):
        return "commands " + " ".join(each["name"] for each in event.commands)
    return " ".join([kind, *(f"{key}={_json(value)}" for key, value in record.items())])


def _item(item: Item) -> list[str]:
    """The fields that hold something, one a line; texts as they are, behind a bar."""
    item = dict(item)
    head = [item.pop("id"), item.pop("kind"), item.pop("state", ""), item.pop("status", "")]
    lines = ["", " · ".join(filter(None, head))]
    for key, value in item.items():
        if value in ("", None, False) or value == []:
            continue
        if key in ("text", "output", "detail"):
            lines += [f"    {key} | {line}" for line in value.split("\n")]
        elif key in ("time", "started", "ended"):
            lines.append(f"    {key} {value - START:+g}")
        elif key in ("content", "entries", "locations"):
            lines += [f"    {key} {_json(each)}" for each in value]
        else:
            lines.append(f"    {key} {_json(value)}")
    return lines


def _json(value: Any) -> str:
    return re.sub(r'"([a-z_]+)": ', r"\1: ", json.dumps(value, ensure_ascii=False))


def changes_of(messages: Iterable[list[Event]]) -> list[list[Change]]:
    """What a page would be told, the events of a message together."""
    transcript, told, seq = Transcript(), [], 0
    for events in messages:
        changes: list[Change] = []
        for event in ev.coalesce(events):
            seq += 1
            changes += reduce(transcript, event, seq=seq, time=START + seq)
        if merged := merge(changes):
            told.append(merged)
    return told
