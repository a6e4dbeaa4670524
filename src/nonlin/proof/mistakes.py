"""What went wrong in a false line: what the line would be equal to if one thing were different."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from nonlin.expression import Expr, Z, number
from nonlin.proof.compare import compare, near, value

__all__ = ["agree", "mistake"]

_TRIED = tuple(Fraction(t) for t in ("1", "2", "1/2", "-1", "3/4"))
_LARGEST = 12  # of the numbers that a factor or a constant is made of


def mistake(before: Expr, after: Expr) -> str:
    """A sentence about the slip between two lines that differ; empty if it is no common one.

    >>> from nonlin.formula import parse
    >>> mistake(parse("tanh(z)"), parse("-sinh(z) / cosh(z)"))
    'A sign has been lost: this is minus the line before.'
    >>> mistake(parse("sigmoid(z)"), parse("exp(2*z) / (1 + exp(2*z))"))
    'You are off by a factor of 2 inside a function: this is the line before with 2z in place of z.'
    """
    for told, right in _slips(before, after):
        if agree(right, after) and compare(right, after).equal:
            return told
    return ""


def _slips(before: Expr, after: Expr) -> Iterator[tuple[str, Expr]]:
    yield "A sign has been lost: this is minus the line before.", -before
    yield (
        "A sign has been lost inside a function: this is the line before with −z in place of z.",
        before.substitute({Z: -Z}),
    )
    for inner, factor in (("2z", Fraction(2)), ("z/2", Fraction(1, 2))):
        yield (
            "You are off by a factor of 2 inside a function: "
            f"this is the line before with {inner} in place of z.",
            before.substitute({Z: Z * factor}),
        )
    ratio = _constant(before, after, lambda a, b: b / a if a else None)
    if ratio is not None and ratio > 0:
        off = max(ratio, 1 / ratio)
        told = f"this is {off} times the line before"
        if ratio < 1:
            told = f"the line before is {off} times this one"
        yield f"You are off by a factor of {off}: {told}.", before * ratio
    shift = _constant(before, after, lambda a, b: b - a)
    if shift is not None and shift:
        sign = "plus" if shift > 0 else "minus"
        yield (
            f"You are off by a constant: this is the line before {sign} {abs(shift)}.",
            before + shift,
        )
    yield "It stands upside down: this is 1 divided by the line before.", number(1) / before


def agree(a: Expr, b: Expr) -> bool:
    """Whether it is worth looking closely: a few points will do."""
    for z in _TRIED:
        x, y = value(a, z), value(b, z)
        if (x is None) != (y is None) or (x is not None and not near(x, y)):
            return False
    return True


def _constant(a: Expr, b: Expr, of: Callable[[Any, Any], Any]) -> Fraction | None:
    """A simple number that ``of`` gives at every point, or None."""
    found: Fraction | None = None
    for z in _TRIED:
        x, y = value(a, z), value(b, z)
        at = None if x is None or y is None else of(x, y)
        if at is None:
            continue
        if not abs(at) <= _LARGEST:
            return None
        simple = Fraction(str(float(at))).limit_denominator(_LARGEST)
        if abs(float(at) - float(simple)) > 1e-12 or found not in (None, simple):
            return None
        found = simple
    return found
