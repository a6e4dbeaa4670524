"""Quick float32 kernels: from a program to polynomials, to code, to code that has been tried.

A kernel is cut into pieces (:mod:`nonlin.compiler.pieces`) by means of its own float64 kernel, which is
right to the last bits. The finished code is then run beside the plain one, whose results are all but
correctly rounded, at about a million places: where one differs by more than the last bit the next cut
is tried, and in the end the kernel stays a plain one.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nonlin.compiler import native
from nonlin.compiler.kind import Kind
from nonlin.compiler.llvm import lanes_function, loop, new_module
from nonlin.compiler.pieces import Piecewise, pieces
from nonlin.compiler.target import host
from nonlin.compiler.vector import vector_loop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nonlin.compiler.ir import Module
    from nonlin.compiler.kernel import Kernel

__all__ = ["can_be_quick", "quick_module"]


def can_be_quick() -> bool:
    """Whether this processor has what quick kernels are made of."""
    return host().cpu == "x86-64-v4"


def quick_module(kernel: Kernel) -> Module | None:
    """The first cut whose code is right, or ``None``."""
    if not can_be_quick():
        return None
    reference = _Reference(kernel)
    for functions in _cuts(kernel, reference):
        module = _module(kernel, functions)
        image = native.compiled(module.text, module.names)
        if reference.agrees(native.place(image, {})["kernel"], functions):
            return module
    return None


def _module(kernel: Kernel, functions: Sequence[Piecewise]) -> Module:
    module = new_module(host())
    lanes_function(module, "lanes", kernel.program, kernel.kind)
    loop(module, "plain", kernel.format, kernel.kind, "lanes", None, internal=True)
    vector_loop(module, "kernel", functions, kernel.kind, "plain")
    return module


def _cuts(kernel: Kernel, reference: _Reference) -> Iterator[tuple[Piecewise, ...]]:
    ways = [pieces(reference.exactly(i)) for i in range(2 if kernel.kind is Kind.PAIR else 1)]
    if not all(ways):
        return
    last = tuple(way[-1] for way in ways)
    for cut in zip_longest(*ways):
        yield tuple(c or end for c, end in zip(cut, last, strict=True))


class _Reference:
    """What a kernel computes, by its other arithmetics."""

    def __init__(self, kernel: Kernel) -> None:
        from nonlin.compiler.kernel import Kernel as Plain

        kind = Kind.MAP if kernel.kind is Kind.SCALE else kernel.kind
        self.kernel = kernel
        self.both = kind is Kind.PAIR
        self.params = np.array(kernel.values, dtype=np.float64)
        program = lambda: kernel.program  # noqa: E731
        self.plain = Plain(kernel.recipe, program, "float32", kind)
        self.exact = Plain(kernel.recipe, program, "float64", kind)

    def _run(self, kernel: Kernel, x: NDArray[Any]) -> list[NDArray[Any]]:
        results = [np.empty_like(x) for _ in range(2 if self.both else 1)]
        second = results[1].ctypes.data if self.both else 0
        kernel.run(
            x.ctypes.data, 0, results[0].ctypes.data, second, x.size, self.params.ctypes.data
        )
        return results

    def exactly(self, which: int) -> Any:
        """One of the functions, on arrays of float64."""

        def function(x: NDArray[np.float64]) -> NDArray[np.float64]:
            result: NDArray[np.float64] = self._run(self.exact, np.ascontiguousarray(x))[which]
            return result

        return function

    def agrees(self, address: int, functions: Sequence[Piecewise]) -> bool:
        """Whether the code at an address gives what it should, to one unit of the last place."""
        from nonlin.compiler.kernel import LOOP

        x = _places(functions)
        results = [np.empty_like(x) for _ in functions]
        ones = np.ones_like(x)
        exact = self.plain.addresses[1]
        LOOP(address)(
            x.ctypes.data, ones.ctypes.data, results[0].ctypes.data,
            results[-1].ctypes.data, x.size, self.params.ctypes.data, exact,
        )  # fmt: skip
        wanted = self._run(self.plain, x)
        return all(
            _apart(got, right) <= 1 for got, right in zip(results, wanted, strict=True)
        ) and all(self._faithful(x, got, i) for i, got in enumerate(results))

    def _faithful(self, x: NDArray[np.float32], got: NDArray[np.float32], which: int) -> bool:
        some = np.random.default_rng(0).integers(0, x.size, 6000)
        with np.errstate(all="ignore"):
            right = self.exactly(which)(x[some].astype(np.float64))
            error = np.abs(got[some].astype(np.float64) - right)
            unit = np.spacing(np.abs(right).astype(np.float32)).astype(np.float64)
            checked = np.isfinite(right) & (np.abs(right) < 1e38)
        return bool((error[checked] < unit[checked]).all())


def _places(functions: Sequence[Piecewise]) -> NDArray[np.float32]:
    """Where code is tried: everywhere, and more closely where something begins or ends."""
    bits = np.arange(-2000, 2000)
    edges = {f.centre for f in functions} | {end.at for f in functions for end in (f.low, f.high)}
    edges |= {f.centre + f.step * (k + 0.5) for f in functions for k in range(-40, 40)}
    near = [
        (np.float32(e).view(np.int32) + bits[:: 1 if abs(e) < 30 else 40].astype(np.int32)).view(
            np.float32
        )
        for e in sorted(edges)
    ]
    bfloats = (np.arange(1 << 16, dtype=np.uint32) << 16).view(np.float32)
    wide = np.geomspace(1e-45, 3.4e38, 1 << 17).astype(np.float32)
    window = np.linspace(-24, 24, 1 << 19, dtype=np.float32)
    return np.concatenate([*near, bfloats, wide, -wide, window])


def _apart(a: NDArray[np.float32], b: NDArray[np.float32]) -> int:
    """How many floats lie between, at most; a million where one is NaN, or has the other sign of 0."""
    nan = np.isnan(a) & np.isnan(b)
    i, j = (v.view(np.int32).astype(np.int64) for v in (a, b))
    i, j = (np.where(v < 0, -(v + 2**31) - 1, v) for v in (i, j))  # -0 lies one below 0
    apart = np.where(nan, 0, np.abs(i - j))
    zeros = (a == 0) & (b == 0) & (i != j)
    return int(np.where(zeros | (np.isnan(a) != np.isnan(b)), 10**6, apart).max())
