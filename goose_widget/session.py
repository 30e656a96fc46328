"""The heart: one conversation with one server, and what the user does with it.

A `Session` is fed frames and told what the user does; it writes every event to the file, applies it to the transcript
and tells its watcher what changed. No I/O but the store, no threads, no timers: `client.py` owns the socket and calls
`commit` when it is time. All of it belongs to the background thread, but for reading the `log`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from . import errors
from . import events as ev
from .continuing import GO_ON, quoting
from .document import continued, to_document
from .log import Loaded
from .prompting import Prompting
from .protocol.requests import Answered, Archive, Declined, Export, Import
from .settings import Answer
from .transcript import Item

_STOPPED_AWAY: Final = (
    "Stopped here, while the connection was down. goose may have gone on with the reply: what it has saved is fetched "
    "with the next connection."
)

_RENEWED: Final = (
    "goose does not know the session {old} any more. The conversation goes on here in the new session {new}; the agent "
    "does not remember what is above."
)

_RESTORED: Final = (
    "The session {old} is not at this server. Its conversation was brought here from the file beside the notebook and "
    "goes on in the new session {new}; the agent remembers it."
)

_GIVEN_BACK: Final = "goose has its partial reply back: it goes on in the new session {new}, in place of {old}."

_NOT_CONTINUED: Final = "The connection dropped before goose was asked to continue. Nothing was sent; try again."

_FORGOTTEN: Final = (
    "This conversation is too long to be brought to the server whole: the agent remembers only the end of it. All "
    "of it stays here."
)

_LARGEST_DOCUMENT: Final = 60 * 2**20
"""Bytes of a conversation in one message, a string in JSON; goose takes 64 MiB."""

_RESTORES: Final = 2
"""Tries to bring a conversation to a server in which the connection may drop."""

_RESTORE: Final = ("restore", "Bring it here")


class Session(Prompting):
    """One conversation with one server. Its arguments are those of `Link`."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.continuing = ""  # the prompt id of a continuation until it is sent
        self.aside: Aside = lambda work, then: then(work())  # does what takes long; inline, where nobody minds
        self._restores = 0  # that were tried
        self._unrestored: errors.SessionError | None = None  # why to restore it, once all of it is read

    # What the user does besides prompting.

    def stop(self) -> None:
        """Cancel the running turn, if there is one, or what has not become one yet."""
        if self.continuing:
            has_moved = self._moved is not None
            self._stop_continuing("cancelled", "Stopped before goose was asked to continue. Nothing was sent.")
            self._ready = self._ready or (self._transmit is not None and not has_moved)
            self._refresh()
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

    def set(self, setting: str, value: str, answered: Answer | None = None) -> None:
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
        self._settings.ask(setting, answered)
        self._server.set(setting, value)
        self._flush()

    def continue_turn(self, prompt_id: str) -> None:
        """Have goose go on with the reply that was cut off; the turn in which it does gets this prompt id.

        goose forgets what it was saying when its connection drops, so it gets that back: in a session that is imported
        with it, else quoted in the prompt. Until that is sent `continuing` is the prompt id, and `stop` gives it up.

        Raises:
            UsageError: there is no such reply, or the chat can't take a prompt now.
        """
        cut = self._interrupted_turn()
        if not cut["partial"]:
            raise errors.UsageError("Nothing had come of the reply, so there is nothing to continue. Ask again.")
        turn = self.log.turn(cut["prompt_id"])
        if self._server.decides_itself:  # a recording, whose goose had got its reply back
            self.prompt(prompt_id, GO_ON)
        elif self._server.finishes_alone:
            self.prompt(prompt_id, quoting(turn))
        else:
            self.continuing, self._ready = prompt_id, False
            self._refresh()
            self.request(Export(str(self.facts.session_id)), partial(self._exported, prompt_id, turn))

    def _exported(self, prompt_id: str, turn: list[Item], answer: Answered | Declined) -> None:
        if self.continuing != prompt_id:
            return
        try:
            if not isinstance(answer, Answered):
                raise ValueError(answer.message)
            document = continued(answer.value, turn)
        except ValueError:
            self._imported(prompt_id, turn, Declined("", "", False))
        else:
            self.request(Import(document, self._cwd), partial(self._imported, prompt_id, turn))

    def _imported(self, prompt_id: str, turn: list[Item], answer: Answered | Declined) -> None:
        if self.continuing != prompt_id:
            return  # the session that was made is one too many; goose has nothing else of it
        match answer:
            case Answered(_, str(session_id)):
                self._settings.keep(mode=self.facts.mode, model=self.facts.model)
                self.request(Archive(str(self.facts.session_id)), lambda _: None)
                self._move_to(session_id, _GIVEN_BACK)
            case _ if self._transmit is None:
                self._stop_continuing("failed", _NOT_CONTINUED)
            case _:
                self.continuing, self._ready = "", True
                self._refresh()
                self.prompt(prompt_id, quoting(turn))

    def _has_opened(self) -> None:
        super()._has_opened()
        if prompt_id := self.continuing:
            self.continuing = ""
            self._refresh()
            self.prompt(prompt_id, GO_ON)

    def _stop_continuing(self, stop_reason: str, why: str) -> None:
        """Nothing was sent, and nothing will be."""
        if prompt_id := self.continuing:
            self.continuing = ""
            self._say(ev.TurnEnded(prompt_id, stop_reason, {}, why))
            self.commit()

    def status(self) -> str:
        """The one word for the state."""
        return "running" if self.continuing and self._transmit is not None else super().status()

    def _may_send(self) -> bool:
        return super()._may_send() and not self.continuing

    def fail(self, problem: errors.GooseError) -> None:
        """The chat can't go on until the user does something."""
        self._stop_continuing("failed", f"{problem.title} Nothing was sent.")
        super().fail(problem)

    def close(self) -> None:
        """End: nothing is received or sent any more."""
        self._stop_continuing("failed", "The chat was closed before goose was asked to continue. Nothing was sent.")
        super().close()

    def retry_turn(self, prompt_id: str) -> None:
        """Ask again what was asked when the reply was cut off.

        Raises:
            UsageError: there is no such turn, or the chat can't take a prompt now.
        """
        turn = self.log.turn(self._interrupted_turn()["prompt_id"])
        self.prompt(prompt_id, turn[0]["text"], tuple(turn[0]["content"]))

    def _interrupted_turn(self) -> dict[str, Any]:
        if self.facts.interrupted is None:
            raise errors.UsageError("No reply was interrupted.")
        self._check_ready()
        return self.facts.interrupted

    # From one session of the server to another.

    def renew(self) -> None:
        """Give up the server's session: the next connection makes a new one, and the conversation goes on in it."""
        self._moved, self._opened_before = _RENEWED.replace("{old}", str(self.facts.session_id)), False
        self._journal.move()
        self._change(session_id=None, problem=None, read_only=False, resumed="")

    def _restore_or(self, problem: errors.SessionError) -> None:
        """Bring the conversation into this server, which does not have it; `problem` says so where that can't be."""
        if not self.log.read(len):
            self.show_only(problem)
        elif self._opened_before:  # to reconnect never makes a session unasked
            if not self._server.finishes_alone:  # a goose web takes no sessions
                problem.offers = (_RESTORE, *problem.offers)
            self.show_only(problem)
        else:
            self._restore(problem)

    def restore(self) -> None:
        """Bring the conversation into this server with the next connection, because the user said so."""
        self._opened_before = False

    def complete(self, loaded: Loaded) -> None:
        super().complete(loaded)
        if self._unrestored is not None:
            problem, self._unrestored = self._unrestored, None
            if self._transmit is not None:  # else the next connection finds out again
                self._restore(problem)

    def _restore(self, problem: errors.SessionError) -> None:
        if not self.log.is_whole:
            self._unrestored = problem
            return

        def done(answer: Answered | Declined) -> None:
            match answer:
                case Answered(_, str(session_id)):
                    self._change(resumed="restored")
                    self._move_to(session_id, _RESTORED)
                case Declined(_, message, offered) if self._transmit is not None:
                    problem.detail = f"It can't be brought there either: {message}." if offered else ""
                    self.show_only(problem)

        def made(document: dict[str, Any], is_cut: bool) -> None:
            if self._speaker is not speaker or self._transmit is None:
                return  # the next connection finds out again
            if is_cut:
                self._say(ev.Notice("warning", _FORGOTTEN, once=True))
            self.request(Import(document, self._cwd), done)

        speaker = self._speaker
        if self._restores == _RESTORES:  # goose may close the connection because of it
            self._restores = 0
            problem.detail = "The connection dropped each time that it was brought there."
            problem.offers = (_RESTORE, *problem.offers)
            self.show_only(problem)
            return
        self._restores += 1
        items = self.log.snapshot()[1]
        facts = {"session_id": str(self.facts.session_id), "cwd": self._cwd, "title": self.facts.title}
        self.aside(partial(_document, items, **facts), lambda result: made(*result))

    def _move_to(self, session_id: str, notice: str) -> None:
        """Go on in another session of this server, which has the conversation; the file goes on in a new one."""
        self._moved = notice.replace("{old}", str(self.facts.session_id))
        self._journal.move()
        self._change(session_id=session_id, problem=None, read_only=False)
        self._load(tail=1)
        self._flush()


Aside = Callable[[Callable[[], Any], Callable[[Any], object]], object]
"""Calls the first function, maybe on another thread, and then on this one the second with what it returned."""


def _document(items: list[Item], **facts: str) -> tuple[dict[str, Any], bool]:
    """The conversation as goose imports it, and whether its beginning had to be left out for its size."""
    is_cut = False
    while True:
        document = to_document(items, **facts, created=items[0].get("time", 0.0) if items else 0.0)
        as_sent = json.dumps(json.dumps(document, ensure_ascii=False), ensure_ascii=False)
        if len(items) < 2 or len(as_sent.encode("utf-8", "replace")) < _LARGEST_DOCUMENT:
            return document, is_cut
        items, is_cut = items[len(items) // 2 :], True
