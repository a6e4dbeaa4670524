"""Expressions for reading: the formula language again, LaTeX and MathML.

Each notation is a table with one rule per operation; an operation without a rule raises
:class:`~nonlin.errors.CompileError`, which names it. LaTeX and MathML share their rules (how a
quotient, a root or a case distinction is laid out) and differ in the markup alone.

>>> from nonlin.formula import parse
>>> equation("gelu", parse("z * Phi(z)"), target="latex")
'\\\\operatorname{gelu}(z) = z \\\\, \\\\Phi(z)'
>>> equation("silu", parse("sigmoid(z) + z*sigmoid(z)*sigmoid(-z)"), 1, target="text")
'silu′(z) = sigmoid(z) + z * sigmoid(z) * sigmoid(-z)'
"""

from __future__ import annotations

from typing import Literal

from nonlin.expression import Expr
from nonlin.notation._decimals import decimals_kept
from nonlin.notation._markup import LATEX, MATHML
from nonlin.notation._plain import text
from nonlin.notation._typeset import spelled_out, typeset

__all__ = ["decimals_kept", "equation", "latex", "mathml", "text"]

_PRIME = "′"


def latex(expr: Expr, *, lhs: str | None = None) -> str:
    r"""LaTeX for mathematics mode (``\begin{cases}`` wants amsmath or KaTeX).

    >>> from nonlin.formula import parse
    >>> print(latex(parse("0.5 * z * (1 + tanh(sqrt(2 / pi) * z))")))
    \frac{z}{2} \left(1 + \tanh\left(\sqrt{\frac{2}{\pi}} z\right)\right)
    """
    body = typeset(expr, LATEX)
    return body if lhs is None else f"{_left_side(lhs, latex=True)} = {body}"


def mathml(expr: Expr, *, lhs: str | None = None) -> str:
    """A complete MathML Core element, on a line of its own.

    Parameters
    ----------
    expr
        The right side.
    lhs
        Name of the function, with a prime for each derivative (``"gelu′"``); None for the
        expression alone.

    Examples
    --------
    >>> from nonlin.expression import Z
    >>> print(mathml(Z / 2).removeprefix('<math xmlns="http://www.w3.org/1998/Math/MathML" '))
    display="block"><mfrac><mi>z</mi><mn>2</mn></mfrac></math>
    """
    body = typeset(expr, MATHML)
    if lhs is not None:
        body = f"<mrow>{_left_side(lhs, latex=False)}<mo>=</mo>{body}</mrow>"
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">{body}</math>'


def equation(
    name: str,
    expr: Expr,
    order: int = 0,
    *,
    target: Literal["text", "latex", "mathml"] = "mathml",
) -> str:
    """``name(z) = expr``, with a prime on the name for each of the ``order`` derivatives.

    Typeset, a function is not explained by itself:

    >>> from nonlin.formula import parse
    >>> print(equation("sigmoid", parse("sigmoid(z)"), target="latex"))
    \\operatorname{sigmoid}(z) = \\frac{1}{1 + e^{-z}}
    """
    lhs = name + _PRIME * order
    if order == 0 and target != "text":
        expr = spelled_out(expr, name)
    match target:
        case "text":
            return f"{lhs}(z) = {text(expr)}"
        case "latex":
            return latex(expr, lhs=lhs)
        case "mathml":
            return mathml(expr, lhs=lhs)
    raise ValueError(f"target is one of text, latex, mathml, not {target!r}")


def _left_side(lhs: str, *, latex: bool) -> str:
    name = lhs.rstrip(_PRIME)
    primes = len(lhs) - len(name)
    if latex:
        return LATEX.function(name) + "'" * primes + "(z)"
    # The prime stands at the last letter; as a superscript some browsers set it apart, too small and too high. A
    # word has it within: a letter that is not alone would no longer be italic.
    word = len(name) > 1
    head = MATHML.function(lhs if word else name)
    if primes and not word:
        head = f'<mrow>{head}<mo lspace="0" rspace="0">{_PRIME * primes}</mo></mrow>'
    return MATHML.apply(head, MATHML.fence("(", MATHML.variable("z"), ")"))
