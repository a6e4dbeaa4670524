"""The primitives on lanes: branch-free, so that a loop over them becomes vector code.

*Double* lanes serve float16, bfloat16 and float32, whose 11, 8 and 24 bits leave at least 29 bits of
slack: an error of a few units of the 53rd bit cannot be seen in the result, cancellation against it
excepted. *Single* lanes are for networks, where speed counts for more than the last bits. Requirements:

* relative error of a few units of the last place wherever the result is a normal number, near zeros
  too (on single lanes some tens of units where a formula amplifies them: erfc, pow, what exp makes
  of a large argument; and what comes of an exponential below 1e-37 may be 0);
* no branch, no table, no call out; on double lanes no fused multiply-add: the same bits from x86,
  AArch64 and WebAssembly;
* NaN in, NaN out. **NaN is also the way to say "not here":** a lane that would need more than it has
  (sin of something large, infinity times zero, a sum of which too little is left) yields NaN, and the
  kernel then asks the exact arithmetic of :mod:`nonlin.compiler.wide` for that element.

The code is the same for both; what differs, constants and lengths of series, is in
:class:`Precision`, found by the type of the operand.

Sources: argument reductions and ``log`` by atanh after W. J. Cody and W. Waite, *Software Manual for
the Elementary Functions* (1980); ``erfc`` as exp(-x**2) times a polynomial in (x-a)/(x+a) after
M. M. Shepherd and J. G. Laframboise, *Chebyshev approximation of (1+2x)exp(x**2)erfc x*, Math. Comp.
36 (1981).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nonlin.compiler import coefficients as table
from nonlin.compiler.ir import Function, Module, Value, scalar, shaped, suffix

__all__ = ["OPERATIONS", "RESULTS", "call", "horner", "power_of_two", "turned"]


@dataclass(frozen=True, slots=True)
class Precision:
    """What the two kinds of lanes differ in.

    ``exp_low`` and ``exp_high`` are where exp has gone to 0 or infinity; ``cosh_high`` is the
    largest argument of exp without overflow; ``half_range`` the largest argument of sin that can be
    reduced; ``tiny`` is below every number of interest. The rest are numbers of terms.
    """

    integer: str
    bits: int
    bias: int
    exp_low: float
    exp_high: float
    cosh_high: float
    half_range: float
    tiny: float
    pow_high: float
    ln2: tuple[float, ...]
    half_pi: tuple[float, ...]
    atan: tuple[float, ...]
    erfc: tuple[float, ...]
    exp_terms: int
    log_terms: int
    sin_terms: int
    erf_terms: int

    @property
    def magic(self) -> float:
        """Adding and subtracting it rounds to the nearest integer."""
        return float(1.5 * 2.0**self.bits)

    @property
    def magic_bits(self) -> int:
        return (self.bias + self.bits << self.bits) + (1 << self.bits - 1)


_PRECISION = {
    "double": Precision(
        "i64", 52, 1023, -760.0, 720.0, 709.0, 2.0**20, 1e-300, 700.0, table.LN2_33,
        table.HALF_PI_33, table.ATAN_F64, table.ERFC_F64, 13, 12, 8, 19,
    ),
    "float": Precision(
        "i32", 23, 127, -88.0, 89.0, 88.0, 2.0**12, 1e-37, 60.0, table.LN2_12,
        table.HALF_PI_12, table.ATAN_F32, table.ERFC_F32, 0, 5, 4, 11,
    ),
}  # fmt: skip
_LOG2E = 1 / math.log(2)


def _of(x: Value) -> Precision:
    return _PRECISION[scalar(x.type)]


def _is_single(x: Value) -> bool:
    return scalar(x.type) == "float"


def _add_product(a: Value, b: Value | float, c: Value | float) -> Value:
    """a * b + c; on single lanes rounded once where the processor can."""
    fn = a.fn
    if _is_single(a) and fn.module.fma:
        return fn.intrinsic("fma", a, fn.lift(b, a.type), fn.lift(c, a.type))
    return a * b + c


def horner(x: Value, coefficients: Sequence[float]) -> Value:
    """c[0] + c[1] x + c[2] x² + …"""
    if _is_single(x):
        return _estrin(x, coefficients)
    total = x.fn.lift(coefficients[-1], x.type)
    for c in reversed(coefficients[:-1]):
        total = _add_product(total, x, c)
    return total


def _estrin(x: Value, coefficients: Sequence[float]) -> Value:
    """The same by halves: more products, but they need not wait for each other."""
    terms: list[Value | float] = list(coefficients)
    while len(terms) > 1:
        pairs = [
            _add_product(x, b, a) for a, b in zip(terms[::2], terms[1::2], strict=False)
        ]  # fmt: skip
        terms = [*pairs, *terms[len(pairs) * 2 :]]
        if len(terms) > 1:
            x = x * x
    return x.fn.lift(terms[0], x.type)


def _round(x: Value) -> tuple[Value, Value]:
    """The nearest integer, as float and as int; garbage (not poison) where x is large or NaN."""
    shifted = x + _of(x).magic
    return shifted - _of(x).magic, shifted.bits() - _of(x).magic_bits


def power_of_two(k: Value) -> Value:
    """2**k for a k of the normal exponents: a double for an i64, a float for an i32."""
    p = _PRECISION["double" if scalar(k.type) == "i64" else "float"]
    return (k + p.bias).shl(p.bits).as_float()


def _clamp(x: Value, low: float, high: float) -> Value:
    """x within bounds; NaN stays NaN."""
    x = x.lt(low).select(low, x)
    return x.gt(high).select(high, x)


def _reduce_exp(x: Value) -> tuple[Value, Value]:
    """k and expm1(r) with x = k log 2 + r, |r| <= log(2)/2."""
    p = _of(x)
    x = _clamp(x, p.exp_low, p.exp_high)
    k, ki = _round(x * _LOG2E)
    a, b, c = p.ln2
    r = ((x - k * a) - k * b) - k * c
    series = [1 / math.factorial(n) for n in range(2, 2 + p.exp_terms)]
    return ki, _add_product(r * r, horner(r, series), r)


def _single_exp(x: Value) -> tuple[Value, Value]:
    """exp and expm1 on single lanes, in terms of the same sums.

    2**k is one factor: 0 for the least k, infinite for the largest, which then says "not here".
    """
    precision = _of(x)
    x = _clamp(x, precision.exp_low, precision.exp_high)
    # Moved by the bias, whose low bits are then those of 2**k's exponent.
    magic = precision.magic + precision.bias
    shifted = x * _LOG2E + magic
    k, scale = shifted - magic, shifted.bits().shl(precision.bits).as_float()
    a, b, c = precision.ln2
    r = (x - k * a) - k * (b + c)
    p = _add_product(r * r, horner(r, table.EXPM1_F32), r)
    return (p + 1.0) * scale, _add_product(scale, p, scale - 1.0)


def _below(a: Value, times: float) -> tuple[Value, Value, Value]:
    """For e = exp(-times * a), a >= 0: e, e - 1 and e + 1, each without cancellation.

    On single lanes in powers of two, where the reduction costs nothing; what the rounding of its
    argument costs (a unit of the last place, times the argument) is little where e is not small.
    """
    fn = a.fn
    if not _is_single(a):
        e = call(fn, "exp", a * -times)
        return e, call(fn, "expm1", a * -times), e + 1.0
    precision = _of(a)
    x = a * (-times * _LOG2E)
    x = x.lt(-precision.bias).select(-precision.bias, x)
    magic = precision.magic + precision.bias  # the low bits are then those of 2**k's exponent
    shifted = x + magic
    scale = shifted.bits().shl(precision.bits).as_float()
    f = x - (shifted - magic)
    less = f * horner(f, table.EXP2M1_F32) * scale
    return less + scale, less + (scale - 1.0), less + (scale + 1.0)


def _exp(fn: Function, x: Value) -> list[Value]:
    if _is_single(x):
        return [_single_exp(x)[0]]
    k, p = _reduce_exp(x)
    half = k.ashr(1)  # in two steps, so that subnormal results are reached and none overflows early
    return [(p + 1.0) * power_of_two(half) * power_of_two(k - half)]


def _expm1(fn: Function, x: Value) -> list[Value]:
    if _is_single(x):
        return [x.abs().lt(_of(x).tiny).select(x, _single_exp(x)[1])]
    k, p = _reduce_exp(x)
    half = k.ashr(1)
    low, high = power_of_two(half), power_of_two(k - half)
    scale = low * high
    result = scale * p + (scale - 1.0)
    return [x.abs().lt(_of(x).tiny).select(x, k.eq(0).select(p, result))]


def _log_of(f: Value) -> Value:
    """log(1 + f) for |f| < 0.42, without cancellation."""
    s = f / (f + 2.0)
    s2 = s * s
    series = [2.0 / (2 * n + 3) for n in range(_of(f).log_terms)]
    return s * 2.0 + s * (s2 * horner(s2, series))


def _split(x: Value) -> tuple[Value, Value]:
    """x > 0 as m * 2**e, m in [sqrt(1/2), sqrt(2)); e as float."""
    p = _of(x)
    small = x.lt(2.0 ** (1 - p.bias))
    scale = p.bits + 2
    bits = small.select(x * 2.0**scale, x).bits()
    # Moving the origin to sqrt(1/2) makes the exponent field count the right binade.
    origin = 0x3FE6A09E667F3BCD if p.bits == 52 else 0x3F3504F3
    shifted = bits - origin
    k = shifted.ashr(p.bits)
    m = (bits - k.shl(p.bits)).as_float()
    return m, (k - small.select(scale, 0, shaped(p.integer, x.type))).to("sitofp", x.type)


def _log(fn: Function, x: Value) -> list[Value]:
    m, e = _split(x)
    a = _of(x).ln2[0]
    low = e * (math.log(2) - a)  # a has few bits, so e * a is exact
    result = e * a + (_log_of(m - 1.0) + low)
    result = x.eq(math.inf).select(math.inf, result)
    result = x.eq(0.0).select(-math.inf, result)
    return [x.ge(0.0).select(result, math.nan)]


def _log1p(fn: Function, x: Value) -> list[Value]:
    near = x.abs().lt(0.4)
    far = call(fn, "log", x + 1.0)
    # Where it is not selected, the series may divide by zero: harmless, there are no traps.
    return [x.abs().lt(_of(x).tiny).select(x, near.select(_log_of(x), far))]


def _sigmoid(fn: Function, x: Value) -> list[Value]:
    e, _, more = _below(x.abs(), 1.0)
    # sigmoid(-x), which derivatives hold, has the same reciprocal.
    return [x.lt(0.0).select(e, 1.0) * (1.0 / more)]


def _softplus(fn: Function, x: Value) -> list[Value]:
    if _is_single(x):
        e, _, more = _below(x.abs(), 1.0)
        s = e / (more + 1.0)  # at most 1/3
        s2 = s * s
        series = [2.0 / (2 * n + 3) for n in range(7)]
        return [x.gt(0.0).select(x, 0.0) + (s * 2.0 + s * (s2 * horner(s2, series)))]
    tail = call(fn, "log1p", call(fn, "exp", -x.abs()))
    return [x.gt(0.0).select(x, 0.0) + tail]


def _tanh(fn: Function, x: Value) -> list[Value]:
    _, less, more = _below(x.abs(), 2.0)
    value = less * (1.0 / more)
    if not _is_single(x):
        return [value.copysign(x)]
    sign = 1 << 31  # the value is below 0: its sign is turned where that of x is not set
    return [(value.bits() ^ ((x.bits() ^ -1) & sign)).as_float()]


def _sech2(fn: Function, x: Value) -> list[Value]:
    """1 / cosh(x)**2, from the same exp and the same reciprocal as tanh(x)."""
    e, _, more = _below(x.abs(), 2.0)
    reciprocal = 1.0 / more
    return [e * 4.0 * reciprocal * reciprocal]


def _tanh_result(fn: Function, x: Value) -> list[Value]:
    """tanh without an exponential: a quotient up to where tanh is as good as 1, which only grows from there."""
    above, below = table.TANH_F32
    y = x * x
    y = y.gt(table.TANH_END**2).select(table.TANH_END**2, y)
    return [_clamp(x * _chain(y, above) / _chain(y, below), -1.0, 1.0)]


def _sech2_result(fn: Function, x: Value) -> list[Value]:
    value = call(fn, "tanh_result", x)
    return [1.0 - value * value]


def _chain(x: Value, coefficients: Sequence[float]) -> Value:
    """Horner's scheme on single lanes: fewer products than :func:`horner`, each waiting for the last."""
    *others, last = coefficients
    total = x.fn.lift(last, x.type)
    for k, c in enumerate(reversed(others)):
        total = x + c if k == 0 and last == 1.0 else _add_product(total, x, c)
    return total


