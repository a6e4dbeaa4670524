"""The power series of a formula to the right of 0, by arithmetic on series.

Each operation acts on the first coefficients of its operands; a function follows from its own
differential equation (``y = exp(u)``: ``y' = y u'``). That takes milliseconds where differences of
values take seconds. A quotient by a series without constant term is a Laurent series, so
``(z - tanh(z))/z**3`` has its coefficients, too.

A sum that is smaller than its terms by 2**-400 of them counts as 0: everything here has 500 bits.
Who uses a result compares it with the formula, left of 0 above all: there abs(z) is another
function, and abs(z) + log1p(exp(-2*abs(z))) is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath

from nonlin.expression import Expr, Z, call
from nonlin.oracle import evaluate

__all__ = ["Unexpandable", "coefficients"]

_BITS = 500
_LOST = 400
_TERMS = 44  # so many are worked with: a quotient loses as many as its divisor begins with zeros
_LARGEST = 4000  # bits before or behind the point


class Unexpandable(Exception):
    """There is no such series, or not by this arithmetic: a pole, a root of z, exp(1/z)."""


@dataclass(frozen=True, slots=True)
class _Series:
    """``z**first * (c[0] + c[1]*z + …)``, and of what comes after c nothing is known."""

    first: int
    c: list[Any]

    @property
    def end(self) -> int:
        return self.first + len(self.c)

    def stripped(self) -> _Series:
        """Without leading zeros; raises where nothing else is left."""
        lead = next((i for i, v in enumerate(self.c) if v), None)
        if lead is None:
            raise Unexpandable
        return _Series(self.first + lead, self.c[lead:])


def coefficients(expr: Expr, count: int) -> list[Any]:
    """The first ``count`` coefficients, as mpmath numbers, of an expression without parameters.

    Raises :class:`Unexpandable`.

    >>> from nonlin.formula import parse
    >>> [str(c) for c in coefficients(parse("(exp(z) - 1) / z"), 3)]
    ['1.0', '0.5', '0.166666666666666666666666666666666666666666666666666666666666666666666666...']
    """
    result = _Expansion().of(expr)
    if result.end < count or (result.first < 0 and any(result.c[: -result.first])):
        raise Unexpandable
    zero = mpmath.mpf(0)
    return [
        mpmath.mp.make_mpf(result.c[k - result.first]._mpf_) if k >= result.first else zero
        for k in range(count)
    ]


class _Expansion:
    """One expansion, in an arithmetic of its own: mpmath's precision belongs to a context."""

    def __init__(self) -> None:
        self.m = mpmath.MPContext()
        self.m.prec = _BITS
        self.zero = self.m.mpf(0)
        self.done: dict[Expr, _Series] = {}

    def of(self, root: Expr) -> _Series:
        """By hand, so that a deep formula needs no deep recursion; only branches taken are expanded."""
        stack = [root]
        while stack:
            node = stack[-1]
            if node in self.done:
                stack.pop()
                continue
            choice = self.choice(node) if node.depends_on_z else None
            parts = (choice,) if choice is not None else node.args if node.depends_on_z else ()
            waiting = [a for a in parts if a not in self.done]
            if waiting:
                stack += waiting
                continue
            self.done[node] = self.node(node) if choice is None else self.done[choice]
            stack.pop()
        return self.done[root]

    def choice(self, node: Expr) -> Expr | None:
        """The operand that a switch takes."""
        if node.op == "where":
            return node.args[1 if self.holds(node.args[0]) else 2]
        if node.op in ("min", "max"):
            sign = self.order(*node.args) or 1
            return node.args[0 if (sign < 0) == (node.op == "min") else 1]
        return None

    def node(self, node: Expr) -> _Series:
        if not node.depends_on_z:
            return self.constant(self.value(node, 0))
        if node.op == "z":
            return _Series(1, [self.m.mpf(1), *[self.zero] * (_TERMS - 1)])
        args = [self.done[a] for a in node.args]
        match node.op:
            case "add":
                return self.add(*args)
            case "sub":
                return self.add(args[0], self.scale(args[1], -1))
            case "neg":
                return self.scale(args[0], -1)
            case "mul":
                return self.mul(*args)
            case "div":
                return self.div(*args)
            case "pow":
                exponent = node.args[1]
                if exponent.is_number:
                    return self.power(args[0], exponent.fraction)
                return self.function("exp", self.mul(args[1], self.function("log", args[0])))
            case "sqrt":
                return self.power(args[0], Fraction(1, 2))
            case "abs":
                return self.scale(args[0], self.sign(args[0]))
            case "sign":
                return self.constant(self.m.mpf(self.sign(args[0])))
        return self.function(node.op, args[0])

    # -- arithmetic ---------------------------------------------------------------------------------
    def value(self, expr: Expr, at: Any) -> Any:
        value = evaluate(expr, at, None, _BITS)
        if not mpmath.isfinite(value):
            raise Unexpandable
        _, mantissa, exponent, bits = value._mpf_
        if mantissa and abs(exponent + bits) > _LARGEST:
            raise Unexpandable
        return self.m.make_mpf(value._mpf_)

    def constant(self, value: Any) -> _Series:
        return _Series(0, [value, *[self.zero] * (_TERMS - 1)])

    def total(self, terms: list[Any]) -> Any:
        """Their sum, or 0 where they cancel as far as they are known."""
        result = self.m.fsum(terms)
        if result and abs(result) < self.m.ldexp(max(map(abs, terms)), -_LOST):
            return self.zero
        return result

    def scale(self, a: _Series, factor: Any) -> _Series:
        return _Series(a.first, [v * factor for v in a.c])

    def add(self, a: _Series, b: _Series) -> _Series:
        first, end = min(a.first, b.first), min(a.end, b.end)

        def at(s: _Series, k: int) -> Any:
            return s.c[k - s.first] if k >= s.first else self.zero

        if end <= first:
            raise Unexpandable
        return _Series(first, [self.total([at(a, k), at(b, k)]) for k in range(first, end)])

    def mul(self, a: _Series, b: _Series) -> _Series:
        n = min(len(a.c), len(b.c))
        return _Series(a.first + b.first, [self.convolved(a.c, b.c, k) for k in range(n)])

    def convolved(self, a: list[Any], b: list[Any], k: int, start: int = 0) -> Any:
        return self.total([a[i] * b[k - i] for i in range(start, k + 1)])

    def div(self, a: _Series, b: _Series) -> _Series:
        b = b.stripped()
        c: list[Any] = []
        for k in range(min(len(a.c), len(b.c))):
            terms = [a.c[k], *(-c[i] * b.c[k - i] for i in range(k))]
            c.append(self.total(terms) / b.c[0])
        return _Series(a.first - b.first, c)

    def power(self, a: _Series, p: Fraction) -> _Series:
        if p.denominator == 1 and 0 <= p <= 3:
            result = self.constant(self.m.mpf(1))
            for _ in range(int(p)):
                result = self.mul(result, a)
            return result
        a = a.stripped()
        shift = a.first * p
        whole = p.denominator == 1
        if shift.denominator != 1 or (not whole and a.c[0] < 0):
            raise Unexpandable
        exponent = self.m.mpf(p.numerator) / p.denominator
        start = a.c[0] ** int(p) if whole else a.c[0] ** exponent
        c = [start]  # from a y' = p a' y
        for k in range(1, len(a.c)):
            terms = [(exponent * i - (k - i)) * a.c[i] * c[k - i] for i in range(1, k + 1)]
            c.append(self.total(terms) / (k * a.c[0]))
        return _Series(int(shift), c)

    # -- switches -----------------------------------------------------------------------------------
    def sign(self, a: _Series) -> int:
        """The sign right of 0; 0 where it is 0 as far as it is known."""
        try:
            lead = a.stripped()
        except Unexpandable:
            return 0
        return 1 if lead.c[0] > 0 else -1

    def order(self, a: Expr, b: Expr) -> int:
        """The sign of a - b right of 0: by their values at 0, or else by their series."""
        values = [evaluate(side, 0, None, _BITS) for side in (a, b)]
        if all(map(mpmath.isfinite, values)):
            x, y = (self.m.make_mpf(v._mpf_) for v in values)
            if abs(x - y) > self.m.ldexp(max(abs(x), abs(y)), -_LOST):
                return 1 if x > y else -1
        return self.sign(self.gap(a, b))

    def gap(self, a: Expr, b: Expr) -> _Series:
        return self.add(self.of(a), self.scale(self.of(b), -1))

    def holds(self, condition: Expr) -> bool:
        if condition.op == "eq":
            return not any(self.gap(*condition.args).c)
        sign = self.order(*condition.args)
        return sign < 0 or (sign == 0 and condition.op == "le")

    # -- functions ----------------------------------------------------------------------------------
    def function(self, op: str, u: _Series) -> _Series:
        if u.first < 0:
            if any(u.c[: -u.first]):
                raise Unexpandable  # exp(1/z)
            u = _Series(0, u.c[-u.first :])
        if not u.c:
            raise Unexpandable
        if u.first:
            u = _Series(0, [*[self.zero] * u.first, *u.c][:_TERMS])
        rule = _RULES.get(op)
        if rule is None:
            raise Unexpandable
        return rule(self, u)

    def start(self, op: str, u: _Series) -> Any:
        return self.value(call(op, Z), u.c[0])

    def integral(self, op: str, u: _Series, rate: _Series) -> _Series:
        """``y`` with ``y' = rate * u'``, where rate is known."""
        slope = [k * v for k, v in enumerate(u.c)][1:]
        c = [self.start(op, u)]
        for k in range(min(len(slope), len(rate.c))):
            c.append(self.convolved(slope, rate.c, k) / (k + 1))
        return _Series(0, c)

    def equation(self, op: str, u: _Series, rate: Callable[[list[Any], int], Any]) -> _Series:
        """``y`` with ``y' = rate(y) * u'``; ``rate`` gives coefficient k from those of y up to k."""
        slope = [k * v for k, v in enumerate(u.c)][1:]
        c, rates = [self.start(op, u)], list[Any]()
        for k in range(len(slope)):
            rates.append(rate(c, k))
            c.append(self.convolved(slope, rates, k) / (k + 1))
        return _Series(0, c)

    def bell(self, op: str, u: _Series, factor: Any, share: Any) -> _Series:
        """The integral of ``factor * exp(-share * u**2)``."""
        square = self.scale(self.mul(u, u), -share)
        return self.integral(op, u, self.scale(self.function("exp", square), factor))

    def exp(self, u: _Series, op: str = "exp") -> _Series:
        extra = 0 if op == "exp" else 1  # expm1' = expm1 + 1
        return self.equation(op, u, lambda y, k: y[k] + extra if k == 0 else y[k])

    def quadratic(self, op: str, u: _Series, constant: int, line: int) -> _Series:
        """``y' = (constant + line*y - y**2) u'``: tanh and sigmoid."""

        def rate(y: list[Any], k: int) -> Any:
            return self.total([(constant if k == 0 else self.zero) + line * y[k],
                               -self.convolved(y, y, k)])  # fmt: skip

        return self.equation(op, u, rate)

    def pair(self, op: str, u: _Series, even: str, odd: str, sign: int) -> _Series:
        """``odd' = even u'`` and ``even' = sign * odd u'``: sin with cos, sinh with cosh."""
        slope = [k * v for k, v in enumerate(u.c)][1:]
        a, b = [self.start(odd, u)], [self.start(even, u)]
        for k in range(len(slope)):
            rise, fall = self.convolved(slope, b, k), self.convolved(slope, a, k)
            a.append(rise / (k + 1))
            b.append(sign * fall / (k + 1))
        return _Series(0, a if op == odd else b)


