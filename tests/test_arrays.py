"""The array API: whatever array comes in, every element gets what it would get on its own.

A kernel sees one aligned stretch of memory, in blocks, perhaps by several threads. None of that may
show: here results are compared bit for bit, over all the ways in which NumPy can lay out an array.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import nonlin
from nonlin.errors import (
    DtypeError,
    FormulaError,
    NotAFunctionOfOutputError,
    ParameterError,
)

Array = np.ndarray[Any, Any]
Call = Callable[..., Any]

DTYPES: dict[str, Any] = {
    "float16": np.dtype(np.float16),
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "float32": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
}
BITS = {2: np.uint16, 4: np.uint32, 8: np.uint64}
# One with a kink, one with a parameter, one that saturates, and one whose tails need care.
FUNCTIONS: dict[str, dict[str, float]] = {
    "relu": {},
    "leaky_relu": {"negative_slope": 0.1},
    "tanh": {},
    "mish": {},
}
pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # NumPy's; none may come
each_dtype = pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
each_function = pytest.mark.parametrize("name", FUNCTIONS)


# -- what is called, and on what ------------------------------------------------------------------
def sample(dtype: Any, n: int, seed: int = 5) -> Array:
    """Numbers of every kind, among them those that a kernel computes apart from their block."""
    rng = np.random.default_rng(seed)
    info = ml_dtypes.finfo(dtype.newbyteorder("="))
    special = [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 6.0, 88.0, -88.0, -700.0]
    special += [float(v) for v in (info.max, -info.max, info.tiny, info.smallest_subnormal)]
    values = rng.normal(0, 3, n)
    some = rng.integers(0, 12, n) == 0
    values[some] = rng.choice(special, int(some.sum()))
    with np.errstate(all="ignore"):
        return values.astype(dtype)


def gradient_for(x: Array) -> Array:
    return sample(np.asarray(x).dtype, np.size(x), seed=6).reshape(np.shape(x))


def value(f: nonlin.Activation, x: Any, **kw: Any) -> Any:
    return f(x, **kw)


def derivative(f: nonlin.Activation, x: Any, **kw: Any) -> Any:
    return f.derivative(x, **kw)


def second_derivative(f: nonlin.Activation, x: Any, **kw: Any) -> Any:
    return f.second_derivative(x, **kw)


def value_and_derivative(f: nonlin.Activation, x: Any, **kw: Any) -> Any:
    return f.value_and_derivative(x, **kw)


def backward(f: nonlin.Activation, x: Any, **kw: Any) -> Any:
    return f.backward(gradient_for(x), x, **kw)


def derivative_from_output(f: nonlin.Activation, x: Any, **kw: Any) -> Any:
    return f.derivative_from_output(x, **kw)


WRITERS: list[Call] = [value, derivative, second_derivative, backward, derivative_from_output]
CALLS: list[Call] = [*WRITERS, value_and_derivative]
CASES = [
    pytest.param(name, call, id=f"{name} {call.__name__}")
    for name in FUNCTIONS
    for call in CALLS
    if not (name == "mish" and call is derivative_from_output)
]
WRITING = [c for c in CASES if c.values[1] is not value_and_derivative]


def same(got: Any, want: Any) -> bool:
    """Equal in shape, dtype and every bit; NaNs are alike."""
    if isinstance(want, tuple):
        return isinstance(got, tuple) and all(map(same, got, want)) and len(got) == len(want)
    a, b = np.asarray(got), np.asarray(want)
    if a.dtype != b.dtype or not a.dtype.isnative or a.shape != b.shape:
        return False
    bits = BITS[a.dtype.itemsize]
    a, b = np.ascontiguousarray(a), np.ascontiguousarray(b)
    with np.errstate(invalid="ignore"):
        nan = np.isnan(a) & np.isnan(b)
    return bool(np.all(nan | (a.view(bits) == b.view(bits)).reshape(nan.shape)))


def plain(x: Any) -> Array:
    """The same values as an ordinary array of its own."""
    array = np.asarray(x)
    result = np.empty(array.shape, array.dtype.newbyteorder("="))
    result[...] = array
    return result


def in_a_process(code: str) -> None:
    """Run a script that may crash or hang: that fails the test and nothing else."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stderr[-3000:]}"


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    yield nonlin.set_num_threads
    nonlin.set_num_threads(os.cpu_count() or 1)


# -- layouts --------------------------------------------------------------------------------------
def unaligned(v: Array) -> Array:
    memory = bytearray(v.nbytes + 1)
    memory[1:] = v.tobytes()
    return np.frombuffer(memory, v.dtype, offset=1).reshape(v.shape)


def read_only(v: Array) -> Array:
    w = v.copy()
    w.flags.writeable = False
    return w


def sliced(v: Array) -> Array:
    wide = np.zeros((2 * v.shape[0] + 3, 3 * v.shape[1] + 2), v.dtype)
    view = wide[2 : 2 + 2 * v.shape[0] : 2, 1 : 1 + 3 * v.shape[1] : 3]
    view[...] = v
    return view


