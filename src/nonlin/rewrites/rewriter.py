"""The pass: every node of a formula, from the leaves up, by the rule for its operation.

The modules that know an operation put their rule into the table with :func:`rule_for`, and ask
for simpler parts with :func:`tidy`; so they need not know each other.

Requirements, and what follows from them:

* What a node becomes depends on nothing but the node, so what is known of one formula serves the
  next: :func:`simplify` remembers the last form of every node it has seen.
* A last form is one that no rule changes in any part, so :func:`simplify` is idempotent. Rules that
  undo one another cannot keep it busy: of forms that lead back to themselves the smallest is taken.
* Work is bounded. A rule that meets more than it can compare raises :class:`TooLarge`, and the node
  stays as it is: right, though not as short as it might be.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import islice

from nonlin.effort import effort
from nonlin.expression import Expr, rebuild, walk

from .order import rank

__all__ = ["TooLarge", "rule_for", "simplify", "size", "tidy"]

Rule = Callable[[Expr], Expr]
_rules: dict[str, Rule] = {}
_MOST_KNOWN = 1 << 14  # more would be of use to nobody, and slow the collector of garbage down
_MOST_STEPS = 1 << 15  # of one call; formulas from the parser take a few thousand at most
_forms: dict[Expr, Expr] = {}  # the last form of every node seen lately


class TooLarge(Exception):
    """A sum or product has too many parts to look for identities among them."""


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
    done: dict[Expr, Expr] = {}
    became: dict[Expr, Expr] = {}  # the next form, while the last one is still looked for
    stack = [expr]
    while stack:
        node = stack[-1]
        if node in done:
            stack.pop()
        elif (known := _forms.get(node)) is not None:
            done[node] = known
        elif node in became:
            done[node] = done.get(became[node], node)
        elif waiting := [a for a in node.args if a not in done]:
            stack += reversed(waiting)
        else:
            effort.rewritten += 1
            args = tuple(done[a] for a in node.args)
            after = tidy(node if args == node.args else rebuild(node, args))
            if after is node or len(became) > _MOST_STEPS:
                done[node] = node
            elif after in became:
                done[node] = _smallest(node, after, became)
            else:
                became[node] = after
                stack.append(after)
    _forms.update(done)
    if (
        len(_forms) > _MOST_KNOWN
    ):  # the oldest go, some at a time: to free all at once takes seconds
        for old in list(islice(_forms, len(_forms) - _MOST_KNOWN + _MOST_KNOWN // 8)):
            del _forms[old]
    return done[expr]


def _smallest(node: Expr, after: Expr, became: dict[Expr, Expr]) -> Expr:
    """Of the forms from ``after`` back to ``node``."""
    circle = {node: None}
    while after not in circle and after in became:
        circle[after] = None
        after = became[after]
    return min(circle, key=lambda e: (size(e), rank(e)))


@lru_cache(maxsize=_MOST_KNOWN)
def size(expr: Expr) -> int:
    """How many distinct operations and leaves an expression has."""
    return sum(1 for _ in walk(expr))


@lru_cache(maxsize=_MOST_KNOWN)
def tidy(node: Expr) -> Expr:
    """One step: a node whose operands are tidy, by the rule for its operation."""
    rule = _rules.get(node.op)
    try:
        return node if rule is None else rule(node)
    except TooLarge:
        return node
