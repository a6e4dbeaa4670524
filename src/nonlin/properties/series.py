"""Asymptotic series with a bound on everything that is left out, and their arithmetic.

With ``t >= B``, a value is a short sum of terms

    c · exp(q(t)) · t^k · log(t)^l · (sines)        (c, k, l and the coefficients of q exact)

plus a remainder of which only a bound, number times monomial, is known. Sums and products stay
in that form. What a series cannot tell raises :class:`Undecided`; so does a sum of two terms that
cancels as far as irrational coefficients are known (to less than 2**-120 of them, without being 0).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from ..expression import Expr

__all__ = [
    "EPS",
    "ONE",
    "Arithmetic",
    "Bound",
    "Mono",
    "Rank",
    "Series",
    "Undecided",
    "abs_float",
    "compare",
    "constant",
]

EPS = 1 + 1e-9  # more than a few roundings of a bound
_KEEP = 8


class Undecided(Exception):
    """The series cannot tell."""


class Mono(NamedTuple):
    """``exp(sum c t^p) t^k log(t)^l`` times the oscillating factors ``w``, each within [-1, 1]."""

    q: tuple[tuple[Fraction, Fraction], ...] = ()  # (p, c), largest p first
    k: Fraction = Fraction(0)
    l: Fraction = Fraction(0)
    w: tuple[Expr, ...] = ()

    def times(self, other: Mono) -> Mono:
        powers = dict(self.q)
        for p, c in other.q:
            powers[p] = powers.get(p, Fraction(0)) + c
        q = tuple(sorted(((p, c) for p, c in powers.items() if c), reverse=True))
        w = tuple(sorted(self.w + other.w, key=repr)) if self.w or other.w else ()
        return Mono(q, self.k + other.k, self.l + other.l, w)

    def power(self, a: Fraction) -> Mono:
        if self.w:
            if a.denominator != 1 or a < 0:
                raise Undecided
            return Mono(tuple((p, c * a) for p, c in self.q), self.k * a, self.l * a,
                        self.w * int(a))  # fmt: skip
        return Mono(tuple((p, c * a) for p, c in self.q), self.k * a, self.l * a)

    @property
    def growth(self) -> int:
        """1 where it grows beyond all bounds, 0 where constant, -1 where it vanishes."""
        lead = self.q[0][1] if self.q else self.k or self.l
        return (lead > 0) - (lead < 0)

    @property
    def bare(self) -> Mono:
        return self._replace(w=()) if self.w else self


ONE = Mono()
Bound = tuple[float, Mono]


class Series(NamedTuple):
    """Terms, and a bound on the rest (``None``: there is none)."""

    terms: dict[Mono, Fraction]
    rest: Bound | None = None


class Arithmetic:
    """Sums and products of series for ``t >= start``, and what can be read off them."""

    def __init__(self, start: float, check: Callable[[], None]) -> None:
        self.start, self.check = start, check

    # -- monomials and bounds ------------------------------------------------------------------
    def ratio(self, small: Mono, big: Mono) -> float:
        """The supremum of ``small/big`` over ``t >= start``, where that ratio only falls."""
        r = small.bare.times(big.bare.power(Fraction(-1)))
        if r == ONE:
            return 1.0
        if r.growth > 0:
            raise Undecided
        b, log_b = self.start, math.log(self.start)
        try:
            degree = float(r.q[0][0]) if r.q else 0.0
            slope = degree * float(r.q[0][1]) if r.q else 0.0
            for p, c in r.q[1:]:
                slope += max(0.0, float(p * c)) * b ** (float(p) - degree)
            k = float(r.k) + max(0.0, float(r.l)) / log_b
            slope += (max(0.0, k) if r.q else k) * b**-degree
            if slope > 1e-15 * (not r.q and r.k == 0):
                raise Undecided
            exponent = sum(float(c) * b ** float(p) for p, c in r.q)
            exponent += float(r.k) * log_b + float(r.l) * math.log(log_b)
            return math.exp(exponent) * EPS + 1e-300
        except OverflowError:
            raise Undecided from None

    def merged(self, bounds: list[Bound | None]) -> Bound | None:
        known = [b for b in bounds if b is not None and b[0] > 0]
        if not known:
            return None
        big = known[0][1]
        for _, mono in known[1:]:
            if compare(mono, big) > 0:
                big = mono
        return sum(c * self.ratio(m, big) for c, m in known) * EPS, big.bare

    def bound(self, s: Series) -> Bound | None:
        """A bound on the absolute value."""
        return self.merged([*((abs_float(c), m) for m, c in s.terms.items()), s.rest])

    def tidy(self, s: Series) -> Series:
        """Keep the leading terms; fold the others into the rest."""
        terms = {m: _short(c) for m, c in s.terms.items() if c}
        ordered = sorted(terms, key=Rank)
        rest = [s.rest]
        for i, mono in enumerate(ordered):
            swallowed = s.rest is not None and compare(mono, s.rest[1]) < 0
            if i >= _KEEP or swallowed:
                rest.append((abs_float(terms.pop(mono)), mono))
        return Series(terms, self.merged(rest))

    # -- arithmetic ------------------------------------------------------------------------------
    def add(self, a: Series, b: Series) -> Series:
        terms = dict(a.terms)
        for mono, c in b.terms.items():
            old = terms.get(mono, Fraction(0))
            new = old + c
            if new and abs(new) * 2**120 < abs(old):
                raise Undecided  # cancels as far as the constants are known
            terms[mono] = new
        return self.tidy(Series(terms, self.merged([a.rest, b.rest])))

    def scale(self, a: Series, c: Fraction, mono: Mono = ONE) -> Series:
        if not c:
            return Series({})
        rest = a.rest and (a.rest[0] * abs_float(c) * EPS, a.rest[1].times(mono.bare))
        return Series({m.times(mono): v * c for m, v in a.terms.items()}, rest)

    def mul(self, a: Series, b: Series) -> Series:
        self.check()
        terms: dict[Mono, Fraction] = {}
        for m, c in a.terms.items():
            for n, d in b.terms.items():
                key = m.times(n)
                terms[key] = terms.get(key, Fraction(0)) + c * d
        rest: list[Bound | None] = []
        if a.rest and (bound := self.bound(b)):
            rest.append((a.rest[0] * bound[0] * EPS, a.rest[1].times(bound[1])))
        if b.rest and (bound := self.bound(Series(a.terms))):
            rest.append((b.rest[0] * bound[0] * EPS, b.rest[1].times(bound[1])))
        return self.tidy(Series(terms, self.merged(rest)))

    def lead(self, s: Series) -> tuple[Mono, Fraction]:
        """The term that dominates all others and the rest."""
        if not s.terms:
            raise Undecided
        top = min(s.terms, key=Rank)
        if top.w or any(m is not top and compare(m, top) == 0 for m in s.terms):
            raise Undecided
        if s.rest and compare(s.rest[1], top) >= 0:
            raise Undecided
        return top, s.terms[top]

    def small(self, s: Series) -> Bound | None:
        bound = self.bound(s)
        if bound and bound[1].growth >= 0:
            raise Undecided
        return bound

    def taylor(self, coefficients: list[Fraction], next_bound: float, d: Series) -> Series:
        """``sum c_j d^j``, where the first omitted term is at most ``next_bound |d|^n``."""
        bound = self.bound(d)
        if bound is None:
            return constant(coefficients[0])
        total, power = constant(coefficients[0]), constant(Fraction(1))
        for c in coefficients[1:]:
            power = self.mul(power, d)
            total = self.add(total, self.scale(power, c))
        n = len(coefficients)
        try:
            left_out = (next_bound * bound[0] ** n * EPS, bound[1].power(Fraction(n)))
        except OverflowError:
            raise Undecided from None
        return self.tidy(Series(total.terms, self.merged([total.rest, left_out])))

    # -- what a series does as t grows -------------------------------------------------------------
    def split(self, s: Series) -> tuple[list[tuple[Mono, Fraction]], Fraction, Series]:
        """Growing terms, the constant, and what vanishes."""
        growing = [(m, c) for m, c in s.terms.items() if m.growth > 0]
        oscillating = [m for m in s.terms if m.growth == 0 and m.w]
        if oscillating or (s.rest and s.rest[1].growth >= 0):
            raise Undecided
        vanishing = {m: c for m, c in s.terms.items() if m.growth < 0}
        return growing, s.terms.get(ONE, Fraction(0)), Series(vanishing, s.rest)

    def infinite(self, s: Series) -> int:
        """1 or -1 where the value grows beyond all bounds, 0 where it stays finite."""
        if not any(m.growth > 0 for m in s.terms):
            self.split(s)
            return 0
        _, c = self.lead(s)
        self.sure_sign(s)
        return 1 if c > 0 else -1

    def sure_sign(self, s: Series) -> int:
        """The sign for all ``t >= start``."""
        if not s.terms and s.rest is None:
            return 0
        mono, c = self.lead(s)
        others = Series({m: v for m, v in s.terms.items() if m != mono}, s.rest)
        bound = self.bound(others)
        if bound and bound[0] * self.ratio(bound[1], mono) >= abs_float(c) * 0.999:
            raise Undecided
        return 1 if c > 0 else -1


def _short(c: Fraction) -> Fraction:
    """Long fractions rounded to 400 bits; those that can cancel exactly are short."""
    if c.denominator.bit_length() < 900:
        return c
    shift = 400 + c.denominator.bit_length() - abs(c.numerator).bit_length()
    return Fraction(round(c * (1 << shift)), 1 << shift) if shift > 0 else Fraction(round(c))


def constant(c: Fraction) -> Series:
    return Series({ONE: c} if c else {})


def abs_float(c: Fraction) -> float:
    try:
        return abs(float(c)) * EPS
    except OverflowError:
        raise Undecided from None


def compare(a: Mono, b: Mono) -> int:
    """1 where ``a`` grows faster than ``b``, 0 where alike, -1 where slower."""
    if a.q == b.q:
        x, y = (a.k, a.l), (b.k, b.l)
        return (x > y) - (x < y)
    return a.bare.times(b.bare.power(Fraction(-1))).growth


class Rank:
    """Sort key: the fastest-growing monomial first."""

    def __init__(self, mono: Mono) -> None:
        self.mono = mono

    def __lt__(self, other: Rank) -> bool:
        return compare(self.mono, other.mono) > 0
