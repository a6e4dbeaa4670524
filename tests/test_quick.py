"""Quick float32 kernels: within the last bit of the plain ones, whatever an element's neighbours are.

The accuracy of what users call is in test_accuracy.py; here is what is particular to the quick way.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import nonlin
from nonlin.compiler.kernel import Kernel
from nonlin.compiler.kind import Kind
from nonlin.compiler.plans import cuts
from nonlin.compiler.quick import can_be_quick, quick_module
from nonlin.compiler.target import host

pytestmark = pytest.mark.skipif(not can_be_quick(), reason="quick kernels need look-ups")

LOOK_UPS = {"avx512": "vpermi2var", "avx2": "avx2.permd", "neon": "aarch64.neon.tbl"}
QUICK = (
    "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "celu", "softplus", "silu", "gelu",
    "gelu_tanh", "mish", "softsign", "logsigmoid", "arctan", "gaussian", "exponential", "phish", "lisht",
    "tanhshrink", "penalized_tanh", "elu_plus_one", "quick_gelu", "tanhexp",
    "dsilu", "elish", "xielu", "nlrelu",
)  # fmt: skip
Floats = NDArray[np.float32]


def plain(f: nonlin.Activation, what: str, x: Floats) -> Floats:
    """By the kernel that is not quick."""
    kind = Kind.MAP
    kernel = Kernel(f._recipe(what), partial(f.program, what), "float32", kind)
    values = np.array(list(f.parameters.values()), dtype=np.float64)
    y = np.empty_like(x)
    kernel.run(x.ctypes.data, 0, y.ctypes.data, 0, x.size, values.ctypes.data)
    return y


def apart(a: Floats, b: Floats) -> int:
    """How many floats lie between, at most; NaN must meet NaN, and a zero one of its own sign."""
    assert np.array_equal(np.isnan(a), np.isnan(b))
    zeros = (a == 0) & (b == 0)
    assert np.array_equal(np.signbit(a[zeros]), np.signbit(b[zeros]))
    keep = ~np.isnan(a)
    i, j = (v[keep].view(np.int32).astype(np.int64) for v in (a, b))
    i, j = (np.where(v < 0, -(v + 2**31), v) for v in (i, j))
    return int(np.abs(i - j).max(initial=0))


def places(seed: int) -> Floats:
    """Random bit patterns, ordinary numbers, and every bfloat16."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2**32, 100_000, dtype=np.uint32).view(np.float32)
    ordinary = (4 * rng.normal(size=150_000)).astype(np.float32)
    brains = (np.arange(1 << 16, dtype=np.uint32) << 16).view(np.float32)
    return np.concatenate([bits, ordinary, brains])


@pytest.mark.parametrize("what", ["value", "derivative"])
@pytest.mark.parametrize("name", nonlin.catalogue)
def test_quick_and_plain_differ_by_the_last_bit(name: str, what: str) -> None:
    f = nonlin.catalogue[name]
    x = places(len(name))
    call = f if what == "value" else f.derivative
    with np.errstate(all="ignore"):
        assert apart(call(x), plain(f, what, x)) <= 1


@pytest.mark.parametrize("name", QUICK)
def test_these_are_quick(name: str) -> None:
    f = nonlin.catalogue[name]
    for what in ("value", "derivative"):
        ir = f.kernel("float32", what).ir
        assert "@plain" in ir
        assert (LOOK_UPS[host().simd or "avx512"] in ir) != (
            name in ("relu", "leaky_relu")
        )  # these are straight lines


@pytest.mark.parametrize("name", ["gelu", "silu", "tanh", "softplus"])
def test_neighbours_change_nothing(name: str) -> None:
    """Rare elements send their block through another loop."""
    f = nonlin.catalogue[name]
    x = np.linspace(-9, 9, 1000, dtype=np.float32)
    alone = f(x)
    for odd in (np.float32(-50), np.float32(1e30), np.float32(np.nan), np.float32(-np.inf)):
        y = x.copy()
        y[::7] = odd
        mixed = f(y)
        keep = np.arange(1000) % 7 != 0
        assert np.array_equal(mixed[keep], alone[keep])


