"""Text becomes an expression or a clean error, quickly.

The long run, with as many texts as you like, prints what became of them::

    NONLIN_FORMULAS=100000 pytest tests/test_formula.py -k hostile

It also derives and lowers each tenth of as many formulas, which takes most of its time.
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import re
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

import mpmath
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nonlin
from nonlin.errors import FormulaError, NonlinError
from nonlin.expression import PI, E, Expr, Z, call, number, param, walk, where
from nonlin.formula import MAX_BITS, MAX_DEPTH, MAX_EXPONENT, MAX_LENGTH, MAX_NODES, names_in, parse
from nonlin.notation import text as written
from nonlin.ops import FUNCTIONS, OPS
from nonlin.oracle import evaluate

VALUES = {"a": 1.25, "beta": -0.5}
QUICK = 0.05
"""Seconds within which every text is answered: the one time limit of the suite, for safety's sake."""
BOUND = 5.0
"""Seconds of the processor's time within which a formula is derived and lowered: less than two on a
processor of one's own, but where others share its caches the same work takes twice as long."""
TOTAL = int(os.environ.get("NONLIN_FORMULAS", "0"))
"""Texts in the long run, or 0."""


# -- what is accepted ----------------------------------------------------------------------------
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


# -- what it means -------------------------------------------------------------------------------
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


