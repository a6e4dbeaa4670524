"""Expression to typeset mathematics: the rules that LaTeX and MathML share.

A rule says how an operation is laid out; a :class:`Markup` says how the layout is written down.
Unlike the text of a formula, typeset mathematics is for the eye alone, so products are flattened,
``0.5 * z`` becomes a quotient, ``z**(1/2)`` a root and ``exp(-z**2)`` a power of e, and of a number
with many digits the first are shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Protocol

from nonlin.errors import CompileError
from nonlin.expression import Expr, call, number, walk
from nonlin.notation._plain import (
    ATOM,
    POWER,
    PRODUCT,
    SUM,
    comparison,
    decimal,
    flatten,
    split_chain,
    text,
    without_sign,
)

__all__ = ["FUNCTION_NAMES", "Markup", "Space", "spelled_out", "typeset"]

OPEN = 0  # a case distinction, whose right end is open

FUNCTION_NAMES = {
    "exp": "exp", "log": "ln", "sign": "sgn", "min": "min", "max": "max", "tanh": "tanh",
    "sinh": "sinh", "cosh": "cosh", "sin": "sin", "cos": "cos", "atan": "arctan", "erf": "erf",
    "erfc": "erfc", "sigmoid": "σ", "softplus": "softplus", "Phi": "Φ",
}  # fmt: skip
"""Typeset names of the functions that are written as a name and an argument."""

_POWERED = frozenset({"tanh", "sinh", "cosh", "sin", "cos"})  # tanh²(z), not tanh(z)²
_FRACTIONS = frozenset({2, 3, 4, 6, 8})  # denominators that read better than their decimals
_LONGEST = 10  # characters of a number before the eye wants "…"
_SIGNS = {"lt": "<", "le": "≤", "gt": ">", "ge": "≥", "eq": "="}


Space = Literal["none", "thin", "dot"]
"""What stands between two factors: 2z, z tanh(z), z · 2."""


class Markup(Protocol):
    """How one target writes a layout down."""

    target: str

    def number(self, digits: str) -> str: ...
    def variable(self, name: str) -> str: ...
    def is_word(self, name: str) -> bool: ...
    def constant(self, name: str) -> str: ...
    def function(self, name: str) -> str: ...
    def operator(self, sign: str) -> str: ...
    def times(self, space: Space) -> str: ...
    def row(self, parts: list[str]) -> str: ...
    def quotient(self, top: str, bottom: str) -> str: ...
    def power(self, base: str, exponent: str) -> str: ...
    def root(self, inside: str) -> str: ...
    def fence(self, left: str, inside: str, right: str) -> str: ...
    def apply(self, function: str, arguments: str) -> str: ...
    def cases(self, rows: list[tuple[str, str | None]]) -> str: ...


@dataclass(frozen=True, slots=True)
class Piece:
    """Something typeset: its markup, how strongly it binds, and how it begins (and ends)."""

    markup: str
    binds: int
    minus: bool = False
    digit: bool = False
    word: bool = False  # begins on a name or a brace, which wants some room on its left
    word_end: bool = False


def typeset(expr: Expr, markup: Markup) -> str:
    """``expr`` in the given markup."""
    return _Typesetter(markup).piece(expr).markup


def spelled_out(expr: Expr, op: str) -> Expr:
    """``expr`` with the primitive ``op`` written as what it is made of, where that is telling.

    >>> from nonlin.expression import Z
    >>> spelled_out(call("sigmoid", Z * 2), "sigmoid")
    div(number(1), add(number(1), exp(neg(mul(Z, number(2))))))
    """
    meaning = _MEANINGS.get(op)
    if meaning is None:
        return expr
    return expr.map(lambda n: meaning(n.args[0]) if n.op == op else n)


def _exp(u: Expr) -> Expr:
    return call("exp", u)


_MEANINGS: dict[str, Callable[[Expr], Expr]] = {
    "sigmoid": lambda u: 1 / (1 + _exp(-u)),
    "softplus": lambda u: call("log", 1 + _exp(u)),
    "tanh": lambda u: (_exp(u) - _exp(-u)) / (_exp(u) + _exp(-u)),
}


class _Typesetter:
    def __init__(self, markup: Markup, *, script: bool = False) -> None:
        self.m = markup
        self.script = script  # inside an exponent, where quotients are written with a slash

    def piece(self, expr: Expr) -> Piece:
        rule = _RULES.get(expr.op)
        if rule is None:
            raise CompileError(
                f"the notation {self.m.target!r} has no rule for the operation {expr.op!r}"
            )
        return rule(self, expr)

    def inside(self, expr: Expr) -> str:
        """Markup of something that stands between signs of its own: no brackets."""
        return self.piece(expr).markup

    def bracketed(self, piece: Piece, least: int, *, leading: bool = False) -> str:
        if piece.binds < least or (piece.minus and not leading):
            return self.m.fence("(", piece.markup, ")")
        return piece.markup

    def operand(self, expr: Expr, least: int, *, leading: bool = False) -> str:
        return self.bracketed(self.piece(expr), least, leading=leading)

    def exponent(self, expr: Expr) -> str:
        return _Typesetter(self.m, script=True).inside(expr)

    # -- leaves -------------------------------------------------------------------------------
    def z(self, expr: Expr) -> Piece:
        return Piece(self.m.variable("z"), ATOM)

    def param(self, expr: Expr) -> Piece:
        shown = self.m.variable(str(expr.value))
        word = self.m.is_word(str(expr.value))
        return Piece(shown, ATOM, word=word, word_end=word)

    def constant(self, expr: Expr) -> Piece:
        return Piece(self.m.constant(str(expr.value)), ATOM)

    def number(self, expr: Expr) -> Piece:
        value = expr.fraction
        if value < 0:
            return self.negative(number(-value))
        digits = decimal(value)
        if digits is None or value.denominator in _FRACTIONS:
            if value.denominator == 1:
                return Piece(self.m.number(str(value.numerator)), ATOM, digit=True)
            top, bottom = (self.m.number(str(n)) for n in (value.numerator, value.denominator))
            return self.over(Piece(top, ATOM), Piece(bottom, ATOM))
        if "e" in digits:
            mantissa, power = digits.split("e")
            if len(mantissa) > _LONGEST:
                power = str(int(power) + len(mantissa) - _LONGEST)
                mantissa = mantissa[:_LONGEST] + "…"
            ten = self.m.power(self.m.number("10"), self.exponent(number(int(power))))
            if mantissa == "1":
                return Piece(ten, POWER, digit=True)
            parts = [self.m.number(mantissa), self.m.times("dot"), ten]
            return Piece(self.m.row(parts), PRODUCT, digit=True)
        if len(digits) > _LONGEST:
            digits = digits[:_LONGEST] + "…"
        return Piece(self.m.number(digits), ATOM, digit=True)

    # -- arithmetic ---------------------------------------------------------------------------
    def over(self, top: Piece, bottom: Piece) -> Piece:
        if not self.script:
            return Piece(self.m.quotient(top.markup, bottom.markup), PRODUCT)
        parts = [
            self.bracketed(top, PRODUCT),
            self.m.operator("/"),
            self.bracketed(bottom, POWER),
        ]
        return Piece(self.m.row(parts), PRODUCT, digit=top.digit)

    def negative(self, positive: Expr) -> Piece:
        inner = self.piece(positive)
        least = OPEN if inner.binds == OPEN and positive.op == "mul" else PRODUCT
        parts = [self.m.operator("−"), self.bracketed(inner, least)]
        return Piece(self.m.row(parts), min(inner.binds, PRODUCT), minus=True)

    def neg(self, expr: Expr) -> Piece:
        return self.negative(expr.args[0])

    def total(self, expr: Expr) -> Piece:
        a, b = expr.args
        positive = without_sign(b)
        plus = (expr.op == "add") == (positive is None)
        first = self.piece(a)
        parts = [
            self.bracketed(first, SUM, leading=True),
            self.m.operator("+" if plus else "−"),
            # a + (b + c) is read as a + b + c, a - (b + c) is not.
            self.operand(b if positive is None else positive, SUM if plus else PRODUCT),
        ]
        return Piece(self.m.row(parts), SUM, minus=first.minus, digit=first.digit)

    def mul(self, expr: Expr) -> Piece:
        positive = without_sign(expr)
        if positive is not None:
            return self.negative(positive)
        factors = _factors(expr)
        pieces: list[Piece] = []
        half = factors[0].fraction if factors[0].is_number else Fraction(0)
        if half.numerator == 1 and half.denominator in _FRACTIONS and len(factors) > 1:
            # 0.5 * z * (...) is z over 2, times (...).
            bottom = Piece(self.m.number(str(half.denominator)), ATOM)
            second = self.piece(factors[1])
            if len(factors) == 2 and second.binds > OPEN:
                return self.over(second, bottom)
            if second.binds >= POWER:
                pieces, factors = [self.over(second, bottom)], factors[2:]
        pieces += [self.piece(f) for f in factors]
        parts: list[str] = []
        for i, piece in enumerate(pieces):
            last = i == len(pieces) - 1
            least = OPEN if last and piece.binds == OPEN and not self.script else PRODUCT
            if i:
                parts.append(self.m.times(_space(pieces[i - 1], piece, least)))
            parts.append(self.bracketed(piece, least))
        binds = OPEN if pieces[-1].binds == OPEN else PRODUCT
        first, last_word = pieces[0], pieces[-1].word_end
        shown = parts[0] if len(parts) == 1 else self.m.row(parts)
        return Piece(shown, binds, digit=first.digit, word=first.word, word_end=last_word)

    def div(self, expr: Expr) -> Piece:
        positive = without_sign(expr)
        if positive is not None:
            return self.negative(positive)
        return self.over(self.piece(expr.args[0]), self.piece(expr.args[1]))

    def pow(self, expr: Expr) -> Piece:
        base, exponent = expr.args
        if exponent.is_number:
            value = exponent.fraction
            if value < 0:
                return self.over(
                    Piece(self.m.number("1"), ATOM, digit=True), self.piece(base**-exponent)
                )
            if value == Fraction(1, 2):
                return self.sqrt(expr)
            if value.denominator == 1 and base.op in _POWERED:
                name = self.m.function(FUNCTION_NAMES[base.op])
                power = self.m.power(name, self.exponent(exponent))
                return Piece(self.m.apply(power, self.arguments(base.args)), ATOM, word=True)
        piece = self.piece(base)
        digit = piece.digit and piece.binds == ATOM
        shown = self.m.power(self.bracketed(piece, ATOM), self.exponent(exponent))
        word = piece.word and piece.binds == ATOM
        return Piece(shown, POWER, digit=digit, word=word)

    def sqrt(self, expr: Expr) -> Piece:
        return Piece(self.m.root(_Typesetter(self.m).inside(expr.args[0])), ATOM)

    # -- functions ----------------------------------------------------------------------------
    def arguments(self, args: tuple[Expr, ...] | list[Expr]) -> str:
        parts: list[str] = []
        for i, arg in enumerate(args):
            parts += [self.m.operator(",")] * (i > 0) + [self.inside(arg)]
        return self.m.fence("(", self.m.row(parts) if len(parts) > 1 else parts[0], ")")

    def call(self, expr: Expr) -> Piece:
        args = flatten(expr, expr.op) if expr.op in ("min", "max") else expr.args
        name = self.m.function(FUNCTION_NAMES[expr.op])
        return Piece(self.m.apply(name, self.arguments(args)), ATOM, word=True)

    def exp(self, expr: Expr) -> Piece:
        (inner,) = expr.args
        if len(text(inner)) > 16 or any(n.op in ("where", "sqrt") for n in walk(inner)):
            return self.call(expr)
        return Piece(self.m.power(self.m.constant("e"), self.exponent(inner)), POWER)

    def expm1(self, expr: Expr) -> Piece:
        parts = [self.exp(call("exp", *expr.args)).markup, self.m.operator("−"), self.m.number("1")]
        return Piece(self.m.row(parts), SUM)

    def log1p(self, expr: Expr) -> Piece:
        return self.piece(call("log", number(1) + expr.args[0]))

    def abs(self, expr: Expr) -> Piece:
        return Piece(self.m.fence("|", self.inside(expr.args[0]), "|"), ATOM)

    # -- cases --------------------------------------------------------------------------------
    def comparison(self, expr: Expr) -> Piece:
        left, sign, right = comparison(expr, _SIGNS)
        parts = [self.inside(left), self.m.operator(sign), self.inside(right)]
        return Piece(self.m.row(parts), OPEN)

    def chain(self, first: Expr, second: Expr) -> str:
        parts = [
            self.inside(first.args[0]),
            self.m.operator(_SIGNS[first.op]),
            self.inside(first.args[1]),
            self.m.operator(_SIGNS[second.op]),
            self.inside(second.args[1]),
        ]
        return self.m.row(parts)

    def where(self, expr: Expr) -> Piece:
        plain = _Typesetter(self.m)  # a brace inside an exponent still holds full-size quotients
        rows: list[tuple[str, str | None]] = []
        while expr.op == "where":
            chain = split_chain(expr)
            if chain is not None:
                first, second, value, expr = chain
                rows.append((plain.inside(value), plain.chain(first, second)))
            else:
                condition, value, expr = expr.args
                rows.append((plain.inside(value), plain.inside(condition)))
        rows.append((plain.inside(expr), None))
        return Piece(self.m.cases(rows), OPEN, word=True)


def _space(left: Piece, right: Piece, least: int) -> Space:
    if right.binds < least or right.minus:  # in brackets, which keep their distance
        return "thin" if left.word_end else "none"
    if right.digit:
        return "dot"
    return "thin" if right.word or left.word_end else "none"


def _factors(expr: Expr) -> list[Expr]:
    """Factors of a product, whichever way it is nested."""
    if expr.op != "mul":
        return [expr]
    return [f for a in expr.args for f in _factors(a)]


_Rule = Callable[[_Typesetter, Expr], Piece]
_RULES: dict[str, _Rule] = {
    **dict.fromkeys(FUNCTION_NAMES, _Typesetter.call),
    **dict.fromkeys(("lt", "le", "eq"), _Typesetter.comparison),
    "z": _Typesetter.z,
    "param": _Typesetter.param,
    "constant": _Typesetter.constant,
    "number": _Typesetter.number,
    "add": _Typesetter.total,
    "sub": _Typesetter.total,
    "mul": _Typesetter.mul,
    "div": _Typesetter.div,
    "neg": _Typesetter.neg,
    "pow": _Typesetter.pow,
    "where": _Typesetter.where,
    "exp": _Typesetter.exp,
    "expm1": _Typesetter.expm1,
    "log1p": _Typesetter.log1p,
    "sqrt": _Typesetter.sqrt,
    "abs": _Typesetter.abs,
}
