"""Products written out: number, constants and parameters first, then z, functions and sums."""

from __future__ import annotations

from fractions import Fraction

from nonlin.expression import Expr, call, number, where

from .monomials import HALF, Powers, factors, reduced, times
from .order import is_constant, rank
from .rewriter import rule_for, tidy

__all__ = ["product"]


@rule_for("mul", "div", "pow", "sqrt")
def _product(node: Expr) -> Expr:
    return product(*factors(node))


def product(coefficient: Fraction, powers: Powers) -> Expr:
    """``coefficient`` times powers, after the identities of products, as an expression."""
    coefficient, powers = reduced(coefficient, powers)
    if not coefficient:
        return number(0)
    if len(powers) == 1 and coefficient == -1:
        ((base, exponent),) = powers.items()
        if exponent == 1 and base.op in ("add", "sub"):
            return tidy(-base)
    gate = next((b for b, e in powers.items() if e == 1 and b.op == "where" and (
        b.args[1].is_zero or b.args[2].is_zero)), None)  # fmt: skip
    if gate is not None and (len(powers) > 1 or coefficient != 1):  # A*where(c, a, 0)
        rest = product(coefficient, times(powers, [(gate, Fraction(-1))]))
        condition, a, b = gate.args
        return tidy(where(condition, tidy(rest * a), tidy(rest * b)))
    top, bottom = number(abs(coefficient.numerator)), number(coefficient.denominator)
    top_roots, bottom_roots = number(1), number(1)
    for base, exponent in sorted(powers.items(), key=lambda item: rank(item[0])):
        if is_constant(base) and abs(exponent) == HALF:  # sqrt(2/pi) under one root
            if exponent > 0:
                top_roots = top_roots * base
            else:
                bottom_roots = bottom_roots * base
        elif exponent > 0:
            top = top * _power(base, exponent)
        else:
            bottom = bottom * _power(base, -exponent)
    roots = top_roots / bottom_roots
    if top_roots.is_number and top_roots.fraction == 1 and bottom_roots is not top_roots:
        bottom = bottom * call("sqrt", bottom_roots)
    elif not (roots.is_number and roots.fraction == 1):
        top = top * call("sqrt", roots)
    result = top / bottom
    return -result if coefficient < 0 else result


def _power(base: Expr, exponent: Fraction) -> Expr:
    return call("sqrt", base) if exponent == HALF else base ** number(exponent)