# -- what is refused -----------------------------------------------------------------------------
NOTHING = None  # where the whole formula is meant
SUM = "+".join(["z"] * 60)
REFUSED: list[tuple[Any, str, str | None]] = [
    # more than can be computed
    ("9**9**9**9", "a constant exponent has to be a plain number", "9**9"),
    ("9**9**9", "a constant exponent has to be a plain number", "9**9"),
    ("((9**64)**64)**64", "the numbers in this formula are too large", "(9**64)**64"),
    ("((((z*2)**64)**64)**64)**64", "the numbers in this formula are too large", "(((z*2)**64)**64)**64"),
    ("(1e300*z)**64", "the numbers in this formula are too large", "(1e300*z)**64"),
    (f"z**{MAX_EXPONENT + 1}", "this exponent is too large", "65"),
    (f"z**-{MAX_EXPONENT + 1}", "this exponent is too large", "-65"),
    ("z**64.5", "this exponent is too large", "64.5"),
    ("z**(10*10)", "this exponent is too large", "10*10"),
    ("z**1e300", "this exponent is too large", "1e300"),
    ("z**pi", "a constant exponent has to be a plain number", "pi"),
    ("z**exp(1)", "a constant exponent has to be a plain number", "exp(1)"),
    ("z**(1/0)", "division by zero", "0"),
    ("z**(z**z)", "an exponent cannot hold another power", "z**z"),
    ("z**a**beta", "an exponent cannot hold another power", "a**beta"),
    ("1/0", "division by zero", "0"),
    ("z/(1 - 1)", "division by zero", "1 - 1"),
    ("z/-0.0", "division by zero", "-0.0"),
    ("0**-1", "division by zero", "0"),
    ("(2 - 2)**(-1/2)", "division by zero", "2 - 2"),
    ("1e400", "this number's exponent is too large", "1e400"),
    ("z + 1e-400", "this number's exponent is too large", "1e-400"),
    ("1e99999", "this number's exponent is too large", "1e99999"),
    ("z*" + "9" * 51, "this number is too long", "9" * 51),
    ("9" * 1000, "this number is too long", "9" * 1000),
    ("0." + "0" * 60 + "1", "this number is too long", "0." + "0" * 60 + "1"),
    # more than is read
    ("z" * 1001, "the formula has 1001 characters", "z"),
    ("(" * 10_000 + "z" + ")" * 10_000, "the formula has 20001 characters", "("),
    ("(" * 51 + "z" + ")" * 51, f"more than {MAX_DEPTH} brackets are open", "("),
    ("(" * 999, f"more than {MAX_DEPTH} brackets are open", "("),
    ("-" * 999 + "z", "the formula is nested too deeply", "-" * (999 - MAX_DEPTH - 1) + "z"),
    ("- " * 60 + "z", "the formula is nested too deeply", "- " * 9 + "z"),
    ("+" * 60 + "z", "the formula is nested too deeply", "+" * 9 + "z"),
    (SUM, "the formula is nested too deeply", "+".join("z" * (60 - MAX_DEPTH - 1))),
    ("z" + "**z" * 30, "an exponent cannot hold another power", "z**z"),
    ("exp(" * 51 + "z" + ")" * 51, f"more than {MAX_DEPTH} brackets are open", "("),
    ("where(z>0," * 60 + "z" + ",0)" * 60, f"more than {MAX_DEPTH} brackets are open", "("),
    (f"max({','.join('z' * 450)})", "the formula is too large", "z"),
    (f"exp(max({','.join('z' * 399)}))", "the formula is too large", "z"),
    ("where(0<z<1<2<3,1," * 9 + "z" + ")" * 9, "the formula is too large", NOTHING),
    # Python's, not ours
    ("__import__('os')", 'the character "\'" has no meaning in a formula', "'"),
    ("__import__(z)", "unknown function '__import__'", "__import__"),
    ("eval(z)", "unknown function 'eval'", "eval"),
    ("z.__class__", "there are no dotted names", "z.__class__"),
    ("z.__class__.__base__", "there are no dotted names", "z.__class__.__base__"),
    ("().__class__", "there are no dotted names", "().__class__"),
    ("np.exp(z)", "there are no dotted names", "np.exp"),
    ("exp(z).real", "there are no dotted names", "exp(z).real"),
    ("lambda: z", 'the character ":" has no meaning in a formula', ":"),
    ("lambda", "this is not a formula", "a"),
    ("[z for z in z]", 'the character "[" has no meaning in a formula', "["),
    ("(z for z in z)", "'(z for z in z)' is not part of a formula", "(z for z in z)"),
    ("exp(z for z in z)", "'(z for z in z)' is not part of a formula", "(z for z in z)"),
    ("(z := 1)", 'the character ":" has no meaning in a formula', ":"),
    ("f'{z}'", 'the character "\'" has no meaning in a formula', "'"),
    ("'z'", 'the character "\'" has no meaning in a formula', "'"),
    ('"z"', 'the character """ has no meaning in a formula', '"'),
    ("b'z'", 'the character "\'" has no meaning in a formula', "'"),
    ("z + 1j", "only real numbers are allowed", "1j"),
    ("True", "only real numbers are allowed", "True"),
    ("None", "only real numbers are allowed", "None"),
    ("...", "only real numbers are allowed", "..."),
    ("exp(a=z)", "exp takes no named arguments", "exp(a=z)"),
    ("where(z > 0, b=1, a=2)", "where takes no named arguments", "where(z > 0, b=1, a=2)"),
    ("exp(**z)", "exp takes no named arguments", "exp(**z)"),
    ("max(*z, 1)", "'*z' is not part of a formula", "*z"),
    ("*z", "this is not a formula", "*"),
    ("[z]", 'the character "[" has no meaning in a formula', "["),
    ("z[0]", 'the character "[" has no meaning in a formula', "["),
    ("{}", 'the character "{" has no meaning in a formula', "{"),
    ("()", "'()' is not part of a formula", "()"),
    ("z, z", "'z, z' is not part of a formula", "z, z"),
    ("z if z else 1", "there is no if", "z if z else 1"),
    ("1 + (z and 1)", "there is no and, or, not", "z and 1"),
    ("z or 1", "there is no and, or, not", "z or 1"),
    ("not z", "there is no and, or, not", "not z"),
    ("z // 2", "there is no operator //", "//"),
    ("(z) // (2)", "there is no operator //", "//"),
    ("z << 1", "there is no operator <<", "<<"),
    ("(z * z)\n>> 1", "there is no operator >>", ">>"),
    ("z % 2", 'the character "%" has no meaning in a formula', "%"),
    ("z^2", 'the character "^" has no meaning in a formula', "^"),
    ("z @ z", 'the character "@" has no meaning in a formula', "@"),
    ("z | 1", 'the character "|" has no meaning in a formula', "|"),
    ("z & 1", 'the character "&" has no meaning in a formula', "&"),
    ("~z", 'the character "~" has no meaning in a formula', "~"),
    ("z; z", 'the character ";" has no meaning in a formula', ";"),
    ("z # z", 'the character "#" has no meaning in a formula', "#"),
    ("z \\\n+ 1", 'the character "\\" has no meaning in a formula', "\\"),
    ("(yield z)", "'yield z' is not part of a formula", "yield z"),
    ("(await z)", "'await z' is not part of a formula", "await z"),
    ("import os", "this is not a formula", "import"),
    ("z = 1", "this is not a formula", "="),
    # comparisons in a wrong place
    ("z < 1", "a comparison can stand only inside where()", "z < 1"),
    ("0 < z < 1", "a comparison can stand only inside where()", "0 < z < 1"),
    ("1 + (z != 0)", "a comparison can stand only inside where()", "z != 0"),
    ("where(z > 0, z < 1, 2)", "a comparison can stand only inside where()", "z < 1"),
    ("where((z > 0) > 1, z, 2)", "a comparison can stand only inside where()", "z > 0"),
    ("where(z, z, 0)", "the first argument of where() is a comparison", "z"),
    ("where(z > 0 and z < 1, z, 0)", "the first argument of where() is a comparison",
     "z > 0 and z < 1"),
    ("where(z in z, 1, 2)", "this comparison is unknown", "z in z"),
    ("where(z is not 1, 1, 2)", "this comparison is unknown", "z is not 1"),
    # looks alike
    ("ｚ", 'the character "ｚ" has no meaning in a formula', "ｚ"),
    ("z − 1", 'the character "−" has no meaning in a formula', "−"),
    ("2×z", 'the character "×" has no meaning in a formula', "×"),
    ("z²", 'the character "²" has no meaning in a formula', "²"),
    ("z⁴", 'the character "⁴" has no meaning in a formula', "⁴"),
    ("2 * π", 'the character "π" has no meaning in a formula', "π"),
    ("α * z", 'the character "α" has no meaning in a formula', "α"),
    ("𝐳", 'the character "𝐳" has no meaning in a formula', "𝐳"),
    ("z\u00a0+ 1", "the character U+00A0 has no meaning in a formula", "\u00a0"),
    ("z\u200b", "the character U+200B has no meaning in a formula", "\u200b"),
    ("\ufeffz", "the character U+FEFF has no meaning in a formula", "\ufeff"),
    ("e\u0301", 'the character "\u0301" has no meaning in a formula', "\u0301"),
    ("٣", 'the character "٣" has no meaning in a formula', "٣"),
    ("z\x00", "the character U+0000 has no meaning in a formula", "\x00"),
    ("z\x1b[31m", "the character U+001B has no meaning in a formula", "\x1b"),
    ("z\x0c+ 1", "the character U+000C has no meaning in a formula", "\x0c"),
    ("z\x7f", "the character U+007F has no meaning in a formula", "\x7f"),
    ("z\ud800", "the character U+D800 has no meaning in a formula", "\ud800"),
    # slips
    ("", "the formula is empty", NOTHING),
    (" \t\r\n", "the formula is empty", NOTHING),
    ("(z", "a bracket is never closed", "("),
    ("z)", "a bracket is closed that was never opened", ")"),
    ("z)(", "a bracket is closed that was never opened", ")"),
    ("exp(z, (1)", "a bracket is never closed", "("),
    ("z +", "this is not a formula", "+"),
    ("(z) *  ", "this is not a formula", "*"),
    ("* z", "this is not a formula", "*"),
    ("z z", "this is not a formula", "z"),
    ("  2z", "this is not a formula", "2"),
    ("sin z", "this is not a formula", "z"),
    ("2(z)", "only functions can be called", "2(z)"),
    ("exp(z)(z)", "only functions can be called", "exp(z)(z)"),
    ("z(2)", "z is not a function", "z"),
    ("pi(2)", "pi is not a function", "pi"),
    ("a(z)", "a is not a function", "a"),
    ("exp", "exp is a function", "exp"),
    ("1 + where", "where is a function", "where"),
    ("exp()", "exp takes 1 argument, not 0", "exp()"),
    ("exp(z, z)", "exp takes 1 argument, not 2", "exp(z, z)"),
    ("max(z)", "max takes two or more arguments", "max(z)"),
    ("where(z > 0, z)", "where takes 3 arguments, not 2", "where(z > 0, z)"),
    ("x", "unknown name 'x'", "x"),
    ("add", "unknown name 'add'", "add"),
    ("add(z, z)", "unknown function 'add'", "add"),
    ("\n\n z + y", "unknown name 'y'", "y"),
    ("ln(z)", "unknown function 'ln'", "ln"),
    ("y" * 900, f"unknown name '{'y' * 39}", "y" * 900),
    ("0x10", "only decimal numbers are allowed", "0x10"),
    ("0b1", "only decimal numbers are allowed", "0b1"),
    ("007", "this is not a formula", "00"),
    ("1__0", "this is not a formula", "_"),
    ("1e", "this is not a formula", "1"),
    ("1.2.3", "this is not a formula", ".3"),
    # no text
    (None, "a formula is text, not NoneType", NOTHING),
    (1, "a formula is text, not int", NOTHING),
    (b"z", "a formula is text, not bytes", NOTHING),
    (["z"], "a formula is text, not list", NOTHING),
]  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "message", "pointed"), REFUSED, ids=[ascii(t)[:40] for t, _, _ in REFUSED]
)
def test_refused(formula: Any, message: str, pointed: str | None) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(formula, VALUES)
    error = caught.value
    assert error.message == message
    assert error.hint
    if pointed is not NOTHING:
        assert error.position is not None
        assert error.formula[error.position : error.position + error.length] == pointed
    well_formed(error, formula)
    assert seconds(formula) < QUICK


