"""Markdown for the texts of exercises: typeset formulas, and numbers that are worked out.

``$2σ(2z) - 1$`` is a formula, as one would type it in a proof. ``{sigmoid'(5)}`` is the value of a
formula, ``{sigmoid'(5):2}`` the same in two significant digits. A backslash takes the meaning away.
"""

from __future__ import annotations

import re
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from nonlin.lesson.answers import exact
from nonlin.proof.chain import chain
from nonlin.proof.compare import shown
from nonlin.proof.reading import read, split

__all__ = ["markdown"]

_FORMULA = re.compile(r"\$([^$\n]+)\$")
_VALUE = re.compile(r"\{([^{}\n]+?)(?::(\d{1,2}))?\}")


def markdown(text: str, *, inline: bool = True) -> str:
    """The HTML of a text: of a line, or with paragraphs and lists.

    >>> markdown("The slope is {sigmoid'(0)}, which is *small*.")
    'The slope is 0.25, which is <em>small</em>.'
    >>> markdown("$e^-z$")[:29]
    '<math xmlns="http://www.w3.or'
    """
    parser = _parser()
    html = str(parser.renderInline(text) if inline else parser.render(text)).strip()
    return html.replace(" = ", "\u00a0=\u00a0")  # no line breaks inside z = 5


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "typographer": True})
    parser.enable(["replacements", "smartquotes"])
    parser.inline.ruler.before("emphasis", "formula", _formula_rule)
    parser.inline.ruler.before("emphasis", "value", _value_rule)
    parser.add_render_rule("formula", _formula)
    return parser


def _formula_rule(state: StateInline, silent: bool) -> bool:
    match = _FORMULA.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        state.push("formula", "math", 0).content = _typeset(match[1])
    state.pos = match.end()
    return True


def _value_rule(state: StateInline, silent: bool) -> bool:
    match = _VALUE.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        state.push("text", "", 0).content = shown(exact(match[1]), int(match[2] or 3))
    state.pos = match.end()
    return True


def _typeset(text: str) -> str:
    """A formula, or a chain of equal ones, as inline MathML."""
    found = chain([read(part) for part, _ in split(text)])
    return found.replace(' display="block"', "", 1)


def _formula(
    self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return tokens[index].content
