"""ReLU: slope 1 or 0, half of it silent, and units that die."""

from __future__ import annotations

import time

import numpy as np

import nonlin
from claims.found import result


def test_the_slope_is_1_or_0(claim):
    slopes = nonlin.relu.derivative([-5.0, -1e-300, 0.0, 1e-300, 5.0])
    claim("slope 1 for z > 0, 0 for z < 0, and 0 at 0 by convention", f"{slopes.tolist()}")
    assert slopes.tolist() == [0, 0, 0, 1, 1]
    assert len(nonlin.relu.kinks) == 1


def test_gradients_pass_untouched(claim):
    net = nonlin.Network([1, *[1] * 30, 1], activation="relu", dtype="float64")
    for w in net.weights:
        w[...] = 1
    gradient = net.backward([[0.5]], [[0.0]])
    found = result("vanishing")
    he, xavier = (found.factor("relu", init, 30)[0] for init in ("he", "xavier"))
    claim(
        "gradients pass untouched where z > 0",
        f"30 units in a row: first/last gradient {float(gradient.weights[0][0, 0] / gradient.weights[-2][0, 0]):g}",
        only=f"whole layers lose their silent half: 30 layers leave {he:.2f} with He weights, {xavier:.4f} with Xavier",
    )
    assert gradient.weights[0] == gradient.weights[-2]
    assert he > 0.05
    assert xavier < 0.02


def test_it_is_one_comparison(claim):
    """The count is asserted; the time is only told, because it is this machine's."""
    work = [i.op for i in nonlin.relu.program("value").instructions if i.op not in ("z", "const")]

    def ratio(count, repeats):
        x = np.random.default_rng(0).normal(size=count).astype(np.float32)
        y = np.empty_like(x)
        times = {}
        for name, run in (
            ("relu", lambda: nonlin.relu(x, out=y)),
            ("copy", lambda: np.copyto(y, x)),
        ):
            for _ in range(repeats):
                start = time.perf_counter()
                run()
                spent = time.perf_counter() - start
                times[name] = min(spent, times.get(name, spent))
        return times["relu"] / times["copy"]

    claim(
        "one comparison: as cheap as copying memory",
        f"{len(work)} operation ({', '.join(work)}); here {ratio(1 << 23, 5):.1f} × a copy of 32 MB",
        only=f"from the memory; in the cache {ratio(1 << 18, 50):.1f} × a copy of 1 MB",
    )
    assert work == ["max"]


def test_about_half_are_silent(claim):
    rows = [r for r in result("sparsity").rows if r.activation == "relu"]
    first = rows[0]
    claim(
        "about half of the units are silent on symmetric input",
        f"{first.silent:.1%} ({first.low:.1%} to {first.high:.1%}); deeper {rows[1].silent:.1%}, {rows[2].silent:.1%}",
    )
    assert 0.48 < first.low <= first.silent <= first.high < 0.52
    assert all(0.4 < r.silent < 0.6 for r in rows)
    dense = [r.silent for r in result("sparsity").rows if r.activation in ("leaky_relu", "sigmoid")]
    assert max(dense) < 0.001


def test_a_dead_unit_has_gradient_0():
    net = nonlin.Network([2, 8, 1], activation="relu", seed=0)
    net.biases[0][3] = -100
    x = np.random.default_rng(0).normal(size=(50, 2))
    gradient = net.backward(x, x[:, :1] * 2)
    assert not gradient.weights[0][3].any()
    assert gradient.biases[0][3] == 0
    before = net.weights[0][3].copy()
    net.train(x, x[:, :1] * 2, optimizer="adam", epochs=200, measure=0)
    assert (net.weights[0][3] == before).all()


def test_it_never_comes_back(claim):
    one = result("dying")
    two = result("dying", hidden=(16, 16), rates=(3.0,), biases=(-1.0, -2.0), runs=8)

    def back(found, layer):
        mine = [r for r in found.rows if r.layer == layer and r.dead]
        died = sum(round(r.dead * r.units) for r in mine)
        return died, sum(round(r.dead * r.units * max(r.back_sgd, r.back_adam)) for r in mine)

    died, came = back(one, 1)
    lower, upper = back(two, 1), back(two, 2)
    claim(
        "a dead unit has gradient 0 and never comes back",
        f"{came} of {died} in a first hidden layer",
        only=f"in a second one {upper[1]} of {upper[0]} did: the layer below them moved (first: {lower[1]})",
    )
    assert died > 500
    assert came == lower[1] == 0
    assert upper[1] > 0


def test_a_high_rate_or_a_bad_bias_kills(claim):
    rows = result("dying").rows
    rate = {r.value: r.dead for r in rows if r.cause == "learning rate"}
    bias = {r.value: r.dead for r in rows if r.cause == "first bias"}
    claim(
        "a high learning rate or a bad bias does it",
        f"rate 0.1 → 10: {rate[0.1]:.0%} → {rate[10]:.0%} dead; bias 0 → −5: {bias[0]:.0%} → {bias[-5]:.0%}",
    )
    assert rate[0.1] < 0.02 < 0.5 < rate[10]
    assert bias[0] < 0.02 < 0.5 < bias[-2] <= bias[-3] <= bias[-5]


def test_leaky_relu_lets_it_recover(claim):
    found = result("dying")
    sgd, adam = found.returned("cured_sgd"), found.returned("cured_adam")
    claim(
        "leaky ReLU lets it recover",
        f"{adam:.0%} are back after {found.options.after} passes of adam",
        only=f"plain descent brings back {sgd:.1%}: a hundredth of a slope is a hundredth of a step",
    )
    assert adam > 0.5
    assert 0 < sgd < 0.5 * adam
    assert found.returned("back_adam") == found.returned("back_sgd") == 0
