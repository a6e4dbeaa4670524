"""Programs to LLVM IR: the body of a function in either arithmetic, and the loops around it.

Three functions make a kernel:

* ``lanes``: the program on doubles, small enough to be inlined and vectorised;
* ``exact``: the program in the arithmetic of :mod:`nonlin.compiler.wide`, one element at a time;
* the loop: blocks of 256 elements through ``lanes`` into a buffer on the stack. An element whose
  result is NaN although its input is not, or whose input is infinite, is then computed once more by
  ``exact``; only then is the buffer written out, so ``out`` may be the input itself.

float64 has no slack in a double, so there every element goes through ``exact``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from nonlin.compiler import lanes, wide, wide_functions
from nonlin.compiler.cancelled import Doubts
from nonlin.compiler.formats import Format
from nonlin.compiler.ir import Function, Module, Value, scalar
from nonlin.compiler.kind import Kind
from nonlin.compiler.program import Instruction, Program
from nonlin.compiler.target import Target
from nonlin.compiler.wide import Wide
from nonlin.errors import CompileError

__all__ = [
    "BLOCK",
    "SINGLE_RANGE",
    "beyond_single",
    "exact_function",
    "lane_values",
    "lanes_function",
    "loop",
    "new_module",
    "runtime_module",
]

BLOCK = 256
SINGLE_RANGE = 2.0**20
"""Arguments up to here are for single lanes."""


def new_module(target: Target) -> Module:
    """An empty module for a processor; the exact arithmetic is in another one."""
    return Module(fma=target.fma, inline=True, runtime="outside")


def runtime_module(target: Target) -> Module:
    """The functions of the exact arithmetic."""
    module = Module(fma=target.fma, inline=True, runtime="exported")
    wide_functions.runtime(module)
    return module


def _applied(
    program: Program,
    table: Mapping[str, Callable[..., Any]],
    target: str,
    of_results: Mapping[str, Callable[..., Any]] | None = None,
) -> Callable[[int, Instruction, list[Any]], Any]:
    """How a target applies an operation, for :meth:`.Program.run`.

    ``of_results`` has operations that take the place of others where a value is a result itself.
    """
    of_results = of_results or {}
    only_results = set(program.outputs) - {a for i in program.instructions for a in i.args}

    def apply(place: int, i: Instruction, args: list[Any]) -> Any:
        operation = table.get(i.op)
        if place in only_results:
            operation = of_results.get(i.op, operation)
        if operation is None:
            raise CompileError(f"the target {target!r} lacks the operation {i.op!r}")
        return operation(*args)

    return apply


def lane_values(
    fn: Function, program: Program, z: Value, params: Value, *, keep_nan: bool = True,
    quick: bool = False,
    replaced: Callable[[Instruction, list[Value]], Value | None] | None = None,
) -> list[Value]:  # fmt: skip
    """A program's results on lanes of z's type, written where the function is at.

    Without ``keep_nan``, whose z is NaN may have any result. ``quick`` is for single lanes: see
    :data:`nonlin.compiler.lanes.RESULTS`. ``replaced`` may give an operation another value than a lane's.
    """

    def leaf(i: Instruction) -> Value:
        if i.op == "z":
            return z
        if i.op == "const":
            return fn.lift(i.value[0], z.type)
        parameter = fn.load(params, "double", int(i.value[0]))
        if scalar(z.type) == "float":
            parameter = parameter.to("fptrunc", "float")
        return fn.splat(parameter, z.type) if z.type[0] == "<" else parameter

    of_results = lanes.RESULTS if quick else None
    plainly = _applied(program, lanes.OPERATIONS, f"{z.type} lanes", of_results)
    if z.type == "double":
        values = _careful(program, leaf, plainly, replaced)
    else:
        values = program.run(leaf, plainly)
    if not keep_nan:
        return values
    # A comparison is false for NaN, so where() could lose it.
    return [z.is_nan().select(z, v) for v in values]


def _careful(
    program: Program,
    leaf: Callable[[Instruction], Value],
    plainly: Callable[[int, Instruction, list[Value]], Value],
    replaced: Callable[[Instruction, list[Value]], Value | None] | None,
) -> list[Value]:
    """A program's results on double lanes, "not here" where terms cancel."""
    doubts = Doubts(program)

    def known(i: Instruction) -> Value:
        return doubts.learn(i, leaf(i))

    def apply(place: int, i: Instruction, args: list[Value]) -> Value:
        value = replaced(i, doubts.values) if replaced else None
        return doubts.learn(i, value or plainly(place, i, doubts.operands(i)))

    values = program.run(known, apply)
    return [
        doubts.trusted(place, value) for place, value in zip(program.outputs, values, strict=True)
    ]


