"""Roots that cancel on one side of 0 only, split there: the last step before a target."""

from __future__ import annotations

from fractions import Fraction

from nonlin.expression import Expr, call, number, where

from .monomials import HALF, Powers, Sum, factors, monomial, square_plus, terms, times
from .products import product
from .rewriter import TooLarge

__all__ = ["stabilise"]


def stabilise(expr: Expr) -> Expr:
    """The last step before a target: split at 0 what is stable on one side of it only.

    ``u + sqrt(u**2 + c)`` and ``1 + u / sqrt(u**2 + c)`` cancel for negative u. There, and only
    there, the conjugate form takes their place. (Not part of :func:`simplify`: a derivative is
    better taken of the form without branches.)

    >>> from nonlin.formula import parse
    >>> stabilise(parse("z + sqrt(z**2 + 1)"))
    where(lt(Z, number(0)), div(number(1), sub(sqrt(...), Z)), add(sqrt(...), Z))
    """
    return expr.map(_split)


def _split(node: Expr) -> Expr:
    if node.op not in ("add", "sub"):
        return node
    try:
        table = terms(node)
    except TooLarge:
        return node
    if len(table) == 2:
        for mono, c in table.items():
            for base, k in mono:
                if base.op in ("add", "sub") and abs(k) == HALF:
                    cofactor = times(dict(mono), [(base, -k)])
                    found = _conjugated(table, c, cofactor, base, k)
                    if found is not None:
                        return found
    return node


def _conjugated(table: Sum, c: Fraction, cofactor: Powers, base: Expr, k: Fraction) -> Expr | None:
    """The sum, of which ``c * cofactor * base**k`` is one term, in its two forms."""
    found = square_plus(base)
    if found is None:
        return None
    u, rest = found
    root = call("sqrt", base)
    uc, powers = factors(u)
    if k == HALF:  # c * cofactor * (root ± u)
        partner, ratio, outer = times(cofactor, powers.items()), uc, number(1)
        factor = product(c, cofactor)
    else:  # c * cofactor / u * (u / root ± 1)
        cofactor = times(cofactor, powers.items(), -1)
        partner, ratio, outer = cofactor, 1 / uc, root
        factor = product(c * ratio, cofactor)
    for sign in (1, -1):
        if table.get(monomial(partner)) != sign * c * ratio:
            continue
        signed = u if sign > 0 else -u
        condition = call("lt", u, number(0)) if sign > 0 else call("lt", number(0), u)
        far, near = rest / (root - signed), root + signed
        if k != HALF and sign < 0:
            far, near = -far, -near
        return factor * where(condition, far / outer, near / outer)
    return None
