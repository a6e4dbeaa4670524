"""The shape of a formula: how it is written, but for what everybody takes for the same.

The order of terms and factors, brackets, ``2*a`` for ``a + a``, a minus for a factor of -1 and
``e**u`` for ``exp(u)`` make no difference; everything else does. Nothing is multiplied out or
cancelled, numbers are not added up and no function is replaced, so ``2*(a + b)`` and ``2*a + 2*b`` have two shapes: going from one to the other
is a step of a proof, and going from ``a + b`` to ``b + a`` is none.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from nonlin.expression import Expr

__all__ = ["Shape", "shape"]

Shape = tuple[object, ...]
Product = tuple[tuple[Shape, Fraction], ...]  # bases with exponents
Terms = tuple[tuple[Product, Fraction], ...]
_Table = dict[Shape, Fraction]

_UNIT: Product = ()
_MOST_BITS = 4096


def shape(expr: Expr) -> Shape:
    """A value that is equal for formulas of one shape.

    >>> from nonlin.formula import parse
    >>> shape(parse("2*sigmoid(2*z) - 1")) == shape(parse("-1 + sigmoid(z + z)*2"))
    True
    >>> shape(parse("2*(z - 1)")) == shape(parse("2*z - 2"))
    False
    """
    return _written(_terms(expr))


@lru_cache(maxsize=4096)
def _terms(expr: Expr) -> Terms:
    """A sum as a list of products with coefficients: like terms collected, numbers as they stand."""
    table: dict[Product, Fraction] = {}
    numbers: list[Fraction] = []
    match expr.op:
        case "add" | "sub" | "neg":
            signs = {"add": (1, 1), "sub": (1, -1), "neg": (-1,)}[expr.op]
            for sign, arg in zip(signs, expr.args, strict=True):
                for term, coefficient in _terms(arg):
                    if term == _UNIT:
                        _put(numbers, sign * coefficient)
                    else:
                        table[term] = table.get(term, Fraction(0)) + sign * coefficient
        case _:
            coefficient, factors = _factors(expr)
            if factors:
                table[tuple(sorted(factors.items(), key=repr))] = coefficient
            elif coefficient:
                numbers.append(coefficient)
    terms = [(t, c) for t, c in table.items() if c] + [(_UNIT, n) for n in numbers]
    return tuple(sorted(terms, key=repr))


def _put(numbers: list[Fraction], number: Fraction) -> None:
    """Adds a number to a list; 2 - 1 is not written like 1, but 2 - 2 is nothing."""
    if -number in numbers:
        numbers.remove(-number)
    else:
        numbers.append(number)


def _factors(expr: Expr) -> tuple[Fraction, _Table]:
    """A product as a coefficient and a table from base, above or below the line, to exponent."""
    match expr.op:
        case "number":
            return expr.fraction, {}
        case "neg":
            coefficient, factors = _factors(expr.args[0])
            return -coefficient, factors
        case "mul" | "div":
            coefficient, factors = _factors(expr.args[0])
            other, others = _factors(expr.args[1])
            if expr.op == "div":
                if not other:  # a division by zero is for others to find
                    return Fraction(1), {(True, "div", shape(expr.args[0])): Fraction(1)}
                other, others = 1 / other, _inverse(others)
            for base, power in others.items():
                factors[base] = factors.get(base, Fraction(0)) + power
            return coefficient * other, factors
        case "pow" if expr.args[1].is_number and expr.args[1].fraction.denominator == 1:
            power = expr.args[1].fraction
            coefficient, factors = _factors(expr.args[0])
            bits = max(coefficient.numerator.bit_length(), coefficient.denominator.bit_length())
            if coefficient and power and bits * abs(power) <= _MOST_BITS:
                factors = factors if power > 0 else _inverse(factors)
                return coefficient ** int(power), {b: p * abs(power) for b, p in factors.items()}
    return _base(expr)


def _inverse(factors: _Table) -> _Table:
    """What stood above the line comes below it: z**2 / z is not written like z."""
    return {(not base[0], *base[1:]): power for base, power in factors.items()}


def _base(expr: Expr) -> tuple[Fraction, _Table]:
    if expr.op in ("add", "sub"):
        terms = _terms(expr)
        if not terms:
            return Fraction(0), {}
        if len(terms) == 1:  # a + a: the product 2*a
            [(product, coefficient)] = terms
            return coefficient, dict(product)
        return Fraction(1), {(True, _written(terms)): Fraction(1)}
    key: Shape
    if expr.op == "pow" and expr.args[0].op == "constant" and expr.args[0].value == "e":
        key = ("exp", shape(expr.args[1]))
    elif expr.op == "sqrt":
        key = ("pow", shape(expr.args[0]), ("sum", ((_UNIT, Fraction(1, 2)),)))
    else:
        parts = [shape(a) for a in expr.args]
        if expr.op in ("max", "min", "eq"):
            parts.sort(key=repr)
        key = (expr.op, *([expr.value] if expr.value is not None else []), *parts)
    return Fraction(1), {(True, key): Fraction(1)}


def _written(terms: Terms) -> Shape:
    return ("sum", terms)
