"""Sines and cosines on float32 lanes: found in programs, and right beside their zeros."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import nonlin
from nonlin.compiler import quick
from nonlin.compiler.corners import first_result
from nonlin.compiler.kernel import Kernel
from nonlin.compiler.target import host
from nonlin.compiler.waves import Wave, wave

needs_fma = pytest.mark.skipif(not host().fma, reason="needs a fused multiply-add")


def found(formula: str) -> Wave | None:
    return wave(first_result(nonlin.define(formula).program("value")), [], (1.0, 1.0))


@pytest.mark.parametrize(
    ("formula", "size", "omega", "phase", "power", "order"),
    [
        ("sin(z)", 1.0, 1, 0, 1, 0),
        ("-3 * cos(2 * z)", -3.0, 2, 2, 1, 0),
        ("z * cos(z) / 4", 0.25, 1, 2, 1, 1),
        ("(sin(z) + cos(z))**2", 2.0, 1, 1, 2, 0),
        ("cos(z) - sin(z)", 2**0.5, 1, 3, 1, 0),
        ("z**2 * sin(z / 2)**2", 1.0, 0.5, 0, 2, 2),
    ],
)
def test_waves_are_found(
    formula: str, size: float, omega: float, phase: int, power: int, order: int
) -> None:
    f, z = found(formula), np.linspace(-7, 7, 101)
    assert f is not None
    assert float(f.factor) * 2 ** (f.roots / 2) == pytest.approx(size)
    assert (float(f.omega), f.phase, f.power, f.order) == (omega, phase, power, order)
    value = size * z**order * np.sin(omega * z + phase * np.pi / 4) ** power
    np.testing.assert_allclose(nonlin.define(formula)(z), value, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(
    "formula",
    [
        "sin(z) + z",
        "sin(z) * cos(z)",
        "sin(z)**3",
        "sin(z + 1)",
        "sin(z**2)",
        "z",
        "sin(0.3 * z)",
        "exp(z)",
    ],
)
def test_others_are_not(formula: str) -> None:
    assert found(formula) is None


@needs_fma
@pytest.mark.parametrize(
    ("name", "what"),
    [("sin", "value"), ("sin", "derivative"), ("cos", "value"), ("cos", "derivative"), ("gcu", "value"),
     ("snake", "derivative"), ("sin(3 * z)", "value"), ("z * sin(z)", "value"), ("cos(z) * 5", "value")],
)  # fmt: skip
def test_beside_zeros_and_far_away(name: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All multiples of pi/4 up to where elements are rare, and beyond."""
    monkeypatch.setattr(quick, "can_be_quick", lambda: False)  # as on processors without look-ups
    f = nonlin.catalogue[name] if name in nonlin.catalogue else nonlin.define(name)
    monkeypatch.setattr(f, "_kernels", {})
    quickly = f.kernel("float32", what)
    assert "@plain" in quickly.ir and "llvm.fma" in quickly.ir
    plainly = Kernel(f._recipe(what), partial(f.program, what), "float32")
    turns = np.float32(np.arange(-20_000, 20_000) * (np.pi / 4))
    x = np.concatenate(
        [turns, turns / np.float32(3), np.geomspace(1e-45, 3e38, 999).astype(np.float32)]
    )
    x = (x.view(np.int32)[:, None] + np.arange(-3, 4, dtype=np.int32)).ravel().view(np.float32)
    x = np.concatenate([x, np.array([0.0, -0.0, np.inf, -np.inf, np.nan], np.float32)])
    values = np.array(list(f.parameters.values()), dtype=np.float64)
    got = []
    for kernel in (quickly, plainly):
        y = np.empty_like(x)
        kernel.run(x.ctypes.data, 0, y.ctypes.data, 0, x.size, values.ctypes.data)
        got.append(y)
    assert quick._apart(*got).max() <= 1
