"""The linearity trap: a stack of linear layers is one layer, and learns what one layer learns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nonlin.experiments._data import TASKS
from nonlin.experiments._experiment import Experiment, Progress, Result, column, seeds, train
from nonlin.experiments._options import Options, activation_of, option
from nonlin.experiments._words import counted, listed, number, said
from nonlin.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT"]

_TITLES = {"xor": "XOR", "rings": "rings", "moons": "moons", "blobs": "blobs"}
_EDGE = 1.15
_GRID = np.linspace(-_EDGE, _EDGE, 61)


@dataclass(frozen=True)
class Linearity(Options):
    """How deep the stacks are, and what they are to learn."""

    depths: tuple[int, ...] = option(
        (1, 2, 10, 100), "Numbers of linear layers.", quick=(1, 2, 10), low=1, high=200
    )
    activation: str = option("tanh", "What bends the one hidden layer.", activation=True)
    tasks: tuple[str, ...] = option(("xor", "rings"), "What to learn.", choices=tuple(TASKS))
    width: int = option(8, "Units in a hidden layer.", low=1, high=128)
    samples: int = option(200, "Points.", quick=80, low=8, high=10_000)
    epochs: int = option(1500, "Passes of training.", quick=400, low=1, high=100_000)
    runs: int = option(5, "Networks of each kind; the best one counts.", quick=2, low=1, high=100)


@dataclass(frozen=True)
class Row:
    """The best of some networks of one kind on one task."""

    task: str = column("task")
    stack: str = column("stack")
    layers: int = column("layers")
    loss: float = column("lowest loss", "{:.4f}")
    accuracy: float = column("right", "{:.1%}")
    apart: float | None = column("stack − one matrix", "{:.1e}")


@dataclass(frozen=True)
class Traps(Result[Row]):
    """What was learned; ``maps`` has the best network's probabilities on a grid."""

    maps: Mapping[tuple[str, str, int], NDArray[Any]] = field(repr=False)
    points: Mapping[str, tuple[NDArray[Any], NDArray[Any]]] = field(repr=False)

    @property
    def finding(self) -> str:
        """How far stack and matrix are apart, and how far each got."""
        straight = [r for r in self.rows if r.apart is not None]
        bent = [r for r in self.rows if r.apart is None]
        apart = max(r.apart for r in straight if r.apart is not None)
        deep = max(r.layers for r in straight)
        gap = f"equals one matrix to {number(apart)} of its output"
        if apart > 1e-12:
            gap = f"differs from one matrix by {number(apart)} of its output"
        low = min(straight, key=lambda r: r.loss)
        far = f"no further than a guess (loss {number(low.loss, 3)})"
        if low.loss < 0.95 * math.log(2):
            far = f"to a loss of {number(low.loss)} on {_TITLES[low.task]}, where a guess has 0.693"
        learned = listed([f"{number(r.loss)} on {_TITLES[r.task]}" for r in bent])
        return (
            f"A stack of {counted(deep, 'linear layer')} {gap} and gets {far}; "
            f"one hidden layer of {said(bent[0].stack)} gets to {learned}."
        )

    def draw(self) -> Figure:
        """A map of every network's answers, the points on it."""
        from matplotlib.colors import LinearSegmentedColormap

        from nonlin.experiments._figures import HUES, INK, PAPER, QUIET, page, short

        tasks = list(self.points)
        kinds = list(dict.fromkeys((r.stack, r.layers) for r in self.rows))
        note = (
            "Points: what is to be learned, filled is 1 and open is 0. Shade: the network’s answer; "
            "a flat grey is “one half, wherever you ask”."
        )
        gap = 0.14
        side = (7.4 - 0.32 - 0.32 - gap * (len(kinds) - 1)) / len(kinds)
        figure, axes = page(
            self.finding, note, rows=len(tasks), columns=len(kinds), height=side, left=0.32,
            right=0.32, bottom=0.42, between=gap, above=0.33,
        )  # fmt: skip
        colours = LinearSegmentedColormap.from_list("answers", ["#f0b98d", "#efebe1", "#8db9dc"])
        for ax, (task, (stack, layers)) in zip(
            axes, ((t, k) for t in tasks for k in kinds), strict=True
        ):
            row = next(r for r in self.rows if (r.task, r.stack, r.layers) == (task, stack, layers))
            shade = self.maps[task, stack, layers]
            extent = (-_EDGE, _EDGE, -_EDGE, _EDGE)
            ax.imshow(
                shade, extent=extent, origin="lower", cmap=colours, vmin=0, vmax=1,
                interpolation="bilinear",
            )  # fmt: skip
            x, y = self.points[task]
            for inside, face, edge in ((y > 0.5, HUES[2], PAPER), (y < 0.5, PAPER, HUES[0])):
                ax.scatter(x[inside, 0], x[inside, 1], s=7, c=face, edgecolors=edge, linewidths=0.5)
            ax.set(xticks=[], yticks=[], xlim=(-_EDGE, _EDGE), ylim=(-_EDGE, _EDGE))
            ax.spines[:].set_visible(False)
            bends = row.apart is None
            name = f"one layer of {short(said(stack))}" if bends else _layers(layers)
            if len(kinds) > 5:  # there is room for no more
                name = short(said(stack)) if bends else f"{layers} linear"
            if task == tasks[0]:
                ax.set_title(name, fontsize=9, color=INK, pad=5, weight="bold" if bends else None)
            shown = number(row.loss, 3 if row.loss > 0.1 else 2)
            ax.set_xlabel(f"loss {shown}", loc="left", fontsize=8.5, color=QUIET, labelpad=4)
        return figure


