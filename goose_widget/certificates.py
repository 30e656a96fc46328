"""Who is believed to be the server: whom an authority of the system vouches for, or one of the user's own.

The system's are those of OpenSSL, with `$SSL_CERT_FILE` and `$SSL_CERT_DIR` in their place where these are set. There
is no way to do without the checks: the server's key would be anybody's.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Final

from . import errors

_FAULTS: Final = {
    9: "it is not valid yet, or this computer's clock is wrong",
    10: "it has expired",
    18: "it is self-signed",
    19: "it comes from an authority that this computer does not know",
    20: "it comes from an authority that this computer does not know",
    21: "it comes from an authority that this computer does not know",
    62: "it belongs to another name",
    64: "it belongs to another name",
}
"""By OpenSSL's number of what `verify` found (X509_V_ERR_…)."""


def check_file(ca: str | os.PathLike[str]) -> str:
    """The absolute path of a file with certificates of authorities.

    Raises:
        UsageError: it can't be read, or holds no certificate.
    """
    if not isinstance(ca, str | os.PathLike) or not str(ca):
        raise errors.UsageError(f"ca= must be the path of a file, not {ca!r}.")
    path = str(Path(ca).expanduser().absolute())
    context(path)
    return path


def context(ca: str = "") -> ssl.SSLContext:
    """What checks the server's certificate, made anew for each connection: files of certificates are renewed.

    Args:
        ca: a file of authorities besides the system's, "" for none.

    Raises:
        UsageError: `ca` can't be read, or holds no certificate.
    """
    checks = ssl.create_default_context()
    if ca:
        try:
            checks.load_verify_locations(cafile=ca)
        except ssl.SSLError:
            what = "it holds no certificate in PEM format (`-----BEGIN CERTIFICATE-----`)"
            raise errors.UsageError(f"ca={ca!r} can't be used: {what}.") from None
        except OSError as error:
            raise errors.UsageError(f"ca={ca!r} can't be read: {error.strerror or error}.") from None
    return checks


def fault(error: ssl.SSLCertVerificationError) -> str:
    """What is wrong with a certificate, to go on after a colon."""
    return _FAULTS.get(error.verify_code, error.verify_message.rstrip("."))
