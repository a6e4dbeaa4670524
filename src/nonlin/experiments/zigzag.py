"""Zig-zag: descent on inputs that are all positive, and on centred ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nonlin.experiments._experiment import Experiment, Progress, Result, column, seeds
from nonlin.experiments._options import ExperimentError, Options, activation_of, option
from nonlin.experiments._words import listed, number, percent, said

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT"]

Array = NDArray[Any]
_SHOWN = np.array([1.5, -0.5])  # the weights that the picture is about
_NEAR = 0.01


@dataclass(frozen=True)
class Zigzag(Options):
    """Whose outputs the neuron gets, and how it descends."""

    activations: tuple[str, ...] = option(
        ("sigmoid", "tanh"), "What makes the neuron's inputs, from the same random numbers.",
        activation=True,
    )  # fmt: skip
    inputs: tuple[int, ...] = option((2, 10), "How many inputs it has.", low=2, high=200)
    batches: tuple[int, ...] = option(
        (1, 16, 400), "Samples per step; as many as there are means all.", low=1, high=100_000
    )
    samples: int = option(400, "Samples.", quick=200, low=4, high=100_000)
    steps: int = option(3000, "Steps at most.", quick=600, low=2, high=1_000_000)
    runs: int = option(15, "Random targets; the middle one counts.", quick=3, low=1, high=1000)


@dataclass(frozen=True)
class Row:
    """Medians over the runs; one sign means all of the neuron's weights, biases there are none."""

    activation: str = column("inputs from")
    inputs: int = column("inputs")
    batch: int = column("batch")
    stretch: float = column("valley’s stretch", "{:.1f}")
    one_sign: float = column("steps of one sign", "{:.0%}")
    turns: float = column("weights that turn, a step", "{:.0%}")
    detour: float = column("path / straight line", "{:.2f}")
    steps: int | None = column("steps", "{:,}")


