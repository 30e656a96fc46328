"""Where `make` has put what the tests and the demo run on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = Path(sys.prefix)


def goose() -> str | None:
    """The goose binary: `GOOSE_TEST_BIN`, else the pinned one; None on a platform that it is not published for."""
    pinned = sorted((ROOT / "tests/goose/node_modules/@aaif").glob("goose-binary-*/bin/goose*"))
    return os.environ.get("GOOSE_TEST_BIN") or next(map(str, pinned), None)


def ipykernel6() -> str:
    """The folder for `JUPYTER_PATH` which has the kernel `python3-ipykernel6`."""
    return str(VENV / "ipykernel6/share/jupyter")
