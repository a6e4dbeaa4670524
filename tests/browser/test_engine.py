"""The engine in a real browser trains as Python's does."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

import nonlin
from nonlin.lesson import site

STEPS = 200
PROBE = """
async ({chunk, data, network, training, x, y, count, steps}) => {
  const { Engine } = await import(chunk);
  const description = await (await fetch(data + 'engine.json')).json();
  const bytes = await (await fetch(data + 'engine.wasm')).arrayBuffer();
  const floats = (text) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const engine = await Engine.load(bytes, description);
  const net = await engine.network({ ...network, seed: BigInt(network.seed) });
  const first = Array.from(net.weights(0));
  net.learnFrom(floats(x), floats(y), count, training);
  const run = net.train(steps);
  const outputs = Array.from(net.forward(floats(x).slice(0, 4 * network.widths[0]), 4));
  net.reset();
  const again = Array.from(net.weights(0));
  return { first, again, loss: Array.from(run.loss), taken: run.taken,
           norm: Array.from(run.gradientNorm), outputs };
}
"""

RUNS: dict[str, dict[str, Any]] = {
    "tanh, full batch, adam": {
        "widths": [2, 8, 8, 1], "activation": "tanh", "loss": "binary_cross_entropy", "optimizer": "adam",
        "lr": 0.02, "batch": None,
    },
    "relu, batches of ten with a rest, momentum": {
        "widths": [2, 4, 2, 1], "activation": "relu", "loss": "squared_error", "optimizer": "momentum",
        "lr": 0.01, "batch": 10,
    },
    "mish and gelu, three classes, sgd": {
        "widths": [2, 9, 5, 3], "activation": ["mish", "gelu", None], "loss": "cross_entropy",
        "optimizer": "sgd", "lr": 0.1, "batch": 64,
    },
    "leaky_relu with its parameter, one sample at a time": {
        "widths": [2, 3, 1], "activation": "leaky_relu", "loss": "squared_error", "optimizer": "adam",
        "lr": 0.003, "batch": 1,
    },
}  # fmt: skip


def packed(array: Any) -> str:
    return base64.b64encode(np.ascontiguousarray(array, dtype=np.float32).tobytes()).decode()


@pytest.mark.parametrize("name", RUNS)
def test_same_run_in_the_browser(page: Any, server_url: str, name: str) -> None:
    run = RUNS[name]
    rng = np.random.default_rng(4)
    x = rng.normal(size=(123, 2)).astype(np.float32)
    inside = (x**2).sum(axis=1) < 1
    classes = run["widths"][-1]
    y: np.ndarray[Any, Any] = inside.astype(np.float32)[:, None]
    if classes > 1:
        y = np.eye(classes, dtype=np.float32)[inside + 2 * (x[:, 0] > 1) * ~inside]
    net = nonlin.Network(run["widths"], activation=run["activation"], init="he", seed=7)
    first = net.weights[0].copy()
    batch = run["batch"] or len(x)
    epochs = -(-STEPS // -(-len(x) // batch))
    history = net.train(
        x, y, loss=run["loss"], optimizer=run["optimizer"], lr=run["lr"], epochs=epochs,
        batch_size=batch, measure=0,
    )  # fmt: skip
    assert history.stopped == "finished"

    page.goto(server_url)
    chunk = next(n for n in site(server=True) if n.startswith("assets/engine-"))
    names = [f.name if f else None for f in net.activations]
    answer = page.evaluate(
        PROBE,
        {
            "chunk": f"{server_url}{chunk}", "data": f"{server_url}data/", "x": packed(x),
            "y": packed(y), "count": len(x), "steps": history.steps,
            "network": {
                "widths": run["widths"], "activations": names, "init": "he", "seed": "7",
                "capacity": 128,
            },
            "training": {
                "loss": run["loss"], "optimizer": run["optimizer"], "lr": run["lr"],
                "batchSize": batch, "beta1": 0.9,
            },
        },
    )  # fmt: skip
    assert answer["taken"] == history.steps
    np.testing.assert_array_equal(np.float32(answer["first"]), first.ravel())
    assert answer["again"] == answer["first"]
    # Sums are rounded in another order, and here and there with a fused multiply-add.
    np.testing.assert_allclose(answer["loss"][:20], history.loss[:20], rtol=1e-5)
    np.testing.assert_allclose(answer["norm"][:20], history.gradient_norm[:20], rtol=1e-4)
    np.testing.assert_allclose(answer["loss"], history.loss, rtol=2e-3, atol=1e-6)
    np.testing.assert_allclose(
        np.reshape(answer["outputs"], (4, classes)), net.forward(x[:4]), rtol=1e-2, atol=1e-3
    )
