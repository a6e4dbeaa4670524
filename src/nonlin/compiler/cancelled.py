"""Sums whose terms cancel, on double lanes: what too little is left of is "not here".

The terms' last bits are most of such a sum, and near a double zero all of it. So a sum of terms that are not exact
carries its *doubt*, the size of a term, through what is made of it; where a result is much smaller than its
doubt, it is left to the exact arithmetic. Beside a simple zero that is a handful of numbers. A sum that is lost in
a larger one, as sqrt(z**2 + 1) - 1 is beside z, costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nonlin.compiler.ir import Value
    from nonlin.compiler.program import Instruction, Program

__all__ = ["Doubts"]

_LEAST = 2.0**-14
"""A result this small beside its doubt is not to be trusted: 39 of its 53 bits are."""
_COMPARISONS = ("lt", "le", "eq")
_POSITIVE = {"exp", "sqrt", "abs", "sigmoid", "softplus", "sech2", "cosh", "erfc", "Phi"}


class Doubts:
    """What is known of a program's values while its code is being written."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.values: list[Value] = []
        self.exact: list[bool] = []
        self.signs: list[int] = []  # 1 and -1 where a value is never on the other side of 0
        self.of: list[Value | None] = []
        self._compared: set[int] = set()
        for place, i in reversed(list(enumerate(program.instructions))):
            if i.op in _COMPARISONS or place in self._compared:
                self._compared |= {place, *i.args}

    def operands(self, i: Instruction) -> list[Value]:
        """An operation's operands; where it does not pass doubts on, only what is to be trusted of them.

        What is compared stays as it is: a comparison with NaN would be false, and nobody be any the wiser.
        """
        if i.op in _RULES or len(self.values) in self._compared:
            return [self.values[a] for a in i.args]
        return [self.trusted(a, self.values[a]) for a in i.args]

    def trusted(self, place: int, value: Value) -> Value:
        """The value at a place, or NaN where too little of it is left."""
        doubt = self.of[place]
        if doubt is None:
            return value
        return value.abs().lt(doubt * _LEAST).select(math.nan, value)

    def learn(self, i: Instruction, value: Value) -> Value:
        """Take down the next value."""
        kept = i.op in ("neg", "abs", "sign", "min", "max", "where")
        leaf = i.op in ("z", "param") or (i.op == "const" and i.value[1] == 0)
        rule = _RULES.get(i.op)
        self.of.append(None if rule is None else rule(self, i, value))
        self.exact.append(leaf or (kept and all(self.exact[a] for a in i.args[-2:])))
        self.signs.append(self._sign(i))
        self.values.append(value)
        return value

    def _sign(self, i: Instruction) -> int:
        signs = [self.signs[a] for a in i.args]
        match i.op:
            case "const":
                return int(math.copysign(1, i.value[0]))
            case "neg":
                return -signs[0]
            case "add" | "min" | "max":
                return signs[0] if signs[0] == signs[1] else 0
            case "sub":
                return signs[0] if signs[0] == -signs[1] else 0
            case "where":
                return signs[1] if signs[1] == signs[2] else 0
            case "mul" if i.args[0] == i.args[1]:
                return 1
            case "mul" | "div":
                return signs[0] * signs[1]
        return int(i.op in _POSITIVE)

    # -- rules --------------------------------------------------------------------------------
    def sum(self, i: Instruction, value: Value) -> Value | None:
        a, b = i.args
        doubts = [d for d in (self.of[a], self.of[b]) if d is not None]
        if not (self.exact[a] and self.exact[b]) and not self._sign(i):
            doubts.append(self.values[a].abs())  # where they cancel, both are of one size
        return _total(doubts)

    def product(self, i: Instruction, value: Value) -> Value | None:
        a, b = i.args
        pairs = ((self.of[a], self.values[b]), (self.of[b], self.values[a]))
        return _total([d * other.abs() for d, other in pairs if d is not None])

    def quotient(self, i: Instruction, value: Value) -> Value | None:
        above, below = (self.of[a] for a in i.args)
        total = _total([d for d in (above, below and below * value.abs()) if d is not None])
        return total and total / self.values[i.args[1]].abs()

    def same(self, i: Instruction, value: Value) -> Value | None:
        return self.of[i.args[0]]

    def choice(self, i: Instruction, value: Value) -> Value | None:
        yes, no = (self.of[a] for a in i.args[1:])
        if yes is None and no is None:
            return None
        return self.values[i.args[0]].select(0.0 if yes is None else yes, 0.0 if no is None else no)


def _total(doubts: Sequence[Value]) -> Value | None:
    total: Value | None = None
    for doubt in doubts:
        total = doubt if total is None else total + doubt
    return total


_RULES = {
    "add": Doubts.sum, "sub": Doubts.sum, "mul": Doubts.product, "div": Doubts.quotient,
    "neg": Doubts.same, "abs": Doubts.same, "where": Doubts.choice,
}  # fmt: skip
