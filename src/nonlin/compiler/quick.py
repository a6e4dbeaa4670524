"""Quick float32 kernels: from a program to polynomials, to code, to code that has been tried.

A kernel is cut into pieces (:mod:`nonlin.compiler.pieces`) by means of its own float64 kernel, which is
right to the last bits. The finished code is then run beside the plain one, whose results are all but
correctly rounded, at about a million places, and then at every number around those where errors are
largest: where one differs by more than the last bit the next cut is tried, and in the end the kernel
stays a plain one.
"""

from __future__ import annotations

import ctypes
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nonlin.compiler import native
from nonlin.compiler.corners import corners, first_result
from nonlin.compiler.formats import FORMATS
from nonlin.compiler.kind import Kind
from nonlin.compiler.llvm import lanes_function, loop, new_module
from nonlin.compiler.pieces import TINY, Piecewise
from nonlin.compiler.plans import cuts
from nonlin.compiler.tables import LANES
from nonlin.compiler.target import host
from nonlin.compiler.vector import Cut, trial_loop, vector_loop
from nonlin.compiler.waves import wave

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nonlin.compiler.ir import Module
    from nonlin.compiler.kernel import Kernel
    from nonlin.compiler.program import Program

Floats = NDArray[Any]
_ALLOWED = 0.96
_LARGE, _AT_MOST = 0.6, 0.98
_RUNS, _TOGETHER = 3000, 2048  # of numbers that are all tried, as errors are large among them
_SOME, _SPARSELY = 3, 50  # one place in so many comes first, of all and of those around edges
_TRIAL = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 2, ctypes.c_int64)
_MEMORY = 32
_known: dict[str, Cut | None] = {}  # f alone and f beside f' are cut alike, once
_SMALL = 2.0**-140  # units of results whose smaller parts are subnormal, and rounded as such

__all__ = ["can_be_quick", "quick_module"]


def can_be_quick() -> bool:
    """Whether this processor has what quick kernels are made of."""
    return host().simd is not None


@np.errstate(all="ignore")  # what the caller has made of such errors is not meant for this
def quick_module(kernel: Kernel) -> Module | None:
    """Code on the first cut of each result that is right, or ``None`` where no result has one."""
    if not host().fma:
        return None
    functions = [_chosen(kernel, output) for output in range(len(kernel.program.outputs))]
    if not any(functions):
        return None
    return _module(kernel.program, functions, kernel.kind)


def _chosen(kernel: Kernel, output: int) -> Cut | None:
    """The cut of one result: found for it alone, so that it is the same in every kernel."""
    program = replace(kernel.program, outputs=(kernel.program.outputs[output],))
    key = f"{first_result(program)!r} {kernel.values}"  # in which -0 is not 0
    if key not in _known:
        if len(_known) >= _MEMORY:
            _known.clear()
        _known[key] = _tried(kernel, program, output)
    return _known[key]


def _tried(kernel: Kernel, program: Program, output: int) -> Cut | None:
    """The first cut whose code gives what it should."""
    reference = _Reference(kernel, program, output)
    for first in reference.cuts():
        cut: Cut | None = first
        if isinstance(first, Piecewise) and not reference.promises(first):
            continue
        while cut is not None:
            module = _module(program, [cut], Kind.MAP)
            image = native.compiled(module.text, module.names)
            better = reference.verdict(native.place(image, {})["kernel"], cut)
            if better is cut:
                return cut
            cut = better
    return None


def _module(program: Program, functions: Sequence[Cut | None], kind: Kind) -> Module:
    module = new_module(host())
    lanes_function(module, "lanes", program, kind)
    loop(module, "plain", FORMATS["float32"], kind, "lanes", None, internal=True)
    vector_loop(module, "kernel", functions, kind, "plain", host().simd)
    return module


