"""The catalogue is data; here every entry is held against its formula, PyTorch and itself."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from nonlin.catalogue import BY_NAME, ENTRIES, Entry
from nonlin.formula import check_parameter_name, names_in, parse
from nonlin.oracle import evaluate

# What each library calls its element-wise activations, and what they are called here.
TORCH = {
    "Threshold": "threshold", "ReLU": "relu", "RReLU": "rrelu", "Hardtanh": "hardtanh",
    "ReLU6": "relu6", "Sigmoid": "sigmoid", "Hardsigmoid": "hardsigmoid", "Tanh": "tanh",
    "SiLU": "silu", "Mish": "mish", "Hardswish": "hardswish", "ELU": "elu", "CELU": "celu",
    "SELU": "selu", "GELU": "gelu", "Hardshrink": "hardshrink", "LeakyReLU": "leaky_relu",
    "LogSigmoid": "logsigmoid", "Softplus": "softplus", "Softshrink": "softshrink",
    "PReLU": "prelu", "Softsign": "softsign", "Tanhshrink": "tanhshrink",
}  # fmt: skip
NOT_ELEMENTWISE = {"GLU", "MultiheadAttention", "Softmin", "Softmax", "Softmax2d", "LogSoftmax"}
JAX = {
    "relu": "relu", "relu6": "relu6", "sigmoid": "sigmoid", "softplus": "softplus",
    "sparse_plus": "sparse_plus", "sparse_sigmoid": "sparse_sigmoid", "soft_sign": "softsign",
    "silu": "silu", "swish": "silu", "log_sigmoid": "logsigmoid", "leaky_relu": "leaky_relu",
    "hard_sigmoid": "hardsigmoid", "hard_silu": "hardswish", "hard_swish": "hardswish",
    "hard_tanh": "hardtanh", "tanh": "tanh", "elu": "elu", "celu": "celu", "selu": "selu",
    "gelu": "gelu", "squareplus": "squareplus", "mish": "mish", "identity": "identity",
}  # fmt: skip
KERAS = {
    "celu": "celu", "elu": "elu", "exponential": "exponential", "gelu": "gelu",
    "hard_shrink": "hardshrink", "hard_sigmoid": "hardsigmoid", "hard_silu": "hardswish",
    "hard_swish": "hardswish", "hard_tanh": "hardtanh", "leaky_relu": "leaky_relu",
    "linear": "identity", "log_sigmoid": "logsigmoid", "mish": "mish", "relu": "relu",
    "relu6": "relu6", "selu": "selu", "sigmoid": "sigmoid", "silu": "silu",
    "soft_shrink": "softshrink", "softplus": "softplus", "softsign": "softsign",
    "sparse_plus": "sparse_plus", "sparse_sigmoid": "sparse_sigmoid",
    "squareplus": "squareplus", "swish": "silu", "tanh": "tanh", "tanh_shrink": "tanhshrink",
    "threshold": "threshold",
}  # fmt: skip

GRID = [k / 8 for k in range(-64, 65)]
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)


def parameters(entry: Entry) -> dict[str, float]:
    """The defaults, but for ELU: with alpha = 1 it has no kink."""
    return {n: 2.0 if entry.name == "elu" else p.default for n, p in entry.parameters.items()}


def evaluator(entry: Entry, formula: str | None = None) -> Callable[[float], Any]:
    expr = parse(entry.formula if formula is None else formula, entry.parameters)
    values = parameters(entry)
    return lambda z: evaluate(expr, z, values, bits=400)


def constant(entry: Entry, formula: str) -> float:
    return float(evaluator(entry, formula)(0.0))


# -- the data itself --------------------------------------------------------------------------
def test_names_are_unique_identifiers() -> None:
    names = [n for e in ENTRIES for n in (e.name, *e.aliases)]
    assert len(names) == len(set(names)) == len(BY_NAME)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", n) for n in names)
    assert len(ENTRIES) >= 50


def test_the_ones_to_know_come_first() -> None:
    first = ["step", "sigmoid", "tanh", "relu", "leaky_relu", "gelu", "silu"]
    assert [e.name for e in ENTRIES[:7]] == first


@each_entry
def test_formula_uses_exactly_its_parameters(entry: Entry) -> None:
    assert set(names_in(entry.formula)) == set(entry.parameters)
    parse(entry.formula, entry.parameters)


@each_entry
def test_parameters_and_conditions(entry: Entry) -> None:
    for name, p in entry.parameters.items():
        check_parameter_name(name)
        assert name != "y"  # the name of the output in output_derivative
        assert p.low <= p.default <= p.high and p.low < p.high
        assert p.meaning
    for condition in entry.requires:
        assert constant(entry, f"where({condition}, 1, 0)") == 1, condition


@each_entry
def test_kinks_are_constants(entry: Entry) -> None:
    for kink in entry.kinks:
        for formula in (kink.at, kink.derivative):
            assert not parse(formula, entry.parameters).depends_on_z
        assert kink.note.endswith(".")


@each_entry
def test_words(entry: Entry) -> None:
    assert entry.title
    assert entry.summary.endswith((".", ")."))
    assert re.search(r"\b(19|20)\d\d\b", entry.citation)
    assert len(entry.citation.split(", ")) >= 3  # authors, year, title
    assert entry.url is None or entry.url.startswith("https://")


@pytest.mark.parametrize("library", [TORCH, JAX, KERAS], ids=["torch", "jax", "keras"])
def test_covers_the_libraries(library: dict[str, str]) -> None:
    for theirs, ours in library.items():
        assert BY_NAME[ours].name == ours
        if theirs.islower():
            assert BY_NAME[theirs].name == ours


# -- the data against the formula -------------------------------------------------------------
def slopes(f: Callable[[float], Any], z: float) -> tuple[Any, Any]:
    """Difference quotients to the left and to the right, at a width far below any rounding."""
    from mpmath import mp, mpf

    with mp.workprec(400):
        h, z = mpf(2) ** -100, mpf(z)
        return (f(z) - f(z - h)) / h, (f(z + h) - f(z)) / h


@each_entry
def test_kinks_are_where_the_slope_jumps(entry: Entry) -> None:
    f = evaluator(entry)
    at = {constant(entry, k.at) for k in entry.kinks}
    for z in {*GRID, *at}:
        left, right = slopes(f, z)
        smooth = abs(left - right) < 1e-20 * (1 + abs(left)) and abs(left) < 1e20
        assert smooth == (z not in at), f"{entry.name} at {z}: slopes {left} and {right}"


@each_entry
def test_output_derivative(entry: Entry) -> None:
    if entry.output_derivative is None:
        return
    f, expr = evaluator(entry), parse(entry.output_derivative, ["y", *entry.parameters])
    at = {constant(entry, k.at): constant(entry, k.derivative) for k in entry.kinks}
    for z in {*GRID, *at}:
        expected = at[z] if z in at else slopes(f, z)[0]
        got = evaluate(expr, 0.0, {**parameters(entry), "y": f(z)}, bits=400)
        assert abs(got - expected) < 1e-13 * (1 + abs(expected)), (z, got, expected)


# -- the data against PyTorch -----------------------------------------------------------------
def in_torch(name: str) -> Callable[[Any], Any] | None:
    """PyTorch's function of our name at our default parameters, or None."""
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    p = parameters(BY_NAME[name])
    special: dict[str, Callable[[Any], Any]] = {
        "absolute": torch.abs, "arctan": torch.atan, "exponential": torch.exp,
        "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
        "hardtanh": lambda x: functional.hardtanh(x, **p),
        "identity": torch.nn.Identity(),
        "prelu": lambda x: functional.prelu(x, torch.full((1,), p["weight"], dtype=x.dtype)),
        "probit": torch.special.ndtr,
        "rrelu": lambda x: functional.rrelu(x, **p, training=False),
        "sign": torch.sign, "sin": torch.sin, "cos": torch.cos, "square": torch.square,
        # Above its threshold PyTorch returns z itself, which is off by 2e-9.
        "softplus": lambda x: functional.softplus(x, **p, threshold=700),
        "step": lambda x: torch.heaviside(x, torch.ones_like(x)),
    }  # fmt: skip
    if name in special:
        return special[name]
    if name in TORCH.values():
        return lambda x: getattr(functional, name)(x, **p)
    return None


