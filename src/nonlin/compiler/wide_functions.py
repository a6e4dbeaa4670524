"""The functions of the exact arithmetic (:mod:`nonlin.compiler.wide`), and its table of operations."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from inspect import signature

from nonlin.compiler import coefficients as table
from nonlin.compiler import lanes
from nonlin.compiler.dd import DD, polynomial, select, two_product, two_sum
from nonlin.compiler.ir import Function, Module, Value
from nonlin.compiler.wide import (
    BODIES,
    BOUNDED,
    EXPONENTIAL,
    INFINITE,
    INFINITY,
    PARTS,
    ZERO,
    Wide,
    call,
    equal,
    extremum,
    less,
    normal,
    not_a_number,
    not_more,
    return_if,
    sign_of,
    signed_power,
    to_double,
    written,
)

__all__ = ["OPERATIONS", "runtime"]


# -- exponentials and logarithms ------------------------------------------------------------------


def _pairs(terms: int, term: Callable[[int], Fraction]) -> list[tuple[float, float]]:
    """Exact fractions as double-doubles."""
    result = []
    for n in range(terms):
        value = term(n)
        hi = float(value)
        result.append((hi, float(value - Fraction(hi))))
    return result


def _series_expm1(fn: Function, hi: Value, lo: Value) -> tuple[Value, Value]:
    """expm1 of |r| < 0.7: Taylor series of r/16, then four doublings."""
    r = DD(hi, lo).scaled(1 / 16)
    p = r + r * r * polynomial(r, _pairs(16, lambda n: Fraction(1, math.factorial(n + 2))))
    for _ in range(4):
        p = p.scaled(2.0) + p * p
    return p.hi, p.lo


def _small_expm1(r: DD) -> DD:
    fn = r.fn
    fn.module.ensure("dd.expm1", ["double"] * 2, ["double"] * 2, _series_expm1, inline=False)
    return DD(*fn.call("dd.expm1", r.hi, r.lo, results=["double", "double"]))


def _exp(fn: Function, x: Wide) -> Wide:
    return_if(x.hi.is_nan(), not_a_number(fn))
    huge = x.e.ge(40)
    # Beyond range, but larger for larger x: exp(z) / cosh(exp(z)) still goes to 0.
    beyond = Wide(fn.f64(1.0), fn.f64(0.0), x.e.shl(1) + EXPONENTIAL)
    return_if(huge & x.hi.gt(0.0), beyond)
    return_if(huge, signed_power(fn, fn.f64(1.0), ZERO))
    value = x.small()
    shifted = value.hi * (1 / math.log(2)) + 1.5 * 2.0**52
    k = shifted - 1.5 * 2.0**52
    r = value
    for part in table.LN2[:2]:
        r = r - DD(*two_product(k, fn.f64(part)))
    r = r - k * table.LN2[2]
    return normal(_small_expm1(r) + 1.0, shifted.bits() - 0x4338000000000000)


def _expm1(fn: Function, x: Wide) -> Wide:
    return_if(x.e.lt(-110) | x.hi.is_nan(), x)
    p = _small_expm1(x.small())
    return_if(x.e.le(-2), normal(p, fn.i64(0)))
    return call("exp", x) - Wide.constant(fn, 1.0)


def _series_log1p(fn: Function, x: DD) -> DD:
    """log1p of |x| < 0.5: one step of Newton from the double's."""
    y = lanes.call(fn, "log1p", x.hi)
    t = _small_expm1(DD(y, fn.f64(0.0)))
    d = (x - t) / (t + 1.0)
    return DD(*two_sum(y, fn.f64(0.0))) + (d - d * d.scaled(0.5))


def _log(fn: Function, x: Wide) -> Wide:
    return_if(x.hi.eq(0.0), signed_power(fn, fn.f64(-1.0), INFINITY))
    return_if(x.hi.gt(0.0).eq(0), not_a_number(fn))
    grown = x.e.ashr(6) + INFINITE
    return_if(x.e.gt(INFINITE), Wide(fn.f64(1.0), fn.f64(0.0), grown))
    shrunk = (0 - x.e).ashr(6) + INFINITE
    return_if(x.e.lt(-INFINITE), Wide(fn.f64(-1.0), fn.f64(0.0), shrunk))
    upper = x.hi.gt(math.sqrt(2))
    m = x.dd.scaled(upper.select(0.5, 1.0))
    e = upper.select(x.e + 1, x.e).to("sitofp", "double")
    total = DD(*two_product(e, fn.f64(table.LN2[0]))) + DD(*two_product(e, fn.f64(table.LN2[1])))
    return normal(total + e * table.LN2[2] + _series_log1p(fn, m - 1.0), fn.i64(0))


