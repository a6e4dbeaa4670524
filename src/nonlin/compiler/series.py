"""Near 0, where terms cancel, a power series takes the place of the formula.

``z - tanh(z)`` is z**3/3 for small z: at z = 1e-20 its two terms agree in all of their first 130 bits.
No rewriting helps, a Taylor polynomial does. Which formulas need one is found by looking: at a tiny z,
is a sum much smaller than its terms? The coefficients come from :mod:`.taylor`, and the polynomial is
kept only if it reproduces the formula on both sides.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from nonlin.expression import Expr, Z, call, number, walk, where

__all__ = ["guarded"]

_RADIUS = Fraction(1, 64)
_TERMS = 20
_BITS = 2000  # more than the largest number of a formula has
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

    from nonlin.oracle import evaluate_all

    values = evaluate_all(expr, mpmath.ldexp(1, -60), {}, _BITS)
    for node in sums:
        if node in values:
            total, *terms = (abs(values[n]) for n in (node, *node.args))
            largest = max(terms)
            if mpmath.isfinite(largest) and total < mpmath.ldexp(largest, -20):
                return True
    return False


def _series(expr: Expr) -> Expr | None:
    import mpmath

    from nonlin.compiler.taylor import Unexpandable, coefficients
    from nonlin.oracle import evaluate

    try:
        found = coefficients(expr, _TERMS)
    except (Unexpandable, ZeroDivisionError, OverflowError, RecursionError):
        return None
    size = max(abs(c) for c in found)
    if not mpmath.ldexp(1, -_LARGEST) < size < mpmath.ldexp(1, _LARGEST):
        return None
    smallest = mpmath.ldexp(size, -150)
    fractions = [_fraction(c) if abs(c) > smallest else Fraction(0) for c in found]
    poly = _polynomial(fractions)
    with mpmath.workprec(_BITS):
        noise = mpmath.ldexp(size, 100 - _BITS)  # sin(pi + z) at 0
        for z in (Fraction(0), _RADIUS, -_RADIUS, _RADIUS / 7, -_RADIUS / 1024):
            want, got = evaluate(expr, z, {}, _BITS), evaluate(poly, z, {}, _BITS)
            if mpmath.isfinite(want):
                if abs(got - want) > mpmath.ldexp(abs(want), -_GOOD) + noise:
                    return None  # another function, or a value that stands alone at 0
            elif z:
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
