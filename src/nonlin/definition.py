"""Activations from formulas of one's own."""

from __future__ import annotations

from nonlin.activation import Activation
from nonlin.arrays import real_number
from nonlin.catalogue import Entry, Parameter
from nonlin.errors import FormulaError

__all__ = ["define"]


def define(formula: str, name: str | None = None, **parameters: float) -> Activation:
    """An activation from a formula.

    Parameters
    ----------
    formula
        In z, for example ``"z * tanh(softplus(z))"``; see :mod:`nonlin.formula` for the language. It may be
        typed as one writes, too: ``"2z^2"`` (:mod:`nonlin.formula_typed`).
    name
        What to call it (``"f"`` if not given).
    **parameters
        The parameters of the formula, with their defaults.

    Raises
    ------
    FormulaError
        The text is no formula, or has a name that is not among the parameters.
    ParameterError
        A default is no finite real number.

    Examples
    --------
    >>> f = define("max(a*z, z)", a=0.25)
    >>> f([-4.0, 1.0]), f.derivative(-4.0)
    (array([-1.,  1.]), np.float64(0.25))
    >>> define("2z e^-z^2").formula
    '2*z*exp(-z**(2))'
    """
    from nonlin.formula import names_in
    from nonlin.formula_typed import read_typed

    name = "f" if name is None else name
    if not isinstance(name, str) or not name.isidentifier() or len(name) > 60:
        raise FormulaError(f"{name!r:.60} is no name", hint="use letters, digits and _")
    given: dict[str, Parameter] = {}
    for key, value in parameters.items():
        if key == "out":
            raise FormulaError(
                "'out' cannot be a parameter's name", hint="a call's out= is the array to write to"
            )
        default = real_number(value, f"the parameter {key}")
        spread = max(1.0, 2 * abs(default))
        low = 0.0 if default > 0 else default - spread
        given[key] = Parameter(default, low, default + spread, "")
    expression, formula = read_typed(formula, given)
    unused = sorted(set(given) - set(expression.parameters) - set(names_in(formula)))
    if unused:
        raise FormulaError(
            f"the parameter {unused[0]} does not occur in the formula", formula, hint="leave it out"
        )
    return Activation(
        Entry(
            name=name, title=name, formula=formula, summary="A formula of your own.", citation="",
            url=None, parameters=given,
        )
    )  # fmt: skip
