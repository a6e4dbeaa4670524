"""Rigorous enclosures: an interval in, an interval out that holds every value of the formula there.

Requirements, and what follows from them:

* A proof that ``f' >= 0`` must not be lost to rounding at an exact 0, so a bound is moved outwards
  only where the operation was inexact, and never across a bound that holds by meaning (``exp`` is
  not negative, ``tanh`` does not leave [-1, 1]).
* Speed matters more than the last digit: bounds are doubles. Sums are rounded in the right
  direction by the exact error of the sum (Knuth's TwoSum); products and quotients go outwards by
  one double, functions by :data:`_SLACK` doubles, which is more than any libm in use is off
  (glibc's manual lists at most 6 for these functions).
* Unbounded intervals are ordinary: ``(-inf, inf)`` is the whole line, and ``0 * inf`` is 0,
  since an infinite bound stands for arbitrarily large numbers and not for a value.

Where the formula has no real value on part of the interval, the result encloses the values on
the rest; where it has none at all, the result is ``(nan, nan)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from .effort import effort
from .errors import CompileError, ParameterError
from .expression import Expr, walk

__all__ = ["Bounds", "Encloser", "enclose", "encloser", "fraction_bounds"]

Bounds = tuple[float, float]
Encloser = Callable[[float, float], Bounds]

_INF = math.inf
_NAN: Bounds = (math.nan, math.nan)
_WHOLE: Bounds = (-_INF, _INF)
_MAX = 1.7976931348623157e308
_SLACK = 8.0


def _down(x: float) -> float:
    return math.nextafter(x, -_INF)


def _up(x: float) -> float:
    return math.nextafter(x, _INF)


def _sum_down(a: float, b: float) -> float:
    s = a + b
    if math.isinf(s) or s != s:
        if s != s:
            return -_INF
        return _MAX if s > 0 and not (math.isinf(a) or math.isinf(b)) else s
    t = s - a
    return s if (a - (s - t)) + (b - t) >= 0 else _down(s)


def _sum_up(a: float, b: float) -> float:
    return -_sum_down(-a, -b)


def _add(a: Bounds, b: Bounds) -> Bounds:
    return _sum_down(a[0], b[0]), _sum_up(a[1], b[1])


def _sub(a: Bounds, b: Bounds) -> Bounds:
    return _sum_down(a[0], -b[1]), _sum_up(a[1], -b[0])


def _neg(a: Bounds) -> Bounds:
    return -a[1], -a[0]


def _product(a: float, b: float) -> Bounds:
    """Bounds of one product, exact where a factor is 0 or a power of two keeps it exact."""
    if a == 0 or b == 0:
        return 0.0, 0.0
    p = a * b
    if math.isinf(p):
        if math.isinf(a) or math.isinf(b):
            return p, p
        return (_MAX, p) if p > 0 else (p, -_MAX)
    if abs(a) == 1 or abs(b) == 1:
        return p, p
    if abs(p) > 1e-290 and (abs(math.frexp(a)[0]) == 0.5 or abs(math.frexp(b)[0]) == 0.5):
        return p, p
    if abs(a) < 67108864 and abs(b) < 67108864 and a == int(a) and b == int(b):
        return p, p
    if (a > 0) == (b > 0):
        return max(0.0, _down(p)), _up(p)
    return _down(p), min(0.0, _up(p))


def _mul(a: Bounds, b: Bounds) -> Bounds:
    ps = (_product(a[0], b[0]), _product(a[0], b[1]), _product(a[1], b[0]), _product(a[1], b[1]))
    return min(p[0] for p in ps), max(p[1] for p in ps)


def _reciprocal(b: Bounds) -> Bounds:
    lo, hi = b
    if lo == 0 == hi:
        return _NAN
    if lo < 0 < hi:
        return _WHOLE
    if hi <= 0:
        return _neg(_reciprocal((-hi, -lo)))
    if hi == _INF:
        low = 0.0
    else:
        low = min(_MAX, 1 / hi)
        low = low if math.frexp(hi)[0] == 0.5 else max(0.0, _down(low))
    if lo == 0:
        return low, _INF
    if lo < 1e-307:
        return low, _up(min(1 / lo, _MAX)) if lo > 6e-309 else _INF
    high = 1 / lo if math.frexp(lo)[0] == 0.5 else _up(1 / lo)
    return low, high


def _div(a: Bounds, b: Bounds) -> Bounds:
    if a == (0.0, 0.0) and b != (0.0, 0.0):
        return a
    if a[0] == a[1] and b[0] == b[1] and b[0] and math.isfinite(a[0]) and math.isfinite(b[0]):
        q = a[0] / b[0]
        if math.isfinite(q) and abs(q) > 1e-290:
            return (
                (q, q)
                if q == int(q)
                and abs(q) < 2**53
                and q * b[0] == a[0]
                and (abs(q) < 2**26 and abs(b[0]) < 2**26 and b[0] == int(b[0]))
                else (_down(q), _up(q))
            )
    r = _reciprocal(b)
    return r if r[0] != r[0] else _mul(a, r)


def _widen(low: float, high: float, slack: float = _SLACK) -> Bounds:
    """Outwards by ``slack`` units in the last place, and by the smallest double at 0."""
    if math.isfinite(low):
        low = _sum_down(low, -abs(low) * slack * 2.3e-16 - 5e-324)
    if math.isfinite(high):
        high = _sum_up(high, abs(high) * slack * 2.3e-16 + 5e-324)
    return low, high


def _sigmoid(x: float) -> float:
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    e = math.exp(x)
    return e / (1 + e)


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def _phi_slack(x: float) -> float:
    return _SLACK + (x * x if abs(x) < 40 else 0.0)


def _phi(x: float) -> float:
    return math.erfc(-x * math.sqrt(0.5)) / 2


def _at(f: Callable[[float], float], x: float) -> float:
    try:
        return f(x)
    except OverflowError:
        return _INF if x > 0 or f is math.cosh else -_INF


def _increasing(
    f: Callable[[float], float],
    least: float = -_INF,
    most: float = _INF,
    *,
    exact: Mapping[float, float] | None = None,
    slack: Callable[[float], float] = lambda x: _SLACK,
) -> Callable[[Bounds], Bounds]:
    """The enclosure of an increasing function with values between ``least`` and ``most``."""
    known = exact or {}

    def enclosure(a: Bounds) -> Bounds:
        lo, hi = a
        if lo in known:
            low = known[lo]
        else:
            y = _at(f, lo)
            low = _MAX if y == _INF and lo < _INF else max(least, _widen(y, y, slack(lo))[0])
        if hi in known:
            high = known[hi]
        else:
            y = _at(f, hi)
            high = -_MAX if y == -_INF and hi > -_INF else min(most, _widen(y, y, slack(hi))[1])
        # A function through the origin keeps the sign of its argument.
        if known.get(0.0) == 0:
            low, high = (max(0.0, low) if lo >= 0 else low), (min(0.0, high) if hi <= 0 else high)
        return low, high

    return enclosure


def _partial(
    f: Callable[[float], float], edge: float, at_edge: float, exact: Mapping[float, float]
) -> Callable[[Bounds], Bounds]:
    """An increasing function that begins at ``edge``, with the value or limit ``at_edge`` there."""
    inner = _increasing(f, at_edge, exact={edge: at_edge, **exact})

    def enclosure(a: Bounds) -> Bounds:
        if a[1] < edge or (a[1] == edge and math.isinf(at_edge)):
            return _NAN
        return inner((max(a[0], edge), a[1]))

    return enclosure


def _abs(a: Bounds) -> Bounds:
    if a[0] >= 0:
        return a
    return _neg(a) if a[1] <= 0 else (0.0, max(-a[0], a[1]))


_COSH = _increasing(math.cosh, 1.0, exact={0.0: 1.0})


def _periodic(f: Callable[[float], float], first_top: float) -> Callable[[Bounds], Bounds]:
    """sin or cos: 1 at ``first_top`` plus multiples of 2 pi, -1 half a period away."""

    def enclosure(a: Bounds) -> Bounds:
        lo, hi = a
        if lo == hi and math.isfinite(lo):
            if lo == 0:
                return f(0.0), f(0.0)
            low, high = _widen(f(lo), f(lo))
            return max(-1.0, low), min(1.0, high)
        if hi - lo >= 6.3 or max(abs(lo), abs(hi)) > 1e6:
            return -1.0, 1.0

        def holds(point: float) -> bool:  # with a margin far above the rounding below
            k = math.ceil((lo - point) / math.tau - 1e-9)
            return point + k * math.tau <= hi + 1e-9

        ends = _widen(min(f(lo), f(hi)), max(f(lo), f(hi)))
        low = -1.0 if holds(first_top + math.pi) else max(-1.0, ends[0])
        return low, 1.0 if holds(first_top) else min(1.0, ends[1])

    def exact_sign(a: Bounds) -> Bounds:
        """The sine keeps the sign of an argument between 0 and 3."""
        low, high = enclosure(a)
        if f is math.sin:
            if a[0] >= 0 and a[1] <= 3:
                low = max(0.0, low)
            if a[0] >= -3 and a[1] <= 0:
                high = min(0.0, high)
        return low, high

    return exact_sign


def _power(x: float, n: float) -> Bounds:
    """Bounds of ``x ** n`` for x >= 0 and n > 0."""
    if x in (0.0, 1.0, _INF):
        return x, x
    try:
        y = math.pow(x, n)
    except OverflowError:
        return _MAX, _INF
    if y == _INF:
        return _MAX, _INF
    if x == int(x) and n == int(n) and y < 2**53:
        return y, y
    low, high = _widen(y, y)
    return max(0.0, low), high


def _pow_number(a: Bounds, exponent: Fraction) -> Bounds:
    if exponent == 0:
        return 1.0, 1.0
    if exponent < 0:
        return _reciprocal(_pow_number(a, -exponent))
    if exponent.denominator != 1:
        if a[1] < 0:
            return _NAN
        low, high = fraction_bounds(exponent)
        a = (max(a[0], 0.0), a[1])
        if low != high:
            ends = [_power(x, n) for x in a for n in (low, high)]
            return min(e[0] for e in ends), max(e[1] for e in ends)
        return _power(a[0], low)[0], _power(a[1], low)[1]
    n = float(exponent)
    if exponent % 2 == 0:
        a = _abs(a)
    elif a[1] <= 0 and a[0] < 0:
        return _neg(_pow_number(_neg(a), exponent))
    elif a[0] < 0:
        return -_power(-a[0], n)[1], _power(a[1], n)[1]
    return _power(a[0], n)[0], _power(a[1], n)[1]


def _pow_general(a: Bounds, b: Bounds) -> Bounds:
    log = _UNARY["log"](a)
    return log if log[0] != log[0] else _UNARY["exp"](_mul(b, log))


def _min(a: Bounds, b: Bounds) -> Bounds:
    return min(a[0], b[0]), min(a[1], b[1])


def _max(a: Bounds, b: Bounds) -> Bounds:
    return max(a[0], b[0]), max(a[1], b[1])


def _sign(a: Bounds) -> Bounds:
    return (
        1.0 if a[0] > 0 else 0.0 if a[0] == 0 else -1.0,
        -1.0 if a[1] < 0 else 0.0 if a[1] == 0 else 1.0,
    )


# A truth value is (certainly, possibly) as 0.0 or 1.0.
def _lt(a: Bounds, b: Bounds) -> Bounds:
    return float(a[1] < b[0]), float(a[0] < b[1])


def _le(a: Bounds, b: Bounds) -> Bounds:
    return float(a[1] <= b[0]), float(a[0] <= b[1])


def _eq(a: Bounds, b: Bounds) -> Bounds:
    same = a[0] == a[1] == b[0] == b[1]
    return float(same), float(a[0] <= b[1] and b[0] <= a[1])


def _where(condition: Bounds, a: Bounds, b: Bounds) -> Bounds:
    if condition[0] == 1:
        return a
    if condition[1] == 0:
        return b
    if a[0] != a[0]:
        return b
    return a if b[0] != b[0] else (min(a[0], b[0]), max(a[1], b[1]))


_ERFC = _increasing(lambda x: math.erfc(-x), 0.0, 2.0, exact={0.0: 1.0, -_INF: 0.0})
_ZERO = {0.0: 0.0}
_UNARY: dict[str, Callable[[Bounds], Bounds]] = {
    "neg": _neg,
    "exp": _increasing(math.exp, 0.0, exact={0.0: 1.0, -_INF: 0.0}),
    "expm1": _increasing(math.expm1, -1.0, exact={0.0: 0.0, -_INF: -1.0}),
    "log": _partial(math.log, 0.0, -_INF, {1.0: 0.0}),
    "log1p": _partial(math.log1p, -1.0, -_INF, _ZERO),
    "sqrt": _partial(math.sqrt, 0.0, 0.0, {1.0: 1.0}),
    "abs": _abs,
    "sign": _sign,
    "tanh": _increasing(math.tanh, -1.0, 1.0, exact=_ZERO),
    "sinh": _increasing(math.sinh, exact=_ZERO),
    "cosh": lambda a: _COSH(_abs(a)),
    "sin": _periodic(math.sin, math.pi / 2),
    "cos": _periodic(math.cos, 0.0),
    "atan": _increasing(math.atan, -1.5707963267948968, 1.5707963267948968, exact=_ZERO),
    "erf": _increasing(math.erf, -1.0, 1.0, exact=_ZERO),
    "erfc": lambda a: _ERFC(_neg(a)),
    "sigmoid": _increasing(_sigmoid, 0.0, 1.0, exact={0.0: 0.5, -_INF: 0.0}),
    "softplus": _increasing(_softplus, 0.0, exact={-_INF: 0.0}),
    "Phi": _increasing(_phi, 0.0, 1.0, exact={0.0: 0.5, -_INF: 0.0}, slack=_phi_slack),
}
_BINARY: dict[str, Callable[[Bounds, Bounds], Bounds]] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "min": _min,
    "max": _max,
    "lt": _lt,
    "le": _le,
    "eq": _eq,
}


def fraction_bounds(value: Fraction) -> Bounds:
    """The doubles next to an exact number, both the same where it is one."""
    try:
        near = float(value)
    except OverflowError:
        return (_MAX, _INF) if value > 0 else (-_INF, -_MAX)
    exact = Fraction(near)
    if exact == value:
        return near, near
    return (near, _up(near)) if exact < value else (_down(near), near)


def _square(a: Bounds) -> Bounds:
    return _pow_number(a, Fraction(2))


@lru_cache(maxsize=4096)
def encloser(expr: Expr, params: tuple[tuple[str, float], ...] = ()) -> Encloser:
    """Compile ``expr`` to a function from an interval to an enclosure of its values there."""
    place: dict[Expr, int] = {}
    constants: list[Any] = []
    steps: list[tuple[Callable[..., Bounds], int, int, int]] = []
    values = dict(params)
    for node in walk(expr):
        i = len(constants)
        constants.append(None)
        place[node] = i
        args = [place[a] for a in node.args] + [0, 0, 0]
        if node.op == "z":
            continue
        if node.op == "number":
            constants[i] = fraction_bounds(node.fraction)
            continue
        if node.op == "constant":
            near = math.pi if node.value == "pi" else math.e
            constants[i] = (near, _up(near))  # both doubles lie below the constants
            continue
        if node.op == "param":
            if node.value not in values:
                raise ParameterError(f"the parameter {node.value} has no value")
            value = float(values[str(node.value)])
            constants[i] = (value, value)
            continue
        function: Callable[..., Bounds]
        if node.op == "pow":
            if node.args[1].is_number:
                exponent = node.args[1].fraction
                function = lambda a, n=exponent: _pow_number(a, n)  # noqa: E731
                args = [args[0], -1, -1]
            elif node.args[1].op == "param":
                exponent = Fraction(values[str(node.args[1].value)])
                function = lambda a, n=exponent: _pow_number(a, n)  # noqa: E731
                args = [args[0], -1, -1]
            else:
                function = _pow_general
        elif node.op == "mul" and node.args[0] is node.args[1]:
            function, args = _square, [args[0], -1, -1]
        elif node.op in _UNARY:
            function = _UNARY[node.op]
        elif node.op in _BINARY:
            function = _BINARY[node.op]
        elif node.op == "where":
            function = _where
        else:
            raise CompileError(f"the enclosure has no operation {node.op!r}")
        arity = 1 if args[1] == -1 else len(node.args)
        pad = [args[j] if j < arity else -1 for j in range(3)]
        steps.append((function, i, *pad))  # type: ignore[arg-type]
    variable = place.get(_Z)
    # The list of values is rebuilt on every call, so that an encloser can be shared by threads.
    plan = [(f, i, a, b, c) for f, i, a, b, c in steps]  # type: ignore[misc]
    last = place[expr]
    cost = 2 * len(plan) + 2

    def run(lo: float, hi: float) -> Bounds:
        effort.spent += cost
        slot = constants.copy()
        if variable is not None:
            slot[variable] = (lo, hi)
        for function, i, a, b, c in plan:
            if c >= 0:
                slot[i] = function(slot[a], slot[b], slot[c])
                continue
            x = slot[a]
            if x[0] != x[0]:
                slot[i] = _NAN
            elif b < 0:
                slot[i] = function(x)
            else:
                y = slot[b]
                slot[i] = _NAN if y[0] != y[0] else function(x, y)
        result: Bounds = slot[last]
        return result

    return run


_Z = Expr("z")


def enclose(expr: Expr, lo: float, hi: float, params: Mapping[str, float] | None = None) -> Bounds:
    """An interval that holds ``expr(z)`` for every z in ``[lo, hi]``.

    Examples
    --------
    >>> from nonlin.formula import parse
    >>> enclose(parse("max(z, 0)"), -1.0, 2.0)
    (0.0, 2.0)
    >>> enclose(parse("tanh(z)"), -math.inf, math.inf)
    (-1.0, 1.0)
    """
    if not lo <= hi:
        raise ValueError(f"an interval runs from its lower to its upper end, not [{lo}, {hi}]")
    return encloser(expr, tuple(sorted((params or {}).items())))(float(lo), float(hi))
