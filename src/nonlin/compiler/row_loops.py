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

import math
from collections.abc import Callable, Sequence

from nonlin.compiler import lanes as scalar_lanes
from nonlin.compiler.dd import two_sum
from nonlin.compiler.ir import Function, Module, Value, scalar, shaped
from nonlin.compiler.row_exp import LANES, WIDTH, Exponentials, Lanes, fma

__all__ = ["GROUP", "KINDS", "ROOM", "write"]

KINDS = ("softmax", "log_softmax", "loss", "gradient")
GROUP = 64
"""The most rows in a group."""
ROOM = 4096
"""Scores in a group, unless one row has more."""
TOGETHER = 4
"""Vectors of a long row taken at once."""
DENSE = 256
"""Shorter rows have their exponentials computed in one go, across their ends."""
_NEAR = 36.0
"""How far a row's K may be from the one that is taken off."""
_ARRAYS = (
    "top", "exponent", "sum", "lost", "rest", "peak", "log", "factor", "less", "odd",
)  # fmt: skip
"""What is known of each row of a group; ``odd`` ones went another way."""
_DOUBLES = f"<{WIDTH} x double>"
_SIGNATURE = [
    ("x", "ptr"), ("targets", "ptr"), ("out", "ptr"), ("losses", "ptr"), ("rows", "i64"), ("n", "i64"),
    ("params", "ptr"), ("weights", "ptr"), ("smooth", "ptr"), ("options", "ptr"), ("work", "ptr"),
]  # fmt: skip


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
    _careful(module, storage, lanes)
    for kind in KINDS:
        _Kind(module, kind, storage, lanes).write()


def work_size(n: int) -> int:
    """Bytes of memory that rows of n scores need."""
    return 8 * (len(_ARRAYS) * GROUP + max(ROOM, n) + (2 * GROUP + 4) * WIDTH)


# -- vectors --------------------------------------------------------------------------------------
def _part(v: Value, start: int, count: int) -> Value:
    places = ", ".join(f"i32 {start + i}" for i in range(count))
    text = f"shufflevector {v.type} {v.ref}, {v.type} poison, <{count} x i32> <{places}>"
    return v.fn.emit(text, f"<{count} x {scalar(v.type)}>")


def _reduce(parts: Sequence[Value], join: Callable[..., Sequence[Value]]) -> list[Value]:
    """Halves with halves, until one element of each part is left."""
    count = WIDTH
    while count > 1:
        count //= 2
        low, high = ([_part(v, at, count) for v in parts] for at in (0, count))
        parts = join(*low, *high)
    return [v.fn.emit(f"extractelement {v.type} {v.ref}, i32 0", scalar(v.type)) for v in parts]


def _tree(values: Sequence[Value], join: Callable[[Value, Value], Value]) -> Value:
    while len(values) > 1:
        values = [join(a, b) for a, b in zip(values[::2], values[1::2], strict=True)]
    return values[0]


def _larger(a: Value, b: Value) -> list[Value]:
    return [a.gt(b).select(a, b)]


def _pairs(a: Value, da: Value, b: Value, db: Value) -> list[Value]:
    s, lost = two_sum(a, b)
    return [s, da + db + lost]


def _gap(top: Value, z: Value, temperature: Value) -> Value:
    """(top - z) / T on doubles, at the ends of the range too; 0 for +inf from +inf."""
    wide = top - z
    gap = wide / temperature
    halves = (top * 0.5 - z * 0.5) / temperature * 2.0
    over = wide.eq(math.inf) & top.lt(math.inf) & z.gt(-math.inf)
    return z.eq(top).select(0.0, over.select(halves, gap))


