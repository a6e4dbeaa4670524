"""Universal functions: NumPy's ways around our kernels, and the short way of small arrays to them.

What they give is compared, bit for bit, with the kernel run over plain memory by hand.
"""

from __future__ import annotations

import copy
import gc
import itertools
import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import nonlin
from nonlin import ufuncs
from nonlin.arrays import compute
from nonlin.compiler import ufunc as compiled
from nonlin.compiler.target import host
from nonlin.errors import CompileError, DtypeError, NotAFunctionOfOutputError

Array = np.ndarray[Any, Any]
DTYPES: dict[str, Any] = {
    "float16": np.dtype(np.float16),
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "float32": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
}
WHATS = {
    "value": "value", "derivative": "derivative", "second_derivative": "second",
    "value_and_derivative": "pair", "backward": "backward", "derivative_from_output": "from_output",
}  # fmt: skip
SOME = ("tanh", "leaky_relu", "gelu")
pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
each_dtype = pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)


# -- what is right --------------------------------------------------------------------------------
def sample(dtype: Any, n: int, seed: int = 5) -> Array:
    """Numbers of every kind, among them those that take the exact arithmetic."""
    rng = np.random.default_rng(seed)
    info = ml_dtypes.finfo(dtype)
    values = rng.normal(0, 3, n)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 88.0, -700.0, float(info.max), float(info.tiny)]
    some = rng.integers(0, 9, n) == 0
    values[some] = rng.choice(special, int(some.sum()))
    with np.errstate(all="ignore"):
        return values.astype(dtype)


def long_way(f: nonlin.Activation, what: str, x: Array, g: Array | None = None) -> Any:
    """The kernel for an array of that size, by hand."""
    values = np.array(list(f.parameters.values()), np.float64)
    x = np.array(x, order="C")
    g = None if g is None else np.array(g, order="C")
    kernel = f._kernel_for(what, x.dtype.name, x.size, values)
    return compute(kernel, x, g, (), values, pair=what == "pair")


def same(got: Any, want: Any) -> bool:
    """Equal in shape, dtype and every bit; NaNs are alike."""
    if isinstance(want, tuple):
        return isinstance(got, tuple) and len(got) == len(want) and all(map(same, got, want))
    a, b = np.asarray(got), np.asarray(want)
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    bits = {2: np.uint16, 4: np.uint32, 8: np.uint64}[a.dtype.itemsize]
    a, b = np.ascontiguousarray(a), np.ascontiguousarray(b)
    nan = np.isnan(a) & np.isnan(b)
    return bool(np.all(nan | (a.view(bits) == b.view(bits)).reshape(nan.shape)))


def method(f: nonlin.Activation, name: str) -> Callable[..., Any]:
    return f if name == "value" else getattr(f, name)  # type: ignore[no-any-return]


def in_a_new_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


# -- results --------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", nonlin.catalogue)
def test_the_whole_catalogue(name: str) -> None:
    f = nonlin.catalogue[name]
    assert isinstance(f.ufunc, np.ufunc) and f.ufunc is f.ufunc is f.ufuncs.value
    for dtype in DTYPES.values():
        x = sample(dtype, 387)
        with np.errstate(all="raise"):
            got = f.ufunc(x)
        want = long_way(f, "value", x)
        assert same(got, want), dtype
        assert same(f.ufunc(x[::-2]), want[::-2]), dtype
        assert all(same(f(x), want) for _ in range(3)), dtype  # the short way, from the second on


@each_dtype
@pytest.mark.parametrize("method_name", WHATS)
@pytest.mark.parametrize("name", SOME)
def test_every_kind(name: str, method_name: str, dtype: Any) -> None:
    f, what = nonlin.catalogue[name], WHATS[method_name]
    if what == "from_output" and name == "gelu":
        with pytest.raises(NotAFunctionOfOutputError, match="gelu"):
            _ = f.ufuncs.derivative_from_output
        return
    x = sample(dtype, 600)
    g = sample(dtype, 600, seed=6) if what == "backward" else None
    want = long_way(f, what, x, g)
    given = (x,) if g is None else (g, x)
    call = getattr(f.ufuncs, method_name)
    assert call.nin == len(given) and call.nout == (2 if what == "pair" else 1)
    with np.errstate(all="raise"):
        assert same(call(*given), want)
        for _ in range(3):
            assert same(method(f, method_name)(*given), want)
        # In pieces, each of which begins and ends elsewhere.
        for start, stop in ((0, 1), (1, 2), (3, 130), (5, 262), (7, 600)):
            part = tuple(a[start:stop] for a in given)
            piece = tuple(w[start:stop] for w in want) if what == "pair" else want[start:stop]
            assert same(call(*part), piece)


