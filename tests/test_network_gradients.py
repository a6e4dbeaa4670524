"""The gradients of networks, and what the optimizers make of them, against PyTorch in float64.

PyTorch knows nothing of our derivatives: it differentiates the formulas themselves, written with
its own functions where it has them and evaluated node by node where it has not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import nonlin
from nonlin.expression import Expr, walk
from nonlin.formula import parse
from nonlin.network.initial import known
from nonlin.oracle import accurate

Array = np.ndarray[Any, Any]
Tensor = torch.Tensor
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
LOSSES = ("squared_error", "binary_cross_entropy", "cross_entropy", "class numbers")
each_activation = pytest.mark.parametrize("name", nonlin.catalogue)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # on such small tensors more only wait for each other
    yield
    torch.set_num_threads(before)


# -- the same network in PyTorch ------------------------------------------------------------------
KNOWN: dict[str, Callable[[Tensor], Tensor]] = {  # with PyTorch's own choices at kinks
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "prelu": lambda z: F.prelu(z, torch.tensor([0.25], dtype=z.dtype)),
    "rrelu": lambda z: F.rrelu(z, 0.125, 1 / 3, training=False),
    "relu6": F.relu6,
    "threshold": lambda z: F.threshold(z, 1.0, 0.0),
    "absolute": torch.abs,
    "hardtanh": F.hardtanh,
    "hardsigmoid": F.hardsigmoid,
    "hardswish": F.hardswish,
    "hardshrink": F.hardshrink,
    "softshrink": F.softshrink,
    "elu": F.elu,
    "celu": F.celu,
    "selu": F.selu,
    "sign": torch.sign,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "gelu": F.gelu,
    "gelu_tanh": lambda z: F.gelu(z, approximate="tanh"),
    "silu": F.silu,
    "mish": F.mish,
    "softsign": F.softsign,
    "logsigmoid": F.logsigmoid,
    "tanhshrink": F.tanhshrink,
    "probit": torch.special.ndtr,
}
OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "neg": torch.neg,
    "pow": torch.pow, "lt": torch.lt, "le": torch.le, "eq": torch.eq, "where": torch.where,
    "exp": torch.exp, "expm1": torch.expm1, "log": torch.log, "log1p": torch.log1p,
    "sqrt": torch.sqrt, "abs": torch.abs, "sign": torch.sign, "min": torch.minimum,
    "max": torch.maximum, "tanh": torch.tanh, "sinh": torch.sinh, "cosh": torch.cosh,
    "sin": torch.sin, "cos": torch.cos, "atan": torch.atan, "erf": torch.erf, "erfc": torch.erfc,
    "sigmoid": torch.sigmoid, "Phi": torch.special.ndtr,
    # Not F.softplus, which is the identity above 20.
    "softplus": lambda a: torch.logaddexp(a, torch.zeros_like(a)),
}  # fmt: skip


def evaluate(formula: Expr, z: Tensor, parameters: dict[str, float]) -> Tensor:
    values: dict[Expr, Tensor] = {}
    for node in walk(formula):
        if node.op == "z":
            values[node] = z
        elif node.op == "param":
            values[node] = torch.full_like(z, parameters[str(node.value)])
        elif node.op == "constant":
            values[node] = torch.full_like(z, {"pi": math.pi, "e": math.e}[str(node.value)])
        elif node.op == "number":
            values[node] = torch.full_like(z, float(node.fraction))
        else:
            values[node] = OPERATIONS[node.op](*(values[a] for a in node.args))
    return values[formula]


def applied(f: nonlin.Activation, z: Tensor) -> Tensor:
    # F.hardsigmoid has 1/6 to the precision of float32 only.
    if f.name in KNOWN and f.name != "hardsigmoid":
        return KNOWN[f.name](z)
    return evaluate(parse(f.formula, f.parameters), z, f.parameters)


class Reference:
    """A network's copy in PyTorch, in float64."""

    def __init__(self, net: nonlin.Network) -> None:
        self.activations = net.activations
        self.parameters = [
            torch.tensor(array.astype(np.float64), requires_grad=True)
            for both in zip(net.weights, net.biases, strict=True)
            for array in both
        ]

    def loss(self, x: Array, y: Array, loss: str) -> Tensor:
        a = torch.tensor(x, dtype=torch.float64)
        layers = zip(self.parameters[::2], self.parameters[1::2], self.activations, strict=True)
        for w, b, f in layers:
            z = a @ w.T + b
            a = z if f is None else applied(f, z)
        target = torch.tensor(y)
        if loss == "squared_error":
            return F.mse_loss(a, target)
        if loss == "binary_cross_entropy":
            return F.binary_cross_entropy_with_logits(a, target)
        return F.cross_entropy(a, target)

    def gradients(self, x: Array, y: Array, loss: str) -> tuple[float, list[Array]]:
        value = self.loss(x, y, loss)
        found: Any = [None] * len(self.parameters)
        if value.requires_grad:  # it does not behind a step in the last layer
            found = torch.autograd.grad(value, self.parameters, allow_unused=True)
        return float(value.detach()), [
            np.zeros(tuple(p.shape)) if g is None else g.numpy()
            for p, g in zip(self.parameters, found, strict=True)
        ]


