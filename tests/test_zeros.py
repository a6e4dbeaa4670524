"""The sign of a zero is that of the function beside it."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest

import nonlin
from nonlin.compiler.program import lower
from nonlin.formula import parse
from nonlin.oracle import accurate

OWN = (
    "z + sin(z)**2", "z - z * abs(z) / 4", "sin(z) * cos(z)", "-sin(3 * z)", "a * (exp(z) - 1 - z) + b * z",
    "b * z + a * z**2", "z * (z + z**2)", "tanh(z) + sin(z)", "sqrt(1 + z) - 1", "z**3 - z", "z**2 - z",
    "sin(z) - abs(z) / 2", "1 - cos(z)", "z - tanh(z)", "where(z >= 0, z, z - z**2)", "2 * z + log1p(z**2)",
)  # fmt: skip
DTYPES = ("float16", "float32", "float64")


def beside(f: nonlin.Activation, order: str, side: float) -> Any:
    """The true value at so small a z that only the sign counts."""
    expr = f.expression if order == "value" else f.slopes[0]
    return accurate(expr, side * 2.0**-200, f.parameters)


def check(f: nonlin.Activation, order: str) -> int:
    tried = 0
    for side in (-1.0, 1.0):
        want = beside(f, order, side)
        at_zero = accurate(f.expression if order == "value" else f.slopes[0], 0.0, f.parameters)
        if at_zero != 0 or not mpmath.isfinite(want) or want == 0 or abs(want) > 1e-9:
            continue
        for dtype in DTYPES:
            x = np.full(40, side * 0.0, dtype)  # whole vectors, and what is left of them
            y = (f if order == "value" else f.derivative)(x)
            assert (y == 0).all() and (np.signbit(y) == (want < 0)).all(), (f.formula, order, dtype)
            tried += 1
    return tried


@pytest.mark.parametrize("text", OWN)
def test_formulas(text: str) -> None:
    f = nonlin.define(text, **({"a": 0.8, "b": 0.5} if "a *" in text else {}))
    assert check(f, "value") == 2 * len(DTYPES)
    check(f, "derivative")


def test_the_catalogue() -> None:
    tried = [
        check(f, order) for f in nonlin.catalogue.values() for order in ("value", "derivative")
    ]
    assert sum(map(bool, tried)) > 50


def test_a_slope_of_ones_own() -> None:
    f = nonlin.define("b * z + a * z**2", a=1.0, b=1.0)
    for b in (2.0, 0.5, -3.0):
        y = f(np.array([-0.0, 0.0]), b=b)
        assert [math.copysign(1, v) for v in y.tolist()] == [
            math.copysign(1, -b),
            math.copysign(1, b),
        ]


def test_nothing_is_added_where_nothing_is_lost() -> None:
    for text in (
        "z * sigmoid(z)",
        "z + z**3",
        "tanh(z) - 1",
        "z - 0.5 * z",
        "sin(z) + z",
        "abs(z) + z**2",
    ):
        assert not any(i.op == "eq" for i in lower([parse(text)], []).instructions), text
