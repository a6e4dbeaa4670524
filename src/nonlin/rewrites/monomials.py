"""The exact form that identities act on: sums as tables of monomials, monomials as tables of powers.

:func:`factors` and :func:`terms` read a formula that way, :func:`reduced` applies the identities of
products to what was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from math import isqrt

from nonlin.expression import Expr, call, number

from .identities import Change, factor_rules
from .order import rank
from .rewriter import TooLarge, tidy

__all__ = [
    "HALF",
    "MOST",
    "ONE",
    "Monomial",
    "Powers",
    "Sum",
    "certainly",
    "factors",
    "monomial",
    "reduced",
    "square_plus",
    "terms",
    "times",
]

Monomial = tuple[tuple[Expr, Fraction], ...]
Powers = dict[Expr, Fraction]
Sum = dict[Monomial, Fraction]

ONE: Monomial = ()
HALF = Fraction(1, 2)
MOST = 32
"""Most operations and factors of one sum or product that are compared; the catalogue needs 28."""


def monomial(powers: Powers) -> Monomial:
    """Powers in their order, so that equal monomials are equal, and read alike in every run."""
    if len(powers) < 2:
        return tuple(powers.items())
    return tuple(sorted(powers.items(), key=lambda item: rank(item[0])))


def times(powers: Powers, more: Iterable[tuple[Expr, Fraction]], sign: int = 1) -> Powers:
    """``powers`` times other powers (``sign`` 1), or divided by them (-1)."""
    product = dict(powers)
    for base, exponent in more:
        old = product.get(base)
        new = sign * exponent if old is None else old + sign * exponent
        if new:
            product[base] = new
        else:
            product.pop(base, None)
    return product


# -- reading --------------------------------------------------------------------------------------


def factors(node: Expr) -> tuple[Fraction, Powers]:
    """``node`` as coefficient and powers of bases."""
    coefficient, powers = _factors(node)
    return coefficient, dict(powers)


@lru_cache(maxsize=1 << 14)
def _factors(node: Expr) -> tuple[Fraction, Powers]:
    coefficient, powers = Fraction(1), Powers()
    exponents: list[Expr] = []
    left = MOST

    def visit(n: Expr, exponent: Fraction) -> None:
        nonlocal coefficient, left
        left -= 1
        if not left:
            raise TooLarge
        whole = exponent.denominator == 1
        match n.op:
            case "number" if n.fraction and whole:
                power = n ** number(exponent)
                if power.is_number:
                    coefficient *= power.fraction
                else:  # too long to be written out
                    powers[n] = powers.get(n, Fraction(0)) + exponent
            case "neg" if whole:
                coefficient *= -1 if int(exponent) % 2 else 1
                visit(n.args[0], exponent)
            case "mul" | "div" if whole or _keeps_domain(n):
                visit(n.args[0], exponent)
                visit(n.args[1], exponent if n.op == "mul" else -exponent)
            case "sqrt":
                visit(n.args[0], exponent / 2)
            case "pow" if n.args[1].is_number:
                inner = n.args[1].fraction
                # (a**2)**(1/2) is |a|, not a.
                if inner.denominator == 1 and inner % 2 == 0 and (inner * exponent) % 2 != 0:
                    visit(call("abs", n.args[0]), inner * exponent)
                elif whole or inner.denominator != 1 or certainly(n.args[0]) >= 0:
                    visit(n.args[0], inner * exponent)
                else:
                    powers[n] = powers.get(n, Fraction(0)) + exponent
            case "abs" if whole and exponent % 2 == 0:
                visit(n.args[0], exponent)
            case "exp":  # exp(u)**k is exp(k*u): all exponentials of a product meet in one
                exponents.append(number(exponent) * n.args[0])
            case _:
                powers[n] = powers.get(n, Fraction(0)) + exponent

    visit(node, Fraction(1))
    if exponents:
        argument = tidy(sum(exponents[1:], exponents[0]))
        if not argument.is_zero:
            powers[call("exp", argument)] = Fraction(1)
    return coefficient, {b: e for b, e in powers.items() if e}


def terms(node: Expr) -> Sum:
    """``node`` as monomials with their coefficients."""
    return dict(_terms(node))


@lru_cache(maxsize=1 << 14)
def _terms(node: Expr) -> Sum:
    total: Sum = {}
    left = MOST

    def visit(n: Expr, sign: Fraction) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise TooLarge
        match n.op:
            case "add":
                visit(n.args[0], sign)
                visit(n.args[1], sign)
            case "sub":
                visit(n.args[0], sign)
                visit(n.args[1], -sign)
            case "neg":
                visit(n.args[0], -sign)
            case _:
                coefficient, powers = reduced(*factors(n))
                inner = [b for b, e in powers.items() if b.op in ("add", "sub") and e == 1]
                if len(powers) == 1 and inner:  # 3*(a + b): spread a mere number
                    visit(inner[0], sign * coefficient)
                else:
                    left -= len(powers)
                    mono = monomial(powers)
                    total[mono] = total.get(mono, Fraction(0)) + sign * coefficient

    visit(node, Fraction(1))
    return {m: c for m, c in total.items() if c}


def _keeps_domain(node: Expr) -> bool:
    """Whether a root may be drawn from both operands: never of a negative one beside a 0."""
    a, b = (certainly(n) for n in node.args)
    return max(a, b) > 0 or min(a, b) == 0


@lru_cache(maxsize=1 << 14)
def certainly(node: Expr, depth: int = 12) -> int:
    """1 where ``node`` is certainly > 0 for every real operand, 0 where ≥ 0, -1 where neither."""
    if depth == 0:
        return -1
    match node.op:
        case "number":
            return (node.fraction > 0) - (node.fraction < 0)
        case "constant" | "exp" | "cosh" | "sigmoid" | "softplus" | "Phi" | "erfc":
            return 1
        case "abs" | "sqrt":
            return max(0, certainly(node.args[0], depth - 1))
        case "add" | "mul" | "div" | "max":
            each = [certainly(a, depth - 1) for a in node.args]
            return max(each) if node.op == "add" and min(each) >= 0 else min(each)
        case "pow":
            base, exponent = node.args
            even = exponent.is_number and exponent.fraction % 2 == 0
            return max(certainly(base, depth - 1), 0 if even else -1)
        case _:
            return -1


# -- identities of products -----------------------------------------------------------------------


def reduced(coefficient: Fraction, powers: Powers) -> tuple[Fraction, Powers]:
    """Apply the factor identities until none fits."""
    for _ in range(20):
        change = next(_changes(powers), None)
        if change is None:
            break
        remove, add = change
        powers = times(powers, remove, -1)
        for base, exponent in add:
            c, extra = factors(base)
            if exponent.denominator == 1:
                coefficient *= c ** int(exponent)
                powers = times(powers, ((b, e * exponent) for b, e in extra.items()))
            else:
                powers = times(powers, [(base, exponent)])
    return coefficient, powers


def _changes(powers: Powers) -> Iterator[Change]:
    yield from _sum_rules(powers)
    yield from factor_rules(powers)


def _sum_rules(powers: Powers) -> Iterator[Change]:
    """The identities where a sum is a factor."""
    sums = [(b, k) for b, k in powers.items() if b.op in ("add", "sub")]
    for base, k in sums:
        if k < 0 and k.denominator == 1:
            found = terms(base)
            others = [m for m in found if m != ONE]
            if len(found) == 2 and found.get(ONE) == 1 and found[others[0]] == 1:
                bases = [b for b, e in others[0] if b.op == "exp" and e == 1]
                if len(others[0]) == len(bases) == 1:  # 1/(1 + exp(u)) = sigmoid(-u)
                    yield [(base, k)], [(call("sigmoid", -bases[0].args[0]), -k)]
        if k >= 1 and len(sums) > 1:  # (sqrt(u**2 + c) + u) * (sqrt(u**2 + c) - u) = c
            product = _conjugate(base, powers)
            if product is not None:
                other, rest = product
                yield [(base, Fraction(1)), (other, Fraction(1))], [(rest, Fraction(1))]


def _conjugate(base: Expr, powers: Powers) -> tuple[Expr, Expr] | None:
    """The partner of ``sqrt(u**2 + c) + u`` among ``powers``, and their product c."""
    found = terms(base)
    radicands = [b for m in found for b, e in m if e == HALF and len(m) == 1]
    if len(found) != 2 or len(radicands) != 1:
        return None
    square = square_plus(radicands[0])
    if square is None:
        return None
    u, rest = square
    root = call("sqrt", radicands[0])
    both = {tidy(root + u), tidy(root - u)}
    if tidy(base) not in both:
        return None
    for other, k in powers.items():
        if other is not base and k >= 1 and {base, other} == both:
            return other, rest
    return None


def square_plus(base: Expr) -> tuple[Expr, Expr] | None:
    """``base`` as ``u**2 + c`` with c free of z, as (u, c)."""
    found = terms(base)
    constants = {m: c for m, c in found.items() if not any(b.depends_on_z for b, _ in m)}
    squares = {m: c for m, c in found.items() if m not in constants}
    if len(squares) != 1 or not constants:
        return None
    ((mono, c),) = squares.items()
    coefficient = _exact_root(c)
    if coefficient is None or any(e.denominator != 1 or e % 2 for _, e in mono):
        return None
    u = number(coefficient)
    for b, e in mono:
        u = tidy(u * b ** number(e / 2))
    rest = number(0)
    for m, c in constants.items():
        term = number(c)
        for b, e in m:
            term = tidy(term * b ** number(e))
        rest = tidy(rest + term)
    return u, rest


def _exact_root(value: Fraction) -> Fraction | None:
    if value <= 0:
        return None
    p, q = isqrt(value.numerator), isqrt(value.denominator)
    return Fraction(p, q) if p * p == value.numerator and q * q == value.denominator else None