# -- comparing ------------------------------------------------------------------------------------
def error(got: Array, want: Array) -> float:
    """The largest difference, relative to the largest element."""
    assert got.shape == want.shape
    difference, size = float(abs(got - want).max()), float(abs(want).max())
    if not math.isfinite(difference):
        return math.inf
    return difference / size if size else (0.0 if difference == 0 else math.inf)


def data_for(net: nonlin.Network, count: int, loss: str) -> tuple[Array, Array]:
    rng = np.random.default_rng(4)
    # float32 values, so that networks of both dtypes and PyTorch see the same numbers.
    x = rng.normal(size=(count, net.widths[0])).astype(np.float32).astype(np.float64)
    shape = (count, net.widths[-1])
    if loss == "class numbers":
        return x, rng.integers(0, shape[1], count)
    if loss == "squared_error":
        return x, rng.normal(size=shape).astype(np.float32).astype(np.float64)
    # Shares of 64, which any sum of keeps exact.
    if loss == "binary_cross_entropy":
        return x, rng.integers(0, 65, shape) / 64
    return x, rng.multinomial(64, np.full(shape[1], 1 / shape[1]), count) / 64


def tuned(net: nonlin.Network, x: Array) -> nonlin.Network:
    """The network with weights that make a deep one a fair question.

    Sums are of the order of 1 in every layer, or twenty exponentials would overflow; and most of
    that is biases, so that a rounding error shrinks on its way through the layers. (Twenty squares
    double it twenty times where there are none.)
    """
    rng = np.random.default_rng(8)
    a = x
    for w, b, f in zip(net.weights, net.biases, net.activations, strict=True):
        w[...] = rng.normal(size=w.shape) / math.sqrt(w.shape[1])
        spread = (a @ w.T).std()
        w[...] /= 2 * spread if spread > 1e-3 else 1
        b[...] = rng.normal(size=b.shape)
        z = a @ w.T + b
        a = z if f is None else f(z)
    return net


def check(net: nonlin.Network, count: int, loss: str) -> None:
    x, y = data_for(net, count, loss)
    agree(net, x, y, loss)


def agree(net: nonlin.Network, x: Array, y: Array, loss: str) -> None:
    value, wanted = Reference(net).gradients(x, y, loss)
    got = net.backward(x, y, loss="cross_entropy" if loss == "class numbers" else loss)
    tolerance = TOLERANCE[net.dtype.name]
    assert got.loss == pytest.approx(value, rel=tolerance)
    pairs = [g for both in zip(got.weights, got.biases, strict=True) for g in both]
    for i, (g, w) in enumerate(zip(pairs, wanted, strict=True)):
        assert g.dtype == net.dtype
        what = "biases" if i % 2 else "weights"
        assert error(g, w) <= tolerance, f"the {what} of layer {i // 2 + 1}"


