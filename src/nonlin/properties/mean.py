"""The mean of f(Z) for a standard normal Z, and a proof that it is not 0."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from ..enclosure import encloser
from ..expression import Z, call, number
from ..rewrites import simplify
from .budget import charge
from .claims import Claim, image, symmetry, unknown
from .study import Study
from .tails import limit
from .text import num

__all__ = ["mean", "zero_centred"]

_EDGE = 13.0  # beyond it a standard normal has weight 6e-39
_NODES = 12


def _density(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def _weight(a: float, b: float) -> float:
    """The probability of [a, b], without cancellation in the tails."""
    if a > 0:
        a, b = -b, -a
    root = math.sqrt(0.5)
    return (math.erfc(-b * root) - math.erfc(-a * root)) / 2


def _gauss_legendre(n: int) -> list[tuple[float, float]]:
    nodes = []
    for i in range(n):
        x = math.cos(math.pi * (i + 0.75) / (n + 0.5))
        for _ in range(8):
            p0, p1 = 1.0, x
            for k in range(2, n + 1):
                p0, p1 = p1, ((2 * k - 1) * x * p1 - (k - 1) * p0) / k
            rate = n * (x * p1 - p0) / (x * x - 1)
            x -= p1 / rate
        nodes.append((x, 2 / ((1 - x * x) * rate * rate)))
    return nodes


_RULE = _gauss_legendre(_NODES)


def _panels(s: Study, width: float, edge: float) -> list[tuple[Any, float, float]]:
    result = []
    for cell in s.cells:
        lo, hi = max(cell.lo, -edge), min(cell.hi, edge)
        if lo < hi:
            count = max(1, math.ceil((hi - lo) / width))
            step = (hi - lo) / count
            result += [(cell, lo + i * step, lo + (i + 1) * step) for i in range(count)]
    return result


def quadrature(s: Study, width: float = 0.5) -> tuple[float, float]:
    """The mean of f(Z) and of its size, by Gauss-Legendre quadrature between the cuts."""
    terms = []
    for cell, a, b in _panels(s, width, _EDGE):
        s.budget.check()
        value = encloser(cell.exprs[0])
        half, middle = (b - a) / 2, (a + b) / 2
        for x, w in _RULE:
            z = middle + half * x
            low, high = value(z, z)
            terms.append((low / 2 + high / 2) * _density(z) * w * half)
    return math.fsum(terms), math.fsum(map(abs, terms))


def _beside(s: Study, share: Fraction) -> list[Any]:
    """The limits of f(z)·exp(−share·z²) at both ends of the line."""
    fall = call("exp", number(-share) * Z * Z)
    ends: list[Any] = []
    for cell, side in ((s.cells[0], -1), (s.cells[-1], 1)):
        assert cell.exprs[0] is not None
        ends.append(limit(simplify(charge(cell.exprs[0] * fall)), side, s.budget.check))
    return ends


def _has_mean(s: Study) -> bool | None:
    """Whether f(Z) has a mean, as far as its growth tells; ``None`` where that is not known."""
    half = Fraction(1, 2)
    if all(end is not None and end == 0 for end in _beside(s, half - Fraction(1, 1024))):
        return True
    whole = _beside(s, half)
    if any(end is not None and not isinstance(end, str) and end != 0 for end in whole):
        return False
    return True if all(_tail_bound(s, side) is not None for side in (-1, 1)) else None


def bounds(s: Study) -> tuple[float, float] | None:
    """Rigorous bounds of the mean: f to first order about the centroid of each short piece.

    About the centroid the first-order term integrates to 0, so the error is of second order.
    """
    low = high = 0.0
    for cell, a, b in _panels(s, 0.1, _EDGE):
        s.budget.check()
        weight = _weight(a, b) * (1 + 1e-13)
        centre = min(b, max(a, (_density(a) - _density(b)) / weight)) if weight > 1e-280 else a
        value, rate, bend = (encloser(e) for e in cell.exprs)
        at = value(centre, centre)
        # for the rounding of the centroid and of the weight
        slack = 1e-9 * (1 + max(map(abs, rate(a, b))) + max(map(abs, at)))
        bent = bend(a, b)
        spread = (b - a) ** 2 / 2
        low += weight * (at[0] + min(0.0, bent[0]) * spread - slack)
        high += weight * (at[1] + max(0.0, bent[1]) * spread + slack)
        if not math.isfinite(low + high):
            return None
    tails = [_tail_bound(s, side) for side in (-1, 1)]
    if None in tails:
        return None
    rest = sum(t for t in tails if t is not None)
    return low - rest - 1e-12, high + rest + 1e-12


def _tail_bound(s: Study, side: int) -> float | None:
    """A bound on the share of the mean beyond the edge, from a bound on f, f′ or f″ there."""
    cell = s.cells[0 if side < 0 else -1]
    if not cell.lo < side * _EDGE < cell.hi:
        return None
    # |f(z)| <= |f(13)| + ... + sup|f^(n)| (|z| - 13)^n / n!, and every power of (|z| - 13)
    # integrates against the density beyond 13 to less than the density at 13.
    total = 0.0
    for expr in cell.exprs:
        if expr is None:
            return None
        value = encloser(expr)
        low, high = value(*sorted((side * _EDGE, side * math.inf)))
        if math.isfinite(low) and math.isfinite(high):
            return (total + max(abs(low), abs(high))) * _density(_EDGE) * (1 + 1e-9)
        total += max(map(abs, value(side * _EDGE, side * _EDGE)))
    piece = cell.exprs[0]
    assert piece is not None
    for n in (1, 2):  # |f(z)| <= c |z|^n
        low, high = encloser(simplify(charge(piece / Z**n)))(
            *sorted((side * _EDGE, side * math.inf))
        )
        if math.isfinite(low) and math.isfinite(high):
            return max(abs(low), abs(high)) * 2 * _EDGE * _density(_EDGE)
    found = image(s)
    if found is not None and found[0] and math.isfinite(found[0][0][0] + found[0][-1][1]):
        return max(abs(found[0][0][0]), abs(found[0][-1][1])) * _density(_EDGE)
    return None


def _everywhere(s: Study) -> bool:
    return all(c.exprs[0] is not None for c in s.cells)


def _bounded_at_cuts(s: Study) -> bool:
    ends = (
        near
        for left, right in zip(s.cells, s.cells[1:], strict=False)
        for near in (s.end(left, 1), s.end(right, -1))
    )
    return all(
        near is not None and not isinstance(near, str) and math.isfinite(near) for near in ends
    )


def mean(s: Study) -> float | None:
    """The mean of f(Z) as a number, 0 where that is proved or so close; ``None`` without one."""
    if zero_centred(s)[0]:
        return 0.0
    if not (_everywhere(s) and _bounded_at_cuts(s) and _has_mean(s)):
        return None
    value, _ = quadrature(s)
    return value if math.isfinite(value) else None


def zero_centred(s: Study) -> Claim:
    """Whether the mean of f(Z) is 0: exactly by symmetry, else by quadrature and a proof."""
    if not _everywhere(s):
        return None, "undefined", "f is not defined for every z, so f(Z) has no mean", True
    if not _bounded_at_cuts(s):
        return unknown("f may be unbounded near a point, so f(Z) may have no mean")
    exists = _has_mean(s)
    if exists is False:
        return None, "undefined", "f grows so fast that f(Z) has no mean", True
    if all(c.exprs[0] is not None and c.exprs[0].is_zero for c in s.cells):
        return True, "yes", "the mean of f(Z) is 0, since f is 0 but for single points", True
    if exists is None:
        return unknown("f may grow so fast that f(Z) has no mean")
    if symmetry(s)[0] == "odd":
        return True, "yes", "the mean of f(Z) is 0 exactly, since f is odd", True
    mean, size = quadrature(s)
    if not math.isfinite(mean):
        return unknown("the mean of f(Z) could not be integrated")
    seen = f"for a standard normal Z the mean of f(Z) is {num(mean)}"
    found = image(s)
    if found is not None and found[0]:
        intervals = found[0]
        if intervals[0][0] >= 0 and intervals[-1][1] > 0:
            word = "f is nowhere negative"
            known = mean > 0  # a narrow peak is not seen
            why = f"{seen}, and {word}" if known else f"{word}, and not 0 everywhere"
            return False, "no", why, True
        if intervals[-1][1] <= 0 and intervals[0][0] < 0:
            word = "f is nowhere positive"
            known = mean < 0
            why = f"{seen}, and {word}" if known else f"{word}, and not 0 everywhere"
            return False, "no", why, True
    proof = bounds(s)
    if proof is not None and abs(mean) < 1e-12 * size and max(map(abs, proof)) < 0.02 * size:
        # Constants in formulas are rounded themselves (selu's are chosen to make this mean 0).
        nearly = f"for a standard normal Z the mean of f(Z) is 0 to 12 digits ({num(mean)})"
        return True, "yes", nearly, False
    if proof is not None and (proof[0] > 0 or proof[1] < 0):
        low, high = num(proof[0]), num(proof[1])
        within = f"certainly between {low} and {high}" if low != high else "for certain"
        return False, "no", f"{seen}, {within}", True
    return None, "unknown", f"{seen}, by quadrature and not proved", False
