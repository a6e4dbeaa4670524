"""Networks: which samples a step sees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nonlin import Network
from small_networks import Array, bits, each_dtype, each_optimizer, samples

pytestmark = pytest.mark.filterwarnings("error")


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
