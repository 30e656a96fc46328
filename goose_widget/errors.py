"""The errors of goose-widget.

    GooseError                      everything below
    ├── UsageError                  you misused it (also a ValueError)
    ├── SetupError                  goose can't be reached as it is set up: do what the message says, then Retry
    │   ├── GooseNotFound           no goose on this computer
    │   ├── ProviderNotConfigured   goose has no model provider
    │   ├── ConnectionRefused       nothing answers at the server's address
    │   ├── CertificateRefused      the server's certificate is not to be trusted
    │   ├── BadProxy                the proxy on the way to the server can't be used
    │   ├── WrongKey                the server wants another key
    │   ├── AccessDenied            the server turns this computer away
    │   └── ServerTooOld            the server does not speak the protocol
    │       └── GooseTooOld         the goose on this computer has no `goose serve`
    ├── InternalError               goose-widget misbehaved
    ├── ServerError                 the server misbehaved
    │   ├── ServerCrashed           the local goose does not stay alive
    │   └── RequestRefused          it refused what a chat needs
    │       └── SettingRefused      it refused the mode or the model that was asked for
    ├── SessionError                a session can't be continued
    │   ├── UnknownSession          the server does not know it
    │   ├── OtherConversation       the server has another conversation under its id
    │   ├── SessionInUse            another kernel has it
    │   ├── ContinuedElsewhere      another cell of this kernel has it
    │   ├── TakenOver               another kernel took it over
    │   ├── AmbiguousSession        several conversations beside the notebook have its id
    │   └── SessionFileError        its file can't be written
    └── TurnError                   `ask` has no whole reply; `reply` is what there is, or None
        ├── TurnTimeout             the time is over (also a TimeoutError)
        ├── TurnInterrupted         the connection dropped, or the prompt was refused
        ├── ReplayMismatch          the prompt is not the one that was recorded
        └── PermissionUnanswered    goose asked for permission and nobody could answer

Every message says what happened (`title`) and what to do (`text`, Markdown); `to_wire` is the banner of
the widget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .reply import Reply
    from .sessions import SessionInfo


class GooseError(Exception):
    """Base of all errors of goose-widget.

    Attributes:
        code: a short name that stays the same, for code and tests.
        title: what happened, in a sentence.
        text: what to do, Markdown; "" if nothing.
        detail: the last lines of goose's log, "" if nothing.
        retry: whether trying again can help.
        offers: what else the user can do about it with a click, `(id, label)` each.
    """

    code: ClassVar[str] = "error"
    retry: ClassVar[bool] = True
    offers: tuple[tuple[str, str], ...] = ()

    def __init__(self, title: str, text: str = "", *, detail: str = "") -> None:
        self.title, self.text, self.detail = title, text, detail
        super().__init__(title)

    def __str__(self) -> str:
        return "\n".join(part for part in (self.title, self.text, self.detail) if part)

    def to_wire(self) -> dict[str, Any]:
        """As JSON for the browser."""
        return {
            "code": self.code,
            "title": self.title,
            "text": self.text,
            "detail": self.detail,
            "retry": self.retry,
            "offers": [{"id": offer, "label": label} for offer, label in self.offers],
        }


class UsageError(GooseError, ValueError):
    """You misused it."""

    code = "usage"
    retry = False


class SetupError(GooseError):
    """goose can't be reached as it is set up."""


class GooseNotFound(SetupError):
    """No goose on this computer. `configured`: what `GOOSE_BIN` holds, None if it is not set."""

    code = "no-goose"
    offers: tuple[tuple[str, str], ...] = (("demo", "Try the demo"),)

    def __init__(self, configured: str | None = None) -> None:
        if configured is None:
            title = "goose was not found on this computer."
            text = (
                "Install the goose command line ([how](https://goose-docs.ai/docs/getting-started/installation)), run "
                "`goose configure` once, then press Retry. If goose is installed elsewhere, set `GOOSE_BIN` to its "
                "path: `import os; os.environ['GOOSE_BIN'] = '/path/to/goose'`. To use a goose that runs already, pass "
                "`GooseChat(server='http://…', token='…')`. The demo needs no goose: it shows what this chat can do, "
                "with replies from a script."
            )
        else:
            title = f"GOOSE_BIN is {configured!r}, which is no program that can be run."
            text = (
                "Set it to the path of the goose program (`import os; os.environ['GOOSE_BIN'] = …`), or remove it to "
                "use the goose on the path; then press Retry."
            )
        super().__init__(title, text)


class ProviderNotConfigured(SetupError):
    """goose has no model provider."""

    code = "no-provider"

    def __init__(self, message: str = "") -> None:
        super().__init__(
            "goose has no model provider yet.",
            "Run `goose configure` in a terminal on the computer where goose runs, choose a provider and give its key; "
            "then press Retry.",
            detail=message,
        )


