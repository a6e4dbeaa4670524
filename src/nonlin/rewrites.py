"""Identities: what a person writes, turned into a form that neither overflows nor cancels.

``1/(1+exp(-z))`` becomes ``sigmoid(z)``, ``log(1+exp(z))`` becomes ``softplus(z)``, ``1-tanh(z)**2``
becomes ``1/cosh(z)**2``: the same function, but one that keeps its last digit in the far tails.
The same pass tidies derivatives, so that what is printed is short and what is compiled is stable.

How it works. A sum is a table from monomial to coefficient, a monomial a table from base to
exponent, both exact; so like terms and like factors meet by themselves. Three tables of identities
act on that form:

* :func:`_pair_rules`: two terms of a sum that together are one term (``A - A*sigmoid(u)`` is
  ``A*sigmoid(-u)``), found for every common cofactor ``A``;
* :func:`_factor_rules`: two factors of a product that together are one (``exp(-u)*sigmoid(u)`` is
  ``sigmoid(-u)``);
* :func:`_call`: a function of a special operand (``log1p(exp(u))`` is ``softplus(u)``).

Every identity holds for all real operands for which both sides are defined; ``tests`` check each
against mpmath. The pass works on trees of bounded size and never multiplies sums out except where
the result gets smaller.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cmp_to_key
from math import gcd, isqrt, lcm
from typing import Any
from weakref import WeakKeyDictionary

from nonlin.expression import Expr, call, number, rebuild, walk, where

__all__ = ["simplify", "size", "stabilise"]

Monomial = tuple[tuple[Expr, Fraction], ...]
Sum = dict[Monomial, Fraction]

_ONE: Monomial = ()
_HALF = Fraction(1, 2)
_ODD = frozenset({"tanh", "sinh", "sin", "atan", "erf", "sign"})
_EVEN = frozenset({"cosh", "cos", "abs"})


def simplify(expr: Expr) -> Expr:
    """The same function in a stable and usually shorter form.

    >>> from nonlin.formula import parse
    >>> simplify(parse("1 / (1 + exp(-z))"))
    sigmoid(Z)
    >>> simplify(parse("z * (1 + tanh(z)) / 2"))
    mul(Z, sigmoid(mul(number(2), Z)))
    """
    for _ in range(4):
        simpler = expr.map(_node)
        if simpler is expr:
            break
        expr = simpler
    return expr


def size(expr: Expr) -> int:
    """How many distinct operations and leaves an expression has."""
    return sum(1 for _ in walk(expr))


def _node(node: Expr) -> Expr:
    known = _memo.get(node)
    if known is None:
        known = _memo[node] = _rewrite(node)
    return known


_memo: WeakKeyDictionary[Expr, Expr] = WeakKeyDictionary()


def _rewrite(node: Expr) -> Expr:
    match node.op:
        case "add" | "sub" | "neg":
            return _sum(_terms(node))
        case "mul" | "div" | "pow" | "sqrt":
            return _product(*_factors(node))
        case "where":
            return _where(node)
        case "z" | "param" | "number" | "constant":
            return node
        case "lt" | "le" | "eq":
            return _comparison(node)
        case _:
            return _call(node)


# -- reading a simplified expression as a sum or a product ----------------------------------------


def _factors(node: Expr) -> tuple[Fraction, dict[Expr, Fraction]]:
    """``node`` as coefficient and powers of bases."""
    coefficient, powers = Fraction(1), dict[Expr, Fraction]()

    def visit(n: Expr, exponent: Fraction) -> None:
        nonlocal coefficient
        match n.op:
            case "number" if n.fraction and exponent.denominator == 1 and abs(exponent) <= 64:
                coefficient *= n.fraction ** int(exponent)
            case "neg" if exponent.denominator == 1:
                coefficient *= -1 if int(exponent) % 2 else 1
                visit(n.args[0], exponent)
            case "mul" if exponent.denominator == 1 or _positive(n.args[0]) or _positive(n.args[1]):
                visit(n.args[0], exponent)
                visit(n.args[1], exponent)
            case "div" if exponent.denominator == 1 or _positive(n.args[0]) or _positive(n.args[1]):
                visit(n.args[0], exponent)
                visit(n.args[1], -exponent)
            case "sqrt":
                visit(n.args[0], exponent / 2)
            case "pow" if n.args[1].is_number:
                inner = n.args[1].fraction
                # (a**2)**(1/2) is |a|, not a.
                if inner.denominator == 1 and inner % 2 == 0 and (inner * exponent) % 2 != 0:
                    visit(call("abs", n.args[0]), inner * exponent)
                elif exponent.denominator == 1 or inner.denominator != 1 or _positive(n.args[0]):
                    visit(n.args[0], inner * exponent)
                else:
                    powers[n] = powers.get(n, Fraction(0)) + exponent
            case "abs" if exponent.denominator == 1 and exponent % 2 == 0:
                visit(n.args[0], exponent)
            case "exp":
                # exp(u)**k is exp(k*u): all exponentials of a product meet in one.
                powers[_EXP] = Fraction(1)
                exponent_terms.append((n.args[0], exponent))
            case _:
                powers[n] = powers.get(n, Fraction(0)) + exponent

    exponent_terms: list[tuple[Expr, Fraction]] = []
    visit(node, Fraction(1))
    if exponent_terms:
        del powers[_EXP]
        total: Sum = {}
        for u, k in exponent_terms:
            for mono, c in _terms(u).items():
                total[mono] = total.get(mono, Fraction(0)) + k * c
        argument = _sum(total)
        if not argument.is_zero:
            powers[call("exp", argument)] = Fraction(1)
    return coefficient, {b: e for b, e in powers.items() if e}


_EXP = Expr("exp")  # a marker, never part of a result


def _terms(node: Expr) -> Sum:
    """``node`` as monomials with their coefficients."""
    total: Sum = {}

    def visit(n: Expr, sign: Fraction) -> None:
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
                coefficient, powers = _reduced(*_factors(n))
                inner = [b for b, e in powers.items() if b.op in ("add", "sub") and e == 1]
                if len(powers) == 1 and inner:  # 3*(a + b): spread a mere number
                    visit(inner[0], sign * coefficient)
                else:
                    mono = _monomial(powers)
                    total[mono] = total.get(mono, Fraction(0)) + sign * coefficient

    visit(node, Fraction(1))
    return {m: c for m, c in total.items() if c}


# -- products -------------------------------------------------------------------------------------


def _reduced(
    coefficient: Fraction, powers: dict[Expr, Fraction]
) -> tuple[Fraction, dict[Expr, Fraction]]:
    """Apply the factor identities until none fits."""
    for _ in range(20):
        for found in _factor_rules(powers):
            remove, add = found
            for base, exponent in remove:
                powers = _times(powers, base, -exponent)
            for base, exponent in add:
                c, extra = _factors(base)
                if exponent.denominator == 1:
                    coefficient *= c ** int(exponent)
                    for b, e in extra.items():
                        powers = _times(powers, b, e * exponent)
                else:
                    powers = _times(powers, base, exponent)
            break
        else:
            return coefficient, powers
    return coefficient, powers


def _times(powers: dict[Expr, Fraction], base: Expr, exponent: Fraction) -> dict[Expr, Fraction]:
    powers = dict(powers)
    powers[base] = powers.get(base, Fraction(0)) + exponent
    if not powers[base]:
        del powers[base]
    return powers


_Change = tuple[list[tuple[Expr, Fraction]], list[tuple[Expr, Fraction]]]


def _factor_rules(powers: dict[Expr, Fraction]) -> Iterator[_Change]:
    """Identities of products: what to take out, what to put in (bases with exponents)."""
    one = Fraction(1)
    for base, k in powers.items():
        match base.op:
            case "add" if k < 0 and k.denominator == 1:
                terms = _terms(base)
                exps = [m for m in terms if m != _ONE]
                if len(terms) == 2 and terms.get(_ONE) == 1 and terms[exps[0]] == 1:
                    ((b, e),) = exps[0] if len(exps[0]) == 1 else ((base, one),)
                    if b.op == "exp" and e == 1:  # 1/(1 + exp(u)) = sigmoid(-u)
                        yield [(base, k)], [(call("sigmoid", -b.args[0]), -k)]
            case "exp":  # exp(-u) * sigmoid(u) = sigmoid(-u)
                (u,) = base.args
                for other, j in powers.items():
                    if other.op == "sigmoid" and j >= 1 and other.args[0] is _node(-u):
                        yield [(base, one), (other, one)], [(call("sigmoid", u), one)]
            case "expm1":  # expm1(u) * sigmoid(-u) = tanh(u/2)
                mirror = call("sigmoid", _node(-base.args[0]))
                if k >= 1 and powers.get(mirror, Fraction(0)) >= 1:
                    yield (
                        [(base, one), (mirror, one)],
                        [(call("tanh", _node(base.args[0] / 2)), one)],
                    )
            case "add" | "sub" if k >= 1:  # (sqrt(u**2 + c) + u) * (sqrt(u**2 + c) - u) = c
                product = _conjugate(base, powers)
                if product is not None:
                    other, rest = product
                    yield [(base, one), (other, one)], [(rest, one)]
            case "sign":  # u * sign(u) = |u|
                (u,) = base.args
                if k >= 1 and powers.get(u, Fraction(0)) >= 1 and powers[u].denominator == 1:
                    yield [(base, one), (u, one)], [(call("abs", u), one)]
                for other in list(powers):  # sign(u) * tanh(|u|) = tanh(u)
                    if other.op in _ODD and other.args[0] is call("abs", u) and powers[other] >= 1:
                        yield [(base, one), (other, one)], [(call(other.op, u), one)]
                absolute = call("abs", u)
                if k >= 1 and powers.get(absolute, Fraction(0)) >= 1:  # |u| * sign(u) = u
                    yield [(base, one), (absolute, one)], [(u, one)]
            case "abs" if k.denominator == 1 and k % 2 == 0:
                yield [(base, k)], [(base.args[0], k)]
            case "cosh":
                hyper_sine = call("sinh", base.args[0])
                if k <= -1 and powers.get(hyper_sine, Fraction(0)) >= 1:
                    yield (
                        [(hyper_sine, one), (base, -one)],
                        [(call("tanh", base.args[0]), one)],
                    )
                tangent = call("tanh", base.args[0])
                if k >= 1 and powers.get(tangent, Fraction(0)) >= 1:
                    yield [(tangent, one), (base, one)], [(hyper_sine, one)]


def _conjugate(base: Expr, powers: dict[Expr, Fraction]) -> tuple[Expr, Expr] | None:
    """The partner of ``sqrt(u**2 + c) + u`` among ``powers``, and their product c."""
    terms = _terms(base)
    roots = [b for m in terms for b, e in m if e == _HALF and len(m) == 1]
    if len(terms) != 2 or len(roots) != 1:
        return None
    found = _square_plus(roots[0])
    root = call("sqrt", roots[0])
    if found is None or _sum(dict(terms)) not in (_node(root + found[0]), _node(root - found[0])):
        return None
    for other, k in powers.items():
        if other is not base and k >= 1 and other.op in ("add", "sub"):
            if {base, other} == {_node(root + found[0]), _node(root - found[0])}:
                return other, found[1]
    return None


def _product(coefficient: Fraction, powers: dict[Expr, Fraction]) -> Expr:
    coefficient, powers = _reduced(coefficient, powers)
    if not coefficient:
        return number(0)
    if len(powers) == 1 and coefficient != 1:
        ((base, exponent),) = powers.items()
        if exponent == 1 and base.op in ("add", "sub") and coefficient == -1:
            return _sum({m: -c for m, c in _terms(base).items()})
    gate = next((b for b, e in powers.items() if e == 1 and b.op == "where" and (
        b.args[1].is_zero or b.args[2].is_zero)), None)  # fmt: skip
    if gate is not None and (len(powers) > 1 or coefficient != 1):  # A*where(c, a, 0)
        rest = _product(coefficient, _times(powers, gate, Fraction(-1)))
        condition, a, b = gate.args
        return _node(where(condition, _node(rest * a), _node(rest * b)))
    top, bottom = number(abs(coefficient.numerator)), number(coefficient.denominator)
    top_roots, bottom_roots = number(1), number(1)
    for base, exponent in sorted(powers.items(), key=lambda item: _rank(item[0])):
        if base.is_constant and abs(exponent) == _HALF:  # sqrt(2/pi) under one root
            if exponent > 0:
                top_roots = top_roots * base
            else:
                bottom_roots = bottom_roots * base
        elif exponent > 0:
            top = top * _power(base, exponent)
        else:
            bottom = bottom * _power(base, -exponent)
    roots = top_roots / bottom_roots
    if top_roots.is_number and top_roots.fraction == 1 and bottom_roots is not top_roots:
        bottom = bottom * call("sqrt", bottom_roots)
    elif not (roots.is_number and roots.fraction == 1):
        top = top * call("sqrt", roots)
    result = top / bottom
    return -result if coefficient < 0 else result


def _power(base: Expr, exponent: Fraction) -> Expr:
    if exponent == _HALF:
        return call("sqrt", base)
    return base ** number(exponent)


def _monomial(powers: dict[Expr, Fraction]) -> Monomial:
    """Powers in their order, so that equal monomials are equal, and read alike in every run."""
    return tuple(sorted(powers.items(), key=lambda item: _rank(item[0])))


def _rank(base: Expr) -> tuple[int, Any]:
    """Order of factors: constants, parameters, z, functions of z, sums."""
    if base.is_constant:
        group = 1 if base.is_number else 0
    elif base.op in ("param", "z"):
        group = 2 if base.op == "param" else 3
    elif not base.depends_on_z:
        group = 4
    else:
        group = 5 if base.op not in ("add", "sub", "where") else 6
    return group, _structure(base)


def _compare(a: Expr, b: Expr) -> int:
    """By operation, then by the first operands that differ; never by place in memory."""
    while a is not b:
        x, y = _head(a), _head(b)
        if x != y:
            return -1 if x < y else 1
        a, b = next((p, q) for p, q in zip(a.args, b.args, strict=True) if p is not q)
    return 0


_structure = cmp_to_key(_compare)


def _head(node: Expr) -> str:
    return f"{node.op}(" if node.args else repr(node)


# -- sums -----------------------------------------------------------------------------------------


def _sum(terms: Sum) -> Expr:
    """The best expression for a sum: plain, or with its inner sums spread out."""
    plain = _factored(_paired(dict(terms)))
    spread = _spread(terms)
    if spread is None:
        return plain
    other = _factored(_paired(spread))
    return other if size(other) < size(plain) else plain


def _spread(terms: Sum) -> Sum | None:
    """Multiply out sums that stand as a factor, after the common powers have been taken out."""
    common = _common(terms)
    result: Sum = {}
    found = False
    for mono, c in terms.items():
        powers = dict(mono)
        for base, e in common.items():
            powers = _times(powers, base, -e)
        # The smallest: its pieces times the others are the likeliest to meet a like term.
        sums = [b for b, e in powers.items() if b.op in ("add", "sub") and e == 1]
        inner = min(sums, key=lambda b: (size(b), _rank(b)), default=None)
        pieces: Sum = {_ONE: Fraction(1)}
        if inner is not None and len(_terms(inner)) <= 4:
            found = True
            powers = _times(powers, inner, Fraction(-1))
            pieces = _terms(inner)
        for piece, k in pieces.items():
            merged, factor = dict(powers), Fraction(1)
            for b, e in [*piece, *common.items()]:
                merged = _times(merged, b, e)
            factor, merged = _reduced(factor, merged)
            key = _monomial(merged)
            result[key] = result.get(key, Fraction(0)) + c * k * factor
    return {m: c for m, c in result.items() if c} if found else None


def _common(terms: Sum) -> dict[Expr, Fraction]:
    """Powers that divide every term (a negative one where every term has one)."""
    iterator = iter(terms)
    first = next(iterator, _ONE)
    common = dict(first)
    for mono in iterator:
        powers = dict(mono)
        merged: dict[Expr, Fraction] = {}
        for base in {**common, **powers}:
            a, b = common.get(base, Fraction(0)), powers.get(base, Fraction(0))
            low = min(a, b)
            # A sum in a denominator is taken out even where some terms lack it: it then cancels.
            if (a > 0 and b > 0) or (low < 0 and ((a < 0 and b < 0) or base.op in ("add", "sub"))):
                merged[base] = low
        common = merged
    return common


def _paired(terms: Sum) -> Sum:
    """Apply the identities of pairs until none fits."""
    for _ in range(40):
        change = _find_pair(terms)
        if change is None:
            return terms
        drop, (mono, c) = change
        for key in drop:
            del terms[key]
        terms[mono] = terms.get(mono, Fraction(0)) + c
        if not terms[mono]:
            del terms[mono]
    return terms


def _find_pair(terms: Sum) -> tuple[list[Monomial], tuple[Monomial, Fraction]] | None:
    for mono, c in terms.items():
        for base, exponent in mono:
            cofactor = dict(mono)
            del cofactor[base]
            for partner, ratio, result, scale in _pair_rules(base, exponent):
                pc, powers = _factors(partner)
                for b, e in cofactor.items():
                    powers = _times(powers, b, e)
                pc, powers = _reduced(pc, powers)
                key = _monomial(powers)
                if key != mono and terms.get(key) == c * ratio * pc:
                    rc, powers = _factors(result)
                    for b, e in cofactor.items():
                        powers = _times(powers, b, e)
                    rc, powers = _reduced(rc, powers)
                    return [mono, key], (_monomial(powers), c * scale * rc)
    return None


def _pair_rules(base: Expr, k: Fraction) -> Iterator[tuple[Expr, Fraction, Expr, Fraction]]:
    """Identities ``base**k + ratio*partner = scale*result``, as (partner, ratio, result, scale)."""
    one, u = number(1), base.args[0] if base.args else base
    plus, minus, two = Fraction(1), Fraction(-1), Fraction(2)
    match base.op, k:
        case "sigmoid", 1:
            mirrored = call("sigmoid", _node(-u))
            yield one, minus, mirrored, minus
            yield mirrored, minus, _node(call("tanh", _node(u / 2))), plus
            yield mirrored, plus, one, plus
            yield one, -Fraction(1, 2), _node(call("tanh", _node(u / 2))), Fraction(1, 2)
        case "tanh", 1:
            yield one, plus, call("sigmoid", _node(u * 2)), two
            yield one, minus, call("sigmoid", _node(u * -2)), -two
        case "tanh", 2:
            yield one, minus, 1 / call("cosh", u) ** 2, minus
        case "cosh", -2:
            yield one, minus, call("tanh", u) ** 2, minus
        case "cosh", 1:
            yield one, minus, call("sinh", _node(u / 2)) ** 2, two
        case "erf", 1:
            yield one, plus, call("erfc", _node(-u)), plus
            yield one, minus, call("erfc", u), minus
        case "erfc", 1:
            yield one, minus, call("erf", u), minus
            yield one, -two, call("erfc", _node(-u)), minus
        case "Phi", 1:
            mirrored = call("Phi", _node(-u))
            error = call("erf", _node(u / call("sqrt", number(2))))
            yield one, minus, mirrored, minus
            yield mirrored, plus, one, plus
            yield mirrored, minus, error, plus
            yield one, -Fraction(1, 2), error, Fraction(1, 2)
        case "exp", 1:
            mirrored = call("exp", _node(-u))
            yield one, minus, call("expm1", u), plus
            yield mirrored, minus, call("sinh", u), two
            yield mirrored, plus, call("cosh", u), two
        case "expm1", 1:
            yield one, plus, call("exp", u), plus
        case "cos", 1:
            yield one, minus, call("sin", _node(u / 2)) ** 2, -two
        case "sin", 2:
            yield call("cos", u) ** 2, plus, one, plus
            yield one, minus, call("cos", u) ** 2, minus
        case "cos", 2:
            yield call("sin", u) ** 2, minus, call("cos", _node(u * 2)), plus
        case "sin", 1:  # with cos(u) among the cofactors: 1 ± 2 sin cos = (sin ± cos)**2
            cosine, half = call("cos", u), Fraction(1, 2)
            yield 1 / cosine, half, (base + cosine) ** 2 / cosine, half
            yield 1 / cosine, -half, (base - cosine) ** 2 / cosine, -half
        case "softplus", 1:
            yield u, minus, call("softplus", _node(-u)), plus


def stabilise(expr: Expr) -> Expr:
    """The last step before a target: split at 0 what is stable on one side of it only.

    ``u + sqrt(u**2 + c)`` and ``1 + u / sqrt(u**2 + c)`` cancel for negative u. There, and only
    there, the conjugate form takes their place. (Not part of :func:`simplify`: a derivative is
    better taken of the form without branches.)

    >>> from nonlin.formula import parse
    >>> stabilise(parse("z + sqrt(z**2 + 1)"))
    where(lt(Z, number(0)), div(number(1), sub(sqrt(...), Z)), add(sqrt(...), Z))
    """
    return expr.map(_split_root)


def _split_root(node: Expr) -> Expr:
    if node.op not in ("add", "sub"):
        return node
    terms = _terms(node)
    if len(terms) != 2:
        return node
    for mono, c in terms.items():
        for base, k in mono:
            if base.op not in ("add", "sub") or abs(k) != _HALF:
                continue
            found = _square_plus(base)
            if found is None:
                continue
            u, rest = found
            root = call("sqrt", base)
            for sign in (1, -1):
                # c * cofactor * (root + sign*u), or for k = -1/2 c * cofactor * (u/root + sign)
                cofactor = _times(dict(mono), base, -k)
                if k == _HALF:
                    pc, partner = _factors(u)
                    for b, e in cofactor.items():
                        partner = _times(partner, b, e)
                    outer, factor = 1 / number(1), _product(c, cofactor)
                else:
                    pc, powers = _factors(u)
                    for b, e in powers.items():
                        cofactor = _times(cofactor, b, -e)
                    partner, pc = cofactor, 1 / pc
                    outer, factor = root, _product(c * pc, cofactor)
                    u = u if sign > 0 else -u
                key = _monomial(partner)
                if terms.get(key) != sign * c * pc or key == mono:
                    u = found[0]
                    continue
                plus = found[0] if sign > 0 else -found[0]
                condition = (
                    call("lt", found[0], number(0)) if sign > 0 else call("lt", number(0), found[0])
                )
                far, near = rest / (root - plus), root + plus
                if k != _HALF and sign < 0:
                    far, near = -far, -near
                return factor * where(condition, far / outer, near / outer)
    return node


def _square_plus(base: Expr) -> tuple[Expr, Expr] | None:
    """``base`` as ``u**2 + c`` with c free of z, as (u, c)."""
    terms = _terms(base)
    constants = {m: c for m, c in terms.items() if not any(b.depends_on_z for b, _ in m)}
    squares = {m: c for m, c in terms.items() if m not in constants}
    if len(squares) != 1 or not constants:
        return None
    ((mono, c),) = squares.items()
    coefficient = _exact_root(c)
    if coefficient is None or any(e.denominator != 1 or e % 2 for _, e in mono):
        return None
    return _product(coefficient, {b: e / 2 for b, e in mono}), _sum(dict(constants))


def _exact_root(value: Fraction) -> Fraction | None:
    if value <= 0:
        return None
    p, q = isqrt(value.numerator), isqrt(value.denominator)
    return Fraction(p, q) if p * p == value.numerator and q * q == value.denominator else None


def _factored(terms: Sum) -> Expr:
    """Build a sum, with what divides every term in front."""
    if not terms:
        return number(0)
    if len(terms) == 1:
        ((mono, c),) = terms.items()
        return _product(c, dict(mono))
    common = _common(terms)
    if common and all(base.op == "where" for base in common):
        common = {}
    if common:
        inner: Sum = {}
        for mono, c in terms.items():
            powers = dict(mono)
            for base, e in common.items():
                powers = _times(powers, base, -e)
            key = _monomial(powers)
            inner[key] = inner.get(key, Fraction(0)) + c
        inner = {m: c for m, c in inner.items() if c}
        rest = _sum(inner)
        coefficient, powers = _factors(rest)
        for base, e in common.items():
            powers = _times(powers, base, e)
        return _product(coefficient, powers)
    merged = _merge_where(terms)
    if merged is not None:
        return merged
    content = Fraction(gcd(*(c.numerator for c in terms.values())),
                       lcm(*(c.denominator for c in terms.values())))  # fmt: skip
    if content != 1 and all(abs(c / content) <= 100 for c in terms.values()):
        inner_sum = _factored({m: c / content for m, c in terms.items()})
        coefficient, powers = _factors(inner_sum)
        return _product(content * coefficient, powers)
    ordered = sorted(terms.items(), key=_term_rank)
    ordered = [t for t in ordered if t[1] > 0] + [t for t in ordered if t[1] < 0]
    if ordered[0][1] < 0:
        return -_factored({m: -c for m, c in terms.items()})
    result = _product(ordered[0][1], dict(ordered[0][0]))
    for mono, c in ordered[1:]:
        piece = _product(abs(c), dict(mono))
        result = result + piece if c > 0 else result - piece
    return result


def _term_rank(term: tuple[Monomial, Fraction]) -> tuple[bool, list[tuple[Any, ...]]]:
    """Order of terms: the constant, then by factors; the longer of two that begin alike first."""
    mono, _ = term
    return bool(mono), [*((*_rank(b), e) for b, e in mono), (9,)]


def _merge_where(terms: Sum) -> Expr | None:
    """``where(c, a, b) + where(c, d, e)`` is ``where(c, a + d, b + e)``."""
    singles = {
        next(iter(m))[0]: (m, c)
        for m, c in terms.items()
        if len(m) == 1 and next(iter(m))[0].op == "where" and next(iter(m))[1] == 1
    }
    by_condition: dict[Expr, list[Expr]] = {}
    for w in singles:
        by_condition.setdefault(w.args[0], []).append(w)
    for condition, group in by_condition.items():
        if len(group) < 2:
            continue
        rest = dict(terms)
        yes, no = number(0), number(0)
        for w in group:
            mono, c = singles[w]
            del rest[mono]
            yes, no = yes + number(c) * w.args[1], no + number(c) * w.args[2]
        merged = where(condition, simplify(yes), simplify(no))
        return simplify(_factored(rest) + merged) if rest else merged
    return None


# -- functions and branches -----------------------------------------------------------------------


def _where(node: Expr) -> Expr:
    condition, a, b = node.args
    sides = condition.args
    if all(s.is_number for s in sides):
        left, right = sides[0].fraction, sides[1].fraction
        holds = {"lt": left < right, "le": left <= right, "eq": left == right}[condition.op]
        return a if holds else b
    a, b = _given(condition, True, a), _given(condition, False, b)
    return where(condition, a, b)


def _given(condition: Expr, holds: bool, branch: Expr) -> Expr:
    """A branch, using what its condition says."""
    replace: dict[Expr, Expr] = {}
    for node in walk(branch):
        if node.op == "where" and node.args[0] is condition:
            replace[node] = node.args[1] if holds else node.args[2]
    left, right = condition.args
    if condition.op in ("lt", "le") and (left.is_number or right.is_number):
        low, u, high = (left, right, None) if left.is_number else (None, left, right)
        if not holds:
            low, high = high, low
        if low is not None and low.fraction >= 0:
            replace |= {
                call("abs", u): u,
                call("max", u, number(0)): u,
                call("max", number(0), u): u,
            }
            if low.fraction > 0 or (condition.op == "lt") is holds:
                replace[call("sign", u)] = number(1)
    return branch.substitute(replace) if replace else branch


def _comparison(node: Expr) -> Expr:
    """``k + z < c`` is ``z < c - k``; ``max(u, 0) < 6`` is ``u < 6``."""
    left, right = node.args
    for side, other, under in ((left, right, True), (right, left, False)):
        if node.op == "lt" and other.is_number and side.op == ("max" if under else "min"):
            for u, bound in (side.args, side.args[::-1]):
                inside = bound.is_number and (
                    bound.fraction < other.fraction if under else bound.fraction > other.fraction
                )
                if inside:
                    return _comparison(call("lt", u, other) if under else call("lt", other, u))
    terms = _terms(right - left)
    loose = {m: c for m, c in terms.items() if m != _ONE}
    if len(loose) == 1 and _ONE in terms:
        ((mono, c),) = loose.items()
        u, bound = _product(Fraction(1), dict(mono)), number(-terms[_ONE] / c)
        if not u.is_number and (left.op in ("add", "sub") or right.op in ("add", "sub")):
            return call(node.op, bound, u) if c > 0 else call(node.op, u, bound)
    return node


def _positive(node: Expr) -> bool:
    """Certainly ≥ 0 for every real operand."""
    match node.op:
        case "number":
            return node.fraction >= 0
        case "constant" | "exp" | "cosh" | "abs" | "sqrt" | "sigmoid" | "softplus" | "Phi" | "erfc":
            return True
        case "add" | "mul" | "div" | "max":
            return all(_positive(a) for a in node.args)
        case "pow":
            exponent = node.args[1]
            even = exponent.is_number and exponent.fraction % 2 == 0
            return even or _positive(node.args[0])
        case _:
            return False


def _call(node: Expr) -> Expr:
    op, u = node.op, node.args[0]
    coefficient, _ = _factors(u)
    negative = coefficient < 0
    if u.op in ("add", "sub"):
        negative = all(c < 0 for c in _terms(u).values())
    if negative and op in _ODD:
        return _node(-call(op, _node(-u)))
    if negative and op in _EVEN:
        return call(op, _node(-u))
    match op:
        case "exp" | "cosh" | "cos" if u.is_zero:
            return number(1)
        case "expm1" | "log1p" | "tanh" | "sinh" | "sin" | "atan" | "erf" | "abs" | "sign" if (
            u.is_zero
        ):
            return number(0)
        case "sigmoid" | "Phi" if u.is_zero:
            return number(_HALF)
        case "abs" | "sign" if u.is_number:
            value = u.fraction
            return number(abs(value) if op == "abs" else (value > 0) - (value < 0))
        case "abs" if _positive(u):
            return u
        case "log":
            return _log(node, u)
        case "log1p" if u.op == "exp":
            return call("softplus", u.args[0])
        case "log1p" if u.op == "expm1":
            return u.args[0]
        case "exp" if u.op == "log":
            return u.args[0]
        case "exp" if u.op == "softplus":
            return 1 + call("exp", u.args[0])
        case "max" | "min" if all(a.is_number for a in node.args):
            values = [a.fraction for a in node.args]
            return number(max(values) if op == "max" else min(values))
        case "max" | "min" if node.args[0] is node.args[1]:
            return u
    return node


def _log(node: Expr, u: Expr) -> Expr:
    if u.is_number and u.fraction == 1:
        return number(0)
    if u.op == "exp":
        return u.args[0]
    if u.op == "sigmoid":
        return -call("softplus", _node(-u.args[0]))
    if u.op == "constant" and u.value == "e":
        return number(1)
    if u.op == "cosh":  # |v| + log1p(exp(-2|v|)) - log 2
        v = call("abs", u.args[0])
        return v + call("softplus", -2 * v) - call("log", number(2))
    if u.op in ("add", "sub"):
        terms = _terms(u)
        if terms.get(_ONE) == 1 and len(terms) >= 2:
            rest = {m: c for m, c in terms.items() if m != _ONE}
            return _node(rebuild(call("log1p", u), (_sum(rest),)))
    return node