def _log1p(fn: Function, x: Wide) -> Wide:
    return_if(x.e.lt(-110) | x.hi.is_nan(), x)
    return_if(x.e.le(-2), normal(_series_log1p(fn, x.small()), fn.i64(0)))
    return call("log", x + Wide.constant(fn, 1.0))


def _one(fn: Function) -> Wide:
    return Wide.constant(fn, 1.0)


def _sigmoid(fn: Function, x: Wide) -> Wide:
    e = call("exp", -x.abs())
    return e.where(x.hi.lt(0.0), _one(fn)) / (e + _one(fn))


def _softplus(fn: Function, x: Wide) -> Wide:
    tail = call("log1p", call("exp", -x.abs()))
    zero = Wide.constant(fn, 0.0)
    return x.where(x.hi.lt(0.0).eq(0), zero) + tail


def _tanh(fn: Function, x: Wide) -> Wide:
    t = call("expm1", -x.abs().times_power(1))
    result = -t / (t + Wide.constant(fn, 2.0))
    return result.where(x.hi.gt(0.0), (-result).where(x.hi.lt(0.0), x))


def _sinh(fn: Function, x: Wide) -> Wide:
    t = call("expm1", x.abs())
    result = (t + t / (t + _one(fn))).times_power(-1)
    return result.where(x.hi.gt(0.0), (-result).where(x.hi.lt(0.0), x))


def _cosh(fn: Function, x: Wide) -> Wide:
    e = call("exp", x.abs())
    return (e + _one(fn) / e).times_power(-1)


def _sech2(fn: Function, x: Wide) -> Wide:
    c = call("cosh", x)
    return _one(fn) / (c * c)


def _pow(fn: Function, x: Wide, y: Wide) -> Wide:
    """x**y as IEEE 754's pow has it: negative x needs a whole y."""
    exponent = to_double(y)
    whole = exponent.abs().ge(2.0**53) | ((exponent.abs() + 2.0**52) - 2.0**52).eq(exponent.abs())
    half = exponent * 0.5
    even = exponent.abs().ge(2.0**54) | ((half.abs() + 2.0**52) - 2.0**52).eq(half.abs())
    return_if(y.hi.eq(0.0), _one(fn))
    return_if(x.hi.is_nan() | y.hi.is_nan() | (x.hi.lt(0.0) & whole.eq(0)), not_a_number(fn))
    result = call("exp", y * call("log", x.abs()))
    return (-result).where(x.hi.lt(0.0) & even.eq(0), result)


# -- circular functions ---------------------------------------------------------------------------


def _series_sine(fn: Function, hi: Value, lo: Value) -> tuple[Value, Value]:
    r = DD(hi, lo)
    r2 = r * r
    terms = _pairs(14, lambda n: Fraction((-1) ** (n + 1), math.factorial(2 * n + 3)))
    s = r + r * (r2 * polynomial(r2, terms))
    return s.hi, s.lo


def _series_cosine(fn: Function, hi: Value, lo: Value) -> tuple[Value, Value]:
    r2 = DD(hi, lo) * DD(hi, lo)
    terms = _pairs(15, lambda n: Fraction((-1) ** (n + 1), math.factorial(2 * n + 2)))
    c = r2 * polynomial(r2, terms) + 1.0
    return c.hi, c.lo


def _sine_cosine(r: DD) -> tuple[DD, DD]:
    """sin and cos of |r| <= pi/4."""
    pair = ["double", "double"]
    results = []
    for name, body in (("dd.sin", _series_sine), ("dd.cos", _series_cosine)):
        r.fn.module.ensure(name, pair, pair, body, inline=False)
        results.append(DD(*r.fn.call(name, r.hi, r.lo, results=pair)))
    return results[0], results[1]


