"""How processors find one of some coefficients for each lane.

AVX-512 permutes two registers of sixteen floats in one instruction. AVX2 permutes one of eight, so that
what takes more is put together from several by exclusive ors. AArch64 looks bytes up, in up to four
registers of sixteen.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nonlin.compiler.ir import Function, Value, float_text, scalar

if TYPE_CHECKING:
    from nonlin.compiler.target import Simd

__all__ = ["LANES", "MAGIC", "Tables", "constant", "tables"]

LANES = 16
"""Elements of a vector, in however many registers of the processor that is."""
MAGIC = 1.5 * 2.0**23
"""Added to a small number, it leaves the nearest integer in the lowest bits."""

_FLOATS, _INTS = f"<{LANES} x float>", f"<{LANES} x i32>"
Words = NDArray[np.uint32]


class Tables(ABC):
    """Tables of floats in a function: one row for each coefficient, one column for each piece."""

    def __init__(self, fn: Function, rows: Sequence[NDArray[np.float32]]) -> None:
        self.fn = fn
        self.count = len(rows[0]) if rows else 0
        self.rows = [self.prepared(row) for row in rows]

    @abstractmethod
    def prepared(self, row: NDArray[np.float32]) -> list[Value]:
        """A row as constants."""

    @abstractmethod
    def at(self, index: Value) -> Callable[[int], Value]:
        """What gives the lanes' entries of a row; of an index, the bits above those of a column do not count."""


class _Avx512(Tables):
    PERMUTE = "llvm.x86.avx512.vpermi2var.ps.512"

    def prepared(self, row: NDArray[np.float32]) -> list[Value]:
        return [constant(self.fn, part) for part in row.reshape(-1, LANES)]

    def at(self, index: Value) -> Callable[[int], Value]:
        def row(number: int) -> Value:
            fn, name, registers = self.fn, self.PERMUTE, self.rows[number]
            fn.module.declare(name, f"declare {_FLOATS} @{name}({_FLOATS}, {_INTS}, {_FLOATS})")
            found = [
                fn.emit(
                    f"call {_FLOATS} @{name}({_FLOATS} {low.ref}, {_INTS} {index.ref}, "
                    f"{_FLOATS} {high.ref})",
                    _FLOATS,
                )
                for low, high in zip(registers[::2], registers[1::2], strict=True)
            ]
            return found[0] if len(found) == 1 else (index & 32).eq(0).select(found[0], found[1])

        return row


class _InParts(Tables):
    """Where a vector is several registers."""

    PART: int  # lanes of one

    def __init__(self, fn: Function, rows: Sequence[NDArray[np.float32]]) -> None:
        super().__init__(fn, rows)
        # As often the second part of c1: nothing.
        words = [row.view(np.uint32) for row in rows]
        self.same = [
            float(r[0]) if (w == w[0]).all() else None for r, w in zip(rows, words, strict=True)
        ]

    def rows_by(self, found: Callable[[Sequence[Value]], list[Value]]) -> Callable[[int], Value]:
        """What gives the entries of a row, of which ``found`` finds the parts; where all are alike, without it."""

        def row(number: int) -> Value:
            same = self.same[number]
            if same is not None:
                return self.fn.lift(same, _FLOATS)
            return self._joined(found(self.rows[number])).as_float()

        return row

    def _split(self, x: Value) -> list[Value]:
        kind, part = scalar(x.type), self.PART
        return [
            self.fn.emit(
                f"shufflevector {x.type} {x.ref}, {x.type} poison, <{part} x i32> <"
                + ", ".join(f"i32 {first + i}" for i in range(part)) + ">",
                f"<{part} x {kind}>",
            )
            for first in range(0, LANES, part)
        ]  # fmt: skip

    def _joined(self, parts: Sequence[Value]) -> Value:
        while len(parts) > 1:
            parts = [self._pair(parts[i], parts[i + 1]) for i in range(0, len(parts), 2)]
        return parts[0]

    def _pair(self, a: Value, b: Value) -> Value:
        kind, both = scalar(a.type), 2 * int(a.type[1:].split(" x ")[0])
        order = ", ".join(f"i32 {i}" for i in range(both))
        text = f"shufflevector {a.type} {a.ref}, {a.type} {b.ref}, <{both} x i32> <{order}>"
        return self.fn.emit(text, f"<{both} x {kind}>")


