"""The error hierarchy: every error that nonlin raises on purpose derives from :class:`NonlinError`.

Each class also derives from the built-in error that a caller would expect, so that
``except ValueError`` and ``except TypeError`` go on working.
"""

from __future__ import annotations

__all__ = [
    "CompileError",
    "DtypeError",
    "FormulaError",
    "InterchangeError",
    "NetworkError",
    "NoSuchActivationError",
    "NonlinError",
    "NotAFunctionOfOutputError",
    "ParameterError",
]


class NonlinError(Exception):
    """Base class of all errors that nonlin raises on purpose."""


class FormulaError(NonlinError, ValueError):
    """A formula that is not one.

    Parameters
    ----------
    message
        What was wrong.
    formula
        The text as it was given.
    position, length
        Where: 0-based column of the first wrong character, and how many. ``None`` where the
        whole formula is meant.
    hint
        What would be right.

    Examples
    --------
    >>> print(FormulaError("unknown name 'x'", "x + 1", 0, 1, "the variable is called z"))
    unknown name 'x': the variable is called z
      x + 1
      ^
    """

    def __init__(
        self,
        message: str,
        formula: str = "",
        position: int | None = None,
        length: int = 1,
        hint: str = "",
    ) -> None:
        self.message = message
        self.formula = formula
        self.position = position
        self.length = max(1, length)
        self.hint = hint
        super().__init__(self._render())

    def __reduce__(self) -> tuple[type[FormulaError], tuple[object, ...]]:
        return (
            type(self),
            (self.message, self.formula, self.position, self.length, self.hint),
        )

    def _render(self) -> str:
        text = f"{self.message}: {self.hint}" if self.hint else self.message
        if self.position is None or not self.formula:
            return text
        # A window of the formula, so that a place in a long one stays readable.
        start = max(0, self.position - 40)
        # Control characters would move the caret, or do more to a terminal.
        shown = "".join(c if c.isprintable() else " " for c in self.formula[start : start + 80])
        left = "…" if start else ""
        right = "…" if start + 80 < len(self.formula) else ""
        column = len(left) + self.position - start
        caret = "^" * min(self.length, max(1, len(left) + len(shown) - column))
        return f"{text}\n  {left}{shown}{right}\n  {' ' * column}{caret}"


class NoSuchActivationError(NonlinError, AttributeError, KeyError):
    """A name that is not in the catalogue; the message offers the nearest ones."""

    def __str__(self) -> str:  # KeyError would quote the message
        return str(self.args[0]) if self.args else ""


class ParameterError(NonlinError, TypeError, ValueError):
    """A parameter that the activation does not have, or a value that it cannot take."""


class DtypeError(NonlinError, TypeError):
    """An array whose dtype has no real floating-point meaning (complex, object, text, …)."""


class InterchangeError(NonlinError, TypeError, ValueError):
    """An array of another library that cannot be read where it is; the message says what would do."""


class NotAFunctionOfOutputError(NonlinError, ValueError):
    """The derivative cannot be computed from the output alone; the message says why."""


class CompileError(NonlinError, RuntimeError):
    """A target lacks an operation, or the machine-code generator refused a program."""


class NetworkError(NonlinError, ValueError):
    """A network that cannot be, or data that it cannot take; the message says which and where."""
