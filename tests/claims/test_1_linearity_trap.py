"""A stack of linear layers is one layer; a bend between them ends that."""

from __future__ import annotations

import math

import numpy as np
import pytest

import nonlin
from claims.found import result


def test_two_affine_layers_are_one(claim):
    random = np.random.default_rng(0)
    w1, b1 = random.normal(size=(5, 4)), random.normal(size=5)
    w2, b2 = random.normal(size=(3, 5)), random.normal(size=3)
    net = nonlin.Network([4, 5, 3], activation=None, dtype="float64")
    for mine, given in zip(net.weights + net.biases, (w1, w2, b1, b2), strict=True):
        mine[...] = given
    matrix, bias = net.collapse()
    apart = max(abs(matrix - w2 @ w1).max(), abs(bias - (w2 @ b1 + b2)).max())
    x = random.normal(size=(1000, 4))
    outputs = net.forward(x)
    off = abs(outputs - (x @ (w2 @ w1).T + w2 @ b1 + b2)).max() / abs(outputs).max()
    claim("W₂(W₁x+b₁)+b₂ = (W₂W₁)x + (W₂b₁+b₂)", f"apart by {off:.1e} of the output")
    assert apart == 0
    assert off < 1e-15


def test_ten_or_a_hundred_layers_are_one(claim):
    apart = {r.layers: r.apart for r in result("linearity").rows if r.apart is not None}
    claim(
        "10 or 100 linear layers are one, to about 1e-16",
        ", ".join(f"{n}: {apart[n]:.1e}" for n in (2, 10, 100)),
        only="rounding adds up: the more layers, the more of it",
    )
    assert apart[2] < 1e-15
    assert 1e-16 < apart[10] < apart[100] < 1e-13


@pytest.mark.parametrize("name", ["tanh", "relu", "sigmoid", "gelu"])
def test_a_bend_stops_the_collapse(claim, name):
    """On a straight line an affine map keeps the middle in the middle."""
    off = {}
    for activation in (None, name):
        net = nonlin.Network([2, 16, 16, 2], activation=activation, seed=1, dtype="float64")
        ends = np.random.default_rng(0).normal(size=(2, 100, 2))
        middle = net.forward(ends.mean(axis=0))
        off[activation] = abs(middle - (net.forward(ends[0]) + net.forward(ends[1])) / 2).max()
    if name == "tanh":
        claim(
            "a nonlinear function between layers bends the data",
            f"the middle of a line lands {off[name]:.2g} off the middle (linear: {off[None]:.0e})",
        )
    assert off[None] < 1e-14 < 0.01 < off[name]
    with pytest.raises(nonlin.errors.NetworkError, match=f"layer 1 bends \\({name}"):
        net.collapse()


def test_a_deep_linear_network_learns_what_one_layer_learns(claim):
    rows = result("linearity").rows
    one = {r.task: r.loss for r in rows if r.layers == 1}
    deep = {r.task: r.loss for r in rows if r.layers == 100}
    bent = {r.task: r for r in rows if r.apart is None}
    claim(
        "100 linear layers cannot learn XOR or rings, one hidden layer can",
        f"loss {deep['xor']:.3f}, {deep['rings']:.3f}; tanh {bent['xor'].loss:.4f}, {bent['rings'].loss:.4f}",
    )
    for task in ("xor", "rings"):
        assert one[task] == pytest.approx(math.log(2), rel=1e-6)  # no better than a guess
        assert deep[task] == pytest.approx(one[task], rel=1e-6)
        assert bent[task].loss < 0.05
        assert bent[task].accuracy == 1
