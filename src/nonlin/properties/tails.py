"""What a formula does far out: asymptotic series with a bound on everything that is left out.

With ``z = ±t`` and ``t >= B``, a value is a short sum of terms

    c · exp(q(t)) · t^k · log(t)^l · (sines)        (c, k, l and the coefficients of q exact)

plus a remainder of which only a bound, number times monomial, is known. Sums and products stay
in that form; a special function goes in by its expansion with the bound of the first omitted term
(``tanh u = 1 - 2e^-2u + ...``, ``Phi`` by its Mills series). So ``z·Phi(z)`` at minus infinity is
``-exp(-t²/2)/sqrt(2 pi)·(1 - 1/t² + ...)``: its limit, and its sign for all ``t >= B``, follow with
no numerical evidence, where interval arithmetic alone would see ``inf·0``.

Irrational constants are fractions good to 300 bits; a sum of two that cancels to less than
2**-120 of them without being 0 counts as undecided. So does everything else that is not covered:
:class:`Undecided` is raised, and the caller says "unknown".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from ..calculus import derivative
from ..enclosure import enclose
from ..expression import PI, Expr, Z, call, number
from ..oracle import accurate
from ..rewrites import simplify

__all__ = ["Undecided", "limit", "sign_beyond"]

_KEEP = 8
_EPS = 1 + 1e-9
_BITS = 300


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


class _Tail:
    """The arithmetic for ``t >= start`` in one direction."""

    def __init__(self, direction: int, start: float, check: Callable[[], None]) -> None:
        self.direction, self.start, self.check = direction, start, check
        self.memo: dict[Expr, Series] = {}

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
            return math.exp(exponent) * _EPS + 1e-300
        except OverflowError:
            raise Undecided from None

    def merged(self, bounds: list[Bound | None]) -> Bound | None:
        known = [b for b in bounds if b is not None and b[0] > 0]
        if not known:
            return None
        big = known[0][1]
        for _, mono in known[1:]:
            if _compare(mono, big) > 0:
                big = mono
        return sum(c * self.ratio(m, big) for c, m in known) * _EPS, big.bare

    def bound(self, s: Series) -> Bound | None:
        """A bound on the absolute value."""
        return self.merged([*((_abs_float(c), m) for m, c in s.terms.items()), s.rest])

    def tidy(self, s: Series) -> Series:
        """Keep the leading terms; fold the others into the rest."""
        terms = {m: _short(c) for m, c in s.terms.items() if c}
        ordered = sorted(terms, key=_Rank)
        rest = [s.rest]
        for i, mono in enumerate(ordered):
            swallowed = s.rest is not None and _compare(mono, s.rest[1]) < 0
            if i >= _KEEP or swallowed:
                rest.append((_abs_float(terms.pop(mono)), mono))
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
        rest = a.rest and (a.rest[0] * _abs_float(c) * _EPS, a.rest[1].times(mono.bare))
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
            rest.append((a.rest[0] * bound[0] * _EPS, a.rest[1].times(bound[1])))
        if b.rest and (bound := self.bound(Series(a.terms))):
            rest.append((b.rest[0] * bound[0] * _EPS, b.rest[1].times(bound[1])))
        return self.tidy(Series(terms, self.merged(rest)))

    def lead(self, s: Series) -> tuple[Mono, Fraction]:
        """The term that dominates all others and the rest."""
        if not s.terms:
            raise Undecided
        top = min(s.terms, key=_Rank)
        if top.w or any(m is not top and _compare(m, top) == 0 for m in s.terms):
            raise Undecided
        if s.rest and _compare(s.rest[1], top) >= 0:
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
            return _constant(coefficients[0])
        total, power = _constant(coefficients[0]), _constant(Fraction(1))
        for c in coefficients[1:]:
            power = self.mul(power, d)
            total = self.add(total, self.scale(power, c))
        n = len(coefficients)
        try:
            left_out = (next_bound * bound[0] ** n * _EPS, bound[1].power(Fraction(n)))
        except OverflowError:
            raise Undecided from None
        return self.tidy(Series(total.terms, self.merged([total.rest, left_out])))

    def power(self, s: Series, a: Fraction) -> Series:
        if a.denominator == 1 and 0 <= a <= 4:
            result = _constant(Fraction(1))
            for _ in range(int(a)):
                result = self.mul(result, s)
            return result
        mono, c = self.lead(s)
        if c < 0 and a.denominator != 1:
            raise Undecided
        others = Series({m: v for m, v in s.terms.items() if m != mono}, s.rest)
        d = self.scale(others, 1 / c, mono.power(Fraction(-1)))
        bound = self.bound(d)
        size = bound[0] * self.ratio(bound[1], ONE) if bound else 0.0
        if size >= 0.5:
            raise Undecided
        coefficients = [Fraction(1)]
        for j in range(1, 5):
            coefficients.append(coefficients[-1] * (a - j + 1) / j)
        last = coefficients.pop()
        spread = (1 - size) ** -(abs(float(a)) + 4)
        series = self.taylor(coefficients, abs(float(last)) * spread, d)
        return self.scale(series, _fraction_power(c, a), mono.power(a))

    # -- functions -------------------------------------------------------------------------------
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
        if bound and bound[0] * self.ratio(bound[1], mono) >= _abs_float(c) * 0.999:
            raise Undecided
        return 1 if c > 0 else -1

    def exp(self, s: Series) -> Series:
        growing, c, d = self.split(s)
        q: list[tuple[Fraction, Fraction]] = []
        k = Fraction(0)
        for mono, coefficient in growing:
            if mono == Mono(l=Fraction(1)):
                k = coefficient
            elif mono.q and not mono.w:
                return self.vanishing(s)
            elif mono.q or mono.l or mono.w:
                raise Undecided
            else:
                q.append((mono.k, coefficient))
        bound = self.small(d)
        size = bound[0] * self.ratio(bound[1], ONE) if bound else 0.0
        if size > 2:
            raise Undecided
        half, sixth = Fraction(1, 2), Fraction(1, 6)
        series = self.taylor([Fraction(1), Fraction(1), half, sixth], math.exp(size) / 24, d)
        return self.scale(series, _exact("exp", c), Mono(tuple(sorted(q, reverse=True)), k))

    def vanishing(self, s: Series) -> Series:
        """exp of what falls faster than any power: only the bound exp(-4 t²) is kept."""
        mono, c = self.lead(s)
        if self.sure_sign(s) > 0 or len(mono.q) != 1 or mono.k < 0 or mono.l < 0:
            raise Undecided
        others = Series({m: v for m, v in s.terms.items() if m != mono}, s.rest)
        bound = self.bound(others)
        share = bound[0] * self.ratio(bound[1], mono) / _abs_float(c) if bound else 0.0
        (p, a), b = (float(x) for x in mono.q[0]), self.start
        # |u| >= (1 - share) |c| exp(a t^p) >= 4 t² at the start, and it grows faster from there
        size = math.log(_abs_float(c)) + math.log1p(-share) if share < 0.9 else -math.inf
        if a * p * b**p > 2 and p >= 1 and size + a * b**p > math.log(4 * b * b) + 1e-6:
            return Series({}, (1.0, Mono(((Fraction(2), Fraction(-4)),))))
        raise Undecided

    def at_finite(self, op: str, s: Series) -> Series:
        _, c, d = self.split(s)
        bound = self.small(d)
        size = bound[0] * self.ratio(bound[1], ONE) if bound else 0.0
        if size > 1:
            raise Undecided
        slopes = _slopes(op)
        coefficients = []
        for j, slope in enumerate(slopes[:-1]):
            value = _value(simplify(slope.substitute({Z: number(c)})))
            coefficients.append(value / math.factorial(j))
        span = float(abs(c)) * 1e-15 + size
        low, high = enclose(slopes[-1], float(c) - span, float(c) + span)
        last = max(abs(low), abs(high)) / math.factorial(len(slopes) - 1)
        if not last < 1e280:
            raise Undecided
        return self.taylor(coefficients, last, d)

    def geometric(self, e: Series, coefficients: list[Fraction], last: float) -> Series:
        bound = self.small(e)
        if bound and bound[0] * self.ratio(bound[1], ONE) > 0.5:
            raise Undecided
        return self.taylor(coefficients, last, e)

    def function(self, op: str, s: Series) -> Series:
        """``op`` of ``s``."""
        one = Fraction(1)
        match op:
            case "neg":
                return self.scale(s, -one)
            case "exp":
                return self.exp(s)
            case "expm1":
                if self.infinite(s):
                    return self.add(self.exp(s), _constant(-one))
                return self.at_finite(op, s)
            case "sqrt":
                return self.power(s, Fraction(1, 2))
            case "log":
                return self.log(s)
            case "log1p":
                if self.infinite(s):
                    return self.log(self.add(s, _constant(one)))
                return self.at_finite(op, s)
            case "sin" | "cos":
                return self.angle(op, s)
        sign = self.infinite(s)
        if sign == 0:
            return self.at_finite(op, s)
        mirrored = self.scale(s, Fraction(-sign))  # goes to minus infinity
        match op:
            case "sigmoid":
                e = self.exp(mirrored)
                tail = self.geometric(e, [Fraction(0), one, -one, one], 1.0)
                return tail if sign < 0 else self.add(_constant(one), self.scale(tail, -one))
            case "softplus":
                e = self.exp(mirrored)
                tail = self.geometric(e, [Fraction(0), one, Fraction(-1, 2), Fraction(1, 3)], 0.25)
                return tail if sign < 0 else self.add(s, tail)
            case "tanh":
                e = self.exp(self.scale(mirrored, Fraction(2)))
                tail = self.geometric(e, [one, -2 * one, 2 * one, -2 * one], 2.0)
                return self.scale(tail, Fraction(sign))
            case "cosh" | "sinh":
                both = self.exp(self.scale(mirrored, -one)), self.exp(mirrored)
                second = one if op == "cosh" else -one
                total = self.add(both[0], self.scale(both[1], second))
                flip = sign if op == "sinh" else 1
                return self.scale(total, Fraction(flip, 2))
            case "atan":
                inner = self.at_finite("atan", self.power(self.scale(mirrored, -one), -one))
                half_pi = _exact("atan", one) * 2
                total = self.add(_constant(half_pi), self.scale(inner, -one))
                return self.scale(total, Fraction(sign))
            case "Phi" | "erf" | "erfc":
                return self.normal(op, self.scale(mirrored, -one), sign)
        raise Undecided

    def normal(self, op: str, v: Series, sign: int) -> Series:
        """Phi, erf and erfc where ``v = |u|`` grows: Mills' series, bounded by its next term."""
        one = Fraction(1)
        unit = Fraction(1) if op == "Phi" else Fraction(2)  # u² counts half for Phi
        square = self.mul(v, v)
        inverse = self.power(square, -one)
        e = self.exp(self.scale(square, -unit / 2))
        series = self.geometric(
            inverse, [one, -1 / unit, 3 / unit**2, -15 / unit**3], 105 / float(unit) ** 4
        )
        tail = self.mul(self.mul(e, self.power(v, -one)), series)
        root = _value(simplify(call("sqrt", PI * number(2 / unit))))
        tail = self.scale(tail, 1 / root)  # Phi(-v), or erfc(v)
        upper = self.add(_constant(one), self.scale(tail, -one))
        if op == "Phi":
            return tail if sign < 0 else upper
        if op == "erf":
            return self.scale(upper, Fraction(sign))
        return tail if sign > 0 else self.add(_constant(Fraction(2)), self.scale(tail, -one))

    def log(self, s: Series) -> Series:
        mono, c = self.lead(s)
        if c < 0 or mono.l:
            raise Undecided
        others = Series({m: v for m, v in s.terms.items() if m != mono}, s.rest)
        d = self.scale(others, 1 / c, mono.power(Fraction(-1)))
        terms = {Mono(k=p): a for p, a in mono.q}
        if mono.k:
            terms[Mono(l=Fraction(1))] = mono.k
        total = self.add(Series(terms), _constant(_exact("log", c)))
        return self.add(total, self.at_finite("log1p", d))

    def angle(self, op: str, s: Series) -> Series:
        """A sine or cosine: a factor within [-1, 1] where the angle is linear in t."""
        if not any(m.growth > 0 for m in s.terms):
            return self.at_finite(op, s)
        plain = s.rest is None and all(m in (ONE, Mono(k=Fraction(1))) for m in s.terms)
        if not plain:
            return Series({}, (1.0, ONE))
        inside = number(s.terms.get(Mono(k=Fraction(1)), Fraction(0))) * Z
        angle = call(op, inside + number(s.terms.get(ONE, Fraction(0))))
        return Series({Mono(w=(angle,)): Fraction(1)})

    # -- expressions -----------------------------------------------------------------------------
    def series(self, expr: Expr) -> Series:
        if expr not in self.memo:
            self.memo[expr] = self.node(expr)
        return self.memo[expr]

    def node(self, node: Expr) -> Series:
        if node.op == "z":
            return Series({Mono(k=Fraction(1)): Fraction(self.direction)})
        if not node.depends_on_z:
            return _constant(_value(node))
        a = self.series(node.args[0])
        match node.op:
            case "add":
                return self.add(a, self.series(node.args[1]))
            case "sub":
                return self.add(a, self.scale(self.series(node.args[1]), Fraction(-1)))
            case "mul":
                return self.mul(a, self.series(node.args[1]))
            case "div":
                return self.mul(a, self.reciprocal(node.args[1]))
            case "pow":
                if node.args[1].is_number:
                    return self.power(a, node.args[1].fraction)
                if node.args[1].depends_on_z:
                    return self.exp(self.mul(self.series(node.args[1]), self.log(a)))
                raise Undecided
        if len(node.args) != 1 or node.op in ("abs", "sign"):
            raise Undecided  # a switch: the caller resolves those first
        return self.function(node.op, a)

    def reciprocal(self, expr: Expr) -> Series:
        """1 over an expression; 1/cosh(u)**n also where u is too large for cosh to be a series."""
        power = Fraction(1)
        base = expr
        if expr.op == "pow" and expr.args[1].is_number:
            base, power = expr.args[0], expr.args[1].fraction
        if base.op == "cosh" and power > 0 and power.denominator == 1:
            u = self.series(base.args[0])
            sign = self.infinite(u)
            if sign:
                e = self.exp(self.scale(u, Fraction(-sign)))
                one = Fraction(1)
                inner = self.geometric(self.mul(e, e), [one, -one, one], 1.0)
                return self.power(self.scale(self.mul(e, inner), Fraction(2)), power)
        return self.power(self.series(expr), Fraction(-1))


