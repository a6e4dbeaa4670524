"""Kernels: a program compiled for an element format of this processor, ready to run over memory."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from nonlin.compiler import cache as store
from nonlin.compiler import native
from nonlin.compiler.formats import FORMATS
from nonlin.compiler.kind import Kind
from nonlin.compiler.target import host

if TYPE_CHECKING:
    from nonlin.compiler.ir import Module
    from nonlin.compiler.program import Program

__all__ = ["LOOP", "DoubleDouble", "Kernel"]

LOOP = ctypes.CFUNCTYPE(
    ctypes.c_int64, *[ctypes.c_void_p] * 4, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p
)

_SMALL = 1 << 16  # elements that take less than a tenth of a second whatever they are


class Kernel:
    """A program, a format and what to do with them; compiled when first run.

    Parameters
    ----------
    recipe
        Text that determines the program; code is cached under it.
    program
        Makes the program, if it is not to be had from the cache.
    dtype
        A name in :data:`nonlin.compiler.formats.FORMATS`.
    fast
        For float32: compute in float32 as well, to about six digits.
    coarse
        The same, quicker: for arrays of whole vectors (:mod:`nonlin.compiler.coarse`).
    values
        For float32: the parameters it will always be run with. It may then be a quick one: see
        :mod:`nonlin.compiler.quick`.

    Examples
    --------
    >>> import nonlin
    >>> "define" in nonlin.relu.kernel("float32").ir
    True
    """

    def __init__(
        self,
        recipe: str,
        program: Callable[[], Program],
        dtype: str,
        kind: Kind = Kind.MAP,
        *,
        fast: bool = False,
        coarse: bool = False,
        values: Sequence[float] | None = None,
    ) -> None:
        self.recipe, self.format, self.kind = recipe, FORMATS[dtype], kind
        self.fast, self.coarse = (wanted and dtype == "float32" for wanted in (fast, coarse))
        self.values = None if values is None or dtype != "float32" else tuple(values)
        self._program = program
        self._loop: Any = None
        self._loop_address = self._exact_address = 0
        self.piece = _SMALL

    @cached_property
    def program(self) -> Program:
        """What it computes."""
        return self._program()

    @cached_property
    def ir(self) -> str:
        """LLVM IR of the loop and what it calls."""
        return self._loop_module().text

    def _loop_module(self) -> Module:
        if self.values is not None:
            from nonlin.compiler.quick import quick_module

            quick = quick_module(self)
            if quick is not None:
                return quick
        from nonlin.compiler.coarse import coarse_kernel
        from nonlin.compiler.llvm import exact_function, lanes_function, loop, new_module

        module = new_module(host())
        if self.format.exact:
            exact_function(module, "exact", self.program, self.kind, internal=True)
            loop(module, "kernel", self.format, self.kind, "", "exact")
        elif self.coarse:
            coarse_kernel(module, "kernel", self.program)
        else:
            type_ = "float" if self.fast else "double"
            lanes_function(module, "lanes", self.program, self.kind, type_=type_)
            loop(module, "kernel", self.format, self.kind, "lanes", None, single=self.fast)
        return module

    def _exact_module(self) -> Module:
        """The exact arithmetic that rare elements take."""
        from nonlin.compiler.far import far_function, has_far_sines
        from nonlin.compiler.llvm import exact_function, new_module

        module, far = new_module(host()), has_far_sines(self.program)
        exact_function(module, "wide" if far else "exact", self.program, self.kind, internal=far)
        if far:
            far_function(module, "exact", self.program, self.kind, "wide", internal=False)
        return module

    @property
    def key(self) -> str:
        """What its code is cached under: it changes with all that the code depends on."""
        name = self.format.name + (" coarse" if self.coarse else " fast" if self.fast else "")
        if self.values is not None:
            name += f" quick {self.values}"
        return store.key(self.recipe, self.kind.value, name)

    @property
    def code(self) -> bytes:
        """The machine code of the loop and of its exact arithmetic (their keys, where no code can be kept)."""
        _ = self.addresses
        keys = [self.key] if self.format.exact else [self.key, self._exact_key]
        return b"".join(store.load(key) or key.encode() for key in keys)

    @cached_property
    def assembly(self) -> str:
        """Assembly of the loop, as this processor runs it."""
        return native.assembly(self.ir)

    @property
    def addresses(self) -> tuple[int, int]:
        """Where the loop and the exact arithmetic are in memory; loads or compiles them."""
        if not self.format.exact and not self._exact_address:
            self._load_exact()
        return self.loop_address, self._exact_address

    @property
    def loop_address(self) -> int:
        """Where the loop is; loads or compiles it."""
        if not self._loop_address:
            self._loaded()
        return self._loop_address

    @property
    def exact_address(self) -> int:
        """Where the exact arithmetic is, or 0 as long as no element has needed it."""
        return self._exact_address

    @property
    def complete(self) -> bool:
        """Whether its exact arithmetic is there, or to be had without compiling."""
        return self.format.exact or bool(self._exact_address) or store.has(self._exact_key)

    @property
    def _exact_key(self) -> str:
        return store.key(self.recipe, self.kind.value, "exact")

    def _loaded(self) -> Any:
        with native.lock:  # several threads may ask at once
            if self._loop is None:
                imports = _runtime() if self.format.exact else {}
                address = native.load(self.key, self._loop_module, imports)["kernel"]
                self._loop_address, self._loop = address, LOOP(address)
            return self._loop

    def _load_exact(self) -> None:
        with native.lock:
            if not self._exact_address:
                found = native.load(self._exact_key, self._exact_module, _runtime())
                self._exact_address = found["exact"]

    def run(self, x: int, gradient: int, out: int, second: int, n: int, params: int) -> None:
        """Run over ``n`` elements at the given addresses (0 for an array that is not used).

        ``out`` may be ``x`` or ``gradient`` itself; any other overlap is the caller's to avoid.
        ``params`` is the address of the parameters as float64.
        """
        size = self.format.size
        loop = self._loop or self._loaded()
        done = 0
        while done < n:
            at = done * size
            done += loop(
                x + at, gradient + at if gradient else 0, out + at, second + at if second else 0,
                n - done, params, self._exact_address,
            )  # fmt: skip
            if done < n:  # an element needs the exact arithmetic, which is not loaded yet
                self._load_exact()

    def took(self, count: int, seconds: float) -> None:
        """Learn from a run how many elements, :attr:`piece`, keep signals waiting for a moment only."""
        if seconds > 0.05:
            self.piece = _SMALL
        elif count == self.piece and seconds < 0.002:
            self.piece = min(2 * count, 1 << 20)


class DoubleDouble(Kernel):
    """The exact arithmetic as a judge: float64 in; out the nearest double and what it lacks.

    What it lacks is in units of the double's last place, from -1/2 to 1/2; some 45 bits of that are good.
    """

    def __init__(self, recipe: str, program: Callable[[], Program]) -> None:
        super().__init__(f"double-double {recipe}", program, "float64", Kind.PAIR)

    def _loop_module(self) -> Module:
        from nonlin.compiler.llvm import exact_function, loop, new_module

        module = new_module(host())
        exact_function(module, "exact", self.program, Kind.MAP, internal=True, tails=True)
        loop(module, "kernel", self.format, Kind.PAIR, "", "exact")
        return module


@cache
def _runtime() -> dict[str, int]:
    """The functions of the exact arithmetic, which all kernels share."""

    def module() -> Module:
        from nonlin.compiler.llvm import runtime_module

        return runtime_module(host())

    return native.load(store.key("runtime"), module, {})
