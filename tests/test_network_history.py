"""Networks: what training reports, when it ends, and the bar it shows."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from nonlin import Network
from nonlin.network import Epoch, History
from small_networks import Array, bits, samples

pytestmark = pytest.mark.filterwarnings("error")


@pytest.mark.parametrize(
    ("epochs", "measure", "points"),
    [(6, 50, [0, 1, 2, 3, 4, 5, 6]), (100, 4, [0, 25, 50, 75, 100]), (5, 1, [0, 5]), (5, 0, []),
     (1, 10**15, [0, 1]), (7, 2, [0, 4, 7])],
)  # fmt: skip
def test_lengths(epochs: int, measure: int, points: list[int]) -> None:
    net = Network([2, 3, 1], seed=1)
    x = samples(10, 2)
    history = net.train(x, x[:, 0], epochs=epochs, batch_size=4, measure=measure)
    steps = 3 * epochs
    assert history.steps == len(history.loss) == len(history.gradient_norm) == steps
    assert [e.epoch for e in history.epochs] == points
    assert [e.step for e in history.epochs] == [3 * p for p in points]
    assert history.stopped == "finished"
    assert history.message == f"every epoch was done, after {steps} of {steps} steps"
    assert f"{steps} steps" in repr(history)
    assert history.column("loss").shape == (len(points),)
    if points:
        assert history.column("sparsity").shape == (len(points), 2)
        assert np.isnan(history.column("accuracy")).all()


def test_one_loss_for_each_step_before_it_is_taken() -> None:
    net = Network([2, 5, 1], activation="tanh", seed=1)
    x = samples(12, 2)
    y = x[:, :1]
    steps = []
    for _ in range(9):
        g = net.backward(x, y)
        steps.append((g.loss, math.sqrt(sum(n * n for n in g.norms))))
        net.train(x, y, epochs=1, measure=0)
    whole = Network([2, 5, 1], activation="tanh", seed=1).train(x, y, epochs=9)
    np.testing.assert_allclose(whole.loss, [s[0] for s in steps], rtol=1e-12)
    np.testing.assert_allclose(whole.gradient_norm, [s[1] for s in steps], rtol=1e-6)


def expected(net: Network, x: Array, y: Array, loss: str) -> dict[str, Any]:
    """What an epoch has to say of a network, counted by NumPy."""
    trace, gradients = net.trace(x), net.backward(x, y, loss=loss)
    outputs = trace[-1].a
    accuracy = None
    if loss == "binary_cross_entropy":
        accuracy = np.mean((outputs > 0) == (y > 0.5))
    elif loss == "cross_entropy":
        accuracy = np.mean(outputs.argmax(axis=1) == (y if y.ndim == 1 else y.argmax(axis=1)))
    both = zip(gradients.weights, gradients.biases, strict=True)
    return {
        "loss": gradients.loss,
        "accuracy": accuracy,
        "gradient_norm": [math.sqrt((w**2.0).sum() + (b**2.0).sum()) for w, b in both],
        "saturation": [np.mean(abs(t.slope) < 0.05) for t in trace],
        "sparsity": [np.mean(t.a == 0) for t in trace],
        "dead": [sum((t.slope[:, j] == 0).all() for j in range(t.a.shape[1])) for t in trace],
    }


@pytest.mark.parametrize("loss", ["squared_error", "binary_cross_entropy", "cross_entropy"])
def test_measurements_against_numpy(loss: str) -> None:
    net = Network([3, 12, 9, 3], activation=["relu", "tanh", None], seed=8)
    net.weights[1][...] *= 2  # so that tanh saturates
    net.biases[0][:3] = -100  # dead
    net.biases[0][3] = 5  # hardly ever silent
    x = samples(1500, 3)  # of which a thousand are watched
    y: Array = {
        "squared_error": x**2,
        "binary_cross_entropy": 1 / (1 + np.exp(-x)),
        "cross_entropy": x.argmax(axis=1),
    }[loss]
    before = expected(net, x[:1000], y[:1000], loss)
    history = net.train(x, y, loss=loss, epochs=2, batch_size=100, measure=1, lr=0.003)
    after = expected(net, x[:1000], y[:1000], loss)
    assert after["loss"] != before["loss"]
    for epoch, wanted in zip(history.epochs, (before, after), strict=True):
        for name, value in wanted.items():
            if value is None:
                assert getattr(epoch, name) is None
            else:
                np.testing.assert_allclose(getattr(epoch, name), value, rtol=1e-6, err_msg=name)
    first = history.epochs[0]
    assert first.accuracy is None or 0.1 < first.accuracy < 0.9
    assert first.dead[0] == 3 and first.dead[2] == 0
    assert 0.25 < first.sparsity[0] < 1 and 0.2 < first.saturation[1] < 1
    assert first.saturation[2] == 0


def test_columns() -> None:
    epochs = [
        Epoch(0, 0, 2.0, 0.5, (1.0, 2.0), (0.0, 0.0), (0.5, 0.0), (1, 0)),
        Epoch(3, 6, 1.0, 0.75, (0.5, 1.0), (0.0, 0.25), (0.5, 0.0), (2, 0)),
    ]
    history = History(epochs=epochs)
    assert history.column("step").tolist() == [0.0, 6.0]
    assert history.column("accuracy").tolist() == [0.5, 0.75]
    assert history.column("dead").tolist() == [[1.0, 0.0], [2.0, 0.0]]
    assert History().column("loss").shape == (0,)


def test_until() -> None:
    seen: list[int] = []

    def until(history: History) -> bool:
        seen.append(history.epochs[-1].epoch)
        return len(seen) == 3

    net, x = Network([2, 3, 1], seed=1), samples(8, 2)
    history = net.train(x, x[:, 0], epochs=20, measure=10, until=until)
    assert seen == [0, 2, 4] and history.stopped == "until"
    assert history.steps == len(history.loss) == 4
    assert history.message == "the condition was met, after 4 of 20 steps"
    other = Network([2, 3, 1], seed=1)
    other.train(x, x[:, 0], epochs=4)
    assert bits(net) == bits(other)


def test_until_before_the_first_step() -> None:
    net = Network([2, 1], seed=1)
    before = bits(net)
    history = net.train([[1, 2]], [3], until=lambda h: True)
    assert history.steps == 0 and len(history.epochs) == 1 and bits(net) == before
    assert repr(history) == "<History: 0 steps, until>"


def test_an_error_in_until_comes_through() -> None:
    def until(history: History) -> bool:
        if history.epochs[-1].epoch == 3:
            raise LookupError("mine")
        return False

    net, x = Network([2, 3, 1], seed=1), samples(8, 2)
    with pytest.raises(LookupError, match="mine"):
        net.train(x, x[:, 0], epochs=9, until=until)
    other = Network([2, 3, 1], seed=1)
    other.train(x, x[:, 0], epochs=3)
    assert bits(net) == bits(other)


TRAIN = """
import nonlin
net = nonlin.Network([2, 3, 1])
net.train([[0, 0], [1, 1]], [0, 1], epochs=60000, progress={})
print("end")
"""


@pytest.mark.parametrize("progress", [True, False])
def test_a_bar_on_standard_error_only(progress: bool) -> None:
    ours, theirs = pytest.importorskip("pty").openpty()  # a bar is for terminals
    done = subprocess.run(
        [sys.executable, "-c", TRAIN.format(progress)], stdout=subprocess.PIPE, stderr=theirs,
        text=True, check=True, env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 1 << 16):
            shown += part
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(ours)
    assert done.stdout == "end\n"
    assert (b"training" in shown) == progress and bool(shown) == progress
