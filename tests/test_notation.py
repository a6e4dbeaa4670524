"""What is printed can be read: by the parser (text), by LaTeX and by an XML parser."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import isnan

from nonlin.calculus import derivative
from nonlin.catalogue import ENTRIES, Entry
from nonlin.errors import CompileError
from nonlin.expression import PI, Expr, Z, call, constant, number, param, where
from nonlin.formula import parse
from nonlin.notation import _plain, _typeset, decimals_kept, equation, latex, mathml, text
from nonlin.ops import OPS
from nonlin.oracle import accurate, evaluate
from nonlin.rewrites import stabilise

MATH = "{http://www.w3.org/1998/Math/MathML}"
CORE = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mfrac", "msqrt", "msup", "msub", "mtable", "mtr",
    "mtd", "mspace",
}  # fmt: skip
VALUES = {"a": 1.25, "beta": -0.5, "negative_slope": 0.01}

each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)


# -- expressions of every shape ---------------------------------------------------------------
def _grow(parts: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    unary = [op.name for op in OPS.values() if op.arity == 1 and op.function]
    binary = st.sampled_from(["add", "sub", "mul", "div", "min", "max"])
    comparisons = st.sampled_from(["lt", "le", "eq"])
    exponents = st.sampled_from([-2, -1, 2, 3, Fraction(1, 2), Fraction(-3, 2), Fraction(1, 3)])
    return st.one_of(
        st.builds(lambda op, a, b: Expr(op, (a, b)), binary, parts, parts),
        st.builds(lambda a: Expr("neg", (a,)), parts),
        st.builds(lambda op, a: call(op, a), st.sampled_from(unary), parts),
        st.builds(lambda a, n: Expr("pow", (a, number(n))), parts, exponents),
        st.builds(
            lambda op, l, r, a, b: where(call(op, l, r), a, b),
            comparisons, parts, parts, parts, parts,
        ),
    )  # fmt: skip


LEAVES = st.one_of(
    st.just(Z),
    st.sampled_from([PI, constant("e"), *map(param, VALUES)]),
    st.sampled_from([0, 1, 2, -1, -3, Fraction(1, 2), Fraction(2, 3), Fraction(-1, 7)]).map(number),
    st.integers(-(10**60), 10**60).map(number),
    st.fractions(max_denominator=10**6).map(number),
    st.sampled_from(["1e-280", "1e280", "1.23e-7"]).map(Fraction).map(number),
)
EXPRESSIONS = st.recursive(LEAVES, _grow, max_leaves=12)


@settings(deadline=None, max_examples=300)
@given(EXPRESSIONS)
def test_text_means_the_same(expr: Expr) -> None:
    again = parse(text(expr), VALUES) if _parsable(expr) else expr
    for z in (-2.75, -0.0, 0.375, 3.0):
        before, after = (evaluate(e, z, VALUES, bits=80) for e in (expr, again))
        if isnan(before):
            assert isnan(after)
        else:
            assert before == after or abs(before - after) <= abs(before) * 2.0**-60


def _parsable(expr: Expr) -> bool:
    """The parser refuses long texts and a division by a literal zero, which a tree can hold."""
    try:
        parse(text(expr), VALUES)
    except ValueError as error:
        assert re.search("division by zero|too large|characters", str(error))
        return False
    return True


@settings(deadline=None, max_examples=200)
@given(EXPRESSIONS)
def test_mathml_is_wellformed_and_core(expr: Expr) -> None:
    root = ET.fromstring(mathml(expr))
    assert root.tag == MATH + "math"
    for element in root.iter():
        tag = element.tag.removeprefix(MATH)
        assert tag in CORE
        assert "style" not in element.attrib
        if tag in ("mfrac", "msup", "msub"):
            assert len(element) == 2
        if tag in ("mi", "mn", "mo", "mtext"):
            assert element.text and len(element) == 0


@settings(deadline=None, max_examples=200)
@given(EXPRESSIONS)
def test_latex_is_balanced(expr: Expr) -> None:
    shown = latex(expr)
    depth = 0
    for char in shown:
        depth += {"{": 1, "}": -1}.get(char, 0)
        assert depth >= 0
    assert depth == 0
    assert shown.count(r"\left") - shown.count(r"\left\\") == shown.count(r"\right")
    assert shown.count(r"\begin{cases}") == shown.count(r"\end{cases}")
    assert shown.isascii()


# -- the catalogue ----------------------------------------------------------------------------
@each_entry
def test_formulas_come_back_as_they_were_written(entry: Entry) -> None:
    expr = parse(entry.formula, entry.parameters)
    assert text(expr) == entry.formula
    assert parse(text(expr), entry.parameters) is expr


@each_entry
def test_all_of_the_catalogue_can_be_typeset(entry: Entry) -> None:
    expr = parse(entry.formula, entry.parameters)
    ET.fromstring(equation(entry.name, expr, 1))
    assert equation(entry.name, expr, target="latex")


LATEX = {
    "1 / (1 + exp(-z))": r"\frac{1}{1 + e^{-z}}",
    "max(z, 0)": r"\max(z, 0)",
    "max(z, 0, a)": r"\max(z, 0, a)",
    "z * sigmoid(z)": r"z \, \sigma(z)",
    "0.5 * z * (1 + erf(z / sqrt(2)))":
        r"\frac{z}{2} \left(1 + \operatorname{erf}\left(\frac{z}{\sqrt{2}}\right)\right)",
    "0.5 * z": r"\frac{z}{2}",
    "exp(-z**2)": r"e^{-z^{2}}",
    "exp(-z**2 / 2)": r"e^{-z^{2}/2}",
    "1 - tanh(z)**2": r"1 - \tanh^{2}(z)",
    "z**(1/2) + z**(-2)": r"\sqrt{z} + \frac{1}{z^{2}}",
    "z * z**2": r"z z^{2}",
    "2 / 3 * z": r"\frac{2}{3} z",
    "z * 2": r"z \cdot 2",
    "-(z + 1) * z": r"-(z + 1) z",
    "z - (1 - z)": r"z - (1 - z)",
    "z + -z": "z - z",
    "where(z > 0, z, negative_slope * z)":
        r"\begin{cases} z & z > 0 \\ \text{negative slope} \, z & \text{otherwise} \end{cases}",
    "where(0 <= z <= 6, z, 1)":
        r"\begin{cases} z & 0 \le z \le 6 \\ 1 & \text{otherwise} \end{cases}",
    "where(z > 1, 1, where(z < -1, -1, z))":
        r"\begin{cases} 1 & z > 1 \\ -1 & z < -1 \\ z & \text{otherwise} \end{cases}",
    "where(z > 0, z, 0) * z":
        r"\left(\begin{cases} z & z > 0 \\ 0 & \text{otherwise} \end{cases}\right) z",
    "1.0507009873554804934193349852946 * z": r"1.05070098\ldots z",
    "expm1(z) * log1p(z)": r"(e^{z} - 1) \, \ln(1 + z)",
}  # fmt: skip


@pytest.mark.parametrize("formula", LATEX)
def test_latex(formula: str) -> None:
    assert latex(parse(formula, ["a", "negative_slope"])) == LATEX[formula]


def test_text_of_numbers() -> None:
    shown = {
        number(Fraction(44715, 10**6)): "0.044715",
        number(Fraction(2, 3)): "2 / 3",
        Z * number(Fraction(-2, 3)): "z * (-2 / 3)",
        Z ** number(Fraction(3, 2)): "z**1.5",
        number(-2) * Z: "-2 * z",
        Z + number(-2): "z - 2",
        Z - number(-2): "z + 2",
        number(-2) ** Z: "(-2)**z",
    }
    for expr, expected in shown.items():
        assert text(expr) == expected


def test_mathml_of_gelu() -> None:
    shown = equation("gelu", parse("z * Phi(z)"), 1)
    opened, closed = (
        '<mo form="prefix" fence="true">(</mo>',
        '<mo form="postfix" fence="true">)</mo>',
    )
    phi = '<mi mathvariant="normal">Φ</mi>'
    thin = '<mspace width="0.17em"/>'
    z = f"<mrow>{opened}<mi>z</mi>{closed}</mrow>"
    assert shown == (
        '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mrow>'
        f"<mrow><mi>gelu′</mi><mo>\u2061</mo>{z}</mrow><mo>=</mo>"
        f"<mrow><mi>z</mi><mo>\u2062</mo>{thin}<mrow>{phi}<mo>\u2061</mo>{z}</mrow></mrow>"
        "</mrow></math>"
    )


def test_the_prime_of_a_letter_is_no_superscript() -> None:
    shown = equation("f", Z, 1)
    assert '<mrow><mi>f</mi><mo lspace="0" rspace="0">′</mo></mrow>' in shown
    assert "msup" not in shown


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("0.3*z**2", "0.6 * z"),
        ("1.702*z*sigmoid(1.702*z)", "sigmoid(1.702 * z) * (1.702 + 2.896804 * z * sigmoid(-1.702 * z))"),
        ("exp(-0.35*z**2)", "-0.7 * z * exp(-0.35 * z**2)"),
        ("tanh(z/2.5)", "0.4 / cosh(0.4 * z)**2"),
        ("sin(7*z/10)", "7 * cos(7 * z / 10) / 10"),
        ("2.5*z**2/3", "5 * z / 3"),
        ("0.5*z*tanh(z)", None),
    ],
)  # fmt: skip
def test_decimals_stay_decimals(formula: str, expected: str | None) -> None:
    slope = stabilise(derivative(parse(formula)))
    shown = decimals_kept(slope, formula)
    assert shown is slope if expected is None else text(shown) == expected


@given(st.integers(0, 10**6))
def test_decimals_change_no_value(seed: int) -> None:
    random = Random(seed)

    def some() -> str:
        return f"{random.randint(1, 9999)}/{random.choice([1, 2, 5, 8, 10, 25, 2000, 3])}"

    inside = f"{some()} - {some()}*z*sigmoid({some()}*z)"
    expr = parse(f"({some()}*z*({inside}) / ({some()}*(z**2 + {some()}))) * -{some()}/7")
    for z in (-1.5, 0.25, 2.0):
        exact, kept = (accurate(e, z) for e in (expr, decimals_kept(expr, "0.1")))
        assert abs(kept - exact) <= abs(exact) * 1e-25


def test_mathml_of_names() -> None:
    names = ["alpha", "lambd", "alpha_p", "b2", "negative_slope", "s"]
    shown = mathml(parse(" + ".join(names), names))
    for part in (
        "<mi>α</mi>",
        "<mi>λ</mi>",
        "<msub><mi>α</mi><mi>p</mi></msub>",
        "<msub><mi>b</mi><mn>2</mn></msub>",
        "<mtext>negative slope</mtext>",
        "<mi>s</mi>",
    ):
        assert part in shown


def test_a_function_is_not_explained_by_itself() -> None:
    sigmoid = parse("sigmoid(z)")
    assert equation("sigmoid", sigmoid, target="latex").endswith(r"= \frac{1}{1 + e^{-z}}")
    assert equation("sigmoid", sigmoid, 1, target="latex").endswith(r"= \sigma(z)")
    assert equation("sigmoid", sigmoid, target="text") == "sigmoid(z) = sigmoid(z)"


def test_equation_in_text() -> None:
    assert equation("square", Z**2, 2, target="text") == "square′′(z) = z**2"


# -- a missing operation ----------------------------------------------------------------------
def test_every_operation_has_a_rule() -> None:
    leaves = {"z", "param", "number", "constant"}
    assert set(_plain._RULES) == set(_typeset._RULES) == {*OPS, *leaves}


@pytest.mark.parametrize("target", [text, latex, mathml])
def test_missing_operation_is_named(target: object) -> None:
    assert callable(target)
    with pytest.raises(CompileError, match=rf"{target.__name__}.*'frobnicate'"):
        target(Z + Expr("frobnicate", (Z,)))
