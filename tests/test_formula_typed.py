"""Formulas as people type them: every door takes the same, strict text stays what it is, errors keep their place."""

from __future__ import annotations

import random

import numpy as np
import pytest

import nonlin
from nonlin.art import Artwork
from nonlin.cli import find
from nonlin.errors import FormulaError
from nonlin.formula import parse
from nonlin.formula_typed import Typed, names_typed, read_typed
from nonlin.workers import compile_formula, parameters_of

X = np.linspace(-2.0, 2.0, 9)
SAME = {
    "2z": "2*z",
    "2z^2 - 1": "2*z**2 - 1",
    "2 (z + 1)": "2*(z + 1)",
    "(z + 1)(z - 1)": "(z + 1)*(z - 1)",
    "z(z + 1)": "z*(z + 1)",
    "e^-2z": "exp(-2*z)",
    "e^-z^2": "exp(-(z**2))",
    "1/(1+e^-z)": "1/(1 + exp(-z))",
    "z σ(2z)": "z*sigmoid(2*z)",
    "x tanh(x)": "z*tanh(z)",
    "z² + 1": "z**2 + 1",
    "z · tanh z": "z*tanh(z)",
    "[1 + z^2]": "(1 + z**2)",
    "√(z^2 + 1)": "sqrt(z**2 + 1)",
    "ln(1 + e^z)": "log(1 + exp(z))",
    "max(0, 2z)": "max(0, 2*z)",
    "where(z > 0, 2z, -z^2)": "where(z > 0, 2*z, -z**2)",
    "2 z z": "2*z*z",
}


@pytest.mark.parametrize("typed", SAME)
def test_what_people_type_is_taken_at_every_door(typed: str) -> None:
    want = nonlin.define(SAME[typed])(X)
    np.testing.assert_array_equal(nonlin.define(typed)(X), want)
    np.testing.assert_array_equal(find(typed, {})(X), want)
    answer = compile_formula({"formula": typed})
    assert parse(answer["function"]["formula"]).depends_on_z
    Artwork(activation=typed)


@pytest.mark.parametrize("name", list(nonlin.catalogue))
def test_strict_text_means_the_same_to_the_lenient_reader(name: str) -> None:
    entry = nonlin.catalogue[name].entry
    names = frozenset(entry.parameters)
    typed = Typed(entry.formula, names.__contains__)
    strictly = parse(entry.formula, names)
    assert read_typed(entry.formula, names) == (strictly, entry.formula)
    assert parse(typed.strict, names) is strictly
    assert not typed.loose


def test_parameters_stand_in_products_without_a_sign() -> None:
    f = nonlin.define("a z + 2b(z + 1)", a=3.0, b=0.5)
    np.testing.assert_array_equal(f(X), 3 * X + (X + 1))
    assert parameters_of("a z + 2b(z + 1)", {}) == {"a": 1.0, "b": 1.0}
    assert names_typed("k2 z", lambda name: name == "k2") == ("k2",)
    # A parameter that is called x is one.
    np.testing.assert_array_equal(nonlin.define("2x z", x=4.0)(X), 8 * X)


@pytest.mark.parametrize("name", ["a", "k2", "c_p", "alpha", "beta_1", "negative_slope"])
def test_what_looks_like_a_parameter_is_one(name: str) -> None:
    assert parameters_of(f"{name} * z", {}) == {name: 1.0}


@pytest.mark.parametrize(
    ("formula", "position", "hint"),
    [
        ("hello", 0, "a parameter is a letter"),
        ("z + hello * 2", 4, "a parameter is a letter"),
        ("2z + hello", 5, "a parameter is a letter"),
        ("z * tanhh", 4, "did you mean tanh"),
        ("1 + az", 4, "as in a*z"),
        ("z + x", 4, "z"),
        ("2z + sgmoid(z)", 5, "did you mean sigmoid"),
        ("2z +* 3", 4, ""),
        ("2z + 3 3", 7, "an operator is missing"),
        ("2 * (z + 1]", 10, "close it with ')'"),
        ("{z + [1 + z}]", 11, "close it with ']'"),
        ("1 + z[0]", 5, "for a product write z*(…)"),
    ],
)
def test_other_words_are_refused_with_their_place(formula: str, position: int, hint: str) -> None:
    error = compile_formula({"formula": formula})["error"]
    assert error["position"] == position, error
    assert hint in error["hint"], error


def test_a_word_with_a_value_is_a_parameter() -> None:
    assert parameters_of("hello * z", {"hello": 2.0}) == {"hello": 2.0}


def test_what_is_no_formula_stays_refused() -> None:
    for text in (
        "__import__('os')",
        "z if z else 0",
        "z;z",
        "2z.real",
        "e^" * 400 + "z",
        "(" * 200,
        "1 2",
    ):
        with pytest.raises(FormulaError):
            nonlin.define(text)


def test_no_text_gets_past_the_reader_but_as_an_error() -> None:
    rng = random.Random(7)
    pieces = [
        "z",
        "x",
        "2",
        ".5",
        "e",
        "^",
        "**",
        "²",
        "(",
        ")",
        "[",
        "]",
        " ",
        "+",
        "-",
        "*",
        "tanh",
        "σ",
        "a",
        ",",
        "√",
        "|",
        "<",
        "where",
    ]
    read = 0
    for _ in range(3000):
        text = "".join(rng.choices(pieces, k=rng.randint(1, 12)))
        try:
            expr, strict = read_typed(text, ["a"])
        except FormulaError as error:
            assert error.position is None or 0 <= error.position <= len(text)
        else:
            read += 1
            assert parse(strict, ["a"]) is expr
    assert read > 50
