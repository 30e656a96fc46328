"""Golden files: what a test renders to text is compared with a file beside its fixture, and written there on demand.

UPDATE_GOLDEN=1 pytest tests/protocol tests/test_wire_fixtures.py && git diff tests/fixtures
"""

from __future__ import annotations

import os
from pathlib import Path

UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))


def check(path: Path, text: str) -> None:
    """Compare `text` with the file; with UPDATE_GOLDEN set, write it first."""
    if UPDATE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: run this test with UPDATE_GOLDEN=1 and look at what it wrote"
    assert text == path.read_text(encoding="utf-8"), (
        "not as in the golden file; if it should be, run with UPDATE_GOLDEN=1"
    )
