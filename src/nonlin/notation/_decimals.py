"""Decimals where somebody wrote decimals.

The rewrites gather numbers as a whole number over another, so ``0.3*z**2`` has the derivative ``3*z/5``. Exact
arithmetic does not care, but whoever typed 0.3 looks for 0.6.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from functools import reduce
from operator import mul, truediv

from nonlin.expression import Expr, number
from nonlin.notation._plain import decimal

__all__ = ["decimals_kept"]

_WRITTEN = re.compile(r"\.\d")
_LONGEST = 12  # characters of a decimal that still reads better than a fraction
_AS_FRACTIONS = frozenset({1, 2, 4, 8})  # halves and the like, which are typeset as fractions


def decimals_kept(expr: Expr, formula: str) -> Expr:
    """An equal expression for reading, with decimals for fractions where ``formula`` has any.

    >>> from nonlin.formula import parse
    >>> from nonlin.notation import text
    >>> text(decimals_kept(parse("3*z*(5 - z**2/200)/10"), "0.3*z"))
    'z * (1.5 - 0.0015 * z**2)'
    >>> text(decimals_kept(parse("3*z/5"), "3*z**2/10"))
    '3 * z / 5'
    """
    return expr.map(_as_decimal) if _WRITTEN.search(formula) else expr


def _as_decimal(node: Expr) -> Expr:
    if node.op != "div":
        return node
    (top, factors), (bottom, divisors) = map(_split, node.args)
    if bottom in (0, 1) or top == 0:
        return node
    share = top / bottom
    for i, factor in enumerate(factors):
        # 2z(5 + z)/10 is better read as z(1 + 0.2z) than as 0.2z(5 + z).
        scaled = _scaled(factor, share)
        if scaled is not None and scaled.op in ("add", "sub"):
            return _quotient([*factors[:i], scaled, *factors[i + 1 :]], divisors)
    if share.denominator in _AS_FRACTIONS or not _is_short(share):
        return node
    return _quotient([number(share), *factors], divisors)


def _quotient(factors: Iterable[Expr], divisors: list[Expr]) -> Expr:
    top = reduce(mul, factors)
    return truediv(top, reduce(mul, divisors)) if divisors else top


def _split(expr: Expr) -> tuple[Fraction, list[Expr]]:
    """The number in a product, and its other factors."""
    if expr.is_number:
        return expr.fraction, []
    if expr.op == "neg":
        value, factors = _split(expr.args[0])
        return -value, factors
    if expr.op == "mul":
        (a, before), (b, after) = map(_split, expr.args)
        return a * b, before + after
    return Fraction(1), [expr]


def _scaled(expr: Expr, share: Fraction) -> Expr | None:
    """A sum times a number, term by term; None where a term has no number of its own, or would get a long one."""
    if expr.op in ("add", "sub"):
        a, b = (_scaled(term, share) for term in expr.args)
        if a is None or b is None:
            return None
        return a + b if expr.op == "add" else a - b
    value, factors = _split(expr)
    if abs(value) == 1 or not _is_short(value * share):
        return None
    return reduce(mul, factors, number(value * share))


def _is_short(value: Fraction) -> bool:
    written = decimal(abs(value))
    return written is not None and "e" not in written and len(written) <= _LONGEST
