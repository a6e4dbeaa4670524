"""softmax, log_softmax and cross-entropy over rows of scores that lie one after another in memory.

One function for each of :data:`KINDS`. Rows are taken in groups, small enough that what a group leaves
behind stays in the first cache:

1. each row by itself: its maximum; the exponentials (:mod:`nonlin.compiler.row_exp`) and their sum, in
   double, or on double lanes with what rounding lost; and that sum without the maximum's own term,
   which is added anew where it is so small that the difference does not show it;
2. across the rows: reciprocals, or logarithms of what the row sums up to beyond its maximum. With
   log p = (z - max) / T - log1p(rest / e_max) nothing cancels, however sure a row is;
3. what is written, row by row.

A row that its exponents cannot be reduced for (NaN or +inf in it, -inf alone, scores or temperatures
beyond all use) is weighed by :func:`_careful`, on doubles one after another.

A row is whole vectors, then one more that ends with the row, of which only the scores not yet seen count.
Rows shorter than a vector are read beyond their end; the last ones of an array from a copy.
"""

from __future__ import annotations

from nonlin.compiler import lanes as scalar_lanes
from nonlin.compiler.ir import Module, Value
from nonlin.compiler.row_exp import LANES, WIDTH, Exponentials, fma
from nonlin.compiler.row_shape import ARRAYS, DENSE, DOUBLES, GROUP, ROOM, gap, reduce
from nonlin.compiler.row_sums import Sums, careful

__all__ = ["KINDS", "write"]

KINDS = ("softmax", "log_softmax", "loss", "gradient")


def write(module: Module, storage: str) -> None:
    """The functions for float or double in memory, into a module.

    ``kind(x, targets, out, losses, rows, n, params, weights, smooth, options, work)``. For the losses:
    ``targets`` are i64, one for each row; ``losses`` doubles, likewise; ``weights`` doubles, one for each
    class, or null; ``smooth`` the weight of each class in the part of the loss that does not depend on
    the target, WIDTH doubles longer than a row, or null. ``options`` are 1, what the target's part is
    times, what the gradient is, and the sum of ``smooth``, as doubles; the target (i64) to leave out; 0.
    ``work`` is memory for :func:`work_size` bytes. ``out`` may be ``x``.
    """
    lanes = LANES["float" if storage == "float" and module.fma else "double"]
    careful(module, storage, lanes)
    for kind in KINDS:
        _Kind(module, kind, storage, lanes).write()


