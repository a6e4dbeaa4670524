"""Near 0, where terms cancel, a power series takes the place of the formula.

``z - tanh(z)`` is z**3/3 for small z: at z = 1e-20 its two terms agree in all of their first 130 bits.
No rewriting helps, a Taylor polynomial does. Which formulas need one is found by looking: at a tiny z,
is a sum much smaller than its terms? The coefficients come from finite differences at a precision of
several thousand bits, and the polynomial is kept only if it reproduces the formula on both sides.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from nonlin.expression import Expr, Z, call, number, walk, where

__all__ = ["guarded"]

_RADIUS = Fraction(1, 64)
_TERMS = 20
_STEP = 200  # differences are taken over steps of 2**-200
_BITS = 6000
_LARGEST = 4000  # bits before or behind the point of a coefficient
_GOOD = 90  # bits to which polynomial and formula have to agree


def guarded(expr: Expr) -> Expr:
    """``expr``, with a series for abs(z) < 1/64 where it needs one.

    Formulas with parameters are left alone: their coefficients would depend on them.
    """
    if expr.parameters or not _cancels(expr):
        return expr
    series = _series(expr)
    return (
        expr if series is None else where(call("lt", call("abs", Z), number(_RADIUS)), series, expr)
    )


def _cancels(expr: Expr) -> bool:
    sums = [n for n in walk(expr) if n.op in ("add", "sub") and n.depends_on_z]
    if not sums:
        return False
    import mpmath

    from nonlin.oracle import accurate

    tiny = mpmath.ldexp(1, -60)
    for node in sums:
        total, *terms = (abs(accurate(n, tiny, {}, 60)) for n in (node, *node.args))
        largest = max(terms)
        if mpmath.isfinite(largest) and total < mpmath.ldexp(largest, -20):
            return True
    return False


def _series(expr: Expr) -> Expr | None:
    import mpmath

    from nonlin.oracle import accurate, evaluate

    with mpmath.workprec(_BITS):
        h = mpmath.ldexp(1, -_STEP)
        row: list[Any] = [evaluate(expr, h * (k + 1), {}, _BITS) for k in range(_TERMS)]
        if not all(mpmath.isfinite(v) for v in row):
            return None
        # Newton's divided differences over h, 2h, …, then to powers of z (h is as good as 0).
        coefficients = []
        for k in range(_TERMS):
            coefficients.append(row[0] / (mpmath.factorial(k) * h**k))
            row = [b - a for a, b in zip(row, row[1:], strict=False)]
        size = max(abs(c) for c in coefficients)
        if not mpmath.ldexp(1, -_LARGEST) < size < mpmath.ldexp(1, _LARGEST):
            return None  # an essential singularity, say: no polynomial, and numbers without end
        exact = [
            c if abs(c) > size * mpmath.ldexp(1, -150) else mpmath.mpf(0) for c in coefficients
        ]
        fractions = [_fraction(c) for c in exact]
    poly = _polynomial(fractions)
    for z in (_RADIUS, -_RADIUS, _RADIUS / 7, -_RADIUS / 1024):
        want, got = accurate(expr, z, {}, 140), accurate(poly, z, {}, 140)
        with mpmath.workprec(200):
            if not mpmath.isfinite(want) or abs(got - want) > abs(want) * mpmath.ldexp(1, -_GOOD):
                return None
    return poly


def _fraction(x: Any) -> Fraction:
    """x cut to 120 bits."""
    sign, mantissa, exponent, bits = x._mpf_
    cut = max(0, bits - 120)
    value: Fraction = Fraction(int(mantissa) >> cut) * Fraction(2) ** (int(exponent) + cut)
    return -value if sign else value


def _polynomial(c: list[Fraction]) -> Expr:
    """z**m (c[m] + …), by Horner's rule; in z**2 where every other coefficient is 0."""
    first = next((k for k, v in enumerate(c) if v), 0)
    rest = c[first:]
    step = 2 if not any(rest[1::2]) else 1
    rest = rest[::step]
    x = Z if step == 1 else Z * Z
    total = number(rest[-1])
    for v in reversed(rest[:-1]):
        total = total * x + number(v)
    return total * Z ** number(first) if first else total
