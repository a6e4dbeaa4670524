"""Time for an answer, and the lock under which answers are looked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["ONE_AT_A_TIME", "Budget", "OutOfTime"]

# mpmath's precision is one setting for the whole process, so analyses take turns.
ONE_AT_A_TIME = threading.RLock()


class OutOfTime(Exception):
    """The time for this answer is used up."""


class Budget:
    """A deadline that loops ask about."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.end = clock() + seconds

    def check(self) -> None:
        if self.clock() > self.end:
            raise OutOfTime

    def part(self, share: float) -> Budget:
        """A share of what is left."""
        return Budget(max(0.0, self.end - self.clock()) * share, self.clock)
