"""Networks: training that explodes, or is interrupted."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nonlin import Network
from nonlin.network import History
from small_networks import Array, bits, each_dtype, each_optimizer, samples

pytestmark = pytest.mark.filterwarnings("error")


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