def _short(c: Fraction) -> Fraction:
    """Long fractions rounded to 400 bits; those that can cancel exactly are short."""
    if c.denominator.bit_length() < 900:
        return c
    shift = 400 + c.denominator.bit_length() - abs(c.numerator).bit_length()
    return Fraction(round(c * (1 << shift)), 1 << shift) if shift > 0 else Fraction(round(c))


def _constant(c: Fraction) -> Series:
    return Series({ONE: c} if c else {})


def _abs_float(c: Fraction) -> float:
    try:
        return abs(float(c)) * _EPS
    except OverflowError:
        raise Undecided from None


def _compare(a: Mono, b: Mono) -> int:
    """1 where ``a`` grows faster than ``b``, 0 where alike, -1 where slower."""
    if a.q == b.q:
        x, y = (a.k, a.l), (b.k, b.l)
        return (x > y) - (x < y)
    return a.bare.times(b.bare.power(Fraction(-1))).growth


class _Rank:
    """Sort key: the fastest-growing monomial first."""

    def __init__(self, mono: Mono) -> None:
        self.mono = mono

    def __lt__(self, other: _Rank) -> bool:
        return _compare(self.mono, other.mono) > 0


@lru_cache(maxsize=64)
def _slopes(op: str) -> tuple[Expr, ...]:
    result = [call(op, Z)]
    for _ in range(4):
        result.append(derivative(result[-1]))
    return tuple(result)


