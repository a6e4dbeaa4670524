"""What tests of properties share: what is computed of a formula, and whether values of the function contradict it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import mpmath
import pytest

from nonlin.calculus import derivative
from nonlin.catalogue import BY_NAME, ENTRIES
from nonlin.expression import Expr, walk
from nonlin.formula import parse
from nonlin.oracle import accurate
from nonlin.properties import Property, compute

INF = math.inf


def facts(formula: str, **parameters: float) -> dict[str, Property]:
    expr = parse(formula, parameters)
    first = derivative(expr)
    return compute(expr, parameters, first, derivative(first), budget_s=10.0)


@cache
def catalogued(name: str) -> dict[str, Property]:
    entry = BY_NAME[name]
    return facts(entry.formula, **{k: p.default for k, p in entry.parameters.items()})


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
