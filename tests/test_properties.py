"""What nonlin computes about famous functions, against what the literature says.

Every row was written down from known facts, not copied from a run.
"""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nonlin.calculus import derivative
from nonlin.catalogue import ENTRIES, Entry
from nonlin.formula import parse
from nonlin.oracle import accurate
from nonlin.properties import compute
from property_facts import (
    catalogued,
    check,
    facts,
)

# name: range, zero-centred, saturates, monotone, largest |f'|, first break in smoothness
FAMOUS = {
    "step": ("{0, 1}", "no", "hard", True, "∞", 0),
    "sigmoid": ("(0, 1)", "no", "both sides", True, "0.25", None),
    "tanh": ("(−1, 1)", "yes", "both sides", True, "1", None),
    "relu": ("[0, ∞)", "no", "left side only", True, "1", 1),
    "leaky_relu": ("ℝ", "no", "no", True, "1", 1),
    "gelu": ("[−0.169971, ∞)", "no", "left side only", False, "1.1289", None),
    "silu": ("[−0.278465, ∞)", "no", "left side only", False, "1.09984", None),
    "mish": ("[−0.308843, ∞)", "no", "left side only", False, "1.0885", None),
    "elu": ("(−1, ∞)", "no", "left side only", True, "1", 2),
    "celu": ("(−1, ∞)", "no", "left side only", True, "1", 2),
    "selu": ("(−1.7581, ∞)", "yes", "left side only", True, "1.7581", 1),
    "softplus": ("(0, ∞)", "no", "left side only", True, "1", None),
    "softsign": ("(−1, 1)", "yes", "both sides", True, "1", 2),
    "hardtanh": ("[−1, 1]", "yes", "both sides", True, "1", 1),
    "relu6": ("[0, 6]", "no", "both sides", True, "1", 1),
    "hardsigmoid": ("[0, 1]", "no", "both sides", True, "0.166667", 1),
    "hardswish": ("[−0.375, ∞)", "no", "left side only", False, "1.5", 1),
    "hardshrink": ("(−∞, −0.5) ∪ {0} ∪ (0.5, ∞)", "yes", "no", True, "∞", 0),
    "softshrink": ("ℝ", "yes", "no", True, "1", 1),
    "tanhshrink": ("ℝ", "yes", "no", True, "1", None),
    "identity": ("ℝ", "yes", "no", True, "1", None),
    "absolute": ("[0, ∞)", "no", "no", False, "1", 1),
    "square": ("[0, ∞)", "no", "no", False, "∞", None),
    "exponential": ("(0, ∞)", "no", "left side only", True, "∞", None),
    "sin": ("[−1, 1]", "yes", "no", False, "1", None),
    "cos": ("[−1, 1]", "no", "no", False, "1", None),
    "gaussian": ("(0, 1]", "no", "both sides", False, "0.857764", None),
    "snake": ("ℝ", "no", "no", True, "2", None),
    "squareplus": ("(0, ∞)", "no", "left side only", True, "1", None),
    "arctan": ("(−1.5708, 1.5708)", "yes", "both sides", True, "1", None),
    "logsigmoid": ("(−∞, 0)", "no", "right side only", True, "1", None),
    "sign": ("{−1, 0, 1}", "yes", "hard", True, "∞", 0),
    "bent_identity": ("ℝ", "no", "no", True, "1.5", None),
}


@pytest.mark.parametrize("name", FAMOUS)
def test_famous_functions(name: str) -> None:
    found = catalogued(name)
    expected = FAMOUS[name]
    assert found["range"].text == expected[0], found["range"]
    assert found["zero_centred"].text == expected[1], found["zero_centred"]
    assert found["saturates"].text == expected[2], found["saturates"]
    assert found["monotone"].value is expected[3], found["monotone"]
    assert found["lipschitz"].text == expected[4], found["lipschitz"]
    breaks = found["smooth"].value
    assert isinstance(breaks, tuple)
    assert min((order for _, order in breaks), default=None) == expected[5], found["smooth"]


