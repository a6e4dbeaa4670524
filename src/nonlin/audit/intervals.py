"""Programs in interval arithmetic over whole arrays: the judge that is quick.

A value is a pair of double arrays between which the true value lies. Every operation rounds outward by
more than its own error, so what comes out encloses the truth; where terms cancel, the enclosure is wide
and says so. Nothing here is shared with the compiler but the list of operations: exp, log, tanh and the
like are NumPy's, erf and erfc SciPy's. Their errors are taken to be at most :data:`ELEMENTARY` or
:data:`ERFC`, relative; a test holds these against mpmath.

NaN as a bound says that nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nonlin.errors import CompileError

if TYPE_CHECKING:
    from nonlin.compiler.program import Program

__all__ = ["ELEMENTARY", "ERFC", "OPERATIONS", "Interval", "Truth", "enclose"]

Doubles = NDArray[np.float64]

ROUNDING = 2.0**-52
"""Twice the relative error of a sum, a product, a quotient or a root."""
ELEMENTARY = 2.0**-48
"""What the relative error of an elementary function stays below."""
ERFC = 2.0**-40
"""The same for erf and erfc, whose tails lose some bits to exp(-x**2)."""
_MAX = float(np.finfo(np.float64).max)
_TINY = float(np.finfo(np.float64).tiny)  # what is lost where a product underflows is less
_SMALL = 2.0**-960


class Interval(NamedTuple):
    """Bounds of a value, or of one for each element; ``low is high`` where it is known exactly."""

    low: Any
    high: Any

    @property
    def exact(self) -> bool:
        return self.low is self.high


class Truth(NamedTuple):
    """Where a condition certainly holds, and where it may hold."""

    sure: Any
    possible: Any


def _outward(low: Any, high: Any, error: float) -> Interval:
    low, high = np.minimum(low, _MAX), np.maximum(high, -_MAX)
    return Interval(low - np.abs(low) * error, high + np.abs(high) * error)


def _add(a: Interval, b: Interval) -> Interval:
    low = a.low + b.low
    return _outward(low, low if a.exact and b.exact else a.high + b.high, ROUNDING)


def _neg(a: Interval) -> Interval:
    low = -a.high
    return Interval(low, low if a.exact else -a.low)


def _corners(a: Interval, b: Interval, op: Callable[[Any, Any], Any]) -> Interval:
    """Bounds of op(a, b), monotone in either operand, and the signs kept where results underflow."""
    if a.exact and b.exact:
        low = high = op(a.low, b.low)
    elif b.exact or a.exact:
        pair = (
            (op(a.low, b.low), op(a.high, b.low))
            if b.exact
            else (op(a.low, b.low), op(a.low, b.high))
        )
        low, high = np.minimum(*pair), np.maximum(*pair)
    else:
        four = [op(x, y) for x in a for y in b]
        low = np.minimum(np.minimum(*four[:2]), np.minimum(*four[2:]))
        high = np.maximum(np.maximum(*four[:2]), np.maximum(*four[2:]))
    close = np.any((np.abs(low) < _SMALL) | (np.abs(high) < _SMALL))
    result = _outward(low, high, ROUNDING)
    if not close:
        return result
    same = ((a.low >= 0) & (b.low >= 0)) | ((a.high <= 0) & (b.high <= 0))
    opposite = ((a.low >= 0) & (b.high <= 0)) | ((a.high <= 0) & (b.low >= 0))
    low, high = result.low - _TINY, result.high + _TINY
    return Interval(
        np.where(same, np.maximum(low, 0.0), low), np.where(opposite, np.minimum(high, 0.0), high)
    )


def _mul(a: Interval, b: Interval) -> Interval:
    if a is b:  # a square
        a = _abs(a)
        return _corners(a, a, np.multiply) if a.exact else _ordered_square(a)
    if a.exact and np.ndim(a.low) == 0:
        a, b = b, a
    if b.exact and np.ndim(b.low) == 0 and np.abs(np.frexp(b.low)[0]) == 0.5:
        low, high = b.low * a.low, b.low * a.high  # a power of two: no error, but at the ends
        if np.all((np.abs(low) > _SMALL) & (np.abs(high) < _MAX)):
            if a.exact:
                return Interval(low, low)
            return Interval(low, high) if b.low > 0 else Interval(high, low)
    return _corners(a, b, np.multiply)


def _ordered_square(a: Interval) -> Interval:
    result = _outward(a.low * a.low, a.high * a.high, ROUNDING)
    return Interval(np.maximum(result.low - _TINY, 0.0), result.high + _TINY)


def _div(a: Interval, b: Interval) -> Interval:
    result = _corners(a, b, np.divide)
    crossing = ~((b.low > 0) | (b.high < 0))
    if np.any(crossing):
        return Interval(*(np.where(crossing, np.nan, bound) for bound in result))
    return result


def _sqrt(a: Interval) -> Interval:
    low = np.sqrt(a.low)
    return _outward(low, low if a.exact else np.sqrt(a.high), ROUNDING)


def _abs(a: Interval) -> Interval:
    if a.exact:
        size = np.abs(a.low)
        return Interval(size, size)
    low = np.maximum(np.maximum(a.low, -a.high), 0.0)
    return Interval(low, np.maximum(-a.low, a.high))


def _sign(a: Interval) -> Interval:
    low = np.sign(a.low)
    return Interval(low, low if a.exact else np.sign(a.high))


def _each(op: Callable[[Any, Any], Any]) -> Callable[[Interval, Interval], Interval]:
    def extremum(a: Interval, b: Interval) -> Interval:
        low = op(a.low, b.low)
        return Interval(low, low if a.exact and b.exact else op(a.high, b.high))

    return extremum


def _where(c: Truth, a: Interval, b: Interval) -> Interval:
    low, high = np.where(c.sure, a.low, b.low), np.where(c.sure, a.high, b.high)
    open_ = c.possible & ~c.sure
    if np.any(open_):
        low = np.where(open_, np.minimum(a.low, b.low), low)
        high = np.where(open_, np.maximum(a.high, b.high), high)
    return Interval(low, high)


def _lt(a: Interval, b: Interval) -> Truth:
    return Truth(a.high < b.low, ~(a.low >= b.high))


def _le(a: Interval, b: Interval) -> Truth:
    return Truth(a.high <= b.low, ~(a.low > b.high))


def _eq(a: Interval, b: Interval) -> Truth:
    sure = (a.low == a.high) & (b.low == b.high) & (a.low == b.low)
    return Truth(sure, ~((a.high < b.low) | (a.low > b.high)))


def _rising(
    f: Callable[[Any], Any], error: float = ELEMENTARY, least: float = -np.inf,
    most: float = np.inf, *, falling: bool = False, underflow: float = _TINY,
) -> Callable[[Interval], Interval]:  # fmt: skip
    """A monotone function with its range."""

    def bounds(a: Interval) -> Interval:
        if falling:
            a = Interval(a.high, a.low) if not a.exact else a
        low = f(a.low)
        low, high = _outward(low, low if a.exact else f(a.high), error)
        return Interval(np.maximum(low - underflow, least), np.minimum(high + underflow, most))

    return bounds


def _odd_rising(f: Callable[[Any], Any], error: float, most: float = np.inf) -> Any:
    """One that goes through 0 with a slope there, so that nothing underflows: f(x) has x's sign."""

    def bounds(a: Interval) -> Interval:
        low = f(a.low)
        low, high = _outward(low, low if a.exact else f(a.high), error)
        # A subnormal of the double range is off by no more than one of its steps.
        step = 5e-324
        low = np.where(
            a.low > 0, np.maximum(low - step, 0.0), np.where(a.low == 0, 0.0, low - step)
        )
        high = np.where(
            a.high < 0, np.minimum(high + step, 0.0), np.where(a.high == 0, 0.0, high + step)
        )
        return Interval(np.maximum(low, -most), np.minimum(high, most))

    return bounds


