"""The series of a formula far out, each function by its expansion with a bound on the rest.

A special function goes in by its first terms with the bound of the first omitted one
(``tanh u = 1 - 2e^-2u + ...``, ``Phi`` by its Mills series). So ``z·Phi(z)`` at minus infinity is
``-exp(-t²/2)/sqrt(2 pi)·(1 - 1/t² + ...)``.

Irrational constants are fractions good to 300 bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from ..calculus import derivative
from ..effort import effort
from ..enclosure import enclose
from ..expression import PI, Expr, Z, call, number
from ..oracle import accurate
from ..rewrites import simplify
from .series import ONE, Arithmetic, Mono, Series, Undecided, abs_float, constant

__all__ = ["Expansion"]

_BITS = 300
_LONGEST = 1 << 16  # bits of a constant


class Expansion(Arithmetic):
    """Formulas as series in t, where ``z = direction * t`` and ``t >= start``."""

    def __init__(self, direction: int, start: float, check: Callable[[], None]) -> None:
        super().__init__(start, check)
        self.direction = direction
        self.memo: dict[Expr, Series] = {}

    # -- functions -------------------------------------------------------------------------------
    def power(self, s: Series, a: Fraction) -> Series:
        if a.denominator == 1 and 0 <= a <= 4:
            result = constant(Fraction(1))
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
        share = bound[0] * self.ratio(bound[1], mono) / abs_float(c) if bound else 0.0
        (p, a), b = (float(x) for x in mono.q[0]), self.start
        # |u| >= (1 - share) |c| exp(a t^p) >= 4 t² at the start, and it grows faster from there
        size = math.log(abs_float(c)) + math.log1p(-share) if share < 0.9 else -math.inf
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
                    return self.add(self.exp(s), constant(-one))
                return self.at_finite(op, s)
            case "sqrt":
                return self.power(s, Fraction(1, 2))
            case "log":
                return self.log(s)
            case "log1p":
                if self.infinite(s) or s.terms.get(ONE) == -1:
                    return self.log(self.add(s, constant(one)))
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
                return tail if sign < 0 else self.add(constant(one), self.scale(tail, -one))
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
                total = self.add(constant(half_pi), self.scale(inner, -one))
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
        upper = self.add(constant(one), self.scale(tail, -one))
        if op == "Phi":
            return tail if sign < 0 else upper
        if op == "erf":
            return self.scale(upper, Fraction(sign))
        return tail if sign > 0 else self.add(constant(Fraction(2)), self.scale(tail, -one))

    def log(self, s: Series) -> Series:
        mono, c = self.lead(s)
        if c < 0 or mono.l:
            raise Undecided
        others = Series({m: v for m, v in s.terms.items() if m != mono}, s.rest)
        d = self.scale(others, 1 / c, mono.power(Fraction(-1)))
        terms = {Mono(k=p): a for p, a in mono.q}
        if mono.k:
            terms[Mono(l=Fraction(1))] = mono.k
        total = self.add(Series(terms), constant(_exact("log", c)))
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
            return constant(_value(node))
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
        if node.op == "abs":
            return self.scale(a, Fraction(self.sure_sign(a)))
        if len(node.args) != 1 or node.op == "sign":
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


@lru_cache(maxsize=64)
def _slopes(op: str) -> tuple[Expr, ...]:
    result = [call(op, Z)]
    for _ in range(4):
        result.append(derivative(result[-1]))
    return tuple(result)


def _value(expr: Expr) -> Fraction:
    """A constant: exact where it is rational, else good to 300 bits."""
    before = effort.spent
    try:
        return _constant(expr)
    finally:  # whether it is remembered or not
        effort.spent = before + 100


@lru_cache(maxsize=512)
def _constant(expr: Expr) -> Fraction:
    if expr.is_number:
        return expr.fraction
    value = accurate(expr, 0.0, None, _BITS)
    sign, man, exp, _ = value._mpf_
    if (not man and exp) or abs(exp) > _LONGEST:
        raise Undecided  # inf, nan, or a number that would fill the memory
    size = Fraction(man << exp) if exp >= 0 else Fraction(man, 1 << -exp)
    return -size if sign else size


def _exact(op: str, c: Fraction) -> Fraction:
    return _value(simplify(call(op, number(c))))


def _fraction_power(c: Fraction, a: Fraction) -> Fraction:
    bits = max(c.numerator.bit_length(), c.denominator.bit_length())
    if a.denominator == 1 and abs(a) <= 64 and bits * abs(a) <= _LONGEST:
        return Fraction(c ** int(a))
    return _value(simplify(Expr("pow", (number(c), number(a)))))