def _careful(module: Module, storage: str, lanes: Lanes) -> None:
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
        share = scalar_lanes.call(fn, "exp", -_gap(top, z, temperature)) * unit
        share = none.select(math.nan, share)
        kept = share if lanes.type == "double" else share.to("fptrunc", "float")
        fn.when(fn.emit(f"icmp ne ptr {e.ref}, null", "i1"), lambda: fn.store(kept, e, j))
        is_top = z.eq(top)
        return [below + is_top.select(0.0, share), ties + is_top.select(unit, 0.0)]

    below, ties = fn.loop(n, weigh, [fn.f64(0.0), fn.f64(0.0)])
    ties = none.select(math.nan, ties)
    known = {"top": top, "sum": below + ties, "rest": below + (ties - unit), "odd": fn.f64(1.0)}
    for name, value in known.items():
        fn.store(value, work, i + _ARRAYS.index(name) * GROUP)
    fn.ret()


class _Kind:
    """One of the functions, being written."""

    def __init__(self, module: Module, kind: str, storage: str, lanes: Lanes) -> None:
        self.kind, self.storage, self.lanes = kind, storage, lanes
        self.size = 4 if storage == "float" else 8
        self.keeps = kind in ("softmax", "gradient")  # the exponentials
        self.of_targets = kind in ("loss", "gradient")
        self.fn = module.function(kind, _SIGNATURE, [], internal=False)
        (self.x, self.targets, self.out, self.losses, self.rows, self.n, self.params, self.weights,
         self.smooth, self.options, self.work) = self.fn.arguments  # fmt: skip

    # -- memory -----------------------------------------------------------------------------------
    def known(self, name: str, i: Value) -> Value:
        return self.fn.load(self.work, "double", i + _ARRAYS.index(name) * GROUP)

    def keep(self, name: str, i: Value, value: Value) -> None:
        self.fn.store(value, self.work, i + _ARRAYS.index(name) * GROUP)

    def scores(self, row: Value, at: Value) -> Value:
        """A vector of scores, on lanes."""
        fn = self.fn
        z = fn.load(fn.element(row, self.storage, at), f"<{WIDTH} x {self.storage}>", align=self.size)
        return z if self.storage == self.lanes.type else z.to("fpext", self.lanes.vector)

    def wide(self, x: Value) -> Value:
        """A number as double."""
        return x if x.type == "double" else x.to("fpext", "double")

    def score(self, row: Value, at: Value) -> Value:
        return self.wide(self.fn.load(row, self.storage, at))

    def held(self, pointer: Value, at: Value) -> Value:
        """A vector of what was kept on lanes."""
        fn, size = self.fn, self.lanes.bits // 29 * 4 + 4
        return fn.load(fn.element(pointer, self.lanes.type, at), self.lanes.vector, align=size)

    def put(self, value: Value, pointer: Value, at: Value, storage: str) -> None:
        fn = self.fn
        size = 4 if storage == "float" else 8
        if scalar(value.type) != storage:
            value = value.to("fptrunc", shaped(storage, value.type))
        fn.store(value, fn.element(pointer, storage, at), align=size)

    # -- the shape of a row -----------------------------------------------------------------------
    def measure(self) -> None:
        """Where a row's whole vectors end, and what counts of the one that is left."""
        fn, n = self.fn, self.n
        self.short = n.lt(WIDTH)
        self.whole = n & -WIDTH
        self.more = (n & (WIDTH - 1)).ne(0)
        self.last = self.short.select(0, n - WIDTH, "i64")
        first = self.short.select(0, WIDTH - (n & (WIDTH - 1)), "i64")
        end = self.short.select(n, WIDTH, "i64")
        numbers = ", ".join(f"i32 {k}" for k in range(WIDTH))
        places = Value(fn, f"<{numbers}>", f"<{WIDTH} x i32>")
        low, high = (fn.splat(v.to("trunc", "i32"), places.type) for v in (first, end))
        self.counts = places.ge(low) & places.lt(high)

    def sweep(
        self, body: Callable[..., Sequence[Value]], carried: Sequence[Value] = (),
        several: Callable[..., Sequence[Value]] | None = None,
    ) -> list[Value]:  # fmt: skip
        """``body(at, counts, *carried)`` for each vector of a row.

        ``several`` takes :data:`TOGETHER` of them at once, where there are as many.
        """
        fn = self.fn
        start = fn.i64(0)
        if several is not None:
            start = self.n & -WIDTH * TOGETHER
            carried = fn.loop(
                start,
                lambda j, *c: several([j + WIDTH * k for k in range(TOGETHER)], *c),
                carried,
                step=WIDTH * TOGETHER,
            )
        carried = fn.loop(
            self.whole, lambda j, *c: body(j, None, *c), carried, start=start, step=WIDTH
        )
        once = self.more.to("zext", "i64")
        return fn.loop(once, lambda _, *c: body(self.last, self.counts, *c), carried)

    def row(self, i: Value) -> Value:
        """Where the scores of a row are, with a vector's length to be read."""
        fn, at = self.fn, i * self.n
        copied = self.short & (at + WIDTH).gt(self.total)
        here = fn.element(self.x, self.storage, at)
        there = fn.element(self.copy, self.storage, at - self.copied_from)
        return copied.select(there, here)

    def copy_end(self) -> None:
        fn = self.fn
        room = 3 * WIDTH
        self.copy = fn.emit(f"alloca [{room} x {self.storage}], align 64", "ptr")
        self.total = self.rows * self.n
        start = self.total - 2 * WIDTH
        self.copied_from = start.gt(0).select(start, 0)
        fn.do(f"store [{room} x {self.storage}] zeroinitializer, ptr {self.copy.ref}")

        def one(k: Value) -> None:
            z = fn.load(self.x, self.storage, self.copied_from + k)
            fn.store(z, self.copy, k)

        fn.when(self.n.lt(max(DENSE, WIDTH)), lambda: fn.loop(self.total - self.copied_from, one))

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
        self.kept = fn.element(self.work, "double", fn.i64(len(_ARRAYS) * GROUP))
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

    # -- each row by itself -----------------------------------------------------------------------
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
            for name in _ARRAYS:
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
                zero, none = fn.lift(0.0, self.lanes.vector), fn.lift(0.0, _DOUBLES)

                def one(at: Value, counts: Value | None, total: Value) -> list[Value]:
                    share = self.held(e, at)
                    if counts is not None:
                        share = counts.select(share, zero)
                    return [total + share.to("fpext", _DOUBLES)]

                (total,) = _reduce(self.sweep(one, [none]), lambda a, b: [a + b])
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
            return _larger(z, top)

        def some(ats: Sequence[Value], top: Value) -> list[Value]:
            z = [self.scores(x, at) for at in ats]
            return _larger(_tree(z, lambda a, b: _larger(a, b)[0]), top)

        return self.wide(_reduce(self.sweep(one, [lowest], some), _larger)[0])

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
            self.weigh_from(x, top, i)

        fn.either(near, lambda: self.known_sum(x, i, guess, can, total, lost), again)

    def add_up(
        self, x: Value, i: Value, top: list[Value] | None = None
    ) -> tuple[Value, Value]:  # fmt: skip
        """The sum of a row's exponentials, and what rounding lost; ``top`` is given the maximum."""
        fn, exp, vector = self.fn, self.exp, self.lanes.vector
        single = self.lanes.type == "float"
        e = self.shares(i)

        def add(at: Value, counts: Value | None, total: Value, *others: Value) -> list[Value]:
            z = self.scores(x, at)
            share = exp.of(z)
            if self.keeps:
                self.put(share, e, at, self.lanes.type)
            if counts is not None:
                share = counts.select(share, fn.lift(0.0, vector))
            if not single:
                total, more = two_sum(total, share)
                return [total, others[0] + more]
            highest = _larger(z, others[0]) if others else []  # what has been seen does no harm
            if others and counts is not None:
                highest = [counts.select(highest[0], others[0])]
            return [total + share.to("fpext", _DOUBLES), *highest]

        def add_several(ats: Sequence[Value], total: Value, *others: Value) -> list[Value]:
            z = [self.scores(x, at) for at in ats]
            shares = [exp.of(v) for v in z]
            if self.keeps:
                for share, at in zip(shares, ats, strict=True):
                    self.put(share, e, at, self.lanes.type)
            # What a sum of two floats loses is less than they have lost; but not beside a difference.
            step = 2 if self.kind == "softmax" else 1
            for k in range(0, TOGETHER, step):
                together = _tree(shares[k : k + step], lambda a, b: a + b)
                total = total + together.to("fpext", _DOUBLES)
            if not others:
                return [total]
            return [total, *_larger(_tree(z, lambda a, b: _larger(a, b)[0]), others[0])]

        none = fn.lift(0.0, _DOUBLES)
        if not single:
            total, lost = _reduce(self.sweep(add, [none] * 2), _pairs)
            return total, lost
        start = [none] if top is None else [none, fn.lift(-math.inf, vector)]
        total, *highest = self.sweep(add, start, add_several)
        if top is not None:
            top.append(self.wide(_reduce(highest, _larger)[0]))
        return _reduce([total], lambda a, b: [a + b])[0], fn.f64(0.0)

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
            return [total + (share if share.type == _DOUBLES else share.to("fpext", _DOUBLES))]

        sums = self.sweep(add, [fn.lift(0.0, _DOUBLES)])
        return _reduce(sums, lambda a, b: [a + b])[0]

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

    def target(self, row: Value) -> Value:
        return self.fn.load(self.targets, "i64", row)

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
            gap = _gap(top, self.score(x, target), self.exp.temperature)
            fn.store(share * (log + gap), self.losses, row)
            fn.when(self.is_smooth, lambda: self.judge_all(row, x, top, log))
            if self.kind == "gradient":
                self.divide(i, (share + self.mass) * self.scale, self.known("sum", i))

        fn.either(target.eq(self.ignored), nothing, something)

    def judge_all(self, row: Value, x: Value, top: Value, log: Value) -> None:
        """Add the part of the loss in which every class has a weight."""
        fn = self.fn
        highest = fn.splat(top, _DOUBLES)

        def add(at: Value, counts: Value | None, total: Value) -> list[Value]:
            z = self.scores(x, at)
            z = z if z.type == _DOUBLES else z.to("fpext", _DOUBLES)
            gap = z.eq(highest).select(0.0, highest - z, _DOUBLES)
            part = self.smoothing(at) * gap
            if counts is not None:
                part = counts.select(part, fn.lift(0.0, _DOUBLES))
            return [total + part]

        sums = self.sweep(add, [fn.lift(0.0, _DOUBLES)])
        (gaps,) = _reduce(sums, lambda a, b: [a + b])
        fn.store(fn.load(self.losses, "double", row) + (self.mass * log + gaps), self.losses, row)

    def smoothing(self, at: Value) -> Value:
        fn = self.fn
        return fn.load(fn.element(self.smooth, "double", at), _DOUBLES, align=8)

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
            self.sweep(lambda at, _: [self.put(zero, out, at, storage)][:0])

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
            scale = fn.splat(self.scale, _DOUBLES)

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
                elif self.lanes.type == "float":  # with what both have beyond a float; but no inf * 0
                    finite = d.gt(-1e38).select(d, -1e38)
                    value = fma(d, inverse, -high) + fma(finite, rest, -low)
                else:
                    value = fma(d, inverse, -high)
                self.put(value, out, at, storage)
                return []

            self.sweep(write)

        def usual_of_either() -> None:
            fn.either(
                exp.temperature.eq(1.0), lambda: usual(hot=False), lambda: usual(hot=True)
            )

        def odd() -> None:
            def one(j: Value) -> None:
                gap = _gap(top, self.score(x, j), exp.temperature)
                value = 0.0 - (gap + log)
                self.put(value, out, j, storage)

            fn.loop(n, one)

        fn.either(self.known("odd", i).eq(0.0), usual_of_either, odd)

    def hand_over(self, start: Value, count: Value) -> None:
        """Copy the results of short rows to where they belong."""
        fn = self.fn
        to = fn.element(self.out, self.storage, start)
        whole = count & -WIDTH
        fn.loop(
            whole, lambda j: self.put(self.held(self.made, j), to, j, self.storage), step=WIDTH
        )

        def one(j: Value) -> None:
            self.put(fn.load(self.made, self.lanes.type, j), to, j, self.storage)

        fn.loop(count, one, start=whole)
