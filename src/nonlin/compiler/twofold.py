"""Numbers in two floats, on lanes: sums and products of which next to nothing is lost.

The larger part is rounded as usual, the other one is what that lost (T. J. Dekker, D. E. Knuth). A
product's loss comes from a fused multiply-add. Numbers that are floats have one part only, and constants
that are need no more work than that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from nonlin.compiler.corners import Corners, Part, Polynomial, roots
from nonlin.compiler.ir import Function, Value

__all__ = ["CornersCode", "Two", "fma", "with_zeros"]

# Squares of numbers up to here are finite, and what they lose, too; and so are cubes, up to there.
_FAR, _FAR_OF_CUBES = 2.0**60, 2.0**40


def fma(a: Value, b: Value | float, c: Value | float) -> Value:
    """a * b + c, rounded once."""
    return a.fn.intrinsic("fma", a, a.fn.lift(b, a.type), a.fn.lift(c, a.type))


@dataclass(frozen=True, slots=True)
class Two:
    """``hi + lo``; each a value, or a number for all lanes. ``lo`` is ``None`` where it is 0."""

    hi: Value | float
    lo: Value | float | None = None

    @classmethod
    def number(cls, x: Fraction) -> Two:
        """A constant."""
        return cls._split(x, float(np.float32(float(x))))

    @classmethod
    def toward_zero(cls, x: Fraction) -> Two:
        """A constant whose parts have one sign: both times infinity are one infinity."""
        near = np.float32(float(x))
        if abs(Fraction(float(near))) > abs(x):
            near = np.nextafter(near, np.float32(0))
        return cls._split(x, float(near))

    @classmethod
    def _split(cls, x: Fraction, hi: float) -> Two:
        lo = float(np.float32(float(x - Fraction(hi))))
        return cls(hi, lo or None)

    def __add__(self, other: Two) -> Two:
        total = self.plus(other.hi)
        lost = total.lo
        for lo in (self.lo, other.lo):
            lost = lost if lo is None or lost is None else lost + lo
        return Two(total.hi, lost)

    def plus(self, b: Value | float) -> Two:
        """The exact sum of a float and another one."""
        a = self.hi
        total = a + b
        part = total - a
        return Two(total, (b - part) + (a - (total - part)))

    def __mul__(self, other: Two) -> Two:
        """One of the factors is a value."""
        a, b = (self, other) if isinstance(self.hi, Value) else (other, self)
        assert isinstance(a.hi, Value)
        if b.lo is None and _is_power(b.hi):  # nothing is lost
            return Two(a.hi * b.hi, None if a.lo is None else a.lo * b.hi)
        product = a.hi * b.hi
        lost = fma(a.hi, b.hi, -product)
        cross = a.cross(b)
        return Two(product, lost if cross is None else lost + cross)

    def cross(self, other: Two) -> Value | None:
        """What the smaller parts add to a product."""
        a, b = (self, other) if isinstance(self.hi, Value) else (other, self)
        assert isinstance(a.hi, Value)
        total = None if a.lo is None else a.lo * b.hi
        if b.lo is not None:
            total = a.hi * b.lo if total is None else fma(a.hi, b.lo, total)
        assert total is None or isinstance(total, Value)
        return total

    def times(self, other: Two) -> Value:
        """The product, rounded."""
        a, b = (self, other) if isinstance(self.hi, Value) else (other, self)
        assert isinstance(a.hi, Value)
        cross = a.cross(b)
        return a.hi * b.hi if cross is None else fma(a.hi, b.hi, cross)

    @property
    def rounded(self) -> Value:
        """The number as one float."""
        assert isinstance(self.hi, Value)
        return self.hi if self.lo is None else self.hi + self.lo


def _is_power(x: Value | float) -> bool:
    return not isinstance(x, Value) and math.frexp(abs(x))[0] == 0.5


def _is_float(x: Fraction) -> bool:
    return Fraction(float(np.float32(float(x)))) == x


def with_zeros(x: Value, y: Value, zeros: tuple[float, float] | None) -> Value:
    """y, but zeros of these signs where x is -0 or 0."""
    if zeros is None:
        return y
    below, above = (math.copysign(1.0, v) for v in zeros)
    zero: Value | float = zeros[1]
    if below != above:
        zero = x if above > 0 else -x
    return x.eq(0.0).select(zero, y, x.type)


class CornersCode:
    """A function with corners, on lanes."""

    def __init__(self, fn: Function, function: Corners) -> None:
        self.fn, self.function = fn, function

    def __call__(self, x: Value) -> tuple[Value, Value | None]:
        """The results for x, and which of them are rare, if any can be."""
        f = self.function
        values = [self.part(x, p) for p in f.parts]
        between = [p.high for p in f.parts if p.high is not None]
        y: Value | float
        # A NaN is in no part but the one that is left in the end.
        if len(f.parts[-1].polynomial) > 1:
            y = values[-1]
            for high, value in zip(between[::-1], values[-2::-1], strict=True):
                y = x.lt(high).select(value, y, x.type)
        else:
            y = values[0]
            for low, value in zip(between, values[1:], strict=True):
                y = x.ge(low).select(value, y, x.type)
        for at, value in f.points:
            y = x.eq(at).select(value, y, x.type)
        natural = self.natural_zeros()
        if f.zeros is not None and natural != [math.copysign(1.0, v) for v in f.zeros]:
            y = with_zeros(x, self.fn.lift(y, x.type), f.zeros)
        if not any(len(p.polynomial) > 1 for p in (f.parts[0], f.parts[-1])):
            y = x.is_nan().select(x, y)
        return self.fn.lift(y, x.type), self.rare(x)

    def natural_zeros(self) -> list[float] | None:
        """The signs that -0 and 0 get by themselves, if that is clear."""
        f = self.function
        part = next(p for p in f.parts if p.high is None or p.high > 0)
        for at, value in f.points:
            if at == 0:
                return [math.copysign(1.0, value)] * 2
        if not part.polynomial:
            return [part.sign] * 2
        *others, c = part.polynomial
        if any(others):
            return None
        return [math.copysign(1.0, c) * side ** len(others) for side in (-1.0, 1.0)]

    def rare(self, x: Value) -> Value | None:
        """Large numbers of which smaller parts would be NaN."""
        found: Value | None = None
        for p, beyond in ((self.function.parts[0], x.lt), (self.function.parts[-1], x.gt)):
            if not _is_simple(p.polynomial):
                far = _FAR if len(p.polynomial) < 4 else _FAR_OF_CUBES
                one = beyond(-far if beyond == x.lt else far)
                found = one if found is None else found | one
        return found

    def part(self, x: Value, part: Part) -> Value | float:
        p = part.polynomial
        if len(p) < 2:
            return float(np.float32(float(p[0]))) if p else math.copysign(0.0, part.sign)
        if _is_simple(p):
            return _simple(x, p)
        factors: list[Two] = []
        for r in roots(p) or []:
            if (
                _is_float(r)
                and (part.low is None or part.low <= r)
                and (part.high is None or r <= part.high)
            ):
                p = _quotient(p, r)
                factors.append(Two(x) if r == 0 else Two(x) + Two(-float(r)))
        # What is small in itself comes last, so that it stays as exact as it is.
        total = Two.number(p[-1])
        if len(p) == 1:
            total, *factors = [f for f in (total, *factors[::-1]) if f.hi != 1.0]
        for c in p[-2::-1]:
            total = total * Two(x) if total.hi != 1.0 else Two(x)
            total = total + Two.number(c) if c else total
        for f in factors[:-1]:
            total = total * f
        return total.times(factors[-1]) if factors else total.rounded


def _is_simple(p: Polynomial) -> bool:
    """Whether it is constant, a multiple of z, a sum rounded once, or a square of z times what loses nothing."""
    if len(p) < 3:
        return len(p) < 2 or p[0] == 0 or (_is_float(p[0]) and _is_float(p[1]))
    return len(p) == 3 and not any(p[:2]) and _is_power(float(p[2]))


def _simple(x: Value, p: Polynomial) -> Value:
    """That, without a NaN for infinity."""
    if len(p) == 3:
        return (x * float(p[2])) * x if p[2] != 1 else x * x
    if p[0] == 0:
        return -x if p[1] == -1 else x if p[1] == 1 else Two.toward_zero(p[1]).times(Two(x))
    if abs(p[1]) == 1:
        return x + float(p[0]) if p[1] == 1 else float(p[0]) - x
    return fma(x, float(p[1]), float(p[0]))


def _quotient(p: Polynomial, r: Fraction) -> Polynomial:
    """p by z - r, a root of it."""
    found = [p[-1]]
    for c in p[-2:0:-1]:
        found.append(c + r * found[-1])
    return tuple(found[::-1])
