"""A conversation and the server's session of it: opened, kept equal with it, interrupted, opened again.

The connection half of a session; `session.py` is what the user does with it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from . import errors, history
from . import events as ev
from .conversation import REPLY, Conversation, Found
from .facts import status_of
from .protocol import (
    SESSION_NOT_FOUND,
    Choices,
    Configured,
    Greeted,
    Incoming,
    Opened,
    OpenTurn,
    Outgoing,
    Refused,
    Saved,
    Signal,
    Speaker,
    Steerable,
    SteerAnswered,
    WorksIn,
)
from .protocol.requests import Answered, Declined, Request
from .settings import Settings
from .store import Entry, Store

_CUT: Final = "{what} while goose was replying. What came of the reply is kept here."

_LEFT: Final = (
    "{what} while goose was replying. What came of the reply is kept here. goose may have gone on with it: what it has "
    "saved is fetched with the next connection."
)

_COMPLETED: Final = (
    "The connection dropped during this reply. goose went on with it, and what was missing was fetched afterwards."
)

_LOST_PROMPT: Final = "goose never got this message: the connection dropped before it arrived. Retry sends it again."

_TAIL: Final = 30
"""Messages at the end of the server's history that are enough where ours is here already."""

_DIFFERS: Final = "goose's own history of this session was cleared: the agent does not remember what is shown here."


