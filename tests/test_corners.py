"""Programs of sums, products and comparisons: taken apart exactly, and computed in float32 lanes."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import nonlin
from nonlin.compiler import quick
from nonlin.compiler.corners import Corners, corners, roots, value_at
from nonlin.compiler.kernel import Kernel
from nonlin.compiler.kind import Kind
from nonlin.compiler.program import lower
from nonlin.compiler.target import host
from nonlin.formula import parse

needs_fma = pytest.mark.skipif(not host().fma, reason="needs a fused multiply-add")

HAVE = (
    "relu", "leaky_relu", "relu6", "threshold", "relu_squared", "star_relu", "plu", "hardtanh", "hardsigmoid",
    "hardswish", "sparse_sigmoid", "hardshrink", "softshrink", "sparse_plus", "sqnl", "sign", "absolute", "prelu",
)  # fmt: skip
OWN = (
    "max(z, z * z)", "where(z > 0.1, 3 * z, z / 7)", "(z - 1)**2 * 3", "(z**2 - 2) / 3 + 1",
    "min(abs(z), 0.3) - z / 64", "z * abs(z) - 5", "2 * max(z, 0.7) - min(z, -0.2)", "z + z * z", "z * (1 - z)", "1 - z**2", "(2 - z) * (z + 1)", "(1 - z) * (z - 2) * z", "-z / 3",
    "where(abs(z) <= 2, where(z == 1, 7, z), 0 * z)", "sign(z - 1) * (z - 1) * (z - 1)", "(z + 0.1) / 3",
)  # fmt: skip


def same_sign(x: NDArray[Any]) -> NDArray[Any]:
    return np.ones_like(x)


def places() -> NDArray[np.float32]:
    rng = np.random.default_rng(11)
    bits = rng.integers(0, 2**32, 100_000, dtype=np.uint32).view(np.float32)
    ordinary = (4 * rng.normal(size=50_000)).astype(np.float32)
    near = [
        np.float32(c).view(np.int32) + np.arange(-300, 300, dtype=np.int32)
        for c in (0.1, 0.3, 1, 2, 3, -3)
    ]
    return np.concatenate(
        [bits, ordinary, *(n.view(np.float32) for n in near), np.array([0, -0.0], np.float32)]
    )


def apart(formula: nonlin.Activation, what: str) -> int:
    """How many floats lie between a function with corners and the plain kernel's results, at most."""
    quickly = formula.kernel("float32", what)
    assert "@plain" in quickly.ir and "vpermi2var" not in quickly.ir
    kind = {"backward": Kind.SCALE}.get(what, Kind.MAP)
    plainly = Kernel(formula._recipe(what), partial(formula.program, what), "float32", kind)
    x = places()
    values = np.array(list(formula.parameters.values()), dtype=np.float64)
    g = np.full_like(x, 1)
    got = []
    for kernel in (quickly, plainly):
        y = np.empty_like(x)
        kernel.run(x.ctypes.data, g.ctypes.data, y.ctypes.data, 0, x.size, values.ctypes.data)
        got.append(y)
    return int(quick._apart(*got).max())


@needs_fma
@pytest.mark.parametrize("what", ["value", "derivative", "backward"])
@pytest.mark.parametrize("name", HAVE)
def test_functions_of_the_catalogue(name: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "can_be_quick", lambda: False)  # as on processors without look-ups
    f = nonlin.catalogue[name]
    monkeypatch.setattr(f, "_kernels", {})
    assert apart(f, what) <= 1


@needs_fma
@pytest.mark.parametrize("formula", OWN)
def test_formulas_of_ones_own(formula: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "can_be_quick", lambda: False)
    assert apart(nonlin.define(formula), "value") <= 1


@pytest.mark.parametrize("formula", OWN)
def test_parts_are_the_formula(formula: str) -> None:
    """In fractions, at floats everywhere and at the ends of all parts."""
    f = nonlin.define(formula)
    found = corners(f.program("value"), [], same_sign)
    assert isinstance(found, Corners)
    ends = [p.low for p in found.parts if p.low is not None]
    assert ends == sorted(set(ends))
    ends += [float(np.nextafter(np.float32(e), np.float32(-9))) for e in ends]
    for z in [*np.linspace(-4, 4, 333).tolist(), *ends, *found.edges]:
        at = float(np.float32(z))
        part = next(p for p in found.parts if p.high is None or at < p.high)
        value = dict(found.points).get(at, float(value_at(part.polynomial, Fraction(at))))
        assert value == pytest.approx(float(f(np.float64(at))), rel=1e-14, abs=1e-15)


@pytest.mark.parametrize(
    "formula",
    ["exp(z)", "1 / z", "sqrt(z)", "max(z**2 - 2, 0)", "z**4", "1e200 * z", "max(z, z**3 - z + 1)"],
)
def test_what_is_none(formula: str) -> None:
    assert corners(nonlin.define(formula).program("value"), [], same_sign) is None


def test_one_result_of_several() -> None:
    program = lower([parse("max(z, 0) + 0"), parse("exp(z)")], [])
    found = corners(program, [], same_sign)
    assert found is not None and [len(p.polynomial) for p in found.parts] == [0, 2]


def test_roots() -> None:
    a, b = Fraction(1, 3), Fraction(-5, 7)
    assert sorted(roots((a * b, -(a + b), Fraction(1))) or []) == sorted([a, b])
    assert roots((Fraction(0), Fraction(0), Fraction(2))) == [Fraction(0)] * 2
    assert roots((Fraction(1), Fraction(0), Fraction(1))) == []
    assert roots((Fraction(-2), Fraction(0), Fraction(1))) is None
