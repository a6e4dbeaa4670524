"""The primitives on double lanes: branch-free, so that a loop over them becomes vector code.

They serve float16, bfloat16 and float32, whose 11, 8 and 24 bits leave at least 29 bits of slack:
an error of a few units of the 53rd bit cannot be seen in the result, cancellation against it
excepted. Requirements:

* relative error of a few 2**-53 wherever the result is a normal double, near zeros too;
* no branch, no table, no call out, no fused multiply-add: the same bits from x86, AArch64 and
  WebAssembly;
* NaN in, NaN out. **NaN is also the way to say "not here":** a lane that would need more than a
  double (sin beyond 2**20, infinity times zero) yields NaN, and the kernel then asks the exact
  arithmetic of :mod:`nonlin.compiler.wide` for that element.

Sources: argument reductions and ``log`` by atanh after W. J. Cody and W. Waite, *Software Manual for
the Elementary Functions* (1980); ``erfc`` as exp(-x**2) times a polynomial in (x-a)/(x+a) after
M. M. Shepherd and J. G. Laframboise, *Chebyshev approximation of (1+2x)exp(x**2)erfc x*, Math. Comp.
36 (1981).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from nonlin.compiler import coefficients as table
from nonlin.compiler.ir import Function, Module, Value

__all__ = ["OPERATIONS", "call", "horner"]

_MAGIC = 1.5 * 2.0**52  # adding and subtracting it rounds to the nearest integer
_MAGIC_BITS = 0x4338000000000000
_LOG2E = 1 / math.log(2)


def horner(x: Value, coefficients: Sequence[float]) -> Value:
    """c[0] + c[1] x + c[2] x² + …"""
    total = x.fn.f64(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        total = total * x + c
    return total


def _round(x: Value) -> tuple[Value, Value]:
    """The nearest integer, as double and as i64; garbage (not poison) where |x| > 2**51 or NaN."""
    shifted = x + _MAGIC
    return shifted - _MAGIC, shifted.bits() - _MAGIC_BITS


def power_of_two(k: Value) -> Value:
    """2**k for an i64 k in [-1022, 1023]."""
    return (k + 1023).shl(52).as_float()


def _clamp(x: Value, low: float, high: float) -> Value:
    """x within bounds; NaN stays NaN."""
    x = x.lt(low).select(low, x)
    return x.gt(high).select(high, x)


def _reduce_exp(x: Value) -> tuple[Value, Value, Value]:
    """k and expm1(r) with x = k log 2 + r, |r| <= log(2)/2; also 2**k in two factors' first half."""
    x = _clamp(x, -760.0, 720.0)
    k, ki = _round(x * _LOG2E)
    a, b, c = table.LN2_33
    r = ((x - k * a) - k * b) - k * c
    series = [1 / math.factorial(n) for n in range(2, 15)]
    return k, ki, r + r * r * horner(r, series)


def _exp(fn: Function, x: Value) -> list[Value]:
    _, k, p = _reduce_exp(x)
    half = k.ashr(1)  # in two steps, so that subnormal results are reached and none overflows early
    return [(p + 1.0) * power_of_two(half) * power_of_two(k - half)]


def _expm1(fn: Function, x: Value) -> list[Value]:
    _, k, p = _reduce_exp(_clamp(x, -100.0, 1e300))
    half = k.ashr(1)
    low, high = power_of_two(half), power_of_two(k - half)
    scale = low * high
    result = scale * p + (scale - 1.0)
    return [x.abs().lt(1e-300).select(x, k.eq(0).select(p, result))]


def _log_of(f: Value) -> Value:
    """log(1 + f) for |f| < 0.42, without cancellation."""
    s = f / (f + 2.0)
    s2 = s * s
    series = [2.0 / (2 * n + 3) for n in range(12)]
    return s * 2.0 + s * (s2 * horner(s2, series))


def _split(x: Value) -> tuple[Value, Value]:
    """x > 0 as m * 2**e, m in [sqrt(1/2), sqrt(2)); e as double."""
    small = x.lt(2.0**-1022)
    bits = small.select(x * 2.0**54, x).bits()
    # Moving the origin to sqrt(1/2) makes the exponent field count the right binade.
    origin = 0x3FE6A09E667F3BCD
    shifted = bits - origin
    k = shifted.ashr(52)
    m = (bits - k.shl(52)).as_float()
    return m, (k - small.select(54, 0, "i64")).to("sitofp", "double")


def _log(fn: Function, x: Value) -> list[Value]:
    m, e = _split(x)
    a, b, _ = table.LN2_33
    low = e * (math.log(2) - a)  # a has 33 bits, so e * a is exact
    del b
    result = e * a + (_log_of(m - 1.0) + low)
    result = x.eq(math.inf).select(math.inf, result)
    result = x.eq(0.0).select(-math.inf, result)
    return [x.ge(0.0).select(result, math.nan)]


def _log1p(fn: Function, x: Value) -> list[Value]:
    near = x.abs().lt(0.4)
    far = call(fn, "log", x + 1.0)
    # Where it is not selected, the series may divide by zero: harmless, there are no traps.
    return [x.abs().lt(1e-300).select(x, near.select(_log_of(x), far))]


def _sigmoid(fn: Function, x: Value) -> list[Value]:
    e = call(fn, "exp", -x.abs())
    return [x.lt(0.0).select(e, 1.0) / (e + 1.0)]


def _softplus(fn: Function, x: Value) -> list[Value]:
    tail = call(fn, "log1p", call(fn, "exp", -x.abs()))
    return [x.gt(0.0).select(x, 0.0) + tail]


