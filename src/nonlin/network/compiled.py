"""The engine on this machine: compiled once, called through ctypes."""

from __future__ import annotations

import ctypes
from functools import cache
from types import SimpleNamespace
from typing import Any

from nonlin.compiler import cache as store
from nonlin.compiler import native
from nonlin.compiler.ir import Function, Module, Value
from nonlin.compiler.target import host
from nonlin.network.engine import Shape, write
from nonlin.network.layout import LAYER

__all__ = ["SHAPES", "engine"]

SHAPES = {
    "float32": Shape("float", 16, 4, many=(16, 4)),
    "float64": Shape("double", 8, 4),
}
"""A batch is filled up to a multiple of ``lanes``."""

_ADDRESS, _COUNT = ctypes.c_void_p, ctypes.c_int64
_SIGNATURES: dict[str, list[Any]] = {  # the result first
    "forward": [None, _ADDRESS, _COUNT],
    "backward": [None, _ADDRESS],
    "train": [_COUNT, _ADDRESS],
    "initialise": [None, _ADDRESS, *[ctypes.c_double] * 4, _COUNT],
    "fill_uniform": [None, _ADDRESS, _COUNT, ctypes.c_double, _ADDRESS],
    "fill_normal": [None, _ADDRESS, _COUNT, ctypes.c_double, _ADDRESS],
    "shuffle": [None, _ADDRESS, _COUNT, _ADDRESS],
    "pixels": [None, _ADDRESS, *[_COUNT] * 3, *[ctypes.c_double] * 3, _COUNT],
    "standardise": [None, _ADDRESS, _COUNT, *[ctypes.c_double] * 2],
    "paint": [None, *[_ADDRESS] * 3, *[_COUNT] * 2],
    "picture": [None, *[_ADDRESS] * 3, *[_COUNT] * 5, *[ctypes.c_double] * 2, _COUNT],
}


def _activate(
    fn: Function, layer: Value, pair: bool, z: Value, a: Value, slope: Value, count: Value
) -> None:
    """Call the layer's kernel by its address."""

    def at(name: str) -> Value:
        word = fn.load(layer, "i64", LAYER.index(name))
        return fn.emit(f"inttoptr i64 {word.ref} to ptr", "ptr")

    stem = "pair" if pair else "value"
    kernel, exact, constants = at(stem), at(f"{stem}_exact"), at("constants")
    fn.emit(
        f"call i64 {kernel.ref}(ptr {z.ref}, ptr null, ptr {a.ref}, ptr {slope.ref}, "
        f"i64 {count.ref}, ptr {constants.ref}, ptr {exact.ref})",
        "i64",
    )


@cache
def engine(dtype: str) -> SimpleNamespace:
    """The engine's functions for float32 or float64; see :mod:`nonlin.network.engine`."""

    def module() -> Module:
        made = Module(fma=host().fma, inline=True)
        write(made, SHAPES[dtype], _activate)
        return made

    addresses = native.load(store.key("network", dtype, store.sources("network")), module)
    return SimpleNamespace(
        **{name: ctypes.CFUNCTYPE(*types)(addresses[name]) for name, types in _SIGNATURES.items()}
    )
