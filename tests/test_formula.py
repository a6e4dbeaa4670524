"""What a text means as a formula: read by hand, and beside Python itself."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formula_texts import (
    COMPARISONS,
    FUNCTION_NAMES,
    VALUES,
    answer,
    formulas,
)
from nonlin.errors import FormulaError
from nonlin.expression import PI, E, Expr, Z, call, number, param, where
from nonlin.formula import MAX_LENGTH, names_in, parse
from nonlin.notation import text as written
from nonlin.ops import FUNCTIONS, OPS
from nonlin.oracle import evaluate

A, B = param("a"), param("beta")
READ = {
    "z": Z,
    "a": A,
    "pi": PI,
    "e": E,
    "z + a": Expr("add", (Z, A)),
    "z - a": Expr("sub", (Z, A)),
    "z * a": Expr("mul", (Z, A)),
    "z / a": Expr("div", (Z, A)),
    "z ** a": Expr("pow", (Z, A)),
    "-z": Expr("neg", (Z,)),
    "+z": Z,
    "-2": number(-2),
    "--z": Expr("neg", (Expr("neg", (Z,)),)),
    "0 + z": Expr("add", (number(0), Z)),  # as written: nothing is simplified
    "((z))": Z,
    # precedence
    "z + a * beta": Expr("add", (Z, Expr("mul", (A, B)))),
    "z - a - beta": Expr("sub", (Expr("sub", (Z, A)), B)),
    "z / a * beta": Expr("mul", (Expr("div", (Z, A)), B)),
    "z / a / beta": Expr("div", (Expr("div", (Z, A)), B)),
    "-z**2": Expr("neg", (Expr("pow", (Z, number(2))),)),
    "(-z)**2": Expr("pow", (Expr("neg", (Z,)), number(2))),
    "-2**2": Expr("neg", (Expr("pow", (number(2), number(2))),)),
    "2**-z": Expr("pow", (number(2), Expr("neg", (Z,)))),
    "z**-2": Expr("pow", (Z, number(-2))),
    "-z * a": Expr("mul", (Expr("neg", (Z,)), A)),
    "z**(1/3)": Expr("pow", (Z, number(Fraction(1, 3)))),
    "z**(2 - 3 * 0.5)": Expr("pow", (Z, number(Fraction(1, 2)))),
    "(z**2)**3": Expr("pow", (Expr("pow", (Z, number(2))), number(3))),
    # functions and branches
    "max(z, a, 1)": call("max", call("max", Z, A), 1),
    "min(z, a, beta, 0)": call("min", call("min", call("min", Z, A), B), 0),
    "where(z < a, 1, 2)": where(call("lt", Z, A), 1, 2),
    "where(z <= a, 1, 2)": where(call("le", Z, A), 1, 2),
    "where(z > a, 1, 2)": where(call("lt", A, Z), 1, 2),
    "where(z >= a, 1, 2)": where(call("le", A, Z), 1, 2),
    "where(z == a, 1, 2)": where(call("eq", Z, A), 1, 2),
    "where(z != a, 1, 2)": where(call("eq", Z, A), 2, 1),
    "where((z < a), 1, 2)": where(call("lt", Z, A), 1, 2),
    "where(0 <= z < a, 1, 2)": where(
        call("le", number(0), Z), where(call("lt", Z, A), 1, 2), number(2)
    ),
    "exp(z,)": call("exp", Z),
    # space
    " \t z\n +\r\n a ": Expr("add", (Z, A)),
    "\n\nexp (z)": call("exp", Z),
    "z+\na": Expr("add", (Z, A)),
}


@pytest.mark.parametrize("formula", READ)
def test_read(formula: str) -> None:
    assert parse(formula, VALUES) is READ[formula]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_take_their_operands(name: str) -> None:
    operands = ["z", "a", "beta"][: OPS[name].arity]
    if name == "where":
        operands[0] = "z < 1"
    expr = parse(f"{name}({', '.join(operands)})", VALUES)
    assert (expr.op, len(expr.args)) == (name, OPS[name].arity)
    for count in {0, 1, 2, 3, 4} - {OPS[name].arity}:
        if name in ("min", "max") and count > 1:
            continue
        with pytest.raises(FormulaError, match=rf"^{name} takes .* argument"):
            parse(f"{name}({', '.join('z' * count)})")


NUMBERS = {
    "0": 0, "7": 7, "0.1": Fraction(1, 10), ".5": Fraction(1, 2), "5.": 5, "1e3": 1000,
    "1E-3": Fraction(1, 1000), "2.5e+2": 250, "5.e2": 500, "0.044715": Fraction(44715, 10**6),
    "1.0507009873554804934193349852946":
        Fraction(10507009873554804934193349852946, 10**31),
    "9" * 50: 10**50 - 1, "1e300": 10**300, "1e-300": Fraction(1, 10**300), "0e0": 0,
    "00": 0, "1_000": 1000, "1_0.2_5": Fraction(41, 4),  # as Python groups digits
}  # fmt: skip


@pytest.mark.parametrize("literal", NUMBERS)
def test_numbers_are_exact(literal: str) -> None:
    expr = parse(literal)
    assert expr.is_number and expr.fraction == NUMBERS[literal]
    assert parse(f"-{literal}").fraction == -NUMBERS[literal]


def test_parameters_come_before_what_is_no_function() -> None:
    assert parse("add + lt", ["add", "lt"]) == Expr("add", (param("add"), param("lt")))


@pytest.mark.parametrize(
    "name", ["z", "e", "pi", "exp", "where", "lambda", "True", "_a", "2a", "a b", "", "ä", "a" * 33, 5]
)  # fmt: skip
def test_names_that_no_parameter_can_have(name: Any) -> None:
    with pytest.raises(FormulaError, match="cannot be a parameter's name") as caught:
        parse("z", [name])
    assert caught.value.hint


def test_names_in() -> None:
    assert names_in("b * foo(a + z, k=c) + b\n- exp(d)**pi") == ("b", "a", "c", "d")


class Undefined(Exception):
    """What Python would compute is no real number, or out of all proportion."""


def by_python(formula: str, z: float, bits: int) -> Any:
    """The value of a formula of this test's own making, worked out by Python itself."""
    m = mpmath.MPContext()
    m.prec = bits

    def real(function: Callable[..., Any], most: float = math.inf) -> Callable[..., Any]:
        def checked(*args: Any) -> Any:
            if any(isinstance(x, m.mpc) or not abs(x) < most for x in args):
                raise Undefined
            return function(*args)

        return checked

    exp = real(m.exp, 1e5)
    known = {
        "exp": exp,
        "expm1": lambda x: exp(x) - 1,
        "log": real(m.log),
        "log1p": real(lambda x: m.log(1 + x)),
        "sqrt": real(m.sqrt),
        "abs": real(abs),
        "sign": real(lambda x: (x > 0) - (x < 0)),
        "min": real(min),
        "max": real(max),
        "tanh": lambda x: (exp(x) - exp(-x)) / (exp(x) + exp(-x)),
        "sinh": lambda x: (exp(x) - exp(-x)) / 2,
        "cosh": lambda x: (exp(x) + exp(-x)) / 2,
        "sin": real(m.sin, 1e5),
        "cos": real(m.cos, 1e5),
        "atan": real(m.atan),
        "erf": real(m.erf, 1e3),
        "erfc": real(m.erfc, 1e3),
        "sigmoid": lambda x: 1 / (1 + exp(-x)),
        "softplus": lambda x: m.log(1 + exp(x)),
        "Phi": lambda x: real(m.ncdf, 1e3)(x),
        "where": lambda condition, a, b: a if condition else b,
        "pi": +m.pi,
        "e": +m.e,
        "z": m.mpf(z),
        **{name: m.mpf(value) for name, value in VALUES.items()},
    }
    # Literals are exact in a formula; Python would round them to doubles first.
    digits = re.sub(
        r"(?<![\w.])(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d+)?",
        lambda found: f"number('{found[0].replace('_', '')}')",
        " ".join(formula.split()),
    )
    try:
        value = eval(digits, {"__builtins__": {}}, known | {"number": m.mpf})
    except (ZeroDivisionError, OverflowError, TypeError) as error:  # TypeError: complex < real
        raise Undefined from error
    if isinstance(value, m.mpc) or not m.isfinite(value):
        raise Undefined
    return m.mpf(value)


