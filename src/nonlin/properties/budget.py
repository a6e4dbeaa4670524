"""Work for an answer, and the lock under which answers are looked for."""

from __future__ import annotations

import threading
import time

from ..effort import effort
from ..expression import Expr
from ..rewrites import size

__all__ = ["ONE_AT_A_TIME", "Budget", "OutOfTime", "charge"]

# mpmath's precision is one setting for the whole process, so analyses take turns.
ONE_AT_A_TIME = threading.RLock()

_RATE = 500_000  # units of effort that a usual machine does in a second, with what is not counted
_PATIENCE = 2.5  # times the seconds; only a far slower machine stops by the clock


class OutOfTime(Exception):
    """The work for this answer is used up."""


class Budget:
    """A bound on work that loops ask about.

    Work is counted (:mod:`nonlin.effort`), so that answers depend on the formula and not on the
    machine. The clock has a say only where that would take several times as long as it should.
    """

    def __init__(self, seconds: float) -> None:
        self.end = effort.spent + int(seconds * _RATE)
        self.deadline = time.monotonic() + _PATIENCE * seconds

    def check(self) -> None:
        """Raise :class:`OutOfTime` where nothing is left."""
        effort.spent += 1
        if effort.spent > self.end or time.monotonic() > self.deadline:
            raise OutOfTime

    def part(self, share: float) -> Budget:
        """A share of what is left."""
        part = Budget(0.0)
        part.end = effort.spent + int(max(0, self.end - effort.spent) * share)
        part.deadline = self.deadline
        return part


def charge(expr: Expr) -> Expr:
    """Count the rewriting of ``expr``, which is about as much work as it is long; returns it."""
    effort.spent += 40 * size(expr)
    return expr
