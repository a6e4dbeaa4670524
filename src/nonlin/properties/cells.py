"""The line cut into cells: between two cuts a formula has no switch left and is analytic.

A ``where``, ``abs``, ``sign``, ``min`` or ``max`` switches where an expression changes its sign,
and a logarithm, root, power or quotient has no value where one does. :func:`cells` finds those
points (exactly where the expression is affine, else by :mod:`nonlin.properties.signs`), cuts the
line there, and gives for every cell and every cut the formula as it reads there. ``max(0, z)``
becomes ``0`` left of 0, ``z`` right of it, and a kink is simply what happens at a cut.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath

from ..expression import Expr, number, rebuild, walk
from ..oracle import accurate
from ..rewrites import simplify
from .budget import Budget, charge
from .forms import affine
from .signs import BITS, Root, Signs, point_sign, signs, underflows

__all__ = ["Cell", "Cut", "TooIntricate", "cells", "value_at", "with_values"]

MOST_CUTS = 60


class TooIntricate(Exception):
    """More switch points than can be handled, or not all of them could be found."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A point between two cells, with the formulas as they read at that point itself."""

    value: Any  # mpf
    exact: Fraction | None
    exprs: tuple[Expr | None, ...]

    @property
    def at(self) -> float:
        return float(self.value)

    @property
    def point(self) -> Any:
        """The best-known value, for the oracle."""
        return self.value if self.exact is None else self.exact


@dataclass(frozen=True, slots=True)
class Cell:
    """An open interval and the formulas on it; ``None`` where one has no value there."""

    left: Cut | None
    right: Cut | None
    exprs: tuple[Expr | None, ...]

    @property
    def lo(self) -> float:
        return -math.inf if self.left is None else self.left.at

    @property
    def hi(self) -> float:
        return math.inf if self.right is None else self.right.at

    def inside(self, share: float = 0.5) -> float:
        """Some point of it."""
        lo, hi = self.lo, self.hi
        near = next((end for end in (lo, hi) if math.isfinite(end)), 0.0)
        if math.isinf(lo):
            lo = near - max(4.0, abs(near))
        if math.isinf(hi):
            hi = near + max(4.0, abs(near))
        return lo + (hi - lo) * share


class _Split(Exception):
    def __init__(self, roots: list[Root]) -> None:
        self.roots = roots


class _Undefined(Exception):
    pass


def with_values(expr: Expr, parameters: Mapping[str, float]) -> Expr:
    """The parameters replaced by their exact values, and constants folded."""

    def one(node: Expr) -> Expr:
        if node.op == "param":
            return number(Fraction(parameters[str(node.value)]))
        folded = rebuild(node, node.args) if node.args else node
        if node.depends_on_z and not folded.depends_on_z and _may_have_no_value(node):
            return node  # 0 * log(z) is 0 only where log(z) has a value, which is still to be found
        return folded

    return expr.map(one)


def _may_have_no_value(node: Expr) -> bool:
    return any(n.op in ("div", "log", "log1p", "sqrt", "pow") for n in walk(node))


