"""How much has been computed: a count that is the same on every machine.

What is looked for within a bound ends by this count and not by a clock, so that a slow or busy
machine finds what a quick one finds. Each thread counts for itself. A unit is about a microsecond.

>>> before = effort.spent
>>> effort.spent += 3
>>> effort.spent - before
3
"""

from __future__ import annotations

import threading

__all__ = ["effort"]


class _Effort(threading.local):
    spent: int = 0
    rewritten: int = 0  # steps of nonlin.rewrites


effort = _Effort()
"""Counted up by :mod:`nonlin.enclosure`, :mod:`nonlin.oracle` and :mod:`nonlin.properties`."""
