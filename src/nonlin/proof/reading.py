"""A line of a proof as people type it, to an expression.

The formula language is strict, and a proof is typed the way one writes: ``2z``, ``e^-2z``,
``σ(2z)``, ``tanh x``, ``[1 + e^z]²``. Here such text is put into the strict language, character by
character with the place that each came from, and read by :func:`nonlin.formula.parse`; so an error
still points at what was typed. Nothing else of nonlin takes this notation.

What juxtaposition means: ``2z`` and ``2(z + 1)`` are products. An exponent takes what is written
without a gap, so ``e^-2z`` is ``exp(-2*z)`` while ``e^2 z`` is ``exp(2)*z``; so does a function
without brackets, ``tanh 2z``. How a line was read is shown typeset beside it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from nonlin.errors import FormulaError
from nonlin.expression import Expr
from nonlin.formula import parse
from nonlin.ops import FUNCTIONS

__all__ = ["MOST_CHARACTERS", "read", "split"]

MOST_CHARACTERS = 300
"""Longest line."""

_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z_0-9]*|[σπ])"
    r"|(?P<power>\*\*|\^)"
    r"|(?P<raised>[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|(?P<root>√)"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])"
    r"|(?P<sign>[+\-−–])"
    r"|(?P<other>.)",
    re.DOTALL,
)
_PLAIN = {
    "·": "*", "×": "*", "∙": "*", "⋅": "*", "÷": "/", "∕": "/", "−": "-", "–": "-",
    "[": "(", "{": "(", "]": ")", "}": ")", "σ": "sigmoid", "π": "pi", "x": "z",
    "ln": "log", "logistic": "sigmoid", "expit": "sigmoid", "sig": "sigmoid", "arctan": "atan",
    "≤": "<=", "≥": ">=",
}  # fmt: skip
_ALLOWED = "a line is made of z, numbers, e, + − * / ^ and functions such as exp, tanh and sigmoid"
_EQUALS = re.compile(r"(?<![<>=!])=(?!=)")


class _Token(NamedTuple):
    kind: str
    text: str
    at: int
    gap: bool  # whether a space stands before it


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
    writer = _Writer(text)
    try:
        return parse(writer.whole())
    except FormulaError as error:
        raise writer.where_typed(error) from None


class _Writer:
    """Writes one text in the strict language, remembering where each character came from."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[_Token] = []
        gap = False
        for match in _TOKEN.finditer(text):
            kind = str(match.lastgroup)
            if kind != "space":
                self.tokens.append(_Token(kind, match[0], match.start(), gap))
            gap = kind == "space"
        names = {t.text: t.at for t in self.tokens if t.kind == "name"}
        if "x" in names and "z" in names:
            raise FormulaError(
                "there are two variables in it", text, names["x"], 1, "call both z, or both x"
            )
        self.out: list[str] = []
        self.places: list[int] = []

    def whole(self) -> str:
        i = 0
        while i < len(self.tokens):
            if i and self._is_product(i):
                self.put("*", self.tokens[i].at)
            i = self.item(i)
        return "".join(self.out)

    def put(self, text: str, at: int) -> None:
        self.out.append(text)
        self.places += [at] * len(text)

    # -- tokens ---------------------------------------------------------------------------------
    def kind(self, i: int) -> str:
        return self.tokens[i].kind if i < len(self.tokens) else "end"

    def name(self, i: int) -> str:
        """What a name is called in the strict language."""
        text = self.tokens[i].text
        plain = _PLAIN.get(text, text)
        return plain.lower() if plain.lower() in FUNCTIONS and plain not in FUNCTIONS else plain

    def is_function(self, i: int) -> bool:
        return self.kind(i) == "name" and self.name(i) in FUNCTIONS

    def is_variable(self, i: int) -> bool:
        return self.kind(i) == "name" and self.name(i) in ("z", "e", "pi")

    def _is_product(self, i: int) -> bool:
        """Whether a times sign is meant between token i and the one before."""
        if self.kind(i) not in ("number", "name", "open", "root"):
            return False
        before = self.kind(i - 1)
        if before == "number":
            return self.kind(i) != "number"
        if before in ("close", "raised"):
            return True
        # A function's bracket is its own, and an unknown name's too: the parser shall say so.
        return self.is_variable(i - 1)

    # -- writing --------------------------------------------------------------------------------
    def item(self, i: int) -> int:
        """One token, with the operand that belongs to it; returns the next."""
        token = self.tokens[i]
        match token.kind:
            case "name" if self.name(i) == "e" and self.kind(i + 1) == "power":
                self.put("exp", token.at)
                return self.bracketed(i + 2)
            case "name" if self.name(i) == "e" and self.kind(i + 1) == "raised":
                self.put("exp(", token.at)
                self.raised(i + 1)
                self.put(")", token.at)
                return i + 2
            case "name" if self.is_function(i) and self.kind(i + 1) in ("number", "name"):
                self.put(self.name(i), token.at)
                return self.bracketed(i + 1)
            case "name":
                name = self.name(i)
                for k, char in enumerate(name):
                    self.put(char, token.at + min(k, len(token.text) - 1))
            case "root":
                self.put("sqrt", token.at)
                return i + 1 if self.kind(i + 1) == "open" else self.bracketed(i + 1)
            case "power":
                self.put("**", token.at)
                return self.bracketed(i + 1)
            case "raised":
                self.put("**(", token.at)
                self.raised(i)
                self.put(")", token.at)
            case "number":
                for k, char in enumerate(token.text):
                    self.put(char, token.at + k)
            case _:
                self.put(_PLAIN.get(token.text, token.text), token.at)
        return i + 1

    def raised(self, i: int) -> None:
        plain = unicodedata.normalize("NFKC", self.tokens[i].text).replace("−", "-")
        self.put(plain, self.tokens[i].at)

    def bracketed(self, i: int) -> int:
        """An operand, in brackets of its own."""
        if i >= len(self.tokens):
            return i
        self.put("(", self.tokens[i].at)
        end = self.operand(i)
        self.put(")", self.tokens[end - 1].at)
        return end

    def operand(self, i: int) -> int:
        """What an exponent, or a function without brackets, takes from token i on."""
        while self.kind(i) == "sign":
            self.put(_PLAIN.get(self.tokens[i].text, self.tokens[i].text), self.tokens[i].at)
            i += 1
        if self.kind(i) == "open":
            i = self.group(i)
        elif i < len(self.tokens):
            start = i
            i = self.factor(i)
            while self.kind(i) == "name" and not self.tokens[i].gap and i > start:
                self.put("*", self.tokens[i].at)
                i = self.factor(i)
        if self.kind(i) in ("power", "raised"):
            i = self.item(i)
        return i

    def factor(self, i: int) -> int:
        """A number, a name, or a function with its brackets."""
        called = self.kind(i) == "name" and not self.is_variable(i) and self.kind(i + 1) == "open"
        i = self.item(i)
        return self.group(i) if called else i

    def group(self, i: int) -> int:
        """Brackets and what is in them."""
        depth, start = 0, i
        while i < len(self.tokens):
            kind = self.kind(i)
            if i > start and self._is_product(i):
                self.put("*", self.tokens[i].at)
            depth += (kind == "open") - (kind == "close")
            i = self.item(i)
            if depth == 0:
                break
        return i

    def where_typed(self, error: FormulaError) -> FormulaError:
        """The same error, pointing into the text as it was typed."""
        hint = error.hint
        if "allowed are" in hint:  # the strict language's own list says too much here
            hint = _ALLOWED
        if error.position is None or not self.places:
            return FormulaError(error.message, self.text, None, 1, hint)
        last = len(self.places) - 1
        first = self.places[min(error.position, last)]
        end = self.places[min(error.position + error.length - 1, last)]
        return FormulaError(error.message, self.text, first, max(1, end - first + 1), hint)
