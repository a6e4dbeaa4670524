"""Programs of sums, products and comparisons, as what they are: a polynomial between any two corners.

That is worked out in fractions, with the numbers that parameters have. The line is cut where a comparison
changes, into points and open intervals, and on each the program's value is one polynomial of z; so nothing
depends on how the formula was written. ReLU6, hard swish and their like are such programs; one with an
exponential, a root or a quotient by z is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from nonlin.compiler.program import Instruction, Program

__all__ = ["Corners", "Part", "Polynomial", "corners", "first_result", "roots"]

Polynomial = tuple[Fraction, ...]
"""Coefficients, c0 first; without zeros at the end."""

Floats = NDArray[Any]
_MOST = 16  # corners
_DEGREE = 3
_LEAST = Fraction(
    1, 2**80
)  # of coefficients and corners; products of smaller ones are no numbers to rely on


class _NotOneError(Exception):
    """The program is none of these."""


class _CutError(Exception):
    """A comparison changes within a cell."""

    def __init__(self, places: Sequence[Fraction]) -> None:
        super().__init__()
        self.places = places


@dataclass(frozen=True, slots=True)
class Part:
    """A polynomial, and the float32 numbers for which it is the value: ``low <= z < high``.

    ``low`` is ``None`` in the first part, ``high`` in the last. ``sign`` is that of a part that is 0.
    """

    polynomial: Polynomial
    low: float | None
    high: float | None
    sign: float = 1.0

    @property
    def inside(self) -> float:
        """One of its numbers, not 0 if there are others."""
        if self.low is not None:
            return self.low or float(np.nextafter(np.float32(0), np.float32(1)))
        return (
            -1.0
            if self.high is None
            else float(np.nextafter(np.float32(self.high), -np.float32(1e38)))
        )


@dataclass(frozen=True, slots=True)
class Corners:
    """A function's parts in order; some points, those of a corner, may have a value of their own.

    ``zeros`` is what -0 and 0 become, where that is 0 of one sign or the other.
    """

    parts: tuple[Part, ...]
    points: tuple[tuple[float, float], ...]
    zeros: tuple[float, float] | None = None

    @property
    def edges(self) -> set[float]:
        """Where something begins or ends: corners, and the roots of parts."""
        ends = {p.low for p in self.parts if p.low is not None}
        found = {r for p in self.parts for r in _roughly(p.polynomial)}
        return ends | found | {at for at, _ in self.points} | {0.0}


def corners(
    program: Program, parameters: Sequence[float], values: Callable[[Floats], Floats]
) -> Corners | None:
    """The program's only result in these terms, or ``None``. ``values`` tells which sign zeros have."""
    program = first_result(program)
    cuts: list[Fraction] = []
    while True:
        try:
            found = [_value(program, parameters, *at) for at in _cells(cuts)]
        except _CutError as cut:
            cuts = sorted({*cuts, *cut.places})
            if len(cuts) > _MOST:
                return None
        except _NotOneError:
            return None
        else:
            numbers = [*cuts, *(c for p in found for c in p)]
            if not all(c == 0 or _LEAST < abs(c) < 1 / _LEAST for c in numbers):
                return None
            return _signed(_joined(found, cuts), values)


def first_result(program: Program) -> Program:
    """The program without what its first result does not take."""
    needed: set[int] = set()
    stack = [program.outputs[0]]
    while stack:
        place = stack.pop()
        if place not in needed:
            needed.add(place)
            stack.extend(program.instructions[place].args)
    places = {old: new for new, old in enumerate(sorted(needed))}
    kept = [program.instructions[old] for old in places]
    return replace(
        program,
        instructions=tuple(replace(i, args=tuple(places[a] for a in i.args)) for i in kept),
        outputs=(places[program.outputs[0]],),
    )