def _sinh(fn: Function, x: Value) -> list[Value]:
    t = call(fn, "expm1", x.abs())
    back = t.gt(1e17).select(1.0, t / (t + 1.0))
    return [_in_range(x, ((t + back) * 0.5).copysign(x))]


def _cosh(fn: Function, x: Value) -> list[Value]:
    e = call(fn, "exp", x.abs())
    return [_in_range(x, (e + 1.0 / e) * 0.5)]


def _in_range(x: Value, value: Value) -> Value:
    """The value where exp(abs(x)) did not overflow on the way; single lanes pass on the others."""
    if scalar(x.type) == "double":
        return value  # its range is far beyond that of the results
    return x.abs().gt(_of(x).cosh_high).select(math.nan, value)


def _quadrant(fn: Function, x: Value, shift: int) -> Value:
    """sin(x) for shift 0, cos(x) for shift 1; NaN where x is too large to be reduced."""
    p = _of(x)
    k, ki = _round(x * (2 / math.pi))
    a, b, c = p.half_pi
    r = ((x - k * a) - k * b) - k * c
    return x.abs().gt(p.half_range).select(math.nan, turned(r, ki + shift))


def turned(r: Value, quarters: Value) -> Value:
    """The sine of r, of at most an eighth of a turn, and so many quarters of a turn."""
    p, r2 = _of(r), r * r
    terms = range(1, p.sin_terms + 1)
    less = r2 * horner(r2, [(-1) ** n / math.factorial(2 * n + 1) for n in terms])
    sine = r + r * (less + 0.0)  # of -0, 0 makes a summand that leaves -0 as it is
    terms = range(1, p.sin_terms + 2)
    cosine = 1.0 + r2 * horner(r2, [(-1) ** n / math.factorial(2 * n) for n in terms])
    value = (quarters & 1).eq(0).select(sine, cosine)
    return (quarters & 2).eq(0).select(value, -value)


