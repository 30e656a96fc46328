"""What the pages that show a chat ask for: each action is done once, however often it arrives."""

from __future__ import annotations

import functools
import logging
import uuid
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from . import actions, attachments, errors, files, library
from .find import find
from .loop import background, in_thread
from .room import Room
from .shelf import delete
from .store import SessionFile

log = logging.getLogger(__name__)

_STATIC: Final = Path(__file__).parent / "static"
_PARTS: Final = ("highlight", "maths", "diagrams", "panels", "streaming")  # sent when a page first needs them
_REMEMBERED_ACTIONS: Final = 4096


class Page:
    """The pages of a chat, on the background thread.

    Args:
        room: the session that the chat is in now.
        go_to: has the chat leave it for that of a file, or for a new one.
        hello: hears of a page that has the transcript up to a number, of the log with an id.
        tell: sends the pages a message, and buffers if there are any.
    """

    def __init__(
        self,
        *,
        room: Callable[[], Room],
        go_to: Callable[[SessionFile | None], object],
        hello: Callable[[int, str], object],
        tell: Callable[..., object],
    ) -> None:
        self._room, self._go_to, self._hello, self._tell = room, go_to, hello, tell
        self._done: OrderedDict[str, str | None] = OrderedDict()  # action id -> its refusal

    def act(self, message: Any) -> None:
        """Do what a message asks for, and acknowledge it."""
        try:
            aid, action = actions.decode(message)
        except errors.UsageError as error:
            sent_as = message.get("aid") if isinstance(message, dict) else None
            self._tell({"type": "ack", "aid": str(sent_as), "error": str(error)})
            return
        if aid not in self._done:
            self._done[aid] = self._refusal(action)
            while len(self._done) > _REMEMBERED_ACTIONS:
                self._done.popitem(last=False)
        self._tell({"type": "ack", "aid": aid, "error": self._done[aid]})

    def _refusal(self, action: actions.Action) -> str | None:
        """Do it; why not, as a sentence for the user, if that is refused."""
        try:
            self._do(action)
        except errors.GooseError as error:
            return str(error)
        except Exception as error:
            log.exception("an action failed")
            return f"goose-widget failed to do that: {type(error).__name__}: {error}"
        return None

    def _do(self, action: actions.Action) -> None:
        session = self._room().session
        match action:
            case actions.Hello(have, log_id):
                self._hello(have, log_id)
            case actions.Earlier(before):
                items, earlier = session.log.before(before)
                self._tell({"type": "earlier", "log": session.log.id, "items": items, "earlier": earlier})
            case actions.Around(item):
                items, earlier, later = session.log.around(item)
                answer = {"item": item, "items": items, "earlier": earlier, "later": later}
                self._tell({"type": "around", "log": session.log.id, **answer})
            case actions.Prompt(text, attached):
                content = attachments.blocks_of(attached, session.facts.accepts)
                session.submit(uuid.uuid4().hex, text, content)
            case actions.EditQueued(id, text):
                session.edit_queued(id, text)
            case actions.RemoveQueued(id):
                session.remove_queued(id)
            case actions.SendQueued(id):
                session.send_queued(id)
            case actions.Steer(text):
                session.steer(uuid.uuid4().hex, text)
            case actions.Stop():
                self._room().client.stop_turn()
            case actions.Answer(request, option):
                session.answer(request, option)
            case actions.SetMode(value):
                session.set("mode", value)
            case actions.SetModel(value):
                session.set("model", value)
            case actions.Part(name):
                if name not in _PARTS:
                    raise errors.UsageError(f"The page asked for {name!r}, which is not in this version. Reload it.")
                background().spawn(self._tell_part(name))
            case actions.Retry():
                self._room().retry()
            case actions.Accept(offer):
                self._room().accept(offer)
            case actions.Continue():
                session.continue_turn(uuid.uuid4().hex)
            case actions.Again():
                session.retry_turn(uuid.uuid4().hex)
            case actions.Open(key):
                self._go_to(library.by_key(self._room().terms.store, key))
            case actions.NewSession():
                self._go_to(None)
            case _:
                background().spawn(self._do_later(action))

    async def _tell_part(self, name: str) -> None:
        try:
            source = [await in_thread((_STATIC / "parts" / f"{name}.js").read_bytes, "goose-widget-part")]
        except OSError:  # the page does without it
            log.exception("the package is not whole")
            source = []
        self._tell({"type": "part", "name": name}, source)

    async def _do_later(self, action: actions.Action) -> None:
        """Do what takes longer than a page waits for an ack, and tell how it ended."""
        try:
            told = await self._done_later(action)
        except errors.GooseError as error:
            self._remark("error", str(error))
        except Exception as error:
            log.exception("an action failed")
            self._remark("error", f"goose-widget failed to do that: {type(error).__name__}: {error}")
        else:
            if told:
                self._remark("info", told)

    def _remark(self, level: str, text: str) -> None:
        self._tell({"type": "remark", "level": level, "text": text})

    async def _done_later(self, action: actions.Action) -> str:
        room = self._room()
        store = room.terms.store
        match action:
            case actions.Sessions(query):
                await self._tell_sessions(query)
            case actions.Files(query):
                await self._tell_files(query)
            case actions.Find(query):
                await self._tell_found(query)
            case actions.Rename(title):
                return await library.rename(room, title)
            case actions.Export(format):
                path = await library.export_to(room, format=format)
                return f"Exported to {path.name}, in {path.parent}."
            case actions.Fork(item):
                file, draft = await library.fork(room, item)
                self._go_to(file)
                if draft:
                    self._tell({"type": "draft", "text": draft})
            case actions.Delete(key):
                library.check_is_no_recording(room)
                file = library.by_key(store, key)
                if room.session.file is not None and room.session.file.path == file.path:
                    self._go_to(None)
                await delete(room.terms, file)
                await self._tell_sessions("")
                return "The session was deleted."
        return ""

    async def _tell_files(self, query: str) -> None:
        room, found = self._room(), list[str]()
        if room.recording is None and room.target.has_our_files:
            search = functools.partial(files.matching, Path(room.session.facts.cwd), query)
            found = await in_thread(search, "goose-widget-files")
        self._tell({"type": "files", "query": query, "files": found})

    async def _tell_sessions(self, query: str) -> None:
        room = self._room()
        current = room.session.file.path if room.session.file is not None else None
        listed = functools.partial(library.listing, room.terms.store, query, current)
        sessions = await in_thread(listed, "goose-widget-list")
        self._tell({"type": "sessions", "query": query, "sessions": sessions})

    async def _tell_found(self, query: str) -> None:
        log = self._room().session.log
        log_id = log.id
        found = await in_thread(lambda: find(log.pages(), query), "goose-widget-find")
        self._tell({"type": "found", "log": log_id, "query": query, "hits": found.hits, "whole": found.is_whole})
