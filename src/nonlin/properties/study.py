"""The facts about one function that several properties draw on: cells, ends, extremes.

A :class:`Study` cuts the line into cells once (:mod:`nonlin.properties.cells`) and answers, lazily
and at most once each: the one-sided limits at the ends of a cell, the signs of f, f′ and f″ on it,
and the smallest and largest value there with the place where it is taken or approached.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath

from ..calculus import derivative
from ..enclosure import encloser
from ..expression import Expr, Z, call, number, walk
from ..oracle import accurate
from ..rewrites import simplify
from .budget import Budget, OutOfTime, charge
from .cells import Cell, Cut, cells, value_at, with_values
from .forms import affine, compose
from .signs import BITS, Root, Signs, signs
from .tails import limit

__all__ = ["Extreme", "Study", "differ"]

Limit = Any  # mpf, inf, -inf, None (not known), or "none" or "swings": it oscillates


def differ(a: Any, b: Any) -> bool:
    """Whether two values good to 200 bits are really different, however small they are."""
    if isinstance(a, str) or isinstance(b, str) or a is None or b is None:
        return bool(a != b)
    if math.isinf(float(a)) or math.isinf(float(b)):
        return bool(a != b)
    with mpmath.workprec(BITS):
        return bool(abs(a - b) > max(abs(a), abs(b)) * mpmath.mpf(2) ** -165)


@dataclass(frozen=True, slots=True)
class Extreme:
    """A supremum or infimum: its value, where, and how that is known."""

    value: Any  # mpf, inf or -inf
    attained: bool
    at: float  # the place, or ±inf or the end of the cell where it is approached
    proved: bool = True
    flat: tuple[float, float] | None = None  # taken all along this cell


class Study:
    """One function with its parameters put in."""

    def __init__(
        self,
        expr: Expr,
        parameters: Mapping[str, float],
        slope: Expr,
        second: Expr,
        budget: Budget,
    ) -> None:
        self.budget = budget
        self.f, self.slope, self.second = (
            with_values(e, parameters) for e in (expr, slope, second)
        )
        found, cuts = cells([self.f, self.slope, self.second], budget)
        self.cells: list[Cell] = []
        self.cuts = cuts
        for cell in found:
            exprs = cell.exprs
            if exprs[0] is not None:
                piece = simplify(charge(exprs[0])) if cuts else exprs[0]
                ready: list[Expr] = []
                for e in exprs[1:]:
                    budget.check()
                    if e is None:  # only where the slope's own formula divides by 0
                        ready.append(derivative(charge(ready[-1] if ready else piece)))
                    else:
                        ready.append(simplify(charge(e)) if cuts else e)
                exprs = (piece, *ready)
            self.cells.append(Cell(cell.left, cell.right, exprs))
        self._ends: dict[tuple[Expr, Any, int], Limit] = {}
        self._signs: dict[tuple[Expr, float, float], Signs] = {}

    @property
    def defined(self) -> list[Cell]:
        return [c for c in self.cells if c.exprs[0] is not None]

    def value(self, cut: Cut) -> Any | None:
        """f at a cut itself; ``None`` where it has no value."""
        expr = cut.exprs[0]
        return None if expr is None else value_at(expr, cut.point, cut.exact is not None)

    def end(self, cell: Cell, side: int, order: int = 0) -> Limit:
        """The limit of f (or f′, f″) at an end of a cell, from inside it."""
        expr = cell.exprs[order]
        cut = cell.left if side < 0 else cell.right
        assert expr is not None
        key = (expr, cut and cut.value, side)
        if key not in self._ends:
            self._ends[key] = self._limit(expr, cut, side)
        return self._ends[key]

    def _limit(self, expr: Expr, cut: Cut | None, side: int) -> Limit:
        self.budget.check()
        if cut is None and period(expr) is not None:
            return "none" if _varies(expr) else accurate(expr, 0, None, BITS)
        if cut is None:
            return _as_mpf(limit(expr, side, self.budget.check))
        if _regular(expr, cut):
            return value_at(expr, cut.point, cut.exact is not None)
        if cut.exact is None:
            return None
        # z = c ± 1/t turns the end of the cell into infinity
        near = number(cut.exact) + (1 if side < 0 else -1) / Z
        return _as_mpf(limit(compose(charge(expr), near), 1, self.budget.check))

    def signs(self, cell: Cell, order: int, share: float = 0.4) -> Signs:
        """The signs of f′ (order 1) or f″ (order 2) on a cell; gaps where time ran out."""
        expr = cell.exprs[order]
        assert expr is not None
        key = (expr, cell.lo, cell.hi)
        if key not in self._signs:
            try:
                slope = cell.exprs[order + 1] if order < 2 else None
                found = signs(expr, cell.lo, cell.hi, self.budget.part(share), slope=slope)
            except (OutOfTime, RecursionError):
                found = Signs(gaps=[(cell.lo, cell.hi)])
            self._signs[key] = found
        return self._signs[key]

    def extreme(self, cell: Cell, order: int, sign: int) -> Extreme | None:
        """The supremum (sign 1) or infimum (sign -1) of f or f′ on a cell."""
        expr = cell.exprs[order]
        assert expr is not None
        if not expr.depends_on_z:
            value = accurate(expr, 0, None, BITS)
            return Extreme(value, True, cell.inside(), flat=(cell.lo, cell.hi))
        ends = [(self.end(cell, side, order), cell.lo if side < 0 else cell.hi) for side in (-1, 1)]
        for value, place in ends:
            if value == "swings":  # ever further up and down
                return Extreme(mpmath.mpf(sign * math.inf), False, place)
            if not isinstance(value, str) and value is not None and value == sign * math.inf:
                return Extreme(value, False, place)
        found = self.signs(cell, order + 1)
        if found.complete and all(v is not None and not isinstance(v, str) for v, _ in ends):
            knots = [Extreme(v, False, place) for v, place in ends]
            knots += [Extreme(at_root(expr, r), True, r.at) for r in found.roots]
            best = knots[0]
            for knot in knots[1:]:
                higher = (knot.value - best.value) * sign > 0 and differ(knot.value, best.value)
                same = not differ(knot.value, best.value)
                if higher or (same and knot.attained and not best.attained):
                    best = knot
            return best
        return self._by_bound(cell, order, sign)

    def _by_bound(self, cell: Cell, order: int, sign: int) -> Extreme | None:
        """A bound from the enclosure of the whole cell, if some point reaches it."""
        expr = cell.exprs[order]
        assert expr is not None
        wave = self._periodic(expr, cell, order, sign)
        if wave is not None:
            return wave
        low, high = encloser(expr)(cell.lo, cell.hi)
        bound = high if sign > 0 else low
        if math.isfinite(bound):
            for at in self._candidates(cell, order, sign):
                value = accurate(expr, at, None, BITS)
                if abs(value - bound) <= abs(bound) * mpmath.mpf(10) ** -25:
                    return Extreme(mpmath.mpf(bound), True, float(at))
        return None

    def _periodic(self, expr: Expr, cell: Cell, order: int, sign: int) -> Extreme | None:
        """On the whole line, a formula in sines of one frequency repeats: one period tells all."""
        length = period(expr)
        rate = cell.exprs[order + 1]
        if length is None or rate is None or cell.left or cell.right:
            return None
        try:
            found = signs(rate, -0.51 * length, 0.51 * length, self.budget.part(0.3))
        except OutOfTime:
            return None
        if not found.complete or not found.roots:
            return None
        knots = [Extreme(at_root(expr, r), True, r.at) for r in found.roots]
        knots.sort(key=lambda e: abs(e.at))
        best = knots[0]
        for knot in knots[1:]:
            if differ(knot.value, best.value) and (knot.value - best.value) * sign > 0:
                best = knot
        return best

    def _candidates(self, cell: Cell, order: int, sign: int) -> list[Any]:
        """Where the value seems largest: stationary points near the best of a grid."""
        expr, rate = cell.exprs[order], cell.exprs[order + 1]
        assert expr is not None and rate is not None
        lo, hi = max(cell.lo, -7.0), min(cell.hi, 7.0)
        if not lo < hi:
            return []
        grid = [lo + (hi - lo) * (i + 0.37) / 160 for i in range(160)]
        value = encloser(expr)
        heights = [sign * sum(value(z, z)) / 2 for z in grid]
        top = max(heights)
        near = [i for i in range(160) if heights[i] >= top - 0.02 * (1 + abs(top))]
        found: list[Any] = []
        for i in sorted(near, key=lambda i: abs(grid[i]))[:3]:
            a, b = grid[max(0, i - 1)], grid[min(159, i + 1)]
            try:
                found += [r.value for r in signs(rate, a, b, self.budget.part(0.2)).roots]
            except OutOfTime:
                break
        return found


def at_root(expr: Expr, root: Root) -> Any:
    """The value of ``expr`` where another expression is 0."""
    return value_at(expr, root.value if root.exact is None else root.exact, root.exact is not None)


def period(expr: Expr) -> float | None:
    """A period, where z stands only inside sines and cosines of rational multiples of it."""
    pace: Fraction | None = None
    stack = [expr]
    while stack:
        node = stack.pop()
        if node.op in ("sin", "cos"):
            line = affine(node.args[0])
            if line is None or not line[0].is_number:
                return None
            rate = abs(line[0].fraction)
            if rate:
                pace = rate if pace is None else _common(pace, rate)
        elif node.op == "z":
            return None
        else:
            stack += node.args
    return 2 * math.pi / float(pace) if pace and 1e-3 < pace < 1e3 else None


def _varies(expr: Expr) -> bool:
    return differ(*(accurate(expr, z, None, BITS) for z in (0.3, 1.1)))


def _common(a: Fraction, b: Fraction) -> Fraction:
    bottom = math.lcm(a.denominator, b.denominator)
    return Fraction(math.gcd(int(a * bottom), int(b * bottom)), bottom)


def _as_mpf(value: Fraction | float | str | None) -> Limit:
    if isinstance(value, Fraction):
        with mpmath.workprec(BITS + 40):
            return mpmath.mpf(value.numerator) / value.denominator
    return mpmath.mpf(value) if isinstance(value, float) else value


def _regular(expr: Expr, cut: Cut) -> bool:
    """Whether ``expr`` is continuous at a cut: nothing in it divides by 0 or the like there."""
    for node in walk(expr):
        if node.op == "div":
            risky, lowest = node.args[1], None
        elif node.op in ("log", "sqrt"):
            risky, lowest = node.args[0], 0
        elif node.op == "log1p":
            risky, lowest = call("log1p", node.args[0]).args[0] + 1, 0
        elif node.op == "pow" and not (
            node.args[1].is_number
            and node.args[1].fraction > 0
            and node.args[1].fraction.denominator == 1
        ):
            risky = node.args[0]
            lowest = None if node.args[1].is_number else 0
            if node.args[1].is_number and node.args[1].fraction > 0:
                lowest = 0
        else:
            continue
        value = accurate(risky, cut.point, None, BITS)
        near_zero = abs(value) <= mpmath.mpf(2) ** -110
        if node.op == "sqrt" or (
            node.op == "pow" and node.args[1].is_number and node.args[1].fraction > 0
        ):
            if near_zero and risky.depends_on_z and not _vanishes_exactly(risky, cut):
                return False
            continue
        if near_zero or (lowest is not None and value <= 0) or value != value:
            return False
    return True


def _vanishes_exactly(expr: Expr, cut: Cut) -> bool:
    return bool(cut.exact is not None and accurate(expr, cut.exact, None, BITS) == 0)
