"""The functions of rows as NumPy's generalised universal functions, for calls that are over in microseconds.

Such a call costs NumPy a microsecond and Python the check of its arguments, where :mod:`nonlin.rowwise` takes
several. The functions are for that module's callers alone: they take what lies in memory without gaps, and
nothing else. Their last operand is memory to work in. Signatures, with m rows of n scores:

* softmax, log_softmax: ``(n),(work)->(n)``;
* loss: ``(m,n),(m),(work)->(m)``, of int64 targets; losses are doubles. Where a target is no class, the first
  loss is -1, which no loss can be, and nothing else is computed: what to say then is the caller's to know;
* gradient, of the mean of the losses: ``(m,n),(m),(work)->(m),(m,n)``.

Source: *NumPy C-API*, "Generalized Universal Function API".
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from nonlin.compiler import cache as store
from nonlin.compiler import native
from nonlin.compiler.target import host
from nonlin.compiler.ufunc import table_of_numpy

if TYPE_CHECKING:
    from nonlin.compiler.ir import Function, Module, Value

__all__ = ["WRONG_TARGET", "load_row_loops", "loops_at_hand", "universal_rows"]

WRONG_TARGET = -1.0
"""The first loss where a target is no class."""
_KEY = "ufunc loops of rows"
_SIGNATURES = {
    "softmax": "(n),(w)->(n)",
    "log_softmax": "(n),(w)->(n)",
    "loss": "(m,n),(m),(w)->(m)",
    "gradient": "(m,n),(m),(w)->(m),(m,n)",
}
_NOBODY = -100  # cross-entropy's ignore_index: here no target is left out
_LINE = 64


# -- the loops ------------------------------------------------------------------------------------
def load_row_loops() -> dict[str, int]:
    """The addresses of the loops, by the name of a function: from the cache, or compiled and kept there."""
    return native.load(store.key(_KEY), _module)


_loops = cache(load_row_loops)


def loops_at_hand(dtype: str) -> bool:
    """Whether a universal function of rows of that dtype needs nothing compiled."""
    return store.has(store.key(_KEY)) and store.has(store.key("rows", dtype))


def _module() -> Module:
    from nonlin.compiler.llvm import new_module

    module = new_module(host())
    for kind in _SIGNATURES:
        _loop(module, kind)
    return module


def _loop(module: Module, kind: str) -> None:
    """``loop(args, dimensions, strides, record)`` for one function; a record is its code, its constants, what puts
    down the flags of errors, and the size of a score."""
    names = ("args", "dimensions", "strides", "record")
    fn = module.function(kind, [(name, "ptr") for name in names], [], internal=False)
    args, dimensions, strides, record = fn.arguments
    code, params, quiet = (fn.load(record, "ptr", i) for i in range(3))
    size = fn.load(record, "i64", 3)
    times = fn.load(dimensions, "i64", 0)

    def at(operand: int, i: Value | int = 0) -> Value:
        return fn.load(args, "i64", operand) + fn.load(strides, "i64", operand) * i

    def run(
        x: Value, targets: Value, out: Value, losses: Value, rows: Value, n: Value, options: Value, work: Value
    ) -> None:  # fmt: skip
        work = (work + (_LINE - 1)) & -_LINE
        given = [x, targets, out, losses, rows, n]
        rest = [v.to("ptrtoint", "i64") for v in (params, null, null, options)]
        shown = ", ".join(f"i64 {v.ref}" for v in (*given, *rest, work))
        fn.do(f"call void {code.ref}({shown})")

    null = fn.lift(0, "ptr")
    nothing = fn.i64(0)
    if kind in ("softmax", "log_softmax"):
        n = fn.load(dimensions, "i64", 1)

        def rows(i: Value | int, count: Value) -> None:
            run(at(0, i), nothing, at(2, i), nothing, count, n, null, at(1, i))

        length = n * size
        whole = fn.load(strides, "i64", 0).eq(length) & fn.load(strides, "i64", 2).eq(length)
        fn.either(
            whole,
            lambda: rows(0, times),
            lambda: fn.loop(times, lambda i: rows(i, fn.i64(1))),
        )
    else:
        m, n = (fn.load(dimensions, "i64", i) for i in (1, 2))
        options = _options(fn, m)

        def batch(i: Value) -> None:
            x, targets, work, losses = (at(operand, i) for operand in range(4))
            out = at(4, i) if kind == "gradient" else nothing
            place = targets.to("inttoptr", "ptr")

            def look(j: Value, wrong: Value) -> list[Value]:
                target = fn.load(place, "i64", j)
                return [wrong | target | (n - 1 - target)]

            (wrong,) = fn.loop(m, look, [nothing])
            fn.either(
                wrong.lt(0),
                lambda: fn.store(fn.f64(WRONG_TARGET), losses.to("inttoptr", "ptr")),
                lambda: run(x, targets, out, losses, m, n, options, work),
            )

        fn.loop(times, batch)
    fn.do(f"call void {quiet.ref}()")
    fn.ret()


def _options(fn: Function, m: Value) -> Value:
    """What :mod:`nonlin.compiler.row_loops` is told: a mean over all m rows, without weights or smoothing."""
    options = fn.emit("alloca [6 x double], align 64", "ptr")
    scale = 1.0 / m.to("sitofp", "double")
    for i, value in enumerate((fn.f64(1.0), fn.f64(1.0), scale, fn.f64(0.0))):
        fn.store(value, options, i)
    fn.store(fn.i64(_NOBODY), options, 4)
    fn.store(fn.f64(0.0), options, 5)
    return options


# -- NumPy's functions ----------------------------------------------------------------------------
_FROM_SIGNATURE, _CLEAR_FLAGS = 31, 27  # places in NumPy's table (numpy/__ufunc_api.h)
_NO_IDENTITY = -1
_POINTER, _INT = ctypes.c_void_p, ctypes.c_int
_from_signature = ctypes.PYFUNCTYPE(
    ctypes.py_object, _POINTER, _POINTER, _POINTER, *[_INT] * 4, _POINTER, _POINTER, _INT, _POINTER
)  # fmt: skip
_kept: list[object] = []  # what they refer to, for good, as the code itself


def universal_rows(kind: str, dtype: str, code: int, constants: int) -> np.ufunc:
    """The universal function of compiled rows.

    Parameters
    ----------
    kind
        ``"softmax"``, ``"log_softmax"``, ``"loss"`` or ``"gradient"``.
    dtype
        Of the scores, float32 or float64.
    code, constants
        The addresses of the compiled function, and of what it reads at ``params``; they stay what they are.

    Raises
    ------
    CompileError
        NumPy, or this system, does not let it.
    """
    table = table_of_numpy()
    scores, target, loss, byte = (np.dtype(t).num for t in (dtype, np.int64, np.float64, np.uint8))
    operands = {
        "loss": [scores, target, byte, loss],
        "gradient": [scores, target, byte, loss, scores],
    }.get(kind, [scores, byte, scores])
    inputs = 2 if len(operands) == 3 else 3
    record = (_POINTER * 4)(code, constants, table[_CLEAR_FLAGS], np.dtype(dtype).itemsize)
    functions = (_POINTER * 1)(_loops()[kind])
    data = (_POINTER * 1)(ctypes.addressof(record))
    types = ctypes.create_string_buffer(bytes(operands))
    texts = [ctypes.create_string_buffer(t.encode()) for t in (kind, "", _SIGNATURES[kind])]
    _kept.append((record, functions, data, types, texts))
    name, doc, signature = map(ctypes.addressof, texts)
    made: np.ufunc = _from_signature(table[_FROM_SIGNATURE])(
        ctypes.addressof(functions), ctypes.addressof(data), ctypes.addressof(types), 1,
        inputs, len(operands) - inputs, _NO_IDENTITY, name, doc, 0, signature,
    )  # fmt: skip
    return made
