"""exp of a row's scores on vectors, with the row's maximum taken off without rounding.

Rounding z - max costs a small share its last digits: an error of half a unit in a difference of 20 is
twenty units in the exponential. Here nothing is taken off. With z / T = k log 2 + r the exponential is
2**k exp(r), and the maximum's K comes off the whole number k, in the exponent's bits. The reduced
argument is exact after its first step, as the front of z cancels; a temperature is in the constants,
the polynomial's included, and costs nothing. Double lanes, where speed is not all, take the maximum off
after all, and keep what rounding loses: then a constant on all scores changes not even a bit.

What comes out is exp(z / T) * 2**(bias - K). The bias keeps the smallest share that is a number of the
format, and the largest sum, away from both ends of the range.

Single lanes need a fused multiply-add; where there is none, float32 is computed on double lanes.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from nonlin.compiler import coefficients as table
from nonlin.compiler.dd import two_sum
from nonlin.compiler.ir import Function, Value

__all__ = ["LANES", "WIDTH", "Exponentials", "Lanes", "constants", "fma"]

WIDTH = 16
"""Scores in a vector, whatever the processor: so sums are added in the same order everywhere."""
_LIMIT = 2.0**20
"""Exponents k up to here are reduced; rows beyond are computed otherwise."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """What exponentials are computed in.

    ``below`` is how far under K an exponent may be before the score counts as that far under it: where
    the share has long been 0.
    """

    type: str
    bits: int
    bias: int
    own: int
    below: int
    terms: tuple[float, ...]

    @property
    def vector(self) -> str:
        return f"<{WIDTH} x {self.type}>"


LANES = {
    "float": Lanes("float", 23, 64, 127, 188, (1.0, *table.EXPM1_F32)),
    "double": Lanes(
        "double", 52, 512, 1023, 1530, tuple(1 / math.factorial(n) for n in range(1, 14))
    ),
}
_LOG2E, _LN2, _STEP, _TEMPERATURE, _INVERSE, _LIMIT_AT, _TERMS = 0, 1, 4, 5, 6, 8, 9


@lru_cache(64)
def constants(lane: str, temperature: float, fused: bool) -> tuple[float, ...]:
    """The numbers that code for these lanes reads from memory.

    Examples
    --------
    >>> constants("float", 2.0, True)[:2]  # how many log 2 * T are in a score, and log 2 * T
    (0.7213475204444817, 1.3862943649291992)
    """
    ln2 = sum(map(Fraction, table.LN2))
    t = Fraction(temperature)
    step, inverse = ln2 * t, 1 / t
    if lane == "float":
        parts = _split(step, [24, 24])
    else:
        parts = _split(step, [53, 53] if fused else [33, 33, 53])
    parts += [0.0] * (3 - len(parts))
    reciprocal = _split(inverse, [24, 24] if lane == "float" else [53, 53])
    usable = 2.0**-10 <= temperature <= 2.0**10
    terms = LANES[lane].terms
    series = [c / temperature ** (n + 1) if usable else 0.0 for n, c in enumerate(terms)]
    head = [_float(1 / step), *parts, _float(step), temperature, *reciprocal]
    return (*head, _LIMIT if usable else 0.0, *series)


def _float(x: Fraction) -> float:
    try:
        return float(x)
    except OverflowError:
        return math.inf


def _split(x: Fraction, bits: list[int]) -> list[float]:
    """The number as a sum of floats of so many bits each."""
    parts = []
    for n in bits:
        part = _float(x)
        if math.isinf(part):
            return [part] + [0.0] * (len(bits) - 1)
        if n == 24:
            part = _single(part)
        elif n < 53:
            mantissa, exponent = math.frexp(part)
            part = math.ldexp(math.floor(mantissa * 2.0**n), exponent - n)
        parts.append(part)
        x -= Fraction(part)
    return parts


def _single(x: float) -> float:
    if abs(x) > 3e38:
        return x
    return float(struct.unpack("f", struct.pack("f", x))[0])


def fma(a: Value, b: Value, c: Value) -> Value:
    """a * b + c, rounded once where the processor can."""
    return a.fn.intrinsic("fma", a, b, c) if a.fn.module.fma else a * b + c


class Exponentials:
    """The constants in registers of the function being written, and what is computed with them.

    For vectors, or if ``single`` for one score at a time, with the same bits.
    """

    def __init__(
        self, fn: Function, lanes: Lanes, params: Value, *, single: bool = False
    ) -> None:  # fmt: skip
        self.fn, self.lanes, self.params, self.single = fn, lanes, params, single
        self._log2e = self._vector(_LOG2E)
        self._ln2 = [-self._vector(_LN2 + i) for i in range(2 if fn.module.fma else 3)]
        self._terms = [self._vector(_TERMS + i) for i in range(len(lanes.terms))]

    def number(self, place: int) -> Value:
        return self.fn.load(self.params, "double", place)

    @property
    def temperature(self) -> Value:
        return self.temperature_at(self.fn, self.params)

    @staticmethod
    def temperature_at(fn: Function, params: Value) -> Value:
        return fn.load(params, "double", _TEMPERATURE)

    def inverse(self) -> list[Value]:
        """1 / T in two parts, as vectors."""
        return [self._vector(_INVERSE + i) for i in range(2)]

    def narrow(self, x: Value) -> Value:
        """A double as a number of the lanes."""
        return x if self.lanes.type == "double" else x.to("fptrunc", "float")

    def splat(self, x: Value) -> Value:
        return x if self.single else self.fn.splat(x, self.lanes.vector)

    def _vector(self, place: int) -> Value:
        return self.splat(self.narrow(self.number(place)))

    def exponent(self, top: Value) -> tuple[Value, Value]:
        """K of a maximum (a double), and whether it can be reduced."""
        scaled = top * self.number(_LOG2E)
        magic = 1.5 * 2.0**52
        return (scaled + magic) - magic, scaled.abs().lt(self.number(_LIMIT_AT))

    def rest(self, top: Value, exponent: Value) -> Value:
        """The part of top / T that its exponent leaves, as double."""
        return (top - exponent * self.number(_STEP)) / self.temperature

    def aim(self, exponent: Value, top: Value) -> None:
        """Take this K off from now on, or on double lanes this maximum (a double)."""
        lanes = self.lanes
        magic = 1.5 * 2.0**lanes.bits + lanes.own + lanes.bias
        # The low bits of what this is added to are those of the result's exponent.
        self._magic = self.splat(self.narrow(magic - exponent))
        self._low = self.splat(self.narrow((exponent - lanes.below) * self.number(_STEP)))
        if lanes.type == "double":
            self._magic = self.splat(self.fn.f64(magic))
            self._top = self.splat(-top)

    def of(self, z: Value) -> Value:
        """exp(z / T) * 2**(bias - K) for z up to the maximum; NaN stays NaN."""
        lanes = self.lanes
        z = z.lt(self._low).select(self._low, z)
        lost = None
        if lanes.type == "double":
            z, lost = two_sum(z, self._top)
        shifted = fma(z, self._log2e, self._magic)
        k = shifted - self._magic
        r = fma(k, self._ln2[0], z)
        for part in self._ln2[1:]:
            r = fma(k, part, r if lost is None else r + lost)
            lost = None
        total = self._terms[-1]
        for c in reversed(self._terms[:-1]):
            total = fma(total, r, c)
        scale = shifted.bits().shl(lanes.bits).as_float()
        return fma(scale * r, total, scale)
