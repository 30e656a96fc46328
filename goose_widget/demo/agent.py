"""The scripted agent: a generator of steps for every prompt. It knows no protocol, no clock and no chance.

Rules of this module:

- The same turn gives the same steps, to the letter.
- It runs nothing and reads nothing: tools are make-believe, and the replies say so.
- In the mode `auto` nothing is asked; in `smart_approve` what would change something; in `approve` every tool; in
  `chat` no tool is called.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from . import texts
from .chart import chart
from .commands import COMMANDS, command, listed
from .steps import OPTIONS, Call, Done, Drop, Fail, Output, Pause, Plan, Say, Show, Step, Think

Script: TypeAlias = Generator[Step, str | None, None]
"""What is sent into it is the answer to a `Call` that asks."""

MODES: Final = {
    "auto": "Automatically approve tool calls",
    "approve": "Ask before every tool call",
    "smart_approve": "Ask only for sensitive tool calls",
    "chat": "Chat only, no tool calls",
}

_WORD: Final = 0.025  # seconds at pace 1
_LINE: Final = 0.4
_LONGEST: Final = {"slow": 3600, "long": 5000}


@dataclass(frozen=True)
class Turn:
    """What the agent knows when it answers.

    Attributes:
        prompt: what the user wrote.
        session: the session's id.
        number: of this turn in the session, from 1; with the session it makes the ids of tool calls.
        mode: one of `MODES`.
        cwd: where it pretends to work.
        earlier: the prompts before this one, oldest first.
        attached: what came with the prompt, in words.
        rules: tools that are always allowed or rejected, with the option that said so.
    """

    prompt: str
    session: str = "20260101_1"
    number: int = 1
    mode: str = "smart_approve"
    cwd: str = "/"
    earlier: tuple[str, ...] = ()
    attached: tuple[str, ...] = ()
    rules: Mapping[str, str] = field(default_factory=dict)


def reply(turn: Turn) -> Script:
    """The agent's turn."""
    return _Reply(turn).run()


