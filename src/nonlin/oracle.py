"""The oracle: a formula in arithmetic of any precision, against which everything else is judged.

:func:`evaluate` is one table from primitive to mpmath function. :func:`accurate` raises the
working precision until two precisions agree, so that cancellation and tails cost digits only here.
:func:`enclose` (from :mod:`nonlin.enclosure`) is its counterpart over intervals.

Parameters and z, given as floats, are the exact doubles; the numbers in a formula are the exact
fractions. Values are IEEE-like at the edges: ``1/0`` is ``inf``, ``log(-1)`` is ``nan``. An
exponential beyond ``2**(2**1100)`` counts as infinite (or 0), and a sine of such a number as
``nan``; without that ``exp(exp(z))`` would fill the memory.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import mpmath

from .effort import effort
from .enclosure import Bounds, enclose
from .errors import CompileError, ParameterError
from .expression import Expr, walk

__all__ = ["Bounds", "accurate", "enclose", "evaluate", "evaluate_all"]

_HUGE = 1100  # bits before the point of the largest argument of exp
_HUGE_ANGLE = 12000  # the same for sin and cos: this many digits of pi are still quick
_MOST_BITS = 4400  # the whole range of a double squared: zero here is zero to any float
_QUICK = frozenset(
    ("add", "sub", "mul", "div", "neg", "abs", "sign", "sqrt", "lt", "le", "eq", "min", "max")
)  # what costs next to nothing at any precision
_local = threading.local()


def _context() -> Any:
    """An mpmath context of this thread's own: precision is a setting of the context."""
    context = getattr(_local, "context", None)
    if context is None:
        context = _local.context = mpmath.MPContext()
    return context


def _magnitude(x: Any) -> int:
    """How many bits stand before the point; 0 for 0, inf and nan."""
    _, man, exp, bc = x._mpf_
    return int(exp + bc) if man else 0


def _exp(m: Any, x: Any) -> Any:
    if _magnitude(x) > _HUGE:
        return m.inf if x > 0 else m.zero
    return m.exp(x)


def _bounded(m: Any, x: Any, low: Any, high: Any) -> Any | None:
    """The limit of a saturating function where its argument is out of all proportion."""
    if _magnitude(x) > _HUGE or m.isinf(x):
        return high if x > 0 else low
    return None


def _expm1(m: Any, x: Any) -> Any:
    if _magnitude(x) > 6:
        return _exp(m, x) - 1
    return m.expm1(x)


def _log(m: Any, x: Any) -> Any:
    if x < 0:
        return m.nan
    return m.ninf if x == 0 else m.log(x)


def _log1p(m: Any, x: Any) -> Any:
    if x < -1:
        return m.nan
    if x == -1:
        return m.ninf
    return x if m.isinf(x) else m.log1p(x)


def _tanh(m: Any, x: Any) -> Any:
    known = _bounded(m, x, -m.one, m.one)
    if known is not None:
        return known
    if _magnitude(x) > 5:
        tail = m.exp(-2 * abs(x))
        return (1 - tail) / (1 + tail) * m.sign(x)
    return m.tanh(x)


def _sinh(m: Any, x: Any) -> Any:
    if _magnitude(x) > 5 or m.isinf(x):
        return (_exp(m, x) - _exp(m, -x)) / 2
    return m.sinh(x)


def _cosh(m: Any, x: Any) -> Any:
    return (_exp(m, x) + _exp(m, -x)) / 2


def _angle(name: str) -> Callable[[Any, Any], Any]:
    def function(m: Any, x: Any) -> Any:
        if m.isinf(x) or _magnitude(x) > _HUGE_ANGLE:
            return m.nan
        return getattr(m, name)(x)

    return function


