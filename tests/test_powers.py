"""Products with powers of two in quick kernels: the sum of two parts that comes out is the product of the one that goes in."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nonlin.compiler import native
from nonlin.compiler.llvm import new_module
from nonlin.compiler.powers import powers
from nonlin.compiler.tables import LANES
from nonlin.compiler.target import Simd, host

pytestmark = pytest.mark.skipif(not host().fma, reason="quick kernels need a fused product")
each_way = pytest.mark.parametrize(
    "simd",
    [
        pytest.param(
            "avx512", marks=pytest.mark.skipif(host().simd != "avx512", reason="by AVX-512")
        ),
        "avx2",  # nothing of that, and nothing that others lack
    ],
)
Floats = NDArray[np.float32]
SHARE: dict[Simd, float] = {"avx512": 2.0**-27, "avx2": 2.0**-24.5}
_FLOATS = f"<{LANES} x float>"


def product(simd: Simd, head: Floats, rest: Floats, slope: Floats, t: Floats) -> Any:
    """Both parts, as doubles, each times its power of two."""
    module = new_module(host())
    names = ["head", "rest", "slope", "t", "first", "second"]
    fn = module.function("product", [(n, "ptr") for n in names] + [("n", "i64")], ["i64"], internal=False)  # fmt: skip
    *given, first, second, n = fn.arguments
    way = powers(fn, simd)

    def block(i: Any) -> None:
        values = [fn.load(fn.element(a, "float", i), _FLOATS, align=4) for a in given]
        *parts, k = way.times(*values)
        for part, out in zip(parts, (first, second), strict=True):
            fn.store(way.scaled(part, k), fn.element(out, "float", i), align=4)

    fn.loop(n, block, step=LANES)
    fn.ret(n)
    address = native.place(native.compiled(module.text, module.names), {})["product"]
    run = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 6, ctypes.c_int64)(address)
    out = np.empty((2, head.size), np.float32)
    arrays = [head, rest, slope, t, out[0], out[1]]
    assert run(*(a.ctypes.data for a in arrays), head.size) == head.size
    return out[0].astype(np.float64), out[1].astype(np.float64)


@each_way
@pytest.mark.parametrize("share", [0.0, 2.0**-10, 0.3, 1.0])
def test_nothing_is_lost(simd: Simd, share: float) -> None:
    """The error is that of ``rest``, which is rounded, and a share of ``head``'s last place, by the table a small one."""
    rng, n = np.random.default_rng(8), 1 << 16
    head = rng.uniform(1, 2, n).astype(np.float32) * rng.choice([-1, 1], n).astype(np.float32)
    rest = (share * rng.uniform(-1, 1, n) * head).astype(np.float32)
    slope = (np.round(8 * rng.uniform(-20, 20, n)) / 8).astype(np.float32)
    t = rng.uniform(-0.4, 0.4, n).astype(np.float32)
    first, second = product(simd, head, rest, slope, t)
    power = 2.0 ** (slope.astype(np.float64) * t)
    want = (head.astype(np.float64) + rest) * power
    error = np.abs(first + second - want) / power
    assert (error <= SHARE[simd] * np.abs(head) + 2.0**-22.5 * np.abs(rest)).all()
    assert (np.abs(second) <= (np.abs(rest) + 0.5 * np.abs(head)) * power).all()


@each_way
def test_powers_reach_as_far_as_floats_do(simd: Simd) -> None:
    whole = np.arange(-125, 127, dtype=np.float32).repeat(LANES)
    ones, nothing = np.ones_like(whole), np.zeros_like(whole)
    first, second = product(simd, ones, nothing, whole, ones)
    np.testing.assert_array_equal(first + second, 2.0 ** whole.astype(np.float64))


@each_way
def test_nan_stays_nan(simd: Simd) -> None:
    ones = np.ones(LANES, np.float32)
    for place in range(4):
        given = [ones.copy() for _ in range(4)]
        given[place][3] = np.nan
        first, second = product(simd, *given)
        assert np.isnan(first + second)[3] and np.isnan(first + second).sum() == 1