def matrix(v: Array) -> Array:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return np.matrix(v)


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "fortran": np.asfortranarray,
    "transposed": lambda v: v.T,
    "axes of three rotated": lambda v: v.reshape(5, -1, 4).transpose(2, 0, 1),
    "rows reversed": lambda v: v[::-1],
    "all reversed": lambda v: v[::-1, ::-1],
    "every third": lambda v: v.reshape(-1)[::3],
    "sliced": sliced,
    "one column": lambda v: v[:, 2:3],
    "a row for all": lambda v: np.broadcast_to(v[0], v.shape),
    "a column for all": lambda v: np.broadcast_to(v[:, :1], v.shape),
    "one number for all": lambda v: np.broadcast_to(v[0, 0], (3, 2, 4)),
    "overlapping windows": lambda v: np.lib.stride_tricks.sliding_window_view(v.reshape(-1), 7),
    "axes of length one": lambda v: v[:, None, :, None],
    "other byte order": lambda v: v.astype(v.dtype.newbyteorder("S")),
    "other byte order, strided": lambda v: v.astype(v.dtype.newbyteorder("S"))[::2, ::-1],
    "unaligned": unaligned,
    "unaligned, transposed": lambda v: unaligned(v).T,
    "read-only": read_only,
    "matrix": matrix,
    "masked": lambda v: np.ma.masked_array(v, mask=np.arange(v.size).reshape(v.shape) % 2 == 0),
    "no dimensions": lambda v: v[1, 1],
    "array of no dimensions": lambda v: np.asarray(v[1, 1]),
    "empty": lambda v: v[:0],
    "empty, several axes": lambda v: np.empty((3, 0, 2), v.dtype),
}  # fmt: skip


@each_dtype
@pytest.mark.parametrize(("name", "call"), CASES)
def test_every_layout(name: str, call: Call, dtype: Any) -> None:
    f, parameters = nonlin.catalogue[name], FUNCTIONS[name]
    v = sample(dtype, 240).reshape(12, 20)
    for layout, of in LAYOUTS.items():
        x = of(v)
        before = plain(x)
        got, want = call(f, x, **parameters), call(f, before, **parameters)
        assert same(got, want), layout
        assert same(plain(x), before), f"{layout}: the input was changed"
        for y in got if isinstance(got, tuple) else [got]:
            assert y.shape == x.shape and y.dtype == dtype, layout
            # A number for a number, and a plain array for everything else.
            assert type(y) is (np.ndarray if x.ndim else dtype.type), layout


@each_dtype
@pytest.mark.parametrize(("name", "call"), CASES)
def test_each_element_for_itself(name: str, call: Call, dtype: Any) -> None:
    f, parameters = nonlin.catalogue[name], FUNCTIONS[name]
    x = sample(dtype, 300)
    together = call(f, x, **parameters)
    if call is backward:
        g = gradient_for(x)
        alone = [f.backward(g[i], x[i], **parameters) for i in range(x.size)]
    else:
        alone = [call(f, x[i], **parameters) for i in range(x.size)]
    if call is value_and_derivative:
        assert same(together, tuple(np.array(part) for part in zip(*alone, strict=True)))
    else:
        assert same(together, np.array(alone))


@each_dtype
@each_function
def test_the_calls_agree_with_each_other(name: str, dtype: Any) -> None:
    f, parameters = nonlin.catalogue[name], FUNCTIONS[name]
    x = sample(dtype, 300)
    first = f.derivative(x, **parameters)
    assert same(f.backward(np.ones_like(x), x, **parameters), first)
    assert same(f.value_and_derivative(x, **parameters), (f(x, **parameters), first))


