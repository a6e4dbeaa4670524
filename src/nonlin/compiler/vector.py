"""The quick float32 loop: sixteen lanes at a time, on the polynomials of :mod:`nonlin.compiler.pieces`.

Coefficients come from :mod:`nonlin.compiler.tables`. Blocks of 32 elements are computed (of 16, where
registers are small), and those few elements of a block that are *rare* are asked once more of the plain
loop, so that what an element becomes depends on nothing but itself. The rest of an array, less than a
block, goes through a buffer on the stack; and so do the first elements, up to where a line of the cache
begins in the result: stores that cross from one line to the next take up to three times as long.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nonlin.compiler.corners import Corners
from nonlin.compiler.ir import Function, Module, Value
from nonlin.compiler.kind import Kind
from nonlin.compiler.pieces import Piecewise, Tail
from nonlin.compiler.powers import powers
from nonlin.compiler.tables import LANES, MAGIC, tables
from nonlin.compiler.target import Simd
from nonlin.compiler.twofold import CornersCode
from nonlin.compiler.waves import Wave, WaveCode

__all__ = ["Cut", "trial_loop", "vector_loop"]

Cut = Piecewise | Corners | Wave
"""What a function is computed by."""

_LINE = 64  # bytes of the cache
_LONG = 1024  # elements from which it pays to begin with a line
_FEW = 8  # rare elements of a block, which take less time one by one than all of it does
_FLOATS, _INTS, _BITS = f"<{LANES} x float>", f"<{LANES} x i32>", f"<{LANES} x i1>"


def vector_loop(
    module: Module,
    name: str,
    functions: Sequence[Cut | None],
    kind: Kind,
    plain: str,
    simd: Simd | None,
) -> None:
    """Write ``name``, with the signature of :func:`nonlin.compiler.llvm.loop`.

    ``functions`` are those of the results, one or two, ``None`` where all is rare; ``plain`` is the name
    of the loop for what is rare; ``simd`` what pieces are looked up with.
    """
    fn = module.function(
        name,
        [("x", "ptr"), ("gradient", "ptr"), ("out", "ptr"), ("second", "ptr"), ("n", "i64"),
         ("params", "ptr"), ("exact", "ptr")],
        ["i64"], internal=False,
    )  # fmt: skip
    _Writer(fn, functions, kind, plain, simd).write()


def trial_loop(module: Module, name: str, function: Piecewise, simd: Simd) -> None:
    """Write ``name(x, out, n)`` for a multiple of 16 elements; what is rare becomes NaN."""
    fn = module.function(
        name, [("x", "ptr"), ("out", "ptr"), ("n", "i64")], ["i64"], internal=False
    )
    code = _Piecewise(fn, function, simd)
    x, out, n = fn.arguments

    def block(i: Value) -> None:
        y, rare = code(fn.load(fn.element(x, "float", i), _FLOATS, align=4))
        if rare is not None:
            y = rare.select(math.nan, y)
        fn.store(y, fn.element(out, "float", i), align=4)

    fn.loop(n, block, step=LANES)
    fn.ret(n)


class _Piecewise:
    """One function on lanes."""

    def __init__(self, fn: Function, function: Piecewise, simd: Simd) -> None:
        self.fn, self.function = fn, function
        slopes = [] if function.slopes is None else [function.slopes]
        self.terms = len(function.coefficients)
        self.tables = tables(fn, [*function.coefficients, *slopes], simd)
        self.powers = powers(fn, simd)

    def fma(self, a: Value, b: Value | float, c: Value | float) -> Value:
        return self.fn.intrinsic("fma", a, self.fn.lift(b, _FLOATS), self.fn.lift(c, _FLOATS))

    def __call__(self, x: Value) -> tuple[Value, Value | None]:
        """The results for x, and which of them are rare, if any can be."""
        f = self.function
        sign = x.bits() & -(2**31)
        at = x.abs() if f.parity else x
        y = self.polynomial(x, at) if self.terms else x
        if f.at_zero is not None:
            y = x.eq(0.0).select(f.at_zero, y)
        rare = x.abs().lt(f.tiny) & x.ne(0.0) if f.tiny else None
        ends = [(f.high, at.ge, at.gt), *([] if f.parity else [(f.low, at.le, at.lt)])]
        for tail, within, beyond in ends:
            if tail.kind == "rare":
                beyond_it = beyond(tail.at)
                rare = beyond_it if rare is None else rare | beyond_it
            else:
                y = within(tail.at).select(self.straight(tail, at), y)
        if f.parity < 0:
            y = (y.bits() ^ sign).as_float()
        return y, rare

    def straight(self, tail: Tail, x: Value) -> Value:
        if tail.kind == "constant":
            return self.fn.lift(tail.value, _FLOATS)
        if tail.value == 1:
            return x
        near = np.float32(tail.value)
        if abs(float(near)) > abs(tail.value):  # both parts of one sign: infinity stays what it is
            near = np.nextafter(near, np.float32(0))
        first, second = float(near), tail.value - float(near)
        return self.fma(x, first, x * second) if second else x * first

    def polynomial(self, given: Value, x: Value) -> Value:
        f = self.function
        if f.folded:
            x = given.abs()
        moved = x - f.centre if f.centre else x
        if f.slopes is not None and not (f.parity or f.folded):
            # Beyond its end x would be in the first pieces again, whose values are so small that products are subnormal, and slow.
            moved = moved.gt(f.high.at - f.centre).select(f.high.at - f.centre, moved)
        place = moved
        if math.isfinite(f.last):
            place = place.gt(f.last - f.centre).select(f.last - f.centre, place)
        if math.isfinite(f.first):
            place = place.lt(f.first - f.centre).select(f.first - f.centre, place)
        shifted = self.fma(place, 1 / f.step, MAGIC)
        index, k = shifted.bits(), shifted - MAGIC
        if f.folded:
            half = f.coefficients.shape[1] // 2
            index = index | (given.bits().lshr(31 - int(math.log2(half))) & half)
        # Centre and step have few bits, so that t is exact.
        t = x - self.fma(k, f.step, f.centre) if f.centre else self.fma(k, -f.step, x)
        row = self.tables.at(index)
        c = [row(i) for i in range(self.terms)]
        if f.careful:
            head, rest = self.two_parts(c, t)
        else:
            head, rest = c[0], self.horner(c[4:], t)
            # Only where c0 is nothing does c1 count to its last bits.
            rest = self.fma(rest, t, c[3]) if f.rooted else rest * t
            rest = self.fma(c[2], t, self.fma(rest, t, c[1]))
        if f.slopes is None:
            return self.total(head, rest, x, c[2], t)
        head, rest, k = self.powers.times(head, rest, row(self.terms), t)
        return self.powers.scaled(self.total(head, rest, x, c[2], t), k)

    def total(self, head: Value, rest: Value, x: Value, slope: Value, t: Value) -> Value:
        """head + rest, times a power of x where that is a factor; and a zero with its sign."""
        f = self.function
        y = head + rest
        if f.factor:
            lost = rest - (y - head)
            for _ in range(f.factor - 1):
                product = y * x
                lost = self.fma(lost, x, self.fma(y, x, -product))
                y = product
            found = self.fma(y, x, lost * x)
            if f.factor == 1 and (f.coefficients[0] > 0).all():
                return found.copysign(x)
            return found.eq(0.0).select(y * x, found)  # the product has the sign of a zero
        # Sums of what is lost have lost the sign.
        if (f.careful or f.slopes is not None) and f.rooted and not f.centre:
            y = y.eq(0.0).select(slope * t, y)
        return y

    def horner(self, c: Sequence[Value], t: Value) -> Value:
        total = c[-1]
        for term in c[-2::-1]:
            total = self.fma(total, t, term)
        return total

    def two_parts(self, c: Sequence[Value], t: Value) -> tuple[Value, Value]:
        """The polynomial as a sum of which the first part, c0 + c1 t, is rounded, and nothing of it is lost."""
        product = c[2] * t
        total = c[0] + product
        # D. E. Knuth's exact sum: around a zero c0 is the smaller one, elsewhere the larger.
        part = total - c[0]
        lost = (c[0] - (total - part)) + (product - part)
        lost = lost + self.fma(c[2], t, -product)
        # c2 t**2 is not small beside the whole, so c2 t has two parts as well.
        square = c[4] * t
        small = self.fma(c[4], t, -square) + c[3]
        if len(c) > 5:
            small = self.fma(self.horner(c[5:], t), t * t, small)
        return total, lost + self.fma(square, t, self.fma(small, t, c[1]))


def _code(fn: Function, function: Cut, simd: Simd | None) -> _Piecewise | CornersCode | WaveCode:
    if isinstance(function, Piecewise):
        assert simd is not None
        return _Piecewise(fn, function, simd)
    return WaveCode(fn, function) if isinstance(function, Wave) else CornersCode(fn, function)


class _Writer:
    def __init__(
        self,
        fn: Function,
        functions: Sequence[Cut | None],
        kind: Kind,
        plain: str,
        simd: Simd | None,
    ) -> None:
        self.fn, self.kind, self.plain = fn, kind, plain
        # Pieces on smaller registers need all of these for one vector.
        small = simd != "avx512" and any(isinstance(f, Piecewise) for f in functions)
        self.vectors = 1 if small else 2
        self.block = LANES * self.vectors
        self.functions = [None if f is None else _code(fn, f, simd) for f in functions]
        self.x, self.gradient, self.out, self.second, self.n, self.params, self.exact = fn.arguments
        self.outputs = [self.out, self.second] if kind is Kind.PAIR else [self.out]

    def buffer(self) -> Value:
        return self.fn.emit(f"alloca [{self.block} x float], align 64", "ptr")

    def write(self) -> None:
        fn = self.fn
        self.redone = [self.buffer() for _ in self.outputs]
        inputs = [self.x, *([self.gradient] if self.kind is Kind.SCALE else [])]
        ends = [(a, self.buffer()) for a in inputs], [(a, self.buffer()) for a in self.outputs]
        self.begin_with_a_line()
        whole = self.n & -self.block
        self.blocks(whole)

        # What is left, in a whole block of its own.
        left = self.n - whole
        fn.ret_if(left.eq(0), self.n)
        for array, room in ends[0]:
            fn.do(f"store [{self.block} x float] zeroinitializer, ptr {room.ref}, align 64")
            self.copy(room, fn.element(array, "float", whole), left)
        x, *gradient = [room for _, room in ends[0]]
        out, *second = [room for _, room in ends[1]]
        places = [x, *(gradient or [self.gradient]), out, *(second or [self.second])]
        done = self.loop(fn.name, places, fn.i64(self.block))
        fn.ret_if(done.lt(self.block), whole)
        for array, room in ends[1]:
            self.copy(fn.element(array, "float", whole), room, left)
        fn.ret(self.n)

    def loop(self, name: str, arrays: Sequence[Value], count: Value) -> Value:
        """Run a loop, this one or the plain one, over so many elements of other arrays; how many it has done."""
        given = ", ".join(f"ptr {v.ref}" for v in arrays)
        rest = f"i64 {count.ref}, ptr {self.params.ref}, ptr {self.exact.ref}"
        return self.fn.emit(f"call i64 @{name}({given}, {rest})", "i64")

    def begin_with_a_line(self) -> None:
        """Elements before a line of the first result by themselves, and then the others by themselves."""
        fn = self.fn
        arrays = [self.x, self.gradient, self.out, self.second]
        ahead = (fn.i64(0) - self.out.to("ptrtoint", "i64") & _LINE - 1).lshr(2)
        fn.branch(ahead.gt(0) & self.n.ge(_LONG), "ahead", "in.line")
        fn.label("ahead")
        done = self.loop(fn.name, arrays, ahead)
        fn.ret_if(done.lt(ahead), done)
        rest = self.loop(fn.name, [fn.element(a, "float", ahead) for a in arrays], self.n - ahead)
        fn.ret(ahead + rest)
        fn.label("in.line")

    def copy(self, to: Value, from_: Value, count: Value) -> None:
        name = "llvm.memcpy.p0.p0.i64"
        self.fn.module.declare(name, f"declare void @{name}(ptr, ptr, i64, i1 immarg)")
        size = count * 4
        self.fn.do(
            f"call void @{name}(ptr align 4 {to.ref}, ptr align 4 {from_.ref}, i64 {size.ref}, i1 false)"
        )

    def blocks(self, whole: Value) -> None:
        """The loop over blocks. What is rare leaves it, as a call in it would empty the registers."""
        fn = self.fn
        fn.branch(whole.gt(0), "again", "rest")
        fn.label("again")
        start = fn.phi("i64", (0, "in.line"), (Value(fn, "%mended.next", "i64"), "mended"))
        fn.jump("block")
        fn.label("block")
        base = fn.phi("i64", (start, "again"), (Value(fn, "%kept.next", "i64"), "kept"))
        with fn.in_any_order():
            results, masks = self.compute(base)
        some = [mask for row in masks for mask in row if mask is not None]
        if some:
            any_ = some[0]
            for mask in some[1:]:
                any_ = any_ | mask
            fn.branch(any_.to("bitcast", f"i{LANES}").ne(0), "rare", "kept")
        else:
            fn.jump("kept")
        fn.label("kept")
        self.store(base, results)
        self.go_on("kept", base, whole, "block")
        fn.label("rare")
        if some:
            results = self.mend(base, results, masks)
        fn.jump("mended")
        fn.label("mended")
        self.store(base, results)
        self.go_on("mended", base, whole, "again")
        fn.label("rest")

    def go_on(self, name: str, base: Value, whole: Value, to: str) -> None:
        self.fn.do(f"%{name}.next = add i64 {base.ref}, {self.block}")
        self.fn.branch(Value(self.fn, f"%{name}.next", "i64").lt(whole), to, "rest")

    def vector(self, array: Value, base: Value, v: int) -> Value:
        return self.fn.element(array, "float", base + v * LANES)

    def compute(self, base: Value) -> tuple[list[list[Value]], list[list[Value | None]]]:
        """For each vector and output the results, and which of them are rare."""
        results: list[list[Value]] = []
        masks: list[list[Value | None]] = []
        nothing = self.fn.lift(0.0, _FLOATS), Value(self.fn, "splat (i1 true)", _BITS)
        for v in range(self.vectors):
            x = self.fn.load(self.vector(self.x, base, v), _FLOATS, align=4)
            pairs = [nothing if f is None else f(x) for f in self.functions]
            values = [y for y, _ in pairs]
            if self.kind is Kind.SCALE:
                gradient = self.vector(self.gradient, base, v)
                values = [values[0] * self.fn.load(gradient, _FLOATS, align=4)]
            results.append(values)
            masks.append([mask for _, mask in pairs])
        return results, masks

    def store(self, base: Value, results: list[list[Value]]) -> None:
        for v, values in enumerate(results):
            for y, array in zip(values, self.outputs, strict=True):
                self.fn.store(y, self.vector(array, base, v), align=4)

    def mend(
        self, base: Value, results: list[list[Value]], masks: list[list[Value | None]]
    ) -> list[list[Value]]:
        """The results of a block, those of rare elements computed by the plain loop: one by one if they are few."""
        fn = self.fn
        bits = fn.lift(0, "i32")
        for v, row in enumerate(masks):
            for mask in row:
                if mask is not None:
                    these = mask.to("bitcast", f"i{LANES}").to("zext", "i32")
                    bits = bits | (these * (1 << v * LANES))
        count = fn.intrinsic("ctpop", bits)

        def one(_: Value, left: Value) -> list[Value]:
            place = fn.emit(f"call i32 @llvm.cttz.i32(i32 {left.ref}, i1 true)", "i32")
            self.redo(base, place.to("zext", "i64"), 1)
            return [left & (left - 1)]

        fn.module.declare("llvm.cttz.i32", "declare i32 @llvm.cttz.i32(i32, i1 immarg)")
        fn.either(
            count.le(_FEW),
            lambda: fn.loop(count, one, [bits]),
            lambda: self.redo(base, fn.i64(0), self.block),
        )
        mended = []
        for v, (values, rare) in enumerate(zip(results, masks, strict=True)):
            exact = [
                fn.load(fn.element(room, "float", v * LANES), _FLOATS, align=4)
                for room in self.redone
            ]
            mended.append(
                [
                    y if mask is None else mask.select(e, y)
                    for e, y, mask in zip(exact, values, rare, strict=True)
                ]
            )
        return mended

    def redo(self, base: Value, first: Value, count: int) -> None:
        """So many elements of a block by the plain loop; where that gives up, so does this one."""
        fn = self.fn
        x = fn.element(self.x, "float", base + first)
        gradient = (
            fn.element(self.gradient, "float", base + first) if self.kind is Kind.SCALE else x
        )
        rooms = [fn.element(room, "float", first) for room in (self.redone[0], self.redone[-1])]
        done = self.loop(self.plain, [x, gradient, *rooms], fn.i64(count))
        fn.ret_if(done.lt(count), base)