class _Reply:
    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.calls = 0

    def run(self) -> Script:
        name, rest = command(self.turn.prompt)
        words = set(re.findall(r"[a-z]+", self.turn.prompt.lower()))
        if name in COMMANDS:
            scripts: dict[str, Callable[[str], Script]] = {each: getattr(self, f"_{each}") for each in COMMANDS}
            yield from scripts[name](rest)
        elif name:
            yield from self._write(f"There is no command `/{name[:40]}` here. These are the commands:\n\n{listed()}")
        elif "sales" in words:
            yield from self._sales(bool(words & {"chart", "draw", "plot"}))
        elif words & {"chart", "plot"}:
            yield from self._image("")
        else:
            yield from self._greet()

    # Talking.

    def _greet(self) -> Script:
        prompt = " ".join(self.turn.prompt.split())
        if len(prompt) > 80:
            prompt = prompt[:80].rstrip() + "…"
        words = re.findall(r"[\w']+", prompt.lower())
        if not words or words[0] in ("hello", "hi", "hey", "hallo", "moin", "servus"):
            yield from self._write(f"Hello! {texts.WHO}\n\nTry one of these:\n\n{texts.FIRST_STEPS}")
        elif prompt.lower().startswith(("what can you do", "who are you")):
            yield from self._write(f"{texts.WHO}\n\n{listed()}\n{texts.FOR_REAL}")
        else:
            yield from self._write(
                f"You wrote:\n\n> {_plain(prompt)}\n\nA good question for a real goose; I can't answer it. {texts.WHO} "
                f"Here is what I can show you:\n\n{texts.FIRST_STEPS}\n{texts.FOR_REAL}"
            )
        if self.turn.attached:
            what = " and ".join(self.turn.attached)
            yield from self._write(f"\n\nWith it came {what}: a real goose would look at that.")

    def _help(self, rest: str) -> Script:
        yield from self._write(f"{texts.WHO}\n\n{listed()}\nA command also works as a plain word, without the slash.")

    def _say(self, rest: str) -> Script:
        yield from self._write(rest or "Write something after `/say`, and I stream it back: `/say Hello *you*`.")

    def _markdown(self, rest: str) -> Script:
        yield from self._write(texts.PROSE + texts.CODE + "\n" + texts.TABLE + texts.MATHS + "\nAnd a picture:\n\n")
        yield Show("image/png", chart(), "Bar chart of twelve invented months")

    def _code(self, rest: str) -> Script:
        yield from self._write(f"In Python:\n\n{texts.CODE}\nAnd in a shell:\n\n{texts.SHELL_CODE}")

    def _table(self, rest: str) -> Script:
        yield from self._write(f"Invented numbers, but a real table:\n\n{texts.TABLE}")

    def _remember(self, rest: str) -> Script:
        if not self.turn.earlier:
            yield from self._write("This is your first message in this session. Write some more, then ask me again.")
            return
        recent = self.turn.earlier[-10:]
        lines = "".join(f"- {_plain(_cut(each, 100))}\n" for each in recent)
        count = len(self.turn.earlier)
        last = f", the last {len(recent)} of which are" if count > len(recent) else ""
        yield from self._write(f"You wrote {count} message{'s' * (count > 1)} before this one{last}:\n\n{lines}")

    def _think(self, rest: str) -> Script:
        yield from self._ponder(
            "They want to see a thought. What would I think if I could? First I would look at what there is, then "
            "weigh two ways of doing it, and take the simpler one. Not that I do: these words are in a script."
        )
        yield from self._write("That was a thought: it is kept apart from the reply, and folds away.")

    def _slow(self, rest: str) -> Script:
        seconds = _number(rest, 20, _LONGEST["slow"])
        yield from self._write(f"This takes {seconds} seconds. **Stop** ends it at any time.\n\n")
        for second in range(seconds):
            yield Say(f"{second + 1} ")
            yield Pause(0.5)
            yield Say("… ")
            yield Pause(0.5)
        yield from self._write("\n\nDone, and you did not stop me.")

    def _long(self, rest: str) -> Script:
        lines = _number(rest, 200, _LONGEST["long"])
        at_once = max(1, lines // 150)
        for start in range(1, lines + 1, at_once):
            numbers = range(start, min(start + at_once, lines + 1))
            yield Say("".join(f"{number}. This is line {number} of {lines}.\n" for number in numbers))
            yield Pause(_WORD)

    def _fail(self, rest: str) -> Script:
        if rest.lower().startswith("tool"):
            yield from self._write("I run a script that is not there:\n\n")
            done = yield from self._shell(
                "python missing.py",
                [("python: can't open file 'missing.py': [Errno 2] No such file or directory\n", "stderr")],
                code=2,
            )
            if done:
                yield from self._write("The tool failed, and the turn went on. With `/fail` the turn itself fails.")
            return
        yield from self._write("I ask my model… ")
        yield Pause(_LINE)
        yield Fail("Server error: the demo has no model, so it can only fail when asked to")

    def _crash(self, rest: str) -> Script:
        yield from self._write("Now the connection breaks. ")
        yield Pause(_LINE)
        yield Drop()
        yield from self._write("You read this because the server went on without you and saved it.")

    # Tools.

    def _tool(self, rest: str) -> Script:
        yield from self._write("I pretend to run the tests of a project:\n\n")
        names = ("load", "clean", "merge", "summary", "plot")
        lines = [(f"test_{name} ... ok\n", "stdout") for name in names]
        done = yield from self._shell("pytest -v", [*lines, ("5 passed in 0.42s\n", "stdout")])
        if done:
            yield from self._write("All five passed. The output came line by line, while the tool was running.")

    def _image(self, rest: str) -> Script:
        yield from self._write("I draw a chart:\n\n")
        if (yield from self._draw()):
            yield from self._write("The last month is the best one. The numbers are invented, the picture is not.")

    def _edit(self, rest: str) -> Script:
        yield from self._write("I would like to change a file:\n\n")
        answer = yield from self._change()
        if answer is not None:
            yield from self._write(
                self._outcome(answer, "The change would now be in `analysis.py`; nothing was written.")
            )

    def _ask(self, rest: str) -> Script:
        if self.turn.mode == "auto":
            yield from self._write(
                "In the mode `auto` nothing is asked. Choose `approve` or `smart_approve` in the header, "
                "and ask me again.\n\n"
            )
        elif (rule := self.turn.rules.get("shell")) is not None:
            yield from self._write(
                f"You answered `{rule}` before, so I do not ask again. Choose another mode to start anew.\n\n"
            )
        else:
            yield from self._write(
                "I would like to run a command that changes your computer (or would, if I could):\n\n"
            )
        answer = yield from self._start("shell", {"command": "pip install seaborn"}, sensitive=True)
        if answer in ("allow_once", "allow_always"):
            yield from self._finish(
                [("Collecting seaborn\n", "stdout"), ("Successfully installed seaborn-0.13.2\n", "stdout")]
            )
        if answer is not None:
            yield from self._write(self._outcome(answer, "The command ran, in make-believe."))

    def _outcome(self, answer: str, ran: str) -> str:
        match answer:
            case "allow_once":
                return ran if self.turn.mode == "auto" else f"You allowed it once. {ran}"
            case "allow_always":
                return f"You allowed it always: in this session I do not ask for this tool again. {ran}"
            case "reject_always":
                return "You never want it: in this session I do not ask for this tool again, and it does not run."
            case _:
                return "You said no, so nothing happened."

    def _plan(self, rest: str) -> Script:
        steps = ("Look at the data", "Remove duplicates", "Add up by quarter", "Draw the chart")
        yield from self._write("I make a plan, and follow it:\n\n")
        for done in range(len(steps) + 1):
            yield self._steps(steps, done)
            yield Pause(2 * _LINE)
        yield from self._write("All four steps are done, as far as a script can do anything.")

    def _sales(self, drawn: bool) -> Script:
        yield from self._ponder("They ask about sales.csv. I count its lines first: one of them is the header.")
        if not (yield from self._shell("wc -l sales.csv", [("366 sales.csv\n", "stdout")])):
            return
        if drawn and not (yield from self._draw()):
            return
        yield from self._write(
            "`sales.csv` has **365 rows** and a header. By quarter (invented numbers: a demo does not look):\n\n"
            f"{texts.TABLE}\nThis is how to compute it:\n\n{texts.CODE}"
        )

    def _tour(self, rest: str) -> Script:
        steps = ("Think", "Run a command", "Ask before a change", "Write a rich reply")
        yield from self._write(f"{texts.WHO} Here is one of everything.\n\n")
        yield self._steps(steps, 0)
        yield from self._ponder("This is a thought. It is shown apart from the reply, and folds away when it is over.")
        yield self._steps(steps, 1)
        yield from self._shell("wc -l *.csv", [("  366 sales.csv\n", "stdout"), ("   13 months.csv\n", "stdout")])
        yield self._steps(steps, 2)
        yield from self._write("Next I would like to change a file. " * (self.turn.mode != "chat"))
        answer = yield from self._change()
        if answer is not None:
            yield from self._write(self._outcome(answer, "Nothing was written: it is a demo.") + "\n\n")
        yield self._steps(steps, 3)
        yield from self._markdown("")
        yield self._steps(steps, 4)
        yield from self._write("\n\nThat was the tour. `/help` lists what else there is, to be looked at one by one.")

    # Parts.

    def _write(self, text: str) -> Script:
        for word in _words(text):
            yield Say(word)
            yield Pause(_WORD)

    def _ponder(self, text: str) -> Script:
        for word in _words(text):
            yield Think(word)
            yield Pause(_WORD)

    def _steps(self, contents: Iterable[str], done: int) -> Plan:
        status = ("completed", "in_progress", "pending")
        entries = [
            {"content": content, "status": status[(number >= done) + (number > done)]}
            for number, content in enumerate(contents)
        ]
        return Plan(self._new_id(), entries)

    def _shell(self, command: str, lines: list[tuple[str, str]], *, code: int = 0) -> Generator[Step, str | None, bool]:
        """Pretend to run a command that changes nothing. Whether it was run."""
        answer = yield from self._start("shell", {"command": command}, sensitive=False)
        if answer in ("allow_once", "allow_always"):
            yield from self._finish(lines, code=code)
            return True
        if answer is not None:
            yield from self._write(self._outcome(answer, ""))
        return False

    def _finish(self, lines: list[tuple[str, str]], *, code: int = 0) -> Script:
        """The output of the command that was started last."""
        call = self._last_id()
        for number, (line, stream) in enumerate(lines, 1):
            yield Pause(_LINE)
            yield Output(call, number, line, "stderr" if stream == "stderr" else "stdout")
        text = "".join(line for line, _ in lines).rstrip()
        raw: dict[str, Any] = {
            name: "".join(line for line, stream in lines if stream == name).rstrip() for name in ("stdout", "stderr")
        }
        yield Pause(_LINE)
        failed = f"\n\nCommand exited with code {code}" if code else ""
        yield Done(call, text + failed, failed=code != 0, raw={**raw, "exit_code": code})

    def _draw(self) -> Generator[Step, str | None, bool]:
        answer = yield from self._start("draw_chart", {"source": "sales.csv"}, sensitive=False)
        if answer in ("allow_once", "allow_always"):
            yield Pause(2 * _LINE)
            picture = {"mime": "image/png", "data": chart()}
            yield Done(self._last_id(), "Drew a chart of 12 months.", picture=picture)
            return True
        if answer is not None:
            yield from self._write(self._outcome(answer, ""))
        return False

    def _change(self) -> Generator[Step, str | None, str | None]:
        """Pretend to edit a file, if the user allows it. What the answer was; None in the mode `chat`."""
        path = f"{self.turn.cwd.rstrip('/')}/analysis.py"
        edit = {"path": path, "before": texts.OLD, "after": texts.NEW}
        answer = yield from self._start("edit", edit, sensitive=True)
        if answer in ("allow_once", "allow_always"):
            yield Pause(_LINE)
            diff = {"path": path, "old": texts.OLD, "new": texts.NEW, "line": 3}
            yield Done(self._last_id(), "Edited analysis.py (4 lines -> 4 lines), in make-believe", diff=diff)
        return answer

    def _start(
        self, tool: Literal["shell", "edit", "draw_chart"], given: dict[str, Any], *, sensitive: bool
    ) -> Generator[Step, str | None, str | None]:
        """Call a tool, after asking where the mode wants it. The answer; None in the mode `chat`, without tools."""
        kind = {"shell": "execute", "edit": "edit", "draw_chart": "other"}[tool]
        subject = str(given.get("command") or given.get("source") or "analysis.py")
        title = f"{tool.replace('_', ' ')} · {subject}"
        if self.turn.mode == "chat":
            yield from self._write(f"*(In the mode `chat` I call no tools. Here you would see: {title}.)*\n\n")
            return None
        rule = self.turn.rules.get(tool)
        wanted = self.turn.mode == "approve" or (self.turn.mode == "smart_approve" and sensitive)
        asks = wanted and rule is None
        extension = "demo" if tool == "draw_chart" else "developer"
        yielded = yield Call(self._new_id(), tool, extension, title, kind, given, asks)
        answer = (yielded if asks else rule if wanted else None) or "allow_once"
        if answer not in OPTIONS:
            answer = "reject_once"
        if answer.startswith("reject"):
            yield Done(self._last_id(), texts.DECLINED, failed=True)
        return answer

    def _new_id(self) -> str:
        self.calls += 1
        return self._last_id()

    def _last_id(self) -> str:
        return f"call_{self.turn.session}_{self.turn.number}_{self.calls}"


def _words(text: str) -> list[str]:
    return re.findall(r"\S+\s*|\s+", text)


def _number(text: str, default: int, largest: int) -> int:
    match = re.match(r"\d{1,9}", text)
    return max(1, min(int(match[0]), largest)) if match else default


def _cut(text: str, length: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else text[:length].rstrip() + "…"


def _plain(text: str) -> str:
    """Markdown that shows `text` as it is."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$!])", r"\\\1", text)