@pytest.mark.parametrize(("number", "name"), list(enumerate(nonlin.catalogue)))
def test_the_whole_catalogue(number: int, name: str) -> None:
    """Each function in one format and one call, in turn: they share their loops."""
    f = nonlin.catalogue[name]
    call = (f, f.derivative)[number // 4 % 2]
    x = sample(list(DTYPES.values())[number % 4], 259)
    with np.errstate(all="raise"):
        want = call(x)
        assert want.dtype == x.dtype and want.shape == x.shape
        assert same(call(x.reshape(7, 37)[::-1, ::2]), want.reshape(7, 37)[::-1, ::2])
        assert same(call(x[7]), want[7])
        assert call(x, out=x) is x
    assert same(x, want)


# -- sizes and threads ----------------------------------------------------------------------------
BLOCK, PAGE, SPLIT = 256, 4096, 1 << 16
SIZES = sorted(
    {n for b in (8, 16, 64, BLOCK, 2 * BLOCK, PAGE, SPLIT, 2 * SPLIT) for n in (b - 1, b, b + 1)}
    | {1, 2, 3, 2 * SPLIT + 3, 3 * SPLIT - 1}
)


@each_dtype
@pytest.mark.parametrize("name", ["relu", "tanh"])
def test_sizes(name: str, dtype: Any, threads: Callable[[int], None]) -> None:
    """Around the length of a vector, of a block, and what one thread takes."""
    f = nonlin.catalogue[name]
    period = sample(dtype, 251)  # a prime, so that each number meets each place in a block
    want = f(period)
    threads(3)
    for n in SIZES:
        assert same(f(np.resize(period, n)), np.resize(want, n)), n


@each_dtype
@pytest.mark.parametrize("call", [value, backward, value_and_derivative])
def test_threads_change_nothing(call: Call, dtype: Any, threads: Callable[[int], None]) -> None:
    x = sample(dtype, 3 * SPLIT + 1)
    threads(1)
    alone = call(nonlin.relu, x)
    for n in (2, 3, 64):
        threads(n)
        assert same(call(nonlin.relu, x), alone), n


def test_threads_work_in_place(threads: Callable[[int], None]) -> None:
    x = sample(np.dtype(np.float32), 3 * SPLIT + 1)
    want = nonlin.tanh(x)
    threads(3)
    nonlin.tanh(x, out=x)
    assert same(x, want)


@pytest.mark.parametrize("n", [0, -1, 1.5, 2.0, "2", None, True, np.float64(2), [2], math.nan])
def test_a_wrong_number_of_threads(n: Any) -> None:
    with pytest.raises(ValueError, match="whole number of at least 1"):
        nonlin.set_num_threads(n)


@pytest.mark.parametrize("n", [1, 2, 10**6, np.int64(2), np.uint8(1)])
def test_a_right_number_of_threads(n: Any, threads: Callable[[int], None]) -> None:
    threads(n)
    x = sample(np.dtype(np.float32), 2 * SPLIT)
    assert same(nonlin.relu(x), np.concatenate([nonlin.relu(x[:SPLIT]), nonlin.relu(x[SPLIT:])]))


def test_several_threads_at_once(threads: Callable[[int], None]) -> None:
    """All begin with a function that none has compiled; the number of threads changes meanwhile."""
    f = nonlin.define("z * sigmoid(a * z) + 0.28125 * tanh(z)", a=1.5)
    small, large = sample(np.dtype(np.float16), 333), sample(np.dtype(np.float32), 2 * SPLIT + 3)
    count = 6
    barrier = threading.Barrier(count + 1)
    results: list[Any] = [None] * count

    def work(i: int) -> None:
        barrier.wait()
        results[i] = [f(small), f.derivative(small), f(large), f(large, a=0.5), f(small)]

    workers = [threading.Thread(target=work, args=(i,)) for i in range(count)]
    for w in workers:
        w.start()
    barrier.wait()
    for n in (2, 1, 3, 2) * 5:
        threads(n)
    for w in workers:
        w.join()
    want = [f(small), f.derivative(small), f(large), f(large, a=0.5), f(small)]
    for got in results:
        assert got is not None and all(map(same, got, want))


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


@needs_fork
def test_after_a_fork() -> None:
    """The child has none of its parent's threads, and computes all the same; so does the parent."""
    in_a_process(f"""
import os, signal, warnings
import numpy as np, nonlin
warnings.simplefilter("ignore", DeprecationWarning)  # that a process with threads forks
signal.alarm(60)
nonlin.set_num_threads(3)
x = np.linspace(-4, 4, {3 * SPLIT + 5}, dtype=np.float32)
want = nonlin.tanh(x).tobytes()
child = os.fork()
right = nonlin.tanh(x).tobytes() == want and nonlin.silu(x[:9]).shape == (9,)
if child == 0:
    os._exit(0 if right else 3)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert right
""")


@needs_fork
def test_a_fork_while_another_thread_compiles() -> None:
    """The child must not wait for a thread that only its parent has."""
    in_a_process("""
import os, signal, threading, time, warnings
import numpy as np, nonlin
warnings.simplefilter("ignore", DeprecationWarning)  # that a process with threads forks
signal.alarm(100)
x, stop = np.ones(3, np.float32), threading.Event()
def compile_again_and_again():
    n = time.time_ns()
    while not stop.is_set():
        n += 1
        nonlin.define(f"tanh(z) * {n}")(x)
worker = threading.Thread(target=compile_again_and_again)
worker.start()
for k in range(5):
    time.sleep(0.1)
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        f = nonlin.define(f"z * {k + 2} + {time.time_ns()} - {time.time_ns()}")
        os._exit(0 if f(x).shape == (3,) else 3)
    status = os.waitpid(child, 0)[1]
    if status:
        os._exit(4)
stop.set()
worker.join()
""")


# -- numbers that are no arrays -------------------------------------------------------------------
@pytest.mark.parametrize(
    "x",
    [3, -2, 0, True, 0.5, -0.0, 2**53 + 1, 2**63, 2**64, -(10**30), math.inf, math.nan,
     [1, 2, 3], [[True, False]], [1, 0.5], (1.0, -2.0), [], [[], []], [2**70, -1.5], [2**63, -1],
     range(-3, 3), np.int8(-5), np.uint64(2**64 - 1), np.bool_(True), memoryview(b"abc")],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_python_numbers_become_float64(x: Any) -> None:
    want = np.array(x if not isinstance(x, memoryview) else list(x), dtype=np.float64)
    got = nonlin.leaky_relu(x, negative_slope=0.5)
    assert same(got, nonlin.leaky_relu(want, negative_slope=0.5))
    assert type(got) is (np.ndarray if want.ndim else np.float64)


@pytest.mark.parametrize("kind", ["?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q", ">i4"])
def test_whole_numbers_become_float64(kind: str) -> None:
    x = np.arange(12).astype(kind).reshape(3, 4)[:, ::-1]
    assert same(nonlin.tanh(x), nonlin.tanh(x.astype(np.float64)))


@each_dtype
def test_scalars_and_lists_of_scalars_keep_their_dtype(dtype: Any) -> None:
    one = dtype.type(-1.5)
    assert same(nonlin.tanh(one), nonlin.tanh(np.array([one]))[0])
    assert same(nonlin.tanh([one, one]), nonlin.tanh(np.array([one, one])))


def test_what_gives_itself_as_an_array() -> None:
    class Box:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
            return np.array([-1.0, 2.0], np.float32)

    assert same(nonlin.relu(Box()), np.array([0.0, 2.0], np.float32))


# -- what has no meaning --------------------------------------------------------------------------
STRANGE: dict[str, Any] = {
    "complex": np.array([1j]), "complex number": 1j, "complex64": np.zeros(2, np.complex64),
    "objects": np.array([1.0, 2.0], dtype=object), "object numbers": np.array([1], dtype=object),
    "none": None, "list with none": [1.0, None], "dict": {"a": 1}, "set": {1.0}, "class": object,
    "text": "1.5", "texts": ["1", "2"], "bytes": b"1.5", "text array": np.array(["a"]),
    "date": np.datetime64("2020-01-01"), "dates": np.array(["2020"], "M8[D]"),
    "times": np.array([1], "m8[s]"), "structured": np.zeros(2, [("a", "f4"), ("b", "f4")]),
    "one field": np.zeros(2, [("a", "f8")]), "void": np.zeros(2, "V2"),
    "fractions": [Fraction(1, 2)], "huge": 10**400, "list with huge": [1.0, 10**400],
    "float8": np.zeros(2, ml_dtypes.float8_e4m3fn), "int4": np.zeros(2, ml_dtypes.int4),
}  # fmt: skip
if np.dtype(np.longdouble).itemsize > 8:
    STRANGE["long double"] = np.zeros(2, np.longdouble)


@pytest.mark.parametrize("x", STRANGE.values(), ids=STRANGE)
def test_strange_input(x: Any) -> None:
    f = nonlin.tanh
    out = np.full(2, 7.0)
    calls: list[Callable[[], Any]] = [
        lambda: f(x), lambda: f.derivative(x), lambda: f.second_derivative(x),
        lambda: f.value_and_derivative(x), lambda: f.derivative_from_output(x),
        lambda: f.backward(x, np.ones(2)), lambda: f.backward(np.ones(2), x),
        lambda: f(x, out=out),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(DtypeError) as caught:
            call()
        assert isinstance(caught.value, TypeError) and isinstance(caught.value, nonlin.NonlinError)
        assert "float64" in str(caught.value)  # what would be right
    assert out.tolist() == [7.0, 7.0]


def test_ragged_lists() -> None:
    with pytest.raises(ValueError, match="inhomogeneous"):
        nonlin.relu([[1.0, 2.0], [3.0]])


# -- out ------------------------------------------------------------------------------------------
OUTS: dict[str, Callable[[Array], Array]] = {
    "new": lambda x: np.full_like(x, 5),
    "fortran": lambda x: np.full_like(x, 5, order="F"),
    "strided": lambda x: np.full((3 * x.shape[0], 2 * x.shape[1]), 5, x.dtype)[::3, ::-2],
    "transposed": lambda x: np.full(x.shape[::-1], 5, x.dtype).T,
    "unaligned": lambda x: unaligned(np.full_like(x, 5)),
    "itself": lambda x: x,
    "itself, another view": lambda x: x[:],
}


@each_dtype
@pytest.mark.parametrize(("name", "call"), WRITING)
def test_out(name: str, call: Call, dtype: Any) -> None:
    f, parameters = nonlin.catalogue[name], FUNCTIONS[name]
    v = sample(dtype, 600).reshape(20, 30)
    want = call(f, v, **parameters)
    for layout in (np.array, np.asfortranarray, sliced, unaligned):
        for kind, make in OUTS.items():
            x = layout(v)
            out = make(x)
            assert call(f, x, out=out, **parameters) is out, kind
            assert same(out, want), (layout, kind)
            assert np.may_share_memory(x, out) or same(x, v), (layout, kind)


@each_dtype
@pytest.mark.parametrize("call", WRITERS)
def test_out_overlaps_the_input(call: Call, dtype: Any) -> None:
    """Shifted by some elements either way, reversed, spread; nothing beside it is touched."""
    n, edge = 600, 20
    views: list[Callable[[Array], Array]] = [
        *(lambda m, k=k: m[edge + k : edge + k + n] for k in (-20, -3, -1, 0, 1, 2, 7, 20)),
        lambda m: m[edge : edge + n][::-1],
        lambda m: m[edge + 1 : edge + 1 + n][::-1],
    ]
    start = sample(dtype, n + 2 * edge)
    for i, source in enumerate(views):
        for j, target in enumerate(views):
            memory = start.copy()
            want = start.copy()
            target(want)[...] = call(nonlin.tanh, plain(source(start)))
            call(nonlin.tanh, source(memory), out=target(memory))
            assert same(memory, want), (i, j)


@each_dtype
def test_out_overlaps_the_gradient(dtype: Any) -> None:
    start, x = sample(dtype, 620), sample(dtype, 600, seed=8)
    for k in (0, 9, 10, 11, 20):
        memory, want = start.copy(), start.copy()
        want[k : k + 600] = nonlin.tanh.backward(start[10:610].copy(), x)
        nonlin.tanh.backward(memory[10:610], x, out=memory[k : k + 600])
        assert same(memory, want), k
    # Gradient, input and result in one place: all three are the same array.
    both = x.copy()
    assert same(nonlin.tanh.backward(both, both, out=both), nonlin.tanh.backward(x, x))
    # The result over both, shifted against either.
    memory = start.copy()
    want = nonlin.tanh.backward(start[:600].copy(), start[5:605].copy())
    assert same(nonlin.tanh.backward(memory[:600], memory[5:605], out=memory[2:602]), want)


@each_dtype
@pytest.mark.parametrize("target", [*DTYPES.values(), np.dtype(">f4"), np.dtype(np.longdouble)])
def test_out_of_another_floating_dtype(target: Any, dtype: Any) -> None:
    x = sample(dtype, 50)
    x[:3] = 12, 88, -88  # to where a smaller format ends
    with np.errstate(all="ignore"):
        want = nonlin.exponential(x).astype(target)
    out = np.zeros(50, target)
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")  # rounding to it, and to infinity, was asked for
        assert nonlin.exponential(x, out=out) is out
    assert out.dtype == target and np.array_equal(out, want, equal_nan=True)


def test_out_without_dimensions() -> None:
    out = np.zeros(())
    assert nonlin.relu(2.0, out=out) is out and out[()] == 2.0
    assert nonlin.relu(np.float32(3), out=out) is out and out[()] == 3.0
    with pytest.raises(ValueError, match="shape"):
        nonlin.relu([2.0], out=out)


def test_out_of_a_subclass_is_written_as_it_is() -> None:
    out = np.ma.masked_array(np.zeros(3), mask=[True, False, True], hard_mask=True)
    assert nonlin.relu([1.0, 2.0, 3.0], out=out) is out
    assert out.data.tolist() == [1.0, 2.0, 3.0] and out.mask.tolist() == [True, False, True]


def test_out_may_be_empty() -> None:
    out = np.zeros((0, 3), np.float32)
    assert nonlin.relu(np.zeros((0, 3), np.float32), out=out) is out


def locked(n: int) -> Array:
    return read_only(np.full(n, 7.0))


WRONG_OUT: dict[str, tuple[Any, type[Exception]]] = {
    "list": ([0.0, 0.0, 0.0], TypeError), "number": (0.0, TypeError), "true": (True, TypeError),
    "scalar": (np.float64(0), TypeError), "tuple": ((np.zeros(3),), TypeError),
    "longer": (np.full(4, 7.0), ValueError), "shorter": (np.full(1, 7.0), ValueError),
    "a column": (np.full((3, 1), 7.0), ValueError), "broader": (np.full((2, 3), 7.0), ValueError),
    "read-only": (locked(3), ValueError), "broadcast": (np.broadcast_to(7.0, 3), ValueError),
    "whole": (np.full(3, 7), DtypeError), "bool": (np.full(3, True), DtypeError),
    "complex": (np.full(3, 7j), DtypeError), "objects": (np.full(3, None), DtypeError),
    "text": (np.full(3, "seven of them"), DtypeError), "dates": (np.zeros(3, "M8[s]"), DtypeError),
    "structured": (np.zeros(3, [("a", "f8")]), DtypeError),
}  # fmt: skip


@pytest.mark.parametrize(("out", "error"), WRONG_OUT.values(), ids=WRONG_OUT)
def test_a_wrong_out_is_refused_and_left_alone(out: Any, error: type[Exception]) -> None:
    x = np.array([1.0, -2.0, 3.0])
    before = np.array(out, copy=True)
    calls: list[Callable[[], Any]] = [
        lambda: nonlin.relu(x, out=out), lambda: nonlin.relu.derivative(x, out=out),
        lambda: nonlin.relu.second_derivative(x, out=out),
        lambda: nonlin.relu.backward(x, x, out=out),
        lambda: nonlin.relu.derivative_from_output(x, out=out),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(error, match=r"out |written"):
            call()
    assert np.array_equal(np.asarray(out), before)
    assert x.tolist() == [1.0, -2.0, 3.0]


@pytest.mark.parametrize(
    "call",
    [
        lambda out: nonlin.leaky_relu(out, out=out, negative_slope=math.nan),
        lambda out: nonlin.leaky_relu(out, out=out, slope=1.0),
        lambda out: nonlin.silu.derivative_from_output(out, out=out),
        lambda out: nonlin.relu("text", out=out),
        lambda out: nonlin.relu.backward([1.0, 2.0], out, out=out),
    ],
)
def test_after_an_error_out_is_as_it_was(call: Callable[[Array], Any]) -> None:
    out = np.full(3, -7.0)
    with pytest.raises((TypeError, ValueError)):
        call(out)
    assert out.tolist() == [-7.0] * 3


# -- backward -------------------------------------------------------------------------------------
def test_backward_takes_a_common_shape() -> None:
    x, g = sample(np.dtype(np.float32), 12).reshape(3, 4), sample(np.dtype(np.float32), 4)
    full = np.broadcast_to(g, (3, 4)).copy()
    assert same(nonlin.mish.backward(g, x), nonlin.mish.backward(full, x))
    assert same(nonlin.mish.backward(x, g), nonlin.mish.backward(x, full))
    assert nonlin.mish.backward(g[:, None], g).shape == (4, 4)
    assert nonlin.mish.backward(np.ones((0, 1), np.float32), g).shape == (0, 4)
    assert type(nonlin.mish.backward(1.0, 2.0)) is np.float64
    with pytest.raises(ValueError, match="broadcast"):
        nonlin.mish.backward(g, x.T)


@pytest.mark.parametrize("g", DTYPES.values(), ids=DTYPES)
@each_dtype
def test_backward_takes_a_common_dtype(dtype: Any, g: Any) -> None:
    a, b = sample(dtype, 40), sample(g, 40, seed=7)
    mixed = {dtype, g} == {DTYPES["float16"], DTYPES["bfloat16"]}
    common = np.dtype(np.float32) if mixed else np.result_type(dtype, g)
    want = nonlin.tanh.backward(b.astype(common), a.astype(common))
    assert want.dtype == common
    assert same(nonlin.tanh.backward(b, a), want)


@each_dtype
@pytest.mark.parametrize("number", [1, True, 2.0, -3, 1e300])
def test_backward_with_a_python_number(number: Any, dtype: Any) -> None:
    x = sample(dtype, 40)
    with np.errstate(over="ignore"):
        as_array = np.full(40, number, np.float64).astype(dtype)
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        assert same(nonlin.tanh.backward(number, x), nonlin.tanh.backward(as_array, x))
        assert same(nonlin.tanh.backward(x, number), nonlin.tanh.backward(x, as_array))
    # Whole numbers in an array do have a dtype, and count as float64.
    assert nonlin.tanh.backward(np.ones(40, np.int32), x).dtype == np.float64


# -- the derivative from the output ---------------------------------------------------------------
def test_there_may_be_no_derivative_from_the_output() -> None:
    for x in (np.ones(3), np.ones(0), 1.0):
        with pytest.raises(NotAFunctionOfOutputError, match="silu"):
            nonlin.silu.derivative_from_output(x)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("leaky_relu", {"negative_slope": 0.5}, {"negative_slope": -0.5}),
        ("elu", {"alpha": 2.0}, {"alpha": -1.0}),
        ("threshold", {"threshold": 2.0, "value": 2.0}, {"threshold": 0.5, "value": 3.0}),
        ("plu", {"alpha": 0.5}, {"alpha": 1.5}),
    ],
)
def test_there_is_none_for_parameters_out_of_range(
    name: str, good: dict[str, float], bad: dict[str, float]
) -> None:
    f = nonlin.catalogue[name]
    x = np.linspace(-4, 4, 41)
    np.testing.assert_allclose(
        f.derivative_from_output(f(x, **good), **good), f.derivative(x, **good), rtol=1e-14
    )
    with pytest.raises(NotAFunctionOfOutputError, match="only for"):
        f.derivative_from_output(f(x, **bad), **bad)


# -- parameters -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "slope",
    [0.25, np.float64(0.25), np.float32(0.25), np.float16(0.25), ml_dtypes.bfloat16(0.25),
     Fraction(1, 4), np.array(0.25), np.array(0.25, np.float32), np.array(0.25, ml_dtypes.bfloat16)],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_a_parameter_is_any_real_number(slope: Any) -> None:
    assert nonlin.leaky_relu(-8.0, negative_slope=slope) == -2.0
    assert nonlin.define("a * z", a=slope)(-8.0) == -2.0


@pytest.mark.parametrize("slope", [2, 0, -3, np.int8(2), np.uint64(3), np.array(2)])
def test_a_parameter_may_be_whole(slope: Any) -> None:
    assert nonlin.leaky_relu(-2.0, negative_slope=slope) == -2.0 * float(slope)


@pytest.mark.parametrize(
    ("slope", "message"),
    [(math.nan, "finite"), (math.inf, "finite"), (-math.inf, "finite"), (10**5000, "finite"),
     (np.float32("nan"), "finite"), (np.array(np.inf), "finite"), (True, "bool"),
     (np.bool_(False), "bool"), (np.array(True), "bool"), ("0.1", "str"), (np.array("0.1"), "str"),
     (None, "NoneType"), (0.1 + 0j, "complex"), (np.complex64(1), "complex"), ([0.1], "list"),
     (np.array([0.1]), "ndarray"), (np.array([0.1, 0.2]), "ndarray"), (object(), "object"),
     (np.datetime64("2020"), "datetime"), (b"1", "bytes")],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_a_parameter_that_is_no_finite_number(slope: Any, message: str) -> None:
    for call in (nonlin.leaky_relu, nonlin.leaky_relu.derivative):
        with pytest.raises(ParameterError, match=f"parameter negative_slope.*{message}") as caught:
            call(1.0, negative_slope=slope)
        assert isinstance(caught.value, TypeError) and isinstance(caught.value, ValueError)
    with pytest.raises(ParameterError, match=f"parameter a .*{message}"):
        nonlin.define("a * z", a=slope)


def test_a_parameter_that_does_not_exist() -> None:
    with pytest.raises(ParameterError, match=r"'slope'.*negative_slope"):
        nonlin.leaky_relu(1.0, slope=0.1)
    with pytest.raises(ParameterError, match=r"by name, leaky_relu\(x, negative_slope=…\)"):
        nonlin.leaky_relu(1.0, 0.2)
    with pytest.raises(
        ParameterError, match="relu takes one array: give an array for the result as out"
    ):
        nonlin.relu(np.ones(3), np.ones(3))
    with pytest.raises(ParameterError, match="it has none"):
        nonlin.relu(1.0, alpha=0.1)
    with pytest.raises(ParameterError, match="'x'"):
        nonlin.relu(1.0, x=0.1)  # the array has no name, so x may be a parameter's
    for call in ("derivative", "second_derivative", "value_and_derivative"):
        with pytest.raises(ParameterError, match="'beta'"):
            getattr(nonlin.relu, call)(1.0, beta=1.0)
    with pytest.raises(TypeError, match="tuple of two"):
        nonlin.relu.value_and_derivative(np.ones(2), out=np.ones(2))


def test_parameters_called_like_arguments() -> None:
    for name in ("x", "y", "self", "grad_output"):
        f = nonlin.define(f"{name} * z", **{name: 2.0})
        assert f(3.0) == 6.0 and f(3.0, **{name: 5.0}) == 15.0
        assert f.derivative(3.0, **{name: 5.0}) == 5.0
        assert f.backward(2.0, 3.0, **{name: 5.0}) == 10.0
    with pytest.raises(FormulaError, match="'out' cannot be a parameter"):
        nonlin.define("out * z", out=2.0)


# -- warnings -------------------------------------------------------------------------------------
@each_dtype
@pytest.mark.parametrize(("name", "call"), CASES)
def test_no_warning_is_ever_given(name: str, call: Call, dtype: Any) -> None:
    info = ml_dtypes.finfo(dtype)
    edges = [math.nan, math.inf, -math.inf, float(info.max), float(info.smallest_subnormal)]
    x = np.array(edges * 60, np.float64).astype(dtype)
    for state in ("warn", "raise"):
        with warnings.catch_warnings(), np.errstate(all=state):
            warnings.simplefilter("error")
            for layout in (np.array, sliced, unaligned):
                call(nonlin.catalogue[name], layout(x.reshape(20, 15)), **FUNCTIONS[name])
            call(nonlin.catalogue[name], x[3], **FUNCTIONS[name])


# -- random layouts -------------------------------------------------------------------------------
def random_values(dtype: Any, shape: tuple[int, ...], seed: int) -> Array:
    """Random bit patterns, so that every kind of number occurs."""
    bits = BITS[dtype.itemsize]
    rng = np.random.default_rng(seed)
    return rng.integers(0, np.iinfo(bits).max, shape, bits, endpoint=True).view(dtype)


SHAPE = (6, 5, 20)


@st.composite
def looks(draw: st.DrawFn) -> Callable[[Array], Array]:
    """A way to look at an array of that shape: it can be taken at several arrays."""
    index = draw(hnp.basic_indices(SHAPE, allow_newaxis=True, max_dims=5))
    parts = index if isinstance(index, tuple) else (index,)
    if not any(p is Ellipsis for p in parts):
        parts = (*parts, ...)  # so that numbers alone give a view too
    order = draw(st.permutations(range(np.empty(SHAPE)[parts].ndim)))
    return lambda array: array[parts].transpose(order)


some_dtype = st.sampled_from(list(DTYPES.values()))
some_call = st.sampled_from(CASES).map(lambda case: case.values)
some_writer = st.sampled_from(WRITING).map(lambda case: case.values)
seeds = st.integers(0, 2**32 - 1)
randomly = settings(max_examples=80, deadline=None)


@given(looks(), some_call, some_dtype, seeds, st.booleans(), st.integers(0, 3))
@randomly
def test_random_views(
    look: Callable[[Array], Array], case: Any, dtype: Any, seed: int, swapped: bool, repeats: int
) -> None:
    name, call = case
    x = random_values(dtype, SHAPE, seed)
    x = look(x.astype(dtype.newbyteorder("S")) if swapped else x)
    if repeats:
        x = np.broadcast_to(x, (repeats, *x.shape))
    f, parameters = nonlin.catalogue[name], FUNCTIONS[name]
    assert same(call(f, x, **parameters), call(f, plain(x), **parameters))


@given(looks(), some_writer, some_dtype, some_dtype, seeds, st.booleans())
@randomly
def test_random_views_to_write_to(
    look: Callable[[Array], Array], case: Any, dtype: Any, target: Any, seed: int, itself: bool
) -> None:
    name, call = case
    f, parameters = nonlin.catalogue[name], FUNCTIONS[name]
    whole = random_values(dtype, SHAPE, seed)
    memory = whole if itself else random_values(target, SHAPE, seed + 1)
    want = memory.copy()
    with np.errstate(all="ignore"):
        look(want)[...] = call(f, plain(look(whole)), **parameters)
    call(f, look(whole), out=look(memory), **parameters)
    assert same(memory, want)  # also where the view does not look


@given(st.data(), some_writer, some_dtype, seeds)
@randomly
def test_random_overlaps(data: st.DataObject, case: Any, dtype: Any, seed: int) -> None:
    name, call = case
    length = 900
    n = data.draw(st.integers(1, 300))

    def stretch() -> slice:
        step = data.draw(st.sampled_from([-3, -2, -1, 1, 2, 3]))
        reach = (n - 1) * abs(step)
        assume(reach < length)
        low = data.draw(st.integers(0, length - 1 - reach))
        first, last = (low, low + reach) if step > 0 else (low + reach, low)
        end = last + (1 if step > 0 else -1)
        return slice(first, end if end >= 0 else None, step)

    source, target = stretch(), stretch()
    f, parameters = nonlin.catalogue[name], FUNCTIONS[name]
    start = random_values(dtype, (length,), seed)
    memory, want = start.copy(), start.copy()
    want[target] = call(f, start[source].copy(), **parameters)
    call(f, memory[source], out=memory[target], **parameters)
    assert same(memory, want)


@given(
    hnp.array_shapes(min_dims=0, max_dims=6, min_side=0, max_side=4),
    some_call,
    some_dtype,
    st.sampled_from("CF"),
)
@randomly
def test_any_shape(shape: tuple[int, ...], case: Any, dtype: Any, order: Any) -> None:
    name, call = case
    x = np.asarray(random_values(dtype, shape, 1), order=order)
    got = call(nonlin.catalogue[name], x, **FUNCTIONS[name])
    for y in got if isinstance(got, tuple) else [got]:
        assert y.shape == shape and y.dtype == dtype


# -- memory ---------------------------------------------------------------------------------------
GUARDED = r"""
import ctypes, mmap, sys
import ml_dtypes, numpy as np, nonlin

# A crash is this script's verdict, so nothing below looks at results except that they are right.
libc = ctypes.CDLL(None, use_errno=True)
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
PAGE = mmap.PAGESIZE

class Room:
    "Two pages, with pages before and after that nobody may touch."
    def __init__(self):
        self.map = mmap.mmap(-1, 4 * PAGE)
        self.all = np.frombuffer(self.map, np.uint8)
        for page in (0, 3):
            assert libc.mprotect(self.all.ctypes.data + page * PAGE, PAGE, 0) == 0
    def at(self, start, n, dtype):
        size = n * dtype.itemsize
        begin = PAGE if start else 3 * PAGE - size
        return self.all[begin : begin + size].view(dtype)

if sys.argv[1:] == ["overrun"]:
    Room().at(False, 4, np.dtype(np.float32)).ctypes.data_as(ctypes.POINTER(ctypes.c_float))[4]
    sys.exit()

rooms = [Room() for _ in range(3)]
sizes = [*range(1, 71), *range(250, 261), 511, 512, 513]
for name in ("relu", "tanh", "mish"):
    f = nonlin.catalogue[name]
    for kind in (np.float16, ml_dtypes.bfloat16, np.float32, np.float64):
        dtype = np.dtype(kind)
        values = np.linspace(-9, 9, sizes[-1]).astype(dtype)
        values[::7] = np.inf  # these take the exact arithmetic
        value, slope = f.value_and_derivative(values)
        back, bend = f.backward(values, values), f.second_derivative(values)
        for n in sizes:
            for start in (False, True):
                x, out, g = (room.at(start, n, dtype) for room in rooms)
                x[:] = g[:] = values[:n]
                def check(got, want):
                    assert got.tobytes() == want[:n].tobytes(), (name, kind, n)
                check(f(x, out=out), value)
                check(f.derivative(x, out=out), slope)
                check(f.second_derivative(x, out=out), bend)
                check(f.backward(g, x, out=out), back)
                for got, want in zip(f.value_and_derivative(x), (value, slope)):
                    check(got, want)
                check(f(x, out=x), value)
"""
needs_mprotect = pytest.mark.skipif(sys.platform == "win32", reason="there is no mprotect here")


@needs_mprotect
def test_nothing_outside_an_array_is_read_or_written() -> None:
    in_a_process(GUARDED)


@needs_mprotect
def test_the_guard_would_notice() -> None:
    done = subprocess.run([sys.executable, "-c", GUARDED, "overrun"], capture_output=True)
    assert done.returncode < 0


@pytest.mark.parametrize(
    ("formula", "undefined"),
    [
        ("exp(log(z))", [-2.0, -0.5]),
        ("sqrt(z)**2", [-2.0, -0.5]),
        ("log(z) - log(z)", [-2.0, -0.5]),
        ("0 * log(z)", [-2.0, -0.5]),
        ("(1 - z**2)**0.5 * sqrt(1 - z**2)", [-2.0, 2.0]),
        ("where(z > -1, sqrt(z)**2, 5)", [-0.5]),
        ("where(log(z) < 0, 1, 2)", []),
        ("log(1 + z) + z", [-2.0]),
        ("log(z)", [-2.0, -0.5]),
        ("log(exp(z) - 1 + 1)", []),
        ("z / z", []),
    ],
)
def test_no_identity_gives_a_value_where_the_formula_has_none(
    formula: str, undefined: list[float]
) -> None:
    f = nonlin.define(formula)
    z = np.array([-2.0, -0.5, 0.5, 2.0])
    for result in (f(z), f.derivative(z), f(z.astype(np.float32)), *f.value_and_derivative(z)):
        assert list(z[np.isnan(result)]) == undefined
