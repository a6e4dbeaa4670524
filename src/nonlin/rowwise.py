"""The compiled functions of rows over arrays of any memory and format, by several threads where that pays.

Rows that lie one after another are read and written where they are; others (another axis, a step,
another byte order, 16 bits) go through a buffer, some at a time.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonlin.arrays import in_parts, same_or_apart

__all__ = ["Job", "Losses"]

Array = NDArray[Any]

_GROUP = 64  # rows that are computed together: parts for threads are whole groups
_BUFFER = 1 << 16  # scores in a buffer, about
_local = threading.local()


@lru_cache(64)
def _function(kind: str, dtype: str) -> Any:
    from nonlin.compiler.row_kernel import rows

    return getattr(rows(dtype), kind)


@lru_cache(64)
def _constants(dtype: str, temperature: float) -> Array:
    from nonlin.compiler.row_kernel import constants_of

    return np.array(constants_of(dtype, temperature))


def _memory(n: int) -> int:
    """The address of memory for rows of n scores, which this thread keeps for the next call."""
    from nonlin.compiler.row_kernel import work_size

    size = work_size(n) + 64
    kept = getattr(_local, "memory", None)
    if kept is None or kept.nbytes < size:
        kept = np.empty(size, np.uint8)
        if n <= _BUFFER:
            _local.memory = kept
        else:
            _local.large = kept  # until the call is over
    address: int = kept.ctypes.data
    return address + -address % 64


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


@dataclass(frozen=True, slots=True)
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
        name = "float64" if self.double or z.dtype.itemsize == 8 else "float32"
        dtype = np.dtype(name)
        direct = (
            _in_place(z, dtype)
            and (out is None or (_in_place(out, dtype) and same_or_apart(out, z)))
        )  # fmt: skip
        if direct:
            at_z, at_out, step = z.ctypes.data, 0 if out is None else out.ctypes.data, n * dtype.itemsize

            def part(start: int, rows: int) -> None:
                skip = start * step
                self.call(name, at_z + skip, at_out + skip if at_out else 0, start, rows, n)

            in_parts(part, count, n, _GROUP)
            return
        if out is not None and np.may_share_memory(out, z) and not same_or_apart(out, z):
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
                address = buffer.ctypes.data
                self.call(name, address, address if out is not None else 0, start, done, n)
                start += done
                if out is not None:
                    np.copyto(out[piece], here, casting="unsafe")

    def call(self, name: str, z: int, out: int, start: int, rows: int, n: int) -> None:
        """Rows from the address of the first, which is row ``start`` of all."""
        params = _constants(name, self.temperature)
        given = self.losses
        function = _function(self.kind, name)
        if given is None:
            function(z, 0, out, 0, rows, n, params.ctypes.data, 0, 0, 0, _memory(n))
            return
        function(
            z, given.targets.ctypes.data + 8 * start, out, given.losses.ctypes.data + 8 * start, rows, n,
            params.ctypes.data, 0 if given.weights is None else given.weights.ctypes.data,
            0 if given.smooth is None else given.smooth.ctypes.data, given.options.ctypes.data, _memory(n),
        )  # fmt: skip


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
