"""`GooseChat`: `Chat` shown in a notebook, with anywidget.

The browser gets the transcript as a keyframe (the `transcript` trait, read when a page loads) and then changes as
custom messages, numbered so that it sees a gap and asks. It sends actions; each is acknowledged, and done once however
often it arrives: a page that gets no answer over the comm repeats the action on the control channel, which is free
while a cell runs.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import uuid
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anywidget
import traitlets as t

from . import errors
from . import events as ev
from .chat import Chat
from .loop import background
from .permission import OnPermission
from .reply import Reply
from .saved import SavedOutput, publisher
from .shelf import Shelf
from .store import Entry
from .transcript import Change, Item

if TYPE_CHECKING:
    from .page import Page

log = logging.getLogger(__name__)

_STATIC: Final = Path(__file__).parent / "static"
_CONTROL_MESSAGE: Final = "goose_msg"

# A page that is just loading may take this long to say hello; until then a question waits for it.
_HELLO_PATIENCE: Final = 10.0

# A printout of usual Markdown takes less than a second.
_PRINT_PATIENCE: Final = 5.0

_widgets: weakref.WeakValueDictionary[str, GooseChat] = weakref.WeakValueDictionary()


class GooseChat(Chat, anywidget.AnyWidget):
    """A chat with goose, shown in the notebook.

    Display it (as the last expression of a cell, or with `display`) to see and use it; `ask`, `stream`, `stop` and the
    traits drive the same chat from code.

    Args:
        session_id, path, server, token, ca, headers, cwd, mode, model, store, on_permission, replay, speed: as for
            `Chat`.
        height: of the chat in the page, as a CSS length ("600px", "70vh") or in pixels. Default: 480 px.

    Raises:
        UsageError: an argument is not valid.
    """

    _esm = _STATIC / "widget.js"
    _css = _STATIC / "widget.css"

    _of_an_import = (*Shelf._of_an_import, "height")

    height = t.Unicode("", help="a CSS length").tag(sync=True)
    uid = t.Unicode(read_only=True, help="names this widget in messages on the control channel").tag(sync=True)
    transcript = t.Any(read_only=True).tag(sync=True, to_json=lambda _, widget: widget._page_state())

    def __init__(
        self,
        session_id: str | None = None,
        *,
        height: str | int | None = None,
        on_permission: OnPermission = None,
        **arguments: Any,
    ) -> None:
        unknown = arguments.keys() - _ARGUMENTS
        if unknown:
            names = ", ".join(sorted(unknown))
            raise errors.UsageError(f"GooseChat has no argument {names}. It has: session_id, {', '.join(_ARGUMENTS)}.")
        self._displayed = False
        self._said_hello = False
        css = f"{height}px" if isinstance(height, int) else height or ""
        self._saved = SavedOutput(
            f"goose-{self.uid}", self._printout, lambda: (self._session.log.id, self._session.log.seq)
        )
        super().__init__(session_id, on_permission=on_permission, height=css, **arguments)
        self._page_loads = False  # the state went out with the comm, not to a page
        _widgets[self.uid] = self
        self.on_msg(lambda _, content, __: self._receive(content))
        _listen_on_control()

    @t.default("uid")
    def _new_uid(self) -> str:
        return uuid.uuid4().hex  # a default, so that the comm opens with it: the page knows the widget by it

    def __del__(self) -> None:
        """Nothing: ipywidgets would close it, and a chat is collected only when it is closed, or was never made."""

    def __repr__(self) -> str:
        return f"<GooseChat {self.session_id or 'new session'}, {self.status}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        self._displayed = True
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle[0]["text/plain"] = "GooseChat"  # the same on every run, for tools that compare outputs
        return bundle

    # What a saved notebook keeps.

    def _ipython_display_(self) -> None:
        """Two outputs: the widget, and the conversation for readers without a kernel."""
        show = publisher()
        if show is None:
            raise NotImplementedError  # IPython then asks _repr_mimebundle_
        if (bundle := self._repr_mimebundle_()) is not None:
            show.publish(*bundle)
            self._saved.display(show, later=not self._printout_items())

    def _printout(self) -> dict[str, str]:
        from .printout import to_html, to_text  # here: the chat is shown sooner without

        items = self._printout_items()
        return {
            "text/html": to_html(items, session_id=self.session_id),
            "text/plain": to_text(items, session_id=self.session_id),
        }

    def _printout_items(self) -> list[Item]:
        """What to print of the conversation, as it is now; all of a recording, however far it was played."""
        if self._room.recording is not None:
            return self._room.recording.items()
        return self._session.log.snapshot()[1]

    def logged(self, entries: list[Entry]) -> None:
        super().logged(entries)
        if any(isinstance(entry.event, ev.TurnEnded) for entry in entries):
            background().spawn(self._saved.update())

    async def _ask(self, *arguments: Any) -> Reply:
        try:
            return await super()._ask(*arguments)
        finally:
            # nbclient listens no longer than the cell runs; and a reply is not kept from its asker for a printout.
            await asyncio.wait({background().spawn(self._saved.update())}, timeout=_PRINT_PATIENCE)

    def _arguments(self) -> dict[str, Any]:
        return {**super()._arguments(), "height": self.height or None}

    # Kernel to browser.

    def _page_state(self) -> dict[str, Any]:
        self._page_loads = True
        return self._keyframe()

    def _keyframe(self) -> dict[str, Any]:
        log = self._session.log
        log_id = log.id  # before the rest: a page that loads now asks again if it is another one then
        seq, items, earlier = log.window()
        return {"log": log_id, "seq": seq, "items": items, "earlier": earlier}

    def _tell(self, message: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        # ipykernel 7.4 sends clicks to the shell that last sent on the comm, where they wait for the running cell.
        if hasattr(self.comm, "_reply_subshell_for"):
            self.comm._reply_subshell_for = None
        try:
            if not self._publish(message, buffers):
                self.send(message, buffers)
        except Exception:  # a page that can't be reached must not end the chat; it asks for what it missed
            log.exception("a message did not reach the page")

    def _publish(self, message: dict[str, Any], buffers: list[bytes] | None) -> bool:
        """As `send` with ipykernel, but in answer to nothing: it would name the cell that ran last, in 230 bytes."""
        kernel = getattr(self.comm, "kernel", None)
        session, socket = getattr(kernel, "session", None), getattr(kernel, "iopub_socket", None)
        if self.comm is None or session is None or socket is None:
            return False
        content = {"data": {"method": "custom", "content": message}, "comm_id": self.comm.comm_id}
        session.send(socket, "comm_msg", content, ident=self.comm.topic, buffers=buffers)
        return True

    def changed(self, before: int, seq: int, changes: list[Change]) -> None:
        super().changed(before, seq, changes)
        self._tell_changes(before, seq, changes)

    def _tell_changes(self, before: int, seq: int, changes: list[Change]) -> None:
        wire = [change.to_wire() for change in changes]
        self._tell({"type": "changes", "log": self._session.log.id, "from": before, "seq": seq, "changes": wire})

    def restored(self) -> None:
        super().restored()
        self._tell({"type": "snapshot", **self._keyframe()})
        background().spawn(self._saved.update())

    # Browser to kernel. Messages arrive on the main, a subshell's or the control thread.

    def _receive(self, message: Any) -> None:
        background().call(lambda: self._page.act(message))

    @functools.cached_property
    def _page(self) -> Page:
        from .page import Page  # here: importing it takes a while, in which the chat is shown

        return Page(room=lambda: self._room, go_to=self.go_to, hello=self._hello, tell=self._tell)

    def _hello(self, have: int, log_id: str) -> None:
        """A view is there; it has the transcript of the log `log_id` up to `have`."""
        self._said_hello = True
        self._catch_up(have, log_id)
        missed, self._page_loads = self._page_loads, False  # what came while a page loaded did not reach it
        background().spawn(self._saved.update(again=missed))

    def _catch_up(self, have: int, log_id: str) -> None:
        log = self._session.log
        since = log.since(have) if log.id == log_id else None
        if since is None:
            self._tell({"type": "snapshot", **self._keyframe()})
        elif since[1]:
            self._tell_changes(have, *since)

    # A person at the page.

    def has_view(self) -> bool:
        return self._said_hello

    def patience(self) -> float:
        return _HELLO_PATIENCE if self._displayed and not self._said_hello else 0.0


_ARGUMENTS: Final = (
    "path",
    "server",
    "token",
    "ca",
    "headers",
    "cwd",
    "mode",
    "model",
    "store",
    "on_permission",
    "replay",
    "speed",
    "height",
)


def _listen_on_control() -> None:
    """Let the kernel's control channel carry actions too.

    ipykernel 6 has no other lane that is free while a cell runs.
    """
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return
    handlers = getattr(getattr(get_ipython(), "kernel", None), "control_handlers", None)
    if isinstance(handlers, dict):
        handlers.setdefault(_CONTROL_MESSAGE, _on_control)


async def _on_control(stream: Any, ident: Any, parent: Any) -> None:
    content = parent.get("content") if isinstance(parent, dict) else None
    if isinstance(content, dict) and (widget := _widgets.get(str(content.get("uid")))) is not None:
        widget._receive(content.get("data"))