def _tanh(fn: Function, x: Value) -> list[Value]:
    t = call(fn, "expm1", x.abs() * -2.0)
    return [(-t / (t + 2.0)).copysign(x)]


def _sinh(fn: Function, x: Value) -> list[Value]:
    t = call(fn, "expm1", x.abs())
    back = t.gt(1e17).select(1.0, t / (t + 1.0))
    return [((t + back) * 0.5).copysign(x)]


def _cosh(fn: Function, x: Value) -> list[Value]:
    e = call(fn, "exp", x.abs())
    return [(e + 1.0 / e) * 0.5]


def _quadrant(fn: Function, x: Value, shift: int) -> Value:
    """sin(x) for shift 0, cos(x) for shift 1; NaN beyond 2**20."""
    k, ki = _round(x * (2 / math.pi))
    a, b, c = table.HALF_PI_33
    r = ((x - k * a) - k * b) - k * c
    r2 = r * r
    sine = r + r * (r2 * horner(r2, [(-1) ** n / math.factorial(2 * n + 1) for n in range(1, 9)]))
    cosine = 1.0 + r2 * horner(r2, [(-1) ** n / math.factorial(2 * n) for n in range(1, 10)])
    turn = ki + shift
    value = (turn & 1).eq(0).select(sine, cosine)
    value = (turn & 2).eq(0).select(value, -value)
    return x.abs().gt(2.0**20).select(math.nan, value)


def _atan(fn: Function, x: Value) -> list[Value]:
    a = x.abs()
    big = a.gt(1.0)
    t = big.select(1.0 / a, a)
    middle = t.gt(math.tan(math.pi / 8))
    r = middle.select((t - 1.0) / (t + 1.0), t)
    value = r * horner(r * r, table.ATAN_F64)
    value = middle.select(math.pi / 4, 0.0) + value
    return [big.select(math.pi / 2 - value, value).copysign(x)]


def _erfc_tail(fn: Function, a: Value) -> Value:
    """erfc(a) for a >= 0."""
    a = _clamp(a, 0.0, 40.0)
    t = (a - table.ERFC_A) / (a + table.ERFC_A)
    return call(fn, "exp", -(a * a)) * horner(t, table.ERFC_F64) / (a * 2.0 + 1.0)


def _erf_series(a: Value) -> Value:
    """erf(a) for |a| < 1."""
    coefficients = [
        2 / math.sqrt(math.pi) * (-1) ** n / (math.factorial(n) * (2 * n + 1)) for n in range(19)
    ]
    return a * horner(a * a, coefficients)


def _erf(fn: Function, x: Value) -> list[Value]:
    far = (1.0 - _erfc_tail(fn, x.abs())).copysign(x)
    return [x.abs().lt(1.0).select(_erf_series(x), far)]


def _erfc(fn: Function, x: Value) -> list[Value]:
    tail = _erfc_tail(fn, x.abs())
    far = x.lt(0.0).select(2.0 - tail, tail)
    return [x.abs().lt(0.5).select(1.0 - _erf_series(x), far)]


def _Phi(fn: Function, x: Value) -> list[Value]:
    return [call(fn, "erfc", x * -table.INV_SQRT2[0]) * 0.5]


def _sign(fn: Function, x: Value) -> list[Value]:
    return [x.gt(0.0).select(1.0, x.lt(0.0).select(-1.0, x))]


def _pow(fn: Function, x: Value, y: Value) -> list[Value]:
    """x**y for x > 0 by exp and log; other x, and large results, are left to the exact arithmetic."""
    log = call(fn, "log", x)
    exponent = y * log
    fine = (x.gt(0.0)).select(exponent.abs().lt(200.0).select(1.0, math.nan), math.nan)
    return [call(fn, "exp", exponent) * fine]


_HELPERS: dict[str, Callable[..., list[Value]]] = {
    "exp": _exp, "expm1": _expm1, "log": _log, "log1p": _log1p, "tanh": _tanh, "sinh": _sinh,
    "cosh": _cosh, "sin": lambda fn, x: [_quadrant(fn, x, 0)],
    "cos": lambda fn, x: [_quadrant(fn, x, 1)], "atan": _atan, "erf": _erf, "erfc": _erfc,
    "sigmoid": _sigmoid, "softplus": _softplus, "Phi": _Phi, "sign": _sign, "pow": _pow,
}  # fmt: skip


def call(fn: Function, op: str, *args: Value) -> Value:
    """Apply a primitive; its body is written into the module once."""
    module: Module = fn.module
    name = module.ensure(f"f64.{op}", ["double"] * len(args), ["double"], _HELPERS[op])
    return fn.call(name, *args)[0]


def _extremum(a: Value, b: Value, pick_a: Value) -> Value:
    """min or max, in which NaN wins."""
    return b.is_nan().select(b, a.is_nan().select(a, pick_a.select(a, b)))


OPERATIONS: dict[str, Callable[..., Value]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "abs": lambda a: a.abs(),
    "sqrt": lambda a: a.sqrt(),
    "lt": lambda a, b: a.lt(b),
    "le": lambda a, b: a.le(b),
    "eq": lambda a, b: a.eq(b),
    "where": lambda c, a, b: c.select(a, b),
    "min": lambda a, b: _extremum(a, b, a.lt(b)),
    "max": lambda a, b: _extremum(a, b, a.gt(b)),
    **{op: (lambda *args, _op=op: call(args[0].fn, _op, *args)) for op in _HELPERS},
}
"""The target's table: from primitive to code on doubles."""
