"""Derivatives, as expressions, in forms that do not cancel.

Every primitive carries its own rule, written so that nothing is lost in a tail
(``sigmoid' = sigmoid(u)*sigmoid(-u)``, ``tanh' = 1/cosh(u)**2``); sums and products go by the usual
rules, and :func:`nonlin.rewrites.simplify` tidies the result. Conventions, where a function has no
derivative:

* ``abs`` and ``sign`` have slope 0 at 0;
* ``min`` and ``max`` with a constant have slope 0 where the two meet, as PyTorch's clamp-like
  functions do; otherwise the first operand's slope counts there;
* ``where`` has the slope of the branch that its condition picks; but a place that is filled as its surroundings
  are, ``where(z == 0, 1, sin(z)/z)``, has the limit of their slope (if no parameter is in them);
* an entry of the catalogue may name another value at a kink, and that one wins
  (:func:`with_conventions`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import mpmath

from nonlin.effort import effort
from nonlin.errors import CompileError
from nonlin.expression import PI, Expr, Z, call, number, walk, where
from nonlin.oracle import accurate, evaluate
from nonlin.rewrites import simplify

__all__ = ["derivative", "partial_derivative", "with_conventions"]


_BITS = 160  # of a slope that is found as a number
_NEAR = 200  # so many bits from a place counts as beside it
_MOST_STEPS = 15_000  # of rewriting; the catalogue's formulas take some hundreds


def derivative(expr: Expr) -> Expr:
    """d expr / dz, simplified. Raises :class:`CompileError` where that would take for ever.

    >>> from nonlin.formula import parse
    >>> derivative(parse("tanh(z)"))
    div(number(1), pow(cosh(Z), number(2)))
    >>> derivative(parse("z * sigmoid(z)"))
    mul(sigmoid(Z), add(number(1), mul(Z, sigmoid(neg(Z)))))
    """
    slopes: dict[Expr, Expr] = {}
    expr = simplify(expr)
    needed = _with_slope(expr)
    most = effort.rewritten + _MOST_STEPS
    for node in walk(expr):
        if effort.rewritten > most:
            raise CompileError("the derivative of this formula is too intricate: try a simpler one")
        if node in needed:
            slopes[node] = simplify(_slope(node, slopes)) if node.depends_on_z else number(0)
    return slopes[expr]


def _with_slope(root: Expr) -> set[Expr]:
    """The nodes whose slope counts: all but the conditions and what is only in them."""
    needed: set[Expr] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if node not in needed:
            needed.add(node)
            stack += node.args[1:] if node.op == "where" else node.args
    return needed


def with_conventions(expr: Expr, kinks: Iterable[tuple[Expr, Expr]]) -> Expr:
    """``expr`` with given values at given points (both without z), the last named first in line.

    >>> with_conventions(call("sign", Z), [(number(0), number(1))])
    where(eq(Z, number(0)), number(1), sign(Z))
    """
    for at, value in kinks:
        expr = where(call("eq", Z, at), value, expr)
    return expr


def partial_derivative(
    expr: Expr, order: int, by: Iterable[str] = (), kinks: Iterable[tuple[Expr, Expr]] = ()
) -> Expr:
    """``expr`` derived ``order`` times by z, then once by each of the parameters named.

    The first derivative by z has the conventions at ``kinks``.

    >>> from nonlin.formula import parse
    >>> partial_derivative(parse("z * sigmoid(a * z)", ["a"]), 0, ["a"])
    mul(mul(pow(Z, number(2)), sigmoid(mul(Z, param('a')))), sigmoid(neg(mul(Z, param('a')))))
    """
    for _ in range(order):
        expr = derivative(expr)
    if order == 1:
        expr = with_conventions(expr, kinks)
    for name in by:
        # The rules are those for z: the two change places for it.
        parameter = Expr("param", (), name)
        exchange = {Z: parameter, parameter: Z}
        expr = derivative(expr.substitute(exchange)).substitute(exchange)
    return expr


def _slope(node: Expr, slopes: dict[Expr, Expr]) -> Expr:
    closed = _closed_form(node, slopes)
    if closed is not None:
        return closed
    match node.op:
        case "z":
            return number(1)
        case "add":
            return slopes[node.args[0]] + slopes[node.args[1]]
        case "sub":
            return slopes[node.args[0]] - slopes[node.args[1]]
        case "neg":
            return -slopes[node.args[0]]
        case "mul":
            a, b = node.args
            return slopes[a] * b + a * slopes[b]
        case "div":
            a, b = node.args
            return slopes[a] / b - a * slopes[b] / b**2
        case "pow":
            return _power_slope(node, slopes)
        case "where":
            condition, a, b = node.args
            filled = _filled(condition, a, b, slopes[b])
            return where(condition, slopes[a] if filled is None else filled, slopes[b])
        case "min" | "max":
            return _extremum_slope(node, slopes)
    rule = _RULES.get(node.op)
    if rule is None:
        raise CompileError(f"the derivative has no rule for the operation {node.op!r}")
    (u,) = node.args
    return rule(u) * slopes[u]


def _closed_form(node: Expr, slopes: dict[Expr, Expr]) -> Expr | None:
    """Products whose derivative by the product rule would cancel."""
    if node.op == "mul":
        return _mirrored_sigmoids(node, slopes)
    if node.op == "div" and node.args[1].op == "pow" and node.args[1].args[0].op == "cosh":
        a, b = node.args
        exponent = b.args[1]
        if exponent.is_number:  # a / cosh(u)**n
            u = b.args[0].args[0]
            return slopes[a] / b - a * (exponent * call("tanh", u) * slopes[u]) / b
    return None


def _mirrored_sigmoids(node: Expr, slopes: dict[Expr, Expr]) -> Expr | None:
    """``sigmoid(u) * sigmoid(-u)``, alone or beside other factors; None where there is no such."""
    factors = _flat(node)
    pairs: list[Expr] = []
    for a in list(factors):
        mirror = call("sigmoid", simplify(-a.args[0])) if a.op == "sigmoid" else a
        if mirror is not a and a in factors and mirror in factors:
            factors.remove(a)
            factors.remove(mirror)
            pairs.append(a)
    if not pairs:
        return None
    product, slope = number(1), number(0)
    for f in factors:
        product, slope = product * f, simplify(slope * f + product * slopes[f])
    for a in pairs:
        (u,) = a.args
        pair = a * call("sigmoid", simplify(-u))
        pair_slope = -pair * call("tanh", u / 2) * slopes[u]
        product, slope = product * pair, simplify(pair_slope * product + pair * slope)
    return slope


def _flat(node: Expr) -> list[Expr]:
    if node.op == "mul":
        return _flat(node.args[0]) + _flat(node.args[1])
    return [node]


def _power_slope(node: Expr, slopes: dict[Expr, Expr]) -> Expr:
    a, n = node.args
    if not n.depends_on_z:
        return n * a ** (n - 1) * slopes[a]
    if not a.depends_on_z:
        return node * call("log", a) * slopes[n]
    return node * (slopes[n] * call("log", a) + n * slopes[a] / a)


def _filled(condition: Expr, value: Expr, around: Expr, slope: Expr) -> Expr | None:
    """The slope where a function of one place's own goes on as it does around, to :data:`_BITS` bits; None where not."""
    if condition.op != "eq" or Z not in condition.args:
        return None
    place = condition.args[0 if condition.args[1] is Z else 1]
    if not place.is_constant or any(e.parameters for e in (value, around, slope)):
        return None
    c = mpmath.mpf(accurate(place, 0.0, None, 2 * _NEAR))
    # At two distances, as what swings may be alike on both sides.
    with mpmath.workprec(2 * _NEAR + 64):
        beside = [c + sign * mpmath.ldexp(1, -n) for n in (_NEAR, _NEAR - 23) for sign in (-1, 1)]
    values = [evaluate(around, z, None, 8 * _NEAR) for z in beside]
    values.append(accurate(value, c, None, _BITS))
    slopes = [evaluate(slope, z, None, 8 * _NEAR) for z in beside]
    if not _alike(values) or not _alike(slopes):
        return None
    with mpmath.workprec(_BITS + 64):  # in the mean of both sides, what is of first order is gone
        units = int(mpmath.nint(mpmath.ldexp(slopes[0] + slopes[1], _BITS - 1)))
    return number(Fraction(units, 1 << _BITS))


