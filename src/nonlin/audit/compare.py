"""Results beside a polynomial, in a compiled loop: what can be told of them for certain.

For each result the distance from the polynomial, and the polynomial's bound, say how far from the truth it is at
most, and nearly always whether it is the nearest number. What they do not say is a doubt, which is left to the
judge: a truth next to the middle of two numbers, a zero that may have the wrong sign, an infinity or NaN, and all
errors near the limit, so that what an audit fails by has been seen by the judge.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nonlin.audit.polynomials import DEGREE, GUARD, Piece
from nonlin.compiler import cache as store
from nonlin.compiler import native
from nonlin.compiler.ir import Function, Module, Value
from nonlin.compiler.target import host

__all__ = ["Comparison"]

_LANES = 8
_DOUBLES, _BITS = f"<{_LANES} x double>", f"<{_LANES} x i64>"
_LOOP = ctypes.CFUNCTYPE(
    ctypes.c_int64, *[ctypes.c_void_p] * 2, ctypes.c_int64, *[ctypes.c_void_p] * 3
)
_SUSPECT = 0.999
"""Errors from here on are looked at by the judge."""
_CENTRE, _SCALE, _BOUND, _PLACE = 0, 1, 2, 3
_COEFFICIENTS = 4
_EXPONENT = 0x7FF << 52
_LARGEST = float(np.finfo(np.float32).max)


class Comparison(NamedTuple):
    """Of a block: the largest error that is no doubt with its index, how many results are certainly not
    the nearest number, and the indices of the doubts, which count for neither."""

    error: float
    worst: int
    misrounded: int
    doubts: NDArray[np.intp]

    @classmethod
    def of(cls, piece: Piece, x: NDArray[np.float32], y: NDArray[np.float32]) -> Comparison:
        """Compare ``y`` with the function at ``x``, numbers of the piece.

        Examples
        --------
        >>> line = Piece(0x3F800000, 0x40000000, 1.5, 0.5, (1.5, 0.5, *[0.0] * 8), 0.0)
        >>> x = np.arange(0x3F800000, 0x3F800010, dtype=np.uint32).view(np.float32)
        >>> Comparison.of(line, x, x)
        Comparison(error=0.0, worst=0, misrounded=0, doubts=array([], dtype=int64))
        >>> y = x.copy(); y[3] *= 2
        >>> Comparison.of(line, x, y).doubts
        array([3])
        """
        if not piece.coefficients:
            same = np.isnan(y) if piece.constant != piece.constant else y == piece.constant
            wrong = np.arange(y.size) if piece.unknown else np.flatnonzero(~same)
            return cls(0.0, 0, 0, wrong)
        table = np.array([piece.centre, 1 / piece.step, piece.bound, 0.0, *piece.coefficients])
        table[_PLACE:].view(np.uint32)[:2] = piece.zeros
        whole = x.size - x.size % _LANES
        words = np.empty(whole // _LANES, dtype=np.int64)
        best = np.zeros(3)
        count = _loop()(
            x.ctypes.data, y.ctypes.data, whole, table.ctypes.data, best.ctypes.data,
            words.ctypes.data,
        )  # fmt: skip
        doubts = _indices(words[:count])
        if whole < x.size:
            doubts = np.concatenate([doubts, np.arange(whole, x.size)])
        index, misrounded = best.view(np.int64)[1:].tolist()
        return cls(float(best[0]), index, misrounded, doubts)


def _indices(words: NDArray[np.int64]) -> NDArray[np.intp]:
    """A word is the index of a vector's first element, and a bit for each of its doubts."""
    if not words.size:
        return np.zeros(0, dtype=np.intp)
    rows, columns = np.nonzero((words[:, None] >> np.arange(_LANES)) & 1)
    return np.asarray((words >> 8)[rows] + columns)


@cache
def _loop() -> Any:
    key = store.key("audit comparison", store.sources("audit/compare.py", "audit/polynomials.py"))
    return _LOOP(native.load(key, _module)["compare"])


def _module() -> Module:
    module = Module(fma=host().fma, inline=True)
    names = ["x", "y", "n", "table", "best", "words"]
    fn = module.function(
        "compare",
        [(name, "i64" if name == "n" else "ptr noalias") for name in names],
        ["i64"], internal=False,
    )  # fmt: skip
    x, y, n, table, best, words = fn.arguments

    def row(place: int, type_: str = "double") -> Value:
        return fn.splat(fn.load(fn.element(table, "double", _PLACE), type_, place)
                        if type_ == "i32" else fn.load(table, type_, place),
                        f"<{_LANES} x {type_}>")  # fmt: skip

    centre, scale, bound = row(_CENTRE), row(_SCALE), row(_BOUND)
    zeros = [row(k, "i32") for k in (0, 1)]
    coefficients = [row(_COEFFICIENTS + k) for k in range(DEGREE + 1)]
    least = bound * GUARD
    lanes = ", ".join(f"i64 {k}" for k in range(_LANES))
    index = Value(fn, f"<{lanes}>", _BITS)

    def block(i: Value, worst: Value, at: Value, missed: Value, found: Value) -> list[Value]:
        z, got = (
            fn.load(fn.element(a, "float", i), f"<{_LANES} x float>", align=4) for a in (x, y)
        )
        t = (z.to("fpext", _DOUBLES) - centre) * scale
        value = coefficients[-1]
        for c in reversed(coefficients[:-1]):
            value = fn.intrinsic("fma", value, t, c) if module.fma else value * t + c
        off = (got.to("fpext", _DOUBLES) - value).abs()
        size = value.abs()
        step = _unit(fn, fn.intrinsic("maxnum", size - bound, fn.lift(0.0, _DOUBLES)))
        inverse = ((2046 << 52) - step.bits()).as_float()
        error = (off + bound) * inverse
        near = (off + bound).lt(step * 0.5)
        far = (off - bound).gt(_unit(fn, size + bound) * 0.5)
        sure = (near | far) & step.ge(least) & (size + bound).lt(_LARGEST) & error.lt(_SUSPECT)
        same = [got.bits().eq(zero) for zero in zeros]
        doubt = (sure ^ 1) | same[0] | same[1]
        error = doubt.select(0.0, error, _DOUBLES)
        ahead = error.gt(worst)
        mask = doubt.to("bitcast", f"i{_LANES}").to("zext", "i64")
        fn.store(i.shl(8) | mask, words, found)
        return [
            ahead.select(error, worst), ahead.select(index + fn.splat(i, _BITS), at),
            missed + (far & (doubt ^ 1)).to("zext", _BITS),
            found + mask.ne(0).to("zext", "i64"),
        ]  # fmt: skip

    carried = [fn.lift(0.0, _DOUBLES), fn.lift(0, _BITS), fn.lift(0, _BITS), fn.i64(0)]
    worst, at, missed, found = fn.loop(n, block, carried, step=_LANES)
    largest = fn.intrinsic("vector.reduce.fmax", worst, result="double")
    first = worst.eq(fn.splat(largest, _DOUBLES)).select(at, (1 << 62), _BITS)
    fn.store(largest, best, 0)
    fn.store(fn.intrinsic("vector.reduce.smin", first, result="i64"), best, 1)
    fn.store(fn.intrinsic("vector.reduce.add", missed, result="i64"), best, 2)
    fn.ret(found)
    return module


def _unit(fn: Function, size: Value) -> Value:
    """The unit in the last place of float32 at a number that is not negative."""
    power = (size.bits() & _EXPONENT).as_float()
    return fn.intrinsic("maxnum", power, fn.lift(2.0**-126, _DOUBLES)) * 2.0**-23