_PROXY_HINT = (
    "It comes from this kernel's environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`). Correct it there, or except "
    "the server from it: `import os; os.environ['NO_PROXY'] = 'the.server'`; then press Retry."
)


class ConnectionRefused(SetupError):
    """Nothing answers at the server's address. `proxy`: what is on the way there, "" for nothing."""

    code = "refused"

    def __init__(self, url: str, reason: str = "", *, proxy: str = "") -> None:
        super().__init__(
            f"No goose server answers at {url}" + (f" through the proxy {proxy}." if proxy else "."),
            "Start one there with `goose serve`, or correct the address; then press Retry."
            + (f" Or is it the proxy? {_PROXY_HINT}" if proxy else ""),
            detail=reason,
        )


class CertificateRefused(SetupError):
    """The server's certificate is not to be trusted. `fault`: why, without a full stop; `reason`: OpenSSL's words."""

    code = "certificate"

    def __init__(self, url: str, fault: str, reason: str = "") -> None:
        super().__init__(
            f"The certificate of {url} can't be trusted: {fault}.",
            "If its authority is your own, or it signed itself, pass the file of that certificate: "
            '`GooseChat(server=…, ca="authority.pem")`. A certificate that has expired, or that is for another name, '
            "has to be mended at the server. Then press Retry.",
            detail=reason,
        )


class BadProxy(SetupError):
    """The proxy on the way to the server can't be used. `fault`: why, to go on after its address."""

    code = "proxy"

    def __init__(self, proxy: str, fault: str) -> None:
        super().__init__(f"The proxy {proxy} {fault}.", _PROXY_HINT)


class WrongKey(SetupError):
    """The server wants another key."""

    code = "wrong-key"

    def __init__(self, url: str, *, given: bool, is_web: bool = False) -> None:
        what = "refused the key" if given else "wants a key, and none was given"
        key = "`--auth-token`" if is_web else "`GOOSE_SERVER__SECRET_KEY`"
        super().__init__(
            f"The goose server at {url} {what}.",
            f"Pass the {key} that the server was started with: `GooseChat(server=…, token=…)`. If the server was given "
            "this key just now, press Retry.",
        )


class AccessDenied(SetupError):
    """The server, or something in front of it, turns this computer away. `reason`: what it answered."""

    code = "forbidden"

    def __init__(self, url: str, status: int, reason: str = "") -> None:
        super().__init__(
            f"The server at {url} does not let this computer in (HTTP {status}).",
            "Something in front of it, as a proxy or a login page, has to allow it. Pass what it wants to see as "
            '`headers=`: a JupyterHub takes a token of its page "Token", '
            '`GooseChat(server=…, headers={"Authorization": "token …"})`. Then press Retry.',
            detail=reason,
        )


class ServerTooOld(SetupError):
    """The server does not speak the protocol. `reason`: what it answered."""

    code = "too-old"

    def __init__(self, url: str, reason: str = "") -> None:
        super().__init__(
            f"The server at {url} does not speak the protocol of this chat: it has no /{url.rpartition('/')[2]}.",
            "It may be another goose than the address says, or something else. Correct the address, or start "
            "`goose serve` there; then press Retry.",
            detail=reason,
        )


class GooseTooOld(ServerTooOld):
    """The goose on this computer has no `goose serve`. `program`: its path."""

    def __init__(self, program: str, log: str = "") -> None:
        SetupError.__init__(
            self,
            f"{program} has no `goose serve`: it is too old, or another program called goose.",
            "Update it with `goose update`, or set `GOOSE_BIN` to the path of a newer one; then press Retry.",
            detail=log,
        )


class InternalError(GooseError):
    """goose-widget misbehaved."""

    code = "internal"

    def __init__(self, cause: BaseException) -> None:
        super().__init__(
            f"goose-widget failed: {type(cause).__name__}: {cause}.",
            "The conversation is kept. Press Retry; if it happens again, please report it.",
        )


class ServerError(GooseError):
    """The server misbehaved."""


class ServerCrashed(ServerError):
    """The local goose does not stay alive. `reason`: why it ended, without a full stop; `log`: its last lines."""

    code = "crashed"

    def __init__(self, reason: str, log: str = "") -> None:
        self.reason = reason
        text = (
            "The last lines of its log are below. When what they name is mended, press Retry."
            if log
            else "It left nothing in its log; `goose serve` in a terminal may say more. Then press Retry."
        )
        super().__init__(f"goose does not stay alive: {reason}.", text, detail=log)


class RequestRefused(ServerError):
    """The server refused what a chat needs. `request`: greet, new or load."""

    code = "request-refused"

    def __init__(self, request: str, message: str) -> None:
        what = {"greet": "the connection", "new": "to begin a session", "load": "to load the session"}
        super().__init__(f"goose refused {what.get(request, request)}: {message}.", "Press Retry when that is mended.")


