"""The compiled functions of rows over arrays of any memory and format, by several threads where that pays.

Rows that lie one after another are read and written where they are; others (another axis, a step,
another byte order, 16 bits) go through a buffer, some at a time.
"""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonlin.arrays import address, in_parts, workers_for
from nonlin.crew import Work

__all__ = ["FROM_HERE_THREADS", "Job", "Losses", "code_of", "room_of"]

Array = NDArray[Any]

_GROUP = 64  # rows that are computed together: parts for threads are whole groups
_BUFFER = 1 << 16  # scores in a buffer, about
_KEPT = 1 << 17  # memory for longer rows is given back after the call
_SINGLE, _DOUBLE = np.dtype(np.float32), np.dtype(np.float64)
_local = threading.local()
FROM_HERE_THREADS = 1 << 16
"""Fewer scores are always one thread's."""
_for_good: dict[tuple[str, str], tuple[Any, ...]] = {}


@lru_cache(64)
def _code(kind: str, dtype: str, temperature: float) -> tuple[Any, int, int, Array]:
    """A compiled function, its address, and the constants that it reads with theirs."""
    from nonlin.compiler.row_kernel import constants_of, rows

    constants = np.array(constants_of(dtype, temperature))
    function = getattr(rows(dtype), kind)
    place = ctypes.cast(function, ctypes.c_void_p).value or 0
    return function, place, address(constants), constants


def code_of(kind: str, dtype: str) -> tuple[int, int]:
    """The addresses of a compiled function and of its constants at a temperature of 1, for good."""
    code = _for_good.setdefault((kind, dtype), _code(kind, dtype, 1.0))
    return code[1], code[2]


def room_of(n: int) -> Array:
    """Memory of this thread's for rows of n scores, as bytes."""
    return _Room.of(n, 1).memory


@dataclass(frozen=True, slots=True)
class _Room:
    """Memory for rows of so many scores, for each of some threads."""

    size: int
    workers: int
    memory: Array

    @classmethod
    def of(cls, n: int, workers: int) -> _Room:
        """One that this thread has kept, or a new one."""
        kept: _Room | None = getattr(_local, "room", None)
        if kept is None or kept.size < n or kept.workers < workers:
            from nonlin.compiler.row_shape import work_size

            size = max(n, 1 << 12)
            each = work_size(size) + 63 & -64
            kept = _local.room = cls(size, workers, np.empty(each * workers + 64, np.uint8))
        return kept

    @property
    def at(self) -> int:
        begin = address(self.memory)
        return begin + -begin % 64

    @property
    def each(self) -> int:
        """Bytes from one thread's memory to the next one's."""
        return (self.memory.size - 64) // self.workers


@dataclass(frozen=True, slots=True)
class Losses:
    """What the code for losses is given beside the scores, and what it fills in.

    ``targets`` and ``losses`` are flat; ``weights`` and ``smooth`` are None or longer than a row, by
    16 zeros; ``options`` as :func:`nonlin.compiler.row_loops.write` has it.
    """

    targets: Array
    losses: Array
    weights: Array | None
    smooth: Array | None
    options: Array


@dataclass(slots=True)
class Job:
    """One kind of result of all rows of an array; in float64 for any scores if ``double``."""

    kind: str
    temperature: float = 1.0
    losses: Losses | None = None
    double: bool = False

    def run(self, z: Array, out: Array | None) -> None:
        """``out`` has the shape of ``z``, whose rows are along the last axis."""
        n = z.shape[-1]
        count = z.size // n
        if count == 0:
            return
        double = self.double or z.dtype.itemsize == 8
        dtype, name = (_DOUBLE, "float64") if double else (_SINGLE, "float32")
        direct = (
            _in_place(z, dtype)
            and (out is None or (_in_place(out, dtype) and _same_or_apart(out, z)))
        )  # fmt: skip
        if direct:
            code = _code(self.kind, name, self.temperature)
            workers = workers_for(z.size, -(-count // _GROUP))
            room = _Room.of(n, workers)
            to = 0 if out is None else address(out)
            first = self.arguments(code[2], address(z), to, 0, count, n, room)
            if workers == 1:
                code[0](*first)
            else:
                step, given = n * dtype.itemsize, self.losses is not None
                work = Work(
                    code[1], count, _GROUP, first,
                    row=(step, 8 * given, step if to else 0, 8 * given), own=(*[0] * 10, room.each),
                )  # fmt: skip
                in_parts(work, code[0], workers)
            self.tidy(n)
            return
        if out is not None and np.may_share_memory(out, z) and not _same_or_apart(out, z):
            z = z.copy()  # what is written could be read later
        most = max(_BUFFER // n, 1)
        buffer = np.empty(min(count, most) * n, dtype)
        start = 0
        for piece in _pieces(z.shape[:-1], most):
            rows = z[piece]
            here = buffer[: rows.size].reshape(rows.shape)
            with np.errstate(all="ignore"):
                np.copyto(here, rows, casting="unsafe")
                done = rows.size // n
                at = address(buffer)
                to = at if out is not None else 0
                function, _, params, _ = _code(self.kind, name, self.temperature)
                function(*self.arguments(params, at, to, start, done, n, _Room.of(n, 1)))
                start += done
                if out is not None:
                    np.copyto(out[piece], here, casting="unsafe")
        self.tidy(n)

    def arguments(
        self, params: int, z: int, out: int, start: int, rows: int, n: int, room: _Room
    ) -> tuple[int, ...]:
        """Of a call for rows from the address of the first, which is row ``start`` of all."""
        given = self.losses
        if given is None:
            return z, 0, out, 0, rows, n, params, 0, 0, 0, room.at
        return (
            z, address(given.targets) + 8 * start, out, address(given.losses) + 8 * start, rows, n,
            params, address(given.weights), address(given.smooth), address(given.options), room.at,
        )  # fmt: skip

    @staticmethod
    def tidy(n: int) -> None:
        """Memory for long rows is not kept."""
        if n > _KEPT:
            _local.room = None


def _same_or_apart(out: Array, z: Array) -> bool:
    return (
        out is z
        or not np.may_share_memory(out, z)
        or (address(out) == address(z) and out.strides == z.strides and out.dtype == z.dtype)
    )


def _in_place(array: Array, dtype: np.dtype[Any]) -> bool:
    flags = array.flags
    return bool(array.dtype == dtype and flags.c_contiguous and flags.aligned)


def _pieces(shape: tuple[int, ...], most: int) -> Iterator[tuple[int | slice, ...]]:
    """Indices that cut an array into pieces of at most so many rows, in order.

    >>> list(_pieces((2, 5), 3))
    [(0, slice(0, 3, None)), (0, slice(3, 6, None)), (1, slice(0, 3, None)), (1, slice(3, 6, None))]
    """
    if math.prod(shape) <= most:
        yield ()
        return
    axis = len(shape) - 1
    while math.prod(shape[axis:]) <= most:
        axis -= 1
    step = most // math.prod(shape[axis + 1 :])
    for outer in product(*map(range, shape[:axis])):
        for start in range(0, shape[axis], step):
            yield (*outer, slice(start, start + step))