class Link(Conversation):
    """One conversation with one server.

    Args:
        cwd: the folder goose works in, absolute.
        store: where the file is or will be.
        place: where the server is, "this computer" or its address.
        notebook: the notebook's path for the file's header, "" if unknown.
        session_id: the session to resume; None for a new one.
        mode: the mode to set when the session opens; None for the server's.
        model: the model to set, likewise.
        saved: whether it gets a file; what is replayed has one.
        visits: whether to connect without opening any session.
    """

    def __init__(
        self,
        *,
        cwd: str,
        store: Store,
        place: str = "",
        notebook: str = "",
        session_id: str | None = None,
        mode: str | None = None,
        model: str | None = None,
        saved: bool = True,
        visits: bool = False,
    ) -> None:
        super().__init__(cwd=cwd, store=store, place=place, notebook=notebook, session_id=session_id, saved=saved)
        self._settings = Settings(mode=mode, model=model)
        self._requests: dict[str, Callable[[Answered | Declined], None]] = {}  # by ticket: who waits for the answer
        self._speaker: Speaker | None = None  # of the newest connection
        self._transmit: Callable[[list[Outgoing]], None] | None = None  # None while not connected
        self._ready = False
        self._closed = False
        self._opened_before = False
        self._is_new, self._visits = session_id is None, visits
        self._stopping = False  # the turn was cancelled, and has not ended yet
        self._history: list[ev.Event] | None = None  # the server's, while it is replayed
        self._moved: str | None = None  # the notice of a move to another session, until that is open

    @property
    def is_ready(self) -> bool:
        """Whether the server has the session open, in the mode that was asked for."""
        return self._ready

    @property
    def decides_itself(self) -> bool:
        """Whether questions are answered by who asks them, and by nobody here."""
        return self._speaker is not None and self._speaker.decides_itself

    def status(self) -> str:
        """The one word for the state."""
        return status_of(
            closed=self._closed,
            failed=self.facts.problem is not None,
            ready=self._ready,
            reconnecting=self._opened_before or self.facts.reconnect is not None,
            turn=self._turn is not None,
            waiting=self._turn is not None and bool(self.open_requests()),
        )

    def resume(self, found: Found) -> None:
        """Show the conversation of a file, and end a turn in it that nobody finishes.

        Raises:
            SessionInUse: another kernel writes it; its conversation is shown all the same.
        """
        self.adopt(found)
        if self.facts.mode:
            self._settings.wanted.setdefault("mode", self.facts.mode)
        if self._turn is not None and not found.file.header.is_goose_web:  # that finishes it alone
            self._say(ev.TurnEnded(self._turn, "interrupted", {}, _CUT.format(what="The kernel stopped")))

    def _note(self, entry: Entry) -> None:
        super()._note(entry)
        match entry.event:
            case ev.TurnStarted():
                self._stopping = False
            case ev.Mode(mode) if self._ready:
                self._settings.wanted["mode"] = mode

    # The connection. Called by the client.

    def connecting(self) -> None:
        """A connection is being made: what went wrong before is past."""
        resumed = "" if self.facts.resumed == "read-only" else self.facts.resumed
        self._change(problem=None, read_only=False, resumed=resumed)
        self._refresh()

    def connected(self, speaker: Speaker, transmit: Callable[[list[Outgoing]], None]) -> None:
        """The socket is open; `speaker` knows what is said on it, `transmit` sends it."""
        self._speaker, self._transmit = speaker, transmit
        speaker.greet()
        self._flush()

    def disconnected(self, reason: str) -> None:
        """The socket is gone. A running turn is over with it, unless the server finishes it alone."""
        goes_on = self._speaker is not None and self._speaker.finishes_alone and not (self._stopping or self._closed)
        if self._speaker is not None and self._transmit is not None:
            self._say(*self._speaker.hang_up())
            self.commit()
        self._transmit = None
        self._ready = False
        self._history = None
        self._change(can_steer=False)
        for question in self.open_requests():
            self._say(
                ev.PermissionAnswered(question, None, by="", note="The connection dropped: the question is void.")
            )
        if self._turn is not None and self._stopping:
            self._say(ev.TurnEnded(self._turn, "cancelled"))
        elif not goes_on:
            self._interrupt(f"The connection dropped ({reason})")
        self.commit()
        self._settings.drop(f"The connection to goose dropped ({reason}).")
        self._drop_requests(f"the connection to goose dropped ({reason})")
        self._refresh()

    def reconnecting(self, attempt: int, retry_at: float, reason: str) -> None:
        """The next try is at `retry_at` (seconds since the epoch)."""
        self._change(reconnect={"attempt": attempt, "retry_at": retry_at, "reason": reason})
        self._refresh()

    def _interrupt(self, what: str) -> None:
        """An open turn is over for us; `what` happened, without a full stop."""
        if self._turn is not None:
            cut = _LEFT if self._speaker is None or self._speaker.finishes_alone else _CUT
            self._say(ev.TurnEnded(self._turn, "interrupted", {}, cut.format(what=what)))
            self.commit()

    def fail(self, problem: errors.GooseError) -> None:
        """The chat can't go on until the user does something."""
        if not self.facts.read_only:
            self._interrupt(problem.title.rstrip("."))
        self._ready = False  # whatever becomes of this connection: who presses Retry waits for the next one
        self._change(problem=problem, reconnect=None)
        self._refresh()

    def show_only(self, problem: errors.GooseError) -> None:
        """The conversation can be read and not be continued."""
        self._change(read_only=True, resumed="read-only")
        self.fail(problem)

    def close(self) -> None:
        """End: nothing is received or sent any more."""
        self._closed = True
        self.disconnected("the chat was closed")
        self._journal.close()
        self._change(reconnect=None)
        self._refresh()

    def feed(self, frame: Incoming) -> None:
        """A frame of the server, or what was fetched from it; what it says is pending until `commit`."""
        for said in self._server.receive(frame):
            match said:
                case (
                    Greeted()
                    | Opened()
                    | WorksIn()
                    | Steerable()
                    | SteerAnswered()
                    | Choices()
                    | Configured()
                    | Refused()
                    | Saved()
                ):
                    self.commit()
                    self._signal(said)
                case Answered(ticket) | Declined(ticket):
                    self.commit()
                    if (waiter := self._requests.pop(ticket, None)) is not None:
                        waiter(said)
                case ev.PermissionAsked(request_id) if self._stopping:
                    self._say(said)
                    self.dismiss(request_id, "You stopped the turn.")
                case _ if self._history is not None and isinstance(said, _CONVERSATION):
                    self._history.append(said)
                case ev.UserMessage(prompt_id=str(prompt_id), steered=True):
                    self._say(said, ev.Unqueued(prompt_id))
                case _:
                    self._say(said)
        self._flush()

    def _signal(self, signal: Signal) -> None:
        match signal:
            case Greeted(agent, version, can_load, accepts):
                self._agent = f"{agent} {version}".strip()
                self._change(server=f"{self._agent}, {self.place}", accepts=accepts)
                if self._visits:
                    self._maybe_ready()
                elif self.facts.session_id is None:
                    self._server.new_session(self._cwd)
                elif not can_load:
                    self.show_only(errors.UnknownSession(self.facts.session_id))
                else:
                    self._load(tail=_TAIL if self.log.read(len) else 0)
            case Choices(modes, models):
                self._change(
                    modes=self.facts.modes if modes is None else modes,
                    models=self.facts.models if models is None else models,
                )
            case WorksIn(folder):
                self._change(cwd=folder)
            case Steerable(now):
                self._change(can_steer=now)
            case SteerAnswered(prompt_id, refusal):
                self._steer_answered(prompt_id, refusal)
            case Opened(session_id, loaded, skipped):
                self._open(session_id, loaded=loaded, skipped=skipped)
            case Configured(setting, value):
                self._settings.took(setting, value)
                self._say(ev.Mode(value) if setting == "mode" else ev.Model(value))
                self.commit()
                self._settings.settle(setting, None)
                self._maybe_ready()
            case Saved(replayed, over, error):
                self._align(list(replayed), 0)
                if over and self._turn is not None:
                    end = ev.TurnEnded(self._turn, "interrupted" if error else "end_turn", {}, error)
                    self._say(end, *([] if error else [ev.Notice("info", _COMPLETED)]))
            case Refused(request, code, message):
                self._refused(request, code, message)

    def _load(self, *, tail: int) -> None:
        assert self.facts.session_id is not None
        self._history = []
        self._server.load_session(self.facts.session_id, self._cwd, self._open_turn(), tail=tail)

    def _open(self, session_id: str, *, loaded: bool, skipped: int) -> None:
        self._change(session_id=session_id)
        replayed, self._history = self._history or [], None
        if not self._server.finishes_alone:
            self._interrupt("The kernel stopped")  # a turn of a goose web, which is now another goose
        if loaded and self._moved is None and not self._align(replayed, skipped):
            return
        if self._moved is not None:
            self._say(ev.Notice("info" if loaded else "warning", self._moved.replace("{new}", session_id)))
            self._moved = None
        elif loaded and not self.facts.resumed and not self._is_new:
            self._change(resumed="attached")
        for setting, value in self._settings.open({"mode": self.facts.mode, "model": self.facts.model}).items():
            self._server.set(setting, value)
        self._maybe_ready()

    def _refused(self, request: str, code: int, message: str) -> None:
        match request:
            case "mode" | "model" if self._ready:
                refusal = f"goose did not change the {request}: {message}."
                self._say(ev.Notice("error", refusal))
                self.commit()
                self._settings.settle(request, refusal)
            case "mode" | "model":
                # Never go on in another mode than was asked for: it decides what runs without a question.
                asked = self._settings.wanted.pop(request)
                offered = self.facts.modes if request == "mode" else self.facts.models
                self.fail(errors.SettingRefused(request, asked, [choice.id for choice in offered], message))
            case "load" if code == SESSION_NOT_FOUND and self._opened_before and not self.log.read(len):
                self._history = None  # nothing was said in it that could be lost
                self._server.new_session(self._cwd)
            case "load" | "prompt" if code == SESSION_NOT_FOUND:
                self._history = None
                self._interrupt("goose does not know the session any more")
                self._restore_or(errors.UnknownSession(str(self.facts.session_id)))
            case _:
                self._history = None
                self.fail(errors.from_refusal(request, message))

    def _align(self, replayed: list[ev.Event], skipped: int) -> bool:
        """Add what the server's history has and ours has not; False if the session can't be used with it (yet)."""
        try:
            self._take(replayed, is_tail=skipped > 0)
        except history.TooShort:
            self._load(tail=0)
            return False
        except history.OtherConversation:
            if replayed or not self._opened_before:
                self._restore_or(errors.OtherConversation(str(self.facts.session_id)))
                return False
            self._say(ev.Notice("warning", _DIFFERS, once=True))
        return True

    def _take(self, replayed: list[ev.Event], *, is_tail: bool = False) -> None:
        must_remember = not (self._opened_before or self._server.finishes_alone)
        missing = self.log.read(
            lambda transcript: history.missing(
                transcript, replayed, is_tail=is_tail, must_remember=must_remember, is_ours=self._opened_before
            )
        )
        if missing:
            end = [] if self._turn is not None else [ev.TurnEnded("", "end_turn")]
            self._say(*self._with_steers(missing), *end)
            self.commit()
            if self._server.finishes_alone:
                self._cut = None
        cut = self.facts.interrupted
        if cut is None or cut["partial"] or self._server.finishes_alone:
            return
        if self.log.read(lambda transcript: history.is_lost(transcript, replayed)):
            self._say(ev.TurnEnded(cut["prompt_id"], "failed", {}, _LOST_PROMPT))
            self.commit()

    def _with_steers(self, missing: list[ev.Event]) -> list[ev.Event]:
        """The events, and in them what steered a turn that was cut off before goose said that it took it up."""
        waiting = self._queue.steering()
        found: list[ev.Event] = []
        for event in missing:
            said = event.text.strip() if isinstance(event, ev.UserMessage) else None
            known = next((each for each in waiting if each.text.strip() == said), None)
            if isinstance(event, ev.UserMessage) and known is not None:
                waiting.remove(known)
                found += [replace(event, prompt_id=known.id, steered=True), ev.Unqueued(known.id)]
            else:
                found.append(event)
        return found

    def _steer_answered(self, prompt_id: str, refusal: str) -> None:
        """The server has what was to steer the turn, or refused it."""

    def request(self, request: Request, then: Callable[[Answered | Declined], None]) -> None:
        """Ask the server something about its sessions; `then` gets the answer, also if the connection drops."""
        ticket = uuid.uuid4().hex
        if self._transmit is None:
            then(Declined(ticket, "goose is not connected"))
            return
        self._requests[ticket] = then
        self._server.request(ticket, request)
        self._flush()

    def _drop_requests(self, reason: str) -> None:
        requests, self._requests = self._requests, {}
        for ticket, then in requests.items():
            then(Declined(ticket, reason))

    def _open_turn(self) -> OpenTurn | None:
        if self._turn is None:
            return None
        items = self.log.turn(self._turn)
        text = items[0]["text"] if items else ""
        nth = 1 + self.log.read(lambda transcript: transcript.answered(text))
        return OpenTurn(self._turn, text, nth, heard=any(item["kind"] in REPLY for item in items))

    def _maybe_ready(self) -> None:
        if self._settings.are_taken and not self._ready:
            self._ready = self._opened_before = True
            self._change(problem=None, reconnect=None)
            self._refresh()
            self._has_opened()

    def _has_opened(self) -> None:
        """A prompt can be sent."""

    def _restore_or(self, problem: errors.SessionError) -> None:
        """The server does not have this conversation; `problem` says so."""
        self.show_only(problem)

    def dismiss(self, request_id: str, note: str) -> None:
        """Answer a permission request with `cancelled`, because nobody can decide it; `note` says why."""
        self._server.answer(request_id, None)
        self._say(ev.PermissionAnswered(request_id, None, by="policy", note=note))
        self._flush()

    def _flush(self) -> None:
        said = self._server.take_outbox()
        if said and self._transmit is not None:
            self._transmit(said)

    @property
    def _server(self) -> Speaker:
        assert self._speaker is not None, "never connected"
        return self._speaker


_CONVERSATION: Final = (ev.UserMessage, ev.Text, ev.Thought, ev.Content, ev.ToolCall, ev.LiveOutput, ev.Plan)