# -- gradients ------------------------------------------------------------------------------------
@pytest.mark.parametrize("depth", [1, 2, 3, 5, 20])
@each_activation
def test_every_activation(name: str, depth: int) -> None:
    # Over the catalogue every loss meets every depth.
    loss = LOSSES[(list(nonlin.catalogue).index(name) + depth) % len(LOSSES)]
    widths, every = [3, *[6] * (depth - 1), 4], [name] * depth
    net = nonlin.Network(widths, activation=every, dtype="float64")
    x, y = data_for(net, 9, loss)
    agree(tuned(net, x), x, y, loss)


@pytest.mark.parametrize("depth", [1, 3])
@each_activation
def test_every_activation_in_float32(name: str, depth: int) -> None:
    loss = LOSSES[(list(nonlin.catalogue).index(name) + depth) % len(LOSSES)]
    net = nonlin.Network([3, *[20] * (depth - 1), 4], activation=[name] * depth)
    x, y = data_for(net, 100, loss)
    agree(tuned(net, x), x, y, loss)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_every_loss_at_every_depth(loss: str, dtype: str) -> None:
    for depth in range(1, 21):
        net = nonlin.Network([2, *[5] * (depth - 1), 3], activation="tanh", dtype=dtype)
        x, y = data_for(net, 7, loss)
        agree(tuned(net, x), x, y, loss)


@pytest.mark.parametrize("init", known())
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_every_initialisation(init: str, dtype: str) -> None:
    for loss in LOSSES:
        check(nonlin.Network([4, 9, 7, 3], activation="silu", init=init, dtype=dtype), 33, loss)


WIDTHS = (1, 2, 3, 5, 31, 32, 33, 512)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 255, 256])
def test_every_shape(count: int, dtype: str) -> None:
    # A layer is cut into blocks of units and of samples: what is left over comes in every size.
    for i, width in enumerate(WIDTHS):
        widths = [width, WIDTHS[i - 3], 3]
        check(nonlin.Network(widths, activation="relu", dtype=dtype), count, LOSSES[i % 4])
        check(nonlin.Network([3, width], dtype=dtype), count, LOSSES[(i + 2) % 4])


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_wide_layers(dtype: str) -> None:
    check(nonlin.Network([512, 512, 512], activation="tanh", dtype=dtype), 17, "class numbers")


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_batch_after_a_larger_one(dtype: str) -> None:
    """Buffers keep what a larger batch left in them; none of it may count."""
    net = nonlin.Network([3, 5, 2], activation="gelu", dtype=dtype)
    for count in (300, 1, 40, 17, 16, 15, 301):
        check(net, count, "squared_error")


def test_each_layer_its_own_activation() -> None:
    several = ["leaky_relu", None, "xielu", "z**2 / 4", "plu", None]
    net = nonlin.Network([3, 4, 5, 4, 3, 4, 2], activation=several, dtype="float64")
    x, y = data_for(net, 21, "squared_error")
    agree(tuned(net, x), x, y, "squared_error")


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("scale", [1e-8, 30.0, 1000.0])
def test_scores_that_are_tiny_or_huge(loss: str, scale: float) -> None:
    """Softmax and the logarithms neither overflow nor come to 0/0."""
    net = nonlin.Network([4, 4], dtype="float64")
    net.weights[0][...] = scale * np.eye(4)
    check(net, 40, loss)


def test_scores_whose_difference_overflows() -> None:
    """What is infinitely unlikely and does not happen costs nothing, and what happens infinitely."""
    net = nonlin.Network([1, 2], dtype="float64")
    net.weights[0][...] = [[1e308], [-1e308]]
    got = net.backward([1.0], 0, loss="cross_entropy")
    assert got.loss == 0 and not got.weights[0].any() and not got.biases[0].any()
    got = net.backward([1.0], 1, loss="cross_entropy")
    assert got.loss == math.inf and got.biases[0].tolist() == [1.0, -1.0]


def test_scores_that_share_something_huge() -> None:
    """Softmax does not see what is added to every score, and neither may the loss."""
    net = nonlin.Network([1, 3], dtype="float64")
    net.weights[0][...] = [[1.0], [0.5], [-2.0]]
    x, y = np.array([[0.25], [-1.0], [3.0]]), np.array([0, 2, 1])
    plain = net.backward(x, y, loss="cross_entropy")
    net.biases[0][...] = 2.0**40  # all scores stay exact
    moved = net.backward(x, y, loss="cross_entropy")
    assert moved.loss == pytest.approx(plain.loss, rel=1e-15)
    assert error(moved.weights[0], plain.weights[0]) < 1e-15


