"""Sums written out: pairs of terms made one, common factors in front, the shorter of two forms."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm
from typing import Any

from nonlin.expression import Expr, number, where

from .identities import pair_rules
from .monomials import MOST, ONE, Monomial, Powers, Sum, factors, monomial, reduced, terms, times
from .order import rank
from .products import product
from .rewriter import rule_for, simplify, size

__all__ = ["total"]

_MOST_SPREAD = 48  # nodes of a sum that is multiplied out


@rule_for("add", "sub", "neg")
def _total(node: Expr) -> Expr:
    return total(terms(node))


def total(table: Sum) -> Expr:
    """The best expression for a sum: plain, or with its inner sums spread out."""
    plain = _factored(_paired(dict(table)))
    spread = _spread(table)
    if spread is None:
        return plain
    other = _factored(_paired(spread))
    return other if size(other) < size(plain) else plain


def _spread(table: Sum) -> Sum | None:
    """Multiply out sums that stand as a factor, after the common powers have been taken out."""
    common = _common(table)
    result: Sum = {}
    found = False
    for mono, c in table.items():
        powers = times(dict(mono), common.items(), -1)
        # The smallest: its pieces times the others are the likeliest to meet a like term.
        sums = [b for b, e in powers.items() if b.op in ("add", "sub") and e == 1]
        inner = min(sums, key=lambda b: (size(b), rank(b)), default=None)
        pieces: Sum = {ONE: Fraction(1)}
        if inner is not None and size(inner) <= _MOST_SPREAD and len(terms(inner)) <= 4:
            found = True
            powers = times(powers, [(inner, Fraction(-1))])
            pieces = terms(inner)
        for piece, k in pieces.items():
            merged = times(powers, [*piece, *common.items()])
            factor, merged = reduced(Fraction(1), merged)
            key = monomial(merged)
            result[key] = result.get(key, Fraction(0)) + c * k * factor
    if sum(1 + len(m) for m in result) > MOST:
        return None
    return {m: c for m, c in result.items() if c} if found else None


def _common(table: Sum) -> Powers:
    """Powers that divide every term (a negative one where every term has one)."""
    iterator = iter(table)
    common = dict(next(iterator, ONE))
    for mono in iterator:
        powers = dict(mono)
        merged: Powers = {}
        for base in {**common, **powers}:
            a, b = common.get(base, Fraction(0)), powers.get(base, Fraction(0))
            low = min(a, b)
            # A sum in a denominator is taken out even where some terms lack it: it then cancels.
            if (a > 0 and b > 0) or (low < 0 and ((a < 0 and b < 0) or base.op in ("add", "sub"))):
                merged[base] = low
        common = merged
    return common


def _paired(table: Sum) -> Sum:
    """Apply the identities of pairs until none fits."""
    for _ in range(40):
        change = _find_pair(table)
        if change is None:
            return table
        drop, (mono, c) = change
        for key in drop:
            del table[key]
        table[mono] = table.get(mono, Fraction(0)) + c
        if not table[mono]:
            del table[mono]
    return table


def _find_pair(table: Sum) -> tuple[list[Monomial], tuple[Monomial, Fraction]] | None:
    if len(table) < 2:
        return None
    places = {frozenset(mono): mono for mono in table}
    for mono, c in table.items():
        for base, exponent in mono:
            cofactor = dict(mono)
            del cofactor[base]
            for partner, ratio, result, scale in pair_rules(base, exponent):
                pc, powers = _with(partner, cofactor)
                key = places.get(frozenset(powers.items()), mono)
                if key != mono and table[key] == c * ratio * pc:
                    rc, powers = _with(result, cofactor)
                    return [mono, key], (monomial(powers), c * scale * rc)
    return None


def _with(expr: Expr, cofactor: Powers) -> tuple[Fraction, Powers]:
    """``expr`` times other factors, as coefficient and powers."""
    coefficient, powers = factors(expr)
    return reduced(coefficient, times(powers, cofactor.items()))


def _factored(table: Sum) -> Expr:
    """Build a sum, with what divides every term in front."""
    if not table:
        return number(0)
    if len(table) == 1:
        ((mono, c),) = table.items()
        return product(c, dict(mono))
    common = _common(table)
    if common and not all(base.op == "where" for base in common):
        inner: Sum = {}
        for mono, c in table.items():
            key = monomial(times(dict(mono), common.items(), -1))
            inner[key] = inner.get(key, Fraction(0)) + c
        rest = total({m: c for m, c in inner.items() if c})
        coefficient, powers = factors(rest)
        return product(coefficient, times(powers, common.items()))
    merged = _merge_where(table)
    if merged is not None:
        return merged
    content = Fraction(gcd(*(c.numerator for c in table.values())),
                       lcm(*(c.denominator for c in table.values())))  # fmt: skip
    if content != 1 and all(abs(c / content) <= 100 for c in table.values()):
        coefficient, powers = factors(_factored({m: c / content for m, c in table.items()}))
        return product(content * coefficient, powers)
    ordered = sorted(table.items(), key=_term_rank)
    ordered = [t for t in ordered if t[1] > 0] + [t for t in ordered if t[1] < 0]
    if ordered[0][1] < 0:
        return -_factored({m: -c for m, c in table.items()})
    result = product(ordered[0][1], dict(ordered[0][0]))
    for mono, c in ordered[1:]:
        piece = product(abs(c), dict(mono))
        result = result + piece if c > 0 else result - piece
    return result


def _term_rank(term: tuple[Monomial, Fraction]) -> tuple[bool, list[tuple[Any, ...]]]:
    """Order of terms: the constant, then by factors; the longer of two that begin alike first."""
    mono, _ = term
    return bool(mono), [*((*rank(b), e) for b, e in mono), (9,)]


def _merge_where(table: Sum) -> Expr | None:
    """``where(c, a, b) + where(c, d, e)`` is ``where(c, a + d, b + e)``."""
    by_condition: dict[Expr, list[tuple[Expr, Monomial]]] = {}
    for mono in table:
        if len(mono) == 1 and mono[0][0].op == "where" and mono[0][1] == 1:
            branches = mono[0][0]
            by_condition.setdefault(branches.args[0], []).append((branches, mono))
    for condition, group in by_condition.items():
        if len(group) < 2:
            continue
        rest = dict(table)
        yes, no = number(0), number(0)
        for branches, mono in group:
            c = number(rest.pop(mono))
            yes, no = yes + c * branches.args[1], no + c * branches.args[2]
        merged = where(condition, simplify(yes), simplify(no))
        return simplify(_factored(rest) + merged) if rest else merged
    return None
