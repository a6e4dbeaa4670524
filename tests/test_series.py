"""The series that stand in for formulas near 0: right to their last bit, found quickly, or refused."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest

import nonlin
from nonlin.compiler.series import guarded
from nonlin.compiler.taylor import Unexpandable, coefficients
from nonlin.effort import effort
from nonlin.formula import parse
from nonlin.oracle import accurate

CANCELLING = [
    "z - tanh(z)", "(z - tanh(z))/z**3", "sin(z) - z", "(1 - cos(z))/z**2", "erf(z) - 2*z/sqrt(pi)",
    "sqrt(1 + z) - 1 - z/2", "abs(z) + softplus(-2*abs(z)) - log(2)", "atan(z) - sin(z)", "softplus(z) - log(2) - z/2",
    "Phi(z) - 1/2 - z/sqrt(2*pi)", "expm1(z) - z", "log1p(z) - z", "(1 + z)**z - 1 - z**2",
    "cosh(sinh(z)) - 1", "sigmoid(z) - 0.5 - z/4", "(1 + z)**(-5.5) - 1 + 5.5*z",
    "erfc(1 + z) - erfc(1)", "sqrt(z**4 + z**6) - z**2", "z/(1 - exp(-z)) - 1", "2**z - 1 - z*log(2)",
    "abs(z**2 - sin(z)**2)", "max(z**2 - sin(z)**2, -1)", "min(z - sinh(z), 3 + abs(z))",
    "where(abs(z) < 1, sin(z) - z, 1/z)", "where(z == 0, 0, z - tanh(z))", "sin(pi + z) + z",
    "1e200*(z - sin(z))", "(z - sin(z))*1e-200", "tanh(1 + z) - tanh(1)",
]  # fmt: skip


@pytest.mark.parametrize("formula", CANCELLING)
def test_a_series_is_the_formula(formula: str) -> None:
    expr = parse(formula)
    series = guarded(expr)
    assert series is not expr
    for z in (Fraction(1, 65), Fraction(-1, 65), Fraction(1, 999), Fraction(-3, 10**8)):
        want, got = (accurate(e, z, None, 120) for e in (expr, series))
        with mpmath.workprec(200):
            assert abs(got - want) <= abs(want) * mpmath.mpf(2) ** -85


@pytest.mark.parametrize(
    "formula",
    ["exp(1/z)", "1/z", "sqrt(z)", "log(z)", "tanh(1/z)", "z**(1/3)", "sin(1/z)*z**40"],
)
def test_what_has_no_series_is_refused(formula: str) -> None:
    with pytest.raises(Unexpandable):
        coefficients(parse(formula), 20)


@pytest.mark.parametrize(
    "formula",
    ["abs(z) + z - sin(z)", "where(z > 0, z - tanh(z), z)", "max(z, z**2) - z + z**3",
     "sqrt(z**2) - sin(z)", "z - tanh(z) + where(z < 1e-3, z, 0)"],
)  # fmt: skip
def test_a_kink_is_no_series(formula: str) -> None:
    expr = parse(formula)
    assert guarded(expr) is expr


@pytest.mark.parametrize(("formula", "at_zero"), [("where(z == 0, 5, z - tanh(z))", 5.0),
                                                  ("where(z == 0, 1e-9, sin(z) - z)", 1e-9)])  # fmt: skip
def test_a_value_that_stands_alone_is_kept(formula: str, at_zero: float) -> None:
    f = nonlin.define(formula)
    assert float(f(0.0)) == at_zero
    assert float(f(1e-6)) == pytest.approx(float(accurate(f.expression, 1e-6)), rel=1e-15)


@pytest.mark.parametrize(
    "formula", ["erf(erf(erf(z))) - 8*z/pi**1.5", "Phi(1e297) - Phi(z) - erfc(z/3) + tanh(z)",
                "exp(exp(exp(z))) - exp(exp(1)) - z"],
)  # fmt: skip
def test_a_series_is_found_with_little_work(formula: str) -> None:
    before = effort.spent
    guarded(parse(formula))
    assert effort.spent - before < 300_000