@pytest.mark.parametrize(
    ("name", "key", "text", "witness"),
    [
        ("gelu", "range", "[−0.169971, ∞)", "minimum −0.169971 at z = −0.751792"),
        ("gelu", "lipschitz", "1.1289", "at z = 1.41421"),
        ("sigmoid", "max_slope", "0.25", "at z = 0"),
        ("sigmoid", "fixed_points", "0.659046", "attracts"),
        ("sigmoid", "range", "(0, 1)", "not taken"),
        ("relu", "fixed_points", "every z ≥ 0", "every z ≥ 0"),
        ("relu", "dead_region", "z < 0", "exactly for z < 0"),
        ("relu", "convex", "convex", "the slope rises at every kink"),
        ("relu", "zero_centred", "no", "0.398942"),
        ("relu", "smooth", "no: kink at 0", "f′ jumps from 0 to 1 at z = 0"),
        ("identity", "fixed_points", "every z", "every z"),
        ("identity", "convex", "affine", "at once"),
        ("step", "monotone", "increasing, not strictly", "constant"),
        ("tanh", "symmetry", "odd", "identically"),
        ("gaussian", "symmetry", "even", "identically"),
        ("softplus", "convex", "convex", "≥ 0"),
        ("logsigmoid", "convex", "concave", "≤ 0"),
        ("hardtanh", "dead_region", "z < −1 and z > 1", "exactly"),
        ("sin", "limits", "none, none", "oscillates"),
        ("elu", "smooth", "C¹: f″ breaks at 0", "f″ jumps from 1 to 0"),
        ("relu6", "fixed_points", "0 ≤ z ≤ 6", "0 ≤ z ≤ 6"),
        ("tanh", "fixed_points", "0", "f′ = 1"),
    ],
)
def test_witnesses(name: str, key: str, text: str, witness: str) -> None:
    found = catalogued(name)[key]
    assert (found.text, found.proved) == (text, True)
    assert witness in found.witness


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_catalogue_says_where_the_kinks_are(entry: Entry) -> None:
    """A break in f or f' has a convention in the catalogue, whatever its parameters are."""
    values = {k: p.default for k, p in entry.parameters.items()}
    declared = [float(accurate(parse(k.at, values), 0.0, values)) for k in entry.kinks]
    breaks = catalogued(entry.name)["smooth"].value
    assert isinstance(breaks, tuple)
    for at, order in breaks:
        if order <= 1:
            assert any(abs(at - d) < 1e-12 for d in declared), (at, declared)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_little_is_unknown(entry: Entry) -> None:
    found = catalogued(entry.name)
    unknown = {k for k, p in found.items() if p.text.startswith("unknown")}
    allowed = {
        # wobbles for ever: infinitely many extremes or crossings that do not repeat
        "sinlu": {"zero_centred", "lipschitz", "max_slope", "fixed_points"},
        "gcu": {"fixed_points"},
        "snake": {"fixed_points"},
        # differs from z by less than a double can show
        "tanhexp": {"fixed_points"},
        "serf": {"fixed_points"},
        # f'' cannot be bounded far out
        "aria2": {"lipschitz", "max_slope"},
    }
    assert unknown <= allowed.get(entry.name, set()), {k: found[k].witness for k in unknown}


@pytest.mark.parametrize(
    ("formula", "key", "text"),
    [
        ("0*log(z)", "domain", "(0, ∞)"), ("log(z)**0", "domain", "(0, ∞)"),
        ("z + 0*sqrt(z)", "domain", "[0, ∞)"), ("1 - 0*log(1 - z)", "domain", "(−∞, 1)"),
        ("sqrt(-z**2)", "domain", "{0}"), ("0*z", "domain", "ℝ"),
        # f(0) stands alone at the end of the domain
        ("sign(sqrt(z))", "lipschitz", "∞"), ("sign(sqrt(z))", "smooth", "no: jumps at 0"),
        ("z + sign(sqrt(z))", "convex", "neither"), ("where(z <= 0, sqrt(z) + 5, z)", "convex", "neither"),
        ("sqrt(z)", "smooth", "no: kink at 0"), ("z**(3/2)", "smooth", "C¹: f″ breaks at 0"),
        ("z + 0*sqrt(z)", "smooth", "C∞"), ("sqrt(1 + z)", "lipschitz", "∞"),
    ],
)  # fmt: skip
def test_ends_of_the_domain(formula: str, key: str, text: str) -> None:
    assert facts(formula)[key].text == text


