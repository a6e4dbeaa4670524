"""What the array API asks of numbers, arrays and threads.

Arguments become arrays of one of the four formats that fill one stretch of memory; a kernel runs over
them, by several threads where that pays.
"""

from __future__ import annotations

import ctypes
import math
import operator
import os
import sys
import threading
import time
from collections.abc import Callable
from functools import cache
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nonlin.errors import DtypeError, ParameterError

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from nonlin.compiler.kernel import Kernel

__all__ = [
    "Array",
    "address",
    "as_floats",
    "check_out",
    "compute",
    "flat_memory",
    "format_of",
    "in_parts",
    "matched",
    "plain",
    "real_number",
    "run",
    "same_or_apart",
    "set_num_threads",
]

Array = NDArray[Any]

_SPLIT = 1 << 16  # elements per thread below which a second thread does not pay
_threads = [os.cpu_count() or 1]
_submitting: set[int] = (
    set()
)  # threads that hold the pool's locks, where a signal's handler may call us


def set_num_threads(n: int) -> None:
    """Use at most ``n`` threads for large arrays (all processors by default).

    Raises
    ------
    ValueError
        ``n`` is not a whole number of at least 1.
    """
    try:
        count = 0 if isinstance(n, bool) else operator.index(n)
    except TypeError:
        count = 0
    if count < 1:
        raise ValueError(f"the number of threads must be a whole number of at least 1, not {n!r}")
    _threads[0] = count
    _pool.cache_clear()


@cache
def _pool(pid: int) -> ThreadPoolExecutor:
    # Keyed by process: after a fork the parent's threads are not there.
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(_threads[0], thread_name_prefix="nonlin")


def _by_layout(array: Array | None) -> int:
    return 0 if array is None else _pointer(id(array) + object.__basicsize__).value or 0


def _by_interface(array: Array | None) -> int:
    return 0 if array is None else int(array.__array_interface__["data"][0])


def _quickest_address() -> Callable[[Array | None], int]:
    """NumPy's C interface has the pointer to the data behind an object's head; reading it there takes an eighth
    of the time that a dictionary of everything takes. Where a look shows something else, the dictionary it is."""
    probe = np.zeros(3, np.float32)
    if sys.implementation.name == "cpython":
        places = [probe, probe[1:], probe[::-1]]
        if all(_by_layout(a) == _by_interface(a) for a in places):
            return _by_layout
    return _by_interface


_pointer = ctypes.c_void_p.from_address
address = _quickest_address()
"""Where an array's memory begins; 0 for ``None``."""


def compute(
    kernel: Kernel, x: Array, g: Array | None, outs: tuple[Array, ...], values: Array, *, pair: bool
) -> Any:
    """What a kernel makes of arrays of one shape and dtype, of any layout; ``outs`` where these are given.

    ``pair`` says that there are two results.
    """
    x = flat_memory(x)
    if g is not None and not (g.strides == x.strides and plain(g)):
        copy = np.empty_like(x)
        np.copyto(copy, g)
        g = copy
    results = [
        out if out.dtype == x.dtype and out.strides == x.strides and plain(out)
        and all(same_or_apart(out, a) for a in (x, g) if a is not None)
        else np.empty_like(x)
        for out in outs
    ] or [np.empty_like(x) for _ in range(1 + pair)]  # fmt: skip
    if len(outs) == 2 and np.may_share_memory(results[0], results[1]):
        results = [np.empty_like(x), np.empty_like(x)]
    if x.size:
        run(kernel, x, g, results[0], results[1] if pair else None, values)
    for out, result in zip(outs, results, strict=False):
        if out is not result:
            with np.errstate(all="ignore"):  # rounding is what was asked for
                np.copyto(np.asarray(out), result, casting="unsafe")
    given = tuple(outs or (result[()] for result in results))
    return given if pair else given[0]


