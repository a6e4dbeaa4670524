"""Branches and their conditions: decided ones dropped, and what a condition says put to use."""

from __future__ import annotations

from fractions import Fraction

from nonlin.expression import Expr, call, number, walk, where

from .monomials import ONE, terms
from .products import product
from .rewriter import rule_for

__all__: list[str] = []


@rule_for("where")
def _where(node: Expr) -> Expr:
    condition, a, b = node.args
    sides = condition.args
    if all(s.is_number for s in sides):
        left, right = sides[0].fraction, sides[1].fraction
        holds = {"lt": left < right, "le": left <= right, "eq": left == right}[condition.op]
        return a if holds else b
    a, b = _given(condition, True, a), _given(condition, False, b)
    return where(condition, a, b)


def _given(condition: Expr, holds: bool, branch: Expr) -> Expr:
    """A branch, using what its condition says."""
    nodes = dict.fromkeys(walk(branch))
    replace: dict[Expr, Expr] = {}
    for node in nodes:
        if node.op == "where" and node.args[0] is condition:
            replace[node] = node.args[1] if holds else node.args[2]
    left, right = condition.args
    if condition.op in ("lt", "le") and (left.is_number or right.is_number):
        low, u, high = (left, right, None) if left.is_number else (None, left, right)
        if not holds:
            low, high = high, low
        if low is not None and low.fraction >= 0:
            replace |= {
                call("abs", u): u,
                call("max", u, number(0)): u,
                call("max", number(0), u): u,
            }
            if low.fraction > 0 or (condition.op == "lt") is holds:
                replace[call("sign", u)] = number(1)
    replace = {old: new for old, new in replace.items() if old in nodes}
    return branch.substitute(replace) if replace else branch


@rule_for("lt", "le", "eq")
def _comparison(node: Expr) -> Expr:
    """``k + z < c`` is ``z < c - k``; ``max(u, 0) < 6`` is ``u < 6``."""
    left, right = node.args
    for side, other, under in ((left, right, True), (right, left, False)):
        if node.op == "lt" and other.is_number and side.op == ("max" if under else "min"):
            for u, bound in (side.args, side.args[::-1]):
                inside = bound.is_number and (
                    bound.fraction < other.fraction if under else bound.fraction > other.fraction
                )
                if inside:
                    return _comparison(call("lt", u, other) if under else call("lt", other, u))
    table = terms(right - left)
    loose = {m: c for m, c in table.items() if m != ONE}
    if len(loose) == 1 and ONE in table:
        ((mono, c),) = loose.items()
        u, bound = product(Fraction(1), dict(mono)), number(-table[ONE] / c)
        if not u.is_number and (left.op in ("add", "sub") or right.op in ("add", "sub")):
            return call(node.op, bound, u) if c > 0 else call(node.op, u, bound)
    return node
