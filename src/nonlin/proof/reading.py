"""A line of a proof as people type it: its parts between equals signs, and the expression of each.

How a formula may be typed is told in :mod:`nonlin.formula_typed`.
"""

from __future__ import annotations

import re

from nonlin.errors import FormulaError
from nonlin.expression import Expr
from nonlin.formula import parse
from nonlin.formula_typed import Typed

__all__ = ["MOST_CHARACTERS", "read", "split"]

MOST_CHARACTERS = 300
"""Longest line."""

_ALLOWED = "a line is made of z, numbers, e, + − * / ^ and functions such as exp, tanh and sigmoid"
_EQUALS = re.compile(r"(?<![<>=!])=(?!=)")


def split(line: str) -> list[tuple[str, int]]:
    """The parts of a chain ``a = b = c``, each with its place; a sign at the beginning is dropped.

    >>> split("= 2z = z + z")
    [(' 2z ', 1), (' z + z', 6)]
    """
    for sign in "≈≃≅":
        if sign in line:
            raise FormulaError(
                f"{sign} is too little for a proof", line, line.index(sign), 1,
                "lines of a proof are equal: write =",
            )  # fmt: skip
    parts, start = [], 0
    for match in _EQUALS.finditer(line):
        parts.append((line[start : match.start()], start))
        start = match.end()
    parts.append((line[start:], start))
    if len(parts) > 1 and not parts[0][0].strip():
        del parts[0]
    for text, at in parts:
        if not text.strip() and line.strip():
            raise FormulaError(
                "there is nothing between two equals signs" if at < start else "the line breaks off",
                line, max(0, at - 1), 1, "write what it is equal to",
            )  # fmt: skip
    return parts


def read(text: str) -> Expr:
    """The expression that somebody means by a text.

    Raises
    ------
    FormulaError
        As :func:`nonlin.formula.parse`, with the place in the text as it was typed.

    Examples
    --------
    >>> read("2σ(2x) − 1")
    sub(mul(number(2), sigmoid(mul(number(2), Z))), number(1))
    >>> read("e^-2z")
    exp(mul(number(-2), Z))
    >>> read("2z +* 3")
    Traceback (most recent call last):
        ...
    nonlin.errors.FormulaError: this is not a formula: ...
      2z +* 3
          ^
    """
    if len(text) > MOST_CHARACTERS:
        raise FormulaError(
            f"the line has {len(text)} characters", text, MOST_CHARACTERS, 1,
            f"at most {MOST_CHARACTERS} are allowed",
        )  # fmt: skip
    if not text.strip():
        raise FormulaError("the line is empty", hint="write a formula in z")
    typed = Typed(text)
    try:
        return parse(typed.strict)
    except FormulaError as error:
        told = typed.where_typed(error)
    # The strict language's own list says too much here.
    hint = _ALLOWED if "allowed are" in told.hint else told.hint
    raise FormulaError(told.message, text, told.position, told.length, hint)