class _Cutter:
    def __init__(self, exprs: Sequence[Expr], budget: Budget) -> None:
        self.exprs, self.budget = exprs, budget
        self.known: dict[Expr, list[tuple[float, float, Signs]]] = {}

    def signs(self, expr: Expr, lo: float, hi: float) -> Signs:
        for a, b, found in self.known.get(expr, []):
            if a <= lo and hi <= b:
                return found
        found = self.roots(expr, lo, hi)
        if not found.complete:
            raise TooIntricate
        self.known.setdefault(expr, []).append((lo, hi, found))
        return found

    def roots(self, expr: Expr, lo: float, hi: float) -> Signs:
        """Zeros by structure where a factor or an inverse tells them, else by search."""
        if expr.op in ("mul", "neg", "tanh", "sinh", "atan", "erf", "expm1", "log1p", "sqrt") or (
            expr.op == "div" or (expr.op == "pow" and expr.args[1].is_number)
        ):
            inner = expr.args if expr.op == "mul" else expr.args[:1]
            total = Signs()
            for part in inner:
                if part.depends_on_z:
                    total.roots += self.signs(part, lo, hi).roots
            return total
        if expr.op in ("exp", "sigmoid", "softplus", "Phi", "erfc", "cosh"):
            return Signs()
        return signs(expr, lo, hi, self.budget, strict=True)

    def sign(self, expr: Expr, cell: Root | tuple[Root | None, Root | None]) -> int:
        """The sign of a switch-free expression on a cell or at a cut."""
        if not expr.depends_on_z:
            return point_sign(expr, 0)
        if isinstance(cell, Root):
            return self.sign_at(expr, cell)
        lo = -math.inf if cell[0] is None else cell[0].at
        hi = math.inf if cell[1] is None else cell[1].at
        inside = [r for r in self.signs(expr, lo, hi).roots if _within(r, cell)]
        if inside:
            raise _Split(inside)
        for share in (0.4142, 0.2718, 0.6931):
            value = point_sign(expr, _inside(cell, share))
            if value:
                return value
        return 0

    def sign_at(self, expr: Expr, at: Root) -> int:
        if at.exact is not None:
            line = affine(expr)
            if line is not None and all(part.is_number for part in line):
                exact = line[0].fraction * at.exact + line[1].fraction
                return (exact > 0) - (exact < 0)
        value = value_at(expr, at.value if at.exact is None else at.exact, at.exact is not None)
        return int(value > 0) - int(value < 0)

    def resolve(
        self,
        root: Expr,
        cell: Root | tuple[Root | None, Root | None],
        done: dict[Expr, Expr] | None = None,
    ) -> Expr:
        """``root`` as it reads on the cell; ``done`` holds parts of which that is known."""
        done = {} if done is None else done
        stack = [root]
        while stack:
            node = stack[-1]
            if node in done:
                stack.pop()
                continue
            if node.op == "where":
                branch = node.args[1 if self.holds(node.args[0], cell, done) else 2]
                if branch not in done:
                    stack.append(branch)
                    continue
                done[node] = done[branch]
                continue
            waiting = [a for a in node.args if a not in done]
            if waiting:
                stack += waiting
                continue
            done[node] = self.plain(node, tuple(done[a] for a in node.args), cell)
            stack.pop()
        return done[root]

    def holds(
        self,
        condition: Expr,
        cell: Root | tuple[Root | None, Root | None],
        done: dict[Expr, Expr],
    ) -> bool:
        """Whether a comparison holds on the cell. As for any NaN, it does not without a value."""
        try:
            sides = [self.resolve(side, cell, done) for side in condition.args]
        except _Undefined:
            return self.holds_at_limits(condition, cell)
        sign = self.sign(_minus(*sides), cell)
        return {"lt": sign < 0, "le": sign <= 0, "eq": sign == 0}[condition.op]

    @staticmethod
    def holds_at_limits(condition: Expr, cell: Root | tuple[Root | None, Root | None]) -> bool:
        """The same where a side has no value, or one only by the rules for infinities."""
        at_point = isinstance(cell, Root)
        place = (cell.exact or cell.value) if isinstance(cell, Root) else _inside(cell, 0.4142)
        a, b = (accurate(side, place, None, 150) for side in condition.args)
        if mpmath.isnan(a) or mpmath.isnan(b):
            return False
        if not at_point and condition.depends_on_z:
            raise TooIntricate  # 1/0 has the numerator's sign, which may change inside
        return bool({"lt": a < b, "le": a <= b, "eq": a == b}[condition.op])

    def plain(
        self, node: Expr, args: tuple[Expr, ...], cell: Root | tuple[Root | None, Root | None]
    ) -> Expr:
        match node.op:
            case "abs":
                return args[0] if self.sign(args[0], cell) >= 0 else -args[0]
            case "sign":
                return number(self.sign(args[0], cell))
            case "min" | "max":
                sign = self.sign(_minus(*args), cell)
                first = sign <= 0 if node.op == "min" else sign >= 0
                return args[0 if first else 1]
            case "div":
                if self.sign(args[1], cell) == 0:
                    raise _Undefined
            case "log":
                if self.sign(args[0], cell) <= 0:
                    raise _Undefined
            case "log1p":
                if self.sign(1 + args[0], cell) <= 0:
                    raise _Undefined
            case "sqrt":
                if self.sign(args[0], cell) < 0:
                    raise _Undefined
            case "pow":
                self.check_power(args, cell)
        result = rebuild(node, args)
        return simplify(charge(result)) if result.args and not result.depends_on_z else result

    def check_power(
        self, args: tuple[Expr, ...], cell: Root | tuple[Root | None, Root | None]
    ) -> None:
        base, exponent = args
        if exponent.is_number and exponent.fraction.denominator == 1:
            if exponent.fraction < 0 and self.sign(base, cell) == 0:
                raise _Undefined
            return
        sign = self.sign(base, cell)
        if exponent.depends_on_z and sign <= 0:
            raise TooIntricate  # a value only where the exponent happens to be whole
        if sign < 0 or (sign == 0 and not (exponent.is_number and exponent.fraction > 0)):
            raise _Undefined

    def all(self, cell: Root | tuple[Root | None, Root | None]) -> tuple[Expr | None, ...]:
        result: list[Expr | None] = []
        for expr in self.exprs:
            self.budget.check()
            try:
                result.append(self.resolve(expr, cell))
            except _Undefined:
                result.append(None)
        return tuple(result)


