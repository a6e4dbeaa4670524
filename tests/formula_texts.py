"""What tests of the parser share: formulas made up at random, and what counts as an answer."""

from __future__ import annotations

import contextlib
import math
import time
from random import Random
from typing import Any

from hypothesis import strategies as st

from nonlin.errors import FormulaError
from nonlin.expression import Expr, walk
from nonlin.formula import MAX_NODES, parse
from nonlin.ops import FUNCTIONS, OPS

VALUES = {"a": 1.25, "beta": -0.5}
QUICK = 0.05
"""Seconds within which every text is answered: the one time limit of the suite, for safety's sake."""


FUNCTION_NAMES = [name for name in FUNCTIONS if OPS[name].arity == 1]
COMPARISONS = ["<", "<=", ">", ">=", "==", "!="]
EXPONENTS = ["2", "3", "-1", "-2", "0.5", "(1/3)", "(-1.5)", "0", "7", "+1", "z", "a", "(z - 1)"]
ATOMS = [
    *["z"] * 6, "a", "beta", "pi", "e", "0", "1", "2", "3", "0.5", ".25", "1.5e-3", "7e2",
    "0.044715", "1e-300", "1e300", "12_000",
]  # fmt: skip
SPACES = ["", "", "", " ", " ", "  ", "\t", "\n", " \r\n "]


def formula(random: Random, size: int) -> str:
    """A formula with about ``size`` leaves."""

    def space() -> str:
        return random.choice(SPACES)

    def grow(size: int) -> str:
        if size <= 1:
            return random.choice(ATOMS)
        left = random.randint(1, size - 1)
        match random.choice("ffffbbbbbbbb-()pmw"):
            case "f":
                return f"{random.choice(FUNCTION_NAMES)}({space()}{grow(size - 1)}{space()})"
            case "b":
                sign = random.choice("+-*/")
                a, b = grow(left), grow(size - left)
                bracketed = random.randint(0, 3)
                a, b = f"({a})" if bracketed & 1 else a, f"({b})" if bracketed & 2 else b
                return f"{a}{space()}{sign}{space()}{b}"
            case "-":
                return f"-{space()}{grow(size - 1)}"
            case "p":
                return f"({grow(size - 1)}){space()}**{space()}{random.choice(EXPONENTS)}"
            case "m":
                rest = [grow(1) for _ in range(random.randint(0, 2))]
                parts = [grow(left), grow(size - left), *rest]
                return f"{random.choice(['min', 'max'])}({(space() + ',' + space()).join(parts)})"
            case "w":
                part = max(1, size // 4)
                sides = [grow(part) for _ in range(random.choice([2, 2, 2, 3]))]
                chain = sides[0]
                for side in sides[1:]:
                    chain += f"{space()}{random.choice(COMPARISONS)}{space()}{side}"
                return f"where({chain},{space()}{grow(part)}, {grow(part)})"
            case _:
                return f"({space()}{grow(size)}{space()})"

    return grow(size)


def formulas(most: int) -> st.SearchStrategy[str]:
    """Formulas that shrink, of up to ``most`` leaves."""
    return st.builds(formula, st.randoms(use_true_random=False), st.integers(1, most))


def answer(text: Any) -> Expr | FormulaError:
    """What comes back for a text; anything but an expression or a clean error fails the test."""
    try:
        expr = parse(text, VALUES)
    except FormulaError as error:
        well_formed(error, text)
        return error
    assert sum(1 for _ in walk(expr)) <= 2 * MAX_NODES
    assert expr.parameters == tuple(sorted(set(expr.parameters) & set(VALUES)))
    return expr


def well_formed(error: FormulaError, text: Any) -> None:
    assert error.message and error.hint
    if error.position is not None:
        assert 0 <= error.position < error.position + error.length <= len(text)
    shown = str(error)
    assert all(c.isprintable() for c in shown.replace("\n", ""))
    assert len(shown) < 1000 and shown.count("\n") in (0, 2)


def seconds(text: Any, tries: int = 5) -> float:
    """The least work in which a text is answered, counted so that a busy machine adds nothing."""
    best = math.inf
    for _ in range(tries):
        begun = time.thread_time()
        with contextlib.suppress(FormulaError):
            parse(text, VALUES)
        best = min(best, time.thread_time() - begun)
        if best < QUICK:
            break
    return best
