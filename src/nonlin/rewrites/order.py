"""An order of expressions that depends on what they are only: the same in every run.

Tables keyed by expressions are sorted by it before anything is read off them, since a set of nodes
comes in the order of their places in memory.
"""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any

from nonlin.expression import Expr

__all__ = ["rank"]


def rank(base: Expr) -> tuple[int, Any]:
    """Order of factors: constants, parameters, z, functions of z, sums.

    >>> from nonlin.expression import Z, call, number
    >>> sorted([call("exp", Z), Z, 1 + Z, number(2)], key=rank)
    [number(2), Z, exp(Z), add(number(1), Z)]
    """
    if base.is_constant:
        group = 1 if base.is_number else 0
    elif base.op in ("param", "z"):
        group = 2 if base.op == "param" else 3
    elif not base.depends_on_z:
        group = 4
    else:
        group = 5 if base.op not in ("add", "sub", "where") else 6
    return group, _structure(base)


def _compare(a: Expr, b: Expr) -> int:
    """By operation, then by the first operands that differ: one path down, however large both are."""
    while a is not b:
        x, y = _head(a), _head(b)
        if x != y:
            return -1 if x < y else 1
        a, b = next((p, q) for p, q in zip(a.args, b.args, strict=True) if p is not q)
    return 0


def _head(node: Expr) -> str:
    return f"{node.op}(" if node.args else repr(node)


_structure = cmp_to_key(_compare)