def _even(falling: Callable[[Interval], Interval]) -> Callable[[Interval], Interval]:
    return lambda a: falling(_abs(a))


def _sin(a: Interval) -> Interval:
    """Where it rises, from -3/2 to 3/2, sin(x) is known relative to its size."""
    wide = _wave(np.sin)(a)
    near = (a.low > -1.5) & (a.high < 1.5)
    if a.exact or not np.any(near):
        return wide
    return Interval(*(np.where(near, x, y) for x, y in zip(_rising_sin(a), wide, strict=True)))


def _wave(f: Callable[[Any], Any]) -> Callable[[Interval], Interval]:
    """sin or cos: its slope is at most 1."""

    def bounds(a: Interval) -> Interval:
        if a.exact:
            value = f(a.low)
            reach = np.abs(value) * ELEMENTARY
        else:
            value = f(0.5 * (a.low + a.high))
            reach = (a.high - a.low) + ROUNDING * np.abs(a.high) + ELEMENTARY
        return Interval(np.maximum(value - reach, -1.0), np.minimum(value + reach, 1.0))

    return bounds


def _pow(a: Interval, b: Interval) -> Interval:
    """x**y for x > 0; other powers are spelled out as products, or not known."""
    four = [np.power(x, y) for x in a for y in b]
    low = np.minimum(np.minimum(*four[:2]), np.minimum(*four[2:]))
    high = np.maximum(np.maximum(*four[:2]), np.maximum(*four[2:]))
    low, high = _outward(low, high, ELEMENTARY)
    known = (a.low > 0) & (np.abs(low) > _SMALL)
    return Interval(np.where(known, low, np.nan), np.where(known, high, np.nan))