def lanes_function(
    module: Module,
    name: str,
    program: Program,
    kind: Kind,
    *,
    inline: bool = True,
    type_: str = "double",
) -> None:
    """``name(z, gradient, params) -> results`` on doubles or floats."""
    results = [type_] * (2 if kind is Kind.PAIR else 1)
    fn = module.function(
        name,
        [("z", type_), ("gradient", type_), ("params", "ptr nocapture readonly")],
        results,
        attributes="nounwind willreturn memory(argmem: read)" + (" alwaysinline" if inline else ""),
    )
    z, gradient, params = fn.arguments
    values = lane_values(fn, program, z, params)
    if kind is Kind.SCALE:
        values = [values[0] * gradient]
    fn.ret(*values)


def exact_function(
    module: Module, name: str, program: Program, kind: Kind, *, internal: bool, tails: bool = False
) -> None:
    """``name(z, gradient, params, results)``: doubles in, doubles out, exact in between.

    With ``tails`` each result is followed by what rounding took off it, in units of its last place.
    """
    fn = module.function(
        name,
        [("z", "double"), ("gradient", "double"), ("params", "ptr"), ("results", "ptr")],
        [],
        internal=internal,
    )
    z, gradient, params, results = fn.arguments
    start = wide.from_double(z)

    def leaf(i: Instruction) -> Wide:
        if i.op == "z":
            return start
        if i.op == "param":
            return wide.from_double(fn.load(params, "double", int(i.value[0])))
        return Wide.constant(fn, *i.value)

    values: list[Wide] = program.run(leaf, _applied(program, wide_functions.OPERATIONS, "wide"))
    if kind is Kind.SCALE:
        values = [values[0] * wide.from_double(gradient)]
    if tails:
        values = [part for v in values for part in (v, _tail(v))]
    for i, value in enumerate(values):
        fn.store(z.is_nan().select(z, wide.to_double(value)), results, i)
    fn.ret()


def _tail(x: Wide) -> Wide:
    """x less the double nearest to it, in units of that double's last place; 0 if it is infinite."""
    rounded = wide.to_double(x)
    rest = x - wide.from_double(rounded)
    lowest = x.e.lt(-1022).select(-1022, x.e, "i64")
    scaled = Wide(rest.hi, rest.lo, rest.hi.eq(0.0).select(rest.e, rest.e - lowest + 52))
    zero = Wide.constant(x.fn, 0.0)
    return scaled.where(rounded.abs().lt(math.inf), zero)


def beyond_single(z: Value, values: list[Value]) -> Value:
    """Whether single lanes are not to be trusted: their range is small, and sums and products of
    large numbers may have overflowed on the way."""
    result = z.abs().gt(SINGLE_RANGE)
    for v in values:
        finite = v.abs().lt(math.inf)
        result = result | (finite.eq(0) & z.eq(z))
    return result


def loop(
    module: Module,
    name: str,
    fmt: Format,
    kind: Kind,
    lanes: str,
    exact: str | None,
    *,
    single: bool = False,
    internal: bool = False,
) -> None:
    """The kernel proper.

    ``name(x, gradient, out, second, n, params, exact) -> i64``: the number of elements done. It is
    less than n only where an element needs the exact arithmetic and none was given: ``exact`` is the
    address of that function, unless the module has one of its own (``exact`` here is its name).
    ``single`` says that ``lanes`` takes and gives floats, and that no array overlaps another.
    """
    pointer = "ptr noalias" if single else "ptr"
    fn = module.function(
        name,
        [("x", pointer), ("gradient", pointer), ("out", pointer), ("second", pointer), ("n", "i64"),
         ("params", "ptr"), ("exact", "ptr")],
        ["i64"], internal=internal,
    )  # fmt: skip
    _Loop(fn, fmt, kind, lanes, exact, single).write()