def test_probabilities_that_almost_sum_to_one() -> None:
    """They are taken as shares of their sum; the gradient is then that of the loss."""
    net = nonlin.Network([2, 3], dtype="float64", seed=2)
    x, y = np.array([[0.5, -1.0], [2.0, 0.25]]), np.array([[0.2, 0.3, 0.5004], [0.9999, 0, 0]])
    shares = y / y.sum(axis=1, keepdims=True)
    value, wanted = Reference(net).gradients(x, shares, "cross_entropy")
    got = net.backward(x, y, loss="cross_entropy")
    assert got.loss == pytest.approx(value, rel=1e-14)
    assert error(got.weights[0], wanted[0]) < 1e-13 and error(got.biases[0], wanted[1]) < 1e-13


@each_activation
def test_central_differences(name: str) -> None:
    loss = LOSSES[list(nonlin.catalogue).index(name) % len(LOSSES)]
    net = nonlin.Network([3, 4, 3], activation=name, dtype="float64")
    x, y = data_for(net, 5, loss)
    tuned(net, x)
    chosen = "cross_entropy" if loss == "class numbers" else loss
    found = net.backward(x, y, loss=chosen)
    step = 1e-5
    for arrays, gradients in ((net.weights, found.weights), (net.biases, found.biases)):
        for array, gradient in zip(arrays, gradients, strict=True):
            slopes = np.empty_like(gradient)
            for place in np.ndindex(array.shape):
                before = array[place]
                losses = []
                for moved in (before + step, before - step):
                    array[place] = moved
                    losses.append(net.backward(x, y, loss=chosen).loss)
                array[place] = before
                slopes[place] = (losses[0] - losses[1]) / (2 * step)
            # What a third derivative and the rounding of the losses leave at this step.
            assert abs(slopes - gradient).max() <= 1e-7 * abs(gradient).max() + 1e-9


# -- kinks ----------------------------------------------------------------------------------------
KINKS = [
    pytest.param(f, k, id=f"{f.name} {i}")
    for f in nonlin.catalogue.values()
    for i, k in enumerate(f.kinks)
]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("f", "kink"), KINKS)
def test_slope_at_a_kink(f: nonlin.Activation, kink: tuple[Expr, Expr], dtype: str) -> None:
    at = float(accurate(kink[0], 0.0, f.parameters))
    # With a neighbour on either side, so that this is where the slope jumps.
    close = [float(np.nextafter(np.dtype(dtype).type(at), to)) for to in (-math.inf, math.inf)]
    net = nonlin.Network([1, 1], activation=[f], dtype=dtype)
    net.weights[0][...] = 1
    got = net.trace(np.array([[at], *([c] for c in close)], dtype))[0]
    assert got.z[0, 0] == at
    if f.name in KNOWN:
        z = torch.tensor(got.z.astype(np.float64), requires_grad=True)
        (wanted,) = torch.autograd.grad(KNOWN[f.name](z).sum(), z)
        np.testing.assert_allclose(got.slope, wanted.numpy(), rtol=1e-6)
    else:
        conventional = float(accurate(kink[1], 0.0, f.parameters))
        assert got.slope[0, 0] == pytest.approx(conventional, rel=1e-6)


def test_kinks_in_a_gradient() -> None:
    """Not only in what trace shows: a batch of kinks and what lies between, through two layers."""
    for name in ("relu", "leaky_relu", "relu6", "hardtanh", "hardswish", "softshrink", "elu"):
        for dtype in TOLERANCE:
            net = nonlin.Network([1, 1, 1], activation=[name, None], dtype=dtype)
            net.weights[0][...] = net.weights[1][...] = 1
            x = np.array([[0.0], [1.0], [-1.0], [3.0], [-3.0], [6.0], [0.5], [-0.5], [2.5]])
            agree(net, x, np.full((9, 1), 10.0), "squared_error")