@dataclass(frozen=True)
class Paths(Result[Row]):
    """The descents; ``paths`` has one for the picture, of two weights with all samples."""

    paths: Mapping[str, tuple[Array, Array]] = field(repr=False)

    @property
    def finding(self) -> str:
        """How long the ways are, and whether all weights moved together."""
        most = max(r.inputs for r in self.rows)
        ways: list[str] = []
        signs: dict[int, list[str]] = {}
        for name in dict.fromkeys(r.activation for r in self.rows):
            mine = {r.batch: r for r in self.rows if (r.activation, r.inputs) == (name, most)}
            row = mine[max(mine)]
            took = "more steps than allowed" if row.steps is None else f"{row.steps:,} steps"
            ways.append(
                f"{took}, {number(row.detour)} times the straight line, on {said(name)} outputs"
            )
            for batch, r in mine.items():
                signs.setdefault(batch, []).append(percent(r.one_sign))
        of = [
            f"{listed(shares)} of the steps on {'one sample' if batch == 1 else f'{batch} samples'}"
            for batch, shares in signs.items()
            if batch < max(signs)
        ]
        sentence = f"With {most} inputs descent takes {listed(ways)}"
        if of:
            sentence += f"; all weights move with one sign in {listed(of)}"
        return f"{sentence}."

    def draw(self) -> Figure:
        """The loss as a map, and the way down."""
        from nonlin.experiments._figures import INK, QUIET, RULE, hue, page, short

        note = (
            "Loss of a neuron with two inputs, from 0 to the weights wanted, each with its best fixed "
            "learning rate and all samples in a step."
        )
        across = np.linspace(-0.45, 1.95, 161)
        up = np.linspace(-1.35, 0.85, 161)
        columns = min(len(self.paths), 3)
        wide = min((7.4 - 0.97 - 0.35 * (columns - 1)) / columns, 4.0)
        figure, axes = page(
            self.finding,
            note,
            rows=-(-len(self.paths) // columns),
            columns=columns,
            height=wide * float(np.ptp(up) / np.ptp(across)),
            right=7.4 - 0.62 - columns * wide - 0.35 * (columns - 1),
            between=0.35,
            above=0.42,
            sharex=True,
            sharey=True,
        )
        for ax in axes[len(self.paths) :]:
            ax.set_visible(False)
        for ax, (name, (path, matrix)) in zip(axes, self.paths.items(), strict=False):
            off = np.stack(np.meshgrid(across - _SHOWN[0], up - _SHOWN[1]), axis=-1)
            loss = np.einsum("...i,ij,...j->...", off, matrix, off)
            start = float(_SHOWN @ matrix @ _SHOWN)
            levels = start * 4.0 ** np.arange(-5, 3)
            ax.contour(across, up, loss, levels=levels, colors=RULE, linewidths=0.8)
            ax.plot(*path.T, color=hue(name), lw=1.3, marker="o", ms=2.6)
            ax.plot(*path[0], "o", ms=6, color=INK)
            ax.plot(*_SHOWN, "P", ms=7, color=INK, mec="white", mew=0.6)
            ax.annotate("start", (0, 0), (-7, 7), textcoords="offset points", ha="right")
            ax.annotate("wanted", (_SHOWN[0], _SHOWN[1]), (7, -10), textcoords="offset points")
            length = np.linalg.norm(np.diff(path, axis=0), axis=1).sum() / np.linalg.norm(_SHOWN)
            what = f"{short(said(name))}: {len(path) - 1} steps, {number(float(length))} × the line"
            ax.set_title(what, color=hue(name), fontsize=9.5 if columns < 3 else 8.5)
            ax.set(xlim=across[[0, -1]], ylim=up[[0, -1]], xlabel="first weight")
            ax.set_xticks([0, 0.5, 1, 1.5])
            ax.set_yticks([-1, -0.5, 0, 0.5])
            ax.set_aspect("equal", adjustable="box", anchor="W")
        axes[0].set_ylabel("second weight", color=QUIET)
        return figure


def measure(options: Zigzag, progress: Progress) -> Paths:
    """Descend from 0 to random weights, time and again."""
    rows, paths = [], {}
    batches = sorted({min(b, options.samples) for b in options.batches})
    kinds = [(a, n, b) for a in options.activations for n in options.inputs for b in batches]
    for i, (name, inputs, batch) in enumerate(kinds):
        found = []
        for run, seed in enumerate(seeds(options.seed, options.runs)):
            what = f"{inputs} inputs from {said(name)}, batches of {batch}"
            progress((i + run / options.runs) / len(kinds), what)
            random = np.random.default_rng(seed)
            x = _inputs(name, (options.samples, inputs), random)
            wanted = random.normal(size=inputs)
            found.append(_walk(x, wanted, batch, options.steps, random)[1])
        stretch, one_sign, turns, detour, steps = (
            float(np.median([f[k] for f in found])) for k in range(5)
        )
        took = int(steps) if np.isfinite(steps) else None
        rows.append(Row(name, inputs, batch, stretch, one_sign, turns, detour, took))
    for name in options.activations:
        random = np.random.default_rng(options.seed)
        x = _inputs(name, (options.samples, 2), random)
        path, _ = _walk(x, _SHOWN, len(x), options.steps, random)
        paths[name] = path, x.T @ x / len(x)
    return Paths(options, tuple(rows), paths)


def _inputs(name: str, shape: tuple[int, int], random: np.random.Generator) -> Array:
    with np.errstate(all="ignore"):
        made = np.asarray(activation_of(name)(random.normal(size=shape)))
    if not np.isfinite(made).all() or not made.any():
        raise ExperimentError(
            f"the inputs from {name} are 0 or not finite, so there is no way down"
        )
    return made


def _walk(
    x: Array, wanted: Array, batch: int, most: int, random: np.random.Generator
) -> tuple[Array, tuple[float, float, float, float, float]]:
    """The way from 0 until 1 % of the distance is left, and its measures.

    The squared error of one linear neuron without bias: its loss is a bowl around the weights wanted,
    the same ones for all inputs, and only the bowl's shape depends on the inputs.
    """
    y, n = x @ wanted, len(x)
    curvature = np.linalg.eigvalsh(2 * x.T @ x / n)
    # With all samples the best fixed rate; with fewer, the largest that no sample overshoots with.
    lr = 2 / (curvature[0] + curvature[-1]) if batch == n else 0.5 / np.max(np.sum(x * x, axis=1))
    w = np.zeros(len(wanted))
    path, one_sign, turns = [w], 0, 0.0
    before = np.zeros_like(w)
    near = _NEAR * float(np.linalg.norm(wanted))
    arrived = False
    while len(path) <= most and not arrived:
        some = slice(None) if batch == n else random.integers(n, size=batch)
        gradient = 2 * x[some].T @ (x[some] @ w - y[some]) / batch
        one_sign += bool((gradient >= 0).all() or (gradient <= 0).all())
        turns += float(np.mean(gradient * before < 0))
        before, w = gradient, w - lr * gradient
        path.append(w)
        arrived = float(np.linalg.norm(w - wanted)) < near
    steps, way = len(path) - 1, np.array(path)
    length = float(np.linalg.norm(np.diff(way, axis=0), axis=1).sum())
    detour = length / float(np.linalg.norm(wanted))
    stretch = float(curvature[-1] / max(curvature[0], 1e-300))
    return way, (
        stretch, one_sign / steps, turns / max(steps - 1, 1), detour, steps if arrived else np.inf,
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="zigzag",
    title="Zig-zag",
    question="Does descent take detours when a neuron's inputs are all positive?",
    options=Zigzag,
    measure=measure,
    place=5,
)
