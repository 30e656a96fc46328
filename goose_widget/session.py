"""The heart: one conversation, as a log that is written, reduced and shown.

A `Session` is fed frames and told what the user does; it writes every event to the file, applies it to the transcript
and tells its watcher what changed. No I/O but the store, no threads, no timers: `client.py` owns the socket and calls
`commit` when it is time. All of it belongs to the background thread, but for reading the `log`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from . import errors, history
from . import events as ev
from .conversation import Conversation
from .facts import WHY_NO_PROMPT, status_of
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
    WorksIn,
)
from .store import Store

_CUT: Final = (
    "{what} while goose was replying. What came of the reply is kept here, but goose forgot it: ask again to go on."
)

_LEFT: Final = (
    "{what} while goose was replying. What came of the reply is kept here. goose may have gone on with it: what it has "
    "saved is fetched with the next connection."
)

_COMPLETED: Final = (
    "The connection dropped during this reply. goose went on with it, and what was missing was fetched afterwards."
)

_STOPPED_AWAY: Final = (
    "Stopped here, while the connection was down. goose may have gone on with the reply: what it has saved is fetched "
    "with the next connection."
)

_RENEWED: Final = (
    "goose does not know the session {old} any more. The conversation goes on here in the new session {new}; the agent "
    "does not remember what is above."
)

_DIFFERS: Final = "goose's own history of this session differs from what is shown here: it may have been cleared."


class Session(Conversation):
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
    ) -> None:
        super().__init__(cwd=cwd, store=store, place=place, notebook=notebook, session_id=session_id, saved=saved)
        self._wanted = {key: value for key, value in (("mode", mode), ("model", model)) if value is not None}
        self._setting: set[str] = set()  # settings that must be taken before the first prompt
        self._answered: dict[str, list[Callable[[str | None], object]]] = {}
        self._speaker: Speaker | None = None  # of the newest connection
        self._transmit: Callable[[list[Outgoing]], None] | None = None  # None while not connected
        self._ready = False
        self._closed = False
        self._opened_before = False
        self._stopping = False  # the turn was cancelled, and has not ended yet
        self._history: list[ev.Event] | None = None  # the server's, while it is replayed
        self._gave_up: str | None = None  # a session, until it is said in which one it goes on

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

    def resume(self) -> None:
        """`read` the file of the session to resume, and end a turn in it that nobody finishes.

        Raises:
            SessionInUse: another kernel writes it; its conversation is shown all the same.
        """
        file = self.read()
        if self.facts.mode:
            self._wanted.setdefault("mode", self.facts.mode)
        finishes_alone = file is not None and file.header.server.endswith("/ws")  # a goose web
        if self._turn is not None and not finishes_alone:
            self._say(ev.TurnEnded(self._turn, "interrupted", {}, _CUT.format(what="The kernel stopped")))

    def _note(self, event: ev.Event) -> None:
        super()._note(event)
        match event:
            case ev.TurnStarted():
                self._stopping = False
            case ev.Mode(mode) if self._ready:
                self._wanted["mode"] = mode

    # The connection. Called by the client.

    def connecting(self) -> None:
        """A connection is being made: what went wrong before is past."""
        self._change(problem=None, read_only=False)
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
        for question in self.open_requests():
            self._say(
                ev.PermissionAnswered(question, None, by="", note="The connection dropped: the question is void.")
            )
        if self._turn is not None and self._stopping:
            self._say(ev.TurnEnded(self._turn, "cancelled"))
        elif not goes_on:
            self._interrupt(f"The connection dropped ({reason})")
        self.commit()
        for setting in list(self._answered):
            self._settle(setting, f"The connection to goose dropped ({reason}).")
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
        self._change(read_only=True)
        self.fail(problem)

    def renew(self) -> None:
        """Give up the server's session: the next connection makes a new one, and the conversation goes on in it."""
        self._gave_up, self._opened_before = self.facts.session_id, False
        self._continues = self._gave_up or ""
        self._journal.move()
        self._change(session_id=None, problem=None, read_only=False)

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
                case Greeted() | Opened() | WorksIn() | Choices() | Configured() | Refused() | Saved():
                    self.commit()
                    self._signal(said)
                case ev.PermissionAsked(request_id) if self._stopping:
                    self._say(said)
                    self.dismiss(request_id, "You stopped the turn.")
                case _ if self._history is not None and isinstance(said, _CONVERSATION):
                    self._history.append(said)
                case _:
                    self._say(said)
        self._flush()

    def _signal(self, signal: Signal) -> None:
        match signal:
            case Greeted(agent, version, can_load):
                self._agent = f"{agent} {version}".strip()
                self._change(server=f"{self._agent}, {self.place}")
                if self.facts.session_id is None:
                    self._server.new_session(self._cwd)
                elif not can_load:
                    self.show_only(errors.UnknownSession(self.facts.session_id))
                else:
                    self._history = []
                    self._server.load_session(self.facts.session_id, self._cwd, self._open_turn())
            case Choices(modes, models):
                self._change(
                    modes=self.facts.modes if modes is None else modes,
                    models=self.facts.models if models is None else models,
                )
            case WorksIn(folder):
                self._change(cwd=folder)
            case Opened(session_id, loaded):
                self._change(session_id=session_id)
                replayed, self._history = self._history or [], None
                if not self._server.finishes_alone:
                    self._interrupt("The kernel stopped")  # a turn of a goose web, which is now another goose
                if loaded and not self._take(replayed):
                    return
                if self._gave_up is not None:
                    self._say(ev.Notice("warning", _RENEWED.format(old=self._gave_up, new=session_id)))
                    self._gave_up = None
                now = {"mode": self.facts.mode, "model": self.facts.model}
                wanted = {setting: value for setting, value in self._wanted.items() if value != now[setting]}
                self._setting = set(wanted)
                for setting, value in wanted.items():
                    self._server.set(setting, value)
                self._maybe_ready()
            case Configured(setting, value):
                self._wanted[setting] = value
                self._say(ev.Mode(value) if setting == "mode" else ev.Model(value))
                self._setting.discard(setting)
                self.commit()
                self._settle(setting, None)
                self._maybe_ready()
            case Saved(replayed, over, error):
                self._take(list(replayed))
                if over and self._turn is not None:
                    end = ev.TurnEnded(self._turn, "interrupted" if error else "end_turn", {}, error)
                    self._say(end, *([] if error else [ev.Notice("info", _COMPLETED)]))
            case Refused(request, code, message):
                self._refused(request, code, message)

    def _refused(self, request: str, code: int, message: str) -> None:
        match request:
            case "mode" | "model" if self._ready:
                refusal = f"goose did not change the {request}: {message}."
                self._say(ev.Notice("error", refusal))
                self.commit()
                self._settle(request, refusal)
            case "mode" | "model":
                # Never go on in another mode than was asked for: it decides what runs without a question.
                asked = self._wanted.pop(request)
                offered = self.facts.modes if request == "mode" else self.facts.models
                self.fail(errors.SettingRefused(request, asked, [choice.id for choice in offered], message))
            case "load" if code == SESSION_NOT_FOUND and self._opened_before and not self.log.read(len):
                self._history = None  # nothing was said in it that could be lost
                self._server.new_session(self._cwd)
            case "load" | "prompt" if code == SESSION_NOT_FOUND:
                self._history = None
                self._interrupt("goose does not know the session any more")
                self.show_only(errors.UnknownSession(str(self.facts.session_id)))
            case _:
                self._history = None
                self.fail(errors.from_refusal(request, message))

    def _take(self, replayed: list[ev.Event]) -> bool:
        """Add what the server's history has and ours has not; False if it is another conversation."""
        try:
            missing = self.log.read(lambda transcript: history.missing(transcript, replayed))
        except history.OtherConversation:
            if not self._opened_before:
                self.show_only(errors.OtherConversation(str(self.facts.session_id)))
                return False
            missing = [ev.Notice("warning", _DIFFERS, once=True)]
        if missing:
            self._say(*missing, *([] if self._turn is not None else [ev.TurnEnded("", "end_turn")]))
            self.commit()
        return True

    def _open_turn(self) -> OpenTurn | None:
        if self._turn is None:
            return None
        items = self.log.turn(self._turn)
        text = items[0]["text"] if items else ""
        nth = 1 + self.log.read(lambda transcript: transcript.answered(text))
        return OpenTurn(self._turn, text, nth, heard=any(item["kind"] in _REPLY for item in items))

    def _maybe_ready(self) -> None:
        if not self._setting and not self._ready:
            self._ready = self._opened_before = True
            self._change(problem=None, reconnect=None)
            self._refresh()

    def _flush(self) -> None:
        said = self._server.take_outbox()
        if said and self._transmit is not None:
            self._transmit(said)

    @property
    def _server(self) -> Speaker:
        assert self._speaker is not None, "never connected"
        return self._speaker

    # What the user does.

    def prompt(self, prompt_id: str, text: str) -> None:
        """Start a turn. The prompt is in the file before it is sent.

        Raises:
            UsageError: the text is empty, or the chat can't take a prompt now; the message says why.
        """
        if not text.strip():
            raise errors.UsageError("The prompt is empty.")
        if self.facts.status != "ready":
            raise errors.UsageError(WHY_NO_PROMPT.get(self.facts.status, "The chat can't take a prompt now."))
        text = text.encode("utf-16", "surrogatepass").decode(
            "utf-16", "replace"
        )  # no file or browser holds half a pair
        self._say(ev.UserMessage(text, prompt_id), ev.TurnStarted(prompt_id))
        self.commit()
        self._server.prompt(prompt_id, text)
        self._flush()

    def stop(self) -> None:
        """Cancel the running turn, if there is one."""
        if self._turn is None:
            return
        if self._transmit is None:  # of a server that goes on with it: nobody there hears us now
            if self.facts.read_only:
                return  # another kernel's
            self._say(ev.TurnEnded(self._turn, "cancelled", {}, _STOPPED_AWAY))
            self.commit()
            return
        self._stopping = True
        for question in self._server.cancel():
            self._say(ev.PermissionAnswered(question, None, by="user", note="You stopped the turn."))
        self.commit()
        self._flush()

    def answer(self, request_id: str, option_id: str, *, by: str = "user", note: str = "") -> None:
        """Answer a permission request, once.

        Raises:
            UsageError: it is not open any more, has no such option, or is not to be answered here.
        """
        self.commit()
        item = self.log.tool_of(request_id)
        permission = item["permission"] if item is not None else None
        if permission is None or permission["request"] != request_id or permission["state"] != "open":
            raise errors.UsageError("This question is no longer open.")
        if option_id not in [option["id"] for option in permission["options"]]:
            raise errors.UsageError(f"This question has no option {option_id!r}.")
        if not self._server.answer(request_id, option_id):
            raise errors.UsageError("This question is no longer open.")
        self._say(ev.PermissionAnswered(request_id, option_id, by, note))
        self.commit()  # in the file before goose hears it
        self._flush()

    def dismiss(self, request_id: str, note: str) -> None:
        """Answer a permission request with `cancelled`, because nobody can decide it; `note` says why."""
        self._server.answer(request_id, None)
        self._say(ev.PermissionAnswered(request_id, None, by="policy", note=note))
        self._flush()

    def set(self, setting: str, value: str, answered: Callable[[str | None], object] | None = None) -> None:
        """Change `mode` or `model`; `answered` is called with None when goose did, else with the reason why not.

        Raises:
            UsageError: not connected, or not one of the values that the server offers.
        """
        if not self._ready:
            raise errors.UsageError(f"The {setting} can be changed once goose is connected.")
        offered = [choice.id for choice in (self.facts.modes if setting == "mode" else self.facts.models)]
        if offered and value not in offered:
            raise errors.UsageError(
                f"goose does not offer the {setting} {value!r}. It offers: {', '.join(offered[:20])}."
            )
        if answered is not None:
            self._answered.setdefault(setting, []).append(answered)
        self._server.set(setting, value)
        self._flush()

    def _settle(self, setting: str, refusal: str | None) -> None:
        for answered in self._answered.pop(setting, []):
            answered(refusal)


_REPLY: Final = ("agent", "thought", "tool")
_CONVERSATION: Final = (ev.UserMessage, ev.Text, ev.Thought, ev.Content, ev.ToolCall, ev.LiveOutput, ev.Plan)
