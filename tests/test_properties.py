"""What nonlin computes about famous functions, against what the literature says.

Every row was written down from known facts, not copied from a run.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nonlin.calculus import derivative
from nonlin.catalogue import BY_NAME, ENTRIES, Entry
from nonlin.expression import Expr, Z, param, walk
from nonlin.formula import parse
from nonlin.oracle import accurate, evaluate
from nonlin.properties import Property, compute, output_derivative

INF = math.inf


def facts(formula: str, **parameters: float) -> dict[str, Property]:
    expr = parse(formula, parameters)
    first = derivative(expr)
    return compute(expr, parameters, first, derivative(first), budget_s=10.0)


@cache
def catalogued(name: str) -> dict[str, Property]:
    entry = BY_NAME[name]
    return facts(entry.formula, **{k: p.default for k, p in entry.parameters.items()})


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


SLACK = mpmath.mpf(10) ** -12


def check(
    found: dict[str, Property],
    expr: Expr,
    names: dict[str, float],
    points: list[Fraction],
    values: list[Any],
) -> None:
    """That the values of a function at some points do not contradict what is claimed of it."""
    intervals = found["range"].value
    if intervals is not None:
        assert isinstance(intervals, tuple)
        for value in values:
            size = SLACK * (1 + abs(value))
            assert any(lo - size <= value <= hi + size for lo, hi, _, _ in intervals)
    monotone = found["monotone"]
    pairs = list(pairwise(values))
    if "increasing" in monotone.text:
        assert all(q >= p - SLACK for p, q in pairs)
    if "decreasing" in monotone.text:
        assert all(q <= p + SLACK for p, q in pairs)
    if monotone.text == "constant":
        assert all(abs(v - values[0]) <= SLACK for v in values)
    steepness = found["lipschitz"].value
    if isinstance(steepness, float) and math.isfinite(steepness):
        for (p, q), (x, y) in zip(pairs, pairwise(points), strict=True):
            assert abs(q - p) <= (steepness + SLACK) * float(y - x) * (1 + 1e-9)
    bend = found["convex"].text
    for z, v in zip(points, values, strict=True):
        left, right = (accurate(expr, z + s * Fraction(1, 3), names, 100) for s in (-1, 1))
        if bend in ("convex", "affine"):
            assert left + right >= 2 * v - SLACK
        if bend in ("concave", "affine"):
            assert left + right <= 2 * v + SLACK
    if found["symmetry"].value in ("odd", "even"):
        sign = -1 if found["symmetry"].value == "odd" else 1
        for z, v in zip(points, values, strict=True):
            assert abs(accurate(expr, -z, names, 100) - sign * v) <= SLACK * (1 + abs(v))
    fixed = found["fixed_points"].value
    if isinstance(fixed, tuple):
        for lo, hi in fixed:
            z = max(lo, -50.0) / 2 + min(hi, 50.0) / 2
            assert abs(accurate(expr, z, names, 100) - z) < 1e-9 * (1 + abs(z))
    dead = found["dead_region"].value
    assert dead is None or isinstance(dead, tuple)
    for lo, hi in dead or ():
        inside = [v for z, v in zip(points, values, strict=True) if lo < z < hi]
        assert all(abs(v - inside[0]) <= SLACK for v in inside)  # values are good to 100 bits


# -- each claim of the catalogue, against its values ----------------------------------------------
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
DENSE = [Fraction(n, 16) + Fraction(1, 1000) for n in range(-224, 225, 4)]
FAR = [Fraction(n) + Fraction(1, 3) for n in (-400, -55, -20, 19, 54, 400)]
HAIR = Fraction(1, 2**70)


@dataclass(frozen=True)
class Sample:
    """A function of the catalogue at many points; its slopes are those of test_calculus.py."""

    expr: Expr
    first: Expr
    names: dict[str, float]
    declared: list[Fraction]
    points: list[Fraction]
    values: list[Any]
    slopes: list[Any]

    def at(self, z: Fraction | float) -> Any:
        return accurate(self.expr, z, self.names, 150)

    def slope(self, z: Fraction) -> Any:
        return accurate(self.first, z, self.names, 150)

    def smooth(self) -> Iterator[tuple[Fraction, Any, Any]]:
        """Point, value and slope, away from kinks and where no value is equal to its limit."""
        for z, v, r in zip(self.points, self.values, self.slopes, strict=True):
            if abs(z) < 4 and all(abs(z - k) > 2 * HAIR for k in self.declared):
                yield z, v, r


@cache
def sample(name: str) -> Sample:
    entry = BY_NAME[name]
    names = {k: p.default for k, p in entry.parameters.items()}
    expr = parse(entry.formula, names)
    first = derivative(expr)
    declared = [Fraction(float(accurate(parse(k.at, names), 0.0, names))) for k in entry.kinks]
    normal = any(n.op in ("erf", "Phi") for n in walk(expr))  # equal to 1 for thousands of bits
    grid = [z for z in DENSE if abs(z) < 8] if normal else [*DENSE, *FAR]
    points = sorted([*grid, *(k + s * HAIR for k in declared for s in (-1, 1))])
    values, slopes = ([accurate(e, z, names, 150) for z in points] for e in (expr, first))
    return Sample(expr, first, names, declared, points, values, slopes)


def far_out(entry: Entry, side: int) -> tuple[Any, Any, Any]:
    """f at two places far out, and the slope there."""
    s = sample(entry.name)
    a, b = Fraction(side * 10**5), Fraction(side * (2 * 10**5 + 1))
    return s.at(a), s.at(b), s.slope(a)


@each_entry
def test_catalogue_is_not_contradicted(entry: Entry) -> None:
    s = sample(entry.name)
    check(catalogued(entry.name), s.expr, s.names, s.points, s.values)


@each_entry
def test_catalogue_bounds_are_reached(entry: Entry) -> None:
    """No range is too wide, no slope too steep: some value comes near each bound."""
    s, found = sample(entry.name), catalogued(entry.name)
    intervals = found["range"].value
    assert isinstance(intervals, tuple)
    low, high = intervals[0][0], intervals[-1][1]
    values = [*s.values, *(v for side in (-1, 1) for v in far_out(entry, side)[:2])]
    assert min(values) < (-3 if math.isinf(low) else low + 0.02 * (1 + abs(low)))
    assert max(values) > (3 if math.isinf(high) else high - 0.02 * (1 + abs(high)))
    for lo, hi, has_lo, has_hi in intervals:
        near = [v for _, v, _ in s.smooth() if lo <= v <= hi]
        assert (has_lo or min(near) > lo) and (has_hi or max(near) < hi)
    jumps = any(abs(s.at(k + HAIR) - s.at(k - HAIR)) > 1e-6 for k in s.declared)
    assert not jumps or found["lipschitz"].value == math.inf
    slopes = [*s.slopes, *(far_out(entry, side)[2] for side in (-1, 1))]
    for key, steepest in (("lipschitz", max(map(abs, slopes))), ("max_slope", max(slopes))):
        bound = found[key].value
        if bound is None:  # unknown, see test_little_is_unknown
            continue
        assert isinstance(bound, float)
        if math.isinf(bound):
            assert jumps or steepest > 50
        else:
            assert 0.98 * bound - 1e-9 <= steepest <= bound + 1e-9, (key, bound, steepest)


@each_entry
def test_catalogue_denials_have_a_case(entry: Entry) -> None:
    """What is said not to rise, to bend one way or to be symmetric, is seen not to."""
    s, found = sample(entry.name), catalogued(entry.name)
    steps = [q - p for p, q in pairwise(s.values)]
    if found["monotone"].value is False:
        assert max(steps) > 0 > min(steps)
    if "not strictly" in found["monotone"].text:
        assert any(not rate for rate in s.slopes)
    if "increasing, strictly" in found["monotone"].text:
        assert all(w > v for (_, v, _), (_, w, _) in pairwise(s.smooth()))
    if found["convex"].text == "neither":
        third = Fraction(1, 3)
        bends = [
            s.at(z - third) + s.at(z + third) - 2 * v
            for z, v in zip(s.points, s.values, strict=True)
        ]
        assert max(bends) > 0 > min(bends)
    if found["symmetry"].value == "none":
        at = [(s.at(z), s.at(-z)) for z in (Fraction(37, 100), Fraction(13, 10))]
        assert any(a != -b for a, b in at) and any(a != b for a, b in at)


@each_entry
def test_catalogue_far_out(entry: Entry) -> None:
    """Limits and saturation, from values at a hundred thousand."""
    found = catalogued(entry.name)
    limits = found["limits"].value
    assert isinstance(limits, tuple)
    saturated = []
    for side, limit in zip((-1, 1), limits, strict=True):
        a, b, slope = far_out(entry, side)
        if limit == "none":
            s = sample(entry.name)
            wave = [s.at(Fraction(side * (4000 + n), 4)) for n in range(40)]
            assert max(wave) - min(wave) > 0.1
        elif math.isinf(limit):
            assert a * limit > 0 and abs(b) > abs(a) > 5
        else:
            assert abs(a - limit) < 1e-4 and abs(b - limit) < 1e-4
            if abs(slope) < 1e-4:
                saturated.append("left" if side < 0 else "right")
    if found["saturates"].value == "hard":
        assert not any(sample(entry.name).slope(z) for z in DENSE)
    else:
        words = ["no", *saturated[:1], "both"] if saturated else ["no"]
        assert found["saturates"].value == words[len(saturated)]


@each_entry
def test_catalogue_breaks(entry: Entry) -> None:
    """At each break the order named is the first at which the two sides differ; elsewhere none is."""
    s = sample(entry.name)
    orders = [s.expr, s.first, derivative(s.first)]
    breaks = catalogued(entry.name)["smooth"].value
    assert isinstance(breaks, tuple)
    named = {float(at): order for at, order in breaks}
    for z in {*named, *map(float, s.declared), *(float(n) for n in range(-3, 4)), 6.0}:
        order = named.get(z, 3)
        for k, expr in enumerate(orders[: order + 1]):
            left, right = (accurate(expr, Fraction(z) + d * HAIR, s.names, 100) for d in (-1, 1))
            middle = accurate(s.expr, z, s.names, 100) if k == 0 else left
            gap = max(abs(left - right), abs(left - middle))
            assert (gap > 1e-6) if k == order else (gap < 1e-12), (z, k, order, left, right)


@each_entry
def test_catalogue_means(entry: Entry) -> None:
    """The mean over a standard normal, by Gauss-Legendre quadrature between the kinks."""
    s, found = sample(entry.name), catalogued(entry.name)["zero_centred"]
    nodes, weights = np.polynomial.legendre.leggauss(10)
    edges = sorted({*np.arange(-9.0, 9.5, 1.0), *map(float, s.declared)})
    mean = 0.0
    for a, b in pairwise(edges):
        for x, w in zip(nodes, weights, strict=True):
            z = (a + b) / 2 + (b - a) / 2 * x
            value = float(evaluate(s.expr, z, s.names, 70))
            mean += value * math.exp(-z * z / 2) / math.sqrt(math.tau) * w * (b - a) / 2
    if found.value is not None:
        assert found.value is bool(abs(mean) < 1e-9), mean
    if stated := re.search(r"mean of f\(Z\) is ([−0-9.e]+)", found.witness):
        assert float(stated[1].rstrip(".").replace("−", "-")) == pytest.approx(mean, 2e-5, 1e-9)


@each_entry
def test_catalogue_fixed_points_and_dead_regions(entry: Entry) -> None:
    """None is missing: wherever f(z) − z changes its sign one is named, wherever f′ is 0 a region."""
    s, found = sample(entry.name), catalogued(entry.name)
    fixed, dead = found["fixed_points"].value, found["dead_region"].value
    if fixed is not None:
        assert isinstance(fixed, tuple)
        gaps = [(z, accurate(s.expr - Z, z, s.names, 100)) for z in s.points]
        for (x, f), (y, g) in pairwise(gaps):
            if f * g < 0 and y - x > 2 * HAIR:
                assert any(x <= hi and lo <= y for lo, hi in fixed), (x, y)
            if not f and abs(x) < 15:  # further out the gap may be too small for any precision
                assert any(lo <= x <= hi for lo, hi in fixed), x
    assert isinstance(dead, tuple)
    for z, _, rate in s.smooth():
        assert (not rate) == any(lo < z < hi for lo, hi in dead), z


@each_entry
def test_catalogue_at_zero(entry: Entry) -> None:
    s, found = sample(entry.name), catalogued(entry.name)
    assert found["domain"].text == "ℝ" and all(map(mpmath.isfinite, s.values))
    pair = found["f0"].value
    assert isinstance(pair, tuple)
    assert pair[0] == float(s.at(Fraction(0)))
    if Fraction(0) not in s.declared:
        assert pair[1] == pytest.approx(float(s.slope(Fraction(0))), 1e-12, 1e-20)


# -- the derivative from the output ---------------------------------------------------------------
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
