"""Formulas rewritten for an analysis: as a line, composed with another, and their plain slopes."""

from __future__ import annotations

from functools import lru_cache

from ..calculus import derivative
from ..expression import Expr, Z, call, number, rebuild, walk

__all__ = ["affine", "compose", "plain_slope"]


def affine(expr: Expr) -> tuple[Expr, Expr] | None:
    """``(a, b)`` with ``expr = a*z + b`` and no z in a and b, or ``None``."""
    if not expr.depends_on_z:
        return Z * 0, expr
    if expr.op == "z":
        return Z * 0 + 1, Z * 0
    parts = [affine(a) for a in expr.args]
    if None in parts:
        return None
    known = [p for p in parts if p is not None]
    match expr.op:
        case "add":
            return known[0][0] + known[1][0], known[0][1] + known[1][1]
        case "sub":
            return known[0][0] - known[1][0], known[0][1] - known[1][1]
        case "neg":
            return -known[0][0], -known[0][1]
        case "mul":
            for i, j in ((0, 1), (1, 0)):
                if not expr.args[i].depends_on_z:
                    return expr.args[i] * known[j][0], expr.args[i] * known[j][1]
        case "div":
            if not expr.args[1].depends_on_z:
                return known[0][0] / expr.args[1], known[0][1] / expr.args[1]
    return None


@lru_cache(maxsize=64)
def _primitive_slope(op: str) -> Expr:
    return derivative(call(op, Z))


def plain_slope(expr: Expr) -> Expr:
    """The derivative of a switch-free expression by the chain rule alone, nothing simplified.

    Third derivatives serve only for enclosures, and simplifying them takes longer than all else.
    """
    slopes: dict[Expr, Expr] = {}
    for node in walk(expr):
        if not node.depends_on_z:
            slopes[node] = number(0)
            continue
        a = node.args[0] if node.args else node
        b = node.args[1] if len(node.args) > 1 else a
        match node.op:
            case "z":
                slope = number(1)
            case "add":
                slope = slopes[a] + slopes[b]
            case "sub":
                slope = slopes[a] - slopes[b]
            case "neg":
                slope = -slopes[a]
            case "mul":
                slope = slopes[a] * b + a * slopes[b]
            case "div":
                slope = (slopes[a] - node * slopes[b]) / b
            case "pow" if not b.depends_on_z:
                slope = b * a ** (b - 1) * slopes[a]
            case "pow":
                slope = node * (slopes[b] * call("log", a) + b * slopes[a] / a)
            case _:
                slope = compose(_primitive_slope(node.op), a) * slopes[a]
        slopes[node] = slope
    return slopes[expr]


def compose(expr: Expr, inner: Expr) -> Expr:
    """``expr`` with ``inner`` in the place of z, which may itself hold z.

    >>> compose(call("exp", Z), call("neg", Z))
    exp(neg(Z))
    """
    done: dict[Expr, Expr] = {}
    for node in walk(expr):
        if node.op == "z":
            done[node] = inner
        else:
            done[node] = rebuild(node, tuple(done[a] for a in node.args)) if node.args else node
    return done[expr]