class _Loop:
    def __init__(
        self, fn: Function, fmt: Format, kind: Kind, lanes: str, exact: str | None, single: bool
    ) -> None:
        self.fn, self.fmt, self.kind, self.lanes, self.exact = fn, fmt, kind, lanes, exact
        self.lane_type, self.direct = ("float", True) if single else ("double", False)
        self.x, self.gradient, self.out, self.second, self.n, self.params, pointer = fn.arguments
        self.pointer = pointer
        self.outputs = [self.out, self.second] if kind is Kind.PAIR else [self.out]

    def element(self, i: Value) -> tuple[Value, Value]:
        fn, storage = self.fn, self.fmt.storage
        z = self.fmt.load(fn.load(self.x, storage, i, align=self.fmt.size))
        g = fn.f64(1.0)
        if self.kind is Kind.SCALE:
            g = self.fmt.load(fn.load(self.gradient, storage, i, align=self.fmt.size))
        return z, g

    def approximate(self, z: Value, g: Value) -> list[Value]:
        """Results of the lanes, as doubles."""
        types = [self.lane_type] * len(self.outputs)
        if self.lane_type == "double":
            return self.fn.call(self.lanes, z, g, self.params, results=types)
        # LLVM sees that going to double and back changes nothing, and leaves it out.
        z, g = (v.to("fptrunc", "float") for v in (z, g))
        results = self.fn.call(self.lanes, z, g, self.params, results=types)
        return [v.to("fpext", "double") for v in results]

    def rare(self, z: Value, g: Value, values: list[Value]) -> Value:
        """Whether these results of the lanes have to be computed once more, exactly."""
        if self.lane_type == "float":
            return beyond_single(z, values)
        failed = values[0].is_nan()
        for v in values[1:]:
            failed = failed | v.is_nan()
        return (failed & z.eq(z) & g.eq(g)) | z.abs().eq(math.inf)

    def call_exact(self, z: Value, g: Value, results: Value) -> None:
        target = f"@{self.exact}" if self.exact else self.pointer.ref
        arguments = f"double {z.ref}, double {g.ref}, ptr {self.params.ref}, ptr {results.ref}"
        self.fn.do(f"call void {target}({arguments})")

    def write(self) -> None:
        fn = self.fn
        results = fn.emit("alloca [2 x double], align 8", "ptr")
        if self.fmt.exact:
            self.exact_loop(results)
            return
        storage = self.fmt.storage
        buffers = self.outputs
        if not self.direct:
            room = f"alloca [{BLOCK} x {storage}], align 64"
            buffers = [fn.emit(room, "ptr") for _ in self.outputs]
        fn.branch(self.n.gt(0), "block", "done")

        fn.label("block")
        base = fn.phi("i64", (0, "entry"), (Value(fn, "%next", "i64"), "written"))
        if self.direct:
            buffers = [fn.element(out, storage, base) for out in self.outputs]
        left = self.n - base
        count = left.lt(BLOCK).select(left, BLOCK, "i64")
        fn.jump("lane")

        fn.label("lane")
        i = fn.phi("i64", (0, "block"), (Value(fn, "%lane.next", "i64"), "lane"))
        flag = fn.phi("i1", (0, "block"), (Value(fn, "%lane.flag", "i1"), "lane"))
        z, g = self.element(base + i)
        values = self.approximate(z, g)
        rare = self.rare(z, g, values)
        for v, buffer in zip(values, buffers, strict=True):
            fn.store(self.fmt.store(v), buffer, i, align=self.fmt.size)
        fn.do(f"%lane.flag = or i1 {flag.ref}, {rare.ref}")
        fn.do(f"%lane.next = add nuw nsw i64 {i.ref}, 1")
        fn.branch(Value(fn, "%lane.next", "i64").lt(count), "lane", "checked")

        fn.label("checked")
        fn.branch(Value(fn, "%lane.flag", "i1"), "rare" if self.exact else "ready", "copy")
        if not self.exact:
            fn.label("ready")
            fn.branch(
                self.pointer.fn.emit(f"icmp eq ptr {self.pointer.ref}, null", "i1"), "stop", "rare"
            )
            fn.label("stop")
            fn.ret(base)
        self.rare_loop(base, count, buffers, results)

        fn.label("copy")
        for buffer, out in zip(buffers, self.outputs, strict=True) if not self.direct else ():
            at = fn.element(out, storage, base)
            size = count * self.fmt.size
            fn.module.declare(
                "llvm.memcpy.p0.p0.i64",
                "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1 immarg)",
            )
            fn.do(
                f"call void @llvm.memcpy.p0.p0.i64(ptr align {self.fmt.size} {at.ref}, "
                f"ptr align 64 {buffer.ref}, i64 {size.ref}, i1 false)"
            )
        fn.jump("written")
        fn.label("written")
        fn.do(f"%next = add i64 {base.ref}, {BLOCK}")
        fn.branch(Value(fn, "%next", "i64").lt(self.n), "block", "done")
        fn.label("done")
        fn.ret(self.n)

    def rare_loop(self, base: Value, count: Value, buffers: list[Value], results: Value) -> None:
        fn = self.fn
        fn.label("rare")
        before = "checked" if self.exact else "ready"
        j = fn.phi("i64", (0, before), (Value(fn, "%rare.next", "i64"), "rare.end"))
        z, g = self.element(base + j)
        done = [self.fmt.load(fn.load(b, self.fmt.storage, j)) for b in buffers]
        fn.branch(self.rare(z, g, done), "rare.one", "rare.end")
        fn.label("rare.one")
        self.call_exact(z, g, results)
        for k, buffer in enumerate(buffers):
            value = fn.load(results, "double", k)
            fn.store(self.fmt.store(value), buffer, j, align=self.fmt.size)
        fn.jump("rare.end")
        fn.label("rare.end")
        fn.do(f"%rare.next = add nuw nsw i64 {j.ref}, 1")
        fn.branch(Value(fn, "%rare.next", "i64").lt(count), "rare", "copy")

    def exact_loop(self, results: Value) -> None:
        fn = self.fn
        fn.branch(self.n.gt(0), "lane", "done")
        fn.label("lane")
        i = fn.phi("i64", (0, "entry"), (Value(fn, "%lane.next", "i64"), "lane"))
        self.call_exact(*self.element(i), results)
        for k, out in enumerate(self.outputs):
            fn.store(fn.load(results, "double", k), out, i, align=self.fmt.size)
        fn.do(f"%lane.next = add nuw nsw i64 {i.ref}, 1")
        fn.branch(Value(fn, "%lane.next", "i64").lt(self.n), "lane", "done")
        fn.label("done")
        fn.ret(self.n)
