"""The demo's sessions: one JSON file each, in a folder that only its owner reads and git ignores.

Rules of this module:

- A file is replaced as a whole, never written in place: a crash leaves the one before.
- Ids are `20261122_7`, date and counter, and come back after a delete, as goose's do. An id from outside is data: it
  never is a path.
- What a turn holds is the session itself, not a copy: two connections that open a session share one object.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from weakref import WeakValueDictionary

from .steps import Message

log = logging.getLogger(__name__)

FORMAT: Final = 1
DEFAULT_MODE: Final = "smart_approve"
MODELS: Final = {"demo": "Demo script", "demo-instant": "Demo script without pauses"}

_KEY: Final = "goose_widget_demo"
_OWN_ID: Final = re.compile(r"\d{8}_\d{1,9}", re.ASCII)


@dataclass(eq=False)
class Session:
    """One conversation.

    Attributes:
        created, updated: seconds since the epoch.
        rules: tools that are always allowed or rejected; forgotten with the process, or when the mode changes.
        run: the id of the turn that runs, if one does.
        free: set while none does.
        steers: what the user says to the turn, until that takes it up.
    """

    id: str
    cwd: str
    created: int
    updated: int = 0
    title: str = ""
    named_by_user: bool = False
    mode: str = DEFAULT_MODE
    model: str = "demo"
    messages: list[Message] = field(default_factory=list)
    rules: dict[str, str] = field(default_factory=dict)
    run: str | None = None
    free: asyncio.Event = field(default_factory=asyncio.Event)
    is_deleted: bool = False
    steers: list[Message] = field(default_factory=list)

    def begin(self) -> str:
        """A turn begins; its id. Only while none runs."""
        self.run = f"run_{self.id}_{len(self.prompts) + 1}"
        self.free.clear()
        return self.run

    def end(self) -> None:
        """The turn is over."""
        self.run = None
        self.steers.clear()
        self.free.set()

    @property
    def prompts(self) -> tuple[str, ...]:
        """What the user wrote, oldest first."""
        return tuple(message.text for message in self.messages if message.role == "user")

    def to_json(self) -> dict[str, Any]:
        return {
            _KEY: FORMAT,
            "id": self.id,
            "cwd": self.cwd,
            "created": self.created,
            "updated": self.updated,
            "title": self.title,
            "named_by_user": self.named_by_user,
            "mode": self.mode,
            "model": self.model,
            "messages": [message.to_json() for message in self.messages],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Session:
        """Raises KeyError, TypeError, ValueError or AttributeError if it is none."""
        if value[_KEY] != FORMAT:
            raise ValueError(f"format {value[_KEY]!r}")
        own = {name: each for name, each in value.items() if name not in (_KEY, "messages")}
        return cls(**own, messages=[Message.from_json(each) for each in value["messages"]])


class Sessions:
    """The sessions in a folder.

    Args:
        folder: made with the first session.
        clock: seconds since the epoch.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self._clock = clock
        self._open: WeakValueDictionary[str, Session] = WeakValueDictionary()

    def now(self) -> int:
        """Seconds since the epoch."""
        return int(self._clock())

    def new(self, cwd: str, session_id: str | None = None) -> Session:
        """Make a session.

        Args:
            cwd: its working folder.
            session_id: None for the next free id of the day.

        Raises:
            OSError: the folder can't be written.
        """
        self._make_folder()
        while True:
            session = Session(session_id or self._next_id(), cwd, self.now(), self.now())
            try:
                # Another server may use the same folder: the file is what makes an id taken.
                os.close(os.open(self.path(session.id), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            except FileExistsError:
                if session_id is None:
                    continue
            self._write(session)
            self._open[session.id] = session
            return session

    def get(self, session_id: str) -> Session | None:
        """A session by its id; None for one that is not there or can't be read."""
        if (session := self._open.get(session_id)) is not None and not session.is_deleted:
            return session
        session = self._read(self.path(session_id))
        if session is None or session.id != session_id:
            return None
        self._open[session_id] = session
        return session

    def all(self) -> list[Session]:
        """Every session, the one that was used last first."""
        read = [self._read(path) for path in sorted(self.folder.glob("*.json"))]
        found = [self._open.get(each.id, each) for each in read if each is not None]
        return sorted(found, key=lambda session: (session.updated, session.id), reverse=True)

    def save(self, session: Session) -> None:
        """Write a session; that it can't be written is logged, and the conversation goes on."""
        if session.is_deleted:
            return
        session.updated = max(session.updated, self.now())
        try:
            self._make_folder()
            self._write(session)
        except OSError as error:
            log.warning("the demo can't save a session: %s", error)

    def delete(self, session: Session) -> None:
        """Forget a session; a turn that still runs in it is not saved."""
        session.is_deleted = True
        self._open.pop(session.id, None)
        self.path(session.id).unlink(missing_ok=True)

    def path(self, session_id: str) -> Path:
        """The file of an id, whatever it holds."""
        if _OWN_ID.fullmatch(session_id):
            return self.folder / f"{session_id}.json"
        digest = hashlib.sha256(session_id.encode("utf-8", "surrogatepass")).hexdigest()
        return self.folder / f"x{digest[:20]}.json"

    def _next_id(self) -> str:
        day = datetime.fromtimestamp(self.now()).astimezone().strftime("%Y%m%d")
        taken = [int(path.stem.partition("_")[2]) for path in self.folder.glob(f"{day}_*.json") if _own(path.stem)]
        return f"{day}_{max(taken, default=0) + 1}"

    def _make_folder(self) -> None:
        # One by one: `parents=True` would make those above, the folder of the sessions among them, for all to read.
        missing = [folder for folder in (self.folder, *self.folder.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True, mode=0o700)
        ignore = self.folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("# Conversations with the demo. Delete this file to have them in git.\n*\n")

    def _write(self, session: Session) -> None:
        path = self.path(session.id)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            draft.write_text(json.dumps(session.to_json()), encoding="ascii")
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise

    def _read(self, path: Path) -> Session | None:
        try:
            return Session.from_json(json.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("%s holds no session that can be read: %r", path, error)
            return None


def _own(stem: str) -> bool:
    return _OWN_ID.fullmatch(stem) is not None