def _alike(values: Sequence[Any]) -> bool:
    with mpmath.workprec(2 * _BITS):
        if not all(map(mpmath.isfinite, values)):
            return False
        most = max(1, *map(abs, values)) * mpmath.ldexp(1, -_BITS)
        return bool(max(values) - min(values) <= most)


def _extremum_slope(node: Expr, slopes: dict[Expr, Expr]) -> Expr:
    a, b = node.args
    first, second = (a, b) if node.op == "max" else (b, a)  # first > second: a is picked
    if slopes[b].is_zero:
        return where(call("lt", second, first), slopes[a], slopes[b])
    if slopes[a].is_zero:
        return where(call("lt", first, second), slopes[b], slopes[a])
    return where(call("le", second, first), slopes[a], slopes[b])


_RULES: dict[str, Callable[[Expr], Expr]] = {
    "exp": lambda u: call("exp", u),
    "expm1": lambda u: call("exp", u),
    "log": lambda u: 1 / u,
    "log1p": lambda u: 1 / (1 + u),
    "sqrt": lambda u: 1 / (2 * call("sqrt", u)),
    "abs": lambda u: call("sign", u),
    "sign": lambda u: number(0),
    "tanh": lambda u: 1 / call("cosh", u) ** 2,
    "sinh": lambda u: call("cosh", u),
    "cosh": lambda u: call("sinh", u),
    "sin": lambda u: call("cos", u),
    "cos": lambda u: -call("sin", u),
    "atan": lambda u: 1 / (1 + u**2),
    "erf": lambda u: 2 * call("exp", -(u**2)) / call("sqrt", PI),
    "erfc": lambda u: -2 * call("exp", -(u**2)) / call("sqrt", PI),
    "sigmoid": lambda u: call("sigmoid", u) * call("sigmoid", -u),
    "softplus": lambda u: call("sigmoid", u),
    "Phi": lambda u: call("exp", -(u**2) / 2) / call("sqrt", 2 * PI),
}
