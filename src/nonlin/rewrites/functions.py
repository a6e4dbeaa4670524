"""Functions of a special operand: ``log1p(exp(u))`` is ``softplus(u)``, ``tanh(-u)`` is ``-tanh(u)``."""

from __future__ import annotations

from nonlin.expression import Expr, call, number
from nonlin.ops import FUNCTIONS

from .identities import EVEN, ODD
from .monomials import HALF, ONE, certainly, factors, terms
from .rewriter import rule_for, tidy
from .sums import total

__all__: list[str] = []


@rule_for(*(f for f in FUNCTIONS if f not in ("sqrt", "where")))
def _function(node: Expr) -> Expr:
    op, u = node.op, node.args[0]
    coefficient, _ = factors(u)
    negative = coefficient < 0
    if u.op in ("add", "sub"):
        negative = all(c < 0 for c in terms(u).values())
    if negative and op in ODD:
        return tidy(-call(op, tidy(-u)))
    if negative and op in EVEN:
        return call(op, tidy(-u))
    match op:
        case "exp" | "cosh" | "cos" if u.is_zero:
            return number(1)
        case "expm1" | "log1p" | "tanh" | "sinh" | "sin" | "atan" | "erf" | "abs" | "sign" if (
            u.is_zero
        ):
            return number(0)
        case "sigmoid" | "Phi" if u.is_zero:
            return number(HALF)
        case "abs" | "sign" if u.is_number:
            value = u.fraction
            return number(abs(value) if op == "abs" else (value > 0) - (value < 0))
        case "abs" if certainly(u) >= 0:
            return u
        case "log":
            return _log(node, u)
        case "log1p" if u.op == "exp":
            return call("softplus", u.args[0])
        case "log1p" if u.op == "expm1":
            return u.args[0]
        case "exp" if u.op == "log":
            return u.args[0]
        case "exp" if u.op == "softplus":
            return 1 + call("exp", u.args[0])
        case "max" | "min" if all(a.is_number for a in node.args):
            values = [a.fraction for a in node.args]
            return number(max(values) if op == "max" else min(values))
        case "max" | "min" if node.args[0] is node.args[1]:
            return u
    return node


def _log(node: Expr, u: Expr) -> Expr:
    if u.is_number and u.fraction == 1:
        return number(0)
    if u.op == "exp":
        return u.args[0]
    if u.op == "sigmoid":
        return -call("softplus", tidy(-u.args[0]))
    if u.op == "constant" and u.value == "e":
        return number(1)
    if u.op == "cosh":  # |v| + log1p(exp(-2|v|)) - log 2
        v = call("abs", u.args[0])
        return v + call("softplus", -2 * v) - call("log", number(2))
    if u.op in ("add", "sub"):
        table = terms(u)
        if table.pop(ONE, None) == 1 and table:
            return tidy(call("log1p", total(table)))
    return node
