"""The engine in a browser: an epoch of training, and the outputs over a grid of 100 × 100 points.

The figures of TensorFlow Playground (its build of 2017) that stand beside were taken once, on the same
kind of machine; they are constants here, not measured in this run.
"""

from __future__ import annotations

import numpy as np

from benchmarks.report import heading, line, spread
from benchmarks.served import served_page

SAMPLES, BATCH, POINTS = 250, 10, 10_000
# widths; Playground's ms an epoch, and ms a picture
NETWORKS: dict[str, tuple[list[int], float, float]] = {
    "2-4-2-1": ([2, 4, 2, 1], 0.11, 2.7),
    "six layers of eight": ([2, 8, 8, 8, 8, 8, 8, 1], 1.1, 23.0),
}
PROBE = """
async ({chunk, data, widths, activation, samples, batch, points}) => {
  const { Engine } = await import(chunk);
  const description = await (await fetch(data + 'engine.json')).json();
  const engine = await Engine.load(await (await fetch(data + 'engine.wasm')).arrayBuffer(), description);
  const layers = widths.length - 1;
  const activations = Array.from({length: layers}, (_, i) => i < layers - 1 ? activation : null);
  const net = await engine.network({ widths, activations, init: 'xavier', seed: 1n, capacity: points });
  const draw = (n) => Float32Array.from({length: n}, () => Math.random() * 2 - 1);
  net.learnFrom(draw(2 * samples), draw(samples), samples,
    { loss: 'squared_error', optimizer: 'sgd', lr: 0.003, batchSize: batch });
  const grid = draw(2 * points);
  const time = (what, times) => {
    const start = performance.now();
    for (let i = 0; i < times; i++) what();
    return (performance.now() - start) / times;
  };
  const steps = Math.ceil(samples / batch);
  const epoch = () => net.train(steps), picture = () => net.forward(grid, points);
  time(epoch, 2000); time(picture, 20);
  const epochs = [], pictures = [];
  for (let k = 0; k < 9; k++) { epochs.push(time(epoch, 1000)); pictures.push(time(picture, 20)); }
  return { epochs, pictures };
}
"""


def main() -> None:
    heading(f"The engine in Chromium (one thread): {SAMPLES} samples in batches of {BATCH}")
    from nonlin.lesson import site

    chunk = next(n for n in site(server=True) if n.startswith("assets/engine-"))
    with served_page() as (page, address):
        page.goto(address)
        for name, (widths, epoch, picture) in NETWORKS.items():
            for activation in ("tanh", "relu"):
                times = page.evaluate(
                    PROBE,
                    {
                        "chunk": f"{address}{chunk}", "data": f"{address}data/",
                        "widths": widths, "activation": activation, "samples": SAMPLES,
                        "batch": BATCH, "points": POINTS,
                    },
                )  # fmt: skip
                for what, samples, theirs in (
                    ("epoch", times["epochs"], epoch),
                    (f"{POINTS} outputs", times["pictures"], picture),
                ):
                    ratio = f"{theirs / np.median(samples):.0f} × (Playground {theirs} ms)"
                    wanted = "at least 20 ×" if what == "epoch" else ""
                    shown = spread(samples, "ms", 4)
                    line(f"{name}, {activation}, {what}", shown, f"{ratio:28}{wanted}")
