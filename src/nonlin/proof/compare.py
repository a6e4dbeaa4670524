"""Two lines of a proof: are they equal, how is that known, and if not, where can one see it?

Three answers say yes, and each is named for what it is: a decision (:mod:`.exact`), tested
identities (:mod:`nonlin.rewrites`), or agreement to :data:`DIGITS` digits at :data:`POINTS` points,
which is strong evidence and no proof. A no comes with a point at which both lines have a value and
the values differ in the digits that are shown.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

import mpmath

from nonlin.errors import NonlinError
from nonlin.expression import Expr
from nonlin.oracle import evaluate
from nonlin.proof.exact import Nowhere, TooLarge, same_function
from nonlin.rewrites import simplify

__all__ = [
    "DIGITS",
    "POINTS",
    "Comparison",
    "Counterexample",
    "compare",
    "has_a_value",
    "shown",
    "value",
]

DIGITS = 30
POINTS = 40
_FEW = 3  # points that two lines may share by chance, as √(−z) and √z share 0
Gap = tuple[Fraction, Literal["before", "after"]]
Kind = Literal["exact", "identities", "points", "different", "nowhere"]

_BITS = 120
_RAISED = str.maketrans("−0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Where a reader can follow, the roundest first; then anywhere, but always at the same places.
_ROUND = tuple(
    Fraction(n, d)
    for n, d in (
        (1, 1), (2, 1), (-1, 1), (1, 2), (-2, 1), (3, 1), (-1, 2), (0, 1), (-3, 1), (3, 2),
        (4, 1), (5, 1), (-5, 1), (1, 4), (-1, 4), (7, 10), (-7, 10), (10, 1), (-10, 1), (1, 10),
    )
)  # fmt: skip
_draw = random.Random(3)
_PLACES = _ROUND + tuple(
    Fraction(_draw.randrange(-8000, 8000), 1000) for _ in range(POINTS - len(_ROUND))
)


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A point at which two lines differ, with both values in as many digits as show it."""

    z: Fraction
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found of two lines.

    Attributes
    ----------
    kind
        ``"exact"``, ``"identities"`` and ``"points"`` say that they are equal, and how that is
        known; ``"different"`` that they are not; ``"nowhere"`` that there are no points at which both
        have a value, or so few that they may have met there by chance.
    counterexample
        Where they differ; None if they are equal, or if the difference shows nowhere near.
    gap
        A point at which one has a value and the other has none, with the side that has none; or None.
    points
        At how many points both were evaluated, where that is all that is known.
    """

    kind: Kind
    counterexample: Counterexample | None = None
    gap: Gap | None = None
    points: int = 0

    @property
    def equal(self) -> bool:
        """Whether they are taken for equal."""
        return self.kind in ("exact", "identities", "points")


@lru_cache(maxsize=256)
def compare(before: Expr, after: Expr) -> Comparison:
    """Compare two formulas in z.

    >>> from nonlin.formula import parse
    >>> compare(parse("tanh(z)"), parse("sinh(z) / cosh(z)")).kind
    'exact'
    >>> compare(parse("tanh(z)"), parse("2*sigmoid(z) - 1")).counterexample
    Counterexample(z=Fraction(1, 1), before='0.762', after='0.462')
    """
    try:
        decided = same_function(before, after)
    except TooLarge:
        decided = None
    except Nowhere:
        return Comparison("nowhere")
    if decided:
        anywhere, gap = _defined(before, after)
        return Comparison("exact" if anywhere else "nowhere", None, gap)
    found, common, gap = _points(before, after)
    if found or decided is False:
        return Comparison("different", found, gap)
    if common <= _FEW:
        return Comparison("nowhere", None, gap)
    known = simplify(before - after).is_zero or simplify(before) is simplify(after)
    return Comparison("identities" if known else "points", None, gap, common)


def _defined(before: Expr, after: Expr) -> tuple[bool, Gap | None]:
    """Whether both have a value anywhere; where only one has."""
    gap: Gap | None = None
    common = False
    for i, z in enumerate(_PLACES):
        if common and i >= len(_ROUND):
            break
        a, b = value(before, z), value(after, z)
        common = common or (a is not None and b is not None)
        gap = gap or _one_sided(z, a, b)
    return common, gap


def _one_sided(z: Fraction, a: Any, b: Any) -> Gap | None:
    if (a is None) == (b is None):
        return None
    return z, "before" if a is None else "after"


def _points(before: Expr, after: Expr) -> tuple[Counterexample | None, int, Gap | None]:
    """Where they differ, if they do; at how many points both have a value; where only one has."""
    best: Counterexample | None = None
    fewest = 0
    common = 0
    gap: Gap | None = None
    for z in _PLACES:
        a, b = value(before, z), value(after, z)
        gap = gap or _one_sided(z, a, b)
        if a is None or b is None:
            continue
        common += 1
        if near(a, b):
            continue
        digits = next(d for d in range(3, DIGITS + 9) if shown(a, d) != shown(b, d))
        found = Counterexample(z, shown(a, digits), shown(b, digits))
        if digits == 3:
            return found, common, gap
        if best is None or digits < fewest:
            best, fewest = found, digits
    return best, common, gap


def has_a_value(expr: Expr) -> bool:
    """Whether there is a place at which it has one, of those that are tried."""
    return any(value(expr, z) is not None for z in _PLACES)


def value(expr: Expr, z: Fraction) -> Any:
    """The value at z, good to some 36 digits; None where there is none.

    What cancels to less and less the more bits are spent on it counts as 0.
    """
    try:
        before = evaluate(expr, z, None, 160)
        for bits in (320, 1280, 5120):
            now = evaluate(expr, z, None, bits)
            if not (mpmath.isfinite(before) and mpmath.isfinite(now)):
                return None
            if abs(now - before) <= abs(now) * mpmath.ldexp(1, -_BITS):
                return now
            if abs(now) < abs(before) * mpmath.ldexp(1, -bits // 4):
                return mpmath.mpf(0)
            before = now
    except (NonlinError, ArithmeticError, ValueError, MemoryError):
        return None
    return None


def near(a: Any, b: Any) -> bool:
    """Whether two values agree to :data:`DIGITS` digits."""
    with mpmath.workprec(2 * _BITS):
        return bool(abs(a - b) <= max(abs(a), abs(b)) * mpmath.mpf(10) ** -DIGITS)


def shown(x: Any, digits: int = 3) -> str:
    """A value for a sentence, with so many significant digits at most.

    >>> shown(mpmath.mpf("-0.336376")), shown(mpmath.mpf("4.5398e-5")), shown(mpmath.mpf(2))
    ('−0.336', '4.54 × 10⁻⁵', '2')
    """
    if x == 0:
        return "0"
    exponent = int(mpmath.floor(mpmath.log10(abs(x))))
    plain = -4 <= exponent < max(6, digits)
    text: str = mpmath.nstr(x, digits, min_fixed=-5 if plain else 0, max_fixed=40 if plain else 0)
    text = text.replace("-", "−")
    if "e" not in text:
        return text.removesuffix(".0")
    mantissa, power = text.split("e")
    raised = power.removeprefix("+").translate(_RAISED)
    return f"{mantissa.removesuffix('.0')} × 10{raised}"
