"""Which server a chat talks to: the kernel's own goose, one at an address, or the demo."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from . import errors
from .endpoint import Endpoint, parse, recognise
from .server import local_server

_PLACES: Final = {"local": "this computer", "demo": "the demo"}


class Target:
    """A server, wherever it is.

    Args:
        server: an address, "demo", or None for what `environment` says, or else for where the session lives.
        token: its key.
        ca: a file of authorities that its certificate may come from, besides the system's.
        headers: more headers for every request to it; secrets, as the key.
        demo: the folder of the demo's sessions.
        home: the `place` of the session to resume, "" if it has none.
        environment: `GOOSE_SERVER_URL` in it is an address, with its key in `GOOSE_SERVER__SECRET_KEY`; without it the
            kernel's own goose is meant.

    Attributes:
        place: where it is, for people: "this computer", "the demo" or its address.

    Raises:
        UsageError: not an address of a server, or a token without one, or `ca` or `headers` without one or not valid.
    """

    def __init__(
        self,
        server: str | None,
        token: str | None,
        *,
        ca: str | os.PathLike[str] | None = None,
        headers: Mapping[str, str] | None = None,
        demo: Path,
        home: str = "",
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        if server is None:
            if token is not None:
                raise errors.UsageError("token= is the key of a server; pass server= as well.")
            server = environment.get("GOOSE_SERVER_URL") or ("demo" if home == _PLACES["demo"] else None)
            token = environment.get("GOOSE_SERVER__SECRET_KEY")
        self._demo = demo
        self._what: Endpoint | Literal["local", "demo"] = "local"
        if server is not None:
            self._what = "demo" if server == "demo" else parse(server, token or "", headers=headers, ca=ca)
        if not isinstance(self._what, Endpoint) and (ca is not None or headers):
            raise errors.UsageError("ca= and headers= are for a server at an address; pass server= as well.")
        self.place = self._what.url if isinstance(self._what, Endpoint) else _PLACES[self._what]

    @property
    def is_elsewhere(self) -> bool:
        """Whether it has files of its own, so that a folder which is not here may be there."""
        return isinstance(self._what, Endpoint)

    @property
    def has_our_files(self) -> bool:
        """Whether its files are this computer's, as far as its address tells."""
        return not isinstance(self._what, Endpoint) or self._what.is_local

    def try_demo(self) -> None:
        """Talk to the demo from now on."""
        self._what, self.place = "demo", _PLACES["demo"]

    async def locate(self, *, by_user: bool) -> Endpoint:
        """Its address, once it runs.

        Args:
            by_user: a person asked for another attempt.

        Raises:
            SetupError: it can't be reached as it is set up.
        """
        match self._what:
            case "local":
                return await local_server().ensure(retry=by_user)
            case "demo":
                from .demo import demo_endpoint  # most chats never need it

                return Endpoint(*await demo_endpoint(self._demo))
            case Endpoint() as endpoint:
                found = await recognise(endpoint)  # each time: what was started anew there may be another goose
                self.place = found.url
                return found
