"""The short way of rows gives what the long way gives, to the last bit, or leaves the call to it."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

import nonlin
from nonlin import rows
from nonlin.compiler.row_ufunc import load_row_loops
from nonlin.errors import ParameterError
from nonlin.row_calls import Short

Array = NDArray[Any]
SHAPES = [(4, 1000), (1, 10), (64, 10), (65, 3), (3, 4097), (5, 1), (1, 1), (7,), (2, 3, 16), (2, 1, 5, 17)]  # fmt: skip
ALONG = {"softmax": nonlin.softmax, "log_softmax": nonlin.log_softmax}


@pytest.fixture(autouse=True, scope="module")
def at_hand() -> None:
    """All short ways are there: each comes with the second call."""
    load_row_loops()
    for dtype in (np.float32, np.float64):
        z, t = np.zeros((2, 3), dtype), np.zeros(2, np.int64)
        for _ in range(2):
            nonlin.softmax(z), nonlin.log_softmax(z)
            nonlin.cross_entropy(z, t), nonlin.cross_entropy.value_and_gradient(z, t)
    for short in (rows._softmax, rows._log_softmax, rows._loss, rows._gradient):
        assert short._made[np.dtype(np.float32)] and short._made[np.dtype(np.float64)]


def same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def scores(shape: tuple[int, ...], dtype: type) -> Array:
    rng = np.random.default_rng(sum(shape))
    return rng.normal(0, 4, shape).astype(dtype)


def long_way(kind: str, z: Array) -> Array:
    return ALONG[kind](z, temperature=1)  # a whole number is not the short way's


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ALONG)
def test_shares_are_the_same(kind: str, shape: tuple[int, ...], dtype: type) -> None:
    z = scores(shape, dtype)
    short = {"softmax": rows._softmax, "log_softmax": rows._log_softmax}[kind]
    found = short.along(z, None)
    assert found is not None and same(found, long_way(kind, z))
    assert same(ALONG[kind](z), found)
    out = np.full_like(z, 7)
    assert ALONG[kind](z, out=out) is out and same(out, found)
    assert ALONG[kind](z, out=z) is z and same(z, found)


@given(
    z=hnp.arrays(
        st.sampled_from([np.float32, np.float64]),
        hnp.array_shapes(min_dims=1, max_dims=3, max_side=20),
        elements=st.floats(width=32, allow_subnormal=True),
    )
)
def test_any_scores(z: Array) -> None:
    for kind, function in ALONG.items():
        a, b = function(z), long_way(kind, z)
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(np.signbit(a), np.signbit(b))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [s for s in SHAPES if len(s) == 2])
def test_losses_are_the_same(shape: tuple[int, int], dtype: type) -> None:
    z = scores(shape, dtype)
    t = np.random.default_rng(1).integers(0, shape[1], shape[0])
    # smoothing that is a whole number is not the short way's
    loss = nonlin.cross_entropy(z, t, label_smoothing=0)
    pair = nonlin.cross_entropy.value_and_gradient(z, t, label_smoothing=0)
    assert rows._loss.of_targets(z, t) is not None
    assert same(nonlin.cross_entropy(z, t), loss)
    found = nonlin.cross_entropy.value_and_gradient(z, t)
    assert same(found[0], pair[0]) and same(found[1], pair[1])


SPECIAL = [
    [[np.nan, 1, 2]],
    [[np.inf, 1, np.inf]],
    [[-np.inf, 1, 2]],
    [[-np.inf, -np.inf, -np.inf]],
    [[3e38, -3e38, 0]],
    [[1e-45, 0, -0.0]],
]


@pytest.mark.parametrize("row", SPECIAL)
def test_special_rows(row: list[list[float]]) -> None:
    z = np.concatenate([np.zeros((2, 3), np.float32), np.array(row, np.float32)])
    for kind, function in ALONG.items():
        np.testing.assert_array_equal(function(z), long_way(kind, z))
    t = np.array([0, 1, 2])
    loss = nonlin.cross_entropy(z, t, label_smoothing=0)
    np.testing.assert_array_equal(nonlin.cross_entropy(z, t), loss)
    value, gradient = nonlin.cross_entropy.value_and_gradient(z, t)
    wanted = nonlin.cross_entropy.value_and_gradient(z, t, label_smoothing=0)
    np.testing.assert_array_equal(value, wanted[0])
    np.testing.assert_array_equal(gradient, wanted[1])


def gap(z: Array) -> Array:
    return np.repeat(z, 2, axis=-1)[..., ::2]


def unaligned(z: Array) -> Array:
    memory = np.empty(z.nbytes + 1, np.uint8)[1:]
    there = memory.view(z.dtype).reshape(z.shape)
    there[...] = z
    return there


@pytest.mark.parametrize(
    "other",
    [gap, unaligned, np.asfortranarray, lambda z: z.astype(">f4"), lambda z: z[:, ::-1].copy()[:, ::-1], np.ma.asarray],
    ids=["gap", "unaligned", "columns", "bytes", "backwards", "subclass"],
)  # fmt: skip
def test_other_memory_goes_the_long_way(other: Any) -> None:
    z, t = scores((4, 5), np.float32), np.arange(4)
    given_ = other(z)
    assert rows._softmax.along(given_, None) is None and rows._loss.of_targets(given_, t) is None
    np.testing.assert_array_equal(np.asarray(nonlin.softmax(given_)), nonlin.softmax(z))
    assert nonlin.cross_entropy(given_, t) == nonlin.cross_entropy(z, t)


def test_other_results_go_the_long_way() -> None:
    z = scores((4, 5), np.float32)
    wide = np.zeros((4, 5))
    nonlin.softmax(z, out=wide)
    np.testing.assert_array_equal(wide.astype(np.float32), nonlin.softmax(z))
    z.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        nonlin.softmax(z, out=z)
    with pytest.raises(ValueError, match="shape"):
        nonlin.softmax(z, out=np.zeros((5, 4), np.float32))


@pytest.mark.parametrize("bad", [5, -1, -(2**63), 2**63 - 1])
@pytest.mark.parametrize("place", [0, 3])
def test_a_target_that_is_no_class(bad: int, place: int) -> None:
    z, t = scores((4, 5), np.float32), np.array([0, 1, 2, 3])
    t[place] = bad
    for function in (nonlin.cross_entropy, nonlin.cross_entropy.value_and_gradient):
        with pytest.raises(ValueError, match=rf"target {bad} at \({place},\)"):
            function(z, t)


@pytest.mark.filterwarnings("error")
def test_what_memory_held_is_not_added_up() -> None:
    """Where a target is no class, losses after the first are whatever was there, and could overflow."""
    memory = np.array([-1.0, 1e308, 1e308, np.inf, -np.inf])
    assert rows._mean(memory, np.zeros((5, 2))) is None


def test_an_ignored_target_and_one_batch_too_few() -> None:
    z = scores((3, 5), np.float64)
    left_out = nonlin.cross_entropy(z, np.array([0, -100, 2]))
    assert left_out == nonlin.cross_entropy(z[[0, 2]], np.array([0, 2]))
    with pytest.raises(ValueError, match=r"targets have shape \(2,\)"):
        nonlin.cross_entropy(z, np.array([0, 1]))


def test_odd_arguments_are_refused_as_before() -> None:
    z, t = scores((3, 5), np.float64), np.array([0, 1, 2])
    with pytest.raises((TypeError, ValueError)):
        nonlin.cross_entropy(z, t, reduction=np.array(["mean", "sum"]))  # type: ignore[arg-type]
    with pytest.raises(ParameterError):
        nonlin.softmax(z, temperature=np.ones(2))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        nonlin.softmax(z, axis=np.ones(2))  # type: ignore[arg-type]


def test_threads_do_not_share_memory() -> None:
    z = [scores((8, 50 + i), np.float32) for i in range(8)]
    wanted = [nonlin.softmax(each) for each in z]
    wrong: list[int] = []

    def work(i: int) -> None:
        for _ in range(500):
            if not same(nonlin.softmax(z[i]), wanted[i]):
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_without_numpys_table_there_still_is_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    from nonlin.compiler import row_ufunc
    from nonlin.errors import CompileError

    def no_table() -> None:
        raise CompileError("no table")

    monkeypatch.setattr(row_ufunc, "table_of_numpy", no_table)
    monkeypatch.setattr(rows, "_softmax", Short("softmax"))
    z = scores((4, 5), np.float32)
    first = nonlin.softmax(z)
    for _ in range(3):
        assert same(nonlin.softmax(z), first)
    assert rows._softmax._made[z.dtype] is None
