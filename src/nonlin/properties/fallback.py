"""What sampling alone can settle where a formula is too intricate to cut: counterexamples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

from ..expression import Expr
from ..oracle import accurate
from .claims import Claim
from .text import num

__all__ = ["sampled"]

_POINTS = tuple(-4.987 + 0.2113 * i for i in range(48))


def sampled(
    key: str, expr: Expr, parameters: Mapping[str, float], slope: Expr, second: Expr
) -> Claim | None:
    """A claim that a few values of f prove, or ``None``."""
    if key == "f0":
        value, rate = (accurate(e, 0.0, parameters, 60) for e in (expr, slope))
        if not math.isfinite(value):
            return None, "undefined", "f has no value at 0", True
        pair = (float(value), float(rate) if math.isfinite(rate) else None)
        return pair, num(value), f"f(0) = {num(value)}", True
    if key == "monotone":
        values = [(z, accurate(expr, z, parameters, 60)) for z in _POINTS]
        values = [(z, v) for z, v in values if math.isfinite(v)]
        pairs = list(pairwise(values))
        up = next(((a, b) for a, b in pairs if a[1] < b[1]), None)
        down = next(((a, b) for a, b in pairs if a[1] > b[1]), None)
        if up and down:
            told = [f"f({num(z)}) = {num(v)}" for z, v in (*up, *down)]
            return False, "no", f"{told[0]} < {told[1]}, but {told[2]} > {told[3]}", True
    if key == "symmetry":
        for z in (0.37, 1.21, 2.6):
            a, b = (accurate(expr, x, parameters, 60) for x in (z, -z))
            if math.isfinite(a) and math.isfinite(b) and abs(abs(a) - abs(b)) > 1e-9 * abs(a):
                return "none", "none", f"f({num(z)}) = {num(a)} but f({num(-z)}) = {num(b)}", True
    return None
