"""Kernels: a program compiled for an element format of this processor, ready to run over memory."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from nonlin.compiler import native
from nonlin.compiler.formats import FORMATS, Format
from nonlin.compiler.ir import Module
from nonlin.compiler.llvm import Kind, exact_function, lanes_function, loop
from nonlin.compiler.program import Program

__all__ = ["Kernel"]

_LOOP = ctypes.CFUNCTYPE(
    ctypes.c_int64, *[ctypes.c_void_p] * 4, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p
)


@dataclass(frozen=True)
class Kernel:
    """A program, a format and what to do with them; compiled when first run.

    Examples
    --------
    >>> import nonlin
    >>> "define" in nonlin.relu.kernel("float32").ir
    True
    """

    program: Program
    format: Format
    kind: Kind = Kind.MAP
    _exact: list[int] = field(default_factory=list, repr=False, compare=False)

    @classmethod
    def of(cls, program: Program, dtype: str, kind: Kind = Kind.MAP) -> Kernel:
        return cls(program, FORMATS[dtype], kind)

    @cached_property
    def ir(self) -> str:
        """LLVM IR of the loop and what it calls."""
        module = Module(fma=native.has_fma(), inline=True)
        if self.format.exact:
            exact_function(module, "exact", self.program, self.kind, internal=True)
            loop(module, "kernel", self.format, self.kind, "", "exact")
        else:
            lanes_function(module, "lanes", self.program, self.kind)
            loop(module, "kernel", self.format, self.kind, "lanes", None)
        return module.text

    @cached_property
    def exact_ir(self) -> str:
        """LLVM IR of the exact arithmetic that rare elements take."""
        module = Module(fma=native.has_fma(), inline=True)
        exact_function(module, "exact", self.program, self.kind, internal=False)
        return module.text

    @cached_property
    def assembly(self) -> str:
        """Assembly of the loop, as this processor runs it."""
        return native.assembly(self.ir)

    @cached_property
    def _run(self) -> Any:
        return _LOOP(native.load(self.ir, "kernel"))

    def run(self, x: int, gradient: int, out: int, second: int, n: int, params: int) -> None:
        """Run over ``n`` elements at the given addresses (0 for an array that is not used).

        ``out`` may be ``x`` or ``gradient`` itself; any other overlap is the caller's to avoid.
        ``params`` is the address of the parameters as float64.
        """
        size = self.format.size
        done = 0
        while done < n:
            at = done * size
            exact = self._exact[0] if self._exact else 0
            done += self._run(
                x + at, gradient + at if gradient else 0, out + at, second + at if second else 0,
                n - done, params, exact,
            )  # fmt: skip
            if done < n:  # an element needs the exact arithmetic, which is not compiled yet
                self._exact.append(native.load(self.exact_ir, "exact"))
