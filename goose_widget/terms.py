"""What a chat was made with: where its sessions are, which server it talks to, and how."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .permission import OnPermission
from .store import SessionFile, Store
from .target import Target


@dataclass(frozen=True)
class Terms:
    """What a chat was made with; it holds for every session it goes to. See `Chat` for the arguments.

    Attributes:
        folder, notebook: the notebook's folder and its path, "" if unknown.
        store: where the sessions beside it are.
        directory: where goose works.
    """

    folder: Path
    notebook: str
    store: Store
    directory: Path
    server: str | None = None
    token: str | None = field(default=None, repr=False)
    ca: str | os.PathLike[str] | None = None
    headers: Mapping[str, str] | None = field(default=None, repr=False)
    mode: str | None = None
    model: str | None = None
    on_permission: OnPermission = None

    def target(self, file: SessionFile | None = None) -> Target:
        """The server of a chat that begins, or goes on with a file.

        Raises:
            UsageError: not an address of a server, or a token without one.
        """
        home = file.header.server if file is not None else ""
        demo = self.store.folder / "demo"
        return Target(self.server, self.token, ca=self.ca, headers=self.headers, demo=demo, home=home)
