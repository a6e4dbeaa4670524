"""What is not an ordinary array: buffers of other kinds, subclasses, views that lie or lap.

Values are those of the same numbers in a plain array; the answer is a plain array in the processor's byte
order, whatever came in (``test_arrays.py`` has the layouts of plain arrays).
"""

from __future__ import annotations

import array
import ctypes
import mmap
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import nonlin
from nonlin.errors import DtypeError

Array = np.ndarray[Any, Any]
NUMBERS = [-3.0, -0.5, 0.0, 0.75, 2.0, 90.0]
FLOATS = [np.float16, np.float32, np.float64, ml_dtypes.bfloat16]
f = nonlin.mish
CALLS: dict[str, Callable[[Any], Any]] = {
    "value": f,
    "derivative": f.derivative,
    "both": f.value_and_derivative,
    "backward": lambda x: f.backward(x, x),
    "softmax": nonlin.softmax,
    "log_softmax": nonlin.log_softmax,
}


def check(x: Any, plain: Array) -> None:
    """Every call gives of x what it gives of the plain array of its values."""
    for name, call in CALLS.items():
        got, want = call(x), call(plain)
        if not isinstance(want, tuple):
            got, want = (got,), (want,)
        for a, b in zip(got, want, strict=True):
            assert type(a) is np.ndarray, name
            assert a.dtype == b.dtype and a.dtype.isnative and a.shape == b.shape, name
            assert a.tobytes() == b.tobytes(), name
            assert not np.may_share_memory(a, np.asarray(x)), name


class Tagged(np.ndarray[Any, Any]):
    """A subclass that says no to nearly everything."""

    def __array_ufunc__(self, *args: Any, **keywords: Any) -> Any:
        raise AssertionError("asked for a ufunc")

    def __array_wrap__(self, *args: Any, **keywords: Any) -> Any:
        raise AssertionError("asked to wrap")


def matrix(x: Array) -> Array:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return np.matrix(x)


SUBCLASSES: dict[str, Callable[[Array], Array]] = {
    "matrix": matrix,
    "masked": lambda x: np.ma.masked_array(x, mask=x > 1),
    "masked everywhere": lambda x: np.ma.masked_all_like(x),
    "record field": lambda x: np.rec.fromarrays([np.arange(x.size), x.ravel()]).f1,
    "of ones own": lambda x: x.view(Tagged),
}


@pytest.mark.parametrize("kind", FLOATS, ids=lambda k: np.dtype(k).name)
@pytest.mark.parametrize("make", SUBCLASSES.values(), ids=SUBCLASSES)
def test_subclasses(make: Any, kind: Any) -> None:
    x = make(np.array(NUMBERS, dtype=kind))
    check(x, np.array(np.asarray(x)))


def test_a_masked_array_to_write_to() -> None:
    """The numbers beneath are written; the mask stays."""
    x = np.array(NUMBERS)
    out = np.ma.masked_array(np.zeros(6), mask=[1, 0, 0, 0, 0, 1])
    assert f(x, out=out) is out
    assert np.asarray(out).tolist() == f(x).tolist()
    assert out.mask.tolist() == [True, False, False, False, False, True]


def test_a_subclass_to_write_to() -> None:
    out = np.zeros(6).view(Tagged)
    assert f(np.array(NUMBERS), out=out) is out
    assert np.asarray(out).tolist() == f(NUMBERS).tolist()


@pytest.mark.parametrize("code", "fd")
def test_array_array(code: str) -> None:
    x = array.array(code, NUMBERS)
    check(x, np.array(NUMBERS, dtype=code))
    assert x.tolist() == NUMBERS, "it was changed"


@pytest.mark.parametrize("code", "bBhHiIlLqQ")
def test_array_array_of_whole_numbers(code: str) -> None:
    check(array.array(code, [0, 1, 2, 100]), np.array([0.0, 1.0, 2.0, 100.0]))


@pytest.mark.parametrize("code", "efd")
def test_memoryview(code: str) -> None:
    x = np.array(NUMBERS, dtype=code)
    check(memoryview(x), x)
    check(memoryview(x)[::-2], x[::-2].copy())
    check(memoryview(x.tobytes()).cast("B"), np.frombuffer(x.tobytes(), np.uint8).astype(float))
    check(memoryview(x.reshape(2, 3)), x.reshape(2, 3))


def test_buffers_of_c() -> None:
    numbers = (ctypes.c_float * 6)(*NUMBERS)
    check(numbers, np.array(NUMBERS, dtype=np.float32))
    table = ((ctypes.c_double * 3) * 2)(tuple(NUMBERS[:3]), tuple(NUMBERS[3:]))
    check(table, np.array(NUMBERS).reshape(2, 3))


