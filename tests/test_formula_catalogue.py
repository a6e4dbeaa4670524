"""Functions of the catalogue in formulas: each by its names, with its parameters' defaults."""

from __future__ import annotations

import numpy as np
import pytest

import nonlin
from nonlin.catalogue import BY_NAME, ENTRIES, Entry
from nonlin.errors import FormulaError
from nonlin.formula import parse
from nonlin.formula_typed import read_typed
from nonlin.oracle import evaluate

PLACES = [-30.0, -2.5, -1.0, -0.25, 0.0, 0.3, 1.0, 2.0, 40.0]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_it_is_the_function(entry: Entry) -> None:
    defaults = {p: v.default for p, v in entry.parameters.items()}
    wanted = parse(entry.formula, entry.parameters)
    for name in (entry.name, *entry.aliases):
        found, moved = parse(f"{name}(z)"), parse(f"1 + 2 * {name}(1 - z)")
        for z in PLACES:
            there = evaluate(found, z)  # where 0.01 is 1/100 and no double
            assert there == pytest.approx(evaluate(wanted, z, defaults), rel=1e-15), (name, z)
            there = evaluate(moved, 1 - z)
            assert there == pytest.approx(1 + 2 * evaluate(wanted, z, defaults), rel=1e-12)


def test_it_compiles_and_has_a_slope() -> None:
    f = nonlin.define("relu(z) * sigmoid(z) + leaky_relu(z - 1)")
    x = np.linspace(-3, 3, 41)
    want = nonlin.relu(x) * nonlin.sigmoid(x) + nonlin.leaky_relu(x - 1)
    np.testing.assert_allclose(f(x), want, rtol=1e-14, atol=1e-15)
    slope = (f(x + 1e-6) - f(x - 1e-6)) / 2e-6
    apart = (np.abs(x) > 1e-3) & (np.abs(x - 1) > 1e-3)
    np.testing.assert_allclose(f.derivative(x)[apart], slope[apart], rtol=1e-6, atol=1e-8)


def test_as_people_type_it() -> None:
    assert read_typed("2gelu(x)^2")[0] == parse("2 * gelu(z)**2")


def test_a_parameter_of_the_same_name() -> None:
    assert float(nonlin.define("relu * z", relu=3.0)(2.0)) == 6.0
    with pytest.raises(FormulaError, match="relu is not a function"):
        parse("relu(z)", ["relu"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("relu", r"relu is a function: it needs brackets: relu\(z\)"),
        ("relu(z, 2)", "relu takes 1 argument, not 2"),
        ("relu()", "relu takes 1 argument, not 0"),
        ("leaky_relu(z, negative_slope=1)", "leaky_relu takes no named arguments"),
        ("rellu(z)", "did you mean relu"),
        ("1 / identity(0)", "division by zero"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(FormulaError, match=said):
        parse(text)


def test_nesting_stays_bounded() -> None:
    """Each GELU mentions its argument twice."""
    text = "z"
    for _ in range(30):
        text = f"gelu({text})"
    with pytest.raises(FormulaError, match=r"too (large|deep|long)"):
        parse(text)


def test_names_that_are_also_the_languages_own() -> None:
    """They mean the same."""
    own = {"tanh", "sigmoid", "softplus", "exp", "sin", "cos", "sign", "abs", "atan"}
    for name in own & set(BY_NAME):
        defaults = {p: v.default for p, v in BY_NAME[name].parameters.items()}
        written = parse(BY_NAME[name].formula, defaults)
        for z in PLACES:
            assert evaluate(parse(f"{name}(z)"), z) == evaluate(written, z, defaults)
