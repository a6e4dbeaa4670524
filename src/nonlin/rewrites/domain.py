"""What a formula has no value for, kept where an identity would forget it.

``exp(log(z))`` is z and ``sqrt(z)**2`` is z, but only where the left side has a value. Those
identities are too useful inside a derivative to be given up; so the places that a formula excludes are
put back into what is compiled. (Single points, as 0 in z/z, stay filled.)
"""

from __future__ import annotations

import math
from fractions import Fraction

from nonlin.enclosure import enclose
from nonlin.expression import Expr, call, number, walk, where
from nonlin.oracle import accurate

from .monomials import certainly, factors
from .products import product
from .rewriter import TooLarge, simplify

__all__ = ["within_domain"]

_MOST = 8
Excluded = tuple[tuple[tuple[Expr, bool], ...], Expr]
"""Where these conditions hold or fail, there is no value if the expression is negative."""


def within_domain(result: Expr, formula: Expr) -> Expr:
    """``result``, with NaN where ``formula`` has no value on an interval but ``result`` has one.

    >>> from nonlin.formula import parse
    >>> from nonlin.expression import Z
    >>> within_domain(Z, parse("sqrt(z)**2"))
    where(lt(Z, number(0)), sqrt(Z), Z)
    >>> within_domain(parse("2*sqrt(z)"), parse("sqrt(4*z)"))
    mul(number(2), sqrt(Z))
    """
    if all(_needs(node) is None for node in walk(formula)):
        return result
    kept = {u for _, u in _excluded(result)}
    lost = [(p, u) for p, u in _excluded(formula) if u not in kept and not _safe(p, u)]
    if len(lost) > _MOST:
        return where(call("eq", formula, formula), result, formula)
    for path, u in lost:
        masked = where(call("lt", u, number(0)), call("sqrt", u), result)
        for condition, holds in reversed(path):
            masked = where(condition, *((masked, result) if holds else (result, masked)))
        result = masked
    return result


def _needs(node: Expr) -> Expr | None:
    """What may not be negative for this one operation to have a value."""
    u = node.args[0] if node.args else node
    if node.op == "log1p":
        u = u + 1
    elif node.op == "pow":
        exponent = node.args[1]
        if exponent.is_number and exponent.fraction.denominator == 1:
            return None
    elif node.op not in ("log", "sqrt"):
        return None
    return u if u.depends_on_z or (u.is_constant and accurate(u, 0.0) < 0) else None


def _excluded(expr: Expr) -> list[Excluded]:
    """All that may not be negative, each with the branches in which it stands."""
    found: dict[Expr, dict[Excluded, None]] = {}
    for node in walk(expr):
        own: dict[Excluded, None] = {}
        needed = _needs(node)
        if needed is not None:
            u = _plain(needed)
            if certainly(u) < 0:
                own[(), u] = None
        for i, part in enumerate(node.args):
            if node.op == "where" and i == 0:
                continue  # a comparison of what has no value is false, and f has a value
            for path, u in found[part]:
                branch = ((node.args[0], i == 1),) if node.op == "where" else ()
                own[(*branch, *path), u] = None
        found[node] = dict(list(own.items())[: 4 * _MOST])
    return list(found[expr])


def _safe(path: tuple[tuple[Expr, bool], ...], u: Expr) -> bool:
    """Whether ``u`` is nowhere negative where these conditions on z hold or fail: 1 - z for z < 0."""
    if u.parameters:
        return False
    lo, hi = -math.inf, math.inf
    for condition, holds in path:
        left, right = condition.args
        if condition.op == "eq" or not (left.is_number or right.is_number):
            continue
        if left.op == "z" and right.is_number:
            lo, hi = (lo, min(hi, _near(right))) if holds else (max(lo, _near(right)), hi)
        elif right.op == "z" and left.is_number:
            lo, hi = (max(lo, _near(left)), hi) if holds else (lo, min(hi, _near(left)))
    return lo > hi or enclose(u, lo, hi)[0] >= 0


def _near(bound: Expr) -> float:
    return float(max(Fraction(-(10**300)), min(Fraction(10**300), bound.fraction)))


def _plain(u: Expr) -> Expr:
    """``u`` without a positive factor, in its one form."""
    try:
        u = simplify(u)
        coefficient, powers = factors(u)
        return product(Fraction(1 if coefficient > 0 else -1), powers)
    except TooLarge:
        return u
