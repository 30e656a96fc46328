"""A goose server without goose: a scripted agent behind both protocols, for trying out the chat and for tests.

It imports nothing of the package: what it takes for the protocols is what goose does, not what the chat expects.
"""

from __future__ import annotations

from .server import DemoServer, demo_endpoint, stop_demos

__all__ = ["DemoServer", "demo_endpoint", "stop_demos"]
