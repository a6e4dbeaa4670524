"""Expressions: immutable trees over the primitives of :mod:`nonlin.ops`.

Requirements, and what follows from them:

* Equal trees must be cheap to recognise, since the rewriter, the derivative and the common
  sub-expression pass all ask for it constantly. So nodes are interned: two structurally equal
  expressions are the same object, ``==`` is ``is``, and a memo table keyed on nodes is exact.
* Numbers are exact. A literal ``0.044715`` is the fraction 44715/1000000, not the nearest double;
  it is rounded once, by the target, to the target's own precision.
* Arithmetic on expressions (``a * b + 1``) builds nodes and folds nothing but the trivial
  (``0 + a``, ``1 * a``, numbers); identities belong to ``rewrites.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import ClassVar, Union
from weakref import WeakValueDictionary

from nonlin.forks import expressions

__all__ = ["PI", "E", "Expr", "Z", "call", "constant", "number", "param", "walk", "where"]

Operand = Union["Expr", int, Fraction]


class Expr:
    """A node: ``op`` applied to ``args``, or a leaf carrying ``value``.

    Leaves have the op ``"z"`` (the variable), ``"param"`` (value: its name), ``"number"`` (value: a
    ``Fraction``) or ``"constant"`` (value: ``"pi"`` or ``"e"``). Every other op is a key of
    :data:`nonlin.ops.OPS`.

    Examples
    --------
    >>> (Z * 2 + 1) is (Z * 2 + 1)
    True
    >>> Z * 0, Z + 0 is Z
    (number(0), True)
    """

    __slots__ = ("__weakref__", "args", "op", "value")

    op: str
    args: tuple[Expr, ...]
    value: Fraction | str | None

    _interned: ClassVar[WeakValueDictionary[tuple[object, ...], Expr]] = WeakValueDictionary()

    def __new__(
        cls, op: str, args: tuple[Expr, ...] = (), value: Fraction | str | None = None
    ) -> Expr:
        key = (op, args, value)
        with expressions:
            node = cls._interned.get(key)
            if node is None:
                node = object.__new__(cls)
                node.op, node.args, node.value = op, args, value
                node = cls._interned.setdefault(key, node)  # a signal's handler may have been here
            return node

    def __reduce__(self) -> tuple[type[Expr], tuple[object, ...]]:
        return (Expr, (self.op, self.args, self.value))

    # -- arithmetic ---------------------------------------------------------------------------
    def __add__(self, other: Operand) -> Expr:
        a, b = self, _lift(other)
        if a.is_number and b.is_number:
            return number(a.fraction + b.fraction)
        if a.is_zero:
            return b
        return a if b.is_zero else Expr("add", (a, b))

    def __radd__(self, other: Operand) -> Expr:
        return _lift(other) + self

    def __sub__(self, other: Operand) -> Expr:
        a, b = self, _lift(other)
        if a.is_number and b.is_number:
            return number(a.fraction - b.fraction)
        if b.is_zero:
            return a
        return -b if a.is_zero else Expr("sub", (a, b))

    def __rsub__(self, other: Operand) -> Expr:
        return _lift(other) - self

    def __mul__(self, other: Operand) -> Expr:
        a, b = self, _lift(other)
        if a.is_number and b.is_number:
            return number(a.fraction * b.fraction)
        if a.is_zero or b.is_zero:
            return number(0)
        for unit, rest in ((a, b), (b, a)):
            if unit.is_number and unit.fraction == 1:
                return rest
            if unit.is_number and unit.fraction == -1:
                return -rest
        return Expr("mul", (a, b))

    def __rmul__(self, other: Operand) -> Expr:
        return _lift(other) * self

    def __truediv__(self, other: Operand) -> Expr:
        a, b = self, _lift(other)
        if b.is_number and b.fraction != 0:
            if a.is_number:
                return number(a.fraction / b.fraction)
            if b.fraction == 1:
                return a
            if b.fraction == -1:
                return -a
        if a.is_zero and not b.is_zero:
            return number(0)
        return Expr("div", (a, b))

    def __rtruediv__(self, other: Operand) -> Expr:
        return _lift(other) / self

    def __neg__(self) -> Expr:
        if self.is_number:
            return number(-self.fraction)
        return self.args[0] if self.op == "neg" else Expr("neg", (self,))

    def __pow__(self, other: Operand) -> Expr:
        a, b = self, _lift(other)
        if b.is_number:
            if b.fraction == 1:
                return a
            if b.fraction == 0:
                return number(1)
            small = b.fraction.denominator == 1 and abs(b.fraction) <= 64
            if a.is_number and a.fraction and small and _bits(a.fraction) * abs(b.fraction) <= 4096:
                return number(a.fraction ** int(b.fraction))
        return Expr("pow", (a, b))

    # -- questions ----------------------------------------------------------------------------
    @property
    def is_number(self) -> bool:
        """Whether this is a literal number."""
        return self.op == "number"

    @property
    def is_zero(self) -> bool:
        """Whether this is the literal 0."""
        return self.op == "number" and not self.value

    @property
    def fraction(self) -> Fraction:
        """The exact value of a literal number."""
        assert isinstance(self.value, Fraction)
        return self.value

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters in it, sorted."""
        return tuple(sorted({str(n.value) for n in walk(self) if n.op == "param"}))

    @property
    def is_constant(self) -> bool:
        """Whether neither z nor a parameter occurs in it."""
        return not any(n.op in ("z", "param") for n in walk(self))

    @property
    def depends_on_z(self) -> bool:
        """Whether z occurs in it."""
        return any(n.op == "z" for n in walk(self))

    def map(self, f: Callable[[Expr], Expr]) -> Expr:
        """Rebuild bottom-up: ``f`` sees every node after its operands have been replaced."""
        memo: dict[Expr, Expr] = {}
        for node in walk(self):
            args = tuple(memo[a] for a in node.args)
            memo[node] = f(node if args == node.args else rebuild(node, args))
        return memo[self]

    def substitute(self, replace: dict[Expr, Expr]) -> Expr:
        """Replace whole sub-expressions, once: what is put in is not looked at again.

        >>> (-Z).substitute({Z: -Z})
        Z
        """
        memo: dict[Expr, Expr] = {}
        for node in walk(self):
            if node in replace:
                memo[node] = replace[node]
            else:
                args = tuple(memo[a] for a in node.args)
                memo[node] = node if args == node.args else rebuild(node, args)
        return memo[self]

    def __repr__(self) -> str:
        if self.op == "z":
            return "Z"
        if self.op in ("param", "constant"):
            return f"{self.op}({self.value!r})"
        if self.op == "number":
            return f"number({_shown(self.fraction)})"
        return f"{self.op}({', '.join(map(repr, self.args))})"


