"""Text to expression, by a whitelisting parser over Python's ``ast``.

What a person types is read, never run: ``ast.parse`` builds a syntax tree, and a node that is not
on the list below is an error that points at its place. Requirements:

* Nothing is evaluated by Python. Numbers become exact fractions by our own hand.
* Work is bounded before it is done: length and bracket depth before parsing (Python's own parser
  is quick on any short text), node count and depth while walking, exponents when they are met.
  ``9**9**9**9`` is refused by its exponent, not computed; ``((9**64)**64)**64`` by the digits that
  its value would have, since whoever simplifies the formula may well work it out.
* An error says what was wrong, where, and what would be right.
"""

from __future__ import annotations

import ast
import keyword
import re
import warnings
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from nonlin.catalogue import BY_NAME
from nonlin.errors import FormulaError
from nonlin.expression import PI, E, Expr, Z, call, number, param, where
from nonlin.formula_hints import (
    ALLOWED_CHARACTERS,
    ALLOWED_HINT,
    OPERATORS,
    RESERVED,
    character_hint,
    example,
    suggestion,
    syntax_hint,
)
from nonlin.ops import CONSTANTS, FUNCTIONS, OPS

__all__ = [
    "MAX_BITS",
    "MAX_DEPTH",
    "MAX_EXPONENT",
    "MAX_LENGTH",
    "MAX_NODES",
    "check_parameter_name",
    "names_in",
    "parse",
]

MAX_LENGTH = 1000
"""Longest formula, in characters."""
MAX_DEPTH = 50
"""Deepest nesting."""
MAX_NODES = 400
"""Most operations, numbers and names."""
MAX_EXPONENT = 64
"""Largest constant exponent, in size."""
MAX_BITS = 16384
"""Most bits that the exact numbers of a formula can have once its powers are multiplied out."""

_NUMBER = re.compile(r"(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?")
_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Pow: "pow",
}


def parse(formula: str, parameters: Iterable[str] = ()) -> Expr:
    """Read a formula.

    Parameters
    ----------
    formula
        For example ``"z * tanh(softplus(z))"``. Functions of the catalogue may be called by their names,
        and have their parameters' defaults.
    parameters
        Names that may stand in it besides z.

    Returns
    -------
    Expr
        The expression, as it was written (nothing is simplified).

    Raises
    ------
    FormulaError
        The text is not a formula, or is too long, too deep or too large. It points at the place.

    Examples
    --------
    >>> parse("max(a*z, z)", ["a"])
    max(mul(param('a'), Z), Z)
    >>> parse("relu(2 * z)")
    max(mul(number(2), Z), number(0))
    >>> parse("__import__('os')")
    Traceback (most recent call last):
        ...
    nonlin.errors.FormulaError: the character "'" has no meaning in a formula: allowed are ...
      __import__('os')
                 ^
    """
    if not isinstance(formula, str):
        raise FormulaError(
            f"a formula is text, not {type(formula).__name__}",
            hint="write it as a string, for example 'z * sigmoid(z)'",
        )
    names = frozenset(parameters)
    for name in names:
        check_parameter_name(name)
    text, offset = _check_text(formula)
    return _Reader(formula, offset, names).read(text)