NASTY = {
    "sin(exp(z))": {"range": "[−1, 1]", "monotone": "no"},
    "where(sin(100*z) > 0, 1, -1)": {"monotone": "no"},
    "exp(exp(exp(z)))": {"monotone": "increasing, strictly", "convex": "convex"},
    "z**64": {"range": "[0, ∞)", "convex": "convex", "fixed_points": "0 and 1"},
    "1/sin(z)": {},
    "log(z)": {"domain": "(0, ∞)", "range": "ℝ", "convex": "concave", "fixed_points": "none"},
    "sqrt(z)": {"domain": "[0, ∞)", "range": "[0, ∞)", "lipschitz": "∞"},
    "abs(sin(z))": {"monotone": "no"},
    "z*cos(z)": {"range": "ℝ", "lipschitz": "∞", "symmetry": "odd"},
    "where(z == 0, 1, 0)": {"range": "{0, 1}", "smooth": "no: jumps at 0", "monotone": "no"},
    "z*log(z)": {"domain": "(0, ∞)", "range": "[−0.367879, ∞)", "convex": "convex"},
    "expm1(z) - z": {"range": "[0, ∞)", "convex": "convex"},
    "where(z > 0, exp(-1/z), 0)": {"range": "[0, 1)", "monotone": "increasing, not strictly"},
    "max(z, z)": {"fixed_points": "every z", "smooth": "C∞"},
    "z**3": {"monotone": "increasing, strictly", "fixed_points": "−1, 0 and 1"},
}


@pytest.mark.parametrize("formula", NASTY)
def test_nasty_formulas_come_back_in_time_and_right(formula: str) -> None:
    expr = parse(formula)
    first = derivative(expr)
    second = derivative(first)
    start = time.perf_counter()
    found = compute(expr, {}, first, second, budget_s=3.0)
    assert time.perf_counter() - start < 8
    for key, text in NASTY[formula].items():
        assert found[key].text == text, found[key]


FAMILIES = (
    "where(z > a, b*z, c*tanh(z))",
    "max(a*z + b, c*z)",
    "min(max(z, a), b) * c",
    "a*sigmoid(b*z) + c",
    "z*sigmoid(a*z) + b",
    "where(z > 0, z, a*expm1(z/b))",
    "abs(z - a) - b*z",
    "a*z**2 + b*z + c",
    "exp(-(z - a)**2) * b",
    "a*softplus(b*z) - c*z",
    "where(z < a, z**2, where(z < b, 1, z))",
    "z/(1 + abs(a*z)) + sign(z)*c",
)
eighths = st.integers(-16, 16).map(lambda n: n / 8)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(FAMILIES), eighths, eighths.filter(bool), eighths)
@example("abs(z - a) - b*z", 0.25, -1.0, 0.0)  # where it is constant, it is so up to rounding
def test_no_claim_is_contradicted_by_sampling(formula: str, a: float, b: float, c: float) -> None:
    names = {"a": a, "b": b, "c": c}
    expr = parse(formula, names)
    first = derivative(expr)
    found = compute(expr, names, first, derivative(first), budget_s=5.0)
    points = [Fraction(n, 16) + Fraction(1, 1000) for n in range(-160, 161, 7)]
    points += [Fraction(0), Fraction(a), Fraction(b)]
    points.sort()
    check(found, expr, names, points, [accurate(expr, z, names, 100) for z in points])
