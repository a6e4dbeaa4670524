"""The first step of the functions of rows: maxima, exponentials and their sums, row by row.

Short rows have their exponentials computed across their ends, with one K for a group whose maxima are
near each other; long ones with the K of a row before, so that a row is read once. Any K near a row's own
gives the same shares to the last bit.

A row that its exponents cannot be reduced for (NaN or +inf in it, -inf alone, scores or temperatures
beyond all use) is weighed by :func:`careful`, on doubles one after another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from nonlin.compiler import lanes as scalar_lanes
from nonlin.compiler.dd import two_sum
from nonlin.compiler.ir import Module, Value
from nonlin.compiler.row_exp import WIDTH, Exponentials, Lanes
from nonlin.compiler.row_shape import (
    ARRAYS,
    DOUBLES,
    GROUP,
    TOGETHER,
    Rows,
    gap,
    larger,
    pairs,
    reduce,
    tree,
)  # fmt: skip

__all__ = ["Sums", "careful"]

_NEAR = 36.0
"""How far a row's K may be from the one that is taken off."""


def careful(module: Module, storage: str, lanes: Lanes) -> None:
    """``careful(x, e, n, params, work, i)`` weighs any row; row i of the group is then known, and odd."""
    fn = module.function(
        "careful",
        [("x", "ptr"), ("e", "ptr"), ("n", "i64"), ("params", "ptr"), ("work", "ptr"), ("i", "i64")],
        [], attributes="nounwind noinline cold",
    )  # fmt: skip
    x, e, n, params, work, i = fn.arguments
    temperature = Exponentials.temperature_at(fn, params)

    def score(j: Value) -> Value:
        z = fn.load(x, storage, j)
        return z if storage == "double" else z.to("fpext", "double")

    def look(j: Value, top: Value, seen: Value) -> list[Value]:
        z = score(j)
        return [z.gt(top).select(z, top), seen + z]

    # A sum is NaN where a score is, and where both infinities are: then it is looked at once more.
    def wrong(j: Value, so_far: Value) -> list[Value]:
        return [so_far | score(j).is_nan().to("zext", "i64")]

    top, _ = fn.loop(n, look, [fn.f64(-math.inf), fn.f64(0.0)])
    (bad,) = fn.loop(n, wrong, [fn.i64(0)])
    none = bad.ne(0) | top.eq(-math.inf)
    unit = 2.0**lanes.bias

    def weigh(j: Value, below: Value, ties: Value) -> list[Value]:
        z = score(j)
        share = scalar_lanes.call(fn, "exp", -gap(top, z, temperature)) * unit
        share = none.select(math.nan, share)
        kept = share if lanes.type == "double" else share.to("fptrunc", "float")
        fn.when(fn.emit(f"icmp ne ptr {e.ref}, null", "i1"), lambda: fn.store(kept, e, j))
        is_top = z.eq(top)
        return [below + is_top.select(0.0, share), ties + is_top.select(unit, 0.0)]

    below, ties = fn.loop(n, weigh, [fn.f64(0.0), fn.f64(0.0)])
    ties = none.select(math.nan, ties)
    known = {"top": top, "sum": below + ties, "rest": below + (ties - unit), "odd": fn.f64(1.0)}
    for name, value in known.items():
        fn.store(value, work, i + ARRAYS.index(name) * GROUP)
    fn.ret()


_HALF = f"<{WIDTH // 2} x double>"
_UNIT = 2.0**896


def _added(totals: Sequence[Value], share: Value) -> list[Value]:
    """Positive floats added to two sums in double, which are times 2**-896.

    That is what a float's bits are worth where a double has its own, and moving them there takes less
    than converting. NaN comes out as something larger than any sum.
    """
    bits = share.to("bitcast", f"<{WIDTH // 2} x i64>")
    parts = bits.shl(32).lshr(3), (bits & -(1 << 32)).lshr(3)
    return [total + part.as_float() for total, part in zip(totals, parts, strict=True)]