@pytest.mark.parametrize("name", ["gelu", "relu", "mish"])
def test_every_length_and_in_place(name: str) -> None:
    f = nonlin.catalogue[name]
    x = np.linspace(-60, 9, 200, dtype=np.float32)
    whole = f(x)
    slopes = f.derivative(x)
    for n in range(200):
        assert np.array_equal(f(x[:n]), whole[:n])
        y = x[:n].copy()
        assert np.array_equal(f(y, out=y), whole[:n])
        both = f.value_and_derivative(x[:n])
        assert np.array_equal(both[0], whole[:n]) and np.array_equal(both[1], slopes[:n])


@pytest.mark.parametrize(
    "name", [n for n, f in nonlin.catalogue.items() if f.output_derivative.expr is not None]
)
def test_the_derivative_from_the_output(name: str) -> None:
    f = nonlin.catalogue[name]
    y = f(np.linspace(-9, 9, 40_000, dtype=np.float32))
    right = f.derivative_from_output(y.astype(np.float64)).astype(np.float32)
    assert apart(f.derivative_from_output(y), right) <= 1


def test_other_parameters_take_the_plain_way() -> None:
    x = places(3)
    with np.errstate(all="ignore"):
        mine = nonlin.elu(x, alpha=0.5)
        right = np.where(x > 0, x, 0.5 * np.expm1(x.astype(np.float64))).astype(np.float32)
    assert apart(mine, right) <= 1


@pytest.mark.parametrize(
    "formula",
    [
        "z * tanh(softplus(z)) + 0.1 * z",
        "z * Phi(1.7 * z)",
        "log1p(exp(z)) - 0.5",
        "z / sqrt(1 + z**2) + 0.25 * z",
        "where(z > 0, z, 0.3 * expm1(z / 0.3))",
        "exp(-(1000 * (z - 0.3))**2)",
        "z + 0.3 * sin(z) * exp(-abs(z - 1000))",
        "where(z > 0.123, sigmoid(z), z**2)",
        "tanh(z) * tanh(z - 3)",
        "1 / z",
        "sqrt(z)",
        "exp(exp(z))",
    ],
)
def test_a_formula_of_ones_own(formula: str) -> None:
    """Quick or not, it is right: narrow peaks, two zeros, poles and kinks at odd places included."""
    f = nonlin.define(formula)
    near = np.linspace(0.298, 0.302, 40_001, dtype=np.float32)
    far = np.linspace(980, 1020, 40_001, dtype=np.float32)
    x = np.concatenate([places(1), near, far])
    with np.errstate(all="ignore"):
        assert apart(f(x), plain(f, "value", x)) <= 1
        assert apart(f.derivative(x), plain(f, "derivative", x)) <= 1


@pytest.mark.parametrize(
    "formula",
    [
        "where(z < 0, 0, where(z < 1, 1, exp(z)))",  # what bends lies on one side of 0
        "where(z < 0, 1, 0) + exp(max(z, 1))",
        "where(z == 1, 2, z) / z",  # a piece as narrow as can be
        "sqrt(-1) * z",
        "where(z < 0, log(-2), z)",
    ],
)
def test_what_does_not_lend_itself_stays_with_the_lanes(formula: str) -> None:
    f, x = nonlin.define(formula), np.linspace(-3, 3, 20_001, dtype=np.float32)
    for what, call in (("value", f), ("derivative", f.derivative)):
        assert apart(call(x), plain(f, what, x)) <= 1
    both = f.value_and_derivative(x)
    assert apart(both[0], f(x)) == 0 and apart(both[1], f.derivative(x)) == 0


def test_what_has_no_pieces() -> None:
    simd = host().simd
    assert simd is not None
    assert list(cuts(lambda x: np.sin(50 * x), simd)) == []
    with np.errstate(all="ignore"):
        assert list(cuts(np.log, simd)) == []


def test_a_wrong_cut_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code with one coefficient off by a part in 10⁶ is not taken."""
    from nonlin.compiler import quick

    def spoiled(function: Any, simd: Any) -> Any:
        found = list(cuts(function, simd))
        for cut in found:
            cut.coefficients[0, 3] *= np.float32(1 + 1e-6)
        return found

    monkeypatch.setattr(quick, "cuts", spoiled)
    monkeypatch.setattr(quick, "_known", {})  # in which the right cut may be
    f = nonlin.sigmoid
    kernel = Kernel("spoiled", partial(f.program, "value"), "float32", values=())
    assert quick_module(kernel) is None
