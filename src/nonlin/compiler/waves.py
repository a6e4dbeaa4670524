"""Sines and cosines as what they are on float32 lanes: a polynomial of what is left of z by a quarter of a turn.

A program is a wave where it is a number times a power of z times a power of sin(omega z + phase): sin, cos,
z cos(z), their products with numbers, and (sin + cos)**2, which is one sine. The quarters of a turn
are taken off in three parts (W. J. Cody and W. Waite), so that what is left has a float's relative accuracy
and more, beside a zero of the sine, too. Sine and cosine are in two floats, since products follow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from nonlin.compiler.ir import Function, Value
from nonlin.compiler.twofold import Two, fma, with_zeros

if TYPE_CHECKING:
    from nonlin.compiler.program import Instruction, Program

__all__ = ["Wave", "WaveCode", "wave"]

_FAR = 3000.0  # of omega z; a number of quarters has 12 bits then
_MAGIC = 1.5 * 2.0**23
_PI = Fraction(0x3243F6A8885A308D313198A2E03707344A4093822299F31D008, 1 << 200)
_ROOT = Fraction(math.isqrt(2 << 200), 1 << 100)


@dataclass(frozen=True, slots=True)
class Wave:
    """``factor * sqrt(2)**roots * z**order * sin(omega z + phase pi/4)**power``.

    ``zeros`` is what -0 and 0 become, where that is 0 of one sign or the other.
    """

    factor: Fraction
    roots: int = 0
    order: int = 0
    omega: Fraction = Fraction(0)
    phase: int = 0
    power: int = 0
    zeros: tuple[float, float] | None = None

    @property
    def edges(self) -> set[float]:
        """Zeros and tops of the sine, and where one polynomial gives way to the other."""
        quarters = [*range(-40, 41), *range(41, 3500, 431), *range(-3500, -41, 431)]
        return {float((k - 2 * self.phase) * _PI / (8 * self.omega)) for k in quarters} | {
            s * _FAR / float(self.omega) for s in (-1.0, 0.0, 1.0)
        }


def wave(program: Program, parameters: Sequence[float], zeros: tuple[float, float]) -> Wave | None:
    """What the program's result is, or ``None``; with what it gives for -0 and 0."""
    values: list[Wave] = []
    for i in program.instructions:
        value = _applied(i, [values[a] for a in i.args], parameters)
        if value is None:
            return None
        values.append(value)
    result = values[program.outputs[0]]
    fine = result.power in (1, 2) and result.order < 3 and 2**-20 < abs(result.factor) < 2**20
    exact = Fraction(float(np.float32(float(result.omega)))) == result.omega
    if not (fine and exact and 2**-6 < result.omega < 2**6):
        return None
    return replace(result, zeros=zeros if zeros == (0.0, 0.0) else None)


def _applied(i: Instruction, args: Sequence[Wave], parameters: Sequence[float]) -> Wave | None:
    a, b = [*args, Wave(Fraction(0)), Wave(Fraction(0))][:2]
    match i.op:
        case "z":
            return Wave(Fraction(1), order=1)
        case "param" | "const":
            number = parameters[int(i.value[0])] if i.op == "param" else i.value[0]
            if not math.isfinite(number):
                return None
            return Wave(Fraction(number) + (Fraction(i.value[1]) if i.op == "const" else 0))
        case "neg":
            return replace(a, factor=-a.factor)
        case "mul":
            return _product(a, b)
        case "div" if b.factor and not (b.order or b.power):
            return replace(a, factor=a.factor / b.factor, roots=a.roots - b.roots)
        case "sin" | "cos" if a.order == 1 and not (a.power or a.roots) and a.factor > 0:
            return Wave(Fraction(1), omega=a.factor, phase=0 if i.op == "sin" else 2, power=1)
        case "add":
            return _sum(a, b)
        case "sub":
            return _sum(a, replace(b, factor=-b.factor))
    return None


def _product(a: Wave, b: Wave) -> Wave | None:
    if a.power and b.power and (a.omega, a.phase) != (b.omega, b.phase):
        return None
    kind = a if a.power else b
    return replace(
        kind, factor=a.factor * b.factor, roots=a.roots + b.roots, order=a.order + b.order,
        power=a.power + b.power,
    )  # fmt: skip


def _sum(a: Wave, b: Wave) -> Wave | None:
    """Of two sines a quarter of a turn apart."""
    if a.factor < 0 or b.factor < 0:
        a, b = (
            w if w.factor > 0 else replace(w, factor=-w.factor, phase=(w.phase + 4) % 8)
            for w in (a, b)
        )
    if a.power != 1 or replace(a, phase=0) != replace(b, phase=0):
        return None
    for first, second in ((a, b), (b, a)):
        if (second.phase - first.phase) % 8 == 2:
            return replace(first, roots=a.roots + 1, phase=(first.phase + 1) % 8)
    return None