@lru_cache(maxsize=512)
def _value(expr: Expr) -> Fraction:
    """A constant: exact where it is rational, else good to 300 bits."""
    if expr.is_number:
        return expr.fraction
    value = accurate(expr, 0.0, None, _BITS)
    sign, man, exp, _ = value._mpf_
    if not man and exp:
        raise Undecided  # inf or nan
    size = Fraction(man << exp) if exp >= 0 else Fraction(man, 1 << -exp)
    return -size if sign else size


def _exact(op: str, c: Fraction) -> Fraction:
    return _value(simplify(call(op, number(c))))


def _fraction_power(c: Fraction, a: Fraction) -> Fraction:
    if a.denominator == 1 and abs(a) <= 64:
        return Fraction(c ** int(a))
    return _value(simplify(Expr("pow", (number(c), number(a)))))


_STARTS = (8.0, 32.0, 128.0, 1024.0, 32768.0, 2.0**30, 2.0**60)


def _no_check() -> None:
    """The default: no deadline."""


def limit(
    expr: Expr, direction: int, check: Callable[[], None] = _no_check
) -> Fraction | float | str | None:
    """The limit of a switch-free ``expr`` at ``direction`` infinity.

    A fraction (good to 300 bits), ``inf``, ``-inf``, ``"none"`` where it provably oscillates,
    ``"swings"`` where it does so ever further up and down, ``None`` where the series cannot tell.
    ``check`` is called now and then, to raise when the time is up.

    >>> limit(Z * call("Phi", Z), -1), limit(call("tanh", Z), 1)
    (Fraction(0, 1), Fraction(1, 1))
    """
    for start in _STARTS:
        try:
            return _limit(_Tail(direction, start, check).series(expr))
        except (Undecided, OverflowError, ZeroDivisionError):
            continue
    return None