class Sums(Rows):
    """A function of rows, being written: what is known of each row."""

    def weigh(self, row: Value, i: Value) -> None:
        """Fill in what is known of a row, and its exponentials."""
        fn = self.fn

        def it() -> None:
            x = self.row(row)
            if self.lanes.type == "float":
                self.weigh_at_once(x, i)
                return
            top = self.highest(x)
            self.keep("top", i, top)
            self.weigh_from(x, top, i)

        if not self.of_targets:
            it()
            return

        # A row that is left out must not harm: it is as good as any row that has a number.
        def nothing() -> None:
            for name in ARRAYS:
                self.keep(name, i, fn.f64(1.0))

        fn.either(self.target(row).eq(self.ignored), nothing, it)

    def weigh_group(self, base: Value, count: Value) -> None:
        """The same for all rows of a group, at once where their maxima are near each other."""
        fn, exp = self.fn, self.exp

        def find(i: Value, low: Value, high: Value) -> list[Value]:
            top = self.highest(self.row(base + i))
            self.keep("top", i, top)
            return [top.lt(low).select(top, low), top.gt(high).select(top, high)]

        low, high = fn.loop(count, find, [fn.f64(math.inf), fn.f64(-math.inf)])
        exponent, can = exp.exponent(high * 0.5 + low * 0.5)
        can = can & exp.exponent(high)[1] & exp.exponent(low)[1]
        apart = exp.exponent(high)[0] - exp.exponent(low)[0]

        def together() -> None:
            exp.aim(exponent, high)
            start, size = base * self.n, count * self.n
            x = fn.element(self.x, self.storage, start)

            def one(j: Value) -> None:
                at = start + j
                here = fn.element(self.x, self.storage, at)
                there = fn.element(self.copy, self.storage, at - self.copied_from)
                z = (at + WIDTH).gt(self.total).select(there, here)
                self.put(exp.of(self.scores(z, fn.i64(0))), self.kept, j, self.lanes.type)

            def some(j: Value) -> None:
                shares = [exp.of(self.scores(x, j + WIDTH * k)) for k in range(TOGETHER)]
                for k, share in enumerate(shares):
                    self.put(share, self.kept, j + WIDTH * k, self.lanes.type)

            whole = size & -WIDTH * TOGETHER
            fn.loop(whole, some, step=WIDTH * TOGETHER)
            fn.loop(size, one, start=whole, step=WIDTH)

            def add(i: Value) -> None:
                e = self.shares(i)
                zero, none = fn.lift(0.0, self.lanes.vector), fn.lift(0.0, DOUBLES)

                def one(at: Value, counts: Value | None, total: Value) -> list[Value]:
                    share = self.held(e, at)
                    if counts is not None:
                        share = counts.select(share, zero)
                    return [total + share.to("fpext", DOUBLES)]

                (total,) = reduce(self.sweep(one, [none]), lambda a, b: [a + b])
                self.known_sum(self.row(base + i), i, exponent, can, total, fn.f64(0.0))

            fn.loop(count, add)

        def apiece() -> None:
            def it(i: Value) -> None:
                self.weigh_from(self.row(base + i), self.known("top", i), i)

            fn.loop(count, it)

        fn.either(can & apart.lt(60.0), together, apiece)

    def shares(self, i: Value) -> Value:
        """Where the exponentials of a row are."""
        return self.fn.element(self.kept, self.lanes.type, i * self.stride)

    def highest(self, x: Value) -> Value:
        """The maximum of a row, as double; NaN is passed over."""
        lowest = self.fn.lift(-math.inf, self.lanes.vector)

        def one(at: Value, counts: Value | None, top: Value) -> list[Value]:
            z = self.scores(x, at)
            if counts is not None:
                z = counts.select(z, lowest)
            return larger(z, top)

        def some(ats: Sequence[Value], top: Value) -> list[Value]:
            z = [self.scores(x, at) for at in ats]
            return larger(tree(z, lambda a, b: larger(a, b)[0]), top)

        return self.wide(reduce(self.sweep(one, [lowest], some), larger)[0])

    def weigh_from(self, x: Value, top: Value, i: Value) -> None:
        """The exponentials of a row whose maximum is known, and their sum."""
        exponent, can = self.exp.exponent(top)
        self.exp.aim(exponent, top)
        total, lost = self.add_up(x, i)
        self.known_sum(x, i, exponent, can, total, lost)

    def weigh_at_once(self, x: Value, i: Value) -> None:
        """A row in one go, with the K of an earlier one in place of its own.

        Any K near a row's own gives the same shares to the last bit.
        """
        fn, exp = self.fn, self.exp
        guess = fn.load(self.guess, "double")
        exp.aim(guess, guess)
        top_of: list[Value] = []
        total, lost = self.add_up(x, i, top_of)
        (top,) = top_of
        self.keep("top", i, top)
        exponent, can = exp.exponent(top)
        near = can & (exponent - guess).abs().lt(_NEAR)

        def again() -> None:
            fn.when(can, lambda: fn.store(exponent, self.guess))
            exp.aim(exponent, top)
            total, lost = self.add_up(x, i, [])
            self.known_sum(x, i, exponent, can, total, lost)

        fn.either(near, lambda: self.known_sum(x, i, guess, can, total, lost), again)

    def add_up(
        self, x: Value, i: Value, top: list[Value] | None = None
    ) -> tuple[Value, Value]:  # fmt: skip
        """The sum of a row's exponentials, and what rounding lost; ``top`` is given the maximum."""
        fn, exp, vector = self.fn, self.exp, self.lanes.vector
        single = self.lanes.type == "float"
        e = self.shares(i)

        def add(at: Value, counts: Value | None, *sums: Value) -> list[Value]:
            z = self.scores(x, at)
            share = exp.of(z)
            if self.keeps:
                self.put(share, e, at, self.lanes.type)
            if counts is not None:
                share = counts.select(share, fn.lift(0.0, vector))
            if not single:
                total, more = two_sum(sums[0], share)
                return [total, sums[1] + more]
            if top is None:
                return [sums[0] + share.to("fpext", DOUBLES)]
            *totals, highest = sums
            above = larger(z, highest)[0]
            if counts is not None:
                above = counts.select(above, highest)
            return [*_added(totals, share), above]

        def add_several(ats: Sequence[Value], *sums: Value) -> list[Value]:
            z = [self.scores(x, at) for at in ats]
            shares = [exp.of(v) for v in z]
            *totals, highest = sums if top is not None else (*sums, sums[0])
            for share, at in zip(shares, ats, strict=True):
                if self.keeps:
                    self.put(share, e, at, self.lanes.type)
                if top is None:
                    totals = [totals[0] + share.to("fpext", DOUBLES)]
                else:
                    totals = _added(totals, share)
            if top is None:
                return totals
            return [*totals, *larger(tree(z, lambda a, b: larger(a, b)[0]), highest)]

        none = fn.lift(0.0, DOUBLES)
        if not single:
            total, lost = reduce(self.sweep(add, [none] * 2), pairs)
            return total, lost
        if top is None:
            sums = self.sweep(add, [none], add_several)
            return reduce(sums, lambda a, b: [a + b])[0], fn.f64(0.0)
        none = fn.lift(0.0, _HALF)
        *totals, highest = self.sweep(add, [none, none, fn.lift(-math.inf, vector)], add_several)
        top.append(self.wide(reduce([highest], larger)[0]))
        (total,) = reduce([totals[0] + totals[1]], lambda a, b: [a + b])
        return total.lt(2.0**-770).select(total * _UNIT, math.nan), fn.f64(0.0)

    def known_sum(
        self, x: Value, i: Value, exponent: Value, can: Value, total: Value, lost: Value
    ) -> None:
        """Keep a sum, or weigh the row with care where it has not become a number."""
        fn = self.fn
        known = {"exponent": exponent, "sum": total, "lost": lost, "odd": fn.f64(0.0)}
        for name, value in known.items():
            self.keep(name, i, value)
        e = self.shares(i) if self.keeps else Value(fn, "null", "ptr")
        shown = ", ".join(f"{v.type} {v.ref}" for v in (x, e, self.n, self.params, self.work, i))
        can = can & total.eq(total)
        fn.when(can.eq(0), lambda: fn.do(f"call void @careful({shown})"))

    def mend(self, row: Value, i: Value) -> None:
        """Where the rest is lost in the sum, add it up without the maximum."""
        fn, total, top = self.fn, self.known("sum", i), self.known("top", i)
        limit = total * (2.0**-26 if self.lanes.type == "float" else 2.0**-48)
        small = self.known("rest", i).lt(limit) & self.known("odd", i).eq(0.0)

        def anew() -> None:
            self.exp.aim(self.known("exponent", i), top)
            self.keep("rest", i, self.others(self.row(row), top))

        fn.when(small, anew)

    def others(self, x: Value, top: Value) -> Value:
        """The sum without the maximum's term, which is the only one of its size."""
        fn, zero = self.fn, self.fn.lift(0.0, self.lanes.vector)
        highest = self.exp.splat(self.exp.narrow(top))

        def add(at: Value, counts: Value | None, total: Value) -> list[Value]:
            z = self.scores(x, at)
            share = z.eq(highest).select(zero, self.exp.of(z))
            if counts is not None:
                share = counts.select(share, zero)
            return [total + (share if share.type == DOUBLES else share.to("fpext", DOUBLES))]

        sums = self.sweep(add, [fn.lift(0.0, DOUBLES)])
        return reduce(sums, lambda a, b: [a + b])[0]