def _word(fn: Function, i: Value) -> Value:
    """32 bits of 1/(2 pi), counted from the binary point; zeros before it."""

    def body(fn: Function, i: Value) -> list[Value]:
        value = fn.i64(0)
        for n, word in enumerate(table.INV_TWO_PI_WORDS):
            value = i.eq(n).select(word, value, "i64")
        return [value]

    fn.module.ensure("word", ["i64"], ["i64"], body, inline=False)
    return fn.call("word", i, results=["i64"])[0]


def _turns(fn: Function, hi: Value, lo: Value, e: Value) -> list[Value]:
    """The fractional part of x / (2 pi) for one double x = hi * 2**e, in four words of 32 bits.

    Payne and Hanek, *Radian reduction for trigonometric functions* (SIGNUM 1983): only those bits of
    1/(2 pi) are multiplied that do not give whole turns. ``lo`` is unused.
    """
    bits = hi.bits()
    mantissa = (bits & ((1 << 52) - 1)) | (1 << 52)
    mantissa = hi.eq(0.0).select(0, mantissa, "i64")
    q = (bits.lshr(52) & 0x7FF) - 1023 - 52 + e  # |x| = mantissa * 2**q
    # Bits of 1/(2 pi) from position q on (position 0: worth 1/2); 8 words of them.
    offset = q & 31
    first = q.ashr(5)
    raw = [_word(fn, first + i) for i in range(9)]
    mask = 0xFFFFFFFF
    words = [((raw[i].shl(offset)) | raw[i + 1].lshr(32 - offset)) & mask for i in range(8)]
    # mantissa * 0.words, modulo 1: the mantissa is two words, high * 2**32 + low.
    low, high = mantissa & mask, mantissa.lshr(32)
    out = [fn.i64(0)] * 9
    carry = fn.i64(0)
    for i in reversed(range(8)):
        p = words[i] * low + carry
        out[i] = p & mask
        carry = p.lshr(32)
    carry = fn.i64(0)
    for i in reversed(range(1, 8)):
        p = words[i] * high + out[i - 1] + carry
        out[i - 1] = p & mask
        carry = p.lshr(32)
    negative = hi.lt(0.0)
    borrow = fn.i64(1)
    for i in reversed(range(6)):  # two's complement where x is negative
        flipped = (out[i] ^ mask) + borrow
        borrow = flipped.lshr(32)
        out[i] = negative.select(flipped & mask, out[i])
    return out[:6]


def _reduced(x: Wide) -> tuple[Value, DD]:
    """The nearest multiple of pi/2, modulo 4, and the rest as double-double (times 2**0)."""
    fn = x.fn
    fn.module.ensure("wide.turns", PARTS, ["i64"] * 6, _turns, inline=False)
    total = fn.call("wide.turns", x.hi, fn.f64(0.0), x.e, results=["i64"] * 6)
    other = fn.call("wide.turns", x.lo, fn.f64(0.0), x.e, results=["i64"] * 6)
    carry = fn.i64(0)
    words: list[Value] = [fn.i64(0)] * 6
    for i in reversed(range(6)):
        s = total[i] + other[i] + carry
        words[i] = s & 0xFFFFFFFF
        carry = s.lshr(32)
    # Nearest quarter turn: add an eighth, take the top two bits.
    top = (words[0] + 0x20000000) & 0xFFFFFFFF
    quadrant = top.lshr(30)
    signed = words[0] - quadrant.shl(30)
    # words[0] may stand for -1/8 … 1/8 of a turn now, modulo one turn.
    signed = signed.ge(1 << 31).select(signed - (1 << 32), signed)
    value = DD(signed.to("sitofp", "double") * 2.0**-32, fn.f64(0.0))
    for i in range(1, 6):
        value = value + words[i].to("sitofp", "double") * 2.0 ** (-32 * (i + 1))
    return quadrant, value * table.TWO_PI


def _circular(fn: Function, x: Wide, shift: int) -> Wide:
    infinite = x.e.gt(1100)  # as far as the table of 1/(2 pi) reaches
    unknown = not_a_number(fn)
    unknown.e = infinite.select(BOUNDED, 0, "i64")
    return_if(x.hi.is_nan() | infinite, unknown)
    return_if(x.e.lt(-60), _tiny_circular(fn, x, shift))
    # Below pi/4 the number is its own rest; else whole quarter turns come off.
    small = x.e.lt(-1)
    quadrant, rest = _reduced(x)
    quadrant = small.select(0, quadrant, "i64") + shift
    rest = select(small, x.small(), rest)
    s, c = _sine_cosine(rest)
    value = select((quadrant & 1).eq(0), s, c)
    value = select((quadrant & 2).eq(0), value, -value)
    return normal(value, fn.i64(0))