HINTS = {
    "z^2": "powers are written with **, as in z**2",
    "z⁴": "write **4",
    "ｚ": "it only looks like z: type that",
    "z\u00a0+ 1": "type a plain space",
    "1e": "digits are missing after the e of a number, as in 1.5e-3",
    "007": "a whole number does not begin with 0",
    "2z": "a product needs its *, as in 2 * z",
    "z +": "something is missing after an operator or a comma",
    "sin z": "an operator is missing, or the brackets after a function",
    "x": "the variable is called z",
    "ln(z)": "it is called log here",
    "softpluss(z)": "did you mean softplus?",
    "where": "it needs brackets: where(z > 0, z, 0)",
    "np.exp(z)": "write exp(z), not np.exp(z)",
    "z if z else 1": "write where(condition, a, b)",
}


@pytest.mark.parametrize("formula", HINTS)
def test_hints(formula: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(formula)
    assert caught.value.hint == HINTS[formula]


def test_limits_are_reached() -> None:
    """What is just within the bounds is read."""
    for formula in (
        "(" * MAX_DEPTH + "z" + ")" * MAX_DEPTH,
        "-" * MAX_DEPTH + "z",
        f"max({','.join('z' * (MAX_NODES - 1))})",
        f"z**{MAX_EXPONENT} + z**-{MAX_EXPONENT}",
        "z".ljust(MAX_LENGTH),
        f"z * (1e300)**{MAX_BITS // 1024}",
        "+".join(["(" * 44 + "z" + ")**(-1)" * 44] * 2),
        "where(0<=z<1," * 5 + "1" + ",2)" * 5,
    ):
        assert isinstance(parse(formula), Expr)
        assert seconds(formula) < QUICK


def test_long_numbers_can_be_shown() -> None:
    """Python refuses to write a number of more than 4300 digits in decimals."""
    shown = [repr(number(sign * Fraction(10**5000, 3**d))) for sign in (1, -1) for d in (0, 1)]
    assert len(set(shown)) == 4 and all(s.startswith("number(") for s in shown)


# -- what is hostile -----------------------------------------------------------------------------
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


TOKENS = [
    *FUNCTIONS, *ATOMS, *COMPARISONS, *COMPARISONS, *"+-*/(),()(),()", "**", "**", "-", " ", "\n",
    "exp(", "where(", "max(", "b", "x", "1e999", "64", "65", "**64", "**-2", "z)", "=", "!", ".",
    "_", "//", "<<", "1j", "0x1", "lambda ", " if ", " else ", " for ", " in ", " not ", " and ",
    " is ", " await ", " yield ", "True", "None", "*z", "**z", "a=", "import ", " as ", "e5",
]  # fmt: skip


def mutated(random: Random, size: int) -> str:
    """A formula with a few characters or pieces changed."""
    text = formula(random, size)
    for _ in range(random.choice([1, 1, 2, 4])):
        start = random.randint(0, len(text))
        end = min(len(text), start + random.randint(0, 6))
        match random.choice("dircpssss"):
            case "s":  # one sign, name or number for another of its kind
                kind, others = random.choice([(r"[+*/-]", "+-*/"), (r"\b[z\d]+\b", ATOMS)])
                places = list(re.finditer(kind, text))
                if places:
                    start, end = random.choice(places).span()
                    text = text[:start] + random.choice(others) + text[end:]
            case "d":
                text = text[:start] + text[end:]
            case "i":
                text = text[:start] + random.choice(TOKENS) + text[start:]
            case "r":
                text = text[:start] + random.choice(TOKENS) + text[end:]
            case "c":
                text = text[:start] + text[start:end] * random.randint(2, 40) + text[end:]
            case "p":
                other = random.randint(0, len(text))
                text = text[:start] + text[other : other + 20] + text[start:]
    return text


def pumped(before: str, inner: str, after: str, times: int) -> str:
    """Nested or repeated, as parsers dislike it."""
    return before * times + inner + after * times


def larger(make: Callable[[Random, int], str]) -> st.SearchStrategy[str]:
    """Texts that shrink, and others too large for that, from a seed."""
    seeds = st.integers(0, 2**64).map(Random)
    return st.one_of(
        st.builds(make, st.randoms(use_true_random=False), st.integers(1, 10)),
        st.builds(make, seeds, st.integers(1, 120)),
    )


_soup = st.lists(st.sampled_from(TOKENS), max_size=60).map("".join)
_few = st.lists(st.sampled_from(TOKENS), max_size=4).map("".join)
_turns = st.lists(  # operands and signs by turns, which is a formula as long as brackets match
    st.tuples(st.sampled_from([*ATOMS, *ATOMS, "(z", "z)", "exp(z", "exp(z)", "x"]),
              st.sampled_from([*"+-*/", "**", ",", "<"])),
    max_size=20,
).map(lambda pairs: "".join(a + b for a, b in pairs) + "z")  # fmt: skip
_any = st.characters(exclude_categories=())  # lone surrogates too
HOSTILE: dict[str, st.SearchStrategy[str]] = {
    "valid": larger(formula),
    "tokens": st.one_of(_soup, _turns, st.builds(pumped, _few, _few, _few, st.integers(1, 200))),
    "mutated": larger(mutated),
    "unicode": st.one_of(
        st.text(_any, max_size=80),
        st.text(st.sampled_from("z1. e+-*/(),<>=!_\t\n\rmaxπ²−\0"), max_size=80),
        st.text(_any, min_size=1).map(lambda piece: (piece * MAX_LENGTH)[: MAX_LENGTH + 1]),
    ),
}


@dataclass
class Tally:
    """What became of many texts."""

    counts: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    failed: list[tuple[str, str]] = field(default_factory=list)

    def add(self, what: str, took: float, text: str) -> None:
        self.counts[what] += 1
        self.slowest = max(self.slowest, (took, text))

    def __str__(self) -> str:
        counts = ", ".join(f"{n} {what}" for what, n in sorted(self.counts.items()))
        took, text = self.slowest
        return f"{counts}; the slowest took {1000 * took:.1f} ms: {text!a:.100}"


def examples(count: int) -> settings:
    """The same few examples each time; in the long run others, and more."""
    return settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=not TOTAL,
        suppress_health_check=list(HealthCheck),
    )


