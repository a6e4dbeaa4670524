"""Programs: an expression lowered to a short list of primitive operations.

A program is plain data (it can be stored as JSON and needs neither SymPy nor mpmath to run):
constants are folded and rounded to double-double, whole powers are spelled out as products, half
powers as roots, and common sub-expressions are computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

from nonlin.compiler.series import guarded
from nonlin.compiler.zeros import signed
from nonlin.expression import Expr, call, number, walk
from nonlin.rewrites import simplify, stabilise, within_domain

__all__ = ["LEAVES", "Instruction", "Program", "lower"]

T = TypeVar("T")
LEAVES = ("z", "param", "const")
"""What a program begins with."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """``op`` applied to the results of earlier instructions.

    ``op`` is a primitive of :data:`nonlin.ops.OPS`; ``"sech2"``, which stands for 1 / cosh(a)**2 so that
    a target can share its work with tanh(a); or one of the leaves ``"z"``, ``"param"``
    (``value``: its place in :attr:`Program.parameters`) and ``"const"`` (``value``: high and low double).
    """

    op: str
    args: tuple[int, ...] = ()
    value: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """Straight-line code with one or more outputs.

    Examples
    --------
    >>> from nonlin.formula import parse
    >>> print(lower([parse("z * sigmoid(z)")], []))
    %0 = z
    %1 = sigmoid %0
    %2 = mul %0 %1
    return %2
    """

    parameters: tuple[str, ...]
    instructions: tuple[Instruction, ...]
    outputs: tuple[int, ...]

    def run(
        self, leaf: Callable[[Instruction], T], apply: Callable[[int, Instruction, list[T]], T]
    ) -> list[T]:
        """The results, given the values of leaves and how an operation is applied: its place in the program, the
        instruction, and the values of its operands."""
        values: list[T] = []
        for place, i in enumerate(self.instructions):
            args = [values[a] for a in i.args]
            values.append(leaf(i) if i.op in LEAVES else apply(place, i, args))
        return [values[o] for o in self.outputs]

    def to_json(self) -> dict[str, Any]:
        """Plain lists and strings; doubles in hexadecimal, so that they come back exactly."""
        return {
            "parameters": list(self.parameters),
            "instructions": [
                [i.op, list(i.args), [float(v).hex() for v in i.value]] for i in self.instructions
            ],
            "outputs": list(self.outputs),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Program:
        """The inverse of :meth:`to_json`."""
        return cls(
            tuple(data["parameters"]),
            tuple(
                Instruction(op, tuple(args), tuple(float.fromhex(v) for v in value))
                for op, args, value in data["instructions"]
            ),
            tuple(data["outputs"]),
        )

    def __str__(self) -> str:
        lines = []
        for n, i in enumerate(self.instructions):
            shown = [f"%{a}" for a in i.args]
            if i.op == "param":
                shown = [self.parameters[int(i.value[0])]]
            elif i.op == "const":
                shown = [repr(i.value[0])]
            lines.append(" ".join([f"%{n} = {i.op}", *shown]))
        return "\n".join([*lines, "return " + " ".join(f"%{o}" for o in self.outputs)])


def lower(
    expressions: Sequence[Expr], parameters: Iterable[str], domain_of: Expr | None = None
) -> Program:
    """Lower expressions of the same z and parameters into one program with as many outputs.

    They have no value, NaN, where ``domain_of`` has none on an interval.
    """
    parameters = tuple(parameters)
    ready = []
    for expr in expressions:
        stable = signed(guarded(stabilise(simplify(expr))))
        masked = stable if domain_of is None else within_domain(stable, domain_of)
        ready.append(masked.map(_spell_powers).map(_fused))
    places: dict[Expr, int] = {}
    instructions: list[Instruction] = []
    constants: dict[tuple[float, ...], int] = {}

    def add(node: Expr, instruction: Instruction) -> None:
        if instruction.op == "const" and instruction.value in constants:
            places[node] = constants[instruction.value]
            return
        places[node] = len(instructions)
        if instruction.op == "const":
            constants[instruction.value] = len(instructions)
        instructions.append(instruction)

    for root in ready:
        needed = _needed(root)
        for node in walk(root):
            if node in places or node not in needed:
                continue
            if node.op == "z":
                add(node, Instruction("z"))
            elif node.op == "param":
                index = parameters.index(str(node.value))
                add(node, Instruction("param", (), (float(index),)))
            elif node.is_constant and node.op not in ("lt", "le", "eq"):
                add(node, Instruction("const", (), _constant(node)))
            else:
                add(node, Instruction(node.op, tuple(places[a] for a in node.args)))
    return Program(parameters, tuple(instructions), tuple(places[e] for e in ready))


def _needed(root: Expr) -> set[Expr]:
    """Nodes that stay instructions: constants hide what they are made of."""
    needed: set[Expr] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if node not in needed:
            needed.add(node)
            if not node.is_constant or node.op in ("lt", "le", "eq"):
                stack.extend(node.args)
    return needed


def _spell_powers(node: Expr) -> Expr:
    if node.op != "pow" or not node.args[1].is_number:
        return node
    base, exponent = node.args[0], node.args[1].fraction
    if base.is_constant:
        return node
    if exponent.denominator == 2:
        whole = int(exponent - Fraction(1, 2)) if exponent > 0 else int(exponent + Fraction(1, 2))
        root = call("sqrt", base)
        if exponent < 0:
            return 1 / (_whole_power(base, -whole) * root)
        return _whole_power(base, whole) * root
    if exponent.denominator != 1:
        return node
    if exponent < 0:
        return 1 / _whole_power(base, -int(exponent))
    return _whole_power(base, int(exponent))


def _fused(node: Expr) -> Expr:
    """1 / cosh(a)**2 as one primitive."""
    if node.op == "div" and node.args[1].op == "mul":
        a, b = node.args[1].args
        if a.op == "cosh" and a is b and a.depends_on_z:
            return node.args[0] * Expr("sech2", a.args)
    return node


def _whole_power(base: Expr, n: int) -> Expr:
    """base**n by repeated squaring."""
    result, square = number(1), base
    while n:
        if n & 1:
            result = result * square
        n >>= 1
        if n:
            square = square * square
    return result


def _constant(node: Expr) -> tuple[float, float]:
    """A constant expression as double-double."""
    if node.is_number:
        value = node.fraction
        try:
            hi = float(value)
        except OverflowError:
            return (float("inf") if value > 0 else float("-inf")), 0.0
        return hi, float(value - Fraction(hi))
    from nonlin.oracle import accurate  # mpmath, only where there is something to fold

    exact = accurate(node, 0.0, {}, bits=160)
    hi = float(exact)
    return hi, float(exact - hi) if abs(hi) < float("inf") else 0.0
