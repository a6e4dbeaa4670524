"""The sign of a zero at 0: that of the function beside it, where a sum would make it +0.

In IEEE arithmetic -0 + 0 is +0. But z + sin(z)**2 is negative to the left of 0, and rounds to -0 there up to
the smallest number; at -0 itself it is to be -0, too. So a sum both of whose terms vanish at 0 with different
signs, and that is itself negative, is c*z there, c being its slope. Sums are found by looking at their values
beside 0; parameters have positive values meanwhile.
"""

from __future__ import annotations

from typing import Any

from nonlin.expression import Expr, Z, call, number, walk, where

__all__ = ["signed"]

_BITS = 200
_NEAR = -60


def signed(expr: Expr) -> Expr:
    """``expr``, in which such sums have been mended.

    >>> from nonlin.formula import parse
    >>> signed(parse("z + z * z"))
    where(eq(Z, number(0)), Z, add(Z, mul(Z, Z)))
    >>> signed(parse("z + z**3")) is parse("z + z**3")
    True
    """
    slopes = _slopes(expr)
    if not slopes:
        return expr
    mended: dict[Expr, Expr] = {}
    for node in walk(expr):
        new = Expr(node.op, tuple(mended[a] for a in node.args), node.value)
        slope = slopes.get(node)
        mended[node] = new if slope is None else where(call("eq", Z, number(0)), slope * Z, new)
    return mended[expr]


def _slopes(expr: Expr) -> dict[Expr, Expr]:
    """The sums in question, and their slopes at 0."""
    sums = [n for n in walk(expr) if n.op in ("add", "sub") and all(a.depends_on_z for a in n.args)]
    if not sums:
        return {}
    from nonlin.oracle import evaluate_all

    parameters = {name: 0.7 + 0.1 * k for k, name in enumerate(sorted(expr.parameters))}

    def values(z: Any) -> dict[Expr, Any]:
        return evaluate_all(expr, z, parameters, _BITS)

    at = values(0)
    sums = [n for n in sums if n in at and all(at[v] == 0 for v in (n, *n.args))]
    if not sums:
        return {}
    import mpmath

    found = {}
    for side in (-1, 1):
        beside = values(mpmath.ldexp(side, _NEAR))
        for node in sums:
            if node in beside and node not in found and _lost(node, beside):
                slope = _slope_at_0(node)
                if evaluate_all(slope, 0, parameters, _BITS)[slope] != 0:
                    found[node] = slope
    return found


def _lost(node: Expr, values: dict[Expr, Any]) -> bool:
    """Whether the sum is negative, but not all terms that it is the sum of."""
    a, b = (values[t] for t in node.args)
    return bool(values[node] < 0 and not (a < 0 and (b < 0) == (node.op == "add")))


def _slope_at_0(node: Expr) -> Expr:
    from nonlin.calculus import derivative
    from nonlin.rewrites import simplify

    return simplify(derivative(node).map(lambda n: number(0) if n is Z else n))
