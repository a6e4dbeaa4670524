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
import time
from collections.abc import Callable
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nonlin.compiler.crew import CHUNKS, COUNT, LEAST, PORTIONS, SPREAD_FROM
from nonlin.crew import Work, crew
from nonlin.errors import DtypeError, ParameterError

if TYPE_CHECKING:
    from nonlin.compiler.kernel import Kernel

__all__ = [
    "Array",
    "address",
    "as_floats",
    "at_once",
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
    "workers_for",
]

Array = NDArray[Any]

_SPLIT = 1 << 16  # elements per thread below which a second thread does not pay
_AT_ONCE = 1 << 20  # elements of a call during which signals may wait
_ALONE = 1 << 17  # the same where only Python can wake threads: more are worth the long way
at_once = [SPREAD_FROM]
"""Below how many elements a call may go straight to machine code; more, once the threads that would help are there."""
_processors = (
    len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
)
_threads = [_processors]


def set_num_threads(n: int) -> None:
    """Use at most ``n`` threads for large arrays (by default as many as there are processors for this process).

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
    at_once[0] = SPREAD_FROM
    crew.limit(0)


def _call_together() -> None:
    """Begin the threads that take part in calls of machine code; more than there are processors would only wait."""
    helpers = crew.grown(min(_threads[0], _processors, CHUNKS // PORTIONS) - 1)
    crew.limit(helpers if crew.wakes else 0)
    at_once[0] = (_AT_ONCE if crew.wakes else _ALONE) + 1


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
    if x.size >= at_once[0]:
        _call_together()
    workers = workers_for(x.size)
    if workers == 1:
        _alone(kernel, at, 0, x.size, params)
    else:
        _together(1 + crew.grown(workers - 1), kernel, at, x.size, params)


def _together(workers: int, kernel: Kernel, at: list[int], size: int, params: int) -> None:
    """Run over all elements in pieces, on which all threads work; between them Python sees signals."""
    steps = [kernel.format.size if a else 0 for a in at]
    start = 0
    while start < size:
        count = min(workers * kernel.piece, size - start)
        work = Work(
            kernel.loop_address, count, _chunk(count, workers),
            (*_places(kernel, at, start), 0, params, kernel.exact_address), steps, tells=True,
        )  # fmt: skip
        began = time.perf_counter()
        left = crew.share(work, workers - 1)
        if not left:
            kernel.took(-(-count // workers), time.perf_counter() - began)
        for first, last in left:  # it needs code that is not loaded yet, or others have the crew
            _alone(kernel, at, start + first, start + last, params)
        start += count


def _chunk(count: int, workers: int) -> int:
    """Elements that a thread takes at once."""
    return max(-(-count // (PORTIONS * workers)) + 63 & -64, LEAST)


def _places(kernel: Kernel, at: list[int], start: int) -> list[int]:
    skip = start * kernel.format.size
    return [a + skip if a else 0 for a in at]


def _piece(kernel: Kernel, at: list[int], start: int, count: int, params: int) -> None:
    x, g, y, second = _places(kernel, at, start)
    began = time.perf_counter()
    kernel.run(x, g, y, second, count, params)
    kernel.took(count, time.perf_counter() - began)


def _alone(kernel: Kernel, at: list[int], start: int, stop: int, params: int) -> None:
    """Run over the elements from ``start`` to ``stop`` in pieces, between which Python sees signals."""
    if start == 0 and stop <= kernel.piece:
        x, g, y, second = at
        kernel.run(x, g, y, second, stop, params)
        return
    while start < stop:
        count = min(kernel.piece, stop - start)
        _piece(kernel, at, start, count, params)
        start += count


def in_parts(work: Work, function: Callable[..., object], workers: int) -> None:
    """Call a compiled function for all rows, by so many threads if they are to be had.

    ``function`` is that function for ctypes; a thread takes multiples of ``work.chunk`` rows.
    """
    if workers > 1:
        groups = -(-work.rows // (PORTIONS * workers * work.chunk))
        shared = work._replace(chunk=groups * work.chunk)
        if not crew.share(shared, crew.grown(workers - 1)):
            return
    first = list(work.first)
    first[COUNT] = work.rows
    function(*first)


def workers_for(size: int, parts: int = CHUNKS) -> int:
    """How many threads pay for so many elements in so many parts."""
    return max(min(_threads[0], size // _SPLIT, parts, CHUNKS // PORTIONS), 1)


if hasattr(os, "register_at_fork"):  # a child's threads are begun anew
    os.register_at_fork(after_in_child=lambda: at_once.__setitem__(0, SPREAD_FROM))


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