# -- optimizers -----------------------------------------------------------------------------------
OPTIMIZERS: dict[str, tuple[dict[str, Any], Callable[..., torch.optim.Optimizer], dict[str, Any]]]
OPTIMIZERS = {
    "sgd": ({"optimizer": "sgd"}, torch.optim.SGD, {}),
    "momentum": ({"optimizer": "momentum"}, torch.optim.SGD, {"momentum": 0.9}),
    "momentum 0.5": (
        {"optimizer": "momentum", "momentum": 0.5}, torch.optim.SGD, {"momentum": 0.5},
    ),
    "momentum 0": ({"optimizer": "momentum", "momentum": 0.0}, torch.optim.SGD, {}),
    "adam": ({"optimizer": "adam"}, torch.optim.Adam, {}),
    "adam, other betas and eps": (
        {"optimizer": "adam", "betas": (0.5, 0.9), "eps": 1e-3}, torch.optim.Adam,
        {"betas": (0.5, 0.9), "eps": 1e-3},
    ),
}  # fmt: skip


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("batch_size", [None, 8])
def test_fifty_one_steps(name: str, weight_decay: float, batch_size: int | None) -> None:
    ours, theirs, settings = OPTIMIZERS[name]
    net = nonlin.Network([3, 6, 5, 2], activation="tanh", dtype="float64", seed=6)
    reference = Reference(net)
    x, y = data_for(net, 20, "squared_error")
    rows = [slice(0, 20)] if batch_size is None else [slice(0, 8), slice(8, 16), slice(16, 20)]
    optimizer = theirs(reference.parameters, lr=0.01, weight_decay=weight_decay, **settings)
    losses, norms = [], []
    epochs = 51 // len(rows)
    for _ in range(epochs):
        for batch in rows:
            optimizer.zero_grad()
            value = reference.loss(x[batch], y[batch], "squared_error")
            value.backward()
            grads = [p.grad for p in reference.parameters if p.grad is not None]
            norms.append(math.sqrt(sum(float((g**2).sum()) for g in grads)))
            losses.append(float(value.detach()))
            optimizer.step()
    history = net.train(
        x, y, lr=0.01, weight_decay=weight_decay, epochs=epochs, batch_size=batch_size,
        shuffle=False, **ours,
    )  # fmt: skip
    np.testing.assert_allclose(history.loss, losses, rtol=1e-11)
    np.testing.assert_allclose(history.gradient_norm, norms, rtol=1e-10)
    both = [a for pair in zip(net.weights, net.biases, strict=True) for a in pair]
    for got, want in zip(both, reference.parameters, strict=True):
        assert error(got, want.detach().numpy()) < 1e-10
    assert losses[-1] < losses[0]


def test_calls_of_train_follow_each_other() -> None:
    """Momentum and the powers of adam's betas go on from one call to the next."""
    for optimizer in ("sgd", "momentum", "adam"):
        once, often = (nonlin.Network([2, 5, 1], activation="gelu", seed=3) for _ in range(2))
        x, y = data_for(once, 12, "squared_error")
        once.train(x, y, optimizer=optimizer, epochs=12)
        for epochs in (1, 4, 2, 5):
            often.train(x, y, optimizer=optimizer, epochs=epochs)
        for a, b in zip(once.weights, often.weights, strict=True):
            assert a.tobytes() == b.tobytes()


def test_another_optimizer_begins_anew() -> None:
    net = nonlin.Network([3, 4, 2], activation="tanh", dtype="float64", seed=1)
    x, y = data_for(net, 10, "squared_error")
    net.train(x, y, optimizer="adam", epochs=5)
    reference = Reference(net)
    optimizer = torch.optim.SGD(reference.parameters, lr=0.05, momentum=0.9)
    for _ in range(5):
        optimizer.zero_grad()
        reference.loss(x, y, "squared_error").backward()
        optimizer.step()
    net.train(x, y, optimizer="momentum", lr=0.05, epochs=5)
    for got, want in zip(net.weights, reference.parameters[::2], strict=True):
        assert error(got, want.detach().numpy()) < 1e-12
