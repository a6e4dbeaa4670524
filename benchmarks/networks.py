"""Training steps of small networks, beside PyTorch (eager and compiled) and JAX (a jitted scan over steps)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.report import heading, line, spread

BATCH = 256
ROUNDS = 7
NETWORKS: dict[str, tuple[list[int], int]] = {  # widths, steps per timing
    "2-8-8-1": ([2, 8, 8, 1], 2000),
    "2-16-16-16-3": ([2, 16, 16, 16, 3], 1000),
    "20 layers of 32": ([2, *[32] * 19, 1], 100),
}
WANTED = {"2-8-8-1": 20, "2-16-16-16-3": 10, "20 layers of 32": 3}
Timed = Callable[[int], object]


def _data(widths: list[int]) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, widths[0])).astype(np.float32)
    return x, np.tanh(rng.normal(size=(BATCH, widths[-1]))).astype(np.float32)


def _ours(widths: list[int], x: Any, y: Any) -> Timed:
    import nonlin

    net = nonlin.Network(widths, activation="tanh", init="xavier")
    return lambda steps: net.train(x, y, lr=1e-3, epochs=steps, measure=0)


def _torch(widths: list[int], x: Any, y: Any, *, compiled: bool) -> Timed:
    import torch

    layers: list[torch.nn.Module] = []
    for a, b in zip(widths, widths[1:], strict=False):
        layers += [torch.nn.Linear(a, b), torch.nn.Tanh()]
    model = torch.nn.Sequential(*layers[:-1])
    # The fused optimizer is the faster one on a CPU as well.
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    inputs, targets = torch.from_numpy(x), torch.from_numpy(y)

    def loss() -> torch.Tensor:
        return torch.nn.functional.mse_loss(model(inputs), targets)

    forward = torch.compile(loss) if compiled else loss

    def run(steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            forward().backward()
            optimizer.step()

    return run


def _jax(widths: list[int], x: Any, y: Any) -> Timed:
    import jax
    import jax.numpy as jnp

    keys = jax.random.split(jax.random.key(0), len(widths) - 1)
    weights = [
        (jax.random.normal(k, (a, b)) / np.sqrt(a), jnp.zeros(b))
        for k, a, b in zip(keys, widths, widths[1:], strict=False)
    ]
    inputs, targets = jnp.asarray(x), jnp.asarray(y)

    def loss(parameters: Any) -> Any:
        h = inputs
        for i, (w, b) in enumerate(parameters):
            h = h @ w + b
            if i < len(parameters) - 1:
                h = jnp.tanh(h)
        return jnp.mean((h - targets) ** 2)

    def step(state: Any, _: Any) -> Any:
        parameters, m, v, t = state
        value, gradient = jax.value_and_grad(loss)(parameters)
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradient)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradient)
        rate, scale = 1e-3 / (1 - 0.9**t), jnp.sqrt(1 - 0.999**t)
        parameters = jax.tree.map(
            lambda p, m, v: p - rate * m / (jnp.sqrt(v) / scale + 1e-8), parameters, m, v
        )
        return (parameters, m, v, t), value

    many = jax.jit(
        lambda state, steps: jax.lax.scan(step, state, None, length=steps), static_argnums=1
    )
    zeros = jax.tree.map(jnp.zeros_like, weights)
    state = [(weights, zeros, zeros, jnp.zeros(()))]

    def run(steps: int) -> None:
        state[0], losses = many(state[0], steps)
        losses.block_until_ready()

    return run


def main() -> None:
    heading(f"One training step, batch of {BATCH}: forward, backward, Adam (µs)")
    for name, (widths, steps) in NETWORKS.items():
        x, y = _data(widths)
        makers: dict[str, Callable[[], Timed]] = {
            "nonlin": lambda w=widths, x=x, y=y: _ours(w, x, y),
            "torch": lambda w=widths, x=x, y=y: _torch(w, x, y, compiled=False),
            "torch.compile": lambda w=widths, x=x, y=y: _torch(w, x, y, compiled=True),
            "jax": lambda w=widths, x=x, y=y: _jax(w, x, y),
        }
        runs: dict[str, tuple[Timed, int]] = {}
        for peer, make in makers.items():
            count = max(steps // 20, 5) if peer.startswith("torch") else steps
            try:
                runs[peer] = make(), count
                runs[peer][0](count)  # compiles, and warms up
            except ImportError:
                print(f"({peer} is not installed)")
                runs.pop(peer, None)
        times: dict[str, list[float]] = {peer: [] for peer in runs}
        for _ in range(ROUNDS):  # in turns, so that a slow moment hits all
            for peer, (run, count) in runs.items():
                start = time.perf_counter()
                run(count)
                times[peer].append(1e6 * (time.perf_counter() - start) / count)
        ours = np.median(times["nonlin"])
        for peer, samples in times.items():
            ratio = f"{np.median(samples) / ours:.1f} × nonlin's" if peer != "nonlin" else ""
            wanted = {"torch": f"at least {WANTED[name]} ×", "nonlin": ""}.get(
                peer, "more than 1 ×"
            )
            line(f"{name}, {peer}", spread(samples, "µs"), f"{ratio:22}{wanted}")