def _layers(count: int) -> str:
    return "1 linear layer" if count == 1 else f"{count} linear layers"


def measure(options: Linearity, progress: Progress) -> Traps:
    """Collapse each stack, and train it."""
    kinds: list[tuple[str, int]] = [("linear", d) for d in options.depths]
    kinds.append((options.activation, 2))
    tasks = options.tasks
    rows, maps, points, done = [], {}, {}, 0
    for task in tasks:
        x, y = TASKS[task](options.samples, np.random.default_rng(options.seed))
        points[task] = x, y[:, 0]
        for stack, layers in kinds:
            results = []
            for seed in seeds(options.seed, options.runs):
                what = f"{task}: {_layers(layers) if stack == 'linear' else said(stack)}"
                progress(done / (len(tasks) * len(kinds) * options.runs), what)
                results.append(_one(options, stack, layers, seed, x, y))
                done += 1
            loss, network, right, _ = min(results, key=lambda r: r[0])
            apart = max(r[3] for r in results) if stack == "linear" else None
            rows.append(Row(task, stack, layers, loss, right, apart))
            maps[task, stack, layers] = _map(network)
    return Traps(options, tuple(rows), maps, points)


def _one(
    options: Linearity, stack: str, layers: int, seed: int, x: NDArray[Any], y: NDArray[Any]
) -> tuple[float, Network, float, float]:
    """A network's loss, itself, its share of right answers, and its distance from one matrix."""
    linear = stack == "linear"
    network = Network(
        [2] + [options.width] * (layers - 1) + [1],
        activation=None if linear else activation_of(stack),
        init="orthogonal" if linear else "xavier",  # keeps a hundred layers from fading out
        seed=seed,
        dtype=np.float64 if linear else np.float32,  # rounding is measured on the linear ones
    )
    random = np.random.default_rng(seed)
    for b in network.biases:
        b[...] = random.normal(0, 0.5, b.shape)
    apart = _apart(network, random.normal(size=(1000, 2))) if linear else math.inf
    lr = 0.02 / math.sqrt(layers)
    train(network, x, y, loss="binary_cross_entropy", lr=lr, epochs=options.epochs, measure=0)
    loss = network.backward(x, y, loss="binary_cross_entropy").loss
    return loss, network, float(np.mean((network.forward(x) > 0) == (y > 0.5))), apart


def _apart(network: Network, x: NDArray[Any]) -> float:
    """Largest difference between a stack and its collapse, relative to the largest output."""
    matrix, bias = network.collapse()
    outputs = network.forward(x)
    return float(np.max(np.abs(outputs - (x @ matrix.T + bias))) / np.max(np.abs(outputs)))


def _map(network: Network) -> NDArray[Any]:
    across, up = np.meshgrid(_GRID, _GRID)
    scores = network.forward(np.stack([across.ravel(), up.ravel()], axis=1))
    with np.errstate(over="ignore"):
        return (1 / (1 + np.exp(-scores.astype(np.float64)))).reshape(across.shape)


EXPERIMENT = Experiment(
    name="linearity",
    title="The linearity trap",
    question="Is a deep stack of linear layers more than one layer?",
    options=Linearity,
    measure=measure,
    place=1,
)
