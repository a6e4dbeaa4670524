"""The oracle against known values, and the enclosures against the oracle."""

from __future__ import annotations

import math
import time

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nonlin.calculus import derivative
from nonlin.expression import Expr, Z, call, number, where
from nonlin.formula import parse
from nonlin.ops import OPS
from nonlin.oracle import accurate, enclose, evaluate


@pytest.mark.parametrize(
    ("formula", "z", "expected"),
    [  # mpmath and Wolfram notation; far tails and exact points
        ("1 - tanh(z)", 400.0, "7.33575e-348"),
        ("Phi(z)", -40.0, "3.65589e-350"),
        ("erfc(z)", 30.0, "2.56466e-393"),
        ("softplus(z)", -1000.0, "5.07596e-435"),
        ("expm1(z)", 1e-300, "1.0e-300"),
        ("sin(z)", 1e300, "-0.817882"),
        ("tanh(z)", 1e308, "1.0"),
        ("z**(1/3)", 8.0, "2.0"),
        ("exp(exp(exp(z)))", 1e300, "+inf"),
        ("1/z", 0.0, "+inf"),
        ("log(z)", -1.0, "nan"),
        ("where(z > 0, log(z), 7)", -1.0, "7.0"),
    ],
)
def test_known_values(formula: str, z: float, expected: str) -> None:
    start = time.perf_counter()
    assert mpmath.nstr(accurate(parse(formula), z), 6) == expected
    assert time.perf_counter() - start < 1


def test_exponential_of_a_huge_number_is_exact_not_slow() -> None:
    value = accurate(parse("exp(z)"), -1e300)
    assert value > 0 and value < mpmath.mpf(10) ** -(10**299)


def test_every_operation_is_known_to_both() -> None:
    for op in OPS.values():
        if op.boolean or op.name == "where":
            expr = where(call(op.name, Z, number(0)) if op.boolean else call("lt", Z, 0), 1, 2)
        else:
            expr = call(op.name, *([Z] * op.arity))
        value = evaluate(expr, 0.5)
        low, high = enclose(expr, 0.5, 0.5)
        assert low <= value <= high, op.name


_LEAVES = st.sampled_from([Z, Z, Z, number(2), number(-1), parse("0.3"), parse("pi")])
_UNARY = [n for n, op in OPS.items() if op.arity == 1 and not op.boolean]
_BINARY = ["add", "sub", "mul", "div", "min", "max"]


def _grow(children: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    return st.one_of(
        st.builds(lambda n, a: call(n, a), st.sampled_from(_UNARY), children),
        st.builds(lambda n, a, b: call(n, a, b), st.sampled_from(_BINARY), children, children),
        st.builds(lambda a, b, c: where(call("lt", a, 1), b, c), children, children, children),
        st.builds(lambda a, n: a**n, children, st.integers(-3, 5)),
    )


formulas = st.recursive(_LEAVES, _grow, max_leaves=6)


@settings(max_examples=150, deadline=None)
@given(formulas, st.floats(-30, 30), st.floats(0, 5), st.floats(0, 1))
def test_an_enclosure_holds_every_value(expr: Expr, lo: float, width: float, t: float) -> None:
    hi = lo + width
    z = min(hi, lo + t * width)
    low, high = enclose(expr, lo, hi)
    value = evaluate(expr, z, None, 300)
    # inf and nan stand for "no value here", of which an enclosure says nothing
    if not mpmath.isfinite(value) or _undefined(expr, z):
        return
    assert low <= value <= high


def _undefined(expr: Expr, z: float) -> bool:
    """Whether some operand has no value, so that an IEEE-like rule made up the result."""
    from nonlin.expression import walk

    return any(
        not mpmath.isfinite(evaluate(node, z, None, 100))
        for node in walk(expr)
        if node.op not in ("lt", "le", "eq")
    )


def test_enclosures_keep_signs_that_hold_by_meaning() -> None:
    whole = (-math.inf, math.inf)
    assert enclose(parse("sigmoid(z)"), *whole) == (0.0, 1.0)
    assert enclose(derivative(parse("tanh(z)")), *whole)[0] >= 0
    assert enclose(parse("z**2"), -1.0, 2.0) == (0.0, 4.0)
    assert enclose(parse("1/z"), -1.0, 2.0) == whole
    assert enclose(parse("where(z > 0, 1, -1)"), -1.0, 2.0) == (-1.0, 1.0)
    assert enclose(parse("cos(z)"), -0.5, 0.5)[1] == 1.0


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("(z - 3)**exp(exp(exp(z + 3)))", math.inf),  # of an exponent with 10**23 digits
        ("(z - 3)**(-exp(exp(exp(z + 3))))", 0.0),
        ("(z - 1.5)**exp(exp(exp(z + 3)))", 0.0),
        ("(z - 2)**exp(exp(exp(exp(z + 3))))", 1.0),  # beyond every number
        ("(z - 2)**(z + 2)", -1.0),
        ("(z - 3)**(z + 3)", 16.0),
    ],
)
def test_parity_of_an_exponent_is_seen_without_writing_it_out(formula: str, value: float) -> None:
    assert float(evaluate(parse(formula), 1.0, {})) == value
