"""Mathematics in the texts of lessons and exercises: typeset formulas, and numbers that are worked out.

``$2σ(2z) - 1$`` is a formula, as one would type it in a proof; ``$tanh(z) = 2σ(2z) - 1$`` has several
sides. ``$gelu$`` alone is the equation of a function of the catalogue, ``$gelu'$`` its derivative's.
``{sigmoid'(5)}`` is the value of a formula, ``{sigmoid'(5):2}`` the same in two significant digits.
A formula alone in a paragraph stands on a line of its own. A backslash takes the meaning away. ``$$`` begins
nothing, and is an error, as a formula in x is: it would be set with a z.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

import nonlin
from nonlin.errors import FormulaError, NonlinError
from nonlin.lesson.answers import exact
from nonlin.notation import decimals_kept, equation
from nonlin.proof.chain import chain
from nonlin.proof.compare import shown
from nonlin.proof.reading import read, split
from nonlin.rewrites import stabilise

__all__ = ["MATHEMATICS", "QUOTES", "markdown", "set_mathematics", "work_out"]

_FORMULA = re.compile(r"\$([^$\n]+)\$|\$\$")
_VALUE = re.compile(r"\{([^{}\n]+?)(?::(\d{1,2}))?\}")
_NAME = re.compile(r"([a-z_][a-z_0-9]*)('{0,2})")
MATHEMATICS = ("formula", "value")
"""The kinds of token that formulas and values are."""
_X = re.compile(r"(?<![A-Za-z_])x(?![A-Za-z_0-9])")
_LITERALLY = {
    "formula": r"where no formula is meant, write \$ for a dollar sign, or put the text between backticks",
    "value": r"where no value is meant, write \{ for a brace, or put the text between backticks",
}
QUOTES = {"en": "“”‘’", "de": "„“‚‘", "fr": ["«\xa0", "\xa0»", "‹\xa0", "\xa0›"], "es": "«»“”"}
"""Quotation marks of the languages that have others than English."""
_COMMA = re.compile(
    "bg|ca|cs|da|de|el|es|et|fi|fr|hr|hu|id|is|it|lt|lv|nb|nl|nn|no|pl|pt|ro|ru|sk|sl|sr|sv|tr|uk|vi"
)
"""Languages whose decimal point is a comma (Unicode CLDR, the usual form of each)."""


def markdown(text: str, *, inline: bool = True, language: str = "en") -> str:
    """The HTML of a text: of a line, or with paragraphs and lists, in a language's quotation marks and numbers.

    Raises
    ------
    NonlinError
        What stands between dollars or braces is no formula.

    Examples
    --------
    >>> markdown("The slope is {sigmoid'(0)}, which is *small*.")
    'The slope is 0.25, which is <em>small</em>.'
    >>> markdown("$e^-z$")[:29]
    '<math xmlns="http://www.w3.or'
    """
    parser = _parser(language.split("-")[0].lower())
    tokens = parser.parseInline(text) if inline else parser.parse(text)
    for token in tokens:
        for child in mathematics(token):
            work_out(child, language)
    html = str(parser.renderer.render(tokens, parser.options, {})).strip()
    return html.replace(" = ", "\u00a0=\u00a0")  # no line breaks inside z = 5


def set_mathematics(parser: MarkdownIt) -> None:
    """Teach a Markdown parser formulas and values; :func:`work_out` is still to be called on each."""
    parser.inline.ruler.before("emphasis", "formula", _formula_rule)
    parser.inline.ruler.before("emphasis", "value", _value_rule)
    for kind in MATHEMATICS:
        parser.add_render_rule(kind, _render)


def mathematics(token: Token) -> Iterable[Token]:
    """The formulas and values among a token's children."""
    return (child for child in token.children or () if child.type in MATHEMATICS)


def work_out(token: Token, language: str = "en") -> None:
    """Turn what a formula or a value was typed as into HTML; a value has the language's decimal point.

    Raises
    ------
    FormulaError
        It is none; the message says how to write what looks like one.
    """
    try:
        _work_out(token, language)
    except FormulaError as error:
        hints = [] if "allowed are" in error.hint else [error.hint]  # that list says too much here
        hint = "; ".join(filter(None, [*hints, _LITERALLY[token.type]]))
        raise FormulaError(
            error.message, error.formula, error.position, error.length, hint
        ) from None
    except NonlinError as error:
        raise FormulaError(str(error), hint=_LITERALLY[token.type]) from None


def _work_out(token: Token, language: str) -> None:
    if token.type == "value":
        match = _VALUE.fullmatch(token.content)
        assert match
        value = shown(exact(match[1]), int(match[2] or 3))
        comma = _COMMA.fullmatch(language.split("-")[0].lower())
        token.meta["html"] = escape(value.replace(".", ",") if comma else value)
    else:
        markup = _typeset(token.content[1:-1].strip())
        token.meta["html"] = (
            markup if token.meta["alone"] else markup.replace(' display="block"', "", 1)
        )


@lru_cache(maxsize=8)
def _parser(language: str) -> MarkdownIt:
    quotes = QUOTES.get(language, QUOTES["en"])
    parser = MarkdownIt("commonmark", {"html": False, "typographer": True, "quotes": quotes})
    parser.enable(["replacements", "smartquotes"])
    set_mathematics(parser)
    return parser


def _formula_rule(state: StateInline, silent: bool) -> bool:
    return _rule(state, silent, "formula", _FORMULA)


def _value_rule(state: StateInline, silent: bool) -> bool:
    return _rule(state, silent, "value", _VALUE)


def _rule(state: StateInline, silent: bool, kind: str, pattern: re.Pattern[str]) -> bool:
    match = pattern.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        token = state.push(kind, "", 0)
        token.content = match[0]
        token.meta = {"alone": match[0] == state.src.strip()}
    state.pos = match.end()
    return True


def _typeset(text: str) -> str:
    """A function's equation, a formula, or a chain of equal ones, as MathML."""
    if not text:
        raise FormulaError(
            "two dollar signs mean nothing",
            hint="write $…$, which stands on a line of its own where it is alone in its paragraph",
        )
    if found := _X.search(text):
        raise FormulaError("the variable of formulas is z", text, found.start(), 1, "write z for x")
    name = _NAME.fullmatch(text)
    if name is None or name[1] not in nonlin.catalogue:
        return chain([read(part) for part, _ in split(text)])
    f, order = nonlin.catalogue[name[1]], len(name[2])
    slope = order and decimals_kept(stabilise(f.slopes[order - 1]), f.formula)
    return equation(f.name, slope or f.expression, order)


def _render(
    self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return str(tokens[index].meta["html"])
