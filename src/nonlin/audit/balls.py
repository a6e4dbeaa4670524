"""Power series in ball arithmetic over whole arrays: what a program's polynomials are made of.

A *ball* is a pair of double arrays, a middle and a radius; the true value is no further from the middle than
the radius. Every operation adds to the radius what rounding may have cost, and nothing where it certainly cost
nothing, so that straight lines stay exact. A *series* is a list of balls, the Taylor coefficients of a value in t
where z = c + s t; those it lacks are 0. Elementary functions begin with the enclosure that
:mod:`.intervals` has of them; what follows comes from their differential equations, as in
:mod:`nonlin.compiler.taylor`, with which nothing is shared.

If c is an interval, so are the coefficients, and the one of t**n, times t**n, is the remainder of the polynomial
before it (Lagrange). A NaN says that nothing is known: around a kink above all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nonlin.audit.intervals import OPERATIONS, Interval, Truth
from nonlin.errors import CompileError

if TYPE_CHECKING:
    from nonlin.compiler.program import Program

__all__ = ["Ball", "Series", "expand"]

_EPS = 2.0**-52
"""Twice the relative error of an operation."""
_MORE = 1 + 2.0**-44
"""What makes good for the roundings of a radius itself."""
_TINY = 1e-300
"""More than an underflow costs."""


class Ball(NamedTuple):
    """A middle and a radius, for each element of an array."""

    m: Any
    r: Any


Series = list[Ball]
_ZERO = Ball(np.float64(0.0), np.float64(0.0))
_ONE = Ball(np.float64(1.0), np.float64(0.0))
_UNKNOWN = Ball(np.float64(np.nan), np.float64(np.nan))


# -- balls ----------------------------------------------------------------------------------------
def _short(x: Any) -> Any:
    """Whether a product with another such number is exact, if it does not underflow."""
    return x == x.astype(np.float32)


def _mul(a: Ball, b: Ball) -> Ball:
    m = a.m * b.m
    size = np.abs(m)
    if not (np.any(a.r) or np.any(b.r)):
        exact = (_short(a.m) & _short(b.m) & (size > 1e-280)) | (a.m == 0) | (b.m == 0)
        return Ball(m, np.where(exact, 0.0, size * _EPS + _TINY))
    r = np.abs(a.m) * b.r + a.r * (np.abs(b.m) + b.r) + size * _EPS + _TINY
    return Ball(m, r * _MORE)


def _total(terms: Sequence[Ball]) -> Ball:
    m, r = terms[0]
    for b in terms[1:]:
        s = m + b.m
        t = s - m
        r = r + b.r + np.abs((m - (s - t)) + (b.m - t))  # what rounding took off, exactly
        m = s
    return Ball(m, r * _MORE) if len(terms) > 1 else terms[0]


def _neg(a: Ball) -> Ball:
    return Ball(-a.m, a.r)


def _div(a: Ball, b: Ball) -> Ball:
    least = np.abs(b.m) - b.r
    m = a.m / b.m
    r = (a.r + np.abs(m) * b.r) / (least * (1 - _EPS)) + np.abs(m) * _EPS + _TINY
    return Ball(m, np.where(least > 0, r * _MORE, np.nan))


def _times(a: Ball, factor: float) -> Ball:
    """By a double; by a power of two exactly."""
    m = a.m * factor
    if abs(np.frexp(factor)[0]) == 0.5:
        under = (np.abs(m) < 1e-290) & (a.m != 0)
        return Ball(m, a.r * abs(factor) + np.where(under, _TINY, 0.0))
    return Ball(m, (a.r * abs(factor) + np.abs(m) * _EPS + _TINY) * _MORE)


def _over(a: Ball, k: int) -> Ball:
    m = a.m / k
    whole = m * k == a.m  # no more is asked: who divides 3 by 3 has 1
    return Ball(m, (a.r / k + np.where(whole, 0.0, np.abs(m) * _EPS + _TINY)) * _MORE)


def _interval(a: Ball) -> Interval:
    if not np.any(a.r):
        return Interval(a.m, a.m)
    reach = a.r + np.abs(a.m) * _EPS * (a.r > 0)
    return Interval(a.m - reach, a.m + reach)


def _ball(a: Interval) -> Ball:
    if a.exact:
        return Ball(a.low, np.zeros_like(a.low))
    m = 0.5 * (a.low + a.high)
    r = np.maximum(a.high - m, m - a.low)
    return Ball(m, np.where(a.low == a.high, 0.0, (r + np.abs(m) * _EPS) * _MORE))


def _start(op: str, u: Ball, *more: Ball) -> Ball:
    return _ball(OPERATIONS[op](_interval(u), *map(_interval, more)))


# -- series ---------------------------------------------------------------------------------------
def _product(a: Series, b: Series, k: int, first: int = 0, last: int | None = None) -> Ball:
    """Coefficient k of a product: terms a[i] b[k - i] with i from ``first`` to ``last``."""
    stop = min(k if last is None else last, len(a) - 1)
    terms = [_mul(a[i], b[k - i]) for i in range(max(first, k - len(b) + 1), stop + 1)]
    return _total(terms) if terms else _ZERO


def _slope(a: Series) -> Series:
    """t times the derivative."""
    return [_ZERO, *(_times(b, float(k)) for k, b in enumerate(a[1:], 1))]


class _Expansion:
    """The operations on series, to ``order`` coefficients after the first."""

    def __init__(self, order: int) -> None:
        self.order = order

    def add(self, a: Series, b: Series) -> Series:
        longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
        sums = [_total([x, y]) for x, y in zip(longer, shorter, strict=False)]
        return sums + longer[len(shorter) :]

    def neg(self, a: Series) -> Series:
        return [_neg(b) for b in a]

    def mul(self, a: Series, b: Series) -> Series:
        length = min(len(a) + len(b) - 1, self.order + 1)
        return [_product(a, b, k) for k in range(length)]

    def div(self, a: Series, b: Series) -> Series:
        if len(b) == 1:
            return [_div(x, b[0]) for x in a]
        q: Series = []
        for k in range(self.order + 1):
            rest = _product(q, b, k, 0, k - 1) if k else _ZERO
            top = a[k] if k < len(a) else _ZERO
            q.append(_div(_total([top, _neg(rest)]), b[0]))
        return q

    def integral(self, first: Ball, u: Series, rate: Series) -> Series:
        """y with y' = rate * u'."""
        slope = _slope(u)
        if len(u) == 1:
            return [first]
        rest = (_over(_product(slope, rate, k, 1), k) for k in range(1, self.order + 1))
        return [first, *rest]

    def pair(
        self, u: Series, first: Sequence[Ball], rates: Callable[[list[Series], int], list[Ball]]
    ) -> list[Series]:
        """Several y at once with y' = rate * u', where ``rates`` gives coefficient k of each rate
        from those of the y up to k."""
        ys = [[b] for b in first]
        if len(u) == 1:
            return ys
        slope, known = _slope(u), [list[Ball]() for _ in first]
        for k in range(1, self.order + 1):
            for series, ball in zip(known, rates(ys, k - 1), strict=True):
                series.append(ball)
            found = [_over(_product(slope, series, k, 1), k) for series in known]
            for y, ball in zip(ys, found, strict=True):
                y.append(ball)
        return ys

    def exp(self, u: Series) -> Series:
        return self.pair(u, [_start("exp", u[0])], lambda y, k: [y[0][k]])[0]

    def expm1(self, u: Series) -> Series:
        return [_start("expm1", u[0]), *self.exp(u)[1:]]

    def sqrt(self, u: Series) -> Series:
        y = [_start("sqrt", u[0])]
        for k in range(1, self.order + 1 if len(u) > 1 else 1):
            top = u[k] if k < len(u) else _ZERO
            square = _product(y, y, k, 1, k - 1)
            y.append(_div(_total([top, _neg(square)]), _times(y[0], 2.0)))
        return y

    def log(self, u: Series, first: Ball | None = None) -> Series:
        """Also of 1 + u, given its first coefficient."""
        y = [_start("log", u[0]) if first is None else first]
        slopes: Series = [_ZERO]
        for k in range(1, self.order + 1 if len(u) > 1 else 1):
            top = _times(u[k], float(k)) if k < len(u) else _ZERO
            rest = _product(slopes, u, k, 1, k - 1)
            slopes.append(_div(_total([top, _neg(rest)]), u[0]))
            y.append(_over(slopes[-1], k))
        return y

    def log1p(self, u: Series) -> Series:
        return self.log(self.add(u, [_ONE]), _start("log1p", u[0]))

    def tanh_sech2(self, u: Series) -> list[Series]:
        def rates(y: list[Series], k: int) -> list[Ball]:
            return [y[1][k], _times(_product(y[0], y[1], k), -2.0)]

        return self.pair(u, [_start("tanh", u[0]), _start("sech2", u[0])], rates)

    def sigmoid(self, u: Series) -> Series:
        """Together with that of -u, since 1 - sigmoid(u) would cancel."""

        def rates(y: list[Series], k: int) -> list[Ball]:
            both = _product(y[0], y[1], k)
            return [both, _neg(both)]

        return self.pair(u, [_start("sigmoid", u[0]), _start("sigmoid", _neg(u[0]))], rates)[0]

    def waves(self, u: Series, op: str, other: str, signs: tuple[float, float]) -> Series:
        """sin with cos, sinh with cosh."""

        def rates(y: list[Series], k: int) -> list[Ball]:
            return [_times(y[1][k], signs[0]), _times(y[0][k], signs[1])]

        return self.pair(u, [_start(op, u[0]), _start(other, u[0])], rates)[0]

    def bell(self, op: str, u: Series, factor: Ball, share: float) -> Series:
        """The integral of factor * exp(-share * u**2)."""
        falling = self.exp([_times(b, -share) for b in self.mul(u, u)])
        return self.integral(_start(op, u[0]), u, [_mul(b, factor) for b in falling])

    def atan(self, u: Series) -> Series:
        rate = self.div([_ONE], self.add(self.mul(u, u), [_ONE]))
        return self.integral(_start("atan", u[0]), u, rate)

    def pow(self, u: Series, p: Series) -> Series:
        """From u y' = p u' y, for a constant power."""
        first = _start("pow", u[0], p[0])
        if len(p) > 1:
            return [first, *[_UNKNOWN] * self.order]
        y = [first]
        for k in range(1, self.order + 1 if len(u) > 1 else 1):
            terms = []
            for i in range(1, min(k, len(u) - 1) + 1):
                weight = _total([_times(p[0], float(i)), Ball(np.float64(i - k), np.float64(0.0))])
                terms.append(_mul(weight, _mul(u[i], y[k - i])))
            y.append(_over(_div(_total(terms), u[0]), k))
        return y

    # -- switches ---------------------------------------------------------------------------------
    def choose(self, c: Truth, a: Series, b: Series) -> Series:
        sure, never = np.asarray(c.sure), ~np.asarray(c.possible)

        def one(x: Ball, y: Ball) -> Ball:
            return Ball(*(np.where(sure, v, np.where(never, w, np.nan))
                          for v, w in zip(x, y, strict=True)))  # fmt: skip

        length = max(len(a), len(b))
        a, b = (s + [_ZERO] * (length - len(s)) for s in (a, b))
        return [one(x, y) for x, y in zip(a, b, strict=True)]

    def abs(self, u: Series) -> Series:
        low, high = _interval(u[0])
        return self.choose(Truth(low >= 0, ~(high <= 0)), u, self.neg(u))

    def sign(self, u: Series) -> Series:
        low, high = _interval(u[0])
        side = np.where(low > 0, 1.0, np.where(high < 0, -1.0, np.nan))
        return [Ball(np.where((low == 0) & (high == 0), 0.0, side), np.zeros_like(side))]


def _compare(op: str) -> Callable[..., Truth]:
    return lambda e, a, b: OPERATIONS[op](_interval(a[0]), _interval(b[0]))


def _constant_ball(value: float, error: float) -> Ball:
    return Ball(np.float64(value), np.float64(error))


_TWO_OVER_ROOT_PI = _constant_ball(1.1283791670955126, 2.3e-16)
_MINUS_TWO_OVER_ROOT_PI = _neg(_TWO_OVER_ROOT_PI)
_ONE_OVER_ROOT_TWO_PI = _constant_ball(0.3989422804014327, 6e-17)

_TABLE: dict[str, Callable[..., Any]] = {
    "add": _Expansion.add,
    "sub": lambda e, a, b: e.add(a, e.neg(b)),
    "mul": _Expansion.mul,
    "div": _Expansion.div,
    "neg": _Expansion.neg,
    "abs": _Expansion.abs,
    "sign": _Expansion.sign,
    "min": lambda e, a, b: e.choose(_compare("le")(e, a, b), a, b),
    "max": lambda e, a, b: e.choose(_compare("le")(e, a, b), b, a),
    "lt": _compare("lt"),
    "le": _compare("le"),
    "eq": _compare("eq"),
    "where": _Expansion.choose,
    "exp": _Expansion.exp,
    "expm1": _Expansion.expm1,
    "log": _Expansion.log,
    "log1p": _Expansion.log1p,
    "sqrt": _Expansion.sqrt,
    "pow": _Expansion.pow,
    "tanh": lambda e, u: e.tanh_sech2(u)[0],
    "sech2": lambda e, u: e.tanh_sech2(u)[1],
    "sigmoid": _Expansion.sigmoid,
    "softplus": lambda e, u: e.integral(_start("softplus", u[0]), u, e.sigmoid(u)),
    "sin": lambda e, u: e.waves(u, "sin", "cos", (1.0, -1.0)),
    "cos": lambda e, u: e.waves(u, "cos", "sin", (-1.0, 1.0)),
    "sinh": lambda e, u: e.waves(u, "sinh", "cosh", (1.0, 1.0)),
    "cosh": lambda e, u: e.waves(u, "cosh", "sinh", (1.0, 1.0)),
    "atan": _Expansion.atan,
    "erf": lambda e, u: e.bell("erf", u, _TWO_OVER_ROOT_PI, 1.0),
    "erfc": lambda e, u: e.bell("erfc", u, _MINUS_TWO_OVER_ROOT_PI, 1.0),
    "Phi": lambda e, u: e.bell("Phi", u, _ONE_OVER_ROOT_TWO_PI, 0.5),
}


def expand(
    program: Program, centre: Ball, step: Any, order: int, parameters: Sequence[float] | Any = ()
) -> Series:
    """The coefficients up to t**order of a program's first result at z = centre + step * t.

    Examples
    --------
    >>> from nonlin.compiler.program import lower
    >>> from nonlin.formula import parse
    >>> start = Ball(np.array([0.5]), np.array([0.0]))
    >>> found = expand(lower([parse("exp(z)")], []), start, np.array([1.0]), 2)
    >>> [round(float(c.m[0]), 6) for c in found], bool(found[2].r[0] < 1e-14)
    ([1.648721, 1.648721, 0.824361], True)
    """
    values: list[Any] = []
    expansion, nothing = _Expansion(order), np.float64(0.0)
    with np.errstate(all="ignore"):
        for i in program.instructions:
            if i.op == "z":
                values.append([centre, Ball(step, np.zeros_like(step))])
            elif i.op == "param":
                values.append([Ball(np.float64(parameters[int(i.value[0])]), nothing)])
            elif i.op == "const":
                high, low = i.value
                values.append([_constant_ball(high, abs(low) * _MORE)])
            elif i.op in _TABLE:
                values.append(_TABLE[i.op](expansion, *(values[a] for a in i.args)))
            else:
                raise CompileError(f"the target 'balls' lacks the operation {i.op!r}")
    result: Series = values[program.outputs[0]]
    return [Ball(*np.broadcast_arrays(c.m, c.r, centre.m)[:2]) for c in result]