def _shifted(e: _Expansion, u: _Series) -> _Series:
    return e.add(u, e.constant(e.m.mpf(1)))


def _reciprocal(e: _Expansion, u: _Series) -> _Series:
    return e.div(e.constant(e.m.mpf(1)), u)


def _smooth(e: _Expansion, u: _Series, shift: bool) -> _Series:
    """log(u), or log(1 + u)."""
    v = _shifted(e, u) if shift else u
    if v.c[0] <= 0:
        raise Unexpandable
    return e.integral("log1p" if shift else "log", u, _reciprocal(e, v))


_RULES: dict[str, Callable[[_Expansion, _Series], _Series]] = {
    "exp": lambda e, u: e.exp(u),
    "expm1": lambda e, u: e.exp(u, "expm1"),
    "log": lambda e, u: _smooth(e, u, False),
    "log1p": lambda e, u: _smooth(e, u, True),
    "tanh": lambda e, u: e.quadratic("tanh", u, 1, 0),
    "sigmoid": lambda e, u: e.quadratic("sigmoid", u, 0, 1),
    "softplus": lambda e, u: e.integral("softplus", u, e.function("sigmoid", u)),
    "sinh": lambda e, u: e.pair("sinh", u, "cosh", "sinh", 1),
    "cosh": lambda e, u: e.pair("cosh", u, "cosh", "sinh", 1),
    "sin": lambda e, u: e.pair("sin", u, "cos", "sin", -1),
    "cos": lambda e, u: e.pair("cos", u, "cos", "sin", -1),
    "atan": lambda e, u: e.integral("atan", u, _reciprocal(e, _shifted(e, e.mul(u, u)))),
    "erf": lambda e, u: e.bell("erf", u, 2 / e.m.sqrt(e.m.pi), 1),
    "erfc": lambda e, u: e.bell("erfc", u, -2 / e.m.sqrt(e.m.pi), 1),
    "Phi": lambda e, u: e.bell("Phi", u, 1 / e.m.sqrt(2 * e.m.pi), e.m.mpf(1) / 2),
}