class _Avx2(_InParts):
    PART = 8
    PERMUTE = "llvm.x86.avx2.permd"

    def prepared(self, row: NDArray[np.float32]) -> list[Value]:
        # Entry i of eights e0, e1, …: x0 ^ (x1 if i & 8) ^ (x2 ^ (x3 if i & 8) if i & 16) …
        eights = row.view(np.uint32).reshape(-1, self.PART).copy()
        half = 1
        while half < len(eights):
            places = np.arange(len(eights)) & half != 0
            eights[places] ^= eights[~places]
            half *= 2
        return [_words(self.fn, eight) for eight in eights]

    def at(self, index: Value) -> Callable[[int], Value]:
        fn, ints = self.fn, "<8 x i32>"
        fn.module.declare(self.PERMUTE, f"declare {ints} @{self.PERMUTE}({ints}, {ints})")
        bits = range(3, (self.count - 1).bit_length())
        lanes = [
            (part, [part.shl(31 - bit).ashr(31) for bit in bits]) for part in self._split(index)
        ]

        def found(eights: Sequence[Value], part: Value, masks: Sequence[Value]) -> Value:
            if len(eights) == 1:
                (one,) = eights
                text = f"call {ints} @{self.PERMUTE}({ints} {one.ref}, {ints} {part.ref})"
                return fn.emit(text, ints)
            half = len(eights) // 2
            low = found(eights[:half], part, masks[:-1])
            return low ^ (found(eights[half:], part, masks[:-1]) & masks[-1])

        return self.rows_by(lambda eights: [found(eights, part, masks) for part, masks in lanes])


class _Neon(_InParts):
    PART = 4

    def prepared(self, row: NDArray[np.float32]) -> list[Value]:
        return [
            _words(self.fn, four).to("bitcast", "<16 x i8>")
            for four in row.view(np.uint32).reshape(-1, self.PART)
        ]

    def at(self, index: Value) -> Callable[[int], Value]:
        fn, bytes_ = self.fn, "<16 x i8>"
        # The four bytes of an entry lie beside each other.
        columns = (index & (self.count - 1)) * 0x04040404 + 0x03020100
        lanes = []
        for part in self._split(columns):
            places = part.to("bitcast", bytes_)
            lanes.append([places - 64 * n if n else places for n in range(-(-self.count // 16))])

        def found(registers: Sequence[Value], places: Sequence[Value]) -> Value:
            total: Value | None = None
            for n, place in enumerate(places):
                four = registers[4 * n : 4 * n + 4]
                # Beyond its registers tbl gives 0, and tbx what is there already.
                name = f"llvm.aarch64.neon.{'tbx' if total else 'tbl'}{len(four)}.v16i8"
                given = [*([total] if total else []), *four, place]
                fn.module.declare(
                    name, f"declare {bytes_} @{name}({', '.join([bytes_] * len(given))})"
                )
                text = f"call {bytes_} @{name}({', '.join(f'{bytes_} {v.ref}' for v in given)})"
                total = fn.emit(text, bytes_)
            assert total is not None
            return total.to("bitcast", "<4 x i32>")

        return self.rows_by(lambda registers: [found(registers, places) for places in lanes])


def tables(fn: Function, rows: Sequence[NDArray[np.float32]], simd: Simd) -> Tables:
    """Rows of coefficients as this kind of processor looks them up."""
    made: dict[Simd, Callable[..., Tables]] = {"avx512": _Avx512, "avx2": _Avx2, "neon": _Neon}
    return made[simd](fn, rows)


def constant(fn: Function, floats: NDArray[np.float32]) -> Value:
    """A register of floats."""
    text = ", ".join(f"float {float_text(float(v))}" for v in floats)
    return Value(fn, f"<{text}>", f"<{len(floats)} x float>")


def _words(fn: Function, words: Words) -> Value:
    text = ", ".join(f"i32 {word}" for word in words.view(np.int32).tolist())
    return Value(fn, f"<{text}>", f"<{len(words)} x i32>")
