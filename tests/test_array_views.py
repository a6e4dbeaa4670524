"""The array API: views, overlaps and shapes of any kind, made up at random; and nothing outside them is touched."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import nonlin
from array_calls import (
    BITS,
    CASES,
    DTYPES,
    FUNCTIONS,
    WRITING,
    Array,
    in_a_process,
    plain,
    same,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # NumPy's; none may come


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
