"""Networks: seeds, and the weights that training begins with."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from nonlin import Network
from nonlin.network.initial import known
from small_networks import bits, each_dtype, samples

pytestmark = pytest.mark.filterwarnings("error")


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
