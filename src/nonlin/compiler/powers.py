"""Products with powers of two, for pieces that fall too quickly for a polynomial.

Such a piece is a polynomial times 2**(slope t). The power is 2**k for a whole number k, by which a float is multiplied without
rounding, times a number between 1 and 2, for which there are two ways: sixteen of them in registers and what is left, a
32nd at most, by three terms (AVX-512, where a look-up costs as much as a term); or a polynomial of seven, which keeps
its first term in two parts, as it is not small (AVX2, AArch64, where look-ups are what lanes wait for).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from nonlin.compiler.coefficients import EXP2M1_PIECES, EXP2M1_SIXTEENTHS
from nonlin.compiler.ir import Function, Value
from nonlin.compiler.tables import LANES, MAGIC, constant

if TYPE_CHECKING:
    from nonlin.compiler.target import Simd

__all__ = ["Powers", "powers"]

_FLOATS, _INTS = f"<{LANES} x float>", f"<{LANES} x i32>"


class Powers(ABC):
    """Products with 2**(slope t)."""

    def __init__(self, fn: Function) -> None:
        self.fn = fn

    def fma(self, a: Value, b: Value, c: Value | float) -> Value:
        return self.fn.intrinsic("fma", a, b, self.fn.lift(c, _FLOATS))

    @abstractmethod
    def times(self, head: Value, rest: Value, slope: Value, t: Value) -> tuple[Value, Value, Value]:
        """(head + rest) 2**(slope t - k) in two parts, of which the first is rounded and nothing of it lost, and k."""

    @abstractmethod
    def scaled(self, y: Value, k: Value) -> Value:
        """y times 2**k, with k as :meth:`times` gives it; NaN stays one."""


class _ByTable(Powers):
    """k is one of sixteenths here, of which :meth:`scaled` takes the whole ones below it."""

    PERMUTE = "llvm.x86.avx512.permvar.sf.512"
    SCALE = "llvm.x86.avx512.mask.scalef.ps.512"

    def __init__(self, fn: Function) -> None:
        super().__init__(fn)
        exact = 2.0 ** (np.arange(LANES) / LANES)
        first = exact.astype(np.float32)
        self.first = constant(fn, first)
        self.second = constant(fn, (exact - first).astype(np.float32))
        fn.module.declare(
            self.PERMUTE, f"declare {_FLOATS} @{self.PERMUTE}({_FLOATS}, {_INTS})"
        )  # of an index, the lowest four bits count
        fn.module.declare(
            self.SCALE,
            f"declare {_FLOATS} @{self.SCALE}({_FLOATS}, {_FLOATS}, {_FLOATS}, i16, i32 immarg)",
        )

    def entry(self, row: Value, index: Value) -> Value:
        text = f"call {_FLOATS} @{self.PERMUTE}({_FLOATS} {row.ref}, {_INTS} {index.ref})"
        return self.fn.emit(text, _FLOATS)

    def times(self, head: Value, rest: Value, slope: Value, t: Value) -> tuple[Value, Value, Value]:
        shifted = self.fma(slope, t, MAGIC / LANES)
        index, k = shifted.bits(), shifted - MAGIC / LANES
        r = self.fma(slope, t, -k)  # rounded, but it is small
        less = self.fn.lift(EXP2M1_SIXTEENTHS[-1], _FLOATS)
        for coefficient in EXP2M1_SIXTEENTHS[-2::-1]:
            less = self.fma(less, r, coefficient)
        first = self.entry(self.first, index)
        second = self.fma(first, less * r, self.entry(self.second, index))
        product = head * first
        lost = self.fma(head, first, -product)
        return product, self.fma(rest, first + second, self.fma(head, second, lost)), k

    def scaled(self, y: Value, k: Value) -> Value:
        return self.fn.emit(
            f"call {_FLOATS} @{self.SCALE}({_FLOATS} {y.ref}, {_FLOATS} {k.ref}, "
            f"{_FLOATS} {y.ref}, i16 -1, i32 4)",
            _FLOATS,
        )


class _ByPolynomial(Powers):
    """k is ``MAGIC`` + k here."""

    def times(self, head: Value, rest: Value, slope: Value, t: Value) -> tuple[Value, Value, Value]:
        # 2**r is 1 + less, with less in two parts, as r is: what the product with the slope lost counts as the derivative says.
        power = slope * t
        shifted = power + MAGIC
        r = power - (shifted - MAGIC)
        lost = self.fma(slope, t, -power) * math.log(2)
        first = float(np.float32(EXP2M1_PIECES[0]))
        part = r * first
        lost = self.fma(part, lost, lost) + self.fma(r, self.fn.lift(first, _FLOATS), -part)
        tail = self.fn.lift(EXP2M1_PIECES[-1], _FLOATS)
        for coefficient in (*EXP2M1_PIECES[-2:0:-1], EXP2M1_PIECES[0] - first):
            tail = self.fma(tail, r, coefficient)
        tail = self.fma(tail, r, lost)
        rest = self.fma(tail, head, self.fma(part + tail, rest, rest))
        return head, self.fma(part, head, rest), shifted

    def scaled(self, y: Value, k: Value) -> Value:
        # Of MAGIC nothing is left beyond the 23 bits; what is y times that power is no subnormal number.
        return y * (k.bits().shl(23) + 0x3F800000).as_float()


def powers(fn: Function, simd: Simd) -> Powers:
    """The way of this kind of processor."""
    return (_ByTable if simd == "avx512" else _ByPolynomial)(fn)
