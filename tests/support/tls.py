"""Certificates for the tests' servers, made anew: of an authority that nobody knows, for `localhost` unless told."""

from __future__ import annotations

import ssl
from datetime import datetime
from pathlib import Path

import trustme


class Authority:
    """An authority; `file` is its certificate, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.file = folder / "authority.pem"
        self._ca.cert_pem.write_to_path(self.file)

    def server(self, *names: str, until: datetime | None = None) -> ssl.SSLContext:
        """The context of a server with a certificate for `names`, valid until `until`."""
        certificate = self._ca.issue_cert(*(names or ("localhost", "127.0.0.1")), not_after=until)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context
