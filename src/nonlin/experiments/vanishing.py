"""Vanishing gradients: how much of the gradient reaches the first layer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nonlin.experiments._experiment import Experiment, Progress, Result, column, seeds
from nonlin.experiments._options import Options, activation_of, option
from nonlin.experiments._words import listed, number, said
from nonlin.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table

__all__ = ["EXPERIMENT"]

_TITLES = {
    "xavier": "Xavier", "glorot": "Glorot", "he": "He", "kaiming": "Kaiming", "lecun": "LeCun",
    "normal": "standard normal",
}  # fmt: skip


@dataclass(frozen=True)
class Vanishing(Options):
    """What is stacked, how high, and how the weights begin."""

    activations: tuple[str, ...] = option(
        ("sigmoid", "tanh", "relu"), "What the hidden layers bend with.", activation=True
    )
    inits: tuple[str, ...] = option(
        ("xavier", "he", "orthogonal"), "How the weights begin, by the names that Network knows."
    )
    depths: tuple[int, ...] = option(
        (5, 10, 20, 30), "Numbers of hidden layers.", quick=(5, 10), low=2, high=200
    )
    width: int = option(32, "Units in a layer.", quick=16, low=1, high=1024)
    biases: float = option(
        0.0, "Spread of the initial biases, which push units into saturation.", low=0, high=100
    )
    samples: int = option(64, "Random samples.", quick=32, low=1, high=10_000)
    runs: int = option(7, "Networks of each kind.", quick=3, low=1, high=100)

    def __post_init__(self) -> None:
        super().__post_init__()
        for init in self.inits:
            Network([1, 1], init=init)  # its error says which there are


@dataclass(frozen=True)
class Row:
    """One hidden layer: the norm of the loss's gradient to its weights, over some networks."""

    activation: str = column("activation")
    init: str = column("init")
    depth: int = column("depth")
    layer: int = column("layer")
    norm: float = column("gradient (middle)", "{:.2e}")
    low: float = column("lowest", "{:.2e}")
    high: float = column("highest", "{:.2e}")


