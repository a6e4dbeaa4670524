"""The array API: whatever array comes in, every element gets what it would get on its own.

A kernel sees one aligned stretch of memory, in blocks, perhaps by several threads. None of that may
show: here results are compared bit for bit, over all the ways in which NumPy can lay out an array.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import nonlin
from array_calls import (
    CASES,
    DTYPES,
    FUNCTIONS,
    Array,
    Call,
    backward,
    each_dtype,
    each_function,
    gradient_for,
    matrix,
    plain,
    read_only,
    same,
    sample,
    sliced,
    unaligned,
    value_and_derivative,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # NumPy's; none may come


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
