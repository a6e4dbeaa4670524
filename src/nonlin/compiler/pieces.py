"""Functions of one number as 8 to 64 polynomials: the quick way to float32 results that are still faithful.

A window of the line is cut into pieces of one width, and on each the function is a polynomial around the
piece's centre. All coefficients lie in tables of registers (:mod:`nonlin.compiler.tables`): AVX-512 picks one of
32 for each of 16 lanes in one instruction, so every function costs about the same, however complicated its
formula. Which cuts are tried on which processor, and in which order, is in :mod:`nonlin.compiler.plans`.

Requirements, which :func:`cut` sees to and the caller checks on the finished code:

* errors below one unit of the last place. So the first two coefficients have two parts each, and the sum
  ``c0 + (t c1 + rest)`` is rounded where it is small, but for the last time;
* a zero of the function is the centre of a piece, where relative accuracy comes by itself: t is exact
  there, and a signed zero stays one. Or a power of z is taken out, and multiplied by in the end: what is left
  has no zero at 0, be that one of whatever order;
* a corner at 0 is an end of pieces, which are then of the absolute value;
* beyond the window the function is a constant or a multiple of z, to the last bit, or else its elements are
  *rare*: the kernel then asks the lanes of :mod:`nonlin.compiler.lanes`.

The scheme follows that of NumPy's float32 tanh (Intel's, NumPy 1.22); coefficients there are a printed
table, here they come from the formula.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["COUNT", "FALL", "TINY", "Floats", "Function", "Piecewise", "Plan", "Tail", "cut"]

COUNT = 32
"""Pieces of a window: what two registers of sixteen floats hold."""
TINY = 2.0**-120
"""The product of a smaller number and a rounding error is rounded once more, as it is subnormal."""

_GOOD = 2.0**-27  # relative error of the polynomials, before anything is rounded
_CENTRES = 1 << 12  # a centre is a multiple of one by this
_STEPS = 1 << 13  # and so is a step of which a zero is a multiple
FALL = 0.4
"""Below so much of its middle value, a piece has lost too many bits."""
_LESS = 0.75  # the same where there are slopes
_NODES = 40
_POINTS = np.cos((2 * np.arange(_NODES) + 1) * (math.pi / (2 * _NODES)))  # Chebyshev's
_NEXT_TO_NOTHING = (
    2.0**-40
)  # products with it are exact: what they lose would be subnormal, and slow

Floats = NDArray[np.float64]
Function = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Tail:
    """What lies from ``at`` on: a ``"constant"`` value, a ``"line"`` with this slope, or what is ``"rare"``."""

    kind: str
    at: float
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class Piecewise:
    """One function, cut up.

    Attributes
    ----------
    coefficients
        float32, shape (terms, count): c0, its second part, c1, its second part (where it counts, in the
        piece of a zero or in all pieces around it), c2, c3 …; the column of piece k is k modulo count,
        which is a power of two from 8 to 64.
    slopes
        Shape (count,): where the function decays too quickly for a polynomial, piece k is one times
        2**(slope * t). ``None`` where there is no such piece.
    step, centre
        Piece k is around ``centre + k * step``. Where pieces are of the absolute value, ``centre`` is 0, and a zero
        elsewhere is one of these places.
    low, high
        What is beyond the window; ``low`` is not used where ``parity`` is 1 or -1.
    parity
        1 for an even function, -1 for an odd one: the window is then one of the absolute value.
    rooted
        Whether c1 counts to its last bits: as the centre is a zero of the function, or in pieces that fall.
    careful
        Whether the sum of c0 and c1 t has to be kept in two parts, as it is much smaller than these.
    folded
        Whether pieces are of the absolute value, and the second half of the columns is for what is below 0:
        a function may then have a corner at 0, where two pieces end.
    at_zero
        The value at 0 where it is not the limit of both sides.
    factor
        Where it is not 0, the polynomials are those of the function by this power of z (of its absolute
        value with ``parity`` or ``folded``), which has no zero at 0.
    tiny
        Numbers below it, but for 0, are rare.
    first, last
        Centres of pieces that reach as far as the window does, however far that is.
    """

    coefficients: NDArray[np.float32]
    slopes: NDArray[np.float32] | None
    step: float
    centre: float
    low: Tail
    high: Tail
    parity: int
    rooted: bool
    careful: bool = False
    folded: bool = False
    at_zero: float | None = None
    factor: int = 0
    tiny: float = 0.0
    first: float = -math.inf
    last: float = math.inf

    @property
    def through_zero(self) -> bool:
        """Whether small numbers have small results."""
        return self.factor > 0 or (self.rooted and self.centre == 0)

    @property
    def edges(self) -> set[float]:
        """Where something begins or ends."""
        count = self.coefficients.shape[1]
        between = {self.centre + self.step * (k + 0.5) for k in range(-count, count)}
        return {self.centre, self.low.at, self.high.at} | between


@dataclass(frozen=True, slots=True)
class Plan:
    """A manner of cutting: how many pieces, whether folded, whether by a power of z; and how sums are formed."""

    count: int = COUNT
    folded: bool = False
    factored: bool = False
    careful: bool = False
    inner: bool = False  # pieces of the absolute value, one of them around a zero that is not 0
    sloped: bool | None = None  # with slopes, or without; None where that is still to be seen
    fall: float = FALL
    wide: bool = False  # the pieces beside a straight line as wide as they can be
    steps: int = 64  # a step is a whole number by this: of few bits, so that products are exact


# -- polynomials ----------------------------------------------------------------------------------


def cut(
    function: Function,
    plan: Plan,
    degree: int,
    low: Tail,
    high: Tail,
    parity: int,
    root: float,
    wider: int,
) -> Piecewise | None:
    """A function cut up as planned, with polynomials of this degree; ``None`` where they are not good enough.

    ``root`` is the zero around which pieces lie, 0 where there is none; ``wider`` how many units a step has
    more than the window needs.
    """
    centre = 0.0 if plan.inner else round(root * _CENTRES) / _CENTRES
    count, side = plan.count, np.ones(plan.count)
    begin, end = low.at, high.at
    if plan.folded:
        count //= 2
        side[count:] = -1.0
        ends = np.where(side > 0, high.at, -low.at)
        end = float(ends.max())
    elif plan.wide:
        end = _reach(function, high, 0.0 if parity else low.at, degree)
        begin = low.at if parity else _reach(function, low, high.at, degree)
        if begin >= end or (begin, end) == (low.at, high.at):
            return None
    first = 0
    after, before = end < high.at and not plan.folded, begin > low.at and not parity
    if parity or plan.folded:
        step = end / (count - 1.5 if after else count - 0.6)
    else:
        step = (end - begin) / (count - 1 - after - before if after or before else count - 1.2)
    at = 0  # the piece of a zero
    if plan.inner:
        at = math.floor(abs(root) / step) - wider
        if at < 1:
            return None
        if root * _STEPS % 1 == 0:  # and the piece can be around it exactly
            at = 1 << at.bit_length() - 1
        step = round(abs(root) / at * _STEPS) / _STEPS
    else:
        step = (math.ceil(step * plan.steps) + wider) / plan.steps
    if not parity and not plan.folded:
        first = (math.floor if before else math.ceil)((begin - centre) / step - 0.5)
    table = np.zeros((3 + degree, plan.count), dtype=np.float32)
    k = np.arange(plan.count) % count + first
    start = centre + k * step
    from_, to = start - step * 0.50001, start + step * 0.50001
    if after:
        to[k == k.max()] = high.at
    if before:
        from_[k == k.min()] = low.at
    from_ = np.maximum(from_, 0.0 if parity or plan.folded else low.at)
    to = np.minimum(to, ends if plan.folded else high.at)
    x = (to + from_)[:, None] / 2 + (to - from_)[:, None] / 2 * _POINTS
    y = function((x * side[:, None]).ravel()).reshape(x.shape)
    if not np.isfinite(y).all():
        return None
    centres = np.array([centre, -centre])
    middles, limits = function(centres), function(centres + np.array([1e-30, -1e-30]))
    if plan.folded:  # the limits of both sides, or 0 itself
        middles = np.where(np.abs(limits) < 1e-20, middles, limits)
    elif 0.0 in (low.at, high.at) and not centre:  # the limit of the window's side
        limit = limits[0 if low.at == 0.0 else 1]
        middles = np.where(np.abs(middles - limit) > 1e-20, limit, middles)
    around = np.abs(y[k == 0]).max(axis=1)
    if not around.size:  # a window on one side of 0
        around = np.zeros(1)
    roots = np.abs(middles[: len(around)]) < 1e-2 * around
    if plan.inner:
        if roots.any():
            return None
        roots[:] = [root > 0, root < 0][: len(roots)]
        middles = function(np.array([at * step, -at * step]))
    rooted = bool(roots.any())
    two = rooted or (plan.factored and wider % 2 == 1)
    slopes = np.zeros(plan.count, dtype=np.float32)
    for i, piece in enumerate(k):
        if from_[i] >= to[i]:
            continue
        half = int(side[i] < 0)
        at_root = bool(roots[half]) and piece == at
        if at_root and root:  # relative accuracy where it goes through 0
            near = (abs(root) if plan.inner else root) * (
                1 + np.outer([-1, 1], 2.0 ** np.arange(-24, -10, 2)).ravel()
            )
            x[i, 1:28:2], y[i, 1:28:2] = near, function(near * side[i])
        t, column = x[i] - start[i], int(i if plan.folded else piece % plan.count)
        middle = float(middles[half]) if at_root else None
        found, error = _polynomial(t, y[i], degree, middle, two)
        beside = (roots[half] if plan.inner else rooted) and abs(
            piece - at
        ) == 1  # where the fall is to the zero, and no exponential
        least = _LESS if plan.sloped and not beside else plan.fall
        falls = not at_root and np.abs(y[i]).min() < least * abs(float(found[0]))
        if falls and not plan.sloped:
            return None
        if falls or (plan.sloped and not at_root and not error < _GOOD):
            if (np.sign(y[i]) != np.sign(y[i][0])).any() or (y[i] == 0).any():
                return None
            slopes[column] = slope = _slope(t, y[i])
            found, error = _polynomial(t, y[i] / np.exp2(slope * t), degree, None, two)
        if not error < _GOOD:
            return None
        table[:, column] = found
    if (
        slopes.any() and not plan.inner
    ):  # next to no slope, but with it the exponent's 0 has the right sign
        for place in np.flatnonzero(roots) * count:
            slopes[place] = -_NEXT_TO_NOTHING * np.sign(table[2, place])
    at_zero = float(np.float32(function(np.zeros(1))[0]))
    apart = plan.folded and not plan.factored and at_zero != 0
    apart = apart and bool((np.float32(limits) != np.float32(at_zero)).any())
    return Piecewise(
        table, slopes if slopes.any() else None, step, centre, low, high, parity, two,
        folded=plan.folded, at_zero=at_zero if apart else None,
        first=float(start.min()) if before else -math.inf,
        last=float(start.max()) if after else math.inf,
    )  # fmt: skip


def _reach(function: Function, tail: Tail, other: float, degree: int) -> float:
    """From where on one polynomial will do until the straight line, found by halving."""
    if tail.kind == "rare" or tail.at == 0:
        return tail.at
    close, far = tail.at, other
    for _ in range(8):
        middle = (close + far) / 2
        t = (tail.at - middle) / 2 * (1 + _POINTS)
        y = function(middle + t)
        if np.isfinite(y).all() and _polynomial(t, y, degree, None, False)[1] < _GOOD:
            close = middle
        else:
            far = middle
    return close


def _slope(t: Floats, y: Floats) -> float:
    """Of log2 abs(y), to a few bits."""
    fit = float(np.polyfit(t, np.log2(np.abs(y)), 1)[0])
    return round(fit * 8) / 8


def _polynomial(
    t: Floats, y: Floats, degree: int, middle: float | None, two: bool
) -> tuple[NDArray[np.float32], float]:
    """Coefficients, in the order of the table, and the largest relative error.

    Each is rounded in turn, and those after it make up for that. ``middle`` is the value at t = 0 where
    that is (next to) nothing; with ``two``, the coefficient of t has two parts.
    """
    column = np.zeros(3 + degree, dtype=np.float32)
    weight = 1 / np.maximum(np.abs(y), 1e-300)
    # NumPy's number: where it is next to nothing its powers are 0, and what is divided by them is refused, not an error.
    scale = np.abs(t).max()
    powers = (t / scale)[:, None] ** np.arange(degree + 1)
    rest = y.copy()

    def solve(first: int) -> tuple[float, float]:
        matrix, wanted = powers[:, first:] * weight[:, None], rest * weight
        solution = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
        found = float(solution[0])
        # What is nothing but rounding would be much for a t that is next to nothing.
        found = 0.0 if abs(found) < 1e-12 * np.abs(solution).max() else found / scale**first
        return found, float(np.abs(matrix @ solution - wanted).max())

    c0, error = solve(0) if middle is None else (middle, 0.0)
    column[0] = c0
    column[1] = c0 - float(column[0])
    if c0 == 0:
        column[:2] = -0.0  # adds nothing, not even a sign
    rest = rest - (float(column[0]) + float(column[1]))
    if error > 2 * _GOOD:  # rounding makes it no better
        return column, error
    c1, error = solve(1)
    if error > 2 * _GOOD:
        return column, error
    column[2:4] = _parts(c1) if two else (c1, 0.0)
    rest = rest - (float(column[2]) + float(column[3])) * t
    for n in range(2, degree + 1):
        column[2 + n] = solve(n)[0]
        rest = rest - float(column[2 + n]) * t**n
    return column, float((np.abs(rest) * weight).max())


def _parts(value: float) -> tuple[float, float]:
    """A float and what is left, of one sign, as is then 0 times them."""
    first = np.float32(value)
    if abs(float(first) - value) < 1e-9 * abs(value):  # meant to be that float, as GELU's 1/2
        return float(first), math.copysign(0.0, value)
    if abs(float(first)) > abs(value):
        first = np.nextafter(first, np.float32(0))
    return float(first), value - float(first)
