"""Texts that are no formula: what is said of them, and which part is pointed at."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from formula_texts import (
    QUICK,
    VALUES,
    seconds,
    well_formed,
)
from nonlin.errors import FormulaError
from nonlin.expression import Expr, number
from nonlin.formula import MAX_BITS, MAX_DEPTH, MAX_EXPONENT, MAX_LENGTH, MAX_NODES, parse

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
