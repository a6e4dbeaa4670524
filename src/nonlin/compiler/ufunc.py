"""Kernels as NumPy's own universal functions.

NumPy keeps a table of its C functions, in a capsule, and one of them makes a ``numpy.ufunc`` of loops
``void loop(char **args, npy_intp *dimensions, npy_intp *strides, void *data)``. Here such a loop is machine
code like the kernels themselves, and ``data`` a record of what to call. So a call costs what one of NumPy's
functions costs; broadcasting, ``out=``, ``where=`` and the rest are NumPy's.

A loop goes one of three ways:

* numbers side by side, and results apart from them or in their place: the kernel runs over them as they are, by
  several threads where there are many and threads are at hand;
* other strides, or results that begin before the numbers, as NumPy allows: through buffers on the stack;
* a result that is an operand of the next, as in ``accumulate``: one element after another.

Kernels raise floating-point flags on ways that they do not take in the end. The loop puts them down, as
NumPy would warn of them.

Source: *NumPy C-API*, "UFunc API".
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from nonlin.compiler import cache as store
from nonlin.compiler import native
from nonlin.compiler.crew import SPREAD_FROM
from nonlin.compiler.kind import Kind
from nonlin.compiler.target import host
from nonlin.errors import CompileError

if TYPE_CHECKING:
    from nonlin.compiler.ir import Module, Value
    from nonlin.compiler.kernel import Kernel

__all__ = ["at_hand", "load_loops", "table_of_numpy", "universal"]

_CHUNK = 128  # elements of a buffer: whole vectors, and all buffers less than a page of the stack
_STORAGE = {2: "i16", 4: "i32", 8: "i64"}
_OPERANDS = {Kind.MAP: (1, 1), Kind.PAIR: (1, 2), Kind.SCALE: (2, 1)}
_KEY = "ufunc loops"


# -- the loops ------------------------------------------------------------------------------------
def load_loops() -> dict[str, int]:
    """The addresses of the loops, by the name of a kind: from the cache, or compiled and kept there."""
    return native.load(store.key(_KEY), _module)


_loops = cache(load_loops)


def at_hand(kernel: Kernel) -> bool:
    """Whether a universal function of a kernel, which has been run, needs nothing compiled."""
    return kernel.complete and (bool(_loops.cache_info().currsize) or store.has(store.key(_KEY)))


def _module() -> Module:
    from nonlin.compiler.llvm import new_module

    module = new_module(host())
    _copy_function(module)
    for kind in Kind:
        _Loop(module, kind).write()
    return module


def _copy_function(module: Module) -> None:
    """``copy(from, step, to, stride, n, size)``: n elements of that size."""
    names = ("from", "step", "to", "stride", "n", "size")
    fn = module.function("copy", [(n, "i64") for n in names], [], attributes="nounwind noinline")
    source, step, target, stride, n, size = fn.arguments

    def copy(bytes_: int, type_: str) -> None:
        def one(i: Value) -> None:  # volatile, so that LLVM makes one loop of it and not ten
            at, to = (v.to("inttoptr", "ptr") for v in (source + step * i, target + stride * i))
            value = fn.emit(f"load volatile {type_}, ptr {at.ref}, align {bytes_}", type_)
            fn.do(f"store volatile {type_} {value.ref}, ptr {to.ref}, align {bytes_}")

        fn.when(size.eq(bytes_), lambda: fn.loop(n, one))

    for bytes_, type_ in _STORAGE.items():
        copy(bytes_, type_)
    fn.ret()


@dataclass(frozen=True, slots=True)
class _Operand:
    """One of the arrays: where its first element is, how far the next, and where its memory ends."""

    at: Value
    stride: Value
    low: Value
    high: Value

    def apart_from(self, other: _Operand) -> Value:
        return self.high.le(other.low) | other.high.le(self.low)

    def ahead_of(self, result: _Operand) -> Value:
        """Whether each element is read before any result is written there."""
        up = result.stride.gt(0) & self.stride.ge(result.stride) & self.at.ge(result.at)
        down = result.stride.lt(0) & self.stride.le(result.stride) & self.at.le(result.at)
        return up | down

    def element(self, i: Value) -> Value:
        return (self.at + self.stride * i).to("inttoptr", "ptr")


class _Loop:
    def __init__(self, module: Module, kind: Kind) -> None:
        arguments = [(name, "ptr") for name in ("args", "dimensions", "strides", "record")]
        self.fn = module.function(kind.value, arguments, [], internal=False)
        self.kind = kind
        self.inputs, self.outputs = _OPERANDS[kind]

    def write(self) -> None:
        fn = self.fn
        args, dimensions, strides, record = fn.arguments
        count = self.inputs + self.outputs
        rooms = [fn.emit(f"alloca [{_CHUNK} x i64], align 64", "ptr") for _ in range(count)]
        n = fn.load(dimensions, "i64")
        self.code, self.params, self.exact, quiet = (fn.load(record, "ptr", i) for i in range(4))
        self.size, self.spread, self.crew = (fn.load(record, "i64", i) for i in range(4, 7))
        every = []
        for i in range(count):
            at, stride = fn.load(args, "i64", i), fn.load(strides, "i64", i)
            last, back = at + stride * (n - 1), stride.lt(0)
            ends = back.select(last, at), back.select(at, last) + self.size
            every.append(_Operand(at, stride, *ends))
        pairs = [(a, b) for a in every[: self.inputs] for b in every[self.inputs :]]

        side_by_side = _all([a.stride.eq(self.size) for a in every]) | n.le(1)
        direct = side_by_side & _all([a.apart_from(b) | a.at.eq(b.at) for a, b in pairs])
        fn.branch(direct, "direct", "other")
        fn.label("direct")
        fn.branch(n.ge(SPREAD_FROM) & self.spread.ne(0), "many", "alone")
        fn.label("many")
        fn.branch(self.spread_out(every, n).ne(0), "done", "alone")
        fn.label("alone")
        self.call([a.at.to("inttoptr", "ptr") for a in every], n)
        fn.jump("done")
        fn.label("other")
        fn.either(
            _all([a.apart_from(b) | a.ahead_of(b) for a, b in pairs]),
            lambda: fn.loop(n, lambda i: self.chunk(i, n, every, rooms), step=_CHUNK),
            lambda: fn.loop(n, lambda i: self.call([a.element(i) for a in every], fn.i64(1))),
        )
        fn.jump("done")
        fn.label("done")
        fn.do(f"call void {quiet.ref}()")
        fn.ret()

    def chunk(
        self, base: Value, n: Value, every: Sequence[_Operand], rooms: Sequence[Value]
    ) -> None:
        left = n - base
        count = left.lt(_CHUNK).select(left, _CHUNK, "i64")
        views = [(a.at + a.stride * base, a.stride) for a in every]
        buffers = [(room.to("ptrtoint", "i64"), self.size) for room in rooms]
        for view, buffer in list(zip(views, buffers, strict=True))[: self.inputs]:
            self.copy(*view, *buffer, count)
        self.call(rooms, count)
        for view, buffer in list(zip(views, buffers, strict=True))[self.inputs :]:
            self.copy(*buffer, *view, count)

    def copy(self, *arguments: Value) -> None:
        given = ", ".join(f"i64 {a.ref}" for a in (*arguments, self.size))
        self.fn.do(f"call void @copy({given})")

    def spread_out(self, every: Sequence[_Operand], n: Value) -> Value:
        """Have several threads run the kernel; 0 if there are none for it."""
        fn = self.fn
        function, crew = (v.to("inttoptr", "ptr") for v in (self.spread, self.crew))
        code, *rest = (v.to("ptrtoint", "i64") for v in (self.code, self.params, self.exact))
        given = [code, n, self.size, *self.places([a.at for a in every], fn.i64(0)), *rest]
        shown = ", ".join(f"i64 {v.ref}" for v in given)
        return fn.emit(f"call i32 {function.ref}(ptr {crew.ref}, {shown})", "i32")

    def places(self, arrays: Sequence[Value], nothing: Value) -> list[Value]:
        """A kernel's four arrays, of those in the order of the universal function's operands."""
        match self.kind:
            case Kind.MAP:
                x, out = arrays
                return [x, nothing, out, nothing]
            case Kind.PAIR:
                x, out, second = arrays
                return [x, nothing, out, second]
            case Kind.SCALE:
                gradient, x, out = arrays
                return [x, gradient, out, nothing]

    def call(self, arrays: Sequence[Value], count: Value) -> None:
        """Run the kernel over arrays in the order of the universal function's operands."""
        places = self.places(arrays, self.fn.lift(0, "ptr"))
        given = ", ".join(f"ptr {v.ref}" for v in places)
        rest = f"i64 {count.ref}, ptr {self.params.ref}, ptr {self.exact.ref}"
        self.fn.emit(f"call i64 {self.code.ref}({given}, {rest})", "i64")