def agrees(formula: str, z: float) -> bool | None:
    """Whether Python gets the same, or None where it gets nothing or nothing certain."""
    try:
        want, rough = by_python(formula, z, 3000), by_python(formula, z, 2500)
    except Undefined:
        return None
    if not near(rough, want):
        return None
    return near(evaluate(parse(formula, VALUES), z, VALUES, 3000), want)


def near(value: Any, want: Any) -> bool:
    """Whether two values are equal, but for the last bits of a computation with some thousand."""
    tiny = mpmath.ldexp(1, -1500)
    return bool(abs(value - want) <= max(abs(want) * mpmath.ldexp(1, -200), tiny))


MEANINGS = [
    *(f"{name}(z)" for name in FUNCTION_NAMES),
    *(f"where(z {sign} a, 2*z, z - 3)" for sign in COMPARISONS),
    *(f"where(0 {one} z {two} a, 2*z, z - 3)" for one in COMPARISONS for two in COMPARISONS),
    "2 - 3 - z", "2 / 3 / z", "2 * 3 / 4 * z", "-z**2 + 2**-z", "z - -z", "2**3 * z**2",
    "0.1 + 0.2 + z", "max(z, a, beta, 0.3) - min(z, a, 0.1)", "z**0.5", "z**(-1/3)", "+z - +-2",
    "exp(-z**2 / 2) / sqrt(2 * pi)", "z * tanh(log(1 + exp(z)))", "(a - z)*(a + z)/beta",
    "where(z == 0, 1, sin(z) / z)", "e**z - exp(z)/3",
]  # fmt: skip


@pytest.mark.parametrize("formula", MEANINGS)
def test_meaning(formula: str) -> None:
    found = [agrees(formula, z) for z in (-1.5, 0.0, 0.75, 1.25, 3.0)]
    assert False not in found and True in found


@settings(deadline=None, max_examples=300)
@given(formulas(12), st.sampled_from([-1.5, 0.0, 0.75, 3.0]))
def test_meaning_of_any_formula(formula: str, z: float) -> None:
    try:
        assert agrees(formula, z) in (True, None)
    except FormulaError as error:
        assert re.search("division by zero|exponent|numbers in this formula", error.message)


@settings(deadline=None, max_examples=150)
@given(formulas(12))
def test_what_is_written_out_reads_the_same(formula: str) -> None:
    expr = answer(formula)
    if not isinstance(expr, Expr) or len(written(expr)) > MAX_LENGTH:
        return
    again = answer(written(expr))
    if isinstance(again, FormulaError):  # just within the bound, and written a little longer
        assert again.message == "the numbers in this formula are too large"
        return
    for z in (-1.5, 0.0, 0.75):
        before, after = (evaluate(e, z, VALUES, 3000) for e in (expr, again))
        assert str(after) == str(before) or near(after, before)
