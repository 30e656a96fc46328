"""How long it takes to open, list and search long sessions: `python benchmarks/resume.py`."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from goose_widget import events as ev
from goose_widget.log import load
from goose_widget.search import search
from goose_widget.store import Entry, Header, Store

SIZES = (1_000, 10_000, 100_000)  # messages: prompts and replies

REPLY = "The *average* of the column `price` is 12.5, which is above the median: a few outliers pull it up.\n\n"
SESSION = "20261122_1"


def said(number: int) -> tuple[str, str]:
    """The prompt and the reply of a turn."""
    return f"What is the average of column {number}?", REPLY * 3


def turn(number: int) -> list[ev.Event]:
    """A prompt, a tool call and a reply: six entries."""
    prompt, call = f"prompt-{number}", f"call-{number}"
    question, reply = said(number)
    return [
        ev.UserMessage(question, prompt),
        ev.TurnStarted(prompt),
        ev.ToolCall(call, starts=True, title="shell", name="shell", input={"command": f"python average.py {number}"}),
        ev.ToolCall(call, status="completed", content=({"type": "text", "text": "12.5\n"},)),
        ev.Text(reply, f"message-{number}"),
        ev.TurnEnded(prompt, "end_turn", {"input_tokens": 1200, "output_tokens": 80}),
    ]


def write(store: Store, messages: int) -> None:
    """A session with so many messages."""
    file = store.create(Header(SESSION, "this computer", 1.0, "/home/ada/report.ipynb", "/home/ada"))
    events = [event for number in range(messages // 2) for event in turn(number)]
    file.append([Entry(seq, 1.7e9 + seq, event) for seq, event in enumerate(events, 1)])
    file.close()


def seconds(action: Callable[[], object]) -> float:
    """The best of three."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print a table: seconds, and microseconds per message."""
    print(f"{'messages':>9} {'MB':>6}" + "".join(f"{name:>20}" for name in ("read", "and reduce", "list", "search")))
    for messages in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder))
            write(store, messages)
            file = next(store.files())
            size = file.path.stat().st_size / 1e6

            def listed(file: Path = file.path, store: Store = store) -> None:
                file.touch()  # else it is known from the last time
                store.sessions()

            actions: list[Callable[[], object]] = [
                lambda file=file: sum(1 for _ in file.read()),
                lambda file=file: load(file),
                listed,
                lambda file=file: search([file], "not to be found"),
            ]
            times = [seconds(action) for action in actions]
        columns = "".join(f"{each:>9.3f} s {each / messages * 1e6:5.1f} us" for each in times)
        print(f"{messages:>9,} {size:>6.1f}{columns}")


if __name__ == "__main__":
    main()
