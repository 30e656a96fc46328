"""What a turn is made of, in no protocol's words: the steps of the scripted agent, and the messages they add up to."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, TypeAlias

Role = Literal["user", "agent", "tool"]


@dataclass(frozen=True)
class Say:
    """A piece of text."""

    text: str


@dataclass(frozen=True)
class Think:
    """A piece of a thought."""

    text: str


@dataclass(frozen=True)
class Show:
    """A picture; `data` in base64."""

    mime: str
    data: str
    alt: str = ""


@dataclass(frozen=True)
class Attach:
    """A file that the user points to, or sends whole."""

    uri: str
    name: str
    text: str = ""

    @property
    def inlined(self) -> str:
        """What goose makes of it in the prompt."""
        return f"--- Resource: {self.uri} ---\n{self.text}\n---\n"


@dataclass(frozen=True)
class Call:
    """A tool starts; with `asks`, only after the user's answer, which is the id of one of `OPTIONS`."""

    id: str
    tool: str
    extension: str
    title: str
    kind: str
    input: dict[str, Any]
    asks: bool = False


@dataclass(frozen=True)
class Output:
    """A piece of a running tool's output, numbered from 1."""

    id: str
    number: int
    text: str
    stream: Literal["stdout", "stderr"] = "stdout"


@dataclass(frozen=True)
class Done:
    """A tool's result.

    `raw` is the result as data; `diff` is `{path, old, new, line}`; `picture` is `{mime, data}`.
    """

    id: str
    text: str
    failed: bool = False
    raw: dict[str, Any] | None = None
    diff: dict[str, Any] | None = None
    picture: dict[str, str] | None = None


@dataclass(frozen=True)
class Plan:
    """The plan as it is now: `{content, status}` each. It takes the place of the one before."""

    id: str
    entries: list[dict[str, str]]


@dataclass(frozen=True)
class Fail:
    """The turn fails."""

    message: str


@dataclass(frozen=True)
class Pause:
    """Nothing happens for some seconds."""

    seconds: float


@dataclass(frozen=True)
class Heard:
    """The turn takes up what the user says meanwhile."""

    text: str


@dataclass(frozen=True)
class Drop:
    """The connection breaks."""


Kept: TypeAlias = Say | Think | Show | Attach | Call | Done | Plan | Fail
"""What a session remembers."""

Step: TypeAlias = Kept | Output | Pause | Heard | Drop

OPTIONS: Final = ("allow_always", "allow_once", "reject_once", "reject_always")

_KEPT: Final[dict[str, type[Kept]]] = {
    kind.__name__: kind for kind in (Say, Think, Show, Attach, Call, Done, Plan, Fail)
}


@dataclass
class Message:
    """What one side said in one go. A tool's results are a message of their own."""

    id: str
    role: Role
    created: int
    steps: list[Kept] = field(default_factory=list)

    def add(self, step: Kept) -> None:
        """Append a step; text goes on with the text before it."""
        last = self.steps[-1] if self.steps else None
        if isinstance(step, Say) and isinstance(last, Say):
            self.steps[-1] = Say(last.text + step.text)
        elif isinstance(step, Think) and isinstance(last, Think):
            self.steps[-1] = Think(last.text + step.text)
        else:
            self.steps.append(step)

    @property
    def text(self) -> str:
        """What was said, without thoughts and tools."""
        return "".join(step.text for step in self.steps if isinstance(step, Say))

    def to_json(self) -> dict[str, Any]:
        steps = [{"step": type(step).__name__, **asdict(step)} for step in self.steps]
        return {"id": self.id, "role": self.role, "created": self.created, "steps": steps}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Message:
        """Raises KeyError, TypeError or AttributeError if it is none."""
        message = cls(value["id"], value["role"], value["created"])
        for fields in value["steps"]:
            kind = _KEPT[fields["step"]]
            message.steps.append(kind(**{name: each for name, each in fields.items() if name != "step"}))
        return message
