"""What a formula does far out: its limit, and its sign for all large z.

Both are read off an asymptotic series with a bound on everything that is left out
(:mod:`.series`, :mod:`.expansions`). So they follow with no numerical evidence, where interval
arithmetic alone would see ``inf·0``. What the series do not cover is undecided, and the caller
says "unknown".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from ..expression import Expr, call, number
from ..rewrites import simplify
from .expansions import Expansion
from .series import Rank, Series, Undecided, compare

__all__ = ["limit", "sign_beyond"]

_STARTS = (8.0, 32.0, 128.0, 1024.0, 32768.0, 2.0**30, 2.0**60)


def _no_check() -> None:
    """The default: no deadline."""


def limit(
    expr: Expr, direction: int, check: Callable[[], None] = _no_check
) -> Fraction | float | str | None:
    """The limit of a switch-free ``expr`` at ``direction`` infinity.

    A fraction (good to 300 bits), ``inf``, ``-inf``, ``"none"`` where it provably oscillates,
    ``"swings"`` where it does so ever further up and down, ``None`` where the series cannot tell.
    ``check`` is called now and then, to raise when the time is up.

    >>> from nonlin.expression import Z, call
    >>> limit(Z * call("Phi", Z), -1), limit(call("tanh", Z), 1)
    (Fraction(0, 1), Fraction(1, 1))
    """
    for start in _STARTS:
        try:
            return _limit(Expansion(direction, start, check).series(expr))
        except (Undecided, OverflowError, ZeroDivisionError):
            continue
    return _through(expr, direction, check)


_ENDS = {
    "exp": (0, math.inf), "sigmoid": (0, 1), "softplus": (0, math.inf), "Phi": (0, 1),
    "expm1": (-1, math.inf), "tanh": (-1, 1), "erf": (-1, 1), "erfc": (2, 0),
    "sinh": (-math.inf, math.inf), "cosh": (math.inf, math.inf), "log": (None, math.inf),
    "log1p": (None, math.inf), "sqrt": (None, math.inf), "abs": (math.inf, math.inf),
}  # fmt: skip
"""Where a function goes as its operand goes to minus infinity and to infinity."""


def _through(expr: Expr, direction: int, check: Callable[[], None]) -> Fraction | float | None:
    """The limit where parts run away faster than any series here: exp(exp(z)), log(log(z))."""
    check()
    if expr.op in _ENDS and expr.depends_on_z:
        inner = limit(expr.args[0], direction, check)
        if isinstance(inner, float) and math.isinf(inner):
            end = _ENDS[expr.op][inner > 0]
            return Fraction(end) if isinstance(end, int) else end
    if expr.op not in ("neg", "add", "sub", "mul", "div"):
        return None
    parts = [limit(part, direction, check) for part in expr.args]
    if any(part is None or isinstance(part, str) for part in parts):
        return None
    a, b = float(parts[0]), float(parts[-1])  # type: ignore[arg-type]
    if math.isinf(a) or math.isinf(b):
        value = {
            "neg": lambda: -a, "add": lambda: a + b, "sub": lambda: a - b, "mul": lambda: a * b,
            "div": lambda: math.nan if b == 0 else a / b,
        }[expr.op]()  # fmt: skip
        if math.isinf(value):
            return float(value)
        return Fraction(0) if math.isinf(b) and expr.op == "div" and math.isfinite(a) else None
    return None


def _limit(s: Series) -> Fraction | float | str:
    top = min(s.terms, key=Rank) if s.terms else None
    if s.rest and s.rest[1].growth >= 0 and (top is None or compare(s.rest[1], top) >= 0):
        raise Undecided
    if top is None or top.growth < 0:
        return Fraction(0)
    level = [m for m in s.terms if compare(m, top) == 0]
    waves = [m for m in level if m.w]
    if not waves:
        c = s.terms[top]
        return c if top.growth == 0 else math.inf if c > 0 else -math.inf
    calm = sum((s.terms[m] for m in level if not m.w), Fraction(0))
    height = sum((abs(s.terms[m]) for m in waves), Fraction(0))
    if top.growth > 0 and abs(calm) > height:
        return math.inf if calm > 0 else -math.inf
    if len(waves) > 1:
        raise Undecided
    # one sine alone reaches both 1 and -1 again and again; a product of several may not
    alone = len(waves[0].w) == 1
    if top.growth > 0:
        if alone and abs(calm) < height:
            return "swings"
        if calm and (not alone or s.rest or len(s.terms) > len(level)):
            raise Undecided  # z + z*sin(z) + sqrt(z) grows, and so does z + z*sin(z)**2
    return "none"


def sign_beyond(
    expr: Expr, direction: int, least: float = 1.0, check: Callable[[], None] = _no_check
) -> tuple[float, int] | None:
    """``(B, s)``: a switch-free ``expr`` has the sign s wherever ``direction * z >= B``.

    >>> from nonlin.formula import parse
    >>> sign_beyond(parse("Phi(z) + z * exp(-z * z / 2) / sqrt(6)"), -1)
    (8.0, -1)
    """
    for start in _STARTS:
        if start < least:
            continue
        try:
            tail = Expansion(direction, start, check)
            return start, _sign(tail, expr)
        except (Undecided, OverflowError, ZeroDivisionError):
            continue
    return None


def _sign(tail: Expansion, expr: Expr) -> int:
    try:
        s = tail.series(expr)
        if not any(m.w for m in s.terms):
            return tail.sure_sign(s)
    except Undecided:
        pass
    match expr.op:  # what the series cannot see, the signs of factors may tell
        case "mul" | "div":
            return _sign(tail, expr.args[0]) * _sign(tail, expr.args[1])
        case "neg":
            return -_sign(tail, expr.args[0])
        case "exp" | "cosh" | "sigmoid" | "softplus" | "Phi" | "erfc":
            return 1
        case "tanh" | "sinh" | "atan" | "erf" | "expm1" | "log1p":
            return _sign(tail, expr.args[0])
        case "pow" if expr.args[1].is_number and expr.args[1].fraction.denominator == 1:
            sign = _sign(tail, expr.args[0])
            return sign if expr.args[1].fraction % 2 else abs(sign)
        case "add" | "sub":  # a*exp(u) + b*exp(v) has the sign of a*exp(u - v) + b
            (a, u), (b, v) = (_exponential(part) for part in expr.args)
            if u is not None and v is not None:
                ratio = a * call("exp", simplify(u - v))
                return _sign(tail, ratio + b if expr.op == "add" else ratio - b)
    raise Undecided


def _exponential(expr: Expr) -> tuple[Expr, Expr | None]:
    """A product as ``(a, u)``, which stand for a*exp(u); without an exponential u is ``None``."""
    if expr.op == "exp":
        return number(1), expr.args[0]
    if expr.op == "neg":
        a, u = _exponential(expr.args[0])
        return -a, u
    if expr.op == "mul":
        (a, u), (b, v) = (_exponential(part) for part in expr.args)
        return a * b, u if v is None else v if u is None else u + v
    if expr.op == "div":
        a, u = _exponential(expr.args[0])
        return a / expr.args[1], u
    return expr, None
