"""A function as it is seen: where it becomes a straight line, its symmetry, its zeros."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from nonlin.compiler.pieces import Floats, Function, Tail

__all__ = ["factored", "order_of_zero", "parity_of", "root_of", "windows"]

_FAR = 20.5
# A window holds all of the bend where the function is a straight line from here on, else it ends there. Of normal
# numbers with deviation 3 one in 10⁵ is beyond 13. Smaller windows have smaller pieces, on which less is lost.
_WINDOWS = ((_FAR, 13.25), (13.25, 13.25), (9.5, 9.5))
_LEAST = 2.0**-96


def windows(function: Function) -> Iterator[tuple[Tail, Tail]]:
    """Where the function is cut up, each window once; two straight lines have one of no width."""
    known = []
    for within, reach in _WINDOWS:
        low, high = (_tail(function, sign, within, reach) for sign in (-1.0, 1.0))
        if high.at - low.at >= 1e-30:
            low, high = _seen(function, low), _seen(function, high)
        if (low, high) not in known:
            known.append((low, high))
            yield low, high


def _tail(function: Function, sign: float, within: float, reach: float) -> Tail:
    """Where the function becomes a straight line, and for good; seen at some thousand places."""
    ranges = (
        np.geomspace(1e-45, 1 / 128, 300),
        np.arange(2, 2624) / 128,
        np.geomspace(_FAR, 3e38, 3000),
    )
    x = (sign * np.concatenate(ranges)).astype(np.float32).astype(np.float64)
    with np.errstate(all="ignore"):
        y = function(x)
        limit = y.astype(np.float32)[-1]
        constant = (y.astype(np.float32) == limit) & (np.signbit(y) == np.signbit(limit))
        slope = float(y[-1] / x[-1])
        line = (np.abs(y - slope * x) <= 1e-15 * np.abs(y)) | (np.float32(y) == np.float32(x))
    for kind, same, value in (("line", line, slope), ("constant", constant, float(limit))):
        if not math.isfinite(value) or (kind == "line" and not 1e-30 < abs(value) < 1e30):
            continue
        wrong = np.flatnonzero(~same)
        first = int(wrong[-1]) + 1 if wrong.size else 0
        if first < len(x) and abs(x[first]) <= within:
            at = float(x[first])
            if first == 0 and _holds(function, sign * 0.0, kind, value):
                at = sign * 0.0
            return Tail(kind, at, value)
    return Tail("rare", sign * reach)


def _holds(function: Function, zero: float, kind: str, value: float) -> bool:
    """Whether the straight line goes on to 0, and to its sign."""
    got = np.float32(function(np.array([zero]))[0])
    wanted = np.float32(zero * value if kind == "line" else value)
    return bool(got == wanted and np.signbit(got) == np.signbit(wanted))


def _seen(function: Function, tail: Tail) -> Tail:
    """A window ends where values become so small that coefficients would have too few bits."""
    x = math.copysign(1.0, tail.at) * np.arange(1, 2624) / 128
    x = x[np.abs(x) < abs(tail.at)]
    small = np.flatnonzero(np.abs(function(x)) < _LEAST) if len(x) else x
    return (
        Tail("rare", float(x[small[0]]))
        if len(small) and small[0] > 0 and small[-1] == len(x) - 1
        else tail
    )


def parity_of(function: Function) -> int:
    x = np.concatenate([np.arange(1, 257) / 16.03, np.geomspace(1e-30, 1e30, 121)])
    with np.errstate(all="ignore"):
        a, b = function(x), function(-x)
    if np.array_equal(a, b):
        return 1
    return -1 if np.array_equal(a, -b) else 0


def root_of(
    function: Function, low: float, high: float, parity: int, *, inner: bool
) -> float | None:
    """The zero around which pieces have to lie; 0 where there is none, ``None`` where there are several.

    ``inner`` ones may be of a function with parity.
    """
    start = 0.0 if parity else low
    x = np.linspace(start, high, 4001)[1:-1]
    y = function(x)
    if not np.isfinite(y).all():
        return None
    changes = np.flatnonzero(np.sign(y[1:]) * np.sign(y[:-1]) < 0)
    if inner:  # where the two sides may have two signs
        changes = np.array([i for i in changes if parity or not x[i] <= 0 <= x[i + 1]], dtype=int)
    at_zero = float(function(np.array([0.0]))[0]) == 0
    if low == 0.0 or high == 0.0:  # a window that ends at 0
        return 0.0 if not len(changes) else None
    if at_zero:
        around = [i for i in changes if not x[i] <= 0 <= x[i + 1]]
        return 0.0 if not around or parity else None
    if len(changes) == 0 and (y != 0).all():
        ends = [end for end in (start, high) if inner and function(np.array([end]))[0] == 0]
        return ends[0] if len(ends) == 1 else 0.0
    if len(changes) != 1 or (parity and not inner):
        return None
    a, b = float(x[changes[0]]), float(x[changes[0] + 1])
    sign = math.copysign(1.0, float(function(np.array([a]))[0]))
    while True:
        middle = (a + b) / 2
        if middle in (a, b):
            return middle
        value = float(function(np.array([middle]))[0])
        a, b = (middle, b) if value * sign > 0 else (a, middle)


def order_of_zero(function: Function) -> int:
    """Of a zero at 0: 2 where the function is as z**2 beside it; 0 where there is none, or no whole one."""
    a, b = (np.abs(function(np.array([z, -z]))) for z in (1e-8, 1e-9))
    if (function(np.zeros(2)) != 0).any() or not b.all():
        return 0
    orders = np.log10(a / b)
    if not np.isfinite(orders).all():
        return 0
    order = round(float(orders[0]))
    return order if 0 < order < 4 and (np.abs(orders - order) < 1e-3).all() else 0


def factored(function: Function, order: int, folded: bool) -> Function:
    """The function by a power of z, or of its absolute value."""

    def quotient(z: Floats) -> Floats:
        z = np.where(z == 0, 1e-30, z)
        return np.asarray(function(z) / (np.abs(z) if folded else z) ** order)

    return quotient
