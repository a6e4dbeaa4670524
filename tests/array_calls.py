"""What tests of the array API share: calls of every kind, numbers of every kind, and when results are the same."""

from __future__ import annotations

import math
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import nonlin

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
each_dtype = pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
each_function = pytest.mark.parametrize("name", FUNCTIONS)


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