# -- layouts --------------------------------------------------------------------------------------
def unaligned(v: Array) -> Array:
    memory = bytearray(v.nbytes + 1)
    memory[1:] = v.tobytes()
    return np.frombuffer(memory, v.dtype, offset=1).reshape(v.shape)


VIEWS: dict[str, Callable[[Array], Array]] = {
    "as it is": lambda v: v,
    "transposed": lambda v: v.T,
    "reversed": lambda v: v[::-1, ::-1],
    "every third": lambda v: v.reshape(-1)[::3],
    "from the end": lambda v: v.reshape(-1)[::-5],
    "one number for all": lambda v: np.broadcast_to(v[0, 0], v.shape),
    "a row for all": lambda v: np.broadcast_to(v[0], v.shape),
    "fortran": np.asfortranarray,
    "rotated": lambda v: v.reshape(5, -1, 8).transpose(2, 0, 1),
    "windows": lambda v: np.lib.stride_tricks.sliding_window_view(v.reshape(-1), 7),
    "unaligned": unaligned,
    "no dimensions": lambda v: np.asarray(v[1, 1]),
    "empty": lambda v: v[:0],
}


@each_dtype
@pytest.mark.parametrize("method_name", ["value", "value_and_derivative", "backward"])
def test_layouts(method_name: str, dtype: Any) -> None:
    f, what = nonlin.gelu, WHATS[method_name]
    call, v, w = getattr(f.ufuncs, method_name), sample(dtype, 960), sample(dtype, 960, seed=6)
    for layout, of in VIEWS.items():
        x = of(v.reshape(40, 24))
        given = (of(w.reshape(40, 24)), x) if what == "backward" else (x,)
        want = long_way(f, what, x, given[0] if what == "backward" else None)
        assert same(call(*given), want), layout
        for _ in range(2):
            assert same(method(f, method_name)(*given), want), layout
        if what == "value":
            room = np.full((*x.shape, 3), 5, dtype)
            for out in (room[..., 1], room[::-1, ..., 2] if x.ndim else room[2:].reshape(())):
                assert call(x, out=out) is out and same(out, want), layout
            assert (room[..., 0] == 5).all()
    if dtype.name != "bfloat16":
        x = v.astype(dtype.newbyteorder("S"))
        assert same(nonlin.gelu.ufunc(x), long_way(f, "value", v))


def test_results_lie_in_memory_as_before() -> None:
    v = sample(np.dtype(np.float32), 960).reshape(8, 5, 24)
    for axes in itertools.permutations(range(3)):
        x = v.transpose(axes)
        assert nonlin.tanh(x).strides == nonlin.tanh.ufunc(x).strides == np.empty_like(x).strides