def _all(conditions: Sequence[Value]) -> Value:
    result, *rest = conditions
    for condition in rest:
        result = result & condition
    return result


# -- NumPy's table --------------------------------------------------------------------------------
# Places in it, which are the same in all NumPys (numpy/__ufunc_api.h).
_FROM_FUNCTIONS, _REGISTER_LOOP, _CLEAR_FLAGS = 1, 2, 27
_NO_IDENTITY = -1
_POINTER, _INT, _OBJECT = ctypes.c_void_p, ctypes.c_int, ctypes.py_object
_from_functions = ctypes.PYFUNCTYPE(
    _OBJECT, _POINTER, _POINTER, _POINTER, *[_INT] * 4, _POINTER, _POINTER, _INT
)  # fmt: skip
_register_loop = ctypes.PYFUNCTYPE(_INT, _OBJECT, _INT, _POINTER, _POINTER, _POINTER)

_kept: list[object] = []  # what universal functions refer to, for good, as the code itself


@cache
def table_of_numpy() -> Any:
    try:
        capsule = import_module("numpy._core._multiarray_umath")._UFUNC_API
        pointer = ctypes.PYFUNCTYPE(_POINTER, _OBJECT, ctypes.c_char_p)(
            ("PyCapsule_GetPointer", ctypes.pythonapi)
        )
    except (ImportError, AttributeError):
        raise CompileError("this NumPy has no table of C functions") from None
    if ctypes.sizeof(_POINTER) != 8:
        raise CompileError("universal functions are made on systems of 64 bits only")
    return ctypes.cast(pointer(capsule, None), ctypes.POINTER(_POINTER))