def show(capsys: pytest.CaptureFixture[str], name: str, tally: Tally) -> None:
    if TOTAL:
        with capsys.disabled():
            print(f"\n{name}: {tally}")
            for text, why in sorted(tally.failed, key=lambda pair: len(pair[0]))[:20]:
                print(f"  {text!a}\n    {why}")


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Any text at all gets an expression or a clean error, in time."""
    tally = Tally()

    @examples(TOTAL // len(HOSTILE) or 400)
    @given(HOSTILE[kind])
    def run(text: str) -> None:
        result = answer(text)
        took = seconds(text)
        tally.add("parsed" if isinstance(result, Expr) else "refused", took, text)
        assert took < QUICK
        with contextlib.suppress(FormulaError):
            names_in(text)

    try:
        run()
    finally:
        show(capsys, kind, tally)
    assert tally.counts["refused"] and (kind == "unicode" or tally.counts["parsed"])


# -- beyond the parser ---------------------------------------------------------------------------
class Worker:
    """Another process that derives and lowers formulas: no other way to end what takes too long."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs,), daemon=True)
        self.process.start()

    def derive(self, text: str) -> tuple[str, float, str]:
        """What became of a formula, the seconds it took, and why it failed."""
        self.pipe.send(text)
        begun = self.worked()
        while self.worked() - begun < 10 * BOUND:
            if self.pipe.poll(0.2):
                with contextlib.suppress(EOFError):
                    result: tuple[str, float, str] = self.pipe.recv()
                    return result
                break
        self.stop()
        self.start()
        return "failed", 10 * BOUND, "did not end"

    def worked(self) -> float:
        """Seconds of the processor's time, which a busy machine does not stretch; else of the clock's."""
        try:
            words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
            return sum(map(int, words[11:13])) / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError):
            return time.monotonic()

    def stop(self) -> None:
        self.process.kill()
        self.process.join()


