"""Rows of few scores go straight to NumPy's generalised universal functions.

That is for what most calls are: float32 or float64 without gaps, along the last axis, at a temperature of 1,
the mean of plain losses. All else, and every error, is :mod:`nonlin.rowwise`'s and its callers', which also compute
the same to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonlin.errors import CompileError
from nonlin.forks import code as _lock
from nonlin.rowwise import FROM_HERE_THREADS, code_of, room_of
from nonlin.ufuncs import fits

__all__ = ["Short"]

Array = NDArray[Any]

_SIMPLE = 0x101  # NumPy's flags for "without gaps in C's order" and "aligned"
_OFTEN = 1000  # calls after which compiling is worth it
_TARGETS = np.dtype(np.int64)


class Short:
    """The short way of one kind of call: it comes with the second call, if its code is at hand.

    >>> short = Short("softmax")
    >>> short.along(np.zeros((2, 1)), None) is None  # not there yet
    True
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._made: dict[np.dtype[Any], np.ufunc | None] = {}
        self._calls: dict[np.dtype[Any], int] = {}

    def along(self, z: Any, out: Any) -> Array | None:
        """Of each row along the last axis; ``None`` where that is the long way's."""
        if type(z) is not np.ndarray or not 0 < z.size < FROM_HERE_THREADS or not z.ndim:
            return None
        made = self._made.get(z.dtype)
        if made is None or z.flags.num & _SIMPLE != _SIMPLE:
            self._called(z.dtype)
            return None
        if out is not None and not (fits(out, z) and out.flags.num & _SIMPLE == _SIMPLE):
            return None
        result: Array = made(z, room_of(z.shape[-1]), out)
        return result

    def of_targets(self, z: Any, targets: Any) -> Any:
        """The losses, and the gradient if it is that; ``None`` where that is the long way's. It is, too, where
        the first loss is negative: then a target is no class."""
        if type(z) is not np.ndarray or type(targets) is not np.ndarray or z.ndim != 2:
            return None
        if targets.dtype is not _TARGETS or not 0 < z.size < FROM_HERE_THREADS:
            return None
        made = self._made.get(z.dtype)
        flags = z.flags.num & targets.flags.num
        if made is None or flags & _SIMPLE != _SIMPLE or targets.shape != z.shape[:1]:
            self._called(z.dtype)
            return None
        return made(z, targets, room_of(z.shape[1]))

    def _called(self, dtype: np.dtype[Any]) -> None:
        """Such a call goes the long way."""
        count = self._calls[dtype] = self._calls.get(dtype, 0) + 1
        if count == 1 or dtype in self._made or (count & (count - 1) and count < _OFTEN):
            return
        if dtype.char not in "fd" or not dtype.isnative:
            self._made[dtype] = None
            return
        from nonlin.compiler.row_ufunc import loops_at_hand, universal_rows

        if count < _OFTEN and not loops_at_hand(dtype.name):
            return
        with _lock:
            try:
                self._made[dtype] = universal_rows(
                    self.kind, dtype.name, *code_of(self.kind, dtype.name)
                )
            except (CompileError, MemoryError, OSError):  # there still is the long way
                self._made[dtype] = None
