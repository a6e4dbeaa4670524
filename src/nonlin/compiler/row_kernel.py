"""The compiled functions of rows, loaded once for each format, and called through ctypes."""

from __future__ import annotations

import ctypes
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING

from nonlin.compiler import cache as store
from nonlin.compiler import native
from nonlin.compiler.row_exp import constants
from nonlin.compiler.row_shape import work_size
from nonlin.compiler.target import host

if TYPE_CHECKING:
    from nonlin.compiler.ir import Module

__all__ = ["constants_of", "row_module", "rows", "work_size"]

_ADDRESS, _COUNT = ctypes.c_void_p, ctypes.c_int64
_SIGNATURE = (*[_ADDRESS] * 4, _COUNT, _COUNT, *[_ADDRESS] * 5)
_KINDS = ("softmax", "log_softmax", "loss", "gradient")


def constants_of(dtype: str, temperature: float) -> tuple[float, ...]:
    """What the functions for float32 or float64 read at ``params``."""
    lanes = "float" if dtype == "float32" and host().fma else "double"
    return constants(lanes, temperature, host().fma)


def row_module(dtype: str) -> Module:
    """The functions for float32 or float64, as LLVM IR."""
    from nonlin.compiler.ir import Module
    from nonlin.compiler.row_loops import write

    module = Module(fma=host().fma, inline=True)
    write(module, {"float32": "float", "float64": "double"}[dtype])
    return module


@cache
def rows(dtype: str) -> SimpleNamespace:
    """The functions for float32 or float64: see :func:`nonlin.compiler.row_loops.write`."""
    addresses = native.load(store.key("rows", dtype), lambda: row_module(dtype))
    made = ctypes.CFUNCTYPE(None, *_SIGNATURE)
    return SimpleNamespace(**{kind: made(addresses[kind]) for kind in _KINDS})