def run(
    kernel: Kernel, x: Array, g: Array | None, y: Array, second: Array | None, values: Array
) -> None:
    """Run a kernel over plain arrays of one shape, by several threads where that pays."""
    at = [address(a) for a in (x, g, y, second)]
    params = address(values)
    workers = min(_threads[0], x.size // _SPLIT)
    me = threading.get_ident()
    if workers < 2 or me in _submitting:
        _stretch(kernel, at, 0, x.size, params, [])
        return
    step = (-(-x.size // workers) + 63) // 64 * 64
    given_up: list[bool] = []

    # The arrays come along so that their memory outlives whoever works on it.
    def part(start: int, stop: int, _: object = (x, g, y, second, values)) -> None:
        _stretch(kernel, at, start, stop, params, given_up)

    tasks: list[Future[None]] = []
    try:
        try:
            _submitting.add(me)
            for start in range(0, x.size, step):
                task = _pool(os.getpid()).submit(part, start, min(start + step, x.size))
                tasks.append(task)
        except RuntimeError:  # the interpreter is shutting down, and begins no threads
            part(len(tasks) * step, x.size)
        finally:
            _submitting.discard(me)
        for task in tasks:
            task.result()
    except BaseException:  # an interrupt, most likely
        given_up.append(True)
        for task in tasks:
            if not task.cancel():
                task.exception()
        raise


def _stretch(
    kernel: Kernel, at: list[int], start: int, stop: int, params: int, given_up: list[bool]
) -> None:
    """Run over the elements from ``start`` to ``stop`` in pieces, between which Python sees signals."""
    if stop - start <= kernel.piece:
        skip = start * kernel.format.size
        x, g, y, second = (a + skip if a else 0 for a in at)
        kernel.run(x, g, y, second, stop - start, params)
        return
    while start < stop and not given_up:
        count, skip = min(kernel.piece, stop - start), start * kernel.format.size
        x, g, y, second = (a + skip if a else 0 for a in at)
        began = time.perf_counter()
        kernel.run(x, g, y, second, count, params)
        kernel.took(count, time.perf_counter() - began)
        start += count


def in_parts(part: Callable[[int, int], None], rows: int, size: int, group: int) -> None:
    """Call ``part(start, count)`` for all rows of so many elements, by several threads where that pays.

    Parts are whole groups, but for the last.
    """
    workers = min(_threads[0], rows * size // _SPLIT, -(-rows // group))
    if workers < 2:
        part(0, rows)
        return
    step = -(-rows // (workers * group)) * group
    starts = range(0, rows, step)
    list(_pool(os.getpid()).map(part, starts, (min(step, rows - s) for s in starts)))


# -- numbers --------------------------------------------------------------------------------------


def real_number(value: Any, what: str) -> float:
    """A finite real number of Python or NumPy, as float; ``what`` names it in the error."""
    given = value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value
    is_bfloat16 = isinstance(given, np.generic) and given.dtype.name == "bfloat16"
    if isinstance(given, bool) or not (isinstance(given, Real) or is_bfloat16):
        raise ParameterError(f"{what} is one real number, not {type(given).__name__}")
    try:
        number = float(given)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ParameterError(f"{what} must be finite, not {number}")
    return number


# -- arrays ---------------------------------------------------------------------------------------


_FORMATS = {np.dtype(name): name for name in ("float16", "float32", "float64")}


def format_of(dtype: np.dtype[Any]) -> str:
    """The name of a format, or :class:`DtypeError` if there is no kernel for it."""
    known = _FORMATS.get(dtype)  # NumPy works a dtype's name out anew each time
    if known:
        return known
    if dtype.name in ("float16", "float32", "float64", "bfloat16"):
        return dtype.name
    raise DtypeError(f"there is no kernel for {dtype}: use float16, bfloat16, float32 or float64")


def as_floats(x: ArrayLike | None) -> Array:
    """An array of one of the four formats, whole numbers and truth values as float64."""
    array = np.asarray(x)
    if array.dtype.kind in "biu":
        return array.astype(np.float64)
    if array.dtype.kind == "O" and not isinstance(x, np.ndarray):
        # NumPy makes objects of Python's whole numbers beyond 64 bits.
        if array.size and all(isinstance(v, int | float) for v in array.flat):
            try:
                return array.astype(np.float64)
            except OverflowError:
                raise DtypeError("a whole number is too large for float64") from None
    format_of(array.dtype)
    return array


def matched(x: ArrayLike, gradient: ArrayLike | None) -> tuple[Array, Array]:
    """Both in a common shape and dtype."""
    if (
        type(x) is np.ndarray is type(gradient)
        and x.dtype is gradient.dtype and x.shape == gradient.shape and x.dtype in _FORMATS
    ):  # fmt: skip
        return x, gradient  # what a training loop gives, and in a hundredth of the time
    a, g = as_floats(x), as_floats(gradient)
    # As in NumPy, a Python number has no dtype of its own to insist on.
    weak_a, weak_g = (type(v) in (bool, int, float) for v in (x, gradient))
    if weak_a != weak_g:
        dtype = g.dtype if weak_a else a.dtype
    else:
        try:
            dtype = np.result_type(a.dtype, g.dtype)
        except TypeError:  # float16 and bfloat16: the smallest that holds both
            dtype = np.dtype(np.float32)
    with np.errstate(all="ignore"):
        a, g = a.astype(dtype, copy=False), g.astype(dtype, copy=False)
    a, g = np.broadcast_arrays(a, g)
    return a, g


def plain(array: Array) -> bool:
    """Whether its elements fill one stretch of memory, aligned, in the processor's byte order."""
    flags = array.flags
    return bool(flags.forc and flags.aligned and array.dtype.isnative)


def flat_memory(x: Array) -> Array:
    """The same elements in one stretch of memory, which may be copied for that."""
    if plain(x):
        return x
    return np.array(x, dtype=x.dtype.newbyteorder("="), order="K", copy=True, subok=False)


def check_out(out: object, x: Array) -> None:
    """Raise unless a result of x's shape and dtype can be written to ``out``."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be an ndarray, not {type(out).__name__}")
    if out.shape != x.shape:
        raise ValueError(f"out has shape {out.shape}, the result has {x.shape}")
    if not out.flags.writeable:
        raise ValueError("out is read-only")
    if out.dtype.kind != "f" and out.dtype.name != "bfloat16":
        raise DtypeError(f"the result is {x.dtype}; it cannot be written to {out.dtype}")


def same_or_apart(out: Array, x: Array) -> bool:
    """Whether two plain arrays are one and the same memory, or share none."""
    return out is x or not np.may_share_memory(out, x) or address(out) == address(x)