def test_torch_has_no_activation_that_is_missing_here() -> None:
    activation = pytest.importorskip("torch.nn.modules.activation")
    assert set(activation.__all__) <= {*TORCH, *NOT_ELEMENTWISE}


@each_entry
def test_values_are_those_of_torch(entry: Entry) -> None:
    torch = pytest.importorskip("torch")
    theirs = in_torch(entry.name)
    if theirs is None:
        return
    f = evaluator(entry)
    points = [*GRID, *(constant(entry, k.at) for k in entry.kinks)]
    values = theirs(torch.tensor(points, dtype=torch.float64)).tolist()
    for z, value in zip(points, values, strict=True):
        assert math.isclose(value, float(f(z)), rel_tol=1e-13, abs_tol=2e-15), z


@each_entry
def test_conventions_are_those_of_torch(entry: Entry) -> None:
    torch = pytest.importorskip("torch")
    theirs = in_torch(entry.name)
    if theirs is None or entry.name == "step":  # heaviside has no derivative there
        return
    for kink in entry.kinks:
        z = torch.tensor(constant(entry, kink.at), dtype=torch.float64, requires_grad=True)
        theirs(z).backward()
        assert math.isclose(float(z.grad), constant(entry, kink.derivative), rel_tol=1e-15), kink


@pytest.mark.parametrize("name", sorted(TORCH.values()))
def test_parameters_are_called_as_in_torch(name: str) -> None:
    functional = pytest.importorskip("torch.nn.functional")
    import inspect

    try:
        known = set(inspect.signature(getattr(functional, name)).parameters)
    except ValueError:  # a built-in: its signature is the first line of its documentation
        known = set(re.findall(r"\w+", getattr(functional, name).__doc__.strip().splitlines()[0]))
    assert set(BY_NAME[name].parameters) <= known
