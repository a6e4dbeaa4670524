"""Networks: what they compute, what training does and reports, and what they refuse.

What a network computes is compared with NumPy here, and with PyTorch in ``test_network_gradients``.
"""

from __future__ import annotations

import copy
import gc
import math
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import nonlin
from nonlin import Network
from nonlin.errors import FormulaError, NetworkError, NoSuchActivationError
from nonlin.network import Epoch, History
from nonlin.network.initial import known

Array = np.ndarray[Any, Any]
pytestmark = pytest.mark.filterwarnings("error")
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
each_optimizer = pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
CLOSE = {"float32": 1e-5, "float64": 1e-13}


def samples(count: int, width: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)


def in_numpy(net: Network, x: Array) -> list[tuple[Array, Array]]:
    """z and a of each layer, in float64."""
    a, found = np.asarray(x, np.float64), []
    for w, b, f in zip(net.weights, net.biases, net.activations, strict=True):
        z = a @ w.T.astype(np.float64) + b
        a = z if f is None else f(z)
        found.append((z, a))
    return found


def bits(net: Network) -> bytes:
    return b"".join(a.tobytes() for a in (*net.weights, *net.biases))


def state(net: Network) -> bytes:
    """Everything that decides how training goes on."""
    m = net._memory
    parts = [bits(net), m.moment1.tobytes(), m.moment2.tobytes(), m.settings.tobytes()]
    parts += [repr((m["random"], m["position"], net.optimizer)).encode()]
    return b"".join([*parts, m.kept.get("order", np.empty(0)).tobytes()])


# -- running --------------------------------------------------------------------------------------
@each_dtype
@pytest.mark.parametrize("count", [1, 7, 16, 33])
def test_trace_against_numpy(count: int, dtype: str) -> None:
    every = ["tanh", "z * cos(z)", None, "leaky_relu", "sigmoid"]
    net = Network([3, 5, 1, 6, 2, 4], activation=every, dtype=dtype, init="normal", seed=2)
    for b in net.biases:
        b[...] = samples(1, len(b), seed=1)[0]
    x = samples(count, 3)
    trace, close = net.trace(x), CLOSE[dtype]
    incoming: Array = x
    for layer, (z, a), w, f in zip(trace, in_numpy(net, x), net.weights, every, strict=True):
        assert layer.terms.shape == (count, *w.shape)
        assert layer.z.shape == layer.a.shape == layer.slope.shape == (count, len(w))
        assert all(v.dtype == dtype for v in (layer.terms, layer.z, layer.a, layer.slope))
        np.testing.assert_allclose(layer.z, z, rtol=close, atol=10 * close)
        np.testing.assert_allclose(layer.a, a, rtol=close, atol=10 * close)
        np.testing.assert_array_equal(layer.terms, incoming[:, None, :] * w[None])
        incoming = layer.a
        if f is None:
            np.testing.assert_array_equal(layer.a, layer.z)
            np.testing.assert_array_equal(layer.slope, np.ones_like(layer.z))
        else:
            known_f = nonlin.catalogue[f] if f.isidentifier() else nonlin.define(f)
            wanted = known_f.derivative(layer.z.astype(np.float64))
            np.testing.assert_allclose(layer.slope, wanted, rtol=close, atol=close)
    np.testing.assert_allclose(net.forward(x), trace[-1].a, rtol=close, atol=close)


@each_dtype
def test_terms_sum_up_to_z(dtype: str) -> None:
    net = Network([7, 4, 3], activation="gelu", dtype=dtype, seed=5)
    net.biases[0][...] = [1, -2, 0.5, 3]
    for layer, b in zip(net.trace(samples(10, 7)), net.biases, strict=True):
        np.testing.assert_allclose(layer.terms.sum(axis=2) + b, layer.z, rtol=1e-5, atol=1e-6)


@each_dtype
def test_a_sample_does_not_see_the_others(dtype: str) -> None:
    net = Network([4, 19, 3], activation="mish", dtype=dtype, seed=1)
    x = samples(70, 4)
    together = net.forward(x)
    for count in (1, 2, 15, 16, 17, 33):
        np.testing.assert_array_equal(net.forward(x[:count]), together[:count])
    np.testing.assert_array_equal(np.vstack([net.forward(row) for row in x]), together)


