"""An expression computed by another library: the same tree, operation by operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nonlin.expression import Expr

__all__ = ["evaluate", "table", "written"]


def evaluate(
    expr: Expr,
    z: Any,
    parameters: Mapping[str, float],
    operations: Mapping[str, Callable[..., Any]],
) -> Any:
    """The value of a formula.

    Raises
    ------
    LookupError
        The library lacks an operation.

    Examples
    --------
    >>> import numpy as np
    >>> from nonlin.formula import parse
    >>> evaluate(parse("z * exp(-z)"), np.float64(0.0), {}, table(np))
    np.float64(0.0)
    """
    from nonlin.expression import walk

    values: dict[Expr, Any] = {}
    for node in walk(expr):
        if node.op == "z":
            values[node] = z
        elif node.op == "param":
            values[node] = parameters[str(node.value)]
        elif node.is_constant and node.op not in ("lt", "le", "eq"):
            values[node] = _number(node)
        elif node.op in operations:
            values[node] = operations[node.op](*(values[a] for a in node.args))
        else:
            raise LookupError(node.op)
    return values[expr]


def _number(node: Expr) -> float:
    from nonlin.oracle import accurate

    return float(node.fraction) if node.is_number else float(accurate(node, 0.0, {}))


def table(library: Any, **special: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """Operations of a library with NumPy's names; ``special`` has what it calls otherwise.

    Sigmoid and softplus are put together of exp and log1p where they are not given.
    """
    np = library
    found: dict[str, Callable[..., Any]] = {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
        "neg": lambda a: -a,
        "pow": _power,
        "lt": lambda a, b: a < b,
        "le": lambda a, b: a <= b,
        "eq": lambda a, b: a == b,
        "min": lambda a, b: np.minimum(a, b),
        "max": lambda a, b: np.maximum(a, b),
        "where": lambda c, a, b: np.where(c, a, b),
        "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
        "softplus": lambda a: np.maximum(a, 0) + np.log1p(np.exp(-abs(a))),
    }
    names = (
        "exp",
        "expm1",
        "log",
        "log1p",
        "sqrt",
        "abs",
        "sign",
        "tanh",
        "sinh",
        "cosh",
        "sin",
        "cos",
    )
    found |= {name: getattr(np, name) for name in names if hasattr(np, name)}
    if hasattr(np, "arctan"):
        found["atan"] = np.arctan
    return found | special


def _power(a: Any, b: Any) -> Any:
    """a**b; small whole powers as the products that are quicker."""
    if not isinstance(b, float) or b not in (2.0, 3.0, 4.0):
        return a**b
    square = a * a
    return square if b == 2.0 else square * a if b == 3.0 else square * square


_INFIX = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "pow": "**",
    "lt": "<",
    "le": "<=",
    "eq": "==",
}
_CALLED = {
    "exp": "exp", "expm1": "expm1", "log": "log", "log1p": "log1p", "sqrt": "sqrt", "abs": "abs",
    "tanh": "tanh", "sinh": "sinh", "cosh": "cosh", "sin": "sin", "cos": "cos", "atan": "arctan",
    "where": "where", "min": "minimum", "max": "maximum",
}  # fmt: skip


def written(expr: Expr, parameters: Mapping[str, float]) -> str:
    """The formula as text for numexpr, with the numbers in it.

    >>> from nonlin.formula import parse
    >>> written(parse("z * sigmoid(a * z)", ["a"]), {"a": 2.0})
    '(z * (1 / (1 + exp(-(2.0 * z)))))'
    """

    def text(node: Expr) -> str:
        if node.op == "z":
            return "z"
        if node.op == "param":
            return repr(float(parameters[str(node.value)]))
        if node.is_constant and node.op not in ("lt", "le", "eq"):
            value = _number(node)
            return repr(int(value)) if value == int(value) else repr(value)
        args = [text(a) for a in node.args]
        if node.op in _INFIX:
            return f"({args[0]} {_INFIX[node.op]} {args[1]})"
        if node.op == "neg":
            return f"(-{args[0]})"
        if node.op == "sigmoid":
            return f"(1 / (1 + exp(-{args[0]})))"
        if node.op == "softplus":
            return f"(maximum({args[0]}, 0) + log1p(exp(-abs({args[0]}))))"
        if node.op not in _CALLED:
            raise LookupError(node.op)
        return f"{_CALLED[node.op]}({', '.join(args)})"

    return text(expr)
