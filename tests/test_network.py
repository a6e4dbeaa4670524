"""Networks: what they compute, beside NumPy (:mod:`test_network_gradients` is beside PyTorch); copies and threads."""

from __future__ import annotations

import copy
import gc
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import nonlin
from nonlin import Network
from nonlin.errors import NetworkError
from small_networks import CLOSE, Array, bits, each_dtype, in_numpy, samples, state

pytestmark = pytest.mark.filterwarnings("error")


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
