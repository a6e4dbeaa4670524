"""Derivatives against difference quotients, which know nothing of the rules.

A quotient over a step of 2**-300 is an expression as well, and the oracle raises its precision until
all of it has settled: so a slope of 1e-60 beside a value of 1 is compared to 30 digits too.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nonlin
from nonlin.calculus import derivative, with_conventions
from nonlin.catalogue import ENTRIES, Entry
from nonlin.errors import CompileError
from nonlin.expression import Expr, Z, call, number, walk
from nonlin.formula import parse
from nonlin.notation import text
from nonlin.ops import OPS
from nonlin.oracle import accurate
from nonlin.properties.forms import compose
from nonlin.properties.text import num
from test_rewrites import NEAR, VALUES, formulas, places, reached

STEP = Fraction(1, 2**300)
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)


def quotient(f: Expr, order: int, step: Fraction = STEP) -> Expr:
    """The central difference quotient of first or second order, as a formula in z."""
    right, left = compose(f, Z + number(step)), compose(f, Z - number(step))
    if order == 1:
        return (right - left) / number(2 * step)
    return (right - 2 * f + left) / number(step**2)


def close(a: object, b: object) -> bool:
    """To 30 digits, or to what a quotient leaves out."""
    with mpmath.workprec(200):
        gap = abs(mpmath.mpf(a) - mpmath.mpf(b))
        return bool(gap <= abs(mpmath.mpf(a)) * mpmath.mpf(10) ** -30 + mpmath.ldexp(1, -500))


# -- the catalogue ------------------------------------------------------------------------------
def defaults(entry: Entry) -> dict[str, float]:
    return {name: p.default for name, p in entry.parameters.items()}


def kinks(entry: Entry, values: Mapping[str, float]) -> list[tuple[Expr, Expr, Fraction]]:
    """Place and convention as formulas, and the place, which is a double for the defaults."""
    found = []
    for k in entry.kinks:
        at = parse(k.at, entry.parameters)
        place = Fraction(float(accurate(at, 0, values)))
        found.append((at, parse(k.derivative, entry.parameters), place))
    return found


@each_entry
def test_slopes_of_the_catalogue(entry: Entry) -> None:
    """f′ and f″ in the middle, in far tails and at a hair's breadth from every switch."""
    f = parse(entry.formula, entry.parameters)
    first = derivative(f)
    second = derivative(first)
    normal = any(
        n.op in ("erf", "erfc", "Phi") for n in walk(f)
    )  # equal to 1 for thousands of bits
    far = (25,) if normal else (61, 162, 1202)
    tails = [Fraction(s * n, 4) for n in (1, 5, 11, *far) for s in (-1, 1)]
    for factor in (1.0, 1.5):
        values = {name: factor * value for name, value in defaults(entry).items()}
        switches = {Fraction(0), *(place for _, _, place in kinks(entry, values))}
        switches |= {Fraction(k) for k in (-3, -2, -1, 1, 2, 3, 6)} if factor == 1 else set()
        for z in [*tails, *(k + s * NEAR for k in switches for s in (-1, 1))]:
            for order, slope in ((1, first), (2, second)):
                want = accurate(quotient(f, order), z, values, 110)
                got = accurate(slope, z, values, 110)
                assert close(want, got), (order, float(z), values, want, got)


@each_entry
def test_conventions_win(entry: Entry) -> None:
    """At a kink f′ is what the catalogue says; a hair's breadth away it is what the rules say."""
    values = defaults(entry)
    f = parse(entry.formula, entry.parameters)
    given_ = kinks(entry, values)
    plain = derivative(f)
    agreed = with_conventions(plain, [(at, slope) for at, slope, _ in given_])
    for _, slope, place in given_:
        assert accurate(agreed, place, values) == accurate(slope, 0, values)
        for z in (place - NEAR, place + NEAR):
            assert accurate(agreed, z, values) == accurate(plain, z, values)


def test_of_two_conventions_the_last_wins() -> None:
    at = number(0)
    expr = with_conventions(call("sign", Z), [(at, number(1)), (at, number(2))])
    assert accurate(expr, 0) == 2
    assert accurate(expr, NEAR) == 1


