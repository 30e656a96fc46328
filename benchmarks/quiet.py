"""Waits for a machine that others use too to be as fast as it was at its best."""

from __future__ import annotations

import time
from typing import Final

SAMPLE: Final = 0.05
"""Seconds for which it computes to see how fast it is."""

IN_A_ROW: Final = 5
"""Samples that must be good."""

NEARLY: Final = 0.85
"""Of the best speed so far, what is good."""

AT_ONCE: Final = 10.0
"""Seconds that it waits at most before one measurement, so that patience is left for the last ones."""


class Machine:
    """The machine.

    Args:
        patience: seconds that may be waited for it in all.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._best = 0.0

    def settle(self) -> None:
        """Wait until others leave it alone, for `AT_ONCE` seconds or as long as there is patience."""
        began, good, limit = time.monotonic(), 0, min(AT_ONCE, self._patience)
        while good < IN_A_ROW and time.monotonic() - began < limit:
            speed = _speed()
            self._best = max(self._best, speed)
            good = good + 1 if speed > NEARLY * self._best else 0
        self._patience -= max(0.0, time.monotonic() - began - IN_A_ROW * SAMPLE)


def _speed() -> float:
    """Steps in a second."""
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < SAMPLE:
        sum(range(100))
        steps += 1
    return steps / (time.perf_counter() - began)
