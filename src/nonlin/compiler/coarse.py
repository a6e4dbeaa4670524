"""Loops over whole vectors of single lanes: the quickest there is, with errors below 1e-6.

Networks that only show something run on these. Elements come in whole vectors, and tanh is a quotient
of polynomials where it is the result (:data:`nonlin.compiler.lanes.RESULTS`). What single lanes cannot
do is noticed once for the whole array; only then is it looked through for the elements that want the
exact arithmetic, and for many formulas it is known that there are none.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence

from nonlin.compiler.ir import Function, Module, Value
from nonlin.compiler.llvm import SINGLE_RANGE, beyond_single, lane_values
from nonlin.compiler.program import Program

__all__ = ["LANES", "coarse_kernel", "coarse_loop", "holds_everywhere"]

LANES = 16
"""Elements of a vector on this machine."""

_AT_MOST = {
    "tanh": 1,
    "sech2": 1,
    "sigmoid": 1,
    "sign": 1,
    "erf": 1,
    "Phi": 1,
    "erfc": 2,
    "atan": 2,
}
_SATURATING = ("tanh", "sech2", "sigmoid")


def _stays_small(program: Program) -> bool:
    """Whether nothing can overflow on the way to the results, for z within the range of single lanes."""
    sizes: list[float] = []
    for i in program.instructions:
        args = [sizes[a] for a in i.args]
        match i.op:
            case "z":
                size = SINGLE_RANGE
            case "const":
                size = abs(i.value[0])
            case "add" | "sub":
                size = args[0] + args[1]
            case "mul":
                size = args[0] * args[1]
            case "neg" | "abs" | "min" | "max":
                size = max(args)
            case "lt" | "le" | "eq":
                size = 0.0
            case "where":
                size = max(args[1:])
            case "softplus":
                size = args[0] + 1
            case _:
                size = _AT_MOST.get(i.op, math.inf)
        sizes.append(size)
    return max(sizes) < 2.0**100


def holds_everywhere(program: Program) -> bool:
    """Whether single lanes are right for all z, infinities and NaN too: z goes into functions that level off."""
    raw: list[bool] = []  # whether a value can be as large as z
    for i in program.instructions:
        args = [raw[a] for a in i.args]
        if i.op in _SATURATING:
            raw.append(False)
        elif i.op == "z":
            raw.append(True)
        elif i.op == "neg" or (i.op in ("const", "add", "sub", "mul") and not any(args)):
            raw.append(any(args))
        else:
            return False
    return not any(raw[o] for o in program.outputs)


def coarse_loop(
    fn: Function, program: Program, lanes: int, x: Value, outputs: Sequence[Value], n: Value,
    params: Value, exact: Callable[[Value], Sequence[Value]],
) -> None:  # fmt: skip
    """All elements on floats, as many vectors as n has; then, if there were any, the rare ones.

    ``exact`` writes the exact arithmetic's results, as doubles, for a double.
    """
    everywhere, small = holds_everywhere(program), _stays_small(program)
    vector, bits = f"<{lanes} x float>", f"<{lanes} x i32>"

    def lane(i: Value, largest: Value | None = None) -> list[Value]:
        z = fn.load(fn.element(x, "float", i), vector, align=4)
        values = lane_values(fn, program, z, params, keep_nan=False, quick=True)
        for value, target in zip(values, outputs, strict=True):
            fn.store(value, fn.element(target, "float", i), align=4)
        if largest is None:
            return []
        # Without their sign the bits of floats are in order, with infinity and NaN at the end.
        for v in (z,) if small else (z, sum(values[1:], values[0])):
            largest = fn.intrinsic("umax", largest, v.bits().shl(1))
        return [largest]

    if everywhere:
        fn.loop(n, lane, step=lanes)
        return
    (largest,) = fn.loop(n, lane, [fn.lift(0, bits)], step=lanes)
    bound = struct.unpack("I", struct.pack("f", SINGLE_RANGE))[0] * 2
    beyond = fn.emit(
        f"icmp ugt {bits} {largest.ref}, {fn.lift(bound, bits).ref}", f"<{lanes} x i1>"
    )
    rare = fn.intrinsic("vector.reduce.or", beyond, result="i1")

    def again(i: Value) -> None:
        z = fn.load(x, "float", i)
        stored = [fn.load(target, "float", i) for target in outputs]

        def one() -> None:
            values = exact(z.to("fpext", "double"))
            for value, target in zip(values, outputs, strict=True):
                fn.store(value.to("fptrunc", "float"), target, i)

        fn.when(z.is_nan() | beyond_single(z, stored), one)

    fn.when(rare, lambda: fn.loop(n, again))


def coarse_kernel(module: Module, name: str, program: Program) -> None:
    """A kernel of this machine, called as :func:`nonlin.compiler.llvm.loop`'s are.

    No array overlaps another, ``exact`` is given, and n is a multiple of :data:`LANES`.
    """
    pointer = "ptr noalias"
    fn = module.function(
        name,
        [("x", pointer), ("gradient", pointer), ("out", pointer), ("second", pointer), ("n", "i64"),
         ("params", "ptr"), ("exact", "ptr")],
        ["i64"], internal=False,
    )  # fmt: skip
    x, _, out, second, n, params, at = fn.arguments
    results = fn.emit("alloca [2 x double], align 8", "ptr")
    outputs = [out, second][: len(program.outputs)]

    def exact(z: Value) -> list[Value]:
        arguments = f"double {z.ref}, double 1.0, ptr {params.ref}, ptr {results.ref}"
        fn.do(f"call void {at.ref}({arguments})")
        return [fn.load(results, "double", k) for k in range(len(outputs))]

    coarse_loop(fn, program, LANES, x, outputs, n, params, exact)
    fn.ret(n)
