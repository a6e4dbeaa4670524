"""Fuzz the parser, guided by the coverage of its code.

Any text has to become an expression or a FormulaError that points into the text, each within 50 ms,
and an expression has to come back the same from what is written of it::

    pip install atheris
    python tools/fuzz_formula.py -max_total_time=600

Arguments are libFuzzer's; a folder among them keeps the inputs that reached something new. An input
that breaks a promise ends the run with a traceback and is written to ``crash-…``; give that file as
the argument to run it alone. What the fuzzer finds belongs into ``tests/test_formula_refused.py`` or ``test_formula_hostile.py``.

An input's first byte says how the others are read: as Unicode text, as the language's own characters
or tokens, since random bytes hardly ever spell ``softplus``, or as choices of its grammar.
"""

from __future__ import annotations

import contextlib
import math
import sys
import time

import atheris

with atheris.instrument_imports(include=["nonlin.formula", "nonlin.errors", "nonlin.notation"]):
    from nonlin.errors import FormulaError
    from nonlin.expression import Expr, walk
    from nonlin.formula import MAX_LENGTH, MAX_NODES, names_in, parse
    from nonlin.notation import text as written
    from nonlin.ops import FUNCTIONS
    from nonlin.oracle import evaluate

PARAMETERS = {"a": 1.25, "beta": -0.5}
CHARACTERS = "z1.0 ae+-*/(),<>=!_\t\n\rπ²−ｚ'[:%\0\ud800"
TOKENS = [
    *FUNCTIONS, "z", "z", "z", "a", "beta", "pi", "e", "x", "0", "1", "2", "0.5", "1e300", "1e-300",
    "1_000", "64", "65", "1j", "0x1", "1e999", "+", "-", "*", "/", "**", "//", "(", "(", ")", ")", ",",
    "<", "<=", ">", ">=", "==", "!=", "=", ".", " ", "\n", "exp(", "where(", "max(", "z)", "**2",
    "**(-1)", "lambda ", " if ", " else ", " for ", " in ", " not ", " and ", " is ", " await ",
    " yield ", "True", "None", "**z", "a=", "import ", "_", "!",
]  # fmt: skip
GRAMMAR = [
    *["{} + {}", "{} - {}", "{}*{}", "{}/{}", "({})", "-{}", "({})**2", "{}**{}", "({})**(-1/3)"],
    *["min({}, {}, {})", "max({}, {})", "where({} < {}, {}, {})", "where({} >= {}, {}, {})"],
    *["where({} == {}, {}, {})", "where({} != {}, {}, {})", "where({} < {} <= {}, {}, {})"],
    *(f"{name}({{}})" for name in FUNCTIONS if name not in ("min", "max", "where")),
]
LEAVES = ["z", "z", "a", "beta", "pi", "e", "0", "1", "2.5", "1e300", "1_0e-7"]
QUICK = 0.05


def text_of(data: bytes) -> str:
    """The text that an input stands for."""
    if not data:
        return ""
    kind, rest = data[0] % 5, data[1:]
    if kind == 0:
        provider = atheris.FuzzedDataProvider(rest)
        return str(provider.ConsumeUnicode(2 * MAX_LENGTH))
    if kind == 1:
        return "".join(CHARACTERS[b % len(CHARACTERS)] for b in rest)
    if kind == 2 and len(rest) > 1:  # the same, nested or repeated
        times, middle = rest[0], len(rest) // 2
        tokens = [TOKENS[b % len(TOKENS)] for b in rest[1:]]
        return "".join(tokens[:middle]) * times + "z" + "".join(tokens[middle:]) * times
    if kind == 3:
        return grown(rest)
    return "".join(TOKENS[b % len(TOKENS)] for b in rest)


def grown(choices: bytes) -> str:
    """A formula from one choice a byte; where they end, all that is open becomes a leaf."""
    text = "{}"
    for byte in choices:
        form = (LEAVES + GRAMMAR)[byte % (len(LEAVES) + len(GRAMMAR))]
        text = text.replace("{}", form, 1)
        if "{}" not in text or len(text) > MAX_LENGTH:
            break
    return text.replace("{}", "z")


def check(text: str) -> None:
    """Raise AssertionError, or whatever the parser raised, if a promise is broken."""
    try:
        expr = parse(text, PARAMETERS)
    except FormulaError as error:
        assert error.message and error.hint
        if error.position is not None:
            assert 0 <= error.position < error.position + error.length <= len(text)
        assert all(c.isprintable() for c in str(error).replace("\n", ""))
    else:
        assert sum(1 for _ in walk(expr)) <= 2 * MAX_NODES
        comes_back(expr)
    with contextlib.suppress(FormulaError):
        names_in(text)
    best = math.inf
    for _ in range(5):  # the work of this thread alone, and the least of it
        begun = time.thread_time()
        with contextlib.suppress(FormulaError):
            parse(text, PARAMETERS)
        best = min(best, time.thread_time() - begun)
        if best < QUICK:
            return
    raise AssertionError(f"takes {best:.3f} s")


def comes_back(expr: Expr) -> None:
    """What is written of an expression reads as one of the same value."""
    shown = written(expr)
    if len(shown) > MAX_LENGTH:
        return
    try:
        again = parse(shown, PARAMETERS)
    except FormulaError as error:
        # What was just within a bound may be written a little longer.
        assert "too large" in error.message or "too deeply" in error.message
        return
    if again is expr:
        return
    if "* 1e40" in shown:  # a long number in pieces: no longer one rounding
        return
    for z in (-1.5, 0.75):  # signs may have moved, which is exact
        before, after = value(expr, z), value(again, z)
        assert str(before) == str(after), shown


def value(expr: Expr, z: float) -> object:
    """The value, or the error if the oracle has none: that one is not what is tested here."""
    try:
        return evaluate(expr, z, PARAMETERS)
    except (ArithmeticError, ValueError) as error:
        return error


def one_input(data: bytes) -> None:
    check(text_of(data))


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