class _Kind(Sums):
    """A function of rows, being written: how it ends."""

    # -- the function -----------------------------------------------------------------------------
    def write(self) -> None:
        fn = self.fn
        self.measure()
        self.copy_end()
        self.exp = Exponentials(fn, self.lanes, self.params)
        self.alone = Exponentials(fn, self.lanes, self.params, single=True)
        self.dense = self.n.lt(DENSE)
        self.guess = fn.emit("alloca double, align 8", "ptr")
        fn.store(fn.f64(0.0), self.guess)
        if self.lanes.type == "float":
            self.stride = self.dense.select(self.n, (self.n + (WIDTH - 1)) & -WIDTH)
        else:
            self.stride = (self.n + (WIDTH - 1)) & -WIDTH
        self.kept = fn.element(self.work, "double", fn.i64(len(ARRAYS) * GROUP))
        longest = self.n.gt(ROOM).select(self.n, ROOM, "i64")
        self.made = fn.element(self.kept, "double", longest + GROUP * WIDTH)
        several = fn.emit(f"sdiv i64 {ROOM}, {self.n.ref}", "i64")
        several = several.gt(GROUP).select(GROUP, several)
        several = several.lt(1).select(1, several)

        if self.of_targets:
            self.share, self.scale, self.mass = (
                fn.load(self.options, "double", k) for k in (1, 2, 3)
            )
            self.ignored = fn.load(self.options, "i64", 4)
            self.is_smooth = fn.emit(f"icmp ne ptr {self.smooth.ref}, null", "i1")
            self.is_weighted = fn.emit(f"icmp ne ptr {self.weights.ref}, null", "i1")

        def group(g: Value) -> None:
            base = g * several
            left = self.rows - base
            count = left.lt(several).select(left, several)
            if self.lanes.type == "float":
                fn.either(
                    self.dense,
                    lambda: self.weigh_group(base, count),
                    lambda: fn.loop(count, lambda i: self.weigh(base + i, i)),
                )
            else:
                fn.loop(count, lambda i: self.weigh(base + i, i))
            fn.loop(count, self.conclude)
            if self.kind != "softmax":
                fn.loop(count, lambda i: self.mend(base + i, i))
                fn.loop(count, self.take_log)
            if self.of_targets:
                fn.loop(count, lambda i: self.judge(base + i, i))
            if self.kind != "loss":
                fn.loop(count, lambda i: self.deliver(base + i, i))
                fn.when(self.short, lambda: self.hand_over(base * self.n, count * self.n))

        groups = self.rows + several - 1
        fn.loop(fn.emit(f"sdiv i64 {groups.ref}, {several.ref}", "i64"), group)
        fn.ret()

    # -- across the rows --------------------------------------------------------------------------
    def conclude(self, i: Value) -> None:
        """From what is known of a row, what its results are made with."""
        fn, exp = self.fn, self.alone
        total, top, exponent = (self.known(name, i) for name in ("sum", "top", "exponent"))
        odd = self.known("odd", i).ne(0.0)
        peak = better = fn.f64(2.0**self.lanes.bias)
        if self.lanes.type == "float":
            # The maximum's own term is worth the digits that a float has rounded away.
            exp.aim(exponent, top)
            peak = self.wide(exp.of(exp.narrow(top)))
            better = scalar_lanes.call(fn, "exp", exp.rest(top, exponent)) * better
            better = odd.select(2.0**self.lanes.bias, better)
        if self.kind != "softmax":
            self.keep("peak", i, better)
            rest = (total - peak) + self.known("lost", i)
            self.keep("rest", i, odd.select(self.known("rest", i), rest))
        total = odd.select(total, (total - peak) + better + self.known("lost", i))
        self.keep("sum", i, total)
        if self.kind == "softmax":
            self.divide(i, 1.0, total)

    def take_log(self, i: Value) -> None:
        ratio = self.known("rest", i) / self.known("peak", i)
        self.keep("log", i, scalar_lanes.call(self.fn, "log1p", ratio))

    def divide(self, i: Value, above: Value | float, below: Value) -> None:
        """The row's factor, and on double lanes what it has been rounded by."""
        factor = above / below
        self.keep("factor", i, factor)
        if self.lanes.type == "double" and self.fn.module.fma:
            self.keep("less", i, fma(-below, factor, self.fn.lift(above, "double")) / below)

    def weight(self, target: Value) -> Value:
        """What a row of this class counts; without weights the 1 that the options begin with."""
        at = self.is_weighted.select(target, 0, "i64")
        return self.fn.load(self.is_weighted.select(self.weights, self.options), "double", at)

    def judge(self, row: Value, i: Value) -> None:
        """The loss of a row, and what its gradient is made with."""
        fn, target = self.fn, self.target(row)

        def nothing() -> None:
            fn.store(fn.f64(0.0), self.losses, row)

        def something() -> None:
            x, top, log = self.row(row), self.known("top", i), self.known("log", i)
            share = self.share * self.weight(target)
            behind = gap(top, self.score(x, target), self.exp.temperature)
            fn.store(share * (log + behind), self.losses, row)
            fn.when(self.is_smooth, lambda: self.judge_all(row, x, top, log))
            if self.kind == "gradient":
                self.divide(i, (share + self.mass) * self.scale, self.known("sum", i))

        fn.either(target.eq(self.ignored), nothing, something)

    def judge_all(self, row: Value, x: Value, top: Value, log: Value) -> None:
        """Add the part of the loss in which every class has a weight."""
        fn = self.fn
        highest = fn.splat(top, DOUBLES)

        def add(at: Value, counts: Value | None, total: Value) -> list[Value]:
            z = self.scores(x, at)
            z = z if z.type == DOUBLES else z.to("fpext", DOUBLES)
            gap = z.eq(highest).select(0.0, highest - z, DOUBLES)
            part = self.smoothing(at) * gap
            if counts is not None:
                part = counts.select(part, fn.lift(0.0, DOUBLES))
            return [total + part]

        sums = self.sweep(add, [fn.lift(0.0, DOUBLES)])
        (gaps,) = reduce(sums, lambda a, b: [a + b])
        fn.store(fn.load(self.losses, "double", row) + (self.mass * log + gaps), self.losses, row)

    def smoothing(self, at: Value) -> Value:
        fn = self.fn
        return fn.load(fn.element(self.smooth, "double", at), DOUBLES, align=8)

    # -- row by row -------------------------------------------------------------------------------
    def deliver(self, row: Value, i: Value) -> None:
        """Write a row's results: where they belong, or a short row to where it may be too long."""
        fn, n = self.fn, self.n
        there = fn.element(self.out, self.storage, row * n)
        if self.lanes.type == self.storage:
            short = fn.element(self.made, self.lanes.type, i * n)
            self.deliver_to(row, i, self.short.select(short, there), self.storage)
        else:
            fn.either(
                self.short,
                lambda: self.deliver_to(
                    row, i, fn.element(self.made, self.lanes.type, i * n), self.lanes.type
                ),
                lambda: self.deliver_to(row, i, there, self.storage),
            )

    def deliver_to(self, row: Value, i: Value, out: Value, storage: str) -> None:
        if self.kind == "log_softmax":
            self.deliver_logs(row, i, out, storage)
            return
        fn = self.fn
        if self.kind == "softmax":
            self.deliver_shares(i, out, storage, smooth=False)
            return

        def nothing() -> None:
            zero = fn.lift(0.0, self.lanes.vector)

            def write(at: Value, _: Value | None) -> list[Value]:
                self.put(zero, out, at, storage)
                return []

            self.sweep(write)

        def something() -> None:
            fn.either(
                self.is_smooth,
                lambda: self.deliver_shares(i, out, storage, smooth=True),
                lambda: self.deliver_shares(i, out, storage, smooth=False),
            )
            self.deliver_target(row, i, out, storage)

        fn.either(self.target(row).eq(self.ignored), nothing, something)

    def deliver_shares(self, i: Value, out: Value, storage: str, *, smooth: bool) -> None:
        """Exponentials times the row's factor, which has two parts so that it is not rounded."""
        fn, exp = self.fn, self.exp
        e = self.shares(i)
        factor = self.known("factor", i)
        high = exp.narrow(factor)
        if self.lanes.type == "float":
            low = exp.splat(exp.narrow(factor - self.wide(high)))
        else:
            low = exp.splat(self.known("less", i) if fn.module.fma else fn.f64(0.0))
        high = exp.splat(high)
        if smooth:
            scale = fn.splat(self.scale, DOUBLES)

        def write(at: Value, _: Value | None) -> list[Value]:
            share = self.held(e, at)
            if smooth:
                less = self.smoothing(at) * scale
                less = less if self.lanes.type == "double" else less.to("fptrunc", exp.lanes.vector)
                value = fma(share, high, -less)
            else:
                value = fma(share, high, share * low)
            self.put(value, out, at, storage)
            return []

        self.sweep(write)

    def deliver_target(self, row: Value, i: Value, out: Value, storage: str) -> None:
        """p - 1 of the true class as minus the sum of the others."""
        fn, target = self.fn, self.target(row)
        e = self.shares(i)
        total, mine = self.known("sum", i), self.wide(fn.load(e, self.lanes.type, target))
        # Below the maximum it has at most half of the sum, so nothing cancels.
        top = self.known("top", i)
        at_top = self.score(self.row(row), target).eq(top)
        others = at_top.select(self.known("rest", i), total - mine) / total
        share = self.share * self.weight(target)
        pull = self.is_smooth.select(self.smooth, self.options)
        less = fn.load(pull, "double", self.is_smooth.select(target, 5, "i64"))
        value = (self.mass * (mine / total) - less) - share * others
        self.put(value * self.scale, out, target, storage)

    def deliver_logs(self, row: Value, i: Value, out: Value, storage: str) -> None:
        fn, exp, n = self.fn, self.exp, self.n
        x, top, log = self.row(row), self.known("top", i), self.known("log", i)
        high = exp.narrow(log)
        low = exp.splat(exp.narrow(log - self.wide(high)))
        high, highest = exp.splat(high), exp.splat(exp.narrow(top))
        inverse, rest = exp.inverse()

        def usual(*, hot: bool) -> None:
            # Of the last vector scores may be overwritten before their turn, if out is x.
            end = self.scores(x, self.last)

            def write(at: Value, counts: Value | None) -> list[Value]:
                d = (self.scores(x, at) if counts is None else end) - highest
                if not hot:
                    value = (d - high) - low
                elif (
                    self.lanes.type == "float"
                ):  # with what both have beyond a float; but no inf * 0
                    finite = d.gt(-1e38).select(d, -1e38)
                    value = fma(d, inverse, -high) + fma(finite, rest, -low)
                else:
                    value = fma(d, inverse, -high)
                self.put(value, out, at, storage)
                return []

            self.sweep(write)

        def usual_of_either() -> None:
            fn.either(exp.temperature.eq(1.0), lambda: usual(hot=False), lambda: usual(hot=True))

        def odd() -> None:
            def one(j: Value) -> None:
                behind = gap(top, self.score(x, j), exp.temperature)
                value = 0.0 - (behind + log)
                self.put(value, out, j, storage)

            fn.loop(n, one)

        fn.either(self.known("odd", i).eq(0.0), usual_of_either, odd)

    def hand_over(self, start: Value, count: Value) -> None:
        """Copy the results of short rows to where they belong."""
        fn = self.fn
        to = fn.element(self.out, self.storage, start)
        whole = count & -WIDTH
        fn.loop(whole, lambda j: self.put(self.held(self.made, j), to, j, self.storage), step=WIDTH)

        def one(j: Value) -> None:
            self.put(fn.load(self.made, self.lanes.type, j), to, j, self.storage)

        fn.loop(count, one, start=whole)