@each_dtype
def test_results_over_the_numbers(dtype: Any) -> None:
    """Shifted either way, reversed and spread: as if the numbers had been copied before."""
    n, edge = 700, 300
    views: list[Callable[[Array], Array]] = [
        *(lambda m, k=k: m[edge + k : edge + k + n] for k in (-260, -129, -3, 0, 1, 7, 128, 260)),
        lambda m: m[edge : edge + n][::-1],
        lambda m: m[edge + 1 : edge + n + 1][::-1],
    ]
    start = sample(dtype, n + 2 * edge)
    for i, source in enumerate(views):
        for j, target in enumerate(views):
            want = start.copy()
            target(want)[...] = long_way(nonlin.tanh, "value", source(start))
            for call in (nonlin.tanh.ufunc, nonlin.tanh):
                memory = start.copy()
                call(source(memory), out=target(memory))
                assert same(memory, want), (i, j)
    # Strides that differ: every second one into the first half, and back again.
    for source, target in ((slice(0, n, 2), slice(0, n // 2)), (slice(0, n // 2), slice(0, n, 2))):
        memory, want = start.copy(), start.copy()
        want[target] = long_way(nonlin.tanh, "value", start[source])
        nonlin.tanh.ufunc(memory[source], out=memory[target])
        assert same(memory, want)
    # Two operands, of which the result lies over one or both.
    backward = nonlin.tanh.ufuncs.backward
    for k, m in itertools.product((0, 1, 130, 260), (0, 1, 140)):
        memory, want = start.copy(), start.copy()
        want[k : k + n] = long_way(nonlin.tanh, "backward", start[m : m + n], start[:n])
        backward(memory[:n], memory[m : m + n], out=memory[k : k + n])
        assert same(memory, want), (k, m)


# -- what NumPy adds ------------------------------------------------------------------------------
def test_where_there_is_nothing_to_do() -> None:
    empty = np.zeros((3, 0), np.float32)
    assert nonlin.tanh.ufunc(empty).shape == (3, 0)
    assert nonlin.tanh.ufunc([1.0], where=False, out=np.array([7.0])) == [7.0]


def test_where() -> None:
    x, some = sample(np.dtype(np.float32), 500), np.arange(500) % 3 == 0
    out = np.full(500, 7, np.float32)
    assert nonlin.gelu.ufunc(x, where=some, out=out) is out
    assert same(out[some], nonlin.gelu(x)[some]) and (out[~some] == 7).all()


def test_broadcasting() -> None:
    g, x = sample(np.dtype(np.float32), 40), sample(np.dtype(np.float32), 30, seed=8)
    want = long_way(nonlin.mish, "backward", *np.broadcast_arrays(x, g[:, None]))
    assert same(nonlin.mish.ufuncs.backward(g[:, None], x), want)
    assert same(nonlin.mish.ufuncs.backward.outer(g, x), want)
    out = np.empty((3, 30), np.float32)
    assert same(nonlin.mish.ufunc(x, out=out), np.array([nonlin.mish(x)] * 3))
    with pytest.raises(ValueError, match="broadcast"):
        nonlin.mish.ufuncs.backward(g, x)


def test_dtype_and_casting() -> None:
    x = sample(np.dtype(np.float32), 50)
    assert same(nonlin.tanh.ufunc(x, dtype=np.float64), nonlin.tanh(x.astype(np.float64)))
    narrow = np.empty(50, np.float16)
    with np.errstate(all="ignore"):
        nonlin.tanh.ufunc(x, out=narrow)
        assert same(narrow, nonlin.tanh(x).astype(np.float16))
        assert nonlin.tanh.ufunc(x, dtype=np.float16, casting="same_kind").dtype == np.float16
    with pytest.raises(TypeError, match="Cannot cast"):
        nonlin.tanh.ufunc(x, out=narrow, casting="safe")


@pytest.mark.parametrize("kind", "?bBhHiIlLqQ")
def test_whole_numbers_become_float64(kind: str) -> None:
    x = np.arange(12).astype(kind)
    for result in (nonlin.tanh.ufunc(x), *(nonlin.tanh(x) for _ in range(3))):
        assert same(result, nonlin.tanh(x.astype(np.float64)))


@pytest.mark.parametrize("x", [3, True, 0.5, 2**63, [1, 2.5], (), np.int8(-5), np.float32(2)])
def test_what_is_no_array(x: Any) -> None:
    want = nonlin.leaky_relu(x)
    assert same(nonlin.leaky_relu.ufunc(x), want)
    assert type(nonlin.leaky_relu.ufunc(x)) is type(want)


def test_mixed_operands() -> None:
    backward, x = nonlin.tanh.ufuncs.backward, np.ones(3, np.float32)
    half, double = x.astype(np.float16), x.astype(np.float64)
    assert backward(1.0, x).dtype == backward(half, x).dtype == np.float32
    assert backward(2, half).dtype == np.float16
    assert backward(x, double).dtype == backward(np.arange(3), x).dtype == np.float64
    assert backward(half, x.astype(ml_dtypes.bfloat16)).dtype == np.float32


def test_reductions_take_one_after_another() -> None:
    """A result is an operand of the next; what that means is the caller's affair."""
    backward, x = nonlin.silu.ufuncs.backward, np.linspace(0.5, 1.5, 300, dtype=np.float32)
    want = [x[0]]
    for z in x[1:]:
        want.append(nonlin.silu.backward(want[-1], z))
    assert same(backward.accumulate(x), np.array(want))
    assert same(backward.reduce(x), want[-1])
    assert same(backward.reduceat(x, [0, 150]), np.array([want[149], backward.reduce(x[150:])]))
    both = np.stack([x, x[::-1]], axis=1)
    assert same(backward.accumulate(both, axis=0)[:, 0], np.array(want))


def test_at() -> None:
    x = np.array([-2.0, -3.0, 4.0])
    nonlin.leaky_relu.ufunc.at(x, [0, 0])
    assert x.tolist() == [nonlin.leaky_relu(nonlin.leaky_relu(-2.0)), -3.0, 4.0]


# -- errors, warnings -----------------------------------------------------------------------------
@pytest.mark.parametrize("x", [1j, "1", None, np.array([1.0], object), np.zeros(2, np.complex64)])
def test_what_has_no_meaning(x: Any) -> None:
    with pytest.raises(TypeError, match="not supported for the input types"):
        nonlin.tanh.ufunc(x)
    for _ in range(3):
        with pytest.raises(DtypeError):
            nonlin.tanh(x)


@each_dtype
def test_no_warning_is_given(dtype: Any) -> None:
    """Not by the loop, on whichever of its ways."""
    info = ml_dtypes.finfo(dtype)
    x = np.array([np.nan, np.inf, -np.inf, float(info.max), float(info.smallest_subnormal)] * 60)
    x = x.astype(dtype)
    for state in ("warn", "raise"):
        with warnings.catch_warnings(), np.errstate(all=state):
            warnings.simplefilter("error")
            for name in ("mish", "tanh", "exponential"):
                f = nonlin.catalogue[name]
                for look in (x, x[::-1], x[::3], np.broadcast_to(x[3], 9), x[3:4], x[3]):
                    f.ufunc(look), f.ufuncs.value_and_derivative(look)
                    f.ufuncs.backward(look, look)
                f.ufuncs.backward.accumulate(x)


# -- an object that lives -------------------------------------------------------------------------
def test_names_and_texts() -> None:
    u = nonlin.gelu.ufunc
    assert u.__name__ == "gelu.ufunc" and "z * Phi(z)" in str(u.__doc__)
    assert repr(nonlin.gelu.ufuncs.backward) == "<ufunc 'gelu.ufuncs.backward'>"
    assert set(u.types) == {"e->e", "f->f", "d->d"} and u.identity is None
    assert "relu" in repr(nonlin.relu.ufuncs)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickled_and_copied_it_is_itself(protocol: int) -> None:
    for u in (nonlin.gelu.ufunc, nonlin.tanh.ufuncs.derivative):
        assert pickle.loads(pickle.dumps(u, protocol)) is u
        assert copy.deepcopy(u) is u
    own = nonlin.define("z * 2.75", name="a_name_of_no_module").ufunc
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(own, protocol)


def test_another_process_finds_it() -> None:
    data = pickle.dumps(nonlin.silu.ufuncs.derivative)
    code = f"import pickle; u = pickle.loads({data!r}); print(u, float(u(0.0)))"
    assert in_a_new_process(code) == "<ufunc 'silu.ufuncs.derivative'> 0.5\n"


def test_it_outlives_its_activation() -> None:
    f = nonlin.define("a * z + tanh(z)", name="short_lived", a=1.25)
    x = sample(np.dtype(np.float32), 300)
    want, u = f(x), f.ufunc
    del f
    for _ in range(20):
        other = nonlin.define("a * z", a=3.5)
        assert other.ufunc(2.0) == 7.0
    del other
    gc.collect()
    assert same(u(x), want)


def test_parameters_are_at_their_defaults() -> None:
    f = nonlin.define("max(a * z, b * z)", a=0.25, b=3.0)
    assert f.ufunc([-4.0, 2.0]).tolist() == [-1.0, 6.0]
    assert f([-4.0, 2.0], a=0.5).tolist() == [-2.0, 6.0]


def test_threads_get_one_and_the_same() -> None:
    code = """
import threading
import numpy as np, nonlin
x = np.linspace(-5, 5, 999, dtype=np.float32)
found, errors, barrier = [], [], threading.Barrier(8)
f = nonlin.define("z * sigmoid(1.125 * z)")
def work():
    try:
        barrier.wait()
        found.append((f.ufunc, nonlin.tanh.ufuncs.backward))
        for _ in range(200):
            found[-1][0](x), f(x), nonlin.tanh.backward(x, x), nonlin.silu.value_and_derivative(x)
    except BaseException as error:
        errors.append(error)
threads = [threading.Thread(target=work) for _ in range(8)]
for t in threads: t.start()
for t in threads: t.join()
assert not errors, errors
print(len(set(found)), len(found))
"""
    assert in_a_new_process(code) == "1 8\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_after_a_fork() -> None:
    code = """
import os
import numpy as np, nonlin
x = np.linspace(-5, 5, 99, dtype=np.float32)
want = nonlin.tanh.ufunc(x).tobytes()
child = os.fork()
right = nonlin.tanh(x).tobytes() == nonlin.tanh(x).tobytes() == nonlin.tanh.ufunc(x).tobytes() == want
right = right and nonlin.silu.ufunc(0.0) == 0.0
if child == 0:
    os._exit(0 if right else 3)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
print(right)
"""
    assert in_a_new_process(code) == "True\n"


# -- the short way --------------------------------------------------------------------------------
def test_it_comes_with_the_second_call() -> None:
    f = nonlin.Activation(nonlin.silu.entry)
    assert nonlin.silu.ufunc(0.0) == 0.0  # the code is there
    x = np.linspace(-3, 3, 50, dtype=np.float32)
    taken = f._shortcuts["value"]
    f(x)
    assert not taken
    f(x)
    assert list(taken) == [x.dtype]
    assert same(f(x), long_way(f, "value", x))
    f(x, out=np.empty_like(x)), f(x.tolist()), f(np.float32(1))
    assert list(taken) == [x.dtype]
    f(x.tolist())
    assert set(taken) == {x.dtype, np.dtype(np.float64)}


def test_where_compiling_is_needed_it_comes_after_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ufuncs, "_OFTEN", 50)
    monkeypatch.setattr(compiled, "at_hand", lambda kernel: False)
    f = nonlin.define("z * sigmoid(1.375 * z)")
    x = sample(np.dtype(np.float32), 50)
    results = []
    for n in range(1, 60):
        results.append(f(x))
        assert bool(f._shortcuts["value"]) == (n >= 50)
    assert all(same(y, results[0]) for y in results)


def test_where_it_cannot_be_made_there_is_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def refused(*_: Any) -> Any:
        tried.append(1)
        raise CompileError("not here")

    monkeypatch.setattr(compiled, "universal", refused)
    f = nonlin.define("z * sigmoid(1.625 * z)")
    assert f._kernel("value", "float32").addresses
    x = sample(np.dtype(np.float32), 50)
    want = long_way(f, "value", x)
    for _ in range(50):
        assert same(f(x), want)
    assert len(tried) == 1
    with pytest.raises(CompileError, match="not here"):
        _ = f.ufunc


@pytest.mark.parametrize("name", ["tanh", "own"])
@each_dtype
def test_sizes_at_which_the_way_changes(name: str, dtype: Any) -> None:
    f = nonlin.define("z * tanh(0.875 * z)") if name == "own" else nonlin.tanh
    if name == "own" and dtype.name == "float64":
        return  # it has one way
    period = sample(dtype, 251)
    for _ in range(2):
        f(period)
    for n in (127, 128, 129, 16383, 16384, 65535, 65536, 65537, 131071, 131072):
        x = np.resize(period, n)
        want = long_way(f, "value", x)
        assert all(same(f(x), want) for _ in range(3)), n
    assert dtype in f._shortcuts["value"] and (
        name == "tanh" or dtype in f._quick_shortcuts["value"]
    )


def test_a_subclass_stays_on_the_long_way() -> None:
    class Loud(np.ndarray):
        def __array_ufunc__(self, *_: Any, **__: Any) -> Any:
            raise AssertionError("asked")

        def __array_wrap__(self, *_: Any, **__: Any) -> Any:
            raise AssertionError("asked")

    x = np.linspace(-2, 2, 20, dtype=np.float32)
    loud = x.view(Loud)
    masked = np.ma.masked_array(x, mask=x > 0)
    for _ in range(3):
        for strange in (loud, masked):
            for result in (nonlin.tanh(strange), nonlin.tanh.backward(strange, x)):
                assert type(result) is np.ndarray
            out = np.zeros_like(strange)
            assert nonlin.tanh(x, out=out) is out
            assert same(np.asarray(out), nonlin.tanh(x))


def test_kinds_of_results() -> None:
    for dtype in DTYPES.values():
        f = nonlin.tanh
        for _ in range(3):
            assert type(f(dtype.type(0.5))) is type(f(np.array(0.5, dtype))) is dtype.type
            first, second = f.value_and_derivative(np.array(0.5, dtype))
            assert type(first) is type(second) is dtype.type
            assert type(f.backward(np.array(0.5, dtype), np.array(0.5, dtype))) is dtype.type
            assert f(np.zeros((0, 3), dtype)).shape == (0, 3)
    assert type(nonlin.tanh(0.5)) is type(nonlin.tanh(np.float64(0.5))) is np.float64


@pytest.mark.skipif(not host().flat, reason="code is loaded by LLVM here")
def test_it_needs_no_compiler() -> None:
    code = """
import sys
import numpy as np, nonlin
x = np.linspace(-3, 3, 64, dtype=np.float32)
for _ in range(3): nonlin.gelu(x)
print(bool(nonlin.gelu._shortcuts["value"]), "llvmlite" in sys.modules)
"""
    assert nonlin.gelu.ufunc(0.0) == 0.0  # the code is there
    assert in_a_new_process(code) == "True False\n"
