"""The array API: numbers that are no arrays, what has no meaning, and the values of parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import nonlin
from array_calls import (
    DTYPES,
    Array,
    each_dtype,
    same,
)
from nonlin.errors import DtypeError, FormulaError, NotAFunctionOfOutputError, ParameterError

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # NumPy's; none may come


@pytest.mark.parametrize(
    "x",
    [3, -2, 0, True, 0.5, -0.0, 2**53 + 1, 2**63, 2**64, -(10**30), math.inf, math.nan,
     [1, 2, 3], [[True, False]], [1, 0.5], (1.0, -2.0), [], [[], []], [2**70, -1.5], [2**63, -1],
     range(-3, 3), np.int8(-5), np.uint64(2**64 - 1), np.bool_(True), memoryview(b"abc")],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_python_numbers_become_float64(x: Any) -> None:
    want = np.array(x if not isinstance(x, memoryview) else list(x), dtype=np.float64)
    got = nonlin.leaky_relu(x, negative_slope=0.5)
    assert same(got, nonlin.leaky_relu(want, negative_slope=0.5))
    assert type(got) is (np.ndarray if want.ndim else np.float64)


@pytest.mark.parametrize("kind", ["?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q", ">i4"])
def test_whole_numbers_become_float64(kind: str) -> None:
    x = np.arange(12).astype(kind).reshape(3, 4)[:, ::-1]
    assert same(nonlin.tanh(x), nonlin.tanh(x.astype(np.float64)))


@each_dtype
def test_scalars_and_lists_of_scalars_keep_their_dtype(dtype: Any) -> None:
    one = dtype.type(-1.5)
    assert same(nonlin.tanh(one), nonlin.tanh(np.array([one]))[0])
    assert same(nonlin.tanh([one, one]), nonlin.tanh(np.array([one, one])))


def test_what_gives_itself_as_an_array() -> None:
    class Box:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
            return np.array([-1.0, 2.0], np.float32)

    assert same(nonlin.relu(Box()), np.array([0.0, 2.0], np.float32))


STRANGE: dict[str, Any] = {
    "complex": np.array([1j]), "complex number": 1j, "complex64": np.zeros(2, np.complex64),
    "objects": np.array([1.0, 2.0], dtype=object), "object numbers": np.array([1], dtype=object),
    "none": None, "list with none": [1.0, None], "dict": {"a": 1}, "set": {1.0}, "class": object,
    "text": "1.5", "texts": ["1", "2"], "bytes": b"1.5", "text array": np.array(["a"]),
    "date": np.datetime64("2020-01-01"), "dates": np.array(["2020"], "M8[D]"),
    "times": np.array([1], "m8[s]"), "structured": np.zeros(2, [("a", "f4"), ("b", "f4")]),
    "one field": np.zeros(2, [("a", "f8")]), "void": np.zeros(2, "V2"),
    "fractions": [Fraction(1, 2)], "huge": 10**400, "list with huge": [1.0, 10**400],
    "float8": np.zeros(2, ml_dtypes.float8_e4m3fn), "int4": np.zeros(2, ml_dtypes.int4),
}  # fmt: skip
if np.dtype(np.longdouble).itemsize > 8:
    STRANGE["long double"] = np.zeros(2, np.longdouble)


@pytest.mark.parametrize("x", STRANGE.values(), ids=STRANGE)
def test_strange_input(x: Any) -> None:
    f = nonlin.tanh
    out = np.full(2, 7.0)
    calls: list[Callable[[], Any]] = [
        lambda: f(x), lambda: f.derivative(x), lambda: f.second_derivative(x),
        lambda: f.value_and_derivative(x), lambda: f.derivative_from_output(x),
        lambda: f.backward(x, np.ones(2)), lambda: f.backward(np.ones(2), x),
        lambda: f(x, out=out),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(DtypeError) as caught:
            call()
        assert isinstance(caught.value, TypeError) and isinstance(caught.value, nonlin.NonlinError)
        assert "float64" in str(caught.value)  # what would be right
    assert out.tolist() == [7.0, 7.0]


def test_ragged_lists() -> None:
    with pytest.raises(ValueError, match="inhomogeneous"):
        nonlin.relu([[1.0, 2.0], [3.0]])


def test_there_may_be_no_derivative_from_the_output() -> None:
    for x in (np.ones(3), np.ones(0), 1.0):
        with pytest.raises(NotAFunctionOfOutputError, match="silu"):
            nonlin.silu.derivative_from_output(x)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("leaky_relu", {"negative_slope": 0.5}, {"negative_slope": -0.5}),
        ("elu", {"alpha": 2.0}, {"alpha": -1.0}),
        ("threshold", {"threshold": 2.0, "value": 2.0}, {"threshold": 0.5, "value": 3.0}),
        ("plu", {"alpha": 0.5}, {"alpha": 1.5}),
    ],
)
def test_there_is_none_for_parameters_out_of_range(
    name: str, good: dict[str, float], bad: dict[str, float]
) -> None:
    f = nonlin.catalogue[name]
    x = np.linspace(-4, 4, 41)
    np.testing.assert_allclose(
        f.derivative_from_output(f(x, **good), **good), f.derivative(x, **good), rtol=1e-14
    )
    with pytest.raises(NotAFunctionOfOutputError, match="only for"):
        f.derivative_from_output(f(x, **bad), **bad)


@pytest.mark.parametrize(
    "slope",
    [0.25, np.float64(0.25), np.float32(0.25), np.float16(0.25), ml_dtypes.bfloat16(0.25),
     Fraction(1, 4), np.array(0.25), np.array(0.25, np.float32), np.array(0.25, ml_dtypes.bfloat16)],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_a_parameter_is_any_real_number(slope: Any) -> None:
    assert nonlin.leaky_relu(-8.0, negative_slope=slope) == -2.0
    assert nonlin.define("a * z", a=slope)(-8.0) == -2.0


@pytest.mark.parametrize("slope", [2, 0, -3, np.int8(2), np.uint64(3), np.array(2)])
def test_a_parameter_may_be_whole(slope: Any) -> None:
    assert nonlin.leaky_relu(-2.0, negative_slope=slope) == -2.0 * float(slope)


@pytest.mark.parametrize(
    ("slope", "message"),
    [(math.nan, "finite"), (math.inf, "finite"), (-math.inf, "finite"), (10**5000, "finite"),
     (np.float32("nan"), "finite"), (np.array(np.inf), "finite"), (True, "bool"),
     (np.bool_(False), "bool"), (np.array(True), "bool"), ("0.1", "str"), (np.array("0.1"), "str"),
     (None, "NoneType"), (0.1 + 0j, "complex"), (np.complex64(1), "complex"), ([0.1], "list"),
     (np.array([0.1]), "ndarray"), (np.array([0.1, 0.2]), "ndarray"), (object(), "object"),
     (np.datetime64("2020"), "datetime"), (b"1", "bytes")],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_a_parameter_that_is_no_finite_number(slope: Any, message: str) -> None:
    for call in (nonlin.leaky_relu, nonlin.leaky_relu.derivative):
        with pytest.raises(ParameterError, match=f"parameter negative_slope.*{message}") as caught:
            call(1.0, negative_slope=slope)
        assert isinstance(caught.value, TypeError) and isinstance(caught.value, ValueError)
    with pytest.raises(ParameterError, match=f"parameter a .*{message}"):
        nonlin.define("a * z", a=slope)


def test_a_parameter_that_does_not_exist() -> None:
    with pytest.raises(ParameterError, match=r"'slope'.*negative_slope"):
        nonlin.leaky_relu(1.0, slope=0.1)
    with pytest.raises(ParameterError, match=r"by name, leaky_relu\(x, negative_slope=…\)"):
        nonlin.leaky_relu(1.0, 0.2)
    with pytest.raises(
        ParameterError, match="relu takes one array: give an array for the result as out"
    ):
        nonlin.relu(np.ones(3), np.ones(3))
    with pytest.raises(ParameterError, match="it has none"):
        nonlin.relu(1.0, alpha=0.1)
    with pytest.raises(ParameterError, match="'x'"):
        nonlin.relu(1.0, x=0.1)  # the array has no name, so x may be a parameter's
    for call in ("derivative", "second_derivative", "value_and_derivative"):
        with pytest.raises(ParameterError, match="'beta'"):
            getattr(nonlin.relu, call)(1.0, beta=1.0)
    with pytest.raises(TypeError, match="tuple of two"):
        nonlin.relu.value_and_derivative(np.ones(2), out=np.ones(2))


def test_parameters_called_like_arguments() -> None:
    for name in ("x", "y", "self", "grad_output"):
        f = nonlin.define(f"{name} * z", **{name: 2.0})
        assert f(3.0) == 6.0 and f(3.0, **{name: 5.0}) == 15.0
        assert f.derivative(3.0, **{name: 5.0}) == 5.0
        assert f.backward(2.0, 3.0, **{name: 5.0}) == 10.0
    with pytest.raises(FormulaError, match="'out' cannot be a parameter"):
        nonlin.define("out * z", out=2.0)


@pytest.mark.parametrize(
    ("formula", "undefined"),
    [
        ("exp(log(z))", [-2.0, -0.5]),
        ("sqrt(z)**2", [-2.0, -0.5]),
        ("log(z) - log(z)", [-2.0, -0.5]),
        ("0 * log(z)", [-2.0, -0.5]),
        ("(1 - z**2)**0.5 * sqrt(1 - z**2)", [-2.0, 2.0]),
        ("where(z > -1, sqrt(z)**2, 5)", [-0.5]),
        ("where(log(z) < 0, 1, 2)", []),
        ("log(1 + z) + z", [-2.0]),
        ("log(z)", [-2.0, -0.5]),
        ("log(exp(z) - 1 + 1)", []),
        ("z / z", []),
    ],
)
def test_no_identity_gives_a_value_where_the_formula_has_none(
    formula: str, undefined: list[float]
) -> None:
    f = nonlin.define(formula)
    z = np.array([-2.0, -0.5, 0.5, 2.0])
    for result in (f(z), f.derivative(z), f(z.astype(np.float32)), *f.value_and_derivative(z)):
        assert list(z[np.isnan(result)]) == undefined


@pytest.mark.parametrize(
    ("formula", "undefined"),
    [
        ("sqrt(-1)", True), ("log(-1)", True), ("(-8)**(1/3)", True), ("exp(log(-1))", True),
        ("max(log(-1), z)", True), ("abs(z) / log(sin(5))", True), ("z + 0*log(-1)", True),
        ("where(log(-1) < z, 1, 2)", False), ("where(z > 9, log(-1), z)", False),
    ],
)  # fmt: skip
def test_a_number_that_there_is_not_is_nan(formula: str, undefined: bool) -> None:
    """A root or a logarithm of a negative number leaves no value, in whatever it stands and in every dtype."""
    f = nonlin.define(formula)
    for dtype in DTYPES.values():
        z = np.array([-2.0, -0.5, 0.5, 2.0]).astype(dtype)
        for result in (f(z), f.derivative(z), *f.value_and_derivative(z)):
            assert np.isnan(result.astype(np.float64)).all() == undefined
    assert (f.properties["domain"].text == "∅") == (undefined and "0*" not in formula)