def _erfc(m: Any, x: Any) -> Any:
    known = _bounded(m, x, 2 * m.one, m.zero)
    if known is not None:
        return known
    if _magnitude(x) > 20 and x > 0:  # the first terms of the asymptotic series are exact enough
        total = term = m.one
        for k in range(1, m.prec // 20 + 2):
            term *= -(2 * k - 1) / (2 * x * x)
            total += term
        return _exp(m, -x * x) / (x * m.sqrt(m.pi)) * total
    return 2 - _erfc(m, -x) if x < 0 else m.erfc(x)


def _erf(m: Any, x: Any) -> Any:
    known = _bounded(m, x, -m.one, m.one)
    if known is not None:
        return known
    return 1 - _erfc(m, x) if x > 8 else _erfc(m, -x) - 1 if x < -8 else m.erf(x)


def _sigmoid(m: Any, x: Any) -> Any:
    return 1 / (1 + _exp(m, -x)) if x >= 0 else (lambda e: e / (1 + e))(_exp(m, x))


def _softplus(m: Any, x: Any) -> Any:
    return (x if x > 0 else m.zero) + _log1p(m, _exp(m, -abs(x)))


def _div(m: Any, a: Any, b: Any) -> Any:
    if b == 0:
        return m.nan if a == 0 else m.inf * m.sign(a)
    return a / b


def _odd(whole: Any) -> bool:
    """Whether a whole number is odd, without writing it out: it may have billions of digits."""
    _, mantissa, exponent, _ = whole._mpf_
    return bool(exponent == 0 and mantissa & 1)


def _pow(m: Any, a: Any, b: Any) -> Any:
    if b == 0:
        return m.one
    integer = m.isinf(b) or b == m.floor(b)  # IEEE 754 counts an infinite exponent as even
    if m.isinf(b):
        size = abs(a)
        return m.one if size == 1 else m.inf if (size > 1) == (b > 0) else m.zero
    if m.isinf(a):
        if a < 0 and not integer:
            return m.nan
        size = m.inf if b > 0 else m.zero
        return -size if a < 0 and _odd(b) else size
    if a == 0:
        return m.zero if b > 0 else m.inf
    if integer and _magnitude(b) < 12:
        return a ** int(b)
    if a < 0:
        if not integer:
            return m.nan
        result = _exp(m, b * m.log(-a))
        return -result if _odd(b) else result
    return _exp(m, b * m.log(a))


_TABLE: dict[str, Callable[..., Any]] = {
    "add": lambda m, a, b: a + b,
    "sub": lambda m, a, b: a - b,
    "mul": lambda m, a, b: a * b,
    "div": _div,
    "neg": lambda m, a: -a,
    "pow": _pow,
    "lt": lambda m, a, b: a < b,
    "le": lambda m, a, b: a <= b,
    "eq": lambda m, a, b: a == b,
    "where": lambda m, c, a, b: a if c else b,
    "exp": _exp,
    "expm1": _expm1,
    "log": _log,
    "log1p": _log1p,
    "sqrt": lambda m, a: m.nan if a < 0 else m.sqrt(a),
    "abs": lambda m, a: abs(a),
    "sign": lambda m, a: m.nan if m.isnan(a) else m.sign(a),
    "min": lambda m, a, b: m.nan if m.isnan(a) or m.isnan(b) else min(a, b),
    "max": lambda m, a, b: m.nan if m.isnan(a) or m.isnan(b) else max(a, b),
    "tanh": _tanh,
    "sinh": _sinh,
    "cosh": _cosh,
    "sin": _angle("sin"),
    "cos": _angle("cos"),
    "atan": lambda m, a: m.atan(a),
    "erf": _erf,
    "erfc": _erfc,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "Phi": lambda m, a: _erfc(m, -a / m.sqrt(2)) / 2,
}


def _number(m: Any, value: Any) -> Any:
    if isinstance(value, Fraction):
        return m.mpf(value.numerator) / value.denominator
    return m.make_mpf(value._mpf_) if hasattr(value, "_mpf_") else m.mpf(value)


def evaluate(
    expr: Expr,
    z: float | Fraction | Any,
    params: Mapping[str, float] | None = None,
    bits: int = 120,
) -> Any:
    """``expr`` at ``z``, each operation rounded to ``bits`` bits.

    ``z`` may be a float, a fraction or an mpmath number. Only the branch of a ``where`` that is
    taken is evaluated. Returns an mpmath ``mpf``.
    """
    return mpmath.mp.make_mpf(evaluate_all(expr, z, params, bits)[expr]._mpf_)


def evaluate_all(
    expr: Expr,
    z: float | Fraction | Any,
    params: Mapping[str, float] | None = None,
    bits: int = 120,
) -> dict[Expr, Any]:
    """The values of all parts of ``expr`` that :func:`evaluate` meets, comparisons included."""
    m = _context()
    m.prec = bits
    slow = 15 + bits * bits // 20_000
    values: dict[Expr, Any] = {}
    given = params or {}
    stack = [expr]
    while stack:  # by hand, so that a deep formula needs no deep recursion
        node = stack[-1]
        if node in values:
            stack.pop()
            continue
        if node.op == "where":
            condition = values.get(node.args[0])
            if condition is None:
                stack.append(node.args[0])
                continue
            branch = node.args[1 if condition else 2]
            if branch not in values:
                stack.append(branch)
                continue
            values[node] = values[branch]
        elif node.op == "z":
            values[node] = _number(m, z)
        elif node.op == "number":
            values[node] = _number(m, node.fraction)
        elif node.op == "constant":
            values[node] = +(m.pi if node.value == "pi" else m.e)
        elif node.op == "param":
            if node.value not in given:
                raise ParameterError(f"the parameter {node.value} has no value")
            values[node] = _number(m, given[str(node.value)])
        else:
            missing = [a for a in node.args if a not in values]
            if missing:
                stack.extend(missing)
                continue
            function = _TABLE.get(node.op)
            if function is None:
                raise CompileError(f"the oracle has no operation {node.op!r}")
            args = [values[a] for a in node.args]
            effort.spent += 3 if node.op in _QUICK else slow
            if any(a != a for a in args):
                values[node] = False if node.op in ("lt", "le", "eq") else m.nan
            else:
                values[node] = function(m, *args)
    return values


def accurate(
    expr: Expr,
    z: float | Fraction | Any,
    params: Mapping[str, float] | None = None,
    bits: int = 120,
) -> Any:
    """``expr`` at ``z``, correct to about ``bits`` bits.

    The working precision doubles until two evaluations agree. A result that is still 0 at
    4400 bits, or below 2**-4400 without agreement, is returned as 0: it is smaller than any
    float by far.

    Examples
    --------
    >>> from nonlin.formula import parse
    >>> print(mpmath.nstr(accurate(parse("1 - tanh(z)"), 400.0), 6))
    7.33575e-348
    """
    working = bits + 40
    before = evaluate(expr, z, params, working)
    while True:
        working *= 2
        now = evaluate(expr, z, params, working)
        if now != now and before != before:
            return now
        if working > 4 * _MOST_BITS or _settled(expr, now, before, working, bits):
            return now
        if working > _MOST_BITS and mpmath.isfinite(now) and _magnitude(now) < -_MOST_BITS:
            return mpmath.mpf(0)  # cos(pi/2): each precision has its own last bits of nothing
        before = now


def _settled(expr: Expr, now: Any, before: Any, working: int, bits: int) -> bool:
    """Whether two evaluations agree so far that the second can be trusted."""
    if not (mpmath.isfinite(before) and mpmath.isfinite(now)):
        return bool(before == now) or working > _MOST_BITS
    if now == before == 0:
        return working > _MOST_BITS or _plainly_zero(expr)
    return now != 0 and _close(now, before, bits)


def _close(a: Any, b: Any, bits: int) -> bool:
    m = _context()
    m.prec = bits + 64
    difference = m.make_mpf(a._mpf_) - m.make_mpf(b._mpf_)
    return difference == 0 or _magnitude(difference) < _magnitude(a) - bits


def _plainly_zero(expr: Expr) -> bool:
    """Whether nothing in ``expr`` can cancel, so that a computed 0 is a true one."""
    cancels = ("add", "sub", "expm1", "log1p", "log", "sin", "cos")
    return not any(n.op in cancels for n in walk(expr))
