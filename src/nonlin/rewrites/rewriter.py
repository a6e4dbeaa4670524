"""The pass: every node of a formula, from the leaves up, by the rule for its operation.

The modules that know an operation put their rule into the table with :func:`rule_for`, and ask
for simpler parts with :func:`tidy`; so they need not know each other.
"""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

from nonlin.expression import Expr, walk

__all__ = ["rule_for", "simplify", "size", "tidy"]

Rule = Callable[[Expr], Expr]
_rules: dict[str, Rule] = {}
_memo: WeakKeyDictionary[Expr, Expr] = WeakKeyDictionary()


def rule_for(*ops: str) -> Callable[[Rule], Rule]:
    """Decorator: the rule for nodes with one of these operations."""

    def register(rule: Rule) -> Rule:
        for op in ops:
            _rules[op] = rule
        return rule

    return register


def simplify(expr: Expr) -> Expr:
    """The same function in a stable and usually shorter form.

    >>> from nonlin.formula import parse
    >>> simplify(parse("1 / (1 + exp(-z))"))
    sigmoid(Z)
    >>> simplify(parse("z * (1 + tanh(z)) / 2"))
    mul(Z, sigmoid(mul(number(2), Z)))
    """
    for _ in range(4):
        simpler = expr.map(tidy)
        if simpler is expr:
            break
        expr = simpler
    return expr


def size(expr: Expr) -> int:
    """How many distinct operations and leaves an expression has."""
    return sum(1 for _ in walk(expr))


def tidy(node: Expr) -> Expr:
    """A node whose operands are tidy, by the rule for its operation."""
    known = _memo.get(node)
    if known is None:
        rule = _rules.get(node.op)
        known = _memo[node] = node if rule is None else rule(node)
    return known
