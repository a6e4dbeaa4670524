"""The exact arithmetic: a double-double with an exponent of its own.

A number is (hi, lo, e), worth (hi + lo) * 2**e with 1 <= |hi| < 2, or hi = 0. So nothing overflows or
underflows on the way: z * sigmoid(z) at z = -750 meets sigmoid = 2e-326 and still ends on the right
subnormal. About 100 of its 106 bits are good, which leaves room for what formulas cancel.

Infinity is a number here, 2**(2**44), so that limits come out as limits: exp of its negative is 0,
0 times it is 0, and x * sigmoid(x) at -inf is -0. Three facts make this sound for what people write:
``exp`` saturates to 0 or to something larger than every power of infinity, ``log`` of an infinite
number stays infinite, and ``sin`` or ``cos`` of it is *bounded but unknown*, a NaN that an infinite
term in a sum swallows and a zero factor kills (z + sin(z)**2 has a limit, sin(z) has none).

Every primitive is a function of the module over three values per number; speed comes second to being
right, and whatever can be fast is in :mod:`nonlin.compiler.lanes`. Here are the numbers and their
arithmetic; :mod:`nonlin.compiler.wide_functions` has the functions and the table of them all.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from nonlin.compiler import lanes
from nonlin.compiler.dd import DD
from nonlin.compiler.ir import Function, Module, Value

__all__ = [
    "BODIES",
    "BOUNDED",
    "EXPONENTIAL",
    "INFINITE",
    "INFINITY",
    "PARTS",
    "ZERO",
    "Wide",
    "call",
    "equal",
    "extremum",
    "from_double",
    "less",
    "normal",
    "not_a_number",
    "not_more",
    "return_if",
    "sign_of",
    "signed_power",
    "to_double",
    "written",
]

PARTS = ["double", "double", "i64"]
ZERO = -(1 << 60)
"""Exponent of zero: smaller than any other."""
_LIMIT = 1 << 58
"""Largest exponent; anything beyond stays there."""
INFINITY = 1 << 44
"""Exponent that stands for IEEE infinity on the way in."""
INFINITE = 1 << 42
"""From here on a number is infinite for log, sin and the like."""
EXPONENTIAL = 1 << 52
"""Exponents of what exp makes of something huge begin here, above every power of infinity."""
BOUNDED = (1 << 61) + 7
"""Exponent that marks a NaN as sin or cos of something infinite."""


class Wide:
    """One number of the exact arithmetic, as three values of a function."""

    __slots__ = ("e", "hi", "lo")

    def __init__(self, hi: Value, lo: Value, e: Value) -> None:
        self.hi, self.lo, self.e = hi, lo, e

    @property
    def fn(self) -> Function:
        return self.hi.fn

    @property
    def parts(self) -> list[Value]:
        return [self.hi, self.lo, self.e]

    @property
    def dd(self) -> DD:
        """hi + lo, without the exponent."""
        return DD(self.hi, self.lo)

    @staticmethod
    def constant(fn: Function, hi: float, lo: float = 0.0) -> Wide:
        """The number hi + lo; NaN is what a root of a negative number is."""
        if math.isnan(hi):
            return Wide(fn.f64(hi), fn.f64(0.0), fn.i64(0))
        if hi == 0 or not math.isfinite(hi):
            e = ZERO if hi == 0 else INFINITY
            return Wide(fn.f64(hi if hi == 0 else math.copysign(1.0, hi)), fn.f64(0.0), fn.i64(e))
        e = math.frexp(hi)[1] - 1
        return Wide(fn.f64(math.ldexp(hi, -e)), fn.f64(math.ldexp(lo, -e)), fn.i64(e))

    def __neg__(self) -> Wide:
        return Wide(-self.hi, -self.lo, self.e)

    def abs(self) -> Wide:
        negative = self.hi.lt(0.0)
        return Wide(self.hi.abs(), negative.select(-self.lo, self.lo), self.e)

    def __add__(self, other: Wide) -> Wide:
        return call("add", self, other)

    def __sub__(self, other: Wide) -> Wide:
        return call("add", self, -other)

    def __mul__(self, other: Wide) -> Wide:
        return call("mul", self, other)

    def __truediv__(self, other: Wide) -> Wide:
        return call("div", self, other)

    def times_power(self, k: int) -> Wide:
        """Times 2**k."""
        return Wide(self.hi, self.lo, self.hi.eq(0.0).select(self.e, self.e + k))

    def where(self, condition: Value, other: Wide) -> Wide:
        """This where the condition holds, else ``other``."""
        return Wide(*(condition.select(a, b) for a, b in zip(self.parts, other.parts, strict=True)))

    def small(self, lowest: int = -500) -> DD:
        """The number itself as double-double; for exponents up to 500, tiny ones rounded up."""
        e = self.e.lt(lowest).select(lowest, self.e)
        e = e.gt(500).select(500, e)
        return self.dd.scaled(lanes.power_of_two(e))


def call(op: str, *args: Wide) -> Wide:
    """Apply a primitive; its body is written into the module once."""
    fn = args[0].fn
    flat = [p for a in args for p in a.parts]
    return Wide(*fn.call(written(fn.module, op, len(args)), *flat, results=PARTS))


def written(module: Module, op: str, count: int) -> str:
    def body(fn: Function, *values: Value) -> list[Value] | None:
        operands = [Wide(*values[i : i + 3]) for i in range(0, len(values), 3)]
        result = BODIES[op](fn, *operands)
        return None if result is None else result.parts

    return module.ensure(f"wide.{op}", PARTS * count, PARTS, body, inline=False)


# -- representation -------------------------------------------------------------------------------


def normal(value: DD, e: Value) -> Wide:
    """(value, e) with hi brought into [1, 2); value itself far from overflow and underflow."""
    fn = value.fn
    bits = value.hi.bits()
    k = (bits.lshr(52) & 0x7FF) - 1023
    scaled = value.scaled(lanes.power_of_two(-k))
    e = e + k
    zero = value.hi.eq(0.0)
    low, high = e.lt(-_LIMIT), e.gt(_LIMIT)
    e = high.select(_LIMIT, e, "i64")
    e = (zero | low).select(ZERO, e, "i64")
    hi = low.select(fn.f64(0.0).copysign(value.hi), scaled.hi)
    hi = zero.select(value.hi, hi)
    nan = value.hi.is_nan()
    e = nan.select(0, e, "i64")
    hi = nan.select(value.hi, hi)
    return Wide(hi, (zero | low).select(0.0, scaled.lo), e)


def from_double(x: Value) -> Wide:
    """A double, infinities and NaN included."""
    fn = x.fn
    tiny, large = x.abs().lt(2.0**-900), x.abs().gt(2.0**900)
    y = tiny.select(x * 2.0**200, large.select(x * 2.0**-200, x))
    wide = normal(DD(y, fn.f64(0.0)), tiny.select(-200, large.select(200, 0, "i64")))
    infinite = x.abs().eq(math.inf)
    hi = infinite.select(fn.f64(1.0).copysign(x), wide.hi)
    return Wide(hi, infinite.select(0.0, wide.lo), infinite.select(INFINITY, wide.e, "i64"))


def to_double(x: Wide) -> Value:
    """The nearest double."""
    e = x.e.gt(1100).select(1100, x.e, "i64")
    e = e.lt(-1200).select(-1200, e, "i64")
    half = e.ashr(1)
    value = x.hi * lanes.power_of_two(half) * lanes.power_of_two(e - half)
    return x.hi.is_nan().select(x.hi, value)


def not_a_number(fn: Function) -> Wide:
    return Wide(fn.f64(math.nan), fn.f64(0.0), fn.i64(0))


def signed_power(fn: Function, sign: Value, e: int) -> Wide:
    """±2**e, or ±0."""
    hi = fn.f64(0.0 if e == ZERO else 1.0).copysign(sign)
    return Wide(hi, fn.f64(0.0), fn.i64(e))


def return_if(condition: Value, result: Wide) -> None:
    condition.fn.ret_if(condition, *result.parts)


# -- arithmetic -----------------------------------------------------------------------------------


def _add(fn: Function, a: Wide, b: Wide) -> Wide:
    bad = a.hi.is_nan() | b.hi.is_nan()
    infinite_b = a.e.eq(BOUNDED) & b.hi.eq(b.hi) & b.e.gt(INFINITE)
    infinite_a = b.e.eq(BOUNDED) & a.hi.eq(a.hi) & a.e.gt(INFINITE)
    bounded = (
        (a.e.eq(BOUNDED) | b.e.eq(BOUNDED))
        & (a.hi.eq(a.hi) | a.e.eq(BOUNDED))
        & (b.hi.eq(b.hi) | b.e.eq(BOUNDED))
    )
    unknown = not_a_number(fn)
    unknown.e = bounded.select(BOUNDED, 0, "i64")
    return_if(bad, b.where(infinite_b, a.where(infinite_a, unknown)))
    swap = a.e.lt(b.e)
    a, b = b.where(swap, a), a.where(swap, b)
    d = b.e - a.e
    gone = d.lt(-400)
    shift = lanes.power_of_two(gone.select(-400, d, "i64"))
    shifted = DD(gone.select(b.hi * 0.0, b.hi * shift), gone.select(0.0, b.lo * shift))
    total = normal(a.dd + shifted, a.e)
    nothing = a.hi.eq(0.0)  # and so has b: of two zeros the sum has the sign that both have
    return Wide(nothing.select(a.hi + b.hi, total.hi), total.lo, total.e)


def _vanishing(x: Wide) -> Value:
    return x.hi.eq(0.0) | x.e.lt(-INFINITE)


def _mul(fn: Function, a: Wide, b: Wide) -> Wide:
    bad = a.hi.is_nan() | b.hi.is_nan()
    a_bounded, b_bounded = a.e.eq(BOUNDED), b.e.eq(BOUNDED)
    zero = (a_bounded & _vanishing(b)) | (b_bounded & _vanishing(a))
    a_tame = a_bounded | (a.hi.eq(a.hi) & a.e.le(INFINITE))
    b_tame = b_bounded | (b.hi.eq(b.hi) & b.e.le(INFINITE))
    unknown = not_a_number(fn)
    unknown.e = ((a_bounded | b_bounded) & a_tame & b_tame).select(BOUNDED, 0, "i64")
    return_if(bad, signed_power(fn, fn.f64(1.0), ZERO).where(zero, unknown))
    product = normal(a.dd * b.dd, a.e + b.e)
    zero = product.hi.eq(0.0)
    sign = fn.f64(0.0).copysign(a.hi) * fn.f64(1.0).copysign(b.hi)
    return Wide(zero.select(sign, product.hi), product.lo, product.e)


def _div(fn: Function, a: Wide, b: Wide) -> Wide:
    return_if(a.e.eq(BOUNDED) & b.e.gt(INFINITE), signed_power(fn, fn.f64(1.0), ZERO))
    return_if(a.e.eq(BOUNDED) & b.hi.eq(b.hi) & b.hi.ne(0.0), a)
    sign = fn.f64(1.0).copysign(a.hi) * fn.f64(1.0).copysign(b.hi)
    both = a.hi.eq(0.0) & b.hi.eq(0.0)
    return_if(a.hi.is_nan() | b.hi.is_nan() | both, not_a_number(fn))
    return_if(b.hi.eq(0.0), signed_power(fn, sign, _LIMIT))
    return_if(a.hi.eq(0.0), signed_power(fn, sign, ZERO))
    return normal(a.dd / b.dd, a.e - b.e)


def _sqrt(fn: Function, x: Wide) -> Wide:
    return_if(x.hi.eq(0.0), x)
    return_if(x.hi.ge(0.0).eq(0), not_a_number(fn))
    odd = (x.e & 1).eq(1)
    value = x.dd.scaled(odd.select(2.0, 1.0))
    return normal(value.sqrt(), odd.select(x.e - 1, x.e).ashr(1))


def less(a: Wide, b: Wide) -> Value:
    return (a - b).hi.lt(0.0)


def not_more(a: Wide, b: Wide) -> Value:
    return (a - b).hi.le(0.0)


def equal(a: Wide, b: Wide) -> Value:
    return (a - b).hi.eq(0.0)


def sign_of(x: Wide) -> Wide:
    one = Wide.constant(x.fn, 1.0)
    return one.where(x.hi.gt(0.0), (-one).where(x.hi.lt(0.0), x))


def extremum(a: Wide, b: Wide, pick_a: Value) -> Wide:
    return b.where(b.hi.is_nan(), a.where(a.hi.is_nan() | pick_a, b))


BODIES: dict[str, Callable[..., Wide]] = {"add": _add, "mul": _mul, "div": _div, "sqrt": _sqrt}
"""Primitives that become functions of a module; the others are added beside their bodies."""
