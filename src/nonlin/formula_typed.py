"""A formula as people type it, put into the strict language of :mod:`nonlin.formula`.

People write ``2z``, ``e^-2z``, ``σ(2z)``, ``tanh x``, ``[1 + e^z]²``. Here such text is rewritten character by
character, with the place that each came from, so that an error still points at what was typed. Wherever a
person types, in a figure, a proof, a command or :func:`nonlin.define`, it goes through here; a text that is
strict already stays as it is.

What juxtaposition means: ``2z`` and ``2(z + 1)`` are products. An exponent takes what is written
without a gap, so ``e^-2z`` is ``exp(-2*z)`` while ``e^2 z`` is ``exp(2)*z``; so does a function
without brackets, ``tanh 2z``. How a text was read is shown typeset beside it.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import NamedTuple

from nonlin.errors import FormulaError
from nonlin.expression import Expr
from nonlin.formula import MAX_LENGTH, names_in, parse
from nonlin.ops import FUNCTIONS

__all__ = ["Typed", "names_typed", "read_typed"]

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


_CLOSES = {"(": ")", "[": "]", "{": "}"}


class _Token(NamedTuple):
    kind: str
    text: str
    at: int
    gap: bool  # whether a space stands before it


def read_typed(formula: str, parameters: Iterable[str] = ()) -> tuple[Expr, str]:
    """The expression that somebody means by a text, and the text in the strict language.

    Raises
    ------
    FormulaError
        As :func:`nonlin.formula.parse`, with the place in the text as it was typed.

    Examples
    --------
    >>> read_typed("2z^2 + a z", ["a"])[1]
    '2*z**(2) + a*z'
    >>> read_typed("z * exp(-z)")[1]
    'z * exp(-z)'
    >>> read_typed("2z + sgmoid(z)")
    Traceback (most recent call last):
        ...
    nonlin.errors.FormulaError: unknown function 'sgmoid': did you mean sigmoid?
      2z + sgmoid(z)
           ^^^^^^
    """
    names = frozenset(parameters)
    try:
        return parse(formula, names), formula
    except FormulaError as error:
        if not isinstance(formula, str) or len(formula) > MAX_LENGTH:
            raise
        strictly = error
    typed = Typed(formula, names.__contains__)
    if not typed.loose:
        raise strictly
    try:
        return parse(typed.strict, names), typed.strict
    except FormulaError as error:
        raise typed.where_typed(error) from None


def names_typed(formula: str, is_parameter: Callable[[str], bool]) -> tuple[str, ...]:
    """Names in a text that would have to be parameters, in order, as :func:`nonlin.formula.names_in` finds them.

    ``is_parameter`` says which names may be: only these stand in products without a sign.

    >>> names_typed("a z + 2b", lambda name: len(name) == 1)
    ('a', 'b')
    """
    try:
        found = names_in(formula)
        if "x" not in found:
            return found
    except FormulaError:
        if not isinstance(formula, str) or len(formula) > MAX_LENGTH:
            raise
    typed = Typed(formula, is_parameter)
    if not typed.loose:
        return names_in(formula)
    try:
        return names_in(typed.strict)
    except FormulaError as error:
        raise typed.where_typed(error) from None


class Typed:
    """One text, rewritten in the strict language, with where each character came from.

    Attributes
    ----------
    strict
        The same in the strict language; nothing has been checked.
    loose
        Whether there was anything that the strict language does not know.

    Examples
    --------
    >>> typed = Typed("2z")
    >>> typed.strict, typed.loose
    ('2*z', True)
    """

    def __init__(self, text: str, is_parameter: Callable[[str], bool] = lambda _: False) -> None:
        self.text = text
        self.is_parameter = is_parameter
        self.loose = False
        self.tokens: list[_Token] = []
        gap = False
        for match in _TOKEN.finditer(text):
            kind = str(match.lastgroup)
            if kind != "space":
                self.tokens.append(_Token(kind, match[0], match.start(), gap))
            gap = kind == "space"
        names = {t.text: t.at for t in self.tokens if t.kind == "name"}
        if "x" in names and "z" in names and not is_parameter("x"):
            raise FormulaError(
                "there are two variables in it", text, names["x"], 1, "call both z, or both x"
            )
        self._check_brackets()
        self.out: list[str] = []
        self.places: list[int] = []
        i = 0
        try:
            while i < len(self.tokens):
                self.between(i)
                i = self.item(i)
        except RecursionError:
            raise FormulaError(
                "the formula is nested too deeply", text, 0, len(text), "nest less"
            ) from None
        self.strict = "".join(self.out)
        self.loose = self.loose and not any(keyword.iskeyword(name) for name in names)

    def _check_brackets(self) -> None:
        """That each is closed by its own kind (what is missing the parser says), and none counts the places of a list."""
        open_: list[_Token] = []
        for i, token in enumerate(self.tokens):
            if token.text == "[" and not token.gap and i and self.is_variable(i - 1):
                name = self.tokens[i - 1].text
                raise FormulaError(
                    f"{name}[…] reads as a place in a list", self.text, token.at, 1,
                    f"for a product write {name}*(…)",
                )  # fmt: skip
            if token.kind == "open":
                open_.append(token)
            elif token.kind == "close" and open_:
                begun = open_.pop().text
                if _CLOSES[begun] != token.text:
                    raise FormulaError(
                        f"{token.text!r} closes what {begun!r} opens", self.text, token.at, 1,
                        f"close it with {_CLOSES[begun]!r}",
                    )  # fmt: skip

    def put(self, text: str, at: int) -> None:
        self.out.append(text)
        self.places += [at] * len(text)

    def plain(self, token: _Token) -> str:
        """A sign in the strict language."""
        written = _PLAIN.get(token.text, token.text)
        self.loose = self.loose or written != token.text
        return written

    def between(self, i: int) -> None:
        """What belongs between token i and the one before."""
        if i and self._is_product(i):
            self.loose = True
            self.put("*", self.tokens[i].at)
        elif i and self.tokens[i].gap:
            self.put(" ", self.tokens[i].at)

    # -- tokens ---------------------------------------------------------------------------------
    def kind(self, i: int) -> str:
        return self.tokens[i].kind if i < len(self.tokens) else "end"

    def name(self, i: int) -> str:
        """What a name is called in the strict language."""
        text = self.tokens[i].text
        if text == "x" and self.is_parameter(text):
            return text
        plain = _PLAIN.get(text, text)
        return plain.lower() if plain.lower() in FUNCTIONS and plain not in FUNCTIONS else plain

    def is_function(self, i: int) -> bool:
        return self.kind(i) == "name" and self.name(i) in FUNCTIONS

    def is_variable(self, i: int) -> bool:
        if self.kind(i) != "name" or self.is_function(i):
            return False
        name = self.name(i)
        return name in ("z", "e", "pi") or self.is_parameter(name)

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
        if token.kind in ("raised", "root") or token.text == "^":
            self.loose = True
        match token.kind:
            case "name" if self.name(i) == "e" and self.kind(i + 1) == "power":
                self.loose = self.loose or self.tokens[i + 1].text == "^"
                self.put("exp", token.at)
                return self.bracketed(i + 2)
            case "name" if self.name(i) == "e" and self.kind(i + 1) == "raised":
                self.loose = True
                self.put("exp(", token.at)
                self.raised(i + 1)
                self.put(")", token.at)
                return i + 2
            case "name" if self.is_function(i) and self.kind(i + 1) in ("number", "name"):
                self.loose = True
                self.put(self.name(i), token.at)
                return self.bracketed(i + 1)
            case "name":
                name = self.name(i)
                self.loose = self.loose or name != token.text
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
                self.put(self.plain(token), token.at)
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
            self.put(self.plain(self.tokens[i]), self.tokens[i].at)
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
            if i > start:
                self.between(i)
            depth += (kind == "open") - (kind == "close")
            i = self.item(i)
            if depth == 0:
                break
        return i

    def where_typed(self, error: FormulaError) -> FormulaError:
        """The same error, pointing into the text as it was typed."""
        if error.position is None or not self.places:
            return FormulaError(error.message, self.text, None, 1, error.hint)
        last = len(self.places) - 1
        first = self.places[min(error.position, last)]
        end = self.places[min(error.position + error.length - 1, last)]
        return FormulaError(error.message, self.text, first, max(1, end - first + 1), error.hint)
