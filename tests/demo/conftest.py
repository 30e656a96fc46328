"""A demo server on a real port for each test: without pauses, or with those that a person would see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from goose_widget.demo import DemoServer


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[DemoServer]:
    """Without pauses."""
    server = DemoServer(tmp_path / "sessions", pace=0)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def slow_server(tmp_path: Path) -> AsyncIterator[DemoServer]:
    """As it is in a notebook."""
    server = DemoServer(tmp_path / "sessions")
    await server.start()
    yield server
    await server.stop()
