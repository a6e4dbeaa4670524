"""Sparsity: how many units are silent on symmetric input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nonlin.experiments._data import moons
from nonlin.experiments._experiment import Experiment, Progress, Result, column, seeds, train
from nonlin.experiments._options import Options, activation_of, option
from nonlin.experiments._words import listed, number, percent, said, spread
from nonlin.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT"]

_SHOWN = 48  # units and samples in the picture


@dataclass(frozen=True)
class Sparsity(Options):
    """Which units, how many, and how long they learn."""

    activations: tuple[str, ...] = option(
        ("relu", "leaky_relu", "gelu", "sigmoid"), "Kinds of units.", activation=True
    )
    layers: int = option(3, "Hidden layers.", low=1, high=50)
    width: int = option(64, "Units in a layer.", quick=32, low=2, high=1024)
    samples: int = option(400, "Samples.", quick=100, low=4, high=100_000)
    epochs: int = option(200, "Passes of training on two crescents.", quick=20, low=1, high=100_000)
    runs: int = option(7, "Networks of each kind.", quick=3, low=1, high=100)


@dataclass(frozen=True)
class Row:
    """A hidden layer: its share of outputs that are exactly 0, over networks."""

    activation: str = column("activation")
    layer: int = column("layer")
    silent: float = column("silent on symmetric input", "{:.1%}")
    low: float = column("lowest", "{:.1%}")
    high: float = column("highest", "{:.1%}")
    trained: float = column("after training, on its data", "{:.1%}")


@dataclass(frozen=True)
class Silence(Result[Row]):
    """The shares; ``outputs`` has those of the first layer, units by samples."""

    outputs: Mapping[str, NDArray[Any]] = field(repr=False)

    @property
    def finding(self) -> str:
        """Who is silent and how much, before and after."""
        first = [r for r in self.rows if r.layer == 1]
        sparse = sorted((r for r in first if r.silent > 0.001), key=lambda r: -r.silent)
        dense = [said(r.activation) for r in first if r.silent <= 0.001]
        if not sparse:
            return f"On symmetric input no unit of {listed(dense)} is silent."
        parts = []
        for r in sparse:
            trained = [t.trained for t in self.rows if t.activation == r.activation]
            parts.append(
                f"{percent(r.silent, 3)} of the first layer’s {said(r.activation)} outputs are exactly 0 "
                f"({spread(r.low, r.high)} from network to network), after training "
                f"{spread(min(trained), max(trained))} in all layers"
            )
        rest = f"; with {listed(dense, 'or')} none are" if dense else ""
        return f"On symmetric input {listed(parts)}{rest}."

    def draw(self) -> Figure:
        """Which units fire for which samples, a picture for each kind of unit."""
        from nonlin.experiments._figures import QUIET, RULE, hue, page

        names = list(self.outputs)
        note = (
            f"A row for each of {_SHOWN} units of the first layer, a column for each of {_SHOWN} samples "
            "of standard normal numbers. The darker, the larger the output’s size; white is exactly 0."
        )
        gap = 0.2
        side = (7.4 - 0.64 - gap * (len(names) - 1)) / len(names)
        figure, axes = page(
            self.finding, note, columns=len(names), height=side, left=0.32, right=0.32, bottom=0.4,
            between=gap,
        )  # fmt: skip
        for ax, name in zip(axes, names, strict=True):
            size = np.abs(self.outputs[name][:_SHOWN, :_SHOWN]).astype(np.float64)
            # What is not 0 has at least a tint, so that white means 0 and nothing else.
            shade = np.where(
                size == 0, 0, 0.22 + 0.78 * size / max(float(np.quantile(size, 0.98)), 1e-300)
            )[..., None]
            full = np.array([int(hue(name)[i : i + 2], 16) / 255 for i in (1, 3, 5)])
            picture = 1 - np.minimum(shade, 1) * (1 - full)
            tall, wide = size.shape
            ax.imshow(picture, interpolation="nearest", extent=(0, wide, 0, tall))
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(True)
            ax.spines[:].set_color(RULE)
            row = next(r for r in self.rows if (r.activation, r.layer) == (name, 1))
            ax.set_title(said(name), color=hue(name), fontsize=9.5)
            ax.set_xlabel(f"{number(100 * row.silent, 3)} % silent", loc="left", color=QUIET)
        return figure


def measure(options: Sparsity, progress: Progress) -> Silence:
    """Count zeros on normal noise before training, and on the crescents after it."""
    rows: list[Row] = []
    outputs: dict[str, NDArray[Any]] = {}
    total = len(options.activations) * options.runs
    for k, name in enumerate(options.activations):
        before, after = [], []
        for i, seed in enumerate(seeds(options.seed, options.runs)):
            progress((k * options.runs + i) / total, said(name))
            random = np.random.default_rng(seed)
            widths = [options.width] * (options.layers + 1)
            noise = random.normal(size=(options.samples, options.width))
            f = activation_of(name)
            shares, answers = _zeros(Network([*widths, 1], activation=f, seed=seed), noise)
            before.append(shares)
            outputs.setdefault(name, answers)
            x, y = moons(options.samples, random)
            learner = Network([2, *widths[1:], 1], activation=f, seed=seed)
            train(
                learner, x, y, loss="binary_cross_entropy", lr=0.003, batch_size=50,
                epochs=options.epochs, measure=0,
            )  # fmt: skip
            after.append(_zeros(learner, x)[0])
        for i in range(options.layers):
            here = [shares[i] for shares in before]
            rows.append(
                Row(
                    name, i + 1, float(np.mean(here)), min(here), max(here),
                    float(np.mean([shares[i] for shares in after])),
                )
            )  # fmt: skip
    return Silence(options, tuple(rows), outputs)


def _zeros(network: Network, x: NDArray[Any]) -> tuple[list[float], NDArray[Any]]:
    """Each hidden layer's share of zeros, and the first one's outputs, units by samples."""
    layers = network.trace(x)[:-1]
    return [float(np.mean(layer.a == 0)) for layer in layers], layers[0].a.T


EXPERIMENT = Experiment(
    name="sparsity",
    title="Sparsity",
    question="How many units are silent on symmetric input?",
    options=Sparsity,
    measure=measure,
    place=6,
)
