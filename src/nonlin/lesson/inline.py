"""Mathematics in a lesson's text: what stands between double braces is read by the project itself.

    {{sigmoid}}           the function's equation, from the catalogue
    {{sigmoid'}}          its derivative's
    {{sigmoid'(5)}}       a value, to two significant digits
    {{sigmoid(1):4}}      the same to four
    {{z}}, {{exp(-z)}}    any formula
    {{tanh(z) = 2*sigmoid(2*z) - 1}}    formulas with equals signs between them

So a lesson types no formula and no number that the catalogue knows. Alone in a paragraph it is set on a
line of its own.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

import nonlin
from nonlin.formula import parse
from nonlin.notation import equation, mathml
from nonlin.rewrites import stabilise

__all__ = ["mathematics", "set_mathematics"]

_NAME = re.compile(r"([a-z_][a-z_0-9]*)('{0,2})")
_VALUE = re.compile(r"([a-z_][a-z_0-9]*)('{0,2})\(([-+0-9.e]+)\)(?::(\d\d?))?")
_BLOCK = ' display="block"'


def mathematics(source: str, *, block: bool = False) -> str:
    """What the text between double braces stands for, as HTML.

    Raises
    ------
    NonlinError
        It is neither a function of the catalogue, nor a value of one, nor a formula.

    Examples
    --------
    >>> mathematics("sigmoid'(5)"), mathematics("sigmoid(1):4"), mathematics("tanh'(10)")
    ('0.0066', '0.7311', '8.2·10<sup>−9</sup>')
    >>> mathematics("z/2").removeprefix('<math xmlns="http://www.w3.org/1998/Math/MathML">')
    '<mfrac><mi>z</mi><mn>2</mn></mfrac></math>'
    """
    source = source.strip()
    value = _VALUE.fullmatch(source)
    if value and value[1] in nonlin.catalogue:
        f = nonlin.catalogue[value[1]]
        of = (f, f.derivative, f.second_derivative)[len(value[2])]
        return _number(float(of(float(value[3]))), int(value[4] or 2))
    name = _NAME.fullmatch(source)
    if name and name[1] in nonlin.catalogue:
        f, order = nonlin.catalogue[name[1]], len(name[2])
        markup = equation(
            f.name, stabilise((f.expression, *f.slopes)[order]) if order else f.expression, order
        )
    else:
        sides = [mathml(parse(side)) for side in source.split("=")]
        inner = [side[side.index(">") + 1 : side.rindex("<")] for side in sides]
        start = sides[0][: sides[0].index(">") + 1]
        markup = (
            start + "<mo>=</mo>".join(f"<mrow>{i}</mrow>" for i in inner) + "</math>"
            if len(inner) > 1
            else sides[0]
        )
    return markup if block else markup.replace(_BLOCK, "", 1)


def set_mathematics(parser: MarkdownIt) -> None:
    """Teach a Markdown parser the double braces."""
    parser.inline.ruler.before("escape", "mathematics", _rule)
    parser.add_render_rule("mathematics", _render)


def _rule(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith("{{", state.pos):
        return False
    end = state.src.find("}}", state.pos)
    if end < 0:
        return False
    if not silent:
        token = state.push("mathematics", "", 0)
        token.content = state.src[state.pos + 2 : end]
        token.meta = {"block": state.pos == 0 and end + 2 == len(state.src.rstrip())}
    state.pos = end + 2
    return True


def _render(
    self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return str(tokens[index].meta["html"])


def _number(value: float, digits: int) -> str:
    """The real minus, and powers of ten where zeros would have to be counted."""
    text = f"{value:.{digits}g}"
    if "e" in text or 0 < abs(value) < 1e-4:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        text = f"{mantissa}·10<sup>{int(exponent)}</sup>"
    return text.replace("-", "−")
