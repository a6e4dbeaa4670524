"""What all parts of the engine are written with: typed access to a network's memory, and vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from nonlin.compiler.ir import Function, Module, Value, scalar
from nonlin.network.layout import HEADER, LAYER

__all__ = [
    "Shape",
    "Writer",
    "address",
    "invoke",
    "is_given",
    "length",
]


@dataclass(frozen=True, slots=True)
class Shape:
    """How the engine is cut for a target.

    Attributes
    ----------
    element
        The type of all numbers of a network.
    lanes
        Samples in a vector.
    rows
        Sums that stay in registers, for as many units at a time.
    vectors
        The most vectors of samples that a dense layer has in registers at a time. A target whose
        vectors are short gains by several: each weight is then loaded once for all of them.
    index
        The type of whole numbers.
    many
        Rows and vectors for pictures, whose batches are many vectors; if they are not the same.
    """

    element: str
    lanes: int
    rows: int
    vectors: int = 1
    index: str = "i64"
    many: tuple[int, int] | None = None

    @property
    def size(self) -> int:
        return 4 if self.element == "float" else 8


class Writer:
    """One part of the engine, being written into a module.

    ``activate(fn, layer, pair, z, a, slope, count)`` writes the call of a layer's kernel.
    """

    def __init__(self, module: Module, shape: Shape, activate: Callable[..., None]) -> None:
        self.module, self.shape, self.activate = module, shape, activate
        self.element, self.size = shape.element, shape.size
        self.vector = f"<{shape.lanes} x {shape.element}>"
        self.bits = {"float": "i32", "double": "i64"}[shape.element]
        self.index, self.index_size = shape.index, 4 if shape.index == "i32" else 8

    def write(self) -> None:
        """Write the part's functions."""
        raise NotImplementedError

    # -- memory -----------------------------------------------------------------------------------
    def word(self, network: Value, name: str) -> Value:
        return self.whole(network, HEADER.index(name))

    def whole(self, block: Value, place: int) -> Value:
        """A word of a block; of a short one the lower half, which comes first on such targets."""
        return block.fn.load(block, self.index, place * (8 // self.index_size))

    def set_word(self, network: Value, name: str, value: Value) -> None:
        network.fn.store(self.long(value), network, HEADER.index(name))

    def long(self, value: Value) -> Value:
        """A whole number as i64."""
        return value if value.type == "i64" else value.to("sext", "i64")

    def number(self, fn: Function, value: int) -> Value:
        return fn.lift(value, self.index)

    def pointer(self, network: Value, name: str) -> Value:
        return address(self.word(network, name))

    def layer(self, network: Value, i: Value) -> Value:
        return network.fn.element(network, "i64", i * len(LAYER) + len(HEADER))

    def layer_word(self, layer: Value, name: str) -> Value:
        return self.whole(layer, LAYER.index(name))

    def layer_array(self, layer: Value, name: str) -> Value:
        return address(self.layer_word(layer, name))

    def load_vector(self, pointer: Value, index: Value, lanes: int | None = None) -> Value:
        fn = pointer.fn
        at = fn.element(pointer, self.element, index)
        type_ = f"<{lanes or self.shape.lanes} x {self.element}>"
        return fn.emit(f"load {type_}, ptr {at.ref}, align {self.size}", type_)

    def store_vector(self, value: Value, pointer: Value, index: Value) -> None:
        fn = pointer.fn
        at = fn.element(pointer, self.element, index)
        fn.do(f"store {value.type} {value.ref}, ptr {at.ref}, align {self.size}")

    def get(self, pointer: Value, index: Value) -> Value:
        """One element, as double."""
        value = pointer.fn.load(pointer, self.element, index)
        return value if self.element == "double" else value.to("fpext", "double")

    def wide(self, pointer: Value, index: Value, lanes: int) -> Value:
        """Some elements, as doubles."""
        v = self.load_vector(pointer, index, lanes)
        return v if self.element == "double" else v.to("fpext", f"<{lanes} x double>")

    def put(self, value: Value, pointer: Value, index: Value) -> None:
        """One double, as element."""
        narrow = value if self.element == "double" else value.to("fptrunc", "float")
        pointer.fn.store(narrow, pointer, index)

    # -- code -------------------------------------------------------------------------------------
    def function(self, name: str, *arguments: tuple[str, str], result: str = "") -> Function:
        """A function; those that others call (whose names begin with no dot) take whole i64."""
        results = [result] if result else []
        internal = name[0] == "."
        typed = [(a, self.index if t == "index" and internal else t) for a, t in arguments]
        return self.module.function(name, typed, results, internal=internal)

    def blocks(
        self, fn: Function, count: Value, largest: int, body: Callable[[Value, int], None]
    ) -> None:
        """A loop over a range in blocks of a size (a power of 2); what is left in a half of it, …, in 1."""
        whole = count if largest == 1 else count & -largest
        fn.loop(whole, lambda j: body(j, largest), step=largest)
        size = largest // 2
        while size:
            start = count & -2 * size
            fn.when((count & size).ne(0), partial(body, start, size))
            size //= 2

    def splat(self, x: Value, type_: str) -> Value:
        return x.fn.splat(x, type_)

    def add_product(self, a: Value, b: Value, c: Value) -> Value:
        """a * b + c."""
        return a.fn.intrinsic("fma", a, b, c) if self.module.fma else a * b + c

    def shuffle(self, a: Value, b: Value, places: Sequence[int]) -> Value:
        """A vector of elements of a and b, numbered through."""
        chosen = ", ".join(f"i32 {i}" for i in places)
        return a.fn.emit(
            f"shufflevector {a.type} {a.ref}, {b.type} {b.ref}, <{len(places)} x i32> <{chosen}>",
            f"<{len(places)} x {scalar(a.type)}>",
        )

    def halved(self, v: Value) -> Value:
        """The lower half of a vector plus its upper half."""
        half = length(v) // 2
        low, high = (self.shuffle(v, v, range(at, at + half)) for at in (0, half))
        return low + high

    def total(self, v: Value) -> Value:
        """The sum of a vector's elements, halves added to halves."""
        while length(v) > 1:
            v = self.halved(v)
        return v.fn.emit(f"extractelement {v.type} {v.ref}, i32 0", scalar(v.type))

    def totals(self, sums: Sequence[Value]) -> Value:
        """The totals of four vectors, of two or of one, side by side."""
        if len(sums) == 4:
            return self.four_totals(sums)
        if len(sums) == 1:
            return self.total(sums[0])
        while length(sums[0]) > 4:
            sums = [self.halved(s) for s in sums]
        a, b = sums
        return self.halved(self.shuffle(a, b, (0, 4, 1, 5)) + self.shuffle(a, b, (2, 6, 3, 7)))

    def four_totals(self, sums: Sequence[Value]) -> Value:
        """The totals of four vectors, as a vector: the same sums with a third of the shuffles."""
        while length(sums[0]) > 4:
            sums = [self.halved(s) for s in sums]
        pairs = []
        for a, b in (sums[:2], sums[2:]):
            low, high = self.shuffle(a, b, (0, 4, 1, 5)), self.shuffle(a, b, (2, 6, 3, 7))
            pairs.append(low + high)  # a's two halves of sums among b's
        a, b = pairs
        low, high = self.shuffle(a, b, (0, 1, 4, 5)), self.shuffle(a, b, (2, 3, 6, 7))
        return low + high


def length(v: Value) -> int:
    """How many elements a vector has."""
    return int(v.type[1:].split(" ")[0])


def address(word: Value) -> Value:
    return word.fn.emit(f"inttoptr {word.type} {word.ref} to ptr", "ptr")


def is_given(pointer: Value) -> Value:
    return pointer.fn.emit(f"icmp ne ptr {pointer.ref}, null", "i1")


def invoke(fn: Function, name: str, *arguments: Value) -> None:
    shown = ", ".join(f"{a.type} {a.ref}" for a in arguments)
    fn.do(f"call void @{name}({shown})")
