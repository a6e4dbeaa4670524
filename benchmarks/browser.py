"""The engine in a browser: an epoch of training, and the outputs over a grid of 100 × 100 points.

Where NONLIN_PLAYGROUND names a file, the engine of TensorFlow Playground takes turns with ours in the
same page: an ES module that exports ``buildNetwork``, ``forwardProp``, ``backProp``, ``updateWeights``,
``Activations`` and ``Errors`` as its ``src/nn.ts`` does. Without it, figures stand beside ours that were
taken once, on the same kind of machine.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import heading, line, spread
from benchmarks.served import served_page

SAMPLES, BATCH, POINTS, ROUNDS = 250, 10, 10_000, 200
# widths; Playground's ms an epoch, and ms a picture, where it is not measured
NETWORKS: dict[str, tuple[list[int], float, float]] = {
    "2-4-2-1": ([2, 4, 2, 1], 0.11, 2.7),
    "six layers of eight": ([2, 8, 8, 8, 8, 8, 8, 1], 1.1, 23.0),
}
THEIRS = "playground.js"
_ALSO = {"shuffled": ", shuffled", "recorded": ", every step's loss"}
# Everything is timed for about 2 ms at a time, in turns, so that what else the machine does meets all.
PROBE = """
async ({chunk, theirs, data, widths, activation, samples, batch, points, rounds}) => {
  const { Engine } = await import(chunk);
  const description = await (await fetch(data + 'engine.json')).json();
  const engine = await Engine.load(await (await fetch(data + 'engine.wasm')).arrayBuffer(), description);
  const layers = widths.length - 1;
  const activations = Array.from({length: layers}, (_, i) => i < layers - 1 ? activation : null);
  const draw = (n) => Float32Array.from({length: n}, () => Math.random() * 2 - 1);
  const [x, y, grid] = [draw(2 * samples), draw(samples), draw(2 * points)];
  const network = async (shuffle) => {
    const net = await engine.network({ widths, activations, init: 'xavier', seed: 1n, capacity: points });
    net.learnFrom(x, y, samples, { loss: 'squared_error', optimizer: 'sgd', lr: 0.003, batchSize: batch, shuffle });
    return net;
  };
  const [fixed, shuffled] = [await network(false), await network(true)];
  const steps = Math.ceil(samples / batch);
  // Playground's engine keeps no account of its steps; the last of ours does.
  const epochs = { ours: () => fixed.advance(steps), shuffled: () => shuffled.advance(steps),
                   recorded: () => fixed.train(steps) };
  const pictures = { ours: () => fixed.forward(grid, points) };
  if (theirs) {
    const { Activations, Errors, backProp, buildNetwork, forwardProp, updateWeights } = await import(theirs);
    const net = buildNetwork(widths, Activations[activation.toUpperCase()], Activations.LINEAR, null, ['x', 'y']);
    const rows = Array.from({length: samples}, (_, i) => [[x[2 * i], x[2 * i + 1]], y[i]]);
    epochs.theirs = () => rows.forEach(([inputs, target], i) => {
      forwardProp(net, inputs);
      backProp(net, target, Errors.SQUARE);
      if ((i + 1) % batch === 0) updateWeights(net, 0.003, 0);
    });
    const outputs = new Float64Array(points);
    pictures.theirs = () => {
      for (let i = 0; i < points; i++) outputs[i] = forwardProp(net, [grid[2 * i], grid[2 * i + 1]]);
    };
  }
  const time = (what, times) => {
    const start = performance.now();
    for (let i = 0; i < times; i++) what();
    return (performance.now() - start) / times;
  };
  const measured = (all) => {
    const names = Object.keys(all);
    const result = Object.fromEntries(names.map((name) => [name, []]));
    const often = {};
    for (const name of names) {
      for (const start = performance.now(); performance.now() - start < 300;) all[name]();
      const quickest = Math.min(...Array.from({length: 8}, () => time(all[name], 20)));
      often[name] = Math.max(1, Math.round(2 / Math.max(quickest, 1e-3)));
    }
    for (let k = 0; k < rounds; k++)
      for (const name of names) {
        time(all[name], often[name] >> 2); // after what ran before, and the garbage that it left
        result[name].push(time(all[name], often[name]));
      }
    return result;
  };
  return { epochs: measured(epochs), pictures: measured(pictures) };
}
"""


def main() -> None:
    heading(f"The engine in Chromium (one thread): {SAMPLES} samples in batches of {BATCH}")
    from nonlin.lesson.folders import web_folder
    from nonlin.lesson.pages import Bundle

    chunk = Bundle.read((web_folder() / ".vite/manifest.json").read_text("utf-8")).engine
    given = os.environ.get("NONLIN_PLAYGROUND")
    print(
        "The quickest twentieth of the turns; their median and middle half. Ratios are of the former."
    )
    print(
        "TensorFlow Playground's engine takes turns with ours in the same page."
        if given
        else "Figures of TensorFlow Playground are constants: NONLIN_PLAYGROUND names no file."
    )
    with served_page() as (page, address):
        if given:
            source = Path(given).read_text()
            page.route(
                f"{address}{THEIRS}",
                lambda route: route.fulfill(body=source, content_type="text/javascript"),
            )
        page.goto(address)
        for name, (widths, *stated) in NETWORKS.items():
            for activation in ("tanh", "relu"):
                times = page.evaluate(
                    PROBE,
                    {
                        "chunk": f"{address}{chunk}", "data": f"{address}data/",
                        "theirs": f"{address}{THEIRS}" if given else "",
                        "widths": widths, "activation": activation, "samples": SAMPLES,
                        "batch": BATCH, "points": POINTS, "rounds": ROUNDS,
                    },
                )  # fmt: skip
                _report(f"{name}, {activation}", times, stated)


def _report(name: str, times: dict[str, Any], stated: list[float]) -> None:
    for what, shown, constant in zip(
        ("epochs", "pictures"), ("epoch", f"{POINTS} outputs"), stated, strict=True
    ):
        measured = times[what]
        theirs = measured.pop("theirs", [constant])
        for which, samples in measured.items():
            ratio = f"{_quick(theirs) / _quick(samples):.1f} ×"
            wanted = "at least 20 ×" if what == "epochs" and which == "ours" else ""
            label = f"{name}, {shown}" + _ALSO.get(which, "")
            line(label, _shown(samples, 1), f"{ratio:10}{wanted}")
        if len(theirs) > 1:
            line(f"{name}, {shown}, Playground", _shown(theirs, 0))


def _quick(samples: list[float]) -> float:
    """What the quickest twentieth of the turns took: what else the machine does can only slow them."""
    return float(np.percentile(samples, 5))


def _shown(samples: list[float], digits: int) -> str:
    return f"{1e3 * _quick(samples):.{digits}f}; {spread([1e3 * t for t in samples], 'µs', digits)}"