def universal(
    name: str, doc: str, kernels: Sequence[Kernel], values: Sequence[float],
    spread: tuple[int, int] = (0, 0),
) -> np.ufunc:  # fmt: skip
    """A universal function of kernels of one kind, which are loaded for it or compiled.

    Parameters
    ----------
    name, doc
        Its ``__name__``, and what follows the signature in its ``__doc__``.
    kernels
        One for each format. NumPy takes the first that all operands can be converted to safely, if there
        is none of just their dtypes.
    values
        The parameters that they are run with.
    spread
        Addresses of what has several threads run a kernel, and of the crew (:mod:`nonlin.compiler.crew`); 0 if
        one thread is to do it.

    Raises
    ------
    CompileError
        NumPy, or this system, does not let it.
    """
    table = table_of_numpy()
    kind = kernels[0].kind
    inputs, outputs = _OPERANDS[kind]
    params = (ctypes.c_double * len(values))(*values)
    made = [(k.format, _record(k, params, table[_CLEAR_FLAGS], spread)) for k in kernels]
    loop = _loops()[kind.value]
    own = [(f, r) for f, r in made if f.name != "bfloat16"]  # the dtypes that NumPy comes with
    functions = (_POINTER * len(own))(*[loop] * len(own))
    data = (_POINTER * len(own))(*(ctypes.addressof(r) for _, r in own))
    numbers = [np.dtype(f.name).num for f, _ in own for _ in range(inputs + outputs)]
    types = ctypes.create_string_buffer(bytes(numbers))
    texts = [ctypes.create_string_buffer(text.encode()) for text in (name, doc)]
    _kept.append((params, made, functions, data, types, texts))
    result: np.ufunc = _from_functions(table[_FROM_FUNCTIONS])(
        ctypes.addressof(functions), ctypes.addressof(data), ctypes.addressof(types), len(own),
        inputs, outputs, _NO_IDENTITY, *map(ctypes.addressof, texts), 0,
    )  # fmt: skip
    for format_, record in made:
        if format_.name == "bfloat16":
            import ml_dtypes

            number = np.dtype(ml_dtypes.bfloat16).num
            all_alike = (_INT * (inputs + outputs))(*[number] * (inputs + outputs))
            _register_loop(table[_REGISTER_LOOP])(
                result, number, loop, ctypes.addressof(all_alike), ctypes.addressof(record)
            )
    return result


def _record(kernel: Kernel, params: Any, clear: int, spread: tuple[int, int]) -> Any:
    """What a loop is handed: see :meth:`_Loop.write`."""
    code, exact = kernel.addresses
    size = kernel.format.size
    return (_POINTER * 7)(code, ctypes.addressof(params), exact, clear, size, *spread)