def _sigmoid(x: Any) -> Any:
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1.0) / (1.0 + e)


def _softplus(x: Any) -> Any:
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


def _sech2(x: Any) -> Any:
    e = np.exp(-np.abs(x))  # its square, as exp(-2x) would need a rounded 2x
    e2 = e * e
    return 4.0 * e2 / ((1.0 + e2) * (1.0 + e2))


def _special(name: str) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        try:
            from scipy import special
        except ImportError:
            from nonlin.audit.judge import AuditError

            raise AuditError(
                "auditing what has erf, erfc or Phi in it needs SciPy: pip install scipy, "
                "or install nonlin with its extra: pip install '.[audit]'"
            ) from None
        return getattr(special, name)(x)

    return function


_rising_sin = _odd_rising(np.sin, ELEMENTARY, 1.0)
_erfc, _erf, _ndtr = _special("erfc"), _special("erf"), _special("ndtr")

OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": _add,
    "sub": lambda a, b: _add(a, _neg(b)),
    "mul": _mul,
    "div": _div,
    "neg": _neg,
    "abs": _abs,
    "sqrt": _sqrt,
    "sign": _sign,
    "min": _each(np.minimum),
    "max": _each(np.maximum),
    "lt": _lt,
    "le": _le,
    "eq": _eq,
    "where": _where,
    "exp": _rising(np.exp, least=0.0),
    "expm1": _odd_rising(np.expm1, ELEMENTARY),
    "log": _rising(np.log, underflow=0.0),
    "log1p": _odd_rising(np.log1p, ELEMENTARY),
    "tanh": _odd_rising(np.tanh, ELEMENTARY, 1.0),
    "sinh": _odd_rising(np.sinh, ELEMENTARY),
    "atan": _odd_rising(np.arctan, ELEMENTARY),
    "erf": _odd_rising(_erf, ERFC, 1.0),
    "cosh": _even(_rising(np.cosh, least=1.0)),
    "sech2": _even(_rising(_sech2, least=0.0, most=1.0, falling=True)),
    "erfc": _rising(_erfc, ERFC, 0.0, 2.0, falling=True),
    "Phi": _rising(_ndtr, ERFC, 0.0, 1.0),
    "sigmoid": _rising(_sigmoid, least=0.0, most=1.0),
    "softplus": _rising(_softplus, least=0.0),
    "sin": _sin,
    "cos": _wave(np.cos),
    "pow": _pow,
}
"""The target's table: from primitive to bounds."""


def enclose(
    program: Program, z: Doubles | Interval, parameters: Sequence[float] | Doubles = ()
) -> Interval:
    """Bounds of a program's first result at each of the (finite) z, or on each of the intervals.

    Examples
    --------
    >>> from nonlin.compiler.program import lower
    >>> from nonlin.formula import parse
    >>> low, high = enclose(lower([parse("z * tanh(z)")], []), np.array([0.5, 3.0]))
    >>> bool((high - low < 1e-13).all()), low.round(6)
    (True, array([0.231059, 2.985164]))
    """
    values: list[Any] = []
    start = z if isinstance(z, Interval) else Interval(z, z)
    with np.errstate(all="ignore"):
        for i in program.instructions:
            if i.op == "z":
                values.append(start)
            elif i.op == "param":
                given = np.float64(parameters[int(i.value[0])])
                values.append(Interval(given, given))
            elif i.op == "const":
                values.append(_constant(*i.value))
            elif i.op in OPERATIONS:
                values.append(OPERATIONS[i.op](*(values[a] for a in i.args)))
            else:
                raise CompileError(f"the target 'intervals' lacks the operation {i.op!r}")
    low, high = values[program.outputs[0]]
    shape = start.low.shape
    return Interval(*(np.broadcast_to(np.asarray(b, np.float64), shape) for b in (low, high)))


def _constant(high: float, low: float) -> Interval:
    value = np.float64(high)
    if low == 0:
        return Interval(value, value)
    other = np.nextafter(value, np.inf if low > 0 else -np.inf)
    return Interval(min(value, other), max(value, other))
