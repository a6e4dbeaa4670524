"""Pictures: a 4 × 24 tanh network over 1024² pixels, beside the same in NumPy, PyTorch and JAX."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.report import heading, line, spread
from nonlin.art import Artwork

SIZE, ROUNDS = 1024, 7


def _weights(art: Artwork) -> list[tuple[Any, Any]]:
    net = art._painters._first._network
    return [(w.copy(), b.copy()) for w, b in zip(net.weights, net.biases, strict=True)]


def _points() -> Any:
    at = ((2 * np.arange(SIZE) + 1 - SIZE) / SIZE).astype(np.float32)
    x, y = np.meshgrid(at, at)
    zero = np.zeros_like(x)
    return np.stack([x, y, np.hypot(x, y), zero, zero], axis=-1).reshape(-1, 5)


def _numpy(layers: list[tuple[Any, Any]]) -> Callable[[], Any]:
    points = _points()

    def paint() -> Any:
        a = points
        for w, b in layers[:-1]:
            a = np.tanh(a @ w.T + b)
        w, b = layers[-1]
        return (255 / (1 + np.exp(-(a @ w.T + b))) + 0.5).astype(np.uint8)

    return paint


def _torch(layers: list[tuple[Any, Any]]) -> Callable[[], Any] | None:
    try:
        import torch
    except ImportError:
        return None
    points = torch.from_numpy(_points())
    tensors = [(torch.from_numpy(w).T.contiguous(), torch.from_numpy(b)) for w, b in layers]

    def paint() -> Any:
        with torch.inference_mode():
            a = points
            for w, b in tensors[:-1]:
                a = torch.tanh(torch.addmm(b, a, w))
            w, b = tensors[-1]
            return (torch.sigmoid(torch.addmm(b, a, w)) * 255 + 0.5).to(torch.uint8)

    return paint


def _jax(layers: list[tuple[Any, Any]]) -> Callable[[], Any] | None:
    try:
        import jax
        import jax.numpy as jnp
    except ImportError:
        return None
    points = jnp.asarray(_points())

    @jax.jit
    def compute(points: Any, layers: Any) -> Any:
        a = points
        for w, b in layers[:-1]:
            a = jnp.tanh(a @ w.T + b)
        w, b = layers[-1]
        return (jax.nn.sigmoid(a @ w.T + b) * 255 + 0.5).astype(jnp.uint8)

    return lambda: compute(points, layers).block_until_ready()


def main() -> None:
    heading(f"A picture of {SIZE} × {SIZE} pixels by a 4 × 24 tanh network")
    art = Artwork(activation="tanh", palette="rgb")
    layers = _weights(art)
    ours = lambda: art.render(SIZE, SIZE)  # noqa: E731
    rivals = {"NumPy": _numpy(layers), "PyTorch": _torch(layers), "JAX": _jax(layers)}
    runs: dict[str, Callable[[], Any]] = {"nonlin": ours}
    runs |= {name: run for name, run in rivals.items() if run is not None}
    difference = np.abs(ours().reshape(-1, 3).astype(int) - runs["NumPy"]()).max()
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            times[name].append((time.perf_counter() - start) * 1e3)
    mine = float(np.median(times["nonlin"]))
    wanted = {"NumPy": "at least 20 ×", "PyTorch": "at least 5 ×", "JAX": "at least 1 ×"}
    for name, samples in times.items():
        ratio = "" if name == "nonlin" else f"{np.median(samples) / mine:.1f} ×"
        line(name, spread(samples, "ms", 3), f"{ratio:28}{wanted.get(name, '')}")
    line("largest difference from NumPy's", f"{difference} of 255", "")
