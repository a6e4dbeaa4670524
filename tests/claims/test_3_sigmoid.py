"""Sigmoid: a derivative for free, saturation, vanishing gradients, zig-zag."""

from __future__ import annotations

import numpy as np
import pytest

import nonlin
from claims.found import result

Z = np.linspace(-30, 30, 60_001)


def test_the_derivative_is_free(claim):
    s = nonlin.sigmoid(Z)
    off = abs(nonlin.sigmoid.derivative(Z) - s * (1 - s)).max()
    from_output = nonlin.sigmoid.derivative_from_output(0.7)
    claim("σ′ = σ(1−σ); output 0.7 → 0.21", f"{from_output:.6g}; apart by at most {off:.0e}")
    assert from_output == pytest.approx(0.21, abs=1e-16)
    assert off < 1e-16


def test_its_largest_slope_is_a_quarter(claim):
    slopes = nonlin.sigmoid.derivative(Z)
    at = Z[slopes.argmax()]
    claim("the largest slope is 0.25, at z = 0", f"{slopes.max()} at {abs(at):g}")
    assert slopes.max() == nonlin.sigmoid.derivative(0.0) == 0.25
    assert at == 0
    assert np.count_nonzero(slopes == 0.25) == 1


def test_it_saturates(claim):
    rows = {r.z: r for r in result("saturation").rows if r.activation == "sigmoid"}
    claim(
        "the slope is 0.0066 at ±5, 0.000045 at ±10", f"{rows[5].slope:.4f}, {rows[10].slope:.6f}"
    )
    for side in (-1, 1):
        assert f"{rows[5 * side].slope:.4f}" == "0.0066"
        assert f"{rows[10 * side].slope:.6f}" == "0.000045"
        assert rows[5 * side].share == pytest.approx(0.0266, abs=1e-4)


def test_slopes_multiply(claim):
    """Through a chain of single units with weight 1, the gradient is the product of the slopes."""
    net = nonlin.Network([1, 1, 1, 1], activation=["sigmoid"] * 3, dtype="float64")
    for w in net.weights:
        w[...] = 1
    x, target = [[0.3]], [[0.0]]
    slopes = [float(layer.slope[0, 0]) for layer in net.trace(x)]
    error = 2 * net.forward(x)[0, 0]
    gradient = float(net.backward(x, target).weights[0][0, 0])
    claim(
        "through L layers the slopes multiply (0.2 three times: 0.008)",
        f"{0.2**3:.3f}; here {' × '.join(f'{s:.3f}' for s in slopes)} = {gradient / error / 0.3:.4f}",
    )
    assert gradient / error / 0.3 == pytest.approx(np.prod(slopes), rel=1e-12)
    assert np.prod(slopes) <= 0.25**3


def test_gradients_vanish(claim):
    found = result("vanishing")
    depth = max(r.depth for r in found.rows)
    left = {init: found.factor("sigmoid", init) for init in ("xavier", "he", "orthogonal")}
    best, each = max(left.values())
    claim(
        f"the gradient vanishes: what {depth} layers leave of it",
        f"at most {best:.0e}, {each:.2f} a layer",
    )
    assert best < 1e-12
    assert all(0.1 < a_layer < 0.4 for _, a_layer in left.values())
    shallow, middle, deep = (found.factor("sigmoid", "xavier", d)[0] for d in (5, 10, 20))
    assert shallow > 100 * middle > 1e4 * deep


def test_early_layers_stop_learning(claim):
    random = np.random.default_rng(0)
    x, y = random.normal(size=(50, 8)), random.normal(size=(50, 1))
    net = nonlin.Network([8, *[16] * 8, 1], activation="sigmoid", init="xavier", seed=0)
    before = [w.copy() for w in net.weights]
    net.train(x, y, optimizer="sgd", lr=0.1, epochs=200, measure=0)
    moved = [
        np.linalg.norm(w - b) / np.linalg.norm(b) for w, b in zip(net.weights, before, strict=True)
    ]
    claim(
        "early layers stop learning: weights of 8 layers, 200 steps",
        f"the first moved by {moved[0]:.0e}, the last hidden by {moved[-2]:.0e}",
    )
    assert moved[0] < 1e-3 * moved[-2]


def test_gradients_of_one_sample_have_one_sign(claim):
    """All of a neuron's incoming weights, in a network whose layers are read by sigmoid's outputs."""
    net = nonlin.Network([6, 12, 12, 3], activation="sigmoid", seed=2, dtype="float64")
    random = np.random.default_rng(0)
    x, y = random.normal(size=(64, 6)), random.normal(size=(64, 3))

    def share(*samples):
        rows = [g for s in samples for g in np.concatenate(net.backward(x[s], y[s]).weights[1:])]
        return float(np.mean([(g > 0).all() or (g < 0).all() for g in rows]))

    single = share(*([i] for i in range(64)))
    together = share(range(64))
    claim(
        "the gradients of a neuron's incoming weights all have one sign",
        f"{single:.0%} of neurons with one sample, {together:.0%} with 64",
        only="true sample by sample; a batch mixes signs",
    )
    assert single == 1
    assert together < 1


def test_descent_zigzags(claim):
    rows = {(r.inputs, r.batch): r for r in result("zigzag").rows if r.activation == "sigmoid"}
    full, few, single = rows[10, 400], rows[10, 16], rows[10, 1]
    claim(
        "on positive inputs descent zig-zags",
        f"path {full.detour:.1f} × the line in {full.steps} steps, {full.turns:.0%} of weights turn in each",
    )
    assert full.detour > 5
    assert full.turns > 0.9
    assert single.one_sign == 1
    assert few.one_sign < 1
