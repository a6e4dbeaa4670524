"""Expression to text in the formula language.

What comes out can be parsed again, and then means the same, to the last bit: brackets are left out
only where the parser puts them back, and a sign is moved only where that is exact (``a + -b`` is
``a - b``, ``-(a * b)`` is ``-a * b``).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from nonlin.errors import CompileError
from nonlin.expression import Expr, rebuild
from nonlin.ops import OPS

__all__ = [
    "ATOM",
    "POWER",
    "PRODUCT",
    "SUM",
    "comparison",
    "decimal",
    "flatten",
    "split_chain",
    "text",
    "without_sign",
]

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4
_DIGITS = 40  # longest number that is written out; the parser takes 50 characters

Piece = tuple[str, int]


def text(expr: Expr) -> str:
    """Text of ``expr`` in the formula language.

    >>> from nonlin.formula import parse
    >>> text(parse("(z) * ((1/2)*(2*z))"))
    'z * (1 / 2 * (2 * z))'
    >>> text(parse("where(0 < z, z, -(z*alpha))", ["alpha"]))
    'where(z > 0, z, -z * alpha)'
    """
    return _piece(expr)[0]


def _piece(expr: Expr) -> Piece:
    rule = _RULES.get(expr.op)
    if rule is None:
        raise CompileError(f"the notation 'text' has no rule for the operation {expr.op!r}")
    return rule(expr)


def _operand(expr: Expr, least: int, *, leading: bool = False) -> str:
    """Text of an operand; in brackets where it binds less than ``least`` or opens on a minus."""
    content, precedence = _piece(expr)
    if precedence < least or (content.startswith("-") and not leading):
        return f"({content})"
    return content


# -- shared with the typeset notations --------------------------------------------------------
def without_sign(expr: Expr) -> Expr | None:
    """``-expr`` where ``expr`` opens on a minus, else None."""
    if expr.op == "neg":
        return expr.args[0]
    if expr.is_number and expr.fraction < 0:
        return -expr
    if expr.op in ("mul", "div"):
        first = without_sign(expr.args[0])
        return None if first is None else rebuild(expr, (first, expr.args[1]))
    return None


def split_chain(expr: Expr) -> tuple[Expr, ...] | None:
    """``(first, second, a, b)`` where a ``where`` came from a chain like ``l < m < r``."""
    outer, inner, other = expr.args
    if inner.op != "where" or inner.args[2] is not other:
        return None
    second = inner.args[0]
    if {outer.op, second.op} <= {"lt", "le"} and outer.args[1] is second.args[0]:
        return outer, second, inner.args[1], other
    return None


def comparison(expr: Expr, symbols: dict[str, str]) -> tuple[Expr, str, Expr]:
    """Left side, sign and right side, turned so that the side with z comes first."""
    left, right = expr.args
    if right.depends_on_z and not left.depends_on_z:
        return right, symbols[{"lt": "gt", "le": "ge", "eq": "eq"}[expr.op]], left
    return left, symbols[expr.op], right


def flatten(expr: Expr, op: str) -> list[Expr]:
    """Operands of nested ``op``, in order: max(max(a, b), c) gives a, b, c."""
    found: list[Expr] = []
    while expr.op == op:
        found.append(expr.args[1])
        expr = expr.args[0]
    return [expr, *reversed(found)]


def decimal(value: Fraction) -> str | None:
    """The exact decimal of a number >= 0, or None where it has none of a sensible length."""
    places, rest = 0, value.denominator
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest //= prime
            count += 1
        places = max(places, count)
    if rest != 1:
        return None
    digits = str(value.numerator * 10**places // value.denominator)
    short = digits.rstrip("0") or "0"
    exponent = len(digits) - len(short) - places
    if len(short) > _DIGITS or abs(exponent) > 290:
        return None
    if 0 <= exponent <= 15 and len(short) + exponent <= _DIGITS:
        return short + "0" * exponent if value else "0"
    if -_DIGITS <= exponent < 0 and -exponent - len(short) < 7:
        padded = short.rjust(1 - exponent, "0")
        return f"{padded[:exponent]}.{padded[exponent:]}"
    return f"{short}e{exponent}"


# -- the rules --------------------------------------------------------------------------------
def _integer(value: int) -> Piece:
    """A whole number >= 0 of any size, cut into parts that the parser takes."""
    written = decimal(Fraction(value))
    if written is not None:
        return written, ATOM
    high, low = divmod(value, 10**_DIGITS)
    head = _integer(high)
    product = f"{head[0] if head[1] >= PRODUCT else f'({head[0]})'} * 1e{_DIGITS}"
    return f"{product} + {_integer(low)[0]}", SUM


def _number(expr: Expr) -> Piece:
    value = abs(expr.fraction)
    minus = "-" if expr.fraction < 0 else ""
    written = decimal(value)
    if written is not None:
        return minus + written, ATOM
    top, top_binds = _integer(value.numerator)
    if value.denominator == 1:
        return (f"-({top})", PRODUCT) if minus else (top, top_binds)
    bottom, bottom_binds = _integer(value.denominator)
    top = top if top_binds == ATOM else f"({top})"
    bottom = bottom if bottom_binds == ATOM else f"({bottom})"
    return f"{minus}{top} / {bottom}", PRODUCT


def _add(expr: Expr) -> Piece:
    a, b = expr.args
    positive = without_sign(b)
    sign, b = ("+", b) if positive is None else ("-", positive)
    return f"{_operand(a, SUM, leading=True)} {sign} {_operand(b, SUM + 1)}", SUM


def _sub(expr: Expr) -> Piece:
    a, b = expr.args
    positive = without_sign(b)
    sign, b = ("-", b) if positive is None else ("+", positive)
    return f"{_operand(a, SUM, leading=True)} {sign} {_operand(b, SUM + 1)}", SUM


def _product(sign: str) -> Callable[[Expr], Piece]:
    def rule(expr: Expr) -> Piece:
        a, b = expr.args
        return f"{_operand(a, PRODUCT, leading=True)} {sign} {_operand(b, POWER)}", PRODUCT

    return rule


def _neg(expr: Expr) -> Piece:
    return f"-{_operand(expr.args[0], PRODUCT)}", PRODUCT


def _pow(expr: Expr) -> Piece:
    base, exponent = expr.args
    return f"{_operand(base, ATOM)}**{_operand(exponent, ATOM)}", POWER


_SIGNS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "=="}


def _comparison(expr: Expr) -> Piece:
    left, sign, right = comparison(expr, _SIGNS)
    return f"{text(left)} {sign} {text(right)}", 0


def _where(expr: Expr) -> Piece:
    condition, a, b = expr.args
    chain = split_chain(expr)
    if chain is None:
        return f"where({text(condition)}, {text(a)}, {text(b)})", ATOM
    first, second, a, b = chain
    left, middle, right = first.args[0], first.args[1], second.args[1]
    signs = _SIGNS[first.op], _SIGNS[second.op]
    shown = f"{text(left)} {signs[0]} {text(middle)} {signs[1]} {text(right)}"
    return f"where({shown}, {text(a)}, {text(b)})", ATOM


def _call(expr: Expr) -> Piece:
    return f"{expr.op}({', '.join(text(a) for a in expr.args)})", ATOM


def _extreme(expr: Expr) -> Piece:
    return f"{expr.op}({', '.join(text(a) for a in flatten(expr, expr.op))})", ATOM


_RULES: dict[str, Callable[[Expr], Piece]] = {
    "z": lambda expr: ("z", ATOM),
    "param": lambda expr: (str(expr.value), ATOM),
    "constant": lambda expr: (str(expr.value), ATOM),
    "number": _number,
    **{name: _call for name, op in OPS.items() if op.function},
    "add": _add,
    "sub": _sub,
    "mul": _product("*"),
    "div": _product("/"),
    "neg": _neg,
    "pow": _pow,
    "lt": _comparison,
    "le": _comparison,
    "eq": _comparison,
    "where": _where,
    "min": _extreme,
    "max": _extreme,
}