def walk(root: Expr) -> Iterator[Expr]:
    """Every distinct node below ``root``, operands before the nodes that use them."""
    seen: set[Expr] = set()
    stack: list[tuple[Expr, bool]] = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((a, False) for a in reversed(node.args) if a not in seen)


def number(value: int | Fraction) -> Expr:
    """The literal ``value``, exactly."""
    return Expr("number", (), Fraction(value))


def param(name: str) -> Expr:
    """The parameter called ``name``."""
    return Expr("param", (), name)


def constant(name: str) -> Expr:
    """``"pi"`` or ``"e"``."""
    return Expr("constant", (), name)


def call(op: str, *args: Operand) -> Expr:
    """The primitive ``op`` of ``args``: ``call("tanh", Z)``."""
    return Expr(op, tuple(_lift(a) for a in args))


def where(condition: Expr, a: Operand, b: Operand) -> Expr:
    """``a`` where ``condition`` holds, else ``b``."""
    a, b = _lift(a), _lift(b)
    return a if a is b else Expr("where", (condition, a, b))


_ARITHMETIC: dict[str, Callable[[Expr, Expr], Expr]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
}


def rebuild(node: Expr, args: tuple[Expr, ...]) -> Expr:
    """``node`` with other operands, through the folding constructors."""
    if node.op in _ARITHMETIC:
        return _ARITHMETIC[node.op](*args)
    if node.op == "neg":
        return -args[0]
    if node.op == "where":
        return where(*args)
    return Expr(node.op, args, node.value)


def _lift(value: Operand) -> Expr:
    return value if isinstance(value, Expr) else number(value)


def _shown(value: Fraction) -> str:
    """A number for :func:`repr`, in hexadecimal where Python refuses to write so many digits."""
    if _bits(value) <= 8192:
        return str(value)
    return f"{value.numerator:#x}/{value.denominator:#x}"


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


Z = Expr("z")
PI = constant("pi")
E = constant("e")
