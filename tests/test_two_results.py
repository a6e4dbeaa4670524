"""What has two results, or two operands, gives what each alone gives, into whatever memory it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import nonlin
from nonlin.errors import DtypeError, InterchangeError

DTYPES = [np.dtype(d) for d in (np.float16, ml_dtypes.bfloat16, np.float32, np.float64)]
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.name)
SPLIT = 1 << 16
NAMES = ["relu", "tanh", "gelu", "hard_swish", "gcu", "cloglog"]


def sample(dtype: np.dtype[Any], n: int) -> Any:
    x = np.random.default_rng(n).normal(0, 4, n)
    x[: min(n, 5)] = [0.0, -0.0, np.inf, -np.inf, np.nan][: min(n, 5)]
    return x.astype(dtype)


def same(a: Any, b: Any) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    whole = f"u{a.dtype.itemsize}"
    nan = np.isnan(a.astype(np.float64)) & np.isnan(b.astype(np.float64))
    return bool(np.all(nan | (a.view(whole) == b.view(whole))))


@each_dtype
@pytest.mark.parametrize("n", [1, 37, 5000])
@pytest.mark.parametrize("name", NAMES)
def test_both_are_written(name: str, n: int, dtype: Any) -> None:
    f, x = nonlin.catalogue[name], sample(dtype, n)
    want = f(x), f.derivative(x)
    for _ in range(3):  # the third call takes a shorter way
        out = np.empty_like(x), np.empty_like(x)
        got = f.value_and_derivative(x, out=out)
        assert got[0] is out[0] and got[1] is out[1]
        assert all(map(same, out, want))


@each_dtype
@pytest.mark.parametrize("n", [5, 5000, 2 * SPLIT + 7])
@pytest.mark.parametrize("place", [0, 1])
def test_one_of_them_in_place(place: int, n: int, dtype: Any) -> None:
    f, x = nonlin.tanh, sample(dtype, n)
    want = f.value_and_derivative(x)
    other = np.empty_like(x)
    f.value_and_derivative(x, out=(x, other) if place == 0 else (other, x))
    assert same(x, want[place]) and same(other, want[1 - place])


def test_any_memory() -> None:
    f, x = nonlin.silu, sample(np.dtype(np.float32), 600).reshape(20, 30)
    want = f.value_and_derivative(x)
    room = np.zeros((40, 90), np.float32)
    outs: dict[str, tuple[Any, Any]] = {
        "strided": (room[::2, ::3], room[1::2, 1::3]),
        "backwards": (room[:20, :30][::-1], room[20:, 30:60][:, ::-1]),
        "one wider": (np.empty((20, 30), np.float64), np.empty((20, 30), np.float32)),
        "one narrower": (np.empty((20, 30), np.float32), np.empty((20, 30), np.float16)),
        "another order": (
            np.empty((20, 30), np.float32, order="F"),
            np.empty((20, 30), np.float32),
        ),
        "another byte order": (np.empty((20, 30), ">f4"), np.empty((20, 30), np.float32)),
    }
    for _ in range(3):
        for name, out in outs.items():
            f.value_and_derivative(x, out=out)
            with np.errstate(all="ignore"):
                for got, wanted in zip(out, want, strict=True):
                    np.testing.assert_array_equal(got, wanted.astype(got.dtype), err_msg=name)


def test_results_that_overlap_each_other() -> None:
    """The second is written last, as by ``np.divmod``."""
    f, x = nonlin.tanh, sample(np.dtype(np.float32), 3000)
    _, slope = f.value_and_derivative(x)
    for _ in range(3):
        room = np.empty(3001, np.float32)
        f.value_and_derivative(x, out=(room[1:], room[:-1]))
        assert same(room[:-1], slope)


def test_with_parameters() -> None:
    f, x = nonlin.leaky_relu, sample(np.dtype(np.float32), 100)
    out = np.empty_like(x), np.empty_like(x)
    f.value_and_derivative(x, out=out, negative_slope=0.5)
    assert same(out[0], f(x, negative_slope=0.5))
    assert same(out[1], f.derivative(x, negative_slope=0.5))


def _read_only() -> Any:
    array = np.empty(4)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: np.empty(4), TypeError, "tuple of two"),
        (lambda: [np.empty(4), np.empty(4)], TypeError, "tuple of two"),
        (lambda: (np.empty(4),), TypeError, "tuple of two"),
        (lambda: (np.empty(4), np.empty(4), np.empty(4)), TypeError, "tuple of two"),
        (lambda: (np.empty(4), None), TypeError, "NoneType"),
        (lambda: (np.empty(4), np.empty(3)), ValueError, r"\(3,\)"),
        (lambda: (_read_only(), np.empty(4)), ValueError, "read-only"),
        (lambda: (np.empty(4), _read_only()), ValueError, "read-only"),
        (lambda: (np.empty(4), np.empty(4, int)), DtypeError, "int64"),
    ],
)  # fmt: skip
def test_what_cannot_be_written(make: Callable[[], Any], error: type[Exception], said: str) -> None:
    for _ in range(3):
        out = make()
        whole = type(out) is tuple and out and type(out[0]) is np.ndarray and out[0].flags.writeable
        if whole:
            out[0][...] = 7
        with pytest.raises(error, match=said):
            nonlin.tanh.value_and_derivative(np.ones(4), out=out)
        if whole:
            assert (out[0] == 7).all()  # nothing half-written
        nonlin.tanh.value_and_derivative(np.ones(4))


def test_tensors() -> None:
    torch = pytest.importorskip("torch")
    x = torch.linspace(-3, 3, 9)
    out = torch.empty(9), torch.empty(9)
    got = nonlin.tanh.value_and_derivative(x, out=out)
    assert got[0] is out[0] and got[1] is out[1]
    assert torch.equal(out[0], nonlin.tanh(x)) and torch.equal(out[1], nonlin.tanh.derivative(x))
    with pytest.raises(InterchangeError):
        nonlin.tanh.value_and_derivative(x, out=(torch.empty(9), torch.empty(9, device="meta")))


@pytest.mark.parametrize("name", NAMES)
def test_wherever_memory_begins(name: str) -> None:
    """Long loops begin with a line of the cache: each element is computed once, wherever that is."""
    f = nonlin.catalogue[name]
    for n in (1023, 1024, 1039, 1087):
        x, g = sample(np.dtype(np.float32), n), sample(np.dtype(np.float32), n + 1)[1:]
        value, slope = f(x), f.derivative(x)
        with np.errstate(all="ignore"):
            product = (g * slope).astype(np.float32)
        for start in range(17):
            rooms = [np.full(n + 40, 7, np.float32) for _ in range(2)]
            outs = rooms[0][start : start + n], rooms[1][3 : 3 + n]
            f.value_and_derivative(x, out=outs)
            assert same(outs[0], value) and same(outs[1], slope)
            assert (rooms[0][:start] == 7).all() and (rooms[0][start + n :] == 7).all()
            rooms[0][...] = 7
            f.backward(g, x, out=outs[0])
            np.testing.assert_allclose(outs[0][5:], product[5:], rtol=3e-7, atol=3e-44)
            assert (rooms[0][:start] == 7).all() and (rooms[0][start + n :] == 7).all()
            # In place, where what is written must not be read again.
            room = np.empty(n + 40, np.float32)
            here = room[start : start + n]
            here[...] = g
            assert same(f.backward(here, x, out=here), outs[0])


def test_a_formula_of_ones_own_at_all_sizes() -> None:
    """Small arrays, then what is quick, then what several threads share."""
    f = nonlin.define("z * sigmoid(1.25 * z) + 0.125 * z")
    for n in (100, (1 << 14) - 1, 1 << 14, 2 * SPLIT - 1, 2 * SPLIT, 3 * SPLIT):
        x = np.random.default_rng(n).normal(0, 3, n).astype(np.float32)
        wide = x.astype(np.float64)
        want = f(wide), f.derivative(wide), wide * f.derivative(wide)
        for _ in range(3):
            pair = np.empty_like(x), np.empty_like(x)
            f.value_and_derivative(x, out=pair)
            for got, truth in zip((*pair, f.backward(x, x)), want, strict=True):
                np.testing.assert_allclose(got, truth, rtol=3e-7, atol=1e-30)
            assert same(f(x), pair[0]) and same(f.derivative(x), pair[1])
