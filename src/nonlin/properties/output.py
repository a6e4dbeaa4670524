"""The derivative as a function of the output, where there is one, and the proof that it is.

A formula g with ``f′(z) = g(f(z))`` comes from the catalogue or is built by the chain rule run
backwards (each link's slope in terms of that link's own output: ``tanh′ = 1 - out²``). Either way
it is checked here, cell by cell, and nothing is returned that was only asserted. Where f takes one
value at two points with different slopes there is no g, and those two points are the witness.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath

from ..expression import Expr, Z, call, number, param, walk, where
from ..formula import parse
from ..oracle import accurate
from ..rewrites import simplify, size
from .budget import ONE_AT_A_TIME, Budget, OutOfTime
from .cells import Cell, TooIntricate, cells, with_values
from .forms import affine, compose
from .signs import root_near
from .text import num

__all__ = ["OutputDerivative", "output_derivative"]


@dataclass(frozen=True, slots=True)
class OutputDerivative:
    """f′ as an expression in the output, for which z stands; ``None`` where there is none.

    ``witness`` says how it was proved, or why there is none. ``proved`` is False where the formula
    agrees to 50 digits at many points but could not be proved symbolically.
    """

    expr: Expr | None
    witness: str
    proved: bool = True


def output_derivative(
    expr: Expr,
    derivative: Expr,
    declared: str | None = None,
    parameters: Mapping[str, float] | None = None,
    *,
    budget_s: float = 4.0,
) -> OutputDerivative:
    """f′ in terms of y = f(z).

    >>> from nonlin.calculus import derivative
    >>> tanh = call("tanh", Z)
    >>> output_derivative(tanh, derivative(tanh)).expr
    sub(number(1), pow(Z, number(2)))
    """
    with ONE_AT_A_TIME:
        return _search(expr, derivative, declared, dict(parameters or {}), Budget(budget_s))


def _search(
    expr: Expr, derivative: Expr, declared: str | None, given: dict[str, float], budget: Budget
) -> OutputDerivative:
    try:
        if declared is not None:
            formula = parse(declared, ["y", *given])
            candidate = formula.substitute({param("y"): Z})
            how = verify(expr, derivative, candidate, given, budget)
            if how is not None:
                return OutputDerivative(candidate, how[0], how[1])
            return OutputDerivative(None, f"f′ = {declared} was declared and does not hold")
        twins = _twins(expr, derivative, given, budget.part(0.5))
        if twins is not None:
            return OutputDerivative(None, twins)
        if expr.parameters:
            return OutputDerivative(None, "no formula for f′ in y is declared", False)
        built = _build(expr, budget)
        if built is not None:
            how = verify(expr, derivative, built, given, budget)
            if how is not None:
                return OutputDerivative(built, how[0], how[1])
    except (OutOfTime, TooIntricate, OverflowError, ZeroDivisionError):
        pass
    return OutputDerivative(None, "no formula for f′ in y was found", False)


# -- the proof ----------------------------------------------------------------------------------
def verify(
    expr: Expr,
    derivative: Expr,
    candidate: Expr,
    parameters: Mapping[str, float],
    budget: Budget,
) -> tuple[str, bool] | None:
    """How ``candidate(f) = f′`` is known, and whether by proof; ``None`` where it is false."""
    f, slope, g = (with_values(e, parameters) for e in (expr, derivative, candidate))
    found, cuts = cells([f, slope, compose(g, f)], budget)
    ways: set[str] = set()
    for cell in found:
        if cell.exprs[0] is None:
            continue
        left, right = cell.exprs[2], cell.exprs[1]
        if left is None or right is None or not _agree(left, right, cell):
            return None
        ways.add(_proof(left, right))
    for cut in cuts:  # at a kink, g has to give one of the slopes that meet there
        if cut.exprs[0] is None:
            continue
        value = None if cut.exprs[2] is None else accurate(cut.exprs[2], cut.point, None, 150)
        sides = [c for c in found if cut in (c.left, c.right)]
        slopes = [
            accurate(e, cut.point, None, 150)
            for e in [cut.exprs[1], *(c.exprs[1] for c in sides)]
            if e is not None
        ]
        if value is None or not any(_near(value, s, 40) for s in slopes):
            return None
    if "" in ways:
        return "g(f(z)) and f′(z) agree to 50 digits at 24 points per piece, not proved", False
    means = " and ".join(sorted(ways))
    place = f" on each of {len(found)} pieces" if len(found) > 1 else ""
    at = " at these parameters" if expr.parameters else ""
    return f"g(f(z)) − f′(z) is 0 identically{place}{at}, by {means}", True


def _near(a: Any, b: Any, digits: int) -> bool:
    with mpmath.workdps(60):
        gap = mpmath.mpf(10) ** -digits * max(abs(a), abs(b))
        return bool(a == b or abs(a - b) <= max(gap, mpmath.mpf(10) ** -(digits + 20)))


def _agree(left: Expr, right: Expr, cell: Cell) -> bool:
    for i in range(24):
        z = cell.inside((i * 0.6180339887 + 0.05) % 1)
        if not cell.lo < z < cell.hi:
            continue
        a, b = (accurate(e, z, None, 220) for e in (left, right))
        if not (mpmath.isfinite(a) and mpmath.isfinite(b) and _near(a, b, 50)):
            return False
    return True


def _proof(left: Expr, right: Expr) -> str:
    if simplify(left) is simplify(right) or simplify(left - right).is_zero:
        return "the rewriting rules"
    roots = any(n.op == "sqrt" or (n.op == "pow" and n.args[1].is_number
                and n.args[1].fraction.denominator > 1) for n in walk(left))  # fmt: skip
    if size(left - right) > 60:
        return ""
    if roots and _sympy_zero(left**2 - right**2):
        # (a - b)(a + b) = 0 for analytic a and b, so one factor is 0; at the points tried it is
        # the first.
        return "SymPy, after squaring"
    return "SymPy" if _sympy_zero(left - right) else ""


def _sympy_zero(expr: Expr) -> bool:
    import sympy

    z = sympy.Symbol("z", real=True)
    e = sympy.exp
    table: dict[str, Callable[..., Any]] = {
        "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b, "neg": lambda a: -a, "pow": lambda a, b: a**b,
        "exp": e, "expm1": lambda a: e(a) - 1, "log": sympy.log,
        "log1p": lambda a: sympy.log(1 + a), "sqrt": sympy.sqrt,
        "tanh": lambda a: (e(2 * a) - 1) / (e(2 * a) + 1),
        "sinh": lambda a: (e(a) - e(-a)) / 2, "cosh": lambda a: (e(a) + e(-a)) / 2,
        "sin": sympy.sin, "cos": sympy.cos, "atan": sympy.atan, "erf": sympy.erf,
        "erfc": sympy.erfc, "sigmoid": lambda a: 1 / (1 + e(-a)),
        "softplus": lambda a: sympy.log(1 + e(a)),
        "Phi": lambda a: (1 + sympy.erf(a / sympy.sqrt(2))) / 2,
    }  # fmt: skip
    done: dict[Expr, Any] = {}

    def convert(node: Expr) -> Any:
        if node not in done:
            if node.op == "z":
                done[node] = z
            elif node.op == "number":
                done[node] = sympy.Rational(node.fraction.numerator, node.fraction.denominator)
            elif node.op == "constant":
                done[node] = sympy.pi if node.value == "pi" else sympy.E
            else:
                done[node] = table[node.op](*(convert(a) for a in node.args))
        return done[node]

    try:
        return bool(sympy.simplify(convert(expr)) == 0)
    except (KeyError, RecursionError, NotImplementedError, TypeError, ValueError):
        return False


# -- the counterexample -------------------------------------------------------------------------
def _twins(
    expr: Expr, derivative: Expr, parameters: Mapping[str, float], budget: Budget
) -> str | None:
    """Two points with one value and two slopes, in words."""
    f, slope = with_values(expr, parameters), with_values(derivative, parameters)
    grid = [-6.03 + 0.25 * i for i in range(49)]
    values = [accurate(f, z, None, 60) for z in grid]
    for i in (29, 27, 22, 20, 32, 18, 14, 36, 10):
        budget.check()
        y, z = values[i], grid[i]
        if not mpmath.isfinite(y):
            continue
        # The level is exactly f(z) as an expression, so the second point is as good as the first.
        level = f - compose(f, number(Fraction(z)))
        for j in range(len(grid) - 1):
            a, b = values[j], values[j + 1]
            if j in (i, i - 1) or not (mpmath.isfinite(a) and mpmath.isfinite(b)):
                continue
            if (a - y) * (b - y) >= 0:
                continue
            other = root_near(level, grid[j], grid[j + 1])
            first, second = accurate(slope, z, None, 60), accurate(slope, other, None, 60)
            again = accurate(f, other, None, 60)
            if abs(first - second) > 1e-3 and _near(again, y, 15):
                return (f"f({num(z)}) = f({num(other)}) = {num(y)}, but the slopes there are "
                        f"{num(first)} and {num(second)}")  # fmt: skip
    return None


# -- the construction ---------------------------------------------------------------------------
_ONE = number(1)
# op -> (its slope in terms of its own output, its argument in terms of its output)
_LINKS: dict[str, tuple[Callable[[Expr], Expr], Callable[[Expr], Expr] | None]] = {
    "exp": (lambda y: y, lambda y: call("log", y)),
    "expm1": (lambda y: y + 1, lambda y: call("log1p", y)),
    "log": (lambda y: call("exp", -y), lambda y: call("exp", y)),
    "log1p": (lambda y: call("exp", -y), lambda y: call("expm1", y)),
    "sqrt": (lambda y: 1 / (2 * y), lambda y: y**2),
    "tanh": (lambda y: 1 - y**2, lambda y: call("log", (1 + y) / (1 - y)) / 2),
    "sigmoid": (lambda y: y * (1 - y), lambda y: call("log", y / (1 - y))),
    "softplus": (lambda y: -call("expm1", -y), lambda y: call("log", call("expm1", y))),
    "atan": (lambda y: call("cos", y) ** 2, lambda y: call("sin", y) / call("cos", y)),
    "sinh": (lambda y: call("sqrt", 1 + y**2), None),
}


def _chain(expr: Expr) -> Expr | None:
    """The slope of a chain of invertible links, in terms of its output."""
    out: Expr | None = Z
    rate: Expr = _ONE
    node = expr
    while node.op != "z":
        moving = [i for i, a in enumerate(node.args) if a.depends_on_z]
        if out is None:
            return None
        if node.op in _LINKS:
            slope, inverse = _LINKS[node.op]
            rate = rate * slope(out)
            out = inverse(out) if inverse is not None else None
            node = node.args[0]
            continue
        moebius = _moebius(node, out)
        if moebius is not None:
            return simplify(rate * moebius)
        if len(moving) != 1:
            return None
        i = moving[0]
        other = node.args[1 - i] if len(node.args) == 2 else _ONE
        match node.op, i:
            case "add", _:
                out = out - other
            case "sub", 0:
                out = out + other
            case "sub", 1:
                rate, out = -rate, other - out
            case "neg", 0:
                rate, out = -rate, -out
            case "mul", _:
                rate, out = rate * other, out / other
            case "div", 0:
                rate, out = rate / other, out * other
            case "div", 1:
                rate, out = -rate * out**2 / other, other / out
            case _:
                return None
        node = node.args[i]
    return simplify(rate)


def _moebius(node: Expr, out: Expr) -> Expr | None:
    """(a z + b) / (c z + d): the slope is (a - c y)² / (a d - b c)."""
    if node.op != "div" or not (node.args[0].depends_on_z and node.args[1].depends_on_z):
        return None
    top, bottom = affine(node.args[0]), affine(node.args[1])
    if top is None or bottom is None:
        return None
    (a, b), (c, d) = top, bottom
    determinant = simplify(a * d - b * c)
    return None if determinant.is_zero else (a - c * out) ** 2 / determinant


def _build(expr: Expr, budget: Budget) -> Expr | None:
    """g, piece by piece; the pieces of a rising continuous f are told apart by y."""
    found, cuts = cells([expr], budget)
    pieces: list[Expr] = []
    for cell in found:
        piece = cell.exprs[0]
        if piece is None:
            return None
        rate = number(0) if not piece.depends_on_z else _chain(simplify(piece)) or _chain(piece)
        if rate is None:
            return None
        pieces.append(rate)
    result = pieces[-1]
    for piece, cell, cut in reversed(list(zip(pieces, found, cuts, strict=False))):
        if piece is result:
            continue
        if cut.exprs[0] is None:
            return None
        level = simplify(compose(cut.exprs[0], _exact(cut.exact)))
        if level.depends_on_z or not math.isfinite(accurate(level, 0, None, 60)):
            return None
        constant = cell.exprs[0] is not None and not cell.exprs[0].depends_on_z
        result = where(call("le" if constant else "lt", Z, level), piece, result)
    return result


def _exact(value: Fraction | None) -> Expr:
    return Z if value is None else number(value)