def test_files_in_memory(tmp_path: Path) -> None:
    x = np.array(NUMBERS, dtype=np.float32)
    x.tofile(tmp_path / "x")
    check(np.memmap(tmp_path / "x", np.float32, "r"), x)
    np.save(tmp_path / "x.npy", x)
    check(np.load(tmp_path / "x.npy", mmap_mode="r"), x)
    with mmap.mmap(-1, 24) as memory:
        memory[:] = x.tobytes()
        view = np.frombuffer(memory, np.float32)
        check(view, x)
        del view


def test_pandas() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    for kind in ("float32", "float64", "int64"):
        series = pandas.Series([0, 1, 2], index=list("abc"), dtype=kind)
        check(series, series.to_numpy().astype(float if kind == "int64" else kind))
        check(series[::-1], series[::-1].to_numpy().astype(float if kind == "int64" else kind))
    frame = pandas.DataFrame({"a": NUMBERS, "b": NUMBERS[::-1]})
    check(frame, frame.to_numpy())
    with pytest.raises(DtypeError):
        f(pandas.Series(["a", "b"]))


def test_a_field_of_packed_records() -> None:
    """Of no alignment, with gaps, and in either byte order."""
    for order in "<>":
        for kind in ("f2", "f4", "f8"):
            records = np.zeros(6, np.dtype([("tag", "S3"), ("x", order + kind)]))
            records["x"] = NUMBERS
            before = records.tobytes()
            check(records["x"], np.array(NUMBERS, dtype=kind))
            check(records[::-2]["x"], np.array(NUMBERS[::-2], dtype=kind))
            out = np.zeros_like(records)
            out["tag"] = b"xyz"
            f(records["x"], out=out["x"])
            assert out["x"].astype(kind).tobytes() == f(np.array(NUMBERS, dtype=kind)).tobytes()
            assert set(out["tag"]) == {b"xyz"} and records.tobytes() == before


@pytest.mark.parametrize("kind", FLOATS, ids=lambda k: np.dtype(k).name)
def test_strides_of_nothing(kind: Any) -> None:
    """Views whose elements are one and the same, along one axis or all."""
    one = np.array([0.75], dtype=kind)
    for shape in ((5,), (2, 3), (0,), (2, 0, 3)):
        x = np.lib.stride_tricks.as_strided(one, shape, (0,) * len(shape))
        check_if_rows(x, np.full(shape, 0.75, dtype=kind))
    row = np.array(NUMBERS, dtype=kind)
    check(np.broadcast_to(row, (4, 6)), np.tile(row, (4, 1)))
    check(np.broadcast_to(row[:, None], (6, 4)), np.repeat(row, 4).reshape(6, 4))
    check(np.broadcast_to(row[::-1], (2, 6)), np.tile(row[::-1], (2, 1)))


def check_if_rows(x: Array, plain: Array) -> None:
    if x.shape[-1]:
        check(x, plain)
    else:
        assert f(x).shape == f(plain).shape == x.shape


def test_an_output_whose_elements_are_one() -> None:
    """As in NumPy, the last that is written stays; nothing beside it is touched."""
    memory = np.full(3, 7.0)
    out = np.lib.stride_tricks.as_strided(memory[1:], (4,), (0,))
    f(np.full(4, 0.75), out=out)
    assert memory.tolist() == [7.0, f(0.75), 7.0]


def test_huge_strides_and_long_shapes() -> None:
    x = np.zeros(1 << 20, np.float32)[:: 1 << 18]
    x[:] = NUMBERS[:4]
    check(x, np.array(NUMBERS[:4], dtype=np.float32))
    deep = np.array(NUMBERS, dtype=np.float32).reshape((1,) * 40 + (6,) + (1,) * 20)
    assert f(deep).shape == deep.shape
    assert f(deep).ravel().tobytes() == f(deep.ravel()).tobytes()


class Liar:
    """Says that it is an array, and then is something else."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_things_that_lie() -> None:
    with pytest.raises(ValueError, match="not producing an array"):
        f(Liar("no array"))
    with pytest.raises(ZeroDivisionError):
        f(Liar(ZeroDivisionError()))
    with pytest.raises(DtypeError):
        f(Liar(np.array(["a"])))

    class Long:
        def __len__(self) -> int:
            return 1 << 40

    with pytest.raises(DtypeError):
        f(Long())