def _tiny_circular(fn: Function, x: Wide, shift: int) -> Wide:
    """sin x = x and cos x = 1 - x**2/2 where |x| < 2**-60."""
    return _one(fn) - (x * x).times_power(-1) if shift else x


def _atan(fn: Function, x: Wide) -> Wide:
    return_if(x.e.lt(-110) | x.hi.is_nan(), x)
    a = x.abs()
    big = a.e.ge(0)
    t = (_one(fn) / a).where(big, a)
    value = t.small()
    y = lanes.call(fn, "atan", value.hi)
    s, c = _sine_cosine(DD(y, fn.f64(0.0)))
    angle = DD(y, fn.f64(0.0)) + (value * c - s) / (c + value * s)
    near = t.where(t.e.lt(-110), normal(angle, fn.i64(0)))
    result = (Wide.constant(fn, *table.HALF_PI[:2]) - near).where(big, near)
    return result.where(x.hi.gt(0.0), -result)


# -- error functions ------------------------------------------------------------------------------


def _erf_near(fn: Function, x: Wide) -> Wide:
    """erf(x) for |x| < 1, by its Taylor series."""
    value = x.small(-110)
    terms = _pairs(28, lambda n: Fraction((-1) ** n, math.factorial(n) * (2 * n + 1)))
    total = polynomial(value * value, terms) * table.TWO_OVER_SQRT_PI
    return x * normal(total, fn.i64(0))


def _erfc_far(fn: Function, a: Wide) -> Wide:
    """erfc(a) for a >= 0."""
    value = a.small()
    t = (value - table.ERFC_A) / (value + table.ERFC_A)
    scaled = polynomial(t, table.ERFC_DD) / (value.scaled(2.0) + 1.0)
    return call("exp", -(a * a)) * normal(scaled, fn.i64(0))


def _erfc(fn: Function, x: Wide) -> Wide:
    return_if(x.hi.is_nan(), x)
    return_if(x.e.lt(-1), _one(fn) - call("erf_near", x))
    tail = call("erfc_far", x.abs())
    return (Wide.constant(fn, 2.0) - tail).where(x.hi.lt(0.0), tail)


def _erf(fn: Function, x: Wide) -> Wide:
    return_if(x.e.lt(0) | x.hi.is_nan(), call("erf_near", x))
    far = _one(fn) - call("erfc_far", x.abs())
    return far.where(x.hi.gt(0.0), -far)


def _Phi(fn: Function, x: Wide) -> Wide:
    argument = x * Wide.constant(fn, *(-part for part in table.INV_SQRT2))
    return call("erfc", argument).times_power(-1)


BODIES |= {
    "exp": _exp, "expm1": _expm1, "log": _log,
    "log1p": _log1p, "sigmoid": _sigmoid, "softplus": _softplus, "tanh": _tanh, "sinh": _sinh,
    "cosh": _cosh, "sech2": _sech2, "pow": _pow, "sin": lambda fn, x: _circular(fn, x, 0),
    "cos": lambda fn, x: _circular(fn, x, 1), "atan": _atan, "erf": _erf, "erf_near": _erf_near,
    "erfc": _erfc, "erfc_far": _erfc_far, "Phi": _Phi,
}  # fmt: skip

OPERATIONS: dict[str, Callable[..., Wide | Value]] = {
    "sub": lambda a, b: a - b,
    "neg": lambda a: -a,
    "abs": lambda a: a.abs(),
    "sign": sign_of,
    "lt": less,
    "le": not_more,
    "eq": equal,
    "where": lambda c, a, b: a.where(c, b),
    "min": lambda a, b: extremum(a, b, less(a, b)),
    "max": lambda a, b: extremum(a, b, less(b, a)),
    **{
        op: (lambda *args, _op=op: call(_op, *args))
        for op in BODIES
        if op not in ("erf_near", "erfc_far")
    },
}
"""The target's table: from primitive to code on wide numbers."""


def runtime(module: Module) -> None:
    """Write every primitive into a module, for other modules to call."""
    for op, body in BODIES.items():
        written(module, op, len(signature(body).parameters) - 1)
