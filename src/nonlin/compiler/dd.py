"""Double-double arithmetic: a number as the unevaluated sum of two doubles, about 106 bits.

Every operation is built from error-free transformations, so the result does not depend on the
target: where there is a fused multiply-add it is used to get a product's rounding error, elsewhere
Dekker's splitting gets the same error from plain products. Operands stay within about 2**±500; range
is the business of :mod:`nonlin.compiler.wide`.

Sources: T. J. Dekker, *A floating-point technique for extending the available precision*, Numer.
Math. 18 (1971); Y. Hida, X. S. Li and D. H. Bailey, *Library for double-double and quad-double
arithmetic* (2007); M. Joldes, J.-M. Muller and V. Popescu, *Tight and rigorous error bounds for basic
building blocks of double-word arithmetic*, ACM TOMS 44 (2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Union

from nonlin.compiler.ir import Function, Value

__all__ = ["DD", "polynomial", "quick_two_sum", "two_product", "two_sum"]

Operand = Union["DD", Value, float, tuple[float, ...]]


def two_sum(a: Value, b: Value) -> tuple[Value, Value]:
    """a + b, and what rounding lost."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def quick_two_sum(a: Value, b: Value) -> tuple[Value, Value]:
    """The same for |a| >= |b|."""
    s = a + b
    return s, b - (s - a)


def two_product(a: Value, b: Value) -> tuple[Value, Value]:
    """a * b, and what rounding lost."""
    p = a * b
    if a.fn.module.fma:
        return p, a.fn.intrinsic("fma", a, b, -p)
    ah, al = _halves(a)
    bh, bl = _halves(b)
    return p, ((ah * bh - p) + ah * bl + al * bh) + al * bl


def _halves(a: Value) -> tuple[Value, Value]:
    t = a * 134217729.0  # 2**27 + 1
    high = t - (t - a)
    return high, a - high


class DD:
    """``hi + lo`` with ``hi`` the rounded sum."""

    __slots__ = ("hi", "lo")

    def __init__(self, hi: Value, lo: Value) -> None:
        self.hi, self.lo = hi, lo

    @property
    def fn(self) -> Function:
        return self.hi.fn

    def lift(self, other: Operand) -> DD:
        if isinstance(other, DD):
            return other
        if isinstance(other, Value):
            return DD(other, self.fn.f64(0.0))
        hi, lo = (other[0], other[1]) if isinstance(other, tuple) else (other, 0.0)
        return DD(self.fn.f64(hi), self.fn.f64(lo))

    def _call(self, name: str, other: DD) -> DD:
        body = {"dd.add": _add, "dd.mul": _mul, "dd.div": _div}[name]
        self.fn.module.ensure(name, ["double"] * 4, ["double"] * 2, body)
        hi, lo = self.fn.call(
            name, self.hi, self.lo, other.hi, other.lo, results=["double", "double"]
        )
        return DD(hi, lo)

    def __add__(self, other: Operand) -> DD:
        return self._call("dd.add", self.lift(other))

    def __radd__(self, other: Operand) -> DD:
        return self._call("dd.add", self.lift(other))

    def __sub__(self, other: Operand) -> DD:
        return self._call("dd.add", -self.lift(other))

    def __rsub__(self, other: Operand) -> DD:
        return self.lift(other)._call("dd.add", -self)

    def __mul__(self, other: Operand) -> DD:
        return self._call("dd.mul", self.lift(other))

    def __rmul__(self, other: Operand) -> DD:
        return self._call("dd.mul", self.lift(other))

    def __truediv__(self, other: Operand) -> DD:
        return self._call("dd.div", self.lift(other))

    def __rtruediv__(self, other: Operand) -> DD:
        return self.lift(other)._call("dd.div", self)

    def __neg__(self) -> DD:
        return DD(-self.hi, -self.lo)

    def scaled(self, factor: Value | float) -> DD:
        """Times a power of two, which is exact."""
        return DD(self.hi * factor, self.lo * factor)

    def sqrt(self) -> DD:
        """Square root of a positive number, by one Newton step on the double root."""
        root = self.lift(self.hi.sqrt())
        return root + (self - root * root) / root.scaled(2.0)


def select(condition: Value, yes: DD, no: DD) -> DD:
    """``yes`` where the condition holds, else ``no``."""
    return DD(condition.select(yes.hi, no.hi), condition.select(yes.lo, no.lo))


def _add(fn: Function, ah: Value, al: Value, bh: Value, bl: Value) -> tuple[Value, Value]:
    s, e = two_sum(ah, bh)
    t, f = two_sum(al, bl)
    s, e = quick_two_sum(s, e + t)
    return quick_two_sum(s, e + f)


def _mul(fn: Function, ah: Value, al: Value, bh: Value, bl: Value) -> tuple[Value, Value]:
    p, e = two_product(ah, bh)
    return quick_two_sum(p, e + (ah * bl + al * bh))


def _div(fn: Function, ah: Value, al: Value, bh: Value, bl: Value) -> tuple[Value, Value]:
    a, b = DD(ah, al), DD(bh, bl)
    q1 = ah / bh
    r = a - b * q1
    q2 = r.hi / bh
    r = r - b * q2
    q3 = r.hi / bh
    s, e = quick_two_sum(q1, q2)
    result = DD(s, e) + q3
    return result.hi, result.lo


def polynomial(x: DD, coefficients: Sequence[tuple[float, ...]]) -> DD:
    """c[0] + c[1] x + c[2] x² + …"""
    total = x.lift(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        total = total * x + c
    return total
