"""Numbers in exercises: given as formulas, worked out by the project, compared as people round."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

import mpmath

from nonlin.activation import of_catalogue
from nonlin.calculus import with_conventions
from nonlin.catalogue import BY_NAME
from nonlin.errors import FormulaError
from nonlin.expression import Expr, Z, number, param
from nonlin.formula import parse
from nonlin.oracle import accurate

__all__ = ["exact", "tolerance"]

_CALL = re.compile(r"([A-Za-z]\w*)('*)\s*\(")
_BITS = 120


def exact(formula: str) -> Any:
    """The value of a formula without a variable, correct to 36 digits.

    Besides what formulas can hold, it may call every function of the catalogue by its name, at its
    default parameters, and its derivatives with a prime each; at a kink they follow the convention.

    Returns an mpmath ``mpf``. Raises :class:`FormulaError` if it is no such formula or has no value.

    >>> float(exact("sigmoid'(0)")), float(exact("relu(3) + relu''(2)")), float(exact("0.2**3"))
    (0.25, 3.0, 0.008)
    >>> exact("sigmoid'(z)")
    Traceback (most recent call last):
        ...
    nonlin.errors.FormulaError: sigmoid'(z) has a variable in it: an answer is a number
    """
    text = formula
    known: dict[Expr, Expr] = {}
    while found := _innermost(text):
        start, end, name, primes, inner = found
        placeholder = f"value{len(known)}"
        known[param(placeholder)] = number(_fraction(_called(name, primes, exact_of(inner, known))))
        text = f"{text[:start]} {placeholder} {text[end:]}"
    value = exact_of(text, known, formula)
    if not mpmath.isfinite(value):
        raise FormulaError(f"{formula} has no finite value")
    return value


def exact_of(text: str, known: dict[Expr, Expr], whole: str = "") -> Any:
    """The value of a formula in which placeholders stand for values."""
    expr = parse(text, [str(p.value) for p in known]).substitute(known)
    if expr.depends_on_z:
        raise FormulaError(f"{whole or text} has a variable in it: an answer is a number")
    return accurate(expr, 0, None, _BITS)


def _innermost(text: str) -> tuple[int, int, str, int, str] | None:
    """A call of the catalogue with none inside it: its place, name, primes and argument."""
    for match in reversed(list(_CALL.finditer(text))):
        if match[1] not in BY_NAME:
            if match[2]:
                raise FormulaError(f"there is no function called {match[1]} in the catalogue")
            continue
        depth = 0
        for i in range(match.end() - 1, len(text)):
            depth += (text[i] == "(") - (text[i] == ")")
            if depth == 0:
                inner = text[match.end() : i]
                return match.start(), i + 1, match[1], len(match[2]), inner
        raise FormulaError(
            "a bracket is never closed", text, match.end() - 1, 1, "add the missing )"
        )
    return None


def _called(name: str, primes: int, at: Any) -> Any:
    activation = of_catalogue(name)
    if primes > 2:
        raise FormulaError(f"{name} has too many primes: two at most")
    expr = [activation.expression, *activation.slopes][primes]
    if primes == 1:
        expr = with_conventions(expr, activation.kinks)
    return accurate(expr.substitute({Z: number(_fraction(at))}), 0, activation.parameters, _BITS)


def _fraction(value: Any) -> Fraction:
    """The exact value of an mpf."""
    sign, mantissa, exponent, _ = value._mpf_
    return Fraction(-int(mantissa) if sign else int(mantissa)) * Fraction(2) ** int(exponent)


def tolerance(value: float) -> float:
    """How far off an answer may be: two significant digits are enough, unless these are all there are.

    >>> abs(0.0066 - 0.0066480567) <= tolerance(0.0066480567)
    True
    >>> tolerance(0.25) < 0.01, tolerance(0.0)
    (True, 0.0005)
    """
    if value == 0:
        return 0.0005
    size = abs(value)
    unit = 10.0 ** math.floor(math.log10(size))
    if abs(value - round(value / unit * 10) * unit / 10) <= 1e-9 * size:
        return size * 0.005
    return max(size * 0.02, unit * 0.055)