def _limit(s: Series) -> Fraction | float | str:
    top = min(s.terms, key=_Rank) if s.terms else None
    if s.rest and s.rest[1].growth >= 0 and (top is None or _compare(s.rest[1], top) >= 0):
        raise Undecided
    if top is None or top.growth < 0:
        return Fraction(0)
    level = [m for m in s.terms if _compare(m, top) == 0]
    waves = [m for m in level if m.w]
    if not waves:
        c = s.terms[top]
        return c if top.growth == 0 else math.inf if c > 0 else -math.inf
    calm = sum((s.terms[m] for m in level if not m.w), Fraction(0))
    height = sum((abs(s.terms[m]) for m in waves), Fraction(0))
    if top.growth > 0 and abs(calm) > height:
        return math.inf if calm > 0 else -math.inf
    if len(waves) > 1:
        raise Undecided
    # one sine alone reaches both 1 and -1 again and again; a product of several may not
    return "swings" if top.growth > 0 and abs(calm) < height and len(waves[0].w) == 1 else "none"


def sign_beyond(
    expr: Expr, direction: int, least: float = 1.0, check: Callable[[], None] = _no_check
) -> tuple[float, int] | None:
    """``(B, s)``: a switch-free ``expr`` has the sign s wherever ``direction * z >= B``.

    >>> sign_beyond(call("Phi", Z) + Z * call("exp", -Z * Z / 2) / call("sqrt", 2 * number(3)), -1)
    (8.0, -1)
    """
    for start in _STARTS:
        if start < least:
            continue
        try:
            tail = _Tail(direction, start, check)
            return start, _sign(tail, expr)
        except (Undecided, OverflowError, ZeroDivisionError):
            continue
    return None


def _sign(tail: _Tail, expr: Expr) -> int:
    try:
        s = tail.series(expr)
        if not any(m.w for m in s.terms):
            return tail.sure_sign(s)
    except Undecided:
        pass
    match expr.op:  # what the series cannot see, the signs of factors may tell
        case "mul" | "div":
            return _sign(tail, expr.args[0]) * _sign(tail, expr.args[1])
        case "neg":
            return -_sign(tail, expr.args[0])
        case "exp" | "cosh" | "sigmoid" | "softplus" | "Phi" | "erfc":
            return 1
        case "tanh" | "sinh" | "atan" | "erf" | "expm1" | "log1p":
            return _sign(tail, expr.args[0])
        case "pow" if expr.args[1].is_number and expr.args[1].fraction.denominator == 1:
            sign = _sign(tail, expr.args[0])
            return sign if expr.args[1].fraction % 2 else abs(sign)
    raise Undecided
