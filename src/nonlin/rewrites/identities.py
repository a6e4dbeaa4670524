"""The identities of sums and of products: two terms that are one term, two factors that are one.

To add one, add its line. Both tables say what meets and what takes its place; finding it among
other terms and factors, with whatever they have in common, is the business of :mod:`.sums` and
:mod:`.monomials`.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from nonlin.expression import Expr, call, number

from .rewriter import tidy

__all__ = ["EVEN", "ODD", "Change", "factor_rules", "pair_rules"]

ODD = frozenset({"tanh", "sinh", "sin", "atan", "erf", "sign"})
EVEN = frozenset({"cosh", "cos", "abs"})

Powers = dict[Expr, Fraction]
Change = tuple[list[tuple[Expr, Fraction]], list[tuple[Expr, Fraction]]]

_ZERO = Fraction(0)


def factor_rules(powers: Powers) -> Iterator[Change]:
    """Identities of products: what to take out, what to put in (bases with exponents)."""
    one = Fraction(1)
    for base, k in powers.items():
        match base.op:
            case "exp":  # exp(-u) * sigmoid(u) = sigmoid(-u)
                (u,) = base.args
                for other, j in powers.items():
                    if other.op == "sigmoid" and j >= 1 and other.args[0] is tidy(-u):
                        yield [(base, one), (other, one)], [(call("sigmoid", u), one)]
            case "expm1":  # expm1(u) * sigmoid(-u) = tanh(u/2)
                (u,) = base.args
                mirror = call("sigmoid", tidy(-u))
                if k >= 1 and powers.get(mirror, _ZERO) >= 1:
                    yield [(base, one), (mirror, one)], [(call("tanh", tidy(u / 2)), one)]
            case "sign":
                (u,) = base.args
                if k >= 1 and powers.get(u, _ZERO) >= 1 and powers[u].denominator == 1:
                    yield [(base, one), (u, one)], [(call("abs", u), one)]  # u * sign(u) = |u|
                absolute = call("abs", u)
                for other in list(powers):  # sign(u) * tanh(|u|) = tanh(u)
                    if other.op in ODD and other.args[0] is absolute and powers[other] >= 1:
                        yield [(base, one), (other, one)], [(call(other.op, u), one)]
                if k >= 1 and powers.get(absolute, _ZERO) >= 1:  # |u| * sign(u) = u
                    yield [(base, one), (absolute, one)], [(u, one)]
            case "abs" if k.denominator == 1 and k % 2 == 0:
                yield [(base, k)], [(base.args[0], k)]
            case "cosh":
                sine, tangent = call("sinh", base.args[0]), call("tanh", base.args[0])
                if k <= -1 and powers.get(sine, _ZERO) >= 1:  # sinh(u) / cosh(u) = tanh(u)
                    yield [(sine, one), (base, -one)], [(tangent, one)]
                if k >= 1 and powers.get(tangent, _ZERO) >= 1:  # tanh(u) * cosh(u) = sinh(u)
                    yield [(tangent, one), (base, one)], [(sine, one)]


def pair_rules(base: Expr, k: Fraction) -> Iterator[tuple[Expr, Fraction, Expr, Fraction]]:
    """Identities ``base**k + ratio*partner = scale*result``, as (partner, ratio, result, scale)."""
    one, u = number(1), base.args[0] if base.args else base
    plus, minus, two, half = Fraction(1), Fraction(-1), Fraction(2), Fraction(1, 2)
    match base.op, k:
        case "sigmoid", 1:
            mirrored = call("sigmoid", tidy(-u))
            yield one, minus, mirrored, minus
            yield mirrored, minus, tidy(call("tanh", tidy(u / 2))), plus
            yield mirrored, plus, one, plus
            yield one, -half, tidy(call("tanh", tidy(u / 2))), half
        case "tanh", 1:
            yield one, plus, call("sigmoid", tidy(u * 2)), two
            yield one, minus, call("sigmoid", tidy(u * -2)), -two
        case "tanh", 2:
            yield one, minus, 1 / call("cosh", u) ** 2, minus
        case "cosh", -2:
            yield one, minus, call("tanh", u) ** 2, minus
        case "cosh", 1:
            yield one, minus, call("sinh", tidy(u / 2)) ** 2, two
        case "erf", 1:
            yield one, plus, call("erfc", tidy(-u)), plus
            yield one, minus, call("erfc", u), minus
        case "erfc", 1:
            yield one, minus, call("erf", u), minus
            yield one, -two, call("erfc", tidy(-u)), minus
        case "Phi", 1:
            mirrored = call("Phi", tidy(-u))
            error = call("erf", tidy(u / call("sqrt", number(2))))
            yield one, minus, mirrored, minus
            yield mirrored, plus, one, plus
            yield mirrored, minus, error, plus
            yield one, -half, error, half
        case "exp", 1:
            mirrored = call("exp", tidy(-u))
            yield one, minus, call("expm1", u), plus
            yield mirrored, minus, call("sinh", u), two
            yield mirrored, plus, call("cosh", u), two
        case "expm1", 1:
            yield one, plus, call("exp", u), plus
        case "cos", 1:
            yield one, minus, call("sin", tidy(u / 2)) ** 2, -two
        case "sin", 2:
            yield call("cos", u) ** 2, plus, one, plus
            yield one, minus, call("cos", u) ** 2, minus
        case "cos", 2:
            yield call("sin", u) ** 2, minus, call("cos", tidy(u * 2)), plus
        case "sin", 1:  # with cos(u) among the cofactors: 1 ± 2 sin cos = (sin ± cos)**2
            cosine = call("cos", u)
            yield 1 / cosine, half, (base + cosine) ** 2 / cosine, half
            yield 1 / cosine, -half, (base - cosine) ** 2 / cosine, -half
        case "softplus", 1:
            yield u, minus, call("softplus", tidy(-u)), plus