def _atan(fn: Function, x: Value) -> list[Value]:
    a = x.abs()
    big = a.gt(1.0)
    t = big.select(1.0 / a, a)
    middle = t.gt(math.tan(math.pi / 8))
    r = middle.select((t - 1.0) / (t + 1.0), t)
    value = r * horner(r * r, _of(x).atan)
    value = middle.select(math.pi / 4, 0.0, x.type) + value
    return [big.select(math.pi / 2 - value, value).copysign(x)]


def _erfc_tail(fn: Function, a: Value) -> Value:
    """erfc(a) for a >= 0."""
    a = _clamp(a, 0.0, 40.0)
    t = (a - table.ERFC_A) / (a + table.ERFC_A)
    return call(fn, "exp", -(a * a)) * horner(t, _of(a).erfc) / (a * 2.0 + 1.0)


def _erf_series(a: Value) -> Value:
    """erf(a) for |a| < 1."""
    coefficients = [
        2 / math.sqrt(math.pi) * (-1) ** n / (math.factorial(n) * (2 * n + 1))
        for n in range(_of(a).erf_terms)
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
    return [x.gt(0.0).select(1.0, x.lt(0.0).select(-1.0, x), x.type)]


def _pow(fn: Function, x: Value, y: Value) -> list[Value]:
    """x**y for x > 0 by exp and log; other x, and results out of range, are left to the exact arithmetic."""
    log = call(fn, "log", x)
    exponent = y * log
    small = exponent.abs().lt(_of(x).pow_high)
    fine = x.gt(0.0).select(small.select(1.0, math.nan, x.type), math.nan)
    return [call(fn, "exp", exponent) * fine]


_HELPERS: dict[str, Callable[..., list[Value]]] = {
    "exp": _exp, "expm1": _expm1, "log": _log, "log1p": _log1p, "tanh": _tanh, "sinh": _sinh,
    "cosh": _cosh, "sin": lambda fn, x: [_quadrant(fn, x, 0)],
    "cos": lambda fn, x: [_quadrant(fn, x, 1)], "atan": _atan, "erf": _erf, "erfc": _erfc,
    "sech2": _sech2, "sigmoid": _sigmoid, "softplus": _softplus, "Phi": _Phi, "sign": _sign, "pow": _pow,
    "tanh_result": _tanh_result, "sech2_result": _sech2_result,
}  # fmt: skip


def call(fn: Function, op: str, *args: Value) -> Value:
    """Apply a primitive; its body is written into the module once."""
    module: Module = fn.module
    type_ = args[0].type
    name = module.ensure(f"{suffix(type_)}.{op}", [type_] * len(args), [type_], _HELPERS[op])
    return fn.call(name, *args, results=[type_])[0]


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
"""The target's table: from primitive to code on doubles or floats."""

RESULTS: dict[str, Callable[[Value], Value]] = {
    "tanh": lambda x: call(x.fn, "tanh_result", x),
    "sech2": lambda x: call(x.fn, "sech2_result", x),
}
"""What may take the place of operations on single lanes where their value is itself a program's result.

For the browser, whose vectors are short: half the instructions. The errors are below 1e-6, but not
relative to small values (the slope of tanh is 1 - tanh**2), so nothing may magnify them.
"""
