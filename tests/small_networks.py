"""What tests of networks share: samples, and all that a network's state consists of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nonlin import Network

Array = np.ndarray[Any, Any]
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