def _signed(found: Corners, values: Callable[[Floats], Floats]) -> Corners:
    found = replace(found, points=(*found.points, *_other_zeros(found, values)))
    places = [*(p.inside for p in found.parts), *(at for at, _ in found.points), -0.0, 0.0]
    got = values(np.array(places, dtype=np.float32))
    count = len(found.parts)
    signs = np.copysign(1.0, got[:count])
    zeros = float(got[-2]), float(got[-1])
    return Corners(
        tuple(replace(p, sign=float(s)) for p, s in zip(found.parts, signs, strict=True)),
        tuple((at, float(v) if v == 0 else value)
              for (at, value), v in zip(found.points, got[count:], strict=False)),
        zeros if zeros == (0.0, 0.0) else None,
    )  # fmt: skip


def _other_zeros(
    found: Corners, values: Callable[[Floats], Floats]
) -> Iterator[tuple[float, float]]:
    """Roots of parts where 0 may not have its sign by itself.

    A product of factors z - r has at a root the sign that it has beyond it; of three factors it may have another
    one, as what is lost is added.
    """
    known = {at for at, _ in found.points}
    for p in found.parts:
        for r in set(roots(p.polynomial) or []) if len(p.polynomial) > 2 else ():
            at = float(np.float32(float(r)))
            inside = (p.low is None or p.low <= r) and (p.high is None or r < p.high)
            if r == 0 or not inside or at in known or Fraction(at) != r:
                continue
            zero = float(values(np.array([at], dtype=np.float32))[0])
            beyond = value_at(p.polynomial, r + abs(r) / 2**60)
            signs = {math.copysign(1.0, zero) < 0, beyond < 0}
            if zero == 0 and (len(signs) == 2 or (len(p.polynomial) > 3 and True in signs)):
                yield at, zero


def _cells(cuts: Sequence[Fraction]) -> Iterator[tuple[Fraction | None, Fraction | None]]:
    """Intervals and points in turn, by their ends."""
    low: Fraction | None = None
    for corner in cuts:
        yield low, corner
        yield corner, corner
        low = corner
    yield low, None


def _joined(values: Sequence[Polynomial], cuts: Sequence[Fraction]) -> Corners:
    """Neighbours with one polynomial become one; a point goes with the side whose value it has."""
    parts = [Part(values[0], None, None)]
    points: list[tuple[float, float]] = []
    for corner, point, after in zip(cuts, values[1::2], values[2::2], strict=True):
        before, low = parts[-1].polynomial, float_above(corner)
        here = value_at(point, corner)
        at = float(np.float32(float(corner)))
        if Fraction(at) == corner:
            if here == value_at(after, corner):
                low = at
            elif here != value_at(before, corner):
                points.append((at, float(np.float32(float(here)))))
        if before == after:
            continue
        if parts[-1].low is not None and parts[-1].low >= low:  # no float between the corners
            parts[-1] = Part(after, parts[-1].low, None)
            continue
        parts[-1] = Part(before, parts[-1].low, low)
        parts.append(Part(after, low, None))
    return Corners(tuple(parts), tuple(points))


def float_above(corner: Fraction) -> float:
    """The least float32 number above a place."""
    at = np.float32(float(corner))
    while Fraction(float(at)) <= corner:
        at = np.nextafter(at, np.float32(math.inf))
    while Fraction(float(np.nextafter(at, np.float32(-math.inf)))) > corner:
        at = np.nextafter(at, np.float32(-math.inf))
    return float(at)


# -- the value of a program on a cell ---------------------------------------------------------------


def _value(
    program: Program, parameters: Sequence[float], low: Fraction | None, high: Fraction | None
) -> Polynomial:
    values: list[Polynomial | bool] = []
    cell = _Cell(low, high)
    for i in program.instructions:
        values.append(cell.apply(i, [values[a] for a in i.args], parameters))
    result = values[program.outputs[0]]
    assert not isinstance(result, bool)
    return result


