"""Tanh: sigmoid's sister, around 0."""

from __future__ import annotations

import numpy as np

import nonlin
from claims.found import result

Z = np.linspace(-20, 20, 40_001)


def test_the_derivative_is_free(claim):
    t = nonlin.tanh(Z)
    off = abs(nonlin.tanh.derivative(Z) - (1 - t * t)).max()
    claim("tanh′ = 1 − tanh²", f"apart by at most {off:.0e}")
    assert off < 3e-16


def test_it_is_centred_and_the_zigzag_goes(claim):
    rows = {(r.activation, r.batch): r for r in result("zigzag").rows if r.inputs == 10}
    tanh, sigmoid = rows["tanh", 400], rows["sigmoid", 400]
    claim(
        "zero-centred: the zig-zag goes",
        f"path {tanh.detour:.2f} × the line in {tanh.steps} steps (sigmoid {sigmoid.detour:.1f}, {sigmoid.steps})",
    )
    assert nonlin.tanh.properties["zero_centred"].text == "yes"
    assert nonlin.sigmoid.properties["zero_centred"].text == "no"
    assert tanh.detour < 1.5
    assert tanh.steps * 10 < sigmoid.steps
    assert tanh.one_sign < 0.1


def test_it_is_a_stretched_sigmoid(claim):
    off = abs(nonlin.tanh(Z) - (2 * nonlin.sigmoid(2 * Z) - 1)).max()
    claim("tanh(z) = 2σ(2z) − 1", f"apart by at most {off:.0e}")
    assert off < 3e-16


def test_it_saturates(claim):
    rows = {r.z: r for r in result("saturation").rows if r.activation == "tanh"}
    claim("it still saturates", f"slope {rows[5].slope:.2g} at ±5, {rows[10].slope:.1e} at ±10")
    assert max(rows[z].share for z in (-5, 5)) < 2e-4
    assert "both" in nonlin.tanh.properties["saturates"].text


def test_deep_stacks_vanish_later(claim):
    centred = result("vanishing")
    pushed = result("vanishing", biases=1.0, depths=(5, 30), inits=("xavier",), runs=5)
    depth = 30
    fresh = [centred.factor("tanh", init, depth)[0] for init in ("xavier", "he", "orthogonal")]
    left, each = pushed.factor("tanh", "xavier", depth)
    sigmoid = pushed.factor("sigmoid", "xavier", depth)
    claim(
        f"deep stacks still vanish, later than sigmoid's ({depth} layers)",
        f"{left:.0e}, {each:.2f} a layer (sigmoid {sigmoid[0]:.0e}, {sigmoid[1]:.2f}), biases spread by 1",
        only=f"with biases of 0 the units stay near 0 and nothing vanishes: {min(fresh):.1f} to {max(fresh):.1f}",
    )
    assert sigmoid[0] * 1e6 < left < 1e-4
    assert min(fresh) > 0.1
    assert centred.factor("sigmoid", "xavier", depth)[0] < 1e-12
    assert 0.1 < pushed.factor("tanh", "xavier", 5)[0] / each**4 < 10  # it multiplies
