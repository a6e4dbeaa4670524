"""The array API: ``out=`` takes what NumPy's takes, overlaps included, and is as it was after an error."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nonlin
from array_calls import (
    DTYPES,
    FUNCTIONS,
    WRITERS,
    WRITING,
    Array,
    Call,
    each_dtype,
    plain,
    read_only,
    same,
    sample,
    sliced,
    unaligned,
)
from nonlin.errors import DtypeError

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # NumPy's; none may come


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
