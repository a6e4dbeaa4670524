"""The package's locks, which whoever forks holds meanwhile: a child finds them free.

A lock that some other thread holds at that moment would stay closed in the child for ever, for that thread
is not there. All of them are made here, at once, with one pair of hooks: a module that another thread
imports during a fork would add its hooks between the two halves of it.
"""

from __future__ import annotations

import os
import threading

__all__ = ["code", "expressions", "kernels"]

code = threading.RLock()
"""Held by whoever makes machine code or waits for it."""
kernels = threading.RLock()
"""Held while an activation's table of kernels grows."""
expressions = threading.RLock()
"""Held while the table of expressions grows; reentrant, as the others, for handlers of signals."""

_IN_ORDER = (code, kernels, expressions)  # who holds one never waits for one before it


def _close() -> None:
    for lock in _IN_ORDER:
        lock.acquire()


def _open() -> None:
    for lock in reversed(_IN_ORDER):
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_close, after_in_parent=_open, after_in_child=_open)