def _work(pipe: Connection) -> None:
    with contextlib.suppress(ImportError):  # there is none on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    _derive("z * tanh(z)")  # imports
    while True:
        pipe.send(_derive(pipe.recv()))


def _derive(text: str) -> tuple[str, float, str]:
    begun = time.process_time()
    what, why = "derived", ""
    try:
        names = {name: VALUES.get(name, 1.0) for name in names_in(text)}
        activation = nonlin.define(text, **names)
        assert all(isinstance(slope, Expr) for slope in activation.slopes)
        assert len(activation.program("pair").outputs) == 2
    except NonlinError:
        what = "refused"
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        what, why = "failed", f"{type(error).__name__}: {error!s:.60} ({place.name}:{place.lineno})"
    took = time.process_time() - begun
    if took > BOUND and what != "failed":
        what, why = "failed", f"took {took:.1f} s"
    return what, took, why


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.stop()


def test_hostile_formulas_are_derived(worker: Worker, capsys: pytest.CaptureFixture[str]) -> None:
    """What the parser lets through can be differentiated and lowered, or is refused, in time."""
    tally = Tally()

    @examples(TOTAL // 10 or 150)
    @given(HOSTILE["valid"] if TOTAL else formulas(6))
    def run(text: str) -> None:
        if isinstance(answer(text), FormulaError):
            return
        what, took, why = worker.derive(text)
        tally.add(what, took, text)
        if what == "failed":
            tally.failed.append((text, why))

    run()
    show(capsys, "derived", tally)
    assert tally.counts["derived"] and not tally.failed


def nested(before: str, after: str, times: int = 48) -> str:
    return before * times + "z" + after * times


def joined(sign: str, part: str, times: int) -> str:
    return sign.join(part.format(i) for i in range(1, times + 1))


WORST = {
    **{name: nested(f"{name}(", ")") for name in FUNCTION_NAMES},
    "fractions": nested("1/(z+", ")", 24),
    "quotients": nested("z/(1+", ")", 24),
    "squares": nested("(z+", ")**2", 11),
    "powers": nested("(", ")**z", 48),
    "Horner": nested("z*(1+", ")", 24),
    "branches": nested("where(z<1,", ",z*z)", 48),
    "conditions": nested("where(", "<0,z,1)", 24),
    "maxima": nested("max(-z,1+", ")", 24),
    "product of sums": joined("*", "(z+{})", 46),
    "product of functions": joined("*", "tanh(z+{})", 46),
    "product of branches": joined("*", "where(z<{},z,0)", 46),
    "sum of reciprocals": joined("+", "1/(z+{})", 46),
    "sum of functions": joined("+", "Phi(z+{})", 46),
    "sum of maxima": joined("+", "max(z,{}*z)", 46),
    "numbers": "(1e300*z+7e299)**3/(1e300-3e200/z)**3",
}


FOUND = {  # by the long run, once; each took seconds or did not end
    "a constant far out": "sigmoid(2/(sinh(z)/(-z/(Phi((1.5e-3)**+1*1e300) + z))))",
    "error functions": nested("erf(z+", ")", 12),
    "error functions that cancel": nested("(z-erf(", "))", 10),
    "a power of an error function": (
        "erfc((tanh(exp((cos(Phi((-max(7e2, 12_000/sigmoid(sin(z))) + z) - .25*1e300 - z - e"
        " - Phi((.25 - cos(1.5e-3))/(.25*cosh(e - .25)))/(1 - z)))) + erf(12_000**(1/3)))))**z)"
    ),
    "nested powers and branches": (
        "(sin(-((1/(-(erfc(erfc((abs(1.5e-3)*a-erf(cosh(exp(z/(min(0.5,z))/(((z)**a)**3)))))-"
        "min((1e-300)+((0.5)/sinh((0)-(1)-(exp(1)))),-(a)-(1*(2)+((beta)/(beta)-(2))),0.5))))"
        "**(-1.5)))-(((tanh(2))-(z/(1)))+cosh((((z)+1.5e-3)**z)+(beta))))/-((where(z<z,1e-300"
        ",0.044715))-(cosh(exp(max(((1e-300)*(.25)+(((e/.25)*z)**z/((where(beta<=1,3,1.5e-3))"
        "/(0.044715))))+(.25)+(min(1e-300,z,0.044715)),(Phi(sqrt(cosh(tanh(a)))))**-2"
        f"{',.25' * 29}"
        ",1)/(0.5)))))**(-1.5)))"
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_hostile_found(name: str, worker: Worker) -> None:
    assert isinstance(answer(FOUND[name]), Expr)
    what, _, why = worker.derive(FOUND[name])
    assert what == "derived", why


@pytest.mark.skipif(not TOTAL, reason="part of the long run, NONLIN_FORMULAS=100000")
@pytest.mark.parametrize("name", WORST)
def test_hostile_worst(name: str, worker: Worker) -> None:
    assert isinstance(answer(WORST[name]), Expr)
    what, _, why = worker.derive(WORST[name])
    assert what == "derived", why