def test_shapes_of_samples() -> None:
    net, one = Network([3, 4, 2], seed=1), Network([1, 3, 1], seed=1)
    assert net.forward([[1, 2, 3], [4, 5, 6]]).shape == (2, 2)
    assert net.forward([1.0, 2.0, 3.0]).shape == (1, 2)
    np.testing.assert_array_equal(net.forward([1, 2, 3]), net.forward([[1, 2, 3]]))
    # With one input, a flat array is many samples.
    column = one.forward([[0.5], [1.5], [2.5]])
    np.testing.assert_array_equal(one.forward([0.5, 1.5, 2.5]), column)
    np.testing.assert_array_equal(one.forward([0.5]), column[:1])
    assert net.trace([1.0, 2.0, 3.0])[0].terms.shape == (1, 4, 3)


@each_dtype
def test_layouts_of_samples(dtype: str) -> None:
    net = Network([3, 4, 2], dtype=dtype, seed=1)
    x = samples(20, 3).astype(dtype)
    memory = bytearray(x.nbytes + 1)
    memory[1:] = x.tobytes()
    read_only = x.copy()
    read_only.flags.writeable = False
    layouts: dict[str, Any] = {
        "fortran": np.asfortranarray(x),
        "strided": np.repeat(np.repeat(x, 2, axis=0), 3, axis=1)[::2, ::3],
        "reversed": x[::-1].copy()[::-1],
        "other byte order": x.astype(x.dtype.newbyteorder("S")),
        "unaligned": np.frombuffer(memory, dtype, offset=1).reshape(x.shape),
        "read-only": read_only,
        "lists": x.tolist(),
        "float64": x.astype(np.float64),
    }
    wanted, y = net.forward(x), samples(20, 2)
    loss = net.backward(x, y).loss
    for name, given in layouts.items():
        np.testing.assert_array_equal(net.forward(given), wanted, err_msg=name)
        other = Network([3, 4, 2], dtype=dtype, seed=1)
        assert other.train(given, y, epochs=1).loss[0] == loss, name
    whole = (x * 4).round()
    for kind in (np.int8, np.int64, np.float16):
        np.testing.assert_array_equal(net.forward(whole.astype(kind)), net.forward(whole))
    np.testing.assert_array_equal(net.forward(whole > 0), net.forward((whole > 0) * 1.0))


def test_inputs_stay_as_they_are() -> None:
    net = Network([3, 8, 2], seed=1)
    x, y = samples(20, 3), samples(20, 2, seed=1)
    before = x.copy(), y.copy()
    net.train(x, y, epochs=20, batch_size=6)
    net.trace(x)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


