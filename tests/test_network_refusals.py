"""Networks: what they refuse, and in what words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nonlin import Network
from nonlin.errors import FormulaError, NetworkError, NoSuchActivationError
from small_networks import state

pytestmark = pytest.mark.filterwarnings("error")


NETWORKS: list[tuple[dict[str, Any], str]] = [
    ({"widths": [2, 0, 1]}, r"widths\[1\] is 0; a layer has a whole number of units, 1 to 4096"),
    ({"widths": [-1, 3]}, r"widths\[0\] is -1;"),
    ({"widths": [2, 2.5, 1]}, r"widths\[1\] is 2.5;"),
    ({"widths": [2, 3, 10**9]}, r"widths\[2\] is 1000000000;"),
    ({"widths": [2, math.inf]}, r"widths\[1\] is inf;"),
    ({"widths": [math.nan, 2]}, r"widths\[0\] is nan;"),
    ({"widths": [2, "3"]}, r"widths\[1\] is '3';"),
    ({"widths": [2, None]}, r"widths\[1\] is None;"),
    ({"widths": [2, True]}, r"widths\[1\] is True;"),
    ({"widths": [3]}, "a network has at least two widths: its inputs and its outputs"),
    ({"widths": []}, "a network has at least two widths"),
    ({"widths": 3}, r"widths are whole numbers, as in \[2, 8, 1\], not 3"),
    ({"widths": "281"}, "widths are whole numbers"),
    ({"init": "kaimming"}, "there is no initialisation 'kaimming': use one of xavier_uniform, "),
    ({"init": None}, "there is no initialisation None"),
    ({"dtype": "float16"}, "a network computes in float32 or float64, not float16"),
    ({"dtype": "no such"}, "a network computes in float32 or float64, not no such"),
    ({"dtype": int}, "a network computes in float32 or float64, not int64"),
    ({"seed": 1.5}, "a seed is a whole number, not 1.5"),
    ({"seed": "a"}, "a seed is a whole number, not 'a'"),
    ({"activation": ["relu"]}, "there are 2 layers and 1 activations"),
    ({"activation": ["relu", None, None]}, "there are 2 layers and 3 activations"),
    ({"activation": 3}, "3 is no activation"),
    ({"activation": [max, None]}, "<built-in function max> is no activation"),
]


@pytest.mark.parametrize(("given", "message"), NETWORKS)
def test_networks_that_cannot_be(given: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        Network(**{"widths": [2, 3, 1], **given})


def test_activations_that_are_none() -> None:
    with pytest.raises(NoSuchActivationError, match="there is no activation 'rellu': did you mean"):
        Network([2, 3, 1], activation="rellu")
    with pytest.raises(FormulaError, match="unknown name 't'"):
        Network([2, 3, 1], activation="t + 1")


def test_widths_and_names_in_other_forms() -> None:
    for widths in ((2, 3, 1), np.array([2, 3, 1]), [2.0, 3, 1], range(1, 4), iter([2, 1])):
        assert all(type(w) is int for w in Network(widths).widths)
    for dtype in (np.float64, "float64", np.dtype(">f8"), float, "d"):
        net = Network([2, 1], dtype=dtype)
        assert net.weights[0].dtype == np.float64 and net.weights[0].dtype.isnative
    assert repr(Network([2, 8, 8, 1])) == "<Network 2-8-8-1, relu>"
    mixed = Network([2, 3, 1], activation=["tanh", "sigmoid"])
    assert repr(mixed) == "<Network 2-3-1, tanh, sigmoid>"


X = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
Y = [[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]]
NAN, INF = math.nan, math.inf
BAD_X: list[tuple[Any, str]] = [
    ([[0.0] * 3] * 3, r"x has shape \(3, 3\); the network takes \(samples, 2\)"),
    ([0.0] * 3, r"x has shape \(3,\); the network takes \(samples, 2\)"),
    (0.0, r"x has shape \(\); the network takes \(samples, 2\)"),
    (np.zeros((3, 2, 1)), r"x has shape \(3, 2, 1\); the network takes \(samples, 2\)"),
    ([], r"x is empty \(shape \(0,\)\)"),
    (np.zeros((0, 2)), r"x is empty \(shape \(0, 2\)\)"),
    ([[0, 1], [1, NAN], [NAN, 1]], r"x\[1, 1\] is nan; 2 numbers are not finite"),
    ([[0, 1], [1, 1], [-INF, 1]], r"x\[2, 0\] is -inf$"),
    ([[0, 1], [1, 1e300], [0, 1]], r"x\[1, 1\] is 1e\+300, which float32 cannot hold"),
    ([[0, 1], [1]], "x is no array"),
    ([["a", "b"]] * 3, "x holds <U1; real numbers are wanted"),
    ([[1j, 0]] * 3, "x holds complex128; real numbers are wanted"),
    ([[None, 0]] * 3, "x holds object; real numbers are wanted"),
    (None, "x holds object"),
]
BAD_Y: list[tuple[str, Any, str]] = [
    ("squared_error", [[0.0] * 3] * 3, r"the targets have shape \(3, 3\); wanted is \(3, 2\)$"),
    ("squared_error", [0, 1, 1], r"the targets have shape \(3,\); wanted is \(3, 2\)$"),
    ("squared_error", 1.0, r"the targets have shape \(\); wanted is \(3, 2\)$"),
    ("squared_error", Y[:2], r"the targets have shape \(2, 2\); wanted is \(3, 2\)$"),
    ("squared_error", [], "targets is empty"),
    ("squared_error", [[0, 1], [NAN, 0], [0, 0]], r"targets\[1, 0\] is nan$"),
    ("squared_error", [["a", "b"]] * 3, "targets holds <U1"),
    ("binary_cross_entropy", [[0, 1], [0, 1.5], [0, 0]],
     r"binary_cross_entropy wants targets between 0 and 1; row 1 is \[0.  1.5\]"),
    ("binary_cross_entropy", [[0, 1], [0, 1], [-0.1, 0]], "row 2 is"),
    ("cross_entropy", [0, 2, 1], r"targets\[1\] is class 2; the network has classes 0 to 1"),
    ("cross_entropy", [0, 1, -1], r"targets\[2\] is class -1; the network has classes 0 to 1"),
    ("cross_entropy", [0, 0.5, 1], "class numbers are whole; for probabilities give one row"),
    ("cross_entropy", [0, NAN, 1], "class numbers are whole"),
    ("cross_entropy", [0, INF, 1], r"targets\[1\] is class inf"),
    ("cross_entropy", [0, 1], "there are 3 samples and 2 class numbers"),
    ("cross_entropy", [[0.5, 0.5], [0.5, 0.6], [0, 1]],
     r"the probabilities of a row sum to 1; those of row 1 to 1.1"),
    ("cross_entropy", [[0.5, 0.5], [-0.5, 1.5], [0, 1]],
     r"cross_entropy wants targets between 0 and 1; row 1 is \[-0.5  1.5\]"),
    ("cross_entropy", np.zeros((3, 3)), r"wanted is \(3, 2\), or 3 class numbers"),
]  # fmt: skip
BAD_SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({"loss": "mse"}, "there is no loss 'mse': use one of squared_error, binary_cross_entropy, "),
    ({"loss": None}, "there is no loss None"),
    ({"optimizer": "adamw"}, "there is no optimizer 'adamw': use one of sgd, momentum, adam"),
    ({"optimizer": ["sgd"]}, r"there is no optimizer \['sgd'\]"),
    ({"lr": -0.1}, "lr is -0.1; it has to be a finite number, not below 0"),
    ({"lr": NAN}, "lr is nan; it has to be a finite number"),
    ({"lr": INF}, "lr is inf; it has to be a finite number"),
    ({"lr": "fast"}, "lr is 'fast'; it has to be a finite number"),
    ({"lr": None}, "lr is None; it has to be a finite number"),
    ({"lr": 10**400}, "lr is 1000.*; it has to be a finite number"),
    ({"epochs": 0}, "epochs is 0; it has to be a whole number from 1 to"),
    ({"epochs": -3}, "epochs is -3;"),
    ({"epochs": 2.5}, "epochs is 2.5;"),
    ({"epochs": 10**30}, "epochs is 10000.*;"),
    ({"epochs": NAN}, "epochs is nan;"),
    ({"epochs": "10"}, "epochs is '10';"),
    ({"batch_size": 0}, "batch_size is 0; it has to be a whole number, at least 1, or None"),
    ({"batch_size": -2}, "batch_size is -2;"),
    ({"batch_size": 1.5}, "batch_size is 1.5;"),
    ({"momentum": 1.0}, "momentum is 1.0; it has to be at least 0 and below 1"),
    ({"momentum": -0.1}, "momentum is -0.1;"),
    ({"momentum": NAN}, "momentum is nan;"),
    ({"betas": (0.9, 1.0)}, r"betas is \(0.9, 1.0\); it has to be two numbers, at least 0 and bel"),
    ({"betas": (-0.1, 0.9)}, r"betas is \(-0.1, 0.9\);"),
    ({"betas": (0.9,)}, r"betas is \(0.9,\);"),
    ({"betas": (0.9, 0.99, 0.999)}, "betas is"),
    ({"betas": 0.9}, "betas is 0.9;"),
    ({"betas": (NAN, 0.9)}, r"betas is \(nan, 0.9\);"),
    ({"eps": -1e-8}, "eps is -1e-08; it has to be a finite number, not below 0"),
    ({"eps": INF}, "eps is inf;"),
    ({"weight_decay": -1}, "weight_decay is -1; it has to be a finite number, not below 0"),
    ({"weight_decay": NAN}, "weight_decay is nan;"),
    ({"measure": -1}, "measure is -1; it has to be a whole number, not below 0"),
    ({"measure": 0.5}, "measure is 0.5;"),
    ({"until": 3}, "until is 3; it has to be a function of the history, or None"),
]


@pytest.fixture(scope="module")
def trained() -> Network:
    net = Network([2, 3, 2], activation="tanh", seed=1)
    net.train(X, Y, epochs=2, batch_size=2)
    return net


def refused(net: Network, call: Callable[[], Any], message: str) -> None:
    before = state(net)
    with pytest.raises(NetworkError, match=message):
        call()
    assert state(net) == before


@pytest.mark.parametrize(("x", "message"), BAD_X)
def test_bad_samples(trained: Network, x: Any, message: str) -> None:
    refused(trained, lambda: trained.forward(x), message)
    refused(trained, lambda: trained.trace(x), message)
    refused(trained, lambda: trained.backward(x, Y), message)
    refused(trained, lambda: trained.train(x, Y, optimizer="sgd", epochs=1), message)


@pytest.mark.parametrize(("loss", "y", "message"), BAD_Y)
def test_bad_targets(trained: Network, loss: str, y: Any, message: str) -> None:
    refused(trained, lambda: trained.backward(X, y, loss=loss), message)
    refused(trained, lambda: trained.train(X, y, loss=loss, optimizer="sgd"), message)


@pytest.mark.parametrize(("given", "message"), BAD_SETTINGS)
def test_bad_settings(trained: Network, given: dict[str, Any], message: str) -> None:
    refused(trained, lambda: trained.train(X, Y, **{"optimizer": "momentum", **given}), message)
    if "loss" in given:
        refused(trained, lambda: trained.backward(X, Y, loss=given["loss"]), message)


def test_an_error_does_not_change_the_run() -> None:
    """Training after refused calls is that of a network that never saw them."""
    nets = [Network([2, 3, 2], activation="tanh", seed=1) for _ in range(2)]
    for net in nets:
        net.train(X, Y, epochs=2, batch_size=2)
    for given, _ in BAD_SETTINGS:
        with pytest.raises(NetworkError):
            nets[0].train(X, Y, **given)
    for net in nets:
        net.train(X, Y, epochs=3, batch_size=2)
    assert state(nets[0]) == state(nets[1])


def test_settings_in_other_forms() -> None:
    net = Network([2, 3, 2], seed=1)
    history = net.train(
        X, Y, lr=np.float32(0.01), epochs=np.int64(4), batch_size=2.0, betas=[0.9, 0.99],
        measure=2.0, momentum=0, weight_decay=0,
    )  # fmt: skip
    assert history.steps == 8 and [e.epoch for e in history.epochs] == [0, 2, 4]


def test_targets_in_other_forms() -> None:
    one, three = Network([2, 1], seed=1), Network([2, 3], seed=1)
    column = one.backward(X, [[0], [1], [0.5]], loss="binary_cross_entropy").loss
    assert one.backward(X, [0, 1, 0.5], loss="binary_cross_entropy").loss == column
    assert one.backward(X[0], 1.0).loss == one.backward(X[:1], [[1.0]]).loss
    assert three.backward(X[0], [1, 2, 3]).loss == three.backward(X[:1], [[1, 2, 3]]).loss
    rows = three.backward(X, [[0, 1, 0], [1, 0, 0], [0, 0, 1]], loss="cross_entropy").loss
    labels: list[Any] = [[1, 0, 2], [1.0, 0.0, 2.0], np.array([1, 0, 2], np.uint8)]
    for y in labels:
        assert three.backward(X, y, loss="cross_entropy").loss == rows
    alone = three.backward(X[:1], [[0, 1, 0]], loss="cross_entropy").loss
    assert three.backward(X[0], 1, loss="cross_entropy").loss == alone
