"""The two markups for typeset mathematics: LaTeX and MathML Core."""

from __future__ import annotations

import re
from html import escape
from itertools import pairwise
from typing import ClassVar

from nonlin.formula_hints import GREEK
from nonlin.notation._typeset import Markup, Space

__all__ = ["LATEX", "MATHML"]

_COMMANDS = {"lambd": "lambda", "lam": "lambda", "phi": "varphi", "epsilon": "varepsilon"}


def _split(name: str) -> tuple[str, str] | None:
    """Stem and index of a name that reads as a letter with an index, such as alpha_p or b2."""
    match = re.fullmatch(r"([A-Za-z]+?)(?:_(\w+)|(\d+))", name)
    if match is None or not (match[1] in GREEK or len(match[1]) == 1):
        return None
    return match[1], (match[2] or match[3]).replace("_", " ")


class _Names:
    def is_word(self, name: str) -> bool:
        return len(name) > 1 and name not in GREEK and _split(name) is None


class _Latex(_Names):
    target = "latex"

    _FUNCTIONS = frozenset(
        {"exp", "ln", "min", "max", "tanh", "sinh", "cosh", "sin", "cos", "arctan"}
    )
    _SYMBOLS: ClassVar = {"σ": r"\sigma", "Φ": r"\Phi"}
    _OPERATORS: ClassVar = {"−": "-", "≤": r"\le", "≥": r"\ge"}

    def number(self, digits: str) -> str:
        return digits.replace("…", r"\ldots")

    def variable(self, name: str) -> str:
        if name in GREEK:
            return "\\" + _COMMANDS.get(name, name)
        split = _split(name)
        if split is not None:
            stem, index = split
            shown = index if len(index) == 1 else rf"\text{{{index}}}"
            return f"{self.variable(stem)}_{{{shown}}}"
        words = name.replace("_", " ")
        return name if len(name) == 1 else rf"\text{{{words}}}"

    def constant(self, name: str) -> str:
        return r"\pi" if name == "pi" else "e"

    def function(self, name: str) -> str:
        if name in self._FUNCTIONS:
            return "\\" + name
        escaped = name.replace("_", r"\_")
        return self._SYMBOLS.get(name) or rf"\operatorname{{{escaped}}}"

    def operator(self, sign: str) -> str:
        return self._OPERATORS.get(sign, sign)

    def times(self, space: Space) -> str:
        return {"dot": r"\cdot", "thin": r"\,", "none": ""}[space]

    def row(self, parts: list[str]) -> str:
        parts = [p for p in parts if p]
        out = parts[0]
        for before, part in pairwise(parts):
            tight = part in (",", "/") or before == "/" or (before == "-" and out == "-")
            out += part if tight else f" {part}"
        return out

    def quotient(self, top: str, bottom: str) -> str:
        return rf"\frac{{{top}}}{{{bottom}}}"

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^{{{exponent}}}"

    def root(self, inside: str) -> str:
        return rf"\sqrt{{{inside}}}"

    def fence(self, left: str, inside: str, right: str) -> str:
        if any(tall in inside for tall in (r"\frac", r"\begin", r"\left")):
            return rf"\left{left}{inside}\right{right}"
        return f"{left}{inside}{right}"

    def apply(self, function: str, arguments: str) -> str:
        return function + arguments

    def cases(self, rows: list[tuple[str, str | None]]) -> str:
        lines = [
            rf"{value} & \text{{otherwise}}" if condition is None else rf"{value} & {condition}"
            for value, condition in rows
        ]
        body = r" \\ ".join(lines)
        return rf"\begin{{cases}} {body} \end{{cases}}"


class _MathML(_Names):
    target = "mathml"

    _TIMES = "<mo>\u2062</mo>"
    _APPLY = "<mo>\u2061</mo>"

    def number(self, digits: str) -> str:
        return f"<mn>{digits}</mn>"

    def variable(self, name: str) -> str:
        if name in GREEK:
            return f"<mi>{GREEK[name]}</mi>"
        split = _split(name)
        if split is not None:
            stem, index = split
            tag = "mn" if index.isdigit() else "mi" if len(index) == 1 else "mtext"
            return f"<msub>{self.variable(stem)}<{tag}>{escape(index)}</{tag}></msub>"
        if len(name) == 1:
            return f"<mi>{escape(name)}</mi>"
        return f"<mtext>{escape(name.replace('_', ' '))}</mtext>"

    def constant(self, name: str) -> str:
        return "<mi>π</mi>" if name == "pi" else "<mi>e</mi>"

    def function(self, name: str) -> str:
        upright = ' mathvariant="normal"' if name == "Φ" else ""  # one letter would be italic
        return f"<mi{upright}>{escape(name)}</mi>"

    def operator(self, sign: str) -> str:
        return f"<mo>{escape(sign)}</mo>"

    def times(self, space: Space) -> str:
        thin = '<mspace width="0.17em"/>'
        return {"dot": "<mo>⋅</mo>", "thin": self._TIMES + thin, "none": self._TIMES}[space]

    def row(self, parts: list[str]) -> str:
        return f"<mrow>{''.join(parts)}</mrow>"

    def quotient(self, top: str, bottom: str) -> str:
        return f"<mfrac>{top}{bottom}</mfrac>"

    def power(self, base: str, exponent: str) -> str:
        return f"<msup>{base}{exponent}</msup>"

    def root(self, inside: str) -> str:
        return f"<msqrt>{inside}</msqrt>"

    def fence(self, left: str, inside: str, right: str) -> str:
        return (
            f'<mrow><mo form="prefix" fence="true">{left}</mo>{inside}'
            f'<mo form="postfix" fence="true">{right}</mo></mrow>'
        )

    def apply(self, function: str, arguments: str) -> str:
        return f"<mrow>{function}{self._APPLY}{arguments}</mrow>"

    def cases(self, rows: list[tuple[str, str | None]]) -> str:
        lines = "".join(
            f"<mtr><mtd>{value}</mtd><mtd>{condition or '<mtext>otherwise</mtext>'}</mtd></mtr>"
            for value, condition in rows
        )
        brace = '<mo form="prefix" fence="true">{</mo>'
        return f'<mrow>{brace}<mtable class="cases">{lines}</mtable></mrow>'


LATEX: Markup = _Latex()
MATHML: Markup = _MathML()
