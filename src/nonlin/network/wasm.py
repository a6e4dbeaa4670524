"""The engine as a WebAssembly module: the same IR, with the activations inside.

A layer's words ``value`` and ``pair`` hold the number of its activation here, from 1; see
:func:`describe` for what a caller has to know.
"""

from __future__ import annotations

import dataclasses
import math
import struct
from collections.abc import Sequence
from typing import Any

from nonlin.activation import Activation
from nonlin.compiler import wasm
from nonlin.compiler.ir import Function, Module, Value
from nonlin.compiler.kind import Kind
from nonlin.compiler.llvm import SINGLE_RANGE, beyond_single, exact_function, lane_values
from nonlin.compiler.program import Program
from nonlin.network import initial, layout
from nonlin.network.engine import Shape, write

__all__ = ["build", "describe"]

SHAPE = Shape("float", 4, 8, vectors=4, index="i32")


def build(activations: Sequence[Activation]) -> bytes:
    """The engine with these activations."""
    module = Module(fma=False, inline=True, slots=wasm.SLOTS)
    _activations(module, activations)
    write(module, SHAPE, _activate)
    return wasm.assemble(module.text, module.names, vectors=True)


def describe(activations: Sequence[Activation]) -> dict[str, Any]:
    """What the caller of such a module has to know, as plain data."""
    return {
        "lanes": SHAPE.lanes,
        "header": layout.HEADER,
        "layer": layout.LAYER,
        "settings": layout.SETTINGS,
        "losses": layout.LOSSES,
        "optimizers": layout.OPTIMIZERS,
        "initial": {
            name: dataclasses.asdict(found)
            for name in initial.known()
            if (found := initial.scale(name)) is not None
        },
        "activations": [{"name": f.name, "constants": dict(f.parameters)} for f in activations],
    }


def _activate(
    fn: Function, layer: Value, pair: bool, z: Value, a: Value, slope: Value, count: Value
) -> None:
    kind = fn.load(layer, "i32", 2 * layout.LAYER.index("value"))
    constants = fn.load(layer, "i32", 2 * layout.LAYER.index("constants"))
    params = fn.emit(f"inttoptr i32 {constants.ref} to ptr", "ptr")
    name = ".pairs" if pair else ".values"
    fn.do(
        f"call void @{name}(i32 {kind.ref}, ptr {z.ref}, ptr {a.ref}, ptr {slope.ref}, "
        f"i32 {count.ref}, ptr {params.ref})"
    )


def _activations(module: Module, activations: Sequence[Activation]) -> None:
    """Loops over every activation, and a function that chooses among them by number."""
    for what, name in (("value", ".values"), ("pair", ".pairs")):
        for i, f in enumerate(activations):
            _loop(module, f"{name}.{i + 1}", f.program(what), pair=what == "pair")
        fn = module.function(
            name,
            [("kind", "i32"), ("x", "ptr"), ("out", "ptr"), ("second", "ptr"), ("n", "i32"),
             ("params", "ptr")], [],
        )  # fmt: skip
        kind, *rest = fn.arguments
        shown = ", ".join(f"{v.type} {v.ref}" for v in rest)
        targets = " ".join(f"i32 {i + 1}, label %f{i + 1}" for i in range(len(activations)))
        fn.do(f"switch i32 {kind.ref}, label %none [ {targets} ]")
        for i in range(len(activations)):
            fn.label(f"f{i + 1}")
            fn.do(f"call void @{name}.{i + 1}({shown})")
            fn.ret()
        fn.label("none")
        fn.ret()


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


_SATURATING = ("tanh", "sech2", "sigmoid")


def _holds_everywhere(program: Program) -> bool:
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


def _loop(module: Module, name: str, program: Program, *, pair: bool) -> None:
    """All elements on floats; then, if there were any, the rare ones in the exact arithmetic."""
    exact = f"{name}.exact"
    kind = Kind.PAIR if pair else Kind.MAP
    everywhere = _holds_everywhere(program)
    if not everywhere:
        exact_function(module, exact, program, kind, internal=True)
    fn = module.function(
        name,
        [("x", "ptr noalias"), ("out", "ptr noalias"), ("second", "ptr noalias"), ("n", "i32"),
         ("params", "ptr noalias")], [],
        # Functions of their own: a browser's optimising compiler gives up on one with all of them.
        attributes="nounwind noinline",
    )  # fmt: skip
    x, out, second, n, params = fn.arguments
    outputs = [out, second] if pair else [out]

    small = _stays_small(program)
    vector, bits = f"<{SHAPE.lanes} x float>", f"<{SHAPE.lanes} x i32>"

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
        fn.loop(n, lane, step=SHAPE.lanes)
        fn.ret()
        return
    (largest,) = fn.loop(n, lane, [fn.lift(0, bits)], step=SHAPE.lanes)
    bound = struct.unpack("I", struct.pack("f", SINGLE_RANGE))[0] * 2
    beyond = fn.emit(
        f"icmp ugt {bits} {largest.ref}, {fn.lift(bound, bits).ref}", f"<{SHAPE.lanes} x i1>"
    )
    rare = fn.intrinsic("vector.reduce.or", beyond, result="i1")

    def again(i: Value) -> None:
        z = fn.load(x, "float", i)
        stored = [fn.load(target, "float", i) for target in outputs]

        def one() -> None:
            exact_z = z.to("fpext", "double")
            results = fn.emit(f"inttoptr i32 {wasm.SCRATCH} to ptr", "ptr")
            fn.do(
                f"call void @{exact}(double {exact_z.ref}, double 1.0, ptr {params.ref}, "
                f"ptr {results.ref})"
            )
            for k, target in enumerate(outputs):
                value = fn.load(results, "double", k)
                fn.store(value.to("fptrunc", "float"), target, i)

        fn.when(z.is_nan() | beyond_single(z, stored), one)

    fn.when(rare, lambda: fn.loop(n, again))
    fn.ret()
