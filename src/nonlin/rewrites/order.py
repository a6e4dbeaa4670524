"""An order of expressions that depends on what they are only: the same in every run.

Tables keyed by expressions are sorted by it before anything is read off them, since a set of nodes
comes in the order of their places in memory.
"""

from __future__ import annotations

from functools import cmp_to_key, lru_cache
from typing import Any

from nonlin.expression import Expr

__all__ = ["is_constant", "rank"]


def rank(base: Expr) -> tuple[int, Any]:
    """Order of factors: constants, parameters, z, functions of z, sums.

    >>> from nonlin.expression import Z, call, number
    >>> sorted([call("exp", Z), Z, 1 + Z, number(2)], key=rank)
    [number(2), Z, exp(Z), add(number(1), Z)]
    """
    return _group(base), _structure(base)


@lru_cache(maxsize=1 << 14)
def _group(base: Expr) -> int:
    if base.is_constant:
        return 1 if base.is_number else 0
    if base.op in ("param", "z"):
        return 2 if base.op == "param" else 3
    if not base.depends_on_z:
        return 4
    return 5 if base.op not in ("add", "sub", "where") else 6


def is_constant(base: Expr) -> bool:
    """Whether neither z nor a parameter occurs in it, remembered."""
    return _group(base) <= 1


def _compare(a: Expr, b: Expr) -> int:
    """By operation, then by the first operands that differ: one path down, however large both are."""
    while a is not b:
        if a.op != b.op:
            return -1 if _name(a) < _name(b) else 1
        if not a.args:
            return -1 if repr(a) < repr(b) else 1
        for p, q in zip(a.args, b.args, strict=True):
            if p is not q:
                a, b = p, q
                break
    return 0


def _name(node: Expr) -> str:
    return "Z" if node.op == "z" else node.op


_structure = cmp_to_key(_compare)