def test_results_stay_as_they_are() -> None:
    """They are copies: what the network does next does not reach them."""
    net, x, y = (
        Network([3, 8, 2], activation="tanh", seed=1),
        samples(20, 3),
        samples(20, 2, seed=1),
    )
    outputs, trace, gradients = net.forward(x), net.trace(x), net.backward(x, y)
    kept = [outputs, trace[1].z, trace[0].slope, gradients.weights[0], gradients.biases[1]]
    before = [a.copy() for a in kept]
    net.train(x, y, epochs=5, lr=0.5)
    net.backward(2 * x, y)
    for a, b in zip(kept, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_are_written_into() -> None:
    net = Network([2, 1])
    net.weights[0][...] = [[2.0, -1.0]]
    net.biases[0][...] = 0.5
    assert net.forward([3.0, 1.0]).tolist() == [[5.5]]
    with pytest.raises(TypeError):  # it would not reach the engine
        net.weights[0] = np.zeros((1, 2))  # type: ignore[index]


def test_weights_outlive_their_network() -> None:
    weights = Network([50, 50], seed=3).weights[0]
    gc.collect()
    np.testing.assert_array_equal(weights, Network([50, 50], seed=3).weights[0])


# -- collapse -------------------------------------------------------------------------------------
@each_dtype
def test_collapse(dtype: str) -> None:
    net = Network([3, 6, 5, 2], activation=None, dtype=dtype, seed=1)
    for b in net.biases:
        b[...] = samples(1, len(b), seed=9)[0]
    w, b = net.collapse()
    assert w.shape == (2, 3) and b.shape == (2,) and w.dtype == b.dtype == np.float64
    x = samples(30, 3)
    np.testing.assert_allclose(net.forward(x), x @ w.T + b, rtol=0, atol=10 * CLOSE[dtype])


@pytest.mark.parametrize(
    "formula", ["2*z + 1", "max(z, z)", "(z + abs(z)) / 2 + min(z, 0)", "3", "z/4"]
)
def test_collapse_sees_through_straight_lines(formula: str) -> None:
    net = Network([2, 5, 4, 3], activation=[formula, "identity", formula], seed=3, dtype="float64")
    w, b = net.collapse()
    x = np.random.default_rng(0).normal(size=(20, 2))
    np.testing.assert_allclose(x @ w.T + b, net.forward(x), rtol=1e-12, atol=1e-12)


def test_collapse_names_the_layer_that_bends() -> None:
    for activation in ("identity", "linear", "z", ["z", None, nonlin.identity]):
        Network([2, 3, 4, 1], activation=activation).collapse()
    with pytest.raises(NetworkError, match=r"layer 2 bends \(tanh: tanh\(z\)\)"):
        Network([2, 3, 4, 1], activation=[None, "tanh", "relu"]).collapse()


# -- seeds and initial weights --------------------------------------------------------------------
RUN = """
import nonlin, numpy as np, hashlib
x = np.random.default_rng(0).normal(size=(50, 3))
net = nonlin.Network([3, 9, 2], activation="gelu", seed=41, init="orthogonal")
history = net.train(x, x[:, :2] ** 2, epochs=7, batch_size=8)
arrays = [*net.weights, *net.biases, history.loss, history.gradient_norm]
print(hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest())
"""


def test_same_seed_same_run() -> None:
    runs = [
        subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert runs[0].stdout == runs[1].stdout and len(runs[0].stdout) == 65
    x = samples(40, 3)
    first, second = (Network([3, 6, 2], activation="tanh", seed=7) for _ in range(2))
    assert bits(first) == bits(second)
    a, b = (n.train(x, x[:, :2], epochs=5, batch_size=7) for n in (first, second))
    assert bits(first) == bits(second) and a.loss.tobytes() == b.loss.tobytes()


def test_other_seeds_differ() -> None:
    seeds = [0, 1, 2, -1, 2**31, 2**63, 2**64 - 2, 123456789]
    assert len({bits(Network([3, 4, 2], seed=s)) for s in seeds}) == len(seeds)
    # Also in the order of samples, from the same weights.
    first, second = Network([1, 1], seed=1), Network([1, 1], seed=2)
    for net in (first, second):
        net.weights[0][...], net.biases[0][...] = 0, 0
    x = np.arange(1.0, 9.0)
    losses = [n.train(x, x, lr=0, batch_size=1, epochs=1).loss for n in (first, second)]
    assert losses[0].tolist() != losses[1].tolist()
    assert sorted(losses[0]) == sorted(losses[1])


def test_a_seed_is_taken_modulo_two_to_the_64() -> None:
    for seed in (0, 5, 2**63):
        assert bits(Network([3, 2], seed=seed)) == bits(Network([3, 2], seed=seed - 2**64))


def test_reset() -> None:
    x = samples(30, 2)
    nets = [Network([2, 6, 1], activation="tanh", seed=3) for _ in range(2)]
    before = bits(nets[0])
    for net in nets:
        net.train(x, x[:, :1], epochs=3, batch_size=7, optimizer="adam")
        net.reset()
    assert bits(nets[0]) == bits(nets[1]) != before
    assert all((b == 0).all() for b in nets[0].biases)
    # The optimizer has forgotten: training is that of a new network with these weights.
    fresh = Network([2, 6, 1], activation="tanh")
    for ours, theirs in zip(fresh.weights, nets[0].weights, strict=True):
        ours[...] = theirs
    fresh.train(x, x[:, :1], epochs=4)
    nets[0].train(x, x[:, :1], epochs=4)
    np.testing.assert_allclose(fresh.weights[0], nets[0].weights[0], rtol=1e-4)


def test_reset_begins_a_new_pass() -> None:
    x = np.arange(1.0, 11.0)
    net = Network([1, 1], init="zeros")
    assert net.train(x, x, lr=0, batch_size=4, epochs=3, shuffle=False).steps == 9
    # A passage through the data is left in its middle where a loss is not finite.
    net.biases[0][...] = math.inf
    net._memory["position"] = 4
    assert net.train(x, x, lr=0, batch_size=4, shuffle=False).stopped == "not finite"
    net.reset()
    losses = net.train(x, x, lr=0, batch_size=4, epochs=1, shuffle=False).loss
    np.testing.assert_allclose(losses, [(x[i : i + 4] ** 2).mean() for i in (0, 4, 8)])


BEFORE, AFTER = 400, 500
VARIANCE = {
    "xavier": 2 / (BEFORE + AFTER), "kaiming": 2 / BEFORE, "lecun": 1 / BEFORE, "normal": 1.0,
}  # fmt: skip


@each_dtype
@pytest.mark.parametrize(
    "init",
    ["xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal", "lecun_uniform",
     "lecun_normal", "normal"],
)  # fmt: skip
def test_random_initial_weights(init: str, dtype: str) -> None:
    net = Network([BEFORE, AFTER, 3], init=init, dtype=dtype, seed=11)
    w = net.weights[0].astype(np.float64)
    stem, _, kind = init.partition("_")
    variance, n = VARIANCE[stem], w.size
    deviation = math.sqrt(variance)
    # Five standard errors, once and for all: the seed is fixed.
    assert abs(w.mean()) < 5 * deviation / math.sqrt(n)
    fourth = 1.8 if kind == "uniform" else 3.0
    assert abs(w.var() / variance - 1) < 5 * math.sqrt((fourth - 1) / n)
    assert abs((w**4).mean() / variance**2 - fourth) < 0.08
    if kind == "uniform":
        reach = math.sqrt(3 * variance)
        assert 0.9999 * reach < abs(w).max() <= reach * (1 + 1e-7)
    assert np.unique(w).size > 0.9 * n
    # Nothing connects neighbours, in rows or in columns.
    for a, b in ((w[1:], w[:-1]), (w[:, 1:], w[:, :-1])):
        assert abs((a * b).mean() / variance) < 5 / math.sqrt(a.size)
    assert all((b == 0).all() for b in net.biases)
    assert w.std() != net.weights[1].std()


@each_dtype
@pytest.mark.parametrize("widths", [[40, 40], [60, 20], [20, 60], [1, 5], [1, 1]])
def test_orthogonal_initial_weights(widths: list[int], dtype: str) -> None:
    w = Network(widths, init="orthogonal", dtype=dtype, seed=4).weights[0].astype(np.float64)
    product = w @ w.T if len(w) <= w.shape[1] else w.T @ w
    close = 1e-6 if dtype == "float32" else 1e-14
    np.testing.assert_allclose(product, np.eye(len(product)), atol=close)


def test_orthogonal_weights_are_spread_evenly() -> None:
    """Rotations and reflections by every angle, neither kind nor direction preferred."""
    found = [Network([2, 2], init="orthogonal", seed=s).weights[0] for s in range(400)]
    determinants = np.array([np.linalg.det(w) for w in found]).round(3)
    assert set(determinants.tolist()) == {-1.0, 1.0}
    assert abs(determinants.mean()) < 0.2
    angles = np.array([math.atan2(w[1, 0], w[0, 0]) for w in found])
    assert abs(np.exp(1j * angles).mean()) < 0.15 and abs(np.exp(2j * angles).mean()) < 0.15


def test_zeros() -> None:
    net = Network([3, 4, 2], init="zeros", activation="tanh")
    assert all((w == 0).all() for w in (*net.weights, *net.biases))


@pytest.mark.parametrize(
    ("alias", "name"),
    [("xavier", "xavier_uniform"), ("glorot", "xavier_uniform"),
     ("glorot_uniform", "xavier_uniform"), ("glorot_normal", "xavier_normal"),
     ("he", "kaiming_normal"), ("he_normal", "kaiming_normal"), ("he_uniform", "kaiming_uniform"),
     ("kaiming", "kaiming_normal"), ("lecun", "lecun_normal")],
)  # fmt: skip
def test_aliases(alias: str, name: str) -> None:
    assert bits(Network([3, 5, 2], init=alias)) == bits(Network([3, 5, 2], init=name))


def test_every_initialisation_is_one_of_its_own() -> None:
    assert len({bits(Network([3, 5, 2], init=name)) for name in known()}) == 9


# -- history --------------------------------------------------------------------------------------
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


# -- batches --------------------------------------------------------------------------------------
def losses_of(x: Array, **settings: Any) -> Array:
    """The losses of steps that change nothing, by which samples are recognised."""
    net = Network([1, 1], init="zeros", dtype="float64", seed=8)
    return net.train(x, x, optimizer="sgd", lr=0, measure=0, **settings).loss


def test_without_shuffling_samples_come_in_order() -> None:
    x = np.arange(1.0, 11.0)
    for batch in (1, 3, 4, 5, 9):
        wanted = [(x[i : i + batch] ** 2).mean() for i in range(0, 10, batch)] * 2
        got = losses_of(x, batch_size=batch, epochs=2, shuffle=False)
        np.testing.assert_allclose(got, wanted, rtol=1e-14)


def test_shuffling() -> None:
    x = np.arange(1.0, 21.0)
    orders = losses_of(x, batch_size=1, epochs=50).reshape(50, 20)
    # Every pass takes every sample once,
    np.testing.assert_allclose(np.sort(orders, axis=1), np.tile(x**2, (50, 1)), rtol=1e-14)
    # each in an order of its own, the first as well.
    assert len({tuple(o) for o in orders.tolist()}) == 50
    assert orders[0].tolist() != sorted(orders[0])


def test_a_last_short_batch() -> None:
    x = np.arange(1.0, 11.0)
    losses = losses_of(x, batch_size=4, epochs=200).reshape(200, 3)
    # The mean over a pass is that of the samples, if each batch counts by its size.
    np.testing.assert_allclose(losses @ [4, 4, 2], np.full(200, (x**2).sum()), rtol=1e-13)
    assert len(set(losses[:, 2].round(9))) > 20


@each_optimizer
def test_batches_are_steps(optimizer: str) -> None:
    whole, parts = (Network([3, 5, 2], activation="silu", seed=2) for _ in range(2))
    x, y = samples(50, 3), samples(50, 2, seed=1)
    whole.train(x, y, optimizer=optimizer, epochs=2, batch_size=20, shuffle=False)
    for _ in range(2):
        for i in (0, 20, 40):
            parts.train(x[i : i + 20], y[i : i + 20], optimizer=optimizer, epochs=1)
    assert bits(whole) == bits(parts)


def test_a_batch_larger_than_the_data() -> None:
    x = samples(9, 3)
    nets = [Network([3, 5, 2], seed=2) for _ in range(4)]
    for net, size in zip(nets, (None, 9, 10, 10**12), strict=True):
        assert net.train(x, x[:, :2], epochs=5, batch_size=size).steps == 5
    assert len({bits(net) for net in nets}) == 1


def test_unshuffled_after_shuffled() -> None:
    """Without shuffling samples come in the order of the data, whatever was done before."""
    x = np.arange(1.0, 11.0)
    net = Network([1, 1], init="zeros", dtype="float64")
    net.train(x, x, lr=0, batch_size=3, epochs=4)
    losses = net.train(x, x, lr=0, batch_size=5, epochs=1, shuffle=False).loss
    np.testing.assert_allclose(losses, [(x[:5] ** 2).mean(), (x[5:] ** 2).mean()])


def test_other_data_in_the_next_call() -> None:
    net = Network([2, 4, 1], seed=1)
    for count in (30, 7, 31, 7, 1):
        x = samples(count, 2, seed=count)
        history = net.train(x, x[:, 0], epochs=3, batch_size=5)
        assert history.steps == 3 * -(-count // 5) and history.stopped == "finished"


@each_dtype
@pytest.mark.parametrize("formula", ["log(z)", "1 / z", "log(abs(z))", "sqrt(z)", "z**-3"])
def test_what_fills_a_batch_up_does_not_leak(formula: str, dtype: str) -> None:
    """Functions that are infinite or NaN, or have such a slope, at 0: no sample is 0 here."""
    net = Network([2, 3, 1], activation=[formula, None], dtype=dtype)
    net.weights[0][...] = [[1, 0.5], [0.25, 2], [3, 1]]
    x = abs(samples(35, 2)).astype(np.float64) + 0.5
    for count in (1, 5, 16, 17, 35):
        some, y = x[:count], x[:count, :1]
        together = net.backward(some, y)
        alone = [net.backward(a, b) for a, b in zip(some, y, strict=True)]
        assert np.isfinite(together.loss)
        for layer in (0, 1):
            mean = np.mean([g.weights[layer] for g in alone], axis=0)
            np.testing.assert_allclose(together.weights[layer], mean, rtol=1e-4, atol=1e-6)
        assert np.isfinite(net.forward(some)).all()
    history = net.train(x, x[:, 0], lr=1e-4, epochs=3, batch_size=6)
    assert history.stopped == "finished"


def test_a_batch_is_filled_up_with_its_own_samples() -> None:
    """Even 0 and what earlier batches left could not be told from a function's bad place."""
    net = Network([1, 1], activation=["1 / z"], dtype="float64")
    net.weights[0][...] = 1
    net.forward(np.zeros((64, 1)))
    assert np.isfinite(net.backward([[2.0]], [[1.0]]).weights[0]).all()
    np.testing.assert_array_equal(net.forward([[2.0], [4.0]]), [[0.5], [0.25]])


# -- explosions -----------------------------------------------------------------------------------
EXPLOSIONS: dict[str, tuple[Any, dict[str, Any]]] = {
    "sgd": ("tanh", {"optimizer": "sgd", "lr": 1e6}),
    "sgd, relu": ("relu", {"optimizer": "sgd", "lr": 1e6}),
    "sgd in batches": ("gelu", {"optimizer": "sgd", "lr": 1e6, "batch_size": 7}),
    "sgd, at once": ("tanh", {"optimizer": "sgd", "lr": 1e300}),
    "momentum": ("relu", {"optimizer": "momentum", "lr": 1e4}),
    "momentum, at once": ("tanh", {"optimizer": "momentum", "lr": 1e40}),
    "adam": ("exp(z)", {"optimizer": "adam", "lr": 1e3}),
    "adam, at once": ("tanh", {"optimizer": "adam", "lr": 1e300}),
    "weight decay": ("tanh", {"optimizer": "sgd", "weight_decay": 1e300}),
    "adam without eps": ("max(z - 1000, 0)", {"optimizer": "adam", "eps": 0}),
    "an infinite output": ("1 / (z - z)", {"optimizer": "sgd"}),
}


@each_dtype
@pytest.mark.parametrize("name", EXPLOSIONS)
def test_explosion(name: str, dtype: str) -> None:
    activation, settings = EXPLOSIONS[name]
    widths = [3, 5, 4, 2]
    net, before = (Network(widths, activation=activation, dtype=dtype, seed=1) for _ in range(2))
    x, y = samples(30, 3), samples(30, 2, seed=1)
    settings = {"epochs": 300, "shuffle": False, **settings}
    history = net.train(x, y, **settings)
    assert history.stopped == "not finite"
    found = re.search(r"step (\d+) .*layer ([123])\b", history.message)
    assert found and int(found[1]) == history.steps + 1 == len(history.loss)
    size = settings.get("batch_size", 30)
    starts = range(0, 30, size)
    assert history.message.endswith(f"after {history.steps} of {300 * len(starts)} steps")
    assert all(np.isfinite(a).all() for a in (*net.weights, *net.biases))
    # The steps before the bad one, and nothing else, have been taken.
    for step in range(history.steps):
        i = starts[step % len(starts)]
        part = {**settings, "epochs": 1, "batch_size": None}
        assert before.train(x[i : i + size], y[i : i + size], **part).stopped == "finished"
    assert bits(net) == bits(before)


@each_dtype
def test_training_goes_on_after_an_explosion(dtype: str) -> None:
    for settings in ({"optimizer": "momentum", "lr": 1e5}, {"optimizer": "adam", "lr": 1e300}):
        net = Network([2, 6, 1], activation="tanh", dtype=dtype, seed=1)
        x = samples(40, 2) / 10
        net.train(x, x[:, 0], optimizer=settings["optimizer"], lr=0.01, epochs=5)
        assert net.train(x, x[:, 0], epochs=50, **settings).stopped == "not finite"
        assert np.isfinite(net._memory.moment1).all() and np.isfinite(net._memory.moment2).all()
        net.reset()
        history = net.train(x, x[:, 0], optimizer=settings["optimizer"], lr=0.01, epochs=100)
        assert history.stopped == "finished" and history.loss[-1] < history.loss[0]


@each_optimizer
def test_an_optimizer_whose_step_was_refused_begins_anew(optimizer: str) -> None:
    net, fresh = (Network([2, 6, 1], activation="tanh", seed=1) for _ in range(2))
    x = samples(40, 2)
    settings: dict[str, Any] = {"optimizer": optimizer, "epochs": 5, "weight_decay": 0.01}
    net.train(x, x[:, 0], **settings)
    history = net.train(x, x[:, 0], **{**settings, "lr": 1e300})
    assert "step 1 would give layer 1 weights" in history.message
    for ours, theirs in zip(
        (*fresh.weights, *fresh.biases), (*net.weights, *net.biases), strict=True
    ):
        ours[...] = theirs
    losses = [n.train(x, x[:, 0], **settings).loss for n in (net, fresh)]
    assert losses[0].tobytes() == losses[1].tobytes() and bits(net) == bits(fresh)


def test_moments_that_overflow() -> None:
    """adam's second moment is squared; in float32 it would be infinite, and adam stand still."""
    net = Network([1, 1], init="zeros")
    history = net.train([1e10], [1e12], lr=1e-12, epochs=3)
    assert history.stopped == "not finite" and history.steps == 0
    assert "step 1 would give the optimizer moments that are not finite" in history.message
    assert np.isfinite(net._memory.moment2).all()


def test_what_is_too_large_for_a_norm() -> None:
    net = Network([1, 1, 1], activation=None, dtype="float64")
    net.weights[0][...] = net.weights[1][...] = 1
    net.biases[1][...] = 1e160
    message = net.train([1e-20], [0], epochs=3).message
    assert "at step 1 the loss of layer 2's outputs is no longer finite" in message
    net.biases[1][...] = 0
    net.weights[1][...] = 1e-100
    message = net.train([1e160], [1e100], epochs=3).message
    assert "at step 1 the gradient of layer 2 is too large to have a norm" in message


# -- interrupts -----------------------------------------------------------------------------------
def interrupted(net: Network, x: Array, how: Callable[[], None], after_s: float) -> History:
    """Train for a long time, and interrupt from another thread once training is under way."""
    begun = threading.Event()

    def strike() -> None:
        assert begun.wait(30)
        time.sleep(after_s)
        how()

    thread = threading.Thread(target=strike)
    thread.start()
    try:
        return net.train(
            x, x[:, :1], epochs=10**6, batch_size=8, measure=1, until=lambda h: begun.set() or False
        )
    finally:
        thread.join()


@pytest.mark.parametrize("after_s", [0.0, 0.003, 0.05, 0.11])
def test_interrupt(after_s: float) -> None:
    handler = signal.getsignal(signal.SIGINT)
    net, again = (Network([2, 4, 1], activation="tanh", seed=1) for _ in range(2))
    x = samples(20, 2)
    history = interrupted(net, x, lambda: signal.raise_signal(signal.SIGINT), after_s)
    assert history.stopped == "interrupted"
    assert history.message.startswith("interrupted; what was learned so far is kept, after ")
    assert history.steps == len(history.loss) == len(history.gradient_norm)
    assert signal.getsignal(signal.SIGINT) is handler
    # No step is forgotten, in the weights or in the history.
    whole = again.train(x, x[:, :1], epochs=history.steps // 3 + 1, batch_size=8, measure=0)
    np.testing.assert_array_equal(whole.loss[: history.steps], history.loss)
    if history.steps % 3 == 0:
        again = Network([2, 4, 1], activation="tanh", seed=1)
        again.train(x, x[:, :1], epochs=max(1, history.steps // 3), batch_size=8, measure=0)
        assert not history.steps or bits(again) == bits(net)
    # Training goes on where it was.
    more = net.train(x, x[:, :1], epochs=1, batch_size=8)
    left = whole.loss[history.steps :]
    assert more.stopped == "finished" and 1 <= len(left) <= 3
    np.testing.assert_array_equal(more.loss[: len(left)], left)


def test_interrupt_in_until() -> None:
    def until(history: History) -> bool:
        if len(history.epochs) == 3:
            raise KeyboardInterrupt
        return False

    net, x = Network([2, 4, 1], seed=1), samples(10, 2)
    history = net.train(x, x[:, :1], epochs=9, until=until)
    assert history.stopped == "interrupted" and history.steps == len(history.loss) == 2


def test_a_handler_of_the_users_own() -> None:
    """It is called, and decides; here it lets training go on."""
    calls: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: calls.append(number))
    try:
        net, x = Network([2, 4, 1], seed=1), samples(10, 2)

        def until(history: History) -> bool:
            threading.Timer(0.02, signal.raise_signal, [signal.SIGINT]).start()
            return False

        history = net.train(x, x[:, :1], epochs=300_000, measure=1, until=until)
        assert history.stopped == "finished" and history.steps == 300_000
        deadline = time.monotonic() + 10
        while len(calls) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert calls == [signal.SIGINT] * 2
    finally:
        signal.signal(signal.SIGINT, before)


# -- the bar --------------------------------------------------------------------------------------
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


# -- copies and threads ---------------------------------------------------------------------------
@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda n: pickle.loads(pickle.dumps(n))])
def test_copies(how: Callable[[Network], Network]) -> None:
    class Mine(Network):
        pass

    net, x = Network([2, 5, 1], activation="tanh", seed=1), samples(20, 2)
    net.train(x, x[:, 0], epochs=3, batch_size=6)
    twin, before = how(net), bits(net)
    assert state(twin) == state(net)
    ours = twin.train(x, x[:, 0], epochs=3, batch_size=6)
    assert bits(net) == before != bits(twin)
    theirs = net.train(x, x[:, 0], epochs=3, batch_size=6)
    assert bits(net) == bits(twin) and ours.loss.tobytes() == theirs.loss.tobytes()
    assert type(copy.copy(Mine([2, 1]))) is Mine


def test_several_networks_in_threads() -> None:
    def run(seed: int) -> bytes:
        dtype = ("float32", "float64")[seed % 2]
        f = ("tanh", "relu", "z * tanh(exp(z))")[seed % 3]
        net = Network([3, 10, 2], activation=f, dtype=dtype, seed=seed)
        x = samples(60, 3, seed)
        history = net.train(x, x[:, :2] ** 2, epochs=60, batch_size=7, measure=5)
        return bits(net) + history.loss.tobytes() + net.forward(x).tobytes()

    alone = [run(seed) for seed in range(12)]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(run, range(12))) == alone


# -- what is refused ------------------------------------------------------------------------------
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