class _Cell:
    """A point, or an open interval on which no comparison may change."""

    def __init__(self, low: Fraction | None, high: Fraction | None) -> None:
        self.low, self.high = low, high
        if low is None:
            self.inside = Fraction(0) if high is None else high - 1
        else:
            self.inside = low + 1 if high is None else (low + high) / 2

    def apply(
        self, i: Instruction, args: Sequence[Polynomial | bool], parameters: Sequence[float]
    ) -> Polynomial | bool:
        if i.op == "where":
            return args[1] if args[0] else args[2]
        if i.op == "z":
            return (Fraction(0), Fraction(1))
        if i.op == "param":
            return _number(parameters[int(i.value[0])])
        if i.op == "const":
            return _sum(_number(i.value[0]), _number(i.value[1]))
        a, b = [*(v for v in args if not isinstance(v, bool)), (), ()][:2]
        match i.op:
            case "add":
                return _sum(a, b)
            case "sub":
                return _sum(a, b, -1)
            case "neg":
                return _sum((), a, -1)
            case "mul":
                return _product(a, b)
            case "div" if len(b) == 1:
                return tuple(c / b[0] for c in a)
            case "abs":
                return a if self.sign(a) >= 0 else _sum((), a, -1)
            case "sign":
                return _trimmed([Fraction(self.sign(a))])
            case "min":
                return a if self.sign(_sum(a, b, -1)) <= 0 else b
            case "max":
                return a if self.sign(_sum(a, b, -1)) >= 0 else b
            case "lt":
                return self.sign(_sum(a, b, -1)) < 0
            case "le":
                return self.sign(_sum(a, b, -1)) <= 0
            case "eq":
                return self.sign(_sum(a, b, -1)) == 0
        raise _NotOneError

    def sign(self, p: Polynomial) -> int:
        """-1, 0 or 1 on all of the cell."""
        if self.low != self.high or self.low is None:
            found = roots(p) if len(p) > 1 else []
            if found is None:
                raise _NotOneError
            within = [r for r in found if self.holds(r)]
            if within:
                raise _CutError(within)
        value = value_at(p, self.inside)
        return (value > 0) - (value < 0)

    def holds(self, r: Fraction) -> bool:
        return (self.low is None or self.low < r) and (self.high is None or r < self.high)


# -- polynomials --------------------------------------------------------------------------------------


def _number(x: float) -> Polynomial:
    if not math.isfinite(x):
        raise _NotOneError
    return _trimmed([Fraction(x)])


def _trimmed(c: Sequence[Fraction]) -> Polynomial:
    n = len(c)
    while n and c[n - 1] == 0:
        n -= 1
    return tuple(c[:n])


def _sum(a: Polynomial, b: Polynomial, times: int = 1) -> Polynomial:
    n, none = max(len(a), len(b)), Fraction(0)
    return _trimmed(
        [(a[k] if k < len(a) else none) + times * (b[k] if k < len(b) else none) for k in range(n)]
    )


def _product(a: Polynomial, b: Polynomial) -> Polynomial:
    if not a or not b:
        return ()
    if len(a) + len(b) - 2 > _DEGREE:
        raise _NotOneError
    total = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for k, y in enumerate(b):
            total[i + k] += x * y
    return _trimmed(total)


def value_at(p: Polynomial, z: Fraction) -> Fraction:
    """The polynomial at z."""
    total = Fraction(0)
    for c in reversed(p):
        total = total * z + c
    return total


def roots(p: Polynomial) -> list[Fraction] | None:
    """All real roots of a polynomial that is not constant, each as often as it counts; ``None`` where they are no fractions."""
    if p[0] == 0:
        rest = roots(p[1:]) if len(p) > 2 else []
        return None if rest is None else [Fraction(0), *rest]
    if len(p) == 2:
        return [-p[0] / p[1]]
    if len(p) > 3:
        return None
    c, b, a = p
    square = b * b - 4 * a * c
    if square < 0:
        return []
    root = Fraction(math.isqrt(square.numerator), math.isqrt(square.denominator))
    return [(-b - root) / (2 * a), (-b + root) / (2 * a)] if root * root == square else None


def _roughly(p: Polynomial) -> list[float]:
    """The real roots in double."""
    if len(p) < 2:
        return []
    found = np.roots([float(c) for c in reversed(p)])
    return [float(r.real) for r in found if abs(r.imag) < 1e-6 * (1 + abs(r))]
