"""Where a formula is positive, negative and zero: by proof, or with the gap left open.

A switch-free formula is analytic between its singularities, so on an interval it is either
identically 0 or has isolated zeros. :func:`signs` covers an interval with pieces on which the sign
is certain: far out by :mod:`nonlin.properties.tails`, in between by bisection with
:mod:`nonlin.enclosure`. A piece is settled where the enclosure has one sign, or where the
enclosure of the derivative has one (then the signs at the two ends settle it). What is still
open at a width near a double's resolution is a gap, and is reported as one.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

import mpmath

from ..enclosure import encloser
from ..expression import Expr, Z, number, walk
from ..oracle import accurate, evaluate
from ..rewrites import simplify
from .budget import Budget, charge
from .forms import affine, compose, plain_slope
from .tails import sign_beyond

__all__ = ["BITS", "Root", "Segment", "Signs", "point_sign", "root_near", "signs", "underflows"]

BITS = 200


@dataclass(frozen=True, slots=True)
class Segment:
    """On ``[lo, hi]`` the sign is ``sign`` (weakly: zeros may be among the points)."""

    lo: float
    hi: float
    sign: int


@dataclass(frozen=True, slots=True)
class Root:
    """A zero. ``exact`` where it is rational and known so; ``simple`` where the sign changes."""

    value: Any  # mpf good to 200 bits
    exact: Fraction | None = None
    simple: bool = True

    @property
    def at(self) -> float:
        return float(self.value)


@dataclass(slots=True)
class Signs:
    """The pieces from left to right, the zeros between them, and the gaps."""

    segments: list[Segment] = field(default_factory=list)
    roots: list[Root] = field(default_factory=list)
    gaps: list[tuple[float, float]] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return not self.gaps

    @property
    def identically_zero(self) -> bool:
        return not self.gaps and bool(self.segments) and all(s.sign == 0 for s in self.segments)

    def all(self, sign: int) -> bool:
        """Whether the sign is ``sign`` (or 0) throughout."""
        return not self.gaps and all(s.sign in (0, sign) for s in self.segments)


def point_sign(expr: Expr, at: float | Fraction | Any) -> int:
    """The sign at one point, at a precision where it is beyond doubt."""
    value = accurate(expr, at, None, 60)
    return int(value > 0) - int(value < 0)


def underflows(expr: Expr, at: float | Fraction | Any) -> bool:
    """Whether something in ``expr`` that is never 0 is smaller there than the oracle can tell.

    >>> from nonlin.formula import parse
    >>> [underflows(parse("exp(-exp(z))"), x) for x in (10.0, 1000.0)]
    [False, True]
    """
    positive = ("exp", "sigmoid", "softplus", "Phi", "erfc")
    return any(evaluate(n, at, None, 60) == 0 for n in walk(expr) if n.op in positive)


def _plain_zero(expr: Expr, at: int) -> bool:
    value = accurate(expr, Fraction(at), None, 60)
    return bool(value == 0)


def root_near(expr: Expr, lo: float, hi: float) -> Any:
    """The zero between two points of opposite sign, to about 190 bits.

    Raises OverflowError where it is too small a number to be found.
    """
    sign_lo = point_sign(expr, lo)
    if lo < 0 < hi and _plain_zero(expr, 0):  # bisection only comes near to 0, never to an end
        return mpmath.mpf(0)
    if sign_lo == 0:
        return mpmath.mpf(lo)
    if point_sign(expr, hi) == 0:
        return mpmath.mpf(hi)
    with mpmath.workprec(BITS + 40):
        a, b = mpmath.mpf(lo), mpmath.mpf(hi)
        fa, fb = (evaluate(expr, x, None, BITS + 40) for x in (a, b))
        for _ in range(400):
            if abs(b - a) <= abs(a + b) * mpmath.mpf(2) ** -BITS or fa == fb:
                break
            x = b - fb * (b - a) / (fb - fa)  # regula falsi, with bisection when it stalls
            width = b - a
            if not a < x < b:
                x = (a + b) / 2
            for step in (x, None):
                if step is None:
                    if b - a < width / 2:
                        break
                    step = (a + b) / 2
                    if not a < step < b:
                        break
                fx = evaluate(expr, step, None, BITS + 40)
                if fx == 0:
                    return step
                if (fx > 0) == (fa > 0):
                    a, fa = step, fx
                else:
                    b, fb = step, fx
        else:
            raise OverflowError  # z = exp(-1e10), which only ever halving does not reach
        return (a + b) / 2


Pieces = tuple[list[Segment], list[tuple[float, float]]]
_FINE = (0.02, 1e-4, 1e-7)  # at these widths, the signs of the slope are worth a search
_BLUR = 50  # unless some more bisection will do: the bounds are less than so much too wide
_DEPTH = 3


def _pieces(
    expr: Expr,
    slope: Expr,
    lo: float,
    hi: float,
    budget: Budget,
    strict: bool,
    boxes: int,
    depth: int = 0,
) -> Pieces:
    """Bisection on a bounded interval: settled pieces in order, and the gaps."""
    value, rate = encloser(expr), encloser(slope)
    settled: list[Segment] = []
    gaps: list[tuple[float, float]] = []
    stack = [(lo, hi, math.inf)]
    count = 0
    while stack:
        a, b, wider = stack.pop()
        count += 1
        if count % 8 == 0:
            budget.check()
        low, high = value(a, b)
        if low > 0 or (low == 0 and not strict):
            settled.append(Segment(a, b, 1))
            continue
        if high < 0 or (high == 0 and not strict):
            settled.append(Segment(a, b, -1))
            continue
        down, up = rate(a, b)
        inner: list[Segment] | None = None
        if down >= 0 or up <= 0:
            inner = _monotone(expr, a, b, 1 if down >= 0 else -1)
        elif (
            depth < _DEPTH
            and any(b - a < width <= wider for width in _FINE)
            and _BLUR * max(map(abs, value((a + b) / 2, (a + b) / 2))) < high - low
        ):
            inner = _by_slope(expr, slope, a, b, budget, depth, strict)
        if inner is not None:
            settled += inner
            continue
        if count > boxes or b - a <= 1e-11 * max(1e-3, abs(a), abs(b)):
            gaps.append((a, b))
            settled.append(Segment(a, b, 2))
            if count > boxes and len(gaps) > 3:  # give up on the rest of it
                rest = list(reversed(stack))
                gaps += [(left, right) for left, right, _ in rest]
                settled += [Segment(left, right, 2) for left, right, _ in rest]
                break
            continue
        middle = a + (b - a) * 0.4871
        stack += [(middle, b, b - a), (a, middle, b - a)]
    return settled, gaps


def _monotone(expr: Expr, a: float, b: float, direction: int) -> list[Segment] | None:
    """The signs where ``expr`` only rises (direction 1) or only falls, from those at the ends."""
    ends = _sign_within(expr, a, 1, direction), _sign_within(expr, b, -1, direction)
    if ends[0] is None or ends[1] is None:
        return None
    first, last = (sign * direction for sign in ends if sign is not None)
    if first >= 0 and last > 0:
        return [Segment(a, b, direction)]
    if first < 0 and last <= 0:
        return [Segment(a, b, -direction)]
    if first < 0 < last:
        middle = float(root_near(expr, *(_finite(expr, *end) for end in ((a, 1), (b, -1)))))
        return [Segment(a, middle, -direction), Segment(middle, b, direction)]
    return None


@lru_cache(maxsize=256)
def _divisors(expr: Expr) -> tuple[Expr, ...]:
    """What must not be 0: tanh(1/z) is finite at 0, but not the limit from either side."""
    found = [n.args[1] for n in walk(expr) if n.op == "div"]
    for n in walk(expr):
        if n.op == "log" or (n.op == "pow" and not _plain_power(n)):
            found.append(n.args[0])
    return tuple(part for part in found if part.depends_on_z)


def _plain_power(node: Expr) -> bool:
    return node.args[1].is_number and node.args[1].fraction > 0


def _finite(expr: Expr, at: float, inwards: int) -> Any:
    """``at`` itself, or a point next to it where something in ``expr`` has a pole."""
    if not any(accurate(part, at, None, 60) == 0 for part in _divisors(expr)):
        if mpmath.isfinite(accurate(expr, at, None, 60)):
            return at
    with mpmath.workprec(BITS + 40):
        return at + inwards * mpmath.mpf(10) ** -30 * max(1, abs(at))


def _sign_within(expr: Expr, at: float, inwards: int, direction: int) -> int | None:
    """The sign of a monotone ``expr`` right inside an end, which may be a pole of it.

    Next to a pole the sign is that at a near point, if from there ``expr`` runs away from 0.
    """
    near = _finite(expr, at, inwards)
    sign = point_sign(expr, near)
    return sign if near is at or sign * direction == -inwards else None


def _by_slope(
    expr: Expr, slope: Expr, a: float, b: float, budget: Budget, depth: int, strict: bool
) -> list[Segment] | None:
    """The signs on a short interval, cut where the slope changes its own sign.

    At a zero of higher order interval arithmetic sees nothing of ``expr``, but the slope is of
    lower order there, and its slope lower still.
    """
    found, gaps = _pieces(slope, plain_slope(charge(slope)), a, b, budget, False, 40, depth + 1)
    if gaps:
        return None
    result: list[Segment] = []
    for piece in found:
        part = _monotone(expr, piece.lo, piece.hi, piece.sign)
        if part is None:
            return None
        result += part
    if strict:  # a zero where the sign stays would be lost between two pieces
        for left, right in itertools.pairwise(result):
            if left.sign == right.sign and abs(accurate(expr, right.lo, None, 60)) < 1e-20:
                return None
    return result


def signs(
    expr: Expr,
    lo: float,
    hi: float,
    budget: Budget,
    *,
    strict: bool = False,
    slope: Expr | None = None,
    boxes: int = 600,
) -> Signs:
    """Signs and zeros of a switch-free ``expr`` on the open interval from ``lo`` to ``hi``.

    ``strict`` also looks for the zeros where the sign does not change.
    """
    if expr.is_zero:
        return Signs([Segment(lo, hi, 0)])
    if not expr.depends_on_z:
        return Signs([Segment(lo, hi, point_sign(expr, 0))])
    line = affine(expr)
    if line is not None:
        return _affine_signs(line, lo, hi)
    if all(accurate(expr, x, None, 60) == 0 for x in _samples(lo, hi)):
        if any(underflows(expr, x) for x in _samples(lo, hi)):
            return Signs([Segment(lo, hi, 2)], gaps=[(lo, hi)])
        return Signs([Segment(lo, hi, 0)])
    slope = plain_slope(charge(expr)) if slope is None else slope
    settled: list[Segment] = []
    gaps: list[tuple[float, float]] = []
    inner_lo, inner_hi = lo, hi
    beside = [_beside(expr, end, side, hi - lo, budget) for end, side in ((lo, 1), (hi, -1))]
    if beside[0] is not None:
        inner_lo = beside[0].hi
        settled.append(beside[0])
    if beside[1] is not None:
        inner_hi = beside[1].lo
    if math.isinf(lo):
        inner_lo = min(-8.0, hi - 8) if math.isfinite(hi) else -8.0
        left = _tail(expr, -1, -inner_lo, strict, budget)
        if left is None:
            inner_lo = min(-64.0, inner_lo)
            gaps.append((lo, inner_lo))
            settled.append(Segment(lo, inner_lo, 2))
        else:
            inner_lo = -left[0]
            settled.append(Segment(lo, inner_lo, left[1]))
    right: tuple[float, int] | None = None
    if math.isinf(hi):
        inner_hi = max(8.0, lo + 8) if math.isfinite(lo) else 8.0
        right = _tail(expr, 1, inner_hi, strict, budget)
        inner_hi = max(64.0, inner_hi) if right is None else right[0]
    budget.check()
    # Two wide ends are reached by steps that grow, so that bisection does not start at 1e9.
    for a, b in _shells(inner_lo, inner_hi):
        inner, open_ = _pieces(expr, slope, a, b, budget, strict, boxes)
        settled += inner
        gaps += open_
        if len(gaps) > 6:
            settled.append(Segment(b, inner_hi, 2))
            gaps.append((b, inner_hi))
            break
    if math.isinf(hi):
        settled.append(Segment(inner_hi, hi, right[1] if right else 2))
        if right is None:
            gaps.append((inner_hi, hi))
    if beside[1] is not None:
        settled.append(beside[1])
    return _joined(expr, settled, gaps, lo, hi, budget)


def _samples(lo: float, hi: float) -> list[float]:
    a = lo if math.isfinite(lo) else (hi - 7.0 if math.isfinite(hi) else -5.0)
    b = hi if math.isfinite(hi) else (lo + 7.0 if math.isfinite(lo) else 5.0)
    return [a + (b - a) * t for t in (0.137, 0.41, 0.523, 0.891)]


def _shells(lo: float, hi: float) -> list[tuple[float, float]]:
    cuts = [lo, *(s for s in (-4096.0, -64.0, -7.9, 7.9, 64.0, 4096.0) if lo < s < hi), hi]
    return list(itertools.pairwise(cuts))


def _beside(expr: Expr, end: float, side: int, width: float, budget: Budget) -> Segment | None:
    """The sign next to a pole or a hole, where intervals see nothing: z = end ± 1/t for large t."""
    if math.isinf(end) or not any(accurate(d, end, None, 60) == 0 for d in _divisors(expr)):
        return None
    near = compose(charge(expr), number(Fraction(end)) + side / Z)
    found = sign_beyond(near, 1, 1.0, budget.check)
    if found is None or found[1] == 0:
        return None
    inner = end + side * min(0.999 / found[0], width / 4)
    if inner == end:
        return None
    return Segment(min(end, inner), max(end, inner), found[1])


def _tail(
    expr: Expr, direction: int, least: float, strict: bool, budget: Budget
) -> tuple[float, int] | None:
    value = encloser(expr)
    for start in (least, 4 * least, 32 * least):
        low, high = value(start, math.inf) if direction > 0 else value(-math.inf, -start)
        if low > 0 or (low == 0 and not strict):
            return start, 1
        if high < 0 or (high == 0 and not strict):
            return start, -1
    return sign_beyond(expr, direction, least, budget.check)


def _affine_signs(line: tuple[Expr, Expr], lo: float, hi: float) -> Signs:
    a, b = (simplify(x) for x in line)
    rise = point_sign(a, 0)
    if rise == 0:
        return Signs([Segment(lo, hi, point_sign(b, 0))])
    exact = -b.fraction / a.fraction if a.is_number and b.is_number else None
    with mpmath.workprec(BITS + 40):
        if exact is not None:
            root = mpmath.mpf(exact.numerator) / exact.denominator
        else:
            root = -accurate(b, 0, None, BITS) / accurate(a, 0, None, BITS)
        inside = (math.isinf(lo) or root > lo) and (math.isinf(hi) or root < hi)
    if not inside:
        return Signs([Segment(lo, hi, rise if root <= lo else -rise)])
    at = float(root)
    return Signs([Segment(lo, at, -rise), Segment(at, hi, rise)], [Root(root, exact)])


def _joined(
    expr: Expr,
    settled: list[Segment],
    gaps: list[tuple[float, float]],
    lo: float,
    hi: float,
    budget: Budget,
) -> Signs:
    """Merge equal neighbours, close gaps that hold one crossing, and name the zeros."""
    result = Signs()
    merged: list[Segment] = []
    for piece in settled:
        if merged and merged[-1].sign == piece.sign:
            merged[-1] = Segment(merged[-1].lo, piece.hi, piece.sign)
        else:
            merged.append(piece)
    for i, piece in enumerate(merged):
        budget.check()
        if piece.sign != 2:
            previous = result.segments[-1] if result.segments else None
            if previous is not None and previous.sign == -piece.sign and previous.hi == piece.lo:
                value = _exact_zero(expr, piece.lo)
                if value is None:
                    value = root_near(expr, *_around(expr, piece.lo, previous.sign))
                result.roots.append(Root(value, _whole(expr, value)))
            result.segments.append(piece)
            continue
        narrow = math.isfinite(piece.lo) and piece.hi - piece.lo <= 1e-6 * max(1.0, abs(piece.lo))
        neighbours = [merged[j].sign for j in (i - 1, i + 1) if 0 <= j < len(merged)]
        if narrow and len(neighbours) == 2:
            value = _exact_zero(expr, piece.lo, piece.hi)
            if neighbours[0] != neighbours[1]:
                if value is None:
                    value = root_near(expr, piece.lo, piece.hi)
                result.roots.append(Root(value, _whole(expr, value)))
                continue
            if value is not None:  # touches 0 and turns back: even order
                result.roots.append(Root(value, _whole(expr, value), simple=False))
                result.segments.append(Segment(piece.lo, piece.hi, neighbours[0]))
                continue
        elif narrow and neighbours and (piece.lo == lo or piece.hi == hi):
            # at the end of the interval, where the formula itself may vanish
            end = lo if piece.lo == lo else hi
            if point_sign(expr, end) == 0:
                result.segments.append(Segment(piece.lo, piece.hi, neighbours[0]))
                continue
        result.gaps.append((piece.lo, piece.hi))
    return result


def _whole(expr: Expr, value: Any) -> Fraction | None:
    """The zero as a whole number, where it is one."""
    near = round(float(value)) if abs(value) < 1e6 else None
    if near is None or abs(value - near) > mpmath.mpf(2) ** -150 or not _plain_zero(expr, near):
        return None
    return Fraction(near)


def _exact_zero(expr: Expr, lo: float, hi: float | None = None) -> Any | None:
    """A double (or 0) in the interval where ``expr`` is exactly 0, if one of the likely is."""
    right = lo if hi is None else hi
    tries = {lo, right, round((lo + right) / 2, 6)}
    if lo <= 0 <= right:
        tries.add(0.0)
    for x in tries:
        if lo <= x <= right and accurate(expr, x, None, 60) == 0:
            return mpmath.mpf(x)
    return None


def _around(expr: Expr, at: float, sign_left: int) -> tuple[float, float]:
    step = 1e-16 * max(1e-3, abs(at))
    lo = hi = at
    while step < 1:
        lo, hi = at - step, at + step
        if point_sign(expr, lo) == sign_left and point_sign(expr, hi) == -sign_left:
            break
        step *= 4
    return lo, hi
