"""What the functions of rows are written with: the memory of a group, and a row as vectors.

A row is whole vectors, then one more that ends with the row, of which only the scores not yet seen count.
Rows shorter than a vector are read beyond their end; the last ones of an array from a copy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from nonlin.compiler.dd import two_sum
from nonlin.compiler.ir import Module, Value, scalar, shaped
from nonlin.compiler.row_exp import WIDTH, Exponentials, Lanes

__all__ = [
    "ARRAYS", "DENSE", "DOUBLES", "GROUP", "ROOM", "TOGETHER", "Rows", "gap", "larger", "pairs", "reduce",
    "tree", "work_size",
]  # fmt: skip

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
ARRAYS = (
    "top", "exponent", "sum", "lost", "rest", "peak", "log", "factor", "less", "odd",
)  # fmt: skip
"""What is known of each row of a group; ``odd`` ones went another way."""
DOUBLES = f"<{WIDTH} x double>"
SIGNATURE = [
    ("x", "ptr"), ("targets", "ptr"), ("out", "ptr"), ("losses", "ptr"), ("rows", "i64"), ("n", "i64"),
    ("params", "ptr"), ("weights", "ptr"), ("smooth", "ptr"), ("options", "ptr"), ("work", "ptr"),
]  # fmt: skip


def work_size(n: int) -> int:
    """Bytes of memory that rows of n scores need."""
    return 8 * (len(ARRAYS) * GROUP + max(ROOM, n) + (2 * GROUP + 4) * WIDTH)


# -- vectors --------------------------------------------------------------------------------------
def part(v: Value, start: int, count: int) -> Value:
    places = ", ".join(f"i32 {start + i}" for i in range(count))
    text = f"shufflevector {v.type} {v.ref}, {v.type} poison, <{count} x i32> <{places}>"
    return v.fn.emit(text, f"<{count} x {scalar(v.type)}>")


def reduce(parts: Sequence[Value], join: Callable[..., Sequence[Value]]) -> list[Value]:
    """Halves with halves, until one element of each part is left."""
    count = int(parts[0].type[1:].split(" ")[0])
    while count > 1:
        count //= 2
        low, high = ([part(v, at, count) for v in parts] for at in (0, count))
        parts = join(*low, *high)
    return [v.fn.emit(f"extractelement {v.type} {v.ref}, i32 0", scalar(v.type)) for v in parts]


def tree(values: Sequence[Value], join: Callable[[Value, Value], Value]) -> Value:
    while len(values) > 1:
        values = [join(a, b) for a, b in zip(values[::2], values[1::2], strict=True)]
    return values[0]


def larger(a: Value, b: Value) -> list[Value]:
    return [a.gt(b).select(a, b)]


def pairs(a: Value, da: Value, b: Value, db: Value) -> list[Value]:
    s, lost = two_sum(a, b)
    return [s, da + db + lost]


def gap(top: Value, z: Value, temperature: Value) -> Value:
    """(top - z) / T on doubles, at the ends of the range too; 0 for +inf from +inf."""
    wide = top - z
    gap = wide / temperature
    halves = (top * 0.5 - z * 0.5) / temperature * 2.0
    over = wide.eq(math.inf) & top.lt(math.inf) & z.gt(-math.inf)
    return z.eq(top).select(0.0, over.select(halves, gap))


class Rows:
    """A function of rows, being written: where things are."""

    exp: Exponentials
    alone: Exponentials
    dense: Value
    stride: Value
    kept: Value
    made: Value
    guess: Value
    ignored: Value

    def __init__(self, module: Module, kind: str, storage: str, lanes: Lanes) -> None:
        self.kind, self.storage, self.lanes = kind, storage, lanes
        self.size = 4 if storage == "float" else 8
        self.keeps = kind in ("softmax", "gradient")  # the exponentials
        self.of_targets = kind in ("loss", "gradient")
        self.fn = module.function(kind, SIGNATURE, [], internal=False)
        (self.x, self.targets, self.out, self.losses, self.rows, self.n, self.params, self.weights,
         self.smooth, self.options, self.work) = self.fn.arguments  # fmt: skip

    def target(self, row: Value) -> Value:
        return self.fn.load(self.targets, "i64", row)

    # -- memory -----------------------------------------------------------------------------------
    def known(self, name: str, i: Value) -> Value:
        return self.fn.load(self.work, "double", i + ARRAYS.index(name) * GROUP)

    def keep(self, name: str, i: Value, value: Value) -> None:
        self.fn.store(value, self.work, i + ARRAYS.index(name) * GROUP)

    def scores(self, row: Value, at: Value) -> Value:
        """A vector of scores, on lanes."""
        fn = self.fn
        z = fn.load(
            fn.element(row, self.storage, at), f"<{WIDTH} x {self.storage}>", align=self.size
        )
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