def check_parameter_name(name: str) -> None:
    """Raise :class:`FormulaError` unless ``name`` can be a parameter."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,31}", name):
        raise FormulaError(
            f"{name!r:.60} cannot be a parameter's name",
            hint="use up to 32 letters, digits and _, beginning with a letter",
        )
    if name in RESERVED or keyword.iskeyword(name):
        raise FormulaError(
            f"{name!r} cannot be a parameter's name", hint="it already means something else"
        )


def names_in(formula: str) -> tuple[str, ...]:
    """Names in a formula that are neither z nor a function nor a constant, in order.

    They are what would have to be parameters. Raises :class:`FormulaError` as :func:`parse` does.

    >>> names_in("where(z > 0, z, alpha * expm1(z / beta))")
    ('alpha', 'beta')
    """
    text, offset = _check_text(formula)
    tree = _Reader(formula, offset, frozenset()).tree(text)
    called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    found = [
        (n.col_offset, n.id)
        for n in ast.walk(tree)
        if isinstance(n, ast.Name) and id(n) not in called and n.id not in RESERVED
    ]
    return tuple(dict.fromkeys(name for _, name in sorted(found)))


def _check_text(formula: str) -> tuple[str, int]:
    """Bound the text before anything reads it; returns it on one line, and what was cut off."""
    if len(formula) > MAX_LENGTH:
        raise FormulaError(
            f"the formula has {len(formula)} characters", formula, MAX_LENGTH, 1,
            f"at most {MAX_LENGTH} are allowed",
        )  # fmt: skip
    if not formula.strip():
        raise FormulaError(
            "the formula is empty", hint="write one in z, for example z * sigmoid(z)"
        )
    opened: list[int] = []
    for i, char in enumerate(formula):
        if not ALLOWED_CHARACTERS.match(char):
            shown = f'"{char}"' if char.isprintable() else f"U+{ord(char):04X}"
            raise FormulaError(
                f"the character {shown} has no meaning in a formula", formula, i, 1,
                character_hint(char),
            )  # fmt: skip
        if char == "(":
            opened.append(i)
            if len(opened) > MAX_DEPTH:
                raise FormulaError(
                    f"more than {MAX_DEPTH} brackets are open", formula, i, 1, "nest less deeply"
                )
        elif char == ")":
            if not opened:
                raise FormulaError(
                    "a bracket is closed that was never opened", formula, i, 1, "remove it"
                )
            opened.pop()
    if opened:
        raise FormulaError("a bracket is never closed", formula, opened[-1], 1, "add the missing )")
    line = re.sub(r"[\t\r\n]", " ", formula)
    stripped = line.lstrip(" ")
    return stripped, len(line) - len(stripped)


class _Extent(NamedTuple):
    """What an expression comes to, with all that is shared counted as often as it occurs.

    ``bits`` is how long its exact numbers may become: the sum over all leaves, each times the
    exponents that it stands under (z + z is 2*z, so z counts too).
    """

    size: int
    bits: int
    constant: bool
    power: bool


class _Reader:
    """One reading of one formula."""

    def __init__(self, formula: str, offset: int, parameters: frozenset[str]) -> None:
        self.formula = formula
        self.offset = offset
        self.parameters = parameters
        self.nodes = 0
        self.extents: dict[Expr, _Extent] = {}

    def error(self, node: ast.AST, message: str, hint: str = ALLOWED_HINT) -> FormulaError:
        start = int(getattr(node, "col_offset", 0))
        end = int(getattr(node, "end_col_offset", None) or start + 1)
        return FormulaError(message, self.formula, start + self.offset, end - start, hint)

    def tree(self, text: str) -> ast.expr:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # "invalid decimal literal" and the like
                return ast.parse(text, mode="eval").body
        except SyntaxError as error:
            end = len(text.rstrip())
            # Python counts from 1; 0 says that the text ended too soon.
            column = min(error.offset - 1, end - 1) if error.offset else end - 1
            length = min(error.end_offset or 0, end + 1) - (column + 1)
            raise FormulaError(
                "this is not a formula", self.formula, self.offset + column, length,
                syntax_hint(text),
            ) from None  # fmt: skip
        except (ValueError, MemoryError, RecursionError):
            raise FormulaError(
                "the formula is nested too deeply", self.formula, 0, len(self.formula), "nest less"
            ) from None

    def read(self, text: str) -> Expr:
        return self.value(self.tree(text), 0)

    def enter(self, node: ast.expr, depth: int) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self.error(
                node, "the formula is too large", f"at most {MAX_NODES} parts are allowed"
            )
        if depth > MAX_DEPTH:
            raise self.error(
                node,
                "the formula is nested too deeply",
                f"at most {MAX_DEPTH} levels (a sum of n terms has n; brackets make it flatter)",
            )

    def value(self, node: ast.expr, depth: int) -> Expr:
        self.enter(node, depth)
        expr = self.expression(node, depth)
        extent = self.extent(expr)
        if extent.size > 2 * MAX_NODES:
            raise self.error(
                node,
                "the formula is too large",
                "a chain like a < b < c writes the last argument of where() once for each sign",
            )
        if extent.bits > MAX_BITS:
            raise self.error(
                node,
                "the numbers in this formula are too large",
                f"their exponents multiply; at most {MAX_BITS} bits may come of it",
            )
        return expr

    def extent(self, expr: Expr) -> _Extent:
        """Found once for each part: to walk it at every level that it stands under would be slow."""
        known = self.extents.get(expr)
        if known is None:
            parts = [self.extent(a) for a in expr.args]
            bits = sum(p.bits for p in parts)
            if expr.is_number:
                bits = max(1, _bits(expr.fraction))
            elif not parts:
                bits = 1
            elif expr.op == "pow" and expr.args[1].is_number:
                exponent = abs(expr.args[1].fraction)
                bits += int(parts[0].bits * (exponent - 1)) if exponent > 1 else 0
            known = self.extents[expr] = _Extent(
                1 + sum(p.size for p in parts),
                bits,
                expr.op not in ("z", "param") and all(p.constant for p in parts),
                expr.op == "pow" or any(p.power for p in parts),
            )
        return known

    def is_zero(self, expr: Expr) -> bool:
        """Whether this is a literal zero: to divide by it is a slip, and has no place on a plot."""
        return self.extent(expr).constant and _ratio(expr) == 0

    def expression(self, node: ast.expr, depth: int) -> Expr:
        match node:
            case ast.Constant():
                return self.number(node)
            case ast.Name():
                return self.name(node)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.value(operand, depth + 1)
                return -inner if inner.is_number else Expr("neg", (inner,))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.value(operand, depth + 1)
            case ast.BinOp(op=ast.Pow(), left=left, right=right):
                return self.power(left, right, depth)
            case ast.BinOp(op=op, left=left, right=right) if type(op) in _BINARY:
                a, b = self.value(left, depth + 1), self.value(right, depth + 1)
                if isinstance(op, ast.Div) and self.is_zero(b):
                    raise self.error(right, "division by zero", "the divisor is the number 0")
                return Expr(_BINARY[type(op)], (a, b))
            case ast.BinOp(op=op, left=left, right=right) if type(op) in OPERATORS:
                sign, instead = OPERATORS[type(op)]
                at = self.formula.index(sign, self.offset + (left.end_col_offset or 0))
                raise FormulaError(
                    f"there is no operator {sign}", self.formula, at, len(sign), instead
                )
            case ast.Call():
                return self.call(node, depth)
            case ast.Compare():
                raise self.error(
                    node,
                    "a comparison can stand only inside where()",
                    "as in where(z > 0, z, 0)",
                )
            case ast.IfExp():
                raise self.error(node, "there is no if", "write where(condition, a, b)")
            case ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                raise self.error(node, "there is no and, or, not", "nest where() instead")
            case ast.Attribute():
                raise self.error(node, "there are no dotted names", "write exp(z), not np.exp(z)")
            case _:
                start, end = node.col_offset, node.end_col_offset or node.col_offset + 1
                what = self.formula[self.offset + start : self.offset + end]
                raise self.error(node, f"{what!r:.40} is not part of a formula")

    def number(self, node: ast.Constant) -> Expr:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self.error(node, "only real numbers are allowed")
        start = self.offset + node.col_offset
        end = self.offset + (node.end_col_offset or node.col_offset + 1)
        literal = self.formula[start:end].replace("_", "")
        match = _NUMBER.fullmatch(literal)
        if match is None:
            raise self.error(node, "only decimal numbers are allowed", "as in 12, 0.5 or 1.5e-3")
        if len(literal) > 50:
            raise self.error(node, "this number is too long", "at most 50 characters are allowed")
        if len(match[3] or "") > 4 or abs(int(match[3] or 0)) > 300:
            raise self.error(
                node, "this number's exponent is too large", "at most 300 in size is allowed"
            )
        return number(Fraction(literal if literal[-1] != "." else literal[:-1]))

    def name(self, node: ast.Name) -> Expr:
        if node.id == "z":
            return Z
        if node.id in self.parameters:
            return param(node.id)
        if node.id in CONSTANTS:
            return PI if node.id == "pi" else E
        if node.id in FUNCTIONS or _catalogued(node.id):
            raise self.error(
                node, f"{node.id} is a function", f"it needs brackets: {example(node.id)}"
            )
        raise self.error(
            node, f"unknown name {node.id!r:.40}", suggestion(node.id, self.parameters)
        )

    def power(self, left: ast.expr, right: ast.expr, depth: int) -> Expr:
        base, exponent = self.value(left, depth + 1), self.value(right, depth + 1)
        if self.extent(exponent).constant:
            value = _ratio(exponent)
            if value is None:
                raise self.error(
                    right, "a constant exponent has to be a plain number", "as in z**3 or z**(1/2)"
                )
            if abs(value) > MAX_EXPONENT:
                raise self.error(
                    right,
                    "this exponent is too large",
                    f"at most {MAX_EXPONENT} in size is allowed",
                )
            if value < 0 and self.is_zero(base):
                raise self.error(left, "division by zero", "a negative power of 0 divides by it")
            exponent = number(value)
        elif self.extent(exponent).power:
            raise self.error(right, "an exponent cannot hold another power", "use exp() for towers")
        return Expr("pow", (base, exponent))

    def call(self, node: ast.Call, depth: int) -> Expr:
        if not isinstance(node.func, ast.Name):
            if isinstance(node.func, ast.Attribute):
                raise self.error(
                    node.func, "there are no dotted names", "write exp(z), not np.exp(z)"
                )
            raise self.error(
                node, "only functions can be called", "a product needs its *, as in 2 * (z + 1)"
            )
        name = node.func.id
        op = OPS.get(name)
        function = op if op is not None and op.function else _catalogued(name)
        if function is None or name in self.parameters:
            if name in self.parameters or name in ("z", *CONSTANTS):
                raise self.error(
                    node.func, f"{name} is not a function", f"a product needs its *: {name} * (...)"
                )
            raise self.error(
                node.func, f"unknown function {name!r:.40}",
                suggestion(name, self.parameters, BY_NAME),
            )  # fmt: skip
        if node.keywords:
            raise self.error(node, f"{name} takes no named arguments", f"as in {example(name)}")
        count = len(node.args)
        if isinstance(function, Expr):
            if count != 1:
                raise self.error(
                    node, f"{name} takes 1 argument, not {count}", f"as in {example(name)}"
                )
            return function.substitute({Z: self.value(node.args[0], depth + 1)})
        op = function
        if name in ("min", "max"):
            if count < 2:
                raise self.error(
                    node, f"{name} takes two or more arguments", f"as in {example(name)}"
                )
            args = [self.value(a, depth + 1) for a in node.args]
            result = args[0]
            for other in args[1:]:
                result = Expr(name, (result, other))
            return result
        if count != op.arity:
            plural = "argument" if op.arity == 1 else "arguments"
            raise self.error(node, f"{name} takes {op.arity} {plural}, not {count}", op.meaning)
        if name == "where":
            return self.where(node, depth)
        return call(name, *(self.value(a, depth + 1) for a in node.args))

    def where(self, node: ast.Call, depth: int) -> Expr:
        condition, yes, no = node.args
        if not isinstance(condition, ast.Compare):
            raise self.error(
                condition,
                "the first argument of where() is a comparison",
                "as in where(z > 0, z, 0)",
            )
        self.enter(condition, depth + 1)
        sides = [condition.left, *condition.comparators]
        values = [self.value(s, depth + 2) for s in sides]
        a, b = self.value(yes, depth + 1), self.value(no, depth + 1)
        # A chain l < m < r holds where each link does: one where() inside the other.
        for i in reversed(range(len(condition.ops))):
            left, right = values[i], values[i + 1]
            match condition.ops[i]:
                case ast.Lt():
                    a = where(call("lt", left, right), a, b)
                case ast.LtE():
                    a = where(call("le", left, right), a, b)
                case ast.Gt():
                    a = where(call("lt", right, left), a, b)
                case ast.GtE():
                    a = where(call("le", right, left), a, b)
                case ast.Eq():
                    a = where(call("eq", left, right), a, b)
                case ast.NotEq():
                    a = where(call("eq", left, right), b, a)
                case _:
                    raise self.error(condition, "this comparison is unknown", "use < <= > >= == !=")
        return a


@cache
def _catalogued(name: str) -> Expr | None:
    """A function of the catalogue, with its parameters at their defaults."""
    entry = BY_NAME.get(name)
    if entry is None:
        return None
    values = {param(p): number(Fraction(str(v.default))) for p, v in entry.parameters.items()}
    return parse(entry.formula, entry.parameters).substitute(values)


def _ratio(expr: Expr) -> Fraction | None:
    """The value of a constant made of numbers, -, + , * and / only; else None."""
    if expr.is_number:
        return expr.fraction
    if expr.op not in ("add", "sub", "mul", "div", "neg"):
        return None
    parts = [_ratio(a) for a in expr.args]
    known = [p for p in parts if p is not None]
    if len(known) != len(parts):
        return None
    if expr.op == "neg":
        return -known[0]
    a, b = known
    if expr.op == "div":
        return a / b if b else None
    return a + b if expr.op == "add" else a - b if expr.op == "sub" else a * b


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())