# -- the rules ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("formula", "z", "slope"),
    [
        ("abs(z)", 0, 0),
        ("z*sign(z)", 0, 0),
        ("sqrt(z**2)", 0, 0),
        ("sign(z)", 0, 0),
        ("abs(3*z - 6)", 2, 0),
        ("max(z, 0)", 0, 0),  # a constant: 0, whichever side it stands on
        ("max(0, z)", 0, 0),
        ("min(z, 0)", 0, 0),
        ("min(0, z)", 0, 0),
        ("max(z, a)", Fraction(VALUES["a"]), 0),
        ("min(a + b, 3*z)", Fraction(1, 4), 0),
        ("max(2*z, z)", 0, 2),  # two that move: the first
        ("max(z, 2*z)", 0, 1),
        ("min(2*z, z)", 0, 2),
        ("min(z, 2*z)", 0, 1),
        ("max(z, 0, 5*z)", 0, 0),  # max(max(z, 0), 5*z)
        ("where(z > 0, 5*z, 2*z)", 0, 2),  # the branch that is taken
        ("where(z >= 0, 5*z, 2*z)", 0, 5),
        ("where(-1 < z <= 1, 5*z, 2*z)", 1, 5),
        ("where(-1 < z <= 1, 5*z, 2*z)", -1, 2),
        ("where(log(z) > 0, z, 3*z)", Fraction(1, 2), 3),
        ("where(z >= 0, 1, 0)", 0, 0),
        ("where(a < 2, z, 7*z)", 5, 1),  # a = 1.25
    ],
)
def test_where_there_is_no_derivative(formula: str, z: Fraction, slope: int) -> None:
    expr = derivative(parse(formula, VALUES))
    assert accurate(expr, z, VALUES) == slope


ONE_OF_EACH = [
    *(f"{op.name}(a + b*z)" for op in OPS.values() if op.function and op.arity == 1),
    "z**a", "a**z", "(1 + z*z)**z", "(2 + sin(z))**(a*z)", "max(z, z*z)", "min(z, z*z)",
    "(z + a)/(z*z + 1)", "z*sin(z) - a*z", "-exp(z)*z", "where(z < a*z, z**3, sqrt(2 + z))",
]  # fmt: skip


@pytest.mark.parametrize("formula", ONE_OF_EACH)
def test_every_rule(formula: str) -> None:
    f = parse(formula, VALUES)
    first = derivative(f)
    compared = 0
    for z in (Fraction(n, 16) for n in (-75, -21, -7, -1, 1, 5, 13, 29, 90)):
        if smooth(f, z):
            compared += 1
            for order, slope in ((1, first), (2, derivative(first))):
                want = accurate(quotient(f, order), z, VALUES, 110)
                assert close(want, accurate(slope, z, VALUES, 110)), (order, z)
    assert compared >= 3


@pytest.mark.parametrize(
    "formula", ["a", "a**b", "exp(a)*b", "where(a > b, a, b)", "pi", "max(a, 1)"]
)
def test_what_has_no_z_has_no_slope(formula: str) -> None:
    assert derivative(parse(formula, VALUES)) is number(0)


@pytest.mark.parametrize(
    ("formula", "slope"),
    [
        ("a*z + b", "a"),
        ("z**a", "a * z**(a - 1)"),
        ("a**z", "log(a) * a**z"),
        ("tanh(a*z)", "a / cosh(a * z)**2"),
        ("sigmoid(z)*sigmoid(-z)", "-sigmoid(z) * sigmoid(-z) * tanh(z / 2)"),
        ("z/cosh(z)**2", "(1 - 2 * z * tanh(z)) / cosh(z)**2"),
        ("z*sigmoid(z)", "sigmoid(z) * (1 + z * sigmoid(-z))"),
        ("log(1 + exp(z))", "sigmoid(z)"),
        ("z*Phi(z)", "z * exp(-z**2 / 2) / sqrt(pi * 2) + Phi(z)"),
    ],
)
def test_slopes_are_short(formula: str, slope: str) -> None:
    """Parameters are constants, and nothing is left that would cancel."""
    assert text(derivative(parse(formula, VALUES))) == slope


def test_an_unknown_operation_has_a_name() -> None:
    with pytest.raises(CompileError, match="gamma"):
        derivative(Expr("gamma", (Z,)))


def test_conditions_are_not_differentiated() -> None:
    expr = parse("where(erf(z) < 1/2, z, 2*z)")
    assert not any(n.op == "exp" for n in walk(derivative(expr)))


# -- any formula ------------------------------------------------------------------------------
def smooth(expr: Expr, z: Fraction) -> bool:
    """Whether ``expr`` is analytic at z: no switch there, no root or logarithm of 0."""
    nodes = reached(expr, z)
    if nodes is None or any(gap is not None and not gap for gap in nodes.values()):
        return False
    bases = [n.args[0] for n in nodes if n.op in ("sqrt", "pow")]
    return all(abs(accurate(b, z, VALUES, 60)) > 1e-40 for b in bases)


