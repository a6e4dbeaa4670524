"""The engine in a browser: an epoch of training, and a picture of the outputs over the plane.

TensorFlow Playground's own engine, for comparison, was timed in Node on one core of the same kind of
machine, by calling its compiled scripts: an epoch of 250 samples in batches of ten, and the outputs of
every unit at 100 × 100 points.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import numpy as np

from benchmarks.report import heading, line, spread

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
    from playwright.sync_api import sync_playwright

    from nonlin.lesson import site

    chunk = next(n for n in site(server=True) if n.startswith("assets/engine-"))
    command = [sys.executable, "-m", "nonlin", "--no-browser", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found, "the server did not start"
        with sync_playwright() as playwright:
            path = os.environ.get("NONLIN_CHROMIUM") or shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(found[0])
            for name, (widths, epoch, picture) in NETWORKS.items():
                for activation in ("tanh", "relu"):
                    times = page.evaluate(
                        PROBE,
                        {
                            "chunk": f"{found[0]}{chunk}", "data": f"{found[0]}data/",
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
            browser.close()
    finally:
        server.terminate()