@dataclass(frozen=True)
class Gradients(Result[Row]):
    """The norms."""

    def factor(self, activation: str, init: str, depth: int | None = None) -> tuple[float, float]:
        """First layer's gradient as a share of the last one's, and what that is a layer."""
        mine = [r for r in self.rows if (r.activation, r.init) == (activation, init)]
        depth = max(r.depth for r in mine) if depth is None else depth
        norms = {r.layer: r.norm for r in mine if r.depth == depth}
        if not (math.isfinite(norms[1]) and math.isfinite(norms[depth])):
            return math.nan, math.nan
        left = norms[1] / norms[depth] if norms[depth] > 0 else 0.0
        return left, left ** (1 / (depth - 1))

    @property
    def finding(self) -> str:
        """What is left at the first layer of the deepest stacks, at each function's best and worst."""
        depth = max(r.depth for r in self.rows)
        parts = []
        for name in dict.fromkeys(r.activation for r in self.rows):
            inits = list(dict.fromkeys(r.init for r in self.rows if r.activation == name))
            left = sorted((self.factor(name, init)[0], init) for init in inits)
            (low, worst), (high, best) = left[0], left[-1]
            through = f"through {said(name)}"
            if any(math.isnan(share) for share, _ in left):
                parts.append(f"no finite number {through}")
            elif high == 0:
                parts.append(f"nothing {through}")
            elif high < 1e-3:
                each = number(self.factor(name, best)[1])
                parts.append(f"at most {number(high)} {through} ({each} a layer)")
            elif low < 1e-2 * high:
                parts.append(
                    f"{number(high)} {through} with {_title(best)} weights but {number(low)} with "
                    f"{_title(worst)} ones"
                )
            elif number(low) == number(high):
                parts.append(f"{number(low)} {through}")
            else:
                parts.append(f"{number(low)} to {number(high)} {through}")
        return f"Of the gradient at the last of {depth} layers the first gets {listed(parts)}."

    def table(self) -> Table:
        """Only the first layer and the last; the rows have all."""
        from rich.table import Table

        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for title in ("activation", "init"):
            table.add_column(title)
        for title in ("depth", "first layer", "last layer", "first / last", "a layer"):
            table.add_column(title, justify="right")
        for r in self.rows:
            if r.layer == 1:
                left, each = self.factor(r.activation, r.init, r.depth)
                last = self._norm(r.activation, r.init, r.depth, r.depth)
                numbers = (f"{r.norm:.2e}", f"{last:.2e}", f"{left:.2e}", f"{each:.3f}")
                table.add_row(r.activation, r.init, str(r.depth), *numbers)
        return table

    def draw(self) -> Figure:
        """The norm over the layer, one picture for each initialisation."""
        from nonlin.experiments._figures import Label, heading, hue, label_ends, log_axis, page

        inits = list(dict.fromkeys(r.init for r in self.rows))
        depth = max(r.depth for r in self.rows)
        shallow = sorted({r.depth for r in self.rows} - {depth})
        note = (
            f"Gradient of the loss to each layer’s weights before training: median of "
            f"{self.options.runs} networks of {depth} hidden layers, and their range."
        )
        if shallow:
            note += f" Open rings: the first layer where there are only {listed([str(d) for d in shallow])}."
        figure, axes = page(
            self.finding,
            note,
            columns=len(inits),
            height=3.1,
            right=0.7,
            between=0.28,
            names=[said(r.activation) for r in self.rows if r.layer == 1],
            sharey=True,
        )
        for ax, init in zip(axes, inits, strict=True):
            log_axis(ax)
            heading(ax, f"{_title(init)} weights")
            ax.set(xlim=(depth + 0.5, 0.5), xlabel="layer", xticks=[depth, *_round(depth), 1])
            for name in dict.fromkeys(r.activation for r in self.rows):
                mine = [
                    r for r in self.rows if (r.activation, r.init, r.depth) == (name, init, depth)
                ]
                layers = [r.layer for r in mine]
                low, norm, high = (
                    [s if 0 < s < math.inf else math.nan for s in one]
                    for one in zip(*((r.low, r.norm, r.high) for r in mine), strict=True)
                )
                ax.fill_between(layers, low, high, color=hue(name), alpha=0.15, lw=0)
                ax.plot(layers, norm, color=hue(name))
        for ax, init in zip(axes, inits, strict=True):
            ends = []
            for name in dict.fromkeys(r.activation for r in self.rows):
                for d in shallow:
                    first = self._norm(name, init, d, 1)
                    ax.plot(
                        depth - d + 1,
                        first or math.nan,
                        "o",
                        mfc="none",
                        mec=hue(name),
                        ms=4.5,
                        mew=1,
                    )
                ends.append(Label(1, self._norm(name, init, depth, 1), said(name), hue(name)))
            if ax is axes[-1]:
                label_ends(ax, ends)
        return figure

    def _norm(self, activation: str, init: str, depth: int, layer: int) -> float:
        wanted = (activation, init, depth, layer)
        return next(r.norm for r in self.rows if (r.activation, r.init, r.depth, r.layer) == wanted)


def _title(init: str) -> str:
    stem, _, kind = init.partition("_")
    return f"{_TITLES.get(stem, stem)} {kind}".strip()


def _round(depth: int) -> list[int]:
    step = 10 if depth > 15 else 5
    return list(range(depth - depth % step - (depth % step == 0) * step, step - 1, -step))


def measure(options: Vanishing, progress: Progress) -> Gradients:
    """Random stacks, random samples, one pass back."""
    random = np.random.default_rng(options.seed)
    x = random.normal(size=(options.samples, options.width))
    y = random.normal(size=(options.samples, 1))
    rows = []
    kinds = [(a, i, d) for a in options.activations for i in options.inits for d in options.depths]
    total = sum(d for _, _, d in kinds)
    done = 0
    for name, init, depth in kinds:
        norms = []
        for seed in seeds(options.seed, options.runs):
            progress(done / (total * options.runs), f"{said(name)}, {_title(init)}, {depth} layers")
            widths = [options.width] * (depth + 1) + [1]
            # float64, because 10⁻³⁰ is among the answers.
            network = Network(
                widths, activation=activation_of(name), init=init, seed=seed, dtype=np.float64
            )
            biases = np.random.default_rng(seed)
            for b in network.biases[:-1]:
                b[...] = options.biases * biases.normal(size=b.shape)
            norms.append(network.backward(x, y).norms[:depth])
            done += depth
        stacked = np.array(norms)
        spread = (np.median(stacked, axis=0), stacked.min(axis=0), stacked.max(axis=0))
        rows += [
            Row(name, init, depth, i + 1, *(float(s[i]) for s in spread)) for i in range(depth)
        ]
    return Gradients(options, tuple(rows))


EXPERIMENT = Experiment(
    name="vanishing",
    title="Vanishing gradients",
    question="How much of the gradient reaches the first layer of a deep stack?",
    options=Vanishing,
    measure=measure,
    place=4,
)
