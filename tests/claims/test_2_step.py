"""The step: no slope, no descent."""

from __future__ import annotations

import numpy as np

import nonlin
from claims.found import result


def test_its_derivative_is_0(claim):
    z = np.concatenate([np.linspace(-50, 50, 100_000), [5e-324, -5e-324, 1e308, -1e308]])
    slopes = nonlin.step.derivative(z)
    claim(
        "the derivative is 0 wherever it exists",
        f"{np.count_nonzero(slopes)} of {z.size:,} differ from 0",
    )
    assert not slopes.any()
    assert nonlin.step([-1e-300, 0.0, 1e-300]).tolist() == [0, 1, 1]


def test_descent_never_moves(claim):
    found = result("step")
    neuron = {r.activation: r for r in found.rows if r.network == "one neuron"}
    curve = found.curves["one neuron", "step"]
    claim(
        "gradient descent never moves: the loss curve is flat",
        f"{np.ptp(curve):g} in {len(curve) - 1} steps, at {curve[0]:.2f} (sigmoid gets to {neuron['sigmoid'].after:.3f})",
    )
    assert np.ptp(curve) == 0
    assert neuron["step"].moved == neuron["step"].gradient == 0
    for name in ("sigmoid", "tanh", "relu"):
        assert neuron[name].moved > 0.1
        assert neuron[name].after < 0.5 * neuron[name].before


def test_only_what_reads_hidden_steps_learns(claim):
    hidden = {r.activation: r for r in result("step").rows if r.network == "hidden layer"}
    claim(
        "a hidden layer of steps does not move either",
        f"moved by {hidden['step'].moved:g}; loss {hidden['step'].before:.2f} → {hidden['step'].after:.2f}",
        only="the layer that reads it learns, so the loss does fall",
    )
    assert hidden["step"].moved == 0
    assert hidden["step"].after < hidden["step"].before
    assert hidden["step"].after > hidden["relu"].after