class SettingRefused(RequestRefused):
    """The server refused the mode or the model that was asked for."""

    code = "setting-refused"

    def __init__(self, setting: str, value: str, offered: list[str], message: str) -> None:
        offers = f" It offers: {', '.join(f'`{each}`' for each in offered[:30])}." if offered else ""
        GooseError.__init__(
            self,
            f"goose refused the {setting} {value!r}: {message}.",
            f"Nothing was sent.{offers} Retry goes on with the session's own {setting}; or run the cell again with "
            f"another `{setting}=`.",
        )


class SessionError(GooseError):
    """A session can't be continued."""


class UnknownSession(SessionError):
    """The server does not know it."""

    code = "unknown-session"
    offers: tuple[tuple[str, str], ...] = (("new", "Go on in a new session"),)

    def __init__(self, session_id: str) -> None:
        super().__init__(
            f"goose does not know the session {session_id}.",
            "It may be another computer's, or deleted. What is saved of it beside this notebook is shown. In a new "
            "session the conversation can go on below it, though the agent does not remember it. "
            "`GooseChat.sessions()` lists the sessions beside the notebook.",
        )


class OtherConversation(SessionError):
    """The server has another conversation under its id."""

    code = "other-conversation"

    def __init__(self, session_id: str) -> None:
        super().__init__(
            f"The goose server has another conversation under the id {session_id}.",
            "goose uses an id again after a session was deleted, and every computer counts for itself. The "
            "conversation saved beside this notebook is shown and can't be continued here; `GooseChat()` begins a new "
            "one.",
        )


class SessionInUse(SessionError):
    """Another kernel has it."""

    code = "in-use"
    offers: tuple[tuple[str, str], ...] = (("take-over", "Take over"),)

    def __init__(self, session_id: str) -> None:
        super().__init__(
            f"The session {session_id} is open in another kernel.",
            "It is shown here as it was saved, and can't be continued in two places. Take over goes on with it here "
            "and makes it read-only there; a reply that is running there is stopped. Or close it there "
            "(`chat.close()`), then press Retry.",
        )


class ContinuedElsewhere(SessionError):
    """Another cell of this kernel has it."""

    code = "continued-elsewhere"
    retry = False

    def __init__(self) -> None:
        super().__init__("This chat goes on in another cell.", "The same session was opened there.")


class TakenOver(SessionError):
    """Another kernel took it over."""

    code = "taken-over"
    retry = False
    offers: tuple[tuple[str, str], ...] = (("take-over", "Take it back"),)

    def __init__(self) -> None:
        super().__init__(
            "This chat goes on in another kernel, which took it over.",
            "What was said until then is shown here.",
        )


class AmbiguousSession(SessionError):
    """Several conversations beside the notebook have its id. `infos`: what their files say of them."""

    code = "ambiguous"
    retry = False

    def __init__(self, session_id: str, infos: Sequence[SessionInfo]) -> None:
        self.infos = tuple(infos)
        lines = (
            f"- `{info.path}`: {info.title[:80]!r}, {info.updated:%Y-%m-%d %H:%M}, {info.messages} messages, "
            f"on {info.server or 'an unknown server'}"
            for info in infos
        )
        super().__init__(
            f"{len(self.infos)} conversations have the id {session_id}.",
            "goose uses an id again after a session was deleted, and every computer counts for itself. Open one by its "
            'file, `GooseChat(path="…")`:\n\n' + "\n".join(lines),
        )


class SessionFileError(SessionError):
    """Its file can't be written."""

    code = "file"


class TurnError(GooseError):
    """`ask` has no whole reply; `reply` is what there is, or None."""

    def __init__(self, title: str, text: str = "", *, reply: Reply | None = None) -> None:
        self.reply = reply
        super().__init__(title, text)


class TurnTimeout(TurnError, TimeoutError):
    """The time is over."""

    code = "timeout"

    def __init__(self, timeout: float | None) -> None:
        super().__init__(
            f"goose was not done within {timeout:g} s; the turn was cancelled.",
            "What came of the reply is in the chat (`chat.items`). Pass a longer `timeout=`, or None for no limit.",
        )


class TurnInterrupted(TurnError):
    """The connection dropped, or the prompt was refused."""

    code = "interrupted"


class ReplayMismatch(TurnError):
    """The prompt is not the one that was recorded."""

    code = "replay"


class PermissionUnanswered(TurnError):
    """goose asked for permission and nobody could answer."""

    code = "permission"


def from_refusal(request: str, message: str) -> GooseError:
    """The error for a request that the server refused; the messages are goose 1.52's."""
    if "provider" in message.lower() and ("not found" in message.lower() or "resolve" in message.lower()):
        return ProviderNotConfigured(message)
    return RequestRefused(request, message)
