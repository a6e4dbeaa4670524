"""The closed set of primitive operations.

A formula is a tree of these and nothing else. Everything that knows *how* to do an operation (a
compilation target, a notation, the oracle) is a table with one row per name in :data:`OPS`; a row
that is missing raises :class:`~nonlin.errors.CompileError`, naming the operation and the target.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CONSTANTS", "FUNCTIONS", "OPS", "Op"]


@dataclass(frozen=True, slots=True)
class Op:
    """One primitive.

    Attributes
    ----------
    name
        Its name; for a function also the name in formulas.
    arity
        Number of operands.
    meaning
        One line for error messages and the documentation.
    function
        True where a formula calls it by name, ``tanh(z)``.
    boolean
        True where the result is a truth value, which only ``where`` accepts.
    """

    name: str
    arity: int
    meaning: str
    function: bool = True
    boolean: bool = False


OPS: dict[str, Op] = {
    op.name: op
    for op in (
        Op("add", 2, "a + b", function=False),
        Op("sub", 2, "a - b", function=False),
        Op("mul", 2, "a * b", function=False),
        Op("div", 2, "a / b", function=False),
        Op("neg", 1, "-a", function=False),
        Op("pow", 2, "a ** b", function=False),
        Op("lt", 2, "a < b", function=False, boolean=True),
        Op("le", 2, "a <= b", function=False, boolean=True),
        Op("eq", 2, "a == b", function=False, boolean=True),
        Op("where", 3, "where(condition, a, b): a where the condition holds, else b"),
        Op("exp", 1, "e to the power of a"),
        Op("expm1", 1, "exp(a) - 1, exact near 0"),
        Op("log", 1, "natural logarithm"),
        Op("log1p", 1, "log(1 + a), exact near 0"),
        Op("sqrt", 1, "square root"),
        Op("abs", 1, "absolute value"),
        Op("sign", 1, "-1, 0 or 1"),
        Op("min", 2, "the smaller of two or more"),
        Op("max", 2, "the larger of two or more"),
        Op("tanh", 1, "hyperbolic tangent"),
        Op("sinh", 1, "hyperbolic sine"),
        Op("cosh", 1, "hyperbolic cosine"),
        Op("sin", 1, "sine, in radians"),
        Op("cos", 1, "cosine, in radians"),
        Op("atan", 1, "inverse tangent"),
        Op("erf", 1, "error function"),
        Op("erfc", 1, "1 - erf(a), exact in the tail"),
        Op("sigmoid", 1, "1 / (1 + exp(-a))"),
        Op("softplus", 1, "log(1 + exp(a))"),
        Op("Phi", 1, "distribution function of the standard normal"),
    )
}

FUNCTIONS: tuple[str, ...] = tuple(op.name for op in OPS.values() if op.function)
CONSTANTS: tuple[str, ...] = ("pi", "e")
