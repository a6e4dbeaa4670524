"""Each claim of the catalogue's properties, against the functions' values."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import pytest

from nonlin.calculus import derivative
from nonlin.catalogue import Entry
from nonlin.expression import Z
from nonlin.oracle import accurate, evaluate
from property_facts import (
    DENSE,
    HAIR,
    catalogued,
    check,
    each_entry,
    sample,
)


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
