"""Whether a derivative is a function of the output: which are found, and that two points show where none is."""

from __future__ import annotations

import re
from fractions import Fraction

import mpmath
import pytest

from nonlin.calculus import derivative
from nonlin.catalogue import BY_NAME, ENTRIES, Entry
from nonlin.expression import param
from nonlin.formula import parse
from nonlin.oracle import accurate
from nonlin.properties import output_derivative
from property_facts import (
    DENSE,
    each_entry,
    sample,
)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_declared_output_derivatives_are_proved(entry: Entry) -> None:
    values = {k: p.default for k, p in entry.parameters.items()}
    expr = parse(entry.formula, values)
    found = output_derivative(expr, derivative(expr), entry.output_derivative, values)
    if entry.output_derivative is None:
        assert found.expr is None
    else:
        assert found.expr is not None and found.proved, found.witness


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("sigmoid(z)", "y*(1 - y)"),
        ("tanh(z)", "1 - y**2"),
        ("exp(z)", "y"),
        ("log(1 + exp(z))", "1 - exp(-y)"),
        ("max(z, 0)", "where(y > 0, 1, 0)"),
        ("z/(1 + abs(z))", "(1 - abs(y))**2"),
        ("atan(z)", "1/(1 + (sin(y)/cos(y))**2)"),
    ],
)
def test_output_derivatives_are_found(formula: str, expected: str) -> None:
    expr = parse(formula)
    found = output_derivative(expr, derivative(expr))
    assert found.expr is not None and found.proved, found.witness
    right = parse(expected, ["y"])
    for y in (Fraction(1, 7), Fraction(3, 5), Fraction(9, 10)):
        # y as a parameter is an exact double, as variable of the expression found a fraction
        want = accurate(right.substitute({param("y"): parse("z")}), y, None, 80)
        assert abs(accurate(found.expr, y, None, 80) - want) < 1e-20


@each_entry
def test_output_derivatives_have_the_right_values(entry: Entry) -> None:
    s = sample(entry.name)
    found = output_derivative(s.expr, s.first, entry.output_derivative, s.names)
    if found.expr is None:
        return
    formulas = [parse(k.derivative, s.names) for k in entry.kinks]
    agreed = dict(zip(s.declared, formulas, strict=True))
    for z in [*DENSE, *agreed, *(Fraction(n, 2) for n in range(-7, 8))]:
        want = accurate(agreed[z], 0, s.names) if z in agreed else s.slope(z)
        got = accurate(found.expr, s.at(z), s.names, 150)
        assert abs(got - want) <= 1e-15 * (1 + abs(want)), (z, got, want)


NUMBER = "([−0-9.e]+)"
TWINS = re.compile(
    rf"f\({NUMBER}\) = f\({NUMBER}\) = {NUMBER}, but the slopes there are {NUMBER} and {NUMBER}"
)
# These rise all the way, so there is such a function, but no formula for it.
OPEN = {"probit", "cloglog", "laplace", "tanhshrink", "bent_identity", "snake"}


@each_entry
def test_two_points_really_are_a_counterexample(entry: Entry) -> None:
    """The witness gives six digits; the point near the second with the same value is found anew."""
    if entry.output_derivative is not None:
        return
    s = sample(entry.name)
    found = output_derivative(s.expr, s.first, None, s.names)
    assert found.proved == (entry.name not in OPEN), found.witness
    if not found.proved:
        return
    match = TWINS.match(found.witness)
    assert match, found.witness
    a, b, y, rate_a, rate_b = (float(g.replace("−", "-")) for g in match.groups())
    level = s.at(Fraction(a))
    with mpmath.workprec(150):
        other = mpmath.findroot(lambda z: s.at(z) - level, b, tol=1e-30)
    assert abs(other - b) < 1e-5 * (1 + abs(b)) and abs(other - a) > 1e-3
    assert float(level) == pytest.approx(y, 1e-4, 1e-5)
    slopes = [s.slope(Fraction(a)), s.slope(Fraction(float(other)))]
    assert float(slopes[0]) == pytest.approx(rate_a, 1e-4, 1e-5)
    assert float(slopes[1]) == pytest.approx(rate_b, 1e-4, 1e-5)
    assert abs(slopes[0] - slopes[1]) > 1e-3


@pytest.mark.parametrize("name", ["gelu", "silu", "mish", "hardswish", "gaussian", "absolute"])
def test_two_points_show_that_there_is_none(name: str) -> None:
    expr = parse(BY_NAME[name].formula)
    found = output_derivative(expr, derivative(expr))
    assert found.expr is None and found.proved
    assert "but the slopes there are" in found.witness


def test_a_false_declaration_is_refused() -> None:
    expr = parse("sigmoid(z)")
    assert output_derivative(expr, derivative(expr), "y*(1 + y)").expr is None