def test_slopes_of_any_formula() -> None:
    compared = 0

    @settings(max_examples=150, deadline=None)
    @given(formulas, st.lists(places, min_size=2, max_size=3, unique=True))
    def run(expr: Expr, points: list[Fraction]) -> None:
        nonlocal compared
        first = derivative(expr)
        slopes = ((1, first), (2, derivative(first)))
        for z in points:
            if not smooth(expr, z):
                continue
            for order, slope in slopes:
                want, finer = (
                    accurate(quotient(expr, order, s), z, VALUES, 110) for s in (STEP, STEP / 2**20)
                )
                if mpmath.isfinite(want) and close(want, finer):  # else the step is too wide
                    compared += 1
                    got = accurate(slope, z, VALUES, 110)
                    assert close(want, got), (order, z, want, got)

    run()
    assert compared > 100


# -- the worst that the parser lets through -------------------------------------------------------
def nested(formula: str, times: int) -> str:
    result = "z"
    for _ in range(times):
        result = formula.replace("@", result)
    return result


WORST = {
    "tower": nested("exp(@)", 48),
    "tower of products": nested("exp(@)*z", 24),
    "tanh of tanh": nested("tanh(@)", 48),
    "products": "*".join(f"(z+{i})" for i in range(1, 49)),
    "mirrored": "*".join(f"sigmoid({i}*z)*sigmoid(-{i}*z)" for i in range(1, 12)),
    "functions": "*".join(f"{g}({i}*z)" for i in range(1, 9) for g in ("sin", "tanh", "erf")),
    "quotients": "+".join(f"1/(z+{i})" for i in range(1, 40)),
    "powers": "*".join(f"(z+{i})**z" for i in range(1, 20)),
    "continued fraction": nested("1/(z+@)", 24),
    "polynomials": nested("(@**2+z)", 6),
    "branches": nested("where(z>1,@,z*2)", 48),
    "conditions": nested("where(@>1,z*z,2)", 24),
    "chains": nested("z*where(0<z<1<2<3,@,sin(z))", 20),
    "maxima": "max(" + ",".join(f"sin({i}*z)" for i in range(1, 49)) + ")",
    "exponentials": "/".join(["z", *(f"(1+exp({i}*z))" for i in range(1, 24))]),
}
RUN = """
import json, sys, time
from nonlin.calculus import derivative
from nonlin.formula import parse
from nonlin.rewrites import size
for name, formula in json.load(sys.stdin).items():
    expr = parse(formula)
    begun = time.process_time()
    first = derivative(expr)
    second = derivative(first)
    took = time.process_time() - begun
    print(json.dumps([name, size(expr), size(first), size(second), took]), flush=True)
"""


def test_every_formula_is_differentiated_in_bounded_time_and_size() -> None:
    """In a process of its own, since what takes for ever cannot be stopped otherwise."""
    done = subprocess.run(
        [sys.executable, "-c", RUN], input=json.dumps(WORST), capture_output=True, text=True,
        timeout=100, check=True,
    )  # fmt: skip
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [name for name, *_ in rows] == list(WORST)
    for name, f, first, second, took in rows:
        assert first < 6 * f + 100 and second < 15 * f + 200, (name, f, first, second)
        assert took < 10, (name, took)


@pytest.mark.parametrize(
    ("formula", "at", "first", "second"),
    [
        ("where(z == 0, 1, (exp(z) - 1)/z)", 0, 1 / 2, 1 / 3),
        ("where(z == 0, 1, z/(exp(z) - 1))", 0, -1 / 2, 1 / 6),
        ("where(z != 0, sin(z)/z, 1)", 0, 0, -1 / 3),
        ("where(0 == z, 0, z)", 0, 1, 0),
        ("where(z == 0, 5*z, 2*z)", 0, 2, 0),  # which is 2*z
        ("2 * where(z == 2, 4, z**2) + 1", 2, 8, 4),
        ("where(z == 0, 1/3, (z - tanh(z))/z**3)", 0, 0, -4 / 15),
        # no place that is filled: a jump, a kink, a slope that swings, and one with a parameter
        ("where(z == 1, 2, z)", 1, 0, 0),
        ("where(z == 0, 0, abs(z))", 0, 0, 0),
        ("where(z == 0, 0, z**2 * sin(1/z))", 0, 0, 0),
    ],
)
def test_a_place_that_is_filled(formula: str, at: float, first: float, second: float) -> None:
    f = nonlin.define(formula)
    z = np.array([at, at], dtype=np.float64)
    np.testing.assert_allclose(f.derivative(z), first, rtol=1e-15, atol=1e-40)
    np.testing.assert_allclose(f.second_derivative(z), second, rtol=1e-15, atol=1e-40)
    claimed = f.properties["f0"].witness
    if at == 0:
        assert f"f′(0) = {num(first)}" in claimed
