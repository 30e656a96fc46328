"""A session file as something to replay: read once, and never written.

Every session file is a recording. Rules:

- The prompts of a recording are those that were sent from here. What another client said in the session (history that
  the server replayed) is played with the rest.
- The first end of a turn after a prompt is that turn's, whatever comes after it is its tail. A turn without an end (the
  kernel was killed, the line is damaged) ends as interrupted, and says so.
- What steered a turn is a part of it. What waited to be sent is not played: who replays sends it.
- Lines that can't be read are left out, and the conversation says so.
- Which file is meant is decided when the chat is made, from `replay=` or `$GOOSE_WIDGET_REPLAY`: a file, a folder of
  files or the id of a session.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import Any, Final

from . import events as ev
from .errors import SessionFileError, UsageError
from .reply import to_public
from .store import Entry, Header, SessionFile, Store, session_file
from .transcript import Item, Transcript, reduce

VARIABLE: Final = "GOOSE_WIDGET_REPLAY"
SPEED_VARIABLE: Final = "GOOSE_WIDGET_REPLAY_SPEED"

AT_ONCE: Final = math.inf
"""The speed without any pause."""

_CUT: Final = "The end of this turn is missing in the recording."

# Files that chats of this process took from a folder: the next chat takes the next one.
_taken: set[Path] = set()
_taking = threading.Lock()


@dataclass(frozen=True, slots=True)
class Turn:
    """A prompt and what came of it.

    Attributes:
        asked: the entry of the prompt.
        body: what was said until the turn's end; the last entry is that end.
        tail: what was said after it, before the next prompt.
    """

    asked: Entry
    body: tuple[Entry, ...]
    tail: tuple[Entry, ...]

    @property
    def text(self) -> str:
        """The prompt."""
        assert isinstance(self.asked.event, ev.UserMessage)
        return self.asked.event.text

    @property
    def prompt_id(self) -> str:
        """What the prompt was called."""
        assert isinstance(self.asked.event, ev.UserMessage)
        return self.asked.event.prompt_id or ""


@dataclass(frozen=True, slots=True)
class Recording:
    """What a session file holds.

    Attributes:
        header: whose conversation it is.
        opening: what was said before the first prompt.
        turns: the prompts and what came of them, oldest first.
    """

    header: Header
    opening: tuple[Entry, ...]
    turns: tuple[Turn, ...]

    @classmethod
    def of(cls, header: Header, entries: Iterable[Entry], damage: ev.Notice | None = None) -> Recording:
        """The recording with these entries; `damage` is told at the end of the opening."""
        opening: list[Entry] = []
        turns: list[list[Entry]] = []
        for entry in entries:
            if isinstance(entry.event, ev.Queued | ev.QueueEdited | ev.Unqueued):
                continue
            if _begins_a_turn(entry.event):
                turns.append([])
            (turns[-1] if turns else opening).append(entry)
        if damage is not None:
            opening.append(Entry(0, header.created, damage))
        return cls(header, tuple(opening), tuple(_turn(turn) for turn in turns))

    @classmethod
    def read(cls, file: SessionFile) -> Recording:
        """The recording in a file.

        Raises:
            OSError: it can't be read.
        """
        entries = list(file.read())
        return cls.of(file.header, entries, file.damage())

    def entries(self) -> Iterator[Entry]:
        """All of it, oldest first."""
        yield from self.opening
        for turn in self.turns:
            yield turn.asked
            yield from turn.body
            yield from turn.tail

    def items(self) -> list[Item]:
        """The transcript of all of it, as `Chat.items` has it; always the same for the same file."""
        transcript = Transcript()
        for number, entry in enumerate(self.entries(), 1):
            reduce(transcript, entry.event, seq=number, time=entry.time)
        return to_public(list(transcript))


def _begins_a_turn(event: ev.Event) -> bool:
    return isinstance(event, ev.UserMessage) and event.prompt_id is not None and not event.steered


def _turn(entries: list[Entry]) -> Turn:
    asked, *said = entries
    turn = Turn(asked, (), ())
    for index, entry in enumerate(said):
        if isinstance(entry.event, ev.TurnEnded):
            end = replace(entry, event=replace(entry.event, prompt_id=turn.prompt_id))
            return replace(turn, body=(*said[:index], end), tail=tuple(said[index + 1 :]))
    end = replace(entries[-1], event=ev.TurnEnded(turn.prompt_id, "interrupted", {}, _CUT))
    return replace(turn, body=(*said, end))


# What is to be replayed.


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be replayed: a file, a folder or a session's id, how fast, and who says so."""

    what: str
    speed: float
    is_argument: bool = True

    def __str__(self) -> str:
        return f"replay={self.what!r}" if self.is_argument else f"{VARIABLE}={self.what}"