def value_at(expr: Expr, point: Any, exact: bool) -> Any:
    """The value at a point that is known exactly, or else to about 190 bits.

    In the second case a value counts as 0 that is no larger than what another rounding of the point
    would make of it: (z**2 - 2)**2 is 0 at the square root of 2.
    """
    value = accurate(expr, point, None, BITS)
    if value == 0 and underflows(expr, point):
        raise OverflowError
    if exact or value == 0 or not mpmath.isfinite(value):
        return value
    with mpmath.workprec(BITS + 40):
        step = point * mpmath.mpf(2) ** -180
        beside = [accurate(expr, point + s, None, BITS) for s in (-step, step)]
        return mpmath.mpf(0) if abs(value) <= max(abs(b - value) for b in beside) else value


def _minus(a: Expr, b: Expr) -> Expr:
    return number(0) if a is b else a - b


def _same(a: Root, b: Root) -> bool:
    with mpmath.workprec(240):
        return bool(abs(a.value - b.value) <= abs(a.value) * mpmath.mpf(2) ** -150)


def _within(root: Root, cell: tuple[Root | None, Root | None]) -> bool:
    left, right = cell
    if left is not None and (root.value <= left.value or _same(root, left)):
        return False
    return right is None or not (root.value >= right.value or _same(root, right))


def _inside(cell: tuple[Root | None, Root | None], share: float) -> Any:
    left, right = cell
    with mpmath.workprec(240):
        near = next((end.value for end in cell if end is not None), mpmath.mpf(0))
        lo = near - max(4, abs(near)) if left is None else left.value
        hi = near + max(4, abs(near)) if right is None else right.value
        return lo + (hi - lo) * mpmath.mpf(share)


def cells(exprs: Sequence[Expr], budget: Budget) -> tuple[list[Cell], list[Cut]]:
    """Cut the line so that none of ``exprs`` (without parameters) switches inside a cell.

    Raises :class:`TooIntricate` where there are too many cuts or they cannot all be found.

    >>> from nonlin.formula import parse
    >>> found, cuts = cells([parse("max(z - 1, 0)")], Budget(1.0))
    >>> [c.exprs[0] for c in found], cuts[0].exact
    ([number(0), sub(Z, number(1))], Fraction(1, 1))
    >>> cells([parse("abs(z)")], Budget(1.0))[0][0].exprs
    (neg(Z),)
    """
    cutter = _Cutter(exprs, budget)
    open_: list[tuple[Root | None, Root | None]] = [(None, None)]
    done: list[tuple[tuple[Root | None, Root | None], tuple[Expr | None, ...]]] = []
    while open_:
        cell = open_.pop()
        try:
            done.append((cell, cutter.all(cell)))
        except _Split as split:
            points: list[Root | None] = [cell[0]]
            for root in sorted(split.roots, key=lambda r: r.value):
                last = points[-1]
                if last is None or not _same(root, last):
                    points.append(root)
            points.append(cell[1])
            if len(points) + len(done) + len(open_) > MOST_CUTS:
                raise TooIntricate from None
            open_ += reversed(list(pairwise(points)))
    cuts = {
        id(cell[1]): Cut(cell[1].value, cell[1].exact, cutter.all(cell[1]))
        for cell, _ in done
        if cell[1] is not None
    }
    places: list[Cell] = []
    for cell, found in done:
        left = places[-1].right if places else None
        right = cuts[id(cell[1])] if cell[1] is not None else None
        places.append(Cell(left, right, found))
    return places, [c.right for c in places if c.right is not None]