@cache
def _series(first: int) -> list[float]:
    """Of (sin(s) - s) / s**3 (first is 3) or (cos(s) - 1 + s**2/2) / s**4 (4), in powers of s**2."""
    top = (math.pi / 4 * 1.001) ** 2
    y = top / 2 + top / 2 * np.cos((2 * np.arange(60) + 1) * (math.pi / 120))
    sign = 1 - first % 2 * 2
    wanted = sum(sign * (-y) ** n / math.factorial(2 * n + first) for n in range(12))
    # Errors count relative to the whole sine or cosine, which is about 1 for s and 1.
    weight = y if first == 3 else y**2
    found: list[float] = []
    rest = np.asarray(wanted)
    for n in range(3):
        matrix = (y[:, None] ** np.arange(n, 3)) * weight[:, None]
        found.append(float(np.float32(np.linalg.lstsq(matrix, rest * weight, rcond=None)[0][0])))
        rest = rest - found[-1] * y**n
    return found


def _parts(bits: int) -> list[float]:
    """pi/4 as a sum of floats, the first of so many bits."""
    first = Fraction(int(_PI / 4 * 2**bits), 2**bits)
    second = Fraction(float(np.float32(float(_PI / 4 - first))))
    return [float(first), float(second), float(np.float32(float(_PI / 4 - first - second)))]


class WaveCode:
    """A wave on lanes."""

    def __init__(self, fn: Function, function: Wave) -> None:
        self.fn, self.function = fn, function

    def __call__(self, x: Value) -> tuple[Value, Value | None]:
        """The results for x, and which of them are rare: there is no end of turns."""
        f = self.function
        angle = Two(x) if f.omega == 1 else Two.number(f.omega) * Two(x)
        head, rest, turn = self.sine(angle)
        factor = f.factor * 2 ** (f.roots // 2) * (_ROOT if f.roots % 2 else 1)
        if f.power == 1:
            sign = turn.shl(30) & -(2**31)
            head, rest = ((v.bits() ^ sign).as_float() for v in (head, rest))
        if f.power == 1 and not f.order and factor in (1, -1):
            y = head + rest
            y = y if factor == 1 else -y
        else:
            factors = [Two(head).plus(rest)] * f.power + [Two(x)] * f.order
            total = factors[0] if factor == 1 else factors[0] * Two.number(factor)
            for other in factors[1:-1]:
                total = total * other
            y = total.times(factors[-1]) if len(factors) > 1 else total.rounded
        return with_zeros(x, y, f.zeros), x.abs().gt(_FAR / float(f.omega))

    def sine(self, angle: Two) -> tuple[Value, Value, Value]:
        """In two parts, but for the sign; and the number of quarters, whose second bit that is."""
        hi, odd = angle.hi, self.function.phase % 2
        assert isinstance(hi, Value)
        shifted = fma(hi, 2 / math.pi, 0.5) + _MAGIC if odd else fma(hi, 2 / math.pi, _MAGIC)
        k = shifted - _MAGIC
        quarters = fma(k, -2.0, 1.0) if odd else k * -2.0  # less so many times pi/4
        first, second, third = _parts(12 if odd else 23)
        if odd:
            near = Two(hi).plus(quarters * first)
            r, lost = near.hi, near.lo
        else:  # nothing is lost, as the difference is a small number of the same units
            r, lost = fma(quarters, first, hi), None
        assert isinstance(r, Value)
        product = quarters * second
        s = Two(r).plus(product)
        rest = fma(quarters, second, -product)
        if angle.lo is not None:  # beside a zero as large as what is left
            s, lost = (
                Two(s.hi).plus(angle.lo),
                s.lo if lost is None or s.lo is None else s.lo + lost,
            )
        for part in (s.lo, lost):
            rest = rest if part is None else rest + part
        rest = fma(quarters, third, rest)
        head = s.hi
        assert isinstance(head, Value)
        square = head * head
        cosine = fma(square, -0.5, 1.0)
        tail = fma(square, -0.5, 1.0 - cosine)
        lost = fma(head, head, -square)
        a, b, c = _series(3)
        series = fma(fma(square, c, b), square, a)
        cube = head * square
        sine_rest = rest * cosine
        if self.function.power > 1:  # errors count twice
            sine_rest = fma(fma(head, square, -cube) + head * lost, series, sine_rest)
        sine_rest = fma(cube, series, sine_rest)
        a, b, c = _series(4)
        cosine_rest = fma(square * square, fma(fma(square, c, b), square, a), tail)
        cosine_rest = fma(lost, -0.5, cosine_rest)
        cosine_rest = fma(rest, -head, cosine_rest)
        turn = shifted.bits() + self.function.phase // 2
        even = (turn & 1).eq(0)
        return even.select(head, cosine), even.select(sine_rest, cosine_rest), turn