class _Reference:
    """What one result of a kernel is, by the other arithmetics."""

    def __init__(self, kernel: Kernel, program: Program, output: int) -> None:
        from nonlin.compiler.kernel import Kernel as Plain

        # Under names of their own, as the code of one result is not that of all.
        recipe = kernel.recipe if len(kernel.program.outputs) == 1 else f"{kernel.recipe} {output}"
        self.params = np.array(kernel.values, dtype=np.float64)
        self.plain = Plain(recipe, lambda: program, "float32", Kind.MAP)
        self.exact = Plain(recipe, lambda: program, "float64", Kind.MAP)

    def _run(self, kernel: Kernel, x: Floats) -> Floats:
        result = np.empty_like(x)
        params = self.params.ctypes.data
        kernel.run(x.ctypes.data, 0, result.ctypes.data, 0, x.size, params)
        return result

    def cuts(self) -> Iterator[Cut]:
        """What the result may be computed by, in the order in which that is to be tried."""
        program, parameters = first_result(self.plain.program), self.params.tolist()
        below, above = self.plainly(np.array([-0.0, 0.0], np.float32)).tolist()
        polynomials = corners(program, parameters, self.plainly)
        if polynomials is not None:
            yield polynomials
        waves = wave(program, parameters, (below, above))
        if waves is not None:
            yield waves
        simd = host().simd
        if simd is not None and can_be_quick():
            yield from cuts(self.exactly, simd)

    def plainly(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The function on float32, by double lanes."""
        return self._run(self.plain, x)

    def exactly(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """The function on float64, right to the last bits."""
        return self._run(self.exact, np.ascontiguousarray(x))

    @cached_property
    def halvings(self) -> set[float]:
        """Where results reach a power of two, beyond which their unit is half as large, and where they change sign."""
        x = np.linspace(-24, 24, 1 << 13)
        found: set[float] = set()
        for trait in (lambda y: np.frexp(y)[1], np.sign):
            seen = trait(self.exactly(x))
            at = np.flatnonzero(np.diff(seen))
            low, high, before = x[at], x[at + 1], seen[at]
            for _ in range(40):
                middle = (low + high) / 2
                first = trait(self.exactly(middle)) == before
                low, high = np.where(first, middle, low), np.where(first, high, middle)
            found |= set(low.tolist())
        return found

    @cached_property
    def everywhere(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Places where each cut is tried, and the results there by double lanes."""
        bfloats = (np.arange(1 << 16, dtype=np.uint32) << 16).view(np.float32)
        wide = np.geomspace(1e-45, 3.4e38, 1 << 17).astype(np.float32)
        window = np.linspace(-24, 24, 1 << 19, dtype=np.float32)
        x = np.concatenate([bfloats, wide, -wide, window])
        return x, self.plainly(x)

    def places(
        self, edges: set[float], step: int = 1, near: int = 1
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Some thousand numbers around each edge and everywhere (or one in so many of them), and the results there."""
        bits = np.arange(-2000, 2000, near, dtype=np.int32)
        close = [(np.float32(e).view(np.int32) + bits).view(np.float32) for e in sorted(edges)]
        x = np.concatenate([*close, np.empty(0, np.float32)])
        both = zip((x, self.plainly(x)), self.everywhere, strict=True)
        a, b = (np.concatenate([ends, all_[::step]]) for ends, all_ in both)
        return a, b

    def promises(self, cut: Piecewise) -> bool:
        """Whether a cut is right at a few places, which most that are wrong somewhere are not.

        That takes a loop without all that arrays need, which is soon compiled.
        """
        simd, module = host().simd, new_module(host())
        assert simd is not None
        trial_loop(module, "trial", cut, simd)
        address = native.place(native.compiled(module.text, module.names), {})["trial"]
        x, plain = self.places(cut.edges, _SOME, _SPARSELY)
        got = np.full_like(x, np.nan)
        _TRIAL(address)(x.ctypes.data, got.ctypes.data, x.size // LANES * LANES)
        here = ~np.isnan(got)
        found = _neighbours(x[here], got[here], plain[here])
        return found is not None and self._errors(*found).max(initial=0) <= _ALLOWED

    def verdict(self, address: int, cut: Cut) -> Cut | None:
        """The cut itself if the code at an address gives what it should, to one unit of the last place;
        otherwise one that may do better, if there is any."""
        found = self._misses(address, *self.places(cut.edges | self.halvings))
        if found is None:
            return None
        x, got = found
        if self._errors(x[::16], got[::16]).max(initial=0) > _ALLOWED:  # most mistakes show early
            return None
        errors = self._errors(x, got)
        if errors.max(initial=0) > _ALLOWED:
            return None
        # One in a hundred numbers was tried. Where errors are large, all are: rounding is much like chance there.
        worst = x[errors > _LARGE][np.argsort(-errors[errors > _LARGE])].view(np.int32) // _TOGETHER
        _, first = np.unique(worst, return_index=True)
        runs = worst[np.sort(first)[:_RUNS]] * _TOGETHER
        bits = (runs[:, None] + np.arange(_TOGETHER, dtype=np.int32)).ravel()
        every: NDArray[np.float32] = bits.view(np.float32)
        found = self._misses(address, every, self.plainly(every))
        if found is None or self._errors(*found).max(initial=0) > _AT_MOST:
            return None
        if isinstance(cut, Piecewise) and cut.through_zero and not cut.tiny:
            near = np.abs(x) < TINY
            if self._errors(x[near], got[near], leniently=False).max(initial=0) > _ALLOWED:
                return replace(cut, tiny=TINY)
        return cut

    def _misses(
        self, address: int, x: NDArray[np.float32], plain: NDArray[np.float32]
    ) -> tuple[Floats, Floats] | None:
        """Where code does not give the nearest number, and what it gives; ``None`` where it is beyond its neighbours."""
        from nonlin.compiler.kernel import LOOP

        got = np.empty_like(x)
        exact = self.plain.addresses[1]
        LOOP(address)(x.ctypes.data, 0, got.ctypes.data, 0, x.size, self.params.ctypes.data, exact)
        return _neighbours(x, got, plain)

    def _errors(
        self, x: NDArray[np.float32], got: NDArray[np.float32], *, leniently: bool = True
    ) -> NDArray[np.float64]:
        """How far results are from the truth, in units of the last place.

        Where the unit is so small that parts of the results are subnormal, and rounded as such, a whole one
        counts as allowed, if one is lenient.
        """
        with np.errstate(all="ignore"):
            right = self.exactly(x.astype(np.float64))
            error = np.abs(got.astype(np.float64) - right)
            unit = np.spacing(np.abs(right).astype(np.float32)).astype(np.float64)
            checked = np.isfinite(right) & (np.abs(right) < 1e38)
        units: NDArray[np.float64] = error / unit
        allowed = (unit <= _SMALL) & (units <= 1) & leniently
        return np.where(checked, np.where(allowed, units * _ALLOWED, units), 0.0)


def _neighbours(x: Floats, got: Floats, right: Floats) -> tuple[Floats, Floats] | None:
    """Where results are next to the right ones, and the results; ``None`` if any is further away."""
    other = got.view(np.int32) != right.view(np.int32)
    x, got, right = x[other], got[other], right[other]
    apart = _apart(got, right)
    return (x[apart == 1], got[apart == 1]) if apart.max(initial=0) <= 1 else None


def _apart(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.int64]:
    """How many floats lie between; a million where one is NaN, or has the other sign of 0."""
    nan = np.isnan(a) & np.isnan(b)
    i, j = (v.view(np.int32).astype(np.int64) for v in (a, b))
    i, j = (np.where(v < 0, -(v + 2**31) - 1, v) for v in (i, j))  # -0 lies one below 0
    apart = np.where(nan, 0, np.abs(i - j))
    zeros = (a == 0) & (b == 0) & (i != j)
    apart[zeros | (np.isnan(a) != np.isnan(b))] = 10**6
    return apart
