"""The engine as a WebAssembly module: the same IR, with the activations inside.

A layer's words ``value`` and ``pair`` hold the number of its activation here, from 1; see
:func:`describe` for what a caller has to know. Activations beyond these are modules of their own on the
same memory (:func:`build_own`), so that a formula is compiled without its engine: whoever makes the
instances gives the engine two functions, ``env.values`` and ``env.pairs``, which take such a number and
call the module that it means.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from nonlin.activation import Activation
from nonlin.compiler import wasm
from nonlin.compiler.coarse import coarse_loop, holds_everywhere
from nonlin.compiler.ir import Function, Module, Value
from nonlin.compiler.kind import Kind
from nonlin.compiler.llvm import exact_function
from nonlin.compiler.program import Program
from nonlin.network import initial, layout
from nonlin.network.engine import Shape, write

__all__ = ["build", "build_own", "describe"]

SHAPE = Shape("float", 4, 8, vectors=4, index="i32")
_WHATS = {"values": "value", "pairs": "pair"}
_LOOP = [("x", "ptr noalias"), ("out", "ptr noalias"), ("second", "ptr noalias"), ("n", "i32"),
         ("params", "ptr noalias")]  # fmt: skip


def build(activations: Sequence[Activation]) -> bytes:
    """The engine with these activations."""
    module = Module(fma=False, inline=True, slots=wasm.SLOTS)
    _activations(module, activations)
    write(module, SHAPE, _activate)
    return wasm.assemble(module.text, module.names, vectors=True, imports=list(_WHATS))


def build_own(activation: Activation) -> bytes:
    """One activation for an engine that has been built without it.

    The module exports ``values`` and ``pairs``, called with (x, out, second, n, params) on the engine's memory.
    """
    module = Module(fma=False, inline=True, slots=wasm.SLOTS)
    for name, what in _WHATS.items():
        _loop(module, name, activation.program(what), pair=what == "pair", internal=False)
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
    """Loops over every activation, and a function that chooses among them by number, or asks for others."""
    for outside, what in _WHATS.items():
        name = f".{outside}"
        for i, f in enumerate(activations):
            _loop(module, f"{name}.{i + 1}", f.program(what), pair=what == "pair")
        fn = module.function(
            name,
            [("kind", "i32"), ("x", "ptr"), ("out", "ptr"), ("second", "ptr"), ("n", "i32"),
             ("params", "ptr")], [],
        )  # fmt: skip
        module.declare(outside, f"declare void @{outside}(i32, ptr, ptr, ptr, i32, ptr)")
        kind, *rest = fn.arguments
        shown = ", ".join(f"{v.type} {v.ref}" for v in rest)
        targets = " ".join(f"i32 {i + 1}, label %f{i + 1}" for i in range(len(activations)))
        fn.do(f"switch i32 {kind.ref}, label %none [ {targets} ]")
        for i in range(len(activations)):
            fn.label(f"f{i + 1}")
            fn.do(f"call void @{name}.{i + 1}({shown})")
            fn.ret()
        fn.label("none")
        fn.do(f"call void @{outside}(i32 {kind.ref}, {shown})")
        fn.ret()


def _loop(
    module: Module, name: str, program: Program, *, pair: bool, internal: bool = True
) -> None:
    exact_name = f"{name}.exact"
    if not holds_everywhere(program):
        kind = Kind.PAIR if pair else Kind.MAP
        exact_function(module, exact_name, program, kind, internal=True)
    # Functions of their own: a browser's optimising compiler gives up on one with all of them.
    fn = module.function(name, _LOOP, [], attributes="nounwind noinline", internal=internal)
    x, out, second, n, params = fn.arguments
    outputs = [out, second] if pair else [out]

    def exact(z: Value) -> list[Value]:
        results = fn.emit(f"inttoptr i32 {wasm.SCRATCH} to ptr", "ptr")
        fn.do(
            f"call void @{exact_name}(double {z.ref}, double 1.0, ptr {params.ref}, "
            f"ptr {results.ref})"
        )
        return [fn.load(results, "double", k) for k in range(len(outputs))]

    coarse_loop(fn, program, SHAPE.lanes, x, outputs, n, params, exact)
    fn.ret()