def wish(replay: object, speed: object, environ: Mapping[str, str]) -> Wish | None:
    """What is to be replayed, by the arguments of a chat and the environment; None for a chat with goose.

    Raises:
        UsageError: one of them is not valid.
    """
    if replay is not None and not (isinstance(replay, str | os.PathLike) and os.fspath(replay)):
        raise UsageError(f"replay must be the path of a session file or the id of a session, not {replay!r}.")
    what = os.fspath(replay) if isinstance(replay, str | os.PathLike) else environ.get(VARIABLE, "")
    if speed is not None:
        factor = _speed(speed, "speed")
    elif text := environ.get(SPEED_VARIABLE, ""):
        factor = _speed(text, SPEED_VARIABLE)
    else:
        factor = 1.0 if replay is not None else AT_ONCE
    if not what and speed is not None:
        raise UsageError("speed= is how fast a recording is replayed; pass replay= as well.")
    return Wish(str(what), factor, replay is not None) if what else None


def _speed(value: Any, name: str) -> float:
    try:
        factor = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        factor = math.nan
    if not factor > 0:
        raise UsageError(
            f"{name} must be a number above 0, not {value!r}: 1 is as it was recorded, 2 twice as fast, "
            "float('inf') at once."
        )
    return factor


def find(wish: Wish, *, folder: Path, notebook: str, store: Store, session_id: str | None = None) -> Recording:
    """The recording that is meant.

    Args:
        wish: what is to be replayed.
        folder: the notebook's; a path is relative to it.
        notebook: the notebook's path, "" if unknown.
        store: where a session's id is looked up.
        session_id: the session that the chat resumes; None for a new one.

    Raises:
        UsageError: there is no such recording; the message lists those that are there.
    """
    path = folder / Path(wish.what).expanduser()
    try:
        if path.is_dir():
            return _in_folder(wish, Store(path), notebook, session_id)
        file = session_file(path) if path.exists() else next(iter(candidates(store.files(), "", wish.what)), None)
        if file is None:
            raise UsageError(f"{wish}: there is no such file, and no session of that id. {_offered(store)}")
        recording = Recording.read(file)
    except (OSError, SessionFileError) as error:
        raise UsageError(f"{wish}: {error}") from error
    if not recording.turns:
        raise UsageError(f"{wish}: no prompt was sent in that session, so there is nothing to replay.")
    if wish.is_argument and session_id not in (None, recording.header.session_id):
        raise UsageError(f"{wish} holds the session {recording.header.session_id}, not {session_id}. Name one of them.")
    return recording


def _in_folder(wish: Wish, store: Store, notebook: str, session_id: str | None) -> Recording:
    """A named session; else the first that was recorded for the notebook and that no chat has taken before."""
    with _taking:
        for file in candidates(store.files(), notebook, session_id):
            path = file.path.resolve()
            if path in _taken and session_id is None:
                continue
            recording = Recording.read(file)
            if recording.turns:
                _taken.add(path)
                return recording
    if session_id is not None:
        what = f"it holds no prompt of a session {session_id}"
    elif count := len(_taken.intersection(file.path.resolve() for file in store.files())):
        what = f"this chat is one more than the {count} recorded there; restart the kernel to begin with the first"
    else:
        what = "it holds no session with a prompt"
    raise UsageError(f"{wish}: {what}. {_offered(store)}")


def candidates(files: Iterable[SessionFile], notebook: str, session_id: str | None) -> list[SessionFile]:
    """The files of a folder that a chat may replay, in the order in which chats take them.

    Args:
        files: those of the folder.
        notebook: the path of the notebook; its own sessions are taken where it is known and has some.
        session_id: the session that the chat resumes, the newest of that id first; None for a new one.
    """
    known = sorted(files, key=lambda file: (file.header.created, file.path.name))
    if session_id is not None:
        return [file for file in reversed(known) if file.header.session_id == session_id]
    # Such a file holds all of the one before it; a server that lost its sessions may have given the same id again.
    went_on = {file.header.continues for file in known if file.header.continues != file.header.session_id}
    known = [file for file in known if file.header.session_id not in went_on]
    # Only its name: it was recorded on another computer.
    own = [file for file in known if notebook and _name(file.header.notebook) == _name(notebook)]
    return own or known


def _name(path: str) -> str:
    return PureWindowsPath(path).name  # either kind of slash


def _offered(store: Store) -> str:
    sessions = store.sessions()
    if not sessions:
        return f"There are no sessions in {store.folder}."
    listed = ", ".join(f"{info.session_id} ({info.title!r})" for info in sessions[:20])
    return f"In {store.folder} there are: {listed}{', …' * (len(sessions) > 20)}."
